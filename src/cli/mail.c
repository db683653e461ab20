/* cli/mail.c -- `valv mail show|set|sign|unsign|test|preview|list|again|cancel`: mail to persons. */
#include "base/limits.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"
#include "message/message.h"
#include "message/setup.h"

#define KIND_WORD(e, no, name, ...) name " "
#define KIND_WORDS MESSAGE_KIND_TABLE(KIND_WORD)
#define STATE_WORDS MESSAGE_STATE_TABLE(KIND_WORD)
#define TLS_WORDS SETUP_TLS_TABLE(KIND_WORD)
#define KEY_WORDS "rsa ed25519"

static enum err
outline(struct job *job, struct cli *cli, const struct args *args, const struct ask *ask)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, ask, &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

/* --- the setup -------------------------------------------------------------------------------- */

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	return outline(job, cli, args, &(struct ask){ .method = "GET", .path = "/v1/mail" });
}

const struct command command_mail_show = {
	.about = "The server, who sends, the DNS records of the keys that sign, and how much waits. Never the password.",
	.examples = "valv mail show",
	.remote = true,
	.run = show_run,
};

static const struct option set_options[] = {
	{ "host", "NAME", "The server that takes mail." },
	{ "port", "N", "587 unless said." },
	{ "tls", "HOW", "starttls unless said; a password takes starttls or tls.", TLS_WORDS },
	{ "ca-file", "FILE", "PEM file on the server's machine with the authorities to believe." },
	{ "hello", "NAME", "How this machine calls itself; the sender's domain unless said." },
	{ "user", "NAME", "To sign in at the server." },
	{ "password", "FILE", "Its first line is the password, - reads standard input; it is sealed and never shown." },
	{ "from", "ADDRESS", "Where mail comes from." },
	{ "from-name", "TEXT", "The name beside it; the company's unless said." },
	{ "reply-to", "ADDRESS", "Where answers go." },
	{ "return-prefix", "WORD", "Bounces come back to WORD+…@DOMAIN; bounce unless said." },
	{ "return-domain", "NAME", "The sender's unless said." },
	{ "maildir", "DIR", "The mailbox (Maildir) in which bounces arrive, on the server's machine." },
	{ "connections", "N", "To the server at once, up to 8; 4 unless said." },
	{ "domain-connections", "N", "Of these, with mail for one domain; 4 unless said." },
	{ "domain-rate", "N", "Messages a minute for one domain; 3000 unless said." },
	{ "replies", "yes|no", "Whether answers to requests that go by e-mail are sent, too, instead of waiting in the outbox.", "yes no" },
};

static enum err
number_put(struct cli *cli, struct request_body *body, const struct args *args, const char *option, const char *name,
           uint64_t max)
{
	uint64_t number = 0;

	TRY(arg_number(cli, args, option, max, &number));
	if (arg_given(args, option))
		json_pair_i64(&body->out, str_from_c(name), (int64_t)number);
	return OK;
}

static enum err
password_put(struct job *job, struct cli *cli, struct request_body *body, const struct args *args)
{
	str text, line;

	if (!arg_given(args, "password"))
		return OK;
	TRY(input_file(job, cli, arg_c(args, "password"), 4096, &text));
	if (!eat_until(&text, '\n', &line))
		line = text;
	if (str_ends(line, S("\r")))
		line.len--;
	json_pair_str(&body->out, S("password"), line);
	return OK;
}

static enum err
set_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const texts[][2] = {
		{ "host", "host" }, { "tls", "tls" }, { "ca-file", "ca_file" }, { "hello", "hello" }, { "user", "user" },
		{ "from", "from" }, { "from-name", "from_name" }, { "reply-to", "reply_to" },
		{ "return-prefix", "return_prefix" }, { "return-domain", "return_domain" }, { "maildir", "maildir" },
	};
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/mail" };

	request_begin(&body);
	for (size_t i = 0; i < COUNT(texts); i++)
		request_option(&body, args, texts[i][0], texts[i][1]);
	TRY(number_put(cli, &body, args, "port", "port", UINT16_MAX));
	TRY(number_put(cli, &body, args, "connections", "connections", LIMIT_MAIL_CONNECTIONS));
	TRY(number_put(cli, &body, args, "domain-connections", "domain_connections", LIMIT_MAIL_DOMAIN_CONNECTIONS));
	TRY(number_put(cli, &body, args, "domain-rate", "domain_rate", LIMIT_MAIL_DOMAIN_RATE));
	if (arg_given(args, "replies"))
		json_pair_bool(&body.out, S("replies"), str_eq(arg_str(args, "replies"), S("yes")));
	TRY(password_put(job, cli, &body, args));
	ask.body = request_text(&body);
	return outline(job, cli, args, &ask);
}

const struct command command_mail_set = {
	.about = "Says how mail leaves. What is not named stays as it is; an empty text takes it away. "
	         "Only on the server's own machine.",
	.examples = "valv mail set --host smtp.example.com --user valv --password /run/secrets/smtp "
	            "--from hej@example.com --from-name 'Exempel AB'\n"
	            "valv mail set --maildir /var/mail/bounce",
	OPTIONS(set_options),
	.remote = true,
	.run = set_run,
};

/* --- keys ------------------------------------------------------------------------------------- */

static const struct option key_options[] = {
	{ "kind", "KIND", "ed25519 unless said. Not every verifier knows Ed25519: have both.", KEY_WORDS },
	{ "selector", "WORD", "A word of your own, new for each key, as v2026; needed." },
};

static str
kind_given(const struct args *args)
{
	return arg_given(args, "kind") ? arg_str(args, "kind") : S("ed25519");
}

static enum err
key_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/mail/keys" };

	request_begin(&body);
	if (!arg_given(args, "selector"))
		return complain(cli, EXIT_USAGE, "mail sign: --selector is needed");
	json_pair_str(&body.out, S("kind"), kind_given(args));
	request_option(&body, args, "selector", "selector");
	ask.body = request_text(&body);
	return outline(job, cli, args, &ask);
}

const struct command command_mail_sign = {
	.about = "Makes a key that mail is signed with (DKIM) and prints the DNS record that goes with it. Put the record "
	         "into DNS, then look with valv doctor mail. The key of that kind before it is destroyed: mail that it "
	         "signed can be verified as long as its record stays. Only on the server's own machine.",
	.examples = "valv mail sign --kind rsa --selector v2026r\n"
	            "valv mail sign --kind ed25519 --selector v2026e",
	OPTIONS(key_options),
	.remote = true,
	.run = key_run,
};

static const struct option key_drop_options[] = {
	{ "kind", "KIND", "ed25519 unless said.", KEY_WORDS },
};

static enum err
key_drop_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	struct answer answer;
	struct ask ask = { .method = "DELETE",
		           .path = client_path(job, "/v1/admin/mail/keys/", arg_given(args, "kind") ? arg_c(args, "kind") : "ed25519", "") };

	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	if (!cli->json)
		puts("It is destroyed.");
	return OK;
}

const struct command command_mail_unsign = {
	.about = "Destroys a key that mail is signed with. Only on the server's own machine.",
	.examples = "valv mail unsign --kind rsa",
	OPTIONS(key_drop_options),
	.remote = true,
	.run = key_drop_run,
};

/* --- trying it out ---------------------------------------------------------------------------- */

static const struct option test_options[] = {
	{ "address", "ADDRESS", "Where it goes; - or none: the first line of standard input." },
	{ "language", "CODE", "sv or en; the vault's first unless said." },
};

static enum err
test_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/mail/test" };
	str address;

	request_begin(&body);
	TRY(input_value(job, cli, args, "address", &address));
	json_pair_str(&body.out, S("address"), address);
	request_option(&body, args, "language", "language");
	ask.body = request_text(&body);
	return outline(job, cli, args, &ask);
}

const struct command command_mail_test = {
	.about = "Sends a mail that says that it is a test. What became of it: valv mail list. Only on the server's own "
	         "machine.",
	.examples = "valv mail test --address anna@example.com",
	OPTIONS(test_options),
	.remote = true,
	.run = test_run,
};

static const struct option preview_options[] = {
	{ "kind", "KIND", "Which mail; confirm unless said.", KIND_WORDS },
	{ "language", "CODE", "sv or en; the vault's first unless said." },
	{ "html", NULL, "The HTML, to be looked at in a browser." },
};

static enum err
preview_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/mail/preview" };
	struct json root;
	str subject, text;

	request_begin(&body);
	json_pair_str(&body.out, S("kind"), arg_given(args, "kind") ? arg_str(args, "kind") : S("confirm"));
	request_option(&body, args, "language", "language");
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "subject", &subject));
	TRY(text_member(job, root, arg_given(args, "html") ? "html" : "text", &text));
	if (!arg_given(args, "html"))
		printf("%.*s\n\n", SPRINT(subject));
	printf("%.*s\n", SPRINT(text));
	return OK;
}

const struct command command_mail_preview = {
	.about = "What a mail looks like, with made-up values and the company's own name.",
	.examples = "valv mail preview --kind confirm --language sv\n"
	            "valv mail preview --kind mine --html > mine.html",
	OPTIONS(preview_options),
	.remote = true,
	.run = preview_run,
};

static const struct option doctor_options[] = {
	{ "dns", "NUMBER:PORT", "A name server to ask, as 127.0.0.1:53; the system's unless said." },
};

static enum err
check_say(struct job *job, struct json row, bool *bad)
{
	str name, result, text, at, want;

	TRY(text_member(job, row, "name", &name));
	TRY(text_member(job, row, "result", &result));
	TRY(text_member(job, row, "text", &text));
	TRY(text_member(job, row, "at", &at));
	TRY(text_member(job, row, "want", &want));
	printf("%-8.*s  %.*s: %.*s\n", SPRINT(result), SPRINT(name), SPRINT(text));
	if (want.len)
		printf("          %.*s TXT \"%.*s\"\n", SPRINT(at), SPRINT(want));
	*bad |= str_eq(result, S("bad"));
	return OK;
}

static enum err
doctor_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/mail/check" };
	struct json root, list;
	bool bad = false;

	request_begin(&body);
	request_option(&body, args, "dns", "dns");
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "checks", 100, &list));
	for (size_t i = 0; i < json_count(list); i++)
		TRY(check_say(job, json_element(job, list, i), &bad));
	return bad ? complain(cli, EXIT_REFUSED, "some of it will keep mail from arriving") : OK;
}

const struct command command_doctor_mail = {
	.about = "Looks at what a receiver would look at: whether the server answers, with TLS and a certificate that holds, "
	         "whether its number has a name, SPF, the records of the keys that sign, DMARC. Changes and sends nothing. "
	         "Only on the server's own machine.",
	.examples = "valv doctor mail",
	OPTIONS(doctor_options),
	.remote = true,
	.run = doctor_run,
};

/* --- messages --------------------------------------------------------------------------------- */

static enum err
message_row(struct job *job, struct table *table, struct json row)
{
	static const char *const members[] = { "id", "made_at", "kind", "state", "why", "status", "tries", "due_at", NULL };
	str text;

	for (size_t i = 0; members[i]; i++) {
		TRY(list_member(job, row, members[i], &text));
		if (str_ends(str_from_c(members[i]), S("_at")) && text.len)
			text = time_short(job, text);
		table_cell(table, text.len ? text : S("-"));
	}
	return OK;
}

static const struct option list_options[] = {
	{ "state", "STATE", "Only those in this state.", STATE_WORDS },
	PAGED_OPTION,
};

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID", "MADE", "KIND", "STATE", "WHY", "STATUS", ">TRIES", "DUE", NULL };
	const char *path = arg_given(args, "state") ? client_path(job, "/v1/mail/messages/in/", arg_c(args, "state"), "")
	                                            : "/v1/mail/messages";

	return paged_run(job, cli, args, &(struct paged){ .path = path, .member = "messages", .heading = heading, .row = message_row });
}

const struct command command_mail_list = {
	.about = "Messages to persons, oldest first, and what became of them; never what they say. Those that are unknown "
	         "were under way when the answer was lost: the server may have them, so they are not sent again unless "
	         "you say so.",
	.examples = "valv mail list --state unknown",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

static enum err
act_run(struct job *job, struct cli *cli, const struct args *args, const char *act)
{
	TRY(input_id(cli, args->operand[0]));
	return outline(job, cli, args,
	               &(struct ask){ .method = "POST", .path = client_path(job, "/v1/mail/messages/", args->operand[0], act) });
}

static enum err
again_run(struct job *job, struct cli *cli, const struct args *args)
{
	return act_run(job, cli, args, "/again");
}

const struct command command_mail_again = {
	.operands = "ID",
	.about = "Sends it now, once more, as long as it is of use. One that is unknown may then arrive twice.",
	.examples = "valv mail again 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	.remote = true,
	.run = again_run,
};

static enum err
cancel_run(struct job *job, struct cli *cli, const struct args *args)
{
	return act_run(job, cli, args, "/cancel");
}

const struct command command_mail_cancel = {
	.operands = "ID",
	.about = "Does not send it at all.",
	.examples = "valv mail cancel 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	.remote = true,
	.run = cancel_run,
};
