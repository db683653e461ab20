#include "http/gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/must.h"

struct cuts {
	_Atomic uint64_t count; /* since the start */
	pthread_mutex_t mutex;
	int64_t tag[GATE_REMEMBERED]; /* of the last ones, by number */
};

bool
gate_has(const struct gate *gate, int64_t tag)
{
	for (size_t i = 0; i < GATE_TAGS_MAX; i++)
		if (tag && gate->tag[i] == tag)
			return true;
	return false;
}

bool
gate_guards(const struct gate *gate)
{
	for (size_t i = 0; i < GATE_TAGS_MAX; i++)
		if (gate->tag[i])
			return true;
	return gate->open;
}

/* --- who was cut ------------------------------------------------------------------------------- */

struct cuts *
cuts_new(void)
{
	struct cuts *cuts = calloc(1, sizeof(*cuts));

	must(cuts);
	pthread_mutex_init(&cuts->mutex, NULL);
	return cuts;
}

void
cuts_free(struct cuts **cuts)
{
	if (!*cuts)
		return;
	pthread_mutex_destroy(&(*cuts)->mutex);
	free(*cuts);
	*cuts = NULL;
}

uint64_t
cuts_mark(const struct cuts *cuts)
{
	return atomic_load(&cuts->count);
}

void
cuts_add(struct cuts *cuts, int64_t tag)
{
	uint64_t count;

	pthread_mutex_lock(&cuts->mutex);
	count = atomic_load(&cuts->count);
	cuts->tag[count % GATE_REMEMBERED] = tag;
	atomic_store(&cuts->count, count + 1);
	pthread_mutex_unlock(&cuts->mutex);
}

bool
cuts_spare(struct cuts *cuts, const struct gate *gate, uint64_t *mark)
{
	uint64_t count;
	bool spared;

	if (atomic_load(&cuts->count) == *mark)
		return true;
	pthread_mutex_lock(&cuts->mutex);
	count = atomic_load(&cuts->count);
	spared = count - *mark <= GATE_REMEMBERED;
	for (uint64_t i = *mark; spared && i < count; i++)
		spared = !gate_has(gate, cuts->tag[i % GATE_REMEMBERED]);
	if (spared)
		*mark = count;
	pthread_mutex_unlock(&cuts->mutex);
	return spared;
}

/* --- sockets ----------------------------------------------------------------------------------- */

/* The kernel doubles it to have room for what it keeps beside the octets, and takes the octets up to that:
 * what is under way is at most twice the number. */
void
socket_narrow(int fd)
{
	int size = LIMIT_PIECE_BYTES / 2;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* The kernel orders this against a send() of the library's thread. By its number, since the thread sanitizer
 * takes connect() for the birth of the descriptor. */
void
socket_cut(int fd)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	if (syscall(SYS_connect, fd, &nowhere, sizeof(nowhere)))
		shutdown(fd, SHUT_RDWR);
}
