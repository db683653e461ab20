/* main/make.h -- a new vault, whole or not at all.
 *
 * It is made in DIR.making and renamed to DIR when it is complete, so that what an interruption
 * leaves is never taken for a vault.  Where DIR is there and cannot be replaced (a mount point, or
 * not empty) it is made in place.
 */
#ifndef MAIN_MAKE_H
#define MAIN_MAKE_H

#include "vault/vault.h"

/* Puts the first things into the open vault.  `dir` is where it lies for now. */
typedef enum err make_fill(struct job *job, struct vault *vault, const char *dir, void *ctx);

/* facts: where its ledger of facts is to lie; NULL: DIR.facts.  It is made beside and renamed too.
 *   ERR_CONFLICT there is a vault in DIR   ERR_SEALED a ledger of another vault there   ERR_ROOT, ERR_IO, ERR_FULL, ERR_STORE */
must_check enum err vault_make(struct job *job, const char *dir, const char *facts,
                               enum root_source source, make_fill *fill, void *ctx);

bool vault_there(struct job *job, const char *dir);
/* dir and name with a slash between, in the arena. */
const char *path_in(struct job *job, const char *dir, const char *name);

#endif
