#include "crypto/seal.h"

#include <sodium.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(SEAL_OVERHEAD == NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "sizes");
_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "sizes");
_Static_assert(KEY_BYTES == crypto_generichash_KEYBYTES, "sizes");
_Static_assert(DIGEST_BYTES == crypto_generichash_BYTES, "sizes");

void
seal(const uint8_t *key, bytes associated, bytes plain, struct buf *out)
{
	uint8_t *nonce;
	size_t size;

	must(!__builtin_add_overflow(plain.len, SEAL_OVERHEAD, &size));
	nonce = buf_room(out, size);
	if (!nonce)
		return;
	/* Random nonces are safe here because they have 192 bits: after 2^80 seals under one key
	 * the chance that any two were the same is 2^-33. */
	randombytes_buf(nonce, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, plain.ptr, plain.len,
	                                           associated.ptr, associated.len, NULL, nonce,
	                                           key);
	out->len += size;
}

bool
seal_open_into(const uint8_t *key, bytes associated, bytes sealed, uint8_t *ret_plain)
{
	if (sealed.len < SEAL_OVERHEAD)
		return false;
	/* Verifies the tag first, and leaves zeros where it is wrong. */
	return crypto_aead_xchacha20poly1305_ietf_decrypt(
		       ret_plain, NULL, NULL, sealed.ptr + NONCE_BYTES, sealed.len - NONCE_BYTES,
		       associated.ptr, associated.len, sealed.ptr, key) == 0;
}

enum err
seal_open(struct job *job, const uint8_t *key, bytes associated, bytes sealed, bytes *ret_plain)
{
	size_t len = sealed.len < SEAL_OVERHEAD ? 0 : sealed.len - SEAL_OVERHEAD;
	uint8_t *plain = arena_alloc(&job->arena, len);

	if (!seal_open_into(key, associated, sealed, plain))
		return fail(job, ERR_CRYPTO, "a sealed form does not open");
	*ret_plain = (bytes){ plain, len };
	return OK;
}

static void
digest_block(crypto_generichash_state *state, bytes part)
{
	uint8_t len[4];

	must(part.len <= UINT32_MAX);
	for (size_t i = 0; i < sizeof(len); i++)
		len[i] = (uint8_t)(part.len >> (8 * i));
	crypto_generichash_update(state, len, sizeof(len));
	crypto_generichash_update(state, part.ptr, part.len);
}

void
digest_keyed(const uint8_t *key, const bytes *parts, size_t count, uint8_t ret[DIGEST_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, KEY_BYTES, DIGEST_BYTES);
	for (size_t i = 0; i < count; i++)
		digest_block(&state, parts[i]);
	crypto_generichash_final(&state, ret, DIGEST_BYTES);
	wipe(&state, sizeof(state)); /* it holds the key */
}

void
digest_public(bytes b, uint8_t ret[32])
{
	crypto_hash_sha256(ret, b.ptr, b.len);
}

void
digest_public_512(bytes b, uint8_t ret[64])
{
	crypto_hash_sha512(ret, b.ptr, b.len);
}

void
digest_token(bytes token, uint8_t ret[DIGEST_BYTES])
{
	crypto_generichash(ret, DIGEST_BYTES, token.ptr, token.len, NULL, 0);
}
