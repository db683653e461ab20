/* store/driver.h -- what the store needs of a database beyond db.h; internal to store/.
 * sqlite.c is one implementation; a PostgreSQL driver gives the same calls. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/db.h"

enum db_side { SIDE_DATA, SIDE_KEYS };

/* Open both files of a data directory; create them when `create`. */
must_check enum err db_open(struct job *job, const char *dir, bool writable, bool create,
                            struct db **ret);
void db_close(struct db **db);

must_check enum err db_begin(struct job *job, struct db *db, enum db_side side);
must_check enum err db_commit(struct job *job, struct db *db, enum db_side side);
void db_rollback(struct db *db, enum db_side side); /* fine when there is none */
bool db_in_transaction(const struct db *db, enum db_side side);
must_check enum err db_savepoint(struct job *job, struct db *db, enum db_side side);
must_check enum err db_savepoint_keep(struct job *job, struct db *db, enum db_side side);
void db_savepoint_undo(struct db *db, enum db_side side);
must_check enum err db_checkpoint(struct job *job, struct db *db, enum db_side side);
/* Let the log begin again from its start, so that it does not grow; left alone when the main file
 * would grow by more than `room` octets, or when somebody still reads from the log. */
void db_reuse_log(struct db *db, enum db_side side, uint64_t room);

/* As much as can be copied without waiting for anybody. */
must_check enum err db_checkpoint_some(struct job *job, struct db *db, enum db_side side);
/* Pages in the write-ahead log after this connection's last commit. */
int db_log_pages(const struct db *db, enum db_side side);

/* Migrations: a text with several statements, in the caller's transaction. */
must_check enum err db_migrate(struct job *job, struct db *db, enum db_side side, const char *text);
must_check enum err db_version(struct job *job, struct db *db, enum db_side side, int64_t *ret);
must_check enum err db_set_version(struct job *job, struct db *db, enum db_side side,
                                   int64_t version);

/* For dump.c, which goes by the catalogue: the driver's own handle of a side, and its last failure. */
void *db_handle(struct db *db, enum db_side side);
must_check enum err db_failed(struct job *job, struct db *db, enum db_side side);
/* On the writer's thread: let a reader see both sides as they are now, until it is rolled back. */
must_check enum err db_snapshot(struct job *job, struct db *db);
/* migrate.c: a store of older schema versions, as a backup of that time needs. */
must_check enum err store_create_at(struct job *job, const char *dir, int64_t data_version,
                                    int64_t keys_version);

void db_entry_counter(struct db *db, int64_t *counter); /* borrowed; what db_next_entry() takes from */
void db_set_writer(struct db *db, void *writer);
void *db_writer(struct db *db);

/* steps.c: before anything is written to keys.db, so that it can be undone with the steps (S3). */
must_check enum err db_keys_begin(struct job *job, struct db *db);

/* steps.c: key sets wrapped by an older epoch than this are refused from now on. */
void db_refuse_epochs_below(struct db *db, uint32_t epoch);
bool db_trims_pending(struct db *db); /* in the group that is being run */

#endif
