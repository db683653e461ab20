/* access/alert.h -- what somebody has to look at: a list for whoever reviews (scope review). */
#ifndef ACCESS_ALERT_H
#define ACCESS_ALERT_H

#include "access/access.h"

/* The numbers are stored. */
#define ALERT_TABLE(X) \
	X(ALERT_GLASS,     1, "break-glass")      /* a glass was broken: review it when it is over */ \
	X(ALERT_LOOKS,     2, "looks-blocked")    /* somebody looked at more persons in an hour than anybody may */ \
	X(ALERT_WEBHOOK,   3, "webhook-ended")    /* a webhook ended with who answered for it: somebody takes it over */ \
	X(ALERT_KEY,       4, "key-ended")        /* a program's key ended with its owner */ \
	X(ALERT_CREDENTIAL, 5, "credential")      /* a credential behaved as a copy would */ \
	X(ALERT_LATE_SIGNAL, 6, "late-signal")    /* the provider said late that somebody was signed out: what lay between */
#define ENUM_ALERT(e, no, ...) e = no,
enum alert_kind { ALERT_TABLE(ENUM_ALERT) };
#undef ENUM_ALERT

struct alert {
	int64_t no;
	time_us at;
	enum alert_kind kind;
	int64_t staff; /* whom it is about; 0: nobody */
	int64_t entry; /* the audit entry */
	int64_t seen_by;
	time_us seen_at; /* TIME_NEVER: not yet */
};

/* Inside steps. */
must_check enum err alert_raise(struct job *job, struct db *db, enum alert_kind kind, int64_t staff, int64_t entry);
/* Newest first, with a number below `before` (0: from the newest). */
must_check enum err alert_list(struct job *job, int64_t before, size_t max, bool unseen, struct alert **ret,
                               size_t *ret_count);
/* Seen by who acts; the first time stands.  Nobody sees one about themselves away: ERR_DENIED.   ERR_ABSENT */
must_check enum err alert_seen(struct job *job, struct store *store, int64_t no);

#endif
