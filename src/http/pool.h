/* http/pool.h -- a bounded queue of two lanes, and the threads that serve it.
 *
 * An item is an opaque pointer.  The ordinary lane is served by ordinary workers; the reserved
 * lane by all, and first.  Each lane has places of its own: a flood in one cannot fill the other.
 *
 * Waking a thread costs more than a small request, so at most one worker of a kind is on its way
 * awake at a time; when it arrives it wakes the next if there is still something for one.  The one
 * that went to sleep last is woken first: its memory is still in the caches.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/must.h"

enum lane { LANE_ORDINARY, LANE_RESERVED, LANE_COUNT };

struct pool_config {
	unsigned workers;
	unsigned workers_reserved; /* of those */
	size_t places[LANE_COUNT];
	void *(*begin)(void *ctx, unsigned worker); /* on the worker's thread */
	void (*run)(void *ctx, void *worker, void *item);
	void (*end)(void *ctx, void *worker);
	void *ctx;
};

struct pool;

struct pool *pool_new(const struct pool_config *config); /* starts the threads */
/* False: no place, or the end has begun; the caller keeps the item. */
must_check bool pool_put(struct pool *pool, enum lane lane, void *item);
/* One waiting item, for the caller to deal with; NULL when there is none. */
void *pool_take_back(struct pool *pool);
void pool_end(struct pool *pool);   /* waits for what runs and what waits */
void pool_free(struct pool **pool); /* after pool_end; accepts NULL inside */
void pool_count(struct pool *pool, unsigned *ret_waiting, unsigned *ret_running);

#endif
