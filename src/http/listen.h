/* http/listen.h -- sockets that wait for connections: non-blocking, closed on exec. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/job.h"

/* An IPv4 or IPv6 address, no name.  Port 0 asks for any; *ret_port tells which. */
must_check enum err listen_tcp(struct job *job, const char *address, uint16_t port, int *ret_fd,
                               uint16_t *ret_port);
/* Mode 0600 from its birth.  A socket that lies there is replaced (the caller holds the data
 * directory's lock); any other file is not. */
must_check enum err listen_unix(struct job *job, const char *path, int *ret_fd);

#endif
