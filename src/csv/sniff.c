/* csv/sniff.c -- guessing a file's format, so that a person only has to confirm it.
 *
 * A wrong guess must show itself rather than spoil names silently.  So UTF-8 wins whenever it
 * explains more of the file than it leaves unexplained: its few broken characters then become bad
 * rows, where reading it all as Windows-1252 would turn every "é" of the file into "Ã©".
 */
#include "csv/csv.h"

#include <string.h>

#include "csv/decode.h"

#define SAMPLE_BYTES (64u * 1024)
#define SAMPLE_ROWS 1000

/* First wins among equals: those that seldom occur in text come before those that do. */
static const char separators[] = { '\t', ';', ',', '|' };

static bool
is_other_kind(bytes piece)
{
	static const str magics[] = {
		{ "PK\x03\x04", 4 },         /* xlsx, ods, zip */
		{ "\xd0\xcf\x11\xe0", 4 },   /* xls */
		{ "\x1f\x8b", 2 },           /* gzip */
		{ "%PDF-", 5 },
	};

	for (size_t i = 0; i < COUNT(magics); i++)
		if (str_starts(bytes_str(piece), magics[i]))
			return true;
	return false;
}

/* -- encoding -- */

static bool
eat_mark(bytes piece, struct csv_format *format)
{
	static const struct {
		str mark;
		enum csv_encoding encoding;
	} marks[] = {
		{ { "\xef\xbb\xbf", 3 }, CSV_UTF8 },
		{ { "\xff\xfe", 2 }, CSV_UTF16LE },
		{ { "\xfe\xff", 2 }, CSV_UTF16BE },
	};

	for (size_t i = 0; i < COUNT(marks); i++) {
		if (!str_starts(bytes_str(piece), marks[i].mark))
			continue;
		format->encoding = marks[i].encoding;
		format->skip_bytes = (uint32_t)marks[i].mark.len;
		return true;
	}
	return false;
}

/* Separators, digits and line ends of UTF-16 have a zero byte, always on the same side. */
static bool
is_utf16(bytes piece, enum csv_encoding *ret)
{
	size_t zeros[2] = { 0, 0 };
	size_t more, fewer;

	if (piece.len > SAMPLE_BYTES)
		piece.len = SAMPLE_BYTES;
	for (size_t i = 0; i < piece.len; i++)
		zeros[i & 1] += piece.ptr[i] == 0;
	more = zeros[0] > zeros[1] ? zeros[0] : zeros[1];
	fewer = zeros[0] > zeros[1] ? zeros[1] : zeros[0];
	if (more < 2 || more < piece.len / 20 || fewer > more / 16)
		return false;
	*ret = zeros[0] > zeros[1] ? CSV_UTF16BE : CSV_UTF16LE;
	return true;
}

struct runs {
	size_t valid;   /* multi-byte characters */
	size_t invalid; /* runs of bytes over 7F that are not UTF-8 */
};

/* A run at the end of a piece may lack up to three bytes of its last character. */
static bool
is_cut(str run)
{
	for (size_t back = 1; back <= 3 && back <= run.len; back++) {
		uint8_t lead = (uint8_t)run.ptr[run.len - back];
		size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

		if (lead >= 0xc2 && lead <= 0xf4)
			return back < need && str_utf8(str_first(run, run.len - back));
	}
	return false;
}

static void
count_run(str run, bool may_be_cut, struct runs *runs)
{
	if (!str_utf8(run)) {
		runs->invalid += !(may_be_cut && is_cut(run));
		return;
	}
	for (size_t i = 0; i < run.len; i++)
		runs->valid += (uint8_t)run.ptr[i] >= 0xc2;
}

static enum csv_encoding
eight_bit(bytes piece, bool whole)
{
	str text = bytes_str(piece);
	struct runs runs = { 0 };
	size_t i = 0;

	while (i < text.len) {
		size_t from = i;

		while (i < text.len && (signed char)text.ptr[i] < 0)
			i++;
		if (i > from)
			count_run((str){ text.ptr + from, i - from }, !whole && i == text.len,
			          &runs);
		else
			i++;
	}
	return runs.invalid > runs.valid ? CSV_WINDOWS1252 : CSV_UTF8;
}

/* -- separator -- */

/* Excel's own `sep=;` on the first line. */
static bool
eat_sep_line(bytes sample, struct csv_format *format)
{
	OWNED(buf_release) struct buf text;
	struct csv_decoder decoder = { .encoding = format->encoding };
	bytes line = { sample.ptr + format->skip_bytes, sample.len - format->skip_bytes };
	struct csv_format checked = *format;
	str rest;

	buf_init(&text, 128);
	line.len = line.len < 16 ? line.len : 16;
	decode_put(&decoder, &text, line);
	rest = buf_str(&text);
	if (rest.len < 6 || !str_eq_fold(str_first(rest, 4), S("sep=")))
		return false;
	checked.separator = rest.ptr[4];
	rest = str_from(rest, 5);
	if (!eat_str(&rest, S("\r\n")) && !eat_char(&rest, '\n') && !eat_char(&rest, '\r'))
		return false;
	checked.skip_lines = 1;
	checked.skip_bytes += (uint32_t)decode_size(
		format->encoding, str_first(buf_str(&text), text.len - rest.len));
	if (!csv_format_valid(&checked))
		return false;
	*format = checked;
	return true;
}

struct tally {
	uint32_t rows;                           /* good and bad */
	uint32_t first;                          /* columns of the first row */
	uint16_t of_width[LIMIT_CSV_COLUMNS + 1]; /* rows with so many columns */
};

static void
tally_rows(struct csv_reader *reader, struct tally *tally)
{
	struct csv_row row;
	enum csv_got got;

	while (tally->rows < SAMPLE_ROWS) {
		got = csv_next(reader, &row);
		if (got != CSV_ROW && got != CSV_BAD)
			return;
		tally->rows++;
		if (got == CSV_BAD)
			continue;
		tally->of_width[row.count]++;
		if (tally->rows == 1)
			tally->first = (uint32_t)row.count;
	}
}

/* How well a separator explains the sample: of 1000 rows, so many have the usual number of
 * columns; less by half when the first row has not.  0 when the usual number is one. */
static uint32_t
rate(bytes sample, bool whole, const struct csv_format *format)
{
	OWNED(csv_release) struct csv_reader reader;
	struct tally tally = { 0 };
	size_t usual = 0;
	uint32_t rating;

	csv_init(&reader, format, &CSV_LIMITS, (struct csv_place){ 0 });
	csv_feed(&reader, sample);
	tally_rows(&reader, &tally);
	if (whole || tally.rows == 0) {
		csv_finish(&reader);
		tally_rows(&reader, &tally);
	}
	for (size_t i = 1; i < COUNT(tally.of_width); i++)
		if (tally.of_width[i] > tally.of_width[usual])
			usual = i;
	if (usual < 2)
		return 0;
	rating = tally.of_width[usual] * 1000u / tally.rows;
	return tally.first == usual ? rating : rating / 2;
}

static void
find_separator(bytes sample, bool whole, struct csv_format *format)
{
	uint32_t best = 0;

	format->separator = ',';
	for (size_t i = 0; i < COUNT(separators); i++) {
		struct csv_format tried = *format;
		uint32_t rating;

		tried.separator = separators[i];
		rating = rate(sample, whole, &tried);
		if (rating > best) {
			best = rating;
			format->separator = separators[i];
		}
	}
}

/* -- header -- */

/* E-mail addresses, numbers, amounts, dates, phone numbers. */
static bool
looks_like_data(str cell)
{
	bool digit = false;

	if (memchr(cell.ptr, '@', cell.len))
		return true;
	for (size_t i = 0; i < cell.len; i++) {
		char c = cell.ptr[i];

		if (c >= '0' && c <= '9')
			digit = true;
		else if (!strchr(" +-.,:/()%TZ", c))
			return false;
	}
	return digit;
}

static bool
names_columns(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		str cell = str_trim(row->cells[i]);

		if (!cell.len || looks_like_data(cell))
			return false;
		for (size_t k = 0; k < i; k++)
			if (str_eq_fold(cell, str_trim(row->cells[k])))
				return false;
	}
	return true;
}

static bool
has_header(bytes sample, const struct csv_format *format)
{
	OWNED(csv_release) struct csv_reader reader;
	struct csv_row row;
	enum csv_got got;

	csv_init(&reader, format, &CSV_LIMITS, (struct csv_place){ 0 });
	csv_feed(&reader, sample);
	got = csv_next(&reader, &row);
	if (got == CSV_MORE) {
		csv_finish(&reader);
		got = csv_next(&reader, &row);
	}
	return got == CSV_ROW && names_columns(&row);
}

bool
csv_sniff(bytes piece, bool whole, struct csv_format *ret)
{
	struct csv_format format = { .separator = ',' };
	bytes sample = piece;

	if (is_other_kind(piece))
		return false;
	if (!eat_mark(piece, &format) && !is_utf16(piece, &format.encoding))
		format.encoding = eight_bit(piece, whole);
	if (sample.len > SAMPLE_BYTES) {
		sample.len = SAMPLE_BYTES;
		whole = false;
	}
	if (!eat_sep_line(sample, &format))
		find_separator(sample, whole, &format);
	format.header = has_header(sample, &format);
	*ret = format;
	return true;
}
