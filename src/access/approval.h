/* access/approval.h -- what takes two people: asked for by one, approved of by another, done by the first.
 *
 *   Y1  The second is never the first (O2), whatever roles they have; the operator on the socket asks, and never approves.
 *   Y2  An approval is for one exact operation, by its digest, once, within APPROVAL_LIFE of the asking.
 *   Y3  Both words hold at the moment of doing: who left, or may no longer approve, has approved of nothing.
 */
#ifndef ACCESS_APPROVAL_H
#define ACCESS_APPROVAL_H

#include "access/policy.h"
#include "access/staff.h"
#include "crypto/seal.h"

#define APPROVAL_LIFE (3600 * TIME_SECOND)
#define APPROVAL_SUMMARY_MAX 8000

enum approval_state { APPROVAL_WAITING = 1, APPROVAL_APPROVED = 2, APPROVAL_REFUSED = 3, APPROVAL_USED = 4,
	              APPROVAL_CANCELLED = 5 };

struct approval {
	int64_t no;
	uid id;
	str act;      /* what: the operationId of the call */
	str summary;  /* for people; no personal data */
	uint8_t operation[DIGEST_BYTES];
	enum approval_state state;
	struct actor asked_by;
	int64_t asked_epoch;
	time_us asked_at, expires_at;
	int64_t decided_by, decided_epoch;
	time_us decided_at; /* TIME_NEVER */
};

/* Whether two people are needed now: yes while somebody else could be the second, and for staff ever after (setting
 * four_eyes), whoever has left since.  Who acts counts as one.  The operator, who can make staff, is alone again
 * when nobody is left. */
must_check enum err approval_needed(struct job *job, struct db *db, bool *ret);

/* Inside steps, before anybody loses an account or a role: where two can be, two it stays. */
must_check enum err approval_two_stay_steps(struct job *job, struct db *db);

/* For who acts: a staff member, or the operator.  What they asked for already and still waits is given again.
 *   ERR_LIMIT also where the summary is longer than somebody could be asked to read */
must_check enum err approval_ask(struct job *job, const struct access *access, str act, str summary,
                                 const uint8_t operation[DIGEST_BYTES], struct approval *ret);
/* By who acts, with or without the scope.  ERR_DENIED   ERR_CONFLICT it is decided, used, over   ERR_ABSENT */
must_check enum err approval_decide(struct job *job, const struct access *access, bool may, uid id, bool approve,
                                    struct approval *ret);
/* By who asked: takes it back. */
must_check enum err approval_cancel(struct job *job, const struct access *access, uid id);

/* Inside steps: uses it up, or ERR_APPROVAL: not approved of this, by somebody else, in time (Y2, Y3). */
must_check enum err approval_use_steps(struct job *job, struct db *db, uid id, const uint8_t operation[DIGEST_BYTES],
                                       struct approval *ret);
must_check enum err approval_use(struct job *job, const struct access *access, uid id,
                                 const uint8_t operation[DIGEST_BYTES], struct approval *ret);

must_check enum err approval_get(struct job *job, struct db *db, uid id, struct approval *ret); /* ERR_ABSENT */
/* Newest first, with a number below `before` (0: from the newest); waiting: only what still waits. */
must_check enum err approval_list(struct job *job, int64_t before, size_t max, bool waiting, struct approval **ret,
                                  size_t *ret_count);

#endif
