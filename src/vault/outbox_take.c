/* vault/outbox_take.c -- programs that take rows, what became of them, and what time does; contract
 * and B1-B6: see outbox.h. */
#include "base/limits.h"
#include "os/random.h"
#include "vault/outbox_rows.h"

#define SETTING_DELIVERY S("delivery") /* "off"; anything else is on */
#define FAILED_DAYS 365 /* how long it is kept that recipients were not told of somebody erased */
#define LATE_BATCH 500

/* --- B6 ---------------------------------------------------------------------------------------- */

enum err
delivery_on(struct job *job, struct db *db, bool *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SETTING_GET, ARGS(sql_text(SETTING_DELIVERY)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = !there || !str_eq(rows_text(&rows, 0), S("off"));
	return OK;
}

enum err
delivery_must_be_on(struct job *job, struct db *db)
{
	bool on;

	TRY(delivery_on(job, db, &on));
	return on ? OK : fail(job, ERR_CONFLICT, "delivery is off; an operator turns it on");
}

enum err
delivery_is_on(struct job *job, struct vault *vault UNUSED, bool *ret)
{
	return delivery_on(job, job->db, ret);
}

enum err
delivery_set(struct job *job, struct vault *vault, bool on)
{
	return setting_put(job, vault, SETTING_DELIVERY, on ? S("on") : S("off"));
}

enum err
outbox_restored_steps(struct job *job, struct db *db)
{
	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(SETTING_DELIVERY), sql_text(S("off"))), NULL));
	return db_run(job, db, SQL_OUTBOX_HOLD_ALL, NO_ARGS, NULL);
}

static enum err
release_steps(struct job *job, struct db *db, void *arg)
{
	int64_t *count = arg;

	TRY(db_run(job, db, SQL_OUTBOX_RELEASE, ARGS(sql_i64(job->now)), count));
	return entry_append(job, db, &(struct entry){ .act = ENTRY_SETTING_PUT, .body = str_bytes(S("outbox.release")) },
	                    NULL);
}

enum err
outbox_release(struct job *job, struct vault *vault, int64_t *ret_count)
{
	return store_write(job, vault->store, WRITE_ORDINARY, release_steps, ret_count);
}

/* --- what became of a row ---------------------------------------------------------------------- */

/* le64 recipient | u8 kind | u8 outcome | le16 status | le32 tries | id */
static enum err
delivery_entry(struct job *job, struct db *db, const struct outbox_row *row,
               enum outbox_outcome outcome, int64_t status)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_le64(&body, (uint64_t)row->recipient);
	buf_u8(&body, (uint8_t)row->kind);
	buf_u8(&body, (uint8_t)outcome);
	buf_le16(&body, (uint16_t)status);
	buf_le32(&body, (uint32_t)row->tries);
	buf_data(&body, uid_bytes(&row->id));
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_DELIVERY, .subject = row->subject,
	                                     .purpose = row->purpose, .body = buf_bytes(&body),
	                                     .outcome = outcome == OUTCOME_DONE ? OK : ERR_IO },
	                    NULL);
}

enum err
outbox_end_steps(struct job *job, struct db *db, const struct outbox_row *row,
                 const struct outbox_end *end)
{
	int64_t changed;

	TRY(db_run(job, db, SQL_OUTBOX_DONE,
	           ARGS(sql_i64(end->state), sql_i64(end->via), sql_time(end->due_at), sql_i64(end->outcome),
	                sql_i64(end->status), sql_i64(job->now), sql_bytes(uid_bytes(&end->id)),
	                sql_bytes(uid_bytes(&end->lease))),
	           &changed));
	if (changed != 1) /* B4 */
		return fail(job, ERR_CONFLICT, "it is not taken under this lease");
	return delivery_entry(job, db, row, end->outcome, end->status);
}

/* --- programs ---------------------------------------------------------------------------------- */

struct claim_plan {
	size_t max;
	time_us until_at;
	uid lease;
	struct outbox_row *row;
	size_t count;
};

static enum err
claim_steps(struct job *job, struct db *db, void *arg)
{
	struct claim_plan *plan = arg;

	TRY(delivery_must_be_on(job, db));
	TRY(outbox_rows(job, db, SQL_OUTBOX_CLAIMABLE, ARGS(sql_i64(job->now), sql_i64((int64_t)plan->max)),
	                &plan->row, &plan->count));
	for (size_t i = 0; i < plan->count; i++) {
		struct outbox_row *row = &plan->row[i];
		TRY(db_run(job, db, SQL_OUTBOX_TAKE,
		           ARGS(sql_i64(plan->until_at), sql_bytes(uid_bytes(&plan->lease)), sql_i64(job->now),
		                sql_i64(row->no)),
		           NULL));
		TRY(entry_append(job, db,
		                 &(struct entry){ .act = ENTRY_OUTBOX_READ, .subject = row->subject,
		                                  .purpose = row->purpose, .body = uid_bytes(&row->id) },
		                 NULL)); /* I4: its content is given out */
		row->tries++;
		row->state = OUTBOX_TAKEN;
		row->due_at = plan->until_at;
		row->last_at = job->now;
	}
	return OK;
}

enum err
outbox_claim(struct job *job, struct vault *vault, size_t max, int64_t seconds, uid *ret_lease,
             struct outbox_taken **ret, size_t *ret_count)
{
	struct claim_plan plan = { .max = max < LIMIT_CLAIM ? max : LIMIT_CLAIM,
		                   .until_at = job->now + seconds * TIME_SECOND, .lease = os_uid() };
	struct outbox_taken *taken;
	size_t count = 0;

	TRY(store_write(job, vault->store, WRITE_ORDINARY, claim_steps, &plan));
	taken = arena_array(&job->arena, plan.count + 1, sizeof(*taken));
	for (size_t i = 0; i < plan.count; i++) {
		struct outbox_taken one = { .row = plan.row[i], .until_at = plan.until_at };
		enum err err = outbox_open(job, vault, &one.row, &one.content);
		if (err == ERR_GONE || err == ERR_CRYPTO) { /* outbox_expire() will say so */
			job_forgive(job);
			continue;
		}
		TRY(err);
		taken[count++] = one;
	}
	*ret_lease = plan.lease;
	*ret = taken;
	*ret_count = count;
	return OK;
}

/* Returned ones are for others to take, at once. */
static void
end_of(const struct job *job, enum outbox_outcome outcome, struct outbox_end *end)
{
	bool done = outcome == OUTCOME_DONE, back = outcome == OUTCOME_RETURNED;

	end->via = OUTBOX_PROGRAM;
	end->outcome = outcome;
	end->state = done ? OUTBOX_DELIVERED : back ? OUTBOX_WAITING : OUTBOX_FAILED;
	end->due_at = back ? job->now : TIME_NEVER;
}

struct done_plan {
	struct outbox_end end;
};

static enum err
done_steps(struct job *job, struct db *db, void *arg)
{
	struct done_plan *plan = arg;
	struct outbox_row row;

	TRY(outbox_row_get(job, db, plan->end.id, &row));
	return outbox_end_steps(job, db, &row, &plan->end);
}

enum err
outbox_done(struct job *job, struct vault *vault, uid id, uid lease, enum outbox_outcome outcome)
{
	struct done_plan plan = { .end = { .id = id, .lease = lease } };

	end_of(job, outcome, &plan.end);
	return store_write(job, vault->store, WRITE_RESERVED, done_steps, &plan);
}

static enum err
retry_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;
	struct outbox_row row;
	int64_t changed;

	TRY(outbox_row_get(job, db, *id, &row));
	if (!row.content_there)
		return fail(job, ERR_CONFLICT, "there is nothing left to send");
	TRY(db_run(job, db, SQL_OUTBOX_AGAIN, ARGS(sql_i64(job->now), sql_bytes(uid_bytes(id))), &changed));
	if (changed != 1)
		return fail(job, ERR_CONFLICT, "it is under way");
	if (row.recipient)
		TRY(db_run(job, db, SQL_RECIPIENT_RESUME, ARGS(sql_i64(0), sql_i64(row.recipient)), NULL));
	return delivery_entry(job, db, &row, OUTCOME_NOT_TRIED, 0);
}

enum err
outbox_retry(struct job *job, struct vault *vault, uid id)
{
	return store_write(job, vault->store, WRITE_ORDINARY, retry_steps, &id);
}

/* --- mail -------------------------------------------------------------------------------------- */

enum err
outbox_replies(struct job *job, int64_t after_no, size_t max, struct outbox_row **ret, size_t *ret_count)
{
	return outbox_rows(job, job->db, SQL_OUTBOX_REPLIES,
	                   ARGS(sql_i64(job->now), sql_i64(after_no), sql_i64((int64_t)max)), ret, ret_count);
}

enum err
outbox_carried_steps(struct job *job, struct db *db, const struct outbox_row *row)
{
	int64_t changed;

	TRY(delivery_must_be_on(job, db)); /* B6 */
	TRY(db_run(job, db, SQL_OUTBOX_CARRIED, ARGS(sql_i64(job->now), sql_i64(row->no)), &changed));
	if (changed != 1)
		return fail(job, ERR_STALE, "a program took it meanwhile");
	return delivery_entry(job, db, row, OUTCOME_DONE, 0);
}

/* --- upkeep ------------------------------------------------------------------------------------ */

struct late_plan {
	int64_t day; /* this one and those before it are over */
	bool more;
};

static enum err
late_list(struct job *job, struct db *db, int64_t day, struct outbox_row *row, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_OUTBOX_LATE, ARGS(sql_i64(day), sql_i64(LATE_BATCH)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		row[count] = (struct outbox_row){ .subject = rows_i64(&rows, 1),
			                          .purpose = (uint32_t)rows_i64(&rows, 2),
			                          .recipient = rows_i64(&rows, 3),
			                          .kind = (enum outbox_kind)rows_i64(&rows, 4),
			                          .tries = rows_i64(&rows, 5) };
		if (!uid_from_bytes(rows_bytes(&rows, 0), &row[count++].id))
			return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	}
	*ret_count = count;
	return OK;
}

/* B5: it is said of each, in the log too, that nobody was told. */
static enum err
late_steps(struct job *job, struct db *db, void *arg)
{
	struct late_plan *plan = arg;
	struct outbox_row *row = arena_array(&job->arena, LATE_BATCH, sizeof(*row));
	size_t count = 0;

	TRY(late_list(job, db, plan->day, row, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(db_run(job, db, SQL_OUTBOX_TOO_LATE, ARGS(sql_bytes(uid_bytes(&row[i].id))), NULL));
		TRY(delivery_entry(job, db, &row[i], OUTCOME_TOO_LATE, 0));
	}
	plan->more = count == LATE_BATCH;
	if (plan->more)
		return OK;
	TRY(db_run(job, db, SQL_OUTBOX_SWEEP,
	           ARGS(sql_i64(plan->day - FAILED_DAYS), sql_i64(plan->day)), NULL));
	return db_run(job, db, SQL_RECIPIENT_SECRETS_OVER, ARGS(sql_i64(job->now)), NULL);
}

/* Is there anything that time has ended?  The sweep asks every minute. */
static enum err
something_late(struct job *job, int64_t day, bool *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, SQL_OUTBOX_ENDED, ARGS(sql_i64(day), sql_i64(job->now)), &rows));
	return rows_next(job, &rows, ret);
}

/* The keys of days that are over. */
static void
keys_over(struct job *job, struct vault *vault, int64_t day, str **ret, size_t *ret_count)
{
	size_t count, over = 0;
	struct date date;
	str *name;

	keys_named_list(job, vault->keys, OUTBOX_KEYS, &name, &count);
	for (size_t i = 0; i < count; i++) {
		str rest = name[i];
		if (eat_str(&rest, OUTBOX_KEYS) && date_parse(rest, &date) && date_time(date) <= day * TIME_DAY)
			name[over++] = name[i];
	}
	*ret = name;
	*ret_count = over;
}

enum err
outbox_expire(struct job *job, struct vault *vault)
{
	struct late_plan plan = { .day = job->now / TIME_DAY - OUTBOX_DAYS };
	size_t count;
	bool late;
	str *key;

	TRY(something_late(job, plan.day, &late));
	keys_over(job, vault, plan.day, &key, &count);
	late |= count > 0;
	while (late) {
		TRY(store_write(job, vault->store, WRITE_RESERVED, late_steps, &plan));
		late = plan.more;
	}
	for (size_t i = 0; i < count; i++) /* after the rows: they no longer need them */
		TRY(keys_named_drop(job, vault->keys, vault->store, key[i]));
	return OK;
}
