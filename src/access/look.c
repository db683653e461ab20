/* access/look.c -- contract: look.h. */
#include "access/look.h"

#include "access/alert.h"
#include "access/policy.h"
#include "audit/entry.h"

static int64_t
hour_of(time_us at)
{
	return at / (3600 * TIME_SECOND);
}

static enum err
distinct(struct job *job, struct db *db, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_LOOK_COUNT, ARGS(sql_i64(job->actor.staff), sql_i64(hour_of(job->now))), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

enum err
look_steps(struct job *job, struct db *db, int64_t subject)
{
	struct look_facts facts = { .fresh = job->actor.fresh };

	if (!job->actor.staff)
		return OK;
	TRY(access_setting(job, db, S(SETTING_LOOKS_STEP_UP), LOOKS_STEP_UP, &facts.step_up_at));
	TRY(access_setting(job, db, S(SETTING_LOOKS_BLOCK), LOOKS_BLOCK, &facts.block_at));
	TRY(db_run(job, db, SQL_LOOK_PUT,
	           ARGS(sql_i64(job->actor.staff), sql_i64(hour_of(job->now)), sql_i64(subject)), NULL));
	TRY(distinct(job, db, &facts.distinct));
	switch (policy_look(&facts)) {
	case VERDICT_ALLOWED:
		return OK;
	case VERDICT_STEP_UP:
		return fail(job, ERR_STEP_UP, "so many persons in an hour take a fresh sign-in");
	default:
		return fail(job, ERR_BUDGET, "nobody looks at more persons in an hour");
	}
}

/* --- when it was refused ---------------------------------------------------------------------- */

static enum err
alerted(struct job *job, struct db *db, bool *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_ALERT_SINCE,
	             ARGS(sql_i64(ALERT_LOOKS), sql_i64(job->actor.staff),
	                  sql_i64(hour_of(job->now) * 3600 * TIME_SECOND)),
	             &rows));
	return rows_next(job, &rows, ret);
}

static enum err
refused_steps(struct job *job, struct db *db, void *arg)
{
	const enum err *err = arg;
	int64_t seq;
	bool before;

	TRY(entry_append(job, db,
	                 &(struct entry){ .act = *err == ERR_BUDGET ? ENTRY_LOOK_BLOCK : ENTRY_LOOK_STEP_UP, .outcome = *err },
	                 &seq));
	if (*err != ERR_BUDGET)
		return OK;
	TRY(alerted(job, db, &before));
	return before ? OK : alert_raise(job, db, ALERT_LOOKS, job->actor.staff, seq);
}

enum err
look_refused(struct job *job, struct store *store, enum err err)
{
	return store_write(job, store, WRITE_ORDINARY, refused_steps, &err);
}

/* --- forgetting ------------------------------------------------------------------------------- */

struct forget_plan {
	size_t max;
	int64_t count;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_LOOK_FORGET, ARGS(sql_i64(hour_of(job->now)), sql_i64((int64_t)plan->max)),
	              &plan->count);
}

enum err
look_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count)
{
	struct forget_plan plan = { .max = max };

	TRY(store_write(job, store, WRITE_ONE, forget_steps, &plan));
	*ret_count = (uint64_t)plan.count;
	return OK;
}
