/* src/store: opening, group commit, what fails alone, keys before data, trims. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "os/file.h"
#include "store/driver.h"
#include "store/store.h"

#define THREADS 32
#define WRITES 40

#define assert_ok(call) assert_string_equal(error_name(call), "OK")
#define assert_fails(job, err, call) \
	do { \
		assert_string_equal(error_name(call), #err); \
		assert_non_null((job)->failure.why); \
		job_forgive(job); \
	} while (0)

static const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

struct fixture {
	char dir[200];
	struct store *store;
	struct job job;
};

static struct fixture the_fixture;

/* --- a store of its own ------------------------------------------------------------------------- */

static int
directory_only(void **state)
{
	struct fixture *f = *state = &the_fixture;
	const char *tmp = getenv("TMPDIR");

	*f = (struct fixture){ .job = { .now = 1000 * TIME_DAY } };
	snprintf(f->dir, sizeof(f->dir), "%s/valv-store-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(f->dir) ? 0 : -1;
}

static enum err
open_again(struct fixture *f)
{
	return store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store);
}

static int
begin(void **state)
{
	struct fixture *f;

	if (directory_only(state))
		return -1;
	f = *state;
	assert_ok(store_create(&f->job, f->dir));
	assert_ok(open_again(f));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
	return 0;
}

static void
reopen(struct fixture *f)
{
	reader_end(&f->job.db);
	store_close(&f->store);
	assert_ok(open_again(f));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
}

static const char *
path_of(struct fixture *f, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static int
end(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	DIR *dir;

	reader_end(&f->job.db);
	store_close(&f->store);
	dir = opendir(f->dir);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlink(path_of(f, entry->d_name));
	if (dir)
		closedir(dir);
	rmdir(f->dir);
	job_release(&f->job);
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define IN_DIRECTORY(name) cmocka_unit_test_setup_teardown(name, directory_only, end)

static int64_t
sql(struct fixture *f, const char *file, const char *text)
{
	sqlite3 *side;
	sqlite3_stmt *statement;
	int64_t result = 0;

	assert_int_equal(sqlite3_open(path_of(f, file), &side), SQLITE_OK);
	sqlite3_busy_timeout(side, 5000);
	assert_int_equal(sqlite3_prepare_v2(side, text, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		result = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	sqlite3_close(side);
	return result;
}

static bool
files_hold(struct fixture *f, const char *prefix, bytes needle)
{
	DIR *dir = opendir(f->dir);
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(dir))) {
		bytes content;
		if (!str_starts(str_from_c(entry->d_name), str_from_c(prefix)))
			continue;
		assert_ok(file_read(&f->job, path_of(f, entry->d_name), 64 << 20, &content));
		found |= memmem(content.ptr, content.len, needle.ptr, needle.len) != NULL;
	}
	closedir(dir);
	return found;
}

/* --- opening ------------------------------------------------------------------------------------- */

static void
a_directory_without_a_store_is_absent(void **state)
{
	struct fixture *f = *state;

	assert_fails(&f->job, ERR_ABSENT, open_again(f));
	assert_null(f->store);
}

static void
a_store_is_made_once(void **state)
{
	struct fixture *f = *state;

	assert_fails(&f->job, ERR_CONFLICT, store_create(&f->job, f->dir));
}

static void
a_second_process_is_kept_out(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct job job = { 0 };
		struct store *store = NULL;
		_exit(store_open(&job, &(struct store_config){ .dir = f->dir }, &store) == ERR_LOCKED ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_close(&f->store);
	reader_end(&f->job.db);
	assert_ok(open_again(f)); /* and let in after */
}

static void
a_second_opening_by_the_same_process_is_kept_out(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;

	assert_fails(&f->job, ERR_LOCKED, store_open(&f->job, &(struct store_config){ .dir = f->dir }, &store));
}

static void
a_store_of_a_newer_valv_is_refused(void **state)
{
	static const char *const files[] = { "valv.db", "keys.db" };
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		int64_t version = sql(f, files[i], "PRAGMA user_version");
		char text[60];
		reader_end(&f->job.db);
		store_close(&f->store);
		sql(f, files[i], "PRAGMA user_version = 999");
		assert_fails(&f->job, ERR_NEWER, open_again(f));
		assert_null(f->store);
		assert_int_equal(sql(f, files[i], "PRAGMA user_version"), 999); /* left as it was */
		snprintf(text, sizeof(text), "PRAGMA user_version = %lld", (long long)version);
		sql(f, files[i], text);
		assert_ok(open_again(f));
	}
}

static void
what_is_no_store_is_refused(void **state)
{
	struct fixture *f = *state;
	int fd = open(path_of(f, "valv.db"), O_CREAT | O_WRONLY, 0600);

	for (int i = 0; i < 200; i++)
		assert_int_equal(write(fd, "this is no database at all, is it\n", 34), 34);
	close(fd);
	assert_fails(&f->job, ERR_CORRUPT, open_again(f));
}

/* Somebody else's database under our name is left alone. */
static void
a_database_of_another_program_is_refused(void **state)
{
	struct fixture *f = *state;

	sql(f, "valv.db", "CREATE TABLE contacts (name TEXT)");
	sql(f, "keys.db", "CREATE TABLE doors (name TEXT)");
	assert_fails(&f->job, ERR_CORRUPT, open_again(f));
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM sqlite_master"), 1);
}

static void
migrations_are_applied_once(void **state)
{
	struct fixture *f = *state;
	int64_t tables = sql(f, "valv.db", "SELECT COUNT(*) FROM sqlite_master");
	int64_t schema = sql(f, "valv.db", "PRAGMA schema_version");

	assert_true(tables > 10 && sql(f, "valv.db", "PRAGMA user_version") >= 1);
	for (int i = 0; i < 3; i++)
		reopen(f);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM sqlite_master"), tables);
	assert_int_equal(sql(f, "valv.db", "PRAGMA schema_version"), schema);
}

static void
files_are_for_their_owner_alone(void **state)
{
	struct fixture *f = *state;
	static const char *const files[] = { "valv.db", "valv.db-wal", "keys.db", "keys.db-wal", "lock", "reserve" };
	char command[600];

	for (size_t i = 0; i < 6; i++) {
		snprintf(command, sizeof(command), "test $(stat -c %%a '%s') = 600", path_of(f, files[i]));
		if (file_exists(path_of(f, files[i])))
			assert_int_equal(system(command), 0);
	}
}

/* --- writing ------------------------------------------------------------------------------------- */

struct put {
	char name[40];
	char value[40];
	enum err then;    /* fail so after writing */
	bool entry;       /* take an entry's number */
	bool keys;        /* put a key set of `subject` */
	int64_t subject;
	bytes wrapped, trimmed;
	bool trim;
};

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	struct put *put = arg;

	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(str_from_c(put->name)), sql_text(str_from_c(put->value))), NULL));
	if (put->entry)
		TRY(db_run(job, db, SQL_ENTRY_PUT,
		           ARGS(sql_i64(db_next_entry(db)), sql_i64(job->now), sql_i64(1), sql_i64(0), sql_i64(1),
		                sql_i64(put->then), sql_null(), sql_null(), sql_null()),
		           NULL));
	if (put->keys)
		TRY(db_keys_put(job, db, put->subject, 1, put->wrapped));
	if (put->trim)
		TRY(db_keys_trim(job, db, put->subject, 1, 1, put->trimmed));
	if (put->then)
		return job_fail(job, put->then, "by the test", __FILE__, __LINE__);
	return OK;
}

static enum err
put(struct job *job, struct store *store, struct put *put)
{
	return store_write(job, store, WRITE_ORDINARY, put_steps, put);
}

static str
setting(struct job *job, const char *name)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	assert_ok(db_query(job, job->db, SQL_SETTING_GET, ARGS(sql_text(str_from_c(name))), &rows));
	assert_ok(rows_next(job, &rows, &there));
	return there ? arena_str(&job->arena, rows_text(&rows, 0)) : S("");
}

static void
a_write_is_there_when_it_returns_and_after_reopening(void **state)
{
	struct fixture *f = *state;
	struct put one = { .name = "colour", .value = "blue" };

	assert_ok(put(&f->job, f->store, &one));
	assert_true(str_eq(setting(&f->job, "colour"), S("blue")));
	reopen(f);
	assert_true(str_eq(setting(&f->job, "colour"), S("blue")));
}

static void
steps_that_fail_leave_nothing_on_either_side(void **state)
{
	struct fixture *f = *state;
	struct put good = { .name = "good", .value = "1", .entry = true };
	struct put bad = { .name = "bad", .value = "1", .entry = true, .keys = true, .subject = 7,
		           .wrapped = str_bytes(S("0123456789abcdef")), .trim = true, .then = ERR_HELD };

	assert_ok(put(&f->job, f->store, &good));
	assert_fails(&f->job, ERR_HELD, put(&f->job, f->store, &bad));
	assert_ok(put(&f->job, f->store, &good));
	assert_int_equal(setting(&f->job, "bad").len, 0);
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM subject_key"), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM key_trim"), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM entry"), 2);
	assert_int_equal(sql(f, "valv.db", "SELECT MAX(seq) FROM entry"), 2); /* no number is lost */
}

static enum err
parts_steps(struct job *job, struct db *db, void *arg)
{
	struct put *parts = arg;

	for (size_t i = 0; i < 3; i++) {
		enum err err = db_attempt(job, db, put_steps, &parts[i]);
		if (err != parts[i].then)
			return fail(job, ERR_INTERNAL, "a part ended as another");
		job_forgive(job);
	}
	return OK;
}

static void
a_part_of_the_steps_may_fail_alone(void **state)
{
	struct fixture *f = *state;
	struct put parts[3] = {
		{ .name = "a", .value = "1", .entry = true, .keys = true, .subject = 1, .wrapped = str_bytes(S("aaaaaaaaaaaaaaaa")) },
		{ .name = "b", .value = "1", .entry = true, .keys = true, .subject = 2, .wrapped = str_bytes(S("bbbbbbbbbbbbbbbb")),
		  .trim = true, .then = ERR_STALE },
		{ .name = "c", .value = "1", .entry = true, .keys = true, .subject = 3, .wrapped = str_bytes(S("cccccccccccccccc")) },
	};

	assert_ok(store_write(&f->job, f->store, WRITE_ONE, parts_steps, parts));
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM setting WHERE name IN ('a', 'b', 'c')"), 2);
	assert_int_equal(sql(f, "keys.db", "SELECT SUM(subject) FROM subject_key"), 4);
	assert_int_equal(sql(f, "valv.db", "SELECT MAX(seq) FROM entry"), 2);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM key_trim"), 0);
}

/* --- many at once ---------------------------------------------------------------------------------- */

struct crew {
	struct fixture *f;
	int no;
	pthread_t thread;
	unsigned wrong;
	int64_t subject[WRITES];
};

static void *
write_many(void *arg)
{
	struct crew *crew = arg;
	struct job job = { .now = 1000 * TIME_DAY };
	uint8_t wrapped[64];

	memset(wrapped, crew->no + 1, sizeof(wrapped));
	for (int i = 0; i < WRITES; i++) {
		struct put one = { .entry = true, .then = i % 3 == 2 ? ERR_HELD : OK, .keys = i % 2 == 0,
			           .wrapped = { wrapped, sizeof(wrapped) } };
		enum err err;
		snprintf(one.name, sizeof(one.name), "t%d-%d", crew->no, i);
		snprintf(one.value, sizeof(one.value), "%d", one.then);
		crew->subject[i] = one.subject = store_next_subject(crew->f->store);
		err = put(&job, crew->f->store, &one);
		crew->wrong += err != one.then;
		job_forgive(&job);
		arena_reset(&job.arena);
	}
	job_release(&job);
	return NULL;
}

static int
order_i64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
thirty_two_threads_share_commits_and_a_failing_one_disturbs_no_other(void **state)
{
	struct fixture *f = *state;
	struct crew *crew = calloc(THREADS, sizeof(*crew));
	int64_t *all = calloc(THREADS * WRITES, sizeof(*all));
	int64_t good = 0, with_keys = 0;
	size_t n = 0;

	for (int i = 0; i < THREADS; i++) {
		crew[i] = (struct crew){ .f = f, .no = i };
		assert_int_equal(pthread_create(&crew[i].thread, NULL, write_many, &crew[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(crew[i].thread, NULL), 0);
		assert_int_equal(crew[i].wrong, 0);
		for (int w = 0; w < WRITES; w++)
			all[n++] = crew[i].subject[w];
	}
	for (int w = 0; w < WRITES; w++) {
		good += THREADS * (w % 3 != 2);
		with_keys += THREADS * (w % 3 != 2 && w % 2 == 0);
	}
	reopen(f);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM setting WHERE name LIKE 't%' AND value = '0'"), good);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM setting WHERE name LIKE 't%' AND value <> '0'"), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM entry WHERE outcome = 0"), good);
	assert_int_equal(sql(f, "valv.db", "SELECT MAX(seq) FROM entry"), good); /* dense */
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM subject_key"), with_keys);
	qsort(all, n, sizeof(*all), order_i64);
	for (size_t i = 1; i < n; i++)
		assert_true(all[i] > all[i - 1]); /* no number twice */
	free(crew);
	free(all);
}

static void
writes_of_many_share_a_commit(void **state)
{
	struct fixture *f = *state;
	struct crew crew[THREADS];
	struct store_stats stats;

	for (int i = 0; i < THREADS; i++) {
		crew[i] = (struct crew){ .f = f, .no = i };
		assert_int_equal(pthread_create(&crew[i].thread, NULL, write_many, &crew[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(crew[i].thread, NULL), 0);
	store_stats(f->store, &stats);
	printf("# %llu writes in %llu groups\n", (unsigned long long)stats.writes, (unsigned long long)stats.groups);
	assert_int_equal(stats.writes, THREADS * WRITES);
	assert_true(stats.groups < stats.writes / 2);
	assert_int_equal(stats.failed, 0);
}

/* --- turns ------------------------------------------------------------------------------------------ */

struct turn_race {
	struct store *store;
	int64_t plain; /* not atomic on purpose: ThreadSanitizer and the sum tell */
};

static void *
take_turns(void *arg)
{
	struct turn_race *race = arg;

	for (int i = 0; i < 2000; i++) {
		struct subject_turn *turn = subject_turn_take(race->store, 42);
		race->plain++;
		subject_turn_end(&turn);
	}
	return NULL;
}

static void
writers_of_one_subject_take_turns(void **state)
{
	struct fixture *f = *state;
	struct turn_race race = { .store = f->store };
	struct subject_turn *none = NULL;
	pthread_t thread[8];

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, take_turns, &race), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(race.plain, 8 * 2000);
	subject_turn_end(&none);
}

static enum err
add_subject(struct job *job, struct db *db, void *arg)
{
	return db_run(job, db, SQL_SUBJECT_ADD,
	              ARGS(sql_i64(*(int64_t *)arg), sql_bytes(str_bytes(S("0123456789abcdef"))), sql_i64(1), sql_i64(0),
	                   sql_i64(1), sql_i64(0), sql_null(), sql_null(), sql_null(), sql_null(), sql_null(), sql_null(),
	                   sql_bytes(str_bytes(S(""))), sql_bytes(str_bytes(S("")))),
	              NULL);
}

static void
subject_numbers_go_on_after_reopening(void **state)
{
	struct fixture *f = *state;
	int64_t no = store_next_subject(f->store);

	assert_int_equal(no, 1);
	no = 4711;
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, add_subject, &no));
	reopen(f);
	assert_int_equal(store_next_subject(f->store), 4712);
}

/* --- keys (S2) ---------------------------------------------------------------------------------------- */

static bytes
marker(struct fixture *f, char letter)
{
	uint8_t *octet = arena_alloc(&f->job.arena, 200);

	for (size_t i = 0; i < 200; i++)
		octet[i] = (uint8_t)(letter ^ (i * 37));
	return (bytes){ octet, 200 };
}

static void
a_trimmed_key_set_is_in_no_file_any_more_when_the_call_returns(void **state)
{
	struct fixture *f = *state;
	bytes old = marker(f, 'o'), small = marker(f, 's');
	struct put one = { .name = "x", .value = "1", .keys = true, .subject = 5, .wrapped = old };

	assert_ok(put(&f->job, f->store, &one));
	assert_true(files_hold(f, "keys.db", old)); /* the checks below can fail */
	assert_false(files_hold(f, "valv.db", old));
	one = (struct put){ .name = "x", .value = "2", .subject = 5, .trim = true, .trimmed = { small.ptr, 40 } };
	assert_ok(put(&f->job, f->store, &one));
	assert_false(files_hold(f, "keys.db", old));
	assert_true(files_hold(f, "keys.db", (bytes){ small.ptr, 40 }));
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM key_trim"), 0);
	one.trimmed = (bytes){ 0 }; /* all of it */
	assert_ok(put(&f->job, f->store, &one));
	assert_false(files_hold(f, "keys.db", (bytes){ small.ptr, 40 }));
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM subject_key"), 0);
}

/* A reader that holds the log open does not keep the key alive. */
static void
a_trim_waits_for_readers_and_then_destroys(void **state)
{
	struct fixture *f = *state;
	bytes old = marker(f, 'o');
	struct put one = { .name = "x", .value = "1", .keys = true, .subject = 5, .wrapped = old };
	OWNED(db_view_end) struct db *view = NULL;

	assert_ok(put(&f->job, f->store, &one));
	assert_ok(db_view_begin(&f->job, f->job.db, &view)); /* a view is on the data, not the keys */
	assert_int_equal(setting(&f->job, "x").len, 1);
	one = (struct put){ .name = "x", .value = "2", .subject = 5, .trim = true };
	assert_ok(put(&f->job, f->store, &one));
	assert_false(files_hold(f, "keys.db", old));
	assert_true(str_eq(setting(&f->job, "x"), S("1"))); /* the view is of its own moment */
	db_view_end(&view);
	assert_true(str_eq(setting(&f->job, "x"), S("2")));
}

static enum err
retire_steps(struct job *job, struct db *db, void *arg)
{
	(void)job;
	(void)arg;
	db_refuse_epochs_below(db, 2);
	return OK;
}

static void
keys_wrapped_by_an_epoch_that_was_retired_are_refused(void **state)
{
	struct fixture *f = *state;
	struct put one = { .name = "x", .value = "1", .keys = true, .subject = 5, .wrapped = marker(f, 'o') };
	struct put trim = { .name = "x", .value = "2", .subject = 5, .trim = true, .trimmed = marker(f, 's') };

	assert_ok(put(&f->job, f->store, &one));
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, retire_steps, NULL));
	one.subject = 6;
	assert_fails(&f->job, ERR_STALE, put(&f->job, f->store, &one));
	assert_fails(&f->job, ERR_STALE, put(&f->job, f->store, &trim));
	assert_true(str_eq(setting(&f->job, "x"), S("1")));
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM subject_key"), 1);
}

/* --- crashes -------------------------------------------------------------------------------------------- */

static void
trim_and_die(struct fixture *f, const char *point, bytes new)
{
	struct job job = { .now = 1000 * TIME_DAY };
	struct store *store;
	struct put one = { .name = "x", .value = "2", .keys = true, .subject = 5, .wrapped = new, .trim = true,
		           .trimmed = { new.ptr, 40 } };

	setenv("VALV_TEST_KILL", point, 1);
	if (store_open(&job, &(struct store_config){ .dir = f->dir }, &store) || put(&job, store, &one))
		_exit(1);
	_exit(0);
}

static void
whatever_a_crash_leaves_keys_stand_before_data_and_reminders_until_they_are_gone(void **state)
{
	static const struct {
		const char *point;
		bool keys, data, reminder;
	} cases[] = {
		{ "before-keys-commit", false, false, false },
		{ "between-commits", true, false, false },
		{ "after-data-commit", true, true, true },
		{ "before-keys-checkpoint", true, true, true }, /* trimmed, but perhaps not in every file */
		{ "after-keys-checkpoint", true, true, true },
	};
	struct fixture *f = *state;
	bytes old = marker(f, 'o'), new = marker(f, 'n');

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct put one = { .name = "x", .value = "1", .keys = true, .subject = 5, .wrapped = old };
		pid_t child;
		int status;

		assert_ok(put(&f->job, f->store, &one));
		sql(f, "valv.db", "DELETE FROM key_trim");
		reader_end(&f->job.db);
		store_close(&f->store);
		child = fork();
		if (child == 0)
			trim_and_die(f, cases[i].point, new);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_ok(open_again(f));
		assert_ok(store_reader(&f->job, f->store, &f->job.db));
		printf("# %s\n", cases[i].point);
		assert_true(str_eq(setting(&f->job, "x"), cases[i].data ? S("2") : S("1")));
		assert_int_equal(sql(f, "keys.db", "SELECT substr(wrapped, 1, 1) = x'6f' FROM subject_key WHERE subject = 5"),
		                 !cases[i].keys);
		assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM key_trim"), cases[i].reminder);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(a_directory_without_a_store_is_absent),
		EACH(a_store_is_made_once),
		EACH(a_second_process_is_kept_out),
		EACH(a_second_opening_by_the_same_process_is_kept_out),
		EACH(a_store_of_a_newer_valv_is_refused),
		IN_DIRECTORY(what_is_no_store_is_refused),
		IN_DIRECTORY(a_database_of_another_program_is_refused),
		EACH(migrations_are_applied_once),
		EACH(files_are_for_their_owner_alone),
		EACH(a_write_is_there_when_it_returns_and_after_reopening),
		EACH(steps_that_fail_leave_nothing_on_either_side),
		EACH(a_part_of_the_steps_may_fail_alone),
		EACH(thirty_two_threads_share_commits_and_a_failing_one_disturbs_no_other),
		EACH(writes_of_many_share_a_commit),
		EACH(writers_of_one_subject_take_turns),
		EACH(subject_numbers_go_on_after_reopening),
		EACH(a_trimmed_key_set_is_in_no_file_any_more_when_the_call_returns),
		EACH(a_trim_waits_for_readers_and_then_destroys),
		EACH(keys_wrapped_by_an_epoch_that_was_retired_are_refused),
		EACH(whatever_a_crash_leaves_keys_stand_before_data_and_reminders_until_they_are_gone),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
