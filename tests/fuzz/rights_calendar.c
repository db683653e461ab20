/* Aimed at: calendar_last, calendar_day, calendar_begins, calendar_holiday.
 *
 * For every country: a period ends on a working day, not before the day that the plain sum gives and not
 * long after; a later event never ends it earlier; and the instant at which a day begins lies in that day. */
#include "rights/calendar.h"
#include "rights/country.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
same_date(struct date a, struct date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

static void
check_period(const struct calendar *calendar, struct date event, struct duration period)
{
	struct date last = calendar_last(calendar, event, period);

	must(calendar_working(calendar, last));
	must(!date_before(last, date_add(event, period)));
	must(date_before(last, date_next(date_add(event, period), 12)));
	must(!date_before(calendar_last(calendar, date_next(event, 1), period), last));
}

static void
check_day(const struct calendar *calendar, time_us at)
{
	struct date day = calendar_day(calendar, at);
	time_us begins = calendar_begins(calendar, day), ends = calendar_begins(calendar, date_next(day, 1));

	must(begins <= at && at < ends);
	must(ends - begins >= 23 * 3600 * TIME_SECOND && ends - begins <= 25 * 3600 * TIME_SECOND);
	must(same_date(calendar_day(calendar, begins), day));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes rest = { data, size };
	struct calendar calendar = { 0 };
	uint8_t country, months, days;
	uint64_t seconds;

	if (!eat_u8(&rest, &country) || !eat_u8(&rest, &months) || !eat_u8(&rest, &days) ||
	    !eat_le64(&rest, &seconds))
		return 0;
	calendar.country = country_at(country % 32); /* 30 and 31: none */
	calendar.zone_minutes = (int)(months % 27) * 60 - 720;
	time_us at = 1527206400 * TIME_SECOND + (time_us)(seconds % (80ull * 366 * 86400)) * TIME_SECOND;
	check_day(&calendar, at);
	check_period(&calendar, calendar_day(&calendar, at), (struct duration){ months % 5, days % 40, 0 });
	return 0;
}
