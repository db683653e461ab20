/* store/fact_queue.h -- facts between the transaction that queues them and the ledger in the second
 * place; internal to store/.  All of it runs on the writer's thread, or before it is started. */
#ifndef STORE_FACT_QUEUE_H
#define STORE_FACT_QUEUE_H

#include "store/driver.h"
#include "store/facts.h"

struct fact_queue {
	struct facts *facts; /* NULL: this store keeps none (yet) */
	int64_t last;        /* the number given last */
	int64_t tidied;      /* up to here they are off the queue */
	bool wanted;         /* somebody in this group waits for the ledger */
};

/* Where the numbers that the store gives go on. */
struct fact_floors {
	int64_t subject, entry;
};
must_check enum err fact_floors_get(struct job *job, struct db *db, struct fact_floors *ret);

/* Open the ledger that belongs to the store, or make it for a store that has none yet, outside of a
 * transaction.  What is still to be written is written with the next group that wants it.
 *   ERR_SEALED  the ledger is missing, another, damaged, older than the store or newer (G2)
 *   ERR_LOCKED, ERR_IO, ERR_FULL, ERR_STORE */
must_check enum err fact_queue_open(struct job *job, struct db *db, const char *dir, struct secret *key,
                                    struct facts_numbers used, struct fact_queue *queue);
/* Another ledger, new, for a store whose own is lost; outside of a transaction, while none is open.  What was
 * still queued stood for the lost one, and is dropped: its effects are in the store.
 *   ERR_CONFLICT  one lies in that place */
must_check enum err fact_queue_renew(struct job *job, struct db *db, const char *dir, struct secret *key,
                                     struct facts_numbers used);
void fact_queue_close(struct db *db, struct fact_queue *queue);

/* Inside the transaction. */
must_check enum err fact_queue_put(struct job *job, struct db *db, struct fact_queue *queue, bytes plain);
/* Inside the transaction, last: what the ledger has goes off the queue. */
must_check enum err fact_queue_tidy(struct job *job, struct db *db, struct fact_queue *queue);
/* Before the commit: numbers that are used stay below the bounds in the ledger (G3). */
must_check enum err fact_queue_reserve(struct job *job, struct fact_queue *queue,
                                       struct facts_numbers used);
/* After the commit (G1). */
bool fact_queue_behind(const struct fact_queue *queue);
must_check enum err fact_queue_write(struct job *job, struct db *db, struct fact_queue *queue);

#endif
