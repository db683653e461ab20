#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_PIECE ((size_t)64 * 1024)

static void
fd_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum err
io_error(struct job *job)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return fail(job, ERR_FULL, "no space left on the device");
	if (errno == ENOENT)
		return fail(job, ERR_ABSENT, "no such file");
	return fail(job, ERR_IO, "a file could not be read or written");
}

/* A pipe or a file in /proc has no size to go by, so the content grows as it comes. */
enum err
file_read(struct job *job, const char *path, size_t max, bytes *ret)
{
	OWNED(fd_end) int fd = open(path, O_RDONLY | O_CLOEXEC);
	OWNED(buf_release) struct buf content = { .max = max < SIZE_MAX - READ_PIECE ? max + READ_PIECE : max };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return io_error(job);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		return fail(job, ERR_TOO_LARGE, "the file is larger than it may be");
	for (;;) {
		void *room = buf_room(&content, READ_PIECE);
		ssize_t got = room ? read(fd, room, READ_PIECE) : 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_error(job);
		content.len += (size_t)got;
		if (!room || content.len > max)
			return fail(job, ERR_TOO_LARGE, "the file is larger than it may be");
		if (got == 0)
			break;
	}
	*ret = arena_bytes(&job->arena, buf_bytes(&content));
	return OK;
}

struct file_in {
	int fd;
};

enum err
file_in_open(struct job *job, const char *path, struct file_in **ret, uint64_t *ret_size)
{
	OWNED(fd_end) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct file_in *file;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return io_error(job);
	if (!S_ISREG(st.st_mode))
		return fail(job, ERR_IO, "is no ordinary file");
	file = calloc(1, sizeof(*file));
	must(file);
	file->fd = fd;
	fd = -1;
	*ret = file;
	*ret_size = (uint64_t)st.st_size;
	return OK;
}

enum err
file_in_at(struct job *job, const struct file_in *file, uint64_t at, void *out, size_t len, size_t *ret_got)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = pread(file->fd, (char *)out + done, len - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_error(job);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret_got = done;
	return OK;
}

void
file_in_close(struct file_in **at)
{
	if (!*at)
		return;
	close((*at)->fd);
	free(*at);
	*at = NULL;
}

static enum err
write_all(struct job *job, int fd, bytes content)
{
	while (content.len) {
		ssize_t put = write(fd, content.ptr, content.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return io_error(job);
		content.ptr += put;
		content.len -= (size_t)put;
	}
	return OK;
}

void
stop_after_failed_sync(void)
{
	fprintf(stderr, "valv: a write could not be made durable (fsync failed); stopping\n");
	_exit(70);
}

enum err
dir_sync(struct job *job, const char *path)
{
	char *copy = (char *)arena_c(&job->arena, str_from_c(path));
	OWNED(fd_end) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return io_error(job);
	return OK;
}

enum err
file_create(struct job *job, const char *path, int mode, bytes content)
{
	OWNED(fd_end) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);

	if (fd < 0 && errno == EEXIST)
		return fail(job, ERR_CONFLICT, "the file is there already");
	if (fd < 0)
		return io_error(job);
	TRY(write_all(job, fd, content));
	if (fsync(fd) < 0)
		return io_error(job);
	return dir_sync(job, path);
}

enum err
file_draft(struct job *job, const char *path, int mode, bytes content)
{
	OWNED(fd_end) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);

	if (fd < 0 && errno == EEXIST)
		return fail(job, ERR_CONFLICT, "the file is there already");
	return fd < 0 ? io_error(job) : write_all(job, fd, content);
}

enum err
file_link(struct job *job, const char *from, const char *to, bool *ret_linked)
{
	*ret_linked = link(from, to) == 0;
	if (*ret_linked || errno == EXDEV || errno == EPERM || errno == EMLINK || errno == ENOENT)
		return OK;
	return io_error(job);
}

enum err
path_rename(struct job *job, const char *from, const char *to)
{
	if (rename(from, to) < 0)
		return io_error(job);
	return dir_sync(job, to);
}

enum err
file_drop(struct job *job, const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? OK : io_error(job);
	return dir_sync(job, path);
}

const char *
path_join(struct job *job, const char *dir, str name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(dir));
	buf_char(&path, '/');
	buf_put(&path, name);
	must(buf_ok(&path));
	return arena_c(&job->arena, buf_str(&path));
}

enum err
file_replace(struct job *job, const char *path, int mode, bytes content)
{
	OWNED(buf_release) struct buf name = { .max = 4096 };
	const char *temporary;

	buf_put(&name, str_from_c(path));
	buf_put(&name, S(".new"));
	temporary = arena_c(&job->arena, buf_str(&name));
	if (unlink(temporary) < 0 && errno != ENOENT)
		return io_error(job);
	TRY(file_create(job, temporary, mode, content));
	if (rename(temporary, path) < 0)
		return io_error(job);
	return dir_sync(job, path);
}

enum err
dir_make(struct job *job, const char *path, int mode)
{
	if (mkdir(path, (mode_t)mode) < 0 && errno != EEXIST)
		return io_error(job);
	return OK;
}

static void
stream_end(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int
name_order(const void *a, const void *b)
{
	return str_cmp(*(const str *)a, *(const str *)b);
}

enum err
dir_names(struct job *job, const char *path, str **ret, size_t *ret_count)
{
	OWNED(stream_end) DIR *dir = opendir(path);
	str *name = NULL;
	size_t count = 0, room = 0;
	struct dirent *each;

	if (!dir)
		return io_error(job);
	while ((each = readdir(dir))) {
		if (strcmp(each->d_name, ".") == 0 || strcmp(each->d_name, "..") == 0)
			continue;
		if (count == room) {
			str *grown = arena_array(&job->arena, room = room ? room * 2 : 64, sizeof(*grown));
			if (count)
				memcpy(grown, name, count * sizeof(*grown));
			name = grown;
		}
		name[count++] = arena_str(&job->arena, str_from_c(each->d_name));
	}
	if (count)
		qsort(name, count, sizeof(*name), name_order);
	*ret = name;
	*ret_count = count;
	return OK;
}

enum err
dir_sync_files(struct job *job, const char *path)
{
	str *name;
	size_t count;

	TRY(dir_names(job, path, &name, &count));
	for (size_t i = 0; i < count; i++) {
		OWNED(fd_end) int fd = open(path_join(job, path, name[i]), O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fsync(fd) < 0)
			return io_error(job);
	}
	return dir_sync(job, path_join(job, path, S("any")));
}

enum err
dir_drop(struct job *job, const char *path)
{
	str *name;
	size_t count;

	if (!file_exists(path))
		return OK;
	TRY(dir_names(job, path, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (unlink(path_join(job, path, name[i])) < 0)
			return io_error(job);
	if (rmdir(path) < 0)
		return io_error(job);
	return dir_sync(job, path);
}

/* What a disk keeps of overwritten blocks is beyond a program; what it keeps of freed ones is not. */
static enum err
file_overwrite(struct job *job, const char *path)
{
	static const uint8_t nothing[16384];
	OWNED(fd_end) int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return io_error(job);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return OK;
	for (size_t left = (size_t)st.st_size; left;) {
		size_t size = left < sizeof(nothing) ? left : sizeof(nothing);
		TRY(write_all(job, fd, (bytes){ nothing, size }));
		left -= size;
	}
	return fsync(fd) < 0 ? io_error(job) : OK;
}

enum err
dir_wipe(struct job *job, const char *path)
{
	str *name;
	size_t count;

	if (!file_exists(path))
		return OK;
	TRY(dir_names(job, path, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (file_overwrite(job, path_join(job, path, name[i])))
			job_forgive(job); /* a full disk that copies on write; going is what counts */
	return dir_drop(job, path);
}

bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

enum err
lock_take(struct job *job, const char *path, int *ret_fd)
{
	OWNED(fd_end) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return io_error(job);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return fail(job, ERR_LOCKED, "another process has the data directory open");
	*ret_fd = fd;
	fd = -1;
	return OK;
}

void
lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
