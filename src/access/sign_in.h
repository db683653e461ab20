/* access/sign_in.h -- signing in by name, password and code, and showing again who one is.
 *
 *   N1  A wrong name, a wrong password, a wrong or missing code, an account that has ended or was never begun, and
 *       a try that comes too early are one answer, ERR_SIGN_IN, after the same work.
 *   N2  A try is counted before it is looked at (throttle.h R1).
 *   N3  What is found right is settled in one transaction with the session, its entry and what is used up: the
 *       account is still what it was, the password too, no code counts twice.
 *   N4  Nothing says which of the proofs was wrong: a password alone, without its code, is not confirmed.
 */
#ifndef ACCESS_SIGN_IN_H
#define ACCESS_SIGN_IN_H

#include "access/desk.h"
#include "access/session.h"

/* What is shown.  All borrowed. */
struct proofs {
	str user_name;       /* not read by sign_in_again() */
	str password;
	str code;            /* of an app, or a recovery code; empty: none */
	const uint8_t *peer; /* PEER_BYTES; NULL: the server's own socket */
	str device;          /* the cookie of a known browser; empty: none */
	str session;         /* the cookie of a session, which a new one takes the place of; empty: none */
};

struct signed_in {
	struct staff staff;
	struct session session;
	str token;  /* of the session */
	str device; /* of the browser, when it was not known; empty: it was */
};

/* Sets job->actor.   ERR_SIGN_IN (N1)   ERR_BUSY too many at once */
must_check enum err sign_in(struct job *job, const struct desk *desk, const struct proofs *proofs,
                            struct signed_in *ret);

/* The same proofs by somebody who has a session, which is fresh from then on and has another token (session.h J3).
 *   ERR_SIGN_IN, ERR_BUSY   ERR_UNAUTHENTICATED the session ended meanwhile */
must_check enum err sign_in_again(struct job *job, const struct desk *desk, const struct session *session,
                                  const struct proofs *proofs, struct signed_in *ret);

/* Inside steps: somebody signs in by another way (passkey, identity provider, invitation), which has been checked.
 * Makes the session, opens the name for others who have lost theirs, leaves the entry.  Sets job->actor. */
must_check enum err sign_in_steps(struct job *job, const struct desk *desk, struct db *db, const struct staff *staff,
                                  const struct session_new *new, str *ret_token);
/* Inside steps: a fresh proof by another way. */
must_check enum err prove_steps(struct job *job, const struct desk *desk, struct db *db, const struct staff *staff,
                                const struct session *session, uint32_t method, struct signed_in *ret);
/* A failure by another way, for who is meant to see it; its refusal has its own entry. */
must_check enum err sign_in_failed(struct job *job, const struct desk *desk, const struct staff *staff,
                                   uint32_t method);

/* Ends this session; leaves its entry. */
must_check enum err sign_out(struct job *job, const struct desk *desk, const struct session *session);

#endif
