/* Aims at: manifest_read, eat_piece.
 *
 * What is read says the same when it is printed again, and a table's name is never a path. */
#include "backup/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(str name)
{
	must(name.len > 0 && name.len <= 64);
	for (size_t i = 0; i < name.len; i++)
		must(name.ptr[i] != '/' && name.ptr[i] != '.' && name.ptr[i] != '"' && (uint8_t)name.ptr[i] > ' ');
}

static void
check_manifest(str text)
{
	OWNED(buf_release) struct buf again = { .max = MANIFEST_BYTES * 2 };
	static struct manifest manifest;

	if (!manifest_read(text, &manifest))
		return;
	must(manifest.table_count <= DUMP_TABLES_MAX && manifest.made_at >= 0 && manifest.until_at >= 0);
	for (size_t i = 0; i < manifest.table_count; i++)
		check_name(manifest.table[i].name);
	manifest_put(&manifest, &again);
	must(!buf_ok(&again) || str_eq_fold(buf_str(&again), text)); /* but for the case of hex digits */
}

static void
check_pieces(str rest)
{
	struct piece piece;
	str before = rest;

	while (eat_piece(&rest, &piece)) {
		OWNED(buf_release) struct buf again = { .max = 4096 };
		check_name(piece.table);
		must(piece.size <= DUMP_PIECE_MAX);
		piece_put(&piece, &again);
		must(str_eq_fold(buf_str(&again), str_first(before, before.len - rest.len)));
		before = rest;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > MANIFEST_BYTES)
		return -1;
	check_manifest(bytes_str((bytes){ data, size }));
	check_pieces(bytes_str((bytes){ data, size }));
	return 0;
}
