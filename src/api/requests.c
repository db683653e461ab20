/* api/requests.c -- the register of requests: opening, each step, the correspondence, letters. */
#include "api/audit.h"
#include "base/limits.h"
#include "os/random.h"
#include "rights/letter.h"

/* --- writing ---------------------------------------------------------------------------------- */

static void
word_pair(struct json_out *out, str name, enum words words, int no)
{
	json_name(out, name);
	if (no)
		json_put_str(out, words_name(words, no));
	else
		json_put_null(out);
}

static void
text_pair(struct json_out *out, str name, str text)
{
	json_name(out, name);
	if (text.len)
		json_put_str(out, text);
	else
		json_put_null(out);
}

static void
number_pair(struct json_out *out, str name, int64_t number)
{
	json_name(out, name);
	if (number)
		json_put_i64(out, number);
	else
		json_put_null(out);
}

static enum err
person_pair(struct job *job, struct json_out *out, int64_t no)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there = false;
	uid id;

	if (no) {
		TRY(db_query(job, job->db, SQL_SUBJECT_ID_OF_NO, ARGS(sql_i64(no)), &rows));
		TRY(rows_next(job, &rows, &there));
	}
	json_name(out, S("subject"));
	if (there && uid_from_bytes(rows_bytes(&rows, 0), &id))
		json_put_uid(out, id);
	else
		json_put_null(out);
	return OK;
}

static void
clock_pairs(struct job *job, struct json_out *out, const struct request_row *row)
{
	OWNED(buf_release) struct buf date = { .max = 16 };
	bool standing = row->stopped_at != TIME_NEVER;
	str clock = request_closed(row) ? S("ended") : standing ? S("standing") : S("running");

	json_pair_time(out, S("received_at"), row->received_at);
	json_pair_time(out, S("opened_at"), row->opened_at);
	json_pair_str(out, S("clock"), clock);
	if (row->due_at != TIME_NEVER) {
		struct calendar calendar = request_calendar(row);
		buf_date(&date, calendar_day(&calendar, row->due_at - 1));
	}
	text_pair(out, S("due_on"), buf_str(&date));
	json_pair_time(out, S("due_at"), row->due_at);
	json_pair_bool(out, S("overdue"), request_overdue(row, job->now));
	json_pair_time(out, S("stopped_at"), row->stopped_at);
	json_pair_i64(out, S("stood_days"), row->stood / TIME_DAY);
	json_pair_time(out, S("extended_at"), row->extended_at);
	word_pair(out, S("extended_for"), WORDS_REQUEST_REASON, (int)row->extended_for);
}

static enum err
request_members(struct job *job, struct json_out *out, const struct request_row *row)
{
	json_pair_uid(out, S("id"), row->id);
	json_pair_str(out, S("right"), right_name(row->right));
	json_pair_str(out, S("right_code"), right_code(row->right));
	json_pair_str(out, S("state"), words_name(WORDS_REQUEST_STATE, (int)row->state));
	json_pair_str(out, S("state_code"), request_state_code(row->state));
	TRY(person_pair(job, out, row->subject));
	json_pair_str(out, S("channel"), words_name(WORDS_REQUEST_CHANNEL, (int)row->channel));
	json_pair_str(out, S("language"), row->language);
	json_pair_str(out, S("country"), row->country);
	clock_pairs(job, out, row);
	word_pair(out, S("identity_method"), WORDS_IDENTITY, (int)row->identity_method);
	word_pair(out, S("identity_result"), WORDS_IDENTITY_RESULT, (int)row->identity_result);
	json_pair_bool(out, S("held"), row->hold > 0);
	word_pair(out, S("proposed_for"), WORDS_REQUEST_REASON, (int)row->proposed_for);
	word_pair(out, S("reason"), WORDS_REQUEST_REASON, (int)row->reason);
	text_pair(out, S("reason_code"), request_reason_code(row->reason));
	number_pair(out, S("entry"), row->entry);
	json_pair_time(out, S("closed_at"), row->closed_at);
	json_pair_bool(out, S("written_kept"), row->sealed);
	json_pair_i64(out, S("version"), row->version);
	return OK;
}

static enum err
request_answer(struct job *job, struct call *call, const struct request_row *row)
{
	struct json_out *out = answer_json(call, call->route->status);

	if (call->route->status == 201)
		answer_location(job, call, S("/v1/requests/"), row->id);
	json_open(out, '{');
	TRY(request_members(job, out, row));
	json_close(out, '}');
	return OK;
}

/* What a code of an event means goes by the event. */
static str
step_code(const struct request_step *step)
{
	enum words words = WORDS_REQUEST_REASON;

	if (step->event == EVENT_OPENED || step->event == EVENT_MESSAGE_IN ||
	    step->event == EVENT_MESSAGE_OUT)
		words = WORDS_REQUEST_CHANNEL;
	if (step->event == EVENT_IDENTITY_ASKED || step->event == EVENT_IDENTITY_CONFIRMED ||
	    step->event == EVENT_IDENTITY_FAILED)
		words = WORDS_IDENTITY;
	return step->code ? words_name(words, step->code) : S("");
}

static enum err
step_members(struct job *job, struct json_out *out, const struct request_step *step)
{
	json_pair_i64(out, S("seq"), step->seq);
	json_pair_time(out, S("at"), step->at);
	json_pair_time(out, S("recorded_at"), step->recorded_at);
	TRY(actor_pair(job, out, step->actor));
	json_pair_str(out, S("event"), words_name(WORDS_REQUEST_EVENT, (int)step->event));
	text_pair(out, S("code"), step_code(step));
	number_pair(out, S("entry"), step->entry);
	return OK;
}

/* --- reading members -------------------------------------------------------------------------- */

static enum err
text_read(struct job *job, struct json body, const char *name, str *ret)
{
	bool there;

	*ret = S("");
	TRY(json_str(job, body, name, LIMIT_MESSAGE_BYTES, ret, &there));
	if (there && !str_printable(*ret))
		return json_fail(job, ERR_INVALID, json_member(job, body, name), "has control characters");
	return OK;
}

/* The person that the body names; no number below one is anybody's. */
static enum err
person_read(struct job *job, struct json body, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;
	uid id;

	*ret = 0;
	TRY(json_uid(job, body, "subject", &id, &there));
	if (!there)
		return OK;
	TRY(db_query(job, job->db, SQL_SUBJECT_NO_OF_ID, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, body, "subject"), "there is no such person");
	*ret = rows_i64(&rows, 0);
	return OK;
}

static bool
is_language(str code)
{
	return code.len >= 2 && code.len <= 3 && name_valid(code);
}

static enum err
language_read(struct job *job, struct call *call, str *ret)
{
	*ret = call->registry->language_count ? call->registry->language[0] : S("sv");
	TRY(json_str(job, call->body, "language", LIMIT_NAME_BYTES, ret, NULL));
	if (!is_language(*ret))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "language"),
		                 "must be a code of two or three letters, as sv");
	return OK;
}

/* A request is about the whole person: beyond the purposes of a key. */
static enum err
call_begin(struct job *job, struct call *call)
{
	TRY(call_registry(job, call));
	return call_may(job, call, 0);
}

static struct request_extra
extra_of(struct call *call)
{
	if (!call->idempotency.given)
		return (struct request_extra){ 0 };
	return (struct request_extra){ idempotency_put, &call->idempotency };
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum err
new_read(struct job *job, struct call *call, struct request_new *ret)
{
	struct json body = call->body;
	int right = 0, channel = 0;

	*ret = (struct request_new){ .received_at = job->now };
	TRY(call_begin(job, call));
	TRY(body_need_word(job, body, "right", WORDS_RIGHT, &right));
	TRY(body_need_word(job, body, "channel", WORDS_REQUEST_CHANNEL, &channel));
	ret->right = (enum right)right;
	ret->channel = (enum request_channel)channel;
	TRY(json_time(job, body, "received_at", &ret->received_at, NULL));
	TRY(language_read(job, call, &ret->language));
	TRY(text_read(job, body, "words", &ret->words));
	TRY(text_read(job, body, "reply_to", &ret->reply_to));
	return person_read(job, body, &ret->subject);
}

enum err
on_request_post(struct job *job, struct call *call)
{
	struct request_extra extra = extra_of(call);
	struct request_new new;
	struct request_row row;

	TRY(new_read(job, call, &new));
	call->object = os_uid();
	TRY(request_open(job, call->vault, &new, call->object, &extra, &row));
	return request_answer(job, call, &row);
}

enum err
again_request(struct job *job, struct call *call)
{
	struct request_row row;

	TRY(request_get(job, call->object, &row));
	return request_answer(job, call, &row);
}

/* --- lists ------------------------------------------------------------------------------------ */

static enum err
query_time(struct job *job, const struct call *call, str name, time_us *ret)
{
	bool bad = false;
	str text;

	if (!request_query(&job->arena, call->request, name, &text, &bad) && !bad)
		return OK;
	if (bad || !time_parse(text, ret))
		return fail(job, ERR_MALFORMED, "due_before is a time as 2026-11-23T09:15:02Z");
	return OK;
}

static enum err
query_state(struct job *job, const struct call *call, struct request_query *ret)
{
	bool bad = false;
	int state = 0;
	str text;

	if (!request_query(&job->arena, call->request, S("state"), &text, &bad) && !bad)
		return OK;
	if (!bad && str_eq(text, S("open"))) {
		ret->open_only = true;
		return OK;
	}
	if (bad || !words_find(WORDS_REQUEST_STATE, text, &state))
		return fail(job, ERR_MALFORMED, "state is a state of a request, or open");
	ret->state = (enum request_state)state;
	return OK;
}

static enum err
query_overdue(struct job *job, const struct call *call, struct request_query *ret)
{
	bool bad = false;
	str text;

	if (!request_query(&job->arena, call->request, S("overdue"), &text, &bad) && !bad)
		return OK;
	if (bad || !(str_eq(text, S("true")) || str_eq(text, S("false"))))
		return fail(job, ERR_MALFORMED, "overdue is true or false");
	if (!str_eq(text, S("true")))
		return OK;
	ret->open_only = true;
	if (ret->due_by > job->now)
		ret->due_by = job->now;
	return OK;
}

#define NOBODY (-2) /* no request is theirs */

static enum err
query_subject(struct job *job, const struct call *call, struct request_query *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool bad = false, there;
	str text;
	uid id;

	if (!request_query(&job->arena, call->request, S("subject"), &text, &bad) && !bad)
		return OK;
	if (bad || !uid_parse(text, &id))
		return fail(job, ERR_MALFORMED, "subject is the UUID of a person");
	TRY(db_query(job, job->db, SQL_SUBJECT_NO_OF_ID, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	ret->subject = there ? rows_i64(&rows, 0) : NOBODY;
	return OK;
}

static enum err
query_read(struct job *job, struct call *call, struct request_query *ret)
{
	struct page page;

	*ret = (struct request_query){ .due_by = TIME_NEVER, .subject = -1 };
	TRY(call_begin(job, call));
	TRY(call_page(job, call, &page));
	ret->after = page.after;
	ret->max = (size_t)page.limit;
	TRY(query_state(job, call, ret));
	TRY(query_time(job, call, S("due_before"), &ret->due_by));
	if (ret->due_by != TIME_NEVER)
		ret->open_only = true; /* what is answered is not due */
	TRY(query_overdue(job, call, ret));
	return query_subject(job, call, ret);
}

enum err
on_requests_get(struct job *job, struct call *call)
{
	struct request_query query;
	struct request_row *row = NULL;
	struct json_out *out;
	size_t count = 0;

	TRY(query_read(job, call, &query));
	if (query.subject != NOBODY)
		TRY(requests_list(job, &query, &row, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("requests"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		TRY(request_members(job, out, &row[i]));
		json_close(out, '}');
	}
	json_close(out, ']');
	answer_next(out, count == query.max, count ? row[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

/* --- one -------------------------------------------------------------------------------------- */

static enum err
id_read(struct job *job, struct call *call, uid *ret)
{
	TRY(call_begin(job, call));
	return call_id(job, call, ret);
}

enum err
on_request_get(struct job *job, struct call *call)
{
	struct request_step *step;
	struct request_row row;
	struct json_out *out;
	size_t count;
	uid id;

	TRY(id_read(job, call, &id));
	TRY(request_read(job, call->vault, id, &row, &step, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	TRY(request_members(job, out, &row));
	json_name(out, S("events"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		TRY(step_members(job, out, &step[i]));
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* Few enough that the longest of them fit into an answer. */
#define MESSAGES_MAX 100

enum err
on_request_messages_get(struct job *job, struct call *call)
{
	struct request_step *step;
	struct request_row row;
	struct json_out *out;
	struct page page;
	size_t count;
	str reply_to;
	uid id;

	TRY(id_read(job, call, &id));
	TRY(call_page(job, call, &page));
	if (page.limit > MESSAGES_MAX)
		page.limit = MESSAGES_MAX;
	TRY(request_messages(job, call->vault, id, page.after, (size_t)page.limit, &row, &reply_to, &step,
	                     &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	text_pair(out, S("reply_to"), reply_to);
	json_name(out, S("messages"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		TRY(step_members(job, out, &step[i]));
		json_pair_str(out, S("words"), bytes_str(step[i].words));
		json_close(out, '}');
	}
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? step[count - 1].seq : 0);
	json_close(out, '}');
	return OK;
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum err
step_do(struct job *job, struct call *call, const struct request_act *act)
{
	struct request_extra extra = extra_of(call);
	struct request_row row;

	TRY(request_do(job, call->vault, call->object, act, &extra, &row));
	return request_answer(job, call, &row);
}

static enum err
step_begin(struct job *job, struct call *call, enum request_event event, struct request_act *ret)
{
	*ret = (struct request_act){ .event = event };
	TRY(id_read(job, call, &call->object));
	return text_read(job, call->body, "words", &ret->words);
}

enum err
on_request_acknowledgement_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(step_begin(job, call, EVENT_ACKNOWLEDGED, &act));
	return step_do(job, call, &act);
}

enum err
on_request_acceptance_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(step_begin(job, call, EVENT_ACCEPTED, &act));
	return step_do(job, call, &act);
}

static enum err
identity_read(struct job *job, struct call *call, struct request_act *ret)
{
	static const enum request_event event[RESULT_COUNT] = {
		[RESULT_ASKED] = EVENT_IDENTITY_ASKED,
		[RESULT_CONFIRMED] = EVENT_IDENTITY_CONFIRMED,
		[RESULT_FAILED] = EVENT_IDENTITY_FAILED,
	};
	int result = 0;

	TRY(step_begin(job, call, EVENT_NONE, ret));
	TRY(body_need_word(job, call->body, "result", WORDS_IDENTITY_RESULT, &result));
	TRY(body_need_word(job, call->body, "method", WORDS_IDENTITY, &ret->code));
	ret->event = event[result];
	return OK;
}

enum err
on_request_identity_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(identity_read(job, call, &act));
	return step_do(job, call, &act);
}

enum err
on_request_extension_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(step_begin(job, call, EVENT_EXTENDED, &act));
	TRY(body_need_word(job, call->body, "reason", WORDS_REQUEST_REASON, &act.code));
	TRY(body_need_time(job, call->body, "told_at", &act.at));
	return step_do(job, call, &act);
}

static enum err
refusal_read(struct job *job, struct call *call, struct request_act *ret)
{
	TRY(step_begin(job, call, EVENT_REFUSED, ret));
	TRY(json_bool(job, call->body, "reply", &ret->reply, NULL));
	TRY(body_need_word(job, call->body, "reason", WORDS_REQUEST_REASON, &ret->code));
	if (request_reason_kind((enum request_reason)ret->code) == CAUSE_ABUSE)
		ret->event = EVENT_REFUSAL_PROPOSED;
	return text_read(job, call->body, "evidence", &ret->evidence);
}

enum err
on_request_refusal_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(refusal_read(job, call, &act));
	return step_do(job, call, &act);
}

static enum err
approval_read(struct job *job, struct call *call, struct request_act *ret)
{
	bool approve = false, there;

	TRY(step_begin(job, call, EVENT_REFUSED, ret));
	TRY(json_bool(job, call->body, "reply", &ret->reply, NULL));
	TRY(json_bool(job, call->body, "approve", &approve, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "approve"), "is required");
	if (!approve)
		ret->event = EVENT_REFUSAL_DECLINED;
	return OK;
}

enum err
on_request_approval_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(approval_read(job, call, &act));
	return step_do(job, call, &act);
}

static enum err
fulfilment_read(struct job *job, struct call *call, struct request_act *ret)
{
	bool partly;

	TRY(step_begin(job, call, EVENT_FULFILLED, ret));
	TRY(json_bool(job, call->body, "reply", &ret->reply, NULL));
	TRY(json_i64(job, call->body, "entry", 1, INT64_MAX, &ret->entry, NULL));
	TRY(body_word(job, call->body, "not_all_because", WORDS_REQUEST_REASON, &ret->code, &partly));
	if (partly)
		ret->event = EVENT_PARTLY_FULFILLED;
	return OK;
}

enum err
on_request_fulfilment_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(fulfilment_read(job, call, &act));
	return step_do(job, call, &act);
}

enum err
on_request_withdrawal_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(step_begin(job, call, EVENT_WITHDRAWN, &act));
	return step_do(job, call, &act);
}

enum err
on_request_person_post(struct job *job, struct call *call)
{
	struct request_act act = { .event = EVENT_PERSON_FOUND };

	TRY(id_read(job, call, &call->object));
	TRY(person_read(job, call->body, &act.subject));
	if (!act.subject)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "subject"), "is required");
	return step_do(job, call, &act);
}

static enum err
message_read(struct job *job, struct call *call, struct request_act *ret)
{
	int direction = 0;

	TRY(step_begin(job, call, EVENT_NONE, ret));
	TRY(body_need_word(job, call->body, "direction", WORDS_DIRECTION, &direction));
	TRY(body_need_word(job, call->body, "channel", WORDS_REQUEST_CHANNEL, &ret->code));
	ret->event = (enum request_event)direction;
	return json_time(job, call->body, "at", &ret->at, NULL);
}

enum err
on_request_messages_post(struct job *job, struct call *call)
{
	struct request_act act;

	TRY(message_read(job, call, &act));
	return step_do(job, call, &act);
}

/* --- letters ---------------------------------------------------------------------------------- */

static enum err
setting_text(struct job *job, struct call *call, str name, str *ret)
{
	bool there;

	TRY(setting_get(job, call->vault, name, ret, &there));
	if (!there)
		*ret = S("");
	return OK;
}

static enum err
letter_reason(struct job *job, struct call *call, struct letter *letter)
{
	const struct request_row *row = letter->request;
	int reason = 0, method = (int)row->identity_method, kind;
	bool there;

	TRY(body_word(job, call->body, "reason", WORDS_REQUEST_REASON, &reason, &there));
	TRY(body_word(job, call->body, "method", WORDS_IDENTITY, &method, NULL));
	if (!there && letter->kind == LETTER_EXTENSION)
		reason = (int)row->extended_for;
	if (!there && (letter->kind == LETTER_REFUSAL || letter->kind == LETTER_PARTLY))
		reason = (int)(row->reason ? row->reason : row->proposed_for);
	letter->reason = (enum request_reason)reason;
	letter->method = method ? (enum identity)method : IDENTITY_MAILBOX;
	if (letter->kind == LETTER_ACKNOWLEDGEMENT || letter->kind == LETTER_IDENTITY ||
	    letter->kind == LETTER_FULFILLED)
		return OK;
	kind = letter->reason ? request_reason_kind(letter->reason) : 0;
	if (!kind || (kind == CAUSE_DELAY) != (letter->kind == LETTER_EXTENSION))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "reason"),
		                 "a reason of the letter's kind is needed");
	return OK;
}

static enum err
letter_read(struct job *job, struct call *call, struct request_row *row, struct letter *ret)
{
	int kind = 0, language;
	uid id;

	*ret = (struct letter){ .request = row };
	TRY(id_read(job, call, &id));
	TRY(body_need_word(job, call->body, "kind", WORDS_LETTER, &kind));
	TRY(text_read(job, call->body, "words", &ret->words));
	TRY(request_get(job, id, row));
	language = str_eq(row->language, S("sv")) ? 1 : 2;
	TRY(body_word(job, call->body, "language", WORDS_LETTER_LANGUAGE, &language, NULL));
	ret->kind = (enum letter_kind)kind;
	ret->swedish = language == 1;
	TRY(setting_text(job, call, S("company"), &ret->company));
	TRY(setting_text(job, call, S("contact"), &ret->contact));
	TRY(setting_text(job, call, S("dpo"), &ret->dpo));
	return letter_reason(job, call, ret);
}

enum err
on_request_letter_post(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf title = { .max = 400 }, text = { .max = 2 * LIMIT_MESSAGE_BYTES };
	struct request_row row;
	struct letter letter;
	struct json_out *out;

	TRY(letter_read(job, call, &row, &letter));
	letter_write(&letter, &title, &text);
	if (!buf_ok(&title) || !buf_ok(&text))
		return fail(job, ERR_LIMIT, "limit_message_bytes: the letter is longer than a message may be");
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("language"), letter.swedish ? S("sv") : S("en"));
	json_pair_str(out, S("title"), buf_str(&title));
	json_pair_str(out, S("text"), buf_str(&text));
	json_close(out, '}');
	return OK;
}
