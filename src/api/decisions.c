/* api/decisions.c -- may this be done now?  One at a time, and many in a batch. */
#include "api/call.h"
#include "api/line.h"
#include "base/limits.h"
#include "os/clock.h"
#include "vault/decide.h"

/* --- a question ------------------------------------------------------------------------------- */

static enum err
text_of_body(struct job *job, struct json body, struct question_text *ret)
{
	const struct {
		const char *name;
		str *at;
	} texts[] = {
		{ "subject", &ret->subject },   { "field", &ret->field },
		{ "value", &ret->value },       { "purpose", &ret->purpose },
		{ "channel", &ret->channel },   { "class", &ret->message_class },
		{ "category", &ret->category },
	};

	*ret = (struct question_text){ 0 };
	for (size_t i = 0; i < COUNT(texts); i++)
		TRY(json_str(job, body, texts[i].name, LIMIT_STRING_BYTES, texts[i].at, NULL));
	TRY(json_bool(job, body, "promotional", &ret->promotional, NULL));
	return json_bool(job, body, "opt_out", &ret->opt_out, NULL);
}

/* What was looked up for the line before: lines of a batch are mostly alike. */
struct memory {
	const struct purpose *purpose; /* that the key is for */
	const struct field *field;     /* that the key may search */
};

#define NEEDED(text, member) \
	do { \
		if (!(text).ptr) \
			return fail_at(job, ERR_INVALID, S(member), "is required"); \
	} while (0)

static enum err
purpose_find(struct job *job, struct call *call, str name, struct memory *memory,
             const struct purpose **ret)
{
	NEEDED(name, "/purpose");
	if (!memory->purpose || !str_eq(memory->purpose->name, name)) {
		const struct purpose *purpose = registry_purpose(call->registry, name);
		if (!purpose)
			return fail_at(job, ERR_INVALID, S("/purpose"), "names no purpose");
		TRY(call_may(job, call, purpose->no));
		memory->purpose = purpose;
	}
	*ret = memory->purpose;
	return OK;
}

static enum err
field_find(struct job *job, struct call *call, str name, struct memory *memory,
           const struct field **ret)
{
	NEEDED(name, "/field");
	if (!memory->field || !str_eq(memory->field->name, name)) {
		const struct field *field = registry_field(call->registry, name);
		if (!field)
			return fail_at(job, ERR_INVALID, S("/field"), "names no field");
		if (field->lookup == LOOKUP_NONE)
			return fail_at(job, ERR_INVALID, S("/field"), "cannot be searched");
		TRY(call_may_field(job, call, field));
		memory->field = field;
	}
	*ret = memory->field;
	return OK;
}

/* The person, by id or by a value. */
static enum err
person_read(struct job *job, struct call *call, const struct question_text *text,
            struct memory *memory, struct batch_item *item)
{
	item->by_value = !text->subject.ptr;
	if (item->by_value) {
		if (!text->field.ptr && !text->value.ptr)
			return fail_at(job, ERR_INVALID, S("/subject"),
			               "is required, or else field and value");
		NEEDED(text->value, "/value");
		if (text->value.len > LIMIT_VALUE_BYTES)
			return fail_at(job, ERR_INVALID, S("/value"), "is too long");
		item->raw = text->value;
		return field_find(job, call, text->field, memory, &item->field);
	}
	if (text->field.ptr || text->value.ptr)
		return fail_at(job, ERR_INVALID, S("/subject"), "goes without field and value");
	if (!uid_parse(text->subject, &item->id))
		return fail_at(job, ERR_INVALID, S("/subject"), "must be a UUID");
	return OK;
}

static enum err
question_of_text(struct job *job, struct call *call, const struct question_text *text,
                 struct memory *memory, struct batch_item *item)
{
	struct question *question = &item->question;

	question->message_class = CLASS_MARKETING;
	question->promotional = text->promotional;
	question->opt_out = text->opt_out;
	question->category = text->category;
	TRY(purpose_find(job, call, text->purpose, memory, &question->purpose));
	NEEDED(text->channel, "/channel");
	if (!channel_find(text->channel, &question->channel))
		return fail_at(job, ERR_INVALID, S("/channel"),
		               "is not one of the words that it may be");
	if (text->message_class.ptr && !class_find(text->message_class, &question->message_class))
		return fail_at(job, ERR_INVALID, S("/class"),
		               "is not one of the words that it may be");
	if (text->category.ptr && !name_valid(text->category))
		return fail_at(job, ERR_INVALID, S("/category"),
		               "is a-z, then a-z 0-9 _ -, at most 64 characters");
	return person_read(job, call, text, memory, item);
}

/* --- one -------------------------------------------------------------------------------------- */

static enum err
question_read(struct job *job, struct call *call, struct batch_item *ret)
{
	struct memory memory = { 0 };
	struct question_text text;

	*ret = (struct batch_item){ 0 };
	TRY(call_registry(job, call));
	TRY(text_of_body(job, call->body, &text));
	return question_of_text(job, call, &text, &memory, ret);
}

static enum err
question_decide(struct job *job, struct call *call, struct batch_item *item)
{
	if (item->by_value)
		return decide_value(job, call->vault, call->registry, item->field, item->raw,
		                    &item->question, &item->verdict);
	return decide_subject(job, call->vault, call->registry, item->id, &item->question,
	                      &item->verdict);
}

static void
version_pair(struct json_out *out, uint32_t version)
{
	json_name(out, S("version"));
	if (version)
		json_put_i64(out, version);
	else
		json_put_null(out);
}

static void
word_pair(struct json_out *out, str name, str word)
{
	json_name(out, name);
	if (word.len)
		json_put_str(out, word);
	else
		json_put_null(out);
}

/* What a yes rests on, and how long a no lasts. */
static void
rest_write(struct json_out *out, const struct verdict *verdict)
{
	json_pair_i64(out, S("entry"), verdict->entry);
	if (verdict->consent_seq)
		json_pair_i64(out, S("consent_seq"), verdict->consent_seq);
	if (verdict->retry_at && verdict->retry_at != TIME_NEVER)
		json_pair_time(out, S("retry_at"), verdict->retry_at);
}

static void
decision_write(struct call *call, const struct batch_item *item)
{
	const struct verdict *verdict = &item->verdict;
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_pair_bool(out, S("allowed"), verdict->allowed);
	json_pair_str(out, S("reason"), reason_name(verdict->reason));
	word_pair(out, S("basis"), basis_name(verdict->basis));
	word_pair(out, S("basis_code"), basis_code(verdict->basis));
	json_pair_str(out, S("purpose"), item->question.purpose->name);
	version_pair(out, verdict->version);
	json_pair_str(out, S("channel"), channel_name(item->question.channel));
	rest_write(out, verdict);
	json_close(out, '}');
}

enum err
on_decision_post(struct job *job, struct call *call)
{
	struct batch_item item;

	TRY(question_read(job, call, &item));
	TRY(question_decide(job, call, &item));
	decision_write(call, &item);
	return OK;
}

/* --- many ------------------------------------------------------------------------------------- *
 *
 * The body is read in pieces.  Each piece is a job of its own: its memory is wiped and used again,
 * its clock is read anew, and the key is looked up anew (I5).  The answer leaves when all pieces
 * are done; if the key is revoked meanwhile, no answer of the batch leaves. */

struct piece {
	struct job job;
	struct batch_item *item;
	struct failure *failure; /* of lines that could not be read */
	size_t count;
};

static enum err
line_parse(struct job *job, str line, struct question_text *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json body;

	if (line_read(line, ret))
		return OK;
	TRY(json_parse(job, line, &document, &body));
	TRY(schema_check(job, SCHEMA_QUESTION, body));
	return text_of_body(job, body, ret); /* in the arena: outlives the document */
}

/* A refusal ends the batch; a line that cannot be read is answered with its problem. */
static enum err
line_take(struct piece *piece, struct call *call, str line, struct memory *memory)
{
	struct job *job = &piece->job;
	struct batch_item *item = &piece->item[piece->count];
	struct question_text text;

	*item = (struct batch_item){ 0 };
	item->err = line_parse(job, line, &text);
	if (!item->err)
		item->err = question_of_text(job, call, &text, memory, item);
	if (err_info(item->err)->status == 403 && item->err)
		return item->err;
	piece->failure[piece->count++] = job->failure;
	job_forgive(job);
	return OK;
}

/* Up to LIMIT_BATCH_PIECE lines off the front. */
static enum err
piece_read(struct piece *piece, struct call *call, str *rest)
{
	struct memory memory = { 0 };
	str line;

	piece->count = 0;
	while (rest->len && piece->count < LIMIT_BATCH_PIECE) {
		if (!eat_until(rest, '\n', &line)) {
			line = *rest;
			*rest = S("");
		}
		TRY(line_take(piece, call, line, &memory));
	}
	return OK;
}

static void
line_problem_write(struct json_out *out, enum err err, const struct failure *failure)
{
	const struct err_info *info = err_info(err);

	json_open(out, '{');
	json_name(out, S("error"));
	json_open(out, '{');
	json_pair_str(out, S("type"), words_name(WORDS_PROBLEM, (int)err));
	json_pair_i64(out, S("status"), info->status);
	json_pair_str(out, S("detail"), str_from_c(failure->err ? failure->why : info->sentence));
	if (failure->where[0])
		json_pair_str(out, S("member"), str_from_c(failure->where));
	json_close(out, '}');
	json_close(out, '}');
}

static void
line_write(struct buf *body, const struct batch_item *item, const struct failure *failure)
{
	const struct verdict *verdict = &item->verdict;
	struct json_out out;

	json_out_begin(&out, body);
	if (item->err) {
		line_problem_write(&out, item->err, failure);
	} else {
		json_open(&out, '{');
		json_pair_bool(&out, S("allowed"), verdict->allowed);
		json_pair_str(&out, S("reason"), reason_name(verdict->reason));
		word_pair(&out, S("basis"), basis_name(verdict->basis));
		version_pair(&out, verdict->version);
		rest_write(&out, verdict);
		json_close(&out, '}');
	}
	buf_char(body, '\n');
}

static enum err
piece_run(struct piece *piece, struct call *call, str *rest)
{
	struct job *job = &piece->job;

	job->now = os_now();
	TRY(call_authorise(job, call)); /* I5 */
	TRY(call_registry(job, call));
	piece->item = arena_array(&job->arena, LIMIT_BATCH_PIECE, sizeof(*piece->item));
	piece->failure = arena_array(&job->arena, LIMIT_BATCH_PIECE, sizeof(*piece->failure));
	TRY(piece_read(piece, call, rest));
	TRY(decide_batch(job, call->vault, call->registry, piece->item, piece->count));
	for (size_t i = 0; i < piece->count; i++)
		line_write(&call->response->body, &piece->item[i], &piece->failure[i]);
	return OK;
}

static void
piece_end(struct piece *piece)
{
	job_release(&piece->job);
}

static enum err
batch_check(struct job *job, struct call *call)
{
	str body = bytes_str(call->request->body);
	size_t lines = 0;

	if (!body.len)
		return fail(job, ERR_MALFORMED, "the body has no line");
	for (const char *at = body.ptr; (at = memchr(at, '\n', (size_t)(body.ptr + body.len - at)));
	     at++)
		lines++;
	if (lines + (body.ptr[body.len - 1] != '\n') > LIMIT_BATCH_LINES)
		return fail(job, ERR_LIMIT, "limit_batch_lines: more lines than a batch may have");
	return OK;
}

enum err
on_decisions_batch_post(struct job *job, struct call *call)
{
	OWNED(piece_end) struct piece piece = { .job = { .db = job->db } };
	str rest = bytes_str(call->request->body);
	enum err err;

	TRY(batch_check(job, call));
	answer_text(call, 200, S("application/x-ndjson"));
	while (rest.len) {
		arena_reset(&piece.job.arena);
		err = piece_run(&piece, call, &rest);
		job->actor = piece.job.actor;
		if (err) {
			job->failure = piece.job.failure;
			return err;
		}
	}
	return OK;
}
