/* api/openapi.c -- the OpenAPI 3.1 description, printed from routes.def, schema.def, words.h and
 * base/err.h: what is described is what runs. */
#include "api/call.h"
#include "base/limits.h"

#define NAME_PATTERN "^[a-z][a-z0-9_-]{0,63}$"

/* --- schemas ---------------------------------------------------------------------------------- */

static void
reference(struct json_out *out, str where, str name)
{
	OWNED(buf_release) struct buf text = { .max = 256 };

	buf_put(&text, where);
	buf_put(&text, name);
	json_pair_str(out, S("$ref"), buf_str(&text));
}

static void
schema_reference(struct json_out *out, enum schema_id id)
{
	reference(out, S("#/components/schemas/"), str_from_c(schema_get(id)->name));
}

static void
put_words(struct json_out *out, enum words words)
{
	const struct word_list *list = words_list(words);

	json_pair_str(out, S("type"), S("string"));
	json_name(out, S("enum"));
	json_open(out, '[');
	for (size_t i = 0; i < list->count; i++)
		json_put_str(out, list->word[i].name);
	json_close(out, ']');
}

/* A scalar as values are written: text, or a number or boolean that stands for its text. */
static void
put_scalar(struct json_out *out, bool or_null)
{
	json_name(out, S("type"));
	json_open(out, '[');
	json_put_str(out, S("string"));
	json_put_str(out, S("number"));
	json_put_str(out, S("boolean"));
	if (or_null)
		json_put_str(out, S("null"));
	json_close(out, ']');
}

static void
put_string(struct json_out *out, str format, str pattern, int64_t length_max)
{
	json_pair_str(out, S("type"), S("string"));
	if (format.len)
		json_pair_str(out, S("format"), format);
	if (pattern.len)
		json_pair_str(out, S("pattern"), pattern);
	if (length_max)
		json_pair_i64(out, S("maxLength"), length_max);
}

/* An object whose names are not known beforehand, and what is under each. */
static void
put_map_begin(struct json_out *out)
{
	json_pair_str(out, S("type"), S("object"));
	json_name(out, S("additionalProperties"));
	json_open(out, '{');
}

/* "*", or a list of names. */
static void
put_purposes(struct json_out *out)
{
	json_name(out, S("oneOf"));
	json_put_raw(
		out,
		S("[{\"const\":\"*\"},{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"" NAME_PATTERN
	          "\"}}]"));
}

/* The inside of the schema object of one value. */
static void
put_type(struct json_out *out, const struct member *member)
{
	switch (member->type) {
	case T_ANY:
		break;
	case T_BOOLEAN:
		json_pair_str(out, S("type"), S("boolean"));
		break;
	case T_DATE:
		put_string(out, S("date"), S(""), 0);
		break;
	case T_DURATION:
		put_string(out, S("duration"), S(""), 0);
		break;
	case T_FREE:
		json_pair_str(out, S("type"), S("object"));
		break;
	case T_HASH:
		put_string(out, S(""), S("^sha256:[0-9a-fA-F]{64}$"), 0);
		break;
	case T_ID:
		put_string(out, S("uuid"), S(""), 0);
		break;
	case T_MAP:
		put_map_begin(out);
		schema_reference(out, (enum schema_id)member->of);
		json_close(out, '}');
		break;
	case T_NAME:
		put_string(out, S(""), S(NAME_PATTERN), 0);
		break;
	case T_OBJECT:
		schema_reference(out, (enum schema_id)member->of);
		break;
	case T_PATCH:
	case T_VALUES:
		put_map_begin(out);
		put_scalar(out, member->type == T_PATCH);
		json_close(out, '}');
		break;
	case T_PURPOSES:
		put_purposes(out);
		break;
	case T_TEXT:
		put_string(out, S(""), S(""), member->of);
		break;
	case T_TEXTS:
		put_map_begin(out);
		put_string(out, S(""), S(""), 0);
		json_close(out, '}');
		break;
	case T_TIME:
		put_string(out, S("date-time"), S(""), 0);
		break;
	case T_WHOLE:
		json_pair_str(out, S("type"), S("integer"));
		break;
	case T_WORD:
		put_words(out, (enum words)member->of);
		break;
	}
}

static void
put_one_or_list(struct json_out *out, const struct member *member)
{
	if (!(member->flags & LIST)) {
		put_type(out, member);
		return;
	}
	json_pair_str(out, S("type"), S("array"));
	json_name(out, S("items"));
	json_open(out, '{');
	put_type(out, member);
	json_close(out, '}');
}

/* Optional members of a body may be null, which is as if they were left out; in definitions only
 * where that is kept as it is and means the same. */
static bool
may_be_null(const struct schema *schema, const struct member *member)
{
	bool optional = !(member->flags & (NEED | NOT_NULL));

	switch (schema->use) {
	case USE_ASKED:
		return optional;
	case USE_STATED:
		return optional && member->type != T_TEXTS &&
		       (member->type != T_OBJECT || member->flags & LIST);
	case USE_ANSWER:
	case USE_OPEN:
		break;
	}
	return member->flags & NULLABLE;
}

static void
put_member(struct json_out *out, const struct schema *schema, const struct member *member)
{
	json_name(out, str_from_c(member->name));
	json_open(out, '{');
	if (may_be_null(schema, member)) {
		json_name(out, S("anyOf"));
		json_open(out, '[');
		json_open(out, '{');
		put_one_or_list(out, member);
		json_close(out, '}');
		json_put_raw(out, S("{\"type\":\"null\"}"));
		json_close(out, ']');
	} else {
		put_one_or_list(out, member);
	}
	json_pair_str(out, S("description"), str_from_c(member->text));
	json_close(out, '}');
}

static void
put_schema(struct json_out *out, const struct schema *schema)
{
	json_name(out, str_from_c(schema->name));
	json_open(out, '{');
	json_pair_str(out, S("type"), S("object"));
	json_pair_str(out, S("description"), str_from_c(schema->text));
	json_name(out, S("required"));
	json_open(out, '[');
	for (size_t i = 0; i < schema->count; i++)
		if (schema->member[i].flags & NEED)
			json_put_str(out, str_from_c(schema->member[i].name));
	json_close(out, ']');
	json_name(out, S("properties"));
	json_open(out, '{');
	for (size_t i = 0; i < schema->count; i++)
		put_member(out, schema, &schema->member[i]);
	json_close(out, '}');
	json_pair_bool(out, S("additionalProperties"), schema->use == USE_OPEN);
	json_close(out, '}');
}

/* --- parameters ------------------------------------------------------------------------------- */

enum place { IN_PATH, IN_QUERY, IN_HEADER };

static void
put_parameter(struct json_out *out, enum place place, str name, bool required, str schema, str text)
{
	static const str places[] = { { "path", 4 }, { "query", 5 }, { "header", 6 } };

	json_open(out, '{');
	json_pair_str(out, S("name"), name);
	json_pair_str(out, S("in"), places[place]);
	json_pair_bool(out, S("required"), required);
	json_pair_str(out, S("description"), text);
	json_name(out, S("schema"));
	json_put_raw(out, schema);
	json_close(out, '}');
}

static void
put_setting_parameter(struct json_out *out)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), S("setting"));
	json_pair_str(out, S("in"), S("path"));
	json_pair_bool(out, S("required"), true);
	json_pair_str(out, S("description"), S("The setting."));
	json_name(out, S("schema"));
	json_open(out, '{');
	put_words(out, WORDS_SETTING);
	json_close(out, '}');
	json_close(out, '}');
}

/* A state of requests, or all that are open. */
static void
put_state_parameter(struct json_out *out)
{
	const struct word_list *list = words_list(WORDS_REQUEST_STATE);
	OWNED(buf_release) struct buf schema = { .max = 1024 };

	buf_put(&schema, S("{\"type\":\"string\",\"enum\":[\"open\""));
	for (size_t i = 0; i < list->count; i++) {
		buf_put(&schema, S(",\""));
		buf_put(&schema, list->word[i].name);
		buf_char(&schema, '"');
	}
	buf_put(&schema, S("]}"));
	put_parameter(out, IN_QUERY, S("state"), false, buf_str(&schema), S("Only those in this state."));
}

static void
put_due_parameters(struct json_out *out)
{
	put_state_parameter(out);
	put_parameter(out, IN_QUERY, S("overdue"), false, S("{\"type\":\"boolean\"}"),
	              S("true: only open ones whose last day is past."));
	put_parameter(out, IN_QUERY, S("due_before"), false,
	              S("{\"type\":\"string\",\"format\":\"date-time\"}"),
	              S("Only open ones that are due by then."));
}

static void
put_path_parameter(struct json_out *out, str name)
{
	if (str_eq(name, S("id")))
		put_parameter(out, IN_PATH, name, true,
		              S("{\"type\":\"string\",\"format\":\"uuid\"}"), S("The id."));
	else if (str_eq(name, S("seq")))
		put_parameter(out, IN_PATH, name, true, S("{\"type\":\"integer\"}"),
		              S("Number of the hold in the person's ledger."));
	else if (str_eq(name, S("old")))
		put_parameter(out, IN_PATH, name, true, S("{\"type\":\"integer\",\"minimum\":0}"),
		              S("How many entries the log had when the witness saw it last; 0: it has not seen it."));
	else if (str_eq(name, S("hash")))
		put_parameter(out, IN_PATH, name, true,
		              S("{\"type\":\"string\",\"pattern\":\"^(sha256:)?[0-9a-fA-F]{64}$\"}"),
		              S("SHA-256 of the words, in hexadecimal."));
	else if (str_eq(name, S("setting")))
		put_setting_parameter(out);
	else if (str_eq(name, S("key")))
		put_parameter(out, IN_PATH, name, true, S("{\"type\":\"string\"}"),
		              S("Its id, as the list gives it."));
	else if (str_eq(name, S("slug")))
		put_parameter(out, IN_PATH, name, true, S("{\"type\":\"string\"}"),
		              S("The last part of the type."));
	else
		put_parameter(out, IN_PATH, name, true,
		              S("{\"type\":\"string\",\"pattern\":\"" NAME_PATTERN "\"}"),
		              S("The name."));
}

static void
put_path_parameters(struct json_out *out, str path)
{
	str skipped, name;

	while (eat_until(&path, '{', &skipped) && eat_until(&path, '}', &name))
		put_path_parameter(out, name);
}

static void
put_text_parameter(struct json_out *out, enum place place, str name, str text)
{
	put_parameter(out, place, name, false, S("{\"type\":\"string\"}"), text);
}

/* RFC 7644 sections 3.4.2, 3.9 and 3.14. */
static void
put_scim_parameters(struct json_out *out, const struct route *route)
{
	bool list = route->answer == SCHEMA_SCIM_LIST, one = route_has(route, ROUTE_ETAG);

	if (list && route->method == METHOD_GET && route_has(route, ROUTE_CONFLICT)) {
		put_text_parameter(out, IN_QUERY, S("filter"), S("As userName eq \"anna\"; /.search takes it in the body."));
		put_parameter(out, IN_QUERY, S("startIndex"), false, S("{\"type\":\"integer\",\"default\":1}"),
		              S("Number of the first one wanted."));
		put_parameter(out, IN_QUERY, S("count"), false, S("{\"type\":\"integer\",\"default\":100,\"maximum\":200}"),
		              S("How many at most."));
		put_text_parameter(out, IN_QUERY, S("sortBy"), S("An attribute."));
		put_text_parameter(out, IN_QUERY, S("sortOrder"), S("ascending or descending."));
		one = true;
	}
	if (one) {
		put_text_parameter(out, IN_QUERY, S("attributes"), S("Only these, with commas between them."));
		put_text_parameter(out, IN_QUERY, S("excludedAttributes"), S("All but these."));
	}
	if (route->method == METHOD_GET && route_has(route, ROUTE_ETAG))
		put_text_parameter(out, IN_HEADER, S("If-None-Match"), S("The ETag of what is there already."));
	if (route->method == METHOD_PUT || route->method == METHOD_PATCH || route->method == METHOD_DELETE)
		put_text_parameter(out, IN_HEADER, S("If-Match"), S("The ETag of what was read."));
}

static void
put_other_parameters(struct json_out *out, const struct route *route)
{
	if (route_has(route, ROUTE_CSV)) {
		put_parameter(
			out, IN_QUERY, S("offset"), true, S("{\"type\":\"integer\",\"minimum\":0}"),
			S("Where in the file the piece begins: `offset` of the answer before, 0 at first."));
		put_parameter(out, IN_QUERY, S("last"), false, S("{\"type\":\"boolean\"}"),
		              S("true: the file ends with this piece."));
	}
	if (route_has(route, ROUTE_PURPOSE))
		put_parameter(out, IN_HEADER, S("Valv-Purpose"), true, S("{\"type\":\"string\"}"),
		              S("The purpose of this reading; `rights` for operators."));
	if (route_has(route, ROUTE_IF_MATCH))
		put_parameter(out, IN_HEADER, S("If-Match"), true, S("{\"type\":\"string\"}"),
		              S("The ETag of what was read, or *."));
	if (route->again)
		put_parameter(
			out, IN_HEADER, S("Idempotency-Key"), false,
			S("{\"type\":\"string\",\"maxLength\":257}"),
			S("Any string of your own, in quotes: the call happens once however often it is sent, for 24 hours."));
	if (route_has(route, ROUTE_PAGED)) {
		put_parameter(out, IN_QUERY, S("after"), false,
		              S("{\"type\":\"string\",\"pattern\":\"^[0-9]+$\"}"),
		              S("`next` of the page before."));
		put_parameter(
			out, IN_QUERY, S("limit"), false,
			S("{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}"),
			S("Items on one page."));
	}
	if (route_has(route, ROUTE_SCIM))
		put_scim_parameters(out, route);
	if (route_has(route, ROUTE_DUE))
		put_due_parameters(out);
	if (route_has(route, ROUTE_WAITING))
		put_parameter(out, IN_QUERY, S("waiting"), false, S("{\"type\":\"boolean\"}"),
		              S("true: only what still waits for somebody."));
	if (route_has(route, ROUTE_COSIGNED))
		put_parameter(out, IN_QUERY, S("witnesses"), false,
		              S("{\"type\":\"integer\",\"minimum\":0,\"maximum\":15,\"default\":0}"),
		              S("The newest that at least so many witnesses have cosigned; 0: the newest there is."));
	if (route_has(route, ROUTE_TWO) || route_has(route, ROUTE_TWO_MAYBE))
		put_parameter(out, IN_HEADER, S("Valv-Approval"), false, S("{\"type\":\"string\",\"format\":\"uuid\"}"),
		              S("The approval by somebody else, of exactly this call; used up by it."));
	if (route_has(route, ROUTE_WEB) && route_has(route, ROUTE_HTML))
		put_parameter(out, IN_QUERY, S("language"), false,
		              S("{\"type\":\"string\",\"enum\":[\"sv\",\"en\"]}"),
		              S("The page's language; what the browser asks for unless said."));
	if (route_has(route, ROUTE_OF_SUBJECT))
		put_parameter(out, IN_QUERY, S("subject"), false,
		              S("{\"type\":\"string\",\"format\":\"uuid\"}"),
		              S("Only what is about this person."));
}

#define SCIM_JSON S("application/scim+json")

/* --- bodies and answers ----------------------------------------------------------------------- */

static void
put_media(struct json_out *out, str type, enum schema_id id, bool lines)
{
	json_name(out, type);
	json_open(out, '{');
	json_name(out, S("schema"));
	json_open(out, '{');
	if (id != SCHEMA_NONE)
		schema_reference(out, id);
	json_close(out, '}');
	if (lines)
		json_pair_bool(out, S("x-line-by-line"), true);
	json_close(out, '}');
}

static void
put_body(struct json_out *out, const struct route *route)
{
	if (route->body == SCHEMA_NONE && !route_has(route, ROUTE_CSV))
		return;
	json_name(out, S("requestBody"));
	json_open(out, '{');
	json_pair_bool(out, S("required"), !route_has(route, ROUTE_BODY_OPTIONAL));
	json_name(out, S("content"));
	json_open(out, '{');
	if (route_has(route, ROUTE_CSV))
		put_media(out, S("text/csv"), SCHEMA_NONE, false);
	else if (route_has(route, ROUTE_NDJSON))
		put_media(out, S("application/x-ndjson"), route->body, true);
	else
		put_media(out, S("application/json"), route->body, false);
	if (route_has(route, ROUTE_MERGE_PATCH))
		put_media(out, S("application/merge-patch+json"), route->body, false);
	if (route_has(route, ROUTE_SCIM))
		put_media(out, SCIM_JSON, route->body, false);
	json_close(out, '}');
	json_close(out, '}');
}

static void
put_header(struct json_out *out, str name, str text)
{
	json_name(out, name);
	json_open(out, '{');
	json_pair_str(out, S("description"), text);
	json_name(out, S("schema"));
	json_put_raw(out, S("{\"type\":\"string\"}"));
	json_close(out, '}');
}

static void
put_answer_headers(struct json_out *out, const struct route *route)
{
	json_name(out, S("headers"));
	json_open(out, '{');
	if (route_has(route, ROUTE_ETAG))
		put_header(out, S("ETag"), S("Its version, for If-Match."));
	if (route_has(route, ROUTE_LOCATION))
		put_header(out, S("Location"), S("Address of what was made."));
	if (route->again)
		put_header(out, S("Idempotency-Replayed"),
		           S("true: an earlier call with this Idempotency-Key did it."));
	json_close(out, '}');
}

/* The other forms that a package has. */
static void
put_files(struct json_out *out, const struct route *route)
{
	if (route_has(route, ROUTE_PACKAGE) || route_has(route, ROUTE_EXPORT) || route_has(route, ROUTE_STREAM))
		put_media(out, S("text/csv"), SCHEMA_NONE, false);
	if (route_has(route, ROUTE_PACKAGE))
		put_media(out, S("text/html"), SCHEMA_NONE, false);
	if (route_has(route, ROUTE_EXPORT))
		put_media(out, S("text/vcard"), SCHEMA_NONE, false);
}

/* A link that is used or expired is a page too: a person stands before it. */
static void
put_gone_page(struct json_out *out)
{
	json_name(out, S("410"));
	json_open(out, '{');
	json_pair_str(out, S("description"), S("Used, expired, or never there."));
	json_name(out, S("headers"));
	json_open(out, '{');
	json_close(out, '}');
	json_name(out, S("content"));
	json_open(out, '{');
	put_media(out, S("text/html"), SCHEMA_NONE, false);
	json_close(out, '}');
	json_close(out, '}');
}

static void
put_success(struct json_out *out, const struct route *route, int status)
{
	OWNED(buf_release) struct buf number = { .max = 8 };

	buf_dec(&number, status);
	json_name(out, buf_str(&number));
	json_open(out, '{');
	json_pair_str(out, S("description"),
	              status == 201   ? S("Made.")
	              : status == 204 ? S("Done.")
	                              : S("The answer."));
	put_answer_headers(out, route);
	if (status != 204) {
		json_name(out, S("content"));
		json_open(out, '{');
		if (route_has(route, ROUTE_HTML)) {
			put_media(out, S("text/html"), SCHEMA_NONE, false);
		} else if (route_has(route, ROUTE_WEB)) {
			put_media(out, S("text/css"), SCHEMA_NONE, false);
			put_media(out, S("text/javascript"), SCHEMA_NONE, false);
			put_media(out, S("image/svg+xml"), SCHEMA_NONE, false);
		} else if (route_has(route, ROUTE_TEXT)) {
			put_media(out, S("text/plain"), SCHEMA_NONE, false);
		} else if (route_has(route, ROUTE_OCTETS)) {
			put_media(out, S("application/octet-stream"), SCHEMA_NONE, false);
		} else if (route_has(route, ROUTE_NDJSON)) {
			put_media(out, S("application/x-ndjson"), route->answer, true);
		} else if (route_has(route, ROUTE_SCIM)) {
			put_media(out, SCIM_JSON, route->answer, false);
		} else if (route_has(route, ROUTE_STREAM)) {
			put_media(out, S("application/x-ndjson"), SCHEMA_NONE, false);
		} else {
			put_media(out, S("application/json"), route->answer, false);
		}
		put_files(out, route);
		json_close(out, '}');
	}
	json_close(out, '}');
}

/* It takes a second person, and is asked for first. */
static void
put_second(struct json_out *out)
{
	json_name(out, S("202"));
	json_open(out, '{');
	json_pair_str(out, S("description"), S("Nothing was done yet: it takes a second person."));
	json_name(out, S("headers"));
	json_open(out, '{');
	json_close(out, '}');
	json_name(out, S("content"));
	json_open(out, '{');
	put_media(out, S("application/json"), SCHEMA_APPROVAL_ASKED, false);
	json_close(out, '}');
	json_close(out, '}');
}

/* Errors of the process and its command line never reach a caller. */
static bool
is_answered(enum err err)
{
	return err != ERR_USAGE && err != ERR_NEWER && err != ERR_LOCKED && err != ERR_ROOT;
}

/* The types of problem that share a status; for one route, or with NULL for all. */
static void
problems_text(struct buf *text, const struct route *route, int status)
{
	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		const struct err_info *info = err_info(err);
		if (info->status != status || !is_answered(err) ||
		    (route && !route_may_fail(route, err)))
			continue;
		buf_put(text, text->len ? S(", ") : S("Problem: "));
		buf_put(text, str_from_c(info->slug));
	}
}

static void
put_problem(struct json_out *out, int status, str text, bool scim)
{
	json_open(out, '{');
	json_pair_str(out, S("description"), text);
	json_name(out, S("headers"));
	json_open(out, '{');
	if (status == 401)
		put_header(out, S("WWW-Authenticate"), S("Bearer."));
	if (status == 429 || status == 503)
		put_header(out, S("Retry-After"), S("Seconds to wait."));
	json_close(out, '}');
	json_name(out, S("content"));
	json_open(out, '{');
	if (scim)
		put_media(out, SCIM_JSON, SCHEMA_SCIM_ERROR, false);
	else
		put_media(out, S("application/problem+json"), SCHEMA_PROBLEM, false);
	json_close(out, '}');
	json_close(out, '}');
}

/* Which types there are under these two depends on the route; the others are described once. */
static bool
is_own(int status)
{
	return status == 409 || status == 422;
}

/* GET with If-None-Match. */
static void
put_not_modified(struct json_out *out)
{
	json_name(out, S("304"));
	json_open(out, '{');
	json_pair_str(out, S("description"), S("It is still that version."));
	json_name(out, S("headers"));
	json_open(out, '{');
	put_header(out, S("ETag"), S("Its version."));
	json_close(out, '}');
	json_close(out, '}');
}

static bool
scim_may_fail(const struct route *route, int status)
{
	bool changes = route->method != METHOD_GET, one = memchr(route->path.ptr, '{', route->path.len);
	bool stores = changes && !str_ends(route->path, S("/.search"));

	switch (status) {
	case 404:
		return one;
	case 409:
		return route_has(route, ROUTE_CONFLICT);
	case 412:
		return stores && one;
	case 415:
		return route->body != SCHEMA_NONE;
	case 507:
		return true;
	default:
		return status == 400 || status == 401 || status == 403 || status == 500 || status == 503;
	}
}

/* Errors in SCIM's own form; a body that is too large never gets so far. */
static void
put_scim_problems(struct json_out *out, const struct route *route)
{
	static const int statuses[] = { 400, 401, 403, 404, 409, 412, 413, 415, 500, 503, 507 };

	if (route->method == METHOD_GET && route_has(route, ROUTE_ETAG))
		put_not_modified(out);
	for (size_t i = 0; i < COUNT(statuses); i++) {
		OWNED(buf_release) struct buf number = { .max = 8 };
		buf_dec(&number, statuses[i]);
		if (statuses[i] == 413 && route->body != SCHEMA_NONE) {
			json_name(out, S("413"));
			json_open(out, '{');
			reference(out, S("#/components/responses/Problem"), S("413"));
			json_close(out, '}');
		}
		if (!scim_may_fail(route, statuses[i]))
			continue;
		json_name(out, buf_str(&number));
		json_open(out, '{');
		reference(out, S("#/components/responses/Scim"), buf_str(&number));
		json_close(out, '}');
	}
}

static void
put_problems(struct json_out *out, const struct route *route)
{
	if (route_has(route, ROUTE_SCIM)) {
		put_scim_problems(out, route);
		return;
	}
	if (route_has(route, ROUTE_LINK))
		put_gone_page(out);
	for (int status = 400; status < 600; status++) {
		OWNED(buf_release) struct buf text = { .max = 1024 };
		OWNED(buf_release) struct buf number = { .max = 8 };

		problems_text(&text, route, status);
		if (!text.len)
			continue;
		buf_dec(&number, status);
		json_name(out, buf_str(&number));
		if (is_own(status)) {
			put_problem(out, status, buf_str(&text), false);
			continue;
		}
		json_open(out, '{');
		reference(out, S("#/components/responses/Problem"), buf_str(&number));
		json_close(out, '}');
	}
}

static void
put_scim_shared(struct json_out *out)
{
	static const struct {
		int status;
		str text;
	} row[] = {
#define ROW(status, text) { status, { text, sizeof(text) - 1 } },
		ROW(400, "SCIM: invalidSyntax, invalidValue, invalidFilter, invalidPath, noTarget, mutability, or a header.")
		ROW(401, "SCIM: a key of the scope scim is needed.")
		ROW(403, "SCIM: the key may not, or a filter where there is none.")
		ROW(404, "SCIM: there is no such resource.")
		ROW(409, "SCIM: uniqueness, or the setting scim_issuer is missing.")
		ROW(412, "SCIM: it has another version by now.")
		ROW(415, "SCIM: another media type.")
		ROW(500, "SCIM: something that should not happen did.")
		ROW(503, "SCIM: too much at once, or the store could not do it.")
		ROW(507, "SCIM: the disk is full.")
#undef ROW
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(buf_release) struct buf name = { .max = 16 };
		buf_put(&name, S("Scim"));
		buf_dec(&name, row[i].status);
		json_name(out, buf_str(&name));
		put_problem(out, row[i].status, row[i].text, true);
	}
}

static void
put_shared_problems(struct json_out *out)
{
	json_name(out, S("responses"));
	json_open(out, '{');
	for (int status = 400; status < 600; status++) {
		OWNED(buf_release) struct buf text = { .max = 1024 };
		OWNED(buf_release) struct buf name = { .max = 16 };

		problems_text(&text, NULL, status);
		if (!text.len || is_own(status) || status == 405)
			continue;
		buf_put(&name, S("Problem"));
		buf_dec(&name, status);
		json_name(out, buf_str(&name));
		put_problem(out, status, buf_str(&text), false);
	}
	put_scim_shared(out);
	json_close(out, '}');
}

/* --- operations ------------------------------------------------------------------------------- */

static void
put_method(struct json_out *out, const struct route *route)
{
	char lower[8];

	for (size_t i = 0; i < route->method_name.len; i++)
		lower[i] = (char)(route->method_name.ptr[i] | 0x20);
	json_name(out, (str){ lower, route->method_name.len });
}

/* The word after /v1/ groups the operations. */
static str
tag_of(const struct route *route)
{
	str rest = route->path, tag = S("pages");

	if (!eat_str(&rest, S("/v1/")))
		return tag;
	if (!eat_until(&rest, '/', &tag))
		tag = rest;
	return str_ends(tag, S(".json")) ? S("description") : tag;
}

static void
put_scopes(struct json_out *out, const struct route *route)
{
	const struct word_list *list = words_list(WORDS_SCOPE);

	json_name(out, S("security"));
	json_open(out, '[');
	if (!route_has(route, ROUTE_OPEN)) {
		json_open(out, '{');
		json_name(out, S("key"));
		json_open(out, '[');
		for (size_t i = 0; i < list->count; i++)
			if (route->scopes & (uint32_t)list->word[i].no)
				json_put_str(out, list->word[i].name);
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
put_operation(struct json_out *out, const struct route *route)
{
	put_method(out, route);
	json_open(out, '{');
	json_pair_str(out, S("operationId"), route->name);
	json_pair_str(out, S("summary"), route->summary);
	json_name(out, S("tags"));
	json_open(out, '[');
	json_put_str(out, tag_of(route));
	json_close(out, ']');
	put_scopes(out, route);
	json_pair_bool(out, S("x-operator-only"), route_has(route, ROUTE_OPERATOR));
	json_pair_bool(out, S("x-person-only"), route_has(route, ROUTE_PERSON));
	json_pair_bool(out, S("x-step-up"), route_has(route, ROUTE_FRESH));
	json_pair_bool(out, S("x-reserved-lane"), route_has(route, ROUTE_RESERVED));
	if (route_has(route, ROUTE_REST)) /* which a path of OpenAPI cannot say */
		json_pair_bool(out, S("x-rest-of-path"), true);
	json_name(out, S("parameters"));
	json_open(out, '[');
	put_path_parameters(out, route->path);
	put_other_parameters(out, route);
	json_close(out, ']');
	put_body(out, route);
	json_name(out, S("responses"));
	json_open(out, '{');
	put_success(out, route, route->status);
	if (route_has(route, ROUTE_MAKES))
		put_success(out, route, 201);
	if (route_has(route, ROUTE_TWO) || route_has(route, ROUTE_TWO_MAYBE))
		put_second(out);
	put_problems(out, route);
	json_close(out, '}');
	json_close(out, '}');
}

static bool
is_first_of_path(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (str_eq(route_at(i)->path, route_at(index)->path))
			return false;
	return true;
}

static void
put_paths(struct json_out *out)
{
	json_name(out, S("paths"));
	json_open(out, '{');
	for (size_t i = 0; route_at(i); i++) {
		if (!is_first_of_path(i) || route_has(route_at(i), ROUTE_FOREIGN))
			continue;
		json_name(out, route_at(i)->path);
		json_open(out, '{');
		for (size_t n = i; route_at(n); n++)
			if (str_eq(route_at(n)->path, route_at(i)->path))
				put_operation(out, route_at(n));
		json_close(out, '}');
	}
	json_close(out, '}');
}

/* --- all of it -------------------------------------------------------------------------------- */

static void
put_components(struct json_out *out)
{
	json_name(out, S("components"));
	json_open(out, '{');
	json_name(out, S("securitySchemes"));
	json_open(out, '{');
	json_name(out, S("key"));
	json_open(out, '{');
	json_pair_str(out, S("type"), S("http"));
	json_pair_str(out, S("scheme"), S("bearer"));
	json_pair_str(
		out, S("description"),
		S("An API key, valv_…, or the token of a session, valvs_…, which browsers send as the cookie "
	          "__Host-valv. What a key may do is its maker's choice, what a person may do, their roles'; where several "
	          "scopes are listed, any one is enough. Over the server's own socket an operator needs none."));
	json_close(out, '}');
	json_close(out, '}');
	put_shared_problems(out);
	json_name(out, S("schemas"));
	json_open(out, '{');
	for (enum schema_id id = SCHEMA_NONE + 1; id < SCHEMA_COUNT; id++)
		put_schema(out, schema_get(id));
	json_close(out, '}');
	json_close(out, '}');
}

static void
put_info(struct json_out *out)
{
	json_name(out, S("info"));
	json_open(out, '{');
	json_pair_str(out, S("title"), S("Valv"));
	json_pair_str(out, S("version"), S("1"));
	json_pair_str(out, S("summary"), S("A self-hosted vault for customer data."));
	json_pair_str(
		out, S("description"),
		S("A value about a person is kept only while a ground covers it; nothing is sent without "
	          "a yes; every look is written down. Errors are problems (RFC 9457) without personal "
	          "data, and each type is explained at its own address. A GET also answers HEAD. A method "
	          "that an address does not take is answered 405 with Allow."));
	json_name(out, S("license"));
	json_open(out, '{');
	json_pair_str(out, S("name"), S("Apache-2.0"));
	json_pair_str(out, S("identifier"), S("Apache-2.0"));
	json_close(out, '}');
	json_close(out, '}');
}

void
openapi_print(struct buf *text)
{
	struct json_out out;

	json_out_begin(&out, text);
	json_open(&out, '{');
	json_pair_str(&out, S("openapi"), S("3.1.0"));
	json_pair_str(&out, S("jsonSchemaDialect"),
	              S("https://json-schema.org/draft/2020-12/schema"));
	put_info(&out);
	json_name(&out, S("servers"));
	json_put_raw(&out, S("[{\"url\":\"/\"}]"));
	put_paths(&out);
	put_components(&out);
	json_close(&out, '}');
}

enum err
on_openapi_get(struct job *job, struct call *call)
{
	answer_text(call, 200, S("application/json"));
	buf_put(&call->response->body, buf_str(&call->api->openapi));
	return OK;
}
