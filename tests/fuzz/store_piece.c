/* Aims at: piece_head_read, piece_value_read.
 *
 * Whatever is read lies within what was given, ends where the next begins, and is the same when it is
 * written again: there is one form for a row. */
#include "base/must.h"
#include "store/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_value(struct buf *out, const struct piece_value *value)
{
	buf_u8(out, (uint8_t)value->kind);
	if (value->kind == SQL_KIND_I64)
		buf_le64(out, (uint64_t)value->i64);
	else if (value->kind != SQL_KIND_NULL)
		buf_block(out, value->octets);
}

static void
put_head(struct buf *out, const struct piece_head *head)
{
	buf_put(out, S(PIECE_MAGIC));
	buf_block(out, str_bytes(head->table));
	buf_le16(out, (uint16_t)head->column_count);
	for (size_t i = 0; i < head->column_count; i++)
		buf_block(out, str_bytes(head->column[i]));
}

static void
check_name(str name)
{
	must(name.len > 0 && name.len <= 64);
	for (size_t i = 0; i < name.len; i++)
		must((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '_' ||
		     (name.ptr[i] >= '0' && name.ptr[i] <= '9'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf again = { .max = size + 16 };
	bytes all = { data, size }, rest = all;
	static struct piece_head head;
	struct piece_value value;

	if (!piece_head_read(&rest, &head))
		return 0;
	must(head.column_count >= 1 && head.column_count <= COUNT(head.column));
	check_name(head.table);
	for (size_t i = 0; i < head.column_count; i++)
		check_name(head.column[i]);
	put_head(&again, &head);
	while (piece_value_read(&rest, &value))
		put_value(&again, &value);
	must(buf_ok(&again) && rest.ptr + rest.len == data + size);
	must(again.len == size - rest.len && memcmp(again.ptr, data, again.len) == 0);
	return 0;
}
