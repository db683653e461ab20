/* What src/mail does, for tests in other languages: one request a line on stdin, one answer a line on
 * stdout, both JSON; octets are text of Latin-1, one character for one octet.
 *
 *   {"do":"key","kind":"rsa"}                                        {"key":…,"name":…,"text":…}
 *   {"do":"compose","subject":…,…,"keys":[[domain,selector,key],…]}  {"message":…} or {"error":…,"where":…}
 *   {"do":"server","host":…,"port":…,"tls":0..3,"ca":…,"user":…,"password":…,"ms":…}   {} or {"error":…}
 *   {"do":"send","sender":…,"recipient":…,"message":…}               {"end":…,"stage":…,"why":…,"code":…,"status":[…],"line":…}
 */
#include <jansson.h>

#include "mail/compose.h"
#include "mail/dkim.h"
#include "mail/smtp.h"
#include "mail/start.h"

/* --- octets as Latin-1 ------------------------------------------------------------------------ */

static json_t *
json_octets(str octets)
{
	OWNED(buf_release) struct buf text = { .max = 2 * octets.len + 1 };

	for (size_t i = 0; i < octets.len; i++) {
		unsigned char c = (unsigned char)octets.ptr[i];
		if (c < 0x80) {
			buf_char(&text, (char)c);
		} else {
			buf_char(&text, (char)(0xc0 | c >> 6));
			buf_char(&text, (char)(0x80 | (c & 0x3f)));
		}
	}
	return json_stringn(text.len ? text.ptr : "", text.len);
}

static str
octets_of(struct job *job, json_t *value)
{
	str text = { json_string_value(value), json_string_length(value) };
	char *octets = arena_alloc(&job->arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		unsigned octet = c < 0x80 ? c : (c & 3u) << 6 | ((unsigned char)text.ptr[++i] & 0x3fu);
		octets[len++] = (char)octet;
	}
	return (str){ octets, len };
}

static str
member(struct job *job, json_t *request, const char *name)
{
	json_t *value = json_object_get(request, name);

	return value ? octets_of(job, value) : S("");
}

static json_t *
failed(const struct job *job)
{
	return json_pack("{s:s, s:s, s:s}", "error", err_info(job->failure.err)->slug, "why", job->failure.why, "where",
	                 job->failure.where);
}

/* --- the requests ----------------------------------------------------------------------------- */

static json_t *
do_key(struct job *job, json_t *request)
{
	OWNED(buf_release) struct buf made = { .max = DKIM_KEY_BYTES_MAX }, name = { .max = 400 }, text = { .max = 2000 };
	OWNED(dkim_key_close) struct dkim_key *key = NULL;

	dkim_key_make(str_eq(member(job, request, "kind"), S("rsa")) ? DKIM_RSA : DKIM_ED25519, &made);
	must(!dkim_key_open(job, member(job, request, "domain"), member(job, request, "selector"), buf_bytes(&made), &key));
	dkim_key_record_name(key, &name);
	dkim_key_record_text(key, &text);
	return json_pack("{s:o, s:o, s:o}", "key", json_octets(buf_str(&made)), "name", json_octets(buf_str(&name)), "text",
	                 json_octets(buf_str(&text)));
}

static struct mail
mail_of(struct job *job, json_t *request)
{
	str id = member(job, request, "id");

	return (struct mail){
		.from = { member(job, request, "from_name"), member(job, request, "from") },
		.to = { member(job, request, "to_name"), member(job, request, "to") },
		.reply_to = { member(job, request, "reply_to_name"), member(job, request, "reply_to") },
		.subject = member(job, request, "subject"),
		.text = member(job, request, "text"),
		.html = member(job, request, "html"),
		.language = member(job, request, "language"),
		.date = json_integer_value(json_object_get(request, "date")) * TIME_SECOND,
		.id = str_bytes(id),
		.id_domain = member(job, request, "id_domain"),
		.automatic = json_is_true(json_object_get(request, "automatic")),
		.bulk = json_is_true(json_object_get(request, "bulk")),
		.list = member(job, request, "list"),
		.list_name = member(job, request, "list_name"),
		.unsubscribe_url = member(job, request, "unsubscribe_url"),
		.unsubscribe_address = member(job, request, "unsubscribe_address"),
		.help_url = member(job, request, "help_url"),
		.feedback = member(job, request, "feedback"),
	};
}

static enum err
sign_all(struct job *job, json_t *keys, time_us now, str message, struct buf *out)
{
	OWNED(dkim_key_close) struct dkim_key *first = NULL, *second = NULL;
	struct dkim_key **key[] = { &first, &second };

	for (size_t i = 0; i < json_array_size(keys); i++) {
		json_t *one = json_array_get(keys, i);
		TRY(dkim_key_open(job, octets_of(job, json_array_get(one, 0)), octets_of(job, json_array_get(one, 1)),
		                  str_bytes(octets_of(job, json_array_get(one, 2))), key[i]));
	}
	return dkim_sign(job, (const struct dkim_key *const[]){ first, second }, json_array_size(keys), now, message, out);
}

static json_t *
do_compose(struct job *job, json_t *request)
{
	OWNED(buf_release) struct buf message = { .max = MAIL_MESSAGE_BYTES_MAX }, out = { .max = MAIL_MESSAGE_BYTES_MAX };
	struct mail mail = mail_of(job, request);
	json_t *keys = json_object_get(request, "keys");

	if (compose(job, &mail, &message))
		return failed(job);
	if (!keys)
		return json_pack("{s:o}", "message", json_octets(buf_str(&message)));
	if (sign_all(job, keys, mail.date, buf_str(&message), &out))
		return failed(job);
	return json_pack("{s:o}", "message", json_octets(buf_str(&out)));
}

static struct smtp *smtp; /* of the last "server" */

static json_t *
do_server(struct job *job, json_t *request)
{
	int64_t ms = json_integer_value(json_object_get(request, "ms"));
	struct smtp_server server = {
		.host = member(job, request, "host"),
		.port = (uint16_t)json_integer_value(json_object_get(request, "port")),
		.tls = (enum wire_tls)json_integer_value(json_object_get(request, "tls")),
		.ca_file = member(job, request, "ca"),
		.hello = S("client.valv.example"),
		.user = member(job, request, "user"),
		.password = member(job, request, "password"),
		.connect_ms = ms,
		.answer_ms = ms,
		.final_ms = ms,
	};

	smtp_close(&smtp);
	return smtp_open(job, &server, &smtp) ? failed(job) : json_object();
}

static json_t *
do_send(struct job *job, json_t *request)
{
	static const char *const end[] = { "accepted", "refused", "later", "unreached", "unknown" };
	static const char *const stage[] = { "connect", "hello", "mail", "rcpt", "data", "final" };
	static const char *const why[] = { "ok", "unreachable", "timeout", "tls", "login", "protocol", "stopped" };
	struct smtp_result result;

	if (smtp_send(job, smtp, member(job, request, "sender"), member(job, request, "recipient"),
	              member(job, request, "message"), &result))
		return failed(job);
	return json_pack("{s:s, s:s, s:s, s:i, s:[iii], s:o}", "end", end[result.end], "stage", stage[result.stage],
	                 "why", why[result.why], "code", result.code, "status", result.status[0], result.status[1],
	                 result.status[2], "line", json_octets(result.line));
}

static json_t *
answer(struct job *job, json_t *request)
{
	str what = member(job, request, "do");

	if (str_eq(what, S("key")))
		return do_key(job, request);
	if (str_eq(what, S("server")))
		return do_server(job, request);
	if (str_eq(what, S("send")))
		return do_send(job, request);
	must(str_eq(what, S("compose")));
	return do_compose(job, request);
}

int
main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	mail_start();
	while ((len = getline(&line, &room, stdin)) > 0) {
		OWNED(job_release) struct job job = { 0 };
		json_t *request = json_loadb(line, (size_t)len, JSON_ALLOW_NUL, NULL), *answered;

		must(request);
		answered = answer(&job, request);
		json_dumpf(answered, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
		json_decref(answered);
		json_decref(request);
	}
	smtp_close(&smtp);
	free(line);
	return 0;
}
