/* main/sequencer.h -- the thread that puts audit entries into the Merkle tree (audit/tree.h), behind the log. */
#ifndef MAIN_SEQUENCER_H
#define MAIN_SEQUENCER_H

#include "main/rounds.h"
#include "vault/vault.h"

/* The vault is borrowed.  Ended by rounds_stop(), after the batch it is at. */
must_check enum err sequencer_start(struct job *job, struct vault *vault, struct rounds **ret);

#endif
