/* api/scim_users.c -- /scim/v2/Users: staff accounts, for the identity provider that keeps them.
 *
 * A leaver is active false, in whatever form it comes, or DELETE; the answer leaves when everything of theirs has
 * ended (scim/user.h, K3). */
#include "api/scim.h"
#include "scim/patch.h"

static const struct scim_resource *const resource = &scim_user_resource;

static enum err
user_of_path(struct job *job, const struct call *call, const struct scim *scim, struct scim_user *ret)
{
	uid id;

	TRY(call_id(job, call, &id));
	return scim_user_get(job, scim, id, ret);
}

/* --- reading ----------------------------------------------------------------------------------- */

static enum err
list(struct job *job, struct call *call, const struct scim_ask *ask)
{
	struct scim_node **node;
	struct scim scim;
	size_t count;

	TRY(scim_begin(job, call, &scim));
	TRY(scim_user_list(job, &scim, ask->filter, scim_ask_needs(ask, scim_attr(resource, S("groups"))), &node, &count));
	TRY(scim_read_entry(job, call, NULL));
	scim_answer_list(job, call, resource, ask, node, count);
	return OK;
}

enum err
on_scim_users_get(struct job *job, struct call *call)
{
	struct scim_ask ask;

	TRY(scim_ask_query(job, call, resource, &ask));
	return list(job, call, &ask);
}

enum err
on_scim_users_search_post(struct job *job, struct call *call)
{
	struct scim_ask ask;

	TRY(scim_ask_body(job, call, resource, &ask));
	return list(job, call, &ask);
}

enum err
on_scim_user_get(struct job *job, struct call *call)
{
	struct scim_picks picks;
	struct scim_user user;
	struct scim scim;
	bool same;

	TRY(scim_ask_picks(job, call, resource, &picks));
	TRY(scim_begin(job, call, &scim));
	TRY(user_of_path(job, call, &scim, &user));
	TRY(scim_if_none_match(job, call, user.staff.version, &same));
	if (same)
		return OK;
	TRY(scim_read_entry(job, call, &user.staff.id));
	scim_answer(job, call, 200, resource, user.root, &picks);
	return OK;
}

/* --- writing ----------------------------------------------------------------------------------- */

enum err
on_scim_user_post(struct job *job, struct call *call)
{
	struct scim_picks picks;
	struct scim_node *root;
	struct scim_user user;
	struct scim scim;

	TRY(scim_ask_picks(job, call, resource, &picks));
	TRY(scim_begin(job, call, &scim));
	TRY(scim_read(job, resource, call->body, &root));
	TRY(scim_user_make(job, &scim, root, &user));
	scim_answer(job, call, 201, resource, user.root, &picks);
	return OK;
}

/* What a body leaves out is cleared, but for two: to leave out `active` brings nobody back, and the subject stays. */
static enum err
put_tree(struct job *job, const struct call *call, const struct scim_user *was, struct scim_node **ret,
         bool *ret_was_inactive)
{
	const struct scim_attr *active = scim_attr(resource, S("active"));

	TRY(scim_read(job, resource, call->body, ret));
	if (!scim_node_find(*ret, active))
		scim_put_bool(job, resource, *ret, S("active"), was->staff.state != STAFF_ENDED);
	*ret_was_inactive = false;
	return OK;
}

static enum err
patch_tree(struct job *job, const struct call *call, const struct scim_user *was, struct scim_node **ret,
           bool *ret_was_inactive)
{
	struct scim_patched patched;

	*ret = scim_node_copy(job, was->root);
	TRY(scim_patch(job, resource, call->body, scim_uid_text(job, was->staff.id), *ret, &patched));
	*ret_was_inactive = patched.was_inactive;
	return OK;
}

typedef enum err make_tree(struct job *job, const struct call *call, const struct scim_user *was,
                           struct scim_node **ret, bool *ret_was_inactive);

static enum err
change(struct job *job, struct call *call, make_tree *make)
{
	struct scim_user was, now;
	struct scim_picks picks;
	struct scim_node *root;
	struct scim scim;
	bool was_inactive;
	int tries = 0;
	enum err err;

	TRY(scim_ask_picks(job, call, resource, &picks));
	TRY(scim_begin(job, call, &scim));
	do {
		TRY(user_of_path(job, call, &scim, &was));
		TRY(scim_if_match(job, call, was.staff.version));
		TRY(make(job, call, &was, &root, &was_inactive));
		err = scim_user_put(job, &scim, &was, root, was_inactive, &now);
	} while (scim_again(job, call, err, &tries));
	TRY(err);
	if (now.staff.version == was.staff.version) /* nothing was to be done, and it is shown */
		TRY(scim_read_entry(job, call, &now.staff.id));
	scim_answer(job, call, 200, resource, now.root, &picks);
	return OK;
}

enum err
on_scim_user_put(struct job *job, struct call *call)
{
	return change(job, call, put_tree);
}

enum err
on_scim_user_patch(struct job *job, struct call *call)
{
	return change(job, call, patch_tree);
}

enum err
on_scim_user_delete(struct job *job, struct call *call)
{
	struct scim_user was;
	struct scim scim;
	int tries = 0;
	enum err err;

	TRY(scim_begin(job, call, &scim));
	do {
		TRY(user_of_path(job, call, &scim, &was));
		TRY(scim_if_match(job, call, was.staff.version));
		err = scim_user_drop(job, &scim, &was);
	} while (scim_again(job, call, err, &tries));
	TRY(err);
	answer_empty(call);
	return OK;
}
