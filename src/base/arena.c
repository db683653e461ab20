#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

#define CHUNK_SIZE_MIN ((size_t)64 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) unsigned char data[];
};

static struct arena_chunk *
chunk_new(size_t size)
{
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);

	must(chunk);
	*chunk = (struct arena_chunk){ .size = size };
	return chunk;
}

void
arena_reset(struct arena *arena)
{
	struct arena_chunk *chunk = arena->first;

	if (!chunk)
		return;
	while (chunk->next) {
		struct arena_chunk *next = chunk->next;
		chunk->next = next->next;
		explicit_bzero(next->data, next->used);
		free(next);
	}
	explicit_bzero(chunk->data, chunk->used);
	chunk->used = 0;
	arena->current = chunk;
	arena->used_total = 0;
}

void
arena_release(struct arena *arena)
{
	arena_reset(arena);
	free(arena->first);
	*arena = (struct arena){ 0 };
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *chunk = arena->current;
	void *ptr;

	must(size <= SIZE_MAX / 2);
	size = (size + align - 1) & ~(align - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		struct arena_chunk *fresh = chunk_new(size > CHUNK_SIZE_MIN ? size : CHUNK_SIZE_MIN);
		if (chunk) {
			fresh->next = chunk->next;
			chunk->next = fresh;
		} else {
			arena->first = fresh;
		}
		arena->current = chunk = fresh;
	}
	ptr = chunk->data + chunk->used;
	chunk->used += size;
	arena->used_total += size;
	memset(ptr, 0, size);
	return ptr;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	must(!__builtin_mul_overflow(count, size, &total));
	return arena_alloc(arena, total);
}

str
arena_str(struct arena *arena, str s)
{
	char *copy = arena_alloc(arena, s.len);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (str){ copy, s.len };
}

bytes
arena_bytes(struct arena *arena, bytes b)
{
	return str_bytes(arena_str(arena, bytes_str(b)));
}

const char *
arena_c(struct arena *arena, str s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}
