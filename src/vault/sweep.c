/* vault/sweep.c -- contract and T1-T3: see sweep.h.
 *
 * A piece of a batch is prepared on the sweep's own thread and written in one transaction, so that
 * its cost in syncs of the disk, and in checkpoints of the keys, is shared; it is kept small, because
 * everybody else's writes wait while it runs. */
#include "vault/sweep.h"

#include "base/limits.h"
#include "vault/proof.h"

#define PIECE 100
#define BUSY_WRITES 8                 /* others' writes beside one piece: more than an idle server has */
#define PAUSE_MAX (1 * TIME_SECOND) /* so that a stop need not wait */

/* --- who is due ------------------------------------------------------------------------------- */

static enum err
due_list(struct job *job, size_t max, struct sweep_round *round, int64_t *no, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_SUBJECT_DUE,
	             ARGS(sql_i64(job->now), sql_i64(round->due_at), sql_i64(round->no),
	                  sql_i64((int64_t)max)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		no[count++] = rows_i64(&rows, 0);
		*round = (struct sweep_round){ rows_i64(&rows, 1), rows_i64(&rows, 0) };
	}
	*ret_count = count;
	return OK;
}

enum err
sweep_due(struct job *job, struct sweep_due *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_SUBJECT_DUE_COUNT, ARGS(sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = (struct sweep_due){ .persons = there ? (uint64_t)rows_i64(&rows, 0) : 0,
		                   .oldest_at = there ? rows_time(&rows, 1) : TIME_NEVER };
	return OK;
}

/* --- one person ------------------------------------------------------------------------------- */

/* Consent that has run out is written down as `expired`, so that the ledger says so by itself. */
static enum err
expire_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	const struct standing *standing = &change->subject.standing;
	struct act_new *act =
		arena_array(&job->arena, standing->permission_count + 1, sizeof(*act));
	size_t count = 0;

	for (size_t i = 0; i < standing->permission_count; i++) {
		const struct permission *permission = &standing->permission[i];
		bool open = permission->state == PERMISSION_GIVEN ||
		            permission->state == PERMISSION_UNCONFIRMED;
		if (!open || permission->until_at > job->now)
			continue;
		act[count++] = (struct act_new){
			.act = ACT_EXPIRED, .basis = BASIS_CONSENT,
			.version = registry_version(change->registry, permission->purpose, permission->version),
			.channels = CHANNEL_BIT(permission->channel), .at = permission->until_at,
			.until_at = TIME_NEVER, .method = METHOD_SYSTEM,
		};
	}
	change->act = act;
	change->act_count = count;
	change->entry = ENTRY_EXPIRE;
	return OK;
}

/* What befell one person; the rest are swept all the same (T3). */
static enum err
outcome(struct job *job, enum err err, const struct change_result *changed, struct sweep_result *result)
{
	if (!err) {
		result->values_gone += changed->values_gone;
		return OK;
	}
	if (err == ERR_ABSENT || err == ERR_GONE) { /* went meanwhile */
		job_forgive(job);
		return OK;
	}
	if (err == ERR_CRYPTO || err == ERR_CORRUPT || err == ERR_LIMIT) {
		job_forgive(job);
		result->failed++;
		return OK;
	}
	return err;
}

/* With turns and tries: somebody was faster, or there was no room but the reserve. */
static enum err
sweep_alone(struct job *job, struct vault *vault, uid id, struct sweep_result *result)
{
	struct change_result changed = { 0 };

	return outcome(job, subject_change(job, vault, id, expire_fill, NULL, &changed), &changed, result);
}

/* --- one piece -------------------------------------------------------------------------------- */

struct piece {
	struct change change[PIECE];
	struct change_result changed[PIECE];
	enum err err[PIECE];
	size_t count;
};

static enum err
piece_read(struct job *job, struct vault *vault, const struct registry *registry, const int64_t *no,
           size_t count, struct piece *piece, struct sweep_result *result)
{
	for (size_t i = 0; i < count; i++) {
		struct change *change = &piece->change[piece->count];
		enum err err;

		*change = (struct change){ .registry = registry };
		err = subject_get_no(job, vault, no[i], &change->subject);
		if (!err)
			err = expire_fill(job, vault, change, NULL);
		if (err)
			TRY(outcome(job, err, NULL, result));
		else
			piece->count++;
	}
	return OK;
}

static enum err
sweep_piece(struct job *job, struct vault *vault, const struct registry *registry, const int64_t *no,
            size_t count, struct sweep_result *result)
{
	struct piece *piece = arena_alloc(&job->arena, sizeof(*piece));

	piece->count = 0;
	TRY(piece_read(job, vault, registry, no, count, piece, result));
	TRY(change_commit_many(job, vault, piece->change, piece->count, piece->changed, piece->err));
	for (size_t i = 0; i < piece->count; i++) {
		if (piece->err[i] == ERR_STALE || piece->err[i] == ERR_FULL)
			TRY(sweep_alone(job, vault, piece->change[i].subject.id, result));
		else
			TRY(outcome(job, piece->err[i], &piece->changed[i], result));
	}
	return OK;
}

/* While others write, the sweep takes one part in five of the time: they wait for each piece, and what
 * ends by time is refused from its end on, swept or not. */
static void
give_way(struct vault *vault, int64_t began_us, uint64_t writes_before)
{
	int64_t spent_us = os_monotonic_us() - began_us;
	struct store_stats stats;

	store_stats(vault->store, &stats);
	if (stats.writes - writes_before < BUSY_WRITES)
		return;
	os_pause_us(spent_us * 4 < PAUSE_MAX ? spent_us * 4 : PAUSE_MAX);
}

static enum err
pieces(struct job *job, struct vault *vault, const struct registry *registry, const int64_t *no,
       size_t count, struct sweep_result *result)
{
	struct store_stats stats;

	for (size_t at = 0; at < count; at += PIECE) {
		int64_t began_us = os_monotonic_us();
		store_stats(vault->store, &stats);
		TRY(sweep_piece(job, vault, registry, no + at, count - at < PIECE ? count - at : PIECE, result));
		give_way(vault, began_us, stats.writes);
	}
	return OK;
}

static enum err
batch(struct job *job, struct vault *vault, size_t max, struct sweep_round *round,
      struct sweep_result *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	int64_t *no = arena_array(&job->arena, max, sizeof(*no));
	struct sweep_result result = { 0 };
	size_t count;

	TRY(due_list(job, max, round, no, &count));
	TRY(registry_hold(job, vault, &registry));
	result.persons = count;
	TRY(pieces(job, vault, registry, no, count, &result));
	result.more = count == max;
	*ret = result;
	return OK;
}

enum err
sweep(struct job *job, struct vault *vault, size_t max, struct sweep_round *round,
      struct sweep_result *ret)
{
	enum err err;

	pthread_mutex_lock(&vault->sweep_mutex);
	err = batch(job, vault, max, round, ret);
	pthread_mutex_unlock(&vault->sweep_mutex);
	TRY(err);
	if (ret->more)
		return OK;
	TRY(proofs_sweep(job, vault));
	return keys_sweep(job, vault);
}

/* --- keys ------------------------------------------------------------------------------------- */

struct trim_row {
	int64_t subject, version;
};

static enum err
trim_list(struct job *job, struct trim_row **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct trim_row *row = NULL;
	size_t count = 0, room = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_KEY_TRIM_LIST, NO_ARGS, &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (count == room) {
			struct trim_row *grown = arena_array(&job->arena, room = room ? room * 2 : 64, sizeof(*grown));
			if (count)
				memcpy(grown, row, count * sizeof(*grown));
			row = grown;
		}
		row[count++] = (struct trim_row){ rows_i64(&rows, 0), rows_i64(&rows, 1) };
	}
	*ret = row;
	*ret_count = count;
	return OK;
}

struct trim_plan {
	struct vault *vault;
	struct trim_row row;
};

/* Keep what the record as it stands needs; destroy the rest. */
static enum err
trim_person(struct job *job, struct db *db, const struct trim_plan *plan)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(buf_release) struct buf wrapped = { .max = 64 * 1024 };
	const struct trim_row *row = &plan->row;
	struct subject subject;
	uint32_t epoch;
	enum err err;

	err = subject_get_no(job, plan->vault, row->subject, &subject);
	if (!err)
		err = keys_get(job, plan->vault->keys, db, row->subject, &keyset);
	if (err == ERR_ABSENT || err == ERR_GONE) { /* no keys are left, or none are to be left */
		job_forgive(job);
		return db_keys_trim(job, db, row->subject, row->version, 0, (bytes){ 0 });
	}
	TRY(err);
	TRY(record_keys_keep(job, subject.record, keyset));
	keyring_wrap(keys_ring(plan->vault->keys), row->subject, keyset, &wrapped);
	must(wrapped_epoch(buf_bytes(&wrapped), &epoch));
	return db_keys_trim(job, db, row->subject, row->version, epoch, buf_bytes(&wrapped));
}

/* On the writer's thread, record and keys read there: nobody can put a key between reading the set
 * and putting back the smaller one, so this runs while others write, too. */
static enum err
trim_steps(struct job *job, struct db *db, void *arg)
{
	struct db *before = job->db;
	enum err err;

	job->db = db;
	err = trim_person(job, db, arg);
	job->db = before;
	return err;
}

enum err
keys_sweep(struct job *job, struct vault *vault)
{
	struct trim_row *row;
	size_t count;

	TRY(trim_list(job, &row, &count));
	for (size_t i = 0; i < count; i++)
		TRY(store_write(job, vault->store, WRITE_RESERVED, trim_steps, &(struct trim_plan){ vault, row[i] }));
	return OK;
}
