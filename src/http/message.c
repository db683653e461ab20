/* Reading a request and adding to an answer: the parts of server.h that need no server. */
#include "http/server.h"

bool
request_header(const struct request *request, str name, str *ret)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (str_eq_fold(request->header[i].name, name)) {
			*ret = str_trim(request->header[i].value);
			return true;
		}
	}
	return false;
}

/* false at a % that is no escape; admission lets none through. */
static bool
decode(struct arena *arena, str s, str *ret)
{
	char *out = arena_alloc(arena, s.len);
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '%') {
			out[len++] = s.ptr[i];
			continue;
		}
		if (s.len - i < 3 || !str_hex((str){ s.ptr + i + 1, 2 }, (uint8_t *)&out[len], 1))
			return false;
		len++;
		i += 2;
	}
	*ret = (str){ out, len };
	return true;
}

/* Names are decoded before they are compared: "%6eame" twice is still "name" twice. */
bool
request_query(struct arena *arena, const struct request *request, str name, str *ret, bool *ret_bad)
{
	str rest = request->query, value = { 0 };
	bool found = false;

	*ret_bad = false;
	while (rest.len) {
		str pair, key, decoded;

		if (!eat_until(&rest, '&', &pair)) {
			pair = rest;
			rest = str_from(rest, rest.len);
		}
		if (!eat_until(&pair, '=', &key)) {
			key = pair;
			pair = str_from(pair, pair.len);
		}
		if (!decode(arena, key, &decoded)) {
			*ret_bad = true;
			return false;
		}
		if (!str_eq(decoded, name))
			continue;
		if (found || !decode(arena, pair, &value) || !str_utf8(value)) {
			*ret_bad = true;
			return false;
		}
		found = true;
	}
	if (found)
		*ret = value;
	return found;
}

void
response_header(struct response *response, str name, str value)
{
	bool again = str_eq_fold(name, S("Set-Cookie")); /* the one that may be there twice (RFC 9110 5.3) */

	for (size_t i = 0; i < response->header_count && !again; i++)
		if (str_eq_fold(response->header[i].name, name)) {
			response->header[i].value = value;
			return;
		}
	must(response->header_count < RESPONSE_HEADERS_MAX);
	response->header[response->header_count++] = (struct header){ name, value };
}
