/* Keys and tokens for the tests: what src/jose never does, signing. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "jose_test.h"

struct signer {
	EVP_PKEY *key;
	bool rsa;
};

static struct signer *
signer_of(EVP_PKEY *key, bool rsa)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	assert_non_null(key);
	*signer = (struct signer){ key, rsa };
	return signer;
}

struct signer *
signer_rsa(unsigned bits)
{
	return signer_of(EVP_RSA_gen(bits), true);
}

struct signer *
signer_p256(void)
{
	return signer_of(EVP_EC_gen("P-256"), false);
}

void
signer_end(struct signer *signer)
{
	EVP_PKEY_free(signer->key);
	free(signer);
}

static void
number_put(const struct signer *signer, const char *param, const char *name, int size, struct buf *out)
{
	uint8_t octet[1024];
	BIGNUM *number = NULL;
	int len;

	assert_int_equal(EVP_PKEY_get_bn_param(signer->key, param, &number), 1);
	len = size ? BN_bn2binpad(number, octet, size) : BN_bn2bin(number, octet);
	BN_free(number);
	assert_true(len > 0);
	buf_put(out, S(",\""));
	buf_put(out, str_from_c(name));
	buf_put(out, S("\":\""));
	buf_base64url(out, (bytes){ octet, (size_t)len });
	buf_put(out, S("\""));
}

void
signer_jwk(const struct signer *signer, struct buf *out)
{
	if (signer->rsa) {
		buf_put(out, S("\"kty\":\"RSA\""));
		number_put(signer, OSSL_PKEY_PARAM_RSA_N, "n", 0, out);
		number_put(signer, OSSL_PKEY_PARAM_RSA_E, "e", 0, out);
	} else {
		buf_put(out, S("\"kty\":\"EC\",\"crv\":\"P-256\""));
		number_put(signer, OSSL_PKEY_PARAM_EC_PUB_X, "x", 32, out);
		number_put(signer, OSSL_PKEY_PARAM_EC_PUB_Y, "y", 32, out);
	}
}

void
token_sign(const struct signer *signer, bool pss, bool der, str text, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *of_ctx = NULL;
	uint8_t octet[1024];
	size_t len = sizeof(octet);

	assert_int_equal(EVP_DigestSignInit(ctx, &of_ctx, EVP_sha256(), NULL, signer->key), 1);
	if (pss) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(of_ctx, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(of_ctx, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	assert_int_equal(EVP_DigestSign(ctx, octet, &len, (const uint8_t *)text.ptr, text.len), 1);
	EVP_MD_CTX_free(ctx);
	if (!signer->rsa && !der) {
		const unsigned char *at = octet;
		ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
		assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), octet, 32), 32);
		assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), octet + 32, 32), 32);
		ECDSA_SIG_free(pair);
		len = 64;
	}
	buf_base64url(out, (bytes){ octet, len });
}

void
token_make(const struct signer *signer, bool pss, str header, str payload, struct buf *out)
{
	buf_base64url(out, str_bytes(header));
	buf_char(out, '.');
	buf_base64url(out, str_bytes(payload));
	OWNED(buf_release) struct buf text = { .max = 64 * 1024 };
	buf_put(&text, buf_str(out));
	buf_char(out, '.');
	token_sign(signer, pss, false, buf_str(&text), out);
}
