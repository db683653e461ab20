/* api/roles.c -- roles: a readable list of what each gives, and the company's own. */
#include "api/staff.h"
#include "base/limits.h"

/* --- writing ---------------------------------------------------------------------------------- */

static void
view_pair(struct json_out *out, str name, enum view view)
{
	json_pair_str(out, name, words_name(WORDS_VIEW, (int)view));
}

static void
views_write(struct json_out *out, const struct registry *registry, bytes views)
{
	uint16_t no;
	uint8_t view;

	json_name(out, S("fields"));
	json_open(out, '{');
	while (eat_le16(&views, &no) && eat_u8(&views, &view)) {
		const struct field *field = registry_field_no(registry, no);
		if (field)
			view_pair(out, field->name, (enum view)view);
	}
	json_close(out, '}');
}

static void
grant_write(struct json_out *out, const struct registry *registry, const struct grant *grant)
{
	json_open(out, '{');
	scopes_pair(out, grant->scopes);
	purposes_pair(out, registry, grant->all_purposes, grant->purposes);
	view_pair(out, S("view"), grant->view);
	view_pair(out, S("view_sensitive"), grant->view_sensitive);
	views_write(out, registry, grant->views);
	json_close(out, '}');
}

static void
role_write(struct json_out *out, const struct registry *registry, const struct role *role)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), role->name);
	json_pair_str(out, S("title"), role->title);
	json_pair_bool(out, S("builtin"), role->builtin);
	json_name(out, S("grants"));
	json_open(out, '[');
	for (size_t i = 0; i < role->grants.count; i++)
		grant_write(out, registry, &role->grants.grant[i]);
	json_close(out, ']');
	json_pair_i64(out, S("version"), role->version);
	json_close(out, '}');
}

static enum err
role_answer(struct job *job, struct call *call, str name)
{
	struct role role;

	TRY(call_registry(job, call));
	TRY(role_of_name(job, job->db, name, &role));
	role_write(answer_json(call, 200), call->registry, &role);
	return OK;
}

enum err
on_roles_get(struct job *job, struct call *call)
{
	struct json_out *out;
	struct role *role;
	size_t count;

	TRY(call_registry(job, call));
	TRY(role_list(job, job->db, &role, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("roles"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		role_write(out, call->registry, &role[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err
on_role_get(struct job *job, struct call *call)
{
	return role_answer(job, call, call->param[0]);
}

/* --- making ----------------------------------------------------------------------------------- */

static enum err
view_read(struct job *job, struct json object, const char *name, enum view *ret)
{
	int view = VIEW_HIDDEN;

	TRY(body_word(job, object, name, WORDS_VIEW, &view, NULL));
	*ret = (enum view)view;
	return OK;
}

static enum err
views_read(struct job *job, struct call *call, struct json fields, bytes *ret)
{
	OWNED(buf_release) struct buf views = { .max = 3 * LIMIT_FIELDS };
	void *iterator = NULL;
	struct json value;
	str name, word;

	if (json_kind(fields) == JSON_ABSENT)
		return OK;
	if (json_kind(fields) != JSON_OBJECT)
		return json_fail(job, ERR_INVALID, fields, "must be an object of views by name of field");
	while (json_each(job, fields, &iterator, &name, &value)) {
		const struct field *field = registry_field(call->registry, name);
		int view;
		if (!field)
			return json_fail(job, ERR_INVALID, fields, "has a name that is no field's");
		struct json place = json_at_name(job, fields, value, field->name);
		if (json_kind(value) != JSON_STRING)
			return json_fail(job, ERR_INVALID, place, "must be hidden, masked or clear");
		TRY(json_scalar(job, place, LIMIT_NAME_BYTES, &word));
		if (!words_find(WORDS_VIEW, word, &view))
			return json_fail(job, ERR_INVALID, place, "must be hidden, masked or clear");
		buf_le16(&views, (uint16_t)field->no);
		buf_u8(&views, (uint8_t)view);
	}
	*ret = arena_bytes(&job->arena, buf_bytes(&views));
	return OK;
}

static enum err
grant_read(struct job *job, struct call *call, struct json element, struct grant *ret)
{
	bool there;

	TRY(schema_check(job, SCHEMA_GRANT_NEW, element));
	TRY(body_mask(job, element, "scopes", WORDS_SCOPE, false, &ret->scopes, &there));
	if (!there || !ret->scopes || ret->scopes & SCOPES_PROGRAM)
		return json_fail(job, ERR_INVALID, json_member(job, element, "scopes"),
		                 "names at least one scope, and none that is for programs");
	TRY(purposes_member_read(job, call, element, &ret->all_purposes, &ret->purposes));
	TRY(view_read(job, element, "view", &ret->view));
	TRY(view_read(job, element, "view_sensitive", &ret->view_sensitive));
	return views_read(job, call, json_member(job, element, "fields"), &ret->views);
}

static enum err
role_read(struct job *job, struct call *call, struct role *ret)
{
	struct grant *grant;
	struct role before;
	struct json list;
	size_t count;

	TRY(call_registry(job, call));
	*ret = (struct role){ .name = call->param[0] };
	if (role_of_name(job, job->db, ret->name, &before) == OK && before.builtin)
		return fail(job, ERR_CONFLICT, "a built-in role is never changed; make one of your own from it");
	job_forgive(job);
	if (!name_valid(ret->name))
		return fail(job, ERR_ABSENT, "a role's name is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(json_need_str(job, call->body, "title", 200, &ret->title));
	if (json_kind(json_member(job, call->body, "grants")) != JSON_ARRAY)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "grants"), "is a list of what it gives");
	TRY(json_array(job, call->body, "grants", LIMIT_ROLE_GRANTS, &list));
	count = json_count(list);
	grant = arena_array(&job->arena, count + 1, sizeof(*grant));
	for (size_t i = 0; i < count; i++)
		TRY(grant_read(job, call, json_element(job, list, i), &grant[i]));
	ret->grants = (struct grants){ grant, count };
	return OK;
}

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	return role_put_steps(job, db, arg);
}

enum err
on_role_put(struct job *job, struct call *call)
{
	struct role role;
	bool answered;

	TRY(role_read(job, call, &role));
	TRY(call_second(job, call, call->route->summary, &answered));
	if (answered)
		return OK;
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, put_steps, &role));
	return role_answer(job, call, role.name);
}

static enum err
own_role(struct job *job, struct call *call, struct role *ret)
{
	TRY(role_of_name(job, job->db, call->param[0], ret));
	if (ret->builtin)
		return fail(job, ERR_CONFLICT, "a built-in role is always there");
	return OK;
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	const str *name = arg;

	return role_drop_steps(job, db, *name);
}

enum err
on_role_delete(struct job *job, struct call *call)
{
	struct role role;
	bool answered;

	TRY(own_role(job, call, &role));
	TRY(call_second(job, call, call->route->summary, &answered));
	if (answered)
		return OK;
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, drop_steps, &call->param[0]));
	answer_empty(call);
	return OK;
}
