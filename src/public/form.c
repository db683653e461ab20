/* public/form.c -- contract, F1, F2: form.h. */
#include "public/form.h"

#include <string.h>

#include "base/limits.h"

#define BOUNDARY_MAX 70 /* RFC 2046 section 5.1.1 */

static enum err
field_add(struct job *job, struct form *form, str name, str value)
{
	if (form->count == LIMIT_FORM_FIELDS)
		return fail(job, ERR_LIMIT, "limit_form_fields: more fields than a form may have");
	if (!form->field)
		form->field = arena_array(&job->arena, LIMIT_FORM_FIELDS, sizeof(*form->field));
	form->field[form->count++] = (struct form_field){ name, value };
	return OK;
}

/* F1.  In place. */
static enum err
text_clean(struct job *job, char *ptr, size_t len, str *ret)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		if (ptr[i] == '\r') {
			if (i + 1 < len && ptr[i + 1] == '\n')
				continue;
			ptr[to++] = '\n';
		} else {
			ptr[to++] = ptr[i];
		}
	}
	*ret = (str){ ptr, to };
	if (!str_utf8(*ret) || memchr(ptr, 0, to))
		return fail(job, ERR_MALFORMED, "a form is not in UTF-8");
	return OK;
}

static enum err
text_copy(struct job *job, str text, str *ret)
{
	char *copy = arena_alloc(&job->arena, text.len + 1);

	if (text.len)
		memcpy(copy, text.ptr, text.len);
	return text_clean(job, copy, text.len, ret);
}

/* --- urlencoded --------------------------------------------------------------------------------- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A % that begins no pair of digits stands for itself, as browsers have it. */
static enum err
decode(struct job *job, str text, str *ret)
{
	char *out = arena_alloc(&job->arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int high, low;
		if (c == '%' && i + 2 < text.len && (high = hex_digit(text.ptr[i + 1])) >= 0 &&
		    (low = hex_digit(text.ptr[i + 2])) >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		out[len++] = c;
	}
	return text_clean(job, out, len, ret);
}

static enum err
urlencoded_read(struct job *job, str rest, struct form *form)
{
	while (rest.len) {
		str pair, name, value;
		if (!eat_until(&rest, '&', &pair)) {
			pair = rest;
			rest = S("");
		}
		if (!pair.len)
			continue;
		value = pair;
		if (!eat_until(&value, '=', &name)) {
			name = pair;
			value = S("");
		}
		TRY(decode(job, name, &name));
		TRY(decode(job, value, &value));
		TRY(field_add(job, form, name, value));
	}
	return OK;
}

/* --- multipart ------------------------------------------------------------------------------------- */

/* A parameter of a header: name=token or name="quoted"; in quotes a backslash goes before what it stands for. */
static bool
parameter(struct job *job, str rest, str wanted, str *ret)
{
	while (rest.len) {
		str name;
		OWNED(buf_release) struct buf value = { .max = 4096 };
		while (rest.len && (rest.ptr[0] == ';' || rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
			rest = str_from(rest, 1);
		if (!eat_until(&rest, '=', &name))
			return false;
		if (eat_char(&rest, '"')) {
			for (;;) {
				if (!rest.len)
					return false;
				if (eat_char(&rest, '"'))
					break;
				if (rest.ptr[0] == '\\' && rest.len > 1 && (rest.ptr[1] == '"' || rest.ptr[1] == '\\'))
					rest = str_from(rest, 1);
				buf_char(&value, rest.ptr[0]);
				rest = str_from(rest, 1);
			}
		} else {
			while (rest.len && rest.ptr[0] != ';' && rest.ptr[0] != ' ' && rest.ptr[0] != '\t') {
				buf_char(&value, rest.ptr[0]);
				rest = str_from(rest, 1);
			}
		}
		if (!str_eq_fold(str_trim(name), wanted))
			continue;
		*ret = arena_str(&job->arena, buf_str(&value));
		return buf_ok(&value);
	}
	return false;
}

/* The headers of a part, to the empty line; which field it is. */
static enum err
part_head(struct job *job, str *rest, str *ret_name, bool *ret_file)
{
	bool found = false;
	str line, unused;

	for (;;) {
		if (!eat_until(rest, '\n', &line))
			return fail(job, ERR_MALFORMED, "a part of a form has no end of its headers");
		if (str_ends(line, S("\r")))
			line.len--;
		if (!line.len)
			break;
		if (!str_eq_fold(str_first(line, 20), S("content-disposition:")))
			continue;
		line = str_trim(str_from(line, 20));
		if (!str_eq_fold(str_first(line, 9), S("form-data")))
			return fail(job, ERR_MALFORMED, "a part of a form is none");
		line = str_from(line, 9);
		if (found || !parameter(job, line, S("name"), ret_name))
			return fail(job, ERR_MALFORMED, "a part of a form does not say which field it is");
		*ret_file = parameter(job, line, S("filename"), &unused);
		found = true;
	}
	return found ? OK : fail(job, ERR_MALFORMED, "a part of a form does not say which field it is");
}

static enum err
multipart_read(struct job *job, str rest, str boundary, struct form *form)
{
	OWNED(buf_release) struct buf mark = { .max = BOUNDARY_MAX + 8 };
	str name, value, first;
	bool file = false;
	size_t at;

	buf_put(&mark, S("\r\n--"));
	buf_put(&mark, boundary);
	first = str_from(buf_str(&mark), 2);
	if (!eat_str(&rest, first)) {
		if (!str_find(rest, buf_str(&mark), &at))
			return fail(job, ERR_MALFORMED, "a form has no part");
		rest = str_from(rest, at + mark.len);
	}
	for (;;) {
		if (eat_str(&rest, S("--")))
			return OK;
		while (rest.len && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
			rest = str_from(rest, 1);
		if (!eat_str(&rest, S("\r\n")))
			return fail(job, ERR_MALFORMED, "a form's parts are not apart");
		TRY(part_head(job, &rest, &name, &file));
		if (!str_find(rest, buf_str(&mark), &at))
			return fail(job, ERR_MALFORMED, "a part of a form does not end");
		value = str_first(rest, at);
		rest = str_from(rest, at + mark.len);
		if (file)
			continue;
		TRY(text_copy(job, name, &name));
		TRY(text_copy(job, value, &value));
		TRY(field_add(job, form, name, value));
	}
}

enum err
form_read(struct job *job, str content_type, bytes body, struct form *ret)
{
	str rest = content_type, type = content_type, boundary;

	*ret = (struct form){ 0 };
	if (!eat_until(&rest, ';', &type))
		rest = S("");
	type = str_trim(type);
	if (str_eq_fold(type, S("application/x-www-form-urlencoded")))
		return urlencoded_read(job, bytes_str(body), ret);
	if (!str_eq_fold(type, S("multipart/form-data")))
		return fail(job, ERR_MEDIA_TYPE, "a form is urlencoded, or multipart/form-data");
	if (!parameter(job, rest, S("boundary"), &boundary) || !boundary.len || boundary.len > BOUNDARY_MAX)
		return fail(job, ERR_MALFORMED, "a form in parts does not say what is between them");
	return multipart_read(job, bytes_str(body), boundary, ret);
}

/* --- asking ------------------------------------------------------------------------------------------- */

str
form_text(const struct form *form, str name)
{
	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->field[i].name, name))
			return form->field[i].value;
	return S("");
}

bool
form_has(const struct form *form, str name, str value)
{
	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->field[i].name, name) && str_eq(form->field[i].value, value))
			return true;
	return false;
}
