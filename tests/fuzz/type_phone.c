/* Aims at phone_read, phone_lib_read (type_parse, type_mask of TYPE_PHONE); the first byte picks the
 * region. */
#include "type_check.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const str regions[] = {
		{ "", 0 },   { "SE", 2 }, { "US", 2 }, { "GB", 2 }, { "IT", 2 }, { "AR", 2 },
		{ "MX", 2 }, { "BR", 2 }, { "DE", 2 }, { "xx", 2 }, { "FR", 2 }, { "FI", 2 },
	};
	struct type_context context = { 0 };

	if (!size)
		return 0;
	context.region = regions[data[0] % COUNT(regions)];
	check_parse(TYPE_PHONE, &context, (str){ (const char *)data + 1, size - 1 });
	return 0;
}
