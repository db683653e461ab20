/* access/access.c -- contract: access.h. */
#include "access/access.h"

enum err
access_open(struct job *job, struct store *store, struct keys *keys, struct access *ret)
{
	*ret = (struct access){ .store = store, .keys = keys };
	TRY(keys_named(job, keys, store, S("staff"), &ret->seal_key));
	return keys_named(job, keys, store, S("staff-index"), &ret->index_key);
}

enum err
access_setting(struct job *job, struct db *db, str name, int64_t otherwise, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = otherwise;
	TRY(db_query(job, db, SQL_SETTING_GET, ARGS(sql_text(name)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && !str_i64(rows_text(&rows, 0), ret))
		return fail(job, ERR_CORRUPT, "a setting that is a number cannot be read");
	return OK;
}

enum err
access_restored_steps(struct job *job, struct db *db)
{
	TRY(db_run(job, db, SQL_RESTORED_SESSION, NO_ARGS, NULL));
	TRY(db_run(job, db, SQL_RESTORED_APPROVAL, ARGS(sql_i64(job->now)), NULL));
	TRY(db_run(job, db, SQL_RESTORED_BULK, ARGS(sql_i64(job->now)), NULL));
	TRY(db_run(job, db, SQL_RESTORED_BREAK_GLASS, ARGS(sql_i64(job->now)), NULL));
	db_touch(db, TOPIC_PRINCIPALS);
	return OK;
}
