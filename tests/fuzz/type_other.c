/* Aims at type_parse, type_mask, type_match of every type, text_fold, name_family; the first byte
 * picks the type. */
#include "type_check.h"

static void
check_fold(str text)
{
	OWNED(buf_release) struct buf once = { 0 };
	OWNED(buf_release) struct buf twice = { 0 };

	buf_init(&once, 20 * text.len + 8);
	buf_init(&twice, 20 * once.max);
	text_fold(text, &once);
	must(buf_ok(&once) && str_utf8(buf_str(&once)));
	text_fold(buf_str(&once), &twice);
	must(str_eq(buf_str(&once), buf_str(&twice)));
}

static void
check_family(str name)
{
	str family = name_family(name);

	must(!family.len ||
	     (family.ptr >= name.ptr && family.ptr + family.len <= name.ptr + name.len));
}

/* A mask is asked for canonical text, but must not fail on other. */
static void
check_any_mask(enum type type, str text)
{
	OWNED(buf_release) struct buf mask = { 0 };

	buf_init(&mask, text.len + 200);
	type_mask(type, text, &mask);
	must(buf_ok(&mask));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const str options[] = { { "gold", 4 }, { "Silver", 6 }, { "GOLD", 4 } };
	struct type_context context = { .options = options, .option_count = 3, .now = NOW };
	enum type type;
	str raw;

	if (!size)
		return 0;
	type = (enum type)(data[0] % TYPE_COUNT);
	context.region = data[0] & 0x80 ? S("SE") : S("");
	raw = (str){ (const char *)data + 1, size - 1 };
	check_parse(type, &context, raw);
	check_any_mask(type, raw);
	check_fold(raw);
	check_family(raw);
	return 0;
}
