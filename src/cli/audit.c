/* cli/audit.c -- `valv audit`: who did what, to whom, for which purpose. */
#include "cli/client.h"
#include "cli/input.h"
#include "cli/say.h"

#define LIMIT_DEFAULT 100

static const struct option options[] = {
	{ "subject", "ID", "Only entries about this person." },
	{ "after", "N", "Only entries after this number." },
	{ "limit", "N", "At most so many, up to 1000; 100 unless said." },
};

static enum err
who(struct job *job, struct json actor, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 128 };
	str kind, key;
	int64_t number = 0;
	bool there;

	TRY(text_member(job, actor, "kind", &kind));
	TRY(text_member(job, actor, "key", &key));
	TRY(json_i64(job, actor, "uid", 0, UINT32_MAX, &number, &there));
	buf_put(&text, kind);
	if (there) {
		buf_put(&text, S(" uid "));
		buf_dec(&text, number);
	} else if (key.len) {
		buf_char(&text, ' ');
		buf_put(&text, str_first(key, 8));
	}
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

/* What else an entry says: a verdict, fields, what was refused. */
static enum err
detail(struct job *job, struct json entry, str *ret)
{
	struct json decisions = json_member(job, entry, "decisions");
	bool allowed = false;
	str text;

	if (json_count(decisions) == 1) {
		TRY(json_bool(job, json_element(job, decisions, 0), "allowed", &allowed, NULL));
		TRY(text_member(job, json_element(job, decisions, 0), "reason", &text));
		OWNED(buf_release) struct buf both = { .max = 128 };
		buf_put(&both, allowed ? S("yes: ") : S("no: "));
		buf_put(&both, text);
		*ret = arena_str(&job->arena, buf_str(&both));
		return OK;
	}
	TRY(list_member(job, entry, "fields", ret));
	return ret->len ? OK : text_member(job, entry, "operation", ret);
}

static enum err
entry_row(struct job *job, struct table *table, struct json entry)
{
	static const char *const members[] = { "act", "outcome", "purpose", "subject" };
	int64_t seq = 0;
	str text;

	TRY(json_i64(job, entry, "seq", 0, INT64_MAX, &seq, NULL));
	table_number(table, seq);
	TRY(text_member(job, entry, "at", &text));
	table_cell(table, time_short(job, text));
	TRY(who(job, json_member(job, entry, "actor"), &text));
	table_cell(table, text);
	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, entry, members[i], &text));
		table_cell(table, text.len ? text : S("-"));
	}
	TRY(detail(job, entry, &text));
	table_cell(table, text);
	return OK;
}

static const char *
path_of(struct job *job, const struct args *args, uint64_t limit)
{
	char path[160];
	bool subject = arg_given(args, "subject"), after = arg_given(args, "after");

	snprintf(path, sizeof(path), "/v1/audit/entries?limit=%llu%s%s%s%s",
	         (unsigned long long)limit, subject ? "&subject=" : "",
	         subject ? arg_c(args, "subject") : "", after ? "&after=" : "",
	         after ? arg_c(args, "after") : "");
	return arena_c(&job->arena, str_from_c(path));
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { ">SEQ",    "AT",     "WHO",  "ACT", "OUTCOME",
		                               "PURPOSE", "PERSON", "MORE", NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	uint64_t limit = LIMIT_DEFAULT, after = 0;
	struct json root, entries;
	struct table table;
	str next;

	TRY(arg_number(cli, args, "limit", 1000, &limit));
	TRY(arg_number(cli, args, "after", INT64_MAX, &after));
	if (arg_given(args, "subject"))
		TRY(input_id(cli, arg_c(args, "subject")));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client,
	                &(struct ask){ .method = "GET", .path = path_of(job, args, limit) },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "entries", 1000, &entries));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(entries); i++)
		TRY(entry_row(job, &table, json_element(job, entries, i)));
	table_print(&table, true);
	TRY(text_member(job, root, "next", &next));
	fflush(stdout);
	if (next.len)
		fprintf(stderr, "There is more: --after %.*s\n", SPRINT(next));
	return OK;
}

const struct command command_audit = {
	.about = "Every use and every refusal, oldest first, without personal data. Reading it "
	         "leaves an entry, too.",
	.examples = "valv audit --subject d0000000-0000-4000-8000-000000000001\n"
	            "valv audit --after 1000 --limit 1000 --json",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
