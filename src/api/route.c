/* api/route.c -- contract: route.h. */
#include "api/route.h"

#define TEXT(s) { s, sizeof(s) - 1 }

static const struct route routes[] = {
#define ROUTE(method, path, name, again, scopes, flags, body, status, answer, summary) \
	{ \
		METHOD_##method, TEXT(#method), TEXT(path),      TEXT(#name), \
		on_##name,       again,         scopes,          flags, \
		SCHEMA_##body,   status,        SCHEMA_##answer, TEXT(summary) \
	},
#include "api/routes.def"
#undef ROUTE
};

const struct route *
route_at(size_t index)
{
	return index < COUNT(routes) ? &routes[index] : NULL;
}

/* One segment of each: up to the next slash. */
static str
eat_segment(str *rest)
{
	const char *slash = memchr(rest->ptr, '/', rest->len);
	str segment = str_first(*rest, slash ? (size_t)(slash - rest->ptr) : rest->len);

	*rest = str_from(*rest, segment.len + 1);
	return segment;
}

/* Both begin with a slash.  Most paths differ within the first octets, which is looked at first. */
static bool
path_fits(const struct route *route, str path, str param[ROUTE_PARAMS_MAX])
{
	size_t common = 0, params = 0;
	str template = route->path;

	while (common < template.len && common < path.len && template.ptr[common] != '{' &&
	       template.ptr[common] == path.ptr[common])
		common++;
	if (common == template.len || common == path.len)
		return template.len == path.len;
	if (template.ptr[common] != '{')
		return false;
	template = str_from(template, common);
	path = str_from(path, common);
	for (;;) {
		str expected = eat_segment(&template), got = eat_segment(&path);
		if (str_starts(expected, S("{"))) {
			if (!got.len)
				return false;
			if (route_has(route, ROUTE_REST) && !template.len) {
				param[params] = (str){ got.ptr, got.len + (path.len ? 1 + path.len : 0) };
				return true;
			}
			param[params++] = got;
		} else if (!str_eq(expected, got)) {
			return false;
		}
		if (!template.len || !path.len)
			return !template.len && !path.len;
	}
}

const struct route *
route_find(enum method method, str path, str param[ROUTE_PARAMS_MAX], const struct route **ret_path)
{
	const struct route *first = NULL;

	if (method == METHOD_HEAD)
		method = METHOD_GET;
	*ret_path = NULL;
	if (!path.len || path.ptr[0] != '/' || (path.len > 1 && path.ptr[path.len - 1] == '/'))
		return NULL;
	for (size_t i = 0; i < COUNT(routes); i++) {
		/* The first path that fits is the address; of its rows, one has the method. */
		if (first ? !str_eq(routes[i].path, first->path)
		          : !path_fits(&routes[i], path, param))
			continue;
		first = &routes[i];
		if (first->method == method)
			return first;
	}
	*ret_path = first;
	return NULL;
}

str
route_allow(struct arena *arena, const struct route *of)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	for (size_t i = 0; i < COUNT(routes); i++) {
		if (!str_eq(routes[i].path, of->path))
			continue;
		if (text.len)
			buf_put(&text, S(", "));
		buf_put(&text, routes[i].method_name);
		if (routes[i].method == METHOD_GET)
			buf_put(&text, S(", HEAD"));
	}
	return arena_str(arena, buf_str(&text));
}

static bool
has_params(const struct route *route)
{
	return memchr(route->path.ptr, '{', route->path.len);
}

/* What contradicts what is there: definitions, grounds that are not there, an import that is over. */
static bool
may_conflict(const struct route *route, enum err err)
{
	return err == ERR_IDEMPOTENCY_BUSY
	               ? route->again != NULL
	               : err == ERR_CONFLICT && route_has(route, ROUTE_CONFLICT);
}

static bool
takes_body(const struct route *route)
{
	return route->body != SCHEMA_NONE || route_has(route, ROUTE_CSV);
}

bool
route_may_fail(const struct route *route, enum err err)
{
	switch (err_info(err)->status) {
	case 400:
	case 500:
	case 503:
		return true;
	case 401:
		return err == ERR_SIGN_IN ? route_has(route, ROUTE_SIGN_IN) : !route_has(route, ROUTE_OPEN);
	case 403:
		return !route_has(route, ROUTE_OPEN) && (route->scopes || route->method != METHOD_GET || /* by a cookie */
		                                         route_has(route, ROUTE_PERSON | ROUTE_OPERATOR));
	case 404:
		return route_has(route, ROUTE_MAY_LACK) || (has_params(route) && !route_has(route, ROUTE_LINK) && !route_has(route, ROUTE_MAKES));
	case 409:
		return may_conflict(route, err);
	case 410:
		return route_has(route, ROUTE_SUBJECT) ||
		       (route->again && route_has(route, ROUTE_ETAG));
	case 412:
	case 428:
		return route_has(route, ROUTE_IF_MATCH);
	case 413:
		return takes_body(route) || route_has(route, ROUTE_PAGED);
	case 415:
		return takes_body(route);
	case 422:
		return err == ERR_IDEMPOTENCY_REUSE
		               ? route->again != NULL
		               : takes_body(route) || route_has(route, ROUTE_PURPOSE);
	case 429:
		return route_has(route, ROUTE_BUDGET);
	case 507:
		return !route_has(route, ROUTE_OPEN) || route_has(route, ROUTE_SIGN_IN);
	default:
		return false;
	}
}
