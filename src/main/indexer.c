/* main/indexer.c -- contract: indexer.h. */
#include "main/indexer.h"

#include <pthread.h>
#include <stdatomic.h>

#include "audit/forget.h"
#include "audit/index.h"
#include "main/log.h"
#include "os/clock.h"

#define LOOK_SECONDS 1

struct indexer {
	struct store *store;
	struct db *db;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	_Atomic bool stopping;
};

static enum err
index_step(struct job *job, struct store *store, bool *ret_more)
{
	return entry_index_step(job, store, &ENTRY_INDEX, ret_more);
}

/* A failure ends the round; the next begins where this one stands. */
static void
round_run(struct indexer *indexer, struct job *job, enum err (*step)(struct job *, struct store *, bool *))
{
	bool more = true;
	enum err err;

	while (more && !atomic_load(&indexer->stopping)) {
		job->now = os_now();
		err = step(job, indexer->store, &more);
		if (err) {
			log_failure("index", err, &job->failure);
			more = false;
		}
		job_forgive(job);
		arena_reset(&job->arena);
	}
}

static void
wait_a_little(struct indexer *indexer)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_SECONDS;
	pthread_mutex_lock(&indexer->mutex);
	while (!atomic_load(&indexer->stopping) &&
	       pthread_cond_timedwait(&indexer->wake, &indexer->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&indexer->mutex);
}

static void *
indexer_main(void *arg)
{
	OWNED(job_release) struct job job = { .actor = { .kind = ACTOR_SYSTEM } };
	struct indexer *indexer = arg;

	job.db = indexer->db;
	while (!atomic_load(&indexer->stopping)) {
		round_run(indexer, &job, entry_unlink_step);
		round_run(indexer, &job, index_step);
		wait_a_little(indexer);
	}
	return NULL;
}

enum err
indexer_start(struct job *job, struct store *store, struct indexer **ret)
{
	struct indexer *indexer = calloc(1, sizeof(*indexer));
	pthread_condattr_t monotonic;
	enum err err;

	must(indexer);
	indexer->store = store;
	err = store_reader(job, store, &indexer->db);
	if (err) {
		free(indexer);
		return err;
	}
	pthread_mutex_init(&indexer->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&indexer->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&indexer->thread, NULL, indexer_main, indexer) == 0);
	*ret = indexer;
	return OK;
}

void
indexer_stop(struct indexer **at)
{
	struct indexer *indexer = *at;

	if (!indexer)
		return;
	pthread_mutex_lock(&indexer->mutex);
	atomic_store(&indexer->stopping, true);
	pthread_cond_signal(&indexer->wake);
	pthread_mutex_unlock(&indexer->mutex);
	pthread_join(indexer->thread, NULL);
	reader_end(&indexer->db);
	pthread_cond_destroy(&indexer->wake);
	pthread_mutex_destroy(&indexer->mutex);
	free(indexer);
	*at = NULL;
}
