/* vault/import_plan.c -- from what the rows want of one person to what may be written.
 *
 * The order is the law's: first what the rows take away, then whether there is evidence for a yes
 * that no no outweighs (M1, M2), then where the company wants the rest, and values last, since a value
 * needs a ground (V1). */
#include "vault/import_parts.h"

#include "base/limits.h"
#include "vault/rows.h"

#define SUPPRESSIONS_MAX 64

void *
room_for(struct job *job, void *table, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return table;
	*room = *room ? *room * 2 : 4;
	grown = arena_array(&job->arena, *room, size);
	if (count)
		memcpy(grown, table, count * size);
	return grown;
}

/* --- wants ------------------------------------------------------------------------------------ */

static bool
values_add(struct job *job, struct import_plan *plan, const struct import_row *row)
{
	bool more = false;

	for (size_t i = 0; i < row->value_count; i++) {
		size_t at = 0;
		while (at < plan->value_count && plan->value[at].field != row->value[i].field)
			at++;
		if (at < plan->value_count)
			continue;
		plan->value = room_for(job, plan->value, plan->value_count, &plan->value_room,
		                       sizeof(*plan->value));
		plan->value[plan->value_count++] = row->value[i];
		more = true;
	}
	return more;
}

static bool
consent_add(struct job *job, struct import_plan *plan, const struct import_row *row)
{
	if (!row->consents)
		return false;
	for (size_t i = 0; i < plan->consent_count; i++)
		if (plan->consent[i].at == row->consent.at &&
		    plan->consent[i].confirmed_at == row->consent.confirmed_at)
			return false;
	plan->consent = room_for(job, plan->consent, plan->consent_count, &plan->consent_room,
	                         sizeof(*plan->consent));
	plan->consent[plan->consent_count++] = row->consent;
	return true;
}

static bool
no_add(struct job *job, struct import_plan *plan, const struct want_no *no)
{
	for (size_t i = 0; i < plan->no_count; i++) {
		struct want_no *has = &plan->no[i];
		if (has->kind != no->kind || has->address != no->address ||
		    memcmp(has->digest, no->digest, DIGEST_BYTES) != 0)
			continue;
		if (no->at > has->at)
			*has = *no;
		return false;
	}
	plan->no = room_for(job, plan->no, plan->no_count, &plan->no_room, sizeof(*plan->no));
	plan->no[plan->no_count++] = *no;
	return true;
}

void
plan_add(struct job *job, struct import_plan *plan, const struct import_row *row, bool *ret_more)
{
	bool more = false;

	for (size_t i = 0; i < row->no_count; i++)
		more |= no_add(job, plan, &row->no[i]);
	if (!row->bad) {
		plan->rows++;
		more |= values_add(job, plan, row);
		more |= consent_add(job, plan, row);
		plan->reasons |= row->reasons;
		if (!plan->email.len)
			plan->email = row->email;
		if (!plan->phone.len)
			plan->phone = row->phone;
		if (!plan->reference.len)
			plan->reference = row->reference;
		if (row->since_at < plan->since_at)
			plan->since_at = row->since_at;
	}
	*ret_more = more;
}

/* --- the person ------------------------------------------------------------------------------- */

struct derive {
	struct job *job;
	const struct import_run *run;
	struct import_plan *plan;
	struct value *value; /* of the person */
	size_t value_count;
	struct suppression *suppression[ADDRESS_COUNT];
	size_t suppression_count[ADDRESS_COUNT];
	bool said_no;        /* in whatever way it matters for these purposes */
	bool grounded;       /* something lawful carries the rows' values */
	uint64_t covered[LIMIT_FIELDS / 64 + 1]; /* fields that new grounds cover, by number */
};

static void
because(struct derive *d, enum import_reason reason)
{
	d->plan->found_reasons |= WHY_BIT(reason);
}

static bool
is_there(const struct derive *d)
{
	return d->plan->subject.version > 0;
}

static enum err
values_open(struct derive *d, const struct subject *subject, struct value **ret, size_t *ret_count)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct vault *vault = d->run->vault;

	TRY(keys_get(d->job, vault->keys, d->job->db, subject->no, &keyset));
	return record_open(d->job, subject->id, keyset, subject->record, ret, ret_count);
}

static const struct value *
value_of(const struct value *value, size_t count, const struct field *field)
{
	for (size_t i = 0; field && i < count; i++)
		if (value[i].field == field->no)
			return &value[i];
	return NULL;
}

/* Full name as one folded text: from the whole, or from its parts. */
static void
name_fold(str whole, str given, str family, struct buf *ret)
{
	OWNED(buf_release) struct buf text = { .max = 2 * LIMIT_VALUE_BYTES };

	buf_put(&text, whole);
	if (!whole.len) {
		buf_put(&text, given);
		buf_char(&text, ' ');
		buf_put(&text, family);
	}
	text_fold(buf_str(&text), ret);
}

static str
wanted(const struct import_plan *plan, const struct field *field)
{
	for (size_t i = 0; field && i < plan->value_count; i++)
		if (plan->value[i].field == field)
			return plan->value[i].text;
	return S("");
}

static str
held(const struct value *value, size_t count, const struct field *field)
{
	const struct value *at = value_of(value, count, field);

	return at ? at->text : S("");
}

static bool
same_name(const struct derive *d, const struct value *value, size_t count)
{
	OWNED(buf_release) struct buf ours = { .max = 4 * LIMIT_VALUE_BYTES };
	OWNED(buf_release) struct buf theirs = { .max = 4 * LIMIT_VALUE_BYTES };
	const struct import_run *run = d->run;

	name_fold(wanted(d->plan, run->full_name), wanted(d->plan, run->given_name),
	          wanted(d->plan, run->family_name), &ours);
	name_fold(held(value, count, run->full_name), held(value, count, run->given_name),
	          held(value, count, run->family_name), &theirs);
	return ours.len && str_eq(buf_str(&ours), buf_str(&theirs));
}

static enum err
holder_get(struct derive *d, int64_t no, struct subject *ret, bool *ret_there)
{
	enum err err = subject_get_no(d->job, d->run->vault, no, ret);

	*ret_there = !err;
	if (err == ERR_ABSENT || err == ERR_GONE) { /* went since the lookup */
		job_forgive(d->job);
		return OK;
	}
	return err;
}

/* Among several who share the address, the one of that name; *ret_unclear when that is not one. */
static enum err
person_among(struct derive *d, bool *ret_unclear)
{
	struct import_plan *plan = d->plan;
	size_t matches = 0, there_count = 0;
	struct subject subject, only = { 0 };

	for (size_t i = 0; i < plan->holder_count; i++) {
		struct value *value;
		size_t count;
		bool there;
		TRY(holder_get(d, plan->holder[i], &subject, &there));
		if (!there)
			continue;
		there_count++;
		TRY(values_open(d, &subject, &value, &count));
		if (!same_name(d, value, count))
			continue;
		if (!matches++)
			only = subject;
	}
	*ret_unclear = there_count && matches != 1;
	if (matches == 1)
		plan->subject = only;
	return OK;
}

static enum err
person_find(struct derive *d, bool *ret_unclear)
{
	struct import_plan *plan = d->plan;
	bool there = false;

	*ret_unclear = plan->holders_many;
	plan->subject = (struct subject){ 0 };
	if (plan->holders_many || !plan->holder_count)
		return OK;
	if (plan->holder_count > 1)
		return person_among(d, ret_unclear);
	TRY(holder_get(d, plan->holder[0], &plan->subject, &there));
	if (!there)
		plan->subject = (struct subject){ 0 };
	return OK;
}

/* Somebody else's hands on the person since this import's own: not its own to undo any more. */
static enum err
touched_find(struct derive *d)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct import_plan *plan = d->plan;
	bool there;

	TRY(db_query(d->job, d->job->db, SQL_IMPORT_MADE_GET,
	             ARGS(sql_i64(plan->subject.no), sql_i64(d->run->import_no)), &rows));
	TRY(rows_next(d->job, &rows, &there));
	plan->touched = there && rows_i64(&rows, 1) != plan->subject.version;
	plan->made_here = there && !plan->touched && rows_i64(&rows, 0) == 1;
	plan->asked_here = plan->made_here && rows_i64(&rows, 2);
	return OK;
}

static enum err
suppressions_find(struct derive *d, enum address address, str canonical)
{
	OWNED(buf_release) struct buf match = { .max = 4 * LIMIT_VALUE_BYTES };
	struct suppression found[SUPPRESSIONS_MAX];
	uint8_t digest[DIGEST_BYTES];
	size_t count;

	if (!canonical.len)
		return OK;
	type_match(address == ADDRESS_EMAIL ? TYPE_EMAIL : TYPE_PHONE, canonical, &match);
	suppression_digest(d->run->vault, address, buf_str(&match), digest);
	TRY(suppressions_get(d->job, d->job->db, digest, found, SUPPRESSIONS_MAX, &count));
	if (count) {
		d->suppression[address] = arena_array(&d->job->arena, count, sizeof(*found));
		memcpy(d->suppression[address], found, count * sizeof(*found));
	}
	d->suppression_count[address] = count;
	return OK;
}

/* --- writing things down ---------------------------------------------------------------------- */

static void
act_put(struct derive *d, const struct act_new *act)
{
	struct change *change = &d->plan->change;
	size_t room = change->act_count;

	/* Grows by doubling from four: act_count is a power of two times when there is no room. */
	if (!(room & (room - 1)) || !room) {
		struct act_new *grown = arena_array(&d->job->arena, room ? room * 2 : 1, sizeof(*grown));
		if (room)
			memcpy(grown, change->act, room * sizeof(*grown));
		change->act = grown;
	}
	change->act[change->act_count] = *act;
	change->act[change->act_count].method = METHOD_IMPORT;
	change->act_count++;
}

static void
added_put(struct derive *d, uint8_t kind, int64_t object, int64_t detail)
{
	struct import_plan *plan = d->plan;

	plan->added = room_for(d->job, plan->added, plan->added_count, &plan->added_room,
	                       sizeof(*plan->added));
	plan->added[plan->added_count].kind = kind;
	plan->added[plan->added_count].object = object;
	plan->added[plan->added_count++].detail = detail;
}

static void
cover(struct derive *d, const struct purpose_version *version)
{
	d->grounded = true;
	for (size_t i = 0; i < version->field_count; i++)
		if (version->field[i] / 64 < COUNT(d->covered))
			d->covered[version->field[i] / 64] |= UINT64_C(1) << (version->field[i] % 64);
}

/* --- noes ------------------------------------------------------------------------------------- */

static void
suppression_want(struct derive *d, const struct want_no *no, enum suppression_scope scope,
                 uint32_t purpose, enum channel channel, enum suppression_source source)
{
	struct import_plan *plan = d->plan;
	struct want_suppression *want;

	if (no->address == ADDRESS_NONE)
		return;
	plan->suppression = room_for(d->job, plan->suppression, plan->suppression_count,
	                             &plan->suppression_room, sizeof(*plan->suppression));
	want = &plan->suppression[plan->suppression_count++];
	want->suppression = (struct suppression){ .scope = scope, .purpose = purpose,
		                                  .channel = channel, .at = no->at, .source = source };
	want->timed = no->timed;
	memcpy(want->digest, no->digest, DIGEST_BYTES);
}

static bool
state_is_no(enum permission_state state)
{
	return state == PERMISSION_WITHDRAWN || state == PERMISSION_REFUSED || state == PERMISSION_OBJECTED;
}

/* A yes of this person that is newer than the dated no of the list: the no is history. */
static bool
newer_yes(const struct derive *d, const struct want_no *no, uint32_t purpose, enum channel channel)
{
	const struct standing *standing = &d->plan->subject.standing;

	if (!is_there(d) || !no->timed)
		return false;
	for (size_t i = 0; i < standing->permission_count; i++) {
		const struct permission *permission = &standing->permission[i];
		if ((!purpose || permission->purpose == purpose) && permission->channel == channel &&
		    permission->state == PERMISSION_GIVEN && permission->since_at > no->at)
			return true;
	}
	return false;
}

static void
withdraw(struct derive *d, const struct want_no *no, const struct purpose_version *version,
         enum channel channel)
{
	const struct permission *permission =
		standing_permission(&d->plan->subject.standing, version->purpose, channel);

	if (!is_there(d) ||
	    (permission && state_is_no(permission->state) && (!no->timed || permission->since_at >= no->at)))
		return;
	act_put(d, &(struct act_new){ .act = ACT_WITHDRAWN, .basis = BASIS_CONSENT, .version = version,
	                              .channels = CHANNEL_BIT(channel), .at = no->at,
	                              .until_at = TIME_NEVER });
}

/* From what the list is for. */
static void
no_to_list(struct derive *d, const struct want_no *no)
{
	const struct import_settings *settings = d->run->settings;

	for (size_t i = 0; i < settings->consent_count; i++) {
		const struct purpose_version *version = settings->consent[i].version;
		for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
			enum address address = channel_address((enum channel)channel);
			if (!(settings->consent[i].channels & CHANNEL_BIT(channel)) ||
			    (address != no->address && no->address != ADDRESS_NONE && address != ADDRESS_NONE))
				continue;
			if (newer_yes(d, no, version->purpose, (enum channel)channel)) {
				because(d, WHY_OLDER_NO);
				continue;
			}
			d->said_no = true;
			withdraw(d, no, version, (enum channel)channel);
			if (address == no->address)
				suppression_want(d, no, SCOPE_PURPOSE, version->purpose,
				                 (enum channel)channel, SOURCE_UNSUBSCRIBE);
		}
	}
}

static void
object(struct derive *d, const struct want_no *no, uint32_t channels)
{
	const struct standing *standing = &d->plan->subject.standing;
	uint32_t known = 0;

	if (!is_there(d))
		return;
	for (size_t i = 0; i < standing->objection_count; i++)
		if (!standing->objection[i].purpose && (!no->timed || standing->objection[i].at >= no->at))
			known |= standing->objection[i].channels;
	if (channels & ~known)
		act_put(d, &(struct act_new){ .act = ACT_OBJECTED, .channels = channels, .at = no->at,
		                              .until_at = TIME_NEVER });
}

static void
no_to_channel(struct derive *d, const struct want_no *no, enum channel channel)
{
	if (newer_yes(d, no, 0, channel)) {
		because(d, WHY_OLDER_NO);
		return;
	}
	d->said_no |= channel == CHANNEL_EMAIL;
	object(d, no, CHANNEL_BIT(channel));
	suppression_want(d, no, SCOPE_CHANNEL, 0, channel, SOURCE_UNSUBSCRIBE);
}

static void
noes_derive(struct derive *d)
{
	for (size_t i = 0; i < d->plan->no_count; i++) {
		const struct want_no *no = &d->plan->no[i];
		switch (no->kind) {
		case NO_LIST:
			no_to_list(d, no);
			break;
		case NO_EMAIL:
			no_to_channel(d, no, CHANNEL_EMAIL);
			break;
		case NO_SMS:
			no_to_channel(d, no, CHANNEL_SMS);
			break;
		case NO_CALLS:
			no_to_channel(d, no, CHANNEL_CALL);
			break;
		case NO_COMPLAINT:
			d->said_no = true;
			object(d, no, CHANNELS_ALL & ~CHANNEL_BIT(CHANNEL_NONE));
			suppression_want(d, no, SCOPE_MARKETING, 0, CHANNEL_NONE, SOURCE_COMPLAINT);
			break;
		case NO_BOUNCE: /* says nothing about what the person wants: the address alone is stopped */
			d->said_no = true;
			suppression_want(d, no, SCOPE_ALL, 0, CHANNEL_NONE, SOURCE_BOUNCE);
			break;
		case NO_KINDS:
			break;
		}
	}
}

/* Those that stand already are not written again (M4). */
static enum err
suppressions_new(struct derive *d)
{
	struct import_plan *plan = d->plan;
	size_t kept = 0;

	for (size_t i = 0; i < plan->suppression_count; i++) {
		struct want_suppression *want = &plan->suppression[i];
		struct suppression there[SUPPRESSIONS_MAX];
		size_t count;
		bool known = false;
		TRY(suppressions_get(d->job, d->job->db, want->digest, there, SUPPRESSIONS_MAX, &count));
		for (size_t n = 0; n < count; n++)
			known |= there[n].scope == want->suppression.scope &&
			         there[n].purpose == want->suppression.purpose &&
			         there[n].channel == want->suppression.channel &&
			         (!want->timed || there[n].at >= want->suppression.at);
		if (!known)
			plan->suppression[kept++] = *want;
	}
	plan->suppression_count = kept;
	return OK;
}

/* --- yes -------------------------------------------------------------------------------------- */

static bool
suppressed(const struct derive *d, const struct purpose_version *version, enum channel channel)
{
	enum address address = channel_address(channel);

	for (size_t i = 0; i < d->suppression_count[address]; i++) {
		const struct suppression *suppression = &d->suppression[address][i];
		switch (suppression->scope) {
		case SCOPE_MARKETING:
			if (version->marketing)
				return true;
			break;
		case SCOPE_CHANNEL:
			if (version->marketing && suppression->channel == channel)
				return true;
			break;
		case SCOPE_PURPOSE:
			if (suppression->purpose == version->purpose &&
			    (suppression->channel == CHANNEL_NONE || suppression->channel == channel))
				return true;
			break;
		case SCOPE_ALL:
		case SCOPE_NONE:
		case SCOPE_COUNT:
			return true;
		}
	}
	return false;
}

/* A no in the rows themselves that meets this purpose and channel, whatever its date: rows that
 * contradict one another are no clear yes. */
static bool
no_in_rows(const struct derive *d, const struct purpose_version *version, enum channel channel)
{
	enum address address = channel_address(channel);

	for (size_t i = 0; i < d->plan->no_count; i++) {
		enum no_kind kind = d->plan->no[i].kind;
		if (kind == NO_LIST || kind == NO_COMPLAINT ||
		    (kind == NO_BOUNCE && address == ADDRESS_EMAIL) ||
		    (version->marketing && ((kind == NO_EMAIL && channel == CHANNEL_EMAIL) ||
		                            (kind == NO_SMS && channel == CHANNEL_SMS) ||
		                            (kind == NO_CALLS && channel == CHANNEL_CALL))))
			return true;
	}
	return false;
}

/* M2 */
static bool
no_stands(const struct derive *d, const struct purpose_version *version, enum channel channel,
          time_us yes_at)
{
	const struct standing *standing = &d->plan->subject.standing;
	const struct permission *permission;
	time_us objected_at;

	if (suppressed(d, version, channel) || no_in_rows(d, version, channel))
		return true;
	if (!is_there(d))
		return false;
	permission = standing_permission(standing, version->purpose, channel);
	if (permission && state_is_no(permission->state) && permission->since_at >= yes_at)
		return true;
	return standing_objected(standing, version->purpose, version->marketing, channel, &objected_at) &&
	       objected_at >= yes_at;
}

/* Is this evidence, or newer, in the ledger already? */
static bool
yes_known(const struct derive *d, const struct purpose_version *version, enum channel channel,
          const struct want_consent *consent)
{
	const struct permission *permission;

	if (!is_there(d))
		return false;
	permission = standing_permission(&d->plan->subject.standing, version->purpose, channel);
	if (!permission)
		return false;
	if (permission->state == PERMISSION_GIVEN)
		return permission->since_at >= consent->at;
	if (permission->state == PERMISSION_UNCONFIRMED)
		return permission->since_at >= consent->at && consent->confirmed_at == TIME_NEVER;
	return permission->state == PERMISSION_EXPIRED && permission->since_at >= consent->at;
}

static bool
yes_lives(const struct derive *d, const struct purpose_version *version, enum channel channel)
{
	const struct permission *permission;

	if (!is_there(d))
		return false;
	permission = standing_permission(&d->plan->subject.standing, version->purpose, channel);
	return permission && (permission->state == PERMISSION_GIVEN || permission->state == PERMISSION_UNCONFIRMED) &&
	       permission->until_at > d->job->now;
}

/* What the ledger would make of it alone: does it carry anything today? */
static enum err
consent_lives(struct derive *d, const struct purpose_version *version,
              const struct want_consent *consent, bool *ret_lives)
{
	struct act_row act[2] = {
		{ .seq = 1, .at = consent->at, .act = ACT_GIVEN, .basis = BASIS_CONSENT,
		  .purpose = version->purpose, .version = version->version,
		  .channels = CHANNEL_BIT(CHANNEL_EMAIL), .until_at = TIME_NEVER },
	};
	struct standing standing;

	act[1] = act[0];
	act[1].seq = 2;
	act[1].act = ACT_CONFIRMED;
	act[1].at = consent->confirmed_at;
	TRY(standing_fold(d->job, d->run->registry, act, consent->confirmed_at == TIME_NEVER ? 1 : 2,
	                  &standing));
	*ret_lives = standing.permission_count && standing.permission[0].until_at > d->job->now;
	if (!*ret_lives)
		because(d, standing.permission_count && standing.permission[0].state == PERMISSION_UNCONFIRMED
		                   ? WHY_UNCONFIRMED
		                   : WHY_CONSENT_OVER);
	return OK;
}

static bool
has_address(const struct derive *d, enum channel channel)
{
	enum address address = channel_address(channel);

	return address == ADDRESS_NONE || address == ADDRESS_POST ||
	       (address == ADDRESS_EMAIL ? d->plan->email.len : d->plan->phone.len) > 0;
}

/* Waits in the ledger for its second step. */
static bool
yes_pending(const struct derive *d, const struct purpose_version *version, enum channel channel,
            time_us at)
{
	const struct permission *permission;

	if (!is_there(d))
		return false;
	permission = standing_permission(&d->plan->subject.standing, version->purpose, channel);
	return permission && permission->state == PERMISSION_UNCONFIRMED && permission->since_at == at;
}

static uint32_t
channels_where(const struct derive *d, const struct import_consent *to, uint32_t channels, bool pending,
               time_us at)
{
	uint32_t found = 0;

	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (channels & CHANNEL_BIT(channel) &&
		    (pending ? yes_pending(d, to->version, (enum channel)channel, at)
		             : yes_lives(d, to->version, (enum channel)channel)))
			found |= CHANNEL_BIT(channel);
	return found;
}

static void
consent_write(struct derive *d, const struct import_consent *to, uint32_t channels,
              const struct want_consent *consent)
{
	uint32_t living = channels_where(d, to, channels, false, 0);
	uint32_t pending = channels_where(d, to, channels, true, consent->at);
	struct act_new act = {
		.act = ACT_GIVEN, .basis = BASIS_CONSENT, .version = to->version, .channels = channels,
		.at = consent->at, .until_at = TIME_NEVER, .notice = to->notice, .evidence = consent->evidence,
	};

	act.channels = channels & ~pending;
	if (act.channels)
		act_put(d, &act);
	d->plan->consents++;
	if (to->version->double_opt_in && consent->confirmed_at != TIME_NEVER) {
		act.act = ACT_CONFIRMED;
		act.at = consent->confirmed_at;
		act.channels = channels;
		act_put(d, &act);
	}
	cover(d, to->version);
	if (channels & ~living)
		added_put(d, ADDED_CONSENT, to->version->purpose, channels & ~living);
}

static enum err
consent_derive(struct derive *d, const struct import_consent *to, const struct want_consent *consent)
{
	uint32_t channels = 0;
	bool lives, known = false;

	for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
		if (!(to->channels & CHANNEL_BIT(channel)) || !has_address(d, (enum channel)channel))
			continue;
		if (no_stands(d, to->version, (enum channel)channel, consent->at)) {
			d->said_no = true;
			because(d, WHY_SAID_NO);
			continue;
		}
		if (yes_known(d, to->version, (enum channel)channel, consent)) {
			known = true;
			d->grounded |= yes_lives(d, to->version, (enum channel)channel);
			continue;
		}
		channels |= CHANNEL_BIT(channel);
	}
	d->plan->known_consents += known && !channels;
	if (!channels)
		return OK;
	TRY(consent_lives(d, to->version, consent, &lives));
	if (lives)
		consent_write(d, to, channels, consent);
	return OK;
}

static enum err
consents_derive(struct derive *d)
{
	const struct import_settings *settings = d->run->settings;

	for (size_t i = 0; i < settings->consent_count; i++)
		for (size_t n = 0; n < d->plan->consent_count; n++)
			TRY(consent_derive(d, &settings->consent[i], &d->plan->consent[n]));
	return OK;
}

/* --- the rest --------------------------------------------------------------------------------- */

/* An objection to the purpose, or for marketing any no at all, is not got around by another ground. */
static bool
rest_refused(const struct derive *d, const struct purpose_version *version)
{
	const struct standing *standing = &d->plan->subject.standing;
	uint32_t blocked = 0;
	time_us at;

	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (version->channels & CHANNEL_BIT(channel) &&
		    ((is_there(d) &&
		      standing_objected(standing, version->purpose, version->marketing, (enum channel)channel, &at)) ||
		     (version->marketing && (suppressed(d, version, (enum channel)channel) ||
		                             no_in_rows(d, version, (enum channel)channel)))))
			blocked |= CHANNEL_BIT(channel);
	if (!version->marketing)
		return blocked;
	return d->said_no || blocked == version->channels;
}

/* Who said no to what the list is for is not asked again because of a list. */
static bool
asking_refused(const struct derive *d)
{
	const struct import_settings *settings = d->run->settings;

	if (d->said_no || rest_refused(d, settings->rest_version))
		return true;
	for (size_t i = 0; i < settings->consent_count; i++)
		for (int channel = 0; channel < CHANNEL_COUNT; channel++)
			if (settings->consent[i].channels & CHANNEL_BIT(channel) &&
			    no_stands(d, settings->consent[i].version, (enum channel)channel, INT64_MIN))
				return true;
	return d->suppression_count[ADDRESS_EMAIL] > 0;
}

static bool
any_yes_lives(const struct derive *d)
{
	const struct import_settings *settings = d->run->settings;

	for (size_t i = 0; i < settings->consent_count; i++)
		for (int channel = 0; channel < CHANNEL_COUNT; channel++)
			if (settings->consent[i].channels & CHANNEL_BIT(channel) &&
			    yes_lives(d, settings->consent[i].version, (enum channel)channel))
				return true;
	return false;
}

static str
rest_evidence(struct derive *d, str reference)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_EVIDENCE_BYTES };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_name(&out, S("evidence"));
	json_open(&out, '{');
	json_pair_str(&out, S("imported_from"), d->run->settings->source);
	if (reference.len)
		json_pair_str(&out, S("reference"), reference);
	json_close(&out, '}');
	json_close(&out, '}');
	must(buf_ok(&text));
	return arena_str(&d->job->arena, buf_str(&text));
}

static time_us
retention_until(const struct purpose_version *version, time_us at)
{
	if (version->retention_event == RETENTION_ENDED)
		return TIME_NEVER;
	if (version->retention_event == RETENTION_YEAR_END)
		at = date_time((struct date){ date_of(at).year + 1, 1, 1 });
	return time_add(at, version->retention);
}

static void
rest_write(struct derive *d, time_us at, time_us until_at, str reference)
{
	const struct purpose_version *version = d->run->settings->rest_version;

	act_put(d, &(struct act_new){ .act = ACT_ESTABLISHED, .basis = version->basis, .version = version,
	                              .at = at, .until_at = until_at,
	                              .evidence = rest_evidence(d, reference) });
	cover(d, version);
	added_put(d, ADDED_GROUND, version->purpose, version->basis);
}

static void
keep_derive(struct derive *d)
{
	const struct import_settings *settings = d->run->settings;
	const struct purpose_version *version = settings->rest_version;
	str reference = d->plan->reference.len ? d->plan->reference : settings->evidence_reference;
	time_us at = d->plan->since_at == TIME_NEVER ? d->run->created_at : d->plan->since_at;

	if (rest_refused(d, version)) {
		d->said_no = true;
		because(d, WHY_SAID_NO);
	} else if (version->basis != BASIS_LEGITIMATE_INTEREST && !reference.len) {
		because(d, WHY_NO_REFERENCE);
	} else if (retention_until(version, at) <= d->job->now) {
		because(d, WHY_GROUND_OVER);
	} else {
		rest_write(d, at, TIME_NEVER, reference);
	}
}

static void
ask_derive(struct derive *d)
{
	if (asking_refused(d)) {
		d->said_no = true;
		because(d, WHY_SAID_NO);
		return;
	}
	rest_write(d, d->run->created_at, d->run->created_at + IMPORT_ASK_DAYS * TIME_DAY, S(""));
	d->plan->asks = true;
}

static void
rest_derive(struct derive *d)
{
	const struct import_settings *settings = d->run->settings;
	const struct ground *ground;

	if (d->grounded || settings->rest == REST_LEAVE_OUT || !d->plan->rows)
		return;
	if (is_there(d)) {
		ground = standing_ground(&d->plan->subject.standing, settings->rest_version->purpose,
		                         settings->rest_version->basis);
		if (ground && ground_live(ground, d->job->now)) { /* kept or asked for already */
			d->grounded = ground_usable(ground, d->job->now);
			return;
		}
		if (settings->rest == REST_ASK_FIRST && any_yes_lives(d)) {
			d->grounded = true;
			return;
		}
	}
	if (settings->rest == REST_KEEP_FOR)
		keep_derive(d);
	else
		ask_derive(d);
}

/* --- values ----------------------------------------------------------------------------------- */

static bool
covered(const struct derive *d, const struct field *field)
{
	uint16_t covering[LIMIT_GROUNDS];

	if (d->covered[field->no / 64] & UINT64_C(1) << (field->no % 64))
		return true;
	return is_there(d) && standing_covering(d->run->registry, &d->plan->subject.standing, d->job->now,
	                                        field->no, covering) > 0;
}

/* M5: what is there stays, by whomever it was given. */
static void
values_derive(struct derive *d)
{
	struct import_plan *plan = d->plan;
	struct change *change = &plan->change;

	change->value = arena_array(&d->job->arena, plan->value_count + 1, sizeof(*change->value));
	for (size_t i = 0; i < plan->value_count && d->grounded; i++) {
		const struct value_set *want = &plan->value[i];
		const struct value *has = value_of(d->value, d->value_count, want->field);
		if (has && !str_eq(has->text, want->text))
			because(d, WHY_KEPT);
		if (has || !covered(d, want->field))
			continue;
		change->value[change->value_count++] = *want;
		added_put(d, ADDED_VALUE, want->field->no, 0);
	}
}

/* A person who could not be found again would come in once more with each run (M4). */
static bool
findable(const struct derive *d)
{
	for (size_t i = 0; i < d->plan->key_count; i++)
		for (size_t n = 0; n < d->plan->change.value_count; n++)
			if (d->plan->change.value[n].field == d->plan->key[i].field)
				return true;
	return false;
}

/* --- the outcome ------------------------------------------------------------------------------ */

static void
outcome_new(struct derive *d)
{
	struct import_plan *plan = d->plan;

	if (d->grounded && !findable(d)) {
		because(d, WHY_UNCOVERED);
		plan->outcome = OUTCOME_LEFT_OUT;
		return;
	}
	plan->writes = d->grounded;
	if (plan->writes)
		plan->outcome = plan->asks ? OUTCOME_ASKED : OUTCOME_CREATED;
	else if (plan->no_count && !plan->suppression_count)
		plan->outcome = OUTCOME_UNCHANGED;
	else
		plan->outcome = d->said_no || plan->no_count ? OUTCOME_SUPPRESSED : OUTCOME_LEFT_OUT;
}

static void
outcome_there(struct derive *d)
{
	struct import_plan *plan = d->plan;
	bool raises = false;

	for (size_t i = 0; i < plan->change.act_count; i++)
		raises |= act_raises(plan->change.act[i].act) > 0;
	plan->writes = plan->change.act_count || plan->change.value_count;
	if (raises || plan->change.value_count)
		plan->outcome = plan->asks ? OUTCOME_ASKED : OUTCOME_UPDATED;
	else if (plan->writes || plan->suppression_count)
		plan->outcome = OUTCOME_SUPPRESSED;
	else if (plan->no_count || d->grounded)
		plan->outcome = OUTCOME_UNCHANGED;
	else
		plan->outcome = d->said_no ? OUTCOME_SUPPRESSED : OUTCOME_LEFT_OUT;
}

static void
change_make(struct derive *d)
{
	struct import_plan *plan = d->plan;
	struct change *change = &plan->change;
	const struct import_run *run = d->run;

	change->registry = run->registry;
	change->subject = plan->subject;
	change->drop_uncovered = true;
	change->entry = is_there(d) ? ENTRY_SUBJECT_CHANGE : ENTRY_SUBJECT_CREATE;
	change->import_no = run->import_no;
	change->import_ask = plan->asks;
	plan->import_no = run->import_no;
	if (is_there(d))
		return;
	plan->added_count = 0; /* all of the person is the import's */
	if (run->settings->origin == ORIGIN_OBTAINED) { /* M6 */
		change->set_tell_by = true;
		change->tell_by_at = run->tell_by_at;
	}
	if (run->told_at != TIME_NEVER) {
		change->set_told = true;
		change->told_at = run->told_at;
	}
}

/* Article 18 leaves room for storing only, and for stopping more. */
static bool
is_frozen(const struct derive *d)
{
	return is_there(d) &&
	       (d->plan->subject.standing.restricted || d->plan->subject.flags & FLAG_DECEASED);
}

static void
forget(struct import_plan *plan)
{
	plan->change = (struct change){ 0 };
	plan->writes = plan->asks = plan->touched = plan->made_here = plan->asked_here = false;
	plan->known_consents = 0;
	plan->found_reasons = 0;
	plan->consents = 0;
	plan->suppression_count = plan->added_count = 0;
}

static enum err
derive_all(struct derive *d)
{
	struct import_plan *plan = d->plan;

	if (is_there(d)) {
		TRY(values_open(d, &plan->subject, &d->value, &d->value_count));
		TRY(touched_find(d));
	}
	TRY(suppressions_find(d, ADDRESS_EMAIL, plan->email));
	TRY(suppressions_find(d, ADDRESS_PHONE, plan->phone));
	noes_derive(d);
	TRY(suppressions_new(d));
	if (is_frozen(d)) {
		because(d, WHY_RESTRICTED);
	} else {
		TRY(consents_derive(d));
		rest_derive(d);
		values_derive(d);
	}
	if (is_there(d))
		outcome_there(d);
	else
		outcome_new(d);
	change_make(d);
	return OK;
}

enum err
plan_derive(struct job *job, const struct import_run *run, struct import_plan *plan)
{
	struct derive derive = { .job = job, .run = run, .plan = plan };
	bool unclear;

	forget(plan);
	TRY(person_find(&derive, &unclear));
	if (!unclear)
		return derive_all(&derive);
	/* Whoever is meant: the address is stopped all the same (M3). */
	because(&derive, WHY_SHARED);
	noes_derive(&derive);
	TRY(suppressions_new(&derive));
	plan->outcome = OUTCOME_BAD;
	return OK;
}

enum import_reason
plan_refusal(enum err err)
{
	switch (err) {
	case ERR_CHILD:
		return WHY_CHILD;
	case ERR_SPECIAL:
		return WHY_SPECIAL;
	case ERR_STALE:
		return WHY_BUSY;
	case ERR_LIMIT:
	case ERR_INVALID:
	case ERR_NO_GROUND:
	case ERR_EVIDENCE:
	case ERR_PURPOSE_INACTIVE:
	case ERR_SUPPRESSED:
	case ERR_HELD:
	case ERR_GONE:
		return WHY_REFUSED;
	default:
		return WHY_NONE;
	}
}
