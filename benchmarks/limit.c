/* benchmarks/limit.c -- see limit.h. */
#include "benchmarks/limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

static const char erase_schema[] =
	"CREATE TABLE suppression (digest BLOB, scope INTEGER, purpose INTEGER, channel INTEGER, at INTEGER,"
	" source INTEGER, PRIMARY KEY (digest, scope, purpose, channel)) WITHOUT ROWID;"
	"CREATE TABLE proof (year INTEGER, digest BLOB, nth INTEGER, sealed BLOB, PRIMARY KEY (year, digest, nth))"
	" WITHOUT ROWID;"
	"CREATE TABLE erasure (subject INTEGER, entry INTEGER, id BLOB, version INTEGER, text TEXT,"
	" PRIMARY KEY (subject, entry)) WITHOUT ROWID;"
	"CREATE UNIQUE INDEX erasure_id ON erasure (id);";

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

/* --- erasures --------------------------------------------------------------------------------- */

#define ERASE_FILL 20000

struct erase_statements {
	sqlite3_stmt *subject, *lookup, *ledger, *stop, *proof, *entry, *text, *key;
};

/* Digests are not remembered: those of the person come from the number. */
static void
digest_of(int64_t no, int nth, uint8_t ret[16])
{
	uint64_t value = (uint64_t)no * 0x9e3779b97f4a7c15u + (uint64_t)nth;

	for (int i = 0; i < 16; i++)
		ret[i] = (uint8_t)(value >> (8 * (i % 8))) ^ (uint8_t)i;
}

static void
fill_one(struct create_statements *s, int64_t no, const uint8_t *record, size_t record_bytes)
{
	uint8_t digest[32];

	digest_of(no, 0, digest);
	digest_of(no, 1, digest + 16);
	sqlite3_bind_int64(s->subject, 1, no);
	sqlite3_bind_blob(s->subject, 2, digest, 16, SQLITE_STATIC);
	sqlite3_bind_blob(s->subject, 3, record, (int)record_bytes, SQLITE_STATIC);
	sqlite3_bind_int64(s->subject, 4, 1795456800000000 + no);
	sqlite3_bind_blob(s->subject, 5, digest, 32, SQLITE_STATIC);
	sqlite3_bind_blob(s->subject, 6, record, 60, SQLITE_STATIC);
	run(s->subject);
	for (int i = 0; i < 2; i++) {
		sqlite3_bind_int(s->lookup, 1, i + 1);
		sqlite3_bind_blob(s->lookup, 2, digest + 16 * i, 16, SQLITE_STATIC);
		sqlite3_bind_int64(s->lookup, 3, no);
		run(s->lookup);
	}
	sqlite3_bind_int64(s->ledger, 1, no);
	sqlite3_bind_int(s->ledger, 2, 1);
	sqlite3_bind_blob(s->ledger, 3, record, 140, SQLITE_STATIC);
	run(s->ledger);
	sqlite3_bind_int64(s->key, 1, no);
	sqlite3_bind_blob(s->key, 2, record, 120, SQLITE_STATIC);
	run(s->key);
}

static void
erase_one(struct erase_statements *s, int64_t no, int64_t seq, const uint8_t *noise)
{
	uint8_t digest[32];

	digest_of(no, 0, digest);
	digest_of(no, 1, digest + 16);
	sqlite3_bind_int64(s->subject, 1, no);
	run(s->subject);
	for (int i = 0; i < 2; i++) {
		sqlite3_bind_int(s->lookup, 1, i + 1);
		sqlite3_bind_blob(s->lookup, 2, digest + 16 * i, 16, SQLITE_STATIC);
		sqlite3_bind_int64(s->lookup, 3, no);
		run(s->lookup);
	}
	sqlite3_bind_int64(s->ledger, 1, no);
	run(s->ledger);
	sqlite3_bind_blob(s->stop, 1, digest, 32, SQLITE_STATIC);
	run(s->stop);
	sqlite3_bind_blob(s->proof, 1, digest, 32, SQLITE_STATIC);
	sqlite3_bind_blob(s->proof, 2, noise, 100, SQLITE_STATIC);
	run(s->proof);
	entry_put(s->entry, seq, no, noise, 41);
	sqlite3_bind_int64(s->text, 1, no);
	sqlite3_bind_int64(s->text, 2, seq);
	sqlite3_bind_blob(s->text, 3, digest, 16, SQLITE_STATIC);
	sqlite3_bind_text(s->text, 4, (const char *)noise, 300, SQLITE_STATIC);
	run(s->text);
}

static void
fill(sqlite3 *data, sqlite3 *keys, const uint8_t *record, size_t record_bytes)
{
	struct create_statements s = {
		prepare(data, subject_insert),
		prepare(data, "INSERT INTO lookup VALUES (?, ?, ?)"),
		prepare(data, "INSERT INTO ledger VALUES (?, ?, 1795456800000000, 2, 1, ?)"),
		NULL,
		prepare(keys, "INSERT INTO subject_key VALUES (?, 1, ?)"),
	};

	exec(data, "BEGIN IMMEDIATE");
	exec(keys, "BEGIN IMMEDIATE");
	for (int64_t no = 1; no <= ERASE_FILL; no++)
		fill_one(&s, no, record, record_bytes);
	exec(keys, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	exec(data, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_finalize(s.subject);
	sqlite3_finalize(s.lookup);
	sqlite3_finalize(s.ledger);
	sqlite3_finalize(s.key);
}

static double
erase_all(sqlite3 *data, sqlite3 *keys, int group, double seconds, const uint8_t *noise)
{
	struct erase_statements s = {
		prepare(data, "UPDATE subject SET state = 2, version = version + 1, due_at = NULL, email_tag = NULL,"
		              " standing = x'0000', record = x'' WHERE no = ? AND state = 1"),
		prepare(data, "DELETE FROM lookup WHERE field = ? AND digest = ? AND subject = ?"),
		prepare(data, "DELETE FROM ledger WHERE subject = ?"),
		prepare(data, "INSERT OR IGNORE INTO suppression VALUES (?, 3, 0, 0, 1795456800000000, 9)"),
		prepare(data, "INSERT INTO proof VALUES (2026, ?, 1, ?)"),
		prepare(data, entry_insert),
		prepare(data, "INSERT INTO erasure VALUES (?, ?, ?, 2, ?)"),
		prepare(keys, "DELETE FROM subject_key WHERE subject = ?"),
	};
	double began = now_seconds(), spent = 0;
	int64_t no = 0;

	for (; no + group <= ERASE_FILL && spent < seconds; spent = now_seconds() - began) {
		exec(data, "BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++)
			erase_one(&s, no + i + 1, no + i + 1, noise);
		exec(data, "COMMIT");
		exec(keys, "BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++) {
			sqlite3_bind_int64(s.key, 1, no + i + 1);
			run(s.key);
		}
		exec(keys, "COMMIT");
		no += group;
		exec(keys, "PRAGMA wal_checkpoint(TRUNCATE)");
	}
	sqlite3_finalize(s.subject);
	sqlite3_finalize(s.lookup);
	sqlite3_finalize(s.ledger);
	sqlite3_finalize(s.stop);
	sqlite3_finalize(s.proof);
	sqlite3_finalize(s.entry);
	sqlite3_finalize(s.text);
	sqlite3_finalize(s.key);
	return (double)no / spent;
}

double
limit_erases(const char *dir, int group, size_t record_bytes, double seconds)
{
	sqlite3 *data = create_data(dir);
	sqlite3 *keys = open_bare(dir, S("/limit-keys.db"),
	                          "CREATE TABLE subject_key (subject INTEGER PRIMARY KEY, epoch INTEGER, wrapped BLOB);");
	uint8_t record[RECORD_MAX];
	double rate;

	must(record_bytes <= sizeof(record));
	os_random(record, sizeof(record));
	exec(data, erase_schema);
	fill(data, keys, record, record_bytes);
	rate = erase_all(data, keys, group, seconds, record);
	sqlite3_close(data);
	sqlite3_close(keys);
	return rate;
}

/* --- sweeps ----------------------------------------------------------------------------------- */

#define SWEEP_PEOPLE 40000

struct sweep_statements {
	sqlite3_stmt *subject, *lookup, *ledger, *entry, *remind, *key, *forget;
};

static void
sweep_fill(sqlite3 *data, sqlite3 *keys, const uint8_t *record)
{
	struct create_statements s = {
		prepare(data, subject_insert),
		prepare(data, "INSERT INTO lookup VALUES (?, ?, ?)"),
		prepare(data, "INSERT INTO ledger VALUES (?, ?, 1795456800000000, 2, 1, ?)"),
		prepare(data, entry_insert),
		prepare(keys, "INSERT INTO subject_key VALUES (?, 1, ?)"),
	};

	exec(data, "BEGIN IMMEDIATE");
	exec(keys, "BEGIN IMMEDIATE");
	for (int64_t no = 1; no <= SWEEP_PEOPLE; no++)
		create_one(&s, no, record, 320);
	exec(keys, "COMMIT");
	exec(data, "COMMIT");
	sqlite3_finalize(s.subject);
	sqlite3_finalize(s.lookup);
	sqlite3_finalize(s.ledger);
	sqlite3_finalize(s.entry);
	sqlite3_finalize(s.key);
}

static void
sweep_one(struct sweep_statements *s, int64_t no, const uint8_t *record)
{
	sqlite3_bind_int64(s->subject, 1, no);
	sqlite3_bind_blob(s->subject, 2, record, 60, SQLITE_STATIC);
	run(s->subject);
	sqlite3_bind_int64(s->lookup, 1, no % SWEEP_PEOPLE);
	sqlite3_bind_blob(s->lookup, 2, record, 16, SQLITE_STATIC);
	run(s->lookup);
	sqlite3_bind_int64(s->ledger, 1, no);
	run(s->ledger);
	entry_put(s->entry, SWEEP_PEOPLE + no, no, record, 40);
	sqlite3_bind_int64(s->remind, 1, no);
	run(s->remind);
}

static void
sweep_keys(struct sweep_statements *s, int64_t no, int group, const uint8_t *record)
{
	for (int i = 0; i < group; i++) {
		sqlite3_bind_int64(s->key, 1, no + i);
		sqlite3_bind_blob(s->key, 2, record, 100, SQLITE_STATIC);
		run(s->key);
	}
}

static void
sweep_forget(struct sweep_statements *s, int64_t no, int group)
{
	for (int i = 0; i < group; i++) {
		sqlite3_bind_int64(s->forget, 1, no + i);
		run(s->forget);
	}
}

double
limit_sweeps(const char *dir, int group, double seconds)
{
	sqlite3 *data = create_data(dir);
	sqlite3 *keys = open_bare(dir, S("/limit-keys.db"),
	                          "CREATE TABLE subject_key (subject INTEGER PRIMARY KEY, epoch INTEGER, wrapped BLOB);");
	struct sweep_statements s;
	uint8_t record[RECORD_MAX];
	double began, spent = 0;
	int64_t no = 1;

	exec(data, "CREATE TABLE key_trim (subject INTEGER PRIMARY KEY)");
	s = (struct sweep_statements){
		prepare(data, "UPDATE subject SET version = 2, due_at = NULL, email_tag = NULL, standing = ?2,"
		              " record = ?2 WHERE no = ?1 AND version = 1"),
		prepare(data, "DELETE FROM lookup WHERE field = 1 AND digest = ?2 AND subject = ?1"),
		prepare(data, "INSERT INTO ledger VALUES (?, 3, 1795456800000000, 6, 1, NULL)"),
		prepare(data, entry_insert),
		prepare(data, "INSERT INTO key_trim VALUES (?)"),
		prepare(keys, "UPDATE subject_key SET wrapped = ?2 WHERE subject = ?1"),
		prepare(data, "DELETE FROM key_trim WHERE subject = ?"),
	};
	os_random(record, sizeof(record));
	sweep_fill(data, keys, record);
	began = now_seconds();
	for (; no + group <= SWEEP_PEOPLE && spent < seconds; no += group) {
		exec(data, "BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++)
			sweep_one(&s, no + i, record);
		exec(data, "COMMIT");
		exec(keys, "BEGIN IMMEDIATE");
		sweep_keys(&s, no, group, record);
		exec(keys, "COMMIT");
		exec(keys, "PRAGMA wal_checkpoint(TRUNCATE)");
		exec(data, "BEGIN IMMEDIATE");
		sweep_forget(&s, no, group);
		exec(data, "COMMIT");
		spent = now_seconds() - began;
	}
	sqlite3_finalize(s.subject);
	sqlite3_finalize(s.lookup);
	sqlite3_finalize(s.ledger);
	sqlite3_finalize(s.entry);
	sqlite3_finalize(s.remind);
	sqlite3_finalize(s.key);
	sqlite3_finalize(s.forget);
	sqlite3_close(data);
	sqlite3_close(keys);
	return (double)(no - 1) / spent;
}

/* --- a bare server ---------------------------------------------------------------------------- */

#define BARE_CONNECTIONS 256

/* As long as the answer to a decision with its headers. */
static const char bare_answer[] =
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
	"X-Content-Type-Options: nosniff\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nContent-Length: 147\r\n\r\n"
	"{\"allowed\":true,\"reason\":\"consent\",\"basis\":\"consent\",\"basis_code\":\"eu-gdpr:A6-1-a\","
	"\"purpose\":\"b_news\",\"version\":1,\"channel\":\"email\",\"entry\":123456}";

struct bare_server {
	int epoll, listener;
	sqlite3 *db;
	sqlite3_stmt *put;
	int64_t seq;
	int asked[BARE_CONNECTIONS]; /* connections whose request has come */
	int asked_count;
};

static void
bare_watch(struct bare_server *server, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	must(epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void
bare_receive(struct bare_server *server, int fd)
{
	char request[4096];
	int one = 1;

	if (fd == server->listener) {
		int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		must(accepted >= 0);
		setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		bare_watch(server, accepted);
	} else if (recv(fd, request, sizeof(request), 0) <= 0) { /* on loopback one send is one receive */
		close(fd);
	} else {
		server->asked[server->asked_count++] = fd;
	}
}

static void
bare_group(struct bare_server *server)
{
	uint8_t body[11] = { 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0 };

	exec(server->db, "BEGIN IMMEDIATE");
	for (int i = 0; i < server->asked_count; i++, server->seq++)
		entry_put(server->put, server->seq + 1, server->seq % 10000, body, sizeof(body));
	exec(server->db, "COMMIT");
	for (int i = 0; i < server->asked_count; i++)
		(void)!send(server->asked[i], bare_answer, sizeof(bare_answer) - 1, MSG_NOSIGNAL);
	server->asked_count = 0;
}

static _Noreturn void
bare_serve(const char *dir, int listener)
{
	struct bare_server server = { .epoll = epoll_create1(EPOLL_CLOEXEC), .listener = listener };
	struct epoll_event event[BARE_CONNECTIONS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	server.db = open_bare(dir, S("/limit-answers.db"), entry_schema);
	server.put = prepare(server.db, entry_insert);
	bare_watch(&server, listener);
	for (;;) {
		int count = epoll_wait(server.epoll, event, BARE_CONNECTIONS, -1);
		for (int i = 0; i < count; i++)
			bare_receive(&server, event[i].data.fd);
		if (server.asked_count)
			bare_group(&server);
	}
}

void
bare_start(const char *dir, struct bare *ret)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);

	must(listener >= 0 && bind(listener, (struct sockaddr *)&at, len) == 0);
	must(listen(listener, BARE_CONNECTIONS) == 0);
	must(getsockname(listener, (struct sockaddr *)&at, &len) == 0);
	ret->port = ntohs(at.sin_port);
	ret->pid = fork();
	must(ret->pid >= 0);
	if (ret->pid == 0)
		bare_serve(dir, listener);
	close(listener);
}

void
bare_stop(struct bare *bare)
{
	kill(bare->pid, SIGKILL);
	waitpid(bare->pid, NULL, 0);
}
