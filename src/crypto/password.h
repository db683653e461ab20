/* crypto/password.h -- passwords of people: Argon2id through libsodium, a few at once.
 *
 * Parameters: 47,104 KiB and two passes, above each row of ASVS 5.0 appendix C; a hash says which it was made
 * with, and one of others than today's is to be made again when its password is next known.
 *
 *   W1  At most HASHER_AT_ONCE are reckoned at a time and HASHER_WAITING wait, HASHER_WAITING_EACH of them for
 *       one caller: whoever tries passwords takes up neither the memory nor the workers.
 *   W2  An account that is not there, or has no password, costs the work of one that has.
 *
 * The password is text that precis_password() has prepared.  Thread-safe; the calls block.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/job.h"

#define HASHER_AT_ONCE 2       /* 92 MiB */
#define HASHER_WAITING 16
#define HASHER_WAITING_EACH 4
#define PASSWORD_HASH_BYTES_MAX 128

struct hasher;

/* Takes as long as hashing a password.  ERR_CRYPTO  not enough memory */
must_check enum err hasher_new(struct job *job, struct hasher **ret);
void hasher_free(struct hasher **hasher); /* accepts NULL inside */

/* `caller` is any number that stands for who asks (W1).  The form is crypt(3)'s: $argon2id$v=19$m=…
 *   ERR_BUSY  too many at once   ERR_CRYPTO  not enough memory */
must_check enum err password_hash(struct job *job, struct hasher *hasher, uint64_t caller, str password,
                                  str *ret_hash);
/* `hash` may be empty: then the work is done and the answer is false (W2).  *ret_outdated: right, but of other
 * parameters than today's.   ERR_BUSY */
must_check enum err password_check(struct job *job, struct hasher *hasher, uint64_t caller, str hash,
                                   str password, bool *ret_right, bool *ret_outdated);

#endif
