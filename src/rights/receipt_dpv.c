/* rights/receipt_dpv.c -- a receipt by ISO/IEC TS 27560:2023 in the terms of DPV, as JSON-LD.
 *
 *   receipt   dpv:ConsentReceipt, with the context (C2) and
 *     record  dpv:ConsentRecord: header, notice, one process with purpose, data, storage, recipients,
 *             control and rights; parties; all states, oldest first
 *
 * What refers to something is an IRI: the context says so of each such term, so that a reader of RDF
 * sees references where a reader of JSON sees texts. */
#include "rights/receipt_print.h"

#include "base/limits.h"

#define SCHEMA_RECEIPT "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"
#define SCHEMA_RECORD "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"

struct print {
	struct job *job;
	const struct consent *consent;
	const struct stated *stated;
	struct json_out out;
	str record;  /* IRI of the record; parties are fragments of it */
	str subject; /* IRI of the person: the id only */
	str contact; /* IRI where rights are exercised; "" when the contact is neither address nor page */
};

/* --- the context ------------------------------------------------------------------------------ */

static const char *const prefixes[][2] = {
	{ "dct", "http://purl.org/dc/terms/" },
	{ "dpv", "https://w3id.org/dpv#" },
	{ "eu-gdpr", "https://w3id.org/dpv/legal/eu/gdpr#" },
	{ "legal-eu", "https://w3id.org/dpv/legal/eu#" },
	{ "loc", "https://w3id.org/dpv/loc#" },
	{ "pd", "https://w3id.org/dpv/pd#" },
	{ "rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#" },
	{ "schema", "https://schema.org/" },
	{ "skos", "http://www.w3.org/2004/02/skos/core#" },
	{ "xsd", "http://www.w3.org/2001/XMLSchema#" },
};

static const char *const references[] = {
	"dct:conformsTo", "dct:publisher", "dpv:hasApplicableLaw", "dpv:hasAuthority", "dpv:hasDataController",
	"dpv:hasDataSource", "dpv:hasJurisdiction", "dpv:hasLegalBasis", "dpv:hasLocation",
	"dpv:hasNecessity", "dpv:hasProcessing", "dpv:hasRecipient", "dpv:isExercisedAt",
	"dpv:isIndicatedBy", "schema:recipient", "skos:broader",
};

static const char *const times[] = { "dct:created", "dpv:isIndicatedAtTime" };

static void
typed(struct json_out *out, const char *term, str type)
{
	json_name(out, str_from_c(term));
	json_open(out, '{');
	json_pair_str(out, S("@type"), type);
	json_close(out, '}');
}

static void
put_context(struct json_out *out)
{
	json_name(out, S("@context"));
	json_open(out, '{');
	for (size_t i = 0; i < COUNT(prefixes); i++)
		json_pair_str(out, str_from_c(prefixes[i][0]), str_from_c(prefixes[i][1]));
	for (size_t i = 0; i < COUNT(references); i++)
		typed(out, references[i], S("@id"));
	for (size_t i = 0; i < COUNT(times); i++)
		typed(out, times[i], S("xsd:dateTime"));
	/* The order of the states tells something, and a set of RDF has none. */
	json_name(out, S("dpv:hasConsentStatus"));
	json_open(out, '{');
	json_pair_str(out, S("@container"), S("@list"));
	json_close(out, '}');
	json_close(out, '}');
}

/* --- small pieces ----------------------------------------------------------------------------- */

static void
pair_uid_urn(struct json_out *out, str name, uid id)
{
	OWNED(buf_release) struct buf urn = { .max = 64 };

	buf_put(&urn, S("urn:uuid:"));
	buf_uid(&urn, id);
	json_pair_str(out, name, buf_str(&urn));
}

/* urn:uuid:RECORD#PART */
static str
part_iri(const struct print *print, str part, size_t no)
{
	OWNED(buf_release) struct buf iri = { .max = 128 };

	buf_put(&iri, print->record);
	buf_char(&iri, '#');
	buf_put(&iri, part);
	if (no)
		buf_udec(&iri, no);
	return arena_str(&print->job->arena, buf_str(&iri));
}

static str
location(const struct print *print)
{
	OWNED(buf_release) struct buf iri = { .max = 16 };

	buf_put(&iri, S("loc:"));
	buf_put(&iri, print->consent->country);
	return arena_str(&print->job->arena, buf_str(&iri));
}

/* In both vocabularies: the readers of one do not look for the other. */
static void
identifiers(struct json_out *out, str text)
{
	json_pair_str(out, S("dct:identifier"), text);
	json_pair_str(out, S("dpv:hasIdentifier"), text);
}

static void
pair_if(struct json_out *out, str name, str text)
{
	if (text.len)
		json_pair_str(out, name, text);
}

static void
exercised(struct print *print)
{
	if (print->contact.len)
		json_pair_str(&print->out, S("dpv:isExercisedAt"), print->contact);
	else
		json_pair_str(&print->out, S("dct:description"), print->stated->contact);
}

/* --- the notice ------------------------------------------------------------------------------- */

static void
put_notice(struct print *print)
{
	OWNED(buf_release) struct buf iri = { .max = 128 }, hash = { .max = 128 };
	const struct notice *notice = print->stated->notice;
	struct json_out *out = &print->out;

	json_name(out, S("dpv:hasNotice"));
	json_open(out, '[');
	if (notice) {
		put_words_iri(&iri, notice);
		buf_put(&hash, S("sha256:"));
		buf_hex(&hash, (bytes){ notice->hash, sizeof(notice->hash) });
		json_open(out, '{');
		json_pair_str(out, S("@id"), buf_str(&iri));
		json_pair_str(out, S("@type"), S("dpv:ConsentNotice"));
		json_pair_str(out, S("dct:identifier"), buf_str(&hash));
		json_pair_str(out, S("dct:language"), notice->language);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* --- the process ------------------------------------------------------------------------------ */

static void
put_purpose(struct print *print)
{
	OWNED(buf_release) struct buf iri = { .max = 256 };
	const struct purpose_version *version = print->consent->version;
	struct json_out *out = &print->out;

	buf_put(&iri, S("urn:valv:purpose:"));
	buf_put(&iri, print->consent->purpose->name);
	buf_put(&iri, S(":v"));
	buf_udec(&iri, version->version);
	json_name(out, S("dpv:hasPurpose"));
	json_open(out, '{');
	json_pair_str(out, S("@id"), buf_str(&iri));
	json_pair_str(out, S("@type"), S("dpv:Purpose"));
	pair_if(out, S("dct:title"), print->stated->title);
	pair_if(out, S("dct:description"), print->stated->why);
	if (version->marketing)
		json_pair_str(out, S("skos:broader"), S("dpv:DirectMarketing"));
	json_close(out, '}');
}

/* The term above it; empty where DPV has none that surely fits. */
static str
data_term(enum type type)
{
	switch (type) {
	case TYPE_EMAIL:
		return S("pd:EmailAddress");
	case TYPE_NAME:
		return S("pd:Name");
	case TYPE_PHONE:
		return S("pd:TelephoneNumber");
	case TYPE_STREET:
	case TYPE_POSTCODE:
	case TYPE_CITY:
		return S("pd:PhysicalAddress");
	case TYPE_IP:
		return S("pd:IPAddress");
	case TYPE_LANGUAGE:
		return S("pd:Language");
	default:
		return S("dpv:PersonalData");
	}
}

static void
put_field(struct print *print, const struct field *field)
{
	struct json_out *out = &print->out;

	json_open(out, '{');
	json_name(out, S("@type"));
	json_open(out, '[');
	json_put_str(out, S("dpv:PersonalData"));
	if (field->sensitivity == SENSITIVITY_SENSITIVE)
		json_put_str(out, S("dpv:SensitivePersonalData"));
	if (field->sensitivity == SENSITIVITY_SPECIAL)
		json_put_str(out, S("dpv:SpecialCategoryPersonalData"));
	json_close(out, ']');
	json_pair_str(out, S("dct:identifier"), field->name);
	json_pair_str(out, S("skos:broader"), data_term(field->type));
	json_close(out, '}');
}

static void
put_data(struct print *print)
{
	const struct purpose_version *version = print->consent->version;
	struct json_out *out = &print->out;

	json_name(out, S("dpv:hasPersonalData"));
	json_open(out, '[');
	for (size_t i = 0; i < version->field_count; i++) {
		const struct field *field = registry_field_no(print->consent->registry, version->field[i]);
		if (field)
			put_field(print, field);
	}
	json_close(out, ']');
	json_name(out, S("dpv:hasProcessing"));
	json_open(out, '[');
	json_put_str(out, S("dpv:Store"));
	json_put_str(out, S("dpv:Use"));
	json_close(out, ']');
	json_pair_str(out, S("dpv:hasDataSource"), S("dpv:DataSubjectDataSource"));
}

static str
counted_from(enum retention_event event)
{
	switch (event) {
	case RETENTION_GIVEN:
		return S("from the consent, or its renewal");
	case RETENTION_ENDED:
		return S("from the end of the relation");
	case RETENTION_YEAR_END:
		return S("from the end of the year of the consent");
	}
	return S("");
}

/* Erased by the sweep within minutes; a day is what is promised. */
static void
put_storage(struct print *print)
{
	OWNED(buf_release) struct buf duration = { .max = 64 };
	const struct purpose_version *version = print->consent->version;
	struct json_out *out = &print->out;

	buf_duration(&duration, version->retention);
	json_name(out, S("dpv:hasStorageCondition"));
	json_open(out, '[');
	json_open(out, '{');
	json_pair_str(out, S("@type"), S("dpv:StorageLocation"));
	json_pair_str(out, S("dpv:hasLocation"), location(print));
	json_close(out, '}');
	json_open(out, '{');
	json_pair_str(out, S("@type"), S("dpv:StorageDuration"));
	json_pair_str(out, S("dct:description"), counted_from(version->retention_event));
	json_pair_str(out, S("dpv:hasDuration"), buf_str(&duration));
	json_close(out, '}');
	json_open(out, '{');
	json_pair_str(out, S("@type"), S("dpv:StorageDeletion"));
	json_pair_str(out, S("dpv:hasDuration"), S("P1D"));
	json_close(out, '}');
	json_close(out, ']');
}

static void
put_recipients(struct print *print)
{
	struct json list = print->stated->recipients;

	json_name(&print->out, S("dpv:hasRecipient"));
	json_open(&print->out, '[');
	for (size_t i = 0; i < json_count(list); i++)
		json_put_str(&print->out, part_iri(print, S("recipient-"), i + 1));
	json_close(&print->out, ']');
}

static void
put_rights(struct print *print)
{
	static const char *const rights[] = { "eu-gdpr:A7-3", "eu-gdpr:A15", "eu-gdpr:A16", "eu-gdpr:A17",
		                              "eu-gdpr:A18",  "eu-gdpr:A20", "eu-gdpr:A77" };
	struct json_out *out = &print->out;

	json_name(out, S("dpv:hasConsentControl"));
	json_open(out, '{');
	json_name(out, S("@type"));
	json_open(out, '[');
	json_put_str(out, S("dpv:ProvideConsent"));
	json_put_str(out, S("dpv:WithdrawConsent"));
	json_close(out, ']');
	exercised(print);
	json_close(out, '}');
	json_name(out, S("dpv:hasRight"));
	json_open(out, '[');
	for (size_t i = 0; i < COUNT(rights); i++) {
		json_open(out, '{');
		json_name(out, S("@type"));
		json_open(out, '[');
		json_put_str(out, S("dpv:DataSubjectRight"));
		json_put_str(out, str_from_c(rights[i]));
		json_close(out, ']');
		exercised(print);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
put_process(struct print *print)
{
	struct json_out *out = &print->out;

	json_name(out, S("dpv:hasProcess"));
	json_open(out, '[');
	json_open(out, '{');
	json_pair_str(out, S("@type"), S("dpv:Process"));
	put_purpose(print);
	json_pair_str(out, S("dpv:hasLegalBasis"),
	              print->consent->version->explicit_basis ? S("eu-gdpr:A9-2-a") : S("eu-gdpr:A6-1-a"));
	put_data(print);
	put_storage(print);
	put_recipients(print);
	put_rights(print);
	json_close(out, '}');
	json_close(out, ']');
}

/* --- parties ---------------------------------------------------------------------------------- */

static void
put_controller(struct print *print)
{
	const struct stated *stated = print->stated;
	struct json_out *out = &print->out;
	bool mail = str_starts(print->contact, S("mailto:"));

	json_open(out, '{');
	json_pair_str(out, S("@id"), part_iri(print, S("controller"), 0));
	json_pair_str(out, S("@type"), S("dpv:DataController"));
	json_pair_str(out, S("dpv:hasName"), stated->controller);
	pair_if(out, S("dpv:hasIdentifier"), stated->org_no);
	json_name(out, S("schema:contactPoint"));
	json_open(out, '{');
	json_pair_str(out, S("@type"), S("schema:ContactPoint"));
	json_pair_str(out, mail ? S("schema:email") : print->contact.len ? S("schema:url") : S("schema:description"),
	              stated->contact);
	json_close(out, '}');
	json_name(out, S("schema:address"));
	json_open(out, '{');
	json_pair_str(out, S("@type"), S("schema:PostalAddress"));
	pair_if(out, S("schema:streetAddress"), stated->address);
	json_pair_str(out, S("schema:addressCountry"), print->consent->country);
	json_close(out, '}');
	json_close(out, '}');
}

static void
put_entities(struct print *print)
{
	struct json list = print->stated->recipients;
	struct json_out *out = &print->out;

	json_name(out, S("dpv:hasEntity"));
	json_open(out, '[');
	put_controller(print);
	for (size_t i = 0; i < json_count(list); i++) {
		struct json recipient = json_element(print->job, list, i);
		json_open(out, '{');
		json_pair_str(out, S("@id"), part_iri(print, S("recipient-"), i + 1));
		json_pair_str(out, S("@type"), S("dpv:Recipient"));
		json_pair_str(out, S("dpv:hasName"), receipt_member(print->job, recipient, "name"));
		json_close(out, '}');
	}
	if (str_eq(print->consent->country, S("SE"))) {
		json_open(out, '{');
		json_pair_str(out, S("@id"), part_iri(print, S("authority"), 0));
		json_pair_str(out, S("@type"), S("dpv:DataProtectionAuthority"));
		json_pair_str(out, S("dpv:hasName"), S("Integritetsskyddsmyndigheten (IMY)"));
		json_pair_str(out, S("schema:url"), S("https://www.imy.se/"));
		json_close(out, '}');
	}
	json_close(out, ']');
	if (str_eq(print->consent->country, S("SE")))
		json_pair_str(out, S("dpv:hasAuthority"), part_iri(print, S("authority"), 0));
}

/* --- states ----------------------------------------------------------------------------------- */

/* The first step of a double opt-in is no consent yet: it is still being asked for. */
static str
state_term(const struct consent *consent, const struct act_row *act, bool *given)
{
	const struct purpose_version *version =
		registry_version(consent->registry, consent->purpose->no, act->version);
	bool before = *given;

	if (act->act == ACT_GIVEN && version && version->double_opt_in)
		return S("dpv:ConsentRequested");
	*given = act->act == ACT_GIVEN || act->act == ACT_CONFIRMED || (before && act->act == ACT_REQUESTED);
	switch (act->act) {
	case ACT_GIVEN:
	case ACT_CONFIRMED:
		return before ? S("dpv:RenewedConsentGiven") : S("dpv:ConsentGiven");
	case ACT_REFUSED:
		return S("dpv:ConsentRefused");
	case ACT_WITHDRAWN:
	case ACT_OBJECTED:
		return S("dpv:ConsentWithdrawn");
	case ACT_EXPIRED:
		return S("dpv:ConsentExpired");
	default:
		return S("dpv:ConsentRequested");
	}
}

static bool
explicitly(struct job *job, const struct act_row *act)
{
	OWNED(json_free) struct json_document *document = NULL;
	bool explicitly = false;
	struct json root;

	if (!act->evidence.len)
		return false;
	if (json_parse(job, bytes_str(act->evidence), &document, &root) ||
	    json_bool(job, root, "explicit", &explicitly, NULL))
		job_forgive(job);
	return explicitly;
}

/* Channels and the way that it came. */
static void
put_indication(struct print *print, const struct act_row *act)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	bool first = true;

	buf_put(&text, act->method ? method_name(act->method) : S("unknown"));
	for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
		if (!(act->channels & CHANNEL_BIT(channel)))
			continue;
		buf_put(&text, first ? S("; ") : S(", "));
		buf_put(&text, channel_name((enum channel)channel));
		first = false;
	}
	if (act->act == ACT_OBJECTED)
		buf_put(&text, S("; as an objection"));
	json_pair_str(&print->out, S("dpv:hasIndicationMethod"), buf_str(&text));
}

static void
put_validity(struct print *print)
{
	OWNED(buf_release) struct buf duration = { .max = 64 };
	const struct purpose_version *version = print->consent->version;
	struct json_out *out = &print->out;
	bool event = version->retention_event == RETENTION_ENDED;

	buf_duration(&duration, version->retention);
	json_name(out, S("dpv:hasDuration"));
	json_open(out, '{');
	json_pair_str(out, S("@type"), event ? S("dpv:UntilEventDuration") : S("dpv:TemporalDuration"));
	json_pair_str(out, S("rdf:value"), buf_str(&duration));
	json_close(out, '}');
}

static void
put_state(struct print *print, const struct act_row *act, bool *given)
{
	struct json_out *out = &print->out;
	str term = state_term(print->consent, act, given);
	bool yes = act->act == ACT_GIVEN || act->act == ACT_CONFIRMED;
	bool ours = act->act == ACT_REQUESTED || act->act == ACT_EXPIRED;

	json_open(out, '{');
	json_name(out, S("@type"));
	json_open(out, '[');
	json_put_str(out, term);
	if (yes)
		json_put_str(out, explicitly(print->job, act) ? S("dpv:ExplicitlyExpressedConsent")
		                                               : S("dpv:ExpressedConsent"));
	json_close(out, ']');
	json_name(out, S("dpv:isIndicatedAtTime"));
	json_put_time(out, act->at);
	json_pair_str(out, S("dpv:isIndicatedBy"),
	              ours ? part_iri(print, S("controller"), 0) : print->subject);
	put_indication(print, act);
	if (yes)
		put_validity(print);
	json_close(out, '}');
}

static void
put_states(struct print *print)
{
	bool given = false;

	json_name(&print->out, S("dpv:hasConsentStatus"));
	json_open(&print->out, '[');
	for (size_t i = 0; i < print->consent->act_count; i++)
		put_state(print, &print->consent->act[i], &given);
	json_close(&print->out, ']');
}

/* --- the whole -------------------------------------------------------------------------------- */

/* One consent, one record, whoever asks and however often: a UUID (version 8, RFC 9562) of both. */
static uid
record_id(const struct consent *consent)
{
	OWNED(buf_release) struct buf text = { .max = 128 };
	uint8_t hash[32];
	uid id;

	buf_put(&text, S("valv consent record"));
	buf_data(&text, uid_bytes(&consent->subject.id));
	buf_le32(&text, consent->purpose->no);
	digest_public(buf_bytes(&text), hash);
	memcpy(&id, hash, sizeof(id));
	((uint8_t *)&id)[6] = (uint8_t)(0x80 | (hash[6] & 0x0f));
	((uint8_t *)&id)[8] = (uint8_t)(0x80 | (hash[8] & 0x3f));
	return id;
}

static str
urn(struct job *job, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	buf_put(&text, S("urn:uuid:"));
	buf_uid(&text, id);
	return arena_str(&job->arena, buf_str(&text));
}

static void
put_record(struct print *print)
{
	struct json_out *out = &print->out;

	json_open(out, '{');
	json_pair_str(out, S("@id"), print->record);
	json_pair_str(out, S("@type"), S("dpv:ConsentRecord"));
	json_pair_str(out, S("dct:conformsTo"), S(SCHEMA_RECORD));
	identifiers(out, str_from(print->record, sizeof("urn:uuid:") - 1));
	json_name(out, S("dct:created"));
	json_put_time(out, print->consent->act[0].at);
	json_name(out, S("dpv:hasDataSubject"));
	json_open(out, '{');
	json_pair_str(out, S("@id"), print->subject);
	json_pair_str(out, S("@type"), S("dpv:DataSubject"));
	json_close(out, '}');
	json_pair_str(out, S("dpv:hasDataController"), part_iri(print, S("controller"), 0));
	json_pair_str(out, S("dpv:hasJurisdiction"), location(print));
	json_pair_str(out, S("dpv:hasApplicableLaw"), S("legal-eu:law-GDPR"));
	put_notice(print);
	put_process(print);
	put_entities(print);
	put_states(print);
	json_close(out, '}');
}

enum err
receipt_print_dpv(struct job *job, const struct consent *consent, const struct stated *stated, uid id,
                  struct buf *buf)
{
	OWNED(buf_release) struct buf text = { .max = 64 };
	struct print print = { .job = job, .consent = consent, .stated = stated,
		               .record = urn(job, record_id(consent)),
		               .subject = urn(job, consent->subject.id),
		               .contact = contact_iri(job, stated->contact) };
	struct json_out *out = &print.out;

	must(consent->act_count > 0);
	buf_uid(&text, id);
	json_out_begin(out, buf);
	json_open(out, '{');
	put_context(out);
	pair_uid_urn(out, S("@id"), id);
	json_pair_str(out, S("@type"), S("dpv:ConsentReceipt"));
	json_pair_str(out, S("dct:conformsTo"), S(SCHEMA_RECEIPT));
	identifiers(out, buf_str(&text));
	json_name(out, S("dct:created"));
	json_put_time(out, job->now);
	json_pair_str(out, S("dct:publisher"), part_iri(&print, S("controller"), 0));
	json_pair_str(out, S("schema:recipient"), S("dpv:DataSubject"));
	json_name(out, S("dpv:hasRecordOfActivity"));
	json_open(out, '[');
	put_record(&print);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
