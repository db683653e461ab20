/* cli/clock.c -- `valv clock show|accept`: whether time may erase. */
#include "cli/client.h"
#include "cli/say.h"

static enum err
seconds_print(struct job *job, struct json root)
{
	int64_t seconds = 0;

	TRY(json_i64(job, root, "ahead_seconds", INT64_MIN, INT64_MAX, &seconds, NULL));
	if (seconds >= 0)
		printf("ahead          %lld s of what is expected\n", (long long)seconds);
	else
		printf("behind         %lld s of what is expected\n", -(long long)seconds);
	return OK;
}

static enum err
clock_print(struct job *job, struct json root, str *ret_state)
{
	static const char *const members[][2] = {
		{ "now", "clock" }, { "erases_until", "erases until" }, { "believed_at", "believed at" },
	};
	bool synchronised = false;
	str text;

	TRY(text_member(job, root, "state", ret_state));
	TRY(json_bool(job, root, "synchronised", &synchronised, NULL));
	printf("state          %.*s\n", SPRINT(*ret_state));
	for (size_t i = 0; i < COUNT(members); i++) {
		TRY(text_member(job, root, members[i][0], &text));
		printf("%-14s %.*s\n", members[i][1], SPRINT(time_short(job, text)));
	}
	TRY(seconds_print(job, root));
	printf("synchronised   %s\n", synchronised ? "yes, says the system" : "no, says the system");
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

/* --- show ------------------------------------------------------------------------------------- */

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str state;

	TRY(operator_only(cli, args));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/admin/clock" },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(clock_print(job, root, &state));
	if (!str_eq(state, S("trusted")))
		puts("\nNothing is erased by time until the clock agrees again. If it is right as it is:\n"
		     "valv clock accept");
	return OK;
}

const struct command command_clock_show = {
	.about = "A clock that jumps ahead would make grounds end, and data be erased, too early. "
	         "So the clock is believed only as far as the time that has passed since it last "
	         "was; otherwise nothing is erased by time. What has ended by the clock is not "
	         "used in any case.",
	.remote = true,
	.run = show_run,
};

/* --- accept ----------------------------------------------------------------------------------- */

static enum err
accept_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str now;

	TRY(operator_only(cli, args));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "POST", .path = "/v1/admin/clock/accept" },
	                &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "now", &now));
	printf("The clock is believed from now on, and what has ended by it is erased: %.*s UTC.\n",
	       SPRINT(time_short(job, now)));
	return OK;
}

const struct command command_clock_accept = {
	.about = "After a long rest, a machine that was moved, or a clock that was set right: look at the "
	         "clock first (valv clock show). What has ended by it is erased within a minute, and "
	         "nothing brings it back. It is recorded.",
	.examples = "valv clock show\nvalv clock accept",
	.remote = true,
	.run = accept_run,
};
