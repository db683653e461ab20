/* hook/hook.c -- contract, G1-G4: hook.h. */
#include "hook/hook.h"

#include "crypto/mac.h"

#define HEADER_MAX 1024

/* --- signing ---------------------------------------------------------------------------------- */

void
hook_sign(bytes secret, str id, int64_t seconds, str body, struct buf *out)
{
	OWNED(buf_release) struct buf text = { .max = 64 * 1024 };
	uint8_t mac[MAC_BYTES];

	buf_put(&text, id);
	buf_char(&text, '.');
	buf_dec(&text, seconds);
	buf_char(&text, '.');
	buf_put(&text, body);
	must(buf_ok(&text));
	mac_sha256(secret, buf_bytes(&text), mac);
	buf_put(out, S("v1,"));
	buf_base64(out, (bytes){ mac, sizeof(mac) });
}

/* --- when again ------------------------------------------------------------------------------- */

#define MINUTE (60 * TIME_SECOND)
#define HOUR (60 * MINUTE)

time_us
hook_backoff(int64_t tries, uint32_t random)
{
	static const time_us waits[HOOK_TRIES] = { 0, 5 * TIME_SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR,
		                                   5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR };
	time_us wait = waits[tries < 0 ? 0 : tries < HOOK_TRIES ? tries : HOOK_TRIES - 1];

	/* In milliseconds: a day in microseconds times a random number would not fit. */
	return wait - wait / 10 + (time_us)((uint64_t)(wait / 5000) * random / UINT32_MAX) * 1000;
}

static bool
eat_month(str *rest, int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (eat_str(rest, (str){ names + 3 * i, 3 })) {
			*ret = i + 1;
			return true;
		}
	return false;
}

/* Wed, 21 Oct 2015 07:28:00 GMT */
static bool
date_read(str rest, time_us *ret)
{
	uint64_t day, year, hour, minute, second;
	struct date date = { 0 };
	str weekday;

	if (!eat_until(&rest, ',', &weekday) || weekday.len != 3 || !eat_char(&rest, ' ') ||
	    !eat_digits(&rest, 2, &day) || !eat_char(&rest, ' ') || !eat_month(&rest, &date.month) ||
	    !eat_char(&rest, ' ') || !eat_digits(&rest, 4, &year) || !eat_char(&rest, ' ') ||
	    !eat_digits(&rest, 2, &hour) || !eat_char(&rest, ':') || !eat_digits(&rest, 2, &minute) ||
	    !eat_char(&rest, ':') || !eat_digits(&rest, 2, &second) || !str_eq(rest, S(" GMT")))
		return false;
	date.year = (int)year;
	date.day = (int)day;
	if (!date_valid(date) || hour > 23 || minute > 59 || second > 60)
		return false;
	*ret = date_time(date) + (time_us)(hour * 3600 + minute * 60 + second) * TIME_SECOND;
	return true;
}

bool
hook_retry_after(str text, time_us now, time_us *ret_wait)
{
	uint64_t seconds;
	time_us at, wait;

	text = str_trim(text);
	if (str_u64(text, &seconds))
		wait = seconds < (uint64_t)(HOOK_WAIT_MAX / TIME_SECOND) ? (time_us)seconds * TIME_SECOND
		                                                         : HOOK_WAIT_MAX;
	else if (date_read(text, &at))
		wait = at - now;
	else
		return false;
	*ret_wait = wait < 0 ? 0 : wait < HOOK_WAIT_MAX ? wait : HOOK_WAIT_MAX;
	return true;
}

/* --- addresses that can be called ------------------------------------------------------------- */

static bool
refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return false;
}

/* Its port, if it names one; 0: it does not. */
static bool
port_of(str authority, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = authority.len; i-- > 0 && authority.ptr[i] != ']';)
		if (authority.ptr[i] == ':')
			return str_u64(str_from(authority, i + 1), ret) && *ret > 0 && *ret <= 65535;
	return true;
}

bool
hook_url_fits(str url, const struct networks *networks, const char **ret_why)
{
	bool own = networks && networks->count;
	bool secure = str_starts(url, S("https://"));
	str rest = str_from(url, secure ? 8 : 7), authority;
	uint64_t port;
	size_t end = 0;

	if (!secure && !(own && str_starts(url, S("http://"))))
		return refuse(ret_why, "a webhook begins with https://");
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.ptr[i] <= ' ' || (unsigned char)url.ptr[i] >= 0x7f)
			return refuse(ret_why, "a webhook's address holds visible ASCII only");
	while (end < rest.len && !strchr("/?#", rest.ptr[end]))
		end++;
	authority = str_first(rest, end);
	if (!authority.len || authority.ptr[0] == ':')
		return refuse(ret_why, "a webhook's address has a host");
	if (memchr(authority.ptr, '@', authority.len) || memchr(authority.ptr, '\\', authority.len))
		return refuse(ret_why, "a webhook's address has no user name");
	if (memchr(rest.ptr, '#', rest.len))
		return refuse(ret_why, "a webhook's address has no fragment");
	if (!port_of(authority, &port))
		return refuse(ret_why, "the port is not a number from 1 to 65535");
	if (!own && port && port != 443)
		return refuse(ret_why, "a webhook is called on port 443");
	return true;
}

/* --- one call --------------------------------------------------------------------------------- */

static void
line_end(struct buf *line)
{
	buf_char(line, '\0');
	must(buf_ok(line));
}

/* One signature by each secret that holds: so a recipient changes over when it likes. */
static void
signatures_write(const struct hook_call *call, int64_t seconds, struct buf *line)
{
	buf_put(line, S("webhook-signature: "));
	for (size_t i = 0; i < call->secret_max && call->secret[i]; i++) {
		if (i)
			buf_char(line, ' ');
		hook_sign((bytes){ secret_octets(call->secret[i]), KEY_BYTES }, call->id, seconds, call->body,
		          line);
	}
	line_end(line);
}

static enum hook_end
end_of(const struct fetched *fetched)
{
	switch (fetched->end) {
	case FETCH_ANSWERED:
	case FETCH_TOO_LARGE: /* what it says beyond the limit does not matter (G2) */
		if (fetched->status == 410)
			return HOOK_GONE;
		return fetched->status >= 200 && fetched->status < 300 ? HOOK_DONE : HOOK_ANSWERED;
	case FETCH_UNREACHABLE:
		return HOOK_UNREACHABLE;
	case FETCH_TIMEOUT:
		return HOOK_TIMEOUT;
	case FETCH_REFUSED:
		return HOOK_REFUSED;
	case FETCH_TLS:
		return HOOK_TLS;
	case FETCH_PROTOCOL:
		return HOOK_PROTOCOL;
	case FETCH_STOPPED:
		return HOOK_STOPPED;
	}
	return HOOK_PROTOCOL;
}

static bool
allowed(const struct sockaddr *address, void *ctx)
{
	return guard_allows(ctx, address);
}

void
hook_call(struct fetcher *fetcher, const struct hook_call *call, struct hook_result *ret)
{
	OWNED(buf_release) struct buf id = { .max = HEADER_MAX }, at = { .max = HEADER_MAX };
	OWNED(buf_release) struct buf type = { .max = HEADER_MAX }, signature = { .max = HEADER_MAX };
	struct guard guard = { call->networks, str_starts(str_from_c(call->url), S("https://")) };
	int64_t seconds = call->now / TIME_SECOND;
	struct fetched fetched;

	buf_put(&id, S("webhook-id: "));
	buf_put(&id, call->id);
	line_end(&id);
	buf_put(&at, S("webhook-timestamp: "));
	buf_dec(&at, seconds);
	line_end(&at);
	buf_put(&type, S("Content-Type: "));
	buf_put(&type, call->type);
	line_end(&type);
	signatures_write(call, seconds, &signature);
	fetch(fetcher,
	      &(struct fetch){ .method = "POST", .url = call->url, .body = call->body,
	                       .header = (const char *const[]){ id.ptr, at.ptr, type.ptr, signature.ptr,
	                                                        "User-Agent: Valv", "Accept:", "Expect:", NULL },
	                       .connect_ms = HOOK_CONNECT_MS, .total_ms = HOOK_TOTAL_MS,
	                       .allowed = allowed, .allowed_ctx = &guard, .stop = call->stop },
	      &fetched);
	*ret = (struct hook_result){ .end = end_of(&fetched), .status = fetched.status };
	if (ret->end == HOOK_ANSWERED)
		(void)hook_retry_after(fetched.retry_after, call->now, &ret->wait);
}
