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

/* What a character stands for; 0: it is none of a code.  A table, so that a code takes the same time whatever its
 * letters are. */
static const char letters[128] = {
	['0'] = 'O', ['1'] = 'L', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = 'B',
#define LETTER(lower, upper) [lower] = upper, [upper] = upper,
	LETTER('a', 'A') LETTER('b', 'B') LETTER('c', 'C') LETTER('d', 'D') LETTER('e', 'E') LETTER('f', 'F')
	LETTER('g', 'G') LETTER('h', 'H') LETTER('i', 'I') LETTER('j', 'J') LETTER('k', 'K') LETTER('l', 'L')
	LETTER('m', 'M') LETTER('n', 'N') LETTER('o', 'O') LETTER('p', 'P') LETTER('q', 'Q') LETTER('r', 'R')
	LETTER('s', 'S') LETTER('t', 'T') LETTER('u', 'U') LETTER('v', 'V') LETTER('w', 'W') LETTER('x', 'X')
	LETTER('y', 'Y') LETTER('z', 'Z')
#undef LETTER
};

bool
recovery_read(str text, uint8_t ret_digest[DIGEST_BYTES])
{
	char code[CODE_CHARS];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ' ' || text.ptr[i] == '-')
			continue;
		if (len == CODE_CHARS || (unsigned char)text.ptr[i] >= sizeof(letters) ||
		    !letters[(unsigned char)text.ptr[i]])
			return false;
		code[len++] = letters[(unsigned char)text.ptr[i]];
	}
	if (len != CODE_CHARS)
		return false;
	digest_of(code, ret_digest);
	wipe(code, sizeof(code));
	return true;
}
