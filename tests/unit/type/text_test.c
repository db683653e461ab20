#include "check.h"

#include "base/limits.h"
#include "base/must.h"

static const struct type_context none = { 0 };

static void
text_is_composed_and_trimmed(void **state UNUSED)
{
	static const struct good good[] = {
		{ "white space around it", "\n \xe2\x80\x83 hej \t\r\n", "hej" },
		{ "inner white space stays", "a  b\tc", "a  b\tc" },
		{ "line breaks become LF", "a\r\nb\rc\n\nd", "a\nb\nc\n\nd" },
		{ "decomposed letters", "A\xcc\x8asa", "Åsa" },
		{ "marks in another order", "q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87" },
		{ "an emoji", "\xf0\x9f\x91\x8d", "\xf0\x9f\x91\x8d" },
	};
	static const struct bad bad[] = {
		{ "a control character", "a\x02z", "control" },
		{ "a form feed", "a\x0cz", "control" },
		{ "a C1 control character", "a\xc2\x9bz", "shown" },
		{ "an override of direction", "a\xe2\x80\xaez", "shown" },
		{ "a noncharacter", "a\xef\xbf\xbfz", "shown" },
		{ "half a letter", "a\xc3", "UTF-8" },
		{ "a surrogate", "\xed\xa0\x80", "UTF-8" },
		{ "an overlong form", "\xc0\xaf", "UTF-8" },
	};

	CHECK_GOOD(TYPE_TEXT, &none, good);
	CHECK_BAD(TYPE_TEXT, &none, bad);
}

static void
names_and_streets_are_one_line(void **state UNUSED)
{
	static const struct good good[] = {
		{ "single spaces", " Anna \t Maria\xc2\xa0 Åberg ", "Anna Maria Åberg" },
		{ "an apostrophe and a hyphen", "Ann-Marie O'Brien", "Ann-Marie O'Brien" },
		{ "a digit beside letters", "X Æ A-12", "X Æ A-12" },
		{ "decomposed", "A\xcc\x8asa", "Åsa" },
		{ "another script", "Ольга", "Ольга" },
	};
	static const struct bad lines[] = {
		{ "two lines", "Storgatan 1\nlgh 2", "one line" },
		{ "two lines with a line separator", "Storgatan 1\xe2\x80\xa8lgh 2", "one line" },
	};
	static const struct bad letters[] = {
		{ "digits alone", "12345", "letter" }, { "a hyphen", "-", "letter" },
	};
	static const struct good street[] = {
		{ "a number alone", "12", "12" }, { "a street", "Storgatan 1  A", "Storgatan 1 A" },
	};

	CHECK_GOOD(TYPE_NAME, &none, good);
	CHECK_BAD(TYPE_NAME, &none, lines);
	CHECK_BAD(TYPE_NAME, &none, letters);
	CHECK_GOOD(TYPE_STREET, &none, street);
	CHECK_BAD(TYPE_STREET, &none, lines);
	CHECK_BAD(TYPE_CITY, &none, lines);
	CHECK_BAD(TYPE_REGION, &none, lines);
}

static bool
reads_repeated(const char *part, size_t count)
{
	OWNED(buf_release) struct buf raw = { 0 };
	OWNED(buf_release) struct buf ret = { 0 };
	const char *why = NULL;

	buf_init(&raw, 1000000);
	buf_init(&ret, 1000000);
	for (size_t i = 0; i < count; i++)
		buf_put(&raw, str_from_c(part));
	if (type_parse(TYPE_TEXT, &none, buf_str(&raw), &ret, &why))
		return true;
	assert_string_equal(why, "longer than 16384 octets");
	assert_int_equal(ret.len, 0);
	return false;
}

static void
no_value_is_longer_than_the_limit(void **state UNUSED)
{
	assert_true(reads_repeated("a", LIMIT_VALUE_BYTES));
	assert_false(reads_repeated("a", LIMIT_VALUE_BYTES + 1));
	/* U+0958 takes six octets once composed, by Unicode's own exception. */
	assert_true(reads_repeated("\xe0\xa5\x98", 2000));
	assert_false(reads_repeated("\xe0\xa5\x98", 5000));
}

static void
text_is_folded_for_search(void **state UNUSED)
{
	static const struct good table[] = {
		{ "case", "ANNA", "anna" },
		{ "rings and dots", "Åsa Öberg-Ähl", "asa oberg ahl" },
		{ "accents", "Éléonore Müller", "eleonore muller" },
		{ "letters spelled out", "Øre Œuvre Æsop Straße Łódź Đorđe Ðað Þór",
		  "ore oeuvre aesop strasse lodz dorde dad thor" },
		{ "capital sharp s", "STRA\xe1\xba\x9e" "E", "strasse" },
		{ "punctuation", "  O'Brien, (Anna)!!  ", "o brien anna" },
		{ "digits", "Storgatan 12B", "storgatan 12b" },
		{ "compatibility forms", "\xef\xbc\xa1\xef\xac\x81", "afi" },
		{ "Greek, with its last sigma", "ΟΔΥΣΣΕΎΣ Οδυσσεύς", "οδυσσευσ οδυσσευσ" },
		{ "nothing to keep", "--", "" },
		{ "not UTF-8", "a\xff", "" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		OWNED(buf_release) struct buf ret = { 0 };
		OWNED(buf_release) struct buf again = { 0 };

		buf_init(&ret, 200);
		buf_init(&again, 200);
		text_fold(str_from_c(table[i].raw), &ret);
		if (!str_eq(buf_str(&ret), str_from_c(table[i].canonical)))
			fail_msg("%s: folded to \"%.*s\"", table[i].sentence, SPRINT(buf_str(&ret)));
		text_fold(buf_str(&ret), &again);
		assert_true(str_eq(buf_str(&ret), buf_str(&again)));
	}
}

static void
the_family_name_is_found(void **state UNUSED)
{
	static const struct good table[] = {
		{ "the last word", "Anna Andersson", "Andersson" },
		{ "behind several given names", "Anna Maria Andersson", "Andersson" },
		{ "in front of a comma", "Andersson, Anna", "Andersson" },
		{ "particles in front of a comma", "von Essen, Carl", "von Essen" },
		{ "a particle", "Carl von Essen", "von Essen" },
		{ "several", "Anna van der Berg", "van der Berg" },
		{ "particles in capitals", "Magnus De La Gardie", "De La Gardie" },
		{ "a particle in front of all", "von Essen", "von Essen" },
		{ "a given name that looks like one", "Van Morrison", "Morrison" },
		{ "a hyphen", "Anna Ek-Lund", "Ek-Lund" },
		{ "Junior", "Sammy Davis Jr.", "Davis" },
		{ "Junior behind a comma", "Sammy Davis, Jr.", "Davis" },
		{ "one word", "Andersson", "Andersson" },
		{ "nothing", "", "" },
		{ "a comma", ",", "" },
		{ "spaces", "  ", "" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		str family = name_family(str_from_c(table[i].raw));

		if (!str_eq(family, str_from_c(table[i].canonical)))
			fail_msg("%s: found \"%.*s\"", table[i].sentence, SPRINT(family));
	}
}

int
text_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_composed_and_trimmed),
		cmocka_unit_test(names_and_streets_are_one_line),
		cmocka_unit_test(no_value_is_longer_than_the_limit),
		cmocka_unit_test(text_is_folded_for_search),
		cmocka_unit_test(the_family_name_is_found),
	};

	return cmocka_run_group_tests_name("type/text", tests, NULL, NULL);
}
