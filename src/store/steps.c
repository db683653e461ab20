/* store/steps.c -- what steps may do besides running statements: keys, topics.  Contract: store.h.
 *
 * They are given a db and nothing else; the writer's own state hangs on it. */
#include "store/store_parts.h"

enum err
db_keys_check(struct job *job, struct db *db, uint32_t epoch)
{
	struct writer *writer = db_writer(db);

	must(writer);
	if (epoch < writer->epoch_min)
		return fail(job, ERR_STALE, "the keys were rotated meanwhile");
	return OK;
}

enum err
db_keys_begin(struct job *job, struct db *db)
{
	struct writer *writer = db_writer(db);

	must(writer);
	if (writer->keys != KEYS_UNTOUCHED)
		return OK;
	if (db_in_transaction(db, SIDE_KEYS)) {
		TRY(db_savepoint(job, db, SIDE_KEYS));
		writer->keys = KEYS_SAVED;
	} else {
		TRY(db_begin(job, db, SIDE_KEYS));
		writer->keys = KEYS_BEGUN;
	}
	return OK;
}

enum err
db_keys_put(struct job *job, struct db *db, int64_t subject, uint32_t epoch, bytes wrapped)
{
	TRY(db_keys_check(job, db, epoch));
	TRY(db_keys_begin(job, db));
	return db_run(job, db, SQL_KEYS_SUBJECT_PUT,
	              ARGS(sql_i64(subject), sql_i64(epoch), sql_bytes(wrapped)), NULL);
}

enum err
db_keys_trim(struct job *job, struct db *db, int64_t subject, int64_t version, uint32_t epoch,
             bytes wrapped)
{
	struct writer *writer = db_writer(db);
	struct trim *trim = arena_alloc(&job->arena, sizeof(*trim));

	must(writer);
	if (wrapped.len)
		TRY(db_keys_check(job, db, epoch));
	TRY(db_run(job, db, SQL_KEY_TRIM_PUT, ARGS(sql_i64(subject), sql_i64(version)), NULL));
	*trim = (struct trim){
		.subject = subject,
		.version = version,
		.epoch = epoch,
		.wrapped = arena_bytes(&job->arena, wrapped),
		.write = writer->current,
	};
	*writer->trim_last = trim;
	writer->trim_last = &trim->next;
	return OK;
}

void
db_touch(struct db *db, enum topic topic)
{
	struct writer *writer = db_writer(db);

	must(writer);
	writer->touched[topic] = true;
}

void
db_refuse_epochs_below(struct db *db, uint32_t epoch)
{
	struct writer *writer = db_writer(db);

	must(writer);
	writer->epoch_min = epoch;
}

bool
db_trims_pending(struct db *db)
{
	struct writer *writer = db_writer(db);

	return writer->trim_first != NULL;
}
