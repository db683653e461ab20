/* Aims at email_read, email_match, host_put (type_parse, type_mask, type_match of TYPE_EMAIL). */
#include "type_check.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct type_context context = { 0 };

	check_parse(TYPE_EMAIL, &context, (str){ (const char *)data, size });
	return 0;
}
