/* cli/input.h -- what a command reads: files, standard input, and values of people, which come
 * from standard input so that they do not stay behind in the shell's history. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/args.h"

/* A whole file, or standard input for "-".   ERR_IO complained */
must_check enum err input_file(struct job *job, struct cli *cli, const char *path, size_t max,
                               str *ret);
/* The option's text, or for "-", or when it is not given, the first line of standard input. */
must_check enum err input_value(struct job *job, struct cli *cli, const struct args *args,
                                const char *option, str *ret);
/* An id as the server knows it.   ERR_USAGE */
must_check enum err input_id(struct cli *cli, const char *text);

#endif
