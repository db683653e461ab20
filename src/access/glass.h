/* access/glass.h -- break-glass: for half an hour somebody sees what their role does not give.
 *
 *   Q1  Few people may (scope break-glass, LIMIT_GLASS_STAFF of them), each with a reason, one at a time.
 *   Q2  It raises an alert at once, each use is in the log as any other, and it ends by itself.
 *   Q3  Until somebody else has reviewed it, the same person breaks no other.
 *   Q4  It gives reading and searching, for every purpose, in clear; it makes no ground where there is none.
 */
#ifndef ACCESS_GLASS_H
#define ACCESS_GLASS_H

#include "access/policy.h"
#include "access/staff.h"

#define GLASS_REASON_BYTES_MIN 20
#define GLASS_REASON_BYTES_MAX 2000

enum glass_verdict { GLASS_UNREVIEWED = 0, GLASS_JUSTIFIED = 1, GLASS_NOT_JUSTIFIED = 2 };

struct glass {
	int64_t no;
	uid id;
	int64_t staff, epoch;
	time_us from_at, until_at;
	str reason;  /* with reference, as given; sealed in the store */
	enum glass_verdict verdict;
	int64_t reviewed_by;
	time_us reviewed_at; /* TIME_NEVER */
};

/* Adds what an exception gives that is open now, under this word; *ret_glass its number, else 0. */
must_check enum err glass_add(struct job *job, struct db *db, int64_t staff, int64_t epoch, struct grants *grants,
                              int64_t *ret_glass);

/* For who acts.  ERR_DENIED they may not   ERR_CONFLICT one is open or waits for its review   ERR_LIMIT */
must_check enum err glass_break(struct job *job, const struct access *access, bool may, str reason, int64_t minutes,
                                struct glass *ret);
/* Ends one's own before its time. */
must_check enum err glass_end(struct job *job, const struct access *access, uid id);
/* ERR_DENIED one's own, or not allowed   ERR_CONFLICT still open, or reviewed already   ERR_ABSENT */
must_check enum err glass_review(struct job *job, const struct access *access, bool may, uid id,
                                 enum glass_verdict verdict, struct glass *ret);
/* Newest first, with a number below `before` (0: from the newest). */
must_check enum err glass_list(struct job *job, const struct access *access, int64_t before, size_t max,
                               struct glass **ret, size_t *ret_count);

#endif
