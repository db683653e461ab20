/* audit/entry.c -- contract: entry.h. */
#include "audit/entry.h"

static const str names[ENTRY_COUNT] = {
	[ENTRY_NONE] = { "none", 4 },
#define X(name, text) [name] = { text, sizeof(text) - 1 },
	ENTRY_TABLE(X)
#undef X
};

str
entry_name(enum entry_act act)
{
	return act > ENTRY_NONE && act < ENTRY_COUNT ? names[act] : names[ENTRY_NONE];
}

enum err
entry_append(struct job *job, struct db *db, const struct entry *entry, int64_t *ret_seq)
{
	int64_t seq = db_next_entry(db);

	TRY(db_run(job, db, SQL_ENTRY_PUT,
	           ARGS(sql_i64(seq), sql_i64(job->now), sql_i64(job->actor.kind),
	                sql_i64(job->actor.no), sql_i64(entry->act), sql_i64(entry->outcome),
	                entry->subject ? sql_i64(entry->subject) : sql_null(),
	                entry->purpose ? sql_i64(entry->purpose) : sql_null(),
	                sql_bytes_or_null(entry->body)),
	           NULL));
	if (ret_seq)
		*ret_seq = seq;
	return OK;
}

struct entry_plan {
	const struct entry *entry;
	int64_t seq;
};

static enum err
entry_steps(struct job *job, struct db *db, void *arg)
{
	struct entry_plan *plan = arg;

	return entry_append(job, db, plan->entry, &plan->seq);
}

/* A vault starts and stops on a full disk, too. */
static bool
comes_first(enum entry_act act)
{
	return act == ENTRY_START || act == ENTRY_STOP;
}

enum err
entry_write(struct job *job, struct store *store, const struct entry *entry, int64_t *ret_seq)
{
	struct entry_plan plan = { .entry = entry };

	TRY(store_write(job, store, WRITE_ONE | (comes_first(entry->act) ? WRITE_RESERVED : 0), entry_steps, &plan));
	if (ret_seq)
		*ret_seq = plan.seq;
	return OK;
}

enum err
entry_last(struct job *job, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_LAST, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}
