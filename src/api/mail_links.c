/* api/mail_links.c -- the links that belong into a mail to a person, for who sends their mail themselves: one click
 * that stops (RFC 8058), and the page with their choices. */
#include "api/acts.h"
#include "audit/entry.h"
#include "vault/token.h"

static str
link_of(struct job *job, const struct registry *registry, const char *path, str token)
{
	OWNED(buf_release) struct buf text = { .max = 1024 };

	buf_put(&text, registry->look.origin);
	buf_put(&text, str_from_c(path));
	buf_put(&text, token);
	return arena_str(&job->arena, buf_str(&text));
}

static enum err
body_channel(struct job *job, const struct call *call, const struct purpose *purpose, enum channel *ret)
{
	int word = CHANNEL_EMAIL;

	TRY(body_word(job, call->body, "channel", WORDS_CHANNEL, &word, NULL));
	*ret = (enum channel)word;
	if (channel_address(*ret) == ADDRESS_NONE)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "channel"), "leads to no address");
	if (purpose && purpose->active && !(purpose->active->channels & CHANNEL_BIT(*ret)))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "channel"), "is not one of the purpose");
	return OK;
}

/* What is made here opens the person's choices to who has it: it leaves its entry first (I4). */
enum err
on_mail_links_post(struct job *job, struct call *call)
{
	const struct purpose *purpose = NULL;
	struct token_body body = { 0 };
	struct subject subject;
	struct json_out *out;
	enum address address;
	bool there;

	TRY(call_id(job, call, &call->object));
	TRY(call_registry(job, call));
	TRY(call_purpose(job, call, call->body, &purpose, &there));
	if (!there)
		TRY(call_may(job, call, 0));
	TRY(body_channel(job, call, purpose, &body.channel));
	if (!call->registry->look.origin.len)
		return fail(job, ERR_CONFLICT, "the setting public_origin does not say yet where links lead");
	TRY(subject_get(job, call->vault, call->object, &subject));
	address = channel_address(body.channel);
	if (!subject.tagged[address])
		return fail(job, ERR_CONFLICT, "the person has no address in that channel");
	TRY(entry_write(job, call->vault->store,
	                &(struct entry){ .act = ENTRY_LEDGER_READ, .subject = subject.no, .purpose = purpose ? purpose->no : 0 }, NULL));
	memcpy(body.digest, subject.tag[address], sizeof(body.digest));
	body.subject = subject.id;
	body.purpose = purpose ? purpose->no : 0;
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("one_click"), link_of(job, call->registry, "/u/", token_make(job, call->vault, TOKEN_STOP, &body)));
	/* The page is about every purpose: it is for who may write for every purpose to give it away. */
	json_name(out, S("preferences"));
	if (principal_has_all(&call->principal))
		json_put_str(out, link_of(job, call->registry, "/p/", token_make(job, call->vault, TOKEN_PREFERENCES, &body)));
	else
		json_put_null(out);
	json_close(out, '}');
	return OK;
}
