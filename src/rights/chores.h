/* rights/chores.h -- what the sweep clears besides persons: things with an end of their own.
 *
 * A chore is a step that takes away at most so many rows, in one transaction or several small ones,
 * and says how many; it is asked again until it finds fewer.  It goes by job->now, which the sweep has
 * taken from a clock that is believed (vault/clock.h).  A new one is a row of the table in chores.c:
 * nothing that expires is left to be cleared by chance.
 */
#ifndef RIGHTS_CHORES_H
#define RIGHTS_CHORES_H

#include "vault/vault.h"

typedef enum err chore_step(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count);

/* All of them, until nothing is left or `stopping` turns true (may be NULL).  One that fails keeps no
 * other from being done; the first failure is returned. */
must_check enum err chores_run(struct job *job, struct vault *vault, const _Atomic bool *stopping,
                               uint64_t *ret_count);

#endif
