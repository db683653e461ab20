/* cli/input.c -- contract: input.h. */
#include "cli/input.h"

#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uid.h"
#include "os/file.h"

enum err
input_file(struct job *job, struct cli *cli, const char *path, size_t max, str *ret)
{
	bool standard = strcmp(path, "-") == 0;
	bytes text = { 0 };
	enum err err;

	/* One more than may be: what has no size would else be cut without a word. */
	err = file_read(job, standard ? "/dev/stdin" : path, max + 1, &text);
	if (err == ERR_ABSENT)
		return complain(cli, EXIT_USAGE, "there is no file %s", path);
	if (err == ERR_TOO_LARGE || text.len > max)
		return complain(cli, EXIT_USAGE,
		                "%s is longer than the %zu KiB that one call takes",
		                standard ? "standard input" : path, max / 1024);
	if (err)
		return complain(cli, EXIT_USAGE, "%s cannot be read",
		                standard ? "standard input" : path);
	*ret = bytes_str(text);
	return OK;
}

enum err
input_value(struct job *job, struct cli *cli, const struct args *args, const char *option, str *ret)
{
	char line[LIMIT_VALUE_BYTES + 2];
	size_t len = 0;
	ssize_t got;

	if (arg_given(args, option) && strcmp(arg_c(args, option), "-") != 0) {
		*ret = arg_str(args, option);
		return OK;
	}
	if (isatty(STDIN_FILENO))
		fprintf(stderr, "%s: ", option);
	/* Octet by octet: what comes after the line is another's to read. */
	while (len < sizeof(line)) {
		got = read(STDIN_FILENO, line + len, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || line[len] == '\n')
			break;
		len++;
	}
	*ret = arena_str(&job->arena, str_trim((str){ line, len }));
	if (!str_printable(*ret))
		return complain(cli, EXIT_USAGE, "%s: the %s is no printable UTF-8 text",
		                args->of->name, option);
	if (!ret->len)
		return complain(cli, EXIT_USAGE, "%s: no %s was given on standard input",
		                args->of->name, option);
	return OK;
}

enum err
input_id(struct cli *cli, const char *text)
{
	uid id;

	if (uid_parse(str_from_c(text), &id))
		return OK;
	return complain(cli, EXIT_USAGE,
	                "%s is no id; ids look like 3f2b8c1e-5a4d-4e6f-9a0b-1c2d3e4f5a6b", text);
}
