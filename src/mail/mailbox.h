/* mail/mailbox.h -- addresses as they stand in an envelope and a header, and those that bounces come back to.
 *
 *   A1  An address is local@domain: a dot-atom of ASCII (RFC 5322 3.2.3), 64 octets at most, and a
 *       host name with a dot; 254 octets in all (RFC 5321 4.5.3.1).  No quoted form, no address at an
 *       IP number, nothing that a header's reader could take for an encoded word ("=?").
 *   A2  A name written in another script has no place here: its domain comes as A-labels, and a local
 *       part that needs SMTPUTF8 (RFC 6531) is refused.
 *   A3  Where a bounce goes says whom it is about (VERP): PREFIX+TOKEN@DOMAIN, the token in lower-case
 *       hex, as servers may change the case.  A token that comes back is a claim by a stranger:
 *       whoever reads it verifies it.
 */
#ifndef MAIL_MAILBOX_H
#define MAIL_MAILBOX_H

#include "base/buf.h"

#define MAILBOX_BYTES_MAX 254
#define MAILBOX_LOCAL_BYTES_MAX 64
#define VERP_PREFIX_BYTES_MAX 14
#define VERP_TOKEN_BYTES_MAX 24 /* prefix, + and twice this fit a local part */

bool mailbox_fits(str address);      /* A1, A2 */
bool mailbox_host_fits(str host);    /* A1: letters, digits, hyphens, at least one dot */
bool mailbox_label_fits(str label);  /* one label of a host name, 63 octets at most */

/* Appends the address of one token (A3).  The prefix is a label, prefix and token within their limits:
 * all of that is the caller's to know. */
void verp_write(str prefix, bytes token, str domain, struct buf *out);

/* Appends the token of an address that verp_write() made; false: it is none of these, and nothing was
 * appended. */
bool verp_read(str address, str prefix, str domain, struct buf *ret_token);

#endif
