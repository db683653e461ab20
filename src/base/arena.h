/* base/arena.h -- memory that lives as long as one job (a request, a sweep, a command).
 *
 * Calls never return NULL: limits at the edge bound what a job can ask for, and true exhaustion
 * ends the process.  arena_reset() wipes all that was handed out, since it may have held
 * personal data, and keeps the first chunk for the next job.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *first;
	struct arena_chunk *current;
	size_t used_total; /* bytes handed out since the last reset; tests read the high-water mark */
};

void arena_reset(struct arena *arena);   /* wipe, keep the first chunk */
void arena_release(struct arena *arena); /* wipe, free all; accepts { 0 } */

/* Zeroed, aligned for any type.  size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size); /* checked product */
str arena_str(struct arena *arena, str s);       /* a copy */
bytes arena_bytes(struct arena *arena, bytes b); /* a copy */
const char *arena_c(struct arena *arena, str s); /* a NUL-terminated copy, for os/ calls */

#endif
