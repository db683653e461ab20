/* api/server.c -- the API as the server sees it; contract: api.h. */
#include <unistd.h>

#include "access/look.h"
#include "api/session.h"
#include "oidc/provider.h"
#include "base/limits.h"
#include "os/clock.h"

/* One worker thread's own. */
struct worker {
	struct api *api;
	struct db *db; /* NULL: could not be opened yet */
};

/* --- life cycle ------------------------------------------------------------------------------- */

enum err
api_open(struct job *job, struct vault *vault, const struct api_options *options, struct api **ret)
{
	struct api *api = calloc(1, sizeof(*api));

	must(api);
	*api = (struct api){
		.vault = vault,
		.options = *options,
		.operator_uid = geteuid(),
		.running = { .mutex = PTHREAD_MUTEX_INITIALIZER },
		.started_at = os_now(),
	};
	*ret = api;
	key_cache_new(&api->key_cache);
	oidc_cache_new(&api->oidc);
	buf_init(&api->openapi, LIMIT_ANSWER_BYTES);
	openapi_print(&api->openapi);
	must(buf_ok(&api->openapi));
	TRY(desk_open(job, &vault->access, &api->desk));
	api->desk.breached = options->breached;
	return keys_named(job, vault->keys, vault->store, S("idempotency"), &api->idempotency_key);
}

void
api_close(struct api **at)
{
	if (!*at)
		return;
	buf_release(&(*at)->openapi);
	desk_close(&(*at)->desk);
	key_cache_free(&(*at)->key_cache);
	oidc_cache_free(&(*at)->oidc);
	free(*at);
	*at = NULL;
}

void
api_serving(struct api *api, struct server *server)
{
	api->server = server;
}

/* --- workers ---------------------------------------------------------------------------------- */

static bool
worker_ready(struct job *job, struct worker *worker)
{
	return worker->db || store_reader(job, worker->api->vault->store, &worker->db) == OK;
}

static void *
worker_begin(void *ctx, unsigned number)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	OWNED(job_release) struct job job = { .now = os_now() };

	must(worker);
	worker->api = ctx;
	(void)worker_ready(&job, worker); /* tried again with each call */
	return worker;
}

static void
worker_end(void *ctx, void *arg)
{
	struct worker *worker = arg;

	reader_end(&worker->db);
	free(worker);
}

/* --- one call --------------------------------------------------------------------------------- */

static bool
is_refusal(enum err err)
{
	int status = err_info(err)->status;

	return status == 401 || status == 403;
}

/* Whom a refused call was about, where the address says it. */
static int64_t
refused_subject(struct job *job, const struct call *call)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there = false;
	uid id;

	if (!route_has(call->route, ROUTE_SUBJECT) || !uid_parse(call->param[0], &id))
		return 0;
	if (db_query(job, job->db, SQL_SUBJECT_NO_OF_ID, ARGS(sql_bytes(uid_bytes(&id))), &rows) ||
	    rows_next(job, &rows, &there))
		return 0;
	return there ? rows_i64(&rows, 0) : 0;
}

/* X2.  If the entry cannot be written, that is what is answered; refused it is all the same. */
static enum err
refusal_record(struct job *job, const struct call *call, enum err err)
{
	struct failure failure = job->failure;
	struct entry entry = {
		.act = ENTRY_REFUSED,
		.outcome = err,
		.subject = refused_subject(job, call),
		.purpose = call->refused_purpose,
		.body = str_bytes(call->route->name),
	};

	job_forgive(job);
	TRY(entry_write(job, call->vault->store, &entry, NULL));
	job->failure = failure;
	return err;
}

/* Somebody looked at more persons than anybody may in an hour. */
static enum err
look_record(struct job *job, const struct call *call, enum err err)
{
	struct failure failure = job->failure;

	job_forgive(job);
	TRY(look_refused(job, call->vault->store, err));
	job->failure = failure;
	return err;
}

/* What broke goes to the log once: operation, error, literal, place in the source. */
static void
log_failure(const struct job *job, const struct call *call, enum err err)
{
	str name = call->route ? call->route->name : S("-");

	if (err_info(err)->status < 500 || err == ERR_BUSY)
		return;
	fprintf(stderr, "level=error operation=%.*s error=%s why=\"%s\" at=%s:%d\n", SPRINT(name),
	        err_info(err)->name, job->failure.why ? job->failure.why : "",
	        job->failure.file ? job->failure.file : "", job->failure.line);
}

static void
problem(struct job *job, struct call *call, enum err err)
{
	struct response *response = call->response;

	response->gate = (struct gate){ 0 }; /* a problem says nothing about anybody */
	log_failure(job, call, err);
	if (is_scim(call->request))
		answer_scim_problem(job, err, response);
	else
		answer_problem(job, err, response);
	if (err == ERR_METHOD)
		response_header(response, S("Allow"), route_allow(&job->arena, call->at_path));
}

static void
handle(void *arg, struct job *job, const struct request *request, struct response *response)
{
	struct worker *worker = arg;
	OWNED(call_end)
	struct call call = {
		.api = worker->api,
		.vault = worker->api->vault,
		.request = request,
		.response = response,
	};
	enum err err;

	job->now = os_now();
	job->actor = (struct actor){ .kind = ACTOR_NOBODY };
	err = worker_ready(job, worker) ? OK : job->failure.err;
	job->db = worker->db;
	if (!err)
		err = call_run(job, &call);
	if (err && is_refusal(err))
		err = refusal_record(job, &call, err);
	if (err == ERR_BUDGET && job->actor.staff)
		err = look_record(job, &call, err);
	if (guard_review(job, worker->api) && !err)
		err = job->failure.err;
	if (err)
		problem(job, &call, err);
	session_cookie(job, &call);
}

/* --- what the server asks before there is a call ---------------------------------------------- */

static size_t
body_limit(void *ctx, enum method method, str path)
{
	const struct route *route, *at_path;
	str param[ROUTE_PARAMS_MAX];

	route = route_find(method, path, param, &at_path);
	return route && route_has(route, ROUTE_BULK) ? LIMIT_BULK_BODY_BYTES : LIMIT_BODY_BYTES;
}

static bool
reserved(void *ctx, enum method method, str path)
{
	const struct route *route, *at_path;
	str param[ROUTE_PARAMS_MAX];

	route = route_find(method, path, param, &at_path);
	return route && route_has(route, ROUTE_RESERVED);
}

static void
refuse(void *ctx, enum err err, const char *why, struct response *response)
{
	OWNED(job_release) struct job job = { .now = os_now() };

	job.failure = (struct failure){ .err = err, .why = why };
	answer_problem(&job, err, response);
}

void
api_server_config(struct api *api, struct server_config *config)
{
	config->body_max = LIMIT_BODY_BYTES;
	config->body_limit = body_limit;
	config->reserved = reserved;
	config->worker_begin = worker_begin;
	config->worker_end = worker_end;
	config->handle = handle;
	config->refuse = refuse;
	config->ctx = api;
}
