/* access/desk.h -- what signing in works with: the accounts, the hasher, and the keys of credentials and tries. */
#ifndef ACCESS_DESK_H
#define ACCESS_DESK_H

#include "access/access.h"
#include "audit/entry.h"
#include "crypto/password.h"
#include "crypto/seal.h"

struct breached;

struct desk {
	const struct access *access; /* borrowed */
	struct hasher *hasher;
	const uint8_t *credential_key; /* borrowed from access->keys, as the next */
	const uint8_t *attempt_key;
	const struct breached *breached; /* borrowed; NULL: no list was given */
};

/* Takes as long as hashing a password.   ERR_CRYPTO, ERR_STORE … */
must_check enum err desk_open(struct job *job, const struct access *access, struct desk *ret);
void desk_close(struct desk *desk); /* accepts { 0 } */

/* Inside steps: an entry about an account whose body is its id and `more`. */
must_check enum err desk_entry(struct job *job, struct db *db, enum entry_act act, uid staff, enum err outcome,
                               bytes more);

/* A token of 256 bits in base64url behind a prefix, for links and cookies; in the arena, to be given out once. */
str desk_token(struct job *job, str prefix, uint8_t ret_digest[DIGEST_BYTES]);

#endif
