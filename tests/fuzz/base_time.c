/* Aimed at: date_parse, time_parse, duration_parse, date_of, date_time, date_add, time_add,
 * date_weekday, buf_date, buf_time, buf_duration.
 *
 * What is read is held to a regular expression and the C library's timegm(); what is printed, to
 * being read again; sums, to a calendar that is walked month by month. */
#include <regex.h>

#include "base/must.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PART "(0|[1-9][0-9]{0,3})"

static const char time_form[] =
	"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?"
	"([Zz]|[-+][0-9]{2}:[0-9]{2})$";
static const char duration_form[] =
	"^P(" PART "Y)?(" PART "M)?(" PART "W)?(" PART "D)?"
	"(T(" PART "H)?(" PART "M)?(" PART "S)?)?$";

static bool
matches(const char *form, regex_t *compiled, const char *text, regmatch_t *at)
{
	if (!compiled->re_nsub)
		must(regcomp(compiled, form, REG_EXTENDED) == 0);
	return regexec(compiled, text, 20, at, 0) == 0;
}

static bool
same_date(struct date a, struct date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

/* --- times ----------------------------------------------------------------------------------- */

/* Seconds of a civil time, or false where timegm() had to put it right. */
static bool
slow_seconds(const char *text, int64_t *ret)
{
	struct tm tm = { 0 }, given;

	must(sscanf(text, "%4d-%2d-%2d%*1c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	            &tm.tm_hour, &tm.tm_min, &tm.tm_sec) == 6);
	if (tm.tm_year < 1900)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	given = tm;
	*ret = timegm(&tm);
	return tm.tm_year == given.tm_year && tm.tm_mon == given.tm_mon &&
	       tm.tm_mday == given.tm_mday && tm.tm_hour == given.tm_hour &&
	       tm.tm_min == given.tm_min && tm.tm_sec == given.tm_sec;
}

static bool
slow_time(const char *text, time_us *ret)
{
	static regex_t compiled;
	int64_t seconds, fraction = 0, offset = 0;
	const char *zone = text + 19;
	int hour, minute;
	char sign;

	if (!matches(time_form, &compiled, text, (regmatch_t[20]){ 0 }) ||
	    !slow_seconds(text, &seconds))
		return false;
	if (*zone == '.')
		for (int64_t unit = 100000; *++zone >= '0' && *zone <= '9'; unit /= 10)
			fraction += (*zone - '0') * unit;
	if (sscanf(zone, "%c%2d:%2d", &sign, &hour, &minute) == 3) {
		if (hour > 23 || minute > 59)
			return false;
		offset = (hour * 60 + minute) * (sign == '-' ? -60 : 60);
	}
	*ret = (seconds - offset) * TIME_SECOND + fraction;
	return *ret >= -2208988800 * TIME_SECOND && *ret < 253402300800 * TIME_SECOND;
}

static void
check_time(str s, const char *text)
{
	OWNED(buf_release) struct buf printed = { .max = 64 };
	time_us at = 0, slow = 0, again = 0;
	bool good = time_parse(s, &at);

	must(good == slow_time(text, &slow));
	if (!good)
		return;
	must(at == slow);
	buf_time(&printed, at);
	must(buf_ok(&printed) && time_parse(buf_str(&printed), &again) && again == at);
}

/* Times around the edges of what may be, which chance would seldom write. */
static void
check_made_time(bytes rest)
{
	static const int year[] = { 1899, 1900, 1970, 2000, 2100, 2400, 9998, 9999 };
	uint8_t b[8];
	char text[64];

	for (size_t i = 0; i < sizeof(b); i++)
		if (!eat_u8(&rest, &b[i]))
			return;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year[b[0] & 7],
	         b[1] & 15, b[2] & 31, b[3] & 31, b[4] & 63, b[5] & 63, b[0] & 8 ? '-' : '+',
	         b[6] & 31, b[7] & 63);
	check_time(str_from_c(text), text);
}

static void
check_date(str s)
{
	OWNED(buf_release) struct buf printed = { .max = 64 };
	struct date date;

	if (!date_parse(s, &date))
		return;
	must(date_valid(date));
	buf_date(&printed, date);
	must(str_eq(buf_str(&printed), s));
	must(same_date(date_of(date_time(date)), date));
}

/* --- durations ------------------------------------------------------------------------------- */

static uint32_t
slow_part(const char *text, regmatch_t at)
{
	int value = 0;

	if (at.rm_so >= 0)
		must(sscanf(text + at.rm_so, "%d", &value) == 1);
	return (uint32_t)value;
}

static bool
slow_duration(const char *text, struct duration *ret)
{
	static regex_t compiled;
	regmatch_t at[20];
	size_t len = strlen(text);

	if (!matches(duration_form, &compiled, text, at) || len < 3 || text[len - 1] == 'T')
		return false;
	*ret = (struct duration){
		.months = slow_part(text, at[2]) * 12 + slow_part(text, at[4]),
		.days = slow_part(text, at[6]) * 7 + slow_part(text, at[8]),
		.seconds = slow_part(text, at[11]) * 3600 + slow_part(text, at[13]) * 60 +
		           slow_part(text, at[15]),
	};
	return ret->months < 120000 && ret->days < 10000 && ret->seconds < 36000000;
}

static void
check_duration(str s, const char *text)
{
	OWNED(buf_release) struct buf printed = { .max = 64 };
	struct duration duration, slow, again;
	bool good = duration_parse(s, &duration);

	must(good == slow_duration(text, &slow));
	if (!good)
		return;
	must(memcmp(&duration, &slow, sizeof(slow)) == 0);
	buf_duration(&printed, duration);
	must(buf_ok(&printed) && duration_parse(buf_str(&printed), &again));
	must(memcmp(&duration, &again, sizeof(again)) == 0);
}

/* --- sums ------------------------------------------------------------------------------------ */

static struct date
slow_add(struct date date, uint32_t months, uint32_t days)
{
	struct tm tm = { .tm_year = date.year - 1900, .tm_mon = date.month - 1 + (int)months,
		         .tm_mday = 1, .tm_hour = 12 };
	int month;

	timegm(&tm); /* the first of the month that it ends in */
	month = tm.tm_mon;
	tm.tm_mday = date.day;
	timegm(&tm);
	while (tm.tm_mon != month) { /* it ran over: back to the month's last */
		tm.tm_mday--;
		timegm(&tm);
	}
	tm.tm_mday += (int)days;
	timegm(&tm);
	return (struct date){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday };
}

static void
check_sum(bytes rest)
{
	struct duration duration, small;
	uint64_t number;
	struct date date, sum;
	time_us at, end;

	if (!eat_le64(&rest, &number) || !eat_le32(&rest, &duration.months) ||
	    !eat_le32(&rest, &duration.days) || !eat_le32(&rest, &duration.seconds))
		return;
	at = (time_us)(number % (uint64_t)(255611289600 * TIME_SECOND)) - 2208988800 * TIME_SECOND;
	must(at <= time_add(at, duration)); /* of whatever size */
	date = date_of(at);
	must(date_valid(date) && date_time(date) <= at && at - date_time(date) < TIME_DAY);
	must(date_weekday(date) == (int)(((date_time(date) / TIME_DAY) % 7 + 10) % 7) + 1);

	small = (struct duration){ duration.months % 130000, duration.days % 80000, 0 };
	sum = date_add(date, small);
	must(same_date(sum, slow_add(date, small.months, small.days)));
	end = time_add(at, small);
	must((end == TIME_NEVER) == (sum.year > 9999));
	must(end == TIME_NEVER || (same_date(date_of(end), sum) &&
	                           end - date_time(sum) == at - date_time(date)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str s = { (const char *)data, size };
	char text[64];

	check_sum(str_bytes(s));
	check_made_time(str_bytes(s));
	check_date(s);
	if (size >= sizeof(text) || (size && memchr(data, 0, size)))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_time(s, text);
	check_duration(s, text);
	return 0;
}
