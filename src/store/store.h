/* store/store.h -- the data directory: opening, migrating, reading, and writes as functions.
 *
 *   valv.db    everything about people, sealed      keys.db  wrapped keys, apart from the data
 *   root.key   the root, unless held elsewhere      lock     held by the process that has it open
 *   reserve    room kept for withdrawals and revocations when the disk is full
 *   sealed     it is being restored, and not to be served before that is done
 *
 *   S1  store_write() returns OK only when its steps are durable (I3).
 *   S2  Keys that a write adds are durable before its data; keys that it takes away are destroyed
 *       after its data is durable and before the call returns.  What a crash leaves between the
 *       two stands in key_trim and is finished by the next sweep.
 *   S3  Steps that fail leave nothing behind, and do not disturb others in the same group.
 *   S4  After a failed fsync the process stops; it never retries one.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/db.h"

struct facts;
struct secret;
struct store;

struct store_config {
	const char *dir;
	size_t group_max; /* writes in one commit; 0: 256 */
	bool sealed;      /* open it although it is being restored */
};

/* Make an empty store in an existing directory.  ERR_CONFLICT there is one. */
must_check enum err store_create(struct job *job, const char *dir);

/* Open, lock, migrate.
 *   ERR_ABSENT no store   ERR_LOCKED another process   ERR_NEWER written by a newer Valv
 *   ERR_CORRUPT not a Valv store   ERR_SEALED   ERR_STORE */
must_check enum err store_open(struct job *job, const struct store_config *config,
                               struct store **ret);
void store_close(struct store **store); /* waits for writes under way; accepts NULL inside */

const char *store_dir(const struct store *store);

/* A connection for reading, for one thread. */
must_check enum err store_reader(struct job *job, struct store *store, struct db **ret);
void reader_end(struct db **db); /* accepts NULL inside */

/* --- writes ---------------------------------------------------------------------------------- */

/* One straight function that only runs statements.  It runs on the writer's thread and must not
 * block on anything else.  It may be run again from the start, so what must be decided on fresh
 * data is read inside it.  The job is the caller's; its arena may be used. */
typedef enum err write_steps(struct job *job, struct db *db, void *plan);

enum write_flags {
	WRITE_ORDINARY = 0,
	WRITE_ONE = 1,      /* no savepoint of its own: a single statement, or nothing but attempts */
	WRITE_RESERVED = 2, /* may use the reserve on a full disk: withdrawal, revocation, erasure */
	WRITE_ALONE = 4,    /* a group of its own: no commit and no destruction of keys between its steps and its return */
};

/* Run the steps and return when they are durable, or failed and undone: the steps' own error,
 * ERR_FULL, ERR_STORE, ERR_BUSY (closing). */
must_check enum err store_write(struct job *job, struct store *store, enum write_flags flags,
                                write_steps *steps, void *plan);

/* Inside steps, before anything is written: ERR_STALE when sets wrapped by that epoch are refused. */
must_check enum err db_keys_check(struct job *job, struct db *db, uint32_t epoch);
/* Inside steps that are written with WRITE_ONE and do nothing else: run a part that may fail alone.
 * Then nothing of that part is left, and the rest goes on; the steps themselves answer OK. */
must_check enum err db_attempt(struct job *job, struct db *db, write_steps *steps, void *plan);

/* Inside steps: put a wrapped key set, durable before the data (S2). */
must_check enum err db_keys_put(struct job *job, struct db *db, int64_t subject, uint32_t epoch,
                                bytes wrapped);
/* Inside steps: once the data is durable, replace the subject's key set by this smaller one, or
 * destroy it (wrapped empty), and make the old one unreadable (S2). */
must_check enum err db_keys_trim(struct job *job, struct db *db, int64_t subject, int64_t version,
                                 uint32_t epoch, bytes wrapped);

/* What processes may keep in memory between two looks, and how they know that it still holds: a
 * number that moves on with every write that touched the topic, before that write is acknowledged
 * (I5, I9).  One process has a SQLite store open, so there the number is the process's own and
 * costs nothing; a driver for several nodes reads it from the store. */
enum topic { TOPIC_REGISTRY, TOPIC_PRINCIPALS, TOPIC_COUNT };
must_check enum err store_generation(struct job *job, struct store *store, enum topic topic,
                                     uint64_t *ret);
void db_touch(struct db *db, enum topic topic); /* inside steps */

/* --- what was taken away ----------------------------------------------------------------------- */

/* From now on facts are kept: in a ledger of the store's own in directory `dir` (store/facts.h, G1
 * and G2), with this key, which is borrowed.  What a crash left in the queue is written first.
 *   ERR_SEALED  the ledger is missing, another, damaged, or newer or older than the store
 *   ERR_FACTS   it cannot be written now   ERR_LOCKED, ERR_IO, ERR_FULL, ERR_STORE */
must_check enum err store_facts_open(struct job *job, struct store *store, const char *dir,
                                     struct secret *key);
/* Instead, for a store whose ledger is lost: a new one, which goes on from the numbers used.  Then
 * store_facts_open().   ERR_CONFLICT a ledger lies there */
must_check enum err store_facts_renew(struct job *job, struct store *store, const char *dir,
                                      struct secret *key);
/* For facts_digest() only; NULL: this store keeps no facts (yet). */
const struct facts *store_facts(const struct store *store);
const struct facts *db_facts(struct db *db); /* the same, inside steps */
/* Inside steps: a fact, in the ledger before the write is acknowledged.  Nothing when the store keeps
 * none: what stands below access/ has no ledger, and a restore says nothing twice. */
must_check enum err db_fact(struct job *job, struct db *db, bytes plain);
/* Write out what an unreachable second place left in the queue; OK when nothing is left.  ERR_FACTS */
must_check enum err facts_finish(struct job *job, struct store *store);

/* A fresh subject number; never given twice by this store. */
int64_t store_next_subject(struct store *store);

/* Writers of one subject take turns in this process; correctness rests on the version check in
 * the steps, this only spares repeated work. */
struct subject_turn;
struct subject_turn *subject_turn_take(struct store *store, int64_t subject);
void subject_turn_end(struct subject_turn **turn); /* accepts NULL inside */

/* --- work on the whole ----------------------------------------------------------------------- */

/* Copy the write-ahead logs into the main files and empty them. */
must_check enum err store_checkpoint(struct job *job, struct store *store);

struct store_stats {
	uint64_t groups, writes, failed;
	bool reserve_in_use;
};
void store_stats(struct store *store, struct store_stats *ret);

#endif
