/* os/file.h -- whole small files, directories, locks.  Paths are C strings: they come from the
 * command line and the data directory's layout, never from a request. */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/job.h"

/* Read a whole file of at most max bytes into the arena.
 *   ERR_ABSENT no such file   ERR_TOO_LARGE   ERR_IO */
must_check enum err file_read(struct job *job, const char *path, size_t max, bytes *ret);

/* A file that is too large to be read whole.  ERR_ABSENT   ERR_IO, also what is no ordinary file */
struct file_in;
must_check enum err file_in_open(struct job *job, const char *path, struct file_in **ret, uint64_t *ret_size);
/* At most `len` octets from `at` on; fewer only at the end.  Any thread.  ERR_IO */
must_check enum err file_in_at(struct job *job, const struct file_in *file, uint64_t at, void *out, size_t len,
                               size_t *ret_got);
void file_in_close(struct file_in **file); /* accepts NULL inside */

/* Create (never overwrite), write, fsync file and directory.
 *   ERR_CONFLICT it is there already   ERR_FULL   ERR_IO */
must_check enum err file_create(struct job *job, const char *path, int mode, bytes content);

/* Replace atomically: temporary file beside it, fsync, rename, fsync of the directory. */
must_check enum err file_replace(struct job *job, const char *path, int mode, bytes content);

/* Create and write, without making it durable: dir_sync_files() does that for many at once. */
must_check enum err file_draft(struct job *job, const char *path, int mode, bytes content);
/* A second name for a file; false where the file systems cannot do that. */
must_check enum err file_link(struct job *job, const char *from, const char *to, bool *ret_linked);
must_check enum err path_rename(struct job *job, const char *from, const char *to); /* durable */
must_check enum err file_drop(struct job *job, const char *path); /* durable; fine if it is not there */
const char *path_join(struct job *job, const char *dir, str name);

/* What stands in a directory, in order, without . and .. */
must_check enum err dir_names(struct job *job, const char *path, str **ret, size_t *ret_count);
must_check enum err dir_sync_files(struct job *job, const char *path); /* and the directory itself */
/* A directory with nothing but files in it; fine if it is not there.  dir_wipe() overwrites them first,
 * as far as they have no other name. */
must_check enum err dir_drop(struct job *job, const char *path);
must_check enum err dir_wipe(struct job *job, const char *path);

must_check enum err dir_make(struct job *job, const char *path, int mode); /* fine if it exists */
/* Sync the directory that `path` stands in, so that what was made or renamed there stays. */
must_check enum err dir_sync(struct job *job, const char *path);
bool file_exists(const char *path);

/* Ends the process with status 70.  Once the sync of a file that holds what was promised has failed, the
 * kernel may have dropped its pages and a second sync would say yes to nothing: what is durable is
 * unknown, and the only honest way on is to stop and read the files again at start. */
_Noreturn void stop_after_failed_sync(void);

/* An exclusive lock held until the process ends or lock_release.  ERR_LOCKED, ERR_IO */
must_check enum err lock_take(struct job *job, const char *path, int *ret_fd);
void lock_release(int fd);

#endif
