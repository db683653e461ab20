/* http/admit.h -- whether a request's line and headers are what RFC 9112 calls valid.
 *
 * Pure functions over borrowed text: server.c feeds them what the library parsed, the fuzzer
 * whatever it likes.  What is refused here is answered and the connection closed, since a message
 * that two readers could understand differently must not be followed by another one.
 */
#ifndef HTTP_ADMIT_H
#define HTTP_ADMIT_H

#include "base/err.h"
#include "http/server.h"

/* All borrowed; target and version as they came. */
struct head {
	str method;
	str target;
	str version;
	const struct header *header;
	size_t header_count;
};

struct admission {
	enum method method;
	str path;          /* borrowed from the target */
	str query;
	bool chunked;
	uint64_t body_len; /* of Content-Length; 0 when there is none */
	bool close;        /* HTTP/1.0: one answer and no more */
	bool expects_other; /* an expectation that is not 100-continue: 417 */
};

/* OK, or why not: ret_why is a literal.
 *   ERR_MALFORMED  the request line, or the framing
 *   ERR_HEADER     a header */
must_check enum err admit(const struct head *head, struct admission *ret, const char **ret_why);

/* The parts of it, NULL when valid. */
const char *admit_target(str target, str *ret_path, str *ret_query);
const char *admit_host(str value);
const char *admit_header(const struct header *header);

#endif
