/* access/alert.c -- contract: alert.h. */
#include "access/alert.h"

#include "audit/entry.h"

enum err
alert_raise(struct job *job, struct db *db, enum alert_kind kind, int64_t staff, int64_t entry)
{
	return db_run(job, db, SQL_ALERT_PUT, ARGS(sql_i64(job->now), sql_i64(kind), sql_i64(staff), sql_i64(entry)), NULL);
}

static void
alert_row(const struct rows *rows, struct alert *ret)
{
	*ret = (struct alert){
		.no = rows_i64(rows, 0),
		.at = rows_time(rows, 1),
		.kind = (enum alert_kind)rows_i64(rows, 2),
		.staff = rows_i64(rows, 3),
		.entry = rows_i64(rows, 4),
		.seen_by = rows_i64(rows, 5),
		.seen_at = rows_time(rows, 6),
	};
}

enum err
alert_list(struct job *job, int64_t before, size_t max, bool unseen, struct alert **ret, size_t *ret_count)
{
	struct alert *alert = arena_array(&job->arena, max + 1, sizeof(*alert));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, unseen ? SQL_ALERT_UNSEEN : SQL_ALERT_BEFORE,
	             ARGS(sql_i64(before ? before : INT64_MAX), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		alert_row(&rows, &alert[count++]);
	}
	*ret = alert;
	*ret_count = count;
	return OK;
}

static enum err
about(struct job *job, struct db *db, int64_t no, int64_t *ret_staff)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_ALERT_STAFF, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no alert has that number");
	*ret_staff = rows_i64(&rows, 0);
	return OK;
}

static enum err
seen_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 8 };
	const int64_t *no = arg;
	int64_t staff, changed;

	TRY(about(job, db, *no, &staff));
	if (job->actor.kind == ACTOR_STAFF && job->actor.no == staff)
		return fail(job, ERR_DENIED, "it is about who says so");
	TRY(db_run(job, db, SQL_ALERT_SEEN,
	           ARGS(sql_i64(job->now), sql_i64(job->actor.kind == ACTOR_STAFF ? job->actor.no : 0), sql_i64(*no)),
	           &changed));
	if (!changed)
		return OK;
	buf_le64(&body, (uint64_t)*no);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_ALERT_SEEN, .body = buf_bytes(&body) }, NULL);
}

enum err
alert_seen(struct job *job, struct store *store, int64_t no)
{
	return store_write(job, store, WRITE_ORDINARY, seen_steps, &no);
}
