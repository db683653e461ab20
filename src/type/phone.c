/* type/phone.c -- telephone numbers; what is accepted: see type.h.
 *
 * The library's own reading is generous (it finds a number in "call me at ..." and turns letters
 * into digits), so it is shown digits only, after a look of our own at everything else.
 */
#include "base/must.h"
#include "type/phone_lib.h"
#include "type/read.h"
#include "type/text.h"

#define RAW_MAX 64    /* octets */
#define DIGITS_MAX 24 /* with 00 or another prefix for going abroad in front */

/* Ranges that regulators set aside for fiction and that the library does not count as in use:
 * Ofcom, NANPA, Arcep, ComReg.  Others (PTS in Sweden, ACMA in Australia) lie in ranges in use. */
static bool
reserved_for_fiction(str e164)
{
	static const str patterns[] = {
		{ "+447700900xxx", 13 }, { "+441632960xxx", 13 }, { "+1xxx55501xx", 12 },
		{ "+3363998xxxx", 12 },  { "+3532091xxxxx", 13 },
	};

	for (size_t i = 0; i < COUNT(patterns); i++) {
		size_t at = 0;

		while (at < e164.len && e164.len == patterns[i].len &&
		       (patterns[i].ptr[at] == 'x' || patterns[i].ptr[at] == e164.ptr[at]))
			at++;
		if (at == patterns[i].len)
			return true;
	}
	return false;
}

static bool
put_digits(str text, struct buf *ret, const char **ret_why)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (is_digit(c) || (c == '+' && !ret->len))
			buf_char(ret, c);
		else if (is_letter(c) || c == '#' || c == ';' || c == ',')
			return refuse(ret_why, "a telephone number without letters and extension");
		else if (!c || !strchr(" -.()/", c))
			return refuse(ret_why, "not a telephone number");
	}
	if (!buf_ok(ret) || !ret->len)
		return refuse(ret_why, "not a telephone number");
	return true;
}

static enum phone_verdict
ask(str digits, str region, char *out, str *ret)
{
	enum phone_verdict verdict;
	size_t len = 0;

	verdict = phone_lib_read(digits.ptr, digits.len, region.ptr, region.len, out, &len);
	*ret = (str){ out, len };
	if (verdict == PHONE_POSSIBLE && reserved_for_fiction(*ret))
		return PHONE_VALID;
	return verdict;
}

/* A number that reads as another one when it is read again is refused: there are such, where a
 * country's prefixes can also be the beginning of a number. */
static bool
stable(str e164)
{
	char out[PHONE_E164_MAX];
	str again;

	return ask(e164, S(""), out, &again) == PHONE_VALID && str_eq(e164, again);
}

bool
phone_read(const struct type_context *context, str text, struct buf *ret, const char **ret_why)
{
	OWNED(buf_release) struct buf plain = { 0 };
	OWNED(buf_release) struct buf digits = { 0 };
	char out[PHONE_E164_MAX];
	enum phone_verdict verdict;
	str e164;

	buf_init(&plain, RAW_MAX);
	buf_init(&digits, DIGITS_MAX);
	text_plain(text, &plain);
	if (!buf_ok(&plain))
		return refuse(ret_why, "not a telephone number");
	if (!put_digits(buf_str(&plain), &digits, ret_why))
		return false;
	verdict = ask(buf_str(&digits), context->region, out, &e164);
	if (verdict == PHONE_NO_REGION)
		return refuse(ret_why, "the country is missing: write the number with + and country code");
	if (verdict != PHONE_VALID || (!str_eq(e164, buf_str(&digits)) && !stable(e164)))
		return refuse(ret_why, "no telephone has this number: too short, too long or not in use");
	buf_put(ret, e164);
	return true;
}
