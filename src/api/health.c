/* api/health.c -- whether the server answers, and its metrics (Prometheus text format 0.0.4).
 * No label names a person, a field or a purpose. */
#include "audit/entry.h"
#include "api/call.h"

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
	GAUGE(out, "valv_http_waiting", "Requests that wait for a worker.", stats.waiting);
	GAUGE(out, "valv_http_running", "Requests at work.", stats.running);
	GAUGE(out, "valv_http_connections", "Open connections.", stats.connections);
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
	server_metrics(out, call->api->server);
	return OK;
}
