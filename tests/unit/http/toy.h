/* A server with a toy handler, and a client that says exactly the octets it is told to. */
#ifndef HTTP_TOY_H
#define HTTP_TOY_H

#include "http_test.h"

#include "http/server.h"

/* Answers "METHOD PATH QUERY BODYLEN lane=… local=…\n"; in particular:
 *   /block     waits for toy_release()
 *   /vital…    is of the reserved lane
 *   /big       16000000 octets       /empty   204
 *   /echo      the body, in front
 *   /header    a header that cannot be   /status  a status that cannot be */
struct server *toy_start(unsigned workers, unsigned workers_reserved, const char *socket_path);
struct server *toy_start_with(struct server_config config);
enum err toy_try(struct job *job, struct server_config config, struct server **ret);
void toy_release(void);
unsigned toy_blocked(void); /* handlers that wait in /block now */
void toy_await_blocked(unsigned count);

struct talk {
	int fd;
	size_t have; /* octets read and not yet used */
	char octet[64 * 1024];
};

struct reply {
	int status;
	char head[4096];
	char body[4096];  /* what fits */
	size_t body_len;  /* of all there was */
};

void talk_to(struct talk *talk, const struct server *server);
void talk_to_path(struct talk *talk, const char *path);
void talk_end(struct talk *talk);
void talk_say(struct talk *talk, const char *octets, size_t len);
void talk_say_slowly(struct talk *talk, const char *octets, size_t len); /* until an answer begins */
#define talk_say_c(talk, text) talk_say(talk, text, strlen(text))
/* False when the connection ends, or nothing comes for some seconds.  100 is a reply too. */
bool talk_hear(struct talk *talk, bool head_only, struct reply *ret);
bool talk_ended(struct talk *talk); /* the other side has closed, and said nothing more */

#endif
