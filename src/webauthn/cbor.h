/* webauthn/cbor.h -- reading CBOR (RFC 8949) by eating, in the canonical form that CTAP2 writes and
 * no other: lengths in their shortest form and given beforehand, no tags, no floats.
 *
 * As in base/str.h: an eat_* function takes what it names off the front of *rest and answers true,
 * or answers false; *rest is then not to be used.
 */
#ifndef WEBAUTHN_CBOR_H
#define WEBAUTHN_CBOR_H

#include "base/str.h"

#define CBOR_DEPTH_MAX 8

enum cbor_kind {
	CBOR_UNSIGNED = 0,
	CBOR_NEGATIVE = 1, /* -1 - value */
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_ARRAY = 4,
	CBOR_MAP = 5,
	CBOR_SIMPLE = 7,
};

bool eat_cbor_head(bytes *rest, enum cbor_kind *ret_kind, uint64_t *ret_value);
bool eat_cbor_int(bytes *rest, int64_t *ret);
bool eat_cbor_bytes(bytes *rest, bytes *ret);
bool eat_cbor_text(bytes *rest, str *ret); /* UTF-8 */
bool eat_cbor_map(bytes *rest, uint64_t *ret_count); /* its head: then so many keys and values */
/* One whole item; *ret_item is its octets. */
bool eat_cbor_item(bytes *rest, bytes *ret_item);

#endif
