/* crypto/pool.h -- the locked slots that key sets lie in while in clear; for crypto/ alone.
 *
 * Slots come in slabs of 64, made when first needed, so that a small server locks little memory.
 * One 64-bit word per slab says which of its slots are free: taking and giving back are one
 * atomic operation each, and a slot remembers its slab, so that it can be given back without the
 * pool in hand.
 */
#ifndef CRYPTO_POOL_H
#define CRYPTO_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/keyring.h"

#define SLAB_SLOTS 64
#define POOL_SLABS (KEYRING_SLOTS / SLAB_SLOTS)

struct slab;

struct pool {
	pthread_mutex_t grow; /* held while a slab is made */
	_Atomic(struct slab *) slab[POOL_SLABS];
};

void pool_init(struct pool *pool);
void pool_release(struct pool *pool); /* every slot must have been given back */
struct keyset *pool_take(struct pool *pool); /* all zeros; given back by keyset_end() */

#endif
