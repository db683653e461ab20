/* http/wire.h -- a connection to a mail server, made, secured and signed in by libcurl, then used octet by
 * octet by whoever speaks the protocol on it (mail/smtp.c).
 *
 *   R1  libcurl resolves, connects, reads the greeting, says EHLO, does STARTTLS and AUTH, and no more
 *       (CURLOPT_CONNECT_ONLY).  What it would do with a message cannot be told apart afterwards: an
 *       error does not say whether the final dot had left.
 *   R2  Wherever there is TLS (1.2 or newer), the certificate is verified, by the system's authorities or a
 *       file of one's own.  A password leaves by TLS only.
 *   R3  Every call ends: a time for the connection with all of R1, a deadline for sending and receiving.
 *       No proxy of the environment, no file with passwords.
 */
#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include <stdatomic.h>

#include "base/job.h"

struct wire; /* one thread at a time */

enum wire_tls {
	WIRE_TLS_NONE,
	WIRE_STARTTLS_MAY,  /* if the server offers it */
	WIRE_STARTTLS_MUST, /* or nothing is sent */
	WIRE_TLS_FIRST,     /* before the first word (RFC 8314 3) */
};

enum wire_end {
	WIRE_OK,
	WIRE_UNREACHABLE, /* no such name, refused, cut off */
	WIRE_TIMEOUT,
	WIRE_TLS,         /* no TLS where it must be, or a certificate that does not hold */
	WIRE_LOGIN,       /* the server does not take the password */
	WIRE_PROTOCOL,    /* the server says what is not understood, or that it is not available */
	WIRE_STOPPED,     /* by `stop` */
};

/* Borrowed during wire_open(). */
struct wire_to {
	const char *host;        /* a name or number; not checked here */
	uint16_t port;
	enum wire_tls tls;
	const char *ca_file;     /* PEM; NULL: the system's */
	const char *hello;       /* what EHLO says */
	const char *user;        /* NULL: no sign-in */
	const char *password;
	long connect_ms;
	const _Atomic bool *stop; /* borrowed until wire_close(); looked at about once a second; NULL */
};

/* ret is written with WIRE_OK only. */
must_check enum wire_end wire_open(const struct wire_to *to, struct wire **ret);
void wire_close(struct wire **wire); /* accepts NULL inside; for OWNED */

/* Until `deadline_us` of os_monotonic_us().  Sends all, or says how much the kernel took. */
must_check enum wire_end wire_send(struct wire *wire, str octets, int64_t deadline_us, size_t *ret_sent);
/* Appends what came, one octet at least; the end of the connection is WIRE_UNREACHABLE. */
must_check enum wire_end wire_receive(struct wire *wire, int64_t deadline_us, struct buf *out);
/* For so long from now `stop` is not looked at; 0: it is again. */
void wire_patient(struct wire *wire, int64_t ms);
/* Nothing came and the other side has not closed, as far as is known here. */
bool wire_quiet(struct wire *wire);

#endif
