/* os/clock.h -- the clocks.  Tests and demo shift them with VALV_TEST_CLOCK (see clock.c). */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "base/time.h"

/* Wall clock, UTC.  Small steps back are evened out: within a process it goes back only when the
 * clock was really set back. */
time_us os_now(void);
int64_t os_monotonic_us(void);
void os_pause_us(int64_t us);

/* What can be known about how far the wall clock is to be believed. */
#define BOOT_ID_BYTES 16

struct clock_reading {
	time_us wall_at;
	int64_t boot_us;             /* since the machine started, suspended time included */
	uint8_t boot[BOOT_ID_BYTES]; /* which start that was; zeros: not known */
	bool synchronised;           /* the kernel says that something keeps its clock right */
};
void os_clock_read(struct clock_reading *ret);

#endif
