/* cli/recipient.c -- `valv recipient list|show|put|secret`, `valv subject disclose|disclosures`. */
#include "base/limits.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"
#include "os/file.h"

#define PAGE 200

/* --- list and show ---------------------------------------------------------------------------- */

static enum err
cells(struct job *job, struct table *table, struct json row, const char *const *members)
{
	str text;

	for (size_t i = 0; members[i]; i++) {
		TRY(list_member(job, row, members[i], &text));
		table_cell(table, text.len ? text : S("-"));
	}
	return OK;
}

static enum err
recipient_row(struct job *job, struct table *table, struct json row)
{
	static const char *const members[] = { "name", "title", "role", "state", "webhook", NULL };

	return cells(job, table, row, members);
}

static const struct option list_options[] = {
	PAGED_OPTION,
};

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "NAME", "TITLE", "ROLE", "STATE", "WEBHOOK", NULL };

	return paged_run(job, cli, args,
	                 &(struct paged){ .path = "/v1/recipients", .member = "recipients", .heading = heading, .row = recipient_row });
}

const struct command command_recipient_list = {
	.about = "All who are in the register: those whom purposes name as their recipients.",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET",
		           .path = client_path(job, "/v1/recipients/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

const struct command command_recipient_show = {
	.operands = "NAME",
	.about = "Title, role, contact and webhook; never its secret.",
	.examples = "valv recipient show mailhouse",
	.remote = true,
	.run = show_run,
};

/* --- put and secret --------------------------------------------------------------------------- */

/* The secret alone goes to standard output or into the file; all else to standard error. */
static enum err
secret_give(struct job *job, struct cli *cli, const struct args *args, str secret)
{
	if (!arg_given(args, "to")) {
		fputs("This secret signs what is sent to the webhook; it is shown this once:\n", stderr);
		fflush(stderr);
		printf("%.*s\n", SPRINT(secret));
		return OK;
	}
	if (file_create(job, arg_c(args, "to"), 0600, str_bytes(secret)))
		return complain(cli, EXIT_REFUSED,
		                "%s cannot be written, and the secret is lost: valv recipient secret %s makes "
		                "another",
		                arg_c(args, "to"), args->operand[0]);
	printf("Its secret is in %s.\n", arg_c(args, "to"));
	return OK;
}

static enum err
recipient_send(struct job *job, struct cli *cli, const struct args *args, const struct ask *ask)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str secret;

	if (arg_given(args, "to") && file_exists(arg_c(args, "to")))
		return complain(cli, EXIT_USAGE, "%s is there already", arg_c(args, "to"));
	if (arg_given(args, "to") && arg_given(args, "json"))
		return complain(cli, EXIT_USAGE, "--to and --json exclude each other");
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "secret", &secret));
	if (secret.len)
		return secret_give(job, cli, args, secret);
	puts("Done.");
	return OK;
}

#define TO_OPTION \
	{ "to", "FILE", "Write a new secret into this new file, for its owner alone, and not on the terminal." }

static const struct option put_options[] = {
	{ "title", "TEXT", "The name that purposes state in their recipients; needed." },
	{ "role", "ROLE", "As processor, controller, authority; needed." },
	{ "contact", "TEXT", "Where letters and questions go; needed." },
	{ "webhook", "URL", "https address that is told; without it, programs take the notices." },
	TO_OPTION,
};

static enum err
put_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "PUT",
		           .path = client_path(job, "/v1/recipients/", args->operand[0], "") };

	request_begin(&body);
	if (!arg_given(args, "title") || !arg_given(args, "role") || !arg_given(args, "contact"))
		return complain(cli, EXIT_USAGE, "recipient put: --title, --role and --contact are needed");
	request_option(&body, args, "title", "title");
	request_option(&body, args, "role", "role");
	request_option(&body, args, "contact", "contact");
	request_option(&body, args, "webhook", "webhook");
	ask.body = request_text(&body);
	return recipient_send(job, cli, args, &ask);
}

const struct command command_recipient_put = {
	.operands = "NAME",
	.about = "Makes a recipient or changes it as a whole: what is left out is not kept. A webhook is "
	         "called with events in the form of CloudEvents, signed by Standard Webhooks; its secret "
	         "is given once. A webhook that answered 410 is used again.",
	.examples = "valv recipient put mailhouse --title 'Tryckeriet AB' --role processor "
	            "--contact dataskydd@tryckeriet.example --webhook https://tryckeriet.example/valv "
	            "--to mailhouse.secret",
	OPTIONS(put_options),
	.remote = true,
	.run = put_run,
};

static const struct option secret_options[] = { TO_OPTION };

static enum err
secret_run(struct job *job, struct cli *cli, const struct args *args)
{
	return recipient_send(job, cli, args,
	                      &(struct ask){ .method = "POST",
	                                     .path = client_path(job, "/v1/recipients/", args->operand[0],
	                                                         "/secret") });
}

const struct command command_recipient_secret = {
	.operands = "NAME",
	.about = "Makes a new secret for the webhook. For a day the one before it signs too, so that the "
	         "recipient can change over without losing an event.",
	.examples = "valv recipient secret mailhouse --to mailhouse.secret",
	OPTIONS(secret_options),
	.remote = true,
	.run = secret_run,
};

/* --- who was told ------------------------------------------------------------------------------ */

static const struct option disclose_options[] = {
	{ "recipient", "NAME", "Its name in the register, or its title; needed." },
	{ "purpose", "PURPOSE", "For what; needed." },
	{ "field", "FIELDS", "Of what, apart by commas; needed." },
	{ "reference", "TEXT", "How the recipient knows the person; - reads it from standard input." },
	{ "at", "TIME", "When, as 2026-11-23T09:15:02Z; now unless said." },
};

static enum err
disclose_body(struct job *job, struct cli *cli, const struct args *args, struct request_body *body)
{
	str reference;

	if (!arg_given(args, "recipient") || !arg_given(args, "purpose") || !arg_given(args, "field"))
		return complain(cli, EXIT_USAGE, "subject disclose: --recipient, --purpose and --field are needed");
	request_option(body, args, "recipient", "recipient");
	request_option(body, args, "purpose", "purpose");
	request_list(body, args, "field", "fields");
	request_option(body, args, "at", "at");
	if (!arg_given(args, "reference"))
		return OK;
	TRY(input_value(job, cli, args, "reference", &reference));
	json_pair_str(&body->out, S("reference"), reference);
	return OK;
}

static enum err
disclose_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], "/disclosures") };
	int64_t seq = 0;
	struct json root;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	TRY(disclose_body(job, cli, args, &body));
	TRY(client_open(job, cli, args, &client));
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_i64(job, root, "seq", 0, INT64_MAX, &seq, NULL));
	printf("Recorded as disclosure %lld.\n", (long long)seq);
	return OK;
}

const struct command command_subject_disclose = {
	.operands = "ID",
	.about = "Records that a recipient was told about a person. Refused where the purpose does not name "
	         "the recipient, or may not use this person's data now. Whoever was told hears of "
	         "correction, erasure, restriction and withdrawal (Article 19).",
	.examples = "valv subject disclose ID --recipient mailhouse --purpose newsletter --field email,name",
	OPTIONS(disclose_options),
	.remote = true,
	.run = disclose_run,
};

static enum err
disclosed_print(struct job *job, struct json root)
{
	static const char *const heading[] = { "SEQ", "AT", "RECIPIENT", "PURPOSE", "FIELDS", "REFERENCE", NULL };
	static const char *const members[] = { "title", "purpose", "fields", "reference", NULL };
	struct table table;
	struct json list;

	TRY(json_array(job, root, "disclosures", PAGE, &list));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++) {
		struct json row = json_element(job, list, i);
		int64_t seq = 0;
		str at;
		TRY(json_i64(job, row, "seq", 0, INT64_MAX, &seq, NULL));
		TRY(text_member(job, row, "at", &at));
		table_number(&table, seq);
		table_cell(&table, time_short(job, at));
		TRY(cells(job, &table, row, members));
	}
	table_print(&table, true);
	return OK;
}

static enum err
notices_print(struct job *job, struct json root)
{
	static const char *const heading[] = { "TOLD OF", "RECIPIENT", "SINCE", "STATE", "OUTCOME", NULL };
	static const char *const members[] = { "state", "outcome", NULL };
	struct table table;
	struct json list;

	TRY(json_array(job, root, "notices", LIMIT_DISCLOSURES, &list));
	if (!json_count(list))
		return OK;
	putchar('\n');
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++) {
		static const char *const first[] = { "kind", "recipient", NULL };
		struct json row = json_element(job, list, i);
		str at;
		TRY(cells(job, &table, row, first));
		TRY(text_member(job, row, "made_at", &at));
		table_cell(&table, time_short(job, at));
		TRY(cells(job, &table, row, members));
	}
	table_print(&table, true);
	return OK;
}

static const struct option disclosures_options[] = {
	{ "after", "N", "Only disclosures after this number; a page of 200 is printed." },
};

static enum err
disclosures_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET" };
	uint64_t after = 0;
	struct json root;
	char query[96];
	str next;

	TRY(input_id(cli, args->operand[0]));
	TRY(arg_number(cli, args, "after", INT64_MAX, &after));
	snprintf(query, sizeof(query), "/disclosures?limit=%d&after=%llu", PAGE, (unsigned long long)after);
	ask.path = client_path(job, "/v1/subjects/", args->operand[0], query);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(disclosed_print(job, root));
	TRY(notices_print(job, root));
	TRY(text_member(job, root, "next", &next));
	if (next.len)
		fprintf(stderr, "There are more: --after %.*s\n", SPRINT(next));
	return OK;
}

const struct command command_subject_disclosures = {
	.operands = "ID",
	.about = "Who was told what about a person, by name (Article 15(1)(c)), and what they were told "
	         "since: correction, erasure, restriction, withdrawal (Article 19).",
	.examples = "valv subject disclosures ID",
	OPTIONS(disclosures_options),
	.remote = true,
	.run = disclosures_run,
};
