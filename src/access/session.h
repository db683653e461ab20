/* access/session.h -- sessions of staff: opaque tokens of 256 bits, of which only the digest is stored.
 *
 *   J1  A session is good while its staff member is active, under the same epoch, it was used within the idle time
 *       and its absolute end is not reached: all of it read for each request, nothing of it in the token.
 *   J2  Times that are stored are never later than what happened, so that a crash or a clock that goes back only
 *       ever shortens a session.
 *   J3  A proof of who somebody is gives the session another token, and the one before is good no more from then on
 *       (ASVS 5.0 7.2.4).  The session is the same one and keeps its id: what hangs on it (an answer under way, a
 *       challenge, what others end) goes by that.
 */
#ifndef ACCESS_SESSION_H
#define ACCESS_SESSION_H

#include "access/staff.h"
#include "crypto/seal.h"

#define SESSION_TOKEN_CHARS 49 /* "valvs_" and 43 of base64url */
#define SESSION_PREFIX S("valvs_")
#define SESSION_COOKIE S("__Host-valv")
#define SESSION_IDLE_MINUTES 15 /* unless the setting says otherwise */
#define SESSION_FRESH (5 * 60 * TIME_SECOND) /* so long a proof of who one is counts as fresh */

/* How they showed who they are; bits. */
#define AUTH_TABLE(X) \
	X(AUTH_PASSWORD, 1,  "password") \
	X(AUTH_TOTP,     2,  "totp") \
	X(AUTH_PASSKEY,  4,  "passkey") \
	X(AUTH_OIDC,     8,  "oidc") \
	X(AUTH_RECOVERY, 16, "recovery_code") \
	X(AUTH_INVITE,   32, "invitation") \
	X(AUTH_OIDC_TWO, 64, "oidc_factors") /* and the provider says that it saw several (amr "mfa") */
#define ENUM_AUTH(e, no, ...) e = no,
enum auth_method { AUTH_TABLE(ENUM_AUTH) };
#undef ENUM_AUTH

/* What they have shown, for policy.h. */
bool session_factors(uint32_t method, bool required);

struct session_new {
	int64_t staff;
	uint32_t method; /* auth_method bits */
	time_us proved_at; /* 0: now.  The provider's auth_time where it is earlier */
	str sid;         /* the provider's name for it; empty: none */
};

struct session {
	uid id;
	uint8_t digest[DIGEST_BYTES];
	int64_t staff, epoch;
	uint32_t method;
	time_us made_at, proved_at, used_at, expires_at;
};

/* Inside steps: a session for a staff member who is active.  The token is given once, in the arena.
 *   ERR_UNAUTHENTICATED  not active   ERR_LIMIT as many as may be (the oldest go first, so this is a bug) */
must_check enum err session_make_steps(struct job *job, const struct access *access, struct db *db,
                                       const struct session_new *new, str *ret_token);

/* Of a token; *ret_there says only that the store has it.  Good or not: principal.h. */
must_check enum err session_find(struct job *job, struct db *db, str token, struct session *ret, bool *ret_there);
must_check enum err session_of_id(struct job *job, struct db *db, int64_t staff, uid id, struct session *ret,
                                  bool *ret_there);
/* Of one staff member, newest first; whether each is still good is the caller's to say. */
must_check enum err session_list(struct job *job, int64_t staff, struct session **ret, size_t *ret_count);

/* Inside steps: they showed at `proved_at` who they are, by `method` beside what they had shown (J3).  *ret is the
 * session as it is from then on; the token is given once, in the arena.
 *   ERR_UNAUTHENTICATED  it ended, or has another token already */
must_check enum err session_prove_steps(struct job *job, struct db *db, const struct session *session,
                                        uint32_t method, time_us proved_at, struct session *ret, str *ret_token);
/* Each inside steps with WRITE_RESERVED; each ends what it names before it is acknowledged.  *ret_count may be 0. */
must_check enum err session_end_id_steps(struct job *job, struct db *db, int64_t staff, uid id, int64_t *ret_count);
/* All of a staff member's but `keep` (NULL: all). */
must_check enum err session_end_all_steps(struct job *job, struct db *db, int64_t staff,
                                          const uid *keep, int64_t *ret_count);
/* By the provider's own name for it, under its issuer. */
must_check enum err session_end_sid_steps(struct job *job, const struct access *access, struct db *db, str issuer,
                                          str sid, int64_t *ret_count);
/* The staff member of such a session.  ERR_ABSENT */
must_check enum err session_staff_of_sid(struct job *job, const struct access *access, struct db *db, str issuer,
                                         str sid, int64_t *ret_staff);

/* Take away at most `max` of those whose end has come. */
must_check enum err session_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count);

#endif
