/* cli/outbox.c -- `valv outbox list|show|claim|done|retry|delivery`: what leaves. */
#include "base/limits.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"

#define SAID_WORDS "done impossible disproportionate returned"

/* --- list and show ---------------------------------------------------------------------------- */

static enum err
outbox_row(struct job *job, struct table *table, struct json row)
{
	static const char *const members[] = { "kind", "recipient", "via", "state", "outcome" };
	int64_t tries = 0;
	str text;

	TRY(text_member(job, row, "id", &text));
	table_cell(table, text);
	TRY(text_member(job, row, "made_at", &text));
	table_cell(table, time_short(job, text));
	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, row, members[i], &text));
		table_cell(table, text.len ? text : S("-"));
	}
	TRY(json_i64(job, row, "tries", 0, INT64_MAX, &tries, NULL));
	table_number(table, tries);
	TRY(text_member(job, row, "due_at", &text));
	table_cell(table, text.len ? time_short(job, text) : S("-"));
	return OK;
}

static const struct option list_options[] = {
	PAGED_OPTION,
};

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID",    "MADE",    "OF",     "TO",  "VIA", "STATE", "OUTCOME", ">TRIES", "DUE", NULL };

	return paged_run(job, cli, args,
	                 &(struct paged){ .path = "/v1/outbox", .member = "outbox", .heading = heading, .row = outbox_row });
}

const struct command command_outbox_list = {
	.about = "Notices to recipients and replies to persons, oldest first: where each stands, how often "
	         "it was tried and when it is tried again. What they say is only shown by valv outbox "
	         "show.",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

static enum err
outline(struct job *job, struct cli *cli, const struct args *args, const struct ask *ask)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, ask, &document, &root));
	return cli->json ? OK : say_outline(job, root, 0);
}

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	TRY(input_id(cli, args->operand[0]));
	return outline(job, cli, args,
	               &(struct ask){ .method = "GET",
	                              .path = client_path(job, "/v1/outbox/", args->operand[0], "") });
}

const struct command command_outbox_show = {
	.operands = "ID",
	.about = "One of them with what it says. That is destroyed when it is delivered, and 30 days "
	         "after the day it was made at the latest.",
	.examples = "valv outbox show 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	.remote = true,
	.run = show_run,
};

/* --- taking ----------------------------------------------------------------------------------- */

static const struct option claim_options[] = {
	{ "max", "N", "At most so many, up to 100; 10 unless said." },
	{ "seconds", "N", "For so long nobody else gets them; 600 unless said." },
};

static enum err
claim_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/outbox/claim" };
	uint64_t max = 10, seconds = 600;

	request_begin(&body);
	TRY(arg_number(cli, args, "max", LIMIT_CLAIM, &max));
	TRY(arg_number(cli, args, "seconds", LIMIT_CLAIM_SECONDS, &seconds));
	json_pair_i64(&body.out, S("max"), (int64_t)max);
	json_pair_i64(&body.out, S("seconds"), (int64_t)seconds);
	ask.body = request_text(&body);
	return outline(job, cli, args, &ask);
}

const struct command command_outbox_claim = {
	.about = "Takes letters and replies that no webhook carries, to be sent by hand or by a program. "
	         "Say what became of each with valv outbox done and the lease that is printed; what was "
	         "not said within the time is for others to take.",
	.examples = "valv outbox claim --max 50 --json",
	OPTIONS(claim_options),
	.remote = true,
	.run = claim_run,
};

static const struct option done_options[] = {
	{ "lease", "LEASE", "As the claim gave it; needed." },
	{ "outcome", "OUTCOME", "done unless said; impossible and disproportionate are those of Article 19.",
	  SAID_WORDS },
};

static enum err
done_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/outbox/", args->operand[0], "/done") };
	struct json root;
	str state;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	if (!arg_given(args, "lease"))
		return complain(cli, EXIT_USAGE, "outbox done: --lease is needed");
	request_option(&body, args, "lease", "lease");
	json_pair_str(&body.out, S("outcome"), arg_given(args, "outcome") ? arg_str(args, "outcome") : S("done"));
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "state", &state));
	printf("It is %.*s.\n", SPRINT(state));
	return OK;
}

const struct command command_outbox_done = {
	.operands = "ID",
	.about = "Says what became of a letter or reply that was taken.",
	.examples = "valv outbox done ID --lease LEASE\n"
	            "valv outbox done ID --lease LEASE --outcome impossible",
	OPTIONS(done_options),
	.remote = true,
	.run = done_run,
};

static enum err
retry_run(struct job *job, struct cli *cli, const struct args *args)
{
	TRY(input_id(cli, args->operand[0]));
	return outline(job, cli, args,
	               &(struct ask){ .method = "POST",
	                              .path = client_path(job, "/v1/outbox/", args->operand[0], "/retry") });
}

const struct command command_outbox_retry = {
	.operands = "ID",
	.about = "Tries again now, with all tries anew, through the webhook if there is one.",
	.examples = "valv outbox retry 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	.remote = true,
	.run = retry_run,
};

/* --- delivery --------------------------------------------------------------------------------- */

static const struct option delivery_options[] = {
	{ "on", NULL, "Let things leave." },
	{ "off", NULL, "Let nothing leave." },
	{ "release", NULL, "Send also what was queued when the store was restored." },
	{ "allow", "NETWORKS",
	  "Prefixes beside the public internet that webhooks may be on, apart by commas, as 10.1.2.0/24; "
	  "none allows none." },
};

static enum err
delivery_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/delivery" };

	request_begin(&body);
	if (arg_given(args, "on") && arg_given(args, "off"))
		return complain(cli, EXIT_USAGE, "--on and --off exclude each other");
	if (arg_given(args, "on") || arg_given(args, "off"))
		json_pair_bool(&body.out, S("on"), arg_given(args, "on"));
	request_flag(&body, args, "release", "release");
	if (str_eq(arg_str(args, "allow"), S("none"))) {
		json_name(&body.out, S("networks"));
		json_open(&body.out, '[');
		json_close(&body.out, ']');
	} else {
		request_list(&body, args, "allow", "networks");
	}
	ask.body = request_text(&body);
	return outline(job, cli, args, &ask);
}

const struct command command_outbox_delivery = {
	.about = "Whether anything leaves, and how much waits. A restored store sends nothing until an "
	         "operator turns delivery on, and what was queued in it only once it is released: the "
	         "store that it was copied from may have sent it.\n"
	         "Webhooks go to the public internet over TLS, port 443. Networks of your own are allowed "
	         "by name, at any port and without TLS too. Only on the server's own machine.",
	.examples = "valv outbox delivery\n"
	            "valv outbox delivery --on --release\n"
	            "valv outbox delivery --allow 10.1.2.0/24",
	OPTIONS(delivery_options),
	.remote = true,
	.run = delivery_run,
};
