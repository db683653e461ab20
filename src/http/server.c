/* Contract: server.h.  One request, from octets to octets:
 *
 *   library thread   on_target   the request line is there: begin a request on this connection
 *                    on_request  headers: admit (H1), or refuse
 *                                body: gather, within the limit
 *                                all there: suspend the connection, put it on the pool's queue
 *   worker           work        handle; make the library's response of the answer; resume
 *   library thread   on_request  queue the response (only here may one)
 *                    on_done     it has left, or the connection is gone: wipe (H3)
 *
 * A connection carries one request at a time, so what is known of the request lies in the
 * connection's own struct, which is handed back and forth; never do both sides hold it.  The
 * queue's mutex orders the way there, the library's own (in resume) the way back.
 *
 * An answer that is made while it leaves goes another way (stream.h): the worker keeps the request, and resumes
 * the connection when it begins; from then on the connection may end at any moment, and with it what the library
 * knows of the request, so that the worker's copy is taken before (keep_request).
 *
 * A refusal before the body has been read closes the connection.  A body that is too large is
 * read to its end and dropped first, within reason: else a client that is still sending would see
 * its connection reset and never the answer. */
#include "http/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/admit.h"
#include "http/framing.h"
#include "http/listen.h"
#include "http/pool.h"
#include "http/slow.h"
#include "http/stream.h"
#include "os/clock.h"

/* The library keeps a request's line and headers, what it knows of each, and the answer's headers
 * in one piece of memory, which it clears between two requests; a query takes an entry per
 * parameter.  Over 32 KiB it maps that memory; less it would free as it is (H3). */
#define CONNECTION_MEMORY (36 * 1024)
_Static_assert(CONNECTION_MEMORY >= LIMIT_HEADER_BYTES + LIMIT_TARGET_BYTES + 8 * 1024, "room");
/* Bodies of all requests together, as declared or, if chunked, as allowed; not the reserved lane. */
#define BODY_BYTES_TOTAL ((size_t)256 * 1024 * 1024)
/* Of a body that is too large, read and forgotten so that the answer is heard. */
#define DROP_BYTES_MAX ((uint64_t)2 * LIMIT_BULK_BODY_BYTES)
#define LINGER_US 1000000 /* at the end, for answers to leave */

static const char body_limit[] = "the body is larger than the limit";

enum stage {
	STAGE_IDLE,
	STAGE_HEAD,    /* begun: the target is known */
	STAGE_BODY,
	STAGE_DROP,    /* as BODY, but the refusal is made already */
	STAGE_WORK,    /* suspended: the pool has it */
	STAGE_ANSWER,
};

struct connection {
	struct server *server;
	struct MHD_Connection *handle;
	bool local;
	uint32_t peer_uid;
	uint8_t peer[16];
	struct slow slow;

	enum stage stage;
	bool close;            /* after this answer */
	bool old;              /* HTTP/1.0 */
	enum lane lane;
	struct buf target;     /* a copy: the library decodes its own in place */
	const char *target_at; /* where that was */
	struct header header[LIMIT_HEADER_FIELDS];
	struct request request;
	struct buf body;
	uint64_t dropped;
	size_t reserved_bytes; /* of BODY_BYTES_TOTAL */

	struct buf answer;     /* the response points into it until on_done */
	struct MHD_Response *response;
	unsigned status;
	bool in_pieces;
	char *piece_at;        /* the library's memory, where it had its pieces put */
	size_t piece_len;

	/* What an answer leaves on (H5).  Under the mutex, so that who cuts never ends the answer that came after
	 * it on the same connection. */
	pthread_mutex_t mutex;
	struct gate gate;      /* of the last answer until the next request */
	uint64_t mark;         /* nobody was cut since, or not one of its */
	bool cut;
	struct stream *stream; /* while the library has it */
};

/* What a worker knows of the request that it works on. */
struct exchange {
	struct connection *connection;
	struct server *server;
	struct request request;
	uint64_t mark;
	struct stream *stream; /* once it has begun; then the connection is no longer the worker's */
	bool whole;
	struct buf target, body;
};

struct server {
	struct server_config config;
	struct MHD_Daemon *tcp;
	struct MHD_Daemon *local;
	uint16_t port;
	struct pool *pool;
	struct slow_watch *watch;
	struct cuts *cuts;
	unsigned streams_max;
	_Atomic unsigned streams;
	_Atomic bool stopping;
	_Atomic size_t body_bytes;
	_Atomic unsigned connections;
	_Atomic unsigned active; /* requests between on_target and on_done */
	_Atomic uint64_t requests, refused, busy, cut;
};

/* What a worker owns. */
struct worker_context {
	struct job job;
	void *own; /* of worker_begin */
};

/* --- answers --------------------------------------------------------------------------------- */

static bool
has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static bool
add_header(struct MHD_Response *response, str name, str value)
{
	char line[1024];

	if (name.len + value.len + 2 > sizeof(line))
		return false;
	memcpy(line, name.ptr, name.len);
	line[name.len] = '\0';
	if (value.len)
		memcpy(line + name.len + 1, value.ptr, value.len);
	line[name.len + 1 + value.len] = '\0';
	return strlen(line + name.len + 1) == value.len &&
	       MHD_add_response_header(response, line, line + name.len + 1) == MHD_YES;
}

/* False when the library does not take a header: a control character in its value, say. */
static bool
add_headers(struct MHD_Response *response, const struct response *answer, bool close)
{
	if (answer->content_type.len && has_body(answer->status) &&
	    !add_header(response, S("Content-Type"), answer->content_type))
		return false;
	for (size_t i = 0; i < answer->header_count; i++)
		if (!add_header(response, answer->header[i].name, answer->header[i].value))
			return false;
	return !close || add_header(response, S("Connection"), S("close"));
}

/* The word is taken back: nothing more leaves, what lies in the kernel included.  The mutex is held. */
static void
cut_held(struct connection *connection)
{
	if (connection->cut)
		return;
	connection->cut = true;
	atomic_fetch_add(&connection->server->cut, 1);
	socket_cut(connection->slow.fd);
	if (connection->stream)
		stream_close(connection->stream);
}

/* H5, before each piece. */
static bool
may_leave(struct connection *connection)
{
	bool good;

	pthread_mutex_lock(&connection->mutex);
	if (!cuts_spare(connection->server->cuts, &connection->gate, &connection->mark) ||
	    (connection->gate.open && !connection->gate.open(&connection->gate)))
		cut_held(connection);
	good = !connection->cut;
	pthread_mutex_unlock(&connection->mutex);
	return good;
}

/* The library asks for the next piece of an answer that is all there. */
static ssize_t
take_answer(void *cls, uint64_t at, char *into, size_t max)
{
	struct connection *connection = cls;
	size_t size = connection->answer.len - (size_t)at;

	if (!may_leave(connection))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size > max)
		size = max;
	if (size > LIMIT_PIECE_BYTES)
		size = LIMIT_PIECE_BYTES;
	memcpy(into, connection->answer.ptr + at, size);
	connection->piece_at = into;
	connection->piece_len = max;
	return (ssize_t)size;
}

/* H3: the library frees its memory for pieces after this. */
static void
wipe_piece(void *cls)
{
	struct connection *connection = cls;

	if (connection->piece_at)
		explicit_bzero(connection->piece_at, connection->piece_len);
	connection->piece_at = NULL;
}

static ssize_t
take_streamed(void *cls, uint64_t at, char *into, size_t max)
{
	struct connection *connection = cls;
	ssize_t taken;

	(void)at;
	if (!may_leave(connection))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	/* Before it is taken: once the connection waits, it may go on at any moment. */
	slow_phase(&connection->slow, SLOW_WORKING, 0);
	taken = stream_take(connection->stream, into, max);
	if (taken)
		slow_phase(&connection->slow, SLOW_MOVING, 0); /* the grace for each piece */
	return taken;
}

static void
drop_stream(void *cls)
{
	struct connection *connection = cls;
	struct stream *stream;

	pthread_mutex_lock(&connection->mutex);
	stream = connection->stream;
	connection->stream = NULL;
	pthread_mutex_unlock(&connection->mutex);
	stream_drop(stream);
}

static struct MHD_Response *
response_of(struct connection *connection, const struct response *answer)
{
	static char nothing[1];
	size_t len = has_body(answer->status) ? answer->body.len : 0;

	connection->in_pieces = gate_guards(&answer->gate) && len > LIMIT_PIECE_BYTES;
	if (connection->in_pieces)
		return MHD_create_response_from_callback(len, LIMIT_PIECE_BYTES, take_answer, connection, wipe_piece);
	return MHD_create_response_from_buffer(len, len ? answer->body.ptr : nothing, MHD_RESPMEM_PERSISTENT);
}

/* Take the answer over into the library's form; its body is empty afterwards. */
static bool
adopt(struct connection *connection, struct response *answer)
{
	struct MHD_Response *response;

	if (answer->status < 200 || answer->status > 599)
		return false;
	connection->close |= answer->close;
	response = response_of(connection, answer);
	must(response);
	if (!add_headers(response, answer, connection->close)) {
		MHD_destroy_response(response);
		return false;
	}
	connection->answer = answer->body;
	answer->body = (struct buf){ 0 };
	connection->response = response;
	connection->status = (unsigned)answer->status;
	return true;
}

/* Whose word the answer leaves on, of those whom it was made for when `mark` was now. */
static void
guard(struct connection *connection, const struct gate *gate, uint64_t mark, struct stream *stream)
{
	pthread_mutex_lock(&connection->mutex);
	connection->gate = *gate;
	connection->mark = mark;
	connection->stream = stream;
	pthread_mutex_unlock(&connection->mutex);
}

static void
answer_init(struct response *answer)
{
	*answer = (struct response){ .status = 200 };
	buf_init(&answer->body, LIMIT_ANSWER_BYTES);
}

/* An answer without a handler. */
static void
make_refusal(struct connection *connection, enum err err, const char *why)
{
	const struct server_config *config = &connection->server->config;
	struct response answer;

	answer_init(&answer);
	config->refuse(config->ctx, err, why, &answer);
	if (err == ERR_BUSY)
		response_header(&answer, S("Retry-After"), S("1"));
	must(adopt(connection, &answer));
	buf_release(&answer.body);
}

/* Only from on_request(): the library's rule. */
static enum MHD_Result
send_answer(struct connection *connection)
{
	enum MHD_Result result;

	if (!may_leave(connection))
		return MHD_NO; /* on_done lets go of the response */
	if (connection->in_pieces)
		socket_narrow(connection->slow.fd);
	connection->stage = STAGE_ANSWER;
	slow_phase(&connection->slow, SLOW_MOVING, connection->answer.len);
	result = MHD_queue_response(connection->handle, connection->status, connection->response);
	MHD_destroy_response(connection->response);
	connection->response = NULL;
	return result;
}

static enum MHD_Result
refuse(struct connection *connection, enum err err, const char *why)
{
	struct server *server = connection->server;

	atomic_fetch_add(err == ERR_BUSY ? &server->busy : &server->refused, 1);
	make_refusal(connection, err, why);
	return send_answer(connection);
}

/* While the body is still coming no answer can be queued: drop the rest of it, then answer. */
static void
refuse_later(struct connection *connection, enum err err, const char *why)
{
	atomic_fetch_add(&connection->server->refused, 1);
	connection->stage = STAGE_DROP;
	connection->close = true;
	buf_release(&connection->body);
	make_refusal(connection, err, why);
}

static enum MHD_Result
refuse_and_close(struct connection *connection, enum err err, const char *why)
{
	connection->close = true;
	return refuse(connection, err, why);
}

/* 417 has no row in the table of errors and needs no words. */
static enum MHD_Result
refuse_expectation(struct connection *connection)
{
	struct response answer;

	atomic_fetch_add(&connection->server->refused, 1);
	answer_init(&answer);
	answer.status = 417;
	answer.close = true;
	must(adopt(connection, &answer));
	return send_answer(connection);
}

/* --- workers --------------------------------------------------------------------------------- */

static void *
begin_worker(void *ctx, unsigned no)
{
	struct server *server = ctx;
	struct worker_context *worker = calloc(1, sizeof(*worker));

	must(worker);
	if (server->config.worker_begin)
		worker->own = server->config.worker_begin(server->config.ctx, no);
	return worker;
}

static void
end_worker(void *ctx, void *worker_at)
{
	struct server *server = ctx;
	struct worker_context *worker = worker_at;

	if (server->config.worker_end)
		server->config.worker_end(server->config.ctx, worker->own);
	job_release(&worker->job);
	free(worker);
}

static void
job_renew(struct job *job)
{
	arena_reset(&job->arena);
	job_forgive(job);
	job->actor = (struct actor){ 0 };
	job->now = os_now();
}

/* An answer that is all there. */
static void
hand_over(struct connection *connection, struct exchange *exchange, struct response *answer)
{
	guard(connection, &answer->gate, exchange->mark, NULL);
	if (!buf_ok(&answer->body))
		make_refusal(connection, ERR_LIMIT, "the answer is larger than the limit");
	else if (!adopt(connection, answer))
		make_refusal(connection, ERR_INTERNAL, "the answer has a status or header that cannot be");
}

static void
finish_stream(struct exchange *exchange)
{
	stream_end(exchange->stream, exchange->whole);
	buf_release(&exchange->target); /* H3 */
	buf_release(&exchange->body);
	atomic_fetch_sub(&exchange->server->streams, 1);
}

static void
work(void *ctx, void *worker_at, void *item)
{
	struct server *server = ctx;
	struct worker_context *worker = worker_at;
	struct connection *connection = item;
	struct exchange exchange = { .connection = connection, .server = server, .request = connection->request,
		                     .mark = cuts_mark(server->cuts) };
	struct response answer;

	job_renew(&worker->job);
	answer_init(&answer);
	answer.exchange = &exchange;
	server->config.handle(worker->own, &worker->job, &exchange.request, &answer);
	if (!exchange.stream)
		hand_over(connection, &exchange, &answer);
	buf_release(&answer.body);
	arena_reset(&worker->job.arena); /* H3; what the headers pointed to is copied */
	if (exchange.stream)
		finish_stream(&exchange);
	else
		MHD_resume_connection(connection->handle); /* from here on it is the library thread's */
}

/* --- answers that are made while they leave ---------------------------------------------------- */

/* What the handler may still look at when the connection is gone. */
static void
keep_request(struct job *job, struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct header *header = arena_array(&job->arena, request->header_count, sizeof(*header));

	exchange->target = exchange->connection->target;
	buf_init(&exchange->connection->target, LIMIT_TARGET_BYTES + 1);
	exchange->body = exchange->connection->body;
	exchange->connection->body = (struct buf){ 0 };
	for (size_t i = 0; i < request->header_count; i++)
		header[i] = (struct header){ arena_str(&job->arena, request->header[i].name),
			                     arena_str(&job->arena, request->header[i].value) };
	request->header = header;
	request->method_name = arena_str(&job->arena, request->method_name);
}

static bool
take_place(struct server *server)
{
	if (atomic_fetch_add(&server->streams, 1) < server->streams_max)
		return true;
	atomic_fetch_sub(&server->streams, 1);
	return false;
}

void
response_guard(struct response *answer)
{
	struct exchange *exchange = answer->exchange;

	if (!exchange->stream)
		guard(exchange->connection, &answer->gate, exchange->mark, NULL);
}

static struct MHD_Response *
response_of_stream(struct connection *connection, const struct response *answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LIMIT_PIECE_BYTES, take_streamed, connection, NULL);

	must(response);
	if (add_headers(response, answer, connection->close))
		return response;
	MHD_destroy_response(response);
	return NULL;
}

enum err
response_begin(struct job *job, struct response *answer)
{
	struct exchange *exchange = answer->exchange;
	struct connection *connection = exchange->connection;
	struct MHD_Response *response;

	must(!exchange->stream && has_body(answer->status) && !answer->body.len);
	if (connection->old)
		return fail(job, ERR_MALFORMED, "this answer is for HTTP/1.1");
	connection->close |= answer->close;
	response = response_of_stream(connection, answer);
	if (!response)
		return fail(job, ERR_INTERNAL, "the answer has a header that cannot be");
	if (!take_place(exchange->server)) {
		MHD_destroy_response(response);
		return fail(job, ERR_BUSY, "limit_streams: as many answers of this kind as there may be at once");
	}
	keep_request(job, exchange);
	connection->response = response;
	connection->status = (unsigned)answer->status;
	connection->in_pieces = true;
	exchange->stream = stream_new(connection->handle);
	guard(connection, &answer->gate, exchange->mark, exchange->stream);
	MHD_resume_connection(connection->handle);
	return OK;
}

enum err
response_put(struct job *job, struct response *answer, bytes octets)
{
	if (!stream_put(answer->exchange->stream, octets))
		return fail(job, ERR_GONE, "nobody takes this answer any more");
	return OK;
}

void
response_whole(struct response *answer)
{
	answer->exchange->whole = true;
}

/* --- one request, on the library's thread ---------------------------------------------------- */

/* The request is all there. */
static enum MHD_Result
submit(struct connection *connection)
{
	struct server *server = connection->server;

	if (atomic_load(&server->stopping))
		return refuse_and_close(connection, ERR_BUSY, "the server is stopping");
	connection->request.body = buf_bytes(&connection->body);
	connection->stage = STAGE_WORK;
	slow_phase(&connection->slow, SLOW_WORKING, 0);
	/* Before the queue: a worker may be done before this function is. */
	MHD_suspend_connection(connection->handle);
	if (pool_put(server->pool, connection->lane, connection)) {
		atomic_fetch_add(&server->requests, 1);
		return MHD_YES;
	}
	atomic_fetch_add(&server->busy, 1);
	make_refusal(connection, ERR_BUSY, "too many requests are waiting");
	MHD_resume_connection(connection->handle);
	return MHD_YES;
}

static enum MHD_Result
gather(struct connection *connection, const char *octets, size_t *len)
{
	buf_data(&connection->body, (bytes){ (const uint8_t *)octets, *len });
	atomic_fetch_add_explicit(&connection->slow.moved, *len, memory_order_relaxed);
	*len = 0;
	if (!buf_ok(&connection->body)) /* chunked: a declared length was looked at before */
		refuse_later(connection, ERR_TOO_LARGE, body_limit);
	return MHD_YES;
}

static enum MHD_Result
drop(struct connection *connection, size_t *len)
{
	connection->dropped += *len;
	atomic_fetch_add_explicit(&connection->slow.moved, *len, memory_order_relaxed);
	*len = 0;
	return connection->dropped > DROP_BYTES_MAX ? MHD_NO : MHD_YES;
}

/* Room among all bodies, or false. */
static bool
reserve_bytes(struct connection *connection, size_t size)
{
	struct server *server = connection->server;

	if (connection->lane == LANE_RESERVED || !size)
		return true;
	if (atomic_fetch_add(&server->body_bytes, size) + size > BODY_BYTES_TOTAL) {
		atomic_fetch_sub(&server->body_bytes, size);
		return false;
	}
	connection->reserved_bytes = size;
	return true;
}

static enum MHD_Result
begin_body(struct connection *connection, const struct admission *admission)
{
	const struct server_config *config = &connection->server->config;
	const struct request *request = &connection->request;
	size_t limit = config->body_max;

	if (config->body_limit)
		limit = config->body_limit(config->ctx, request->method, request->path);
	connection->stage = STAGE_BODY;
	slow_phase(&connection->slow, SLOW_MOVING, 0);
	if (admission->body_len > DROP_BYTES_MAX)
		return refuse_and_close(connection, ERR_TOO_LARGE, body_limit);
	if (admission->body_len > limit) {
		refuse_later(connection, ERR_TOO_LARGE, body_limit);
		return MHD_YES;
	}
	if (!reserve_bytes(connection, admission->chunked ? limit : (size_t)admission->body_len))
		return refuse_and_close(connection, ERR_BUSY, "too much is being received");
	buf_init(&connection->body, limit);
	if (admission->body_len)
		must(buf_room(&connection->body, (size_t)admission->body_len));
	return MHD_YES;
}

struct collected {
	struct header *header;
	size_t count; /* all there are; the first LIMIT_HEADER_FIELDS are kept */
};

static enum MHD_Result
collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
        size_t value_len)
{
	struct collected *collected = cls;

	(void)kind;
	if (collected->count < LIMIT_HEADER_FIELDS)
		collected->header[collected->count] = (struct header){
			.name = { name, name_len },
			.value = { value ? value : "", value ? value_len : 0 },
		};
	collected->count++;
	return MHD_YES;
}

#if FRAMING_BY_PLACE
/* H1 on Debian 12; what chunks hide there cannot smuggle if no second request is read. */
static bool
framed(struct connection *connection, struct head head, const struct admission *admission)
{
	const union MHD_ConnectionInfo *size = MHD_get_connection_info(
		connection->handle, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	head.target.ptr = connection->target_at;
	if (admission->chunked)
		connection->close = true;
	return size && framing_is_plain(&head, size->header_size);
}
#else
static bool
framed(struct connection *connection, struct head head, const struct admission *admission)
{
	(void)connection, (void)head, (void)admission;
	return true;
}
#endif

static void
fill_request(struct connection *connection, const struct head *head,
             const struct admission *admission)
{
	const struct server_config *config = &connection->server->config;

	connection->request = (struct request){
		.method = admission->method,
		.method_name = head->method,
		.path = admission->path,
		.query = admission->query,
		.header = connection->header,
		.header_count = head->header_count,
		.local = connection->local,
		.peer_uid = connection->peer_uid,
	};
	memcpy(connection->request.peer, connection->peer, sizeof(connection->peer));
	connection->lane = LANE_ORDINARY;
	if (config->reserved && config->reserved(config->ctx, admission->method, admission->path))
		connection->lane = LANE_RESERVED;
}

/* The line and all headers are there. */
static enum MHD_Result
begin(struct connection *connection, const char *method, const char *version)
{
	struct collected collected = { .header = connection->header };
	struct admission admission;
	struct head head;
	const char *why;
	enum err err;

	MHD_get_connection_values_n(connection->handle, MHD_HEADER_KIND, collect, &collected);
	head = (struct head){
		.method = str_from_c(method),
		.target = buf_str(&connection->target),
		.version = str_from_c(version),
		.header = connection->header,
		.header_count = collected.count,
	};
	if ((err = admit(&head, &admission, &why)))
		return refuse_and_close(connection, err, why);
	if (!framed(connection, head, &admission))
		return refuse_and_close(connection, ERR_MALFORMED,
		                        "a line does not end in CR LF, or is folded");
	connection->close |= admission.close;
	connection->old = admission.close;
	if (admission.expects_other)
		return refuse_expectation(connection);
	fill_request(connection, &head, &admission);
	return begin_body(connection, &admission);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *handle, const char *url, const char *method,
           const char *version, const char *upload, size_t *upload_len, void **context)
{
	struct connection *connection = *context;

	(void)cls, (void)handle, (void)url;
	switch (connection->stage) {
	case STAGE_HEAD:
		return begin(connection, method, version);
	case STAGE_BODY:
		return *upload_len ? gather(connection, upload, upload_len) : submit(connection);
	case STAGE_DROP:
		return *upload_len ? drop(connection, upload_len) : send_answer(connection);
	case STAGE_WORK:
		return send_answer(connection);
	case STAGE_ANSWER:
		*upload_len = 0;
		return MHD_YES;
	case STAGE_IDLE:
		break;
	}
	return MHD_NO;
}

static struct connection *
connection_of(struct MHD_Connection *handle)
{
	return MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line has come.  What this returns is the request's context. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *handle)
{
	struct connection *connection = connection_of(handle);

	(void)cls;
	atomic_fetch_add(&connection->server->active, 1);
	connection->stage = STAGE_HEAD;
	connection->close = false;
	connection->target_at = target;
	connection->dropped = 0;
	connection->reserved_bytes = 0;
	connection->in_pieces = false;
	guard(connection, &(struct gate){ 0 }, 0, NULL);
	/* One octet beyond the limit is enough for admission to see that it is too long. */
	buf_put(&connection->target, str_first(str_from_c(target), LIMIT_TARGET_BYTES + 1));
	slow_phase(&connection->slow, SLOW_HEAD, 0);
	return connection;
}

static void
on_done(void *cls, struct MHD_Connection *handle, void **context,
        enum MHD_RequestTerminationCode code)
{
	struct connection *connection = *context;

	(void)cls, (void)handle, (void)code;
	if (!connection)
		return;
	if (connection->response)
		MHD_destroy_response(connection->response);
	connection->response = NULL;
	if (connection->stream)
		drop_stream(connection);
	if (!connection->in_pieces) /* a short one is with the kernel */
		guard(connection, &(struct gate){ 0 }, 0, NULL);
	buf_clear(&connection->target);
	buf_release(&connection->body); /* H3 */
	buf_release(&connection->answer);
	atomic_fetch_sub(&connection->server->body_bytes, connection->reserved_bytes);
	connection->reserved_bytes = 0;
	connection->request = (struct request){ 0 };
	connection->stage = STAGE_IDLE;
	slow_phase(&connection->slow, SLOW_IDLE, 0);
	atomic_fetch_sub(&connection->server->active, 1);
	*context = NULL;
}

/* --- connections ----------------------------------------------------------------------------- */

static void
learn_address(struct connection *connection, int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &len))
		return;
	if (peer.ss_family == AF_INET6) {
		memcpy(connection->peer, &((struct sockaddr_in6 *)&peer)->sin6_addr, 16);
	} else if (peer.ss_family == AF_INET) {
		connection->peer[10] = connection->peer[11] = 0xff;
		memcpy(connection->peer + 12, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	}
}

static void
learn_peer(struct connection *connection, int fd)
{
	struct sockaddr_storage own;
	socklen_t own_len = sizeof(own);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockname(fd, (struct sockaddr *)&own, &own_len) || own.ss_family != AF_UNIX)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return;
	connection->local = true;
	connection->peer_uid = peer.uid;
}

static struct connection *
connection_new(struct server *server, struct MHD_Connection *handle)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);

	must(connection && info);
	connection->server = server;
	connection->handle = handle;
	buf_init(&connection->target, LIMIT_TARGET_BYTES + 1);
	pthread_mutex_init(&connection->mutex, NULL);
	learn_peer(connection, info->connect_fd);
	learn_address(connection, info->connect_fd);
	slow_add(server->watch, &connection->slow, info->connect_fd);
	atomic_fetch_add(&server->connections, 1);
	return connection;
}

static void
on_connection(void *cls, struct MHD_Connection *handle, void **context,
              enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;
	struct connection *connection = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = connection_new(server, handle);
		return;
	}
	slow_remove(server->watch, &connection->slow);
	buf_release(&connection->target);
	pthread_mutex_destroy(&connection->mutex);
	free(connection);
	atomic_fetch_sub(&server->connections, 1);
	*context = NULL;
}

/* --- life cycle ------------------------------------------------------------------------------ */

/* Strict, the old library closes without an answer or says the answer's head twice: it is left
 * tolerant, and admission refuses. */
#if FRAMING_BY_PLACE
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT, 0
#else
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL, 2
#endif

static struct MHD_Daemon *
start_daemon(struct server *server, int fd, unsigned threads)
{
	struct MHD_OptionItem pool[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_done, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		STRICTNESS,
		threads > 1 ? MHD_OPTION_ARRAY : MHD_OPTION_END, pool,
		MHD_OPTION_END);
}

static enum err
start_tcp(struct job *job, struct server *server)
{
	const struct server_config *config = &server->config;
	int fd;

	if (!config->address)
		return OK;
	TRY(listen_tcp(job, config->address, config->port, &fd, &server->port));
	server->tcp = start_daemon(server, fd, config->io_threads ? config->io_threads : 1);
	if (server->tcp)
		return OK;
	close(fd);
	return fail(job, ERR_IO, "the HTTP library does not start");
}

static enum err
start_local(struct job *job, struct server *server)
{
	int fd;

	if (!server->config.socket_path)
		return OK;
	TRY(listen_unix(job, server->config.socket_path, &fd));
	server->local = start_daemon(server, fd, 1);
	if (server->local)
		return OK;
	close(fd);
	return fail(job, ERR_IO, "the HTTP library does not start");
}

/* Streams leave most of the workers to everybody else. */
static unsigned
streams_max(const struct server_config *config)
{
	unsigned quarter = (config->workers - config->workers_reserved) / 4;

	return quarter > LIMIT_STREAMS ? LIMIT_STREAMS : quarter ? quarter : 1;
}

static void
start_pool(struct server *server)
{
	server->watch = slow_watch_new();
	server->cuts = cuts_new();
	server->streams_max = streams_max(&server->config);
	server->pool = pool_new(&(struct pool_config){
		.workers = server->config.workers,
		.workers_reserved = server->config.workers_reserved,
		.places = {
			[LANE_ORDINARY] = LIMIT_QUEUE - LIMIT_QUEUE_RESERVED,
			[LANE_RESERVED] = LIMIT_QUEUE_RESERVED,
		},
		.begin = begin_worker,
		.run = work,
		.end = end_worker,
		.ctx = server,
	});
}

/* All threads that start here leave signals to the main one. */
static void
block_signals(sigset_t *ret_before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

enum err
server_start(struct job *job, const struct server_config *config, struct server **ret)
{
	OWNED(server_stop) struct server *server = calloc(1, sizeof(*server));
	sigset_t before;
	enum err err;

	must(server && config->handle && config->refuse);
	server->config = *config;
	block_signals(&before);
	start_pool(server);
	err = start_tcp(job, server);
	if (!err)
		err = start_local(job, server);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return err;
	*ret = server;
	server = NULL;
	return OK;
}

uint16_t
server_port(const struct server *server)
{
	return server->port;
}

/* Whoever comes from now on is refused.  The socket itself stays open until the library's threads have
 * ended: they take it out of their epoll sets when they next wake, and give up the whole process when it is
 * gone by then. */
static int
stop_listening(struct MHD_Daemon *daemon)
{
	int fd = daemon ? MHD_quiesce_daemon(daemon) : -1;

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	return fd;
}

static void
daemon_end(struct MHD_Daemon *daemon, int listener)
{
	if (daemon)
		MHD_stop_daemon(daemon);
	if (listener >= 0)
		close(listener);
}

static void
wait_for_answers(struct server *server, int64_t patience_us)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int64_t end_us = os_monotonic_us() + patience_us;

	while (atomic_load(&server->active) && os_monotonic_us() < end_us)
		nanosleep(&pause, NULL);
}

/* H4: what still waits is answered 503. */
static void
send_away_waiting(struct server *server)
{
	struct connection *connection;

	while ((connection = pool_take_back(server->pool))) {
		atomic_fetch_add(&server->busy, 1);
		connection->close = true;
		make_refusal(connection, ERR_BUSY, "the server is stopping");
		MHD_resume_connection(connection->handle);
	}
}

static struct connection *
connection_of_slow(struct slow *one)
{
	return (struct connection *)((char *)one - offsetof(struct connection, slow));
}

static void
cut_one(struct slow *one, void *ctx)
{
	struct connection *connection = connection_of_slow(one);
	const int64_t *tag = ctx;

	pthread_mutex_lock(&connection->mutex);
	if (gate_has(&connection->gate, *tag))
		cut_held(connection);
	pthread_mutex_unlock(&connection->mutex);
}

/* Remembered first: an answer that is not guarded yet when it is looked for here finds it when it begins. */
void
server_cut(struct server *server, int64_t tag)
{
	cuts_add(server->cuts, tag);
	slow_each(server->watch, cut_one, &tag);
}

struct gates {
	struct gate *gate;
	size_t count, kept, max;
};

static void
gate_collect(struct slow *one, void *ctx)
{
	struct connection *connection = connection_of_slow(one);
	struct gates *gates = ctx;
	struct gate gate;

	pthread_mutex_lock(&connection->mutex);
	gate = connection->gate;
	pthread_mutex_unlock(&connection->mutex);
	if (!gate_guards(&gate))
		return;
	for (size_t i = 0; i < gates->kept; i++)
		if (memcmp(&gates->gate[i], &gate, sizeof(gate)) == 0)
			return;
	gates->count++;
	if (gates->kept < gates->max)
		gates->gate[gates->kept++] = gate;
}

size_t
server_gates(struct server *server, struct gate *into, size_t max)
{
	struct gates gates = { .gate = into, .max = max };

	slow_each(server->watch, gate_collect, &gates);
	return gates.count;
}

/* H4: the time for answers is over. */
static void
end_stream(struct slow *one, void *ctx)
{
	struct connection *connection = connection_of_slow(one);

	(void)ctx;
	pthread_mutex_lock(&connection->mutex);
	if (connection->stream)
		stream_close(connection->stream);
	pthread_mutex_unlock(&connection->mutex);
}

void
server_stop(struct server **server_at)
{
	struct server *server = *server_at;
	int tcp, local;

	if (!server)
		return;
	atomic_store(&server->stopping, true);
	tcp = stop_listening(server->tcp);
	local = stop_listening(server->local);
	if (server->local)
		unlink(server->config.socket_path);
	wait_for_answers(server, (int64_t)server->config.grace_seconds * 1000000);
	send_away_waiting(server);
	slow_each(server->watch, end_stream, NULL);
	pool_end(server->pool); /* waits for the handlers that run */
	wait_for_answers(server, LINGER_US);
	daemon_end(server->tcp, tcp);
	daemon_end(server->local, local);
	pool_free(&server->pool); /* only now: the library's threads put into it */
	slow_watch_free(&server->watch);
	cuts_free(&server->cuts);
	free(server);
	*server_at = NULL;
}

void
server_stats(const struct server *server, struct server_stats *ret)
{
	*ret = (struct server_stats){
		.requests = atomic_load(&server->requests),
		.refused = atomic_load(&server->refused),
		.busy = atomic_load(&server->busy),
		.cut = atomic_load(&server->cut),
		.streams = atomic_load(&server->streams),
		.streams_max = server->streams_max,
		.connections = atomic_load(&server->connections),
	};
	pool_count(server->pool, &ret->waiting, &ret->running);
}
