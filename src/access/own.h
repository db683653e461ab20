/* access/own.h -- what staff do with their own credentials, each with its entry.
 *
 *   O1  A change ends what it makes doubtful: of a password, all other sessions and the known browsers.
 *   O2  A password shorter than PASSWORD_CHARS_ALONE stands only beside a second factor.
 *   O3  What was taken away is a fact: a restore takes it away again, and the account then needs a new invitation.
 *   O4  A password that is there is not replaced by who cannot show it (ASVS 6.2.3).
 */
#ifndef ACCESS_OWN_H
#define ACCESS_OWN_H

#include "access/credential.h"
#include "access/sign_in.h"

/* proved: the present one was shown just now; else there must be none (O4).
 *   ERR_INVALID at /password   ERR_BUSY   ERR_CONFLICT one was put meanwhile, or the second factor taken away
 *   ERR_UNAUTHENTICATED the session ended meanwhile */
must_check enum err own_password_put(struct job *job, const struct desk *desk, const struct session *session,
                                     str password, bool proved, uint64_t caller);
/* Prepared and hashed, for whoever puts it; *ret_short as in access/password.h.   ERR_INVALID at /password, ERR_BUSY */
must_check enum err own_password_hash(struct job *job, const struct desk *desk, const struct staff *staff, str password,
                                      bool second_factor, uint64_t caller, str *ret_hash, bool *ret_short);

/* The account has a second factor: a passkey, or an app beside a password. */
must_check enum err own_factor_there(struct job *job, const struct desk *desk, int64_t staff, bool *ret_there);

/* A new secret in place of one that was not confirmed.  The address is in the arena.
 *   ERR_CONFLICT an app is there: it is taken away first */
must_check enum err own_totp_begin(struct job *job, const struct desk *desk, int64_t staff, str *ret_uri);
/* With its first code; gives the recovery codes.  The session has shown a code from then on, and has another token
 * (session.h J3); it is no fresher, or apps of one's own making would keep it fresh for ever.
 *   ERR_CONFLICT nothing was begun   ERR_INVALID at /code   ERR_UNAUTHENTICATED the session ended meanwhile */
must_check enum err own_totp_confirm(struct job *job, const struct desk *desk, const struct session *session, str code,
                                     struct recovery_codes *ret, struct signed_in *ret_in);
/* ERR_CONFLICT  the password is too short to stand alone (O2)   Fine when there is none. */
must_check enum err own_totp_drop(struct job *job, const struct desk *desk, int64_t staff);
/* ERR_CONFLICT  there is no app that they would stand in for */
must_check enum err own_recovery_new(struct job *job, const struct desk *desk, int64_t staff,
                                     struct recovery_codes *ret);

#endif
