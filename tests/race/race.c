/* race -- withdraws consents while others use them, and writes down when each call began and ended.
 *
 *   race PORT KEY LANES WINDOW_US SEED < ids
 *
 * Each line of the input is a person who has given consent; each is one round of one lane: one client
 * withdraws at a random moment of the window, the others ask, read, ask in batches and export from random
 * moments on, one call after another, and each begins one more as soon as the withdrawal is answered.
 * Connections are kept; nothing is sent twice.
 *
 * Prints a line a call:  round kind sent_ns received_ns status allowed entry     (test_race.py judges)
 * sent: the clock just before the first octet is given to the kernel; received: after the last came. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"
#include "base/str.h"

#define LANES_MAX 16
#define CALLS_MAX 4096 /* of one client in one round */
#define ANSWER_MAX ((size_t)256 * 1024)

enum kind { KIND_WITHDRAW, KIND_DECIDE, KIND_READ, KIND_BATCH, KIND_EXPORT, KIND_COUNT };
static const char *const kind_word[KIND_COUNT] = { "withdraw", "decide", "read", "batch", "export" };

struct call {
	int64_t sent, received;
	int status;
	bool allowed;
	int64_t entry;
};

struct client {
	pthread_t thread;
	struct lane *lane;
	enum kind kind;
	uint64_t random;
	int fd;
	char answer[ANSWER_MAX];
	struct call call[CALLS_MAX];
	size_t count;
};

struct lane {
	unsigned number;
	pthread_barrier_t begin, end;
	const char *id;        /* of this round; NULL: no more */
	_Atomic bool answered; /* the withdrawal */
	struct client client[KIND_COUNT];
};

static struct {
	uint16_t port;
	const char *key;
	unsigned lanes;
	uint64_t window_us, seed;
	char (*id)[37];
	size_t id_count;
	pthread_mutex_t print;
} race;

static int64_t
now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void
sleep_some(struct client *client)
{
	uint64_t ns = random_next(&client->random) % (race.window_us * 1000 + 1);

	nanosleep(&(struct timespec){ .tv_nsec = (long)ns }, NULL);
}

/* --- HTTP -------------------------------------------------------------------------------------- */

static void
client_connect(struct client *client)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(race.port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(client->fd >= 0 && connect(client->fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
is_whole(const char *answer, size_t len)
{
	const char *end = memmem(answer, len, "\r\n\r\n", 4), *field;
	size_t head;
	uint64_t body = 0;

	if (!end)
		return false;
	head = (size_t)(end + 4 - answer);
	field = memmem(answer, head, "Content-Length: ", 16);
	if (!field) /* in chunks */
		return memmem(answer, head, " 204 ", 5) || (len >= 5 && memcmp(answer + len - 5, "0\r\n\r\n", 5) == 0);
	for (field += 16; *field >= '0' && *field <= '9'; field++)
		body = body * 10 + (uint64_t)(*field - '0');
	return len >= head + body;
}

static size_t
answer_read(struct client *client)
{
	size_t len = 0;

	while (!is_whole(client->answer, len)) {
		ssize_t got = recv(client->fd, client->answer + len, ANSWER_MAX - 1 - len, 0);
		must(got > 0);
		len += (size_t)got;
	}
	client->answer[len] = 0;
	return len;
}

__attribute__((format(printf, 4, 5))) static struct call *
ask(struct client *client, const char *method, const char *type, const char *body, ...)
{
	struct call *call = &client->call[client->count++];
	char path[256], text[2048];
	va_list rest;
	int len;

	must(client->count <= CALLS_MAX);
	va_start(rest, body);
	vsnprintf(path, sizeof(path), body, rest);
	va_end(rest);
	/* `path` is "PATH BODY": one format for both. */
	char *split = strchr(path, ' ');
	const char *content = split ? split + 1 : "";
	if (split)
		*split = 0;
	len = snprintf(text, sizeof(text),
	               "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s%s%s"
	               "Valv-Purpose: letters\r\nContent-Length: %zu\r\n\r\n%s",
	               method, path, race.key, *type ? "Content-Type: " : "", type, *type ? "\r\n" : "", strlen(content),
	               content);
	must(len > 0 && len < (int)sizeof(text));
	call->sent = now_ns();
	must(send(client->fd, text, (size_t)len, MSG_NOSIGNAL) == len);
	len = (int)answer_read(client);
	call->received = now_ns();
	must(len > 12);
	call->status = (client->answer[9] - '0') * 100 + (client->answer[10] - '0') * 10 + client->answer[11] - '0';
	call->allowed = strstr(client->answer, "\"allowed\":true") != NULL;
	call->entry = 0;
	const char *entry = strstr(client->answer, "\"entry\":");
	for (entry = entry ? entry + 8 : ""; *entry >= '0' && *entry <= '9'; entry++)
		call->entry = call->entry * 10 + (*entry - '0');
	if (strstr(client->answer, "Connection: close")) {
		close(client->fd);
		client_connect(client);
	}
	return call;
}

static void
use(struct client *client)
{
	const char *id = client->lane->id;
	struct call *call;

	switch (client->kind) {
	case KIND_WITHDRAW:
		ask(client, "POST", "application/json", "/v1/subjects/%s/withdrawals {\"purpose\":\"letters\"}", id);
		break;
	case KIND_DECIDE:
		ask(client, "POST", "application/json",
		    "/v1/decisions {\"subject\":\"%s\",\"purpose\":\"letters\",\"channel\":\"email\"}", id);
		break;
	case KIND_READ:
		call = ask(client, "GET", "", "/v1/subjects/%s", id);
		call->allowed = call->status == 200;
		break;
	case KIND_BATCH:
		ask(client, "POST", "application/x-ndjson",
		    "/v1/decisions/batch {\"subject\":\"%s\",\"purpose\":\"letters\",\"channel\":\"email\"}\n", id);
		break;
	case KIND_EXPORT: /* a letter in it stands for what the consent covers */
		call = ask(client, "POST", "application/json", "/v1/subjects/%s/export {}", id);
		call->allowed = call->status == 200 && strstr(client->answer, "\"town\"");
		break;
	case KIND_COUNT:
		break;
	}
}

/* --- rounds ------------------------------------------------------------------------------------ */

static void
round_run(struct client *client)
{
	struct lane *lane = client->lane;
	bool last;

	sleep_some(client);
	if (client->kind == KIND_WITHDRAW) {
		use(client);
		atomic_store(&lane->answered, true);
		return;
	}
	do {
		last = atomic_load(&lane->answered); /* then this one begins after the answer */
		use(client);
	} while (!last);
}

static void *
client_main(void *arg)
{
	struct client *client = arg;

	client_connect(client);
	for (;;) {
		pthread_barrier_wait(&client->lane->begin);
		if (!client->lane->id)
			return NULL;
		round_run(client);
		pthread_barrier_wait(&client->lane->end);
	}
}

static void
round_print(struct lane *lane, size_t round)
{
	pthread_mutex_lock(&race.print);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		struct client *client = &lane->client[kind];
		for (size_t i = 0; i < client->count; i++) {
			const struct call *call = &client->call[i];
			printf("%zu %s %" PRId64 " %" PRId64 " %d %d %" PRId64 "\n", round, kind_word[kind], call->sent,
			       call->received, call->status, call->allowed, call->entry);
		}
		client->count = 0;
	}
	pthread_mutex_unlock(&race.print);
}

static void *
lane_main(void *arg)
{
	struct lane *lane = arg;

	for (size_t round = lane->number; round < race.id_count; round += race.lanes) {
		lane->id = race.id[round];
		atomic_store(&lane->answered, false);
		pthread_barrier_wait(&lane->begin);
		pthread_barrier_wait(&lane->end);
		round_print(lane, round);
	}
	lane->id = NULL;
	pthread_barrier_wait(&lane->begin);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		pthread_join(lane->client[kind].thread, NULL);
	return NULL;
}

static pthread_t
lane_start(unsigned number)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	pthread_t thread;

	must(lane);
	lane->number = number;
	pthread_barrier_init(&lane->begin, NULL, KIND_COUNT + 1);
	pthread_barrier_init(&lane->end, NULL, KIND_COUNT + 1);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		struct client *client = &lane->client[kind];
		client->lane = lane;
		client->kind = kind;
		client->random = race.seed ^ (uint64_t)number << 32 ^ (uint64_t)kind << 16;
		must(pthread_create(&client->thread, NULL, client_main, client) == 0);
	}
	must(pthread_create(&thread, NULL, lane_main, lane) == 0);
	return thread;
}

static uint64_t
number(const char *text)
{
	uint64_t value;

	must(str_u64(str_from_c(text), &value));
	return value;
}

static void
ids_read(void)
{
	char line[64];
	size_t cap = 0;

	while (fgets(line, sizeof(line), stdin)) {
		if (race.id_count == cap) {
			cap = cap ? cap * 2 : 1024;
			race.id = realloc(race.id, cap * sizeof(*race.id));
			must(race.id);
		}
		must(strlen(line) >= 36);
		memcpy(race.id[race.id_count], line, 36);
		race.id[race.id_count++][36] = 0;
	}
}

int
main(int count, char **word)
{
	pthread_t lane[LANES_MAX];

	must(count == 6);
	race.port = (uint16_t)number(word[1]);
	race.key = word[2];
	race.lanes = (unsigned)number(word[3]);
	race.window_us = number(word[4]);
	race.seed = number(word[5]);
	must(race.lanes && race.lanes <= LANES_MAX);
	pthread_mutex_init(&race.print, NULL);
	ids_read();
	for (unsigned i = 0; i < race.lanes; i++)
		lane[i] = lane_start(i);
	for (unsigned i = 0; i < race.lanes; i++)
		pthread_join(lane[i], NULL);
	return 0;
}
