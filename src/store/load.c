/* store/load.c -- rows of a backup into an empty store.  Contract: dump.h;
 * tables and columns by the catalogue, as in dump.c. */
#include "store/catalogue.h"

#define ROW_MAX ((size_t)8 * 1024 * 1024)

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

	if (!eat_bytes(rest, sizeof(PIECE_MAGIC) - 1, &magic) || !str_eq(bytes_str(magic), S(PIECE_MAGIC)) ||
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
	bytes from = *rest;
	uint64_t number = 0;
	uint8_t kind;

	if (!eat_u8(&from, &kind) || kind > SQL_KIND_BYTES)
		return false;
	*ret = (struct piece_value){ .kind = (enum sql_kind)kind };
	if (kind == SQL_KIND_I64 && !eat_le64(&from, &number))
		return false;
	ret->i64 = (int64_t)number;
	if ((kind == SQL_KIND_TEXT || kind == SQL_KIND_BYTES) &&
	    (!eat_block(&from, &ret->octets) || ret->octets.len > ROW_MAX))
		return false;
	*rest = from;
	return true;
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
		TRY(statement_new(job, db, side, &text, &statement));
		TRY(statement_step(job, db, side, statement, &row));
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
	TRY(statement_step(job, db, side, statement, &row));
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
	TRY(statement_new(job, loader->db, of, &text, &statement));
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
