#include "base/time.h"

/* Days from civil and back: the proleptic Gregorian calendar in eras of 400 years. */
static int64_t
days_from_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static struct date
civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct date){
		.year = (int)(yoe + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
	};
}

struct date
date_of(time_us at)
{
	return civil_from_days(floor_div(at, TIME_DAY));
}

time_us
date_time(struct date date)
{
	return days_from_civil(date.year, date.month, date.day) * TIME_DAY;
}

static bool
leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int
date_days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

bool
date_valid(struct date date)
{
	return date.year >= 1900 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
	       date.day >= 1 && date.day <= date_days_in_month(date.year, date.month);
}

int
date_weekday(struct date date)
{
	int64_t days = days_from_civil(date.year, date.month, date.day);

	return (int)((days % 7 + 7 + 3) % 7) + 1; /* 1970-01-01 was a Thursday */
}

struct date
date_add(struct date date, struct duration duration)
{
	int64_t months = (int64_t)date.year * 12 + date.month - 1 + duration.months;
	struct date sum = { .year = (int)(months / 12), .month = (int)(months % 12) + 1 };
	int last = date_days_in_month(sum.year, sum.month);

	sum.day = date.day < last ? date.day : last;
	/* Counted in days: microseconds would overflow for durations that nobody has parsed. */
	return civil_from_days(days_from_civil(sum.year, sum.month, sum.day) + duration.days);
}

static bool
eat_date(str *rest, struct date *ret)
{
	uint64_t year, month, day;
	struct date date;
	str after = *rest;

	if (!eat_digits(&after, 4, &year) || !eat_char(&after, '-') ||
	    !eat_digits(&after, 2, &month) || !eat_char(&after, '-') || !eat_digits(&after, 2, &day))
		return false;
	date = (struct date){ (int)year, (int)month, (int)day };
	if (!date_valid(date))
		return false;
	*rest = after;
	*ret = date;
	return true;
}

static bool
before_1900(time_us at)
{
	return at < date_time((struct date){ 1900, 1, 1 });
}

static bool
after_9999(time_us at)
{
	return at >= date_time((struct date){ 10000, 1, 1 });
}

bool
date_parse(str s, struct date *ret)
{
	struct date date;

	if (!eat_date(&s, &date) || s.len)
		return false;
	*ret = date;
	return true;
}

void
buf_date(struct buf *buf, struct date date)
{
	buf_pad(buf, (uint64_t)date.year, 4);
	buf_char(buf, '-');
	buf_pad(buf, (uint64_t)date.month, 2);
	buf_char(buf, '-');
	buf_pad(buf, (uint64_t)date.day, 2);
}

static bool
eat_fraction(str *rest, time_us *ret)
{
	time_us value = 0, unit = 100000;
	size_t used = 0;

	while (used < rest->len && rest->ptr[used] >= '0' && rest->ptr[used] <= '9') {
		value += (rest->ptr[used] - '0') * unit;
		unit /= 10;
		used++;
	}
	if (used == 0 || used > 12)
		return false;
	*rest = str_from(*rest, used);
	*ret = value;
	return true;
}

static bool
eat_offset(str *rest, time_us *ret)
{
	uint64_t hour, minute;
	bool minus;

	if (eat_char(rest, 'Z') || eat_char(rest, 'z')) {
		*ret = 0;
		return true;
	}
	minus = eat_char(rest, '-');
	if (!minus && !eat_char(rest, '+'))
		return false;
	if (!eat_digits(rest, 2, &hour) || !eat_char(rest, ':') || !eat_digits(rest, 2, &minute) ||
	    hour > 23 || minute > 59)
		return false;
	*ret = (time_us)(hour * 3600 + minute * 60) * TIME_SECOND * (minus ? -1 : 1);
	return true;
}

bool
time_parse(str s, time_us *ret)
{
	uint64_t hour, minute, second;
	time_us fraction = 0, offset, at;
	struct date date;

	if (!eat_date(&s, &date) ||
	    !(eat_char(&s, 'T') || eat_char(&s, 't') || eat_char(&s, ' ')) ||
	    !eat_digits(&s, 2, &hour) || !eat_char(&s, ':') || !eat_digits(&s, 2, &minute) ||
	    !eat_char(&s, ':') || !eat_digits(&s, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59) /* a leap second is refused, not guessed at */
		return false;
	if (eat_char(&s, '.') && !eat_fraction(&s, &fraction))
		return false;
	if (!eat_offset(&s, &offset) || s.len)
		return false;
	at = date_time(date) + (time_us)(hour * 3600 + minute * 60 + second) * TIME_SECOND +
	     fraction - offset;
	if (before_1900(at) || after_9999(at)) /* its offset led there */
		return false;
	*ret = at;
	return true;
}

void
buf_time(struct buf *buf, time_us at)
{
	struct date date = date_of(at);
	uint64_t rest = (uint64_t)(at - date_time(date));
	uint64_t second = rest / (uint64_t)TIME_SECOND, fraction = rest % (uint64_t)TIME_SECOND;

	buf_date(buf, date);
	buf_char(buf, 'T');
	buf_pad(buf, second / 3600, 2);
	buf_char(buf, ':');
	buf_pad(buf, second / 60 % 60, 2);
	buf_char(buf, ':');
	buf_pad(buf, second % 60, 2);
	if (fraction) {
		buf_char(buf, '.');
		buf_pad(buf, fraction, 6);
	}
	buf_char(buf, 'Z');
}

#define PART_MAX 9999

static bool
eat_part(str *rest, char unit, uint32_t *ret)
{
	str after = *rest;
	uint64_t value;

	if (!eat_u64(&after, &value) || !eat_char(&after, unit) || value > PART_MAX)
		return false;
	*rest = after;
	*ret = (uint32_t)value;
	return true;
}

bool
duration_parse(str s, struct duration *ret)
{
	uint32_t year = 0, month = 0, week = 0, day = 0, hour = 0, minute = 0, second = 0;
	int parts = 0, time_parts = 0;
	struct duration sum;

	if (!eat_char(&s, 'P'))
		return false;
	parts += eat_part(&s, 'Y', &year);
	parts += eat_part(&s, 'M', &month);
	parts += eat_part(&s, 'W', &week);
	parts += eat_part(&s, 'D', &day);
	if (eat_char(&s, 'T')) {
		time_parts += eat_part(&s, 'H', &hour);
		time_parts += eat_part(&s, 'M', &minute);
		time_parts += eat_part(&s, 'S', &second);
		if (!time_parts)
			return false;
	}
	if (s.len || parts + time_parts == 0)
		return false;
	sum = (struct duration){
		.months = year * 12 + month,
		.days = week * 7 + day,
		.seconds = hour * 3600 + minute * 60 + second,
	};
	/* What is read must be readable as buf_duration() prints it: P9999W would be P69993D. */
	if (sum.months / 12 > PART_MAX || sum.days > PART_MAX || sum.seconds / 3600 > PART_MAX)
		return false;
	*ret = sum;
	return true;
}

static void
put_part(struct buf *buf, uint32_t value, char unit)
{
	if (!value)
		return;
	buf_udec(buf, value);
	buf_char(buf, unit);
}

void
buf_duration(struct buf *buf, struct duration duration)
{
	buf_char(buf, 'P');
	put_part(buf, duration.months / 12, 'Y');
	put_part(buf, duration.months % 12, 'M');
	put_part(buf, duration.days, 'D');
	if (duration.seconds) {
		buf_char(buf, 'T');
		put_part(buf, duration.seconds / 3600, 'H');
		put_part(buf, duration.seconds / 60 % 60, 'M');
		put_part(buf, duration.seconds % 60, 'S');
	} else if (!duration.months && !duration.days) {
		buf_put(buf, S("0D"));
	}
}

time_us
time_add(time_us at, struct duration duration)
{
	struct date date, sum;
	time_us within, end;

	if (at == TIME_NEVER)
		return TIME_NEVER;
	date = date_of(at);
	within = at - date_time(date);
	sum = date_add(date, duration);
	if (sum.year > 9999)
		return TIME_NEVER;
	end = date_time(sum) + within + (time_us)duration.seconds * TIME_SECOND;
	return after_9999(end) ? TIME_NEVER : end;
}
