/* main/sweeper.h -- the thread that does what time does (vault/sweep.h), once a minute. */
#ifndef MAIN_SWEEPER_H
#define MAIN_SWEEPER_H

#include "vault/vault.h"

struct sweeper;

/* The vault is borrowed.  The first sweep begins at once. */
must_check enum err sweeper_start(struct job *job, struct vault *vault, struct sweeper **ret);
void
sweeper_stop(struct sweeper **sweeper); /* ends after the person it is at; accepts NULL inside */

#endif
