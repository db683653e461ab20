/* type/date.c -- calendar dates; what is accepted: see type.h. */
#include "base/must.h"
#include "type/read.h"

#define OLDEST_YEARS 130

/* The year first: no other order means the same to everyone. */
static bool
eat_date(str *rest, struct date *ret)
{
	uint64_t year, month, day;
	char mark;

	if (!eat_digits(rest, 4, &year))
		return false;
	mark = rest->len && !is_digit(rest->ptr[0]) ? rest->ptr[0] : 0;
	if (mark && mark != '-' && mark != '/' && mark != '.')
		return false;
	if (mark && !eat_char(rest, mark))
		return false;
	if (!eat_digits(rest, 2, &month) || (mark && !eat_char(rest, mark)) ||
	    !eat_digits(rest, 2, &day))
		return false;
	*ret = (struct date){ (int)year, (int)month, (int)day };
	return true;
}

static bool
take_date(str text, struct date *ret, const char **ret_why)
{
	if (!eat_date(&text, ret) || text.len)
		return refuse(ret_why, "write the date as year-month-day, 2026-11-23");
	if (ret->year < 1900)
		return refuse(ret_why, "years before 1900 are not read");
	if (!date_valid(*ret))
		return refuse(ret_why, "the date is not in the calendar");
	return true;
}

bool
date_read(const struct type_context *context UNUSED, str text, struct buf *ret,
          const char **ret_why)
{
	struct date date;

	if (!take_date(text, &date, ret_why))
		return false;
	buf_date(ret, date);
	return true;
}

bool
date_read_birth(const struct type_context *context, str text, struct buf *ret, const char **ret_why)
{
	/* Somewhere on Earth it is tomorrow already. */
	struct date latest = date_of(context->now + 14 * 3600 * TIME_SECOND), date;

	if (!take_date(text, &date, ret_why))
		return false;
	if (context->now && date_time(date) > date_time(latest))
		return refuse(ret_why, "the date of birth is in the future");
	if (context->now && date.year < latest.year - OLDEST_YEARS)
		return refuse(ret_why, "the date of birth is more than 130 years ago");
	buf_date(ret, date);
	return true;
}
