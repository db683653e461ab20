/* src/public: forms as browsers and mail programs send them, and the company's colour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail

#include "base/limits.h"
#include "os/random.h"
#include "public/form.h"
#include "public/look.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=x"
#define PART(head, body) "--x\r\n" head "\r\n\r\n" body "\r\n"
#define NAMED(name) "Content-Disposition: form-data; name=\"" name "\""

static enum err
read_form(struct job *job, const char *type, const char *body, struct form *ret)
{
	enum err err = form_read(job, str_from_c(type), str_bytes(str_from_c(body)), ret);

	job_forgive(job);
	return err;
}

static void
fields_are_read_as_they_were_written(void **state UNUSED)
{
	static const struct { const char *type, *body, *name, *value; } cases[] = {
		{ URLENCODED, "a=b", "a", "b" },
		{ URLENCODED "; charset=UTF-8", "x=1&a=b+c%20d", "a", "b c d" },
		{ "APPLICATION/X-WWW-FORM-URLENCODED", "a=%C3%A5%26", "a", "\xc3\xa5&" },
		{ URLENCODED, "&&a&a=b", "a", "" },
		{ URLENCODED, "a=100%&b=%zz", "b", "%zz" },
		{ URLENCODED, "a=%", "a", "%" },
		{ URLENCODED, "a=x%4", "a", "x%4" },
		{ URLENCODED, "a=1%0d%0a2%0d3", "a", "1\n2\n3" },
		{ URLENCODED, "a=b=c", "a", "b=c" },
		{ PARTS, PART(NAMED("a"), "b") "--x--\r\n", "a", "b" },
		{ PARTS, "text before\r\n" PART(NAMED("a"), "b\r\nc") "--x--text behind", "a", "b\nc" },
		{ PARTS, "--x \t\r\ncontent-disposition: form-data; NAME=a\r\nX: y\r\n\r\nb\r\n--x--", "a", "b" },
		{ PARTS, PART(NAMED("a") "; filename=\"a\"", "file") PART(NAMED("a"), "b") "--x--", "a", "b" },
		{ PARTS, PART(NAMED("a\\\"b"), "c") "--x--", "a\"b", "c" },
		{ PARTS, PART(NAMED("a"), "") "--x--", "a", "" },
		{ "multipart/form-data; charset=x; boundary=\"a b\"", "--a b\r\n" NAMED("a") "\r\n\r\nb\r\n--a b--", "a", "b" },
	};
	OWNED(job_release) struct job job = { 0 };
	struct form form;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_form(&job, cases[i].type, cases[i].body, &form), OK);
		assert_true(str_eq(form_text(&form, str_from_c(cases[i].name)), str_from_c(cases[i].value)));
		assert_true(form_has(&form, str_from_c(cases[i].name), str_from_c(cases[i].value)));
	}
}

static void
what_is_not_what_its_type_says_is_refused(void **state UNUSED)
{
	static const struct { const char *type, *body; enum err err; } cases[] = {
		{ "", "a=b", ERR_MEDIA_TYPE },
		{ "text/plain", "a=b", ERR_MEDIA_TYPE },
		{ "application/json", "{}", ERR_MEDIA_TYPE },
		{ URLENCODED "x", "a=b", ERR_MEDIA_TYPE },
		{ URLENCODED, "a=%ff", ERR_MALFORMED },
		{ URLENCODED, "a=%00", ERR_MALFORMED },
		{ URLENCODED, "%c3=b", ERR_MALFORMED },
		{ "multipart/form-data", "--x--", ERR_MALFORMED },
		{ "multipart/form-data; boundary=", "----", ERR_MALFORMED },
		{ "multipart/form-data; boundary=\"x", "--x--", ERR_MALFORMED },
		{ PARTS, "", ERR_MALFORMED },
		{ PARTS, "--x", ERR_MALFORMED },
		{ PARTS, "--xa\r\n\r\n", ERR_MALFORMED },
		{ PARTS, "--x\r\n", ERR_MALFORMED },
		{ PARTS, "--x\r\n" NAMED("a"), ERR_MALFORMED },
		{ PARTS, "--x\r\n" NAMED("a") "\r\n\r\nb", ERR_MALFORMED },
		{ PARTS, PART(NAMED("a"), "b"), ERR_MALFORMED },
		{ PARTS, PART("X: y", "b") "--x--", ERR_MALFORMED },
		{ PARTS, PART(NAMED("a") "\r\n" NAMED("b"), "c") "--x--", ERR_MALFORMED },
		{ PARTS, PART("Content-Disposition: form-data", "b") "--x--", ERR_MALFORMED },
		{ PARTS, PART("Content-Disposition: attachment; name=a", "b") "--x--", ERR_MALFORMED },
		{ PARTS, PART(NAMED("a"), "\xff") "--x--", ERR_MALFORMED },
	};
	OWNED(job_release) struct job job = { 0 };
	struct form form;

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(read_form(&job, cases[i].type, cases[i].body, &form), cases[i].err);
}

static void
a_form_has_at_most_so_many_fields(void **state UNUSED)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf body = { .max = LIMIT_FORM_BYTES };
	struct form form;

	for (int i = 0; i < LIMIT_FORM_FIELDS; i++)
		buf_put(&body, S("a=b&"));
	assert_int_equal(form_read(&job, S(URLENCODED), buf_bytes(&body), &form), OK);
	assert_int_equal(form.count, LIMIT_FORM_FIELDS);
	buf_put(&body, S("a=b"));
	assert_int_equal(form_read(&job, S(URLENCODED), buf_bytes(&body), &form), ERR_LIMIT);
}

/* Pieces of both forms, in any order: whatever comes, it is read or refused. */
static void
any_octets_are_read_or_refused(void **state UNUSED)
{
	static const char *const pieces[] = {
		"--x", "\r\n", "\n", "--", "x", "a", "=", "&", "%", "%41", "+", ";", "\"", "\\", " ", ":",
		"Content-Disposition: form-data; name=", "filename=a", "\xc3", "\xa5", "name=\"a\"",
	};
	OWNED(job_release) struct job job = { 0 };

	for (int round = 0; round < 20000; round++) {
		OWNED(buf_release) struct buf body = { .max = 4096 };
		uint8_t draw[24];
		struct form form;
		os_random(draw, sizeof(draw));
		for (size_t i = 0; i < draw[0] % sizeof(draw); i++)
			buf_put(&body, str_from_c(pieces[draw[i] % COUNT(pieces)]));
		for (int type = 0; type < 2; type++) {
			enum err err = form_read(&job, type ? S(PARTS) : S(URLENCODED), buf_bytes(&body), &form);
			assert_true(err == OK || err == ERR_MALFORMED);
			for (size_t i = 0; !err && i < form.count; i++)
				assert_true(str_utf8(form.field[i].name) && str_utf8(form.field[i].value));
			job_forgive(&job);
		}
		arena_reset(&job.arena);
	}
}

static void
a_colour_is_taken_where_its_contrast_holds(void **state UNUSED)
{
	static const struct { const char *colour; bool light, dark; } cases[] = {
		{ "#0f5c4c", true, false }, { "#6cc4ae", false, true }, { "#000000", true, false }, { "#ffffff", false, true },
		{ "#777777", false, false }, { "#ff0000", false, false }, { "", false, false }, { "0f5c4c", false, false },
		{ "#0f5c4", false, false }, { "#0f5c4cff", false, false }, { "#xxxxxx", false, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		OWNED(buf_release) struct buf sheet = { .max = 512 };
		size_t at;
		bool any = look_print(str_from_c(cases[i].colour), &sheet);
		assert_int_equal(any, cases[i].light || cases[i].dark);
		assert_int_equal(str_find(buf_str(&sheet), S("scheme:light"), &at), cases[i].light);
		assert_int_equal(str_find(buf_str(&sheet), S("scheme:dark"), &at), cases[i].dark);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read_as_they_were_written),
		cmocka_unit_test(what_is_not_what_its_type_says_is_refused),
		cmocka_unit_test(a_form_has_at_most_so_many_fields),
		cmocka_unit_test(any_octets_are_read_or_refused),
		cmocka_unit_test(a_colour_is_taken_where_its_contrast_holds),
	};

	return cmocka_run_group_tests_name("public", tests, NULL, NULL);
}
