/* benchmarks/limit.c -- see limit.h. */
#include "benchmarks/limit.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"
#include "benchmarks/load.h"
#include "os/random.h"

#define RECORD_MAX 8192

static sqlite3 *
open_bare(const char *dir, str name, const char *schema)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };
	sqlite3 *db = NULL;

	buf_put(&path, str_from_c(dir));
	buf_put(&path, name);
	buf_char(&path, '\0');
	unlink(path.ptr);
	must(sqlite3_open(path.ptr, &db) == SQLITE_OK);
	must(sqlite3_exec(db,
	                  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
	                  "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=12000; PRAGMA temp_store=MEMORY;",
	                  NULL, NULL, NULL) == SQLITE_OK);
	must(sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK);
	return db;
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *text)
{
	sqlite3_stmt *statement = NULL;

	must(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK);
	return statement;
}

static void
run(sqlite3_stmt *statement)
{
	must(sqlite3_step(statement) == SQLITE_DONE);
	sqlite3_reset(statement);
}

static void
exec(sqlite3 *db, const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
}

static const char entry_schema[] =
	"CREATE TABLE entry (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor_kind INTEGER NOT NULL,"
	" actor INTEGER NOT NULL, act INTEGER NOT NULL, outcome INTEGER NOT NULL, subject INTEGER,"
	" purpose INTEGER, body BLOB, commitment BLOB);";
static const char entry_insert[] =
	"INSERT INTO entry (seq, at, actor_kind, actor, act, outcome, subject, purpose, body)"
	" VALUES (?, 1795456800000000, 3, 1, 17, 0, ?, 1, ?)";

static void
entry_put(sqlite3_stmt *statement, int64_t seq, int64_t subject, const uint8_t *body, int len)
{
	sqlite3_bind_int64(statement, 1, seq);
	sqlite3_bind_int64(statement, 2, subject);
	sqlite3_bind_blob(statement, 3, body, len, SQLITE_STATIC);
	run(statement);
}

double
limit_entries(const char *dir, int group, double seconds)
{
	sqlite3 *db = open_bare(dir, S("/limit-entries.db"), entry_schema);
	sqlite3_stmt *put = prepare(db, entry_insert);
	double began = now_seconds(), spent;
	uint8_t body[11] = { 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0 };
	int64_t seq = 0;

	do {
		exec(db, "BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++, seq++)
			entry_put(put, seq + 1, seq % 10000, body, sizeof(body));
		exec(db, "COMMIT");
		spent = now_seconds() - began;
	} while (spent < seconds);
	sqlite3_finalize(put);
	sqlite3_close(db);
	return (double)seq / spent;
}

struct create_statements {
	sqlite3_stmt *subject, *lookup, *ledger, *entry, *key;
};

static void
create_one(struct create_statements *s, int64_t no, const uint8_t *record, size_t record_bytes)
{
	uint8_t random[16 + 2 * 16 + 64];

	os_random(random, sizeof(random));
	sqlite3_bind_int64(s->subject, 1, no);
	sqlite3_bind_blob(s->subject, 2, random, 16, SQLITE_STATIC);
	sqlite3_bind_blob(s->subject, 3, record, (int)record_bytes, SQLITE_STATIC);
	sqlite3_bind_int64(s->subject, 4, 1795456800000000 + no);
	sqlite3_bind_blob(s->subject, 5, random + 16, 32, SQLITE_STATIC);
	sqlite3_bind_blob(s->subject, 6, record, 90, SQLITE_STATIC);
	run(s->subject);
	for (int i = 0; i < 2; i++) {
		sqlite3_bind_int(s->lookup, 1, i + 1);
		sqlite3_bind_blob(s->lookup, 2, random + 16 + 16 * i, 16, SQLITE_STATIC);
		sqlite3_bind_int64(s->lookup, 3, no);
		run(s->lookup);
		sqlite3_bind_int64(s->ledger, 1, no);
		sqlite3_bind_int(s->ledger, 2, i + 1);
		sqlite3_bind_blob(s->ledger, 3, record, 140, SQLITE_STATIC);
		run(s->ledger);
	}
	entry_put(s->entry, no, no, random, 56);
	sqlite3_bind_int64(s->key, 1, no);
	sqlite3_bind_blob(s->key, 2, record, 160, SQLITE_STATIC);
	run(s->key);
}

static sqlite3 *
create_data(const char *dir)
{
	sqlite3 *db = open_bare(dir, S("/limit-create.db"),
	                        "CREATE TABLE subject (no INTEGER PRIMARY KEY, id BLOB NOT NULL, kind INTEGER,"
	                        " flags INTEGER, state INTEGER, version INTEGER, created_at INTEGER, due_at INTEGER,"
	                        " email_tag BLOB, standing BLOB, record BLOB NOT NULL);"
	                        "CREATE UNIQUE INDEX subject_id ON subject (id);"
	                        "CREATE INDEX subject_due ON subject (due_at) WHERE due_at IS NOT NULL;"
	                        "CREATE TABLE lookup (field INTEGER, digest BLOB, subject INTEGER,"
	                        " PRIMARY KEY (field, digest, subject)) WITHOUT ROWID;"
	                        "CREATE TABLE ledger (subject INTEGER, seq INTEGER, at INTEGER, act INTEGER, basis INTEGER,"
	                        " evidence BLOB, PRIMARY KEY (subject, seq)) WITHOUT ROWID;");
	exec(db, entry_schema);
	return db;
}

static const char subject_insert[] =
	"INSERT INTO subject (no, id, kind, flags, state, version, created_at, record, due_at, email_tag, standing)"
	" VALUES (?, ?, 1, 0, 1, 1, 1795456800000000, ?, ?, ?, ?)";

double
limit_creates(const char *dir, int group, size_t record_bytes, double seconds)
{
	sqlite3 *data = create_data(dir);
	sqlite3 *keys = open_bare(dir, S("/limit-keys.db"),
	                          "CREATE TABLE subject_key (subject INTEGER PRIMARY KEY, epoch INTEGER, wrapped BLOB);");
	struct create_statements s = {
		prepare(data, subject_insert),
		prepare(data, "INSERT INTO lookup VALUES (?, ?, ?)"),
		prepare(data, "INSERT INTO ledger VALUES (?, ?, 1795456800000000, 2, 1, ?)"),
		prepare(data, entry_insert),
		prepare(keys, "INSERT INTO subject_key VALUES (?, 1, ?)"),
	};
	double began = now_seconds(), spent;
	uint8_t record[RECORD_MAX];
	int64_t no = 0;

	must(record_bytes <= sizeof(record));
	os_random(record, sizeof(record));
	do {
		exec(data, "BEGIN IMMEDIATE");
		exec(keys, "BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++)
			create_one(&s, ++no, record, record_bytes);
		exec(keys, "COMMIT");
		exec(data, "COMMIT");
		spent = now_seconds() - began;
	} while (spent < seconds);
	sqlite3_finalize(s.subject);
	sqlite3_finalize(s.lookup);
	sqlite3_finalize(s.ledger);
	sqlite3_finalize(s.entry);
	sqlite3_finalize(s.key);
	sqlite3_close(data);
	sqlite3_close(keys);
	return (double)no / spent;
}
