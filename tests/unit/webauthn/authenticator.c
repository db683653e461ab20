/* An authenticator made of OpenSSL: key pairs, COSE keys, signatures. */
#include "webauthn_test.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

struct authenticator {
	enum webauthn_algorithm algorithm;
	EVP_PKEY *key;
};

struct authenticator *
authenticator_new(enum webauthn_algorithm algorithm)
{
	struct authenticator *made = calloc(1, sizeof(*made));

	assert_non_null(made);
	made->algorithm = algorithm;
	if (algorithm == WEBAUTHN_ES256)
		made->key = EVP_EC_gen("P-256");
	else if (algorithm == WEBAUTHN_EDDSA)
		made->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		made->key = EVP_RSA_gen(2048);
	assert_non_null(made->key);
	return made;
}

void
authenticator_free(struct authenticator *of)
{
	EVP_PKEY_free(of->key);
	free(of);
}

void
put_cbor(struct buf *out, unsigned kind, uint64_t value)
{
	if (value < 24) {
		buf_u8(out, (uint8_t)(kind << 5 | value));
	} else if (value < 256) {
		buf_u8(out, (uint8_t)(kind << 5 | 24));
		buf_u8(out, (uint8_t)value);
	} else {
		assert_true(value < 65536);
		buf_u8(out, (uint8_t)(kind << 5 | 25));
		buf_u8(out, (uint8_t)(value >> 8));
		buf_u8(out, (uint8_t)value);
	}
}

void
put_cbor_bytes(struct buf *out, bytes b)
{
	put_cbor(out, 2, b.len);
	buf_data(out, b);
}

void
put_cbor_text(struct buf *out, str s)
{
	put_cbor(out, 3, s.len);
	buf_put(out, s);
}

static void
put_int(struct buf *out, int64_t value)
{
	if (value < 0)
		put_cbor(out, 1, (uint64_t)(-1 - value));
	else
		put_cbor(out, 0, (uint64_t)value);
}

static void
put_number(struct buf *out, int64_t name, EVP_PKEY *key, const char *parameter, int len)
{
	BIGNUM *number = NULL;
	uint8_t octets[256];

	assert_int_equal(1, EVP_PKEY_get_bn_param(key, parameter, &number));
	assert_int_equal(len, BN_bn2binpad(number, octets, len));
	put_int(out, name);
	put_cbor_bytes(out, (bytes){ octets, (size_t)len });
	BN_free(number);
}

void
authenticator_key(const struct authenticator *of, struct buf *out)
{
	uint8_t octets[32];
	size_t len = sizeof(octets);

	put_cbor(out, 5, of->algorithm == WEBAUTHN_ES256 ? 5 : 4);
	put_int(out, 1);
	put_int(out, of->algorithm == WEBAUTHN_ES256 ? 2 : of->algorithm == WEBAUTHN_EDDSA ? 1 : 3);
	put_int(out, 3);
	put_int(out, of->algorithm);
	switch (of->algorithm) {
	case WEBAUTHN_ES256:
		put_int(out, -1);
		put_int(out, 1);
		put_number(out, -2, of->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		put_number(out, -3, of->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
		break;
	case WEBAUTHN_EDDSA:
		assert_int_equal(1, EVP_PKEY_get_raw_public_key(of->key, octets, &len));
		put_int(out, -1);
		put_int(out, 6);
		put_int(out, -2);
		put_cbor_bytes(out, (bytes){ octets, len });
		break;
	case WEBAUTHN_RS256:
		put_number(out, -1, of->key, OSSL_PKEY_PARAM_RSA_N, 256);
		put_number(out, -2, of->key, OSSL_PKEY_PARAM_RSA_E, 3);
		break;
	}
}

void
authenticator_sign(const struct authenticator *of, bytes message, struct buf *out)
{
	const EVP_MD *digest = of->algorithm == WEBAUTHN_EDDSA ? NULL : EVP_sha256();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[512];
	size_t len = sizeof(signature);

	assert_non_null(context);
	assert_int_equal(1, EVP_DigestSignInit(context, NULL, digest, NULL, of->key));
	assert_int_equal(1, EVP_DigestSign(context, signature, &len, message.ptr, message.len));
	EVP_MD_CTX_free(context);
	buf_data(out, (bytes){ signature, len });
}
