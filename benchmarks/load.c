/* benchmarks/load.c -- see load.h. */
#include "benchmarks/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "os/clock.h"

#define BODY_MAX (64 * 1024 * 1024)

struct connection {
	int fd;
	uint64_t n;
	int64_t sent_us;
	struct buf out;
	size_t out_at;
	struct buf in;
};

struct run {
	const struct load *load;
	int epoll;
	uint64_t next;
	int64_t stop_us;
	struct connection *connection;
	uint32_t *latency_us;
	uint64_t latency_room;
	struct load_result *result;
	unsigned busy;
};

double
now_seconds(void)
{
	return (double)os_monotonic_us() / 1e6;
}

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int
dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* A whole answer at the front of `in`?  Content-Length only: that is what Valv sends. */
static bool
whole_answer(str in, int *ret_status, str *ret_body, size_t *ret_len)
{
	size_t head, at, length;
	uint64_t status, body = 0;
	str rest = in, digits;

	if (!str_find(in, S("\r\n\r\n"), &head))
		return false;
	rest = str_from(in, 9);
	if (!eat_digits(&rest, 3, &status))
		die("status line");
	rest = str_first(in, head + 2);
	if (str_find(rest, S("ontent-Length: "), &at) || str_find(rest, S("ontent-length: "), &at)) {
		rest = str_from(rest, at + 15);
		if (!eat_until(&rest, '\r', &digits) || !str_u64(digits, &body))
			die("content length");
	}
	length = head + 4 + body;
	if (in.len < length)
		return false;
	*ret_status = (int)status;
	*ret_body = (str){ in.ptr + head + 4, body };
	*ret_len = length;
	return true;
}

static void
flush(struct run *run, struct connection *c)
{
	while (c->out_at < c->out.len) {
		ssize_t put = send(c->fd, c->out.ptr + c->out_at, c->out.len - c->out_at,
		                   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (put < 0)
			die("send");
		c->out_at += (size_t)put;
	}
	struct epoll_event event = { .events = EPOLLIN | (c->out_at < c->out.len ? EPOLLOUT : 0),
		                     .data.ptr = c };
	epoll_ctl(run->epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void
start(struct run *run, struct connection *c)
{
	const struct load *load = run->load;

	if ((load->requests && run->next >= load->requests) || os_monotonic_us() >= run->stop_us) {
		run->busy--;
		c->sent_us = 0;
		return;
	}
	c->n = run->next++;
	buf_clear(&c->out);
	c->out_at = 0;
	load->request(load->ctx, c->n, &c->out);
	c->sent_us = os_monotonic_us();
	/* Almost always it fits the socket at once; epoll is asked only when it does not. */
	ssize_t put = send(c->fd, c->out.ptr, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (put < 0 && errno != EAGAIN)
		die("send");
	c->out_at = put < 0 ? 0 : (size_t)put;
	if (c->out_at < c->out.len)
		flush(run, c);
}

static void
latency_keep(struct run *run, int64_t us)
{
	struct load_result *result = run->result;

	if (result->answers == run->latency_room) {
		run->latency_room = run->latency_room ? run->latency_room * 2 : 1 << 16;
		run->latency_us = realloc(run->latency_us, run->latency_room * sizeof(*run->latency_us));
		must(run->latency_us);
	}
	run->latency_us[result->answers++] = (uint32_t)us;
}

static void
receive(struct run *run, struct connection *c)
{
	struct load_result *result = run->result;
	void *room = buf_room(&c->in, 64 * 1024);
	ssize_t got;
	size_t len;
	int status;
	str body;

	must(room);
	got = recv(c->fd, room, 64 * 1024, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		die("the server closed a connection");
	c->in.len += (size_t)got;
	if (!whole_answer(buf_str(&c->in), &status, &body, &len))
		return;
	must(len == c->in.len);
	latency_keep(run, os_monotonic_us() - c->sent_us);
	result->not_ok += status < 200 || status > 299;
	result->body_bytes += body.len;
	if (run->load->answer)
		run->load->answer(run->load->ctx, c->n, status, body);
	c->in.len = 0;
	start(run, c);
}

static int
order_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double
percentile(const struct run *run, double part)
{
	uint64_t count = run->result->answers;

	return count ? run->latency_us[(uint64_t)((double)(count - 1) * part)] / 1000.0 : 0;
}

void
load_run(const struct load *load, struct load_result *ret)
{
	struct run run = { .load = load, .result = ret, .epoll = epoll_create1(EPOLL_CLOEXEC) };
	double began = now_seconds();

	*ret = (struct load_result){ 0 };
	run.stop_us = os_monotonic_us() + (int64_t)(load->seconds * 1e6);
	run.connection = calloc(load->connections, sizeof(*run.connection));
	must(run.connection);
	run.busy = load->connections;
	for (unsigned i = 0; i < load->connections; i++) {
		struct connection *c = &run.connection[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
		c->fd = dial(load->port);
		buf_init(&c->out, BODY_MAX);
		buf_init(&c->in, BODY_MAX);
		epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event);
		start(&run, c);
	}
	while (run.busy) {
		struct epoll_event event[64];
		int count = epoll_wait(run.epoll, event, 64, 30000);
		if (count == 0)
			die("no answer for 30 seconds");
		for (int i = 0; i < count; i++) {
			struct connection *c = event[i].data.ptr;
			if (event[i].events & EPOLLOUT)
				flush(&run, c);
			if (event[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				receive(&run, c);
		}
	}
	ret->seconds = now_seconds() - began;
	qsort(run.latency_us, ret->answers, sizeof(*run.latency_us), order_u32);
	ret->p50_ms = percentile(&run, 0.50);
	ret->p99_ms = percentile(&run, 0.99);
	ret->max_ms = percentile(&run, 1.0);
	for (unsigned i = 0; i < load->connections; i++) {
		close(run.connection[i].fd);
		buf_release(&run.connection[i].out);
		buf_release(&run.connection[i].in);
	}
	close(run.epoll);
	free(run.latency_us);
	free(run.connection);
}

struct once {
	str request;
	struct buf *body;
	int status;
};

static void
once_request(void *ctx, uint64_t n, struct buf *out)
{
	buf_put(out, ((struct once *)ctx)->request);
}

static void
once_answer(void *ctx, uint64_t n, int status, str body)
{
	struct once *once = ctx;

	once->status = status;
	if (once->body)
		buf_put(once->body, body);
}

int
load_once(uint16_t port, str request, struct buf *ret_body)
{
	struct once once = { request, ret_body, 0 };
	struct load load = { .port = port, .connections = 1, .seconds = 3600, .requests = 1,
		             .request = once_request, .answer = once_answer, .ctx = &once };
	struct load_result result;

	load_run(&load, &result);
	return once.status;
}
