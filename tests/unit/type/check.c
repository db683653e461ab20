#include "check.h"

#include "base/must.h"

static void
read_as(enum type type, const struct type_context *context, const char *sentence, str raw,
        const char *canonical)
{
	OWNED(buf_release) struct buf ret = { 0 };
	const char *why = NULL;

	buf_init(&ret, 100000);
	buf_put(&ret, S("before:"));
	if (!type_parse(type, context, raw, &ret, &why))
		fail_msg("%s: refused: %s", sentence, why);
	buf_char(&ret, 0);
	if (strcmp(ret.ptr + 7, canonical) != 0)
		fail_msg("%s: read as \"%s\", not \"%s\"", sentence, ret.ptr + 7, canonical);
}

void
check_good(enum type type, const struct type_context *context, const struct good *table,
           size_t count)
{
	for (size_t i = 0; i < count; i++) {
		read_as(type, context, table[i].sentence, str_from_c(table[i].raw), table[i].canonical);
		read_as(type, context, table[i].sentence, str_from_c(table[i].canonical),
		        table[i].canonical);
	}
}

void
check_bad(enum type type, const struct type_context *context, const struct bad *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf ret = { 0 };
		const char *why = NULL;

		buf_init(&ret, 100000);
		if (type_parse(type, context, str_from_c(table[i].raw), &ret, &why))
			fail_msg("%s: accepted as \"%.*s\"", table[i].sentence, SPRINT(buf_str(&ret)));
		if (!why || !strstr(why, table[i].why))
			fail_msg("%s: refused because \"%s\"", table[i].sentence, why);
		if (ret.len)
			fail_msg("%s: refused, yet something was appended", table[i].sentence);
	}
}
