/* cli/args.c -- contract: args.h. */
#include "cli/args.h"

#include <stdarg.h>

static const struct option remote_options[] = {
	{ "data", "DIR",
	  "Data directory whose server to speak to; $VALV_DATA, or else ./valv-data." },
	{ "url", "URL",
	  "Speak to a server elsewhere, as https://vault.example; needs --key-file." },
	{ "key-file", "FILE", "File that holds the API key for --url; nobody else may read it." },
	{ "approval", "ID", "Somebody else approved of exactly this; for what takes two people." },
	{ "json", NULL, "Print the server's JSON as it came, a line for each answer." },
};

static const struct option help_option = { "help", NULL, "Print this help." };

const struct option *
option_at(const struct command *command, size_t index)
{
	if (index < command->option_count)
		return &command->option[index];
	index -= command->option_count;
	if (command->remote) {
		if (index < COUNT(remote_options))
			return &remote_options[index];
		index -= COUNT(remote_options);
	}
	return index == 0 ? &help_option : NULL;
}

enum err
complain(struct cli *cli, enum exit_status status, const char *format, ...)
{
	va_list list;

	fflush(stdout);
	fputs("valv: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	cli->status = status;
	return status == EXIT_USAGE ? ERR_USAGE : ERR_IO;
}

/* --- which command ---------------------------------------------------------------------------- */

const struct listed *
command_find(const struct cli *cli, int argc, char **argv, int *ret_words,
             const struct listed **ret_heading)
{
	char two[2 * LIMIT_COMMAND_WORD];
	const struct listed *found = NULL;

	*ret_heading = NULL;
	if (argc < 1)
		return NULL;
	snprintf(two, sizeof(two), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < cli->listed_count; i++) {
		const struct listed *listed = &cli->listed[i];
		if (!listed->command && strcmp(listed->name, argv[0]) == 0)
			*ret_heading = listed;
		if (!listed->command)
			continue;
		if (strcmp(listed->name, two) == 0) {
			*ret_words = 2;
			return listed;
		}
		if (strcmp(listed->name, argv[0]) == 0) /* unless there is one of both words */
			found = listed;
	}
	*ret_words = 1;
	return found;
}

/* --- its arguments ---------------------------------------------------------------------------- */

static bool
option_find(const struct command *command, str name, size_t *ret)
{
	for (size_t i = 0; option_at(command, i); i++) {
		if (str_eq(str_from_c(option_at(command, i)->name), name)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool
word_listed(str words, str word)
{
	str each;

	while (words.len) {
		if (!eat_until(&words, ' ', &each)) {
			each = words;
			words.len = 0;
		}
		if (str_eq(each, word))
			return true;
	}
	return false;
}

static bool
value_listed(const struct option *option, str value)
{
	str words = str_from_c(option->words), each;

	if (!option->list)
		return word_listed(words, value);
	for (;;) {
		bool more = eat_until(&value, ',', &each);
		if (!word_listed(words, more ? each : value))
			return false;
		if (!more)
			return true;
	}
}

static enum err
usage(struct cli *cli, const struct listed *of, const char *what, str which)
{
	return complain(cli, EXIT_USAGE, "%s: %s%s%.*s; see valv %s --help", of->name, what,
	                which.len ? " " : "", SPRINT(which), of->name);
}

/* argv[0] begins with --.  *ret_used: how many arguments it took. */
static enum err
option_read(struct cli *cli, int argc, char **argv, struct args *args, int *ret_used)
{
	str name, rest = str_from_c(argv[0] + 2);
	const struct option *option;
	bool joined = eat_until(&rest, '=', &name);
	size_t index;

	if (!joined)
		name = rest;
	if (!option_find(args->of->command, name, &index))
		return usage(cli, args->of, "there is no option", (str){ argv[0], name.len + 2 });
	option = option_at(args->of->command, index);
	if (args->value[index] && !option->many)
		return usage(cli, args->of, "given twice:", (str){ argv[0], name.len + 2 });
	*ret_used = 1;
	if (!option->takes) {
		if (joined)
			return usage(cli, args->of,
			             "it takes no value:", (str){ argv[0], name.len + 2 });
		args->value[index] = "";
		args->help |= option == &help_option;
		return OK;
	}
	if (!joined && (argc < 2 || strncmp(argv[1], "--", 2) == 0))
		return usage(cli, args->of, "it needs a value:", (str){ argv[0], name.len + 2 });
	args->value[index] = joined ? rest.ptr : argv[1];
	if (!str_printable(str_from_c(args->value[index])))
		return usage(cli, args->of,
		             "no printable UTF-8 text:", (str){ argv[0], name.len + 2 });
	*ret_used = joined ? 1 : 2;
	if (option->many && args->many_count == MANY_MAX)
		return usage(cli, args->of, "given too often:", (str){ argv[0], name.len + 2 });
	if (option->many)
		args->many[args->many_count++] = args->value[index];
	if (option->words && !value_listed(option, str_from_c(args->value[index])))
		return complain(cli, EXIT_USAGE, "%s: --%s takes %s of: %s", args->of->name,
		                option->name, option->list ? "a list, apart by commas," : "one",
		                option->words);
	return OK;
}

/* Operands in brackets may be left out; dots after a name: any number of them. */
static void
operand_bounds(const struct command *command, size_t *ret_min, size_t *ret_max)
{
	str rest = str_from_c(command->operands), each;
	size_t at;

	*ret_min = *ret_max = 0;
	while (rest.len) {
		if (!eat_until(&rest, ' ', &each)) {
			each = rest;
			rest.len = 0;
		}
		*ret_min += !str_starts(each, S("["));
		*ret_max = str_find(each, S("..."), &at) ? OPERANDS_MAX : *ret_max + 1;
	}
	must(*ret_max <= OPERANDS_MAX);
}

enum err
args_read(struct cli *cli, const struct listed *of, int argc, char **argv, struct args *ret)
{
	struct args args = { .of = of };
	bool options_over = false;
	size_t least, most;
	int used;

	operand_bounds(of->command, &least, &most);
	for (int i = 0; i < argc; i += used) {
		used = 1;
		if (!str_printable(str_from_c(argv[i])))
			return usage(cli, of, "an argument is no printable UTF-8 text", S(""));
		if (options_over || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (args.operand_count == most)
				return usage(cli, of, "one operand too many", S(""));
			args.operand[args.operand_count++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			options_over = true;
		} else if (strcmp(argv[i], "-h") == 0) {
			args.help = true;
		} else if (argv[i][1] != '-') {
			return usage(cli, of, "there is no option",
			             str_first(str_from_c(argv[i]), 2));
		} else {
			TRY(option_read(cli, argc - i, argv + i, &args, &used));
		}
	}
	if (args.operand_count < least && !args.help)
		return usage(cli, of, "it needs", str_from_c(of->command->operands));
	*ret = args;
	return OK;
}

/* --- what was given ----------------------------------------------------------------------------
 */

const char *
arg_c(const struct args *args, const char *name)
{
	size_t index = 0;

	must(option_find(args->of->command, str_from_c(name), &index));
	return args->value[index];
}

str
arg_str(const struct args *args, const char *name)
{
	return str_from_c(arg_c(args, name));
}

bool
arg_given(const struct args *args, const char *name)
{
	return arg_c(args, name) != NULL;
}

enum err
arg_number(struct cli *cli, const struct args *args, const char *name, uint64_t max, uint64_t *ret)
{
	uint64_t number;

	if (!arg_given(args, name))
		return OK;
	if (!str_u64(arg_str(args, name), &number) || number < 1 || number > max)
		return complain(cli, EXIT_USAGE, "--%s takes a number from 1 to %llu", name,
		                (unsigned long long)max);
	*ret = number;
	return OK;
}

enum err
arg_duration(struct cli *cli, const struct args *args, const char *name, struct duration *ret)
{
	if (!arg_given(args, name) || duration_parse(arg_str(args, name), ret))
		return OK;
	return complain(cli, EXIT_USAGE, "--%s takes an ISO 8601 duration, as P90D or P1Y", name);
}
