#include "toy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"

/* --- server ---------------------------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static unsigned blocked, opened; /* how often the gate was opened */

static void
wait_at_gate(void)
{
	unsigned seen;

	pthread_mutex_lock(&gate);
	seen = opened;
	blocked++;
	pthread_cond_broadcast(&gate_moved);
	while (seen == opened)
		pthread_cond_wait(&gate_moved, &gate);
	blocked--;
	pthread_mutex_unlock(&gate);
}

void
toy_release(void)
{
	pthread_mutex_lock(&gate);
	opened++;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate);
}

unsigned
toy_blocked(void)
{
	unsigned count;

	pthread_mutex_lock(&gate);
	count = blocked;
	pthread_mutex_unlock(&gate);
	return count;
}

void
toy_await_blocked(unsigned count)
{
	pthread_mutex_lock(&gate);
	while (blocked < count)
		pthread_cond_wait(&gate_moved, &gate);
	pthread_mutex_unlock(&gate);
}

static bool
is_vital(void *ctx, enum method method, str path)
{
	(void)ctx, (void)method;
	return str_starts(path, S("/vital"));
}

static void
handle(void *worker, struct job *job, const struct request *request, struct response *response)
{
	uint64_t sum = 0;

	must(worker && job->now > 1 && !job->failure.err && !job->actor.kind && !job->arena.used_total);
	job->actor.kind = ACTOR_KEY; /* the next request's job must know nothing of this */
	must(fail(job, ERR_ABSENT, "toy") == ERR_ABSENT);
	if (str_eq(request->path, S("/block")) || str_eq(request->path, S("/vital/block")))
		wait_at_gate();
	for (size_t i = 0; i < request->body.len; i++)
		sum += request->body.ptr[i];
	response->content_type = S("text/plain");
	if (str_eq(request->path, S("/empty")))
		response->status = 204;
	if (str_eq(request->path, S("/status")))
		response->status = 7;
	if (str_eq(request->path, S("/header")))
		response_header(response, S("X-Bad"), S("a\r\nX-Injected: b"));
	else if (request->path.len < 100)
		response_header(response, S("X-Path"), arena_str(&job->arena, request->path));
	if (str_eq(request->path, S("/echo")))
		buf_data(&response->body, request->body);
	if (str_eq(request->path, S("/big")))
		for (int i = 0; i < 1000000; i++)
			buf_put(&response->body, S("0123456789abcdef"));
	buf_put(&response->body, request->method_name);
	buf_char(&response->body, ' ');
	buf_put(&response->body, request->path);
	buf_char(&response->body, ' ');
	buf_put(&response->body, request->query);
	buf_char(&response->body, ' ');
	buf_udec(&response->body, request->body.len);
	buf_char(&response->body, ' ');
	buf_udec(&response->body, sum);
	buf_put(&response->body, request->local ? S(" local ") : S(" tcp "));
	buf_udec(&response->body, request->peer_uid);
	buf_char(&response->body, '\n');
}

static void
refuse(void *ctx, enum err err, const char *why, struct response *response)
{
	(void)ctx;
	response->status = err_info(err)->status;
	response->content_type = S("text/plain");
	buf_put(&response->body, S("refused: "));
	buf_put(&response->body, str_from_c(why));
}

static size_t
body_limit(void *ctx, enum method method, str path)
{
	(void)ctx, (void)method;
	return str_eq(path, S("/small")) ? 10 : LIMIT_BODY_BYTES;
}

static void *
worker_begin(void *ctx, unsigned no)
{
	(void)ctx, (void)no;
	return malloc(1); /* freed by worker_end, or the leak is seen */
}

static void
worker_end(void *ctx, void *worker)
{
	(void)ctx;
	free(worker);
}

enum err
toy_try(struct job *job, struct server_config config, struct server **ret)
{
	config.body_limit = body_limit;
	config.reserved = is_vital;
	config.worker_begin = worker_begin;
	config.worker_end = worker_end;
	config.handle = handle;
	config.refuse = refuse;
	return server_start(job, &config, ret);
}

struct server *
toy_start_with(struct server_config config)
{
	OWNED(job_release) struct job job = { 0 };
	struct server *server = NULL;

	assert_int_equal(toy_try(&job, config, &server), OK);
	return server;
}

struct server *
toy_start(unsigned workers, unsigned workers_reserved, const char *socket_path)
{
	return toy_start_with((struct server_config){
		.address = "127.0.0.1",
		.socket_path = socket_path,
		.io_threads = 2,
		.workers = workers,
		.workers_reserved = workers_reserved,
		.grace_seconds = 2,
	});
}

/* --- client ---------------------------------------------------------------------------------- */

static void
talk_begin(struct talk *talk, int family, const void *address, socklen_t len)
{
	struct timeval patience = { .tv_sec = 5 };
	int on = 1;

	talk->have = 0;
	talk->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(talk->fd >= 0);
	setsockopt(talk->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(talk->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	assert_int_equal(connect(talk->fd, address, len), 0);
}

void
talk_to(struct talk *talk, const struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(server_port(server)),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	talk_begin(talk, AF_INET, &address, sizeof(address));
}

void
talk_to_path(struct talk *talk, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path));
	talk_begin(talk, AF_UNIX, &address, sizeof(address));
}

void
talk_end(struct talk *talk)
{
	if (talk->fd >= 0)
		close(talk->fd);
	talk->fd = -1;
}

void
talk_say(struct talk *talk, const char *octets, size_t len)
{
	while (len) {
		ssize_t sent = send(talk->fd, octets, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return; /* closed already: the answer tells why */
		octets += sent;
		len -= (size_t)sent;
	}
}

void
talk_say_slowly(struct talk *talk, const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct pollfd heard = { .fd = talk->fd, .events = POLLIN };

		if (poll(&heard, 1, 0) == 1)
			return;
		talk_say(talk, octets + i, 1);
		usleep(20);
	}
}

static bool
fill(struct talk *talk)
{
	ssize_t got;

	assert_true(talk->have < sizeof(talk->octet) - 1);
	do
		got = recv(talk->fd, talk->octet + talk->have, sizeof(talk->octet) - 1 - talk->have, 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	talk->have += (size_t)got;
	return true;
}

static void
use(struct talk *talk, size_t len)
{
	memmove(talk->octet, talk->octet + len, talk->have - len);
	talk->have -= len;
}

static bool
hear_head(struct talk *talk, struct reply *ret)
{
	const char *end;

	for (;;) {
		talk->octet[talk->have] = '\0';
		end = strstr(talk->octet, "\r\n\r\n");
		if (end)
			break;
		if (!fill(talk))
			return false;
	}
	end += 4;
	assert_true((size_t)(end - talk->octet) < sizeof(ret->head));
	memcpy(ret->head, talk->octet, (size_t)(end - talk->octet));
	ret->head[end - talk->octet] = '\0';
	use(talk, (size_t)(end - talk->octet));
	return sscanf(ret->head, "HTTP/1.1 %d", &ret->status) == 1;
}

static bool
hear_body(struct talk *talk, size_t len, struct reply *ret)
{
	ret->body_len = 0;
	while (ret->body_len < len) {
		size_t part = len - ret->body_len < talk->have ? len - ret->body_len : talk->have;

		for (size_t i = 0; i < part && ret->body_len + i < sizeof(ret->body) - 1; i++)
			ret->body[ret->body_len + i] = talk->octet[i];
		ret->body_len += part;
		use(talk, part);
		if (ret->body_len < len && !fill(talk))
			return false;
	}
	ret->body[len < sizeof(ret->body) - 1 ? len : sizeof(ret->body) - 1] = '\0';
	return true;
}

bool
talk_hear(struct talk *talk, bool head_only, struct reply *ret)
{
	const char *length;
	size_t len = 0;

	*ret = (struct reply){ 0 };
	if (!hear_head(talk, ret))
		return false;
	length = strcasestr(ret->head, "\r\nContent-Length: ");
	if (length)
		sscanf(length + 18, "%zu", &len);
	return hear_body(talk, head_only || ret->status < 200 ? 0 : len, ret);
}

bool
talk_ended(struct talk *talk)
{
	ssize_t got;

	if (talk->have)
		return false;
	got = recv(talk->fd, talk->octet, 1, 0);
	return got == 0 || (got < 0 && errno == ECONNRESET);
}
