/* jose/jwk.h -- public keys of others, as a JSON Web Key Set has them (RFC 7517, 7518 section 6, 8037).
 *
 * A set is somebody else's text: it may hold keys for other uses, of kinds that are not known here, or
 * too weak.  Such keys are left out and the rest is used; what a key is for is decided by the key, not
 * by the token that names it.
 *
 *   J1  A key serves algorithms of its own kind only: RSA (2048 to 8192 bits) RS256 and PS256, P-256
 *       ES256, Ed25519 EdDSA; and of these only the one that its own `alg` names, if it names one.
 *   J2  Never a key: oct (a secret), one with private members (it is no secret any more), one whose
 *       `use` is not sig or whose `key_ops` leave out verify.
 *   J3  Certificates and addresses in a key (x5c, x5u ...) are not looked at.
 */
#ifndef JOSE_JWK_H
#define JOSE_JWK_H

#include "base/job.h"

#define JWKS_MAX 64                   /* usable keys in one set; of more, the first */
#define JWKS_BYTES_MAX (256 * 1024)   /* of the text */
#define KID_BYTES_MAX 255
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192             /* what one verification may cost has an end */

/* As bits, for lists of what is allowed. */
/*      enum          bit  name */
#define JOSE_ALG_TABLE(X) \
	X(JOSE_RS256,  0, "RS256") \
	X(JOSE_PS256,  1, "PS256") \
	X(JOSE_ES256,  2, "ES256") \
	X(JOSE_EDDSA,  3, "EdDSA")      /* Ed25519 */

enum jose_alg {
	JOSE_NONE = 0,
#define X(e, bit, name) e = 1 << bit,
	JOSE_ALG_TABLE(X)
#undef X
};
#define JOSE_ALGS_ALL (JOSE_RS256 | JOSE_PS256 | JOSE_ES256 | JOSE_EDDSA)

/* Exactly as the RFC spells it; JOSE_NONE for any other. */
enum jose_alg jose_alg_of(str name);
str jose_alg_name(enum jose_alg alg);

struct jwk {
	str kid;            /* ptr NULL: it has none */
	unsigned algs;      /* J1 */
	bytes n, e;         /* RSA, without zeros in front */
	bytes x, y;         /* 32 octets each; Ed25519 has only x */
};

/* In the arena. */
struct jwks {
	struct jwk *key;
	size_t count;
};

/* ERR_INVALID  not a set of keys, or none of them can be used */
must_check enum err jwks_read(struct job *job, str text, struct jwks *ret);
bool jwks_has(const struct jwks *set, str kid);

/* RFC 4648 section 5 as RFC 7515 uses it: no padding, no white space, nothing in the bits that are left
 * over, so that one value has one text.  Into the arena. */
must_check bool base64url_read(struct arena *arena, str text, bytes *ret);

#endif
