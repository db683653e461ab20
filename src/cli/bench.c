/* cli/bench.c -- `valv bench`: decisions by id against the running server, for a while.
 *
 * Each connection has a thread that asks one question after the other, as a program with so many
 * workers would.  What it prints is what such a program sees, the cost of this client included;
 * ./bench in the sources measures the server alone against named limits. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "cli/client.h"
#include "cli/lines.h"
#include "cli/say.h"
#include "cli/words.h"
#include "os/clock.h"
#include "vault/demo.h"

#define SECONDS_DEFAULT 5
#define CONNECTIONS_DEFAULT 16
#define CONNECTIONS_MAX 256
#define IDS_BYTES_MAX (4 * 1024 * 1024)
#define IDS_MAX 100000

/* Times in buckets: of a microsecond up to FINE, of a millisecond beyond. */
#define FINE 20000
#define COARSE 60000

static const struct option options[] = {
	{ "seconds", "N", "How long; 5 unless said." },
	{ "connections", "N", "How many at once, at most 256; 16 unless said." },
	{ "subjects", "FILE",
	  "Ids of persons, one on each line, asked in turn; the demo's unless said. - reads "
	  "standard input." },
	{ "purpose", "PURPOSE", "For what; newsletter unless said." },
	{ "channel", "CHANNEL", "How; email unless said.", CHANNEL_WORDS },
};

struct bench {
	str *question;
	size_t question_count;
	int64_t end_us;
	_Atomic uint64_t answered, refused;
	_Atomic uint64_t time[FINE + COARSE];
};

struct connection {
	struct bench *bench;
	struct client *client;
	size_t first; /* question that it begins with */
	pthread_t thread;
	bool lost;
};

/* --- questions -------------------------------------------------------------------------------- */

static str
question_of(struct job *job, const struct args *args, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 1024 };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_pair_uid(&out, S("subject"), id);
	json_pair_str(&out, S("purpose"),
	              arg_given(args, "purpose") ? arg_str(args, "purpose") : S("newsletter"));
	json_pair_str(&out, S("channel"),
	              arg_given(args, "channel") ? arg_str(args, "channel") : S("email"));
	json_close(&out, '}');
	must(buf_ok(&text));
	return arena_str(&job->arena, buf_str(&text));
}

static void
questions_of_demo(struct job *job, const struct args *args, struct bench *bench)
{
	bench->question = arena_array(&job->arena, DEMO_NAMED, sizeof(*bench->question));
	for (int i = 0; i < DEMO_NAMED; i++)
		bench->question[bench->question_count++] =
			question_of(job, args, demo_id((enum demo_person)(i + 1)));
}

static enum err
questions_of_file(struct job *job, struct cli *cli, const struct args *args, struct bench *bench)
{
	OWNED(lines_close) struct lines *lines = NULL;
	str rest, line;
	uid id;

	TRY(lines_open(cli, arg_c(args, "subjects"), &lines));
	TRY(lines_next(cli, lines, IDS_BYTES_MAX, IDS_MAX, &rest));
	bench->question = arena_array(&job->arena, IDS_MAX, sizeof(*bench->question));
	while (rest.len) {
		if (!eat_until(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		if (!str_trim(line).len)
			continue;
		if (!uid_parse(str_trim(line), &id))
			return complain(cli, EXIT_USAGE, "bench: line %zu is no id",
			                bench->question_count + 1);
		bench->question[bench->question_count++] = question_of(job, args, id);
	}
	return bench->question_count
	               ? OK
	               : complain(cli, EXIT_USAGE, "bench: there is no id in the file");
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
count_time(struct bench *bench, int64_t us)
{
	size_t bucket = us < FINE ? (size_t)us : FINE + (size_t)(us / 1000);

	if (bucket >= FINE + COARSE)
		bucket = FINE + COARSE - 1;
	atomic_fetch_add_explicit(&bench->time[bucket], 1, memory_order_relaxed);
}

static void *
connection_main(void *arg)
{
	OWNED(job_release) struct job job = { 0 };
	struct connection *connection = arg;
	struct bench *bench = connection->bench;
	struct ask ask = { .method = "POST", .path = "/v1/decisions" };
	struct answer answer;
	size_t next = connection->first;
	int64_t began;

	while ((began = os_monotonic_us()) < bench->end_us) {
		ask.body = bench->question[next++ % bench->question_count];
		if (client_try(&job, connection->client, &ask, &answer)) {
			connection->lost = true;
			break;
		}
		count_time(bench, os_monotonic_us() - began);
		atomic_fetch_add_explicit(answer.status == 200 ? &bench->answered : &bench->refused,
		                          1, memory_order_relaxed);
	}
	return NULL;
}

/* One question first: what is refused now would be refused each time. */
static enum err
ask_once(struct job *job, struct bench *bench, struct client *client)
{
	struct ask ask = { .method = "POST", .path = "/v1/decisions", .body = bench->question[0] };
	struct answer answer;

	return client_call(job, client, &ask, &answer);
}

static enum err
load(struct job *job, struct bench *bench, struct connection *connection, size_t count,
     uint64_t seconds)
{
	TRY(ask_once(job, bench, connection[0].client));
	bench->end_us = os_monotonic_us() + (int64_t)seconds * 1000000;
	for (size_t i = 0; i < count; i++)
		must(pthread_create(&connection[i].thread, NULL, connection_main, &connection[i]) ==
		     0);
	for (size_t i = 0; i < count; i++)
		pthread_join(connection[i].thread, NULL);
	for (size_t i = 0; i < count; i++)
		if (connection[i].lost)
			return ERR_IO; /* complained */
	return OK;
}

/* --- what came of it -------------------------------------------------------------------------- */

static uint64_t
percentile_us(struct bench *bench, uint64_t percent)
{
	uint64_t all = bench->answered + bench->refused, below = 0;

	for (size_t i = 0; i < FINE + COARSE; i++) {
		below += bench->time[i];
		if (below * 100 >= all * percent)
			return i < FINE ? i : (i - FINE) * 1000;
	}
	return 0;
}

static void
report(const struct cli *cli, struct bench *bench, size_t connections, uint64_t seconds)
{
	unsigned long long answered = bench->answered, refused = bench->refused;
	unsigned long long p50 = percentile_us(bench, 50), p99 = percentile_us(bench, 99);
	double rate = (double)answered / (double)seconds;

	if (cli->json) {
		printf("{\"answered\":%llu,\"refused\":%llu,\"seconds\":%llu,", answered, refused,
		       (unsigned long long)seconds);
		printf("\"connections\":%zu,\"per_second\":%.0f,\"p50_us\":%llu,\"p99_us\":%llu}\n",
		       connections, rate, p50, p99);
		return;
	}
	printf("Decisions by id, each recorded before it was answered: %zu connections, %llu s\n",
	       connections, (unsigned long long)seconds);
	printf("  rate     %.0f a second\n"
	       "  p50      %.2f ms\n"
	       "  p99      %.2f ms\n"
	       "  refused  %llu\n",
	       rate, (double)p50 / 1000, (double)p99 / 1000, refused);
}

static void
connections_close(struct connection **list)
{
	for (size_t i = 0; *list && i < CONNECTIONS_MAX; i++)
		client_close(&(*list)[i].client);
	free(*list);
}

static void
bench_free(struct bench **bench)
{
	free(*bench);
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(connections_close)
	struct connection *connection = calloc(CONNECTIONS_MAX, sizeof(*connection));
	OWNED(bench_free) struct bench *bench = calloc(1, sizeof(*bench));
	uint64_t seconds = SECONDS_DEFAULT, count = CONNECTIONS_DEFAULT;

	must(connection && bench);
	TRY(arg_number(cli, args, "seconds", 3600, &seconds));
	TRY(arg_number(cli, args, "connections", CONNECTIONS_MAX, &count));
	if (arg_given(args, "subjects"))
		TRY(questions_of_file(job, cli, args, bench));
	else
		questions_of_demo(job, args, bench);
	for (size_t i = 0; i < count; i++) {
		connection[i].bench = bench;
		connection[i].first = i;
		TRY(client_open(job, cli, args, &connection[i].client));
	}
	TRY(load(job, bench, connection, count, seconds));
	report(cli, bench, count, seconds);
	return OK;
}

const struct command command_bench = {
	.about = "Asks for decisions by id over so many connections at once and prints the rate, "
	         "and the time that half and 99 of 100 answers took at most. Each decision is a "
	         "real one and leaves its audit entry.",
	.examples = "valv bench\n"
	            "valv bench --seconds 10 --connections 64 --subjects ids.txt",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
