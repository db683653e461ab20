/* benchmarks/load.h -- an HTTP/1.1 load generator: one thread, many keep-alive connections, each with one
 * request under way; latencies kept one by one.  Loopback only; bounded in count and time. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "base/buf.h"

struct load {
	uint16_t port;
	unsigned connections;
	double seconds;       /* stop after this long, ... */
	uint64_t requests;    /* ... or after so many; 0: no such bound */
	/* Append the nth request, head and body. */
	void (*request)(void *ctx, uint64_t n, struct buf *out);
	/* Look at an answer; may be NULL. */
	void (*answer)(void *ctx, uint64_t n, int status, str body);
	void *ctx;
};

struct load_result {
	uint64_t answers, not_ok; /* status other than 2xx */
	uint64_t body_bytes;
	double seconds;
	double p50_ms, p99_ms, max_ms;
};

/* Ends the program with a message when the server cannot be reached or breaks the protocol. */
void load_run(const struct load *load, struct load_result *ret);

/* One request on a connection of its own. */
int load_once(uint16_t port, str request, struct buf *ret_body);

double now_seconds(void);

#endif
