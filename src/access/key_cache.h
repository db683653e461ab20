/* access/key_cache.h -- keys that were looked up a moment ago, while the store says they still hold.
 *
 * A row is good only for the generation of TOPIC_API_KEYS that it was read under; making or revoking
 * any key moves that on before it is acknowledged, so nothing stale authorises (I5).  Keys that are
 * not there are never kept: guessing fills nothing. */
#ifndef ACCESS_KEY_CACHE_H
#define ACCESS_KEY_CACHE_H

#include "base/limits.h"
#include "crypto/seal.h"

#define KEY_CACHE_SLOTS 64

struct cached_key {
	uint8_t digest[DIGEST_BYTES];
	uint64_t generation; /* 0: empty; else one more than the topic's */
	int64_t no;
	uint32_t scopes;
	time_us expires_at, used_at;
	int64_t owner, epoch;
	bool program;
	bool all_purposes;
	size_t purposes_len;
	uint8_t purposes[2 * LIMIT_PURPOSES];
	size_t networks_len;
	uint8_t networks[17 * LIMIT_KEY_NETWORKS];
};

struct key_cache;

void key_cache_new(struct key_cache **ret);
void key_cache_free(struct key_cache **cache); /* accepts NULL inside */
bool key_cache_find(struct key_cache *cache, const uint8_t digest[DIGEST_BYTES],
                    uint64_t generation, struct cached_key *ret);
void key_cache_put(struct key_cache *cache, const struct cached_key *key, uint64_t generation);

#endif
