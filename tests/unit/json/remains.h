/* Whether something that was to be wiped is still somewhere in this process's memory. */
#ifndef REMAINS_H
#define REMAINS_H

#include <stddef.h>

#define REMAINS_LEN 24
/* A text that occurs nowhere: made from a masked form, so that only copies of it are found. */
void remains_marker(char out[REMAINS_LEN]);
/* How often it occurs in writable memory. */
size_t remains_count(void);

#endif
