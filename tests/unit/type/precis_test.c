#include "check.h"

#include "base/limits.h"
#include "base/must.h"
#include "type/precis.h"

typedef bool prepare(str raw, struct buf *ret, const char **ret_why);

static void
check_prepared(prepare *form, const struct good *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf got = { .max = 4096 };
		OWNED(buf_release) struct buf again = { .max = 4096 };
		const char *why = NULL;

		if (!form(str_from_c(table[i].raw), &got, &why))
			fail_msg("%s: %s", table[i].sentence, why);
		if (!str_eq(buf_str(&got), str_from_c(table[i].canonical)))
			fail_msg("%s: got %.*s", table[i].sentence, SPRINT(buf_str(&got)));
		assert_true(form(buf_str(&got), &again, &why));
		assert_true(str_eq(buf_str(&got), buf_str(&again)));
	}
}

static void
check_refused(prepare *form, const struct bad *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf got = { .max = 4096 };
		const char *why = NULL;

		if (form(str_from_c(table[i].raw), &got, &why))
			fail_msg("%s: taken as %.*s", table[i].sentence, SPRINT(buf_str(&got)));
		assert_int_equal(got.len, 0);
		assert_non_null(why);
		if (!strstr(why, table[i].why))
			fail_msg("%s: %s", table[i].sentence, why);
	}
}

/* The examples of RFC 8265 sections 3.5 and 4.3 among them. */
static void
one_account_has_one_spelling(void **state UNUSED)
{
	static const struct good good[] = {
		{ "as it is", "juliet@example.com", "juliet@example.com" },
		{ "capitals", "Anna.Andersson@EXAMPLE.com", "anna.andersson@example.com" },
		{ "white space around it", " \xe3\x80\x80" "anna\t\n", "anna" },
		{ "full width", "\xef\xbc\xa1\xef\xbd\x8e\xef\xbd\x8e\xef\xbd\x81\xef\xbc\x91", "anna1" },
		{ "a full-width @", "anna\xef\xbc\xa0" "example.test", "anna@example.test" },
		{ "half-width katakana", "\xef\xbd\xb1\xef\xbd\xb2", "\xe3\x82\xa2\xe3\x82\xa4" },
		{ "letters put together from parts", "A\xcc\x8asa", "åsa" },
		{ "a sharp s stays one", "fussball-fu\xc3\x9f" "ball", "fussball-fu\xc3\x9f" "ball" },
		{ "a capital sigma", "\xce\xa3", "\xcf\x83" },
		{ "the sigma at the end", "\xce\xa3\xce\x91\xce\xa3", "\xcf\x83\xce\xb1\xcf\x82" },
		{ "single spaces", "Anna Andersson", "anna andersson" },
		{ "another script", "\xd0\x9e\xd0\xbb\xd1\x8c\xd0\xb3\xd0\xb0", "\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb3\xd0\xb0" },
		{ "from right to left", "\xd7\x90\xd7\x91\xd7\x92" "1", "\xd7\x90\xd7\x91\xd7\x92" "1" },
		{ "kanji and kana", "\xe5\xb1\xb1\xe3\x81\xae", "\xe5\xb1\xb1\xe3\x81\xae" },
		{ "a dotted capital I", "\xc4\xb0", "i\xcc\x87" },
	};
	static const struct bad bad[] = {
		{ "nothing", "", "empty" },
		{ "blanks", "  ", "empty" },
		{ "two spaces", "anna  andersson", "characters" },
		{ "a roman numeral", "henry\xe2\x85\xa3", "characters" },
		{ "an infinity sign", "\xe2\x88\x9e", "characters" },
		{ "a ligature", "o\xef\xac\x83" "ce", "characters" },
		{ "a Kelvin sign", "\xe2\x84\xaa" "arin", "characters" },
		{ "a long s", "a\xc5\xbf" "a", "characters" },
		{ "a line break", "anna\nberg", "characters" },
		{ "a space of no width", "an\xe2\x80\x8bna", "characters" },
		{ "a joiner", "an\xe2\x80\x8dna", "characters" },
		{ "a soft hyphen", "an\xc2\xadna", "characters" },
		{ "an override of direction", "an\xe2\x80\xaena", "characters" },
		{ "a bold letter of mathematics", "\xf0\x9d\x90\x9anna", "characters" },
		{ "an emoji", "anna\xf0\x9f\x91\x8d", "characters" },
		{ "a private character", "anna\xee\x80\x80", "characters" },
		{ "a Cyrillic letter among Latin ones", "\xd0\xb0nna", "several scripts" },
		{ "a Greek letter among Latin ones", "\xce\xbfle", "several scripts" },
		{ "Hebrew with a Latin address", "\xd7\x90@example.com", "scripts" },
		{ "Hebrew after a digit", "1\xd7\x90", "directions" },
		{ "half a letter", "a\xc3", "UTF-8" },
	};

	check_prepared(precis_name, good, COUNT(good));
	check_refused(precis_name, bad, COUNT(bad));
}

static void
a_password_keeps_what_was_typed(void **state UNUSED)
{
	static const struct good good[] = {
		{ "case and spaces", " Correct Horse  Battery Staple", " Correct Horse  Battery Staple" },
		{ "another space", "Correct\xe1\x9a\x80Horse\xc2\xa0" "Battery", "Correct Horse Battery" },
		{ "letters put together from parts", "A\xcc\x8asa", "Åsa" },
		{ "full width stays", "\xef\xbc\xa1", "\xef\xbc\xa1" },
		{ "a symbol", "\xf0\x9f\x91\x8d\xe2\x99\x9a", "\xf0\x9f\x91\x8d\xe2\x99\x9a" },
	};
	static const struct bad bad[] = {
		{ "nothing", "", "empty" },
		{ "a tab", "my cat is a \tby", "shown" },
		{ "a space of no width", "a\xe2\x80\x8b", "shown" },
		{ "a private character", "\xee\x80\x80", "shown" },
		{ "half a letter", "a\xc3", "UTF-8" },
	};

	check_prepared(precis_password, good, COUNT(good));
	check_refused(precis_password, bad, COUNT(bad));
}

static void
nothing_is_longer_than_its_limit(void **state UNUSED)
{
	OWNED(buf_release) struct buf name = { .max = 4096 };
	OWNED(buf_release) struct buf long_one = { .max = 4096 };
	const char *why = NULL;

	for (int i = 0; i < LIMIT_USER_NAME_BYTES; i++)
		buf_char(&long_one, 'a');
	assert_true(precis_name(buf_str(&long_one), &name, &why));
	buf_char(&long_one, 'a');
	buf_clear(&name);
	assert_false(precis_name(buf_str(&long_one), &name, &why));
	assert_string_equal(why, "is too long");
	while (long_one.len <= LIMIT_PASSWORD_BYTES)
		buf_char(&long_one, 'a');
	assert_false(precis_password(buf_str(&long_one), &name, &why));
	assert_string_equal(why, "is too long");
	/* a letter that grows when it is made small */
	buf_clear(&long_one);
	while (long_one.len < LIMIT_USER_NAME_BYTES - 1)
		buf_put(&long_one, S("\xc4\xb0"));
	assert_false(precis_name(buf_str(&long_one), &name, &why));
}

int
precis_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_account_has_one_spelling),
		cmocka_unit_test(a_password_keeps_what_was_typed),
		cmocka_unit_test(nothing_is_longer_than_its_limit),
	};

	return cmocka_run_group_tests_name("type/precis", tests, NULL, NULL);
}
