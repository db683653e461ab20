/* access/invitation.c -- contract and Y1-Y4: invitation.h. */
#include "access/invitation.h"

#include "access/alert.h"
#include "access/own.h"
#include "access/role.h"
#include "access/throttle.h"
#include "audit/fact.h"
#include "base/limits.h"

#define HOUR (3600 * TIME_SECOND)
#define FIRST_NAME S("administrator")
#define WHY_NONE "the link is not good, or not any more"

/* --- making ---------------------------------------------------------------------------------------- */

struct make_plan {
	const struct desk *desk;
	int64_t staff;
	time_us expires_at;
	uint8_t digest[DIGEST_BYTES];
	struct invitation *ret;
};

/* Y3. */
static enum err
take_all(struct job *job, struct db *db, const struct staff *staff, bool *ret_any)
{
	int64_t credentials, sessions;

	TRY(staff_credentials_end_steps(job, db, staff->no, &credentials));
	TRY(session_end_all_steps(job, db, staff->no, NULL, &sessions));
	*ret_any = staff->state == STAFF_ACTIVE;
	return *ret_any ? fact_staff_credentials(job, db, staff->id) : OK;
}

/* id | u8 1: a reset */
static enum err
entry_of_invitation(struct job *job, struct db *db, const struct staff *staff, bool reset)
{
	OWNED(buf_release) struct buf body = { .max = 32 };
	struct entry entry = { .act = ENTRY_STAFF_INVITE };
	int64_t seq;

	buf_data(&body, uid_bytes(&staff->id));
	buf_u8(&body, reset);
	entry.body = buf_bytes(&body);
	TRY(entry_append(job, db, &entry, &seq));
	return reset ? alert_raise(job, db, ALERT_CREDENTIAL, staff->no, seq) : OK;
}

static enum err
invite(struct job *job, struct db *db, struct make_plan *plan)
{
	struct staff staff;

	TRY(staff_get(job, plan->desk->access, db, plan->staff, &staff));
	if (staff.state == STAFF_ENDED)
		return fail(job, ERR_CONFLICT, "the account has ended");
	if (job->actor.staff == staff.no)
		return fail(job, ERR_DENIED, "nobody resets themselves"); /* Y4 */
	TRY(take_all(job, db, &staff, &plan->ret->reset));
	TRY(attempt_open_steps(job, db, plan->desk->attempt_key, staff.user_name));
	TRY(db_run(job, db, SQL_INVITATION_PUT,
	           ARGS(sql_i64(staff.no), sql_bytes((bytes){ plan->digest, DIGEST_BYTES }), sql_i64(staff.epoch),
	                sql_i64(job->now), sql_i64(plan->expires_at)),
	           NULL));
	return entry_of_invitation(job, db, &staff, plan->ret->reset);
}

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	return invite(job, db, arg);
}

static struct make_plan
plan_of(struct job *job, const struct desk *desk, int64_t staff, int64_t hours, struct invitation *ret)
{
	struct make_plan plan = { .desk = desk, .staff = staff, .ret = ret };

	if (hours < 1 || hours > LIMIT_INVITATION_HOURS)
		hours = LIMIT_INVITATION_HOURS;
	plan.expires_at = job->now + hours * HOUR;
	*ret = (struct invitation){ .token = desk_token(job, INVITATION_PREFIX, plan.digest),
		                    .expires_at = plan.expires_at };
	return plan;
}

enum err
invitation_make(struct job *job, const struct desk *desk, int64_t staff, int64_t hours, struct invitation *ret)
{
	struct make_plan plan = plan_of(job, desk, staff, hours, ret);

	return store_write(job, desk->access->store, WRITE_RESERVED, make_steps, &plan);
}

/* --- looking --------------------------------------------------------------------------------------- */

/* Y1. */
static enum err
find(struct job *job, const struct desk *desk, struct db *db, const uint8_t digest[DIGEST_BYTES],
     struct staff *ret_staff, time_us *ret_expires_at)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t no = 0, epoch = 0;
	bool there;

	*ret_expires_at = 0;
	TRY(db_query(job, db, SQL_INVITATION_GET, ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES })), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there) {
		no = rows_i64(&rows, 0);
		epoch = rows_i64(&rows, 1);
		*ret_expires_at = rows_i64(&rows, 2);
	}
	rows_end(&rows);
	if (!there || *ret_expires_at <= job->now)
		return fail(job, ERR_SIGN_IN, WHY_NONE);
	TRY(staff_get(job, desk->access, db, no, ret_staff));
	if (ret_staff->epoch != epoch || ret_staff->state == STAFF_ENDED)
		return fail(job, ERR_SIGN_IN, WHY_NONE);
	return OK;
}

enum err
invitation_look(struct job *job, const struct desk *desk, str token, struct staff *ret_staff,
                time_us *ret_expires_at)
{
	uint8_t digest[DIGEST_BYTES];

	digest_token(str_bytes(token), digest);
	return find(job, desk, job->db, digest, ret_staff, ret_expires_at);
}

/* --- accepting ------------------------------------------------------------------------------------- */

struct accept_plan {
	const struct desk *desk;
	uint8_t digest[DIGEST_BYTES];
	str hash; /* empty: no password yet */
	struct staff *staff;
	struct session *session;
	str *token;
};

static enum err
accept_steps(struct job *job, struct db *db, void *arg)
{
	struct accept_plan *plan = arg;
	struct session_new new = { .method = AUTH_INVITE };
	time_us expires_at;
	int64_t used;
	bool there;

	TRY(find(job, plan->desk, db, plan->digest, plan->staff, &expires_at));
	new.staff = plan->staff->no;
	job->actor = (struct actor){ .kind = ACTOR_STAFF, .no = new.staff, .staff = new.staff, .fresh = true };
	TRY(db_run(job, db, SQL_INVITATION_USE,
	           ARGS(sql_i64(new.staff), sql_bytes((bytes){ plan->digest, DIGEST_BYTES }), sql_i64(job->now)), &used));
	if (used != 1)
		return fail(job, ERR_SIGN_IN, WHY_NONE);
	if (plan->staff->state == STAFF_INVITED) {
		plan->staff->state = STAFF_ACTIVE;
		TRY(staff_change_steps(job, plan->desk->access, db, plan->staff));
	}
	if (plan->hash.len) {
		new.method |= AUTH_PASSWORD;
		TRY(password_put_steps(job, plan->desk->credential_key, db, new.staff, plan->hash, false));
	}
	TRY(sign_in_steps(job, plan->desk, db, plan->staff, &new, plan->token));
	return session_find(job, db, *plan->token, plan->session, &there);
}

enum err
invitation_accept(struct job *job, const struct desk *desk, str token, str password, const uint8_t *peer,
                  struct staff *ret_staff, struct session *ret_session, str *ret_session_token)
{
	struct accept_plan plan = { .desk = desk, .staff = ret_staff, .session = ret_session,
		                    .token = ret_session_token };
	struct actor before = job->actor;
	struct attempt attempt;
	time_us expires_at;
	bool is_short;
	enum err err;

	digest_token(str_bytes(token), plan.digest);
	TRY(find(job, desk, job->db, plan.digest, ret_staff, &expires_at));
	attempt_of(desk->attempt_key, ret_staff->user_name, peer, &attempt);
	if (password.len)
		TRY(own_password_hash(job, desk, ret_staff, password, false, attempt_caller(&attempt), &plan.hash,
		                      &is_short));
	err = store_write(job, desk->access->store, WRITE_ORDINARY, accept_steps, &plan);
	if (err)
		job->actor = before;
	return err;
}

/* --- time ------------------------------------------------------------------------------------------ */

struct forget_plan {
	size_t max;
	int64_t count;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_INVITATION_FORGET, ARGS(sql_i64(job->now), sql_i64((int64_t)plan->max)),
	              &plan->count);
}

enum err
invitations_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count)
{
	struct forget_plan plan = { .max = max };

	TRY(store_write(job, store, WRITE_ONE, forget_steps, &plan));
	*ret_count = (uint64_t)plan.count;
	return OK;
}

/* --- the first administrator ----------------------------------------------------------------------- */

struct first_plan {
	struct make_plan make;
	bool made;
};

/* The only account there is, and nobody has opened it: its link may have been lost. */
static enum err
first_waiting(struct job *job, const struct access *access, int64_t *ret_no, bool *ret_others)
{
	struct staff *staff;
	size_t count;

	TRY(staff_list(job, access, 0, 2, &staff, &count));
	*ret_others = count > 1 || (count == 1 && staff[0].state != STAFF_INVITED);
	*ret_no = count == 1 ? staff[0].no : 0;
	return OK;
}

static enum err
first_steps(struct job *job, struct db *db, void *arg)
{
	struct first_plan *plan = arg;
	const struct access *access = plan->make.desk->access;
	struct staff staff = { .issuer = ISSUER_LOCAL, .user_name = FIRST_NAME, .state = STAFF_INVITED };
	struct staff_role role = { .role = ROLE_ADMINISTRATOR, .source = ROLE_GIVEN, .all_purposes = true };
	struct staff there;
	enum err err;

	if (!plan->make.staff) {
		err = staff_of_name(job, access, db, FIRST_NAME, &there);
		if (err != ERR_ABSENT)
			return err;
		job_forgive(job);
		TRY(staff_make_steps(job, access, db, &staff));
		TRY(staff_roles_put_steps(job, db, staff.no, ROLE_GIVEN, &role, 1));
		plan->make.staff = staff.no;
	}
	plan->made = true;
	return invite(job, db, &plan->make);
}

enum err
administrator_first(struct job *job, const struct desk *desk, struct invitation *ret, bool *ret_made)
{
	struct first_plan plan = { .make = plan_of(job, desk, 0, 0, ret) };
	bool others;

	*ret_made = false;
	TRY(first_waiting(job, desk->access, &plan.make.staff, &others));
	if (others)
		return OK;
	TRY(store_write(job, desk->access->store, WRITE_ORDINARY, first_steps, &plan));
	*ret_made = plan.made;
	return OK;
}
