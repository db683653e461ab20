/* type/place.c -- countries and postal codes; what is accepted: see type.h. */
#include "base/must.h"
#include "type/read.h"
#include "type/text.h"

#define POSTCODE_MAX 12 /* octets; the longest in use have ten */
#define NAME_MAX 64     /* octets */

/* ISO 3166-1 alpha-2, two letters each. */
static const char countries[] =
	"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCD"
	"CFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGF"
	"GGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN"
	"KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNA"
	"NCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
	"SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
	"VNVUWFWSYEYTZAZMZW";
/* How people in the EU, the EEA and beside them write their countries, as text_fold() gives it. */
static const struct {
	char code[3];
	char name[16];
} names[] = {
	{ "AT", "austria" }, { "AT", "osterrike" }, { "AT", "osterreich" },
	{ "BE", "belgium" }, { "BE", "belgien" },
	{ "BG", "bulgaria" }, { "BG", "bulgarien" },
	{ "CH", "switzerland" }, { "CH", "schweiz" },
	{ "CY", "cyprus" }, { "CY", "cypern" },
	{ "CZ", "czechia" }, { "CZ", "czech republic" }, { "CZ", "tjeckien" },
	{ "DE", "germany" }, { "DE", "tyskland" }, { "DE", "deutschland" },
	{ "DK", "denmark" }, { "DK", "danmark" },
	{ "EE", "estonia" }, { "EE", "estland" },
	{ "ES", "spain" }, { "ES", "spanien" }, { "ES", "espana" },
	{ "FI", "finland" }, { "FI", "suomi" },
	{ "FR", "france" }, { "FR", "frankrike" },
	{ "GB", "united kingdom" }, { "GB", "storbritannien" }, { "GB", "great britain" },
	{ "GB", "uk" },
	{ "GR", "greece" }, { "GR", "grekland" },
	{ "HR", "croatia" }, { "HR", "kroatien" },
	{ "HU", "hungary" }, { "HU", "ungern" },
	{ "IE", "ireland" }, { "IE", "irland" },
	{ "IS", "iceland" }, { "IS", "island" },
	{ "IT", "italy" }, { "IT", "italien" }, { "IT", "italia" },
	{ "LI", "liechtenstein" },
	{ "LT", "lithuania" }, { "LT", "litauen" },
	{ "LU", "luxembourg" }, { "LU", "luxemburg" },
	{ "LV", "latvia" }, { "LV", "lettland" },
	{ "MT", "malta" },
	{ "NL", "netherlands" }, { "NL", "the netherlands" }, { "NL", "nederlanderna" },
	{ "NL", "nederland" },
	{ "NO", "norway" }, { "NO", "norge" },
	{ "PL", "poland" }, { "PL", "polen" }, { "PL", "polska" },
	{ "PT", "portugal" },
	{ "RO", "romania" }, { "RO", "rumanien" },
	{ "SE", "sweden" }, { "SE", "sverige" },
	{ "SI", "slovenia" }, { "SI", "slovenien" },
	{ "SK", "slovakia" }, { "SK", "slovakien" },
	{ "US", "united states" }, { "US", "usa" },
};

static bool
is_country(char first, char second)
{
	for (size_t i = 0; i + 1 < sizeof(countries); i += 2)
		if (countries[i] == first && countries[i + 1] == second)
			return true;
	return false;
}

static bool
find_name(str text, str *ret)
{
	OWNED(buf_release) struct buf folded = { 0 };

	buf_init(&folded, NAME_MAX);
	if (text.len > NAME_MAX)
		return false;
	text_fold(text, &folded);
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!buf_ok(&folded) || !str_eq(buf_str(&folded), str_from_c(names[i].name)))
			continue;
		*ret = str_from_c(names[i].code);
		return true;
	}
	return false;
}

bool
place_read_country(const struct type_context *context UNUSED, str text, struct buf *ret,
                   const char **ret_why)
{
	str code;

	if (text.len == 2 && is_country(to_upper(text.ptr[0]), to_upper(text.ptr[1]))) {
		buf_char(ret, to_upper(text.ptr[0]));
		buf_char(ret, to_upper(text.ptr[1]));
		return true;
	}
	if (!find_name(text, &code))
		return refuse(ret_why, "write the country as two letters, such as SE");
	buf_put(ret, code);
	return true;
}

/* 12345, 123 45, SE-123 45 and S-12345 as 123 45. */
static bool
put_swedish(str text, struct buf *ret)
{
	str rest = text;
	uint64_t front, back;

	if (!eat_str(&rest, S("SE-")))
		eat_str(&rest, S("S-"));
	if (!eat_digits(&rest, 3, &front) || front < 100)
		return false;
	eat_char(&rest, ' ');
	if (!eat_digits(&rest, 2, &back) || rest.len)
		return false;
	buf_pad(ret, front, 3);
	buf_char(ret, ' ');
	buf_pad(ret, back, 2);
	return true;
}

/* Upper case, runs of spaces as one; false where a character has no place in a postal code. */
static bool
put_upper(str text, struct buf *ret)
{
	bool digit = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!is_digit(c) && !is_letter(c) && c != ' ' && c != '-')
			return false;
		digit = digit || is_digit(c);
		if (c != ' ' || text.ptr[i - 1] != ' ') /* trimmed: a space is never first */
			buf_char(ret, to_upper(c));
	}
	return digit && ret->len >= 2 && ret->len <= POSTCODE_MAX;
}

bool
place_read_postcode(const struct type_context *context, str text, struct buf *ret,
                    const char **ret_why)
{
	OWNED(buf_release) struct buf plain = { 0 };
	OWNED(buf_release) struct buf upper = { 0 };

	buf_init(&plain, NAME_MAX);
	buf_init(&upper, NAME_MAX);
	text_plain(text, &plain);
	if (!buf_ok(&plain) || !put_upper(buf_str(&plain), &upper))
		return refuse(ret_why, "not a postal code");
	if (!str_eq_fold(context->region, S("SE")))
		buf_put(ret, buf_str(&upper));
	else if (!put_swedish(buf_str(&upper), ret))
		return refuse(ret_why, "a Swedish postal code has five digits");
	return true;
}
