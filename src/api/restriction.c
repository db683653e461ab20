/* api/restriction.c -- processing restricted to keeping (Article 18), that the person was told, the lifting,
 * and uses under an exception. */
#include "api/acts.h"

#include "base/limits.h"
#include "vault/restrict.h"

/* --- restricting ------------------------------------------------------------------------------ */

static enum err
reason_read(struct job *job, struct json body, enum restriction_reason *ret, bool *ret_there)
{
	int reason = RESTRICTION_NONE;

	TRY(body_word(job, body, "reason", WORDS_RESTRICTION_REASON, &reason, ret_there));
	*ret = (enum restriction_reason)reason;
	return OK;
}

/* u8 reason, and the fields; none: the whole person. */
static enum err
restriction_detail(struct job *job, const struct registry *registry, struct json body,
                   enum restriction_reason reason, bytes *ret)
{
	OWNED(buf_release) struct buf detail = { .max = 1 + 2 * LIMIT_VALUES };
	bytes fields;

	TRY(fields_read(job, registry, body, false, &fields));
	buf_u8(&detail, (uint8_t)reason);
	buf_data(&detail, fields);
	*ret = arena_bytes(&job->arena, buf_bytes(&detail));
	return OK;
}

/* How long it keeps what nothing else covers; the restriction itself ends when it is lifted. */
static enum err
until_read(struct job *job, struct json body, enum restriction_reason reason, time_us *ret)
{
	bool there;

	*ret = TIME_NEVER;
	TRY(json_time(job, body, "until", ret, &there));
	if (there && !restriction_keeps(reason))
		return json_fail(job, ERR_INVALID, json_member(job, body, "until"),
		                 "is for the reasons that keep values: unlawful and claims");
	if (*ret <= job->now)
		return json_fail(job, ERR_INVALID, json_member(job, body, "until"), "is past");
	return OK;
}

static enum err
restricted_read(struct job *job, const struct change *change, struct json body, struct act_new *act)
{
	int method = METHOD_API_CALL;
	bool there;
	str note = S("");
	enum restriction_reason reason;

	TRY(reason_read(job, body, &reason, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, body, "reason"), "is required");
	*act = (struct act_new){ .act = ACT_RESTRICTED, .at = job->now };
	TRY(body_word(job, body, "method", WORDS_METHOD, &method, NULL));
	act->method = (enum act_method)method;
	TRY(until_read(job, body, reason, &act->until_at));
	TRY(json_str(job, body, "note", 2000, &note, NULL));
	if (note.len)
		act->evidence = one_member(job, S("note"), note);
	return restriction_detail(job, change->registry, body, reason, &act->detail);
}

static enum err
restricted_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));

	TRY(restricted_read(job, change, append->body, act));
	return append_acts(job, change, append, act, 1);
}

/* --- telling and lifting ---------------------------------------------------------------------- */

static enum err
telling_read(struct job *job, struct json body, struct telling *ret)
{
	int how = METHOD_NONE_;

	ret->at = TIME_NEVER;
	TRY(json_time(job, body, "told_at", &ret->at, NULL));
	TRY(body_word(job, body, "told_how", WORDS_METHOD, &how, NULL));
	ret->how = (enum act_method)how;
	return OK;
}

static enum err
lifting_read(struct job *job, struct json body, struct lifting *ret)
{
	bool by_reason, by_seq;

	*ret = (struct lifting){ 0 };
	TRY(json_i64(job, body, "seq", 1, INT64_MAX, &ret->seq, &by_seq));
	TRY(reason_read(job, body, &ret->reason, &by_reason));
	if (by_seq == by_reason)
		return json_fail(job, ERR_INVALID, json_member(job, body, "reason"),
		                 "names the restrictions that are meant; or seq, one of them");
	return telling_read(job, body, &ret->telling);
}

static enum err
lifted_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	const struct standing *standing = &change->subject.standing;
	struct append *append = ctx;
	struct act_new *act = arena_array(&job->arena, standing->restriction_count + 1, sizeof(*act));
	struct lifting lifting;
	size_t count;

	TRY(lifting_read(job, append->body, &lifting));
	TRY(lifting_acts(job, standing, &lifting, act, &count));
	return append_acts(job, change, append, act, count);
}

static enum err
told_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	struct telling telling;
	int64_t seq = 0;

	TRY(json_i64(job, append->body, "seq", 1, INT64_MAX, &seq, NULL));
	TRY(telling_read(job, append->body, &telling));
	TRY(telling_act(job, &change->subject.standing, seq, &telling, act));
	return append_acts(job, change, append, act, 1);
}

static enum err
restriction_read(struct job *job, struct call *call, struct append *ret)
{
	int word = 0;

	TRY(append_read(job, call, ret));
	TRY(body_need_word(job, call->body, "act", WORDS_RESTRICTION_ACT, &word));
	ret->act = (enum act)word;
	ret->right = RIGHT_RESTRICTION;
	if (ret->act != ACT_RESTRICTED && json_kind(json_member(job, call->body, "request")) != JSON_ABSENT)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "request"),
		                 "asked for the restriction; this does not answer it");
	TRY(scope_for(job, ret));
	return whole_person(job, ret);
}

enum err
on_restriction_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(restriction_read(job, call, &append));
	if (append.act == ACT_RESTRICTED)
		return append_do(job, &append, restricted_fill);
	return append_do(job, &append, append.act == ACT_TOLD ? told_fill : lifted_fill);
}

/* --- uses under an exception ------------------------------------------------------------------ */

static enum err
exception_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	uint8_t *exception = arena_alloc(&job->arena, 1);
	int word = 0;
	str why;

	if (!change->subject.standing.restriction_count && !change->subject.standing.restricted)
		return fail(job, ERR_CONFLICT, "nothing of this person is restricted: read it for its purpose");
	TRY(body_need_word(job, append->body, "exception", WORDS_EXCEPTION, &word));
	TRY(json_need_str(job, append->body, "justification", 2000, &why));
	if (!str_trim(why).len)
		return json_fail(job, ERR_INVALID, json_member(job, append->body, "justification"), "is empty");
	*exception = (uint8_t)word;
	*act = (struct act_new){ .act = ACT_EXCEPTED, .at = job->now, .until_at = TIME_NEVER,
		                 .method = METHOD_STAFF, .detail = { exception, 1 },
		                 .evidence = one_member(job, S("justification"), why) };
	return append_acts(job, change, append, act, 1);
}

/* First the act, which says who used it and why, then the values: no use without its record (I4). */
enum err
on_restricted_use_post(struct job *job, struct call *call)
{
	struct change_result result;
	struct append append;
	struct subject subject;
	struct value *value;
	size_t count;

	TRY(whole_read(job, call, &append));
	TRY(subject_change(job, call->vault, call->object, exception_fill, &append, &result));
	TRY(subject_read_excepted(job, call->vault, call->object, append.purpose,
	                          &(struct viewer){ .who = &call->principal }, &subject, &value, &count));
	subject_write(job, call, append.purpose, &subject, value, count);
	return OK;
}
