#include "csv/decode.h"

#include <string.h>

#include "base/must.h"
#include "csv/word.h"

#define UNDEFINED 0xff

/* Windows-1252 from 80 to 9F; the rest is Latin-1. */
static const uint16_t windows1252[32] = {
	0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

/* Surrogates too; see decode.h. */
static uint8_t *
put_char(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (uint8_t)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (uint8_t)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (uint8_t)(0xe0 | c >> 12);
		} else {
			*out++ = (uint8_t)(0xf0 | c >> 18);
			*out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (uint8_t)(0x80 | (c & 0x3f));
	return out;
}

static uint8_t *
put_windows1252(uint8_t *out, bytes piece)
{
	size_t i = 0;

	while (i < piece.len) {
		uint8_t c = piece.ptr[i];

		if (piece.len - i >= 8 && !(word_at(piece.ptr + i) & WORD_HIGHS)) {
			memcpy(out, piece.ptr + i, 8);
			out += 8;
			i += 8;
			continue;
		}
		i++;
		if (c >= 0x80 && c < 0xa0 && !windows1252[c - 0x80])
			*out++ = UNDEFINED;
		else
			out = put_char(out, c >= 0x80 && c < 0xa0 ? windows1252[c - 0x80] : c);
	}
	return out;
}

static uint8_t *
put_unit(struct csv_decoder *decoder, uint8_t *out, uint16_t unit)
{
	uint16_t high = decoder->high;

	decoder->high = 0;
	if (high && (unit & 0xfc00) == 0xdc00)
		return put_char(out, 0x10000 + ((high & 0x3ffu) << 10) + (unit & 0x3ffu));
	if (high)
		out = put_char(out, high);
	if ((unit & 0xfc00) != 0xd800)
		return put_char(out, unit);
	decoder->high = unit;
	return out;
}

static uint8_t *
put_utf16(struct csv_decoder *decoder, uint8_t *out, bytes piece)
{
	bool big = decoder->encoding == CSV_UTF16BE;
	size_t i = 0;

	if (decoder->odd && piece.len) {
		uint8_t first = decoder->half, second = piece.ptr[i++];

		out = put_unit(decoder, out,
		               (uint16_t)(big ? first << 8 | second : second << 8 | first));
		decoder->odd = false;
	}
	for (; piece.len - i >= 2; i += 2) {
		uint8_t first = piece.ptr[i], second = piece.ptr[i + 1];
		uint16_t unit = (uint16_t)(big ? first << 8 | second : second << 8 | first);

		if (unit < 0x80 && !decoder->high)
			*out++ = (uint8_t)unit;
		else
			out = put_unit(decoder, out, unit);
	}
	if (i < piece.len) {
		decoder->odd = true;
		decoder->half = piece.ptr[i];
	}
	return out;
}

void
decode_put(struct csv_decoder *decoder, struct buf *out, bytes piece)
{
	uint8_t *room, *end;

	if (decoder->encoding == CSV_UTF8) {
		buf_data(out, piece);
		must(buf_ok(out));
		return;
	}
	room = buf_room(out, 3 * piece.len + 6);
	must(room);
	if (decoder->encoding == CSV_WINDOWS1252)
		end = put_windows1252(room, piece);
	else
		end = put_utf16(decoder, room, piece);
	out->len += (size_t)(end - room);
}

void
decode_end(struct csv_decoder *decoder, struct buf *out)
{
	uint8_t left[4], *end = left;

	if (decoder->high)
		end = put_char(end, decoder->high);
	if (decoder->odd)
		*end++ = UNDEFINED;
	buf_data(out, (bytes){ left, (size_t)(end - left) });
	must(buf_ok(out));
	decoder->high = 0;
	decoder->odd = false;
}

uint64_t
decode_size(enum csv_encoding encoding, str text)
{
	uint64_t chars = 0, astral = 0;

	if (encoding == CSV_UTF8)
		return text.len;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];

		chars += (c & 0xc0) != 0x80;
		astral += c >= 0xf0;
	}
	return encoding == CSV_WINDOWS1252 ? chars : 2 * (chars + astral);
}
