/* jose/sha1.h -- SHA-1 (FIPS 180-4), which protects nothing here: lists of others are kept by it
 * (access/breached.h).  It lies in this folder because libcrypto has one door (docs/decisions/0195). */
#ifndef JOSE_SHA1_H
#define JOSE_SHA1_H

#include "base/str.h"

#define SHA1_BYTES 20

void sha1_of(bytes content, uint8_t ret[SHA1_BYTES]);

#endif
