/* oidc/token.h -- what an ID token and a logout token must say (OpenID Connect Core 1.0 section 3.1.3.7,
 * Back-Channel Logout 1.0 section 2.6).
 *
 * A mechanism: it knows no staff.  The payload is one whose signature holds (jose/jws.h).
 *
 *   T1  iss equals the issuer octet for octet; aud is our client id and nobody else's; azp, if it is
 *       there, is ours too.
 *   T2  exp and iat are there, whole numbers, and now lies between them, with a minute for clocks; an ID
 *       token was made after the attempt that it answers began.
 *   T3  nonce is that of the attempt.  A logout token has none, and an event instead, so that neither
 *       passes for the other.
 *   T4  at_hash, if it is there, is that of the access token that came with it.
 *   T5  Where a fresh proof is asked for, auth_time says that it was given after the attempt began.
 */
#ifndef OIDC_TOKEN_H
#define OIDC_TOKEN_H

#include "jose/jws.h"

#define OIDC_GROUPS_MAX 1000
#define OIDC_GROUP_BYTES_MAX 256
#define LOGOUT_TOKEN_AGE (10 * 60 * TIME_SECOND) /* so old at most; so long its jti is remembered */

struct id_token_rules {
	str issuer, client_id;
	str nonce;
	str access_token;   /* "" when none came */
	enum jose_alg alg;  /* that the token was signed with: at_hash goes with it */
	time_us begun_at;   /* the attempt */
	bool fresh;         /* T5 */
	str groups_claim;   /* "": groups are not read */
};

struct id_token {
	str subject;
	str sid;            /* "": none */
	str acr;            /* "": none */
	str amr;            /* words of RFC 8176 apart by spaces; "": none */
	str name, email, user_name; /* as the provider has them; "": none; never who somebody is */
	time_us auth_at;    /* TIME_NEVER: not said */
	str *group;
	size_t group_count;
};

/* ERR_INVALID  and why, in the job's failure */
must_check enum err id_token_read(struct job *job, const struct id_token_rules *rules, str payload,
                                  struct id_token *ret);

struct logout_token {
	str subject;        /* "": none; then there is a sid */
	str sid;            /* "": all sessions of the subject */
	str jti;
	time_us issued_at;
};

/* ERR_INVALID  That the jti is new is for the caller to see. */
must_check enum err logout_token_read(struct job *job, str issuer, str client_id, str payload,
                                      struct logout_token *ret);

/* Left half of the digest that goes with the algorithm, as base64url: SHA-256, for Ed25519 SHA-512. */
void token_half_hash(enum jose_alg alg, str text, struct buf *out);

#endif
