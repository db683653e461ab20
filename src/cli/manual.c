/* cli/manual.c -- contract: manual.h.  What is not in the tables stands here as mdoc. */
#include "cli/manual.h"

#include "cli/args.h"

static const char begin[] =
	".\\\" Printed by `valv help manual`; do not edit.\n"
	".Dd November 23, 2026\n"
	".Dt VALV 1\n"
	".Os\n"
	".Sh NAME\n"
	".Nm valv\n"
	".Nd a vault for customer data that keeps only what has a lawful ground\n"
	".Sh SYNOPSIS\n"
	".Nm\n"
	".Ar command\n"
	".Op Ar option ...\n"
	".Op Ar operand ...\n"
	".Sh DESCRIPTION\n"
	".Nm\n"
	"makes a vault, serves it, and speaks to a server that runs.\n"
	"A value about a person is kept only while a ground covers it: consent to a purpose, or "
	"another legal\n"
	"basis.\n"
	"When the last ground ends, the value is erased.\n"
	".Pp\n"
	"Commands other than\n"
	".Cm serve , init , openapi , completion\n"
	"and\n"
	".Cm version\n"
	"speak to a running server: on the same machine over the socket\n"
	".Pa valv.sock\n"
	"in the data directory, which only the user who runs the server and root may use; "
	"elsewhere with\n"
	".Fl -url\n"
	"and\n"
	".Fl -key-file .\n"
	".Pp\n"
	"Values of people are read from standard input where they can be, so that they do not "
	"stay behind in\n"
	"the shell's history: give\n"
	".Ql -\n"
	"for the value, or leave it out.\n"
	"Options are written\n"
	".Fl -name Ar value\n"
	"or\n"
	".Fl -name Ns = Ns Ar value ;\n"
	".Ql --\n"
	"ends them, and\n"
	".Ql -\n"
	"as a file is standard input.\n";

static const char end[] =
	".Sh ENVIRONMENT\n"
	".Bl -tag -width Ds\n"
	".It Ev VALV_DATA\n"
	"The data directory where\n"
	".Fl -data\n"
	"is not given.\n"
	".It Ev VALV_ROOT_KEY_FILE\n"
	"The root key file, when it is not\n"
	".Pa root.key\n"
	"in the data directory; best on another medium.\n"
	".It Ev VALV_PASSPHRASE_FILE\n"
	"A file whose first line is the passphrase, with\n"
	".Fl -root Cm passphrase ;\n"
	"otherwise it is asked for at the terminal.\n"
	".It Ev CREDENTIALS_DIRECTORY\n"
	"Set by\n"
	".Xr systemd 1 ;\n"
	"the root key is its credential\n"
	".Pa valv-root .\n"
	".It Ev NO_COLOR\n"
	"No colour, when it is not empty.\n"
	".El\n"
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa valv.db\n"
	"Everything about people, sealed.\n"
	".It Pa keys.db\n"
	"Wrapped keys, apart from the data. Never back both up to the same place.\n"
	".It Pa root.key\n"
	"The root key, unless it is held elsewhere.\n"
	".It Pa valv.sock\n"
	"The socket of the running server.\n"
	".It Pa lock , reserve\n"
	"Held by the process that has the vault open; room kept for withdrawals when the disk is "
	"full.\n"
	".El\n";

/* A dot or an apostrophe at the beginning of a line would be a request; a backslash begins an
 * escape. */
static void
put_text(const char *text, FILE *to)
{
	bool line_begin = true;

	for (const char *c = text; *c; c++) {
		if (line_begin && (*c == '.' || *c == '\''))
			fputs("\\&", to);
		if (*c == '\\')
			fputs("\\e", to);
		else if (*c == '-')
			fputs("\\-", to);
		else
			fputc(*c, to);
		line_begin = *c == '\n';
	}
}

/* Sentences each on a line of their own, so that groff spaces them. */
static void
put_paragraph(str text, FILE *to)
{
	char copy[1024], *rest = copy, *stop;

	snprintf(copy, sizeof(copy), "%.*s", SPRINT(text));
	while ((stop = strstr(rest, ". "))) {
		*stop = '\0';
		put_text(rest, to);
		fputs(".\n", to);
		rest = stop + 2;
	}
	put_text(rest, to);
	fputc('\n', to);
}

static str
eat_line(str *rest)
{
	str line;

	if (!eat_until(rest, '\n', &line)) {
		line = *rest;
		rest->len = 0;
	}
	return line;
}

static void
put_command(const struct listed *listed, FILE *to)
{
	const struct command *command = listed->command;
	const struct option *option;
	str rest = str_from_c(command->about);

	fprintf(to, ".Ss valv %s", listed->name);
	if (command->operands)
		fprintf(to, " %s", command->operands);
	fputc('\n', to);
	put_text(listed->summary, to);
	fputs(".\n", to);
	while (rest.len) {
		fputs(".Pp\n", to);
		put_paragraph(eat_line(&rest), to);
	}
	fputs(".Bl -tag -width Ds\n", to);
	for (size_t i = 0; (option = option_at(command, i)); i++) {
		fprintf(to, ".It Fl -%s%s%s\n", option->name, option->takes ? " Ar " : "",
		        option->takes ? option->takes : "");
		put_paragraph(str_from_c(option->text), to);
		if (option->words)
			fprintf(to, "%s: %s.\n", option->list ? "Of" : "One of", option->words);
	}
	fputs(".El\n", to);
	if (!command->examples)
		return;
	fputs(".Bd -literal -offset indent\n", to);
	put_text(command->examples, to);
	fputs("\n.Ed\n", to);
}

void
manual_print(const struct cli *cli, FILE *to)
{
	fputs(begin, to);
	fputs(".Sh COMMANDS\n", to);
	for (size_t i = 0; i < cli->listed_count; i++)
		if (cli->listed[i].command)
			put_command(&cli->listed[i], to);
	fputs(end, to);
	fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nIt was done.\n", to);
#define X(name, no, text) fprintf(to, ".It %d\n%s\n", no, text);
	EXIT_TABLE(X)
#undef X
	fputs(".El\n.Sh SEE ALSO\n.Xr curl 1 ,\n.Xr systemd.exec 5\n", to);
}
