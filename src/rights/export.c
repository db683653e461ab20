/* rights/export.c -- contract: export.h. */
#include "rights/export.h"

#include "audit/entry.h"
#include "base/limits.h"
#include "csv/csv.h"
#include "rights/package_parts.h"

#define FORMAT_NAME "valv-export-1"

/* --- what may be taken along ------------------------------------------------------------------- */

static bool
gives_right(const struct export *export, const struct ground *ground, uint16_t field)
{
	const struct purpose_version *version;

	if (ground->basis != BASIS_CONSENT && ground->basis != BASIS_CONTRACT)
		return false;
	if (!ground_live(ground, export->made_at))
		return false;
	version = registry_version(export->registry, ground->purpose, ground->version);
	return version && version_has_field(version, field);
}

static bool
has_name(const str *list, size_t count, str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i], name))
			return true;
	return false;
}

static void
export_value(struct job *job, struct export *export, const struct value *value)
{
	const struct field *field = registry_field_no(export->registry, value->field);
	const struct standing *standing = &export->subject.standing;
	str *purpose = arena_array(&job->arena, standing->ground_count, sizeof(*purpose));
	size_t count = 0;

	if (!field || (value->origin != ORIGIN_PROVIDED && value->origin != ORIGIN_OBSERVED))
		return;
	for (size_t i = 0; i < standing->ground_count; i++) {
		str name = purpose_name(export->registry, standing->ground[i].purpose);
		if (gives_right(export, &standing->ground[i], field->no) && !has_name(purpose, count, name))
			purpose[count++] = name;
	}
	if (!count)
		return;
	export->value[export->count++] = (struct exported){
		.field = field,
		.title = definition_title(job, field->definition, export->language, field->name),
		.value = value, .purpose = purpose, .purpose_count = count,
	};
}

static enum language
language_first(const struct registry *registry)
{
	enum language language;

	for (size_t i = 0; i < registry->language_count; i++)
		if (language_find(registry->language[i], &language))
			return language;
	return SWEDISH;
}

enum err
export_make(struct job *job, struct vault *vault, const struct registry *registry, uid id,
            const enum language *language, struct export *ret)
{
	struct value *value;
	size_t count;

	*ret = (struct export){ .registry = registry, .made_at = job->now,
		                .language = language ? *language : language_first(registry) };
	TRY(subject_values(job, vault, id, &ret->subject, &value, &count));
	ret->value = arena_array(&job->arena, count, sizeof(*ret->value));
	for (size_t f = 0; f < registry->field_count; f++)
		for (size_t i = 0; i < count; i++)
			if (value[i].field == registry->field[f].no)
				export_value(job, ret, &value[i]);
	return OK;
}

enum err
export_record(struct job *job, struct vault *vault, const struct export *export)
{
	OWNED(buf_release) struct buf body = { .max = 2 * LIMIT_VALUES };
	struct package package = { .subject = export->subject, .answers = export->answers };

	for (size_t i = 0; i < export->count; i++)
		buf_le16(&body, export->value[i].field->no);
	return package_record(job, vault, &package, ENTRY_EXPORT, buf_bytes(&body));
}

/* --- printing --------------------------------------------------------------------------------- */

static void
export_json(const struct export *export, struct buf *out)
{
	struct json_out json;

	json_out_begin(&json, out);
	json_open(&json, '{');
	json_pair_str(&json, S("format"), S(FORMAT_NAME));
	json_pair_uid(&json, S("subject"), export->subject.id);
	json_pair_time(&json, S("made_at"), export->made_at);
	json_name(&json, S("values"));
	json_open(&json, '[');
	for (size_t i = 0; i < export->count; i++) {
		const struct exported *is = &export->value[i];
		json_open(&json, '{');
		json_pair_str(&json, S("field"), is->field->name);
		json_pair_str(&json, S("title"), is->title);
		json_pair_str(&json, S("type"), type_info(is->field->type)->name);
		json_pair_str(&json, S("value"), is->value->text);
		json_pair_str(&json, S("origin"), origin_name(is->value->origin));
		json_pair_time(&json, S("stored_at"), is->value->stored_at);
		json_name(&json, S("purposes"));
		json_open(&json, '[');
		for (size_t k = 0; k < is->purpose_count; k++)
			json_put_str(&json, is->purpose[k]);
		json_close(&json, ']');
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	buf_char(out, '\n');
}

static void
export_csv(const struct export *export, struct buf *out)
{
	struct csv_writer writer = { .out = out, .separator = ',', .neutral = true };
	static const char *const heads[] = { "field", "title", "value", "origin", "stored_at" };

	buf_put(out, S("\xef\xbb\xbf"));
	for (size_t i = 0; i < COUNT(heads); i++)
		csv_put_cell(&writer, str_from_c(heads[i]));
	csv_put_end(&writer);
	for (size_t i = 0; i < export->count; i++) {
		OWNED(buf_release) struct buf at = { .max = 64 };
		const struct exported *is = &export->value[i];
		buf_time(&at, is->value->stored_at);
		csv_put_cell(&writer, is->field->name);
		csv_put_cell(&writer, is->title);
		csv_put_cell(&writer, is->value->text);
		csv_put_cell(&writer, origin_name(is->value->origin));
		csv_put_cell(&writer, buf_str(&at));
		csv_put_end(&writer);
	}
}

enum err
export_print(struct job *job, const struct export *export, enum package_format format, struct buf *out)
{
	if (format == FORMAT_JSON)
		export_json(export, out);
	else if (format == FORMAT_CSV)
		export_csv(export, out);
	else if (format == FORMAT_VCARD)
		export_vcard(export, out);
	else
		return fail(job, ERR_INVALID, "what is taken along is no page");
	return buf_ok(out) ? OK : fail(job, ERR_TOO_LARGE, "limit_answer_bytes: too large in this format");
}

void
export_schema(struct buf *out)
{
	buf_put(out,
	        S("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
	          "\"title\":\"What a person takes along (GDPR, Article 20)\",\"type\":\"object\",\"properties\":{"
	          "\"format\":{\"const\":\"" FORMAT_NAME "\"},"
	          "\"subject\":{\"type\":\"string\",\"format\":\"uuid\"},"
	          "\"made_at\":{\"type\":\"string\",\"format\":\"date-time\"},"
	          "\"values\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
	          "\"field\":{\"type\":\"string\",\"description\":\"Name of the field.\"},"
	          "\"title\":{\"type\":\"string\",\"description\":\"The field as people read it.\"},"
	          "\"type\":{\"type\":\"string\",\"description\":\"Type of the value; the API description lists them.\"},"
	          "\"value\":{\"type\":\"string\",\"description\":\"The value, in the canonical form of its type.\"},"
	          "\"origin\":{\"enum\":[\"provided\",\"observed\"],\"description\":\"provided by the person, or observed of their use of a service.\"},"
	          "\"stored_at\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"When this value was stored.\"},"
	          "\"purposes\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1,\"description\":\"Names of the purposes with a live ground of consent or contract that cover it.\"}},"
	          "\"required\":[\"field\",\"title\",\"type\",\"value\",\"origin\",\"stored_at\",\"purposes\"],\"additionalProperties\":false}}},"
	          "\"required\":[\"format\",\"subject\",\"made_at\",\"values\"],\"additionalProperties\":false}\n"));
}
