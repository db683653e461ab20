/* The parts of webauthn_test. */
#ifndef WEBAUTHN_TEST_H
#define WEBAUTHN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "webauthn/webauthn.h"

/* Say which row of a table it was. */
#define wrong(...) (print_error(__VA_ARGS__), assert_true(!"as the table says"))

int cbor_tests(void);

/* --- an authenticator, which may be told to do wrong ------------------------------------------ */

struct authenticator; /* one key pair */

struct authenticator *authenticator_new(enum webauthn_algorithm algorithm);
void authenticator_free(struct authenticator *of);
void authenticator_key(const struct authenticator *of, struct buf *out); /* COSE_Key */
void authenticator_sign(const struct authenticator *of, bytes message, struct buf *out);

void put_cbor(struct buf *out, unsigned kind, uint64_t value);
void put_cbor_bytes(struct buf *out, bytes b);
void put_cbor_text(struct buf *out, str s);

#endif
