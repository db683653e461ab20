/* page/when.c -- dates and lengths of time as people write them; contract: page.h. */
#include "page/page.h"

#include "page.inc"

static const char *const months[] = {
	"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December",
};

static str
digits(struct job *job, uint64_t number, int width)
{
	OWNED(buf_release) struct buf text = { .max = 24 };

	buf_pad(&text, number, width);
	return arena_str(&job->arena, buf_str(&text));
}

static enum err
put_time(struct job *job, str language, time_us at, int64_t zone_minutes, str pattern, str *ret)
{
	time_us here = at + zone_minutes * 60 * TIME_SECOND;
	struct date date = date_of(here);
	uint64_t minute = (uint64_t)((here - date_time(date)) / (60 * TIME_SECOND));
	const struct page_value values[] = {
		PAGE_PUT("day", digits(job, (uint64_t)date.day, 1)),
		PAGE_SAY("month", str_from_c(months[date.month - 1])),
		PAGE_PUT("year", digits(job, (uint64_t)date.year, 4)),
		PAGE_PUT("hour", digits(job, minute / 60, 2)),
		PAGE_PUT("minute", digits(job, minute % 60, 2)),
		PAGE_END,
	};

	return page_word(job, &page_words, pattern, language, values, ret);
}

enum err
page_date(struct job *job, str language, time_us at, int64_t zone_minutes, str *ret)
{
	return put_time(job, language, at, zone_minutes, S("@day@ @month@ @year@"), ret);
}

enum err
page_time(struct job *job, str language, time_us at, int64_t zone_minutes, str *ret)
{
	return put_time(job, language, at, zone_minutes, S("@day@ @month@ @year@, @hour@:@minute@"), ret);
}

/* --- lengths of time ------------------------------------------------------------------------------ */

static const struct unit {
	const char *one, *many;
} units[] = {
	{ "one year", "@number@ years" },
	{ "one month", "@number@ months" },
	{ "one day", "@number@ days" },
	{ "one hour", "@number@ hours" },
	{ "one minute", "@number@ minutes" },
};

static const char *const numbers[] = {
	NULL, NULL, "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
};

static enum err
put_unit(struct job *job, str language, const struct unit *unit, uint64_t number, str *ret)
{
	const struct page_value as_word[] = {
		PAGE_SAY("number", number < COUNT(numbers) ? str_from_c(numbers[number]) : S("")), PAGE_END,
	};
	const struct page_value as_digits[] = { PAGE_PUT("number", digits(job, number, 1)), PAGE_END };

	return page_word(job, &page_words, str_from_c(number == 1 ? unit->one : unit->many), language,
	                 number < COUNT(numbers) ? as_word : as_digits, ret);
}

enum err
page_duration(struct job *job, str language, struct duration duration, str *ret)
{
	const uint64_t number[COUNT(units)] = {
		duration.months / 12, duration.months % 12, duration.days,
		duration.seconds / 3600, duration.seconds % 3600 / 60,
	};
	str whole = S(""), part;

	/* A year and a half is better said in months, as the law says it. */
	if (duration.months < 24 && duration.months % 12)
		return put_unit(job, language, &units[1], duration.months, ret);
	for (size_t i = 0; i < COUNT(units); i++) {
		if (!number[i])
			continue;
		TRY(put_unit(job, language, &units[i], number[i], &part));
		if (whole.len) {
			const struct page_value both[] = { PAGE_PUT("first", whole), PAGE_PUT("second", part), PAGE_END };
			TRY(page_word(job, &page_words, S("@first@ and @second@"), language, both, &part));
		}
		whole = part;
	}
	*ret = whole;
	return OK;
}
