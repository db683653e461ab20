/* store/dump.h -- a store's rows as pieces of text-free octets, and back: what backups are made of.
 *
 * It goes by the driver's own list of tables, so a table that somebody adds is in the next backup
 * without anybody thinking of it, and what is left out is named with a reason (dump_left_out()).
 * Rows of a table go in the order of its key.  Where a piece may end is said by the keys of its rows, so a
 * change in one place changes the piece that it is in and few others, and a backup can share the rest
 * with the one before it.
 *
 *   piece   "valv rows 1\n" | block table | le16 columns, block name each | row*
 *   row     for each column: u8 0 null | u8 1, le64 | u8 2, block text | u8 3, block octets
 *
 * Values are as they lie in the store: sealed, wrapped or not personal.
 */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include "store/facts.h"
#include "store/store.h"

#define PIECE_MAGIC "valv rows 1\n"
#define DUMP_PIECE_MAX ((size_t)24 * 1024 * 1024) /* a piece; one row fits with room to spare */
#define DUMP_TABLES_MAX 256

enum dump_side { DUMP_DATA, DUMP_KEYS };

/* --- out ----------------------------------------------------------------------------------------- */

/* Both databases as of one moment between two groups of writes.  Reading the keys keeps keys from being
 * destroyed, and whoever waits for that: end that side as soon as it is read. */
must_check enum err store_snapshot(struct job *job, struct store *store, struct db **ret);
void snapshot_end_keys(struct db *snapshot);
void snapshot_end(struct db **snapshot); /* accepts NULL inside; for OWNED */

/* What a store is, as of the snapshot. */
struct dump_state {
	int64_t schema[2];          /* version of each side */
	int64_t entry_last, subject_last, fact_last;
	uid ledger;                 /* of facts */
	bool ledger_there;
};
must_check enum err dump_state(struct job *job, struct db *snapshot, struct dump_state *ret);

/* Tables of the data that go into no backup; NULL past the last. */
struct left_out {
	str table;
	const char *why;
};
const struct left_out *dump_left_out(size_t index);

/* Names of the tables of a side that go into a backup, sorted. */
must_check enum err dump_tables(struct job *job, struct db *snapshot, enum dump_side side, str **ret,
                                size_t *ret_count);
/* Calls put for each piece; it is borrowed for the call.  A table without rows has none. */
typedef enum err dump_put(struct job *job, str table, bytes piece, uint64_t rows, void *ctx);
must_check enum err dump_table(struct job *job, struct db *snapshot, enum dump_side side, str table,
                               dump_put *put, void *ctx);

/* --- in ------------------------------------------------------------------------------------------ */

struct loader;

/* Make an empty store of these schema versions in a directory that has none.
 *   ERR_NEWER a version that this Valv does not know   ERR_CONFLICT there is a store */
must_check enum err loader_open(struct job *job, const char *dir, const int64_t schema[2],
                                struct loader **ret);
void loader_close(struct loader **loader); /* what is not finished is not there; accepts NULL inside */
/* ERR_CORRUPT not a piece, or not of that side's tables   ERR_FULL, ERR_STORE */
must_check enum err loader_put(struct job *job, struct loader *loader, enum dump_side side, bytes piece,
                               str *ret_table, uint64_t *ret_rows);
/* What the store knows of its ledger of facts, as loaded.  *ret_there false: nothing. */
must_check enum err loader_facts_known(struct job *job, struct loader *loader, struct facts_head *ret,
                                       bool *ret_there);
/* From now on it goes with the ledger that stands there, and numbers go on above its bounds (G3). */
must_check enum err loader_facts_set(struct job *job, struct loader *loader, const struct facts_head *head);
must_check enum err loader_finish(struct job *job, struct loader *loader); /* durable */

/* --- parsing, for the tests too ------------------------------------------------------------------- */

struct piece_head {
	str table;
	size_t column_count;
	str column[256];
};
/* Eats the head; what is left are rows. */
must_check bool piece_head_read(bytes *rest, struct piece_head *ret);
struct piece_value {
	enum sql_kind kind;
	int64_t i64;
	bytes octets;
};
must_check bool piece_value_read(bytes *rest, struct piece_value *ret);

#endif
