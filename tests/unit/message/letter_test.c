/* src/message/letter.c: each kind in each language, and how the company looks in it. */
#include "../vault/fixture.h"
#include "message_tests.h"

#include "message/letter.h"

static bool
has(str text, const char *what)
{
	size_t at;

	return str_find(text, str_from_c(what), &at);
}

static void
each_kind_is_said_in_each_language(void **state)
{
	static const struct {
		enum message_kind kind;
		const char *sv, *en;
	} said[] = {
		{ MESSAGE_CONFIRM, "bekräfta", "confirm" }, { MESSAGE_KNOWN, "redan", "already" }, { MESSAGE_MINE, "enhet", "device" },
		{ MESSAGE_CODE, "482 915", "482 915" },     { MESSAGE_CHANGED, "ändrades", "changed" }, { MESSAGE_REPLY, "paragraph", "paragraph" },
		{ MESSAGE_TEST, "prov", "test" },           { MESSAGE_CAMPAIGN, "Nej tack", "No more" },
	};
	OWNED(fixture_end) struct fixture f = { 0 };
	struct letter letter;

	fixture_begin(&f);
	assert_ok(setting_put(&f.job, f.vault, S("company"), S("Bolaget <i> & Co")));
	assert_ok(setting_put(&f.job, f.vault, S("languages"), S("sv en")));
	for (size_t i = 0; i < COUNT(said); i++) {
		assert_ok(letter_sample(&f.job, f.vault, said[i].kind, S("sv"), &letter));
		assert_true(str_eq(letter.language, S("sv")) && has(letter.text, said[i].sv) && has(letter.html, said[i].sv));
		assert_ok(letter_sample(&f.job, f.vault, said[i].kind, S("en"), &letter));
		assert_true(str_eq(letter.language, S("en")) && has(letter.text, said[i].en) && has(letter.html, said[i].en));
		assert_true(has(letter.text, "\n-- \nBolaget <i> & Co\n") && has(letter.html, "Bolaget &lt;i&gt; &amp; Co"));
		assert_false(has(letter.html, "<i>") || has(letter.text, "\n\n\n") || has(letter.text, "@company@"));
		assert_true(letter.subject.len && !has(letter.subject, "\n"));
		assert_ok(letter_sample(&f.job, f.vault, said[i].kind, S("fi"), &letter)); /* L1 */
		assert_true(str_eq(letter.language, S("sv")));
	}
}

/* L2 */
static void
what_stands_on_the_colour_can_be_read(void **state)
{
	static const struct {
		const char *colour, *ink;
	} looks[] = { { "#000000", "#ffffff" }, { "#ffffff", "#000000" }, { "#ffee00", "#000000" }, { "#0f5c4c", "#ffffff" }, { "#767676", "#000000" } };
	OWNED(fixture_end) struct fixture f = { 0 };
	char want[64];
	struct letter letter;

	fixture_begin(&f);
	assert_ok(letter_sample(&f.job, f.vault, MESSAGE_CONFIRM, S("sv"), &letter));
	assert_true(has(letter.html, "bgcolor=\"#0f5c4c\"") && has(letter.html, "color=\"#ffffff\""));
	for (size_t i = 0; i < COUNT(looks); i++) {
		assert_ok(setting_put(&f.job, f.vault, S("look_colour"), str_from_c(looks[i].colour)));
		assert_ok(letter_sample(&f.job, f.vault, MESSAGE_CONFIRM, S("sv"), &letter));
		snprintf(want, sizeof(want), "bgcolor=\"%s\"", looks[i].colour);
		assert_true(has(letter.html, want));
		snprintf(want, sizeof(want), "<font color=\"%s\"", looks[i].ink);
		assert_true(has(letter.html, want));
	}
}

int
letter_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_said_in_each_language),
		cmocka_unit_test(what_stands_on_the_colour_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
