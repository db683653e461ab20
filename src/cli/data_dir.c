/* cli/data_dir.c -- contract: data_dir.h. */
#include "cli/data_dir.h"

static const char *
data_default(void)
{
	const char *named = getenv("VALV_DATA");

	return named && *named ? named : "./valv-data";
}

const char *
data_dir(const struct args *args)
{
	return arg_given(args, "data") ? arg_c(args, "data") : data_default();
}

const char *
data_option(struct job *job, const char *dir)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };

	if (strcmp(dir, data_default()) == 0)
		return "";
	buf_put(&text, S(" --data "));
	buf_put(&text, str_from_c(dir));
	return arena_c(&job->arena, buf_str(&text));
}
