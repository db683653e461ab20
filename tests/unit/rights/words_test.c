/* src/rights: how words, times and durations read to a person; vCard lines; places in a package. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "rights/export.h"
#include "rights/page.h"

#define SAME(buf, text) assert_string_equal(text_of(&(buf)), text)

static const char *
text_of(struct buf *buf)
{
	buf_char(buf, '\0');
	return buf->ptr;
}

static void
every_word_of_the_closed_lists_can_be_spoken(void **state)
{
#define THIRD(e, no, name, ...) { SPEAK_LIST, { name, sizeof(name) - 1 } },
	static const struct {
		enum speak list;
		str word;
	} words[] = {
#define SPEAK_LIST SPEAK_ACT
		ACT_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_BASIS
		BASIS_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_CHANNEL
		CHANNEL_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_CLASS
		CLASS_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_KIND
		KIND_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_METHOD
		METHOD_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_ORIGIN
		ORIGIN_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_REASON
		REASON_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_SCOPE
		SUPPRESSION_SCOPE_TABLE(THIRD)
#undef SPEAK_LIST
#define SPEAK_LIST SPEAK_SOURCE
		SUPPRESSION_SOURCE_TABLE(THIRD)
#undef SPEAK_LIST
	};

	for (size_t i = 0; i < COUNT(words); i++)
		assert_string_equal(speak_known(words[i].list, words[i].word) ? "" : words[i].word.ptr, "");
	(void)state;
}

static void
times_read_as_people_write_them(void **state)
{
	OWNED(buf_release) struct buf sv = { .max = 100 }, en = { .max = 100 };
	time_us at;

	assert_true(time_parse(S("2026-11-23T23:05:00Z"), &at));
	speak_time(&sv, at, 60, SWEDISH);
	speak_time(&en, at, -300, ENGLISH);
	SAME(sv, "24 november 2026 kl. 00.05");
	SAME(en, "23 November 2026, 18:05");
	(void)state;
}

static void
durations_read_in_words(void **state)
{
	static const struct {
		const char *iso, *sv, *en;
	} cases[] = {
		{ "P2Y", "2 år", "2 years" },
		{ "P1Y", "1 år", "1 year" },
		{ "P18M", "1 år och 6 månader", "1 year and 6 months" },
		{ "P90D", "90 dagar", "90 days" },
		{ "P1D", "1 dag", "1 day" },
		{ "PT12H", "12 timmar", "12 hours" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		OWNED(buf_release) struct buf sv = { .max = 100 }, en = { .max = 100 };
		struct duration duration;
		assert_true(duration_parse(str_from_c(cases[i].iso), &duration));
		speak_duration(&sv, duration, SWEDISH);
		speak_duration(&en, duration, ENGLISH);
		SAME(sv, cases[i].sv);
		SAME(en, cases[i].en);
	}
	(void)state;
}

/* RFC 6350 section 3.2: 75 octets without the line end, and never inside a character. */
static void
a_long_line_is_folded_between_characters(void **state)
{
	for (size_t len = 60; len < 240; len++) {
		OWNED(buf_release) struct buf line = { .max = 1000 }, out = { .max = 2000 }, back = { .max = 1000 };
		str rest, part;
		for (size_t i = 0; i < len; i++)
			buf_put(&line, i % 3 ? S("ö") : i % 2 ? S("a") : S("\xf0\x9f\x98\x80"));
		vcard_line(&out, buf_str(&line));
		for (rest = buf_str(&out); eat_until(&rest, '\n', &part);) {
			assert_true(str_ends(part, S("\r")));
			part.len--;
			assert_true(part.len <= 75 && str_utf8(part));
			buf_put(&back, back.len ? str_from(part, 1) : part);
		}
		assert_true(str_eq(buf_str(&back), buf_str(&line)));
	}
	(void)state;
}

static void
what_means_something_in_a_vcard_is_escaped(void **state)
{
	OWNED(buf_release) struct buf out = { .max = 100 };

	vcard_text(&out, S("a,b;c\\d\r\ne:f"));
	SAME(out, "a\\,b\\;c\\\\d\\ne:f");
	(void)state;
}

static void
what_means_something_in_a_page_is_escaped(void **state)
{
	OWNED(buf_release) struct buf out = { .max = 100 };

	page_text(&out, S("<a href='x'>\"&amp;"));
	SAME(out, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;amp;");
	(void)state;
}

static void
a_place_is_read_as_it_was_written_and_nothing_else_is(void **state)
{
	static const char *const bad[] = { "", ".", "1", "1.", ".1", "-1.2", "1.-2", "1.2.3", "1 .2", "a.b",
		                           "99999999999999999999.1", "1.2\n" };
	struct package_place place = { 12, 345 }, back;
	OWNED(buf_release) struct buf text = { .max = PACKAGE_PLACE_BYTES };

	package_place_put(&text, &place);
	assert_true(package_place_parse(buf_str(&text), &back));
	assert_true(back.act == 12 && back.entry == 345);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(package_place_parse(str_from_c(bad[i]), &back));
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_the_closed_lists_can_be_spoken),
		cmocka_unit_test(times_read_as_people_write_them),
		cmocka_unit_test(durations_read_in_words),
		cmocka_unit_test(a_long_line_is_folded_between_characters),
		cmocka_unit_test(what_means_something_in_a_vcard_is_escaped),
		cmocka_unit_test(what_means_something_in_a_page_is_escaped),
		cmocka_unit_test(a_place_is_read_as_it_was_written_and_nothing_else_is),
	};

	return cmocka_run_group_tests_name("rights-words", tests, NULL, NULL);
}
