/* cli/acts.c -- `valv subject consents|consent|withdraw|object|restrict|lift|rule`: what a person said, and
 * what was decided on it. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/words.h"

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

static const struct option consents_options[] = {
	{ "after", "N",
	  "Only acts after this number; with --json a page of 200 is printed, whose next says "
	  "where to go on." },
};

static enum err
consents_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { ">SEQ",     "AT",     "ACT",   "PURPOSE", "BASIS",
		                               "CHANNELS", "METHOD", "UNTIL", NULL };

	TRY(input_id(cli, args->operand[0]));
	return paged_run(job, cli, args,
	                 &(struct paged){ .path = client_path(job, "/v1/subjects/", args->operand[0], "/consents"),
	                                  .member = "acts", .heading = heading, .row = act_row });
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
	REQUEST_OPTION,
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
	request_option(&body, args, "request", "request");
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

/* --- restriction, rulings --------------------------------------------------------------------- */

#define REASON_WORDS "accuracy unlawful claims objection"
#define TOLD_OPTIONS                                                                               \
	{ "told-at", "TIME", "When the person was told." },                                            \
	{ "told-how", "METHOD", "How.", METHOD_WORDS }

static void
number_put(struct request_body *body, const char *name, uint64_t number)
{
	json_pair_i64(&body->out, str_from_c(name), (int64_t)number);
}

static void
told_put(struct request_body *body, const struct args *args)
{
	request_option(body, args, "told-at", "told_at");
	request_option(body, args, "told-how", "told_how");
}

static const struct option restrict_options[] = {
	{ "reason", "REASON", "Article 18(1)(a) to (d); needed.", REASON_WORDS },
	{ "field", "FIELDS", "Only these, apart by commas; the whole person unless said.", NULL, true },
	{ "until", "TIME", "How long values are kept that nothing else covers; for unlawful and claims." },
	METHOD_OPTION,
	REQUEST_OPTION,
};

static enum err
restrict_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	if (!arg_given(args, "reason"))
		return complain(cli, EXIT_USAGE, "subject restrict: --reason is needed");
	json_pair_str(&body.out, S("act"), S("restricted"));
	request_option(&body, args, "reason", "reason");
	request_list(&body, args, "field", "fields");
	request_option(&body, args, "until", "until");
	request_option(&body, args, "method", "method");
	request_option(&body, args, "request", "request");
	return act_post(job, cli, args, "/restriction", &body);
}

const struct command command_subject_restrict = {
	.operands = "ID",
	.about = "Article 18: the data is kept, and nothing else is done with it. accuracy: the person says that it "
	         "is wrong; unlawful: it should go, and the person wants it kept; claims: the person needs it for "
	         "a legal claim; objection: until an objection is decided.",
	.examples = "valv subject restrict ID --reason accuracy --field name\n"
	            "valv subject restrict ID --reason claims --until 2027-06-30T00:00:00Z",
	OPTIONS(restrict_options),
	.remote = true,
	.run = restrict_run,
};

static const struct option lift_options[] = {
	{ "number", "N", "The restriction with this number in the ledger." },
	{ "reason", "REASON", "Or: all restrictions for this.", REASON_WORDS },
	TOLD_OPTIONS,
	{ "tell-only", NULL, "Record that the person was told, and lift it later; with --number." },
};

static enum err
lift_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	uint64_t number = 0;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	TRY(arg_number(cli, args, "number", INT64_MAX, &number));
	if (arg_given(args, "number") == arg_given(args, "reason"))
		return complain(cli, EXIT_USAGE, "subject lift: --number or --reason is needed, one of them");
	json_pair_str(&body.out, S("act"), arg_given(args, "tell-only") ? S("told") : S("unrestricted"));
	if (number)
		number_put(&body, "seq", number);
	request_option(&body, args, "reason", "reason");
	told_put(&body, args);
	return act_post(job, cli, args, "/restriction", &body);
}

const struct command command_subject_lift = {
	.operands = "ID",
	.about = "A restriction ends, once the person has been told so (Article 18(3)): say when and how, unless that "
	         "is in the ledger already.",
	.examples = "valv subject lift ID --number 7 --told-at 2026-11-20T09:00:00Z --told-how mail\n"
	            "valv subject lift ID --number 7 --tell-only --told-at 2026-11-20T09:00:00Z --told-how mail",
	OPTIONS(lift_options),
	.remote = true,
	.run = lift_run,
};

static const struct option rule_options[] = {
	{ "number", "N", "The objection, by its number in the ledger; needed." },
	{ "ruling", "RULING", "upheld: the processing ends; overruled: it goes on; needed.", "upheld overruled" },
	{ "decided-by", "WHO", "Who decided, by role; needed." },
	{ "grounds", "TEXT", "The compelling grounds; needed to overrule." },
	TOLD_OPTIONS,
	REQUEST_OPTION,
};

static enum err
rule_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	OWNED(buf_release) struct buf address = { .max = 64 };
	uint64_t number = 0;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	TRY(arg_number(cli, args, "number", INT64_MAX, &number));
	if (!number || !arg_given(args, "ruling") || !arg_given(args, "decided-by"))
		return complain(cli, EXIT_USAGE, "subject rule: --number, --ruling and --decided-by are needed");
	buf_put(&address, S("/objections/"));
	buf_udec(&address, number);
	buf_put(&address, S("/ruling"));
	request_option(&body, args, "ruling", "ruling");
	request_option(&body, args, "decided-by", "decided_by");
	request_option(&body, args, "grounds", "grounds");
	told_put(&body, args);
	request_option(&body, args, "request", "request");
	return act_post(job, cli, args, arena_c(&job->arena, buf_str(&address)), &body);
}

const struct command command_subject_rule = {
	.operands = "ID",
	.about = "An objection to a public task or a legitimate interest is weighed (Article 21(1)); until then nothing is "
	         "done with the data. One to marketing is never weighed, nor one to what rests on consent.",
	.examples = "valv subject rule ID --number 4 --ruling upheld --decided-by DPO\n"
	            "valv subject rule ID --number 4 --ruling overruled --decided-by DPO --grounds 'a lawsuit runs' "
	            "--told-at 2026-11-20T09:00:00Z --told-how mail",
	OPTIONS(rule_options),
	.remote = true,
	.run = rule_run,
};
