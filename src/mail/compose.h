/* mail/compose.h -- a message out of typed parts, by GMime.
 *
 *   C1  Nothing is written before every value is found good.  No value can begin a line, a header, a
 *       part or an encoded word of its own: CR, LF, NUL, other controls (C0, C1, line separators, marks
 *       that turn the direction of text) are refused in headers, as is "=?...?=".
 *   C2  What is written is ASCII, each line at most 998 octets and ended by CRLF, no CR or LF apart
 *       from these (RFC 5322 2.3, 2.1.1): checked on the octets that GMime gave.
 *   C3  The same parts give the same octets: Message-ID and boundaries come from `id`.  A try after a
 *       crash is the same message and not its twin.
 *   C4  One recipient a message: nobody sees whom else it went to.
 *   C5  Bulk mail has a list and a way out of it in one press (RFC 8058): without these it is not
 *       composed.
 *
 * Headers: RFC 5322, 2047, 2919 (List-Id), 2369 (List-Unsubscribe, List-Help), 8058 (-Post), 3834
 * (Auto-Submitted), 3282 (Content-Language); Precedence and Feedback-ID are usage.  Text is UTF-8,
 * quoted-printable, or base64 where most of it is no ASCII; multipart/alternative with HTML.
 */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include "base/job.h"
#include "mail/mailbox.h"

#define MAIL_NAME_BYTES_MAX 200      /* a display name, a list's label */
#define MAIL_SUBJECT_BYTES_MAX 500
#define MAIL_BODY_BYTES_MAX (256 * 1024) /* text and HTML, each */
#define MAIL_URL_BYTES_MAX 900       /* on a line of its own with brackets and comma */
#define MAIL_LANGUAGE_BYTES_MAX 35   /* RFC 5646 4.4.1 */
#define MAIL_LIST_BYTES_MAX 250      /* List-Id, RFC 2919 section 3 has 255 with brackets */
#define MAIL_FEEDBACK_BYTES_MAX 127
#define MAIL_ID_BYTES_MIN 8
#define MAIL_ID_BYTES_MAX 32         /* as hex it fits a boundary of 70 (RFC 2046 5.1.1) */
#define MAIL_MESSAGE_BYTES_MAX (2 * 1024 * 1024) /* bodies at their worst: three octets for one, and headers */

struct mail_person {
	str name;    /* may be empty */
	str address;
};

/* All borrowed.  "" where nothing is said of it: it must be there. */
struct mail {
	struct mail_person from, to;
	struct mail_person reply_to; /* address "": none */
	str subject;
	str text;                /* UTF-8, lines end in LF or CRLF */
	str html;                /* "": none */
	str language;            /* of both, BCP 47; "": not said */
	time_us date;
	bytes id;                /* C3; makes the Message-ID, so it is no secret */
	str id_domain;           /* behind its @ */
	bool automatic;          /* Auto-Submitted: auto-generated: answers by machines are not wanted */
	bool bulk;               /* Precedence: bulk */
	str list;                /* newsletter.example.com; "": none */
	str list_name;           /* "": none */
	str unsubscribe_url;     /* https, for the one press; "": none */
	str unsubscribe_address; /* beside it only; "": none */
	str help_url;            /* https; "": none */
	str feedback;            /* a:b:c:d; "": none */
};

/* Appends the message.  Its buf has room for MAIL_MESSAGE_BYTES_MAX.  mail_start() (start.h) was called.
 *
 *   ERR_INVALID   C1, A1, C5: `where` of the failure names the member
 *   ERR_LIMIT     longer than its limit; as above
 *   ERR_INTERNAL  C2 does not hold: a fault here or in GMime; nothing was appended
 */
must_check enum err compose(struct job *job, const struct mail *mail, struct buf *ret_message);

#endif
