/* src/json: reading, limits, canonical form, printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "base/limits.h"
#include "json/json.h"
#include "remains.h"

static void
assert_text(str s, const char *want)
{
	char got[4096];

	assert_true(s.len < sizeof(got));
	memcpy(got, s.ptr ? s.ptr : "", s.len);
	got[s.len] = '\0';
	assert_string_equal(got, want);
}

static int
fresh_job(void **state)
{
	static struct job job;

	job = (struct job){ 0 };
	*state = &job;
	return 0;
}

static int
end_job(void **state)
{
	job_release(*state);
	return 0;
}

/* The document is freed with the job's test: leaks are the sanitizer's to find. */
static enum err
parse(struct job *job, const char *text, struct json_document **document, struct json *root)
{
	return json_parse(job, str_from_c(text), document, root);
}

/* --- reading --------------------------------------------------------------------------------- */

static void
members_of_every_kind_are_read(void **state)
{
	struct job *job = *state;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str text;
	int64_t number;
	bool flag, there;
	time_us at;
	uid id;

	assert_int_equal(parse(job, "{\"s\":\"a\\u00e5\\n\",\"i\":-42,\"b\":true,\"n\":null,"
	                            "\"t\":\"2026-11-23T09:15:02Z\","
	                            "\"u\":\"0f0e0d0c-0b0a-4908-8706-050403020100\"}",
	                       &document, &root),
	                 OK);
	assert_int_equal(json_str(job, root, "s", 100, &text, &there), OK);
	assert_true(there);
	assert_text(text, "a\xc3\xa5\n");
	assert_int_equal(json_i64(job, root, "i", -42, 0, &number, NULL), OK);
	assert_int_equal(number, -42);
	assert_int_equal(json_bool(job, root, "b", &flag, &there), OK);
	assert_true(flag && there);
	assert_int_equal(json_time(job, root, "t", &at, &there), OK);
	assert_true(there && at == (time_us)1795425302 * TIME_SECOND);
	assert_int_equal(json_uid(job, root, "u", &id, &there), OK);
	assert_true(there && id.octet[0] == 0x0f && id.octet[15] == 0);
}

static void
absent_and_null_leave_the_result_as_it_was(void **state)
{
	struct job *job = *state;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	int64_t number = 7;
	bool flag = true, there = true;
	str text = S("kept");
	time_us at = 5;

	assert_int_equal(parse(job, "{\"n\":null}", &document, &root), OK);
	assert_int_equal(json_i64(job, root, "n", 0, 9, &number, &there), OK);
	assert_false(there);
	assert_int_equal(number, 7);
	assert_int_equal(json_str(job, root, "absent", 9, &text, &there), OK);
	assert_text(text, "kept");
	assert_int_equal(json_bool(job, root, "absent", &flag, NULL), OK);
	assert_true(flag);
	assert_int_equal(json_time(job, root, "n", &at, &there), OK);
	assert_true(!there && at == 5);
	assert_int_equal(json_need_str(job, root, "n", 9, &text), ERR_INVALID);
	assert_string_equal(job->failure.where, "/n");
}

static enum err
read_a(struct job *job, struct json root)
{
	static const char *const known[] = { "i", "s", "b", "t", "u", "l", NULL };
	struct json a = json_member(job, root, "a"), list;
	int64_t number;
	bool flag;
	str text;
	time_us at;
	uid id;

	TRY(json_object(job, a, known));
	TRY(json_i64(job, a, "i", 0, 10, &number, NULL));
	TRY(json_str(job, a, "s", 5, &text, NULL));
	TRY(json_bool(job, a, "b", &flag, NULL));
	TRY(json_time(job, a, "t", &at, NULL));
	TRY(json_uid(job, a, "u", &id, NULL));
	return json_array(job, a, "l", 2, &list);
}

static void
a_wrong_value_is_named_by_its_pointer(void **state)
{
	static const struct {
		const char *text;
		const char *where;
	} row[] = {
		{ "{\"a\":{\"i\":\"1\"}}", "/a/i" },
		{ "{\"a\":{\"i\":1.0}}", "/a/i" },
		{ "{\"a\":{\"i\":11}}", "/a/i" },
		{ "{\"a\":{\"i\":-1}}", "/a/i" },
		{ "{\"a\":{\"s\":1}}", "/a/s" },
		{ "{\"a\":{\"s\":\"123456\"}}", "/a/s" },
		{ "{\"a\":{\"b\":0}}", "/a/b" },
		{ "{\"a\":{\"t\":\"yesterday\"}}", "/a/t" },
		{ "{\"a\":{\"u\":\"0f0e0d0c\"}}", "/a/u" },
		{ "{\"a\":{\"l\":{}}}", "/a/l" },
		{ "{\"a\":{\"l\":[1,2,3]}}", "/a/l" },
		{ "{\"a\":{\"caller's own\":1}}", "/a" },
		{ "{\"a\":[]}", "/a" },
		{ "{}", "/a" },
		{ "[]", "/a" },
	};
	struct job *job = *state;

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(json_free) struct json_document *document = NULL;
		struct json root;

		job_forgive(job);
		assert_int_equal(parse(job, row[i].text, &document, &root), OK);
		assert_int_equal(read_a(job, root), ERR_INVALID);
		assert_string_equal(job->failure.where, row[i].where);
	}
}

static void
arrays_and_free_objects_are_walked_in_the_order_of_the_text(void **state)
{
	struct job *job = *state;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, list, value, named;
	void *iterator = NULL;
	char order[8] = "";
	size_t at = 0;
	str name;

	assert_int_equal(parse(job, "{\"z\":1,\"a\":2,\"m\":[true,\"x\"]}", &document, &root), OK);
	while (json_each(job, root, &iterator, &name, &value)) {
		order[at++] = name.ptr[0];
		assert_string_equal(value.at, ""); /* the caller's names stay out of pointers */
	}
	assert_string_equal(order, "zam");
	assert_int_equal(json_count(root), 3);
	assert_int_equal(json_array(job, root, "m", 2, &list), OK);
	assert_int_equal(json_count(list), 2);
	assert_int_equal(json_kind(json_element(job, list, 1)), JSON_STRING);
	assert_string_equal(json_element(job, list, 1).at, "/m/1");
	assert_int_equal(json_kind(json_element(job, list, 2)), JSON_ABSENT);
	assert_int_equal(json_array(job, root, "none", 2, &list), OK);
	assert_int_equal(json_count(list), 0);
	named = json_at_name(job, json_member(job, root, "m"), value, S("a/b~c"));
	assert_string_equal(named.at, "/m/a~1b~0c");
}

static void
nothing_of_a_document_remains_in_memory(void **state)
{
	struct job *job = *state;
	struct json_document *document = NULL;
	struct json root;
	char text[REMAINS_LEN * 2 + 8], *at = text;
	str value;

	*at++ = '{';
	for (int i = 0; i < 2; i++) { /* as a name and as a value */
		*at++ = '"';
		remains_marker(at);
		at += REMAINS_LEN;
		*at++ = '"';
		*at++ = i ? '}' : ':';
	}
	assert_int_equal(json_parse(job, (str){ text, (size_t)(at - text) }, &document, &root), OK);
	explicit_bzero(text, sizeof(text));
	assert_int_equal(json_canonical(job, root, 100, &value), OK);
	assert_true(remains_count() >= 4);
	json_free(&document);
	arena_reset(&job->arena);
	assert_int_equal(remains_count(), 0);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void
refused(struct job *job, str text, const char *why)
{
	struct json_document *document = NULL;
	struct json root;

	job_forgive(job);
	if (json_parse(job, text, &document, &root) != ERR_MALFORMED)
		print_error("accepted: %.*s\n", SPRINT(text));
	assert_int_equal(job->failure.err, ERR_MALFORMED);
	assert_null(document);
	if (why)
		assert_string_equal(job->failure.why, why);
	assert_string_equal(job->failure.where, "");
}

static void
malformed_text_is_refused_without_quoting_it(void **state)
{
	static const struct {
		str text;
		const char *why;
	} row[] = {
		{ { "", 0 }, "the JSON text is empty" },
		{ { NULL, 0 }, "the JSON text is empty" },
		{ { "{\"secret\":1", 11 }, "the JSON text ends too early" },
		{ { "{} {}", 5 }, "there is something after the JSON text" },
		{ { "{}\0", 3 }, "the JSON text contains an octet 0" },
		{ { "1\0", 2 }, "the JSON text contains an octet 0" },
		{ { "[1\0]", 4 }, "the JSON text contains an octet 0" },
		{ { "\xef\xbb\xbf{}", 5 }, NULL },
		{ { "\"\xff\"", 3 }, "the JSON text is not valid UTF-8" },
		{ { "\"\xc0\x80\"", 4 }, "the JSON text is not valid UTF-8" },
		{ { "\"\xed\xa0\x80\"", 5 }, "the JSON text is not valid UTF-8" },
		{ { "\"\\u0000\"", 8 }, "a JSON string contains U+0000" },
		{ { "{\"\\u0000\":1}", 12 }, "a JSON string contains U+0000" },
		{ { "\"\\ud800\"", 8 }, NULL },
		{ { "\"\\udc00\"", 8 }, NULL },
		{ { "\"\\ud800\\ud800\"", 14 }, NULL },
		{ { "\"\\ud800x\"", 9 }, NULL },
		{ { "{\"a\":1,\"a\":1}", 13 }, "a JSON object has the same member twice" },
		{ { "{\"a\":1,\"\\u0061\":1}", 18 }, "a JSON object has the same member twice" },
		{ { "9223372036854775808", 19 }, "a JSON number is out of range" },
		{ { "-9223372036854775809", 20 }, "a JSON number is out of range" },
		{ { "1e309", 5 }, "a JSON number is out of range" },
		{ { "-1.8e308", 8 }, "a JSON number is out of range" },
		{ { "1e-308", 6 }, "a JSON number is out of range" },
		{ { "0.1e-307", 8 }, "a JSON number is out of range" },
		{ { "1e99999999999999999999", 22 }, "a JSON number is out of range" },
		{ { "1.2345678901234567891", 21 },
		  "a JSON number has more digits than can be kept; send it as a string" },
		{ { "01", 2 }, NULL },
		{ { "+1", 2 }, NULL },
		{ { "NaN", 3 }, NULL },
		{ { "{'a':1}", 7 }, NULL },
		{ { "[1,]", 4 }, NULL },
		{ { "// a\n1", 6 }, NULL },
	};

	for (size_t i = 0; i < COUNT(row); i++)
		refused(*state, row[i].text, row[i].why);
}

static void
accepted(struct job *job, const struct buf *text)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	assert_true(buf_ok(text));
	assert_int_equal(json_parse(job, buf_str(text), &document, &root), OK);
}

static void
fill(struct buf *text, const char *front, const char *part, size_t count, const char *back)
{
	buf_clear(text);
	buf_put(text, str_from_c(front));
	for (size_t i = 0; i < count; i++)
		buf_put(text, str_from_c(part));
	buf_put(text, str_from_c(back));
}

static void
limits_hold_to_the_last_one(void **state)
{
	static const char deep[] = "the JSON text is nested deeper than the limit";
	static const char wide[] = "the JSON text has more parts than the limit";
	static const char long_string[] = "a JSON string is longer than the limit";
	OWNED(buf_release) struct buf text;
	char closing[LIMIT_JSON_DEPTH + 1] = "";

	buf_init(&text, 1 << 20);
	memset(closing, ']', LIMIT_JSON_DEPTH);
	fill(&text, "", "[", LIMIT_JSON_DEPTH, closing);
	accepted(*state, &text);
	fill(&text, "", "[", LIMIT_JSON_DEPTH + 1, "");
	refused(*state, buf_str(&text), deep);
	fill(&text, "", "{\"a\":", LIMIT_JSON_DEPTH + 1, "");
	refused(*state, buf_str(&text), deep);
	fill(&text, "[\"[[[[{{{{\\\"[[[\"", ",[]", LIMIT_JSON_DEPTH * 2, "]"); /* brackets in text */
	accepted(*state, &text);
	fill(&text, "[0", ",0", LIMIT_JSON_NODES - 2, "]");
	accepted(*state, &text);
	fill(&text, "[0", ",0", LIMIT_JSON_NODES - 1, "]");
	refused(*state, buf_str(&text), wide);
	fill(&text, "\"", "a", LIMIT_STRING_BYTES, "\"");
	accepted(*state, &text);
	fill(&text, "\"", "a", LIMIT_STRING_BYTES + 1, "\"");
	refused(*state, buf_str(&text), long_string);
	fill(&text, "\"", "\\u0061", LIMIT_STRING_BYTES, "\"");
	accepted(*state, &text);
	fill(&text, "\"", "\\u0061", LIMIT_STRING_BYTES + 1, "\"");
	refused(*state, buf_str(&text), long_string);
	fill(&text, "\"", "\\ud834\\udd1e", LIMIT_STRING_BYTES / 4 + 1, "\"");
	refused(*state, buf_str(&text), long_string);
}

/* --- numbers, scalars, canonical form -------------------------------------------------------- */

static void
scalar_is(struct job *job, const char *text, const char *want)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str got;

	assert_int_equal(parse(job, text, &document, &root), OK);
	assert_int_equal(json_scalar(job, root, 400, &got), OK);
	assert_text(got, want);
}

static void
scalars_print_in_their_shortest_form(void **state)
{
	static const char *const row[][2] = {
		{ "\"as is\\t\"", "as is\t" }, { "true", "true" }, { "false", "false" },
		{ "0", "0" }, { "-0", "0" }, { "-0.0", "0" }, { "0e99999", "0" }, { "0.000e-9999", "0" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "1.50", "1.5" }, { "1e3", "1000" }, { "1.0", "1" }, { "-2.50E-1", "-0.25" },
		{ "0.1", "0.1" }, { "0.30000000000000004", "0.30000000000000004" },
		{ "0.000001", "0.000001" }, { "0.0000001", "1e-7" }, { "123e45", "1.23e+47" },
		{ "1E22", "1e+22" }, { "1e20", "1e+20" }, { "9.2e18", "9200000000000000000" },
		{ "9.3e18", "9.3e+18" }, { "1.7976931348623157e308", "1.7976931348623157e+308" },
		{ "1e-307", "1e-307" }, { "5e-5", "0.00005" }, { "333333333.33333329", "333333333.3333333" },
		{ "1000000000000000000000000000.0", "1e+27" },
	};

	for (size_t i = 0; i < COUNT(row); i++)
		scalar_is(*state, row[i][0], row[i][1]);
}

static void
only_scalars_have_text_and_within_their_length(void **state)
{
	struct job *job = *state;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str got;

	assert_int_equal(parse(job, "{\"o\":{},\"n\":null,\"s\":\"four\"}", &document, &root), OK);
	assert_int_equal(json_scalar(job, json_member(job, root, "o"), 9, &got), ERR_INVALID);
	assert_string_equal(job->failure.where, "/o");
	assert_int_equal(json_scalar(job, json_member(job, root, "n"), 9, &got), ERR_INVALID);
	assert_int_equal(json_scalar(job, json_member(job, root, "none"), 9, &got), ERR_INVALID);
	assert_int_equal(json_scalar(job, json_member(job, root, "s"), 3, &got), ERR_INVALID);
	assert_int_equal(json_scalar(job, json_member(job, root, "s"), 4, &got), OK);
}

static void
canonical_is(struct job *job, const char *text, const char *want)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str got;

	assert_int_equal(parse(job, text, &document, &root), OK);
	assert_int_equal(json_canonical(job, root, 4000, &got), OK);
	assert_text(got, want);
}

static void
canonical_form_is_that_of_rfc_8785(void **state)
{
	/* RFC 8785 section 3.2.2 and 3.2.3, and the order of surrogates before U+E000. */
	canonical_is(*state,
	             "{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"
	             "\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
	             "\"literals\":[null,true,false]}",
	             "{\"literals\":[null,true,false],"
	             "\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
	             "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	canonical_is(*state,
	             "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,"
	             "\"\\u0080\":6,\"\\u00f6\":7}",
	             "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
	             "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
	canonical_is(*state, "{\"ab\":1,\"a\":2,\"\":3,\"b\":{}}", "{\"\":3,\"a\":2,\"ab\":1,\"b\":{}}");
}

static void
a_subtree_too_long_for_canonical_form_is_named(void **state)
{
	struct job *job = *state;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str got;

	assert_int_equal(parse(job, "{\"e\":[1,2]}", &document, &root), OK);
	assert_int_equal(json_canonical(job, json_member(job, root, "e"), 4, &got), ERR_INVALID);
	assert_string_equal(job->failure.where, "/e");
	assert_int_equal(json_canonical(job, json_member(job, root, "e"), 5, &got), OK);
	assert_text(got, "[1,2]");
}

/* --- printing -------------------------------------------------------------------------------- */

static void
the_writer_puts_commas_and_escapes(void **state)
{
	OWNED(buf_release) struct buf buf;
	struct json_out out;

	(void)state;
	buf_init(&buf, 4000);
	json_out_begin(&out, &buf);
	json_open(&out, '{');
	json_pair_str(&out, S("s"), S("\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa5"));
	json_pair_i64(&out, S("i"), INT64_MIN);
	json_pair_bool(&out, S("b"), false);
	json_pair_time(&out, S("t"), 0);
	json_pair_time(&out, S("never"), TIME_NEVER);
	json_pair_uid(&out, S("u"), (uid){ { 1 } });
	json_name(&out, S("l"));
	json_open(&out, '[');
	json_open(&out, '{');
	json_close(&out, '}');
	json_open(&out, '[');
	json_close(&out, ']');
	json_put_null(&out);
	json_put_raw(&out, S("{\"x\":1}"));
	json_put_str(&out, S(""));
	json_close(&out, ']');
	json_close(&out, '}');
	assert_text(buf_str(&buf),
	            "{\"s\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa5\","
	            "\"i\":-9223372036854775808,\"b\":false,\"t\":\"1970-01-01T00:00:00Z\","
	            "\"never\":null,\"u\":\"01000000-0000-0000-0000-000000000000\","
	            "\"l\":[{},[],null,{\"x\":1},\"\"]}");
}

/* Every octet at every place of a word: the fast path must not miss one. */
static void
every_ascii_octet_survives_at_every_offset(void **state)
{
	struct job *job = *state;

	for (size_t len = 1; len <= 20; len++) {
		for (size_t at = 0; at < len; at++) {
			for (int c = 1; c < 0x80; c++) {
				OWNED(json_free) struct json_document *document = NULL;
				OWNED(buf_release) struct buf buf;
				struct json_out out;
				struct json root;
				char text[20];
				str got;

				memset(text, 'a', sizeof(text));
				text[at] = (char)c;
				buf_init(&buf, 200);
				json_out_begin(&out, &buf);
				json_put_str(&out, (str){ text, len });
				assert_int_equal(json_parse(job, buf_str(&buf), &document, &root), OK);
				assert_int_equal(json_scalar(job, root, 20, &got), OK);
				assert_true(str_eq(got, (str){ text, len }));
			}
		}
		arena_reset(&job->arena);
	}
}

static void
misuse_value_without_name(struct json_out *out)
{
	json_open(out, '{');
	json_put_null(out);
}

static void
misuse_name_in_array(struct json_out *out)
{
	json_open(out, '[');
	json_name(out, S("a"));
}

static void
misuse_two_values_at_the_top(struct json_out *out)
{
	json_put_null(out);
	json_put_null(out);
}

static void
misuse_wrong_bracket(struct json_out *out)
{
	json_open(out, '[');
	json_close(out, '}');
}

static void
misuse_name_without_value(struct json_out *out)
{
	json_open(out, '{');
	json_name(out, S("a"));
	json_close(out, '}');
}

static void
misuse_not_utf8(struct json_out *out)
{
	json_put_str(out, S("abc\xff"));
}

static void
misuse_depth(struct json_out *out)
{
	for (int i = 0; i < 64; i++)
		json_open(out, '[');
}

static void
the_writer_stops_at_misuse(void **state)
{
	static void (*const misuse[])(struct json_out *) = {
		misuse_value_without_name, misuse_name_in_array, misuse_two_values_at_the_top,
		misuse_wrong_bracket, misuse_name_without_value, misuse_not_utf8, misuse_depth,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(misuse); i++) {
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			struct buf buf;
			struct json_out out;

			signal(SIGABRT, SIG_DFL);
			fclose(stderr);
			buf_init(&buf, 1000);
			json_out_begin(&out, &buf);
			misuse[i](&out);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

int
main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, fresh_job, end_job)
	const struct CMUnitTest tests[] = {
		EACH(members_of_every_kind_are_read),
		EACH(absent_and_null_leave_the_result_as_it_was),
		EACH(a_wrong_value_is_named_by_its_pointer),
		EACH(arrays_and_free_objects_are_walked_in_the_order_of_the_text),
		EACH(nothing_of_a_document_remains_in_memory),
		EACH(malformed_text_is_refused_without_quoting_it),
		EACH(limits_hold_to_the_last_one),
		EACH(scalars_print_in_their_shortest_form),
		EACH(only_scalars_have_text_and_within_their_length),
		EACH(canonical_form_is_that_of_rfc_8785),
		EACH(a_subtree_too_long_for_canonical_form_is_named),
		EACH(the_writer_puts_commas_and_escapes),
		EACH(every_ascii_octet_survives_at_every_offset),
		EACH(the_writer_stops_at_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
