/* api/answering.c -- a change to a person that answers a request of the register. */
#include "api/answering.h"

enum err
answering_meant(struct job *job, struct call *call, enum right right, int64_t subject, struct request_row *ret,
                bool *ret_meant)
{
	uid id;

	TRY(json_uid(job, call->body, "request", &id, ret_meant));
	if (!*ret_meant)
		return OK;
	if (!principal_holds(&call->principal, SCOPE_RIGHTS)) /* as for any other step of a request */
		return fail(job, ERR_DENIED, "a scope is lacking that this needs");
	TRY(call_may(job, call, 0));
	return request_meant(job, id, subject, right, ret);
}

enum err
answering_read(struct job *job, struct call *call, enum right right, const struct change *change,
               struct answering *ret)
{
	*ret = (struct answering){ .call = call };
	return answering_meant(job, call, right, change->subject.no, &ret->request, &ret->meant);
}

static enum err
answering_steps(struct job *job, struct db *db, void *ctx)
{
	struct answering *answering = ctx;

	if (answering->call->idempotency.given)
		TRY(idempotency_put(job, db, &answering->call->idempotency));
	if (answering->meant)
		TRY(request_done_steps(job, db, &answering->request, answering->done.entry));
	return OK;
}

void
answering_set(struct change *change, struct answering *answering)
{
	if (!answering->meant && !answering->call->idempotency.given)
		return;
	change->extra = answering_steps;
	change->extra_ctx = answering;
	if (answering->meant)
		change->done = &answering->done;
}
