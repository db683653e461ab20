/* What the tests of src/rights share. */
#ifndef RIGHTS_TEST_H
#define RIGHTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#define fail_with(...) (print_error(__VA_ARGS__), assert_true(false))

#endif
