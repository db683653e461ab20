/* scim/group.c -- contract and R1 to R4: group.h. */
#include "scim/group.h"

#include "access/purposes.h"
#include "base/limits.h"
#include "os/random.h"

#define PAGE 500

static const struct scim_resource *const resource = &scim_group_resource;

/* --- reading ----------------------------------------------------------------------------------- */

static enum err
group_row(struct job *job, const struct rows *rows, struct scim_group *ret)
{
	*ret = (struct scim_group){
		.no = rows_i64(rows, 0),
		.display = arena_str(&job->arena, rows_text(rows, 2)),
		.external_id = arena_str(&job->arena, rows_text(rows, 3)),
		.created_at = rows_time(rows, 4),
		.changed_at = rows_time(rows, 5),
		.version = rows_i64(rows, 6),
	};
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

enum err
scim_group_of_id(struct job *job, struct db *db, uid id, struct scim_group *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SCIM_GROUP_OF_ID, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no group has that id");
	return group_row(job, &rows, ret);
}

enum err
scim_group_after(struct job *job, struct db *db, int64_t after_no, size_t max, struct scim_group **ret,
                 size_t *ret_count)
{
	struct scim_group *group = arena_array(&job->arena, max + 1, sizeof(*group));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_SCIM_GROUP_AFTER, ARGS(sql_i64(after_no), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		TRY(group_row(job, &rows, &group[count++]));
	}
	*ret = group;
	*ret_count = count;
	return OK;
}

struct member {
	int64_t staff;
	uid id;
};

static enum err
members_get(struct job *job, struct db *db, int64_t group, struct member **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0, room = 0;
	struct member *member = NULL;
	bool there;

	TRY(db_query(job, db, SQL_SCIM_MEMBERS, ARGS(sql_i64(group)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (count == room) {
			struct member *more = arena_array(&job->arena, 2 * room + 64, sizeof(*more));
			if (count)
				memcpy(more, member, count * sizeof(*more));
			member = more;
			room = 2 * room + 64;
		}
		member[count].staff = rows_i64(&rows, 0);
		if (!uid_from_bytes(rows_bytes(&rows, 1), &member[count++].id))
			return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	}
	*ret = member;
	*ret_count = count;
	return OK;
}

static enum err
put_members(struct job *job, struct db *db, int64_t group, struct scim_node *root)
{
	struct scim_node **at = &root->child;
	struct member *member;
	size_t count;

	TRY(members_get(job, db, group, &member, &count));
	while (*at)
		at = &(*at)->next;
	for (size_t i = 0; i < count; i++) { /* not scim_node_add(): it looks for the end each time */
		struct scim_node *node = scim_node_new(job, scim_attr(resource, S("members")));
		scim_put_text(job, resource, node, S("value"), scim_uid_text(job, member[i].id));
		scim_put_text(job, resource, node, S("$ref"), scim_location(job, &scim_user_resource, member[i].id));
		scim_put_text(job, resource, node, S("type"), S("User"));
		*at = node;
		at = &node->next;
	}
	return OK;
}

static enum err
put_roles(struct job *job, struct db *db, int64_t group, struct scim_node *root)
{
	const struct scim_attr *extension = resource->extension->as;
	struct scim_node *node;
	struct staff_role *has;
	struct role role;
	size_t count;

	TRY(scim_group_roles(job, db, group, &has, &count));
	if (!count)
		return OK;
	node = scim_node_add(job, root, extension);
	for (size_t i = 0; i < count; i++) {
		TRY(role_get(job, db, has[i].role, &role));
		scim_put_text(job, resource, node, S("roles"), role.name);
	}
	return OK;
}

enum err
scim_group_tree(struct job *job, struct db *db, const struct scim_group *group, bool members,
                struct scim_node **ret)
{
	struct scim_node *root = scim_node_new(job, NULL);

	scim_put_text(job, resource, root, S("displayName"), group->display);
	scim_put_text(job, resource, root, S("externalId"), group->external_id);
	scim_put_meta(job, resource, root, group->id, group->created_at, group->changed_at, group->version);
	TRY(put_roles(job, db, group->no, root));
	if (members)
		TRY(put_members(job, db, group->no, root));
	*ret = root;
	return OK;
}

enum err
scim_group_list(struct job *job, const struct scim_filter *filter, bool members, struct scim_node ***ret,
                size_t *ret_count)
{
	struct scim_group *group = NULL;
	struct scim_node **found = NULL, *root;
	size_t count = PAGE, total = 0;

	for (int64_t after = 0; count == PAGE;) {
		TRY(scim_group_after(job, job->db, after, PAGE, &group, &count));
		struct scim_node **more = arena_array(&job->arena, total + count + 1, sizeof(*more));
		if (total)
			memcpy(more, found, total * sizeof(*more));
		found = more;
		for (size_t i = 0; i < count; i++) {
			TRY(scim_group_tree(job, job->db, &group[i], members, &root));
			if (!filter || scim_filter_match(job, filter, root))
				found[total++] = root;
			after = group[i].no;
		}
	}
	*ret = found;
	*ret_count = total;
	return OK;
}

enum err
scim_groups_of(struct job *job, struct db *db, int64_t staff, struct scim_node *root)
{
	OWNED(rows_end) struct rows rows = { 0 };
	const struct scim_resource *user = &scim_user_resource;
	struct scim_group group;
	struct scim_node *node;
	bool there;

	TRY(db_query(job, db, SQL_SCIM_GROUPS_OF, ARGS(sql_i64(staff)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		TRY(group_row(job, &rows, &group));
		node = scim_put_complex(job, user, root, S("groups"));
		scim_put_text(job, user, node, S("value"), scim_uid_text(job, group.id));
		scim_put_text(job, user, node, S("$ref"), scim_location(job, resource, group.id));
		scim_put_text(job, user, node, S("display"), group.display);
		scim_put_text(job, user, node, S("type"), S("direct"));
	}
}

/* --- what groups give -------------------------------------------------------------------------- */

static enum err
roles_query(struct job *job, struct db *db, enum sql sql, int64_t of, struct staff_role **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct staff_role *role = arena_array(&job->arena, LIMIT_STAFF_ROLES * 8, sizeof(*role));
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, sql, ARGS(sql_i64(of)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_STAFF_ROLES * 8)
			break;
		role[count] = (struct staff_role){ .role = rows_i64(&rows, 0), .source = ROLE_BY_GROUP };
		TRY(purposes_decode(job, rows_bytes(&rows, 1), &role[count].all_purposes, &role[count].purposes));
		count++;
	}
	*ret = role;
	*ret_count = count;
	return OK;
}

enum err
scim_group_roles(struct job *job, struct db *db, int64_t group, struct staff_role **ret, size_t *ret_count)
{
	return roles_query(job, db, SQL_SCIM_ROLES, group, ret, ret_count);
}

/* Purposes of both. */
static void
widen(struct job *job, struct staff_role *role, const struct staff_role *by)
{
	OWNED(buf_release) struct buf both = { .max = 2 * LIMIT_PURPOSES };
	bytes rest = by->purposes;
	uint16_t no;

	role->all_purposes |= by->all_purposes;
	buf_data(&both, role->purposes);
	while (eat_le16(&rest, &no))
		if (!purposes_have(role->purposes, no))
			buf_le16(&both, no);
	must(buf_ok(&both));
	role->purposes = role->all_purposes ? (bytes){ 0 } : arena_bytes(&job->arena, buf_bytes(&both));
}

static bool
same_purposes(const struct staff_role *a, const struct staff_role *b)
{
	bytes rest = a->purposes;
	uint16_t no;

	if (a->all_purposes != b->all_purposes || a->purposes.len != b->purposes.len)
		return false;
	while (eat_le16(&rest, &no))
		if (!purposes_have(b->purposes, no))
			return false;
	return true;
}

/* What they have by groups is exactly this already. */
static enum err
is_so(struct job *job, struct db *db, int64_t staff, const struct staff_role *role, size_t count, bool *ret)
{
	struct staff_role *has;
	size_t has_count, by_group = 0, same = 0;

	TRY(staff_roles(job, db, staff, &has, &has_count));
	for (size_t i = 0; i < has_count; i++) {
		if (has[i].source != ROLE_BY_GROUP)
			continue;
		by_group++;
		for (size_t n = 0; n < count; n++)
			same += role[n].role == has[i].role && same_purposes(&role[n], &has[i]);
	}
	*ret = by_group == count && same == count;
	return OK;
}

enum err
scim_roles_renew(struct job *job, struct db *db, int64_t staff)
{
	struct staff_role *given, *role;
	enum staff_state state;
	size_t given_count, count = 0;
	int64_t epoch;
	bool so;

	TRY(staff_word(job, db, staff, &state, &epoch));
	if (state == STAFF_ENDED) /* R4 */
		return OK;
	TRY(roles_query(job, db, SQL_SCIM_ROLES_OF, staff, &given, &given_count)); /* by role */
	role = arena_array(&job->arena, given_count + 1, sizeof(*role));
	for (size_t i = 0; i < given_count; i++) {
		if (count && role[count - 1].role == given[i].role)
			widen(job, &role[count - 1], &given[i]);
		else
			role[count++] = given[i];
	}
	TRY(is_so(job, db, staff, role, count, &so));
	return so ? OK : staff_roles_put_steps(job, db, staff, ROLE_BY_GROUP, role, count);
}

enum err
scim_members_forget(struct job *job, struct db *db, int64_t staff)
{
	TRY(db_run(job, db, SQL_SCIM_GROUP_TOUCH_OF, ARGS(sql_i64(job->now), sql_i64(staff)), NULL));
	return db_run(job, db, SQL_SCIM_MEMBER_DROP_OF, ARGS(sql_i64(staff)), NULL);
}

/* --- writing ----------------------------------------------------------------------------------- */

enum { DONE_MADE = 1, DONE_CHANGED, DONE_DROPPED, DONE_MAPPED };

/* id | u8 what was done */
static enum err
entry_of_group(struct job *job, struct db *db, uid id, int what)
{
	OWNED(buf_release) struct buf body = { .max = 32 };

	buf_data(&body, uid_bytes(&id));
	buf_u8(&body, (uint8_t)what);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_GROUP, .body = buf_bytes(&body) }, NULL);
}

struct plan {
	const struct scim *scim;
	struct scim_node *root;
	struct scim_group group; /* as it is to be */
	str name;                /* folded */
	int64_t version;
	const struct staff_role *role;
	size_t role_count;
};

static enum err
name_check(struct job *job, struct db *db, const struct plan *plan)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SCIM_GROUP_OF_NAME, ARGS(sql_text(plan->name)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) != plan->group.no)
		return fail(job, ERR_UNIQUE, "another group has that displayName");
	return OK;
}

static enum err
member_add(struct job *job, struct db *db, const struct plan *plan, int64_t staff)
{
	TRY(db_run(job, db, SQL_SCIM_MEMBER_PUT, ARGS(sql_i64(plan->group.no), sql_i64(staff)), NULL));
	return scim_roles_renew(job, db, staff);
}

static enum err
member_drop(struct job *job, struct db *db, int64_t group, int64_t staff)
{
	TRY(db_run(job, db, SQL_SCIM_MEMBER_DROP, ARGS(sql_i64(group), sql_i64(staff)), NULL));
	TRY(staff_less_steps(job, db, staff)); /* R3 */
	return scim_roles_renew(job, db, staff);
}

static int
by_staff(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The numbers of those in the tree, ascending. */
static enum err
members_wanted(struct job *job, const struct plan *plan, struct db *db, int64_t **ret, size_t *ret_count)
{
	const struct scim_attr *members = scim_attr(resource, S("members"));
	const struct scim_attr *value = scim_sub(members, S("value")), *type = scim_sub(members, S("type"));
	struct scim_node *node;
	size_t count = 0;
	int64_t *no;

	for (node = scim_node_find(plan->root, members); node; node = scim_node_next(node))
		count++;
	if (count > LIMIT_SCIM_MEMBERS)
		return fail(job, ERR_LIMIT, "limit_scim_members: more than 50000 members");
	no = arena_array(&job->arena, count + 1, sizeof(*no));
	count = 0;
	for (node = scim_node_find(plan->root, members); node; node = scim_node_next(node)) {
		const struct scim_node *is = scim_node_find(node, type);
		if (is && !str_eq_fold(is->text, S("User")))
			return fail(job, ERR_INVALID, "a member is no user; groups in groups are not kept");
		TRY(scim_user_no(job, plan->scim, db, scim_node_find(node, value)->text, &no[count++]));
	}
	qsort(no, count, sizeof(*no), by_staff);
	*ret = no;
	*ret_count = count;
	return OK;
}

/* Both lists ascend. */
static enum err
members_steps(struct job *job, struct db *db, const struct plan *plan)
{
	struct member *has;
	size_t has_count, count, i = 0, n = 0;
	int64_t *wanted;

	TRY(members_wanted(job, plan, db, &wanted, &count));
	TRY(members_get(job, db, plan->group.no, &has, &has_count));
	while (i < has_count || n < count) {
		if (n && n < count && wanted[n] == wanted[n - 1])
			n++;
		else if (n == count || (i < has_count && has[i].staff < wanted[n]))
			TRY(member_drop(job, db, plan->group.no, has[i++].staff));
		else if (i == has_count || wanted[n] < has[i].staff)
			TRY(member_add(job, db, plan, wanted[n++]));
		else
			i++, n++;
	}
	return OK;
}

static enum err
number_of(struct job *job, struct db *db, enum sql sql, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct scim_group *group = &plan->group;
	int64_t count, last;

	TRY(number_of(job, db, SQL_SCIM_GROUP_COUNT, &count));
	if (count >= LIMIT_SCIM_GROUPS)
		return fail(job, ERR_LIMIT, "limit_scim_groups: as many groups as there may be");
	TRY(number_of(job, db, SQL_SCIM_GROUP_LAST, &last));
	group->no = last + 1;
	TRY(name_check(job, db, plan));
	TRY(db_run(job, db, SQL_SCIM_GROUP_PUT,
	           ARGS(sql_i64(group->no), sql_bytes(uid_bytes(&group->id)), sql_text(plan->name),
	                sql_text(group->display), sql_text(group->external_id), sql_i64(job->now)),
	           NULL));
	TRY(members_steps(job, db, plan));
	return entry_of_group(job, db, group->id, DONE_MADE);
}

static enum err
version_check(struct job *job, struct db *db, const struct plan *plan)
{
	struct scim_group now;

	TRY(scim_group_of_id(job, db, plan->group.id, &now));
	if (now.version != plan->version)
		return fail(job, ERR_STALE, "the group has changed since it was read");
	return OK;
}

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct scim_group *group = &plan->group;

	TRY(version_check(job, db, plan));
	TRY(name_check(job, db, plan));
	TRY(db_run(job, db, SQL_SCIM_GROUP_CHANGE,
	           ARGS(sql_text(plan->name), sql_text(group->display), sql_text(group->external_id), sql_i64(job->now),
	                sql_i64(group->no)),
	           NULL));
	TRY(members_steps(job, db, plan));
	return entry_of_group(job, db, group->id, DONE_CHANGED);
}

static enum err
plan_of_tree(struct job *job, const struct scim *scim, struct scim_node *root, struct plan *plan)
{
	const struct scim_attr *display = scim_attr(resource, S("displayName"));

	plan->scim = scim;
	plan->root = root;
	plan->group.display = scim_text(resource, root, "displayName", NULL);
	plan->group.external_id = scim_text(resource, root, "externalId", NULL);
	plan->name = scim_fold(job, display, plan->group.display);
	if (!plan->name.len)
		return fail(job, ERR_INVALID, "displayName is required");
	return OK;
}

enum err
scim_group_make(struct job *job, const struct scim *scim, struct scim_node *root, struct scim_group *ret)
{
	struct plan plan = { .group.id = os_uid() };

	TRY(plan_of_tree(job, scim, root, &plan));
	TRY(store_write(job, scim->access->store, WRITE_ORDINARY, make_steps, &plan));
	return scim_group_of_id(job, job->db, plan.group.id, ret);
}

/* In the reserved lane: it may take away roles. */
enum err
scim_group_put(struct job *job, const struct scim *scim, const struct scim_group *was, struct scim_node *root,
               struct scim_group *ret)
{
	struct plan plan = { .group = *was, .version = was->version };

	TRY(plan_of_tree(job, scim, root, &plan));
	TRY(store_write(job, scim->access->store, WRITE_RESERVED, put_steps, &plan));
	return scim_group_of_id(job, job->db, was->id, ret);
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	const struct plan *plan = arg;
	int64_t no = plan->group.no;
	struct member *member;
	size_t count;

	TRY(version_check(job, db, plan));
	TRY(db_run(job, db, SQL_SCIM_ROLE_DROP_OF, ARGS(sql_i64(no)), NULL));
	TRY(members_get(job, db, no, &member, &count));
	for (size_t i = 0; i < count; i++)
		TRY(member_drop(job, db, no, member[i].staff));
	TRY(db_run(job, db, SQL_SCIM_GROUP_DROP, ARGS(sql_i64(no)), NULL));
	return entry_of_group(job, db, plan->group.id, DONE_DROPPED);
}

enum err
scim_group_drop(struct job *job, const struct scim *scim, const struct scim_group *was)
{
	struct plan plan = { .group = *was, .version = was->version };

	return store_write(job, scim->access->store, WRITE_RESERVED, drop_steps, &plan);
}

/* --- mapping ----------------------------------------------------------------------------------- */

static enum err
map_steps(struct job *job, struct db *db, void *arg)
{
	const struct plan *plan = arg;
	struct member *member;
	struct role role;
	size_t count;

	TRY(version_check(job, db, plan));
	TRY(members_get(job, db, plan->group.no, &member, &count));
	for (size_t i = 0; i < count; i++)
		if (job->actor.kind == ACTOR_STAFF && job->actor.no == member[i].staff)
			return fail(job, ERR_DENIED, "nobody changes what a group that they are in gives");
	TRY(db_run(job, db, SQL_SCIM_ROLE_DROP_OF, ARGS(sql_i64(plan->group.no)), NULL));
	for (size_t i = 0; i < plan->role_count; i++) {
		OWNED(buf_release) struct buf purposes = { .max = 1 + 2 * LIMIT_PURPOSES };
		TRY(role_get(job, db, plan->role[i].role, &role));
		purposes_encode(plan->role[i].all_purposes, plan->role[i].purposes, &purposes);
		must(buf_ok(&purposes));
		TRY(db_run(job, db, SQL_SCIM_ROLE_PUT,
		           ARGS(sql_i64(plan->group.no), sql_i64(role.no), sql_bytes(buf_bytes(&purposes))), NULL));
	}
	TRY(db_run(job, db, SQL_SCIM_GROUP_TOUCH, ARGS(sql_i64(job->now), sql_i64(plan->group.no)), NULL));
	for (size_t i = 0; i < count; i++)
		TRY(scim_roles_renew(job, db, member[i].staff));
	return entry_of_group(job, db, plan->group.id, DONE_MAPPED);
}

enum err
scim_group_map(struct job *job, const struct access *access, const struct scim_group *group,
               const struct staff_role *role, size_t count)
{
	struct plan plan = { .group = *group, .version = group->version, .role = role, .role_count = count };

	return store_write(job, access->store, WRITE_RESERVED, map_steps, &plan);
}
