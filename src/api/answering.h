/* api/answering.h -- a change to a person that answers a request of the register (rights/request.h): the
 * request keeps the audit entry of the change, written in the same transaction. */
#ifndef API_ANSWERING_H
#define API_ANSWERING_H

#include "api/call.h"
#include "rights/request.h"
#include "vault/subject.h"

struct answering {
	struct call *call;
	bool meant; /* a request was named */
	struct request_row request;
	struct change_done done;
};

/* The member `request` of the body, if it is there: what a call about this person answers.  Errors: below. */
must_check enum err answering_meant(struct job *job, struct call *call, enum right right, int64_t subject,
                                    struct request_row *ret, bool *ret_meant);

/* The same for a fill, on the person as read.
 *   ERR_DENIED, ERR_PURPOSE_DENIED  the key may not work on requests
 *   ERR_INVALID at /request  not there, somebody else's, closed, or about another right */
must_check enum err answering_read(struct job *job, struct call *call, enum right right,
                                   const struct change *change, struct answering *ret);
/* The change writes down what makes a retry safe (Idempotency-Key), and what it answers.  `answering`
 * outlives the change. */
void answering_set(struct change *change, struct answering *answering);

#endif
