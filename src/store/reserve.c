/* store/reserve.c -- room that exists so that withdrawals, revocations and erasures still find some on
 * a full disk. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/store_parts.h"

void
reserve_fill(struct store *store)
{
	struct job *job = &store->writer.job;
	const char *path = store_path(job, store->dir, S("reserve"));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size < RESERVE_BYTES &&
	    posix_fallocate(fd, 0, RESERVE_BYTES) != 0) {
		(void)!ftruncate(fd, 0); /* a part of a reserve is none */
		atomic_store(&store->reserve_in_use, true);
	} else {
		atomic_store(&store->reserve_in_use, false);
	}
	close(fd);
}

void
reserve_open(struct store *store)
{
	const char *path = store_path(&store->writer.job, store->dir, S("reserve"));

	if (truncate(path, 0) == 0)
		atomic_store(&store->reserve_in_use, true);
}

void
reserve_restore(struct store *store)
{
	struct statvfs vfs;

	if (atomic_load(&store->reserve_in_use) && statvfs(store->dir, &vfs) == 0 &&
	    (uint64_t)vfs.f_bavail * vfs.f_frsize > 2 * (uint64_t)RESERVE_BYTES)
		reserve_fill(store);
}
