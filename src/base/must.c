#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

void
must_fail(const char *cond, const char *file, int line)
{
	fprintf(stderr, "valv: broken assumption: %s (%s:%d)\n", cond, file, line);
	abort();
}
