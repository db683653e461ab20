/* cli/command.h -- what a subcommand is: its options, help and what it does, as one table row.
 *
 * A command's file defines `const struct command command_NAME`; main/commands.def lists it with its
 * words and its summary.  Parsing, help, completion and the manual page all read these rows, so
 * that none can say what another does not.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/job.h"

/* Exit statuses; the manual page explains them. */
#define EXIT_TABLE(X)                                                                              \
	X(EXIT_REFUSED, 1, "It was refused or failed; what is wrong was printed.")                 \
	X(EXIT_USAGE, 2, "The command line is not understood.")                                    \
	X(EXIT_NO_SERVER, 3, "No server is running, or it could not be reached.")                  \
	X(EXIT_NOT_FOUND, 4, "There is no such thing, or it was erased.")

enum exit_status {
	EXIT_OK = 0,
#define X(name, no, text) name = no,
	EXIT_TABLE(X)
#undef X
};

struct option {
	const char *name;  /* without the dashes */
	const char *takes; /* what its value is called in the help, as DIR; NULL: it takes none */
	const char *text;
	const char *words; /* the values it may have, apart by spaces; NULL: any */
	bool list;         /* its value is a list of words, apart by commas */
	bool many;         /* may come more than once; one option of a command at most */
};

struct cli;
struct args;

struct command {
	const char *operands; /* as "NAME FILE", "[ID]"; NULL: none */
	const char *about;    /* paragraphs apart by empty lines */
	const char *examples; /* one command on each line */
	const struct option *option;
	size_t option_count;
	bool remote; /* speaks to a server: takes the options of that, too (args.c) */
	enum err (*run)(struct job *job, struct cli *cli, const struct args *args);
};

/* A row of main/commands.def.  Without a command it is the heading of those that begin with its
 * name. */
struct listed {
	const char *name; /* one word or two */
	const char *summary;
	const struct command *command;
};

/* The process: made in main(), handed down. */
struct cli {
	const struct listed *listed;
	size_t listed_count;
	const char *program; /* how a person calls this program from where they are */
	const char *version;
	enum exit_status status; /* set by complain() */
	bool json;               /* machine output was asked for */
};

#define OPTIONS(table) .option = (table), .option_count = COUNT(table)

/* Print "valv: ..." on stderr, remember the exit status, and return an error that says so far up as
 * main() that all was said.  The text may name what the command line named. */
enum err complain(struct cli *cli, enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
