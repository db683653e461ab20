/* api/forms.c -- forms by which people sign up: defining them, and the words that they showed. */
#include "api/call.h"
#include "signup/shown.h"

static void
form_write(struct json_out *out, const struct signup_form *form)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), form->name);
	json_pair_i64(out, S("version"), form->version);
	json_pair_str(out, S("state"), words_name(WORDS_FORM_STATE, form->state));
	json_pair_bool(out, S("open"), form->open);
	json_pair_time(out, S("updated_at"), form->made_at);
	json_name(out, S("definition"));
	json_put_raw(out, form->definition);
	json_close(out, '}');
}

static enum err
form_answer(struct job *job, struct call *call, int status)
{
	struct signup_form form;

	TRY(call_registry(job, call));
	TRY(form_get(job, call->registry, call->param[0], &form));
	form_write(answer_json(call, status), &form);
	return OK;
}

enum err
on_forms_get(struct job *job, struct call *call)
{
	struct signup_form *list;
	struct json_out *out;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(form_list(job, call->registry, page.after, (size_t)page.limit, &list, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("forms"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		form_write(out, &list[i]);
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? list[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_form_get(struct job *job, struct call *call)
{
	return form_answer(job, call, 200);
}

enum err
on_form_put(struct job *job, struct call *call)
{
	bool created = false;

	TRY(form_put(job, call->vault, call->param[0], call->body, &created));
	return form_answer(job, call, created ? 201 : 200);
}

enum err
on_form_delete(struct job *job, struct call *call)
{
	TRY(form_end(job, call->vault, call->param[0]));
	answer_empty(call);
	return OK;
}

/* In every language that it has. */
enum err
on_form_snippets_get(struct job *job, struct call *call)
{
	struct signup_form form;
	struct json_out *out;
	str origin, *html;

	TRY(call_registry(job, call));
	TRY(form_get(job, call->registry, call->param[0], &form));
	origin = call->registry->look.origin.len ? call->registry->look.origin : S("http://localhost");
	html = arena_array(&job->arena, form.language_count + 1, sizeof(*html));
	for (size_t i = 0; i < form.language_count; i++)
		TRY(form_snippet(job, call->registry, &form, form.language[i], origin, &html[i]));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("name"), form.name);
	json_name(out, S("snippets"));
	json_open(out, '[');
	for (size_t i = 0; i < form.language_count; i++) {
		json_open(out, '{');
		json_pair_str(out, S("language"), form.language[i]);
		json_pair_str(out, S("html"), html[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err
on_form_words_get(struct job *job, struct call *call)
{
	str digits = call->param[1], language, text;
	uint8_t hash[32];
	struct json_out *out;

	(void)eat_str(&digits, S("sha256:")); /* as evidence gives it */
	if (!str_hex(digits, hash, sizeof(hash)))
		return fail(job, ERR_ABSENT, "words are found by 64 hexadecimal digits");
	TRY(form_words_find(job, hash, &language, &text));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("language"), language);
	json_pair_str(out, S("text"), text);
	json_close(out, '}');
	return OK;
}
