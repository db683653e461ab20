/* vault/preview.c -- contract and Z1: see preview.h. */
#include "vault/preview.h"

#include "base/limits.h"
#include "vault/rows.h"
#include "vault/sweep.h"

#define PAGE 200
#define SUM 0xffffu /* in the place of a purpose or a field: the sum of all */

/* Counts by day, purpose and field, in the order of their key. */
struct tally {
	struct preview_row *row;
	uint64_t *key;
	size_t count, room;
};

/* What one person loses, by value. */
struct loss {
	time_us day;
	uint32_t purpose;
	uint16_t field;
};

struct look {
	struct vault *vault;
	const struct registry *registry;
	struct preview *preview;
	struct tally tally;
	struct loss loss[LIMIT_VALUES];
	size_t loss_count;
};

/* --- counting --------------------------------------------------------------------------------- */

static void
tally_grow(struct tally *tally)
{
	if (tally->count < tally->room)
		return;
	tally->room = tally->room ? tally->room * 2 : 256;
	tally->row = realloc(tally->row, tally->room * sizeof(*tally->row));
	tally->key = realloc(tally->key, tally->room * sizeof(*tally->key));
	must(tally->row && tally->key);
}

static struct preview_row *
tally_row(struct tally *tally, time_us day, uint32_t purpose, uint32_t field)
{
	/* Sums come first: of the day, then of the purpose. */
	uint64_t key = (uint64_t)(day / TIME_DAY) << 32 | (uint64_t)((purpose + 1) & SUM) << 16 |
	               ((field + 1) & SUM);
	size_t low = 0, high = tally->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (tally->key[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < tally->count && tally->key[low] == key)
		return &tally->row[low];
	tally_grow(tally);
	memmove(&tally->row[low + 1], &tally->row[low], (tally->count - low) * sizeof(*tally->row));
	memmove(&tally->key[low + 1], &tally->key[low], (tally->count - low) * sizeof(*tally->key));
	tally->count++;
	tally->key[low] = key;
	tally->row[low] = (struct preview_row){
		.day = day, .purpose = purpose == SUM ? 0 : purpose, .field = field == SUM ? 0 : (uint16_t)field,
		.of_day = purpose == SUM, .of_purpose = purpose != SUM && field == SUM,
	};
	return &tally->row[low];
}

/* The first of the person's losses that day, for that purpose (SUM: any)? */
static bool
first_of(const struct look *look, size_t at, uint32_t purpose)
{
	for (size_t i = 0; i < at; i++)
		if (look->loss[i].day == look->loss[at].day &&
		    (purpose == SUM || look->loss[i].purpose == purpose))
			return false;
	return true;
}

static void
count_losses(struct look *look, size_t value_count)
{
	struct preview *preview = look->preview;
	time_us last = INT64_MIN;

	for (size_t i = 0; i < look->loss_count; i++) {
		const struct loss *loss = &look->loss[i];
		struct preview_row *row = tally_row(&look->tally, loss->day, loss->purpose, loss->field);
		row->values++;
		row->persons++;
		row = tally_row(&look->tally, loss->day, loss->purpose, SUM);
		row->values++;
		row->persons += first_of(look, i, loss->purpose);
		row = tally_row(&look->tally, loss->day, SUM, SUM);
		row->values++;
		row->persons += first_of(look, i, SUM);
		last = loss->day > last ? loss->day : last;
	}
	preview->values += look->loss_count;
	preview->persons += look->loss_count > 0;
	if (look->loss_count && look->loss_count == value_count) {
		preview->emptied++;
		tally_row(&look->tally, last, SUM, SUM)->emptied++;
	}
}

/* --- one person ------------------------------------------------------------------------------- */

static time_us
day_of(time_us at)
{
	return at / TIME_DAY * TIME_DAY;
}

/* A value goes when the last ground that covers it ends. */
static void
losses_find(struct look *look, const struct subject *subject, const struct value *value, size_t count)
{
	const struct preview *preview = look->preview;

	look->loss_count = 0;
	for (size_t i = 0; i < count && i < LIMIT_VALUES; i++) {
		const struct ground *last = standing_last(look->registry, &subject->standing, value[i].field);
		time_us at = last ? last->until_at : preview->from_at;
		if (at > preview->until_at)
			continue;
		look->loss[look->loss_count++] = (struct loss){
			.day = day_of(at < preview->from_at ? preview->from_at : at),
			.purpose = last ? last->purpose : 0, .field = value[i].field,
		};
	}
}

static enum err
person_look(struct job *job, struct look *look, int64_t no)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct subject subject;
	struct value *value;
	size_t count;

	TRY(subject_get_no(job, look->vault, no, &subject));
	TRY(keys_get(job, look->vault->keys, job->db, no, &keyset));
	TRY(record_open(job, subject.id, keyset, subject.record, &value, &count));
	losses_find(look, &subject, value, count);
	count_losses(look, count);
	return OK;
}

/* Who is being changed meanwhile can look damaged: once more, then it counts. */
static enum err
person(struct job *job, struct look *look, int64_t no)
{
	enum err err = person_look(job, look, no);

	if (err == ERR_CRYPTO || err == ERR_ABSENT) {
		job_forgive(job);
		err = person_look(job, look, no);
	}
	if (err == ERR_ABSENT || err == ERR_GONE) {
		job_forgive(job);
		return OK;
	}
	if (err == ERR_CRYPTO || err == ERR_CORRUPT) {
		job_forgive(job);
		look->preview->failed++;
		return OK;
	}
	return err;
}

/* --- all -------------------------------------------------------------------------------------- */

static enum err
page(struct job *job, time_us until_at, struct sweep_round *round, int64_t *no, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_count = 0;
	TRY(db_query(job, job->db, SQL_SUBJECT_DUE,
	             ARGS(sql_i64(until_at), sql_i64(round->due_at), sql_i64(round->no), sql_i64(PAGE)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		no[(*ret_count)++] = rows_i64(&rows, 0);
		*round = (struct sweep_round){ rows_i64(&rows, 1), rows_i64(&rows, 0) };
	}
}

/* Each page in memory of its own, which is wiped before the next. */
static enum err
persons(struct job *job, struct look *look)
{
	OWNED(job_release) struct job own = { .actor = job->actor, .now = job->now, .db = job->db };
	struct sweep_round round = { 0 };
	int64_t no[PAGE];
	size_t count;
	enum err err;

	do {
		arena_reset(&own.arena);
		err = page(&own, look->preview->until_at, &round, no, &count);
		for (size_t i = 0; i < count && !err; i++)
			err = person(&own, look, no[i]);
	} while (!err && count == PAGE);
	if (err)
		job->failure = own.failure;
	return err;
}

static void
look_end(struct look **look)
{
	if (!*look)
		return;
	free((*look)->tally.row);
	free((*look)->tally.key);
	free(*look);
}

/* le16 days | le64 persons | le64 values */
static enum err
preview_record(struct job *job, struct vault *vault, uint32_t days, const struct preview *preview)
{
	OWNED(buf_release) struct buf body = { .max = 32 };

	buf_le16(&body, (uint16_t)days);
	buf_le64(&body, preview->persons);
	buf_le64(&body, preview->values);
	return entry_write(job, vault->store,
	                   &(struct entry){ .act = ENTRY_SWEEP_PREVIEW, .body = buf_bytes(&body) }, NULL);
}

enum err
sweep_preview(struct job *job, struct vault *vault, uint32_t days, struct preview *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(look_end) struct look *look = calloc(1, sizeof(*look));
	struct preview preview = { .from_at = job->now,
		                   .until_at = time_add(job->now, (struct duration){ .days = days }) };

	must(look);
	TRY(registry_hold(job, vault, &registry));
	look->vault = vault;
	look->registry = registry;
	look->preview = &preview;
	TRY(persons(job, look));
	preview.row_count = look->tally.count;
	preview.row = arena_array(&job->arena, look->tally.count + 1, sizeof(*preview.row));
	if (look->tally.count)
		memcpy(preview.row, look->tally.row, look->tally.count * sizeof(*preview.row));
	TRY(preview_record(job, vault, days, &preview));
	*ret = preview;
	return OK;
}
