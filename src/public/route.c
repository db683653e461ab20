/* public/route.c -- the addresses as a table; contract: visit.h. */
#include "public/visit.h"

#define TEXT(s) { s, sizeof(s) - 1 }

static const struct route routes[] = {
#define PAGE(method, path, name, flags) { METHOD_##method, TEXT(#method), TEXT(path), public_##name, flags },
#include "public/routes.def"
#undef PAGE
};

static bool
path_fits(str template, str path, str *ret_param)
{
	size_t open;

	if (!str_find(template, S("{"), &open))
		return str_eq(template, path);
	if (!str_starts(path, str_first(template, open)) || path.len == open || memchr(path.ptr + open, '/', path.len - open))
		return false;
	*ret_param = str_from(path, open);
	return true;
}

const struct route *
public_route_find(enum method method, str path, str *ret_param, const struct route **ret_path)
{
	if (method == METHOD_HEAD)
		method = METHOD_GET;
	*ret_path = NULL;
	for (size_t i = 0; i < COUNT(routes); i++) {
		if (!path_fits(routes[i].path, path, ret_param))
			continue;
		*ret_path = &routes[i];
		if (routes[i].method == method)
			return &routes[i];
	}
	return NULL;
}

str
public_route_allow(struct arena *arena, const struct route *of)
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
