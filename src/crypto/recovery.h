/* crypto/recovery.h -- recovery codes: what is written on paper for the day when the telephone is gone.
 *
 * A code is 120 random bits, six groups of four letters and digits; with so many, a plain digest is as good as a
 * slow hash (ASVS 6.5.2).  Read without regard to case, spaces and dashes; 0, 1 and 8, which the alphabet lacks,
 * count as the letters that look like them.
 */
#ifndef CRYPTO_RECOVERY_H
#define CRYPTO_RECOVERY_H

#include "crypto/seal.h"

#define RECOVERY_CODES 10
#define RECOVERY_CHARS 29 /* 24, and five dashes */

/* Appends the text, which is given out once, and sets what is stored. */
void recovery_new(struct buf *ret_text, uint8_t ret_digest[DIGEST_BYTES]);
/* False: it does not have the form of one. */
must_check bool recovery_read(str text, uint8_t ret_digest[DIGEST_BYTES]);

#endif
