/* csv_dump FILE [PIECE_BYTES [FORMAT]] -- what the reader makes of a file, as JSON, for the
 * scripts beside it and for people.  FORMAT is a line as csv_format_put() writes it. */
#include <jansson.h>

#include "csv/csv.h"

static bytes
read_all(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *content;
	long len;

	must(file && fseek(file, 0, SEEK_END) == 0 && (len = ftell(file)) >= 0);
	rewind(file);
	content = malloc((size_t)len + 1);
	must(content && fread(content, 1, (size_t)len, file) == (size_t)len);
	fclose(file);
	return (bytes){ content, (size_t)len };
}

static json_t *
row_json(const struct csv_row *row)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < row->count; i++)
		json_array_append_new(cells, json_stringn(row->cells[i].ptr, row->cells[i].len));
	return json_pack("{sI sI sI sI so ss?}", "line", (json_int_t)row->start.line, "start",
	                 (json_int_t)row->start.offset, "end", (json_int_t)row->end.offset,
	                 "end_line", (json_int_t)row->end.line, "cells", cells, "why", row->why);
}

static void
read_rows(struct csv_reader *reader, json_t *rows)
{
	struct csv_row row;
	enum csv_got got;

	while ((got = csv_next(reader, &row)) == CSV_ROW || got == CSV_BAD)
		json_array_append_new(rows, row_json(&row));
}

static void
read_pieces(struct csv_reader *reader, bytes content, size_t piece_bytes, json_t *rows)
{
	bytes piece;

	while (content.len) {
		must(eat_bytes(&content, content.len < piece_bytes ? content.len : piece_bytes,
		               &piece));
		csv_feed(reader, piece);
		read_rows(reader, rows);
	}
	csv_finish(reader);
	read_rows(reader, rows);
}

int
main(int argc, char **argv)
{
	OWNED(csv_release) struct csv_reader reader = { 0 };
	OWNED(buf_release) struct buf line;
	struct csv_format format;
	uint64_t piece_bytes = 65536;
	json_t *rows = json_array(), *dump;
	bytes content;

	must(argc >= 2 && argc <= 4);
	content = read_all(argv[1]);
	if (argc > 2)
		must(str_u64(str_from_c(argv[2]), &piece_bytes) && piece_bytes > 0);
	if (argc > 3)
		must(csv_format_get(str_from_c(argv[3]), &format));
	else
		must(csv_sniff(content, true, &format));
	csv_init(&reader, &format, &CSV_LIMITS, (struct csv_place){ 0 });
	read_pieces(&reader, content, piece_bytes, rows);
	buf_init(&line, 256);
	csv_format_put(&line, &format);
	dump = json_pack("{ss% so}", "format", line.ptr, line.len, "rows", rows);
	must(dump);
	json_dumpf(dump, stdout, JSON_COMPACT);
	json_decref(dump);
	free((void *)content.ptr);
	return 0;
}
