/* http/slow.h -- ends connections that hold a place and hardly move.
 *
 * The library's timeout sees silence only; who sends one octet in a while would hold a connection
 * for days.  Each connection says what it does; once a second a thread looks for those that
 * have done it for too long or below the least rate, and shuts their socket down.
 */
#ifndef HTTP_SLOW_H
#define HTTP_SLOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOW_GRACE_SECONDS 10 /* for a header section, and before a rate is asked for */
#define SLOW_BYTES_PER_SECOND 500

enum slow_phase {
	SLOW_IDLE,    /* between requests: LIMIT_IDLE_SECONDS and the grace */
	SLOW_HEAD,    /* the request line has come, not all headers: the grace */
	SLOW_MOVING,  /* a body or an answer: the grace, then the rate; a piece of a stream: the grace */
	SLOW_WORKING, /* ours to be slow */
};

struct slow {
	struct slow *next;
	struct slow *prev;
	int fd;
	_Atomic int phase;
	_Atomic int64_t since_us;
	_Atomic uint64_t moved; /* octets of a body that have come */
	_Atomic uint64_t total; /* octets of an answer; how many have left is not known */
};

struct slow_watch;

struct slow_watch *slow_watch_new(void); /* starts the thread */
void slow_watch_free(struct slow_watch **watch);
void slow_add(struct slow_watch *watch, struct slow *one, int fd);
/* Calls back for each of them, none of which is removed meanwhile. */
void slow_each(struct slow_watch *watch, void (*call)(struct slow *one, void *ctx), void *ctx);
void slow_remove(struct slow_watch *watch, struct slow *one); /* before its fd is closed */
void slow_phase(struct slow *one, enum slow_phase phase, uint64_t total);

/* Whether it is too slow at that time; pure, for tests. */
bool slow_is(const struct slow *one, int64_t now_us);

#endif
