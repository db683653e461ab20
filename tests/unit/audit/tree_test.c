/* src/audit/tree.c, leaf.c, forget.c: entries become leaves, each once and in order, whenever the process dies; what
 * is changed afterwards is found; what an erasure takes away cannot be opened any more. */
#include <signal.h>
#include <sys/wait.h>

#include "tree_fixture.h"

#include "audit/forget.h"
#include "crypto/mac.h"
#include "crypto/sign.h"

#define KILLS 24 /* unless VALV_CRASHES says otherwise */

static const struct tree_batch small = { .entries = 37, .items = 50 };

/* --- entries ------------------------------------------------------------------------------------ */

static enum err
packed_add(struct fixture *f)
{
	OWNED(buf_release) struct buf body = { .max = 64 * ENTRY_DECISIONS_ITEM };
	unsigned count = draw(f, 20); /* none at all, too */
	bool export = draw(f, 2);

	for (unsigned i = 0; i < count; i++) {
		buf_le64(&body, draw(f, PERSONS + 1));
		buf_data(&body, (bytes){ (const uint8_t *)"0123456789abc", 13 });
	}
	if (export) /* whose items have its id behind them */
		buf_data(&body, (bytes){ (const uint8_t *)"id of the export", 16 });
	return entry_write(&f->job, f->store,
	                   &(struct entry){ .act = export ? ENTRY_BULK_PIECE : ENTRY_DECISIONS, .body = buf_bytes(&body) },
	                   &f->last);
}

static enum err
entry_add(struct fixture *f)
{
	static const uint8_t fields[] = { 3, 0, 9, 0, 200, 1 };
	struct entry entry = { .act = ENTRY_SUBJECT_READ, .subject = draw(f, PERSONS + 1), .purpose = draw(f, 5),
		               .outcome = draw(f, 9) ? OK : ERR_DENIED, .body = { fields, 2 * draw(f, 4) } };

	f->job.now += draw(f, 5) * TIME_SECOND + draw(f, 1000000);
	f->job.actor.no = draw(f, 4);
	if (!draw(f, 6))
		return packed_add(f);
	return entry_write(&f->job, f->store, &entry, &f->last);
}

static void
some_entries(struct fixture *f, unsigned count)
{
	while (count--)
		assert_ok(entry_add(f));
}

static void
step_all(struct fixture *f)
{
	bool more = true;

	while (more)
		assert_ok(tree_step(&f->job, f->store, f->keys, &small, &more));
}

static struct tree_checked
checked(struct fixture *f)
{
	struct tree_checked checked;

	assert_ok(tree_check(&f->job, f->store, f->keys, &checked));
	return checked;
}

static void
assert_whole(struct fixture *f)
{
	struct tree_checked result = checked(f);

	if (result.fault)
		print_error("%.*s, near entry %lld\n", SPRINT(tree_fault_text(result.fault)), (long long)result.seq);
	assert_int_equal(result.fault, TREE_WHOLE);
}

static enum err
hashes_read(struct job *job, void *ctx, unsigned level, uint64_t tile, size_t width, const struct merkle_hash **ret)
{
	struct tile_path path = { level, tile, width };
	bytes octets;

	(void)ctx;
	TRY(tree_tile(job, &path, &octets));
	*ret = (const struct merkle_hash *)octets.ptr;
	return OK;
}

/* --- in order, each once ------------------------------------------------------------------------- */

/* The oracle: all leaves of all bundles, one after the other. */
static void
leaves_are_the_entries_in_their_order_each_once(void **state)
{
	struct fixture *f = *state;
	bool more;

	for (int round = 0; round < 25; round++) {
		struct tree tree;
		bool there;
		int64_t seq = 0;
		some_entries(f, draw(f, 60));
		for (unsigned i = draw(f, 5); i; i--)
			assert_ok(tree_step(&f->job, f->store, f->keys, &small, &more));
		assert_whole(f);
		assert_ok(tree_last(&f->job, f->job.db, &tree, &there));
		for (uint64_t no = 0; there && no * MERKLE_WIDTH < tree.size; no++) {
			bytes leaves, octets;
			struct leaf leaf;
			assert_ok(tree_bundle(&f->job, &tree, no, &leaves));
			while (eat_bundle(&leaves, &octets)) {
				assert_true(leaf_read(octets, &leaf));
				assert_int_equal(leaf.seq, ++seq);
			}
		}
		assert_int_equal(seq, (int64_t)tree.size);
		arena_reset(&f->job.arena);
	}
	step_all(f);
	assert_whole(f);
}

static void
every_entry_is_proved_against_a_signed_checkpoint(void **state)
{
	struct fixture *f = *state;
	str text, vkey, signed_text;

	some_entries(f, 700);
	step_all(f);
	assert_ok(tree_vkey(&f->job, f->store, f->keys, &vkey));
	for (int64_t seq = 1; seq <= f->last; seq += 1 + draw(f, 9)) {
		struct proof_text proof;
		struct checkpoint checkpoint;
		struct merkle_hash hash;
		struct leaf leaf;
		assert_ok(tree_prove(&f->job, seq, &text));
		assert_true(proof_read(&f->job, text, &proof));
		assert_ok(note_open(&f->job, vkey, proof.checkpoint, &signed_text));
		assert_true(checkpoint_read(signed_text, &checkpoint));
		assert_true(leaf_read(proof.extra, &leaf));
		assert_int_equal(leaf.seq, seq);
		merkle_leaf(proof.extra, &hash);
		assert_true(merkle_includes(&hash, proof.index, checkpoint.size, &proof.proof, &checkpoint.root));
	}
	assert_int_equal(tree_prove(&f->job, f->last + 1, &text), ERR_ABSENT);
	job_forgive(&f->job);
	assert_int_equal(tree_prove(&f->job, 0, &text), ERR_ABSENT);
	job_forgive(&f->job);
}

/* --- whenever it dies ------------------------------------------------------------------------------ */

static void
work_until_killed(struct fixture *f)
{
	bool more;

	if (open_all(f))
		_exit(1);
	for (;;) {
		for (unsigned i = draw(f, 30); i; i--)
			if (entry_add(f))
				_exit(2);
		if (tree_step(&f->job, f->store, f->keys, &small, &more))
			_exit(3);
		arena_reset(&f->job.arena);
	}
}

static void
kill_at_work(struct fixture *f, const char *point, unsigned after_us)
{
	int status;
	pid_t child;

	close_all(f);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (point)
			setenv("VALV_TEST_KILL", point, 1);
		work_until_killed(f);
	}
	if (!point) {
		usleep(after_us);
		kill(child, SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_ok(open_all(f));
	draw(f, 2);
}

/* What was signed and given out before is what is there now. */
static void
assert_goes_on(struct fixture *f, const struct checkpoint *before)
{
	struct merkle merkle = { hashes_read, NULL };
	struct merkle_hash root;

	if (!before->size)
		return;
	assert_ok(merkle_root(&f->job, &merkle, before->size, &root));
	assert_memory_equal(root.octet, before->root.octet, MERKLE_BYTES);
}

static unsigned
kills(void)
{
	const char *asked = getenv("VALV_CRASHES");
	uint64_t count;

	return asked && str_u64(str_from_c(asked), &count) && count < 100000 ? (unsigned)count : KILLS;
}

static void
a_kill_loses_nothing_and_doubles_nothing(void **state)
{
	static const char *const points[] = { "tree-signed", "tree-written", "tree-durable", "after-data-commit" };
	struct fixture *f = *state;
	struct checkpoint before = { 0 };
	char point[40];
	str note;

	for (unsigned i = 0, count = kills(); i < count; i++) {
		struct tree tree;
		bool there;
		snprintf(point, sizeof(point), "%s:%u", points[i / 3 % COUNT(points)], 1 + draw(f, 4));
		kill_at_work(f, i % 3 ? NULL : point, 20000 + draw(f, 120000));
		assert_whole(f);
		assert_ok(tree_last(&f->job, f->job.db, &tree, &there));
		assert_int_equal((int64_t)tree.size, tree.seq); /* no number is missing, none is there twice */
		assert_goes_on(f, &before);
		if (there && draw(f, 2) && tree.size) {
			assert_ok(tree_checkpoint(&f->job, &note));
			assert_true(checkpoint_read(note, &before));
			assert_true(before.size == tree.size);
		}
		arena_reset(&f->job.arena);
	}
	step_all(f);
	assert_whole(f);
	assert_ok(entry_last(&f->job, &f->last));
	assert_int_equal((int64_t)checked(f).leaves, f->last);
}

/* --- what is changed ------------------------------------------------------------------------------- */

struct put {
	enum sql sql;
	struct sql_arg arg[4];
	size_t count;
};

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	const struct put *put = arg;

	return db_run(job, db, put->sql, put->arg, put->count, NULL);
}

static void
put(struct fixture *f, const struct put *put)
{
	struct put copy = *put;

	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, put_steps, &copy));
}

static bytes
octets_of(struct fixture *f, enum sql sql, const struct sql_arg *arg, size_t count, int column)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	assert_ok(db_query(&f->job, f->job.db, sql, arg, count, &rows));
	assert_ok(rows_next(&f->job, &rows, &there));
	return there ? arena_bytes(&f->job.arena, rows_bytes(&rows, column)) : (bytes){ 0 };
}

static bytes
flipped(struct fixture *f, bytes octets)
{
	uint8_t *copy = arena_alloc(&f->job.arena, octets.len);

	memcpy(copy, octets.ptr, octets.len);
	copy[draw(f, (unsigned)octets.len)] ^= (uint8_t)(1 << draw(f, 8));
	return (bytes){ copy, octets.len };
}

static void
assert_found_and_put_back(struct fixture *f, struct put *bad, size_t at, bytes good)
{
	put(f, bad);
	assert_int_not_equal(checked(f).fault, TREE_WHOLE);
	bad->arg[at] = sql_bytes(good);
	put(f, bad);
}

static void
any_flipped_bit_is_found(void **state)
{
	struct fixture *f = *state;
	struct put one;
	bytes good;

	some_entries(f, 600);
	step_all(f);
	for (int round = 0; round < 60; round++) {
		int64_t tile = draw(f, 3), seq = 1 + draw(f, 600);
		good = octets_of(f, SQL_TREE_TILE_GET, ARGS(sql_i64(1), sql_i64(0), sql_i64(tile)), 0);
		one = (struct put){ SQL_TREE_TILE_PUT, { sql_i64(1), sql_i64(0), sql_i64(tile), sql_bytes(flipped(f, good)) }, 4 };
		assert_found_and_put_back(f, &one, 3, good);
		good = octets_of(f, SQL_TREE_BUNDLE_GET, ARGS(sql_i64(1), sql_i64(tile)), 0);
		one = (struct put){ SQL_TREE_BUNDLE_PUT, { sql_i64(1), sql_i64(tile), sql_i64(tile * 256 + 1), sql_bytes(flipped(f, good)) }, 4 };
		assert_found_and_put_back(f, &one, 3, good);
		good = octets_of(f, SQL_ENTRY_GET, ARGS(sql_i64(seq)), 8);
		one = (struct put){ SQL_ENTRY_BODY_PUT, { good.len ? sql_bytes(flipped(f, good)) : sql_null(), sql_i64(seq) }, 2 };
		if (good.len)
			assert_found_and_put_back(f, &one, 0, good);
		good = octets_of(f, SQL_TREE_PACK_GET, ARGS(sql_i64(seq)), 0);
		one = (struct put){ SQL_TREE_PACK_PUT, { sql_i64(seq), good.len ? sql_bytes(flipped(f, good)) : sql_null() }, 2 };
		if (good.len)
			assert_found_and_put_back(f, &one, 1, good);
		arena_reset(&f->job.arena);
	}
	good = octets_of(f, SQL_TREE_TILE_GET, ARGS(sql_i64(1), sql_i64(1), sql_i64(0)), 0);
	one = (struct put){ SQL_TREE_TILE_PUT, { sql_i64(1), sql_i64(1), sql_i64(0), sql_bytes(flipped(f, good)) }, 4 };
	assert_found_and_put_back(f, &one, 3, good);
	assert_whole(f);
}

static void
dropping_reordering_and_truncating_are_found(void **state)
{
	struct fixture *f = *state;
	struct put one;
	struct tree_checked result;

	some_entries(f, 300);
	step_all(f);
	/* Two leaves change places, in the bundle and in the tile: as good a tree as any, but not that one. */
	bytes leaves = octets_of(f, SQL_TREE_BUNDLE_GET, ARGS(sql_i64(1), sql_i64(0)), 0), rest = leaves, first, second;
	OWNED(buf_release) struct buf swapped = { .max = leaves.len }, note = { .max = CHECKPOINT_MAX };
	assert_true(eat_bundle(&rest, &first) && eat_bundle(&rest, &second));
	bundle_put(second, &swapped);
	bundle_put(first, &swapped);
	buf_data(&swapped, rest);
	one = (struct put){ SQL_TREE_BUNDLE_PUT, { sql_i64(1), sql_i64(0), sql_i64(1), sql_bytes(buf_bytes(&swapped)) }, 4 };
	assert_found_and_put_back(f, &one, 3, leaves);
	/* A checkpoint that another key signed. */
	bytes kept = octets_of(f, SQL_TREE_CHECKPOINT_LAST, ARGS(sql_i64(1)), 1);
	struct checkpoint checkpoint;
	uint8_t seed[KEY_BYTES] = { 1 };
	OWNED(buf_release) struct buf text = { .max = 1024 };
	assert_true(checkpoint_read(bytes_str(kept), &checkpoint));
	checkpoint_put(&checkpoint, &text);
	note_sign(seed, checkpoint.origin, buf_str(&text), &note);
	int64_t day = f->job.now / TIME_DAY;
	one = (struct put){ SQL_TREE_CHECKPOINT_PUT, { sql_i64(1), sql_i64(day), sql_i64(300), sql_text(buf_str(&note)) }, 4 };
	put(f, &one);
	assert_int_equal(checked(f).fault, TREE_CHECKPOINT);
	one.arg[3] = sql_text(bytes_str(kept));
	put(f, &one);
	assert_whole(f);
	/* The tree is made to end earlier. */
	one = (struct put){ SQL_TREE_GROW, { sql_i64(299), sql_i64(299), sql_i64(1), sql_i64(300) }, 4 };
	put(f, &one);
	assert_int_not_equal(checked(f).fault, TREE_WHOLE);
	one = (struct put){ SQL_TREE_GROW, { sql_i64(300), sql_i64(300), sql_i64(1), sql_i64(299) }, 4 };
	put(f, &one);
	assert_whole(f);
	/* An entry goes. */
	one = (struct put){ SQL_ENTRY_DROP, { sql_i64(41) }, 1 };
	put(f, &one);
	result = checked(f);
	assert_int_equal(result.fault, TREE_ORDER);
	assert_in_range(result.seq, 39, 42);
}

/* --- what an erasure takes away ------------------------------------------------------------------------ */

static enum err
bury_steps(struct job *job, struct db *db, void *arg)
{
	const struct person *person = arg;

	TRY(entry_unlink_steps(job, db, person->no));
	return db_keys_trim(job, db, person->no, 1, 0, (bytes){ 0 });
}

static void
bury(struct fixture *f, int64_t no)
{
	struct person person = { f, no };

	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, bury_steps, &person));
}

static void
unlink_all(struct fixture *f)
{
	bool more = true;

	while (more)
		assert_ok(entry_unlink_step(&f->job, f->store, &more));
}

static const struct entry_row *
row_of(struct fixture *f, int64_t seq)
{
	struct entry_row *row = arena_alloc(&f->job.arena, sizeof(*row));

	assert_ok(entry_get(&f->job, seq, row));
	return row;
}

static enum err
opened(struct fixture *f, const struct entry_row *row, struct leaf_opening *ret)
{
	const uint8_t *log_key = NULL, *seed = NULL;
	bytes packed = octets_of(f, SQL_TREE_PACK_GET, ARGS(sql_i64(row->seq)), 0);
	enum err err;

	assert_ok(tree_keys(&f->job, f->store, f->keys, &log_key, &seed));
	err = leaf_open(&f->job, f->keys, log_key, row, packed, ret);
	job_forgive(&f->job);
	return err;
}

/* L2: who has the log's key alone, has no r of a person's entries. */
static void
assert_not_of_the_log_key(struct fixture *f, int64_t seq, const uint8_t r[32])
{
	const uint8_t *log_key = NULL, *seed = NULL;
	OWNED(buf_release) struct buf where = { .max = 16 };
	bytes part[2] = { str_bytes(S("audit entry")) };
	uint8_t of_log[32];

	assert_ok(tree_keys(&f->job, f->store, f->keys, &log_key, &seed));
	buf_le64(&where, (uint64_t)seq);
	buf_le16(&where, LEAF_WHOLE);
	part[1] = buf_bytes(&where);
	digest_keyed(log_key, part, COUNT(part), of_log);
	assert_memory_not_equal(r, of_log, sizeof(of_log));
}

/* Selective opening: r and the content show what a leaf commits to. */
static void
a_commitment_opens_until_the_person_is_erased(void **state)
{
	struct fixture *f = *state;
	uint8_t commitment[COMMITMENT_BYTES];
	struct leaf_opening opening;
	struct tree_place place;
	struct leaf leaf;
	int64_t seq;

	some_entries(f, 50);
	assert_ok(entry_write(&f->job, f->store, &(struct entry){ .act = ENTRY_SUBJECT_READ, .subject = 3 }, &seq));
	some_entries(f, 50);
	step_all(f);
	const struct entry_row *row = row_of(f, seq); /* kept by somebody who had read it before */
	assert_ok(opened(f, row, &opening));
	mac_sha256((bytes){ opening.r, 32 }, opening.content, commitment);
	assert_ok(tree_place(&f->job, seq, &place));
	assert_true(leaf_read(place.leaf, &leaf));
	assert_memory_equal(leaf.commitment, commitment, sizeof(commitment));
	assert_not_of_the_log_key(f, seq, opening.r);

	bury(f, 3);
	assert_int_equal(opened(f, row, &opening), ERR_GONE);
	unlink_all(f);
	assert_int_equal(opened(f, row, &opening), ERR_GONE);
	assert_int_equal(row_of(f, seq)->subject, SUBJECT_UNLINKED);
	assert_int_equal(row_of(f, seq)->act, ENTRY_SUBJECT_READ);
	assert_whole(f);
	assert_true(checked(f).closed > 0);
}

/* The log, read to its end, names the erased nowhere; the others are found as before. */
static void
after_an_erasure_no_entry_says_whom_it_was_about(void **state)
{
	struct fixture *f = *state;
	static const int64_t erased[] = { 2, 5 };
	int64_t found[1000], before[1000];
	size_t count, count_before;
	bool more;

	some_entries(f, 300);
	assert_ok(entry_index_step(&f->job, f->store, &(struct entry_index){ 64, 2, 100 }, &more));
	step_all(f);
	some_entries(f, 100); /* not in the tree yet */
	assert_ok(entry_find(&f->job, 4, 0, before, 1000, &count_before));
	for (size_t i = 0; i < COUNT(erased); i++)
		bury(f, erased[i]);
	unlink_all(f);
	for (int64_t seq = 1; seq <= f->last; seq++) {
		const struct entry_row *row = row_of(f, seq);
		for (size_t i = 0; i < COUNT(erased); i++) {
			assert_int_not_equal(row->subject, erased[i]);
			assert_false(entry_is_packed(row->act) && entry_packs(row->body, erased[i]));
			if (row->act == ENTRY_BULK_PIECE)
				assert_memory_equal(entry_behind_items(row->body).ptr, "id of the export", 16);
		}
		arena_reset(&f->job.arena);
	}
	for (size_t i = 0; i < COUNT(erased); i++) {
		assert_ok(entry_find(&f->job, erased[i], 0, found, 1000, &count));
		assert_int_equal(count, 0);
	}
	assert_ok(entry_find(&f->job, 4, 0, found, 1000, &count));
	assert_int_equal(count, count_before);
	assert_memory_equal(found, before, count * sizeof(*found));
	step_all(f);
	assert_whole(f);
	/* What is written about them later may name them: of the erasure itself. */
	int64_t seq;
	assert_ok(entry_write(&f->job, f->store, &(struct entry){ .act = ENTRY_ERASE, .subject = 2 }, &seq));
	step_all(f);
	assert_whole(f);
	assert_int_equal(row_of(f, seq)->subject, 2);
}

static enum err
bury_and_say_steps(struct job *job, struct db *db, void *arg)
{
	const struct person *person = arg;

	TRY(entry_unlink_steps(job, db, person->no));
	return entry_append(job, db, &(struct entry){ .act = ENTRY_ERASE, .subject = person->no }, NULL);
}

static enum err
trim_steps(struct job *job, struct db *db, void *arg)
{
	const struct person *person = arg;

	return db_keys_trim(job, db, person->no, 1, 0, (bytes){ 0 });
}

/* Keys are destroyed when the burial is durable, and the sequencer may be quicker. */
static void
the_entry_of_a_burial_may_be_sequenced_while_the_keys_are_there(void **state)
{
	struct fixture *f = *state;
	struct person person = { f, 3 };

	some_entries(f, 60);
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, bury_and_say_steps, &person));
	step_all(f);
	assert_whole(f);
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, trim_steps, &person));
	assert_whole(f);
	unlink_all(f);
	assert_whole(f);
}

/* What somebody revealed stands in the clear part of the leaf, as what they read does. */
static void
a_leaf_says_which_fields_were_revealed(void **state)
{
	static const uint8_t body[] = { 3, 2, 0, 'x', 'y', 7, 0, 9, 0x80 };
	struct entry_row row = { .seq = 1, .act = ENTRY_REVEAL, .body = { body, sizeof(body) } };
	bytes fields = leaf_fields(&row);

	assert_int_equal(fields.len, 4);
	assert_memory_equal(fields.ptr, body + 5, 4);
	row.body.len = 4; /* cut off */
	assert_int_equal(leaf_fields(&row).len, 0);
	(void)state;
}

static void
entries_go_when_their_time_is_over_and_proofs_stay(void **state)
{
	struct fixture *f = *state;
	struct checkpoint before;
	struct tree tree;
	struct tree_place place;
	int64_t found[1000];
	uint64_t gone;
	size_t count;
	bool there;
	str note;

	some_entries(f, 600);
	step_all(f);
	assert_ok(tree_checkpoint(&f->job, &note));
	assert_true(checkpoint_read(note, &before));
	f->job.now += 4000 * TIME_DAY;
	some_entries(f, 300);
	assert_ok(entries_forget(&f->job, f->store, f->job.now - 3000 * TIME_DAY, 10000, &gone));
	assert_int_equal(gone, 512); /* whole bundles of what is in the tree */
	assert_ok(tree_last(&f->job, f->job.db, &tree, &there));
	assert_int_equal((int64_t)tree.pruned, 512);
	assert_int_equal(tree_place(&f->job, 512, &place), ERR_ABSENT);
	job_forgive(&f->job);
	assert_ok(tree_place(&f->job, 513, &place));
	assert_int_equal((int64_t)place.index, 512);
	step_all(f);
	assert_whole(f);
	assert_goes_on(f, &before);
	for (int64_t person = 1; person <= PERSONS; person++) {
		assert_ok(entry_find(&f->job, person, 0, found, 1000, &count));
		for (size_t i = 0; i < count; i++)
			assert_true(found[i] > 512);
	}
	assert_ok(entries_forget(&f->job, f->store, f->job.now - 3000 * TIME_DAY, 10000, &gone));
	assert_int_equal(gone, 0);
}

/* R3 */
static enum err
begin_steps(struct job *job, struct db *db, void *arg)
{
	return tree_begin_steps(job, db, *(uid *)arg);
}

static void
after_a_restore_another_tree_goes_on(void **state)
{
	struct fixture *f = *state;
	uid id = { { 1, 2, 3 } };
	struct tree first, tree;
	str before, after;
	bool there;

	some_entries(f, 300);
	assert_ok(tree_step(&f->job, f->store, f->keys, &small, &there));
	assert_ok(tree_last(&f->job, f->job.db, &first, &there));
	assert_ok(tree_checkpoint(&f->job, &before));
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, begin_steps, &id));
	some_entries(f, 10);
	step_all(f);
	assert_whole(f);
	assert_ok(tree_last(&f->job, f->job.db, &tree, &there));
	assert_int_equal(tree.no, 2);
	assert_int_equal((int64_t)tree.size, 310 - (int64_t)first.size);
	assert_ok(tree_checkpoint(&f->job, &after));
	struct checkpoint old, new;
	assert_true(checkpoint_read(before, &old) && checkpoint_read(after, &new));
	assert_false(str_eq(old.origin, new.origin));
	assert_int_equal((int64_t)checked(f).leaves, 310);
	assert_ok(tree_prove(&f->job, 5, &after)); /* of the first tree, against its last checkpoint */
	struct proof_text proof;
	assert_true(proof_read(&f->job, after, &proof) && str_eq(proof.checkpoint, before));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(leaves_are_the_entries_in_their_order_each_once),
		EACH(every_entry_is_proved_against_a_signed_checkpoint),
		EACH(a_kill_loses_nothing_and_doubles_nothing),
		EACH(any_flipped_bit_is_found),
		EACH(dropping_reordering_and_truncating_are_found),
		EACH(a_commitment_opens_until_the_person_is_erased),
		EACH(after_an_erasure_no_entry_says_whom_it_was_about),
		EACH(the_entry_of_a_burial_may_be_sequenced_while_the_keys_are_there),
		cmocka_unit_test(a_leaf_says_which_fields_were_revealed),
		EACH(entries_go_when_their_time_is_over_and_proofs_stay),
		EACH(after_a_restore_another_tree_goes_on),
	};

	return cmocka_run_group_tests_name("audit-tree", tests, NULL, NULL);
}
