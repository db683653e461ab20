/* Aims at compose, dkim_sign, report_read and verp_read.
 * The first octet chooses; values of a mail stand apart by 0x1e (record separator, which no value may hold). */
#include "mail/compose.h"
#include "mail/dkim.h"
#include "mail/report.h"
#include "mail/start.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t pkcs8[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
	                         1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	                         1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static struct dkim_key *key;

int
LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	OWNED(job_release) struct job job = { 0 };

	mail_start();
	must(dkim_key_open(&job, S("valv.example"), S("s"), (bytes){ pkcs8, sizeof(pkcs8) }, &key) == OK);
	return 0;
}

static str
eat_value(str *rest)
{
	str value;

	if (eat_until(rest, 0x1e, &value))
		return value;
	value = *rest;
	*rest = S("");
	return value;
}

/* Names of header fields, in order: what a value could add to or take from. */
static size_t
names_of(str message, struct buf *out)
{
	size_t end = 0, count = 0;
	str head, line;

	must(str_find(message, S("\r\n\r\n"), &end));
	head = str_first(message, end + 2);
	while (eat_until(&head, '\n', &line)) {
		str name;
		if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
			continue;
		must(eat_until(&line, ':', &name));
		buf_put(out, name);
		buf_char(out, ' ');
		count++;
	}
	return count;
}

static void
check_compose(struct job *job, str rest)
{
	static const uint8_t id[16] = { 1 };
	OWNED(buf_release) struct buf out = { .max = MAIL_MESSAGE_BYTES_MAX }, names = { .max = 4096 };
	OWNED(buf_release) struct buf signed_out = { .max = MAIL_MESSAGE_BYTES_MAX + DKIM_FIELD_BYTES_MAX };
	struct mail mail = { .from = { eat_value(&rest), S("a@valv.example") }, .to = { eat_value(&rest), eat_value(&rest) },
		             .subject = eat_value(&rest), .text = eat_value(&rest), .html = eat_value(&rest),
		             .language = S("sv"), .id = { id, sizeof(id) }, .id_domain = S("valv.example"), .bulk = true,
		             .list = S("l.valv.example"), .list_name = eat_value(&rest),
		             .unsubscribe_url = eat_value(&rest), .feedback = S("a") };
	size_t count;

	if (compose(job, &mail, &out)) {
		must(out.len == 0 && job->failure.err != ERR_INTERNAL);
		return;
	}
	/* From To Subject Date Message-Id Content-Language Precedence List-Id List-Unsubscribe -Post Feedback-ID
	 * MIME-Version Content-Type, and Content-Transfer-Encoding of a single part: whatever the values were. */
	count = names_of(buf_str(&out), &names);
	must(count == (mail.html.len ? 13 : 14));
	must(str_starts(buf_str(&names), S("From To Subject Date Message-Id Content-Language Precedence List-Id ")));
	must(dkim_sign(job, (const struct dkim_key *const[]){ key }, 1, 1, buf_str(&out), &signed_out) == OK);
}

static void
check_report(struct job *job, str text)
{
	static const struct report_home home = { S("bounce"), S("valv.example") };
	struct report report;

	if (report_read(job, &home, str_bytes(text), &report))
		return;
	must(report.recipient.len <= REPORT_TEXT_BYTES_MAX && report.message_id.len <= REPORT_TEXT_BYTES_MAX);
	must(report.token.len <= VERP_TOKEN_BYTES_MAX && str_utf8(report.recipient) && str_utf8(report.message_id));
	must(report.kind != REPORT_NONE || (!report.status[0] && !report.recipient.len));
}

static void
check_verp(str text)
{
	OWNED(buf_release) struct buf token = { .max = VERP_TOKEN_BYTES_MAX }, again = { .max = 300 };

	(void)mailbox_fits(text);
	if (!verp_read(text, S("bounce"), S("valv.example"), &token))
		return;
	verp_write(S("bounce"), buf_bytes(&token), S("valv.example"), &again);
	must(str_eq_fold(buf_str(&again), text) && mailbox_fits(text));
}

/* Any octets may be offered to be signed. */
static void
check_sign(struct job *job, str text)
{
	OWNED(buf_release) struct buf out = { .max = text.len + DKIM_FIELD_BYTES_MAX };

	if (!dkim_sign(job, (const struct dkim_key *const[]){ key }, 1, 1, text, &out))
		must(str_ends(buf_str(&out), text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { .now = 1 };
	str text = size ? (str){ (const char *)data + 1, size - 1 } : S("");

	switch (size ? data[0] % 4 : 0) {
	case 0:
		check_compose(&job, text);
		break;
	case 1:
		check_report(&job, text);
		break;
	case 2:
		check_sign(&job, text);
		break;
	default:
		check_verp(text);
		break;
	}
	return 0;
}
