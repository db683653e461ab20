/* type/plain.c -- numbers, booleans and options; what is accepted: see type.h. */
#include "base/must.h"
#include "type/read.h"
#include "type/text.h"

#define NUMBER_DIGITS 30

static str
eat_run(str *rest)
{
	size_t len = 0;
	str run;

	while (len < rest->len && is_digit(rest->ptr[len]))
		len++;
	run = str_first(*rest, len);
	*rest = str_from(*rest, len);
	return run;
}

struct decimal {
	bool minus;
	str whole;    /* without zeros in front, empty for 0 */
	str fraction; /* without zeros at the end */
};

static bool
eat_decimal(str *rest, struct decimal *ret)
{
	ret->minus = eat_char(rest, '-');
	if (!ret->minus)
		eat_char(rest, '+');
	ret->whole = eat_run(rest);
	if (!ret->whole.len)
		return false;
	if (eat_char(rest, '.')) {
		ret->fraction = eat_run(rest);
		if (!ret->fraction.len)
			return false;
	}
	while (eat_char(&ret->whole, '0'))
		;
	while (str_ends(ret->fraction, S("0")))
		ret->fraction.len--;
	return true;
}

static void
put_decimal(struct buf *buf, struct decimal decimal)
{
	if (decimal.minus && (decimal.whole.len || decimal.fraction.len))
		buf_char(buf, '-');
	buf_put(buf, decimal.whole.len ? decimal.whole : S("0"));
	if (!decimal.fraction.len)
		return;
	buf_char(buf, '.');
	buf_put(buf, decimal.fraction);
}

bool
plain_read_number(const struct type_context *context UNUSED, str text, struct buf *ret,
                  const char **ret_why)
{
	OWNED(buf_release) struct buf plain = { 0 };
	struct decimal decimal = { 0 };
	str rest;

	buf_init(&plain, text.len * 2);
	text_plain(text, &plain);
	rest = buf_str(&plain);
	if (rest.len && memchr(rest.ptr, ',', rest.len))
		return refuse(ret_why, "write the number with a decimal point and no commas");
	if (!eat_decimal(&rest, &decimal) || rest.len)
		return refuse(ret_why, "not a number in plain digits");
	if (decimal.whole.len + decimal.fraction.len > NUMBER_DIGITS)
		return refuse(ret_why, "a number has at most 30 digits");
	put_decimal(ret, decimal);
	return true;
}

bool
plain_read_boolean(const struct type_context *context UNUSED, str text, struct buf *ret,
                   const char **ret_why)
{
	static const struct {
		str word;
		bool value;
	} words[] = {
		{ { "true", 4 }, true },   { { "yes", 3 }, true },  { { "ja", 2 }, true },
		{ { "1", 1 }, true },      { { "false", 5 }, false }, { { "no", 2 }, false },
		{ { "nej", 3 }, false },   { { "0", 1 }, false },
	};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (!str_eq_fold(text, words[i].word))
			continue;
		buf_put(ret, words[i].value ? S("true") : S("false"));
		return true;
	}
	return refuse(ret_why, "neither true nor false");
}

bool
plain_read_enum(const struct type_context *context, str text, struct buf *ret, const char **ret_why)
{
	const str *found = NULL;

	for (size_t i = 0; i < context->option_count; i++) {
		if (str_eq(text, context->options[i])) {
			buf_put(ret, text);
			return true;
		}
		if (!found && str_eq_fold(text, context->options[i]))
			found = &context->options[i];
	}
	if (!found)
		return refuse(ret_why, "not one of the field's options");
	buf_put(ret, *found);
	return true;
}
