/* crypto/locked.h -- blocks of memory for keys; only crypto/ includes this.
 *
 * A block is locked into memory, left out of core dumps, followed by a guard page (so that an
 * overrun ends the process) and preceded by a canary that is checked when it is freed.
 */
#ifndef CRYPTO_LOCKED_H
#define CRYPTO_LOCKED_H

#include <stddef.h>

void *locked_new(size_t size);  /* zeroed; never NULL */
void locked_free(void *ptr);    /* wipes; accepts NULL */

#endif
