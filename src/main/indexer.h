/* main/indexer.h -- the thread that fills the index from persons to audit entries (audit/index.h)
 * behind the log. */
#ifndef MAIN_INDEXER_H
#define MAIN_INDEXER_H

#include "main/rounds.h"

/* The store is borrowed.  Ended by rounds_stop(), after the step it is at. */
must_check enum err indexer_start(struct job *job, struct store *store, struct rounds **ret);

#endif
