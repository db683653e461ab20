#include "check.h"

#include "base/must.h"

struct golden {
	const char *raw;
	const char *canonical; /* NULL: refused */
};

#include "golden.inc"

static const struct type_context today = { .now = NOW };
static const struct type_context timeless = { 0 };

static const struct good good[] = {
	{ "twelve digits", "199001012385", "199001012385" },
	{ "twelve digits with a hyphen", "19900101-2385", "199001012385" },
	{ "twelve digits with a space", "19900101 2385", "199001012385" },
	{ "twelve digits with an en dash", "19900101\xe2\x80\x93" "2385", "199001012385" },
	{ "twelve digits with a plus", "19120229+9804", "191202299804" },
	{ "ten digits with a hyphen", "900101-2393", "199001012393" },
	{ "ten digits alone", "9001012393", "199001012393" },
	{ "ten digits of a child", "170101-2393", "201701012393" },
	{ "a samordningsnummer", "19900161-2382", "199001612382" },
	{ "a samordningsnummer of ten digits", "900161-2382", "199001612382" },
	{ "the leap day of 2000", "20000229-9816", "200002299816" },
	{ "ten digits with a plus: a hundred years and more", "120229+9804", "191202299804" },
	{ "in the year of one's 99th birthday the sign is a hyphen", "271231-9884", "192712319884" },
	{ "in the year of one's hundredth it is a plus", "260101+9835", "192601019835" },
	{ "and a hyphen means a baby", "260101-9843", "202601019843" },
	{ "born today", "261123-9852", "202611239852" },
};

static const struct bad bad[] = {
	{ "nine digits", "900101-239", "ten or twelve" },
	{ "eleven digits", "1990010-2393", "ten or twelve" },
	{ "thirteen digits", "1990010123930", "ten or twelve" },
	{ "the hyphen elsewhere", "9001-012393", "ten or twelve" },
	{ "two hyphens", "900101--2393", "ten or twelve" },
	{ "a word", "personnummer", "ten or twelve" },
	{ "digits of another script", "٩٠٠١٠١٢٣٩٣", "ten or twelve" },
	{ "a wrong check digit", "900101-2394", "check digit" },
	{ "birth number 000", "19900101-0009", "check digit" },
	{ "a month that is none", "19901301-2385", "calendar" },
	{ "a day that is none", "19900132-2385", "calendar" },
	{ "29 February 1900", "19000229-9899", "calendar" },
	{ "day 60", "19900160-2383", "calendar" },
	{ "day 92", "19900192-2385", "calendar" },
	{ "a T-number", "900101-T239", "T-number" },
	{ "a T-number of twelve", "19900101T239", "T-number" },
	{ "an organisation number", "556036-0793", "organisation" },
	{ "an organisation number with its century", "165560360793", "organisation" },
	{ "born tomorrow", "20261124-9869", "future" },
	{ "the 19th century", "18990101-9910", "1900" },
	{ "ten digits with a plus of the 19th century", "990101+9910", "1900" },
};

static const struct bad undated[] = {
	{ "ten digits at an unknown time", "900101-2393", "twelve digits" },
};

static void
numbers_are_read_as_twelve_digits(void **state UNUSED)
{
	CHECK_GOOD(TYPE_PERSONNUMMER, &today, good);
}

static void
what_is_no_personnummer_is_refused_with_a_reason(void **state UNUSED)
{
	CHECK_BAD(TYPE_PERSONNUMMER, &today, bad);
	CHECK_BAD(TYPE_PERSONNUMMER, &timeless, undated);
}

/* At half past eleven in the evening UTC it is the next year in Sweden. */
static void
the_year_turns_at_swedish_midnight(void **state UNUSED)
{
	const struct type_context eve = { .now = date_time((struct date){ 2027, 1, 1 }) -
		                                 1800 * TIME_SECOND };
	static const struct good table[] = {
		{ "a baby", "270101-9925", "202701019925" },
	};

	CHECK_GOOD(TYPE_PERSONNUMMER, &eve, table);
}

static void
the_date_of_birth_is_in_the_number(void **state UNUSED)
{
	struct date date = { 0 };

	assert_true(personnummer_birth_date(S("199001612382"), &date));
	assert_true(date.year == 1990 && date.month == 1 && date.day == 1);
	assert_true(personnummer_coordination(S("199001612382")));
	assert_false(personnummer_coordination(S("199001012385")));
	assert_false(personnummer_coordination(S("")));
	assert_false(personnummer_birth_date(S("199013012385"), &date));
	assert_false(personnummer_birth_date(S("900101-2385"), &date));
	assert_false(personnummer_birth_date(S(""), &date));
}

static void
check_golden(enum type type, const struct golden *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct good accepted = { table[i].raw, table[i].raw, table[i].canonical };
		const struct bad refused = { table[i].raw, table[i].raw, "" };

		if (table[i].canonical)
			check_good(type, &today, &accepted, 1);
		else
			check_bad(type, &today, &refused, 1);
	}
}

static void
personnummer_and_iban_are_judged_as_by_stdnum(void **state UNUSED)
{
	check_golden(TYPE_PERSONNUMMER, golden_personnummer, COUNT(golden_personnummer));
	check_golden(TYPE_IBAN, golden_iban, COUNT(golden_iban));
}

int
personnummer_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_as_twelve_digits),
		cmocka_unit_test(what_is_no_personnummer_is_refused_with_a_reason),
		cmocka_unit_test(the_year_turns_at_swedish_midnight),
		cmocka_unit_test(the_date_of_birth_is_in_the_number),
		cmocka_unit_test(personnummer_and_iban_are_judged_as_by_stdnum),
	};

	return cmocka_run_group_tests_name("type/personnummer", tests, NULL, NULL);
}
