/* oidc/cache.c -- documents of the provider, kept for a while (O3 of provider.h). */
#include <pthread.h>

#include "oidc/documents.h"

#define SLOTS 4 /* metadata, keys, keys of events; one over for a provider that was just changed */

struct slot {
	struct buf url, text;
	time_us got_at;   /* 0: there is no text */
	time_us tried_at; /* last call that failed; 0: none */
	time_us again_at; /* last time that it was read before it was due */
	bool loading;
};

struct oidc_cache {
	pthread_mutex_t mutex;
	pthread_cond_t loaded;
	struct slot slot[SLOTS];
	size_t next;
};

void
oidc_cache_new(struct oidc_cache **ret)
{
	struct oidc_cache *cache = calloc(1, sizeof(*cache));

	must(cache);
	must(pthread_mutex_init(&cache->mutex, NULL) == 0);
	must(pthread_cond_init(&cache->loaded, NULL) == 0);
	for (size_t i = 0; i < SLOTS; i++) {
		buf_init(&cache->slot[i].url, OIDC_URL_MAX);
		buf_init(&cache->slot[i].text, OIDC_ANSWER_MAX);
	}
	*ret = cache;
}

void
oidc_cache_free(struct oidc_cache **at)
{
	struct oidc_cache *cache = *at;

	if (!cache)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		buf_release(&cache->slot[i].url);
		buf_release(&cache->slot[i].text);
	}
	pthread_cond_destroy(&cache->loaded);
	pthread_mutex_destroy(&cache->mutex);
	free(cache);
	*at = NULL;
}

/* --- one call ---------------------------------------------------------------------------------- */

static bool
allowed(const struct sockaddr *address, void *ctx)
{
	return guard_allows(ctx, address);
}

static void
fetcher_end(struct fetcher **fetcher)
{
	fetcher_close(fetcher);
}

enum err
oidc_call(struct job *job, const struct oidc_reach *reach, const struct fetch *what, int *ret_status,
          str *ret_body)
{
	struct guard guard = { reach->networks, str_starts(str_from_c(what->url), S("https://")) };
	OWNED(fetcher_end) struct fetcher *fetcher = NULL;
	struct fetch call = *what;
	struct fetched fetched;

	call.connect_ms = OIDC_CONNECT_MS;
	call.total_ms = OIDC_TOTAL_MS;
	call.allowed = allowed;
	call.allowed_ctx = &guard;
	fetcher_open(OIDC_ANSWER_MAX, &fetcher);
	fetch(fetcher, &call, &fetched);
	if (fetched.end == FETCH_REFUSED)
		return fail(job, ERR_IO, "the provider's address is on a network that may not be called");
	if (fetched.end == FETCH_TLS)
		return fail(job, ERR_IO, "the provider's certificate does not hold");
	if (fetched.end != FETCH_ANSWERED)
		return fail(job, ERR_IO, "the provider does not answer");
	*ret_status = fetched.status;
	*ret_body = arena_str(&job->arena, fetched.body);
	return OK;
}

static enum err
document_load(struct job *job, const struct oidc_reach *reach, str url, str *ret)
{
	static const char *const header[] = { "Accept: application/json", "User-Agent: Valv", NULL };
	int status = 0;

	TRY(oidc_call(job, reach,
	              &(struct fetch){ .method = "GET", .url = arena_c(&job->arena, url), .header = header },
	              &status, ret));
	if (status != 200)
		return fail(job, ERR_IO, "the provider does not give its document");
	return OK;
}

/* --- slots ------------------------------------------------------------------------------------- */

static struct slot *
slot_of(struct oidc_cache *cache, str url)
{
	struct slot *slot;

	for (size_t i = 0; i < SLOTS; i++)
		if (cache->slot[i].url.len && str_eq(buf_str(&cache->slot[i].url), url))
			return &cache->slot[i];
	for (size_t i = 0; i < SLOTS; i++, cache->next++)
		if (!cache->slot[cache->next % SLOTS].loading)
			break;
	slot = &cache->slot[cache->next++ % SLOTS];
	if (slot->loading)
		return NULL;
	buf_clear(&slot->url);
	buf_clear(&slot->text);
	buf_put(&slot->url, url);
	slot->got_at = slot->tried_at = slot->again_at = 0;
	return slot;
}

/* Whoever waited while another loaded began up to so long before them.  Later than that is a clock that went back. */
#define OVERTAKEN_US (2 * OIDC_TOTAL_MS * 1000)

static bool
within(time_us at, time_us span, time_us now)
{
	return at && at <= now + OVERTAKEN_US && now - at < span;
}

/* Whether to call the provider now (O3). */
static bool
is_due(struct slot *slot, bool again, time_us now)
{
	if (slot->loading || within(slot->tried_at, OIDC_RETRY_US, now))
		return false;
	if (!within(slot->got_at, OIDC_FRESH_US, now))
		return true;
	if (!again || within(slot->again_at, OIDC_AGAIN_US, now))
		return false;
	slot->again_at = now;
	return true;
}

/* The mutex is held, but not while the provider is called: others go on with what there is. */
static void
slot_load(struct job *job, const struct oidc_reach *reach, struct slot *slot, str url)
{
	enum err err;
	str text;

	slot->loading = true;
	pthread_mutex_unlock(&reach->cache->mutex);
	err = document_load(job, reach, url, &text);
	pthread_mutex_lock(&reach->cache->mutex);
	slot->loading = false;
	slot->tried_at = err ? job->now : 0;
	if (!err) {
		buf_clear(&slot->text);
		buf_put(&slot->text, text);
		slot->got_at = job->now;
	}
	pthread_cond_broadcast(&reach->cache->loaded);
}

static enum err
document_locked(struct job *job, const struct oidc_reach *reach, str url, bool again, str *ret)
{
	struct slot *slot = slot_of(reach->cache, url);

	if (!slot)
		return fail(job, ERR_IO, "the provider's documents are being read");
	if (is_due(slot, again, job->now))
		slot_load(job, reach, slot, url);
	while (slot->loading && !slot->got_at)
		pthread_cond_wait(&reach->cache->loaded, &reach->cache->mutex);
	if (!str_eq(buf_str(&slot->url), url) || !within(slot->got_at, OIDC_STALE_US, job->now))
		return job->failure.err ? job->failure.err
		                        : fail(job, ERR_IO, "the provider did not answer a moment ago");
	job_forgive(job); /* of a reading anew that failed, while the old one still does */
	*ret = arena_str(&job->arena, buf_str(&slot->text));
	return OK;
}

enum err
oidc_document(struct job *job, const struct oidc_reach *reach, str url, bool again, str *ret)
{
	enum err err;

	if (url.len > OIDC_URL_MAX)
		return fail(job, ERR_INVALID, "an address of the provider is too long");
	pthread_mutex_lock(&reach->cache->mutex);
	err = document_locked(job, reach, url, again, ret);
	pthread_mutex_unlock(&reach->cache->mutex);
	return err;
}
