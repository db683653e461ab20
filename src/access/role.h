/* access/role.h -- roles: what a kind of work may do, on which fields, for which purposes.
 *
 * A role is a list of grants (policy.h).  The built-in ones are always there and never change; a company copies
 * one to make its own.  Giving a role to somebody names the purposes for which they have it, or all; what they
 * may do is the role's grants cut down to those.
 *
 * Stored grants: for each  le32 scopes | u8 1 for all purposes, else 0 | le16 count, le16 purposes |
 * u8 view | u8 view of sensitive fields | le16 count, (le16 field, u8 view)
 */
#ifndef ACCESS_ROLE_H
#define ACCESS_ROLE_H

#include "access/policy.h"
#include "access/scope.h"
#include "access/staff.h"

#define ROLE_OWN_FIRST 100 /* numbers below are built in */
#define ROLE_GRANTS_MAX 32

/*      enum                no  name                what it is for */
#define BUILTIN_ROLE_TABLE(X) \
	X(ROLE_ADMINISTRATOR, 1, "administrator",    "Runs the vault and its staff accounts; sees no personal data.") \
	X(ROLE_DPO,           2, "dpo",              "Data protection officer: requests, log, reviews, erasure; sees values masked.") \
	X(ROLE_MARKETER,      3, "marketer",         "Imports, asks for consent, builds audiences; sees values masked.") \
	X(ROLE_SERVICE,       4, "customer-service", "Helps customers: finds, reads and corrects them; sensitive fields masked.") \
	X(ROLE_DEVELOPER,     5, "developer",        "Defines fields and purposes, watches metrics; sees no personal data.") \
	X(ROLE_AUDITOR,       6, "auditor",          "Reads the log and who has what; sees no personal data.")
#define ENUM_ROLE(e, no, ...) e = no,
enum builtin_role { BUILTIN_ROLE_TABLE(ENUM_ROLE) };
#undef ENUM_ROLE

struct role {
	int64_t no;
	str name, title;
	bool builtin;
	int64_t version;
	time_us updated_at;
	struct grants grants;
};

must_check enum err role_get(struct job *job, struct db *db, int64_t no, struct role *ret);     /* ERR_ABSENT */
must_check enum err role_of_name(struct job *job, struct db *db, str name, struct role *ret); /* ERR_ABSENT */
/* Built-in ones first, then by number. */
must_check enum err role_list(struct job *job, struct db *db, struct role **ret, size_t *ret_count);

/* Inside steps: make a role or replace one of the company's own.  It holds for the next request of whoever has it.
 * That it may give less is a fact about each of them.   ERR_CONFLICT it is built in   ERR_LIMIT */
must_check enum err role_put_steps(struct job *job, struct db *db, struct role *role);
must_check enum err role_drop_steps(struct job *job, struct db *db, str name);

enum role_source { ROLE_GIVEN = 1, ROLE_BY_GROUP = 2, ROLE_BY_CLAIM = 3 };

struct staff_role {
	int64_t staff, role;
	enum role_source source;
	bool all_purposes;
	bytes purposes;
	time_us since_at;
};

must_check enum err staff_roles(struct job *job, struct db *db, int64_t staff, struct staff_role **ret,
                                size_t *ret_count);
/* Inside steps: exactly these of this source from now on.  When any is taken away or narrowed, that is a fact.
 * Nobody changes their own (ERR_DENIED); the operator may change all.   ERR_ABSENT no such role or staff member */
must_check enum err staff_roles_put_steps(struct job *job, struct db *db, int64_t staff, enum role_source source,
                                          const struct staff_role *role, size_t count);

/* All that somebody may do now: the grants of their roles, for the purposes that they have them for. */
must_check enum err staff_grants(struct job *job, struct db *db, int64_t staff, struct grants *ret);
/* Would these roles let somebody govern (SCOPES_GOVERN) in a way in which they could not? */
must_check enum err roles_govern_more(struct job *job, struct db *db, int64_t staff, const struct staff_role *role, size_t count,
                                      bool *ret);
/* Who is active and has any of these scopes. */
must_check enum err staff_with_scope(struct job *job, struct db *db, uint32_t scopes, int64_t except,
                                     int64_t *ret_count);

void grants_encode(struct grants grants, struct buf *out);
must_check enum err grants_decode(struct job *job, bytes stored, struct grants *ret);

#endif
