/* cli/data_dir.h -- which data directory is meant. */
#ifndef CLI_DATA_DIR_H
#define CLI_DATA_DIR_H

#include "cli/args.h"

/* --data, else $VALV_DATA, else ./valv-data. */
const char *data_dir(const struct args *args);

/* " --data DIR" for a command that a person is to copy; "" where DIR is meant without it. */
const char *data_option(struct job *job, const char *dir);

#endif
