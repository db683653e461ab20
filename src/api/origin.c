/* api/origin.c -- contract: origin.h. */
#include "api/origin.h"

#include <stdio.h>

struct webauthn_party
origin_party(struct job *job, const struct call *call)
{
	const struct api *api = call->api;
	OWNED(buf_release) struct buf origin = { .max = 64 };
	uint16_t port = api->server ? server_port(api->server) : 0;

	if (api->options.origin.len)
		return (struct webauthn_party){ api->options.relying_party, api->options.origin };
	buf_put(&origin, S("http://localhost"));
	if (port != 80) {
		buf_char(&origin, ':');
		buf_udec(&origin, port);
	}
	return (struct webauthn_party){ S("localhost"), arena_str(&job->arena, buf_str(&origin)) };
}

/* A name without its port; an address in brackets is none. */
static str
host_of(str authority)
{
	str host = authority;

	return eat_until(&authority, ':', &host) ? host : authority;
}

/* Of several proxies the one nearest to the browser stands first. */
static str
asked_host(const struct request *request)
{
	str text = S(""), first;

	if (!request_header(request, S("X-Forwarded-Host"), &text))
		(void)request_header(request, S("Host"), &text);
	first = text;
	(void)eat_until(&text, ',', &first);
	return host_of(str_trim(first));
}

static str
own_host(str origin)
{
	if (!origin.len)
		return S("localhost");
	if (!eat_str(&origin, S("https://")))
		(void)eat_str(&origin, S("http://"));
	return host_of(origin);
}

void
origin_notice(const struct call *call)
{
	struct api *api = call->api;
	str origin = api->options.origin;

	if (call->request->local || str_eq_fold(asked_host(call->request), own_host(origin)) ||
	    atomic_exchange(&api->origin_said, true))
		return;
	fputs(origin.len ? "level=warning operation=origin why=\"a page was asked for by another host than that of --origin; passkeys work "
	                   "at --origin alone\"\n"
	                 : "level=warning operation=origin why=\"a page was asked for by another host than localhost, and --origin is not set: "
	                   "passkeys work at localhost alone, and browsers keep the cookie of a session only there or over TLS; start "
	                   "with --origin and the address that browsers show, as https://valv.example.com\"\n",
	      stderr);
}
