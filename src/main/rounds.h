/* main/rounds.h -- a thread that does something again and again, with a rest between two rounds. */
#ifndef MAIN_ROUNDS_H
#define MAIN_ROUNDS_H

#include <stdatomic.h>

#include "store/store.h"

struct rounds;

/* One round.  The job is the thread's own: its connection for reading and its actor (the system) are set, its clock
 * reading is not; what it leaves in memory is freed after the round.  What takes long looks at *stopping. */
typedef void round_fn(struct job *job, const _Atomic bool *stopping, void *ctx);

struct rounds_config {
	struct store *store; /* borrowed */
	round_fn *round;
	void *ctx;
	unsigned rest_seconds;
	int nice; /* of the thread; 0: as the others */
};

/* The first round begins at once.  ERR_STORE */
must_check enum err rounds_start(struct job *job, const struct rounds_config *config, struct rounds **ret);
void rounds_stop(struct rounds **rounds); /* waits for the round it is at; accepts NULL inside */

/* The steps of a round, one after the other while one says that there is more: each with a clock reading and memory of
 * its own.  A failure is logged under `name` and ends them; the next round begins where they stand. */
void rounds_steps(struct job *job, const _Atomic bool *stopping, const char *name,
                  enum err (*step)(struct job *job, void *ctx, bool *ret_more), void *ctx);

#endif
