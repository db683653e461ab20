/* main/sequencer.c -- contract: sequencer.h. */
#include "main/sequencer.h"

#include "audit/tree.h"

#define REST_SECONDS 1
/* Whoever waits for an answer comes first: where there is no time left, the tree lags behind. */
#define NICE 10

static enum err
sequence_step(struct job *job, void *at, bool *ret_more)
{
	struct vault *vault = at;

	return tree_step(job, vault->store, vault->keys, &TREE_BATCH, ret_more);
}

static void
sequencer_round(struct job *job, const _Atomic bool *stopping, void *vault)
{
	rounds_steps(job, stopping, "audit tree", sequence_step, vault);
}

enum err
sequencer_start(struct job *job, struct vault *vault, struct rounds **ret)
{
	return rounds_start(job, &(struct rounds_config){ .store = vault->store, .round = sequencer_round, .ctx = vault,
	                                                  .rest_seconds = REST_SECONDS, .nice = NICE },
	                    ret);
}
