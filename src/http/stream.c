#include "http/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct stream {
	struct MHD_Connection *handle;
	pthread_mutex_t mutex;
	pthread_cond_t taken; /* or closed */
	struct timespec end;  /* it takes no longer than this */
	uint8_t piece[LIMIT_PIECE_BYTES];
	size_t len;
	size_t at;      /* what of the piece the library has */
	bool suspended; /* the library waits for a piece */
	bool closed;
	bool ended, whole;
	unsigned holders;
};

struct stream *
stream_new(struct MHD_Connection *handle)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	pthread_condattr_t monotonic;

	must(stream);
	stream->handle = handle;
	stream->holders = 2;
	clock_gettime(CLOCK_MONOTONIC, &stream->end);
	stream->end.tv_sec += LIMIT_STREAM_SECONDS;
	pthread_mutex_init(&stream->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&stream->taken, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return stream;
}

/* The mutex is held on entry, and not on return. */
static void
let_go(struct stream *stream)
{
	unsigned holders = --stream->holders;

	pthread_mutex_unlock(&stream->mutex);
	if (holders)
		return;
	pthread_cond_destroy(&stream->taken);
	pthread_mutex_destroy(&stream->mutex);
	explicit_bzero(stream->piece, sizeof(stream->piece)); /* H3 */
	free(stream);
}

/* The mutex is held: so the library does not suspend it in the meantime, and not twice. */
static void
wake_library(struct stream *stream)
{
	if (!stream->suspended)
		return;
	stream->suspended = false;
	MHD_resume_connection(stream->handle);
}

static void
close_held(struct stream *stream)
{
	stream->closed = true;
	explicit_bzero(stream->piece, sizeof(stream->piece));
	pthread_cond_signal(&stream->taken);
	wake_library(stream);
}

/* --- worker ------------------------------------------------------------------------------------ */

static bool
put_piece(struct stream *stream, bytes piece)
{
	bool good;

	pthread_mutex_lock(&stream->mutex);
	while (!stream->closed && stream->at < stream->len)
		if (pthread_cond_timedwait(&stream->taken, &stream->mutex, &stream->end) == ETIMEDOUT)
			close_held(stream);
	good = !stream->closed;
	if (good) {
		memcpy(stream->piece, piece.ptr, piece.len);
		stream->len = piece.len;
		stream->at = 0;
		wake_library(stream);
	}
	pthread_mutex_unlock(&stream->mutex);
	return good;
}

bool
stream_put(struct stream *stream, bytes octets)
{
	while (octets.len) {
		bytes piece = { octets.ptr, octets.len < LIMIT_PIECE_BYTES ? octets.len : LIMIT_PIECE_BYTES };

		if (!put_piece(stream, piece))
			return false;
		octets = (bytes){ octets.ptr + piece.len, octets.len - piece.len };
	}
	return true;
}

void
stream_end(struct stream *stream, bool whole)
{
	pthread_mutex_lock(&stream->mutex);
	stream->ended = true;
	stream->whole = whole;
	wake_library(stream);
	let_go(stream);
}

/* --- library ----------------------------------------------------------------------------------- */

static ssize_t
take_piece(struct stream *stream, char *into, size_t max)
{
	size_t size = stream->len - stream->at < max ? stream->len - stream->at : max;

	memcpy(into, stream->piece + stream->at, size);
	explicit_bzero(stream->piece + stream->at, size);
	stream->at += size;
	if (stream->at == stream->len)
		pthread_cond_signal(&stream->taken);
	return (ssize_t)size;
}

ssize_t
stream_take(struct stream *stream, char *into, size_t max)
{
	ssize_t taken = 0;

	pthread_mutex_lock(&stream->mutex);
	if (stream->closed || (stream->ended && !stream->whole)) {
		taken = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (stream->at < stream->len) {
		taken = take_piece(stream, into, max);
	} else if (stream->ended) {
		taken = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		stream->suspended = true;
		MHD_suspend_connection(stream->handle);
	}
	pthread_mutex_unlock(&stream->mutex);
	return taken;
}

void
stream_drop(struct stream *stream)
{
	pthread_mutex_lock(&stream->mutex);
	close_held(stream);
	let_go(stream);
}

void
stream_close(struct stream *stream)
{
	pthread_mutex_lock(&stream->mutex);
	close_held(stream);
	pthread_mutex_unlock(&stream->mutex);
}
