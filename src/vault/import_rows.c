/* vault/import_rows.c -- a piece of a list: read on the caller's thread, committed on others.
 *
 * Rows become plans, one for each person, in groups.  While one group is built, those before it are
 * looked up, sealed and committed.  Every few groups there is one more write: suppressions, problems
 * and the progress, so a crash repeats at most those groups, and repeating changes nothing (M4).
 * Memory: a few groups, whatever the length of the file.
 *
 *      caller       row, row ... | row, row ...    | row, row ...    | row ...
 *      committers                  derive and seal | write | close
 *                                                    derive and seal | write | close
 *
 * Groups are closed (counted, and noted in the progress) in the order of the file.  A person who comes
 * again in a later group must be looked up after the earlier group is committed: the builder then
 * waits for all of them. */
#include <pthread.h>

#include "base/limits.h"
#include "vault/import_parts.h"
#include "vault/rows.h"

#define GROUP_PERSONS 512
#define GROUP_ROWS 4096
#define GROUPS_UNSAVED 4 /* each write is two syncs of the disk */
#define COMMITTERS 2
#define SLOTS 4 /* more than committers, so that none is taken twice */
#define TABLE_SIZE 4096 /* a power of two, more than twice the keys of a group */
#define STALE_ROUNDS 20

/* --- groups ----------------------------------------------------------------------------------- */

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

/* --- committing: persons ---------------------------------------------------------------------- */

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
static enum err
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

static void
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

static enum err
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

/* --- committing: counts ----------------------------------------------------------------------- */

static void
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

/* --- committing: the group's last write ------------------------------------------------------- */

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

static enum err
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
static enum err
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

/* Under the mutex, which is let go of while there is work. */
static void
slot_commit(struct crew *crew, struct committer *committer)
{
	size_t index = crew->next;
	uint64_t turn = crew->taken++;
	struct slot *slot = &crew->slot[index];
	enum err err;

	crew->next = (crew->next + 1) % SLOTS;
	pthread_mutex_unlock(&crew->mutex);
	slot->job.db = committer->db;
	err = plans_commit(crew, slot);
	pthread_mutex_lock(&crew->mutex);
	while (crew->closed != turn)
		pthread_cond_wait(&crew->moved, &crew->mutex);
	if (!err && !crew->err) {
		pthread_mutex_unlock(&crew->mutex);
		err = slot_close(crew, slot);
		pthread_mutex_lock(&crew->mutex);
	}
	if (err && !crew->err) {
		crew->err = err;
		crew->failure = slot->job.failure;
	}
	crew->closed++;
	crew->ready[index] = false;
	pthread_cond_broadcast(&crew->moved);
}

static void *
committer_main(void *arg)
{
	struct committer *committer = arg;
	struct crew *crew = committer->crew;

	pthread_mutex_lock(&crew->mutex);
	for (;;) {
		while (!crew->ready[crew->next] && !crew->closing && !crew->err)
			pthread_cond_wait(&crew->moved, &crew->mutex);
		if (!crew->ready[crew->next] || crew->err)
			break;
		slot_commit(crew, committer);
	}
	pthread_mutex_unlock(&crew->mutex);
	return NULL;
}

/* --- the crew --------------------------------------------------------------------------------- */

static enum err
crew_failed(struct job *job, struct crew *crew)
{
	job->failure = crew->failure;
	return crew->err;
}

/* Until the slot is free, or the committer has given up. */
static enum err
slot_wait(struct job *job, struct crew *crew, size_t index)
{
	enum err err;

	pthread_mutex_lock(&crew->mutex);
	while (crew->ready[index] && !crew->err)
		pthread_cond_wait(&crew->moved, &crew->mutex);
	err = crew->err;
	pthread_mutex_unlock(&crew->mutex);
	return err ? crew_failed(job, crew) : OK;
}

static enum err
crew_wait(struct job *job, struct crew *crew)
{
	for (size_t i = 0; i < SLOTS; i++)
		TRY(slot_wait(job, crew, i));
	return OK;
}

static enum err
committer_begin(struct job *job, struct crew *crew, struct committer *committer)
{
	committer->crew = crew;
	TRY(store_reader(job, crew->run->vault->store, &committer->db));
	committer->running = pthread_create(&committer->thread, NULL, committer_main, committer) == 0;
	if (!committer->running)
		return fail(job, ERR_BUSY, "no thread for the import; try again");
	return OK;
}

static enum err
crew_begin(struct job *job, struct crew *crew)
{
	for (size_t i = 0; i < SLOTS; i++) {
		crew->slot[i].job = (struct job){ .actor = job->actor, .now = job->now };
		crew->slot[i].table = arena_array(&job->arena, TABLE_SIZE, sizeof(struct table_entry));
	}
	pthread_mutex_init(&crew->mutex, NULL);
	pthread_cond_init(&crew->moved, NULL);
	crew->begun = true;
	for (size_t i = 0; i < COMMITTERS; i++)
		TRY(committer_begin(job, crew, &crew->committer[i]));
	return OK;
}

static void
crew_end(struct crew *crew)
{
	if (!crew->begun)
		return;
	pthread_mutex_lock(&crew->mutex);
	crew->closing = true;
	pthread_cond_broadcast(&crew->moved);
	pthread_mutex_unlock(&crew->mutex);
	for (size_t i = 0; i < COMMITTERS; i++) {
		if (crew->committer[i].running)
			pthread_join(crew->committer[i].thread, NULL);
		reader_end(&crew->committer[i].db);
	}
	for (size_t i = 0; i < SLOTS; i++)
		arena_release(&crew->slot[i].job.arena);
	pthread_cond_destroy(&crew->moved);
	pthread_mutex_destroy(&crew->mutex);
	crew->begun = false;
}

/* --- building --------------------------------------------------------------------------------- */

struct builder {
	struct job *job;
	struct crew *crew;
	const struct import_run *run;
	struct slot *slot;    /* being filled */
	size_t slot_index;
	struct import_row row;
	struct db *view;
	size_t told;          /* rows of a dry run that are told one by one, so far */
	uint64_t slot_rows;   /* rows in it */
};

/* A fresh look at the store, and an empty group. */
static enum err
slot_begin(struct builder *builder)
{
	struct slot *slot = &builder->crew->slot[builder->slot_index];
	struct table_entry *table = slot->table;
	struct job job;

	TRY(slot_wait(builder->job, builder->crew, builder->slot_index));
	job = slot->job; /* ours only from here on */
	arena_reset(&job.arena);
	job.failure = (struct failure){ 0 };
	memset(table, 0, TABLE_SIZE * sizeof(*table));
	*slot = (struct slot){ .job = job, .table = table };
	slot->plan = arena_array(&slot->job.arena, GROUP_PERSONS, sizeof(struct import_plan *));
	slot->told = arena_array(&slot->job.arena, IMPORT_SAMPLE_ROWS, sizeof(*slot->told));
	builder->slot = slot;
	builder->slot_rows = 0;
	db_view_end(&builder->view);
	return db_view_begin(builder->job, builder->job->db, &builder->view);
}

static enum err
slot_hand_over(struct builder *builder, struct csv_place end)
{
	struct crew *crew = builder->crew;

	builder->slot->end = end;
	pthread_mutex_lock(&crew->mutex);
	crew->ready[builder->slot_index] = true;
	pthread_cond_broadcast(&crew->moved);
	pthread_mutex_unlock(&crew->mutex);
	builder->slot_index = (builder->slot_index + 1) % SLOTS;
	builder->slot = NULL;
	return OK;
}

static struct table_entry *
table_find(struct slot *slot, uint16_t field, const uint8_t digest[DIGEST_BYTES])
{
	size_t at;

	memcpy(&at, digest, sizeof(at)); /* as good a hash as there is */
	for (;; at++) {
		struct table_entry *entry = &slot->table[at & (TABLE_SIZE - 1)];
		if (!entry->plan ||
		    (entry->field == field && memcmp(entry->digest, digest, DIGEST_BYTES) == 0))
			return entry;
	}
}

static bool
in_other_group(const struct builder *builder, uint16_t field, const uint8_t digest[DIGEST_BYTES])
{
	for (size_t i = 0; i < SLOTS; i++)
		if (i != builder->slot_index && table_find(&builder->crew->slot[i], field, digest)->plan)
			return true;
	return false;
}

static void
key_add(struct import_plan *plan, const struct field *field, str canonical)
{
	struct digests digests;

	if (!field || !canonical.len || field->lookup != LOOKUP_EXACT || plan->key_count == PLAN_KEYS)
		return;
	lookup_digests(field, canonical, &digests);
	plan->key[plan->key_count].field = field;
	memcpy(plan->key[plan->key_count++].digest, digests.digest[0], DIGEST_BYTES);
}

static void
keys_find(const struct import_run *run, const struct import_row *row, struct import_plan *plan)
{
	if (run->key_field) {
		key_add(plan, run->key_field, row->key);
		return;
	}
	key_add(plan, run->email_field, row->email);
	key_add(plan, run->phone_field, row->phone);
}

static void
keys_register(struct slot *slot, struct import_plan *plan)
{
	for (size_t i = 0; i < plan->key_count; i++) {
		struct table_entry *entry = table_find(slot, plan->key[i].field->no, plan->key[i].digest);
		if (entry->plan && entry->plan != plan) {
			entry->shared = true;
			continue;
		}
		entry->plan = plan;
		entry->field = plan->key[i].field->no;
		memcpy(entry->digest, plan->key[i].digest, DIGEST_BYTES);
	}
}

/* The plan that the row goes into: of this group, or a new one. */
static enum err
plan_find(struct builder *builder, uint64_t line, struct import_plan **ret, bool *ret_shared)
{
	struct slot *slot = builder->slot;
	struct import_plan wanted = { .line = line, .since_at = TIME_NEVER };
	struct import_plan *plan;

	*ret_shared = false;
	keys_find(builder->run, &builder->row, &wanted);
	if (wanted.key_count) {
		struct table_entry *entry = table_find(slot, wanted.key[0].field->no, wanted.key[0].digest);
		*ret_shared = entry->shared;
		*ret = entry->plan;
		if (entry->plan)
			return OK;
		if (in_other_group(builder, wanted.key[0].field->no, wanted.key[0].digest)) {
			TRY(crew_wait(builder->job, builder->crew));
			db_view_end(&builder->view);
			TRY(db_view_begin(builder->job, builder->job->db, &builder->view));
		}
	}
	plan = arena_alloc(&slot->job.arena, sizeof(*plan));
	*plan = wanted;
	TRY(holders_find(builder->job, &slot->job.arena, plan));
	slot->plan[slot->plan_count++] = plan;
	keys_register(slot, plan);
	*ret = plan;
	return OK;
}

static void
told_add(struct builder *builder, uint64_t line, struct import_plan *plan, bool again,
         enum import_outcome outcome)
{
	struct slot *slot = builder->slot;

	if (!builder->run->settings->dry_run || builder->told >= IMPORT_SAMPLE_ROWS)
		return;
	builder->told++;
	slot->told[slot->told_count++] =
		(struct told_row){ line, plan, again, outcome, builder->row.reasons };
}

static void
row_dismiss(struct builder *builder, uint64_t line, enum import_outcome outcome)
{
	builder->slot->counts.outcome[outcome]++;
	told_add(builder, line, NULL, false, outcome);
}

static enum err
row_take(struct builder *builder, const struct csv_row *csv)
{
	struct import_row *row = &builder->row;
	struct slot *slot = builder->slot;
	struct import_plan *plan;
	bool shared, more;

	row_read(&slot->job, builder->run, csv->cells, csv->count, csv->start.line, row);
	reasons_count(&slot->counts, row->reasons);
	for (size_t i = 0; i < row->problem_count; i++)
		slot_problem(slot, row->problem[i].line, row->problem[i].reason, row->problem[i].field);
	if (row->empty)
		row_dismiss(builder, csv->start.line, OUTCOME_LEFT_OUT);
	else if (row->bad)
		row_dismiss(builder, csv->start.line, OUTCOME_BAD);
	if (row->empty || (row->bad && !row->no_count))
		return OK;
	TRY(plan_find(builder, csv->start.line, &plan, &shared));
	if (shared && !row->bad) { /* rows of this file share a phone number, and this one has only that */
		slot_problem(slot, csv->start.line, WHY_SHARED, 0);
		slot->counts.reason[WHY_SHARED]++;
		row_dismiss(builder, csv->start.line, OUTCOME_BAD);
		row->bad = true;
	}
	if (!row->bad)
		told_add(builder, csv->start.line, plan, plan->rows > 0, OUTCOME_CREATED);
	plan_add(&slot->job, plan, row, &more);
	return OK;
}

static void
row_unreadable(struct builder *builder, const struct csv_row *csv)
{
	builder->row.reasons = WHY_BIT(WHY_UNREADABLE);
	reasons_count(&builder->slot->counts, builder->row.reasons);
	slot_problem(builder->slot, csv->start.line, WHY_UNREADABLE, 0);
	row_dismiss(builder, csv->start.line, OUTCOME_BAD);
}

static enum err
group_row(struct builder *builder, enum csv_got got, const struct csv_row *csv)
{
	if (!builder->slot)
		TRY(slot_begin(builder));
	builder->slot->counts.rows++;
	builder->slot_rows++;
	if (got == CSV_BAD)
		row_unreadable(builder, csv);
	else
		TRY(row_take(builder, csv));
	if (builder->slot->plan_count == GROUP_PERSONS || builder->slot_rows == GROUP_ROWS)
		return slot_hand_over(builder, csv->end);
	return OK;
}

/* --- a piece ---------------------------------------------------------------------------------- */

struct piece {
	bytes octets;
	bool last;
	bool again; /* a part of it was taken before */
	struct csv_reader *reader;
};

static void
piece_end(struct piece *piece)
{
	if (piece->reader)
		csv_release(piece->reader);
}

static void
piece_begin(struct job *job, const struct csv_format *format, struct csv_place from,
            struct piece *piece)
{
	piece->reader = arena_alloc(&job->arena, sizeof(*piece->reader));
	csv_init(piece->reader, format, &CSV_LIMITS, from);
	csv_feed(piece->reader, piece->octets);
}

/* The next row, bad ones included; false when the piece has no more whole ones. */
static bool
piece_next(struct piece *piece, struct csv_row *row, enum csv_got *got)
{
	*got = csv_next(piece->reader, row);
	if (*got == CSV_MORE && piece->last) {
		csv_finish(piece->reader);
		*got = csv_next(piece->reader, row);
	}
	return *got == CSV_ROW || *got == CSV_BAD;
}

/* --- the first piece -------------------------------------------------------------------------- */

static enum err
format_find(struct job *job, const struct import_settings *settings, const struct piece *piece,
            struct csv_format *ret)
{
	if (!csv_sniff(piece->octets, piece->last, ret))
		return fail(job, ERR_MALFORMED, "this is no CSV file but a workbook, a PDF or an archive: save the list as CSV");
	if (settings->encoding_given)
		ret->encoding = settings->format.encoding;
	if (settings->separator_given)
		ret->separator = settings->format.separator;
	return OK;
}

/* Look at the first rows, and settle what the columns are. */
static enum err
import_begin(struct job *job, const struct import_run *run, const struct piece *whole,
             struct import *import)
{
	OWNED(piece_end) struct piece piece = { .octets = whole->octets, .last = whole->last };
	const str **row = arena_array(&job->arena, SAMPLE_ROWS + 1, sizeof(*row));
	size_t *cells = arena_array(&job->arena, SAMPLE_ROWS + 1, sizeof(*cells));
	struct csv_row csv;
	enum csv_got got;
	size_t count = 0;

	TRY(format_find(job, run->settings, whole, &import->format));
	piece_begin(job, &import->format, (struct csv_place){ 0 }, &piece);
	while (count <= SAMPLE_ROWS && piece_next(&piece, &csv, &got)) {
		str *copy;
		if (got == CSV_BAD)
			continue;
		copy = arena_array(&job->arena, csv.count + 1, sizeof(*copy));
		for (size_t i = 0; i < csv.count; i++)
			copy[i] = arena_str(&job->arena, csv.cells[i]);
		row[count] = copy;
		cells[count++] = csv.count;
	}
	if (!count && !whole->last)
		return fail(job, ERR_MALFORMED, "the piece has no whole row; send a larger one");
	if (count)
		TRY(columns_find(job, run->registry, run->settings, row, cells, count, import));
	import->begun = true;
	return OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void
view_end(struct builder *builder)
{
	db_view_end(&builder->view);
}

static enum err
piece_build(struct job *job, struct crew *crew, struct piece *piece, bool header,
            struct csv_place *end)
{
	OWNED(view_end) struct builder builder = { .job = job, .crew = crew, .run = crew->run };
	struct csv_row csv;
	enum csv_got got;

	builder.told = crew->import->sample_count;
	row_room(job, crew->run, &builder.row);
	while (piece_next(piece, &csv, &got)) {
		*end = csv.end;
		if (header && got == CSV_ROW) {
			header = false;
			continue;
		}
		TRY(group_row(&builder, got, &csv));
	}
	if (builder.slot)
		TRY(slot_hand_over(&builder, *end));
	return crew_wait(job, crew);
}

/* Rows of a crash were done twice and counted once, the second time, as unchanged.  Persons made
 * are known from the store: what is missing of them among the counts was such a row. */
static void
again_move(struct import_counts *counts, uint64_t there, enum import_outcome outcome, uint64_t again)
{
	uint64_t counted = counts->outcome[outcome];
	uint64_t missing = there > counted ? there - counted : 0;
	uint64_t all = counts->again.created + counts->again.asked;

	missing = missing < again ? missing : again;
	if (!missing)
		return;
	counts->outcome[outcome] += missing;
	counts->outcome[OUTCOME_UNCHANGED] -= missing;
	counts->consents += counts->again.consents * missing / all;
}

static enum err
counts_settle(struct job *job, struct import *import)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct import_counts *counts = &import->counts;
	uint64_t asked;
	bool there;

	if (!counts->again.created && !counts->again.asked)
		return OK;
	TRY(db_query(job, job->db, SQL_IMPORT_MADE_SUMS, ARGS(sql_i64(import->no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	asked = (uint64_t)rows_i64(&rows, 1);
	again_move(counts, (uint64_t)rows_i64(&rows, 0) - asked, OUTCOME_CREATED, counts->again.created);
	again_move(counts, asked, OUTCOME_ASKED, counts->again.asked);
	return OK;
}

static enum err
piece_run(struct job *job, const struct import_run *run, struct piece *piece, struct import *import)
{
	OWNED(crew_end) struct crew crew = { .run = run, .import = import, .saved_offset = import->offset };
	bool header = import->format.header && import->line == 0;
	const struct csv_place start = { import->offset, import->line };
	struct csv_place end = start;

	if (!import->sample)
		import->sample = arena_array(&job->arena, IMPORT_SAMPLE_ROWS, sizeof(*import->sample));
	piece_begin(job, &import->format, start, piece);
	TRY(crew_begin(job, &crew));
	TRY(piece_build(job, &crew, piece, header, &end));
	if (end.offset == start.offset && !piece->last && !piece->again)
		return fail(job, ERR_MALFORMED, "the piece has no whole row; send a larger one");
	import->offset = end.offset;
	import->line = end.line;
	if (piece->last && !run->settings->dry_run)
		TRY(counts_settle(job, import));
	return progress_write(job, &crew, NULL, piece->last);
}

static void
run_make(struct vault *vault, const struct registry *registry,
         const struct import_settings *settings, const struct import *import, struct import_run *ret)
{
	const time_us day = TIME_DAY;

	*ret = (struct import_run){
		.vault = vault, .registry = registry, .settings = settings, .import_no = import->no,
		.created_at = import->created_at,
		.told_at = settings->told && settings->told_at == TIME_NEVER ? import->created_at : settings->told_at,
		.received_at = settings->received_at == TIME_NEVER ? import->created_at : settings->received_at,
		.as_of = settings->as_of == TIME_NEVER ? import->created_at : settings->as_of,
		.email_field = role_field(registry, ROLE_EMAIL),
		.phone_field = role_field(registry, ROLE_PHONE),
		.full_name = role_field(registry, ROLE_FULL_NAME),
		.given_name = role_field(registry, ROLE_GIVEN_NAME),
		.family_name = role_field(registry, ROLE_FAMILY_NAME),
		.key_field = settings->key.len ? registry_field(registry, settings->key) : NULL,
	};
	/*= gdpr 14(3)
	 *# The controller shall provide the information within a reasonable period, but at the latest
	 *# within one month. */
	ret->tell_by_at = date_time(date_add(date_of(ret->received_at), (struct duration){ .months = 1 })) +
	                  (ret->received_at % day + day) % day;
}

/* What was taken already is passed over: a sender whose answer was lost may send a piece again. */
static enum err
piece_cut(struct job *job, const struct import *import, uint64_t offset, struct piece *piece)
{
	uint64_t past;

	if (import->state != IMPORT_OPEN)
		return fail(job, ERR_CONFLICT, "the import is over");
	if (offset > import->offset)
		return fail(job, ERR_CONFLICT, "the piece begins past the next byte; ask the import for its offset");
	past = import->offset - offset;
	if (past > piece->octets.len)
		past = piece->octets.len;
	piece->octets = (bytes){ piece->octets.ptr + past, piece->octets.len - (size_t)past };
	piece->again = past > 0;
	return OK;
}

enum err
import_rows(struct job *job, struct vault *vault, uid id, uint64_t offset, bytes octets, bool last,
            struct import *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(piece_end) struct piece piece = { .octets = octets, .last = last };
	struct import_settings settings;
	struct column_use *column;
	struct import import;
	struct import_run run;

	TRY(import_load(job, id, &import));
	TRY(piece_cut(job, &import, offset, &piece));
	if (piece.octets.len || last) {
		TRY(registry_hold(job, vault, &registry));
		TRY(import_settings_of(job, registry, &import, &settings));
		run_make(vault, registry, &settings, &import, &run);
		if (!import.begun)
			TRY(import_begin(job, &run, &piece, &import));
		TRY(columns_use(job, registry, &import, &column));
		run.column = column;
		run.column_count = import.column_count;
		run.preset = import.preset;
		TRY(piece_run(job, &run, &piece, &import));
	}
	return import_load(job, id, ret);
}
