/* webauthn/data.h -- the parts of a ceremony, read; internal to webauthn/. */
#ifndef WEBAUTHN_DATA_H
#define WEBAUTHN_DATA_H

#include "webauthn/webauthn.h"

enum authenticator_flags {
	FLAG_PRESENT = 1 << 0,
	FLAG_VERIFIED = 1 << 2,
	FLAG_BACKUP_ELIGIBLE = 1 << 3,
	FLAG_BACKED_UP = 1 << 4,
	FLAG_CREDENTIAL = 1 << 6,
	FLAG_EXTENSIONS = 1 << 7,
};

/* Authenticator data, section 6.1. */
struct authenticator_data {
	bytes party_hash;
	uint8_t flags;
	uint32_t counter;
	struct webauthn_credential credential; /* with FLAG_CREDENTIAL */
	int64_t protection;                    /* credProtect, which browsers ask for by themselves; 0: none */
};

/* WEBAUTHN_MALFORMED or WEBAUTHN_ALGORITHM. */
must_check enum webauthn_fault authenticator_data_read(struct job *job, bytes octets,
                                                       struct authenticator_data *ret);

/* An attestation object, section 6.5.4. */
struct attestation {
	str format;
	bytes statement; /* a map */
	bytes data;
	bool by_itself;  /* packed, without certificates */
};

must_check bool attestation_read(bytes octets, struct attestation *ret);

/* --- libfido2 -------------------------------------------------------------------------------- */

must_check enum webauthn_fault fido_registration(struct job *job, const struct webauthn_party *party,
                                                 const uint8_t hash[32],
                                                 const struct attestation *attestation,
                                                 const struct authenticator_data *data);
must_check enum webauthn_fault fido_assertion(struct job *job, const struct webauthn_party *party,
                                              const uint8_t hash[32],
                                              const struct webauthn_assertion *in,
                                              const struct webauthn_credential *credential);

#endif
