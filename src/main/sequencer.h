/* main/sequencer.h -- the thread that puts audit entries into the Merkle tree (audit/tree.h), behind the log. */
#ifndef MAIN_SEQUENCER_H
#define MAIN_SEQUENCER_H

#include "vault/vault.h"

struct sequencer;

/* The vault is borrowed. */
must_check enum err sequencer_start(struct job *job, struct vault *vault, struct sequencer **ret);
void sequencer_stop(struct sequencer **sequencer); /* ends after the batch it is at; accepts NULL inside */

#endif
