/* mail/compose.c -- contract, C1-C5: compose.h.  First all checks, then GMime's objects, then a look at
 * what was written. */
#include "mail/compose.h"

#include <gmime/gmime.h>

#include "type/text.h"

#define LINE_BYTES_MAX 998 /* RFC 5322 2.1.1 */
#define LINE_WANTED 76     /* with encoded words, RFC 2047 section 2 */
#define WORD_OCTETS 39     /* of text in one of them: with "Reply-To: " they are 74 columns */

/* --- checks (C1) ------------------------------------------------------------------------------ */

/* C0, DEL, C1, the separators of lines and paragraphs, and what overrides the direction of text, with
 * which a name can be made to look like another. */
static bool
control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Something that a reader would decode (RFC 2047): text that was not written by a person. */
static bool
encoded_word(str value)
{
	size_t at;

	return str_find(value, S("=?"), &at) && str_find(str_from(value, at + 2), S("?="), &at);
}

static enum err
line_check(struct job *job, str where, str value, size_t max)
{
	uint32_t c;

	if (value.len > max)
		return fail_at(job, ERR_LIMIT, where, "a value of a mail's header is too long");
	if (!str_utf8(value))
		return fail_at(job, ERR_INVALID, where, "a value of a mail's header is not UTF-8");
	if (encoded_word(value))
		return fail_at(job, ERR_INVALID, where, "a value of a mail's header holds an encoded word");
	while (text_next(&value, &c))
		if (control(c))
			return fail_at(job, ERR_INVALID, where, "a value of a mail's header holds a control");
	return OK;
}

static enum err
person_check(struct job *job, str where, const struct mail_person *person)
{
	TRY(line_check(job, where, person->name, MAIL_NAME_BYTES_MAX));
	if (person->address.len > MAILBOX_BYTES_MAX)
		return fail_at(job, ERR_LIMIT, where, "an address is longer than 254 octets");
	if (!mailbox_fits(person->address))
		return fail_at(job, ERR_INVALID, where, "an address cannot stand in a mail");
	return OK;
}

/* Lines end in LF or CRLF; a CR alone is neither end nor text. */
static enum err
body_check(struct job *job, str where, str body)
{
	if (body.len > MAIL_BODY_BYTES_MAX)
		return fail_at(job, ERR_LIMIT, where, "a mail's text is too long");
	if (!str_printable(body))
		return fail_at(job, ERR_INVALID, where, "a mail's text is not UTF-8 or holds a control");
	for (size_t i = 0; i < body.len; i++)
		if (body.ptr[i] == '\r' && (i + 1 == body.len || body.ptr[i + 1] != '\n'))
			return fail_at(job, ERR_INVALID, where, "a mail's text holds a CR that ends no line");
	return OK;
}

/* As it stands between < and >, one of several apart by commas (RFC 2369 section 2). */
static enum err
url_check(struct job *job, str where, str url)
{
	if (url.len > MAIL_URL_BYTES_MAX)
		return fail_at(job, ERR_LIMIT, where, "an address of a mail's header is too long");
	if (!str_starts(url, S("https://")) || url.len == 8)
		return fail_at(job, ERR_INVALID, where, "an address of a mail's header begins with https://");
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || strchr("<>\",\\", url.ptr[i]))
			return fail_at(job, ERR_INVALID, where, "an address of a mail's header holds what it may not");
	return encoded_word(url) ? fail_at(job, ERR_INVALID, where, "an address of a mail's header holds an encoded word")
	                         : OK;
}

/* Letters, digits and some of `others`. */
static enum err
token_check(struct job *job, str where, str token, size_t max, const char *others)
{
	if (token.len > max)
		return fail_at(job, ERR_LIMIT, where, "a token of a mail's header is too long");
	for (size_t i = 0; i < token.len; i++) {
		char c = token.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    (!c || !strchr(others, c)))
			return fail_at(job, ERR_INVALID, where, "a token of a mail's header holds what it may not");
	}
	return OK;
}

/* C5 and what goes with it. */
static enum err
list_check(struct job *job, const struct mail *mail)
{
	if (mail->bulk && (!mail->list.len || !mail->unsubscribe_url.len))
		return fail_at(job, ERR_INVALID, S("/bulk"), "bulk mail has a list and a way out of it");
	if (mail->list.len > MAIL_LIST_BYTES_MAX)
		return fail_at(job, ERR_LIMIT, S("/list"), "the name of a list is too long");
	if (mail->list.len && !mailbox_host_fits(mail->list))
		return fail_at(job, ERR_INVALID, S("/list"), "the name of a list is not like that of a host");
	TRY(line_check(job, S("/list_name"), mail->list_name, MAIL_NAME_BYTES_MAX));
	if (mail->list_name.len && !mail->list.len)
		return fail_at(job, ERR_INVALID, S("/list_name"), "there is no list that has this label");
	if (mail->unsubscribe_url.len)
		TRY(url_check(job, S("/unsubscribe_url"), mail->unsubscribe_url));
	if (mail->unsubscribe_address.len && !mail->unsubscribe_url.len)
		return fail_at(job, ERR_INVALID, S("/unsubscribe_address"), "it stands beside an address for one press only");
	/* What is special in a mailto: URL (RFC 6068) is not in what verp_write() makes. */
	TRY(token_check(job, S("/unsubscribe_address"), mail->unsubscribe_address, MAILBOX_BYTES_MAX, "+-._@"));
	if (mail->unsubscribe_address.len && !mailbox_fits(mail->unsubscribe_address))
		return fail_at(job, ERR_INVALID, S("/unsubscribe_address"), "an address cannot stand in a mail");
	if (mail->help_url.len)
		TRY(url_check(job, S("/help_url"), mail->help_url));
	return token_check(job, S("/feedback"), mail->feedback, MAIL_FEEDBACK_BYTES_MAX, ":-._");
}

static enum err
mail_check(struct job *job, const struct mail *mail)
{
	TRY(person_check(job, S("/from"), &mail->from));
	TRY(person_check(job, S("/to"), &mail->to));
	if (mail->reply_to.address.len || mail->reply_to.name.len)
		TRY(person_check(job, S("/reply_to"), &mail->reply_to));
	TRY(line_check(job, S("/subject"), mail->subject, MAIL_SUBJECT_BYTES_MAX));
	if (!mail->subject.len || !mail->text.len)
		return fail_at(job, ERR_INVALID, S("/text"), "a mail has a subject and a text");
	TRY(body_check(job, S("/text"), mail->text));
	TRY(body_check(job, S("/html"), mail->html));
	TRY(token_check(job, S("/language"), mail->language, MAIL_LANGUAGE_BYTES_MAX, "-"));
	if (mail->date < 0 || mail->date >= date_time((struct date){ 9999, 12, 31 }))
		return fail_at(job, ERR_INVALID, S("/date"), "a mail's date is in no year that can be written");
	if (mail->id.len < MAIL_ID_BYTES_MIN || mail->id.len > MAIL_ID_BYTES_MAX)
		return fail_at(job, ERR_LIMIT, S("/id"), "a mail's id has 8 to 32 octets");
	if (!mailbox_host_fits(mail->id_domain))
		return fail_at(job, ERR_INVALID, S("/id_domain"), "the domain of a mail's id is not that of a host");
	return list_check(job, mail);
}

/* --- GMime's objects -------------------------------------------------------------------------- */

static void
object_end(void *at)
{
	g_clear_object((GObject **)at);
}

static void
date_end(GDateTime **date)
{
	g_date_time_unref(*date);
}

static void
format_end(GMimeFormatOptions **format)
{
	g_mime_format_options_free(*format);
}

/* The field as it is to stand there: `value` is ASCII, its lines end in LF.  GMime would read an address
 * and write it anew, A-labels among it, and of those that are none make octets that are no ASCII. */
static void
put_raw(struct job *job, GMimeMessage *message, const char *name, const struct buf *value)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));

	must(buf_ok(value));
	g_mime_header_list_append(list, name, "", NULL);
	g_mime_header_set_raw_value(g_mime_header_list_get_header(list, name),
	                            arena_c(&job->arena, buf_str(value)));
}

static void
put_plain(struct job *job, GMimeMessage *message, const char *name, str value)
{
	OWNED(buf_release) struct buf line = { .max = 256 + value.len };

	buf_char(&line, ' ');
	buf_put(&line, value);
	buf_char(&line, '\n');
	put_raw(job, message, name, &line);
}

/* As encoded words, each of whole characters and on a line of its own.  GMime's may be longer than
 * RFC 2047 section 2 has them, where text has no spaces. */
static void
put_words(str text, struct buf *line)
{
	while (text.len) {
		size_t len = text.len < WORD_OCTETS ? text.len : WORD_OCTETS;

		while (len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
			len--;
		buf_put(line, S(" =?UTF-8?B?"));
		buf_base64(line, str_bytes(str_first(text, len)));
		buf_put(line, S("?=\n"));
		text = str_from(text, len);
	}
}

/* ASCII, folded before a space that has a word behind it. */
static void
put_folded(str text, size_t column, struct buf *line)
{
	buf_char(line, ' ');
	for (size_t i = 0; i < text.len; i++, column++) {
		size_t end = i + 1;

		while (end < text.len && text.ptr[end] != ' ')
			end++;
		if (i && text.ptr[i] == ' ' && end > i + 1 && column + end - i > LINE_WANTED) {
			buf_char(line, '\n');
			column = 0;
		}
		buf_char(line, text.ptr[i]);
	}
	buf_char(line, '\n');
}

static void
put_subject(struct job *job, GMimeMessage *message, str subject)
{
	OWNED(buf_release) struct buf line = { .max = 4 * MAIL_SUBJECT_BYTES_MAX };

	if (text_ascii_only(subject))
		put_folded(subject, sizeof("Subject: "), &line);
	else
		put_words(subject, &line);
	put_raw(job, message, "Subject", &line);
}

/* A name and what it is the name of: From, To, Reply-To, and List-Id (RFC 2919 section 3). */
static void
put_named(struct job *job, GMimeMessage *message, const char *field, str name, str of)
{
	OWNED(buf_release) struct buf line = { .max = 4 * MAIL_NAME_BYTES_MAX + MAILBOX_BYTES_MAX + 16 };

	if (name.len && text_ascii_only(name)) {
		buf_put(&line, S(" \""));
		for (size_t i = 0; i < name.len; i++) {
			if (name.ptr[i] == '"' || name.ptr[i] == '\\')
				buf_char(&line, '\\');
			buf_char(&line, name.ptr[i]);
		}
		buf_put(&line, S("\"\n"));
	} else {
		put_words(name, &line);
	}
	buf_put(&line, S(" <"));
	buf_put(&line, of);
	buf_put(&line, S(">\n"));
	put_raw(job, message, field, &line);
}

/* The one for the press first, each on a line of its own: no URL is ever folded. */
static void
put_unsubscribe(struct job *job, GMimeMessage *message, const struct mail *mail)
{
	OWNED(buf_release) struct buf line = { .max = 2 * MAIL_URL_BYTES_MAX };

	buf_put(&line, S("\n <"));
	buf_put(&line, mail->unsubscribe_url);
	if (mail->unsubscribe_address.len) {
		buf_put(&line, S(">,\n <mailto:"));
		buf_put(&line, mail->unsubscribe_address);
	}
	buf_put(&line, S(">\n"));
	put_raw(job, message, "List-Unsubscribe", &line);
	put_plain(job, message, "List-Unsubscribe-Post", S("List-Unsubscribe=One-Click"));
}

static void
put_help(struct job *job, GMimeMessage *message, str url)
{
	OWNED(buf_release) struct buf line = { .max = 2 * MAIL_URL_BYTES_MAX };

	buf_put(&line, S("\n <"));
	buf_put(&line, url);
	buf_put(&line, S(">\n"));
	put_raw(job, message, "List-Help", &line);
}

static void
put_headers(struct job *job, GMimeMessage *message, const struct mail *mail)
{
	OWNED(date_end) GDateTime *date = g_date_time_new_from_unix_utc(mail->date / TIME_SECOND);
	OWNED(buf_release) struct buf id = { .max = 2 * MAIL_ID_BYTES_MAX + 2 + MAILBOX_BYTES_MAX };

	put_named(job, message, "From", mail->from.name, mail->from.address);
	put_named(job, message, "To", mail->to.name, mail->to.address);
	if (mail->reply_to.address.len)
		put_named(job, message, "Reply-To", mail->reply_to.name, mail->reply_to.address);
	put_subject(job, message, mail->subject);
	g_mime_message_set_date(message, date);
	buf_hex(&id, mail->id);
	buf_char(&id, '@');
	buf_put(&id, mail->id_domain);
	g_mime_message_set_message_id(message, arena_c(&job->arena, buf_str(&id)));
	if (mail->language.len)
		put_plain(job, message, "Content-Language", mail->language);
	if (mail->automatic)
		put_plain(job, message, "Auto-Submitted", S("auto-generated"));
	if (mail->bulk)
		put_plain(job, message, "Precedence", S("bulk"));
	if (mail->list.len)
		put_named(job, message, "List-Id", mail->list_name, mail->list);
	if (mail->unsubscribe_url.len)
		put_unsubscribe(job, message, mail);
	if (mail->help_url.len)
		put_help(job, message, mail->help_url);
	if (mail->feedback.len)
		put_plain(job, message, "Feedback-ID", mail->feedback);
}

/* Quoted-printable is three octets for one that is no ASCII, base64 four for three of all. */
static bool
base64_is_shorter(str body)
{
	size_t count = 0;

	for (size_t i = 0; i < body.len; i++)
		count += (unsigned char)body.ptr[i] >= 0x80 || body.ptr[i] == '=';
	return count > body.len / 6;
}

/* One kind of line end: CRLF under base64 (RFC 2045 6.8), LF where GMime makes CRLF of it. */
static void
put_lines(str body, str line_end, struct buf *out)
{
	str line;

	while (eat_until(&body, '\n', &line)) {
		buf_put(out, line.len && line.ptr[line.len - 1] == '\r' ? str_first(line, line.len - 1) : line);
		buf_put(out, line_end);
	}
	buf_put(out, body);
	must(buf_ok(out));
}

/* Never 7bit: there a line could be a boundary, or begin with "From ". */
static GMimeObject *
part_of(str body, const char *subtype)
{
	OWNED(buf_release) struct buf lines = { .max = 2 * MAIL_BODY_BYTES_MAX };
	OWNED(object_end) GMimeStream *stream = NULL;
	OWNED(object_end) GMimeDataWrapper *content = NULL;
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	bool base64 = base64_is_shorter(body);

	put_lines(body, base64 ? S("\r\n") : S("\n"), &lines);
	stream = g_mime_stream_mem_new_with_buffer(lines.ptr, lines.len);
	content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, base64 ? GMIME_CONTENT_ENCODING_BASE64
	                                              : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	return GMIME_OBJECT(part);
}

/* "=_" occurs in no quoted-printable and no base64: the boundary is in no part, whatever the id is. */
static GMimeObject *
alternatives_of(const struct mail *mail)
{
	OWNED(buf_release) struct buf boundary = { .max = 2 + 2 * MAIL_ID_BYTES_MAX + 1 };
	OWNED(object_end) GMimeObject *text = part_of(mail->text, "plain");
	OWNED(object_end) GMimeObject *html = part_of(mail->html, "html");
	GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");

	buf_put(&boundary, S("=_"));
	buf_hex(&boundary, mail->id);
	buf_char(&boundary, '\0');
	must(buf_ok(&boundary));
	g_mime_multipart_set_boundary(both, boundary.ptr);
	g_mime_multipart_add(both, text);
	g_mime_multipart_add(both, html);
	return GMIME_OBJECT(both);
}

/* --- what was written ------------------------------------------------------------------------- */

/* C2. */
static bool
written_well(str message)
{
	size_t line = 0;

	for (size_t i = 0; i < message.len; i++) {
		unsigned char c = (unsigned char)message.ptr[i];
		bool ends = c == '\r' && i + 1 < message.len && message.ptr[i + 1] == '\n';
		if (ends) {
			i++;
			line = 0;
		} else if (++line > LINE_BYTES_MAX || c >= 0x7f || (c < 0x20 && c != '\t')) {
			return false;
		}
	}
	return message.len && line == 0;
}

static enum err
mail_write(struct job *job, const struct mail *mail, struct buf *ret_message)
{
	OWNED(object_end) GMimeMessage *message = g_mime_message_new(FALSE);
	OWNED(object_end) GMimeObject *content = mail->html.len ? alternatives_of(mail) : part_of(mail->text, "plain");
	OWNED(object_end) GMimeStream *stream = g_mime_stream_mem_new();
	OWNED(format_end) GMimeFormatOptions *format = g_mime_format_options_new();
	GByteArray *octets;
	str written;

	put_headers(job, message, mail);
	g_mime_message_set_mime_part(message, content);
	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	written = (str){ (const char *)octets->data, octets->len };
	if (!written_well(written))
		return fail(job, ERR_INTERNAL, "a mail was not written as it must be");
	buf_put(ret_message, written);
	return OK;
}

enum err
compose(struct job *job, const struct mail *mail, struct buf *ret_message)
{
	TRY(mail_check(job, mail)); /* C1: all of it, before anything is written */
	return mail_write(job, mail, ret_message);
}
