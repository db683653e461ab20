/* audit/index.c -- contract, picture and N1, N2: see index.h. */
#include "audit/index.h"

struct mark {
	int64_t main_seq, run_seq; /* entries up to here stand in entry_of, in the runs */
	int64_t run_first, run_last;
};

static enum err
mark_get(struct job *job, struct db *db, struct mark *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_ENTRY_MARK_GET, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_CORRUPT, "how far the index of entries has come is not known");
	*ret = (struct mark){ rows_i64(&rows, 0), rows_i64(&rows, 1), rows_i64(&rows, 2), rows_i64(&rows, 3) };
	return OK;
}

/* --- finding ---------------------------------------------------------------------------------- */

bool
entry_packs(bytes body, int64_t subject)
{
	bytes one;
	uint64_t no;

	while (eat_bytes(&body, ENTRY_DECISIONS_ITEM, &one))
		if (eat_le64(&one, &no) && (int64_t)no == subject)
			return true;
	return false;
}

struct found {
	int64_t *seq;
	size_t count, room;
};

static enum err
numbers_add(struct job *job, enum sql sql, const struct sql_arg *arg, size_t arg_count, struct found *found)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, sql, arg, arg_count, &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || found->count == found->room)
			return OK;
		found->seq[found->count++] = rows_i64(&rows, 0);
	}
}

static enum err
tail_add(struct job *job, int64_t subject, int64_t after, struct found *found)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_TAIL,
	             ARGS(sql_i64(after), sql_i64(subject), sql_i64(ENTRY_DECISIONS), sql_i64(ENTRY_BULK_PIECE)), &rows));
	while (found->count < found->room) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (!entry_is_packed(rows_i64(&rows, 1)) || entry_packs(rows_bytes(&rows, 2), subject))
			found->seq[found->count++] = rows_i64(&rows, 0);
	}
	return OK;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Entries up to here are gone (forget.h, O3), whatever an index still says. */
static enum err
gone_until(struct job *job, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_GONE_UNTIL, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* Oldest first: what is merged, then run by run, then the tail.  The marks decide which part counts
 * for which entries, so that what a filling has half written is not seen (N1). */
static enum err
find_in_view(struct job *job, int64_t subject, int64_t after, struct found *found)
{
	struct mark mark;
	int64_t gone;

	TRY(gone_until(job, &gone));
	after = later(after, gone);
	TRY(mark_get(job, job->db, &mark));
	if (after < mark.main_seq)
		TRY(numbers_add(job, SQL_ENTRY_OF_GET,
		                ARGS(sql_i64(subject), sql_i64(after), sql_i64(mark.main_seq),
		                     sql_i64((int64_t)found->room)),
		                found));
	for (int64_t run = mark.run_first; run <= mark.run_last && after < mark.run_seq; run++)
		if (found->count < found->room)
			TRY(numbers_add(job, SQL_ENTRY_RUN_GET,
			                ARGS(sql_i64(run), sql_i64(subject), sql_i64(later(after, mark.main_seq)),
			                     sql_i64(mark.run_seq), sql_i64((int64_t)found->room)),
			                found));
	return tail_add(job, subject, later(after, mark.run_seq), found);
}

enum err
entry_find(struct job *job, int64_t subject, int64_t after, int64_t *ret_seq, size_t room,
           size_t *ret_count)
{
	OWNED(db_view_end) struct db *view = NULL;
	struct found found = { .seq = ret_seq, .room = room };

	*ret_count = 0;
	if (subject <= 0) /* nobody; or those whom an erasure took out of the log, who are not one person */
		return OK;
	if (!db_viewing(job->db))
		TRY(db_view_begin(job, job->db, &view));
	TRY(find_in_view(job, subject, after, &found));
	*ret_count = found.count;
	return OK;
}

void
entry_row_read(struct job *job, const struct rows *rows, struct entry_row *ret)
{
	*ret = (struct entry_row){
		.seq = rows_i64(rows, 0),
		.at = rows_i64(rows, 1),
		.actor = { (enum actor_kind)rows_i64(rows, 2), rows_i64(rows, 3) },
		.act = (enum entry_act)rows_i64(rows, 4),
		.outcome = (enum err)rows_i64(rows, 5),
		.subject = rows_i64(rows, 6),
		.purpose = rows_i64(rows, 7),
		.body = arena_bytes(&job->arena, rows_bytes(rows, 8)),
	};
}

enum err
entry_get(struct job *job, int64_t seq, struct entry_row *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_GET, ARGS(sql_i64(seq)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no entry of that number");
	entry_row_read(job, &rows, ret);
	return OK;
}

/* --- filling ---------------------------------------------------------------------------------- */

struct pair {
	int64_t subject, seq;
};

struct pairs {
	struct pair *pair;
	size_t count, room;
};

static void
pairs_release(struct pairs *pairs)
{
	free(pairs->pair);
}

static void
pairs_add(struct pairs *pairs, int64_t subject, int64_t seq)
{
	if (pairs->count == pairs->room) {
		pairs->room = pairs->room ? pairs->room * 2 : 1024;
		pairs->pair = realloc(pairs->pair, pairs->room * sizeof(*pairs->pair));
		must(pairs->pair);
	}
	pairs->pair[pairs->count++] = (struct pair){ subject, seq };
}

static int
pair_order(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void
pairs_sort(struct pairs *pairs)
{
	if (pairs->count)
		qsort(pairs->pair, pairs->count, sizeof(*pairs->pair), pair_order);
}

/* N2 */
static void
pairs_of_entry(struct pairs *pairs, const struct rows *rows)
{
	bytes body = rows_bytes(rows, 3), one;
	int64_t seq = rows_i64(rows, 0);
	uint64_t subject;

	if (rows_i64(rows, 2) > 0)
		pairs_add(pairs, rows_i64(rows, 2), seq);
	if (!entry_is_packed(rows_i64(rows, 1)))
		return;
	while (eat_bytes(&body, ENTRY_DECISIONS_ITEM, &one))
		if (eat_le64(&one, &subject) && (int64_t)subject > 0)
			pairs_add(pairs, (int64_t)subject, seq);
}

/* The oldest of the tail, as many whole entries as make a run.  Entries about nobody make none, but
 * to read past them again and again costs too, so many of them count as one run also. */
static enum err
tail_read(struct job *job, size_t max, int64_t *at, struct pairs *pairs, bool *ret_full)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t entries = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_ABOUT, ARGS(sql_i64(*at), sql_i64((int64_t)max)), &rows));
	while (pairs->count < max) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		*at = rows_i64(&rows, 0);
		pairs_of_entry(pairs, &rows);
		entries++;
	}
	*ret_full = entries == max || pairs->count >= max;
	return OK;
}

struct put_plan {
	int64_t run; /* 0: into entry_of */
	const struct pair *pair;
	size_t count;
};

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	const struct put_plan *plan = arg;

	for (size_t i = 0; i < plan->count; i++) {
		struct pair pair = plan->pair[i];
		if (plan->run)
			TRY(db_run(job, db, SQL_ENTRY_RUN_PUT,
			           ARGS(sql_i64(plan->run), sql_i64(pair.subject), sql_i64(pair.seq)), NULL));
		else
			TRY(db_run(job, db, SQL_ENTRY_OF_PUT, ARGS(sql_i64(pair.subject), sql_i64(pair.seq)), NULL));
	}
	return OK;
}

static enum err
pairs_put(struct job *job, struct store *store, size_t at_once, int64_t run, const struct pairs *pairs)
{
	for (size_t at = 0; at < pairs->count; at += at_once) {
		size_t left = pairs->count - at;
		struct put_plan plan = { run, pairs->pair + at, left < at_once ? left : at_once };
		TRY(store_write(job, store, WRITE_ORDINARY, put_steps, &plan));
	}
	return OK;
}

static enum err
mark_steps(struct job *job, struct db *db, void *arg)
{
	const struct mark *mark = arg;

	return db_run(job, db, SQL_ENTRY_MARK_PUT,
	              ARGS(sql_i64(mark->main_seq), sql_i64(mark->run_seq), sql_i64(mark->run_first),
	                   sql_i64(mark->run_last)),
	              NULL);
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	return db_run(job, db, SQL_ENTRY_RUN_DROP, ARGS(sql_i64(*(const int64_t *)arg)), NULL);
}

static enum err
run_read(struct job *job, int64_t run, struct pairs *pairs)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_RUN_ALL, ARGS(sql_i64(run)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		pairs_add(pairs, rows_i64(&rows, 0), rows_i64(&rows, 1));
	}
}

/* The mark moves when all is in entry_of; then the runs are nobody's, and go.  Cut short before the
 * mark, the merge is done again; after it, the runs that are left are dropped by the next one. */
static enum err
runs_merge(struct job *job, struct store *store, const struct entry_index *index, struct mark mark)
{
	OWNED(pairs_release) struct pairs pairs = { 0 };
	int64_t first = mark.run_first;

	for (int64_t run = mark.run_first; run <= mark.run_last; run++)
		TRY(run_read(job, run, &pairs));
	pairs_sort(&pairs);
	TRY(pairs_put(job, store, index->put_pairs, 0, &pairs));
	mark.main_seq = mark.run_seq;
	mark.run_first = mark.run_last + 1;
	TRY(store_write(job, store, WRITE_ONE, mark_steps, &mark));
	for (int64_t run = first; run < mark.run_first; run++)
		TRY(store_write(job, store, WRITE_ONE, drop_steps, &run));
	return OK;
}

/* What is left of a merge that was cut short after its mark: the numbers right below. */
static enum err
leftovers_drop(struct job *job, struct store *store, const struct mark *mark)
{
	for (int64_t run = mark->run_first - 1; run > 0; run--) {
		OWNED(rows_end) struct rows rows = { 0 };
		bool there;
		TRY(db_query(job, job->db, SQL_ENTRY_RUN_ALL, ARGS(sql_i64(run)), &rows));
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		rows_end(&rows);
		TRY(store_write(job, store, WRITE_ONE, drop_steps, &run));
	}
	return OK;
}

enum err
entry_index_step(struct job *job, struct store *store, const struct entry_index *index,
                 bool *ret_more)
{
	OWNED(pairs_release) struct pairs pairs = { 0 };
	struct mark mark;
	int64_t at;

	*ret_more = false;
	TRY(mark_get(job, job->db, &mark));
	if ((size_t)(mark.run_last - mark.run_first + 1) >= index->runs) {
		*ret_more = true; /* the tail has not been looked at */
		return runs_merge(job, store, index, mark);
	}
	at = mark.run_seq;
	TRY(tail_read(job, index->run_pairs, &at, &pairs, ret_more));
	if (!*ret_more)
		return leftovers_drop(job, store, &mark);
	pairs_sort(&pairs);
	TRY(pairs_put(job, store, index->put_pairs, mark.run_last + 1, &pairs));
	mark.run_seq = at;
	mark.run_last++;
	return store_write(job, store, WRITE_ONE, mark_steps, &mark);
}
