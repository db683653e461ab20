/* store/dump.c -- contract: dump.h.  By the database's own catalogue, see catalogue.h. */
#include "store/catalogue.h"

#define CUT_BYTES ((size_t)256 * 1024)    /* a piece is at least so large, unless its end is a very good one */
#define CUT_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define CUT_LEVEL 8                       /* a row in 2^8 can be the first of a piece */
#define CUT_LEVEL_ALWAYS 18               /* one in 2^18 always is */

/* Not backed up.  tests/api/test_backup.py holds it against the schema. */
static const struct left_out left_out[] = {
	{ { "lookup", 6 }, "digests by which people are found: a restore makes them again from the records" },
	{ { "package", 7 }, "copies of what stands elsewhere, behind links that must not come back" },
	{ { "idempotency", 11 }, "answers to repeat within a day, to calls that a restored store never got" },
};

const struct left_out *
dump_left_out(size_t index)
{
	return index < COUNT(left_out) ? &left_out[index] : NULL;
}

static bool
is_left_out(str table)
{
	for (size_t i = 0; i < COUNT(left_out); i++)
		if (str_eq(table, left_out[i].table))
			return true;
	return false;
}

enum err
dump_tables(struct job *job, struct db *snapshot, enum dump_side side, str **ret, size_t *ret_count)
{
	size_t count, kept = 0;

	TRY(all_tables(job, snapshot, db_side_of(side), ret, &count));
	for (size_t i = 0; i < count; i++)
		if (!is_left_out((*ret)[i]))
			(*ret)[kept++] = (*ret)[i];
	*ret_count = kept;
	return OK;
}

/* --- a snapshot ------------------------------------------------------------------------------- */

struct snapshot_plan {
	struct db *db;
};

/* On the writer's thread no commit can come between the two.  Alone: whoever destroys keys in the same
 * group would wait for the snapshot to end, and the snapshot for the group. */
static enum err
snapshot_steps(struct job *job, struct db *db UNUSED, void *arg)
{
	struct snapshot_plan *plan = arg;

	return db_snapshot(job, plan->db);
}

enum err
store_snapshot(struct job *job, struct store *store, struct db **ret)
{
	OWNED(snapshot_end) struct db *db = NULL;
	struct snapshot_plan plan;

	TRY(store_reader(job, store, &db));
	plan.db = db;
	TRY(store_write(job, store, WRITE_RESERVED | WRITE_ALONE, snapshot_steps, &plan));
	*ret = db;
	db = NULL;
	return OK;
}

void
snapshot_end_keys(struct db *snapshot)
{
	db_rollback(snapshot, SIDE_KEYS);
}

void
snapshot_end(struct db **snapshot)
{
	if (!*snapshot)
		return;
	db_rollback(*snapshot, SIDE_KEYS);
	db_rollback(*snapshot, SIDE_DATA);
	reader_end(snapshot);
}

static enum err
last_of(struct job *job, struct db *db, enum sql sql, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

enum err
dump_state(struct job *job, struct db *snapshot, struct dump_state *ret)
{
	struct facts_head known = { 0 };

	TRY(db_version(job, snapshot, SIDE_DATA, &ret->schema[DUMP_DATA]));
	TRY(db_version(job, snapshot, SIDE_KEYS, &ret->schema[DUMP_KEYS]));
	TRY(last_of(job, snapshot, SQL_ENTRY_LAST, &ret->entry_last));
	TRY(last_of(job, snapshot, SQL_SUBJECT_LAST, &ret->subject_last));
	TRY(last_of(job, snapshot, SQL_FACT_LAST, &ret->fact_last));
	TRY(facts_known(job, snapshot, &known, &ret->ledger_there));
	ret->ledger = known.ledger;
	if (ret->fact_last < known.no)
		ret->fact_last = known.no;
	return OK;
}

/* --- out -------------------------------------------------------------------------------------- */

struct out {
	str table;
	struct buf piece;
	size_t head; /* octets of the piece's head */
	uint64_t rows;
	dump_put *put;
	void *ctx;
};

static enum err
piece_out(struct job *job, struct out *out)
{
	enum err err;

	if (!out->rows)
		return OK;
	must(buf_ok(&out->piece));
	err = out->put(job, out->table, buf_bytes(&out->piece), out->rows, out->ctx);
	out->piece.len = out->head; /* sealed or not personal: no need to wipe it each time */
	out->rows = 0;
	return err;
}

static void
put_column(struct buf *out, sqlite3_stmt *statement, int column)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		buf_u8(out, SQL_KIND_I64);
		buf_le64(out, (uint64_t)sqlite3_column_int64(statement, column));
		break;
	case SQLITE_TEXT:
		buf_u8(out, SQL_KIND_TEXT);
		buf_block(out, str_bytes(column_text(statement, column)));
		break;
	case SQLITE_BLOB: {
		const void *octets = sqlite3_column_blob(statement, column);
		buf_u8(out, SQL_KIND_BYTES);
		buf_block(out, (bytes){ octets, octets ? (size_t)sqlite3_column_bytes(statement, column) : 0 });
		break;
	}
	default:
		buf_u8(out, SQL_KIND_NULL);
	}
}

static uint64_t
hash_octets(uint64_t hash, const uint8_t *octet, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octet[i]) * 0x100000001b3;
	return hash;
}

/* How good a row is as the first of a piece: by its key alone, so that a row that comes, goes or changes
 * moves no end of a piece but those next to it.  FNV-1a, then the last step of splitmix64. */
static unsigned
level_of(sqlite3_stmt *statement, int first, int count)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (int i = first; i < first + count; i++) {
		int64_t number = sqlite3_column_int64(statement, i);
		if (sqlite3_column_type(statement, i) == SQLITE_INTEGER)
			hash = hash_octets(hash, (const uint8_t *)&number, sizeof(number));
		else
			hash = hash_octets(hash, sqlite3_column_blob(statement, i),
			                   (size_t)sqlite3_column_bytes(statement, i));
	}
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
	hash ^= hash >> 31;
	return hash ? (unsigned)__builtin_ctzll(hash) : 64;
}

/* The better the place, the less must have come together: so ends that moved meet the old ones soon. */
static bool
cut_before(const struct out *out, unsigned level)
{
	size_t size = out->piece.len - out->head;

	if (!out->rows)
		return false;
	if (size >= CUT_BYTES_MAX || level >= CUT_LEVEL_ALWAYS)
		return true;
	return level >= CUT_LEVEL && size >= CUT_BYTES >> (level - CUT_LEVEL);
}

static void
put_head(struct out *out, const str *column, size_t count)
{
	buf_put(&out->piece, S(PIECE_MAGIC));
	buf_block(&out->piece, str_bytes(out->table));
	buf_le16(&out->piece, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		buf_block(&out->piece, str_bytes(column[i]));
	out->head = out->piece.len;
}

static void
put_names(struct buf *out, const str *name, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_put(out, i ? S(", ") : S(""));
		put_name(out, name[i]);
	}
}

/* All columns, then those of the key again: what pieces are cut by. */
static void
select_text(str table, const str *column, size_t columns, const str *key, size_t keys, struct buf *out)
{
	buf_put(out, S("SELECT "));
	put_names(out, column, columns);
	buf_put(out, S(", "));
	put_names(out, key, keys);
	buf_put(out, S(" FROM "));
	put_name(out, table);
	buf_put(out, S(" ORDER BY "));
	put_names(out, key, keys);
}

static enum err
rows_out(struct job *job, struct db *db, enum db_side side, sqlite3_stmt *statement, int columns, int keys,
         struct out *out)
{
	bool row;

	for (;;) {
		TRY(statement_step(job, db, side, statement, &row));
		if (!row)
			return piece_out(job, out);
		if (cut_before(out, level_of(statement, columns, keys)))
			TRY(piece_out(job, out));
		for (int i = 0; i < columns; i++)
			put_column(&out->piece, statement, i);
		out->rows++;
	}
}

static void
out_end(struct out *out)
{
	buf_release(&out->piece);
}

enum err
dump_table(struct job *job, struct db *snapshot, enum dump_side side, str table, dump_put *put, void *ctx)
{
	OWNED(statement_end) sqlite3_stmt *statement = NULL;
	OWNED(buf_release) struct buf text = { .max = 16384 };
	OWNED(out_end) struct out out = { .table = table, .piece = { .max = DUMP_PIECE_MAX }, .put = put, .ctx = ctx };
	enum db_side of = db_side_of(side);
	size_t columns, keys;
	str *column, *key;

	TRY(columns_of(job, snapshot, of, table, "ORDER BY cid", &column, &columns));
	TRY(columns_of(job, snapshot, of, table, "WHERE pk > 0 ORDER BY pk", &key, &keys));
	if (!keys)
		return fail(job, ERR_CORRUPT, "a table of the store has no key");
	select_text(table, column, columns, key, keys, &text);
	TRY(statement_new(job, snapshot, of, &text, &statement));
	put_head(&out, column, columns);
	return rows_out(job, snapshot, of, statement, (int)columns, (int)keys, &out);
}
