/* vault/clock.h -- may what the wall clock says erase anything?
 *
 * A ground that is over by the wall clock is not used any more, whatever is the matter with the
 * clock: denying early does no harm.  Erasing early does, and cannot be undone.  So a mark is kept in
 * the store, a moment at which the clock was believed, and the wall clock is believed only as far as
 * the time that has passed since then by another clock that nobody sets.
 *
 *   K1  Nothing is erased for the passing of time later than clock_limit() says.
 *   K2  A clock that runs ahead of the mark by more than CLOCK_TOLERANCE lets nothing be erased by time
 *       until it agrees again, or an operator says that it is right (clock_accept()).
 *   K3  A clock that went back erases less, never more; the mark stays where it was.
 *
 * After a restart of the machine nothing tells how long it was off.  Then the clock is believed when
 * the kernel says that it is being kept right, up to CLOCK_OFF_MAX; beyond that an operator is asked.
 * Being kept right is no more than a hint: it never makes up for a jump while the machine runs.
 */
#ifndef VAULT_CLOCK_H
#define VAULT_CLOCK_H

#include <pthread.h>

#include "base/job.h"
#include "os/clock.h"

struct vault;

#define CLOCK_TOLERANCE (5 * 60 * TIME_SECOND)
#define CLOCK_OFF_MAX (31 * TIME_DAY)
#define CLOCK_MARK_EVERY (3600 * TIME_SECOND) /* the store is written to for the mark at most so often */

/*      enum               name */
#define CLOCK_STATE_TABLE(X) \
	X(CLOCK_TRUSTED, "trusted") \
	X(CLOCK_AHEAD,   "ahead")    /* of the time that has passed since the mark */ \
	X(CLOCK_UNSURE,  "unsure")   /* the machine was restarted, and nothing keeps its clock right yet */

enum clock_state {
#define X(e, name) e,
	CLOCK_STATE_TABLE(X)
#undef X
	CLOCK_STATE_COUNT
};

str clock_state_name(enum clock_state state);

/* A reading that was believed. */
struct clock_mark {
	time_us wall_at;
	int64_t boot_us;
	uint8_t boot[BOOT_ID_BYTES];
};

/* Of one open vault; a member of struct vault. */
struct clock {
	pthread_mutex_t mutex;
	bool watching; /* from clock_start() on; before that there is no limit */
	struct clock_mark mark;
};

struct clock_view {
	enum clock_state state;
	time_us now;       /* the wall clock */
	time_us limit_at;  /* K1 */
	int64_t ahead_us;  /* of what the mark lets expect; below zero: behind */
	time_us mark_at;
	bool synchronised;
};

/* Pure: what a reading is worth, given the mark. */
void clock_judge(const struct clock_mark *mark, const struct clock_reading *reading,
                 struct clock_view *ret);

/* Begin to watch: reads the mark, or makes the first one. */
must_check enum err clock_start(struct job *job, struct vault *vault);
/* Look, and move the mark on when it is time to. */
must_check enum err clock_look(struct job *job, struct vault *vault, struct clock_view *ret);
/* An operator says that the clock is right as it is now; leaves its entry. */
must_check enum err clock_accept(struct job *job, struct vault *vault, struct clock_view *ret);
/* The latest time by which something may be erased: `now`, or earlier (K1). */
time_us clock_limit(struct vault *vault, time_us now);

#endif
