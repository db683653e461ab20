/* Preloaded in front of libc: writes down what a server does to the files of some directories.
 *
 *   VALV_RECORD       the trace (trace.h), which is appended to
 *   VALV_RECORD_DIRS  the directories, apart by colons
 *   VALV_RECORD_LOSE  test of the test: the end of a path.  What is synced there is not written down
 *                     as synced, as if the call were missing in the source; "/" loses those of directories
 *
 * One lock is held around each call and its record, so the order in the trace is the order in which it
 * happened.  Not seen: stores to mapped files, direct system calls, what libc writes for stdio.  SQLite
 * maps only "-shm", which is no durable state.  That nothing else goes by unseen is checked and not
 * hoped for: all of the trace, replayed, must give the files as they are (powercut.c `same`). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace.h"

#define ROOTS 8
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int trace = -1;
static char root[ROOTS][PATH_MAX];
static size_t root_count;
static const char *lose;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct {
	int (*open)(const char *, int, ...);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*writev)(int, const struct iovec *, int);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
	int (*fsync)(int), (*fdatasync)(int);
	int (*ftruncate)(int, off_t), (*truncate)(const char *, off_t);
	int (*posix_fallocate)(int, off_t, off_t), (*fallocate)(int, int, off_t, off_t);
	int (*rename)(const char *, const char *), (*unlink)(const char *);
	int (*unlinkat)(int, const char *, int);
	int (*mkdir)(const char *, mode_t), (*rmdir)(const char *);
	ssize_t (*send)(int, const void *, size_t, int), (*sendmsg)(int, const struct msghdr *, int);
} libc;

__attribute__((constructor)) static void
begin(void)
{
	const char *dirs = getenv("VALV_RECORD_DIRS"), *path = getenv("VALV_RECORD");
	char copy[4 * PATH_MAX], *rest = copy, *each;

	libc.open = NEXT(open);
	libc.write = NEXT(write);
	libc.writev = NEXT(writev);
	libc.pwrite = NEXT(pwrite);
	libc.fsync = NEXT(fsync);
	libc.fdatasync = NEXT(fdatasync);
	libc.ftruncate = NEXT(ftruncate);
	libc.truncate = NEXT(truncate);
	libc.posix_fallocate = NEXT(posix_fallocate);
	libc.fallocate = NEXT(fallocate);
	libc.rename = NEXT(rename);
	libc.unlink = NEXT(unlink);
	libc.unlinkat = NEXT(unlinkat);
	libc.mkdir = NEXT(mkdir);
	libc.rmdir = NEXT(rmdir);
	libc.send = NEXT(send);
	libc.sendmsg = NEXT(sendmsg);
	lose = getenv("VALV_RECORD_LOSE");
	if (!dirs || !path)
		return;
	snprintf(copy, sizeof(copy), "%s", dirs);
	while ((each = strsep(&rest, ":")) && root_count < ROOTS)
		snprintf(root[root_count++], PATH_MAX, "%s", each);
	trace = libc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* --- records ---------------------------------------------------------------------------------- */

static void
put2(enum trace_kind kind, uint64_t inode, int64_t at, int64_t len, const void *one, size_t one_len,
     const void *two, size_t two_len)
{
	struct trace_head head = { .kind = (uint8_t)kind, .inode = inode, .at = at, .len = len };
	struct iovec part[] = { { &head, sizeof(head) }, { (void *)one, one_len }, { (void *)two, two_len } };

	head.size = (uint32_t)(sizeof(head) + one_len + two_len);
	if (libc.writev(trace, part, 3) != (ssize_t)head.size)
		abort(); /* a trace with a hole proves nothing */
}

static void
put(enum trace_kind kind, uint64_t inode, int64_t at, int64_t len, const void *octets, size_t octets_len)
{
	put2(kind, inode, at, len, octets, octets_len, NULL, 0);
}

static bool
ends(const char *path, const char *end)
{
	size_t len = strlen(path), end_len = strlen(end);

	return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

/* "0/valv.db" of a path in a recorded directory; not of what is no durable state. */
static bool
meant(const char *path, char ret[PATH_MAX])
{
	char full[PATH_MAX * 2], cwd[PATH_MAX];

	if (trace < 0 || !path)
		return false;
	if (path[0] != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return false;
		snprintf(full, sizeof(full), "%s/%s", cwd, path);
		path = full;
	}
	if (ends(path, "-shm") || ends(path, ".sock") || ends(path, "/lock") || ends(path, "/reserve"))
		return false;
	for (size_t i = 0; i < root_count; i++) {
		size_t len = strlen(root[i]);
		if (strncmp(path, root[i], len) != 0 || (path[len] != '/' && path[len]))
			continue;
		snprintf(ret, PATH_MAX, "%zu%s", i, path[len] && path[len + 1] ? path + len : "/");
		return true;
	}
	return false;
}

/* Of an open file: its inode, when it is one of ours. */
static bool
meant_fd(int fd, struct stat *st, char ret[PATH_MAX])
{
	char link[64], path[PATH_MAX];
	ssize_t len;

	if (trace < 0 || fstat(fd, st) < 0 || !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return false;
	path[len] = 0;
	return meant(path, ret);
}

static void
lock(void)
{
	pthread_mutex_lock(&mutex);
}

static void
unlock(void)
{
	int kept = errno;

	pthread_mutex_unlock(&mutex);
	errno = kept;
}

/* --- files ------------------------------------------------------------------------------------ */

static int
open_at(const char *path, int flags, mode_t mode)
{
	char name[PATH_MAX];
	struct stat st;
	bool there;
	int fd;

	if (!meant(path, name))
		return libc.open(path, flags, mode);
	lock();
	there = stat(path, &st) == 0;
	fd = libc.open(path, flags, mode);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		put(there ? TRACE_OPEN : TRACE_CREATE, st.st_ino, 0, 0, name, strlen(name));
		if (there && flags & O_TRUNC)
			put(TRACE_TRUNCATE, st.st_ino, 0, 0, NULL, 0);
	}
	unlock();
	return fd;
}

int
open(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return open_at(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return open_at(path, flags, mode);
}

/* The path that a descriptor of a directory and a name come to. */
static const char *
beneath(int dir, const char *path, char ret[PATH_MAX])
{
	char link[64];
	ssize_t len;

	if (path[0] == '/' || dir == AT_FDCWD)
		return path;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	len = readlink(link, ret, PATH_MAX - 1);
	if (len < 0)
		return path;
	snprintf(ret + len, PATH_MAX - (size_t)len, "/%s", path);
	return ret;
}

int
openat(int dir, const char *path, int flags, ...)
{
	char full[PATH_MAX];
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return open_at(beneath(dir, path, full), flags, mode);
}

int
openat64(int dir, const char *path, int flags, ...)
{
	char full[PATH_MAX];
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return open_at(beneath(dir, path, full), flags, mode);
}

static ssize_t
pwrite_at(int fd, const void *from, size_t len, off_t at)
{
	char name[PATH_MAX];
	struct stat st;
	ssize_t done;

	if (!meant_fd(fd, &st, name))
		return libc.pwrite(fd, from, len, at);
	lock();
	done = libc.pwrite(fd, from, len, at);
	if (done > 0)
		put(TRACE_WRITE, st.st_ino, at, done, from, (size_t)done);
	unlock();
	return done;
}

ssize_t
pwrite(int fd, const void *from, size_t len, off_t at)
{
	return pwrite_at(fd, from, len, at);
}

ssize_t
pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	return pwrite_at(fd, from, len, at);
}

static void
answering(int fd)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	int kept = errno;

	if (trace < 0 || getpeername(fd, (struct sockaddr *)&peer, &len) < 0) {
		errno = kept;
		return;
	}
	lock();
	put(TRACE_SEND, 0, peer.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&peer)->sin_port) : 0, 0, NULL, 0);
	unlock();
}

ssize_t
write(int fd, const void *from, size_t len)
{
	char name[PATH_MAX];
	struct stat st;
	ssize_t done;

	if (trace < 0)
		return libc.write(fd, from, len);
	if (!meant_fd(fd, &st, name)) {
		answering(fd);
		return libc.write(fd, from, len);
	}
	lock();
	done = libc.write(fd, from, len);
	if (done > 0)
		put(TRACE_WRITE, st.st_ino, lseek(fd, 0, SEEK_CUR) - done, done, from, (size_t)done);
	unlock();
	return done;
}

/* A part of it may be written, as always; callers go on from there. */
ssize_t
writev(int fd, const struct iovec *part, int count)
{
	char name[PATH_MAX];
	struct stat st;

	if (trace < 0)
		return libc.writev(fd, part, count);
	if (meant_fd(fd, &st, name))
		return count ? write(fd, part[0].iov_base, part[0].iov_len) : 0;
	answering(fd);
	return libc.writev(fd, part, count);
}

ssize_t
send(int fd, const void *from, size_t len, int flags)
{
	answering(fd);
	return libc.send(fd, from, len, flags);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	answering(fd);
	return libc.sendmsg(fd, message, flags);
}

static int
sync_at(int fd, int (*next)(int))
{
	char name[PATH_MAX];
	struct stat st;
	int done;

	if (!meant_fd(fd, &st, name))
		return next(fd);
	lock();
	done = next(fd);
	if (done == 0 && S_ISDIR(st.st_mode) && !(lose && strcmp(lose, "/") == 0))
		put(TRACE_SYNC_DIR, st.st_ino, 0, 0, name, strlen(name));
	else if (done == 0 && S_ISREG(st.st_mode) && !(lose && ends(name, lose)))
		put(TRACE_SYNC, st.st_ino, 0, 0, name, strlen(name));
	unlock();
	return done;
}

int
fsync(int fd)
{
	return sync_at(fd, libc.fsync);
}

int
fdatasync(int fd)
{
	return sync_at(fd, libc.fdatasync);
}

static int
resize(int fd, off_t len)
{
	char name[PATH_MAX];
	struct stat st;
	int done;

	if (!meant_fd(fd, &st, name))
		return libc.ftruncate(fd, len);
	lock();
	done = libc.ftruncate(fd, len);
	if (done == 0)
		put(TRACE_TRUNCATE, st.st_ino, 0, len, NULL, 0);
	unlock();
	return done;
}

int
ftruncate(int fd, off_t len)
{
	return resize(fd, len);
}

int
ftruncate64(int fd, off64_t len)
{
	return resize(fd, len);
}

static int
resize_path(const char *path, off_t len)
{
	char name[PATH_MAX];
	struct stat st;
	int done;

	if (!meant(path, name))
		return libc.truncate(path, len);
	lock();
	done = libc.truncate(path, len);
	if (done == 0 && stat(path, &st) == 0) {
		put(TRACE_OPEN, st.st_ino, 0, 0, name, strlen(name));
		put(TRACE_TRUNCATE, st.st_ino, 0, len, NULL, 0);
	}
	unlock();
	return done;
}

int
truncate(const char *path, off_t len)
{
	return resize_path(path, len);
}

int
truncate64(const char *path, off64_t len)
{
	return resize_path(path, len);
}

static int
allocate(int fd, off_t at, off_t len)
{
	char name[PATH_MAX];
	struct stat st;
	int done;

	if (!meant_fd(fd, &st, name))
		return libc.posix_fallocate(fd, at, len);
	lock();
	done = libc.posix_fallocate(fd, at, len);
	if (done == 0)
		put(TRACE_ALLOCATE, st.st_ino, 0, at + len, NULL, 0);
	unlock();
	return done;
}

int
posix_fallocate(int fd, off_t at, off_t len)
{
	return allocate(fd, at, len);
}

int
posix_fallocate64(int fd, off64_t at, off64_t len)
{
	return allocate(fd, at, len);
}

/* --- directories ------------------------------------------------------------------------------ */

int
rename(const char *from, const char *to)
{
	char one[PATH_MAX], two[PATH_MAX];
	bool ours = meant(from, one) && meant(to, two);
	int done;

	if (!ours)
		return libc.rename(from, to);
	lock();
	done = libc.rename(from, to);
	if (done == 0)
		put2(TRACE_RENAME, 0, 0, 0, one, strlen(one) + 1, two, strlen(two));
	unlock();
	return done;
}

static int
path_op(enum trace_kind kind, const char *path, int (*next)(const char *))
{
	char name[PATH_MAX];
	int done;

	if (!meant(path, name))
		return next(path);
	lock();
	done = next(path);
	if (done == 0)
		put(kind, 0, 0, 0, name, strlen(name));
	unlock();
	return done;
}

int
unlink(const char *path)
{
	return path_op(TRACE_UNLINK, path, libc.unlink);
}

int
rmdir(const char *path)
{
	return path_op(TRACE_RMDIR, path, libc.rmdir);
}

int
unlinkat(int dir, const char *path, int flags)
{
	char full[PATH_MAX], name[PATH_MAX];
	int done;

	if (!meant(beneath(dir, path, full), name))
		return libc.unlinkat(dir, path, flags);
	lock();
	done = libc.unlinkat(dir, path, flags);
	if (done == 0)
		put(flags & AT_REMOVEDIR ? TRACE_RMDIR : TRACE_UNLINK, 0, 0, 0, name, strlen(name));
	unlock();
	return done;
}

int
mkdir(const char *path, mode_t mode)
{
	char name[PATH_MAX];
	int done;

	if (!meant(path, name))
		return libc.mkdir(path, mode);
	lock();
	done = libc.mkdir(path, mode);
	if (done == 0)
		put(TRACE_MKDIR, 0, 0, 0, name, strlen(name));
	unlock();
	return done;
}
