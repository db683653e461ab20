/* access/session.c -- contract: session.h. */
#include "access/session.h"

#include "access/policy.h"
#include "base/limits.h"
#include "os/random.h"

#define SECRET_BYTES 32
#define HOURS 8

/* --- the token -------------------------------------------------------------------------------- */

static str
token_new(struct job *job)
{
	OWNED(buf_release) struct buf text = { .max = SESSION_TOKEN_CHARS };
	uint8_t secret[SECRET_BYTES];

	os_random(secret, sizeof(secret));
	buf_put(&text, SESSION_PREFIX);
	buf_base64url(&text, (bytes){ secret, sizeof(secret) });
	explicit_bzero(secret, sizeof(secret));
	must(buf_ok(&text) && text.len == SESSION_TOKEN_CHARS);
	return arena_str(&job->arena, buf_str(&text));
}

static void
sid_digest(const struct access *access, str issuer, str sid, uint8_t ret[DIGEST_BYTES])
{
	const bytes parts[] = { str_bytes(S("sid")), str_bytes(issuer), str_bytes(sid) };

	digest_keyed(access->index_key, parts, COUNT(parts), ret);
}

/* --- beginning -------------------------------------------------------------------------------- */

/* As many as may be at once, with the one to come: the oldest give way. */
static enum err
make_room(struct job *job, struct db *db, int64_t staff)
{
	return db_run(job, db, SQL_SESSION_DROP_OLDEST, ARGS(sql_i64(staff), sql_i64(LIMIT_SESSIONS - 1)), NULL);
}

static enum err
issuer_of(struct job *job, const struct access *access, struct db *db, int64_t staff, str *ret)
{
	struct staff found;

	TRY(staff_get(job, access, db, staff, &found));
	*ret = found.issuer;
	return OK;
}

enum err
session_make_steps(struct job *job, const struct access *access, struct db *db, const struct session_new *new,
                   str *ret_token)
{
	uint8_t digest[DIGEST_BYTES], sid[DIGEST_BYTES];
	str token = token_new(job), issuer;
	enum staff_state state;
	int64_t epoch, hours;
	uid id = os_uid();

	TRY(staff_word(job, db, new->staff, &state, &epoch));
	if (state != STAFF_ACTIVE)
		return fail(job, ERR_UNAUTHENTICATED, "the account is not active");
	TRY(access_setting(job, db, S(SETTING_SESSION_HOURS), HOURS, &hours));
	TRY(make_room(job, db, new->staff));
	if (new->sid.len) {
		TRY(issuer_of(job, access, db, new->staff, &issuer));
		sid_digest(access, issuer, new->sid, sid);
	}
	digest_token(str_bytes(token), digest);
	TRY(db_run(job, db, SQL_SESSION_PUT,
	           ARGS(sql_bytes((bytes){ digest, sizeof(digest) }), sql_bytes(uid_bytes(&id)), sql_i64(new->staff),
	                sql_i64(epoch), sql_i64(new->method), sql_i64(job->now),
	                sql_i64(new->proved_at ? new->proved_at : job->now), sql_i64(job->now),
	                sql_i64(job->now + hours * 3600 * TIME_SECOND),
	                new->sid.len ? sql_bytes((bytes){ sid, sizeof(sid) }) : sql_null()),
	           NULL));
	TRY(db_run(job, db, SQL_STAFF_USED, ARGS(sql_i64(job->now), sql_i64(new->staff)), NULL));
	*ret_token = token;
	return OK;
}

enum err
session_prove_steps(struct job *job, struct db *db, const struct session *session, uint32_t method,
                    time_us proved_at, struct session *ret, str *ret_token)
{
	struct session after = *session;
	str token = token_new(job);
	int64_t count;

	digest_token(str_bytes(token), after.digest);
	after.method |= method;
	after.proved_at = proved_at;
	TRY(db_run(job, db, SQL_SESSION_PROVE,
	           ARGS(sql_bytes((bytes){ after.digest, DIGEST_BYTES }), sql_i64(after.proved_at), sql_i64(after.method),
	                sql_bytes((bytes){ session->digest, DIGEST_BYTES })),
	           &count));
	if (count != 1)
		return fail(job, ERR_UNAUTHENTICATED, "the session ended meanwhile, or has another token");
	*ret = after;
	*ret_token = token;
	return OK;
}

bool
session_factors(uint32_t method, bool required)
{
	return policy_factors(&(struct factor_facts){
		.required = required,
		.passkey = method & AUTH_PASSKEY,
		.provider = method & AUTH_OIDC_TWO,
		.password = method & AUTH_PASSWORD,
		.code = method & (AUTH_TOTP | AUTH_RECOVERY),
	});
}

/* --- finding ---------------------------------------------------------------------------------- */

static enum err
session_row(struct job *job, const struct rows *rows, struct session *ret)
{
	bytes digest = rows_bytes(rows, 0);

	if (digest.len != DIGEST_BYTES || !uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a session cannot be read");
	memcpy(ret->digest, digest.ptr, DIGEST_BYTES);
	ret->staff = rows_i64(rows, 2);
	ret->epoch = rows_i64(rows, 3);
	ret->method = (uint32_t)rows_i64(rows, 4);
	ret->made_at = rows_time(rows, 5);
	ret->proved_at = rows_time(rows, 6);
	ret->used_at = rows_time(rows, 7);
	ret->expires_at = rows_time(rows, 8);
	return OK;
}

/* What is looked up is the digest of 256 random bits: how long an index takes says nothing of others. */
enum err
session_find(struct job *job, struct db *db, str token, struct session *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	uint8_t digest[DIGEST_BYTES];

	digest_token(str_bytes(token), digest);
	TRY(db_query(job, db, SQL_SESSION_GET, ARGS(sql_bytes((bytes){ digest, sizeof(digest) })), &rows));
	TRY(rows_next(job, &rows, ret_there));
	return *ret_there ? session_row(job, &rows, ret) : OK;
}

enum err
session_of_id(struct job *job, struct db *db, int64_t staff, uid id, struct session *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_SESSION_OF_ID, ARGS(sql_i64(staff), sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, ret_there));
	return *ret_there ? session_row(job, &rows, ret) : OK;
}

enum err
session_list(struct job *job, int64_t staff, struct session **ret, size_t *ret_count)
{
	struct session *session = arena_array(&job->arena, LIMIT_SESSIONS, sizeof(*session));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_SESSION_OF_STAFF, ARGS(sql_i64(staff), sql_i64(LIMIT_SESSIONS)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_SESSIONS)
			break;
		TRY(session_row(job, &rows, &session[count++]));
	}
	*ret = session;
	*ret_count = count;
	return OK;
}

/* --- ending ----------------------------------------------------------------------------------- */

static enum err
ended(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count, int64_t *ret_count)
{
	TRY(db_run(job, db, sql, arg, arg_count, ret_count));
	db_touch(db, TOPIC_PRINCIPALS);
	return OK;
}

enum err
session_end_id_steps(struct job *job, struct db *db, int64_t staff, uid id, int64_t *ret_count)
{
	return ended(job, db, SQL_SESSION_DROP_ID, ARGS(sql_i64(staff), sql_bytes(uid_bytes(&id))), ret_count);
}

enum err
session_end_all_steps(struct job *job, struct db *db, int64_t staff, const uid *keep, int64_t *ret_count)
{
	static const uid none = { { 0 } };

	return ended(job, db, SQL_SESSION_DROP_OF, ARGS(sql_i64(staff), sql_bytes(uid_bytes(keep ? keep : &none))),
	             ret_count);
}

enum err
session_end_sid_steps(struct job *job, const struct access *access, struct db *db, str issuer, str sid,
                      int64_t *ret_count)
{
	uint8_t digest[DIGEST_BYTES];

	sid_digest(access, issuer, sid, digest);
	return ended(job, db, SQL_SESSION_DROP_SID, ARGS(sql_bytes((bytes){ digest, sizeof(digest) })), ret_count);
}

enum err
session_staff_of_sid(struct job *job, const struct access *access, struct db *db, str issuer, str sid,
                     int64_t *ret_staff)
{
	OWNED(rows_end) struct rows rows = { 0 };
	uint8_t digest[DIGEST_BYTES];
	bool there;

	sid_digest(access, issuer, sid, digest);
	TRY(db_query(job, db, SQL_SESSION_STAFF_OF_SID, ARGS(sql_bytes((bytes){ digest, sizeof(digest) })), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no session has that name");
	*ret_staff = rows_i64(&rows, 0);
	return OK;
}

struct forget_plan {
	size_t max;
	int64_t count;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_SESSION_FORGET, ARGS(sql_i64(job->now), sql_i64((int64_t)plan->max)), &plan->count);
}

enum err
session_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count)
{
	struct forget_plan plan = { .max = max };

	TRY(store_write(job, store, WRITE_ONE, forget_steps, &plan));
	*ret_count = (uint64_t)plan.count;
	return OK;
}
