/* Preloaded in front of libc: makes the n-th write, sync, allocation or link of files in one directory fail.
 *
 *   VALV_SHIM      file of struct control, mapped shared: the test writes it while the server runs
 *   VALV_SHIM_DIR  only files below this directory count
 *
 * gcc -shared -fPIC -o shim.so shim.c; disk.py builds it and knows the layout. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OP_WRITE = 1, OP_SYNC = 2, OP_ALLOCATE = 4, OP_LINK = 8 };

struct control {
	_Atomic int32_t operations; /* which; 0: nothing fails */
	_Atomic int32_t error;
	_Atomic int64_t after;      /* so many pass first */
	_Atomic int64_t times;      /* so many fail; less than 0: all from then on */
	_Atomic int64_t seen, failed;
	char suffix[64];            /* of the path; empty: any */
};

static struct control *control;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("VALV_SHIM");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd >= 0) {
		void *map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED)
			control = map;
		close(fd);
	}
}

static int
is_meant(const char *path)
{
	const char *dir = getenv("VALV_SHIM_DIR");
	size_t suffix = strnlen(control->suffix, sizeof(control->suffix)), len = strlen(path);

	if (!dir || strncmp(path, dir, strlen(dir)) != 0)
		return 0;
	return len >= suffix && memcmp(path + len - suffix, control->suffix, suffix) == 0;
}

static void
path_of(int fd, char path[4096])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, 4095);
	path[len < 0 ? 0 : len] = 0;
}

static int
fails_at(const char *path)
{
	int kept = errno;

	if (!is_meant(path))
		return 0;
	atomic_fetch_add(&control->seen, 1);
	if (atomic_fetch_sub(&control->after, 1) > 0 || atomic_load(&control->times) == 0) {
		errno = kept;
		return 0;
	}
	if (atomic_load(&control->times) > 0)
		atomic_fetch_sub(&control->times, 1);
	atomic_fetch_add(&control->failed, 1);
	errno = atomic_load(&control->error);
	return 1;
}

static int
asked(int operation)
{
	return control && atomic_load(&control->operations) & operation;
}

static int
fails(int operation, int fd)
{
	int kept = errno;
	char path[4096];

	if (!asked(operation))
		return 0;
	path_of(fd, path);
	errno = kept;
	return fails_at(path);
}

#define NEXT(name) \
	static __typeof__(&name) next; \
	if (!next) \
		next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t
write(int fd, const void *from, size_t len)
{
	NEXT(write);
	return fails(OP_WRITE, fd) ? -1 : next(fd, from, len);
}

ssize_t
pwrite(int fd, const void *from, size_t len, off_t at)
{
	NEXT(pwrite);
	return fails(OP_WRITE, fd) ? -1 : next(fd, from, len, at);
}

ssize_t
pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	NEXT(pwrite64);
	return fails(OP_WRITE, fd) ? -1 : next(fd, from, len, at);
}

int
fsync(int fd)
{
	NEXT(fsync);
	return fails(OP_SYNC, fd) ? -1 : next(fd);
}

int
fdatasync(int fd)
{
	NEXT(fdatasync);
	return fails(OP_SYNC, fd) ? -1 : next(fd);
}

int
ftruncate(int fd, off_t len)
{
	NEXT(ftruncate);
	return fails(OP_ALLOCATE, fd) ? -1 : next(fd, len);
}

int
ftruncate64(int fd, off64_t len)
{
	NEXT(ftruncate64);
	return fails(OP_ALLOCATE, fd) ? -1 : next(fd, len);
}

int
link(const char *from, const char *to)
{
	NEXT(link);
	return asked(OP_LINK) && fails_at(to) ? -1 : next(from, to);
}

int
posix_fallocate(int fd, off_t at, off_t len)
{
	NEXT(posix_fallocate);
	return fails(OP_ALLOCATE, fd) ? errno : next(fd, at, len);
}
