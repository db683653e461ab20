/* src/base/uid.c */
#include "base_test.h"

#include "base/uid.h"

#define TEXT "01234567-89ab-cdef-0123-456789abcdef"

static void
a_uid_prints_as_it_was_read(void **state)
{
	OWNED(buf_release) struct buf buf = { .max = 36 };
	uid id, upper, copy;

	assert_true(uid_parse(S(TEXT), &id));
	for (int i = 0; i < 16; i++)
		assert_int_equal(id.octet[i], 0x01 + 0x22 * (i % 8));
	assert_true(uid_parse(S("01234567-89AB-CDEF-0123-456789ABCDEF"), &upper));
	assert_true(uid_eq(id, upper));
	buf_uid(&buf, id);
	assert_text(buf_str(&buf), TEXT);
	assert_true(uid_from_bytes(uid_bytes(&id), &copy) && uid_eq(id, copy));
	copy.octet[15] ^= 1;
	assert_false(uid_eq(id, copy));
	assert_false(uid_from_bytes((bytes){ id.octet, 15 }, &copy));
	assert_false(uid_from_bytes((bytes){ (const uint8_t *)TEXT, 17 }, &copy));
	assert_false(uid_from_bytes((bytes){ 0 }, &copy));
}

static void
every_other_text_is_refused_and_writes_nothing(void **state)
{
	static const char *const bad[] = {
		"", "0123456789abcdef0123456789abcdef", "{" TEXT "}", TEXT " ", " " TEXT, TEXT "0",
		"01234567-89ab-cdef-0123-456789abcde", "0123456-789ab-cdef-0123-456789abcdef",
		"01234567-89ab-cdef-01234-56789abcdef", "01234567_89ab-cdef-0123-456789abcdef",
		"01234567-89ab-cdeg-0123-456789abcdef", "-1234567-89ab-cdef-0123-456789abcdef",
		"01234567-89ab-cdef-0123-4567-9abcdef",
	};
	uid id = { { 7 } };

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(uid_parse(str_from_c(bad[i]), &id));
	for (size_t at = 0; at < 36; at++) {
		char text[] = TEXT;
		text[at] = 'x';
		assert_false(uid_parse((str){ text, 36 }, &id));
	}
	assert_int_equal(id.octet[0], 7);
}

int
uid_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uid_prints_as_it_was_read),
		cmocka_unit_test(every_other_text_is_refused_and_writes_nothing),
	};

	return cmocka_run_group_tests_name("uid", tests, NULL, NULL);
}
