/* rights/calendar.h -- periods of time as the law counts them (Regulation 1182/71 article 3).
 *
 * Pure: a country, a date or an instant in; a date or an instant out.  Public holidays are computed
 * from rules (holidays.c), for every member state of the EU and the EEA, as of 2018, when the GDPR
 * began to apply.  Only days that are public holidays by law in the whole country are in them:
 * regional ones, and days on which people merely do not work, are not.  A holiday too few ends a
 * period a day early, which harms nobody; one too many would end it late.
 *
 *   H1  The day of the event is not counted.
 *   H2  A period in months ends on the same date of its last month, or on that month's last day
 *       where there is no such date: 31 January and a month is 28 or 29 February.
 *   H3  It ends with the end of its last day; where that is a Saturday, a Sunday or a public
 *       holiday, with the end of the next working day.
 *   H4  A period of two days or more has at least two working days.
 *   H5  Days are those of the country's legal time, summer time included; of the vault's own offset
 *       where the country is not known.
 */
#ifndef RIGHTS_CALENDAR_H
#define RIGHTS_CALENDAR_H

#include "base/must.h"
#include "base/time.h"

struct country; /* a row of holidays.c */

struct calendar {
	const struct country *country; /* NULL: not known, so weekends are all there is */
	int64_t zone_minutes;          /* offset from UTC where the country is not known */
};

/* code: ISO 3166-1, two capitals.  One that is not known gives a calendar of weekends. */
struct calendar calendar_of(str code, int64_t zone_minutes);

bool calendar_holiday(const struct calendar *calendar, struct date date); /* on whatever weekday */
bool calendar_working(const struct calendar *calendar, struct date date);

/* The day in which an instant lies, and the instant at which a day begins (H5). */
struct date calendar_day(const struct calendar *calendar, time_us at);
time_us calendar_begins(const struct calendar *calendar, struct date date);

/* The last day of a period that an event of that day sets going (H1-H4).  Whole days and months:
 * seconds are left aside. */
struct date calendar_last(const struct calendar *calendar, struct date event,
                          struct duration period);
struct date date_next(struct date date, uint32_t days);
bool date_before(struct date a, struct date b);

/* Where a person complains (Article 77): the country's authority, and its address.  Of a country
 * that is not known: the list of all of them. */
str country_authority(const struct calendar *calendar);
str country_authority_at(const struct calendar *calendar);

#endif
