/* os/clock.h -- the clock.  Tests and demo shift it with VALV_TEST_CLOCK (see clock.c). */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "base/time.h"

time_us os_now(void);       /* wall clock, UTC; never earlier than an earlier call in this process */
int64_t os_monotonic_us(void);

#endif
