/* tests/powercut/dead.h -- keys that must be dead: once the call that destroys them is answered, no
 * wrapped form that holds one may be found in any file, whatever the disk lost.
 *
 * First the whole trace is walked without a cut, and after each sync of keys.db's log the table is
 * read and opened: so every wrapped form that ever was is known, what was in it, and when it died.
 * Then each image is searched for those that have no right to be there, before it is opened. */
#ifndef POWERCUT_DEAD_H
#define POWERCUT_DEAD_H

#include "expect.h"

struct dead;

/* root[0]: the directory with the root key. */
struct dead *dead_new(const struct trace *trace, const struct promises *promises, const char *const *root,
                      size_t root_count);
/* What of keys that had to be dead by `cut` is in the image; NULL: nothing. */
const struct promise *dead_find(const struct dead *dead, const struct image *image, size_t cut);
size_t dead_count(const struct dead *dead); /* wrapped forms that were to die */

#endif
