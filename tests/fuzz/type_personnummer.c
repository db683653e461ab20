/* Aims at personnummer_read, personnummer_birth_date, personnummer_coordination. */
#include "type_check.h"

static void
check_birth(const struct type_context *context, str raw)
{
	OWNED(buf_release) struct buf ret = { 0 };
	struct date date;
	const char *why;

	buf_init(&ret, ROOM);
	if (!type_parse(TYPE_PERSONNUMMER, context, raw, &ret, &why))
		return;
	must(ret.len == 12 && personnummer_birth_date(buf_str(&ret), &date) && date_valid(date));
	must(date_time(date) <= NOW + TIME_DAY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct type_context context = { .now = NOW }, timeless = { 0 };
	str raw = { (const char *)data, size };
	struct date date;

	check_parse(TYPE_PERSONNUMMER, &context, raw);
	check_parse(TYPE_PERSONNUMMER, &timeless, raw);
	check_birth(&context, raw);
	if (personnummer_birth_date(raw, &date))
		must(date_valid(date));
	personnummer_coordination(raw);
	return 0;
}
