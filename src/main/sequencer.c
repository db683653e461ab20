/* main/sequencer.c -- contract: sequencer.h. */
#include "main/sequencer.h"

#include <pthread.h>
#include <stdatomic.h>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/tree.h"
#include "main/log.h"
#include "os/clock.h"

#define LOOK_SECONDS 1
#define NICE 10

struct sequencer {
	struct vault *vault;
	struct db *db;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	_Atomic bool stopping;
};

/* A failure ends the round; the next begins where this one stands. */
static void
round_run(struct sequencer *sequencer, struct job *job)
{
	struct vault *vault = sequencer->vault;
	bool more = true;
	enum err err;

	while (more && !atomic_load(&sequencer->stopping)) {
		job->now = os_now();
		err = tree_step(job, vault->store, vault->keys, &TREE_BATCH, &more);
		if (err) {
			log_failure("audit tree", err, &job->failure);
			more = false;
		}
		job_forgive(job);
		arena_reset(&job->arena);
	}
}

/* Whoever waits for an answer comes first: where there is no time left, the tree lags behind. */
static void
step_back(void)
{
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
}

static void
wait_a_little(struct sequencer *sequencer)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_SECONDS;
	pthread_mutex_lock(&sequencer->mutex);
	while (!atomic_load(&sequencer->stopping) &&
	       pthread_cond_timedwait(&sequencer->wake, &sequencer->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&sequencer->mutex);
}

static void *
sequencer_main(void *arg)
{
	OWNED(job_release) struct job job = { .actor = { .kind = ACTOR_SYSTEM } };
	struct sequencer *sequencer = arg;

	job.db = sequencer->db;
	step_back();
	while (!atomic_load(&sequencer->stopping)) {
		round_run(sequencer, &job);
		wait_a_little(sequencer);
	}
	return NULL;
}

enum err
sequencer_start(struct job *job, struct vault *vault, struct sequencer **ret)
{
	struct sequencer *sequencer = calloc(1, sizeof(*sequencer));
	pthread_condattr_t monotonic;
	enum err err;

	must(sequencer);
	sequencer->vault = vault;
	err = store_reader(job, vault->store, &sequencer->db);
	if (err) {
		free(sequencer);
		return err;
	}
	pthread_mutex_init(&sequencer->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sequencer->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&sequencer->thread, NULL, sequencer_main, sequencer) == 0);
	*ret = sequencer;
	return OK;
}

void
sequencer_stop(struct sequencer **at)
{
	struct sequencer *sequencer = *at;

	if (!sequencer)
		return;
	pthread_mutex_lock(&sequencer->mutex);
	atomic_store(&sequencer->stopping, true);
	pthread_cond_signal(&sequencer->wake);
	pthread_mutex_unlock(&sequencer->mutex);
	pthread_join(sequencer->thread, NULL);
	reader_end(&sequencer->db);
	pthread_cond_destroy(&sequencer->wake);
	pthread_mutex_destroy(&sequencer->mutex);
	free(sequencer);
	*at = NULL;
}
