/* api/settings.c -- settings: texts in the store, each with a shape of its own here. */
#include "api/settings.h"

#include "api/call.h"
#include "base/limits.h"
#include "webauthn/webauthn.h"

static const struct setting_row {
	str name;
	enum setting_kind kind;
	int64_t min, max;
} rows[SETTING_COUNT] = {
#define X(e, name, kind, min, max) [e] = { { name, sizeof(name) - 1 }, kind, min, max },
	SETTING_TABLE(X)
#undef X
};

bool
setting_guarded(enum setting setting)
{
	return setting >= SETTING_SESSION_IDLE && setting <= SETTING_TWO_FACTORS;
}

static enum err
setting_find(struct job *job, const struct call *call, const struct setting_row **ret)
{
	int no;

	if (!words_find(WORDS_SETTING, call->param[0], &no))
		return fail(job, ERR_ABSENT, "no setting has that name");
	*ret = &rows[no];
	return OK;
}

/* --- reading a new value into the text that is stored ----------------------------------------- */

static enum err
number_read(struct job *job, struct json body, const struct setting_row *row, struct buf *out)
{
	int64_t number = 0;

	TRY(json_i64(job, body, "value", row->min, row->max, &number, NULL));
	buf_dec(out, number);
	return OK;
}

static enum err
text_read(struct job *job, struct json body, const struct setting_row *row, struct buf *out)
{
	str text;

	TRY(json_need_str(job, body, "value", (size_t)row->max, &text));
	text = str_trim(text);
	if (text.len < (size_t)row->min || !str_printable(text) || memchr(text.ptr, '\n', text.len))
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"),
		                 "must be one line of text");
	buf_put(out, text);
	return OK;
}

/* Any other would be no name of a key (crypto/sign.h). */
static bool
origin_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '/' || c == '_' || c == ':';
}

static enum err
origin_read(struct job *job, struct json body, const struct setting_row *row, struct buf *out)
{
	str text;

	TRY(json_need_str(job, body, "value", (size_t)row->max, &text));
	for (size_t i = 0; i < text.len; i++)
		if (!origin_octet(text.ptr[i]))
			return json_fail(job, ERR_INVALID, json_member(job, body, "value"),
			                 "must be like a URL without scheme, as vault.example.se/audit");
	if (!text.len || text.ptr[0] == '/' || text.ptr[text.len - 1] == '/')
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"), "must not begin or end with a slash");
	buf_put(out, text);
	return OK;
}

static enum err
time_read(struct job *job, struct json body, struct buf *out)
{
	time_us at;

	TRY(body_need_time(job, body, "value", &at));
	if (at > job->now)
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"),
		                 "is in the future");
	buf_time(out, at);
	return OK;
}

static enum err
country_read(struct job *job, struct json body, struct buf *out)
{
	str code;

	TRY(json_need_str(job, body, "value", LIMIT_STRING_BYTES, &code));
	if (code.len != 2 || code.ptr[0] < 'A' || code.ptr[0] > 'Z' || code.ptr[1] < 'A' || code.ptr[1] > 'Z')
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"),
		                 "must be a country's two capitals, as SE");
	buf_put(out, code);
	return OK;
}

static bool
is_language(str code)
{
	return (code.len == 2 || code.len == 3) && name_valid(code) &&
	       !memchr(code.ptr, '_', code.len) && !memchr(code.ptr, '-', code.len);
}

static enum err
languages_read(struct job *job, struct json body, const struct setting_row *row, struct buf *out)
{
	str code[LIMIT_LANGUAGES];
	struct json list;

	TRY(json_array(job, body, "value", (size_t)row->max, &list));
	if (!json_count(list))
		return json_fail(job, ERR_INVALID, list, "names at least one language");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &code[i]));
		if (!is_language(code[i]))
			return json_fail(job, ERR_INVALID, element,
			                 "must be a code of two or three letters, as sv");
		for (size_t n = 0; n < i; n++)
			if (str_eq(code[n], code[i]))
				return json_fail(job, ERR_INVALID, element, "is there twice");
		if (i)
			buf_char(out, ' ');
		buf_put(out, code[i]);
	}
	return OK;
}

/* Not `valv`: whoever keeps accounts through SCIM does not keep this vault's own. */
static enum err
issuer_read(struct job *job, struct json body, const struct setting_row *row, struct buf *out)
{
	TRY(text_read(job, body, row, out));
	/* Plain on this machine, as the identity provider may be there for trying out. */
	if (!str_starts(buf_str(out), S("https://")) && !str_starts(buf_str(out), S("http://127.0.0.1:")) &&
	    !str_starts(buf_str(out), S("http://localhost:")))
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"),
		                 "must be the issuer as the provider's tokens name it, https://…");
	return OK;
}

static enum err
subject_word_read(struct job *job, struct json body, struct buf *out)
{
	str name;

	TRY(json_need_str(job, body, "value", LIMIT_STRING_BYTES, &name));
	if (!str_eq(name, S("externalId")) && !str_eq(name, S("userName")))
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"), "is externalId or userName");
	buf_put(out, name);
	return OK;
}

static enum err
flag_read(struct job *job, struct json body, struct buf *out)
{
	bool on = false, there;

	TRY(json_bool(job, body, "value", &on, &there));
	buf_dec(out, on);
	return OK;
}

static enum err
colour_read(struct job *job, struct json body, struct buf *out)
{
	uint8_t part[3];
	str text, digits;

	TRY(json_need_str(job, body, "value", LIMIT_STRING_BYTES, &text));
	digits = text;
	if (!eat_char(&digits, '#') || !str_hex(digits, part, sizeof(part)))
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"), "must be a colour as #0f5c4c");
	buf_char(out, '#');
	buf_hex(out, (bytes){ part, sizeof(part) });
	return OK;
}

static enum err
url_origin_read(struct job *job, struct json body, struct buf *out)
{
	str text, host;

	TRY(json_need_str(job, body, "value", 200, &text));
	if (!webauthn_origin_fits(text, &host) && !str_starts(text, S("http://127.0.0.1:")))
		return json_fail(job, ERR_INVALID, json_member(job, body, "value"),
		                 "must be https:// and a host, in lower case and without a path, as https://val.example.com");
	buf_put(out, text);
	return OK;
}

static enum err
value_of_body(struct job *job, struct json body, const struct setting_row *row, struct buf *out)
{
	struct json place = json_member(job, body, "value");

	if (json_kind(place) == JSON_ABSENT || json_kind(place) == JSON_NULL)
		return json_fail(job, ERR_INVALID, place, "is required");
	switch (row->kind) {
	case SETTING_NUMBER:
		return number_read(job, body, row, out);
	case SETTING_TEXT:
		return text_read(job, body, row, out);
	case SETTING_LOG_ORIGIN:
		return origin_read(job, body, row, out);
	case SETTING_TIME:
		return time_read(job, body, out);
	case SETTING_COUNTRY_CODE:
		return country_read(job, body, out);
	case SETTING_LANGUAGES:
		return languages_read(job, body, row, out);
	case SETTING_ISSUER:
		return issuer_read(job, body, row, out);
	case SETTING_SUBJECT:
		return subject_word_read(job, body, out);
	case SETTING_FLAG:
		return flag_read(job, body, out);
	case SETTING_COLOUR:
		return colour_read(job, body, out);
	case SETTING_URL_ORIGIN:
		return url_origin_read(job, body, out);
	}
	return OK;
}

/* --- the stored text as JSON ------------------------------------------------------------------ */

static void
languages_write(struct json_out *out, str text)
{
	str code;

	json_open(out, '[');
	while (text.len) {
		if (!eat_until(&text, ' ', &code)) {
			code = text;
			text = S("");
		}
		json_put_str(out, code);
	}
	json_close(out, ']');
}

static enum err
setting_answer(struct job *job, struct call *call, const struct setting_row *row)
{
	struct json_out *out;
	bool there;
	str text;

	TRY(setting_get(job, call->vault, row->name, &text, &there));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("name"), row->name);
	json_name(out, S("value"));
	if (!there)
		json_put_null(out);
	else if (row->kind == SETTING_NUMBER)
		json_put_raw(out, text);
	else if (row->kind == SETTING_FLAG)
		json_put_bool(out, str_eq(text, S("1")));
	else if (row->kind == SETTING_LANGUAGES)
		languages_write(out, text);
	else
		json_put_str(out, text);
	json_close(out, '}');
	return OK;
}

/* --- the logo -------------------------------------------------------------------------------- */

static enum err
logo_answer(struct job *job, struct call *call)
{
	const struct company_look *look;
	struct json_out *out;

	TRY(call_registry(job, call));
	look = &call->registry->look;
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("type"));
	if (look->logo_mark.len)
		json_put_str(out, look->logo_svg ? S("image/svg+xml") : S("image/png"));
	else
		json_put_null(out);
	json_close(out, '}');
	return OK;
}

enum err
on_logo_get(struct job *job, struct call *call)
{
	return logo_answer(job, call);
}

/* Base64 in JSON, so that the address speaks as all others do. */
enum err
on_logo_put(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf content = { .max = 2 * LIMIT_LOGO_BYTES }, url = { .max = 3 * LIMIT_LOGO_BYTES };
	str text;

	TRY(json_need_str(job, call->body, "content", 2 * LIMIT_LOGO_BYTES, &text));
	for (size_t i = 0; i < text.len && text.ptr[i] != '='; i++)
		buf_char(&url, text.ptr[i] == '+' ? '-' : text.ptr[i] == '/' ? '_' : text.ptr[i]);
	if (!buf_from_base64url(&content, buf_str(&url)))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "content"), "must be base64");
	TRY(look_logo_put(job, call->vault, buf_bytes(&content)));
	return logo_answer(job, call);
}

enum err
on_setting_get(struct job *job, struct call *call)
{
	const struct setting_row *row = NULL;

	TRY(setting_find(job, call, &row));
	return setting_answer(job, call, row);
}

enum err
on_setting_put(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf text = { .max = 1024 };
	const struct setting_row *row = NULL;
	bool answered = false;

	TRY(setting_find(job, call, &row));
	if (setting_guarded((enum setting)(row - rows))) {
		TRY(require_scope(job, &call->principal, SCOPE_POLICY));
		TRY(call_second_said(job, call, S("Change a setting that holds staff in"), &answered));
	}
	if (answered)
		return OK;
	TRY(value_of_body(job, call->body, row, &text));
	TRY(setting_put(job, call->vault, row->name, buf_str(&text)));
	return setting_answer(job, call, row);
}
