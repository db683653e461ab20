/* The parts of scim_test, and what they share. */
#ifndef SCIM_TEST_H
#define SCIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "scim/patch.h"

/* Say which row of a table it was. */
#define wrong(...) (print_error(__VA_ARGS__), assert_true(!"as the table says"))

/* A user or group from JSON; it has to be readable. */
struct scim_node *scim_of(struct job *job, const struct scim_resource *resource, const char *json);
/* As it is printed, everything. */
const char *scim_shown(struct job *job, const struct scim_resource *resource, const struct scim_node *root);

int filter_tests(void);
int patch_tests(void);

#endif
