/* Tables of good and bad cases, shared by the tests of src/type. */
#ifndef TYPE_CHECK_H
#define TYPE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "type/type.h"

#define NOW ((time_us)1795435200 * TIME_SECOND) /* 2026-11-23T12:00:00Z */

struct good {
	const char *sentence;
	const char *raw;
	const char *canonical;
};

/* `why` is a part of the reason. */
struct bad {
	const char *sentence;
	const char *raw;
	const char *why;
};

#define CHECK_GOOD(type, context, table) check_good(type, context, table, COUNT(table))
#define CHECK_BAD(type, context, table) check_bad(type, context, table, COUNT(table))

/* Each is read as stated, and its canonical form is read as itself. */
void check_good(enum type type, const struct type_context *context, const struct good *table,
                size_t count);
void check_bad(enum type type, const struct type_context *context, const struct bad *table,
               size_t count);

int text_tests(void);
int email_tests(void);
int phone_tests(void);
int personnummer_tests(void);
int plain_tests(void);
int place_tests(void);
int mask_tests(void);
int precis_tests(void);

#endif
