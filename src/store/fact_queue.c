/* store/fact_queue.c -- contract: fact_queue.h. */
#include "store/fact_queue.h"

#include "crypto/seal.h"
#include "os/random.h"
#include "store/fault.h"

/* Numbers are set aside in blocks, one part of the ledger for each, and the next block when half of
 * one is used: a second place that cannot be reached for a while stops nobody. */
#define SUBJECT_BLOCK ((int64_t)1 << 16)
#define ENTRY_BLOCK ((int64_t)1 << 20)
#define PART_FACTS 1024 /* in one part; fits FACTS_PART_MAX with facts of FACT_BYTES */

_Static_assert(PART_FACTS * (FACT_BYTES + SEAL_OVERHEAD + 4) + FACTS_PART_FIXED < FACTS_PART_MAX,
              "a part holds as many facts as are put into one");

/* --- what the store knows --------------------------------------------------------------------- */

static enum err
known_get(struct job *job, struct db *db, struct facts_head *ret, struct fact_floors *ret_floors,
          bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes hash;

	TRY(db_query(job, db, SQL_FACT_HEAD_GET, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret = (struct facts_head){ .no = rows_i64(&rows, 1), .at_byte = rows_i64(&rows, 3) };
	*ret_floors = (struct fact_floors){ rows_i64(&rows, 4), rows_i64(&rows, 5) };
	hash = rows_bytes(&rows, 2);
	if (!uid_from_bytes(rows_bytes(&rows, 0), &ret->ledger) || hash.len != sizeof(ret->hash))
		return fail(job, ERR_CORRUPT, "what the store knows of its ledger of facts cannot be read");
	memcpy(ret->hash, hash.ptr, sizeof(ret->hash));
	return OK;
}

static enum err
known_put(struct job *job, struct db *db, const struct facts_head *head)
{
	TRY(db_begin(job, db, SIDE_DATA));
	TRY(db_run(job, db, SQL_FACT_HEAD_PUT,
	           ARGS(sql_bytes(uid_bytes(&head->ledger)), sql_i64(head->no),
	                sql_bytes((bytes){ head->hash, sizeof(head->hash) }), sql_i64(head->at_byte),
	                sql_i64(0), sql_i64(0)),
	           NULL));
	return db_commit(job, db, SIDE_DATA);
}

enum err
fact_floors_get(struct job *job, struct db *db, struct fact_floors *ret)
{
	struct facts_head known;
	bool there;

	*ret = (struct fact_floors){ 0 };
	return known_get(job, db, &known, ret, &there);
}

static enum err
last_queued(struct job *job, struct db *db, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_FACT_LAST, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

static struct facts_numbers
bounds_above(struct facts_numbers used)
{
	return (struct facts_numbers){ used.subjects + SUBJECT_BLOCK, used.entries + ENTRY_BLOCK };
}

/* The ledger of a store that has none yet.  One that an interrupted beginning left is taken up; one
 * that holds anything belongs to a later state of this store, or to another. */
static enum err
first_open(struct job *job, struct db *db, const char *dir, struct secret *key,
           struct facts_numbers used, struct facts **ret)
{
	struct facts_head begin = { .ledger = os_uid(), .bound = bounds_above(used) };
	enum err err = facts_create(job, dir, key, &begin);

	if (err && err != ERR_CONFLICT)
		return err;
	job_forgive(job);
	err = facts_open(job, dir, key, NULL, FACTS_APPEND, ret);
	if (err == ERR_CRYPTO)
		return job_forgive(job), fail(job, ERR_SEALED, "the ledger of facts in that place is another vault's");
	TRY(err);
	if (facts_head(*ret)->no)
		return fail(job, ERR_SEALED, "this store is a copy from the past: its ledger of facts knows more; use valv restore");
	return known_put(job, db, facts_head(*ret));
}

/* In words that say what to do. */
static enum err
open_error(struct job *job, enum err err)
{
	if (err != ERR_ABSENT && err != ERR_CRYPTO && err != ERR_CORRUPT && err != ERR_STALE)
		return err;
	job_forgive(job);
	switch (err) {
	case ERR_ABSENT:
		return fail(job, ERR_SEALED, "the ledger of facts is not in its place; bring it back, name it with --facts, or see valv facts renew");
	case ERR_CRYPTO:
		return fail(job, ERR_SEALED, "the ledger of facts in that place is another vault's");
	case ERR_STALE:
		return fail(job, ERR_SEALED, "the ledger of facts is older than the store; bring back the newest, or see valv facts renew");
	default:
		return fail(job, ERR_SEALED, "the ledger of facts is damaged; bring back a copy that is whole, or see valv facts renew");
	}
}

static enum err
later_open(struct job *job, const char *dir, struct secret *key, const struct facts_head *known,
           int64_t last, struct facts **ret)
{
	enum err err = facts_open(job, dir, key, known, FACTS_APPEND, ret);

	if (err)
		return open_error(job, err);
	if (facts_head(*ret)->no > last)
		return fail(job, ERR_SEALED, "this store is a copy from the past: its ledger of facts knows more; use valv restore");
	return OK;
}

enum err
fact_queue_open(struct job *job, struct db *db, const char *dir, struct secret *key,
                struct facts_numbers used, struct fact_queue *queue)
{
	OWNED(facts_close) struct facts *facts = NULL;
	struct fact_floors floors;
	struct facts_head known = { 0 };
	int64_t last;
	bool there;

	TRY(known_get(job, db, &known, &floors, &there));
	TRY(last_queued(job, db, &last));
	if (last < known.no)
		last = known.no;
	if (there)
		TRY(later_open(job, dir, key, &known, last, &facts));
	else
		TRY(first_open(job, db, dir, key, used, &facts));
	*queue = (struct fact_queue){ .facts = facts, .last = last, .tidied = known.no };
	facts = NULL;
	return OK;
}

static enum err
renewed_put(struct job *job, struct db *db, const struct facts_head *head, struct fact_floors floors)
{
	TRY(db_begin(job, db, SIDE_DATA));
	TRY(db_run(job, db, SQL_FACT_DROP, ARGS(sql_i64(head->no)), NULL));
	TRY(db_run(job, db, SQL_FACT_HEAD_PUT,
	           ARGS(sql_bytes(uid_bytes(&head->ledger)), sql_i64(head->no),
	                sql_bytes((bytes){ head->hash, sizeof(head->hash) }), sql_i64(head->at_byte),
	                sql_i64(floors.subject), sql_i64(floors.entry)),
	           NULL));
	return db_commit(job, db, SIDE_DATA);
}

static void
ledger_end(struct facts **facts)
{
	facts_close(facts);
}

/* One that an interrupted renewal made is taken up: it is of this vault, nothing was told to it, and it is not
 * the one that the store knows. */
static bool
is_begun(const struct facts *facts, const struct facts_head *begin, const struct facts_head *known)
{
	const struct facts_head *head = facts_head(facts);

	return !facts_parts(facts) && head->no == begin->no && !uid_eq(head->ledger, known->ledger);
}

static enum err
renewed_open(struct job *job, const char *dir, struct secret *key, const struct facts_head *begin,
             const struct facts_head *known, struct facts **ret)
{
	enum err err = facts_create(job, dir, key, begin);

	if (err && err != ERR_CONFLICT)
		return err;
	job_forgive(job);
	fault_point("renew-made");
	if (facts_open(job, dir, key, NULL, FACTS_READ, ret) || !is_begun(*ret, begin, known)) {
		job_forgive(job);
		return fail(job, ERR_CONFLICT, "a ledger of facts lies in that place: move it away, or name another place with --facts");
	}
	return OK;
}

enum err
fact_queue_renew(struct job *job, struct db *db, const char *dir, struct secret *key, struct facts_numbers used)
{
	OWNED(ledger_end) struct facts *facts = NULL;
	struct facts_head begin = { .ledger = os_uid(), .bound = bounds_above(used) }, known = { 0 };
	struct fact_floors floors = { 0 };
	bool there;

	TRY(known_get(job, db, &known, &floors, &there));
	TRY(last_queued(job, db, &begin.no));
	if (begin.no < known.no)
		begin.no = known.no;
	TRY(renewed_open(job, dir, key, &begin, &known, &facts));
	return renewed_put(job, db, facts_head(facts), floors);
}

void
fact_queue_close(struct db *db, struct fact_queue *queue)
{
	struct job job = { 0 };

	if (!queue->facts)
		return;
	/* Nothing is lost if this fails: the next start looks at the end of the ledger. */
	if (db_begin(&job, db, SIDE_DATA) || fact_queue_tidy(&job, db, queue) || db_commit(&job, db, SIDE_DATA))
		db_rollback(db, SIDE_DATA);
	facts_close(&queue->facts);
	job_release(&job);
}

/* --- a group ---------------------------------------------------------------------------------- */

enum err
fact_queue_put(struct job *job, struct db *db, struct fact_queue *queue, bytes plain)
{
	OWNED(buf_release) struct buf sealed = { .max = FACT_BYTES + SEAL_OVERHEAD };

	queue->wanted = true;
	facts_seal(queue->facts, ++queue->last, plain, &sealed);
	return db_run(job, db, SQL_FACT_PUT, ARGS(sql_i64(queue->last), sql_bytes(buf_bytes(&sealed))), NULL);
}

enum err
fact_queue_tidy(struct job *job, struct db *db, struct fact_queue *queue)
{
	const struct facts_head *head = facts_head(queue->facts);

	if (queue->tidied == head->no)
		return OK;
	TRY(db_run(job, db, SQL_FACT_DROP, ARGS(sql_i64(head->no)), NULL));
	TRY(db_run(job, db, SQL_FACT_HEAD_MOVE,
	           ARGS(sql_i64(head->no), sql_bytes((bytes){ head->hash, sizeof(head->hash) }),
	                sql_i64(head->at_byte)),
	           NULL));
	queue->tidied = head->no; /* when this commit fails, the next start looks */
	return OK;
}

/* Half a block is left: the next one, if it can be had; none is left: only if it can be had. */
enum err
fact_queue_reserve(struct job *job, struct fact_queue *queue, struct facts_numbers used)
{
	struct facts_numbers bound = facts_head(queue->facts)->bound;
	enum err err;

	if (used.subjects + SUBJECT_BLOCK / 2 <= bound.subjects && used.entries + ENTRY_BLOCK / 2 <= bound.entries)
		return OK;
	err = facts_append(job, queue->facts, bounds_above(used), NULL, 0);
	if (!err || (used.subjects <= bound.subjects && used.entries <= bound.entries)) {
		job_forgive(job);
		return OK;
	}
	return err;
}

bool
fact_queue_behind(const struct fact_queue *queue)
{
	return queue->facts && queue->last > facts_head(queue->facts)->no;
}

static enum err
queued_read(struct job *job, struct db *db, int64_t after, struct fact_sealed *fact, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_FACT_AFTER, ARGS(sql_i64(after), sql_i64(PART_FACTS)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (rows_i64(&rows, 0) != after + 1 + (int64_t)count)
			return fail(job, ERR_CORRUPT, "the queue of facts has a hole");
		fact[count] = (struct fact_sealed){ rows_i64(&rows, 0), arena_bytes(&job->arena, rows_bytes(&rows, 1)) };
		count++;
	}
	*ret_count = count;
	return OK;
}

enum err
fact_queue_write(struct job *job, struct db *db, struct fact_queue *queue)
{
	struct fact_sealed *fact = arena_array(&job->arena, PART_FACTS, sizeof(*fact));
	size_t count = 0;

	fault_point("facts-queued");
	while (fact_queue_behind(queue)) {
		TRY(queued_read(job, db, facts_head(queue->facts)->no, fact, &count));
		if (!count)
			return fail(job, ERR_CORRUPT, "the queue of facts lacks what was put into it");
		TRY(facts_append(job, queue->facts, facts_head(queue->facts)->bound, fact, count));
	}
	return OK;
}
