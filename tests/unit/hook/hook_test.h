/* The parts of hook_test. */
#ifndef HOOK_TEST_H
#define HOOK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

/* Say which row of a table it was. */
#define wrong(...) (print_error(__VA_ARGS__), assert_true(!"as the table says"))

int address_tests(void);

#endif
