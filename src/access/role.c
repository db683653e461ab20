/* access/role.c -- contract: role.h. */
#include "access/role.h"

#include "access/approval.h"
#include "access/purposes.h"
#include "audit/fact.h"
#include "base/limits.h"

#define GRANTS_BYTES_MAX (LIMIT_ROLE_GRANTS * (16 + 2 * LIMIT_PURPOSES + 3 * LIMIT_FIELDS))

/* --- the built-in roles ----------------------------------------------------------------------- */

/* A view of values goes with `read`, so a role without it sees none whatever stands here. */
static const struct grant administrator[] = {
	{ .scopes = SCOPE_STAFF | SCOPE_POLICY | SCOPE_KEYS | SCOPE_METRICS | SCOPE_DEFINE | SCOPE_APPROVE,
	  .all_purposes = true },
};
static const struct grant dpo[] = {
	{ .scopes = SCOPE_READ | SCOPE_SEARCH | SCOPE_WITHDRAW | SCOPE_LEDGER | SCOPE_AUDIT | SCOPE_RIGHTS | SCOPE_ERASE |
	            SCOPE_DEFINE | SCOPE_APPROVE | SCOPE_REVEAL | SCOPE_REVIEW,
	  .all_purposes = true, .view = VIEW_MASKED, .view_sensitive = VIEW_MASKED },
};
static const struct grant marketer[] = {
	{ .scopes = SCOPE_READ | SCOPE_WRITE | SCOPE_SEARCH | SCOPE_DECIDE | SCOPE_WITHDRAW | SCOPE_IMPORT | SCOPE_EXPORT,
	  .all_purposes = true, .view = VIEW_MASKED, .view_sensitive = VIEW_HIDDEN },
};
static const struct grant service[] = {
	{ .scopes = SCOPE_READ | SCOPE_WRITE | SCOPE_SEARCH | SCOPE_DECIDE | SCOPE_WITHDRAW | SCOPE_LEDGER | SCOPE_RIGHTS |
	            SCOPE_REVEAL | SCOPE_GLASS,
	  .all_purposes = true, .view = VIEW_CLEAR, .view_sensitive = VIEW_MASKED },
};
static const struct grant developer[] = {
	{ .scopes = SCOPE_DEFINE | SCOPE_METRICS, .all_purposes = true },
};
static const struct grant auditor[] = {
	{ .scopes = SCOPE_AUDIT | SCOPE_REVIEW, .all_purposes = true },
};

static const struct role builtins[] = {
#define ROLE(no_, name_, title_, table) \
	{ .no = no_, .name = { name_, sizeof(name_) - 1 }, .title = { title_, sizeof(title_) - 1 }, .builtin = true, \
	  .version = 1, .grants = { table, COUNT(table) } }
#define X(e, no, name, title) ROLE(no, name, title, GRANTS_##e),
#define GRANTS_ROLE_ADMINISTRATOR administrator
#define GRANTS_ROLE_DPO dpo
#define GRANTS_ROLE_MARKETER marketer
#define GRANTS_ROLE_SERVICE service
#define GRANTS_ROLE_DEVELOPER developer
#define GRANTS_ROLE_AUDITOR auditor
	BUILTIN_ROLE_TABLE(X)
#undef X
};

/* --- grants as they are stored ---------------------------------------------------------------- */

void
grants_encode(struct grants grants, struct buf *out)
{
	for (size_t i = 0; i < grants.count; i++) {
		const struct grant *grant = &grants.grant[i];
		buf_le32(out, grant->scopes);
		buf_u8(out, grant->all_purposes);
		buf_le16(out, (uint16_t)(grant->all_purposes ? 0 : grant->purposes.len / 2));
		if (!grant->all_purposes)
			buf_data(out, grant->purposes);
		buf_u8(out, (uint8_t)grant->view);
		buf_u8(out, (uint8_t)grant->view_sensitive);
		buf_le16(out, (uint16_t)(grant->views.len / 3));
		buf_data(out, grant->views);
	}
}

static bool
view_read(bytes *rest, enum view *ret)
{
	uint8_t view;

	if (!eat_u8(rest, &view) || view > VIEW_CLEAR)
		return false;
	*ret = (enum view)view;
	return true;
}

static bool
grant_read(bytes *rest, struct grant *ret)
{
	uint16_t purposes, views;
	uint8_t all;

	if (!eat_le32(rest, &ret->scopes) || !eat_u8(rest, &all) || !eat_le16(rest, &purposes) ||
	    !eat_bytes(rest, (size_t)2 * purposes, &ret->purposes) || !view_read(rest, &ret->view) ||
	    !view_read(rest, &ret->view_sensitive) || !eat_le16(rest, &views) ||
	    !eat_bytes(rest, (size_t)3 * views, &ret->views))
		return false;
	ret->all_purposes = all == 1;
	return all <= 1;
}

enum err
grants_decode(struct job *job, bytes stored, struct grants *ret)
{
	struct grant *grant = arena_array(&job->arena, LIMIT_ROLE_GRANTS, sizeof(*grant));
	bytes rest = arena_bytes(&job->arena, stored);
	size_t count = 0;

	while (rest.len) {
		if (count == LIMIT_ROLE_GRANTS || !grant_read(&rest, &grant[count]))
			return fail(job, ERR_CORRUPT, "the grants of a role cannot be read");
		count++;
	}
	*ret = (struct grants){ grant, count };
	return OK;
}

/* --- roles ------------------------------------------------------------------------------------ */

static enum err
role_row(struct job *job, const struct rows *rows, struct role *ret)
{
	*ret = (struct role){
		.no = rows_i64(rows, 0),
		.name = arena_str(&job->arena, rows_text(rows, 1)),
		.title = arena_str(&job->arena, rows_text(rows, 2)),
		.version = rows_i64(rows, 4),
		.updated_at = rows_time(rows, 5),
	};
	return grants_decode(job, rows_bytes(rows, 3), &ret->grants);
}

static enum err
role_one(struct job *job, struct db *db, enum sql sql, struct sql_arg key, struct role *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, ARGS(key), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such role");
	return role_row(job, &rows, ret);
}

enum err
role_get(struct job *job, struct db *db, int64_t no, struct role *ret)
{
	for (size_t i = 0; i < COUNT(builtins); i++) {
		if (builtins[i].no == no) {
			*ret = builtins[i];
			return OK;
		}
	}
	return role_one(job, db, SQL_ROLE_GET, sql_i64(no), ret);
}

enum err
role_of_name(struct job *job, struct db *db, str name, struct role *ret)
{
	for (size_t i = 0; i < COUNT(builtins); i++) {
		if (str_eq(builtins[i].name, name)) {
			*ret = builtins[i];
			return OK;
		}
	}
	return role_one(job, db, SQL_ROLE_OF_NAME, sql_text(name), ret);
}

enum err
role_list(struct job *job, struct db *db, struct role **ret, size_t *ret_count)
{
	struct role *role = arena_array(&job->arena, COUNT(builtins) + LIMIT_ROLES, sizeof(*role));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = COUNT(builtins);
	bool there;

	memcpy(role, builtins, sizeof(builtins));
	TRY(db_query(job, db, SQL_ROLE_ALL, ARGS(sql_i64(LIMIT_ROLES)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == COUNT(builtins) + LIMIT_ROLES)
			break;
		TRY(role_row(job, &rows, &role[count++]));
	}
	*ret = role;
	*ret_count = count;
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

/* It may have become less for whoever has it: after a restore of what was before, they are to be given it anew. */
static enum err
holders_less(struct job *job, struct db *db, int64_t role)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t *holder = arena_array(&job->arena, LIMIT_STAFF, sizeof(*holder));
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_STAFF_ROLE_HOLDERS, ARGS(sql_i64(role)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_STAFF)
			break;
		holder[count++] = rows_i64(&rows, 0);
	}
	rows_end(&rows);
	for (size_t i = 0; i < count; i++)
		TRY(staff_less_steps(job, db, holder[i]));
	return OK;
}

static enum err
entry_of_role(struct job *job, struct db *db, int64_t no, bool taken_away)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	buf_le64(&body, (uint64_t)no);
	buf_u8(&body, taken_away);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_ROLE_PUT, .body = buf_bytes(&body) }, NULL);
}

static bool
is_builtin(str name)
{
	for (size_t i = 0; i < COUNT(builtins); i++)
		if (str_eq(builtins[i].name, name))
			return true;
	return false;
}

static enum err
role_make(struct job *job, struct db *db, struct role *role, bytes grants)
{
	int64_t count, last;

	TRY(number_of(job, db, SQL_ROLE_COUNT, &count));
	if (count >= LIMIT_ROLES)
		return fail(job, ERR_LIMIT, "limit_roles: as many roles as there may be");
	TRY(number_of(job, db, SQL_ROLE_LAST, &last));
	role->no = last < ROLE_OWN_FIRST ? ROLE_OWN_FIRST : last + 1;
	role->version = 1;
	return db_run(job, db, SQL_ROLE_PUT,
	              ARGS(sql_i64(role->no), sql_text(role->name), sql_text(role->title), sql_bytes(grants),
	                   sql_i64(job->now)),
	              NULL);
}

enum err
role_put_steps(struct job *job, struct db *db, struct role *role)
{
	OWNED(buf_release) struct buf grants = { .max = GRANTS_BYTES_MAX };
	struct role before;
	enum err err;

	if (is_builtin(role->name))
		return fail(job, ERR_CONFLICT, "a built-in role is never changed; make one of your own from it");
	grants_encode(role->grants, &grants);
	if (role->grants.count > LIMIT_ROLE_GRANTS || !buf_ok(&grants))
		return fail(job, ERR_LIMIT, "limit_role_grants: the role has too many lines");
	role->updated_at = job->now;
	err = role_of_name(job, db, role->name, &before);
	if (err == ERR_ABSENT) {
		job_forgive(job);
		TRY(role_make(job, db, role, buf_bytes(&grants)));
	} else {
		TRY(err);
		role->no = before.no;
		role->version = before.version + 1;
		TRY(db_run(job, db, SQL_ROLE_CHANGE,
		           ARGS(sql_text(role->title), sql_bytes(buf_bytes(&grants)), sql_i64(job->now), sql_i64(role->no)),
		           NULL));
		TRY(holders_less(job, db, role->no));
	}
	db_touch(db, TOPIC_PRINCIPALS);
	return entry_of_role(job, db, role->no, false);
}

enum err
role_drop_steps(struct job *job, struct db *db, str name)
{
	struct role role;

	if (is_builtin(name))
		return fail(job, ERR_CONFLICT, "a built-in role is always there");
	TRY(role_of_name(job, db, name, &role));
	TRY(holders_less(job, db, role.no));
	TRY(db_run(job, db, SQL_STAFF_ROLE_DROP_ROLE, ARGS(sql_i64(role.no)), NULL));
	TRY(db_run(job, db, SQL_SCIM_ROLE_DROP_ROLE, ARGS(sql_i64(role.no)), NULL));
	TRY(db_run(job, db, SQL_ROLE_DROP, ARGS(sql_i64(role.no)), NULL));
	db_touch(db, TOPIC_PRINCIPALS);
	return entry_of_role(job, db, role.no, true);
}

/* --- who has them ----------------------------------------------------------------------------- */

static enum err
staff_role_row(struct job *job, const struct rows *rows, struct staff_role *ret)
{
	bytes stored = rows_bytes(rows, 3);

	*ret = (struct staff_role){
		.staff = rows_i64(rows, 0),
		.role = rows_i64(rows, 1),
		.source = (enum role_source)rows_i64(rows, 2),
		.since_at = rows_time(rows, 4),
	};
	return purposes_decode(job, stored, &ret->all_purposes, &ret->purposes);
}

enum err
staff_roles(struct job *job, struct db *db, int64_t staff, struct staff_role **ret, size_t *ret_count)
{
	struct staff_role *role = arena_array(&job->arena, 3 * LIMIT_STAFF_ROLES, sizeof(*role));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_STAFF_ROLE_OF, ARGS(sql_i64(staff), sql_i64(3 * LIMIT_STAFF_ROLES)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == 3 * LIMIT_STAFF_ROLES)
			break;
		TRY(staff_role_row(job, &rows, &role[count++]));
	}
	*ret = role;
	*ret_count = count;
	return OK;
}

static bool
covers(const struct staff_role *now, const struct staff_role *before)
{
	bytes rest = before->purposes;
	uint16_t no;

	if (now->role != before->role)
		return false;
	if (now->all_purposes)
		return true;
	if (before->all_purposes)
		return false;
	while (eat_le16(&rest, &no))
		if (!purposes_have(now->purposes, no))
			return false;
	return true;
}

/* Something that was there before, from this source, is not, or for fewer purposes. */
static bool
is_less(const struct staff_role *before, size_t before_count, enum role_source source,
        const struct staff_role *now, size_t now_count)
{
	for (size_t i = 0; i < before_count; i++) {
		bool kept = before[i].source != source;
		for (size_t n = 0; n < now_count && !kept; n++)
			kept = covers(&now[n], &before[i]);
		if (!kept)
			return true;
	}
	return false;
}

static enum err
roles_write(struct job *job, struct db *db, int64_t staff, enum role_source source, const struct staff_role *role,
            size_t count)
{
	TRY(db_run(job, db, SQL_STAFF_ROLE_DROP_SOURCE, ARGS(sql_i64(staff), sql_i64(source)), NULL));
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf purposes = { .max = 1 + 2 * LIMIT_PURPOSES };
		struct role there;
		TRY(role_get(job, db, role[i].role, &there));
		purposes_encode(role[i].all_purposes, role[i].purposes, &purposes);
		if (!buf_ok(&purposes))
			return fail(job, ERR_LIMIT, "limit_purposes: more purposes than there may be");
		TRY(db_run(job, db, SQL_STAFF_ROLE_PUT,
		           ARGS(sql_i64(staff), sql_i64(role[i].role), sql_i64(source), sql_bytes(buf_bytes(&purposes)),
		                sql_i64(job->now)),
		           NULL));
	}
	return OK;
}

enum err
staff_roles_put_steps(struct job *job, struct db *db, int64_t staff, enum role_source source,
                      const struct staff_role *role, size_t count)
{
	struct staff_role *before;
	enum staff_state state;
	size_t before_count;
	int64_t epoch;
	uid id;

	if (job->actor.kind == ACTOR_STAFF && job->actor.no == staff)
		return fail(job, ERR_DENIED, "nobody changes their own roles");
	if (count > LIMIT_STAFF_ROLES)
		return fail(job, ERR_LIMIT, "limit_staff_roles: as many roles as one may have");
	TRY(staff_word(job, db, staff, &state, &epoch));
	if (state == STAFF_ENDED && count)
		return fail(job, ERR_CONFLICT, "the account was ended");
	TRY(staff_roles(job, db, staff, &before, &before_count));
	TRY(approval_two_stay_steps(job, db));
	TRY(roles_write(job, db, staff, source, role, count));
	if (is_less(before, before_count, source, role, count))
		TRY(staff_less_steps(job, db, staff));
	db_touch(db, TOPIC_PRINCIPALS);
	TRY(staff_id(job, db, staff, &id));
	return entry_append(job, db, &(struct entry){ .act = ENTRY_STAFF_ROLES, .body = uid_bytes(&id) }, NULL);
}

/* --- what somebody may do --------------------------------------------------------------------- */

static bytes
both(struct job *job, const struct grant *grant, const struct staff_role *has)
{
	OWNED(buf_release) struct buf kept = { .max = 2 * LIMIT_PURPOSES };
	bytes rest = has->all_purposes ? grant->purposes : has->purposes;
	uint16_t no;

	while (eat_le16(&rest, &no))
		if (has->all_purposes || grant->all_purposes || purposes_have(grant->purposes, no))
			buf_le16(&kept, no);
	must(buf_ok(&kept));
	return arena_bytes(&job->arena, buf_bytes(&kept));
}

enum err
staff_grants(struct job *job, struct db *db, int64_t staff, struct grants *ret)
{
	struct staff_role *has;
	struct grant *grant;
	size_t has_count, count = 0;

	TRY(staff_roles(job, db, staff, &has, &has_count));
	grant = arena_array(&job->arena, has_count * LIMIT_ROLE_GRANTS + 1, sizeof(*grant));
	for (size_t i = 0; i < has_count; i++) {
		struct role role;
		TRY(role_get(job, db, has[i].role, &role));
		for (size_t n = 0; n < role.grants.count; n++) {
			const struct grant *whole = &role.grants.grant[n];
			grant[count] = *whole;
			grant[count].scopes &= SCOPES_ALL & ~(uint32_t)SCOPES_PROGRAM;
			grant[count].all_purposes = whole->all_purposes && has[i].all_purposes;
			grant[count].purposes = grant[count].all_purposes ? (bytes){ 0 } : both(job, whole, &has[i]);
			count++;
		}
	}
	*ret = (struct grants){ grant, count };
	return OK;
}

enum err
roles_govern_more(struct job *job, struct db *db, int64_t staff, const struct staff_role *role, size_t count, bool *ret)
{
	struct grants before;
	uint32_t scopes = 0;

	TRY(staff_grants(job, db, staff, &before));
	for (size_t i = 0; i < count; i++) {
		struct role given;
		TRY(role_get(job, db, role[i].role, &given));
		scopes |= policy_scopes(given.grants);
	}
	*ret = (scopes & ~policy_scopes(before) & SCOPES_GOVERN) != 0;
	return OK;
}

enum err
staff_with_scope(struct job *job, struct db *db, uint32_t scopes, int64_t except, int64_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_count = 0;
	TRY(db_query(job, db, SQL_STAFF_ROLE_ACTIVE, NO_ARGS, &rows));
	for (;;) {
		struct grants grants;
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (rows_i64(&rows, 0) == except)
			continue;
		TRY(staff_grants(job, db, rows_i64(&rows, 0), &grants));
		*ret_count += (policy_scopes(grants) & scopes) != 0;
	}
}
