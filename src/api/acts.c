/* api/acts.c -- acts in a person's ledger: consents, grounds, holds, and what they share
 * with objections.c and restriction.c.
 *
 * What an act means depends on the person as they are when it is written, so each of these fills
 * its change inside subject_change(), which may do it again on a fresher row. */
#include "api/acts.h"

#include "api/audit.h"
#include "base/limits.h"
#include "vault/evidence.h"
#include "vault/restrict.h"

/* --- shared ----------------------------------------------------------------------------------- */

enum err
act_times(struct job *job, struct json body, struct act_new *act)
{
	act->at = job->now;
	act->until_at = TIME_NEVER;
	TRY(json_time(job, body, "at", &act->at, NULL));
	TRY(json_time(job, body, "until", &act->until_at, NULL));
	if (act->until_at <= act->at)
		return json_fail(job, ERR_INVALID, json_member(job, body, "until"),
		                 "is not after the act");
	return OK;
}

static enum err
basis_read(struct job *job, const struct purpose_version *version, struct json body,
           enum basis *ret)
{
	int word = (int)version->basis;

	TRY(body_word(job, body, "basis", WORDS_BASIS, &word, NULL));
	*ret = (enum basis)word;
	if (*ret == version->basis || (*ret == BASIS_SOFT_OPT_IN && version->soft_opt_in))
		return OK;
	return json_fail(job, ERR_INVALID, json_member(job, body, "basis"),
	                 "the purpose rests on another basis");
}

static bool
is_about_consent(enum act act)
{
	return act == ACT_REQUESTED || act == ACT_GIVEN || act == ACT_CONFIRMED ||
	       act == ACT_REFUSED || act == ACT_WITHDRAWN;
}

/* Consent is given, every other ground is established; the two do not mix. */
static enum err
act_fits_basis(struct job *job, struct json body, struct act_new *act)
{
	bool consent = act->basis == BASIS_CONSENT;

	if (!act->act)
		act->act = consent ? ACT_GIVEN : ACT_ESTABLISHED;
	if (is_about_consent(act->act) != consent)
		return json_fail(job, ERR_INVALID, json_member(job, body, "act"),
		                 "does not go with the basis of the purpose");
	return OK;
}

enum err
act_channels(struct job *job, struct json body, struct act_new *act)
{
	bool there;

	TRY(body_mask(job, body, "channels", WORDS_CHANNEL, true, &act->channels, &there));
	if (there && !act->channels)
		return json_fail(job, ERR_INVALID, json_member(job, body, "channels"),
		                 "is empty; leave it out for all channels");
	if (act->version && act->channels & ~act->version->channels)
		return json_fail(job, ERR_INVALID, json_member(job, body, "channels"),
		                 "has a channel that the purpose does not use");
	return OK;
}

enum err
act_about(struct job *job, const struct registry *registry, const struct purpose *purpose,
          struct json body, struct act_new *act)
{
	TRY(act_times(job, body, act));
	TRY(basis_read(job, purpose->active, body, &act->basis));
	TRY(act_fits_basis(job, body, act));
	TRY(act_evidence(job, registry, purpose->active, body, act));
	return act_channels(job, body, act);
}

void
change_answer(struct job *job, struct call *call, int status, const struct change_result *result)
{
	struct json_out *out = answer_json(call, status);

	answer_etag(job, call, result->version);
	json_open(out, '{');
	json_pair_uid(out, S("id"), result->id);
	json_pair_i64(out, S("version"), result->version);
	if (result->values_gone)
		json_pair_i64(out, S("values_gone"), (int64_t)result->values_gone);
	if (result->first_seq)
		json_pair_i64(out, S("seq"), result->first_seq);
	json_close(out, '}');
}

enum err
again_act(struct job *job, struct call *call)
{
	struct subject subject;

	TRY(subject_get(job, call->vault, call->object, &subject));
	change_answer(job, call, 200,
	              &(struct change_result){ .id = subject.id, .version = subject.version });
	return OK;
}

enum err
again_empty(struct job *job, struct call *call)
{
	answer_empty(call);
	return OK;
}

const struct purpose *
purpose_in(const struct change *change, const struct append *append)
{
	return append->purpose ? registry_purpose_no(change->registry, append->purpose->no) : NULL;
}

enum err
append_acts(struct job *job, struct change *change, struct append *append, struct act_new *act, size_t count)
{
	change->entry = ENTRY_ACT;
	change->act = act;
	change->act_count = count;
	append->answering = (struct answering){ .call = append->call };
	if (append->right)
		TRY(answering_read(job, append->call, append->right, change, &append->answering));
	answering_set(change, &append->answering);
	return OK;
}

enum err
append_read(struct job *job, struct call *call, struct append *ret)
{
	bool there;

	*ret = (struct append){ .call = call, .body = call->body };
	TRY(call_id(job, call, &call->object));
	TRY(call_registry(job, call));
	return call_purpose(job, call, call->body, &ret->purpose, &there);
}

enum err
append_do(struct job *job, struct append *append, change_fill *fill)
{
	struct call *call = append->call;
	struct change_result result;

	TRY(subject_change(job, call->vault, call->object, fill, append, &result));
	change_answer(job, call, 200, &result);
	return OK;
}

static enum err
purpose_needed(struct job *job, const struct append *append)
{
	if (!append->purpose)
		return json_fail(job, ERR_INVALID, json_member(job, append->body, "purpose"),
		                 "is required");
	return OK;
}

enum err
whole_person(struct job *job, const struct append *append)
{
	return append->purpose ? OK : call_may(job, append->call, 0);
}

enum err
whole_read(struct job *job, struct call *call, struct append *ret)
{
	TRY(append_read(job, call, ret));
	return whole_person(job, ret);
}

enum err
scope_for(struct job *job, const struct append *append)
{
	if (act_raises(append->act) < 0)
		return OK; /* the scope withdraw is enough, and the route saw to it */
	return require_scope(job, &append->call->principal, SCOPE_WRITE);
}

const struct purpose_version *
version_lowered(const struct change *change, const struct purpose *purpose)
{
	const struct standing *standing = &change->subject.standing;
	const struct purpose_version *version = purpose->active;
	uint32_t number = 0;

	for (size_t i = 0; i < standing->permission_count; i++)
		if (standing->permission[i].purpose == purpose->no &&
		    standing->permission[i].version > number)
			number = standing->permission[i].version;
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].purpose == purpose->no &&
		    standing->ground[i].version > number)
			number = standing->ground[i].version;
	if (number)
		version = registry_version(change->registry, purpose->no, number);
	for (size_t i = purpose->version_count; !version && i-- > 0;)
		if (purpose->version[i].state != VERSION_DRAFT)
			version = &purpose->version[i];
	return version;
}

/* --- consents --------------------------------------------------------------------------------- */

static enum err
consent_lowered(struct job *job, const struct change *change, const struct purpose *purpose,
                struct json body, struct act_new *act)
{
	const struct purpose_version *version = version_lowered(change, purpose);

	if (!version)
		return json_fail(job, ERR_PURPOSE_INACTIVE, json_member(job, body, "purpose"),
		                 "the purpose was never in force");
	act->basis = BASIS_CONSENT;
	TRY(act_times(job, body, act));
	TRY(act_evidence(job, change->registry, version, body, act));
	return act_channels(job, body, act);
}

static enum err
consent_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	const struct purpose *purpose = purpose_in(change, append);

	act->act = append->act;
	TRY(append_acts(job, change, append, act, 1));
	if (act_raises(act->act) < 0)
		return consent_lowered(job, change, purpose, append->body, act);
	if (!purpose->active)
		return json_fail(job, ERR_PURPOSE_INACTIVE,
		                 json_member(job, append->body, "purpose"),
		                 "the purpose has no version in force");
	return act_about(job, change->registry, purpose, append->body, act);
}

static enum err
consent_read(struct job *job, struct call *call, struct append *ret)
{
	int word = 0;

	TRY(append_read(job, call, ret));
	TRY(purpose_needed(job, ret));
	TRY(body_need_word(job, call->body, "act", WORDS_CONSENT_ACT, &word));
	ret->act = (enum act)word;
	return scope_for(job, ret);
}

enum err
on_consents_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(consent_read(job, call, &append));
	return append_do(job, &append, consent_fill);
}

/* --- withdrawals ------------------------------------------------------------------------------ */

static enum err
withdrawal_of(struct job *job, struct change *change, const struct append *append, uint32_t no,
              struct act_new *act)
{
	const struct purpose *purpose = registry_purpose_no(change->registry, no);

	if (!purpose)
		return fail(job, ERR_CORRUPT, "a permission for a purpose that is not there");
	*act = (struct act_new){ .act = ACT_WITHDRAWN };
	return consent_lowered(job, change, purpose, append->body, act);
}

/* Each purpose to which the person has said anything but no. */
static enum err
withdrawals_of_all(struct job *job, struct change *change, const struct append *append,
                   struct act_new *act, size_t *ret_count)
{
	const struct standing *standing = &change->subject.standing;
	size_t count = 0;

	for (size_t i = 0; i < standing->permission_count; i++) {
		const struct permission *permission = &standing->permission[i];
		bool done = permission->state == PERMISSION_WITHDRAWN ||
		            permission->state == PERMISSION_REFUSED;
		for (size_t n = 0; n < count; n++)
			done |= act[n].version->purpose == permission->purpose;
		if (!done)
			TRY(withdrawal_of(job, change, append, permission->purpose, &act[count++]));
	}
	*ret_count = count;
	return OK;
}

static enum err
withdrawal_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	size_t room = change->subject.standing.permission_count + 1, count = 1;
	struct act_new *act = arena_array(&job->arena, room, sizeof(*act));

	if (append->purpose)
		TRY(withdrawal_of(job, change, append, append->purpose->no, act));
	else
		TRY(withdrawals_of_all(job, change, append, act, &count));
	return append_acts(job, change, append, act, count);
}

/*= gdpr 7(3)
 *# The data subject shall have the right to withdraw his or her consent at any time.  It shall be
 *# as easy to withdraw as to give consent. */
enum err
on_withdrawals_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(whole_read(job, call, &append));
	append.right = RIGHT_WITHDRAWAL;
	return append_do(job, &append, withdrawal_fill);
}

/* --- other grounds ---------------------------------------------------------------------------- */

/* The ground that ends: of the basis that was named, or else the one that is there. */
static enum err
ground_meant(struct job *job, const struct change *change, const struct purpose *purpose,
             struct json body, const struct ground **ret)
{
	const struct standing *standing = &change->subject.standing;
	int basis = BASIS_NONE;
	bool named;

	TRY(body_word(job, body, "basis", WORDS_BASIS, &basis, &named));
	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		if (ground->purpose != purpose->no || ground->basis == BASIS_CONSENT ||
		    ground->state == GROUND_OVER || (named && ground->basis != (enum basis)basis))
			continue;
		*ret = ground;
		return OK;
	}
	return json_fail(
		job, ERR_CONFLICT, json_member(job, body, "purpose"),
		"the person has no such ground for that purpose; consent is withdrawn, not ended");
}

static enum err
ground_lowered(struct job *job, const struct change *change, const struct purpose *purpose,
               struct json body, struct act_new *act)
{
	const struct ground *ground = NULL;

	TRY(ground_meant(job, change, purpose, body, &ground));
	act->basis = ground->basis;
	TRY(act_times(job, body, act));
	return act_evidence(job, change->registry,
	                    registry_version(change->registry, ground->purpose, ground->version),
	                    body, act);
}

static enum err
ground_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	const struct purpose *purpose = purpose_in(change, append);

	act->act = append->act;
	TRY(append_acts(job, change, append, act, 1));
	if (act_raises(act->act) < 0)
		return ground_lowered(job, change, purpose, append->body, act);
	if (!purpose->active)
		return json_fail(job, ERR_PURPOSE_INACTIVE,
		                 json_member(job, append->body, "purpose"),
		                 "the purpose has no version in force");
	TRY(act_about(job, change->registry, purpose, append->body, act));
	return ground_may_begin(job, &change->subject.standing, act);
}

static enum err
ground_act_read(struct job *job, struct call *call, struct append *ret)
{
	int word = 0;

	TRY(append_read(job, call, ret));
	TRY(purpose_needed(job, ret));
	TRY(body_need_word(job, call->body, "act", WORDS_GROUND_ACT, &word));
	ret->act = (enum act)word;
	return OK;
}

enum err
on_grounds_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(ground_act_read(job, call, &append));
	return append_do(job, &append, ground_fill);
}

str
one_member(struct job *job, str name, str text)
{
	OWNED(buf_release) struct buf json = { .max = LIMIT_EVIDENCE_BYTES };
	struct json_out out;

	json_out_begin(&out, &json);
	json_open(&out, '{');
	json_pair_str(&out, name, text);
	json_close(&out, '}');
	must(buf_ok(&json));
	return arena_str(&job->arena, buf_str(&json));
}

/* --- holds ------------------------------------------------------------------------------------ */

enum err
fields_read(struct job *job, const struct registry *registry, struct json body, bool needed, bytes *ret)
{
	OWNED(buf_release) struct buf numbers = { .max = 2 * LIMIT_VALUES };
	struct json place = json_member(job, body, "fields"), list;

	TRY(json_array(job, body, "fields", LIMIT_VALUES, &list));
	if (!json_count(list) && (needed || json_kind(place) == JSON_ARRAY))
		return json_fail(job, ERR_INVALID, place, "names the fields that are meant");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		const struct field *field;
		str name;
		TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &name));
		field = registry_field(registry, name);
		if (!field)
			return json_fail(job, ERR_INVALID, element, "names no field");
		buf_le16(&numbers, field->no);
	}
	*ret = arena_bytes(&job->arena, buf_bytes(&numbers));
	return OK;
}

static enum err
hold_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	str reason;

	act->act = ACT_HELD;
	act->basis = BASIS_STORAGE_ONLY;
	act->method = METHOD_API_CALL;
	TRY(act_times(job, append->body, act));
	if (act->until_at <= job->now)
		return json_fail(job, ERR_INVALID, json_member(job, append->body, "until"),
		                 "is past");
	TRY(json_need_str(job, append->body, "reason", 2000, &reason));
	if (!str_trim(reason).len)
		return json_fail(job, ERR_INVALID, json_member(job, append->body, "reason"),
		                 "is empty");
	TRY(fields_read(job, change->registry, append->body, true, &act->detail));
	act->evidence = one_member(job, S("reason"), reason);
	return append_acts(job, change, append, act, 1);
}

enum err
on_holds_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(whole_read(job, call, &append));
	return append_do(job, &append, hold_fill);
}

static bool
is_held(const struct standing *standing, int64_t seq)
{
	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		if (ground->basis == BASIS_STORAGE_ONLY && ground->seq == seq &&
		    ground->state != GROUND_OVER)
			return !standing_restriction(standing, seq); /* that one is lifted, not released */
	}
	return false;
}

static enum err
release_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	OWNED(buf_release) struct buf detail = { .max = 8 };
	int64_t seq;

	if (!str_i64(append->call->param[1], &seq) || !is_held(&change->subject.standing, seq))
		return fail(job, ERR_ABSENT, "the person has no such hold");
	buf_le64(&detail, (uint64_t)seq);
	*act = (struct act_new){
		.act = ACT_RELEASED,
		.basis = BASIS_STORAGE_ONLY,
		.at = job->now,
		.until_at = TIME_NEVER,
		.method = METHOD_API_CALL,
		.detail = arena_bytes(&job->arena, buf_bytes(&detail)),
	};
	return append_acts(job, change, append, act, 1);
}

enum err
on_hold_release_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(whole_read(job, call, &append));
	return append_do(job, &append, release_fill);
}

/* --- told ------------------------------------------------------------------------------------- */

static enum err
told_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct append *append = ctx;
	int how = 0;

	TRY(body_need_time(job, append->body, "at", &change->told_at));
	TRY(body_need_word(job, append->body, "how", WORDS_METHOD, &how));
	if (change->told_at > job->now)
		return json_fail(job, ERR_INVALID, json_member(job, append->body, "at"),
		                 "is in the future");
	change->set_told = true;
	change->entry_note = arena_bytes(&job->arena, (bytes){ (uint8_t[]){ (uint8_t)how }, 1 });
	TRY(append_acts(job, change, append, NULL, 0));
	change->entry = ENTRY_TOLD;
	return OK;
}

enum err
on_told_post(struct job *job, struct call *call)
{
	struct append append;

	TRY(whole_read(job, call, &append));
	return append_do(job, &append, told_fill);
}

/* --- the ledger ------------------------------------------------------------------------------- */

static void
put_word(struct json_out *out, str name, str word)
{
	json_name(out, name);
	if (word.len)
		json_put_str(out, word);
	else
		json_put_null(out);
}

static void
put_channels(struct json_out *out, uint32_t channels)
{
	json_name(out, S("channels"));
	json_open(out, '[');
	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (channels & CHANNEL_BIT(channel))
			json_put_str(out, channel_name((enum channel)channel));
	json_close(out, ']');
}

static void
put_lines(struct json_out *out, str name, str lines)
{
	str line;

	json_name(out, name);
	json_open(out, '[');
	while (lines.len) {
		if (!eat_until(&lines, '\n', &line)) {
			line = lines;
			lines = S("");
		}
		json_put_str(out, line);
	}
	json_close(out, ']');
}

static void
put_reason(struct json_out *out, const struct registry *registry, const struct act_row *act)
{
	bytes fields = act->detail;
	uint8_t reason;

	if (!eat_u8(&fields, &reason))
		return;
	json_pair_str(out, S("reason"),
	              act->act == ACT_EXCEPTED ? exception_name((enum exception)reason)
	                                       : restriction_name((enum restriction_reason)reason));
	if (fields.len)
		fields_pair(out, registry, fields);
}

/* Ledger numbers that the act is about; what may follow the last is no number. */
static void
put_about(struct json_out *out, bytes detail)
{
	uint64_t seq;

	json_name(out, S("about"));
	json_open(out, '[');
	while (detail.len >= 8 && eat_le64(&detail, &seq))
		json_put_i64(out, (int64_t)seq);
	json_close(out, ']');
}

static void
put_chosen(struct json_out *out, bytes detail)
{
	uint16_t count, days;
	uint64_t until;
	uint8_t what;

	if (!eat_u8(&detail, &what))
		return;
	if (what == CHOICE_PAUSE && eat_le64(&detail, &until)) {
		json_name(out, S("paused_until"));
		if (until)
			json_put_time(out, (time_us)until);
		else
			json_put_null(out);
	} else if (what == CHOICE_OFTEN && eat_le16(&detail, &count) && eat_le16(&detail, &days)) {
		json_pair_i64(out, S("at_most"), count);
		json_pair_i64(out, S("in_days"), days);
	} else if (what == CHOICE_LANGUAGE) {
		json_pair_str(out, S("language"), bytes_str(detail));
	}
}

/* What stands open in the act, by its kind (standing.h). */
static void
put_detail(struct json_out *out, const struct registry *registry, const struct act_row *act)
{
	bytes detail = act->detail, fields;
	uint64_t seq;
	uint16_t count;

	if (act->act == ACT_HELD || act->act == ACT_CORRECTED || act->act == ACT_COMPLETED)
		fields_pair(out, registry, detail);
	else if (act->act == ACT_ERASED && eat_le16(&detail, &count) &&
	         eat_bytes(&detail, (size_t)count * 2, &fields))
		fields_pair(out, registry, fields);
	else if (act->act == ACT_RELEASED && eat_le64(&detail, &seq))
		json_pair_i64(out, S("released"), (int64_t)seq);
	else if (act->act == ACT_RESTRICTED || act->act == ACT_EXCEPTED)
		put_reason(out, registry, act);
	else if (act->act == ACT_UNRESTRICTED || act->act == ACT_TOLD || act->act == ACT_UPHELD ||
	         act->act == ACT_OVERRULED)
		put_about(out, detail);
	else if (act->act == ACT_CHOSEN)
		put_chosen(out, detail);
	else if (detail.len && act->basis == BASIS_SOFT_OPT_IN)
		put_lines(out, S("categories"), bytes_str(detail));
}

static enum err
act_write(struct job *job, struct call *call, struct json_out *out, const struct act_row *act)
{
	const struct registry *registry = call->registry;

	json_open(out, '{');
	json_pair_i64(out, S("seq"), act->seq);
	json_pair_time(out, S("at"), act->at);
	json_pair_time(out, S("recorded_at"), act->recorded_at);
	json_pair_str(out, S("act"), act_name(act->act));
	purpose_pair(out, registry, act->purpose);
	json_name(out, S("version"));
	if (act->version)
		json_put_i64(out, act->version);
	else
		json_put_null(out);
	put_word(out, S("basis"), basis_name(act->basis));
	put_channels(out, act->channels);
	json_pair_time(out, S("until"), act->until_at);
	notice_pair(out, act->notice);
	put_word(out, S("method"), method_name(act->method));
	TRY(actor_pair(job, out, act->actor));
	put_detail(out, registry, act);
	json_name(out, S("evidence"));
	if (act->evidence.len)
		json_put_raw(out, bytes_str(act->evidence));
	else
		json_put_null(out);
	json_close(out, '}');
	return OK;
}

/* A key sees the acts about its purposes; those on the whole person, one that is for all. */
static enum err
ledger_write(struct job *job, struct call *call, const struct act_row *act, size_t count,
             size_t limit)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("acts"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		if (principal_has(&call->principal, act[i].purpose))
			TRY(act_write(job, call, out, &act[i]));
	json_close(out, ']');
	answer_next(out, count == limit, count ? act[count - 1].seq : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_consents_get(struct job *job, struct call *call)
{
	struct act_row *act;
	struct page page;
	size_t count;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(subject_ledger(job, call->vault, id, page.after, (size_t)page.limit, &act, &count));
	return ledger_write(job, call, act, count, (size_t)page.limit);
}
