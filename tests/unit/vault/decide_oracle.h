/* The decision order of law.md 3.2, read off its table: plain facts in, answer out.  It knows nothing
 * of standing.h or decide.c. */
#ifndef DECIDE_ORACLE_H
#define DECIDE_ORACLE_H

#include "vault/words.h"

enum asked_consent { /* for this purpose in this channel; L2 */
	CONSENT_NEVER,
	CONSENT_ASKED,
	CONSENT_PENDING,         /* given, confirmation awaited */
	CONSENT_PENDING_OVER,    /* and never came */
	CONSENT_IN_FORCE,
	CONSENT_RUN_OUT,         /* over by time, nobody has swept */
	CONSENT_EXPIRED,         /* over, and written down */
	CONSENT_REFUSED,
	CONSENT_WITHDRAWN,
	CONSENT_WITHDRAWN_PENDING, /* then given again, not confirmed */
	CONSENT_COUNT,
};

/* An objection under Article 21: to what, where, and before or after all that the person agreed to. */
enum asked_objection {
	OBJECTION_NONE,
	OBJECTION_MARKETING_BEFORE,
	OBJECTION_MARKETING_AFTER,
	OBJECTION_PURPOSE_BEFORE,
	OBJECTION_PURPOSE_AFTER,
	OBJECTION_PURPOSE_UPHELD,    /* before all, and upheld since */
	OBJECTION_PURPOSE_OVERRULED, /* after all, and overruled since: 21(1) only, never for marketing */
	OBJECTION_MACHINE,           /* 22(3) */
	OBJECTION_MACHINE_OVERRULED,
	OBJECTION_OTHER_CHANNEL,
	OBJECTION_COUNT,
};

enum asked_suppression {
	SUPPRESSED_NOT,
	SUPPRESSED_PURPOSE_CHANNEL,
	SUPPRESSED_PURPOSE,
	SUPPRESSED_PURPOSE_OTHER_CHANNEL,
	SUPPRESSED_OTHER_PURPOSE,
	SUPPRESSED_CHANNEL,
	SUPPRESSED_OTHER_CHANNEL,
	SUPPRESSED_MARKETING,
	SUPPRESSED_ALL,
	SUPPRESSED_COUNT,
};

struct asked {
	enum subject_kind kind;
	bool erased, restricted, deceased, protected, untold, address_known;
	bool address_restricted; /* only the fields that hold addresses */
	enum channel channel;
	enum message_class message_class;
	bool promotional, opt_out, same_category;
	/* the purpose, and the ground other than consent that there is for it */
	bool marketing_purpose, channel_of_purpose;
	enum basis ground; /* BASIS_NONE: none that lives */
	bool assessed;
	enum asked_consent consent;
	enum asked_objection objection;
	enum asked_suppression suppression;
	bool nix_checked, quiet_now;
};

struct answer {
	int step; /* the row of the table that decided; 0: what comes before the search for a basis */
	bool allowed, deferred;
	enum basis basis; /* BASIS_NONE also where the table names none */
};

struct answer answer_by_law(const struct asked *asked);

#endif
