/* store/checkpointer.h -- emptying the write-ahead logs beside the writer; internal to store/.
 *
 * Copying some thousand pages into the main file takes tens of milliseconds, and a commit that did
 * it by itself would make a whole group wait.  So a thread of its own copies the bulk, without
 * holding anybody up, and the writer then only copies what came meanwhile, after which SQLite
 * begins its log anew. */
#ifndef STORE_CHECKPOINTER_H
#define STORE_CHECKPOINTER_H

#include "store/driver.h"

struct checkpointer;

must_check enum err checkpointer_begin(struct job *job, const char *dir, struct checkpointer **ret);
void checkpointer_end(struct checkpointer **checkpointer); /* accepts NULL inside */

/* By the writer, between two groups. */
void checkpointer_look(struct checkpointer *checkpointer, struct db *writer);

#endif
