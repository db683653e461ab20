/* crypto/sign.h -- Ed25519 signatures (RFC 8032), and the signed note of C2SP that carries them.
 *
 * A signing key is a seed of KEY_BYTES in locked memory (a named key of keys.db); what is derived
 * from it is derived again at each use and wiped.
 *
 *   note      text that ends in \n | \n | "— NAME BASE64(key id (4) | signature (64))\n"
 *   key id    first four octets of SHA-256(NAME | \n | type | public key)
 *   vkey      NAME+HEX(key id)+BASE64(type | public key): what a verifier is given
 *
 * The signature covers the text with its last \n, not the empty line.  A name is not empty, has no
 * space and no +.
 *
 * Type 0x01 is plain Ed25519; 0x04 a cosignature (C2SP tlog-cosignature): be64 second | signature (64), over
 * "cosignature/v1\ntime SECOND\n" and the text.  A key of one type never verifies a line of the other.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "crypto/secret.h"

#define SIGN_PUBLIC_BYTES 32
#define SIGN_BYTES 64
#define NOTE_NAME_MAX 128    /* octets */
#define NOTE_TEXT_MAX 65536  /* octets of the text that is signed */
#define NOTE_LINES_MAX 16    /* signatures that are looked at; C2SP asks for so many at least */
#define NOTE_KEY_ID_BYTES 4

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

/* --- what a note is made of, for who looks at more than one signature ----------------------------- */

enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

struct note_key {
	str name; /* borrowed from the vkey */
	uint8_t id[NOTE_KEY_ID_BYTES];
	uint8_t public_key[SIGN_PUBLIC_BYTES];
};

/* False: not a vkey, or not one of that type. */
must_check bool note_key_read(str vkey, enum note_type type, struct note_key *ret);

/* The text, and the lines behind the empty line.  False: not a note.  Borrowed. */
must_check bool note_split(str note, str *ret_text, str *ret_lines);

struct note_line {
	str whole; /* with its \n */
	str name;
	uint8_t id[NOTE_KEY_ID_BYTES];
	str base64; /* of key id and signature */
};

/* One line off the front.  False: not of the form that all signatures have, whatever their type. */
must_check bool eat_note_line(str *lines, struct note_line *ret);
/* Is it said to be by this key?  By another: it is passed over. */
must_check bool note_line_of(const struct note_line *line, const struct note_key *key);
/* A line of that key, of type 0x04; the text is a checkpoint's.  ret_second: when it was cosigned, as the witness
 * says; never 0. */
must_check bool cosignature_holds(const struct note_line *line, const struct note_key *key, str text,
                                  uint64_t *ret_second);

#endif
