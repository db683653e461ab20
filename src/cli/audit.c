/* cli/audit.c -- `valv audit`: who did what, to whom, for which purpose. */
#include "audit/entry.h"
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

/* --- who looked ------------------------------------------------------------------------------- */

static bool
is_look(str act)
{
	static const enum entry_act looks[] = {
		ENTRY_SUBJECT_READ, ENTRY_SUBJECT_SEARCH, ENTRY_LEDGER_READ, ENTRY_ACCESS, ENTRY_EXPORT, ENTRY_DOWNLOAD,
		ENTRY_PROOF_READ, ENTRY_RECEIPT, ENTRY_REQUEST_READ, ENTRY_DISCLOSURES_READ, ENTRY_OUTBOX_READ,
		ENTRY_AUDIT_READ, ENTRY_DISCLOSE,
	};

	for (size_t i = 0; i < COUNT(looks); i++)
		if (str_eq(act, entry_name(looks[i])))
			return true;
	return false;
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

/* One page; *next: where the next begins, empty after the last. */
static enum err
saw_page(struct job *job, struct cli *cli, struct client *client, const char *subject, struct table *table, str *next,
         size_t *count)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, entries;
	char path[160];
	str act;

	snprintf(path, sizeof(path), "/v1/audit/entries?limit=1000&subject=%s&after=%.*s", subject, SPRINT(*next));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = arena_c(&job->arena, str_from_c(path)) }, &document, &root));
	*next = S("");
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "entries", 1000, &entries));
	for (size_t i = 0; i < json_count(entries); i++) {
		struct json entry = json_element(job, entries, i);
		TRY(text_member(job, entry, "act", &act));
		if (!is_look(act))
			continue;
		TRY(entry_row(job, table, entry));
		++*count;
	}
	return text_member(job, root, "next", next);
}

static enum err
saw_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { ">SEQ",    "AT",     "WHO",  "ACT", "OUTCOME",
		                               "PURPOSE", "PERSON", "MORE", NULL };
	OWNED(client_close) struct client *client = NULL;
	struct table table;
	str next = S("0");
	size_t count = 0;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	table_begin(&table, job, heading);
	do
		TRY(saw_page(job, cli, client, args->operand[0], &table, &next, &count));
	while (next.len);
	if (cli->json)
		return OK;
	if (count)
		table_print(&table, true);
	else
		puts("Nobody looked.");
	return OK;
}

const struct command command_audit_who_saw = {
	.operands = "SUBJECT",
	.about = "Everybody who was shown something of this person, or was refused it: when, for which purpose, which fields. "
	         "valv audit prove NUMBER shows that such an entry is in the log. Of somebody who is erased, the log does not say "
	         "any more that it was them.\n"
	         "With --json: the first 1000 of all entries about the person.",
	.examples = "valv audit who-saw d0000000-0000-4000-8000-000000000001",
	.remote = true,
	.run = saw_run,
};

const struct command command_audit = {
	.about = "Every use and every refusal, oldest first, without personal data. Reading it "
	         "leaves an entry, too.",
	.examples = "valv audit --subject d0000000-0000-4000-8000-000000000001\n"
	            "valv audit --after 1000 --limit 1000 --json",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
