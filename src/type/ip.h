/* type/ip.h -- IP addresses as text, strictly. */
#ifndef TYPE_IP_H
#define TYPE_IP_H

#include "base/buf.h"

/* Four decimals of 0..255 without leading zeros, to the end of the text. */
bool ip_v4(str text, uint8_t ret[4]);
/* RFC 4291 2.2, to the end of the text; no zone, no prefix length. */
bool ip_v6(str text, uint8_t ret[16]);
/* Either, as 16 octets: IPv4 mapped into IPv6 (RFC 4291 2.5.5.2). */
bool ip_any(str text, uint8_t ret[16]);
void ip_put_v4(struct buf *buf, const uint8_t address[4]);
void ip_put_v6(struct buf *buf, const uint8_t address[16]); /* RFC 5952 */

#endif
