/* access/principal.h -- who calls: found anew for each request, by token, key or socket.
 *
 *   A1  Deny by default: no token, a revoked, expired, unknown or foreign one, one whose owner left, one from
 *       another network: ERR_UNAUTHENTICATED, all alike.
 *   A2  A scope that a principal does not hold is ERR_DENIED; a purpose, ERR_PURPOSE_DENIED.
 *   A3  An operator on the server's own socket (peer credentials) holds every scope and purpose.
 *   A4  What somebody may do is their roles as they are now; a key of their own gives no more than these.
 */
#ifndef ACCESS_PRINCIPAL_H
#define ACCESS_PRINCIPAL_H

#include "access/key_cache.h"
#include "access/policy.h"
#include "access/scope.h"
#include "access/session.h"

#define PEER_BYTES 16 /* IPv6, or IPv4 mapped into it */

/* What a request shows.  All borrowed. */
struct shown {
	str authorization; /* the header's value; empty: none */
	str cookie;        /* the session cookie's value; empty: none.  Asked only where there is no Authorization */
	const uint8_t *peer; /* PEER_BYTES; NULL: the server's own socket */
};

struct principal {
	struct grants grants; /* in the arena */
	uint32_t needed;      /* of the call at hand: any of these scopes; 0: any grant */
	bool operator;
	bool person;          /* a staff member who signed in */
	bool half;            /* with fewer factors than are required of all (policy.h O4) */
	int64_t staff, epoch; /* whose word it hangs on; 0: nobody's */
	uint64_t generation;  /* of TOPIC_PRINCIPALS, from before it was found good */
	int64_t glass;        /* number of the break-glass that is open; 0: none */
	struct session session; /* of a person */
};

/* Sets job->actor.  ERR_UNAUTHENTICATED (A1) */
must_check enum err principal_of_token(struct job *job, const struct access *access, struct key_cache *cache,
                                       const struct shown *shown, struct principal *ret);
must_check enum err principal_of_operator(struct job *job, uint32_t unix_uid, struct principal *ret);

/* Between the pieces of something long: nothing was taken away since it was found good (I5).  Costs one number
 * while nothing was taken from anybody.  db: any connection of this thread.   ERR_UNAUTHENTICATED */
must_check enum err principal_still(struct job *job, const struct access *access, struct db *db,
                                    struct principal *principal);

/* Deny by default.  scope may be SCOPE_NOTHING (health).  What is asked later is about this scope, too. */
must_check enum err require_scope(struct job *job, struct principal *principal, enum scope scope);
must_check enum err require_purpose(struct job *job, const struct principal *principal, uint32_t purpose);
/* The same as facts, for leaving out what a principal is not for. */
bool principal_holds(const struct principal *principal, uint32_t scopes); /* any of them */
bool principal_has(const struct principal *principal, uint32_t purpose);
bool principal_has_all(const struct principal *principal);                /* every purpose there is or will be */
enum view principal_view(const struct principal *principal, uint32_t purpose, uint32_t field, bool sensitive);
bool principal_fresh(const struct principal *principal, time_us now);     /* a person, who showed it just now */

#endif
