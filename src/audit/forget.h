/* audit/forget.h -- what leaves the audit log: whom it was about, after an erasure; and entries, after their time.
 *
 *   O1  When a person is buried, entries from before that do not say any more that they were about them: subject -1,
 *       in packed entries too, and the index to them goes.  What was done, by whom, when, for what and with which
 *       fields stays, and the tree with it: leaves do not name anybody (leaf.h, L1).
 *   O2  It is done behind the erasure, within a second or so of it, and again after a crash; from the moment of the
 *       erasure nothing opens the commitment of such an entry (L2).
 *   O3  Entries go by whole bundles of the tree, oldest first, and only entries that are in the tree.  Hashes stay, so
 *       that every proof that was given, and every checkpoint, can still be checked (C2SP: a minimum index).
 */
#ifndef AUDIT_FORGET_H
#define AUDIT_FORGET_H

#include "audit/entry.h"

#define SUBJECT_UNLINKED (-1) /* in entry.subject: it was about somebody who is erased */

/* Inside the steps of a burial. */
must_check enum err entry_unlink_steps(struct job *job, struct db *db, int64_t subject);
/* One person, if one waits.  By the thread that fills the index (index.h), and no other. */
must_check enum err entry_unlink_step(struct job *job, struct store *store, bool *ret_more);

/* Entries from before that moment, at most about so many at once (O3). */
must_check enum err entries_forget(struct job *job, struct store *store, time_us before, size_t max, uint64_t *ret_count);

#endif
