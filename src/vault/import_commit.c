/* vault/import_commit.c -- one group of an import: looked up, sealed and written, and, when it is its turn,
 * counted and noted in the progress. */
#include "base/limits.h"
#include "vault/import_crew.h"
#include "vault/rows.h"

#define GROUPS_UNSAVED 4 /* each write is two syncs of the disk */
#define STALE_ROUNDS 20

/* --- persons ---------------------------------------------------------------------------------- */

/* Persons who hold the plan's first key; at most LIMIT_HOLDERS + 1. */
static enum err
holders_read(struct job *job, struct db *db, const struct import_plan *plan, int64_t *ret,
             size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_LOOKUP_FIND,
	             ARGS(sql_i64(plan->key[0].field->no),
	                  sql_bytes((bytes){ plan->key[0].digest, LOOKUP_BYTES }),
	                  sql_i64(LIMIT_HOLDERS + 1)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		ret[count++] = rows_i64(&rows, 0);
	}
	*ret_count = count;
	return OK;
}

/* The store as the job's connection sees it now; what is found lives in `arena`. */
enum err
holders_find(struct job *job, struct arena *arena, struct import_plan *plan)
{
	int64_t holder[LIMIT_HOLDERS + 1];
	size_t count = 0;

	if (plan->key_count)
		TRY(holders_read(job, job->db, plan, holder, &count));
	plan->holders_many = count > LIMIT_HOLDERS;
	plan->holder_count = plan->holders_many ? 0 : count;
	plan->holder = arena_array(arena, plan->holder_count, sizeof(*holder));
	if (plan->holder_count)
		memcpy(plan->holder, holder, count * sizeof(*holder));
	return OK;
}

/* M4 also while others write: a new person's address belongs to nobody who was not looked at.  The
 * person's own lookup is there by now. */
static enum err
still_new(struct job *job, struct db *db, const struct import_plan *plan)
{
	int64_t holder[LIMIT_HOLDERS + 1];
	size_t count;

	if (plan->subject.version || !plan->key_count)
		return OK;
	TRY(holders_read(job, db, plan, holder, &count));
	if (count > plan->holder_count + 1)
		return fail(job, ERR_CONFLICT, "somebody else brought in the same person");
	return OK;
}

static enum err
person_steps(struct job *job, struct db *db, void *ctx)
{
	const struct import_plan *plan = ctx;

	TRY(still_new(job, db, plan));
	for (size_t i = 0; i < plan->suppression_count; i++)
		TRY(suppression_add(job, db, plan->suppression[i].digest, &plan->suppression[i].suppression));
	for (size_t i = 0; i < plan->added_count; i++)
		TRY(db_run(job, db, SQL_IMPORT_ADDED_PUT,
		           ARGS(sql_i64(plan->subject.no), sql_i64(plan->import_no),
		                sql_i64(plan->added[i].kind), sql_i64(plan->added[i].object),
		                sql_i64(plan->added[i].detail)),
		           NULL));
	if (plan->touched)
		TRY(db_run(job, db, SQL_IMPORT_MADE_TOUCHED,
		           ARGS(sql_i64(plan->subject.no), sql_i64(plan->import_no)), NULL));
	return OK;
}

void
slot_problem(struct slot *slot, uint64_t line, enum import_reason reason, uint16_t field)
{
	slot->problem = room_for(&slot->job, slot->problem, slot->problem_count, &slot->problem_room,
	                         sizeof(*slot->problem));
	slot->problem[slot->problem_count++] = (struct row_problem){ line, reason, field };
}

/* The person is not written; what the rows take away is, in the group's last write. */
static void
plan_refuse(struct slot *slot, struct import_plan *plan, enum import_reason reason)
{
	plan->outcome = OUTCOME_BAD;
	plan->found_reasons |= WHY_BIT(reason);
	plan->writes = false;
	plan->consents = 0;
	if (reason != WHY_SHARED)
		slot_problem(slot, plan->line, reason, 0);
}

/* Those whose err is ERR_STALE; `again`: after others were faster. */
static enum err
plans_derive(struct crew *crew, struct slot *slot, const enum err *err, bool again)
{
	OWNED(db_view_end) struct db *view = NULL;
	struct job *job = &slot->job;

	TRY(db_view_begin(job, job->db, &view));
	for (size_t i = 0; i < slot->plan_count; i++) {
		if (err[i] != ERR_STALE)
			continue;
		if (again)
			TRY(holders_find(job, &job->arena, slot->plan[i]));
		TRY(plan_derive(job, crew->run, slot->plan[i]));
	}
	return OK;
}

/* One try for those whose err is ERR_STALE; err tells of each.  Those are stale again who were changed
 * meanwhile, or came in while this was about to make them (still_new). */
static enum err
plans_write(struct crew *crew, struct slot *slot, enum err *err, size_t *ret_stale)
{
	struct job *job = &slot->job;
	struct change *change = arena_array(&job->arena, slot->plan_count, sizeof(*change));
	struct change_result *result = arena_array(&job->arena, slot->plan_count, sizeof(*result));
	enum err *one = arena_array(&job->arena, slot->plan_count, sizeof(*one));
	size_t *of = arena_array(&job->arena, slot->plan_count, sizeof(*of));
	size_t count = 0;
	enum err all;

	*ret_stale = 0;
	for (size_t i = 0; i < slot->plan_count; i++) {
		if (err[i] != ERR_STALE)
			continue;
		err[i] = OK;
		if (!slot->plan[i]->writes)
			continue;
		slot->plan[i]->change.extra = person_steps;
		slot->plan[i]->change.extra_ctx = slot->plan[i];
		of[count] = i;
		change[count++] = slot->plan[i]->change;
	}
	if (!count)
		return OK;
	all = change_commit_many(job, crew->run->vault, change, count, result, one);
	if (all && all != ERR_CONFLICT)
		return all;
	for (size_t i = 0; i < count; i++) {
		err[of[i]] = all || one[i] == ERR_CONFLICT ? ERR_STALE : one[i];
		*ret_stale += err[of[i]] == ERR_STALE;
	}
	job_forgive(job);
	return OK;
}

static enum err
plans_settle(struct slot *slot, const enum err *err)
{
	for (size_t i = 0; i < slot->plan_count; i++) {
		enum import_reason reason = err[i] ? plan_refusal(err[i]) : WHY_NONE;
		if (err[i] && !reason)
			return job_fail(&slot->job, err[i], "a person of the list could not be written", __FILE__, __LINE__);
		if (err[i])
			plan_refuse(slot, slot->plan[i], reason);
	}
	return OK;
}

enum err
plans_commit(struct crew *crew, struct slot *slot)
{
	enum err *err = arena_array(&slot->job.arena, slot->plan_count + 1, sizeof(*err));
	size_t stale = 0;

	for (size_t i = 0; i < slot->plan_count; i++)
		err[i] = ERR_STALE; /* all are still to be written */
	TRY(plans_derive(crew, slot, err, false));
	if (crew->run->settings->dry_run)
		return OK;
	for (int round = 0; round < STALE_ROUNDS; round++) {
		TRY(plans_write(crew, slot, err, &stale));
		if (!stale)
			break;
		TRY(plans_derive(crew, slot, err, true));
	}
	return plans_settle(slot, err);
}

/* --- counts ----------------------------------------------------------------------------------- */

void
reasons_count(struct import_counts *counts, uint64_t reasons)
{
	for (int i = 0; i < WHY_COUNT; i++)
		counts->reason[i] += (reasons >> i) & 1;
}

static void
counts_add(struct import_counts *to, const struct import_counts *from)
{
	to->rows += from->rows;
	to->consents += from->consents;
	to->suppressions += from->suppressions;
	to->again.created += from->again.created;
	to->again.asked += from->again.asked;
	to->again.consents += from->again.consents;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		to->outcome[i] += from->outcome[i];
	for (int i = 0; i < WHY_COUNT; i++)
		to->reason[i] += from->reason[i];
}

static void
again_count(const struct import_plan *plan, struct import_counts *counts)
{
	if (plan->outcome != OUTCOME_UNCHANGED || !plan->made_here)
		return;
	counts->again.created += !plan->asked_here;
	counts->again.asked += plan->asked_here;
	counts->again.consents += plan->known_consents;
}

/* Reasons of the rows were counted as they were read; those found out about the person are added. */
static void
plans_count(struct slot *slot, struct import_counts *counts)
{
	for (size_t i = 0; i < slot->plan_count; i++) {
		const struct import_plan *plan = slot->plan[i];
		counts->consents += plan->consents;
		counts->suppressions += plan->suppression_count;
		reasons_count(counts, plan->found_reasons & ~plan->reasons);
		if (plan->outcome == OUTCOME_BAD && plan->found_reasons & WHY_BIT(WHY_SHARED))
			slot_problem(slot, plan->line, WHY_SHARED, 0);
		if (!plan->rows)
			continue;
		if (plan->outcome == OUTCOME_BAD) {
			counts->outcome[OUTCOME_BAD] += plan->rows;
			continue;
		}
		counts->outcome[plan->outcome]++;
		again_count(plan, counts);
		counts->outcome[OUTCOME_UNCHANGED] += plan->rows - 1;
		counts->reason[WHY_DUPLICATE] += plan->rows - 1;
	}
}

static void
sample_add(const struct slot *slot, struct import *import)
{
	for (size_t i = 0; i < slot->told_count && import->sample_count < IMPORT_SAMPLE_ROWS; i++) {
		const struct told_row *told = &slot->told[i];
		struct import_sample *sample = &import->sample[import->sample_count++];
		*sample = (struct import_sample){ told->line, told->outcome, told->reasons };
		if (!told->plan)
			continue;
		sample->outcome = told->plan->outcome;
		sample->reasons |= told->plan->found_reasons;
		if (told->again && sample->outcome != OUTCOME_BAD) {
			sample->outcome = OUTCOME_UNCHANGED;
			sample->reasons |= WHY_BIT(WHY_DUPLICATE);
		}
	}
}

/* --- the group's last write ------------------------------------------------------------------- */

struct close_plan {
	struct crew *crew;
	struct slot *slot;      /* NULL: the end of a piece */
	bool last;
	struct buf progress;
	struct buf entry;
};

static void
close_plan_end(struct close_plan *plan)
{
	buf_release(&plan->progress);
	buf_release(&plan->entry);
}

static enum err
slot_steps(struct job *job, struct db *db, const struct close_plan *plan)
{
	const struct import *import = plan->crew->import;
	const struct slot *slot = plan->slot;
	uint64_t seq = import->problems - slot->problem_count; /* they are counted already */

	if (!plan->crew->run->settings->dry_run)
		for (size_t i = 0; i < slot->plan_count; i++)
			for (size_t n = 0; !slot->plan[i]->writes && n < slot->plan[i]->suppression_count; n++)
				TRY(suppression_add(job, db, slot->plan[i]->suppression[n].digest,
				                    &slot->plan[i]->suppression[n].suppression));
	for (size_t i = 0; i < slot->problem_count; i++) {
		const struct row_problem *problem = &slot->problem[i];
		if (seq + i >= IMPORT_PROBLEMS_MAX)
			break;
		TRY(db_run(job, db, SQL_IMPORT_PROBLEM_ADD,
		           ARGS(sql_i64(import->no), sql_i64((int64_t)(seq + i + 1)),
		                sql_i64((int64_t)problem->line), sql_i64(problem->reason),
		                sql_i64(problem->field)),
		           NULL));
	}
	return OK;
}

static enum err
close_steps(struct job *job, struct db *db, void *arg)
{
	struct close_plan *plan = arg;
	const struct import *import = plan->crew->import;
	int64_t changed;

	if (plan->slot)
		TRY(slot_steps(job, db, plan));
	TRY(db_run(job, db, SQL_IMPORT_PROGRESS,
	           ARGS(sql_text(buf_str(&plan->progress)), sql_i64((int64_t)import->offset),
	                sql_i64(import->no), sql_i64((int64_t)plan->crew->saved_offset)),
	           &changed));
	if (changed != 1)
		return fail(job, ERR_CONFLICT, "another call has taken these rows, or the import is over");
	if (plan->slot)
		return OK;
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = ENTRY_IMPORT_PIECE, .body = buf_bytes(&plan->entry) }, NULL));
	if (!plan->last)
		return OK;
	TRY(db_run(job, db, SQL_IMPORT_FINISH, ARGS(sql_i64(job->now), sql_i64(import->no)), NULL));
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_IMPORT_FINISH, .body = buf_bytes(&plan->entry) },
	                    NULL);
}

/* Entry of a piece: le64 the import, where its next byte is, rows so far, then so far of each outcome. */
static void
entry_put(struct buf *out, const struct import *import)
{
	buf_le64(out, (uint64_t)import->no);
	buf_le64(out, import->offset);
	buf_le64(out, import->counts.rows);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		buf_le64(out, import->counts.outcome[i]);
}

enum err
progress_write(struct job *job, struct crew *crew, struct slot *slot, bool last)
{
	OWNED(close_plan_end) struct close_plan plan = { .crew = crew, .slot = slot, .last = last };

	plan.progress.max = 1024 * 1024;
	plan.entry.max = 256;
	progress_put(&plan.progress, crew->import);
	must(buf_ok(&plan.progress));
	entry_put(&plan.entry, crew->import);
	TRY(store_write(job, crew->run->vault->store, WRITE_ORDINARY, close_steps, &plan));
	crew->saved_offset = crew->import->offset;
	crew->unsaved = 0;
	return OK;
}

/* Some that went into no person's change. */
static bool
has_suppressions(const struct slot *slot)
{
	for (size_t i = 0; i < slot->plan_count; i++)
		if (!slot->plan[i]->writes && slot->plan[i]->suppression_count)
			return true;
	return false;
}

/* In its turn. */
enum err
slot_close(struct crew *crew, struct slot *slot)
{
	struct import *import = crew->import;

	plans_count(slot, &slot->counts);
	counts_add(&import->counts, &slot->counts);
	sample_add(slot, import);
	import->problems += slot->problem_count;
	import->offset = slot->end.offset;
	import->line = slot->end.line;
	if (++crew->unsaved < GROUPS_UNSAVED && !slot->problem_count && !has_suppressions(slot))
		return OK;
	return progress_write(&slot->job, crew, slot, false);
}
