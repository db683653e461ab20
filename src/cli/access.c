/* cli/access.c -- `valv subject access|export`: what a person asks to see, and to take along. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/words.h"
#include "os/file.h"

#define PARTS_MAX 1000

/* FILE for the first part, FILE.2 and so on for the next; personal data, so for the owner alone. */
static enum err
part_write(struct job *job, struct cli *cli, const char *file, int part, str body)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	if (!file) {
		if (fwrite(body.ptr, 1, body.len, stdout) != body.len)
			return complain(cli, EXIT_REFUSED, "standard output cannot be written");
		return OK;
	}
	buf_put(&path, str_from_c(file));
	if (part > 1) {
		buf_char(&path, '.');
		buf_dec(&path, part);
	}
	if (!buf_ok(&path) || file_replace(job, arena_c(&job->arena, buf_str(&path)), 0600, str_bytes(body)))
		return complain(cli, EXIT_REFUSED, "%s cannot be written", file);
	if (!cli->json)
		printf("Written: %.*s\n", SPRINT(buf_str(&path)));
	return OK;
}

static void
ask_fill(struct request_body *body, const struct args *args, const char *after)
{
	request_option(body, args, "format", "format");
	request_option(body, args, "language", "language");
	if (arg_given(args, "link"))
		json_pair_str(&body->out, S("delivery"), S("link"));
	request_option(body, args, "expires", "expires_in");
	request_option(body, args, "request", "request");
	if (after)
		json_pair_str(&body->out, S("after"), str_from_c(after));
}

/* One part; *after becomes where the next begins, or NULL. */
static enum err
access_part(struct job *job, struct cli *cli, const struct args *args, struct client *client, int part,
            const char **after)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], "/access") };
	struct answer answer;

	request_begin(&body);
	ask_fill(&body, args, *after);
	ask.body = request_text(&body);
	TRY(client_call(job, client, &ask, &answer));
	*after = answer.next.len ? arena_c(&job->arena, answer.next) : NULL;
	return part_write(job, cli, arg_c(args, "out"), part, answer.body);
}

static enum err
access_inline(struct job *job, struct cli *cli, const struct args *args, struct client *client)
{
	const char *after = NULL;

	for (int part = 1; part <= PARTS_MAX; part++) {
		TRY(access_part(job, cli, args, client, part, &after));
		if (!after)
			return OK;
		if (!arg_given(args, "out"))
			return complain(cli, EXIT_REFUSED,
			                "subject access: there is more than one part takes; name a file with "
			                "--out, and each part gets one");
	}
	return complain(cli, EXIT_REFUSED, "subject access: there are more parts than it can be");
}

/* A link for each part, one on each line. */
static enum err
link_part(struct job *job, struct cli *cli, const struct args *args, struct client *client,
          const char **after)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], "/access") };
	struct json root;
	str link, expires, next = S("");

	request_begin(&body);
	ask_fill(&body, args, *after);
	ask.body = request_text(&body);
	*after = NULL;
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_need_str(job, root, "link", 256, &link));
	TRY(json_need_str(job, root, "expires_at", 64, &expires));
	TRY(json_str(job, root, "next", 64, &next, NULL));
	printf("%s%.*s  (works once, until %.*s)\n",
	       arg_given(args, "url") ? arg_c(args, "url") : "", SPRINT(link), SPRINT(expires));
	*after = next.len ? arena_c(&job->arena, next) : NULL;
	return OK;
}

static enum err
access_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	const char *after = NULL;

	TRY(input_id(cli, args->operand[0]));
	if (arg_given(args, "link") && arg_given(args, "out"))
		return complain(cli, EXIT_USAGE, "subject access: --link leaves nothing to be written to --out");
	if (arg_given(args, "expires") && !arg_given(args, "link"))
		return complain(cli, EXIT_USAGE, "subject access: --expires goes with --link");
	TRY(client_open(job, cli, args, &client));
	if (!arg_given(args, "link"))
		return access_inline(job, cli, args, client);
	do
		TRY(link_part(job, cli, args, client, &after));
	while (after);
	return OK;
}

static const struct option access_options[] = {
	{ "format", "FORMAT", "json unless said; html is one page to read and print.", .words = "json csv html" },
	{ "language", "LANGUAGE",
	  "Of its texts; that of the words the person was shown last, unless said.", .words = "sv en" },
	{ "out", "FILE", "Write it there, readable by you alone; further parts to FILE.2 and so on." },
	{ "link", NULL, "Keep it encrypted on the server, and print the path of a page where it is fetched, once." },
	{ "expires", "DURATION", "How long the link works, as P7D (which it is unless said); at most 30 days." },
	REQUEST_OPTION,
};

const struct command command_subject_access = {
	.operands = "ID",
	.about = "Everything held about a person, for the person (Article 15): values, grounds, what "
	         "they said, the words shown, decisions, recipients, and who looked. That it was made "
	         "is recorded.",
	.examples = "valv subject access ID --format html --language sv --out package.html\n"
	            "valv subject access ID --format html --link --expires P3D",
	OPTIONS(access_options),
	.remote = true,
	.run = access_run,
};

/* --- export ----------------------------------------------------------------------------------- */

static enum err
export_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/subjects/", args->operand[0], "/export") };
	struct answer answer;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	request_option(&body, args, "format", "format");
	request_option(&body, args, "language", "language");
	request_option(&body, args, "request", "request");
	ask.body = request_text(&body);
	TRY(client_call(job, client, &ask, &answer));
	return part_write(job, cli, arg_c(args, "out"), 1, answer.body);
}

static const struct option export_options[] = {
	{ "format", "FORMAT", "json unless said.", .words = "json csv vcard" },
	{ "language", "LANGUAGE", "Of the titles of fields.", .words = "sv en" },
	{ "out", "FILE", "Write it there, readable by you alone." },
	REQUEST_OPTION,
};

const struct command command_subject_export = {
	.operands = "ID",
	.about = "What a person may take along (Article 20): what they gave, or what was observed of "
	         "their use, on consent or contract. That it was made is recorded.",
	.examples = "valv subject export ID --format vcard --out card.vcf",
	OPTIONS(export_options),
	.remote = true,
	.run = export_run,
};
