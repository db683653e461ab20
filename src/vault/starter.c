/* vault/starter.c -- the starter set, put through the same calls as anybody's definitions.
 *
 * The definitions are the files of vault/starter/, embedded by tools/gen-starter.  What they leave
 * open ({{company}} and so on) is filled in here.  Contract: registry.h. */
#include "base/limits.h"
#include "base/must.h"
#include "starter.inc"
#include "vault/registry.h"

#define BLANK_BYTES 1024
#define REVIEW_AFTER ((struct duration){ .months = 12 }) /* of the balancing assessment */

struct blank {
	str name; /* as it stands in the text */
	str text; /* JSON, without the quotation marks around it */
};

/* As it goes into a JSON string. */
static enum err
blank_text(struct job *job, str where, str text, str *ret)
{
	OWNED(buf_release) struct buf quoted = { .max = BLANK_BYTES };
	struct json_out out;
	str all;

	if (!str_trim(text).len || !str_printable(text))
		return job_fail_at(job, ERR_INVALID, where, "is needed, as printable text", __FILE__, __LINE__);
	json_out_begin(&out, &quoted);
	json_put_str(&out, str_trim(text));
	if (!buf_ok(&quoted))
		return job_fail_at(job, ERR_INVALID, where, "is too long", __FILE__, __LINE__);
	all = arena_str(&job->arena, buf_str(&quoted));
	*ret = str_first(str_from(all, 1), all.len - 2);
	return OK;
}

static str
fill_in(struct job *job, const char *definition, const struct blank *blank, size_t count)
{
	OWNED(buf_release) struct buf out = { .max = LIMIT_BODY_BYTES };
	str rest = str_from_c(definition), before, name;

	while (eat_until(&rest, '{', &before)) {
		buf_put(&out, before);
		if (!eat_char(&rest, '{')) {
			buf_char(&out, '{'); /* an object of the JSON */
			continue;
		}
		must(eat_until(&rest, '}', &name) && eat_char(&rest, '}')); /* tools/gen-starter saw to it */
		for (size_t i = 0; i < count; i++)
			if (str_eq(blank[i].name, name))
				buf_put(&out, blank[i].text);
	}
	buf_put(&out, rest);
	must(buf_ok(&out));
	return arena_str(&job->arena, buf_str(&out));
}

static enum err
starter_field(struct job *job, struct vault *vault, const struct starter *starter)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json definition;
	bool created;

	TRY(registry_hold(job, vault, &registry));
	if (registry_field(registry, str_from_c(starter->name)))
		return OK;
	TRY(json_parse(job, str_from_c(starter->definition), &document, &definition));
	return field_put(job, vault, str_from_c(starter->name), definition, &created);
}

/* A draft that is ours to the letter was left by a load that was cut short; any other is somebody's. */
static enum err
starter_draft_ours(struct job *job, const struct purpose *purpose, struct json definition, bool *ret)
{
	str canonical;

	*ret = false;
	if (purpose->version_count != 1 || purpose->version[0].state != VERSION_DRAFT)
		return OK;
	TRY(json_canonical(job, definition, LIMIT_BODY_BYTES, &canonical));
	*ret = str_eq(purpose->version[0].definition, canonical);
	return OK;
}

static enum err
starter_purpose(struct job *job, struct vault *vault, const struct starter *starter,
                const struct blank *blank, size_t blank_count)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	str name = str_from_c(starter->name);
	const struct purpose *there;
	struct json definition;
	uint32_t version;
	bool ours = true, created;

	TRY(registry_hold(job, vault, &registry));
	there = registry_purpose(registry, name);
	TRY(json_parse(job, fill_in(job, starter->definition, blank, blank_count), &document, &definition));
	if (there)
		TRY(starter_draft_ours(job, there, definition, &ours));
	if (!ours)
		return OK;
	if (!there)
		TRY(purpose_put(job, vault, name, definition, &version, &created));
	return purpose_activate(job, vault, name, &version);
}

enum err
starter_load(struct job *job, struct vault *vault, str company, str contact)
{
	OWNED(buf_release) struct buf review = { .max = 16 };
	struct blank blank[] = {
		{ .name = S("company") }, { .name = S("contact") }, { .name = S("review_at") },
	};

	TRY(blank_text(job, S("/company"), company, &blank[0].text));
	TRY(blank_text(job, S("/contact"), contact, &blank[1].text));
	buf_date(&review, date_add(date_of(job->now), REVIEW_AFTER));
	blank[2].text = arena_str(&job->arena, buf_str(&review));
	for (size_t i = 0; i < COUNT(starter_fields); i++)
		TRY(starter_field(job, vault, &starter_fields[i]));
	for (size_t i = 0; i < COUNT(starter_purposes); i++)
		TRY(starter_purpose(job, vault, &starter_purposes[i], blank, COUNT(blank)));
	return OK;
}
