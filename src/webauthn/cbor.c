/* webauthn/cbor.c -- contract: cbor.h. */
#include "webauthn/cbor.h"

#include <string.h>

#include "base/must.h"

static bool
eat_be(bytes *rest, size_t len, uint64_t *ret)
{
	bytes octets;
	uint64_t value = 0;

	if (!eat_bytes(rest, len, &octets))
		return false;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | octets.ptr[i];
	*ret = value;
	return true;
}

/* The least value that a length of so many octets is the shortest form for. */
static bool
is_shortest(size_t len, uint64_t value)
{
	switch (len) {
	case 1:
		return value >= 24;
	case 2:
		return value > UINT8_MAX;
	case 4:
		return value > UINT16_MAX;
	default:
		return value > UINT32_MAX;
	}
}

bool
eat_cbor_head(bytes *rest, enum cbor_kind *ret_kind, uint64_t *ret_value)
{
	uint8_t head, low;
	size_t len;

	if (!eat_u8(rest, &head))
		return false;
	low = head & 31;
	*ret_kind = (enum cbor_kind)(head >> 5);
	*ret_value = low;
	if (*ret_kind == CBOR_SIMPLE)
		return low >= 20 && low <= 22; /* false, true, null */
	if (low < 24)
		return head >> 5 != 6;
	if (low > 27)
		return false;
	len = (size_t)1 << (low - 24);
	return head >> 5 != 6 && eat_be(rest, len, ret_value) && is_shortest(len, *ret_value);
}

bool
eat_cbor_int(bytes *rest, int64_t *ret)
{
	enum cbor_kind kind;
	uint64_t value;

	if (!eat_cbor_head(rest, &kind, &value) || kind > CBOR_NEGATIVE || value > INT64_MAX)
		return false;
	*ret = kind == CBOR_UNSIGNED ? (int64_t)value : -1 - (int64_t)value;
	return true;
}

static bool
eat_run(bytes *rest, enum cbor_kind expected, bytes *ret)
{
	enum cbor_kind kind;
	uint64_t len;

	return eat_cbor_head(rest, &kind, &len) && kind == expected && len <= rest->len &&
	       eat_bytes(rest, (size_t)len, ret);
}

bool
eat_cbor_bytes(bytes *rest, bytes *ret)
{
	return eat_run(rest, CBOR_BYTES, ret);
}

bool
eat_cbor_text(bytes *rest, str *ret)
{
	bytes octets;

	if (!eat_run(rest, CBOR_TEXT, &octets) || !str_utf8(bytes_str(octets)))
		return false;
	*ret = bytes_str(octets);
	return true;
}

bool
eat_cbor_map(bytes *rest, uint64_t *ret_count)
{
	enum cbor_kind kind;

	return eat_cbor_head(rest, &kind, ret_count) && kind == CBOR_MAP;
}

/* Every item takes an octet at least, so that a count beyond what is left ends soon. */
static bool
skip(bytes *rest, unsigned depth)
{
	enum cbor_kind kind;
	uint64_t value;
	bytes run;

	if (depth > CBOR_DEPTH_MAX || !eat_cbor_head(rest, &kind, &value))
		return false;
	switch (kind) {
	case CBOR_BYTES:
		return value <= rest->len && eat_bytes(rest, (size_t)value, &run);
	case CBOR_TEXT:
		return value <= rest->len && eat_bytes(rest, (size_t)value, &run) &&
		       str_utf8(bytes_str(run));
	case CBOR_MAP:
		if (value > rest->len)
			return false;
		value *= 2;
		break;
	case CBOR_ARRAY:
		break;
	default:
		return true;
	}
	for (uint64_t i = 0; i < value; i++)
		if (!skip(rest, depth + 1))
			return false;
	return true;
}

bool
eat_cbor_item(bytes *rest, bytes *ret_item)
{
	bytes from = *rest;

	if (!skip(rest, 0))
		return false;
	*ret_item = (bytes){ from.ptr, from.len - rest->len };
	return true;
}
