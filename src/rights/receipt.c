/* rights/receipt.c -- which acts, in which words, and the signature; contract: receipt.h. */
#include "rights/receipt_print.h"

#include "base/limits.h"
#include "crypto/sign.h"
#include "os/random.h"

#define ACTS_AT_ONCE 200
#define COUNTRY_DEFAULT S("SE")

/* --- which acts ------------------------------------------------------------------------------- */

bool
act_of_consent(const struct act_row *act, const struct purpose_version *version)
{
	if (act->act == ACT_OBJECTED)
		return act->purpose == version->purpose || (!act->purpose && version->marketing);
	return act->purpose == version->purpose &&
	       (act->act == ACT_REQUESTED || act->act == ACT_GIVEN || act->act == ACT_CONFIRMED ||
	        act->act == ACT_REFUSED || act->act == ACT_WITHDRAWN || act->act == ACT_EXPIRED);
}

static enum err
act_asked(struct job *job, struct vault *vault, const struct registry *registry, int64_t seq,
          struct consent *consent)
{
	struct act_row *act;
	size_t count;

	if (seq < 1)
		return fail(job, ERR_ABSENT, "the ledger of this person has no act of that number");
	TRY(subject_acts(job, vault, &consent->subject, seq - 1, 1, &act, &count));
	if (!count || act->seq != seq)
		return fail(job, ERR_ABSENT, "the ledger of this person has no act of that number");
	consent->purpose = registry_purpose_no(registry, act->purpose);
	consent->version = registry_version(registry, act->purpose, act->version);
	if (!consent->version || act->act == ACT_OBJECTED || !act_of_consent(act, consent->version))
		return fail(job, ERR_CONFLICT, "the act is not about consent; only such acts have a receipt");
	consent->asked = act;
	return OK;
}

static int
by_time(const void *a, const void *b)
{
	const struct act_row *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static enum err
acts_gather(struct job *job, struct vault *vault, struct consent *consent)
{
	size_t count = ACTS_AT_ONCE;
	struct act_row *page;
	int64_t after = 0;

	consent->act = arena_array(&job->arena, LIMIT_RECEIPT_STATES, sizeof(*consent->act));
	while (count == ACTS_AT_ONCE) {
		TRY(subject_acts(job, vault, &consent->subject, after, ACTS_AT_ONCE, &page, &count));
		for (size_t i = 0; i < count; i++) {
			after = page[i].seq;
			if (!act_of_consent(&page[i], consent->version))
				continue;
			if (consent->act_count == LIMIT_RECEIPT_STATES)
				return fail(job, ERR_LIMIT, "limit_receipt_states: too many acts for one receipt");
			consent->act[consent->act_count++] = page[i];
		}
	}
	qsort(consent->act, consent->act_count, sizeof(*consent->act), by_time);
	return OK;
}

static enum err
country_read(struct job *job, struct vault *vault, str *ret)
{
	bool there;

	TRY(setting_get(job, vault, S("country"), ret, &there));
	if (!there || ret->len != 2)
		*ret = COUNTRY_DEFAULT;
	return OK;
}

enum err
consent_find(struct job *job, struct vault *vault, const struct registry *registry, uid subject,
             int64_t seq, struct consent *ret)
{
	struct consent consent = { .registry = registry };

	TRY(subject_get(job, vault, subject, &consent.subject));
	TRY(act_asked(job, vault, registry, seq, &consent));
	TRY(acts_gather(job, vault, &consent));
	TRY(country_read(job, vault, &consent.country));
	*ret = consent;
	return OK;
}

/* --- in which words --------------------------------------------------------------------------- */

str
receipt_member(struct job *job, struct json object, const char *name)
{
	str text = S("");

	if (json_str(job, object, name, LIMIT_STRING_BYTES, &text, NULL))
		job_forgive(job);
	return text;
}

static str
in_language(struct job *job, struct json root, const char *name, str language)
{
	return receipt_member(job, json_member(job, root, name), arena_c(&job->arena, language));
}

/* The words of the act; of a no, which names none, those of the newest yes before it. */
static const struct notice *
notice_shown(const struct consent *consent)
{
	const struct notice *shown = NULL;

	for (size_t i = 0; i < consent->act_count; i++) {
		const struct act_row *act = &consent->act[i];
		if (act->notice.len == 32 && act->version == consent->version->version &&
		    act->seq <= consent->asked->seq)
			shown = version_notice(consent->version, act->notice.ptr);
	}
	if (!shown && consent->version->notice_count)
		shown = &consent->version->notice[0];
	return shown;
}

static enum err
stated_read(struct job *job, const struct consent *consent, struct json root, struct stated *ret)
{
	struct json controller = json_member(job, root, "controller");

	*ret = (struct stated){ .notice = notice_shown(consent) };
	ret->language = ret->notice ? ret->notice->language : S("sv");
	ret->title = in_language(job, root, "title", ret->language);
	ret->why = in_language(job, root, "why", ret->language);
	ret->controller = receipt_member(job, controller, "name");
	ret->contact = receipt_member(job, controller, "contact");
	ret->address = receipt_member(job, controller, "address");
	ret->org_no = receipt_member(job, controller, "id");
	return json_array(job, root, "recipients", LIMIT_RECIPIENTS, &ret->recipients);
}

void
put_words_iri(struct buf *out, const struct notice *notice)
{
	buf_put(out, S("ni:///sha-256;"));
	buf_base64url(out, (bytes){ notice->hash, sizeof(notice->hash) });
}

str
contact_iri(struct job *job, str contact)
{
	OWNED(buf_release) struct buf iri = { .max = 4096 };
	bool mail = memchr(contact.ptr, '@', contact.len);

	for (size_t i = 0; i < contact.len; i++)
		if ((uint8_t)contact.ptr[i] <= ' ' || strchr("<>\"{}|\\^`", contact.ptr[i]))
			return S("");
	if (!mail && !str_starts(contact, S("https://")))
		return S("");
	buf_put(&iri, mail ? S("mailto:") : S(""));
	buf_put(&iri, contact);
	return arena_str(&job->arena, buf_str(&iri));
}

/* --- the signature ---------------------------------------------------------------------------- */

/* The members of the thumbprint (RFC 7638) in their order, and the thumbprint as the key's id. */
static void
key_print(const uint8_t *seed, struct buf *jwk, struct buf *kid)
{
	OWNED(buf_release) struct buf members = { .max = 256 };
	uint8_t public_key[SIGN_PUBLIC_BYTES], hash[32];

	sign_public(seed, public_key);
	buf_put(&members, S("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\""));
	buf_base64url(&members, (bytes){ public_key, sizeof(public_key) });
	buf_put(&members, S("\"}"));
	digest_public(buf_bytes(&members), hash);
	buf_base64url(kid, (bytes){ hash, sizeof(hash) });
	buf_put(jwk, str_first(buf_str(&members), members.len - 1));
	buf_put(jwk, S(",\"alg\":\"EdDSA\",\"kid\":\""));
	buf_put(jwk, buf_str(kid));
	buf_put(jwk, S("\"}"));
}

/* C1 */
static void
receipt_sign(struct job *job, const uint8_t *seed, struct receipt *receipt)
{
	OWNED(buf_release) struct buf jwk = { .max = 512 }, kid = { .max = 64 };
	OWNED(buf_release) struct buf header = { .max = 256 };
	OWNED(buf_release) struct buf input = { .max = 2 * LIMIT_ANSWER_BYTES }, out = { .max = 1024 };
	uint8_t signature[SIGN_BYTES];

	key_print(seed, &jwk, &kid);
	buf_put(&header, S("{\"alg\":\"EdDSA\",\"kid\":\""));
	buf_put(&header, buf_str(&kid));
	buf_put(&header, S("\"}"));
	buf_base64url(&input, buf_bytes(&header));
	buf_put(&out, buf_str(&input));
	buf_char(&input, '.');
	buf_base64url(&input, str_bytes(receipt->text));
	must(buf_ok(&input));
	sign(seed, buf_bytes(&input), signature);
	buf_put(&out, S(".."));
	buf_base64url(&out, (bytes){ signature, sizeof(signature) });
	receipt->signature = arena_str(&job->arena, buf_str(&out));
	receipt->key = arena_str(&job->arena, buf_str(&jwk));
}

/* le64 number of the act | u8 format | id of the receipt (16) | digest of its text (32) */
static enum err
receipt_record(struct job *job, struct vault *vault, const struct consent *consent,
               enum receipt_format format, const struct receipt *receipt)
{
	OWNED(buf_release) struct buf body = { .max = 64 };
	uint8_t hash[32];

	digest_public(str_bytes(receipt->text), hash);
	buf_le64(&body, (uint64_t)consent->asked->seq);
	buf_u8(&body, (uint8_t)format);
	buf_data(&body, uid_bytes(&receipt->id));
	buf_data(&body, (bytes){ hash, sizeof(hash) });
	return entry_write(job, vault->store,
	                   &(struct entry){ .act = ENTRY_RECEIPT, .subject = consent->subject.no,
	                                    .purpose = consent->purpose->no, .body = buf_bytes(&body) },
	                   NULL);
}

/* --- making ----------------------------------------------------------------------------------- */

static enum err
canonical(struct job *job, const struct buf *printed, str *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	if (!buf_ok(printed))
		return fail(job, ERR_LIMIT, "limit_answer_bytes: the receipt is too long");
	TRY(json_parse(job, buf_str(printed), &document, &root));
	return json_canonical(job, root, LIMIT_ANSWER_BYTES, ret);
}

enum err
receipt_make(struct job *job, struct vault *vault, const struct consent *consent,
             enum receipt_format format, struct receipt *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf printed = { .max = LIMIT_ANSWER_BYTES };
	struct receipt receipt = { .id = os_uid() };
	struct stated stated;
	const uint8_t *seed;
	struct json root;

	TRY(json_parse(job, consent->version->definition, &document, &root));
	TRY(stated_read(job, consent, root, &stated));
	if (format == RECEIPT_DPV)
		TRY(receipt_print_dpv(job, consent, &stated, receipt.id, &printed));
	else
		TRY(receipt_print_kantara(job, consent, &stated, receipt.id, &printed));
	TRY(canonical(job, &printed, &receipt.text));
	TRY(keys_named(job, vault->keys, vault->store, S("signing"), &seed));
	receipt_sign(job, seed, &receipt);
	TRY(receipt_record(job, vault, consent, format, &receipt));
	*ret = receipt;
	return OK;
}
