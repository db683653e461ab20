/* webauthn/data.c -- contract: data.h. */
#include "webauthn/data.h"

#include <string.h>

#include "webauthn/cbor.h"

/* --- a public key: COSE_Key, section 6.5.1.1 -------------------------------------------------- */

enum { COSE_KTY = 1, COSE_ALG = 3, COSE_FIRST = -1, COSE_SECOND = -2, COSE_THIRD = -3 };
enum { COSE_OKP = 1, COSE_EC2 = 2, COSE_RSA = 3 };

static bool
eat_pair(bytes *rest, int64_t name, int64_t value)
{
	int64_t got_name, got_value;

	return eat_cbor_int(rest, &got_name) && got_name == name && eat_cbor_int(rest, &got_value) &&
	       got_value == value;
}

static bool
eat_octets(bytes *rest, int64_t name, size_t len, bytes *ret)
{
	int64_t got;

	return eat_cbor_int(rest, &got) && got == name && eat_cbor_bytes(rest, ret) && ret->len == len;
}

static bytes
joined(struct job *job, bytes a, bytes b)
{
	uint8_t *both = arena_alloc(&job->arena, a.len + b.len);

	memcpy(both, a.ptr, a.len);
	memcpy(both + a.len, b.ptr, b.len);
	return (bytes){ both, a.len + b.len };
}

/* kty and alg stand first in canonical order.  A curve or a size that does not go with the algorithm
 * is malformed; an algorithm that was not offered has a fault of its own. */
static enum webauthn_fault
key_read(struct job *job, bytes *rest, struct webauthn_credential *ret)
{
	int64_t name, kty, algorithm;
	uint64_t members;
	bytes first, second;

	if (!eat_cbor_map(rest, &members) || !eat_cbor_int(rest, &name) || name != COSE_KTY ||
	    !eat_cbor_int(rest, &kty) || !eat_cbor_int(rest, &name) || name != COSE_ALG ||
	    !eat_cbor_int(rest, &algorithm))
		return WEBAUTHN_MALFORMED;
	ret->algorithm = (enum webauthn_algorithm)algorithm;
	switch (algorithm) {
	case WEBAUTHN_ES256: /* curve 1: P-256 */
		if (members != 5 || kty != COSE_EC2 || !eat_pair(rest, COSE_FIRST, 1) ||
		    !eat_octets(rest, COSE_SECOND, 32, &first) || !eat_octets(rest, COSE_THIRD, 32, &second))
			return WEBAUTHN_MALFORMED;
		ret->key = joined(job, first, second);
		return WEBAUTHN_OK;
	case WEBAUTHN_EDDSA: /* curve 6: Ed25519 */
		if (members != 4 || kty != COSE_OKP || !eat_pair(rest, COSE_FIRST, 6) ||
		    !eat_octets(rest, COSE_SECOND, 32, &first))
			return WEBAUTHN_MALFORMED;
		ret->key = first;
		return WEBAUTHN_OK;
	case WEBAUTHN_RS256:
		if (members != 4 || kty != COSE_RSA || !eat_octets(rest, COSE_FIRST, 256, &first) ||
		    !eat_octets(rest, COSE_SECOND, 3, &second))
			return WEBAUTHN_MALFORMED;
		ret->key = joined(job, first, second);
		return WEBAUTHN_OK;
	default:
		return WEBAUTHN_ALGORITHM;
	}
}

/* --- authenticator data ----------------------------------------------------------------------- */

static bool
eat_be(bytes *rest, size_t len, uint32_t *ret)
{
	bytes octets;

	if (!eat_bytes(rest, len, &octets))
		return false;
	*ret = 0;
	for (size_t i = 0; i < len; i++)
		*ret = *ret << 8 | octets.ptr[i];
	return true;
}

static enum webauthn_fault
credential_read(struct job *job, bytes *rest, struct webauthn_credential *ret)
{
	uint32_t len;

	if (!eat_bytes(rest, WEBAUTHN_AAGUID_BYTES, &ret->aaguid) || !eat_be(rest, 2, &len) || !len ||
	    len > WEBAUTHN_ID_MAX || !eat_bytes(rest, len, &ret->id))
		return WEBAUTHN_MALFORMED;
	return key_read(job, rest, ret);
}

/* Outputs of extensions that nobody asked for are read past. */
static bool
extensions_read(bytes *rest, struct authenticator_data *ret)
{
	uint64_t count;
	bytes value;
	str name;

	if (!eat_cbor_map(rest, &count) || !count)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!eat_cbor_text(rest, &name) || !eat_cbor_item(rest, &value))
			return false;
		if (str_eq(name, S("credProtect")) &&
		    (!eat_cbor_int(&value, &ret->protection) || value.len))
			return false;
	}
	return true;
}

enum webauthn_fault
authenticator_data_read(struct job *job, bytes octets, struct authenticator_data *ret)
{
	enum webauthn_fault fault;

	*ret = (struct authenticator_data){ 0 };
	if (octets.len > WEBAUTHN_ATTESTATION_MAX || !eat_bytes(&octets, 32, &ret->party_hash) ||
	    !eat_u8(&octets, &ret->flags) || !eat_be(&octets, 4, &ret->counter))
		return WEBAUTHN_MALFORMED;
	if (ret->flags & FLAG_CREDENTIAL) {
		fault = credential_read(job, &octets, &ret->credential);
		if (fault)
			return fault;
	}
	if (ret->flags & FLAG_EXTENSIONS && !extensions_read(&octets, ret))
		return WEBAUTHN_MALFORMED;
	if (octets.len)
		return WEBAUTHN_MALFORMED;
	ret->credential.counter = ret->counter;
	ret->credential.backup_eligible = ret->flags & FLAG_BACKUP_ELIGIBLE;
	ret->credential.backed_up = ret->flags & FLAG_BACKED_UP;
	return WEBAUTHN_OK;
}

/* --- attestation object ----------------------------------------------------------------------- */

static bool
statement_has(bytes statement, str wanted, bool *ret)
{
	uint64_t count;
	bytes value;
	str name;

	*ret = false;
	if (!eat_cbor_map(&statement, &count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!eat_cbor_text(&statement, &name) || !eat_cbor_item(&statement, &value))
			return false;
		*ret = *ret || str_eq(name, wanted);
	}
	return true;
}

/* Three members, each once; browsers do not agree on their order. */
bool
attestation_read(bytes octets, struct attestation *ret)
{
	bool certified = false;
	uint64_t count;
	str name;

	*ret = (struct attestation){ 0 };
	if (octets.len > WEBAUTHN_ATTESTATION_MAX || !eat_cbor_map(&octets, &count) || count != 3)
		return false;
	while (count--) {
		bool good = eat_cbor_text(&octets, &name);
		if (good && str_eq(name, S("fmt")) && !ret->format.ptr)
			good = eat_cbor_text(&octets, &ret->format);
		else if (good && str_eq(name, S("attStmt")) && !ret->statement.ptr)
			good = eat_cbor_item(&octets, &ret->statement);
		else if (good && str_eq(name, S("authData")) && !ret->data.ptr)
			good = eat_cbor_bytes(&octets, &ret->data);
		else
			good = false;
		if (!good)
			return false;
	}
	if (octets.len || !statement_has(ret->statement, S("x5c"), &certified))
		return false;
	if (str_eq(ret->format, S("none")))
		return ret->statement.len == 1; /* the empty map */
	ret->by_itself = str_eq(ret->format, S("packed")) && !certified;
	return true;
}
