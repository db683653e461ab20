/* main/indexer.c -- contract: indexer.h. */
#include "main/indexer.h"

#include "audit/forget.h"
#include "audit/index.h"

#define REST_SECONDS 1

static enum err
unlink_step(struct job *job, void *store, bool *ret_more)
{
	return entry_unlink_step(job, store, ret_more);
}

static enum err
index_step(struct job *job, void *store, bool *ret_more)
{
	return entry_index_step(job, store, &ENTRY_INDEX, ret_more);
}

static void
indexer_round(struct job *job, const _Atomic bool *stopping, void *store)
{
	rounds_steps(job, stopping, "index", unlink_step, store);
	rounds_steps(job, stopping, "index", index_step, store);
}

enum err
indexer_start(struct job *job, struct store *store, struct rounds **ret)
{
	return rounds_start(job, &(struct rounds_config){ .store = store, .round = indexer_round, .ctx = store,
	                                                  .rest_seconds = REST_SECONDS },
	                    ret);
}
