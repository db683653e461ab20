/* src/mail/report.c: bounces and complaints as servers write them, and what is neither. */
#include "mail_test.h"

#include "mail/report.h"

static const struct report_home home = { S("bounce"), S("valv.example.com") };

#define HEAD(type) \
	"Return-Path: <>\r\nDelivered-To: bounce+00ff1a2b@valv.example.com\r\nFrom: MAILER-DAEMON@mx.example.org\r\n" \
	"To: bounce+00ff1a2b@valv.example.com\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=" type ";\r\n\tboundary=\"b/1\"\r\n\r\nThis is a MIME message.\r\n\r\n"
#define WORDS "--b/1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry. 250 5.0.0\r\n\r\n"
#define RETURNED \
	"--b/1\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: <bounce+00ff1a2b@valv.example.com>\r\n" \
	"From: news@valv.example.com\r\nMessage-Id:\r\n <deadbeef@valv.example.com>\r\nSubject: x\r\n\r\nMessage-ID: <other@x>\r\n"
#define END "--b/1--\r\n"

static const char postfix[] = HEAD("delivery-status") WORDS
        "--b/1\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\nX-Postfix-Queue-ID: 4F1\r\nArrival-Date: Sat, 28 Nov 2026 01:30:19 +0000\r\n\r\n"
        "Final-Recipient: rfc822; asa@example.org\r\nOriginal-Recipient: rfc822;Asa@example.org\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nRemote-MTA: dns; mx2.example.org\r\nDiagnostic-Code: smtp; 550 5.1.1 <asa@example.org>:\r\n"
        "    Recipient address rejected\r\n\r\n" RETURNED END;

static struct report
read_report(struct job *job, str text)
{
	struct report report;

	assert_int_equal(report_read(job, &home, str_bytes(text), &report), OK);
	return report;
}

static void
assert_status(const struct report *report, int class, int subject, int detail)
{
	assert_int_equal(report->status[0], class);
	assert_int_equal(report->status[1], subject);
	assert_int_equal(report->status[2], detail);
}

static void
a_bounce_says_whom_and_how(void **state)
{
	static const uint8_t token[] = { 0x00, 0xff, 0x1a, 0x2b };
	OWNED(job_release) struct job job = { 0 };
	struct report report = read_report(&job, str_from_c(postfix));

	assert_int_equal(report.kind, REPORT_BOUNCE);
	assert_int_equal(report.action, REPORT_FAILED);
	assert_status(&report, 5, 1, 1);
	assert_true(str_eq(report.recipient, S("asa@example.org")));
	assert_true(str_eq(report.original_recipient, S("Asa@example.org")));
	assert_true(str_eq(report.message_id, S("deadbeef@valv.example.com")));
	assert_int_equal(report.token.len, 4);
	assert_memory_equal(report.token.ptr, token, 4);
	assert_int_equal(report.feedback.len, 0);
}

static void
of_several_recipients_it_is_the_first_that_failed(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	struct report report = read_report(&job, S(HEAD("delivery-status") WORDS
	        "--b/1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
	        "Final-Recipient: rfc822; a@example.org\r\nAction: delayed\r\nStatus: 4.4.7 (later)\r\n\r\n"
	        "Final-Recipient: rfc822; <b@example.org>\r\nAction: FAILED\r\nStatus: 5.2.2\r\n\r\n"
	        "Final-Recipient: rfc822; c@example.org\r\nAction: failed\r\nStatus: 5.7.1\r\n\r\n" END));

	assert_true(str_eq(report.recipient, S("b@example.org")));
	assert_status(&report, 5, 2, 2);
	report = read_report(&job, S(HEAD("delivery-status")
	        "--b/1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
	        "Final-Recipient: rfc822; a@example.org\r\nAction: delayed\r\nStatus: 4.4.7\r\n" END));
	assert_int_equal(report.action, REPORT_DELAYED);
	assert_status(&report, 4, 4, 7);
}

static void
a_part_may_be_encoded_and_lines_end_in_lf(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	struct report report = read_report(&job, S("Content-Type: multipart/report; boundary=x\n\n--x\n"
	        "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
	        "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUBiLmMKQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjAu\nMAo=\n"
	        "--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@valv>\nReturn-Path: <bounce+aa@valv.example.com>\n--x--\n"));

	assert_true(str_eq(report.recipient, S("a@b.c")));
	assert_status(&report, 5, 0, 0);
	assert_true(str_eq(report.message_id, S("1@valv")));
	assert_int_equal(report.token.len, 1);
}

static void
a_complaint_says_what_and_from_where(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	struct report report = read_report(&job, S("From: fbl@example.org\r\nTo: abuse@valv.example.com\r\nMIME-Version: 1.0\r\n"
	        "Content-Type: multipart/report; report-type=feedback-report; boundary=\"b/1\"\r\n\r\n" WORDS
	        "--b/1\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
	        "Original-Mail-From: <bounce+0102@valv.example.com>\r\nOriginal-Rcpt-To: <asa@example.org>\r\n\r\n" RETURNED END));

	assert_int_equal(report.kind, REPORT_COMPLAINT);
	assert_true(str_eq(report.feedback, S("abuse")));
	assert_true(str_eq(report.recipient, S("asa@example.org")));
	assert_true(str_eq(report.message_id, S("deadbeef@valv.example.com")));
	assert_int_equal(report.token.len, 2);
	assert_int_equal(report.action, REPORT_ACTION_NONE);
}

static void
what_is_no_report_is_none(void **state)
{
	static const char *const text[] = {
		"", "\r\n", "hello", "Subject: x\r\n\r\nFinal-Recipient: rfc822; a@b.c\r\nStatus: 5.1.1\r\n",
		"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.c\r\n",
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n--x--\r\n",
		"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nStatus: 5.1.1\r\n--x--\r\n",
		"Content-Type: multipart/report\r\n\r\n--x\r\n", "Content-Type: multipart/report; boundary=\r\n\r\n--\r\n",
		"Content-Type: multipart/report; boundary=x\r\n\r\n--x--\r\n",
	};
	OWNED(job_release) struct job job = { 0 };

	for (size_t i = 0; i < COUNT(text); i++) {
		struct report report = read_report(&job, str_from_c(text[i]));
		if (report.kind != REPORT_NONE || report.recipient.len || report.status[0])
			wrong("taken: %s", text[i]);
	}
}

/* Fields that lie. */
static void
values_that_cannot_be_are_left_out(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf text = { .max = 100000 };
	struct report report;

	buf_put(&text, S(HEAD("delivery-status") "--b/1\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; "));
	for (int i = 0; i < 5000; i++)
		buf_put(&text, S("aaaaaaaaaa"));
	buf_put(&text, S("\r\nOriginal-Recipient: no type\r\nAction: exploded\r\nStatus: 9.1.1\r\nStatus: 5.1\r\nStatus: 5.99999.1\r\n\r\n" END));
	report = read_report(&job, buf_str(&text));
	assert_int_equal(report.kind, REPORT_BOUNCE);
	assert_int_equal(report.recipient.len + report.original_recipient.len, 0);
	assert_int_equal(report.action, REPORT_ACTION_NONE);
	assert_status(&report, 0, 0, 0);
	report = read_report(&job, S(HEAD("delivery-status") "--b/1\r\nContent-Type: message/delivery-status\r\n\r\n"
	                             "Final-Recipient: rfc822; a\xff@b.c\r\nOriginal-Recipient: rfc822; a\0@b.c\r\n\r\n" END));
	assert_int_equal(report.recipient.len + report.original_recipient.len, 0);
}

static void
every_beginning_of_a_report_is_read_without_harm(void **state)
{
	for (size_t len = 0; len < sizeof(postfix); len++) {
		OWNED(job_release) struct job job = { 0 };
		(void)read_report(&job, (str){ postfix, len });
	}
}

static void
too_long_or_too_deep_is_refused_before_it_is_parsed(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf text = { .max = REPORT_BYTES_MAX + 1 };
	struct report report;

	for (int i = 0; i <= REPORT_NESTING_MAX; i++)
		buf_put(&text, S("Content-Type: multipart/mixed; BOUNDARY=x\r\n\r\n--x\r\n"));
	assert_int_equal(report_read(&job, &home, buf_bytes(&text), &report), ERR_LIMIT);
	buf_clear(&text);
	for (int i = 0; i < REPORT_NESTING_MAX; i++)
		buf_put(&text, S("Content-Type: message/rfc822\r\n\r\n"));
	assert_int_equal(report_read(&job, &home, buf_bytes(&text), &report), OK);
	buf_clear(&text);
	while (text.len < REPORT_BYTES_MAX)
		buf_char(&text, 'a');
	assert_int_equal(report_read(&job, &home, buf_bytes(&text), &report), OK);
	buf_char(&text, 'a');
	assert_int_equal(report_read(&job, &home, buf_bytes(&text), &report), ERR_LIMIT);
}

int
report_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bounce_says_whom_and_how),
		cmocka_unit_test(of_several_recipients_it_is_the_first_that_failed),
		cmocka_unit_test(a_part_may_be_encoded_and_lines_end_in_lf),
		cmocka_unit_test(a_complaint_says_what_and_from_where),
		cmocka_unit_test(what_is_no_report_is_none),
		cmocka_unit_test(values_that_cannot_be_are_left_out),
		cmocka_unit_test(every_beginning_of_a_report_is_read_without_harm),
		cmocka_unit_test(too_long_or_too_deep_is_refused_before_it_is_parsed),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
