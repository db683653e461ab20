/* vault/deliver.c -- contract and H1-H3: see deliver.h. */
#include "vault/deliver.h"

#include "base/limits.h"
#include "os/clock.h"
#include "os/random.h"
#include "vault/outbox_rows.h"

#define SETTING_NETWORKS S("delivery_networks")
#define LEASE (3 * HOOK_TOTAL_MS * (TIME_SECOND / 1000)) /* of one try; it ends long before */
#define PAUSE_MAX (5 * 60 * TIME_SECOND)                 /* of a recipient, unless it asks for more (H1) */
#define TYPE S("application/cloudevents+json; charset=UTF-8")

/* --- networks --------------------------------------------------------------------------------- */

enum err
delivery_networks(struct job *job, struct networks *ret, str *ret_text)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = (struct networks){ 0 };
	*ret_text = S("");
	TRY(db_query(job, job->db, SQL_SETTING_GET, ARGS(sql_text(SETTING_NETWORKS)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	*ret_text = arena_str(&job->arena, rows_text(&rows, 0));
	return networks_read(*ret_text, ret) ? OK : fail(job, ERR_CORRUPT, "stored networks cannot be read");
}

enum err
delivery_networks_set(struct job *job, struct vault *vault, str text)
{
	struct networks networks;

	if (!networks_read(text, &networks))
		return fail_at(job, ERR_INVALID, S("/networks"),
		               "are prefixes such as 10.1.2.0/24 or fd12:3456::/32, at most 16");
	return setting_put(job, vault, SETTING_NETWORKS, text);
}

/* --- taking ----------------------------------------------------------------------------------- */

struct take {
	struct outbox_row row;
	struct recipient recipient;
	uid lease;
	bool taken;
};

static enum err
ready_recipient(struct job *job, struct db *db, int64_t *ret_no, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_OUTBOX_READY, ARGS(sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (*ret_there)
		*ret_no = rows_i64(&rows, 0);
	return OK;
}

/* H1, H2: on the writer's thread, so that no two take the same. */
static enum err
take_steps(struct job *job, struct db *db, void *arg)
{
	struct take *take = arg;
	struct outbox_row *row;
	size_t count;
	int64_t no = 0;
	bool on, there;

	take->taken = false;
	TRY(delivery_on(job, db, &on)); /* B6 */
	if (!on)
		return OK;
	TRY(ready_recipient(job, db, &no, &there));
	if (!there)
		return OK;
	TRY(recipient_get_no(job, db, no, &take->recipient));
	TRY(outbox_rows(job, db, SQL_OUTBOX_DUE, ARGS(sql_i64(no), sql_i64(job->now)), &row, &count));
	if (!count)
		return OK;
	take->row = row[0];
	take->row.tries++;
	take->taken = true;
	TRY(db_run(job, db, SQL_OUTBOX_TAKE,
	           ARGS(sql_i64(job->now + LEASE), sql_bytes(uid_bytes(&take->lease)), sql_i64(job->now),
	                sql_i64(take->row.no)),
	           NULL));
	return db_run(job, db, SQL_RECIPIENT_RESUME, ARGS(sql_i64(job->now + LEASE), sql_i64(no)), NULL);
}

static enum err
begin_steps(struct job *job, struct db *db, void *arg UNUSED)
{
	TRY(db_run(job, db, SQL_RECIPIENT_FREE_ALL, NO_ARGS, NULL));
	return db_run(job, db, SQL_OUTBOX_FREE_ALL, ARGS(sql_i64(job->now)), NULL);
}

enum err
deliver_begin(struct job *job, struct vault *vault)
{
	return store_write(job, vault->store, WRITE_RESERVED, begin_steps, NULL);
}

/* --- what came of it -------------------------------------------------------------------------- */

struct end_plan {
	const struct take *take;
	struct outbox_end end;
	time_us resume_at; /* of the recipient */
	bool gone;
};

static enum outbox_outcome
outcome_of(enum hook_end end)
{
	switch (end) {
	case HOOK_DONE:
		return OUTCOME_DONE;
	case HOOK_ANSWERED:
		return OUTCOME_ANSWERED;
	case HOOK_GONE:
		return OUTCOME_GONE;
	case HOOK_UNREACHABLE:
		return OUTCOME_UNREACHABLE;
	case HOOK_TIMEOUT:
		return OUTCOME_TIMEOUT;
	case HOOK_REFUSED:
		return OUTCOME_ADDRESS;
	case HOOK_TLS:
		return OUTCOME_TLS;
	case HOOK_PROTOCOL:
		return OUTCOME_PROTOCOL;
	case HOOK_STOPPED:
		return OUTCOME_RETURNED;
	}
	return OUTCOME_PROTOCOL;
}

static time_us
later(time_us a, time_us b)
{
	return a > b ? a : b;
}

/* The next try of a row that failed, and how long its recipient is left alone. */
static void
put_off(struct job *job, const struct hook_result *result, struct end_plan *plan)
{
	const struct outbox_row *row = &plan->take->row;
	uint32_t random;
	time_us wait;

	os_random(&random, sizeof(random));
	wait = later(hook_backoff(row->tries, random), result->wait);
	plan->resume_at = job->now + later(wait < PAUSE_MAX ? wait : PAUSE_MAX, result->wait);
	plan->end.state = OUTBOX_WAITING;
	plan->end.via = OUTBOX_WEBHOOK;
	plan->end.due_at = job->now + wait;
	if (row->tries < HOOK_TRIES)
		return;
	plan->end.via = OUTBOX_PROGRAM; /* H3 */
	plan->end.due_at = job->now;
}

static void
end_make(struct job *job, const struct hook_result *result, struct end_plan *plan)
{
	plan->end.id = plan->take->row.id;
	plan->end.lease = plan->take->lease;
	plan->end.outcome = outcome_of(result->end);
	plan->end.status = result->status;
	plan->end.via = OUTBOX_WEBHOOK;
	if (result->end == HOOK_DONE) {
		plan->end.state = OUTBOX_DELIVERED;
		plan->end.due_at = TIME_NEVER;
	} else if (result->end == HOOK_GONE) {
		plan->gone = true;
		plan->end.state = OUTBOX_WAITING;
		plan->end.via = OUTBOX_PROGRAM;
		plan->end.due_at = job->now;
	} else if (result->end == HOOK_STOPPED) {
		plan->end.state = OUTBOX_WAITING;
		plan->end.due_at = job->now;
	} else {
		put_off(job, result, plan);
	}
}

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	struct end_plan *plan = arg;
	int64_t recipient = plan->take->recipient.no;

	TRY(outbox_end_steps(job, db, &plan->take->row, &plan->end));
	TRY(db_run(job, db, SQL_RECIPIENT_RESUME, ARGS(sql_i64(plan->resume_at), sql_i64(recipient)), NULL));
	if (!plan->gone)
		return OK;
	TRY(db_run(job, db, SQL_RECIPIENT_GONE, ARGS(sql_i64(job->now), sql_i64(recipient)), NULL));
	return db_run(job, db, SQL_OUTBOX_TO_PROGRAMS, ARGS(sql_i64(job->now), sql_i64(recipient)), NULL);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void
event_write(const struct outbox_row *row, str content, struct buf *out)
{
	struct json_out json;

	json_out_begin(&json, out);
	json_open(&json, '{');
	json_pair_str(&json, S("specversion"), S("1.0"));
	json_pair_uid(&json, S("id"), row->id);
	json_pair_str(&json, S("source"), S("valv"));
	json_pair_str(&json, S("type"), outbox_event_name(row->kind));
	json_pair_time(&json, S("time"), row->made_at);
	json_pair_str(&json, S("datacontenttype"), S("application/json"));
	json_name(&json, S("data"));
	json_put_raw(&json, content);
	json_close(&json, '}');
}

static enum err
notice_send(struct job *job, struct vault *vault, struct fetcher *fetcher, const _Atomic bool *stop,
            const struct take *take, struct hook_result *ret)
{
	OWNED(recipient_secrets_end) struct recipient_secrets secrets = { 0 };
	OWNED(buf_release) struct buf body = { .max = LIMIT_EVENT_BYTES }, id = { .max = 64 };
	struct networks networks;
	str content, text;

	TRY(outbox_open(job, vault, &take->row, &content));
	TRY(recipient_secrets(job, vault, take->recipient.no, &secrets));
	TRY(delivery_networks(job, &networks, &text));
	event_write(&take->row, content, &body);
	must(buf_ok(&body));
	buf_uid(&id, take->row.id);
	hook_call(fetcher,
	          &(struct hook_call){ .url = arena_c(&job->arena, take->recipient.url), .id = buf_str(&id),
	                               .now = job->now, .body = buf_str(&body), .type = TYPE,
	                               .secret = secrets.secret, .secret_max = COUNT(secrets.secret),
	                               .networks = &networks, .stop = stop },
	          ret);
	return OK;
}

/* Is there anything at all?  Asked often, so without a write. */
static enum err
anything(struct job *job, bool *ret)
{
	int64_t no;

	TRY(ready_recipient(job, job->db, &no, ret));
	return *ret ? delivery_on(job, job->db, ret) : OK;
}

enum err
deliver_next(struct job *job, struct vault *vault, struct fetcher *fetcher, const _Atomic bool *stop,
             bool *ret_worked)
{
	struct take take = { .lease = os_uid() };
	struct hook_result result = { .end = HOOK_PROTOCOL };
	struct end_plan plan = { .take = &take };
	struct failure failure;
	enum err err;

	*ret_worked = false;
	TRY(anything(job, ret_worked));
	if (!*ret_worked)
		return OK;
	TRY(store_write(job, vault->store, WRITE_ORDINARY, take_steps, &take));
	*ret_worked = take.taken;
	if (!take.taken)
		return OK;
	err = notice_send(job, vault, fetcher, stop, &take, &result);
	failure = job->failure;
	job_forgive(job); /* what cannot be opened or signed is a try that failed, and goes to the log */
	job->now = os_now();
	end_make(job, &result, &plan);
	TRY(store_write(job, vault->store, WRITE_RESERVED, end_steps, &plan));
	job->failure = failure;
	return err;
}
