/* store/checkpointer.c -- see checkpointer.h. */
#include "store/checkpointer.h"

#include <pthread.h>
#include <stdatomic.h>

#define LOG_PAGES 6000 /* a log longer than this is to be emptied: 24 MB */

struct checkpointer {
	struct db *db;
	struct job job;
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	bool wanted[2];
	bool ending;
	_Atomic bool copied[2]; /* the bulk is in the main file */
};

static void
copy(struct checkpointer *c, enum db_side side)
{
	job_forgive(&c->job);
	if (!db_checkpoint_some(&c->job, c->db, side)) /* else it is tried at the next look */
		atomic_store(&c->copied[side], true);
	arena_reset(&c->job.arena);
}

static void *
checkpointer_main(void *arg)
{
	struct checkpointer *c = arg;

	pthread_mutex_lock(&c->mutex);
	while (!c->ending) {
		for (enum db_side side = SIDE_DATA; side <= SIDE_KEYS; side++) {
			if (!c->wanted[side])
				continue;
			pthread_mutex_unlock(&c->mutex);
			copy(c, side);
			pthread_mutex_lock(&c->mutex);
			c->wanted[side] = false;
		}
		while (!c->ending && !c->wanted[SIDE_DATA] && !c->wanted[SIDE_KEYS])
			pthread_cond_wait(&c->work, &c->mutex);
	}
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

static void
look(struct checkpointer *c, struct db *writer, enum db_side side)
{
	if (db_log_pages(writer, side) < LOG_PAGES)
		return;
	if (atomic_exchange(&c->copied[side], false)) {
		struct job rest = { 0 };
		(void)!db_checkpoint_some(&rest, writer, side); /* what came since the bulk was copied */
		job_release(&rest);
		return;
	}
	pthread_mutex_lock(&c->mutex);
	if (!c->wanted[side])
		pthread_cond_signal(&c->work);
	c->wanted[side] = true;
	pthread_mutex_unlock(&c->mutex);
}

void
checkpointer_look(struct checkpointer *c, struct db *writer)
{
	look(c, writer, SIDE_DATA);
	look(c, writer, SIDE_KEYS);
}

enum err
checkpointer_begin(struct job *job, const char *dir, struct checkpointer **ret)
{
	OWNED(checkpointer_end) struct checkpointer *c = calloc(1, sizeof(*c));

	must(c);
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->work, NULL);
	TRY(db_open(job, dir, true, false, &c->db));
	if (pthread_create(&c->thread, NULL, checkpointer_main, c) != 0)
		return fail(job, ERR_BUSY, "the checkpoint thread could not be started");
	c->running = true;
	*ret = c;
	c = NULL;
	return OK;
}

void
checkpointer_end(struct checkpointer **at)
{
	struct checkpointer *c = *at;

	if (!c)
		return;
	if (c->running) {
		pthread_mutex_lock(&c->mutex);
		c->ending = true;
		pthread_cond_signal(&c->work);
		pthread_mutex_unlock(&c->mutex);
		pthread_join(c->thread, NULL);
	}
	db_close(&c->db);
	job_release(&c->job);
	pthread_mutex_destroy(&c->mutex);
	pthread_cond_destroy(&c->work);
	free(c);
	*at = NULL;
}
