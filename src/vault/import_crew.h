/* vault/import_crew.h -- a piece of a list on several threads: what its files share; internal to vault/.
 *
 *   import_rows.c    the piece: rows into plans, in groups, on the caller's thread
 *   import_crew.c    the committers, and whose turn it is
 *   import_commit.c  one group: looked up, sealed, written, counted
 */
#ifndef VAULT_IMPORT_CREW_H
#define VAULT_IMPORT_CREW_H

#include <pthread.h>

#include "vault/import_parts.h"

#define COMMITTERS 2
#define SLOTS 4 /* more than committers, so that none is taken twice */
#define TABLE_SIZE 4096 /* a power of two, more than twice the keys of a group */

struct table_entry {
	struct import_plan *plan; /* NULL: free */
	uint16_t field;
	bool shared;              /* several plans have it: it tells nobody */
	uint8_t digest[DIGEST_BYTES];
};

/* A row whose fate is to be told, of a dry run. */
struct told_row {
	uint64_t line;
	struct import_plan *plan; /* NULL: known already */
	bool again;               /* not the plan's first row */
	enum import_outcome outcome;
	uint64_t reasons;
};

/* Whose it is: the builder's while it is not ready, a committer's while it is. */
struct slot {
	struct job job; /* arena of the group; connection of its committer */
	struct import_plan **plan;
	size_t plan_count;
	struct table_entry *table; /* the builder's at all times */
	struct import_counts counts; /* of rows that became no plan */
	struct row_problem *problem;
	size_t problem_count, problem_room;
	struct told_row *told;
	size_t told_count;
	struct csv_place end;
};

struct committer {
	struct crew *crew;
	struct db *db;
	pthread_t thread;
	bool running;
};

struct crew {
	const struct import_run *run;
	struct import *import; /* of the committer whose turn it is to close */
	struct slot slot[SLOTS];
	bool ready[SLOTS]; /* under the mutex, as all that follows */
	struct committer committer[COMMITTERS];
	bool begun;
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	size_t next;           /* slot to be taken next */
	uint64_t taken, closed; /* slots so far */
	uint64_t saved_offset; /* what the stored progress says; of the one whose turn it is */
	unsigned unsaved;      /* groups since */
	bool closing;
	enum err err;          /* a committer has given up */
	struct failure failure;
};

/* --- import_crew.c ---------------------------------------------------------------------------- */

must_check enum err crew_begin(struct job *job, struct crew *crew); /* ERR_BUSY, ERR_STORE */
void crew_end(struct crew *crew); /* waits for groups under way; accepts one that never began */
/* Until the slot is free, or a committer has given up: its error. */
must_check enum err slot_wait(struct job *job, struct crew *crew, size_t index);
must_check enum err crew_wait(struct job *job, struct crew *crew); /* all of them */

/* --- import_commit.c -------------------------------------------------------------------------- */

/* The store as the job's connection sees it now; what is found lives in `arena`. */
must_check enum err holders_find(struct job *job, struct arena *arena, struct import_plan *plan);
must_check enum err plans_commit(struct crew *crew, struct slot *slot);
must_check enum err slot_close(struct crew *crew, struct slot *slot); /* in its turn */
/* With the group's problems and suppressions; slot NULL: the end of a piece. */
must_check enum err progress_write(struct job *job, struct crew *crew, struct slot *slot, bool last);
void slot_problem(struct slot *slot, uint64_t line, enum import_reason reason, uint16_t field);
void reasons_count(struct import_counts *counts, uint64_t reasons);

#endif
