/* vault/import_noes.c -- what the rows of an import take away, and what stands against a yes. */
#include "vault/import_derive.h"

#define SUPPRESSIONS_MAX 64

/* --- what stands ------------------------------------------------------------------------------ */

enum err
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

void
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
enum err
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

/* --- against a yes ---------------------------------------------------------------------------- */

bool
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

bool
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
bool
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
