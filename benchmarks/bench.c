/* benchmarks/bench.c -- what ./bench runs: the real server under load, and the limit in the same run.
 *
 *     valv-bench NAME VALV DIR     NAME: page, decisions, create, read, batch, import
 *
 * Starts VALV on a fresh vault in DIR, makes people, loads it with 64 connections, measures the
 * named limit (limit.h) right before and after, and ends with one line:
 *
 *     NAME: FIGURE UNIT, ratio R of LIMIT, target T: met
 *
 * Exit status 0 only when met. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "benchmarks/audit.h"
#include "benchmarks/limit.h"
#include "benchmarks/load.h"
#include "benchmarks/mail.h"
#include "crypto/seal.h"
#include "json/json.h"
#include "os/file.h"

#define CONNECTIONS 64
#define RECORD_BYTES 620 /* sealed record of the person that create makes; see create_body() */
#define LIMIT_SECONDS 2.0

struct bench {
	const char *valv, *dir;
	const char *data;
	struct job job;
	pid_t server;
	uint16_t port, public_port;
	str *page; /* addresses of the pages with people's choices */
	size_t page_count;
	str key;
	uid *person;
	uint64_t person_count, person_room;
	str notice; /* sha256:... of the newsletter notice */
	double seconds;
	bool batch_checked;
	bool no_contract; /* people who are made have the consent only: nothing keeps them from being erased */
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(2);
}

/* --- the server ------------------------------------------------------------------------------- */

static const char *
path_of(struct bench *b, const char *name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(b->dir));
	buf_char(&path, '/');
	buf_put(&path, str_from_c(name));
	return arena_c(&b->job.arena, buf_str(&path));
}

/* Run valv to its end; its output into `out` when that is not NULL. */
static void
valv_run(struct bench *b, const char *const *arg, struct buf *out)
{
	int pipe_fd[2], status;
	ssize_t got;
	pid_t pid;

	if (pipe(pipe_fd) < 0 || (pid = fork()) < 0)
		die("cannot start valv");
	if (pid == 0) {
		dup2(pipe_fd[1], 1);
		close(pipe_fd[0]);
		execv(b->valv, (char *const *)arg);
		_exit(127);
	}
	close(pipe_fd[1]);
	for (char piece[4096]; (got = read(pipe_fd[0], piece, sizeof(piece))) > 0;)
		if (out)
			buf_put(out, (str){ piece, (size_t)got });
	close(pipe_fd[0]);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("a valv command failed");
}

/* http://127.0.0.1:PORT, a line for each listener. */
static uint64_t
port_line(FILE *file)
{
	char text[128] = "";
	uint64_t port = 0;
	size_t at = 0;

	if (fgets(text, sizeof(text), file))
		for (at = strlen(text); at && text[at - 1] != ':'; at--)
			;
	if (at)
		(void)!str_u64(str_trim(str_from_c(text + at)), &port);
	return port;
}

static void
server_begin(struct bench *b)
{
	const char *ready = path_of(b, "ready");
	const char *init[] = { b->valv, "init", "--data", b->data, "--company", "Bench AB",
		               "--contact", "bench@example.com", NULL };
	const char *workers = getenv("BENCH_WORKERS");
	const char *serve[] = { b->valv, "serve", "--data", b->data, "--listen", "127.0.0.1:0", "--public", "127.0.0.1:0",
		                "--ready-file", ready, "--workers", workers ? workers : "64", NULL };
	uint64_t port = 0, public_port = 0;

	valv_run(b, init, NULL);
	b->server = fork();
	if (b->server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive us, whichever way we end */
		execv(b->valv, (char *const *)serve);
		_exit(127);
	}
	for (int i = 0; i < 600 && !public_port; i++) {
		FILE *file;
		usleep(50000);
		file = fopen(ready, "re");
		if (file) {
			port = port_line(file);
			public_port = port_line(file);
			fclose(file);
		}
	}
	if (!public_port)
		die("the server did not start");
	b->port = (uint16_t)port;
	b->public_port = (uint16_t)public_port;
}

static void
server_end(struct bench *b)
{
	if (b->server > 0) {
		kill(b->server, SIGTERM);
		waitpid(b->server, NULL, 0);
	}
	b->server = 0;
}

static void
key_make(struct bench *b)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf out = { .max = 65536 };
	const char *make[] = { b->valv, "key", "create", "bench", "--data", b->data, "--scope",
		               "define,read,write,search,decide,withdraw,import,ledger,audit,metrics,rights,erase",
		               "--purpose", "*", "--json", NULL };
	struct json root;

	valv_run(b, make, &out);
	if (json_parse(&b->job, buf_str(&out), &document, &root) ||
	    json_need_str(&b->job, root, "key", 200, &b->key))
		die("no key was made");
}

/* --- requests --------------------------------------------------------------------------------- */

static void
put_request(struct bench *b, struct buf *out, str method, str path, str type, str extra, str body)
{
	buf_put(out, method);
	buf_char(out, ' ');
	buf_put(out, path);
	buf_put(out, S(" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "));
	buf_put(out, b->key);
	buf_put(out, S("\r\n"));
	buf_put(out, extra);
	if (type.len) {
		buf_put(out, S("Content-Type: "));
		buf_put(out, type);
		buf_put(out, S("\r\nContent-Length: "));
		buf_udec(out, body.len);
		buf_put(out, S("\r\n"));
	}
	buf_put(out, S("\r\n"));
	buf_put(out, body);
}

static void
call(struct bench *b, str method, str path, str body)
{
	OWNED(buf_release) struct buf request = { .max = 1 << 20 };
	OWNED(buf_release) struct buf answer = { .max = 1 << 20 };
	int status;

	put_request(b, &request, method, path, S("application/json"), S(""), body);
	status = load_once(b->port, buf_str(&request), &answer);
	if (status < 200 || status > 299) {
		fprintf(stderr, "bench: %.*s %.*s: %d %.*s\n", SPRINT(method), SPRINT(path), status,
		        (int)answer.len, answer.ptr);
		die("preparing failed");
	}
}

#define NOTICE "We write to you about our products once a month, until you say no."

/* Eight values, two of them searchable; two purposes: consent and contract. */
static void
vault_prepare(struct bench *b)
{
	static const char *const names[] = { "b_mail", "b_name", "b_phone", "b_street",
		                             "b_code", "b_city", "b_number", "b_lang" };
	static const char *const rest[] = {
		"\"type\":\"email\",\"lookup\":\"exact\",\"address\":\"email\"", "\"type\":\"name\"",
		"\"type\":\"text\"", "\"type\":\"street\"", "\"type\":\"postcode\"", "\"type\":\"city\"",
		"\"type\":\"text\",\"lookup\":\"exact\"", "\"type\":\"language\"" };
	OWNED(buf_release) struct buf body = { .max = 4096 }, path = { .max = 256 };
	uint8_t hash[32];

	for (size_t i = 0; i < COUNT(names); i++) {
		buf_clear(&body);
		buf_clear(&path);
		buf_put(&path, S("/v1/fields/"));
		buf_put(&path, str_from_c(names[i]));
		buf_put(&body, S("{\"title\":{\"en\":\"x\"},"));
		buf_put(&body, str_from_c(rest[i]));
		buf_char(&body, '}');
		call(b, S("PUT"), buf_str(&path), buf_str(&body));
	}
#define COMMON \
	"\"why\":{\"en\":\"Why\",\"sv\":\"Varför\"},\"recipients\":[]," \
	"\"controller\":{\"name\":\"Bench AB\",\"contact\":\"bench@example.com\"}," \
	"\"notices\":{\"en\":\"" NOTICE "\",\"sv\":\"" NOTICE "\"}," \
	"\"fields\":[\"b_mail\",\"b_name\",\"b_phone\",\"b_street\",\"b_code\",\"b_city\",\"b_number\",\"b_lang\"],"
	call(b, S("PUT"), S("/v1/purposes/b_news"),
	     S("{" COMMON "\"basis\":\"consent\",\"marketing\":true,\"channels\":[\"email\"],"
	       "\"retention\":{\"period\":\"P2Y\",\"from\":\"given\"}}"));
	call(b, S("POST"), S("/v1/purposes/b_news/activate"), S("{}"));
	call(b, S("PUT"), S("/v1/purposes/b_order"),
	     S("{" COMMON "\"basis\":\"contract\",\"channels\":[\"email\"],"
	       "\"retention\":{\"period\":\"P1Y\",\"from\":\"ended\"}}"));
	call(b, S("POST"), S("/v1/purposes/b_order/activate"), S("{}"));
	digest_public(str_bytes(S(NOTICE)), hash);
	buf_clear(&body);
	buf_put(&body, S("sha256:"));
	buf_hex(&body, (bytes){ hash, 32 });
	b->notice = arena_str(&b->job.arena, buf_str(&body));
}

static void
create_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf body = { .max = 4096 };
	struct bench *b = ctx;

	buf_put(&body, S("{\"values\":{\"b_mail\":\"person"));
	buf_udec(&body, n);
	buf_put(&body, S("@example.com\",\"b_name\":\"Anna Andersson\",\"b_phone\":\"0701740605\","
	                 "\"b_street\":\"Storgatan 12\",\"b_code\":\"123 45\",\"b_city\":\"Storköping\","
	                 "\"b_number\":\"K-"));
	buf_udec(&body, n);
	buf_put(&body, S("\",\"b_lang\":\"sv\"},\"grounds\":[{\"purpose\":\"b_news\",\"act\":\"given\",\"notice\":\""));
	buf_put(&body, b->notice);
	buf_put(&body, S("\",\"method\":\"web_form\",\"control\":\"unticked_box\"}"));
	if (!b->no_contract)
		buf_put(&body, S(",{\"purpose\":\"b_order\",\"evidence\":{\"reference\":\"order 1\"}}"));
	buf_put(&body, S("]}"));
	put_request(b, out, S("POST"), S("/v1/subjects"), S("application/json"), S(""), buf_str(&body));
}

static void
create_answer(void *ctx, uint64_t n, int status, str body)
{
	struct bench *b = ctx;
	size_t at;
	uid id;

	if (status != 201 || !str_find(body, S("\"id\":\""), &at) ||
	    !uid_parse(str_first(str_from(body, at + 6), 36), &id)) {
		fprintf(stderr, "bench: create: %d %.*s\n", status, SPRINT(body));
		die("a create was refused");
	}
	if (b->person_count == b->person_room) {
		b->person_room = b->person_room ? b->person_room * 2 : 1024;
		b->person = realloc(b->person, b->person_room * sizeof(*b->person));
		must(b->person);
	}
	b->person[b->person_count++] = id;
}

static void
people_make(struct bench *b, uint64_t count)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = 600,
		             .requests = count, .request = create_request, .answer = create_answer, .ctx = b };
	struct load_result result;

	load_run(&load, &result);
}

/* Processor seconds of the server so far, all its threads: what a request costs on a busy machine too. */
static double
server_cpu(struct bench *b)
{
	OWNED(buf_release) struct buf path = { .max = 64 };
	OWNED(buf_release) struct buf text = { .max = 8192 };
	uint64_t user = 0, system = 0;
	str rest, word;
	bytes stat;

	buf_put(&path, S("/proc/"));
	buf_udec(&path, (uint64_t)b->server);
	buf_put(&path, S("/stat"));
	if (file_read(&b->job, arena_c(&b->job.arena, buf_str(&path)), 4096, &stat))
		die("the server's times cannot be read");
	rest = bytes_str(stat);
	for (int i = 1; i <= 15 && eat_until(&rest, ' ', &word); i++)
		if (i == 14)
			(void)!str_u64(word, &user);
		else if (i == 15)
			(void)!str_u64(word, &system);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* --- outcomes --------------------------------------------------------------------------------- */

/* load_run() and what it cost. */
static void
load_measured(struct bench *b, const char *name, const struct load *load, struct load_result *result)
{
	double before = server_cpu(b);

	load_run(load, result);
	printf("%s: the server spent %.1f us of processor time on each\n", name,
	       (server_cpu(b) - before) / (double)result->answers * 1e6);
}

static void
load_print(const char *name, const struct load_result *result)
{
	printf("%s: %lu answers in %.2f s, not ok %lu, p50 %.2f ms, p99 %.2f ms, max %.2f ms\n", name,
	       (unsigned long)result->answers, result->seconds, (unsigned long)result->not_ok,
	       result->p50_ms, result->p99_ms, result->max_ms);
}

static int
verdict(const char *name, double figure, const char *unit, double limit, const char *limit_name,
        double target, double target_ratio, bool also)
{
	double ratio = limit > 0 ? figure / limit : 0;
	bool met = figure >= target && (target_ratio <= 0 || ratio >= target_ratio) && also;

	printf("%s: %.0f %s, ratio %.2f of %s, target %.0f", name, figure, unit, ratio, limit_name, target);
	if (target_ratio > 0)
		printf(" and ratio %.2f", target_ratio);
	printf(": %s\n", met ? "met" : "missed");
	return met ? 0 : 1;
}

/* --- benches ---------------------------------------------------------------------------------- */

static uint64_t
pick(struct bench *b, uint64_t n)
{
	uint64_t x = n * 0x9e3779b97f4a7c15u; /* scattered, the same in every run */

	return (x ^ x >> 29) % b->person_count;
}

static void
decision_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf body = { .max = 4096 };
	struct bench *b = ctx;

	buf_put(&body, S("{\"subject\":\""));
	buf_uid(&body, b->person[pick(b, n)]);
	buf_put(&body, S("\",\"purpose\":\"b_news\",\"channel\":\"email\"}"));
	put_request(b, out, S("POST"), S("/v1/decisions"), S("application/json"), S(""), buf_str(&body));
}

static void
all_ok(void *ctx, uint64_t n, int status, str body)
{
	if (status != 200) {
		fprintf(stderr, "bench: %d %.*s\n", status, SPRINT(body));
		die("an answer was not 200");
	}
}

/* What the same load gets from a server that does nothing but commit and answer (limit.h): where the
 * ratio to bare SQLite cannot be had by any server on this machine, this figure shows it. */
static double
bare_rate(struct bench *b)
{
	struct load load = { .connections = CONNECTIONS, .seconds = LIMIT_SECONDS,
		             .request = decision_request, .ctx = b };
	struct load_result result;
	struct bare bare;

	bare_start(b->dir, &bare);
	load.port = bare.port;
	load_run(&load, &result);
	bare_stop(&bare);
	return (double)result.answers / result.seconds;
}

static int
bench_decisions(struct bench *b)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = b->seconds,
		             .request = decision_request, .answer = all_ok, .ctx = b };
	double before, after, limit, bare;
	struct load_result result;

	people_make(b, 10000);
	before = limit_entries(b->dir, CONNECTIONS, LIMIT_SECONDS);
	load_measured(b, "decisions", &load, &result);
	load_print("decisions", &result);
	after = limit_entries(b->dir, CONNECTIONS, LIMIT_SECONDS);
	limit = (before + after) / 2;
	bare = bare_rate(b);
	printf("limit: bare SQLite, one entry an answer, groups of %d: %.0f /s\n", CONNECTIONS, limit);
	printf("a server that only commits and answers: %.0f /s, %.2f of that; Valv is at %.2f of it\n", bare,
	       bare / limit, (double)result.answers / result.seconds / bare);
	printf("p99 %.2f ms, target < 10 ms\n", result.p99_ms);
	return verdict("decisions", (double)result.answers / result.seconds, "decisions/s", limit,
	               "bare SQLite entries in groups of 64", 25000, 0.5,
	               result.p99_ms < 10 && !result.not_ok);
}

static int
bench_create(struct bench *b)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = b->seconds,
		             .request = create_request, .answer = create_answer, .ctx = b };
	double before, after, limit;
	struct load_result result;

	before = limit_creates(b->dir, CONNECTIONS, RECORD_BYTES, LIMIT_SECONDS);
	load_measured(b, "create", &load, &result);
	load_print("create", &result);
	after = limit_creates(b->dir, CONNECTIONS, RECORD_BYTES, LIMIT_SECONDS);
	limit = (before + after) / 2;
	printf("limit: bare SQLite, the same rows, groups of %d: %.0f /s\n", CONNECTIONS, limit);
	return verdict("create", (double)result.answers / result.seconds, "creates/s", limit,
	               "bare SQLite with the same rows in groups of 64", 8000, 0.5, !result.not_ok);
}

static void
read_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf path = { .max = 256 };
	struct bench *b = ctx;

	buf_put(&path, S("/v1/subjects/"));
	buf_uid(&path, b->person[pick(b, n)]);
	put_request(b, out, S("GET"), buf_str(&path), S(""), S("Valv-Purpose: b_order\r\n"), S(""));
}

struct counting {
	struct bench *b;
	uint64_t entries;
};

/* Every answered read must be in the log: the metrics say how many entries there are. */
static uint64_t
entries_now(struct bench *b)
{
	OWNED(buf_release) struct buf request = { .max = 4096 }, answer = { .max = 1 << 20 };
	uint64_t count = 0;
	size_t at;
	str rest;

	put_request(b, &request, S("GET"), S("/v1/metrics"), S(""), S(""), S(""));
	if (load_once(b->port, buf_str(&request), &answer) != 200 ||
	    !str_find(buf_str(&answer), S("\nvalv_audit_entries "), &at))
		die("the metrics do not say how many entries there are");
	rest = str_from(buf_str(&answer), at + sizeof("\nvalv_audit_entries ") - 1);
	if (!eat_u64(&rest, &count))
		die("the metrics cannot be read");
	return count;
}

static int
bench_read(struct bench *b)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = b->seconds,
		             .request = read_request, .answer = all_ok, .ctx = b };
	uint64_t before_entries, logged;
	double before, after, limit;
	struct load_result result;

	people_make(b, 10000);
	before = limit_entries(b->dir, CONNECTIONS, LIMIT_SECONDS);
	before_entries = entries_now(b);
	load_measured(b, "read", &load, &result);
	logged = entries_now(b) - before_entries;
	load_print("read", &result);
	after = limit_entries(b->dir, CONNECTIONS, LIMIT_SECONDS);
	limit = (before + after) / 2;
	printf("reads answered %lu, entries in the log %lu\n", (unsigned long)result.answers,
	       (unsigned long)logged);
	return verdict("read", (double)result.answers / result.seconds, "reads/s", limit,
	               "bare SQLite entries in groups of 64", 20000, 0,
	               !result.not_ok && logged >= result.answers);
}

#define BATCH_LINES 5000

static void
batch_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf body = { .max = 8 << 20 };
	struct bench *b = ctx;

	for (uint64_t i = 0; i < BATCH_LINES; i++) {
		buf_put(&body, S("{\"subject\":\""));
		buf_uid(&body, b->person[pick(b, n * BATCH_LINES + i)]);
		buf_put(&body, S("\",\"purpose\":\"b_news\",\"channel\":\"email\"}\n"));
	}
	put_request(b, out, S("POST"), S("/v1/decisions/batch"), S("application/x-ndjson"), S(""), buf_str(&body));
}

static void
batch_answer(void *ctx, uint64_t n, int status, str body)
{
	struct bench *b = ctx;
	size_t lines = 0;

	all_ok(ctx, n, status, body);
	if (b->batch_checked)
		return; /* one answer in full is enough, counting them all would measure the counting */
	b->batch_checked = true;
	for (size_t i = 0; i < body.len; i++)
		lines += body.ptr[i] == '\n';
	if (lines != BATCH_LINES)
		die("a batch has not as many answers as questions");
}

static int
bench_batch(struct bench *b)
{
	struct load load = { .port = b->port, .connections = 4, .seconds = b->seconds,
		             .request = batch_request, .answer = batch_answer, .ctx = b };
	struct load_result result;
	double limit;

	people_make(b, 10000);
	load_measured(b, "batch", &load, &result);
	load_print("batch", &result);
	limit = limit_entries(b->dir, 1000, LIMIT_SECONDS);
	return verdict("batch", (double)result.answers * BATCH_LINES / result.seconds, "decisions/s",
	               limit, "bare SQLite entries in groups of 1000", 100000, 0, !result.not_ok);
}

#define IMPORT_CONTACTS 150000

static void
contacts_write(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		die("cannot write the contact list");
	fprintf(file, "Email Address,First Name,Last Name,OPTIN_TIME,CONFIRM_TIME\n");
	for (int i = 0; i < IMPORT_CONTACTS; i++)
		fprintf(file, "contact%d@example.com,Anna%d,Andersson,2026-0%d-1%d 08:00:00,2026-0%d-1%d 09:00:00\n",
		        i, i % 997, 1 + i % 9, i % 10, 1 + i % 9, i % 10);
	fclose(file);
}

static long
resident_kib(pid_t pid)
{
	OWNED(buf_release) struct buf path = { .max = 64 };
	char line[256];
	long kib = 0;
	FILE *file;

	buf_put(&path, S("/proc/"));
	buf_udec(&path, (uint64_t)pid);
	buf_put(&path, S("/status"));
	buf_char(&path, '\0');
	file = fopen(path.ptr, "re");
	while (file && fgets(line, sizeof(line), file)) {
		str rest = str_from_c(line);
		uint64_t value;
		if (eat_str(&rest, S("VmHWM:"))) {
			rest = str_trim(rest);
			if (eat_u64(&rest, &value))
				kib = (long)value;
		}
	}
	if (file)
		fclose(file);
	return kib;
}

static int
bench_import(struct bench *b)
{
	const char *list = path_of(b, "contacts.csv"), *words = path_of(b, "words.txt");
	const char *import[] = { b->valv, "import", list, "--data", b->data, "--preset", "mailchimp",
		                 "--purpose", "newsletter", "--source", "bench", "--evidence-source",
		                 "https://bench.example/form", "--evidence-words", words, NULL };
	OWNED(buf_release) struct buf report = { .max = 1 << 20 }, made = { .max = 64 };
	double limit, began, spent;
	size_t at;
	FILE *file = fopen(words, "we");

	if (!file)
		die("cannot write the words");
	fprintf(file, "Yes, I want the newsletter.\n");
	fclose(file);
	contacts_write(list);
	limit = limit_creates(b->dir, 512, RECORD_BYTES / 2, LIMIT_SECONDS);
	began = now_seconds();
	valv_run(b, import, &report);
	spent = now_seconds() - began;
	buf_put(&made, S("recorded "));
	buf_udec(&made, IMPORT_CONTACTS);
	buf_put(&made, S(" consents"));
	if (!str_find(buf_str(&report), buf_str(&made), &at)) {
		fprintf(stderr, "%.*s\n", SPRINT(buf_str(&report)));
		die("the import did not bring in every contact with its consent");
	}
	printf("import: %d contacts in %.1f s, server's peak memory %ld MB\n", IMPORT_CONTACTS, spent,
	       resident_kib(b->server) / 1024);
	return verdict("import", IMPORT_CONTACTS / spent, "contacts/s", limit,
	               "bare SQLite with such rows in groups of 512", 15000, 0, true);
}

/* --- access: everything about a person with a long history, in a store with much about others ----- */

#define ACCESS_ACTS 1000
#define ACCESS_ENTRIES 1000
#define ACCESS_OTHERS 200000
#define ACCESS_TARGET_MS 50.0

static void
path_put(struct bench *b, struct buf *out, const char *end)
{
	buf_put(out, S("/v1/subjects/"));
	buf_uid(out, b->person[0]);
	buf_put(out, str_from_c(end));
}

static void
act_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf path = { .max = 256 };
	struct bench *b = ctx;

	path_put(b, &path, "/consents");
	put_request(b, out, S("POST"), buf_str(&path), S("application/json"), S(""),
	            S("{\"purpose\":\"b_news\",\"act\":\"refused\",\"method\":\"web_form\"}"));
}

static void
own_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf body = { .max = 4096 };
	struct bench *b = ctx;

	buf_put(&body, S("{\"subject\":\""));
	buf_uid(&body, b->person[0]);
	buf_put(&body, S("\",\"purpose\":\"b_order\",\"channel\":\"email\",\"class\":\"service\"}"));
	put_request(b, out, S("POST"), S("/v1/decisions"), S("application/json"), S(""), buf_str(&body));
}

static void
access_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf path = { .max = 256 };
	struct bench *b = ctx;

	path_put(b, &path, "/access");
	put_request(b, out, S("POST"), buf_str(&path), S("application/json"), S(""), S("{}"));
}

/* The same rows as two plain lists. */
static void
lists_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf path = { .max = 256 };
	struct bench *b = ctx;

	if (n % 2) {
		buf_put(&path, S("/v1/audit/entries?limit=1000&subject="));
		buf_uid(&path, b->person[0]);
	} else {
		path_put(b, &path, "/consents?limit=1000");
	}
	put_request(b, out, S("GET"), buf_str(&path), S(""), S(""), S(""));
}

static void
requests_run(struct bench *b, unsigned connections, uint64_t count,
             void (*request)(void *ctx, uint64_t n, struct buf *out), struct load_result *result)
{
	load_run(&(struct load){ .port = b->port, .connections = connections, .seconds = 600, .requests = count,
	                         .request = request, .answer = all_ok, .ctx = b },
	         result);
}

static int
bench_access(struct bench *b)
{
	struct load_result prepared, lists, result;

	people_make(b, 10000);
	requests_run(b, 1, ACCESS_ACTS, act_request, &prepared);
	requests_run(b, CONNECTIONS, ACCESS_OTHERS / 2, decision_request, &prepared);
	requests_run(b, CONNECTIONS, ACCESS_ENTRIES, own_request, &prepared);
	requests_run(b, CONNECTIONS, ACCESS_OTHERS / 2, decision_request, &prepared);
	printf("access: a person with %d acts and %d decisions among %lu entries\n", ACCESS_ACTS, ACCESS_ENTRIES,
	       (unsigned long)entries_now(b));
	requests_run(b, 1, 100, lists_request, &lists);
	requests_run(b, 1, 100, access_request, &result);
	load_print("access", &result);
	printf("a package has %lu KiB; limit: the same rows as two plain lists, %.2f ms\n",
	       (unsigned long)(result.body_bytes / result.answers / 1024), 2 * lists.p50_ms);
	printf("p99 %.2f ms, target <= %.0f ms\n", result.p99_ms, ACCESS_TARGET_MS);
	return verdict("access", 1000 / result.p50_ms, "packages/s, one after another",
	               1000 / (2 * lists.p50_ms), "the same rows as two plain lists", 1000 / ACCESS_TARGET_MS, 0,
	               result.p99_ms <= ACCESS_TARGET_MS && !result.not_ok);
}

/* --- erase: persons go, and the answer comes when their keys are gone -------------------------------- */

#define ERASE_PEOPLE 40000
#define ERASE_SINGLE 200
#define ERASE_TARGET_MS 50.0

static void
erase_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf path = { .max = 256 };
	struct bench *b = ctx;

	must(b->person_count);
	buf_put(&path, S("/v1/subjects/"));
	buf_uid(&path, b->person[--b->person_count]);
	buf_put(&path, S("/erasure"));
	put_request(b, out, S("POST"), buf_str(&path), S("application/json"), S(""), S("{}"));
}

static void
erase_answer(void *ctx, uint64_t n, int status, str body)
{
	size_t at;

	if (status != 200 || !str_find(body, S("\"buried\":true"), &at) || !str_find(body, S("\\n\\n\u2014 "), &at)) {
		fprintf(stderr, "bench: erase: %d %.*s\n", status, SPRINT(body));
		die("a person was not erased, or there is no certificate");
	}
}

static int
bench_erase(struct bench *b)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = b->seconds,
		             .requests = ERASE_PEOPLE, .request = erase_request, .answer = erase_answer, .ctx = b };
	struct load_result result, single;
	double before, after, limit;

	b->no_contract = true;
	people_make(b, ERASE_PEOPLE + ERASE_SINGLE);
	load_run(&(struct load){ .port = b->port, .connections = 1, .seconds = 600, .requests = ERASE_SINGLE,
	                         .request = erase_request, .answer = erase_answer, .ctx = b }, &single);
	before = limit_erases(b->dir, CONNECTIONS, RECORD_BYTES, LIMIT_SECONDS);
	load_measured(b, "erase", &load, &result);
	after = limit_erases(b->dir, CONNECTIONS, RECORD_BYTES, LIMIT_SECONDS);
	load_print("erase", &result);
	limit = (before + after) / 2;
	printf("limit: bare SQLite, the same rows deleted and written, a truncating checkpoint of the keys in each "
	       "group of %d: %.0f /s\n", CONNECTIONS, limit);
	printf("one alone: p50 %.2f ms, p99 %.2f ms, longest %.2f ms; target <= %.0f ms\n", single.p50_ms, single.p99_ms,
	       single.max_ms, ERASE_TARGET_MS);
	return verdict("erase", (double)result.answers / result.seconds, "erasures/s", limit,
	               "bare SQLite with the same rows in groups of 64", 3000, 0,
	               single.p99_ms <= ERASE_TARGET_MS && !result.not_ok && !single.not_ok);
}

/* --- the sweep -------------------------------------------------------------------------------- */

#define SWEEP_PEOPLE 100000
#define SWEEP_FIRST 20000 /* swept with nothing beside */
#define SWEEP_READERS 10000
#define SWEEP_RATE 5000.0
#define SWEEP_READS 0.8  /* of what there is without it */
#define SWEEP_MAKING 150 /* seconds within which the people must be made */

struct sweeping {
	struct bench *b;
	time_t until;
	pthread_t thread;
	double seconds;
	uint64_t erased;
	_Atomic bool done;
};

/* Consent that ends at one moment for all of them, and nothing else that covers the values. */
static void
due_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf body = { .max = 4096 };
	struct sweeping *sweeping = ctx;

	buf_put(&body, S("{\"values\":{\"b_mail\":\"due"));
	buf_udec(&body, n);
	buf_put(&body, S("@example.com\",\"b_name\":\"Anna Andersson\",\"b_lang\":\"sv\"},\"grounds\":"
	                 "[{\"purpose\":\"b_news\",\"act\":\"given\",\"notice\":\""));
	buf_put(&body, sweeping->b->notice);
	buf_put(&body, S("\",\"method\":\"web_form\",\"control\":\"unticked_box\",\"until\":\""));
	buf_time(&body, (time_us)sweeping->until * TIME_SECOND);
	buf_put(&body, S("\"}]}"));
	put_request(sweeping->b, out, S("POST"), S("/v1/subjects"), S("application/json"), S(""), buf_str(&body));
}

static void
due_answer(void *ctx, uint64_t n, int status, str body)
{
	if (status != 201) {
		fprintf(stderr, "bench: %d %.*s\n", status, SPRINT(body));
		die("somebody who is to be swept was refused");
	}
}

static void *
sweep_main(void *arg)
{
	OWNED(buf_release) struct buf out = { .max = 4096 };
	struct sweeping *sweeping = arg;
	const char *sweep[] = { sweeping->b->valv, "sweep", "--data", sweeping->b->data, "--json", NULL };
	double began = now_seconds();
	size_t at;
	str rest;

	valv_run(sweeping->b, sweep, &out);
	sweeping->seconds = now_seconds() - began;
	if (!str_find(buf_str(&out), S("\"values_gone\":"), &at))
		die("the sweep's answer cannot be read");
	rest = str_from(buf_str(&out), at + sizeof("\"values_gone\":") - 1);
	if (!eat_u64(&rest, &sweeping->erased))
		die("the sweep's answer cannot be read");
	atomic_store(&sweeping->done, true);
	return NULL;
}

/* Reads in short pieces for as long as the sweep lasts; the piece in which it ends does not count. */
static double
reads_during(struct bench *b, struct sweeping *sweeping)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = 0.5,
		             .request = read_request, .answer = all_ok, .ctx = b };
	struct load_result result;
	double seconds = 0, reads = 0;

	must(pthread_create(&sweeping->thread, NULL, sweep_main, sweeping) == 0);
	while (!atomic_load(&sweeping->done)) {
		load_run(&load, &result);
		if (atomic_load(&sweeping->done) && seconds > 0)
			break;
		reads += (double)result.answers;
		seconds += result.seconds;
	}
	pthread_join(sweeping->thread, NULL);
	return reads / seconds;
}

static void
due_make(struct sweeping *sweeping, uint64_t count)
{
	struct load load = { .port = sweeping->b->port, .connections = CONNECTIONS, .seconds = 600,
		             .requests = count, .request = due_request, .answer = due_answer,
		             .ctx = sweeping };
	struct load_result result;

	load_run(&load, &result);
	printf("sweep: %lu people whose consent ends, made in %.0f s\n", (unsigned long)count, result.seconds);
}

/* All of them at once. */
static void
due_await(const struct sweeping *sweeping)
{
	if (time(NULL) >= sweeping->until)
		die("making the people took so long that they are due already");
	while (time(NULL) <= sweeping->until)
		usleep(100000);
}

static int
bench_sweep(struct bench *b)
{
	struct load load = { .port = b->port, .connections = CONNECTIONS, .seconds = b->seconds,
		             .request = read_request, .answer = all_ok, .ctx = b };
	struct sweeping first = { .b = b }, sweeping = { .b = b };
	struct load_result alone;
	double limit, during, ratio, rate;

	first.until = time(NULL) + SWEEP_MAKING;
	sweeping.until = first.until + SWEEP_PEOPLE / SWEEP_FIRST * 6;
	people_make(b, SWEEP_READERS);
	due_make(&first, SWEEP_FIRST);
	due_make(&sweeping, SWEEP_PEOPLE);
	load_run(&load, &alone);
	load_print("reads alone", &alone);
	limit = limit_sweeps(b->dir, 100, LIMIT_SECONDS);
	due_await(&first);
	(void)sweep_main(&first);
	printf("sweep: %.0f persons/s with nothing beside\n", SWEEP_FIRST / first.seconds);
	due_await(&sweeping);
	during = reads_during(b, &sweeping);
	rate = (double)alone.answers / alone.seconds;
	ratio = during / rate;
	printf("sweep: %lu values erased in %.2f s\n", (unsigned long)sweeping.erased, sweeping.seconds);
	printf("reads: %.0f /s alone, %.0f /s during the sweep, ratio %.2f, target %.2f\n", rate, during, ratio,
	       SWEEP_READS);
	printf("limit: bare SQLite, the same rows, groups of 100: %.0f /s\n", limit);
	return verdict("sweep", SWEEP_PEOPLE / sweeping.seconds, "persons/s", limit,
	               "bare SQLite with the same rows in groups of 100", SWEEP_RATE, 0,
	               ratio >= SWEEP_READS && !alone.not_ok);
}

/* --- audit ------------------------------------------------------------------------------------- */

#define AUDIT_ENTRIES 300000
#define AUDIT_PERSONS 20000
#define AUDIT_RATE 100000

static int
bench_audit(struct bench *b)
{
	struct job job = { .now = (time_us)time(NULL) * TIME_SECOND, .actor = { ACTOR_KEY, 1 } };
	struct audit_rate rate;

	if (audit_rate_measure(&job, path_of(b, "audit"), AUDIT_ENTRIES, AUDIT_PERSONS, &rate))
		die(job.failure.why);
	job_release(&job);
	printf("audit: %lu entries about %lu persons\n", (unsigned long)rate.entries, (unsigned long)rate.persons);
	printf("audit: %.2f microseconds of processor for one entry, %.2f for its hashes alone\n", rate.cpu_us, rate.limit_cpu_us);
	printf("limit: nothing but hashing them, on one core: %.0f /s\n", rate.limit);
	return verdict("audit", rate.sequenced, "entries/s sequenced", rate.limit, "hashing alone on one core", AUDIT_RATE, 0, true);
}

/* --- mail -------------------------------------------------------------------------------------- */

#define MAIL_MESSAGES 20000
#define MAIL_MESSAGES_RSA 5000
#define MAIL_RATE 3000

static void
mail_measure(struct bench *b, const char *name, bool rsa, uint64_t messages, struct mail_rate *rate)
{
	struct job job = { .now = (time_us)time(NULL) * TIME_SECOND, .actor = { .kind = ACTOR_SYSTEM } };
	const char *dir = path_of(b, name);

	if (mkdir(dir, 0700) < 0 || mail_rate_measure(&job, dir, rsa, messages, LIMIT_SECONDS, rate))
		die(job.failure.why ? job.failure.why : "no directory");
	job_release(&job);
	printf("%s: %.0f messages/s out of the queue, composed, signed and handed over, %.0f microseconds of processor for one\n",
	       name, rate->sent, rate->cpu_us);
	printf("limit: nothing but handing a ready one over, %lu connections: %.0f /s\n", (unsigned long)rate->connections, rate->limit);
}

static int
bench_mail(struct bench *b)
{
	struct mail_rate rsa, rate;

	mail_measure(b, "mail-rsa", true, MAIL_MESSAGES_RSA, &rsa);
	mail_measure(b, "mail-ed25519", false, MAIL_MESSAGES, &rate);
	return verdict("mail", rate.sent, "messages/s", rate.limit, "handing over alone", MAIL_RATE, 0, true);
}

/* --- the page with a person's choices --------------------------------------------------------- */

#define PAGES 500
#define PAGE_TARGET 5000
#define PAGE_BYTES_MAX (15 * 1024)

static void
links_request(void *ctx, uint64_t n, struct buf *out)
{
	OWNED(buf_release) struct buf path = { .max = 128 };
	struct bench *b = ctx;

	buf_put(&path, S("/v1/subjects/"));
	buf_uid(&path, b->person[n]);
	buf_put(&path, S("/mail-links"));
	put_request(b, out, S("POST"), buf_str(&path), S("application/json"), S(""), S("{\"purpose\":\"b_news\"}"));
}

static void
links_answer(void *ctx, uint64_t n, int status, str body)
{
	struct bench *b = ctx;
	str path;
	size_t at;

	if (status != 200 || !str_find(body, S("/p/"), &at))
		die("no link was made");
	body = str_from(body, at);
	if (!eat_until(&body, '"', &path))
		die("no link was made");
	b->page[b->page_count++] = arena_str(&b->job.arena, path);
}

static void
page_request(void *ctx, uint64_t n, struct buf *out)
{
	struct bench *b = ctx;

	buf_put(out, S("GET "));
	buf_put(out, b->page[n * 7919 % b->page_count]);
	buf_put(out, S(" HTTP/1.1\r\nHost: localhost\r\nAccept-Language: sv\r\n\r\n"));
}

/* The page and its style sheet, with 1 KiB for the headers of both. */
static uint64_t
page_size(struct bench *b)
{
	OWNED(buf_release) struct buf request = { .max = 4096 }, page = { .max = 1 << 20 }, sheet = { .max = 1 << 20 };
	str rest, path;
	size_t at;

	page_request(b, 0, &request);
	if (load_once(b->public_port, buf_str(&request), &page) != 200 || !str_find(buf_str(&page), S("/assets/style"), &at))
		die("the page is not as it should be");
	rest = str_from(buf_str(&page), at);
	if (!eat_until(&rest, '"', &path))
		die("the page is not as it should be");
	buf_clear(&request);
	buf_put(&request, S("GET "));
	buf_put(&request, path);
	buf_put(&request, S(" HTTP/1.1\r\nHost: localhost\r\n\r\n"));
	if (load_once(b->public_port, buf_str(&request), &sheet) != 200)
		die("the style sheet is not there");
	return page.len + sheet.len + 1024;
}

static int
bench_page(struct bench *b)
{
	str pages[PAGES];
	struct load make = { .port = b->port, .connections = 1, .seconds = 60, .requests = PAGES,
		             .request = links_request, .answer = links_answer, .ctx = b };
	struct load load = { .port = b->public_port, .connections = CONNECTIONS, .seconds = b->seconds,
		             .request = page_request, .answer = all_ok, .ctx = b };
	struct load_result made, result;
	double before, after, limit;
	uint64_t size;

	b->page = pages;
	people_make(b, PAGES);
	call(b, S("PUT"), S("/v1/settings/public_origin"), S("{\"value\":\"https://val.example.com\"}"));
	load_run(&make, &made);
	size = page_size(b);
	before = limit_entries(b->dir, CONNECTIONS, LIMIT_SECONDS);
	load_measured(b, "page", &load, &result);
	load_print("page", &result);
	after = limit_entries(b->dir, CONNECTIONS, LIMIT_SECONDS);
	limit = (before + after) / 2;
	printf("limit: bare SQLite, one entry a page, groups of %d: %.0f /s\n", CONNECTIONS, limit);
	printf("a visit takes %lu octets, target at most %d\n", (unsigned long)size, PAGE_BYTES_MAX);
	return verdict("page", (double)result.answers / result.seconds, "pages/s", limit, "bare SQLite entries in groups of 64",
	               PAGE_TARGET, 0, size <= PAGE_BYTES_MAX && !result.not_ok);
}

/* --- main ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct bench *b);
} benches[] = {
	{ "decisions", bench_decisions }, { "create", bench_create }, { "read", bench_read },
	{ "batch", bench_batch }, { "import", bench_import }, { "access", bench_access }, { "erase", bench_erase },
	{ "sweep", bench_sweep }, { "audit", bench_audit }, { "mail", bench_mail }, { "page", bench_page },
};

int
main(int argc, char **argv)
{
	struct bench b = { .seconds = 8 };
	const char *seconds = getenv("BENCH_SECONDS");
	uint64_t number;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 4)
		die("usage: valv-bench NAME VALV DIR");
	if (seconds && str_u64(str_from_c(seconds), &number) && number)
		b.seconds = (double)number;
	b.valv = argv[2];
	b.dir = argv[3];
	b.data = path_of(&b, "data");
	for (size_t i = 0; i < COUNT(benches); i++) {
		int status;
		if (!str_eq(str_from_c(benches[i].name), str_from_c(argv[1])))
			continue;
		server_begin(&b);
		key_make(&b);
		vault_prepare(&b);
		status = benches[i].run(&b);
		server_end(&b);
		free(b.person);
		job_release(&b.job);
		return status;
	}
	die("there is no benchmark of that name");
}
