/* api/line.c -- contract and Y1: line.h. */
#include "api/line.h"

#include <string.h>

#include "base/must.h"

enum name {
	NAME_CATEGORY,
	NAME_CHANNEL,
	NAME_CLASS,
	NAME_FIELD,
	NAME_OPT_OUT,
	NAME_PROMOTIONAL,
	NAME_PURPOSE,
	NAME_SUBJECT,
	NAME_VALUE,
	NAME_COUNT
};

static const str names[NAME_COUNT] = {
	[NAME_CATEGORY] = { "category", 8 }, [NAME_CHANNEL] = { "channel", 7 },
	[NAME_CLASS] = { "class", 5 },       [NAME_FIELD] = { "field", 5 },
	[NAME_OPT_OUT] = { "opt_out", 7 },   [NAME_PROMOTIONAL] = { "promotional", 11 },
	[NAME_PURPOSE] = { "purpose", 7 },   [NAME_SUBJECT] = { "subject", 7 },
	[NAME_VALUE] = { "value", 5 },
};

/* Lines hold no line feed, so this is all of JSON's white space. */
static void
eat_space(str *rest)
{
	while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t' || rest->ptr[0] == '\r'))
		*rest = (str){ rest->ptr + 1, rest->len - 1 };
}

static bool
eat(str *rest, char c)
{
	eat_space(rest);
	if (!rest->len || rest->ptr[0] != c)
		return false;
	*rest = (str){ rest->ptr + 1, rest->len - 1 };
	return true;
}

/* A string without escapes and controls. */
static bool
eat_string(str *rest, str *ret)
{
	const char *from;
	bool high = false;
	size_t len = 0;

	if (!eat(rest, '"'))
		return false;
	from = rest->ptr;
	for (; len < rest->len && from[len] != '"'; len++) {
		unsigned char c = (unsigned char)from[len];
		if (c < 0x20 || c == '\\')
			return false;
		high |= c >= 0x80;
	}
	if (len == rest->len)
		return false;
	*ret = (str){ from, len };
	*rest = (str){ from + len + 1, rest->len - len - 1 };
	return !high || str_utf8(*ret);
}

static bool
eat_boolean(str *rest, bool *ret)
{
	eat_space(rest);
	if (eat_str(rest, S("true"))) {
		*ret = true;
		return true;
	}
	*ret = false;
	return eat_str(rest, S("false"));
}

static bool
name_find(str text, enum name *ret)
{
	for (int i = 0; i < NAME_COUNT; i++) {
		if (str_eq(names[i], text)) {
			*ret = (enum name)i;
			return true;
		}
	}
	return false;
}

static bool
eat_value(str *rest, enum name name, struct question_text *out)
{
	switch (name) {
	case NAME_CATEGORY:
		return eat_string(rest, &out->category);
	case NAME_CHANNEL:
		return eat_string(rest, &out->channel);
	case NAME_CLASS:
		return eat_string(rest, &out->message_class);
	case NAME_FIELD:
		return eat_string(rest, &out->field);
	case NAME_OPT_OUT:
		return eat_boolean(rest, &out->opt_out);
	case NAME_PROMOTIONAL:
		return eat_boolean(rest, &out->promotional);
	case NAME_PURPOSE:
		return eat_string(rest, &out->purpose);
	case NAME_SUBJECT:
		return eat_string(rest, &out->subject);
	case NAME_VALUE:
		return eat_string(rest, &out->value);
	case NAME_COUNT:
		break;
	}
	return false;
}

bool
line_read(str line, struct question_text *ret)
{
	struct question_text out = { 0 };
	unsigned seen = 0;
	enum name name;
	str text;

	if (!eat(&line, '{'))
		return false;
	do {
		if (!eat_string(&line, &text) || !name_find(text, &name) || seen & (1u << name) ||
		    !eat(&line, ':') || !eat_value(&line, name, &out))
			return false;
		seen |= 1u << name;
	} while (eat(&line, ','));
	if (!eat(&line, '}'))
		return false;
	eat_space(&line);
	*ret = out;
	return !line.len;
}
