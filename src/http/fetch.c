/* http/fetch.c -- contract, F1-F3: fetch.h. */
#include "http/fetch.h"

#include <curl/curl.h>
#include <unistd.h>

struct fetcher {
	CURL *curl;
	struct buf body, etag, retry_after, next;
	const struct fetch *fetch; /* while one runs */
	bool refused;
};

/* --- life cycle ------------------------------------------------------------------------------- */

void
fetcher_open(size_t answer_max, struct fetcher **ret)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	must(fetcher);
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); /* counts; safe from several threads */
	fetcher->curl = curl_easy_init();
	must(fetcher->curl);
	buf_init(&fetcher->body, answer_max);
	buf_init(&fetcher->etag, 256);
	buf_init(&fetcher->retry_after, 256);
	buf_init(&fetcher->next, 256);
	*ret = fetcher;
}

void
fetcher_close(struct fetcher **at)
{
	struct fetcher *fetcher = *at;

	if (!fetcher)
		return;
	curl_easy_cleanup(fetcher->curl);
	buf_release(&fetcher->body);
	buf_release(&fetcher->etag);
	buf_release(&fetcher->retry_after);
	buf_release(&fetcher->next);
	free(fetcher);
	*at = NULL;
}

/* --- what the library asks -------------------------------------------------------------------- */

static size_t
on_body(char *ptr, size_t size, size_t count, void *ctx)
{
	struct fetcher *fetcher = ctx;
	const struct fetch *asked = fetcher->fetch;
	long status = 0;

	if (asked->sink)
		curl_easy_getinfo(fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return asked->sink(asked->sink_ctx, str_bytes((str){ ptr, size * count })) ? size * count : 0;
	buf_put(&fetcher->body, (str){ ptr, size * count });
	return buf_ok(&fetcher->body) ? size * count : 0;
}

static size_t
on_header(char *ptr, size_t size, size_t count, void *ctx)
{
	struct fetcher *fetcher = ctx;
	str line = { ptr, size * count }, name;
	struct buf *to = NULL;

	if (eat_until(&line, ':', &name))
		to = str_eq_fold(name, S("ETag"))          ? &fetcher->etag
		     : str_eq_fold(name, S("Retry-After")) ? &fetcher->retry_after
		     : str_eq_fold(name, S("Valv-Next"))   ? &fetcher->next
		                                           : NULL;
	if (to) {
		buf_clear(to);
		buf_put(to, str_trim(line));
	}
	return size * count;
}

/* F3: the last moment before the kernel gets the address. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetcher *fetcher = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !fetcher->fetch->allowed(&address->addr, fetcher->fetch->allowed_ctx)) {
		fetcher->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int
on_progress(void *ctx, curl_off_t down_total UNUSED, curl_off_t down UNUSED, curl_off_t up_total UNUSED,
            curl_off_t up UNUSED)
{
	const struct fetcher *fetcher = ctx;

	return fetcher->fetch->stop && atomic_load(fetcher->fetch->stop);
}

/* --- one call --------------------------------------------------------------------------------- */

static void
headers_end(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static struct curl_slist *
headers_of(const struct fetch *fetch)
{
	struct curl_slist *list = NULL, *longer;

	for (size_t i = 0; fetch->header && fetch->header[i]; i++) {
		longer = curl_slist_append(list, fetch->header[i]);
		must(longer);
		list = longer;
	}
	return list;
}

static void
prepare_guard(struct fetcher *fetcher, const struct fetch *fetch)
{
	CURL *curl = fetcher->curl;

	if (fetch->socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, fetch->socket);
	if (fetch->socket || fetch->allowed)
		curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* of the environment, too */
	if (!fetch->allowed)
		return;
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, fetcher);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
}

static void
prepare(struct fetcher *fetcher, const struct fetch *fetch, struct curl_slist *headers)
{
	CURL *curl = fetcher->curl;

	curl_easy_reset(curl); /* keeps the connection */
	curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, fetch->connect_ms);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, fetch->total_ms);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetcher);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetcher);
	if (fetch->stop) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetcher);
	}
	prepare_guard(fetcher, fetch);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, fetch->method);
	if (fetch->body.ptr || strcmp(fetch->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->body.ptr ? fetch->body.ptr : "");
	}
}

static enum fetch_end
end_of(const struct fetcher *fetcher, CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return FETCH_ANSWERED;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return FETCH_STOPPED;
	case CURLE_WRITE_ERROR:
		return FETCH_TOO_LARGE;
	case CURLE_COULDNT_CONNECT:
		return fetcher->refused ? FETCH_REFUSED : FETCH_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
		return FETCH_TLS;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
		return FETCH_PROTOCOL;
	default:
		return FETCH_UNREACHABLE;
	}
}

void
fetch(struct fetcher *fetcher, const struct fetch *fetch, struct fetched *ret)
{
	OWNED(headers_end) struct curl_slist *headers = headers_of(fetch);
	CURLcode code;
	long status = 0;

	buf_clear(&fetcher->body);
	buf_clear(&fetcher->etag);
	buf_clear(&fetcher->retry_after);
	buf_clear(&fetcher->next);
	fetcher->body.full = false;
	fetcher->fetch = fetch;
	fetcher->refused = false;
	prepare(fetcher, fetch, headers);
	code = curl_easy_perform(fetcher->curl);
	fetcher->fetch = NULL;
	curl_easy_getinfo(fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct fetched){
		.end = end_of(fetcher, code),
		.connected = code != CURLE_COULDNT_CONNECT,
		.why = curl_easy_strerror(code),
		.status = (int)status,
		.body = buf_str(&fetcher->body),
		.etag = buf_str(&fetcher->etag),
		.retry_after = buf_str(&fetcher->retry_after),
		.next = buf_str(&fetcher->next),
	};
}
