/* signup/pending.h -- a sign-up that waits, as its row holds it; internal to signup/.
 *
 * Sealed under the key of its day, bound to its id and state.  Waiting: what was sent.  Confirmed: whom it became, by which address
 * (a digest), and in which language. */
#ifndef SIGNUP_PENDING_H
#define SIGNUP_PENDING_H

#include "signup/signup.h"

enum pending_state { PENDING_WAITING = 1, PENDING_CONFIRMED = 2 };

struct pending_yes {
	uint32_t purpose, version;
	uint32_t channels;
	bool yes;
	uint8_t notice[32], words[32];
	str label;
};

struct pending_value {
	uint16_t field;
	str text; /* canonical */
};

struct pending {
	uid id;
	int64_t day;
	enum pending_state state;
	time_us until_at;
	bytes sealed;
	/* PENDING_WAITING, opened */
	time_us made_at;
	int64_t form, form_version;
	str language; /* also of PENDING_CONFIRMED */
	struct pending_yes *yes;
	size_t yes_count;
	struct pending_value *value;
	size_t value_count;
	/* PENDING_CONFIRMED, opened */
	uid person;
	uint8_t digest[DIGEST_BYTES]; /* of the address that the link went to */
};

int64_t pending_day(time_us at);
/* A copy, made when first asked for; not inside steps. */
must_check enum err pending_key(struct job *job, struct vault *vault, int64_t day, struct secret **ret);
void pending_seal(struct job *job, const uint8_t *key, struct pending *pending); /* into `sealed`, by `state` */
/* Row and content.  False: it is not there, or can no longer be opened. */
must_check enum err pending_find(struct job *job, struct vault *vault, uid id, struct pending *ret, bool *ret_there);

/* What a link carries: the row's id and day. */
str pending_token(struct job *job, struct vault *vault, const struct pending *pending);
must_check bool pending_of_token(struct job *job, struct vault *vault, str token, uid *ret);

#endif
