/* signup/words.c -- what stands beside a box; contract and O4: form.h. */
#include "page/page.h"
#include "signup/form.h"

#include "signup.inc"

#define WORDS_MAX (4 * LIMIT_NOTICE_BYTES)

static enum err
word(struct job *job, str english, str language, const struct page_value *values, str *ret)
{
	return page_word(job, &signup_words, english, page_language(&signup_words, language), values, ret);
}

/* The text of a member that is an object by language; in the first language there when it lacks this one. */
static enum err
text_of(struct job *job, struct json definition, const char *member, str language, str *ret)
{
	struct json texts = json_member(job, definition, member), one;
	void *iterator = NULL;
	str code, text;

	*ret = S("");
	while (json_kind(texts) == JSON_OBJECT && json_each(job, texts, &iterator, &code, &one)) {
		TRY(json_scalar(job, one, LIMIT_STRING_BYTES, &text));
		if (!ret->len || str_eq(code, language))
			*ret = text;
	}
	return OK;
}

static str
channel_word(enum channel channel)
{
	switch (channel) {
	case CHANNEL_EMAIL:
		return S("e-mail");
	case CHANNEL_SMS:
		return S("text message");
	case CHANNEL_CALL:
		return S("telephone");
	case CHANNEL_POST:
		return S("post");
	case CHANNEL_PUSH:
		return S("push message");
	case CHANNEL_NONE:
	case CHANNEL_COUNT:
		break;
	}
	return S("");
}

/* a, b and c: from the last to the first. */
static enum err
list_put(struct job *job, str language, const str *item, size_t count, str *ret)
{
	*ret = count ? item[count - 1] : S("");
	for (size_t i = count > 1 ? count - 1 : 0; i-- > 0;) {
		bool inner = i + 2 == count;
		const struct page_value values[] = { PAGE_PUT("first", item[i]), PAGE_PUT("last", *ret), PAGE_PUT("rest", *ret), PAGE_END };
		TRY(word(job, inner ? S("@first@ and @last@") : S("@first@, @rest@"), language, values, ret));
	}
	return OK;
}

static enum err
label_of(struct job *job, const struct signup_form *form, const struct form_control *control, struct json definition,
         str language, str *ret)
{
	str channel[CHANNEL_COUNT], channels, title;
	size_t count = 0;

	if (control->label) {
		*ret = form_text_in(form, control->label, language);
		return OK;
	}
	TRY(text_of(job, definition, "title", language, &title));
	for (enum channel one = CHANNEL_EMAIL; one < CHANNEL_COUNT; one++)
		if (control->channels & CHANNEL_BIT(one))
			TRY(word(job, channel_word(one), language, NULL, &channel[count++]));
	TRY(list_put(job, language, channel, count, &channels));
	return word(job, count ? S("Yes: @title@, by @channels@") : S("Yes: @title@"), language,
	            (const struct page_value[]){ PAGE_PUT("title", title), PAGE_PUT("channels", channels), PAGE_END }, ret);
}

static enum err
how_long_of(struct job *job, const struct purpose_version *version, str language, str *ret)
{
	static const char *const sentence[] = {
		[RETENTION_GIVEN] = "Until you say no, at most @period@ after your yes",
		[RETENTION_ENDED] = "Until it ends, and @period@ after that",
		[RETENTION_YEAR_END] = "Until you say no, at most @period@ after the end of the year",
	};
	str period;

	TRY(page_duration(job, page_language(&signup_words, language), version->retention, &period));
	return word(job, str_from_c(sentence[version->retention_event]), language,
	            (const struct page_value[]){ PAGE_PUT("period", period), PAGE_END }, ret);
}

static enum err
who_of(struct job *job, struct json definition, str language, str *ret)
{
	struct json list;
	str *name;

	TRY(json_array(job, definition, "recipients", LIMIT_RECIPIENTS, &list));
	if (!json_count(list))
		return word(job, S("Nobody but us"), language, NULL, ret);
	name = arena_array(&job->arena, json_count(list), sizeof(*name));
	for (size_t i = 0; i < json_count(list); i++)
		TRY(json_need_str(job, json_element(job, list, i), "name", LIMIT_STRING_BYTES, &name[i]));
	return list_put(job, language, name, json_count(list), ret);
}

enum err
form_field_title(struct job *job, const struct field *field, str language, str *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, field->definition, &document, &root));
	return text_of(job, root, "title", language, ret);
}

/* Of the form's fields, those that this purpose has: what a yes to it stores. */
static enum err
what_of(struct job *job, const struct signup_form *form, const struct purpose_version *version, str language, str *ret)
{
	str *title = arena_array(&job->arena, form->input_count + 1, sizeof(*title));
	size_t count = 0;

	for (size_t i = 0; i < form->input_count; i++)
		if (version_has_field(version, form->input[i].field->no))
			TRY(form_field_title(job, form->input[i].field, language, &title[count++]));
	return list_put(job, language, title, count, ret);
}

static enum err
whole_of(struct job *job, struct form_words *words)
{
	OWNED(buf_release) struct buf text = { .max = WORDS_MAX };
	const str line[] = { words->label, words->why, words->how_long, words->who, words->what, words->notice };

	for (size_t i = 0; i < COUNT(line); i++) {
		if (i)
			buf_char(&text, '\n');
		buf_put(&text, line[i]);
	}
	if (!buf_ok(&text)) /* O4: all of them, or none */
		return fail(job, ERR_LIMIT, "what stands beside a box is too long");
	words->whole = arena_str(&job->arena, buf_str(&text));
	digest_public(str_bytes(words->whole), words->hash);
	return OK;
}

enum err
form_words(struct job *job, const struct registry *registry UNUSED, const struct signup_form *form,
           const struct form_control *control, str language, struct form_words *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	const struct purpose_version *version = control->purpose->active;
	struct json definition;

	if (!version)
		return fail(job, ERR_PURPOSE_INACTIVE, "a purpose of the form is not in force");
	TRY(json_parse(job, version->definition, &document, &definition));
	TRY(label_of(job, form, control, definition, language, &ret->label));
	TRY(text_of(job, definition, "why", language, &ret->why));
	TRY(how_long_of(job, version, language, &ret->how_long));
	TRY(who_of(job, definition, language, &ret->who));
	TRY(what_of(job, form, version, language, &ret->what));
	for (size_t i = 0; i < version->notice_count; i++)
		if (str_eq(version->notice[i].language, language)) {
			ret->notice = version->notice[i].text;
			memcpy(ret->notice_hash, version->notice[i].hash, 32);
		}
	return whole_of(job, ret);
}

enum err
form_words_steps(struct job *job, struct db *db, const struct signup_form *form, str language, const struct form_words *words)
{
	return db_run(job, db, SQL_FORM_WORDS_PUT,
	              ARGS(sql_bytes((bytes){ words->hash, 32 }), sql_i64(form->no), sql_i64(form->version), sql_text(language),
	                   sql_text(words->whole)),
	              NULL);
}

enum err
form_words_find(struct job *job, const uint8_t hash[32], str *ret_language, str *ret_text)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_FORM_WORDS_FIND, ARGS(sql_bytes((bytes){ hash, 32 })), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no words have that hash");
	*ret_language = arena_str(&job->arena, rows_text(&rows, 0));
	*ret_text = arena_str(&job->arena, rows_text(&rows, 1));
	return OK;
}
