/* Aims at date_read, date_read_birth. */
#include "type_check.h"

static void
check_date(enum type type, const struct type_context *context, str raw)
{
	OWNED(buf_release) struct buf ret = { 0 };
	struct date date;
	const char *why;

	buf_init(&ret, ROOM);
	check_parse(type, context, raw);
	if (type_parse(type, context, raw, &ret, &why))
		must(date_parse(buf_str(&ret), &date));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct type_context context = { .now = NOW }, timeless = { 0 };
	str raw = { (const char *)data, size };

	check_date(TYPE_DATE, &context, raw);
	check_date(TYPE_BIRTH_DATE, &context, raw);
	check_date(TYPE_BIRTH_DATE, &timeless, raw);
	return 0;
}
