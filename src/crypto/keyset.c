/* crypto/keyset.c -- key sets in clear and the slots they live in: see keyring.h, pool.h. */
#include <sodium.h>

#include "crypto/locked.h"
#include "crypto/pool.h"

struct slot {
	struct keyset keyset; /* first, so that a keyset's address is its slot's */
	struct slab *slab;
};

struct slab {
	_Atomic uint64_t free; /* bit n: slot n is free, and all zeros */
	struct slot slot[SLAB_SLOTS];
};

/* --- slots ----------------------------------------------------------------------------------- */

static struct slab *
slab_new(void)
{
	struct slab *slab = locked_new(sizeof(*slab));

	for (size_t i = 0; i < SLAB_SLOTS; i++)
		slab->slot[i].slab = slab;
	atomic_init(&slab->free, UINT64_MAX);
	return slab;
}

static struct keyset *
slab_take(struct slab *slab)
{
	uint64_t free = atomic_load_explicit(&slab->free, memory_order_relaxed);

	while (free) {
		int n = __builtin_ctzll(free);
		/* Acquire: the wiping by whoever had the slot before is seen here. */
		if (atomic_compare_exchange_weak_explicit(&slab->free, &free,
		                                          free & ~(UINT64_C(1) << n),
		                                          memory_order_acquire,
		                                          memory_order_relaxed))
			return &slab->slot[n].keyset;
	}
	return NULL;
}

static struct slab *
pool_slab(struct pool *pool, size_t i)
{
	struct slab *slab = atomic_load_explicit(&pool->slab[i], memory_order_acquire);

	if (slab)
		return slab;
	must(pthread_mutex_lock(&pool->grow) == 0);
	slab = atomic_load(&pool->slab[i]);
	if (!slab) {
		slab = slab_new();
		atomic_store(&pool->slab[i], slab);
	}
	must(pthread_mutex_unlock(&pool->grow) == 0);
	return slab;
}

void
pool_init(struct pool *pool)
{
	*pool = (struct pool){ 0 };
	must(pthread_mutex_init(&pool->grow, NULL) == 0);
	pool_slab(pool, 0); /* so that secret_locked() counts it at start */
}

void
pool_release(struct pool *pool)
{
	for (size_t i = 0; i < POOL_SLABS; i++) {
		struct slab *slab = atomic_load(&pool->slab[i]);
		must(!slab || atomic_load(&slab->free) == UINT64_MAX);
		locked_free(slab);
	}
	pthread_mutex_destroy(&pool->grow);
}

struct keyset *
pool_take(struct pool *pool)
{
	struct keyset *keyset = NULL;

	for (size_t i = 0; i < POOL_SLABS && !keyset; i++)
		keyset = slab_take(pool_slab(pool, i));
	must(keyset); /* KEYRING_SLOTS are out at once: somebody forgets keyset_end() */
	return keyset;
}

void
keyset_end(struct keyset **keyset)
{
	struct slot *slot = (struct slot *)*keyset;
	uint64_t bit;

	if (!slot)
		return;
	bit = UINT64_C(1) << (slot - slot->slab->slot);
	wipe(&slot->keyset, sizeof(slot->keyset)); /* K2 */
	must((atomic_fetch_or_explicit(&slot->slab->free, bit, memory_order_release) & bit) == 0);
	*keyset = NULL;
}

/* --- keys ------------------------------------------------------------------------------------ */

static size_t
keyset_at(const struct keyset *keyset, uint32_t section)
{
	size_t i = 0;

	must(keyset->count <= KEYSET_MAX);
	while (i < keyset->count && keyset->item[i].section != section)
		i++;
	return i;
}

const uint8_t *
keyset_find(const struct keyset *keyset, uint32_t section)
{
	size_t i = keyset_at(keyset, section);

	return i < keyset->count ? keyset->item[i].key : NULL;
}

const uint8_t *
keyset_renew(struct keyset *keyset, uint32_t section)
{
	size_t i = keyset_at(keyset, section);

	if (i == KEYSET_MAX)
		return NULL;
	if (i == keyset->count)
		keyset->count++;
	keyset->item[i].section = section;
	randombytes_buf(keyset->item[i].key, KEY_BYTES);
	return keyset->item[i].key;
}

bool
keyset_drop(struct keyset *keyset, uint32_t section)
{
	size_t i = keyset_at(keyset, section);
	struct keyset_item *last;

	if (i == keyset->count)
		return false;
	last = &keyset->item[--keyset->count];
	keyset->item[i] = *last;
	wipe(last, sizeof(*last));
	return true;
}
