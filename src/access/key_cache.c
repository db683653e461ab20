/* access/key_cache.c -- contract: key_cache.h.  Each digest has one place; the newer one takes it. */
#include "access/key_cache.h"

#include <pthread.h>

struct key_cache {
	pthread_mutex_t mutex[KEY_CACHE_SLOTS];
	struct cached_key slot[KEY_CACHE_SLOTS];
};

void
key_cache_new(struct key_cache **ret)
{
	struct key_cache *cache = calloc(1, sizeof(*cache));

	must(cache);
	for (size_t i = 0; i < KEY_CACHE_SLOTS; i++)
		pthread_mutex_init(&cache->mutex[i], NULL);
	*ret = cache;
}

void
key_cache_free(struct key_cache **cache)
{
	if (!*cache)
		return;
	for (size_t i = 0; i < KEY_CACHE_SLOTS; i++)
		pthread_mutex_destroy(&(*cache)->mutex[i]);
	wipe(*cache, sizeof(**cache));
	free(*cache);
	*cache = NULL;
}

bool
key_cache_find(struct key_cache *cache, const uint8_t digest[DIGEST_BYTES], uint64_t generation,
               struct cached_key *ret)
{
	size_t at = digest[0] % KEY_CACHE_SLOTS;
	bool there;

	pthread_mutex_lock(&cache->mutex[at]);
	there = cache->slot[at].generation == generation + 1 &&
	        memcmp(cache->slot[at].digest, digest, DIGEST_BYTES) == 0;
	if (there)
		*ret = cache->slot[at];
	pthread_mutex_unlock(&cache->mutex[at]);
	return there;
}

void
key_cache_put(struct key_cache *cache, const struct cached_key *key, uint64_t generation)
{
	size_t at = key->digest[0] % KEY_CACHE_SLOTS;

	pthread_mutex_lock(&cache->mutex[at]);
	cache->slot[at] = *key;
	cache->slot[at].generation = generation + 1;
	pthread_mutex_unlock(&cache->mutex[at]);
}
