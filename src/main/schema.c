/* main/schema.c -- `valv schema`: the published schemas of packages, without a server or a vault. */
#include "base/limits.h"
#include "cli/args.h"
#include "rights/export.h"
#include "rights/package.h"

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	str name = str_from_c(args->operand[0]);

	if (str_eq(name, S("access")))
		package_schema(&text);
	else if (str_eq(name, S("export")))
		export_schema(&text);
	else
		return complain(cli, EXIT_USAGE, "schema: the schemas are access and export");
	must(buf_ok(&text));
	printf("%.*s", SPRINT(buf_str(&text)));
	return OK;
}

const struct command command_schema = {
	.operands = "NAME",
	.about = "access: what `subject access --format json` gives; export: what `subject export "
	         "--format json` gives. The same as GET /v1/schemas/NAME of a running server.",
	.examples = "valv schema access > access.schema.json",
	.run = run,
};
