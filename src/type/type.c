/* type/type.c -- contract: see type.h.  A new type is a row of TYPE_TABLE, a reader here, and what
 * mask.c is to show of it. */
#include "type/type.h"

#include "base/limits.h"
#include "base/must.h"
#include "type/email.h"
#include "type/mask.h"
#include "type/read.h"
#include "type/text.h"

static const struct type_info infos[TYPE_COUNT] = {
#define X(name, text, what) [name] = { { text, sizeof(text) - 1 }, { what, sizeof(what) - 1 } },
	TYPE_TABLE(X)
#undef X
};

static reader *const readers[TYPE_COUNT] = {
	[TYPE_TEXT] = text_read,
	[TYPE_NAME] = name_read,
	[TYPE_EMAIL] = email_read,
	[TYPE_PHONE] = phone_read,
	[TYPE_STREET] = text_read_line,
	[TYPE_POSTCODE] = place_read_postcode,
	[TYPE_CITY] = text_read_line,
	[TYPE_REGION] = text_read_line,
	[TYPE_COUNTRY] = place_read_country,
	[TYPE_DATE] = date_read,
	[TYPE_BIRTH_DATE] = date_read_birth,
	[TYPE_IP] = ip_read,
	[TYPE_PERSONNUMMER] = personnummer_read,
	[TYPE_URL] = url_read,
	[TYPE_NUMBER] = plain_read_number,
	[TYPE_BOOLEAN] = plain_read_boolean,
	[TYPE_ENUM] = plain_read_enum,
	[TYPE_IBAN] = iban_read,
	[TYPE_LANGUAGE] = language_read,
};

const struct type_info *
type_info(enum type type)
{
	must(type < TYPE_COUNT);
	return &infos[type];
}

bool
type_find(str name, enum type *ret)
{
	for (int i = 0; i < TYPE_COUNT; i++) {
		if (!str_eq(infos[i].name, name))
			continue;
		*ret = (enum type)i;
		return true;
	}
	return false;
}

#define WHY_LONG "longer than 16384 octets"

bool
type_parse(enum type type, const struct type_context *context, str raw, struct buf *ret,
           const char **ret_why)
{
	OWNED(buf_release) struct buf scratch = { 0 };
	str text;

	must(type < TYPE_COUNT);
	buf_init(&scratch, LIMIT_VALUE_BYTES);
	if (raw.len > LIMIT_VALUE_BYTES)
		return refuse(ret_why, WHY_LONG);
	if (!str_utf8(raw))
		return refuse(ret_why, "not valid UTF-8");
	text = text_trim(raw);
	if (!text.len)
		return refuse(ret_why, "empty");
	if (!str_printable(text))
		return refuse(ret_why, "contains control characters");
	if (!readers[type](context, text, &scratch, ret_why))
		return false;
	if (!buf_ok(&scratch))
		return refuse(ret_why, WHY_LONG);
	buf_put(ret, buf_str(&scratch));
	return true;
}

void
type_match(enum type type, str canonical, struct buf *ret)
{
	if (type == TYPE_EMAIL)
		email_match(canonical, ret);
	else
		buf_put(ret, canonical);
}

void
type_mask(enum type type, str canonical, struct buf *ret)
{
	mask_put(type, canonical, ret);
}
