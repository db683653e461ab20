/* rights/request_reply.c -- the answer that closes a request leaves through the outbox, in the transaction
 * that closes it: sealed under the key of the day and no longer under the request's own, so that it
 * goes out though the person is erased the next minute, and is gone after OUTBOX_DAYS all the same. */
#include "rights/letter.h"
#include "rights/request_parts.h"

#include "base/limits.h"

str
request_reply_channel(str address)
{
	size_t at;
	bool mail = str_find(address, S("@"), &at) && !str_find(address, S("\n"), &at);

	return mail ? S("email") : S("post");
}

static enum err
setting_text(struct job *job, struct vault *vault, str name, str *ret)
{
	bool there;

	TRY(setting_get(job, vault, name, ret, &there));
	if (!there)
		*ret = S("");
	return OK;
}

static enum letter_kind
letter_of(enum request_state state)
{
	return state == REQUEST_FULFILLED ? LETTER_FULFILLED :
	       state == REQUEST_PARTLY_FULFILLED ? LETTER_PARTLY :
	       state == REQUEST_REFUSED ? LETTER_REFUSAL : LETTER_NONE;
}

/* Who approves a refusal writes to colleagues: only the reason is told then. */
static str
words_told(const struct acting *acting)
{
	bool approval = acting->event == EVENT_REFUSED && !acting->act->code;

	return approval ? S("") : acting->words;
}

static enum err
letter_make(struct job *job, const struct acting *acting, struct letter *ret)
{
	*ret = (struct letter){
		.kind = letter_of(acting->after.state), .swedish = str_eq(acting->after.language, S("sv")),
		.request = &acting->after, .reason = acting->after.reason, .words = words_told(acting),
	};
	if (!ret->kind)
		return fail_at(job, ERR_INVALID, S("/reply"), "goes with what answers the request, and this does not");
	TRY(setting_text(job, acting->vault, S("company"), &ret->company));
	TRY(setting_text(job, acting->vault, S("contact"), &ret->contact));
	return setting_text(job, acting->vault, S("dpo"), &ret->dpo);
}

static enum err
address_open(struct job *job, const struct acting *acting, str *ret)
{
	struct request_step *step;
	size_t count;

	*ret = S("");
	if (acting->before.sealed)
		TRY(request_open_all(job, acting->vault, &acting->before, ret, &step, &count));
	if (!ret->len)
		return fail_at(job, ERR_INVALID, S("/reply"), "the request says no address for its answer, or it is forgotten");
	return OK;
}

enum err
request_reply_plan(struct job *job, const struct acting *acting, struct outbox_plan *plan)
{
	OWNED(buf_release) struct buf title = { .max = 400 }, text = { .max = 2 * LIMIT_MESSAGE_BYTES };
	const struct request_row *after = &acting->after;
	struct letter letter;
	str address;

	TRY(letter_make(job, acting, &letter));
	TRY(address_open(job, acting, &address));
	letter_write(&letter, &title, &text);
	if (!buf_ok(&title) || !buf_ok(&text))
		return fail_at(job, ERR_LIMIT, S("/words"), "limit_reply_bytes");
	return outbox_plan_reply(job, acting->vault, after->subject > 0 ? after->subject : 0,
	                         &(struct outbox_reply){
					 .channel = request_reply_channel(address), .address = address,
					 .language = letter.swedish ? S("sv") : S("en"), .title = buf_str(&title),
					 .text = buf_str(&text), .request = after->id },
	                         plan);
}
