/* api/access.c -- a person's right to know and to take along: Articles 15 and 20. */
#include "api/answering.h"
#include "api/call.h"
#include "base/limits.h"
#include "rights/export.h"
#include "rights/link.h"
#include "rights/request.h"

/* --- what was asked --------------------------------------------------------------------------- */

struct access_ask {
	uid id;
	enum package_format format;
	enum language language;
	bool language_given;
	bool link;
	time_us expires_at;
	struct package_place after;
};

static enum err
language_read(struct job *job, struct call *call, struct access_ask *ask)
{
	int language = SWEDISH;

	TRY(body_word(job, call->body, "language", WORDS_LANGUAGE, &language, &ask->language_given));
	ask->language = (enum language)language;
	return OK;
}

static enum err
expires_read(struct job *job, struct call *call, struct access_ask *ask)
{
	struct duration duration = LINK_EXPIRES_DEFAULT;
	struct json place = json_member(job, call->body, "expires_in");
	bool there;
	str text;

	TRY(json_str(job, call->body, "expires_in", 64, &text, &there));
	if (there && !ask->link)
		return json_fail(job, ERR_INVALID, place, "goes with delivery link");
	if (there && !duration_parse(text, &duration))
		return json_fail(job, ERR_INVALID, place, "must be an ISO 8601 duration, as P7D");
	ask->expires_at = time_add(job->now, duration);
	if (ask->expires_at <= job->now || ask->expires_at > job->now + LIMIT_PACKAGE_DAYS * TIME_DAY)
		return json_fail(job, ERR_LIMIT, place, "limit_package_days: a link works for at most 30 days");
	return OK;
}

static enum err
access_read(struct job *job, struct call *call, struct access_ask *ret)
{
	int format = FORMAT_JSON, delivery = 0;
	bool there;
	str after;

	*ret = (struct access_ask){ 0 };
	TRY(call_id(job, call, &ret->id));
	TRY(body_word(job, call->body, "format", WORDS_PACKAGE_FORMAT, &format, NULL));
	TRY(body_word(job, call->body, "delivery", WORDS_DELIVERY, &delivery, NULL));
	TRY(language_read(job, call, ret));
	ret->format = (enum package_format)format;
	ret->link = delivery;
	TRY(expires_read(job, call, ret));
	TRY(json_str(job, call->body, "after", PACKAGE_PLACE_BYTES, &after, &there));
	if (there && !package_place_parse(after, &ret->after))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "after"),
		                 "must be as `next` gave it");
	return OK;
}

/* The request that this answers, if the body names one: open, this person's, and for this right. */
static enum err
answers_read(struct job *job, struct call *call, int64_t subject, enum right right,
             const struct request_row **ret)
{
	struct request_row *row = arena_alloc(&job->arena, sizeof(*row));
	bool there;

	TRY(answering_meant(job, call, right, subject, row, &there));
	*ret = there ? row : NULL;
	return OK;
}

/* --- files ------------------------------------------------------------------------------------ */

/* Names that say nothing about whom or what the file is about. */
void
answer_file(struct job *job, struct call *call, enum package_format format, enum language language)
{
	static const struct {
		const char *type, *name[LANGUAGE_COUNT];
	} file[] = {
		[FORMAT_JSON] = { "application/json",
		                  { "attachment; filename=\"mina-uppgifter.json\"", "attachment; filename=\"my-data.json\"" } },
		[FORMAT_CSV] = { "text/csv; charset=utf-8",
		                 { "attachment; filename=\"mina-uppgifter.csv\"", "attachment; filename=\"my-data.csv\"" } },
		[FORMAT_HTML] = { "text/html; charset=utf-8",
		                  { "attachment; filename=\"mina-uppgifter.html\"", "attachment; filename=\"my-data.html\"" } },
		[FORMAT_VCARD] = { "text/vcard; charset=utf-8",
		                   { "attachment; filename=\"mina-uppgifter.vcf\"", "attachment; filename=\"my-data.vcf\"" } },
	};

	answer_text(call, 200, str_from_c(file[format].type));
	response_header(call->response, S("Content-Disposition"), str_from_c(file[format].name[language]));
	if (format == FORMAT_HTML)
		answer_page_headers(job, call, false);
	else
		response_header(call->response, S("X-Robots-Tag"), S("noindex, nofollow"));
}

static str
next_of(struct job *job, const struct package *package)
{
	OWNED(buf_release) struct buf text = { .max = PACKAGE_PLACE_BYTES };

	package_place_put(&text, &package->next);
	return arena_str(&job->arena, buf_str(&text));
}

/* --- access ----------------------------------------------------------------------------------- */

static enum err
access_inline(struct job *job, struct call *call, const struct access_ask *ask,
              const struct package *package)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	TRY(package_print(job, package, ask->format, &call->response->body));
	package_entry_body(&body, ask->format, 0);
	TRY(package_record(job, call->vault, package, ENTRY_ACCESS, buf_bytes(&body)));
	answer_file(job, call, ask->format, package->language);
	if (package->more)
		response_header(call->response, S("Valv-Next"), next_of(job, package));
	return OK;
}

static void
link_write(struct job *job, struct call *call, const struct package *package, const struct link *link,
           str token)
{
	OWNED(buf_release) struct buf path = { .max = 128 };
	struct json_out *out = answer_json(call, 200);

	buf_put(&path, S("/packages/"));
	buf_put(&path, token);
	json_open(out, '{');
	json_pair_str(out, S("link"), buf_str(&path));
	json_pair_time(out, S("expires_at"), link->expires_at);
	json_pair_str(out, S("language"), language_code(link->language));
	json_name(out, S("next"));
	if (package->more)
		json_put_str(out, next_of(job, package));
	else
		json_put_null(out);
	json_close(out, '}');
}

static enum err
access_link(struct job *job, struct call *call, const struct access_ask *ask,
            const struct package *package)
{
	OWNED(buf_release) struct buf printed = { .max = LIMIT_ANSWER_BYTES };
	struct link link = { ask->format, package->language, ask->expires_at };
	str token;

	TRY(package_print(job, package, ask->format, &printed));
	TRY(link_make(job, call->vault, package, buf_bytes(&printed), &link, &token));
	link_write(job, call, package, &link, token);
	return OK;
}

enum err
on_access_post(struct job *job, struct call *call)
{
	struct access_ask ask;
	struct package package;

	TRY(access_read(job, call, &ask));
	TRY(call_may(job, call, PURPOSE_RIGHTS)); /* the whole person: a key for all purposes */
	TRY(call_registry(job, call));
	TRY(package_make(job, call->vault, call->registry, ask.id,
	                 ask.language_given ? &ask.language : NULL, ask.after, &package));
	TRY(answers_read(job, call, package.subject.no, RIGHT_ACCESS, &package.answers));
	return ask.link ? access_link(job, call, &ask, &package) : access_inline(job, call, &ask, &package);
}

/* --- portability ------------------------------------------------------------------------------ */

enum err
on_export_post(struct job *job, struct call *call)
{
	struct access_ask ask = { 0 };
	struct export export;
	int format = FORMAT_JSON;

	TRY(call_id(job, call, &ask.id));
	TRY(call_may(job, call, PURPOSE_RIGHTS));
	TRY(body_word(job, call->body, "format", WORDS_EXPORT_FORMAT, &format, NULL));
	TRY(language_read(job, call, &ask));
	TRY(call_registry(job, call));
	TRY(export_make(job, call->vault, call->registry, ask.id,
	                ask.language_given ? &ask.language : NULL, &export));
	TRY(answers_read(job, call, export.subject.no, RIGHT_PORTABILITY, &export.answers));
	TRY(export_print(job, &export, (enum package_format)format, &call->response->body));
	TRY(export_record(job, call->vault, &export));
	answer_file(job, call, (enum package_format)format, export.language);
	return OK;
}

/* --- schemas ---------------------------------------------------------------------------------- */

enum err
on_schema_get(struct job *job, struct call *call)
{
	if (str_eq(call->param[0], S("access")))
		package_schema(&call->response->body);
	else if (str_eq(call->param[0], S("export")))
		export_schema(&call->response->body);
	else
		return fail(job, ERR_ABSENT, "the schemas are access and export");
	answer_text(call, 200, S("application/json"));
	return OK;
}
