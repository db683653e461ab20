/* base/buf.h -- append-only text and bytes with a maximum.
 *
 * A buf is told its maximum at birth and goes sticky-full: append freely, check buf_ok() once at
 * the end.  Its memory is heap, wiped whenever it is moved or freed.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *ptr;
	size_t len;
	size_t cap;
	size_t max;
	bool full; /* something did not fit; the content is not to be used */
};

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf); /* wipes; accepts { 0 } */
void buf_clear(struct buf *buf);   /* wipes the content, keeps the memory */

static inline bool buf_ok(const struct buf *buf) { return !buf->full; }
static inline str buf_str(const struct buf *buf) { return (str){ buf->ptr, buf->len }; }
static inline bytes buf_bytes(const struct buf *buf) { return str_bytes(buf_str(buf)); }

void buf_put(struct buf *buf, str s);
void buf_char(struct buf *buf, char c);
void buf_dec(struct buf *buf, int64_t value);
void buf_udec(struct buf *buf, uint64_t value);
void buf_pad(struct buf *buf, uint64_t value, int width); /* zeros in front */
void buf_hex(struct buf *buf, bytes b); /* lower case */
void buf_base64url(struct buf *buf, bytes b); /* RFC 4648 section 5, no padding */
void buf_base64(struct buf *buf, bytes b);    /* RFC 4648 section 4, padded */
void buf_base32(struct buf *buf, bytes b);    /* RFC 4648 section 6, no padding */
/* The octets of what buf_base64url() wrote, and of nothing else: no padding, no stray bits.  False:
 * it is not that, and nothing was appended. */
bool buf_from_base64url(struct buf *buf, str text);

void buf_data(struct buf *buf, bytes b);
void buf_u8(struct buf *buf, uint8_t value);
void buf_le16(struct buf *buf, uint16_t value);
void buf_le32(struct buf *buf, uint32_t value);
void buf_le64(struct buf *buf, uint64_t value);
void buf_block(struct buf *buf, bytes b); /* le32 length, then the bytes */

/* Room for len more bytes, not yet counted: fill it, then add to buf->len.  NULL when full. */
void *buf_room(struct buf *buf, size_t len);

#endif
