/* access/sign_in.c -- contract and N1-N4: sign_in.h. */
#include "access/sign_in.h"

#include "access/credential.h"
#include "access/throttle.h"
#include "base/limits.h"
#include "type/precis.h"

#define WHY_NOT "name, password or code is wrong, or it was tried too often; wait a while before trying again"

/* One try on its way. */
struct trying {
	const struct desk *desk;
	const struct proofs *proofs;
	const struct session *session; /* NULL: there is none yet */
	struct attempt attempt;
	struct staff staff; /* no 0: nobody */
	struct credentials have;
	bool password_right, outdated, code_right;
	uint32_t method;
	int64_t step;                      /* of a code of an app */
	uint8_t recovery[DIGEST_BYTES];
	str renewed;                       /* hash under today's parameters; empty: not needed */
	bool settled;                      /* by the steps: nothing had changed */
	struct signed_in *ret;
};

static void
trying_end(struct trying *trying)
{
	credentials_end(&trying->have);
	wipe(trying->recovery, sizeof(trying->recovery));
}

/* --- looking --------------------------------------------------------------------------------------- */

/* Nobody is staff 0.  For a name that there is not, the first account is read in its place and thrown away, and so
 * is what that one has: the work is the same (N1). */
#define DECOY 1

static enum err
staff_find(struct job *job, struct trying *trying)
{
	const struct access *access = trying->desk->access;
	enum err err;

	if (trying->session)
		return staff_get(job, access, job->db, trying->session->staff, &trying->staff);
	err = staff_of_name(job, access, job->db, trying->proofs->user_name, &trying->staff);
	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	err = staff_get(job, access, job->db, DECOY, &trying->staff);
	if (err && err != ERR_ABSENT) /* there are no staff at all */
		return err;
	job_forgive(job);
	trying->staff = (struct staff){ .no = 0 };
	return OK;
}

static enum err
credentials_find(struct job *job, struct trying *trying)
{
	int64_t no = trying->staff.no;

	TRY(credentials_get(job, trying->desk->credential_key, job->db, no ? no : DECOY, &trying->have));
	if (no)
		return OK;
	credentials_end(&trying->have);
	trying->have = (struct credentials){ .totp_last_step = TOTP_NEVER };
	return OK;
}

static enum err
device_find(struct job *job, struct trying *trying)
{
	return device_there(job, job->db, trying->staff.no, trying->proofs->device, trying->attempt.device,
	                    &trying->attempt.known);
}

static enum err
password_look(struct job *job, struct trying *trying)
{
	OWNED(buf_release) struct buf prepared = { .max = LIMIT_PASSWORD_BYTES };
	const char *why;
	bool is_password = precis_password(trying->proofs->password, &prepared, &why);

	return password_check(job, trying->desk->hasher, attempt_caller(&trying->attempt),
	                      is_password ? trying->have.hash : S(""), buf_str(&prepared), &trying->password_right,
	                      &trying->outdated);
}

static enum err
password_renew(struct job *job, struct trying *trying)
{
	OWNED(buf_release) struct buf prepared = { .max = LIMIT_PASSWORD_BYTES };
	const char *why;

	must(precis_password(trying->proofs->password, &prepared, &why)); /* it was found right so */
	return password_hash(job, trying->desk->hasher, attempt_caller(&trying->attempt), buf_str(&prepared),
	                     &trying->renewed);
}

/* Either kind of code is looked at whether there is one or not. */
static enum err
code_look(struct job *job, struct trying *trying)
{
	str code = trying->proofs->code;
	bool app, paper;

	app = totp_valid(trying->have.totp_secret, code, job->now, trying->have.totp_last_step, &trying->step);
	paper = recovery_read(code, trying->recovery);
	if (!paper)
		memset(trying->recovery, 0, sizeof(trying->recovery));
	TRY(recovery_there(job, job->db, trying->staff.no, trying->recovery, &paper));
	if (!trying->have.totp)
		trying->method = AUTH_PASSWORD;
	else
		trying->method = AUTH_PASSWORD | (app ? AUTH_TOTP : AUTH_RECOVERY);
	trying->code_right = !trying->have.totp || app || paper;
	return OK;
}

/* --- settling -------------------------------------------------------------------------------------- */

static enum err
entry_of(struct job *job, struct db *db, enum entry_act act, uid staff, uint32_t number)
{
	OWNED(buf_release) struct buf more = { .max = 4 };

	buf_le32(&more, number);
	return desk_entry(job, db, act, staff, OK, buf_bytes(&more));
}

static enum err
code_use(struct job *job, struct db *db, struct trying *trying, bool *ret_used)
{
	if (trying->method & AUTH_TOTP)
		return totp_use_steps(job, db, &trying->have, trying->step, ret_used);
	if (trying->method & AUTH_RECOVERY)
		return recovery_use_steps(job, db, trying->staff.no, trying->recovery, ret_used);
	*ret_used = true;
	return OK;
}

/* N3.  Reads again what was found, and uses up what counts once. */
static enum err
settle(struct job *job, struct db *db, struct trying *trying)
{
	OWNED(credentials_end) struct credentials now = { 0 };
	enum staff_state state;
	int64_t epoch;
	bool used;

	trying->settled = false;
	TRY(staff_word(job, db, trying->staff.no, &state, &epoch));
	if (state != STAFF_ACTIVE || epoch != trying->staff.epoch)
		return OK;
	TRY(credentials_get(job, trying->desk->credential_key, db, trying->staff.no, &now));
	if (!str_eq(bytes_str(now.hash_sealed), bytes_str(trying->have.hash_sealed)) || now.totp != trying->have.totp)
		return OK;
	TRY(code_use(job, db, trying, &used));
	if (!used)
		return OK;
	if (trying->renewed.len)
		TRY(password_renew_steps(job, trying->desk->credential_key, db, &now, trying->renewed));
	TRY(attempt_right_steps(job, db, &trying->attempt));
	trying->settled = true;
	return OK;
}

static enum err
device_settle(struct job *job, struct db *db, struct trying *trying)
{
	trying->ret->device = S("");
	if (trying->attempt.known)
		return device_used_steps(job, db, trying->attempt.device);
	return device_put_steps(job, db, trying->staff.no, &trying->ret->device);
}

static enum err
session_begin(struct job *job, struct db *db, const struct access *access, const struct staff *staff,
              const struct session_new *new, str *ret_token)
{
	TRY(session_make_steps(job, access, db, new, ret_token));
	TRY(sign_in_put_steps(job, db, staff->no, new->method, OK));
	return entry_of(job, db, ENTRY_SIGN_IN, staff->id, new->method);
}

/* Whoever's it is: it was this browser's. */
static enum err
session_replace(struct job *job, struct db *db, str token)
{
	struct session before;
	int64_t count;
	bool there;

	if (!token.len)
		return OK;
	TRY(session_find(job, db, token, &before, &there));
	return there ? session_end_id_steps(job, db, before.staff, before.id, &count) : OK;
}

static enum err
sign_in_settle(struct job *job, struct db *db, void *arg)
{
	struct trying *trying = arg;
	struct session_new new = { .staff = trying->staff.no, .method = trying->method };
	bool there;

	TRY(settle(job, db, trying));
	if (!trying->settled)
		return OK;
	TRY(device_settle(job, db, trying));
	TRY(session_replace(job, db, trying->proofs->session));
	TRY(session_begin(job, db, trying->desk->access, &trying->staff, &new, &trying->ret->token));
	return session_find(job, db, trying->ret->token, &trying->ret->session, &there);
}

static enum err
again_settle(struct job *job, struct db *db, void *arg)
{
	struct trying *trying = arg;

	TRY(settle(job, db, trying));
	if (!trying->settled)
		return OK;
	return prove_steps(job, trying->desk, db, &trying->staff, trying->session, trying->method, trying->ret);
}

static enum err
wrong_steps(struct job *job, struct db *db, void *arg)
{
	const struct trying *trying = arg;

	TRY(sign_in_put_steps(job, db, trying->staff.no, 0, ERR_SIGN_IN)); /* nobody's too: the same work (N1) */
	return desk_entry(job, db, ENTRY_SIGN_IN_FAILED, trying->staff.id, ERR_SIGN_IN, (bytes){ 0 });
}

/* --- the use cases --------------------------------------------------------------------------------- */

static bool
trying_right(const struct trying *trying)
{
	return (int)trying->attempt.allowed & (int)trying->password_right & (int)trying->code_right &
	       (int)(trying->staff.state == STAFF_ACTIVE);
}

static enum err
look(struct job *job, struct trying *trying)
{
	const struct desk *desk = trying->desk;

	TRY(staff_find(job, trying));
	attempt_of(desk->attempt_key, trying->session ? trying->staff.user_name : trying->proofs->user_name,
	           trying->proofs->peer, &trying->attempt);
	TRY(device_find(job, trying));
	TRY(attempt_count(job, desk->access->store, &trying->attempt)); /* N2 */
	TRY(credentials_find(job, trying));
	TRY(password_look(job, trying));
	return code_look(job, trying);
}

static enum err
attempt(struct job *job, struct trying *trying, write_steps *steps)
{
	struct store *store = trying->desk->access->store;
	struct actor before = job->actor;

	TRY(look(job, trying));
	if (trying_right(trying)) {
		if (trying->outdated)
			TRY(password_renew(job, trying));
		job->actor = (struct actor){ .kind = ACTOR_STAFF, .no = trying->staff.no,
			                     .staff = trying->staff.no, .fresh = true };
		TRY(store_write(job, store, WRITE_ORDINARY, steps, trying));
		if (trying->settled)
			return OK;
		job->actor = before;
	}
	TRY(store_write(job, store, WRITE_ORDINARY, wrong_steps, trying));
	return fail(job, ERR_SIGN_IN, WHY_NOT);
}

enum err
sign_in(struct job *job, const struct desk *desk, const struct proofs *proofs, struct signed_in *ret)
{
	OWNED(trying_end) struct trying trying = { .desk = desk, .proofs = proofs, .ret = ret };

	TRY(attempt(job, &trying, sign_in_settle));
	ret->staff = trying.staff;
	return OK;
}

enum err
sign_in_again(struct job *job, const struct desk *desk, const struct session *session, const struct proofs *proofs,
              struct signed_in *ret)
{
	OWNED(trying_end) struct trying trying = { .desk = desk, .proofs = proofs, .session = session, .ret = ret };

	*ret = (struct signed_in){ .device = S("") };
	TRY(attempt(job, &trying, again_settle));
	ret->staff = trying.staff;
	return OK;
}

/* --- other ways ------------------------------------------------------------------------------------ */

static void
act_as(struct job *job, const struct staff *staff)
{
	job->actor = (struct actor){ .kind = ACTOR_STAFF, .no = staff->no, .staff = staff->no, .fresh = true };
}

enum err
sign_in_steps(struct job *job, const struct desk *desk, struct db *db, const struct staff *staff,
              const struct session_new *new, str *ret_token)
{
	act_as(job, staff);
	TRY(attempt_open_steps(job, db, desk->attempt_key, staff->user_name));
	return session_begin(job, db, desk->access, staff, new, ret_token);
}

enum err
prove_steps(struct job *job, const struct desk *desk, struct db *db, const struct staff *staff,
            const struct session *session, uint32_t method, struct signed_in *ret)
{
	(void)desk;
	TRY(session_prove_steps(job, db, session, method, job->now, &ret->session, &ret->token));
	return entry_of(job, db, ENTRY_STEP_UP, staff->id, method);
}

struct failed_plan {
	const struct staff *staff;
	uint32_t method;
};

static enum err
failed_steps(struct job *job, struct db *db, void *arg)
{
	const struct failed_plan *plan = arg;

	TRY(sign_in_put_steps(job, db, plan->staff->no, plan->method, ERR_SIGN_IN));
	return desk_entry(job, db, ENTRY_SIGN_IN_FAILED, plan->staff->id, ERR_SIGN_IN, (bytes){ 0 });
}

enum err
sign_in_failed(struct job *job, const struct desk *desk, const struct staff *staff, uint32_t method)
{
	struct failed_plan plan = { staff, method };

	return store_write(job, desk->access->store, WRITE_ORDINARY, failed_steps, &plan);
}

static enum err
out_steps(struct job *job, struct db *db, void *arg)
{
	const struct session *session = arg;
	int64_t count;
	uid id;

	TRY(staff_id(job, db, session->staff, &id));
	TRY(session_end_id_steps(job, db, session->staff, session->id, &count));
	return entry_of(job, db, ENTRY_SIGN_OUT, id, (uint32_t)count);
}

enum err
sign_out(struct job *job, const struct desk *desk, const struct session *session)
{
	struct session copy = *session;

	return store_write(job, desk->access->store, WRITE_RESERVED, out_steps, &copy);
}
