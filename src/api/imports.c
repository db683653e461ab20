/* api/imports.c -- bringing in contact lists.  What a list says about people goes in only: answers
 * hold numbers, names of columns, and ids. */
#include "api/call.h"
#include "base/limits.h"
#include "vault/import.h"

/* --- whose ------------------------------------------------------------------------------------ */

/* The key is for every purpose that the list is brought in for. */
static enum err
may_settings(struct job *job, struct call *call, struct json settings)
{
	const struct purpose *purpose[IMPORT_CONSENTS_MAX + 1];
	size_t count;

	TRY(call_registry(job, call));
	count = import_purposes(job, call->registry, settings, purpose);
	for (size_t i = 0; i < count; i++)
		TRY(call_may(job, call, purpose[i]->no));
	return OK;
}

static enum err
import_may(struct job *job, struct call *call, uid *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct import import;
	struct json root;

	TRY(call_id(job, call, ret));
	TRY(import_get(job, call->vault, *ret, &import));
	TRY(json_parse(job, import.settings, &document, &root));
	return may_settings(job, call, root);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
format_write(struct json_out *out, const struct import *import)
{
	json_name(out, S("format"));
	if (!import->begun) {
		json_put_null(out);
		return;
	}
	json_open(out, '{');
	json_pair_str(out, S("encoding"), words_name(WORDS_ENCODING, (int)import->format.encoding));
	json_pair_str(out, S("separator"), (str){ &import->format.separator, 1 });
	json_pair_bool(out, S("header"), import->format.header);
	json_close(out, '}');
}

static void
text_or_null(struct json_out *out, str name, str text)
{
	json_name(out, name);
	if (text.len)
		json_put_str(out, text);
	else
		json_put_null(out);
}

static void
columns_write(struct json_out *out, const struct import *import)
{
	json_name(out, S("columns"));
	json_open(out, '[');
	for (size_t i = 0; i < import->column_count; i++) {
		const struct import_column *column = &import->column[i];
		json_open(out, '{');
		json_pair_str(out, S("name"), column->name);
		json_pair_str(out, S("role"), role_name(column->role));
		text_or_null(out, S("field"), column->field);
		json_name(out, S("confidence"));
		if (column->confidence < 0)
			json_put_null(out);
		else
			json_put_i64(out, column->confidence);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
counts_write(struct json_out *out, const struct import_counts *counts)
{
	json_pair_i64(out, S("rows"), (int64_t)counts->rows);
	json_name(out, S("outcomes"));
	json_open(out, '{');
	for (int i = 0; i < OUTCOME_COUNT; i++)
		json_pair_i64(out, outcome_name((enum import_outcome)i), (int64_t)counts->outcome[i]);
	json_close(out, '}');
	json_name(out, S("reasons"));
	json_open(out, '[');
	for (int i = 0; i < WHY_COUNT; i++) {
		if (!counts->reason[i])
			continue;
		json_open(out, '{');
		json_pair_str(out, S("reason"), why_name((enum import_reason)i));
		json_pair_str(out, S("text"), why_sentence((enum import_reason)i));
		json_pair_i64(out, S("count"), (int64_t)counts->reason[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_pair_i64(out, S("consents"), (int64_t)counts->consents);
	json_pair_i64(out, S("suppressions"), (int64_t)counts->suppressions);
}

static void
sample_write(struct json_out *out, const struct import *import)
{
	json_name(out, S("sample"));
	json_open(out, '[');
	for (size_t i = 0; i < import->sample_count; i++) {
		const struct import_sample *sample = &import->sample[i];
		json_open(out, '{');
		json_pair_i64(out, S("line"), (int64_t)sample->line);
		json_pair_str(out, S("outcome"), outcome_name(sample->outcome));
		json_name(out, S("reasons"));
		json_open(out, '[');
		for (int why = 0; why < WHY_COUNT; why++)
			if (sample->reasons >> why & 1)
				json_put_str(out, why_name((enum import_reason)why));
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
import_write(struct json_out *out, const struct import *import, const uint64_t *left)
{
	json_open(out, '{');
	json_pair_uid(out, S("id"), import->id);
	json_pair_str(out, S("state"), words_name(WORDS_IMPORT_STATE, (int)import->state));
	json_pair_bool(out, S("dry_run"), import->dry_run);
	json_pair_time(out, S("created_at"), import->created_at);
	json_pair_time(out, S("finished_at"), import->finished_at);
	json_name(out, S("settings"));
	json_put_raw(out, import->settings);
	json_pair_i64(out, S("offset"), (int64_t)import->offset);
	text_or_null(out, S("preset"), import->begun ? preset_name(import->preset) : S(""));
	format_write(out, import);
	columns_write(out, import);
	counts_write(out, &import->counts);
	json_pair_i64(out, S("problems"), (int64_t)import->problems);
	sample_write(out, import);
	json_pair_i64(out, S("undone"), (int64_t)import->undone);
	json_pair_i64(out, S("touched"), (int64_t)import->touched);
	if (left)
		json_pair_i64(out, S("left"), (int64_t)*left);
	json_close(out, '}');
}

/* --- beginning -------------------------------------------------------------------------------- */

static enum err
made_write(struct job *job, struct call *call)
{
	struct json_out *out = answer_json(call, 201);

	json_open(out, '{');
	json_pair_uid(out, S("id"), call->object);
	json_close(out, '}');
	answer_location(job, call, S("/v1/imports/"), call->object);
	return OK;
}

enum err
on_import_post(struct job *job, struct call *call)
{
	TRY(may_settings(job, call, call->body));
	TRY(import_start(job, call->vault, call->body, &call->object));
	return made_write(job, call);
}

enum err
again_import(struct job *job, struct call *call)
{
	return made_write(job, call);
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum err
piece_read(struct job *job, const struct call *call, uint64_t *ret_offset, bool *ret_last)
{
	bool bad = false;
	str text;

	if (!request_query(&job->arena, call->request, S("offset"), &text, &bad) || bad ||
	    !str_u64(text, ret_offset) || *ret_offset > INT64_MAX)
		return fail(job, ERR_MALFORMED, "offset says at which byte of the file the piece begins");
	*ret_last = false;
	if (!request_query(&job->arena, call->request, S("last"), &text, &bad) && !bad)
		return OK;
	*ret_last = str_eq(text, S("true"));
	if (bad || (!*ret_last && !str_eq(text, S("false"))))
		return fail(job, ERR_MALFORMED, "last is true or false");
	return OK;
}

enum err
on_import_rows_post(struct job *job, struct call *call)
{
	struct import import;
	uint64_t offset;
	bool last = false;
	uid id;

	TRY(import_may(job, call, &id));
	TRY(piece_read(job, call, &offset, &last));
	TRY(import_rows(job, call->vault, id, offset, call->request->body, last, &import));
	import_write(answer_json(call, 200), &import, NULL);
	return OK;
}

/* --- looking ---------------------------------------------------------------------------------- */

enum err
on_import_get(struct job *job, struct call *call)
{
	struct import import;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(import_get(job, call->vault, id, &import));
	import_write(answer_json(call, 200), &import, NULL);
	return OK;
}

static void
imports_write(struct call *call, const struct import *import, size_t count, size_t limit)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("imports"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		import_write(out, &import[i], NULL);
	json_close(out, ']');
	answer_next(out, count == limit, count ? import[count - 1].no : 0);
	json_close(out, '}');
}

enum err
on_imports_get(struct job *job, struct call *call)
{
	struct import *import;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	import = arena_array(&job->arena, (size_t)page.limit, sizeof(*import));
	TRY(import_list(job, call->vault, page.after ? page.after : INT64_MAX, (size_t)page.limit, import,
	                &count));
	imports_write(call, import, count, (size_t)page.limit);
	return OK;
}

static void
problems_write(struct call *call, const struct import_problem *problem, size_t count, size_t limit)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("problems"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		const struct field *field = registry_field_no(call->registry, problem[i].field);
		json_open(out, '{');
		json_pair_i64(out, S("line"), (int64_t)problem[i].line);
		json_pair_str(out, S("reason"), why_name(problem[i].reason));
		json_pair_str(out, S("text"), why_sentence(problem[i].reason));
		text_or_null(out, S("field"), field ? field->name : S(""));
		json_close(out, '}');
	}
	json_close(out, ']');
	answer_next(out, count == limit, count ? problem[count - 1].seq : 0);
	json_close(out, '}');
}

enum err
on_import_problems_get(struct job *job, struct call *call)
{
	struct import_problem *problem;
	struct page page;
	size_t count;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	problem = arena_array(&job->arena, (size_t)page.limit, sizeof(*problem));
	TRY(import_problems(job, call->vault, id, page.after, (size_t)page.limit, problem, &count));
	problems_write(call, problem, count, (size_t)page.limit);
	return OK;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
channels_write(struct json_out *out, uint32_t channels)
{
	json_name(out, S("channels"));
	json_open(out, '[');
	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (channels & CHANNEL_BIT(channel))
			json_put_str(out, channel_name((enum channel)channel));
	json_close(out, ']');
}

struct asked_page {
	struct import_asked *asked;
	size_t count;
	const struct purpose *purpose;
	int64_t last;
	bool more;
};

static void
asked_write(struct call *call, const struct asked_page *page)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	text_or_null(out, S("purpose"), page->purpose ? page->purpose->name : S(""));
	json_name(out, S("persons"));
	json_open(out, '[');
	for (size_t i = 0; i < page->count; i++) {
		json_open(out, '{');
		json_pair_uid(out, S("subject"), page->asked[i].id);
		json_pair_time(out, S("until"), page->asked[i].until_at);
		channels_write(out, page->asked[i].channels);
		json_close(out, '}');
	}
	json_close(out, ']');
	answer_next(out, page->more, page->last);
	json_close(out, '}');
}

enum err
on_import_ask_get(struct job *job, struct call *call)
{
	struct asked_page answer = { 0 };
	struct page page;
	size_t limit;
	uid id;

	TRY(import_may(job, call, &id));
	TRY(call_page(job, call, &page));
	limit = (size_t)page.limit < IMPORT_ASK_PAGE ? (size_t)page.limit : IMPORT_ASK_PAGE;
	answer.asked = arena_array(&job->arena, limit, sizeof(*answer.asked));
	TRY(import_ask(job, call->vault, call->registry, id, page.after, limit, answer.asked, &answer.count,
	               &answer.purpose, &answer.last, &answer.more));
	asked_write(call, &answer);
	return OK;
}

/* --- taking back ------------------------------------------------------------------------------ */

enum err
on_import_undo_post(struct job *job, struct call *call)
{
	struct import import;
	uint64_t left;
	uid id;

	TRY(import_may(job, call, &id));
	TRY(import_undo(job, call->vault, id, &import, &left));
	import_write(answer_json(call, 200), &import, &left);
	return OK;
}
