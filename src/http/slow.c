#include "http/slow.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/must.h"
#include "os/clock.h"

struct slow_watch {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t end;
	bool ending;
	struct slow head; /* a ring */
};

/* A body must have come at the least rate; an answer gets the time that the least rate needs. */
static bool
below_rate(const struct slow *one, int64_t age_us)
{
	int64_t beyond_us = age_us - (int64_t)SLOW_GRACE_SECONDS * 1000000;
	uint64_t total = atomic_load(&one->total), moved = atomic_load(&one->moved);

	return beyond_us > 0 &&
	       (total ? total : moved) < (uint64_t)beyond_us / 1000000 * SLOW_BYTES_PER_SECOND + 1;
}

bool
slow_is(const struct slow *one, int64_t now_us)
{
	int64_t age_us = now_us - atomic_load(&one->since_us);

	switch ((enum slow_phase)atomic_load(&one->phase)) {
	case SLOW_IDLE:
		return age_us > (int64_t)(LIMIT_IDLE_SECONDS + SLOW_GRACE_SECONDS) * 1000000;
	case SLOW_HEAD:
		return age_us > (int64_t)SLOW_GRACE_SECONDS * 1000000;
	case SLOW_MOVING:
		return below_rate(one, age_us);
	case SLOW_WORKING:
		break;
	}
	return false;
}

/* shutdown(), not close(): the descriptor is the library's, which will find the connection ended. */
static void
look(struct slow_watch *watch)
{
	int64_t now_us = os_monotonic_us();

	for (struct slow *one = watch->head.next; one != &watch->head; one = one->next)
		if (slow_is(one, now_us))
			shutdown(one->fd, SHUT_RDWR);
}

static void *
watch_on(void *arg)
{
	struct slow_watch *watch = arg;
	struct timespec at;

	pthread_mutex_lock(&watch->mutex);
	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!watch->ending) {
		at.tv_sec++;
		if (pthread_cond_timedwait(&watch->end, &watch->mutex, &at) == 0)
			continue;
		look(watch);
		clock_gettime(CLOCK_MONOTONIC, &at);
	}
	pthread_mutex_unlock(&watch->mutex);
	return NULL;
}

struct slow_watch *
slow_watch_new(void)
{
	struct slow_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t monotonic;

	must(watch);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	watch->head.next = watch->head.prev = &watch->head;
	pthread_mutex_init(&watch->mutex, NULL);
	pthread_cond_init(&watch->end, &monotonic);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&watch->thread, NULL, watch_on, watch) == 0);
	return watch;
}

void
slow_watch_free(struct slow_watch **watch_at)
{
	struct slow_watch *watch = *watch_at;

	if (!watch)
		return;
	pthread_mutex_lock(&watch->mutex);
	watch->ending = true;
	pthread_cond_signal(&watch->end);
	pthread_mutex_unlock(&watch->mutex);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->end);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
	*watch_at = NULL;
}

void
slow_add(struct slow_watch *watch, struct slow *one, int fd)
{
	one->fd = fd;
	slow_phase(one, SLOW_IDLE, 0);
	pthread_mutex_lock(&watch->mutex);
	one->next = watch->head.next;
	one->prev = &watch->head;
	one->next->prev = one;
	watch->head.next = one;
	pthread_mutex_unlock(&watch->mutex);
}

void
slow_remove(struct slow_watch *watch, struct slow *one)
{
	pthread_mutex_lock(&watch->mutex);
	one->next->prev = one->prev;
	one->prev->next = one->next;
	pthread_mutex_unlock(&watch->mutex);
}

void
slow_each(struct slow_watch *watch, void (*call)(struct slow *one, void *ctx), void *ctx)
{
	pthread_mutex_lock(&watch->mutex);
	for (struct slow *one = watch->head.next; one != &watch->head; one = one->next)
		call(one, ctx);
	pthread_mutex_unlock(&watch->mutex);
}

void
slow_phase(struct slow *one, enum slow_phase phase, uint64_t total)
{
	/* In this order, so that no look sees a new phase with an old time. */
	atomic_store_explicit(&one->phase, SLOW_WORKING, memory_order_release);
	atomic_store_explicit(&one->total, total, memory_order_relaxed);
	atomic_store_explicit(&one->moved, 0, memory_order_relaxed);
	atomic_store_explicit(&one->since_us, os_monotonic_us(), memory_order_release);
	atomic_store_explicit(&one->phase, phase, memory_order_release);
}
