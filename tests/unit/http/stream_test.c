/* Answers in pieces (H5 of src/http/server.h): made while they leave, guarded, cut. */
#include "toy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../json/remains.h"
#include "base/limits.h"
#include "http/gate.h"
#include "os/clock.h"

#define SOCKET_PATH "stream_test.sock"
#define PIECE LIMIT_PIECE_BYTES
#define LEAVER 7
#define STAYER 8
/* What the systems of both sides may hold of one connection with a small receive buffer. */
#define HELD_BYTES (8 * PIECE)

static struct server *server;

static struct {
	_Atomic unsigned running, put, ended; /* handlers; pieces; handlers that are done */
	_Atomic int last;                     /* what the last put gave */
	_Atomic bool shut;                    /* the gate of /gate */
	_Atomic bool wait;                    /* /stream stands before its next piece */
	_Atomic int64_t kept;                 /* octets of the request that a handler found at the end */
} seen;

static bool
gate_open(const struct gate *gate)
{
	return gate->value == 42 && !atomic_load((const _Atomic bool *)gate->ctx);
}

static uint64_t
number_in(str query)
{
	uint64_t number = 0;

	must(str_u64(query, &number));
	return number;
}

static void
fill_piece(char *piece, uint64_t n)
{
	for (size_t i = 0; i < PIECE; i++)
		piece[i] = (char)('a' + (n + i) % 26);
	remains_marker(piece + PIECE - REMAINS_LEN); /* the sanitizer overwrites what is freed, but only its first page */
}

static enum err
put_all(struct job *job, const struct request *request, struct response *response)
{
	char piece[PIECE];
	enum err err;

	for (uint64_t n = 0; n < number_in(request->query); n++) {
		while (atomic_load(&seen.wait))
			usleep(1000);
		fill_piece(piece, n);
		err = response_put(job, response, (bytes){ (const uint8_t *)piece, PIECE });
		explicit_bzero(piece, sizeof(piece));
		TRY(err);
		atomic_fetch_add(&seen.put, 1);
		if (n == 2 && str_eq(request->path, S("/fails")))
			return fail(job, ERR_STORE, "half way");
	}
	response_whole(response);
	return OK;
}

/* Everything that a handler may look at, also when the connection is gone. */
static int64_t
octets_of(const struct request *request)
{
	uint64_t sum = request->method_name.len + request->path.len + request->query.len;

	for (size_t i = 0; i < request->header_count; i++)
		for (size_t k = 0; k < request->header[i].value.len; k++)
			sum += (uint8_t)request->header[i].value.ptr[k];
	for (size_t i = 0; i < request->body.len; i++)
		sum += request->body.ptr[i];
	return (int64_t)sum;
}

static void
stream_it(struct job *job, const struct request *request, struct response *response)
{
	enum err err = response_begin(job, response);

	if (err) {
		response->status = err_info(err)->status;
		return;
	}
	atomic_fetch_add(&seen.running, 1);
	err = put_all(job, request, response);
	atomic_store(&seen.kept, octets_of(request));
	atomic_store(&seen.last, (int)err);
	atomic_fetch_sub(&seen.running, 1);
	atomic_fetch_add(&seen.ended, 1);
}

static void
whole_answer(const struct request *request, struct response *response)
{
	char piece[PIECE];

	for (uint64_t n = 0; n < number_in(request->query); n++) {
		fill_piece(piece, n);
		buf_data(&response->body, (bytes){ (const uint8_t *)piece, PIECE });
	}
	explicit_bzero(piece, sizeof(piece));
}

static void
handle(void *worker, struct job *job, const struct request *request, struct response *response)
{
	(void)worker;
	response->content_type = S("text/plain");
	response->gate.tag[1] = str_eq(request->path, S("/stayer")) ? STAYER : LEAVER;
	if (str_starts(request->path, S("/gate")))
		response->gate = (struct gate){ .open = gate_open, .ctx = &seen.shut, .value = 42 };
	if (str_eq(request->path, S("/free")))
		response->gate = (struct gate){ 0 };
	if (str_eq(request->path, S("/late")))
		server_cut(server, LEAVER); /* after it was allowed, before it is answered */
	if (str_starts(request->path, S("/whole")) || str_eq(request->path, S("/gate/whole")) ||
	    str_eq(request->path, S("/free")) || str_eq(request->path, S("/late")))
		whole_answer(request, response);
	else
		stream_it(job, request, response);
}

static void
refuse(void *ctx, enum err err, const char *why, struct response *response)
{
	(void)ctx, (void)why;
	response->status = err_info(err)->status;
}

static struct server *
begin(unsigned workers)
{
	struct server_config config = { .address = "127.0.0.1", .socket_path = SOCKET_PATH, .io_threads = 2,
		                        .workers = workers, .body_max = 4 * PIECE, .handle = handle, .refuse = refuse,
		                        .grace_seconds = 1 };
	OWNED(job_release) struct job job = { 0 };
	struct server *started = NULL;

	assert_int_equal(server_start(&job, &config, &started), OK);
	return started;
}

static int
start(void **state)
{
	(void)state;
	server = begin(16);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	server_stop(&server);
	return 0;
}

static int
anew(void **state)
{
	(void)state;
	atomic_store(&seen.put, 0);
	atomic_store(&seen.ended, 0);
	atomic_store(&seen.last, -1);
	atomic_store(&seen.shut, false);
	atomic_store(&seen.wait, false);
	return 0;
}

/* --- the client -------------------------------------------------------------------------------- */

static void
ask(struct talk *talk, const char *path, unsigned pieces)
{
	char text[200];

	snprintf(text, sizeof(text), "GET %s?%u HTTP/1.1\r\nHost: a\r\n\r\n", path, pieces);
	talk_say_c(talk, text);
}

/* One whose system takes little before it is read; segments as on a wire, else the loopback's large ones would
 * wait for a window that never comes. */
static void
narrow_talk(struct talk *talk)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(server_port(server)),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 20 };
	int size = 4 * 4096, segment = 1400;

	talk->have = 0;
	talk->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(talk->fd >= 0);
	setsockopt(talk->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(talk->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(talk->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
	assert_int_equal(connect(talk->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

/* All octets until the connection ends or `until` ends them; how many. */
static size_t
hear_all(struct talk *talk, const char *until, bool *ret_until)
{
	char octet[8 + PIECE] = { 0 }; /* the last ones of before in front */
	size_t total = 0, len = strlen(until);
	ssize_t got;

	*ret_until = false;
	while (!*ret_until && (got = recv(talk->fd, octet + 8, PIECE, 0)) > 0) {
		total += (size_t)got;
		memmove(octet, octet + got, 8);
		*ret_until = memcmp(octet + 8 - len, until, len) == 0;
	}
	explicit_bzero(octet, sizeof(octet));
	return total;
}

static void
await(_Atomic unsigned *what, unsigned count)
{
	int64_t end = os_monotonic_us() + 20000000;

	while (atomic_load(what) < count) {
		assert_true(os_monotonic_us() < end);
		usleep(500);
	}
}

static size_t
waiting_at(const struct talk *talk)
{
	int size = 0;

	ioctl(talk->fd, FIONREAD, &size);
	return (size_t)size;
}

/* Until nothing more is put: the reader does not read, and all buffers are full. */
static unsigned
await_still(void)
{
	unsigned before;

	do {
		before = atomic_load(&seen.put);
		usleep(50000);
	} while (before != atomic_load(&seen.put));
	return before;
}

/* --- whole and not ----------------------------------------------------------------------------- */

#define LAST_CHUNK "\r\n0\r\n\r\n"

static void
a_stream_arrives_whole_and_the_connection_goes_on(void **state)
{
	struct talk talk;
	bool whole;

	(void)state;
	talk_to(&talk, server);
	for (int i = 0; i < 3; i++) {
		ask(&talk, "/stream", 100);
		assert_in_range(hear_all(&talk, LAST_CHUNK, &whole), 100 * PIECE, 100 * PIECE + 4000);
		assert_true(whole);
	}
	talk_end(&talk);
	await(&seen.ended, 3);
	assert_int_equal(atomic_load(&seen.last), OK);
}

static void
an_empty_stream_is_whole_too(void **state)
{
	struct talk talk;
	bool whole;

	(void)state;
	talk_to(&talk, server);
	ask(&talk, "/stream", 0);
	hear_all(&talk, LAST_CHUNK, &whole);
	assert_true(whole);
	talk_end(&talk);
}

static void
a_stream_that_fails_ends_without_the_last_chunk(void **state)
{
	struct talk talk;
	bool whole;

	(void)state;
	talk_to(&talk, server);
	ask(&talk, "/fails", 100);
	hear_all(&talk, LAST_CHUNK, &whole);
	assert_false(whole);
	talk_end(&talk);
	await(&seen.ended, 1);
}

static void
http_1_0_is_refused_a_stream(void **state)
{
	struct talk talk;
	struct reply reply;

	(void)state;
	talk_to(&talk, server);
	talk_say_c(&talk, "GET /stream?3 HTTP/1.0\r\n\r\n");
	assert_true(talk_hear(&talk, false, &reply));
	assert_int_equal(reply.status, 400);
	talk_end(&talk);
}

/* --- readers that are slow, gone, too many ----------------------------------------------------- */

static void
a_reader_that_stands_still_holds_up_the_maker_and_gets_all(void **state)
{
	struct talk talk;
	unsigned put;
	bool whole;

	(void)state;
	narrow_talk(&talk);
	ask(&talk, "/stream", 200);
	put = await_still();
	assert_in_range(put, 1, HELD_BYTES / PIECE);
	assert_in_range(hear_all(&talk, LAST_CHUNK, &whole), 200 * PIECE, 200 * PIECE + 8000);
	assert_true(whole);
	talk_end(&talk);
}

static void
a_client_that_goes_ends_the_handler_which_still_has_its_request(void **state)
{
	struct request request = { 0 };
	struct talk talk;

	(void)state;
	narrow_talk(&talk);
	talk_say_c(&talk, "POST /stream?2000 HTTP/1.1\r\nHost: a\r\nX: ABC\r\nContent-Length: 5\r\n\r\nhello");
	await(&seen.put, 1);
	talk_end(&talk);
	await(&seen.ended, 1);
	assert_int_equal(atomic_load(&seen.last), ERR_GONE);
	request = (struct request){ .method_name = S("POST"), .path = S("/stream"), .query = S("2000"),
		                    .header = (const struct header[]){ { S(""), S("a") }, { S(""), S("ABC") }, { S(""), S("5") } },
		                    .header_count = 3, .body = str_bytes(S("hello")) };
	assert_int_equal(atomic_load(&seen.kept), octets_of(&request));
}

static void
more_streams_than_the_limit_are_503_and_places_come_back(void **state)
{
	struct talk talk[5];
	struct server_stats stats;
	struct reply reply;

	(void)state;
	atomic_store(&seen.wait, true);
	for (int i = 0; i < 5; i++)
		talk_to(&talk[i], server);
	for (int i = 0; i < 4; i++) /* a quarter of 16 workers */
		ask(&talk[i], "/stream", 3);
	await(&seen.running, 4);
	server_stats(server, &stats);
	assert_int_equal(stats.streams, 4);
	ask(&talk[4], "/stream", 3);
	assert_true(talk_hear(&talk[4], false, &reply));
	assert_int_equal(reply.status, 503);
	atomic_store(&seen.wait, false);
	await(&seen.ended, 4);
	do {
		usleep(1000);
		server_stats(server, &stats);
	} while (stats.streams);
	for (int i = 0; i < 5; i++)
		talk_end(&talk[i]);
}

/* --- cut --------------------------------------------------------------------------------------- */

/* Whatever the reader finds after the cut lay with its own system before it. */
static void
cut_is_tight(struct talk *talk)
{
	size_t held, heard;
	bool whole;

	await_still();
	server_cut(server, LEAVER);
	held = waiting_at(talk);
	heard = hear_all(talk, LAST_CHUNK, &whole);
	assert_false(whole);
	assert_true(heard <= held);
	assert_true(held <= HELD_BYTES);
	talk_end(talk);
}

static void
a_cut_ends_a_stream_whose_reader_stands_still(void **state)
{
	struct talk talk;

	(void)state;
	narrow_talk(&talk);
	ask(&talk, "/stream", 2000);
	cut_is_tight(&talk);
	await(&seen.ended, 1);
	assert_int_equal(atomic_load(&seen.last), ERR_GONE);
}

static void
a_cut_ends_an_answer_that_was_all_there(void **state)
{
	struct talk talk;

	(void)state;
	narrow_talk(&talk);
	ask(&talk, "/whole", 500);
	cut_is_tight(&talk);
}

static void
a_cut_on_the_unix_socket_leaves_a_piece_at_most(void **state)
{
	struct talk talk;
	bool whole;

	(void)state;
	talk_to_path(&talk, SOCKET_PATH);
	ask(&talk, "/stream", 2000);
	await_still();
	server_cut(server, LEAVER);
	assert_in_range(hear_all(&talk, LAST_CHUNK, &whole), 1, PIECE);
	assert_false(whole);
	talk_end(&talk);
	await(&seen.ended, 1);
}

static void
a_cut_while_the_maker_works_ends_the_connection_at_once(void **state)
{
	struct talk talk;
	bool whole;

	(void)state;
	atomic_store(&seen.wait, true);
	talk_to(&talk, server);
	ask(&talk, "/stream", 5);
	await(&seen.running, 1);
	usleep(20000); /* the head has left, the connection waits for a piece */
	server_cut(server, LEAVER);
	hear_all(&talk, LAST_CHUNK, &whole);
	assert_false(whole);
	assert_int_equal(atomic_load(&seen.ended), 0); /* it has not noticed yet */
	atomic_store(&seen.wait, false);
	await(&seen.ended, 1);
	assert_int_equal(atomic_load(&seen.last), ERR_GONE);
	talk_end(&talk);
}

static void
an_answer_that_was_allowed_before_the_cut_does_not_begin(void **state)
{
	struct talk talk;

	(void)state;
	for (unsigned pieces = 0; pieces < 3; pieces++) { /* also a short one */
		talk_to(&talk, server);
		ask(&talk, "/late", pieces);
		assert_true(talk_ended(&talk));
		talk_end(&talk);
	}
}

static void
others_are_left_alone(void **state)
{
	struct talk stays, free_one;
	struct reply reply;
	bool whole;

	(void)state;
	narrow_talk(&stays);
	ask(&stays, "/stayer", 100);
	narrow_talk(&free_one);
	ask(&free_one, "/free", 100);
	await_still();
	for (int i = 0; i < 10; i++)
		server_cut(server, LEAVER);
	assert_true(hear_all(&stays, LAST_CHUNK, &whole) > 100 * PIECE);
	assert_true(whole);
	assert_true(talk_hear(&free_one, false, &reply));
	assert_int_equal(reply.body_len, 100 * PIECE);
	talk_end(&stays);
	talk_end(&free_one);
}

/* The next answer on the same connection is somebody else's. */
static void
whoever_comes_next_on_the_connection_is_left_alone(void **state)
{
	struct talk talk;
	struct reply reply;
	bool whole;

	(void)state;
	talk_to(&talk, server);
	ask(&talk, "/whole", 1);
	assert_true(talk_hear(&talk, false, &reply));
	ask(&talk, "/stayer", 3);
	hear_all(&talk, LAST_CHUNK, &whole);
	server_cut(server, LEAVER);
	ask(&talk, "/stayer", 3);
	hear_all(&talk, LAST_CHUNK, &whole);
	assert_true(whole);
	talk_end(&talk);
}

static void
a_gate_that_shuts_ends_the_answer(void **state)
{
	struct talk talk;
	bool whole;

	(void)state;
	for (int i = 0; i < 2; i++) {
		atomic_store(&seen.shut, false);
		narrow_talk(&talk);
		ask(&talk, i ? "/gate/whole" : "/gate", 500);
		while (!waiting_at(&talk))
			usleep(1000);
		await_still();
		atomic_store(&seen.shut, true);
		assert_in_range(hear_all(&talk, LAST_CHUNK, &whole), 1, HELD_BYTES);
		assert_false(whole);
		talk_end(&talk);
	}
	await(&seen.ended, 1);
}

/* --- memory ------------------------------------------------------------------------------------ */

static void
nothing_of_a_long_answer_remains(void **state)
{
	static const char *const path[] = { "/stream", "/whole" };
	struct talk talk;
	bool whole;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(path); i++) {
		talk_to(&talk, server);
		atomic_store(&seen.wait, i % 2);
		ask(&talk, path[i / 2], 40);
		if (i % 2) /* cut in the middle */
			server_cut(server, LEAVER);
		atomic_store(&seen.wait, false);
		hear_all(&talk, LAST_CHUNK, &whole);
		talk_end(&talk);
		/* The server wipes after the last octet has left, so a moment later. */
		for (int k = 0; k < 100 && remains_count(); k++)
			usleep(10000);
		assert_int_equal(remains_count(), 0);
	}
}

/* --- the end ----------------------------------------------------------------------------------- */

static void
a_stop_ends_streams_after_the_grace(void **state)
{
	struct server *before = server, *own = begin(4);
	struct talk talk;
	int64_t began;

	(void)state;
	server = own;
	narrow_talk(&talk);
	ask(&talk, "/stream", 100000);
	await(&seen.put, 1);
	began = os_monotonic_us();
	server_stop(&own);
	assert_in_range(os_monotonic_us() - began, 900000, 5000000);
	assert_int_equal(atomic_load(&seen.last), ERR_GONE);
	talk_end(&talk);
	server = before;
}

static void *
read_streams(void *arg)
{
	_Atomic bool *ends = arg;
	struct talk talk;
	bool whole;

	for (int round = 0; !atomic_load(ends); round++) {
		talk_to(&talk, server);
		ask(&talk, round % 2 ? "/stream" : "/stayer", 30);
		hear_all(&talk, LAST_CHUNK, &whole);
		talk_end(&talk);
	}
	return NULL;
}

/* For the thread sanitizer: everything at once. */
static void
cuts_and_streams_at_once(void **state)
{
	_Atomic bool ends = false;
	pthread_t thread[4];

	(void)state;
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_create(&thread[i], NULL, read_streams, &ends);
	for (int i = 0; i < 300; i++) {
		server_cut(server, i % 3 ? LEAVER : STAYER);
		usleep(1000);
	}
	atomic_store(&ends, true);
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_join(thread[i], NULL);
}

/* --- who was cut ------------------------------------------------------------------------------- */

static void
a_cut_is_remembered_for_those_who_began_before(void **state)
{
	struct gate gate = { .tag = { 0, 5, 6 } }, nobody = { .tag = { 0 } };
	struct cuts *cuts = cuts_new();
	uint64_t mark = cuts_mark(cuts), old = mark;

	(void)state;
	assert_true(cuts_spare(cuts, &gate, &mark));
	cuts_add(cuts, 4);
	cuts_add(cuts, 0);
	assert_true(cuts_spare(cuts, &gate, &mark));
	assert_true(cuts_spare(cuts, &nobody, &mark));
	cuts_add(cuts, 6);
	cuts_add(cuts, 4);
	assert_false(cuts_spare(cuts, &gate, &mark));
	assert_false(cuts_spare(cuts, &gate, &mark));
	mark = cuts_mark(cuts);
	assert_true(cuts_spare(cuts, &gate, &mark));
	for (int i = 0; i < GATE_REMEMBERED; i++)
		cuts_add(cuts, 4);
	assert_true(cuts_spare(cuts, &gate, &mark));
	assert_false(cuts_spare(cuts, &nobody, &old)); /* nobody knows any more */
	cuts_free(&cuts);
}

int
stream_tests(void)
{
	const struct CMUnitTest tests[] = {
		/* First: clients of the others have it lying on their stacks. */
		cmocka_unit_test_setup(nothing_of_a_long_answer_remains, anew),
		cmocka_unit_test_setup(a_stream_arrives_whole_and_the_connection_goes_on, anew),
		cmocka_unit_test_setup(an_empty_stream_is_whole_too, anew),
		cmocka_unit_test_setup(a_stream_that_fails_ends_without_the_last_chunk, anew),
		cmocka_unit_test_setup(http_1_0_is_refused_a_stream, anew),
		cmocka_unit_test_setup(a_reader_that_stands_still_holds_up_the_maker_and_gets_all, anew),
		cmocka_unit_test_setup(a_client_that_goes_ends_the_handler_which_still_has_its_request, anew),
		cmocka_unit_test_setup(more_streams_than_the_limit_are_503_and_places_come_back, anew),
		cmocka_unit_test_setup(a_cut_ends_a_stream_whose_reader_stands_still, anew),
		cmocka_unit_test_setup(a_cut_ends_an_answer_that_was_all_there, anew),
		cmocka_unit_test_setup(a_cut_on_the_unix_socket_leaves_a_piece_at_most, anew),
		cmocka_unit_test_setup(a_cut_while_the_maker_works_ends_the_connection_at_once, anew),
		cmocka_unit_test_setup(an_answer_that_was_allowed_before_the_cut_does_not_begin, anew),
		cmocka_unit_test_setup(others_are_left_alone, anew),
		cmocka_unit_test_setup(whoever_comes_next_on_the_connection_is_left_alone, anew),
		cmocka_unit_test_setup(a_gate_that_shuts_ends_the_answer, anew),
		cmocka_unit_test_setup(a_stop_ends_streams_after_the_grace, anew),
		cmocka_unit_test_setup(cuts_and_streams_at_once, anew),
		cmocka_unit_test(a_cut_is_remembered_for_those_who_began_before),
	};

	return cmocka_run_group_tests_name("stream", tests, start, stop);
}
