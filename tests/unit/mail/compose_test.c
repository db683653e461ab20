/* src/mail/compose.c: what a message looks like, and what no value of it can do. */
#include "mail_test.h"

#include "mail/start.h"

#define URL "https://valv.example.com/stop/"

static const uint8_t id[16] = { 0xde, 0xad, 0xbe, 0xef };

struct mail
mail_good(void)
{
	return (struct mail){
		.from = { S("F\xc3\xb6retaget AB"), S("news@valv.example.com") },
		.to = { S("\xc3\x85sa \xc3\x96" "berg"), S("asa@example.org") },
		.reply_to = { S("Doe, John"), S("reply@valv.example.com") },
		.subject = S("Hej p\xc3\xa5 dig"),
		.text = S("Hej!\r\n.\nFrom here\n\ntrailing \n\xc3\xa5 = ok\n"),
		.html = S("<p>Hej p\xc3\xa5 dig</p>"),
		.language = S("sv"),
		.date = 1795829419 * TIME_SECOND,
		.id = { id, sizeof(id) },
		.id_domain = S("valv.example.com"),
		.automatic = true,
		.bulk = true,
		.list = S("newsletter.valv.example.com"),
		.list_name = S("Nyhetsbrev, v\xc3\xa5rt"),
		.unsubscribe_url = S(URL "abc?x=1"),
		.unsubscribe_address = S("stop+00ff@valv.example.com"),
		.help_url = S("https://valv.example.com/help"),
		.feedback = S("c1:news:valv"),
	};
}

static bool
has_line(str message, str line)
{
	OWNED(buf_release) struct buf whole = { .max = 2000 };
	size_t at;

	buf_put(&whole, S("\r\n"));
	buf_put(&whole, line);
	buf_put(&whole, S("\r\n"));
	return str_find(message, buf_str(&whole), &at);
}

static void
the_headers_of_bulk_mail_are_there(void **state)
{
	static const char *const line[] = {
		"From: =?UTF-8?B?RsO2cmV0YWdldCBBQg==?=\r\n <news@valv.example.com>",
		"Reply-To: \"Doe, John\"\r\n <reply@valv.example.com>",
		"Date: Sat, 28 Nov 2026 01:30:19 +0000",
		"Message-Id: <deadbeef000000000000000000000000@valv.example.com>",
		"Content-Language: sv",
		"Auto-Submitted: auto-generated",
		"Precedence: bulk",
		"To: =?UTF-8?B?w4VzYSDDlmJlcmc=?=\r\n <asa@example.org>",
		"List-Unsubscribe:\r\n <" URL "abc?x=1>,\r\n <mailto:stop+00ff@valv.example.com>",
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
		"List-Help:\r\n <https://valv.example.com/help>",
		"Feedback-ID: c1:news:valv",
		"MIME-Version: 1.0",
		"--=_deadbeef000000000000000000000000",
		"--=_deadbeef000000000000000000000000--",
		"trailing=20",
		"=C3=A5 =3D ok",
	};
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX }, again = out;
	struct mail mail = mail_good();

	buf_put(&out, S("\r\n"));
	assert_int_equal(compose(&job, &mail, &out), OK);
	for (size_t i = 0; i < COUNT(line); i++)
		if (!has_line(buf_str(&out), str_from_c(line[i])))
			wrong("missing: %s in\n%.*s", line[i], SPRINT(buf_str(&out)));
	buf_put(&again, S("\r\n")); /* C3 */
	assert_int_equal(compose(&job, &mail, &again), OK);
	assert_true(str_eq(buf_str(&out), buf_str(&again)));
}

static void
what_is_not_said_is_not_there(void **state)
{
	static const char *const name[] = { "List-", "Reply-To", "Precedence", "Auto-", "Feedback", "Language", "multipart", "html" };
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX };
	struct mail mail = mail_good();
	size_t at;

	mail = (struct mail){ .from = mail.from, .to = mail.to, .subject = mail.subject, .text = mail.text,
		              .date = mail.date, .id = mail.id, .id_domain = mail.id_domain };
	assert_int_equal(compose(&job, &mail, &out), OK);
	for (size_t i = 0; i < COUNT(name); i++)
		assert_false(str_find(buf_str(&out), str_from_c(name[i]), &at));
}

static void
text_that_is_mostly_no_ascii_is_base64_with_crlf(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX };
	struct mail mail = mail_good();

	mail.html = S("");
	mail.text = S("\xd0\x9f\xd1\x80\xd0\xb8\n\xd0\x9f\r\n");
	assert_int_equal(compose(&job, &mail, &out), OK);
	assert_true(has_line(buf_str(&out), S("Content-Transfer-Encoding: base64")));
	assert_true(has_line(buf_str(&out), S("0J/RgNC4DQrQnw0K")));
}

/* Found by the fuzzer: GMime would have read the label and written another. */
static void
labels_that_only_look_like_a_labels_stay_as_they_are(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX };
	struct mail mail = mail_good();

	mail.to = (struct mail_person){ S(""), S("b@e--kx-ample.xn--security-bitsorg") };
	mail.reply_to = (struct mail_person){ S("x"), S("b@xn--bcher-kva.example") };
	assert_int_equal(compose(&job, &mail, &out), OK);
	assert_true(has_line(buf_str(&out), S("To: <b@e--kx-ample.xn--security-bitsorg>")));
	assert_true(has_line(buf_str(&out), S("Reply-To: \"x\"\r\n <b@xn--bcher-kva.example>")));
}

/* Members that are text of a header, by where they lie. */
static const struct {
	const char *where;
	size_t at;
} text_member[] = {
	{ "/from", offsetof(struct mail, from.name) },
	{ "/from", offsetof(struct mail, from.address) },
	{ "/to", offsetof(struct mail, to.name) },
	{ "/to", offsetof(struct mail, to.address) },
	{ "/reply_to", offsetof(struct mail, reply_to.name) },
	{ "/reply_to", offsetof(struct mail, reply_to.address) },
	{ "/subject", offsetof(struct mail, subject) },
	{ "/language", offsetof(struct mail, language) },
	{ "/id_domain", offsetof(struct mail, id_domain) },
	{ "/list", offsetof(struct mail, list) },
	{ "/list_name", offsetof(struct mail, list_name) },
	{ "/unsubscribe_url", offsetof(struct mail, unsubscribe_url) },
	{ "/unsubscribe_address", offsetof(struct mail, unsubscribe_address) },
	{ "/help_url", offsetof(struct mail, help_url) },
	{ "/feedback", offsetof(struct mail, feedback) },
};

/* The good value with something in its middle. */
static void
inject(struct mail *mail, size_t at, str what, struct buf *out)
{
	str *member = (str *)((char *)mail + at);

	buf_clear(out);
	buf_put(out, str_first(*member, member->len / 2));
	buf_put(out, what);
	buf_put(out, str_from(*member, member->len / 2));
	*member = buf_str(out);
}

static void
nothing_can_be_injected_into_a_header(void **state)
{
	static const str what[] = {
		S("\r\nBcc: x@y.example"), S("\nBcc: x@y.example"), S("\rBcc: x@y.example"), S("\r\n\r\nbody"), S("\r\n "),
		S("\r\n\t"), S("\0"), S("\v"), S("\f"), S("\x1b[2J"), S("\x7f"), S("\xc2\x85"), S("\xe2\x80\xa8"),
		S("\xe2\x80\xa9"), S("\xe2\x80\xae"), S("\xe2\x81\xa6"), S("\xff"), S("\xc0\x8a"), S("\xe0\x80\x8a"),
		S("=?utf-8?q?=0D=0ABcc:_x?="), S("=?utf-8?b?DQpCY2M6?="), S("\b"), S("\t"),
	};
	OWNED(buf_release) struct buf value = { .max = 4000 }, out = { .max = MAIL_MESSAGE_BYTES_MAX };
	size_t refused = 0;

	for (size_t i = 0; i < COUNT(text_member); i++)
		for (size_t k = 0; k < COUNT(what); k++) {
			OWNED(job_release) struct job job = { 0 };
			struct mail mail = mail_good();
			enum err err;

			inject(&mail, text_member[i].at, what[k], &value);
			err = compose(&job, &mail, &out);
			if (err != ERR_INVALID || out.len || strcmp(job.failure.where, text_member[i].where) != 0)
				wrong("%s, injection %zu: %d at %s", text_member[i].where, k, err, job.failure.where);
			refused++;
		}
	assert_true(refused >= 100);
}

static void
characters_with_a_meaning_are_refused_where_they_have_one(void **state)
{
	static const struct {
		size_t at;
		const char *what;
	} row[] = {
		{ offsetof(struct mail, unsubscribe_url), "," }, { offsetof(struct mail, unsubscribe_url), ">" },
		{ offsetof(struct mail, unsubscribe_url), "<" }, { offsetof(struct mail, unsubscribe_url), " " },
		{ offsetof(struct mail, unsubscribe_url), "\"" }, { offsetof(struct mail, help_url), ">, <http://x.example" },
		{ offsetof(struct mail, unsubscribe_address), "?bcc=x" }, { offsetof(struct mail, unsubscribe_address), "%0a" },
		{ offsetof(struct mail, unsubscribe_address), "&" }, { offsetof(struct mail, unsubscribe_address), ">" },
		{ offsetof(struct mail, list), ">" }, { offsetof(struct mail, list), "_" }, { offsetof(struct mail, list), "\xc3\xa5" },
		{ offsetof(struct mail, language), ";" }, { offsetof(struct mail, language), "," },
		{ offsetof(struct mail, feedback), " " }, { offsetof(struct mail, feedback), ";" },
		{ offsetof(struct mail, to.address), ">" }, { offsetof(struct mail, to.address), ", x@y.example, a" },
		{ offsetof(struct mail, id_domain), "@" }, { offsetof(struct mail, id_domain), ">" },
	};
	OWNED(buf_release) struct buf value = { .max = 4000 }, out = { .max = MAIL_MESSAGE_BYTES_MAX };

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct mail mail = mail_good();

		inject(&mail, row[i].at, str_from_c(row[i].what), &value);
		if (compose(&job, &mail, &out) != ERR_INVALID || out.len)
			wrong("row %zu: %s", i, row[i].what);
	}
}

static void
each_limit_has_its_error(void **state)
{
	static const struct {
		size_t at, max;
	} row[] = {
		{ offsetof(struct mail, from.name), MAIL_NAME_BYTES_MAX },
		{ offsetof(struct mail, subject), MAIL_SUBJECT_BYTES_MAX },
		{ offsetof(struct mail, text), MAIL_BODY_BYTES_MAX },
		{ offsetof(struct mail, html), MAIL_BODY_BYTES_MAX },
		{ offsetof(struct mail, language), MAIL_LANGUAGE_BYTES_MAX },
		{ offsetof(struct mail, list_name), MAIL_NAME_BYTES_MAX },
		{ offsetof(struct mail, feedback), MAIL_FEEDBACK_BYTES_MAX },
		{ offsetof(struct mail, unsubscribe_url), MAIL_URL_BYTES_MAX },
		{ offsetof(struct mail, help_url), MAIL_URL_BYTES_MAX },
	};
	OWNED(buf_release) struct buf value = { .max = MAIL_BODY_BYTES_MAX + 1 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX };

	for (size_t i = 0; i < COUNT(row); i++)
		for (size_t over = 0; over < 2; over++) {
			OWNED(job_release) struct job job = { 0 };
			struct mail mail = mail_good();

			buf_clear(&value);
			buf_put(&value, row[i].max == MAIL_URL_BYTES_MAX ? S("https://") : S(""));
			while (value.len < row[i].max + over)
				buf_char(&value, 'a');
			*(str *)((char *)&mail + row[i].at) = buf_str(&value);
			buf_clear(&out);
			if (compose(&job, &mail, &out) != (over ? ERR_LIMIT : OK))
				wrong("limit %zu, %zu over: %s", row[i].max, over, job.failure.why);
		}
}

static void
refused(struct mail mail, enum err want, const char *where)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX };

	assert_int_equal(compose(&job, &mail, &out), want);
	assert_string_equal(job.failure.where, where);
	assert_int_equal(out.len, 0);
}

#define REFUSED(want, where, change) \
	do { \
		struct mail mail = mail_good(); \
		change; \
		refused(mail, want, where); \
	} while (0)

static void
what_does_not_go_together_is_refused(void **state)
{
	REFUSED(ERR_INVALID, "/bulk", mail.list = S(""));
	REFUSED(ERR_INVALID, "/bulk", mail.unsubscribe_url = S(""));
	REFUSED(ERR_INVALID, "/list_name", mail.bulk = false; mail.list = S(""));
	REFUSED(ERR_INVALID, "/unsubscribe_address", mail.bulk = false; mail.unsubscribe_url = S(""));
	REFUSED(ERR_INVALID, "/unsubscribe_url", mail.unsubscribe_url = S("http://valv.example.com/stop"));
	REFUSED(ERR_INVALID, "/unsubscribe_url", mail.unsubscribe_url = S("https://"));
	REFUSED(ERR_INVALID, "/text", mail.subject = S(""));
	REFUSED(ERR_INVALID, "/text", mail.text = S(""));
	REFUSED(ERR_INVALID, "/text", mail.text = S("a\rb"));
	REFUSED(ERR_INVALID, "/text", mail.text = S("a\r"));
	REFUSED(ERR_INVALID, "/text", mail.text = S("a\0b"));
	REFUSED(ERR_INVALID, "/html", mail.html = S("\xff"));
	REFUSED(ERR_INVALID, "/to", mail.to.address = S(""));
	REFUSED(ERR_INVALID, "/date", mail.date = -1);
	REFUSED(ERR_INVALID, "/date", mail.date = TIME_NEVER);
	REFUSED(ERR_LIMIT, "/id", mail.id.len = MAIL_ID_BYTES_MIN - 1);
	REFUSED(ERR_LIMIT, "/id", mail.id.len = MAIL_ID_BYTES_MAX + 1);
}

int
compose_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_headers_of_bulk_mail_are_there),
		cmocka_unit_test(what_is_not_said_is_not_there),
		cmocka_unit_test(text_that_is_mostly_no_ascii_is_base64_with_crlf),
		cmocka_unit_test(labels_that_only_look_like_a_labels_stay_as_they_are),
		cmocka_unit_test(nothing_can_be_injected_into_a_header),
		cmocka_unit_test(characters_with_a_meaning_are_refused_where_they_have_one),
		cmocka_unit_test(each_limit_has_its_error),
		cmocka_unit_test(what_does_not_go_together_is_refused),
	};

	return cmocka_run_group_tests_name("compose", tests, NULL, NULL);
}
