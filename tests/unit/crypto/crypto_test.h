/* What the tests of src/crypto share. */
#ifndef CRYPTO_TEST_H
#define CRYPTO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "base/job.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* these answer mlock() themselves, with OK */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define EACH(name) cmocka_unit_test_setup_teardown(name, fresh_job, end_job)

int fresh_job(void **state); /* *state is a struct job */
int end_job(void **state);

/* The failure is `err`, with a reason, and is forgiven. */
void assert_failed(struct job *job, enum err got, enum err want);
#define assert_ok(call) assert_int_equal(call, OK)

bytes from_hex(struct job *job, const char *hex);
void assert_hex(bytes got, const char *want);
bool all_zero(const void *ptr, size_t len);

int secret_tests(void);
int seal_tests(void);
int keyring_tests(void);
int root_tests(void);
int sign_tests(void);
int words_tests(void);
int password_tests(void);
int totp_tests(void);

#endif
