/* api/links.c -- the page behind a link to a package, and the one download that it gives (I7: mail
 * programs and scanners follow links, so the page does nothing until its button is pressed). */
#include "api/call.h"
#include "rights/link.h"
#include "rights/page.h"

void
answer_page_headers(struct job *job, struct call *call, bool form)
{
	response_header(call->response, S("Content-Security-Policy"), page_policy(job, form));
	response_header(call->response, S("X-Robots-Tag"), S("noindex, nofollow"));
}

static void
page_answer(struct job *job, struct call *call, int status, enum language language)
{
	answer_text(call, status, S("text/html; charset=utf-8"));
	response_header(call->response, S("Content-Language"), language_code(language));
	answer_page_headers(job, call, status == 200);
}

#define GONE_TITLE_SV "Länken har slutat gälla"
#define GONE_SV \
	"<p>Antingen har den redan använts eller så har tiden gått ut. För din säkerhets skull fungerar den " \
	"bara en gång, och bara en tid.</p>\n" \
	"<p>Behöver du uppgifterna igen? Svara på meddelandet som du fick länken i, så skickar vi en ny.</p>\n"
#define GONE_TITLE_EN "The link no longer works"
#define GONE_EN \
	"<p>Either it has been used already, or its time is up. For your safety it works only once, and only " \
	"for a while.</p>\n" \
	"<p>Do you need the data again? Reply to the message that the link came in, and we send a new one.</p>\n"

/* Used, expired, erased and never there: one and the same page (K2 of rights/link.h). */
static void
page_gone(struct job *job, struct call *call)
{
	enum language language = wants_swedish(call->request) ? SWEDISH : ENGLISH;
	struct buf *body = &call->response->body;

	page_begin(body, language, language == SWEDISH ? S(GONE_TITLE_SV) : S(GONE_TITLE_EN));
	buf_put(body, language == SWEDISH ? S(GONE_SV) : S(GONE_EN));
	page_end(body);
	page_answer(job, call, 410, language);
	response_header(call->response, S("Vary"), S("Accept-Language"));
}

#define READY_TITLE_SV "Dina uppgifter är klara att hämta"
#define READY_SV \
	"<p>Du har bett att få veta vad vi har om dig. Här hämtar du det, som en fil att öppna och spara.</p>\n" \
	"<form method=\"post\"><p><button>Hämta mina uppgifter</button></p></form>\n" \
	"<p class=\"quiet\">Det går att göra en gång, senast "
#define READY_END_SV " (UTC). Filen innehåller personliga uppgifter: spara den där bara du kommer åt den.</p>\n"
#define READY_TITLE_EN "Your data is ready to download"
#define READY_EN \
	"<p>You asked what we hold about you. You get it here, as a file to open and keep.</p>\n" \
	"<form method=\"post\"><p><button>Download my data</button></p></form>\n" \
	"<p class=\"quiet\">This can be done once, until "
#define READY_END_EN " (UTC). The file holds personal data: keep it where only you can get at it.</p>\n"

static void
page_ready(struct job *job, struct call *call, const struct link *link)
{
	bool swedish = link->language == SWEDISH;
	struct buf *body = &call->response->body;

	page_begin(body, link->language, swedish ? S(READY_TITLE_SV) : S(READY_TITLE_EN));
	buf_put(body, swedish ? S(READY_SV) : S(READY_EN));
	speak_time(body, link->expires_at, 0, link->language);
	buf_put(body, swedish ? S(READY_END_SV) : S(READY_END_EN));
	page_end(body);
	page_answer(job, call, 200, link->language);
}

enum err
on_package_get(struct job *job, struct call *call)
{
	struct link link;
	bool there;

	TRY(link_look(job, call->param[0], &link, &there));
	if (there)
		page_ready(job, call, &link);
	else
		page_gone(job, call);
	return OK;
}

enum err
on_package_post(struct job *job, struct call *call)
{
	struct link link;
	bytes printed;
	bool there;

	TRY(link_take(job, call->vault, call->param[0], &link, &printed, &there));
	if (!there) {
		page_gone(job, call);
		return OK;
	}
	buf_data(&call->response->body, printed);
	answer_file(job, call, link.format, link.language);
	return OK;
}
