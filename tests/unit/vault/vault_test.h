/* What the tests of src/vault share. */
#ifndef VAULT_TEST_H
#define VAULT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "base/job.h"

/* What cmocka shows names the error, not its number. */
#define assert_ok(call) assert_string_equal(error_name(call), "OK")
/* The call fails so, names the place (a JSON pointer, "" for none), and is forgiven. */
#define assert_fails_at(job, err, place, call) \
	do { \
		assert_string_equal(error_name(call), #err); \
		assert_string_equal((job)->failure.where, place); \
		assert_non_null((job)->failure.why); \
		job_forgive(job); \
	} while (0)
#define assert_fails(job, err, call) assert_fails_at(job, err, "", call)

static inline const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

#endif
