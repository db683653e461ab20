/* What the tests of src/base share. */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "base/buf.h"
#include "base/must.h"

#define fail_with(...) (print_error(__VA_ARGS__), assert_true(false))

void assert_text(str got, const char *want);
bool all_zero(const void *ptr, size_t len);

/* must() ends a process that does `work`. */
void assert_stops(void (*work)(void));

/* Look at these octets when the block that holds them is freed. */
void watch_free(const void *ptr, size_t len);
bool freed_as_zeros(void); /* it was freed, and held zeros by then */

int arena_tests(void);
int buf_tests(void);
int job_tests(void);
int str_tests(void);
int time_tests(void);
int uid_tests(void);

#endif
