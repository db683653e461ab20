/* crypto/sign.h -- Ed25519 signatures (RFC 8032), and the signed note of C2SP that carries them.
 *
 * A signing key is a seed of KEY_BYTES in locked memory (a named key of keys.db); what is derived
 * from it is derived again at each use and wiped.
 *
 *   note      text that ends in \n | \n | "— NAME BASE64(key id (4) | signature (64))\n"
 *   key id    first four octets of SHA-256(NAME | \n | 0x01 | public key)
 *   vkey      NAME+HEX(key id)+BASE64(0x01 | public key): what a verifier is given
 *
 * The signature covers the text with its last \n, not the empty line.  A name is not empty, has no
 * space and no +.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "crypto/secret.h"

#define SIGN_PUBLIC_BYTES 32
#define SIGN_BYTES 64
#define NOTE_NAME_MAX 128    /* octets */
#define NOTE_TEXT_MAX 65536  /* octets of the text that is signed */

void sign_public(const uint8_t *seed, uint8_t ret[SIGN_PUBLIC_BYTES]);
void sign(const uint8_t *seed, bytes message, uint8_t ret[SIGN_BYTES]);
must_check bool sign_holds(const uint8_t public_key[SIGN_PUBLIC_BYTES], bytes message,
                           const uint8_t signature[SIGN_BYTES]);

/* Appends the whole note to out (which may go full).  text ends in \n. */
void note_sign(const uint8_t *seed, str name, str text, struct buf *out);
/* The same for who keeps what sign_public() gave for this very seed: half the cost.  With another's
 * public key the signature would give the seed away. */
void note_sign_as(const uint8_t *seed, const uint8_t public_key[SIGN_PUBLIC_BYTES], str name, str text,
                  struct buf *out);
/* Appends the vkey of the seed's public key. */
void note_vkey(const uint8_t *seed, str name, struct buf *out);

/* RFC 4648 section 4, padded: exactly `size` octets, and nothing else in the text. */
must_check bool base64_read(str text, uint8_t *ret, size_t size);

/* Verify a note against one vkey; *ret_text borrows from note.  Signatures of other keys are
 * passed over.
 *   ERR_INVALID  not a note, or not a vkey
 *   ERR_CRYPTO   no signature of that key, or one that does not hold */
must_check enum err note_open(struct job *job, str vkey, str note, str *ret_text);

#endif
