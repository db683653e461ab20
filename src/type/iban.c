/* type/iban.c -- bank account numbers by ISO 13616; what is accepted: see type.h. */
#include "base/must.h"
#include "type/read.h"
#include "type/text.h"

#define IBAN_MAX 34
#define RAW_MAX 128 /* octets, with spaces between the groups */

/* What follows the check digits, from the SWIFT registry: n digits, a capitals, c either.
 * A country that joins is added here. */
static const struct {
	char country[3];
	char account[14];
} formats[] = {
	{ "AD", "8n12c" }, { "AE", "19n" }, { "AL", "8n16c" }, { "AT", "16n" },
	{ "AZ", "4a20c" }, { "BA", "16n" }, { "BE", "12n" }, { "BG", "4a6n8c" },
	{ "BH", "4a14c" }, { "BI", "23n" }, { "BR", "23n1a1c" }, { "BY", "4c4n16c" },
	{ "CH", "5n12c" }, { "CR", "18n" }, { "CY", "8n16c" }, { "CZ", "20n" },
	{ "DE", "18n" }, { "DJ", "23n" }, { "DK", "14n" }, { "DO", "4c20n" }, { "EE", "16n" },
	{ "EG", "25n" }, { "ES", "20n" }, { "FI", "14n" }, { "FK", "2a12n" }, { "FO", "14n" },
	{ "FR", "10n11c2n" }, { "GB", "4a14n" }, { "GE", "2a16n" }, { "GI", "4a15c" },
	{ "GL", "14n" }, { "GR", "7n16c" }, { "GT", "24c" }, { "HN", "4a20n" },
	{ "HR", "17n" }, { "HU", "24n" }, { "IE", "4a14n" }, { "IL", "19n" },
	{ "IQ", "4a15n" }, { "IS", "22n" }, { "IT", "1a10n12c" }, { "JO", "4a4n18c" },
	{ "KW", "4a22c" }, { "KZ", "3n13c" }, { "LB", "4n20c" }, { "LC", "4a24c" },
	{ "LI", "5n12c" }, { "LT", "16n" }, { "LU", "3n13c" }, { "LV", "4a13c" },
	{ "LY", "21n" }, { "MC", "10n11c2n" }, { "MD", "20c" }, { "ME", "18n" },
	{ "MK", "3n10c2n" }, { "MN", "16n" }, { "MR", "23n" }, { "MT", "4a5n18c" },
	{ "MU", "4a19n3a" }, { "NI", "4a20n" }, { "NL", "4a10n" }, { "NO", "11n" },
	{ "OM", "3n16c" }, { "PK", "4a16c" }, { "PL", "24n" }, { "PS", "4a21c" },
	{ "PT", "21n" }, { "QA", "4a21c" }, { "RO", "4a16c" }, { "RS", "18n" },
	{ "RU", "14n15c" }, { "SA", "2n18c" }, { "SC", "4a20n3a" }, { "SD", "14n" },
	{ "SE", "20n" }, { "SI", "15n" }, { "SK", "20n" }, { "SM", "1a10n12c" },
	{ "SO", "19n" }, { "ST", "21n" }, { "SV", "4a20n" }, { "TL", "19n" }, { "TN", "20n" },
	{ "TR", "6n16c" }, { "UA", "6n19c" }, { "VA", "18n" }, { "VG", "4a16n" },
	{ "XK", "16n" }, { "YE", "4a4n18c" },
};

static bool
fits_kind(char c, char kind)
{
	return (kind != 'a' && is_digit(c)) || (kind != 'n' && is_upper(c));
}

static bool
fits_format(str account, str format)
{
	while (format.len) {
		uint64_t count;
		char kind;

		must(eat_u64(&format, &count) && format.len);
		kind = format.ptr[0];
		format = str_from(format, 1);
		for (; count; count--) {
			if (!account.len || !fits_kind(account.ptr[0], kind))
				return false;
			account = str_from(account, 1);
		}
	}
	return account.len == 0;
}

static bool
find_format(str country, str *ret)
{
	for (size_t i = 0; i < COUNT(formats); i++) {
		if (!str_eq(country, str_from_c(formats[i].country)))
			continue;
		*ret = str_from_c(formats[i].account);
		return true;
	}
	return false;
}

/* ISO 7064 MOD 97-10: the first four characters moved to the end, letters as 10..35. */
static unsigned
mod_97(str iban)
{
	unsigned rest = 0;

	for (size_t i = 0; i < iban.len; i++) {
		char c = iban.ptr[(i + 4) % iban.len];

		rest = is_digit(c) ? rest * 10 + (unsigned)(c - '0') :
		                     rest * 100 + (unsigned)(c - 'A' + 10);
		rest %= 97;
	}
	return rest;
}

/* 00, 01 and 99 also satisfy the sum, but are never given out. */
static bool
check_digits_valid(str iban)
{
	uint64_t check;
	str rest = str_from(iban, 2);

	return eat_digits(&rest, 2, &check) && check >= 2 && check <= 98 && mod_97(iban) == 1;
}

bool
iban_read(const struct type_context *context UNUSED, str text, struct buf *ret,
          const char **ret_why)
{
	OWNED(buf_release) struct buf plain = { 0 };
	str iban, format;

	buf_init(&plain, RAW_MAX);
	text_plain(text, &plain);
	for (size_t i = 0; i < plain.len; i++)
		if (plain.ptr[i] != ' ')
			buf_char(ret, to_upper(plain.ptr[i]));
	iban = buf_str(ret);
	if (!buf_ok(&plain) || iban.len < 5 || iban.len > IBAN_MAX)
		return refuse(ret_why, "not an IBAN");
	if (!find_format(str_first(iban, 2), &format))
		return refuse(ret_why, "an IBAN begins with the letters of a country that uses it");
	if (!fits_format(str_from(iban, 4), format))
		return refuse(ret_why, "the length or the characters are not that country's");
	if (!check_digits_valid(iban))
		return refuse(ret_why, "the check digits are wrong");
	return true;
}
