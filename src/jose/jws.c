/* jose/jws.c -- contract, W1-W5: jws.h. */
#include "jose/jws.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/sign.h"
#include "json/json.h"

#define ES256_HALF 32

/* --- the header ------------------------------------------------------------------------------- */

/* W2, W3. */
static enum err
header_refuse(struct job *job, struct json header)
{
	static const char *const refused[] = { "crit", "b64", "jku", "jwk", "x5u", "x5c", "enc", "zip", NULL };

	for (size_t i = 0; refused[i]; i++)
		if (json_kind(json_member(job, header, refused[i])) != JSON_ABSENT)
			return fail(job, ERR_INVALID, "the token's header asks for what is not done");
	return OK;
}

static bool
typ_fits(const char *const *allowed, str typ)
{
	const str prefix = S("application/");

	if (str_eq_fold(str_first(typ, prefix.len), prefix))
		typ = str_from(typ, prefix.len);
	for (; *allowed; allowed++)
		if (str_eq_fold(str_from_c(*allowed), typ))
			return true;
	return false;
}

/* A member that must be text when it is there; null is not text. */
static enum err
header_text(struct job *job, struct json header, const char *name, str *ret, bool *ret_there)
{
	struct json place = json_member(job, header, name);

	*ret = (str){ NULL, 0 };
	*ret_there = json_kind(place) != JSON_ABSENT;
	if (!*ret_there)
		return OK;
	if (json_kind(place) != JSON_STRING || json_scalar(job, place, KID_BYTES_MAX, ret) || !ret->len) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "a member of the token's header is not what it must be");
	}
	return OK;
}

static enum err
header_read(struct job *job, const struct jws_rules *rules, str text, struct jws *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json header;
	bool alg_there, typ_there, kid_there;
	str alg, typ;

	if (json_parse(job, text, &document, &header)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "the token's header is not JSON");
	}
	if (json_kind(header) != JSON_OBJECT)
		return fail(job, ERR_INVALID, "the token's header is not an object");
	TRY(header_refuse(job, header));
	TRY(header_text(job, header, "alg", &alg, &alg_there));
	TRY(header_text(job, header, "typ", &typ, &typ_there));
	TRY(header_text(job, header, "kid", &ret->kid, &kid_there));
	ret->alg = jose_alg_of(alg);
	if (!alg_there || !(ret->alg & rules->algs)) /* W1 */
		return fail(job, ERR_INVALID, "the token's algorithm is not one that is allowed");
	if (!typ_fits(rules->typ, typ_there ? typ : S("")))
		return fail(job, ERR_INVALID, "the token is of another type");
	return OK;
}

enum err
jws_read(struct job *job, const struct jws_rules *rules, str token, struct jws *ret)
{
	str rest = token, header, payload;
	struct jws jws = { 0 };
	bytes octets;

	if (token.len > JWS_BYTES_MAX)
		return fail(job, ERR_INVALID, "the token is too long");
	if (!eat_until(&rest, '.', &header) || !eat_until(&rest, '.', &payload) || !header.len ||
	    !payload.len || !rest.len || memchr(rest.ptr, '.', rest.len))
		return fail(job, ERR_INVALID, "the token does not have three parts");
	if (!base64url_read(&job->arena, header, &octets))
		return fail(job, ERR_INVALID, "the token's header is not base64url");
	TRY(header_read(job, rules, bytes_str(octets), &jws));
	if (!base64url_read(&job->arena, payload, &octets))
		return fail(job, ERR_INVALID, "the token's payload is not base64url");
	jws.payload_text = bytes_str(octets);
	if (!base64url_read(&job->arena, rest, &jws.signature))
		return fail(job, ERR_INVALID, "the token's signature is not base64url");
	jws.signed_text = str_first(token, header.len + 1 + payload.len);
	*ret = jws;
	return OK;
}

/* --- keys of libcrypto ------------------------------------------------------------------------ */

static void
pkey_end(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void
digest_ctx_end(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void
params_end(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}

static void
builder_end(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void
number_end(BIGNUM **number)
{
	BN_free(*number);
}

/* NULL: the library does not take it. */
static EVP_PKEY *
pkey_of(const char *type, OSSL_PARAM_BLD *builder)
{
	OWNED(params_end) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	must(ctx && params);
	if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
pkey_rsa(const struct jwk *key)
{
	OWNED(builder_end) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OWNED(number_end) BIGNUM *n = BN_bin2bn(key->n.ptr, (int)key->n.len, NULL);
	OWNED(number_end) BIGNUM *e = BN_bin2bn(key->e.ptr, (int)key->e.len, NULL);

	must(builder && n && e);
	must(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1);
	must(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1);
	return pkey_of("RSA", builder);
}

/* A point that is not on the curve is not taken by the library. */
static EVP_PKEY *
pkey_p256(const struct jwk *key)
{
	OWNED(builder_end) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	uint8_t point[1 + 2 * ES256_HALF] = { 0x04 };

	must(builder && key->x.len == ES256_HALF && key->y.len == ES256_HALF);
	memcpy(point + 1, key->x.ptr, ES256_HALF);
	memcpy(point + 1 + ES256_HALF, key->y.ptr, ES256_HALF);
	must(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1);
	must(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1);
	return pkey_of("EC", builder);
}

/* --- one signature ---------------------------------------------------------------------------- */

static bool
evp_holds(EVP_PKEY *key, bool pss, bytes message, bytes signature)
{
	OWNED(digest_ctx_end) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *of_ctx = NULL;

	must(ctx);
	if (EVP_DigestVerifyInit(ctx, &of_ctx, EVP_sha256(), NULL, key) != 1)
		return false;
	/* The salt is as long as the digest, exactly (RFC 7518 section 3.5). */
	if (pss && (EVP_PKEY_CTX_set_rsa_padding(of_ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	            EVP_PKEY_CTX_set_rsa_pss_saltlen(of_ctx, RSA_PSS_SALTLEN_DIGEST) != 1))
		return false;
	return EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len) == 1;
}

static bool
rsa_holds(const struct jwk *key, bool pss, bytes message, bytes signature)
{
	OWNED(pkey_end) EVP_PKEY *pkey = pkey_rsa(key);

	return pkey && signature.len == key->n.len && evp_holds(pkey, pss, message, signature);
}

static bool
all_zero(const uint8_t *octet, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= octet[i];
	return !sum;
}

/* W5.  The library wants DER, which is made here from the two numbers and never read from a token. */
static bool
es256_holds(const struct jwk *key, bytes message, bytes signature)
{
	OWNED(pkey_end) EVP_PKEY *pkey = NULL;
	unsigned char *der = NULL;
	ECDSA_SIG *pair;
	int der_len;
	bool holds;

	if (signature.len != 2 * ES256_HALF || all_zero(signature.ptr, ES256_HALF) ||
	    all_zero(signature.ptr + ES256_HALF, ES256_HALF))
		return false;
	pkey = pkey_p256(key);
	if (!pkey)
		return false;
	pair = ECDSA_SIG_new();
	must(pair);
	must(ECDSA_SIG_set0(pair, BN_bin2bn(signature.ptr, ES256_HALF, NULL),
	                    BN_bin2bn(signature.ptr + ES256_HALF, ES256_HALF, NULL)) == 1);
	der_len = i2d_ECDSA_SIG(pair, &der);
	ECDSA_SIG_free(pair);
	must(der_len > 0);
	holds = evp_holds(pkey, false, message, (bytes){ der, (size_t)der_len });
	OPENSSL_free(der);
	return holds;
}

static bool
key_holds(const struct jwk *key, const struct jws *jws)
{
	bytes message = str_bytes(jws->signed_text);

	switch (jws->alg) {
	case JOSE_RS256:
		return rsa_holds(key, false, message, jws->signature);
	case JOSE_PS256:
		return rsa_holds(key, true, message, jws->signature);
	case JOSE_ES256:
		return es256_holds(key, message, jws->signature);
	case JOSE_EDDSA:
		return jws->signature.len == SIGN_BYTES && sign_holds(key->x.ptr, message, jws->signature.ptr);
	case JOSE_NONE:
		break;
	}
	return false;
}

/* W2. */
static bool
key_is_meant(const struct jwks *set, const struct jwk *key, str kid)
{
	if (!kid.ptr)
		return set->count == 1;
	return key->kid.ptr && str_eq(key->kid, kid);
}

enum err
jws_open(struct job *job, const struct jws *jws, const struct jwks *set, str *ret_payload)
{
	bool meant = false;

	for (size_t i = 0; i < set->count; i++) {
		const struct jwk *key = &set->key[i];
		bool holds;

		if (!key_is_meant(set, key, jws->kid))
			continue;
		meant = true;
		if (!(key->algs & jws->alg)) /* W1 */
			continue;
		holds = key_holds(key, jws);
		ERR_clear_error(); /* the library's own list, of this thread */
		if (holds) {
			*ret_payload = jws->payload_text;
			return OK;
		}
	}
	if (!meant && jws->kid.ptr)
		return fail(job, ERR_ABSENT, "no key of the set has the token's kid");
	if (!meant)
		return fail(job, ERR_INVALID, "the token does not say which key signed it");
	return fail(job, ERR_INVALID, "the token's signature does not hold");
}
