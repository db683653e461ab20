#include "check.h"

#include "base/must.h"

static const struct type_context today = { .now = NOW };
static const struct type_context none = { 0 };

static void
dates_are_read_with_the_year_first(void **state UNUSED)
{
	static const struct good good[] = {
		{ "ISO 8601", "2026-11-23", "2026-11-23" },
		{ "ISO 8601 without hyphens", "20261123", "2026-11-23" },
		{ "slashes", "2026/11/23", "2026-11-23" },
		{ "points", "2026.11.23", "2026-11-23" },
		{ "a leap day", "2028-02-29", "2028-02-29" },
		{ "the far future", "9999-12-31", "9999-12-31" },
	};
	static const struct bad bad[] = {
		{ "day first", "23/11/2026", "year-month-day" },
		{ "American", "11-23-2026", "year-month-day" },
		{ "two marks", "2026-11/23", "year-month-day" },
		{ "another mark", "2026x11x23", "year-month-day" },
		{ "one digit", "2026-1-3", "year-month-day" },
		{ "a time behind it", "2026-11-23T00:00:00Z", "year-month-day" },
		{ "a word", "yesterday", "year-month-day" },
		{ "no leap day", "2027-02-29", "calendar" },
		{ "month 13", "2026-13-01", "calendar" },
		{ "day 0", "2026-01-00", "calendar" },
		{ "before 1900", "1899-12-31", "1900" },
	};

	CHECK_GOOD(TYPE_DATE, &none, good);
	CHECK_BAD(TYPE_DATE, &none, bad);
}

static void
a_date_of_birth_is_neither_in_the_future_nor_long_ago(void **state UNUSED)
{
	const struct type_context later = { .now = date_time((struct date){ 2040, 6, 1 }) };
	static const struct good good[] = {
		{ "an adult", "1990-01-01", "1990-01-01" },
		{ "born today", "2026-11-23", "2026-11-23" },
		{ "born today where it is tomorrow", "2026-11-24", "2026-11-24" },
		{ "very old", "1900-01-01", "1900-01-01" },
	};
	static const struct good timeless[] = {
		{ "any date at an unknown time", "2100-01-01", "2100-01-01" },
	};
	static const struct bad bad[] = { { "the future", "2026-11-25", "future" } };
	static const struct bad long_ago[] = { { "131 years ago", "1909-06-01", "130 years" } };

	CHECK_GOOD(TYPE_BIRTH_DATE, &today, good);
	CHECK_GOOD(TYPE_BIRTH_DATE, &none, timeless);
	CHECK_BAD(TYPE_BIRTH_DATE, &today, bad);
	CHECK_BAD(TYPE_BIRTH_DATE, &later, long_ago);
}

static void
numbers_lose_what_says_nothing(void **state UNUSED)
{
	static const struct good good[] = {
		{ "a whole number", "42", "42" },
		{ "zeros in front", "007", "7" },
		{ "a plus", "+5", "5" },
		{ "zeros at the end of a fraction", "-1234.50", "-1234.5" },
		{ "a fraction of zeros", "3.000", "3" },
		{ "minus zero", "-0.0", "0" },
		{ "a real minus sign", "\xe2\x88\x92" "4", "-4" },
		{ "a small fraction", "0.001", "0.001" },
		{ "thirty digits", "123456789012345.678901234567891", "123456789012345.678901234567891" },
	};
	static const struct bad bad[] = {
		{ "a decimal comma", "1,5", "decimal point" },
		{ "thousands", "1,234,567.00", "decimal point" },
		{ "spaces", "1 000", "plain digits" },
		{ "an exponent", "1e3", "plain digits" },
		{ "nothing before the point", ".5", "plain digits" },
		{ "nothing after it", "5.", "plain digits" },
		{ "two points", "1.2.3", "plain digits" },
		{ "a sign alone", "-", "plain digits" },
		{ "two signs", "--1", "plain digits" },
		{ "hexadecimal", "0x10", "plain digits" },
		{ "infinity", "inf", "plain digits" },
		{ "thirty-one digits", "1234567890123456.789012345678912", "30 digits" },
	};

	CHECK_GOOD(TYPE_NUMBER, &none, good);
	CHECK_BAD(TYPE_NUMBER, &none, bad);
}

static void
booleans_are_read_in_swedish_and_english(void **state UNUSED)
{
	static const struct good good[] = {
		{ "true", "TRUE", "true" }, { "yes", "Yes", "true" }, { "ja", "ja", "true" },
		{ "1", "1", "true" }, { "false", "False", "false" }, { "no", "no", "false" },
		{ "nej", "NEJ", "false" }, { "0", "0", "false" },
	};
	static const struct bad bad[] = {
		{ "a letter", "y", "neither" }, { "two", "2", "neither" }, { "a word", "kanske", "neither" },
	};

	CHECK_GOOD(TYPE_BOOLEAN, &none, good);
	CHECK_BAD(TYPE_BOOLEAN, &none, bad);
}

static void
an_enum_is_one_of_its_options(void **state UNUSED)
{
	static const str options[] = { { "Gold", 4 }, { "silver", 6 }, { "gold", 4 } };
	static const struct type_context context = { .options = options, .option_count = 3 };
	static const struct good good[] = {
		{ "exactly", "silver", "silver" },
		{ "in another case", "SILVER", "silver" },
		{ "exactly, where another differs in case", "gold", "gold" },
		{ "the first, where several differ in case", "GOLD", "Gold" },
	};
	static const struct bad bad[] = { { "none of them", "bronze", "options" } };

	CHECK_GOOD(TYPE_ENUM, &context, good);
	CHECK_BAD(TYPE_ENUM, &context, bad);
	CHECK_BAD(TYPE_ENUM, &none, bad);
}

static void
ip_addresses_are_written_as_rfc_5952_says(void **state UNUSED)
{
	static const struct good good[] = {
		{ "IPv4", "192.0.2.1", "192.0.2.1" },
		{ "IPv6 in full", "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
		{ "nothing but zeros", "0:0:0:0:0:0:0:0", "::" },
		{ "the loopback", "::1", "::1" },
		{ "zeros at the end", "2001:db8:0:0:0:0:0:0", "2001:db8::" },
		{ "one zero group is not shortened", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "and is written out", "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "the longer run is shortened", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "the first of equal runs", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "mapped IPv4", "::ffff:192.0.2.1", "192.0.2.1" },
		{ "mapped IPv4 in hexadecimal", "::FFFF:c000:201", "192.0.2.1" },
		{ "IPv4 at the end", "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "IPv4 at the end of six groups", "1:2:3:4:5:6:192.0.2.33", "1:2:3:4:5:6:c000:221" },
		{ "gap in front of seven", "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	};
	static const struct bad bad[] = {
		{ "three parts", "192.0.2", "IP" }, { "five parts", "192.0.2.1.1", "IP" },
		{ "256", "192.0.2.256", "IP" }, { "a zero in front", "192.0.02.1", "IP" },
		{ "a space", "192.0.2. 1", "IP" }, { "a prefix", "192.0.2.0/24", "IP" },
		{ "hexadecimal", "0xc0.0.2.1", "IP" }, { "seven groups", "1:2:3:4:5:6:7", "IP" },
		{ "nine groups", "1:2:3:4:5:6:7:8:9", "IP" }, { "two gaps", "1::2::3", "IP" },
		{ "three colons", "1:::2", "IP" }, { "a gap for nothing", "1:2:3:4::5:6:7:8", "IP" },
		{ "five digits", "12345::", "IP" }, { "a colon in front", ":1:2:3:4:5:6:7", "IP" },
		{ "a colon at the end", "1:2:3:4:5:6:7:", "IP" }, { "a zone", "fe80::1%eth0", "IP" },
		{ "a bracket", "[::1]", "IP" }, { "a colon", ":", "IP" },
		{ "IPv4 in the middle", "::192.0.2.1:1", "IP" },
		{ "IPv4 after seven groups", "1:2:3:4:5:6:7:192.0.2.1", "IP" },
	};

	CHECK_GOOD(TYPE_IP, &none, good);
	CHECK_BAD(TYPE_IP, &none, bad);
}

static void
urls_are_http_and_carry_no_user(void **state UNUSED)
{
	static const struct good good[] = {
		{ "scheme and host in capitals", "HTTPS://WWW.Example.COM/Path", "https://www.example.com/Path" },
		{ "no path", "http://example.com", "http://example.com/" },
		{ "a query without a path", "http://example.com?a=b#c", "http://example.com/?a=b#c" },
		{ "the default port", "https://example.com:443/", "https://example.com/" },
		{ "another port", "http://example.com:8080/", "http://example.com:8080/" },
		{ "an empty port", "http://example.com:/", "http://example.com/" },
		{ "a Swedish host", "https://räksmörgås.example/å",
		  "https://xn--rksmrgs-5wao1o.example/%C3%A5" },
		{ "percent in lower case", "http://example.com/%c3%a5", "http://example.com/%C3%A5" },
		{ "an IPv4 host", "http://192.0.2.1/", "http://192.0.2.1/" },
		{ "an IPv6 host", "http://[2001:DB8:0::1]:81/", "http://[2001:db8::1]:81/" },
		{ "an at sign in the path", "https://example.com/@anna", "https://example.com/@anna" },
		{ "a single label", "http://localhost/", "http://localhost/" },
	};
	static const struct bad bad[] = {
		{ "no scheme", "www.example.com", "begins with" },
		{ "a script", "javascript:alert(1)", "begins with" },
		{ "another scheme", "ftp://example.com/", "begins with" },
		{ "a user", "https://anna:secret@example.com/", "user name" },
		{ "an empty user", "https://@example.com/", "user name" },
		{ "no host", "https:///path", "domain name" },
		{ "a space", "https://example.com/a b", "character" },
		{ "a quotation mark", "https://example.com/\"", "character" },
		{ "a bad percent form", "https://example.com/%zz", "character" },
		{ "a percent at the end", "https://example.com/%4", "character" },
		{ "a bracket in the path", "https://example.com/<b>", "character" },
		{ "port 0", "https://example.com:0/", "port" },
		{ "port 65536", "https://example.com:65536/", "port" },
		{ "a word for a port", "https://example.com:http/", "port" },
		{ "half an IPv6 address", "http://[::1/", "brackets" },
		{ "something behind the bracket", "http://[::1]a/", "brackets" },
		{ "an IPv4 address with a zero in front", "http://192.0.02.1/", "domain name" },
		{ "a backslash in the host", "http://example.com\\@example.test/", "user name" },
	};

	CHECK_GOOD(TYPE_URL, &none, good);
	CHECK_BAD(TYPE_URL, &none, bad);
}

static void
ibans_are_checked(void **state UNUSED)
{
	static const struct good good[] = {
		{ "the registry's Swedish example", "SE45 5000 0000 0583 9825 7466",
		  "SE4550000000058398257466" },
		{ "in lower case", "gb29 nwbk 6016 1331 9268 19", "GB29NWBK60161331926819" },
		{ "the shortest", "NO93 8601 1117 947", "NO9386011117947" },
	};
	static const struct bad bad[] = {
		{ "a wrong digit", "SE45 5000 0000 0583 9825 7467", "check digits" },
		{ "a digit too few", "SE45 5000 0000 0583 9825 746", "length" },
		{ "letters in a country of digits", "SE45 5000 0000 0583 9825 746A", "length" },
		{ "a country without", "US45 5000 0000 0583 9825 7466", "country" },
		{ "hyphens", "SE45-5000-0000-0583-9825-7466", "length" },
		{ "two letters", "SE", "not an IBAN" },
		{ "a word", "not an account number at all, rather a sentence", "not an IBAN" },
	};

	CHECK_GOOD(TYPE_IBAN, &none, good);
	CHECK_BAD(TYPE_IBAN, &none, bad);
}

static void
languages_are_tags(void **state UNUSED)
{
	static const struct good good[] = {
		{ "a language", "SV", "sv" }, { "three letters for two", "swe", "sv" },
		{ "three letters where there are no two", "Yue", "yue" },
		{ "a region", "sv-se", "sv-SE" }, { "as systems write it", "en_GB", "en-GB" },
		{ "a script", "ZH-hant-tw", "zh-Hant-TW" }, { "a region in digits", "es-419", "es-419" },
		{ "a variant", "de-CH-1901", "de-CH-1901" }, { "a variant in letters", "sl-ROZAJ", "sl-rozaj" },
	};
	static const struct bad bad[] = {
		{ "a word", "svenska", "tag" }, { "two letters that are none", "xx", "tag" },
		{ "a hyphen at the end", "sv-", "tag" }, { "two hyphens", "sv--SE", "tag" },
		{ "an extension", "sv-u-co-trad", "tag" }, { "private use", "x-valv", "tag" },
		{ "a region first", "sv-SE-Latn", "tag" }, { "digits", "12", "tag" },
	};

	CHECK_GOOD(TYPE_LANGUAGE, &none, good);
	CHECK_BAD(TYPE_LANGUAGE, &none, bad);
}

int
plain_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read_with_the_year_first),
		cmocka_unit_test(a_date_of_birth_is_neither_in_the_future_nor_long_ago),
		cmocka_unit_test(numbers_lose_what_says_nothing),
		cmocka_unit_test(booleans_are_read_in_swedish_and_english),
		cmocka_unit_test(an_enum_is_one_of_its_options),
		cmocka_unit_test(ip_addresses_are_written_as_rfc_5952_says),
		cmocka_unit_test(urls_are_http_and_carry_no_user),
		cmocka_unit_test(ibans_are_checked),
		cmocka_unit_test(languages_are_tags),
	};

	return cmocka_run_group_tests_name("type/plain", tests, NULL, NULL);
}
