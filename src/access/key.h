/* access/key.h -- API keys: what a program or a staff member's own tool may do for which purposes.
 *
 * A key is "valv_" and 43 characters of base64url (256 bits); only its hash is stored.  It is
 * looked up on every request, so that a revocation holds for the next one (I5, V4).
 *
 *   B1  A key hangs on its owner's word: it ends when they leave, a program's too, since they may have seen it.
 *   B2  A program's key does what it carries; a staff member's own, never more than they may (A4).
 *   B3  Where it lists networks it is good from these alone.
 */
#ifndef ACCESS_KEY_H
#define ACCESS_KEY_H

#include "access/principal.h"

#define KEY_TEXT_BYTES 48 /* "valv_" + 43 */
#define KEY_NETWORK_BYTES (PEER_BYTES + 1) /* address and length of its prefix, 0 to 128 */

/* Whether an address is in one of the networks; in any, where there are none. */
bool networks_fit(bytes networks, const uint8_t peer[PEER_BYTES]);

struct api_key {
	int64_t no;
	uid id;
	str name;
	uint32_t scopes;
	bool all_purposes;
	bytes purposes;
	time_us created_at, expires_at, revoked_at, used_at; /* TIME_NEVER; used_at to the hour */
	int64_t owner;       /* staff member who answers for it; 0: the operator's */
	bool program;        /* else the owner's own (B2) */
	bytes networks;      /* KEY_NETWORK_BYTES each; empty: any */
};

/* Makes a key of what `key` says: name, scopes, purposes, expires_at, owner, program, networks; the rest is set.
 * The text is given once and never again.   ERR_LIMIT   ERR_CONFLICT the owner does not work here */
must_check enum err key_make(struct job *job, struct store *store, struct api_key *key, str *ret_text);
/* At once and everywhere (I5).  Revoking a revoked key is fine.  ERR_ABSENT */
must_check enum err key_revoke(struct job *job, struct store *store, uid id);
/* The same inside steps, and of somebody's all: *ret_count of those that were good. */
must_check enum err key_revoke_steps(struct job *job, struct db *db, uid id);
must_check enum err keys_of_owner_revoke_steps(struct job *job, struct db *db, int64_t owner, int64_t *ret_count);
must_check enum err key_get(struct job *job, uid id, struct api_key *ret); /* ERR_ABSENT */
must_check enum err key_list(struct job *job, int64_t after_no, size_t max, struct api_key **ret,
                             size_t *ret_count);

#endif
