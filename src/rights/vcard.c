/* rights/vcard.c -- vCard 4.0; contract: export.h. */
#include "rights/export.h"

#define LINE_OCTETS 75 /* RFC 6350 section 3.2, without the line end */

void
vcard_line(struct buf *out, str line)
{
	size_t room = LINE_OCTETS;

	while (line.len > room) {
		size_t len = room;
		while (len && ((uint8_t)line.ptr[len] & 0xc0) == 0x80) /* inside a character */
			len--;
		buf_put(out, str_first(line, len));
		buf_put(out, S("\r\n "));
		line = str_from(line, len);
		room = LINE_OCTETS - 1; /* the space in front counts */
	}
	buf_put(out, line);
	buf_put(out, S("\r\n"));
}

/* RFC 6350 section 3.4 */
void
vcard_text(struct buf *out, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\r')
			continue;
		if (c == '\n') {
			buf_put(out, S("\\n"));
			continue;
		}
		if (c == '\\' || c == ',' || c == ';')
			buf_char(out, '\\');
		buf_char(out, c);
	}
}

static void
put_property(struct buf *out, str name, str text)
{
	OWNED(buf_release) struct buf line = { .max = out->max };

	buf_put(&line, name);
	vcard_text(&line, text);
	vcard_line(out, buf_str(&line));
}

/* --- which value goes where -------------------------------------------------------------------- */

/* The first value of a type; NULL when there is none. */
static const struct exported *
first_of(const struct export *export, enum type type)
{
	for (size_t i = 0; i < export->count; i++)
		if (export->value[i].field->type == type)
			return &export->value[i];
	return NULL;
}

static str
text_of(const struct exported *value)
{
	return value ? value->value->text : S("");
}

static bool
is_address(enum type type)
{
	return type == TYPE_STREET || type == TYPE_POSTCODE || type == TYPE_CITY || type == TYPE_REGION ||
	       type == TYPE_COUNTRY;
}

/* FN must be there: the name, or else how the person is reached. */
static void
put_name(const struct export *export, struct buf *out)
{
	static const enum type types[] = { TYPE_NAME, TYPE_EMAIL, TYPE_PHONE };
	str text = S("");

	for (size_t i = 0; i < COUNT(types) && !text.len; i++)
		text = text_of(first_of(export, types[i]));
	put_property(out, S("FN:"), text.len ? text : S("-"));
}

/* ADR: post office box; extended; street; locality; region; code; country. */
static void
put_address(const struct export *export, struct buf *out)
{
	static const enum type parts[] = { TYPE_STREET, TYPE_CITY, TYPE_REGION, TYPE_POSTCODE, TYPE_COUNTRY };
	OWNED(buf_release) struct buf line = { .max = out->max };
	bool any = false;

	buf_put(&line, S("ADR:;"));
	for (size_t i = 0; i < COUNT(parts); i++) {
		str text = text_of(first_of(export, parts[i]));
		any = any || text.len;
		buf_char(&line, ';');
		vcard_text(&line, text);
	}
	if (any)
		vcard_line(out, buf_str(&line));
}

/* 1985-04-12 as 19850412 */
static void
put_birth(struct buf *out, str date)
{
	OWNED(buf_release) struct buf line = { .max = 64 };

	buf_put(&line, S("BDAY:"));
	for (size_t i = 0; i < date.len; i++)
		if (date.ptr[i] != '-')
			buf_char(&line, date.ptr[i]);
	vcard_line(out, buf_str(&line));
}

/* Has it a property of its own?  Several of one kind fit where the property may be repeated. */
static bool
has_place(const struct export *export, const struct exported *value)
{
	enum type type = value->field->type;

	if (type == TYPE_EMAIL || type == TYPE_PHONE || type == TYPE_URL || type == TYPE_LANGUAGE)
		return true;
	return (type == TYPE_NAME || type == TYPE_BIRTH_DATE || is_address(type)) &&
	       first_of(export, type) == value;
}

static void
put_value(struct buf *out, const struct exported *value)
{
	str text = value->value->text;

	switch (value->field->type) {
	case TYPE_EMAIL:
		put_property(out, S("EMAIL:"), text);
		break;
	case TYPE_PHONE: /* E.164: nothing to escape */
		put_property(out, S("TEL;VALUE=uri:tel:"), text);
		break;
	case TYPE_URL: {
		OWNED(buf_release) struct buf line = { .max = out->max };
		buf_put(&line, S("URL:")); /* a URI is not escaped */
		buf_put(&line, text);
		vcard_line(out, buf_str(&line));
		break;
	}
	case TYPE_LANGUAGE:
		put_property(out, S("LANG:"), text);
		break;
	case TYPE_BIRTH_DATE:
		put_birth(out, text);
		break;
	default:
		break;
	}
}

static void
put_notes(const struct export *export, struct buf *out)
{
	OWNED(buf_release) struct buf text = { .max = out->max };

	for (size_t i = 0; i < export->count; i++) {
		const struct exported *value = &export->value[i];
		if (has_place(export, value))
			continue;
		buf_put(&text, text.len ? S("\n") : S(""));
		buf_put(&text, value->title);
		buf_put(&text, S(": "));
		buf_put(&text, value->value->text);
	}
	if (text.len)
		put_property(out, S("NOTE:"), buf_str(&text));
}

static void
put_head(const struct export *export, struct buf *out)
{
	OWNED(buf_release) struct buf line = { .max = 128 };

	vcard_line(out, S("BEGIN:VCARD"));
	vcard_line(out, S("VERSION:4.0"));
	vcard_line(out, S("PRODID:-//Valv//export 1//EN"));
	buf_put(&line, S("UID:urn:uuid:"));
	buf_uid(&line, export->subject.id);
	vcard_line(out, buf_str(&line));
}

void
export_vcard(const struct export *export, struct buf *out)
{
	put_head(export, out);
	put_name(export, out);
	for (size_t i = 0; i < export->count; i++)
		if (has_place(export, &export->value[i]))
			put_value(out, &export->value[i]);
	put_address(export, out);
	put_notes(export, out);
	vcard_line(out, S("END:VCARD"));
}
