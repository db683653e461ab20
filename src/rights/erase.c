/* rights/erase.c -- contract and X1-X5: erase.h.
 *
 * First what is there and what has to stay (plan_make), then one of two ways: the person is buried,
 * or remains and is changed. */
#include "rights/erase.h"

#include "base/limits.h"
#include "crypto/sign.h"
#include "rights/certificate.h"
#include "rights/erase_words.h"
#include "vault/outbox.h"
#include "vault/proof.h"
#include "vault/suppress.h"

#define RETRIES 200

/* One erasure under way. */
struct erasure {
	struct job *job;
	struct vault *vault;
	const struct registry *registry;
	const struct erase_wish *wish;
	struct subject subject;
	struct burial burial; /* the values as they are, too */
	struct act_row *ledger;
	size_t ledger_count;
	struct kept *kept;
	size_t kept_count;
	struct proof_rows proof;
	struct outbox_plan outbox; /* the reply; and notices to those who were told, where nothing remains */
	struct request_row request; /* X6 */
	int64_t *request_hold;      /* acts of the ledger */
	size_t request_hold_count;
	struct change_done done; /* where the person remains */
	struct erased *ret;
};

/* --- what has to stay ------------------------------------------------------------------------- */

/* The contract of that ground has ended: what counts is that somebody said so. */
static bool
contract_ended(const struct erasure *erasure, const struct ground *ground)
{
	for (size_t i = 0; i < erasure->ledger_count; i++) {
		const struct act_row *act = &erasure->ledger[i];
		if (act->act == ACT_ENDED && act->purpose == ground->purpose && act->basis == ground->basis &&
		    act->at >= ground->since_at)
			return true;
	}
	return false;
}

/*= gdpr 17(3)(b)
 *# Paragraphs 1 and 2 shall not apply to the extent that processing is necessary for compliance
 *# with a legal obligation or for the performance of a task carried out in the public interest. */
static enum keep
ground_keeps(const struct erasure *erasure, const struct ground *ground)
{
	switch (ground->basis) {
	case BASIS_LEGAL_OBLIGATION:
		return KEEP_LAW;
	case BASIS_PUBLIC_TASK:
		return KEEP_AUTHORITY;
	case BASIS_STORAGE_ONLY:
		return KEEP_CLAIMS;
	case BASIS_CONTRACT:
		return contract_ended(erasure, ground) ? KEEP_NOTHING : KEEP_CONTRACT;
	case BASIS_CONSENT:
	case BASIS_VITAL_INTEREST:
	case BASIS_LEGITIMATE_INTEREST:
	case BASIS_SOFT_OPT_IN:
	case BASIS_NONE:
	case BASIS_COUNT:
		break;
	}
	return KEEP_NOTHING;
}

/* Is the field among those that the wish is about? */
static bool
is_wished(const struct erasure *erasure, uint16_t field)
{
	const struct erase_wish *wish = erasure->wish;
	const struct standing *standing = &erasure->subject.standing;

	for (size_t i = 0; wish->scope == ERASE_FIELDS && i < wish->field_count; i++)
		if (wish->field[i] == field)
			return true;
	for (size_t i = 0; wish->scope == ERASE_PURPOSE && i < standing->ground_count; i++)
		if (standing->ground[i].purpose == wish->purpose &&
		    ground_live(&standing->ground[i], erasure->job->now) &&
		    standing_ground_covers(erasure->registry, standing, &standing->ground[i], field))
			return true;
	return wish->scope == ERASE_PERSON;
}

static bool
is_held(const struct standing *standing)
{
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].basis == BASIS_STORAGE_ONLY)
			return true;
	return false;
}

/* X6 */
static bool
holds_for_request(const struct erasure *erasure, const struct ground *ground)
{
	for (size_t i = 0; ground->basis == BASIS_STORAGE_ONLY && i < erasure->request_hold_count; i++)
		if (erasure->request_hold[i] == ground->seq)
			return true;
	return false;
}

static enum keep
keep_of(const struct erasure *erasure, const struct ground *ground)
{
	enum keep keep;

	if (!ground_live(ground, erasure->job->now) || holds_for_request(erasure, ground))
		return KEEP_NOTHING;
	keep = ground_keeps(erasure, ground);
	if (!keep && erasure->wish->scope == ERASE_PURPOSE && ground->purpose != erasure->wish->purpose)
		return KEEP_OTHER;
	return keep;
}

static str
definition_text(struct job *job, const struct purpose_version *version, const char *name)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str text = S("");
	bool there;

	if (json_parse(job, version->definition, &document, &root) ||
	    json_str(job, root, name, LIMIT_STRING_BYTES, &text, &there))
		job_forgive(job);
	return arena_str(&job->arena, text);
}

static enum err
evidence_unseal(struct erasure *erasure, struct act_row *act)
{
	const uint8_t *key = erasure->burial.keyset ? keyset_find(erasure->burial.keyset, 0) : NULL;

	if (!key)
		return fail(erasure->job, ERR_CRYPTO, "the evidence key of this person is gone");
	return evidence_open(erasure->job, erasure->subject.id, key, act);
}

/* Where the purpose states none, the ground's own evidence does. */
static enum err
evidence_statute(struct erasure *erasure, const struct ground *ground, str *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = erasure->job;
	struct act_row act;
	struct json root;
	bool there;

	TRY(db_query(job, job->db, SQL_LEDGER_GET,
	             ARGS(sql_i64(erasure->subject.no), sql_i64(ground->seq - 1), sql_i64(1)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	TRY(act_row_read(job, &rows, true, &act));
	TRY(evidence_unseal(erasure, &act));
	if (!act.evidence.len)
		return OK;
	TRY(json_parse(job, bytes_str(act.evidence), &document, &root));
	TRY(json_str(job, root, "statute", LIMIT_STRING_BYTES, ret, &there));
	*ret = arena_str(&job->arena, *ret);
	return OK;
}

static enum err
statute_of(struct erasure *erasure, const struct ground *ground, enum keep keep, str *ret)
{
	const struct purpose_version *version =
		registry_version(erasure->registry, ground->purpose, ground->version);

	if (!version || (keep != KEEP_LAW && keep != KEEP_AUTHORITY))
		return OK;
	*ret = definition_text(erasure->job, version, keep == KEEP_LAW ? "statute" : "law");
	return ret->len || keep != KEEP_LAW ? OK : evidence_statute(erasure, ground, ret);
}

static enum err
kept_add(struct erasure *erasure, const struct ground *ground, enum keep keep)
{
	const struct burial *is = &erasure->burial;
	uint16_t *field = arena_array(&erasure->job->arena, is->value_count + 1, sizeof(*field));
	struct kept kept = { .purpose = ground->purpose, .basis = ground->basis, .keep = keep,
		             .field = field, .until_at = ground->until_at };

	for (size_t i = 0; i < is->value_count; i++)
		if (is_wished(erasure, is->value[i].field) &&
		    standing_ground_covers(erasure->registry, &erasure->subject.standing, ground, is->value[i].field))
			field[kept.field_count++] = is->value[i].field;
	if (!kept.field_count)
		return OK; /* it requires nothing that is here */
	TRY(statute_of(erasure, ground, keep, &kept.statute));
	erasure->kept[erasure->kept_count++] = kept;
	return OK;
}

static enum err
kept_find(struct erasure *erasure)
{
	const struct standing *standing = &erasure->subject.standing;

	erasure->kept = arena_array(&erasure->job->arena, standing->ground_count + 1, sizeof(*erasure->kept));
	for (size_t i = 0; i < standing->ground_count; i++) {
		enum keep keep = keep_of(erasure, &standing->ground[i]);
		if (keep && erasure->burial.unreadable)
			return fail(erasure->job, ERR_CRYPTO,
			            "the record is damaged, and something of it has to stay");
		if (keep)
			TRY(kept_add(erasure, &standing->ground[i], keep));
	}
	return OK;
}

/* Does anything require what is held for this purpose? */
static bool
is_required(const struct erasure *erasure, uint32_t purpose)
{
	for (size_t i = 0; i < erasure->kept_count; i++)
		if (erasure->kept[i].purpose == purpose && erasure->kept[i].keep != KEEP_OTHER)
			return true;
	return false;
}

static bool
nothing_remains(const struct erasure *erasure)
{
	return erasure->wish->scope == ERASE_PERSON && !erasure->kept_count;
}

/* --- who is told ------------------------------------------------------------------------------ */

/*= gdpr 19
 *# The controller shall communicate any erasure to each recipient to whom the personal data have
 *# been disclosed, unless this proves impossible or involves disproportionate effort. */
static enum err
notices_plan(struct erasure *erasure)
{
	struct outbox_event event = { .kind = OUTBOX_ERASED };

	if (!nothing_remains(erasure)) /* a change tells by itself */
		return OK;
	return outbox_plan_notices(erasure->job, erasure->vault, erasure->registry, erasure->subject.no,
	                           erasure->subject.id, erasure->burial.keyset, &event, 1, &erasure->outbox);
}

static enum err
plan_make(struct erasure *erasure)
{
	OWNED(db_view_end) struct db *view = NULL;
	struct job *job = erasure->job;

	TRY(burial_prepare(job, erasure->vault, erasure->registry, &erasure->subject, &erasure->burial));
	TRY(db_view_begin(job, job->db, &view)); /* one look for all that follows: half the cost */
	TRY(ledger_read(job, erasure->subject.no, &erasure->ledger, &erasure->ledger_count));
	if (is_held(&erasure->subject.standing))
		TRY(request_holds(job, job->db, erasure->subject.no, &erasure->request_hold,
		                  &erasure->request_hold_count));
	TRY(kept_find(erasure));
	TRY(notices_plan(erasure));
	if (erasure->wish->scope != ERASE_PERSON)
		return OK;
	return proof_prepare(job, erasure->vault, erasure->registry, erasure->burial.value,
	                     erasure->burial.value_count, erasure->ledger, erasure->ledger_count,
	                     &erasure->proof);
}

/* --- steps that both ways share --------------------------------------------------------------- */

/* Channel by channel, as a withdrawal stops them: then a fresh yes lifts the one as it lifts the other. */
static enum err
stop_channels(struct job *job, struct db *db, const struct erasure *erasure, enum address address)
{
	struct suppression stop = { .scope = SCOPE_PURPOSE, .purpose = erasure->wish->purpose,
		                    .at = job->now, .source = SOURCE_ERASURE };

	for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
		stop.channel = (enum channel)channel;
		if (channel_address(stop.channel) == address)
			TRY(suppression_add(job, db, erasure->subject.tag[address], &stop));
	}
	return OK;
}

/* X4.  Of one purpose: only if it is one that contacts people to sell. */
static enum err
stops_steps(struct job *job, struct db *db, struct erasure *erasure)
{
	const struct purpose *purpose = registry_purpose_no(erasure->registry, erasure->wish->purpose);
	bool all = erasure->wish->scope == ERASE_PERSON;

	erasure->ret->stops = 0;
	if (!all && !(erasure->wish->scope == ERASE_PURPOSE && purpose && purpose->active &&
	              purpose->active->marketing))
		return OK;
	for (int address = 0; address < ADDRESS_COUNT; address++) {
		if (!erasure->subject.tagged[address])
			continue;
		if (all)
			TRY(suppression_add(job, db, erasure->subject.tag[address],
			                    &(struct suppression){ .scope = SCOPE_MARKETING, .at = job->now,
			                                           .source = SOURCE_ERASURE }));
		else
			TRY(stop_channels(job, db, erasure, (enum address)address));
		erasure->ret->stops++;
	}
	return OK;
}

static enum err
certificate_steps(struct job *job, struct db *db, struct erasure *erasure)
{
	OWNED(buf_release) struct buf text = { .max = NOTE_TEXT_MAX };

	certificate_text(job->now, erasure->registry, erasure->wish, erasure->ret, &text);
	must(buf_ok(&text));
	erasure->ret->certificate = arena_str(&job->arena, buf_str(&text)); /* signed when the keys are gone */
	return db_run(job, db, SQL_ERASURE_ADD,
	              ARGS(sql_i64(erasure->subject.no), sql_i64(erasure->ret->entry),
	                   sql_bytes(uid_bytes(&erasure->wish->id)), sql_i64(erasure->ret->version),
	                   sql_text(buf_str(&text))),
	              NULL);
}

static enum err
request_steps(struct job *job, struct db *db, const struct erasure *erasure)
{
	if (!erasure->wish->requested)
		return OK;
	return request_done_steps(job, db, &erasure->request, erasure->ret->entry);
}

static enum err
extra_steps(struct job *job, struct db *db, const struct erasure *erasure)
{
	return erasure->wish->extra ? erasure->wish->extra(job, db, erasure->wish->extra_ctx) : OK;
}

/* --- burying ---------------------------------------------------------------------------------- */

static void
buried_count(struct erasure *erasure)
{
	const struct burial *burial = &erasure->burial;
	struct erased *ret = erasure->ret;

	ret->version = burial->version;
	ret->proofs = erasure->proof.count;
	ret->counts = (struct erase_counts){ .values = (int64_t)burial->value_count,
		                             .sections = (int64_t)burial->sections,
		                             .keys = (int64_t)burial->keys,
		                             .lookups = burial->lookups_gone };
	memcpy(ret->counts.bound, burial->gone, sizeof(ret->counts.bound));
}

static enum err
entry_steps(struct job *job, struct db *db, struct erasure *erasure)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	burial_body(&erasure->burial, &body);
	buf_u8(&body, (uint8_t)erasure->wish->reason);
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_ERASE, .subject = erasure->subject.no,
	                                     .body = buf_bytes(&body) },
	                    &erasure->ret->entry);
}

static enum err
bury_steps(struct job *job, struct db *db, void *arg)
{
	struct erasure *erasure = arg;

	TRY(outbox_steps(job, db, &erasure->outbox)); /* these two can be stale */
	TRY(burial_steps(job, db, &erasure->burial));
	TRY(stops_steps(job, db, erasure));
	TRY(entry_steps(job, db, erasure)); /* I4 */
	TRY(proof_steps(job, db, erasure->ret->entry, &erasure->proof));
	TRY(request_steps(job, db, erasure));
	buried_count(erasure);
	TRY(certificate_steps(job, db, erasure));
	return extra_steps(job, db, erasure);
}

/* --- somebody who remains --------------------------------------------------------------------- */

/* What tells in the ledger why an act stands there: {"erasure": id}. */
static str
act_evidence_text(struct job *job, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 128 };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_pair_uid(&out, S("erasure"), id);
	json_close(&out, '}');
	return arena_str(&job->arena, buf_str(&text));
}

static bool
act_there(const struct change *change, enum act act, uint32_t purpose, enum basis basis)
{
	for (size_t i = 0; i < change->act_count; i++)
		if (change->act[i].act == act && change->act[i].version &&
		    change->act[i].version->purpose == purpose && change->act[i].basis == basis)
			return true;
	return false;
}

static enum err
act_add(struct erasure *erasure, struct change *change, enum act act, uint32_t purpose, uint32_t number,
        enum basis basis)
{
	const struct purpose_version *version = registry_version(erasure->registry, purpose, number);

	if (act_there(change, act, purpose, basis))
		return OK;
	if (!version)
		return fail(erasure->job, ERR_CORRUPT, "a ground of a version that is not there");
	change->act[change->act_count++] = (struct act_new){
		.act = act, .basis = basis, .version = version, .at = erasure->job->now,
		.until_at = TIME_NEVER, .method = erasure->wish->method,
		.evidence = act_evidence_text(erasure->job, erasure->wish->id),
	};
	return OK;
}

static void
release_add(struct erasure *erasure, struct change *change, int64_t seq)
{
	OWNED(buf_release) struct buf detail = { .max = 8 };

	buf_le64(&detail, (uint64_t)seq);
	change->act[change->act_count++] = (struct act_new){
		.act = ACT_RELEASED, .basis = BASIS_STORAGE_ONLY, .at = erasure->job->now, .until_at = TIME_NEVER,
		.method = erasure->wish->method, .detail = arena_bytes(&erasure->job->arena, buf_bytes(&detail)),
		.evidence = act_evidence_text(erasure->job, erasure->wish->id),
	};
}

/* X6 */
static void
request_holds_end(struct erasure *erasure, struct change *change)
{
	const struct standing *standing = &erasure->subject.standing;

	for (size_t i = 0; i < standing->ground_count; i++)
		if (ground_live(&standing->ground[i], erasure->job->now) &&
		    holds_for_request(erasure, &standing->ground[i]))
			release_add(erasure, change, standing->ground[i].seq);
}

static bool
in_scope(const struct erasure *erasure, uint32_t purpose)
{
	return erasure->wish->scope == ERASE_PERSON ||
	       (erasure->wish->scope == ERASE_PURPOSE && erasure->wish->purpose == purpose);
}

/*= gdpr 17(1)(b)
 *# The data subject withdraws consent on which the processing is based. */
static enum err
consents_end(struct erasure *erasure, struct change *change)
{
	const struct standing *standing = &erasure->subject.standing;

	for (size_t i = 0; i < standing->permission_count; i++) {
		const struct permission *permission = &standing->permission[i];
		bool open = permission->state == PERMISSION_GIVEN || permission->state == PERMISSION_UNCONFIRMED ||
		            permission->pending_until_at != INT64_MIN;
		uint32_t version = permission->version ? permission->version : permission->pending_version;
		if (open && in_scope(erasure, permission->purpose))
			TRY(act_add(erasure, change, ACT_WITHDRAWN, permission->purpose, version, BASIS_CONSENT));
	}
	return OK;
}

/* Grounds that give way.  Where one of a purpose and basis stays, so do the others, which are of the
 * same kind and run out. */
static enum err
grounds_end(struct erasure *erasure, struct change *change)
{
	const struct standing *standing = &erasure->subject.standing;

	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		if (!ground_live(ground, erasure->job->now) || ground->basis == BASIS_CONSENT ||
		    ground->basis == BASIS_STORAGE_ONLY ||
		    !in_scope(erasure, ground->purpose) || ground_keeps(erasure, ground) ||
		    is_required(erasure, ground->purpose))
			continue;
		TRY(act_add(erasure, change, ACT_STOPPED, ground->purpose, ground->version, ground->basis));
	}
	return OK;
}

/* L6 of standing.h: only what is required covers these fields from now on. */
static void
fields_end(struct erasure *erasure, struct change *change)
{
	OWNED(buf_release) struct buf detail = { .max = 4 * LIMIT_VALUES + 2 * LIMIT_GROUNDS + 16 };
	const struct erase_wish *wish = erasure->wish;

	buf_le16(&detail, (uint16_t)wish->field_count);
	for (size_t i = 0; i < wish->field_count; i++)
		buf_le16(&detail, wish->field[i]);
	for (size_t i = 0; i < erasure->kept_count; i++)
		if (erasure->kept[i].purpose)
			buf_le16(&detail, (uint16_t)erasure->kept[i].purpose);
	change->act[change->act_count++] = (struct act_new){
		.act = ACT_ERASED, .at = erasure->job->now, .until_at = TIME_NEVER, .method = wish->method,
		.detail = arena_bytes(&erasure->job->arena, buf_bytes(&detail)),
		.evidence = act_evidence_text(erasure->job, wish->id),
	};
}

/* X2: of an erased purpose the acts stay, as what the standing follows from, and their evidence goes. */
static enum err
evidence_steps(struct job *job, struct db *db, struct erasure *erasure)
{
	const struct act_row *ledger = erasure->ledger;
	int64_t changed = 0, last = erasure->ledger_count ? ledger[erasure->ledger_count - 1].seq : 0;

	erasure->ret->counts.evidence = 0;
	for (size_t i = 0; i < erasure->ledger_count; i++) {
		uint32_t purpose = ledger[i].purpose;
		if (!purpose || !in_scope(erasure, purpose) || is_required(erasure, purpose))
			continue;
		TRY(db_run(job, db, SQL_LEDGER_EVIDENCE_DROP,
		           ARGS(sql_i64(erasure->subject.no), sql_i64(purpose), sql_i64(last)), &changed));
		erasure->ret->counts.evidence += changed;
	}
	return OK;
}

static void
remains_count(struct erasure *erasure)
{
	const struct change_done *done = &erasure->done;
	struct erased *ret = erasure->ret;

	ret->entry = done->entry;
	ret->version = done->version;
	ret->proofs = erasure->proof.count;
	ret->counts = (struct erase_counts){ .values = (int64_t)done->values_gone,
		                             .sections = (int64_t)done->sections_gone,
		                             .keys = (int64_t)done->keys_gone,
		                             .lookups = (int64_t)done->lookups_gone };
}

/* Follow those of change.c. */
static enum err
remains_steps(struct job *job, struct db *db, void *arg)
{
	struct erasure *erasure = arg;

	remains_count(erasure);
	TRY(outbox_steps(job, db, &erasure->outbox));
	TRY(request_steps(job, db, erasure));
	TRY(evidence_steps(job, db, erasure));
	TRY(stops_steps(job, db, erasure));
	TRY(proof_steps(job, db, erasure->ret->entry, &erasure->proof));
	TRY(certificate_steps(job, db, erasure));
	return extra_steps(job, db, erasure);
}

static enum err
change_make(struct erasure *erasure, struct change *change)
{
	size_t room = erasure->subject.standing.permission_count + 2 * erasure->subject.standing.ground_count + 1;
	uint8_t *reason = arena_alloc(&erasure->job->arena, 1);

	*reason = (uint8_t)erasure->wish->reason;
	*change = (struct change){
		.registry = erasure->registry, .subject = erasure->subject, .entry = ENTRY_ERASE,
		.entry_note = { reason, 1 }, .extra = remains_steps, .extra_ctx = erasure,
		.done = &erasure->done,
	};
	change->act = arena_array(&erasure->job->arena, room, sizeof(*change->act));
	request_holds_end(erasure, change);
	if (erasure->wish->scope == ERASE_FIELDS) {
		fields_end(erasure, change);
		return OK;
	}
	TRY(consents_end(erasure, change));
	return grounds_end(erasure, change);
}

/* --- the calls -------------------------------------------------------------------------------- */

static void
result_begin(struct erasure *erasure)
{
	struct erased *ret = erasure->ret;

	*ret = (struct erased){ .id = erasure->wish->id, .buried = nothing_remains(erasure),
		                .kept = erasure->kept, .kept_count = erasure->kept_count,
		                .proof_until_at = TIME_NEVER };
	if (erasure->proof.count)
		ret->proof_until_at = proof_until(erasure->registry, erasure->proof.year);
}

static size_t
addresses_held(const struct erasure *erasure)
{
	size_t count = 0;

	for (int address = 0; address < ADDRESS_COUNT; address++)
		count += erasure->subject.tagged[address];
	return erasure->wish->scope == ERASE_PERSON ? count : 0;
}

/* X6: what the person is told in the end, while the request can still be opened. */
static enum err
reply_plan(struct erasure *erasure)
{
	struct request_row *request = &erasure->request;
	struct job *job = erasure->job;
	struct erased told = *erasure->ret;
	struct request_step *step;
	size_t count;
	str address;
	bool swedish;

	if (!erasure->wish->requested)
		return OK;
	TRY(request_meant(job, erasure->wish->request, erasure->subject.no, RIGHT_ERASURE, request));
	TRY(request_open_all(job, erasure->vault, request, &address, &step, &count));
	if (!address.len)
		return OK;
	told.stops = addresses_held(erasure);
	told.proofs = erasure->proof.count;
	swedish = str_eq(request->language, S("sv"));
	return outbox_plan_reply(
		job, erasure->vault, erasure->subject.no,
		&(struct outbox_reply){
			.channel = request_reply_channel(address),
			.address = address, .language = swedish ? S("sv") : S("en"),
			.title = swedish ? S("Din begäran om radering") : S("Your request for erasure"),
			.text = erase_words(job, erasure->registry, &told, swedish ? LANGUAGE_SV : LANGUAGE_EN),
			.request = request->id },
		&erasure->outbox);
}

static enum err
carry_out(struct erasure *erasure)
{
	struct change_result result;
	struct change change;

	if (nothing_remains(erasure)) /* X3 */
		return store_write(erasure->job, erasure->vault->store, WRITE_RESERVED, bury_steps, erasure);
	TRY(change_make(erasure, &change));
	return change_commit(erasure->job, erasure->vault, &change, &result);
}

static void
erasure_end(struct erasure *erasure)
{
	burial_end(&erasure->burial);
}

static void
turn_end(struct subject_turn **turn)
{
	subject_turn_end(turn);
}

static enum err
number_of(struct job *job, uid subject, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_SUBJECT_NO_OF_ID, ARGS(sql_bytes(uid_bytes(&subject))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no such person");
	*ret = rows_i64(&rows, 0);
	return OK;
}

/* The arena's memory of one try is the job's; a second try begins anew. */
static enum err
erase_try(struct job *job, struct vault *vault, uid subject, const struct erase_wish *wish,
          struct erased *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(turn_end) struct subject_turn *turn = NULL;
	int64_t no = 0;
	OWNED(erasure_end) struct erasure erasure = { .job = job, .vault = vault, .wish = wish, .ret = ret };

	TRY(registry_hold(job, vault, &registry));
	TRY(number_of(job, subject, &no));
	turn = subject_turn_take(vault->store, no);
	TRY(subject_get(job, vault, subject, &erasure.subject));
	erasure.registry = registry;
	TRY(plan_make(&erasure));
	result_begin(&erasure);
	TRY(reply_plan(&erasure));
	TRY(carry_out(&erasure));
	ret->certificate = certificate_sign(job, vault, ret->certificate); /* X5 */
	return OK;
}

enum err
erase(struct job *job, struct vault *vault, uid subject, const struct erase_wish *wish, struct erased *ret)
{
	for (int try = 0; try < RETRIES; try++) {
		enum err err = erase_try(job, vault, subject, wish, ret);
		if (err != ERR_STALE)
			return err;
		job_forgive(job);
	}
	return fail(job, ERR_BUSY, "this person is being changed by too many at once");
}

/* --- looking ahead ---------------------------------------------------------------------------- */

static enum err
preview_try(struct job *job, struct vault *vault, const struct registry *registry, uid subject,
            const struct erase_wish *wish, struct erased *ret)
{
	OWNED(erasure_end) struct erasure erasure = { .job = job, .vault = vault, .registry = registry,
		                                      .wish = wish, .ret = ret };
	struct change change;
	size_t gone = 0;

	TRY(subject_get(job, vault, subject, &erasure.subject));
	TRY(plan_make(&erasure));
	result_begin(&erasure);
	gone = erasure.burial.value_count;
	if (!ret->buried) {
		TRY(change_make(&erasure, &change));
		TRY(change_preview(job, vault, &change, &gone));
	}
	ret->version = erasure.subject.version;
	ret->counts.values = (int64_t)gone;
	ret->stops = addresses_held(&erasure);
	ret->proofs = erasure.proof.count;
	return entry_write(job, vault->store,
	                   &(struct entry){ .act = ENTRY_ERASE_PREVIEW, .subject = erasure.subject.no },
	                   &ret->entry);
}

enum err
erase_preview(struct job *job, struct vault *vault, uid subject, const struct erase_wish *wish,
              struct erased *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;

	TRY(registry_hold(job, vault, &registry));
	for (int try = 0; try < RETRIES; try++) {
		enum err err = preview_try(job, vault, registry, subject, wish, ret);
		if (err != ERR_STALE)
			return err;
		job_forgive(job);
	}
	return fail(job, ERR_BUSY, "this person is being changed by too many at once");
}
