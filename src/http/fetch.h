/* http/fetch.h -- calls to other servers; the only files that know libcurl are fetch.c and wire.c.
 *
 *   F1  Only http and https; no redirect is followed; no name or password is taken from a file.
 *   F2  Every call ends: a time for connecting, a time for the whole, a limit for the answer.
 *   F3  With `allowed`, each address that a connection would go to is asked about just before, as the
 *       kernel will get it: what a name resolved to a moment ago does not matter.  No proxy then, and
 *       no connection is kept.
 */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/job.h"

struct fetcher; /* keeps a connection; one thread at a time */

enum fetch_end {
	FETCH_ANSWERED,    /* whatever the status */
	FETCH_UNREACHABLE, /* no such name, refused, cut off */
	FETCH_TIMEOUT,
	FETCH_REFUSED,     /* F3 */
	FETCH_TLS,
	FETCH_TOO_LARGE,   /* the answer; the status is there */
	FETCH_PROTOCOL,    /* not HTTP */
	FETCH_STOPPED,     /* by `stop` */
};

struct fetch {
	const char *method;
	const char *url;
	const char *socket;          /* path of a Unix socket instead of the URL's host; NULL */
	const char *const *header;   /* "Name: value"; NULL at the end; NULL: none */
	str body;                    /* ptr NULL: none */
	long connect_ms, total_ms;   /* total_ms 0: no end, for the commands of a person */
	bool (*allowed)(const struct sockaddr *address, void *ctx); /* F3; NULL: any */
	void *allowed_ctx;
	const _Atomic bool *stop;    /* looked at about once a second; NULL */
	/* Takes the body of a 200 as it comes, of any length; false ends the call as FETCH_TOO_LARGE.  NULL: it is kept. */
	bool (*sink)(void *ctx, bytes piece);
	void *sink_ctx;
};

/* Borrowed until the next call. */
struct fetched {
	enum fetch_end end;
	bool connected;      /* a connection was there */
	const char *why;     /* a sentence of the library about an end that is no answer; static */
	int status;
	str body;
	str etag;
	str retry_after;
	str next; /* Valv-Next: where the next part of a package begins */
};

void fetcher_open(size_t answer_max, struct fetcher **ret);
void fetcher_close(struct fetcher **fetcher); /* accepts NULL inside; for OWNED */
void fetch(struct fetcher *fetcher, const struct fetch *fetch, struct fetched *ret);

#endif
