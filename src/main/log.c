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

static void
line(const char *level, const char *operation, const char *format, va_list list)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, list);
	fprintf(stderr, "level=%s operation=%s%s%s\n", level, operation, text[0] ? " " : "", text);
}

void
log_info(const char *operation, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	line("info", operation, format, list);
	va_end(list);
}

void
log_warning(const char *operation, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	line("warning", operation, format, list);
	va_end(list);
}
