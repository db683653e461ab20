#include "csv/csv.h"

#include <string.h>

/* What spreadsheet programs take for the start of a formula, or skip before one (OWASP, "CSV
 * injection"); the wide ones count in Japanese editions. */
static bool
is_formula(str cell)
{
	static const str wide[] = {
		{ "\uff1d", 3 }, { "\uff0b", 3 }, { "\uff0d", 3 }, { "\uff20", 3 }
	};

	if (!cell.len)
		return false;
	for (size_t i = 0; i < COUNT(wide); i++)
		if (str_starts(cell, wide[i]))
			return true;
	return cell.ptr[0] && strchr("=+-@\t\r\n", cell.ptr[0]);
}

/* Outer spaces too, which some readers take off; and an empty first cell, as a line without any
 * character is no row. */
static bool
needs_quotes(const struct csv_writer *writer, str cell)
{
	if (!cell.len)
		return !writer->in_row;
	if (cell.ptr[0] == ' ' || cell.ptr[cell.len - 1] == ' ')
		return true;
	for (size_t i = 0; i < cell.len; i++) {
		char c = cell.ptr[i];

		if (c == writer->separator || c == '"' || c == '\r' || c == '\n')
			return true;
	}
	return false;
}

static void
put_doubled(struct buf *out, str cell)
{
	str part;

	while (eat_until(&cell, '"', &part)) {
		buf_put(out, part);
		buf_put(out, S("\"\""));
	}
	buf_put(out, cell);
}

void
csv_put_cell(struct csv_writer *writer, str cell)
{
	bool quotes = needs_quotes(writer, cell);

	if (writer->in_row)
		buf_char(writer->out, writer->separator);
	if (quotes)
		buf_char(writer->out, '"');
	if (writer->neutral && is_formula(cell))
		buf_char(writer->out, '\'');
	put_doubled(writer->out, cell);
	if (quotes)
		buf_char(writer->out, '"');
	writer->in_row = true;
}

void
csv_put_end(struct csv_writer *writer)
{
	buf_put(writer->out, S("\r\n"));
	writer->in_row = false;
}
