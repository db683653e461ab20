/* store/dump.c -- contract: dump.h.  The one place beside migrations where SQL is put together at run
 * time: from the names of the database's own catalogue, which no caller controls, so that no table is
 * ever forgotten (docs/decisions/0144). */
#include "store/dump.h"

#include <sqlite3.h>

#include "store/driver.h"

#define MAGIC "valv rows 1\n"
#define CUT_BYTES ((size_t)256 * 1024)     /* a piece is at least so large where keys are dense */
#define CUT_MAX ((size_t)8 * 1024 * 1024)
#define CUT_SHIFT 9                        /* and ends where the key's upper bits change */
#define CUT_SHIFT_ALWAYS 16
#define ROW_MAX ((size_t)8 * 1024 * 1024)

/* Not backed up. */
static const str left_out[] = {
	{ "lookup", 6 },  /* keyed digests that find people: made again from the records */
	{ "package", 7 }, /* copies of what stands elsewhere, behind links that must not come back */
};

/* Rows about a subject that outlive it. */
static const str outlives[] = {
	{ "entry", 5 }, { "entry_of", 8 }, { "entry_run", 9 }, { "outbox", 6 },
};

static bool
one_of(str name, const str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static enum db_side
db_side_of(enum dump_side side)
{
	return side == DUMP_KEYS ? SIDE_KEYS : SIDE_DATA;
}

/* --- statements of our own -------------------------------------------------------------------- */

static void
statement_end(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

static enum err
prepare(struct job *job, struct db *db, enum db_side side, const struct buf *text, sqlite3_stmt **ret)
{
	sqlite3 *handle = db_handle(db, side);

	if (!buf_ok(text))
		return fail(job, ERR_CORRUPT, "a table of the store has more columns than it can have");
	if (sqlite3_prepare_v2(handle, text->ptr, (int)text->len, ret, NULL) != SQLITE_OK)
		return db_failed(job, db, side);
	return OK;
}

static enum err
step(struct job *job, struct db *db, enum db_side side, sqlite3_stmt *statement, bool *ret_row)
{
	int code = sqlite3_step(statement);

	*ret_row = code == SQLITE_ROW;
	return code == SQLITE_ROW || code == SQLITE_DONE ? OK : db_failed(job, db, side);
}

static str
column_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return (str){ (const char *)text, text ? (size_t)sqlite3_column_bytes(statement, column) : 0 };
}

/* Names of the catalogue are ours: lower-case letters, digits and _. */
static bool
name_ours(str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '_' ||
		      (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
			return false;
	return name.len > 0 && name.len <= 64;
}

static void
put_name(struct buf *out, str name)
{
	must(name_ours(name));
	buf_char(out, '"');
	buf_put(out, name);
	buf_char(out, '"');
}

/* --- the catalogue ---------------------------------------------------------------------------- */

static enum err
names_list(struct job *job, struct db *db, enum db_side side, const struct buf *text, str **ret,
           size_t *ret_count)
{
	OWNED(statement_end) sqlite3_stmt *statement = NULL;
	str *name = arena_array(&job->arena, DUMP_TABLES_MAX, sizeof(*name));
	size_t count = 0;
	bool row;

	TRY(prepare(job, db, side, text, &statement));
	for (;;) {
		TRY(step(job, db, side, statement, &row));
		if (!row)
			break;
		if (count == DUMP_TABLES_MAX || !name_ours(column_text(statement, 0)))
			return fail(job, ERR_CORRUPT, "the store has a table or column that no Valv made");
		name[count++] = arena_str(&job->arena, column_text(statement, 0));
	}
	*ret = name;
	*ret_count = count;
	return OK;
}

static enum err
all_tables(struct job *job, struct db *db, enum db_side side, str **ret, size_t *ret_count)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };

	buf_put(&text, S("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"));
	return names_list(job, db, side, &text, ret, ret_count);
}

static enum err
columns_of(struct job *job, struct db *db, enum db_side side, str table, const char *which, str **ret,
           size_t *ret_count)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };

	must(name_ours(table));
	buf_put(&text, S("SELECT name FROM pragma_table_info('"));
	buf_put(&text, table);
	buf_put(&text, S("') "));
	buf_put(&text, str_from_c(which));
	return names_list(job, db, side, &text, ret, ret_count);
}

enum err
dump_tables(struct job *job, struct db *snapshot, enum dump_side side, str **ret, size_t *ret_count)
{
	size_t count, kept = 0;

	TRY(all_tables(job, snapshot, db_side_of(side), ret, &count));
	for (size_t i = 0; i < count; i++)
		if (!one_of((*ret)[i], left_out, COUNT(left_out)))
			(*ret)[kept++] = (*ret)[i];
	*ret_count = kept;
	return OK;
}

/* --- a snapshot ------------------------------------------------------------------------------- */

struct snapshot_plan {
	struct db *db;
};

/* On the writer's thread no commit can come between the two. */
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
	TRY(store_write(job, store, WRITE_RESERVED, snapshot_steps, &plan));
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

static enum err
facts_known(struct job *job, struct db *db, struct facts_head *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes hash;

	TRY(db_query(job, db, SQL_FACT_HEAD_GET, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret = (struct facts_head){ .no = rows_i64(&rows, 1), .at_byte = rows_i64(&rows, 3) };
	hash = rows_bytes(&rows, 2);
	if (!uid_from_bytes(rows_bytes(&rows, 0), &ret->ledger) || hash.len != sizeof(ret->hash))
		return fail(job, ERR_CORRUPT, "what the store knows of its ledger of facts cannot be read");
	memcpy(ret->hash, hash.ptr, sizeof(ret->hash));
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
	size_t head;   /* octets of the piece's head */
	uint64_t rows;
	int64_t key;   /* of the row before */
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

static bool
cut_before(const struct out *out, bool numbered, int64_t key)
{
	size_t size = out->piece.len - out->head;

	if (!out->rows)
		return false;
	if (size >= CUT_MAX)
		return true;
	if (!numbered)
		return false;
	return key >> CUT_SHIFT_ALWAYS != out->key >> CUT_SHIFT_ALWAYS ||
	       (size >= CUT_BYTES && key >> CUT_SHIFT != out->key >> CUT_SHIFT);
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

static void
put_head(struct out *out, const str *column, size_t count)
{
	buf_put(&out->piece, S(MAGIC));
	buf_block(&out->piece, str_bytes(out->table));
	buf_le16(&out->piece, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		buf_block(&out->piece, str_bytes(column[i]));
	out->head = out->piece.len;
}

static enum err
select_text(struct job *job, struct db *db, enum db_side side, str table, const str *column, size_t count,
            struct buf *out)
{
	str *key;
	size_t keys;

	TRY(columns_of(job, db, side, table, "WHERE pk > 0 ORDER BY pk", &key, &keys));
	buf_put(out, S("SELECT "));
	for (size_t i = 0; i < count; i++) {
		buf_put(out, i ? S(", ") : S(""));
		put_name(out, column[i]);
	}
	if (keys) { /* the number that pieces are cut by */
		buf_put(out, S(", "));
		put_name(out, key[0]);
	} else {
		buf_put(out, S(", rowid"));
	}
	buf_put(out, S(" FROM "));
	put_name(out, table);
	buf_put(out, S(" ORDER BY "));
	for (size_t i = 0; i < keys; i++) {
		buf_put(out, i ? S(", ") : S(""));
		put_name(out, key[i]);
	}
	if (!keys)
		buf_put(out, S("rowid"));
	return OK;
}

static enum err
rows_out(struct job *job, struct db *db, enum db_side side, sqlite3_stmt *statement, int columns,
         struct out *out)
{
	bool row;

	for (;;) {
		bool numbered;
		int64_t key;
		TRY(step(job, db, side, statement, &row));
		if (!row)
			return piece_out(job, out);
		numbered = sqlite3_column_type(statement, columns) == SQLITE_INTEGER;
		key = sqlite3_column_int64(statement, columns);
		if (cut_before(out, numbered, key))
			TRY(piece_out(job, out));
		for (int i = 0; i < columns; i++)
			put_column(&out->piece, statement, i);
		out->rows++;
		out->key = key;
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
	str *column;
	size_t count;

	TRY(columns_of(job, snapshot, of, table, "ORDER BY cid", &column, &count));
	TRY(select_text(job, snapshot, of, table, column, count, &text));
	TRY(prepare(job, snapshot, of, &text, &statement));
	put_head(&out, column, count);
	return rows_out(job, snapshot, of, statement, (int)count, &out);
}

/* --- parsing ---------------------------------------------------------------------------------- */

static bool
eat_name(bytes *rest, str *ret)
{
	bytes block;

	if (!eat_block(rest, &block))
		return false;
	*ret = bytes_str(block);
	return name_ours(*ret);
}

bool
piece_head_read(bytes *rest, struct piece_head *ret)
{
	bytes magic;
	uint16_t count;

	if (!eat_bytes(rest, sizeof(MAGIC) - 1, &magic) || !str_eq(bytes_str(magic), S(MAGIC)) ||
	    !eat_name(rest, &ret->table) || !eat_le16(rest, &count) || !count || count > COUNT(ret->column))
		return false;
	ret->column_count = count;
	for (size_t i = 0; i < count; i++)
		if (!eat_name(rest, &ret->column[i]))
			return false;
	return true;
}

bool
piece_value_read(bytes *rest, struct piece_value *ret)
{
	uint8_t kind;
	uint64_t number;

	if (!eat_u8(rest, &kind) || kind > SQL_KIND_BYTES)
		return false;
	*ret = (struct piece_value){ .kind = (enum sql_kind)kind };
	if (kind == SQL_KIND_I64) {
		if (!eat_le64(rest, &number))
			return false;
		ret->i64 = (int64_t)number;
	}
	return (kind != SQL_KIND_TEXT && kind != SQL_KIND_BYTES) ||
	       (eat_block(rest, &ret->octets) && ret->octets.len <= ROW_MAX);
}

/* --- in --------------------------------------------------------------------------------------- */

struct loader {
	struct db *db;
};

static enum err
empty_side(struct job *job, struct db *db, enum db_side side)
{
	str *table;
	size_t count;

	TRY(all_tables(job, db, side, &table, &count));
	for (size_t i = 0; i < count; i++) {
		OWNED(statement_end) sqlite3_stmt *statement = NULL;
		OWNED(buf_release) struct buf text = { .max = 256 };
		bool row;
		buf_put(&text, S("DELETE FROM "));
		put_name(&text, table[i]);
		TRY(prepare(job, db, side, &text, &statement));
		TRY(step(job, db, side, statement, &row));
	}
	return OK;
}

enum err
loader_open(struct job *job, const char *dir, const int64_t schema[2], struct loader **ret)
{
	OWNED(loader_close) struct loader *loader = calloc(1, sizeof(*loader));

	must(loader);
	TRY(store_create_at(job, dir, schema[DUMP_DATA], schema[DUMP_KEYS]));
	TRY(db_open(job, dir, true, false, &loader->db));
	for (enum db_side side = SIDE_DATA; side <= SIDE_KEYS; side++) {
		TRY(db_begin(job, loader->db, side));
		TRY(empty_side(job, loader->db, side)); /* migrations put rows, too */
	}
	*ret = loader;
	loader = NULL;
	return OK;
}

void
loader_close(struct loader **at)
{
	struct loader *loader = *at;

	if (!loader)
		return;
	if (loader->db) {
		db_rollback(loader->db, SIDE_DATA);
		db_rollback(loader->db, SIDE_KEYS);
	}
	db_close(&loader->db);
	free(loader);
	*at = NULL;
}

static enum err
not_a_piece(struct job *job)
{
	return fail(job, ERR_CORRUPT, "a piece of the backup cannot be read");
}

static enum err
head_fits(struct job *job, struct db *db, enum db_side side, const struct piece_head *head)
{
	str *name;
	size_t count;

	TRY(all_tables(job, db, side, &name, &count));
	if (!one_of(head->table, name, count))
		return not_a_piece(job);
	TRY(columns_of(job, db, side, head->table, "ORDER BY cid", &name, &count));
	for (size_t i = 0; i < head->column_count; i++)
		if (!one_of(head->column[i], name, count))
			return not_a_piece(job);
	return OK;
}

static void
insert_text(const struct piece_head *head, struct buf *out)
{
	buf_put(out, S("INSERT INTO "));
	put_name(out, head->table);
	buf_put(out, S(" ("));
	for (size_t i = 0; i < head->column_count; i++) {
		buf_put(out, i ? S(", ") : S(""));
		put_name(out, head->column[i]);
	}
	buf_put(out, S(") VALUES ("));
	for (size_t i = 0; i < head->column_count; i++)
		buf_put(out, i ? S(", ?") : S("?"));
	buf_char(out, ')');
}

static int
bind(sqlite3_stmt *statement, int at, const struct piece_value *value)
{
	const char *octets = value->octets.len ? (const char *)value->octets.ptr : "";

	switch (value->kind) {
	case SQL_KIND_I64:
		return sqlite3_bind_int64(statement, at, value->i64);
	case SQL_KIND_TEXT:
		return sqlite3_bind_text64(statement, at, octets, value->octets.len, SQLITE_STATIC, SQLITE_UTF8);
	case SQL_KIND_BYTES:
		return sqlite3_bind_blob64(statement, at, octets, value->octets.len, SQLITE_STATIC);
	case SQL_KIND_NULL:
		break;
	}
	return sqlite3_bind_null(statement, at);
}

static enum err
row_in(struct job *job, struct db *db, enum db_side side, sqlite3_stmt *statement, size_t columns, bytes *rest)
{
	struct piece_value value;
	bool row;

	for (size_t i = 0; i < columns; i++) {
		if (!piece_value_read(rest, &value))
			return not_a_piece(job);
		if (bind(statement, (int)i + 1, &value) != SQLITE_OK)
			return db_failed(job, db, side);
	}
	TRY(step(job, db, side, statement, &row));
	sqlite3_reset(statement);
	return OK;
}

enum err
loader_put(struct job *job, struct loader *loader, enum dump_side side, bytes piece, str *ret_table,
           uint64_t *ret_rows)
{
	OWNED(statement_end) sqlite3_stmt *statement = NULL;
	OWNED(buf_release) struct buf text = { .max = 32768 };
	struct piece_head *head = arena_alloc(&job->arena, sizeof(*head));
	enum db_side of = db_side_of(side);
	uint64_t rows = 0;

	if (!piece_head_read(&piece, head))
		return not_a_piece(job);
	TRY(head_fits(job, loader->db, of, head));
	insert_text(head, &text);
	TRY(prepare(job, loader->db, of, &text, &statement));
	for (; piece.len; rows++)
		TRY(row_in(job, loader->db, of, statement, head->column_count, &piece));
	*ret_table = arena_str(&job->arena, head->table);
	*ret_rows = rows;
	return OK;
}

enum err
loader_facts_known(struct job *job, struct loader *loader, struct facts_head *ret, bool *ret_there)
{
	return facts_known(job, loader->db, ret, ret_there);
}

/* What was on the queue stands in the ledger, or is lost with it. */
enum err
loader_facts_set(struct job *job, struct loader *loader, const struct facts_head *head)
{
	TRY(db_run(job, loader->db, SQL_FACT_DROP, ARGS(sql_i64(INT64_MAX)), NULL));
	return db_run(job, loader->db, SQL_FACT_HEAD_PUT,
	              ARGS(sql_bytes(uid_bytes(&head->ledger)), sql_i64(head->no),
	                   sql_bytes((bytes){ head->hash, sizeof(head->hash) }), sql_i64(head->at_byte),
	                   sql_i64(head->bound.subjects), sql_i64(head->bound.entries)),
	              NULL);
}

enum err
loader_finish(struct job *job, struct loader *loader)
{
	for (enum db_side side = SIDE_DATA; side <= SIDE_KEYS; side++) {
		TRY(db_commit(job, loader->db, side));
		TRY(db_checkpoint(job, loader->db, side));
	}
	return OK;
}

/* --- one person ------------------------------------------------------------------------------- */

static enum err
drop_from(struct job *job, struct db *db, str table, int64_t subject)
{
	OWNED(statement_end) sqlite3_stmt *statement = NULL;
	OWNED(buf_release) struct buf text = { .max = 256 };
	bool row;

	buf_put(&text, S("DELETE FROM "));
	put_name(&text, table);
	buf_put(&text, S(" WHERE subject = ?"));
	TRY(prepare(job, db, SIDE_DATA, &text, &statement));
	sqlite3_bind_int64(statement, 1, subject);
	return step(job, db, SIDE_DATA, statement, &row);
}

enum err
dump_subject_drop(struct job *job, struct db *db, int64_t subject)
{
	str *table, *column;
	size_t count, columns;

	TRY(all_tables(job, db, SIDE_DATA, &table, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(columns_of(job, db, SIDE_DATA, table[i], "WHERE name = 'subject'", &column, &columns));
		if (columns && !one_of(table[i], outlives, COUNT(outlives)))
			TRY(drop_from(job, db, table[i], subject));
	}
	return OK;
}
