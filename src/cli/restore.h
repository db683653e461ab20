/* cli/restore.h -- what `valv restore` and `valv backup verify` share. */
#ifndef CLI_RESTORE_H
#define CLI_RESTORE_H

#include "cli/command.h"

/* In the words of the failure alone: the general sentence of its kind of error is about requests. */
must_check enum err restore_complain(struct job *job, struct cli *cli, const char *command, enum err err);

#endif
