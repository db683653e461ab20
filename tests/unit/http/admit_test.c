/* src/http: the pure parts of admission, of reading requests, and of the watch on slow ones. */
#include "http_test.h"

#include "base/limits.h"
#include "http/admit.h"
#include "http/slow.h"

static void
targets_that_are_absolute_paths_are_split(void **state)
{
	static const struct {
		const char *target, *path, *query;
	} row[] = {
		{ "/", "/", "" },
		{ "/?", "/", "" },
		{ "/v1/subjects", "/v1/subjects", "" },
		{ "/a?b=c&d=%20?/", "/a", "b=c&d=%20?/" },
		{ "/a..b/...", "/a..b/...", "" },
		{ "/.well-known/x", "/.well-known/x", "" },
		{ "/%2e%2e%2e", "/%2e%2e%2e", "" },
		{ "/a;b=1,2/:@!$&'()*+=~_-", "/a;b=1,2/:@!$&'()*+=~_-", "" },
		{ "/a?q=../..//%2f", "/a", "q=../..//%2f" },
		{ "/%C3%A5", "/%C3%A5", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		str path, query;

		assert_null(admit_target(str_from_c(row[i].target), &path, &query));
		assert_true(str_eq(path, str_from_c(row[i].path)));
		assert_true(str_eq(query, str_from_c(row[i].query)));
	}
}

static void
other_targets_are_refused(void **state)
{
	static const str row[] = {
		{ "", 0 }, { "*", 1 }, { "a", 1 }, { "?a", 2 }, { "http://h/a", 10 }, { "h:80", 4 },
		{ "//", 2 }, { "/a//b", 5 }, { "/a/", 3 }, { "//a", 3 },
		{ "/.", 2 }, { "/..", 3 }, { "/a/./b", 6 }, { "/a/../b", 7 }, { "/a/..", 5 },
		{ "/%2e", 4 }, { "/%2E%2e/a", 9 }, { "/a/.%2e", 7 }, { "/a/%2e./b", 9 },
		{ "/a%", 3 }, { "/a%2", 4 }, { "/a%zz", 5 }, { "/a%%20", 6 }, { "/a?%", 4 }, { "/a?%4", 5 },
		{ "/a%00", 5 }, { "/a?b=%00", 8 }, { "/a%2fb", 6 }, { "/a%2Fb", 6 }, { "/a%5cb", 6 },
		{ "/a#b", 4 }, { "/a?b#c", 6 }, { "/a b", 4 }, { "/a\tb", 4 }, { "/a\0b", 4 }, { "/a\\b", 4 },
		{ "/\xc3\xa5", 3 }, { "/a\"", 3 }, { "/a<", 3 }, { "/a|b", 4 }, { "/[a]", 4 }, { "/a?\x7f", 4 },
		{ "/a^", 3 }, { "/a`", 3 }, { "/{a}", 4 },
	};
	static char most[LIMIT_TARGET_BYTES + 2];
	str path, query;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		if (!admit_target(row[i], &path, &query))
			print_error("admitted: %.*s\n", SPRINT(row[i]));
		assert_non_null(admit_target(row[i], &path, &query));
	}
	memset(most, 'a', sizeof(most));
	most[0] = '/';
	assert_null(admit_target((str){ most, LIMIT_TARGET_BYTES }, &path, &query));
	assert_non_null(admit_target((str){ most, LIMIT_TARGET_BYTES + 1 }, &path, &query));
}

static void
hosts_are_names_or_addresses_with_or_without_port(void **state)
{
	static const char *const good[] = { "a", "vault.example.org", "127.0.0.1:8080", "a_b", "[::1]",
		                            "[fe80::1]:443", "[::ffff:1.2.3.4]", "a:", "xn--gteborg-90a.se",
		                            "a,b" /* sub-delims may be in a name */ };
	static const char *const bad[] = { "", ":80", "a b", "a/b", "a:b", "a:1:2", "u@a", "[::1",
		                           "[]", "[x]", "[::1]x", "::1", "a:123456", "a\xc3\xa5", "a?b", "a#" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_null(admit_host(str_from_c(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_non_null(admit_host(str_from_c(bad[i])));
}

static void
header_names_are_tokens_and_values_are_printable(void **state)
{
	static const struct header good[] = {
		{ { "A", 1 }, { "", 0 } }, { { "x!#$%&'*+-.^_`|~9", 17 }, { "a\tb \xff", 5 } },
	};
	static const struct header bad[] = {
		{ { "", 0 }, { "a", 1 } },      { { "A ", 2 }, { "a", 1 } },   { { " A", 2 }, { "a", 1 } },
		{ { "A\t", 2 }, { "a", 1 } },   { { "A\0", 2 }, { "a", 1 } },  { { "A(b)", 4 }, { "a", 1 } },
		{ { "A\xc3", 2 }, { "a", 1 } }, { { "A/b", 3 }, { "a", 1 } },  { { "A", 1 }, { "a\0b", 3 } },
		{ { "A", 1 }, { "a\rb", 3 } },  { { "A", 1 }, { "a\nb", 3 } }, { { "A", 1 }, { "\x7f", 1 } },
		{ { "A", 1 }, { "\x01", 1 } },  { { "A\"", 2 }, { "a", 1 } },  { { "A,", 2 }, { "a", 1 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_null(admit_header(&good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_non_null(admit_header(&bad[i]));
}

#define HEADER(name, value) { { name, sizeof(name) - 1 }, { value, sizeof(value) - 1 } }
#define HEADERS_MAX 4

static enum err
admit_row(const struct header *header, const char *version, struct admission *ret)
{
	size_t count = 0;
	const char *why;

	while (count < HEADERS_MAX && header[count].name.ptr)
		count++;
	return admit(&(struct head){ .method = S("POST"), .target = S("/a"),
	                             .version = str_from_c(version), .header = header,
	                             .header_count = count },
	             ret, &why);
}

static void
framing_and_single_headers_are_checked_together(void **state)
{
	static const struct {
		enum err err;
		const char *version;
		struct header header[HEADERS_MAX];
	} row[] = {
		{ OK, "HTTP/1.1", { HEADER("Host", "a") } },
		{ OK, "HTTP/1.0", { { { 0 } } } },
		{ OK, "HTTP/1.1", { HEADER("host", "a"), HEADER("content-length", "5") } },
		{ OK, "HTTP/1.1", { HEADER("host", "a"), HEADER("transfer-encoding", "Chunked") } },
		{ OK, "HTTP/1.1", { HEADER("host", "a"), HEADER("Content-Length", "000") } },
		{ OK, "HTTP/1.1", { HEADER("host", "a"), HEADER("Accept", "a"), HEADER("Accept", "b") } },
		{ ERR_MALFORMED, "HTTP/1.2", { HEADER("Host", "a") } },
		{ ERR_MALFORMED, "HTTP/2.0", { HEADER("Host", "a") } },
		{ ERR_MALFORMED, "http/1.1", { HEADER("Host", "a") } },
		{ ERR_MALFORMED, "", { HEADER("Host", "a") } },
		{ ERR_HEADER, "HTTP/1.1", { { { 0 } } } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("HOST", "a") } },
		{ ERR_HEADER, "HTTP/1.0", { HEADER("Host", "a"), HEADER("HOST", "a") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "5"), HEADER("Content-Length", "5") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", ""), HEADER("Content-Length", "") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "+5") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "-5") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "0x5") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "5 ") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "5, 5") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "5.0") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "9223372036854775808") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "18446744073709551616") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Length", "5"), HEADER("Transfer-Encoding", "chunked") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "identity") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "gzip, chunked") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", ",chunked") } },
		{ ERR_MALFORMED, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "chunked ") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "\x0b" "chunked") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "chunked"), HEADER("Transfer-Encoding", "chunked") } },
		{ ERR_MALFORMED, "HTTP/1.0", { HEADER("Host", "a"), HEADER("Transfer-Encoding", "chunked") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Authorization", "x"), HEADER("authorization", "x") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Content-Type", "x"), HEADER("Content-type", "x") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("If-Match", "x"), HEADER("if-match", "x") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Idempotency-Key", "x"), HEADER("idempotency-key", "y") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Valv-Purpose", "x"), HEADER("valv-purpose", "y") } },
		{ ERR_HEADER, "HTTP/1.1", { HEADER("Host", "a"), HEADER("Expect", "100-continue"), HEADER("Expect", "100-continue") } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct admission admission = { 0 };
		enum err err = admit_row(row[i].header, row[i].version, &admission);

		if (err != row[i].err)
			print_error("row %zu: %s\n", i, err_info(err)->name);
		assert_int_equal(err, row[i].err);
	}
}

static void
admission_tells_what_was_read(void **state)
{
	static const struct header header[HEADERS_MAX] = {
		HEADER("Host", "a"), HEADER("Content-Length", "0123"), HEADER("Expect", "100-Continue") };
	struct admission admission;

	(void)state;
	assert_int_equal(admit_row(header, "HTTP/1.1", &admission), OK);
	assert_true(admission.body_len == 123 && !admission.chunked && !admission.close);
	assert_true(!admission.expects_other && admission.method == METHOD_POST);
	assert_int_equal(admit_row(header, "HTTP/1.0", &admission), OK);
	assert_true(admission.close);
}

static void
too_many_or_too_long_headers_are_refused(void **state)
{
	static struct header header[LIMIT_HEADER_FIELDS + 1];
	static char value[LIMIT_HEADER_BYTES];
	struct head head = { .method = S("GET"), .target = S("/"), .version = S("HTTP/1.1"),
		             .header = header, .header_count = LIMIT_HEADER_FIELDS };
	struct admission admission;
	const char *why;

	(void)state;
	memset(value, 'a', sizeof(value));
	for (size_t i = 0; i < COUNT(header); i++)
		header[i] = (struct header){ S("X"), { value, 1 } };
	header[0] = (struct header){ S("Host"), S("a") };
	assert_int_equal(admit(&head, &admission, &why), OK);
	head.header_count++;
	assert_int_equal(admit(&head, &admission, &why), ERR_HEADER);
	head.header_count = 2;
	header[1].value.len = LIMIT_HEADER_BYTES - 9 - 5;
	assert_int_equal(admit(&head, &admission, &why), OK);
	header[1].value.len++;
	assert_int_equal(admit(&head, &admission, &why), ERR_HEADER);
}

static void
methods_are_tokens_and_case_counts(void **state)
{
	static const struct header header = HEADER("Host", "a");
	static const struct {
		const char *name;
		enum err err;
		enum method method;
	} row[] = {
		{ "GET", OK, METHOD_GET },         { "HEAD", OK, METHOD_HEAD },
		{ "POST", OK, METHOD_POST },       { "PUT", OK, METHOD_PUT },
		{ "PATCH", OK, METHOD_PATCH },     { "DELETE", OK, METHOD_DELETE },
		{ "OPTIONS", OK, METHOD_OPTIONS }, { "get", OK, METHOD_OTHER },
		{ "TRACE", OK, METHOD_OTHER },     { "", ERR_MALFORMED, METHOD_OTHER },
		{ "G(T", ERR_MALFORMED, METHOD_OTHER }, { "G\x01T", ERR_MALFORMED, METHOD_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct admission admission = { 0 };
		const char *why;

		assert_int_equal(admit(&(struct head){ .method = str_from_c(row[i].name), .target = S("/"),
		                                       .version = S("HTTP/1.1"), .header = &header,
		                                       .header_count = 1 },
		                       &admission, &why),
		                 row[i].err);
		if (row[i].err == OK)
			assert_int_equal(admission.method, row[i].method);
	}
}

static void
query_parameters_are_decoded_once_and_not_guessed(void **state)
{
	static const struct {
		const char *query, *want; /* NULL: absent */
		bool bad;
	} row[] = {
		{ "", NULL, false },          { "b=1", NULL, false },
		{ "a=1", "1", false },        { "a=", "", false },
		{ "a", "", false },           { "b=2&a=1", "1", false },
		{ "a=%31+%2B", "1++", false }, { "a=%2531", "%31", false },
		{ "%61=1", "1", false },      { "a=b=c", "b=c", false },
		{ "&&a=1&", "1", false },     { "aa=1", NULL, false },
		{ "a=%C3%A5", "\xc3\xa5", false },
		{ "a=1&a=1", NULL, true },    { "a=1&%61=2", NULL, true },
		{ "a=%", NULL, true },        { "a=%4", NULL, true },
		{ "a=%zz", NULL, true },      { "a=%ff", NULL, true },
		{ "%=1", NULL, true },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct request request = { .query = str_from_c(row[i].query) };
		str value;
		bool bad, found = request_query(&arena, &request, S("a"), &value, &bad);

		assert_int_equal(bad, row[i].bad);
		assert_int_equal(found, row[i].want != NULL);
		if (found)
			assert_true(str_eq(value, str_from_c(row[i].want)));
	}
	arena_release(&arena);
}

static void
headers_are_found_without_regard_to_case(void **state)
{
	static const struct header header[] = { HEADER("X", "0"), HEADER("VALV-purpose", "  a b\t"),
		                                HEADER("valv-purpose", "second") };
	struct request request = { .header = header, .header_count = COUNT(header) };
	str value;

	(void)state;
	assert_true(request_header(&request, S("Valv-Purpose"), &value));
	assert_true(str_eq(value, S("a b")));
	assert_false(request_header(&request, S("Valv"), &value));
}

static void
slowness_is_judged_by_what_is_being_done(void **state)
{
	static const struct {
		int phase, seconds;
		uint64_t moved, total;
		bool slow;
	} row[] = {
		{ SLOW_IDLE, 39, 0, 0, false },     { SLOW_IDLE, 41, 0, 0, true },
		{ SLOW_HEAD, 9, 0, 0, false },      { SLOW_HEAD, 11, 0, 0, true },
		{ SLOW_MOVING, 9, 0, 0, false },    { SLOW_MOVING, 11, 0, 0, true },
		{ SLOW_MOVING, 30, 9000, 0, true }, { SLOW_MOVING, 30, 11000, 0, false },
		{ SLOW_MOVING, 30, 0, 9000, true }, { SLOW_MOVING, 30, 0, 11000, false },
		{ SLOW_WORKING, 9999, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slow one = { .phase = row[i].phase, .since_us = 1000, .moved = row[i].moved,
			            .total = row[i].total };

		assert_int_equal(slow_is(&one, 2000 + (int64_t)row[i].seconds * 1000000), row[i].slow);
	}
}

int
admit_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_that_are_absolute_paths_are_split),
		cmocka_unit_test(other_targets_are_refused),
		cmocka_unit_test(hosts_are_names_or_addresses_with_or_without_port),
		cmocka_unit_test(header_names_are_tokens_and_values_are_printable),
		cmocka_unit_test(framing_and_single_headers_are_checked_together),
		cmocka_unit_test(admission_tells_what_was_read),
		cmocka_unit_test(too_many_or_too_long_headers_are_refused),
		cmocka_unit_test(methods_are_tokens_and_case_counts),
		cmocka_unit_test(query_parameters_are_decoded_once_and_not_guessed),
		cmocka_unit_test(headers_are_found_without_regard_to_case),
		cmocka_unit_test(slowness_is_judged_by_what_is_being_done),
	};

	return cmocka_run_group_tests_name("http/admit", tests, NULL, NULL);
}
