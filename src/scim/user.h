/* scim/user.h -- staff accounts as an identity provider keeps them.
 *
 *   K1  An account is (issuer, subject).  The issuer is the setting scim_issuer; the subject is externalId, or
 *       userName where the setting scim_subject says so.  It never changes: another subject is another account.
 *   K2  A provider sees and changes accounts of its issuer, no others.
 *   K3  active false and DELETE go through staff_end_steps() (access/staff.h, T3), whatever else the call changes and
 *       in the same transaction; the end comes first, and also when a later operation of the call says true again.
 *   K4  After DELETE the account is gone for the provider and its name is free; the row stays for the audit log, without addresses.
 *       Made again under the same subject, it is the same account, begun anew.
 *
 * What the account has no room for (parts of the name, more than one address) lies sealed beside it.
 */
#ifndef SCIM_USER_H
#define SCIM_USER_H

#include "access/staff.h"
#include "scim/filter.h"

struct scim {
	const struct access *access;
	str issuer;
	bool subject_is_name;
};

struct scim_user {
	struct staff staff;
	struct scim_node *root; /* all that is shown */
};

/* ERR_ABSENT none of this issuer (K2), or deleted (K4) */
must_check enum err scim_user_get(struct job *job, const struct scim *scim, uid id, struct scim_user *ret);
/* All that fit, in the order they were made; filter may be NULL.  groups: whether they are to be shown. */
must_check enum err scim_user_list(struct job *job, const struct scim *scim, const struct scim_filter *filter,
                                   bool groups, struct scim_node ***ret, size_t *ret_count);

/* From a tree that was read.   ERR_UNIQUE ERR_INVALID ERR_LIMIT */
must_check enum err scim_user_make(struct job *job, const struct scim *scim, struct scim_node *root,
                                   struct scim_user *ret);
/* What was read in `user` becomes `root`; was_inactive: patch.h.  ret: as it is then.
 *   ERR_STALE it changed since   ERR_UNIQUE ERR_INVALID ERR_MUTABILITY ERR_LIMIT */
must_check enum err scim_user_put(struct job *job, const struct scim *scim, const struct scim_user *user,
                                  struct scim_node *root, bool was_inactive, struct scim_user *ret);
/* ERR_STALE */
must_check enum err scim_user_drop(struct job *job, const struct scim *scim, const struct scim_user *user);

/* Of a staff number, for groups; the id, and whether it is one that the provider may name (K2, K4). */
must_check enum err scim_user_no(struct job *job, const struct scim *scim, struct db *db, str id, int64_t *ret_no);

/* `meta` of a resource; its version is W/"number". */
void scim_put_meta(struct job *job, const struct scim_resource *resource, struct scim_node *root, uid id,
                   time_us created_at, time_us changed_at, int64_t version);
str scim_uid_text(struct job *job, uid id);
str scim_location(struct job *job, const struct scim_resource *resource, uid id);

#endif
