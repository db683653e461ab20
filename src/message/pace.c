/* message/pace.c -- contract: pace.h. */
#include "message/pace.h"

#include <pthread.h>
#include <stdlib.h>

#define DOMAINS 1024                 /* known at once; one more waits until another is quiet */
#define BURST (1 * TIME_SECOND)      /* what was not used of the last second may be made up for */
#define CROWDED (1 * TIME_SECOND)    /* asked again after so long where all connections are taken */

struct domain {
	int64_t number;
	int64_t batches;
	time_us next_at;  /* the next message by the rate */
	time_us asked_at; /* the last moment that was given to who has to wait */
};

struct pace {
	pthread_mutex_t mutex;
	struct domain domain[DOMAINS];
	size_t count;
};

struct pace *
pace_new(void)
{
	struct pace *pace = calloc(1, sizeof(*pace));

	must(pace);
	pthread_mutex_init(&pace->mutex, NULL);
	return pace;
}

void
pace_free(struct pace **pace)
{
	if (!*pace)
		return;
	pthread_mutex_destroy(&(*pace)->mutex);
	free(*pace);
	*pace = NULL;
}

static struct domain *
domain_known(struct pace *pace, int64_t number)
{
	for (size_t i = 0; i < pace->count; i++)
		if (pace->domain[i].number == number)
			return &pace->domain[i];
	return NULL;
}

/* NULL: all places are taken by domains that are not quiet. */
static struct domain *
domain_place(struct pace *pace, int64_t number, time_us now)
{
	struct domain *domain = domain_known(pace, number);

	for (size_t i = 0; i < pace->count && !domain; i++)
		if (!pace->domain[i].batches && pace->domain[i].next_at <= now && pace->domain[i].asked_at <= now)
			domain = &pace->domain[i];
	if (!domain && pace->count < DOMAINS)
		domain = &pace->domain[pace->count++];
	if (domain && (domain->number != number || (!domain->batches && !domain->next_at)))
		*domain = (struct domain){ .number = number };
	return domain;
}

static time_us
later(time_us a, time_us b)
{
	return a > b ? a : b;
}

static bool
begin(struct domain *domain, bool joined, int64_t connections, time_us interval, time_us now, time_us *ret_at)
{
	if (domain->next_at > now + BURST + interval) /* the clock went back */
		domain->next_at = domain->asked_at = now;
	if (!joined && domain->batches >= connections) {
		*ret_at = now + CROWDED;
		return false;
	}
	if (domain->next_at > now + BURST) {
		domain->asked_at = later(domain->asked_at, domain->next_at - BURST) + interval;
		*ret_at = domain->asked_at;
		return false;
	}
	domain->next_at = later(domain->next_at, now) + interval;
	domain->batches += !joined;
	return true;
}

bool
pace_begin(struct pace *pace, int64_t number, bool joined, int64_t connections, int64_t rate, time_us now,
           time_us *ret_at)
{
	struct domain *domain;
	bool good = false;

	*ret_at = now + CROWDED;
	pthread_mutex_lock(&pace->mutex);
	domain = domain_place(pace, number, now);
	if (domain)
		good = begin(domain, joined, connections, 60 * TIME_SECOND / rate, now, ret_at);
	pthread_mutex_unlock(&pace->mutex);
	return good;
}

void
pace_end(struct pace *pace, int64_t number)
{
	struct domain *domain;

	pthread_mutex_lock(&pace->mutex);
	domain = domain_known(pace, number);
	must(domain && domain->batches > 0);
	domain->batches--;
	pthread_mutex_unlock(&pace->mutex);
}
