/* The parts of http_test. */
#ifndef HTTP_TEST_H
#define HTTP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

int admit_tests(void);
int server_tests(void);
int stream_tests(void);
int hostile_tests(void);

#endif
