/* api/pages.c -- the two pages for people: what this is, and what a type of problem means. */
#include "api/call.h"

/* --- which language --------------------------------------------------------------------------- */

/* The quality of one range of Accept-Language in thousandths (RFC 9110 section 12.4.2). */
static unsigned
quality(str parameters)
{
	unsigned value = 0, unit = 100;
	str rest = str_trim(parameters);

	if (!eat_str(&rest, S("q=")))
		return 1000;
	if (eat_char(&rest, '1'))
		return 1000;
	if (!eat_str(&rest, S("0.")))
		return 0;
	for (; rest.len && unit && rest.ptr[0] >= '0' && rest.ptr[0] <= '9'; unit /= 10) {
		value += (unsigned)(rest.ptr[0] - '0') * unit;
		rest = str_from(rest, 1);
	}
	return value;
}

bool
wants_swedish(const struct request *request)
{
	unsigned swedish = 0, other = 0;
	str rest, range, tag;

	if (!request_header(request, S("Accept-Language"), &rest))
		return false;
	while (rest.len) {
		unsigned q;
		if (!eat_until(&rest, ',', &range)) {
			range = rest;
			rest = S("");
		}
		tag = range;
		if (!eat_until(&range, ';', &tag))
			range = S("");
		tag = str_trim(tag);
		q = quality(range);
		if (str_eq_fold(str_first(tag, 2), S("sv")) && (tag.len == 2 || tag.ptr[2] == '-'))
			swedish = q > swedish ? q : swedish;
		else if (str_eq_fold(str_first(tag, 2), S("en")))
			other = q > other ? q : other;
	}
	return swedish > other;
}

/* --- / ---------------------------------------------------------------------------------------- */

#define INDEX_EN \
	"<p>Valv is a self-hosted vault for customer data. It keeps a value about a person only while there " \
	"is a ground for keeping it, says no to every message that has no yes behind it, and writes down " \
	"who saw what.</p>\n" \
	"<p>This address is for programs. What it does is described in " \
	"<a href=\"/v1/openapi.json\">the API description</a> (OpenAPI 3.1); how to begin stands in the " \
	"README that came with the program. Whether it answers is at <a href=\"/v1/health\">/v1/health</a>.</p>\n"
#define DEMO_EN \
	"<p class=\"quiet\">This vault is a demonstration: the people in it are made up.</p>\n"

#define INDEX_SV \
	"<p>Valv är ett valv för kunduppgifter som du driver själv. Det behåller en uppgift om en person bara " \
	"så länge det finns en grund för det, säger nej till varje utskick som inte har ett ja bakom sig, och " \
	"skriver upp vem som har sett vad.</p>\n" \
	"<p>Den här adressen är till för program. Vad den gör beskrivs i " \
	"<a href=\"/v1/openapi.json\">API-beskrivningen</a> (OpenAPI 3.1); hur man börjar står i den README som " \
	"kom med programmet. Om den svarar ser du på <a href=\"/v1/health\">/v1/health</a>.</p>\n"
#define DEMO_SV \
	"<p class=\"quiet\">Det här valvet är en demonstration: personerna i det är påhittade.</p>\n"

enum err
on_index_get(struct job *job, struct call *call)
{
	bool demo = call->api->options.demo;

	if (wants_swedish(call->request))
		answer_html(job, call, S("sv"), S("Valv"),
		            demo ? S(INDEX_SV DEMO_SV) : S(INDEX_SV));
	else
		answer_html(job, call, S("en"), S("Valv"),
		            demo ? S(INDEX_EN DEMO_EN) : S(INDEX_EN));
	return OK;
}

/* --- /problems/{slug} ------------------------------------------------------------------------- */

/* What the caller can do about it; errors that are not listed are nobody's to mend from outside. */
static const struct advice {
	enum err err;
	const char *text;
} advice[] = {
	{ ERR_MALFORMED,
	  "The request line, the query or the JSON of the body breaks a rule of its syntax. "
	  "JSON is read strictly: UTF-8, no member twice, nothing after the end." },
	{ ERR_HEADER, "The detail says which header is meant and what it looks like." },
	{ ERR_UNAUTHENTICATED,
	  "Send <code>Authorization: Bearer valv_…</code> with a key that is neither "
	  "revoked nor expired." },
	{ ERR_DENIED,
	  "The key lacks the scope that the call needs. Whoever made it can make another one." },
	{ ERR_PURPOSE_DENIED,
	  "The key is for other purposes than the one that the call is about." },
	{ ERR_ABSENT, "Look at the address. What is erased answers with another problem, gone." },
	{ ERR_METHOD, "The header Allow lists the methods of the address." },
	{ ERR_CONFLICT, "Read what is there, and decide anew." },
	{ ERR_HELD, "A hold keeps it. Release the hold first." },
	{ ERR_IDEMPOTENCY_BUSY,
	  "Wait, and send the same call with the same Idempotency-Key again." },
	{ ERR_GONE, "The person was erased. Nothing of them can be read any more." },
	{ ERR_STALE,
	  "Somebody changed it first. Read it again, and send its new ETag in If-Match." },
	{ ERR_TOO_LARGE, "Send, or ask for, less at once." },
	{ ERR_MEDIA_TYPE,
	  "Send the body as application/json (batches: application/x-ndjson), in UTF-8, "
	  "without Content-Encoding." },
	{ ERR_INVALID,
	  "The member of the problem points at what is meant; the detail says what it must be." },
	{ ERR_LIMIT, "The detail begins with the name of the limit." },
	{ ERR_NO_GROUND,
	  "Name a purpose that has the field, with the evidence that its basis needs; or, when "
	  "reading, a purpose for which this person has a live ground." },
	{ ERR_EVIDENCE, "The member points at the piece of evidence that is missing." },
	{ ERR_PURPOSE_UNREADY, "The member points at what the purpose does not state yet." },
	{ ERR_PURPOSE_INACTIVE, "Put a version of the purpose in force first." },
	{ ERR_CHILD,
	  "Consent of a child needs a guardian's: say in <code>guardian</code> what shows it." },
	{ ERR_SPECIAL,
	  "Special categories need explicit consent, or another point of Article 9(2)." },
	{ ERR_SUPPRESSED, "Only a fresh, confirmed act of the person lifts a suppression." },
	{ ERR_IDEMPOTENCY_REUSE, "Use a new Idempotency-Key for another request." },
	{ ERR_PRECONDITION,
	  "Read the person first, and send the ETag in If-Match; or * to overwrite whatever "
	  "is there." },
	{ ERR_BUDGET, "Retry-After says when the next hour begins." },
	{ ERR_BUSY, "Send the call again after the time in Retry-After." },
	{ ERR_STORE,
	  "Send the call again. If it stays so, the operator finds the reason in the log." },
	{ ERR_FULL,
	  "The disk is full. The operator must make room; withdrawals and revocations still work." },
};

static str
advice_for(enum err err)
{
	for (size_t i = 0; i < COUNT(advice); i++)
		if (advice[i].err == err)
			return str_from_c(advice[i].text);
	return S("Nothing in the call can mend it. The operator finds the reason in the log.");
}

enum err
on_problem_get(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf content = { .max = 4096 };

	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		const struct err_info *info = err_info(err);
		if (!str_eq(call->param[0], str_from_c(info->slug)))
			continue;
		buf_put(&content, S("<p>"));
		buf_put(&content, advice_for(err));
		buf_put(&content, S("</p>\n<p class=\"quiet\">Problem <code>/problems/"));
		buf_put(&content, str_from_c(info->slug));
		buf_put(&content, S("</code>, HTTP status "));
		buf_udec(&content, (uint64_t)info->status);
		buf_put(&content,
		        S(". See <a href=\"/v1/openapi.json\">the API description</a>.</p>\n"));
		answer_html(job, call, S("en"), str_from_c(info->sentence), buf_str(&content));
		return OK;
	}
	return fail(job, ERR_ABSENT, "there is no such type of problem");
}
