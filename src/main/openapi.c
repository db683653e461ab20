/* main/openapi.c -- `valv openapi`: printed from the tables, without a server or a vault. */
#include "api/api.h"
#include "base/limits.h"
#include "cli/args.h"

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };

	openapi_print(&text);
	must(buf_ok(&text));
	printf("%.*s\n", SPRINT(buf_str(&text)));
	return OK;
}

const struct command command_openapi = {
	.about = "The same as GET /v1/openapi.json of a running server of this version gives.",
	.examples = "valv openapi > openapi.json",
	.run = run,
};
