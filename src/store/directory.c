/* store/directory.c -- the data directory: opened and locked, closed, looked at.  Contract: store.h. */
#include <sys/stat.h>

#include "os/file.h"
#include "store/store_parts.h"

#define GROUP_MAX_DEFAULT 256

const char *
store_path(struct job *job, const char *dir, str name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(dir));
	buf_char(&path, '/');
	buf_put(&path, name);
	return arena_c(&job->arena, buf_str(&path));
}

static enum err
read_counter(struct job *job, struct db *db, enum sql sql, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* Above what is there, and above what a restore said may have been there. */
static enum err
numbers_go_on(struct job *job, struct store *store, int64_t last_subject)
{
	struct fact_floors floors;

	TRY(fact_floors_get(job, store->writer.db, &floors));
	atomic_store(&store->next_subject, last_subject + 1 > floors.subject ? last_subject + 1 : floors.subject);
	if (store->writer.entry_counter < floors.entry - 1)
		store->writer.entry_counter = floors.entry - 1;
	return OK;
}

static enum err
store_begin(struct job *job, const struct store_config *config, struct store *store)
{
	int64_t last_subject;

	store->dir = arena_c(&store->job.arena, str_from_c(config->dir));
	store->group_max = config->group_max ? config->group_max : GROUP_MAX_DEFAULT;
	if (!file_exists(store_path(job, config->dir, S("valv.db"))))
		return fail(job, ERR_ABSENT, "there is no store in this directory; make one with: valv init");
	if (!config->sealed && file_exists(store_path(job, config->dir, S("sealed"))))
		return fail(job, ERR_SEALED, "this store is being restored, and that is not finished: run valv restore again");
	TRY(lock_take(job, store_path(job, config->dir, S("lock")), &store->lock_fd));
	TRY(db_open(job, config->dir, true, false, &store->writer.db));
	TRY(migrate(job, store->writer.db));
	TRY(read_counter(job, store->writer.db, SQL_ENTRY_LAST, &store->writer.entry_counter));
	TRY(read_counter(job, store->writer.db, SQL_SUBJECT_LAST, &last_subject));
	TRY(numbers_go_on(job, store, last_subject));
	db_entry_counter(store->writer.db, &store->writer.entry_counter);
	db_set_writer(store->writer.db, &store->writer);
	reserve_fill(store);
	TRY(checkpointer_begin(job, store->dir, &store->checkpointer));
	if (pthread_create(&store->thread, NULL, writer_main, store) != 0)
		return fail(job, ERR_BUSY, "the writer thread could not be started");
	store->thread_running = true;
	return OK;
}

enum err
store_open(struct job *job, const struct store_config *config, struct store **ret)
{
	OWNED(store_close) struct store *store = calloc(1, sizeof(*store));

	must(store);
	store->lock_fd = -1;
	store->last = &store->first;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->work, NULL);
	for (size_t i = 0; i < TURNS; i++)
		pthread_mutex_init(&store->turn[i].mutex, NULL);
	umask(077);
	TRY(store_begin(job, config, store));
	*ret = store;
	store = NULL;
	return OK;
}

void
store_close(struct store **at)
{
	struct store *store = *at;

	if (!store)
		return;
	if (store->thread_running) {
		pthread_mutex_lock(&store->mutex);
		store->closing = true;
		pthread_cond_signal(&store->work);
		pthread_mutex_unlock(&store->mutex);
		pthread_join(store->thread, NULL);
	}
	fact_queue_close(store->writer.db, &store->writer.facts);
	checkpointer_end(&store->checkpointer);
	db_close(&store->writer.db);
	job_release(&store->writer.job);
	lock_release(store->lock_fd);
	pthread_mutex_destroy(&store->mutex);
	pthread_cond_destroy(&store->work);
	for (size_t i = 0; i < TURNS; i++)
		pthread_mutex_destroy(&store->turn[i].mutex);
	job_release(&store->job);
	free(store);
	*at = NULL;
}

const char *
store_dir(const struct store *store)
{
	return store->dir;
}

enum err
store_reader(struct job *job, struct store *store, struct db **ret)
{
	return db_open(job, store->dir, false, false, ret);
}

void
reader_end(struct db **db)
{
	db_close(db);
}

int64_t
store_next_subject(struct store *store)
{
	return atomic_fetch_add(&store->next_subject, 1);
}

struct subject_turn *
subject_turn_take(struct store *store, int64_t subject)
{
	struct subject_turn *turn = &store->turn[(uint64_t)subject % TURNS];

	pthread_mutex_lock(&turn->mutex);
	return turn;
}

void
subject_turn_end(struct subject_turn **turn)
{
	if (*turn)
		pthread_mutex_unlock(&(*turn)->mutex);
	*turn = NULL;
}

static enum err
checkpoint_steps(struct job *job, struct db *db, void *plan)
{
	return OK; /* the checkpoint follows the commit */
}

enum err
store_checkpoint(struct job *job, struct store *store)
{
	OWNED(db_close) struct db *db = NULL;

	/* All that was acknowledged is in the log; a connection of its own may copy it. */
	TRY(store_write(job, store, WRITE_RESERVED, checkpoint_steps, NULL)); /* it makes room */
	TRY(db_open(job, store->dir, true, false, &db));
	TRY(db_checkpoint(job, db, SIDE_KEYS));
	return db_checkpoint(job, db, SIDE_DATA);
}

void
store_stats(struct store *store, struct store_stats *ret)
{
	*ret = (struct store_stats){
		.groups = atomic_load(&store->groups),
		.writes = atomic_load(&store->writes),
		.failed = atomic_load(&store->failed),
		.reserve_in_use = atomic_load(&store->reserve_in_use),
	};
}
