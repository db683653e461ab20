/* src/crypto/totp.c and recovery.c: codes that are good once. */
#include "crypto_test.h"

#include "crypto/recovery.h"
#include "crypto/totp.h"

static const uint8_t *
rfc_secret(void)
{
	return (const uint8_t *)"12345678901234567890";
}

/* RFC 6238 appendix B, the last six of its eight digits. */
static void
codes_are_those_of_the_rfc(void **state UNUSED)
{
	static const struct {
		int64_t at;
		const char *code;
	} vector[] = {
		{ 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
		{ 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
	};

	for (size_t i = 0; i < COUNT(vector); i++) {
		time_us now = vector[i].at * TIME_SECOND;
		int64_t step;

		assert_true(totp_valid(rfc_secret(), str_from_c(vector[i].code), now, TOTP_NEVER, &step));
		assert_int_equal(step, vector[i].at / 30);
		assert_true(totp_valid(rfc_secret(), str_from_c(vector[i].code), now + 30 * TIME_SECOND,
		                       TOTP_NEVER, &step));
		assert_true(totp_valid(rfc_secret(), str_from_c(vector[i].code), now - 30 * TIME_SECOND,
		                       TOTP_NEVER, &step));
		assert_int_equal(step, vector[i].at / 30);
		assert_false(totp_valid(rfc_secret(), str_from_c(vector[i].code), now + 60 * TIME_SECOND,
		                        TOTP_NEVER, &step));
		assert_false(i && totp_valid(rfc_secret(), str_from_c(vector[i].code), now - 60 * TIME_SECOND,
		                             TOTP_NEVER, &step)); /* the first would be before 1970 */
	}
}

static void
a_code_is_good_once(void **state UNUSED)
{
	char before[TOTP_DIGITS + 1], present[TOTP_DIGITS + 1], after[TOTP_DIGITS + 1];
	time_us now = 1234567890 * TIME_SECOND;
	int64_t step, used;

	totp_code(rfc_secret(), 1234567890 / 30 - 1, before);
	totp_code(rfc_secret(), 1234567890 / 30, present);
	totp_code(rfc_secret(), 1234567890 / 30 + 1, after);
	assert_true(totp_valid(rfc_secret(), str_from_c(present), now, TOTP_NEVER, &used));
	assert_false(totp_valid(rfc_secret(), str_from_c(present), now, used, &step));
	assert_false(totp_valid(rfc_secret(), str_from_c(before), now, used, &step));
	assert_true(totp_valid(rfc_secret(), str_from_c(after), now, used, &step));
	assert_false(totp_valid(rfc_secret(), str_from_c(after), now, step, &step));
}

static void
what_is_no_code_is_none(void **state UNUSED)
{
	static const char *const none[] = { "", "28708", "2870822", "28708a", "-87082", "287082\n", "+287082" };
	int64_t step;

	for (size_t i = 0; i < COUNT(none); i++)
		assert_false(totp_valid(rfc_secret(), str_from_c(none[i]), 59 * TIME_SECOND, TOTP_NEVER, &step));
	assert_true(totp_valid(rfc_secret(), S(" 287 082 "), 59 * TIME_SECOND, TOTP_NEVER, &step));
}

static void
apps_are_told_in_an_address(void **state UNUSED)
{
	OWNED(buf_release) struct buf uri = { .max = 1000 };

	totp_uri(rfc_secret(), S("Valv Exempel AB"), S("åsa@example.com"), &uri);
	assert_true(str_eq(buf_str(&uri), S("otpauth://totp/Valv%20Exempel%20AB:%C3%A5sa%40example.com"
	                                    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Valv%20Exempel%20AB"
	                                    "&algorithm=SHA1&digits=6&period=30")));
}

static void
recovery_codes_are_read_as_people_write_them(void **state UNUSED)
{
	for (int i = 0; i < 200; i++) {
		OWNED(buf_release) struct buf text = { .max = RECOVERY_CHARS };
		OWNED(buf_release) struct buf typed = { .max = 100 };
		uint8_t digest[DIGEST_BYTES], again[DIGEST_BYTES];

		recovery_new(&text, digest);
		assert_true(buf_ok(&text));
		assert_int_equal(text.len, RECOVERY_CHARS);
		assert_true(recovery_read(buf_str(&text), again));
		assert_memory_equal(digest, again, DIGEST_BYTES);
		for (size_t at = 0; at < text.len; at++) {
			char c = text.ptr[at];
			if (c != '-')
				buf_char(&typed, c == 'o' ? '0' : c == 'l' ? '1' : c == 'b' ? '8'
				                 : c >= 'a' && i % 2 ? (char)(c - 'a' + 'A') : c);
			else if (i % 3)
				buf_put(&typed, S(" - "));
		}
		assert_true(recovery_read(buf_str(&typed), again));
		assert_memory_equal(digest, again, DIGEST_BYTES);
		buf_char(&typed, 'a');
		assert_false(recovery_read(buf_str(&typed), again));
		assert_false(recovery_read(str_first(buf_str(&text), RECOVERY_CHARS - 1), again));
	}
}

int
totp_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(codes_are_those_of_the_rfc),
		EACH(a_code_is_good_once),
		EACH(what_is_no_code_is_none),
		EACH(apps_are_told_in_an_address),
		EACH(recovery_codes_are_read_as_people_write_them),
	};

	return cmocka_run_group_tests_name("crypto/totp", tests, NULL, NULL);
}
