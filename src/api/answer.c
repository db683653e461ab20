/* api/answer.c -- contract: answer.h. */
#include "api/answer.h"

#include "api/call.h"

#define NOTHING_RUNS \
	"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

void
answer_headers(struct response *response)
{
	response_header(response, S("Cache-Control"), S("no-store"));
	response_header(response, S("X-Content-Type-Options"), S("nosniff"));
	response_header(response, S("Referrer-Policy"), S("no-referrer"));
	/* What is no page runs nothing and stands in no frame, should a browser be made to show it. */
	response_header(response, S("Content-Security-Policy"), S(NOTHING_RUNS));
	response_header(response, S("Cross-Origin-Opener-Policy"), S("same-origin"));
	response_header(response, S("Cross-Origin-Resource-Policy"), S("same-origin"));
	/* A browser heeds it where a proxy brings it over TLS, and only there (RFC 6797 8.1). */
	response_header(response, S("Strict-Transport-Security"), S("max-age=31536000; includeSubDomains"));
}

static void
answer_begin(struct response *response, int status, str content_type)
{
	response->status = status;
	response->content_type = content_type;
	answer_headers(response);
}

struct json_out *
answer_json(struct call *call, int status)
{
	answer_begin(call->response, status, S("application/json"));
	json_out_begin(&call->out, &call->response->body);
	return &call->out;
}

void
answer_empty(struct call *call)
{
	answer_begin(call->response, 204, S(""));
}

void
answer_text(struct call *call, int status, str content_type)
{
	answer_begin(call->response, status, content_type);
}

/* The only style is in the page; the hash in the policy is of exactly these octets. */
#define STYLE \
	"body{font:17px/1.6 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.2rem;" \
	"color:#1d2b2a;background:#f7f8f6}h1{font-size:1.5rem;font-weight:600;margin:0 0 1rem}" \
	"a{color:#0b5c57}code{font-size:.92em}p{margin:.8rem 0}.quiet{color:#52625f}" \
	"@media(prefers-color-scheme:dark){body{color:#e3e9e6;background:#151b1a}a{color:#7cc7bf}" \
	".quiet{color:#9fb0ab}}"

static str
policy(struct job *job)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	uint8_t hash[32];

	digest_public(str_bytes(S(STYLE)), hash);
	buf_put(&text, S(NOTHING_RUNS "; style-src 'sha256-"));
	buf_base64url(&text, (bytes){ hash, sizeof(hash) });
	buf_put(&text, S("='"));
	return arena_str(&job->arena, buf_str(&text));
}

void
answer_html(struct job *job, struct call *call, str language, str title, str content)
{
	struct buf *body = &call->response->body;

	answer_begin(call->response, 200, S("text/html; charset=utf-8"));
	response_header(call->response, S("Content-Security-Policy"), policy(job));
	response_header(call->response, S("Content-Language"), language);
	response_header(call->response, S("Vary"), S("Accept-Language"));
	buf_put(body, S("<!doctype html>\n<html lang=\""));
	buf_put(body, language);
	buf_put(body, S("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	                "content=\"width=device-width, initial-scale=1\">\n<title>"));
	buf_put(body, title);
	buf_put(body, S("</title>\n<style>" STYLE "</style>\n</head>\n<body>\n<main>\n<h1>"));
	buf_put(body, title);
	buf_put(body, S("</h1>\n"));
	buf_put(body, content);
	buf_put(body, S("</main>\n</body>\n</html>\n"));
}

void
answer_etag(struct job *job, struct call *call, int64_t version)
{
	OWNED(buf_release) struct buf text = { .max = 32 };

	buf_char(&text, '"');
	buf_dec(&text, version);
	buf_char(&text, '"');
	response_header(call->response, S("ETag"), arena_str(&job->arena, buf_str(&text)));
}

void
answer_location(struct job *job, struct call *call, str prefix, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 128 };

	buf_put(&text, prefix);
	buf_uid(&text, id);
	response_header(call->response, S("Location"), arena_str(&job->arena, buf_str(&text)));
}

void
answer_next(struct json_out *out, bool full, int64_t last)
{
	OWNED(buf_release) struct buf text = { .max = 32 };

	json_name(out, S("next"));
	if (!full) {
		json_put_null(out);
		return;
	}
	buf_dec(&text, last);
	json_put_str(out, buf_str(&text));
}

/* --- problems --------------------------------------------------------------------------------- */

/* Of what broke inside, the caller learns that it did; the log has the rest.  What failed in a place that
 * the caller named is theirs to put right: the disk of a backup. */
void
problem_write(struct json_out *out, const struct failure *failure)
{
	const struct err_info *info = err_info(failure->err);
	bool named = failure->where[0] == '/', told = info->status < 500 || (named && failure->err == ERR_FULL);

	json_open(out, '{');
	json_pair_str(out, S("type"), words_name(WORDS_PROBLEM, (int)failure->err));
	json_pair_str(out, S("title"), str_from_c(info->sentence));
	json_pair_i64(out, S("status"), info->status);
	if (failure->why && told)
		json_pair_str(out, S("detail"), str_from_c(failure->why));
	if (named && told)
		json_pair_str(out, S("member"), str_from_c(failure->where));
	json_close(out, '}');
}

/* Seconds until the hour of the budget is over. */
static str
retry_after(struct job *job)
{
	OWNED(buf_release) struct buf text = { .max = 16 };

	buf_dec(&text, 3600 - job->now / TIME_SECOND % 3600);
	return arena_str(&job->arena, buf_str(&text));
}

/* Status and headers of a problem; anything written before is forgotten. */
void
answer_problem_begin(struct job *job, enum err err, struct response *response)
{
	buf_clear(&response->body);
	response->header_count = 0;
	answer_begin(response, err_info(err)->status, S("application/problem+json"));
	if (response->status == 401)
		response_header(response, S("WWW-Authenticate"), S("Bearer realm=\"valv\""));
	if (response->status == 503)
		response_header(response, S("Retry-After"), S("1"));
	if (response->status == 429)
		response_header(response, S("Retry-After"), retry_after(job));
}

void
answer_problem(struct job *job, enum err err, struct response *response)
{
	struct failure failure = job->failure;
	struct json_out out;

	if (failure.err != err) /* a use case gave back another error than it raised */
		failure = (struct failure){ .err = err };
	answer_problem_begin(job, err, response);
	json_out_begin(&out, &response->body);
	problem_write(&out, &failure);
}
