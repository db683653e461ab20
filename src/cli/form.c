/* cli/form.c -- `valv form list|show|put|end|snippet`. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/say.h"

static enum err
form_row(struct job *job, struct table *table, struct json form)
{
	int64_t version = 0;
	bool open = false;
	str text;

	TRY(text_member(job, form, "name", &text));
	table_cell(table, text);
	TRY(json_i64(job, form, "version", 0, INT64_MAX, &version, NULL));
	table_number(table, version);
	TRY(text_member(job, form, "state", &text));
	TRY(json_bool(job, form, "open", &open, NULL));
	table_cell(table, open ? S("open") : str_eq(text, S("ended")) ? S("ended") : S("closed"));
	return OK;
}

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "FORM", ">VERSION", "STATE", NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, forms;
	struct table table;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/forms?limit=1000" }, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "forms", LIMIT_FORMS, &forms));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(forms); i++)
		TRY(form_row(job, &table, json_element(job, forms, i)));
	table_print(&table, true);
	return OK;
}

const struct command command_form_list = {
	.about = "STATE is open, ended, or closed: a purpose of the form is not in force, or has changed so that the form no longer fits.",
	.remote = true,
	.run = list_run,
};

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = client_path(job, "/v1/forms/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

const struct command command_form_show = {
	.operands = "NAME",
	.remote = true,
	.examples = "valv form show newsletter",
	.run = show_run,
};

static enum err
put_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "PUT", .path = client_path(job, "/v1/forms/", args->operand[0], "") };
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(input_file(job, cli, args->operand[1], LIMIT_BODY_BYTES, &ask.body));
	TRY(client_json(job, client, &ask, &document, &root));
	if (!cli->json)
		printf("The form %s is there, at /f/%s of the public pages. To put it on another site: valv form snippet %s\n",
		       args->operand[0], args->operand[0], args->operand[0]);
	return OK;
}

const struct command command_form_put = {
	.operands = "NAME FILE",
	.about = "FILE holds the definition as JSON; - reads it from standard input. valv openapi describes it (FormDefinition). Each box is one "
	         "purpose that rests on consent, and none can be ticked beforehand. It is refused, naming the member, where it "
	         "would couple consent to a contract or ask for more than its purposes cover.",
	.examples = "valv form put newsletter newsletter-form.json",
	.remote = true,
	.run = put_run,
};

static enum err
end_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	struct ask ask = { .method = "DELETE", .path = client_path(job, "/v1/forms/", args->operand[0], "") };
	struct answer answer;

	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	if (!cli->json)
		printf("%s takes no sign-ups from now on; what waits can still be confirmed.\n", args->operand[0]);
	return OK;
}

const struct command command_form_end = {
	.operands = "NAME",
	.about = "Its versions stay, as consents name them. Putting it again puts it in use again.",
	.examples = "valv form end newsletter",
	.remote = true,
	.run = end_run,
};

static const struct option snippet_options[] = {
	{ "language", "CODE", "In this language; in the form's first unless said." },
};

static enum err
snippet_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = client_path(job, "/v1/forms/", args->operand[0], "/snippets") };
	struct json root, list;
	str language, html;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "snippets", LIMIT_LANGUAGES, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json one = json_element(job, list, i);
		TRY(text_member(job, one, "language", &language));
		if (arg_given(args, "language") && !str_eq(language, arg_str(args, "language")))
			continue;
		TRY(text_member(job, one, "html", &html));
		printf("%.*s", SPRINT(html));
		return OK;
	}
	return complain(cli, EXIT_USAGE, "form snippet: the form does not have that language");
}

const struct command command_form_snippet = {
	.operands = "NAME",
	.about = "Prints HTML that puts the form on another site, one of the form's origins. It works without script and loads nothing. What it says "
	         "is checked when it is sent: after a change of the form, people are shown the new words first.",
	.examples = "valv form snippet newsletter --language sv > newsletter.html",
	OPTIONS(snippet_options),
	.remote = true,
	.run = snippet_run,
};
