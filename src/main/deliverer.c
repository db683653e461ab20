/* main/deliverer.c -- contract: deliverer.h.
 *
 * A few threads, each with a connection of its own to the store: a recipient that hangs holds up one
 * of them for the length of a call, and its pause keeps the others away from it.  They ask once a second
 * whether something is due, a read of an index; so nothing needs to wake them. */
#include "main/deliverer.h"

#include <stdatomic.h>

#include "main/log.h"
#include "os/clock.h"
#include "vault/deliver.h"

#define DELIVERERS 4
#define IDLE_MS 1000
#define FAILED_MS 5000 /* after a store that would not: not at once again */

struct sender {
	struct deliverer *deliverer;
	struct db *db;
	pthread_t thread;
};

struct deliverer {
	struct vault *vault;
	struct sender sender[DELIVERERS];
	unsigned started;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	_Atomic bool stopping;
};

static void
pause_ms(struct deliverer *deliverer, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	pthread_mutex_lock(&deliverer->mutex);
	while (!atomic_load(&deliverer->stopping) &&
	       pthread_cond_timedwait(&deliverer->wake, &deliverer->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&deliverer->mutex);
}

/* One call with a clock reading and memory of its own. */
static void
send_one(struct sender *sender, struct job *job, struct fetcher *fetcher)
{
	struct deliverer *deliverer = sender->deliverer;
	bool worked = false;
	enum err err;

	job->now = os_now();
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	job->db = sender->db;
	err = deliver_next(job, deliverer->vault, fetcher, &deliverer->stopping, &worked);
	if (err)
		log_failure("deliver", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
	if (!worked || err)
		pause_ms(deliverer, err ? FAILED_MS : IDLE_MS);
}

static void *
sender_main(void *arg)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(fetcher_close) struct fetcher *fetcher = NULL;
	struct sender *sender = arg;

	fetcher_open(HOOK_ANSWER_MAX, &fetcher);
	while (!atomic_load(&sender->deliverer->stopping))
		send_one(sender, &job, fetcher);
	return NULL;
}

static enum err
sender_start(struct job *job, struct deliverer *deliverer)
{
	struct sender *sender = &deliverer->sender[deliverer->started];

	sender->deliverer = deliverer;
	TRY(store_reader(job, deliverer->vault->store, &sender->db));
	must(pthread_create(&sender->thread, NULL, sender_main, sender) == 0);
	deliverer->started++;
	return OK;
}

enum err
deliverer_start(struct job *job, struct vault *vault, struct deliverer **ret)
{
	struct deliverer *deliverer = calloc(1, sizeof(*deliverer));
	pthread_condattr_t monotonic;
	enum err err;

	must(deliverer);
	deliverer->vault = vault;
	pthread_mutex_init(&deliverer->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&deliverer->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = deliver_begin(job, vault);
	for (int i = 0; i < DELIVERERS && !err; i++)
		err = sender_start(job, deliverer);
	if (err)
		deliverer_stop(&deliverer);
	else
		*ret = deliverer;
	return err;
}

void
deliverer_stop(struct deliverer **at)
{
	struct deliverer *deliverer = *at;

	if (!deliverer)
		return;
	pthread_mutex_lock(&deliverer->mutex);
	atomic_store(&deliverer->stopping, true);
	pthread_cond_broadcast(&deliverer->wake);
	pthread_mutex_unlock(&deliverer->mutex);
	for (unsigned i = 0; i < deliverer->started; i++) {
		pthread_join(deliverer->sender[i].thread, NULL);
		reader_end(&deliverer->sender[i].db);
	}
	pthread_cond_destroy(&deliverer->wake);
	pthread_mutex_destroy(&deliverer->mutex);
	free(deliverer);
	*at = NULL;
}
