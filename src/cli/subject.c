/* cli/subject.c -- `valv subject create|show|search|correct`; acts.c has what a person says. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/say.h"

/* --- create ----------------------------------------------------------------------------------- */

static enum err
create_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST", .path = "/v1/subjects" };
	struct json root;
	str id;

	TRY(client_open(job, cli, args, &client));
	TRY(input_file(job, cli, args->operand[0], LIMIT_BODY_BYTES, &ask.body));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "id", &id));
	say_text(stdout, id);
	putchar('\n');
	return OK;
}

const struct command command_subject_create = {
	.operands = "FILE",
	.about = "FILE holds the person as JSON; - reads it from standard input. valv openapi "
	         "describes it (SubjectNew): values by name of field, and the grounds that cover "
	         "them. The new id is printed.",
	.examples = "valv subject create person.json\n"
	            "valv subject create - < person.json",
	.remote = true,
	.run = create_run,
};

/* --- show ------------------------------------------------------------------------------------- */

static const struct option show_options[] = {
	{ "purpose", "PURPOSE",
	  "What the values are looked at for; needed. Only its fields are shown. rights shows "
	  "all, to answer the person (operators only)." },
};

static enum err
print_head(struct job *job, struct json root)
{
	str id, kind, flags, purpose;
	bool restricted = false;
	int64_t version = 0;

	TRY(text_member(job, root, "id", &id));
	TRY(text_member(job, root, "kind", &kind));
	TRY(list_member(job, root, "flags", &flags));
	TRY(text_member(job, root, "purpose", &purpose));
	TRY(json_i64(job, root, "version", 0, INT64_MAX, &version, NULL));
	TRY(json_bool(job, root, "restricted", &restricted, NULL));
	printf("person   %.*s\nkind     %.*s%s%.*s\nversion  %lld\npurpose  %.*s\n", SPRINT(id),
	       SPRINT(kind), flags.len ? ", " : "", SPRINT(flags), (long long)version,
	       SPRINT(purpose));
	if (restricted)
		puts("Processing is restricted (Article 18): keep, and nothing else.");
	return OK;
}

static enum err
print_values(struct job *job, struct json values)
{
	static const char *const heading[] = { "FIELD", "VALUE", "ORIGIN", "SINCE", NULL };
	struct table table;
	void *iterator = NULL;
	struct json value;
	str name, text;

	table_begin(&table, job, heading);
	while (json_each(job, values, &iterator, &name, &value)) {
		table_cell(&table, name);
		TRY(text_member(job, value, "value", &text));
		table_cell(&table, text);
		TRY(text_member(job, value, "origin", &text));
		table_cell(&table, text);
		TRY(text_member(job, value, "stored_at", &text));
		table_cell(&table, time_short(job, text));
	}
	putchar('\n');
	table_print(&table, true);
	return OK;
}

static enum err
print_grounds(struct job *job, struct json grounds)
{
	static const char *const heading[] = {
		"PURPOSE", "BASIS", "STATE", "SINCE", "UNTIL", NULL
	};
	static const char *const members[] = { "purpose", "basis", "state", "since", "until" };
	struct table table;
	str text;

	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(grounds); i++) {
		for (size_t k = 0; k < COUNT(members); k++) {
			TRY(text_member(job, json_element(job, grounds, i), members[k], &text));
			table_cell(&table, text.len ? time_short(job, text)
			                   : k == 0 ? S("(hold)")
			                            : S("open"));
		}
	}
	putchar('\n');
	table_print(&table, true);
	return OK;
}

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], "") };
	struct json root, grounds;
	char header[128];

	TRY(input_id(cli, args->operand[0]));
	if (!arg_given(args, "purpose"))
		return complain(
			cli, EXIT_USAGE,
			"subject show: --purpose is needed: a person is looked at for something");
	snprintf(header, sizeof(header), "Valv-Purpose: %s", arg_c(args, "purpose"));
	ask.header[0] = header;
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(print_head(job, root));
	TRY(print_values(job, json_member(job, root, "values")));
	TRY(json_array(job, root, "grounds", LIMIT_GROUNDS, &grounds));
	return print_grounds(job, grounds);
}

const struct command command_subject_show = {
	.operands = "ID",
	.about = "Each look leaves its entry in the audit log before anything is shown.",
	.examples = "valv subject show d0000000-0000-4000-8000-000000000001 --purpose newsletter",
	OPTIONS(show_options),
	.remote = true,
	.run = show_run,
};

/* --- search ----------------------------------------------------------------------------------- */

static const struct option search_options[] = {
	{ "value", "VALUE",
	  "The value; stays in the shell's history. - or left out: the first line of standard "
	  "input." },
};

static enum err
search_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/subjects/search" };
	struct json root, subjects;
	str value, id;

	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(input_value(job, cli, args, "value", &value));
	json_pair_str(&body.out, S("field"), str_from_c(args->operand[0]));
	json_pair_str(&body.out, S("value"), value);
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "subjects", LIMIT_HOLDERS, &subjects));
	for (size_t i = 0; i < json_count(subjects); i++) {
		TRY(json_scalar(job, json_element(job, subjects, i), 64, &id));
		printf("%.*s\n", SPRINT(id));
	}
	return json_count(subjects) ? OK : complain(cli, EXIT_NOT_FOUND, "nobody has that value");
}

const struct command command_subject_search = {
	.operands = "FIELD",
	.about = "Prints the ids of those who have exactly this value. Names are found by full "
	         "name and by family name, without regard to case and accents. Searches are "
	         "counted, and limited by the hour.",
	.examples = "valv subject search email < address.txt\n"
	            "valv subject search email      (asks for the value)",
	OPTIONS(search_options),
	.remote = true,
	.run = search_run,
};

/* --- correct ---------------------------------------------------------------------------------- */

static const struct option correct_options[] = {
	{ "version", "N",
	  "Refuse unless the person is still at this version (subject show prints it)." },
};

static enum err
correct_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "PATCH",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], "") };
	uint64_t version = 0;
	char header[64] = "If-Match: *";
	struct json root;
	int64_t now = 0;

	TRY(input_id(cli, args->operand[0]));
	TRY(arg_number(cli, args, "version", INT64_MAX, &version));
	if (version)
		snprintf(header, sizeof(header), "If-Match: \"%llu\"", (unsigned long long)version);
	ask.header[0] = header;
	TRY(client_open(job, cli, args, &client));
	TRY(input_file(job, cli, args->operand[1], LIMIT_BODY_BYTES, &ask.body));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_i64(job, root, "version", 0, INT64_MAX, &now, NULL));
	printf("Corrected; now at version %lld.\n", (long long)now);
	return OK;
}

const struct command command_subject_correct = {
	.operands = "ID FILE",
	.about = "FILE holds a merge patch as JSON; - reads it from standard input: what it names "
	         "changes, null takes away.",
	.examples = "echo '{\"values\":{\"city\":\"Visby\"}}' | valv subject correct ID -",
	OPTIONS(correct_options),
	.remote = true,
	.run = correct_run,
};
