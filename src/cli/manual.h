/* cli/manual.h -- the source (mdoc) of the manual page, printed from the tables. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/command.h"

void manual_print(const struct cli *cli, FILE *to);

#endif
