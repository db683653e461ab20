/* api/mail.c -- how mail leaves, what waits and what became of it, and what comes back. */
#include "api/call.h"
#include "base/limits.h"
#include "message/doctor.h"
#include "message/letter.h"
#include "message/message.h"
#include "message/returned.h"
#include "message/setup.h"

/* --- the setup -------------------------------------------------------------------------------- */

static void
text_or_null(struct json_out *out, str name, str value)
{
	json_name(out, name);
	if (value.len)
		json_put_str(out, value);
	else
		json_put_null(out);
}

static void
key_write(struct json_out *out, const struct dkim_key *key)
{
	OWNED(buf_release) struct buf name = { .max = 512 }, text = { .max = DKIM_RECORD_BYTES_MAX };

	dkim_key_record_name(key, &name);
	dkim_key_record_text(key, &text);
	must(buf_ok(&name) && buf_ok(&text));
	json_open(out, '{');
	json_pair_str(out, S("kind"), setup_kind_name(dkim_key_kind(key)));
	json_pair_str(out, S("selector"), dkim_key_selector(key));
	json_pair_str(out, S("name"), buf_str(&name));
	json_pair_str(out, S("record"), buf_str(&text));
	json_close(out, '}');
}

static enum err
keys_write(struct job *job, struct call *call, const struct setup *setup)
{
	struct dkim_key *key[DKIM_KEYS_MAX] = { 0 };
	size_t count;

	TRY(setup_keys(job, call->vault, setup, key, &count));
	json_name(&call->out, S("keys"));
	json_open(&call->out, '[');
	for (size_t i = 0; i < count; i++) {
		key_write(&call->out, key[i]);
		dkim_key_close(&key[i]);
	}
	json_close(&call->out, ']');
	return OK;
}

static void
setup_members(struct json_out *out, const struct setup *setup)
{
	json_pair_bool(out, S("ready"), setup_ready(setup));
	text_or_null(out, S("host"), setup->host);
	json_pair_i64(out, S("port"), setup->port);
	json_pair_str(out, S("tls"), words_name(WORDS_MAIL_TLS, (int)setup->tls));
	text_or_null(out, S("ca_file"), setup->ca_file);
	text_or_null(out, S("hello"), setup->hello);
	text_or_null(out, S("user"), setup->user);
	json_pair_bool(out, S("password"), setup->password_there);
	text_or_null(out, S("from"), setup->from);
	text_or_null(out, S("from_name"), setup->from_name);
	text_or_null(out, S("reply_to"), setup->reply_to);
	text_or_null(out, S("return_prefix"), setup->return_prefix);
	text_or_null(out, S("return_domain"), setup->return_domain);
	text_or_null(out, S("maildir"), setup->maildir);
	json_pair_i64(out, S("connections"), setup->connections);
	json_pair_i64(out, S("domain_connections"), setup->domain_connections);
	json_pair_i64(out, S("domain_rate"), setup->domain_rate);
	json_pair_bool(out, S("replies"), setup->replies);
}

static enum err
setup_answer(struct job *job, struct call *call)
{
	struct message_counts counts;
	struct json_out *out;
	struct setup setup;
	bool on;

	TRY(setup_get(job, call->vault, &setup));
	TRY(message_count(job, &counts));
	TRY(delivery_is_on(job, call->vault, &on));
	out = answer_json(call, 200);
	json_open(out, '{');
	setup_members(out, &setup);
	TRY(keys_write(job, call, &setup));
	json_pair_bool(out, S("delivery"), on);
	json_pair_i64(out, S("waiting"), counts.waiting);
	json_pair_i64(out, S("sending"), counts.sending);
	json_pair_i64(out, S("unknown"), counts.unknown);
	json_pair_i64(out, S("failed"), counts.failed);
	json_pair_i64(out, S("held"), counts.held);
	json_pair_time(out, S("oldest_at"), counts.oldest_at);
	json_close(out, '}');
	return OK;
}

enum err
on_mail_get(struct job *job, struct call *call)
{
	return setup_answer(job, call);
}

static enum err
setup_read(struct job *job, struct json body, struct setup *setup)
{
	int64_t port = setup->port;
	int tls = (int)setup->tls;

	TRY(json_str(job, body, "host", MAILBOX_BYTES_MAX, &setup->host, NULL));
	TRY(json_i64(job, body, "port", 1, UINT16_MAX, &port, NULL));
	TRY(body_word(job, body, "tls", WORDS_MAIL_TLS, &tls, NULL));
	TRY(json_str(job, body, "ca_file", SETUP_PATH_BYTES_MAX, &setup->ca_file, NULL));
	TRY(json_str(job, body, "hello", MAILBOX_BYTES_MAX, &setup->hello, NULL));
	TRY(json_str(job, body, "user", SETUP_USER_BYTES_MAX, &setup->user, NULL));
	TRY(json_str(job, body, "from", MAILBOX_BYTES_MAX, &setup->from, NULL));
	TRY(json_str(job, body, "from_name", MAIL_NAME_BYTES_MAX, &setup->from_name, NULL));
	TRY(json_str(job, body, "reply_to", MAILBOX_BYTES_MAX, &setup->reply_to, NULL));
	TRY(json_str(job, body, "return_prefix", VERP_PREFIX_BYTES_MAX, &setup->return_prefix, NULL));
	TRY(json_str(job, body, "return_domain", MAILBOX_BYTES_MAX, &setup->return_domain, NULL));
	TRY(json_str(job, body, "maildir", SETUP_PATH_BYTES_MAX, &setup->maildir, NULL));
	TRY(json_i64(job, body, "connections", 1, LIMIT_MAIL_CONNECTIONS, &setup->connections, NULL));
	TRY(json_i64(job, body, "domain_connections", 1, LIMIT_MAIL_DOMAIN_CONNECTIONS, &setup->domain_connections, NULL));
	TRY(json_i64(job, body, "domain_rate", 1, LIMIT_MAIL_DOMAIN_RATE, &setup->domain_rate, NULL));
	TRY(json_bool(job, body, "replies", &setup->replies, NULL));
	setup->port = (uint16_t)port;
	setup->tls = (enum wire_tls)tls;
	return OK;
}

/* What is not named stays as it is. */
enum err
on_mail_post(struct job *job, struct call *call)
{
	struct setup setup;
	str password;
	bool there;

	TRY(setup_get(job, call->vault, &setup));
	TRY(setup_read(job, call->body, &setup));
	TRY(json_str(job, call->body, "password", SETUP_PASSWORD_BYTES_MAX, &password, &there));
	TRY(setup_put(job, call->vault, &setup, there ? &password : NULL));
	return setup_answer(job, call);
}

enum err
on_mail_key_post(struct job *job, struct call *call)
{
	str selector;
	int kind = 0;

	TRY(body_need_word(job, call->body, "kind", WORDS_MAIL_KEY, &kind));
	TRY(json_need_str(job, call->body, "selector", DKIM_SELECTOR_BYTES_MAX, &selector));
	TRY(setup_key_make(job, call->vault, (enum dkim_kind)(kind - 1), selector));
	return setup_answer(job, call);
}

enum err
on_mail_key_delete(struct job *job, struct call *call)
{
	enum dkim_kind kind;

	if (!setup_kind_find(call->param[0], &kind))
		return fail(job, ERR_ABSENT, "there is no such kind of key");
	TRY(setup_key_drop(job, call->vault, kind));
	answer_empty(call);
	return OK;
}

/* --- trying it out ---------------------------------------------------------------------------- */

static enum err
write_plan(struct job *job, struct db *db, void *arg)
{
	return message_steps(job, db, arg);
}

enum err
on_mail_test_post(struct job *job, struct call *call)
{
	struct message_new message = { .kind = MESSAGE_TEST };
	struct message_plan plan = { 0 };
	struct json_out *out;

	TRY(json_need_str(job, call->body, "address", MAILBOX_BYTES_MAX, &message.address));
	TRY(json_str(job, call->body, "language", MAIL_LANGUAGE_BYTES_MAX, &message.language, NULL));
	TRY(message_plan(job, call->vault, &message, &plan));
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, write_plan, &plan));
	out = answer_json(call, 201);
	json_open(out, '{');
	json_pair_uid(out, S("id"), message_plan_id(&plan));
	json_close(out, '}');
	return OK;
}

enum err
on_mail_preview_post(struct job *job, struct call *call)
{
	struct letter letter;
	struct json_out *out;
	str language = S("");
	int kind = 0;

	TRY(body_need_word(job, call->body, "kind", WORDS_MAIL_KIND, &kind));
	TRY(json_str(job, call->body, "language", MAIL_LANGUAGE_BYTES_MAX, &language, NULL));
	TRY(letter_sample(job, call->vault, (enum message_kind)kind, language, &letter));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("language"), letter.language);
	json_pair_str(out, S("subject"), letter.subject);
	json_pair_str(out, S("text"), letter.text);
	json_pair_str(out, S("html"), letter.html);
	json_close(out, '}');
	return OK;
}

enum err
on_mail_check_post(struct job *job, struct call *call)
{
	struct doctor *doctor = arena_alloc(&job->arena, sizeof(*doctor));
	struct json_out *out;
	str dns = S("");

	TRY(json_str(job, call->body, "dns", 64, &dns, NULL));
	TRY(doctor_mail(job, call->vault, dns, doctor));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("checks"));
	json_open(out, '[');
	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_check *check = &doctor->check[i];
		json_open(out, '{');
		json_pair_str(out, S("name"), check->name);
		json_pair_str(out, S("result"), words_name(WORDS_MAIL_CHECK, (int)check->result));
		json_pair_str(out, S("text"), check->text);
		text_or_null(out, S("at"), check->at);
		text_or_null(out, S("want"), check->want);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* --- messages --------------------------------------------------------------------------------- */

static void
message_write(struct json_out *out, const struct registry *registry, const struct message_row *row)
{
	const struct purpose *purpose = registry_purpose_no(registry, row->purpose);

	json_open(out, '{');
	json_pair_uid(out, S("id"), row->id);
	json_pair_str(out, S("kind"), message_kind_name(row->kind));
	json_name(out, S("subject"));
	if (uid_eq(row->subject_id, (uid){ 0 }))
		json_put_null(out);
	else
		json_put_uid(out, row->subject_id);
	text_or_null(out, S("purpose"), purpose ? purpose->name : S(""));
	json_pair_str(out, S("state"), message_state_name(row->state));
	json_pair_str(out, S("why"), message_why_name(row->why));
	json_name(out, S("status"));
	if (row->status)
		json_put_i64(out, row->status);
	else
		json_put_null(out);
	json_pair_time(out, S("made_at"), row->made_at);
	json_pair_time(out, S("until_at"), row->until_at);
	json_pair_i64(out, S("tries"), row->tries);
	json_pair_time(out, S("last_at"), row->last_at);
	json_pair_time(out, S("due_at"), row->due_at);
	json_pair_bool(out, S("content"), row->content.len > 0);
	json_close(out, '}');
}

static enum err
looked(struct job *job, struct call *call, const struct message_row *row)
{
	struct entry entry = { .act = ENTRY_OUTBOX_READ };

	if (row) {
		entry.subject = row->subject;
		entry.purpose = row->purpose;
		entry.body = uid_bytes(&row->id);
	}
	return entry_write(job, call->vault->store, &entry, NULL);
}

static enum err
messages_answer(struct job *job, struct call *call, enum message_state state)
{
	struct message_row *row;
	struct json_out *out;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(message_list(job, page.after, state, (size_t)page.limit, &row, &count));
	TRY(looked(job, call, NULL));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("messages"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		message_write(out, call->registry, &row[i]);
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? row[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_messages_get(struct job *job, struct call *call)
{
	return messages_answer(job, call, 0);
}

enum err
on_messages_in_get(struct job *job, struct call *call)
{
	enum message_state state;

	if (!message_state_find(call->param[0], &state))
		return fail(job, ERR_ABSENT, "there is no such state");
	return messages_answer(job, call, state);
}

static enum err
message_answer(struct job *job, struct call *call, uid id)
{
	struct message_row row;

	TRY(message_get(job, id, &row));
	message_write(answer_json(call, 200), call->registry, &row);
	return OK;
}

enum err
on_message_get(struct job *job, struct call *call)
{
	struct message_row row;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(message_get(job, id, &row));
	TRY(looked(job, call, &row));
	message_write(answer_json(call, 200), call->registry, &row);
	return OK;
}

enum err
on_message_again_post(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(message_again(job, call->vault, id));
	return message_answer(job, call, id);
}

enum err
on_message_cancel_post(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0));
	TRY(message_cancel(job, call->vault, id));
	return message_answer(job, call, id);
}

/* --- what comes back -------------------------------------------------------------------------- */

static bool
number_eat(str *rest, bool last, int *ret)
{
	uint64_t number;
	str part = *rest;

	if (!last && !eat_until(rest, '.', &part))
		return false;
	if (!str_u64(part, &number) || number > 999)
		return false;
	*ret = (int)number;
	return true;
}

/* 5.1.1, as RFC 3463 writes it. */
static enum err
status_read(struct job *job, struct json body, int ret[3])
{
	str text = S("");
	bool there;

	TRY(json_str(job, body, "status", 16, &text, &there));
	if (!there)
		return OK;
	if (!number_eat(&text, false, &ret[0]) || !number_eat(&text, false, &ret[1]) || !number_eat(&text, true, &ret[2]))
		return json_fail(job, ERR_INVALID, json_member(job, body, "status"), "is of the form 5.1.1");
	return OK;
}

static enum err
claim_read(struct job *job, struct call *call, enum returned *ret)
{
	struct returned_claim claim = { 0 };
	int kind = 0;

	TRY(body_need_word(job, call->body, "kind", WORDS_MAIL_RETURN, &kind));
	TRY(json_need_str(job, call->body, "sent_from", MAILBOX_BYTES_MAX, &claim.address));
	TRY(status_read(job, call->body, claim.status));
	claim.complaint = kind == 2;
	return returned_say(job, call->vault, &claim, ret);
}

enum err
on_mail_return_post(struct job *job, struct call *call)
{
	enum returned returned = RETURNED_NOTHING;
	struct json_out *out;
	str message = S("");
	bool there;

	TRY(json_str(job, call->body, "message", LIMIT_STRING_BYTES, &message, &there));
	if (there)
		TRY(returned_mail(job, call->vault, str_bytes(message), &returned));
	else
		TRY(claim_read(job, call, &returned));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("outcome"), returned_name(returned));
	json_close(out, '}');
	return OK;
}
