/* Aimed at: csv_sniff, csv_init, csv_feed, csv_next, csv_finish, csv_format_put, csv_format_get.
 *
 * The first bytes choose format, limits and where the file is cut.  Held to: cells are valid UTF-8
 * without NUL (C1), cuts change nothing (C2), places only grow and stay inside the file, limits
 * hold, the window stays flat.  Linear work (C4): run with -timeout=2. */
#include "csv/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash;
	uint64_t rows;
	struct csv_place end;
};

static void
mix(struct sum *sum, const void *ptr, size_t len)
{
	const uint8_t *p = ptr;

	for (size_t i = 0; i < len; i++)
		sum->hash = (sum->hash ^ p[i]) * 0x100000001b3u;
}

static void
check_row(const struct csv_row *row, const struct csv_limits *limits, struct sum *sum)
{
	size_t total = 0;

	must(row->start.offset >= sum->end.offset && row->start.line >= sum->end.line);
	must(row->end.offset > row->start.offset && row->end.line >= row->start.line);
	must(row->count <= limits->columns);
	for (size_t i = 0; i < row->count; i++) {
		must(str_utf8(row->cells[i]));
		must(row->cells[i].len <= limits->cell_bytes);
		must(!row->cells[i].len || !memchr(row->cells[i].ptr, 0, row->cells[i].len));
		total += row->cells[i].len + 1;
		mix(sum, row->cells[i].ptr, row->cells[i].len);
		mix(sum, &i, sizeof(i));
	}
	must(row->why || total <= (size_t)limits->row_bytes + 1);
	must(!row->why == (row->cells != NULL));
	mix(sum, &row->start, sizeof(row->start));
	mix(sum, &row->end, sizeof(row->end));
	mix(sum, &row->why, sizeof(row->why));
	sum->end = row->end;
	sum->rows++;
}

static void
check_rows(struct csv_reader *reader, const struct csv_limits *limits, struct sum *sum,
           enum csv_got want)
{
	struct csv_row row;
	enum csv_got got;

	while ((got = csv_next(reader, &row)) == CSV_ROW || got == CSV_BAD)
		check_row(&row, limits, sum);
	must(got == want);
}

static struct sum
check_file(bytes file, const struct csv_format *format, const struct csv_limits *limits,
           uint32_t cuts)
{
	OWNED(csv_release) struct csv_reader reader;
	struct sum sum = { 0 };
	size_t size = file.len;

	csv_init(&reader, format, limits, (struct csv_place){ 0 });
	while (file.len) {
		size_t len = cuts ? 1 + (cuts >> 16) % 19 : file.len;
		bytes piece;

		cuts = cuts ? cuts * 1664525u + 1013904223u : 0;
		must(eat_bytes(&file, len < file.len ? len : file.len, &piece));
		csv_feed(&reader, piece);
		check_rows(&reader, limits, &sum, CSV_MORE);
	}
	csv_finish(&reader);
	check_rows(&reader, limits, &sum, CSV_END);
	must(sum.end.offset <= size && sum.rows <= size);
	must(reader.text.cap <= 2u * (limits->row_bytes + limits->cell_bytes) + 512 * 1024);
	return sum;
}

static void
check_stored(const struct csv_format *format)
{
	OWNED(buf_release) struct buf line;
	struct csv_format again;

	buf_init(&line, 128);
	csv_format_put(&line, format);
	must(csv_format_get(buf_str(&line), &again));
	must(again.encoding == format->encoding && again.separator == format->separator);
	must(again.header == format->header && again.skip_bytes == format->skip_bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes file = { data, size };
	struct csv_limits limits = CSV_LIMITS;
	struct csv_format format = { .separator = ',' };
	struct sum whole, cut;
	uint32_t cuts;
	uint8_t how;

	if (!eat_u8(&file, &how) || !eat_le32(&file, &cuts))
		return 0;
	if (how & 1)
		limits = (struct csv_limits){ 1 + (how >> 4), 1 + (how >> 3), 1 + how };
	format.encoding = (enum csv_encoding)(how >> 1 & 3);
	if (how & 8) {
		if (!csv_sniff(file, how & 16, &format))
			return 0;
		check_stored(&format);
	}
	whole = check_file(file, &format, &limits, 0);
	cut = check_file(file, &format, &limits, cuts | 1);
	must(whole.hash == cut.hash && whole.rows == cut.rows);
	return 0;
}
