/* type/mask.c -- contract: see type_mask() in type.h.
 *
 * A first character is shown only where more follow, so that what is short does not show whole.
 * The number of bullets never tells a length more closely than its class.
 */
#include "type/mask.h"

#include "type/email.h"
#include "type/read.h"
#include "type/text.h"

#define THREE TEXT_BULLET TEXT_BULLET TEXT_BULLET
#define NAME_WORDS 4

/* The first character before bullets; none of a word that has fewer than `least`. */
static void
put_first(struct buf *buf, str word, size_t least, str bullets)
{
	str rest = word;
	uint32_t c;

	if (text_count(str_first(word, 64)) >= least && text_next(&rest, &c) && str_utf8(word))
		buf_put(buf, str_first(word, word.len - rest.len));
	buf_put(buf, bullets);
}

static void
mask_other(str canonical, struct buf *ret)
{
	size_t count = text_count(canonical);
	str bullets = count <= 8 ? S(THREE) : count <= 32 ? S(THREE THREE) : S(THREE THREE THREE);

	put_first(ret, canonical, 3, bullets);
}

static void
mask_email(str canonical, struct buf *ret)
{
	str local, domain;
	size_t dot;

	if (!email_split(canonical, &local, &domain)) {
		mask_other(canonical, ret);
		return;
	}
	for (dot = domain.len; dot && domain.ptr[dot - 1] != '.'; dot--)
		;
	put_first(ret, local, 2, S(THREE));
	buf_char(ret, '@');
	put_first(ret, str_first(domain, dot ? dot - 1 : domain.len), 2, S(THREE));
	if (!dot)
		return;
	buf_char(ret, '.');
	buf_put(ret, str_from(domain, dot));
}

/* Digits of the country code (ITU-T E.164 annex): one for 1 and 7, two for these, else three. */
static size_t
country_code_len(str digits)
{
	static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 "
	                          "56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";
	size_t at;

	if (digits.len && (digits.ptr[0] == '1' || digits.ptr[0] == '7'))
		return 1;
	return str_find((str){ two, sizeof(two) - 1 }, str_first(digits, 2), &at) ? 2 : 3;
}

static void
mask_phone(str canonical, struct buf *ret)
{
	str digits = canonical;

	if (!eat_char(&digits, '+') || digits.len < 7) {
		mask_other(canonical, ret);
		return;
	}
	buf_char(ret, '+');
	buf_put(ret, str_first(digits, country_code_len(digits)));
	buf_put(ret, S(THREE TEXT_BULLET TEXT_BULLET));
	buf_put(ret, str_from(digits, digits.len - 2));
}

static void
mask_personnummer(str canonical, struct buf *ret)
{
	if (canonical.len != 12) {
		mask_other(canonical, ret);
		return;
	}
	buf_put(ret, str_first(canonical, 8));
	buf_put(ret, S("-" THREE TEXT_BULLET));
}

static void
mask_name(str canonical, struct buf *ret)
{
	str word;

	for (int i = 0; canonical.len && i < NAME_WORDS; i++) {
		if (i)
			buf_char(ret, ' ');
		if (!eat_until(&canonical, ' ', &word)) {
			word = canonical;
			canonical.len = 0;
		}
		put_first(ret, word, 2, S(THREE));
	}
}

void
mask_put(enum type type, str canonical, struct buf *ret)
{
	if (type == TYPE_EMAIL)
		mask_email(canonical, ret);
	else if (type == TYPE_PHONE)
		mask_phone(canonical, ret);
	else if (type == TYPE_PERSONNUMMER)
		mask_personnummer(canonical, ret);
	else if (type == TYPE_NAME)
		mask_name(canonical, ret);
	else if (type == TYPE_BOOLEAN || type == TYPE_ENUM)
		buf_put(ret, S(THREE));
	else
		mask_other(canonical, ret);
}
