/* tests/powercut/recover.h -- SQLite's own recovery, run on an image in memory.
 *
 * Many images that differ on the disk come to the same once SQLite has read the log: what follows a torn
 * frame is not there.  Whether a store opens and keeps its promises depends on what it comes to, so each
 * image is recovered, and opened as a whole once for each thing that it may come to (and now and then
 * again, to see that this holds). */
#ifndef POWERCUT_RECOVER_H
#define POWERCUT_RECOVER_H

#include <sqlite3.h>

#include "model.h"

/* The database of that path as it is after recovery; read-only.  NULL: it cannot be opened.  The image
 * must stay until recover_end(). */
sqlite3 *recover_begin(const struct image *image, const char *path);
void recover_end(sqlite3 **base);

/* A hash of all pages of all databases after recovery, and of all other files.  False: something
 * cannot be read, and what it comes to has to be seen by opening it. */
bool recovered_hash(const struct image *image, uint64_t *ret);

#endif
