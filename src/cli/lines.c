/* cli/lines.c -- contract: lines.h. */
#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct lines {
	int fd;
	bool ended;
	struct buf held; /* read and not yet handed out */
	size_t out;      /* of it: handed out by the last call */
};

enum err
lines_open(struct cli *cli, const char *path, struct lines **ret)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct lines *lines;

	if (fd < 0)
		return complain(cli, EXIT_USAGE, "%s cannot be read", path);
	lines = calloc(1, sizeof(*lines));
	must(lines);
	lines->fd = fd;
	*ret = lines;
	return OK;
}

void
lines_close(struct lines **at)
{
	if (!*at)
		return;
	close((*at)->fd);
	buf_release(&(*at)->held);
	free(*at);
	*at = NULL;
}

/* Until `max` octets are held or the file is over. */
static bool
fill(struct lines *lines, size_t max)
{
	while (!lines->ended && lines->held.len < max) {
		char *room = buf_room(&lines->held, max - lines->held.len);
		ssize_t got = read(lines->fd, room, max - lines->held.len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		lines->ended = got == 0;
		lines->held.len += (size_t)got;
	}
	return true;
}

/* Octets up to and with the last line end among the first count_max. */
static size_t
whole_lines(str held, size_t count_max)
{
	size_t len = 0;

	while (count_max--) {
		const char *end = memchr(held.ptr + len, '\n', held.len - len);
		if (!end)
			break;
		len = (size_t)(end - held.ptr) + 1;
	}
	return len;
}

enum err
lines_next(struct cli *cli, struct lines *lines, size_t bytes_max, size_t count_max, str *ret)
{
	size_t rest = lines->held.len - lines->out;
	str held;

	if (rest)
		memmove(lines->held.ptr, lines->held.ptr + lines->out, rest);
	lines->held.len = rest;
	lines->held.max = bytes_max;
	lines->out = 0;
	if (!fill(lines, bytes_max))
		return complain(cli, EXIT_REFUSED, "the file could not be read to its end");
	held = buf_str(&lines->held);
	if (held.len)
		lines->out = whole_lines(held, count_max);
	if (!lines->out && lines->ended)
		lines->out = held.len; /* a last line without its end */
	if (!lines->out && held.len)
		return complain(cli, EXIT_REFUSED, "a line is longer than %zu KiB",
		                bytes_max / 1024);
	*ret = str_first(held, lines->out);
	return OK;
}
