/* vault/definition.c -- contract: definition.h. */
#include "vault/definition.h"

#include "base/limits.h"

#define TEXT_MAX 2000

/* {lang: text}: every member a language tag, every value a text. */
static enum err
texts_read(struct job *job, struct json object, const char *name, size_t len_max)
{
	struct json texts = json_member(job, object, name), value;
	void *iterator = NULL;
	str language, text;

	if (json_kind(texts) == JSON_ABSENT)
		return OK;
	if (json_kind(texts) != JSON_OBJECT || json_count(texts) > LIMIT_LANGUAGES)
		return json_fail(job, ERR_INVALID, texts, "must be an object of texts by language");
	while (json_each(job, texts, &iterator, &language, &value)) {
		if (language.len < 2 || language.len > 3 || !name_valid(language))
			return json_fail(job, ERR_INVALID, texts, "a language is its two or three letter code, as sv or en");
		if (json_kind(value) != JSON_STRING)
			return json_fail(job, ERR_INVALID, texts, "every language has a text");
		TRY(json_scalar(job, value, len_max, &text));
		if (!text.len)
			return json_fail(job, ERR_INVALID, texts, "a text is empty");
	}
	return OK;
}

struct word {
	str name;
	int value;
};

static enum err
word_read(struct job *job, struct json object, const char *name, const struct word *words,
          size_t count, int *ret)
{
	bool there;
	str text;

	TRY(json_str(job, object, name, 64, &text, &there));
	if (!there)
		return OK;
	for (size_t i = 0; i < count; i++)
		if (str_eq(words[i].name, text)) {
			*ret = words[i].value;
			return OK;
		}
	return json_fail(job, ERR_INVALID, json_member(job, object, name), "is not one of the words that it may be");
}

#define WORD(text, value) { { text, sizeof(text) - 1 }, value }
static const struct word lookups[] = {
	WORD("none", LOOKUP_NONE), WORD("exact", LOOKUP_EXACT), WORD("folded", LOOKUP_FOLDED),
};
static const struct word sensitivities[] = {
	WORD("ordinary", SENSITIVITY_ORDINARY), WORD("sensitive", SENSITIVITY_SENSITIVE),
	WORD("special", SENSITIVITY_SPECIAL),
};
static const struct word addresses[] = {
	WORD("email", ADDRESS_EMAIL), WORD("phone", ADDRESS_PHONE), WORD("post", ADDRESS_POST),
};
static const struct word justifications[] = {
	WORD("purpose", 1), WORD("identification", 2), WORD("other", 3), WORD("consent", 4),
};
static const struct word events[] = {
	WORD("given", RETENTION_GIVEN), WORD("ended", RETENTION_ENDED),
	WORD("year_end", RETENTION_YEAR_END),
};

/* --- fields ----------------------------------------------------------------------------------- */

static enum err
options_read(struct job *job, struct json definition, struct field *ret)
{
	struct json list;
	str *option;

	TRY(json_array(job, definition, "options", LIMIT_ENUM_OPTIONS, &list));
	ret->option_count = json_count(list);
	option = arena_array(&job->arena, ret->option_count + 1, sizeof(*option));
	for (size_t i = 0; i < ret->option_count; i++)
		TRY(json_scalar(job, json_element(job, list, i), LIMIT_NAME_BYTES, &option[i]));
	ret->options = option;
	if ((ret->type == TYPE_ENUM) != (ret->option_count > 0))
		return fail_at(job, ERR_INVALID, S("/options"), "are needed for an enum, and for nothing else");
	return OK;
}

/*= dataskyddslagen 3 kap. 10 §
 *# A personnummer is processed without consent only where it is clearly justified by the purpose,
 *# by the importance of secure identification or by another noteworthy reason. */
static enum err
justification_read(struct job *job, struct json definition, const struct field *field)
{
	static const char *const members[] = { "ground", "text", NULL };
	struct json justification = json_member(job, definition, "justification");
	int ground = 0;
	str text = S("");

	if (json_kind(justification) != JSON_ABSENT) {
		TRY(json_object(job, justification, members));
		TRY(word_read(job, justification, "ground", justifications, COUNT(justifications), &ground));
		if (!ground)
			return json_fail(job, ERR_INVALID, json_member(job, justification, "ground"), "is required");
		TRY(json_need_str(job, justification, "text", TEXT_MAX, &text));
	}
	if (field->type == TYPE_PERSONNUMMER && (!ground || !text.len))
		return fail_at(job, ERR_INVALID, S("/justification"),
		               "a personnummer needs one: ground purpose, identification, other or consent, and a text");
	return OK;
}

/* Which types can hold an address of that kind. */
static bool
address_fits(enum address address, enum type type)
{
	switch (address) {
	case ADDRESS_EMAIL:
		return type == TYPE_EMAIL;
	case ADDRESS_PHONE:
		return type == TYPE_PHONE;
	case ADDRESS_POST:
		return type == TYPE_STREET || type == TYPE_POSTCODE || type == TYPE_CITY;
	case ADDRESS_NONE:
	case ADDRESS_COUNT:
		break;
	}
	return true;
}

enum err
field_read(struct job *job, struct json definition, struct field *ret)
{
	static const char *const members[] = { "title", "type", "category", "sensitivity", "lookup",
		                               "address", "region", "options", "justification", NULL };
	int lookup = LOOKUP_NONE, sensitivity = SENSITIVITY_ORDINARY, address = ADDRESS_NONE;
	str type, category = S("");

	TRY(json_object(job, definition, members));
	TRY(json_need_str(job, definition, "type", 64, &type));
	if (!type_find(type, &ret->type))
		return fail_at(job, ERR_INVALID, S("/type"), "is not a type of field");
	TRY(texts_read(job, definition, "title", TEXT_MAX));
	if (json_count(json_member(job, definition, "title")) == 0)
		return fail_at(job, ERR_INVALID, S("/title"), "is required: an object of texts by language");
	TRY(json_str(job, definition, "category", 64, &category, NULL));
	TRY(word_read(job, definition, "lookup", lookups, COUNT(lookups), &lookup));
	TRY(word_read(job, definition, "sensitivity", sensitivities, COUNT(sensitivities), &sensitivity));
	TRY(word_read(job, definition, "address", addresses, COUNT(addresses), &address));
	TRY(json_str(job, definition, "region", 2, &ret->region, NULL));
	ret->lookup = (enum lookup_kind)lookup;
	ret->sensitivity = (enum sensitivity)sensitivity;
	ret->address = (enum address)address;
	if (!address_fits(ret->address, ret->type))
		return fail_at(job, ERR_INVALID, S("/address"), "does not go with that type");
	TRY(options_read(job, definition, ret));
	return justification_read(job, definition, ret);
}

/* --- purposes --------------------------------------------------------------------------------- */

static int
order_u16(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static enum err
version_fields_read(struct job *job, const struct registry *registry, struct json definition,
                    struct purpose_version *ret)
{
	struct json list;
	uint16_t *no;
	str name;

	TRY(json_array(job, definition, "fields", LIMIT_VALUES, &list));
	no = arena_array(&job->arena, json_count(list) + 1, sizeof(*no));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		const struct field *field;
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &name));
		field = registry_field(registry, name);
		if (!field)
			return json_fail(job, ERR_INVALID, element, "no field of that name");
		no[i] = field->no;
	}
	ret->field_count = json_count(list);
	qsort(no, ret->field_count, sizeof(*no), order_u16);
	for (size_t i = 1; i < ret->field_count; i++)
		if (no[i] == no[i - 1])
			return fail_at(job, ERR_INVALID, S("/fields"), "a field is named twice");
	ret->field = no;
	return OK;
}

static enum err
channels_read(struct job *job, struct json definition, uint32_t *ret)
{
	enum channel channel;
	struct json list;
	str name;

	TRY(json_array(job, definition, "channels", CHANNEL_COUNT, &list));
	*ret = json_count(list) ? 0 : CHANNEL_BIT(CHANNEL_NONE);
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(json_scalar(job, json_element(job, list, i), LIMIT_NAME_BYTES, &name));
		if (!channel_find(name, &channel))
			return json_fail(job, ERR_INVALID, json_element(job, list, i), "is not a channel");
		*ret |= CHANNEL_BIT(channel);
	}
	return OK;
}

static enum err
retention_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	static const char *const members[] = { "period", "from", NULL };
	struct json retention = json_member(job, definition, "retention");
	int from = RETENTION_GIVEN;
	str period;

	if (json_kind(retention) == JSON_ABSENT)
		return OK; /* a draft may lack it; version_ready() asks for it */
	TRY(json_object(job, retention, members));
	TRY(json_need_str(job, retention, "period", 32, &period));
	if (!duration_parse(period, &ret->retention))
		return fail_at(job, ERR_INVALID, S("/retention/period"), "is not an ISO 8601 duration such as P2Y");
	TRY(word_read(job, retention, "from", events, COUNT(events), &from));
	ret->retention_event = (enum retention_event)from;
	return OK;
}

static struct purpose_words *
words_in(struct purpose_words *words, size_t *count, str language)
{
	for (size_t i = 0; i < *count; i++)
		if (str_eq(words[i].language, language))
			return &words[i];
	words[*count].language = language;
	return &words[(*count)++];
}

/* That they are texts was seen before (words_check). */
static enum err
titles_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	struct purpose_words *words = arena_array(&job->arena, 2 * LIMIT_LANGUAGES, sizeof(*words));
	struct json value;
	void *iterator = NULL;
	size_t count = 0;
	str language;

	while (json_each(job, json_member(job, definition, "title"), &iterator, &language, &value))
		TRY(json_scalar(job, value, LIMIT_NOTICE_BYTES, &words_in(words, &count, language)->title));
	iterator = NULL;
	while (json_each(job, json_member(job, definition, "why"), &iterator, &language, &value))
		TRY(json_scalar(job, value, LIMIT_NOTICE_BYTES, &words_in(words, &count, language)->why));
	ret->words = words;
	ret->words_count = count;
	return OK;
}

static enum err
notices_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	struct json notices = json_member(job, definition, "notices"), value;
	struct notice *notice = arena_array(&job->arena, LIMIT_LANGUAGES, sizeof(*notice));
	void *iterator = NULL;
	str language;

	TRY(texts_read(job, definition, "notices", LIMIT_NOTICE_BYTES));
	ret->notice = notice;
	ret->notice_count = 0;
	while (json_each(job, notices, &iterator, &language, &value)) {
		struct notice *one = &notice[ret->notice_count++];
		one->language = language;
		TRY(json_scalar(job, value, LIMIT_NOTICE_BYTES, &one->text));
		digest_public(str_bytes(one->text), one->hash);
	}
	return OK;
}

static enum err
recipients_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	static const char *const members[] = { "name", "role", "country", "safeguard", NULL };
	struct json list;
	str *name, text;

	TRY(json_array(job, definition, "recipients", LIMIT_RECIPIENTS, &list));
	ret->recipient_count = json_count(list);
	ret->recipient = name = arena_array(&job->arena, ret->recipient_count + 1, sizeof(*name));
	for (size_t i = 0; i < ret->recipient_count; i++) {
		struct json recipient = json_element(job, list, i);
		TRY(json_object(job, recipient, members));
		TRY(json_need_str(job, recipient, "name", TEXT_MAX, &name[i]));
		TRY(json_need_str(job, recipient, "role", 64, &text));
		TRY(json_str(job, recipient, "country", 2, &text, NULL));
		TRY(json_str(job, recipient, "safeguard", TEXT_MAX, &text, NULL));
	}
	return OK;
}

static enum err
party_check(struct job *job, struct json definition, const char *name, bool name_needed)
{
	static const char *const members[] = { "name", "contact", "address", "id", NULL };
	struct json party = json_member(job, definition, name);
	str text;

	if (json_kind(party) == JSON_ABSENT)
		return OK;
	TRY(json_object(job, party, members));
	if (name_needed)
		TRY(json_need_str(job, party, "name", TEXT_MAX, &text));
	TRY(json_need_str(job, party, "contact", TEXT_MAX, &text));
	TRY(json_str(job, party, "name", TEXT_MAX, &text, NULL));
	TRY(json_str(job, party, "address", TEXT_MAX, &text, NULL));
	return json_str(job, party, "id", TEXT_MAX, &text, NULL);
}

/*= gdpr 6(1)(f)
 *# Legitimate interest rests on an assessment: purpose, necessity, balance, safeguards, review. */
static enum err
assessment_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	static const char *const members[] = { "purpose", "necessity", "balance", "safeguards",
		                               "review_at", NULL };
	struct json assessment = json_member(job, definition, "assessment");
	struct date review;
	str text;

	if (json_kind(assessment) == JSON_ABSENT)
		return OK;
	TRY(json_object(job, assessment, members));
	for (size_t i = 0; i < 4; i++)
		TRY(json_need_str(job, assessment, members[i], 8 * TEXT_MAX, &text));
	TRY(json_need_str(job, assessment, "review_at", 10, &text));
	if (!date_parse(text, &review))
		return fail_at(job, ERR_INVALID, S("/assessment/review_at"), "is not a date such as 2027-06-30");
	ret->assessed = true;
	return OK;
}

static bool
clock_time(str text, int *ret_minutes)
{
	uint64_t hour, minute;

	if (!eat_digits(&text, 2, &hour) || !eat_char(&text, ':') || !eat_digits(&text, 2, &minute) ||
	    text.len || hour > 23 || minute > 59)
		return false;
	*ret_minutes = (int)(hour * 60 + minute);
	return true;
}

static enum err
quiet_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	static const char *const members[] = { "from", "to", NULL };
	struct json quiet = json_member(job, definition, "quiet_hours");
	str from, to;

	if (json_kind(quiet) == JSON_ABSENT)
		return OK;
	TRY(json_object(job, quiet, members));
	TRY(json_need_str(job, quiet, "from", 5, &from));
	TRY(json_need_str(job, quiet, "to", 5, &to));
	if (!clock_time(from, &ret->quiet_from) || !clock_time(to, &ret->quiet_to))
		return fail_at(job, ERR_INVALID, S("/quiet_hours"), "from and to are times such as 21:00");
	ret->quiet = true;
	return OK;
}

static enum err
cap_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	static const char *const members[] = { "count", "period", NULL };
	struct json cap = json_member(job, definition, "frequency_cap");
	str period;

	if (json_kind(cap) == JSON_ABSENT)
		return OK;
	TRY(json_object(job, cap, members));
	TRY(json_i64(job, cap, "count", 1, 100000, &ret->cap_count, NULL));
	TRY(json_need_str(job, cap, "period", 32, &period));
	if (!ret->cap_count || !duration_parse(period, &ret->cap_period))
		return fail_at(job, ERR_INVALID, S("/frequency_cap"), "needs count and an ISO 8601 period");
	return OK;
}

static enum err
flags_read(struct job *job, struct json definition, struct purpose_version *ret)
{
	str text = S("");

	TRY(json_bool(job, definition, "marketing", &ret->marketing, NULL));
	TRY(json_bool(job, definition, "soft_opt_in", &ret->soft_opt_in, NULL));
	TRY(json_bool(job, definition, "double_opt_in", &ret->double_opt_in, NULL));
	TRY(json_bool(job, definition, "tell_first", &ret->tell_first, NULL));
	TRY(json_str(job, definition, "article_9", 64, &text, NULL));
	ret->explicit_basis = text.len > 0;
	if (ret->soft_opt_in && ret->basis != BASIS_CONSENT)
		return fail_at(job, ERR_INVALID, S("/soft_opt_in"), "stands in for consent only");
	if (ret->basis == BASIS_SOFT_OPT_IN)
		ret->soft_opt_in = ret->marketing = true;
	if (ret->double_opt_in && ret->basis != BASIS_CONSENT)
		return fail_at(job, ERR_INVALID, S("/double_opt_in"), "goes with consent only");
	return OK;
}

static enum err
words_check(struct job *job, struct json definition)
{
	static const char *const duty_members[] = { "kind", "consequence", NULL };
	static const char *const texts[] = { "statute", "law", "reviewer", "justification",
		                             "automated_decisions" };
	struct json duty = json_member(job, definition, "duty");
	str text;

	TRY(texts_read(job, definition, "title", TEXT_MAX));
	TRY(texts_read(job, definition, "why", TEXT_MAX));
	for (size_t i = 0; i < COUNT(texts); i++)
		TRY(json_str(job, definition, texts[i], TEXT_MAX, &text, NULL));
	if (json_kind(duty) == JSON_ABSENT)
		return OK;
	TRY(json_object(job, duty, duty_members));
	TRY(json_str(job, duty, "consequence", TEXT_MAX, &text, NULL));
	return json_need_str(job, duty, "kind", 64, &text);
}

enum err
version_read(struct job *job, const struct registry *registry, struct json definition,
             struct purpose_version *ret)
{
	static const char *const members[] = {
		"title", "why", "basis", "marketing", "soft_opt_in", "double_opt_in", "article_9",
		"statute", "law", "reviewer", "justification", "assessment", "retention", "fields",
		"channels", "recipients", "controller", "dpo", "duty", "automated_decisions",
		"tell_first", "quiet_hours", "frequency_cap", "notices", NULL
	};
	str basis;

	TRY(json_object(job, definition, members));
	TRY(json_need_str(job, definition, "basis", 64, &basis));
	if (!basis_find(basis, &ret->basis) || ret->basis == BASIS_STORAGE_ONLY)
		return fail_at(job, ERR_INVALID, S("/basis"), "is not a basis of Article 6(1) or soft_opt_in");
	TRY(words_check(job, definition));
	TRY(flags_read(job, definition, ret));
	TRY(version_fields_read(job, registry, definition, ret));
	TRY(channels_read(job, definition, &ret->channels));
	TRY(retention_read(job, definition, ret));
	TRY(recipients_read(job, definition, ret));
	TRY(party_check(job, definition, "controller", true));
	TRY(party_check(job, definition, "dpo", false));
	TRY(assessment_read(job, definition, ret));
	TRY(quiet_read(job, definition, ret));
	TRY(cap_read(job, definition, ret));
	TRY(titles_read(job, definition, ret));
	return notices_read(job, definition, ret);
}

/* --- from the store --------------------------------------------------------------------------- */

enum err
field_parse(struct job *job, str definition, struct field *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, definition, &document, &root));
	return field_read(job, root, ret);
}

enum err
version_parse(struct job *job, const struct registry *registry, str definition,
              struct purpose_version *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, definition, &document, &root));
	return version_read(job, registry, root, ret);
}

/* --- R2 --------------------------------------------------------------------------------------- */

static bool
has_text(struct job *job, struct json definition, const char *name)
{
	struct json place = json_member(job, definition, name);
	str text = S("");

	if (json_kind(place) != JSON_STRING || json_scalar(job, place, 8 * TEXT_MAX, &text))
		return false;
	return str_trim(text).len > 0;
}

#define UNREADY(job, where, why) fail_at(job, ERR_PURPOSE_UNREADY, S(where), why)

/* What each basis must state beforehand (law.md C1.10-C1.14). */
static enum err
basis_ready(struct job *job, struct json definition, const struct purpose_version *version)
{
	switch (version->basis) {
	case BASIS_LEGAL_OBLIGATION:
		if (!has_text(job, definition, "statute"))
			return UNREADY(job, "/statute", "a legal obligation names its statute");
		break;
	case BASIS_PUBLIC_TASK:
		if (!has_text(job, definition, "law"))
			return UNREADY(job, "/law", "a public task names the law it rests on");
		/* fall through */
	case BASIS_VITAL_INTEREST:
		if (!has_text(job, definition, "justification") || !has_text(job, definition, "reviewer"))
			return UNREADY(job, "/justification", "a justification in words and its reviewer are needed");
		break;
	case BASIS_LEGITIMATE_INTEREST:
		if (!version->assessed)
			return UNREADY(job, "/assessment", "legitimate interest needs its balancing assessment");
		break;
	case BASIS_CONSENT:
	case BASIS_CONTRACT:
	case BASIS_SOFT_OPT_IN:
	case BASIS_STORAGE_ONLY:
	case BASIS_NONE:
	case BASIS_COUNT:
		break;
	}
	return OK;
}

/*= gdpr 13(1)
 *# The person is told, in each language in use, when data is collected. */
static enum err
languages_ready(struct job *job, const struct registry *registry, struct json definition,
                const struct purpose_version *version)
{
	for (size_t i = 0; i < registry->language_count; i++) {
		const char *language = arena_c(&job->arena, registry->language[i]);
		bool noticed = false;
		for (size_t n = 0; n < version->notice_count; n++)
			noticed |= str_eq(version->notice[n].language, registry->language[i]);
		if (!noticed)
			return UNREADY(job, "/notices", "a notice is needed in each language in use");
		if (!has_text(job, json_member(job, definition, "why"), language))
			return UNREADY(job, "/why", "the purpose is explained in each language in use");
	}
	return OK;
}

/*= gdpr 9(2)
 *# Special categories need explicit consent or another point of Article 9(2). */
static enum err
categories_ready(struct job *job, const struct registry *registry,
                 const struct purpose_version *version)
{
	for (size_t i = 0; i < version->field_count; i++) {
		const struct field *field = registry_field_no(registry, version->field[i]);
		if (field && field->sensitivity == SENSITIVITY_SPECIAL && !version->explicit_basis)
			return fail_at(job, ERR_SPECIAL, S("/article_9"),
			               "a field of a special category needs a point of Article 9(2)");
	}
	return OK;
}

enum err
version_ready(struct job *job, const struct registry *registry, const struct purpose_version *version)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, version->definition, &document, &root));
	if (json_kind(json_member(job, root, "retention")) == JSON_ABSENT)
		return UNREADY(job, "/retention", "how long, and counted from which event, is not stated");
	if (!version->retention.months && !version->retention.days && !version->retention.seconds)
		return UNREADY(job, "/retention/period", "is zero");
	if (!version->field_count)
		return UNREADY(job, "/fields", "no field is named");
	if (json_kind(json_member(job, root, "recipients")) != JSON_ARRAY)
		return UNREADY(job, "/recipients", "who receives the data is not stated; [] says nobody");
	if (json_kind(json_member(job, root, "controller")) != JSON_OBJECT)
		return UNREADY(job, "/controller", "the controller is not stated");
	TRY(basis_ready(job, root, version));
	TRY(categories_ready(job, registry, version));
	return languages_ready(job, registry, root, version);
}
