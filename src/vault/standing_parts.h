/* vault/standing_parts.h -- what the files of a standing share; internal to vault/.
 *
 *   standing.c         the fold: the ledger in, what it comes to out
 *   standing_stored.c  the form beside the record, and the one before
 *   standing_ask.c     what is asked of a standing
 */
#ifndef VAULT_STANDING_PARTS_H
#define VAULT_STANDING_PARTS_H

#include "vault/standing.h"

static inline time_us
earlier(time_us a, time_us b)
{
	return a < b ? a : b;
}

#endif
