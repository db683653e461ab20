/* api/erasure.c -- erasing a person, a purpose or some fields; certificates; proofs of consent. */
#include "api/audit.h"
#include "api/call.h"
#include "base/limits.h"
#include "os/random.h"
#include "rights/erase.h"
#include "rights/erase_words.h"
#include "vault/proof.h"

/* --- reading ---------------------------------------------------------------------------------- */

static enum err
fields_read(struct job *job, struct call *call, struct erase_wish *wish)
{
	uint16_t *field = arena_array(&job->arena, LIMIT_VALUES, sizeof(*field));
	struct json list;

	TRY(json_array(job, call->body, "fields", LIMIT_VALUES, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		const struct field *named;
		str name;
		TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &name));
		named = registry_field(call->registry, name);
		if (!named)
			return json_fail(job, ERR_INVALID, element, "names no field");
		field[i] = named->no;
	}
	wish->field = field;
	wish->field_count = json_count(list);
	return OK;
}

/* A person, or some of their fields, reaches beyond the purposes of a key. */
static enum err
wish_read(struct job *job, struct call *call, struct erase_wish *ret)
{
	const struct purpose *purpose = NULL;
	int method = METHOD_API_CALL, reason = ERASE_REQUESTED;
	struct json fields = json_member(job, call->body, "fields");
	bool some = json_kind(fields) != JSON_ABSENT && json_kind(fields) != JSON_NULL, there;

	*ret = (struct erase_wish){ .scope = ERASE_PERSON };
	TRY(call_registry(job, call));
	TRY(call_purpose(job, call, call->body, &purpose, &there));
	if (purpose && some)
		return json_fail(job, ERR_INVALID, fields, "goes without a purpose");
	if (purpose) {
		ret->scope = ERASE_PURPOSE;
		ret->purpose = purpose->no;
	} else {
		TRY(call_may(job, call, 0));
	}
	if (some) {
		ret->scope = ERASE_FIELDS;
		TRY(fields_read(job, call, ret));
		if (!ret->field_count)
			return json_fail(job, ERR_INVALID, fields, "is empty; leave it out for the whole person");
	}
	TRY(json_uid(job, call->body, "request", &ret->request, &ret->requested));
	TRY(body_word(job, call->body, "reason", WORDS_ERASE_REASON, &reason, NULL));
	TRY(body_word(job, call->body, "method", WORDS_METHOD, &method, NULL));
	ret->reason = (enum erase_reason)reason;
	ret->method = (enum act_method)method;
	return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
count_pair(struct json_out *out, str name, int64_t count)
{
	if (count)
		json_pair_i64(out, name, count);
}

static void
gone_write(struct json_out *out, const struct erase_counts *counts)
{
	json_name(out, S("gone"));
	json_open(out, '{');
	json_pair_i64(out, S("values"), counts->values);
	count_pair(out, S("sections"), counts->sections);
	count_pair(out, S("keys"), counts->keys);
	count_pair(out, S("lookup"), counts->lookups);
	count_pair(out, S("evidence"), counts->evidence);
	for (int bound = 0; bound < BOUND_COUNT; bound++)
		count_pair(out, bound_name((enum bound)bound), counts->bound[bound]);
	json_close(out, '}');
}

static void
kept_write(struct json_out *out, const struct registry *registry, const struct kept *kept)
{
	OWNED(buf_release) struct buf fields = { .max = 2 * LIMIT_VALUES };

	for (size_t i = 0; i < kept->field_count; i++)
		buf_le16(&fields, kept->field[i]);
	json_open(out, '{');
	purpose_pair(out, registry, kept->purpose);
	json_pair_str(out, S("basis"), basis_name(kept->basis));
	json_pair_str(out, S("reason"), words_name(WORDS_KEEP, (int)kept->keep));
	json_name(out, S("statute"));
	if (kept->statute.len)
		json_put_str(out, kept->statute);
	else
		json_put_null(out);
	fields_pair(out, registry, buf_bytes(&fields));
	json_pair_time(out, S("until"), kept->until_at);
	json_close(out, '}');
}

static void
outlives_write(struct json_out *out, str what, str reason, size_t count, time_us until_at)
{
	if (!count)
		return;
	json_open(out, '{');
	json_pair_str(out, S("what"), what);
	json_pair_i64(out, S("count"), (int64_t)count);
	json_pair_str(out, S("purpose"), S("accountability"));
	json_pair_str(out, S("reason"), reason);
	json_pair_time(out, S("until"), until_at);
	json_close(out, '}');
}

static void
outlives_list(struct json_out *out, const struct erased *done)
{
	json_name(out, S("outlives"));
	json_open(out, '[');
	outlives_write(out, S("suppression"), S("A17LegallyRequired"), done->stops, TIME_NEVER);
	outlives_write(out, S("proof_of_consent"), S("A17LegalClaims"), done->proofs, done->proof_until_at);
	outlives_write(out, S("audit"), S("A17LegallyRequired"), 1, TIME_NEVER);
	json_close(out, ']');
}

static void
words_write(struct job *job, struct json_out *out, const struct registry *registry,
            const struct erased *done)
{
	json_name(out, S("text"));
	json_open(out, '{');
	json_pair_str(out, S("en"), erase_words(job, registry, done, LANGUAGE_EN));
	json_pair_str(out, S("sv"), erase_words(job, registry, done, LANGUAGE_SV));
	json_close(out, '}');
}

static void
plan_write(struct job *job, struct call *call, struct json_out *out, const struct erased *done)
{
	gone_write(out, &done->counts);
	json_name(out, S("kept"));
	json_open(out, '[');
	for (size_t i = 0; i < done->kept_count; i++)
		kept_write(out, call->registry, &done->kept[i]);
	json_close(out, ']');
	outlives_list(out, done);
	words_write(job, out, call->registry, done);
}

static struct json_out *
erased_begin(struct call *call, uid subject, const struct erased *done)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_pair_uid(out, S("id"), subject);
	json_pair_uid(out, S("erasure"), done->id);
	json_pair_i64(out, S("entry"), done->entry);
	json_pair_bool(out, S("buried"), done->buried);
	json_pair_str(out, S("certificate"), done->certificate);
	return out;
}

/* --- the calls -------------------------------------------------------------------------------- */

enum err
on_erasure_post(struct job *job, struct call *call)
{
	struct erase_wish wish;
	struct erased done;
	struct json_out *out;
	uid subject;

	TRY(call_id(job, call, &subject));
	TRY(wish_read(job, call, &wish));
	call->object = wish.id = os_uid();
	if (call->idempotency.given) {
		wish.extra = idempotency_put;
		wish.extra_ctx = &call->idempotency;
	}
	TRY(erase(job, call->vault, subject, &wish, &done));
	out = erased_begin(call, subject, &done);
	plan_write(job, call, out, &done);
	json_close(out, '}');
	return OK;
}

static enum err
erasure_again(struct job *job, struct call *call, uid id)
{
	struct erased done;
	uid subject;

	TRY(erasure_find(job, call->vault, id, &done, &subject));
	json_close(erased_begin(call, subject, &done), '}');
	return OK;
}

/* Ids and the certificate, which is made again; what stayed is told once. */
enum err
again_erasure(struct job *job, struct call *call)
{
	return erasure_again(job, call, call->object);
}

enum err
on_erasure_get(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	return erasure_again(job, call, id);
}

enum err
on_erasure_preview_post(struct job *job, struct call *call)
{
	struct erase_wish wish;
	struct erased done;
	struct json_out *out;
	uid subject;

	TRY(call_id(job, call, &subject));
	TRY(wish_read(job, call, &wish));
	TRY(erase_preview(job, call->vault, subject, &wish, &done));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_uid(out, S("id"), subject);
	json_pair_i64(out, S("version"), done.version);
	json_pair_bool(out, S("buried"), done.buried);
	plan_write(job, call, out, &done);
	json_close(out, '}');
	return OK;
}

enum err
on_erasure_key_get(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf vkey = { .max = 512 };
	struct json_out *out = answer_json(call, 200);

	certificate_vkey(call->vault, &vkey);
	json_open(out, '{');
	json_pair_str(out, S("name"), S(CERTIFICATE_NAME));
	json_pair_str(out, S("vkey"), buf_str(&vkey));
	json_close(out, '}');
	return OK;
}

/* --- proofs of consent ------------------------------------------------------------------------ */

static void
proof_write(struct json_out *out, const struct registry *registry, const struct proof *proof)
{
	json_open(out, '{');
	json_pair_i64(out, S("erased_in"), proof->year);
	json_pair_str(out, S("act"), act_name(proof->act));
	json_pair_time(out, S("at"), proof->at);
	json_pair_str(out, S("basis"), basis_name(proof->basis));
	purpose_pair(out, registry, proof->purpose);
	json_pair_i64(out, S("version"), proof->version);
	json_name(out, S("channels"));
	json_open(out, '[');
	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (proof->channels & CHANNEL_BIT(channel))
			json_put_str(out, channel_name((enum channel)channel));
	json_close(out, ']');
	notice_pair(out, proof->notice);
	json_name(out, S("method"));
	if (proof->method)
		json_put_str(out, method_name(proof->method));
	else
		json_put_null(out);
	json_close(out, '}');
}

static enum err
proof_read(struct job *job, struct call *call, enum address *ret_address, str *ret_raw)
{
	int address = 0;

	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0)); /* acts of all purposes */
	TRY(body_need_word(job, call->body, "address", WORDS_ADDRESS, &address));
	if (address == ADDRESS_POST)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "address"),
		                 "is email or phone");
	*ret_address = (enum address)address;
	return json_need_str(job, call->body, "value", LIMIT_VALUE_BYTES, ret_raw);
}

enum err
on_proof_search_post(struct job *job, struct call *call)
{
	enum address address = ADDRESS_NONE;
	struct proof *proof;
	struct json_out *out;
	size_t count;
	str raw;

	TRY(proof_read(job, call, &address, &raw));
	TRY(proof_search(job, call->vault, address, raw, LIMIT_PAGE, &proof, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("proofs"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		proof_write(out, call->registry, &proof[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
