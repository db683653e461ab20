/* vault/import_progress.c -- what is kept of an import between its pieces, as JSON: numbers, names of
 * columns, names of roles and fields; never a cell (M8). */
#include "vault/import_parts.h"

#include "base/limits.h"

#define NUMBER_MAX INT64_MAX

/* --- words ------------------------------------------------------------------------------------ */

static const str outcome_names[OUTCOME_COUNT] = {
#define X(name, text) [name] = { text, sizeof(text) - 1 },
	OUTCOME_TABLE(X)
#undef X
};

static const struct {
	str name, sentence;
	enum reason_kind kind;
} whys[WHY_COUNT] = {
#define X(e, no, text, kind, sentence) \
	[e] = { { text, sizeof(text) - 1 }, { sentence, sizeof(sentence) - 1 }, kind },
	IMPORT_REASON_TABLE(X)
#undef X
};

str
outcome_name(enum import_outcome outcome)
{
	must(outcome < OUTCOME_COUNT);
	return outcome_names[outcome];
}

str
why_name(enum import_reason reason)
{
	return reason < WHY_COUNT && whys[reason].name.len ? whys[reason].name : S("");
}

str
why_sentence(enum import_reason reason)
{
	return reason < WHY_COUNT && whys[reason].name.len ? whys[reason].sentence : S("");
}

enum reason_kind
why_kind(enum import_reason reason)
{
	return reason < WHY_COUNT ? whys[reason].kind : REASON_BAD;
}

bool
why_find(str name, enum import_reason *ret)
{
	for (int i = 0; i < WHY_COUNT; i++)
		if (whys[i].name.len && str_eq(whys[i].name, name)) {
			*ret = (enum import_reason)i;
			return true;
		}
	return false;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
put_columns(struct json_out *out, const struct import *import)
{
	json_name(out, S("columns"));
	json_open(out, '[');
	for (size_t i = 0; i < import->column_count; i++) {
		const struct import_column *column = &import->column[i];
		json_open(out, '{');
		json_pair_str(out, S("name"), column->name);
		json_pair_str(out, S("role"), role_name(column->role));
		json_pair_str(out, S("field"), column->field);
		json_pair_i64(out, S("confidence"), column->confidence);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
put_counts(struct json_out *out, const struct import_counts *counts)
{
	json_pair_i64(out, S("rows"), (int64_t)counts->rows);
	json_pair_i64(out, S("consents"), (int64_t)counts->consents);
	json_pair_i64(out, S("suppressions"), (int64_t)counts->suppressions);
	json_pair_i64(out, S("again_created"), (int64_t)counts->again.created);
	json_pair_i64(out, S("again_asked"), (int64_t)counts->again.asked);
	json_pair_i64(out, S("again_consents"), (int64_t)counts->again.consents);
	json_name(out, S("outcomes"));
	json_open(out, '{');
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (counts->outcome[i])
			json_pair_i64(out, outcome_name((enum import_outcome)i), (int64_t)counts->outcome[i]);
	json_close(out, '}');
	json_name(out, S("reasons"));
	json_open(out, '{');
	for (int i = 0; i < WHY_COUNT; i++)
		if (counts->reason[i])
			json_pair_i64(out, why_name((enum import_reason)i), (int64_t)counts->reason[i]);
	json_close(out, '}');
}

static void
put_sample(struct json_out *out, const struct import *import)
{
	json_name(out, S("sample"));
	json_open(out, '[');
	for (size_t i = 0; i < import->sample_count; i++) {
		json_open(out, '{');
		json_pair_i64(out, S("line"), (int64_t)import->sample[i].line);
		json_pair_i64(out, S("outcome"), import->sample[i].outcome);
		json_pair_i64(out, S("reasons"), (int64_t)import->sample[i].reasons);
		json_close(out, '}');
	}
	json_close(out, ']');
}

void
progress_put(struct buf *ret, const struct import *import)
{
	OWNED(buf_release) struct buf format = { .max = 128 };
	struct json_out out;

	json_out_begin(&out, ret);
	json_open(&out, '{');
	json_pair_i64(&out, S("line"), (int64_t)import->line);
	json_pair_i64(&out, S("problems"), (int64_t)import->problems);
	json_pair_i64(&out, S("undone"), (int64_t)import->undone);
	json_pair_i64(&out, S("touched"), (int64_t)import->touched);
	put_counts(&out, &import->counts);
	if (import->begun) {
		csv_format_put(&format, &import->format);
		json_pair_str(&out, S("format"), buf_str(&format));
		json_pair_str(&out, S("preset"), preset_name(import->preset));
		put_columns(&out, import);
	}
	if (import->sample_count)
		put_sample(&out, import);
	json_close(&out, '}');
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum err
number(struct job *job, struct json object, const char *name, uint64_t *ret)
{
	int64_t value = 0;

	TRY(json_i64(job, object, name, 0, NUMBER_MAX, &value, NULL));
	*ret = (uint64_t)value;
	return OK;
}

static enum err
counts_read(struct job *job, struct json root, struct import_counts *counts)
{
	struct json outcomes = json_member(job, root, "outcomes");
	struct json reasons = json_member(job, root, "reasons");

	TRY(number(job, root, "rows", &counts->rows));
	TRY(number(job, root, "consents", &counts->consents));
	TRY(number(job, root, "suppressions", &counts->suppressions));
	TRY(number(job, root, "again_created", &counts->again.created));
	TRY(number(job, root, "again_asked", &counts->again.asked));
	TRY(number(job, root, "again_consents", &counts->again.consents));
	for (int i = 0; i < OUTCOME_COUNT; i++)
		TRY(number(job, outcomes, arena_c(&job->arena, outcome_name((enum import_outcome)i)),
		           &counts->outcome[i]));
	for (int i = 0; i < WHY_COUNT; i++)
		if (why_name((enum import_reason)i).len)
			TRY(number(job, reasons, arena_c(&job->arena, why_name((enum import_reason)i)),
			           &counts->reason[i]));
	return OK;
}

static enum err
column_read(struct job *job, struct json place, struct import_column *column)
{
	int64_t confidence = -1;
	str role;

	TRY(json_need_str(job, place, "name", LIMIT_STRING_BYTES, &column->name));
	TRY(json_need_str(job, place, "role", LIMIT_NAME_BYTES, &role));
	TRY(json_need_str(job, place, "field", LIMIT_NAME_BYTES, &column->field));
	TRY(json_i64(job, place, "confidence", -1, 100, &confidence, NULL));
	column->confidence = (int)confidence;
	if (str_eq(role, role_name(ROLE_FIELD)))
		column->role = ROLE_FIELD;
	else if (!role_find(role, &column->role))
		return fail(job, ERR_CORRUPT, "the progress of an import names a role that is not known");
	return OK;
}

static enum err
begun_read(struct job *job, struct json root, struct import *import)
{
	str format, preset;
	struct json list;
	bool there;

	TRY(json_str(job, root, "format", 128, &format, &there));
	if (!there)
		return OK;
	import->begun = true;
	TRY(json_need_str(job, root, "preset", LIMIT_NAME_BYTES, &preset));
	if (!csv_format_get(format, &import->format) || !preset_find(preset, &import->preset))
		return fail(job, ERR_CORRUPT, "the progress of an import cannot be read");
	TRY(json_array(job, root, "columns", LIMIT_CSV_COLUMNS, &list));
	import->column_count = json_count(list);
	import->column = arena_array(&job->arena, import->column_count + 1, sizeof(*import->column));
	for (size_t i = 0; i < import->column_count; i++)
		TRY(column_read(job, json_element(job, list, i), &import->column[i]));
	return OK;
}

static enum err
sample_read(struct job *job, struct json root, struct import *import)
{
	struct json list;

	import->sample = arena_array(&job->arena, IMPORT_SAMPLE_ROWS, sizeof(*import->sample));
	TRY(json_array(job, root, "sample", IMPORT_SAMPLE_ROWS, &list));
	import->sample_count = json_count(list);
	for (size_t i = 0; i < import->sample_count; i++) {
		struct json place = json_element(job, list, i);
		int64_t outcome = 0;
		TRY(number(job, place, "line", &import->sample[i].line));
		TRY(json_i64(job, place, "outcome", 0, OUTCOME_COUNT - 1, &outcome, NULL));
		TRY(number(job, place, "reasons", &import->sample[i].reasons));
		import->sample[i].outcome = (enum import_outcome)outcome;
	}
	return OK;
}

enum err
progress_read(struct job *job, str progress, struct import *import)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, progress, &document, &root));
	TRY(number(job, root, "line", &import->line));
	TRY(number(job, root, "problems", &import->problems));
	TRY(number(job, root, "undone", &import->undone));
	TRY(number(job, root, "touched", &import->touched));
	TRY(counts_read(job, root, &import->counts));
	TRY(begun_read(job, root, import));
	return sample_read(job, root, import);
}
