/* access/throttle.h -- how often in a row somebody may try to sign in; kept in the store, so that a restart
 * forgets nothing.
 *
 *     lane       counts                                    free  then a wait of     ends
 *     account    tries at a name by browsers not known        5  1 s doubled,       at 100: closed until somebody signs
 *                                                                to 15 min          in there by another way
 *     device     tries by a browser that has signed in        5  the same           at 100: the browser is not known
 *                there before                                                       any more
 *     address    tries from an address, IPv6 by /64          20  1 s doubled,       an hour after the last
 *                                                                to 5 min
 *
 *   R1  A try is counted before its password is looked at and taken back when it was right, so that a
 *       hundred at the same time are a hundred.
 *   R2  A known browser is held against its own lane alone: no stranger can lock out somebody who has signed in
 *       before.  Where no known browser is left there are passkeys and, on the server, a new invitation.
 *   R3  A try that comes too early is not counted and gives the same answer as a wrong password, after the same work.
 *   R4  Names are counted in the one form that they are looked up by (type/precis.h), whether there is such an
 *       account or not; names and addresses are stored as keyed digests.
 */
#ifndef ACCESS_THROTTLE_H
#define ACCESS_THROTTLE_H

#include "access/access.h"
#include "access/principal.h"
#include "crypto/seal.h"

enum lane { LANE_ACCOUNT = 1, LANE_DEVICE = 2, LANE_ADDRESS = 3 };

#define ATTEMPTS_MAX 100 /* in a row, NIST SP 800-63B-4 section 3.2.2 */

/* One try, and the lanes that it goes through. */
struct attempt {
	uint8_t account[DIGEST_BYTES]; /* of the name */
	uint8_t address[DIGEST_BYTES];
	uint8_t device[DIGEST_BYTES];
	bool known;    /* the device is one of the account's; no more when its lane is closed */
	bool allowed;  /* set by attempt_count() */
};

/* `name` as it was sent; `peer` may be NULL (the server's own socket). */
void attempt_of(const uint8_t *key, str name, const uint8_t *peer, struct attempt *ret);
/* A number for the address, for crypto/password.h W1. */
uint64_t attempt_caller(const struct attempt *attempt);

/* On its own, before anything is looked at (R1, R3). */
must_check enum err attempt_count(struct job *job, struct store *store, struct attempt *attempt);
/* Inside steps: it was right. */
must_check enum err attempt_right_steps(struct job *job, struct db *db, const struct attempt *attempt);
/* Inside steps: somebody showed in another way who they are, so their name is open again. */
must_check enum err attempt_open_steps(struct job *job, struct db *db, const uint8_t *key, str user_name);

/* At most `max` rows that say nothing any more. */
must_check enum err attempts_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count);

/* For the tests of it: how long after its last counted try a lane with so many is open; TIME_NEVER: closed. */
time_us attempt_wait(enum lane lane, int64_t count);

#endif
