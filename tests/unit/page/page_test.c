/* src/page: values are escaped for where they stand, all or nothing, in each language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail

#include "page/page.h"

#include "page_test.inc"

#define HOSTILE "<b>&\"'"

struct rendered {
	struct job job;
	struct buf out;
	enum err err;
};

static void
rendered_end(struct rendered *rendered)
{
	buf_release(&rendered->out);
	job_release(&rendered->job);
}

static const char *
render(struct rendered *rendered, const char *name, const char *language, const struct page_value *values)
{
	rendered->out.max = 4096;
	rendered->err = page_render(&rendered->job, &test_pages, str_from_c(name), str_from_c(language), values, &rendered->out);
	return arena_c(&rendered->job.arena, buf_str(&rendered->out));
}

static void
values_are_escaped_for_where_they_stand(void **state UNUSED)
{
	const struct page_value one[] = {
		PAGE_PUT("name", S("A&B")), PAGE_PUT("address", S("https://x.example/?a=\"b")), PAGE_IF("yes", true), PAGE_END
	};
	const struct page_value two[] = { PAGE_PUT("address", S("/y")), PAGE_IF("yes", false), PAGE_END };
	const struct page_value *const rows[] = { one, two };
	const struct page_value values[] = {
		PAGE_PUT("language", S("en")), PAGE_PUT("name", S(HOSTILE)), PAGE_SAY("what", S("your <address>")),
		PAGE_PUT("time", S("two years")), PAGE_PUT("outer", S("out")), PAGE_ROWS("rows", rows, 2), PAGE_END
	};
	OWNED(rendered_end) struct rendered english = { 0 }, swedish = { 0 };

	assert_string_equal(render(&english, "whole.html", "en", values),
	                    "<!doctype html>\n<html lang=\"en\">\n<title>Your choices, &lt;b&gt;&amp;&#34;&#39;</title>\n"
	                    "<main><p title=\"&lt;b&gt;&amp;&#34;&#39;\">We keep your &lt;address&gt; for two years.</p>\n"
	                    "<ul><li><a href=\"https://x.example/?a=&#34;b\">A&amp;B</a> yes <a href=\"/p/https://x.example/?a=&#34;b\">out</a></li>"
	                    "<li><a href=\"/y\">&lt;b&gt;&amp;&#34;&#39;</a> no <a href=\"/p//y\">out</a></li></ul>\n"
	                    "</main>\n</html>\n");
	assert_non_null(strstr(render(&swedish, "whole.html", "sv", values), "I two years sparar vi din &lt;adress&gt;."));
}

static void
what_is_not_there_takes_the_other_way(void **state UNUSED)
{
	const struct page_value values[] = {
		PAGE_PUT("language", S("sv")), PAGE_PUT("name", S("N")), PAGE_PUT("what", S("x")), PAGE_PUT("time", S("y")), PAGE_END
	};
	OWNED(rendered_end) struct rendered rendered = { 0 };
	const char *text = render(&rendered, "whole.html", "sv", values);

	assert_non_null(strstr(text, "<p>Inget.</p>"));
	assert_non_null(strstr(text, "<p>N</p>"));
}

static void
plain_text_has_no_controls_and_a_subject_is_one_line(void **state UNUSED)
{
	const struct page_value values[] = {
		PAGE_PUT("name", S("A\r\nBcc: <b@x.example>\x1b[31m")), PAGE_PUT("what", S("x&y")), PAGE_PUT("time", S("\x7f")), PAGE_END
	};
	OWNED(rendered_end) struct rendered body = { 0 }, subject = { 0 };

	assert_string_equal(render(&body, "letter.txt", "en", values), "A\nBcc: <b@x.example>[31m\nWe keep x&y for .");
	assert_string_equal(render(&subject, "letter.txt:subject", "en", values), "Your choices, A Bcc: <b@x.example>[31m");
}

static void
nothing_is_put_when_something_is_wrong(void **state UNUSED)
{
	const struct page_value evil[] = { PAGE_PUT("name", S("N")), PAGE_PUT("address", S("javascript:alert(1)")), PAGE_END };
	const struct page_value *const rows[] = { evil };
	const struct page_value script[] = {
		PAGE_PUT("language", S("en")), PAGE_PUT("name", S("N")), PAGE_PUT("what", S("x")), PAGE_PUT("time", S("y")),
		PAGE_PUT("outer", S("")), PAGE_ROWS("rows", rows, 1), PAGE_END
	};
	const struct page_value missing[] = { PAGE_PUT("language", S("en")), PAGE_PUT("name", S("N")), PAGE_END };
	const struct page_value circle[] = { PAGE_SAY("name", S("Hello @name@")), PAGE_PUT("what", S("x")), PAGE_PUT("time", S("y")), PAGE_END };
	OWNED(rendered_end) struct rendered a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	char long_text[5000];

	memset(long_text, 'x', sizeof(long_text));
	const struct page_value large[] = {
		PAGE_PUT("name", ((str){ long_text, sizeof(long_text) })), PAGE_PUT("what", S("x")), PAGE_PUT("time", S("y")), PAGE_END
	};

	assert_string_equal(render(&a, "whole.html", "en", script), "");
	assert_int_equal(a.err, ERR_INTERNAL);
	assert_string_equal(render(&b, "whole.html", "en", missing), "");
	assert_int_equal(b.err, ERR_INTERNAL);
	assert_string_equal(render(&c, "letter.txt", "en", circle), "");
	assert_int_equal(c.err, ERR_INTERNAL);
	assert_string_equal(render(&d, "letter.txt", "en", large), "");
	assert_int_equal(d.err, ERR_LIMIT);
	assert_string_equal(render(&b, "none.html", "en", missing), "");
}

static void
languages_are_those_with_a_catalogue(void **state UNUSED)
{
	static const struct { const char *asked, *given; } cases[] = {
		{ "sv", "sv" }, { "sv-FI, en;q=0.8", "sv" }, { "en;q=0.9, sv;q=0.2", "en" }, { "EN-gb", "en" }, { "de, fr;q=0.5", "" },
		{ "", "" }, { "sv;q=0", "" }, { "de, sv;q=0.1", "sv" }, { "*", "" }, { ",,;;q=,sv ;q=0.5", "sv" }, { "svx", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(str_eq(page_language_asked(&test_pages, str_from_c(cases[i].asked)), str_from_c(cases[i].given)));
	assert_true(page_language_known(&test_pages, S("sv")) && page_language_known(&test_pages, S("en")));
	assert_false(page_language_known(&test_pages, S("de")));
	assert_true(str_eq(page_language(&test_pages, S("de")), S("en")));
}

static void
times_read_as_people_write_them(void **state UNUSED)
{
	static const struct { struct duration duration; const char *sv, *en; } cases[] = {
		{ { .months = 24 }, "två år", "two years" },
		{ { .months = 12 }, "ett år", "one year" },
		{ { .months = 18 }, "18 månader", "18 months" },
		{ { .months = 30 }, "två år och sex månader", "two years and six months" },
		{ { .months = 1 }, "en månad", "one month" },
		{ { .days = 90 }, "90 dagar", "90 days" },
		{ { .days = 1, .seconds = 12 * 3600 }, "en dag och tolv timmar", "one day and twelve hours" },
		{ { .seconds = 900 }, "15 minuter", "15 minutes" },
	};
	OWNED(job_release) struct job job = { 0 };
	time_us at = 0;
	str text;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(page_duration(&job, S("sv"), cases[i].duration, &text), OK);
		assert_true(str_eq(text, str_from_c(cases[i].sv)));
		assert_int_equal(page_duration(&job, S("en"), cases[i].duration, &text), OK);
		assert_true(str_eq(text, str_from_c(cases[i].en)));
	}
	assert_true(time_parse(S("2026-11-23T23:15:00Z"), &at));
	assert_int_equal(page_time(&job, S("sv"), at, 60, &text), OK);
	assert_true(str_eq(text, S("24 november 2026 kl. 00.15")));
	assert_int_equal(page_date(&job, S("en"), at, 0, &text), OK);
	assert_true(str_eq(text, S("23 November 2026")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped_for_where_they_stand),
		cmocka_unit_test(what_is_not_there_takes_the_other_way),
		cmocka_unit_test(plain_text_has_no_controls_and_a_subject_is_one_line),
		cmocka_unit_test(nothing_is_put_when_something_is_wrong),
		cmocka_unit_test(languages_are_those_with_a_catalogue),
		cmocka_unit_test(times_read_as_people_write_them),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
