/* cli/suppress.c -- `valv suppress`: an address that must not be contacted from now on. */
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/words.h"

static const struct option options[] = {
	{ "email", "ADDRESS",
	  "The e-mail address; - reads it from standard input, so that it does not stay in the "
	  "shell's history." },
	{ "phone", "NUMBER", "Or: the phone number; - as for --email." },
	{ "scope", "SCOPE", "What it stops; needed.", SUPPRESSION_WORDS },
	{ "purpose", "PURPOSE", "For the scope purpose." },
	{ "channel", "CHANNEL", "For the scope channel; narrows the scope purpose.",
	  CHANNEL_WORDS },
	{ "source", "SOURCE", "Where the no came from; staff unless said.", SOURCE_WORDS },
	{ "at", "TIME", "When it was said, as 2026-11-23T09:15:02Z; now unless said." },
};

static enum err
body_write(struct job *job, struct cli *cli, const struct args *args, struct request_body *body)
{
	const char *kind = arg_given(args, "email") ? "email" : "phone";
	str value;

	if (arg_given(args, "email") == arg_given(args, "phone"))
		return complain(cli, EXIT_USAGE, "suppress: give one of --email and --phone");
	if (!arg_given(args, "scope"))
		return complain(cli, EXIT_USAGE, "suppress: --scope is needed: one of %s",
		                SUPPRESSION_WORDS);
	TRY(input_value(job, cli, args, kind, &value));
	json_pair_str(&body->out, S("address"), str_from_c(kind));
	json_pair_str(&body->out, S("value"), value);
	json_pair_str(&body->out, S("source"),
	              arg_given(args, "source") ? arg_str(args, "source") : S("staff"));
	request_option(body, args, "scope", "scope");
	request_option(body, args, "purpose", "purpose");
	request_option(body, args, "channel", "channel");
	request_option(body, args, "at", "at");
	return OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/suppressions" };
	struct answer answer;

	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(body_write(job, cli, args, &body));
	ask.body = request_text(&body);
	TRY(client_call(job, client, &ask, &answer));
	if (!cli->json)
		puts("Suppressed. Only a fresh, confirmed act of the person lifts it.");
	return OK;
}

const struct command command_suppress = {
	.about = "A keyed hash of the address is kept, and outlives every person, list and import.",
	.examples = "valv suppress --email - --scope marketing < address.txt\n"
	            "valv suppress --phone - --scope channel --channel call --source list",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
