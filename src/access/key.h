/* access/key.h -- API keys: who a program is, and what it may do for which purposes.
 *
 * A key is "valv_" and 43 characters of base64url (256 bits); only its hash is stored.  It is
 * looked up on every request, so that a revocation holds for the next one (I5, V4).
 *
 *   A1  Deny by default: no key, a revoked, expired or unknown one gives ERR_UNAUTHENTICATED, all alike.
 *   A2  A scope that a key does not carry is ERR_DENIED; a purpose, ERR_PURPOSE_DENIED.
 *   A3  An operator on the server's own socket (peer credentials) holds every scope and purpose.
 */
#ifndef ACCESS_KEY_H
#define ACCESS_KEY_H

#include "access/key_cache.h"
#include "audit/entry.h"

/*      enum               bit name            what it allows */
#define SCOPE_TABLE(X) \
	X(SCOPE_DEFINE,    0, "define",        "put fields, purposes and settings, activate purposes") \
	X(SCOPE_READ,      1, "read",          "read values for a purpose") \
	X(SCOPE_WRITE,     2, "write",         "create persons, set values, record grounds and acts") \
	X(SCOPE_SEARCH,    3, "search",        "find persons by exact value") \
	X(SCOPE_DECIDE,    4, "decide",        "ask for decisions") \
	X(SCOPE_WITHDRAW,  5, "withdraw",      "record refusals, withdrawals, objections, suppressions") \
	X(SCOPE_IMPORT,    6, "import",        "import contacts and undo imports") \
	X(SCOPE_LEDGER,    7, "ledger",        "read ledgers and evidence") \
	X(SCOPE_AUDIT,     8, "audit",         "read audit entries") \
	X(SCOPE_KEYS,      9, "keys",          "make and revoke keys, rotate") \
	X(SCOPE_METRICS,  10, "metrics",       "read metrics") \
	X(SCOPE_RIGHTS,   11, "rights",        "answer requests of persons: access, portability, the register") \
	X(SCOPE_ERASE,    12, "erase",         "erase persons (Article 17)") \
	X(SCOPE_DELIVER,  13, "deliver",       "take letters and notices from the outbox, and say what became of them")

#define ENUM_SCOPE(e, bit, ...) e = 1 << bit,
enum scope { SCOPE_NOTHING = 0, SCOPE_TABLE(ENUM_SCOPE) };
#undef ENUM_SCOPE
#define BIT_SCOPE(e, bit, ...) | 1 << bit
#define SCOPES_ALL (0 SCOPE_TABLE(BIT_SCOPE))

#define KEY_TEXT_BYTES 48 /* "valv_" + 43 */

struct principal {
	uint32_t scopes;
	bool all_purposes;
	bytes purposes; /* le16 numbers, in the arena */
};

/* Sets job->actor.  `header` is the Authorization header's value ("" when absent).
 * ERR_UNAUTHENTICATED (A1) */
must_check enum err principal_of_key(struct job *job, struct store *store, struct key_cache *cache,
                                     str header, struct principal *ret);
must_check enum err principal_of_operator(struct job *job, uint32_t unix_uid, struct principal *ret);

/* Deny by default.  scope may be SCOPE_NOTHING (health). */
must_check enum err require_scope(struct job *job, const struct principal *principal, enum scope scope);
must_check enum err require_purpose(struct job *job, const struct principal *principal, uint32_t purpose);
/* The same as a fact, for leaving out what a key is not for. */
bool principal_has(const struct principal *principal, uint32_t purpose);

struct api_key {
	int64_t no;
	uid id;
	str name;
	uint32_t scopes;
	bool all_purposes;
	bytes purposes;
	time_us created_at, expires_at, revoked_at; /* TIME_NEVER */
};

/* Makes a key; the text is given once and never again.  ERR_LIMIT */
must_check enum err key_make(struct job *job, struct store *store, str name, uint32_t scopes,
                             bool all_purposes, bytes purposes, time_us expires_at,
                             struct api_key *ret, str *ret_text);
/* At once and everywhere (I5).  Revoking a revoked key is fine.  ERR_ABSENT */
must_check enum err key_revoke(struct job *job, struct store *store, uid id);
must_check enum err key_list(struct job *job, int64_t after_no, size_t max, struct api_key **ret,
                             size_t *ret_count);

bool scope_of_name(str name, enum scope *ret);
str scope_text(enum scope scope);

#endif
