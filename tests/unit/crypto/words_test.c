/* src/crypto/words.c: keys on paper. */
#include "crypto_test.h"

#include "crypto/words.h"

static void
words_of(struct secret *key, struct buf *out)
{
	*out = (struct buf){ .max = WORDS_BYTES };
	words_put(key, out);
	assert_true(buf_ok(out));
}

static void
what_was_written_down_is_read_again(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };

	for (int i = 0; i < 200; i++) {
		OWNED(secret_free) struct secret *key = secret_random();
		OWNED(secret_free) struct secret *again = NULL;
		OWNED(buf_release) struct buf words = { 0 };
		unsigned line;
		words_of(key, &words);
		assert_int_equal(words.len, WORDS_BYTES);
		assert_int_equal(words_read(&job, buf_str(&words), &again, &line), OK);
		assert_true(secret_equal(key, again));
	}
}

/* The words of a known key, and how people type them. */
static void
case_and_what_stands_between_do_not_matter(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(secret_free) struct secret *key = secret_new();
	OWNED(secret_free) struct secret *again = NULL;
	OWNED(buf_release) struct buf words = { 0 }, typed = { .max = 4096 };
	unsigned line;

	words_of(key, &words);
	assert_true(str_starts(buf_str(&words), S("babab babab babab babab ")));
	for (size_t i = 0; i < words.len; i++) {
		char c = words.ptr[i];
		if (c == ' ' || c == '\n')
			buf_put(&typed, i % 2 ? S(" - ") : S("\r\n"));
		else
			buf_char(&typed, i % 3 ? c : (char)(c - 'a' + 'A'));
	}
	assert_int_equal(words_read(&job, buf_str(&typed), &again, &line), OK);
	assert_true(secret_equal(key, again));
}

/* Each letter wrong in turn, and each pair of neighbouring words exchanged: the line is named. */
static void
a_slip_is_found_and_its_line_named(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(secret_free) struct secret *key = secret_random();
	OWNED(buf_release) struct buf words = { 0 };
	unsigned missed = 0;

	words_of(key, &words);
	for (size_t at = 0; at < words.len; at++) {
		OWNED(secret_free) struct secret *again = NULL;
		char was = words.ptr[at];
		unsigned line = 9;
		if (was == ' ' || was == '\n')
			continue;
		words.ptr[at] = strchr("aiou", was) ? (was == 'a' ? 'i' : 'a') : (was == 'b' ? 'd' : 'b');
		if (words_read(&job, buf_str(&words), &again, &line) == OK)
			missed++; /* one in 65,536 */
		else
			assert_int_equal(line, at / (WORDS_BYTES / WORDS_LINES) + 1);
		job_forgive(&job);
		words.ptr[at] = was;
	}
	assert_true(missed <= 1);
}

static void
too_few_words_are_no_words(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(secret_free) struct secret *key = secret_random(), *again = NULL;
	OWNED(buf_release) struct buf words = { 0 };
	unsigned line = 9;

	words_of(key, &words);
	assert_int_equal(words_read(&job, str_first(buf_str(&words), words.len - 7), &again, &line),
	                 ERR_INVALID);
	assert_int_equal(line, 0);
	assert_null(again);
	job_forgive(&job);
	assert_int_equal(words_read(&job, S(""), &again, &line), ERR_INVALID);
}

int
words_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_was_written_down_is_read_again),
		EACH(case_and_what_stands_between_do_not_matter),
		EACH(a_slip_is_found_and_its_line_named),
		EACH(too_few_words_are_no_words),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
