/* hook/hook.h -- webhooks by Standard Webhooks 1.0.0: signing, one call, and when to try again.
 *
 *   G1  What is signed is id, time and body together; the id is the receiver's idempotency key and
 *       stays the same over all tries, the time is that of the try.
 *   G2  A call ends within HOOK_TOTAL_MS, its answer is read up to HOOK_ANSWER_MAX and never shown.
 *   G3  2xx is done; 3xx is a failure and not followed; 410 is the end of the address.
 *   G4  A call goes only where the guard allows (address.h), and through no proxy.
 *
 * A mechanism: it knows no subject and no consent.
 */
#ifndef HOOK_HOOK_H
#define HOOK_HOOK_H

#include "crypto/secret.h"
#include "hook/address.h"
#include "http/fetch.h"

#define HOOK_CONNECT_MS 5000
#define HOOK_TOTAL_MS 20000
#define HOOK_ANSWER_MAX (64 * 1024)
#define HOOK_TRIES 10
#define HOOK_WAIT_MAX TIME_DAY /* what Retry-After can ask for */

/* "v1,BASE64" over `ID.SECONDS.BODY`. */
void hook_sign(bytes secret, str id, int64_t seconds, str body, struct buf *out);

/* How long to wait after so many tries have failed, HOOK_TRIES at most: 5 s, 5 min, 30 min, 2 h, 5 h,
 * 10 h, 14 h, 20 h, 24 h, each up to a tenth more or less by `random`. */
time_us hook_backoff(int64_t tries, uint32_t random);

/* Seconds, or a date (RFC 9110 5.6.7, the one form that is written today).  At most HOOK_WAIT_MAX. */
bool hook_retry_after(str text, time_us now, time_us *ret_wait);

/* https://HOST[:PORT]/…, or http:// where a network is allowed.  False: it is not one that could ever
 * be called; *ret_why says so in a literal. */
bool hook_url_fits(str url, const struct networks *networks, const char **ret_why);

enum hook_end {
	HOOK_DONE,
	HOOK_ANSWERED,    /* and not with 2xx: the status says how */
	HOOK_GONE,        /* 410 */
	HOOK_UNREACHABLE,
	HOOK_TIMEOUT,
	HOOK_REFUSED,     /* G4 */
	HOOK_TLS,
	HOOK_PROTOCOL,
	HOOK_STOPPED,
};

struct hook_call {
	const char *url;
	str id;
	time_us now;
	str body;
	str type;                        /* media type of the body */
	struct secret *const *secret;    /* the newest first; NULL ends them */
	size_t secret_max;
	const struct networks *networks;
	const _Atomic bool *stop;
};

struct hook_result {
	enum hook_end end;
	int status;
	time_us wait; /* Retry-After; 0: none */
};

void hook_call(struct fetcher *fetcher, const struct hook_call *call, struct hook_result *ret);

#endif
