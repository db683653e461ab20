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
#include "vault/import_crew.h"
#include "vault/rows.h"

#define GROUP_PERSONS 512
#define GROUP_ROWS 4096

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
