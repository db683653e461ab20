/* store/store_facts.c -- the ledger of facts beside the writer.  Contract: store.h, G1 to G4: facts.h.
 *
 * A fact is queued in the transaction that takes something away (fact_queue.c), and written to the
 * second place between its commit and its acknowledgement. */
#include "store/store_parts.h"

const struct facts *
db_facts(struct db *db)
{
	struct writer *writer = db_writer(db);

	must(writer);
	return writer->facts.facts;
}

enum err
db_fact(struct job *job, struct db *db, bytes plain)
{
	struct writer *writer = db_writer(db);

	must(writer);
	if (!writer->facts.facts)
		return OK;
	writer->current->facts = true;
	return fact_queue_put(job, db, &writer->facts, plain);
}

/* Numbers that the store gives and that are in use when this group is durable. */
static struct facts_numbers
numbers_used(const struct store *store)
{
	return (struct facts_numbers){ atomic_load(&store->next_subject), store->writer.entry_counter + 1 };
}

enum err
facts_before_commit(struct job *job, struct store *store)
{
	struct fact_queue *queue = &store->writer.facts;

	if (!queue->facts)
		return OK;
	if (queue->wanted)
		TRY(fact_queue_tidy(job, store->writer.db, queue));
	return fact_queue_reserve(job, queue, numbers_used(store));
}

/* G1: the data is durable, the second place is not; who waits for it is told so. */
void
facts_after_commit(struct job *job, struct store *store, struct write *first)
{
	struct fact_queue *queue = &store->writer.facts;
	enum err err = fact_queue_write(job, store->writer.db, queue);

	if (err == ERR_FULL) { /* when both lie on one disk, the reserve is for this too */
		job_forgive(job);
		reserve_open(store);
		err = fact_queue_write(job, store->writer.db, queue);
	}
	if (!err)
		return;
	for (struct write *write = first; write; write = write->next)
		if (write->facts && !write->err)
			write->err = fail(write->job, ERR_FACTS, "the ledger of facts cannot be written");
}

static enum err
facts_want_steps(struct job *job, struct db *db, void *plan)
{
	struct writer *writer = db_writer(db);

	writer->current->facts = writer->facts.wanted = true;
	return OK; /* it is written after the commit */
}

enum err
facts_finish(struct job *job, struct store *store)
{
	return store_write(job, store, WRITE_RESERVED, facts_want_steps, NULL);
}

struct attach {
	struct store *store;
	struct fact_queue queue;
};

static enum err
attach_steps(struct job *job, struct db *db, void *plan)
{
	struct attach *attach = plan;

	attach->store->writer.facts = attach->queue;
	attach->store->writer.facts.last = attach->queue.last;
	return OK;
}

enum err
store_facts_open(struct job *job, struct store *store, const char *dir, struct secret *key)
{
	OWNED(db_close) struct db *db = NULL;
	struct attach attach = { .store = store };

	TRY(db_open(job, store->dir, true, false, &db));
	TRY(fact_queue_open(job, db, dir, key, numbers_used(store), &attach.queue));
	store->facts = attach.queue.facts;
	TRY(store_write(job, store, WRITE_RESERVED, attach_steps, &attach));
	return facts_finish(job, store);
}

enum err
store_facts_renew(struct job *job, struct store *store, const char *dir, struct secret *key)
{
	OWNED(db_close) struct db *db = NULL;

	must(!store->facts);
	TRY(db_open(job, store->dir, true, false, &db));
	return fact_queue_renew(job, db, dir, key, numbers_used(store));
}

const struct facts *
store_facts(const struct store *store)
{
	return store->facts;
}
