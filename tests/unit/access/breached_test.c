/* src/access/breached.c: files of every small size, with each kind of line end, against looking at every line. */
#include "access_test.h"

#include <fcntl.h>
#include <unistd.h>

#include "access/breached.h"
#include "jose/sha1.h"

#define LINES 300

const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

static char path[300];
static char (*hash)[41]; /* of password 0, 2, 4 …, in order */

static void
hex(int number, char ret[41])
{
	char text[32];
	uint8_t digest[SHA1_BYTES];

	snprintf(text, sizeof(text), "password %d", number);
	sha1_of((bytes){ (const uint8_t *)text, strlen(text) }, digest);
	for (int i = 0; i < SHA1_BYTES; i++)
		snprintf(ret + 2 * i, 3, "%02X", digest[i]);
}

static int
order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
put(const char *content, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	close(fd);
}

static size_t
content_of(int lines, const char *end, bool last_ends, char *ret)
{
	size_t len = 0;

	for (int i = 0; i < lines; i++)
		hex(2 * i, hash[i]);
	qsort(hash, (size_t)lines, sizeof(*hash), order);
	for (int i = 0; i < lines; i++)
		len += (size_t)snprintf(ret + len, 80, "%s:%d%s", hash[i], i % 7 ? i * i * i + 1 : 1,
		                          i + 1 < lines || last_ends ? end : "");
	return len;
}

static bool
has(struct job *job, const struct breached *breached, int number)
{
	char text[32];
	bool found;

	snprintf(text, sizeof(text), "password %d", number);
	assert_ok(breached_has(job, breached, str_from_c(text), &found));
	return found;
}

static void
what_is_in_the_file_is_found_and_nothing_else(void **state UNUSED)
{
	static const int sizes[] = { 1, 2, 3, 4, 5, 7, 8, 16, 31, 100, LINES };
	OWNED(job_release) struct job job = { 0 };
	char *content = calloc(LINES, 80);

	for (size_t s = 0; s < COUNT(sizes); s++)
		for (int form = 0; form < 4; form++) {
			OWNED(breached_close) struct breached *breached = NULL;
			put(content, content_of(sizes[s], form & 1 ? "\r\n" : "\n", form & 2, content));
			assert_ok(breached_open(&job, path, &breached));
			for (int i = 0; i < sizes[s]; i++) {
				assert_true(has(&job, breached, 2 * i));
				assert_false(has(&job, breached, 2 * i + 1));
			}
		}
	free(content);
	assert_false(has(&job, NULL, 0)); /* no list */
}

static void
another_kind_of_file_is_refused(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };
	struct breached *breached = NULL;
	char *content = calloc(LINES, 80);
	size_t len = content_of(LINES, "\n", true, content);
	char *second = strchr(content, '\n') + 1;

	assert_fails(&job, ERR_ABSENT, breached_open(&job, "/nowhere/at/all", &breached));
	assert_fails(&job, ERR_IO, breached_open(&job, "/dev/null", &breached));
	put("", 0);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	put("\n", 1);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	put(content, len - 1); /* only the last line's end is missing */
	assert_ok(breached_open(&job, path, &breached));
	breached_close(&breached);
	put(content, len - 4 - 40); /* the last line is cut */
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	content[3] = 'g';
	put(content, len);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	len = content_of(LINES, "\n", true, content);
	memcpy(content + 5, "abc", 3); /* small letters: a search for capitals would go astray */
	put(content, len);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	len = content_of(LINES, "\n", true, content);
	memcpy(second, content, 40); /* twice the same */
	put(content, len);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	len = content_of(LINES, "\n", true, content);
	memmove(content + 42, content + 43, len - 43); /* one of a count's figures, and then none */
	memset(content + 60, 'A', 300); /* a line without an end */
	put(content, len);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	len = content_of(LINES, "\n", true, content); /* ordered by how often, as the other download is */
	memcpy(content, "FFFF", 4);
	put(content, len);
	assert_fails(&job, ERR_INVALID, breached_open(&job, path, &breached));
	assert_null(breached);
	free(content);
}

static void
a_file_that_breaks_later_is_an_error_and_no_answer(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(breached_close) struct breached *breached = NULL;
	char *content = calloc(LINES, 80);
	bool found;

	put(content, content_of(LINES, "\n", true, content));
	assert_ok(breached_open(&job, path, &breached));
	assert_int_equal(truncate(path, 100), 0);
	assert_fails(&job, ERR_INVALID, breached_has(&job, breached, S("password 1"), &found));
	free(content);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_the_file_is_found_and_nothing_else),
		cmocka_unit_test(another_kind_of_file_is_refused),
		cmocka_unit_test(a_file_that_breaks_later_is_an_error_and_no_answer),
	};
	int failed;

	hash = calloc(LINES, sizeof(*hash));
	snprintf(path, sizeof(path), "%s/valv-breached-%d", getenv("TMPDIR") ?: "/tmp", (int)getpid());
	failed = cmocka_run_group_tests_name("access/breached", tests, NULL, NULL);
	unlink(path);
	free(hash);
	return failed;
}
