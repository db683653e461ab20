/* signup/shown.c -- contract: shown.h. */
#include "signup/shown.h"

extern const struct page_set signup_words;

#define SNIPPET_MAX (256 * 1024)

static const struct form_typed nothing;

/* The SHA-256 of all that the boxes say. */
static enum err
words_of(struct job *job, const struct registry *registry, const struct signup_form *form, str language,
         struct form_words **ret, str *ret_digits)
{
	struct form_words *words = arena_array(&job->arena, form->control_count + 1, sizeof(*words));
	OWNED(buf_release) struct buf all = { .max = 32 * LIMIT_SIGNUP_CONTROLS }, digits = { .max = 80 };
	uint8_t hash[32];

	if (!form->open)
		return fail(job, ERR_CONFLICT, "the form takes no sign-ups now");
	for (size_t i = 0; i < form->control_count; i++) {
		TRY(form_words(job, registry, form, &form->control[i], language, &words[i]));
		buf_data(&all, (bytes){ words[i].hash, 32 });
	}
	digest_public(buf_bytes(&all), hash);
	buf_hex(&digits, (bytes){ hash, 32 });
	*ret = words;
	*ret_digits = arena_str(&job->arena, buf_str(&digits));
	return OK;
}

static str
number_text(struct job *job, size_t number)
{
	OWNED(buf_release) struct buf text = { .max = 24 };

	buf_udec(&text, number);
	return arena_str(&job->arena, buf_str(&text));
}

static const struct page_value *
control_row(struct job *job, size_t number, const struct form_words *words, bool ticked)
{
	struct page_object row = page_new(&job->arena, 8);

	page_put(&row, S("number"), number_text(job, number));
	page_put(&row, S("label"), words->label);
	page_put(&row, S("why"), words->why);
	page_put(&row, S("how_long"), words->how_long);
	page_put(&row, S("who"), words->who);
	page_put(&row, S("what"), words->what);
	page_put(&row, S("notice"), words->notice);
	page_if(&row, S("ticked"), ticked);
	return row.values;
}

/* How a browser helps with it (HTML, 4.10.18.7). */
static void
type_put(struct page_object *row, enum type type)
{
	str kind = S("text"), autocomplete = S("off");

	if (type == TYPE_EMAIL)
		kind = autocomplete = S("email");
	else if (type == TYPE_PHONE)
		kind = autocomplete = S("tel");
	else if (type == TYPE_NAME)
		autocomplete = S("name");
	else if (type == TYPE_POSTCODE)
		autocomplete = S("postal-code");
	else if (type == TYPE_STREET)
		autocomplete = S("street-address");
	else if (type == TYPE_CITY)
		autocomplete = S("address-level2");
	else if (type == TYPE_BIRTH_DATE) {
		kind = S("date");
		autocomplete = S("bday");
	}
	page_put(row, S("type"), kind);
	page_put(row, S("autocomplete"), type == TYPE_PHONE ? S("tel") : autocomplete);
}

static void
options_put(struct job *job, struct page_object *row, const struct field *field, str text)
{
	const struct page_value **options = arena_array(&job->arena, field->option_count + 1, sizeof(*options));

	for (size_t i = 0; i < field->option_count; i++) {
		struct page_object option = page_new(&job->arena, 2);
		page_put(&option, S("text"), field->options[i]);
		page_if(&option, S("chosen"), str_eq(field->options[i], text));
		options[i] = option.values;
	}
	page_rows(row, S("options"), options, field->option_count);
}

static enum err
input_row(struct job *job, const struct form_input *input, str language, str text, enum signup_fault fault,
          const struct page_value **ret)
{
	struct page_object row = page_new(&job->arena, 9);
	str title;

	TRY(form_field_title(job, input->field, language, &title));
	page_put(&row, S("name"), input->field->name);
	page_put(&row, S("title"), title);
	type_put(&row, input->field->type);
	page_if(&row, S("required"), input->required);
	page_put(&row, S("text"), text);
	options_put(job, &row, input->field, text);
	page_if(&row, S("missing"), fault == SIGNUP_FAULT_MISSING);
	page_if(&row, S("unreadable"), fault == SIGNUP_FAULT_UNREADABLE);
	*ret = row.values;
	return OK;
}

enum err
form_show(struct job *job, const struct registry *registry, const struct signup_form *form, str language,
          const struct form_typed *typed, struct page_object *ret)
{
	const struct page_value **control = arena_array(&job->arena, form->control_count + 1, sizeof(*control));
	const struct page_value **input = arena_array(&job->arena, form->input_count + 1, sizeof(*input));
	struct form_words *words;
	str digits;

	if (!typed)
		typed = &nothing;
	TRY(words_of(job, registry, form, language, &words, &digits));
	for (size_t i = 0; i < form->control_count; i++)
		control[i] = control_row(job, i + 1, &words[i], typed->yes && typed->yes[i]);
	for (size_t i = 0; i < form->input_count; i++)
		TRY(input_row(job, &form->input[i], language, typed->text ? typed->text[i] : S(""),
		              typed->fault ? typed->fault[i] : SIGNUP_FAULT_NONE, &input[i]));
	page_put(ret, S("title"), form_text_in(form, form->title, language));
	page_put(ret, S("intro"), form_text_in(form, form->intro, language));
	page_put(ret, S("words"), digits);
	page_rows(ret, S("controls"), control, form->control_count);
	page_rows(ret, S("inputs"), input, form->input_count);
	return OK;
}

enum err
form_says(struct job *job, const struct registry *registry, const struct signup_form *form, str language, str words, bool *ret)
{
	struct form_words *now;
	str digits;

	TRY(words_of(job, registry, form, language, &now, &digits));
	*ret = str_eq(words, digits);
	return OK;
}

enum err
form_snippet(struct job *job, const struct registry *registry, const struct signup_form *form, str language, str origin,
             str *ret)
{
	OWNED(buf_release) struct buf text = { .max = SNIPPET_MAX }, url = { .max = 1024 };
	struct page_object page = page_new(&job->arena, 6);

	TRY(form_show(job, registry, form, language, NULL, &page));
	buf_put(&url, origin);
	buf_put(&url, S("/f/"));
	buf_put(&url, form->name);
	buf_put(&url, S("?lang="));
	buf_put(&url, language);
	page_put(&page, S("url"), arena_str(&job->arena, buf_str(&url)));
	TRY(page_render(job, &signup_words, S("snippet.html"), page_language(&signup_words, language), page.values, &text));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}
