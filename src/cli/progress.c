/* cli/progress.c -- contract: progress.h. */
#include "cli/progress.h"

#include <unistd.h>

#include "os/clock.h"

#define WIDTH 30

void
progress_begin(struct progress *progress, const char *unit, uint64_t done)
{
	*progress = (struct progress){
		.shown = isatty(STDERR_FILENO),
		.unit = unit,
		.began_us = os_monotonic_us(),
		.began_at = done,
	};
}

static void
put_left(double seconds)
{
	if (seconds >= 90)
		fprintf(stderr, ", %.0f min left", seconds / 60);
	else
		fprintf(stderr, ", %.0f s left", seconds);
}

void
progress_show(const struct progress *progress, uint64_t done, uint64_t all, uint64_t count)
{
	double seconds = (double)(os_monotonic_us() - progress->began_us) / 1e6;
	double share = all ? (double)done / (double)all : 1;
	int filled = (int)(share * WIDTH);

	if (!progress->shown)
		return;
	fputs("\r\033[K[", stderr);
	for (int i = 0; i < WIDTH; i++)
		fputc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %3.0f %%  %llu %s", share * 100, (unsigned long long)count,
	        progress->unit);
	if (seconds > 0.5 && done > progress->began_at) {
		double rate = (double)(done - progress->began_at) / seconds;
		fprintf(stderr, ", %.0f a second", (double)count / (double)done * rate);
		put_left((double)(all - done) / rate);
	}
	fflush(stderr);
}

void
progress_end(const struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
