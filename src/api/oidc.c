/* api/oidc.c -- signing in through the company's identity provider, and what it says later.
 *
 * These addresses speak the protocols of others: what they take and answer is in OpenID Connect Core and
 * Back-Channel Logout 1.0 and RFC 8935, and they are not in the API description.  GET /oidc/callback makes a session
 * (the one GET that does): that is how browsers come back.  A link to it does nothing without the cookie of an attempt. */
#include "api/oidc.h"

#include "access/provider.h"
#include "vault/deliver.h"

enum err
oidc_reach_of(struct job *job, const struct call *call, struct networks *networks, struct oidc_reach *ret)
{
	str text;

	TRY(delivery_networks(job, networks, &text));
	*ret = (struct oidc_reach){ .cache = call->api->oidc, .networks = networks };
	return OK;
}

/* A refusal is answered in the protocol's own words; its entry is written here (X2, I4). */
static enum err
refusal_put(struct job *job, const struct call *call, enum err err, enum entry_act act)
{
	job_forgive(job);
	job->actor = (struct actor){ .kind = ACTOR_NOBODY };
	return entry_write(job, call->vault->store,
	                   &(struct entry){ .act = act, .outcome = err, .body = str_bytes(call->route->name) }, NULL);
}

/* That the provider cannot be reached is no fault of who asks: they try again. */
static enum err
unreachable(struct job *job, enum err err)
{
	const char *why = job->failure.why;

	if (err != ERR_IO)
		return err;
	job_forgive(job);
	return job_fail(job, ERR_BUSY, why ? why : "the provider does not answer", __FILE__, __LINE__);
}

/* --- pages ------------------------------------------------------------------------------------------- */

#define IN_TITLE_SV "Du är inloggad"
#define IN_SV "<p><a href=\"/account\">Fortsätt</a></p>\n"
#define IN_TITLE_EN "You are signed in"
#define IN_EN "<p><a href=\"/account\">Go on</a></p>\n"
#define NOT_TITLE_SV "Inloggningen gick inte"
#define NOT_SV \
	"<p>Försök en gång till. Går det inte nu heller, så kan den som sköter valvet se varför med hjälp av orden " \
	"här under.</p>\n<p><a href=\"/oidc/start\">Försök igen</a></p>\n<p class=\"quiet\" lang=\"en\">"
#define NOT_TITLE_EN "You were not signed in"
#define NOT_EN \
	"<p>Try once more. If it does not work then either, whoever runs the vault can tell why by the words " \
	"below.</p>\n<p><a href=\"/oidc/start\">Try again</a></p>\n<p class=\"quiet\">"

/* The cookie of a session does not come along with a redirect from elsewhere (SameSite=Strict), but with what this
 * page asks for itself. */
static void
page_in(struct job *job, struct call *call)
{
	bool swedish = wants_swedish(call->request);

	answer_html(job, call, swedish ? S("sv") : S("en"), swedish ? S(IN_TITLE_SV) : S(IN_TITLE_EN),
	            swedish ? S(IN_SV) : S(IN_EN));
	response_header(call->response, S("Refresh"), S("0; url=/account"));
}

/* why: a literal of ours, without anything that was sent. */
static void
page_not(struct job *job, struct call *call, int status, const char *why)
{
	OWNED(buf_release) struct buf content = { .max = 4096 };
	bool swedish = wants_swedish(call->request);

	buf_put(&content, swedish ? S(NOT_SV) : S(NOT_EN));
	buf_put(&content, str_from_c(why));
	buf_put(&content, S("</p>\n"));
	answer_html(job, call, swedish ? S("sv") : S("en"), swedish ? S(NOT_TITLE_SV) : S(NOT_TITLE_EN),
	            buf_str(&content));
	call->response->status = status;
}

/* --- signing in --------------------------------------------------------------------------------------- */

/* An empty one takes it away. */
static void
attempt_cookie(struct job *job, struct call *call, str value)
{
	OWNED(buf_release) struct buf text = { .max = 1024 };

	buf_put(&text, PROVIDER_COOKIE);
	buf_char(&text, '=');
	buf_put(&text, value);
	/* Lax: the browser comes back from the provider's page, and must have it then. */
	buf_put(&text, S("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age="));
	buf_dec(&text, value.len ? PROVIDER_ATTEMPT_US / TIME_SECOND : 0);
	must(buf_ok(&text));
	response_header(call->response, S("Set-Cookie"), arena_str(&job->arena, buf_str(&text)));
}

/* With ?again=1: who is signed in shows anew who they are. */
static enum err
again_read(struct job *job, struct call *call, const struct session **ret)
{
	bool bad = false;
	str text;

	*ret = NULL;
	if (!request_query(&job->arena, call->request, S("again"), &text, &bad) && !bad)
		return OK;
	if (bad || !str_eq(text, S("1")))
		return fail(job, ERR_MALFORMED, "again is 1, or not there");
	TRY(call_authorise(job, call));
	if (!call->principal.person)
		return fail(job, ERR_UNAUTHENTICATED, "only who has signed in shows it anew");
	*ret = &call->principal.session;
	return OK;
}

enum err
on_oidc_start_get(struct job *job, struct call *call)
{
	const struct session *again;
	struct networks networks;
	struct oidc_reach reach;
	str url, cookie;

	TRY(again_read(job, call, &again));
	TRY(oidc_reach_of(job, call, &networks, &reach));
	TRY(unreachable(job, provider_begin(job, &call->vault->access, &reach, again, &url, &cookie)));
	answer_text(call, 303, S(""));
	response_header(call->response, S("Location"), url);
	attempt_cookie(job, call, cookie);
	return OK;
}

static enum err
answer_read(struct job *job, const struct call *call, struct provider_answer *ret)
{
	const struct {
		str name;
		str *to;
	} parts[] = { { S("state"), &ret->state },
		      { S("code"), &ret->code },
		      { S("error"), &ret->error },
		      { S("iss"), &ret->issuer } };

	*ret = (struct provider_answer){ .cookie = call_cookie(call, PROVIDER_COOKIE) };
	for (size_t i = 0; i < COUNT(parts); i++) {
		bool bad = false;
		*parts[i].to = S("");
		(void)request_query(&job->arena, call->request, parts[i].name, parts[i].to, &bad);
		if (bad)
			return fail(job, ERR_UNAUTHENTICATED, "the answer of the identity provider cannot be read");
	}
	return OK;
}

static enum err
finish(struct job *job, struct call *call, struct provider_done *done)
{
	struct provider_answer answer;
	struct networks networks;
	struct oidc_reach reach;

	TRY(answer_read(job, call, &answer));
	TRY(oidc_reach_of(job, call, &networks, &reach));
	return unreachable(job, provider_finish(job, &call->vault->access, &reach, &answer, done));
}

enum err
on_oidc_callback_get(struct job *job, struct call *call)
{
	struct provider_done done = { 0 };
	enum err err = finish(job, call, &done);
	const char *why = job->failure.why;

	if (err == ERR_UNAUTHENTICATED || err == ERR_DENIED) {
		TRY(refusal_put(job, call, err, ENTRY_SIGN_IN_FAILED));
		page_not(job, call, err_info(err)->status, why ? why : "");
	} else {
		TRY(err);
		page_in(job, call);
		call->token = done.token;
	}
	attempt_cookie(job, call, S(""));
	return OK;
}

/* --- back-channel logout -------------------------------------------------------------------------------- */

static bool
type_is(const struct call *call, str type)
{
	str header, first;

	if (!request_header(call->request, S("Content-Type"), &header))
		return false;
	first = header;
	(void)eat_until(&header, ';', &first);
	return str_eq_fold(str_trim(first), type);
}

/* The form, read as a query is: the same names and escapes. */
static enum err
logout_token_of(struct job *job, const struct call *call, str *ret)
{
	struct request form = { .query = bytes_str(call->request->body) };
	bool bad = false;

	if (!type_is(call, S("application/x-www-form-urlencoded")))
		return fail(job, ERR_MEDIA_TYPE, "a logout token comes in a form");
	if (!request_query(&job->arena, &form, S("logout_token"), ret, &bad) || bad)
		return fail(job, ERR_INVALID, "the form has no logout token, or several");
	return OK;
}

static enum err
logout(struct job *job, struct call *call)
{
	struct networks networks;
	struct oidc_reach reach;
	str token;

	TRY(logout_token_of(job, call, &token));
	TRY(oidc_reach_of(job, call, &networks, &reach));
	return unreachable(job, provider_logout(job, &call->vault->access, &reach, token));
}

enum err
on_oidc_backchannel_logout_post(struct job *job, struct call *call)
{
	enum err err = logout(job, call);
	const char *why = job->failure.why;
	struct json_out *out;

	if (err && err != ERR_INVALID)
		return err;
	if (!err) {
		answer_text(call, 200, S(""));
		return OK;
	}
	TRY(refusal_put(job, call, err, ENTRY_REFUSED));
	out = answer_json(call, 400);
	json_open(out, '{');
	json_pair_str(out, S("error"), S("invalid_request"));
	json_pair_str(out, S("error_description"), str_from_c(why));
	json_close(out, '}');
	return OK;
}

/* --- events ------------------------------------------------------------------------------------------------ */

static enum err
event(struct job *job, struct call *call, enum event_fault *ret_fault)
{
	struct networks networks;
	struct oidc_reach reach;

	*ret_fault = EVENT_FAULT_REQUEST;
	if (!type_is(call, S("application/secevent+jwt")))
		return fail(job, ERR_MEDIA_TYPE, "an event comes as application/secevent+jwt");
	TRY(oidc_reach_of(job, call, &networks, &reach));
	return unreachable(job, provider_event(job, &call->vault->access, &reach, bytes_str(call->request->body), ret_fault));
}

enum err
on_events_caep_post(struct job *job, struct call *call)
{
	enum event_fault fault;
	enum err err = event(job, call, &fault);
	const char *why = job->failure.why;
	struct json_out *out;

	if (err && err != ERR_INVALID)
		return err;
	if (!err) {
		answer_text(call, 202, S(""));
		return OK;
	}
	TRY(refusal_put(job, call, err, ENTRY_REFUSED));
	out = answer_json(call, 400);
	json_open(out, '{');
	json_pair_str(out, S("err"), event_fault_word(fault));
	json_pair_str(out, S("description"), str_from_c(why));
	json_close(out, '}');
	return OK;
}
