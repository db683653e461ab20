/* benchmarks/mail.c -- contract: mail.h.  The server that takes the messages is a process of its own, and does no more
 * than the protocol asks. */
#include "benchmarks/mail.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "mail/compose.h"
#include "mail/start.h"
#include "message/send.h"
#include "message/setup.h"
#include "os/clock.h"

#define TOGETHER 250
#define CONNECTIONS LIMIT_MAIL_CONNECTIONS
#define DOMAINS 50

/* --- the server -------------------------------------------------------------------------------- */

static bool
say(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* What came, from its beginning: commands of whole lines, or a message up to its dot.  False: goodbye. */
static bool
heard(int fd, bool *data, char *in, size_t *len)
{
	while (*len) {
		char *end = *data ? memmem(in, *len, "\r\n.\r\n", 5) : memchr(in, '\n', *len);
		size_t used;
		bool good = true;
		if (!end)
			return true;
		used = (size_t)(end - in) + (*data ? 5 : 1);
		if (*data)
			good = say(fd, "250 2.0.0 taken\r\n");
		else if (strncasecmp(in, "EHLO", 4) == 0)
			good = say(fd, "250-sink\r\n250 PIPELINING\r\n");
		else if (strncasecmp(in, "DATA", 4) == 0)
			good = say(fd, "354 go\r\n");
		else
			good = say(fd, "250 2.0.0 ok\r\n");
		*data = !*data && strncasecmp(in, "DATA", 4) == 0;
		if (!good || strncasecmp(in, "QUIT", 4) == 0)
			return false;
		memmove(in, in + used, *len - used);
		*len -= used;
	}
	return true;
}

static void *
talk(void *arg)
{
	int fd = (int)(intptr_t)arg, on = 1;
	static _Thread_local char in[1 << 20];
	size_t len = 0;
	bool data = false;
	ssize_t got;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (say(fd, "220 sink\r\n"))
		while (len < sizeof(in) && (got = recv(fd, in + len, sizeof(in) - len, 0)) > 0) {
			len += (size_t)got;
			if (!heard(fd, &data, in, &len))
				break;
		}
	close(fd);
	return NULL;
}

static pid_t
sink_start(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(at);
	pid_t pid;

	must(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 64) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	*ret_port = ntohs(at.sin_port);
	pid = fork();
	must(pid >= 0);
	if (pid) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int one = accept(fd, NULL, NULL);
		pthread_t thread;
		if (one >= 0 && pthread_create(&thread, NULL, talk, (void *)(intptr_t)one) == 0)
			pthread_detach(thread);
	}
}

/* --- the limit --------------------------------------------------------------------------------- */

struct handing {
	struct vault *vault;
	struct db *db;
	str message;
	double seconds;
	uint64_t count;
	enum err err;
	pthread_t thread;
};

static double
seconds_now(void)
{
	return (double)os_monotonic_us() / 1e6;
}

static enum err
hand_over(struct job *job, struct handing *handing)
{
	OWNED(smtp_close) struct smtp *smtp = NULL;
	double until = seconds_now() + handing->seconds;
	struct smtp_result result;
	struct setup setup;

	TRY(setup_get(job, handing->vault, &setup));
	TRY(setup_smtp(job, handing->vault, &setup, NULL, &smtp));
	while (seconds_now() < until) {
		TRY(smtp_send(job, smtp, S("bounce+00@example.com"), S("anna@example.org"), handing->message, &result));
		if (result.end != SMTP_ACCEPTED)
			return fail(job, ERR_IO, "the sink does not take it");
		handing->count++;
	}
	return OK;
}

static void *
hand_main(void *arg)
{
	OWNED(job_release) struct job job = { .now = os_now(), .actor = { .kind = ACTOR_SYSTEM } };
	struct handing *handing = arg;

	job.db = handing->db;
	handing->err = hand_over(&job, handing);
	return NULL;
}

static enum err
limit_measure(struct job *job, struct vault *vault, str message, double seconds, double *ret)
{
	struct handing handing[CONNECTIONS] = { 0 };
	uint64_t count = 0;
	enum err err = OK;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		handing[i] = (struct handing){ .vault = vault, .message = message, .seconds = seconds };
		TRY(store_reader(job, vault->store, &handing[i].db));
		must(pthread_create(&handing[i].thread, NULL, hand_main, &handing[i]) == 0);
	}
	for (size_t i = 0; i < CONNECTIONS; i++) {
		pthread_join(handing[i].thread, NULL);
		reader_end(&handing[i].db);
		count += handing[i].count;
		err = err ? err : handing[i].err;
	}
	*ret = (double)count / seconds;
	return err;
}

/* As large as those of the queue. */
static enum err
message_ready(struct job *job, struct buf *out)
{
	OWNED(buf_release) struct buf text = { .max = 8192 };

	for (int i = 0; i < 40; i++)
		buf_put(&text, S("En rad av ungefär samma längd som de som går.\n"));
	return compose(job,
	               &(struct mail){ .from = { S("Exempel AB"), S("hej@example.com") }, .to = { S(""), S("anna@example.org") },
	                               .subject = S("Bekräfta dina val"), .text = buf_str(&text), .html = buf_str(&text),
	                               .date = job->now, .id = str_bytes(S("0123456789abcdef")), .id_domain = S("example.com"),
	                               .language = S("sv") },
	               out);
}

/* --- the queue --------------------------------------------------------------------------------- */

struct some {
	struct message_plan plan[TOGETHER];
	size_t count;
};

static enum err
write_some(struct job *job, struct db *db, void *arg)
{
	struct some *some = arg;

	for (size_t i = 0; i < some->count; i++)
		TRY(message_steps(job, db, &some->plan[i]));
	return OK;
}

static enum err
plan_one(struct job *job, struct vault *vault, uint64_t number, struct message_plan *ret)
{
	static const str purposes[] = { S("Nyhetsbrev, med e-post"), S("Erbjudanden, med e-post") };
	static const struct message_value values[] = {
		{ .name = S("url"), .text = S("https://example.com/c/AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLLMMMM") },
		{ .name = S("purposes"), .item = purposes, .item_count = 2 },
	};
	char address[64];

	snprintf(address, sizeof(address), "p%llu@d%llu.example.org", (unsigned long long)number,
	         (unsigned long long)(number % DOMAINS));
	return message_plan(job, vault,
	                    &(struct message_new){ .kind = MESSAGE_CONFIRM, .language = S("sv"), .address = str_from_c(address),
	                                           .value = values, .value_count = COUNT(values) },
	                    ret);
}

static enum err
queue_fill(struct vault *vault, uint64_t count)
{
	OWNED(job_release) struct job job = { .now = os_now(), .actor = { .kind = ACTOR_SYSTEM } };
	struct some some;

	for (uint64_t done = 0; done < count; done += some.count) {
		for (some.count = 0; some.count < TOGETHER && done + some.count < count; some.count++)
			TRY(plan_one(&job, vault, done + some.count, &some.plan[some.count]));
		TRY(store_write(&job, vault->store, WRITE_ORDINARY, write_some, &some));
		arena_reset(&job.arena);
	}
	return OK;
}

/* --- sending ----------------------------------------------------------------------------------- */

struct sending {
	struct vault *vault;
	struct post *post;
	unsigned index;
	struct db *db;
	enum err err;
	pthread_t thread;
};

static const _Atomic bool never = false;

/* Until the queue is empty. */
static void *
send_main(void *arg)
{
	OWNED(job_release) struct job job = { .actor = { .kind = ACTOR_SYSTEM } };
	OWNED(sender_free) struct sender *sender = NULL;
	struct sending *sending = arg;
	bool worked = true;

	sender = sender_new(sending->post, sending->index, &never);
	while (worked && !sending->err) {
		job.now = os_now();
		job.db = sending->db;
		sending->err = sender_next(&job, sending->vault, sender, &worked);
		arena_reset(&job.arena);
	}
	return NULL;
}

static enum err
send_all(struct job *job, struct vault *vault, double *ret_seconds, double *ret_cpu)
{
	struct sending sending[CONNECTIONS] = { 0 };
	OWNED(post_free) struct post *post = post_new();
	struct rusage before, after;
	double began = seconds_now();
	enum err err = OK;

	getrusage(RUSAGE_SELF, &before);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		sending[i] = (struct sending){ .vault = vault, .post = post, .index = i };
		TRY(store_reader(job, vault->store, &sending[i].db));
		must(pthread_create(&sending[i].thread, NULL, send_main, &sending[i]) == 0);
	}
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		pthread_join(sending[i].thread, NULL);
		reader_end(&sending[i].db);
		err = err ? err : sending[i].err;
	}
	getrusage(RUSAGE_SELF, &after);
	*ret_seconds = seconds_now() - began;
	*ret_cpu = (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec) +
	           (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec - before.ru_stime.tv_usec) / 1e6;
	return err;
}

static enum err
all_sent(struct job *job, uint64_t messages)
{
	struct message_counts counts;

	TRY(message_count(job, &counts));
	if (counts.waiting || counts.sending || counts.unknown || counts.failed)
		return fail(job, ERR_INTERNAL, "not all of them were sent");
	return messages ? OK : fail(job, ERR_INTERNAL, "there were none");
}

/* --- all --------------------------------------------------------------------------------------- */

static enum err
setup_make(struct job *job, struct vault *vault, uint16_t port, bool rsa)
{
	struct setup setup;

	TRY(setup_get(job, vault, &setup));
	setup.host = S("127.0.0.1");
	setup.port = port;
	setup.tls = WIRE_TLS_NONE;
	setup.from = S("hej@example.com");
	setup.connections = CONNECTIONS;
	setup.domain_connections = CONNECTIONS;
	setup.domain_rate = LIMIT_MAIL_DOMAIN_RATE;
	TRY(setup_put(job, vault, &setup, NULL));
	return setup_key_make(job, vault, rsa ? DKIM_RSA : DKIM_ED25519, S("v"));
}

static enum err
measure(struct job *job, struct vault *vault, bool rsa, uint16_t port, double limit_seconds, struct mail_rate *ret)
{
	OWNED(buf_release) struct buf ready = { .max = MAIL_MESSAGE_BYTES_MAX };
	double seconds, cpu, before, after;

	TRY(setup_make(job, vault, port, rsa));
	TRY(message_ready(job, &ready));
	TRY(queue_fill(vault, ret->messages));
	TRY(limit_measure(job, vault, buf_str(&ready), limit_seconds, &before));
	TRY(send_all(job, vault, &seconds, &cpu));
	TRY(limit_measure(job, vault, buf_str(&ready), limit_seconds, &after));
	TRY(all_sent(job, ret->messages));
	ret->sent = (double)ret->messages / seconds;
	ret->cpu_us = cpu * 1e6 / (double)ret->messages;
	ret->limit = (before + after) / 2;
	return OK;
}

enum err
mail_rate_measure(struct job *job, const char *dir, bool rsa, uint64_t messages, double limit_seconds,
                  struct mail_rate *ret)
{
	OWNED(vault_close) struct vault *vault = NULL;
	struct db *db = NULL;
	uint16_t port;
	pid_t sink;
	enum err err;

	*ret = (struct mail_rate){ .messages = messages, .connections = CONNECTIONS };
	sink = sink_start(&port);
	mail_start();
	err = vault_create(job, dir, ROOT_KEY_FILE);
	if (!err)
		err = vault_open(job, dir, &vault);
	if (!err)
		err = store_reader(job, vault->store, &db);
	if (!err) {
		job->db = db;
		err = measure(job, vault, rsa, port, limit_seconds, ret);
	}
	reader_end(&db);
	kill(sink, SIGKILL);
	waitpid(sink, NULL, 0);
	return err;
}
