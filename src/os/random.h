/* os/random.h -- random octets from the kernel (getrandom(2)); never fails: without them the
 * process ends. */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include "base/uid.h"

void os_random(void *out, size_t len);
uid os_uid(void); /* UUID version 4 */

#endif
