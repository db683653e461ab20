/* mail/report.h -- what comes back: bounces (DSN, RFC 3464) and complaints (ARF, RFC 5965), by GMime.
 *
 *   B1  Any octets may come, of at most REPORT_BYTES_MAX: what is too long or nested too deep is no report,
 *       and nothing of it was parsed.
 *   B2  Anybody can send a report about anybody.  What it says is a claim; it is about a message of ours
 *       when the token is ours, which the caller verifies.  Without that nothing follows from it.
 *   B3  Of several recipients it is the first that failed, else the first: a message of ours has one.
 */
#ifndef MAIL_REPORT_H
#define MAIL_REPORT_H

#include "base/job.h"
#include "mail/mailbox.h"

#define REPORT_BYTES_MAX (1024 * 1024)
#define REPORT_NESTING_MAX 64       /* multiparts and messages, one within another or not */
#define REPORT_TEXT_BYTES_MAX 512   /* of each text below: what is longer is left out */
#define REPORT_FIELDS_MAX 1000      /* of machine-readable fields; the rest is not read */

enum report_kind {
	REPORT_NONE,      /* neither: a reply by a person, an automatic answer */
	REPORT_BOUNCE,
	REPORT_COMPLAINT,
};

/* RFC 3464 2.3.3. */
enum report_action {
	REPORT_ACTION_NONE,
	REPORT_FAILED,
	REPORT_DELAYED,
	REPORT_DELIVERED,
	REPORT_RELAYED,
	REPORT_EXPANDED,
};

/* In the arena; "": the report does not say. */
struct report {
	enum report_kind kind;
	enum report_action action; /* of a bounce */
	int status[3];             /* RFC 3463: class 2, 4 or 5, subject, detail; 0.0.0: none */
	str recipient;             /* Final-Recipient; of a complaint Original-Rcpt-To */
	str original_recipient;    /* Original-Recipient */
	str feedback;              /* Feedback-Type: abuse, fraud, not-spam ... */
	str message_id;            /* of the message that is meant, without < > */
	bytes token;               /* B2: of the address that it came to or that the message was sent from */
};

/* Where bounces come to: what verp_write() was given. */
struct report_home {
	str prefix, domain;
};

/* mail_start() (start.h) was called.
 *   ERR_LIMIT  B1 */
must_check enum err report_read(struct job *job, const struct report_home *home, bytes octets,
                                struct report *ret);

#endif
