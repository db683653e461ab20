/* scim/user.c -- contract and K1 to K4: user.h. */
#include "scim/user.h"

#include "base/limits.h"
#include "crypto/seal.h"
#include "scim/group.h"

#define PROFILE_MAX (64 * 1024)
#define PAGE 500

enum user_state { USER_THERE = 1, USER_DELETED = 2 };

static const struct scim_resource *const user = &scim_user_resource;

static str
text_of(const struct scim_node *root, const char *name, const char *sub)
{
	return scim_text(user, root, name, sub);
}

/* --- common to users and groups ---------------------------------------------------------------- */

str
scim_uid_text(struct job *job, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 36 };

	buf_uid(&text, id);
	return arena_str(&job->arena, buf_str(&text));
}

str
scim_location(struct job *job, const struct scim_resource *resource, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 128 };

	buf_put(&text, resource->path);
	buf_char(&text, '/');
	buf_uid(&text, id);
	return arena_str(&job->arena, buf_str(&text));
}

void
scim_put_meta(struct job *job, const struct scim_resource *resource, struct scim_node *root, uid id,
              time_us created_at, time_us changed_at, int64_t version)
{
	OWNED(buf_release) struct buf text = { .max = 32 };
	struct scim_node *meta;

	buf_put(&text, S("W/\""));
	buf_dec(&text, version);
	buf_char(&text, '"');
	scim_put_text(job, resource, root, S("id"), scim_uid_text(job, id));
	meta = scim_put_complex(job, resource, root, S("meta"));
	scim_put_text(job, resource, meta, S("resourceType"), resource->name);
	scim_put_time(job, resource, meta, S("created"), created_at);
	scim_put_time(job, resource, meta, S("lastModified"), changed_at);
	scim_put_text(job, resource, meta, S("location"), scim_location(job, resource, id));
	scim_put_text(job, resource, meta, S("version"), arena_str(&job->arena, buf_str(&text)));
}

/* --- between tree and account ------------------------------------------------------------------ */

static bool
is_active(const struct scim_node *root)
{
	const struct scim_node *active = scim_node_find(root, scim_attr(user, S("active")));

	return !active || active->truth;
}

/* The address to write to: the primary one, else one for work, else the first. */
static str
email_of(const struct scim_node *root)
{
	const struct scim_attr *emails = scim_attr(user, S("emails"));
	const struct scim_attr *value = scim_sub(emails, S("value")), *type = scim_sub(emails, S("type"));
	const struct scim_node *node, *first = scim_node_find(root, emails), *work = NULL;

	for (node = first; node; node = scim_node_next(node)) {
		const struct scim_node *primary = scim_node_find(node, scim_sub(emails, S("primary")));
		const struct scim_node *is = scim_node_find(node, type);
		if (primary && primary->truth)
			return scim_node_find(node, value)->text;
		if (!work && is && str_eq_fold(is->text, S("work")))
			work = node;
	}
	if (work)
		first = work;
	return first ? scim_node_find(first, value)->text : S("");
}

static str
display_of(struct job *job, const struct scim_node *root)
{
	OWNED(buf_release) struct buf name = { .max = 2 * LIMIT_SCIM_TEXT_BYTES + 1 };
	str display = text_of(root, "displayName", NULL);
	str given = text_of(root, "name", "givenName"), family = text_of(root, "name", "familyName");

	if (!display.len)
		display = text_of(root, "name", "formatted");
	if (display.len)
		return display;
	buf_put(&name, given);
	if (given.len && family.len)
		buf_char(&name, ' ');
	buf_put(&name, family);
	return arena_str(&job->arena, buf_str(&name));
}

static void
staff_of_tree(struct job *job, const struct scim_node *root, struct staff *staff)
{
	staff->user_name = text_of(root, "userName", NULL);
	staff->external_id = text_of(root, "externalId", NULL);
	staff->display_name = display_of(job, root);
	staff->language = text_of(root, "preferredLanguage", NULL);
	staff->email = email_of(root);
}

static void
put_email(struct job *job, struct scim_node *root, str address)
{
	struct scim_node *email = scim_put_complex(job, user, root, S("emails"));

	scim_put_text(job, user, email, S("value"), address);
	scim_put_bool(job, user, email, S("primary"), true);
}

/* What the account says counts, where somebody changed it since by another way. */
static void
account_counts(struct job *job, const struct staff *staff, struct scim_node *root)
{
	const struct scim_attr *display = scim_attr(user, S("displayName")), *emails = scim_attr(user, S("emails"));

	if (!str_eq(display_of(job, root), staff->display_name)) {
		scim_node_drop_all(root, display);
		scim_put_text(job, user, root, S("displayName"), staff->display_name);
	}
	if (!str_eq(email_of(root), staff->email)) {
		scim_node_drop_all(root, emails);
		if (staff->email.len)
			put_email(job, root, staff->email);
	}
}

/* --- the sealed profile ------------------------------------------------------------------------ */

static void
put_associated(struct buf *out, int64_t no)
{
	buf_put(out, S("valv scim 1"));
	buf_le64(out, (uint64_t)no);
}

static enum err
profile_seal(struct job *job, const struct scim *scim, int64_t no, const struct scim_node *root, struct buf *out)
{
	OWNED(buf_release) struct buf plain = { .max = PROFILE_MAX };
	OWNED(buf_release) struct buf associated = { .max = 32 };
	struct scim_picks picks = { .only = true, .count = 3 };
	struct json_out json;

	picks.at[0].attr = scim_attr(user, S("name"));
	picks.at[1].attr = scim_attr(user, S("displayName"));
	picks.at[2].attr = scim_attr(user, S("emails"));
	json_out_begin(&json, &plain);
	scim_print(&json, user, root, &picks);
	if (!buf_ok(&plain))
		return fail(job, ERR_LIMIT, "what is to be kept of a user is too long");
	put_associated(&associated, no);
	seal(scim->access->seal_key, buf_bytes(&associated), buf_bytes(&plain), out);
	return OK;
}

static enum err
profile_open(struct job *job, const struct scim *scim, int64_t no, bytes sealed, struct scim_node **ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf associated = { .max = 32 };
	struct json body = { .at = "" };
	bytes plain;

	put_associated(&associated, no);
	TRY(seal_open(job, scim->access->seal_key, buf_bytes(&associated), sealed, &plain));
	if (json_parse(job, bytes_str(plain), &document, &body) || scim_read(job, user, body, ret)) {
		job_forgive(job);
		return fail(job, ERR_CORRUPT, "what is kept of a user cannot be read");
	}
	return OK;
}

static enum err
profile_get(struct job *job, const struct scim *scim, struct db *db, int64_t no, enum user_state *ret_state,
            struct scim_node **ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_state = USER_THERE;
	*ret = scim_node_new(job, NULL);
	TRY(db_query(job, db, SQL_SCIM_USER_GET, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK; /* made by another way */
	*ret_state = (enum user_state)rows_i64(&rows, 0);
	return rows_null(&rows, 1) ? OK : profile_open(job, scim, no, rows_bytes(&rows, 1), ret);
}

/* --- reading ----------------------------------------------------------------------------------- */

/* *ret_there false: of another issuer, or deleted. */
static enum err
user_of_staff(struct job *job, const struct scim *scim, struct db *db, const struct staff *staff,
              struct scim_user *ret, bool *ret_there)
{
	struct scim_node *root = NULL;
	enum user_state state = USER_THERE;

	*ret_there = str_eq(staff->issuer, scim->issuer); /* K2 */
	if (!*ret_there)
		return OK;
	TRY(profile_get(job, scim, db, staff->no, &state, &root));
	*ret_there = state == USER_THERE; /* K4 */
	account_counts(job, staff, root);
	scim_put_text(job, user, root, S("userName"), staff->user_name);
	scim_put_text(job, user, root, S("externalId"),
	              staff->external_id.len || scim->subject_is_name ? staff->external_id : staff->subject);
	scim_put_text(job, user, root, S("preferredLanguage"), staff->language);
	scim_put_bool(job, user, root, S("active"), staff->state != STAFF_ENDED);
	scim_put_meta(job, user, root, staff->id, staff->created_at, staff->changed_at, staff->version);
	*ret = (struct scim_user){ .staff = *staff, .root = root };
	return OK;
}

static enum err
user_fresh(struct job *job, const struct scim *scim, struct db *db, int64_t no, struct scim_user *ret)
{
	struct staff staff;
	bool there;

	TRY(staff_get(job, scim->access, db, no, &staff));
	TRY(user_of_staff(job, scim, db, &staff, ret, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no user has that id");
	return scim_groups_of(job, db, no, ret->root);
}

enum err
scim_user_get(struct job *job, const struct scim *scim, uid id, struct scim_user *ret)
{
	struct staff staff;

	TRY(staff_of_id(job, scim->access, job->db, id, &staff));
	return user_fresh(job, scim, job->db, staff.no, ret);
}

struct listing {
	const struct scim *scim;
	const struct scim_filter *filter;
	bool groups;
	struct scim_node **node;
	size_t count, room;
};

static enum err
listing_take(struct job *job, struct listing *listing, const struct staff *staff)
{
	struct scim_user found;
	bool there;

	TRY(user_of_staff(job, listing->scim, job->db, staff, &found, &there));
	if (!there)
		return OK;
	if (listing->groups)
		TRY(scim_groups_of(job, job->db, staff->no, found.root));
	if (listing->filter && !scim_filter_match(job, listing->filter, found.root))
		return OK;
	if (listing->count == listing->room) {
		struct scim_node **more = arena_array(&job->arena, 2 * listing->room + 64, sizeof(*more));
		if (listing->count)
			memcpy(more, listing->node, listing->count * sizeof(*more));
		listing->node = more;
		listing->room = 2 * listing->room + 64;
	}
	listing->node[listing->count++] = found.root;
	return OK;
}

/* By a digest where the filter is nothing but the name or the subject (docs/decisions/0201). */
static enum err
listing_quick(struct job *job, struct listing *listing, bool *ret_done)
{
	const struct scim *scim = listing->scim;
	struct staff staff;
	enum err err;
	str text;

	*ret_done = true;
	if (listing->filter && scim_filter_is_eq(listing->filter, scim_attr(user, S("userName")), &text))
		err = staff_of_name(job, scim->access, job->db, text, &staff);
	else if (listing->filter && !scim->subject_is_name &&
	         scim_filter_is_eq(listing->filter, scim_attr(user, S("externalId")), &text))
		err = staff_of_identity(job, scim->access, job->db, scim->issuer, text, &staff);
	else {
		*ret_done = false;
		return OK;
	}
	if (err == ERR_ABSENT) {
		job_forgive(job);
		return OK;
	}
	TRY(err);
	return listing_take(job, listing, &staff);
}

enum err
scim_user_list(struct job *job, const struct scim *scim, const struct scim_filter *filter, bool groups,
               struct scim_node ***ret, size_t *ret_count)
{
	struct listing listing = { .scim = scim, .filter = filter, .groups = groups };
	struct staff *staff = NULL;
	size_t count = PAGE;
	bool done;

	TRY(listing_quick(job, &listing, &done));
	for (int64_t after = 0; !done && count == PAGE;) {
		TRY(staff_list(job, scim->access, after, PAGE, &staff, &count));
		for (size_t i = 0; i < count; i++) {
			TRY(listing_take(job, &listing, &staff[i]));
			after = staff[i].no;
		}
	}
	*ret = listing.node;
	*ret_count = listing.count;
	return OK;
}

enum err
scim_user_no(struct job *job, const struct scim *scim, struct db *db, str id, int64_t *ret_no)
{
	struct scim_user found;
	struct staff staff;
	bool there = false;
	enum err err;
	uid parsed;

	if (!uid_parse(id, &parsed))
		return fail(job, ERR_INVALID, "a member is no user of this provider");
	err = staff_of_id(job, scim->access, db, parsed, &staff);
	if (!err)
		TRY(user_of_staff(job, scim, db, &staff, &found, &there));
	if (err == ERR_ABSENT || (!err && !there)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "a member is no user of this provider");
	}
	*ret_no = staff.no;
	return err;
}

/* --- writing ----------------------------------------------------------------------------------- */

struct plan {
	const struct scim *scim;
	struct scim_node *root;
	struct staff staff;     /* as it is to be */
	int64_t version;        /* that it was read under; 0: it is new */
	bool ends, returns, changes;
};

/* Another's name or identity is what SCIM calls uniqueness. */
static enum err
unique(struct job *job, enum err err)
{
	if (err != ERR_CONFLICT)
		return err;
	job_forgive(job);
	return fail(job, ERR_UNIQUE, "another account has that userName or that subject");
}

static enum err
profile_put(struct job *job, struct db *db, const struct plan *plan)
{
	OWNED(buf_release) struct buf sealed = { .max = PROFILE_MAX + SEAL_OVERHEAD };

	TRY(profile_seal(job, plan->scim, plan->staff.no, plan->root, &sealed));
	return db_run(job, db, SQL_SCIM_USER_PUT,
	              ARGS(sql_i64(plan->staff.no), sql_i64(USER_THERE), sql_bytes(buf_bytes(&sealed))), NULL);
}

/* K3: the end first. */
static enum err
word_steps(struct job *job, struct db *db, const struct plan *plan)
{
	struct ended ended;

	if (plan->ends)
		TRY(staff_end_steps(job, db, plan->staff.no, END_SCIM, &ended));
	if (!plan->returns)
		return OK;
	TRY(staff_return_steps(job, db, plan->staff.no));
	return scim_roles_renew(job, db, plan->staff.no);
}

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct staff staff = plan->staff, now;

	TRY(staff_get(job, plan->scim->access, db, staff.no, &now));
	if (now.version != plan->version)
		return fail(job, ERR_STALE, "the user has changed since it was read");
	TRY(word_steps(job, db, plan));
	if (!plan->changes)
		return OK;
	TRY(unique(job, staff_change_steps(job, plan->scim->access, db, &staff)));
	return profile_put(job, db, plan);
}

/* Under a subject that was deleted: the same account, begun anew (K4). */
static enum err
again_steps(struct job *job, struct db *db, struct plan *plan, const struct staff *before)
{
	struct scim_node *profile;
	enum user_state state;

	TRY(profile_get(job, plan->scim, db, before->no, &state, &profile));
	if (state != USER_DELETED)
		return fail(job, ERR_UNIQUE, "another account has that subject");
	plan->staff.no = before->no;
	plan->staff.id = before->id;
	plan->returns = is_active(plan->root);
	TRY(unique(job, staff_change_steps(job, plan->scim->access, db, &plan->staff)));
	TRY(profile_put(job, db, plan));
	return word_steps(job, db, plan);
}

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct ended ended;
	struct staff before;
	enum err err;

	err = staff_of_identity(job, plan->scim->access, db, plan->staff.issuer, plan->staff.subject, &before);
	if (!err)
		return again_steps(job, db, plan, &before);
	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	plan->staff.state = STAFF_ACTIVE;
	TRY(unique(job, staff_make_steps(job, plan->scim->access, db, &plan->staff)));
	TRY(profile_put(job, db, plan));
	return is_active(plan->root) ? OK : staff_end_steps(job, db, plan->staff.no, END_SCIM, &ended);
}

/* What every user must be, however it came. */
static enum err
check(struct job *job, const struct scim_node *root)
{
	const struct scim_attr *emails = scim_attr(user, S("emails"));
	const struct scim_node *node;
	size_t count = 0;

	if (!text_of(root, "userName", NULL).len)
		return fail(job, ERR_INVALID, "userName is required");
	for (node = scim_node_find(root, emails); node; node = scim_node_next(node))
		count++;
	if (count > LIMIT_SCIM_VALUES)
		return fail(job, ERR_LIMIT, "limit_scim_values: more than 16 e-mail addresses");
	return OK;
}

enum err
scim_user_make(struct job *job, const struct scim *scim, struct scim_node *root, struct scim_user *ret)
{
	struct plan plan = { .scim = scim, .root = root };

	TRY(check(job, root));
	staff_of_tree(job, root, &plan.staff);
	plan.staff.issuer = scim->issuer;
	plan.staff.subject = scim->subject_is_name ? plan.staff.user_name : plan.staff.external_id; /* K1 */
	if (!plan.staff.subject.len)
		return fail(job, ERR_INVALID, "externalId is required: it is the subject that the person signs in as");
	TRY(store_write(job, scim->access->store, WRITE_ORDINARY, make_steps, &plan));
	return user_fresh(job, scim, job->db, plan.staff.no, ret);
}

/* K1.  An externalId that a PUT leaves out stays; what it says of it must be what it was. */
static enum err
subject_check(struct job *job, const struct scim *scim, const struct scim_user *was, struct staff *staff)
{
	if (!scim->subject_is_name && !staff->external_id.len)
		staff->external_id = was->staff.subject;
	if (!str_eq(scim->subject_is_name ? staff->user_name : staff->external_id, was->staff.subject))
		return fail(job, ERR_MUTABILITY, "the attribute that is the account's subject never changes");
	return OK;
}

/* Whether anything that is kept differs. */
static bool
differs(const struct scim_node *a, const struct scim_node *b)
{
	static const char *const kept[] = { "userName", "externalId", "name", "displayName", "preferredLanguage", "emails" };

	for (size_t i = 0; i < COUNT(kept); i++) {
		const struct scim_attr *attr = scim_attr(user, str_from_c(kept[i]));
		const struct scim_node *x = scim_node_find(a, attr), *y = scim_node_find(b, attr);
		for (; x && y && scim_node_equal(x, y); x = scim_node_next(x), y = scim_node_next(y))
			;
		if (x || y)
			return true;
	}
	return false;
}

enum err
scim_user_put(struct job *job, const struct scim *scim, const struct scim_user *was, struct scim_node *root,
              bool was_inactive, struct scim_user *ret)
{
	struct plan plan = { .scim = scim, .root = root, .staff = was->staff, .version = was->staff.version };
	bool active = is_active(root), ended = was->staff.state == STAFF_ENDED;

	TRY(check(job, root));
	staff_of_tree(job, root, &plan.staff);
	TRY(subject_check(job, scim, was, &plan.staff));
	plan.changes = differs(was->root, root);
	plan.ends = !ended && (was_inactive || !active);
	plan.returns = active && (ended || plan.ends);
	if (plan.changes || plan.ends || plan.returns)
		TRY(store_write(job, scim->access->store, plan.ends ? WRITE_RESERVED : WRITE_ORDINARY, put_steps, &plan));
	return user_fresh(job, scim, job->db, was->staff.no, ret);
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct staff staff = plan->staff, now;
	struct ended ended;

	TRY(staff_get(job, plan->scim->access, db, staff.no, &now));
	if (now.version != plan->version)
		return fail(job, ERR_STALE, "the user has changed since it was read");
	TRY(staff_end_steps(job, db, staff.no, END_SCIM, &ended));
	TRY(staff_change_steps(job, plan->scim->access, db, &staff));
	TRY(scim_members_forget(job, db, staff.no));
	return db_run(job, db, SQL_SCIM_USER_PUT, ARGS(sql_i64(staff.no), sql_i64(USER_DELETED), sql_null()), NULL);
}

enum err
scim_user_drop(struct job *job, const struct scim *scim, const struct scim_user *was)
{
	struct plan plan = { .scim = scim, .staff = was->staff, .version = was->staff.version };

	/* K4: whoever reads the log later still finds who it was. */
	if (!plan.staff.display_name.len)
		plan.staff.display_name = plan.staff.user_name;
	plan.staff.user_name = scim_uid_text(job, was->staff.id);
	plan.staff.email = S("");
	return store_write(job, scim->access->store, WRITE_RESERVED, drop_steps, &plan);
}
