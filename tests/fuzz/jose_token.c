/* Aims at jws_read, jws_open, jwks_read and base64url_read.
 * Up to the first line feed a token, after it a set of keys; the fixed set's keys signed nothing here. */
#include "crypto/secret.h"
#include "jose/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const typ[] = { "", "JWT", NULL };
static const str known = S("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"p\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                           "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
                           "{\"kty\":\"OKP\",\"kid\":\"e\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");

static void
check_octets(struct job *job, str text)
{
	OWNED(buf_release) struct buf again = { .max = text.len + 4 };
	bytes octets;

	if (!base64url_read(&job->arena, text, &octets))
		return;
	buf_base64url(&again, octets);
	must(str_eq(buf_str(&again), text)); /* one text for each value */
}

static void
check_set(struct job *job, str text, struct jwks *ret)
{
	*ret = (struct jwks){ 0 };
	if (jwks_read(job, text, ret))
		return;
	must(ret->count && ret->count <= JWKS_MAX);
	for (size_t i = 0; i < ret->count; i++) {
		const struct jwk *key = &ret->key[i];
		must(key->algs && !(key->algs & ~(unsigned)JOSE_ALGS_ALL));
		must(key->algs & (JOSE_RS256 | JOSE_PS256) ? key->n.len >= RSA_BITS_MIN / 8 : key->x.len == 32);
	}
}

static void
check_token(struct job *job, str token, const struct jwks *set)
{
	static const struct jws_rules rules = { JOSE_ALGS_ALL, typ };
	struct jwks fixed;
	struct jws jws;
	str payload;

	job_forgive(job);
	must(jwks_read(job, known, &fixed) == OK);
	if (jws_read(job, &rules, token, &jws))
		return;
	must(token.len <= JWS_BYTES_MAX && jws.alg & JOSE_ALGS_ALL);
	must(jws_open(job, &jws, &fixed, &payload)); /* nobody here has those keys */
	job_forgive(job);
	if (set->count && !jws_open(job, &jws, set, &payload))
		must(payload.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { .now = 1 };
	str rest = { (const char *)data, size }, token = rest;
	struct jwks set;

	must(crypto_start(&job) == OK);
	if (!eat_until(&rest, '\n', &token))
		rest = S("");
	check_octets(&job, token);
	check_set(&job, rest, &set);
	check_token(&job, token, &set);
	return 0;
}
