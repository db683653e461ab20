/* src/audit/index.c: from a person to the entries about them, at any moment (N1, N2), held against a
 * reading of the whole log. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "audit/index.h"

#define assert_ok(call) assert_string_equal(error_name(call), "OK")
#define PERSONS 12
#define ENTRIES_MAX 4000

static const struct entry_index small = { .run_pairs = 16, .runs = 4, .put_pairs = 5 };

static const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

struct fixture {
	char dir[200];
	struct store *store;
	struct job job;
	uint64_t random;
	/* The oracle: which entries are about whom. */
	int64_t seq[PERSONS + 1][ENTRIES_MAX];
	size_t count[PERSONS + 1];
};

static int
begin(void **state)
{
	struct fixture *f = *state = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	assert_non_null(f);
	f->random = 0x9e3779b97f4a7c15u;
	f->job = (struct job){ .now = 1000 * TIME_DAY, .actor = { ACTOR_KEY, 9 } };
	snprintf(f->dir, sizeof(f->dir), "%s/valv-index-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	assert_ok(store_create(&f->job, f->dir));
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	char path[500];
	DIR *dir;

	reader_end(&f->job.db);
	store_close(&f->store);
	dir = opendir(f->dir);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(f->dir);
	job_release(&f->job);
	free(f);
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

static unsigned
draw(struct fixture *f, unsigned below)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return (unsigned)(f->random % below);
}

static void
oracle_add(struct fixture *f, int64_t subject, int64_t seq)
{
	size_t *count = &f->count[subject];

	if (subject && (!*count || f->seq[subject][*count - 1] != seq))
		f->seq[subject][(*count)++] = seq;
}

static void
single(struct fixture *f, int64_t subject)
{
	int64_t seq;

	assert_ok(entry_write(&f->job, f->store,
	                      &(struct entry){ .act = ENTRY_SUBJECT_READ, .subject = subject }, &seq));
	oracle_add(f, subject, seq);
}

/* Decisions about several, the unknown (0) and the same person twice among them. */
static void
packed(struct fixture *f)
{
	OWNED(buf_release) struct buf body = { .max = 64 * ENTRY_DECISIONS_ITEM };
	int64_t subject[20], seq;
	unsigned count = 1 + draw(f, 20);

	for (unsigned i = 0; i < count; i++) {
		subject[i] = draw(f, PERSONS + 1);
		buf_le64(&body, (uint64_t)subject[i]);
		buf_data(&body, (bytes){ (const uint8_t *)"0123456789abc", 13 });
	}
	assert_ok(entry_write(&f->job, f->store,
	                      &(struct entry){ .act = ENTRY_DECISIONS, .body = buf_bytes(&body) }, &seq));
	for (unsigned i = 0; i < count; i++)
		oracle_add(f, subject[i], seq);
}

static void
some_entries(struct fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (draw(f, 4))
			single(f, draw(f, PERSONS + 1));
		else
			packed(f);
}

/* All of each person, in pages of several sizes. */
static void
assert_finds_all(struct fixture *f)
{
	static const size_t pages[] = { 1, 3, 1000 };
	int64_t found[1000];

	for (int64_t subject = 1; subject <= PERSONS; subject++)
		for (size_t p = 0; p < COUNT(pages); p++) {
			int64_t after = 0;
			size_t at = 0, count;
			do {
				assert_ok(entry_find(&f->job, subject, after, found, pages[p], &count));
				for (size_t i = 0; i < count; i++)
					assert_int_equal(found[i], f->seq[subject][at++]);
				after = count ? found[count - 1] : after;
			} while (count);
			assert_int_equal(at, f->count[subject]);
		}
	assert_ok(entry_find(&f->job, PERSONS + 1, 0, found, 1000, &(size_t){ 0 }));
}

static void
reopen(struct fixture *f)
{
	reader_end(&f->job.db);
	store_close(&f->store);
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
}

static void
it_gives_what_reading_the_whole_log_gives(void **state)
{
	struct fixture *f = *state;
	bool more;

	for (int round = 0; round < 60; round++) {
		some_entries(f, draw(f, 30));
		for (unsigned step = draw(f, 6); step; step--)
			assert_ok(entry_index_step(&f->job, f->store, &small, &more));
		if (!draw(f, 12))
			reopen(f);
		assert_finds_all(f);
		arena_reset(&f->job.arena);
	}
}

static int64_t
number(struct fixture *f, enum sql sql, int64_t argument)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t count = 0;
	bool there;

	assert_ok(db_query(&f->job, f->job.db, sql, ARGS(sql_i64(argument)), &rows));
	for (;; count++) {
		assert_ok(rows_next(&f->job, &rows, &there));
		if (!there)
			return count;
	}
}

/* In a process of its own, which dies after its nth commit. */
static void
fill_and_die(struct fixture *f, unsigned nth)
{
	char point[40];
	int status;
	pid_t child;

	reader_end(&f->job.db);
	store_close(&f->store);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		bool more = true;
		snprintf(point, sizeof(point), "after-data-commit:%u", nth);
		setenv("VALV_TEST_KILL", point, 1);
		if (store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store) ||
		    store_reader(&f->job, f->store, &f->job.db))
			_exit(1);
		while (more)
			if (entry_index_step(&f->job, f->store, &small, &more))
				_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
}

static void
what_a_crash_left_half_written_is_neither_seen_nor_lost(void **state)
{
	struct fixture *f = *state;
	bool more;

	for (unsigned round = 0; round < 24; round++) {
		some_entries(f, 40);
		fill_and_die(f, 1 + round % 8);
		assert_finds_all(f);
		some_entries(f, draw(f, 20));
		for (unsigned step = draw(f, 3); step; step--)
			assert_ok(entry_index_step(&f->job, f->store, &small, &more));
		assert_finds_all(f);
		arena_reset(&f->job.arena);
	}
}

static void
merged_runs_leave_nothing_behind(void **state)
{
	struct fixture *f = *state;
	bool more = true;

	some_entries(f, 400);
	while (more)
		assert_ok(entry_index_step(&f->job, f->store, &small, &more));
	assert_finds_all(f);
	assert_int_equal(number(f, SQL_ENTRY_RUN_ALL, 1), 0);
	assert_int_equal(number(f, SQL_ENTRY_RUN_ALL, 4), 0);
	assert_ok(entry_index_step(&f->job, f->store, &small, &more));
	assert_false(more);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(it_gives_what_reading_the_whole_log_gives),
		EACH(what_a_crash_left_half_written_is_neither_seen_nor_lost),
		EACH(merged_runs_leave_nothing_behind),
	};

	return cmocka_run_group_tests_name("audit-index", tests, NULL, NULL);
}
