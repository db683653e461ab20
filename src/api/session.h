/* api/session.h -- what all ways to sign in answer alike. */
#ifndef API_SESSION_H
#define API_SESSION_H

#include "access/sign_in.h"
#include "api/call.h"

/* The cookies of a session that begins, and 201 with what it is. */
must_check enum err session_begun(struct job *job, struct call *call, const struct signed_in *in);
/* After a fresh proof: the session goes on under another token (access/session.h J3). */
void session_proved(struct call *call, const struct signed_in *in);
/* The cookie of call->token, when the answer stands. */
void session_cookie(struct job *job, struct call *call);
must_check enum err session_answer(struct job *job, struct call *call, const struct session *session, int status);
/* ERR_DENIED of the operator, who has no session. */
must_check enum err session_me(struct job *job, const struct call *call);

#endif
