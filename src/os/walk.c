/* os/walk.c -- contract: walk.h. */
#include "os/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64

static void
dir_end(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void
fd_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum err walk_at(struct job *job, const char *path, int depth, walk_each *each, void *ctx);

static enum err
walk_dir(struct job *job, const char *path, int depth, walk_each *each, void *ctx)
{
	OWNED(dir_end) DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return fail(job, ERR_IO, "a directory cannot be read");
	if (depth == DEPTH_MAX)
		return fail(job, ERR_IO, "directories lie too deep in one another");
	while ((entry = readdir(dir))) {
		OWNED(buf_release) struct buf below = { .max = 16 * 1024 };
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		buf_put(&below, str_from_c(path));
		buf_char(&below, '/');
		buf_put(&below, str_from_c(entry->d_name));
		TRY(walk_at(job, arena_c(&job->arena, buf_str(&below)), depth + 1, each, ctx));
	}
	return OK;
}

static enum err
walk_at(struct job *job, const char *path, int depth, walk_each *each, void *ctx)
{
	struct stat st;

	if (lstat(path, &st) < 0 && depth == 0)
		return fail(job, errno == ENOENT ? ERR_ABSENT : ERR_IO, "there is no such file or directory");
	else if (lstat(path, &st) < 0)
		return OK; /* gone meanwhile */
	if (S_ISDIR(st.st_mode))
		return walk_dir(job, path, depth, each, ctx);
	return S_ISREG(st.st_mode) ? each(job, path, ctx) : OK;
}

enum err
walk(struct job *job, const char *path, walk_each *each, void *ctx)
{
	return walk_at(job, path, 0, each, ctx);
}

enum err
file_pieces(struct job *job, const char *path, size_t max, piece_each *each, void *ctx, bool *ret_there)
{
	OWNED(buf_release) struct buf room = { .max = max };
	OWNED(fd_end) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got;
	char *at;

	*ret_there = fd >= 0;
	if (fd < 0)
		return errno == ENOENT ? OK : fail(job, ERR_IO, "a file cannot be opened");
	at = buf_room(&room, max);
	must(at);
	while ((got = read(fd, at, max)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(job, ERR_IO, "a file cannot be read");
		each((bytes){ (const uint8_t *)at, (size_t)got }, ctx);
	}
	room.len = max; /* so that all of it is wiped */
	return OK;
}
