/* vault/sweep.c -- contract and T1, T2: see sweep.h. */
#include "vault/sweep.h"

#include "base/limits.h"
#include "vault/rows.h"

/* --- retention -------------------------------------------------------------------------------- */

struct due {
	int64_t no;
};

static enum err
due_list(struct job *job, size_t max, struct due *due, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_SUBJECT_DUE, ARGS(sql_i64(job->now), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		due[count++].no = rows_i64(&rows, 0);
	}
	*ret_count = count;
	return OK;
}

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

static enum err
sweep_person(struct job *job, struct vault *vault, int64_t no, struct sweep_result *result)
{
	struct change_result changed;
	struct subject subject;
	enum err err;

	err = subject_get_no(job, vault, no, &subject);
	if (!err)
		err = subject_change(job, vault, subject.id, expire_fill, NULL, &changed);
	if (err == ERR_ABSENT || err == ERR_GONE) {
		job_forgive(job);
		return OK;
	}
	if (err == ERR_CRYPTO || err == ERR_CORRUPT || err == ERR_LIMIT) { /* T3 */
		job_forgive(job);
		result->failed++;
		return OK;
	}
	if (!err)
		result->values_gone += changed.values_gone;
	return err;
}

enum err
sweep(struct job *job, struct vault *vault, size_t max, bool dry_run, struct sweep_result *ret)
{
	struct due *due = arena_array(&job->arena, max, sizeof(*due));
	struct sweep_result result = { 0 };
	size_t count;

	TRY(due_list(job, max, due, &count));
	result.persons = count;
	for (size_t i = 0; i < count && !dry_run; i++)
		TRY(sweep_person(job, vault, due[i].no, &result));
	result.more = count == max && result.failed < count; /* else it would be the same ones again */
	*ret = result;
	return dry_run || result.more ? OK : keys_sweep(job, vault);
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
