/* store/store_parts.h -- what the files of the store share; internal to store/.
 *
 *   directory.c    the data directory: opened, closed, looked at
 *   migrate.c      made, and brought to the newest schema
 *   store.c        the one writer: groups, their commit and what follows it
 *   steps.c        what steps may do besides running statements
 *   reserve.c      room that is kept for those who must find some on a full disk
 *   store_facts.c  the ledger of facts beside the writer
 */
#ifndef STORE_STORE_PARTS_H
#define STORE_STORE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/checkpointer.h"
#include "store/driver.h"
#include "store/fact_queue.h"
#include "store/store.h"

#define RESERVE_BYTES (16 * 1024 * 1024)
#define TURNS 1024 /* stripes of subject turns */

/* One caller of store_write(), on its stack. */
struct write {
	struct write *next;
	struct job *job;
	write_steps *steps;
	void *plan;
	enum write_flags flags;
	bool facts; /* waits for the ledger of facts */
	enum err err;
	struct write *wakes[2]; /* whom its owner wakes in turn */
	_Atomic uint32_t done;
};

/* A key set to be made smaller, or destroyed, once the data is durable. */
struct trim {
	struct trim *next;
	int64_t subject, version;
	uint32_t epoch;
	bytes wrapped;
	struct write *write;
};

/* What the steps of one member did to keys.db. */
enum keys_touched { KEYS_UNTOUCHED, KEYS_BEGUN /* its transaction is theirs */, KEYS_SAVED };

/* The writer thread's own state; steps reach it through their db. */
struct writer {
	struct db *db;
	struct job job; /* for its own statements */
	int64_t entry_counter;
	struct trim *trim_first, **trim_last;
	struct write *current;
	enum keys_touched keys; /* by the steps that run */
	bool touched[TOPIC_COUNT];
	uint32_t epoch_min; /* key sets wrapped by older epochs are refused */
	struct fact_queue facts;
};

struct store {
	const char *dir;
	size_t group_max;
	int lock_fd;
	struct job job; /* owns dir */
	_Atomic int64_t next_subject;

	pthread_t thread;
	bool thread_running;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct write *first, **last;
	bool closing;

	struct checkpointer *checkpointer;
	struct writer writer;
	const struct facts *facts; /* the writer's, for whoever needs its digests */
	_Atomic uint64_t generation[TOPIC_COUNT];
	_Atomic uint64_t groups, writes, failed;
	_Atomic bool reserve_in_use;

	struct subject_turn {
		pthread_mutex_t mutex;
	} turn[TURNS];
};

/* --- directory.c ------------------------------------------------------------------------------- */

/* In the job's arena. */
const char *store_path(struct job *job, const char *dir, str name);

/* --- migrate.c --------------------------------------------------------------------------------- */

/* From whatever version it has to the newest; outside of a transaction.  ERR_NEWER, ERR_STORE */
must_check enum err migrate(struct job *job, struct db *db);

/* --- store.c ----------------------------------------------------------------------------------- */

void *writer_main(void *store); /* the writer's thread; ends when the store closes and nobody waits */

/* --- reserve.c: on the writer's thread, or before it is started --------------------------------- */

void reserve_fill(struct store *store);
void reserve_open(struct store *store);    /* give the room up */
void reserve_restore(struct store *store); /* take it back once there is plenty again */

/* --- store_facts.c: on the writer's thread ------------------------------------------------------ */

/* Inside the transaction, last.  OK when no facts are kept. */
must_check enum err facts_before_commit(struct job *job, struct store *store);
/* Those of the group who wait for the ledger fail when it cannot be written (G1). */
void facts_after_commit(struct job *job, struct store *store, struct write *first);

#endif
