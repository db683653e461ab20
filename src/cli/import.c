/* cli/import.c -- `valv import`: a contact list into the vault; what has no ground stays out. */
#include "cli/import.h"

#include "cli/input.h"
#include "cli/say.h"
#include "cli/words.h"

#define PROBLEMS_ALL ((size_t)1000000)

static const struct option options[] = {
	{ "source", "TEXT", "Where the list comes from, in your words; needed for a new import." },
	{ "dry-run", NULL, "Only say what would happen; nothing is kept." },
	{ "purpose", "PURPOSES", "What a yes in the list is a yes to, apart by commas." },
	{ "channel", "CHANNELS", "In these channels, apart by commas; email unless said.",
	  CHANNEL_WORDS, true },
	{ "rest", "WHERE",
	  "What becomes of those without evidence: leave_out (unless said), keep_for:PURPOSE on "
	  "another ground, or ask_first:PURPOSE, kept at most 30 days to be asked." },
	{ "evidence-source", "TEXT",
	  "Where the yes was given, for rows that do not say, as a form's address." },
	{ "evidence-words", "FILE", "The words that were shown, for rows that have none." },
	{ "evidence-reference", "TEXT", "Or: where those words are kept." },
	{ "evidence-notice", "HASH",
	  "Or: the hash of a notice of the purpose (valv purpose show)." },
	{ "preset", "PROGRAM", "The program that wrote the list; recognised unless said.",
	  PRESET_WORDS },
	{ "mapping", "FILE",
	  "For columns that are not recognised rightly: {\"column\": \"field\", \"other\": "
	  "\"@role\", \"third\": null} as JSON." },
	{ "key", "FIELD", "The field that persons are found by; e-mail, else phone, unless said." },
	{ "origin", "ORIGIN", "Where the values come from; obtained unless said.",
	  "obtained provided" },
	{ "told", NULL,
	  "Those in the list have been told where the data comes from (Article 14)." },
	{ "received-at", "TIME", "When you got the list; now unless said." },
	{ "as-of", "TIME", "The date of the list, for a no without a time; now unless said." },
	{ "region", "COUNTRY", "Country of national phone numbers, as SE." },
	{ "date-order", "ORDER", "Where the year does not come first.", "dmy mdy" },
	{ "settings", "FILE",
	  "All of the settings as JSON (valv openapi), instead of the options above." },
	{ "resume", "ID", "Go on with an import of this same file that was interrupted." },
	{ "status", "ID", "Report on an import." },
	{ "list", NULL, "List the imports, newest first." },
	{ "problems", "ID", "List every bad row of an import, by line and reason." },
	{ "ask", "ID",
	  "List the persons to be asked first, with the channels in which that is allowed now. "
	  "Each is a recorded decision." },
	{ "undo", "ID", "Within a day: take away what the import made and nobody touched since." },
};

/* --- a new one, or the rest of one ------------------------------------------------------------ */

static enum err
id_of(struct job *job, struct json root, const char **ret)
{
	str id;

	TRY(text_member(job, root, "id", &id));
	*ret = arena_c(&job->arena, id);
	return OK;
}

static enum err
start(struct job *job, struct cli *cli, const struct args *args, struct client *client,
      const char **ret_id)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST", .path = "/v1/imports" };
	struct answer answer;
	struct json root;

	TRY(import_settings_text(job, cli, args, &ask.body));
	TRY(client_call(job, client, &ask, &answer));
	TRY(json_parse(job, answer.body, &document, &root));
	return id_of(job, root, ret_id);
}

static enum err
offset_of(struct job *job, struct client *client, const char *id, uint64_t *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = client_path(job, "/v1/imports/", id, "") };
	struct answer answer;
	struct json root;
	int64_t offset = 0;

	TRY(client_call(job, client, &ask, &answer));
	TRY(json_parse(job, answer.body, &document, &root));
	TRY(json_i64(job, root, "offset", 0, INT64_MAX, &offset, NULL));
	*ret = (uint64_t)offset;
	return OK;
}

static enum err
bring_in(struct job *job, struct cli *cli, const struct args *args, struct client *client)
{
	const char *id = arg_c(args, "resume");
	uint64_t offset = 0;

	if (!args->operand_count)
		return complain(cli, EXIT_USAGE,
		                "import: it needs a FILE, or one of --list, --status, --problems, "
				"--ask and --undo");
	if (id)
		TRY(offset_of(job, client, id, &offset));
	else
		TRY(start(job, cli, args, client, &id));
	TRY(import_send_file(job, cli, client, args->operand[0], id, offset));
	return import_report_print(job, cli, client, id);
}

/* --- undo ------------------------------------------------------------------------------------- */

static enum err
undo_part(struct job *job, struct client *client, const char *id, struct answer *ret,
          int64_t *ret_left)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/imports/", id, "/undo") };
	struct json root;

	*ret_left = 0;
	TRY(client_call(job, client, &ask, ret));
	TRY(json_parse(job, ret->body, &document, &root));
	return json_i64(job, root, "left", 0, INT64_MAX, ret_left, NULL);
}

static enum err
undo(struct job *job, struct cli *cli, struct client *client, const char *id)
{
	OWNED(json_free) struct json_document *document = NULL;
	int64_t left, undone = 0, touched = 0;
	struct answer answer;
	struct json root;

	do
		TRY(undo_part(job, client, id, &answer, &left));
	while (left);
	if (cli->json) {
		say_line(stdout, answer.body);
		return OK;
	}
	TRY(json_parse(job, answer.body, &document, &root));
	TRY(json_i64(job, root, "undone", 0, INT64_MAX, &undone, NULL));
	TRY(json_i64(job, root, "touched", 0, INT64_MAX, &touched, NULL));
	printf("%lld persons were taken back; %lld were left, since somebody touched them after "
	       "the import.\n"
	       "A no that it brought stands.\n",
	       (long long)undone, (long long)touched);
	return OK;
}

/* --- the command ------------------------------------------------------------------------------ */

static enum err
one_thing(struct cli *cli, const struct args *args)
{
	static const char *const things[] = {
		"resume", "list", "status", "problems", "ask", "undo"
	};
	int given = 0;

	for (size_t i = 0; i < COUNT(things); i++) {
		if (!arg_given(args, things[i]))
			continue;
		given++;
		if (*arg_c(args, things[i])) /* list names none */
			TRY(input_id(cli, arg_c(args, things[i])));
		if (i && args->operand_count)
			return complain(cli, EXIT_USAGE, "import: --%s goes without a FILE",
			                things[i]);
	}
	if (given > 1)
		return complain(cli, EXIT_USAGE,
		                "import: --resume, --list, --status, --problems, --ask and --undo "
				"exclude each other");
	return OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;

	TRY(one_thing(cli, args));
	TRY(client_open(job, cli, args, &client));
	if (arg_given(args, "list"))
		return import_list_print(job, cli, client);
	if (arg_given(args, "ask"))
		return import_list_ask(job, cli, client, arg_c(args, "ask"));
	if (arg_given(args, "status"))
		return import_report_print(job, cli, client, arg_c(args, "status"));
	if (arg_given(args, "problems"))
		return import_report_problems(job, cli, client, arg_c(args, "problems"),
		                              PROBLEMS_ALL);
	if (arg_given(args, "undo"))
		return undo(job, cli, client, arg_c(args, "undo"));
	return bring_in(job, cli, args, client);
}

const struct command command_import = {
	.operands = "[FILE]",
	.about = "FILE is a CSV list in UTF-8, UTF-16 or Windows-1252, as Mailchimp, Brevo, "
	         "HubSpot, listmonk, Salesforce and Google Contacts write it, or any other. Try "
	         "--dry-run first: it says what each column was taken for and what would become "
	         "of the rows.\n"
	         "An import can lower a permission, and never raises one without evidence: the "
	         "time, the source, and the words or a reference to them, from the row or from "
	         "the options. Rows without it go where --rest says. Unsubscribed and bounced "
	         "rows become suppressions, whatever else is wrong with them.\n"
	         "Bad rows are reported by line and reason and lose nothing else. An import that "
	         "was interrupted goes on with --resume, and a file that is run again makes no "
	         "duplicates.",
	.examples = "valv import list.csv --source 'old newsletter tool' --purpose newsletter "
	            "--dry-run\n"
	            "valv import list.csv --source 'old newsletter tool' --purpose newsletter "
	            "--rest ask_first:ask_consent\n"
	            "valv import --status 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
