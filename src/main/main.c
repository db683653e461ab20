/* main/main.c -- finds the subcommand, reads its command line by its table, runs it, and says once
 * what went wrong.  The table is commands.def; what a command does is in the file of its name. */
#include <errno.h>
#include <locale.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "os/clock.h"

#ifndef VALV_VERSION
#define VALV_VERSION "unknown"
#endif

#define HEADING(name, summary)
#define COMMAND(symbol, name, summary) extern const struct command command_##symbol;
#include "main/commands.def"
#undef HEADING
#undef COMMAND

static const struct listed listed[] = {
#define HEADING(name, summary) { name, summary, NULL },
#define COMMAND(symbol, name, summary) { name, summary, &command_##symbol },
#include "main/commands.def"
#undef HEADING
#undef COMMAND
};

/* --- version ---------------------------------------------------------------------------------- */

static enum err
version_run(struct job *job, struct cli *cli, const struct args *args)
{
	printf("valv %s\n", cli->version);
	return OK;
}

const struct command command_version = {
	.run = version_run,
};

/* --- one run ---------------------------------------------------------------------------------- */

/* complain() has said it already; else the failure of the job is all there is to say.  What a
 * command that speaks to a server cannot read is the server's answer: it complains about all else.
 */
static enum exit_status
failed(struct job *job, struct cli *cli, const struct command *command, enum err err)
{
	const struct failure *failure = &job->failure;
	bool answer = command->remote && (err == ERR_MALFORMED || err == ERR_INVALID);

	if (cli->status)
		return cli->status;
	fflush(stdout);
	fprintf(stderr, "valv: %s",
	        answer ? "The server answers, but not as Valv does." : err_info(err)->sentence);
	if (failure->why)
		fprintf(stderr, " (%s%s%s)", failure->where, failure->where[0] ? ": " : "",
		        failure->why);
	fputc('\n', stderr);
	return err == ERR_USAGE ? EXIT_USAGE : err == ERR_ABSENT ? EXIT_NOT_FOUND : EXIT_REFUSED;
}

static enum exit_status
run_command(struct cli *cli, const struct listed *of, int argc, char **argv)
{
	OWNED(job_release) struct job job = { .now = os_now() };
	struct args args;
	enum err err;

	if (args_read(cli, of, argc, argv, &args))
		return cli->status;
	if (args.help) {
		help_command(of, stdout);
		return EXIT_OK;
	}
	err = of->command->run(&job, cli, &args);
	return err ? failed(&job, cli, of->command, err) : EXIT_OK;
}

static bool
asks_for_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* valv, valv help, valv help COMMAND, valv HEADING, valv HEADING --help.  `valv help manual` prints
 * the source of the manual page. */
static enum exit_status
help(struct cli *cli, int argc, char **argv)
{
	const struct listed *heading = NULL, *of;
	int words;

	if (argc == 0) {
		help_all(cli, stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[0], "manual") == 0) {
		manual_print(cli, stdout);
		return EXIT_OK;
	}
	of = command_find(cli, argc, argv, &words, &heading);
	if (of)
		help_command(of, stdout);
	else if (heading)
		help_heading(cli, heading, stdout);
	else
		(void)complain(cli, EXIT_USAGE, "there is no command %s; see valv help", argv[0]);
	return cli->status;
}

static enum exit_status
dispatch(struct cli *cli, int argc, char **argv)
{
	const struct listed *heading, *of;
	int words;

	if (argc == 0) {
		help_all(cli, stderr);
		return EXIT_USAGE;
	}
	if (asks_for_help(argv[0]))
		return help(cli, argc - 1, argv + 1);
	if (strcmp(argv[0], "--version") == 0)
		argv[0] = (char *)"version";
	of = command_find(cli, argc, argv, &words, &heading);
	if (of)
		return run_command(cli, of, argc - words, argv + words);
	if (!heading)
		(void)complain(cli, EXIT_USAGE, "there is no command %s; see valv help", argv[0]);
	else if (argc > 1 && asks_for_help(argv[1]))
		return help(cli, 1, argv);
	else if (argc > 1)
		(void)complain(cli, EXIT_USAGE, "there is no command %s %s; see valv %s --help",
		               argv[0], argv[1], argv[0]);
	else {
		help_heading(cli, heading, stderr);
		return EXIT_USAGE;
	}
	return cli->status;
}

int
main(int argc, char **argv)
{
	struct cli cli = {
		.listed = listed,
		.listed_count = COUNT(listed),
		.program = argc ? argv[0] : "valv",
		.version = VALV_VERSION,
	};
	enum exit_status status;

	setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of letters, nothing else */
	status = dispatch(&cli, argc ? argc - 1 : 0, argv + 1);
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_OK)
		status = complain(&cli, EXIT_REFUSED, "the output could not be written")
		                 ? EXIT_REFUSED
		                 : status;
	return status;
}
