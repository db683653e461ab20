/* Entries must not run backwards because a clock is being disciplined, so small steps back are evened
 * out.  A clock that was set far ahead by mistake and then set right again is followed back.
 *
 * In test builds only (VALV_TEST):
 *
 *   VALV_TEST_CLOCK  names a file with microseconds that are added to the clock, so that tests can let
 *                    years pass; a second number is added to the time since the machine started
 *                    instead of the first, so that the clock can be set wrong: "86400000000 0"
 *   VALV_TEST_BOOT   another start of the machine for each text
 *   VALV_TEST_SYNCED 0 or 1: what the kernel would say
 */
#include "os/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define EVENED_OUT (10 * TIME_SECOND)

struct shift {
	int64_t wall_us, boot_us;
};

static bool
hex_digit(char c, uint8_t *ret)
{
	if (c >= '0' && c <= '9')
		*ret = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*ret = (uint8_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

#ifdef VALV_TEST
static struct shift
shift(void)
{
	const char *path = getenv("VALV_TEST_CLOCK");
	struct shift shift = { 0 };
	char text[64];
	FILE *file;
	str rest, first;

	if (!path || !(file = fopen(path, "re")))
		return shift;
	if (fgets(text, sizeof(text), file)) {
		rest = str_trim(str_from_c(text));
		bool two = eat_until(&rest, ' ', &first);
		if (!str_i64(two ? first : rest, &shift.wall_us))
			shift.wall_us = 0;
		shift.boot_us = shift.wall_us;
		if (two && !str_i64(rest, &shift.boot_us))
			shift.boot_us = 0;
	}
	fclose(file);
	return shift;
}

static void
test_reading(struct clock_reading *reading)
{
	const char *start = getenv("VALV_TEST_BOOT"), *synced = getenv("VALV_TEST_SYNCED");

	if (start)
		for (size_t i = 0; i < BOOT_ID_BYTES && start[i]; i++)
			reading->boot[i] = (uint8_t)start[i];
	if (synced)
		reading->synchronised = *synced == '1';
}
#else
static struct shift
shift(void)
{
	return (struct shift){ 0 };
}

static void
test_reading(struct clock_reading *reading)
{
}
#endif

static int64_t
clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

time_us
os_now(void)
{
	static _Atomic time_us latest;
	time_us now = clock_us(CLOCK_REALTIME) + shift().wall_us, before = atomic_load(&latest);

	while ((now > before || now < before - EVENED_OUT) &&
	       !atomic_compare_exchange_weak(&latest, &before, now))
		;
	return now > before || now < before - EVENED_OUT ? now : before;
}

int64_t
os_monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

void
os_pause_us(int64_t us)
{
	struct timespec left = { us / 1000000, us % 1000000 * 1000 };

	while (nanosleep(&left, &left) != 0)
		;
}

static uint8_t boot[BOOT_ID_BYTES]; /* does not change while a process lives */

/* A UUID as the kernel prints it. */
static void
boot_read(void)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t got;
	size_t digits = 0;
	uint8_t digit;

	if (fd < 0)
		return;
	got = read(fd, text, sizeof(text));
	close(fd);
	for (ssize_t i = 0; i < got && digits < 2 * BOOT_ID_BYTES; i++) {
		if (!hex_digit(text[i], &digit))
			continue;
		boot[digits / 2] = (uint8_t)(boot[digits / 2] << 4 | digit);
		digits++;
	}
}

void
os_clock_read(struct clock_reading *ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct timex timex = { 0 };
	struct shift by = shift();

	ret->wall_at = clock_us(CLOCK_REALTIME) + by.wall_us;
	ret->boot_us = clock_us(CLOCK_BOOTTIME) + by.boot_us;
	pthread_once(&once, boot_read);
	memcpy(ret->boot, boot, BOOT_ID_BYTES);
	ret->synchronised = adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC);
	test_reading(ret);
}
