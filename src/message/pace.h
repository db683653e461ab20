/* message/pace.h -- how much goes to one domain at a time; shared by all threads that send.
 *
 *   P1  At most `connections` batches with messages for a domain are under way, and `rate` messages a minute begin.
 *   P2  Memory of this process alone: it slows down, it allows nothing.  Domains are known by keyed numbers.
 */
#ifndef MESSAGE_PACE_H
#define MESSAGE_PACE_H

#include "base/job.h"

struct pace; /* any thread */

struct pace *pace_new(void);
void pace_free(struct pace **pace); /* accepts NULL inside; for OWNED */

/* May a message for this domain begin?  If so, a place is taken: pace_end() gives it back.  joined: this batch has
 * one for the domain already.  Else *ret_at is when to ask again: by the rate, each who asks has another moment. */
bool pace_begin(struct pace *pace, int64_t domain, bool joined, int64_t connections, int64_t rate, time_us now,
                time_us *ret_at);
/* The batch is done with the domain. */
void pace_end(struct pace *pace, int64_t domain);

#endif
