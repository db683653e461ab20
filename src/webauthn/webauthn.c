/* webauthn/webauthn.c -- contract, N1-N5: webauthn.h. */
#include "webauthn/webauthn.h"

#include <string.h>

#include "crypto/seal.h"
#include "json/json.h"
#include "webauthn/data.h"

str
webauthn_word(enum webauthn_fault fault)
{
	static const char *const words[] = {
#define X(name, word) word,
		WEBAUTHN_TABLE(X)
#undef X
	};

	must(fault < WEBAUTHN_FAULTS);
	return str_from_c(words[fault]);
}

/* --- client data ------------------------------------------------------------------------------ */

/* Browsers add members of no meaning on purpose, and will add new ones: others are passed over. */
struct client_data {
	str type, challenge, origin;
	bool cross_origin; /* said of itself, or to be gathered from a page above */
};

static enum err
client_data_members(struct job *job, bytes octets, struct json_document **document,
                    struct client_data *ret)
{
	struct json root;

	TRY(json_parse(job, bytes_str(octets), document, &root));
	TRY(json_need_str(job, root, "type", 64, &ret->type));
	TRY(json_need_str(job, root, "challenge", 256, &ret->challenge));
	TRY(json_need_str(job, root, "origin", 1024, &ret->origin));
	TRY(json_bool(job, root, "crossOrigin", &ret->cross_origin, NULL));
	if (json_kind(json_member(job, root, "topOrigin")) != JSON_ABSENT)
		ret->cross_origin = true;
	return OK;
}

/* What is wrong with it is no failure of the job. */
static bool
client_data_read(struct job *job, bytes octets, struct client_data *ret)
{
	OWNED(json_free) struct json_document *document = NULL;

	*ret = (struct client_data){ 0 };
	if (octets.len > WEBAUTHN_CLIENT_DATA_MAX)
		return false;
	if (client_data_members(job, octets, &document, ret)) {
		job_forgive(job);
		return false;
	}
	return true;
}

static bool
decoded(struct job *job, str text, bytes *ret)
{
	OWNED(buf_release) struct buf octets = { .max = WEBAUTHN_CLIENT_DATA_MAX };

	if (!buf_from_base64url(&octets, text) || !buf_ok(&octets))
		return false;
	*ret = arena_bytes(&job->arena, buf_bytes(&octets));
	return true;
}

bool
webauthn_challenge(struct job *job, bytes octets, bytes *ret)
{
	struct client_data client;

	return client_data_read(job, octets, &client) && decoded(job, client.challenge, ret);
}

static enum webauthn_fault
client_data_check(struct job *job, const struct webauthn_party *party, str type, bytes challenge,
                  bytes octets)
{
	struct client_data client;
	bytes named;

	if (!client_data_read(job, octets, &client))
		return WEBAUTHN_MALFORMED;
	if (!str_eq(client.type, type))
		return WEBAUTHN_TYPE;
	if (!decoded(job, client.challenge, &named) || !str_eq(bytes_str(named), bytes_str(challenge)))
		return WEBAUTHN_CHALLENGE;
	if (!str_eq(client.origin, party->origin))
		return WEBAUTHN_ORIGIN;
	return client.cross_origin ? WEBAUTHN_CROSS_ORIGIN : WEBAUTHN_OK;
}

/* --- authenticator data ----------------------------------------------------------------------- */

static enum webauthn_fault
authenticator_check(const struct webauthn_party *party, const struct authenticator_data *data)
{
	uint8_t hash[32];

	digest_public(str_bytes(party->id), hash);
	if (memcmp(data->party_hash.ptr, hash, sizeof(hash)) != 0)
		return WEBAUTHN_PARTY;
	if (!(data->flags & FLAG_PRESENT))
		return WEBAUTHN_PRESENCE;
	if (!(data->flags & FLAG_VERIFIED))
		return WEBAUTHN_VERIFICATION;
	if (data->flags & FLAG_BACKED_UP && !(data->flags & FLAG_BACKUP_ELIGIBLE))
		return WEBAUTHN_BACKUP;
	return WEBAUTHN_OK;
}

/* --- the two ceremonies ----------------------------------------------------------------------- */

enum webauthn_fault
webauthn_register(struct job *job, const struct webauthn_party *party, bytes challenge,
                  const struct webauthn_registration *in, struct webauthn_credential *ret)
{
	struct attestation attestation;
	struct authenticator_data data;
	enum webauthn_fault fault;
	uint8_t hash[32];

	fault = client_data_check(job, party, S("webauthn.create"), challenge, in->client_data);
	if (fault)
		return fault;
	if (!attestation_read(in->attestation, &attestation))
		return WEBAUTHN_MALFORMED;
	fault = authenticator_data_read(job, attestation.data, &data);
	if (fault)
		return fault;
	fault = authenticator_check(party, &data);
	if (fault)
		return fault;
	if (!(data.flags & FLAG_CREDENTIAL))
		return WEBAUTHN_MALFORMED;
	digest_public(in->client_data, hash);
	fault = fido_registration(job, party, hash, &attestation, &data);
	if (fault)
		return fault;
	*ret = data.credential;
	return WEBAUTHN_OK;
}

/* Both zero: it has none. */
static bool
counter_fits(uint32_t before, uint32_t now)
{
	return (!before && !now) || now > before;
}

enum webauthn_fault
webauthn_assert(struct job *job, const struct webauthn_party *party, bytes challenge,
                const struct webauthn_assertion *in, struct webauthn_credential *credential)
{
	struct authenticator_data data;
	enum webauthn_fault fault;
	uint8_t hash[32];

	fault = client_data_check(job, party, S("webauthn.get"), challenge, in->client_data);
	if (fault)
		return fault;
	if (in->authenticator_data.len > WEBAUTHN_AUTHENTICATOR_DATA_MAX ||
	    in->signature.len > WEBAUTHN_SIGNATURE_MAX)
		return WEBAUTHN_MALFORMED;
	fault = authenticator_data_read(job, in->authenticator_data, &data);
	if (fault)
		return fault;
	if (data.flags & FLAG_CREDENTIAL)
		return WEBAUTHN_MALFORMED;
	fault = authenticator_check(party, &data);
	if (fault)
		return fault;
	if (data.credential.backup_eligible != credential->backup_eligible)
		return WEBAUTHN_BACKUP;
	digest_public(in->client_data, hash);
	fault = fido_assertion(job, party, hash, in, credential);
	if (fault)
		return fault;
	if (!counter_fits(credential->counter, data.counter))
		return WEBAUTHN_COUNTER;
	credential->counter = data.counter;
	credential->backed_up = data.credential.backed_up;
	return WEBAUTHN_OK;
}

/* --- settings --------------------------------------------------------------------------------- */

static bool
is_host(str host)
{
	if (!host.len || host.len > 253 || host.ptr[0] == '.' || host.ptr[host.len - 1] == '.')
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
		if (c == '.' && host.ptr[i - 1] == '.')
			return false;
	}
	return true;
}

bool
webauthn_origin_fits(str origin, str *ret_host)
{
	bool secure = str_starts(origin, S("https://"));
	str rest = str_from(origin, secure ? 8 : 7), host = rest;
	uint64_t port;

	if (!secure && !str_starts(origin, S("http://")))
		return false;
	if (eat_until(&rest, ':', &host)) {
		if (!str_u64(rest, &port) || !port || port > 65535 || port == (secure ? 443 : 80))
			return false;
	}
	*ret_host = host;
	return is_host(host) && (secure || str_eq(host, S("localhost")));
}

bool
webauthn_party_fits(str id, str host)
{
	if (!is_host(id))
		return false;
	if (str_eq(id, host))
		return true;
	return memchr(id.ptr, '.', id.len) && host.len > id.len + 1 && str_ends(host, id) &&
	       host.ptr[host.len - id.len - 1] == '.';
}
