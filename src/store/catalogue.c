/* store/catalogue.c -- contract: catalogue.h. */
#include "store/catalogue.h"

bool
one_of(str name, const str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

enum db_side
db_side_of(enum dump_side side)
{
	return side == DUMP_KEYS ? SIDE_KEYS : SIDE_DATA;
}

/* --- statements of our own -------------------------------------------------------------------- */

void
statement_end(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

enum err
statement_new(struct job *job, struct db *db, enum db_side side, const struct buf *text, sqlite3_stmt **ret)
{
	sqlite3 *handle = db_handle(db, side);

	if (!buf_ok(text))
		return fail(job, ERR_CORRUPT, "a table of the store has more columns than it can have");
	if (sqlite3_prepare_v2(handle, text->ptr, (int)text->len, ret, NULL) != SQLITE_OK)
		return db_failed(job, db, side);
	return OK;
}

enum err
statement_step(struct job *job, struct db *db, enum db_side side, sqlite3_stmt *statement, bool *ret_row)
{
	int code = sqlite3_step(statement);

	*ret_row = code == SQLITE_ROW;
	return code == SQLITE_ROW || code == SQLITE_DONE ? OK : db_failed(job, db, side);
}

str
column_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return (str){ (const char *)text, text ? (size_t)sqlite3_column_bytes(statement, column) : 0 };
}

/* Names of the catalogue are ours: lower-case letters, digits and _. */
bool
name_ours(str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '_' ||
		      (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
			return false;
	return name.len > 0 && name.len <= 64;
}

void
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

	TRY(statement_new(job, db, side, text, &statement));
	for (;;) {
		TRY(statement_step(job, db, side, statement, &row));
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

enum err
all_tables(struct job *job, struct db *db, enum db_side side, str **ret, size_t *ret_count)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };

	buf_put(&text, S("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"));
	return names_list(job, db, side, &text, ret, ret_count);
}

enum err
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

/* --- facts ------------------------------------------------------------------------------------ */

enum err
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
