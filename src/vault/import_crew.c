/* vault/import_crew.c -- the threads that commit the groups of an import, and whose turn it is to close.
 * The picture is in import_rows.c. */
#include "vault/import_crew.h"

/* --- committers ------------------------------------------------------------------------------- */

/* Under the mutex, which is let go of while there is work. */
static void
slot_commit(struct crew *crew, struct committer *committer)
{
	size_t index = crew->next;
	uint64_t turn = crew->taken++;
	struct slot *slot = &crew->slot[index];
	enum err err;

	crew->next = (crew->next + 1) % SLOTS;
	pthread_mutex_unlock(&crew->mutex);
	slot->job.db = committer->db;
	err = plans_commit(crew, slot);
	pthread_mutex_lock(&crew->mutex);
	while (crew->closed != turn)
		pthread_cond_wait(&crew->moved, &crew->mutex);
	if (!err && !crew->err) {
		pthread_mutex_unlock(&crew->mutex);
		err = slot_close(crew, slot);
		pthread_mutex_lock(&crew->mutex);
	}
	if (err && !crew->err) {
		crew->err = err;
		crew->failure = slot->job.failure;
	}
	crew->closed++;
	crew->ready[index] = false;
	pthread_cond_broadcast(&crew->moved);
}

static void *
committer_main(void *arg)
{
	struct committer *committer = arg;
	struct crew *crew = committer->crew;

	pthread_mutex_lock(&crew->mutex);
	for (;;) {
		while (!crew->ready[crew->next] && !crew->closing && !crew->err)
			pthread_cond_wait(&crew->moved, &crew->mutex);
		if (!crew->ready[crew->next] || crew->err)
			break;
		slot_commit(crew, committer);
	}
	pthread_mutex_unlock(&crew->mutex);
	return NULL;
}

/* --- the crew --------------------------------------------------------------------------------- */

static enum err
crew_failed(struct job *job, struct crew *crew)
{
	job->failure = crew->failure;
	return crew->err;
}

/* Until the slot is free, or the committer has given up. */
enum err
slot_wait(struct job *job, struct crew *crew, size_t index)
{
	enum err err;

	pthread_mutex_lock(&crew->mutex);
	while (crew->ready[index] && !crew->err)
		pthread_cond_wait(&crew->moved, &crew->mutex);
	err = crew->err;
	pthread_mutex_unlock(&crew->mutex);
	return err ? crew_failed(job, crew) : OK;
}

enum err
crew_wait(struct job *job, struct crew *crew)
{
	for (size_t i = 0; i < SLOTS; i++)
		TRY(slot_wait(job, crew, i));
	return OK;
}

static enum err
committer_begin(struct job *job, struct crew *crew, struct committer *committer)
{
	committer->crew = crew;
	TRY(store_reader(job, crew->run->vault->store, &committer->db));
	committer->running = pthread_create(&committer->thread, NULL, committer_main, committer) == 0;
	if (!committer->running)
		return fail(job, ERR_BUSY, "no thread for the import; try again");
	return OK;
}

enum err
crew_begin(struct job *job, struct crew *crew)
{
	for (size_t i = 0; i < SLOTS; i++) {
		crew->slot[i].job = (struct job){ .actor = job->actor, .now = job->now };
		crew->slot[i].table = arena_array(&job->arena, TABLE_SIZE, sizeof(struct table_entry));
	}
	pthread_mutex_init(&crew->mutex, NULL);
	pthread_cond_init(&crew->moved, NULL);
	crew->begun = true;
	for (size_t i = 0; i < COMMITTERS; i++)
		TRY(committer_begin(job, crew, &crew->committer[i]));
	return OK;
}

void
crew_end(struct crew *crew)
{
	if (!crew->begun)
		return;
	pthread_mutex_lock(&crew->mutex);
	crew->closing = true;
	pthread_cond_broadcast(&crew->moved);
	pthread_mutex_unlock(&crew->mutex);
	for (size_t i = 0; i < COMMITTERS; i++) {
		if (crew->committer[i].running)
			pthread_join(crew->committer[i].thread, NULL);
		reader_end(&crew->committer[i].db);
	}
	for (size_t i = 0; i < SLOTS; i++)
		arena_release(&crew->slot[i].job.arena);
	pthread_cond_destroy(&crew->moved);
	pthread_mutex_destroy(&crew->mutex);
	crew->begun = false;
}
