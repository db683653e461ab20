/* src/rights/calendar.c: the hard dates as a table, and random ones against a slow oracle that knows
 * nothing of how they are computed. */
#include "rights_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "rights/calendar.h"
#include "rights/country.h"

static struct date
day(const char *text)
{
	struct date date;

	assert_true(date_parse(str_from_c(text), &date));
	return date;
}

static time_us
instant(const char *text)
{
	time_us at;

	assert_true(time_parse(str_from_c(text), &at));
	return at;
}

static const char *
text_of(struct date date)
{
	static char text[16];

	snprintf(text, sizeof(text), "%04d-%02d-%02d", date.year, date.month, date.day);
	return text;
}

#define ONE_MONTH ((struct duration){ .months = 1 })
#define THREE_MONTHS ((struct duration){ .months = 3 })
/* --- the hard dates ---------------------------------------------------------------------------- */

struct hard {
	const char *why, *country, *received;
	struct duration period;
	const char *last;
};

static const struct hard hard[] = {
	{ "an ordinary day", "SE", "2026-03-05", { 1, 0, 0 }, "2026-04-07" /* 5 April is Easter Sunday */ },
	{ "nothing in the way", "SE", "2026-02-10", { 1, 0, 0 }, "2026-03-10" },
	{ "31 January: 28 February is a Saturday", "SE", "2026-01-31", { 1, 0, 0 }, "2026-03-02" },
	{ "31 January: 28 February is a Sunday", "SE", "2027-01-31", { 1, 0, 0 }, "2027-03-01" },
	{ "31 January of a leap year", "SE", "2028-01-31", { 1, 0, 0 }, "2028-02-29" },
	{ "30 January", "SE", "2025-01-30", { 1, 0, 0 }, "2025-02-28" },
	{ "received on a leap day", "SE", "2028-02-29", { 1, 0, 0 }, "2028-03-29" },
	{ "extended from a leap day", "SE", "2028-02-29", { 3, 0, 0 }, "2028-05-29" },
	{ "31 August", "SE", "2026-08-31", { 1, 0, 0 }, "2026-09-30" },
	{ "31 August, extended", "SE", "2026-08-31", { 3, 0, 0 }, "2026-11-30" },
	{ "Christmas Eve is no public holiday", "SE", "2026-11-24", { 1, 0, 0 }, "2026-12-24" },
	{ "Christmas Day, a Friday", "SE", "2026-11-25", { 1, 0, 0 }, "2026-12-28" },
	{ "Christmas Day, a Thursday", "SE", "2025-11-25", { 1, 0, 0 }, "2025-12-29" },
	{ "New Year's Eve is no public holiday", "SE", "2026-11-30", { 1, 0, 0 }, "2026-12-30" },
	{ "year's end", "SE", "2026-12-01", { 1, 0, 0 }, "2027-01-04" },
	{ "Epiphany", "SE", "2026-12-06", { 1, 0, 0 }, "2027-01-07" },
	{ "31 December", "SE", "2026-12-31", { 1, 0, 0 }, "2027-02-01" },
	{ "Midsummer Eve is no public holiday", "SE", "2026-05-19", { 1, 0, 0 }, "2026-06-19" },
	{ "Midsummer Day", "SE", "2026-05-20", { 1, 0, 0 }, "2026-06-22" },
	{ "Good Friday", "SE", "2026-03-03", { 1, 0, 0 }, "2026-04-07" },
	{ "Easter Monday", "SE", "2026-03-06", { 1, 0, 0 }, "2026-04-07" },
	{ "the latest Easter, 25 April", "SE", "2038-03-26", { 1, 0, 0 }, "2038-04-27" },
	{ "the earliest Easter of the century, 23 March", "SE", "2008-02-24", { 1, 0, 0 }, "2008-03-25" },
	{ "Ascension", "SE", "2026-04-14", { 1, 0, 0 }, "2026-05-15" },
	{ "Ascension on the first of May", "SE", "2008-04-01", { 1, 0, 0 }, "2008-05-02" },
	{ "the national day", "SE", "2025-05-06", { 1, 0, 0 }, "2025-06-09" },
	{ "All Saints' Day is a Saturday", "SE", "2026-09-30", { 1, 0, 0 }, "2026-10-30" },
	{ "Whit Monday is a working day in Sweden", "SE", "2026-04-25", { 1, 0, 0 }, "2026-05-25" },
	{ "and not in Norway", "NO", "2026-04-25", { 1, 0, 0 }, "2026-05-26" },
	{ "extended into a shorter month, a Saturday", "SE", "2025-11-30", { 3, 0, 0 }, "2026-03-02" },
	{ "31 January, extended", "SE", "2026-01-31", { 3, 0, 0 }, "2026-04-30" },
	{ "30 November into a leap year", "SE", "2027-11-30", { 3, 0, 0 }, "2028-02-29" },
	{ "a month, and eight days that the clock stood", "SE", "2026-02-10", { 1, 8, 0 }, "2026-03-18" },
	{ "31 January, and two days", "SE", "2026-01-31", { 1, 2, 0 }, "2026-03-02" },
	{ "17 May", "NO", "2027-04-17", { 1, 0, 0 }, "2027-05-18" },
	{ "the last great day of prayer", "DK", "2023-04-05", { 1, 0, 0 }, "2023-05-08" },
	{ "which is gone", "DK", "2024-03-26", { 1, 0, 0 }, "2024-04-26" },
	{ "independence day", "FI", "2027-11-06", { 1, 0, 0 }, "2027-12-07" },
	{ "the first day of summer", "IS", "2026-03-23", { 1, 0, 0 }, "2026-04-24" },
	{ "German unity", "DE", "2024-09-03", { 1, 0, 0 }, "2024-10-04" },
	{ "King's Day, a Sunday before", "NL", "2025-03-27", { 1, 0, 0 }, "2025-04-28" },
	{ "St Brigid's Day, a Monday", "IE", "2025-01-03", { 1, 0, 0 }, "2025-02-04" },
	{ "St Brigid's Day, a Friday", "IE", "2030-01-01", { 1, 0, 0 }, "2030-02-04" },
	{ "orthodox Easter Monday", "GR", "2026-03-13", { 1, 0, 0 }, "2026-04-14" },
	{ "clean Monday", "CY", "2026-01-23", { 1, 0, 0 }, "2026-02-24" },
	{ "Christmas Eve is a holiday in Poland since 2025", "PL", "2025-11-24", { 1, 0, 0 }, "2025-12-29" },
	{ "a country that is not known has weekends", "XX", "2026-11-25", { 1, 0, 0 }, "2026-12-25" },
	{ "and no more", "", "2026-11-26", { 1, 0, 0 }, "2026-12-28" },
	{ "two days have two working days", "SE", "2026-04-02", { 0, 2, 0 }, "2026-04-08" },
	{ "one day has not", "SE", "2026-04-02", { 0, 1, 0 }, "2026-04-07" },
	{ "a week over Christmas", "SE", "2026-12-23", { 0, 7, 0 }, "2026-12-30" },
};

static void
the_hard_dates(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT(hard); i++) {
		struct calendar calendar = calendar_of(str_from_c(hard[i].country), 60);
		struct date last = calendar_last(&calendar, day(hard[i].received), hard[i].period);
		if (strcmp(text_of(last), hard[i].last) != 0)
			fail_with("%s: %s gives %s, not %s\n", hard[i].why, hard[i].received, text_of(last),
			          hard[i].last);
	}
}

static void
days_are_those_of_the_country(void **state UNUSED)
{
	static const struct {
		const char *country, *at, *day;
	} row[] = {
		{ "SE", "2026-01-31T22:59:59Z", "2026-01-31" }, { "SE", "2026-01-31T23:00:00Z", "2026-02-01" },
		{ "SE", "2026-06-30T21:59:59Z", "2026-06-30" }, { "SE", "2026-06-30T22:00:00Z", "2026-07-01" },
		{ "SE", "2026-03-28T23:00:00Z", "2026-03-29" }, /* the night in which the clocks go forward */
		{ "SE", "2026-03-29T21:59:59Z", "2026-03-29" }, { "SE", "2026-03-29T22:00:00Z", "2026-03-30" },
		{ "SE", "2026-10-24T22:00:00Z", "2026-10-25" }, /* and back: a day of 25 hours */
		{ "SE", "2026-10-25T22:59:59Z", "2026-10-25" }, { "SE", "2026-10-25T23:00:00Z", "2026-10-26" },
		{ "FI", "2026-06-30T21:00:00Z", "2026-07-01" }, { "FI", "2026-12-31T22:00:00Z", "2027-01-01" },
		{ "IE", "2026-06-30T23:00:00Z", "2026-07-01" }, { "IS", "2026-06-30T23:59:59Z", "2026-06-30" },
		{ "XX", "2026-06-30T22:59:59Z", "2026-06-30" }, { "XX", "2026-06-30T23:00:00Z", "2026-07-01" },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		struct calendar calendar = calendar_of(str_from_c(row[i].country), 60);
		assert_string_equal(text_of(calendar_day(&calendar, instant(row[i].at))), row[i].day);
	}
}

static void
a_day_begins_where_the_one_before_it_ends(void **state UNUSED)
{
	for (size_t i = 0; country_at(i); i++) {
		struct calendar calendar = { country_at(i), 0 };
		for (struct date date = { 2024, 1, 1 }; date.year < 2029; date = date_next(date, 1)) {
			time_us begins = calendar_begins(&calendar, date);
			assert_string_equal(text_of(calendar_day(&calendar, begins)), text_of(date));
			assert_true(date_before(calendar_day(&calendar, begins - 1), date));
		}
	}
}

static void
the_days_on_which_clocks_change_have_23_and_25_hours(void **state UNUSED)
{
	struct calendar calendar = calendar_of(S("SE"), 0);
	time_us spring = calendar_begins(&calendar, day("2026-03-29"));
	time_us autumn = calendar_begins(&calendar, day("2026-10-25"));

	assert_true(calendar_begins(&calendar, day("2026-03-30")) - spring == 23 * 3600 * TIME_SECOND);
	assert_true(calendar_begins(&calendar, day("2026-10-26")) - autumn == 25 * 3600 * TIME_SECOND);
}

/* --- holidays ---------------------------------------------------------------------------------- */

/* As printed in an almanac. */
static void
a_swedish_year(void **state UNUSED)
{
	static const char *const year[] = {
		"2026-01-01", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14",
		"2026-06-06", "2026-06-20", "2026-10-31", "2026-12-25", "2026-12-26",
	};
	struct calendar calendar = calendar_of(S("SE"), 0);
	size_t found = 0;

	for (struct date date = { 2026, 1, 1 }; date.year == 2026; date = date_next(date, 1))
		if (calendar_holiday(&calendar, date)) {
			assert_true(found < COUNT(year));
			assert_string_equal(text_of(date), year[found++]);
		}
	assert_int_equal(found, COUNT(year));
}

/* Easter Mondays of both churches, as printed. */
static void
easter_is_where_the_churches_keep_it(void **state UNUSED)
{
	static const char *const western[] = { "2018-04-02", "2019-04-22", "2020-04-13", "2021-04-05",
		                               "2022-04-18", "2023-04-10", "2024-04-01", "2025-04-21",
		                               "2026-04-06", "2027-03-29", "2028-04-17", "2029-04-02",
		                               "2030-04-22", "2038-04-26", "2049-04-19", "2076-04-20" };
	static const char *const orthodox[] = { "2018-04-09", "2019-04-29", "2020-04-20", "2021-05-03",
		                                "2022-04-25", "2023-04-17", "2024-05-06", "2025-04-21",
		                                "2026-04-13", "2027-05-03", "2028-04-17", "2029-04-09",
		                                "2030-04-29" };
	struct calendar france = calendar_of(S("FR"), 0), romania = calendar_of(S("RO"), 0);

	for (size_t i = 0; i < COUNT(western); i++)
		assert_true(calendar_holiday(&france, day(western[i])));
	for (size_t i = 0; i < COUNT(orthodox); i++)
		assert_true(calendar_holiday(&romania, day(orthodox[i])));
}

static void
every_member_of_the_eea_has_a_calendar_and_an_authority(void **state UNUSED)
{
	static const char codes[] = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO "
		"PL PT RO SE SI SK";
	str rest = str_from_c(codes), code;
	size_t count = 0;

	while (rest.len) {
		struct calendar calendar;
		if (!eat_until(&rest, ' ', &code)) {
			code = rest;
			rest = S("");
		}
		calendar = calendar_of(code, 0);
		assert_non_null(calendar.country);
		assert_true(calendar_holiday(&calendar, day("2026-01-01")));
		assert_true(calendar_holiday(&calendar, day("2026-12-25")));
		assert_true(country_authority(&calendar).len && country_authority_at(&calendar).len);
		count++;
	}
	assert_null(country_at(count));
}

static void
a_country_that_is_not_known_has_no_authority_but_the_list(void **state UNUSED)
{
	struct calendar calendar = calendar_of(S("se"), 0); /* capitals only */

	assert_null(calendar.country);
	assert_int_equal(country_authority(&calendar).len, 0);
	assert_true(country_authority_at(&calendar).len > 0);
}

/* --- the oracle -------------------------------------------------------------------------------- */

/* Gauss' rule with its two exceptions; the computus under test is another. */
static void
slow_easter(int year, int *ret_month, int *ret_day)
{
	int a = year % 19, b = year % 4, c = year % 7, k = year / 100;
	int p = (13 + 8 * k) / 25, q = k / 4, m = (15 - p + k - q) % 30, n = (4 + k - q) % 7;
	int d = (19 * a + m) % 30, e = (2 * b + 4 * c + 6 * d + n) % 7, march = 22 + d + e;

	if (d == 29 && e == 6)
		march = 50;
	if (d == 28 && e == 6 && a > 10)
		march = 49;
	*ret_month = march > 31 ? 4 : 3;
	*ret_day = march > 31 ? march - 31 : march;
}

/* Walks on from Easter, a day at a time. */
static bool
slow_from_easter(struct date date, int days)
{
	struct date at = { date.year, 0, 0 };

	slow_easter(date.year, &at.month, &at.day);
	for (; days < 0; days++) /* of Good Friday: two days later it is Easter */
		date = date_next(date, 1);
	for (; days > 0; days--)
		at = date_next(at, 1);
	return at.year == date.year && at.month == date.month && at.day == date.day;
}

static bool
slow_swedish_holiday(struct date date)
{
	static const char *const fixed = "01-01 01-06 05-01 06-06 12-25 12-26";
	bool saturday = date_weekday(date) == 6;

	if (strstr(fixed, text_of(date) + 5))
		return true;
	if (saturday && date.month == 6 && date.day >= 20 && date.day <= 26)
		return true;
	if (saturday && ((date.month == 10 && date.day == 31) || (date.month == 11 && date.day <= 6)))
		return true;
	return slow_from_easter(date, -2) || slow_from_easter(date, 1) || slow_from_easter(date, 39);
}

static bool
slow_working(struct date date)
{
	return date_weekday(date) != 6 && date_weekday(date) != 7 && !slow_swedish_holiday(date);
}

/* The date in the month that is `months` later, found by walking all of the days between. */
static struct date
slow_same_date(struct date from, unsigned months)
{
	struct date at = from, fits = from;
	unsigned passed = 0;

	for (; passed <= months; at = date_next(at, 1)) {
		struct date next = date_next(at, 1);
		if (passed == months && at.day <= from.day)
			fits = at;
		if (next.month != at.month)
			passed++;
	}
	return fits;
}

static struct date
slow_last(struct date event, struct duration period)
{
	struct date at = slow_same_date(event, period.months), walk;
	unsigned working = 0;

	for (uint32_t i = 0; i < period.days; i++)
		at = date_next(at, 1);
	while (!slow_working(at))
		at = date_next(at, 1);
	for (walk = date_next(event, 1); !date_before(at, walk); walk = date_next(walk, 1))
		working += slow_working(walk);
	for (; working < 2 && (period.months || period.days >= 2); working += slow_working(at))
		at = date_next(at, 1);
	return at;
}

static void
periods_are_those_of_a_slow_walk(void **state UNUSED)
{
	struct calendar calendar = calendar_of(S("SE"), 0);
	unsigned seed = 1182071;

	for (int i = 0; i < 20000; i++) {
		struct date event = date_next((struct date){ 2006, 1, 1 }, (uint32_t)(rand_r(&seed) % 36000));
		struct duration period = { (uint32_t)(rand_r(&seed) % 5), (uint32_t)(rand_r(&seed) % 12), 0 };
		struct date last, slow;
		if (!period.months && !period.days)
			period.months = 1;
		last = calendar_last(&calendar, event, period);
		slow = slow_last(event, period);
		if (last.year != slow.year || last.month != slow.month || last.day != slow.day) {
			print_error("%s and %u months, %u days: ", text_of(event), period.months, period.days);
			print_error("%s, not ", text_of(last));
			fail_with("%s\n", text_of(slow));
		}
	}
}

/* In every country: a later receipt is never due earlier, and what is due is a working day. */
static void
later_is_never_earlier(void **state UNUSED)
{
	for (size_t i = 0; country_at(i); i++) {
		struct calendar calendar = { country_at(i), 0 };
		struct date before = { 2018, 1, 1 };
		for (struct date date = { 2018, 1, 1 }; date.year < 2040; date = date_next(date, 1)) {
			struct date last = calendar_last(&calendar, date, ONE_MONTH);
			assert_false(date_before(last, before));
			assert_true(calendar_working(&calendar, last));
			assert_false(date_before(calendar_last(&calendar, date, THREE_MONTHS), last));
			before = last;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hard_dates),
		cmocka_unit_test(days_are_those_of_the_country),
		cmocka_unit_test(a_day_begins_where_the_one_before_it_ends),
		cmocka_unit_test(the_days_on_which_clocks_change_have_23_and_25_hours),
		cmocka_unit_test(a_swedish_year),
		cmocka_unit_test(easter_is_where_the_churches_keep_it),
		cmocka_unit_test(every_member_of_the_eea_has_a_calendar_and_an_authority),
		cmocka_unit_test(a_country_that_is_not_known_has_no_authority_but_the_list),
		cmocka_unit_test(periods_are_those_of_a_slow_walk),
		cmocka_unit_test(later_is_never_earlier),
	};

	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
