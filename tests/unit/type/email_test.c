#include "check.h"

#include "base/must.h"

static const struct type_context none = { 0 };

static const struct good good[] = {
	{ "a plain address", "anna@example.com", "anna@example.com" },
	{ "the domain goes to lower case, the local part does not", "Anna@EXAMPLE.Com",
	  "Anna@example.com" },
	{ "white space around it is dropped", " \t anna@example.com\r\n", "anna@example.com" },
	{ "a no-break space around it too", "\xc2\xa0" "anna@example.com\xc2\xa0",
	  "anna@example.com" },
	{ "angle brackets are taken off", "<anna@example.com>", "anna@example.com" },
	{ "a dot at the end of the domain is dropped", "anna@example.com.", "anna@example.com" },
	{ "all of atext", "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com" },
	{ "tags and inner dots stay", "anna.maria+list@mail.example.com",
	  "anna.maria+list@mail.example.com" },
	{ "a Swedish domain becomes an A-label", "anna@räksmörgås.example",
	  "anna@xn--rksmrgs-5wao1o.example" },
	{ "its capitals and its decomposed form become the same", "anna@RA\xcc\x88KSMÖRGÅS.example",
	  "anna@xn--rksmrgs-5wao1o.example" },
	{ "sharp s is a letter of its own in IDNA 2008", "anna@straße.example",
	  "anna@xn--strae-oqa.example" },
	{ "an ideographic full stop is a dot", "anna@ö。example", "anna@xn--nda.example" },
	{ "hyphens in the third and fourth place are in use", "anna@r3---sn.example",
	  "anna@r3---sn.example" },
	{ "a local part beyond ASCII", "jörgen@example.com", "jörgen@example.com" },
	{ "a decomposed one is composed", "jo\xcc\x88rgen@example.com", "jörgen@example.com" },
	{ "Greek, RFC 6531", "χρήστης@παράδειγμα.test", "χρήστης@xn--hxajbheg2az3al.test" },
	{ "a local part of 64 octets",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com" },
	{ "a domain label that is a number, but not the last", "anna@123.example.com",
	  "anna@123.example.com" },
};

static const struct bad bad[] = {
	{ "nothing", "", "empty" },
	{ "white space alone", " \xe2\x80\x83\t", "empty" },
	{ "no at sign", "anna.example.com", "has an @" },
	{ "two of them", "anna@bo@example.com", "more than one" },
	{ "nothing before it", "@example.com", "before the @" },
	{ "nothing after it", "anna@", "after the @" },
	{ "a name beside it", "Anna <anna@example.com>", "without a name" },
	{ "a bracket left open", "<anna@example.com", "without a name" },
	{ "a link", "MailTo:anna@example.com", "mailto" },
	{ "a quoted local part", "\"anna maria\"@example.com", "quotation marks" },
	{ "a quoted local part with an at sign", "\"a@b\"@example.com", "quotation marks" },
	{ "two addresses", "anna@example.com, bo@example.com", "more than one" },
	{ "a space inside", "anna maria@example.com", "before the @" },
	{ "a comment", "anna(work)@example.com", "before the @" },
	{ "a dot in front", ".anna@example.com", "before the @" },
	{ "a dot at the end", "anna.@example.com", "before the @" },
	{ "two dots", "anna..maria@example.com", "before the @" },
	{ "an emoji is no letter", "\xf0\x9f\x98\x80@example.com", "before the @" },
	{ "a zero-width space", "an\xe2\x80\x8bna@example.com", "before the @" },
	{ "an override of direction", "an\xe2\x80\xaena@example.com", "before the @" },
	{ "a local part of 65 octets",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com",
	  "64 octets" },
	{ "no dot in the domain", "anna@localhost", "no dot" },
	{ "an address literal", "anna@[192.0.2.1]", "IP number" },
	{ "an IP number as domain", "anna@192.0.2.1", "domain name" },
	{ "an underscore in the domain", "anna@ex_ample.com", "domain name" },
	{ "a hyphen in front of a label", "anna@-example.com", "domain name" },
	{ "a hyphen at the end of a label", "anna@example-.com", "domain name" },
	{ "an empty label", "anna@example..com", "domain name" },
	{ "two dots at the end", "anna@example.com..", "domain name" },
	{ "an A-label that decodes to nothing", "anna@xn--a.example", "domain name" },
	{ "an A-label of plain letters", "anna@xn--example-.com", "domain name" },
	{ "a label of 64 octets",
	  "anna@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
	  "domain name" },
	{ "a control character", "an\x01na@example.com", "control characters" },
	{ "bytes that are not UTF-8", "an\xff@example.com", "UTF-8" },
};

static void
addresses_are_read_into_one_form(void **state UNUSED)
{
	CHECK_GOOD(TYPE_EMAIL, &none, good);
}

static void
what_is_no_address_is_refused_with_a_reason(void **state UNUSED)
{
	CHECK_BAD(TYPE_EMAIL, &none, bad);
}

static void
an_address_of_254_octets_is_the_longest(void **state UNUSED)
{
	for (size_t len = 250; len <= 300; len++) {
		OWNED(buf_release) struct buf raw = { 0 };
		OWNED(buf_release) struct buf ret = { 0 };
		const char *why = NULL;

		buf_init(&raw, 400);
		buf_init(&ret, 400);
		buf_put(&raw, S("a@"));
		while (raw.len < len - 5)
			buf_char(&raw, raw.len % 50 == 49 ? '.' : 'b');
		buf_put(&raw, S("c.com"));
		assert_int_equal(raw.len, len);
		assert_int_equal(type_parse(TYPE_EMAIL, &none, buf_str(&raw), &ret, &why), len <= 254);
	}
}

static void
case_does_not_matter_when_an_address_is_looked_up(void **state UNUSED)
{
	static const struct good table[] = {
		{ "capitals", "Anna@example.com", "anna@example.com" },
		{ "capitals beyond ASCII", "ÅSA@example.com", "åsa@example.com" },
		{ "sharp s stays apart from ss", "straße@example.com", "straße@example.com" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		OWNED(buf_release) struct buf ret = { 0 };

		buf_init(&ret, 100);
		type_match(TYPE_EMAIL, str_from_c(table[i].raw), &ret);
		assert_true(str_eq(buf_str(&ret), str_from_c(table[i].canonical)));
	}
}

int
email_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_into_one_form),
		cmocka_unit_test(what_is_no_address_is_refused_with_a_reason),
		cmocka_unit_test(an_address_of_254_octets_is_the_longest),
		cmocka_unit_test(case_does_not_matter_when_an_address_is_looked_up),
	};

	return cmocka_run_group_tests_name("type/email", tests, NULL, NULL);
}
