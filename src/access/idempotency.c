/* access/idempotency.c -- contract and invariants E1-E3: idempotency.h. */
#include "access/idempotency.h"

static bool
same(const struct idempotency *a, const struct idempotency *b)
{
	return a->actor.kind == b->actor.kind && a->actor.no == b->actor.no &&
	       str_eq((str){ (const char *)a->digest, DIGEST_BYTES },
	              (str){ (const char *)b->digest, DIGEST_BYTES });
}

enum err
idempotency_enter(struct job *job, struct idempotency_set *set, struct idempotency *idempotency)
{
	const struct idempotency *other;

	idempotency->actor = job->actor;
	pthread_mutex_lock(&set->mutex);
	other = set->first;
	while (other && !same(other, idempotency))
		other = other->next;
	if (!other) {
		idempotency->next = set->first;
		set->first = idempotency;
	}
	pthread_mutex_unlock(&set->mutex);
	if (other)
		return fail(job, ERR_IDEMPOTENCY_BUSY,
		            "ask again when the first call has been answered");
	return OK;
}

void
idempotency_leave(struct idempotency_set *set, struct idempotency *idempotency)
{
	pthread_mutex_lock(&set->mutex);
	for (struct idempotency **at = &set->first; *at; at = &(*at)->next) {
		if (*at == idempotency) {
			*at = idempotency->next;
			break;
		}
	}
	pthread_mutex_unlock(&set->mutex);
}

enum err
idempotency_find(struct job *job, const struct idempotency *idempotency, bool *ret_found,
                 int *ret_status, uid *ret_object, bool *ret_has_object)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes fingerprint = { idempotency->fingerprint, DIGEST_BYTES };

	TRY(db_query(job, job->db, SQL_IDEMPOTENCY_GET,
	             ARGS(sql_i64(idempotency->actor.kind), sql_i64(idempotency->actor.no),
	                  sql_bytes((bytes){ idempotency->digest, DIGEST_BYTES }),
	                  sql_i64(job->now - IDEMPOTENCY_KEPT)),
	             &rows));
	TRY(rows_next(job, &rows, ret_found));
	if (!*ret_found)
		return OK;
	if (!str_eq(bytes_str(rows_bytes(&rows, 0)), bytes_str(fingerprint)))
		return fail(job, ERR_IDEMPOTENCY_REUSE, "use a new key for another request");
	*ret_status = (int)rows_i64(&rows, 1);
	*ret_has_object = uid_from_bytes(rows_bytes(&rows, 2), ret_object);
	return OK;
}

enum err
idempotency_put(struct job *job, struct db *db, void *arg)
{
	struct idempotency *idempotency = arg;
	bytes object = idempotency->object ? uid_bytes(idempotency->object) : (bytes){ 0 };
	int64_t added;

	TRY(db_run(job, db, SQL_IDEMPOTENCY_DROP_BEFORE, ARGS(sql_i64(job->now - IDEMPOTENCY_KEPT)),
	           NULL));
	TRY(db_run(job, db, SQL_IDEMPOTENCY_PUT,
	           ARGS(sql_i64(idempotency->actor.kind), sql_i64(idempotency->actor.no),
	                sql_bytes((bytes){ idempotency->digest, DIGEST_BYTES }),
	                sql_bytes((bytes){ idempotency->fingerprint, DIGEST_BYTES }),
	                sql_i64(idempotency->status), sql_bytes_or_null(object), sql_i64(job->now)),
	           &added));
	if (added != 1)
		return fail(job, ERR_IDEMPOTENCY_BUSY,
		            "ask again when the first call has been answered");
	idempotency->kept = true;
	return OK;
}

enum err
idempotency_keep(struct job *job, struct store *store, struct idempotency *idempotency)
{
	return store_write(job, store, WRITE_ORDINARY, idempotency_put, idempotency);
}

struct forget_plan {
	size_t max;
	int64_t count;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_IDEMPOTENCY_FORGET,
	              ARGS(sql_i64(job->now - IDEMPOTENCY_KEPT), sql_i64((int64_t)plan->max)), &plan->count);
}

enum err
idempotency_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count)
{
	struct forget_plan plan = { .max = max };

	TRY(store_write(job, store, WRITE_ONE, forget_steps, &plan));
	*ret_count = (uint64_t)plan.count;
	return OK;
}
