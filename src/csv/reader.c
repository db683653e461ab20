/* csv/reader.c -- contract and invariants C1-C4: see csv.h.
 *
 * Decoded text waits in one buf.  A scan finds the cells' borders and remembers, between calls,
 * how far it has come, so no character is scanned twice (C4) but in one case: when a quote is
 * not closed within the cell limit, the scan goes back to the first line end after the quote.
 * That costs each character at most one more scan, because a cell that swallowed line ends holds
 * only doubled quotes, and read from a line's start those can open nothing that stays open.
 *
 * A scan never looks past the text at hand: where one more character decides (CR LF, doubled
 * quotes), it stops in front of the pair and waits (C2).
 *
 *	text  |.... done ....|  cells  |  scanned  |  not yet  |
 *	      0            kept                kept + at     text.len
 */
#include "csv/csv.h"

#include <string.h>

#include "csv/decode.h"
#include "csv/word.h"

#define REFILL_BYTES (64u * 1024)

enum step { STEP_ON, STEP_ROW, STEP_MORE, STEP_END };

static const char why_cell[] = "a cell is too long";
static const char why_quoted[] = "a quoted cell is too long or its quote is not closed";
static const char why_unclosed[] = "a quote is not closed before the end of the file";
static const char why_columns[] = "too many columns";
static const char why_row[] = "the row is too long";
static const char why_nul[] = "a NUL character";
static const char why_encoding[] = "a character is not valid in the encoding of the file";

static void
start_row(struct csv_reader *r)
{
	r->state = CSV_AT_CELL;
	r->at = 0;
	r->count = 0;
	r->bad = NULL;
	r->row_start = (struct csv_place){ r->kept_offset, r->line };
}

void
csv_init(struct csv_reader *reader, const struct csv_format *format,
         const struct csv_limits *limits, struct csv_place from)
{
	must(limits->columns > 0 && limits->columns <= LIMIT_CSV_COLUMNS);
	must(limits->cell_bytes < UINT32_MAX / 8 && limits->row_bytes < UINT32_MAX / 8);
	memset(reader, 0, offsetof(struct csv_reader, spans));
	reader->decoder.encoding = format->encoding;
	reader->limits = *limits;
	reader->separator = format->separator;
	reader->separator_word = WORD_OF(format->separator);
	if (from.offset == 0) {
		reader->skip = format->skip_bytes;
		from = (struct csv_place){ format->skip_bytes, 1 + (uint64_t)format->skip_lines };
	}
	reader->fed = reader->kept_offset = from.offset;
	reader->line = from.line;
	/* A row, the cell that shows it too long, one refill; twice, as it moves down lazily. */
	buf_init(&reader->text, 2 * ((size_t)limits->row_bytes + limits->cell_bytes +
	                             3 * REFILL_BYTES + 64));
	must(buf_room(&reader->text, 256));
	start_row(reader);
}

void
csv_release(struct csv_reader *reader)
{
	buf_release(&reader->text);
	explicit_bzero(reader, sizeof(*reader));
}

void
csv_feed(struct csv_reader *reader, bytes piece)
{
	uint64_t skipped = piece.len < reader->skip ? piece.len : reader->skip;

	must(reader->piece.len == 0 && !reader->last);
	reader->skip -= skipped;
	reader->piece = skipped ? (bytes){ piece.ptr + skipped, piece.len - skipped } : piece;
}

void
csv_finish(struct csv_reader *reader)
{
	reader->last = true;
}

/* -- the text at hand -- */

static bool
is_plain(const char *ptr, size_t len)
{
	uint64_t marks = 0;
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t word = word_at(ptr + i);

		marks |= word | word_zeros(word);
	}
	for (; i < len; i++)
		if ((signed char)ptr[i] <= 0)
			return false;
	return !(marks & WORD_HIGHS);
}

/* Be done with the first `len` characters, `size` bytes of the file. */
static void
let_go(struct csv_reader *r, size_t len, uint64_t size)
{
	r->kept += len;
	r->kept_offset += size;
}

/* A bad row's text is needed no more, but for a quoted cell that may yet be gone back into. */
static void
let_go_bad(struct csv_reader *r)
{
	size_t len = r->state == CSV_IN_QUOTED ? r->cell_at : r->at;
	str text = { r->text.ptr + r->kept, len };

	let_go(r, len, decode_size(r->decoder.encoding, text));
	r->at -= len;
	r->cell_at = r->cell_at > len ? r->cell_at - len : 0;
	r->cell_break = r->cell_break > len ? r->cell_break - len : 0;
}

/* Move what is kept to the front, once that is less than what it overwrites: linear in all. */
static void
move_down(struct csv_reader *r)
{
	size_t left = r->text.len - r->kept;

	if (left > r->kept)
		return;
	memmove(r->text.ptr, r->text.ptr + r->kept, left);
	explicit_bzero(r->text.ptr + left, r->text.len - left);
	r->text.len = left;
	r->kept = 0;
}

/* False when there is nothing to add. */
static bool
refill(struct csv_reader *r)
{
	bytes next = { r->piece.ptr, r->piece.len < REFILL_BYTES ? r->piece.len : REFILL_BYTES };
	size_t before;

	if (r->finished || (!next.len && !r->last))
		return false;
	if (r->bad)
		let_go_bad(r);
	if (r->kept)
		move_down(r);
	before = r->text.len;
	if (next.len) {
		decode_put(&r->decoder, &r->text, next);
		r->piece.ptr += next.len;
		r->piece.len -= next.len;
		r->fed += next.len;
	} else {
		decode_end(&r->decoder, &r->text);
		r->finished = true;
	}
	r->plain = (before == r->kept || r->plain) &&
	           is_plain(r->text.ptr + before, r->text.len - before);
	return true;
}

/* -- the scan -- */

/* The first of three characters from `at` on, or `end`. */
static inline size_t
find(const char *text, size_t at, size_t end, uint64_t a, uint64_t b, uint64_t c)
{
	for (; end - at >= 8; at += 8) {
		uint64_t word = word_at(text + at);
		uint64_t hits = word_zeros(word ^ a) | word_zeros(word ^ b) | word_zeros(word ^ c);

		if (hits)
			return at + (size_t)__builtin_ctzll(hits) / 8;
	}
	while (at < end && text[at] != (char)a && text[at] != (char)b && text[at] != (char)c)
		at++;
	return at;
}

#define FIND_LF WORD_OF('\n')
#define FIND_CR WORD_OF('\r')
#define FIND_QUOTE WORD_OF('"')

static void
spoil(struct csv_reader *r, const char *why)
{
	if (!r->bad)
		r->bad = why;
}

/* The cell's text ends at `end`, the row as written so far at `at`. */
static inline void
end_cell(struct csv_reader *r, size_t end, size_t at)
{
	r->state = CSV_AT_CELL;
	if (r->bad)
		return;
	if (r->count == r->limits.columns)
		spoil(r, why_columns);
	else if (at > r->limits.row_bytes)
		spoil(r, why_row);
	else
		r->spans[r->count++] = (struct csv_span){ (uint32_t)r->cell_at,
			                                  (uint32_t)(end - r->cell_at),
			                                  r->cell_dirty };
}

/* At a line end: step over it.  False when it may be half of CR LF. */
static inline bool
eat_break(struct csv_reader *r, const char *text, size_t len)
{
	if (text[r->at] == '\r') {
		if (r->at + 1 == len && !r->finished)
			return false;
		if (r->at + 1 < len && text[r->at + 1] == '\n')
			r->at++;
	}
	r->at++;
	r->line++;
	return true;
}

static inline enum step
scan_start(struct csv_reader *r, const char *text, size_t len)
{
	if (r->at == len && !r->finished)
		return STEP_MORE;
	if (r->at == len && r->at == 0 && !r->bad)
		return STEP_END;
	r->cell_quoted = r->at < len && text[r->at] == '"';
	r->cell_dirty = false;
	if (r->cell_quoted) {
		r->at++;
		r->cell_break = 0;
		r->cell_line = r->line;
	}
	r->cell_at = r->at;
	r->state = r->cell_quoted ? CSV_IN_QUOTED : CSV_IN_PLAIN;
	return STEP_ON;
}

/* At a separator, a line end or the end of the file: the cell's text ends at `end`. */
static inline enum step
scan_end(struct csv_reader *r, const char *text, size_t len, size_t end)
{
	size_t at = r->at;

	if (at < len && text[at] == r->separator) {
		end_cell(r, end, at);
		r->at++;
		return STEP_ON;
	}
	if (at < len && !eat_break(r, text, len))
		return STEP_MORE;
	end_cell(r, end, at);
	return STEP_ROW;
}

static inline enum step
scan_plain(struct csv_reader *r, const char *text, size_t len)
{
	r->at = find(text, r->at, len, r->separator_word, FIND_LF, FIND_CR);
	if (r->at - r->cell_at > r->limits.cell_bytes)
		spoil(r, why_cell);
	if (r->at == len && !r->finished)
		return STEP_MORE;
	return scan_end(r, text, len, r->at);
}

/* C3: the row ends with the line in which the quote opened. */
static enum step
lose_quoted(struct csv_reader *r, const char *why)
{
	spoil(r, why);
	r->state = CSV_IN_LOST_LINE;
	if (!r->cell_break)
		return STEP_ON;
	r->at = r->cell_break;
	r->line = r->cell_line + 1;
	return STEP_ROW;
}

static inline enum step
scan_quoted(struct csv_reader *r, const char *text, size_t len)
{
	r->at = find(text, r->at, len, FIND_QUOTE, FIND_LF, FIND_CR);
	if (r->at - r->cell_at > r->limits.cell_bytes)
		return lose_quoted(r, why_quoted);
	if (r->at == len)
		return r->finished ? lose_quoted(r, why_unclosed) : STEP_MORE;
	if (text[r->at] != '"') {
		if (!eat_break(r, text, len))
			return STEP_MORE;
		if (!r->cell_break)
			r->cell_break = r->at;
		return STEP_ON;
	}
	if (r->at + 1 == len && !r->finished)
		return STEP_MORE;
	if (r->at + 1 < len && text[r->at + 1] == '"') {
		r->cell_dirty = true;
		r->at += 2;
		return STEP_ON;
	}
	r->at++;
	r->state = CSV_AFTER_QUOTED;
	return STEP_ON;
}

static inline enum step
scan_after_quoted(struct csv_reader *r, const char *text, size_t len)
{
	if (r->at == len && !r->finished)
		return STEP_MORE;
	if (r->at < len && text[r->at] != r->separator && text[r->at] != '\n' &&
	    text[r->at] != '\r') {
		r->cell_dirty = true;
		r->state = CSV_IN_PLAIN;
		return STEP_ON;
	}
	return scan_end(r, text, len, r->cell_dirty ? r->at : r->at - 1);
}

static enum step
scan_lost_line(struct csv_reader *r, const char *text, size_t len)
{
	r->at = find(text, r->at, len, FIND_LF, FIND_CR, FIND_CR);
	if (r->at == len)
		return r->finished ? STEP_ROW : STEP_MORE;
	return eat_break(r, text, len) ? STEP_ROW : STEP_MORE;
}

static enum step
scan(struct csv_reader *r)
{
	const char *text = r->text.ptr + r->kept;
	size_t len = r->text.len - r->kept;
	enum step step;

	do {
		switch (r->state) {
		case CSV_AT_CELL:
			step = scan_start(r, text, len);
			break;
		case CSV_IN_PLAIN:
			step = scan_plain(r, text, len);
			break;
		case CSV_IN_QUOTED:
			step = scan_quoted(r, text, len);
			break;
		case CSV_AFTER_QUOTED:
			step = scan_after_quoted(r, text, len);
			break;
		case CSV_IN_LOST_LINE:
		default:
			step = scan_lost_line(r, text, len);
			break;
		}
	} while (step == STEP_ON);
	return step;
}

/* -- a complete row -- */

/* C1.  Multi-byte characters are whole runs of bytes over 7F, so each run is checked alone. */
static const char *
text_fault(str text)
{
	size_t i = 0;

	while (i < text.len) {
		size_t run = i;

		if (text.len - i >= 8 && is_plain(text.ptr + i, 8)) {
			i += 8;
			continue;
		}
		if (text.ptr[i] == '\0')
			return why_nul;
		while (run < text.len && (signed char)text.ptr[run] < 0)
			run++;
		if (!str_utf8((str){ text.ptr + i, run - i }))
			return why_encoding;
		i = run == i ? i + 1 : run;
	}
	return NULL;
}

/* Text that began after an opening quote, in place: doubled quotes become one, the closing one
 * goes, what stands after it stays. */
static str
unquote(char *text, size_t len)
{
	size_t out = 0, i = 0;

	while (i < len) {
		if (text[i] == '"' && (i + 1 == len || text[i + 1] != '"')) {
			i++;
			break;
		}
		i += text[i] == '"';
		text[out++] = text[i++];
	}
	memmove(text + out, text + i, len - i);
	return (str){ text, out + len - i };
}

static bool
is_blank(const struct csv_reader *r)
{
	return !r->bad && r->count == 1 && r->spans[0].len == 0 && !r->cell_quoted;
}

static void
end_row(struct csv_reader *r)
{
	str text = { r->text.ptr + r->kept, r->at };
	uint64_t offset = r->kept_offset + decode_size(r->decoder.encoding, text);

	/* An odd byte at the end of UTF-16 counts as one only here. */
	r->row_end = (struct csv_place){ offset < r->fed ? offset : r->fed, r->line };
	if (!r->bad && !r->plain)
		r->bad = text_fault(text);
	r->row_out = true;
}

static void
drop_row(struct csv_reader *r)
{
	let_go(r, r->at, r->row_end.offset - r->kept_offset);
	r->row_out = false;
	start_row(r);
}

static enum csv_got
hand_out(struct csv_reader *r, struct csv_row *ret)
{
	char *text = r->text.ptr + r->kept;

	*ret = (struct csv_row){ .start = r->row_start, .end = r->row_end, .why = r->bad };
	if (r->bad)
		return CSV_BAD;
	for (size_t i = 0; i < r->count; i++) {
		struct csv_span span = r->spans[i];

		r->cells[i] = span.quoted_text ? unquote(text + span.at, span.len)
		                               : (str){ text + span.at, span.len };
	}
	ret->cells = r->cells;
	ret->count = r->count;
	return CSV_ROW;
}

enum csv_got
csv_next(struct csv_reader *reader, struct csv_row *ret)
{
	for (;;) {
		enum step step;

		if (reader->row_out)
			drop_row(reader);
		step = scan(reader);
		if (step == STEP_END)
			return CSV_END;
		if (step == STEP_ROW) {
			end_row(reader);
			if (!is_blank(reader))
				return hand_out(reader, ret);
		} else if (!refill(reader)) {
			return CSV_MORE;
		}
	}
}
