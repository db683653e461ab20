/* audit/witness.c -- contract and R5-R9: witness.h. */
#include "audit/witness.h"

#include "crypto/sign.h"
#include "os/random.h"

/* --- who -------------------------------------------------------------------------------------- */

static enum err
witness_row(struct job *job, struct rows *rows, struct witness *ret)
{
	struct note_key key;

	*ret = (struct witness){ .no = rows_i64(rows, 0), .vkey = arena_str(&job->arena, rows_text(rows, 2)),
		                 .added_at = rows_time(rows, 3) };
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id) || !note_key_read(ret->vkey, NOTE_COSIGNATURE, &key))
		return fail(job, ERR_CORRUPT, "a stored witness cannot be read");
	ret->name = key.name;
	return OK;
}

static enum err
witnesses_read(struct job *job, struct db *db, struct witness *ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_WITNESS_ALL, NO_ARGS, &rows));
	for (*ret_count = 0;; ++*ret_count) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (*ret_count == LIMIT_WITNESSES)
			return fail(job, ERR_CORRUPT, "there are more witnesses than there can be");
		TRY(witness_row(job, &rows, &ret[*ret_count]));
	}
}

/* What each saw last of the log as it is now. */
static enum err
last_seen(struct job *job, const struct tree *tree, str origin, struct witness *witness)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_COSIGNED_LAST_OF,
	             ARGS(sql_i64(tree->no), sql_text(origin), sql_i64(witness->no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	witness->size = (uint64_t)rows_i64(&rows, 0);
	witness->cosigned_at = rows_i64(&rows, 1) * TIME_SECOND;
	return OK;
}

enum err
witness_list(struct job *job, struct witness *ret, size_t *ret_count)
{
	struct tree tree;
	bool there;
	str origin;

	TRY(witnesses_read(job, job->db, ret, ret_count));
	TRY(tree_last(job, job->db, &tree, &there));
	if (!there)
		return OK;
	TRY(tree_origin(job, &tree, &origin));
	for (size_t i = 0; i < *ret_count; i++)
		TRY(last_seen(job, &tree, origin, &ret[i]));
	return OK;
}

static enum err
witness_find(struct job *job, struct db *db, uid id, struct witness *ret)
{
	struct witness all[LIMIT_WITNESSES];
	size_t count;

	TRY(witnesses_read(job, db, all, &count));
	for (size_t i = 0; i < count; i++)
		if (uid_eq(all[i].id, id)) {
			*ret = all[i];
			return OK;
		}
	return fail(job, ERR_ABSENT, "no witness has that id");
}

enum err
witness_get(struct job *job, uid id, struct witness *ret)
{
	return witness_find(job, job->db, id, ret);
}

/* R8: a key under two names would count twice; of two keys with one name and one id nobody could tell which signed. */
static bool
taken_for(const struct note_key *a, const struct note_key *b)
{
	return memcmp(a->public_key, b->public_key, SIGN_PUBLIC_BYTES) == 0 ||
	       (str_eq(a->name, b->name) && memcmp(a->id, b->id, NOTE_KEY_ID_BYTES) == 0);
}

enum err
witness_fits(struct job *job, struct db *db, str vkey)
{
	struct witness all[LIMIT_WITNESSES];
	struct note_key key, other;
	size_t count;

	if (vkey.len > WITNESS_VKEY_MAX || !note_key_read(vkey, NOTE_COSIGNATURE, &key))
		return fail(job, ERR_INVALID, "not a witness's verifier key: NAME+HEX+BASE64, of type 0x04");
	TRY(witnesses_read(job, db, all, &count));
	for (size_t i = 0; i < count; i++)
		if (note_key_read(all[i].vkey, NOTE_COSIGNATURE, &other) && taken_for(&key, &other))
			return fail(job, ERR_CONFLICT, "a witness has that key already, or one that could be taken for it");
	if (count == LIMIT_WITNESSES)
		return fail(job, ERR_LIMIT, "limit_witnesses: there are as many as there can be");
	return OK;
}

static enum err
add_steps(struct job *job, struct db *db, void *arg)
{
	struct witness *witness = arg;

	TRY(witness_fits(job, db, witness->vkey));
	TRY(db_run(job, db, SQL_WITNESS_ADD,
	           ARGS(sql_bytes(uid_bytes(&witness->id)), sql_text(witness->vkey), sql_i64(witness->added_at)), NULL));
	return entry_append(job, db, &(struct entry){ .act = ENTRY_WITNESS_ADD, .body = str_bytes(witness->vkey) }, NULL);
}

enum err
witness_add(struct job *job, struct store *store, str vkey, struct witness *ret)
{
	struct witness witness = { .id = os_uid(), .vkey = str_trim(vkey), .added_at = job->now };
	struct note_key key;

	TRY(store_write(job, store, WRITE_ORDINARY, add_steps, &witness));
	must(note_key_read(witness.vkey, NOTE_COSIGNATURE, &key));
	witness.name = key.name;
	*ret = witness;
	return OK;
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;
	struct witness witness;

	TRY(witness_find(job, db, *id, &witness));
	TRY(db_run(job, db, SQL_WITNESS_DROP, ARGS(sql_i64(witness.no)), NULL));
	TRY(db_run(job, db, SQL_COSIGNATURE_DROP_OF, ARGS(sql_i64(witness.no)), NULL)); /* R8 */
	TRY(db_run(job, db, SQL_COSIGNED_DROP_BARE, NO_ARGS, NULL));
	return entry_append(job, db, &(struct entry){ .act = ENTRY_WITNESS_REMOVE, .body = str_bytes(witness.vkey) }, NULL);
}

enum err
witness_drop(struct job *job, struct store *store, uid id)
{
	return store_write(job, store, WRITE_ORDINARY, drop_steps, &id);
}

enum err
witness_forget_steps(struct job *job, struct db *db)
{
	TRY(db_run(job, db, SQL_COSIGNATURE_DROP_ALL, NO_ARGS, NULL));
	TRY(db_run(job, db, SQL_COSIGNED_DROP_ALL, NO_ARGS, NULL));
	return db_run(job, db, SQL_WITNESS_DROP_ALL, NO_ARGS, NULL);
}

/* --- what a witness asks for ------------------------------------------------------------------ */

static enum err
hashes_read(struct job *job, void *ctx, unsigned level, uint64_t tile, size_t width, const struct merkle_hash **ret)
{
	struct tile_path path = { level, tile, width };
	bytes octets;

	(void)ctx;
	TRY(tree_tile(job, &path, &octets));
	*ret = (const struct merkle_hash *)octets.ptr; /* octets only: no alignment */
	return OK;
}

static const struct merkle newest = { hashes_read, NULL };

enum err
witness_request(struct job *job, uint64_t old, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = CHECKPOINT_MAX + MERKLE_PROOF_MAX * 48 + 64 };
	struct merkle_proof proof = { 0 };
	struct checkpoint checkpoint;
	str note;

	TRY(tree_checkpoint(job, &note));
	if (!checkpoint_read(note, &checkpoint))
		return fail(job, ERR_CORRUPT, "the newest checkpoint cannot be read");
	if (old > checkpoint.size)
		return fail(job, ERR_CONFLICT, "the witness saw more of the log than there is: it was cut, or is a copy of earlier");
	if (old)
		TRY(merkle_consistency(job, &newest, old, checkpoint.size, &proof));
	buf_put(&text, S("old "));
	buf_udec(&text, old);
	buf_char(&text, '\n');
	for (size_t i = 0; i < proof.count; i++) {
		buf_base64(&text, (bytes){ proof.hash[i].octet, MERKLE_BYTES });
		buf_char(&text, '\n');
	}
	buf_char(&text, '\n');
	buf_put(&text, note);
	must(buf_ok(&text));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

/* --- what a witness says ---------------------------------------------------------------------- */

struct cosignature {
	int64_t witness;
	uid id;
	int64_t second;
	str line;
};

struct taking {
	struct tree tree;
	str origin, vkey; /* of the log */
	struct checkpoint checkpoint;
	str text; /* what was signed */
	str note; /* with the log's own line alone */
	struct witness witness[LIMIT_WITNESSES];
	size_t witness_count;
	struct cosignature line[LIMIT_WITNESSES];
	size_t line_count, passed;
};

/* R5: signed by this log, of this origin, and still a beginning of it. */
static enum err
checkpoint_ours(struct job *job, str note, struct taking *taking)
{
	struct merkle_hash root;
	enum err err;

	if (note.len > CHECKPOINT_MAX || !checkpoint_read(note, &taking->checkpoint))
		return fail(job, ERR_INVALID, "not a checkpoint with signatures behind it");
	if (!str_eq(taking->checkpoint.origin, taking->origin))
		return fail(job, ERR_CONFLICT, "the checkpoint is of another origin than this log has");
	err = note_open(job, taking->vkey, note, &taking->text);
	if (err == ERR_CRYPTO) {
		job_forgive(job);
		return fail(job, ERR_CONFLICT, "this log did not sign that checkpoint");
	}
	TRY(err);
	if (taking->checkpoint.size > taking->tree.size)
		return fail(job, ERR_CONFLICT, "the checkpoint is of more entries than there are: the log was cut, or is a copy of earlier");
	TRY(merkle_root(job, &newest, taking->checkpoint.size, &root));
	if (memcmp(root.octet, taking->checkpoint.root.octet, MERKLE_BYTES) != 0)
		return fail(job, ERR_CONFLICT, "the checkpoint is not of the log as it stands");
	return OK;
}

/* The witness that a line is said to be by; NULL: another's. */
static const struct witness *
witness_of(const struct taking *taking, const struct note_line *line, struct note_key *ret_key)
{
	for (size_t i = 0; i < taking->witness_count; i++)
		if (note_key_read(taking->witness[i].vkey, NOTE_COSIGNATURE, ret_key) && note_line_of(line, ret_key))
			return &taking->witness[i];
	return NULL;
}

static enum err
cosignature_take(struct job *job, const struct note_line *line, const struct note_key *key, const struct witness *witness,
                 struct taking *taking)
{
	int64_t latest = job->now / TIME_SECOND + LIMIT_WITNESS_AHEAD_SECONDS;
	uint64_t second;

	for (size_t i = 0; i < taking->line_count; i++)
		if (taking->line[i].witness == witness->no)
			return fail(job, ERR_INVALID, "a witness's signature is there twice");
	if (!cosignature_holds(line, key, taking->text, &second))
		return fail(job, ERR_INVALID, "the signature of a registered witness does not hold");
	if (second > (uint64_t)latest)
		return fail(job, ERR_INVALID, "a witness's signature says a time that has not come");
	taking->line[taking->line_count++] =
		(struct cosignature){ witness->no, witness->id, (int64_t)second, line->whole };
	return OK;
}

/* note_open() saw the log's own line among them. */
static enum err
lines_take(struct job *job, str lines, struct taking *taking)
{
	OWNED(buf_release) struct buf note = { .max = CHECKPOINT_MAX };
	const struct witness *witness;
	struct note_line line;
	struct note_key key, own;

	must(note_key_read(taking->vkey, NOTE_ED25519, &own));
	for (int i = 0; lines.len; i++) {
		if (i == NOTE_LINES_MAX || !eat_note_line(&lines, &line))
			return fail(job, ERR_INVALID, "not a note: a line that is no signature, or more than 16 of them");
		witness = witness_of(taking, &line, &key);
		if (witness) {
			TRY(cosignature_take(job, &line, &key, witness, taking));
		} else if (!note_line_of(&line, &own)) {
			taking->passed++; /* C2SP: keys that are not known are passed over */
		} else if (!note.len) {
			buf_put(&note, taking->text);
			buf_char(&note, '\n');
			buf_put(&note, line.whole);
		}
	}
	if (!taking->line_count)
		return fail(job, ERR_INVALID, "no signature of a witness that is registered");
	must(buf_ok(&note));
	taking->note = arena_str(&job->arena, buf_str(&note));
	return OK;
}

/* R9: what no question asks for any more. */
static enum err
spent_drop(struct job *job, struct db *db, int64_t tree)
{
	int64_t size[2 * LIMIT_WITNESSES + 1]; /* one more than is kept: so many can be spent at most */
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there = true;

	TRY(db_query(job, db, SQL_COSIGNED_SPENT, ARGS(sql_i64(tree), sql_i64(job->now / TIME_DAY)), &rows));
	while (count < COUNT(size)) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		size[count++] = rows_i64(&rows, 0);
	}
	rows_end(&rows);
	for (size_t i = 0; i < count; i++) {
		TRY(db_run(job, db, SQL_COSIGNATURE_DROP, ARGS(sql_i64(tree), sql_i64(size[i])), NULL));
		TRY(db_run(job, db, SQL_COSIGNED_DROP, ARGS(sql_i64(tree), sql_i64(size[i])), NULL));
	}
	return OK;
}

static enum err
take_steps(struct job *job, struct db *db, void *arg)
{
	const struct taking *taking = arg;
	const struct sql_arg tree = sql_i64(taking->tree.no), size = sql_i64((int64_t)taking->checkpoint.size);
	struct witness witness;
	struct tree last;
	bool there;

	TRY(tree_last(job, db, &last, &there));
	if (last.no != taking->tree.no)
		return fail(job, ERR_BUSY, "the log has begun anew meanwhile");
	TRY(db_run(job, db, SQL_COSIGNED_OTHER_ORIGIN, ARGS(tree, size, sql_text(taking->origin)), NULL));
	TRY(db_run(job, db, SQL_COSIGNED_PUT,
	           ARGS(tree, size, sql_i64(job->now / TIME_DAY), sql_text(taking->origin), sql_text(taking->note)), NULL));
	for (size_t i = 0; i < taking->line_count; i++) {
		const struct cosignature *line = &taking->line[i];
		TRY(witness_find(job, db, line->id, &witness)); /* R5: it may have gone since */
		TRY(db_run(job, db, SQL_COSIGNATURE_PUT,
		           ARGS(tree, size, sql_i64(line->witness), sql_i64(line->second), sql_text(line->line)), NULL));
	}
	return spent_drop(job, db, taking->tree.no);
}

/* Whose lines a checkpoint has; the lines behind `note` where that is not NULL. */
static enum err
lines_read(struct job *job, const struct tree *tree, str origin, uint64_t size, struct buf *note, int64_t *ret_witness,
           size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_COSIGNATURE_OF,
	             ARGS(sql_i64(tree->no), sql_i64((int64_t)size), sql_text(origin)), &rows));
	for (*ret_count = 0; *ret_count < LIMIT_WITNESSES; ++*ret_count) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		ret_witness[*ret_count] = rows_i64(&rows, 0);
		if (note)
			buf_put(note, rows_text(&rows, 2));
	}
	return OK;
}

static enum err
taken_say(struct job *job, const struct taking *taking, struct witness_taken *ret)
{
	int64_t witness[LIMIT_WITNESSES];
	size_t count;

	*ret = (struct witness_taken){ .checkpoint = taking->checkpoint, .kept = taking->line_count, .passed = taking->passed };
	TRY(lines_read(job, &taking->tree, taking->origin, taking->checkpoint.size, NULL, witness, &count));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < taking->witness_count; k++)
			if (taking->witness[k].no == witness[i])
				ret->name[ret->name_count++] = taking->witness[k].name;
	return OK;
}

enum err
witness_take(struct job *job, struct store *store, struct keys *keys, str note, struct witness_taken *ret)
{
	struct taking taking = { 0 };
	str text, lines;
	bool there;

	TRY(tree_last(job, job->db, &taking.tree, &there));
	TRY(tree_vkey(job, store, keys, &taking.vkey)); /* ERR_BUSY where there is no tree */
	TRY(tree_origin(job, &taking.tree, &taking.origin));
	TRY(witnesses_read(job, job->db, taking.witness, &taking.witness_count));
	TRY(checkpoint_ours(job, note, &taking));
	if (!note_split(note, &text, &lines))
		return fail(job, ERR_INVALID, "not a checkpoint with signatures behind it");
	TRY(lines_take(job, lines, &taking));
	TRY(store_write(job, store, WRITE_ORDINARY, take_steps, &taking)); /* R6 */
	return taken_say(job, &taking, ret);
}

/* --- giving out ------------------------------------------------------------------------------- */

static enum err
cosigned_by(struct job *job, const struct tree *tree, str origin, size_t least, str *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_COSIGNED_BY,
	             ARGS(sql_i64(tree->no), sql_text(origin), sql_i64((int64_t)least)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no checkpoint of this log has so many cosignatures");
	*ret = arena_str(&job->arena, rows_text(&rows, 1));
	return OK;
}

enum err
witness_checkpoint(struct job *job, size_t least, str *ret)
{
	OWNED(buf_release) struct buf note = { .max = CHECKPOINT_MAX };
	int64_t witness[LIMIT_WITNESSES];
	struct checkpoint checkpoint;
	struct tree tree;
	str origin, bare;
	size_t count;
	bool there;

	TRY(tree_checkpoint(job, &bare));
	TRY(tree_last(job, job->db, &tree, &there));
	TRY(tree_origin(job, &tree, &origin));
	if (least)
		TRY(cosigned_by(job, &tree, origin, least, &bare));
	if (!checkpoint_read(bare, &checkpoint))
		return fail(job, ERR_CORRUPT, "a checkpoint cannot be read");
	buf_put(&note, bare);
	/* The origin as it was signed: the setting may have been put since. */
	TRY(lines_read(job, &tree, checkpoint.origin, checkpoint.size, &note, witness, &count));
	must(buf_ok(&note));
	*ret = arena_str(&job->arena, buf_str(&note));
	return OK;
}
