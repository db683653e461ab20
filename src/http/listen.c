#include "http/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
	socklen_t len;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool
address_of(const char *text, uint16_t port, struct address *ret)
{
	struct address address = { 0 };

	if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(port);
		address.len = sizeof(address.v4);
	} else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(port);
		address.len = sizeof(address.v6);
	}
	*ret = address;
	return address.len > 0;
}

enum err
listen_tcp(struct job *job, const char *text, uint16_t port, int *ret_fd, uint16_t *ret_port)
{
	OWNED(close_fd) int fd = -1;
	struct address address;
	int on = 1;

	if (!address_of(text, port, &address))
		return fail(job, ERR_IO, "the address to listen on is no IP address");
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, &address.any, address.len) || listen(fd, BACKLOG) ||
	    getsockname(fd, &address.any, &address.len))
		return fail(job, ERR_IO, "the address cannot be listened on");
	*ret_port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
	                                                   : address.v6.sin6_port);
	*ret_fd = fd;
	fd = -1;
	return OK;
}

enum err
listen_unix(struct job *job, const char *path, int *ret_fd)
{
	OWNED(close_fd) int fd = -1;
	struct address address = { .local.sun_family = AF_UNIX, .len = sizeof(address.local) };
	struct stat there;

	if (strlen(path) >= sizeof(address.local.sun_path))
		return fail(job, ERR_IO, "the path of the Unix socket is too long");
	memcpy(address.local.sun_path, path, strlen(path));
	if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* On Linux a socket file is born with the mode of its descriptor. */
	if (fd < 0 || fchmod(fd, 0600) || bind(fd, &address.any, address.len) ||
	    chmod(path, 0600) || listen(fd, BACKLOG))
		return fail(job, ERR_IO, "the Unix socket cannot be listened on");
	*ret_fd = fd;
	fd = -1;
	return OK;
}
