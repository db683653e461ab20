/* main/log.h -- one line for each thing that an operator should know of, on stderr; the same form
 * as the lines of api/server.c.  Holds no personal data: literals, numbers and paths of the command
 * line. */
#ifndef MAIN_LOG_H
#define MAIN_LOG_H

#include "base/job.h"

/* level=error operation=... error=... why="..." at=file:line */
void log_failure(const char *operation, enum err err, const struct failure *failure);
/* level=info operation=... , then the text: logfmt */
void log_info(const char *operation, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *operation, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
