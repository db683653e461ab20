/* audit/index.h -- from a person to the audit entries about them.
 *
 * An index that every entry updated at once would cost more than the entry: the log grows in one
 * place, persons lie all over.  So it is filled behind the log, in two steps, each of which writes
 * sorted:
 *
 *     log  ....... main_seq ................ run_seq ........ newest
 *          entry_of         runs (entry_run)         the tail: read as it lies
 *
 * A run holds some thousands of the newest pairs (person, entry) and is written in one place; when
 * there are many runs they are merged into entry_of, where so many pairs at once touch each page
 * once.  All of it can be derived from the log again.
 *
 *   N1  entry_find() gives exactly the entries that a reading of the whole log would give, at any
 *       moment, also between the steps of a filling that a crash cut short.
 *   N2  A packed entry (entry_is_packed()) is found by every person in it.
 */
#ifndef AUDIT_INDEX_H
#define AUDIT_INDEX_H

#include "audit/entry.h"

struct entry_row {
	int64_t seq;
	time_us at;
	struct actor actor;
	enum entry_act act;
	enum err outcome;
	int64_t subject, purpose; /* 0: none */
	bytes body;
};

/* Numbers of entries about the person after `after`, ascending, at most `room`. */
must_check enum err entry_find(struct job *job, int64_t subject, int64_t after, int64_t *ret_seq,
                               size_t room, size_t *ret_count);
/* Such an entry.  ERR_ABSENT */
must_check enum err entry_get(struct job *job, int64_t seq, struct entry_row *ret);
/* A row of the statements that give whole entries; the body is copied into the arena. */
void entry_row_read(struct job *job, const struct rows *rows, struct entry_row *ret);
/* Is the person in this body of a packed entry? */
bool entry_packs(bytes body, int64_t subject);

/* How much is done at once; the numbers that a server uses are ENTRY_INDEX. */
struct entry_index {
	size_t run_pairs; /* a run is made when the tail holds so many */
	size_t runs;      /* they are merged when there are so many */
	size_t put_pairs; /* in one write, so that others wait a few milliseconds at most */
};
#define ENTRY_INDEX ((const struct entry_index){ .run_pairs = 8192, .runs = 64, .put_pairs = 500 })

/* One step: makes a run of the tail, or merges the runs, or finds nothing to do yet.  One caller at
 * a time.  *ret_more: there is more to do now. */
must_check enum err entry_index_step(struct job *job, struct store *store,
                                     const struct entry_index *index, bool *ret_more);

#endif
