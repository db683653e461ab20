/* access/glass.c -- contract and Q1-Q4: glass.h. */
#include "access/glass.h"

#include "access/alert.h"
#include "access/role.h"
#include "base/limits.h"
#include "crypto/seal.h"
#include "os/random.h"

/* --- what it gives ---------------------------------------------------------------------------- */

static const struct grant in_clear = { .scopes = SCOPE_READ | SCOPE_SEARCH | SCOPE_LEDGER, .all_purposes = true,
	                               .view = VIEW_CLEAR, .view_sensitive = VIEW_CLEAR };

enum err
glass_add(struct job *job, struct db *db, int64_t staff, int64_t epoch, struct grants *grants, int64_t *ret_glass)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct grant *more;
	bool there;

	*ret_glass = 0;
	TRY(db_query(job, db, SQL_GLASS_OPEN, ARGS(sql_i64(staff), sql_i64(epoch), sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	*ret_glass = rows_i64(&rows, 0);
	more = arena_array(&job->arena, grants->count + 1, sizeof(*more));
	if (grants->count)
		memcpy(more, grants->grant, grants->count * sizeof(*more));
	more[grants->count] = in_clear;
	*grants = (struct grants){ more, grants->count + 1 };
	return OK;
}

/* --- the sealed reason ------------------------------------------------------------------------ */

static void
put_associated(struct buf *out, uid id)
{
	buf_put(out, S("valv break-glass 1"));
	buf_data(out, uid_bytes(&id));
}

static void
reason_seal(const struct access *access, const struct glass *glass, struct buf *out)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };

	put_associated(&associated, glass->id);
	seal(access->seal_key, buf_bytes(&associated), str_bytes(glass->reason), out);
	must(buf_ok(out));
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum err
glass_row(struct job *job, const struct access *access, const struct rows *rows, struct glass *ret)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	bytes reason;

	*ret = (struct glass){
		.no = rows_i64(rows, 0),
		.staff = rows_i64(rows, 2),
		.epoch = rows_i64(rows, 3),
		.from_at = rows_time(rows, 4),
		.until_at = rows_time(rows, 5),
		.verdict = (enum glass_verdict)rows_i64(rows, 7),
		.reviewed_by = rows_i64(rows, 8),
		.reviewed_at = rows_time(rows, 9),
	};
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	put_associated(&associated, ret->id);
	TRY(seal_open(job, access->seal_key, buf_bytes(&associated), rows_bytes(rows, 6), &reason));
	ret->reason = bytes_str(reason);
	return OK;
}

static enum err
glass_of_id(struct job *job, const struct access *access, struct db *db, uid id, struct glass *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_GLASS_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no exception has that id");
	return glass_row(job, access, &rows, ret);
}

enum err
glass_list(struct job *job, const struct access *access, int64_t before, size_t max, struct glass **ret,
           size_t *ret_count)
{
	struct glass *glass = arena_array(&job->arena, max + 1, sizeof(*glass));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_GLASS_BEFORE, ARGS(sql_i64(before ? before : INT64_MAX), sql_i64((int64_t)max)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		TRY(glass_row(job, access, &rows, &glass[count++]));
	}
	*ret = glass;
	*ret_count = count;
	return OK;
}

static enum err
entry_of_glass(struct job *job, struct db *db, enum entry_act act, uid id, int64_t *ret_seq)
{
	return entry_append(job, db, &(struct entry){ .act = act, .body = uid_bytes(&id) }, ret_seq);
}

/* --- breaking --------------------------------------------------------------------------------- */

struct break_plan {
	const struct access *access;
	bool may;
	struct glass *glass;
};

static enum err
earlier(struct job *job, struct db *db, int64_t staff, struct glass_facts *facts)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_GLASS_EARLIER, ARGS(sql_i64(job->now), sql_i64(staff)), &rows));
	TRY(rows_next(job, &rows, &there));
	facts->one_open = there && rows_i64(&rows, 0) > 0;
	facts->one_unreviewed = there && rows_i64(&rows, 1) > 0;
	return OK;
}

/* Q1: where more people have the scope than may, none of them has an exception. */
static enum err
few_people(struct job *job, struct db *db)
{
	int64_t count;

	TRY(staff_with_scope(job, db, SCOPE_GLASS, 0, &count));
	if (count > LIMIT_GLASS_STAFF)
		return fail(job, ERR_LIMIT, "limit_glass_staff: more people may break the glass than should");
	return OK;
}

static enum err
break_refused(struct job *job, const struct glass_facts *facts)
{
	if (!facts->may || !facts->reason_given)
		return fail(job, ERR_DENIED, "this takes the scope break-glass and a reason");
	if (facts->one_open)
		return fail(job, ERR_CONFLICT, "an exception is open already");
	return fail(job, ERR_CONFLICT, "the last one waits for its review");
}

static enum err
break_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf sealed = { .max = GLASS_REASON_BYTES_MAX + SEAL_OVERHEAD };
	const struct break_plan *plan = arg;
	struct glass *glass = plan->glass;
	struct glass_facts facts = { .may = plan->may, .reason_given = glass->reason.len >= GLASS_REASON_BYTES_MIN };
	enum staff_state state;
	int64_t seq;

	TRY(earlier(job, db, glass->staff, &facts));
	if (!policy_break_glass(&facts))
		return break_refused(job, &facts);
	TRY(few_people(job, db));
	TRY(staff_word(job, db, glass->staff, &state, &glass->epoch));
	reason_seal(plan->access, glass, &sealed);
	TRY(db_run(job, db, SQL_GLASS_PUT,
	           ARGS(sql_bytes(uid_bytes(&glass->id)), sql_i64(glass->staff), sql_i64(glass->epoch),
	                sql_i64(glass->from_at), sql_i64(glass->until_at), sql_bytes(buf_bytes(&sealed))),
	           NULL));
	TRY(entry_of_glass(job, db, ENTRY_GLASS_BREAK, glass->id, &seq));
	return alert_raise(job, db, ALERT_GLASS, glass->staff, seq);
}

enum err
glass_break(struct job *job, const struct access *access, bool may, str reason, int64_t minutes, struct glass *ret)
{
	struct break_plan plan = { access, may, ret };

	if (job->actor.kind != ACTOR_STAFF)
		return fail(job, ERR_DENIED, "this is for people who signed in");
	*ret = (struct glass){
		.id = os_uid(),
		.staff = job->actor.no,
		.from_at = job->now,
		.until_at = job->now + minutes * 60 * TIME_SECOND,
		.reason = reason,
		.reviewed_at = TIME_NEVER,
	};
	return store_write(job, access->store, WRITE_ORDINARY, break_steps, &plan);
}

/* --- ending and reviewing --------------------------------------------------------------------- */

struct id_plan {
	const struct access *access;
	bool may;
	uid id;
	enum glass_verdict verdict;
	struct glass *glass;
};

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	const struct id_plan *plan = arg;
	struct glass glass;

	TRY(glass_of_id(job, plan->access, db, plan->id, &glass));
	if (job->actor.kind != ACTOR_STAFF || glass.staff != job->actor.no)
		return fail(job, ERR_DENIED, "it is somebody else's");
	db_touch(db, TOPIC_PRINCIPALS);
	return db_run(job, db, SQL_GLASS_END, ARGS(sql_i64(job->now), sql_bytes(uid_bytes(&plan->id))), NULL);
}

enum err
glass_end(struct job *job, const struct access *access, uid id)
{
	return store_write(job, access->store, WRITE_RESERVED, end_steps,
	                   &(struct id_plan){ .access = access, .id = id });
}

static enum err
review_refused(struct job *job, const struct review_facts *facts)
{
	if (!facts->may || facts->own)
		return fail(job, ERR_DENIED, "nobody reviews their own exception");
	if (facts->reviewed)
		return fail(job, ERR_CONFLICT, "it was reviewed already");
	return fail(job, ERR_CONFLICT, "it is still open");
}

static enum err
review_steps(struct job *job, struct db *db, void *arg)
{
	const struct id_plan *plan = arg;
	struct glass *glass = plan->glass;
	struct review_facts facts = { .may = plan->may };

	TRY(glass_of_id(job, plan->access, db, plan->id, glass));
	facts.own = job->actor.kind == ACTOR_STAFF && glass->staff == job->actor.no;
	facts.over = glass->until_at <= job->now;
	facts.reviewed = glass->verdict != GLASS_UNREVIEWED;
	if (!policy_review(&facts))
		return review_refused(job, &facts);
	glass->verdict = plan->verdict;
	glass->reviewed_by = job->actor.kind == ACTOR_STAFF ? job->actor.no : 0;
	glass->reviewed_at = job->now;
	TRY(db_run(job, db, SQL_GLASS_REVIEW,
	           ARGS(sql_i64(glass->verdict), sql_i64(glass->reviewed_by), sql_i64(job->now),
	                sql_bytes(uid_bytes(&plan->id))),
	           NULL));
	return entry_of_glass(job, db, ENTRY_GLASS_REVIEW, plan->id, NULL);
}

enum err
glass_review(struct job *job, const struct access *access, bool may, uid id, enum glass_verdict verdict,
             struct glass *ret)
{
	struct id_plan plan = { access, may, id, verdict, ret };

	return store_write(job, access->store, WRITE_ORDINARY, review_steps, &plan);
}
