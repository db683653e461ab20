/* cli/lines.h -- a file of lines, of any length, taken in pieces of whole lines. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "cli/command.h"

struct lines;

must_check enum err lines_open(struct cli *cli, const char *path,
                               struct lines **ret); /* "-": standard input */
void lines_close(struct lines **lines);             /* accepts NULL inside; for OWNED */

/* Whole lines of at most bytes_max and count_max; empty at the end.  Borrowed until the next call.
 * ERR_IO complained: unreadable, or one line is longer than bytes_max */
must_check enum err lines_next(struct cli *cli, struct lines *lines, size_t bytes_max,
                               size_t count_max, str *ret);

#endif
