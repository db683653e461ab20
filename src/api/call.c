/* api/call.c -- contract: call.h. */
#include "api/call.h"

#include "access/approval.h"
#include "access/own.h"
#include "base/limits.h"
#include "type/ip.h"

enum err
call_header(struct job *job, const struct call *call, str name, str *ret, bool *ret_there)
{
	const struct request *request = call->request;
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++)
		count += str_eq_fold(request->header[i].name, name);
	if (count > 1)
		return fail(job, ERR_HEADER, "a header is there twice");
	*ret_there = request_header(request, name, ret);
	return OK;
}

/* --- who -------------------------------------------------------------------------------------- */

static bool
is_operator(const struct call *call)
{
	const struct request *request = call->request;

	return request->local &&
	       (request->peer_uid == 0 || request->peer_uid == call->api->operator_uid);
}

/* The last address of the last such header is the proxy's own word, whether it writes behind what the client
 * sent or into a header of its own; all before it is the client's. */
static bool
forwarded_peer(const struct call *call, uint8_t ret[PEER_BYTES])
{
	const struct request *request = call->request;
	str rest = S(""), last;

	for (size_t i = 0; i < request->header_count; i++)
		if (str_eq_fold(request->header[i].name, S("X-Forwarded-For")))
			rest = request->header[i].value;
	last = rest;
	while (eat_until(&rest, ',', &last))
		last = rest;
	return ip_any(str_trim(last), ret);
}

bool
call_peer(const struct call *call, uint8_t ret[PEER_BYTES])
{
	if (call->request->local)
		return false;
	if (!call->api->options.behind_proxy || !forwarded_peer(call, ret))
		memcpy(ret, call->request->peer, PEER_BYTES);
	return true;
}

/* The cookie of a session; of two, neither: one was put there by somebody else. */
str
call_cookie(const struct call *call, str name)
{
	const struct request *request = call->request;
	str found = S("");
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++) {
		str rest = request->header[i].value, pair, found_name;
		if (!str_eq_fold(request->header[i].name, S("Cookie")))
			continue;
		while (rest.len) {
			if (!eat_until(&rest, ';', &pair)) {
				pair = rest;
				rest = S("");
			}
			pair = str_trim(pair);
			if (eat_until(&pair, '=', &found_name) && str_eq(found_name, name)) {
				found = pair;
				count++;
			}
		}
	}
	return count == 1 ? found : S("");
}

/* A page of somebody else's could make a browser send the cookie with a request that changes something: the
 * browser says where it comes from, and what does not say it is no browser of ours. */
static enum err
same_origin(struct job *job, const struct call *call)
{
	const struct request *request = call->request;
	str site, origin, host;

	if (request->method == METHOD_GET || request->method == METHOD_HEAD)
		return OK;
	if (request_header(request, S("Sec-Fetch-Site"), &site)) {
		if (str_eq(site, S("same-origin")) || str_eq(site, S("none")))
			return OK;
	} else if (request_header(request, S("Origin"), &origin) && request_header(request, S("Host"), &host)) {
		if ((eat_str(&origin, S("https://")) || eat_str(&origin, S("http://"))) && str_eq_fold(origin, host))
			return OK;
	}
	return fail(job, ERR_DENIED, "with a cookie, only a page of this server may ask for that");
}

/* A key that is shown counts also on the socket, so that it can be tried there. */
static enum err
principal_find(struct job *job, struct call *call)
{
	uint8_t peer[PEER_BYTES];
	struct shown shown = { .authorization = S("") };
	bool there;

	TRY(call_header(job, call, S("Authorization"), &shown.authorization, &there));
	shown.cookie = call_cookie(call, SESSION_COOKIE);
	if (!there && !shown.cookie.len && is_operator(call))
		return principal_of_operator(job, call->request->peer_uid, &call->principal);
	if (call_peer(call, peer))
		shown.peer = peer;
	TRY(principal_of_token(job, &call->vault->access, call->api->key_cache, &shown, &call->principal));
	return shown.authorization.len ? OK : same_origin(job, call);
}

static enum err
call_refuse(struct job *job, const struct call_facts *facts)
{
	if (facts->operator_only && !facts->operator)
		return fail(job, ERR_DENIED, "this is done on the server's own socket, without a key");
	if (facts->person_only && !facts->person)
		return fail(job, ERR_DENIED, "this is for people who sign in, not for programs");
	return fail(job, ERR_DENIED, "the scope is lacking that this needs");
}

enum err
call_authorise(struct job *job, struct call *call)
{
	const struct route *route = call->route;
	struct call_facts facts;
	bool other = false;

	TRY(principal_find(job, call)); /* X1 */
	call->principal.needed = route->scopes;
	if (call->principal.half && route_has(route, ROUTE_ENROLS))
		TRY(own_factor_there(job, &call->api->desk, call->principal.staff, &other));
	facts = (struct call_facts){
		.operator_only = route_has(route, ROUTE_OPERATOR),
		.operator = call->principal.operator,
		.person_only = route_has(route, ROUTE_PERSON),
		.person = call->principal.person || call->principal.operator,
		.half = call->principal.half,
		.half_may = route_has(route, ROUTE_HALF),
		.enrols = route_has(route, ROUTE_ENROLS),
		.other_there = other,
		.scope_needed = route->scopes != 0,
		.scope_held = principal_holds(&call->principal, route->scopes),
		.fresh_needed = route_has(route, ROUTE_FRESH) && call->principal.person,
		.fresh = principal_fresh(&call->principal, job->now),
	};
	switch (policy_call(&facts)) {
	case VERDICT_ALLOWED:
		return guard_answer(job, call);
	case VERDICT_STEP_UP:
		return fail(job, ERR_STEP_UP, "prove again who you are, and ask once more");
	case VERDICT_SECOND_FACTOR:
		return fail(job, ERR_SECOND_FACTOR, "one factor was shown, and two are required of everybody here");
	default:
		return call_refuse(job, &facts);
	}
}

enum err
call_may(struct job *job, struct call *call, uint32_t purpose)
{
	call->refused_purpose = purpose;
	TRY(require_purpose(job, &call->principal, purpose));
	call->refused_purpose = 0;
	return OK;
}

/* Some purpose that it is for has this field, and shows it. */
enum err
call_may_field(struct job *job, struct call *call, const struct field *field)
{
	const struct registry *registry = call->registry;
	bool sensitive = field->sensitivity != SENSITIVITY_ORDINARY;

	if (principal_has_all(&call->principal) &&
	    principal_view(&call->principal, 0, field->no, sensitive) > VIEW_HIDDEN)
		return OK;
	for (size_t i = 0; i < registry->purpose_count; i++) {
		const struct purpose *purpose = &registry->purpose[i];
		if (purpose->active && version_has_field(purpose->active, field->no) &&
		    principal_view(&call->principal, purpose->no, field->no, sensitive) > VIEW_HIDDEN)
			return OK;
	}
	return fail(job, ERR_PURPOSE_DENIED, "no purpose that it is for has that field");
}

enum err
call_registry(struct job *job, struct call *call)
{
	registry_drop(&call->registry);
	return registry_hold(job, call->vault, &call->registry);
}

/* --- names in path, query and headers --------------------------------------------------------- */

enum err
call_id(struct job *job, const struct call *call, uid *ret)
{
	if (!uid_parse(call->param[0], ret))
		return fail(job, ERR_ABSENT, "the id in the address is not a UUID");
	return OK;
}

enum err
call_purpose(struct job *job, struct call *call, struct json body, const struct purpose **ret,
             bool *ret_there)
{
	str name;

	TRY(json_str(job, body, "purpose", LIMIT_STRING_BYTES, &name, ret_there));
	if (!*ret_there)
		return OK;
	*ret = registry_purpose(call->registry, name);
	if (!*ret)
		return json_fail(job, ERR_INVALID, json_member(job, body, "purpose"),
		                 "names no purpose");
	return call_may(job, call, (*ret)->no);
}

/* One entity tag off the front. A weak one, or one that is not ours, fits no version. */
static bool
eat_tag(str *rest, int64_t *ret)
{
	bool weak = eat_str(rest, S("W/"));
	str inside;

	if (!eat_char(rest, '"') || !eat_until(rest, '"', &inside))
		return false;
	if (weak || !str_i64(inside, ret) || *ret < 1)
		*ret = -1;
	return true;
}

/* RFC 9110 section 13.1.1. */
enum err
call_if_match(struct job *job, const struct call *call, struct if_match *ret)
{
	struct if_match found = { 0 };
	bool there;
	str rest;

	TRY(call_header(job, call, S("If-Match"), &rest, &there));
	if (!there)
		return fail(job, ERR_PRECONDITION,
		            "send If-Match with the ETag of what you read, or *");
	found.any = str_eq(str_trim(rest), S("*"));
	while (!found.any) {
		rest = str_trim(rest);
		if (found.count == IF_MATCH_MAX || !eat_tag(&rest, &found.version[found.count]))
			return fail(job, ERR_HEADER,
			            "If-Match is a list of at most 8 entity tags in quotes, or *");
		found.count++;
		rest = str_trim(rest);
		if (!rest.len)
			break;
		if (!eat_char(&rest, ','))
			return fail(job, ERR_HEADER,
			            "If-Match is a list of at most 8 entity tags in quotes, or *");
	}
	*ret = found;
	return OK;
}

enum err
call_number(struct job *job, const struct call *call, str name, int64_t min, int64_t max, const char *why, int64_t *ret)
{
	bool bad = false;
	int64_t value;
	str text;

	if (!request_query(&job->arena, call->request, name, &text, &bad) && !bad)
		return OK;
	if (bad || !str_i64(text, &value) || value < min || value > max)
		return job_fail(job, ERR_MALFORMED, why, __FILE__, __LINE__);
	*ret = value;
	return OK;
}

enum err
call_page(struct job *job, const struct call *call, struct page *ret)
{
	static const char why[] = "after and limit are numbers: after as `next` gave it, limit 1 to 1000";

	*ret = (struct page){ .after = 0, .limit = 100 };
	TRY(call_number(job, call, S("after"), 0, INT64_MAX, why, &ret->after));
	return call_number(job, call, S("limit"), 1, LIMIT_PAGE, why, &ret->limit);
}

/* Which of them an address takes, its handler says (api/scim.c). */
static bool
is_scim_parameter(str name)
{
	static const char *const known[] = { "filter",    "startIndex", "count",             "sortBy",
		                             "sortOrder", "attributes", "excludedAttributes" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eq(name, str_from_c(known[i])))
			return true;
	return false;
}

/* Parameters that the route does not know would be ignored, and what was meant by them too. */
static enum err
query_check(struct job *job, const struct call *call)
{
	str rest = call->request->query, pair, name;

	if (route_has(call->route, ROUTE_FOREIGN))
		return OK;
	while (rest.len) {
		if (!eat_until(&rest, '&', &pair)) {
			pair = rest;
			rest = S("");
		}
		if (!eat_until(&pair, '=', &name))
			name = pair;
		if (route_has(call->route, ROUTE_PAGED) &&
		    (str_eq(name, S("after")) || str_eq(name, S("limit"))))
			continue;
		if (route_has(call->route, ROUTE_OF_SUBJECT) && str_eq(name, S("subject")))
			continue;
		if (route_has(call->route, ROUTE_WAITING) && str_eq(name, S("waiting")))
			continue;
		if (route_has(call->route, ROUTE_COSIGNED) && str_eq(name, S("witnesses")))
			continue;
		if (route_has(call->route, ROUTE_DUE) &&
		    (str_eq(name, S("state")) || str_eq(name, S("overdue")) ||
		     str_eq(name, S("due_before"))))
			continue;
		if (route_has(call->route, ROUTE_SCIM) && is_scim_parameter(name))
			continue;
		if (route_has(call->route, ROUTE_CSV) &&
		    (str_eq(name, S("offset")) || str_eq(name, S("last"))))
			continue;
		if (route_has(call->route, ROUTE_WEB) && route_has(call->route, ROUTE_HTML) &&
		    str_eq(name, S("language")))
			continue;
		return fail(job, ERR_MALFORMED,
		            "a query parameter that this address does not take");
	}
	return OK;
}

/* --- the body --------------------------------------------------------------------------------- */

/* Only UTF-8 is JSON (RFC 8259 section 8.1). */
static bool
is_utf8_charset(str parameters)
{
	str value = str_trim(parameters);

	if (!value.len)
		return true;
	if (!str_eq_fold(str_first(value, 8), S("charset=")))
		return false;
	value = str_from(value, 8);
	return str_eq_fold(value, S("utf-8")) || str_eq_fold(value, S("\"utf-8\""));
}

static bool
media_type_fits(const struct route *route, str header)
{
	str type = header, rest = header;

	if (route_has(route,
	              ROUTE_CSV)) { /* its encoding is guessed, or said in the import's settings */
		(void)eat_until(&rest, ';', &type);
		return str_eq_fold(str_trim(type), S("text/csv"));
	}
	if (eat_until(&rest, ';', &type) && !is_utf8_charset(rest))
		return false;
	type = str_trim(type);
	if (route_has(route, ROUTE_NDJSON))
		return str_eq_fold(type, S("application/x-ndjson")) ||
		       str_eq_fold(type, S("application/jsonl"));
	if (route_has(route, ROUTE_SCIM) && str_eq_fold(type, S("application/scim+json")))
		return true;
	if (route_has(route, ROUTE_MERGE_PATCH) &&
	    str_eq_fold(type, S("application/merge-patch+json")))
		return true;
	return str_eq_fold(type, S("application/json"));
}

static enum err
media_type_check(struct job *job, const struct call *call)
{
	str type, encoding;
	bool there;

	TRY(call_header(job, call, S("Content-Encoding"), &encoding, &there));
	if (there && !str_eq_fold(encoding, S("identity")))
		return fail(job, ERR_MEDIA_TYPE,
		            "the body is sent as it is, without Content-Encoding");
	TRY(call_header(job, call, S("Content-Type"), &type, &there));
	if (!there || !media_type_fits(call->route, type))
		return fail(job, ERR_MEDIA_TYPE,
		            "the Content-Type of the body is not one that this address takes");
	return OK;
}

static enum err
body_read(struct job *job, struct call *call)
{
	const struct route *route = call->route;
	str body = bytes_str(call->request->body);

	call->body = (struct json){ .at = "" };
	if (route_has(route, ROUTE_FOREIGN))
		return OK;
	if (route_has(route, ROUTE_CSV))
		return body.len ? media_type_check(job, call) : OK; /* read by the handler */
	if (route->body == SCHEMA_NONE) {
		if (body.len)
			return fail(job, ERR_MALFORMED, "this call has no body");
		return OK;
	}
	if (!body.len && route_has(route, ROUTE_BODY_OPTIONAL))
		return OK;
	TRY(media_type_check(job, call));
	if (route_has(route, ROUTE_NDJSON))
		return OK; /* read piece by piece */
	TRY(json_parse(job, body, &call->document, &call->body));
	if (route_has(route, ROUTE_SCIM))
		return OK; /* held against tables of its own: scim/schema.h */
	return schema_check(job, route->body, call->body); /* X4 */
}

/* --- repeated calls --------------------------------------------------------------------------- */

/* A structured-field String (RFC 9651 section 3.3.3), or as many send it, without the quotes. */
static bool
idempotency_key_read(struct job *job, str header, str *ret)
{
	char *text = arena_alloc(&job->arena, header.len);
	bool quoted = eat_char(&header, '"');
	size_t len = 0;

	for (; header.len; header = str_from(header, 1)) {
		if (header.ptr[0] < 0x20 || header.ptr[0] > 0x7e)
			return false;
		if (quoted && header.ptr[0] == '"')
			break;
		if (quoted && eat_char(&header, '\\') &&
		    !(header.len && strchr("\"\\", header.ptr[0])))
			return false;
		if (!quoted && (header.ptr[0] == '"' || header.ptr[0] == ' '))
			return false;
		text[len++] = header.ptr[0];
	}
	*ret = (str){ text, len };
	return (quoted ? str_eq(header, S("\"")) : !header.len) && len &&
	       len <= LIMIT_IDEMPOTENCY_BYTES;
}

/* What makes two calls the same: method, path and what the body says, however it is spaced. */
static enum err
fingerprint(struct job *job, struct call *call)
{
	str body = S("");

	if (json_kind(call->body) != JSON_ABSENT)
		TRY(json_canonical(job, call->body, LIMIT_BODY_BYTES * 2, &body));
	bytes parts[] = { str_bytes(S("fingerprint")), str_bytes(call->request->method_name),
		          str_bytes(call->request->path), str_bytes(body) };
	digest_keyed(call->api->idempotency_key, parts, COUNT(parts),
	             call->idempotency.fingerprint);
	return OK;
}

static enum err
idempotency_read(struct job *job, struct call *call)
{
	str header, key;
	bool there;

	if (!call->route->again)
		return OK;
	TRY(call_header(job, call, S("Idempotency-Key"), &header, &there));
	if (!there)
		return OK;
	if (!idempotency_key_read(job, header, &key))
		return fail(job, ERR_HEADER,
		            "Idempotency-Key is a string in quotes, at most 255 characters");
	bytes parts[] = { str_bytes(S("key")), str_bytes(key) };
	digest_keyed(call->api->idempotency_key, parts, COUNT(parts), call->idempotency.digest);
	TRY(fingerprint(job, call));
	call->idempotency.status = call->route->status;
	call->idempotency.object = &call->object;
	TRY(idempotency_enter(job, &call->api->running, &call->idempotency));
	call->idempotency.given = true;
	return OK;
}

static enum err
run_once(struct job *job, struct call *call)
{
	bool found, has_object;
	int status;

	TRY(idempotency_find(job, &call->idempotency, &found, &status, &call->object, &has_object));
	if (found) {
		TRY(call->route->again(job, call));
		response_header(call->response, S("Idempotency-Replayed"), S("true"));
		return OK;
	}
	TRY(call->route->handle(job, call));
	if (!call->idempotency.kept)
		TRY(idempotency_keep(job, call->vault->store, &call->idempotency));
	return OK;
}

/* --- two people ------------------------------------------------------------------------------- */

static void
approval_answer(struct call *call, const struct approval *approval)
{
	struct json_out *out = answer_json(call, 202);

	json_open(out, '{');
	json_pair_uid(out, S("approval"), approval->id);
	json_pair_time(out, S("expires_at"), approval->expires_at);
	json_close(out, '}');
}

/* The operation: method, path and what the body says, however it is spaced. */
static enum err
operation_digest(struct job *job, const struct call *call, uint8_t ret[DIGEST_BYTES])
{
	str body = S("");

	if (json_kind(call->body) != JSON_ABSENT)
		TRY(json_canonical(job, call->body, LIMIT_BODY_BYTES * 2, &body));
	bytes parts[] = { str_bytes(S("operation")), str_bytes(call->request->method_name),
		          str_bytes(call->request->path), str_bytes(body) };
	digest_keyed(call->vault->access.index_key, parts, COUNT(parts), ret);
	return OK;
}

enum err
call_second(struct job *job, struct call *call, str summary, bool *ret_answered)
{
	uint8_t operation[DIGEST_BYTES];
	struct approval approval;
	bool needed, there;
	str header;
	uid id;

	*ret_answered = false;
	TRY(approval_needed(job, job->db, &needed));
	if (!needed || call->second)
		return OK;
	TRY(operation_digest(job, call, operation));
	TRY(call_header(job, call, S("Valv-Approval"), &header, &there));
	if (there) {
		if (!uid_parse(str_trim(header), &id))
			return fail(job, ERR_HEADER, "Valv-Approval is the id of an approval");
		TRY(approval_use(job, &call->vault->access, id, operation, &approval));
		call->second = true;
		return OK;
	}
	TRY(approval_ask(job, &call->vault->access, call->route->name, summary, operation, &approval));
	approval_answer(call, &approval);
	*ret_answered = true;
	return OK;
}

/* Its members as they stand, but for what is a secret: that there is one is said, and not which. */
static enum err
put_members(struct job *job, struct json body, struct buf *out)
{
	void *iterator = NULL;
	struct json value;
	str name, text;

	while (json_each(job, body, &iterator, &name, &value)) {
		bool secret = str_ends(name, S("secret"));
		if (!secret)
			TRY(json_canonical(job, value, LIMIT_BODY_BYTES * 2, &text));
		buf_put(out, S("; "));
		buf_put(out, name);
		buf_put(out, S(": "));
		buf_put(out, secret ? S("(a secret)") : text);
	}
	return OK;
}

enum err
call_second_said(struct job *job, struct call *call, str summary, bool *ret_answered)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_BODY_BYTES * 2 };

	buf_put(&text, summary);
	buf_put(&text, S(": "));
	buf_put(&text, call->request->method_name);
	buf_char(&text, ' ');
	buf_put(&text, call->request->path);
	if (json_kind(call->body) == JSON_OBJECT)
		TRY(put_members(job, call->body, &text));
	if (!buf_ok(&text))
		return fail(job, ERR_LIMIT, "limit_approval_summary: more than somebody can be asked to approve of");
	return call_second(job, call, arena_str(&job->arena, buf_str(&text)), ret_answered);
}

/* --- all of it -------------------------------------------------------------------------------- */

static enum err
route_read(struct job *job, struct call *call)
{
	const struct request *request = call->request;

	call->route = route_find(request->method, request->path, call->param, &call->at_path);
	if (!call->route && !call->at_path)
		return fail(job, ERR_ABSENT, "there is no such address");
	if (!call->route)
		return fail(job, ERR_METHOD, "see Allow for the methods of this address");
	return OK;
}

enum err
call_run(struct job *job, struct call *call)
{
	bool answered = false;

	TRY(route_read(job, call));
	if (!route_has(call->route, ROUTE_OPEN))
		TRY(call_authorise(job, call));
	TRY(query_check(job, call));
	TRY(body_read(job, call));
	if (route_has(call->route, ROUTE_TWO))
		TRY(call_second_said(job, call, call->route->summary, &answered));
	if (answered)
		return OK;
	TRY(idempotency_read(job, call));
	if (call->idempotency.given)
		TRY(run_once(job, call));
	else
		TRY(call->route->handle(job, call));
	if (!buf_ok(&call->response->body))
		return fail(job, ERR_TOO_LARGE, "limit_answer_bytes: ask for less at once");
	return OK;
}

void
call_end(struct call *call)
{
	if (call->idempotency.given)
		idempotency_leave(&call->api->running, &call->idempotency);
	registry_drop(&call->registry);
	json_free(&call->document);
}
