/* base/time.h -- points in time and ISO 8601 durations; no clock (see os/clock.h).
 *
 * Times are UTC, microseconds since 1970-01-01, in names that end in _at.  The range that is
 * read and written is year 1900 to 9999.  TIME_NEVER sorts after every time.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/buf.h"

typedef int64_t time_us;

#define TIME_SECOND ((time_us)1000000)
#define TIME_DAY (86400 * TIME_SECOND)
#define TIME_NEVER INT64_MAX

struct date {
	int year; /* 1900..9999 */
	int month; /* 1..12 */
	int day; /* 1..31 */
};

/* Years, months and days as ISO 8601 writes them; months are calendar months. */
struct duration {
	uint32_t months; /* years * 12 + months */
	uint32_t days;   /* weeks * 7 + days */
	uint32_t seconds;
};

bool date_valid(struct date date);
struct date date_of(time_us at);
time_us date_time(struct date date); /* midnight UTC at its beginning */
int date_days_in_month(int year, int month);
int date_weekday(struct date date); /* 1 Monday .. 7 Sunday */
/* The same day of the month, or the month's last one where there is none (31 January + P1M is
 * 28 or 29 February), as Regulation 1182/71 article 3(2)(c) counts. */
struct date date_add(struct date date, struct duration duration);

bool date_parse(str s, struct date *ret); /* YYYY-MM-DD */
void buf_date(struct buf *buf, struct date date);

/* RFC 3339: 2026-11-23T09:15:02Z, a fraction up to 6 digits (more are cut), an offset. */
bool time_parse(str s, time_us *ret);
void buf_time(struct buf *buf, time_us at); /* UTC with Z; the fraction only when not zero */

/* P2Y, P18M, P30D, P1Y6M, P4W, PT12H, P1DT12H; at least one part, each at most once and in order,
 * each number at most 9999. */
bool duration_parse(str s, struct duration *ret);
void buf_duration(struct buf *buf, struct duration duration);
/* at plus the duration; TIME_NEVER stays; past year 9999 gives TIME_NEVER. */
time_us time_add(time_us at, struct duration duration);

#endif
