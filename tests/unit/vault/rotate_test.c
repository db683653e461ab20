/* src/store/keys.c with people behind it: epochs turn over while serving, and after a crash (N1, N2). */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"
#include "vault_tests.h"

#define PEOPLE 12

static struct fixture the_fixture;
static uid people[PEOPLE];

static int
begin(void **state)
{
	struct fixture *f = *state = &the_fixture;
	char email[40], name[40];

	fixture_begin(f);
	fixture_registry(f);
	for (int i = 0; i < PEOPLE; i++) {
		snprintf(email, sizeof(email), "email=p%d@example.com", i);
		snprintf(name, sizeof(name), "name=Person %d", i);
		people[i] = person_make(f, "newsletter", email, name, NULL);
	}
	return 0;
}

static int
end(void **state)
{
	fixture_end(*state);
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

static enum err
rotate(struct fixture *f, uint64_t *ret_rewrapped)
{
	uint32_t epoch;

	return keys_rotate(&f->job, f->vault->keys, f->vault->store, NULL, NULL, &epoch, ret_rewrapped);
}

static void
assert_all_readable(struct fixture *f)
{
	for (int i = 0; i < PEOPLE; i++) {
		assert_int_equal(person_values(f, people[i]), 2);
		assert_int_equal(person_keys(f, people[i]), 1);
	}
	assert_int_equal(holders_of(f, "email", "p3@example.com"), 1); /* the lookup key is the same */
	assert_verified(f);
}

static void
a_rotation_rewraps_everything_and_destroys_the_old_epoch(void **state)
{
	struct fixture *f = *state;
	bytes kek = sql_blob(f, "keys.db", "SELECT wrapped FROM kek", 0, 0);
	bytes set = sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = 3", 0, 0);
	bytes named = sql_blob(f, "keys.db", "SELECT wrapped FROM named_key WHERE name = 'suppression'", 0, 0);
	uint64_t rewrapped;

	assert_ok(rotate(f, &rewrapped));
	assert_int_equal(rewrapped, PEOPLE);
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM kek", 0, 0), 1);
	assert_int_equal(sql(f, "keys.db", "SELECT (SELECT COUNT(*) FROM subject_key WHERE epoch <> 2) + (SELECT COUNT(*) FROM named_key WHERE epoch <> 2)", 0, 0), 0);
	assert_false(files_hold(f, "keys.db", kek));
	assert_false(files_hold(f, "keys.db", set));
	assert_false(files_hold(f, "keys.db", named));
	assert_all_readable(f);
	fixture_reopen(f);
	assert_all_readable(f);
	assert_ok(rotate(f, &rewrapped));
	assert_all_readable(f);
}

/* What was copied from keys.db before is useless after. */
static void
a_key_set_of_an_old_epoch_put_back_is_refused(void **state)
{
	struct fixture *f = *state;
	bytes set = sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = 3", 0, 0);
	struct subject subject;
	struct value *value;
	uint64_t rewrapped;
	size_t count;

	assert_ok(rotate(f, &rewrapped));
	sql_put_blob(f, "keys.db", "UPDATE subject_key SET wrapped = ?1 WHERE subject = ?2", set, 3, 0);
	assert_fails(&f->job, ERR_CRYPTO,
	             subject_read(&f->job, f->vault, people[2], NULL, &subject, &value, &count));
}

/* In the middle of a rotation: a write that was prepared before it comes in with a set of the old
 * epoch, and somebody wants a rotation of their own. */
struct meanwhile {
	struct fixture *f;
	bytes old_set;
	bool done;
};

static enum err
late_steps(struct job *job, struct db *db, void *arg)
{
	struct meanwhile *meanwhile = arg;

	return db_keys_put(job, db, 3, 1, meanwhile->old_set);
}

static void
meanwhile_call(uint64_t done, void *ctx)
{
	struct meanwhile *meanwhile = ctx;
	struct job job = { .now = FIXTURE_NOW };
	uint64_t rewrapped;
	uint32_t epoch;
	(void)done;

	if (meanwhile->done)
		return;
	meanwhile->done = true;
	assert_ok(store_write(&job, meanwhile->f->vault->store, WRITE_ORDINARY, late_steps, meanwhile));
	assert_fails(&job, ERR_BUSY,
	             keys_rotate(&job, meanwhile->f->vault->keys, meanwhile->f->vault->store, NULL, NULL, &epoch,
	                         &rewrapped));
	job_release(&job);
}

static void
a_set_that_comes_in_late_is_rewrapped_before_its_epoch_is_dropped(void **state)
{
	struct meanwhile meanwhile = { .f = *state };
	struct fixture *f = *state;
	uint64_t rewrapped;
	uint32_t epoch;

	meanwhile.old_set = sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = 3", 0, 0);
	assert_ok(keys_rotate(&f->job, f->vault->keys, f->vault->store, meanwhile_call, &meanwhile, &epoch, &rewrapped));
	assert_true(meanwhile.done);
	/* One that is later still is refused, and prepared again (N1). */
	assert_fails(&f->job, ERR_STALE, store_write(&f->job, f->vault->store, WRITE_ORDINARY, late_steps, &meanwhile));
	assert_int_equal(rewrapped, PEOPLE + 1);
	assert_all_readable(f);
	fixture_reopen(f);
	assert_all_readable(f);
}

/* --- crashes ------------------------------------------------------------------------------------------ */

static void
rotate_and_die(const char *dir, const char *point)
{
	struct job job = { .now = FIXTURE_NOW };
	struct vault *vault;
	uint64_t rewrapped;
	uint32_t epoch;

	setenv("VALV_TEST_KILL", point, 1);
	if (vault_open(&job, dir, &vault) ||
	    keys_rotate(&job, vault->keys, vault->store, NULL, NULL, &epoch, &rewrapped))
		_exit(1);
	_exit(0); /* the point was not reached */
}

static void
a_rotation_that_is_killed_at_any_point_is_run_again(void **state)
{
	/* The commits within a rotation: epoch, named keys, each batch, retiring. */
	static const char *const points[] = {
		"rotate-epoch", "rotate-batch", "rotate-retired",
		"before-keys-commit:1", "before-keys-commit:2", "before-keys-commit:3", "before-keys-commit:4",
		"between-commits:1", "between-commits:2", "between-commits:3", "between-commits:4",
		"after-data-commit:1", "after-data-commit:2", "after-data-commit:3", "after-data-commit:4",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(points); i++) {
		uint64_t rewrapped;
		pid_t child;
		int status;

		fixture_close(f);
		child = fork();
		if (child == 0)
			rotate_and_die(f->dir, points[i]);
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			printf("# %s: status %x\n", points[i], status);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		fixture_open(f);
		assert_all_readable(f);
		assert_ok(rotate(f, &rewrapped));
		assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM kek", 0, 0), 1);
		assert_all_readable(f);
	}
}

/* --- at once ------------------------------------------------------------------------------------------ */

struct storm {
	struct fixture *f;
	atomic_bool stop;
	atomic_uint changes, creations, wrong;
};

static enum err
rename_person(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct value_set *set = arena_alloc(&job->arena, sizeof(*set));
	(void)vault;

	*set = (struct value_set){ .field = registry_field(change->registry, S("name")), .origin = ORIGIN_PROVIDED,
		                   .text = *(str *)ctx };
	change->value = set;
	change->value_count = 1;
	return OK;
}

/* Gains and loses sections, so that keys are added and trimmed all the time. */
static enum err
toggle_order(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	const struct purpose *order = registry_purpose(change->registry, S("order"));
	(void)vault;

	*act = (struct act_new){ .act = *(bool *)ctx ? ACT_ESTABLISHED : ACT_STOPPED, .basis = BASIS_CONTRACT,
		                 .version = order->active, .at = job->now, .until_at = TIME_NEVER };
	change->act = act;
	change->act_count = 1;
	return OK;
}

static void
storm_once(struct storm *storm, struct job *job, struct random *random)
{
	uid id = people[random_below(random, PEOPLE)];
	struct change_result result;
	bool on = random_one_in(random, 2);
	str name = on ? S("Anna On") : S("Anna Off");
	enum err err;

	if (random_one_in(random, 3)) {
		struct edit edit;
		edit_new(&edit, job, storm->f->vault);
		edit_value(&edit, "email", "new@example.com");
		edit_act(&edit, ACT_GIVEN, "newsletter");
		err = edit_commit(&edit);
		storm->creations++;
	} else if (random_one_in(random, 2)) {
		err = subject_change(job, storm->f->vault, id, rename_person, &name, &result);
	} else {
		err = subject_change(job, storm->f->vault, id, toggle_order, &on, &result);
	}
	storm->changes++;
	if (err) {
		printf("# %s: %s\n", error_name(err), job->failure.why);
		storm->wrong++;
	}
	job_forgive(job);
	arena_reset(&job->arena);
}

static void *
storm_worker(void *arg)
{
	struct storm *storm = arg;
	struct random random = { (uintptr_t)&random };
	struct job job;

	worker_begin(storm->f, &job);
	while (!storm->stop) {
		job.now++;
		storm_once(storm, &job, &random);
	}
	worker_end(&job);
	return NULL;
}

static void
people_are_written_to_while_epochs_turn_over(void **state)
{
	struct storm storm = { .f = *state };
	pthread_t thread[4];
	uint64_t rewrapped;

	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, storm_worker, &storm), 0);
	for (int i = 0; i < 12; i++) {
		assert_ok(rotate(storm.f, &rewrapped));
		usleep(20000);
	}
	storm.stop = true;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	printf("# %u changes, %u of them creations\n", storm.changes, storm.creations);
	assert_int_equal(storm.wrong, 0);
	assert_int_equal(sql(storm.f, "keys.db", "SELECT COUNT(*) FROM kek", 0, 0), 1);
	assert_verified(storm.f);
	fixture_reopen(storm.f);
	assert_verified(storm.f);
	for (int i = 0; i < PEOPLE; i++)
		assert_true(person_values(storm.f, people[i]) == 2);
}

static void *
rotate_worker(void *arg)
{
	struct storm *storm = arg;
	struct job job;
	uint64_t rewrapped;
	uint32_t epoch;
	enum err err;

	worker_begin(storm->f, &job);
	for (int i = 0; i < 5; i++) {
		err = keys_rotate(&job, storm->f->vault->keys, storm->f->vault->store, NULL, NULL, &epoch, &rewrapped);
		if (!err)
			storm->changes++;
		else if (err != ERR_BUSY)
			storm->wrong++;
		job_forgive(&job);
	}
	worker_end(&job);
	return NULL;
}

/* Two administrators press the same button. */
static void
two_rotations_at_once_do_no_harm(void **state)
{
	struct storm storm = { .f = *state };
	pthread_t thread[3];

	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, rotate_worker, &storm), 0);
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_true(storm.changes >= 1);
	assert_int_equal(storm.wrong, 0);
	assert_all_readable(storm.f);
	fixture_reopen(storm.f);
	assert_all_readable(storm.f);
}

int
rotate_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_rotation_rewraps_everything_and_destroys_the_old_epoch),
		EACH(a_key_set_of_an_old_epoch_put_back_is_refused),
		EACH(a_set_that_comes_in_late_is_rewrapped_before_its_epoch_is_dropped),
		EACH(a_rotation_that_is_killed_at_any_point_is_run_again),
		EACH(people_are_written_to_while_epochs_turn_over),
		EACH(two_rotations_at_once_do_no_harm),
	};

	return cmocka_run_group_tests_name("rotate", tests, NULL, NULL);
}
