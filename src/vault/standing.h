/* vault/standing.h -- what is lawful now for one person: a function of the ledger (I2).
 *
 * standing_fold() is pure: ledger and registry in, standing out.  What comes out is stored beside
 * the record, so that a decision reads one row; `valv verify` folds again and compares.  Times are
 * in it, not answers: whether a ground is live is asked with a clock reading (ground_live).
 *
 *   L1  Order is by the time of the act, not of its recording; at the same instant a lowering act
 *       counts as the later one; then by seq.
 *   L2  A permission is only ever raised by `given`/`confirmed` of that purpose and channel newer
 *       than what lowered it.
 *   L3  An objection to marketing takes every marketing permission in its channels that is older.
 *   L4  A ground that was stopped or withdrawn is not live; one that ended lives out its retention.
 *   L5  Whether the sweep has been there makes no difference: `expired` only writes down what time
 *       has done.
 *   L6  A field that was erased is covered by what requires it, and by grounds that are newer than the
 *       erasure; nothing else brings it back.
 */
#ifndef VAULT_STANDING_H
#define VAULT_STANDING_H

#include "vault/registry.h"

struct act_row {
	int64_t seq;
	time_us at;
	time_us recorded_at;
	enum act act;
	enum basis basis;
	uint32_t purpose;   /* 0: all marketing (objected), the whole person (restricted, held) */
	uint32_t version;
	uint32_t channels;  /* mask */
	time_us until_at;   /* an earlier end than the retention says; TIME_NEVER: none */
	bytes notice;       /* hash, 32 or empty */
	enum act_method method;
	struct actor actor;
	bytes detail;       /* not personal: soft opt-in categories (text, one a line), held fields (le16),
	                     * seq that is released (le64), erased fields (le16 how many, le16 each) and the
	                     * purposes that still require them (le16 each) */
	bytes evidence;     /* sealed */
};

enum ground_state {
	GROUND_LIVE = 1,
	GROUND_PENDING = 2,    /* consent given, not confirmed: kept for a few days, used for nothing */
	GROUND_RESTRICTED = 3, /* objection under 21(1) not decided: kept, used for nothing */
	GROUND_OVER = 4,
};

struct ground {
	uint32_t purpose; /* 0 for storage-only */
	uint32_t version;
	enum basis basis;
	enum ground_state state;
	time_us since_at;
	time_us until_at; /* TIME_NEVER: open */
	int64_t seq;      /* of the act that carries it */
	bytes detail;     /* as in the act */
};

enum permission_state {
	PERMISSION_REQUESTED = 1,
	PERMISSION_UNCONFIRMED = 2,
	PERMISSION_GIVEN = 3,
	PERMISSION_REFUSED = 4,
	PERMISSION_WITHDRAWN = 5,
	PERMISSION_EXPIRED = 6,
	PERMISSION_OBJECTED = 7,
};

/* May this channel be used for this purpose, by consent. */
struct permission {
	uint32_t purpose;
	uint32_t version;
	enum channel channel;
	enum permission_state state;
	time_us since_at; /* of the act that made this state */
	time_us until_at;
	int64_t seq;
	/* A yes that waits for its confirmation beside this state: a no stands until the confirmation
	 * comes (L2), and so does an older yes that is being renewed. */
	time_us pending_until_at; /* INT64_MIN: none waits */
	uint32_t pending_version;
	int64_t pending_seq;
};

struct objection {
	uint32_t purpose; /* 0: all marketing */
	uint32_t channels;
	time_us at;
};

/* A field was erased (L6): grounds as old as that do not cover it, but those of `kept` purposes. */
struct exclusion {
	uint16_t field;
	time_us at;
	bytes kept; /* purposes, le16 each */
};

/* One purpose may have several grounds of one basis side by side: each covers the fields of the
 * version that it was established or consented under, as long as it lives itself. */
struct standing {
	struct ground *ground;
	size_t ground_count;
	struct permission *permission;
	size_t permission_count;
	struct objection *objection; /* the newest for each purpose and channel set */
	size_t objection_count;
	bool restricted;             /* Article 18: storage only */
	struct exclusion *exclusion; /* the newest for each field */
	size_t exclusion_count;
};

/* acts in any order; all memory from the job's arena. */
must_check enum err standing_fold(struct job *job, const struct registry *registry,
                                  const struct act_row *act, size_t act_count,
                                  struct standing *ret);

void standing_encode(const struct standing *standing, struct buf *out);
must_check enum err standing_decode(struct job *job, bytes encoded, struct standing *ret);

/* Lives: keeps values from being erased. */
bool ground_live(const struct ground *ground, time_us now);
/* Usable: lives, and is neither pending, restricted nor storage-only. */
bool ground_usable(const struct ground *ground, time_us now);
/* Of several the one that may be used, and of those the one that lasts longest. */
const struct ground *standing_ground(const struct standing *standing, uint32_t purpose,
                                     enum basis basis);
const struct permission *standing_permission(const struct standing *standing, uint32_t purpose,
                                             enum channel channel);
/* The newest objection that covers purpose and channel (marketing: also those to all marketing);
 * false when there is none. */
bool standing_objected(const struct standing *standing, uint32_t purpose, bool marketing,
                       enum channel channel, time_us *ret_at);
/* When the earliest live ground ends; TIME_NEVER. */
time_us standing_due(const struct standing *standing, time_us now);
/* Does it hold the field?  Whether it lives is not asked. */
bool standing_ground_covers(const struct registry *registry, const struct standing *standing,
                            const struct ground *ground, uint16_t field);
/* Which live grounds cover the field: purposes ascending, 0 standing for storage-only grounds.
 * `ret` has room for ground_count numbers. */
size_t standing_covering(const struct registry *registry, const struct standing *standing,
                         time_us now, uint16_t field, uint16_t *ret);
/* Of the grounds that cover the field and are not over by an act, the one whose time ends last; NULL:
 * nothing covers it at any time to come. */
const struct ground *standing_last(const struct registry *registry, const struct standing *standing,
                                   uint16_t field);

#endif
