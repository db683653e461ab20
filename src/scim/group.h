/* scim/group.h -- groups of an identity provider, and the roles that an administrator of Valv mapped them to.
 *
 *   R1  A group gives nothing until somebody with the scope `policy` maps it to roles, here and not through SCIM.
 *   R2  Whoever is in a group has its roles, as roles of the source ROLE_BY_GROUP, from the transaction that puts them
 *       in until the one that takes them out.  The roles of several groups add up.
 *   R3  Every removal is a fact (fact_staff_less), mapped or not: a restore takes the person out of all groups, until the
 *       provider says again where they are.
 *   R4  Who left has no roles; when they come back, they have those of the groups that they are in then.
 *
 * The name of a group is the name of a part of a company; it is stored in clear.
 */
#ifndef SCIM_GROUP_H
#define SCIM_GROUP_H

#include "access/role.h"
#include "scim/user.h"

struct scim_group {
	int64_t no;
	uid id;
	str display, external_id;
	time_us created_at, changed_at;
	int64_t version;
};

/* ERR_ABSENT */
must_check enum err scim_group_of_id(struct job *job, struct db *db, uid id, struct scim_group *ret);
must_check enum err scim_group_after(struct job *job, struct db *db, int64_t after_no, size_t max,
                                     struct scim_group **ret, size_t *ret_count);
/* As a tree; members: with them. */
must_check enum err scim_group_tree(struct job *job, struct db *db, const struct scim_group *group, bool members,
                                    struct scim_node **ret);
must_check enum err scim_group_list(struct job *job, const struct scim_filter *filter, bool members,
                                    struct scim_node ***ret, size_t *ret_count);

/* ERR_UNIQUE ERR_INVALID (a member is no user) ERR_LIMIT; put and drop also ERR_STALE */
must_check enum err scim_group_make(struct job *job, const struct scim *scim, struct scim_node *root,
                                    struct scim_group *ret);
must_check enum err scim_group_put(struct job *job, const struct scim *scim, const struct scim_group *was,
                                   struct scim_node *root, struct scim_group *ret);
must_check enum err scim_group_drop(struct job *job, const struct scim *scim, const struct scim_group *was);

/* --- what groups give -------------------------------------------------------------------------- */

/* Of each: role, all_purposes, purposes. */
must_check enum err scim_group_roles(struct job *job, struct db *db, int64_t group, struct staff_role **ret,
                                     size_t *ret_count);
/* R1.  Nobody maps a group that they are in (ERR_DENIED).   ERR_ABSENT no such group or role   ERR_STALE */
must_check enum err scim_group_map(struct job *job, const struct access *access, const struct scim_group *group,
                                   const struct staff_role *role, size_t count);
/* Inside steps: the roles that their groups give them now. */
must_check enum err scim_roles_renew(struct job *job, struct db *db, int64_t staff);
/* Inside steps: out of all groups. */
must_check enum err scim_members_forget(struct job *job, struct db *db, int64_t staff);
/* `groups` of a user. */
must_check enum err scim_groups_of(struct job *job, struct db *db, int64_t staff, struct scim_node *root);

#endif
