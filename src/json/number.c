#include "json/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"

static locale_t c_locale;

static void
make_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	must(c_locale);
}

/* d[.ddd]e[+-]dd with the fewest digits that read back as the same number. */
static void
print_shortest(double value, char *out, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	locale_t before;

	pthread_once(&once, make_locale);
	before = uselocale(c_locale);
	for (int precision = 14; precision <= 16; precision++) {
		snprintf(out, size, "%.*e", precision, value);
		if (strtod(out, NULL) == value)
			break;
	}
	uselocale(before);
}

struct decimal {
	char digit[20];
	int count; /* without zeros at the end */
	int point; /* digits in front of the decimal point; may be negative or beyond count */
};

static struct decimal
decimal_of(double value)
{
	struct decimal decimal = { 0 };
	char text[40];
	int at = 0, exponent = 0;
	bool minus;

	print_shortest(value, text, sizeof(text));
	for (; text[at] != 'e'; at++)
		if (text[at] != '.')
			decimal.digit[decimal.count++] = text[at];
	minus = text[++at] == '-';
	while (text[++at])
		exponent = exponent * 10 + (text[at] - '0');
	decimal.point = (minus ? -exponent : exponent) + 1;
	while (decimal.count > 1 && decimal.digit[decimal.count - 1] == '0')
		decimal.count--;
	return decimal;
}

static void
put_zeros(struct buf *buf, int count)
{
	for (int i = 0; i < count; i++)
		buf_char(buf, '0');
}

static void
put_digits(struct buf *buf, const struct decimal *decimal, int from, int to)
{
	buf_put(buf, (str){ decimal->digit + from, (size_t)(to - from) });
}

static void
put_exponent_form(struct buf *buf, const struct decimal *decimal)
{
	put_digits(buf, decimal, 0, 1);
	if (decimal->count > 1) {
		buf_char(buf, '.');
		put_digits(buf, decimal, 1, decimal->count);
	}
	buf_put(buf, decimal->point > 0 ? S("e+") : S("e"));
	buf_dec(buf, decimal->point - 1);
}

void
buf_real(struct buf *buf, double value)
{
	struct decimal decimal;

	must(isfinite(value));
	if (value < 0)
		buf_char(buf, '-');
	value = fabs(value);
	decimal = decimal_of(value);
	if (value >= 0x1p63 || decimal.point <= -6) {
		put_exponent_form(buf, &decimal);
	} else if (decimal.point <= 0) {
		buf_put(buf, S("0."));
		put_zeros(buf, -decimal.point);
		put_digits(buf, &decimal, 0, decimal.count);
	} else if (decimal.point >= decimal.count) {
		put_digits(buf, &decimal, 0, decimal.count);
		put_zeros(buf, decimal.point - decimal.count);
	} else {
		put_digits(buf, &decimal, 0, decimal.point);
		buf_char(buf, '.');
		put_digits(buf, &decimal, decimal.point, decimal.count);
	}
}
