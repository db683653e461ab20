/* access/own.c -- contract and O1-O3: own.h. */
#include "access/own.h"

#include "access/breached.h"
#include "access/password.h"
#include "audit/fact.h"
#include "base/limits.h"
#include "os/random.h"

#define DEFINITIONS 3 /* that the company's name is taken from */

/* What an entry ENTRY_CREDENTIAL is about; stored. */
enum credential_change { CHANGED_PASSWORD = 1, CHANGED_TOTP = 2, ENDED_TOTP = 3, CHANGED_RECOVERY = 4 };

static enum err
entry_of_change(struct job *job, struct db *db, int64_t staff, enum credential_change what)
{
	OWNED(buf_release) struct buf more = { .max = 1 };
	uid id;

	TRY(staff_id(job, db, staff, &id));
	buf_u8(&more, (uint8_t)what);
	return desk_entry(job, db, ENTRY_CREDENTIAL, id, OK, buf_bytes(&more));
}

static enum err
fact_of(struct job *job, struct db *db, int64_t staff)
{
	uid id;

	TRY(staff_id(job, db, staff, &id));
	return fact_staff_credentials(job, db, id); /* O3 */
}

/* --- password -------------------------------------------------------------------------------------- */

/* The controller's name out of a purpose's definition; empty: none. */
static str
controller_of(str definition)
{
	size_t at;
	str name;

	if (!str_find(definition, S("\"controller\":{"), &at))
		return S("");
	definition = str_from(definition, at);
	if (!str_find(definition, S("\"name\":\""), &at))
		return S("");
	definition = str_from(definition, at + S("\"name\":\"").len);
	return eat_until(&definition, '"', &name) ? name : S("");
}

/* The company is who its purposes say. */
static enum err
company_words(struct job *job, str *ret)
{
	OWNED(buf_release) struct buf words = { .max = 4096 };
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_COMPANY_DEFINITIONS, ARGS(sql_i64(DEFINITIONS)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		buf_put(&words, controller_of(rows_text(&rows, 0)));
		buf_char(&words, ' ');
	}
	*ret = buf_ok(&words) ? arena_str(&job->arena, buf_str(&words)) : S("");
	return OK;
}

enum err
own_password_hash(struct job *job, const struct desk *desk, const struct staff *staff, str password,
                  bool second_factor, uint64_t caller, str *ret_hash, bool *ret_short)
{
	OWNED(buf_release) struct buf prepared = { .max = LIMIT_PASSWORD_BYTES };
	str own[] = { staff->user_name, staff->display_name, staff->email, S("") };
	const char *why;
	bool found;

	TRY(company_words(job, &own[COUNT(own) - 1]));
	if (!password_fits(password, own, COUNT(own), second_factor, &prepared, ret_short, &why))
		return job_fail_at(job, ERR_INVALID, S("/password"), why, __FILE__, __LINE__);
	TRY(breached_has(job, desk->breached, buf_str(&prepared), &found));
	if (found)
		return fail_at(job, ERR_INVALID, S("/password"), "was found in a breach, and is on the lists that others try");
	return password_hash(job, desk->hasher, caller, buf_str(&prepared), ret_hash);
}

struct password_plan {
	const struct desk *desk;
	const struct session *session;
	str hash;
	bool is_short, proved;
};

static enum err
password_steps(struct job *job, struct db *db, void *arg)
{
	const struct password_plan *plan = arg;
	OWNED(credentials_end) struct credentials have = { 0 };
	int64_t staff = plan->session->staff, count;
	struct session now;
	bool there;

	TRY(session_of_id(job, db, staff, plan->session->id, &now, &there));
	if (!there) /* somebody took it away while this one was hashed, and the password may be another since */
		return fail(job, ERR_UNAUTHENTICATED, "the session has ended");
	TRY(credentials_get(job, plan->desk->credential_key, db, staff, &have));
	if (have.hash.len && !plan->proved) /* O4: it came while this one was hashed */
		return fail(job, ERR_CONFLICT, "a password was put meanwhile");
	if (plan->is_short && !have.totp) /* O2 */
		return fail(job, ERR_CONFLICT, "the second factor was taken away meanwhile");
	TRY(password_put_steps(job, plan->desk->credential_key, db, staff, plan->hash, plan->is_short));
	TRY(session_end_all_steps(job, db, staff, &plan->session->id, &count)); /* O1 */
	TRY(device_drop_steps(job, db, staff));
	if (have.hash.len)
		TRY(fact_of(job, db, staff));
	return entry_of_change(job, db, staff, CHANGED_PASSWORD);
}

enum err
own_password_put(struct job *job, const struct desk *desk, const struct session *session, str password,
                 bool proved, uint64_t caller)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	struct password_plan plan = { .desk = desk, .session = session, .proved = proved };
	struct staff staff;

	TRY(staff_get(job, desk->access, job->db, session->staff, &staff));
	TRY(credentials_get(job, desk->credential_key, job->db, session->staff, &have));
	TRY(own_password_hash(job, desk, &staff, password, have.totp, caller, &plan.hash, &plan.is_short));
	return store_write(job, desk->access->store, WRITE_RESERVED, password_steps, &plan);
}

enum err
own_factor_there(struct job *job, const struct desk *desk, int64_t staff, bool *ret_there)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	OWNED(rows_end) struct rows rows = { 0 };
	bool row;

	TRY(credentials_get(job, desk->credential_key, job->db, staff, &have));
	TRY(db_query(job, job->db, SQL_PASSKEY_COUNT, ARGS(sql_i64(staff)), &rows));
	TRY(rows_next(job, &rows, &row));
	*ret_there = (row && rows_i64(&rows, 0)) || (have.totp && have.hash.len);
	return OK;
}

/* --- authenticator app ----------------------------------------------------------------------------- */

struct totp_plan {
	const struct desk *desk;
	int64_t staff;
	const uint8_t *secret;
	const struct credentials *have;
	int64_t step;
	const struct recovery_codes *codes;
	const struct session *session; /* it stays */
	struct signed_in *in;
};

static enum err
begin_steps(struct job *job, struct db *db, void *arg)
{
	const struct totp_plan *plan = arg;
	OWNED(credentials_end) struct credentials have = { 0 };

	TRY(credentials_get(job, plan->desk->credential_key, db, plan->staff, &have));
	if (have.totp)
		return fail(job, ERR_CONFLICT, "an authenticator app is there; take it away first");
	return totp_begin_steps(job, plan->desk->credential_key, db, plan->staff, plan->secret);
}

enum err
own_totp_begin(struct job *job, const struct desk *desk, int64_t staff, str *ret_uri)
{
	OWNED(buf_release) struct buf uri = { .max = 4 * LIMIT_USER_NAME_BYTES + 1024 };
	uint8_t secret[TOTP_SECRET_BYTES];
	struct totp_plan plan = { .desk = desk, .staff = staff, .secret = secret };
	struct staff who;

	TRY(staff_get(job, desk->access, job->db, staff, &who));
	os_random(secret, sizeof(secret));
	totp_uri(secret, S("Valv"), who.user_name, &uri);
	*ret_uri = arena_str(&job->arena, buf_str(&uri));
	TRY(store_write(job, desk->access->store, WRITE_ORDINARY, begin_steps, &plan));
	wipe(secret, sizeof(secret));
	return OK;
}

static enum err
confirm_steps(struct job *job, struct db *db, void *arg)
{
	const struct totp_plan *plan = arg;
	int64_t count;

	TRY(totp_confirm_steps(job, db, plan->have, plan->step));
	TRY(recovery_put_steps(job, db, plan->staff, plan->codes));
	TRY(session_end_all_steps(job, db, plan->staff, &plan->session->id, &count)); /* O1: they came without it */
	TRY(session_prove_steps(job, db, plan->session, AUTH_TOTP, plan->session->proved_at, &plan->in->session,
	                        &plan->in->token));
	return entry_of_change(job, db, plan->staff, CHANGED_TOTP);
}

enum err
own_totp_confirm(struct job *job, const struct desk *desk, const struct session *session, str code,
                 struct recovery_codes *ret, struct signed_in *ret_in)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	struct totp_plan plan = { .desk = desk, .staff = session->staff, .have = &have, .codes = ret,
		                  .session = session, .in = ret_in };

	*ret_in = (struct signed_in){ .device = S("") };

	TRY(credentials_get(job, desk->credential_key, job->db, session->staff, &have));
	if (!have.totp_begun || have.totp)
		return fail(job, ERR_CONFLICT, "no authenticator app waits for its first code");
	if (!totp_valid(have.totp_secret, code, job->now, TOTP_NEVER, &plan.step))
		return fail_at(job, ERR_INVALID, S("/code"), "is not the code that the app shows now");
	recovery_codes_new(job, ret);
	return store_write(job, desk->access->store, WRITE_ORDINARY, confirm_steps, &plan);
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	const struct totp_plan *plan = arg;
	OWNED(credentials_end) struct credentials have = { 0 };

	TRY(credentials_get(job, plan->desk->credential_key, db, plan->staff, &have));
	if (!have.totp_begun)
		return OK;
	if (have.totp && have.password_short)
		return fail(job, ERR_CONFLICT,
		            "the password has fewer than 15 characters and cannot stand alone; choose a longer one first");
	TRY(totp_drop_steps(job, db, plan->staff));
	TRY(fact_of(job, db, plan->staff));
	return entry_of_change(job, db, plan->staff, ENDED_TOTP);
}

enum err
own_totp_drop(struct job *job, const struct desk *desk, int64_t staff)
{
	struct totp_plan plan = { .desk = desk, .staff = staff };

	return store_write(job, desk->access->store, WRITE_RESERVED, drop_steps, &plan);
}

/* --- recovery codes -------------------------------------------------------------------------------- */

static enum err
recovery_steps(struct job *job, struct db *db, void *arg)
{
	const struct totp_plan *plan = arg;
	OWNED(credentials_end) struct credentials have = { 0 };

	TRY(credentials_get(job, plan->desk->credential_key, db, plan->staff, &have));
	if (!have.totp)
		return fail(job, ERR_CONFLICT, "there is no authenticator app that they would stand in for");
	TRY(recovery_put_steps(job, db, plan->staff, plan->codes));
	TRY(fact_of(job, db, plan->staff));
	return entry_of_change(job, db, plan->staff, CHANGED_RECOVERY);
}

enum err
own_recovery_new(struct job *job, const struct desk *desk, int64_t staff, struct recovery_codes *ret)
{
	struct totp_plan plan = { .desk = desk, .staff = staff, .codes = ret };

	recovery_codes_new(job, ret);
	return store_write(job, desk->access->store, WRITE_RESERVED, recovery_steps, &plan);
}
