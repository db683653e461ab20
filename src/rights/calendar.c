/* rights/calendar.c -- contract and H1-H5: see calendar.h. */
#include "rights/calendar.h"

#include "rights/country.h"

struct calendar
calendar_of(str code, int64_t zone_minutes)
{
	return (struct calendar){ country_find(code), zone_minutes };
}

/* --- dates ------------------------------------------------------------------------------------ */

struct date
date_next(struct date date, uint32_t days)
{
	return date_add(date, (struct duration){ .days = days });
}

bool
date_before(struct date a, struct date b)
{
	if (a.year != b.year)
		return a.year < b.year;
	return a.month != b.month ? a.month < b.month : a.day < b.day;
}

static bool
same_date(struct date a, struct date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

/* Days that may lie before: date_add() only goes forward. */
static struct date
date_moved(struct date date, int days)
{
	return date_of(date_time(date) + days * TIME_DAY);
}

static struct date
weekday_from(struct date date, int weekday)
{
	return date_next(date, (uint32_t)((weekday - date_weekday(date) + 7) % 7));
}

/* --- Easter ----------------------------------------------------------------------------------- */

/* Gregorian computus as Meeus, Jones and Butcher give it: golden number, the corrections of the
 * centuries, the age of the moon, and the Sunday after it. */
static struct date
easter_western(int year)
{
	int golden = year % 19, century = year / 100, rest = year % 100;
	int sun = century / 4, moon = (century - (century + 8) / 25 + 1) / 3;
	int epact = (19 * golden + century - sun - moon + 15) % 30;
	int sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
	int late = (golden + 11 * epact + 22 * sunday) / 451;
	int sum = epact + sunday - 7 * late + 114;

	return (struct date){ year, sum / 31, sum % 31 + 1 };
}

/* Meeus' Julian algorithm; the Julian date is 13 days behind from 1900 to 2099, one more from 2100,
 * and so on with each century that has no leap day. */
static struct date
easter_orthodox(int year)
{
	int moon = (19 * (year % 19) + 15) % 30;
	int sunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7;
	int sum = moon + sunday + 114;
	struct date julian = { year, sum / 31, sum % 31 + 1 };

	return date_next(julian, (uint32_t)(year / 100 - year / 400 - 2));
}

/* --- holidays --------------------------------------------------------------------------------- */

static bool
in_force(const struct holiday *holiday, int year)
{
	return (!holiday->from || year >= holiday->from) && (!holiday->until || year <= holiday->until);
}

static bool
date_is(const struct holiday *holiday, struct date date)
{
	return holiday->month == date.month && holiday->day == date.day;
}

/* The day itself, and the Monday after it where it is at a weekend. */
static bool
date_or_monday(struct date day, struct date date)
{
	return same_date(day, date) ||
	       (date_weekday(day) > 5 && same_date(weekday_from(day, 1), date));
}

static bool
holiday_is(const struct holiday *holiday, struct date date)
{
	struct date day = { date.year, holiday->month, holiday->day };

	switch ((enum holiday_kind)holiday->kind) {
	case HOLIDAY_DATE:
		return date_is(holiday, date);
	case HOLIDAY_EASTER:
		return same_date(date_moved(easter_western(date.year), holiday->day), date);
	case HOLIDAY_ORTHODOX:
		return same_date(date_moved(easter_orthodox(date.year), holiday->day), date);
	case HOLIDAY_WEEKDAY:
		return same_date(weekday_from(day, holiday->weekday), date);
	case HOLIDAY_KING:
		return same_date(date_moved(day, date_weekday(day) == 7 ? -1 : 0), date);
	case HOLIDAY_BRIGID:
		return same_date(date_weekday(day) == 5 ? day : weekday_from(day, 1), date);
	case HOLIDAY_MONDAY:
		return date_or_monday(day, date);
	}
	return false;
}

bool
calendar_holiday(const struct calendar *calendar, struct date date)
{
	const struct country *country = calendar->country;

	for (size_t i = 0; country && i < country->count; i++)
		if (in_force(&country->holiday[i], date.year) && holiday_is(&country->holiday[i], date))
			return true;
	return false;
}

bool
calendar_working(const struct calendar *calendar, struct date date)
{
	return date_weekday(date) < 6 && !calendar_holiday(calendar, date);
}

/* --- the time of day -------------------------------------------------------------------------- */

/* Directive 2000/84: from the last Sunday of March to the last of October, 01:00 UTC. */
static bool
summer_time(time_us at)
{
	int year = date_of(at).year;
	time_us begins = date_time(weekday_from((struct date){ year, 3, 25 }, 7));
	time_us ends = date_time(weekday_from((struct date){ year, 10, 25 }, 7));

	return at >= begins + 3600 * TIME_SECOND && at < ends + 3600 * TIME_SECOND;
}

static time_us
offset_at(const struct calendar *calendar, time_us at)
{
	const struct country *country = calendar->country;
	int64_t minutes = country ? country->zone_minutes : calendar->zone_minutes;

	if (country && country->summer && summer_time(at))
		minutes += 60;
	return minutes * 60 * TIME_SECOND;
}

struct date
calendar_day(const struct calendar *calendar, time_us at)
{
	return date_of(at + offset_at(calendar, at));
}

/* Clocks change at 01:00 UTC, an hour or more after the midnight before it in every zone of the table,
 * so an instant at most an hour before a midnight has the offset of that midnight. */
time_us
calendar_begins(const struct calendar *calendar, struct date date)
{
	const struct country *country = calendar->country;
	int64_t minutes = country ? country->zone_minutes : calendar->zone_minutes;
	time_us midnight = date_time(date), guess = midnight - minutes * 60 * TIME_SECOND;

	return midnight - offset_at(calendar, guess - 3600 * TIME_SECOND);
}

/* --- periods ---------------------------------------------------------------------------------- */

static struct date
working_from(const struct calendar *calendar, struct date date)
{
	while (!calendar_working(calendar, date))
		date = date_next(date, 1);
	return date;
}

/* The earliest day on which a period may end that has two working days in it (H4). */
static struct date
second_working(const struct calendar *calendar, struct date event)
{
	struct date first = working_from(calendar, date_next(event, 1));

	return working_from(calendar, date_next(first, 1));
}

/*= regulation 1182/71 3(4)
 *# Where the last day of a period expressed otherwise than in hours is a public holiday, Sunday or
 *# Saturday, the period shall end with the expiry of the last hour of the following working day. */
struct date
calendar_last(const struct calendar *calendar, struct date event, struct duration period)
{
	struct date last = working_from(calendar, date_add(event, period)); /* H1-H3 */
	struct date least = second_working(calendar, event);

	if (period.months || period.days >= 2)
		return date_before(last, least) ? least : last;
	return last;
}

/* --- where to complain ------------------------------------------------------------------------ */

str
country_authority(const struct calendar *calendar)
{
	return calendar->country ? calendar->country->authority : S("");
}

str
country_authority_at(const struct calendar *calendar)
{
	return calendar->country ? calendar->country->authority_at
	                         : S("www.edpb.europa.eu/about-edpb/about-edpb/members_en");
}
