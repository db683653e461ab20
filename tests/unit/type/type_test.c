#include "check.h"

#include "base/must.h"

static void
every_type_is_found_by_its_name(void **state UNUSED)
{
	for (int i = 0; i < TYPE_COUNT; i++) {
		enum type found = TYPE_COUNT;

		assert_true(type_find(type_info((enum type)i)->name, &found));
		assert_int_equal(found, i);
		assert_true(type_info((enum type)i)->what.len > 0);
	}
}

static void
other_names_are_not_found(void **state UNUSED)
{
	enum type found;

	assert_false(type_find(S("e-mail"), &found));
	assert_false(type_find(S(""), &found));
	assert_false(type_find(S("Email"), &found));
}

/* A fixed generator, so that every run sees the same. */
static uint32_t
next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* Pieces that readers treat specially, so that a random string is often nearly something. */
static str
random_piece(uint64_t *state)
{
	static const char *const pieces[] = {
		"a", "Z", "0", "1", "46", "7", "19900101", "2385", "@", ".", "-", "+", " ", ":", "::", "/",
		"http://", "https://", "example.com", "xn--", "å", "\xcc\x8a", "SE", "sv", "ß", "%41", "%",
		"[", "]", "<", ">", ",", "\n", "\xc2\xa0", "\xe2\x80\x93", "\xff", "\xf0\x9f\x98\x80",
		"070", "1740605", "true", "İ", "\xe0\xa5\x98", "。", "_", "#", "?", "von ", "2026",
	};

	return str_from_c(pieces[next(state) % COUNT(pieces)]);
}

static void
check_stable(enum type type, const struct type_context *context, str raw)
{
	OWNED(buf_release) struct buf once = { 0 };
	OWNED(buf_release) struct buf twice = { 0 };
	const char *why = NULL;

	buf_init(&once, 100000);
	buf_init(&twice, 100000);
	if (!type_parse(type, context, raw, &once, &why)) {
		assert_non_null(why);
		assert_int_equal(once.len, 0);
		return;
	}
	assert_true(str_utf8(buf_str(&once)) && once.len);
	if (!type_parse(type, context, buf_str(&once), &twice, &why))
		fail_msg("%.*s: %s", SPRINT(buf_str(&once)), why);
	assert_true(str_eq(buf_str(&once), buf_str(&twice)));
}

static void
the_canonical_form_is_read_as_itself(void **state UNUSED)
{
	static const str options[] = { { "a", 1 }, { "Z", 1 } };
	const struct type_context contexts[] = {
		{ 0 },
		{ .region = S("SE"), .options = options, .option_count = 2, .now = NOW },
	};
	uint64_t seed = 20261123;

	for (int round = 0; round < 20000; round++) {
		OWNED(buf_release) struct buf raw = { 0 };

		buf_init(&raw, 1000);
		for (uint32_t left = next(&seed) % 6 + 1; left; left--)
			buf_put(&raw, random_piece(&seed));
		for (int type = 0; type < TYPE_COUNT; type++)
			check_stable((enum type)type, &contexts[round % 2], buf_str(&raw));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_found_by_its_name),
		cmocka_unit_test(other_names_are_not_found),
		cmocka_unit_test(the_canonical_form_is_read_as_itself),
	};
	int failed = cmocka_run_group_tests_name("type/type", tests, NULL, NULL);

	failed += text_tests() + email_tests() + phone_tests() + personnummer_tests();
	failed += plain_tests() + place_tests() + mask_tests() + precis_tests();
	return failed;
}
