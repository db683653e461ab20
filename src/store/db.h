/* store/db.h -- one connection: named statements, rows, transactions.
 *
 * A `struct db` is a pair of connections, to the data and to the keys; which one a statement runs
 * on follows from its name (SQL_KEYS_* run on keys.db).  One thread uses it at a time.  All SQL
 * lies in store/sql/; statements run by enumerated name only, no SQL is built at run time.
 *
 * Driver errors become ERR_FULL (no space), ERR_STORE (all else) and ERR_CORRUPT; after a failed
 * fsync the process stops (I3).
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/job.h"
#include "base/uid.h"
#include "sql_names.h"

struct db;

enum sql_kind { SQL_KIND_NULL, SQL_KIND_I64, SQL_KIND_TEXT, SQL_KIND_BYTES };

struct sql_arg {
	enum sql_kind kind;
	int64_t i64;
	bytes octets;
};

static inline struct sql_arg sql_null(void) { return (struct sql_arg){ .kind = SQL_KIND_NULL }; }
static inline struct sql_arg
sql_i64(int64_t value)
{
	return (struct sql_arg){ .kind = SQL_KIND_I64, .i64 = value };
}
static inline struct sql_arg
sql_text(str text)
{
	return (struct sql_arg){ .kind = SQL_KIND_TEXT, .octets = str_bytes(text) };
}
static inline struct sql_arg
sql_bytes(bytes octets)
{
	return (struct sql_arg){ .kind = SQL_KIND_BYTES, .octets = octets };
}
static inline struct sql_arg
sql_bytes_or_null(bytes octets)
{
	return octets.len ? sql_bytes(octets) : sql_null();
}
static inline struct sql_arg
sql_time(time_us at) /* TIME_NEVER is NULL */
{
	return at == TIME_NEVER ? sql_null() : sql_i64(at);
}

/* The arguments of a statement: $1, $2 ... in order. */
#define ARGS(...) \
	(const struct sql_arg[]){ __VA_ARGS__ }, \
	sizeof((const struct sql_arg[]){ __VA_ARGS__ }) / sizeof(struct sql_arg)
#define NO_ARGS NULL, 0

/* Run a statement that gives no rows; ret_changed may be NULL. */
must_check enum err db_run(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg,
                           size_t arg_count, int64_t *ret_changed);

/* Rows of a query.  Initialise to { 0 }, declare OWNED(rows_end).  Texts and bytes are borrowed
 * until the next rows_next() or rows_end(). */
struct rows {
	struct db *db;
	void *statement;
};
must_check enum err db_query(struct job *job, struct db *db, enum sql sql,
                             const struct sql_arg *arg, size_t arg_count, struct rows *ret);
must_check enum err rows_next(struct job *job, struct rows *rows, bool *ret_there);
void rows_end(struct rows *rows);
int64_t rows_i64(const struct rows *rows, int column);
time_us rows_time(const struct rows *rows, int column); /* NULL is TIME_NEVER */
bytes rows_bytes(const struct rows *rows, int column);  /* NULL is empty */
str rows_text(const struct rows *rows, int column);
bool rows_null(const struct rows *rows, int column);

/* A consistent view for several queries on the data connection (not the keys).  Nested calls are
 * a bug.  db_view_end accepts a db without a view; OWNED(db_view_end) struct db *view = NULL. */
must_check enum err db_view_begin(struct job *job, struct db *db, struct db **ret_view);
void db_view_end(struct db **view);
bool db_viewing(const struct db *db); /* is a view open on it? */

/* The same for the keys, so that many are read at the cost of one lock: for a millisecond or so, since who
 * destroys keys waits for it.  What a rotation takes away meanwhile cannot be opened: end it and look again. */
must_check enum err db_keys_view_begin(struct job *job, struct db *db);
void db_keys_view_end(struct db *db); /* fine without one */

/* Only inside steps handed to store_write(): the next number of an audit entry. */
int64_t db_next_entry(struct db *db);

#endif
