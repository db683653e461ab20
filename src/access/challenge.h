/* access/challenge.h -- challenges for passkeys (passkey.h X1).
 *
 *   random (16) | until when, le64 | keyed digest of kind, binding and both (32)
 *
 * Giving one out writes nothing, so that asking for many fills nothing. */
#ifndef ACCESS_CHALLENGE_H
#define ACCESS_CHALLENGE_H

#include "access/desk.h"

#define CHALLENGE_BYTES (16 + 8 + DIGEST_BYTES)

enum challenge_kind { CHALLENGE_ANY = 1, CHALLENGE_NAMED = 2, CHALLENGE_MAKE = 3, CHALLENGE_PROVE = 4 };

/* binding: what beside its kind it is good for only: a session, a name.  In the arena. */
bytes challenge_make(struct job *job, const struct desk *desk, enum challenge_kind kind, bytes binding);
/* It was given out for this, and its time is not over. */
bool challenge_holds(const struct desk *desk, enum challenge_kind kind, bytes binding, time_us now, bytes challenge);
/* Inside steps: one that holds is used up.  *ret_first false: it was before. */
must_check enum err challenge_use_steps(struct job *job, struct db *db, bytes challenge, bool *ret_first);

#endif
