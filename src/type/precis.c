/* type/precis.c -- contract: precis.h.  Beside text.c, the other file that sees libunistring. */
#include "type/precis.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/limits.h"
#include "type/read.h"
#include "type/text.h"

#define STABLE_AFTER 4 /* RFC 8264 section 7: what has not settled by then never does */

static void
put_char(struct buf *buf, uint32_t c)
{
	uint8_t out[6];
	int len = u8_uctomb(out, c, sizeof(out));

	if (len > 0)
		buf_data(buf, (bytes){ out, (size_t)len });
}

/* --- classes of RFC 8264 section 9 ------------------------------------------------------------- */

static bool
is_of(uint32_t c, uint32_t categories)
{
	return uc_is_general_category_withtable(c, categories);
}

/* 9.2, 9.10, 9.13 and 9.6: never shown, not assigned, or a part of a letter on its own. */
static bool
is_ignorable(uint32_t c)
{
	return is_of(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Co | UC_CATEGORY_MASK_Cn) ||
	       uc_is_property_default_ignorable_code_point(c) || uc_is_property_not_a_character(c) ||
	       uc_is_property_join_control(c) || (c >= 0x1100 && c <= 0x11ff) ||
	       (c >= 0xa960 && c <= 0xa97c) || (c >= 0xd7b0 && c <= 0xd7fb);
}

/* 9.17: NFKC makes something else of it. */
static bool
has_compat(uint32_t c)
{
	ucs4_t out[UC_DECOMPOSITION_MAX_LENGTH];
	uint32_t again[UC_DECOMPOSITION_MAX_LENGTH];
	size_t len = COUNT(again);
	uint32_t *got;
	bool same;
	int tag;

	if (uc_decomposition(c, &tag, out) < 0)
		return false;
	got = u32_normalize(UNINORM_NFKC, &c, 1, again, &len);
	same = got && len == 1 && got[0] == c;
	if (got && got != again)
		free(got);
	return !same;
}

/* 9.6: letters of 9.1, printable ASCII, and the exceptions that are letters anyway. */
static bool
is_identifier(uint32_t c)
{
	if (c >= 0x21 && c <= 0x7e)
		return true;
	return c >= 0x80 &&
	       is_of(c, UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu | UC_CATEGORY_MASK_Lo |
	                        UC_CATEGORY_MASK_Nd | UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn |
	                        UC_CATEGORY_MASK_Mc) &&
	       !is_ignorable(c) && !has_compat(c);
}

/* --- names ------------------------------------------------------------------------------------- */

/* RFC 8265 section 3.3.2, step 1. */
static void
width_map(str text, struct buf *ret)
{
	ucs4_t out[UC_DECOMPOSITION_MAX_LENGTH];
	uint32_t c;

	while (text_next(&text, &c)) {
		int tag = 0;
		int count = c < 0x80 ? -1 : uc_decomposition(c, &tag, out);

		if (count > 0 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW)) {
			for (int i = 0; i < count; i++)
				put_char(ret, out[i]);
		} else {
			put_char(ret, c);
		}
	}
}

static bool
lower_nfc(str text, struct buf *ret)
{
	size_t len = 0;
	uint8_t *out = u8_tolower((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFC, NULL, &len);

	if (!out)
		return false;
	buf_data(ret, (bytes){ out, len });
	explicit_bzero(out, len);
	free(out);
	return buf_ok(ret);
}

/* The script of a letter; NULL: of none in particular.  What one language writes side by side is one. */
static const uc_script_t *
script_of(uint32_t c)
{
	static const char *const together[] = { "Hiragana", "Katakana", "Hangul", "Bopomofo" };
	const uc_script_t *script = is_of(c, UC_CATEGORY_MASK_L) ? uc_script(c) : NULL;

	if (!script || strcmp(script->name, "Common") == 0 || strcmp(script->name, "Inherited") == 0)
		return NULL;
	for (size_t i = 0; i < COUNT(together); i++)
		if (strcmp(script->name, together[i]) == 0)
			return uc_script_byname("Han");
	return script;
}

static bool
one_script(str text)
{
	const uc_script_t *first = NULL, *script;
	uint32_t c;

	while (text_next(&text, &c)) {
		script = script_of(c);
		if (first && script && script != first)
			return false;
		first = first ? first : script;
	}
	return true;
}

#define BIDI(category) (1u << (category))
#define BIDI_RTL (BIDI(UC_BIDI_R) | BIDI(UC_BIDI_AL))
#define BIDI_IN_RTL \
	(BIDI_RTL | BIDI(UC_BIDI_AN) | BIDI(UC_BIDI_EN) | BIDI(UC_BIDI_ES) | BIDI(UC_BIDI_CS) | \
	 BIDI(UC_BIDI_ET) | BIDI(UC_BIDI_ON) | BIDI(UC_BIDI_BN) | BIDI(UC_BIDI_NSM))

/* RFC 5893 section 2, for a name with letters from right to left; rules 1 to 4. */
static bool
bidi_fits(str text)
{
	unsigned all = 0, first = 0, last = 0;
	uint32_t c;

	while (text_next(&text, &c)) {
		unsigned is = BIDI(uc_bidi_category(c));

		if (c == ' ')
			continue;
		first = first ? first : is;
		last = is == BIDI(UC_BIDI_NSM) ? last : is;
		all |= is;
	}
	if (!(all & (BIDI_RTL | BIDI(UC_BIDI_AN))))
		return true;
	return (first & BIDI_RTL) && !(all & ~BIDI_IN_RTL) &&
	       (last & (BIDI_RTL | BIDI(UC_BIDI_EN) | BIDI(UC_BIDI_AN))) &&
	       !((all & BIDI(UC_BIDI_EN)) && (all & BIDI(UC_BIDI_AN)));
}

static bool
name_fits(str text, const char **ret_why)
{
	bool space = true; /* none in front */
	str rest = text;
	uint32_t c;

	while (text_next(&rest, &c)) {
		if (c != ' ' ? !is_identifier(c) : space)
			return refuse(ret_why, "has characters that a name to sign in with cannot have");
		space = c == ' ';
	}
	if (!text.len || space)
		return refuse(ret_why, "is empty");
	if (!one_script(text))
		return refuse(ret_why, "mixes letters of several scripts");
	if (!bidi_fits(text))
		return refuse(ret_why, "mixes directions of writing");
	return true;
}

static bool
name_once(str raw, struct buf *ret, const char **ret_why)
{
	OWNED(buf_release) struct buf wide = { .max = 4 * LIMIT_USER_NAME_BYTES };

	width_map(raw, &wide);
	if (!buf_ok(&wide) || !name_fits(buf_str(&wide), ret_why))
		return *ret_why ? false : refuse(ret_why, "is too long");
	if (!lower_nfc(buf_str(&wide), ret))
		return refuse(ret_why, "is too long");
	return name_fits(buf_str(ret), ret_why);
}

bool
precis_name(str raw, struct buf *ret, const char **ret_why)
{
	OWNED(buf_release) struct buf now = { .max = LIMIT_USER_NAME_BYTES };
	OWNED(buf_release) struct buf next = { .max = LIMIT_USER_NAME_BYTES };

	*ret_why = NULL;
	if (!str_utf8(raw))
		return refuse(ret_why, "is not UTF-8");
	raw = text_trim(raw);
	if (raw.len > LIMIT_USER_NAME_BYTES)
		return refuse(ret_why, "is too long");
	buf_put(&now, raw);
	for (int i = 0; i < STABLE_AFTER; i++) {
		buf_clear(&next);
		if (!name_once(buf_str(&now), &next, ret_why))
			return false;
		if (str_eq(buf_str(&now), buf_str(&next))) {
			buf_put(ret, buf_str(&now));
			return buf_ok(ret) || refuse(ret_why, "is too long");
		}
		buf_clear(&now);
		buf_put(&now, buf_str(&next));
	}
	return refuse(ret_why, "has characters that a name to sign in with cannot have");
}

/* --- passwords ---------------------------------------------------------------------------------- */

bool
precis_password(str raw, struct buf *ret, const char **ret_why)
{
	OWNED(buf_release) struct buf spaced = { .max = LIMIT_PASSWORD_BYTES };
	OWNED(buf_release) struct buf nfc = { .max = LIMIT_PASSWORD_BYTES };
	uint32_t c;

	if (raw.len > LIMIT_PASSWORD_BYTES)
		return refuse(ret_why, "is too long");
	if (!str_utf8(raw))
		return refuse(ret_why, "is not UTF-8");
	while (text_next(&raw, &c)) {
		if (is_ignorable(c))
			return refuse(ret_why, "has characters that cannot be shown");
		put_char(&spaced, is_of(c, UC_CATEGORY_MASK_Zs) ? ' ' : c);
	}
	if (!buf_ok(&spaced) || !text_nfc(buf_str(&spaced), &nfc) || !buf_ok(&nfc))
		return refuse(ret_why, "is too long");
	if (!nfc.len)
		return refuse(ret_why, "is empty");
	buf_put(ret, buf_str(&nfc));
	return buf_ok(ret) || refuse(ret_why, "is too long");
}
