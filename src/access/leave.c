/* access/leave.c -- the end of a staff account, and its return: T2 to T5 of staff.h.
 *
 * The word moves on in the same transaction that takes away what hung on it, so that either is enough: what
 * nobody thought of to delete carries an epoch that is no longer theirs. */
#include "access/alert.h"
#include "access/approval.h"
#include "access/key.h"
#include "audit/fact.h"
#include "base/limits.h"

static const struct ending {
	enum sql sql;
	bool takes_now;
	size_t member; /* of struct ended */
} endings[] = {
#define ENDING(statement, member) { SQL_##statement, false, offsetof(struct ended, member) },
#define ENDING_AT(statement, member) { SQL_##statement, true, offsetof(struct ended, member) },
#include "access/ending.def"
#undef ENDING
#undef ENDING_AT
};

static void
count(struct ended *ended, size_t member, int64_t n)
{
	int64_t *at = (int64_t *)((char *)ended + member);

	*at += n;
}

static enum err
ending_run(struct job *job, struct db *db, const struct ending *ending, int64_t no, struct ended *ended)
{
	int64_t changed;

	if (ending->takes_now)
		TRY(db_run(job, db, ending->sql, ARGS(sql_i64(job->now), sql_i64(no)), &changed));
	else
		TRY(db_run(job, db, ending->sql, ARGS(sql_i64(no)), &changed));
	count(ended, ending->member, changed);
	return OK;
}

/* id | u8 reason | le32 of each count, in the order of struct ended */
static enum err
entry_of_end(struct job *job, struct db *db, uid id, enum end_reason reason, const struct ended *ended, int64_t *ret_seq)
{
	OWNED(buf_release) struct buf body = { .max = 64 };
	const int64_t counts[] = { ended->sessions, ended->keys,     ended->approvals, ended->exceptions,
		                   ended->links,    ended->webhooks, ended->roles,     ended->credentials };

	buf_data(&body, uid_bytes(&id));
	buf_u8(&body, (uint8_t)reason);
	for (size_t i = 0; i < COUNT(counts); i++)
		buf_le32(&body, (uint32_t)counts[i]);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_STAFF_END, .body = buf_bytes(&body) }, ret_seq);
}

static enum err
programs_of(struct job *job, struct db *db, int64_t no, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_API_KEY_LIVE_PROGRAMS, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* What went on without the person and does not any longer: somebody has to take it over. */
static enum err
left_behind(struct job *job, struct db *db, int64_t no, const struct ended *ended, int64_t programs, int64_t seq)
{
	if (ended->webhooks)
		TRY(alert_raise(job, db, ALERT_WEBHOOK, no, seq));
	return programs ? alert_raise(job, db, ALERT_KEY, no, seq) : OK;
}

enum err
staff_end_steps(struct job *job, struct db *db, int64_t no, enum end_reason reason, struct ended *ret)
{
	struct ended ended = { 0 };
	int64_t programs, seq;
	uid id;

	TRY(staff_id(job, db, no, &id));
	TRY(approval_two_stay_steps(job, db));
	TRY(db_run(job, db, SQL_STAFF_END, ARGS(sql_i64(job->now), sql_i64(no)), NULL));
	for (size_t i = 0; i < COUNT(endings); i++)
		TRY(ending_run(job, db, &endings[i], no, &ended));
	TRY(programs_of(job, db, no, &programs));
	TRY(keys_of_owner_revoke_steps(job, db, no, &ended.keys));
	db_touch(db, TOPIC_PRINCIPALS);
	TRY(fact_staff_ended(job, db, id));
	TRY(entry_of_end(job, db, id, reason, &ended, &seq));
	TRY(left_behind(job, db, no, &ended, programs, seq));
	*ret = ended;
	return OK;
}

enum err
staff_credentials_end_steps(struct job *job, struct db *db, int64_t no, int64_t *ret_count)
{
	struct ended ended = { 0 };

	for (size_t i = 0; i < COUNT(endings); i++)
		/* The list of earlier sign-ins stays: it is what shows them that somebody else was there. */
		if (endings[i].member == offsetof(struct ended, credentials) && endings[i].sql != SQL_END_SIGN_IN)
			TRY(ending_run(job, db, &endings[i], no, &ended));
	*ret_count = ended.credentials;
	return OK;
}

struct end_plan {
	int64_t no;
	enum end_reason reason;
	struct ended *ended;
};

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	const struct end_plan *plan = arg;

	return staff_end_steps(job, db, plan->no, plan->reason, plan->ended);
}

enum err
staff_end(struct job *job, const struct access *access, int64_t no, enum end_reason reason, struct ended *ret)
{
	struct end_plan plan = { no, reason, ret };

	return store_write(job, access->store, WRITE_RESERVED, end_steps, &plan);
}

enum err
staff_return_steps(struct job *job, struct db *db, int64_t no)
{
	int64_t changed;
	uid id;

	TRY(staff_id(job, db, no, &id));
	TRY(db_run(job, db, SQL_STAFF_RETURN, ARGS(sql_i64(job->now), sql_i64(no)), &changed));
	if (!changed)
		return OK;
	db_touch(db, TOPIC_PRINCIPALS);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_STAFF_RETURN, .body = uid_bytes(&id) }, NULL);
}
