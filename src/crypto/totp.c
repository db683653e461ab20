/* crypto/totp.c -- contract: totp.h. */
#include "crypto/totp.h"

#include <liboath/oath.h>

#include "crypto/secret.h"

void
totp_code(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step, char ret[TOTP_DIGITS + 1])
{
	int failed = oath_hotp_generate((const char *)secret, TOTP_SECRET_BYTES, (uint64_t)step, TOTP_DIGITS,
	                                false, OATH_HOTP_DYNAMIC_TRUNCATION, ret);

	must(failed == OATH_OK);
}

static bool
code_read(str text, char ret[TOTP_DIGITS])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ' ')
			continue;
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || len == TOTP_DIGITS)
			return false;
		ret[len++] = text.ptr[i];
	}
	return len == TOTP_DIGITS;
}

bool
totp_valid(const uint8_t secret[TOTP_SECRET_BYTES], str code, time_us now, int64_t last_step,
           int64_t *ret_step)
{
	int64_t present = now / (TOTP_STEP_SECONDS * TIME_SECOND), found = TOTP_NEVER, mask;
	int fits;
	char given[TOTP_DIGITS], right[TOTP_DIGITS + 1];

	if (!code_read(code, given))
		return false;
	for (int64_t step = present - 1; step <= present + 1; step++) {
		totp_code(secret, step, right);
		fits = digest_equal((bytes){ (uint8_t *)given, TOTP_DIGITS }, (bytes){ (uint8_t *)right, TOTP_DIGITS }) &
		       (step > last_step);
		mask = -(int64_t)fits; /* chosen without a branch: a right code takes no other time than a wrong one */
		found = (found & ~mask) | (step & mask);
	}
	wipe(right, sizeof(right));
	*ret_step = found;
	return found != TOTP_NEVER;
}

/* RFC 3986 section 2.3. */
static void
put_escaped(struct buf *out, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~') {
			buf_char(out, (char)c);
			continue;
		}
		buf_char(out, '%');
		buf_char(out, "0123456789ABCDEF"[c >> 4]);
		buf_char(out, "0123456789ABCDEF"[c & 15]);
	}
}

void
totp_uri(const uint8_t secret[TOTP_SECRET_BYTES], str issuer, str account, struct buf *out)
{
	buf_put(out, S("otpauth://totp/"));
	put_escaped(out, issuer);
	buf_char(out, ':');
	put_escaped(out, account);
	buf_put(out, S("?secret="));
	buf_base32(out, (bytes){ secret, TOTP_SECRET_BYTES });
	buf_put(out, S("&issuer="));
	put_escaped(out, issuer);
	buf_put(out, S("&algorithm=SHA1&digits=6&period=30"));
}
