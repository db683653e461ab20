/* cli/key.c -- `valv key create|list|revoke`. */
#include "base/limits.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/words.h"
#include "os/clock.h"
#include "os/file.h"

/* --- create ----------------------------------------------------------------------------------- */

static const struct option create_options[] = {
	{ "scope", "SCOPES", "What it may do, apart by commas; needed.", SCOPE_WORDS, true },
	{ "purpose", "PURPOSES", "For which purposes, apart by commas, or '*' for all; needed." },
	{ "expires", "PERIOD", "It ends by itself after this ISO 8601 duration, as P90D." },
	{ "to", "FILE",
	  "Write the key's text into this new file, for its owner alone, and not on the terminal." },
};

static enum err
key_body(struct job *job, struct cli *cli, const struct args *args, struct request_body *body)
{
	struct duration period;
	time_us expires_at;

	if (!arg_given(args, "scope") || !arg_given(args, "purpose"))
		return complain(
			cli, EXIT_USAGE,
			"key create: --scope and --purpose are needed: a key may do nothing else");
	json_pair_str(&body->out, S("name"), str_from_c(args->operand[0]));
	request_list(body, args, "scope", "scopes");
	if (str_eq(arg_str(args, "purpose"), S("*")))
		request_option(body, args, "purpose", "purposes");
	else
		request_list(body, args, "purpose", "purposes");
	if (!arg_given(args, "expires"))
		return OK;
	TRY(arg_duration(cli, args, "expires", &period));
	expires_at = time_add(os_now(), period);
	json_pair_time(&body->out, S("expires_at"), expires_at);
	return OK;
}

static enum err
key_give(struct job *job, struct cli *cli, const struct args *args, str id, str text)
{
	enum err err;

	if (!arg_given(args, "to")) {
		fprintf(stderr,
		        "The key %s has the id %.*s. This is its text; it is shown this once:\n",
		        args->operand[0], SPRINT(id));
		fflush(stderr);
		printf("%.*s\n", SPRINT(text));
		return OK;
	}
	err = file_create(job, arg_c(args, "to"), 0600, str_bytes(text));
	if (err)
		return complain(cli, EXIT_REFUSED,
		                "the key was made, but %s %s; its text is lost: valv key revoke "
				"%.*s, and make another",
		                arg_c(args, "to"),
		                err == ERR_CONFLICT ? "is there already" : "cannot be written",
		                SPRINT(id));
	printf("The key %s has the id %.*s; its text is in %s.\n", args->operand[0], SPRINT(id),
	       arg_c(args, "to"));
	return OK;
}

static enum err
create_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/keys" };
	struct json root;
	str id, text;

	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(key_body(job, cli, args, &body));
	if (arg_given(args, "to") && file_exists(arg_c(args, "to")))
		return complain(cli, EXIT_USAGE, "%s is there already; no key was made",
		                arg_c(args, "to"));
	if (arg_given(args, "to") && cli->json)
		return complain(cli, EXIT_USAGE, "key create: --to and --json exclude each other");
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "id", &id));
	TRY(text_member(job, root, "key", &text));
	return key_give(job, cli, args, id, text);
}

const struct command command_key_create = {
	.operands = "NAME",
	.about = "Makes a key for a program: what it may do, and for which purposes. Only its "
	         "hash is kept, so the text is given once; it goes into the header Authorization: "
	         "Bearer.",
	.examples = "valv key create shop --scope write,withdraw --purpose newsletter,order --to "
	            "shop.key\n"
	            "valv key create mailer --scope decide --purpose newsletter --expires P90D",
	OPTIONS(create_options),
	.remote = true,
	.run = create_run,
};

/* --- list ------------------------------------------------------------------------------------- */

static enum err
key_row(struct job *job, struct table *table, struct json key)
{
	str text, revoked_at, expires_at;

	TRY(text_member(job, key, "id", &text));
	table_cell(table, text);
	TRY(text_member(job, key, "name", &text));
	table_cell(table, text);
	TRY(text_member(job, key, "revoked_at", &revoked_at));
	TRY(text_member(job, key, "expires_at", &expires_at));
	table_cell(table, revoked_at.len ? S("revoked") : S("in use"));
	table_cell(table, expires_at.len ? time_short(job, expires_at) : S("-"));
	TRY(list_member(job, key, "scopes", &text));
	table_cell(table, text);
	TRY(list_member(job, key, "purposes", &text));
	table_cell(table, text);
	return OK;
}

static const struct option list_options[] = {
	PAGED_OPTION,
};

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID",     "NAME",     "STATE", "EXPIRES", "SCOPES", "PURPOSES", NULL };

	return paged_run(job, cli, args,
	                 &(struct paged){ .path = "/v1/keys", .member = "keys", .heading = heading, .row = key_row });
}

const struct command command_key_list = {
	.about = "All keys that were ever made, revoked ones too; never their texts.",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

/* --- revoke ----------------------------------------------------------------------------------- */

static enum err
revoke_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	struct ask ask = { .method = "DELETE",
		           .path = client_path(job, "/v1/keys/", args->operand[0], "") };
	struct answer answer;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	if (!cli->json)
		puts("Revoked: it is refused from now on, everywhere.");
	return OK;
}

const struct command command_key_revoke = {
	.operands = "ID",
	.about = "Holds for the next request, everywhere. Revoking a revoked key is fine.",
	.examples = "valv key revoke 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	.remote = true,
	.run = revoke_run,
};
