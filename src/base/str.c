#include "base/str.h"

#include <string.h>

str
str_from_c(const char *c_string)
{
	return (str){ c_string, c_string ? strlen(c_string) : 0 };
}

bool
str_eq(str a, str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
str_eq_fold(str a, str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

int
str_cmp(str a, str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool
str_starts(str s, str prefix)
{
	return s.len >= prefix.len && str_eq(str_first(s, prefix.len), prefix);
}

bool
str_ends(str s, str suffix)
{
	return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

bool
str_find(str s, str needle, size_t *ret_at)
{
	const char *hit;

	if (needle.len == 0 || s.len < needle.len)
		return false;
	hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
	if (!hit)
		return false;
	*ret_at = (size_t)(hit - s.ptr);
	return true;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

str
str_trim(str s)
{
	while (s.len && is_space(s.ptr[0]))
		s = str_from(s, 1);
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

str
str_from(str s, size_t from)
{
	if (from >= s.len)
		return (str){ s.ptr ? s.ptr + s.len : NULL, 0 };
	return (str){ s.ptr + from, s.len - from };
}

str
str_first(str s, size_t len)
{
	return (str){ s.ptr, len < s.len ? len : s.len };
}

/* Length of the valid UTF-8 sequence at the front, or 0 (Unicode 15, table 3-7). */
static size_t
sequence_len(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (left < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	if (p[0] == 0xf0)
		low = 0x90; /* overlong */
	if (p[0] == 0xf4)
		high = 0x8f; /* past U+10FFFF */
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

bool
str_utf8(str s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	for (size_t i = 0; i < s.len;) {
		size_t len = sequence_len(p + i, s.len - i);
		if (!len)
			return false;
		i += len;
	}
	return true;
}

bool
str_printable(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return false;
	}
	return str_utf8(s);
}

bool
eat_char(str *rest, char c)
{
	if (!rest->len || rest->ptr[0] != c)
		return false;
	*rest = str_from(*rest, 1);
	return true;
}

bool
eat_str(str *rest, str what)
{
	if (!str_starts(*rest, what))
		return false;
	*rest = str_from(*rest, what.len);
	return true;
}

bool
eat_until(str *rest, char stop, str *ret)
{
	const char *hit = rest->len ? memchr(rest->ptr, stop, rest->len) : NULL;

	if (!hit)
		return false;
	*ret = (str){ rest->ptr, (size_t)(hit - rest->ptr) };
	*rest = str_from(*rest, ret->len + 1);
	return true;
}

bool
eat_u64(str *rest, uint64_t *ret)
{
	uint64_t value = 0;
	size_t used = 0;

	while (used < rest->len && rest->ptr[used] >= '0' && rest->ptr[used] <= '9') {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(rest->ptr[used] - '0'), &value))
			return false;
		used++;
	}
	if (used == 0 || (used > 1 && rest->ptr[0] == '0'))
		return false;
	*rest = str_from(*rest, used);
	*ret = value;
	return true;
}

bool
eat_digits(str *rest, size_t count, uint64_t *ret)
{
	uint64_t value = 0;

	if (rest->len < count || count > 18)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rest->ptr[i] < '0' || rest->ptr[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(rest->ptr[i] - '0');
	}
	*rest = str_from(*rest, count);
	*ret = value;
	return true;
}

bool
str_u64(str s, uint64_t *ret)
{
	uint64_t value;

	if (!eat_u64(&s, &value) || s.len)
		return false;
	*ret = value;
	return true;
}

bool
str_i64(str s, int64_t *ret)
{
	bool minus = eat_char(&s, '-');
	uint64_t value;

	if (!str_u64(s, &value) || value > (uint64_t)INT64_MAX + (minus ? 1 : 0))
		return false;
	*ret = minus ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
str_hex(str s, uint8_t *out, size_t out_len)
{
	if (s.len != out_len * 2)
		return false;
	for (size_t i = 0; i < out_len; i++)
		if (hex_digit(s.ptr[2 * i]) < 0 || hex_digit(s.ptr[2 * i + 1]) < 0)
			return false;
	for (size_t i = 0; i < out_len; i++)
		out[i] = (uint8_t)(hex_digit(s.ptr[2 * i]) << 4 | hex_digit(s.ptr[2 * i + 1]));
	return true;
}

static bool
eat_le(bytes *rest, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if (rest->len < size)
		return false;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)rest->ptr[i] << (8 * i);
	rest->ptr += size;
	rest->len -= size;
	*ret = value;
	return true;
}

#define EAT_LE(name, type) \
	bool name(bytes *rest, type *ret) \
	{ \
		uint64_t value; \
		if (!eat_le(rest, sizeof(type), &value)) \
			return false; \
		*ret = (type)value; \
		return true; \
	}

EAT_LE(eat_u8, uint8_t)
EAT_LE(eat_le16, uint16_t)
EAT_LE(eat_le32, uint32_t)
EAT_LE(eat_le64, uint64_t)

bool
eat_bytes(bytes *rest, size_t len, bytes *ret)
{
	if (rest->len < len)
		return false;
	*ret = (bytes){ rest->ptr, len };
	if (len) /* NULL + 0 is undefined in C */
		*rest = (bytes){ rest->ptr + len, rest->len - len };
	return true;
}

bool
eat_block(bytes *rest, bytes *ret)
{
	bytes after = *rest;
	uint32_t len;

	if (!eat_le32(&after, &len) || !eat_bytes(&after, len, ret))
		return false;
	*rest = after;
	return true;
}
