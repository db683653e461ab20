/* mail/smtp.h -- one message at a time to one server (RFC 5321), and what is known of it afterwards.
 *
 *   T1  Nothing is said to be delivered that was not taken by the server's own 2xx behind the final dot.
 *   T2  SMTP_UNREACHED only where the final dot has certainly not left whole: then it can be sent again.
 *       Once an octet of it was taken by the kernel and no answer can be read, it is SMTP_UNKNOWN: whether
 *       the server has the message only the server knows, and a second try may be a twin.
 *   T3  The connection is kept for the next message; one that turns out to be gone (or 421) before it
 *       answered anything about this message is made anew, once.
 *   T4  Commands go together where the server says PIPELINING (RFC 2920).
 *   T5  Nothing of a message or an address can be read as a command: lines end in CRLF and hold no CR or LF
 *       apart from these, dots are doubled (RFC 5321 4.5.2).
 *   T6  A password is given to nobody without TLS and a certificate that holds.
 *
 * What a server says often holds the address of the person: it goes into no log.
 */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "http/wire.h"
#include "mail/mailbox.h"

#define SMTP_CONNECT_MS 30000
#define SMTP_ANSWER_MS (5 * 60 * 1000)  /* RFC 5321 4.5.3.2: five minutes for MAIL and RCPT */
#define SMTP_FINAL_MS (10 * 60 * 1000)  /* and ten behind the final dot: shorter, and there are twins */
#define SMTP_STOP_MS 10000               /* so long a stop waits for the answer behind a final dot */
#define SMTP_REPLY_BYTES_MAX (16 * 1024) /* one reply of several lines */
#define SMTP_LINE_BYTES_MAX 998

/* Copied by smtp_open(). */
struct smtp_server {
	str host;                 /* a host name, or a number of IPv4 */
	uint16_t port;
	enum wire_tls tls;
	str ca_file;              /* "": the system's authorities */
	str hello;                /* our own name, for EHLO */
	str user, password;       /* "": no sign-in */
	int64_t connect_ms, answer_ms, final_ms;
	const _Atomic bool *stop; /* borrowed until smtp_close(); NULL */
};

struct smtp; /* one thread at a time */

enum smtp_end {
	SMTP_ACCEPTED,  /* 2xx behind the final dot */
	SMTP_REFUSED,   /* 5xx */
	SMTP_LATER,     /* 4xx */
	SMTP_UNREACHED, /* T2: `why` says more */
	SMTP_UNKNOWN,   /* T2 */
};

/* What the answer was about: a 5xx to SMTP_MAIL is about us, to SMTP_RCPT about the recipient. */
enum smtp_stage { SMTP_CONNECT, SMTP_HELLO, SMTP_MAIL, SMTP_RCPT, SMTP_DATA, SMTP_FINAL };

struct smtp_result {
	enum smtp_end end;
	enum smtp_stage stage;
	enum wire_end why;         /* UNREACHED, UNKNOWN; WIRE_OK else */
	int code;                  /* 0: no answer */
	int status[3];             /* RFC 3463: class, subject, detail; 0.0.0: the answer has none */
	str line;                  /* its last line behind the code, printable ASCII; until the next call */
};

/* Connects to nothing yet.   ERR_INVALID  a member that cannot be, a password without TLS (T6) */
must_check enum err smtp_open(struct job *job, const struct smtp_server *server, struct smtp **ret);
void smtp_close(struct smtp **smtp); /* says QUIT; accepts NULL inside; for OWNED */

/* From `sender` (the envelope's: see verp_write()) to one recipient.  Blocks for the times of the server.
 *   ERR_INVALID  an address that does not fit, or a message against T5: nothing was sent, ret not written */
must_check enum err smtp_send(struct job *job, struct smtp *smtp, str sender, str recipient, str message,
                              struct smtp_result *ret);

#endif
