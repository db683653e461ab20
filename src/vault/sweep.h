/* vault/sweep.h -- what time does: grounds that end, and what a crash left undone.
 *
 *   T1  A value whose last ground has ended by time is erased by the sweep (V1); use of it is
 *       refused from the instant that the ground ends, swept or not.
 *   T2  Bounded batches, one person a transaction; stopping between two loses nothing.
 *   T3  One person who cannot be swept (a damaged record) keeps nobody else from it.
 */
#ifndef VAULT_SWEEP_H
#define VAULT_SWEEP_H

#include "vault/subject.h"

struct sweep_result {
	uint64_t persons;      /* looked at */
	uint64_t values_gone;
	uint64_t failed;       /* of these persons, could not be swept: vault_verify() says why */
	bool more;             /* the batch was full: there is more to do now */
};

/* One batch of at most `max` persons whose earliest ground is over at job->now. */
must_check enum err sweep(struct job *job, struct vault *vault, size_t max, bool dry_run,
                          struct sweep_result *ret);

/* Key sets whose trimming a crash or a failing disk interrupted (S2): at start, and with each sweep. */
must_check enum err keys_sweep(struct job *job, struct vault *vault);

#endif
