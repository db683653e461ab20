/* api/upkeep.c -- what operators do on the server's own socket. */
#include "api/call.h"
#include "os/clock.h"
#include "vault/sweep.h"
#include "vault/verify.h"

#define SWEEP_BATCH 500

/* --- keys ------------------------------------------------------------------------------------- */

/* le32 epoch | le64 how many were wrapped again */
static enum err
rotation_record(struct job *job, struct call *call, uint32_t epoch, uint64_t rewrapped)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	buf_le32(&body, epoch);
	buf_le64(&body, rewrapped);
	return entry_write(job, call->vault->store,
	                   &(struct entry){ .act = ENTRY_ROTATE, .body = buf_bytes(&body) }, NULL);
}

enum err
on_rotate_post(struct job *job, struct call *call)
{
	struct vault *vault = call->vault;
	struct json_out *out;
	uint64_t rewrapped;
	uint32_t epoch;

	TRY(keys_rotate(job, vault->keys, vault->store, NULL, NULL, &epoch, &rewrapped));
	TRY(rotation_record(job, call, epoch, rewrapped));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_i64(out, S("epoch"), epoch);
	json_pair_i64(out, S("rewrapped"), (int64_t)rewrapped);
	json_close(out, '}');
	return OK;
}

enum err
on_checkpoint_post(struct job *job, struct call *call)
{
	TRY(store_checkpoint(job, call->vault->store));
	answer_empty(call);
	return OK;
}

/* --- retention -------------------------------------------------------------------------------- */

/* Batch after batch until nothing is due, each in memory of its own. */
static enum err
sweep_all(struct job *job, struct vault *vault, bool dry_run, struct sweep_result *ret)
{
	OWNED(job_release)
	struct job batch = { .actor = job->actor, .now = job->now, .db = job->db };
	struct sweep_result total = { 0 }, one;
	enum err err;

	do {
		arena_reset(&batch.arena);
		err = sweep(&batch, vault, SWEEP_BATCH, dry_run, &one);
		if (err) {
			job->failure = batch.failure;
			return err;
		}
		total.persons += one.persons;
		total.values_gone += one.values_gone;
		total.failed += one.failed;
		total.more = one.more;
	} while (one.more && !dry_run && one.persons);
	*ret = total;
	return OK;
}

/* le64 persons | le64 values that are gone */
static enum err
sweep_record(struct job *job, struct call *call, const struct sweep_result *result)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	buf_le64(&body, result->persons);
	buf_le64(&body, result->values_gone);
	return entry_write(job, call->vault->store,
	                   &(struct entry){ .act = ENTRY_SWEEP, .body = buf_bytes(&body) }, NULL);
}

enum err
on_sweep_post(struct job *job, struct call *call)
{
	struct sweep_result result;
	struct json_out *out;
	bool dry_run = false;

	TRY(json_bool(job, call->body, "dry_run", &dry_run, NULL));
	TRY(sweep_all(job, call->vault, dry_run, &result));
	if (!dry_run)
		TRY(sweep_record(job, call, &result));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_i64(out, S("persons"), (int64_t)result.persons);
	json_pair_i64(out, S("values_gone"), (int64_t)result.values_gone);
	json_pair_i64(out, S("failed"), (int64_t)result.failed);
	json_pair_bool(out, S("more"), result.more);
	json_close(out, '}');
	return OK;
}

/* --- verification ----------------------------------------------------------------------------- */

static void
findings_write(struct json_out *out, const struct verify_result *result)
{
	json_name(out, S("findings"));
	json_open(out, '[');
	for (int finding = FINDING_NONE + 1; finding < FINDING_COUNT; finding++) {
		if (!result->found[finding])
			continue;
		json_open(out, '{');
		json_pair_str(out, S("finding"), finding_text((enum finding)finding));
		json_pair_i64(out, S("count"), (int64_t)result->found[finding]);
		json_name(out, S("subjects"));
		json_open(out, '[');
		for (size_t i = 0; i < result->first_count; i++)
			if (result->first[i].finding == (enum finding)finding)
				json_put_uid(out, result->first[i].id);
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
}

enum err
on_verify_post(struct job *job, struct call *call)
{
	struct verify_result *result = arena_alloc(&job->arena, sizeof(*result));
	struct json_out *out;

	TRY(vault_verify(job, call->vault, result));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_i64(out, S("persons"), (int64_t)result->persons);
	json_pair_i64(out, S("values"), (int64_t)result->values);
	json_pair_i64(out, S("acts"), (int64_t)result->acts);
	json_pair_i64(out, S("entries"), (int64_t)result->entries);
	findings_write(out, result);
	json_close(out, '}');
	return OK;
}
