/* store/sqlite.c -- SQLite behind db.h and driver.h.
 *
 * Both files run in WAL mode with synchronous=FULL (a commit is one fsync of the log) and
 * secure_delete.  No mmap on readers: every commit would unmap it (measured: a factor of 2.6).
 * Statements are prepared once per connection and kept. */
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"
#include "store/driver.h"

#include "sql_table.inc"

#define CACHE_KIB_WRITER 65536
#define CACHE_KIB_READER 2048
#define BUSY_TIMEOUT_MS 10000
#define APPLICATION_ID 0x56616c76 /* "Valv" */

/* Transaction control, prepared once like everything else: parsing BEGIN costs more than running it. */
enum control { CONTROL_BEGIN, CONTROL_BEGIN_IMMEDIATE, CONTROL_COMMIT, CONTROL_ROLLBACK,
	       CONTROL_SAVEPOINT, CONTROL_RELEASE, CONTROL_COUNT };
static const char *const control_text[CONTROL_COUNT] = {
	"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT write", "RELEASE write",
};

struct db {
	sqlite3 *side[2];
	sqlite3_stmt *statement[SQL_COUNT];
	sqlite3_stmt *control[2][CONTROL_COUNT];
	int log_pages[2];
	bool in_view;
	int64_t *entry_counter;
	void *writer;
};

static enum db_side
side_of(enum sql sql)
{
	const char *name = sql_table[sql].name;

	return name[0] == 'k' && str_starts(str_from_c(name), S("keys_")) ? SIDE_KEYS : SIDE_DATA;
}

/* I3 */
static void
sync_check(int code)
{
	if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
		stop_after_failed_sync();
}

static enum err
db_fail(struct job *job, sqlite3 *side)
{
	int code = sqlite3_extended_errcode(side);

	sync_check(code);
	switch (code & 0xff) {
	case SQLITE_FULL:
		return fail(job, ERR_FULL, "the disk that holds the store is full");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail(job, ERR_CORRUPT, "a database file is damaged");
	case SQLITE_CONSTRAINT:
		return fail(job, ERR_CONFLICT, "it would contradict what is stored");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail(job, ERR_BUSY, "the database is busy");
	default:
		return fail(job, ERR_STORE, "the database refused a statement");
	}
}

/* --- open, close ------------------------------------------------------------------------------ */

static enum err
run_text(struct job *job, sqlite3 *side, const char *text)
{
	if (sqlite3_exec(side, text, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(job, side);
	return OK;
}

static enum err
pragma_read(struct job *job, sqlite3 *side, const char *text, int64_t *ret)
{
	sqlite3_stmt *statement = NULL;
	enum err err = OK;

	if (sqlite3_prepare_v2(side, text, -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		err = db_fail(job, side);
	else
		*ret = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return err;
}

/* A database of another program under our name is left as it is. */
static enum err
side_is_ours(struct job *job, sqlite3 *side)
{
	int64_t application = 0;

	TRY(pragma_read(job, side, "PRAGMA application_id", &application));
	if (application != APPLICATION_ID)
		return fail(job, ERR_CORRUPT, "a database in this directory is not Valv's");
	return OK;
}

static enum err
side_open(struct job *job, const char *dir, const char *name, bool writable, bool create,
          sqlite3 **ret)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };
	int flags = (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
	            (create ? SQLITE_OPEN_CREATE : 0);
	sqlite3 *side = NULL;

	buf_put(&text, str_from_c(dir));
	buf_char(&text, '/');
	buf_put(&text, str_from_c(name));
	if (!buf_ok(&text))
		return fail(job, ERR_IO, "the path of the data directory is too long");
	if (sqlite3_open_v2(arena_c(&job->arena, buf_str(&text)), &side, flags, NULL) != SQLITE_OK) {
		enum err err = side ? db_fail(job, side) : fail(job, ERR_STORE, "no memory for a connection");
		sqlite3_close(side);
		return err;
	}
	*ret = side; /* the caller closes it on any path */
	sqlite3_extended_result_codes(side, 1);
	sqlite3_busy_timeout(side, BUSY_TIMEOUT_MS);
	sqlite3_db_config(side, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(side, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	buf_clear(&text);
	buf_put(&text, S("PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; "
	                 "PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA mmap_size=0; "
	                 "PRAGMA cache_size=-"));
	buf_udec(&text, writable ? CACHE_KIB_WRITER : CACHE_KIB_READER);
	buf_put(&text, S("; PRAGMA wal_autocheckpoint=0;")); /* store/checkpointer.c */
	TRY(run_text(job, side, arena_c(&job->arena, buf_str(&text))));
	if (create) {
		buf_clear(&text);
		buf_put(&text, S("PRAGMA application_id="));
		buf_udec(&text, APPLICATION_ID);
		buf_char(&text, ';');
		TRY(run_text(job, side, arena_c(&job->arena, buf_str(&text))));
	}
	TRY(side_is_ours(job, side));
	if (writable)
		TRY(run_text(job, side, "PRAGMA journal_mode=WAL;"));
	return OK;
}

static int
log_grew(void *pages, sqlite3 *side, const char *schema, int count)
{
	*(int *)pages = count;
	return SQLITE_OK;
}

/* SQLite counts its memory under one global mutex unless told not to: sixty workers would queue
 * for it at every allocation. */
static void
library_begin(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_initialize();
}

enum err
db_open(struct job *job, const char *dir, bool writable, bool create, struct db **ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	OWNED(db_close) struct db *db = calloc(1, sizeof(*db));

	must(db);
	pthread_once(&once, library_begin);
	TRY(side_open(job, dir, "valv.db", writable, create, &db->side[SIDE_DATA]));
	TRY(side_open(job, dir, "keys.db", writable, create, &db->side[SIDE_KEYS]));
	for (enum db_side side = SIDE_DATA; side <= SIDE_KEYS; side++)
		sqlite3_wal_hook(db->side[side], log_grew, &db->log_pages[side]);
	*ret = db;
	db = NULL;
	return OK;
}

void
db_close(struct db **db)
{
	if (!*db)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize((*db)->statement[i]);
	for (size_t i = 0; i < 2 * CONTROL_COUNT; i++)
		sqlite3_finalize((*db)->control[i / CONTROL_COUNT][i % CONTROL_COUNT]);
	sqlite3_close((*db)->side[SIDE_DATA]);
	sqlite3_close((*db)->side[SIDE_KEYS]);
	free(*db);
	*db = NULL;
}

/* --- statements ------------------------------------------------------------------------------- */

static enum err
statement_get(struct job *job, struct db *db, enum sql sql, sqlite3_stmt **ret)
{
	sqlite3 *side = db->side[side_of(sql)];

	if (!db->statement[sql] &&
	    sqlite3_prepare_v3(side, sql_table[sql].text, -1, SQLITE_PREPARE_PERSISTENT,
	                       &db->statement[sql], NULL) != SQLITE_OK)
		return db_fail(job, side);
	*ret = db->statement[sql];
	return OK;
}

static int
bind_one(sqlite3_stmt *statement, int at, const struct sql_arg *arg)
{
	const char *octets = arg->octets.len ? (const char *)arg->octets.ptr : "";

	switch (arg->kind) {
	case SQL_KIND_I64:
		return sqlite3_bind_int64(statement, at, arg->i64);
	case SQL_KIND_TEXT:
		return sqlite3_bind_text64(statement, at, octets, arg->octets.len, SQLITE_STATIC,
		                           SQLITE_UTF8);
	case SQL_KIND_BYTES:
		return sqlite3_bind_blob64(statement, at, octets, arg->octets.len, SQLITE_STATIC);
	case SQL_KIND_NULL:
		break;
	}
	return sqlite3_bind_null(statement, at);
}

static enum err
statement_bind(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg,
               size_t arg_count, sqlite3_stmt **ret)
{
	sqlite3_stmt *statement = NULL;

	must((int)arg_count == sql_table[sql].params);
	TRY(statement_get(job, db, sql, &statement));
	must(!sqlite3_stmt_busy(statement)); /* one statement is not read twice at once */
	for (size_t i = 0; i < arg_count; i++)
		if (bind_one(statement, (int)i + 1, &arg[i]) != SQLITE_OK)
			return db_fail(job, db->side[side_of(sql)]);
	*ret = statement;
	return OK;
}

/* What was bound may be personal data: forget it with the run. */
static void
statement_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

enum err
db_run(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count,
       int64_t *ret_changed)
{
	sqlite3 *side = db->side[side_of(sql)];
	sqlite3_stmt *statement;
	enum err err = OK;
	int code;

	TRY(statement_bind(job, db, sql, arg, arg_count, &statement));
	code = sqlite3_step(statement);
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		err = db_fail(job, side);
	statement_done(statement);
	if (!err && ret_changed)
		*ret_changed = sqlite3_changes64(side);
	return err;
}

enum err
db_query(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count,
         struct rows *ret)
{
	sqlite3_stmt *statement;

	TRY(statement_bind(job, db, sql, arg, arg_count, &statement));
	*ret = (struct rows){ db, statement };
	return OK;
}

enum err
rows_next(struct job *job, struct rows *rows, bool *ret_there)
{
	int code = sqlite3_step(rows->statement);

	if (code == SQLITE_ROW) {
		*ret_there = true;
		return OK;
	}
	if (code != SQLITE_DONE)
		return db_fail(job, sqlite3_db_handle(rows->statement));
	rows_end(rows);
	*ret_there = false;
	return OK;
}

void
rows_end(struct rows *rows)
{
	if (rows->statement)
		statement_done(rows->statement);
	*rows = (struct rows){ 0 };
}

int64_t
rows_i64(const struct rows *rows, int column)
{
	return sqlite3_column_int64(rows->statement, column);
}

time_us
rows_time(const struct rows *rows, int column)
{
	return rows_null(rows, column) ? TIME_NEVER : rows_i64(rows, column);
}

bytes
rows_bytes(const struct rows *rows, int column)
{
	const void *octets = sqlite3_column_blob(rows->statement, column);

	return (bytes){ octets, octets ? (size_t)sqlite3_column_bytes(rows->statement, column) : 0 };
}

str
rows_text(const struct rows *rows, int column)
{
	const unsigned char *text = sqlite3_column_text(rows->statement, column);

	return (str){ (const char *)text,
		      text ? (size_t)sqlite3_column_bytes(rows->statement, column) : 0 };
}

bool
rows_null(const struct rows *rows, int column)
{
	return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

/* --- transactions ----------------------------------------------------------------------------- */

static enum err
control_run(struct job *job, struct db *db, enum db_side side, enum control control)
{
	sqlite3_stmt **statement = &db->control[side][control];
	int code;

	if (!*statement &&
	    sqlite3_prepare_v3(db->side[side], control_text[control], -1, SQLITE_PREPARE_PERSISTENT,
	                       statement, NULL) != SQLITE_OK)
		return db_fail(job, db->side[side]);
	code = sqlite3_step(*statement);
	sqlite3_reset(*statement);
	return code == SQLITE_DONE ? OK : db_fail(job, db->side[side]);
}

enum err
db_view_begin(struct job *job, struct db *db, struct db **ret_view)
{
	must(!db->in_view);
	TRY(control_run(job, db, SIDE_DATA, CONTROL_BEGIN));
	db->in_view = true;
	*ret_view = db;
	return OK;
}

void
db_view_end(struct db **view)
{
	if (!*view || !(*view)->in_view)
		return;
	db_rollback(*view, SIDE_DATA);
	(*view)->in_view = false;
	*view = NULL;
}

enum err
db_keys_view_begin(struct job *job, struct db *db)
{
	return control_run(job, db, SIDE_KEYS, CONTROL_BEGIN);
}

void
db_keys_view_end(struct db *db)
{
	db_rollback(db, SIDE_KEYS);
}

bool
db_viewing(const struct db *db)
{
	return db->in_view;
}

enum err
db_begin(struct job *job, struct db *db, enum db_side side)
{
	return control_run(job, db, side, CONTROL_BEGIN_IMMEDIATE);
}

enum err
db_commit(struct job *job, struct db *db, enum db_side side)
{
	return control_run(job, db, side, CONTROL_COMMIT);
}

void
db_rollback(struct db *db, enum db_side side)
{
	struct job ignored = { 0 };

	if (db_in_transaction(db, side))
		(void)!control_run(&ignored, db, side, CONTROL_ROLLBACK);
}

bool
db_in_transaction(const struct db *db, enum db_side side)
{
	return !sqlite3_get_autocommit(db->side[side]);
}

enum err
db_savepoint(struct job *job, struct db *db, enum db_side side)
{
	return control_run(job, db, side, CONTROL_SAVEPOINT);
}

enum err
db_savepoint_keep(struct job *job, struct db *db, enum db_side side)
{
	return control_run(job, db, side, CONTROL_RELEASE);
}

void
db_savepoint_undo(struct db *db, enum db_side side)
{
	if (db_in_transaction(db, side))
		(void)sqlite3_exec(db->side[side], "ROLLBACK TO write; RELEASE write", NULL, NULL, NULL);
}

/* SQLite truncates the log and leaves it at that: after a power cut it may be long again, with every
 * page that was ever in it, destroyed keys included. */
static enum err
log_sync(struct job *job, sqlite3 *side)
{
	sqlite3_file *log = NULL;

	if (sqlite3_file_control(side, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || !log)
		return fail(job, ERR_STORE, "the database's log cannot be reached");
	if (!log->pMethods) /* nothing was ever written */
		return OK;
	if (log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		stop_after_failed_sync();
	return OK;
}

/* Busy readers can keep a checkpoint from truncating; it is tried for BUSY_TIMEOUT_MS.  For another
 * checkpoint that is under way SQLite does not wait by itself, whatever its timeout is. */
enum err
db_checkpoint(struct job *job, struct db *db, enum db_side side)
{
	int64_t until = os_monotonic_us() + BUSY_TIMEOUT_MS * 1000;
	int code;

	for (;;) {
		code = sqlite3_wal_checkpoint_v2(db->side[side], NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		if (code != SQLITE_BUSY || os_monotonic_us() >= until)
			break;
		sqlite3_sleep(1);
	}
	if (code != SQLITE_OK)
		return db_fail(job, db->side[side]);
	return log_sync(job, db->side[side]);
}

/* With what the log still holds. */
static int64_t
size_of(sqlite3 *side)
{
	sqlite3_stmt *statement = NULL;
	int64_t size = INT64_MAX;

	if (sqlite3_prepare_v2(side, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", -1,
	                       &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		size = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return size;
}

void
db_reuse_log(struct db *db, enum db_side side, uint64_t room)
{
	struct stat st;

	if (stat(sqlite3_db_filename(db->side[side], "main"), &st) < 0 ||
	    size_of(db->side[side]) - st.st_size > (int64_t)room)
		return;
	(void)sqlite3_wal_checkpoint_v2(db->side[side], NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

enum err
db_checkpoint_some(struct job *job, struct db *db, enum db_side side)
{
	int code = sqlite3_wal_checkpoint_v2(db->side[side], NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return code == SQLITE_OK ? OK : db_fail(job, db->side[side]);
}

int
db_log_pages(const struct db *db, enum db_side side)
{
	return db->log_pages[side];
}

/* --- migrations ------------------------------------------------------------------------------- */

static void
put_spelled(struct buf *out, str text)
{
	static const struct {
		str word, spelling;
	} words[] = {
		{ { "{id}", 4 }, { "INTEGER PRIMARY KEY", 19 } },
		{ { "{int}", 5 }, { "INTEGER", 7 } },
		{ { "{bytes}", 7 }, { "BLOB", 4 } },
		{ { "{clustered}", 11 }, { "WITHOUT ROWID", 13 } },
	};

	while (text.len) {
		size_t i = 0;
		while (i < COUNT(words) && !eat_str(&text, words[i].word))
			i++;
		if (i < COUNT(words)) {
			buf_put(out, words[i].spelling);
		} else {
			buf_char(out, text.ptr[0]);
			text = str_from(text, 1);
		}
	}
}

enum err
db_migrate(struct job *job, struct db *db, enum db_side side, const char *text)
{
	OWNED(buf_release) struct buf spelled = { .max = 1024 * 1024 };

	put_spelled(&spelled, str_from_c(text));
	must(buf_ok(&spelled));
	return run_text(job, db->side[side], arena_c(&job->arena, buf_str(&spelled)));
}

enum err
db_version(struct job *job, struct db *db, enum db_side side, int64_t *ret)
{
	return pragma_read(job, db->side[side], "PRAGMA user_version", ret);
}

enum err
db_set_version(struct job *job, struct db *db, enum db_side side, int64_t version)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	buf_put(&text, S("PRAGMA user_version="));
	buf_dec(&text, version);
	return run_text(job, db->side[side], arena_c(&job->arena, buf_str(&text)));
}

/* --- backups ---------------------------------------------------------------------------------- */

void *
db_handle(struct db *db, enum db_side side)
{
	return db->side[side];
}

enum err
db_failed(struct job *job, struct db *db, enum db_side side)
{
	return db_fail(job, db->side[side]);
}

/* A transaction sees what is there at its first read. */
enum err
db_snapshot(struct job *job, struct db *db)
{
	int64_t version;

	for (enum db_side side = SIDE_DATA; side <= SIDE_KEYS; side++) {
		db_rollback(db, side); /* of a try before */
		TRY(control_run(job, db, side, CONTROL_BEGIN));
		TRY(db_version(job, db, side, &version));
	}
	return OK;
}

/* --- the writer's context --------------------------------------------------------------------- */

void
db_entry_counter(struct db *db, int64_t *counter)
{
	db->entry_counter = counter;
}

int64_t
db_next_entry(struct db *db)
{
	must(db->entry_counter);
	return ++*db->entry_counter;
}

void
db_set_writer(struct db *db, void *writer)
{
	db->writer = writer;
}

void *
db_writer(struct db *db)
{
	return db->writer;
}
