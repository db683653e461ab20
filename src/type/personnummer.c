/* type/personnummer.c -- Swedish personal identity numbers (folkbokforingslagen 1991:481, 18 and
 * 18 a sections); what is accepted: see type.h.
 *
 *     1990 01 01 - 238 5     year month day, sign, birth number, check digit (Luhn, last ten)
 *     1990 01 61 - 238 2     day + 60: a samordningsnummer
 *
 * The century falls away in the ten-digit form; the sign is - until the year in which the person
 * turns 100, and + from then on.
 */
#include "base/must.h"
#include "type/read.h"
#include "type/text.h"

struct number {
	char digits[12];
	size_t count;
	char sign; /* - + or space, 0 when there is none */
	size_t sign_at;
};

#define RAW_MAX 40
#define WHY_SHAPE "ten or twelve digits, with - or + before the last four"

static bool
collect(str text, struct number *ret, const char **ret_why)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (is_letter(c) && ret->count >= 6)
			return refuse(ret_why, "a reserve number with a letter (T-number) is not a personnummer");
		if (is_digit(c) && ret->count < sizeof(ret->digits)) {
			ret->digits[ret->count++] = c;
			continue;
		}
		if ((c != '-' && c != '+' && c != ' ') || ret->sign)
			return refuse(ret_why, WHY_SHAPE);
		ret->sign = c;
		ret->sign_at = ret->count;
	}
	if ((ret->count != 10 && ret->count != 12) || (ret->sign && ret->sign_at + 4 != ret->count))
		return refuse(ret_why, WHY_SHAPE);
	return true;
}

static int
two_digits(const char *at)
{
	return (at[0] - '0') * 10 + at[1] - '0';
}

static bool
luhn(const char *ten)
{
	int sum = 0;

	for (int i = 0; i < 10; i++) {
		int product = (ten[i] - '0') * (i % 2 ? 1 : 2);
		sum += product / 10 + product % 10;
	}
	return sum % 10 == 0;
}

/* In Swedish standard time, which is what holds when one year turns into the next. */
static struct date
swedish_date(time_us now)
{
	return date_of(now + 3600 * TIME_SECOND);
}

static bool
find_year(const struct number *number, time_us now, int *ret, const char **ret_why)
{
	int this_year = swedish_date(now).year;
	int in_century = two_digits(number->digits);

	if (number->count == 12) {
		*ret = in_century * 100 + two_digits(number->digits + 2);
		return true;
	}
	if (!now)
		return refuse(ret_why, "the century is missing: write all twelve digits");
	*ret = this_year - (this_year - in_century) % 100 - (number->sign == '+' ? 100 : 0);
	return true;
}

static bool
check_date(struct date birth, time_us now, const char **ret_why)
{
	if (birth.year < 1900)
		return refuse(ret_why, "years of birth before 1900 are not read");
	if (!date_valid(birth))
		return refuse(ret_why, "the date of birth is not in the calendar");
	if (now && date_time(birth) > date_time(swedish_date(now)))
		return refuse(ret_why, "the date of birth is in the future");
	return true;
}

bool
personnummer_read(const struct type_context *context, str text, struct buf *ret,
                  const char **ret_why)
{
	OWNED(buf_release) struct buf plain = { 0 };
	struct number number = { 0 };
	struct date birth;
	const char *ten;
	int year, day;

	buf_init(&plain, RAW_MAX);
	text_plain(text, &plain);
	if (!buf_ok(&plain))
		return refuse(ret_why, WHY_SHAPE);
	if (!collect(buf_str(&plain), &number, ret_why))
		return false;
	ten = number.digits + number.count - 10;
	if (two_digits(ten + 2) >= 20)
		return refuse(ret_why, "an organisation number, not a personnummer");
	if (!find_year(&number, context->now, &year, ret_why))
		return false;
	day = two_digits(ten + 4);
	birth = (struct date){ year, two_digits(ten + 2), day > 60 ? day - 60 : day };
	if (!check_date(birth, context->now, ret_why))
		return false;
	if (!luhn(ten) || str_eq((str){ ten + 6, 3 }, S("000")))
		return refuse(ret_why, "the check digit is wrong");
	buf_pad(ret, (uint64_t)year, 4);
	buf_put(ret, (str){ ten + 2, 8 });
	return true;
}

bool
personnummer_coordination(str canonical)
{
	return canonical.len == 12 && canonical.ptr[6] >= '6' && canonical.ptr[6] <= '9';
}

bool
personnummer_birth_date(str canonical, struct date *ret)
{
	uint64_t year, month, day;
	struct date date;

	if (canonical.len != 12 || !eat_digits(&canonical, 4, &year) ||
	    !eat_digits(&canonical, 2, &month) || !eat_digits(&canonical, 2, &day))
		return false;
	date = (struct date){ (int)year, (int)month, (int)(day > 60 ? day - 60 : day) };
	if (!date_valid(date))
		return false;
	*ret = date;
	return true;
}
