/* vault/change_parts.h -- what the files of one change to one person share; internal to vault/.
 *
 *   change.c          the calls; the preparation from its first step to its last
 *   change_acts.c     new acts: may they be, and behind which others they come
 *   change_values.c   values as they will be, those that a ground covers, and how they are found
 *   change_stops.c    suppressions that acts put up and take away
 *   change_record.c   keys and sealed sections, opened and made
 *   change_notices.c  what recipients are told
 *   change_steps.c    the plan as rows, on the writer's thread
 */
#ifndef VAULT_CHANGE_PARTS_H
#define VAULT_CHANGE_PARTS_H

#include "vault/outbox.h"
#include "vault/rows.h"
#include "vault/suppress.h"
#include "vault/taken.h"

struct lookup_row {
	uint16_t field;
	uint8_t digest[DIGEST_BYTES];
	bool drop;
};

struct suppression_row {
	uint8_t digest[DIGEST_BYTES];
	struct suppression suppression;
	bool lift; /* take away instead */
};

/* Everything that the steps write. */
struct plan {
	struct change *change;
	struct subject after; /* the row as it will be */
	bytes standing;
	struct act_row *act;
	size_t act_count;
	struct lookup_row *lookup;
	size_t lookup_count;
	struct suppression_row *suppression;
	size_t suppression_count;
	uint32_t epoch;
	bytes wrapped;  /* put before the data; empty: nothing new */
	bytes trimmed;  /* put after the data */
	bool trim;
	bytes entry_body;
	int64_t entry;
	size_t values_gone, sections_gone, keys_gone;
	struct outbox_plan outbox; /* what recipients are told of it */
	bool at_outbox;            /* where the steps stopped: somebody was told meanwhile */
	struct taken taken;
};

/* One preparation: what was there, what is wanted, what comes out. */
struct prepare {
	struct job *job;
	struct vault *vault;
	struct change *change;
	struct plan *plan;
	struct keyset *keyset;
	bool keys_spare;        /* keys.db holds more than the record needs: trim, whatever changes */
	struct act_row *ledger; /* old and new */
	size_t ledger_old, ledger_count;
	struct value *old;
	size_t old_count;
	struct value *value; /* as it will be, before coverage is looked at */
	size_t value_count;
	time_us keep_as_of; /* what is covered then is not erased; earlier than now while the clock is off (K1) */
};

/* --- change_acts.c ---------------------------------------------------------------------------- */

must_check enum err ledger_extend(struct prepare *prepare);
must_check enum err children_check(struct prepare *prepare); /* ERR_CHILD; after values_merge() */
void evidence_seal(struct prepare *prepare, const struct act_new *act, struct act_row *row);
/* Of the change's acts, none of which allows anything.  Less than having room beyond the ledger's limit:
 * a statement, a correction or a ruling is owed, and stores or allows something. */
bool only_lowers(const struct change *change);

/* --- change_values.c -------------------------------------------------------------------------- */

struct value *value_find(struct value *value, size_t count, uint16_t field); /* NULL: not there */
must_check enum err values_merge(struct prepare *prepare);
must_check enum err values_cover(struct prepare *prepare); /* ERR_NO_GROUND; after the fold */
void lookups_make(struct prepare *prepare);
void tag_make(struct prepare *prepare, enum address address);

/* --- change_stops.c: after the tags ----------------------------------------------------------- */

void suppressions_make(struct prepare *prepare);

/* --- change_record.c -------------------------------------------------------------------------- */

/* ERR_STALE somebody wrote between the two databases   ERR_CRYPTO */
must_check enum err old_open(struct prepare *prepare);
must_check enum err record_make(struct prepare *prepare); /* after values_cover() */

/* --- change_notices.c ------------------------------------------------------------------------- */

must_check enum err notices_make(struct prepare *prepare);

/* --- change_steps.c: on the writer's thread --------------------------------------------------- */

must_check enum err plan_steps(struct job *job, struct db *db, void *plan);

#endif
