/* api/outbox.c -- what leaves: looking at it, taking it, saying what became of it; and delivery. */
#include "api/outbox.h"

#include "api/call.h"
#include "base/limits.h"
#include "message/message.h"
#include "vault/deliver.h"

#define CLAIM_SECONDS 600 /* unless said */

/* --- a row ------------------------------------------------------------------------------------ */

static void
name_or_null(struct json_out *out, str name, str value)
{
	json_name(out, name);
	if (value.len)
		json_put_str(out, value);
	else
		json_put_null(out);
}

static void
numbers_write(struct json_out *out, bytes numbers)
{
	uint32_t no;

	json_name(out, S("disclosures"));
	json_open(out, '[');
	while (eat_le32(&numbers, &no))
		json_put_i64(out, no);
	json_close(out, ']');
}

static void
row_members(struct json_out *out, const struct registry *registry, const struct outbox_row *row)
{
	const struct purpose *purpose = registry_purpose_no(registry, row->purpose);
	bool open = row->due_at != TIME_NEVER;

	json_pair_uid(out, S("id"), row->id);
	json_pair_str(out, S("kind"), outbox_kind_name(row->kind));
	json_name(out, S("subject"));
	if (uid_eq(row->subject_id, (uid){ 0 }))
		json_put_null(out);
	else
		json_put_uid(out, row->subject_id);
	name_or_null(out, S("recipient"), row->recipient_name);
	name_or_null(out, S("purpose"), purpose ? purpose->name : S(""));
	json_pair_str(out, S("state"), outbox_state_name(row->state));
	json_pair_str(out, S("via"), words_name(WORDS_OUTBOX_VIA, row->via));
	json_pair_time(out, S("made_at"), row->made_at);
	json_pair_i64(out, S("tries"), row->tries);
	json_pair_time(out, S("last_at"), row->last_at);
	json_pair_str(out, S("outcome"), outbox_outcome_name(row->outcome));
	json_name(out, S("status"));
	if (row->status)
		json_put_i64(out, row->status);
	else
		json_put_null(out);
	json_pair_time(out, S("due_at"), row->due_at);
	json_pair_time(out, S("ends_at"), open || row->content_there ? row->ends_at : TIME_NEVER);
	numbers_write(out, row->disclosures);
}

void
outbox_row_write(struct json_out *out, const struct registry *registry, const struct outbox_row *row)
{
	json_open(out, '{');
	row_members(out, registry, row);
	json_close(out, '}');
}

/* --- looking ---------------------------------------------------------------------------------- */

static enum err
read_record(struct job *job, struct call *call, const struct outbox_row *row)
{
	struct entry entry = { .act = ENTRY_OUTBOX_READ };

	if (row) {
		entry.subject = row->subject;
		entry.purpose = row->purpose;
		entry.body = uid_bytes(&row->id);
	}
	return entry_write(job, call->vault->store, &entry, NULL);
}

enum err
on_outbox_get(struct job *job, struct call *call)
{
	struct outbox_row *row;
	struct json_out *out;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(outbox_list(job, page.after, (size_t)page.limit, &row, &count));
	TRY(read_record(job, call, NULL));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("outbox"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		outbox_row_write(out, call->registry, &row[i]);
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? row[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

/* With what it says, while that is there. */
enum err
on_outbox_row_get(struct job *job, struct call *call)
{
	struct outbox_row row;
	struct json_out *out;
	str content = S("");
	enum err err;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(outbox_get(job, id, &row));
	err = outbox_open(job, call->vault, &row, &content);
	if (err && err != ERR_GONE)
		return err;
	job_forgive(job);
	TRY(read_record(job, call, &row));
	out = answer_json(call, 200);
	json_open(out, '{');
	row_members(out, call->registry, &row);
	json_name(out, S("content"));
	if (content.len)
		json_put_raw(out, content);
	else
		json_put_null(out);
	json_close(out, '}');
	return OK;
}

/* --- taking ----------------------------------------------------------------------------------- */

static enum err
addressee_write(struct job *job, struct json_out *out, const struct outbox_row *row)
{
	struct recipient recipient;

	if (!row->recipient)
		return OK;
	TRY(recipient_get_no(job, job->db, row->recipient, &recipient));
	json_pair_str(out, S("title"), recipient.title);
	json_pair_str(out, S("role"), recipient.role);
	json_pair_str(out, S("contact"), recipient.contact);
	return OK;
}

static enum err
taken_write(struct job *job, struct call *call, const struct outbox_taken *taken)
{
	struct json_out *out = &call->out;

	json_open(out, '{');
	row_members(out, call->registry, &taken->row);
	TRY(addressee_write(job, out, &taken->row));
	json_name(out, S("content"));
	json_put_raw(out, taken->content);
	json_close(out, '}');
	return OK;
}

enum err
on_outbox_claim_post(struct job *job, struct call *call)
{
	int64_t max = 10, seconds = CLAIM_SECONDS;
	struct outbox_taken *taken;
	size_t count;
	uid lease;

	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(json_i64(job, call->body, "max", 1, LIMIT_CLAIM, &max, NULL));
	TRY(json_i64(job, call->body, "seconds", 10, LIMIT_CLAIM_SECONDS, &seconds, NULL));
	TRY(outbox_claim(job, call->vault, (size_t)max, seconds, &lease, &taken, &count));
	answer_json(call, 200);
	json_open(&call->out, '{');
	json_pair_uid(&call->out, S("lease"), lease);
	json_pair_time(&call->out, S("until"), job->now + seconds * TIME_SECOND);
	json_name(&call->out, S("rows"));
	json_open(&call->out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(taken_write(job, call, &taken[i]));
	json_close(&call->out, ']');
	json_close(&call->out, '}');
	return OK;
}

static enum err
row_answer(struct job *job, struct call *call, uid id)
{
	struct outbox_row row;

	TRY(outbox_get(job, id, &row));
	outbox_row_write(answer_json(call, 200), call->registry, &row);
	return OK;
}

enum err
on_outbox_done_post(struct job *job, struct call *call)
{
	int outcome = 0;
	uid id, lease;
	bool there;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(json_uid(job, call->body, "lease", &lease, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "lease"), "is required");
	TRY(body_need_word(job, call->body, "outcome", WORDS_OUTBOX_SAID, &outcome));
	TRY(outbox_done(job, call->vault, id, lease, (enum outbox_outcome)outcome));
	return row_answer(job, call, id);
}

enum err
on_outbox_retry_post(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(outbox_retry(job, call->vault, id));
	return row_answer(job, call, id);
}

/* --- delivery --------------------------------------------------------------------------------- */

static enum err
networks_put(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf text = { .max = 2048 };
	struct json list, place = json_member(job, call->body, "networks");
	str one;

	if (json_kind(place) == JSON_ABSENT || json_kind(place) == JSON_NULL)
		return OK;
	TRY(json_array(job, call->body, "networks", NETWORKS_MAX, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(json_scalar(job, json_element(job, list, i), 64, &one));
		if (i)
			buf_char(&text, ' ');
		buf_put(&text, one);
	}
	return delivery_networks_set(job, call->vault, buf_str(&text));
}

static void
networks_write(struct json_out *out, str text)
{
	str one;

	json_name(out, S("networks"));
	json_open(out, '[');
	while (text.len) {
		if (!eat_until(&text, ' ', &one)) {
			one = text;
			text = S("");
		}
		json_put_str(out, one);
	}
	json_close(out, ']');
}

static enum err
delivery_answer(struct job *job, struct call *call, int64_t released)
{
	struct outbox_counts counts;
	struct networks networks;
	struct json_out *out;
	str text;
	bool on;

	TRY(delivery_is_on(job, call->vault, &on));
	TRY(delivery_networks(job, &networks, &text));
	TRY(outbox_count(job, &counts));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_bool(out, S("on"), on);
	networks_write(out, text);
	json_pair_i64(out, S("waiting"), counts.waiting);
	json_pair_i64(out, S("held"), counts.held);
	json_pair_i64(out, S("failed"), counts.failed);
	json_pair_time(out, S("oldest_at"), counts.oldest_at);
	json_pair_i64(out, S("released"), released);
	json_close(out, '}');
	return OK;
}

enum err
on_delivery_post(struct job *job, struct call *call)
{
	bool on = false, release = false, there;
	int64_t released = 0, messages = 0;

	TRY(json_bool(job, call->body, "release", &release, NULL));
	TRY(networks_put(job, call));
	TRY(json_bool(job, call->body, "on", &on, &there));
	if (there)
		TRY(delivery_set(job, call->vault, on));
	if (release) {
		TRY(outbox_release(job, call->vault, &released));
		TRY(message_release(job, call->vault, &messages));
	}
	return delivery_answer(job, call, released + messages);
}
