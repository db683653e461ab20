/* audit/tree.c -- contract and R1-R4: tree.h. */
#include "audit/tree.h"

#include "crypto/sign.h"
#include "os/random.h"
#include "store/fault.h"

#define KEY_LOG S("audit log")
#define KEY_SIGN S("audit checkpoint")
#define ORIGIN_DEFAULT S("valv")
#define BUNDLE_MAX (MERKLE_WIDTH * (2 + LEAF_BYTES_MAX))

/* --- which tree ------------------------------------------------------------------------------- */

static enum err
tree_read(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count, struct tree *ret,
          bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	*ret = (struct tree){ 0 };
	TRY(db_query(job, db, sql, arg, arg_count, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret = (struct tree){ .no = rows_i64(&rows, 0), .size = (uint64_t)rows_i64(&rows, 2),
		              .seq = rows_i64(&rows, 3), .pruned = (uint64_t)rows_i64(&rows, 4),
		              .pruned_seq = rows_i64(&rows, 5) };
	if (!uid_from_bytes(rows_bytes(&rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

enum err
tree_last(struct job *job, struct db *db, struct tree *ret, bool *ret_there)
{
	return tree_read(job, db, SQL_TREE_LAST, NO_ARGS, ret, ret_there);
}

enum err
tree_number(struct job *job, int64_t no, struct tree *ret, bool *ret_there)
{
	return tree_read(job, job->db, SQL_TREE_GET, ARGS(sql_i64(no)), ret, ret_there);
}

enum err
tree_begin_steps(struct job *job, struct db *db, uid id)
{
	struct tree last;
	bool there;

	TRY(tree_last(job, db, &last, &there)); /* all zeros where there is none */
	return db_run(job, db, SQL_TREE_ADD,
	              ARGS(sql_i64(last.no + 1), sql_bytes(uid_bytes(&id)), sql_i64(job->now), sql_i64(last.seq)), NULL);
}

enum err
tree_origin(struct job *job, const struct tree *tree, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = NOTE_NAME_MAX };
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_SETTING_GET, ARGS(sql_text(SETTING_AUDIT_ORIGIN)), &rows));
	TRY(rows_next(job, &rows, &there));
	buf_put(&text, there ? rows_text(&rows, 0) : ORIGIN_DEFAULT);
	buf_char(&text, '/');
	buf_uid(&text, tree->id);
	if (!buf_ok(&text))
		return fail(job, ERR_CORRUPT, "the origin of the audit log is too long");
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

enum err
tree_keys(struct job *job, struct store *store, struct keys *keys, const uint8_t **ret_log, const uint8_t **ret_seed)
{
	TRY(keys_named(job, keys, store, KEY_LOG, ret_log));
	return keys_named(job, keys, store, KEY_SIGN, ret_seed);
}

/* --- growing ---------------------------------------------------------------------------------- */

struct tile_row {
	struct tile_row *next;
	unsigned level;
	uint64_t no;
	bytes hashes;
};

struct bundle_row {
	struct bundle_row *next;
	uint64_t no;
	int64_t first_seq;
	bytes leaves;
};

struct growth {
	struct job *job;
	struct tree tree, after;
	bool begin; /* there is no tree yet */
	struct merkle_edge *edge;
	struct buf bundle; /* the one that is being filled */
	int64_t bundle_seq;
	struct entry_row *row;
	struct leaf_made *made;
	size_t count;
	struct tile_row *tiles;
	struct bundle_row *bundles;
	str note;
};

static void
growth_end(struct growth *growth)
{
	buf_release(&growth->bundle);
}

static enum err
bytes_get(struct job *job, enum sql sql, const struct sql_arg *arg, size_t arg_count, bytes *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, sql, arg, arg_count, &rows));
	TRY(rows_next(job, &rows, ret_there));
	*ret = *ret_there ? arena_bytes(&job->arena, rows_bytes(&rows, 0)) : (bytes){ 0 };
	return OK;
}

static enum err
tile_get(struct job *job, int64_t tree, unsigned level, uint64_t no, size_t width, const struct merkle_hash **ret)
{
	bytes hashes;
	bool there;

	TRY(bytes_get(job, SQL_TREE_TILE_GET, ARGS(sql_i64(tree), sql_i64(level), sql_i64((int64_t)no)), &hashes, &there));
	if (!there || hashes.len < width * MERKLE_BYTES)
		return fail(job, ERR_CORRUPT, "a tile of the audit tree is not there");
	*ret = (const struct merkle_hash *)hashes.ptr; /* octets only: no alignment */
	return OK;
}

static enum err
bundle_get(struct job *job, int64_t tree, uint64_t no, bytes *ret, bool *ret_there)
{
	return bytes_get(job, SQL_TREE_BUNDLE_GET, ARGS(sql_i64(tree), sql_i64((int64_t)no)), ret, ret_there);
}

static enum err
edge_read(struct growth *growth)
{
	struct job *job = growth->job;
	const struct merkle_hash *hash = NULL;
	uint64_t size = growth->tree.size;

	for (unsigned l = 0; l < MERKLE_LEVELS; l++, size /= MERKLE_WIDTH) {
		struct level *level = &growth->edge->level[l];
		level->tile = size / MERKLE_WIDTH;
		level->count = size % MERKLE_WIDTH;
		if (!level->count)
			continue;
		TRY(tile_get(job, growth->tree.no, l, level->tile, level->count, &hash));
		memcpy(level->hash, hash, level->count * sizeof(*hash));
	}
	return OK;
}

static enum err
bundle_read(struct growth *growth)
{
	bytes leaves, leaf;
	struct leaf first;
	bool there;

	growth->bundle = (struct buf){ .max = BUNDLE_MAX };
	if (growth->tree.size % MERKLE_WIDTH == 0)
		return OK;
	TRY(bundle_get(growth->job, growth->tree.no, growth->tree.size / MERKLE_WIDTH, &leaves, &there));
	buf_data(&growth->bundle, leaves);
	if (!there || !eat_bundle(&leaves, &leaf) || !leaf_read(leaf, &first))
		return fail(growth->job, ERR_CORRUPT, "a bundle of the audit tree cannot be read");
	growth->bundle_seq = first.seq;
	return OK;
}

static enum err
rows_read(struct growth *growth, const struct tree_batch *batch, bool *ret_more)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = growth->job;
	size_t items = 0;
	bool there;

	*ret_more = false;
	growth->row = arena_array(&job->arena, batch->entries, sizeof(*growth->row));
	TRY(db_query(job, job->db, SQL_ENTRY_AFTER,
	             ARGS(sql_i64(growth->tree.seq), sql_i64((int64_t)batch->entries)), &rows));
	while (items < batch->items) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		struct entry_row *row = &growth->row[growth->count++];
		entry_row_read(job, &rows, row);
		if (entry_is_packed(row->act))
			items += entry_items(row->body);
	}
	*ret_more = growth->count == batch->entries || items >= batch->items;
	return OK;
}

static void
tile_keep(unsigned level, uint64_t no, const struct merkle_hash *hash, size_t count, struct growth *growth)
{
	struct tile_row *row = arena_alloc(&growth->job->arena, sizeof(*row));

	*row = (struct tile_row){ growth->tiles, level, no,
		                  arena_bytes(&growth->job->arena, (bytes){ hash->octet, count * MERKLE_BYTES }) };
	growth->tiles = row;
}

static void
tile_full(unsigned level, uint64_t no, const struct merkle_hash hash[MERKLE_WIDTH], void *ctx)
{
	tile_keep(level, no, hash, MERKLE_WIDTH, ctx);
}

static void
bundle_keep(struct growth *growth, uint64_t no)
{
	struct bundle_row *row = arena_alloc(&growth->job->arena, sizeof(*row));

	must(buf_ok(&growth->bundle));
	*row = (struct bundle_row){ growth->bundles, no, growth->bundle_seq,
		                    arena_bytes(&growth->job->arena, buf_bytes(&growth->bundle)) };
	growth->bundles = row;
}

static void
leaf_add(struct growth *growth, const struct entry_row *row, bytes leaf)
{
	struct merkle_hash hash;

	merkle_leaf(leaf, &hash);
	merkle_append(growth->edge, &hash, tile_full, growth);
	if (growth->after.size % MERKLE_WIDTH == 0) {
		growth->bundle.len = 0;
		growth->bundle_seq = row->seq;
	}
	bundle_put(leaf, &growth->bundle);
	growth->after.size++;
	growth->after.seq = row->seq;
	if (growth->after.size % MERKLE_WIDTH == 0)
		bundle_keep(growth, growth->after.size / MERKLE_WIDTH - 1);
}

/* What is not whole: of each level that has grown, the last tile. */
static void
edge_keep(struct growth *growth)
{
	uint64_t before = growth->tree.size, after = growth->after.size;

	for (unsigned l = 0; l < MERKLE_LEVELS; l++) {
		const struct level *level = &growth->edge->level[l];
		if (level->count && before != after)
			tile_keep(l, level->tile, level->hash, level->count, growth);
		before /= MERKLE_WIDTH;
		after /= MERKLE_WIDTH;
	}
	if (growth->after.size % MERKLE_WIDTH)
		bundle_keep(growth, growth->after.size / MERKLE_WIDTH);
}

static enum err
checkpoint_sign(struct job *job, struct store *store, struct keys *keys, const struct tree *tree,
                const struct merkle_hash *root, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 1024 }, note = { .max = CHECKPOINT_MAX };
	struct checkpoint checkpoint = { .size = tree->size, .root = *root };
	const uint8_t *seed = NULL;

	TRY(keys_named(job, keys, store, KEY_SIGN, &seed));
	TRY(tree_origin(job, tree, &checkpoint.origin));
	checkpoint_put(&checkpoint, &text);
	note_sign(seed, checkpoint.origin, buf_str(&text), &note);
	must(buf_ok(&note));
	*ret = arena_str(&job->arena, buf_str(&note));
	return OK;
}

static enum err
packs_steps(struct job *job, struct db *db, const struct growth *growth)
{
	for (size_t i = 0; i < growth->count; i++)
		if (entry_is_packed(growth->row[i].act))
			TRY(db_run(job, db, SQL_TREE_PACK_PUT,
			           ARGS(sql_i64(growth->row[i].seq), sql_bytes(growth->made[i].commitments)), NULL));
	return OK;
}

static enum err
growth_steps(struct job *job, struct db *db, void *arg)
{
	const struct growth *growth = arg;
	const struct tree *after = &growth->after;
	int64_t changed = 0;

	if (growth->begin)
		TRY(tree_begin_steps(job, db, after->id));
	TRY(db_run(job, db, SQL_TREE_GROW,
	           ARGS(sql_i64((int64_t)after->size), sql_i64(after->seq), sql_i64(after->no),
	                sql_i64((int64_t)growth->tree.size)),
	           &changed));
	if (changed != 1)
		return fail(job, ERR_STALE, "the audit tree grew meanwhile");
	for (const struct tile_row *row = growth->tiles; row; row = row->next)
		TRY(db_run(job, db, SQL_TREE_TILE_PUT,
		           ARGS(sql_i64(after->no), sql_i64(row->level), sql_i64((int64_t)row->no), sql_bytes(row->hashes)),
		           NULL));
	for (const struct bundle_row *row = growth->bundles; row; row = row->next)
		TRY(db_run(job, db, SQL_TREE_BUNDLE_PUT,
		           ARGS(sql_i64(after->no), sql_i64((int64_t)row->no), sql_i64(row->first_seq), sql_bytes(row->leaves)),
		           NULL));
	TRY(packs_steps(job, db, growth));
	fault_point("tree-written");
	return db_run(job, db, SQL_TREE_CHECKPOINT_PUT,
	              ARGS(sql_i64(after->no), sql_i64(job->now / TIME_DAY), sql_i64((int64_t)after->size),
	                   sql_text(growth->note)),
	              NULL);
}

enum err
tree_step(struct job *job, struct store *store, struct keys *keys, const struct tree_batch *batch, bool *ret_more)
{
	OWNED(growth_end) struct growth growth = { .job = job };
	const uint8_t *log_key = NULL;
	struct merkle_hash root;
	bool there;

	*ret_more = false;
	TRY(tree_last(job, job->db, &growth.tree, &there));
	if (!there) {
		growth.begin = true;
		growth.tree = (struct tree){ .no = 1, .id = os_uid() };
	}
	growth.after = growth.tree;
	TRY(rows_read(&growth, batch, ret_more));
	if (!growth.count)
		return OK;
	TRY(keys_named(job, keys, store, KEY_LOG, &log_key));
	growth.edge = arena_alloc(&job->arena, sizeof(*growth.edge));
	TRY(edge_read(&growth));
	TRY(bundle_read(&growth));
	growth.made = arena_array(&job->arena, growth.count, sizeof(*growth.made));
	TRY(leaves_make(job, keys, log_key, growth.row, growth.count, growth.made));
	for (size_t i = 0; i < growth.count; i++)
		leaf_add(&growth, &growth.row[i], growth.made[i].octets);
	edge_keep(&growth);
	merkle_edge_root(growth.edge, &root);
	TRY(checkpoint_sign(job, store, keys, &growth.after, &root, &growth.note));
	fault_point("tree-signed");
	TRY(store_write(job, store, WRITE_ORDINARY, growth_steps, &growth)); /* R1 */
	fault_point("tree-durable");
	return OK;
}

/* --- giving out ------------------------------------------------------------------------------- */

static enum err
tree_need(struct job *job, struct tree *ret)
{
	bool there;

	TRY(tree_last(job, job->db, ret, &there));
	return there ? OK : fail(job, ERR_BUSY, "the audit tree has not been begun yet");
}

static enum err
checkpoint_get(struct job *job, const struct tree *tree, str *ret, uint64_t *ret_size)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_TREE_CHECKPOINT_LAST, ARGS(sql_i64(tree->no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_BUSY, "nothing is in the audit tree yet");
	*ret_size = (uint64_t)rows_i64(&rows, 0);
	*ret = arena_str(&job->arena, rows_text(&rows, 1));
	return OK;
}

enum err
tree_checkpoint(struct job *job, str *ret)
{
	struct tree tree;
	uint64_t size;

	TRY(tree_need(job, &tree));
	return checkpoint_get(job, &tree, ret, &size);
}

/* The first `width` leaves of a bundle. */
static bool
bundle_first(bytes *leaves, size_t width)
{
	bytes rest = *leaves, leaf;

	for (size_t i = 0; i < width; i++)
		if (!eat_bundle(&rest, &leaf))
			return false;
	leaves->len -= rest.len;
	return true;
}

enum err
tree_tile(struct job *job, const struct tile_path *path, bytes *ret)
{
	struct tree tree;
	bool there;

	TRY(tree_need(job, &tree));
	if (path->level == TILE_ENTRIES) {
		TRY(bundle_get(job, tree.no, path->no, ret, &there));
		if (there && bundle_first(ret, path->width))
			return OK;
	} else {
		TRY(bytes_get(job, SQL_TREE_TILE_GET,
		              ARGS(sql_i64(tree.no), sql_i64(path->level), sql_i64((int64_t)path->no)), ret, &there));
		if (there && ret->len >= path->width * MERKLE_BYTES) {
			ret->len = path->width * MERKLE_BYTES;
			return OK;
		}
	}
	return fail(job, ERR_ABSENT, "the audit tree has no such tile");
}

enum err
tree_bundle(struct job *job, const struct tree *tree, uint64_t no, bytes *ret)
{
	bool there;

	return bundle_get(job, tree->no, no, ret, &there);
}

enum err
tree_vkey(struct job *job, struct store *store, struct keys *keys, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	const uint8_t *seed = NULL;
	struct tree tree;
	str origin;

	TRY(tree_need(job, &tree));
	TRY(tree_origin(job, &tree, &origin));
	TRY(keys_named(job, keys, store, KEY_SIGN, &seed));
	note_vkey(seed, origin, &text);
	must(buf_ok(&text));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

/* Which leaf of the bundle it is. */
static enum err
leaf_find(struct job *job, bytes leaves, int64_t seq, size_t *ret_at, bytes *ret_leaf)
{
	struct leaf leaf;

	for (*ret_at = 0; eat_bundle(&leaves, ret_leaf); ++*ret_at)
		if (leaf_read(*ret_leaf, &leaf) && leaf.seq == seq)
			return OK;
	return fail(job, ERR_ABSENT, "there is no entry of that number in the audit tree, or not yet");
}

enum err
tree_place(struct job *job, int64_t seq, struct tree_place *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t tree_no;
	uint64_t bundle;
	bytes leaves;
	bool there;
	size_t at;

	TRY(db_query(job, job->db, SQL_TREE_BUNDLE_OF, ARGS(sql_i64(seq)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no entry of that number in the audit tree, or not any more");
	tree_no = rows_i64(&rows, 0);
	bundle = (uint64_t)rows_i64(&rows, 1);
	leaves = arena_bytes(&job->arena, rows_bytes(&rows, 2));
	rows_end(&rows);
	TRY(leaf_find(job, leaves, seq, &at, &ret->leaf));
	TRY(tree_number(job, tree_no, &ret->tree, &there));
	if (!there)
		return fail(job, ERR_CORRUPT, "an audit tree is not there");
	ret->index = bundle * MERKLE_WIDTH + at;
	return OK;
}

static enum err
hashes_read(struct job *job, void *ctx, unsigned level, uint64_t tile, size_t width, const struct merkle_hash **ret)
{
	const struct tree *tree = ctx;

	return tile_get(job, tree->no, level, tile, width, ret);
}

enum err
tree_prove(struct job *job, int64_t seq, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = PROOF_TEXT_MAX };
	struct proof_text proof = { 0 };
	struct tree_place place;
	struct merkle merkle = { hashes_read, &place.tree };
	uint64_t size;

	TRY(tree_place(job, seq, &place));
	TRY(checkpoint_get(job, &place.tree, &proof.checkpoint, &size));
	if (place.index >= size)
		return fail(job, ERR_ABSENT, "there is no checkpoint over this entry yet");
	TRY(merkle_inclusion(job, &merkle, place.index, size, &proof.proof));
	proof.index = place.index;
	proof.extra = place.leaf;
	proof_put(&proof, &text);
	must(buf_ok(&text));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}
