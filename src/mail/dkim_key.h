/* mail/dkim_key.h -- the keys that mail is signed with, and what DNS says of them (RFC 6376 3.6, 8463).
 *
 *   K1  RSA of 2048 to 4096 bits (RFC 8301 3.2), or Ed25519; nothing else is opened.
 *   K2  A key is kept by the caller as PKCS #8 DER, sealed: here it is made, opened and used.  In use
 *       it lies in libcrypto's heap, which is not locked: what it can do is sign mail, and a new one is
 *       a new selector.
 */
#ifndef MAIL_DKIM_KEY_H
#define MAIL_DKIM_KEY_H

#include "base/job.h"

#define DKIM_RSA_BITS 2048 /* of a new key; its DNS record fits one UDP answer */
#define DKIM_RSA_BITS_MAX 4096
#define DKIM_KEY_BYTES_MAX 3000      /* PKCS #8 */
#define DKIM_SIGNATURE_BYTES_MAX (DKIM_RSA_BITS_MAX / 8)
#define DKIM_RECORD_BYTES_MAX 1200
#define DKIM_SELECTOR_BYTES_MAX 63   /* one label */

enum dkim_kind { DKIM_RSA, DKIM_ED25519 };

struct dkim_key; /* many threads may sign with one */

/* Appends PKCS #8 DER; blocks for a tenth of a second or more with RSA.  Its buf is to be wiped. */
void dkim_key_make(enum dkim_kind kind, struct buf *ret_pkcs8);

/* For one domain and selector.   ERR_INVALID  K1, or names that cannot stand in DNS */
must_check enum err dkim_key_open(struct job *job, str domain, str selector, bytes pkcs8,
                                  struct dkim_key **ret);
void dkim_key_close(struct dkim_key **key); /* accepts NULL inside; for OWNED */

/* Appends the signature of a SHA-256 digest of 32 octets: RSASSA-PKCS1-v1_5, or PureEdDSA over the
 * digest (RFC 8463 section 3). */
void dkim_key_sign(const struct dkim_key *key, const uint8_t digest[32], struct buf *out);

str dkim_key_domain(const struct dkim_key *key);
str dkim_key_selector(const struct dkim_key *key);
enum dkim_kind dkim_key_kind(const struct dkim_key *key);

/* SELECTOR._domainkey.DOMAIN, and the text of the TXT record there. */
void dkim_key_record_name(const struct dkim_key *key, struct buf *out);
void dkim_key_record_text(const struct dkim_key *key, struct buf *out);
/* Both as a line of a zone file, the text in strings of 255 octets at most (RFC 1035 3.3). */
void dkim_key_record_zone(const struct dkim_key *key, struct buf *out);

#endif
