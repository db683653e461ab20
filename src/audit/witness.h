/* audit/witness.h -- witnesses: others who saw a checkpoint of the log, and say so (C2SP tlog-cosignature, tlog-witness).
 *
 * A witness keeps the newest checkpoint that it saw, and cosigns a newer one only with a proof that the log goes on from
 * there.  Whoever trusts a few of them need not trust the vault to show the same log to everybody.  Valv calls nobody:
 * somebody carries the request to a witness, and its answer back.
 *
 *     valv                      carrier                     witness
 *     request: old | proof | checkpoint   ->                ->  proof holds?  keeps it
 *     kept beside the checkpoint          <-                <-  its signature line
 *
 *   R5  Kept is a cosignature only if it holds under the key of a witness that is registered when it is kept, over a
 *       checkpoint that bears this log's own signature under its present origin, and that the tree still has.
 *   R6  Of what is handed in all lines of registered witnesses are kept, or nothing is changed.
 *   R7  Handing in leaves no audit entry: it would make the newest checkpoint one that no witness has seen.  That a
 *       witness is registered or goes leaves one.
 *   R8  Two keys are two witnesses; no key counts twice.  Whoever goes takes their cosignatures along, and a restore
 *       all of them: the backup may hold one that was taken away since (docs/decisions/0221).
 *   R9  Of a day there are at most 2 * LIMIT_WITNESSES cosigned checkpoints: of each witness the last, and the last with
 *       each number of cosignatures.
 */
#ifndef AUDIT_WITNESS_H
#define AUDIT_WITNESS_H

#include "audit/tree.h"
#include "base/limits.h"

#define WITNESS_VKEY_MAX 256 /* octets: NOTE_NAME_MAX, key id and key */

struct witness {
	int64_t no;
	uid id;
	str vkey; /* in the job's arena, and so is what follows from it */
	str name;
	time_us added_at;
	uint64_t size;      /* of the newest checkpoint of the present log that it cosigned; 0: none */
	time_us cosigned_at; /* as it says */
};

/* --- who ------------------------------------------------------------------------------------------ */

/* All of them, in the order in which they came: LIMIT_WITNESSES at most. */
must_check enum err witness_list(struct job *job, struct witness *ret, size_t *ret_count);
must_check enum err witness_get(struct job *job, uid id, struct witness *ret); /* ERR_ABSENT */

/* Would it be taken?
 *   ERR_INVALID   no verifier key of a cosigner (type 0x04)
 *   ERR_CONFLICT  the key, or one that could be taken for it, is there
 *   ERR_LIMIT     limit_witnesses */
must_check enum err witness_fits(struct job *job, struct db *db, str vkey);
/* The same, and registers it.  Blocks on disk. */
must_check enum err witness_add(struct job *job, struct store *store, str vkey, struct witness *ret);
must_check enum err witness_drop(struct job *job, struct store *store, uid id); /* ERR_ABSENT */
/* Inside steps, of a restore (R8). */
must_check enum err witness_forget_steps(struct job *job, struct db *db);

/* --- what they say -------------------------------------------------------------------------------- */

/* What a witness asks for: the body of add-checkpoint (C2SP tlog-witness), from the size that it saw last, 0 at first,
 * to the newest checkpoint.
 *   ERR_CONFLICT  it saw more than there is: the log was cut, or is a copy of earlier
 *   ERR_BUSY      there is no checkpoint yet */
must_check enum err witness_request(struct job *job, uint64_t old, str *ret);

struct witness_taken {
	struct checkpoint checkpoint;
	size_t kept;   /* lines; one that was there already counts */
	size_t passed; /* lines of others, which were not looked at */
	str name[LIMIT_WITNESSES]; /* whose cosignatures it has now */
	size_t name_count;
};

/* A checkpoint as it was given out, with the lines of witnesses behind it (R5, R6).  Blocks on disk.
 *   ERR_INVALID   not a note; a line of a registered witness that does not hold, is there twice, or says a time that
 *                 has not come; no line of a registered witness; longer than CHECKPOINT_MAX, or more than 16 lines
 *   ERR_CONFLICT  not a checkpoint of this log as it stands: another origin, another root, more than there is, or not
 *                 signed by it
 *   ERR_BUSY      there is no checkpoint yet */
must_check enum err witness_take(struct job *job, struct store *store, struct keys *keys, str note,
                                 struct witness_taken *ret);

/* The newest checkpoint with `least` cosignatures or more, and all that it has behind the log's own line.  0: the
 * newest there is.
 *   ERR_ABSENT  none has so many   ERR_BUSY  there is no checkpoint yet */
must_check enum err witness_checkpoint(struct job *job, size_t least, str *ret);

#endif
