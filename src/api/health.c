/* api/health.c -- whether the server answers, and its metrics (Prometheus text format 0.0.4).
 * No label names a person, a field or a purpose. */
#include "audit/entry.h"
#include "api/call.h"
#include "backup/backup.h"
#include "message/message.h"
#include "vault/outbox.h"
#include "vault/sweep.h"
#include "rights/request.h"

enum err
on_health_get(struct job *job, struct call *call)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_pair_str(out, S("status"), S("ok"));
	json_close(out, '}');
	return OK;
}

static void
metric(struct buf *out, str name, str type, str help, uint64_t value)
{
	buf_put(out, S("# HELP "));
	buf_put(out, name);
	buf_char(out, ' ');
	buf_put(out, help);
	buf_put(out, S("\n# TYPE "));
	buf_put(out, name);
	buf_char(out, ' ');
	buf_put(out, type);
	buf_char(out, '\n');
	buf_put(out, name);
	buf_char(out, ' ');
	buf_udec(out, value);
	buf_char(out, '\n');
}

#define COUNTER(out, name, help, value) metric(out, S(name), S("counter"), S(help), value)
#define GAUGE(out, name, help, value) metric(out, S(name), S("gauge"), S(help), value)

static void
store_metrics(struct buf *out, struct store *store)
{
	struct store_stats stats = { 0 };

	store_stats(store, &stats);
	COUNTER(out, "valv_store_groups_total", "Commits since start.", stats.groups);
	COUNTER(out, "valv_store_writes_total", "Writes committed since start.", stats.writes);
	COUNTER(out, "valv_store_writes_failed_total", "Writes that failed since start.",
	        stats.failed);
	GAUGE(out, "valv_store_reserve_in_use",
	      "1: the disk is so full that the reserve is in use.", stats.reserve_in_use);
}

/* What a reminder hangs on: alert on overdue > 0, and on the next end. */
static enum err
request_metrics(struct job *job, struct buf *out)
{
	struct request_counts counts;
	time_us next;

	TRY(requests_count(job, &counts));
	next = counts.next_due_at == TIME_NEVER ? 0 : counts.next_due_at;
	GAUGE(out, "valv_requests_open", "Requests of persons that are not answered.", counts.open);
	GAUGE(out, "valv_requests_overdue", "Of these, past their last day.", counts.overdue);
	GAUGE(out, "valv_requests_clock_standing", "Of these, waiting to know the person.", counts.standing);
	GAUGE(out, "valv_requests_next_due_seconds",
	      "End of the nearest last day, in seconds since 1970; 0: none.", (uint64_t)(next / TIME_SECOND));
	return OK;
}

static void
server_metrics(struct buf *out, const struct server *server)
{
	struct server_stats stats = { 0 };

	if (!server)
		return;
	server_stats(server, &stats);
	COUNTER(out, "valv_http_requests_total", "Requests handed to a worker since start.",
	        stats.requests);
	COUNTER(out, "valv_http_refused_total", "Requests refused before a handler since start.",
	        stats.refused);
	COUNTER(out, "valv_http_busy_total", "Requests answered 503 because the queue was full.",
	        stats.busy);
	COUNTER(out, "valv_http_cut_total", "Answers ended because a word was taken back while they left.", stats.cut);
	GAUGE(out, "valv_http_streams", "Answers that are made while they leave.", stats.streams);
	GAUGE(out, "valv_http_waiting", "Requests that wait for a worker.", stats.waiting);
	GAUGE(out, "valv_http_running", "Requests at work.", stats.running);
	GAUGE(out, "valv_http_connections", "Open connections.", stats.connections);
}

/* Lag goes by what may be erased (vault/clock.h); whether anything may, stands beside it. */
static enum err
sweep_metrics(struct job *job, struct buf *out, struct vault *vault)
{
	struct job due_job = { .now = clock_limit(vault, job->now), .db = job->db };
	struct sweep_due due;
	uint64_t lag = 0;

	TRY(sweep_due(&due_job, &due));
	if (due.persons && due.oldest_at < due_job.now)
		lag = (uint64_t)((due_job.now - due.oldest_at) / TIME_SECOND);
	GAUGE(out, "valv_sweep_due", "Persons with a ground that is over and not swept yet.", due.persons);
	GAUGE(out, "valv_sweep_lag_seconds", "For how long the first of them has been due.", lag);
	GAUGE(out, "valv_sweep_failed", "Persons that the last round could not sweep: see valv verify.",
	      vault->swept.failed);
	GAUGE(out, "valv_sweep_time_seconds", "When the last round ended, in seconds since 1970; 0: none yet.",
	      (uint64_t)(vault->swept.at / TIME_SECOND));
	COUNTER(out, "valv_sweep_persons_total", "Persons swept since start.", vault->swept.persons);
	COUNTER(out, "valv_sweep_values_total", "Values erased by time since start.", vault->swept.values);
	return OK;
}

static enum err
clock_metrics(struct job *job, struct buf *out, struct vault *vault)
{
	struct clock_view view;

	TRY(clock_look(job, vault, &view));
	GAUGE(out, "valv_clock_trusted", "1: the clock is believed, and time may erase; see valv clock show.",
	      view.state == CLOCK_TRUSTED);
	GAUGE(out, "valv_clock_ahead_seconds", "Seconds that the clock is ahead of what is expected.",
	      view.ahead_us > 0 ? (uint64_t)(view.ahead_us / TIME_SECOND) : 0);
	GAUGE(out, "valv_clock_behind_seconds", "Seconds that the clock is behind what is expected.",
	      view.ahead_us < 0 ? (uint64_t)(-view.ahead_us / TIME_SECOND) : 0);
	GAUGE(out, "valv_clock_synchronised", "1: the system says that something keeps its clock right.",
	      view.synchronised);
	return OK;
}

/* From memory: a disk that hangs must not keep the metrics waiting. */
static enum err
backup_metrics(struct job *job, struct buf *out, struct vault *vault)
{
	struct backup_shelf shelf;
	uint64_t overdue = 0;
	time_us last_at = 0;

	TRY(backup_places(job, vault, &shelf));
	for (size_t i = 0; i < shelf.places; i++) {
		const struct backup_place *place = &shelf.place[i];
		overdue += place->overdue;
		if (place->kind == DUMP_DATA && place->at > last_at)
			last_at = place->at;
	}
	GAUGE(out, "valv_backup_time_seconds", "When the last backup was made, in seconds since 1970; 0: none yet.",
	      (uint64_t)(last_at / TIME_SECOND));
	GAUGE(out, "valv_backup_keys_overdue", "Places that may hold keys that should be destroyed: see valv backup list.",
	      overdue);
	return OK;
}

static enum err
outbox_metrics(struct job *job, struct buf *out)
{
	struct outbox_counts counts;
	bool waits;

	TRY(outbox_count(job, &counts));
	waits = counts.oldest_at != TIME_NEVER && counts.oldest_at < job->now;
	GAUGE(out, "valv_outbox_waiting", "Notices and replies that are to leave.", (uint64_t)counts.waiting);
	GAUGE(out, "valv_outbox_oldest_seconds", "How long the oldest of them has waited.",
	      waits ? (uint64_t)((job->now - counts.oldest_at) / TIME_SECOND) : 0);
	GAUGE(out, "valv_outbox_held", "Queued before a restore, and not released.", (uint64_t)counts.held);
	GAUGE(out, "valv_outbox_failed", "Not delivered in their life.", (uint64_t)counts.failed);
	return OK;
}

static enum err
mail_metrics(struct job *job, struct buf *out)
{
	struct message_counts counts;
	bool waits;

	TRY(message_count(job, &counts));
	waits = counts.oldest_at != TIME_NEVER && counts.oldest_at < job->now;
	GAUGE(out, "valv_mail_waiting", "Messages to persons that are to be sent.", (uint64_t)counts.waiting);
	GAUGE(out, "valv_mail_oldest_seconds", "How long the oldest of them has waited.",
	      waits ? (uint64_t)((job->now - counts.oldest_at) / TIME_SECOND) : 0);
	GAUGE(out, "valv_mail_unknown", "Of which nobody knows whether the server has them: see valv mail list.", (uint64_t)counts.unknown);
	GAUGE(out, "valv_mail_failed", "Not sent.", (uint64_t)counts.failed);
	GAUGE(out, "valv_mail_held", "Queued before a restore, and not released.", (uint64_t)counts.held);
	return OK;
}

enum err
on_metrics_get(struct job *job, struct call *call)
{
	struct buf *out = &call->response->body;
	int64_t entries = 0;

	answer_text(call, 200, S("text/plain; version=0.0.4; charset=utf-8"));
	GAUGE(out, "valv_start_time_seconds", "When the server started, in seconds since 1970.",
	      (uint64_t)(call->api->started_at / TIME_SECOND));
	TRY(entry_last(job, &entries));
	store_metrics(out, call->vault->store);
	COUNTER(out, "valv_audit_entries", "Entries in the audit log.", (uint64_t)entries);
	TRY(request_metrics(job, out));
	server_metrics(out, call->api->server);
	TRY(sweep_metrics(job, out, call->vault));
	TRY(clock_metrics(job, out, call->vault));
	TRY(backup_metrics(job, out, call->vault));
	TRY(outbox_metrics(job, out));
	return mail_metrics(job, out);
}
