/* base/uid.h -- 128-bit public ids: random UUIDs, version 4 (RFC 9562 section 5.4).
 * Random ones are made by os_uid() (os/random.h), so that tests can make them foreseeable. */
#ifndef BASE_UID_H
#define BASE_UID_H

#include "base/buf.h"

typedef struct uid {
	uint8_t octet[16];
} uid;

/* Canonical form, 8-4-4-4-12, lower or upper case; any version is read. */
bool uid_parse(str s, uid *ret);
void buf_uid(struct buf *buf, uid id); /* lower case, 36 characters */
bool uid_eq(uid a, uid b);
bool uid_from_bytes(bytes b, uid *ret); /* exactly 16 */
static inline bytes uid_bytes(const uid *id) { return (bytes){ id->octet, 16 }; }

#endif
