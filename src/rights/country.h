/* rights/country.h -- the table behind calendar.h: one row a country; internal to rights/. */
#ifndef RIGHTS_COUNTRY_H
#define RIGHTS_COUNTRY_H

#include "base/str.h"

enum holiday_kind {
	HOLIDAY_DATE,     /* month, day */
	HOLIDAY_EASTER,   /* day: from Easter Sunday of the western churches */
	HOLIDAY_ORTHODOX, /* day: from Easter Sunday of the orthodox churches */
	HOLIDAY_WEEKDAY,  /* the first `weekday` on or after month, day */
	HOLIDAY_KING,     /* NL: month, day; the day before where that is a Sunday */
	HOLIDAY_BRIGID,   /* IE: month, day where that is a Friday, else the first Monday after it */
	HOLIDAY_MONDAY,   /* LV: month, day, and the Monday after it where that is at a weekend */
};

struct holiday {
	uint8_t kind; /* enum holiday_kind */
	int8_t month;
	int8_t day;
	int8_t weekday; /* 1 Monday .. 7 Sunday */
	int16_t from;   /* first year; 0: always */
	int16_t until;  /* last year; 0: always */
};

struct country {
	char code[3];
	int16_t zone_minutes; /* of its capital, in winter */
	bool summer;          /* keeps the summer time of Directive 2000/84 */
	const struct holiday *holiday;
	size_t count;
	str authority, authority_at;
};

const struct country *country_find(str code); /* NULL: not known */
const struct country *country_at(size_t index); /* NULL past the last */

#endif
