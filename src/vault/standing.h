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
 *   L7  An objection under 21(1) stands until it is decided, and nothing but a ruling on it lifts what
 *       it stops: establishing the ground again does not.  What was objected to on interest or
 *       public task is kept and not used while it is undecided, over when it is upheld, and live
 *       again when it is overruled.  A ruling decides all objections to its purpose up to the one
 *       that it names; of several the one recorded last counts.  To marketing there is none.
 *   L9  Of what a person chose about being contacted at all (a pause, how often, the language) the newest of each
 *       counts.  It allows nothing: it only holds back what would be allowed.
 *   L8  A restriction ends when it is lifted by number; two of them end one by one.  Under 18(1)(b)
 *       and (c) it is a storage-only ground too, to its end.
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
	                     * seq that is released or told of (le64), seqs that are lifted (le64; none: all),
	                     * restricted: u8 reason | le16 fields (none: the whole person), upheld,
	                     * overruled: le64 seq | u8 1 where it is about 22(3), corrected, completed: le16
	                     * fields, excepted: u8 exception, erased: fields (le16 how many, le16 each) and
	                     * the purposes that still require them (le16 each) */
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
	bytes detail;     /* as in the act; of a storage-only ground: fields, none: every one */
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

enum ruling { RULING_NONE, RULING_UPHELD, RULING_OVERRULED };

struct objection {
	uint32_t purpose; /* 0: all marketing */
	uint32_t channels;
	time_us at;
	enum ruling ruling;
	bool automated;   /* to decisions by a machine alone (22(3)), not to the processing */
	int64_t seq;      /* of the act; 0: stored before this was kept */
};

/* One restriction that has not been lifted. */
struct restriction {
	enum restriction_reason reason; /* RESTRICTION_NONE: recorded before this was kept */
	time_us since_at;
	time_us until_at; /* until when it keeps values that nothing else covers; TIME_NEVER */
	time_us told_at;  /* when the person was told that it will be lifted (18(3)); TIME_NEVER */
	int64_t seq;
	bytes fields;     /* le16; empty: the whole person */
};

/* What is chosen, as the detail of `chosen` begins: u8, then for a pause le64 until when (0: it ends), for how often le16
 * messages in le16 days (0: no wish), for a language its code. */
enum choice { CHOICE_PAUSE = 1, CHOICE_OFTEN = 2, CHOICE_LANGUAGE = 3 };
#define CHOICE_LANGUAGE_MAX 8
#define CHOICE_DAYS_MAX 92 /* of how often, and so how long contacts are counted for it */

struct choices {
	time_us paused_until_at; /* marketing waits until then; 0: no pause */
	uint16_t at_most;        /* messages of marketing for one purpose through one channel … 0: no wish */
	uint16_t at_most_days;   /* … in so many days */
	char language[CHOICE_LANGUAGE_MAX + 1]; /* "" */
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
	struct objection *objection; /* the newest for each purpose, channel set, kind and ruling */
	size_t objection_count;
	struct restriction *restriction;
	size_t restriction_count;
	bool restricted;             /* Article 18: the whole person, storage only */
	struct exclusion *exclusion; /* the newest for each field */
	size_t exclusion_count;
	struct choices choice;
	uint8_t format;              /* of the stored form; 0: today's */
};

#define STANDING_FORMAT 3 /* with choices */

/* acts in any order; all memory from the job's arena. */
must_check enum err standing_fold(struct job *job, const struct registry *registry,
                                  const struct act_row *act, size_t act_count,
                                  struct standing *ret);

/* In the form that standing->format says: the fold's is the newest, 1 is what vault 1 wrote. */
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
/* May this field not be used at all (Article 18)?  Every path that uses values asks this. */
bool standing_restricts(const struct standing *standing, uint16_t field);
const struct restriction *standing_restriction(const struct standing *standing, int64_t seq);
const struct objection *standing_objection(const struct standing *standing, int64_t seq);
/* Is there an objection to this purpose that nobody has decided, with a ground that waits for it? */
bool standing_undecided(const struct standing *standing, uint32_t purpose, time_us now);
/* Has the person contested decisions by a machine alone for this purpose (22(3))?  Until overruled. */
bool standing_contested(const struct standing *standing, uint32_t purpose);
/* The newest objection that covers purpose and channel (marketing: also those to all marketing, and
 * those overruled: 21(3) knows no ruling); false when there is none. */
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
