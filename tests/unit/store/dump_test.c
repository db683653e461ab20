/* src/store/dump.c and load.c: all rows out and in again, pieces that stay the same, what is no piece. */
#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "crypto/seal.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/dump.h"

#define PIECES 400
#define ROWS 60     /* of each table */
#define MANY 30000  /* where pieces are to be many */

#define assert_ok(call) assert_string_equal(error_name(call), "OK")
#define assert_fails(job, err, call) \
	do { \
		assert_string_equal(error_name(call), #err); \
		assert_non_null((job)->failure.why); \
		job_forgive(job); \
	} while (0)

static const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

struct fixture {
	char dir[200], copy[200];
	struct store *store;
	struct job job;
};

static struct fixture the_fixture;

static void
dir_new(char ret[200], const char *what)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(ret, 200, "%s/valv-%s-XXXXXX", tmp && *tmp ? tmp : "/tmp", what);
	assert_non_null(mkdtemp(ret));
}

static int
begin(void **state)
{
	struct fixture *f = *state = &the_fixture;

	*f = (struct fixture){ .job = { .now = 1000 * TIME_DAY } };
	dir_new(f->dir, "dump");
	dir_new(f->copy, "copy");
	assert_ok(store_create(&f->job, f->dir));
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	assert_ok(dir_drop(&f->job, f->dir));
	assert_ok(dir_drop(&f->job, f->copy));
	job_release(&f->job);
	return 0;
}

/* --- a store's files, behind its back ------------------------------------------------------------ */

static void
base_end(sqlite3 **base)
{
	sqlite3_close(*base);
}

static sqlite3 *
base_open(struct fixture *f, const char *dir, const char *file)
{
	sqlite3 *base;

	assert_int_equal(sqlite3_open(path_join(&f->job, dir, str_from_c(file)), &base), SQLITE_OK);
	return base;
}

static void
base_run(sqlite3 *base, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(base, text, NULL, NULL, &why) != SQLITE_OK)
		print_error("%s: %s\n", text, why);
	assert_null(why);
}

static int64_t
base_number(sqlite3 *base, const char *text)
{
	sqlite3_stmt *statement;
	int64_t number;

	assert_int_equal(sqlite3_prepare_v2(base, text, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static void
filled(struct fixture *f, enum dump_side side, void (*call)(sqlite3 *, const char *table, void *), void *ctx)
{
	OWNED(base_end) sqlite3 *base = base_open(f, f->dir, side == DUMP_KEYS ? "keys.db" : "valv.db");
	sqlite3_stmt *statement;

	base_run(base, "BEGIN");
	assert_int_equal(sqlite3_prepare_v2(base, "SELECT name FROM sqlite_master WHERE type = 'table'", -1,
	                                    &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		call(base, (const char *)sqlite3_column_text(statement, 0), ctx);
	sqlite3_finalize(statement);
	base_run(base, "COMMIT");
}

/* Rows with something in every column, and others with NULL where it may be, or with nothing. */
static const char *
value_of(const char *type, bool in_key)
{
	if (strcmp(type, "TEXT") == 0)
		return "'å' || char(10) || i";
	if (strcmp(type, "BLOB") == 0)
		return in_key ? "randomblob(16)" : "CASE i % 7 WHEN 3 THEN x'' ELSE randomblob(10 + i) END";
	return "i * 1000000007 - 50";
}

static void
fill_table(sqlite3 *base, const char *table, void *ctx UNUSED)
{
	OWNED(buf_release) struct buf text = { .max = 8192 };
	sqlite3_stmt *statement;
	char ask[200];

	buf_put(&text, S("WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < "));
	buf_dec(&text, 100 + ROWS - 1);
	buf_put(&text, S(") INSERT INTO "));
	buf_put(&text, str_from_c(table));
	snprintf(ask, sizeof(ask), "SELECT type, \"notnull\", pk FROM pragma_table_info('%s')", table);
	assert_int_equal(sqlite3_prepare_v2(base, ask, -1, &statement, NULL), SQLITE_OK);
	for (int column = 0; sqlite3_step(statement) == SQLITE_ROW; column++) {
		bool in_key = sqlite3_column_int(statement, 2), may_null = !in_key && !sqlite3_column_int(statement, 1);
		buf_put(&text, column ? S(", ") : S(" SELECT "));
		buf_put(&text, may_null ? S("CASE i % 5 WHEN 0 THEN NULL ELSE ") : S(""));
		buf_put(&text, str_from_c(value_of((const char *)sqlite3_column_text(statement, 0), in_key)));
		buf_put(&text, may_null ? S(" END") : S(""));
	}
	sqlite3_finalize(statement);
	buf_put(&text, S(" FROM n WHERE true ON CONFLICT DO NOTHING"));
	buf_char(&text, '\0');
	base_run(base, text.ptr);
	snprintf(ask, sizeof(ask), "SELECT count(*) FROM %s", table);
	assert_true(base_number(base, ask) >= ROWS / 2);
}

/* --- out, kept, and in --------------------------------------------------------------------------- */

struct kept {
	struct piece_kept {
		char table[80];
		uint8_t hash[32];
		uint64_t rows;
		struct buf octets;
		enum dump_side side;
	} piece[PIECES];
	size_t count;
	enum dump_side side;
};

static void
kept_end(struct kept **kept)
{
	for (size_t i = 0; *kept && i < (*kept)->count; i++)
		buf_release(&(*kept)->piece[i].octets);
	free(*kept);
}

static enum err
keep(struct job *job UNUSED, str table, bytes piece, uint64_t rows, void *ctx)
{
	struct kept *kept = ctx;
	struct piece_kept *to = &kept->piece[kept->count++];

	assert_true(kept->count < PIECES);
	snprintf(to->table, sizeof(to->table), "%.*s", SPRINT(table));
	digest_public(piece, to->hash);
	to->rows = rows;
	to->side = kept->side;
	to->octets = (struct buf){ .max = DUMP_PIECE_MAX };
	buf_data(&to->octets, piece);
	return OK;
}

static void
dump_side(struct fixture *f, struct db *snapshot, enum dump_side side, const char *only, struct kept *kept)
{
	str *table;
	size_t count;

	kept->side = side;
	assert_ok(dump_tables(&f->job, snapshot, side, &table, &count));
	for (size_t i = 0; i < count; i++)
		if (!only || str_eq(table[i], str_from_c(only)))
			assert_ok(dump_table(&f->job, snapshot, side, table[i], keep, kept));
}

static struct kept *
dump_all(struct fixture *f, const char *only, int64_t schema[2])
{
	OWNED(snapshot_end) struct db *snapshot = NULL;
	struct kept *kept = calloc(1, sizeof(*kept));
	struct dump_state state;

	assert_non_null(kept);
	assert_ok(store_snapshot(&f->job, f->store, &snapshot));
	assert_ok(dump_state(&f->job, snapshot, &state));
	if (schema)
		memcpy(schema, state.schema, sizeof(state.schema));
	dump_side(f, snapshot, DUMP_KEYS, only, kept);
	snapshot_end_keys(snapshot);
	dump_side(f, snapshot, DUMP_DATA, only, kept);
	return kept;
}

static void
load_all(struct fixture *f, const struct kept *kept, const int64_t schema[2])
{
	OWNED(loader_close) struct loader *loader = NULL;

	assert_ok(loader_open(&f->job, f->copy, schema, &loader));
	for (size_t i = 0; i < kept->count; i++) {
		const struct piece_kept *piece = &kept->piece[i];
		uint64_t rows;
		str table;
		assert_ok(loader_put(&f->job, loader, piece->side, buf_bytes(&piece->octets), &table, &rows));
		assert_int_equal(rows, piece->rows);
		assert_true(str_eq(table, str_from_c(piece->table)));
	}
	assert_ok(loader_finish(&f->job, loader));
}

static bool
left_out_here(const char *table)
{
	for (size_t i = 0; dump_left_out(i); i++)
		if (str_eq(dump_left_out(i)->table, str_from_c(table)))
			return true;
	return false;
}

static void
compare_table(sqlite3 *base, const char *table, void *ctx)
{
	size_t *compared = ctx;
	char ask[400];

	if (left_out_here(table)) {
		snprintf(ask, sizeof(ask), "SELECT count(*) FROM copy.%s", table);
		assert_int_equal(base_number(base, ask), 0);
		return;
	}
	snprintf(ask, sizeof(ask),
	         "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM copy.%s)) + "
	         "(SELECT count(*) FROM (SELECT * FROM copy.%s EXCEPT SELECT * FROM main.%s))",
	         table, table, table, table);
	assert_int_equal(base_number(base, ask), 0);
	++*compared;
}

static void
compare_side(struct fixture *f, const char *file, size_t *compared)
{
	OWNED(base_end) sqlite3 *base = base_open(f, f->dir, file);
	char attach[700];
	sqlite3_stmt *statement;

	snprintf(attach, sizeof(attach), "ATTACH '%s/%s' AS copy", f->copy, file);
	base_run(base, attach);
	assert_int_equal(base_number(base, "SELECT (SELECT count(*) FROM main.sqlite_master) - (SELECT count(*) FROM copy.sqlite_master)"), 0);
	assert_int_equal(sqlite3_prepare_v2(base, "SELECT name FROM main.sqlite_master WHERE type = 'table'", -1,
	                                    &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		compare_table(base, (const char *)sqlite3_column_text(statement, 0), compared);
	sqlite3_finalize(statement);
}

/* --- tests ---------------------------------------------------------------------------------------- */

static void
every_row_of_every_table_comes_back(void **state)
{
	OWNED(kept_end) struct kept *kept = NULL;
	struct fixture *f = *state;
	size_t compared = 0;
	int64_t schema[2];

	filled(f, DUMP_DATA, fill_table, NULL);
	filled(f, DUMP_KEYS, fill_table, NULL);
	kept = dump_all(f, NULL, schema);
	load_all(f, kept, schema);
	store_close(&f->store);
	compare_side(f, "valv.db", &compared);
	compare_side(f, "keys.db", &compared);
	assert_true(compared > 30);
}

static void
what_is_left_out_exists_and_says_why(void **state)
{
	OWNED(snapshot_end) struct db *snapshot = NULL;
	struct fixture *f = *state;
	size_t left = 0, kept, all;
	str *table;

	OWNED(base_end) sqlite3 *base = base_open(f, f->dir, "valv.db");
	for (; dump_left_out(left); left++)
		assert_true(strlen(dump_left_out(left)->why) > 20);
	assert_ok(store_snapshot(&f->job, f->store, &snapshot));
	assert_ok(dump_tables(&f->job, snapshot, DUMP_DATA, &table, &kept));
	all = (size_t)base_number(base, "SELECT count(*) FROM sqlite_master WHERE type = 'table'");
	assert_int_equal(kept + left, all);
	assert_true(left_out_here("lookup") && left_out_here("package") && left_out_here("idempotency"));
}

static enum err
nothing_steps(struct job *job, struct db *db, void *plan)
{
	return db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(S("later")), sql_text(str_from_c(plan))), NULL);
}

static void
it_is_of_one_moment_while_others_write(void **state)
{
	OWNED(snapshot_end) struct db *snapshot = NULL;
	OWNED(kept_end) struct kept *kept = calloc(1, sizeof(*kept));
	struct fixture *f = *state;

	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, nothing_steps, (char[]){ "before" }));
	assert_ok(store_snapshot(&f->job, f->store, &snapshot));
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, nothing_steps, (char[]){ "after it" }));
	dump_side(f, snapshot, DUMP_DATA, "setting", kept);
	assert_int_equal(kept->count, 1);
	assert_non_null(memmem(kept->piece[0].octets.ptr, kept->piece[0].octets.len, "before", 6));
	assert_null(memmem(kept->piece[0].octets.ptr, kept->piece[0].octets.len, "after it", 8));
}

/* --- while keys are destroyed -------------------------------------------------------------------- */

#define DESTROYED 150

struct destroyer {
	struct fixture *f;
	_Atomic bool done;
	int64_t longest_us;
	enum err err;
};

static enum err
key_steps(struct job *job, struct db *db, void *plan)
{
	return db_keys_put(job, db, *(int64_t *)plan, 1, str_bytes(S("a key")));
}

static enum err
destroy_steps(struct job *job, struct db *db, void *plan)
{
	return db_keys_trim(job, db, *(int64_t *)plan, 1, 1, (bytes){ 0 });
}

static void *
destroy_many(void *arg)
{
	OWNED(job_release) struct job job = { .now = 1000 * TIME_DAY };
	struct destroyer *destroyer = arg;

	for (int64_t no = 1; no <= DESTROYED && !destroyer->err; no++) {
		int64_t began_us = os_monotonic_us(), took_us;
		destroyer->err = store_write(&job, destroyer->f->store, WRITE_ORDINARY, key_steps, &no);
		if (!destroyer->err)
			destroyer->err = store_write(&job, destroyer->f->store, WRITE_ORDINARY, destroy_steps, &no);
		took_us = os_monotonic_us() - began_us;
		if (took_us > destroyer->longest_us)
			destroyer->longest_us = took_us;
	}
	atomic_store(&destroyer->done, true);
	return NULL;
}

/* In one group with the snapshot, the destruction would wait for the snapshot's end, and the snapshot
 * for the destruction, until one of them gives up. */
static void
it_and_the_destruction_of_keys_do_not_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	struct destroyer destroyer[3];
	pthread_t thread[COUNT(destroyer)];
	bool done = false;

	for (size_t i = 0; i < COUNT(destroyer); i++) {
		destroyer[i] = (struct destroyer){ .f = f };
		assert_int_equal(pthread_create(&thread[i], NULL, destroy_many, &destroyer[i]), 0);
	}
	while (!done) {
		OWNED(kept_end) struct kept *kept = dump_all(f, "subject_key", NULL);
		done = true;
		for (size_t i = 0; i < COUNT(destroyer); i++)
			done = done && atomic_load(&destroyer[i].done);
	}
	for (size_t i = 0; i < COUNT(destroyer); i++) {
		pthread_join(thread[i], NULL);
		assert_string_equal(error_name(destroyer[i].err), "OK");
		assert_true(destroyer[i].longest_us < 5 * TIME_SECOND);
	}
}

/* Pieces of the second that the first has not. */
static size_t
fresh(const struct kept *first, const struct kept *second)
{
	size_t count = 0;

	for (size_t i = 0; i < second->count; i++) {
		bool there = false;
		for (size_t j = 0; j < first->count && !there; j++)
			there = memcmp(first->piece[j].hash, second->piece[i].hash, 32) == 0;
		count += !there;
	}
	return count;
}

/* Dumps, runs a statement, dumps again: how many pieces are new, of how many. */
static size_t
fresh_after(struct fixture *f, const char *table, const char *statement, size_t *ret_all)
{
	OWNED(kept_end) struct kept *first = NULL;
	OWNED(kept_end) struct kept *second = NULL;
	OWNED(base_end) sqlite3 *base = base_open(f, f->dir, "valv.db");

	first = dump_all(f, table, NULL);
	base_run(base, statement);
	second = dump_all(f, table, NULL);
	assert_true(base_number(base, "SELECT changes()") > 0);
	*ret_all = second->count;
	return fresh(first, second);
}

#define MANY_SUBJECTS \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) " \
	"INSERT INTO subject SELECT i, randomblob(16), 1, 0, 1, 1, 5, NULL, NULL, NULL, NULL, NULL, NULL, " \
	"randomblob(60), randomblob(200 + abs(random() % 600)) FROM n"
#define MANY_SUPPRESSIONS \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) " \
	"INSERT INTO suppression SELECT randomblob(32), 1, 0, 0, i, 1 FROM n"
#define MANY_ACTS \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) " \
	"INSERT INTO ledger SELECT i / 3, i % 3, i, i, 1, 1, 7, 1, 1, NULL, randomblob(32), 1, 1, 1, NULL, NULL FROM n"

static void
one_change_makes_few_pieces_new(void **state)
{
	static const struct { const char *table, *fill, *change; } row[] = {
		{ "subject", MANY_SUBJECTS, "UPDATE subject SET record = randomblob(3000) WHERE no = 7777" },
		{ "subject", NULL, "UPDATE subject SET record = randomblob(1) WHERE no = 12345" },
		{ "subject", NULL, "UPDATE subject SET record = randomblob(400000) WHERE no = 4242" },
		{ "subject", NULL, "DELETE FROM subject WHERE no = 15000" },
		{ "subject", NULL, "INSERT INTO subject SELECT no + 1000000, randomblob(16), 1, 0, 1, 1, 5, NULL, NULL, NULL, NULL, NULL, NULL, x'', x'' FROM subject WHERE no < 50" },
		{ "suppression", MANY_SUPPRESSIONS, "INSERT INTO suppression VALUES (randomblob(32), 1, 0, 0, 5, 1)" },
		{ "suppression", NULL, "DELETE FROM suppression WHERE digest = (SELECT min(digest) FROM suppression)" },
		{ "ledger", MANY_ACTS, "INSERT INTO ledger SELECT 5, 999, 1, 1, 1, 1, 7, 1, 1, NULL, NULL, 1, 1, 1, NULL, NULL" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(row); i++) {
		size_t all, new;
		if (row[i].fill) {
			OWNED(base_end) sqlite3 *base = base_open(f, f->dir, "valv.db");
			base_run(base, row[i].fill);
		}
		new = fresh_after(f, row[i].table, row[i].change, &all);
		print_message("# %s: %zu of %zu pieces are new\n", row[i].table, new, all);
		assert_true(all >= 12);
		assert_in_range(new, 1, 4);
	}
}

static void
pieces_are_neither_small_nor_large(void **state)
{
	OWNED(base_end) sqlite3 *base = NULL;
	OWNED(kept_end) struct kept *kept = NULL;
	struct fixture *f = *state;

	base = base_open(f, f->dir, "valv.db");
	base_run(base, MANY_SUBJECTS);
	base_run(base, "UPDATE subject SET record = randomblob(4000000) WHERE no IN (100, 101, 102)");
	kept = dump_all(f, "subject", NULL);
	for (size_t i = 0; i < kept->count; i++)
		assert_true(kept->piece[i].octets.len < (size_t)13 * 1024 * 1024);
	assert_in_range(kept->count, 12, 120);
}

/* --- what is no piece ------------------------------------------------------------------------------ */

static bool
reads_as_piece(bytes piece, uint64_t *ret_rows)
{
	static struct piece_head head;
	struct piece_value value;

	*ret_rows = 0;
	if (!piece_head_read(&piece, &head))
		return false;
	for (; piece.len; ++*ret_rows)
		for (size_t i = 0; i < head.column_count; i++)
			if (!piece_value_read(&piece, &value))
				return false;
	return true;
}

static void
a_cut_piece_has_fewer_rows_or_is_none(void **state)
{
	OWNED(kept_end) struct kept *kept = NULL;
	struct fixture *f = *state;
	size_t refused = 0;

	filled(f, DUMP_DATA, fill_table, NULL);
	kept = dump_all(f, "ledger", NULL);
	assert_int_equal(kept->count, 1);
	for (size_t len = 0; len < kept->piece[0].octets.len; len++) {
		uint64_t rows;
		if (reads_as_piece((bytes){ (const uint8_t *)kept->piece[0].octets.ptr, len }, &rows))
			assert_true(rows < kept->piece[0].rows);
		else
			refused++;
	}
	assert_true(refused > kept->piece[0].octets.len - ROWS - 2);
}

static void
put_text_piece(struct buf *out, const char *table, const char *column)
{
	buf_put(out, S(PIECE_MAGIC));
	buf_block(out, str_bytes(str_from_c(table)));
	buf_le16(out, 1);
	buf_block(out, str_bytes(str_from_c(column)));
	buf_u8(out, SQL_KIND_I64);
	buf_le64(out, 5);
}

static void
pieces_of_nothing_here_are_refused(void **state)
{
	static const struct { enum dump_side side; const char *table, *column; } row[] = {
		{ DUMP_DATA, "nothing", "no" },          { DUMP_DATA, "subject_key", "subject" },
		{ DUMP_KEYS, "setting", "name" },        { DUMP_DATA, "setting", "nothing" },
		{ DUMP_DATA, "sqlite_master", "name" },  { DUMP_DATA, "setting\"; DROP", "name" },
		{ DUMP_DATA, "setting", "name\") --" },  { DUMP_DATA, "", "name" },
		{ DUMP_DATA, "Setting", "name" },        { DUMP_DATA, "setting", "" },
	};
	OWNED(loader_close) struct loader *loader = NULL;
	struct fixture *f = *state;
	int64_t schema[2];
	uint64_t rows;
	str table;

	OWNED(kept_end) struct kept *kept = dump_all(f, "setting", schema);
	assert_ok(loader_open(&f->job, f->copy, schema, &loader));
	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(buf_release) struct buf piece = { .max = 4096 };
		put_text_piece(&piece, row[i].table, row[i].column);
		assert_fails(&f->job, ERR_CORRUPT, loader_put(&f->job, loader, row[i].side, buf_bytes(&piece), &table, &rows));
	}
}

static void
what_is_not_finished_is_not_there(void **state)
{
	OWNED(loader_close) struct loader *loader = NULL;
	OWNED(kept_end) struct kept *kept = NULL;
	struct fixture *f = *state;
	int64_t schema[2];
	uint64_t rows;
	str table;

	filled(f, DUMP_DATA, fill_table, NULL);
	kept = dump_all(f, "setting", schema);
	assert_ok(loader_open(&f->job, f->copy, schema, &loader));
	assert_fails(&f->job, ERR_CONFLICT, loader_open(&f->job, f->copy, schema, &(struct loader *){ NULL }));
	assert_ok(loader_put(&f->job, loader, DUMP_DATA, buf_bytes(&kept->piece[0].octets), &table, &rows));
	loader_close(&loader);
	OWNED(base_end) sqlite3 *base = base_open(f, f->copy, "valv.db");
	assert_int_equal(base_number(base, "SELECT count(*) FROM setting"), 0);
}

static void
a_version_of_tomorrow_is_refused(void **state)
{
	struct fixture *f = *state;
	struct loader *loader = NULL;

	assert_fails(&f->job, ERR_NEWER, loader_open(&f->job, f->copy, (const int64_t[2]){ 99, 1 }, &loader));
	assert_fails(&f->job, ERR_NEWER, loader_open(&f->job, f->copy, (const int64_t[2]){ 1, 99 }, &loader));
	assert_fails(&f->job, ERR_NEWER, loader_open(&f->job, f->copy, (const int64_t[2]){ 0, 1 }, &loader));
	assert_null(loader);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(every_row_of_every_table_comes_back),
		TEST(what_is_left_out_exists_and_says_why),
		TEST(it_is_of_one_moment_while_others_write),
		TEST(it_and_the_destruction_of_keys_do_not_wait_for_each_other),
		TEST(one_change_makes_few_pieces_new),
		TEST(pieces_are_neither_small_nor_large),
		TEST(a_cut_piece_has_fewer_rows_or_is_none),
		TEST(pieces_of_nothing_here_are_refused),
		TEST(what_is_not_finished_is_not_there),
		TEST(a_version_of_tomorrow_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
