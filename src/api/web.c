/* api/web.c -- the pages for staff (web/web.h), with the headers that keep them to themselves. */
#include "api/origin.h"
#include "web/web.h"

/* Said in the address, or asked for by the browser. */
static enum err
language_read(struct job *job, const struct call *call, enum web_language *ret)
{
	bool bad = false;
	str named;

	if (!request_query(&job->arena, call->request, S("language"), &named, &bad) && !bad) {
		*ret = wants_swedish(call->request) ? WEB_SWEDISH : WEB_ENGLISH;
		return OK;
	}
	if (bad || !(str_eq(named, S("sv")) || str_eq(named, S("en"))))
		return fail(job, ERR_MALFORMED, "language is sv or en");
	*ret = str_eq(named, S("sv")) ? WEB_SWEDISH : WEB_ENGLISH;
	return OK;
}

static void
file_write(struct call *call, const struct web_file *file)
{
	call->response->status = 200;
	call->response->content_type = str_from_c(file->type);
	buf_put(&call->response->body, (str){ file->content, file->len });
}

/* In place of the policy that lets nothing run; a passkey is all that it may use of the device. */
static enum err
page_answer(struct job *job, struct call *call, str name)
{
	struct response *response = call->response;
	const struct web_file *page;
	enum web_language language;

	TRY(language_read(job, call, &language));
	page = web_page(name, language);
	must(page);
	origin_notice(call);
	file_write(call, page);
	answer_headers(response);
	response_header(response, S("Content-Security-Policy"), web_policy());
	response_header(response, S("Content-Language"), language == WEB_SWEDISH ? S("sv") : S("en"));
	response_header(response, S("Vary"), S("Accept-Language"));
	response_header(response, S("Permissions-Policy"),
	                S("publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), "
	                  "microphone=(), geolocation=()"));
	return OK;
}

enum err
on_sign_in_page_get(struct job *job, struct call *call)
{
	return page_answer(job, call, S("sign-in"));
}

enum err
on_account_page_get(struct job *job, struct call *call)
{
	return page_answer(job, call, S("account"));
}

enum err
on_staff_page_get(struct job *job, struct call *call)
{
	return page_answer(job, call, S("staff"));
}

enum err
on_member_page_get(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	return page_answer(job, call, S("member"));
}

enum err
on_welcome_page_get(struct job *job, struct call *call)
{
	return page_answer(job, call, S("welcome"));
}

enum err
on_asset_get(struct job *job, struct call *call)
{
	const struct web_file *asset = web_asset(call->param[0]);

	if (!asset)
		return fail(job, ERR_ABSENT, "there is no such file");
	file_write(call, asset);
	answer_headers(call->response);
	response_header(call->response, S("Cache-Control"), S("public, max-age=31536000, immutable"));
	return OK;
}
