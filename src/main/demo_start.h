/* main/demo_start.h -- `valv serve --demo`: a vault of invented people, and what to try with it. */
#ifndef MAIN_DEMO_START_H
#define MAIN_DEMO_START_H

#include "cli/command.h"
#include "vault/vault.h"

/* Makes DIR with the demo company's people unless there is a vault. */
must_check enum err demo_make(struct job *job, const char *dir, const char *facts);
/* Whether the open vault is one that demo_make() made. */
must_check enum err demo_is(struct job *job, struct vault *vault, bool *ret);
/* What to open and what to try, on stdout: commands that work as they are printed. url: "" for
 * none. */
void demo_say(struct job *job, const struct cli *cli, const char *dir, const char *url);

#endif
