/* src/access/password.c */
#include "access_test.h"

#include "access/password.h"

static const str own[] = { S("anna.berg@example.com"), S("Anna Berg-Öhman"), S("Exempelbolaget AB") };

static const char *
judge(const char *raw, bool second_factor, bool *ret_short)
{
	OWNED(buf_release) struct buf prepared = { .max = 2000 };
	const char *why = NULL;

	if (password_fits(str_from_c(raw), own, COUNT(own), second_factor, &prepared, ret_short, &why)) {
		assert_true(prepared.len > 0);
		return NULL;
	}
	assert_int_equal(prepared.len, 0);
	assert_non_null(why);
	return why;
}

static void
what_anybody_would_try_is_refused(void **state UNUSED)
{
	static const char *const easy[] = {
		"passwordpassword", "Password12345678", "P@ssw0rdP@ssw0rd1", "passw0rd-passw0rd", "qwertyuiopasdfgh",
		"1qaz2wsx3edc4rfv", "aaaaaaaaaaaaaaaaaa", "123456789012345", "sommarsommar2026", "Sommar-2026-Sommar",
		"L\xc3\xb6senord1234567", "losenordlosenord", "annabergannaberg1", "anna.berg@example.com",
		"Exempelbolaget2026", "exempelbolagetAnna!", "valvvalvvalvvalv", "Valv-Vault-2026!!", "stockholm20260101",
		"zyxwvutsrqponml", "qwertyqwerty1234", "administrator123", "iloveyouiloveyou", "\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85\xc3\x85",
		"k3!Pk3!Pk3!Pk3!P", "Wv7?xWv7?xWv7?xWv7?x", "justinbieber2012", "!!!!!!!!!!!!!!!!!!!!",
		"\xc3\x96hman-Berg-1987", "1111111122222222", "19870412 19870412", "monkey dragon 9",
	};
	bool is_short;
	int wrong = 0;

	for (size_t i = 0; i < COUNT(easy); i++)
		if (!judge(easy[i], true, &is_short)) {
			print_error("taken: %s\n", easy[i]);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

static void
what_is_long_and_ones_own_is_taken(void **state UNUSED)
{
	static const char *const good[] = {
		"correct horse battery staple", "gr\xc3\xb6na tr\xc3\xa4" "d sjunger om natten", "tXk29-vQz71-LmW04",
		"purple mountain sunset lantern", "min katt \xc3\xa4ter bara sill", "8273645519283746-k",
		"\xe5\xb1\xb1\xe5\xb7\x9d\xe8\x8d\x89\xe6\x9c\xa8\xe9\xb3\xa5\xe7\x8d\xa3\xe8\x99\xab\xe9\xad\x9a\xe9\x87\x91\xe6\x9c\xa8\xe6\xb0\xb4\xe7\x81\xab\xe5\x9c\x9f\xe6\x97\xa5\xe6\x9c\x88",
		"Tr0ub4dour&3xyzTr0ub4dour&3xyz", "aaaaaaaa kX9!mQ2?v",
	};
	bool is_short = false;
	int wrong = 0;

	for (size_t i = 0; i < COUNT(good); i++) {
		const char *why = judge(good[i], false, &is_short);
		if (why) {
			print_error("%s: %s\n", good[i], why);
			wrong++;
		}
		assert_false(is_short);
	}
	assert_int_equal(wrong, 0);
}

/* Characters count, not octets. */
static void
length_depends_on_the_second_factor(void **state UNUSED)
{
	OWNED(buf_release) struct buf longest = { .max = 4096 };
	bool is_short = false;

	assert_non_null(judge("tXk29vQz71L", true, &is_short));
	assert_null(judge("tXk29vQz71Lm", true, &is_short));
	assert_true(is_short);
	assert_non_null(strstr(judge("tXk29vQz71LmW0", false, &is_short), "15"));
	assert_non_null(judge("\xc3\xa5Xk\xc3\xa4Q\xc3\xb6z71L", true, &is_short)); /* 10 */
	assert_null(judge("tXk29vQz71LmW04", false, &is_short));
	assert_false(is_short);
	for (int i = 0; i < 256; i++)
		buf_put(&longest, i % 2 ? S("\xe5\xb1\xb1") : i % 3 ? S("q") : i % 5 ? S("7") : S("x"));
	buf_char(&longest, 0);
	assert_null(judge(longest.ptr, false, &is_short));
	longest.len--;
	buf_put(&longest, S("x"));
	buf_char(&longest, 0);
	assert_non_null(strstr(judge(longest.ptr, false, &is_short), "256"));
}

int
password_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_anybody_would_try_is_refused),
		cmocka_unit_test(what_is_long_and_ones_own_is_taken),
		cmocka_unit_test(length_depends_on_the_second_factor),
	};

	return cmocka_run_group_tests_name("access/password", tests, NULL, NULL);
}
