/* cli/field.c -- `valv field list|show|put`. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/say.h"

/* --- list ------------------------------------------------------------------------------------- */

/* The title in the first language that it has. */
static enum err
title_of(struct job *job, struct json definition, str *ret)
{
	void *iterator = NULL;
	struct json value;
	str name;

	*ret = S("");
	if (!json_each(job, json_member(job, definition, "title"), &iterator, &name, &value))
		return OK;
	return json_scalar(job, value, LIMIT_STRING_BYTES, ret);
}

static enum err
field_row(struct job *job, struct table *table, struct json field)
{
	static const char *const members[] = { "type", "lookup", "sensitivity", "address" };
	struct json definition = json_member(job, field, "definition");
	str text;

	TRY(text_member(job, field, "name", &text));
	table_cell(table, text);
	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, definition, members[i], &text));
		table_cell(table, text.len ? text : S("-"));
	}
	TRY(title_of(job, definition, &text));
	table_cell(table, text);
	return OK;
}

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "FIELD",   "TYPE",  "LOOKUP", "SENSITIVITY",
		                               "ADDRESS", "TITLE", NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, fields;
	struct table table;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/fields" },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "fields", LIMIT_FIELDS, &fields));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(fields); i++)
		TRY(field_row(job, &table, json_element(job, fields, i)));
	table_print(&table, true);
	return OK;
}

const struct command command_field_list = {
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
		           .path = client_path(job, "/v1/fields/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

const struct command command_field_show = {
	.operands = "NAME",
	.remote = true,
	.examples = "valv field show email",
	.run = show_run,
};

/* --- put -------------------------------------------------------------------------------------- */

static enum err
put_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "PUT",
		           .path = client_path(job, "/v1/fields/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(input_file(job, cli, args->operand[1], LIMIT_BODY_BYTES, &ask.body));
	TRY(client_json(job, client, &ask, &document, &root));
	if (!cli->json)
		printf("The field %s is there.\n", args->operand[0]);
	return OK;
}

const struct command command_field_put = {
	.operands = "NAME FILE",
	.about = "FILE holds the definition as JSON; - reads it from standard input. valv openapi "
	         "describes it (FieldDefinition). Type, lookup, sensitivity and address of a "
	         "field do not change once it is there.",
	.examples = "valv field put shoe_size shoe_size.json\n"
	            "echo '{\"title\":{\"en\":\"Shoe size\"},\"type\":\"number\"}' | valv field "
	            "put shoe_size -",
	.remote = true,
	.run = put_run,
};
