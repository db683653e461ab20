/* vault/import_rest.c -- where the company wants those of a list for whom there is no evidence: kept on
 * another ground, or asked first. */
#include "vault/import_derive.h"

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

void
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
