/* audit/tree_check.c -- tree_check() of tree.h: everything is made again from the leaves up. */
#include "audit/tree.h"

#include "crypto/sign.h"

struct kept {
	uint64_t size;
	str note;
};

struct checking {
	struct job *job;   /* the caller's: what lasts */
	struct job page;   /* what is forgotten after each bundle */
	struct store *store;
	struct keys *keys;
	const uint8_t *log_key, *seed;
	struct tree tree;
	struct merkle_edge *edge;
	uint64_t size;     /* leaves so far */
	int64_t after;     /* the entry before the next leaf's */
	struct kept *kept; /* checkpoints, in order of their size */
	size_t kept_count, kept_next;
	struct tree_checked *result;
};

static void
checking_end(struct checking *checking)
{
	job_release(&checking->page);
}

str
tree_fault_text(enum tree_fault fault)
{
	static const str text[TREE_FAULTS] = {
		[TREE_WHOLE] = { "whole", 5 },
#define X(name, words) [name] = { words, sizeof(words) - 1 }
		X(TREE_TILE, "a tile of the audit tree is not what is under it"),
		X(TREE_LEAF, "a leaf of the audit tree is missing or cannot be read"),
		X(TREE_ORDER, "the leaves of the audit tree are not the entries in their order"),
		X(TREE_ENTRY, "an audit entry is not what its leaf says"),
		X(TREE_CHECKPOINT, "a signed checkpoint does not fit the audit tree"),
#undef X
	};

	return text[fault < TREE_FAULTS ? fault : TREE_WHOLE];
}

static void
found(struct checking *checking, enum tree_fault fault, int64_t seq)
{
	if (checking->result->fault)
		return;
	checking->result->fault = fault;
	checking->result->seq = seq;
}

/* --- tiles ------------------------------------------------------------------------------------ */

static void
tile_compare(struct checking *checking, unsigned level, uint64_t no, const struct merkle_hash *hash, size_t count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = &checking->page;
	bool there = false;
	bytes stored;

	if (db_query(job, job->db, SQL_TREE_TILE_GET,
	             ARGS(sql_i64(checking->tree.no), sql_i64(level), sql_i64((int64_t)no)), &rows) ||
	    rows_next(job, &rows, &there)) {
		job_forgive(job); /* what cannot be read is not what it should be */
		there = false;
	}
	stored = there ? rows_bytes(&rows, 0) : (bytes){ 0 };
	if (stored.len != count * MERKLE_BYTES || memcmp(stored.ptr, hash->octet, stored.len) != 0)
		found(checking, TREE_TILE, checking->after);
}

static void
tile_full(unsigned level, uint64_t no, const struct merkle_hash hash[MERKLE_WIDTH], void *ctx)
{
	tile_compare(ctx, level, no, hash, MERKLE_WIDTH);
}

static void
edge_compare(struct checking *checking)
{
	for (unsigned l = 0; l < MERKLE_LEVELS; l++) {
		const struct level *level = &checking->edge->level[l];
		if (level->count)
			tile_compare(checking, l, level->tile, level->hash, level->count);
	}
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static enum err
kept_read(struct checking *checking)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = checking->job;
	size_t room = 64;
	bool there;

	checking->kept = arena_array(&job->arena, room, sizeof(*checking->kept));
	checking->kept_count = checking->kept_next = 0;
	TRY(db_query(job, job->db, SQL_TREE_CHECKPOINT_ALL, ARGS(sql_i64(checking->tree.no)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (checking->kept_count == room) {
			struct kept *more = arena_array(&job->arena, 2 * room, sizeof(*more));
			memcpy(more, checking->kept, room * sizeof(*more));
			checking->kept = more;
			room *= 2;
		}
		checking->kept[checking->kept_count++] =
			(struct kept){ (uint64_t)rows_i64(&rows, 1), arena_str(&job->arena, rows_text(&rows, 2)) };
	}
}

/* Signed by this vault's key, under the origin that it names. */
static bool
note_holds(struct checking *checking, str note, struct checkpoint *ret)
{
	OWNED(buf_release) struct buf vkey = { .max = 512 };
	struct job *job = &checking->page;
	enum err err;
	str text;

	if (!checkpoint_read(note, ret) || ret->origin.len > NOTE_NAME_MAX || memchr(ret->origin.ptr, '+', ret->origin.len) ||
	    memchr(ret->origin.ptr, ' ', ret->origin.len))
		return false;
	note_vkey(checking->seed, ret->origin, &vkey);
	err = note_open(job, buf_str(&vkey), note, &text);
	job_forgive(job);
	return !err && checkpoint_read(text, ret);
}

static void
checkpoints_compare(struct checking *checking)
{
	struct merkle_hash root;
	struct checkpoint checkpoint;

	while (checking->kept_next < checking->kept_count && checking->kept[checking->kept_next].size == checking->size) {
		merkle_edge_root(checking->edge, &root);
		if (!note_holds(checking, checking->kept[checking->kept_next++].note, &checkpoint) ||
		    checkpoint.size != checking->size || memcmp(checkpoint.root.octet, root.octet, MERKLE_BYTES) != 0)
			found(checking, TREE_CHECKPOINT, checking->after);
	}
}

/* --- leaves and entries ----------------------------------------------------------------------- */

static void
hash_add(struct checking *checking, const struct merkle_hash *hash)
{
	merkle_append(checking->edge, hash, tile_full, checking);
	checking->size++;
	checkpoints_compare(checking);
}

/* Of these only the hashes are left: they are what the levels above stand on. */
static enum err
pruned_add(struct checking *checking, uint64_t no)
{
	OWNED(rows_end) struct rows rows = { 0 };
	uint64_t left = checking->tree.pruned - no * MERKLE_WIDTH;
	size_t count = left < MERKLE_WIDTH ? (size_t)left : MERKLE_WIDTH;
	struct job *job = &checking->page;
	bytes hashes;
	bool there;

	TRY(db_query(job, job->db, SQL_TREE_TILE_GET,
	             ARGS(sql_i64(checking->tree.no), sql_i64(0), sql_i64((int64_t)no)), &rows));
	TRY(rows_next(job, &rows, &there));
	hashes = there ? arena_bytes(&job->arena, rows_bytes(&rows, 0)) : (bytes){ 0 };
	rows_end(&rows);
	if (hashes.len / MERKLE_BYTES < count) {
		found(checking, TREE_TILE, 0);
		return OK;
	}
	for (size_t i = 0; i < count; i++)
		hash_add(checking, (const struct merkle_hash *)hashes.ptr + i);
	return OK;
}

static enum err
packed_get(struct job *job, int64_t seq, bytes *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_TREE_PACK_GET, ARGS(sql_i64(seq)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? arena_bytes(&job->arena, rows_bytes(&rows, 0)) : (bytes){ 0 };
	return OK;
}

static enum err
entry_compare(struct checking *checking, const struct leaf *leaf, const struct entry_row *row)
{
	struct job *job = &checking->page;
	enum leaf_check check;
	bytes packed = { 0 };

	if (entry_is_packed(row->act))
		TRY(packed_get(job, row->seq, &packed));
	TRY(leaf_check(job, checking->keys, checking->log_key, leaf, row, packed, &check));
	checking->result->entries++;
	if (check == LEAF_WRONG)
		found(checking, TREE_ENTRY, row->seq);
	if (check == LEAF_CLEAR)
		checking->result->closed++;
	return OK;
}

/* The entries that are to be these leaves, as many as there are leaves. */
static enum err
rows_get(struct checking *checking, struct entry_row row[MERKLE_WIDTH], size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = &checking->page;
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_AFTER, ARGS(sql_i64(checking->after), sql_i64(MERKLE_WIDTH)), &rows));
	for (*ret_count = 0;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		entry_row_read(job, &rows, &row[(*ret_count)++]);
	}
}

static enum err
leaf_add(struct checking *checking, bytes octets, const struct entry_row *row)
{
	struct merkle_hash hash;
	struct leaf leaf;

	if (!leaf_read(octets, &leaf))
		found(checking, TREE_LEAF, checking->after);
	else if (!row || leaf.seq != row->seq)
		found(checking, TREE_ORDER, checking->after);
	else
		TRY(entry_compare(checking, &leaf, row));
	checking->after = row ? row->seq : checking->after;
	merkle_leaf(octets, &hash);
	hash_add(checking, &hash);
	checking->result->leaves++;
	return OK;
}

static enum err
bundle_add(struct checking *checking, uint64_t no)
{
	uint64_t end = (no + 1) * MERKLE_WIDTH < checking->tree.size ? (no + 1) * MERKLE_WIDTH : checking->tree.size;
	struct job *job = &checking->page;
	struct entry_row *row = arena_array(&job->arena, MERKLE_WIDTH, sizeof(*row));
	OWNED(rows_end) struct rows rows = { 0 };
	bytes leaves, octets;
	size_t count, at = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_TREE_BUNDLE_GET, ARGS(sql_i64(checking->tree.no), sql_i64((int64_t)no)), &rows));
	TRY(rows_next(job, &rows, &there));
	leaves = there ? arena_bytes(&job->arena, rows_bytes(&rows, 0)) : (bytes){ 0 };
	rows_end(&rows);
	TRY(rows_get(checking, row, &count));
	for (; checking->size < end && eat_bundle(&leaves, &octets); at++)
		TRY(leaf_add(checking, octets, at < count ? &row[at] : NULL));
	if (checking->size < end || leaves.len)
		found(checking, TREE_LEAF, checking->after);
	return OK;
}

/* --- a tree ----------------------------------------------------------------------------------- */

static enum err
leaves_walk(struct checking *checking)
{
	struct tree *tree = &checking->tree;

	checkpoints_compare(checking);
	while (checking->size < tree->size && !checking->result->fault) {
		arena_reset(&checking->page.arena);
		if (checking->size < tree->pruned)
			TRY(pruned_add(checking, checking->size / MERKLE_WIDTH));
		else
			TRY(bundle_add(checking, checking->size / MERKLE_WIDTH));
		if (checking->size == tree->pruned)
			checking->after = tree->pruned_seq > checking->after ? tree->pruned_seq : checking->after;
	}
	return OK;
}

static enum err
tree_walk(struct checking *checking)
{
	memset(checking->edge, 0, sizeof(*checking->edge));
	checking->size = 0;
	TRY(kept_read(checking));
	TRY(leaves_walk(checking));
	if (checking->result->fault)
		return OK;
	if (checking->after != checking->tree.seq)
		found(checking, TREE_ORDER, checking->after);
	edge_compare(checking);
	if (checking->kept_next != checking->kept_count || (checking->tree.size && !checking->kept_count) ||
	    (checking->kept_count && checking->kept[checking->kept_count - 1].size != checking->tree.size))
		found(checking, TREE_CHECKPOINT, checking->after);
	checking->result->trees++;
	return OK;
}

static enum err
trees_walk(struct checking *checking)
{
	struct tree last;
	bool there;

	TRY(tree_last(checking->job, checking->job->db, &last, &there));
	for (int64_t no = 1; no <= last.no && !checking->result->fault; no++) {
		TRY(tree_number(checking->job, no, &checking->tree, &there));
		if (!there)
			found(checking, TREE_LEAF, checking->after);
		else
			TRY(tree_walk(checking));
	}
	return OK;
}

enum err
tree_check(struct job *job, struct store *store, struct keys *keys, struct tree_checked *ret)
{
	OWNED(checking_end) struct checking checking = { .job = job, .store = store, .keys = keys, .result = ret };
	OWNED(db_view_end) struct db *view = NULL;
	enum err err;

	*ret = (struct tree_checked){ 0 };
	TRY(tree_keys(job, store, keys, &checking.log_key, &checking.seed));
	checking.page = (struct job){ .actor = job->actor, .now = job->now, .db = job->db };
	checking.edge = arena_alloc(&job->arena, sizeof(*checking.edge));
	if (!db_viewing(job->db))
		TRY(db_view_begin(job, job->db, &view));
	err = trees_walk(&checking);
	if (err && checking.page.failure.err)
		job->failure = checking.page.failure;
	return err;
}
