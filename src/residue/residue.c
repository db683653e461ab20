/* residue/residue.c -- contract and Q1, Q2: residue.h.
 *
 * Every form of every text is a pattern; patterns are found by a hash of their first four octets, in
 * one table for those where case does not matter (what is looked at is folded) and one for base64,
 * where it does.  A position is looked at once, when as many octets follow it as the longest
 * pattern has, or when the file ends.  Where a packed stream may begin, one is unpacked beside; most
 * such beginnings are none and end at once. */
#include "residue/residue.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/must.h"

#define PATTERN_MAX (2 * RESIDUE_TEXT_MAX)
#define HEADS 65536
#define DEPTH_MAX 3                              /* streams within streams */
#define STREAMS_MAX 64                           /* unpacked at once in one of them */
#define UNPACKED_PIECE (64 * 1024)
#define UNPACKED_MAX ((uint64_t)1 << 30)         /* octets out of one stream */

struct pattern {
	struct pattern *next;
	const char *form;
	uint32_t no;
	bool half;
	size_t len;
	uint8_t octet[];
};

/* By the first four octets; the bits spare a look at the heads. */
struct table {
	uint64_t bit[HEADS / 64];
	struct pattern *head[HEADS];
};

struct unpacking;

/* Octets in a row: a file, or what comes out of a packed stream. */
struct stream {
	struct residue *residue;
	unsigned depth;
	uint64_t at; /* in the file: of window[0]; of a packed stream, where it begins */
	uint8_t *window;
	size_t len, room;
	struct unpacking *active[STREAMS_MAX];
	size_t active_count;
};

struct unpacking {
	z_stream z;
	struct stream out;
	uint64_t total;
	bool over;
};

struct residue {
	struct table folded, exact;
	size_t longest;
	residue_tell *tell;
	void *ctx;
	struct stream file;
};

/* --- patterns --------------------------------------------------------------------------------- */

static uint8_t
fold(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

static size_t
hash(uint32_t octets)
{
	return (octets * 2654435761u) >> 16;
}

static uint32_t
four(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

struct named {
	uint32_t no;
	bool half;
};

/* One case folded is another: the same pattern comes more than once. */
static bool
is_there(const struct pattern *is, const struct pattern *pattern)
{
	for (; is; is = is->next)
		if (is->no == pattern->no && is->half == pattern->half && is->form == pattern->form &&
		    is->len == pattern->len && memcmp(is->octet, pattern->octet, is->len) == 0)
			return true;
	return false;
}

static void
pattern_add(struct residue *residue, bool folded, const char *form, struct named named, bytes octets)
{
	struct table *table = folded ? &residue->folded : &residue->exact;
	struct pattern *pattern;
	size_t at;

	if (octets.len < RESIDUE_TEXT_MIN)
		return;
	must(octets.len <= PATTERN_MAX);
	pattern = calloc(1, sizeof(*pattern) + octets.len);
	must(pattern);
	pattern->form = form;
	pattern->no = named.no;
	pattern->half = named.half;
	pattern->len = octets.len;
	for (size_t i = 0; i < octets.len; i++)
		pattern->octet[i] = folded ? fold(octets.ptr[i]) : octets.ptr[i];
	at = hash(four(pattern->octet));
	if (is_there(table->head[at], pattern)) {
		free(pattern);
		return;
	}
	pattern->next = table->head[at];
	table->head[at] = pattern;
	table->bit[at / 64] |= (uint64_t)1 << (at % 64);
	if (octets.len > residue->longest)
		residue->longest = octets.len;
}

static void
utf16_add(struct residue *residue, struct named named, bytes text, bool big)
{
	OWNED(buf_release) struct buf out = { .max = PATTERN_MAX };
	size_t at = 0;

	while (at < text.len) { /* UTF-8 of up to three octets; others are left as they are */
		uint32_t unit = text.ptr[at++];
		if (unit >= 0xe0 && at + 1 < text.len) {
			unit = (unit & 0x0f) << 12 | (text.ptr[at] & 0x3fu) << 6 | (text.ptr[at + 1] & 0x3fu);
			at += 2;
		} else if (unit >= 0xc0 && at < text.len) {
			unit = (unit & 0x1f) << 6 | (text.ptr[at++] & 0x3fu);
		}
		buf_u8(&out, (uint8_t)(big ? unit >> 8 : unit));
		buf_u8(&out, (uint8_t)(big ? unit : unit >> 8));
	}
	pattern_add(residue, true, big ? "utf-16be" : "utf-16le", named, buf_bytes(&out));
}

static void
latin_add(struct residue *residue, struct named named, bytes text)
{
	OWNED(buf_release) struct buf out = { .max = PATTERN_MAX };

	for (size_t at = 0; at < text.len; at++)
		if ((text.ptr[at] & 0xfc) == 0xc0 && at + 1 < text.len) {
			buf_u8(&out, (uint8_t)(text.ptr[at] << 6 | (text.ptr[at + 1] & 0x3f)));
			at++;
		} else if (text.ptr[at] < 0x80) {
			buf_u8(&out, text.ptr[at]);
		} else {
			return; /* not in that alphabet */
		}
	if (out.len < text.len)
		pattern_add(residue, true, "latin-1", named, buf_bytes(&out));
}

static void
hex_add(struct residue *residue, struct named named, bytes text)
{
	OWNED(buf_release) struct buf out = { .max = PATTERN_MAX };

	buf_hex(&out, text);
	pattern_add(residue, true, "hexadecimal", named, buf_bytes(&out));
}

/* The digits that `text` alone decides when `before` octets stand before it in their group of three. */
static void
base64_add(struct residue *residue, struct named named, bytes text, size_t before, bool url)
{
	OWNED(buf_release) struct buf plain = { .max = RESIDUE_TEXT_MAX + 2 };
	OWNED(buf_release) struct buf out = { .max = PATTERN_MAX };
	size_t first = (before * 8 + 5) / 6, last = (before + text.len) * 8 / 6;

	for (size_t i = 0; i < before; i++)
		buf_u8(&plain, 0);
	buf_data(&plain, text);
	buf_base64url(&out, buf_bytes(&plain));
	for (size_t i = 0; i < out.len && !url; i++)
		out.ptr[i] = out.ptr[i] == '-' ? '+' : out.ptr[i] == '_' ? '/' : out.ptr[i];
	if (last > first)
		pattern_add(residue, false, url ? "base64url" : "base64", named,
		            str_bytes(str_first(str_from(buf_str(&out), first), last - first)));
}

static void
carried_add(struct residue *residue, struct named named, bytes text)
{
	hex_add(residue, named, text);
	for (size_t before = 0; before < 3; before++) {
		base64_add(residue, named, text, before, false);
		base64_add(residue, named, text, before, true);
	}
}

static void
forms_add(struct residue *residue, struct named named, bytes text)
{
	pattern_add(residue, true, "text", named, text);
	latin_add(residue, named, text);
	utf16_add(residue, named, text, false);
	utf16_add(residue, named, text, true);
	carried_add(residue, named, text);
}

enum text_case { CASE_LOWER, CASE_UPPER };

/* Letters of ASCII, and those of Latin-1 in UTF-8 (c3 80..9e and c3 a0..be but for the signs of
 * multiplication and division), which folding does not reach. */
static bool
is_letter(uint8_t before, uint8_t lower)
{
	if (before == 0xc3)
		return lower >= 0xa0 && lower <= 0xbe && lower != 0xb7;
	return lower >= 'a' && lower <= 'z';
}

static void
forms_in_case(struct residue *residue, struct named named, bytes text, enum text_case text_case)
{
	OWNED(buf_release) struct buf out = { .max = RESIDUE_TEXT_MAX };
	uint8_t before = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t octet = text.ptr[i], lower = octet | 0x20;
		if (is_letter(before, lower))
			octet = text_case == CASE_UPPER ? (uint8_t)(lower - 0x20) : lower;
		before = text.ptr[i];
		buf_u8(&out, octet);
	}
	forms_add(residue, named, buf_bytes(&out));
}

static void
cases_add(struct residue *residue, struct named named, str text)
{
	forms_add(residue, named, str_bytes(text));
	forms_in_case(residue, named, str_bytes(text), CASE_LOWER);
	forms_in_case(residue, named, str_bytes(text), CASE_UPPER);
}

bool
residue_text(struct residue *residue, str text, uint32_t no, bool halves)
{
	if (text.len < RESIDUE_TEXT_MIN || text.len > RESIDUE_TEXT_MAX)
		return false;
	cases_add(residue, (struct named){ no, false }, text);
	if (halves && text.len >= 2 * RESIDUE_TEXT_MIN) {
		cases_add(residue, (struct named){ no, true }, str_first(text, text.len / 2));
		cases_add(residue, (struct named){ no, true }, str_from(text, text.len / 2));
	}
	return true;
}

/* --- streams ---------------------------------------------------------------------------------- */

static void stream_feed(struct stream *stream, bytes piece);
static void stream_end(struct stream *stream);

static void
stream_begin(struct stream *stream, struct residue *residue, unsigned depth, uint64_t at, size_t piece)
{
	*stream = (struct stream){ .residue = residue, .depth = depth, .at = at,
		                   .room = residue->longest + piece };
	stream->window = calloc(1, stream->room);
	must(stream->window);
}

static void
stream_free(struct stream *stream)
{
	if (stream->window)
		explicit_bzero(stream->window, stream->room);
	free(stream->window);
	stream->window = NULL;
}

static void
unpacking_free(struct unpacking *unpacking)
{
	stream_end(&unpacking->out);
	inflateEnd(&unpacking->z);
	free(unpacking);
}

static void
unpack(struct unpacking *unpacking, bytes in)
{
	uint8_t out[UNPACKED_PIECE];
	int status = Z_OK;

	unpacking->z.next_in = (uint8_t *)in.ptr;
	unpacking->z.avail_in = (unsigned)in.len;
	while (!unpacking->over) {
		unpacking->z.next_out = out;
		unpacking->z.avail_out = sizeof(out);
		status = inflate(&unpacking->z, Z_NO_FLUSH);
		stream_feed(&unpacking->out, (bytes){ out, sizeof(out) - unpacking->z.avail_out });
		unpacking->total += sizeof(out) - unpacking->z.avail_out;
		if (status != Z_OK && status != Z_BUF_ERROR)
			unpacking->over = true;
		if (unpacking->total > UNPACKED_MAX)
			unpacking->over = true;
		if (unpacking->z.avail_out) /* it wants more */
			break;
	}
	explicit_bzero(out, sizeof(out));
}

static bool
may_be_packed(const uint8_t *at)
{
	bool zlib = (at[0] & 0x0f) == 8 && at[0] >> 4 <= 7 && (at[0] << 8 | at[1]) % 31 == 0 && !(at[1] & 0x20);

	return zlib || (at[0] == 0x1f && at[1] == 0x8b && at[2] == 8);
}

static void
unpacking_begin(struct stream *stream, size_t at)
{
	uint64_t from = stream->depth ? stream->at : stream->at + at;
	struct unpacking *unpacking;

	if (stream->depth == DEPTH_MAX || stream->active_count == STREAMS_MAX)
		return;
	unpacking = calloc(1, sizeof(*unpacking));
	must(unpacking && inflateInit2(&unpacking->z, 15 + 32) == Z_OK);
	stream_begin(&unpacking->out, stream->residue, stream->depth + 1, from, UNPACKED_PIECE);
	unpack(unpacking, (bytes){ stream->window + at, stream->len - at });
	if (unpacking->over)
		unpacking_free(unpacking);
	else
		stream->active[stream->active_count++] = unpacking;
}

static void
unpack_on(struct stream *stream, bytes piece)
{
	size_t kept = 0;

	for (size_t i = 0; i < stream->active_count; i++) {
		unpack(stream->active[i], piece);
		if (stream->active[i]->over)
			unpacking_free(stream->active[i]);
		else
			stream->active[kept++] = stream->active[i];
	}
	stream->active_count = kept;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void
tell(const struct stream *stream, const struct pattern *pattern, size_t at)
{
	struct residue_found found = { .no = pattern->no, .half = pattern->half, .form = pattern->form,
		                       .packed = stream->depth,
		                       .at = stream->depth ? stream->at : stream->at + at };

	stream->residue->tell(&found, stream->residue->ctx);
}

static bool
same(const struct pattern *pattern, const uint8_t *at, bool folded)
{
	for (size_t i = 0; i < pattern->len; i++)
		if (pattern->octet[i] != (folded ? fold(at[i]) : at[i]))
			return false;
	return true;
}

static void
look_in(const struct stream *stream, const struct table *table, size_t at, uint32_t octets, bool folded)
{
	size_t head = hash(octets);

	if (!(table->bit[head / 64] >> (head % 64) & 1))
		return;
	for (const struct pattern *pattern = table->head[head]; pattern; pattern = pattern->next)
		if (pattern->len <= stream->len - at && same(pattern, stream->window + at, folded))
			tell(stream, pattern, at);
}

static void
look(struct stream *stream, size_t at)
{
	const uint8_t *octet = stream->window + at;
	const uint8_t lower[4] = { fold(octet[0]), fold(octet[1]), fold(octet[2]), fold(octet[3]) };

	look_in(stream, &stream->residue->folded, at, four(lower), true);
	look_in(stream, &stream->residue->exact, at, four(octet), false);
	if (may_be_packed(octet))
		unpacking_begin(stream, at);
}

/* All positions before `end`; then what may still be the beginning of something is kept. */
static void
look_until(struct stream *stream, size_t end)
{
	for (size_t at = 0; at < end && at + RESIDUE_TEXT_MIN <= stream->len; at++)
		look(stream, at);
	memmove(stream->window, stream->window + end, stream->len - end);
	stream->len -= end;
	if (!stream->depth)
		stream->at += end;
}

static void
stream_feed(struct stream *stream, bytes piece)
{
	size_t keep = stream->residue->longest - 1;

	if (!piece.len)
		return;
	must(stream->len + piece.len <= stream->room);
	unpack_on(stream, piece);
	memcpy(stream->window + stream->len, piece.ptr, piece.len);
	stream->len += piece.len;
	if (stream->len > keep)
		look_until(stream, stream->len - keep);
}

static void
stream_end(struct stream *stream)
{
	look_until(stream, stream->len);
	for (size_t i = 0; i < stream->active_count; i++)
		unpacking_free(stream->active[i]);
	stream->active_count = 0;
	stream_free(stream);
}

/* --- the whole -------------------------------------------------------------------------------- */

struct residue *
residue_new(void)
{
	struct residue *residue = calloc(1, sizeof(*residue));

	must(residue);
	return residue;
}

static void
table_free(struct table *table)
{
	for (size_t i = 0; i < HEADS; i++)
		for (struct pattern *pattern = table->head[i], *next; pattern; pattern = next) {
			next = pattern->next;
			explicit_bzero(pattern->octet, pattern->len);
			free(pattern);
		}
}

void
residue_free(struct residue **at)
{
	struct residue *residue = *at;

	if (!residue)
		return;
	table_free(&residue->folded);
	table_free(&residue->exact);
	stream_free(&residue->file);
	free(residue);
	*at = NULL;
}

void
residue_begin(struct residue *residue, residue_tell *told, void *ctx)
{
	must(residue->longest && !residue->file.window);
	residue->tell = told;
	residue->ctx = ctx;
	stream_begin(&residue->file, residue, 0, 0, RESIDUE_PIECE);
}

void
residue_feed(struct residue *residue, bytes piece)
{
	must(piece.len <= RESIDUE_PIECE);
	stream_feed(&residue->file, piece);
}

void
residue_end(struct residue *residue)
{
	stream_end(&residue->file);
}
