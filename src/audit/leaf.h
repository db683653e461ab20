/* audit/leaf.h -- what an audit entry is to somebody who does not trust us: the leaf of the tree.
 *
 * A leaf holds in clear who (by number), when (to the second), what was done, for what, with which fields and with which
 * outcome; and a commitment to the whole entry, whom it was about included:
 *
 *     u8 1 | le64 number | le64 second | u8 kind of actor | le64 actor | le16 act | le16 outcome | le32 purpose
 *     | le16 how many | le16 fields... | commitment (32)
 *
 *     commitment = HMAC-SHA-256(r, the leaf up to here | le64 microsecond | le64 subject | body)
 *     r = BLAKE2b-256 keyed with the person's evidence key, over ("audit entry", number, place)
 *
 *   L1  A leaf and all that is made of it hold nothing from which a person could be found without the person's
 *       evidence key: subject, body and the exact time only stand inside the commitment.
 *   L2  When the evidence key is gone, r is gone: nobody can tell any more, knowing everything else, whom the entry
 *       was about.  The leaf stays, and with it the tree (docs/decisions/0180).
 *   L3  An entry about nobody has its r under the log's own key.
 *   L4  A packed entry (entry_is_packed()) is about many: instead of the items its commitment is over one commitment
 *       for each, with an r of that person's, and what stands behind them.  These are kept, since they cannot be made
 *       again (L2).
 */
#ifndef AUDIT_LEAF_H
#define AUDIT_LEAF_H

#include "audit/index.h"
#include "audit/merkle.h"
#include "store/keys.h"

#define COMMITMENT_BYTES 32
#define LEAF_BYTES_MAX (36 + 2 * 1024 + COMMITMENT_BYTES)
#define LEAF_FIELDS_MAX 1024
#define LEAF_WHOLE 0xffff /* the place of an entry that is about one person or nobody */

struct leaf {
	int64_t seq, second;
	struct actor actor;
	enum entry_act act;
	enum err outcome;
	int64_t purpose;
	bytes fields; /* le16 each; borrowed */
	uint8_t commitment[COMMITMENT_BYTES];
};

/* False: not a leaf that this Valv knows.  Borrows. */
must_check bool leaf_read(bytes octets, struct leaf *ret);
/* Does the clear part say what the entry says? */
must_check bool leaf_fits(const struct leaf *leaf, const struct entry_row *row);
/* Numbers of the fields that an entry tells of, le16 each: empty where its act has none. */
bytes leaf_fields(const struct entry_row *row);

/* One entry made ready: sealed to its persons. */
struct leaf_made {
	bytes octets;       /* the leaf, in the arena */
	bytes commitments;  /* L4: one for each item; else empty */
};

/* Leaves of the entries, in their order, with a person's keys looked for once.  Of somebody who was
 * buried, entries from before have an r that nobody keeps once the keys are gone; later ones, the log's (SQL entry_unlink_get). */
must_check enum err leaves_make(struct job *job, struct keys *keys, const uint8_t *log_key,
                                const struct entry_row *row, size_t count, struct leaf_made *ret);

/* What opens the commitment: r and what it is over.  For a packed entry with its kept commitments `packed`.
 *   ERR_GONE the person's keys are destroyed, and nobody can open it any more */
struct leaf_opening {
	uint8_t r[32];
	bytes content;
};
must_check enum err leaf_open(struct job *job, struct keys *keys, const uint8_t *log_key, const struct entry_row *row,
                              bytes packed, struct leaf_opening *ret);

/* Is the row what the leaf commits to?  LEAF_CLEAR: its clear part is, and the rest cannot be known any more. */
enum leaf_check { LEAF_WRONG, LEAF_HOLDS, LEAF_CLEAR };
must_check enum err leaf_check(struct job *job, struct keys *keys, const uint8_t *log_key, const struct leaf *leaf,
                               const struct entry_row *row, bytes packed, enum leaf_check *ret);

#endif
