/* oidc/event.h -- security event tokens (RFC 8417) as the Shared Signals Framework 1.0 and CAEP 1.0 have
 * them.
 *
 * A mechanism: it knows no staff.  The payload is one whose signature holds and whose `typ` is
 * secevent+jwt.
 *
 *   V1  iss and aud as agreed; iat and jti are there; no exp, no nonce: an ID token or a logout token is
 *       not an event.
 *   V2  Exactly one event, of a type that is listed here.
 *   V3  Exactly one subject, in sub_id or, as drafts have it, in the event's `subject`.
 */
#ifndef OIDC_EVENT_H
#define OIDC_EVENT_H

#include "base/job.h"

#define EVENT_AGE (7 * TIME_DAY) /* so old at most: a transmitter tries again for days */

/*      enum                      URI of the type */
#define EVENT_TABLE(X) \
	X(EVENT_SESSION_REVOKED,   "https://schemas.openid.net/secevent/caep/event-type/session-revoked") \
	X(EVENT_CREDENTIAL_CHANGE, "https://schemas.openid.net/secevent/caep/event-type/credential-change") \
	X(EVENT_VERIFICATION,      "https://schemas.openid.net/secevent/ssf/event-type/verification")

enum event_kind {
#define X(e, uri) e,
	EVENT_TABLE(X)
#undef X
	EVENT_KIND_COUNT
};

/* Why a token is refused, in the words of RFC 8935 section 2.4. */
enum event_fault {
	EVENT_FAULT_NONE,
	EVENT_FAULT_REQUEST,  /* invalid_request */
	EVENT_FAULT_KEY,      /* invalid_key */
	EVENT_FAULT_ISSUER,   /* invalid_issuer */
	EVENT_FAULT_AUDIENCE, /* invalid_audience */
};
str event_fault_word(enum event_fault fault);

/* RFC 9493. */
enum event_subject {
	EVENT_SUBJECT_NONE,    /* of a verification: the stream itself */
	EVENT_SUBJECT_EMAIL,   /* first: the address */
	EVENT_SUBJECT_ISS_SUB, /* first: issuer, second: sub */
	EVENT_SUBJECT_OPAQUE,  /* first: whatever was agreed */
};

struct event {
	enum event_kind kind;
	enum event_subject subject;
	str first, second;
	bool credential_made;  /* a credential was added and none taken away */
	time_us issued_at;
	time_us happened_at;   /* event_timestamp, else iat; never after now */
	str jti;
};

/* ERR_INVALID  *ret_fault says which */
must_check enum err event_read(struct job *job, str issuer, str audience, str payload, struct event *ret,
                               enum event_fault *ret_fault);

#endif
