/* mail/dkim_key.c -- contract, K1-K2: dkim_key.h. */
#include "mail/dkim_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "mail/mailbox.h"

#define ED25519_BYTES 32

struct dkim_key {
	EVP_PKEY *pkey;
	enum dkim_kind kind;
	struct buf domain, selector;
};

/* --- libcrypto's things ----------------------------------------------------------------------- */

static void
pkey_end(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void
info_end(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info); /* wipes */
}

static void
ctx_end(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

static void
digest_ctx_end(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

/* --- life cycle ------------------------------------------------------------------------------- */

void
dkim_key_make(enum dkim_kind kind, struct buf *ret_pkcs8)
{
	OWNED(pkey_end) EVP_PKEY *key = kind == DKIM_RSA ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)DKIM_RSA_BITS)
	                                                 : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	OWNED(info_end) PKCS8_PRIV_KEY_INFO *info = NULL;
	unsigned char *octets;
	int len;

	must(key);
	info = EVP_PKEY2PKCS8(key);
	must(info);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	must(len > 0 && len <= DKIM_KEY_BYTES_MAX);
	octets = buf_room(ret_pkcs8, (size_t)len);
	must(octets);
	must(i2d_PKCS8_PRIV_KEY_INFO(info, &octets) == len);
	ret_pkcs8->len += (size_t)len;
}

/* K1. */
static bool
kind_of(EVP_PKEY *pkey, enum dkim_kind *ret)
{
	int bits = EVP_PKEY_get_bits(pkey);

	*ret = EVP_PKEY_is_a(pkey, "RSA") ? DKIM_RSA : DKIM_ED25519;
	return *ret == DKIM_RSA ? bits >= DKIM_RSA_BITS && bits <= DKIM_RSA_BITS_MAX : EVP_PKEY_is_a(pkey, "ED25519");
}

enum err
dkim_key_open(struct job *job, str domain, str selector, bytes pkcs8, struct dkim_key **ret)
{
	OWNED(dkim_key_close) struct dkim_key *key = calloc(1, sizeof(*key));
	const unsigned char *octets = pkcs8.ptr;
	bool good;

	must(key);
	buf_init(&key->domain, MAILBOX_BYTES_MAX);
	buf_init(&key->selector, DKIM_SELECTOR_BYTES_MAX);
	if (!mailbox_host_fits(domain) || !mailbox_label_fits(selector))
		return fail(job, ERR_INVALID, "a key's domain or selector cannot stand in DNS");
	if (pkcs8.len > DKIM_KEY_BYTES_MAX)
		return fail(job, ERR_INVALID, "a key to sign mail is too long");
	key->pkey = d2i_AutoPrivateKey(NULL, &octets, (long)pkcs8.len);
	good = key->pkey && octets == pkcs8.ptr + pkcs8.len && kind_of(key->pkey, &key->kind);
	ERR_clear_error(); /* the library's own list, of this thread */
	if (!good)
		return fail(job, ERR_INVALID, "a key to sign mail is RSA of 2048 to 4096 bits, or Ed25519");
	buf_put(&key->domain, domain);
	buf_put(&key->selector, selector);
	*ret = key;
	key = NULL;
	return OK;
}

void
dkim_key_close(struct dkim_key **at)
{
	struct dkim_key *key = *at;

	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	buf_release(&key->domain);
	buf_release(&key->selector);
	free(key);
	*at = NULL;
}

/* --- work ------------------------------------------------------------------------------------- */

static size_t
rsa_sign(EVP_PKEY *pkey, const uint8_t digest[32], uint8_t *out, size_t len)
{
	OWNED(ctx_end) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

	must(ctx && EVP_PKEY_sign_init(ctx) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1);
	must(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
	must(EVP_PKEY_sign(ctx, out, &len, digest, 32) == 1);
	return len;
}

static size_t
ed25519_sign(EVP_PKEY *pkey, const uint8_t digest[32], uint8_t *out, size_t len)
{
	OWNED(digest_ctx_end) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1);
	must(EVP_DigestSign(ctx, out, &len, digest, 32) == 1);
	return len;
}

void
dkim_key_sign(const struct dkim_key *key, const uint8_t digest[32], struct buf *out)
{
	uint8_t signature[DKIM_SIGNATURE_BYTES_MAX];
	size_t len = key->kind == DKIM_RSA ? rsa_sign(key->pkey, digest, signature, sizeof(signature))
	                                   : ed25519_sign(key->pkey, digest, signature, sizeof(signature));

	buf_data(out, (bytes){ signature, len });
}

/* --- inspection ------------------------------------------------------------------------------- */

str
dkim_key_domain(const struct dkim_key *key)
{
	return buf_str(&key->domain);
}

str
dkim_key_selector(const struct dkim_key *key)
{
	return buf_str(&key->selector);
}

enum dkim_kind
dkim_key_kind(const struct dkim_key *key)
{
	return key->kind;
}

void
dkim_key_record_name(const struct dkim_key *key, struct buf *out)
{
	buf_put(out, dkim_key_selector(key));
	buf_put(out, S("._domainkey."));
	buf_put(out, dkim_key_domain(key));
}

/* p= is a SubjectPublicKeyInfo for RSA (RFC 6376 3.6.1), the 32 octets alone for Ed25519 (RFC 8463 4). */
void
dkim_key_record_text(const struct dkim_key *key, struct buf *out)
{
	uint8_t octets[DKIM_RECORD_BYTES_MAX], *end = octets;
	size_t len = ED25519_BYTES;

	if (key->kind == DKIM_RSA) {
		int der_len = i2d_PUBKEY(key->pkey, NULL);
		must(der_len > 0 && (size_t)der_len <= sizeof(octets));
		must(i2d_PUBKEY(key->pkey, &end) == der_len);
		len = (size_t)der_len;
	} else {
		must(EVP_PKEY_get_raw_public_key(key->pkey, octets, &len) == 1);
	}
	buf_put(out, key->kind == DKIM_RSA ? S("v=DKIM1; h=sha256; k=rsa; p=") : S("v=DKIM1; h=sha256; k=ed25519; p="));
	buf_base64(out, (bytes){ octets, len });
}

void
dkim_key_record_zone(const struct dkim_key *key, struct buf *out)
{
	OWNED(buf_release) struct buf text = { .max = DKIM_RECORD_BYTES_MAX };

	dkim_key_record_text(key, &text);
	must(buf_ok(&text));
	dkim_key_record_name(key, out);
	buf_put(out, S(". IN TXT ("));
	for (str rest = buf_str(&text); rest.len; rest = str_from(rest, 255)) {
		buf_put(out, S(" \""));
		buf_put(out, str_first(rest, 255));
		buf_char(out, '"');
	}
	buf_put(out, S(" )\n"));
}
