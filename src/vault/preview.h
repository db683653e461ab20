/* vault/preview.h -- what the sweep will take away in the days to come, if nothing happens until then.
 *
 * Exact: computed from the standing and the coverage of every person whose earliest end lies in the
 * period, by opening the record.  What comes out are counts, never persons.
 *
 *   Z1  What it counts for a moment is what a sweep at that moment erases.
 */
#ifndef VAULT_PREVIEW_H
#define VAULT_PREVIEW_H

#include "vault/subject.h"

#define PREVIEW_DAYS_MAX 366

/* Rows come in the order of the day (UTC), then the purpose whose ground is the last to end, then the
 * field.  A row without a field sums up its purpose on that day, and one without a purpose the day. */
struct preview_row {
	time_us day;
	bool of_day, of_purpose; /* a sum */
	uint32_t purpose;        /* 0: a hold, or another ground for keeping only */
	uint16_t field;
	uint64_t persons;        /* who lose something */
	uint64_t values;
	uint64_t emptied;        /* of_day: who have nothing left then */
};

struct preview {
	time_us from_at, until_at;
	uint64_t persons, values, emptied;
	uint64_t failed; /* persons whose record could not be read */
	struct preview_row *row;
	size_t row_count;
};

/* From job->now on, for so many days; 0: what is due already, on the first day.  Leaves its entry.
 * The rows are in the job's arena. */
must_check enum err sweep_preview(struct job *job, struct vault *vault, uint32_t days,
                                  struct preview *ret);

#endif
