/* main/log.c -- contract: log.h.  A line is written in one call, so that those of threads do not
 * mix. */
#include "main/log.h"

#include <stdarg.h>

void
log_failure(const char *operation, enum err err, const struct failure *failure)
{
	fprintf(stderr, "level=error operation=%s error=%s why=\"%s\" at=%s:%d\n", operation,
	        err_info(err)->name, failure->why ? failure->why : "",
	        failure->file ? failure->file : "", failure->line);
}

void
log_info(const char *operation, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	fprintf(stderr, "level=info operation=%s%s%s\n", operation, text[0] ? " " : "", text);
}
