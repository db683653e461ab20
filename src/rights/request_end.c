/* rights/request_end.c -- what was done by other use cases, and what time does to closed requests. */
#include "rights/request_parts.h"

#include "base/limits.h"

/* --- done by another use case ----------------------------------------------------------------- */

enum err
request_meant(struct job *job, uid id, int64_t subject, enum right right, struct request_row *ret)
{
	struct request_row row;
	enum err err = request_get(job, id, &row);

	if (err == ERR_ABSENT) {
		job_forgive(job);
		return fail_at(job, ERR_INVALID, S("/request"), "there is no such request");
	}
	TRY(err);
	if (row.subject != subject)
		return fail_at(job, ERR_INVALID, S("/request"), "is somebody else's");
	if (row.right != right)
		return fail_at(job, ERR_INVALID, S("/request"), "asked for something else");
	if (request_closed(&row))
		return fail_at(job, ERR_INVALID, S("/request"), "is closed");
	if (row.version >= LIMIT_REQUEST_EVENTS - LIMIT_REQUEST_RESERVED)
		return fail_at(job, ERR_INVALID, S("/request"), "has too many steps: close it");
	*ret = row;
	return OK;
}

static enum err
event_add(struct job *job, struct db *db, int64_t subject, int64_t no, int64_t seq,
          enum request_event event, int64_t entry)
{
	return db_run(job, db, SQL_REQUEST_EVENT_ADD,
	              ARGS(sql_i64(subject), sql_i64(no), sql_i64(seq), sql_i64(job->now),
	                   sql_i64(job->now), sql_i64(job->actor.kind), sql_i64(job->actor.no),
	                   sql_i64(event), sql_i64(0), sql_i64(entry), sql_null()),
	              NULL);
}

enum err
request_done_steps(struct job *job, struct db *db, const struct request_row *request, int64_t entry)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	/* Whose it is is read here: an erasure may just have made it nobody's. */
	TRY(db_query(job, db, SQL_REQUEST_STEP, ARGS(sql_i64(entry), sql_i64(request->no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail_at(job, ERR_INVALID, S("/request"), "is closed");
	return event_add(job, db, rows_i64(&rows, 0), request->no, rows_i64(&rows, 1), EVENT_DONE, entry);
}

struct one {
	int64_t no;
	uid id;
};

static enum err
list_read(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count,
          struct one *one, size_t max, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, sql, arg, arg_count, &rows));
	for (;; count++) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		one[count].no = rows_i64(&rows, 0);
		if (!uid_from_bytes(rows_bytes(&rows, 1), &one[count].id))
			return fail(job, ERR_CORRUPT, "a stored request cannot be read");
	}
	*ret_count = count;
	return OK;
}

/* --- the sweep -------------------------------------------------------------------------------- */

static enum err
row_drop(struct job *job, struct db *db, const struct request_row *row)
{
	TRY(db_run(job, db, SQL_REQUEST_EVENT_DROP, ARGS(sql_i64(row->subject), sql_i64(row->no)), NULL));
	return db_run(job, db, SQL_REQUEST_DROP, ARGS(sql_i64(row->no)), NULL);
}

/* Read on the writer's thread: nobody comes between. */
static enum err
sweep_steps(struct job *job, struct db *db, void *arg)
{
	const struct one *one = arg;
	struct db *reader = job->db;
	struct request_row row;
	enum err err;

	job->db = db;
	err = request_get(job, one->id, &row);
	job->db = reader;
	if (err == ERR_ABSENT) {
		job_forgive(job);
		return OK;
	}
	TRY(err);
	if (row.forget_at > job->now)
		return OK;
	return row.sealed ? request_forget(job, db, row.subject, row.no, row.id) : row_drop(job, db, &row);
}

enum err
requests_sweep(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	struct one *one = arena_array(&job->arena, max, sizeof(*one));
	size_t count = 0;

	TRY(list_read(job, job->db, SQL_REQUEST_FORGETTABLE,
	              ARGS(sql_i64(job->now), sql_i64((int64_t)max)), one, max, &count));
	for (size_t i = 0; i < count; i++)
		TRY(store_write(job, vault->store, WRITE_RESERVED, sweep_steps, &one[i]));
	*ret_count = count;
	return OK;
}
