/* json/number.h -- the shortest text that reads back as the same double. */
#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include "base/buf.h"

/* As ECMAScript's Number::toString and with it RFC 8785 section 3.2.2.3, with one exception: whole
 * numbers from 2^63 to 1e21 get an exponent (1e+20), since json_parse() refuses integers that do
 * not fit 64 bits.  Finite numbers only. */
void buf_real(struct buf *buf, double value);

#endif
