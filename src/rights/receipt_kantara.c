/* rights/receipt_kantara.c -- a receipt by the Kantara Initiative's specification v1.1.0, for systems
 * that read no other.  It tells of one yes; what is not known stays an empty text where the
 * specification wants a member. */
#include "rights/receipt_print.h"

#include "base/limits.h"

static void
put_controller(struct job *job, struct json_out *out, const struct consent *consent,
               const struct stated *stated)
{
	bool mail = str_starts(contact_iri(job, stated->contact), S("mailto:"));

	json_name(out, S("piiControllers"));
	json_open(out, '[');
	json_open(out, '{');
	json_pair_str(out, S("piiController"), stated->controller);
	json_pair_str(out, S("contact"), stated->contact);
	json_name(out, S("address"));
	json_open(out, '{');
	if (stated->address.len)
		json_pair_str(out, S("streetAddress"), stated->address);
	json_pair_str(out, S("addressCountry"), consent->country);
	json_close(out, '}');
	json_pair_str(out, S("email"), mail ? stated->contact : S(""));
	json_pair_str(out, S("phone"), S(""));
	json_close(out, '}');
	json_close(out, ']');
}

static void
put_fields(struct json_out *out, const struct consent *consent, bool special_only)
{
	json_open(out, '[');
	for (size_t i = 0; i < consent->version->field_count; i++) {
		const struct field *field =
			registry_field_no(consent->registry, consent->version->field[i]);
		if (field && (!special_only || field->sensitivity != SENSITIVITY_ORDINARY))
			json_put_str(out, field->name);
	}
	json_close(out, ']');
}

static bool
is_sensitive(const struct consent *consent)
{
	for (size_t i = 0; i < consent->version->field_count; i++) {
		const struct field *field =
			registry_field_no(consent->registry, consent->version->field[i]);
		if (field && field->sensitivity != SENSITIVITY_ORDINARY)
			return true;
	}
	return false;
}

/* thirdPartyName if and only if there are any. */
static void
put_third_parties(struct job *job, struct json_out *out, struct json recipients)
{
	OWNED(buf_release) struct buf names = { .max = LIMIT_RECIPIENTS * 2048 };

	json_pair_bool(out, S("thirdPartyDisclosure"), json_count(recipients) > 0);
	if (!json_count(recipients))
		return;
	for (size_t i = 0; i < json_count(recipients); i++) {
		buf_put(&names, i ? S(", ") : S(""));
		buf_put(&names, receipt_member(job, json_element(job, recipients, i), "name"));
	}
	json_pair_str(out, S("thirdPartyName"), buf_str(&names));
}

static void
put_service(struct job *job, struct json_out *out, const struct consent *consent,
            const struct stated *stated)
{
	OWNED(buf_release) struct buf duration = { .max = 64 };
	const struct purpose_version *version = consent->version;

	buf_duration(&duration, version->retention);
	json_name(out, S("services"));
	json_open(out, '[');
	json_open(out, '{');
	json_pair_str(out, S("service"), stated->title.len ? stated->title : consent->purpose->name);
	json_name(out, S("purposes"));
	json_open(out, '[');
	json_open(out, '{');
	json_pair_str(out, S("purpose"), stated->why.len ? stated->why : consent->purpose->name);
	json_name(out, S("purposeCategory"));
	json_open(out, '[');
	json_put_str(out, version->marketing ? S("6 - Marketing") : S("5 - Personalize Experience"));
	json_close(out, ']');
	json_pair_str(out, S("consentType"), S("EXPLICIT"));
	json_name(out, S("piiCategory"));
	put_fields(out, consent, false);
	json_pair_bool(out, S("primaryPurpose"), false);
	json_pair_str(out, S("termination"), buf_str(&duration));
	put_third_parties(job, out, stated->recipients);
	json_close(out, '}');
	json_close(out, ']');
	json_close(out, '}');
	json_close(out, ']');
}

enum err
receipt_print_kantara(struct job *job, const struct consent *consent, const struct stated *stated, uid id,
                      struct buf *buf)
{
	OWNED(buf_release) struct buf policy = { .max = 128 };
	const struct act_row *act = consent->asked;
	struct json_out out;

	if (act->act != ACT_GIVEN && act->act != ACT_CONFIRMED)
		return fail(job, ERR_CONFLICT, "a Kantara receipt tells of a yes, and this act is none");
	if (stated->notice)
		put_words_iri(&policy, stated->notice);
	json_out_begin(&out, buf);
	json_open(&out, '{');
	json_pair_str(&out, S("version"), S("KI-CR-v1.1.0"));
	json_pair_str(&out, S("jurisdiction"), consent->country);
	json_pair_i64(&out, S("consentTimestamp"), act->at > 0 ? act->at / TIME_SECOND : 0);
	json_pair_str(&out, S("collectionMethod"), act->method ? method_name(act->method) : S("unknown"));
	json_pair_uid(&out, S("consentReceiptID"), id);
	json_pair_str(&out, S("language"), stated->language);
	json_pair_uid(&out, S("piiPrincipalId"), consent->subject.id);
	put_controller(job, &out, consent, stated);
	json_pair_str(&out, S("policyUrl"), buf_str(&policy));
	put_service(job, &out, consent, stated);
	json_pair_bool(&out, S("sensitive"), is_sensitive(consent));
	json_name(&out, S("spiCat"));
	put_fields(&out, consent, true);
	json_close(&out, '}');
	return OK;
}
