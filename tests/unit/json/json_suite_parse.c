/* The half of json_suite that sees json.h. */
#include "json/json.h"

int suite_parse(const char *ptr, size_t len);

/* 1 read, 0 refused, -1 read but not the same after canonical form. */
int
suite_parse(const char *ptr, size_t len)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(json_free) struct json_document *document = NULL, *again = NULL;
	struct json root;
	str first, second;

	if (json_parse(&job, (str){ ptr, len }, &document, &root) != OK)
		return 0;
	if (json_canonical(&job, root, 1 << 20, &first) || json_parse(&job, first, &again, &root) ||
	    json_canonical(&job, root, 1 << 20, &second))
		return -1;
	return str_eq(first, second) ? 1 : -1;
}
