/* cli/ends.c -- `valv subject ended`: contracts that ended, a list of them, by the company's own reference. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/lines.h"
#include "cli/request.h"
#include "cli/say.h"

static const struct option options[] = {
	{ "purpose", "PURPOSE", "What the ground was for, as order; needed." },
	{ "field", "FIELD", "The references are values of this field, as customer_no; ids of persons unless said." },
	{ "at", "TIME", "When it ended, where a line does not say; now unless said." },
};

struct tally {
	uint64_t line, recorded, before, refused;
};

/* REFERENCE, or REFERENCE, a tab and when. */
static void
line_put(struct request_body *body, const struct args *args, str line)
{
	str reference = line, rest = line;
	bool dated = eat_until(&rest, '\t', &reference);

	json_open(&body->out, '{');
	json_pair_str(&body->out, arg_given(args, "field") ? S("value") : S("subject"), str_trim(reference));
	if (dated)
		json_pair_str(&body->out, S("at"), str_trim(rest));
	else if (arg_given(args, "at"))
		json_pair_str(&body->out, S("at"), arg_str(args, "at"));
	json_close(&body->out, '}');
}

static void
body_put(struct request_body *body, const struct args *args, str lines)
{
	request_option(body, args, "purpose", "purpose");
	request_option(body, args, "field", "field");
	json_name(&body->out, S("ends"));
	json_open(&body->out, '[');
	while (lines.len) {
		str line;
		if (!eat_until(&lines, '\n', &line)) {
			line = lines;
			lines = S("");
		}
		line_put(body, args, line);
	}
	json_close(&body->out, ']');
}

static enum err
end_say(struct job *job, struct json end, struct tally *tally)
{
	struct json problem = json_member(job, end, "problem");
	bool changed = false;
	str detail;

	tally->line++;
	if (json_kind(problem) == JSON_ABSENT) {
		TRY(json_bool(job, end, "changed", &changed, NULL));
		tally->recorded += changed;
		tally->before += !changed;
		return OK;
	}
	tally->refused++;
	TRY(text_member(job, problem, "detail", &detail));
	fprintf(stderr, "line %llu: %.*s\n", (unsigned long long)tally->line, SPRINT(detail));
	return OK;
}

static enum err
piece_run(struct job *job, struct cli *cli, struct client *client, const struct args *args, str lines,
          struct tally *tally)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/grounds/ends" };
	struct json root, ends;
	struct answer answer;

	request_begin(&body);
	body_put(&body, args, lines);
	ask.body = request_text(&body);
	TRY(client_call(job, client, &ask, &answer));
	if (cli->json)
		say_line(stdout, answer.body);
	TRY(json_parse(job, answer.body, &document, &root));
	TRY(json_array(job, root, "ends", LIMIT_ENDS_CALL, &ends));
	for (size_t i = 0; i < json_count(ends); i++)
		TRY(end_say(job, json_element(job, ends, i), tally));
	return OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(lines_close) struct lines *lines = NULL;
	struct tally tally = { 0 };
	str piece;

	if (!arg_given(args, "purpose"))
		return complain(cli, EXIT_USAGE, "subject ended: --purpose is needed");
	TRY(client_open(job, cli, args, &client));
	TRY(lines_open(cli, args->operand[0], &lines));
	for (;;) {
		TRY(lines_next(cli, lines, LIMIT_BODY_BYTES / 4, LIMIT_ENDS_CALL, &piece));
		if (!piece.len)
			break;
		TRY(piece_run(job, cli, client, args, piece, &tally));
	}
	if (!cli->json)
		printf("%llu recorded, %llu had ended before, %llu refused.\n", (unsigned long long)tally.recorded,
		       (unsigned long long)tally.before, (unsigned long long)tally.refused);
	if (!tally.refused)
		return OK;
	cli->status = EXIT_REFUSED;
	return ERR_CONFLICT;
}

const struct command command_subject_ended = {
	.operands = "FILE",
	.about = "A contract ended, an account was closed: the retention of the ground counts from then. FILE has a "
	         "reference on each line, or a reference, a tab and when; - is standard input. A line that is "
	         "refused keeps no other from it, and the same list may be given again.",
	.examples = "valv subject ended --purpose order --field customer_no ended.txt\n"
	            "valv subject ended --purpose order --at 2026-10-31T23:00:00Z ids.txt",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
