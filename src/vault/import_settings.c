/* vault/import_settings.c -- the company's choices for one list; members: see import.h. */
#include "vault/import_parts.h"

#include "base/limits.h"

#define TEXT_MAX 2000
#define NOTICE_PREFIX "sha256:"

/* --- purposes --------------------------------------------------------------------------------- */

static enum err
purpose_find(struct job *job, const struct registry *registry, struct json object, const char *member,
             const struct purpose_version **ret)
{
	const struct purpose *purpose;
	str name;

	TRY(json_need_str(job, object, member, LIMIT_NAME_BYTES, &name));
	purpose = registry_purpose(registry, name);
	if (!purpose)
		return json_fail(job, ERR_INVALID, json_member(job, object, member), "no purpose of that name");
	if (!purpose->active)
		return json_fail(job, ERR_PURPOSE_INACTIVE, json_member(job, object, member),
		                 "the purpose has no active version");
	*ret = purpose->active;
	return OK;
}

/* Lists are lists of addresses, mostly of e-mail; for another channel the company says which. */
static enum err
channels_read(struct job *job, struct json object, const struct purpose_version *version,
              uint32_t *ret)
{
	enum channel channel;
	struct json list;
	str name;

	TRY(json_array(job, object, "channels", CHANNEL_COUNT, &list));
	*ret = 0;
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &name));
		if (!channel_find(name, &channel) || !(version->channels & CHANNEL_BIT(channel)))
			return json_fail(job, ERR_INVALID, element, "is not a channel of the purpose");
		*ret |= CHANNEL_BIT(channel);
	}
	if (!*ret && version->channels & CHANNEL_BIT(CHANNEL_EMAIL))
		*ret = CHANNEL_BIT(CHANNEL_EMAIL);
	else if (!*ret && version->channels == CHANNEL_BIT(CHANNEL_NONE))
		*ret = version->channels;
	if (!*ret)
		return json_fail(job, ERR_INVALID, object, "say which channels the list is consent for");
	return OK;
}

/* Words that a version of the purpose showed select that version. */
static enum err
notice_find(struct job *job, const struct registry *registry, struct json evidence,
            struct import_consent *consent)
{
	const struct purpose *purpose = registry_purpose_no(registry, consent->version->purpose);
	uint8_t hash[32];
	bool there;
	str text;

	TRY(json_str(job, evidence, "notice", LIMIT_NAME_BYTES + 16, &text, &there));
	if (!there)
		return OK;
	if (!eat_str(&text, S(NOTICE_PREFIX)) || !str_hex(text, hash, sizeof(hash)))
		return json_fail(job, ERR_INVALID, json_member(job, evidence, "notice"),
		                 "must be sha256: and 64 hexadecimal digits");
	for (size_t i = purpose->version_count; i-- > 0;) {
		const struct purpose_version *version = &purpose->version[i];
		if (version->state == VERSION_DRAFT || !version_notice(version, hash))
			continue;
		consent->version = version;
		consent->notice = arena_bytes(&job->arena, (bytes){ hash, sizeof(hash) });
		return OK;
	}
	return json_fail(job, ERR_EVIDENCE, json_member(job, evidence, "notice"),
	                 "no version of the purpose showed these words");
}

/*= gdpr 9(2)(a)
 *# The data subject has given explicit consent to the processing of those personal data. */
static enum err
consent_read(struct job *job, const struct registry *registry, struct json object,
             struct json evidence, struct import_consent *ret)
{
	static const char *const members[] = { "purpose", "channels", NULL };

	TRY(json_object(job, object, members));
	TRY(purpose_find(job, registry, object, "purpose", &ret->version));
	if (ret->version->basis != BASIS_CONSENT)
		return json_fail(job, ERR_INVALID, json_member(job, object, "purpose"),
		                 "the purpose does not rest on consent; see rest");
	if (ret->version->explicit_basis)
		return json_fail(job, ERR_SPECIAL, json_member(job, object, "purpose"),
		                 "consent to special categories is explicit: a list cannot show that");
	TRY(channels_read(job, object, ret->version, &ret->channels));
	return notice_find(job, registry, evidence, ret);
}

static enum err
consents_read(struct job *job, const struct registry *registry, struct json settings,
              struct import_settings *ret)
{
	static const char *const members[] = { "source", "words", "reference", "notice", NULL };
	struct json evidence = json_member(job, settings, "evidence");
	struct json list;

	if (json_kind(evidence) != JSON_ABSENT) {
		TRY(json_object(job, evidence, members));
		TRY(json_str(job, evidence, "source", TEXT_MAX, &ret->evidence_source, NULL));
		TRY(json_str(job, evidence, "words", TEXT_MAX, &ret->evidence_words, NULL));
		TRY(json_str(job, evidence, "reference", TEXT_MAX, &ret->evidence_reference, NULL));
	}
	ret->notice_given = json_kind(json_member(job, evidence, "notice")) == JSON_STRING;
	ret->evidence_source = str_trim(ret->evidence_source);
	ret->evidence_words = str_trim(ret->evidence_words);
	ret->evidence_reference = str_trim(ret->evidence_reference);
	TRY(json_array(job, settings, "consents", IMPORT_CONSENTS_MAX, &list));
	ret->consent_count = json_count(list);
	for (size_t i = 0; i < ret->consent_count; i++) {
		TRY(consent_read(job, registry, json_element(job, list, i), evidence, &ret->consent[i]));
		for (size_t n = 0; n < i; n++)
			if (ret->consent[n].version->purpose == ret->consent[i].version->purpose)
				return json_fail(job, ERR_INVALID, json_element(job, list, i),
				                 "the purpose is named twice");
	}
	return OK;
}

/* --- the rest --------------------------------------------------------------------------------- */

/* A ground that allows marketing without its evidence would raise a permission (M1). */
static enum err
keep_for_check(struct job *job, struct json rest, const struct purpose_version *version)
{
	struct json place = json_member(job, rest, "keep_for");

	switch (version->basis) {
	case BASIS_CONTRACT:
	case BASIS_LEGAL_OBLIGATION:
	case BASIS_LEGITIMATE_INTEREST:
		return OK;
	case BASIS_CONSENT:
		return json_fail(job, ERR_EVIDENCE, place,
		                 "consent needs evidence in each row; rows without it cannot be kept for this purpose");
	case BASIS_SOFT_OPT_IN:
		return json_fail(job, ERR_EVIDENCE, place,
		                 "the exception for existing customers needs each sale and how a way to say no was offered");
	case BASIS_VITAL_INTEREST:
	case BASIS_PUBLIC_TASK:
	case BASIS_STORAGE_ONLY:
	case BASIS_NONE:
	case BASIS_COUNT:
		break;
	}
	return json_fail(job, ERR_EVIDENCE, place,
	                 "this basis is justified person by person; a list cannot do that");
}

static enum err
ask_first_check(struct job *job, struct json rest, const struct purpose_version *version)
{
	struct json place = json_member(job, rest, "ask_first");

	if (version->basis != BASIS_LEGITIMATE_INTEREST)
		return json_fail(job, ERR_INVALID, place,
		                 "keeping persons until they are asked rests on legitimate interest");
	if (!version->tell_first)
		return json_fail(job, ERR_INVALID, place, "the purpose is not for telling and asking (tell_first)");
	return OK;
}

static enum err
rest_read(struct job *job, const struct registry *registry, struct json settings,
          struct import_settings *ret)
{
	static const char *const members[] = { "keep_for", "ask_first", NULL };
	struct json rest = json_member(job, settings, "rest");
	bool keeps, asks;
	str word;

	if (json_kind(rest) == JSON_ABSENT || json_kind(rest) == JSON_NULL)
		return OK;
	if (json_kind(rest) == JSON_STRING) {
		TRY(json_scalar(job, rest, LIMIT_NAME_BYTES, &word));
		if (str_eq(word, S("leave_out")))
			return OK;
		return json_fail(job, ERR_INVALID, rest, "is leave_out, {keep_for: purpose} or {ask_first: purpose}");
	}
	TRY(json_object(job, rest, members));
	keeps = json_kind(json_member(job, rest, "keep_for")) != JSON_ABSENT;
	asks = json_kind(json_member(job, rest, "ask_first")) != JSON_ABSENT;
	if (keeps == asks)
		return json_fail(job, ERR_INVALID, rest, "is leave_out, {keep_for: purpose} or {ask_first: purpose}");
	ret->rest = keeps ? REST_KEEP_FOR : REST_ASK_FIRST;
	TRY(purpose_find(job, registry, rest, keeps ? "keep_for" : "ask_first", &ret->rest_version));
	return keeps ? keep_for_check(job, rest, ret->rest_version)
	             : ask_first_check(job, rest, ret->rest_version);
}

/* --- columns ---------------------------------------------------------------------------------- */

static enum err
mapping_read(struct job *job, const struct registry *registry, struct json settings,
             struct import_settings *ret)
{
	struct json columns = json_member(job, settings, "columns"), value;
	enum import_role role;
	void *iterator = NULL;
	str column, name;

	if (json_kind(columns) == JSON_ABSENT || json_kind(columns) == JSON_NULL)
		return OK;
	if (json_kind(columns) != JSON_OBJECT || json_count(columns) > LIMIT_CSV_COLUMNS)
		return json_fail(job, ERR_INVALID, columns, "must be an object: column to field, \"@role\" or null");
	ret->mapping = arena_array(&job->arena, json_count(columns) + 1, sizeof(*ret->mapping));
	while (json_each(job, columns, &iterator, &column, &value)) {
		struct import_mapping *mapping = &ret->mapping[ret->mapping_count++];
		mapping->column = column;
		if (json_kind(value) == JSON_NULL)
			continue;
		TRY(json_scalar(job, value, LIMIT_NAME_BYTES, &name));
		mapping->role = name;
		if (eat_char(&name, '@') ? !role_find(name, &role) : !registry_field(registry, name))
			return json_fail(job, ERR_INVALID, columns, "a column is mapped to no field and no @role that is known");
	}
	return OK;
}

static enum err
key_read(struct job *job, const struct registry *registry, struct json settings,
         struct import_settings *ret)
{
	const struct field *field;
	bool there;

	TRY(json_str(job, settings, "key", LIMIT_NAME_BYTES, &ret->key, &there));
	if (!there)
		return OK;
	field = registry_field(registry, ret->key);
	if (!field || field->lookup != LOOKUP_EXACT)
		return json_fail(job, ERR_INVALID, json_member(job, settings, "key"),
		                 "is not a field that can be searched exactly");
	return OK;
}

/* --- form ------------------------------------------------------------------------------------- */

static enum err
encoding_read(struct job *job, struct json format, struct import_settings *ret)
{
	static const struct {
		str name;
		enum csv_encoding encoding;
	} encodings[] = {
		{ { "utf-8", 5 }, CSV_UTF8 },
		{ { "utf-16le", 8 }, CSV_UTF16LE },
		{ { "utf-16be", 8 }, CSV_UTF16BE },
		{ { "windows-1252", 12 }, CSV_WINDOWS1252 },
	};
	str name;

	TRY(json_str(job, format, "encoding", 32, &name, &ret->encoding_given));
	for (size_t i = 0; ret->encoding_given && i < COUNT(encodings); i++)
		if (str_eq_fold(encodings[i].name, name)) {
			ret->format.encoding = encodings[i].encoding;
			return OK;
		}
	if (ret->encoding_given)
		return json_fail(job, ERR_INVALID, json_member(job, format, "encoding"),
		                 "is utf-8, utf-16le, utf-16be or windows-1252");
	return OK;
}

static enum err
format_read(struct job *job, struct json settings, struct import_settings *ret)
{
	static const char *const members[] = { "encoding", "separator", "header", NULL };
	struct json format = json_member(job, settings, "format");
	str separator;

	if (json_kind(format) == JSON_ABSENT || json_kind(format) == JSON_NULL)
		return OK;
	TRY(json_object(job, format, members));
	TRY(encoding_read(job, format, ret));
	TRY(json_str(job, format, "separator", 4, &separator, &ret->separator_given));
	ret->format.separator = ',';
	if (ret->separator_given && separator.len == 1)
		ret->format.separator = separator.ptr[0];
	if (ret->separator_given && (separator.len != 1 || !csv_format_valid(&ret->format)))
		return json_fail(job, ERR_INVALID, json_member(job, format, "separator"),
		                 "is one character such as , or ; or a tabulator");
	return json_bool(job, format, "header", &ret->format.header, &ret->header_given);
}

static enum err
told_read(struct job *job, struct json settings, struct import_settings *ret)
{
	static const char *const members[] = { "at", NULL };
	struct json told = json_member(job, settings, "told");

	ret->told_at = TIME_NEVER;
	if (json_kind(told) != JSON_OBJECT)
		return json_bool(job, settings, "told", &ret->told, NULL);
	TRY(json_object(job, told, members));
	TRY(json_time(job, told, "at", &ret->told_at, &ret->told));
	if (!ret->told || ret->told_at > job->now)
		return json_fail(job, ERR_INVALID, told, "is in the future, or lacks at");
	return OK;
}

static enum err
past_time(struct job *job, struct json settings, const char *name, time_us *ret)
{
	bool there;

	*ret = TIME_NEVER;
	TRY(json_time(job, settings, name, ret, &there));
	if (there && *ret > job->now)
		return json_fail(job, ERR_INVALID, json_member(job, settings, name), "is in the future");
	return OK;
}

static enum err
preset_read(struct job *job, struct json settings, struct import_settings *ret)
{
	str name;

	TRY(json_str(job, settings, "preset", LIMIT_NAME_BYTES, &name, &ret->preset_given));
	if (ret->preset_given && str_eq(name, S("auto")))
		ret->preset_given = false;
	if (ret->preset_given && !preset_find(name, &ret->preset))
		return json_fail(job, ERR_INVALID, json_member(job, settings, "preset"),
		                 "is auto, generic, mailchimp, brevo, hubspot, listmonk, salesforce or google");
	return OK;
}

static enum err
origin_read(struct job *job, struct json settings, struct import_settings *ret)
{
	bool there;
	str name;

	ret->origin = ORIGIN_OBTAINED;
	TRY(json_str(job, settings, "origin", LIMIT_NAME_BYTES, &name, &there));
	if (there && (!origin_find(name, &ret->origin) ||
	              (ret->origin != ORIGIN_OBTAINED && ret->origin != ORIGIN_PROVIDED)))
		return json_fail(job, ERR_INVALID, json_member(job, settings, "origin"),
		                 "is obtained or provided");
	return OK;
}

static enum err
order_read(struct job *job, struct json settings, struct import_settings *ret)
{
	bool there;
	str name;

	TRY(json_str(job, settings, "date_order", 8, &name, &there));
	if (there && str_eq(name, S("dmy")))
		ret->date_order = ORDER_DAY_FIRST;
	else if (there && str_eq(name, S("mdy")))
		ret->date_order = ORDER_MONTH_FIRST;
	else if (there)
		return json_fail(job, ERR_INVALID, json_member(job, settings, "date_order"), "is dmy or mdy");
	return OK;
}

static enum err
region_read(struct job *job, struct json settings, struct import_settings *ret)
{
	bool there;

	TRY(json_str(job, settings, "region", 2, &ret->region, &there));
	for (size_t i = 0; there && i < ret->region.len; i++)
		there = ret->region.ptr[i] >= 'A' && ret->region.ptr[i] <= 'Z';
	if (ret->region.len && (!there || ret->region.len != 2))
		return json_fail(job, ERR_INVALID, json_member(job, settings, "region"),
		                 "is a country in two capital letters, such as SE");
	return OK;
}

enum err
settings_read(struct job *job, const struct registry *registry, struct json settings,
              struct import_settings *ret)
{
	static const char *const members[] = {
		"source", "preset", "columns", "key", "origin", "consents", "evidence", "rest", "told",
		"received_at", "as_of", "region", "date_order", "format", "dry_run", NULL
	};

	*ret = (struct import_settings){ 0 };
	TRY(json_object(job, settings, members));
	TRY(json_need_str(job, settings, "source", TEXT_MAX, &ret->source));
	ret->source = str_trim(ret->source);
	if (!ret->source.len)
		return json_fail(job, ERR_INVALID, json_member(job, settings, "source"),
		                 "say where the list comes from");
	TRY(preset_read(job, settings, ret));
	TRY(mapping_read(job, registry, settings, ret));
	TRY(key_read(job, registry, settings, ret));
	TRY(origin_read(job, settings, ret));
	TRY(consents_read(job, registry, settings, ret));
	TRY(rest_read(job, registry, settings, ret));
	TRY(told_read(job, settings, ret));
	TRY(past_time(job, settings, "received_at", &ret->received_at));
	TRY(past_time(job, settings, "as_of", &ret->as_of));
	TRY(region_read(job, settings, ret));
	TRY(order_read(job, settings, ret));
	TRY(format_read(job, settings, ret));
	return json_bool(job, settings, "dry_run", &ret->dry_run, NULL);
}
