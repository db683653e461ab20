/* access/scope.h -- scopes: what a key carries or a role gives, as the first half of every question about access. */
#ifndef ACCESS_SCOPE_H
#define ACCESS_SCOPE_H

#include "base/str.h"

/* What a key may carry.
 *      enum               bit name            what it allows */
#define SCOPE_KEY_TABLE(X) \
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
	X(SCOPE_DELIVER,  13, "deliver",       "take letters and notices from the outbox, and say what became of them") \
	X(SCOPE_EXPORT,   16, "export",        "ask for the data of many persons at once") \
	X(SCOPE_SCIM,     21, "scim",          "keep staff accounts for an identity provider") \
	X(SCOPE_RETURNS,  22, "returns",       "hand in bounces and complaints about mail that was sent")

/* What only people who sign in may have: it takes judgement. */
#define SCOPE_PERSON_TABLE(X) \
	X(SCOPE_STAFF,    14, "staff",         "make, change and end staff accounts") \
	X(SCOPE_POLICY,   15, "policy",        "make roles and give them") \
	X(SCOPE_APPROVE,  17, "approve",       "be the second person where one is needed") \
	X(SCOPE_REVEAL,   18, "reveal",        "see a masked value in clear, with a reason") \
	X(SCOPE_REVIEW,   19, "review",        "review exceptions, alerts and who has what") \
	X(SCOPE_GLASS,    20, "break-glass",   "see for half an hour what the role does not give, with a reason and a review")

#define SCOPE_TABLE(X) SCOPE_KEY_TABLE(X) SCOPE_PERSON_TABLE(X)

#define ENUM_SCOPE(e, bit, ...) e = 1 << bit,
enum scope { SCOPE_NOTHING = 0, SCOPE_TABLE(ENUM_SCOPE) };
#undef ENUM_SCOPE
#define BIT_SCOPE(e, bit, ...) | 1 << bit
#define SCOPES_ALL (0 SCOPE_TABLE(BIT_SCOPE))
#define SCOPES_PERSON (0 SCOPE_PERSON_TABLE(BIT_SCOPE))
/* By which one decides what others may do: who gives them alone could make a second person of their own. */
#define SCOPES_GOVERN (SCOPE_STAFF | SCOPE_POLICY | SCOPE_APPROVE | SCOPE_REVIEW)
/* Only for programs. */
#define SCOPES_PROGRAM (SCOPE_SCIM | SCOPE_RETURNS)

bool scope_of_name(str name, enum scope *ret);
str scope_text(enum scope scope);

#endif
