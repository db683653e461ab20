/* message/doctor.h -- what a receiver of mail would look at, looked at beforehand: `valv doctor mail`.
 *
 * Advice (mail/names.h, N1): nothing is changed, nothing is sent.  Asks DNS and connects to the server, a
 * few seconds for each.
 */
#ifndef MESSAGE_DOCTOR_H
#define MESSAGE_DOCTOR_H

#include "message/setup.h"

#define DOCTOR_CHECKS_MAX 16

#define DOCTOR_RESULT_TABLE(X) \
	X(DOCTOR_GOOD,     1, "good") \
	X(DOCTOR_DOUBTFUL, 2, "doubtful") /* some receivers will mind */ \
	X(DOCTOR_BAD,      3, "bad") \
	X(DOCTOR_UNKNOWN,  4, "unknown")  /* nobody answered */

#define DOCTOR_ENUM(e, no, name) e = no,
enum doctor_result { DOCTOR_RESULT_TABLE(DOCTOR_ENUM) };
#undef DOCTOR_ENUM

struct doctor_check {
	str name;  /* server, tls, spf, dkim rsa ... */
	enum doctor_result result;
	str text;  /* a sentence for people */
	str at;    /* name of the DNS record that is meant; "": none */
	str want;  /* what should stand there, where that can be said; "" */
};

struct doctor {
	struct doctor_check check[DOCTOR_CHECKS_MAX];
	size_t count;
};

/* dns: as names_open().   ERR_INVALID   ERR_CONFLICT  mail is not set up */
must_check enum err doctor_mail(struct job *job, struct vault *vault, str dns, struct doctor *ret);

#endif
