/* tests/powercut/second.h -- the second place: what was taken away stands in the ledger of facts when the
 * answer leaves, and stays there whatever the disk loses (G1, G4 of store/facts.h).
 *
 * The file only grows, so what it held at an answer is how far it had been written then.  That is told
 * apart from what is written for others only where one client asks at a time; other traces are not held
 * to this. */
#ifndef POWERCUT_SECOND_H
#define POWERCUT_SECOND_H

#include "expect.h"

struct second;

struct second *second_new(const struct trace *trace, const struct promises *promises, const char *const *root,
                          size_t root_count);
/* The newest promise by `cut` of which the ledger in the image does not know; NULL: none. */
const struct promise *second_find(const struct second *second, const struct image *image, size_t cut);

#endif
