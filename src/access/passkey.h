/* access/passkey.h -- passkeys of staff: making one, signing in with it, showing again who one is.
 *
 *   X1  A challenge is good once and for five minutes, for one kind of ceremony: a sign-in of whoever comes, a sign-in
 *       under one name, a new passkey of one session, a fresh proof in one session.  It carries its own time and a
 *       keyed digest of all that; the store has those that were used.
 *   X2  A passkey is its account's alone and goes with it (access/ending.def).  What it is lies sealed under the named
 *       key `credential`, bound to account and passkey; it is found by a keyed digest of its id.
 *   X3  A sign-in says ERR_SIGN_IN for whatever is wrong, and the options for a name that there is not look like those for one.
 *   X4  What was found right is settled in the transaction of the session: the challenge is used up, the passkey still
 *       there, its counter still what it was held against, the account as it was.
 *   X5  A refusal leaves its own entry, with the check that failed; a counter that goes back is an alert, too.
 *   X6  The last way to sign in is not taken away by who would be locked out.  Taking one away ends the account's other
 *       sessions, and is a fact (own.h O1, O3).
 */
#ifndef ACCESS_PASSKEY_H
#define ACCESS_PASSKEY_H

#include "access/sign_in.h"
#include "webauthn/webauthn.h"

#define CHALLENGE_LIFE (5 * 60 * TIME_SECOND)

/* How a browser may reach one, as it said when it was made; bits. */
#define TRANSPORT_TABLE(X) \
	X(TRANSPORT_USB,      1,  "usb") \
	X(TRANSPORT_NFC,      2,  "nfc") \
	X(TRANSPORT_BLE,      4,  "ble") \
	X(TRANSPORT_INTERNAL, 8,  "internal") \
	X(TRANSPORT_HYBRID,   16, "hybrid") \
	X(TRANSPORT_CARD,     32, "smart-card")
#define ENUM_TRANSPORT(e, no, ...) e = no,
enum transport { TRANSPORT_TABLE(ENUM_TRANSPORT) };
#undef ENUM_TRANSPORT

struct passkey {
	uid id;
	int64_t staff;
	struct webauthn_credential credential; /* in the arena */
	uint32_t transports;
	str name;                              /* so that its owner tells them apart; may be empty */
	time_us made_at, used_at;              /* TIME_NEVER: not used yet */
};

/* What a browser needs for a ceremony. */
struct passkey_options {
	bytes challenge;
	struct passkey *passkey; /* to choose from, or not to make again; of a name that there is not, made up */
	size_t count;            /* 0: any of this relying party */
};

/* Oldest first.   db: job->db, or inside steps the writer's */
must_check enum err passkey_list(struct job *job, const struct desk *desk, struct db *db, int64_t staff,
                                 struct passkey **ret, size_t *ret_count);

/* --- making one -------------------------------------------------------------------------------- */

must_check enum err passkey_make_begin(struct job *job, const struct desk *desk, const struct session *session,
                                       struct passkey_options *ret);
/* Of *passkey name and transports are read; the rest is set.  The session has shown a passkey from then on, and has another
 * token (session.h J3); it is no fresher.
 *   ERR_INVALID  the ceremony was not right (X5)   ERR_CONFLICT the passkey is there already   ERR_LIMIT limit_passkeys */
must_check enum err passkey_make(struct job *job, const struct desk *desk, const struct webauthn_party *party,
                                 const struct session *session, const struct webauthn_registration *in,
                                 struct passkey *passkey, struct signed_in *ret_in);
/* ERR_ABSENT   ERR_CONFLICT (X6) */
must_check enum err passkey_drop(struct job *job, const struct desk *desk, const struct session *session, uid id);

/* --- using one --------------------------------------------------------------------------------- */

struct passkey_answer {
	bytes id;     /* of the credential */
	struct webauthn_assertion assertion;
	bytes handle; /* whom it says it belongs to; empty: does not say */
};

/* user_name: empty when nobody was asked. */
must_check enum err passkey_sign_in_begin(struct job *job, const struct desk *desk, str user_name,
                                          struct passkey_options *ret);
/* Sets job->actor; *ret without a device.   ERR_SIGN_IN (X3) */
must_check enum err passkey_sign_in(struct job *job, const struct desk *desk, const struct webauthn_party *party,
                                    const struct passkey_answer *answer, struct signed_in *ret);

must_check enum err passkey_prove_begin(struct job *job, const struct desk *desk, const struct session *session,
                                        struct passkey_options *ret);
/* The session is fresh from then on and has another token (session.h J3); *ret without a device.
 *   ERR_SIGN_IN   ERR_UNAUTHENTICATED the session ended meanwhile */
must_check enum err passkey_prove(struct job *job, const struct desk *desk, const struct webauthn_party *party,
                                  const struct session *session, const struct passkey_answer *answer,
                                  struct signed_in *ret);

#endif
