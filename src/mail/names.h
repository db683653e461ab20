/* mail/names.h -- asking DNS, for what an operator wants to know about mail (libc's resolver).
 *
 *   N1  An answer is advice: it is not authenticated, and nothing is sent or stopped by it.
 *   N2  What comes is somebody else's octets: at most NAMES_MAX records of NAMES_TEXT_BYTES_MAX, printable ASCII; others
 *       are left out.
 */
#ifndef MAIL_NAMES_H
#define MAIL_NAMES_H

#include "base/job.h"

#define NAMES_MAX 32
#define NAMES_TEXT_BYTES_MAX 4096
#define NAMES_SECONDS 3 /* for one try; two are made */

struct names; /* one thread at a time */

enum names_end {
	NAMES_FOUND,
	NAMES_NONE,   /* there is no such name, or no such record */
	NAMES_FAILED, /* nobody answered */
};

/* server: "" the system's, else number of IPv4 and port, 127.0.0.1:5353.   ERR_INVALID */
must_check enum err names_open(struct job *job, str server, struct names **ret);
void names_close(struct names **names); /* accepts NULL inside; for OWNED */

struct names_found {
	enum names_end end;
	str text[NAMES_MAX]; /* in the arena */
	size_t count;
};

/* TXT records, the strings of each put together (RFC 7208 3.3). */
void names_texts(struct job *job, struct names *names, str host, struct names_found *ret);
/* IPv4 and IPv6 numbers. */
void names_addresses(struct job *job, struct names *names, str host, struct names_found *ret);
/* The names that a number has (PTR). */
void names_of_address(struct job *job, struct names *names, str address, struct names_found *ret);

#endif
