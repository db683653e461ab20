/* cli/requests.c -- `valv request …`: the register of what persons asked for.
 *
 * What was written comes from a file or standard input, never from the command line, where it would
 * stay behind in the shell's history. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"
#include "os/clock.h"
#include "rights/letter.h"

#define SECOND_WORD(e, no, name, ...) name " "
#define RIGHT_WORDS RIGHT_TABLE(SECOND_WORD)
#define STATE_WORDS "open " REQUEST_STATE_TABLE(SECOND_WORD)
#define BY_WORDS REQUEST_CHANNEL_TABLE(SECOND_WORD)
#define IDENTITY_WORDS IDENTITY_TABLE(SECOND_WORD)
#define RESULT_WORDS IDENTITY_RESULT_TABLE(SECOND_WORD)
#define REASON_WORDS REQUEST_REASON_TABLE(SECOND_WORD)
#define LETTER_WORDS LETTER_TABLE(SECOND_WORD)

/* --- bodies ----------------------------------------------------------------------------------- */

/* A file's text under the option's name; nothing when it is not given. */
static enum err
file_option(struct job *job, struct cli *cli, struct request_body *body, const struct args *args,
            const char *option, const char *name)
{
	str text;

	if (!arg_given(args, option))
		return OK;
	TRY(input_file(job, cli, arg_c(args, option), LIMIT_MESSAGE_BYTES, &text));
	text = str_trim(text);
	if (!str_printable(text))
		return complain(cli, EXIT_USAGE, "%s: --%s is no printable UTF-8 text", args->of->name, option);
	json_pair_str(&body->out, str_from_c(name), text);
	return OK;
}

static enum err
options_needed(struct cli *cli, const struct args *args, const char *const *needed)
{
	for (; *needed; needed++)
		if (!arg_given(args, *needed))
			return complain(cli, EXIT_USAGE, "%s: --%s is needed", args->of->name, *needed);
	return OK;
}

#define NEEDED(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* --- showing ---------------------------------------------------------------------------------- */

/* The state of affairs in two lines. */
static enum err
request_say(struct job *job, struct json root)
{
	str id, right, state, clock, due;
	bool overdue = false;

	TRY(text_member(job, root, "id", &id));
	TRY(text_member(job, root, "right", &right));
	TRY(text_member(job, root, "state", &state));
	TRY(text_member(job, root, "clock", &clock));
	TRY(text_member(job, root, "due_on", &due));
	TRY(json_bool(job, root, "overdue", &overdue, NULL));
	printf("%.*s  %.*s: %.*s\n", SPRINT(id), SPRINT(right), SPRINT(state));
	if (str_eq(clock, S("standing")))
		puts("The clock stands until it is recorded what became of the identity check.");
	else if (str_eq(clock, S("running")))
		printf("Last day for the answer: %.*s%s\n", SPRINT(due), overdue ? ", which is past" : "");
	else if (overdue)
		printf("It was answered late: the last day was %.*s.\n", SPRINT(due));
	return OK;
}

static enum err
request_ask(struct job *job, struct cli *cli, const struct args *args, const char *path, str body)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "POST", .path = path, .body = body },
	                &document, &root));
	return cli->json ? OK : request_say(job, root);
}

static enum err
step_post(struct job *job, struct cli *cli, const struct args *args, const char *address,
          struct request_body *body)
{
	TRY(input_id(cli, args->operand[0]));
	return request_ask(job, cli, args, client_path(job, "/v1/requests/", args->operand[0], address),
	                   request_text(body));
}

#define REPLY_OPTION                                                                                \
	{ "reply", NULL, "Put the letter into the outbox, to the address that the request names (--reply-to)." }
#define WORDS_OPTION(text) { "words", "FILE", text " - is standard input." }

/* --- open ------------------------------------------------------------------------------------- */

static const struct option open_options[] = {
	{ "right", "RIGHT", "What is asked for; needed.", RIGHT_WORDS },
	{ "channel", "CHANNEL", "How it came; needed.", BY_WORDS },
	{ "received", "TIME", "When it came, to whomever of you; now unless said." },
	{ "subject", "ID", "Whose it is; may be said later (valv request person)." },
	{ "language", "LANGUAGE", "Of the correspondence, as sv." },
	WORDS_OPTION("What was asked, as it was put."),
	{ "reply-to", "FILE", "Where the answer goes. - is standard input." },
};

static enum err
open_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(options_needed(cli, args, NEEDED("right", "channel")));
	request_option(&body, args, "right", "right");
	request_option(&body, args, "channel", "channel");
	request_option(&body, args, "received", "received_at");
	request_option(&body, args, "subject", "subject");
	request_option(&body, args, "language", "language");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	TRY(file_option(job, cli, &body, args, "reply-to", "reply_to"));
	return request_ask(job, cli, args, "/v1/requests", request_text(&body));
}

const struct command command_request_open = {
	.about = "The clock runs from the day on which it was received, not from when it is entered. A "
	         "request for access keeps the person's data from the sweep until it is answered.",
	.examples = "valv request open --right access --channel email --words letter.txt\n"
	            "valv request open --right erasure --channel phone --subject ID --received "
	            "2026-11-23T09:15:02Z",
	OPTIONS(open_options),
	.remote = true,
	.run = open_run,
};

/* --- list ------------------------------------------------------------------------------------- */

static const struct option list_options[] = {
	{ "state", "STATE", "Only those in this state; open: all that are not answered.", STATE_WORDS },
	{ "overdue", NULL, "Only open ones whose last day is past." },
	{ "within", "DAYS", "Only open ones that are due in so many days, overdue ones included." },
	{ "subject", "ID", "Only this person's." },
	PAGED_OPTION,
};

static void
query_put(struct buf *path, str name, str value)
{
	size_t at;

	buf_char(path, str_find(buf_str(path), S("?"), &at) ? '&' : '?');
	buf_put(path, name);
	buf_char(path, '=');
	buf_put(path, value);
}

static enum err
list_path(struct job *job, struct cli *cli, const struct args *args, const char **ret)
{
	OWNED(buf_release) struct buf path = { .max = PAGED_PATH_MAX }, before = { .max = 64 };
	uint64_t days = 0;

	TRY(arg_number(cli, args, "within", 3650, &days));
	buf_put(&path, S("/v1/requests"));
	if (arg_given(args, "state"))
		query_put(&path, S("state"), arg_str(args, "state"));
	if (arg_given(args, "overdue"))
		query_put(&path, S("overdue"), S("true"));
	if (days) {
		buf_time(&before, (os_now() / TIME_SECOND + (time_us)days * 86400) * TIME_SECOND);
		query_put(&path, S("due_before"), buf_str(&before));
	}
	if (arg_given(args, "subject")) {
		TRY(input_id(cli, arg_c(args, "subject")));
		query_put(&path, S("subject"), arg_str(args, "subject"));
	}
	must(buf_ok(&path)); /* words of ours, a time and an id */
	*ret = arena_c(&job->arena, buf_str(&path));
	return OK;
}

static enum err
list_row(struct job *job, struct table *table, struct json request)
{
	static const char *const members[] = { "id", "right", "state", "due_on", "clock", "channel" };
	bool overdue = false;
	str text;

	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, request, members[i], &text));
		table_cell(table, text.len ? text : S("-"));
	}
	TRY(text_member(job, request, "received_at", &text));
	table_cell(table, str_first(text, 10));
	TRY(json_bool(job, request, "overdue", &overdue, NULL));
	table_cell(table, overdue ? S("late") : S(""));
	return OK;
}

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID",    "RIGHT",   "STATE",    "DUE ON",
		                               "CLOCK", "CHANNEL", "RECEIVED", "", NULL };
	struct paged paged = { .member = "requests", .heading = heading, .row = list_row };

	TRY(list_path(job, cli, args, &paged.path));
	return paged_run(job, cli, args, &paged);
}

const struct command command_request_list = {
	.about = "Oldest first. What is to be done this week: --within 7.",
	.examples = "valv request list --within 7\n"
	            "valv request list --overdue\n"
	            "valv request list --state open --json",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

/* --- show, messages --------------------------------------------------------------------------- */

static enum err
outline(struct job *job, struct cli *cli, const struct args *args, const char *suffix)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client,
	                &(struct ask){ .method = "GET",
	                               .path = client_path(job, "/v1/requests/", args->operand[0], suffix) },
	                &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	return outline(job, cli, args, "");
}

const struct command command_request_show = {
	.operands = "ID",
	.about = "The request, its clock, and all that was done about it, by whom and when. What was "
	         "written is shown by valv request messages.",
	.remote = true,
	.run = show_run,
};

static const struct option messages_options[] = {
	{ "after", "N", "Only those after this number; a page has 100." },
};

static enum err
messages_run(struct job *job, struct cli *cli, const struct args *args)
{
	uint64_t after = 0;
	char suffix[64];

	TRY(arg_number(cli, args, "after", INT64_MAX, &after));
	snprintf(suffix, sizeof(suffix), "/messages?after=%llu", (unsigned long long)after);
	return outline(job, cli, args, suffix);
}

const struct command command_request_messages = {
	.operands = "ID",
	.about = "What was asked, letters in and out, doubts and reasons. The look is recorded.",
	OPTIONS(messages_options),
	.remote = true,
	.run = messages_run,
};

/* --- steps ------------------------------------------------------------------------------------ */

static const struct option words_options[] = { WORDS_OPTION("A remark.") };

static enum err
words_step(struct job *job, struct cli *cli, const struct args *args, const char *address)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(file_option(job, cli, &body, args, "words", "words"));
	return step_post(job, cli, args, address, &body);
}

static enum err
acknowledge_run(struct job *job, struct cli *cli, const struct args *args)
{
	return words_step(job, cli, args, "/acknowledgement");
}

const struct command command_request_acknowledge = {
	.operands = "ID",
	.about = "The person was told that it was received. The letter: valv request letter.",
	OPTIONS(words_options),
	.remote = true,
	.run = acknowledge_run,
};

static enum err
accept_run(struct job *job, struct cli *cli, const struct args *args)
{
	return words_step(job, cli, args, "/acceptance");
}

const struct command command_request_accept = {
	.operands = "ID",
	.about = "It will be done. It need not be said before it is done.",
	OPTIONS(words_options),
	.remote = true,
	.run = accept_run,
};

static enum err
withdraw_run(struct job *job, struct cli *cli, const struct args *args)
{
	return words_step(job, cli, args, "/withdrawal");
}

const struct command command_request_withdraw = {
	.operands = "ID",
	.about = "The person took the request back, and nobody else may.",
	OPTIONS(words_options),
	.remote = true,
	.run = withdraw_run,
};

static const struct option identity_options[] = {
	{ "result", "RESULT", "asked: the clock stands; confirmed or failed: it goes on. Needed.",
	  RESULT_WORDS },
	{ "method", "METHOD", "How; needed. no_doubt with confirmed: nothing had to be asked.",
	  IDENTITY_WORDS },
	WORDS_OPTION("asked: the doubt; failed: what did not fit. Needed then."),
};

static enum err
identity_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(options_needed(cli, args, NEEDED("result", "method")));
	request_option(&body, args, "result", "result");
	request_option(&body, args, "method", "method");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	return step_post(job, cli, args, "/identity", &body);
}

const struct command command_request_identity = {
	.operands = "ID",
	.about = "Method and result are kept, never a document. No more is asked for than the right "
	         "warrants: to stop marketing, nothing beyond a link to the address on file.",
	.examples = "valv request identity ID --result asked --method mailbox --words doubt.txt\n"
	            "valv request identity ID --result confirmed --method e_id",
	OPTIONS(identity_options),
	.remote = true,
	.run = identity_run,
};

static const struct option person_options[] = {
	{ "subject", "ID", "The person; needed." },
};

static enum err
person_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(options_needed(cli, args, NEEDED("subject")));
	request_option(&body, args, "subject", "subject");
	return step_post(job, cli, args, "/person", &body);
}

const struct command command_request_person = {
	.operands = "ID",
	.about = "Whose request it is, where that was not known when it was opened.",
	OPTIONS(person_options),
	.remote = true,
	.run = person_run,
};

static const struct option extend_options[] = {
	{ "reason", "REASON", "complexity or high_volume; needed.", "complexity high_volume" },
	{ "told", "TIME", "When the person was told, within the first month; needed." },
	WORDS_OPTION("The reasons as the person was told; needed."),
};

static enum err
extend_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(options_needed(cli, args, NEEDED("reason", "told", "words")));
	request_option(&body, args, "reason", "reason");
	request_option(&body, args, "told", "told_at");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	return step_post(job, cli, args, "/extension", &body);
}

const struct command command_request_extend = {
	.operands = "ID",
	.about = "Two months more, once. The person is told first (valv request letter --kind extension), "
	         "and within the first month.",
	.examples = "valv request extend ID --reason complexity --told 2026-11-23T09:15:02Z --words "
	            "reasons.txt",
	OPTIONS(extend_options),
	.remote = true,
	.run = extend_run,
};

static const struct option refuse_options[] = {
	{ "reason", "REASON", "Why; needed.", REASON_WORDS },
	WORDS_OPTION("The reason in plain words; needed."),
	{ "evidence", "FILE", "What shows that it is unfounded or excessive; needed then. - is standard input." },
	REPLY_OPTION,
};

static enum err
refuse_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(options_needed(cli, args, NEEDED("reason", "words")));
	request_option(&body, args, "reason", "reason");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	TRY(file_option(job, cli, &body, args, "evidence", "evidence"));
	request_flag(&body, args, "reply", "reply");
	return step_post(job, cli, args, "/refusal", &body);
}

const struct command command_request_refuse = {
	.operands = "ID",
	.about = "As unfounded, excessive or malicious it is only proposed: another actor approves it "
	         "(valv request approve).",
	.examples = "valv request refuse ID --reason legally_required --words reasons.txt\n"
	            "valv request refuse ID --reason manifestly_excessive --words reasons.txt --evidence "
	            "letters.txt",
	OPTIONS(refuse_options),
	.remote = true,
	.run = refuse_run,
};

static const struct option approve_options[] = {
	{ "decline", NULL, "No: the request goes on." },
	WORDS_OPTION("Why."),
	REPLY_OPTION,
};

static enum err
approve_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	json_pair_bool(&body.out, S("approve"), !arg_given(args, "decline"));
	TRY(file_option(job, cli, &body, args, "words", "words"));
	request_flag(&body, args, "reply", "reply");
	return step_post(job, cli, args, "/approval", &body);
}

const struct command command_request_approve = {
	.operands = "ID",
	.about = "Approve the refusal that another proposed, or decline it. Another: another key, or "
	         "another Unix user on the server's own socket.",
	OPTIONS(approve_options),
	.remote = true,
	.run = approve_run,
};

static const struct option fulfil_options[] = {
	{ "entry", "N", "The audit entry of what was done (valv audit --subject ID)." },
	{ "not-all-because", "REASON", "Only a part was done, for this reason.", REASON_WORDS },
	WORDS_OPTION("What was done; or which part was not, with the statute: needed then."),
	REPLY_OPTION,
};

static enum err
fulfil_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	uint64_t entry = 0;

	request_begin(&body);
	TRY(arg_number(cli, args, "entry", INT64_MAX, &entry));
	if (entry)
		json_pair_i64(&body.out, S("entry"), (int64_t)entry);
	request_option(&body, args, "not-all-because", "not_all_because");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	request_flag(&body, args, "reply", "reply");
	return step_post(job, cli, args, "/fulfilment", &body);
}

const struct command command_request_fulfil = {
	.operands = "ID",
	.about = "It was done. Calls that were told of the request have left their entry with it.",
	.examples = "valv request fulfil ID --entry 4711\n"
	            "valv request fulfil ID --entry 4711 --not-all-because legally_required --words "
	            "kept.txt",
	OPTIONS(fulfil_options),
	.remote = true,
	.run = fulfil_run,
};

static const struct option message_options[] = {
	{ "direction", "DIRECTION", "in: from the person; out: to the person. Needed.", "in out" },
	{ "channel", "CHANNEL", "How it came or went; needed.", BY_WORDS },
	{ "at", "TIME", "When; now unless said." },
	WORDS_OPTION("What was written; needed."),
};

static enum err
message_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(options_needed(cli, args, NEEDED("direction", "channel", "words")));
	request_option(&body, args, "direction", "direction");
	request_option(&body, args, "channel", "channel");
	request_option(&body, args, "at", "at");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	return step_post(job, cli, args, "/messages", &body);
}

const struct command command_request_message = {
	.operands = "ID",
	.about = "Keep a letter, a call or a message with the request, sealed.",
	.examples = "valv request message ID --direction out --channel email --words answer.txt",
	OPTIONS(message_options),
	.remote = true,
	.run = message_run,
};

/* --- letter ----------------------------------------------------------------------------------- */

static const struct option letter_options[] = {
	{ "kind", "KIND", "What it says; needed.", LETTER_WORDS },
	{ "language", "LANGUAGE", "The request's own unless said, or else English.", "sv en" },
	{ "reason", "REASON", "The one on record unless said.", REASON_WORDS },
	{ "method", "METHOD", "Of the letter about identity.", IDENTITY_WORDS },
	WORDS_OPTION("A paragraph of your own."),
};

static enum err
letter_say(struct job *job, struct json root)
{
	str title, text;

	TRY(text_member(job, root, "title", &title));
	TRY(json_need_str(job, root, "text", LIMIT_STRING_BYTES * 2, &text));
	printf("%.*s\n\n", SPRINT(title));
	while (text.len) { /* line by line: text_safe() would take the line breaks for control characters */
		str line;
		if (!eat_until(&text, '\n', &line)) {
			line = text;
			text = S("");
		}
		say_text(stdout, line);
		putchar('\n');
	}
	return OK;
}

static enum err
letter_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST" };
	struct json root;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	TRY(options_needed(cli, args, NEEDED("kind")));
	request_option(&body, args, "kind", "kind");
	request_option(&body, args, "language", "language");
	request_option(&body, args, "reason", "reason");
	request_option(&body, args, "method", "method");
	TRY(file_option(job, cli, &body, args, "words", "words"));
	ask.path = client_path(job, "/v1/requests/", args->operand[0], "/letter");
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : letter_say(job, root);
}

const struct command command_request_letter = {
	.operands = "ID",
	.about = "Prints a letter to the person, in Swedish or English, for you to send. It changes "
	         "nothing; keep what you sent with valv request message.",
	.examples = "valv request letter ID --kind acknowledgement\n"
	            "valv request letter ID --kind extension --reason complexity --words reasons.txt",
	OPTIONS(letter_options),
	.remote = true,
	.run = letter_run,
};
