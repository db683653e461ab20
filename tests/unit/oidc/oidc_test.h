/* The parts of oidc_test. */
#ifndef OIDC_TEST_H
#define OIDC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "base/job.h"

/* Say which row of a table it was. */
#define wrong(...) (print_error(__VA_ARGS__), assert_true(!"as the table says"))

#define NOW (1800000000 * TIME_SECOND)

int event_tests(void);
int provider_tests(void);

#endif
