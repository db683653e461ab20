/* Aims at what a browser sends at a ceremony: client data, attestation object, authenticator data,
 * and the reader of CBOR underneath.  The first octet chooses. */
#include "crypto/seal.h"
#include "webauthn/cbor.h"
#include "webauthn/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct webauthn_party party = { { "localhost", 9 }, { "http://localhost:8080", 21 } };
static const uint8_t zeros[32];

static void
check_item(bytes octets)
{
	bytes rest = octets, item, again;

	if (!eat_cbor_item(&rest, &item))
		return;
	must(item.ptr == octets.ptr && item.len + rest.len == octets.len && item.len);
	again = item;
	must(eat_cbor_item(&again, &item) && !again.len);
	if (item.len > 1) { /* no front of an item is one */
		again = (bytes){ item.ptr, item.len - 1 };
		must(!eat_cbor_item(&again, &item));
	}
}

static void
check_challenge(struct job *job, bytes octets)
{
	bytes challenge;

	if (!webauthn_challenge(job, octets, &challenge))
		return;
	must(challenge.len <= WEBAUTHN_CLIENT_DATA_MAX);
	must(!job->failure.err);
}

/* Client data that fits, so that the rest is reached. */
static bytes
client_data(struct job *job, str type)
{
	OWNED(buf_release) struct buf text = { .max = 512 };

	buf_put(&text, S("{\"type\":\""));
	buf_put(&text, type);
	buf_put(&text, S("\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"origin\":\""));
	buf_put(&text, party.origin);
	buf_put(&text, S("\"}"));
	return arena_bytes(&job->arena, buf_bytes(&text));
}

static void
check_attestation(struct job *job, bytes octets)
{
	struct webauthn_credential credential;

	if (webauthn_register(job, &party, (bytes){ zeros, 32 },
	                      &(struct webauthn_registration){ client_data(job, S("webauthn.create")), octets },
	                      &credential))
		return;
	must(credential.id.len && credential.id.len <= WEBAUTHN_ID_MAX);
	must(credential.key.len && credential.key.len <= WEBAUTHN_KEY_MAX);
	must(!credential.backed_up || credential.backup_eligible);
}

static void
check_data(struct job *job, bytes octets)
{
	struct webauthn_credential credential = { .id = { zeros, 16 }, .algorithm = WEBAUTHN_EDDSA,
		                                  .key = { zeros, 32 } };

	/* Nobody holds the key to that signature. */
	must(webauthn_assert(job, &party, (bytes){ zeros, 32 },
	                     &(struct webauthn_assertion){ client_data(job, S("webauthn.get")), octets,
	                                                   str_bytes(S("not a signature")) },
	                     &credential) != WEBAUTHN_OK);
	must(!credential.counter);
}

/* Authenticator data of this party with everything said, so that what follows is reached. */
static void
check_registration(struct job *job, bytes octets)
{
	OWNED(buf_release) struct buf data = { .max = WEBAUTHN_ATTESTATION_MAX };
	struct authenticator_data read;
	uint8_t hash[32];

	digest_public(str_bytes(party.id), hash);
	buf_data(&data, (bytes){ hash, sizeof(hash) });
	buf_data(&data, octets);
	if (!buf_ok(&data) || authenticator_data_read(job, buf_bytes(&data), &read))
		return;
	if (read.flags & FLAG_CREDENTIAL) {
		struct attestation attestation = { .format = S("none"), .data = buf_bytes(&data) };
		must(read.credential.id.len);
		(void)!fido_registration(job, &party, hash, &attestation, &read); /* the other reader */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes octets = size ? (bytes){ data + 1, size - 1 } : (bytes){ data, 0 };
	struct job job = { 0 };

	switch (size ? data[0] % 5 : 0) {
	case 0:
		check_item(octets);
		break;
	case 1:
		check_challenge(&job, octets);
		break;
	case 2:
		check_attestation(&job, octets);
		break;
	case 3:
		check_data(&job, octets);
		break;
	default:
		check_registration(&job, octets);
		break;
	}
	job_release(&job);
	return 0;
}
