/* tests of src/mail: what the files share. */
#ifndef MAIL_TEST_H
#define MAIL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "mail/compose.h"

/* Say which row of a table it was. */
#define wrong(...) (print_error(__VA_ARGS__), assert_true(!"as the table says"))

struct mail mail_good(void); /* with every member set */

int mailbox_tests(void);
int compose_tests(void);
int dkim_tests(void);
int report_tests(void);

#endif
