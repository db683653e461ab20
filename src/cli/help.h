/* cli/help.h -- the tables as text to read: an overview, one command's help. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

void help_all(const struct cli *cli, FILE *to);
void help_heading(const struct cli *cli, const struct listed *heading, FILE *to);
void help_command(const struct listed *of, FILE *to);

#endif
