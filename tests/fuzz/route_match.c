/* Aims at route_find, route_allow, over the real table (routes.def).
 * Held against a reading of the same table that takes paths apart the slow way: segment by segment,
 * the first row that fits the path names the address. */
#include "api/api.h"
#include "api/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
split(str path, str *segment, size_t room)
{
	str rest = str_from(path, 1);
	size_t count = 0;

	while (count < room) {
		if (!eat_until(&rest, '/', &segment[count])) {
			segment[count++] = rest;
			break;
		}
		count++;
	}
	return count;
}

static bool
fits(const struct route *route, str path)
{
	str wanted[16], got[16];
	size_t count = split(route->path, wanted, COUNT(wanted)), there = split(path, got, COUNT(got));

	if (route_has(route, ROUTE_REST) ? there < count : there != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (str_starts(wanted[i], S("{")) ? !got[i].len : !str_eq(wanted[i], got[i]))
			return false;
	}
	return true;
}

static const struct route *
find_slowly(enum method method, str path)
{
	const struct route *first = NULL;

	if (!path.len || path.ptr[0] != '/' || (path.len > 1 && str_ends(path, S("/"))))
		return NULL;
	for (size_t i = 0; route_at(i); i++) {
		const struct route *route = route_at(i);
		if (!first && fits(route, path))
			first = route;
		if (first && str_eq(first->path, route->path) && route->method == method)
			return route;
	}
	return NULL;
}

static void
check_params(const struct route *route, str path, const str *param)
{
	size_t count = 0;

	for (size_t i = 0; i < route->path.len; i++)
		count += route->path.ptr[i] == '{';
	must(count <= ROUTE_PARAMS_MAX);
	for (size_t i = 0; i < count; i++)
		must(param[i].len && param[i].ptr > path.ptr &&
		     param[i].ptr + param[i].len <= path.ptr + path.len &&
		     ((route_has(route, ROUTE_REST) && i + 1 == count) || !memchr(param[i].ptr, '/', param[i].len)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { 0 };
	const struct route *found, *at_path = NULL;
	str param[ROUTE_PARAMS_MAX] = { 0 };
	bytes rest = { data, size };
	enum method method;
	uint8_t how;
	str path;

	if (!eat_u8(&rest, &how))
		return 0;
	method = (enum method)(how % (METHOD_OTHER + 1));
	path = bytes_str(rest);
	found = route_find(method, path, param, &at_path);
	must(found == find_slowly(method == METHOD_HEAD ? METHOD_GET : method, path));
	must(!found || !at_path);
	if (found)
		check_params(found, path, param);
	if (found || at_path)
		must(route_allow(&job.arena, found ? found : at_path).len >= 3);
	for (enum err err = OK; err < ERR_COUNT && found; err++)
		(void)route_may_fail(found, err);
	return 0;
}
