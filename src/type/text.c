/* type/text.c -- contract: see text.h, and text_fold() in type.h.
 *
 * libunistring hands out memory of its own.  It is copied into a buf at once, wiped and freed, so
 * that nothing of a value stays behind on the heap.
 */
#include "type/text.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/limits.h"
#include "base/must.h"
#include "type/read.h"

#define REPLACEMENT 0xfffd

static const uint8_t *
octets(str text)
{
	return (const uint8_t *)text.ptr;
}

bool
text_next(str *rest, uint32_t *ret)
{
	ucs4_t c;
	int len;

	if (!rest->len)
		return false;
	len = u8_mbtoucr(&c, octets(*rest), rest->len);
	*ret = len > 0 ? c : REPLACEMENT;
	*rest = str_from(*rest, len > 0 ? (size_t)len : 1);
	return true;
}

size_t
text_count(str text)
{
	size_t count = 0;
	uint32_t c;

	while (text.len) {
		if ((unsigned char)text.ptr[0] < 0x80) /* most are; a value may have sixteen thousand */
			text = str_from(text, 1);
		else
			(void)text_next(&text, &c);
		count++;
	}
	return count;
}

bool
text_ascii_only(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

static bool
is_space(uint32_t c)
{
	return uc_is_property_white_space(c);
}

static bool
is_mark(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M);
}

bool
text_letter(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L);
}

bool
text_word(uint32_t c)
{
	return uc_is_general_category_withtable(
		c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N);
}

str
text_trim(str text)
{
	str after = text;
	uint32_t c;

	while (text_next(&after, &c) && is_space(c))
		text = after;
	while (text.len) {
		size_t at = text.len - 1;

		while (at && text.len - at < 4 && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
			at--;
		after = str_from(text, at);
		if (!text_next(&after, &c) || after.len || !is_space(c))
			break;
		text.len = at;
	}
	return text;
}

static void
put_char(struct buf *buf, uint32_t c)
{
	uint8_t out[6];
	int len = u8_uctomb(out, c, sizeof(out));

	if (len > 0)
		buf_data(buf, (bytes){ out, (size_t)len });
}

static bool
normalize(uninorm_t form, str text, struct buf *ret)
{
	uint8_t *out;
	size_t len = 0;

	if (!str_utf8(text))
		return false;
	if (text_ascii_only(text)) {
		buf_put(ret, text);
		return true;
	}
	out = u8_normalize(form, octets(text), text.len, NULL, &len);
	must(out); /* memory is the only way left to fail */
	buf_data(ret, (bytes){ out, len });
	explicit_bzero(out, len);
	free(out);
	return true;
}

bool
text_nfc(str text, struct buf *ret)
{
	return normalize(UNINORM_NFC, text, ret);
}

bool
text_lower(str text, struct buf *ret)
{
	OWNED(buf_release) struct buf lower = { 0 };
	uint32_t c;

	buf_init(&lower, text.len * 2 + 8); /* no letter's lower case is more than 1.5 times as long */
	while (text_next(&text, &c))
		put_char(&lower, uc_tolower(c));
	return buf_ok(&lower) && text_nfc(buf_str(&lower), ret);
}

static uint32_t
plain_char(uint32_t c)
{
	if (c == 0x2212 || (c >= 0x2010 && c <= 0x2015))
		return '-';
	return is_space(c) ? ' ' : c;
}

void
text_plain(str text, struct buf *ret)
{
	uint32_t c;

	while (text_next(&text, &c))
		put_char(ret, plain_char(c));
}

static bool
is_line_break(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

/* C1 controls, embeddings and overrides of direction (which make a value look like another one on
 * a page), the byte order mark, and what is not a character at all. */
static bool
is_unfit(uint32_t c)
{
	return (c >= 0x80 && c <= 0x9f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef) ||
	       (c & 0xfffe) == 0xfffe;
}

#define WHY_UNFIT "text contains characters that cannot be shown"

bool
text_read(const struct type_context *context UNUSED, str text, struct buf *ret,
          const char **ret_why)
{
	OWNED(buf_release) struct buf clean = { 0 };
	uint32_t c;

	buf_init(&clean, LIMIT_VALUE_BYTES);
	while (text_next(&text, &c)) {
		if (is_unfit(c))
			return refuse(ret_why, WHY_UNFIT);
		if (c == '\r') {
			eat_char(&text, '\n');
			c = '\n';
		}
		put_char(&clean, c);
	}
	return text_nfc(buf_str(&clean), ret);
}

bool
text_read_line(const struct type_context *context UNUSED, str text, struct buf *ret,
               const char **ret_why)
{
	OWNED(buf_release) struct buf clean = { 0 };
	bool space = false;
	uint32_t c;

	buf_init(&clean, LIMIT_VALUE_BYTES);
	while (text_next(&text, &c)) {
		if (is_line_break(c))
			return refuse(ret_why, "must be on one line");
		if (is_unfit(c))
			return refuse(ret_why, WHY_UNFIT);
		if (!is_space(c))
			put_char(&clean, c);
		else if (!space)
			buf_char(&clean, ' ');
		space = is_space(c);
	}
	return text_nfc(buf_str(&clean), ret);
}

/* Letters that Unicode does not take apart though people search for them by the plain ones. */
static void
put_folded(struct buf *buf, uint32_t c)
{
	static const struct {
		uint32_t from;
		const char *to;
	} spelled[] = {
		{ 0xdf, "ss" },  { 0xe6, "ae" },  { 0xf0, "d" },   { 0xf8, "o" },
		{ 0xfe, "th" },  { 0x111, "d" },  { 0x142, "l" },  { 0x153, "oe" },
		{ 0x3c2, "\xcf\x83" }, /* the sigma at the end of a word */
	};

	for (size_t i = 0; i < COUNT(spelled); i++) {
		if (spelled[i].from != c)
			continue;
		buf_put(buf, str_from_c(spelled[i].to));
		return;
	}
	put_char(buf, c);
}

static bool
text_kept(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);
}

void
text_fold(str text, struct buf *ret)
{
	OWNED(buf_release) struct buf apart = { 0 };
	bool gap = false, begun = false;
	uint32_t c;
	str rest;

	buf_init(&apart, text.len * 18 + 8); /* U+FDFA, the worst, becomes 33 octets from 3 */
	if (!normalize(UNINORM_NFKD, text, &apart))
		return;
	for (rest = buf_str(&apart); text_next(&rest, &c);) {
		if (is_mark(c))
			continue;
		if (!text_kept(c)) {
			gap = true;
			continue;
		}
		if (gap && begun)
			buf_char(ret, ' ');
		put_folded(ret, uc_tolower(c));
		begun = true;
		gap = false;
	}
}
