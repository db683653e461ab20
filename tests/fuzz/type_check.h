/* What holds for every type, shared by the fuzz targets of src/type. */
#ifndef TYPE_FUZZ_CHECK_H
#define TYPE_FUZZ_CHECK_H

#include "base/limits.h"
#include "base/must.h"
#include "type/type.h"

#define ROOM (64 * LIMIT_VALUE_BYTES)
#define NOW ((time_us)1795435200 * TIME_SECOND) /* 2026-11-23T12:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
check_mask(enum type type, str canonical)
{
	OWNED(buf_release) struct buf mask = { 0 };
	size_t at;

	buf_init(&mask, ROOM);
	type_mask(type, canonical, &mask);
	must(buf_ok(&mask) && str_utf8(buf_str(&mask)));
	must(str_find(canonical, S("\xe2\x80\xa2"), &at) || !str_find(buf_str(&mask), canonical, &at));
}

static inline void
check_match(enum type type, str canonical)
{
	OWNED(buf_release) struct buf once = { 0 };
	OWNED(buf_release) struct buf twice = { 0 };

	buf_init(&once, ROOM);
	buf_init(&twice, ROOM);
	type_match(type, canonical, &once);
	type_match(type, buf_str(&once), &twice);
	must(buf_ok(&once) && str_eq(buf_str(&once), buf_str(&twice)));
}

/* Refused with a reason, or read into UTF-8 that is read as itself, shows masked, and is found. */
static inline void
check_parse(enum type type, const struct type_context *context, str raw)
{
	OWNED(buf_release) struct buf once = { 0 };
	OWNED(buf_release) struct buf twice = { 0 };
	const char *why = NULL;

	buf_init(&once, ROOM);
	buf_init(&twice, ROOM);
	if (!type_parse(type, context, raw, &once, &why)) {
		must(why && once.len == 0 && buf_ok(&once));
		return;
	}
	must(once.len && once.len <= LIMIT_VALUE_BYTES && str_utf8(buf_str(&once)));
	must(type_parse(type, context, buf_str(&once), &twice, &why));
	must(str_eq(buf_str(&once), buf_str(&twice)));
	check_mask(type, buf_str(&once));
	check_match(type, buf_str(&once));
}

#endif
