/* vault/forget_requests.c -- contract: forget_requests.h. */
#include "vault/forget_requests.h"

#include "audit/entry.h"
#include "base/limits.h"
#include "vault/vault.h"

#define OF_ONE_PERSON 1000 /* requests looked at at a time */

static enum err
row_forget(struct job *job, struct db *db, int64_t no, int64_t *ret_version)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_REQUEST_FORGET,
	             ARGS(sql_i64((int64_t)REQUEST_ROW_DAYS * TIME_DAY), sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	must(there);
	*ret_version = rows_i64(&rows, 0);
	return OK;
}

static enum err
forgotten_add(struct job *job, struct db *db, int64_t no, int64_t seq, int64_t entry)
{
	return db_run(job, db, SQL_REQUEST_EVENT_ADD,
	              ARGS(sql_i64(0), sql_i64(no), sql_i64(seq), sql_i64(job->now), sql_i64(job->now),
	                   sql_i64(job->actor.kind), sql_i64(job->actor.no),
	                   sql_i64(REQUEST_EVENT_FORGOTTEN), sql_i64(0), sql_i64(entry), sql_null()),
	              NULL);
}

/* Nothing that was written, no key, and nobody's.  The row and its events stay, for accountability. */
enum err
request_forget(struct job *job, struct db *db, int64_t subject, int64_t no, uid id)
{
	OWNED(buf_release) struct buf body = { .max = 32 };
	int64_t seq, entry;

	TRY(row_forget(job, db, no, &seq));
	TRY(db_run(job, db, SQL_REQUEST_EVENT_SILENCE, ARGS(sql_i64(subject), sql_i64(no)), NULL));
	if (subject)
		TRY(db_run(job, db, SQL_REQUEST_EVENT_MOVE,
		           ARGS(sql_i64(0), sql_i64(subject), sql_i64(no)), NULL));
	buf_data(&body, uid_bytes(&id)); /* as request_entry_body() has it */
	buf_u8(&body, REQUEST_EVENT_FORGOTTEN);
	buf_u8(&body, 0);
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = ENTRY_REQUEST_CHANGE, .purpose = PURPOSE_RIGHTS,
	                                  .body = buf_bytes(&body) },
	                 &entry));
	TRY(forgotten_add(job, db, no, seq, entry));
	return db_keys_trim(job, db, -no, seq, 0, (bytes){ 0 });
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

enum err
request_forget_steps(struct job *job, struct db *db, int64_t subject, uint64_t *ret_count)
{
	struct one *one = arena_array(&job->arena, OF_ONE_PERSON, sizeof(*one));
	uint64_t total = 0;
	size_t count;

	must(subject > 0);
	do { /* each that is forgotten is no longer among the person's */
		TRY(list_read(job, db, SQL_REQUEST_OF_SUBJECT,
		              ARGS(sql_i64(subject), sql_i64(0), sql_i64(OF_ONE_PERSON)), one, OF_ONE_PERSON,
		              &count));
		for (size_t i = 0; i < count; i++)
			TRY(request_forget(job, db, subject, one[i].no, one[i].id));
		total += count;
	} while (count == OF_ONE_PERSON);
	*ret_count = total;
	return OK;
}

enum err
request_holds(struct job *job, struct db *db, int64_t subject, int64_t **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t *seq = arena_array(&job->arena, LIMIT_GROUNDS, sizeof(*seq));
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_REQUEST_HOLDS, ARGS(sql_i64(subject), sql_i64(LIMIT_GROUNDS)), &rows));
	for (;; count++) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_GROUNDS)
			break;
		seq[count] = rows_i64(&rows, 0);
	}
	*ret = seq;
	*ret_count = count;
	return OK;
}
