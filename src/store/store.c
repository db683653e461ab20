/* store/store.c -- the one writer.
 *
 * All writes of a process go through one thread.  It takes whoever waits, runs their steps in one
 * transaction, each inside a savepoint, and commits once: keys first (S2), then data, then the
 * destruction of keys that the data no longer needs.  Then it wakes them all.  A group forms by
 * itself: while one is being committed the next one gathers.
 *
 * What it is not: a scheduler.  There is one queue, first come first served. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/fault.h"
#include "store/store_parts.h"

/* --- waiting and waking ----------------------------------------------------------------------- */

/* After the store to done the write may be gone: its owner may have returned. */
static void
write_finish(struct write *write)
{
	_Atomic uint32_t *done = &write->done;

	atomic_store_explicit(done, 1, memory_order_release);
	syscall(SYS_futex, done, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Waking sixty threads costs as much as a commit.  The writer wakes one, who wakes two, and so on,
 * while the writer is at the next group already. */
static void
write_wait(struct write *write)
{
	while (!atomic_load_explicit(&write->done, memory_order_acquire))
		syscall(SYS_futex, &write->done, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	for (size_t i = 0; i < COUNT(write->wakes); i++)
		if (write->wakes[i])
			write_finish(write->wakes[i]);
}

/* --- topics ----------------------------------------------------------------------------------- */

enum err
store_generation(struct job *job, struct store *store, enum topic topic, uint64_t *ret)
{
	*ret = atomic_load(&store->generation[topic]);
	return OK;
}

/* After the commit and before anybody is told of it.  A member that failed may have touched too:
 * then something is read again for nothing. */
static void
generations_move(struct store *store)
{
	for (size_t i = 0; i < TOPIC_COUNT; i++) {
		if (store->writer.touched[i])
			atomic_fetch_add(&store->generation[i], 1);
		store->writer.touched[i] = false;
	}
}

/* --- one group -------------------------------------------------------------------------------- */

static void
keys_undo(struct writer *writer)
{
	if (writer->keys == KEYS_BEGUN)
		db_rollback(writer->db, SIDE_KEYS);
	else if (writer->keys == KEYS_SAVED)
		db_savepoint_undo(writer->db, SIDE_KEYS);
}

static enum err
savepoints_keep(struct job *job, struct writer *writer)
{
	TRY(db_savepoint_keep(job, writer->db, SIDE_DATA));
	if (writer->keys == KEYS_SAVED)
		return db_savepoint_keep(job, writer->db, SIDE_KEYS);
	return OK;
}

/* S3: steps that fail are undone alone, on both sides, numbers and trims included. */
static enum err
attempt(struct job *job, struct writer *writer, write_steps *steps, void *plan)
{
	int64_t entry_before = writer->entry_counter;
	struct trim **trim_before = writer->trim_last;
	int64_t fact_before = writer->facts.last;
	enum err err;

	writer->keys = KEYS_UNTOUCHED;
	TRY(db_savepoint(job, writer->db, SIDE_DATA));
	err = steps(job, writer->db, plan);
	if (!err)
		err = savepoints_keep(job, writer);
	if (!err)
		return OK;
	db_savepoint_undo(writer->db, SIDE_DATA);
	keys_undo(writer);
	writer->entry_counter = entry_before;
	writer->facts.last = fact_before;
	writer->trim_last = trim_before;
	*trim_before = NULL;
	return err;
}

enum err
db_attempt(struct job *job, struct db *db, write_steps *steps, void *plan)
{
	struct writer *writer = db_writer(db);
	enum keys_touched outer;
	enum err err;

	/* Beneath an outer savepoint each inner one would make SQLite walk all that the outer one has
	 * to remember: measured, the larger half of an import. */
	must(writer && writer->current->flags & WRITE_ONE);
	if (!db_in_transaction(db, SIDE_KEYS))
		TRY(db_begin(job, db, SIDE_KEYS)); /* so that undoing an attempt is a savepoint's matter */
	outer = writer->keys;
	err = attempt(job, writer, steps, plan);
	writer->keys = outer;
	return err;
}

/* When the database has left the transaction by itself (full disk, I/O error) nothing of the group
 * is left. */
static bool
member_run(struct store *store, struct write *write)
{
	struct writer *writer = &store->writer;
	int64_t entry_before = writer->entry_counter;

	writer->current = write;
	if (write->flags & WRITE_ONE) {
		write->err = write->steps(write->job, writer->db, write->plan);
		if (write->err)
			writer->entry_counter = entry_before;
	} else {
		write->err = attempt(write->job, writer, write->steps, write->plan);
	}
	return db_in_transaction(writer->db, SIDE_DATA);
}

static enum err
commit_both(struct job *job, struct db *db)
{
	fault_point("before-keys-commit");
	if (db_in_transaction(db, SIDE_KEYS))
		TRY(db_commit(job, db, SIDE_KEYS));
	fault_point("between-commits");
	TRY(db_commit(job, db, SIDE_DATA));
	fault_point("after-data-commit");
	return OK;
}

/* The data is durable: now the keys that it no longer needs are made unreadable.  Overwritten by
 * secure_delete in the page, copied over the main file and cut from the log by the checkpoint. */
static enum err
trims_run(struct job *job, struct writer *writer)
{
	struct db *db = writer->db;

	TRY(db_begin(job, db, SIDE_KEYS));
	for (struct trim *trim = writer->trim_first; trim; trim = trim->next) {
		if (trim->wrapped.len)
			TRY(db_run(job, db, SQL_KEYS_SUBJECT_PUT,
			           ARGS(sql_i64(trim->subject), sql_i64(trim->epoch),
			                sql_bytes(trim->wrapped)),
			           NULL));
		else
			TRY(db_run(job, db, SQL_KEYS_SUBJECT_DROP, ARGS(sql_i64(trim->subject)), NULL));
	}
	TRY(db_commit(job, db, SIDE_KEYS));
	fault_point("before-keys-checkpoint");
	TRY(db_checkpoint(job, db, SIDE_KEYS));
	fault_point("after-keys-checkpoint");
	return OK;
}

/* Losing a reminder costs one more look at the next start, so a failure here fails nobody. */
static enum err
reminders_drop(struct job *job, struct writer *writer)
{
	struct db *db = writer->db;

	TRY(db_begin(job, db, SIDE_DATA));
	for (struct trim *trim = writer->trim_first; trim; trim = trim->next)
		TRY(db_run(job, db, SQL_KEY_TRIM_DROP,
		           ARGS(sql_i64(trim->subject), sql_i64(trim->version)), NULL));
	return db_commit(job, db, SIDE_DATA);
}

static void
trims_finish(struct job *job, struct store *store)
{
	struct writer *writer = &store->writer;
	enum err err = trims_run(job, writer);

	if (err == ERR_FULL) { /* the steps are done and cannot be run again; this can */
		db_rollback(writer->db, SIDE_KEYS);
		job_forgive(job);
		reserve_open(store);
		err = trims_run(job, writer);
	}
	if (err) {
		/* S2: the data is durable, the reminder stands, the next sweep finishes it; but these
		 * callers were not promised yet and must not be. */
		db_rollback(writer->db, SIDE_KEYS);
		for (struct trim *trim = writer->trim_first; trim; trim = trim->next)
			trim->write->err = fail(trim->write->job, ERR_STORE,
			                        "the data is gone, the destruction of its key waits for the next sweep");
	} else if (reminders_drop(job, writer)) {
		db_rollback(writer->db, SIDE_DATA);
	}
}

static void
group_fail(struct store *store, struct write *first, enum err err)
{
	db_rollback(store->writer.db, SIDE_DATA);
	db_rollback(store->writer.db, SIDE_KEYS);
	for (struct write *write = first; write; write = write->next) {
		job_forgive(write->job);
		write->err = err == ERR_FULL ? fail(write->job, ERR_FULL, "the disk that holds the store is full")
		                             : fail(write->job, ERR_STORE, "the store could not commit");
	}
}

/* Runs the whole group once; true when it went through. */
static bool
group_try(struct store *store, struct write *first)
{
	struct writer *writer = &store->writer;
	struct job *job = &writer->job;
	int64_t entry_before = writer->entry_counter, fact_before = writer->facts.last;
	enum err err;

	job_forgive(job);
	writer->trim_first = NULL;
	writer->trim_last = &writer->trim_first;
	writer->facts.wanted = false;
	err = db_begin(job, writer->db, SIDE_DATA);
	for (struct write *write = first; write && !err; write = write->next)
		if (!member_run(store, write))
			err = write->err ? write->err : ERR_STORE;
	if (!err)
		err = facts_before_commit(job, store);
	if (!err)
		err = commit_both(job, writer->db);
	if (err) {
		writer->entry_counter = entry_before;
		writer->facts.last = fact_before;
		group_fail(store, first, err);
		return false;
	}
	generations_move(store);
	if (writer->facts.wanted && fact_queue_behind(&writer->facts))
		facts_after_commit(job, store, first);
	if (writer->trim_first)
		trims_finish(job, store);
	return true;
}

/* Take out those that `is` meant, in their order. */
static struct write *
take_out(struct write **first, bool (*is)(const struct write *write))
{
	struct write *taken = NULL, **taken_last = &taken, *others = NULL, **others_last = &others;

	for (struct write *write = *first, *next; write; write = next) {
		next = write->next;
		write->next = NULL;
		if (is(write)) {
			*taken_last = write;
			taken_last = &write->next;
		} else {
			*others_last = write;
			others_last = &write->next;
		}
	}
	*first = others;
	return taken;
}

/* Found no room, and may use the reserve. */
static bool
is_starved(const struct write *write)
{
	return write->err == ERR_FULL && write->flags & WRITE_RESERVED;
}

static bool
is_ordinary(const struct write *write)
{
	return !(write->flags & WRITE_RESERVED);
}

/* A tree over the list: the nth wakes the (2n+1)th and the (2n+2)th. */
static void
finish_all(struct write *first)
{
	struct write *parent = first, *child = first ? first->next : NULL;

	while (child) {
		for (size_t i = 0; i < COUNT(parent->wakes) && child; i++) {
			parent->wakes[i] = child;
			child = child->next;
		}
		parent = parent->next;
	}
	if (first)
		write_finish(first);
}

static bool
any_full(const struct write *first)
{
	for (const struct write *write = first; write; write = write->next)
		if (write->err == ERR_FULL)
			return true;
	return false;
}

/* What the reserve gave up is not for those who filled the disk: until there is plenty again they are
 * refused without a try. */
static void
refuse_ordinary(struct store *store, struct write **first)
{
	struct write *ordinary;

	reserve_restore(store);
	if (!atomic_load(&store->reserve_in_use))
		return;
	ordinary = take_out(first, is_ordinary);
	for (struct write *write = ordinary; write; write = write->next)
		write->err = fail(write->job, ERR_FULL, "the disk that holds the store is full");
	finish_all(ordinary);
}

static void
group_run(struct store *store, struct write *first)
{
	struct write *starved;
	bool full;

	if (atomic_load(&store->reserve_in_use))
		refuse_ordinary(store, &first);
	if (!first)
		return;
	atomic_fetch_add(&store->groups, 1);
	if (!group_try(store, first))
		atomic_fetch_add(&store->failed, 1);
	full = any_full(first);
	starved = take_out(&first, is_starved);
	finish_all(first);
	if (starved) { /* the reserve is for those that must not wait for an administrator */
		reserve_open(store);
		for (struct write *write = starved; write; write = write->next)
			job_forgive(write->job);
		(void)group_try(store, starved);
		finish_all(starved);
	}
	if (atomic_load(&store->reserve_in_use))
		db_reuse_log(store->writer.db, SIDE_DATA, RESERVE_BYTES / 2);
	else if (!full)
		reserve_restore(store);
	arena_reset(&store->writer.job.arena);
}

/* --- the writer thread ------------------------------------------------------------------------ */

static bool
is_alone(const struct write *write)
{
	return write->flags & WRITE_ALONE;
}

static struct write *
group_take(struct store *store)
{
	struct write *first, *last;

	pthread_mutex_lock(&store->mutex);
	while (!store->first && !store->closing)
		pthread_cond_wait(&store->work, &store->mutex);
	first = last = store->first;
	for (size_t i = 1; last && last->next && i < store->group_max && !is_alone(last) && !is_alone(last->next); i++)
		last = last->next;
	if (last) {
		store->first = last->next;
		if (!store->first)
			store->last = &store->first;
		last->next = NULL;
	}
	pthread_mutex_unlock(&store->mutex);
	return first;
}

void *
writer_main(void *arg)
{
	struct store *store = arg;
	struct write *first;

	while ((first = group_take(store))) {
		group_run(store, first);
		checkpointer_look(store->checkpointer, store->writer.db);
	}
	return NULL;
}

enum err
store_write(struct job *job, struct store *store, enum write_flags flags, write_steps *steps,
            void *plan)
{
	struct write write = { .job = job, .steps = steps, .plan = plan, .flags = flags };
	bool closing, idle;

	pthread_mutex_lock(&store->mutex);
	closing = store->closing;
	idle = !store->first;
	if (!closing) {
		*store->last = &write;
		store->last = &write.next;
	}
	pthread_mutex_unlock(&store->mutex);
	if (closing)
		return fail(job, ERR_BUSY, "the store is closing");
	if (idle)
		pthread_cond_signal(&store->work);
	write_wait(&write);
	atomic_fetch_add(&store->writes, 1);
	return write.err;
}
