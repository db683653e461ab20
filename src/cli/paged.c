/* cli/paged.c -- contract: paged.h. */
#include "cli/paged.h"

#define PAGE 200

static enum err
page_print(struct job *job, struct cli *cli, struct client *client, const struct paged *paged, str *after)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, list;
	struct table table;
	char path[PAGED_PATH_MAX + 96];

	snprintf(path, sizeof(path), "%s%climit=%d%s%.*s", paged->path, strchr(paged->path, '?') ? '&' : '?', PAGE,
	         after->len ? "&after=" : "", SPRINT(*after));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = path }, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, paged->member, PAGE, &list));
	table_begin(&table, job, paged->heading);
	for (size_t i = 0; i < json_count(list); i++)
		TRY(paged->row(job, &table, json_element(job, list, i)));
	table_print(&table, after->len == 0);
	return text_member(job, root, "next", after);
}

enum err
paged_run(struct job *job, struct cli *cli, const struct args *args, const struct paged *paged)
{
	OWNED(client_close) struct client *client = NULL;
	uint64_t number = 0;
	str after;

	TRY(arg_number(cli, args, "after", INT64_MAX, &number));
	after = arg_str(args, "after");
	TRY(client_open(job, cli, args, &client));
	do
		TRY(page_print(job, cli, client, paged, &after));
	while (!cli->json && after.len);
	return OK;
}
