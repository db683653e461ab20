/* cli/staff.c -- `valv staff list|add|roles|end|return`, `valv role list`, `valv approval list`, `valv access-review`. */
#include "base/limits.h"
#include "cli/input.h"
#include "cli/paged.h"
#include "cli/request.h"
#include "cli/say.h"

/* --- staff list ------------------------------------------------------------------------------- */

static enum err
roles_text(struct job *job, struct json row, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 2048 };
	struct json list;
	str name;

	TRY(json_array(job, row, "roles", 3 * LIMIT_STAFF_ROLES, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(text_member(job, json_element(job, list, i), "role", &name));
		if (i)
			buf_put(&text, S(", "));
		buf_put(&text, name);
	}
	*ret = text.len ? arena_str(&job->arena, buf_str(&text)) : S("-");
	return OK;
}

static enum err
staff_row(struct job *job, struct table *table, struct json row)
{
	static const char *const members[] = { "id", "user_name", "state" };
	str text;

	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, row, members[i], &text));
		table_cell(table, text);
	}
	TRY(roles_text(job, row, &text));
	table_cell(table, text);
	TRY(text_member(job, row, "used_at", &text));
	table_cell(table, text.len ? time_short(job, text) : S("-"));
	return OK;
}

static const struct option list_options[] = {
	PAGED_OPTION,
};

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID", "NAME", "STATE", "ROLES", "LAST USED", NULL };

	return paged_run(job, cli, args,
	                 &(struct paged){ .path = "/v1/staff", .member = "staff", .heading = heading, .row = staff_row });
}

const struct command command_staff_list = {
	.about = "All staff accounts, those that were ended too.",
	OPTIONS(list_options),
	.remote = true,
	.run = list_run,
};

/* --- staff add -------------------------------------------------------------------------------- */

static const struct option add_options[] = {
	{ "display-name", "TEXT", "The person's name." },
	{ "email", "ADDRESS", "For messages; never tells who somebody is." },
	{ "issuer", "URL", "The identity provider that says who it is; this vault itself unless said." },
	{ "subject", "TEXT", "What that provider calls the person; goes with --issuer." },
	{ "language", "CODE", "sv or en." },
};

static enum err
add_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/staff" };
	struct json root;
	str id, state;

	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	json_pair_str(&body.out, S("user_name"), str_from_c(args->operand[0]));
	request_option(&body, args, "display-name", "display_name");
	request_option(&body, args, "email", "email");
	request_option(&body, args, "issuer", "issuer");
	request_option(&body, args, "subject", "subject");
	request_option(&body, args, "language", "language");
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "id", &id));
	TRY(text_member(job, root, "state", &state));
	printf("The account %.*s is %.*s. It has no role yet: valv staff roles %.*s --role NAME\n", SPRINT(id),
	       SPRINT(state), SPRINT(id));
	return OK;
}

const struct command command_staff_add = {
	.operands = "NAME",
	.about = "Makes a staff account with this name to sign in with. Without a role it may do nothing.",
	.examples = "valv staff add maja.prov --display-name 'Maja Prov' --email maja@example.com\n"
	            "valv staff add stina --issuer https://login.example --subject 00u1a2b3",
	OPTIONS(add_options),
	.remote = true,
	.run = add_run,
};

/* --- staff roles ------------------------------------------------------------------------------ */

static const struct option roles_options[] = {
	{ "role", "NAMES", "All roles that they have from now on, apart by commas; none: they may do nothing." },
	{ "purpose", "PURPOSES", "For which purposes, apart by commas; for all unless said." },
};

/* One after the other, apart by commas. */
static void
purposes_put(struct json_out *out, const struct args *args)
{
	str rest = arg_str(args, "purpose"), one;

	json_name(out, S("purposes"));
	if (!arg_given(args, "purpose") || str_eq(rest, S("*"))) {
		json_put_str(out, S("*"));
		return;
	}
	json_open(out, '[');
	while (rest.len) {
		if (!eat_until(&rest, ',', &one)) {
			one = rest;
			rest = S("");
		}
		json_put_str(out, str_trim(one));
	}
	json_close(out, ']');
}

static void
roles_put(struct json_out *out, const struct args *args)
{
	str rest = arg_str(args, "role"), one;

	json_name(out, S("roles"));
	json_open(out, '[');
	while (rest.len) {
		if (!eat_until(&rest, ',', &one)) {
			one = rest;
			rest = S("");
		}
		json_open(out, '{');
		json_pair_str(out, S("role"), str_trim(one));
		purposes_put(out, args);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static enum err
roles_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "PUT", .path = client_path(job, "/v1/staff/", args->operand[0], "/roles") };
	struct json root;
	str roles;

	TRY(input_id(cli, args->operand[0]));
	request_begin(&body);
	TRY(client_open(job, cli, args, &client));
	roles_put(&body.out, args);
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(roles_text(job, root, &roles));
	printf("Roles from the next request on: %.*s\n", SPRINT(roles));
	return OK;
}

const struct command command_staff_roles = {
	.operands = "ID",
	.about = "Says which roles somebody has, in place of those they had; valv role list has their names.",
	.examples = "valv staff roles 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b --role marketer --purpose newsletter,offers",
	OPTIONS(roles_options),
	.remote = true,
	.run = roles_run,
};

/* --- staff end, return ------------------------------------------------------------------------ */

static enum err
ended_say(struct job *job, struct json root)
{
	static const char *const what[] = { "sessions", "keys",     "approvals", "exceptions",
		                            "links",    "webhooks", "roles",     "credentials" };

	fputs("Ended, everywhere:", stdout);
	for (size_t i = 0; i < COUNT(what); i++) {
		int64_t count = 0;
		TRY(json_i64(job, root, what[i], 0, INT64_MAX, &count, NULL));
		printf("%s %lld %s", i ? "," : "", (long long)count, what[i]);
	}
	puts(".");
	return OK;
}

static enum err
end_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "POST", .path = client_path(job, "/v1/staff/", args->operand[0], "/end") };
	struct json root;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : ended_say(job, root);
}

const struct command command_staff_end = {
	.operands = "ID",
	.about = "Somebody leaves: sessions, keys, approvals, links, webhooks, roles and ways to sign in end before this returns, "
	         "everywhere. The account itself stays, for the log.",
	.examples = "valv staff end 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b",
	.remote = true,
	.run = end_run,
};

static enum err
return_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	struct ask ask = { .method = "POST", .path = client_path(job, "/v1/staff/", args->operand[0], "/return") };
	struct answer answer;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	if (!cli->json)
		puts("The account can be used again. It has no roles, no keys and no way to sign in yet.");
	return OK;
}

const struct command command_staff_return = {
	.operands = "ID",
	.about = "Somebody comes back. Nothing of what they had before is good again.",
	.remote = true,
	.run = return_run,
};

/* --- roles, approvals, the review ------------------------------------------------------------- */

static enum err
role_list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ROLE", "WHAT IT IS FOR", NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, list;
	struct table table;
	str text;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/roles" }, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "roles", 2 * LIMIT_ROLES, &list));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(text_member(job, json_element(job, list, i), "name", &text));
		table_cell(&table, text);
		TRY(text_member(job, json_element(job, list, i), "title", &text));
		table_cell(&table, text);
	}
	table_print(&table, true);
	return OK;
}

const struct command command_role_list = {
	.about = "The roles: the built-in ones, and the company's own. --json has what each gives, line by line.",
	.remote = true,
	.run = role_list_run,
};

static const struct option approval_options[] = {
	{ "waiting", NULL, "Only what still waits for somebody." },
};

static enum err
approval_list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID", "STATE", "ASKED", "WHAT", NULL };
	static const char *const members[] = { "id", "state", "asked_at", "summary" };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = arg_given(args, "waiting") ? "/v1/approvals?waiting=true&limit=1000"
		                                                               : "/v1/approvals?limit=1000" };
	struct json root, list;
	struct table table;
	str text;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "approvals", LIMIT_PAGE, &list));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++)
		for (size_t n = 0; n < COUNT(members); n++) {
			TRY(text_member(job, json_element(job, list, i), members[n], &text));
			table_cell(&table, n == 2 ? time_short(job, text) : text);
		}
	table_print(&table, true);
	return OK;
}

const struct command command_approval_list = {
	.about = "What takes two people, newest first: who asked repeats the command with --approval ID once somebody else has "
	         "approved, who does that signed in.",
	OPTIONS(approval_options),
	.remote = true,
	.run = approval_list_run,
};

static enum err
review_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	struct ask ask = { .method = "GET", .path = "/v1/access-review" };
	struct answer answer;

	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	say_line(stdout, answer.body);
	return OK;
}

const struct command command_access_review = {
	.about = "Who has what and used it when, as signed JSON for whoever reviews it.",
	.examples = "valv access-review > review.json\n"
	            "jq -cSj 'del(.signature)' review.json | sha256sum   # stands in the note of .signature",
	.remote = true,
	.run = review_run,
};
