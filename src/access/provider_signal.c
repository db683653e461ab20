/* access/provider_signal.c -- logout tokens and security events: P4 of provider.h. */
#include "access/alert.h"
#include "access/provider.h"
#include "audit/index.h"
#include "base/limits.h"

#define SECOND_LOOK (10 * 60 * TIME_SECOND) /* entries that were written side by side are not quite in order */
#define LATE (60 * TIME_SECOND)             /* an event that is older than this is late */

static const char *const logout_typ[] = { "", "JWT", "logout+jwt", NULL };
static const char *const event_typ[] = { "secevent+jwt", NULL };

/* What a token ends, on its way. */
struct ending {
	const struct access *access;
	str issuer;           /* of the token */
	str jti;
	time_us jti_until;
	str subject, sid;     /* of a logout token; either may be empty */
	const int64_t *staff; /* of an event: whom it is about */
	size_t staff_count;
	enum logout_ends ends;
	enum end_reason reason;
	enum entry_act act;
	bool repeated;        /* it was done before, and nothing was done now */
};

static enum err
found(struct job *job, enum err err)
{
	if (err == ERR_ABSENT) {
		job_forgive(job);
		return OK;
	}
	return err;
}

/* --- ending ------------------------------------------------------------------------------------------- */

static enum err
end_what(struct job *job, struct db *db, const struct ending *e, int64_t staff, int64_t *ret_sessions)
{
	struct ended ended;

	if (e->ends == LOGOUT_ENDS_ACCESS) {
		TRY(staff_end_steps(job, db, staff, e->reason, &ended));
		*ret_sessions = ended.sessions;
		return OK;
	}
	if (e->sid.len)
		return session_end_sid_steps(job, e->access, db, e->issuer, e->sid, ret_sessions);
	return session_end_all_steps(job, db, staff, NULL, ret_sessions);
}

/* id, zeros: nobody who is known here | le32 sessions */
static enum err
entry_of(struct job *job, struct db *db, const struct ending *e, uid id, int64_t sessions)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_data(&body, uid_bytes(&id));
	buf_le32(&body, (uint32_t)sessions);
	return entry_append(job, db, &(struct entry){ .act = e->act, .body = buf_bytes(&body) }, NULL);
}

/* An attempt to sign in that began before is over, too. */
static enum err
attempts_end(struct job *job, struct db *db, str kind, str issuer, str what)
{
	bool new;

	return seen_put_steps(job, db, kind, issuer, what, job->now + PROVIDER_ATTEMPT_US + TIME_SECOND, &new);
}

static enum err
end_one(struct job *job, struct db *db, const struct ending *e, int64_t no)
{
	struct staff staff;
	int64_t sessions = 0;

	TRY(staff_get(job, e->access, db, no, &staff));
	TRY(end_what(job, db, e, no, &sessions));
	if (!e->sid.len)
		TRY(attempts_end(job, db, S("out-sub"), staff.issuer, staff.subject));
	return entry_of(job, db, e, staff.id, sessions);
}

/* By subject, else by the session's name; both must be the same person's.  0: not known here. */
static enum err
whose(struct job *job, struct db *db, const struct ending *e, int64_t *ret)
{
	struct staff staff = { 0 };
	int64_t of_sid = 0;

	if (e->subject.len)
		TRY(found(job, staff_of_identity(job, e->access, db, e->issuer, e->subject, &staff)));
	if (e->sid.len)
		TRY(found(job, session_staff_of_sid(job, e->access, db, e->issuer, e->sid, &of_sid)));
	if (e->subject.len && of_sid && of_sid != staff.no)
		return fail(job, ERR_INVALID, "the token's session is not the subject's");
	*ret = e->subject.len ? staff.no : of_sid;
	return OK;
}

static enum err
end_named(struct job *job, struct db *db, const struct ending *e)
{
	int64_t staff;

	TRY(whose(job, db, e, &staff));
	if (e->sid.len)
		TRY(attempts_end(job, db, S("out-sid"), e->issuer, e->sid));
	else
		TRY(attempts_end(job, db, S("out-sub"), e->issuer, e->subject));
	if (staff)
		return end_one(job, db, e, staff);
	return entry_of(job, db, e, (uid){ { 0 } }, 0);
}

static enum err
ending_steps(struct job *job, struct db *db, void *arg)
{
	struct ending *e = arg;
	bool new;

	TRY(seen_put_steps(job, db, S("jti"), e->issuer, e->jti, e->jti_until, &new));
	e->repeated = !new;
	if (e->repeated)
		return OK;
	if (e->subject.len || e->sid.len)
		return end_named(job, db, e);
	for (size_t i = 0; i < e->staff_count; i++)
		TRY(end_one(job, db, e, e->staff[i]));
	return e->staff_count ? OK : entry_of(job, db, e, (uid){ { 0 } }, 0);
}

/* The provider acts through Valv: nobody is signed in. */
static enum err
ending_run(struct job *job, struct ending *e)
{
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	return store_write(job, e->access->store, WRITE_RESERVED, ending_steps, e);
}

/* --- logout tokens -------------------------------------------------------------------------------------- */

/* A key that the provider does not have is a token that does not hold. */
static enum err
unknown_key(struct job *job, enum err err)
{
	const char *why = job->failure.why;

	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	return job_fail(job, ERR_INVALID, why, __FILE__, __LINE__);
}

enum err
provider_logout(struct job *job, const struct access *access, const struct oidc_reach *reach, str token)
{
	struct jws_rules rules = { 0, logout_typ };
	struct oidc_metadata metadata;
	struct provider provider;
	struct logout_token logout;
	struct ending e;
	enum jose_alg alg;
	str payload;

	TRY(provider_get(job, access, job->db, &provider));
	TRY(oidc_metadata(job, reach, provider.issuer, &metadata));
	rules.algs = metadata.algs;
	TRY(unknown_key(job, oidc_token_open(job, reach, metadata.jwks_uri, &rules, token, &payload, &alg)));
	TRY(logout_token_read(job, provider.issuer, provider.client_id, payload, &logout));
	e = (struct ending){
		.access = access,
		.issuer = provider.issuer,
		.jti = logout.jti,
		.jti_until = logout.issued_at + 2 * LOGOUT_TOKEN_AGE,
		.subject = logout.subject,
		.sid = logout.sid,
		.ends = provider.ends,
		.reason = END_LOGOUT,
		.act = ENTRY_PROVIDER_LOGOUT,
	};
	TRY(ending_run(job, &e));
	return e.repeated ? fail(job, ERR_INVALID, "the token was used before") : OK;
}

/* --- whom an event is about ------------------------------------------------------------------------------ */

static bool
is_address(const struct staff *staff, str address)
{
	return str_eq_fold(staff->email, address) || str_eq_fold(staff->user_name, address);
}

/* There is no index of addresses: they are sealed, and events are rare.  All that have the address are meant: an
 * address never gives anything, and too many signed out is the right side to err on. */
typedef bool staff_fits(const struct staff *staff, str text);

static enum err
staff_search(struct job *job, const struct access *access, staff_fits *fits, str text, int64_t **ret, size_t *ret_count)
{
	int64_t *list = arena_array(&job->arena, LIMIT_EVENT_STAFF, sizeof(*list));
	int64_t after = 0;
	size_t count = 0, got;

	do {
		struct staff *staff;
		TRY(staff_list(job, access, after, LIMIT_PAGE, &staff, &got));
		for (size_t i = 0; i < got; i++) {
			after = staff[i].no;
			if (!fits(&staff[i], text) || staff[i].state == STAFF_ENDED)
				continue;
			if (count == LIMIT_EVENT_STAFF)
				return fail(job, ERR_LIMIT, "limit_event_staff: too many accounts have that address");
			list[count++] = staff[i].no;
		}
	} while (got == LIMIT_PAGE);
	*ret = list;
	*ret_count = count;
	return OK;
}

static bool
is_opaque(const struct staff *staff, str id)
{
	return str_eq(staff->external_id, id) || (str_eq(staff->subject, id) && !str_eq(staff->issuer, ISSUER_LOCAL));
}

static enum err
event_staff(struct job *job, const struct access *access, const struct event *event, int64_t **ret, size_t *ret_count)
{
	struct staff staff = { 0 };

	*ret = arena_array(&job->arena, 1, sizeof(**ret));
	*ret_count = 0;
	switch (event->subject) {
	case EVENT_SUBJECT_EMAIL:
		return staff_search(job, access, is_address, event->first, ret, ret_count);
	case EVENT_SUBJECT_OPAQUE:
		return staff_search(job, access, is_opaque, event->first, ret, ret_count);
	case EVENT_SUBJECT_ISS_SUB:
		TRY(found(job, staff_of_identity(job, access, job->db, event->first, event->second, &staff)));
		(*ret)[0] = staff.no;
		*ret_count = staff.no != 0;
		return OK;
	case EVENT_SUBJECT_NONE:
		break;
	}
	return OK;
}

/* --- what lay between -------------------------------------------------------------------------------------- */

static enum err
entry_at(struct job *job, int64_t seq, time_us *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_TIME_FROM, ARGS(sql_i64(seq)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : TIME_NEVER;
	return OK;
}

/* The log is in the order of time: the last number before `at`. */
static enum err
entry_before(struct job *job, time_us at, int64_t *ret)
{
	int64_t low = 0, high, middle;
	time_us time;

	TRY(entry_last(job, &high));
	while (low < high) {
		middle = low + (high - low) / 2 + 1;
		TRY(entry_at(job, middle, &time));
		if (time < at)
			low = middle;
		else
			high = middle - 1;
	}
	*ret = low;
	return OK;
}

struct between {
	int64_t staff;
	uid id;
	time_us from;
	int64_t entries, subjects;
};

/* id | le64 from | le64 until | le32 how often it was used | le32 on how many persons */
static enum err
between_steps(struct job *job, struct db *db, void *arg)
{
	const struct between *between = arg;
	OWNED(buf_release) struct buf body = { .max = 64 };
	int64_t seq;

	buf_data(&body, uid_bytes(&between->id));
	buf_le64(&body, (uint64_t)between->from);
	buf_le64(&body, (uint64_t)job->now);
	buf_le32(&body, (uint32_t)between->entries);
	buf_le32(&body, (uint32_t)between->subjects);
	TRY(entry_append(job, db, &(struct entry){ .act = ENTRY_PROVIDER_LATE, .body = buf_bytes(&body) }, &seq));
	return alert_raise(job, db, ALERT_LATE_SIGNAL, between->staff, seq);
}

/* After what it ends is ended, so that nothing comes behind the count. */
static enum err
between_report(struct job *job, const struct access *access, int64_t staff, time_us from)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct between between = { .staff = staff, .from = from };
	int64_t after;
	bool there;

	TRY(staff_id(job, job->db, staff, &between.id));
	TRY(entry_before(job, from - SECOND_LOOK, &after));
	TRY(db_query(job, job->db, SQL_ENTRY_OF_STAFF_SINCE,
	             ARGS(sql_i64(after), sql_i64(from), sql_i64(staff)), &rows));
	TRY(rows_next(job, &rows, &there));
	between.entries = there ? rows_i64(&rows, 0) : 0;
	between.subjects = there ? rows_i64(&rows, 1) : 0;
	rows_end(&rows);
	return store_write(job, access->store, WRITE_RESERVED, between_steps, &between);
}

/* --- events --------------------------------------------------------------------------------------------- */

/* A new credential takes nothing away.  One that is gone ends sessions, and no more: they come back with another. */
static enum err
event_act(struct job *job, const struct access *access, const struct provider *provider, const struct event *event)
{
	struct ending e = {
		.access = access,
		.issuer = provider->events_issuer,
		.jti = event->jti,
		.jti_until = event->issued_at + EVENT_AGE + TIME_DAY,
		.ends = event->kind == EVENT_SESSION_REVOKED ? provider->ends : LOGOUT_ENDS_SESSIONS,
		.reason = END_SIGNAL,
		.act = ENTRY_PROVIDER_SIGNAL,
	};
	int64_t *staff = NULL;

	if (event->kind != EVENT_VERIFICATION && !event->credential_made)
		TRY(event_staff(job, access, event, &staff, &e.staff_count));
	e.staff = staff;
	TRY(ending_run(job, &e));
	if (e.repeated || job->now - event->happened_at <= LATE)
		return OK;
	for (size_t i = 0; i < e.staff_count; i++)
		TRY(between_report(job, access, staff[i], event->happened_at));
	return OK;
}

/* Which of the two, for the words of RFC 8935. */
static enum err
event_open(struct job *job, const struct oidc_reach *reach, str keys, str token, str *ret_payload,
           enum event_fault *ret_fault)
{
	struct jws_rules rules = { JOSE_RS256 | JOSE_PS256 | JOSE_ES256 | JOSE_EDDSA, event_typ };
	enum jose_alg alg;
	struct jws jws;

	*ret_fault = EVENT_FAULT_REQUEST;
	TRY(jws_read(job, &rules, token, &jws));
	*ret_fault = EVENT_FAULT_KEY;
	TRY(unknown_key(job, oidc_token_open(job, reach, keys, &rules, token, ret_payload, &alg)));
	return OK;
}

enum err
provider_event(struct job *job, const struct access *access, const struct oidc_reach *reach, str token,
               enum event_fault *ret_fault)
{
	struct provider provider;
	struct event event;
	str payload;

	TRY(provider_get(job, access, job->db, &provider));
	if (!provider.events_issuer.len)
		return fail(job, ERR_ABSENT, "no events are taken");
	TRY(event_open(job, reach, provider.events_keys, token, &payload, ret_fault));
	TRY(event_read(job, provider.events_issuer, provider.events_audience, payload, &event, ret_fault));
	*ret_fault = EVENT_FAULT_REQUEST;
	return event_act(job, access, &provider, &event);
}
