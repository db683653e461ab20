/* cli/purpose.c -- `valv purpose list|show|put|activate|end`. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/say.h"

/* --- list ------------------------------------------------------------------------------------- */

static enum err
purpose_row(struct job *job, struct table *table, struct json purpose)
{
	bool marketing = false, there;
	int64_t version = 0;
	str text;

	TRY(text_member(job, purpose, "name", &text));
	table_cell(table, text);
	TRY(json_i64(job, purpose, "active", 0, INT64_MAX, &version, &there));
	if (there)
		table_number(table, version);
	else
		table_cell(table, S("none"));
	TRY(text_member(job, purpose, "basis", &text));
	table_cell(table, text);
	TRY(json_bool(job, purpose, "marketing", &marketing, NULL));
	table_cell(table, marketing ? S("marketing") : S("-"));
	return OK;
}

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "PURPOSE", ">IN FORCE", "BASIS", "KIND", NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, purposes;
	struct table table;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/purposes" },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "purposes", LIMIT_PURPOSES, &purposes));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(purposes); i++)
		TRY(purpose_row(job, &table, json_element(job, purposes, i)));
	table_print(&table, true);
	return OK;
}

const struct command command_purpose_list = {
	.about = "IN FORCE is the number of the version that new grounds rest on.",
	.remote = true,
	.run = list_run,
};

/* --- show ------------------------------------------------------------------------------------- */

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET",
		           .path = client_path(job, "/v1/purposes/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

const struct command command_purpose_show = {
	.operands = "NAME",
	.about = "All its versions, oldest first, with the hashes of the words shown.",
	.examples = "valv purpose show newsletter",
	.remote = true,
	.run = show_run,
};

/* --- put -------------------------------------------------------------------------------------- */

static enum err
put_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "PUT",
		           .path = client_path(job, "/v1/purposes/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(input_file(job, cli, args->operand[1], LIMIT_BODY_BYTES, &ask.body));
	TRY(client_json(job, client, &ask, &document, &root));
	if (!cli->json)
		printf("The draft of %s is there. To put it in force: valv purpose activate %s\n",
		       args->operand[0], args->operand[0]);
	return OK;
}

const struct command command_purpose_put = {
	.operands = "NAME FILE",
	.about = "FILE holds the definition as JSON; - reads it from standard input. valv openapi "
	         "describes it (PurposeDefinition). It becomes the draft, and replaces one that "
	         "is there; what is in force stays as it is.",
	.examples = "valv purpose put newsletter newsletter.json",
	.remote = true,
	.run = put_run,
};

/* --- activate, end ---------------------------------------------------------------------------- */

static enum err
post(struct job *job, struct cli *cli, const struct args *args, const char *verb,
     int64_t *ret_version)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/purposes/", args->operand[0], verb) };
	struct json root;

	*ret_version = 0;
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : json_i64(job, root, "active", 0, INT64_MAX, ret_version, NULL);
}

static enum err
activate_run(struct job *job, struct cli *cli, const struct args *args)
{
	int64_t version;

	TRY(post(job, cli, args, "/activate", &version));
	if (!cli->json)
		printf("Version %lld of %s is in force.\n", (long long)version, args->operand[0]);
	return OK;
}

const struct command command_purpose_activate = {
	.operands = "NAME",
	.about = "It is refused, naming what is missing, while the draft does not state why, the "
	         "basis, the retention, the fields, the recipients, the controller and a notice "
	         "in each language in use.",
	.examples = "valv purpose activate newsletter",
	.remote = true,
	.run = activate_run,
};

static enum err
end_run(struct job *job, struct cli *cli, const struct args *args)
{
	int64_t version;

	TRY(post(job, cli, args, "/end", &version));
	if (!cli->json)
		printf("%s takes no new grounds from now on; what there is runs out.\n",
		       args->operand[0]);
	return OK;
}

const struct command command_purpose_end = {
	.operands = "NAME",
	.examples = "valv purpose end newsletter",
	.remote = true,
	.run = end_run,
};
