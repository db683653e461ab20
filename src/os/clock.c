/* Retention must never run early because a clock was set forward and back again, and entries must
 * not run backwards: os_now() only ever goes forward within a process.
 *
 * VALV_TEST_CLOCK names a file with one number, microseconds added to the clock; it is read in
 * test builds only (VALV_TEST), so that tests can let years pass. */
#include "os/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef VALV_TEST
static time_us
shift(void)
{
	const char *path = getenv("VALV_TEST_CLOCK");
	char text[32];
	int64_t us = 0;
	FILE *file;

	if (!path || !(file = fopen(path, "re")))
		return 0;
	if (fgets(text, sizeof(text), file) && !str_i64(str_trim(str_from_c(text)), &us))
		us = 0;
	fclose(file);
	return us;
}
#else
static time_us
shift(void)
{
	return 0;
}
#endif

time_us
os_now(void)
{
	static _Atomic time_us latest;
	struct timespec ts;
	time_us now, before;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (time_us)ts.tv_sec * TIME_SECOND + ts.tv_nsec / 1000 + shift();
	before = atomic_load(&latest);
	while (now > before && !atomic_compare_exchange_weak(&latest, &before, now))
		;
	return now > before ? now : before;
}

int64_t
os_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
