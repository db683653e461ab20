/* src/backup/manifest.c: what it says is read back, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "backup/manifest.h"

static struct manifest
example(void)
{
	struct manifest manifest = {
		.kind = DUMP_KEYS,
		.made_at = 1795770000000000,
		.until_at = 1796374800000000,
		.fact = 17,
		.entry = 5230,
		.bound = { 1001, 1048577 },
		.schema = 2,
		.pieces = 12,
		.table = { { S("subject"), 1000 }, { S("entry_of"), 7 } },
		.table_count = 2,
	};

	memset(manifest.moment.octet, 0x4f, sizeof(manifest.moment.octet));
	memset(manifest.ledger.octet, 0x0b, sizeof(manifest.ledger.octet));
	memset(manifest.list, 0x77, sizeof(manifest.list));
	return manifest;
}

static const struct piece a_piece = { { 0x9f, 0x86 }, 262210, 512, { "subject", 7 } };

/* Where a text ends that a prefix may end at: after the list, and after each table. */
static bool
may_end(str text, size_t len)
{
	size_t list = (size_t)((const char *)memmem(text.ptr, text.len, "list ", 5) - text.ptr);

	return len > list && text.ptr[len - 1] == '\n';
}

static void
a_manifest_is_read_back(void **state UNUSED)
{
	OWNED(buf_release) struct buf text = { .max = MANIFEST_BYTES }, again = { .max = MANIFEST_BYTES };
	struct manifest manifest = example(), read;

	manifest_put(&manifest, &text);
	assert_true(buf_ok(&text));
	assert_true(manifest_read(buf_str(&text), &read));
	assert_int_equal(read.kind, DUMP_KEYS);
	assert_memory_equal(read.moment.octet, manifest.moment.octet, sizeof(read.moment.octet));
	assert_int_equal(read.until_at, manifest.until_at);
	assert_int_equal(read.bound.entries, 1048577);
	assert_int_equal(read.table_count, 2);
	assert_true(str_eq(read.table[1].name, S("entry_of")));
	assert_int_equal(read.table[1].rows, 7);
	manifest_put(&read, &again);
	assert_true(str_eq(buf_str(&text), buf_str(&again)));
}

static void
a_cut_manifest_is_refused(void **state UNUSED)
{
	OWNED(buf_release) struct buf text = { .max = MANIFEST_BYTES };
	struct manifest manifest = example(), read;

	manifest_put(&manifest, &text);
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(manifest_read((str){ text.ptr, len }, &read), may_end(buf_str(&text), len));
}

/* There is one text for a manifest: whatever else is read says something else. */
static void
a_changed_manifest_is_refused_or_another(void **state UNUSED)
{
	OWNED(buf_release) struct buf text = { .max = MANIFEST_BYTES };
	struct manifest manifest = example(), read;

	manifest_put(&manifest, &text);
	for (size_t at = 0; at < text.len; at++)
		for (int octet = 0; octet < 256; octet++) {
			OWNED(buf_release) struct buf changed = { .max = MANIFEST_BYTES }, again = { .max = MANIFEST_BYTES };
			buf_put(&changed, buf_str(&text));
			changed.ptr[at] = (char)octet;
			if (!manifest_read(buf_str(&changed), &read))
				continue;
			manifest_put(&read, &again);
			assert_true(str_eq_fold(buf_str(&again), buf_str(&changed)));
		}
}

static void
more_tables_than_there_can_be_are_refused(void **state UNUSED)
{
	OWNED(buf_release) struct buf text = { .max = MANIFEST_BYTES };
	struct manifest manifest = example(), read;

	manifest_put(&manifest, &text);
	for (size_t i = 2; i < DUMP_TABLES_MAX; i++)
		buf_put(&text, S("table a 1\n"));
	assert_true(manifest_read(buf_str(&text), &read));
	buf_put(&text, S("table a 1\n"));
	assert_true(buf_ok(&text));
	assert_false(manifest_read(buf_str(&text), &read));
}

static void
a_piece_is_read_back(void **state UNUSED)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };
	struct piece read;
	str rest;

	piece_put(&a_piece, &text);
	piece_put(&a_piece, &text);
	rest = buf_str(&text);
	assert_true(eat_piece(&rest, &read));
	assert_memory_equal(read.hash, a_piece.hash, sizeof(read.hash));
	assert_int_equal(read.size, 262210);
	assert_int_equal(read.rows, 512);
	assert_true(str_eq(read.table, S("subject")));
	assert_true(eat_piece(&rest, &read));
	assert_int_equal(rest.len, 0);
}

static void
what_is_no_piece_is_refused(void **state UNUSED)
{
	static const char hash[] = "9f860000000000000000000000000000000000000000000000000000000000aa";
	static const char *const tails[] = {
		"", " ", " 1", " 1 2", " 1 2 ", " 1 2 subject", " 1 2 \n", " 01 2 subject\n", " -1 2 subject\n",
		" 1 2 ../subject\n", " 1 2 sub ject\n", " 1 2 Subject\n", " 25165825 2 subject\n",
		" 1 9223372036854775808 subject\n", "0 1 2 subject\n",
	};
	struct piece read;
	char line[200];

	for (size_t i = 0; i < COUNT(tails); i++) {
		str rest;
		snprintf(line, sizeof(line), "%s%s", hash, tails[i]);
		rest = str_from_c(line);
		assert_false(eat_piece(&rest, &read));
	}
	snprintf(line, sizeof(line), "%s 25165824 2 subject\n", hash);
	assert_true(eat_piece(&(str){ line, strlen(line) }, &read));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_read_back),
		cmocka_unit_test(a_cut_manifest_is_refused),
		cmocka_unit_test(a_changed_manifest_is_refused_or_another),
		cmocka_unit_test(more_tables_than_there_can_be_are_refused),
		cmocka_unit_test(a_piece_is_read_back),
		cmocka_unit_test(what_is_no_piece_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
