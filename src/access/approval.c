/* access/approval.c -- contract and Y1-Y3: approval.h. */
#include "access/approval.h"

#include "access/role.h"
#include "base/limits.h"
#include "os/random.h"

#define SETTING_FOUR_EYES "four_eyes"

/* --- when two are needed ---------------------------------------------------------------------- */

/* Once two people could have decided, it stays so: else whoever ends the accounts of all others would be
 * alone again. */
enum err
approval_needed(struct job *job, struct db *db, bool *ret)
{
	int64_t set, others;

	*ret = true;
	TRY(access_setting(job, db, S(SETTING_FOUR_EYES), 0, &set));
	if (set && job->actor.kind != ACTOR_OPERATOR)
		return OK;
	TRY(staff_with_scope(job, db, SCOPE_APPROVE, job->actor.kind == ACTOR_STAFF ? job->actor.no : 0, &others));
	*ret = others > 0;
	return OK;
}

static enum err
two_from_now(struct job *job, struct db *db)
{
	return db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(S(SETTING_FOUR_EYES)), sql_text(S("1"))), NULL);
}

enum err
approval_two_stay_steps(struct job *job, struct db *db)
{
	int64_t set, able;

	TRY(access_setting(job, db, S(SETTING_FOUR_EYES), 0, &set));
	if (set)
		return OK;
	TRY(staff_with_scope(job, db, SCOPE_APPROVE, 0, &able));
	return able > 1 ? two_from_now(job, db) : OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum err
approval_row(struct job *job, const struct rows *rows, struct approval *ret)
{
	bytes operation = rows_bytes(rows, 3);

	*ret = (struct approval){
		.no = rows_i64(rows, 0),
		.act = arena_str(&job->arena, rows_text(rows, 2)),
		.summary = arena_str(&job->arena, rows_text(rows, 4)),
		.state = (enum approval_state)rows_i64(rows, 5),
		.asked_by = { .kind = (enum actor_kind)rows_i64(rows, 6), .no = rows_i64(rows, 7) },
		.asked_epoch = rows_i64(rows, 8),
		.asked_at = rows_time(rows, 9),
		.expires_at = rows_time(rows, 10),
		.decided_by = rows_i64(rows, 11),
		.decided_epoch = rows_i64(rows, 12),
		.decided_at = rows_time(rows, 13),
	};
	if (operation.len != DIGEST_BYTES || !uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "an approval cannot be read");
	memcpy(ret->operation, operation.ptr, DIGEST_BYTES);
	return OK;
}

enum err
approval_get(struct job *job, struct db *db, uid id, struct approval *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_APPROVAL_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no approval has that id");
	return approval_row(job, &rows, ret);
}

enum err
approval_list(struct job *job, int64_t before, size_t max, bool waiting, struct approval **ret, size_t *ret_count)
{
	struct approval *approval = arena_array(&job->arena, max + 1, sizeof(*approval));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, waiting ? SQL_APPROVAL_WAITING : SQL_APPROVAL_BEFORE,
	             ARGS(sql_i64(before ? before : INT64_MAX), sql_i64(job->now), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		TRY(approval_row(job, &rows, &approval[count++]));
	}
	*ret = approval;
	*ret_count = count;
	return OK;
}

static enum err
entry_of_approval(struct job *job, struct db *db, enum entry_act act, uid id)
{
	return entry_append(job, db, &(struct entry){ .act = act, .body = uid_bytes(&id) }, NULL);
}

/* The word of who asked or decided, now.  The operator's is that of the machine. */
static enum err
word_holds(struct job *job, struct db *db, struct actor actor, int64_t epoch, bool *ret)
{
	enum staff_state state;
	int64_t now;

	*ret = actor.kind == ACTOR_OPERATOR;
	if (actor.kind != ACTOR_STAFF)
		return OK;
	TRY(staff_word(job, db, actor.no, &state, &now));
	*ret = state == STAFF_ACTIVE && now == epoch;
	return OK;
}

static bool
same_actor(struct actor one, struct actor other)
{
	return one.kind == other.kind && one.no == other.no;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct ask_plan {
	struct approval *approval;
	str act, summary;
};

static enum err
waiting_same(struct job *job, struct db *db, struct approval *approval, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_APPROVAL_SAME,
	             ARGS(sql_i64(job->actor.kind), sql_i64(job->actor.no),
	                  sql_bytes((bytes){ approval->operation, DIGEST_BYTES }), sql_i64(job->now)),
	             &rows));
	TRY(rows_next(job, &rows, ret_there));
	return *ret_there ? approval_row(job, &rows, approval) : OK;
}

static enum err
room_check(struct job *job, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_APPROVAL_WAITING_COUNT, ARGS(sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) >= LIMIT_APPROVALS)
		return fail(job, ERR_LIMIT, "limit_approvals: as many approvals wait as may");
	return OK;
}

static enum err
ask_steps(struct job *job, struct db *db, void *arg)
{
	struct ask_plan *plan = arg;
	struct approval *approval = plan->approval;
	enum staff_state state;
	bool there;

	TRY(waiting_same(job, db, approval, &there));
	if (there)
		return OK;
	TRY(room_check(job, db));
	if (job->actor.kind == ACTOR_STAFF)
		TRY(staff_word(job, db, job->actor.no, &state, &approval->asked_epoch));
	TRY(db_run(job, db, SQL_APPROVAL_PUT,
	           ARGS(sql_bytes(uid_bytes(&approval->id)), sql_text(plan->act),
	                sql_bytes((bytes){ approval->operation, DIGEST_BYTES }), sql_text(plan->summary),
	                sql_i64(approval->asked_by.kind), sql_i64(approval->asked_by.no), sql_i64(approval->asked_epoch),
	                sql_i64(approval->asked_at), sql_i64(approval->expires_at)),
	           NULL));
	return entry_of_approval(job, db, ENTRY_APPROVAL_ASK, approval->id);
}

enum err
approval_ask(struct job *job, const struct access *access, str act, str summary,
             const uint8_t operation[DIGEST_BYTES], struct approval *ret)
{
	struct ask_plan plan = { ret, act, summary };

	if (summary.len > APPROVAL_SUMMARY_MAX) /* what is cut off would be approved of unseen */
		return fail(job, ERR_LIMIT, "limit_approval_summary: more than somebody can be asked to approve of");
	if (job->actor.kind != ACTOR_STAFF && job->actor.kind != ACTOR_OPERATOR)
		return fail(job, ERR_DENIED, "this takes two people; a program is none");
	*ret = (struct approval){
		.id = os_uid(),
		.act = act,
		.summary = plan.summary,
		.state = APPROVAL_WAITING,
		.asked_by = job->actor,
		.asked_at = job->now,
		.expires_at = job->now + APPROVAL_LIFE,
		.decided_at = TIME_NEVER,
	};
	memcpy(ret->operation, operation, DIGEST_BYTES);
	return store_write(job, access->store, WRITE_ORDINARY, ask_steps, &plan);
}

/* --- deciding --------------------------------------------------------------------------------- */

struct decide_plan {
	bool may, approve;
	uid id;
	struct approval *approval;
};

static enum err
decide_steps(struct job *job, struct db *db, void *arg)
{
	const struct decide_plan *plan = arg;
	struct approval *approval = plan->approval;
	struct approval_facts facts = { .may_approve = plan->may };
	enum staff_state state;

	TRY(approval_get(job, db, plan->id, approval));
	facts.waiting = approval->state == APPROVAL_WAITING;
	facts.in_time = job->now < approval->expires_at;
	facts.same_person = same_actor(approval->asked_by, job->actor);
	TRY(word_holds(job, db, approval->asked_by, approval->asked_epoch, &facts.asker_holds));
	if (!policy_approve(&facts)) /* refusing takes no less */
		return !facts.may_approve  ? fail(job, ERR_DENIED, "this takes the scope approve")
		       : facts.same_person ? fail(job, ERR_DENIED, "nobody approves of what they asked for")
		                           : fail(job, ERR_CONFLICT, "it does not wait any longer");
	TRY(staff_word(job, db, job->actor.no, &state, &approval->decided_epoch));
	approval->state = plan->approve ? APPROVAL_APPROVED : APPROVAL_REFUSED;
	approval->decided_by = job->actor.no;
	approval->decided_at = job->now;
	TRY(db_run(job, db, SQL_APPROVAL_DECIDE,
	           ARGS(sql_i64(approval->state), sql_i64(approval->decided_by), sql_i64(approval->decided_epoch),
	                sql_i64(job->now), sql_i64(approval->no)),
	           NULL));
	TRY(two_from_now(job, db));
	return entry_of_approval(job, db, plan->approve ? ENTRY_APPROVAL_GIVE : ENTRY_APPROVAL_REFUSE, approval->id);
}

enum err
approval_decide(struct job *job, const struct access *access, bool may, uid id, bool approve, struct approval *ret)
{
	struct decide_plan plan = { may, approve, id, ret };

	if (job->actor.kind != ACTOR_STAFF) /* Y1 */
		return fail(job, ERR_DENIED, "this is for people who signed in");
	return store_write(job, access->store, WRITE_ORDINARY, decide_steps, &plan);
}

static enum err
cancel_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;
	struct approval approval;

	TRY(approval_get(job, db, *id, &approval));
	if (!same_actor(approval.asked_by, job->actor))
		return fail(job, ERR_DENIED, "somebody else asked for it");
	return db_run(job, db, SQL_APPROVAL_CANCEL, ARGS(sql_i64(job->now), sql_i64(approval.no)), NULL);
}

enum err
approval_cancel(struct job *job, const struct access *access, uid id)
{
	return store_write(job, access->store, WRITE_RESERVED, cancel_steps, &id);
}

/* --- using ------------------------------------------------------------------------------------ */

static enum err
approver_holds(struct job *job, struct db *db, const struct approval *approval, bool *ret)
{
	struct grants grants;

	TRY(word_holds(job, db, (struct actor){ .kind = ACTOR_STAFF, .no = approval->decided_by },
	               approval->decided_epoch, ret));
	if (!*ret)
		return OK;
	TRY(staff_grants(job, db, approval->decided_by, &grants));
	*ret = (policy_scopes(grants) & SCOPE_APPROVE) != 0;
	return OK;
}

enum err
approval_use_steps(struct job *job, struct db *db, uid id, const uint8_t operation[DIGEST_BYTES],
                   struct approval *ret)
{
	struct approved_facts facts = { 0 };

	TRY(approval_get(job, db, id, ret));
	facts.approved = ret->state == APPROVAL_APPROVED;
	facts.in_time = job->now < ret->expires_at;
	facts.same_operation = memcmp(ret->operation, operation, DIGEST_BYTES) == 0;
	facts.same_asker = same_actor(ret->asked_by, job->actor);
	TRY(word_holds(job, db, ret->asked_by, ret->asked_epoch, &facts.asker_holds));
	if (facts.approved)
		TRY(approver_holds(job, db, ret, &facts.approver_holds));
	if (!policy_approved(&facts))
		return fail(job, ERR_APPROVAL, "that approval is not for this, or not any longer");
	TRY(db_run(job, db, SQL_APPROVAL_USE, ARGS(sql_i64(ret->no)), NULL));
	ret->state = APPROVAL_USED;
	return entry_of_approval(job, db, ENTRY_APPROVAL_USE, id);
}

struct use_plan {
	uid id;
	const uint8_t *operation;
	struct approval *approval;
};

static enum err
use_steps(struct job *job, struct db *db, void *arg)
{
	const struct use_plan *plan = arg;

	return approval_use_steps(job, db, plan->id, plan->operation, plan->approval);
}

enum err
approval_use(struct job *job, const struct access *access, uid id, const uint8_t operation[DIGEST_BYTES],
             struct approval *ret)
{
	struct use_plan plan = { id, operation, ret };

	return store_write(job, access->store, WRITE_ORDINARY, use_steps, &plan);
}
