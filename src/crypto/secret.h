/* crypto/secret.h -- memory for keys: locked, guard-paged, not in core dumps, wiped at the end.
 *
 * crypto_start() once per process before anything else here.  Keys never live in an arena, in a
 * `str` or on the server's stack.  Where memory cannot be locked (RLIMIT_MEMLOCK) work goes on and
 * secret_locked() says so, for the one warning at start (after keyring_new(), which locks most).
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/job.h"

#define KEY_BYTES 32

struct secret; /* one key of KEY_BYTES */

must_check enum err crypto_start(struct job *job); /* ERR_CRYPTO: a library cannot start */
bool secret_locked(void); /* all so far; never turns true again */

struct secret *secret_new(void);    /* zeroed; never NULL */
struct secret *secret_random(void); /* fresh random key */
struct secret *secret_take(uint8_t from[KEY_BYTES]); /* copies, then wipes `from` */
void secret_free(struct secret **secret); /* wipes; accepts NULL inside; leaves NULL (for OWNED) */
uint8_t *secret_octets(struct secret *secret); /* borrowed */
bool secret_equal(const struct secret *a, const struct secret *b); /* constant time */

/* Constant-time comparison of two MACs or digests of the same length. */
bool digest_equal(bytes a, bytes b);
void wipe(void *ptr, size_t len);

#endif
