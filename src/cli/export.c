/* cli/export.c -- `valv export ask|list|download`: the data of many persons, for one purpose. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/say.h"
#include "cli/words.h"

/* --- ask -------------------------------------------------------------------------------------- */

static const struct option ask_options[] = {
	{ "reason", "TEXT", "What it is for, in at least 10 characters; for who approves. Needed." },
	{ "fields", "FIELD,...", "Of the purpose's fields, in this order; all unless said.", NULL, true },
	{ "channel", "CHANNEL", "Only who may be contacted through it, when it is fetched.", CHANNEL_WORDS },
	{ "format", "FORMAT", "ndjson unless said.", "ndjson csv" },
};

static void
put_list(struct json_out *out, str list)
{
	str one;

	json_name(out, S("fields"));
	json_open(out, '[');
	while (list.len) {
		if (!eat_until(&list, ',', &one)) {
			one = list;
			list = S("");
		}
		json_put_str(out, str_trim(one));
	}
	json_close(out, ']');
}

static void
put_ask(const struct args *args, struct buf *body)
{
	static const char *const options[] = { "reason", "channel", "format" };
	struct json_out out;

	json_out_begin(&out, body);
	json_open(&out, '{');
	json_pair_str(&out, S("purpose"), str_from_c(args->operand[0]));
	for (size_t i = 0; i < COUNT(options); i++)
		if (arg_given(args, options[i]))
			json_pair_str(&out, str_from_c(options[i]), arg_str(args, options[i]));
	if (arg_given(args, "fields"))
		put_list(&out, arg_str(args, "fields"));
	json_close(&out, '}');
}

static enum err
say_asked(struct job *job, const struct cli *cli, str body)
{
	OWNED(json_free) struct json_document *document = NULL;
	str id, approval;
	struct json root;

	TRY(json_parse(job, body, &document, &root));
	TRY(text_member(job, root, "id", &id));
	TRY(text_member(job, root, "approval", &approval));
	if (approval.len)
		printf("It waits for a second person, for an hour: approval %.*s\nThen: %s export download %.*s FILE\n",
		       SPRINT(approval), cli->program, SPRINT(id));
	else
		printf("Nobody else could approve of it, so nobody has to: %s export download %.*s FILE\n", cli->program,
		       SPRINT(id));
	return OK;
}

/* Its 202 says that it waits; client_call() would take it for a call that is to be repeated. */
static enum err
ask_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(buf_release) struct buf body = { .max = LIMIT_BODY_BYTES };
	struct ask ask = { .method = "POST", .path = "/v1/exports" };
	struct answer answer;

	if (!arg_given(args, "reason"))
		return complain(cli, EXIT_USAGE, "export ask: --reason says what it is for");
	put_ask(args, &body);
	ask.body = buf_str(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_try(job, client, &ask, &answer));
	if (answer.status != 202)
		return client_refused(job, client, &answer);
	if (!cli->json)
		return say_asked(job, cli, answer.body);
	say_line(stdout, answer.body);
	return OK;
}

const struct command command_export_ask = {
	.operands = "PURPOSE",
	.about = "Asks for the data of everybody whom a purpose covers. Somebody else has to approve of it, signed in, within "
	         "an hour; then it is fetched once. Who is in it is found out when it is fetched, and stands in the audit log.",
	.examples = "valv export ask newsletter --channel post --fields name,address --format csv \\\n"
	            "    --reason 'The printed letter of the spring'",
	OPTIONS(ask_options),
	.remote = true,
	.run = ask_run,
};

/* --- list ------------------------------------------------------------------------------------- */

static enum err
list_row(struct job *job, struct table *table, struct json row)
{
	static const char *const members[] = { "id", "state", "purpose", "channel", "format", "asked_at" };
	int64_t persons = 0;
	str text;

	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, row, members[i], &text));
		table_cell(table, !text.len ? S("-") : i == 5 ? time_short(job, text) : text);
	}
	TRY(json_i64(job, row, "persons", 0, INT64_MAX, &persons, NULL));
	table_number(table, persons);
	return OK;
}

static const struct option list_options[] = {
	PAGED_OPTION,
};

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID", "STATE", "PURPOSE", "CHANNEL", "FORMAT", "ASKED", ">PERSONS", NULL };

	return paged_run(job, cli, args,
	                 &(struct paged){ .path = "/v1/exports", .member = "exports", .heading = heading, .row = list_row });
}

const struct command command_export_list = {
	.about = "The exports of many persons, newest first: who asked and approved, and what became of them.",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

/* --- download --------------------------------------------------------------------------------- */

struct file {
	const char *name;
	int fd;
	bool failed;
};

static bool
file_put(void *ctx, bytes piece)
{
	struct file *file = ctx;

	while (piece.len && !file->failed) {
		ssize_t put = write(file->fd, piece.ptr, piece.len);
		if (put < 0 && errno == EINTR)
			continue;
		file->failed = put <= 0;
		if (put > 0)
			piece = (bytes){ piece.ptr + put, piece.len - (size_t)put };
	}
	return !file->failed;
}

/* What is not whole is not left lying about. */
static void
file_end(struct file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	unlink(file->name);
}

static enum err
link_get(struct job *job, struct client *client, const char *id, const char **ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST", .path = client_path(job, "/v1/exports/", id, "/link") };
	struct answer answer;
	struct json root;
	str link;

	TRY(client_call(job, client, &ask, &answer));
	TRY(json_parse(job, answer.body, &document, &root));
	TRY(text_member(job, root, "link", &link));
	*ret = arena_c(&job->arena, link);
	return OK;
}

static enum err
download_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(file_end) struct file file = { .name = args->operand[1], .fd = -1 };
	struct ask ask = { .method = "POST", .sink = file_put, .sink_ctx = &file };
	struct answer answer;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	file.fd = open(file.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file.fd < 0)
		return complain(cli, EXIT_REFUSED, "%s cannot be made: %s", file.name, strerror(errno));
	TRY(link_get(job, client, args->operand[0], &ask.path));
	TRY(client_try(job, client, &ask, &answer));
	if (answer.status != 200)
		return complain(cli, EXIT_REFUSED, "the link was used or ended meanwhile: ask for the export again");
	if (file.failed || fsync(file.fd))
		return complain(cli, EXIT_REFUSED, "%s cannot be written: %s", file.name, strerror(errno));
	close(file.fd);
	file.fd = -1; /* it stays */
	return OK;
}

const struct command command_export_download = {
	.operands = "ID FILE",
	.about = "Fetches an export that was approved into a new file, readable for its owner only. That can be done once. If it "
	         "ends before all is there, because somebody who stood behind it left or the server stopped, nothing is kept.",
	.examples = "valv export download 0198c0de-7d3a-7b7e-9c0d-6f6c2f1c8a11 spring.csv",
	.remote = true,
	.run = download_run,
};
