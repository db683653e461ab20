/* api/staff.c -- staff accounts: making, changing, giving roles, and the one action that ends them. */
#include "api/staff.h"

#include "base/limits.h"

/* --- writing ---------------------------------------------------------------------------------- */

enum err
staff_pair(struct job *job, struct call *call, str name, int64_t no)
{
	struct json_out *out = &call->out;
	struct staff staff;

	json_name(out, name);
	if (!no) {
		json_put_null(out);
		return OK;
	}
	TRY(staff_get(job, &call->vault->access, job->db, no, &staff));
	json_open(out, '{');
	json_pair_uid(out, S("id"), staff.id);
	json_pair_str(out, S("user_name"), staff.user_name);
	json_close(out, '}');
	return OK;
}

static enum err
roles_write(struct job *job, struct call *call, int64_t staff)
{
	struct json_out *out = &call->out;
	struct staff_role *has;
	size_t count;

	TRY(staff_roles(job, job->db, staff, &has, &count));
	json_name(out, S("roles"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		struct role role;
		TRY(role_get(job, job->db, has[i].role, &role));
		json_open(out, '{');
		json_pair_str(out, S("role"), role.name);
		purposes_pair(out, call->registry, has[i].all_purposes, has[i].purposes);
		json_pair_str(out, S("source"), words_name(WORDS_ROLE_SOURCE, (int)has[i].source));
		json_pair_time(out, S("since"), has[i].since_at);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

static void
pair_or_null(struct json_out *out, str name, str text)
{
	if (text.len)
		json_pair_str(out, name, text);
	else {
		json_name(out, name);
		json_put_null(out);
	}
}

enum err
staff_write(struct job *job, struct call *call, const struct staff *staff)
{
	struct json_out *out = &call->out;

	json_open(out, '{');
	json_pair_uid(out, S("id"), staff->id);
	json_pair_str(out, S("state"), words_name(WORDS_STAFF_STATE, (int)staff->state));
	json_pair_str(out, S("issuer"), staff->issuer);
	json_pair_str(out, S("subject"), staff->subject);
	json_pair_str(out, S("user_name"), staff->user_name);
	pair_or_null(out, S("display_name"), staff->display_name);
	pair_or_null(out, S("email"), staff->email);
	pair_or_null(out, S("external_id"), staff->external_id);
	pair_or_null(out, S("language"), staff->language);
	TRY(roles_write(job, call, staff->no));
	json_pair_time(out, S("created_at"), staff->created_at);
	json_pair_time(out, S("ended_at"), staff->ended_at);
	json_pair_time(out, S("used_at"), staff->used_at);
	json_pair_i64(out, S("version"), staff->version);
	json_close(out, '}');
	return OK;
}

static enum err
staff_answer(struct job *job, struct call *call, int64_t no, int status)
{
	struct staff staff;

	TRY(call_registry(job, call));
	TRY(staff_get(job, &call->vault->access, job->db, no, &staff));
	answer_json(call, status);
	answer_etag(job, call, staff.version);
	return staff_write(job, call, &staff);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum err
staff_of_path(struct job *job, struct call *call, struct staff *ret)
{
	uid id;

	TRY(call_id(job, call, &id));
	return staff_of_id(job, &call->vault->access, job->db, id, ret);
}

static enum err
read_record(struct job *job, struct call *call, const uid *id)
{
	return entry_write(job, call->vault->store,
	                   &(struct entry){ .act = ENTRY_STAFF_READ, .body = id ? uid_bytes(id) : (bytes){ 0 } }, NULL);
}

enum err
on_staff_list_get(struct job *job, struct call *call)
{
	struct json_out *out;
	struct staff *staff;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(staff_list(job, &call->vault->access, page.after, (size_t)page.limit, &staff, &count));
	TRY(read_record(job, call, NULL));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("staff"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(staff_write(job, call, &staff[i]));
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? staff[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_staff_get(struct job *job, struct call *call)
{
	struct staff staff;

	TRY(staff_of_path(job, call, &staff));
	TRY(read_record(job, call, &staff.id));
	return staff_answer(job, call, staff.no, 200);
}

/* --- making and changing ---------------------------------------------------------------------- */

#define NAME_MAX_BYTES 200

static enum err
text_read(struct job *job, struct json body, const char *name, str *ret)
{
	bool there;
	str text;

	TRY(json_str(job, body, name, NAME_MAX_BYTES, &text, &there));
	if (!there)
		return OK;
	text = str_trim(text);
	if (!str_printable(text) || memchr(text.ptr, '\n', text.len))
		return json_fail(job, ERR_INVALID, json_member(job, body, name), "must be one line of text");
	*ret = text;
	return OK;
}

static enum err
staff_read(struct job *job, struct json body, struct staff *staff)
{
	TRY(text_read(job, body, "user_name", &staff->user_name));
	TRY(text_read(job, body, "display_name", &staff->display_name));
	TRY(text_read(job, body, "email", &staff->email));
	TRY(text_read(job, body, "external_id", &staff->external_id));
	return text_read(job, body, "language", &staff->language);
}

static enum err
identity_read(struct job *job, struct json body, struct staff *staff)
{
	staff->issuer = ISSUER_LOCAL;
	TRY(text_read(job, body, "issuer", &staff->issuer));
	TRY(text_read(job, body, "subject", &staff->subject));
	if (str_eq(staff->issuer, ISSUER_LOCAL) != !staff->subject.len)
		return json_fail(job, ERR_INVALID, json_member(job, body, "subject"),
		                 "goes with the issuer of an identity provider, and only with one");
	return OK;
}

struct staff_plan {
	const struct access *access;
	struct staff *staff;
};

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	const struct staff_plan *plan = arg;

	return staff_make_steps(job, plan->access, db, plan->staff);
}

/* An account of an identity provider can be used at once; one of this vault's own, when the person has set up
 * how they sign in. */
enum err
on_staff_post(struct job *job, struct call *call)
{
	struct staff staff = { 0 };
	struct staff_plan plan = { &call->vault->access, &staff };

	TRY(staff_read(job, call->body, &staff));
	TRY(identity_read(job, call->body, &staff));
	if (!staff.user_name.len)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "user_name"), "is required");
	staff.state = str_eq(staff.issuer, ISSUER_LOCAL) ? STAFF_INVITED : STAFF_ACTIVE;
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, make_steps, &plan));
	call->object = staff.id;
	answer_location(job, call, S("/v1/staff/"), staff.id);
	return staff_answer(job, call, staff.no, 201);
}

enum err
again_staff(struct job *job, struct call *call)
{
	struct staff staff;

	TRY(staff_of_id(job, &call->vault->access, job->db, call->object, &staff));
	answer_location(job, call, S("/v1/staff/"), staff.id);
	return staff_answer(job, call, staff.no, 201);
}

static enum err
change_steps(struct job *job, struct db *db, void *arg)
{
	const struct staff_plan *plan = arg;

	return staff_change_steps(job, plan->access, db, plan->staff);
}

enum err
on_staff_patch(struct job *job, struct call *call)
{
	struct staff staff;
	struct staff_plan plan = { &call->vault->access, &staff };

	TRY(staff_of_path(job, call, &staff));
	TRY(staff_read(job, call->body, &staff));
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, change_steps, &plan));
	return staff_answer(job, call, staff.no, 200);
}

/* --- roles ------------------------------------------------------------------------------------ */

struct roles_plan {
	int64_t staff;
	struct staff_role *role;
	size_t count;
};

static enum err
roles_steps(struct job *job, struct db *db, void *arg)
{
	const struct roles_plan *plan = arg;

	return staff_roles_put_steps(job, db, plan->staff, ROLE_GIVEN, plan->role, plan->count);
}

enum err
staff_role_read(struct job *job, struct call *call, struct json element, struct staff_role *ret)
{
	struct role role;
	enum err err;
	str name;

	TRY(schema_check(job, SCHEMA_STAFF_ROLE_NEW, element));
	TRY(json_need_str(job, element, "role", LIMIT_NAME_BYTES, &name));
	err = role_of_name(job, job->db, name, &role);
	if (err == ERR_ABSENT) {
		job_forgive(job);
		return json_fail(job, ERR_INVALID, json_member(job, element, "role"), "names no role");
	}
	TRY(err);
	ret->role = role.no;
	return purposes_member_read(job, call, element, &ret->all_purposes, &ret->purposes);
}

/* Whoever could make accounts and let them approve would be two people alone. */
static enum err
second_check(struct job *job, struct call *call, const struct roles_plan *plan, bool *ret_answered)
{
	bool govern;

	*ret_answered = false;
	TRY(roles_govern_more(job, job->db, plan->staff, plan->role, plan->count, &govern));
	if (!govern || !call->principal.person || plan->staff == call->principal.staff) /* their own: refused below */
		return OK;
	return call_second_said(job, call, S("Let somebody decide what others may do"), ret_answered);
}

enum err
on_staff_roles_put(struct job *job, struct call *call)
{
	struct roles_plan plan = { 0 };
	struct staff staff;
	struct json list;
	bool answered;

	TRY(call_registry(job, call));
	TRY(staff_of_path(job, call, &staff));
	if (json_kind(json_member(job, call->body, "roles")) != JSON_ARRAY)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "roles"), "is a list of roles");
	TRY(json_array(job, call->body, "roles", LIMIT_STAFF_ROLES, &list));
	plan = (struct roles_plan){ .staff = staff.no, .count = json_count(list) };
	plan.role = arena_array(&job->arena, plan.count + 1, sizeof(*plan.role));
	for (size_t i = 0; i < plan.count; i++) {
		TRY(staff_role_read(job, call, json_element(job, list, i), &plan.role[i]));
		for (size_t n = 0; n < i; n++)
			if (plan.role[n].role == plan.role[i].role)
				return json_fail(job, ERR_INVALID, json_element(job, list, i), "is there twice");
	}
	TRY(second_check(job, call, &plan, &answered));
	if (answered)
		return OK;
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, roles_steps, &plan));
	return staff_answer(job, call, staff.no, 200);
}

/* --- the end ---------------------------------------------------------------------------------- */

void
ended_write(struct json_out *out, const struct ended *ended)
{
	json_open(out, '{');
	json_pair_i64(out, S("sessions"), ended->sessions);
	json_pair_i64(out, S("keys"), ended->keys);
	json_pair_i64(out, S("approvals"), ended->approvals);
	json_pair_i64(out, S("exceptions"), ended->exceptions);
	json_pair_i64(out, S("links"), ended->links);
	json_pair_i64(out, S("webhooks"), ended->webhooks);
	json_pair_i64(out, S("roles"), ended->roles);
	json_pair_i64(out, S("credentials"), ended->credentials);
	json_close(out, '}');
}

/* Nobody has to prove anything afresh for it: what takes away is never held up. */
enum err
on_staff_end_post(struct job *job, struct call *call)
{
	struct staff staff;
	struct ended ended;

	TRY(staff_of_path(job, call, &staff));
	TRY(staff_end(job, &call->vault->access, staff.no, END_LEFT, &ended));
	ended_write(answer_json(call, 200), &ended);
	return OK;
}

static enum err
return_steps(struct job *job, struct db *db, void *arg)
{
	const int64_t *no = arg;

	return staff_return_steps(job, db, *no);
}

enum err
on_staff_return_post(struct job *job, struct call *call)
{
	struct staff staff;

	TRY(staff_of_path(job, call, &staff));
	if (staff.state == STAFF_INVITED)
		return fail(job, ERR_CONFLICT, "the account was never ended");
	TRY(store_write(job, call->vault->store, WRITE_ORDINARY, return_steps, &staff.no));
	return staff_answer(job, call, staff.no, 200);
}

/* --- sessions --------------------------------------------------------------------------------- */

static void
session_write(struct json_out *out, const struct session *session, const struct principal *principal)
{
	json_open(out, '{');
	json_pair_uid(out, S("id"), session->id);
	json_name(out, S("method"));
	json_open(out, '[');
	for (size_t i = 0; i < words_list(WORDS_AUTH)->count; i++)
		if (session->method & (uint32_t)words_list(WORDS_AUTH)->word[i].no)
			json_put_str(out, words_list(WORDS_AUTH)->word[i].name);
	json_close(out, ']');
	json_pair_time(out, S("made_at"), session->made_at);
	json_pair_time(out, S("proved_at"), session->proved_at);
	json_pair_time(out, S("used_at"), session->used_at);
	json_pair_time(out, S("expires_at"), session->expires_at);
	json_pair_bool(out, S("this"), principal->person && uid_eq(principal->session.id, session->id));
	json_close(out, '}');
}

static enum err
sessions_answer(struct job *job, struct call *call, int64_t staff)
{
	struct session *session;
	struct json_out *out;
	size_t count;

	TRY(session_list(job, staff, &session, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("sessions"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		if (session[i].expires_at > job->now)
			session_write(out, &session[i], &call->principal);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err
on_staff_sessions_get(struct job *job, struct call *call)
{
	struct staff staff;

	TRY(staff_of_path(job, call, &staff));
	TRY(read_record(job, call, &staff.id));
	return sessions_answer(job, call, staff.no);
}

enum err
on_me_sessions_get(struct job *job, struct call *call)
{
	return sessions_answer(job, call, call->principal.staff);
}

struct session_plan {
	int64_t staff, count;
	const uid *id;        /* this one */
	const uid *keep;      /* or all but this one */
};

static enum err
session_end_steps_of(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 32 };
	struct session_plan *plan = arg;
	uid id;

	TRY(staff_id(job, db, plan->staff, &id));
	if (plan->id)
		TRY(session_end_id_steps(job, db, plan->staff, *plan->id, &plan->count));
	else
		TRY(session_end_all_steps(job, db, plan->staff, plan->keep, &plan->count));
	buf_data(&body, uid_bytes(&id));
	buf_le32(&body, (uint32_t)plan->count);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_SIGN_OUT, .body = buf_bytes(&body) }, NULL);
}

static enum err
sessions_end(struct job *job, struct call *call, struct session_plan *plan)
{
	TRY(store_write(job, call->vault->store, WRITE_RESERVED, session_end_steps_of, plan));
	if (plan->id && !plan->count)
		return fail(job, ERR_ABSENT, "no session has that id");
	answer_empty(call);
	return OK;
}

enum err
on_staff_sessions_delete(struct job *job, struct call *call)
{
	struct session_plan plan = { 0 };
	struct staff staff;

	TRY(staff_of_path(job, call, &staff));
	plan.staff = staff.no;
	return sessions_end(job, call, &plan);
}

/* All but the one that asks. */
enum err
on_me_sessions_delete(struct job *job, struct call *call)
{
	struct session_plan plan = { .staff = call->principal.staff, .keep = &call->principal.session.id };

	if (!call->principal.person)
		return fail(job, ERR_DENIED, "this is for people who signed in");
	return sessions_end(job, call, &plan);
}

enum err
on_me_session_delete(struct job *job, struct call *call)
{
	struct session_plan plan = { .staff = call->principal.staff };
	uid id;

	if (!call->principal.person)
		return fail(job, ERR_DENIED, "this is for people who signed in");
	TRY(call_id(job, call, &id));
	plan.id = &id;
	return sessions_end(job, call, &plan);
}
