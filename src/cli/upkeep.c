/* cli/upkeep.c -- `valv rotate|sweep|verify`: what an operator does to the whole vault. */
#include "cli/client.h"
#include "cli/request.h"
#include "cli/say.h"

#define FINDINGS_MAX 1000

static enum err
number(struct job *job, struct json object, const char *name, long long *ret)
{
	int64_t value = 0;

	TRY(json_i64(job, object, name, 0, INT64_MAX, &value, NULL));
	*ret = value;
	return OK;
}

static enum err
operator_only(struct cli *cli, const struct args *args)
{
	if (!arg_given(args, "url"))
		return OK;
	return complain(cli, EXIT_USAGE,
	                "%s is for operators: on the server's own machine, without --url",
	                args->of->name);
}

/* --- rotate ----------------------------------------------------------------------------------- */

static enum err
rotate_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	long long epoch, rewrapped;
	struct json root;

	TRY(operator_only(cli, args));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "POST", .path = "/v1/admin/rotate" },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(number(job, root, "epoch", &epoch));
	TRY(number(job, root, "rewrapped", &rewrapped));
	printf("Everything is wrapped by epoch %lld; %lld key sets were wrapped again, and the "
	       "epochs before it\n"
	       "are destroyed.\n",
	       epoch, rewrapped);
	return OK;
}

const struct command command_rotate = {
	.about = "Turns the keys over to a new epoch while serving, wraps every key set again, "
	         "and destroys the old epoch: keys in copies made before can then no longer be "
	         "opened with it. After an interruption, run it again.",
	.remote = true,
	.run = rotate_run,
};

/* --- sweep ------------------------------------------------------------------------------------ */

static const struct option sweep_options[] = {
	{ "dry-run", NULL, "Only count who is due." },
};

static enum err
sweep_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/sweep" };
	bool dry_run = arg_given(args, "dry-run"), more = false;
	long long persons, gone;
	struct json root;

	request_begin(&body);
	TRY(operator_only(cli, args));
	TRY(client_open(job, cli, args, &client));
	request_flag(&body, args, "dry-run", "dry_run");
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(number(job, root, "persons", &persons));
	TRY(number(job, root, "values_gone", &gone));
	TRY(json_bool(job, root, "more", &more, NULL));
	if (dry_run)
		printf("%s%lld persons have a ground whose time is over; nothing was changed.\n",
		       more ? "At least " : "", persons);
	else
		printf("%lld persons had a ground whose time is over; %lld values were erased.\n",
		       persons, gone);
	return OK;
}

const struct command command_sweep = {
	.about = "The server does this by itself once a minute.",
	.examples = "valv sweep --dry-run",
	OPTIONS(sweep_options),
	.remote = true,
	.run = sweep_run,
};

/* --- verify ----------------------------------------------------------------------------------- */

static enum err
finding_print(struct job *job, struct json finding)
{
	long long count;
	str text, subjects;

	TRY(text_member(job, finding, "finding", &text));
	TRY(number(job, finding, "count", &count));
	TRY(list_member(job, finding, "subjects", &subjects));
	printf("  %lld: ", count);
	say_text(stdout, text);
	printf("\n     %.*s\n", SPRINT(subjects));
	return OK;
}

static enum err
verify_print(struct job *job, struct cli *cli, struct json root)
{
	long long persons, values, acts, entries;
	struct json findings;

	TRY(number(job, root, "persons", &persons));
	TRY(number(job, root, "values", &values));
	TRY(number(job, root, "acts", &acts));
	TRY(number(job, root, "entries", &entries));
	TRY(json_array(job, root, "findings", FINDINGS_MAX, &findings));
	printf("Read: %lld persons, %lld values, %lld acts, %lld audit entries.\n", persons, values,
	       acts, entries);
	if (!json_count(findings)) {
		puts("All of it is what the ledgers and the audit log say.");
		return OK;
	}
	say_red(stdout, "Found:\n");
	for (size_t i = 0; i < json_count(findings); i++)
		TRY(finding_print(job, json_element(job, findings, i)));
	return complain(cli, EXIT_REFUSED, "the store is not what it must be");
}

static enum err
verify_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST", .path = "/v1/admin/verify" };
	struct answer answer;
	struct json root;

	TRY(operator_only(cli, args));
	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	TRY(json_parse(job, answer.body, &document, &root));
	if (!cli->json)
		return verify_print(job, cli, root);
	say_line(stdout, answer.body);
	cli->status = json_count(json_member(job, root, "findings")) ? EXIT_REFUSED : EXIT_OK;
	return cli->status ? ERR_CORRUPT : OK;
}

const struct command command_verify = {
	.about = "Reads every person, opens every section, folds every ledger again, and says "
	         "where the store is not what the ledgers and the audit log say: rows put back "
	         "from the past, sections moved or changed, values without a ground. Exits with 1 "
	         "when something is found.",
	.remote = true,
	.run = verify_run,
};
