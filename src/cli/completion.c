/* cli/completion.c -- `valv completion bash`: the tables as a script for bash. */
#include "cli/args.h"

/* --- lists ------------------------------------------------------------------------------------ */

/* Words that may follow `first`: "" for those that may come first. */
static void
put_commands(const struct cli *cli, const char *first)
{
	size_t len = strlen(first);

	for (size_t i = 0; i < cli->listed_count; i++) {
		const char *name = cli->listed[i].name;
		if (!len && !strchr(name, ' '))
			printf("%s ", name);
		if (len && strncmp(name, first, len) == 0 && name[len] == ' ')
			printf("%s ", name + len + 1);
	}
}

static void
put_options(const struct command *command)
{
	for (size_t i = 0; option_at(command, i); i++)
		printf("%s--%s", i ? " " : "", option_at(command, i)->name);
}

static bool
takes_path(const char *takes)
{
	return strcmp(takes, "FILE") == 0 || strcmp(takes, "DIR") == 0;
}

/* What may follow an option that takes a value. */
static void
put_values(const struct listed *listed)
{
	const struct option *option;

	for (size_t i = 0; (option = option_at(listed->command, i)); i++) {
		if (!option->takes)
			continue;
		printf("\t'%s --%s') ", listed->name, option->name);
		if (option->words)
			printf("COMPREPLY=($(compgen -W '%s' -- \"$word\"))", option->words);
		else if (takes_path(option->takes))
			printf("compopt -o filenames; COMPREPLY=($(compgen -%c -- \"$word\"))",
			       option->takes[0] == 'D' ? 'd' : 'f');
		else
			printf(":");
		puts("; return ;;");
	}
}

/* --- the script ------------------------------------------------------------------------------- */

static const char begin[] = "# bash completion for valv; made by: valv completion bash\n"
                            "# To use it:  source <(valv completion bash)\n"
                            "# or put it into /usr/share/bash-completion/completions/valv\n"
                            "_valv()\n"
                            "{\n"
                            "\tlocal word=${COMP_WORDS[COMP_CWORD]} "
                            "before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]-}\n"
                            "\tCOMPREPLY=()\n";

static bool
has_more_words(const struct cli *cli, const char *first)
{
	size_t len = strlen(first);

	for (size_t i = 0; i < cli->listed_count; i++)
		if (strncmp(cli->listed[i].name, first, len) == 0 && cli->listed[i].name[len] == ' ')
			return true;
	return false;
}

/* A command that is also the first word of others: the second word may be an option, too. */
static void
put_second_word(const struct cli *cli, const char *first)
{
	printf("\t%s)\n"
	       "\t\tif [ \"$COMP_CWORD\" -eq 2 ] && [[ $word != -* ]]; then\n"
	       "\t\t\tCOMPREPLY=($(compgen -W '",
	       first);
	put_commands(cli, first);
	puts("' -- \"$word\"))\n"
	     "\t\t\treturn\n"
	     "\t\tfi\n"
	     "\t\t[[ ${COMP_WORDS[2]} == -* ]] || command+=\" ${COMP_WORDS[2]}\" ;;");
}

static void
put_first_words(const struct cli *cli)
{
	printf("\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '");
	put_commands(cli, "");
	puts("help' -- \"$word\"))\n\t\treturn\n\tfi");
	puts("\tcase $command in");
	for (size_t i = 0; i < cli->listed_count; i++) {
		if (cli->listed[i].command && !strchr(cli->listed[i].name, ' ') &&
		    has_more_words(cli, cli->listed[i].name))
			put_second_word(cli, cli->listed[i].name);
		if (cli->listed[i].command)
			continue;
		printf("\t%s)\n"
		       "\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
		       "\t\t\tCOMPREPLY=($(compgen -W '",
		       cli->listed[i].name);
		put_commands(cli, cli->listed[i].name);
		puts("' -- \"$word\"))\n"
		     "\t\t\treturn\n"
		     "\t\tfi\n"
		     "\t\tcommand+=\" ${COMP_WORDS[2]}\" ;;");
	}
	puts("\thelp)\n\t\treturn ;;\n\tesac");
}

static void
put_script(const struct cli *cli)
{
	fputs(begin, stdout);
	put_first_words(cli);
	puts("\tcase \"$command $before\" in");
	for (size_t i = 0; i < cli->listed_count; i++)
		if (cli->listed[i].command)
			put_values(&cli->listed[i]);
	puts("\tesac\n"
	     "\tcase $word in\n"
	     "\t-*) ;;\n"
	     "\t*) compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
	     "\tesac");
	puts("\tcase $command in");
	for (size_t i = 0; i < cli->listed_count; i++) {
		if (!cli->listed[i].command)
			continue;
		printf("\t'%s') COMPREPLY=($(compgen -W '", cli->listed[i].name);
		put_options(cli->listed[i].command);
		puts("' -- \"$word\")) ;;");
	}
	puts("\tesac\n}\ncomplete -F _valv valv");
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	if (strcmp(args->operand[0], "bash") != 0)
		return complain(cli, EXIT_USAGE, "completion: there is one for bash only");
	put_script(cli);
	return OK;
}

const struct command command_completion = {
	.operands = "SHELL",
	.about = "SHELL is bash. The script knows every command, option and word that this "
	         "program does.",
	.examples = "source <(valv completion bash)\n"
	            "valv completion bash > /usr/share/bash-completion/completions/valv",
	.run = run,
};
