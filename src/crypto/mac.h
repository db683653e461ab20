/* crypto/mac.h -- HMAC-SHA256 (RFC 2104), for formats of others that ask for it; our own use keyed
 * BLAKE2b (seal.h). */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include "base/str.h"

#define MAC_BYTES 32

/* A key of any length. */
void mac_sha256(bytes key, bytes message, uint8_t ret[MAC_BYTES]);

#endif
