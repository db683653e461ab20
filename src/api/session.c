/* api/session.c -- signing in by name, password and code; invitations; one's own credentials.
 *
 * The token of a session goes into a cookie that no script reads and no other site's page sends; a second one says
 * that this browser is known (access/throttle.h). */
#include "access/invitation.h"
#include "access/own.h"
#include "access/provider.h"
#include "access/role.h"
#include "access/throttle.h"
#include "api/session.h"
#include "api/staff.h"
#include "base/limits.h"

#define DEVICE_COOKIE S("__Host-valv-device")
#define COOKIE_END S("; Path=/; Secure; HttpOnly; SameSite=Strict")
#define COOKIE_BYTES_MAX 256

/* --- cookies ----------------------------------------------------------------------------------- */

/* Without Max-Age a cookie goes with the browser. */
static void
cookie_put(struct job *job, struct call *call, str name, str value, int64_t max_age)
{
	OWNED(buf_release) struct buf text = { .max = COOKIE_BYTES_MAX };

	buf_put(&text, name);
	buf_char(&text, '=');
	buf_put(&text, value);
	buf_put(&text, COOKIE_END);
	if (max_age >= 0) {
		buf_put(&text, S("; Max-Age="));
		buf_dec(&text, max_age);
	}
	must(buf_ok(&text));
	response_header(call->response, S("Set-Cookie"), arena_str(&job->arena, buf_str(&text)));
}

void
session_cookie(struct job *job, struct call *call)
{
	if (call->token.len)
		cookie_put(job, call, SESSION_COOKIE, call->token, -1);
}

static void
cookies_of(struct job *job, struct call *call, str token, str device)
{
	call->token = token;
	if (device.len)
		cookie_put(job, call, DEVICE_COOKIE, device, DEVICE_KEPT / TIME_SECOND);
}

/* --- who is here --------------------------------------------------------------------------------- */

enum err
session_me(struct job *job, const struct call *call)
{
	if (!call->principal.person)
		return fail(job, ERR_DENIED, "this is for people who signed in");
	return OK;
}

static void
methods_pair(struct json_out *out, str name, uint32_t method)
{
	const struct word_list *list = words_list(WORDS_AUTH);

	json_name(out, name);
	json_open(out, '[');
	for (size_t i = 0; i < list->count; i++)
		if (method & (uint32_t)list->word[i].no)
			json_put_str(out, list->word[i].name);
	json_close(out, ']');
}

static enum err
may_write(struct job *job, struct json_out *out, int64_t staff)
{
	struct staff_role *has;
	struct grants grants;
	struct role role;
	size_t count;

	TRY(staff_roles(job, job->db, staff, &has, &count));
	json_name(out, S("roles"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		TRY(role_get(job, job->db, has[i].role, &role));
		json_put_str(out, role.name);
	}
	json_close(out, ']');
	TRY(staff_grants(job, job->db, staff, &grants));
	scopes_pair(out, policy_scopes(grants));
	return OK;
}

/* So that somebody sees what was not theirs. */
static enum err
lately_write(struct job *job, struct json_out *out, int64_t staff)
{
	struct sign_in_row *row;
	size_t count;

	TRY(sign_in_list(job, staff, &row, &count));
	json_name(out, S("last_sign_ins"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_pair_time(out, S("at"), row[i].at);
		json_pair_bool(out, S("accepted"), row[i].outcome == OK);
		methods_pair(out, S("method"), row[i].method);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

static enum err
times_write(struct job *job, struct json_out *out, const struct session *session)
{
	time_us proved_at = session->proved_at, idle_at;
	int64_t minutes;

	TRY(access_setting(job, job->db, S(SETTING_SESSION_IDLE_MINUTES), SESSION_IDLE_MINUTES, &minutes));
	idle_at = job->now + minutes * 60 * TIME_SECOND;
	json_pair_time(out, S("made_at"), session->made_at);
	json_pair_time(out, S("proved_at"), proved_at);
	json_pair_time(out, S("fresh_until"), proved_at + SESSION_FRESH);
	json_pair_bool(out, S("fresh"), job->now - proved_at <= SESSION_FRESH);
	json_pair_time(out, S("idle_at"), idle_at < session->expires_at ? idle_at : session->expires_at);
	json_pair_time(out, S("expires_at"), session->expires_at);
	return OK;
}

enum err
session_answer(struct job *job, struct call *call, const struct session *session, int status)
{
	struct json_out *out;
	struct staff staff;
	int64_t required;

	TRY(staff_get(job, &call->vault->access, job->db, session->staff, &staff));
	TRY(access_setting(job, job->db, S(SETTING_SECOND_FACTOR), 0, &required));
	out = answer_json(call, status);
	json_open(out, '{');
	json_pair_uid(out, S("id"), session->id);
	json_name(out, S("staff"));
	json_open(out, '{');
	json_pair_uid(out, S("id"), staff.id);
	json_pair_str(out, S("user_name"), staff.user_name);
	json_close(out, '}');
	json_pair_str(out, S("display_name"), staff.display_name);
	methods_pair(out, S("method"), session->method);
	json_pair_bool(out, S("second_factor_needed"), !session_factors(session->method, required));
	TRY(times_write(job, out, session));
	TRY(may_write(job, out, staff.no));
	TRY(lately_write(job, out, staff.no));
	json_close(out, '}');
	return OK;
}

enum err
session_begun(struct job *job, struct call *call, const struct signed_in *in)
{
	cookies_of(job, call, in->token, in->device);
	return session_answer(job, call, &in->session, 201);
}

/* The token before is over, so the new one leaves even if what was asked for fails in the end. */
void
session_proved(struct call *call, const struct signed_in *in)
{
	call->principal.session = in->session;
	call->token = in->token;
}

/* --- the session ----------------------------------------------------------------------------------- */

static enum err
proofs_read(struct job *job, const struct call *call, uint8_t peer[PEER_BYTES], struct proofs *ret)
{
	bool there;

	*ret = (struct proofs){ .device = call_cookie(call, DEVICE_COOKIE), .code = S("") };
	ret->peer = call_peer(call, peer) ? peer : NULL;
	TRY(json_need_str(job, call->body, "password", LIMIT_STRING_BYTES, &ret->password));
	return json_str(job, call->body, "code", LIMIT_STRING_BYTES, &ret->code, &there);
}

enum err
on_session_post(struct job *job, struct call *call)
{
	uint8_t peer[PEER_BYTES];
	struct proofs proofs;
	struct signed_in in;

	TRY(proofs_read(job, call, peer, &proofs));
	TRY(json_need_str(job, call->body, "user_name", LIMIT_STRING_BYTES, &proofs.user_name));
	proofs.session = call_cookie(call, SESSION_COOKIE);
	TRY(sign_in(job, &call->api->desk, &proofs, &in));
	return session_begun(job, call, &in);
}

/* Whoever opens /oidc/start sees it, too. */
enum err
on_session_ways_get(struct job *job, struct call *call)
{
	struct json_out *out;
	bool there;

	TRY(provider_there(job, job->db, &there));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_bool(out, S("identity_provider"), there);
	json_close(out, '}');
	return OK;
}

enum err
on_session_get(struct job *job, struct call *call)
{
	TRY(session_me(job, call));
	return session_answer(job, call, &call->principal.session, 200);
}

enum err
on_session_delete(struct job *job, struct call *call)
{
	TRY(session_me(job, call));
	TRY(sign_out(job, &call->api->desk, &call->principal.session));
	cookie_put(job, call, SESSION_COOKIE, S(""), 0);
	response_header(call->response, S("Clear-Site-Data"), S("\"cache\", \"storage\""));
	answer_empty(call);
	return OK;
}

enum err
on_session_fresh_post(struct job *job, struct call *call)
{
	uint8_t peer[PEER_BYTES];
	struct proofs proofs;
	struct signed_in in;

	TRY(proofs_read(job, call, peer, &proofs));
	TRY(session_me(job, call));
	TRY(sign_in_again(job, &call->api->desk, &call->principal.session, &proofs, &in));
	session_proved(call, &in);
	return session_answer(job, call, &call->principal.session, 200);
}

/* --- invitations ----------------------------------------------------------------------------------- */

/* Who has the link is them from then on: an administrator who takes it of somebody who approves would be two people. */
static enum err
reset_second(struct job *job, struct call *call, const struct staff *staff, bool *ret_answered)
{
	struct grants grants;

	*ret_answered = false;
	TRY(staff_grants(job, job->db, staff->no, &grants));
	if (staff->state != STAFF_ACTIVE || !(policy_scopes(grants) & SCOPES_GOVERN) || !call->principal.person ||
	    staff->no == call->principal.staff) /* nobody resets themselves: refused below */
		return OK;
	return call_second_said(job, call, S("Make a link by which somebody who decides for others signs in"), ret_answered);
}

enum err
on_staff_invitation_post(struct job *job, struct call *call)
{
	struct invitation invitation;
	struct json_out *out;
	struct staff staff;
	int64_t hours = 0;
	bool there, answered;

	TRY(staff_of_path(job, call, &staff));
	TRY(json_i64(job, call->body, "hours", 1, LIMIT_INVITATION_HOURS, &hours, &there));
	TRY(reset_second(job, call, &staff, &answered));
	if (answered)
		return OK;
	TRY(invitation_make(job, &call->api->desk, staff.no, hours, &invitation));
	out = answer_json(call, 201);
	json_open(out, '{');
	json_pair_str(out, S("token"), invitation.token);
	json_pair_time(out, S("expires_at"), invitation.expires_at);
	json_pair_bool(out, S("reset"), invitation.reset);
	json_close(out, '}');
	return OK;
}

enum err
on_invitation_look_post(struct job *job, struct call *call)
{
	struct json_out *out;
	struct staff staff;
	time_us expires_at;
	str token;

	TRY(json_need_str(job, call->body, "token", LIMIT_STRING_BYTES, &token));
	TRY(invitation_look(job, &call->api->desk, token, &staff, &expires_at));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("user_name"), staff.user_name);
	json_pair_str(out, S("display_name"), staff.display_name);
	json_pair_time(out, S("expires_at"), expires_at);
	json_close(out, '}');
	return OK;
}

enum err
on_invitation_post(struct job *job, struct call *call)
{
	uint8_t peer[PEER_BYTES];
	bool has_peer = call_peer(call, peer), there;
	str token, password = S(""), session_token;
	struct session session;
	struct staff staff;

	TRY(json_need_str(job, call->body, "token", LIMIT_STRING_BYTES, &token));
	TRY(json_str(job, call->body, "password", LIMIT_STRING_BYTES, &password, &there));
	if (there && !password.len)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "password"), "is empty");
	TRY(invitation_accept(job, &call->api->desk, token, password, has_peer ? peer : NULL, &staff, &session,
	                      &session_token));
	cookies_of(job, call, session_token, S(""));
	return session_answer(job, call, &session, 201);
}

/* --- one's own credentials -------------------------------------------------------------------------- */

enum err
on_me_credentials_get(struct job *job, struct call *call)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	struct json_out *out;

	TRY(session_me(job, call));
	TRY(credentials_get(job, call->api->desk.credential_key, job->db, call->principal.staff, &have));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_time(out, S("password_at"), have.password_at);
	json_pair_bool(out, S("password_short"), have.password_short);
	json_pair_time(out, S("totp_at"), have.totp ? have.totp_at : TIME_NEVER);
	json_pair_i64(out, S("recovery_codes"), have.recovery_left);
	json_close(out, '}');
	return OK;
}

static uint64_t
caller_of(const struct call *call, const struct staff *staff)
{
	uint8_t peer[PEER_BYTES];
	struct attempt attempt;
	bool there = call_peer(call, peer);

	attempt_of(call->api->desk.attempt_key, staff->user_name, there ? peer : NULL, &attempt);
	return attempt_caller(&attempt);
}

/* The present one, always where there is one (ASVS 6.2.3): whoever finds a session open does not keep the account.  It is
 * a fresh proof and counted as any other.  Where there is none a session that is fresh will do. */
static enum err
prove_for_password(struct job *job, struct call *call, bool *ret_proved)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	uint8_t peer[PEER_BYTES];
	struct proofs proofs = { .device = call_cookie(call, DEVICE_COOKIE), .code = S("") };
	struct signed_in in;
	bool there, coded;

	*ret_proved = false;
	TRY(json_str(job, call->body, "present", LIMIT_STRING_BYTES, &proofs.password, &there));
	TRY(json_str(job, call->body, "code", LIMIT_STRING_BYTES, &proofs.code, &coded));
	TRY(session_me(job, call));
	TRY(credentials_get(job, call->api->desk.credential_key, job->db, call->principal.staff, &have));
	if (!there && have.hash.len)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "present"), "is needed: the password as it is now");
	if (!there && !principal_fresh(&call->principal, job->now))
		return fail(job, ERR_STEP_UP, "prove again who you are");
	if (!there)
		return OK;
	proofs.peer = call_peer(call, peer) ? peer : NULL;
	TRY(sign_in_again(job, &call->api->desk, &call->principal.session, &proofs, &in));
	session_proved(call, &in);
	*ret_proved = true;
	return OK;
}

enum err
on_me_password_put(struct job *job, struct call *call)
{
	struct staff staff;
	str password;
	bool proved;

	TRY(json_need_str(job, call->body, "password", LIMIT_STRING_BYTES, &password));
	TRY(prove_for_password(job, call, &proved));
	TRY(staff_get(job, &call->vault->access, job->db, call->principal.staff, &staff));
	TRY(own_password_put(job, &call->api->desk, &call->principal.session, password, proved, caller_of(call, &staff)));
	cookie_put(job, call, DEVICE_COOKIE, S(""), 0);
	answer_empty(call);
	return OK;
}

enum err
on_me_totp_post(struct job *job, struct call *call)
{
	struct json_out *out;
	str uri;

	TRY(session_me(job, call));
	TRY(own_totp_begin(job, &call->api->desk, call->principal.staff, &uri));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("uri"), uri);
	json_close(out, '}');
	return OK;
}

static void
codes_write(struct call *call, const struct recovery_codes *codes)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("codes"));
	json_open(out, '[');
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		json_put_str(out, codes->text[i]);
	json_close(out, ']');
	json_close(out, '}');
}

enum err
on_me_totp_confirm_post(struct job *job, struct call *call)
{
	struct recovery_codes codes;
	struct signed_in in;
	str code;

	TRY(json_need_str(job, call->body, "code", LIMIT_STRING_BYTES, &code));
	TRY(session_me(job, call));
	TRY(own_totp_confirm(job, &call->api->desk, &call->principal.session, code, &codes, &in));
	session_proved(call, &in);
	codes_write(call, &codes);
	return OK;
}

enum err
on_me_totp_delete(struct job *job, struct call *call)
{
	TRY(session_me(job, call));
	TRY(own_totp_drop(job, &call->api->desk, call->principal.staff));
	answer_empty(call);
	return OK;
}

enum err
on_me_recovery_codes_post(struct job *job, struct call *call)
{
	struct recovery_codes codes;

	TRY(session_me(job, call));
	TRY(own_recovery_new(job, &call->api->desk, call->principal.staff, &codes));
	codes_write(call, &codes);
	return OK;
}
