/* message/returned.h -- mail that comes back: bounces and complaints, and what follows from them by rule.
 *
 *   R1  A claim is about a message of ours when its token is ours (mail/report.h, B2): that is compared in constant
 *       time.  From anything else nothing follows, and nothing of it is kept.
 *   R2  An address that is gone for good (5.1.1 and its like) is stopped for everything.  A complaint stops all
 *       marketing to the address.  Any other bounce is counted, once for each message: LIMIT_SOFT_BOUNCES of them
 *       with less than 30 days between, and marketing by mail stops there; what the person asks for is still tried.
 *   R3  What follows, suppression, state and audit entry, is one transaction.  Nothing of the mail that came back is
 *       stored.
 */
#ifndef MESSAGE_RETURNED_H
#define MESSAGE_RETURNED_H

#include "mail/report.h"
#include "message/message.h"

#define RETURNED_TABLE(X) \
	X(RETURNED_NOTHING,   0, "nothing")   /* no bounce and no complaint; or mail that arrived, or may yet */ \
	X(RETURNED_NOT_OURS,  1, "not_ours")  /* R1; or the message is forgotten */ \
	X(RETURNED_GONE,      2, "gone")      /* R2: stopped for everything */ \
	X(RETURNED_COUNTED,   3, "counted") \
	X(RETURNED_STOPPED,   4, "stopped")   /* once too often: marketing by mail is stopped */ \
	X(RETURNED_COMPLAINT, 5, "complaint") /* all marketing is stopped */

#define RETURNED_ENUM(e, no, name) e = no,
enum returned { RETURNED_TABLE(RETURNED_ENUM) };
#undef RETURNED_ENUM

/* A whole mail as it came.   ERR_LIMIT  limit_return_bytes, or nested too deep */
must_check enum err returned_mail(struct job *job, struct vault *vault, bytes octets, enum returned *ret);

/* The same, as a mail provider's webhook says it. */
struct returned_claim {
	str address; /* that the message was sent from: PREFIX+TOKEN@DOMAIN */
	bool complaint;
	int status[3]; /* of a bounce, RFC 3463 */
};
must_check enum err returned_say(struct job *job, struct vault *vault, const struct returned_claim *claim,
                                 enum returned *ret);

/* Look through the mailbox of the setup (Maildir: new/): at most `max` mails.  What was a bounce or complaint of ours
 * is taken away; what a person may have written is moved to cur/, for people.  Nothing without a mailbox.
 *   ERR_IO  it cannot be read */
must_check enum err returned_look(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count);

/* Inside steps: the server said it at once (RFC 5321 RCPT).  *ret may be NOTHING. */
must_check enum err returned_steps(struct job *job, struct db *db, const struct message_row *row, const int status[3],
                                   enum returned *ret);

str returned_name(enum returned returned);

#endif
