/* src/base/arena.c */
#include "base_test.h"

#include <stdalign.h>

#include "base/arena.h"

static void
memory_is_zeroed_aligned_and_never_shared(void **state)
{
	OWNED(arena_release) struct arena arena = { 0 };
	uint8_t *before = NULL;
	size_t before_size = 0;

	/* Whatever the size of a chunk is, what malloc gives out again is not zero. */
	for (size_t size = 16 * 1024; size <= 256 * 1024; size *= 2) {
		void *dirty = malloc(size + 32);

		memset(dirty, 0xdd, size + 32);
		free(dirty);
	}

	for (size_t size = 0; size < 3000; size += 7) {
		uint8_t *ptr = arena_alloc(&arena, size);

		assert_non_null(ptr);
		assert_int_equal((uintptr_t)ptr % alignof(max_align_t), 0);
		assert_true(all_zero(ptr, size));
		memset(ptr, 0xee, size);
		assert_true(!before || before_size == 0 || before[before_size - 1] == 0xee);
		before = ptr;
		before_size = size;
	}
	memset(arena_alloc(&arena, 1000000), 0xee, 1000000); /* larger than any chunk */
	memset(arena_alloc(&arena, 10), 0xee, 10);
}

static void
copies_are_copies(void **state)
{
	OWNED(arena_release) struct arena arena = { 0 };
	char text[] = "text";
	str copy = arena_str(&arena, (str){ text, 4 });
	const char *c = arena_c(&arena, (str){ text, 4 });
	bytes none = arena_bytes(&arena, (bytes){ 0 });

	text[0] = 'n';
	assert_text(copy, "text");
	assert_string_equal(c, "text");
	c = arena_c(&arena, S("sixteen letters.")); /* whose end lies in the next unit */
	memset(arena_alloc(&arena, 1), 'x', 1);
	assert_string_equal(c, "sixteen letters.");
	assert_string_equal(arena_c(&arena, (str){ 0 }), "");
	assert_true(none.len == 0 && none.ptr);
}

static void
a_reset_wipes_and_the_memory_serves_again(void **state)
{
	OWNED(arena_release) struct arena arena = { 0 };
	uint8_t *first = arena_alloc(&arena, 500), *second;

	memset(first, 0xee, 500);
	second = arena_alloc(&arena, 1000000); /* a second chunk */
	memset(second, 0xee, 1000000);
	assert_true(arena.used_total >= 1000500);
	watch_free(second, 1000000);
	arena_reset(&arena);
	assert_true(freed_as_zeros());
	assert_true(all_zero(first, 500)); /* kept, so it can be looked at */
	assert_int_equal(arena.used_total, 0);
	assert_ptr_equal(arena_alloc(&arena, 10), first);
}

static void
a_release_wipes_every_chunk(void **state)
{
	struct arena arena = { 0 };
	uint8_t *first = arena_alloc(&arena, 500);

	memset(first, 0xee, 500);
	for (int i = 0; i < 10; i++)
		memset(arena_alloc(&arena, 90000), 0xee, 90000);
	watch_free(first, 500);
	arena_release(&arena);
	assert_true(freed_as_zeros());
	assert_true(all_zero(&arena, sizeof(arena)));
	arena_release(&arena); /* nothing is fine */
	arena_reset(&arena);
}

static void
array_whose_product_overflows(void)
{
	struct arena arena = { 0 };

	arena_array(&arena, SIZE_MAX / 2 + 2, 2); /* 2, as far as size_t can tell */
}

static void
more_than_there_can_be(void)
{
	struct arena arena = { 0 };

	arena_alloc(&arena, SIZE_MAX - 3);
}

static void
sizes_that_overflow_end_the_process(void **state)
{
	assert_stops(array_whose_product_overflows);
	assert_stops(more_than_there_can_be);
}

int
arena_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_never_shared),
		cmocka_unit_test(copies_are_copies),
		cmocka_unit_test(a_reset_wipes_and_the_memory_serves_again),
		cmocka_unit_test(a_release_wipes_every_chunk),
		cmocka_unit_test(sizes_that_overflow_end_the_process),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
