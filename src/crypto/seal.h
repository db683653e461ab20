/* crypto/seal.h -- sealing: XChaCha20-Poly1305 (IETF) with random nonces, and keyed BLAKE2b.
 *
 * Sealed form: nonce (24) | ciphertext | tag (16), so SEAL_OVERHEAD longer than the plaintext.
 * Associated data binds what the ciphertext belongs to; no plaintext leaves seal_open() before the
 * tag is verified, and its failure carries no detail.
 *
 * Poly1305 does not commit to a key; where one ciphertext might be tried under several keys, the
 * caller binds the key's id in the associated data.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "crypto/secret.h"

#define SEAL_OVERHEAD (24 + 16)
#define DIGEST_BYTES 32

/* Appends the sealed form of `plain` to out (which may go full). key: KEY_BYTES octets. */
void seal(const uint8_t *key, bytes associated, bytes plain, struct buf *out);

/* Opens into the arena.   ERR_CRYPTO  wrong key, wrong associated data or tampered with */
must_check enum err seal_open(struct job *job, const uint8_t *key, bytes associated, bytes sealed,
                              bytes *ret_plain);

/* As seal_open(), into the caller's memory of sealed.len - SEAL_OVERHEAD octets: for keys, which
 * never live in an arena.  Where it is false, that memory holds nothing of the plaintext. */
must_check bool seal_open_into(const uint8_t *key, bytes associated, bytes sealed,
                               uint8_t *ret_plain);

/* Keyed BLAKE2b-256 over the block-encoded parts (le32 length before each), so that no two lists
 * of parts give the same input. */
void digest_keyed(const uint8_t *key, const bytes *parts, size_t count,
                  uint8_t ret[DIGEST_BYTES]);

/* SHA-256, unkeyed: for notices and other public words only, never for data about a person. */
void digest_public(bytes b, uint8_t ret[32]);
void digest_public_512(bytes b, uint8_t ret[64]); /* SHA-512, for formats of others that ask for it */

/* BLAKE2b-256 over bytes that are already uniform secrets (API keys, tokens): unkeyed is safe. */
void digest_token(bytes token, uint8_t ret[DIGEST_BYTES]);

#endif
