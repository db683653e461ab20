/* vault/import_yes.c -- evidence of consent in the rows of an import, against what stands (M1, M2). */
#include "vault/import_derive.h"

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

bool
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

enum err
consents_derive(struct derive *d)
{
	const struct import_settings *settings = d->run->settings;

	for (size_t i = 0; i < settings->consent_count; i++)
		for (size_t n = 0; n < d->plan->consent_count; n++)
			TRY(consent_derive(d, &settings->consent[i], &d->plan->consent[n]));
	return OK;
}
