/* rights/request_parts.h -- what request*.c share; internal to rights/. */
#ifndef RIGHTS_REQUEST_PARTS_H
#define RIGHTS_REQUEST_PARTS_H

#include "rights/request.h"
#include "vault/outbox.h"

/* One request on its way from one state to the next. */
struct acting {
	struct vault *vault;
	const struct request_act *act;
	struct request_row before;
	struct request_row after;
	bool person_found; /* after.subject differs */
	str words;         /* of the event; what the act says, or more */
	enum request_event event; /* as it becomes */
	int code;
};

/* request_act.c: fills `after`, event, code and words from `before` and the act. */
must_check enum err request_transition(struct job *job, struct acting *acting);

/* request_reply.c: the letter that tells of `after`, to the address that the request names.
 *   ERR_INVALID  at /reply: it answers nothing, or there is no address */
must_check enum err request_reply_plan(struct job *job, const struct acting *acting, struct outbox_plan *plan);

/* Of the request's own key set in keys.db. */
static inline int64_t
request_key(const struct request_row *request)
{
	return -request->no;
}
/* What binds a sealed part to its request: seq 0 is reply_to. */
void request_associated(struct buf *out, uid id, int64_t seq);

must_check enum err request_row_read(struct job *job, const struct rows *rows,
                                     struct request_row *ret);

/* 16 octets: the request's id | u8 event | u8 code */
void request_entry_body(struct buf *out, uid id, enum request_event event, int code);

#endif
