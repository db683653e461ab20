/* base/banned.h -- calls that do not occur in Valv; included by the build in front of every file. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#ifdef VALV_BEFORE_BANNED /* <a header> whose own declarations use one of these names */
#include VALV_BEFORE_BANNED
#endif

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok atoi atol atof gets rand srand localtime
#pragma GCC poison gmtime ctime asctime strtol strtoul strtoll strtoull

#endif
