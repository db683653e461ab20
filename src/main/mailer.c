/* main/mailer.c -- contract: mailer.h.
 *
 * Like the deliverer's, these threads ask once a second whether something is due, a read of an index.  There are as
 * many as there may be connections; those beyond the setup's number only ask. */
#include "main/mailer.h"

#include <stdatomic.h>

#include "base/limits.h"
#include "main/log.h"
#include "main/rounds.h"
#include "message/replies.h"
#include "message/returned.h"
#include "message/send.h"
#include "os/clock.h"

#define IDLE_MS 500
#define FAILED_MS 5000 /* after a store that would not: not at once again */
#define LOOK_SECONDS 10
#define LOOK_MAX 200

struct thread {
	struct mailer *mailer;
	struct db *db;
	unsigned index;
	pthread_t thread;
};

struct mailer {
	struct vault *vault;
	struct post *post;
	struct thread thread[LIMIT_MAIL_CONNECTIONS];
	unsigned started;
	struct rounds *looking;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	_Atomic bool stopping;
};

static void
pause_ms(struct mailer *mailer, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mailer->mutex);
	while (!atomic_load(&mailer->stopping) &&
	       pthread_cond_timedwait(&mailer->wake, &mailer->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&mailer->mutex);
}

/* One batch with a clock reading and memory of its own. */
static void
send_batch(struct thread *thread, struct job *job, struct sender *sender)
{
	struct mailer *mailer = thread->mailer;
	bool worked = false;
	enum err err;

	job->now = os_now();
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	job->db = thread->db;
	err = sender_next(job, mailer->vault, sender, &worked);
	if (err)
		log_failure("mail", err, &job->failure);
	job_forgive(job);
	arena_reset(&job->arena);
	if (!worked || err)
		pause_ms(mailer, err && !worked ? FAILED_MS : IDLE_MS);
}

static void *
thread_main(void *arg)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(sender_free) struct sender *sender = NULL;
	struct thread *thread = arg;

	sender = sender_new(thread->mailer->post, thread->index, &thread->mailer->stopping);
	while (!atomic_load(&thread->mailer->stopping))
		send_batch(thread, &job, sender);
	return NULL;
}

static enum err
thread_start(struct job *job, struct mailer *mailer)
{
	struct thread *thread = &mailer->thread[mailer->started];

	thread->mailer = mailer;
	thread->index = mailer->started;
	TRY(store_reader(job, mailer->vault->store, &thread->db));
	must(pthread_create(&thread->thread, NULL, thread_main, thread) == 0);
	mailer->started++;
	return OK;
}

/* --- what came back, and answers from the outbox ---------------------------------------------------------------------------- */

static enum err
look_step(struct job *job, void *ctx, bool *ret_more)
{
	struct mailer *mailer = ctx;
	uint64_t count = 0;
	enum err err = returned_look(job, mailer->vault, LOOK_MAX, &count);

	*ret_more = count == LOOK_MAX;
	return err;
}

static enum err
replies_step(struct job *job, void *ctx, bool *ret_more)
{
	struct mailer *mailer = ctx;
	uint64_t count;

	*ret_more = false;
	return replies_carry(job, mailer->vault, &count);
}

static void
look(struct job *job, const _Atomic bool *stopping, void *ctx)
{
	rounds_steps(job, stopping, "mail.return", look_step, ctx);
	rounds_steps(job, stopping, "mail.reply", replies_step, ctx);
}

/* --- life cycle -------------------------------------------------------------------------------- */

enum err
mailer_start(struct job *job, struct vault *vault, struct mailer **ret)
{
	struct mailer *mailer = calloc(1, sizeof(*mailer));
	pthread_condattr_t monotonic;
	enum err err;

	must(mailer);
	mailer->vault = vault;
	mailer->post = post_new();
	pthread_mutex_init(&mailer->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&mailer->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = message_begin(job, vault);
	for (unsigned i = 0; i < LIMIT_MAIL_CONNECTIONS && !err; i++)
		err = thread_start(job, mailer);
	if (!err)
		err = rounds_start(job,
		                   &(struct rounds_config){ .store = vault->store, .round = look, .ctx = mailer,
		                                            .rest_seconds = LOOK_SECONDS },
		                   &mailer->looking);
	if (err)
		mailer_stop(&mailer);
	else
		*ret = mailer;
	return err;
}

void
mailer_stop(struct mailer **at)
{
	struct mailer *mailer = *at;

	if (!mailer)
		return;
	pthread_mutex_lock(&mailer->mutex);
	atomic_store(&mailer->stopping, true);
	pthread_cond_broadcast(&mailer->wake);
	pthread_mutex_unlock(&mailer->mutex);
	rounds_stop(&mailer->looking);
	for (unsigned i = 0; i < mailer->started; i++) {
		pthread_join(mailer->thread[i].thread, NULL);
		reader_end(&mailer->thread[i].db);
	}
	post_free(&mailer->post);
	pthread_cond_destroy(&mailer->wake);
	pthread_mutex_destroy(&mailer->mutex);
	free(mailer);
	*at = NULL;
}
