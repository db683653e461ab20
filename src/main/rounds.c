/* main/rounds.c -- contract: rounds.h. */
#include "main/rounds.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "main/log.h"
#include "os/clock.h"

struct rounds {
	struct rounds_config config;
	struct db *db;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	_Atomic bool stopping;
};

void
rounds_steps(struct job *job, const _Atomic bool *stopping, const char *name,
             enum err (*step)(struct job *job, void *ctx, bool *ret_more), void *ctx)
{
	bool more = true;
	enum err err;

	while (more && !atomic_load(stopping)) {
		job->now = os_now();
		err = step(job, ctx, &more);
		if (err) {
			log_failure(name, err, &job->failure);
			more = false;
		}
		job_forgive(job);
		arena_reset(&job->arena);
	}
}

static void
rest(struct rounds *rounds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += rounds->config.rest_seconds;
	pthread_mutex_lock(&rounds->mutex);
	while (!atomic_load(&rounds->stopping) &&
	       pthread_cond_timedwait(&rounds->wake, &rounds->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&rounds->mutex);
}

static void *
rounds_main(void *arg)
{
	OWNED(job_release) struct job job = { 0 };
	struct rounds *rounds = arg;

	if (rounds->config.nice)
		(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), rounds->config.nice);
	while (!atomic_load(&rounds->stopping)) {
		job.db = rounds->db;
		job.actor = (struct actor){ .kind = ACTOR_SYSTEM };
		rounds->config.round(&job, &rounds->stopping, rounds->config.ctx);
		job_forgive(&job);
		arena_reset(&job.arena);
		rest(rounds);
	}
	return NULL;
}

enum err
rounds_start(struct job *job, const struct rounds_config *config, struct rounds **ret)
{
	struct rounds *rounds = calloc(1, sizeof(*rounds));
	pthread_condattr_t monotonic;
	enum err err;

	must(rounds);
	rounds->config = *config;
	err = store_reader(job, config->store, &rounds->db);
	if (err) {
		free(rounds);
		return err;
	}
	pthread_mutex_init(&rounds->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&rounds->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&rounds->thread, NULL, rounds_main, rounds) == 0);
	*ret = rounds;
	return OK;
}

void
rounds_stop(struct rounds **at)
{
	struct rounds *rounds = *at;

	if (!rounds)
		return;
	pthread_mutex_lock(&rounds->mutex);
	atomic_store(&rounds->stopping, true);
	pthread_cond_signal(&rounds->wake);
	pthread_mutex_unlock(&rounds->mutex);
	pthread_join(rounds->thread, NULL);
	reader_end(&rounds->db);
	pthread_cond_destroy(&rounds->wake);
	pthread_mutex_destroy(&rounds->mutex);
	free(rounds);
	*at = NULL;
}
