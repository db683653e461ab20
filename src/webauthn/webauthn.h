/* webauthn/webauthn.h -- passkeys: what a browser sends at a ceremony, checked (WebAuthn Level 2,
 * sections 7.1 and 7.2; backup flags as in Level 3).
 *
 * Pure functions over octets: whose passkey it is, which challenge was given out and whether it was
 * used before is the caller's business.
 *
 *   N1  One challenge, one origin, one relying party, one kind of ceremony; never from inside another
 *       page's frame.  User present and verified, always.
 *   N2  ES256 (-7), EdDSA with Ed25519 (-8) and RS256 with 2048 bits (-257), nothing else.
 *   N3  What is read is canonical CBOR to its last octet.  Our reader and libfido2's must agree on a new
 *       passkey: id, key, counter and flags.
 *   N4  A counter that does not go forward is WEBAUTHN_COUNTER, and no sign-in: there are two of what
 *       cannot be copied.
 *   N5  Attestation is not asked for and not believed: a packed statement by the passkey itself must
 *       hold, every other one is taken as none.  Token binding is ignored.
 */
#ifndef WEBAUTHN_WEBAUTHN_H
#define WEBAUTHN_WEBAUTHN_H

#include "base/job.h"

/* Octets at most. */
#define WEBAUTHN_CLIENT_DATA_MAX 4096
#define WEBAUTHN_ATTESTATION_MAX (16 * 1024)
#define WEBAUTHN_AUTHENTICATOR_DATA_MAX 960 /* what libfido2 has room for beside the hash */
#define WEBAUTHN_SIGNATURE_MAX 1024
#define WEBAUTHN_ID_MAX 1023  /* section 5.8.3 */
#define WEBAUTHN_KEY_MAX 259  /* modulus and exponent of RS256 */
#define WEBAUTHN_AAGUID_BYTES 16

enum webauthn_algorithm { WEBAUTHN_ES256 = -7, WEBAUTHN_EDDSA = -8, WEBAUTHN_RS256 = -257 };

/* Why not.  The names go into audit entries, not into answers. */
#define WEBAUTHN_TABLE(X) \
	X(WEBAUTHN_OK,           "ok") \
	X(WEBAUTHN_MALFORMED,    "malformed")    /* a part cannot be read, or is longer than its limit */ \
	X(WEBAUTHN_TYPE,         "type")         /* another kind of ceremony */ \
	X(WEBAUTHN_CHALLENGE,    "challenge")    \
	X(WEBAUTHN_ORIGIN,       "origin")       \
	X(WEBAUTHN_CROSS_ORIGIN, "cross-origin") /* within a frame of another origin */ \
	X(WEBAUTHN_PARTY,        "party")        /* made for another relying party */ \
	X(WEBAUTHN_PRESENCE,     "presence")     \
	X(WEBAUTHN_VERIFICATION, "verification") \
	X(WEBAUTHN_BACKUP,       "backup")       /* backed up, or eligible, where it cannot be */ \
	X(WEBAUTHN_ALGORITHM,    "algorithm")    \
	X(WEBAUTHN_SIGNATURE,    "signature")    \
	X(WEBAUTHN_COUNTER,      "counter")      \
	X(WEBAUTHN_UNKNOWN,      "unknown")      /* the caller's: nobody has it, or somebody else */

enum webauthn_fault {
#define X(name, word) name,
	WEBAUTHN_TABLE(X)
#undef X
	WEBAUTHN_FAULTS
};
str webauthn_word(enum webauthn_fault fault);

struct webauthn_party {
	str id;     /* a domain: example.com */
	str origin; /* https://vault.example.com, as the browser writes it */
};

struct webauthn_credential {
	bytes id;
	enum webauthn_algorithm algorithm;
	bytes key; /* ES256: x, y.  EdDSA: as RFC 8032.  RS256: modulus (256), exponent (3) */
	uint32_t counter;
	bool backup_eligible; /* for good: it may be copied to other devices */
	bool backed_up;       /* it is */
	bytes aaguid;
};

/* The challenge that client data names, to find what was given out: not yet checked for anything.
 * False: it cannot be read. */
must_check bool webauthn_challenge(struct job *job, bytes client_data, bytes *ret);

struct webauthn_registration {
	bytes client_data;
	bytes attestation;
};

/* *ret is in the arena or borrows from *in. */
must_check enum webauthn_fault webauthn_register(struct job *job, const struct webauthn_party *party,
                                                 bytes challenge, const struct webauthn_registration *in,
                                                 struct webauthn_credential *ret);

struct webauthn_assertion {
	bytes client_data;
	bytes authenticator_data;
	bytes signature;
};

/* By this credential, which is brought up to date (counter, backed_up) when WEBAUTHN_OK. */
must_check enum webauthn_fault webauthn_assert(struct job *job, const struct webauthn_party *party,
                                               bytes challenge, const struct webauthn_assertion *in,
                                               struct webauthn_credential *credential);

/* https://HOST[:PORT], or http://localhost[:PORT] for trying it out: no path, lower case, no default
 * port.  *ret_host borrows. */
bool webauthn_origin_fits(str origin, str *ret_host);
/* The host itself, or a domain that it is in; of two labels at least, unless it is localhost. */
bool webauthn_party_fits(str id, str host);

#endif
