/* cli/progress.h -- a bar with rate and time left, on a terminal; nothing elsewhere. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "base/str.h"

struct progress {
	bool shown;
	const char *unit;
	int64_t began_us;
	uint64_t began_at; /* done then: what went before does not count for the rate */
};

void progress_begin(struct progress *progress, const char *unit, uint64_t done);
/* done of all, in whatever measures the whole; count of units so far. */
void progress_show(const struct progress *progress, uint64_t done, uint64_t all, uint64_t count);
void progress_end(const struct progress *progress); /* clears the line */

#endif
