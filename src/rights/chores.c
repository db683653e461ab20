/* rights/chores.c -- the list; contract: chores.h. */
#include "rights/chores.h"

#include <stdatomic.h>

#include "access/idempotency.h"
#include "access/invitation.h"
#include "access/look.h"
#include "access/session.h"
#include "access/throttle.h"
#include "audit/forget.h"
#include "message/message.h"
#include "rights/link.h"
#include "rights/request.h"
#include "vault/bulk.h"
#include "vault/decide.h"
#include "vault/outbox.h"
#include "vault/subject.h"

#define STEP 500
#define YEAR_DAYS 366 /* rather a day longer */

static enum err
idempotency_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	return idempotency_forget(job, vault->store, max, ret_count);
}

static enum err
looks_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	return look_forget(job, vault->store, max, ret_count);
}

static enum err
sessions_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	return session_forget(job, vault->store, max, ret_count);
}

static enum err
attempts_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	return attempts_forget(job, vault->store, max, ret_count);
}

static enum err
invitations_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	return invitations_forget(job, vault->store, max, ret_count);
}

/* Without the setting the log is kept for good: it is not shortened without a written period. */
static enum err
log_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	int64_t years = 0;
	bool there;
	str text;

	*ret_count = 0;
	TRY(setting_get(job, vault, S("audit_years"), &text, &there));
	if (!there || !str_i64(text, &years) || years < 1)
		return OK;
	return entries_forget(job, vault->store, job->now - years * YEAR_DAYS * TIME_DAY, max, ret_count);
}

static enum err
messages_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	return message_expire(job, vault, max, ret_count);
}

/* All at once: what waits to be sent is never much. */
static enum err
outbox_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	*ret_count = 0;
	return outbox_expire(job, vault);
}

/* Beside each: what it clears, and when that is over.  API keys that have expired stay: the audit log
 * names them. */
static chore_step *const chores[] = {
	idempotency_step, /* replays of writes: a day after the first */
	budget_forget,    /* lookups by value counted: when the hour is over */
	contacts_forget,  /* contacts counted for a frequency cap: when its period is over */
	bulk_sweep,       /* links to exports that nobody used in time */
	links_sweep,      /* packages that nobody fetched in time */
	requests_sweep,   /* what was written in closed requests, and later their rows */
	looks_step,       /* who looked at whom in the hours before */
	sessions_step,    /* sessions whose end has come */
	attempts_step,    /* names and addresses that nobody tries to sign in with any more */
	invitations_step, /* links that nobody used in time */
	log_step,         /* audit entries: years after they were made (setting audit_years) */
	messages_step,    /* messages that are too late; before the keys that sealed them go */
	outbox_step,      /* what was not sent in its life, and the keys that sealed it */
};

static enum err
chore_run(struct job *job, struct vault *vault, chore_step *step, const _Atomic bool *stopping,
          uint64_t *count)
{
	uint64_t gone;

	do {
		gone = 0;
		TRY(step(job, vault, STEP, &gone));
		*count += gone;
	} while (gone >= STEP && !(stopping && atomic_load(stopping)));
	return OK;
}

enum err
chores_run(struct job *job, struct vault *vault, const _Atomic bool *stopping, uint64_t *ret_count)
{
	enum err first = OK, err;

	*ret_count = 0;
	for (size_t i = 0; i < COUNT(chores) && !(stopping && atomic_load(stopping)); i++) {
		err = chore_run(job, vault, chores[i], stopping, ret_count);
		if (err && !first)
			first = err;
	}
	return first;
}
