/* crypto/recovery.c -- contract: recovery.h. */
#include "crypto/recovery.h"

#include "os/random.h"

#define CODE_BYTES 15
#define CODE_CHARS 24
#define GROUP 4

static void
digest_of(const char code[CODE_CHARS], uint8_t ret[DIGEST_BYTES])
{
	digest_token((bytes){ (const uint8_t *)code, CODE_CHARS }, ret);
}

void
recovery_new(struct buf *ret_text, uint8_t ret_digest[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf code = { .max = CODE_CHARS };
	uint8_t random[CODE_BYTES];

	os_random(random, sizeof(random));
	buf_base32(&code, (bytes){ random, sizeof(random) });
	wipe(random, sizeof(random));
	must(buf_ok(&code) && code.len == CODE_CHARS);
	for (size_t i = 0; i < CODE_CHARS; i++) {
		if (i && i % GROUP == 0)
			buf_char(ret_text, '-');
		buf_char(ret_text, (char)(code.ptr[i] >= 'A' ? code.ptr[i] - 'A' + 'a' : code.ptr[i]));
	}
	digest_of(code.ptr, ret_digest);
}

/* 0 when it is no character of a code. */
static char
code_char(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	switch (c) {
	case '0':
		return 'O';
	case '1':
		return 'L';
	case '8':
		return 'B';
	default:
		return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7') ? c : 0;
	}
}

bool
recovery_read(str text, uint8_t ret_digest[DIGEST_BYTES])
{
	char code[CODE_CHARS];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ' ' || text.ptr[i] == '-')
			continue;
		if (len == CODE_CHARS || !code_char(text.ptr[i]))
			return false;
		code[len++] = code_char(text.ptr[i]);
	}
	if (len != CODE_CHARS)
		return false;
	digest_of(code, ret_digest);
	wipe(code, sizeof(code));
	return true;
}
