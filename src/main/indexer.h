/* main/indexer.h -- the thread that fills the index from persons to audit entries (audit/index.h)
 * behind the log. */
#ifndef MAIN_INDEXER_H
#define MAIN_INDEXER_H

#include "store/store.h"

struct indexer;

/* The store is borrowed. */
must_check enum err indexer_start(struct job *job, struct store *store, struct indexer **ret);
void indexer_stop(struct indexer **indexer); /* ends after the step it is at; accepts NULL inside */

#endif
