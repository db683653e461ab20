/* store/catalogue.h -- the database's own list of tables and columns, and statements made from it;
 * internal to store/.
 *
 * Beside migrations this is the one place where SQL is put together at run time: from the names of the
 * catalogue, which no caller controls, so that no table is ever forgotten by a backup
 * (docs/decisions/0144).  A name that Valv would not have given is damage.
 */
#ifndef STORE_CATALOGUE_H
#define STORE_CATALOGUE_H

#include <sqlite3.h>

#include "store/driver.h"
#include "store/dump.h"

enum db_side db_side_of(enum dump_side side);

bool name_ours(str name); /* lower-case letters, digits and _ */
void put_name(struct buf *out, str name);
bool one_of(str name, const str *names, size_t count);

/* Names in the arena, at most DUMP_TABLES_MAX.   ERR_CORRUPT one is not ours */
must_check enum err all_tables(struct job *job, struct db *db, enum db_side side, str **ret,
                               size_t *ret_count);
/* which: what follows FROM pragma_table_info, as "ORDER BY cid". */
must_check enum err columns_of(struct job *job, struct db *db, enum db_side side, str table,
                               const char *which, str **ret, size_t *ret_count);

/* A statement of one's own: OWNED(statement_end) sqlite3_stmt *statement = NULL. */
must_check enum err statement_new(struct job *job, struct db *db, enum db_side side, const struct buf *text,
                                  sqlite3_stmt **ret);
void statement_end(sqlite3_stmt **statement);
must_check enum err statement_step(struct job *job, struct db *db, enum db_side side,
                                   sqlite3_stmt *statement, bool *ret_row);
str column_text(sqlite3_stmt *statement, int column);

/* What the store knows of its ledger of facts. */
must_check enum err facts_known(struct job *job, struct db *db, struct facts_head *ret, bool *ret_there);

#endif
