/* Tests of src/csv.  A reading is told as text, one row per line: `line@start-end [cell][cell]`,
 * or `line@start-end !why`; tables of meaning leave the places out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csv/csv.h"

#define ROOM (8u << 20)
#define WHOLE SIZE_MAX

static const struct csv_format comma = { .separator = ',' };

/* Small, so that tables can exceed them. */
static const struct csv_limits small = { .columns = 4, .cell_bytes = 12, .row_bytes = 24 };

static void
tell(struct buf *out, const struct csv_row *row, bool places)
{
	if (places) {
		buf_udec(out, row->start.line);
		buf_char(out, '@');
		buf_udec(out, row->start.offset);
		buf_char(out, '-');
		buf_udec(out, row->end.offset);
		buf_char(out, '/');
		buf_udec(out, row->end.line);
		buf_char(out, ' ');
	}
	if (row->why) {
		buf_char(out, '!');
		buf_put(out, str_from_c(row->why));
	}
	for (size_t i = 0; i < row->count; i++) {
		assert_true(str_utf8(row->cells[i]));
		buf_char(out, '[');
		buf_put(out, row->cells[i]);
		buf_char(out, ']');
	}
	buf_char(out, '\n');
}

static enum csv_got
tell_rows(struct csv_reader *reader, struct buf *out, bool places)
{
	struct csv_row row;
	enum csv_got got;

	while ((got = csv_next(reader, &row)) == CSV_ROW || got == CSV_BAD)
		tell(out, &row, places);
	return got;
}

static void
feed(struct csv_reader *reader, str piece, struct buf *out, bool places)
{
	/* A copy of exactly the piece's size, gone when used up: a sanitizer sees a late look. */
	uint8_t *copy = malloc(piece.len ? piece.len : 1);

	assert_non_null(copy);
	if (piece.len)
		memcpy(copy, piece.ptr, piece.len);
	csv_feed(reader, (bytes){ copy, piece.len });
	assert_int_equal(tell_rows(reader, out, places), CSV_MORE);
	free(copy);
}

/* Read in two pieces, cut at `cut`; or, for cut = WHOLE, in one. */
static void
read_cut(struct buf *out, str input, const struct csv_format *format,
         const struct csv_limits *limits, size_t cut, bool places)
{
	OWNED(csv_release) struct csv_reader reader;

	csv_init(&reader, format, limits, (struct csv_place){ 0 });
	feed(&reader, str_first(input, cut), out, places);
	if (cut < input.len)
		feed(&reader, str_from(input, cut), out, places);
	csv_finish(&reader);
	assert_int_equal(tell_rows(&reader, out, places), CSV_END);
	assert_true(buf_ok(out));
}

static void
read_bytewise(struct buf *out, str input, const struct csv_format *format,
              const struct csv_limits *limits)
{
	OWNED(csv_release) struct csv_reader reader;

	csv_init(&reader, format, limits, (struct csv_place){ 0 });
	for (size_t i = 0; i < input.len; i++)
		feed(&reader, (str){ input.ptr + i, 1 }, out, true);
	csv_finish(&reader);
	assert_int_equal(tell_rows(&reader, out, true), CSV_END);
}

static void
assert_text(const struct buf *got, str want)
{
	if (!str_eq(buf_str(got), want))
		fail_msg("got:\n%.*s\nwant:\n%.*s", SPRINT(buf_str(got)), SPRINT(want));
}

/* C2, for one input. */
static void
assert_cuts_change_nothing(str input, const struct csv_format *format,
                           const struct csv_limits *limits)
{
	OWNED(buf_release) struct buf whole, cut;

	buf_init(&whole, ROOM);
	buf_init(&cut, ROOM);
	read_cut(&whole, input, format, limits, WHOLE, true);
	for (size_t i = 0; i <= input.len; i++) {
		buf_clear(&cut);
		read_cut(&cut, input, format, limits, i, true);
		assert_text(&cut, buf_str(&whole));
	}
	buf_clear(&cut);
	read_bytewise(&cut, input, format, limits);
	assert_text(&cut, buf_str(&whole));
}

/* -- what rows mean -- */

struct reading {
	const char *name;
	str input;
	str rows;
};

static const struct reading readings[] = {
	{ "nothing is no row", { "", 0 }, { "", 0 } },
#define R(name, input, rows) { name, { input, sizeof(input) - 1 }, { rows, sizeof(rows) - 1 } }
	R("cells and rows", "a,b\nc,d\n", "[a][b]\n[c][d]\n"),
	R("the last line end may be missing", "a,b\nc,d", "[a][b]\n[c][d]\n"),
	R("CR LF ends a row", "a\r\nb\r\n", "[a]\n[b]\n"),
	R("a lone CR ends a row", "a\rb\r", "[a]\n[b]\n"),
	R("line ends may be mixed", "a\r\nb\nc\rd", "[a]\n[b]\n[c]\n[d]\n"),
	R("LF CR is two line ends", "a\n\rb", "[a]\n[b]\n"),
	R("empty cells count", ",\n,,\na,", "[][]\n[][][]\n[a][]\n"),
	R("empty lines are skipped", "\n\na\n\r\n\nb\n\n", "[a]\n[b]\n"),
	R("a quoted empty cell alone is a row", "\"\"\na", "[]\n[a]\n"),
	R("a quoted empty cell at the end of the file is a row", "\"\"", "[]\n"),
	R("a line of spaces is a row", " \n", "[ ]\n"),
	R("rows may differ in their cells", "a\nb,c\nd,e,f\n", "[a]\n[b][c]\n[d][e][f]\n"),
	R("quotes hold separators", "\"a,b\",c\n", "[a,b][c]\n"),
	R("quotes hold line ends as they are", "\"a\r\nb\nc\rd\",e\n", "[a\r\nb\nc\rd][e]\n"),
	R("doubled quotes are one", "\"a\"\"b\",\"\"\"\"\n", "[a\"b][\"]\n"),
	R("a doubled quote at either end", "\"\"\"a\"\"\"\n", "[\"a\"]\n"),
	R("a quote inside a cell is text", "a\"b,5\"\n", "[a\"b][5\"]\n"),
	R("a quote after a space is text", "a, \"b\"\n", "[a][ \"b\"]\n"),
	R("text after a closing quote stays", "\"ab\"cd,e\n", "[abcd][e]\n"),
	R("text after doubled and closing quotes stays", "\"a\"\"b\"c\"d\"\n", "[a\"bc\"d\"]\n"),
	R("a space after a closing quote stays", "\"a\" ,b\n", "[a ][b]\n"),
	R("spaces stay", " a , b \n", "[ a ][ b ]\n"),
	R("other separators are text", "a;b\tc|d\n", "[a;b\tc|d]\n"),
	R("letters beyond ASCII", "\xc3\xa5,\xe2\x82\xac,\xf0\x9f\x90\x9d\n",
	  "[\xc3\xa5][\xe2\x82\xac][\xf0\x9f\x90\x9d]\n"),
	R("a quote not closed loses its line only", "a\n\"b,c\nd\ne\n",
	  "[a]\n!a quote is not closed before the end of the file\n[d]\n[e]\n"),
	R("a quote not closed on the last line", "a\nb,\"c",
	  "[a]\n!a quote is not closed before the end of the file\n"),
	R("a lone quote at the end of the file", "a\n\"",
	  "[a]\n!a quote is not closed before the end of the file\n"),
	R("NUL spoils its row", "a\nb\0c\nd\n", "[a]\n!a NUL character\n[d]\n"),
	R("broken UTF-8 spoils its row", "a\nb\xe9,c\nd\n",
	  "[a]\n!a character is not valid in the encoding of the file\n[d]\n"),
	R("a UTF-8 character cut by a line end", "b\xc3\nd\n",
	  "!a character is not valid in the encoding of the file\n[d]\n"),
	R("a UTF-8 character cut by the end of the file", "a\nb\xe2\x82",
	  "[a]\n!a character is not valid in the encoding of the file\n"),
	R("a surrogate in UTF-8", "\xed\xa0\x80\nd\n",
	  "!a character is not valid in the encoding of the file\n[d]\n"),
#undef R
};

static void
rows_mean_what_spreadsheets_take_them_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(readings); i++) {
		OWNED(buf_release) struct buf got;

		buf_init(&got, ROOM);
		print_message("  %s\n", readings[i].name);
		read_cut(&got, readings[i].input, &comma, &CSV_LIMITS, WHOLE, false);
		assert_text(&got, readings[i].rows);
		assert_cuts_change_nothing(readings[i].input, &comma, &CSV_LIMITS);
		assert_cuts_change_nothing(readings[i].input, &comma, &small);
	}
}

/* -- limits: 4 columns, 12 bytes in a cell, 24 in a row -- */

#define QUOTED_WHY "!a quoted cell is too long or its quote is not closed\n"

static const struct reading limited[] = {
#define R(name, input, rows) { name, { input, sizeof(input) - 1 }, { rows, sizeof(rows) - 1 } }
	R("as many columns as allowed", "1,2,3,4\n", "[1][2][3][4]\n"),
	R("one column more", "1,2,3,4,5\na\n", "!too many columns\n[a]\n"),
	R("far more columns, quoted line ends among them",
          "1,2,3,4,5,\"6\n6\",,,,,,,,,,,,,,,,,\na\n", "!too many columns\n[a]\n"),
	R("a cell as long as allowed", "123456789012\n", "[123456789012]\n"),
	R("a cell one longer", "1234567890123\na\n", "!a cell is too long\n[a]\n"),
	R("a cell much longer", "1234567890123456789012345678901234567890,b,c\na\n",
          "!a cell is too long\n[a]\n"),
	R("a quoted cell as long as allowed", "\"123456789012\"\n", "[123456789012]\n"),
	R("a quoted cell one longer", "\"1234567890123\",b\na\n", QUOTED_WHY "[a]\n"),
	R("doubled quotes count as written", "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\na\n",
          "[\"\"\"\"\"\"]\n[a]\n"),
	R("a row as long as allowed", "12345678901,123456789012\n",
          "[12345678901][123456789012]\n"),
	R("a row one longer", "123456789012,123456789012\na\n", "!the row is too long\n[a]\n"),
	R("an open quote costs its line, not those behind", "a,\"b\nccccc\nddddd\neeeee\n",
          "!a quoted cell is too long or its quote is not closed\n[ccccc]\n[ddddd]\n[eeeee]\n"),
	R("after two lines in an earlier cell, the lines behind are still rows",
          "\"a\nb\",\"c\nddddd\neeeee\nfffff\n",
          "!a quoted cell is too long or its quote is not closed\n[ddddd]\n[eeeee]\n[fffff]\n"),
	R("an open quote in a row that is bad already", "1,2,3,4,5,\"6\naaaaaa\nbbbbbb\ncc\n",
          "!too many columns\n[aaaaaa]\n[bbbbbb]\n[cc]\n"),
	R("text long after a closing quote", "\"a\"bbbbbbbbbbbbbbbbbbbbbb\nc\n",
          "!a cell is too long\n[c]\n"),
	R("CR LF is one line end where reading goes on", "\"a\r\nbbbbbbbbbbb\r\nc\r\n",
          "!a quoted cell is too long or its quote is not closed\n[bbbbbbbbbbb]\n[c]\n"),
#undef R
};

static void
limits_cost_the_row_and_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(limited); i++) {
		OWNED(buf_release) struct buf got;

		buf_init(&got, ROOM);
		print_message("  %s\n", limited[i].name);
		read_cut(&got, limited[i].input, &comma, &small, WHOLE, false);
		assert_text(&got, limited[i].rows);
		assert_cuts_change_nothing(limited[i].input, &comma, &small);
	}
}

static void
lines_are_counted_anew_after_an_unclosed_quote(void **state)
{
	OWNED(buf_release) struct buf got;

	(void)state;
	buf_init(&got, ROOM);
	read_cut(&got, S("\"a\nb\",\"c\nd\r\ne\n"), &comma, &CSV_LIMITS, WHOLE, true);
	assert_text(&got, S("1@0-9/3 !a quote is not closed before the end of the file\n"
	                    "3@9-12/4 [d]\n4@12-14/5 [e]\n"));
}

static void
fill(struct buf *out, str what, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_put(out, what);
}

static void
an_unclosed_quote_does_not_swallow_a_large_file(void **state)
{
	OWNED(buf_release) struct buf input, got, want;

	(void)state;
	buf_init(&input, ROOM);
	buf_init(&got, ROOM);
	buf_init(&want, ROOM);
	buf_put(&input, S("a,\"b\n"));
	fill(&input, S("c,d\n"), 200000);
	buf_put(&want, S("!a quoted cell is too long or its quote is not closed\n"));
	fill(&want, S("[c][d]\n"), 200000);
	read_cut(&got, buf_str(&input), &comma, &CSV_LIMITS, 100000, false);
	assert_true(str_eq(buf_str(&got), buf_str(&want)));
}

/* The window grows to a row and a cell, whatever is fed. */
static void
memory_stays_flat(void **state)
{
	static const str endless[] = {{"x", 1}, {"\"\n", 2}, {",", 1}, {"a,b\n", 4}, {"\"\"", 2}};
	static char piece[100000];

	(void)state;
	for (size_t i = 0; i < COUNT(endless); i++) {
		OWNED(csv_release) struct csv_reader reader;
		struct csv_row row;
		enum csv_got got;

		for (size_t k = 0; k < sizeof(piece); k++)
			piece[k] = endless[i].ptr[k % endless[i].len];
		csv_init(&reader, &comma, &CSV_LIMITS, (struct csv_place){ 0 });
		for (int k = 0; k < 100; k++) {
			csv_feed(&reader, (bytes){ (uint8_t *)piece, sizeof(piece) });
			do {
				got = csv_next(&reader, &row);
			} while (got != CSV_MORE);
			assert_in_range(reader.text.cap, 0, 2u << 20);
		}
	}
}

/* -- encodings and places -- */

/* Text of the test in an encoding of the file; only what Windows-1252 has too. */
static void
encode(struct buf *out, str text, enum csv_encoding encoding)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];

		if (c >= 0xc2) /* two bytes each in the texts here */
			c = (uint8_t)(c << 6 | ((uint8_t)text.ptr[++i] & 0x3f));
		if (encoding == CSV_UTF16BE)
			buf_u8(out, 0);
		buf_u8(out, c);
		if (encoding == CSV_UTF16LE)
			buf_u8(out, 0);
	}
}

static void
places_count_bytes_of_the_file(void **state)
{
	static const str text = { "\xc3\xa5\xc3\xa4,b\r\n\r\n\"c\nd\",e\nf", 19 };
	static const struct {
		enum csv_encoding encoding;
		str rows;
	} cases[] = {
#define P(a) { a, sizeof(a) - 1 }
		{ CSV_WINDOWS1252,
		  P("1@0-6/2 [\xc3\xa5\xc3\xa4][b]\n3@8-16/5 [c\nd][e]\n5@16-17/5 [f]\n") },
		{ CSV_UTF16LE,
		  P("1@0-12/2 [\xc3\xa5\xc3\xa4][b]\n3@16-32/5 [c\nd][e]\n5@32-34/5 [f]\n") },
		{ CSV_UTF16BE,
		  P("1@0-12/2 [\xc3\xa5\xc3\xa4][b]\n3@16-32/5 [c\nd][e]\n5@32-34/5 [f]\n") },
#undef P
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		OWNED(buf_release) struct buf input, got;
		struct csv_format format = { .encoding = cases[i].encoding, .separator = ',' };

		buf_init(&input, ROOM);
		buf_init(&got, ROOM);
		encode(&input, text, cases[i].encoding);
		read_cut(&got, buf_str(&input), &format, &CSV_LIMITS, WHOLE, true);
		assert_text(&got, cases[i].rows);
		assert_cuts_change_nothing(buf_str(&input), &format, &CSV_LIMITS);
	}
}

struct encoded {
	const char *name;
	enum csv_encoding encoding;
	str input;
	str rows;
};

#define ENCODING_WHY "!a character is not valid in the encoding of the file\n"

static const struct encoded encoded[] = {
#define E(name, encoding, input, rows) \
	{ name, encoding, { input, sizeof(input) - 1 }, { rows, sizeof(rows) - 1 } }
	E("Windows-1252 beyond Latin-1", CSV_WINDOWS1252, "\x80,\x9c\n",
          "1@0-4/2 [\xe2\x82\xac][\xc5\x93]\n"),
	E("bytes that Windows-1252 leaves undefined", CSV_WINDOWS1252, "a\x81,b\nc\n",
          "1@0-5/2 " ENCODING_WHY "2@5-7/3 [c]\n"),
	E("a surrogate pair", CSV_UTF16LE, "\x3d\xd8\x1d\xdc,\0a\0\n\0b\0",
          "1@0-10/2 [\xf0\x9f\x90\x9d][a]\n2@10-12/2 [b]\n"),
	E("a lone high surrogate", CSV_UTF16LE, "\x3d\xd8\n\0b\0\n\0",
          "1@0-4/2 " ENCODING_WHY "2@4-8/3 [b]\n"),
	E("a lone low surrogate", CSV_UTF16BE, "\xdc\x1d\0\n\0b\0\n",
          "1@0-4/2 " ENCODING_WHY "2@4-8/3 [b]\n"),
	E("a high surrogate at the end of the file", CSV_UTF16BE, "\0b\0\n\xd8\x3d",
          "1@0-4/2 [b]\n2@4-6/2 " ENCODING_WHY),
	E("an odd byte at the end of the file", CSV_UTF16LE, "b\0\n\0c",
          "1@0-4/2 [b]\n2@4-5/2 " ENCODING_WHY),
	E("U+0000 in UTF-16", CSV_UTF16LE, "b\0\0\0\n\0c\0",
          "1@0-6/2 !a NUL character\n2@6-8/2 [c]\n"),
	E("U+0A0D is not a line end", CSV_UTF16LE, "\x0d\x0a\n\0", "1@0-4/2 [\xe0\xa8\x8d]\n"),
#undef E
};

static void
what_an_encoding_lacks_costs_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(encoded); i++) {
		OWNED(buf_release) struct buf got;
		struct csv_format format = { .encoding = encoded[i].encoding, .separator = ',' };

		buf_init(&got, ROOM);
		print_message("  %s\n", encoded[i].name);
		read_cut(&got, encoded[i].input, &format, &CSV_LIMITS, WHOLE, true);
		assert_text(&got, encoded[i].rows);
		assert_cuts_change_nothing(encoded[i].input, &format, &CSV_LIMITS);
		assert_cuts_change_nothing(encoded[i].input, &format, &small);
	}
}

/* Read from `from` to the end; tell the places. */
static void
read_from(struct buf *out, str input, const struct csv_format *format,
          const struct csv_limits *limits, struct csv_place from)
{
	OWNED(csv_release) struct csv_reader reader;

	csv_init(&reader, format, limits, from);
	feed(&reader, str_from(input, from.offset), out, true);
	csv_finish(&reader);
	assert_int_equal(tell_rows(&reader, out, true), CSV_END);
}

/* Whatever row a reading is resumed after, the rest is as if it had not stopped. */
static void
assert_resumes(str input, const struct csv_format *format, const struct csv_limits *limits)
{
	OWNED(csv_release) struct csv_reader reader;
	OWNED(buf_release) struct buf told, resumed, whole;
	struct csv_row row;
	enum csv_got got;

	buf_init(&told, ROOM);
	buf_init(&resumed, ROOM);
	buf_init(&whole, ROOM);
	read_cut(&whole, input, format, limits, WHOLE, true);
	csv_init(&reader, format, limits, (struct csv_place){ 0 });
	csv_feed(&reader, str_bytes(input));
	csv_finish(&reader);
	while ((got = csv_next(&reader, &row)) == CSV_ROW || got == CSV_BAD) {
		struct csv_place end = row.end;

		tell(&told, &row, true);
		buf_clear(&resumed);
		buf_put(&resumed, buf_str(&told));
		read_from(&resumed, input, format, limits, end);
		assert_text(&resumed, buf_str(&whole));
	}
}

static void
a_reading_resumes_after_any_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(readings); i++)
		assert_resumes(readings[i].input, &comma, &CSV_LIMITS);
	for (size_t i = 0; i < COUNT(limited); i++)
		assert_resumes(limited[i].input, &comma, &small);
	for (size_t i = 0; i < COUNT(encoded); i++) {
		struct csv_format format = { .encoding = encoded[i].encoding, .separator = ',' };

		assert_resumes(encoded[i].input, &format, &CSV_LIMITS);
	}
}

/* -- chance -- */

static uint64_t
chance(uint64_t *seed, uint64_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (*seed >> 33) % below;
}

static void
random_input(struct buf *out, uint64_t *seed)
{
	static const str tokens[] = {{"a", 1},    {"bcdefgh", 7}, {",", 1},  {"\"", 1},
	                             {"\"\"", 2}, {"\n", 1},      {"\r", 1}, {"\r\n", 2},
	                             {",\"", 2},  {"\",", 2},     {"\0", 1}, {"\xc3\xa5", 2},
	                             {"\xe9", 1}, {"\xd8\x3d", 2}};

	for (uint64_t left = chance(seed, 60); left; left--)
		buf_put(out, tokens[chance(seed, COUNT(tokens))]);
}

static void
cuts_and_resumes_change_nothing_in_random_files(void **state)
{
	uint64_t seed = 20261123;

	(void)state;
	print_message("  seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 2000; i++) {
		OWNED(buf_release) struct buf input;
		struct csv_format format = {.encoding = (enum csv_encoding)(i % 4),
		                            .separator = ','};
		const struct csv_limits *limits = i % 3 ? &small : &CSV_LIMITS;

		buf_init(&input, ROOM);
		buf_put(&input, S(""));
		random_input(&input, &seed);
		assert_cuts_change_nothing(buf_str(&input), &format, limits);
		assert_resumes(buf_str(&input), &format, limits);
	}
}

/* -- sniffing -- */

struct sniffing {
	const char *name;
	str input;
	const char *format; /* NULL: another kind of file */
	bool cut;           /* the piece is not the whole file */
};

static const struct sniffing sniffings[] = {
	{"an empty file", {"", 0}, "csv1 utf-8 44 rows 0 0", false},
#define F(name, input, format, cut) { name, { input, sizeof(input) - 1 }, format, cut }
	F("commas", "name,mail\nAnna,a@b.se\n", "csv1 utf-8 44 header 0 0", false),
	F("semicolons, with decimal commas", "name;sum\nAnna;1,5\nEva;2,5\n",
          "csv1 utf-8 59 header 0 0", false),
	F("semicolons and no header, with decimal commas", "1;1,5\n2;2,5\n",
          "csv1 utf-8 59 rows 0 0", false),
	F("ragged semicolons, and decimal commas in all rows but the first",
	  "name;sum\nAnna;1,5\nEva;2,5;\nBo;3,5\nIda;4,5;\n", "csv1 utf-8 59 header 0 0", false),
	F("tabs", "name\tmail\nAnna\ta@b.se\n", "csv1 utf-8 9 header 0 0", false),
	F("bars", "name|mail\nAnna|a@b.se\n", "csv1 utf-8 124 header 0 0", false),
	F("commas with a bar in each row", "name,tags\nAnna,a|b\nEva,c|d\n",
          "csv1 utf-8 44 header 0 0", false),
	F("semicolons inside quotes", "name,note\nAnna,\"a;b\"\nEva,\"c;d\"\n",
          "csv1 utf-8 44 header 0 0", false),
	F("one column", "mail\na@b.se\nc@d.se\n", "csv1 utf-8 44 header 0 0", false),
	F("one row without its end", "name;mail", "csv1 utf-8 59 header 0 0", true),
	F("a row cut at the end of the piece", "name;mail\nAnna;a@b.se\nEva",
          "csv1 utf-8 59 header 0 0", true),
	F("Excel's sep line", "sep=;\r\nname;mail\r\n", "csv1 utf-8 59 header 7 1", false),
	F("Excel's sep line with another separator", "SEP=^\nname^mail\n",
          "csv1 utf-8 94 header 6 1", false),
	F("a sep line that makes no sense", "sep=a\nname,mail\n", "csv1 utf-8 44 header 0 0",
          false),
	F("a UTF-8 mark", "\xef\xbb\xbfname,mail\n", "csv1 utf-8 44 header 3 0", false),
	F("a UTF-8 mark and a sep line", "\xef\xbb\xbfsep=|\nname|mail\n",
          "csv1 utf-8 124 header 9 1", false),
	F("a UTF-16 mark",
          "\xff\xfe"
          "a\0;\0b\0\n\0",
          "csv1 utf-16le 59 header 2 0", false),
	F("a big-endian UTF-16 mark", "\xfe\xff\0a\0;\0b\0\n", "csv1 utf-16be 59 header 2 0",
          false),
	F("UTF-16 and a sep line", "\xff\xfes\0e\0p\0=\0;\0\r\0\n\0a\0;\0b\0\n\0",
          "csv1 utf-16le 59 header 16 1", false),
	F("UTF-16 without a mark", "a\0;\0b\0\n\0", "csv1 utf-16le 59 header 0 0", false),
	F("big-endian UTF-16 without a mark", "\0a\0;\0b\0\n", "csv1 utf-16be 59 header 0 0",
          false),
	F("UTF-8", "n\xc3\xa5mn,b\n", "csv1 utf-8 44 header 0 0", false),
	F("UTF-8 with a NUL in it is still UTF-8", "name,b\nan\0na,b\n", "csv1 utf-8 44 header 0 0",
          false),
	F("Windows-1252", "n\xe5mn,b\n", "csv1 windows-1252 44 header 0 0", false),
	F("UTF-8 with one broken character", "\xc3\xa4,\xc3\xb6\nJos\xe9,b\n",
          "csv1 utf-8 44 header 0 0", false),
	F("UTF-8 cut inside a character", "name\nJos\xc3", "csv1 utf-8 44 header 0 0", true),
	F("UTF-8 cut inside a long character", "name\nx\xf0\x9f\x90", "csv1 utf-8 44 header 0 0",
          true),
	F("Windows-1252 that ends in a letter", "name\nJos\xe9", "csv1 windows-1252 44 header 0 0",
          false),
	F("Windows-1252 cut after a letter, with more before", "n\xe5mn\nJos\xe9",
          "csv1 windows-1252 44 header 0 0", true),
	F("no header: a mail address", "Anna,a@b.se\nEva,e@b.se\n", "csv1 utf-8 44 rows 0 0",
          false),
	F("no header: a number", "Anna,12\nEva,13\n", "csv1 utf-8 44 rows 0 0", false),
	F("no header: a date", "Anna,2024-05-01T10:00:00Z\n", "csv1 utf-8 44 rows 0 0", false),
	F("no header: a phone number", "Anna,+46 (8) 12-34\n", "csv1 utf-8 44 rows 0 0", false),
	F("no header: an empty cell", "Anna,\nb,c\n", "csv1 utf-8 44 rows 0 0", false),
	F("no header: twice the same", "yes,Yes\n", "csv1 utf-8 44 rows 0 0", false),
	F("a header with digits in names", "line1,line2\n", "csv1 utf-8 44 header 0 0", false),
	F("a workbook", "PK\x03\x04whatever", NULL, false),
	F("an old workbook", "\xd0\xcf\x11\xe0whatever", NULL, false),
	F("a PDF", "%PDF-1.7", NULL, false),
#undef F
};

static void
a_format_is_guessed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sniffings); i++) {
		OWNED(buf_release) struct buf line;
		const struct sniffing *s = &sniffings[i];
		struct csv_format format;
		bool known = csv_sniff(str_bytes(s->input), !s->cut, &format);

		print_message("  %s\n", s->name);
		assert_int_equal(known, s->format != NULL);
		if (!known)
			continue;
		buf_init(&line, 100);
		csv_format_put(&line, &format);
		assert_text(&line, str_from_c(s->format));
	}
}

static void
marks_and_sep_lines_are_passed_over(void **state)
{
	static const struct csv_format format = {
		.separator = ';', .skip_bytes = 9, .skip_lines = 1};
	static const str input = { "\xef\xbb\xbfsep=;\na;b\n", 13 };
	OWNED(buf_release) struct buf got;

	(void)state;
	buf_init(&got, ROOM);
	read_cut(&got, input, &format, &CSV_LIMITS, WHOLE, true);
	assert_text(&got, S("2@9-13/3 [a][b]\n"));
	assert_cuts_change_nothing(input, &format, &CSV_LIMITS);
}

static void
a_format_is_stored_as_a_line(void **state)
{
	static const char *const wrong[] = {
		"",
		"csv1",
		"csv2 utf-8 44 rows 0 0",
		"csv1 utf-9 44 rows 0 0",
		"csv1 utf-8 34 rows 0 0",
		"csv1 utf-8 65 rows 0 0",
		"csv1 utf-8 10 rows 0 0",
		"csv1 utf-8 0 rows 0 0",
		"csv1 utf-8 300 rows 0 0",
		"csv1 utf-8 44 row 0 0",
		"csv1 utf-8 44 rows 65 0",
		"csv1 utf-8 44 rows 0 2",
		"csv1 utf-8 44 rows 0 0 ",
		"csv1 utf-8 44 rows 0",
		"csv1 utf-8 44 rows -1 0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sniffings); i++) {
		OWNED(buf_release) struct buf line;
		struct csv_format format;

		if (!sniffings[i].format)
			continue;
		assert_true(csv_format_get(str_from_c(sniffings[i].format), &format));
		assert_true(csv_format_valid(&format));
		buf_init(&line, 100);
		csv_format_put(&line, &format);
		assert_text(&line, str_from_c(sniffings[i].format));
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct csv_format format;

		if (csv_format_get(str_from_c(wrong[i]), &format))
			fail_msg("taken: %s", wrong[i]);
	}
}

/* -- writing -- */

static const struct {
	str cell;
	const char *plain;
	const char *neutral;
} writings[] = {
	{ { "", 0 }, "\"\"", "\"\"" },
	{ { "a b", 3 }, "a b", "a b" },
	{ { " a", 2 }, "\" a\"", "\" a\"" },
	{ { "a,b", 3 }, "\"a,b\"", "\"a,b\"" },
	{ { "a;b", 3 }, "a;b", "a;b" },
	{ { "a\"b", 3 }, "\"a\"\"b\"", "\"a\"\"b\"" },
	{ { "a\nb", 3 }, "\"a\nb\"", "\"a\nb\"" },
	{ { "=1+1", 4 }, "=1+1", "'=1+1" },
	{ { "+46", 3 }, "+46", "'+46" },
	{ { "-1", 2 }, "-1", "'-1" },
	{ { "@a", 2 }, "@a", "'@a" },
	{ { "\ta", 2 }, "\ta", "'\ta" },
	{ { "\ra", 2 }, "\"\ra\"", "\"'\ra\"" },
	{ { "=a,\"b\"", 6 }, "\"=a,\"\"b\"\"\"", "\"'=a,\"\"b\"\"\"" },
	{ { "\xef\xbc\x9d" "1", 4 }, "\xef\xbc\x9d" "1", "'\xef\xbc\x9d" "1" },
	{ { "a=1", 3 }, "a=1", "a=1" },
};

static void
cells_are_quoted_as_needed_and_formulas_made_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(writings); i++) {
		for (int neutral = 0; neutral < 2; neutral++) {
			OWNED(buf_release) struct buf out, want;
			struct csv_writer writer = { &out, ',', neutral, false };

			buf_init(&out, 1000);
			buf_init(&want, 1000);
			csv_put_cell(&writer, writings[i].cell);
			csv_put_cell(&writer, S("z"));
			csv_put_end(&writer);
			buf_put(&want,
			        str_from_c(neutral ? writings[i].neutral : writings[i].plain));
			buf_put(&want, S(",z\r\n"));
			assert_text(&out, buf_str(&want));
		}
	}
}

static void
random_cell(struct buf *out, uint64_t *seed)
{
	static const str tokens[] = { { "a", 1 }, { ",", 1 }, { "\"", 1 }, { "\n", 1 }, { "\r", 1 },
		                      { " ", 1 }, { ";", 1 }, { "\xc3\xa5", 2 }, { "=", 1 } };

	for (uint64_t left = chance(seed, 6); left; left--)
		buf_put(out, tokens[chance(seed, COUNT(tokens))]);
}

static void
what_is_written_is_read_back(void **state)
{
	static const char separators[] = { ',', ';', '\t', '|' };
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		OWNED(buf_release) struct buf file, want, got, cell;
		struct csv_format format = { .separator = separators[i % 4] };
		struct csv_writer writer = { &file, format.separator, false, false };

		buf_init(&file, ROOM);
		buf_init(&want, ROOM);
		buf_init(&got, ROOM);
		buf_init(&cell, ROOM);
		for (uint64_t rows = 1 + chance(&seed, 4); rows; rows--) {
			for (uint64_t cells = 1 + chance(&seed, 4); cells; cells--) {
				buf_clear(&cell);
				random_cell(&cell, &seed);
				csv_put_cell(&writer, buf_str(&cell));
				buf_char(&want, '[');
				buf_put(&want, buf_str(&cell));
				buf_char(&want, ']');
			}
			csv_put_end(&writer);
			buf_char(&want, '\n');
		}
		read_cut(&got, buf_str(&file), &format, &CSV_LIMITS, file.len / 2, false);
		assert_text(&got, buf_str(&want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_mean_what_spreadsheets_take_them_for),
		cmocka_unit_test(limits_cost_the_row_and_no_more),
		cmocka_unit_test(lines_are_counted_anew_after_an_unclosed_quote),
		cmocka_unit_test(an_unclosed_quote_does_not_swallow_a_large_file),
		cmocka_unit_test(memory_stays_flat),
		cmocka_unit_test(places_count_bytes_of_the_file),
		cmocka_unit_test(what_an_encoding_lacks_costs_its_row),
		cmocka_unit_test(a_reading_resumes_after_any_row),
		cmocka_unit_test(cuts_and_resumes_change_nothing_in_random_files),
		cmocka_unit_test(a_format_is_guessed),
		cmocka_unit_test(marks_and_sep_lines_are_passed_over),
		cmocka_unit_test(a_format_is_stored_as_a_line),
		cmocka_unit_test(cells_are_quoted_as_needed_and_formulas_made_text),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
