/* vault/sweep.h -- what time does: grounds that end, and what a crash left undone.
 *
 *   T1  A value whose last ground has ended by time is erased by the sweep (V1); use of it is
 *       refused from the instant that the ground ends, swept or not.
 *   T2  Bounded batches, each person an attempt of its own; stopping between two loses nothing.
 *   T3  One person who cannot be swept (a damaged record) keeps nobody else from it.
 */
#ifndef VAULT_SWEEP_H
#define VAULT_SWEEP_H

#include "vault/subject.h"

/* How far a round has come: where the next batch begins.  { 0 } at its beginning. */
struct sweep_round {
	time_us due_at;
	int64_t no;
};

struct sweep_result {
	uint64_t persons;      /* looked at */
	uint64_t values_gone;
	uint64_t failed;       /* of these persons, could not be swept: vault_verify() says why */
	bool more;             /* the batch was full: there may be more to do now */
};

/* One batch of at most `max` persons whose earliest ground is over at job->now.  Each leaves its audit
 * entry, in one transaction for some of them at a time.  Call it again with the same round while
 * there is more: who could not be swept is passed over until the next round (T3). */
must_check enum err sweep(struct job *job, struct vault *vault, size_t max,
                          struct sweep_round *round, struct sweep_result *ret);

struct sweep_due {
	uint64_t persons;
	time_us oldest_at; /* when the first of them became due; TIME_NEVER: none */
};

/* Who is due at job->now and not swept yet. */
must_check enum err sweep_due(struct job *job, struct sweep_due *ret);

/* Key sets whose trimming a crash or a failing disk interrupted (S2): at start, and with each sweep. */
must_check enum err keys_sweep(struct job *job, struct vault *vault);

#endif
