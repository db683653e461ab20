/* Aims at json_parse, json_canonical, json_scalar (prescan, tree, number, out).
 * What is read has a canonical form, which is read again and has the same canonical form. */
#include "base/limits.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(json_free) struct json_document *document = NULL, *again = NULL;
	struct json root, second_root;
	str first, second, text;

	if (json_parse(&job, (str){ (const char *)data, size }, &document, &root) != OK) {
		must(job.failure.err == ERR_MALFORMED && !document);
		return 0;
	}
	must(json_canonical(&job, root, LIMIT_BODY_BYTES * 6, &first) == OK);
	must(json_parse(&job, first, &again, &second_root) == OK);
	must(json_canonical(&job, second_root, LIMIT_BODY_BYTES * 6, &second) == OK);
	must(str_eq(first, second));
	must(json_kind(root) == json_kind(second_root) && json_count(root) == json_count(second_root));
	if (json_scalar(&job, root, LIMIT_BODY_BYTES, &text) == OK)
		must(json_kind(root) != JSON_OBJECT && json_kind(root) != JSON_ARRAY);
	return 0;
}
