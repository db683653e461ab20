/* cli/import_list.c -- the imports there were, and whom one of them is to ask. */
#include "cli/import.h"
#include "cli/say.h"

#define PAGE 50
#define ASK_PAGE 200

/* One page; *after is where the next one begins, empty at the end.  With --json every page is a
 * line. */
typedef enum err page_print(struct job *job, struct json root, bool first);

static enum err
page(struct job *job, struct cli *cli, struct client *client, const char *path, page_print *print,
     str *after)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct answer answer;
	struct json root;
	char full[256];

	snprintf(full, sizeof(full), "%s%s%.*s", path, after->len ? "&after=" : "", SPRINT(*after));
	TRY(client_call(job, client, &(struct ask){ .method = "GET", .path = full }, &answer));
	TRY(json_parse(job, answer.body, &document, &root));
	if (cli->json)
		say_line(stdout, answer.body);
	else
		TRY(print(job, root, !after->len));
	return text_member(job, root, "next", after);
}

static enum err
all_pages(struct job *job, struct cli *cli, struct client *client, const char *path,
          page_print *print)
{
	str after = S("");

	do
		TRY(page(job, cli, client, path, print, &after));
	while (after.len);
	return OK;
}

/* --- imports ---------------------------------------------------------------------------------- */

static enum err
imports_page(struct job *job, struct json root, bool first)
{
	static const char *const heading[] = { "ID", "BEGUN", "STATE", ">ROWS", "SOURCE", NULL };
	struct json imports;
	struct table table;
	bool dry_run;
	int64_t rows;
	str text;

	TRY(json_array(job, root, "imports", PAGE, &imports));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(imports); i++) {
		struct json import = json_element(job, imports, i);
		rows = 0;
		dry_run = false;
		TRY(text_member(job, import, "id", &text));
		table_cell(&table, text);
		TRY(text_member(job, import, "created_at", &text));
		table_cell(&table, time_short(job, text));
		TRY(text_member(job, import, "state", &text));
		TRY(json_bool(job, import, "dry_run", &dry_run, NULL));
		table_cell(&table, dry_run ? S("dry run") : text);
		TRY(json_i64(job, import, "rows", 0, INT64_MAX, &rows, NULL));
		table_number(&table, rows);
		TRY(text_member(job, json_member(job, import, "settings"), "source", &text));
		table_cell(&table, text);
	}
	table_print(&table, first);
	return OK;
}

enum err
import_list_print(struct job *job, struct cli *cli, struct client *client)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/imports?limit=%d", PAGE);
	return all_pages(job, cli, client, path, imports_page);
}

/* --- whom to ask ------------------------------------------------------------------------------ */

static enum err
ask_page(struct job *job, struct json root, bool first)
{
	static const char *const heading[] = { "PERSON", "ERASED WITHOUT AN ANSWER",
		                               "ASKING IS ALLOWED BY", NULL };
	struct json persons;
	struct table table;
	str text;

	TRY(json_array(job, root, "persons", ASK_PAGE, &persons));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(persons); i++) {
		TRY(text_member(job, json_element(job, persons, i), "subject", &text));
		table_cell(&table, text);
		TRY(text_member(job, json_element(job, persons, i), "until", &text));
		table_cell(&table, time_short(job, text));
		TRY(list_member(job, json_element(job, persons, i), "channels", &text));
		table_cell(&table, text.len ? text : S("nothing"));
	}
	table_print(&table, first);
	return OK;
}

enum err
import_list_ask(struct job *job, struct cli *cli, struct client *client, const char *id)
{
	char query[64];

	snprintf(query, sizeof(query), "/ask?limit=%d", ASK_PAGE);
	return all_pages(job, cli, client, client_path(job, "/v1/imports/", id, query), ask_page);
}
