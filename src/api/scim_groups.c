/* api/scim_groups.c -- /scim/v2/Groups for the identity provider, and /v1/groups for who maps them to roles. */
#include "api/scim.h"
#include "api/staff.h"
#include "base/limits.h"
#include "scim/group.h"
#include "scim/patch.h"

static const struct scim_resource *const resource = &scim_group_resource;

static enum err
group_of_path(struct job *job, const struct call *call, struct scim_group *ret)
{
	uid id;

	TRY(call_id(job, call, &id));
	return scim_group_of_id(job, job->db, id, ret);
}

/* --- reading ----------------------------------------------------------------------------------- */

static enum err
list(struct job *job, struct call *call, const struct scim_ask *ask)
{
	struct scim_node **node;
	struct scim scim;
	size_t count;

	TRY(scim_begin(job, call, &scim));
	TRY(scim_group_list(job, ask->filter, scim_ask_needs(ask, scim_attr(resource, S("members"))), &node, &count));
	TRY(scim_read_entry(job, call, NULL));
	scim_answer_list(job, call, resource, ask, node, count);
	return OK;
}

enum err
on_scim_groups_get(struct job *job, struct call *call)
{
	struct scim_ask ask;

	TRY(scim_ask_query(job, call, resource, &ask));
	return list(job, call, &ask);
}

enum err
on_scim_groups_search_post(struct job *job, struct call *call)
{
	struct scim_ask ask;

	TRY(scim_ask_body(job, call, resource, &ask));
	return list(job, call, &ask);
}

static enum err
answer(struct job *job, struct call *call, int status, const struct scim_group *group, const struct scim_picks *picks)
{
	struct scim_node *root;

	TRY(scim_group_tree(job, job->db, group, scim_picked(picks, scim_attr(resource, S("members"))), &root));
	scim_answer(job, call, status, resource, root, picks);
	return OK;
}

enum err
on_scim_group_get(struct job *job, struct call *call)
{
	struct scim_picks picks;
	struct scim_group group;
	struct scim scim;
	bool same;

	TRY(scim_ask_picks(job, call, resource, &picks));
	TRY(scim_begin(job, call, &scim));
	TRY(group_of_path(job, call, &group));
	TRY(scim_if_none_match(job, call, group.version, &same));
	if (same)
		return OK;
	TRY(scim_read_entry(job, call, NULL));
	return answer(job, call, 200, &group, &picks);
}

/* --- writing ----------------------------------------------------------------------------------- */

enum err
on_scim_group_post(struct job *job, struct call *call)
{
	struct scim_picks picks;
	struct scim_group group;
	struct scim_node *root;
	struct scim scim;

	TRY(scim_ask_picks(job, call, resource, &picks));
	TRY(scim_begin(job, call, &scim));
	TRY(scim_read(job, resource, call->body, &root));
	TRY(scim_group_make(job, &scim, root, &group));
	return answer(job, call, 201, &group, &picks);
}

static enum err
tree(struct job *job, const struct call *call, const struct scim_group *was, bool patch, struct scim_node **ret)
{
	if (!patch)
		return scim_read(job, resource, call->body, ret);
	TRY(scim_group_tree(job, job->db, was, true, ret));
	return scim_patch(job, resource, call->body, scim_uid_text(job, was->id), *ret, NULL);
}

static enum err
change(struct job *job, struct call *call, bool patch)
{
	struct scim_group was, now;
	struct scim_picks picks;
	struct scim_node *root;
	struct scim scim;
	int tries = 0;
	enum err err;

	TRY(scim_ask_picks(job, call, resource, &picks));
	TRY(scim_begin(job, call, &scim));
	do {
		TRY(group_of_path(job, call, &was));
		TRY(scim_if_match(job, call, was.version));
		TRY(tree(job, call, &was, patch, &root));
		err = scim_group_put(job, &scim, &was, root, &now);
	} while (scim_again(job, call, err, &tries));
	TRY(err);
	return answer(job, call, 200, &now, &picks);
}

enum err
on_scim_group_put(struct job *job, struct call *call)
{
	return change(job, call, false);
}

enum err
on_scim_group_patch(struct job *job, struct call *call)
{
	return change(job, call, true);
}

enum err
on_scim_group_delete(struct job *job, struct call *call)
{
	struct scim_group was;
	struct scim scim;
	int tries = 0;
	enum err err;

	TRY(scim_begin(job, call, &scim));
	do {
		TRY(group_of_path(job, call, &was));
		TRY(scim_if_match(job, call, was.version));
		err = scim_group_drop(job, &scim, &was);
	} while (scim_again(job, call, err, &tries));
	TRY(err);
	answer_empty(call);
	return OK;
}

/* --- mapping to roles -------------------------------------------------------------------------- */

static enum err
group_write(struct job *job, struct call *call, const struct scim_group *group)
{
	struct json_out *out = &call->out;
	struct staff_role *has;
	struct role role;
	size_t count;

	json_open(out, '{');
	json_pair_uid(out, S("id"), group->id);
	json_pair_str(out, S("name"), group->display);
	TRY(scim_group_roles(job, job->db, group->no, &has, &count));
	json_name(out, S("roles"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		TRY(role_get(job, job->db, has[i].role, &role));
		json_open(out, '{');
		json_pair_str(out, S("role"), role.name);
		purposes_pair(out, call->registry, has[i].all_purposes, has[i].purposes);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_pair_i64(out, S("version"), group->version);
	json_close(out, '}');
	return OK;
}

enum err
on_groups_get(struct job *job, struct call *call)
{
	struct scim_group *group;
	struct json_out *out;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(scim_group_after(job, job->db, page.after, (size_t)page.limit, &group, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("groups"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(group_write(job, call, &group[i]));
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? group[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

static enum err
mapping_read(struct job *job, struct call *call, struct staff_role **ret, size_t *ret_count)
{
	struct staff_role *role;
	struct json list;

	TRY(json_array(job, call->body, "roles", LIMIT_STAFF_ROLES, &list));
	role = arena_array(&job->arena, json_count(list) + 1, sizeof(*role));
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(staff_role_read(job, call, json_element(job, list, i), &role[i]));
		for (size_t n = 0; n < i; n++)
			if (role[n].role == role[i].role)
				return json_fail(job, ERR_INVALID, json_element(job, list, i), "is there twice");
	}
	*ret = role;
	*ret_count = json_count(list);
	return OK;
}

enum err
on_group_roles_put(struct job *job, struct call *call)
{
	struct scim_group group;
	struct staff_role *role;
	size_t count;

	TRY(call_registry(job, call));
	TRY(group_of_path(job, call, &group));
	TRY(mapping_read(job, call, &role, &count));
	TRY(scim_group_map(job, &call->vault->access, &group, role, count));
	TRY(group_of_path(job, call, &group));
	answer_json(call, 200);
	return group_write(job, call, &group);
}
