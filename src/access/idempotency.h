/* access/idempotency.h -- a write that is sent twice happens once (draft-ietf-httpapi-idempotency-key).
 *
 * A row keeps the keyed hash of the caller's key, the keyed fingerprint of what was asked for, the
 * status and the ids of the answer, never a body; it lives for IDEMPOTENCY_KEPT.  The hashes are
 * keyed because what they are of may be personal data and could be guessed.
 *
 *   E1  Rows belong to their actor: nobody meets another's.
 *   E2  idempotency_put() inside the steps of the write itself: the write and its row are durable
 *       together, and of two that run at once, in any processes, one is undone (ERR_IDEMPOTENCY_BUSY).
 *   E3  Only what succeeded is kept; after a failure the same key may be tried again.
 *
 * Calling sequence: enter, find, the write (put inside it, or keep after it), leave.
 */
#ifndef ACCESS_IDEMPOTENCY_H
#define ACCESS_IDEMPOTENCY_H

#include <pthread.h>

#include "crypto/seal.h"
#include "store/store.h"

#define IDEMPOTENCY_KEPT TIME_DAY

struct idempotency {
	bool given; /* the caller sent a key */
	uint8_t digest[DIGEST_BYTES];
	uint8_t fingerprint[DIGEST_BYTES];
	int status;         /* of the answer; set before put */
	const uid *object;  /* id in the answer, read when put runs; NULL: none */
	bool kept;          /* put ran in the steps of the write */
	struct idempotency *next; /* while it is entered */
	struct actor actor;
};

/* Those that run in this process: spares a second one its work.  Zeroed but for the mutex. */
struct idempotency_set {
	pthread_mutex_t mutex;
	struct idempotency *first;
};

/* ERR_IDEMPOTENCY_BUSY the first call with this key still runs */
must_check enum err idempotency_enter(struct job *job, struct idempotency_set *set,
                                      struct idempotency *idempotency);
void idempotency_leave(struct idempotency_set *set, struct idempotency *idempotency);

/* What an earlier call left: *ret_status, and its object where *ret_has_object.
 * ERR_IDEMPOTENCY_REUSE it asked for something else */
must_check enum err idempotency_find(struct job *job, const struct idempotency *idempotency,
                                     bool *ret_found, int *ret_status, uid *ret_object,
                                     bool *ret_has_object);

/* Inside steps (E2); also forgets what is too old. `arg` is a struct idempotency *. */
must_check enum err idempotency_put(struct job *job, struct db *db, void *arg);
/* On its own, after a write that does not take further steps: a crash between the two forgets that
 * it was done, so this is for writes that may be done again. */
must_check enum err idempotency_keep(struct job *job, struct store *store,
                                     struct idempotency *idempotency);

/* Take away at most `max` of those that are too old at job->now. */
must_check enum err idempotency_forget(struct job *job, struct store *store, size_t max,
                                       uint64_t *ret_count);

#endif
