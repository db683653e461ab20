/* src/base/time.c */
#include "base_test.h"

#include "base/time.h"

static time_us
at(const char *text)
{
	time_us time = 0;

	if (!time_parse(str_from_c(text), &time))
		fail_with("not a time: %s\n", text);
	return time;
}

static struct date
day(const char *text)
{
	struct date date = { 0 };

	if (!date_parse(str_from_c(text), &date))
		fail_with("not a date: %s\n", text);
	return date;
}

static struct duration
span(const char *text)
{
	struct duration duration = { 0 };

	if (!duration_parse(str_from_c(text), &duration))
		fail_with("not a duration: %s\n", text);
	return duration;
}

static void
assert_date(struct date date, const char *want)
{
	OWNED(buf_release) struct buf buf = { .max = 32 };

	buf_date(&buf, date);
	assert_text(buf_str(&buf), want);
}

static void
assert_time(time_us time, const char *want)
{
	OWNED(buf_release) struct buf buf = { .max = 64 };

	buf_time(&buf, time);
	assert_text(buf_str(&buf), want);
}

/* --- calendar -------------------------------------------------------------------------------- */

/* The calendar as a child learns it, to walk along with the formulas. */
static void
step(struct date *date)
{
	static const int days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int last = days[date->month];

	if (date->month == 2 && date->year % 4 == 0)
		last += date->year % 100 != 0 || date->year % 400 == 0;
	assert_int_equal(date_days_in_month(date->year, date->month), last);
	if (++date->day <= last)
		return;
	date->day = 1;
	if (++date->month <= 12)
		return;
	date->month = 1;
	date->year++;
}

static void
every_day_from_1900_to_2400_is_its_own(void **state)
{
	struct date walk = { 1900, 1, 1 };
	time_us midnight = date_time(walk);
	int weekday = 1; /* a Monday */

	assert_true(midnight == -2208988800 * TIME_SECOND); /* as RFC 868 has it */
	while (walk.year <= 2400) {
		struct date first = date_of(midnight), last = date_of(midnight + TIME_DAY - 1);

		assert_true(date_valid(walk));
		assert_memory_equal(&first, &walk, sizeof(walk));
		assert_memory_equal(&last, &walk, sizeof(walk));
		assert_true(date_time(walk) == midnight);
		assert_int_equal(date_weekday(walk), weekday);
		step(&walk);
		midnight += TIME_DAY;
		weekday = weekday % 7 + 1;
	}
}

static void
weekdays_and_leap_years_are_the_known_ones(void **state)
{
	assert_int_equal(date_weekday(day("1970-01-01")), 4);
	assert_int_equal(date_weekday(day("2000-02-29")), 2);
	assert_int_equal(date_weekday(day("2026-11-23")), 1);
	assert_int_equal(date_weekday(day("9999-12-31")), 5);
	assert_int_equal(date_days_in_month(1900, 2), 28);
	assert_int_equal(date_days_in_month(2000, 2), 29);
	assert_int_equal(date_days_in_month(2024, 2), 29);
	assert_int_equal(date_days_in_month(2100, 2), 28);
}

static void
dates_that_are_not_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "1899-12-31", "10000-01-01", "2026-02-29", "1900-02-29", "2100-02-29",
		"2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-1-1",
		"2026-01-1", "26-01-01", "2026/01/01", "20260101", "2026-01-01 ", " 2026-01-01",
		"2026-01-01T", "+2026-01-01", "-2026-01-01", "2026-W01-1", "2026-001", "2o26-01-01",
	};
	struct date date = { 7, 7, 7 };

	for (size_t i = 0; i < COUNT(bad); i++)
		if (date_parse(str_from_c(bad[i]), &date))
			fail_with("read: %s\n", bad[i]);
	assert_int_equal(date.year, 7);
	assert_date(day("1900-01-01"), "1900-01-01");
	assert_date(day("9999-12-31"), "9999-12-31");
	assert_date(day("2024-02-29"), "2024-02-29");
	assert_false(date_valid((struct date){ 2026, 0, 1 }) ||
	             date_valid((struct date){ 2026, -1, 1 }) ||
	             date_valid((struct date){ 2026, 13, 1 }) ||
	             date_valid((struct date){ 2026, 1, -1 }) ||
	             date_valid((struct date){ 1899, 12, 31 }) ||
	             date_valid((struct date){ 10000, 1, 1 }));
}

/* --- times ----------------------------------------------------------------------------------- */

static void
times_are_read_as_rfc_3339_writes_them(void **state)
{
	/* The examples of its section 5.8, but for the leap seconds. */
	assert_time(at("1985-04-12T23:20:50.52Z"), "1985-04-12T23:20:50.520000Z");
	assert_time(at("1996-12-19T16:39:57-08:00"), "1996-12-20T00:39:57Z");
	assert_time(at("1937-01-01T12:00:27.87+00:20"), "1937-01-01T11:40:27.870000Z");

	assert_true(at("1970-01-01T00:00:00Z") == 0);
	assert_true(at("1969-12-31T23:59:59.999999Z") == -1);
	assert_true(at("2026-11-23T09:15:02Z") == 1795425302 * TIME_SECOND);
	assert_time(at("2026-11-23t09:15:02z"), "2026-11-23T09:15:02Z");
	assert_time(at("2026-11-23 09:15:02Z"), "2026-11-23T09:15:02Z");
	assert_time(at("2026-11-23T09:15:02-00:00"), "2026-11-23T09:15:02Z");
	assert_time(at("2026-11-23T00:00:00+23:59"), "2026-11-22T00:01:00Z");
	assert_time(at("2026-12-31T23:59:59-23:59"), "2027-01-01T23:58:59Z");
	assert_time(at("2024-02-29T23:59:59.999999Z"), "2024-02-29T23:59:59.999999Z");
	assert_time(at("2026-11-23T09:15:02.1Z"), "2026-11-23T09:15:02.100000Z");
	assert_time(at("2026-11-23T09:15:02.000001Z"), "2026-11-23T09:15:02.000001Z");
	assert_time(at("2026-11-23T09:15:02.0000009Z"), "2026-11-23T09:15:02Z"); /* cut */
	assert_time(at("2026-11-23T09:15:02.123456789012Z"), "2026-11-23T09:15:02.123456Z");
	assert_time(at("1960-06-01T12:00:00.25Z"), "1960-06-01T12:00:00.250000Z");
}

static void
times_that_are_not_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "2026-11-23", "2026-11-23T09:15:02", "2026-11-23T09:15Z", "2026-11-23T9:15:02Z",
		"2026-11-23T24:00:00Z", "2026-11-23T23:60:00Z", "2026-11-23T23:59:60Z",
		"2026-11-23T23:59:61Z", "2026-02-29T00:00:00Z", "2026-11-23T09:15:02.Z",
		"2026-11-23T09:15:02,5Z", "2026-11-23T09:15:02.1234567890123Z",
		"2026-11-23T09:15:02+24:00", "2026-11-23T09:15:02+01:60",
		"2026-11-23T09:15:02+0100",
		"2026-11-23T09:15:02+01", "2026-11-23T09:15:02+1:00", "2026-11-23T09:15:02 Z",
		"2026-11-23T09:15:02ZZ", "2026-11-23T09:15:02Z ", "2026-11-23_09:15:02Z",
		"2026-11-23T09:15:02.5", "2026-11-23T09:15:02UTC", "2026-11-23T-9:15:02Z",
		"20261123T091502Z", "2026-11-23T09:15:02.-5Z",
		/* The offset leads out of what can be written. */
		"1900-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
	};
	time_us time = 7;

	for (size_t i = 0; i < COUNT(bad); i++)
		if (time_parse(str_from_c(bad[i]), &time))
			fail_with("read: %s\n", bad[i]);
	assert_true(time == 7);
	assert_time(at("1900-01-01T00:00:00Z"), "1900-01-01T00:00:00Z");
	assert_time(at("9999-12-31T23:59:59.999999Z"), "9999-12-31T23:59:59.999999Z");
	assert_time(at("1900-01-01T00:01:00+00:01"), "1900-01-01T00:00:00Z");
}

static void
a_time_is_read_as_it_was_printed(void **state)
{
	const time_us first = at("1900-01-01T00:00:00Z"), last = at("9999-12-31T23:59:59.999999Z");
	uint64_t random = 42;

	for (int i = 0; i < 200000; i++) {
		OWNED(buf_release) struct buf buf = { .max = 64 };
		time_us time, again;

		random = random * 6364136223846793005u + 1442695040888963407u;
		time = first + (time_us)((random >> 2) % (uint64_t)(last - first + 1));
		if (i % 3 == 0)
			time -= ((time % TIME_SECOND) + TIME_SECOND) % TIME_SECOND;
		if (i % 5 == 0)
			time = date_time(date_of(time)) - (time > first + TIME_DAY);
		buf_time(&buf, time);
		if (!time_parse(buf_str(&buf), &again) || again != time)
			fail_with("%lld\n", (long long)time);
	}
}

/* --- durations ------------------------------------------------------------------------------- */

static void
durations_are_read_and_printed(void **state)
{
	static const char *const same[] = { "P2Y", "P18D", "P1Y6M", "P1Y6M3D", "PT12H", "P1DT12H",
		                            "PT1H2M3S", "P9999Y11M9999DT9999H59M59S", "P0D",
		                            "PT59S", "P1M", "PT1M" };
	static const struct {
		const char *text, *want;
	} other[] = { { "P18M", "P1Y6M" }, { "P4W", "P28D" },   { "P1W1D", "P8D" },
		      { "PT90M", "PT1H30M" }, { "PT3600S", "PT1H" }, { "PT0S", "P0D" },
		      { "P0Y0M0W0DT0H0M0S", "P0D" }, { "P12M", "P1Y" }, { "P1428W", "P9996D" } };

	for (size_t i = 0; i < COUNT(same) + COUNT(other); i++) {
		OWNED(buf_release) struct buf buf = { .max = 64 };
		const char *text = i < COUNT(same) ? same[i] : other[i - COUNT(same)].text;

		buf_duration(&buf, span(text));
		assert_text(buf_str(&buf), i < COUNT(same) ? text : other[i - COUNT(same)].want);
	}
}

static void
durations_that_are_not_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "P", "PT", "1Y", "P1", "PY", "P1YT", "P1Y1Y", "P1M1Y", "P1D1W", "PT1S1M", "P1H",
		"PT1D", "P-1D", "-P1D", "+P1D",
		"P1.5D", "P01D", "P10000D", "p1d", "P1D ", " P1D", "P1Y 1M",
		"P1DT", "P0", "P99999999999999999999D",
		/* Could be read, but not again as they would be printed. */
		"P9999W", "P1429W", "P9999Y12M", "P9999D1W", "PT9999H60M",
	};
	struct duration duration = { 7, 7, 7 };

	for (size_t i = 0; i < COUNT(bad); i++)
		if (duration_parse(str_from_c(bad[i]), &duration))
			fail_with("read: %s\n", bad[i]);
	assert_true(duration.months == 7 && duration.days == 7 && duration.seconds == 7);
}

/*= regulation 1182/71 3(2)(c)
 *# If, in a period expressed in months or in years, the day on which it should expire does not
 *# occur in the last month, the period shall end with the expiry of the last hour of the last day
 *# of that month. */
static void
months_end_on_the_same_date_or_the_last_of_the_month(void **state)
{
	static const struct {
		const char *from, *span, *want;
	} cases[] = {
		{ "2026-01-15", "P1M", "2026-02-15" }, { "2026-01-31", "P1M", "2026-02-28" },
		{ "2024-01-31", "P1M", "2024-02-29" }, { "2024-01-30", "P1M", "2024-02-29" },
		{ "2026-03-31", "P1M", "2026-04-30" }, { "2026-08-31", "P6M", "2027-02-28" },
		{ "2027-08-31", "P6M", "2028-02-29" }, { "2024-02-29", "P1Y", "2025-02-28" },
		{ "2024-02-29", "P4Y", "2028-02-29" }, { "2096-02-29", "P4Y", "2100-02-28" },
		{ "2096-02-29", "P8Y", "2104-02-29" }, { "2026-02-28", "P1M", "2026-03-28" },
		{ "2026-12-31", "P2M", "2027-02-28" }, { "2026-11-23", "P14M", "2028-01-23" },
		/* First the months, then the days. */
		{ "2026-01-31", "P1M1D", "2026-03-01" }, { "2024-02-29", "P1Y1D", "2025-03-01" },
		{ "2026-01-31", "P2W", "2026-02-14" }, { "2026-12-31", "P1D", "2027-01-01" },
		{ "2024-02-28", "P1D", "2024-02-29" }, { "2026-02-28", "P0D", "2026-02-28" },
		{ "2026-01-01", "P365D", "2027-01-01" }, { "2024-01-01", "P365D", "2024-12-31" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_date(date_add(day(cases[i].from), span(cases[i].span)), cases[i].want);
}

/* A period in weeks ends on the same day of the week (the same article). */
static void
weeks_end_on_the_same_day_of_the_week(void **state)
{
	struct date date = day("2026-11-23");

	for (uint32_t weeks = 0; weeks < 3000; weeks++) {
		struct date end = date_add(date, (struct duration){ .days = 7 * weeks });
		assert_int_equal(date_weekday(end), 1);
	}
}

static void
a_longer_period_never_ends_earlier(void **state)
{
	for (time_us from = date_time(day("2023-01-01")); from < date_time(day("2029-01-01"));
	     from += TIME_DAY) {
		time_us before = from;

		for (uint32_t months = 0; months < 60; months++) {
			time_us end = time_add(from, (struct duration){ .months = months });
			assert_true(end >= before && date_valid(date_of(end)));
			before = end;
		}
	}
}

static void
a_period_added_to_a_time_keeps_the_hour(void **state)
{
	assert_time(time_add(at("2026-01-31T10:30:00.5Z"), span("P1M")),
	            "2026-02-28T10:30:00.500000Z");
	assert_time(time_add(at("2026-01-31T23:30:00Z"), span("PT45M")), "2026-02-01T00:15:00Z");
	assert_time(time_add(at("2026-01-31T23:30:00Z"), span("P1MT45M")), "2026-03-01T00:15:00Z");
	assert_time(time_add(at("1969-12-31T23:59:59.999999Z"), span("P1D")),
	            "1970-01-01T23:59:59.999999Z");
	assert_time(time_add(at("1900-01-01T00:00:00Z"), span("P0D")), "1900-01-01T00:00:00Z");
	/* A time that cannot be read any more can still be counted on from. */
	assert_true(time_add(at("1900-01-01T00:00:00Z") - 1, span("PT1S")) ==
	            at("1900-01-01T00:00:00.999999Z"));
}

static void
never_stays_and_the_far_future_is_never(void **state)
{
	const struct duration most = { UINT32_MAX, UINT32_MAX, UINT32_MAX };

	assert_true(time_add(TIME_NEVER, span("P1D")) == TIME_NEVER);
	assert_true(time_add(TIME_NEVER, most) == TIME_NEVER);
	assert_true(time_add(at("2026-11-23T09:15:02Z"), span("P9999Y")) == TIME_NEVER);
	assert_true(time_add(at("2026-11-23T09:15:02Z"), most) == TIME_NEVER);
	assert_true(time_add(at("2026-11-23T09:15:02Z"),
	                     (struct duration){ .days = UINT32_MAX }) == TIME_NEVER);
	assert_true(time_add(at("9999-12-31T23:59:59Z"), span("P1D")) == TIME_NEVER);
	assert_true(time_add(at("9999-12-31T23:59:59Z"), span("PT1S")) == TIME_NEVER);
	assert_time(time_add(at("9999-12-31T23:59:58Z"), span("PT1S")), "9999-12-31T23:59:59Z");
	assert_time(time_add(at("9998-12-31T23:59:59Z"), span("P1Y")), "9999-12-31T23:59:59Z");
	assert_true(TIME_NEVER > at("9999-12-31T23:59:59.999999Z"));
}

int
time_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_from_1900_to_2400_is_its_own),
		cmocka_unit_test(weekdays_and_leap_years_are_the_known_ones),
		cmocka_unit_test(dates_that_are_not_are_refused),
		cmocka_unit_test(times_are_read_as_rfc_3339_writes_them),
		cmocka_unit_test(times_that_are_not_are_refused),
		cmocka_unit_test(a_time_is_read_as_it_was_printed),
		cmocka_unit_test(durations_are_read_and_printed),
		cmocka_unit_test(durations_that_are_not_are_refused),
		cmocka_unit_test(months_end_on_the_same_date_or_the_last_of_the_month),
		cmocka_unit_test(weeks_end_on_the_same_day_of_the_week),
		cmocka_unit_test(a_longer_period_never_ends_earlier),
		cmocka_unit_test(a_period_added_to_a_time_keeps_the_hour),
		cmocka_unit_test(never_stays_and_the_far_future_is_never),
	};

	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
