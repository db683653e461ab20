/* oidc/provider.h -- an OpenID provider: its metadata, its keys, the code flow with PKCE.
 *
 * A mechanism: it knows no staff.  The issuer is configured; everything else comes from its discovery
 * document (OpenID Connect Discovery 1.0) and is believed only as far as it fits.
 *
 *   O1  The document's issuer is the configured one octet for octet; it is read from the place that
 *       follows from it, and no redirect is followed (http/fetch.h, F1).
 *   O2  Every address is https, or http where an operator allowed a network; calls go where the guard
 *       allows and nowhere else (hook/address.h), end within OIDC_TOTAL_MS, and their answers have a
 *       limit.
 *   O3  Keys are kept for OIDC_FRESH_US, and read again once when a token names one that is not there:
 *       at most every OIDC_AGAIN_US, so that strangers cannot make Valv call the provider at will.  When
 *       the provider does not answer, what is kept is used until OIDC_STALE_US, and not after.
 *   O4  state, nonce and verifier are 256 bits each, of a secret seed that never leaves Valv but sealed; none
 *       tells anything about the others.  The challenge is S256 of the verifier, always.
 */
#ifndef OIDC_PROVIDER_H
#define OIDC_PROVIDER_H

#include "hook/address.h"
#include "http/fetch.h"
#include "jose/jws.h"

#define OIDC_CONNECT_MS 3000
#define OIDC_TOTAL_MS 6000
#define OIDC_ANSWER_MAX (256 * 1024)
#define OIDC_FRESH_US (3600 * TIME_SECOND)
#define OIDC_AGAIN_US (60 * TIME_SECOND)
#define OIDC_RETRY_US (5 * TIME_SECOND)  /* after a call that failed */
#define OIDC_STALE_US TIME_DAY
#define OIDC_URL_MAX 2000
#define OIDC_SECRET_TEXT 43              /* base64url of 256 bits */

/* --- documents of the provider ------------------------------------------------------------------ */

struct oidc_cache; /* texts by address; thread-safe */

void oidc_cache_new(struct oidc_cache **ret);
void oidc_cache_free(struct oidc_cache **cache); /* accepts NULL inside */

struct oidc_reach {
	struct oidc_cache *cache;
	const struct networks *networks; /* an operator's, beside the public internet */
};

/* An address that may be called at all (O2): scheme, host, no user name, no fragment. */
bool oidc_url_fits(str url, const struct networks *networks);

struct oidc_metadata {
	str authorization_endpoint, token_endpoint, jwks_uri;
	unsigned algs;         /* that it signs ID tokens with, of those known here */
	bool basic;            /* the token endpoint takes client_secret_basic; else client_secret_post */
	bool says_issuer;      /* RFC 9207: every answer of the code flow names the issuer */
};

/* O1, O3.
 *   ERR_INVALID  the document is not one that can be believed
 *   ERR_IO       the provider did not give it */
must_check enum err oidc_metadata(struct job *job, const struct oidc_reach *reach, str issuer,
                                  struct oidc_metadata *ret);
/* The document itself: for tests. */
must_check enum err oidc_metadata_read(struct job *job, str document, str issuer,
                                       const struct networks *networks, struct oidc_metadata *ret);

/* The payload of a token once its signature holds with a key from `jwks_uri` (O3), with its algorithm.
 *   ERR_INVALID  no token, or no signature of the provider's
 *   ERR_ABSENT   signed with a key that the provider does not have
 *   ERR_IO       its keys could not be had */
must_check enum err oidc_token_open(struct job *job, const struct oidc_reach *reach, str jwks_uri,
                                    const struct jws_rules *rules, str token, str *ret_payload,
                                    enum jose_alg *ret_alg);

/* --- the code flow ------------------------------------------------------------------------------ */

#define OIDC_SEED_BYTES 32

/* One attempt (O4); texts in the arena. */
struct oidc_attempt {
	str state, nonce, verifier;
	time_us begun_at;
	bool fresh; /* prompt=login, max_age=0: a proof given now */
};
/* From the seed that it began with; begun_at and fresh are left to the caller. */
void oidc_attempt_of(struct job *job, const uint8_t seed[OIDC_SEED_BYTES], struct oidc_attempt *ret);

struct oidc_client {
	str issuer, client_id, client_secret, redirect_uri;
	str scopes; /* beside openid, apart by spaces */
};

/* Where the browser is sent. */
void oidc_authorization_url(const struct oidc_client *client, const struct oidc_metadata *metadata,
                            const struct oidc_attempt *attempt, struct buf *out);

struct oidc_tokens {
	str id_token, access_token; /* in the arena */
};

/* The code for the tokens.
 *   ERR_INVALID  the provider refused it, or its answer is not one
 *   ERR_IO       it did not answer */
must_check enum err oidc_code_redeem(struct job *job, const struct oidc_reach *reach,
                                     const struct oidc_client *client, const struct oidc_metadata *metadata,
                                     const struct oidc_attempt *attempt, str code, struct oidc_tokens *ret);

/* Percent-encoded as RFC 3986's unreserved characters. */
void url_put(struct buf *out, str text);

#endif
