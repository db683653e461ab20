/* backup/manifest.h -- what a backup says of itself: a signed note over a text of plain lines.
 *
 *   valv backup 1
 *   kind data                          or keys
 *   moment 4f1c…                       32 hex digits; data and keys of one moment have the same
 *   made 1795770000000000              microseconds since 1970
 *   until 0                            after then it is to be destroyed (keys); 0: never
 *   ledger 0b6e…                       32 hex digits: the ledger of facts that it goes with
 *   fact 17                            the last fact that it knows of
 *   entry 5230                         the last audit entry in it
 *   subjects 1001                      numbers below these were used by then
 *   entries 1048577
 *   schema 2
 *   list 77aa… 12                      SHA-256 of the file `list`, and how many pieces it names
 *   table subject 1000                 rows, for each table that has any
 *
 * The file `list` has a line for each piece, in the order in which they are loaded:
 *
 *   9f86… 262210 512 subject           SHA-256, octets, rows, table; the file's name is the first 40
 *                                      digits of the hash
 *
 * The note is signed with the key of the ledger of facts, so who has the one believes the other.
 */
#ifndef BACKUP_MANIFEST_H
#define BACKUP_MANIFEST_H

#include "store/dump.h"

#define MANIFEST_NAME "valv-backup"
#define MANIFEST_BYTES 65536
#define LIST_BYTES ((size_t)64 * 1024 * 1024)
#define PIECE_NAME_BYTES 40

struct manifest {
	enum dump_side kind;
	uid moment, ledger;
	time_us made_at, until_at; /* until 0: never */
	int64_t fact, entry;
	struct facts_numbers bound;
	int64_t schema;
	uint8_t list[32];
	uint64_t pieces;
	struct manifest_table {
		str name;
		uint64_t rows;
	} table[DUMP_TABLES_MAX];
	size_t table_count;
};

void manifest_put(const struct manifest *manifest, struct buf *out);
/* Borrows from text.  False: not one. */
must_check bool manifest_read(str text, struct manifest *ret);

struct piece {
	uint8_t hash[32];
	uint64_t size, rows;
	str table;
};
void piece_put(const struct piece *piece, struct buf *out);
must_check bool eat_piece(str *rest, struct piece *ret);

#endif
