/* cli/backup.c -- `valv backup`, `valv backup list|prune`: backups of a vault that is served. */
#include <unistd.h>

#include "cli/client.h"
#include "cli/request.h"
#include "cli/say.h"

#define PATH_BYTES 4096
#define SHOWN_MAX 100000

static enum err
operator_only(struct cli *cli, const struct args *args)
{
	if (!arg_given(args, "url"))
		return OK;
	return complain(cli, EXIT_USAGE, "%s is for operators: on the server's own machine, without --url",
	                args->of->name);
}

/* The server has a working directory of its own. */
static enum err
path_option(struct cli *cli, struct request_body *body, const struct args *args, const char *option,
            const char *member)
{
	OWNED(buf_release) struct buf path = { .max = PATH_BYTES };
	str given = arg_str(args, option);
	char here[PATH_BYTES];

	if (!given.len)
		return complain(cli, EXIT_USAGE, "%s: --%s says where it goes", args->of->name, option);
	if (given.ptr[0] != '/') {
		if (!getcwd(here, sizeof(here)))
			return complain(cli, EXIT_REFUSED, "the working directory has no path; give --%s in full", option);
		buf_put(&path, str_from_c(here));
		buf_char(&path, '/');
	}
	buf_put(&path, given);
	if (!buf_ok(&path) || !str_utf8(buf_str(&path)))
		return complain(cli, EXIT_USAGE, "%s: --%s is no path that can be used", args->of->name, option);
	json_pair_str(&body->out, str_from_c(member), buf_str(&path));
	return OK;
}

static enum err
number(struct job *job, struct json object, const char *name, long long *ret)
{
	int64_t value = 0;

	TRY(json_i64(job, object, name, 0, INT64_MAX, &value, NULL));
	*ret = value;
	return OK;
}

/* --- making ----------------------------------------------------------------------------------- */

static const struct option backup_options[] = {
	{ "to", "DIR", "Where the data goes; made if its parent is there. Each backup is a directory in it." },
	{ "keys-to", "DIR", "Where the keys go: another disk or machine, and not where the data is kept." },
	{ "keys-days", "N", "In so many days the keys are destroyed, 1 to 366; 7 unless said." },
	{ "full", NULL, "Share no file with the backup before." },
};

static enum err
made_print(struct job *job, struct json root)
{
	long long persons, pieces, shared, octets;
	str data, keys, until;

	TRY(text_member(job, root, "data", &data));
	TRY(text_member(job, root, "keys", &keys));
	TRY(text_member(job, root, "keys_until", &until));
	TRY(number(job, root, "persons", &persons));
	TRY(number(job, root, "pieces", &pieces));
	TRY(number(job, root, "shared", &shared));
	TRY(number(job, root, "octets", &octets));
	printf("data  %.*s\n      %lld persons; %lld files, of which %lld are those of the backup before; %.1f MB new\n",
	       SPRINT(data), persons, pieces, shared, (double)octets / 1e6);
	printf("keys  %.*s\n      to be destroyed %.*s UTC\n", SPRINT(keys), SPRINT(time_short(job, until)));
	return OK;
}

static enum err
backup_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/backups" };
	uint64_t days = 0;
	struct json root;

	request_begin(&body);
	TRY(operator_only(cli, args));
	TRY(arg_number(cli, args, "keys-days", 366, &days));
	TRY(path_option(cli, &body, args, "to", "data"));
	TRY(path_option(cli, &body, args, "keys-to", "keys"));
	if (days)
		json_pair_i64(&body.out, S("keys_days"), (int64_t)days);
	request_flag(&body, args, "full", "full");
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : made_print(job, root);
}

const struct command command_backup = {
	.about = "While the server goes on: the data as of one moment, without keys and without what finds "
	         "people; and apart, the wrapped keys of the same moment, which are destroyed when their life is "
	         "over. Neither is of use without the other, and both not without the root key, which is in none.\n"
	         "Files that have not changed since the backup before are shared with it where the file system "
	         "can do that, and each backup may be deleted by itself. The ledger of facts is not copied: it lies "
	         "in a second place already, and a restore needs it as it is then.\n"
	         "More: valv backup list, valv backup prune. docs/operations.md says what to put where.",
	.examples = "valv backup --to /mnt/backup/valv --keys-to /mnt/keys/valv\n"
	            "valv backup --to /mnt/backup/valv --keys-to /mnt/keys/valv --keys-days 3 --full",
	OPTIONS(backup_options),
	.remote = true,
	.run = backup_run,
};

/* --- list ------------------------------------------------------------------------------------- */

static str
or_dash(str text)
{
	return text.len ? text : S("-");
}

static enum err
place_row(struct job *job, struct table *table, struct json place)
{
	bool there = false, overdue = false;
	str kind, path, last, due;

	TRY(text_member(job, place, "kind", &kind));
	TRY(text_member(job, place, "path", &path));
	TRY(text_member(job, place, "last_at", &last));
	TRY(text_member(job, place, "due_at", &due));
	TRY(json_bool(job, place, "there", &there, NULL));
	TRY(json_bool(job, place, "overdue", &overdue, NULL));
	table_cell(table, kind);
	table_cell(table, path);
	table_cell(table, there ? S("yes") : S("no"));
	table_cell(table, or_dash(time_short(job, last)));
	table_cell(table, or_dash(time_short(job, due)));
	table_cell(table, overdue ? S("overdue") : S(""));
	return OK;
}

static enum err
seen_row(struct job *job, struct table *table, struct json seen)
{
	static const char *const numbers[] = { "persons", "pieces", "fact" };
	str kind, path, made, until;

	TRY(text_member(job, seen, "kind", &kind));
	TRY(text_member(job, seen, "path", &path));
	TRY(text_member(job, seen, "made_at", &made));
	TRY(text_member(job, seen, "keys_until", &until));
	table_cell(table, kind);
	table_cell(table, path);
	table_cell(table, made.len ? time_short(job, made) : S("not readable"));
	table_cell(table, or_dash(time_short(job, until)));
	for (size_t i = 0; i < COUNT(numbers); i++) {
		int64_t value = 0;
		bool there;
		TRY(json_i64(job, seen, numbers[i], 0, INT64_MAX, &value, &there));
		if (there)
			table_number(table, value);
		else
			table_cell(table, S("-"));
	}
	return OK;
}

static enum err
rows_print(struct job *job, struct json root, const char *member, const char *const *heading,
           enum err (*row)(struct job *, struct table *, struct json))
{
	struct table table;
	struct json list;

	TRY(json_array(job, root, member, SHOWN_MAX, &list));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++)
		TRY(row(job, &table, json_element(job, list, i)));
	table_print(&table, true);
	return OK;
}

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const places[] = { "OF", "PLACE", "THERE", "LAST", "DESTROY FROM", "", NULL };
	static const char *const backups[] = { "OF",       "BACKUP", "MADE", "UNTIL", ">PERSONS",
		                               ">FILES", ">FACT",  NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = "/v1/admin/backups" };
	struct json root;

	TRY(operator_only(cli, args));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(rows_print(job, root, "places", places, place_row));
	putchar('\n');
	return rows_print(job, root, "backups", backups, seen_row);
}

const struct command command_backup_list = {
	.about = "The places where this vault has put backups, whether they are there now, and when the first "
	         "of the keys there is to be destroyed; then the backups that lie there. What one says of itself "
	         "is signed: a backup that is not readable was made by another vault, or is damaged.",
	.remote = true,
	.run = list_run,
};

/* --- prune ------------------------------------------------------------------------------------ */

static const struct option prune_options[] = {
	{ "forget", "DIR", "A place that is gone for good, with what lay there: it is not asked for again. It is recorded." },
};

static enum err
pruned_print(struct job *job, struct cli *cli, struct json root)
{
	long long destroyed;
	struct json list;

	TRY(number(job, root, "destroyed", &destroyed));
	TRY(json_array(job, root, "overdue", SHOWN_MAX, &list));
	printf("%lld key backups whose life is over were destroyed.\n", destroyed);
	if (!json_count(list))
		return OK;
	puts("Not there, or in use, though keys that lie there should be destroyed by now:");
	for (size_t i = 0; i < json_count(list); i++) {
		str path;
		TRY(json_scalar(job, json_element(job, list, i), PATH_BYTES, &path));
		fputs("  ", stdout);
		say_line(stdout, text_safe(job, path));
	}
	return complain(cli, EXIT_REFUSED, "bring them there and run this again, or --forget what is gone for good");
}

static enum err
prune_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/backups/prune" };
	struct answer answer;
	struct json root;

	request_begin(&body);
	TRY(operator_only(cli, args));
	if (arg_given(args, "forget"))
		TRY(path_option(cli, &body, args, "forget", "forget"));
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	TRY(json_parse(job, answer.body, &document, &root));
	if (!cli->json)
		return pruned_print(job, cli, root);
	say_line(stdout, answer.body);
	cli->status = json_count(json_member(job, root, "overdue")) ? EXIT_REFUSED : EXIT_OK;
	return cli->status ? ERR_IO : OK;
}

const struct command command_backup_prune = {
	.about = "The server does this by itself within a minute of their end, where they are within reach. Exits "
	         "with 1 when a place that may hold keys past their end is not there: a disk that is not mounted.",
	.examples = "valv backup prune\n"
	            "valv backup prune --forget /mnt/old-disk/valv-keys",
	OPTIONS(prune_options),
	.remote = true,
	.run = prune_run,
};
