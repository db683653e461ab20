/* public/stop.c -- one click that stops (RFC 8058): the link in each mail, pressed by a person or by their mail program.
 *
 * GET shows what would be stopped, and one button; only the POST stops.  Both ask nothing of the store about who it
 * is: a token that is good is answered alike, whoever is still there. */
#include "public/visit.h"
#include "vault/stop.h"
#include "vault/token.h"

static str
channel_word(enum channel channel)
{
	switch (channel) {
	case CHANNEL_EMAIL:
		return S("by e-mail");
	case CHANNEL_SMS:
		return S("by text message");
	case CHANNEL_CALL:
		return S("by telephone");
	case CHANNEL_POST:
		return S("by post");
	case CHANNEL_PUSH:
		return S("in the app");
	case CHANNEL_NONE:
	case CHANNEL_COUNT:
		break;
	}
	return S("in any way");
}

static const struct purpose_version *
version_told(const struct purpose *purpose)
{
	for (size_t i = purpose->version_count; i-- > 0;)
		if (purpose->version[i].state != VERSION_DRAFT)
			return &purpose->version[i];
	return NULL;
}

static enum err
stop_page(struct job *job, struct visit *visit, const struct token_body *token, str template)
{
	const struct purpose *purpose = registry_purpose_no(visit->registry, token->purpose);
	const struct purpose_version *version = purpose ? version_told(purpose) : NULL;
	struct page_object page = page_new(&job->arena, 2);

	if (version && version_words(version, visit->language)->title.len)
		page_put(&page, S("what"), version_words(version, visit->language)->title);
	else
		page_say(&page, S("what"), S("News and offers"));
	page_say(&page, S("how"), channel_word(token->channel));
	return visit_page(job, visit, 200, template, &page);
}

enum err
public_stop_get(struct job *job, struct visit *visit)
{
	struct token_body token;

	if (!token_open(job, visit->vault, TOKEN_STOP, visit->param, &token))
		return visit_no_link(job, visit);
	return stop_page(job, visit, &token, S("stop.html"));
}

/*= rfc 8058 3.2
 *# The POST request MUST include the key/value pair from the List-Unsubscribe-Post header as the request body. */
enum err
public_stop_post(struct job *job, struct visit *visit)
{
	struct token_body token;
	struct stop stop;

	if (!token_open(job, visit->vault, TOKEN_STOP, visit->param, &token))
		return visit_no_link(job, visit);
	if (!form_has(&visit->form, S("List-Unsubscribe"), S("One-Click")))
		return fail(job, ERR_MALFORMED, "a stop is pressed with List-Unsubscribe=One-Click");
	stop = (struct stop){ .subject = token.subject, .purpose = token.purpose, .channel = token.channel,
		              .method = METHOD_ONE_CLICK, .source = SOURCE_UNSUBSCRIBE };
	memcpy(stop.digest, token.digest, sizeof(stop.digest));
	TRY(stop_address(job, visit->vault, &stop));
	return stop_page(job, visit, &token, S("stopped.html"));
}
