/* access/breached.c -- contract: breached.h.  A binary search by octets: from a place in the middle to the beginning of
 * the line that it lies in. */
#include "access/breached.h"

#include "jose/sha1.h"
#include "os/file.h"

#define HEX (2 * SHA1_BYTES)
#define COUNT_MAX 20              /* figures of a count */
#define LINE_MAX (HEX + 1 + COUNT_MAX + 2) /* with CR LF */
#define WINDOW 128                /* holds the line that an octet lies in, wherever in it that is */
#define PROBES 1000               /* places that are looked at when it is opened */
_Static_assert(WINDOW >= 2 * LINE_MAX, "room");

struct breached {
	struct file_in *file;
	uint64_t size;
};

/* One line, and where it begins and ends. */
struct line {
	uint64_t from, to;
	char hex[HEX];
};

static enum err
not_it(struct job *job)
{
	return fail(job, ERR_INVALID,
	            "is no list of SHA-1 in capitals, a colon and a count on each line, ordered by hash");
}

/* --- one line ----------------------------------------------------------------------------------- */

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* Without what ends it. */
static bool
line_fits(str line)
{
	if (line.len < HEX + 2 || line.len > HEX + 1 + COUNT_MAX || line.ptr[HEX] != ':')
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (i < HEX ? !is_hex(line.ptr[i]) : i > HEX && !(line.ptr[i] >= '0' && line.ptr[i] <= '9'))
			return false;
	return true;
}

/* The line that the octet `at` lies in. */
static enum err
line_at(struct job *job, const struct breached *breached, uint64_t at, struct line *ret)
{
	uint64_t from = at > LINE_MAX ? at - LINE_MAX : 0;
	char window[WINDOW];
	size_t got, begin, end;
	str text;

	TRY(file_in_at(job, breached->file, from, window, sizeof(window), &got));
	if (at - from >= got)
		return not_it(job);
	begin = (size_t)(at - from);
	while (begin && window[begin - 1] != '\n')
		begin--;
	if (!begin && from) /* a line longer than any may be */
		return not_it(job);
	end = begin;
	while (end < got && window[end] != '\n')
		end++;
	if (end == got && from + end != breached->size)
		return not_it(job);
	text = (str){ window + begin, end - begin };
	if (text.len && text.ptr[text.len - 1] == '\r')
		text.len--;
	if (!line_fits(text))
		return not_it(job);
	*ret = (struct line){ .from = from + begin, .to = from + end + (end < got) };
	memcpy(ret->hex, text.ptr, HEX);
	return OK;
}

/* --- the file ----------------------------------------------------------------------------------- */

static enum err
order_check(struct job *job, const struct breached *breached)
{
	uint64_t step = breached->size / PROBES + 1;
	struct line line, before;

	TRY(line_at(job, breached, 0, &before));
	for (uint64_t at = before.to; at < breached->size; at = (line.from + step > line.to ? line.from + step : line.to)) {
		TRY(line_at(job, breached, at, &line));
		if (strncmp(before.hex, line.hex, HEX) >= 0)
			return not_it(job);
		before = line;
	}
	return line_at(job, breached, breached->size - 1, &line);
}

enum err
breached_open(struct job *job, const char *path, struct breached **ret)
{
	OWNED(breached_close) struct breached *breached = calloc(1, sizeof(*breached));

	must(breached);
	TRY(file_in_open(job, path, &breached->file, &breached->size));
	if (!breached->size)
		return not_it(job);
	TRY(order_check(job, breached));
	*ret = breached;
	breached = NULL;
	return OK;
}

void
breached_close(struct breached **at)
{
	if (!*at)
		return;
	file_in_close(&(*at)->file);
	free(*at);
	*at = NULL;
}

/* --- looking ------------------------------------------------------------------------------------ */

static void
hex_of(str prepared, char ret[HEX])
{
	static const char figures[] = "0123456789ABCDEF";
	uint8_t digest[SHA1_BYTES];

	sha1_of(str_bytes(prepared), digest);
	for (size_t i = 0; i < SHA1_BYTES; i++) {
		ret[2 * i] = figures[digest[i] >> 4];
		ret[2 * i + 1] = figures[digest[i] & 15];
	}
	explicit_bzero(digest, sizeof(digest));
}

/* low and high are beginnings of lines, or the end: what is looked for is not before low, and not from high on. */
static enum err
search(struct job *job, const struct breached *breached, const char hex[HEX], bool *ret)
{
	uint64_t low = 0, high = breached->size;
	struct line line;

	*ret = false;
	while (low < high) {
		TRY(line_at(job, breached, low + (high - low) / 2, &line));
		int order = strncmp(line.hex, hex, HEX);
		if (order == 0) {
			*ret = true;
			return OK;
		}
		if (order < 0)
			low = line.to;
		else
			high = line.from;
	}
	return OK;
}

enum err
breached_has(struct job *job, const struct breached *breached, str prepared, bool *ret)
{
	char hex[HEX];
	enum err err;

	*ret = false;
	if (!breached)
		return OK;
	hex_of(prepared, hex);
	err = search(job, breached, hex, ret);
	explicit_bzero(hex, sizeof(hex));
	return err;
}
