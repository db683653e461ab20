/* vault/evidence.c -- contract, members and W1, W2: evidence.h. */
#include "vault/evidence.h"

#include "base/limits.h"

#define TEXT_MAX 2000
#define CATEGORIES_MAX 100

/* What was said about the act besides the free members. */
struct said {
	str control;
	str guardian;
	str language;
	bool explicit_given;
	struct json evidence;
};

/* --- how it was done -------------------------------------------------------------------------- */

static bool
is_consent(enum act act)
{
	return act == ACT_GIVEN || act == ACT_CONFIRMED;
}

static enum err
method_read(struct job *job, struct json body, struct act_new *act)
{
	bool there;
	str name;

	TRY(json_str(job, body, "method", LIMIT_NAME_BYTES, &name, &there));
	if (!there && act->act == ACT_GIVEN)
		return json_fail(job, ERR_EVIDENCE, json_member(job, body, "method"),
		                 "how the consent reached you is needed");
	act->method = act->act == ACT_CONFIRMED ? METHOD_DOUBLE_OPT_IN : METHOD_API_CALL;
	if (there && !method_find(name, &act->method))
		return json_fail(job, ERR_INVALID, json_member(job, body, "method"),
		                 "is not one of the words that it may be");
	return OK;
}

static bool
control_known(str name)
{
	static const str names[] = {
#define X(e, text) { text, sizeof(text) - 1 },
		CONTROL_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

/*= C-673/17 (Planet49)
 *# Consent is not validly constituted by way of a pre-ticked checkbox. */
/*= gdpr 7(2)
 *# The request for consent shall be presented in a manner which is clearly distinguishable from
 *# the other matters. */
static enum err
control_read(struct job *job, struct json body, str *ret)
{
	bool there;

	TRY(json_str(job, body, "control", LIMIT_NAME_BYTES, ret, &there));
	if (!there || control_known(*ret))
		return OK;
	if (str_eq(*ret, S("pre_ticked")) || str_eq(*ret, S("bundled"))) /* W2 */
		return json_fail(
			job, ERR_EVIDENCE, json_member(job, body, "control"),
			"a box ticked beforehand, or one for several things, gives no consent");
	return json_fail(job, ERR_INVALID, json_member(job, body, "control"),
	                 "is not one of the words that it may be");
}

/* The same said with members of its own. */
static enum err
not_ticked_beforehand(struct job *job, struct json evidence)
{
	static const char *const members[] = { "pre_ticked", "default", "bundled" };

	for (size_t i = 0; i < COUNT(members); i++) {
		bool yes = false;
		if (json_kind(json_member(job, evidence, members[i])) != JSON_BOOLEAN)
			continue;
		TRY(json_bool(job, evidence, members[i], &yes, NULL));
		if (yes) /* W2 */
			return json_fail(
				job, ERR_EVIDENCE, json_member(job, evidence, members[i]),
				"a box ticked beforehand, or one for several things, gives no consent");
	}
	return OK;
}

/* --- which words ------------------------------------------------------------------------------ */

/* The version of the purpose that showed these words; drafts were shown to nobody. */
static const struct purpose_version *
version_showing(const struct purpose *purpose, const uint8_t hash[32])
{
	for (size_t i = purpose->version_count; i-- > 0;)
		if (purpose->version[i].state != VERSION_DRAFT &&
		    version_notice(&purpose->version[i], hash))
			return &purpose->version[i];
	return NULL;
}

static enum err
notice_by_hash(struct job *job, const struct registry *registry, struct json body, str text,
               struct act_new *act)
{
	const struct purpose *purpose = registry_purpose_no(registry, act->version->purpose);
	const struct purpose_version *version;
	uint8_t hash[32];

	if (!eat_str(&text, S("sha256:")) || !str_hex(text, hash, sizeof(hash)))
		return json_fail(job, ERR_INVALID, json_member(job, body, "notice"),
		                 "must be sha256: and 64 hexadecimal digits");
	version = purpose ? version_showing(purpose, hash) : NULL;
	if (!version)
		return json_fail(job, ERR_EVIDENCE, json_member(job, body, "notice"),
		                 "no version of the purpose showed these words");
	act->version = version;
	act->notice = arena_bytes(&job->arena, (bytes){ hash, sizeof(hash) });
	return OK;
}

static enum err
notice_by_language(struct job *job, struct json body, str language, struct act_new *act)
{
	for (size_t i = 0; i < act->version->notice_count; i++) {
		const struct notice *notice = &act->version->notice[i];
		if (str_eq(notice->language, language)) {
			act->notice = (bytes){ notice->hash, sizeof(notice->hash) };
			return OK;
		}
	}
	return json_fail(job, ERR_EVIDENCE, json_member(job, body, "language"),
	                 "the purpose has no notice in that language");
}

/*= gdpr 7(1)
 *# The controller shall be able to demonstrate that the data subject has consented. */
static enum err
notice_read(struct job *job, const struct registry *registry, struct json body, struct act_new *act,
            str *ret_language)
{
	bool by_hash, by_language;
	str hash;

	TRY(json_str(job, body, "notice", LIMIT_NAME_BYTES + 16, &hash, &by_hash));
	TRY(json_str(job, body, "language", LIMIT_NAME_BYTES, ret_language, &by_language));
	if (by_hash)
		return notice_by_hash(job, registry, body, hash, act);
	if (by_language)
		return notice_by_language(job, body, *ret_language, act);
	if (act->act == ACT_GIVEN)
		return json_fail(
			job, ERR_EVIDENCE, json_member(job, body, "notice"),
			"which words were shown is needed: notice, or language for those of today");
	return OK;
}

/* --- by basis --------------------------------------------------------------------------------- */

static enum err
need(struct job *job, struct json evidence, const char *name)
{
	bool there;
	str text;

	TRY(json_str(job, evidence, name, TEXT_MAX, &text, &there));
	if (!there || !str_trim(text).len) /* W1 */
		return json_fail(job, ERR_EVIDENCE, json_member(job, evidence, name),
		                 "the basis of this purpose needs it");
	return OK;
}

/* As need(), unless the purpose itself states it. */
static enum err
need_unless_stated(struct job *job, const struct purpose_version *version, struct json evidence,
                   const char *name)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json definition;
	bool there;
	str text;

	TRY(json_parse(job, version->definition, &document, &definition));
	TRY(json_str(job, definition, name, TEXT_MAX, &text, &there));
	if (there && str_trim(text).len)
		return OK;
	return need(job, evidence, name);
}

/* Lines of text in the open part of the act. */
static enum err
categories_read(struct job *job, struct json body, struct act_new *act)
{
	OWNED(buf_release) struct buf lines = { .max = LIMIT_EVIDENCE_BYTES };
	struct json list;

	TRY(json_array(job, body, "categories", CATEGORIES_MAX, &list));
	if (!json_count(list)) /* W1 */
		return json_fail(
			job, ERR_EVIDENCE, json_member(job, body, "categories"),
			"the kinds of product sold are needed: the exception is for similar ones");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		str category;
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &category));
		if (!name_valid(category))
			return json_fail(
				job, ERR_INVALID, element,
				"a category is a-z, then a-z 0-9 _ -, at most 64 characters");
		if (i)
			buf_char(&lines, '\n');
		buf_put(&lines, category);
	}
	act->detail = arena_bytes(&job->arena, buf_bytes(&lines));
	return OK;
}

/*= mfl 19 §
 *# The address was obtained in connection with a sale, and a clear and free way to say no was
 *# given when it was collected. */
static enum err
sale_read(struct job *job, struct json body, struct json evidence, struct act_new *act)
{
	time_us sold_at = 0;
	bool there;

	TRY(need(job, evidence, "sale"));
	TRY(json_time(job, evidence, "sold_at", &sold_at, &there));
	if (!there || sold_at > job->now) /* W1 */
		return json_fail(job, ERR_EVIDENCE, json_member(job, evidence, "sold_at"),
		                 "when the sale was made is needed");
	TRY(need(job, evidence, "opt_out_offered"));
	return categories_read(job, body, act);
}

static bool
is_special(const struct registry *registry, const struct purpose_version *version)
{
	for (size_t i = 0; i < version->field_count; i++) {
		const struct field *field = registry_field_no(registry, version->field[i]);
		if (field && field->sensitivity == SENSITIVITY_SPECIAL)
			return true;
	}
	return false;
}

/*= gdpr 9(2)(a)
 *# The data subject has given explicit consent to the processing of those personal data. */
static enum err
special_check(struct job *job, const struct registry *registry, struct json body,
              const struct said *said, const struct act_new *act)
{
	bool consent = is_consent(act->act);

	if (!is_special(registry, act->version))
		return OK;
	if (consent && act->act == ACT_GIVEN && !said->explicit_given)
		return json_fail(
			job, ERR_SPECIAL, json_member(job, body, "explicit"),
			"the purpose has a field of a special category: consent to it is explicit");
	if (!consent && !act->version->explicit_basis)
		return fail(job, ERR_SPECIAL, "the purpose states no point of Article 9(2)");
	return OK;
}

static enum err
basis_check(struct job *job, struct json body, const struct said *said, struct act_new *act)
{
	struct json evidence = said->evidence;

	switch (act->basis) {
	case BASIS_CONTRACT:
		return need(job, evidence, "reference");
	case BASIS_LEGAL_OBLIGATION:
		TRY(need_unless_stated(job, act->version, evidence, "statute"));
		return need(job, evidence, "reference");
	case BASIS_PUBLIC_TASK:
		TRY(need_unless_stated(job, act->version, evidence, "law"));
		TRY(need(job, evidence, "justification"));
		return need(job, evidence, "reviewer");
	case BASIS_VITAL_INTEREST:
		TRY(need(job, evidence, "justification"));
		return need(job, evidence, "reviewer");
	case BASIS_LEGITIMATE_INTEREST:
		if (!act->version->assessed)
			return fail(job, ERR_EVIDENCE,
			            "the purpose states no balancing assessment");
		return OK;
	case BASIS_SOFT_OPT_IN:
		return sale_read(job, body, evidence, act);
	case BASIS_CONSENT:
	case BASIS_STORAGE_ONLY:
	case BASIS_NONE:
	case BASIS_COUNT:
		break;
	}
	return OK;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Names in the order that makes it canonical. */
static enum err
evidence_write(struct job *job, const struct said *said, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_EVIDENCE_BYTES };
	struct json_out out;
	str free_members = S("");

	if (json_kind(said->evidence) == JSON_OBJECT)
		TRY(json_canonical(job, said->evidence, LIMIT_EVIDENCE_BYTES, &free_members));
	if (!said->control.len && !free_members.len && !said->explicit_given &&
	    !said->guardian.len && !said->language.len)
		return OK;
	json_out_begin(&out, &text);
	json_open(&out, '{');
	if (said->control.len)
		json_pair_str(&out, S("control"), said->control);
	if (free_members.len) {
		json_name(&out, S("evidence"));
		json_put_raw(&out, free_members);
	}
	if (said->explicit_given)
		json_pair_bool(&out, S("explicit"), true);
	if (said->guardian.len)
		json_pair_str(&out, S("guardian"), said->guardian);
	if (said->language.len)
		json_pair_str(&out, S("language"), said->language);
	json_close(&out, '}');
	if (!buf_ok(&text))
		return fail(job, ERR_LIMIT, "limit_evidence_bytes: the evidence is too long");
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

static enum err
evidence_object(struct job *job, struct json body, struct json *ret)
{
	*ret = json_member(job, body, "evidence");
	if (json_kind(*ret) != JSON_OBJECT && json_kind(*ret) != JSON_ABSENT &&
	    json_kind(*ret) != JSON_NULL)
		return json_fail(job, ERR_INVALID, *ret, "must be an object");
	return OK;
}

enum err
act_evidence(struct job *job, const struct registry *registry,
             const struct purpose_version *version, struct json body, struct act_new *act)
{
	struct said said = { 0 };

	act->version = version;
	TRY(evidence_object(job, body, &said.evidence));
	TRY(method_read(job, body, act));
	TRY(control_read(job, body, &said.control));
	TRY(not_ticked_beforehand(job, said.evidence));
	TRY(notice_read(job, registry, body, act, &said.language));
	TRY(json_bool(job, body, "explicit", &said.explicit_given, NULL));
	TRY(json_str(job, body, "guardian", TEXT_MAX, &said.guardian, NULL));
	act->explicit_act = said.explicit_given;
	act->guardian = str_trim(said.guardian).len > 0;
	if (act_raises(act->act) > 0) {
		TRY(special_check(job, registry, body, &said, act));
		TRY(basis_check(job, body, &said, act));
	}
	return evidence_write(job, &said, &act->evidence);
}
