/* access/invitation.h -- one-time links by which somebody begins an account, or begins it anew.
 *
 *   Y1  The store has a digest of the token.  A link is good once, for LIMIT_INVITATION_HOURS at most, while the
 *       account has the epoch that it was made under; a newer one takes its place.  Used, over, replaced, ended with
 *       its account and never there are one answer.
 *   Y2  Who invites never learns or chooses a password: what the account is opened with is set by who has the link.
 *   Y3  A reset takes all credentials and sessions away at once, not when the link is used; it is an alert for
 *       whoever reviews, as the one who made the link could use it.
 *   Y4  Nobody resets themselves: for that there is their own password, or somebody else.
 */
#ifndef ACCESS_INVITATION_H
#define ACCESS_INVITATION_H

#include "access/desk.h"
#include "access/session.h"

#define INVITATION_PREFIX S("valvi_")

struct invitation {
	str token; /* in the arena, given out once */
	time_us expires_at;
	bool reset; /* there was something to take away */
};

/* For an account that is invited or active; `hours` 0: as long as may be.
 *   ERR_ABSENT   ERR_CONFLICT it has ended   ERR_DENIED (Y4) */
must_check enum err invitation_make(struct job *job, const struct desk *desk, int64_t staff, int64_t hours,
                                    struct invitation *ret);

/* Changes nothing: for the page behind the link.   ERR_SIGN_IN (Y1) */
must_check enum err invitation_look(struct job *job, const struct desk *desk, str token, struct staff *ret_staff,
                                    time_us *ret_expires_at);

/* Opens the account: a session by AUTH_INVITE, and the password where one is given; without one, the person sets a
 * passkey in that session.   ERR_SIGN_IN (Y1)   ERR_INVALID the password (access/password.h), and the link is still good
 * ERR_BUSY */
must_check enum err invitation_accept(struct job *job, const struct desk *desk, str token, str password,
                                      const uint8_t *peer, struct staff *ret_staff, struct session *ret_session,
                                      str *ret_session_token);

must_check enum err invitations_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count);

/* The first administrator: an account with that role and a link for it, while nobody has ever signed in.  *ret_made false:
 * there are staff. */
must_check enum err administrator_first(struct job *job, const struct desk *desk, struct invitation *ret,
                                        bool *ret_made);

#endif
