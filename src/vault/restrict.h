/* vault/restrict.h -- lifting restrictions (Article 18) and ruling on objections (Article 21): what has to
 * be there first, and the acts that come of it.  The acts are appended by a change (vault/subject.h).
 *
 *   V18  Nothing is lifted before the person has been told (18(3)): when and how is in the ledger.
 *   V21  An objection to marketing is never ruled on.  What overrules another names compelling grounds,
 *        who found them, and when the person was told.
 */
#ifndef VAULT_RESTRICT_H
#define VAULT_RESTRICT_H

#include "vault/subject.h"

/* When and how the person was told; at TIME_NEVER: not said. */
struct telling {
	time_us at;
	enum act_method how;
};

/* One restriction by number, or all of one reason; those recorded before reasons were kept go by any. */
struct lifting {
	int64_t seq; /* 0: by reason */
	enum restriction_reason reason;
	struct telling telling; /* unless that was recorded before */
};

/* Room for acts: one for each restriction of the standing, and one.
 *   ERR_ABSENT no such restriction  ERR_EVIDENCE V18, at /told_at or /told_how */
must_check enum err lifting_acts(struct job *job, const struct standing *standing,
                                 const struct lifting *lifting, struct act_new *ret, size_t *ret_count);

/* That the person was told, on its own and ahead of the lifting.  As above, ERR_INVALID at /told_at */
must_check enum err telling_act(struct job *job, const struct standing *standing, int64_t seq,
                                const struct telling *telling, struct act_new *ret);

struct ruling_ask {
	int64_t seq; /* of the objection */
	enum ruling ruling;
	str grounds;     /* compelling ones; why, when it is upheld (may be empty) */
	str decided_by;
	struct telling telling;
};

/*   ERR_ABSENT no such objection  ERR_CONFLICT, ERR_EVIDENCE V21 */
must_check enum err ruling_act(struct job *job, const struct registry *registry,
                               const struct standing *standing, const struct ruling_ask *ask,
                               struct act_new *ret);

/* ERR_CONFLICT where an objection to that purpose was upheld: only a ruling brings it back (L7). */
must_check enum err ground_may_begin(struct job *job, const struct standing *standing,
                                     const struct act_new *act);

#endif
