/* main/deliverer.h -- threads that send webhooks (vault/deliver.h) as they become due. */
#ifndef MAIN_DELIVERER_H
#define MAIN_DELIVERER_H

#include "vault/vault.h"

struct deliverer;

must_check enum err deliverer_start(struct job *job, struct vault *vault, struct deliverer **ret);
/* Calls under way are cut off within about a second.  Accepts NULL inside. */
void deliverer_stop(struct deliverer **deliverer);

#endif
