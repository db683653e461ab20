/* UTF-8 judged in another way than str_utf8() does: decode without any check, encode again in the
 * only form there is, and compare.  Also used by tests/fuzz/base_str.c. */
#ifndef UTF8_ORACLE_H
#define UTF8_ORACLE_H

#include "base/str.h"

/* As RFC 3629 section 3 writes a number of at most 21 bits, whatever it is. */
static inline size_t
utf8_oracle_encode(uint32_t point, char out[4])
{
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t mark[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len; i-- > 1; point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(mark[len] | point);
	return len;
}

static inline bool
utf8_oracle(str s)
{
	while (s.len) {
		uint8_t first = (uint8_t)s.ptr[0];
		size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		uint32_t point = len == 1 ? first : first & (0xffu >> (len + 1));
		char again[4];

		if (s.len < len)
			return false;
		for (size_t i = 1; i < len; i++)
			point = point << 6 | ((uint8_t)s.ptr[i] & 0x3f);
		if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
			return false;
		if (utf8_oracle_encode(point, again) != len ||
		    !str_eq(str_first(s, len), (str){ again, len }))
			return false;
		s = str_from(s, len);
	}
	return true;
}

#endif
