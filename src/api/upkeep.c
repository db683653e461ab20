/* api/upkeep.c -- what operators do on the server's own socket. */
#include "api/call.h"
#include "os/clock.h"
#include "rights/chores.h"
#include "vault/preview.h"
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

/* Batch after batch until nothing is due, each in memory of its own, and as long as the clock is
 * believed (K2). */
static enum err
sweep_all(struct job *job, struct vault *vault, struct sweep_result *ret)
{
	OWNED(job_release)
	struct job batch = { .actor = job->actor, .now = job->now, .db = job->db };
	struct sweep_result total = { 0 }, one;
	struct sweep_round round = { 0 };
	struct clock_view clock;
	enum err err;

	do {
		TRY(clock_look(job, vault, &clock));
		if (clock.state != CLOCK_TRUSTED)
			return fail(job, ERR_CONFLICT,
			            "the clock is not to be believed, and nothing is erased by it: see valv clock show");
		arena_reset(&batch.arena);
		err = sweep(&batch, vault, SWEEP_BATCH, &round, &one);
		if (err) {
			job->failure = batch.failure;
			return err;
		}
		total.persons += one.persons;
		total.values_gone += one.values_gone;
		total.failed += one.failed;
	} while (one.more);
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
	struct sweep_result result = { 0 };
	struct json_out *out;

	TRY(sweep_all(job, call->vault, &result));
	TRY(chores_run(job, call->vault, NULL, &(uint64_t){ 0 }));
	TRY(sweep_record(job, call, &result));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_i64(out, S("persons"), (int64_t)result.persons);
	json_pair_i64(out, S("values_gone"), (int64_t)result.values_gone);
	json_pair_i64(out, S("failed"), (int64_t)result.failed);
	json_close(out, '}');
	return OK;
}

/* --- what will go ----------------------------------------------------------------------------- */

static void
counts_write(struct json_out *out, const struct preview_row *row)
{
	json_pair_i64(out, S("persons"), (int64_t)row->persons);
	json_pair_i64(out, S("values"), (int64_t)row->values);
	if (row->of_day)
		json_pair_i64(out, S("emptied"), (int64_t)row->emptied);
}

static void
day_begin(struct json_out *out, const struct preview_row *row)
{
	OWNED(buf_release) struct buf day = { .max = 16 };

	buf_date(&day, date_of(row->day));
	json_open(out, '{');
	json_pair_str(out, S("day"), buf_str(&day));
	counts_write(out, row);
	json_name(out, S("purposes"));
	json_open(out, '[');
}

static void
purpose_begin(struct json_out *out, const struct registry *registry, const struct preview_row *row)
{
	const struct purpose *purpose = registry_purpose_no(registry, row->purpose);

	json_open(out, '{');
	json_name(out, S("purpose"));
	if (purpose)
		json_put_str(out, purpose->name);
	else
		json_put_null(out);
	counts_write(out, row);
	json_name(out, S("fields"));
	json_open(out, '[');
}

/* Of a purpose, or of a day. */
static void
list_end(struct json_out *out)
{
	json_close(out, ']');
	json_close(out, '}');
}

static void
field_write(struct json_out *out, const struct registry *registry, const struct preview_row *row)
{
	const struct field *field = registry_field_no(registry, row->field);

	json_open(out, '{');
	json_pair_str(out, S("field"), field ? field->name : S("unknown"));
	json_pair_i64(out, S("values"), (int64_t)row->values);
	json_close(out, '}');
}

/* Sums stand before what they sum up, so that the nesting follows from the order. */
static void
days_write(struct json_out *out, const struct registry *registry, const struct preview *preview)
{
	bool in_day = false, in_purpose = false;

	json_name(out, S("days"));
	json_open(out, '[');
	for (size_t i = 0; i < preview->row_count; i++) {
		const struct preview_row *row = &preview->row[i];
		if (in_purpose && (row->of_purpose || row->of_day)) {
			list_end(out);
			in_purpose = false;
		}
		if (in_day && row->of_day)
			list_end(out);
		if (row->of_day) {
			day_begin(out, row);
			in_day = true;
		} else if (row->of_purpose) {
			purpose_begin(out, registry, row);
			in_purpose = true;
		} else {
			field_write(out, registry, row);
		}
	}
	if (in_purpose)
		list_end(out);
	if (in_day)
		list_end(out);
	json_close(out, ']');
}

enum err
on_sweep_preview_post(struct job *job, struct call *call)
{
	struct preview preview;
	struct json_out *out;
	int64_t days = 30;

	TRY(json_i64(job, call->body, "days", 0, PREVIEW_DAYS_MAX, &days, NULL));
	TRY(call_registry(job, call));
	TRY(sweep_preview(job, call->vault, (uint32_t)days, &preview));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_time(out, S("from"), preview.from_at);
	json_pair_time(out, S("until"), preview.until_at);
	json_pair_i64(out, S("persons"), (int64_t)preview.persons);
	json_pair_i64(out, S("values"), (int64_t)preview.values);
	json_pair_i64(out, S("emptied"), (int64_t)preview.emptied);
	json_pair_i64(out, S("failed"), (int64_t)preview.failed);
	days_write(out, call->registry, &preview);
	json_close(out, '}');
	return OK;
}

/* --- the clock -------------------------------------------------------------------------------- */

static enum err
clock_write(struct call *call, const struct clock_view *view)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_pair_str(out, S("state"), clock_state_name(view->state));
	json_pair_time(out, S("now"), view->now);
	json_pair_time(out, S("erases_until"), view->limit_at);
	json_pair_time(out, S("believed_at"), view->mark_at);
	json_pair_i64(out, S("ahead_seconds"), view->ahead_us / TIME_SECOND);
	json_pair_bool(out, S("synchronised"), view->synchronised);
	json_close(out, '}');
	return OK;
}

enum err
on_clock_get(struct job *job, struct call *call)
{
	struct clock_view view;

	TRY(clock_look(job, call->vault, &view));
	return clock_write(call, &view);
}

enum err
on_clock_accept_post(struct job *job, struct call *call)
{
	struct clock_view view;

	TRY(clock_accept(job, call->vault, &view));
	return clock_write(call, &view);
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
