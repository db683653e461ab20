/* cli/decide.c -- `valv decide`: may this be done to this person now? */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/lines.h"
#include "cli/reason.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/words.h"

static const struct option options[] = {
	{ "subject", "ID", "The person." },
	{ "field", "FIELD", "Or: a field that can be searched, as email, and --value." },
	{ "value", "VALUE",
	  "The value; stays in the shell's history. - or left out: the first line of standard "
	  "input." },
	{ "purpose", "PURPOSE", "For what; needed." },
	{ "channel", "CHANNEL", "How; needed. none: use of the data without contact.",
	  CHANNEL_WORDS },
	{ "class", "CLASS", "Kind of message; marketing unless said.", CLASS_WORDS },
	{ "category", "CATEGORY", "Product category, for the soft opt-in." },
	{ "promotional", NULL, "The message carries a promotional block." },
	{ "opt-out", NULL, "The message offers a way to say no." },
	{ "batch", "FILE",
	  "A question as JSON on each line (valv openapi: Question); an answer as JSON on each "
	  "line. - reads standard input." },
	{ "check", NULL, "Exit with 1 when the answer is no." },
};

/* --- one -------------------------------------------------------------------------------------- */

static enum err
question(struct job *job, struct cli *cli, const struct args *args, struct request_body *body)
{
	str value;

	if (!arg_given(args, "purpose") || !arg_given(args, "channel"))
		return complain(cli, EXIT_USAGE, "decide: --purpose and --channel are needed");
	if (arg_given(args, "subject") == arg_given(args, "field"))
		return complain(cli, EXIT_USAGE,
		                "decide: say who: --subject ID, or --field FIELD and --value");
	request_option(body, args, "purpose", "purpose");
	request_option(body, args, "channel", "channel");
	request_option(body, args, "class", "class");
	request_option(body, args, "category", "category");
	request_flag(body, args, "promotional", "promotional");
	request_flag(body, args, "opt-out", "opt_out");
	if (arg_given(args, "subject")) {
		if (arg_given(args, "value"))
			return complain(cli, EXIT_USAGE, "decide: --value goes with --field");
		request_option(body, args, "subject", "subject");
		return input_id(cli, arg_c(args, "subject"));
	}
	request_option(body, args, "field", "field");
	TRY(input_value(job, cli, args, "value", &value));
	json_pair_str(&body->out, S("value"), value);
	return OK;
}

static enum err
decision_print(struct job *job, struct json root, bool *ret_allowed)
{
	str reason, basis, code, purpose, channel, retry_at;
	int64_t version = 0, entry = 0;

	TRY(json_bool(job, root, "allowed", ret_allowed, NULL));
	TRY(text_member(job, root, "reason", &reason));
	TRY(text_member(job, root, "basis", &basis));
	TRY(text_member(job, root, "basis_code", &code));
	TRY(text_member(job, root, "purpose", &purpose));
	TRY(text_member(job, root, "channel", &channel));
	TRY(text_member(job, root, "retry_at", &retry_at));
	TRY(json_i64(job, root, "version", 0, INT64_MAX, &version, NULL));
	TRY(json_i64(job, root, "entry", 0, INT64_MAX, &entry, NULL));
	if (*ret_allowed)
		say_green(stdout, "yes");
	else
		say_red(stdout, "no");
	printf(": %.*s\n  %s\n", SPRINT(reason), reason_sentence(reason));
	if (basis.len)
		printf("  basis %.*s (%.*s)\n", SPRINT(basis), SPRINT(code));
	printf("  purpose %.*s", SPRINT(purpose));
	if (version)
		printf(" version %lld", (long long)version);
	printf(", channel %.*s, audit entry %lld\n", SPRINT(channel), (long long)entry);
	if (retry_at.len)
		printf("  not before %.*s\n", SPRINT(time_short(job, retry_at)));
	return OK;
}

static bool
says_allowed(str json)
{
	size_t at;

	return str_find(json, S("\"allowed\":true"), &at);
}

static enum err
one_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/decisions" };
	struct answer answer;
	bool allowed = false;
	struct json root;

	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(question(job, cli, args, &body));
	ask.body = request_text(&body);
	TRY(client_call(job, client, &ask, &answer));
	if (cli->json) {
		say_line(stdout, answer.body);
		allowed = says_allowed(answer.body);
	} else {
		TRY(json_parse(job, answer.body, &document, &root));
		TRY(decision_print(job, root, &allowed));
	}
	if (allowed || !arg_given(args, "check"))
		return OK;
	cli->status = EXIT_REFUSED;
	return ERR_DENIED;
}

/* --- many ------------------------------------------------------------------------------------- */

/* As many lines as one call takes at a time, so that a file may be of any length. */
static enum err
batch_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const alone[] = { "subject", "field", "value",    "purpose",
		                             "channel", "class", "category", "promotional",
		                             "opt-out", "check" };
	OWNED(client_close) struct client *client = NULL;
	OWNED(lines_close) struct lines *lines = NULL;
	struct ask ask = { .method = "POST",
		           .path = "/v1/decisions/batch",
		           .type = "application/x-ndjson" };
	struct answer answer;

	for (size_t i = 0; i < COUNT(alone); i++)
		if (arg_given(args, alone[i]))
			return complain(cli, EXIT_USAGE,
			                "decide: --%s does not go with --batch: each line says it",
			                alone[i]);
	TRY(client_open(job, cli, args, &client));
	TRY(lines_open(cli, arg_c(args, "batch"), &lines));
	for (;;) {
		TRY(lines_next(cli, lines, LIMIT_BULK_BODY_BYTES, LIMIT_BATCH_LINES, &ask.body));
		if (!ask.body.len)
			return OK;
		TRY(client_call(job, client, &ask, &answer));
		say_line(stdout, answer.body);
	}
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	return arg_given(args, "batch") ? batch_run(job, cli, args) : one_run(job, cli, args);
}

const struct command command_decide = {
	.about = "May this be done to this person for this purpose through this channel now? "
	         "Everything that is not a yes is a no. Each decision is recorded before it is "
	         "answered. Decisions by value are limited by the hour; of several who share an "
	         "address, one no is enough.",
	.examples = "valv decide --subject d0000000-0000-4000-8000-000000000001 --purpose "
	            "newsletter --channel email\n"
	            "valv decide --field email --purpose newsletter --channel email < "
	            "address.txt\n"
	            "valv decide --batch questions.ndjson > answers.ndjson\n"
	            "valv decide --check --subject ID --purpose newsletter --channel email && "
	            "send",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
