/* main/wipe.c -- what is freed is wiped first.
 *
 * Values pass through libraries that Valv does not own: the parsers of JSON and telephone numbers, the
 * HTTP library, SQLite.  What they free still stands in memory, erased person or not, until something else
 * is written there.  So this program's free() wipes, and its realloc() leaves no copy behind; glibc
 * lets a program have its own ("Replacing malloc" in its manual), and all libraries call these.
 * Valv's own arenas and keys are wiped where they end (base/arena.h, crypto/secret.h).
 *
 * Not under the address sanitizer, which has an allocator of its own.
 */
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void __libc_free(void *ptr); /* glibc's own */

void
free(void *ptr)
{
	int kept = errno;

	if (ptr) {
		explicit_bzero(ptr, malloc_usable_size(ptr));
		__libc_free(ptr);
	}
	errno = kept;
}

/* What fits stays where it is. */
void *
realloc(void *ptr, size_t size)
{
	size_t room = ptr ? malloc_usable_size(ptr) : 0;
	void *moved;

	if (ptr && !size) {
		free(ptr);
		return NULL;
	}
	if (ptr && size <= room && size >= room / 2)
		return ptr;
	moved = malloc(size);
	if (moved && ptr) {
		memcpy(moved, ptr, room < size ? room : size);
		free(ptr);
	}
	return moved;
}

#endif
#endif
