/* src/base/buf.c */
#include "base_test.h"

static void
numbers_print_in_decimal(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = 1000 };

	buf_dec(&buf, 0);
	buf_char(&buf, ' ');
	buf_dec(&buf, -1);
	buf_char(&buf, ' ');
	buf_dec(&buf, INT64_MIN);
	buf_char(&buf, ' ');
	buf_dec(&buf, INT64_MAX);
	buf_char(&buf, ' ');
	buf_udec(&buf, UINT64_MAX);
	buf_char(&buf, ' ');
	buf_pad(&buf, 7, 3);
	buf_char(&buf, ' ');
	buf_pad(&buf, 1234, 3);
	buf_char(&buf, ' ');
	buf_pad(&buf, 0, 25);
	assert_text(buf_str(&buf), "0 -1 -9223372036854775808 9223372036854775807 "
	                           "18446744073709551615 007 1234 0000000000000000000000000");
}

static void
octets_print_in_hex_and_base64url(void **state)
{
	static const char *const rfc_4648[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE",
		                                "Zm9vYmFy" }; /* section 10, without padding */
	static const char *const rfc_4648_32[] = { "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB",
		                                   "MZXW6YTBOI" };
	const uint8_t high[] = { 0x00, 0x0f, 0xf0, 0xfb, 0xff, 0xbf };
	OWNED(buf_release) struct buf buf = { .max = 1000 };

	buf_hex(&buf, (bytes){ high, sizeof(high) });
	assert_text(buf_str(&buf), "000ff0fbffbf");
	buf_clear(&buf);
	buf_base64url(&buf, (bytes){ high, sizeof(high) });
	assert_text(buf_str(&buf), "AA_w-_-_");
	for (size_t len = 0; len < COUNT(rfc_4648); len++) {
		buf_clear(&buf);
		buf_base64url(&buf, str_bytes(str_first(S("foobar"), len)));
		assert_text(buf_str(&buf), rfc_4648[len]);
		buf_clear(&buf);
		buf_base32(&buf, str_bytes(str_first(S("foobar"), len)));
		assert_text(buf_str(&buf), rfc_4648_32[len]);
	}
}

static void
base64url_is_read_in_its_one_form(void **state)
{
	static const char *const bad[] = { "Z", "Zm9vY", "Zg=", "Zg==", "Zh", "Zm9", "Zm9-/", "Zm9v+mFy", " Zg", "Zg\n", "Z\xc3" };
	OWNED(buf_release) struct buf text = { .max = 1000 }, octets = { .max = 1000 };
	uint8_t all[256];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(i * 167 + 13);
	for (size_t len = 0; len <= sizeof(all); len++) {
		buf_clear(&text);
		buf_clear(&octets);
		buf_base64url(&text, (bytes){ all, len });
		assert_true(buf_from_base64url(&octets, buf_str(&text)));
		assert_int_equal(octets.len, len);
		if (len)
			assert_memory_equal(octets.ptr, all, len);
	}
	buf_clear(&octets);
	buf_put(&octets, S("before"));
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(buf_from_base64url(&octets, str_from_c(bad[i])));
		assert_text(buf_str(&octets), "before");
	}
}

static void
what_is_written_little_endian_is_eaten_again(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = 1000 };
	bytes rest, block, empty;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	buf_u8(&buf, 0xfe);
	buf_le16(&buf, 0x1234);
	buf_le32(&buf, 0xdeadbeef);
	buf_le64(&buf, UINT64_C(0xfedcba9876543210));
	buf_block(&buf, str_bytes(S("block")));
	buf_block(&buf, (bytes){ 0 });
	assert_memory_equal(buf.ptr, "\xfe\x34\x12\xef\xbe\xad\xde\x10\x32\x54\x76\x98\xba\xdc\xfe",
	                    15);
	rest = buf_bytes(&buf);
	assert_true(eat_u8(&rest, &u8) && u8 == 0xfe);
	assert_true(eat_le16(&rest, &u16) && u16 == 0x1234);
	assert_true(eat_le32(&rest, &u32) && u32 == 0xdeadbeef);
	assert_true(eat_le64(&rest, &u64) && u64 == UINT64_C(0xfedcba9876543210));
	assert_true(eat_block(&rest, &block) && eat_block(&rest, &empty));
	assert_text(bytes_str(block), "block");
	assert_true(empty.len == 0 && rest.len == 0);
	assert_false(eat_u8(&rest, &u8) || eat_le16(&rest, &u16) || eat_block(&rest, &block));
}

static void
full_to_the_last_octet_is_fine_and_one_more_sticks(void **state)
{
	static const size_t limits[] = { 0, 1, 5, 255, 256, 257, 1000, 70000 };

	for (size_t i = 0; i < COUNT(limits); i++) {
		OWNED(buf_release) struct buf buf = { .max = limits[i] };

		for (size_t n = 0; n < limits[i]; n++)
			buf_char(&buf, (char)n);
		assert_true(buf_ok(&buf));
		assert_int_equal(buf.len, limits[i]);
		buf_put(&buf, S(""));
		assert_true(buf_ok(&buf));
		buf_char(&buf, 'x');
		assert_false(buf_ok(&buf));
		assert_int_equal(buf.len, limits[i]);
		for (size_t n = 0; n < limits[i]; n++)
			assert_int_equal(buf.ptr[n], (char)n);
	}
}

static void
what_does_not_fit_sticks_although_less_would_fit(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = 5 };

	buf_put(&buf, S("abc"));
	buf_put(&buf, S("def"));
	buf_put(&buf, S("g"));
	buf_char(&buf, 'h');
	buf_dec(&buf, 1);
	assert_null(buf_room(&buf, 0));
	assert_false(buf_ok(&buf));
	assert_text(buf_str(&buf), "abc");
	buf_clear(&buf);
	assert_true(buf_ok(&buf));
	buf_put(&buf, S("abcde"));
	assert_text(buf_str(&buf), "abcde");
}

static void
room_that_overflows_is_refused(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = SIZE_MAX };

	buf_put(&buf, S("abc"));
	assert_null(buf_room(&buf, SIZE_MAX - 2));
	assert_false(buf_ok(&buf));
}

static void
room_counts_only_what_is_added(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = 10000 };
	char *room = buf_room(&buf, 5000);

	memset(room, 'x', 5000);
	assert_int_equal(buf.len, 0);
	buf.len = 3;
	assert_text(buf_str(&buf), "xxx");
}

static void
memory_is_wiped_when_it_moves_and_when_it_ends(void **state)
{
	struct buf buf = { .max = 100000 };

	for (int i = 0; i < 256; i++)
		buf_char(&buf, 'x');
	watch_free(buf.ptr, 256);
	buf_char(&buf, 'x'); /* moves */
	assert_true(freed_as_zeros());
	for (int i = 0; i < 200; i++)
		buf_char(&buf, 'x');
	watch_free(buf.ptr, buf.len);
	buf.len = 10; /* what no longer counts is wiped too */
	buf_release(&buf);
	assert_true(freed_as_zeros());
	assert_true(!buf.ptr && !buf.len && buf.max == 100000);
	buf_release(&buf); /* nothing is fine */
	buf_clear(&buf);
}

static void
clearing_wipes_and_keeps_the_memory(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = 1000 };
	const char *ptr;

	buf_put(&buf, S("somebody's name"));
	ptr = buf.ptr;
	buf_clear(&buf);
	assert_ptr_equal(buf.ptr, ptr);
	assert_true(all_zero(ptr, 15));
	assert_int_equal(buf.len, 0);
}

int
buf_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_in_decimal),
		cmocka_unit_test(octets_print_in_hex_and_base64url),
		cmocka_unit_test(base64url_is_read_in_its_one_form),
		cmocka_unit_test(what_is_written_little_endian_is_eaten_again),
		cmocka_unit_test(full_to_the_last_octet_is_fine_and_one_more_sticks),
		cmocka_unit_test(what_does_not_fit_sticks_although_less_would_fit),
		cmocka_unit_test(room_that_overflows_is_refused),
		cmocka_unit_test(room_counts_only_what_is_added),
		cmocka_unit_test(memory_is_wiped_when_it_moves_and_when_it_ends),
		cmocka_unit_test(clearing_wipes_and_keeps_the_memory),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
