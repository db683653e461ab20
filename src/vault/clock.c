/* vault/clock.c -- contract and K1-K3: see clock.h. */
#include "vault/clock.h"

#include "audit/entry.h"
#include "vault/vault.h"

str
clock_state_name(enum clock_state state)
{
	static const str names[] = {
#define X(e, name) [e] = { name, sizeof(name) - 1 },
		CLOCK_STATE_TABLE(X)
#undef X
	};

	return state < CLOCK_STATE_COUNT ? names[state] : S("");
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool
same_start(const struct clock_mark *mark, const struct clock_reading *reading)
{
	static const uint8_t unknown[BOOT_ID_BYTES];

	return memcmp(mark->boot, reading->boot, BOOT_ID_BYTES) == 0 &&
	       memcmp(mark->boot, unknown, BOOT_ID_BYTES) != 0 && reading->boot_us >= mark->boot_us;
}

void
clock_judge(const struct clock_mark *mark, const struct clock_reading *reading, struct clock_view *ret)
{
	bool same = same_start(mark, reading);
	time_us expected = mark->wall_at + (same ? reading->boot_us - mark->boot_us : 0);

	*ret = (struct clock_view){
		.state = CLOCK_TRUSTED, .now = reading->wall_at, .limit_at = reading->wall_at,
		.ahead_us = reading->wall_at - expected, .mark_at = mark->wall_at,
		.synchronised = reading->synchronised,
	};
	if (ret->ahead_us <= CLOCK_TOLERANCE)
		return;
	if (!same && ret->ahead_us <= CLOCK_OFF_MAX && reading->synchronised)
		return;
	ret->state = !same && ret->ahead_us <= CLOCK_OFF_MAX ? CLOCK_UNSURE : CLOCK_AHEAD; /* K2 */
	ret->limit_at = expected;
}

/* --- the mark --------------------------------------------------------------------------------- */

struct mark_plan {
	struct clock_mark mark;
	bool accepted;
	time_us expected_at;
};

static enum err
mark_read(struct job *job, struct clock_mark *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes boot;

	TRY(db_query(job, job->db, SQL_CLOCK_MARK_GET, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret = (struct clock_mark){ .wall_at = rows_i64(&rows, 0), .boot_us = rows_i64(&rows, 1) };
	boot = rows_bytes(&rows, 2);
	if (boot.len == BOOT_ID_BYTES)
		memcpy(ret->boot, boot.ptr, BOOT_ID_BYTES);
	return OK;
}

/* le64 what was expected | le64 what was accepted */
static enum err
accept_record(struct job *job, struct db *db, const struct mark_plan *plan)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	buf_le64(&body, (uint64_t)plan->expected_at);
	buf_le64(&body, (uint64_t)plan->mark.wall_at);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_CLOCK_ACCEPT, .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
mark_steps(struct job *job, struct db *db, void *arg)
{
	const struct mark_plan *plan = arg;

	TRY(db_run(job, db, SQL_CLOCK_MARK_PUT,
	           ARGS(sql_i64(plan->mark.wall_at), sql_i64(plan->mark.boot_us),
	                sql_bytes((bytes){ plan->mark.boot, BOOT_ID_BYTES })),
	           NULL));
	return plan->accepted ? accept_record(job, db, plan) : OK;
}

static struct clock_mark
mark_of(const struct clock_reading *reading)
{
	struct clock_mark mark = { .wall_at = reading->wall_at, .boot_us = reading->boot_us };

	memcpy(mark.boot, reading->boot, BOOT_ID_BYTES);
	return mark;
}

static enum err
mark_put(struct job *job, struct vault *vault, const struct mark_plan *plan)
{
	struct clock *clock = &vault->clock;

	TRY(store_write(job, vault->store, WRITE_RESERVED, mark_steps, (void *)plan));
	pthread_mutex_lock(&clock->mutex);
	clock->mark = plan->mark;
	pthread_mutex_unlock(&clock->mutex);
	return OK;
}

static struct clock_mark
mark_now(struct vault *vault)
{
	struct clock_mark mark;

	pthread_mutex_lock(&vault->clock.mutex);
	mark = vault->clock.mark;
	pthread_mutex_unlock(&vault->clock.mutex);
	return mark;
}

/* --- calls ------------------------------------------------------------------------------------ */

enum err
clock_start(struct job *job, struct vault *vault)
{
	struct clock_reading reading;
	struct mark_plan plan = { 0 };
	bool there = false;

	TRY(mark_read(job, &vault->clock.mark, &there));
	if (!there) {
		os_clock_read(&reading);
		plan.mark = mark_of(&reading);
		TRY(mark_put(job, vault, &plan));
	}
	pthread_mutex_lock(&vault->clock.mutex);
	vault->clock.watching = true;
	pthread_mutex_unlock(&vault->clock.mutex);
	return OK;
}

enum err
clock_look(struct job *job, struct vault *vault, struct clock_view *ret)
{
	struct clock_mark mark = mark_now(vault);
	struct clock_reading reading;
	struct mark_plan plan = { 0 };

	os_clock_read(&reading);
	clock_judge(&mark, &reading, ret);
	if (ret->state != CLOCK_TRUSTED || ret->ahead_us < -CLOCK_TOLERANCE) /* K3 */
		return OK;
	if (same_start(&mark, &reading) && reading.wall_at < mark.wall_at + CLOCK_MARK_EVERY)
		return OK;
	plan.mark = mark_of(&reading);
	return mark_put(job, vault, &plan);
}

enum err
clock_accept(struct job *job, struct vault *vault, struct clock_view *ret)
{
	struct clock_mark mark = mark_now(vault);
	struct clock_reading reading;
	struct mark_plan plan = { .accepted = true };

	os_clock_read(&reading);
	clock_judge(&mark, &reading, ret);
	plan.mark = mark_of(&reading);
	plan.expected_at = reading.wall_at - ret->ahead_us;
	TRY(mark_put(job, vault, &plan));
	ret->state = CLOCK_TRUSTED;
	ret->limit_at = ret->mark_at = reading.wall_at;
	return OK;
}

time_us
clock_limit(struct vault *vault, time_us now)
{
	struct clock_mark mark;
	struct clock_reading reading;
	struct clock_view view;
	bool watching;

	pthread_mutex_lock(&vault->clock.mutex);
	watching = vault->clock.watching;
	mark = vault->clock.mark;
	pthread_mutex_unlock(&vault->clock.mutex);
	if (!watching)
		return now;
	os_clock_read(&reading);
	clock_judge(&mark, &reading, &view);
	if (view.state == CLOCK_TRUSTED)
		return now;
	return now < view.limit_at ? now : view.limit_at;
}
