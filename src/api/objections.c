/* api/objections.c -- the person's stop (Article 21), contests of decisions by a machine (Article 22), and
 * what somebody decided about them. */
#include "api/acts.h"

#include "base/limits.h"
#include "vault/restrict.h"

/* --- objecting -------------------------------------------------------------------------------- */

/* What shows it: the letter, a note of the call.  Sealed, and kept as long as the person's ledger (IMY
 * DI-2020-10545: who cannot find the objection again cannot show that it was heeded). */
static enum err
evidence_read(struct job *job, struct json body, struct act_new *act)
{
	struct json evidence = json_member(job, body, "evidence");

	if (json_kind(evidence) == JSON_ABSENT || json_kind(evidence) == JSON_NULL)
		return OK;
	if (json_kind(evidence) != JSON_OBJECT)
		return json_fail(job, ERR_INVALID, evidence, "must be an object");
	return json_canonical(job, evidence, LIMIT_EVIDENCE_BYTES, &act->evidence);
}

static enum err
objection_read(struct job *job, const struct append *append, struct act_new *act)
{
	int method = METHOD_API_CALL;

	TRY(act_times(job, append->body, act));
	TRY(body_word(job, append->body, "method", WORDS_METHOD, &method, NULL));
	act->method = (enum act_method)method;
	TRY(evidence_read(job, append->body, act));
	TRY(act_channels(job, append->body, act));
	if (!act->channels)
		act->channels = CHANNELS_ALL;
	return OK;
}

static enum err
objection_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	const struct purpose *purpose = purpose_in(change, append);

	act->act = append->act;
	act->version = purpose ? version_lowered(change, purpose) : NULL;
	if (purpose && !act->version)
		return json_fail(job, ERR_PURPOSE_INACTIVE,
		                 json_member(job, append->body, "purpose"),
		                 "the purpose was never in force");
	TRY(append_acts(job, change, append, act, 1));
	return objection_read(job, append, act);
}

static enum err
objections_read(struct job *job, struct call *call, struct append *ret)
{
	bool automated = false;

	TRY(whole_read(job, call, ret));
	TRY(json_bool(job, call->body, "automated", &automated, NULL));
	ret->act = automated ? ACT_CONTESTED : ACT_OBJECTED;
	ret->right = automated ? RIGHT_HUMAN : RIGHT_OBJECTION;
	if (automated && !ret->purpose)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "purpose"),
		                 "names the purpose whose decisions are contested");
	return OK;
}

/*= gdpr 21(2)
 *# The data subject shall have the right to object at any time to processing of personal data
 *# concerning him or her for direct marketing. */
enum err
on_objections_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(objections_read(job, call, &append));
	return append_do(job, &append, objection_fill);
}

/* --- ruling ----------------------------------------------------------------------------------- */

static enum err
ruling_read(struct job *job, const struct append *append, struct ruling_ask *ret)
{
	int ruling = 0, how = METHOD_NONE_;

	*ret = (struct ruling_ask){ .seq = append->seq, .telling.at = TIME_NEVER };
	TRY(body_need_word(job, append->body, "ruling", WORDS_RULING, &ruling));
	TRY(json_str(job, append->body, "grounds", 4000, &ret->grounds, NULL));
	TRY(json_str(job, append->body, "decided_by", 200, &ret->decided_by, NULL));
	TRY(json_time(job, append->body, "told_at", &ret->telling.at, NULL));
	TRY(body_word(job, append->body, "told_how", WORDS_METHOD, &how, NULL));
	ret->ruling = (enum ruling)ruling;
	ret->telling.how = (enum act_method)how;
	return OK;
}

static enum err
ruling_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	const struct objection *objection;
	struct ruling_ask ask;

	TRY(ruling_read(job, append, &ask));
	TRY(ruling_act(job, change->registry, &change->subject.standing, &ask, act));
	objection = standing_objection(&change->subject.standing, ask.seq);
	append->right = objection && objection->automated ? RIGHT_HUMAN : RIGHT_OBJECTION;
	TRY(append_acts(job, change, append, act, 1));
	return call_may(job, append->call, act->version->purpose);
}

enum err
on_ruling_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(append_read(job, call, &append));
	if (!str_i64(call->param[1], &append.seq))
		return fail(job, ERR_ABSENT, "the person has no such objection");
	return append_do(job, &append, ruling_fill);
}
