/* page/colour.c -- contract: colour.h. */
#include "page/colour.h"

#include <math.h>

bool
colour_read(str text, struct rgb *ret)
{
	return eat_char(&text, '#') && str_hex(text, ret->part, sizeof(ret->part));
}

void
colour_put(struct buf *out, struct rgb colour)
{
	buf_char(out, '#');
	buf_hex(out, (bytes){ colour.part, sizeof(colour.part) });
}

/* Relative luminance, as WCAG 2.2 defines it. */
static double
luminance(struct rgb colour)
{
	static const double weight[3] = { 0.2126, 0.7152, 0.0722 };
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		double c = colour.part[i] / 255.0;
		sum += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
}

double
colour_contrast(struct rgb a, struct rgb b)
{
	double one = luminance(a), two = luminance(b);

	return one > two ? (one + 0.05) / (two + 0.05) : (two + 0.05) / (one + 0.05);
}
