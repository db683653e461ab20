/* src/base/str.c */
#include "base_test.h"

#include "utf8_oracle.h"

#define EMPTY ((str){ NULL, 0 })

static void
texts_compare_by_their_octets(void **state)
{
	assert_true(str_eq(S("abc"), S("abc")) && str_eq(EMPTY, S("")));
	assert_false(str_eq(S("abc"), S("abd")) || str_eq(S("abc"), S("ab")) ||
	             str_eq(S("a\0b"), S("a\0c")));
	assert_true(str_eq_fold(S("Ab-Z[{"), S("aB-z[{")));
	assert_false(str_eq_fold(S("[a"), S("{a")) || str_eq_fold(S("@"), S("`")) ||
	             str_eq_fold(S("\xc3\x85"), S("\xc3\xa5"))); /* ASCII only */
	assert_true(str_cmp(S("a"), S("b")) < 0 && str_cmp(S("b"), S("a")) > 0);
	assert_true(str_cmp(S("a"), S("ab")) < 0 && str_cmp(S("ab"), S("a")) > 0);
	assert_true(str_cmp(S("\x80"), S("a")) > 0 && str_cmp(EMPTY, EMPTY) == 0);
	assert_true(str_cmp(EMPTY, S("a")) < 0);
	assert_int_equal(str_from_c(NULL).len, 0);
	assert_text(str_from_c("abc"), "abc");
}

static void
parts_are_found_and_cut(void **state)
{
	size_t at = 99;

	assert_true(str_starts(S("abc"), S("ab")) && str_starts(S("abc"), EMPTY));
	assert_false(str_starts(S("ab"), S("abc")) || str_starts(EMPTY, S("a")));
	assert_true(str_ends(S("abc"), S("bc")) && str_ends(S("abc"), S("")));
	assert_false(str_ends(S("bc"), S("abc")) || str_ends(EMPTY, S("a")));
	assert_true(str_find(S("aab"), S("ab"), &at) && at == 1);
	assert_false(str_find(S("abc"), S("x"), &at) || str_find(S("abc"), EMPTY, &at) ||
	             str_find(EMPTY, S("a"), &at) || str_find(S("a"), S("ab"), &at));
	assert_int_equal(at, 1);
	assert_text(str_trim(S(" \t\r\n\v\f a b \n")), "a b");
	assert_text(str_trim(S(" \n ")), "");
	assert_text(str_trim(S("\xa0x\xa0")), "\xa0x\xa0");
	assert_int_equal(str_trim(EMPTY).len, 0);
	assert_text(str_from(S("abc"), 1), "bc");
	assert_text(str_from(S("abc"), 3), "");
	assert_text(str_from(S("abc"), SIZE_MAX), "");
	assert_int_equal(str_from(EMPTY, 5).len, 0);
	assert_text(str_first(S("abc"), 2), "ab");
	assert_text(str_first(S("abc"), 9), "abc");
}

static void
what_does_not_match_is_not_eaten(void **state)
{
	str rest = S("ab,cd"), got = S("before");

	assert_false(eat_char(&rest, 'b') || eat_str(&rest, S("abd")) ||
	             eat_until(&rest, ';', &got));
	assert_text(rest, "ab,cd");
	assert_text(got, "before");
	assert_true(eat_char(&rest, 'a') && eat_until(&rest, ',', &got));
	assert_text(got, "b");
	assert_true(eat_str(&rest, S("")) && eat_str(&rest, S("cd")));
	assert_int_equal(rest.len, 0);
	assert_false(eat_char(&rest, 'x') || eat_until(&rest, ',', &got));
	rest = EMPTY;
	assert_false(eat_char(&rest, 'x') || eat_until(&rest, ',', &got) ||
	             eat_str(&rest, S("x")));
}

static void
numbers_are_plain_decimal_and_do_not_overflow(void **state)
{
	static const char *const bad[] = { "", "00", "01", "-1", "+1", " 1", "x",
		                           "18446744073709551616", "18446744073709551620",
		                           "99999999999999999999", "184467440737095516150" };
	static const char *const bad_signed[] = { "-", "--1", "+1", "-01", "9223372036854775808",
		                                  "-9223372036854775809", "1 ", "1x" };
	uint64_t value = 42;
	int64_t number = 42;
	str rest;

	for (size_t i = 0; i < COUNT(bad); i++) {
		rest = str_from_c(bad[i]);
		assert_false(eat_u64(&rest, &value));
		assert_text(rest, bad[i]);
		assert_false(str_u64(str_from_c(bad[i]), &value));
	}
	for (size_t i = 0; i < COUNT(bad_signed); i++)
		assert_false(str_i64(str_from_c(bad_signed[i]), &number));
	assert_true(value == 42 && number == 42);
	rest = S("0x");
	assert_true(eat_u64(&rest, &value) && value == 0);
	assert_text(rest, "x");
	assert_false(str_u64(S("1 "), &value));
	assert_true(str_u64(S("18446744073709551615"), &value) && value == UINT64_MAX);
	assert_true(str_i64(S("9223372036854775807"), &number) && number == INT64_MAX);
	assert_true(str_i64(S("-9223372036854775808"), &number) && number == INT64_MIN);
	assert_true(str_i64(S("-1"), &number) && number == -1);
}

static void
counted_digits_may_be_zeros(void **state)
{
	uint64_t value = 42;
	str rest = S("0070");

	assert_false(eat_digits(&rest, 5, &value));
	assert_true(eat_digits(&rest, 3, &value) && value == 7);
	assert_text(rest, "0");
	rest = S("1-2");
	assert_false(eat_digits(&rest, 2, &value));
	assert_text(rest, "1-2");
	rest = S("9999999999999999999");
	assert_false(eat_digits(&rest, 19, &value)); /* might not fit */
	assert_true(eat_digits(&rest, 18, &value) && value == UINT64_C(999999999999999999));
}

static void
hex_is_exact(void **state)
{
	uint8_t out[3] = { 7, 7, 7 };

	assert_false(str_hex(S("00ff"), out, 3) || str_hex(S("00ffa"), out, 3) ||
	             str_hex(S("00ffaaa"), out, 3) || str_hex(S("00ffag"), out, 3) ||
	             str_hex(S("00ff g"), out, 3) || str_hex(S("00ff@0"), out, 3));
	assert_true(out[0] == 7 && out[1] == 7 && out[2] == 7);
	assert_true(str_hex(S("00FfaB"), out, 3));
	assert_true(out[0] == 0 && out[1] == 0xff && out[2] == 0xab);
	assert_true(str_hex(EMPTY, out, 0));
}

static void
binary_that_is_cut_short_is_not_eaten(void **state)
{
	const uint8_t all[] = { 5, 0, 0, 0, 'a', 'b', 'c', 'd', 'e' };
	bytes block = { all, 77 }, rest;
	uint64_t u64;

	for (size_t len = 0; len < sizeof(all); len++) {
		rest = (bytes){ all, len };
		assert_false(eat_block(&rest, &block));
		assert_true(rest.ptr == all && rest.len == len);
	}
	assert_int_equal(block.len, 77);
	rest = (bytes){ all, sizeof(all) };
	assert_true(eat_block(&rest, &block) && block.len == 5 && rest.len == 0);
	rest = (bytes){ all, 7 };
	assert_false(eat_le64(&rest, &u64));
	assert_int_equal(rest.len, 7);
	rest = (bytes){ (const uint8_t *)"\xff\xff\xff\xff", 4 };
	assert_false(eat_block(&rest, &block));
	rest = (bytes){ 0 };
	assert_true(eat_bytes(&rest, 0, &block) && block.len == 0);
}

/* --- UTF-8 ----------------------------------------------------------------------------------- */

static void
every_code_point_is_utf8_but_for_surrogates(void **state)
{
	for (uint32_t point = 0; point < 0x120000; point++) {
		char text[4];
		size_t len = utf8_oracle_encode(point, text);
		bool valid = point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);

		if (str_utf8((str){ text, len }) != valid)
			fail_with("U+%04X\n", point);
		/* Nor a part of it, but of one octet. */
		for (size_t cut = 1; cut < len; cut++)
			assert_false(str_utf8((str){ text, cut }) ||
			             str_utf8((str){ text + cut, len - cut }));
	}
}

static void
short_texts_are_judged_as_by_the_oracle(void **state)
{
	static const uint8_t edge[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
		                        0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1,
		                        0xf3, 0xf4, 0xf5, 0xf8, 0xff };
	char text[4];

	for (uint32_t two = 0; two < 0x10000; two++) {
		text[0] = (char)(two >> 8);
		text[1] = (char)two;
		assert_int_equal(str_utf8((str){ text, 2 }), utf8_oracle((str){ text, 2 }));
	}
	for (size_t i = 0; i < COUNT(edge) * COUNT(edge) * COUNT(edge) * COUNT(edge); i++) {
		for (size_t k = 0, n = i; k < 4; k++, n /= COUNT(edge))
			text[k] = (char)edge[n % COUNT(edge)];
		if (str_utf8((str){ text, 4 }) != utf8_oracle((str){ text, 4 }))
			fail_with("%02x%02x%02x%02x\n", text[0] & 255, text[1] & 255, text[2] & 255,
			          text[3] & 255);
	}
}

static void
controls_are_not_printable(void **state)
{
	for (int c = 0; c < 256; c++) {
		char text[1] = { (char)c };
		bool want = c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f);

		assert_int_equal(str_printable((str){ text, 1 }), want);
	}
	assert_true(str_printable(EMPTY) && str_utf8(EMPTY));
	assert_true(str_printable(S("Åsa Öberg \xf0\x9f\x99\x82")));
	assert_false(str_printable(S("a\0b")) || str_printable(S("a\x7f")) ||
	             str_printable(S("a\xff")));
}

int
str_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_compare_by_their_octets),
		cmocka_unit_test(parts_are_found_and_cut),
		cmocka_unit_test(what_does_not_match_is_not_eaten),
		cmocka_unit_test(numbers_are_plain_decimal_and_do_not_overflow),
		cmocka_unit_test(counted_digits_may_be_zeros),
		cmocka_unit_test(hex_is_exact),
		cmocka_unit_test(binary_that_is_cut_short_is_not_eaten),
		cmocka_unit_test(every_code_point_is_utf8_but_for_surrogates),
		cmocka_unit_test(short_texts_are_judged_as_by_the_oracle),
		cmocka_unit_test(controls_are_not_printable),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
