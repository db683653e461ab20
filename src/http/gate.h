/* http/gate.h -- whose word an answer leaves on, and what takes it back while the answer is under way.
 *
 * An answer of many pieces outlasts the moment at which it was allowed.  So it carries the principals whom it
 * was allowed for, and they are looked at again before each piece; server_cut() (server.h) is how whoever takes
 * a word back says so.  The order is what makes it tight: the word is taken back durably, then server_cut() is
 * called, then the taking back is acknowledged.  A handler that still read the word as good has begun before,
 * and its answer is found to be cut before its first piece leaves.
 *
 * Where what was sent lies in the kernel still, it is dropped:
 *   TCP   connect() to AF_UNSPEC throws the send queue away and resets the connection (tcp_disconnect() in
 *         Linux, net/ipv4/tcp.c); shutdown() and closing would send it first
 *   Unix  what was sent is in the other side's queue already, so that only the size of the buffer bounds it
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_TAGS_MAX 4
#define GATE_WORDS 6
#define GATE_TOKEN_BYTES 32
#define GATE_REMEMBERED 4096 /* cuts; an answer that began before the oldest of them ends, whoever it is for */

struct gate {
	int64_t tag[GATE_TAGS_MAX]; /* principals, as whoever cuts calls them; 0: none */
	/* Asked before each piece, on a thread that serves many connections: it may compare, and not wait.
	 * NULL: nobody is asked. */
	bool (*open)(const struct gate *gate);
	const void *ctx; /* outlives the server */
	int64_t value;
	/* For whoever decides about cuts (server_gates): what the principal was. */
	int64_t word[GATE_WORDS];
	uint8_t token[GATE_TOKEN_BYTES];
};

/* Whether any principal has a say in it. */
bool gate_guards(const struct gate *gate);
bool gate_has(const struct gate *gate, int64_t tag);

/* Who was cut since when.  The common question costs one atomic read. */
struct cuts;

struct cuts *cuts_new(void);
void cuts_free(struct cuts **cuts); /* accepts NULL inside */
uint64_t cuts_mark(const struct cuts *cuts); /* now */
void cuts_add(struct cuts *cuts, int64_t tag);
/* Whether none of the gate's was cut since the mark, which moves up to now then. */
bool cuts_spare(struct cuts *cuts, const struct gate *gate, uint64_t *mark);

/* So that no more than LIMIT_PIECE_BYTES of what was sent is not yet with the other side. */
void socket_narrow(int fd);
/* Nothing leaves through it any more.  It stays open: it is the library's to close. */
void socket_cut(int fd);

#endif
