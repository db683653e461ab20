/* base/err.h -- the one table of errors.
 *
 * Each row gives an error's name, its HTTP status, the stable slug that ends the problem
 * `type` URI (RFC 9457), and the sentence that a caller may read.  The enum, the answers and
 * the API description are all printed from it.  A function that can fail returns `enum err`;
 * zero is OK.  Foreign codes (errno, SQL, crypto) become one of these where they arise.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/must.h"

/*      name                    status  slug                     sentence */
#define ERR_TABLE(X) \
	X(ERR_MALFORMED,        400, "malformed",             "The request cannot be read.") \
	X(ERR_HEADER,           400, "header",                "A header is missing or cannot be read.") \
	X(ERR_UNAUTHENTICATED,  401, "unauthenticated",       "A valid API key or session is needed.") \
	X(ERR_DENIED,           403, "denied",                "Who asks may not do that.") \
	X(ERR_PURPOSE_DENIED,   403, "purpose-denied",        "Who asks may not act for that purpose.") \
	X(ERR_ABSENT,           404, "absent",                "There is no such thing.") \
	X(ERR_METHOD,           405, "method",                "This address does not take that method.") \
	X(ERR_CONFLICT,         409, "conflict",              "This contradicts what is there.") \
	X(ERR_HELD,             409, "held",                  "A hold forbids it.") \
	X(ERR_IDEMPOTENCY_BUSY, 409, "idempotency-in-progress", "The first call with this Idempotency-Key is still running.") \
	X(ERR_GONE,             410, "gone",                  "It was erased.") \
	X(ERR_STALE,            412, "stale",                 "It has changed since it was read.") \
	X(ERR_TOO_LARGE,        413, "too-large",             "It is larger than the limit.") \
	X(ERR_MEDIA_TYPE,       415, "media-type",            "This address takes another media type.") \
	X(ERR_INVALID,          422, "invalid",               "A member has a value that is not allowed.") \
	X(ERR_LIMIT,            422, "limit",                 "A named limit is exceeded.") \
	X(ERR_NO_GROUND,        422, "no-ground",             "No live ground covers this field.") \
	X(ERR_EVIDENCE,         422, "evidence",              "The ground lacks evidence that its basis needs.") \
	X(ERR_PURPOSE_UNREADY,  422, "purpose-unready",       "The purpose does not yet state all that it must.") \
	X(ERR_PURPOSE_INACTIVE, 422, "purpose-inactive",      "The purpose has no active version.") \
	X(ERR_CHILD,            422, "child",                 "Consent under the age of consent needs a guardian.") \
	X(ERR_SPECIAL,          422, "special-category",      "Special categories need an explicit basis of Article 9.") \
	X(ERR_SUPPRESSED,       422, "suppressed",            "The address is suppressed; only a fresh, confirmed act of the person lifts that.") \
	X(ERR_IDEMPOTENCY_REUSE, 422, "idempotency-reuse",    "This Idempotency-Key was used with another payload.") \
	X(ERR_PRECONDITION,     428, "precondition-required", "An update needs If-Match.") \
	X(ERR_BUDGET,           429, "budget",                "The budget is used up for now.") \
	X(ERR_INTERNAL,         500, "internal",              "Something that should not happen did.") \
	X(ERR_CRYPTO,           500, "crypto",                "A sealed record could not be opened.") \
	X(ERR_CORRUPT,          500, "corrupt",               "Stored data is not what it must be.") \
	X(ERR_BUSY,             503, "busy",                  "Too much at once; try again.") \
	X(ERR_STORE,            503, "store",                 "The store could not do it; nothing was changed.") \
	X(ERR_FACTS,            503, "facts",                 "It is done, but the second place that must know of it cannot be written; it is written there as soon as it can be.") \
	X(ERR_SEALED,           503, "sealed",                "The store is sealed: it may hold again what was taken away.") \
	X(ERR_FULL,             507, "full",                  "The disk is full; nothing was changed.") \
	X(ERR_IO,               500, "io",                    "A file could not be read or written.") \
	X(ERR_NEWER,            500, "newer",                 "The store was written by a newer Valv.") \
	X(ERR_LOCKED,           500, "locked",                "Another process has the store open.") \
	X(ERR_ROOT,             500, "root",                  "The root key is missing or wrong.") \
	X(ERR_USAGE,            400, "usage",                 "The command line is not understood.") \
	X(ERR_STEP_UP,          401, "step-up",               "This takes a fresh sign-in, at most five minutes old.") \
	X(ERR_APPROVAL,         403, "approval-needed",       "This takes a second person, who has not approved of it.") \
	X(ERR_SIGN_IN,          401, "sign-in",               "The sign-in was not accepted.") \
	X(ERR_FILTER,           400, "filter",                "The filter cannot be read, or asks for what there is not.") \
	X(ERR_PATH,             400, "path",                  "The path leads nowhere.") \
	X(ERR_TARGET,           400, "no-target",             "The path leads to no value.") \
	X(ERR_MUTABILITY,       400, "mutability",            "That cannot be changed, or not in this way.") \
	X(ERR_UNIQUE,           409, "uniqueness",            "Another has that already.") \
	X(ERR_SECOND_FACTOR,    401, "second-factor",         "Everybody here signs in with two factors; show a second one, or set one up first.")

enum err {
	OK = 0,
#define X(name, status, slug, sentence) name,
	ERR_TABLE(X)
#undef X
	ERR_COUNT
};

struct err_info {
	const char *name;
	int status;
	const char *slug;
	const char *sentence;
};

/* Borrowed, static.  OK and numbers outside the table give the row of ERR_INTERNAL. */
const struct err_info *err_info(enum err err);

#define TRY(call) \
	do { \
		enum err try_err = (call); \
		if (try_err) \
			return try_err; \
	} while (0)

#endif
