/* jose/jws.h -- signed tokens of others (JWS, RFC 7515, compact form; the advice of RFC 8725).
 *
 * Only this folder knows libcrypto.  Nothing of what a token says is handed out before its signature
 * holds; what is then handed out is text that the issuer signed, and no more: who the issuer is, for
 * whom, and until when, is for the caller to check (oidc/).
 *
 *   W1  The algorithm is one that the caller allows and that the key is for (jwk.h, J1).  There is no
 *       `none` and no MAC here, in whatever spelling.
 *   W2  The key comes from the caller's set, by its kid; never from the token: a header with jku, jwk,
 *       x5u or x5c is refused.  Without a kid only a set of one key will do.
 *   W3  What the header may not ask for: crit, b64, enc, zip.  Other members are passed over.
 *   W4  One token has one text: strict base64url, no member twice, no white space, nothing behind.
 *   W5  ES256 signatures are r and s, 32 octets each (no DER), neither of them zero.
 */
#ifndef JOSE_JWS_H
#define JOSE_JWS_H

#include "jose/jwk.h"

#define JWS_BYTES_MAX (16 * 1024)

struct jws_rules {
	unsigned algs;           /* of enum jose_alg */
	/* What `typ` may be, NULL at the end, without "application/" and without regard to case; "" is a
	 * token that has none. */
	const char *const *typ;
};

/* Read, not verified; in the arena. */
struct jws {
	enum jose_alg alg;
	str kid;            /* ptr NULL: none */
	str signed_text;    /* header.payload */
	str payload_text;
	bytes signature;
};

/* ERR_INVALID  not a token that the rules allow (W1 to W4) */
must_check enum err jws_read(struct job *job, const struct jws_rules *rules, str token, struct jws *ret);

/* The payload, once the signature holds.
 *   ERR_ABSENT   the set has no key of that kid: perhaps a newer one has
 *   ERR_INVALID  no signature of that key */
must_check enum err jws_open(struct job *job, const struct jws *jws, const struct jwks *set,
                             str *ret_payload);

#endif
