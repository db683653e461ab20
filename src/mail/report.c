/* mail/report.c -- contract, B1-B3: report.h. */
#include "mail/report.h"

#include <gmime/gmime.h>

static void
object_end(void *at)
{
	g_clear_object((GObject **)at);
}

/* --- limits (B1) ------------------------------------------------------------------------------ */

/* How often a word is there, without regard to case. */
static size_t
count_of(str text, str word)
{
	size_t count = 0;

	for (size_t i = 0; i + word.len <= text.len; i++)
		count += (text.ptr[i] | 0x20) == word.ptr[0] && str_eq_fold((str){ text.ptr + i, word.len }, word);
	return count;
}

/* GMime goes down a call for each multipart, which needs a boundary, and for each message, which needs its
 * type: without the words there is no depth. */
static bool
too_deep(str text)
{
	return count_of(text, S("boundary")) + count_of(text, S("message/")) > REPORT_NESTING_MAX;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Printable ASCII or UTF-8 in one line, not too long; otherwise nothing. */
static str
text_take(struct job *job, str text)
{
	text = str_trim(text);
	if (text.len > REPORT_TEXT_BYTES_MAX || !str_printable(text) ||
	    (text.len && (memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\r', text.len))))
		return S("");
	return arena_str(&job->arena, text);
}

static str
without_brackets(str text)
{
	text = str_trim(text);
	if (text.len > 1 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>')
		return str_first(str_from(text, 1), text.len - 2);
	return text;
}

/* rfc822; address (RFC 3464 2.3.1), the address perhaps in brackets. */
static str
address_of(str value)
{
	str type;

	return eat_until(&value, ';', &type) ? without_brackets(value) : S("");
}

/* X.Y.Z, a comment may follow. */
static void
status_take(str value, int ret[3])
{
	uint64_t part[3];

	if (!eat_digits(&value, 1, &part[0]) || !eat_char(&value, '.') || !eat_u64(&value, &part[1]) || !eat_char(&value, '.') ||
	    !eat_u64(&value, &part[2]) || (part[0] != 2 && part[0] != 4 && part[0] != 5) || part[1] > 999 || part[2] > 999)
		return;
	for (int i = 0; i < 3; i++)
		ret[i] = (int)part[i];
}

static enum report_action
action_of(str value)
{
	static const char *const name[] = { "", "failed", "delayed", "delivered", "relayed", "expanded" };

	for (size_t i = 1; i < COUNT(name); i++)
		if (str_eq_fold(value, str_from_c(name[i])))
			return (enum report_action)i;
	return REPORT_ACTION_NONE;
}

/* The token of any address of ours in a text. */
static void
token_look(struct job *job, const struct report_home *home, str text, struct report *report)
{
	OWNED(buf_release) struct buf token = { .max = VERP_TOKEN_BYTES_MAX };

	for (size_t i = 0; !report->token.len && i < text.len; i++) {
		str rest = str_from(text, i);
		size_t len = 0;

		if (i && !strchr(" \t\r\n<,;:\"", text.ptr[i - 1]))
			continue;
		while (len < rest.len && len <= MAILBOX_BYTES_MAX && !strchr(" \t\r\n>,;\"", rest.ptr[len]))
			len++;
		if (verp_read(str_first(rest, len), home->prefix, home->domain, &token))
			report->token = arena_bytes(&job->arena, buf_bytes(&token));
	}
}

/* --- fields ----------------------------------------------------------------------------------- */

/* One field, unfolded into `value`; an empty line is a field without a name.  False: there is no more. */
static bool
eat_field(str *rest, str *ret_name, struct buf *value)
{
	str line;

	*ret_name = S("");
	buf_clear(value);
	value->full = false;
	if (!rest->len)
		return false;
	do {
		if (!eat_until(rest, '\n', &line)) {
			line = *rest;
			*rest = str_from(*rest, rest->len);
		}
		if (!value->len && !ret_name->len && !eat_until(&line, ':', ret_name))
			return true; /* an empty line, or one that is no field */
		buf_put(value, line);
	} while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'));
	return true;
}

/* One recipient of a DSN. */
struct group {
	str recipient, original;
	enum report_action action;
	int status[3];
	bool there;
};

static void
group_field(struct job *job, str name, str value, struct group *group)
{
	value = str_trim(value);
	if (str_eq_fold(name, S("Final-Recipient")))
		group->recipient = text_take(job, address_of(value));
	else if (str_eq_fold(name, S("Original-Recipient")))
		group->original = text_take(job, address_of(value));
	else if (str_eq_fold(name, S("Action")))
		group->action = action_of(value);
	else if (str_eq_fold(name, S("Status")))
		status_take(value, group->status);
	else
		return;
	group->there = true;
}

/* B3. */
static void
group_end(const struct group *group, bool *taken, struct report *report)
{
	if (!group->there || (*taken && (group->action != REPORT_FAILED || report->action == REPORT_FAILED)))
		return;
	*taken = true;
	report->recipient = group->recipient;
	report->original_recipient = group->original;
	report->action = group->action;
	memcpy(report->status, group->status, sizeof(report->status));
}

/* Groups of fields, apart by empty lines (RFC 3464 2.1). */
static void
bounce_read(struct job *job, str text, struct report *report)
{
	OWNED(buf_release) struct buf value = { .max = 2 * REPORT_TEXT_BYTES_MAX };
	struct group group = { 0 };
	bool taken = false;
	str name;

	for (int i = 0; i < REPORT_FIELDS_MAX && eat_field(&text, &name, &value); i++) {
		if (name.len) {
			group_field(job, name, buf_ok(&value) ? buf_str(&value) : S(""), &group);
			continue;
		}
		group_end(&group, &taken, report);
		group = (struct group){ 0 };
	}
	group_end(&group, &taken, report);
}

static void
complaint_read(struct job *job, const struct report_home *home, str text, struct report *report)
{
	OWNED(buf_release) struct buf value = { .max = 2 * REPORT_TEXT_BYTES_MAX };
	str name;

	for (int i = 0; i < REPORT_FIELDS_MAX && eat_field(&text, &name, &value); i++) {
		str said = buf_ok(&value) ? str_trim(buf_str(&value)) : S("");

		if (str_eq_fold(name, S("Feedback-Type")) && !report->feedback.len)
			report->feedback = text_take(job, said);
		else if (str_eq_fold(name, S("Original-Rcpt-To")) && !report->recipient.len)
			report->recipient = text_take(job, without_brackets(said));
		else if (str_eq_fold(name, S("Original-Mail-From")))
			token_look(job, home, said, report);
	}
}

/* Of the message that is meant: whole, or only its header (RFC 6522 4). */
static void
returned_read(struct job *job, const struct report_home *home, str text, struct report *report)
{
	OWNED(buf_release) struct buf value = { .max = 2 * REPORT_TEXT_BYTES_MAX };
	str name;

	for (int i = 0; i < REPORT_FIELDS_MAX && eat_field(&text, &name, &value) && name.len; i++) {
		str said = buf_ok(&value) ? buf_str(&value) : S("");

		if (str_eq_fold(name, S("Message-ID")) && !report->message_id.len)
			report->message_id = text_take(job, without_brackets(said));
		else if (str_eq_fold(name, S("Return-Path")))
			token_look(job, home, said, report);
	}
}

/* --- parts ------------------------------------------------------------------------------------ */

/* The content of a part, decoded; of a message, as it is. */
static str
content_of(struct job *job, GMimeObject *object)
{
	OWNED(object_end) GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *octets;

	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		if (message)
			g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, stream);
	} else if (GMIME_IS_PART(object)) {
		GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
		if (content)
			g_mime_data_wrapper_write_to_stream(content, stream);
	}
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	return arena_str(&job->arena, (str){ octets->len ? (const char *)octets->data : "", octets->len });
}

static bool
is_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *said = g_mime_object_get_content_type(object);

	return said && g_mime_content_type_is_type(said, type, subtype);
}

/* The first part of a type within the report itself; its parts' parts are somebody else's message. */
static GMimeObject *
part_find(GMimeMultipart *report, const char *type, const char *subtype)
{
	for (int i = 0; i < g_mime_multipart_get_count(report); i++)
		if (is_type(g_mime_multipart_get_part(report, i), type, subtype))
			return g_mime_multipart_get_part(report, i);
	return NULL;
}

static void
returned_find(struct job *job, const struct report_home *home, GMimeMultipart *parts, struct report *report)
{
	static const char *const type[][2] = { { "message", "rfc822" }, { "text", "rfc822-headers" },
		                               { "message", "global" }, { "message", "global-headers" } };

	for (size_t i = 0; i < COUNT(type); i++) {
		GMimeObject *part = part_find(parts, type[i][0], type[i][1]);
		if (part)
			returned_read(job, home, content_of(job, part), report);
	}
}

/* multipart/report (RFC 6522); which report it is, its machine-readable part says. */
static void
parts_read(struct job *job, const struct report_home *home, GMimeMultipart *parts, struct report *report)
{
	GMimeObject *bounce = part_find(parts, "message", "delivery-status");
	GMimeObject *complaint = part_find(parts, "message", "feedback-report");

	if (!bounce)
		bounce = part_find(parts, "message", "global-delivery-status");
	if (bounce) {
		report->kind = REPORT_BOUNCE;
		bounce_read(job, content_of(job, bounce), report);
	} else if (complaint) {
		report->kind = REPORT_COMPLAINT;
		complaint_read(job, home, content_of(job, complaint), report);
	} else {
		return;
	}
	returned_find(job, home, parts, report);
}

/* Where it came to: the server that took it in has written it down in one of these. */
static void
arrival_read(struct job *job, const struct report_home *home, GMimeObject *message, struct report *report)
{
	static const char *const name[] = { "Delivered-To", "X-Original-To", "Envelope-To", "To" };

	for (size_t i = 0; i < COUNT(name); i++)
		token_look(job, home, str_from_c(g_mime_object_get_header(message, name[i])), report);
}

enum err
report_read(struct job *job, const struct report_home *home, bytes octets, struct report *ret)
{
	OWNED(object_end) GMimeStream *stream = NULL;
	OWNED(object_end) GMimeParser *parser = NULL;
	OWNED(object_end) GMimeMessage *message = NULL;
	struct report report = { 0 };
	GMimeObject *content;

	if (octets.len > REPORT_BYTES_MAX || too_deep(bytes_str(octets)))
		return fail(job, ERR_LIMIT, "a mail that came back is too long or nested too deep");
	stream = g_mime_stream_mem_new_with_buffer(octets.len ? (const char *)octets.ptr : "", octets.len);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message) {
		content = g_mime_message_get_mime_part(message);
		arrival_read(job, home, GMIME_OBJECT(message), &report);
		if (content && GMIME_IS_MULTIPART(content) && is_type(content, "multipart", "report"))
			parts_read(job, home, GMIME_MULTIPART(content), &report);
	}
	*ret = report;
	return OK;
}
