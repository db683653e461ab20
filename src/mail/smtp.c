/* mail/smtp.c -- contract, T1-T6: smtp.h. */
#include "mail/smtp.h"

#include "os/clock.h"

#define COMMAND_BYTES_MAX 512 /* RFC 5321 4.5.3.1.4 */
#define QUIT_MS 1000

struct smtp {
	struct smtp_server server;   /* its texts lie in `text` */
	struct buf text[5];
	struct wire *wire;           /* NULL: none */
	struct buf in;               /* what came and was not read yet */
	struct buf line;             /* of the last reply, for the result */
	bool pipelining;
	bool open_transaction;       /* RSET before the next one */
	int said;                    /* code of the last reply */
};

/* --- life cycle ------------------------------------------------------------------------------- */

/* NUL-terminated, for the library below. */
static str
keep(struct buf *to, str text)
{
	buf_init(to, text.len + 1);
	buf_put(to, text);
	buf_char(to, '\0');
	must(buf_ok(to));
	return (str){ to->ptr, text.len };
}

static bool
host_fits(str host)
{
	return mailbox_host_fits(host) || mailbox_label_fits(host);
}

static enum err
server_check(struct job *job, const struct smtp_server *server)
{
	if (!host_fits(server->host) || !host_fits(server->hello) || !server->port)
		return fail(job, ERR_INVALID, "the name or port of a mail server, or our own name, cannot be");
	if (memchr(server->ca_file.ptr ? server->ca_file.ptr : "", 0, server->ca_file.len) ||
	    !str_printable(server->user) || !str_printable(server->password) ||
	    memchr(server->user.ptr ? server->user.ptr : "", '\n', server->user.len))
		return fail(job, ERR_INVALID, "a sign-in at a mail server holds a control");
	if (server->user.len && server->tls != WIRE_STARTTLS_MUST && server->tls != WIRE_TLS_FIRST)
		return fail(job, ERR_INVALID, "a password is given to a mail server by TLS only"); /* T6 */
	if (server->connect_ms <= 0 || server->answer_ms <= 0 || server->final_ms <= 0)
		return fail(job, ERR_INVALID, "a time for a mail server is more than nothing");
	return OK;
}

enum err
smtp_open(struct job *job, const struct smtp_server *server, struct smtp **ret)
{
	struct smtp *smtp;

	TRY(server_check(job, server));
	smtp = calloc(1, sizeof(*smtp));
	must(smtp);
	smtp->server = *server;
	smtp->server.host = keep(&smtp->text[0], server->host);
	smtp->server.ca_file = keep(&smtp->text[1], server->ca_file);
	smtp->server.hello = keep(&smtp->text[2], server->hello);
	smtp->server.user = keep(&smtp->text[3], server->user);
	smtp->server.password = keep(&smtp->text[4], server->password);
	buf_init(&smtp->in, SMTP_REPLY_BYTES_MAX);
	buf_init(&smtp->line, SMTP_REPLY_BYTES_MAX);
	*ret = smtp;
	return OK;
}

static void
disconnect(struct smtp *smtp)
{
	wire_close(&smtp->wire);
	buf_clear(&smtp->in);
	smtp->in.full = false;
	smtp->open_transaction = false;
}

void
smtp_close(struct smtp **at)
{
	struct smtp *smtp = *at;
	size_t sent;

	if (!smtp)
		return;
	/* A courtesy: whether it arrives changes nothing. */
	if (smtp->wire)
		(void)!wire_send(smtp->wire, S("QUIT\r\n"), os_monotonic_us() + QUIT_MS * 1000, &sent);
	disconnect(smtp);
	for (size_t i = 0; i < COUNT(smtp->text); i++)
		buf_release(&smtp->text[i]);
	buf_release(&smtp->in);
	buf_release(&smtp->line);
	free(smtp);
	*at = NULL;
}

/* --- replies ---------------------------------------------------------------------------------- */

static int64_t
within(int64_t ms)
{
	return os_monotonic_us() + ms * 1000;
}

/* One line without its CRLF.  WIRE_PROTOCOL: a reply longer than SMTP_REPLY_BYTES_MAX. */
static enum wire_end
line_receive(struct smtp *smtp, int64_t deadline_us, size_t from, str *ret)
{
	size_t at;

	while (!str_find(str_from(buf_str(&smtp->in), from), S("\r\n"), &at)) {
		enum wire_end end = wire_receive(smtp->wire, deadline_us, &smtp->in);
		if (end)
			return end;
	}
	*ret = str_first(str_from(buf_str(&smtp->in), from), at);
	return WIRE_OK;
}

/* 250-text or 250 text, or 250 alone. */
static bool
line_read(str line, uint64_t *ret_code, bool *ret_last, str *ret_text)
{
	if (!eat_digits(&line, 3, ret_code) || *ret_code < 200 || *ret_code > 599)
		return false;
	*ret_last = !eat_char(&line, '-');
	*ret_text = *ret_last && line.len ? str_from(line, 1) : line;
	return !*ret_last || !line.len || line.ptr[0] == ' ';
}

static void
line_keep(struct smtp *smtp, str text)
{
	buf_clear(&smtp->line);
	for (size_t i = 0; i < text.len; i++)
		buf_char(&smtp->line, text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?');
}

/* A whole reply; `said` is its code.  Its octets are gone from `in`. */
static enum wire_end
reply(struct smtp *smtp, int64_t ms, bool *ret_pipelining)
{
	int64_t deadline = within(ms);
	uint64_t code = 0, first = 0;
	size_t used = 0;
	bool last = false;

	while (!last) {
		str line, text;
		enum wire_end end = line_receive(smtp, deadline, used, &line);

		if (end)
			return end;
		if (!line_read(line, &code, &last, &text) || (first && code != first))
			return WIRE_PROTOCOL;
		first = code;
		used += line.len + 2;
		if (ret_pipelining && str_eq_fold(text, S("PIPELINING")))
			*ret_pipelining = true;
		line_keep(smtp, text);
	}
	memmove(smtp->in.ptr, smtp->in.ptr + used, smtp->in.len - used);
	smtp->in.len -= used;
	smtp->said = (int)code;
	return WIRE_OK;
}

static enum wire_end
say(struct smtp *smtp, str octets)
{
	size_t sent;

	return wire_send(smtp->wire, octets, within(smtp->server.answer_ms), &sent);
}

/* --- results ---------------------------------------------------------------------------------- */

/* X.Y.Z at the front of the line (RFC 2034 section 4), and of the class that the code has. */
static void
status_read(str line, int code, int ret[3])
{
	uint64_t part[3];

	if (!eat_digits(&line, 1, &part[0]) || !eat_char(&line, '.') || !eat_u64(&line, &part[1]) || !eat_char(&line, '.') ||
	    !eat_u64(&line, &part[2]) || (line.len && line.ptr[0] != ' '))
		return;
	if ((int)part[0] != code / 100 || part[1] > 999 || part[2] > 999)
		return;
	for (int i = 0; i < 3; i++)
		ret[i] = (int)part[i];
}

static struct smtp_result
answered(const struct smtp *smtp, enum smtp_stage stage, int code, str line)
{
	struct smtp_result result = { .stage = stage, .code = code, .line = line };

	result.end = code >= 500 ? SMTP_REFUSED : code >= 400 ? SMTP_LATER : SMTP_ACCEPTED;
	status_read(line, code, result.status);
	must(smtp->wire);
	return result;
}

static struct smtp_result
broken(struct smtp *smtp, enum smtp_stage stage, enum wire_end why, bool dot_left)
{
	disconnect(smtp);
	return (struct smtp_result){ .end = dot_left ? SMTP_UNKNOWN : SMTP_UNREACHED, .stage = stage, .why = why };
}

/* --- one message ------------------------------------------------------------------------------ */

static enum wire_end
connect_to(struct smtp *smtp)
{
	const struct smtp_server *server = &smtp->server;
	struct wire_to to = {
		.host = server->host.ptr, .port = server->port, .tls = server->tls, .hello = server->hello.ptr,
		.ca_file = server->ca_file.len ? server->ca_file.ptr : NULL,
		.user = server->user.len ? server->user.ptr : NULL,
		.password = server->password.ptr, .connect_ms = (long)server->connect_ms, .stop = server->stop,
	};

	return wire_open(&to, &smtp->wire);
}

/* EHLO once more: what the server offers by TLS and to who is signed in is what counts (RFC 3207 4.2). */
static enum wire_end
hello(struct smtp *smtp)
{
	OWNED(buf_release) struct buf line = { .max = COMMAND_BYTES_MAX };
	enum wire_end end;

	smtp->pipelining = false;
	buf_put(&line, S("EHLO "));
	buf_put(&line, smtp->server.hello);
	buf_put(&line, S("\r\n"));
	end = say(smtp, buf_str(&line));
	if (!end)
		end = reply(smtp, smtp->server.answer_ms, &smtp->pipelining);
	return end ? end : smtp->said / 100 == 2 ? WIRE_OK : WIRE_PROTOCOL;
}

#define COMMANDS 4 /* RSET, MAIL, RCPT, DATA */

static void
commands_make(const struct smtp *smtp, str sender, str recipient, struct buf *out, str ret[COMMANDS])
{
	size_t start[COMMANDS + 1] = { 0 };

	if (smtp->open_transaction)
		buf_put(out, S("RSET\r\n"));
	start[1] = out->len;
	buf_put(out, S("MAIL FROM:<"));
	buf_put(out, sender);
	buf_put(out, S(">\r\n"));
	start[2] = out->len;
	buf_put(out, S("RCPT TO:<"));
	buf_put(out, recipient);
	buf_put(out, S(">\r\n"));
	start[3] = out->len;
	buf_put(out, S("DATA\r\n"));
	start[4] = out->len;
	must(buf_ok(out));
	for (size_t i = 0; i < COMMANDS; i++)
		ret[i] = str_first(str_from(buf_str(out), start[i]), start[i + 1] - start[i]);
}

/* A message was offered to nobody, and the server wants it (RFC 2920 3.1): an empty one to no recipient. */
static void
give_nothing(struct smtp *smtp)
{
	if (say(smtp, S(".\r\n")) || reply(smtp, smtp->server.answer_ms, NULL))
		disconnect(smtp);
}

/* RSET, MAIL, RCPT, DATA.  True: the server waits for the message.  False: *ret is the end, and
 * *ret_mute that the server said nothing of this message, or that it is about to leave (T3). */
static bool
envelope(struct smtp *smtp, str sender, str recipient, struct buf *refusal, struct smtp_result *ret, bool *ret_mute)
{
	static const enum smtp_stage stage[COMMANDS] = { SMTP_HELLO, SMTP_MAIL, SMTP_RCPT, SMTP_DATA };
	OWNED(buf_release) struct buf text = { .max = 4 * COMMAND_BYTES_MAX };
	size_t first = smtp->open_transaction ? 0 : 1, refused = COMMANDS;
	str command[COMMANDS];
	int code = 0;

	*ret_mute = false;
	commands_make(smtp, sender, recipient, &text, command);
	smtp->open_transaction = true;
	for (size_t i = first; i < COMMANDS; i++) {
		enum wire_end end = WIRE_OK;
		bool good;

		if (!smtp->pipelining || i == first)
			end = say(smtp, smtp->pipelining ? buf_str(&text) : command[i]);
		if (!end)
			end = reply(smtp, smtp->server.answer_ms, NULL);
		if (end) {
			*ret_mute = i == first;
			*ret = broken(smtp, stage[i], end, false);
			return false;
		}
		good = smtp->said / 100 == (i == 3 ? 3 : 2);
		if (!good && refused == COMMANDS) {
			refused = i;
			code = smtp->said;
			buf_clear(refusal);
			buf_put(refusal, buf_str(&smtp->line));
		}
		if (!good && !smtp->pipelining)
			break;
	}
	if (refused == COMMANDS)
		return true;
	if (code < 400) { /* good, and not where it is good: no answer that is understood */
		*ret = broken(smtp, stage[refused], WIRE_PROTOCOL, false);
		return false;
	}
	*ret_mute = code == 421 && refused == first;
	*ret = answered(smtp, stage[refused], code, buf_str(refusal));
	if (smtp->pipelining && smtp->said / 100 == 3)
		give_nothing(smtp);
	if (code == 421)
		disconnect(smtp);
	return false;
}

/* T5: dots at the beginning of a line are doubled. */
static void
stuff(str message, struct buf *out)
{
	size_t at;

	while (message.len) {
		if (message.ptr[0] == '.')
			buf_char(out, '.');
		must(str_find(message, S("\r\n"), &at));
		buf_put(out, str_first(message, at + 2));
		message = str_from(message, at + 2);
	}
	must(buf_ok(out));
}

static struct smtp_result
data(struct smtp *smtp, str message)
{
	OWNED(buf_release) struct buf stuffed = { .max = 2 * message.len };
	enum wire_end end;
	size_t sent = 0;

	stuff(message, &stuffed);
	end = say(smtp, buf_str(&stuffed));
	/* A server that has gone already does not get the dot, and it is known that it has not. */
	if (!end && (smtp->in.len || !wire_quiet(smtp->wire)))
		end = WIRE_UNREACHABLE;
	wire_patient(smtp->wire, SMTP_STOP_MS);
	if (!end)
		end = wire_send(smtp->wire, S(".\r\n"), within(smtp->server.answer_ms), &sent);
	if (end)
		return broken(smtp, SMTP_DATA, end, sent > 0);
	end = reply(smtp, smtp->server.final_ms, NULL);
	if (!end && smtp->said / 100 == 3)
		end = WIRE_PROTOCOL;
	if (end)
		return broken(smtp, SMTP_FINAL, end, true);
	wire_patient(smtp->wire, 0);
	smtp->open_transaction = false;
	return answered(smtp, SMTP_FINAL, smtp->said, buf_str(&smtp->line));
}

/* T5. */
static bool
lines_fit(str message)
{
	size_t line = 0;

	for (size_t i = 0; i < message.len; i++) {
		char c = message.ptr[i];
		if (c == '\r' && i + 1 < message.len && message.ptr[i + 1] == '\n') {
			i++;
			line = 0;
		} else if (!c || c == '\r' || c == '\n' || ++line > SMTP_LINE_BYTES_MAX) {
			return false;
		}
	}
	return message.len && !line;
}

enum err
smtp_send(struct job *job, struct smtp *smtp, str sender, str recipient, str message, struct smtp_result *ret)
{
	OWNED(buf_release) struct buf refusal = { .max = SMTP_REPLY_BYTES_MAX };
	bool kept = smtp->wire, mute = false, wanted;
	enum wire_end end = WIRE_OK;

	if (!mailbox_fits(sender) || !mailbox_fits(recipient))
		return fail(job, ERR_INVALID, "an address does not fit an envelope");
	if (!lines_fit(message))
		return fail(job, ERR_INVALID, "a message's lines are not as SMTP has them");
	while (true) {
		if (!smtp->wire)
			end = connect_to(smtp);
		if (end) {
			*ret = broken(smtp, SMTP_CONNECT, end, false);
			return OK;
		}
		if (!kept)
			end = hello(smtp);
		if (end) {
			*ret = broken(smtp, SMTP_HELLO, end, false);
			return OK;
		}
		wanted = envelope(smtp, sender, recipient, &refusal, ret, &mute);
		if (wanted || !kept || !mute)
			break;
		kept = false; /* T3: once */
		disconnect(smtp);
	}
	if (wanted)
		*ret = data(smtp, message);
	else if (ret->code) { /* the refusal's own text outlives this call */
		line_keep(smtp, buf_str(&refusal));
		ret->line = buf_str(&smtp->line);
	}
	if (ret->code == 421)
		disconnect(smtp);
	return OK;
}
