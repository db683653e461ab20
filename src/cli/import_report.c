/* cli/import_report.c -- what an import did, or would do, as tables. */
#include "cli/import.h"
#include "cli/say.h"

#define PAGE 500
#define PROBLEMS_SHOWN 20
#define SAMPLE_MAX 1000
#define SAMPLE_SHOWN 10
#define REASONS_MAX 200

/* --- words ------------------------------------------------------------------------------------ */

static str
outcome_text(str name)
{
	static const struct {
		const char *name, *text;
	} outcomes[] = {
		{ "created", "persons made" },
		{ "updated", "persons brought up to date" },
		{ "unchanged", "nothing new" },
		{ "left_out", "left out: no ground" },
		{ "asked", "kept for a while, to be asked" },
		{ "suppressed", "a no: from the row, or one that stood already" },
		{ "bad", "bad rows" },
	};

	for (size_t i = 0; i < COUNT(outcomes); i++)
		if (str_eq(str_from_c(outcomes[i].name), name))
			return str_from_c(outcomes[i].text);
	return name;
}

/* --- columns ---------------------------------------------------------------------------------- */

static enum err
columns_print(struct job *job, struct json root)
{
	static const char *const heading[] = { "COLUMN", "TAKEN FOR", "FIELD", ">FITS", NULL };
	struct json columns;
	struct table table;
	int64_t fits;
	bool sampled;
	str text;

	TRY(json_array(job, root, "columns", 1000, &columns));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(columns); i++) {
		struct json column = json_element(job, columns, i);
		TRY(text_member(job, column, "name", &text));
		table_cell(&table, text);
		TRY(text_member(job, column, "role", &text));
		table_cell(&table, text);
		TRY(text_member(job, column, "field", &text));
		table_cell(&table, text.len ? text : S("-"));
		TRY(json_i64(job, column, "confidence", -1, 100, &fits, &sampled));
		if (sampled && fits >= 0)
			table_number(&table, fits);
		else
			table_cell(&table, S("-"));
	}
	putchar('\n');
	table_print(&table, true);
	return OK;
}

/* --- counts ----------------------------------------------------------------------------------- */

static enum err
whole(struct job *job, struct json object, const char *name, long long *ret)
{
	int64_t value = 0;

	TRY(json_i64(job, object, name, 0, INT64_MAX, &value, NULL));
	*ret = value;
	return OK;
}

static enum err
outcomes_print(struct job *job, struct json outcomes)
{
	static const char *const heading[] = { ">ROWS", "WHAT", NULL };
	void *iterator = NULL;
	struct table table;
	struct json value;
	long long count;
	str name;

	table_begin(&table, job, heading);
	while (json_each(job, outcomes, &iterator, &name, &value)) {
		TRY(whole(job, outcomes, arena_c(&job->arena, name), &count));
		if (!count)
			continue;
		table_number(&table, count);
		table_cell(&table, outcome_text(name));
	}
	putchar('\n');
	table_print(&table, true);
	return OK;
}

/* What a newcomer may have left out. */
static enum err
hint_print(struct job *job, struct json root)
{
	struct json settings = json_member(job, root, "settings");
	long long left_out;

	TRY(whole(job, json_member(job, root, "outcomes"), "left_out", &left_out));
	if (left_out && !json_count(json_member(job, settings, "consents")) &&
	    json_kind(json_member(job, settings, "rest")) != JSON_OBJECT)
		puts("\n"
		     "Rows are kept on a ground: --purpose says what a yes in the list is a yes "
		     "to, --rest what becomes\n"
		     "of the others.");
	return OK;
}

static enum err
reasons_print(struct job *job, struct json root)
{
	static const char *const heading[] = { ">ROWS", "WHY", NULL };
	struct json reasons;
	struct table table;
	long long count;
	str text;

	TRY(json_array(job, root, "reasons", REASONS_MAX, &reasons));
	if (!json_count(reasons))
		return OK;
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(reasons); i++) {
		TRY(whole(job, json_element(job, reasons, i), "count", &count));
		TRY(text_member(job, json_element(job, reasons, i), "text", &text));
		table_number(&table, count);
		table_cell(&table, text);
	}
	putchar('\n');
	table_print(&table, true);
	return OK;
}

static enum err
head_print(struct job *job, struct json root)
{
	long long rows, consents, suppressions;
	str id, state, preset, source;
	bool dry_run = false;

	TRY(text_member(job, root, "id", &id));
	TRY(text_member(job, root, "state", &state));
	TRY(text_member(job, root, "preset", &preset));
	TRY(text_member(job, json_member(job, root, "settings"), "source", &source));
	TRY(json_bool(job, root, "dry_run", &dry_run, NULL));
	TRY(whole(job, root, "rows", &rows));
	TRY(whole(job, root, "consents", &consents));
	TRY(whole(job, root, "suppressions", &suppressions));
	printf("%s %.*s of \"%.*s\", %.*s\n", dry_run ? "Dry run" : "Import", SPRINT(id),
	       SPRINT(source), SPRINT(state));
	printf("%lld rows, read as %.*s; %s %lld consents and %s %lld addresses%s\n", rows,
	       SPRINT(preset), dry_run ? "would record" : "recorded", consents,
	       dry_run ? "suppress" : "suppressed", suppressions,
	       dry_run ? "; nothing was kept" : "");
	return OK;
}

/* --- the first rows of a dry run -------------------------------------------------------------- */

static enum err
sample_print(struct job *job, struct json root)
{
	static const char *const heading[] = { ">LINE", "WOULD BE", "WHY", NULL };
	struct json sample;
	struct table table;
	long long line;
	str text;

	TRY(json_array(job, root, "sample", SAMPLE_MAX, &sample));
	if (!json_count(sample))
		return OK;
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(sample) && i < SAMPLE_SHOWN; i++) {
		TRY(whole(job, json_element(job, sample, i), "line", &line));
		table_number(&table, line);
		TRY(text_member(job, json_element(job, sample, i), "outcome", &text));
		table_cell(&table, text);
		TRY(list_member(job, json_element(job, sample, i), "reasons", &text));
		table_cell(&table, text);
	}
	putchar('\n');
	table_print(&table, true);
	return OK;
}

/* --- problems --------------------------------------------------------------------------------- */

static enum err
problem_row(struct job *job, struct table *table, struct json problem)
{
	long long line;
	str text, field;

	TRY(whole(job, problem, "line", &line));
	TRY(text_member(job, problem, "text", &text));
	TRY(text_member(job, problem, "field", &field));
	table_number(table, line);
	table_cell(table, field.len ? field : S("-"));
	table_cell(table, text);
	return OK;
}

static enum err
problems_page(struct job *job, struct cli *cli, struct client *client, const char *id, size_t max,
              str *after, size_t *ret_count)
{
	static const char *const heading[] = { ">LINE", "FIELD", "WHAT IS WRONG", NULL };
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, problems;
	struct table table;
	char query[96];

	snprintf(query, sizeof(query), "/problems?limit=%zu%s%.*s", max,
	         after->len ? "&after=" : "", SPRINT(*after));
	struct ask ask = { .method = "GET", .path = client_path(job, "/v1/imports/", id, query) };
	*ret_count = 0;
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json) {
		*after = S("");
		return OK;
	}
	TRY(json_array(job, root, "problems", PAGE, &problems));
	*ret_count = json_count(problems);
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(problems); i++)
		TRY(problem_row(job, &table, json_element(job, problems, i)));
	if (json_count(problems))
		table_print(&table, after->len == 0);
	return text_member(job, root, "next", after);
}

enum err
import_report_problems(struct job *job, struct cli *cli, struct client *client, const char *id,
                       size_t max)
{
	str after = S("");
	size_t count;

	do {
		TRY(problems_page(job, cli, client, id, max < PAGE ? max : PAGE, &after, &count));
		max -= count < max ? count : max;
	} while (after.len && max);
	return OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum err
problems_some(struct job *job, struct cli *cli, struct client *client, const char *id,
              struct json root)
{
	long long problems;

	TRY(whole(job, root, "problems", &problems));
	if (!problems)
		return OK;
	putchar('\n');
	TRY(import_report_problems(job, cli, client, id, PROBLEMS_SHOWN));
	if (problems > PROBLEMS_SHOWN)
		printf("and %lld more: %s import%s --problems %s\n", problems - PROBLEMS_SHOWN,
		       cli->program, client_option(job, client), id);
	return OK;
}

enum err
import_report_print(struct job *job, struct cli *cli, struct client *client, const char *id)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = client_path(job, "/v1/imports/", id, "") };
	struct json root;

	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(head_print(job, root));
	TRY(columns_print(job, root));
	TRY(outcomes_print(job, json_member(job, root, "outcomes")));
	TRY(reasons_print(job, root));
	TRY(sample_print(job, root));
	TRY(hint_print(job, root));
	return problems_some(job, cli, client, id, root);
}
