/* csv/format.c -- a format as a line of text: `csv1 utf-8 59 header 9 1`, where 59 is the
 * separator's ASCII number, `header` may be `rows`, and the rest is bytes and lines to skip. */
#include "csv/csv.h"

#include <string.h>

#define SKIP_BYTES_MAX 64 /* a byte order mark and `sep=;` need 16 */

static const str encoding_names[] = {
	[CSV_UTF8] = { "utf-8", 5 },
	[CSV_UTF16LE] = { "utf-16le", 8 },
	[CSV_UTF16BE] = { "utf-16be", 8 },
	[CSV_WINDOWS1252] = { "windows-1252", 12 },
};

void
csv_format_put(struct buf *out, const struct csv_format *format)
{
	buf_put(out, S("csv1 "));
	buf_put(out, encoding_names[format->encoding]);
	buf_char(out, ' ');
	buf_udec(out, (uint8_t)format->separator);
	buf_put(out, format->header ? S(" header ") : S(" rows "));
	buf_udec(out, format->skip_bytes);
	buf_char(out, ' ');
	buf_udec(out, format->skip_lines);
}

static bool
eat_encoding(str *rest, enum csv_encoding *ret)
{
	str name;

	if (!eat_until(rest, ' ', &name))
		return false;
	for (size_t i = 0; i < COUNT(encoding_names); i++) {
		if (str_eq(name, encoding_names[i])) {
			*ret = (enum csv_encoding)i;
			return true;
		}
	}
	return false;
}

static bool
is_separator(uint64_t c)
{
	static const char allowed[] = "\t!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

	return c && c < 0x80 && strchr(allowed, (int)c);
}

bool
csv_format_valid(const struct csv_format *format)
{
	return format->encoding <= CSV_WINDOWS1252 && is_separator((uint8_t)format->separator) &&
	       format->skip_bytes <= SKIP_BYTES_MAX && format->skip_lines <= 1;
}

bool
csv_format_get(str line, struct csv_format *ret)
{
	struct csv_format format = { 0 };
	uint64_t separator, skip_bytes, skip_lines;

	if (!eat_str(&line, S("csv1 ")) || !eat_encoding(&line, &format.encoding) ||
	    !eat_u64(&line, &separator) || !is_separator(separator))
		return false;
	format.header = eat_str(&line, S(" header "));
	if (!format.header && !eat_str(&line, S(" rows ")))
		return false;
	if (!eat_u64(&line, &skip_bytes) || !eat_char(&line, ' ') || !str_u64(line, &skip_lines) ||
	    skip_bytes > SKIP_BYTES_MAX || skip_lines > 1)
		return false;
	format.separator = (char)separator;
	format.skip_bytes = (uint32_t)skip_bytes;
	format.skip_lines = (uint32_t)skip_lines;
	*ret = format;
	return true;
}
