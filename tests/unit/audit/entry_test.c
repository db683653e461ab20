/* src/audit/entry.c: one entry for each use and each refusal, in the transaction of what it records. */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "audit/entry.h"

#define assert_ok(call) assert_string_equal(error_name(call), "OK")

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

static int
begin(void **state)
{
	static struct fixture fixture;
	struct fixture *f = *state = &fixture;
	const char *tmp = getenv("TMPDIR");

	*f = (struct fixture){ .job = { .now = 1000 * TIME_DAY, .actor = { ACTOR_KEY, 9 } } };
	snprintf(f->dir, sizeof(f->dir), "%s/valv-audit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
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
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

static size_t
entries(struct fixture *f, int64_t ret_seq[], size_t room)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	assert_ok(db_query(&f->job, f->job.db, SQL_ENTRY_AFTER, ARGS(sql_i64(0), sql_i64((int64_t)room)), &rows));
	for (;; count++) {
		assert_ok(rows_next(&f->job, &rows, &there));
		if (!there)
			return count;
		ret_seq[count] = rows_i64(&rows, 0);
	}
}

static void
an_entry_says_who_did_what_to_whom_when_and_how_it_ended(void **state)
{
	struct fixture *f = *state;
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t seq;
	bool there;

	assert_ok(entry_write(&f->job, f->store,
	                      &(struct entry){ .act = ENTRY_SUBJECT_READ, .subject = 4, .purpose = 5,
	                                       .outcome = ERR_NO_GROUND, .body = str_bytes(S("ab")) },
	                      &seq));
	assert_int_equal(seq, 1);
	assert_ok(db_query(&f->job, f->job.db, SQL_ENTRY_AFTER, ARGS(sql_i64(0), sql_i64(1)), &rows));
	assert_ok(rows_next(&f->job, &rows, &there));
	assert_true(there);
	assert_int_equal(rows_i64(&rows, 1), f->job.now);
	assert_int_equal(rows_i64(&rows, 2), ACTOR_KEY);
	assert_int_equal(rows_i64(&rows, 3), 9);
	assert_int_equal(rows_i64(&rows, 4), ENTRY_SUBJECT_READ);
	assert_int_equal(rows_i64(&rows, 5), ERR_NO_GROUND);
	assert_int_equal(rows_i64(&rows, 6), 4);
	assert_int_equal(rows_i64(&rows, 7), 5);
	assert_true(str_eq(bytes_str(rows_bytes(&rows, 8)), S("ab")));
}

static void
each_act_has_a_name_of_its_own(void **state)
{
	for (int a = ENTRY_NONE; a < ENTRY_COUNT; a++) {
		assert_true(entry_name((enum entry_act)a).len > 0);
		for (int b = ENTRY_NONE; b < a; b++)
			assert_false(str_eq(entry_name((enum entry_act)a), entry_name((enum entry_act)b)));
	}
	assert_true(str_eq(entry_name((enum entry_act)999), entry_name(ENTRY_NONE)));
	(void)state;
}

static enum err
append_and_refuse(struct job *job, struct db *db, void *arg)
{
	enum err *then = arg;

	TRY(entry_append(job, db, &(struct entry){ .act = ENTRY_ACT }, NULL));
	TRY(entry_append(job, db, &(struct entry){ .act = ENTRY_ACT }, NULL));
	return *then ? job_fail(job, *then, "by the test", __FILE__, __LINE__) : OK;
}

/* I4: what did not happen has no entry, and its numbers go to others. */
static void
numbers_have_no_gaps_whatever_fails(void **state)
{
	struct fixture *f = *state;
	enum err held = ERR_HELD, fine = OK;
	int64_t seq[20];

	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, append_and_refuse, &fine));
	assert_string_equal(error_name(store_write(&f->job, f->store, WRITE_ORDINARY, append_and_refuse, &held)), "ERR_HELD");
	job_forgive(&f->job);
	assert_ok(entry_write(&f->job, f->store, &(struct entry){ .act = ENTRY_STOP }, NULL));
	assert_int_equal(entries(f, seq, 20), 3);
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(seq[i], i + 1);
	reader_end(&f->job.db);
	store_close(&f->store);
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
	assert_ok(entry_write(&f->job, f->store, &(struct entry){ .act = ENTRY_START }, &seq[0]));
	assert_int_equal(seq[0], 4); /* after a new start as well */
}

static void *
write_entries(void *arg)
{
	struct fixture *f = arg;
	struct job job = { .now = f->job.now };

	for (int i = 0; i < 50; i++)
		assert_ok(entry_write(&job, f->store, &(struct entry){ .act = ENTRY_SUBJECT_READ }, NULL));
	job_release(&job);
	return NULL;
}

static void
entries_of_many_readers_are_all_there(void **state)
{
	struct fixture *f = *state;
	pthread_t thread[16];
	int64_t seq[1000];

	for (size_t i = 0; i < 16; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, write_entries, f), 0);
	for (size_t i = 0; i < 16; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(entries(f, seq, 1000), 16 * 50);
	assert_int_equal(seq[16 * 50 - 1], 16 * 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(an_entry_says_who_did_what_to_whom_when_and_how_it_ended),
		EACH(each_act_has_a_name_of_its_own),
		EACH(numbers_have_no_gaps_whatever_fails),
		EACH(entries_of_many_readers_are_all_there),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
