/* main/first_staff.h -- how the first administrator gets in. */
#ifndef MAIN_FIRST_STAFF_H
#define MAIN_FIRST_STAFF_H

#include "access/access.h"
#include "cli/args.h"

/* While nobody has an account that is in use: on a terminal a one-time link for the first administrator, a new one
 * at each start; elsewhere, where it would stay in a log, how to make one.  url: "" when none is served. */
must_check enum err first_staff(struct job *job, const struct cli *cli, const struct access *access, const char *dir,
                                const char *url);

#endif
