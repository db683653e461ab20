/* http/stream.h -- an answer on its way from the worker that makes it to the library that sends it.
 *
 * One piece waits at most, so that what a slow reader costs is a piece of memory.  While there is none the
 * library's connection is suspended; while there is one the worker waits.  Both sides hold the stream, and
 * whoever lets go last frees it.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <microhttpd.h>

#include "base/limits.h"
#include "base/must.h"
#include "base/str.h"

struct stream;

/* Held twice: stream_end() and stream_drop(). */
struct stream *stream_new(struct MHD_Connection *handle);

/* Worker: waits until there is room.  False: nobody takes it any more. */
must_check bool stream_put(struct stream *stream, bytes octets);
/* Worker: no more comes; whole: what was put is all there was to be. */
void stream_end(struct stream *stream, bool whole);

/* Library: a piece, 0 when there is none and the connection now waits, or one of MHD_CONTENT_READER_END_. */
ssize_t stream_take(struct stream *stream, char *into, size_t max);
/* Library: it has let go of the answer. */
void stream_drop(struct stream *stream);

/* Anybody who knows that the stream is there: nothing is taken from now on. */
void stream_close(struct stream *stream);

#endif
