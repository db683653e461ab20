/* os/walk.h -- every file under a directory, and large files piece by piece. */
#ifndef OS_WALK_H
#define OS_WALK_H

#include "base/job.h"

/* Calls `each` for every regular file under `path`, or for `path` itself; in no certain order.
 * Symbolic links are not followed.  Stops at the first error of `each`.
 *   ERR_ABSENT  ERR_IO */
typedef enum err walk_each(struct job *job, const char *path, void *ctx);
must_check enum err walk(struct job *job, const char *path, walk_each *each, void *ctx);

/* The whole file in pieces of at most `max` octets.  What is gone by the time it is opened is no error:
 * *ret_there is false.  ERR_IO */
typedef void piece_each(bytes piece, void *ctx);
must_check enum err file_pieces(struct job *job, const char *path, size_t max, piece_each *each, void *ctx,
                                bool *ret_there);

#endif
