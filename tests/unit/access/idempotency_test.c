/* src/access/idempotency.c: a write that is sent twice happens once. */
#include "access_test.h"

#include "access/idempotency.h"

static struct idempotency
call_of(const char *key, const char *asked)
{
	struct idempotency call = { .given = true, .status = 201 };

	memcpy(call.digest, key, strlen(key));
	memcpy(call.fingerprint, asked, strlen(asked));
	return call;
}

static enum err
find(struct fixture *f, struct idempotency *call, bool *ret_found, uid *ret_object)
{
	bool has_object;
	int status = 0;
	enum err err;

	call->actor = f->job.actor;
	err = idempotency_find(&f->job, call, ret_found, &status, ret_object, &has_object);
	if (!err && *ret_found)
		assert_int_equal(status, 201);
	return err;
}

static void
what_was_answered_once_is_answered_again(void **state)
{
	struct fixture *f = *state;
	struct idempotency call = call_of("key", "asked"), again = call_of("key", "asked");
	struct idempotency other = call_of("key", "something else");
	const uid made = { { 1, 2, 3 } };
	bool found;
	uid object;

	assert_ok(find(f, &call, &found, &object));
	assert_false(found);
	call.object = &made;
	assert_ok(idempotency_keep(&f->job, f->store, &call));
	assert_true(call.kept);
	assert_ok(find(f, &again, &found, &object));
	assert_true(found && uid_eq(object, made));
	assert_fails(&f->job, ERR_IDEMPOTENCY_REUSE, find(f, &other, &found, &object));
}

static void
rows_belong_to_their_actor(void **state)
{
	struct fixture *f = *state;
	struct idempotency call = call_of("key", "asked"), mine = call_of("key", "mine");
	bool found;
	uid object;

	call.actor = f->job.actor;
	assert_ok(idempotency_keep(&f->job, f->store, &call));
	f->job.actor = (struct actor){ ACTOR_KEY, 5 };
	assert_ok(find(f, &mine, &found, &object));
	assert_false(found);
}

static void
a_row_is_forgotten_after_its_day(void **state)
{
	struct fixture *f = *state;
	struct idempotency call = call_of("key", "asked");
	bool found;
	uid object;

	call.actor = f->job.actor;
	assert_ok(idempotency_keep(&f->job, f->store, &call));
	f->job.now += IDEMPOTENCY_KEPT;
	assert_ok(find(f, &call, &found, &object));
	assert_true(found);
	f->job.now += 1;
	assert_ok(find(f, &call, &found, &object));
	assert_false(found);
	assert_ok(idempotency_keep(&f->job, f->store, &call)); /* and may be used again */
}

static void
of_two_at_once_one_is_told_to_wait(void **state)
{
	struct fixture *f = *state;
	struct idempotency_set set = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct idempotency one = call_of("key", "asked"), two = call_of("key", "asked"), other = call_of("other", "x");

	assert_ok(idempotency_enter(&f->job, &set, &one));
	assert_fails(&f->job, ERR_IDEMPOTENCY_BUSY, idempotency_enter(&f->job, &set, &two));
	assert_ok(idempotency_enter(&f->job, &set, &other));
	idempotency_leave(&set, &two); /* never entered: fine */
	idempotency_leave(&set, &one);
	assert_ok(idempotency_enter(&f->job, &set, &two));
	idempotency_leave(&set, &two);
	idempotency_leave(&set, &other);
	assert_null(set.first);
}

struct counted {
	struct idempotency *call;
	enum err then;
};

/* A write with its row in the same steps (E2). */
static enum err
counted_steps(struct job *job, struct db *db, void *arg)
{
	struct counted *counted = arg;

	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(S("done")), sql_text(S("yes"))), NULL));
	TRY(idempotency_put(job, db, counted->call));
	return counted->then ? job_fail(job, counted->then, "by the test", __FILE__, __LINE__) : OK;
}

static void
a_write_and_its_row_are_durable_together_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct idempotency one = call_of("key", "asked"), two = call_of("key", "asked");
	struct counted counted = { &one, ERR_HELD };
	bool found;
	uid object;

	one.actor = two.actor = f->job.actor;
	assert_fails(&f->job, ERR_HELD, store_write(&f->job, f->store, WRITE_ORDINARY, counted_steps, &counted));
	assert_ok(find(f, &one, &found, &object));
	assert_false(found); /* E3: may be tried again */
	counted.then = OK;
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, counted_steps, &counted));
	counted.call = &two; /* from another process: the second is undone */
	assert_fails(&f->job, ERR_IDEMPOTENCY_BUSY,
	             store_write(&f->job, f->store, WRITE_ORDINARY, counted_steps, &counted));
	assert_ok(find(f, &two, &found, &object));
	assert_true(found);
}

int
idempotency_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_was_answered_once_is_answered_again),
		EACH(rows_belong_to_their_actor),
		EACH(a_row_is_forgotten_after_its_day),
		EACH(of_two_at_once_one_is_told_to_wait),
		EACH(a_write_and_its_row_are_durable_together_or_not_at_all),
	};

	return cmocka_run_group_tests_name("idempotency", tests, NULL, NULL);
}
