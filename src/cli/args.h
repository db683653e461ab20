/* cli/args.h -- the command line, read by the tables of command.h.
 *
 * --name value, --name=value, -- ends the options, - alone is an operand (standard input).  An
 * option that is not in the table, comes twice and is not one that may, lacks its value or has a value that its words do
 * not list is refused, never passed over.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "cli/command.h"

#define LIMIT_COMMAND_WORD 64
#define OPTIONS_MAX 32
#define OPERANDS_MAX 64
#define MANY_MAX 16

struct args {
	const struct listed *of;
	const char *value[OPTIONS_MAX];    /* by option_at(); "" for a flag; NULL: not given */
	const char *operand[OPERANDS_MAX]; /* NULL: not given */
	size_t operand_count;
	const char *many[MANY_MAX]; /* of the option that may come more than once, in their order */
	size_t many_count;
	bool help;
};

/* All options of a command: its own, then those that every command of its kind takes. */
const struct option *option_at(const struct command *command,
                               size_t index); /* NULL past the last */

/* The command that the first words name; *ret_words of them.  NULL: none; *ret_heading is then the
 * heading that the first word names, or NULL. */
const struct listed *command_find(const struct cli *cli, int argc, char **argv, int *ret_words,
                                  const struct listed **ret_heading);

/* argv: what follows the command's words.   ERR_USAGE (complained) */
must_check enum err args_read(struct cli *cli, const struct listed *of, int argc, char **argv,
                              struct args *ret);

/* `name` must be an option of the command. */
const char *arg_c(const struct args *args, const char *name); /* NULL: not given */
str arg_str(const struct args *args, const char *name);       /* empty: not given */
bool arg_given(const struct args *args, const char *name);
/* 1 to max; stays as it is when not given.   ERR_USAGE */
must_check enum err arg_number(struct cli *cli, const struct args *args, const char *name,
                               uint64_t max, uint64_t *ret);
/* ERR_USAGE */
must_check enum err arg_duration(struct cli *cli, const struct args *args, const char *name,
                                 struct duration *ret);

#endif
