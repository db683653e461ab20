/* The parts of jose_test. */
#ifndef JOSE_TEST_H
#define JOSE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "jose/jws.h"

/* Say which row of a table it was. */
#define wrong(...) (print_error(__VA_ARGS__), assert_true(!"as the table says"))

/* A private key of the test's own, and its public one as a JWK without braces. */
struct signer;
struct signer *signer_rsa(unsigned bits);
struct signer *signer_p256(void);
void signer_end(struct signer *signer);
void signer_jwk(const struct signer *signer, struct buf *out);

/* header.payload.signature over what is given, whatever it is. */
void token_make(const struct signer *signer, bool pss, str header, str payload, struct buf *out);
/* r and s of the signature, 64 octets; der: as the library has it. */
void token_sign(const struct signer *signer, bool pss, bool der, str text, struct buf *out);

#endif
