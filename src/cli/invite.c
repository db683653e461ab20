/* cli/invite.c -- `valv staff invite`: an account, and the one-time link by which its person opens it. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/request.h"
#include "cli/say.h"

#define PAGE 200

static const struct option options[] = {
	{ "role", "ROLE", "Make the account with this role, for all purposes; administrator for the first." },
	{ "name", "NAME", "The person's name, for a new account." },
	{ "hours", "N", "How long the link is good; 48 unless said, and at most." },
	{ "reset", NULL,
	  "The account is in use: all that its person signs in with, and their sessions, end now." },
};

struct account {
	str id, state;
};

/* Not by client_json(): with --json only the link is printed. */
static enum err
call_json(struct job *job, struct client *client, const struct ask *ask, struct json_document **document,
          struct json *ret)
{
	struct answer answer;

	TRY(client_call(job, client, ask, &answer));
	json_free(document);
	return json_parse(job, answer.body, document, ret);
}

static enum err
account_in(struct job *job, struct json list, str user_name, struct account *ret)
{
	str name;

	for (size_t i = 0; i < json_count(list); i++) {
		struct json one = json_element(job, list, i);
		TRY(text_member(job, one, "user_name", &name));
		if (!str_eq_fold(name, user_name))
			continue;
		TRY(text_member(job, one, "id", &ret->id));
		TRY(text_member(job, one, "state", &ret->state));
	}
	return OK;
}

static enum err
account_find(struct job *job, struct client *client, str user_name, struct account *ret)
{
	str after = S("");
	char path[96];

	*ret = (struct account){ .id = S("") };
	do {
		OWNED(json_free) struct json_document *document = NULL;
		struct json root, list;

		snprintf(path, sizeof(path), "/v1/staff?limit=%d%s%.*s", PAGE, after.len ? "&after=" : "", SPRINT(after));
		TRY(call_json(job, client, &(struct ask){ .method = "GET", .path = path }, &document, &root));
		TRY(json_array(job, root, "staff", PAGE, &list));
		TRY(account_in(job, list, user_name, ret));
		TRY(text_member(job, root, "next", &after));
	} while (after.len && !ret->id.len);
	return OK;
}

static enum err
account_make(struct job *job, const struct args *args, struct client *client, struct account *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/staff" };
	struct json root;

	request_begin(&body);
	json_pair_str(&body.out, S("user_name"), str_from_c(args->operand[0]));
	request_option(&body, args, "name", "display_name");
	ask.body = request_text(&body);
	TRY(call_json(job, client, &ask, &document, &root));
	TRY(text_member(job, root, "id", &ret->id));
	return text_member(job, root, "state", &ret->state);
}

static enum err
role_give(struct job *job, const struct args *args, struct client *client, const struct account *account)
{
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "PUT",
		           .path = client_path(job, "/v1/staff/", arena_c(&job->arena, account->id), "/roles") };
	struct answer answer;

	request_begin(&body);
	json_name(&body.out, S("roles"));
	json_open(&body.out, '[');
	json_open(&body.out, '{');
	json_pair_str(&body.out, S("role"), arg_str(args, "role"));
	json_pair_str(&body.out, S("purposes"), S("*"));
	json_close(&body.out, '}');
	json_close(&body.out, ']');
	ask.body = request_text(&body);
	return client_call(job, client, &ask, &answer);
}

static enum err
account_ready(struct job *job, struct cli *cli, const struct args *args, struct client *client,
              struct account *ret)
{
	TRY(account_find(job, client, str_from_c(args->operand[0]), ret));
	if (!ret->id.len) {
		TRY(account_make(job, args, client, ret));
		return arg_given(args, "role") ? role_give(job, args, client, ret) : OK;
	}
	if (arg_given(args, "role"))
		return complain(cli, EXIT_REFUSED,
		                "there is such an account already; its roles are changed by themselves");
	if (str_eq(ret->state, S("ended")))
		return complain(cli, EXIT_REFUSED, "that account has ended");
	if (str_eq(ret->state, S("active")) && !arg_given(args, "reset"))
		return complain(cli, EXIT_REFUSED,
		                "that account is in use; with --reset all that its person signs in with ends now, and "
				"so do their sessions");
	return OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST" };
	struct account account;
	uint64_t hours = LIMIT_INVITATION_HOURS;
	struct json root;
	str token, expires_at;

	request_begin(&body);
	TRY(arg_number(cli, args, "hours", LIMIT_INVITATION_HOURS, &hours));
	TRY(client_open(job, cli, args, &client));
	TRY(account_ready(job, cli, args, client, &account));
	json_pair_i64(&body.out, S("hours"), (int64_t)hours);
	ask.path = client_path(job, "/v1/staff/", arena_c(&job->arena, account.id), "/invitation");
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "token", &token));
	TRY(text_member(job, root, "expires_at", &expires_at));
	expires_at = time_short(job, expires_at);
	fprintf(stderr,
	        "Good once, until %.*s UTC, behind the address that people reach this server by. Give it to its person alone:\n",
	        SPRINT(expires_at));
	fflush(stderr);
	printf("/welcome#%.*s\n", SPRINT(token));
	return OK;
}

const struct command command_staff_invite = {
	.operands = "USER_NAME",
	.about = "Makes an account, unless there is one, and a one-time link by which its person chooses how to sign "
	         "in. Nobody else learns or chooses a password. A newer link takes the place of an older one.",
	.examples = "valv staff invite anna@example.com --role administrator\n"
	            "valv staff invite berit@example.com --reset",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
