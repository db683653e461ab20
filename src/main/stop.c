/* main/stop.c -- contract: stop.h.
 *
 * A handler can reach nothing but a global, so here is the one there is.  Blocking the signals in
 * all threads and waiting with sigwait() would spare it, but then no Ctrl-C would end the question
 * for a passphrase, which comes before. */
#include "main/stop.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>

static sem_t asked;

static void
on_signal(int number)
{
	int before = errno;

	sem_post(&asked);
	errno = before;
}

void
stop_listen(void)
{
	struct sigaction ask = { .sa_handler = on_signal,
		                 .sa_flags = (int)(SA_RESTART | SA_RESETHAND) };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	must(sem_init(&asked, 0, 0) == 0);
	must(sigaction(SIGTERM, &ask, NULL) == 0);
	must(sigaction(SIGINT, &ask, NULL) == 0);
	must(sigaction(SIGHUP, &ignore, NULL) == 0);
	must(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

void
stop_wait(void)
{
	while (sem_wait(&asked) && errno == EINTR)
		;
}
