/* main/sweeper.c -- contract: sweeper.h. */
#include "main/sweeper.h"

#include <stdatomic.h>

#include "backup/backup.h"
#include "main/log.h"
#include "main/rounds.h"
#include "rights/chores.h"
#include "signup/signup.h"
#include "vault/sweep.h"

#define SWEEP_SECONDS 60
#define SWEEP_BATCH 200
#define REMIND_SECONDS 3600 /* that the clock is not believed is logged so often */

struct sweeper {
	struct vault *vault;
	struct rounds *rounds;
	const _Atomic bool *stopping; /* of the round */
	enum clock_state said; /* of the clock, in the log; CLOCK_TRUSTED: nothing */
	int64_t said_us;
	int64_t overdue_us;    /* when it was last said that keys of backups are overdue; 0: not */
};

/* --- the clock -------------------------------------------------------------------------------- */

static void
clock_say(struct sweeper *sweeper, const struct clock_view *view)
{
	int64_t now_us = os_monotonic_us();
	bool again = now_us - sweeper->said_us >= REMIND_SECONDS * TIME_SECOND;
	const char *why = view->state == CLOCK_AHEAD
	                          ? "the clock is ahead of the time that has passed; if it is right, say so: valv clock accept"
	                          : "the machine was restarted and its clock is not synchronised; if it is right, say so: valv clock accept";

	if (view->state == sweeper->said && !(view->state != CLOCK_TRUSTED && again))
		return;
	sweeper->said = view->state;
	sweeper->said_us = now_us;
	if (view->state == CLOCK_TRUSTED)
		log_info("clock", "state=trusted why=\"it agrees again, and the sweep goes on\"");
	else
		log_warning("clock", "state=%.*s ahead_seconds=%lld why=\"nothing is erased by time: %s\"",
		            SPRINT(clock_state_name(view->state)),
		            (long long)(view->ahead_us / TIME_SECOND), why);
}

/* A batch goes by one reading of a clock that is believed, or does not begin (K2). */
static bool
clock_ready(struct sweeper *sweeper, struct job *job)
{
	struct clock_view view;
	enum err err = clock_look(job, sweeper->vault, &view);

	if (err) {
		log_failure("clock", err, &job->failure);
		job_forgive(job);
		return false;
	}
	clock_say(sweeper, &view);
	job->now = view.now;
	return view.state == CLOCK_TRUSTED;
}

/* --- one round -------------------------------------------------------------------------------- */

/* One batch with a clock reading and memory of its own.  A failure ends the round; the next one
 * begins again where this one stands (T2). */
static bool
sweep_batch(struct sweeper *sweeper, struct job *job, struct sweep_round *round,
            struct sweep_result *result)
{
	enum err err;

	*result = (struct sweep_result){ 0 };
	if (!clock_ready(sweeper, job))
		return false;
	err = sweep(job, sweeper->vault, SWEEP_BATCH, round, result);
	if (err)
		log_failure("sweep", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
	return err == OK;
}

static void
chores(struct sweeper *sweeper, struct job *job)
{
	uint64_t count;
	enum err err = chores_run(job, sweeper->vault, sweeper->stopping, &count);

	if (err)
		log_failure("chores", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
	err = signup_expire(job, sweeper->vault);
	if (err)
		log_failure("sign-ups", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
}

/* A place that is not there is asked for again each hour, until it is, or is forgotten. */
static void
backups(struct sweeper *sweeper, struct job *job)
{
	int64_t now_us = os_monotonic_us();
	struct backup_pruned pruned;
	enum err err;

	if (!clock_ready(sweeper, job))
		return;
	err = backup_prune(job, sweeper->vault, &pruned);
	if (err)
		log_failure("backup", err, &job->failure);
	if (pruned.destroyed)
		log_info("backup", "key_backups_destroyed=%llu", (unsigned long long)pruned.destroyed);
	if (!pruned.overdue)
		sweeper->overdue_us = 0;
	else if (!sweeper->overdue_us || now_us - sweeper->overdue_us >= REMIND_SECONDS * TIME_SECOND) {
		sweeper->overdue_us = now_us;
		log_warning("backup", "places=%llu why=\"keys of backups should be destroyed by now, and where they lie is not there: valv backup list\"",
		            (unsigned long long)pruned.overdue);
	}
	job_forgive(job);
	arena_reset(&job->arena);
}

static void
sweeper_round(struct job *job, const _Atomic bool *stopping, void *ctx)
{
	struct sweeper *sweeper = ctx;
	struct swept *swept = &sweeper->vault->swept;
	struct sweep_round round = { 0 };
	struct sweep_result result;
	uint64_t persons = 0, values = 0, failed = 0;

	sweeper->stopping = stopping;
	do {
		if (!sweep_batch(sweeper, job, &round, &result))
			return;
		persons += result.persons;
		values += result.values_gone;
		failed += result.failed;
		atomic_fetch_add(&swept->persons, result.persons);
		atomic_fetch_add(&swept->values, result.values_gone);
	} while (result.more && !atomic_load(sweeper->stopping));
	atomic_store(&swept->failed, failed);
	atomic_store(&swept->at, job->now);
	if (persons)
		log_info("sweep", "persons=%llu values_erased=%llu failed=%llu", (unsigned long long)persons,
		         (unsigned long long)values, (unsigned long long)failed);
	if (!atomic_load(sweeper->stopping))
		chores(sweeper, job);
	if (!atomic_load(sweeper->stopping))
		backups(sweeper, job);
}

enum err
sweeper_start(struct job *job, struct vault *vault, struct sweeper **ret)
{
	struct sweeper *sweeper = calloc(1, sizeof(*sweeper));
	enum err err;

	must(sweeper);
	*sweeper = (struct sweeper){ .vault = vault, .said = CLOCK_TRUSTED };
	err = rounds_start(job, &(struct rounds_config){ .store = vault->store, .round = sweeper_round, .ctx = sweeper,
	                                                 .rest_seconds = SWEEP_SECONDS },
	                   &sweeper->rounds);
	if (err)
		free(sweeper);
	else
		*ret = sweeper;
	return err;
}

void
sweeper_stop(struct sweeper **at)
{
	struct sweeper *sweeper = *at;

	if (!sweeper)
		return;
	rounds_stop(&sweeper->rounds);
	free(sweeper);
	*at = NULL;
}
