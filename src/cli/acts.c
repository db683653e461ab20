/* cli/acts.c -- `valv subject consents|consent|withdraw|object`: what a person said. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/words.h"

#define PAGE 200

/* --- the ledger ------------------------------------------------------------------------------- */

static enum err
act_row(struct job *job, struct table *table, struct json act)
{
	static const char *const members[] = { "at",       "act",    "purpose", "basis",
		                               "channels", "method", "until" };
	int64_t seq = 0;
	str text;

	TRY(json_i64(job, act, "seq", 0, INT64_MAX, &seq, NULL));
	table_number(table, seq);
	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(list_member(job, act, members[i], &text));
		table_cell(table, text.len ? time_short(job, text) : S("-"));
	}
	return OK;
}

static enum err
ledger_page(struct job *job, struct cli *cli, struct client *client, const char *id, str *after)
{
	static const char *const heading[] = { ">SEQ",     "AT",     "ACT",   "PURPOSE", "BASIS",
		                               "CHANNELS", "METHOD", "UNTIL", NULL };
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, acts;
	struct table table;
	char query[96];

	snprintf(query, sizeof(query), "/consents?limit=%d%s%.*s", PAGE,
	         after->len ? "&after=" : "", SPRINT(*after));
	TRY(client_json(job, client,
	                &(struct ask){ .method = "GET",
	                               .path = client_path(job, "/v1/subjects/", id, query) },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "acts", PAGE, &acts));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(acts); i++)
		TRY(act_row(job, &table, json_element(job, acts, i)));
	table_print(&table, after->len == 0);
	return text_member(job, root, "next", after);
}

static const struct option consents_options[] = {
	{ "after", "N",
	  "Only acts after this number; with --json a page of 200 is printed, whose next says "
	  "where to go on." },
};

static enum err
consents_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	uint64_t number = 0;
	str after;

	TRY(input_id(cli, args->operand[0]));
	TRY(arg_number(cli, args, "after", INT64_MAX, &number));
	after = arg_str(args, "after");
	TRY(client_open(job, cli, args, &client));
	do
		TRY(ledger_page(job, cli, client, args->operand[0], &after));
	while (!cli->json && after.len);
	return OK;
}

const struct command command_subject_consents = {
	.operands = "ID",
	.about = "All that the person said and all that became a ground, oldest first. Nothing in "
	         "it is ever changed.",
	.examples = "valv subject consents d0000000-0000-4000-8000-000000000004",
	OPTIONS(consents_options),
	.remote = true,
	.run = consents_run,
};

/* --- one more act ----------------------------------------------------------------------------- */

static enum err
act_post(struct job *job, struct cli *cli, const struct args *args, const char *address,
         struct request_body *body)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], address) };
	int64_t gone = 0, seq = 0;
	struct json root;

	TRY(client_open(job, cli, args, &client));
	ask.body = request_text(body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_i64(job, root, "values_gone", 0, INT64_MAX, &gone, NULL));
	TRY(json_i64(job, root, "seq", 0, INT64_MAX, &seq, NULL));
	if (seq)
		printf("Recorded as number %lld of the ledger.\n", (long long)seq);
	else
		puts("Recorded.");
	if (gone)
		printf("%lld value%s lost the last ground and %s erased.\n", (long long)gone,
		       gone == 1 ? "" : "s", gone == 1 ? "is" : "are");
	return OK;
}

#define AT_OPTION { "at", "TIME", "When it was said, as 2026-11-23T09:15:02Z; now unless said." }
#define CHANNEL_OPTION                                                                             \
	{ "channel", "CHANNELS", "Apart by commas; all of the purpose's unless said.",             \
	  CHANNEL_WORDS, true }
#define METHOD_OPTION { "method", "METHOD", "How it reached you.", METHOD_WORDS }

static const struct option consent_options[] = {
	{ "purpose", "PURPOSE", "About what; needed." },
	{ "act", "ACT", "What was said; needed.", CONSENT_ACT_WORDS },
	CHANNEL_OPTION,
	METHOD_OPTION,
	{ "control", "CONTROL", "What the person acted on.", CONTROL_WORDS },
	{ "language", "LANGUAGE", "The words in force in this language were shown, as sv." },
	{ "notice", "HASH", "Or: the words with this hash (valv purpose show)." },
	{ "reference", "TEXT",
	  "Where the evidence is kept: a case or form number, no personal data." },
	AT_OPTION,
	{ "until", "TIME", "An earlier end than the purpose's retention." },
};

static enum err
consent_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	if (!arg_given(args, "purpose") || !arg_given(args, "act"))
		return complain(cli, EXIT_USAGE, "subject consent: --purpose and --act are needed");
	request_option(&body, args, "purpose", "purpose");
	request_option(&body, args, "act", "act");
	request_list(&body, args, "channel", "channels");
	request_option(&body, args, "method", "method");
	request_option(&body, args, "control", "control");
	request_option(&body, args, "language", "language");
	request_option(&body, args, "notice", "notice");
	request_option(&body, args, "at", "at");
	request_option(&body, args, "until", "until");
	if (arg_given(args, "reference")) {
		json_name(&body.out, S("evidence"));
		json_open(&body.out, '{');
		json_pair_str(&body.out, S("reference"), arg_str(args, "reference"));
		json_close(&body.out, '}');
	}
	return act_post(job, cli, args, "/consents", &body);
}

const struct command command_subject_consent = {
	.operands = "ID",
	.about = "given needs a method, and the words that were shown: --language or --notice. "
	         "confirmed is the second step of a double opt-in.",
	.examples = "valv subject consent ID --purpose newsletter --act given --channel email "
	            "--method paper --control signature --language sv\n"
	            "valv subject consent ID --purpose newsletter --act refused --method phone",
	OPTIONS(consent_options),
	.remote = true,
	.run = consent_run,
};

static const struct option no_options[] = {
	{ "purpose", "PURPOSE", "For this purpose; for all that it can mean unless said." },
	{ "channel", "CHANNELS", "In these channels, apart by commas; in all unless said.",
	  CHANNEL_WORDS, true },
	METHOD_OPTION,
	AT_OPTION,
};

static enum err
no_post(struct job *job, struct cli *cli, const struct args *args, const char *address)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	request_option(&body, args, "purpose", "purpose");
	request_list(&body, args, "channel", "channels");
	request_option(&body, args, "method", "method");
	request_option(&body, args, "at", "at");
	return act_post(job, cli, args, address, &body);
}

static enum err
withdraw_run(struct job *job, struct cli *cli, const struct args *args)
{
	return no_post(job, cli, args, "/withdrawals");
}

const struct command command_subject_withdraw = {
	.operands = "ID",
	.about = "Consent is taken back. What it alone covered is erased before the answer, and "
	         "the address is suppressed for that purpose, which outlives the person.",
	.examples = "valv subject withdraw ID --purpose newsletter --method mail\n"
	            "valv subject withdraw ID --purpose newsletter --channel sms",
	OPTIONS(no_options),
	.remote = true,
	.run = withdraw_run,
};

static enum err
object_run(struct job *job, struct cli *cli, const struct args *args)
{
	return no_post(job, cli, args, "/objections");
}

const struct command command_subject_object = {
	.operands = "ID",
	.about = "The person's stop (Article 21): to one purpose, or without --purpose to all "
	         "marketing. It is absolute for marketing.",
	.examples = "valv subject object ID\n"
	            "valv subject object ID --purpose statistics",
	OPTIONS(no_options),
	.remote = true,
	.run = object_run,
};
