/* main/sweeper.c -- contract: sweeper.h. */
#include "main/sweeper.h"

#include <stdatomic.h>

#include "main/log.h"
#include "os/clock.h"
#include "rights/link.h"
#include "vault/outbox.h"
#include "vault/sweep.h"

#define SWEEP_SECONDS 60
#define SWEEP_BATCH 200

struct sweeper {
	struct vault *vault;
	struct db *db;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	_Atomic bool stopping;
};

/* One batch with a clock reading and memory of its own.  A failure ends the round; the next one
 * begins again where this one stands (T2). */
static bool
sweep_batch(struct sweeper *sweeper, struct job *job, struct sweep_result *result)
{
	enum err err;

	job->now = os_now();
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	job->db = sweeper->db;
	*result = (struct sweep_result){ 0 };
	err = sweep(job, sweeper->vault, SWEEP_BATCH, false, result);
	if (err)
		log_failure("sweep", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
	return err == OK;
}

/* What was not sent in its life, and the keys that sealed it. */
static void
outbox_round(struct sweeper *sweeper, struct job *job)
{
	enum err err;

	job->now = os_now();
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	job->db = sweeper->db;
	err = outbox_expire(job, sweeper->vault);
	if (err)
		log_failure("outbox", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
}

/* Packages that nobody fetched in time. */
static void
links_round(struct sweeper *sweeper, struct job *job)
{
	uint64_t gone = SWEEP_BATCH;

	while (gone == SWEEP_BATCH && !atomic_load(&sweeper->stopping)) {
		enum err err;
		job->now = os_now();
		job->db = sweeper->db;
		err = links_sweep(job, sweeper->vault, SWEEP_BATCH, &gone);
		if (err) {
			log_failure("sweep", err, &job->failure);
			gone = 0;
		}
		job_forgive(job);
		arena_reset(&job->arena);
	}
}

static void
sweep_round(struct sweeper *sweeper, struct job *job)
{
	struct sweep_result result;
	uint64_t persons = 0, values = 0, failed = 0;

	do {
		if (!sweep_batch(sweeper, job, &result))
			break;
		persons += result.persons;
		values += result.values_gone;
		failed += result.failed;
	} while (result.more && !atomic_load(&sweeper->stopping));
	if (persons)
		log_info("sweep", "persons=%llu values_erased=%llu failed=%llu", (unsigned long long)persons,
		         (unsigned long long)values, (unsigned long long)failed);
}

static void
wait_a_minute(struct sweeper *sweeper)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SWEEP_SECONDS;
	pthread_mutex_lock(&sweeper->mutex);
	while (!atomic_load(&sweeper->stopping) &&
	       pthread_cond_timedwait(&sweeper->wake, &sweeper->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&sweeper->mutex);
}

static void *
sweeper_main(void *arg)
{
	OWNED(job_release) struct job job = { 0 };
	struct sweeper *sweeper = arg;

	while (!atomic_load(&sweeper->stopping)) {
		sweep_round(sweeper, &job);
		links_round(sweeper, &job);
		outbox_round(sweeper, &job);
		wait_a_minute(sweeper);
	}
	return NULL;
}

enum err
sweeper_start(struct job *job, struct vault *vault, struct sweeper **ret)
{
	struct sweeper *sweeper = calloc(1, sizeof(*sweeper));
	pthread_condattr_t monotonic;
	enum err err;

	must(sweeper);
	sweeper->vault = vault;
	err = store_reader(job, vault->store, &sweeper->db);
	if (err) {
		free(sweeper);
		return err;
	}
	pthread_mutex_init(&sweeper->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sweeper->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&sweeper->thread, NULL, sweeper_main, sweeper) == 0);
	*ret = sweeper;
	return OK;
}

void
sweeper_stop(struct sweeper **at)
{
	struct sweeper *sweeper = *at;

	if (!sweeper)
		return;
	pthread_mutex_lock(&sweeper->mutex);
	atomic_store(&sweeper->stopping, true);
	pthread_cond_signal(&sweeper->wake);
	pthread_mutex_unlock(&sweeper->mutex);
	pthread_join(sweeper->thread, NULL);
	reader_end(&sweeper->db);
	pthread_cond_destroy(&sweeper->wake);
	pthread_mutex_destroy(&sweeper->mutex);
	free(sweeper);
	*at = NULL;
}
