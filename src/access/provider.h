/* access/provider.h -- the company's identity provider (OpenID Connect): how it is set up, signing in through
 * it, and what it says about people who are already in.
 *
 *   P1  Who somebody is, is (issuer, subject) of an ID token that holds (oidc/token.h); never a name or an address.
 *   P2  An attempt belongs to the browser that began it: its seed is sealed in a cookie of ten minutes, and its
 *       state is used up before the code is looked at.
 *   P3  Whoever is not known comes in only where joining is allowed and a group of theirs is given a role.  An
 *       account that has ended stays ended.
 *   P4  A logout token and an event are done once (jti), and answered when what they end is ended durably.  An
 *       attempt that began before is over, too.
 *   P5  The provider's secret is sealed under the named key `provider`.  That the provider was changed is a fact: a
 *       restore of an older store leaves none, and it is put again (audit/fact.h).
 */
#ifndef ACCESS_PROVIDER_H
#define ACCESS_PROVIDER_H

#include "access/role.h"
#include "access/session.h"
#include "oidc/event.h"
#include "oidc/provider.h"
#include "oidc/token.h"

#define PROVIDER_COOKIE S("__Host-valv-oidc")
#define PROVIDER_ATTEMPT_US (10 * 60 * TIME_SECOND)
#define PROVIDER_CALLBACK S("/oidc/callback")

/* What a logout at the provider, or its signal, ends here; stored. */
#define LOGOUT_ENDS_TABLE(X) \
	X(LOGOUT_ENDS_SESSIONS, 1, "sessions") \
	X(LOGOUT_ENDS_ACCESS,   2, "access")    /* all that the account has, as when somebody leaves */
#define ENUM_LOGOUT_ENDS(e, no, ...) e = no,
enum logout_ends { LOGOUT_ENDS_TABLE(ENUM_LOGOUT_ENDS) };
#undef ENUM_LOGOUT_ENDS

struct provider_group {
	str group;          /* as the claim has it */
	str role;
	bool all_purposes;
	bytes purposes;     /* le16 numbers */
};

struct provider {
	int64_t version;
	time_us changed_at;
	str issuer, client_id;
	str address;        /* of this vault, as browsers see it: https://HOST, no / at the end */
	str scopes;         /* beside openid, apart by spaces */
	str groups_claim;   /* "": none is read */
	bool joiners;       /* P3 */
	enum logout_ends ends;
	struct provider_group *group;
	size_t group_count;
	/* Of events (CAEP): who sends them, for whom, with which keys; all "": none are taken. */
	str events_issuer, events_audience, events_keys;
	str secret;         /* in the arena */
};

/* ERR_ABSENT  there is none.  db: job->db, or inside steps the writer's. */
must_check enum err provider_get(struct job *job, const struct access *access, struct db *db,
                                 struct provider *ret);
/* Whether there is one, and no more: for the page on which people sign in. */
must_check enum err provider_there(struct job *job, struct db *db, bool *ret_there);
/* secret "": the one that is there, if the issuer stays; ERR_INVALID when there is none.  Sets version and changed_at. */
must_check enum err provider_put(struct job *job, const struct access *access, struct provider *provider);
must_check enum err provider_drop(struct job *job, const struct access *access); /* ERR_ABSENT */
/* Inside the steps of a restore (P5). */
must_check enum err provider_forget_steps(struct job *job, struct db *db);

/* --- signing in --------------------------------------------------------------------------------- */

/* Where the browser goes, and the value of its cookie.  again: the session of who shows anew who they are.
 *   ERR_ABSENT no provider   ERR_IO, ERR_INVALID it cannot be reached, or says what cannot be believed */
must_check enum err provider_begin(struct job *job, const struct access *access, const struct oidc_reach *reach,
                                   const struct session *again, str *ret_url, str *ret_cookie);

/* What came back in the address; "" for what is not there. */
struct provider_answer {
	str cookie, state, code, error, issuer;
};

struct provider_done {
	struct staff staff;
	str token;          /* of the session: a new one, or one that was there and is fresh now (session.h J3) */
};

/* Sets job->actor.
 *   ERR_UNAUTHENTICATED  the attempt or what the provider says does not hold (P1, P2); why says what
 *   ERR_DENIED           it holds, and they have no account here, or one that has ended (P3)
 *   ERR_ABSENT, ERR_IO   as above */
must_check enum err provider_finish(struct job *job, const struct access *access, const struct oidc_reach *reach,
                                    const struct provider_answer *answer, struct provider_done *ret);

/* --- what the provider says later ---------------------------------------------------------------- */

/* A logout token (P4).  Somebody or a session that is not known here: fine, there is nothing to end.
 *   ERR_INVALID  it does not hold, or was done before
 *   ERR_ABSENT no provider   ERR_IO its keys could not be had; and those of the store */
must_check enum err provider_logout(struct job *job, const struct access *access, const struct oidc_reach *reach,
                                    str token);

/* A security event (P4).  When what happened lies in the past, an entry says how often the account was used
 * in between, and whoever reviews is told.
 *   ERR_INVALID and *ret_fault   ERR_ABSENT no events are taken   ERR_IO   ... */
must_check enum err provider_event(struct job *job, const struct access *access, const struct oidc_reach *reach,
                                   str token, enum event_fault *ret_fault);

/* --- inside access/provider*.c -------------------------------------------------------------------- */

/* Inside steps: remember something until then, and forget some of what is over; *ret_new is false when it is remembered already. */
must_check enum err seen_put_steps(struct job *job, struct db *db, str kind, str issuer, str what, time_us until,
                                   bool *ret_new);
/* Inside steps: when it was last put; 0: never, or forgotten. */
must_check enum err seen_at(struct job *job, struct db *db, str kind, str issuer, str what, time_us *ret);

#endif
