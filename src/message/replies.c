/* message/replies.c -- contract and A1-A2: see replies.h. */
#include "message/replies.h"

#include "base/limits.h"
#include "json/json.h"
#include "mail/mailbox.h"
#include "message/setup.h"

#define PAGE 100

struct carry_plan {
	const struct outbox_row *row;
	struct message_plan message;
};

static enum err
carry_steps(struct job *job, struct db *db, void *arg)
{
	struct carry_plan *plan = arg;

	TRY(outbox_carried_steps(job, db, plan->row));
	return message_steps(job, db, &plan->message);
}

struct reply {
	str channel, address, language, title, text;
};

static enum err
reply_read(struct job *job, str content, struct reply *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, content, &document, &root));
	TRY(json_need_str(job, root, "channel", 64, &ret->channel));
	TRY(json_need_str(job, root, "address", LIMIT_REPLY_ADDRESS_BYTES, &ret->address));
	TRY(json_need_str(job, root, "language", 64, &ret->language));
	TRY(json_need_str(job, root, "title", LIMIT_REPLY_TITLE_BYTES, &ret->title));
	return json_need_str(job, root, "text", LIMIT_REPLY_BYTES, &ret->text);
}

/* A1.  The address as it was written down by people. */
static bool
goes_by_mail(struct job *job, struct reply *reply)
{
	OWNED(buf_release) struct buf canonical = { .max = LIMIT_VALUE_BYTES };
	struct type_context context = { .now = job->now };
	const char *why = NULL;

	if (!str_eq(reply->channel, S("email")) || !type_parse(TYPE_EMAIL, &context, reply->address, &canonical, &why))
		return false;
	reply->address = arena_str(&job->arena, buf_str(&canonical));
	return mailbox_fits(reply->address);
}

static enum err
carry(struct job *job, struct vault *vault, const struct outbox_row *row, bool *ret_carried)
{
	struct carry_plan plan = { .row = row };
	struct reply reply = { 0 };
	str content;

	*ret_carried = false;
	TRY(outbox_open(job, vault, row, &content));
	TRY(reply_read(job, content, &reply));
	if (!goes_by_mail(job, &reply))
		return OK;
	TRY(message_plan(job, vault,
	                 &(struct message_new){
				 .kind = MESSAGE_REPLY, .language = reply.language, .address = reply.address, .subject = row->subject,
				 .value = (const struct message_value[]){ { .name = S("title"), .text = reply.title },
	                                                                  { .name = S("text"), .text = reply.text } },
				 .value_count = 2 },
	                 &plan.message));
	TRY(store_write(job, vault->store, WRITE_ORDINARY, carry_steps, &plan));
	*ret_carried = true;
	return OK;
}

/* What cannot be opened is outbox_expire()'s to say; what a program took is the program's. */
static enum err
carry_page(struct job *job, struct vault *vault, const struct outbox_row *row, size_t count, uint64_t *carried)
{
	for (size_t i = 0; i < count; i++) {
		bool done = false;
		enum err err = carry(job, vault, &row[i], &done);
		if (err && err != ERR_GONE && err != ERR_CRYPTO && err != ERR_STALE && err != ERR_CONFLICT)
			return err;
		job_forgive(job);
		*carried += done;
	}
	return OK;
}

enum err
replies_carry(struct job *job, struct vault *vault, uint64_t *ret_count)
{
	struct outbox_row *row;
	struct setup setup;
	int64_t after = 0;
	size_t count;
	bool on;

	*ret_count = 0;
	TRY(outbox_replies(job, 0, 1, &row, &count));
	if (!count)
		return OK;
	TRY(setup_get(job, vault, &setup));
	TRY(delivery_is_on(job, vault, &on));
	if (!on || !setup_ready(&setup) || !setup.replies)
		return OK;
	do {
		TRY(outbox_replies(job, after, PAGE, &row, &count));
		TRY(carry_page(job, vault, row, count, ret_count));
		after = count ? row[count - 1].no : after;
	} while (count == PAGE);
	return OK;
}
