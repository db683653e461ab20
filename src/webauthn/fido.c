/* webauthn/fido.c -- the one door to libfido2; contract: data.h.  Whatever it says that is not yes is
 * a no. */
#include "webauthn/data.h"

#include <string.h>

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

static void
cred_end(fido_cred_t **cred)
{
	fido_cred_free(cred);
}

static void
assertion_end(fido_assert_t **assertion)
{
	fido_assert_free(assertion);
}

/* --- a new passkey ---------------------------------------------------------------------------- */

static bool
same(bytes ours, const unsigned char *ptr, size_t len)
{
	return ptr && ours.len == len && memcmp(ours.ptr, ptr, len) == 0;
}

static bool
readers_agree(const fido_cred_t *cred, const struct authenticator_data *data)
{
	const struct webauthn_credential *ours = &data->credential;

	return same(ours->id, fido_cred_id_ptr(cred), fido_cred_id_len(cred)) &&
	       same(ours->key, fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred)) &&
	       same(ours->aaguid, fido_cred_aaguid_ptr(cred), fido_cred_aaguid_len(cred)) &&
	       fido_cred_flags(cred) == data->flags && fido_cred_sigcount(cred) == data->counter;
}

enum webauthn_fault
fido_registration(struct job *job, const struct webauthn_party *party, const uint8_t hash[32],
                  const struct attestation *attestation, const struct authenticator_data *data)
{
	OWNED(cred_end) fido_cred_t *cred = fido_cred_new();

	if (!cred || fido_cred_set_type(cred, (int)data->credential.algorithm) != FIDO_OK ||
	    fido_cred_set_rp(cred, arena_c(&job->arena, party->id), NULL) != FIDO_OK ||
	    fido_cred_set_authdata_raw(cred, attestation->data.ptr, attestation->data.len) != FIDO_OK ||
	    !readers_agree(cred, data))
		return WEBAUTHN_MALFORMED;
	if (!attestation->by_itself)
		return WEBAUTHN_OK;
	if (data->protection && fido_cred_set_prot(cred, (int)data->protection) != FIDO_OK)
		return WEBAUTHN_MALFORMED;
	if (fido_cred_set_clientdata_hash(cred, hash, 32) != FIDO_OK ||
	    fido_cred_set_uv(cred, FIDO_OPT_TRUE) != FIDO_OK ||
	    fido_cred_set_fmt(cred, "packed") != FIDO_OK ||
	    fido_cred_set_attstmt(cred, attestation->statement.ptr, attestation->statement.len) != FIDO_OK)
		return WEBAUTHN_MALFORMED;
	return fido_cred_verify_self(cred) == FIDO_OK ? WEBAUTHN_OK : WEBAUTHN_SIGNATURE;
}

/* --- its use ---------------------------------------------------------------------------------- */

union public_key {
	es256_pk_t *es256;
	eddsa_pk_t *eddsa;
	rs256_pk_t *rs256;
};

static enum webauthn_fault
signature_check(const fido_assert_t *assertion, const struct webauthn_credential *credential)
{
	union public_key key;
	int result = FIDO_ERR_INVALID_ARGUMENT;

	switch (credential->algorithm) {
	case WEBAUTHN_ES256:
		key.es256 = es256_pk_new();
		if (key.es256 && es256_pk_from_ptr(key.es256, credential->key.ptr, credential->key.len) == FIDO_OK)
			result = fido_assert_verify(assertion, 0, COSE_ES256, key.es256);
		es256_pk_free(&key.es256);
		break;
	case WEBAUTHN_EDDSA:
		key.eddsa = eddsa_pk_new();
		if (key.eddsa && eddsa_pk_from_ptr(key.eddsa, credential->key.ptr, credential->key.len) == FIDO_OK)
			result = fido_assert_verify(assertion, 0, COSE_EDDSA, key.eddsa);
		eddsa_pk_free(&key.eddsa);
		break;
	case WEBAUTHN_RS256:
		key.rs256 = rs256_pk_new();
		if (key.rs256 && rs256_pk_from_ptr(key.rs256, credential->key.ptr, credential->key.len) == FIDO_OK)
			result = fido_assert_verify(assertion, 0, COSE_RS256, key.rs256);
		rs256_pk_free(&key.rs256);
		break;
	}
	return result == FIDO_OK ? WEBAUTHN_OK : WEBAUTHN_SIGNATURE;
}

/* libfido2 holds the party's hash, presence and verification against what it was told, again. */
enum webauthn_fault
fido_assertion(struct job *job, const struct webauthn_party *party, const uint8_t hash[32],
               const struct webauthn_assertion *in, const struct webauthn_credential *credential)
{
	OWNED(assertion_end) fido_assert_t *assertion = fido_assert_new();

	if (!assertion || fido_assert_set_count(assertion, 1) != FIDO_OK ||
	    fido_assert_set_rp(assertion, arena_c(&job->arena, party->id)) != FIDO_OK ||
	    fido_assert_set_clientdata_hash(assertion, hash, 32) != FIDO_OK ||
	    fido_assert_set_up(assertion, FIDO_OPT_TRUE) != FIDO_OK ||
	    fido_assert_set_uv(assertion, FIDO_OPT_TRUE) != FIDO_OK ||
	    fido_assert_set_authdata_raw(assertion, 0, in->authenticator_data.ptr,
	                                 in->authenticator_data.len) != FIDO_OK ||
	    fido_assert_set_sig(assertion, 0, in->signature.ptr, in->signature.len) != FIDO_OK)
		return WEBAUTHN_MALFORMED;
	return signature_check(assertion, credential);
}
