/* src/crypto/password.c */
#include "crypto_test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/password.h"

static void
a_password_is_right_or_wrong(void **state)
{
	struct job *job = *state;
	OWNED(hasher_free) struct hasher *hasher = NULL;
	bool right = false, outdated = true;
	str hash, again;

	assert_ok(hasher_new(job, &hasher));
	assert_ok(password_hash(job, hasher, 1, S("correct horse battery staple"), &hash));
	assert_true(str_starts(hash, S("$argon2id$v=19$m=47104,t=2,p=1$")));
	assert_true(hash.len < PASSWORD_HASH_BYTES_MAX);
	assert_ok(password_check(job, hasher, 1, hash, S("correct horse battery staple"), &right, &outdated));
	assert_true(right);
	assert_false(outdated);
	assert_ok(password_check(job, hasher, 1, hash, S("correct horse battery stapl"), &right, &outdated));
	assert_false(right);
	assert_ok(password_check(job, hasher, 1, hash, S(""), &right, &outdated));
	assert_false(right);
	assert_ok(password_hash(job, hasher, 1, S("correct horse battery staple"), &again));
	assert_false(str_eq(hash, again)); /* salt */
}

static void
no_password_and_no_account_are_wrong(void **state)
{
	struct job *job = *state;
	OWNED(hasher_free) struct hasher *hasher = NULL;
	bool right = true, outdated = true;

	assert_ok(hasher_new(job, &hasher));
	assert_ok(password_check(job, hasher, 1, S(""), S("anything"), &right, &outdated));
	assert_false(right);
	assert_false(outdated);
	assert_ok(password_check(job, hasher, 1, S("$argon2id$nonsense"), S("anything"), &right, &outdated));
	assert_false(right);
	assert_ok(password_check(job, hasher, 1, S("$argon2id$v=19$m=8192,t=2,p=1$0RkjEy52yFqCkivG0dW7lw$"), S("anything"), &right, &outdated));
	assert_false(right);
}

/* A hash of other parameters opens, and is said to be one. */
static void
other_parameters_are_outdated(void **state)
{
	static const char of_less[] =
		"$argon2id$v=19$m=8192,t=2,p=1$0RkjEy52yFqCkivG0dW7lw$"
		"rZUId7gOBvY2dCQRzMv2wYcb88l3MivE1TBel/7fUZc";
	struct job *job = *state;
	OWNED(hasher_free) struct hasher *hasher = NULL;
	bool right = false, outdated = false;

	assert_ok(hasher_new(job, &hasher));
	assert_ok(password_check(job, hasher, 1, str_from_c(of_less), S("correct horse battery staple"),
	                         &right, &outdated));
	assert_true(right);
	assert_true(outdated);
}

struct crowd {
	struct hasher *hasher;
	uint64_t caller;
	atomic_int hashed, busy;
};

static void *
crowd_member(void *arg)
{
	struct crowd *crowd = arg;
	OWNED(job_release) struct job job = { 0 };
	str hash;
	enum err err = password_hash(&job, crowd->hasher, crowd->caller, S("hunter2"), &hash);

	if (err == OK)
		crowd->hashed++;
	else if (err == ERR_BUSY)
		crowd->busy++;
	return NULL;
}

/* One caller who comes thirty times at once is let in AT_ONCE + EACH times at least; nobody waits for ever. */
static void
one_caller_does_not_fill_the_line(void **state)
{
	struct job *job = *state;
	OWNED(hasher_free) struct hasher *hasher = NULL;
	struct crowd crowd = { .caller = 7 };
	pthread_t thread[30];

	assert_ok(hasher_new(job, &hasher));
	crowd.hasher = hasher;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, crowd_member, &crowd), 0);
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(crowd.hashed + crowd.busy, COUNT(thread));
	assert_true(crowd.hashed >= HASHER_AT_ONCE + HASHER_WAITING_EACH);
}

int
password_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_password_is_right_or_wrong),
		EACH(no_password_and_no_account_are_wrong),
		EACH(other_parameters_are_outdated),
		EACH(one_caller_does_not_fill_the_line),
	};

	return cmocka_run_group_tests_name("crypto/password", tests, NULL, NULL);
}
