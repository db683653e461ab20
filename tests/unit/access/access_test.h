/* What the tests of src/access share: a store of its own for each. */
#ifndef ACCESS_TEST_H
#define ACCESS_TEST_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "access/key.h"
#include "access/key_cache.h"

#define assert_ok(call) assert_string_equal(error_name(call), "OK")
#define assert_fails(job, err, call) \
	do { \
		assert_string_equal(error_name(call), #err); \
		assert_non_null((job)->failure.why); \
		job_forgive(job); \
	} while (0)

struct fixture {
	char dir[200];
	struct store *store;
	struct access access;
	struct key_cache *cache; /* as the server has one for all its workers */
	struct job job;
};

#define EACH(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

const char *error_name(enum err err);
int fixture_begin(void **state); /* *state is a struct fixture */
int fixture_end(void **state);

int key_tests(void);
int idempotency_tests(void);
int password_tests(void);
int staff_tests(void);

#endif
