#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

void
buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){ .max = max };
}

/* All of the memory: what was written may have been more than what counts now. */
static void
buf_drop(struct buf *buf)
{
	if (buf->ptr)
		explicit_bzero(buf->ptr, buf->cap);
	free(buf->ptr);
}

void
buf_release(struct buf *buf)
{
	buf_drop(buf);
	*buf = (struct buf){ .max = buf->max };
}

void
buf_clear(struct buf *buf)
{
	if (buf->ptr)
		explicit_bzero(buf->ptr, buf->len);
	buf->len = 0;
	buf->full = false;
}

void *
buf_room(struct buf *buf, size_t len)
{
	size_t need, cap;
	char *grown;

	if (buf->full || __builtin_add_overflow(buf->len, len, &need) || need > buf->max) {
		buf->full = true;
		return NULL;
	}
	if (need <= buf->cap && buf->ptr)
		return buf->ptr + buf->len;
	cap = buf->cap ? buf->cap : 256;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > buf->max)
		cap = buf->max ? buf->max : 1;
	grown = malloc(cap);
	must(grown);
	if (buf->len)
		memcpy(grown, buf->ptr, buf->len);
	buf_drop(buf);
	buf->ptr = grown;
	buf->cap = cap;
	return buf->ptr + buf->len;
}

void
buf_data(struct buf *buf, bytes b)
{
	void *room = buf_room(buf, b.len);

	if (!room || !b.len)
		return;
	memcpy(room, b.ptr, b.len);
	buf->len += b.len;
}

void
buf_put(struct buf *buf, str s)
{
	buf_data(buf, str_bytes(s));
}

void
buf_char(struct buf *buf, char c)
{
	buf_put(buf, (str){ &c, 1 });
}

void
buf_pad(struct buf *buf, uint64_t value, int width)
{
	char digits[20];
	int at = (int)sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (int i = (int)sizeof(digits) - at; i < width; i++)
		buf_char(buf, '0');
	buf_put(buf, (str){ digits + at, sizeof(digits) - (size_t)at });
}

void
buf_udec(struct buf *buf, uint64_t value)
{
	buf_pad(buf, value, 1);
}

void
buf_dec(struct buf *buf, int64_t value)
{
	if (value < 0)
		buf_char(buf, '-');
	buf_udec(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
buf_hex(struct buf *buf, bytes b)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < b.len; i++) {
		char pair[2] = { digits[b.ptr[i] >> 4], digits[b.ptr[i] & 15] };
		buf_put(buf, (str){ pair, 2 });
	}
}

static void
base64_put(struct buf *buf, bytes b, const char *alphabet)
{
	for (size_t i = 0; i < b.len; i += 3) {
		size_t have = b.len - i < 3 ? b.len - i : 3;
		uint32_t word = (uint32_t)b.ptr[i] << 16;
		char out[4];

		if (have > 1)
			word |= (uint32_t)b.ptr[i + 1] << 8;
		if (have > 2)
			word |= b.ptr[i + 2];
		for (int k = 0; k < 4; k++)
			out[k] = alphabet[(word >> (18 - 6 * k)) & 63];
		buf_put(buf, (str){ out, have + 1 });
	}
}

void
buf_base64url(struct buf *buf, bytes b)
{
	base64_put(buf, b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

void
buf_base64(struct buf *buf, bytes b)
{
	base64_put(buf, b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	buf_put(buf, str_first(S("=="), (3 - b.len % 3) % 3));
}

void
buf_base32(struct buf *buf, bytes b)
{
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < b.len; i++) {
		bits = (bits << 8 | b.ptr[i]) & 0xfff;
		for (count += 8; count >= 5; count -= 5)
			buf_char(buf, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits >> (count - 5) & 31]);
	}
	if (count)
		buf_char(buf, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits << (5 - count) & 31]);
}

static int
base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* One text for each value: a last digit must not carry bits that no octet takes. */
bool
buf_from_base64url(struct buf *buf, str text)
{
	size_t before = buf->len;
	uint32_t word = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < text.len; i++) {
		int digit = base64url_digit(text.ptr[i]);
		if (digit < 0)
			break;
		word = (word << 6 | (uint32_t)digit) & 0xffff;
		bits += 6;
		if (bits >= 8)
			buf_u8(buf, (uint8_t)(word >> (bits -= 8)));
		if (i + 1 == text.len && bits < 6 && !(word & ((1u << bits) - 1)))
			return true;
	}
	if (!buf->full)
		buf->len = before;
	return !text.len;
}

static void
put_le(struct buf *buf, uint64_t value, size_t size)
{
	uint8_t out[8];

	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> (8 * i));
	buf_data(buf, (bytes){ out, size });
}

void
buf_u8(struct buf *buf, uint8_t value)
{
	put_le(buf, value, 1);
}

void
buf_le16(struct buf *buf, uint16_t value)
{
	put_le(buf, value, 2);
}

void
buf_le32(struct buf *buf, uint32_t value)
{
	put_le(buf, value, 4);
}

void
buf_le64(struct buf *buf, uint64_t value)
{
	put_le(buf, value, 8);
}

void
buf_block(struct buf *buf, bytes b)
{
	must(b.len <= UINT32_MAX);
	buf_le32(buf, (uint32_t)b.len);
	buf_data(buf, b);
}
