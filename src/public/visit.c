/* public/visit.c -- from what a handler found to a page; contract: visit.h. */
#include "public/visit.h"

#include "base/limits.h"
#include "public/look.h"
#include "type/ip.h"

#include "public.inc"

#define PAGE_USUAL_BYTES (16 * 1024) /* room for most pages at once: a buffer that grows is wiped each time */

/* W1 */
void
visit_headers(struct response *response)
{
	response_header(response, S("Cache-Control"), S("no-store"));
	response_header(response, S("X-Content-Type-Options"), S("nosniff"));
	response_header(response, S("Referrer-Policy"), S("no-referrer"));
	response_header(response, S("Content-Security-Policy"),
	                S("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
	                  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
	response_header(response, S("Cross-Origin-Opener-Policy"), S("same-origin"));
	response_header(response, S("Cross-Origin-Resource-Policy"), S("same-origin"));
	response_header(response, S("Permissions-Policy"), S("camera=(), microphone=(), geolocation=(), payment=()"));
	/* A browser heeds it where a proxy brings it over TLS, and only there (RFC 6797 8.1). */
	response_header(response, S("Strict-Transport-Security"), S("max-age=31536000; includeSubDomains"));
}

void
visit_language(struct visit *visit, str code)
{
	if (!visit->language_said && page_language_known(&public_pages, code))
		visit->language = page_language(&public_pages, code);
}

void
visit_peer(const struct visit *visit, uint8_t ret[16])
{
	const struct request *request = visit->request;
	str rest = S(""), last;

	memcpy(ret, request->peer, 16);
	if (!visit->public->options.behind_proxy)
		return;
	/* The last address of the last such header is the proxy's own word; all before it is the visitor's. */
	for (size_t i = 0; i < request->header_count; i++)
		if (str_eq_fold(request->header[i].name, S("X-Forwarded-For")))
			rest = request->header[i].value;
	last = rest;
	while (eat_until(&rest, ',', &last))
		last = rest;
	(void)ip_any(str_trim(last), ret);
}

str
visit_origin(const struct registry *registry)
{
	return registry->look.origin.len ? registry->look.origin : S("http://localhost");
}

/* --- what every page needs -------------------------------------------------------------------------- */

/* The other languages, and where the same page is in each. */
static void
put_languages(struct job *job, const struct visit *visit, struct page_object *frame)
{
	const struct page_value **rows = arena_array(&job->arena, public_pages.language_count, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < public_pages.language_count; i++) {
		OWNED(buf_release) struct buf to = { .max = 64 };
		struct page_object row = page_new(&job->arena, 3);
		if (str_eq(public_pages.languages[i].code, visit->language))
			continue;
		buf_put(&to, S("?lang="));
		buf_put(&to, public_pages.languages[i].code);
		page_put(&row, S("to"), arena_str(&job->arena, buf_str(&to)));
		page_put(&row, S("code"), public_pages.languages[i].code);
		page_put(&row, S("name"), public_pages.languages[i].name);
		rows[count++] = row.values;
	}
	page_rows(frame, S("languages"), rows, count);
}

enum err
visit_page(struct job *job, struct visit *visit, int status, str template, const struct page_object *page)
{
	static const struct company_look none;
	const struct company_look *look = visit->registry ? &visit->registry->look : &none;
	struct page_object frame = page_new(&job->arena, page->count + 6);
	struct response *response = visit->response;

	memcpy(frame.values, page->values, page->count * sizeof(*page->values));
	frame.count = page->count;
	page_put(&frame, S("language"), visit->language);
	page_put(&frame, S("company"), look->company.len ? look->company : S("Valv"));
	page_put(&frame, S("contact"), look->contact);
	page_put(&frame, S("look"), look_sheet(job, look));
	page_put(&frame, S("logo"), look_logo(job, look));
	put_languages(job, visit, &frame);
	response->status = status;
	response->content_type = S("text/html; charset=utf-8");
	response_header(response, S("Content-Language"), visit->language);
	response_header(response, S("Vary"), S("Accept-Language"));
	(void)buf_room(&response->body, PAGE_USUAL_BYTES);
	return page_render(job, &public_pages, template, visit->language, frame.values, &response->body);
}

/* --- errors -------------------------------------------------------------------------------------------- */

struct said {
	const char *title, *what, *todo;
};

static const struct said no_link = {
	"The link does not work",
	"It may be too old, it may have been cut off on its way, or what it was for is done.",
	"Nothing was changed. Take the newest mail from us, or write to us.",
};

static const struct said *
said_of(enum err err)
{
	static const struct said absent = {
		"There is no such page", "The address leads nowhere.", "Look at it once more, or take the link in the mail again.",
	}, unreadable = {
		"That could not be read", "What was sent is not what this page takes.", "Nothing was changed. Go back, and try once more.",
	}, large = {
		"That is too much at once", "What was sent is larger than this page takes.", "Nothing was changed. Send less at once.",
	}, often = {
		"Too many tries", "So many tries came from where you are that we wait a little.", "Nothing was changed. Try again in an hour.",
	}, busy = {
		"Too many visitors just now", "We cannot answer everybody at this moment.", "Nothing was changed. Try again in a minute.",
	}, broken = {
		"Something went wrong here", "It is our fault, not yours.", "Nothing was changed. Try again in a while, or write to us.",
	};
	int status = err_info(err)->status;

	switch (err) {
	case ERR_ABSENT:
		return &absent;
	case ERR_GONE:
		return &no_link;
	case ERR_BUSY:
		return &busy;
	case ERR_TOO_LARGE:
	case ERR_LIMIT:
		return &large;
	default:
		return status == 429 ? &often : status < 500 ? &unreadable : &broken;
	}
}

/* What broke inside is said as that, and nothing of it. */
static int
status_of(enum err err)
{
	int status = err_info(err)->status;

	return status == 410 ? 404 : status == 401 ? 403 : status;
}

static enum err
said_page(struct job *job, struct visit *visit, int status, const struct said *said)
{
	struct page_object page = page_new(&job->arena, 3);

	page_say(&page, S("title"), str_from_c(said->title));
	page_say(&page, S("what"), str_from_c(said->what));
	page_say(&page, S("todo"), str_from_c(said->todo));
	return visit_page(job, visit, status, S("error.html"), &page);
}

enum err
visit_no_link(struct job *job, struct visit *visit)
{
	return said_page(job, visit, 404, &no_link);
}

void
visit_error(struct job *job, struct visit *visit, enum err err)
{
	struct response *response = visit->response;

	job_forgive(job);
	buf_clear(&response->body);
	response->header_count = 0;
	visit_headers(response);
	if (said_page(job, visit, status_of(err), said_of(err))) {
		buf_clear(&response->body);
		response->status = 500;
		response->content_type = S("text/plain; charset=utf-8");
		buf_put(&response->body, S("Something went wrong here.\n"));
	}
	if (response->status == 503)
		response_header(response, S("Retry-After"), S("1"));
}

void
visit_refused(struct job *job, enum err err, struct response *response)
{
	const struct said *said = said_of(err);
	const struct page_value **rows = arena_array(&job->arena, public_pages.language_count, sizeof(*rows));
	struct page_object page = page_new(&job->arena, 2);

	visit_headers(response);
	response->status = status_of(err);
	response->content_type = S("text/html; charset=utf-8");
	if (response->status == 503)
		response_header(response, S("Retry-After"), S("1"));
	for (size_t i = 0; i < public_pages.language_count; i++) {
		struct page_object row = page_new(&job->arena, 3);
		str code = public_pages.languages[i].code, title = S(""), what = S("");
		if (page_word(job, &public_pages, str_from_c(said->title), code, NULL, &title) ||
		    page_word(job, &public_pages, str_from_c(said->what), code, NULL, &what))
			return;
		page_put(&row, S("code"), code);
		page_put(&row, S("title"), title);
		page_put(&row, S("what"), what);
		rows[i] = row.values;
	}
	page_say(&page, S("title"), str_from_c(said->title));
	page_rows(&page, S("texts"), rows, public_pages.language_count);
	if (page_render(job, &public_pages, S("refused.html"), S("en"), page.values, &response->body))
		buf_clear(&response->body);
}
