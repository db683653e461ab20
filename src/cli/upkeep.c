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

#define DAYS_MAX 366
#define FIELDS_MAX 500
#define PURPOSES_MAX 300

static const struct option sweep_options[] = {
	{ "dry-run", NULL, "Change nothing: count what is due, or will be (--days)." },
	{ "days", "N", "With --dry-run: what will be erased in so many days if nothing happens, at most 366." },
};

static enum err
purpose_row(struct job *job, struct table *table, str day, struct json purpose)
{
	OWNED(buf_release) struct buf fields = { .max = 65536 };
	struct json list;
	str name;

	TRY(text_member(job, purpose, "purpose", &name));
	TRY(json_array(job, purpose, "fields", FIELDS_MAX, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json field = json_element(job, list, i);
		long long values;
		str text;
		TRY(text_member(job, field, "field", &text));
		TRY(number(job, field, "values", &values));
		buf_put(&fields, i ? S(", ") : S(""));
		buf_put(&fields, text);
		buf_char(&fields, ' ');
		buf_dec(&fields, values);
	}
	table_cell(table, day);
	table_cell(table, name.len ? name : S("(a hold)"));
	for (size_t i = 0; i < 2; i++) {
		long long count;
		TRY(number(job, purpose, i ? "values" : "persons", &count));
		table_number(table, count);
	}
	table_cell(table, buf_str(&fields));
	return OK;
}

static enum err
preview_table(struct job *job, struct json root)
{
	static const char *const heading[] = { "DAY", "PURPOSE", ">PERSONS", ">VALUES", "OF WHICH FIELDS", NULL };
	struct json days, purposes;
	struct table table;
	str day;

	TRY(json_array(job, root, "days", DAYS_MAX + 2, &days));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(days); i++) {
		struct json of_day = json_element(job, days, i);
		TRY(text_member(job, of_day, "day", &day));
		TRY(json_array(job, of_day, "purposes", PURPOSES_MAX, &purposes));
		for (size_t n = 0; n < json_count(purposes); n++)
			TRY(purpose_row(job, &table, day, json_element(job, purposes, n)));
	}
	if (json_count(days))
		table_print(&table, true);
	return OK;
}

static enum err
preview_print(struct job *job, struct json root, uint64_t days)
{
	long long persons, values, emptied, failed;

	TRY(number(job, root, "persons", &persons));
	TRY(number(job, root, "values", &values));
	TRY(number(job, root, "emptied", &emptied));
	TRY(number(job, root, "failed", &failed));
	TRY(preview_table(job, root));
	if (days)
		printf("%sIn %llu days, if nothing happens, %lld values of %lld persons are erased; %lld of "
		       "them have nothing left then.\n",
		       values ? "\n" : "", (unsigned long long)days, values, persons, emptied);
	else
		printf("%s%lld values of %lld persons are due now; nothing was changed.\n",
		       values ? "\n" : "", values, persons);
	if (failed)
		printf("%lld records could not be read: valv verify.\n", failed);
	return OK;
}

static enum err
preview_run(struct job *job, struct cli *cli, const struct args *args, uint64_t days)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/admin/sweep/preview" };
	struct json root;

	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	json_pair_i64(&body.out, S("days"), (int64_t)days);
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : preview_print(job, root, days);
}

static enum err
sweep_now(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST", .path = "/v1/admin/sweep" };
	long long persons, gone;
	struct json root;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(number(job, root, "persons", &persons));
	TRY(number(job, root, "values_gone", &gone));
	printf("%lld persons had a ground whose time is over; %lld values were erased.\n", persons, gone);
	return OK;
}

static enum err
sweep_run(struct job *job, struct cli *cli, const struct args *args)
{
	uint64_t days = 0;

	TRY(operator_only(cli, args));
	TRY(arg_number(cli, args, "days", DAYS_MAX, &days));
	if (arg_given(args, "dry-run"))
		return preview_run(job, cli, args, days);
	if (arg_given(args, "days"))
		return complain(cli, EXIT_USAGE, "sweep: --days goes with --dry-run");
	return sweep_now(job, cli, args);
}

const struct command command_sweep = {
	.about = "The server does this by itself once a minute. With --dry-run nothing is changed: by day and "
	         "purpose, what loses its last ground, which is exact for as long as nothing else happens.",
	.examples = "valv sweep --dry-run\n"
	            "valv sweep --dry-run --days 30",
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
