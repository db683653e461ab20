#include "check.h"

#include "base/must.h"

static const struct type_context none = { 0 };
static const struct type_context sweden = { .region = { "SE", 2 } };

static void
countries_are_two_letters(void **state UNUSED)
{
	static const struct good good[] = {
		{ "two letters", "SE", "SE" }, { "in lower case", "se", "SE" },
		{ "in Swedish", "Sverige", "SE" }, { "in English", "SWEDEN", "SE" },
		{ "with dots and rings", "Österrike", "AT" }, { "two words", "United  Kingdom", "GB" },
		{ "the short form people use", "UK", "GB" }, { "a far one", "nz", "NZ" },
	};
	static const struct bad bad[] = {
		{ "three letters", "SWE", "two letters" }, { "two that are none", "XX", "two letters" },
		{ "a word", "Atlantis", "two letters" }, { "digits", "46", "two letters" },
	};

	CHECK_GOOD(TYPE_COUNTRY, &none, good);
	CHECK_BAD(TYPE_COUNTRY, &none, bad);
}

static void
swedish_postal_codes_have_five_digits(void **state UNUSED)
{
	static const struct good good[] = {
		{ "with a space", "123 45", "123 45" }, { "without", "12345", "123 45" },
		{ "with the country", "SE-123 45", "123 45" }, { "as it used to be", "S-12345", "123 45" },
		{ "with a no-break space", "123\xc2\xa0" "45", "123 45" },
	};
	static const struct bad bad[] = {
		{ "four digits", "1234", "five digits" }, { "six", "123456", "five digits" },
		{ "a zero in front", "01234", "five digits" }, { "letters", "SW1A 1AA", "five digits" },
	};

	CHECK_GOOD(TYPE_POSTCODE, &sweden, good);
	CHECK_BAD(TYPE_POSTCODE, &sweden, bad);
}

static void
other_postal_codes_go_to_upper_case(void **state UNUSED)
{
	static const struct good good[] = {
		{ "British", "sw1a  1aa", "SW1A 1AA" }, { "German", "12345", "12345" },
		{ "Polish", "00-950", "00-950" }, { "American", "12345-6789", "12345-6789" },
		{ "Irish", "D02 AF30", "D02 AF30" },
	};
	static const struct bad bad[] = {
		{ "no digit", "Stockholm", "postal" }, { "a comma", "123,45", "postal" },
		{ "one digit", "1", "postal" }, { "far too long", "1234567890123", "postal" },
		{ "letters beyond ASCII", "12345 Å", "postal" },
	};

	CHECK_GOOD(TYPE_POSTCODE, &none, good);
	CHECK_BAD(TYPE_POSTCODE, &none, bad);
}

int
place_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(countries_are_two_letters),
		cmocka_unit_test(swedish_postal_codes_have_five_digits),
		cmocka_unit_test(other_postal_codes_go_to_upper_case),
	};

	return cmocka_run_group_tests_name("type/place", tests, NULL, NULL);
}
