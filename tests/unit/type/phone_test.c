#include "check.h"

#include "base/must.h"

static const struct type_context none = { 0 };
static const struct type_context sweden = { .region = { "SE", 2 } };
static const struct type_context america = { .region = { "US", 2 } };
static const struct type_context britain = { .region = { "GB", 2 } };

static const struct good international[] = {
	{ "the canonical form itself", "+46701740605", "+46701740605" },
	{ "spaces and hyphens", "+46 70-174 06 05", "+46701740605" },
	{ "a national zero in brackets", "+46 (0)70-174 06 05", "+46701740605" },
	{ "the plus in brackets", "(+46) 70 174 06 05", "+46701740605" },
	{ "no-break spaces and an en dash", "+46\xc2\xa0" "70\xe2\x80\x93" "1740605", "+46701740605" },
	{ "British mobile numbers for fiction", "+44 7700 900123", "+447700900123" },
	{ "British numbers without a place, for fiction", "+44 1632 960001", "+441632960001" },
	{ "London numbers for fiction", "+44 20 7946 0123", "+442079460123" },
	{ "American numbers for fiction", "+1 212-555-0123", "+12125550123" },
	{ "American ones in an area that is none", "+1 (555) 555-0199", "+15555550199" },
	{ "French mobile numbers for fiction", "+33 6 39 98 12 34", "+33639981234" },
	{ "Irish numbers for fiction", "+353 20 910 1234", "+353209101234" },
	{ "Australian mobile numbers for fiction", "+61 491 570 156", "+61491570156" },
};

static const struct good swedish[] = {
	{ "a mobile number", "070-1740605", "+46701740605" },
	{ "the last one for tests", "070 174 06 99", "+46701740699" },
	{ "a number in Stockholm", "08-465 004 00", "+46846500400" },
	{ "a number in Gothenburg with a slash", "031/390 06 00", "+46313900600" },
	{ "double zero for abroad", "0046 70 174 06 05", "+46701740605" },
	{ "a foreign number", "+44 7700 900123", "+447700900123" },
};

static const struct good american[] = {
	{ "a national number", "(212) 555-0123", "+12125550123" },
};

static const struct good british[] = {
	{ "a national number", "07700 900123", "+447700900123" },
};

static const struct bad bad[] = {
	{ "letters", "call me", "letters" },
	{ "a number spelled with letters", "0700-VALV", "letters" },
	{ "an extension", "070-1740605 ext 5", "extension" },
	{ "an extension as Swedes write it", "070-1740605 ankn. 5", "extension" },
	{ "an extension as links write it", "+46701740605;ext=5", "extension" },
	{ "an extension after a number sign", "+46701740605#5", "extension" },
	{ "no digits", "- -", "not a telephone number" },
	{ "a plus inside", "070+1740605", "not a telephone number" },
	{ "two pluses", "++46701740605", "not a telephone number" },
	{ "digits of another script", "٠٧٠١٧٤٠٦٠٥", "not a telephone number" },
	{ "two numbers", "070-1740605 / 070-1740606", "no telephone" },
	{ "a digit too few", "070-174060", "no telephone" },
	{ "a digit too many", "070-17406051", "no telephone" },
	{ "an emergency number", "112", "no telephone" },
	{ "a country code that is none", "+999 123456789", "no telephone" },
	{ "very many digits", "+461234567890123456789012345", "not a telephone number" },
	{ "American numbers beside those for fiction", "+1 555 555 0200", "no telephone" },
	{ "British numbers beside those for fiction", "+44 7700 901123", "no telephone" },
};

static const struct bad national[] = {
	{ "a national number", "070-1740605", "country is missing" },
};

static void
numbers_are_read_as_e164(void **state UNUSED)
{
	CHECK_GOOD(TYPE_PHONE, &none, international);
	CHECK_GOOD(TYPE_PHONE, &sweden, swedish);
	CHECK_GOOD(TYPE_PHONE, &america, american);
	CHECK_GOOD(TYPE_PHONE, &britain, british);
}

static void
what_no_telephone_has_is_refused(void **state UNUSED)
{
	CHECK_BAD(TYPE_PHONE, &sweden, bad);
}

static void
a_national_number_needs_a_region(void **state UNUSED)
{
	static const struct type_context strange = { .region = { "Sweden", 6 } };

	CHECK_BAD(TYPE_PHONE, &none, national);
	CHECK_BAD(TYPE_PHONE, &strange, national);
}

static void
every_number_for_tests_in_sweden_is_accepted(void **state UNUSED)
{
	for (uint64_t last = 605; last <= 699; last++) {
		OWNED(buf_release) struct buf raw = { 0 };
		OWNED(buf_release) struct buf ret = { 0 };
		const char *why = NULL;

		buf_init(&raw, 20);
		buf_init(&ret, 20);
		buf_put(&raw, S("070-1740"));
		buf_pad(&raw, last, 3);
		assert_true(type_parse(TYPE_PHONE, &sweden, buf_str(&raw), &ret, &why));
	}
}

int
phone_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_as_e164),
		cmocka_unit_test(what_no_telephone_has_is_refused),
		cmocka_unit_test(a_national_number_needs_a_region),
		cmocka_unit_test(every_number_for_tests_in_sweden_is_accepted),
	};

	return cmocka_run_group_tests_name("type/phone", tests, NULL, NULL);
}
