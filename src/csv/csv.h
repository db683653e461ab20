/* csv/csv.h -- reading the CSV files that people export, and writing reports as CSV.
 *
 * The reader is fed pieces of a file and gives rows of UTF-8 cells.  It knows nothing of what the
 * cells mean.  Memory is flat: about one row, never the file.
 *
 *   C1  Cells are valid UTF-8 without NUL.
 *   C2  Where a file is cut into pieces changes nothing: same rows, same places.
 *   C3  A bad row costs itself only; reading goes on at the next line.  An unclosed quote costs
 *       the lines of its row up to where it opened, whatever follows.
 *   C4  Work is linear in the bytes fed.
 *
 * Decided where files differ from RFC 4180, after what spreadsheet programs do:
 *
 *   - A row ends at CR LF, LF or CR; line ends inside quotes are kept as they are.
 *   - A quote opens a quoted cell only as its very first character; elsewhere it is text.
 *   - Text after a closing quote belongs to the cell: `"ab"cd` is `abcd`.
 *   - Spaces are text, also around quotes.
 *   - A line without any character is skipped; `""` alone is a row of one empty cell.
 *   - Rows may differ in their number of cells; to mind is the caller's business.
 *
 * Calls, where a resumed reading starts with the `end` of the last row that was dealt with:
 *
 *	csv_sniff(first_piece, whole, &format)
 *	csv_init(&reader, &format, &CSV_LIMITS, (struct csv_place){ 0 });
 *	for each piece:
 *		csv_feed(&reader, piece);
 *		while ((got = csv_next(&reader, &row)) == CSV_ROW || got == CSV_BAD)
 *			...                        CSV_MORE asks for the next piece
 *	csv_finish(&reader), and once more csv_next() until CSV_END
 *	csv_release(&reader);
 */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/must.h"

/* Format: what has to be known of a file to read any part of it. */

enum csv_encoding { CSV_UTF8, CSV_UTF16LE, CSV_UTF16BE, CSV_WINDOWS1252 };

struct csv_format {
	enum csv_encoding encoding;
	char separator;      /* ASCII; not a letter, digit, quote, space or line end */
	bool header;         /* the first row names the columns; it is read like any other */
	uint32_t skip_bytes; /* before the first row: byte order mark and Excel's `sep=;` line */
	uint32_t skip_lines;
};

/* Guess from the first piece, the longer the better: encoding from all of it, the rest from its
 * first 64 KiB.  `whole`: nothing follows, so a character cut at the end is not a UTF-8 one.
 * False when this is a file of another kind (a workbook, a PDF, an archive). */
must_check bool csv_sniff(bytes piece, bool whole, struct csv_format *ret);

/* A format put together by hand, such as from a form. */
must_check bool csv_format_valid(const struct csv_format *format);

/* As one line of text without its end, to be stored.  csv_format_get: false for other text. */
void csv_format_put(struct buf *out, const struct csv_format *format);
must_check bool csv_format_get(str line, struct csv_format *ret);

/* Reader */

struct csv_limits {
	uint32_t columns;    /* at most LIMIT_CSV_COLUMNS */
	uint32_t cell_bytes; /* of one cell as written, in UTF-8 */
	uint32_t row_bytes;  /* of one row as written, in UTF-8 */
};

#define CSV_LIMITS \
	((const struct csv_limits){ LIMIT_CSV_COLUMNS, LIMIT_CSV_CELL_BYTES, LIMIT_CSV_ROW_BYTES })

struct csv_place {
	uint64_t offset; /* byte in the file, in its own encoding */
	uint64_t line;   /* physical line, from 1 */
};

struct csv_row {
	const str *cells; /* borrowed until the next call on the reader; NULL when bad */
	size_t count;
	struct csv_place start;
	struct csv_place end; /* past the line end; a reading resumed here gives the next row */
	const char *why;      /* CSV_BAD: a literal for people, never text of the file; else NULL */
};

enum csv_got {
	CSV_ROW,
	CSV_BAD,  /* only start, end and why are set */
	CSV_MORE, /* all that was fed is used up: feed or finish */
	CSV_END,
};

enum csv_state { CSV_AT_CELL, CSV_IN_PLAIN, CSV_IN_QUOTED, CSV_AFTER_QUOTED, CSV_IN_LOST_LINE };

struct csv_span {
	uint32_t at;
	uint32_t len;
	bool quoted_text; /* still holds quotes to be taken off */
};

struct csv_decoder {
	enum csv_encoding encoding;
	bool odd;      /* half of a UTF-16 unit waits in `half` */
	uint8_t half;
	uint16_t high; /* a high surrogate that waits for its low one, or 0 */
};

/* All members are private.  Positions count from `kept`. */
struct csv_reader {
	struct csv_decoder decoder;
	struct csv_limits limits;
	char separator;
	uint64_t separator_word; /* the separator in each of eight bytes */

	bytes piece;    /* borrowed: fed and not yet decoded */
	uint64_t skip;  /* bytes of the file still to pass over */
	uint64_t fed;   /* offset in the file of the end of what is decoded */
	bool last;      /* csv_finish was called */
	bool finished;  /* and all is decoded */

	struct buf text; /* decoded; all before `kept` is done with */
	size_t kept;
	uint64_t kept_offset; /* where `kept` is in the file */
	bool plain;           /* all of text is ASCII without NUL */

	enum csv_state state;
	size_t at;          /* all before is scanned */
	size_t cell_at;     /* the cell's first character, past its opening quote */
	bool cell_quoted;
	bool cell_dirty;    /* as csv_span.quoted_text */
	size_t cell_break;  /* past the first line end inside the quotes; 0: none yet */
	uint64_t cell_line; /* where the quote opened */
	uint64_t line;

	struct csv_place row_start;
	struct csv_place row_end; /* set while a row is handed out */
	bool row_out;
	const char *bad;          /* the row is bad: its text is let go as it is scanned */
	size_t count;
	struct csv_span spans[LIMIT_CSV_COLUMNS];
	str cells[LIMIT_CSV_COLUMNS];
};

/* Start at the beginning of the file (from = { 0 }), or at the `end` of some row. */
void csv_init(struct csv_reader *reader, const struct csv_format *format,
              const struct csv_limits *limits, struct csv_place from);
void csv_release(struct csv_reader *reader); /* wipes; accepts { 0 } */

/* Hand over the next bytes of the file: borrowed until csv_next() answers CSV_MORE, and only
 * then may the next piece be fed. */
void csv_feed(struct csv_reader *reader, bytes piece);
void csv_finish(struct csv_reader *reader); /* no more pieces; then csv_next() until CSV_END */
must_check enum csv_got csv_next(struct csv_reader *reader, struct csv_row *ret);

/* Writer: rows end in CR LF; what needs quotes gets them. */

struct csv_writer {
	struct buf *out;
	char separator;
	/* For files that people open: a cell that a spreadsheet program would run as a formula
	 * gets an apostrophe in front.  This alters the text (also of +46 8 123), so it is off
	 * where a machine reads. */
	bool neutral;
	bool in_row;
};

void csv_put_cell(struct csv_writer *writer, str cell);
void csv_put_end(struct csv_writer *writer);

#endif
