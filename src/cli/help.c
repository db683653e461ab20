/* cli/help.c -- contract: help.h. */
#include "cli/help.h"

#include "cli/args.h"

#define WIDTH 92
#define OPTION_COLUMN 24

/* A command of two words stands under its heading, not in the overview. */
static bool
in_overview(const struct listed *listed)
{
	return !strchr(listed->name, ' ');
}

void
help_all(const struct cli *cli, FILE *to)
{
	fputs("valv: a vault for customer data that keeps only what has a lawful ground\n"
	      "\n"
	      "usage: valv COMMAND [OPTION...] [OPERAND...]\n"
	      "\n",
	      to);
	for (size_t i = 0; i < cli->listed_count; i++)
		if (in_overview(&cli->listed[i]))
			fprintf(to, "  %-12s %s\n", cli->listed[i].name, cli->listed[i].summary);
	fputs("\nvalv COMMAND --help tells more of each.  A first try:  valv serve --demo\n"
	      "\nExit status:\n  0  It was done.\n",
	      to);
#define X(name, no, text) fprintf(to, "  %d  %s\n", no, text);
	EXIT_TABLE(X)
#undef X
}

void
help_heading(const struct cli *cli, const struct listed *heading, FILE *to)
{
	size_t len = strlen(heading->name);

	fprintf(to, "valv %s: %s\n\n", heading->name, heading->summary);
	for (size_t i = 0; i < cli->listed_count; i++) {
		const struct listed *listed = &cli->listed[i];
		if (strncmp(listed->name, heading->name, len) == 0 && listed->name[len] == ' ')
			fprintf(to, "  valv %-20s %s\n", listed->name, listed->summary);
	}
	fprintf(to, "\nvalv %s COMMAND --help tells more of each.\n", heading->name);
}

/* Words broken into lines of WIDTH, each indented; the first stands at `column` already. */
static void
put_wrapped(const char *text, int indent, int column, FILE *to)
{
	str rest = str_from_c(text), word;
	bool first = true;

	while (rest.len) {
		if (!eat_until(&rest, ' ', &word)) {
			word = rest;
			rest.len = 0;
		}
		if (!first && column + 1 + (int)word.len > WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
			first = true;
		}
		fprintf(to, "%s%.*s", first ? "" : " ", SPRINT(word));
		column += (int)word.len + !first;
		first = false;
	}
	fputc('\n', to);
}

static void
put_option(const struct option *option, FILE *to)
{
	int column = fprintf(to, "  --%s%s%s", option->name, option->takes ? " " : "",
	                     option->takes ? option->takes : "");

	if (column >= OPTION_COLUMN) {
		fputc('\n', to);
		column = 0;
	}
	fprintf(to, "%*s", OPTION_COLUMN - column, "");
	put_wrapped(option->text, OPTION_COLUMN, OPTION_COLUMN, to);
	if (option->words) {
		fprintf(to, "%*s%s ", OPTION_COLUMN, "", option->list ? "Of:" : "One of:");
		put_wrapped(option->words, OPTION_COLUMN, OPTION_COLUMN + 8, to);
	}
}

void
help_command(const struct listed *of, FILE *to)
{
	const struct command *command = of->command;
	str rest, line;

	fprintf(to, "usage: valv %s [OPTION...]%s%s\n\n", of->name, command->operands ? " " : "",
	        command->operands ? command->operands : "");
	put_wrapped(of->summary, 0, 0, to);
	for (rest = str_from_c(command->about); rest.len;) {
		if (!eat_until(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		char paragraph[1024];
		snprintf(paragraph, sizeof(paragraph), "%.*s", SPRINT(line));
		fputc('\n', to);
		put_wrapped(paragraph, 0, 0, to);
	}
	fputs("\nOptions:\n", to);
	for (size_t i = 0; option_at(command, i); i++)
		put_option(option_at(command, i), to);
	if (command->examples)
		fputs("\nExamples:\n", to);
	for (rest = str_from_c(command->examples); rest.len;) {
		if (!eat_until(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		fprintf(to, "  %.*s\n", SPRINT(line));
	}
}
