/* http/server.h -- HTTP/1.1 on libmicrohttpd: framing, admission, a bounded pool of workers.
 *
 * The library's own epoll threads only move bytes.  A complete request that admission accepts is
 * handed to a pool of blocking workers; when the queue is full it is answered 503 with Retry-After.
 * A few places in the queue and a few workers are kept for the reserved lane: what must always
 * work (revoking, withdrawing, erasing, health).
 *
 *   H1  Anything RFC 9112 calls invalid is answered 400 and the connection closed before a
 *       handler sees it: admit.c has the list, framing.h what Debian 12's library hides.
 *   H2  A handler runs on one worker thread, start to end; it may block.
 *   H3  A request's and an answer's memory is wiped when the answer has left.
 *   H4  server_stop() refuses new connections, finishes what was begun within the grace time,
 *       and answers what still waits with 503; streams end then.
 *   H5  An answer that a gate guards leaves on the word of its principals as it is when each piece of
 *       at most LIMIT_PIECE_BYTES leaves.  When server_cut() returns, no octet of any answer of that
 *       principal leaves any more; with the client's own system there may be one piece that it has not read.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/job.h"
#include "http/gate.h"

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE,
	      METHOD_OPTIONS, METHOD_OTHER };

struct header {
	str name;
	str value;
};

/* Borrowed, valid while the handler runs. */
struct request {
	enum method method;
	str method_name;
	str path;        /* undecoded, begins with /; no dot segments, no %00, no empty segment: admission */
	str query;       /* undecoded, without the ?; may be empty */
	const struct header *header;
	size_t header_count;
	bytes body;
	bool local;      /* came over the Unix socket */
	uint32_t peer_uid; /* local only: SO_PEERCRED */
	uint8_t peer[16];  /* else: the address at the other end; IPv4 mapped into IPv6 */
};

/* The first header of that name, without regard to case; false when there is none. */
bool request_header(const struct request *request, str name, str *ret);
/* A query parameter, percent-decoded into the arena; false when absent. ERR_MALFORMED is for the
 * caller to raise when *ret_bad is set (bad escape, not UTF-8, parameter given twice). */
bool request_query(struct arena *arena, const struct request *request, str name, str *ret,
                   bool *ret_bad);

#define RESPONSE_HEADERS_MAX 20

struct response {
	int status;
	str content_type;      /* a literal */
	struct buf body;       /* born with LIMIT_ANSWER_BYTES */
	struct header header[RESPONSE_HEADERS_MAX]; /* values live in the job's arena or are literals */
	size_t header_count;
	bool close;
	struct gate gate;            /* H5; {0}: nobody's word is needed */
	struct exchange *exchange;   /* the server's own */
};
/* Together under 1,000 octets; a control character in the value makes the answer a 500.  A later one takes
 * the place of an earlier one of that name, Set-Cookie apart. */
void response_header(struct response *response, str name, str value);

/* Takes the gate up now, before the handler looks whether the word holds: a word that is taken back from here on is
 * found in the list of server_gates().  An answer without a gate in the end is nobody's. */
void response_guard(struct response *response);

/* An answer that is made while it leaves, so that it needs no memory.  Status, type, headers and gate are set
 * before; the body is empty.  The handler goes on: it puts pieces, each of which waits until there is room, and
 * says at the end that all is there.  If it returns without, or is cut, the client sees an answer that is not
 * whole: chunks without the last one.  A failure after the beginning is nobody's to read.
 * What was read from the request's headers is to be read again from there on.
 *
 *   ERR_BUSY       limit_streams
 *   ERR_MALFORMED  the client speaks HTTP/1.0, in which the end could not be told from a loss
 *   ERR_GONE       (put) nobody takes it any more: gone, slow (http/slow.h, LIMIT_STREAM_SECONDS), cut, the end */
must_check enum err response_begin(struct job *job, struct response *response);
must_check enum err response_put(struct job *job, struct response *response, bytes octets);
void response_whole(struct response *response);

/* Called on a worker.  `worker` is this worker's own context (see worker_begin).  A handler always
 * answers: it turns its own errors into problems. */
typedef void handler_fn(void *worker, struct job *job, const struct request *request,
                        struct response *response);

struct server_config {
	const char *address;       /* loopback by default: "127.0.0.1"; NULL for no TCP listener */
	uint16_t port;             /* 0: any; server_port() tells */
	const char *socket_path;   /* Unix socket, mode 0600; NULL for none */
	unsigned io_threads;       /* of the library */
	unsigned workers;
	unsigned workers_reserved; /* of those, serving the reserved lane only */
	size_t body_max;           /* LIMIT_BODY_BYTES */
	/* Largest body for this request, asked before the body is read; NULL: body_max for all. */
	size_t (*body_limit)(void *ctx, enum method method, str path);
	/* Whether this request belongs to the reserved lane; must not block. */
	bool (*reserved)(void *ctx, enum method method, str path);
	void *(*worker_begin)(void *ctx, unsigned worker); /* once per worker thread; NULL result is fine */
	void (*worker_end)(void *ctx, void *worker);
	handler_fn *handle;
	/* Fill an answer for what never reaches a handler: err is ERR_MALFORMED, ERR_HEADER,
	 * ERR_TOO_LARGE, ERR_BUSY ...; `why` a literal. Status, type and body are to be set. */
	void (*refuse)(void *ctx, enum err err, const char *why, struct response *response);
	void *ctx;
	unsigned grace_seconds;    /* H4 */
};

struct server;

/* ERR_IO the address cannot be bound. */
must_check enum err server_start(struct job *job, const struct server_config *config,
                                 struct server **ret);
uint16_t server_port(const struct server *server);
void server_stop(struct server **server); /* H4; blocks; accepts NULL inside */

/* The principal's word is taken back, durably: ends every answer that has the tag and is under way (H5). */
void server_cut(struct server *server, int64_t tag);
/* The gates of all answers that are being made or are under way, each once; at most max.  How many there are. */
size_t server_gates(struct server *server, struct gate *into, size_t max);

struct server_stats {
	uint64_t requests, refused, busy, cut; /* since start; cut: answers that ended so */
	unsigned waiting, running, connections, streams, streams_max;
};
void server_stats(const struct server *server, struct server_stats *ret);

#endif
