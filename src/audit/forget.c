/* audit/forget.c -- contract and O1-O3: forget.h. */
#include "audit/forget.h"

#include "audit/index.h"
#include "audit/tree.h"

#define PAGE 500
#define UNLINKED_ITEM UINT64_MAX /* SUBJECT_UNLINKED, as it stands in a packed item */

/* --- whom it was about ------------------------------------------------------------------------ */

enum err
entry_unlink_steps(struct job *job, struct db *db, int64_t subject)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t last;
	bool there;

	TRY(db_query(job, db, SQL_ENTRY_LAST, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	last = there ? rows_i64(&rows, 0) : 0;
	rows_end(&rows);
	return db_run(job, db, SQL_ENTRY_UNLINK_PUT, ARGS(sql_i64(subject), sql_i64(last + 1)), NULL);
}

struct unlink {
	int64_t subject, below;
	int64_t seq[PAGE];
	size_t count;
	int64_t run_first, run_last;
};

static bytes
body_without(struct job *job, bytes body, int64_t subject)
{
	OWNED(buf_release) struct buf out = { .max = body.len + 1 };
	bytes item;
	uint64_t no;

	while (eat_bytes(&body, ENTRY_DECISIONS_ITEM, &item)) {
		must(eat_le64(&item, &no));
		buf_le64(&out, (int64_t)no == subject ? UNLINKED_ITEM : no);
		buf_data(&out, item);
	}
	buf_data(&out, body); /* what stands behind the items */
	must(buf_ok(&out));
	return arena_bytes(&job->arena, buf_bytes(&out));
}

/* Read here: what another erasure took out of the same entry is gone for good. */
static enum err
unlink_one(struct job *job, struct db *db, int64_t subject, int64_t seq)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct entry_row row;
	bool there;

	TRY(db_query(job, db, SQL_ENTRY_GET, ARGS(sql_i64(seq)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	entry_row_read(job, &rows, &row);
	rows_end(&rows);
	if (row.subject == subject)
		TRY(db_run(job, db, SQL_ENTRY_NOBODY, ARGS(sql_i64(seq)), NULL));
	if (!entry_is_packed(row.act))
		return OK;
	return db_run(job, db, SQL_ENTRY_BODY_PUT, ARGS(sql_bytes(body_without(job, row.body, subject)), sql_i64(seq)), NULL);
}

static enum err
page_steps(struct job *job, struct db *db, void *arg)
{
	const struct unlink *unlink = arg;

	for (size_t i = 0; i < unlink->count && unlink->seq[i] < unlink->below; i++)
		TRY(unlink_one(job, db, unlink->subject, unlink->seq[i]));
	return OK;
}

/* The index goes last: until then it is how the entries are found again after a crash. */
static enum err
finish_steps(struct job *job, struct db *db, void *arg)
{
	const struct unlink *unlink = arg;

	TRY(db_run(job, db, SQL_ENTRY_OF_FORGET, ARGS(sql_i64(unlink->subject), sql_i64(unlink->below)), NULL));
	for (int64_t run = unlink->run_first; run <= unlink->run_last; run++)
		TRY(db_run(job, db, SQL_ENTRY_RUN_FORGET,
		           ARGS(sql_i64(run), sql_i64(unlink->subject), sql_i64(unlink->below)), NULL));
	return db_run(job, db, SQL_ENTRY_UNLINK_DONE, ARGS(sql_i64(unlink->subject)), NULL);
}

static enum err
next_read(struct job *job, struct unlink *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, SQL_ENTRY_UNLINK_NEXT, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (*ret_there) {
		ret->subject = rows_i64(&rows, 0);
		ret->below = rows_i64(&rows, 1);
	}
	return OK;
}

static enum err
runs_read(struct job *job, struct unlink *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_MARK_GET, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	ret->run_first = there ? rows_i64(&rows, 2) : 1;
	ret->run_last = there ? rows_i64(&rows, 3) : 0;
	return OK;
}

enum err
entry_unlink_step(struct job *job, struct store *store, bool *ret_more)
{
	struct unlink *unlink = arena_alloc(&job->arena, sizeof(*unlink));
	int64_t after = 0;

	*ret_more = false;
	TRY(next_read(job, unlink, ret_more));
	if (!*ret_more)
		return OK;
	do {
		TRY(entry_find(job, unlink->subject, after, unlink->seq, PAGE, &unlink->count));
		TRY(store_write(job, store, WRITE_ORDINARY, page_steps, unlink));
		after = unlink->count ? unlink->seq[unlink->count - 1] : 0;
	} while (unlink->count == PAGE && after < unlink->below);
	TRY(runs_read(job, unlink));
	return store_write(job, store, WRITE_ORDINARY, finish_steps, unlink);
}

/* --- entries whose time is over ----------------------------------------------------------------- */

struct forgetting {
	struct tree tree;
	uint64_t bundle, end; /* leaves from the bundle's first up to, not including, `end` */
	struct entry_row row[MERKLE_WIDTH];
	size_t count;
	int64_t last_seq;
};

static enum err
subjects_forget(struct job *job, struct db *db, const struct entry_row *row)
{
	bytes body = row->body, item;
	uint64_t subject;

	if (row->subject > 0)
		TRY(db_run(job, db, SQL_ENTRY_OF_DROP, ARGS(sql_i64(row->subject), sql_i64(row->seq)), NULL));
	while (entry_is_packed(row->act) && eat_bytes(&body, ENTRY_DECISIONS_ITEM, &item))
		if (eat_le64(&item, &subject))
			TRY(db_run(job, db, SQL_ENTRY_OF_DROP, ARGS(sql_i64((int64_t)subject), sql_i64(row->seq)), NULL));
	return OK;
}

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	const struct forgetting *forgetting = arg;

	for (size_t i = 0; i < forgetting->count; i++) {
		const struct entry_row *row = &forgetting->row[i];
		TRY(subjects_forget(job, db, row));
		TRY(db_run(job, db, SQL_TREE_PACK_DROP, ARGS(sql_i64(row->seq)), NULL));
		TRY(db_run(job, db, SQL_ENTRY_DROP, ARGS(sql_i64(row->seq)), NULL));
	}
	TRY(db_run(job, db, SQL_TREE_BUNDLE_DROP,
	           ARGS(sql_i64(forgetting->tree.no), sql_i64((int64_t)forgetting->bundle)), NULL));
	return db_run(job, db, SQL_TREE_PRUNED_PUT,
	              ARGS(sql_i64((int64_t)forgetting->end), sql_i64(forgetting->last_seq), sql_i64(forgetting->tree.no)),
	              NULL);
}

static enum err
entries_get(struct job *job, struct forgetting *forgetting, int64_t first, int64_t last)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	forgetting->count = 0;
	TRY(db_query(job, job->db, SQL_ENTRY_AFTER, ARGS(sql_i64(first - 1), sql_i64(MERKLE_WIDTH)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || rows_i64(&rows, 0) > last)
			return OK;
		entry_row_read(job, &rows, &forgetting->row[forgetting->count++]);
	}
}

/* Are all leaves of the bundle from before that moment? */
static enum err
bundle_is_over(struct job *job, struct forgetting *forgetting, time_us before, bool *ret)
{
	struct tile_path path = { .level = TILE_ENTRIES, .no = forgetting->bundle };
	int64_t first = 0, last = 0;
	bytes leaves, octets;
	struct leaf leaf;

	*ret = false;
	TRY(tree_bundle(job, &forgetting->tree, path.no, &leaves));
	while (eat_bundle(&leaves, &octets)) {
		if (!leaf_read(octets, &leaf))
			return fail(job, ERR_CORRUPT, "a leaf of the audit tree cannot be read");
		if ((leaf.second + 1) * TIME_SECOND > before)
			return OK;
		first = first ? first : leaf.seq;
		last = leaf.seq;
	}
	*ret = first > 0;
	forgetting->last_seq = last;
	return *ret ? entries_get(job, forgetting, first, last) : OK;
}

/* A tree that grows no more may be forgotten to its end, one that grows by whole bundles only. */
static enum err
tree_forget(struct job *job, struct store *store, int64_t no, bool grows, time_us before, size_t max, uint64_t *count)
{
	struct forgetting *forgetting = arena_alloc(&job->arena, sizeof(*forgetting));
	bool there, over = true;

	while (over && *count < max) {
		TRY(tree_number(job, no, &forgetting->tree, &there));
		forgetting->bundle = forgetting->tree.pruned / MERKLE_WIDTH;
		forgetting->end = (forgetting->bundle + 1) * MERKLE_WIDTH;
		if (!there || forgetting->tree.pruned >= forgetting->tree.size ||
		    (grows && forgetting->end > forgetting->tree.size))
			return OK;
		if (forgetting->end > forgetting->tree.size)
			forgetting->end = forgetting->tree.size;
		TRY(bundle_is_over(job, forgetting, before, &over));
		if (!over)
			return OK;
		TRY(store_write(job, store, WRITE_ORDINARY, forget_steps, forgetting));
		*count += forgetting->count;
	}
	return OK;
}

enum err
entries_forget(struct job *job, struct store *store, time_us before, size_t max, uint64_t *ret_count)
{
	struct tree last;
	bool there;

	*ret_count = 0;
	TRY(tree_last(job, job->db, &last, &there));
	for (int64_t no = 1; there && no <= last.no && *ret_count < max; no++)
		TRY(tree_forget(job, store, no, no == last.no, before, max, ret_count));
	return OK;
}
