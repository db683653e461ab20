/* public/server.c -- the pages as the server sees them; contract: public.h. */
#include <stdio.h>
#include <stdlib.h>

#include "audit/entry.h"
#include "base/limits.h"
#include "os/clock.h"
#include "public/visit.h"

/* One worker thread's own. */
struct worker {
	struct public *public;
	struct db *db; /* NULL: could not be opened yet */
};

enum err
public_open(struct job *job, struct vault *vault, const struct public_options *options, struct public **ret)
{
	struct public *public = calloc(1, sizeof(*public));

	must(public);
	*public = (struct public){ .vault = vault, .options = *options };
	*ret = public;
	return OK;
}

void
public_close(struct public **public)
{
	free(*public);
	*public = NULL;
}

static bool
worker_ready(struct job *job, struct worker *worker)
{
	return worker->db || store_reader(job, worker->public->vault->store, &worker->db) == OK;
}

static void *
worker_begin(void *ctx, unsigned number)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	OWNED(job_release) struct job job = { .now = os_now() };

	must(worker);
	worker->public = ctx;
	(void)worker_ready(&job, worker); /* tried again with each visit */
	return worker;
}

static void
worker_end(void *ctx, void *arg)
{
	struct worker *worker = arg;

	reader_end(&worker->db);
	free(worker);
}

/* --- one visit ----------------------------------------------------------------------------------- */

static void
visit_end(struct visit *visit)
{
	registry_drop(&visit->registry);
}

/* ?lang=sv, the browser's wish, the company's first language. */
static enum err
language_find(struct job *job, struct visit *visit)
{
	const struct registry *registry = visit->registry;
	bool bad = false;
	str named, asked;

	visit->language = page_language(&public_pages, registry->language_count ? registry->language[0] : S(""));
	if (request_header(visit->request, S("Accept-Language"), &asked)) {
		asked = page_language_asked(&public_pages, asked);
		if (asked.len)
			visit->language = asked;
	}
	if (!request_query(&job->arena, visit->request, S("lang"), &named, &bad))
		return bad ? fail(job, ERR_MALFORMED, "the address cannot be read") : OK;
	if (page_language_known(&public_pages, named)) {
		visit->language = page_language(&public_pages, named);
		visit->language_said = true;
	}
	return OK;
}

/* A page of somebody else's may not make a visitor's browser press a button of ours: where a cookie could count. */
static enum err
same_origin(struct job *job, const struct visit *visit)
{
	str site, origin, host;

	if (visit->route->flags & ROUTE_ELSEWHERE)
		return OK;
	if (request_header(visit->request, S("Sec-Fetch-Site"), &site))
		return str_eq(site, S("same-origin")) || str_eq(site, S("none")) ? OK
		       : fail(job, ERR_DENIED, "a form of another site");
	if (!request_header(visit->request, S("Origin"), &origin) || !request_header(visit->request, S("Host"), &host))
		return OK; /* no browser of today, and so no cookie that it was made to send */
	/* Where the browser says nothing of the site, our own pages send null: they ask for no referrer. */
	if (str_eq(origin, S("null")) || str_eq(origin, visit_origin(visit->registry)))
		return OK;
	if ((eat_str(&origin, S("https://")) || eat_str(&origin, S("http://"))) && str_eq_fold(origin, host))
		return OK;
	return fail(job, ERR_DENIED, "a form of another site");
}

static enum err
form_find(struct job *job, struct visit *visit)
{
	str type = S("");

	if (!(visit->route->flags & ROUTE_FORM))
		return OK;
	TRY(same_origin(job, visit));
	(void)request_header(visit->request, S("Content-Type"), &type);
	return form_read(job, type, visit->request->body, &visit->form);
}

static enum err
visit_run(struct job *job, struct visit *visit)
{
	TRY(registry_hold(job, visit->vault, &visit->registry));
	TRY(language_find(job, visit));
	visit->route = public_route_find(visit->request->method, visit->request->path, &visit->param, &visit->at_path);
	if (!visit->route)
		return visit->at_path ? fail(job, ERR_METHOD, "this address does not take that method")
		                      : fail(job, ERR_ABSENT, "there is no such address");
	TRY(form_find(job, visit));
	return visit->route->handle(job, visit);
}

/* What broke goes to the log once: the place in the source, nothing of what was sent. */
static void
log_failure(const struct job *job, const struct visit *visit, enum err err)
{
	str path = visit->route ? visit->route->path : S("-");

	if (err_info(err)->status < 500 || err == ERR_BUSY)
		return;
	fprintf(stderr, "level=error operation=\"page %.*s\" error=%s why=\"%s\" at=%s:%d\n", SPRINT(path), err_info(err)->name,
	        job->failure.why ? job->failure.why : "", job->failure.file ? job->failure.file : "", job->failure.line);
}

static void
handle(void *arg, struct job *job, const struct request *request, struct response *response)
{
	struct worker *worker = arg;
	OWNED(visit_end)
	struct visit visit = {
		.public = worker->public,
		.vault = worker->public->vault,
		.request = request,
		.response = response,
		.language = page_language(&public_pages, S("")),
	};
	enum err err;

	job->now = os_now();
	job->actor = (struct actor){ .kind = ACTOR_PERSON };
	visit_headers(response);
	err = worker_ready(job, worker) ? OK : job->failure.err;
	job->db = worker->db;
	if (!err)
		err = visit_run(job, &visit);
	if (!err)
		return;
	log_failure(job, &visit, err);
	visit_error(job, &visit, err);
	if (err == ERR_METHOD)
		response_header(response, S("Allow"), public_route_allow(&job->arena, visit.at_path));
}

/* --- what the server asks before there is a visit ---------------------------------------------------- */

static bool
reserved(void *ctx, enum method method, str path)
{
	const struct route *route, *at_path;
	str param;

	route = public_route_find(method, path, &param, &at_path);
	return route && route->flags & ROUTE_RESERVED;
}

static void
refuse(void *ctx, enum err err, const char *why, struct response *response)
{
	OWNED(job_release) struct job job = { .now = os_now() };

	visit_refused(&job, err, response);
}

void
public_server_config(struct public *public, struct server_config *config)
{
	config->body_max = LIMIT_FORM_BYTES;
	config->reserved = reserved;
	config->worker_begin = worker_begin;
	config->worker_end = worker_end;
	config->handle = handle;
	config->refuse = refuse;
	config->ctx = public;
}
