/* src/residue/residue.c: each form of a text is found, wherever it begins; nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/must.h"
#include "residue/residue.h"

#define CANARY "Kanariefågel-17a"

struct told {
	size_t count;
	struct residue_found last;
};

static void
tell(const struct residue_found *found, void *ctx)
{
	struct told *told = ctx;

	told->count++;
	told->last = *found;
}

static void
end(struct residue **residue)
{
	residue_free(residue);
}

/* What is found of CANARY in the octets, fed in pieces of that size. */
static struct told
look(bytes octets, size_t piece, bool halves)
{
	OWNED(end) struct residue *residue = residue_new();
	struct told told = { 0 };

	assert_true(residue_text(residue, S(CANARY), 7, halves));
	residue_begin(residue, tell, &told);
	for (size_t at = 0; at < octets.len; at += piece) {
		size_t len = octets.len - at < piece ? octets.len - at : piece;
		residue_feed(residue, (bytes){ octets.ptr + at, len });
	}
	residue_end(residue);
	return told;
}

/* Noise, `planted` in it, noise. */
static void
plant(struct buf *out, size_t before, bytes planted)
{
	uint32_t state = 0x2545f491;

	for (size_t i = 0; i < before + 3000; i++) {
		if (i == before)
			buf_data(out, planted);
		state ^= state << 13, state ^= state >> 17, state ^= state << 5;
		buf_u8(out, (uint8_t)state);
	}
}

static void
assert_finds(bytes planted, const char *form, unsigned packed)
{
	static const size_t places[] = { 0, 1, 2, 3, 100, 4090, 8191 };

	for (size_t i = 0; i < COUNT(places); i++) {
		OWNED(buf_release) struct buf out = { .max = 1024 * 1024 };
		struct told told;
		plant(&out, places[i], planted);
		told = look(buf_bytes(&out), 1 + 611 * i, false);
		if (told.count < 1)
			fail_msg("%s at %zu is not found", form, places[i]);
		assert_string_equal(told.last.form, form);
		assert_int_equal(told.last.no, 7);
		assert_int_equal(told.last.packed, packed);
		if (packed || strncmp(form, "base64", 6) != 0)
			assert_int_equal(told.last.at, places[i]);
	}
}

static void
text_is_found_in_any_case(void **state UNUSED)
{
	assert_finds(str_bytes(S(CANARY)), "text", 0);
	assert_finds(str_bytes(S("kanariefågel-17A")), "text", 0);
	assert_finds(str_bytes(S("KANARIEFåGEL-17A")), "text", 0);
	assert_finds(str_bytes(S("KANARIEFÅGEL-17A")), "text", 0);
}

static void
latin_1_and_utf_16_are_found(void **state UNUSED)
{
	OWNED(buf_release) struct buf little = { .max = 100 }, big = { .max = 100 };
	const char *latin = "Kanarief\xe5gel-17a";

	assert_finds((bytes){ (const uint8_t *)latin, strlen(latin) }, "latin-1", 0);
	for (const char *at = latin; *at; at++) {
		buf_le16(&little, (uint8_t)*at);
		buf_u8(&big, 0);
		buf_u8(&big, (uint8_t)*at);
	}
	assert_finds(buf_bytes(&little), "utf-16le", 0);
	assert_finds(buf_bytes(&big), "utf-16be", 0);
}

static void
hexadecimal_is_found_in_both_cases(void **state UNUSED)
{
	OWNED(buf_release) struct buf out = { .max = 100 };

	buf_hex(&out, str_bytes(S(CANARY)));
	assert_finds(buf_bytes(&out), "hexadecimal", 0);
	for (size_t i = 0; i < out.len; i++)
		if (out.ptr[i] >= 'a')
			out.ptr[i] = (char)(out.ptr[i] - 'a' + 'A');
	assert_finds(buf_bytes(&out), "hexadecimal", 0);
}

/* The text in the middle of something longer, so that each of three beginnings comes up. */
static void
base64_is_found_wherever_it_begins(void **state UNUSED)
{
	static const str around[] = { { "?>", 2 }, { "~", 1 }, { "", 0 } };

	for (size_t i = 0; i < COUNT(around); i++)
		for (int url = 0; url < 2; url++) {
			OWNED(buf_release) struct buf plain = { .max = 200 }, out = { .max = 400 };
			buf_put(&plain, around[i]);
			buf_put(&plain, S(CANARY "?>?>~~"));
			buf_base64url(&out, buf_bytes(&plain));
			for (size_t n = 0; n < out.len && !url; n++)
				out.ptr[n] = out.ptr[n] == '-' ? '+' : out.ptr[n] == '_' ? '/' : out.ptr[n];
			assert_true(look(buf_bytes(&out), 64, false).count >= 1);
			assert_memory_equal(look(buf_bytes(&out), 64, false).last.form, "base64", 6);
		}
}

static void
base64_of_other_cases_is_found(void **state UNUSED)
{
	static const str other[] = { { "kanariefågel-17a", 17 }, { "KANARIEFÅGEL-17A", 17 } };

	for (size_t i = 0; i < COUNT(other); i++) {
		OWNED(buf_release) struct buf out = { .max = 400 };
		buf_base64url(&out, str_bytes(other[i]));
		assert_true(look(buf_bytes(&out), 64, false).count >= 1);
	}
}

static void
pack(struct buf *out, bytes plain, int bits)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (uint8_t *)plain.ptr;
	z.avail_in = (unsigned)plain.len;
	z.avail_out = (unsigned)deflateBound(&z, plain.len) + 64;
	z.next_out = buf_room(out, z.avail_out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

static void
packed_streams_are_looked_into(void **state UNUSED)
{
	OWNED(buf_release) struct buf plain = { .max = 1024 * 1024 }, zlib = { .max = 1024 * 1024 };
	OWNED(buf_release) struct buf gzip = { .max = 1024 * 1024 }, twice = { .max = 1024 * 1024 };

	for (int i = 0; i < 20000; i++)
		buf_put(&plain, S("all work and no play "));
	buf_put(&plain, S(CANARY));
	for (int i = 0; i < 20000; i++)
		buf_put(&plain, S("makes a dull log "));
	pack(&zlib, buf_bytes(&plain), 15);
	pack(&gzip, buf_bytes(&plain), 15 + 16);
	pack(&twice, buf_bytes(&zlib), 15 + 16);
	assert_finds(buf_bytes(&zlib), "text", 1);
	assert_finds(buf_bytes(&gzip), "text", 1);
	assert_finds(buf_bytes(&twice), "text", 2);
}

static void
what_is_not_there_is_not_found(void **state UNUSED)
{
	OWNED(buf_release) struct buf out = { .max = 4 * 1024 * 1024 };

	for (int i = 0; i < 100; i++)
		plant(&out, 10000, str_bytes(S("Kanariefågel-17b")));
	assert_int_equal(look(buf_bytes(&out), 65536, false).count, 0);
	assert_int_equal(look(str_bytes(S(CANARY)), 1, false).count, 1);
	assert_int_equal(look(str_bytes(str_first(S(CANARY), 16)), 3, false).count, 0);
}

static void
a_text_that_a_page_cuts_is_found_by_its_halves(void **state UNUSED)
{
	OWNED(buf_release) struct buf out = { .max = 1024 * 1024 };
	str canary = S(CANARY);

	plant(&out, 4000, str_bytes(str_first(canary, 11)));
	plant(&out, 10, str_bytes(str_from(canary, 11)));
	assert_int_equal(look(buf_bytes(&out), 4096, false).count, 0);
	assert_int_equal(look(buf_bytes(&out), 4096, true).count, 1);
	assert_true(look(buf_bytes(&out), 4096, true).last.half);
}

static void
texts_have_a_length(void **state UNUSED)
{
	OWNED(end) struct residue *residue = residue_new();

	assert_false(residue_text(residue, S("abc"), 1, false));
	assert_true(residue_text(residue, S("abcd"), 1, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_found_in_any_case),
		cmocka_unit_test(latin_1_and_utf_16_are_found),
		cmocka_unit_test(hexadecimal_is_found_in_both_cases),
		cmocka_unit_test(base64_is_found_wherever_it_begins),
		cmocka_unit_test(base64_of_other_cases_is_found),
		cmocka_unit_test(packed_streams_are_looked_into),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(a_text_that_a_page_cuts_is_found_by_its_halves),
		cmocka_unit_test(texts_have_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
