/* mail/dkim.h -- DKIM signatures (RFC 6376), relaxed/relaxed, rsa-sha256 and ed25519-sha256 (RFC 8463).
 *
 *   D1  Every header of DKIM_HEADERS is signed as often as it is there and once more ("oversigned"): one
 *       that is added on the way breaks the signature (RFC 6376 8.15).  It holds whatever compose()
 *       writes, List-Unsubscribe and its -Post among it, as RFC 8058 section 4 demands.
 *   D2  The whole body is signed: there is no l= (RFC 6376 8.2).
 *   D3  Canonicalisation is a pure function of the octets and can be tested by itself.
 *
 * Whether d= is aligned with From (DMARC) is for who sets up the domain.
 */
#ifndef MAIL_DKIM_H
#define MAIL_DKIM_H

#include "mail/dkim_key.h"

#define DKIM_FIELDS_MAX 64          /* header fields of a message to be signed */
#define DKIM_KEYS_MAX 2             /* one of each kind */
#define DKIM_FIELD_BYTES_MAX 4096   /* one DKIM-Signature */

#define DKIM_HEADERS(X) \
	X("From") X("To") X("Reply-To") X("Subject") X("Date") X("Message-ID") X("MIME-Version") \
	X("Content-Type") X("Content-Transfer-Encoding") X("Content-Language") X("List-Id") \
	X("List-Unsubscribe") X("List-Unsubscribe-Post") X("List-Help") X("Feedback-ID") \
	X("Auto-Submitted") X("Precedence") X("Cc") X("Sender")

/* D3.  3.4.2: one field with its CRLF; name in lower case, unfolded, runs of white space as one space, none
 * around the colon and at the end. */
void dkim_relax_header(str field, struct buf *out);
/* 3.4.4: runs of white space as one space, none at the end of a line, no empty lines at the end; a last
 * line without CRLF gets one; nothing stays nothing. */
void dkim_relax_body(str body, struct buf *out);

/* What is hashed for b= (3.7): the fields that h= names, from the last upwards (5.4.2), then the
 * signature's own field, whose b= is empty, without its CRLF.  `names` is h=: names apart by colons.
 * False: more than DKIM_FIELDS_MAX fields, or a line that is none. */
bool dkim_signed_octets(str head, str names, str signature_field, struct buf *out);

/* Appends the message with a DKIM-Signature in front for each key, the first on top.
 *   ERR_INVALID  not a message: no empty line behind its header, no From, more than DKIM_FIELDS_MAX
 *                fields, or a DKIM-Signature is there already
 *   ERR_LIMIT    `out` is full */
must_check enum err dkim_sign(struct job *job, const struct dkim_key *const *key, size_t count, time_us now,
                              str message, struct buf *out);

#endif
