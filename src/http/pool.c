#include "http/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

/* Measured with a trivial handler and 64 connections: a third less time per request than 0. */
#define LINGER_YIELDS 4

/* What waits in one lane, in order. */
struct ring {
	void **item;
	size_t places;
	size_t first;
	size_t count;
};

struct worker {
	struct pool *pool;
	unsigned no;
	pthread_t thread;
	sem_t wake;
	void *item;          /* handed over with a wake; NULL: the end */
	struct worker *next; /* of those asleep */
};

/* Workers of one kind: ordinary, or for the reserved lane only. */
struct kind {
	struct worker *asleep;
	bool waking; /* one is on its way awake */
};

struct pool {
	struct pool_config config;
	pthread_mutex_t mutex;
	struct ring lane[LANE_COUNT];
	struct kind kind[LANE_COUNT];
	unsigned running;
	bool ending;
	struct worker *worker;
};

static void *
checked_alloc(size_t count, size_t size)
{
	void *ptr = calloc(count ? count : 1, size);

	must(ptr);
	return ptr;
}

static void *
ring_take(struct ring *ring)
{
	void *item;

	if (!ring->count)
		return NULL;
	item = ring->item[ring->first];
	ring->first = (ring->first + 1) % ring->places;
	ring->count--;
	return item;
}

static bool
ring_put(struct ring *ring, void *item)
{
	if (ring->count == ring->places)
		return false;
	ring->item[(ring->first + ring->count) % ring->places] = item;
	ring->count++;
	return true;
}

/* The next item for a worker of that kind. */
static void *
take(struct pool *pool, enum lane kind)
{
	void *item = ring_take(&pool->lane[LANE_RESERVED]);

	if (!item && kind == LANE_ORDINARY)
		item = ring_take(&pool->lane[LANE_ORDINARY]);
	return item;
}

static struct worker *
rouse(struct pool *pool, enum lane kind)
{
	struct kind *of = &pool->kind[kind];
	struct worker *worker = of->asleep;

	if (!worker || of->waking)
		return NULL;
	worker->item = take(pool, kind);
	if (!worker->item)
		return NULL;
	of->asleep = worker->next;
	of->waking = true;
	pool->running++;
	return worker;
}

/* Give an item that waits to a sleeper; NULL when nothing waits, nobody who may serve it sleeps, or
 * one is on its way and will look.  The reserved are spared while an ordinary one can come. */
static struct worker *
rouse_one(struct pool *pool)
{
	struct worker *worker = rouse(pool, LANE_ORDINARY);

	if (!worker && !pool->kind[LANE_ORDINARY].asleep)
		worker = rouse(pool, LANE_RESERVED);
	return worker;
}

static void
wake(struct worker *worker)
{
	if (worker)
		sem_post(&worker->wake);
}

bool
pool_put(struct pool *pool, enum lane lane, void *item)
{
	struct worker *woken = NULL;
	bool placed;

	pthread_mutex_lock(&pool->mutex);
	placed = !pool->ending && ring_put(&pool->lane[lane], item);
	if (placed)
		woken = rouse_one(pool);
	pthread_mutex_unlock(&pool->mutex);
	wake(woken);
	return placed;
}

void *
pool_take_back(struct pool *pool)
{
	void *item;

	pthread_mutex_lock(&pool->mutex);
	item = take(pool, LANE_ORDINARY);
	pthread_mutex_unlock(&pool->mutex);
	return item;
}

static enum lane
kind_of(const struct worker *worker)
{
	return worker->no < worker->pool->config.workers_reserved ? LANE_RESERVED : LANE_ORDINARY;
}

/* The mutex is held, on entry and on return. */
static void *
sleep_for_item(struct pool *pool, struct worker *worker)
{
	struct kind *of = &pool->kind[kind_of(worker)];

	worker->item = NULL;
	worker->next = of->asleep;
	of->asleep = worker;
	pthread_mutex_unlock(&pool->mutex);
	while (sem_wait(&worker->wake) && errno == EINTR)
		;
	pthread_mutex_lock(&pool->mutex);
	of->waking = false;
	return worker->item;
}

/* Stay awake a moment longer: under load the next item is about to come, and whoever puts it need
 * not wake anybody.  One of a kind at a time, and only by yielding: another thread that has
 * something to do goes first.  The mutex is held, on entry and on return. */
static void *
linger_for_item(struct pool *pool, enum lane kind)
{
	struct kind *of = &pool->kind[kind];
	void *item = NULL;

	if (of->waking)
		return NULL;
	of->waking = true; /* nobody else need come */
	for (int i = 0; i < LINGER_YIELDS && !item && !pool->ending; i++) {
		pthread_mutex_unlock(&pool->mutex);
		sched_yield();
		pthread_mutex_lock(&pool->mutex);
		item = take(pool, kind);
	}
	of->waking = false;
	return item;
}

static void *
next_item(struct pool *pool, struct worker *worker)
{
	enum lane kind = kind_of(worker);
	void *item = take(pool, kind);

	if (!item)
		item = linger_for_item(pool, kind);
	if (item) {
		pool->running++;
		return item;
	}
	return pool->ending ? NULL : sleep_for_item(pool, worker);
}

static void *
serve(void *arg)
{
	struct worker *worker = arg;
	struct pool *pool = worker->pool;
	void *own = pool->config.begin(pool->config.ctx, worker->no), *item;

	pthread_mutex_lock(&pool->mutex);
	while ((item = next_item(pool, worker))) {
		struct worker *woken = rouse_one(pool);

		pthread_mutex_unlock(&pool->mutex);
		wake(woken);
		pool->config.run(pool->config.ctx, own, item);
		pthread_mutex_lock(&pool->mutex);
		pool->running--;
	}
	pthread_mutex_unlock(&pool->mutex);
	pool->config.end(pool->config.ctx, own);
	return NULL;
}

struct pool *
pool_new(const struct pool_config *config)
{
	struct pool *pool = checked_alloc(1, sizeof(*pool));

	must(config->workers > config->workers_reserved);
	pool->config = *config;
	pthread_mutex_init(&pool->mutex, NULL);
	for (int i = 0; i < LANE_COUNT; i++) {
		pool->lane[i].places = config->places[i];
		pool->lane[i].item = checked_alloc(config->places[i], sizeof(void *));
	}
	pool->worker = checked_alloc(config->workers, sizeof(*pool->worker));
	for (unsigned i = 0; i < config->workers; i++) {
		struct worker *worker = &pool->worker[i];

		worker->pool = pool;
		worker->no = i;
		sem_init(&worker->wake, 0, 0);
		must(pthread_create(&worker->thread, NULL, serve, worker) == 0);
	}
	return pool;
}

static void
end_sleepers(struct pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	pool->ending = true;
	for (int kind = 0; kind < LANE_COUNT; kind++) {
		struct worker *worker = pool->kind[kind].asleep;

		pool->kind[kind].asleep = NULL;
		while (worker) {
			struct worker *next = worker->next; /* read before it runs */
			wake(worker);
			worker = next;
		}
	}
	pthread_mutex_unlock(&pool->mutex);
}

void
pool_end(struct pool *pool)
{
	end_sleepers(pool);
	for (unsigned i = 0; i < pool->config.workers; i++)
		pthread_join(pool->worker[i].thread, NULL);
}

void
pool_free(struct pool **pool_at)
{
	struct pool *pool = *pool_at;

	if (!pool)
		return;
	for (unsigned i = 0; i < pool->config.workers; i++)
		sem_destroy(&pool->worker[i].wake);
	for (int i = 0; i < LANE_COUNT; i++)
		free(pool->lane[i].item);
	free(pool->worker);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
	*pool_at = NULL;
}

void
pool_count(struct pool *pool, unsigned *ret_waiting, unsigned *ret_running)
{
	pthread_mutex_lock(&pool->mutex);
	*ret_waiting =
		(unsigned)(pool->lane[LANE_ORDINARY].count + pool->lane[LANE_RESERVED].count);
	*ret_running = pool->running;
	pthread_mutex_unlock(&pool->mutex);
}
