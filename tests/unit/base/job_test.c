/* src/base/job.c, err.c */
#include "base_test.h"

#include "base/job.h"

static void
the_first_failure_wins_until_it_is_forgiven(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	const int line = __LINE__ + 2;

	assert_int_equal(fail_at(&job, ERR_HELD, S("/values/email"), "first"), ERR_HELD);
	assert_int_equal(fail(&job, ERR_STORE, "second"), ERR_STORE); /* returned, not kept */
	assert_int_equal(job.failure.err, ERR_HELD);
	assert_string_equal(job.failure.why, "first");
	assert_string_equal(job.failure.where, "/values/email");
	assert_int_equal(job.failure.line, line);
	assert_non_null(strstr(job.failure.file, "job_test.c"));

	job_forgive(&job);
	assert_int_equal(job.failure.err, OK);
	assert_string_equal(job.failure.where, "");
	assert_int_equal(fail(&job, ERR_STORE, "third"), ERR_STORE);
	assert_string_equal(job.failure.why, "third");
	assert_string_equal(job.failure.where, "");
}

static void
a_long_place_is_cut_and_ended(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	char where[1000];

	memset(where, 'x', sizeof(where));
	(void)fail_at(&job, ERR_INVALID, ((str){ where, sizeof(where) }), "too long");
	assert_int_equal(strlen(job.failure.where), sizeof(job.failure.where) - 1);
	job_forgive(&job);
	(void)fail_at(&job, ERR_INVALID, ((str){ where, sizeof(job.failure.where) - 1 }), "just");
	assert_int_equal(strlen(job.failure.where), sizeof(job.failure.where) - 1);
	job_forgive(&job);
	(void)fail_at(&job, ERR_INVALID, ((str){ 0 }), "none");
	assert_string_equal(job.failure.where, "");
}

static void
fail_with_ok(void)
{
	struct job job = { 0 };

	(void)fail(&job, OK, "nothing");
}

static void
ok_is_no_failure(void **state)
{
	assert_stops(fail_with_ok);
}

static enum err
pass_on(struct job *job, enum err err, int *steps)
{
	TRY(err ? fail(job, err, "below") : OK);
	++*steps;
	return OK;
}

static void
try_passes_errors_on(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	int steps = 0;

	assert_int_equal(pass_on(&job, OK, &steps), OK);
	assert_int_equal(pass_on(&job, ERR_IO, &steps), ERR_IO);
	assert_int_equal(steps, 1);
}

static void
a_release_wipes_the_job(void **state)
{
	struct job job = { .actor = { ACTOR_KEY, 7 }, .now = 5 };
	char *text = arena_alloc(&job.arena, 100);

	memset(text, 'x', 100);
	watch_free(text, 100);
	job_release(&job);
	assert_true(freed_as_zeros());
	assert_true(all_zero(&job, sizeof(job)));
}

static void
the_error_table_is_whole(void **state)
{
	for (int i = OK + 1; i < ERR_COUNT; i++) {
		const struct err_info *info = err_info((enum err)i);

		assert_non_null(info->name);
		assert_int_equal(strncmp(info->name, "ERR_", 4), 0);
		assert_in_range(info->status, 400, 599);
		assert_true(info->sentence[strlen(info->sentence) - 1] == '.');
		assert_int_equal(strspn(info->slug, "abcdefghijklmnopqrstuvwxyz-"),
		                 strlen(info->slug));
		for (int k = OK + 1; k < i; k++)
			assert_string_not_equal(info->slug, err_info((enum err)k)->slug);
	}
	assert_ptr_equal(err_info(OK), err_info(ERR_INTERNAL));
	assert_ptr_equal(err_info(ERR_COUNT), err_info(ERR_INTERNAL));
	assert_ptr_equal(err_info((enum err)-1), err_info(ERR_INTERNAL));
	assert_ptr_equal(err_info((enum err)100000), err_info(ERR_INTERNAL));
}

int
job_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_wins_until_it_is_forgiven),
		cmocka_unit_test(a_long_place_is_cut_and_ended),
		cmocka_unit_test(ok_is_no_failure),
		cmocka_unit_test(try_passes_errors_on),
		cmocka_unit_test(a_release_wipes_the_job),
		cmocka_unit_test(the_error_table_is_whole),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
