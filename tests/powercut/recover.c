/* tests/powercut/recover.c -- see recover.h.  A file system for SQLite whose files are those of one image:
 * it reads, keeps the index of the log in memory, and has no other users to lock out. */
#include "recover.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

#define REGIONS_MAX 64

struct memory_file {
	sqlite3_file file; /* first: SQLite's */
	const struct content *content;
	struct content *writable; /* NULL: it is of the image */
	void *region[REGIONS_MAX];
	int region_count;
};

/* SQLite asks by name only; one thread of each worker is here at a time. */
static const struct image *current;

/* A database that is not of the image: what another one comes to is copied into it. */
#define COPY "copy"
static struct content copy;

static int
on_close(sqlite3_file *file)
{
	struct memory_file *memory = (struct memory_file *)file;

	for (int i = 0; i < memory->region_count; i++)
		free(memory->region[i]);
	memory->region_count = 0;
	return SQLITE_OK;
}

static int
on_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
	const struct content *content = ((struct memory_file *)file)->content;
	size_t there = content && (size_t)at < content->len ? content->len - (size_t)at : 0;

	if (there > (size_t)len)
		there = (size_t)len;
	if (there)
		memcpy(to, content->ptr + at, there);
	memset((char *)to + there, 0, (size_t)len - there);
	return there == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
on_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
	struct content *content = ((struct memory_file *)file)->writable;

	if (!content)
		return SQLITE_READONLY;
	if (content->len < (size_t)(at + len))
		content_size(content, (size_t)(at + len));
	memcpy(content->ptr + at, from, (size_t)len);
	return SQLITE_OK;
}

static int
on_truncate(sqlite3_file *file, sqlite3_int64 len)
{
	struct content *content = ((struct memory_file *)file)->writable;

	if (!content)
		return SQLITE_READONLY;
	content_size(content, (size_t)len);
	return SQLITE_OK;
}

static int
on_sync(sqlite3_file *file, int flags)
{
	return SQLITE_OK;
}

static int
on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	const struct content *content = ((struct memory_file *)file)->content;

	*ret = content ? (sqlite3_int64)content->len : 0;
	return SQLITE_OK;
}

static int
on_lock(sqlite3_file *file, int level)
{
	return SQLITE_OK;
}

static int
on_check(sqlite3_file *file, int *ret)
{
	*ret = 0;
	return SQLITE_OK;
}

static int
on_control(sqlite3_file *file, int operation, void *argument)
{
	return SQLITE_NOTFOUND;
}

static int
on_sector(sqlite3_file *file)
{
	return 512;
}

static int
on_device(sqlite3_file *file)
{
	return 0;
}

static int
on_shm_map(sqlite3_file *file, int nth, int size, int extend, void volatile **ret)
{
	struct memory_file *memory = (struct memory_file *)file;

	must(nth < REGIONS_MAX);
	*ret = NULL;
	if (nth >= memory->region_count && !extend)
		return SQLITE_OK;
	while (memory->region_count <= nth) {
		memory->region[memory->region_count] = calloc(1, (size_t)size);
		must(memory->region[memory->region_count++]);
	}
	*ret = memory->region[nth];
	return SQLITE_OK;
}

static int
on_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
	return SQLITE_OK;
}

static void
on_shm_barrier(sqlite3_file *file)
{
}

static int
on_shm_unmap(sqlite3_file *file, int drop)
{
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, .xClose = on_close, .xRead = on_read, .xWrite = on_write, .xTruncate = on_truncate,
	.xSync = on_sync, .xFileSize = on_size, .xLock = on_lock, .xUnlock = on_lock,
	.xCheckReservedLock = on_check, .xFileControl = on_control, .xSectorSize = on_sector,
	.xDeviceCharacteristics = on_device, .xShmMap = on_shm_map, .xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier, .xShmUnmap = on_shm_unmap,
};

static int
on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct memory_file *memory = (struct memory_file *)file;

	*memory = (struct memory_file){ .content = name ? image_find(current, name) : NULL };
	if (name && strcmp(name, COPY) == 0)
		memory->content = memory->writable = &copy;
	if (flags & SQLITE_OPEN_MAIN_DB && !memory->content)
		return SQLITE_CANTOPEN;
	memory->file.pMethods = &methods;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int
on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	return SQLITE_OK;
}

static int
on_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
	*ret = image_find(current, name) != NULL;
	return SQLITE_OK;
}

static int
on_full(sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
	return snprintf(ret, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static sqlite3_vfs *
vfs_of_images(void)
{
	static sqlite3_vfs vfs;

	if (vfs.zName)
		return &vfs;
	vfs = *sqlite3_vfs_find(NULL); /* time, randomness and sleep are the system's */
	vfs.iVersion = 1;
	vfs.szOsFile = sizeof(struct memory_file);
	vfs.zName = "image";
	vfs.xOpen = on_open;
	vfs.xDelete = on_delete;
	vfs.xAccess = on_access;
	vfs.xFullPathname = on_full;
	must(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
	return &vfs;
}

sqlite3 *
recover_begin(const struct image *image, const char *path)
{
	sqlite3 *base = NULL;

	current = image;
	if (sqlite3_open_v2(path, &base, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs_of_images()->zName) != SQLITE_OK)
		recover_end(&base);
	if (base)
		sqlite3_db_config(base, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return base;
}

void
recover_end(sqlite3 **base)
{
	sqlite3_close(*base);
	*base = NULL;
}

static bool
ends(const char *path, const char *end)
{
	size_t len = strlen(path), end_len = strlen(end);

	return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

/* Page by page and without reading any schema, which would cost more than all the rest. */
static bool
database_copy(sqlite3 *from)
{
	sqlite3 *to = NULL;
	sqlite3_backup *backup;
	bool done = false;

	content_size(&copy, 0);
	must(sqlite3_open_v2(COPY, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	                     vfs_of_images()->zName) == SQLITE_OK);
	must(sqlite3_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL) == SQLITE_OK);
	backup = sqlite3_backup_init(to, "main", from, "main");
	if (backup) {
		done = sqlite3_backup_step(backup, -1) == SQLITE_DONE;
		done = sqlite3_backup_finish(backup) == SQLITE_OK && done;
	}
	recover_end(&to);
	return done;
}

static bool
database_hash(const struct image *image, const char *path, uint64_t *ret)
{
	sqlite3 *base = recover_begin(image, path);
	bool copied = base && database_copy(base);

	if (copied)
		*ret = octets_hash(copy.ptr, copy.len);
	recover_end(&base);
	return copied;
}

bool
recovered_hash(const struct image *image, uint64_t *ret)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < image->count; i++) {
		const struct image_file *file = &image->file[i];
		uint64_t part[2] = { octets_hash(file->path, strlen(file->path)), file->hash };
		if (ends(file->path, "-journal"))
			return false;
		if (ends(file->path, ".db-wal"))
			continue;
		if (ends(file->path, ".db") && !database_hash(image, file->path, &part[1]))
			return false;
		sum += octets_hash(part, sizeof(part)); /* in any order */
	}
	*ret = sum;
	return true;
}
