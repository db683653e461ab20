/* store/store.c -- the data directory and the one writer.
 *
 * All writes of a process go through one thread.  It takes whoever waits, runs their steps in one
 * transaction, each inside a savepoint, and commits once: keys first (S2), then data, then the
 * destruction of keys that the data no longer needs.  Then it wakes them all.  A group forms by
 * itself: while one is being committed the next one gathers.
 *
 * What it is not: a scheduler.  There is one queue, first come first served. */
#include "store/store.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/file.h"
#include "store/checkpointer.h"
#include "store/driver.h"
#include "store/fact_queue.h"
#include "store/fault.h"

#define GROUP_MAX_DEFAULT 256
#define RESERVE_BYTES (16 * 1024 * 1024)
#define TURNS 1024 /* stripes of subject turns */

#include "migrations.inc"

/* One caller of store_write(), on its stack. */
struct write {
	struct write *next;
	struct job *job;
	write_steps *steps;
	void *plan;
	enum write_flags flags;
	bool facts; /* waits for the ledger of facts */
	enum err err;
	struct write *wakes[2]; /* whom its owner wakes in turn */
	_Atomic uint32_t done;
};

/* A key set to be made smaller, or destroyed, once the data is durable. */
struct trim {
	struct trim *next;
	int64_t subject, version;
	uint32_t epoch;
	bytes wrapped;
	struct write *write;
};

/* What the steps of one member did to keys.db. */
enum keys_touched { KEYS_UNTOUCHED, KEYS_BEGUN /* its transaction is theirs */, KEYS_SAVED };

/* The writer thread's own state; steps reach it through their db. */
struct writer {
	struct db *db;
	struct job job; /* for its own statements */
	int64_t entry_counter;
	struct trim *trim_first, **trim_last;
	struct write *current;
	enum keys_touched keys; /* by the steps that run */
	bool touched[TOPIC_COUNT];
	uint32_t epoch_min; /* key sets wrapped by older epochs are refused */
	struct fact_queue facts;
};

struct store {
	const char *dir;
	size_t group_max;
	int lock_fd;
	struct job job; /* owns dir */
	_Atomic int64_t next_subject;

	pthread_t thread;
	bool thread_running;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct write *first, **last;
	bool closing;

	struct checkpointer *checkpointer;
	struct writer writer;
	const struct facts *facts; /* the writer's, for whoever needs its digests */
	_Atomic uint64_t generation[TOPIC_COUNT];
	_Atomic uint64_t groups, writes, failed;
	_Atomic bool reserve_in_use;

	struct subject_turn {
		pthread_mutex_t mutex;
	} turn[TURNS];
};

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

/* --- the reserve ------------------------------------------------------------------------------ */

static const char *
path_in(struct job *job, const struct store *store, str name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(store->dir));
	buf_char(&path, '/');
	buf_put(&path, name);
	return arena_c(&job->arena, buf_str(&path));
}

/* Room that exists so that withdrawals, revocations and erasures still find some on a full disk. */
static void
reserve_fill(struct store *store)
{
	struct job *job = &store->writer.job;
	const char *path = path_in(job, store, S("reserve"));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size < RESERVE_BYTES &&
	    posix_fallocate(fd, 0, RESERVE_BYTES) != 0) {
		(void)!ftruncate(fd, 0); /* a part of a reserve is none */
		atomic_store(&store->reserve_in_use, true);
	} else {
		atomic_store(&store->reserve_in_use, false);
	}
	close(fd);
}

static void
reserve_open(struct store *store)
{
	const char *path = path_in(&store->writer.job, store, S("reserve"));

	if (truncate(path, 0) == 0)
		atomic_store(&store->reserve_in_use, true);
}

/* Take the room back once there is plenty again. */
static void
reserve_restore(struct store *store)
{
	struct statvfs vfs;

	if (atomic_load(&store->reserve_in_use) && statvfs(store->dir, &vfs) == 0 &&
	    (uint64_t)vfs.f_bavail * vfs.f_frsize > 2 * (uint64_t)RESERVE_BYTES)
		reserve_fill(store);
}

/* --- inside steps ----------------------------------------------------------------------------- */

enum err
db_keys_check(struct job *job, struct db *db, uint32_t epoch)
{
	struct writer *writer = db_writer(db);

	must(writer);
	if (epoch < writer->epoch_min)
		return fail(job, ERR_STALE, "the keys were rotated meanwhile");
	return OK;
}

enum err
db_keys_begin(struct job *job, struct db *db)
{
	struct writer *writer = db_writer(db);

	must(writer);
	if (writer->keys != KEYS_UNTOUCHED)
		return OK;
	if (db_in_transaction(db, SIDE_KEYS)) {
		TRY(db_savepoint(job, db, SIDE_KEYS));
		writer->keys = KEYS_SAVED;
	} else {
		TRY(db_begin(job, db, SIDE_KEYS));
		writer->keys = KEYS_BEGUN;
	}
	return OK;
}

enum err
db_keys_put(struct job *job, struct db *db, int64_t subject, uint32_t epoch, bytes wrapped)
{
	TRY(db_keys_check(job, db, epoch));
	TRY(db_keys_begin(job, db));
	return db_run(job, db, SQL_KEYS_SUBJECT_PUT,
	              ARGS(sql_i64(subject), sql_i64(epoch), sql_bytes(wrapped)), NULL);
}

enum err
db_keys_trim(struct job *job, struct db *db, int64_t subject, int64_t version, uint32_t epoch,
             bytes wrapped)
{
	struct writer *writer = db_writer(db);
	struct trim *trim = arena_alloc(&job->arena, sizeof(*trim));

	must(writer);
	if (wrapped.len)
		TRY(db_keys_check(job, db, epoch));
	TRY(db_run(job, db, SQL_KEY_TRIM_PUT, ARGS(sql_i64(subject), sql_i64(version)), NULL));
	*trim = (struct trim){
		.subject = subject,
		.version = version,
		.epoch = epoch,
		.wrapped = arena_bytes(&job->arena, wrapped),
		.write = writer->current,
	};
	*writer->trim_last = trim;
	writer->trim_last = &trim->next;
	return OK;
}

const struct facts *
db_facts(struct db *db)
{
	struct writer *writer = db_writer(db);

	must(writer);
	return writer->facts.facts;
}

enum err
db_fact(struct job *job, struct db *db, bytes plain)
{
	struct writer *writer = db_writer(db);

	must(writer);
	if (!writer->facts.facts)
		return OK;
	writer->current->facts = true;
	return fact_queue_put(job, db, &writer->facts, plain);
}

void
db_touch(struct db *db, enum topic topic)
{
	struct writer *writer = db_writer(db);

	must(writer);
	writer->touched[topic] = true;
}

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

void
db_refuse_epochs_below(struct db *db, uint32_t epoch)
{
	struct writer *writer = db_writer(db);

	must(writer);
	writer->epoch_min = epoch;
}

bool
db_trims_pending(struct db *db)
{
	struct writer *writer = db_writer(db);

	return writer->trim_first != NULL;
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

/* Numbers that the store gives and that are in use when this group is durable. */
static struct facts_numbers
numbers_used(const struct store *store)
{
	return (struct facts_numbers){ atomic_load(&store->next_subject), store->writer.entry_counter + 1 };
}

static enum err
facts_before_commit(struct job *job, struct store *store)
{
	struct fact_queue *queue = &store->writer.facts;

	if (!queue->facts)
		return OK;
	if (queue->wanted)
		TRY(fact_queue_tidy(job, store->writer.db, queue));
	return fact_queue_reserve(job, queue, numbers_used(store));
}

/* G1: the data is durable, the second place is not; who waits for it is told so. */
static void
facts_after_commit(struct job *job, struct store *store, struct write *first)
{
	struct fact_queue *queue = &store->writer.facts;
	enum err err = fact_queue_write(job, store->writer.db, queue);

	if (err == ERR_FULL) { /* when both lie on one disk, the reserve is for this too */
		job_forgive(job);
		reserve_open(store);
		err = fact_queue_write(job, store->writer.db, queue);
	}
	if (!err)
		return;
	for (struct write *write = first; write; write = write->next)
		if (write->facts && !write->err)
			write->err = fail(write->job, ERR_FACTS, "the ledger of facts cannot be written");
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

static void *
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

/* --- migrations ------------------------------------------------------------------------------- */

static enum err
migrate_side(struct job *job, struct db *db, enum db_side side, const struct migration *list,
             size_t count)
{
	int64_t version;

	TRY(db_version(job, db, side, &version));
	if (version > (int64_t)count)
		return fail(job, ERR_NEWER, "the store was written by a newer Valv; use that one or a newer one");
	for (size_t i = (size_t)version; i < count; i++) {
		TRY(db_begin(job, db, side));
		TRY(db_migrate(job, db, side, list[i].text));
		TRY(db_set_version(job, db, side, list[i].number));
		TRY(db_commit(job, db, side));
	}
	return OK;
}

static enum err
migrate_to(struct job *job, struct db *db, size_t data_version, size_t keys_version)
{
	enum err err = migrate_side(job, db, SIDE_DATA, migrations_data, data_version);

	if (!err)
		err = migrate_side(job, db, SIDE_KEYS, migrations_keys, keys_version);
	db_rollback(db, SIDE_DATA);
	db_rollback(db, SIDE_KEYS);
	return err;
}

static enum err
migrate(struct job *job, struct db *db)
{
	return migrate_to(job, db, COUNT(migrations_data), COUNT(migrations_keys));
}

/* --- life cycle ------------------------------------------------------------------------------- */

static const char *
file_in(struct job *job, const char *dir, str name)
{
	struct store at = { .dir = dir };

	return path_in(job, &at, name);
}

enum err
store_create_at(struct job *job, const char *dir, int64_t data_version, int64_t keys_version)
{
	OWNED(db_close) struct db *db = NULL;

	if (data_version < 1 || data_version > (int64_t)COUNT(migrations_data) || keys_version < 1 ||
	    keys_version > (int64_t)COUNT(migrations_keys))
		return fail(job, ERR_NEWER, "the backup was made by a newer Valv; use that one or a newer one");

	if (file_exists(file_in(job, dir, S("valv.db"))) || file_exists(file_in(job, dir, S("keys.db"))))
		return fail(job, ERR_CONFLICT, "there is a store in this directory already");
	umask(077); /* the files that SQLite makes beside its own inherit it */
	TRY(db_open(job, dir, true, true, &db));
	return migrate_to(job, db, (size_t)data_version, (size_t)keys_version);
}

enum err
store_create(struct job *job, const char *dir)
{
	return store_create_at(job, dir, COUNT(migrations_data), COUNT(migrations_keys));
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
	if (!file_exists(file_in(job, config->dir, S("valv.db"))))
		return fail(job, ERR_ABSENT, "there is no store in this directory; make one with: valv init");
	if (!config->sealed && file_exists(file_in(job, config->dir, S("sealed"))))
		return fail(job, ERR_SEALED, "this store is being restored, and that is not finished: run valv restore again");
	TRY(lock_take(job, file_in(job, config->dir, S("lock")), &store->lock_fd));
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

/* --- the ledger of facts ---------------------------------------------------------------------- */

static enum err
facts_want_steps(struct job *job, struct db *db, void *plan)
{
	struct writer *writer = db_writer(db);

	writer->current->facts = writer->facts.wanted = true;
	return OK; /* it is written after the commit */
}

enum err
facts_finish(struct job *job, struct store *store)
{
	return store_write(job, store, WRITE_RESERVED, facts_want_steps, NULL);
}

struct attach {
	struct store *store;
	struct fact_queue queue;
};

static enum err
attach_steps(struct job *job, struct db *db, void *plan)
{
	struct attach *attach = plan;

	attach->store->writer.facts = attach->queue;
	attach->store->writer.facts.last = attach->queue.last;
	return OK;
}

enum err
store_facts_open(struct job *job, struct store *store, const char *dir, struct secret *key)
{
	OWNED(db_close) struct db *db = NULL;
	struct attach attach = { .store = store };

	TRY(db_open(job, store->dir, true, false, &db));
	TRY(fact_queue_open(job, db, dir, key, numbers_used(store), &attach.queue));
	store->facts = attach.queue.facts;
	TRY(store_write(job, store, WRITE_RESERVED, attach_steps, &attach));
	return facts_finish(job, store);
}

enum err
store_facts_renew(struct job *job, struct store *store, const char *dir, struct secret *key)
{
	OWNED(db_close) struct db *db = NULL;

	must(!store->facts);
	TRY(db_open(job, store->dir, true, false, &db));
	return fact_queue_renew(job, db, dir, key, numbers_used(store));
}

const struct facts *
store_facts(const struct store *store)
{
	return store->facts;
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
