/* Aims at admit (target, host, headers, framing) and request_query.
 * The input is a request line and headers, one per LF, "name:value"; what is admitted must have the
 * shape that handlers rely on. */
#include "base/limits.h"
#include "http/admit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str
eat_line(str *rest)
{
	str line;

	if (eat_until(rest, '\n', &line))
		return line;
	line = *rest;
	*rest = str_from(*rest, rest->len);
	return line;
}

/* Nothing that could be read in two ways is left in a path. */
static void
check_path(str path)
{
	static const char *const never[] = { "//", "/./", "/../", "%00", "%2f", "%2F", "%5c", "%5C",
		                             " ", "#", "?", "\\", "/%2e/", "/%2E%2e/", "/.%2e/" };
	size_t at;

	must(path.len && path.len <= LIMIT_TARGET_BYTES && path.ptr[0] == '/');
	for (size_t i = 0; i < COUNT(never); i++)
		must(!str_find(path, str_from_c(never[i]), &at));
	must(!str_ends(path, S("/..")) && !str_ends(path, S("/.")));
	must(path.len == 1 || !str_ends(path, S("/")));
	for (size_t i = 0; i < path.len; i++)
		must(path.ptr[i] > 0x20 && path.ptr[i] < 0x7f);
}

static void
check_query(str query)
{
	struct request request = { .query = query };
	struct arena arena = { 0 };
	str value;
	bool bad;

	if (request_query(&arena, &request, S("a"), &value, &bad))
		must(!bad && value.len <= query.len && str_utf8(value) &&
		     (!value.len || !memchr(value.ptr, 0, value.len)));
	arena_release(&arena);
}

static void
check_framing(const struct head *head, const struct admission *admission)
{
	size_t lengths = 0, codings = 0, hosts = 0;

	for (size_t i = 0; i < head->header_count; i++) {
		lengths += str_eq_fold(head->header[i].name, S("Content-Length"));
		codings += str_eq_fold(head->header[i].name, S("Transfer-Encoding"));
		hosts += str_eq_fold(head->header[i].name, S("Host"));
	}
	must(lengths + codings <= 1 && hosts <= 1);
	must(admission->chunked == (codings == 1) && admission->body_len <= INT64_MAX);
	must(admission->close || hosts == 1);
	must(!(admission->close && admission->chunked));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct header header[LIMIT_HEADER_FIELDS + 2];
	str rest = { (const char *)data, size }, line = eat_line(&rest);
	struct head head = { .header = header };
	struct admission admission;
	const char *why;

	if (!eat_until(&line, ' ', &head.method) || !eat_until(&line, ' ', &head.target))
		return 0;
	head.version = line;
	while (rest.len && head.header_count < COUNT(header)) {
		struct header *next = &header[head.header_count++];
		next->value = eat_line(&rest);
		if (!eat_until(&next->value, ':', &next->name))
			next->name = next->value;
	}
	if (admit(&head, &admission, &why)) {
		must(why);
		return 0;
	}
	check_path(admission.path);
	check_query(admission.query);
	check_framing(&head, &admission);
	return 0;
}
