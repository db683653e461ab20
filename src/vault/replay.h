/* vault/replay.h -- what was taken away since a backup is taken away again from what was restored from it.
 *
 * The ledger of facts (audit/fact.h) is read from after the fact that the backup ends with, and each
 * fact is done to the restored rows and keys, with the use cases that did it the first time: an act is
 * put behind the person's ledger and the standing folded anew, so values that it uncovers go with their
 * keys; an erased person is buried.
 *
 *   R1  There is a way for every kind of fact; a kind that this Valv does not know stops the restore.
 *   R2  Saying a fact to a store that knows it changes nothing (F2).
 *   R3  A fact that cannot be said stops the restore: nothing is passed over but what speaks of persons,
 *       keys, imports and purposes that the backup does not have, and these are counted.
 *   R4  Each person who was changed has an entry (ENTRY_RESTORE) like that of any change.
 *
 * Only while the store is sealed and keeps no ledger (vault_place.sealed), so that nothing is told twice.
 * job->db must be set.
 */
#ifndef VAULT_REPLAY_H
#define VAULT_REPLAY_H

#include "audit/fact.h"
#include "vault/subject.h"

struct replayed {
	uint64_t facts;             /* that were read */
	uint64_t kind[FACT_COUNT];
	uint64_t nobody;            /* of them about what the backup does not have */
	uint64_t changed, erased;   /* persons */
};

/* Facts after number `after`.
 *   ERR_NEWER    a kind of fact that a newer Valv told
 *   ERR_CORRUPT, ERR_CRYPTO  a person's record cannot be opened, so nothing can be taken from it */
must_check enum err replay(struct job *job, struct vault *vault, struct facts *facts, int64_t after,
                           struct replayed *ret);

/* Lookups are in no backup: made again from the records of the persons who are there.  *ret_unreadable: of
 * them, whose record cannot be opened. */
must_check enum err lookups_rebuild(struct job *job, struct vault *vault, uint64_t *ret_persons,
                                    uint64_t *ret_unreadable);

#endif
