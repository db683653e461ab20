/* http/wire.c -- contract, R1-R3: wire.h. */
#include "http/wire.h"

#include <curl/curl.h>
#include <poll.h>

#include "os/clock.h"

#define PIECE_BYTES 4096
#define LOOK_MS 500 /* so often `stop` is looked at */

struct wire {
	CURL *curl;
	curl_socket_t socket;
	const _Atomic bool *stop;
	int64_t patient_until_us;
};

static bool
stopped(const _Atomic bool *stop)
{
	return stop && atomic_load(stop);
}

/* --- life cycle ------------------------------------------------------------------------------- */

static int
on_progress(void *ctx, curl_off_t down_total UNUSED, curl_off_t down UNUSED, curl_off_t up_total UNUSED,
            curl_off_t up UNUSED)
{
	const struct wire *wire = ctx;

	return stopped(wire->stop);
}

/* R2, R3. */
static void
prepare(struct wire *wire, const struct wire_to *to)
{
	static const long use[] = { CURLUSESSL_NONE, CURLUSESSL_TRY, CURLUSESSL_ALL, CURLUSESSL_ALL };
	CURL *curl = wire->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, to->connect_ms); /* of all that R1 says */
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, to->connect_ms);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, use[to->tls]);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (to->ca_file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, to->ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* that file and nobody else */
	}
	if (to->user) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, to->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, to->password);
		curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
		curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);
	}
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, wire);
}

static enum wire_end
end_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return WIRE_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return WIRE_TIMEOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return WIRE_STOPPED;
	case CURLE_LOGIN_DENIED:
		return WIRE_LOGIN;
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
		return WIRE_TLS;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_WEIRD_SERVER_REPLY:
		return WIRE_PROTOCOL;
	default:
		return WIRE_UNREACHABLE;
	}
}

enum wire_end
wire_open(const struct wire_to *to, struct wire **ret)
{
	OWNED(wire_close) struct wire *wire = calloc(1, sizeof(*wire));
	OWNED(buf_release) struct buf url = { .max = 1024 };
	CURLcode code;

	must(wire && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); /* counts; safe from several threads */
	must(!to->user || to->tls == WIRE_STARTTLS_MUST || to->tls == WIRE_TLS_FIRST); /* R2 */
	wire->curl = curl_easy_init();
	wire->stop = to->stop;
	must(wire->curl);
	buf_put(&url, to->tls == WIRE_TLS_FIRST ? S("smtps://") : S("smtp://"));
	buf_put(&url, str_from_c(to->host));
	buf_char(&url, ':');
	buf_dec(&url, to->port);
	buf_char(&url, '/');
	buf_put(&url, str_from_c(to->hello));
	buf_char(&url, '\0');
	must(buf_ok(&url));
	prepare(wire, to);
	curl_easy_setopt(wire->curl, CURLOPT_URL, url.ptr);
	code = curl_easy_perform(wire->curl);
	if (code != CURLE_OK)
		return end_of(code);
	if (curl_easy_getinfo(wire->curl, CURLINFO_ACTIVESOCKET, &wire->socket) != CURLE_OK ||
	    wire->socket == CURL_SOCKET_BAD)
		return WIRE_UNREACHABLE;
	*ret = wire;
	wire = NULL;
	return WIRE_OK;
}

void
wire_close(struct wire **at)
{
	if (!*at)
		return;
	curl_easy_cleanup((*at)->curl);
	free(*at);
	*at = NULL;
}

/* --- octets ----------------------------------------------------------------------------------- */

/* Until the socket may be tried again: for what it was not ready for, or what TLS wants meanwhile. */
static enum wire_end
wait_for(const struct wire *wire, short events, int64_t deadline_us)
{
	struct pollfd one = { .fd = wire->socket, .events = events };
	int64_t left_ms = (deadline_us - os_monotonic_us()) / 1000;

	if (stopped(wire->stop) && os_monotonic_us() >= wire->patient_until_us)
		return WIRE_STOPPED;
	if (left_ms <= 0)
		return WIRE_TIMEOUT;
	(void)poll(&one, 1, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
	return WIRE_OK;
}

enum wire_end
wire_send(struct wire *wire, str octets, int64_t deadline_us, size_t *ret_sent)
{
	*ret_sent = 0;
	while (*ret_sent < octets.len) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(wire->curl, octets.ptr + *ret_sent, octets.len - *ret_sent, &sent);
		enum wire_end end = WIRE_OK;

		if (code == CURLE_AGAIN)
			end = wait_for(wire, POLLOUT, deadline_us);
		else if (code != CURLE_OK)
			return WIRE_UNREACHABLE;
		if (end)
			return end;
		*ret_sent += sent;
	}
	return WIRE_OK;
}

enum wire_end
wire_receive(struct wire *wire, int64_t deadline_us, struct buf *out)
{
	char piece[PIECE_BYTES];

	/* First the library, then the socket: TLS may hold octets that poll() knows nothing of. */
	while (true) {
		size_t len = 0;
		CURLcode code = curl_easy_recv(wire->curl, piece, sizeof(piece), &len);
		enum wire_end end;

		if (code == CURLE_OK && len) {
			buf_put(out, (str){ piece, len });
			return buf_ok(out) ? WIRE_OK : WIRE_PROTOCOL;
		}
		if (code != CURLE_AGAIN)
			return WIRE_UNREACHABLE;
		end = wait_for(wire, POLLIN, deadline_us);
		if (end)
			return end;
	}
}

void
wire_patient(struct wire *wire, int64_t ms)
{
	wire->patient_until_us = os_monotonic_us() + ms * 1000;
}

bool
wire_quiet(struct wire *wire)
{
	char piece[1];
	size_t len = 0;

	return curl_easy_recv(wire->curl, piece, sizeof(piece), &len) == CURLE_AGAIN;
}
