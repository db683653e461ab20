/* vault/change_acts.c -- the acts of a change: may they be, and what they come behind. */
#include "base/limits.h"
#include "vault/change_parts.h"

#define CLOCK_SKEW (5 * 60 * TIME_SECOND) /* an act may be dated this far ahead of our clock */

/* law.md C1.1, C1.10: a ground has the basis of its purpose; consent is given, never established. */
static bool
basis_fits(const struct act_new *act)
{
	const struct purpose_version *version = act->version;

	if (act->act == ACT_GIVEN || act->act == ACT_CONFIRMED)
		return act->basis == BASIS_CONSENT && version->basis == BASIS_CONSENT;
	if (act->act != ACT_ESTABLISHED)
		return true;
	return act->basis != BASIS_CONSENT &&
	       (act->basis == version->basis || (act->basis == BASIS_SOFT_OPT_IN && version->soft_opt_in));
}

static enum err
act_check(struct prepare *prepare, const struct act_new *act)
{
	struct job *job = prepare->job;
	const struct purpose_version *version = act->version;

	if (act->at > job->now + CLOCK_SKEW)
		return fail_at(job, ERR_INVALID, S("/at"), "is in the future");
	/* The sweep writes an end down at that end: one that lies before its own beginning would be
	 * written down for ever. */
	if (act->until_at && act->until_at <= act->at)
		return fail_at(job, ERR_INVALID, S("/until"), "is not after the act");
	if (act_raises(act->act) <= 0 || act->act == ACT_OVERRULED || !version)
		return OK;
	/* A purpose that has ended, or a version that was never in force, starts nothing new. */
	if (version->state == VERSION_DRAFT || version->state == VERSION_ENDED)
		return fail_at(job, ERR_PURPOSE_INACTIVE, S("/purpose"), "the purpose is not active");
	if (!basis_fits(act))
		return fail_at(job, ERR_INVALID, S("/basis"), "the purpose rests on another basis");
	if (act->channels & ~version->channels)
		return fail_at(job, ERR_INVALID, S("/channels"), "the purpose does not use that channel");
	if (act->act == ACT_GIVEN && version->explicit_basis && !act->explicit_act)
		return fail_at(job, ERR_SPECIAL, S("/explicit"), "special categories need an explicit act");
	return OK;
}

static bool
under_age(struct date birth, int64_t age, time_us now)
{
	struct duration years = { .months = (uint32_t)age * 12 };

	return date_time(date_add(birth, years)) > now;
}

/*= gdpr 8(1)
 *# Where the child is below the age, processing is lawful only if consent is given or authorised
 *# by the holder of parental responsibility. */
static bool
is_child(const struct prepare *prepare)
{
	const struct registry *registry = prepare->change->registry;
	struct date birth;

	if (prepare->plan->after.flags & FLAG_CHILD)
		return true;
	for (size_t i = 0; i < prepare->value_count; i++) {
		const struct field *field = registry_field_no(registry, prepare->value[i].field);
		str text = prepare->value[i].text;
		bool known = false;
		if (field && field->type == TYPE_BIRTH_DATE)
			known = date_parse(text, &birth);
		else if (field && field->type == TYPE_PERSONNUMMER)
			known = personnummer_birth_date(text, &birth);
		if (known && under_age(birth, registry->age_of_consent, prepare->job->now))
			return true;
	}
	return false;
}

enum err
children_check(struct prepare *prepare)
{
	bool asked = false, child = false;

	for (size_t i = 0; i < prepare->change->act_count; i++) {
		const struct act_new *act = &prepare->change->act[i];
		if (act->act != ACT_GIVEN || act->basis != BASIS_CONSENT || act->guardian || act->told)
			continue;
		if (!asked)
			child = is_child(prepare);
		asked = true;
		if (child)
			return fail_at(prepare->job, ERR_CHILD, S("/guardian"), "the person is under the age of consent");
	}
	return OK;
}

void
evidence_seal(struct prepare *prepare, const struct act_new *act, struct act_row *row)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = LIMIT_EVIDENCE_BYTES + SEAL_OVERHEAD };

	if (!act->evidence.len)
		return;
	evidence_associated(&associated, prepare->plan->after.id, row->seq);
	seal(keyset_find(prepare->keyset, 0), buf_bytes(&associated), str_bytes(act->evidence), &sealed);
	row->evidence = arena_bytes(&prepare->job->arena, buf_bytes(&sealed));
}

static void
act_row_make(struct prepare *prepare, const struct act_new *act, int64_t seq, struct act_row *ret)
{
	const struct purpose_version *version = act->version;

	*ret = (struct act_row){
		.seq = seq,
		.at = act->at,
		.recorded_at = prepare->job->now,
		.act = act->act,
		.basis = act->basis,
		.purpose = version ? version->purpose : 0,
		.version = version ? version->version : 0,
		.channels = act->channels ? act->channels : version ? version->channels : CHANNELS_ALL,
		.until_at = act->until_at ? act->until_at : TIME_NEVER,
		.notice = act->notice,
		.method = act->method,
		.actor = prepare->job->actor,
		.detail = act->detail,
	};
}

/* Acts for which there is always room: a no, an end, and what the person has a right to. */
static bool
is_owed(enum act act)
{
	if (act == ACT_CHOSEN) /* a wish takes no room that a no may need */
		return false;
	return act_raises(act) < 0 || act == ACT_CORRECTED || act == ACT_COMPLETED || act == ACT_TOLD ||
	       act == ACT_UNRESTRICTED || act == ACT_OVERRULED;
}

static bool
only_owed(const struct change *change)
{
	for (size_t i = 0; i < change->act_count; i++)
		if (!is_owed(change->act[i].act) && !change->act[i].told)
			return false;
	return true;
}

bool
only_lowers(const struct change *change)
{
	for (size_t i = 0; i < change->act_count; i++)
		if (act_raises(change->act[i].act) >= 0 && !change->act[i].told)
			return false;
	return true;
}

/* Old acts and new ones in one array; the new ones numbered on. */
enum err
ledger_extend(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct job *job = prepare->job;
	struct act_row *old = NULL, *all;
	size_t old_count = 0;
	int64_t seq = 0;

	if (change->subject.version)
		TRY(ledger_read(job, change->subject.no, &old, &old_count));
	/* A no, and an end that the sweep writes down, find room beyond the limit (Article 7(3)). */
	if (old_count + change->act_count > (only_owed(change) ? 5 * LIMIT_LEDGER : LIMIT_LEDGER))
		return fail(job, ERR_LIMIT, "limit_ledger: this person's ledger holds as many acts as it may");
	all = arena_array(&job->arena, old_count + change->act_count + 1, sizeof(*all));
	if (old_count) {
		memcpy(all, old, old_count * sizeof(*all));
		seq = old[old_count - 1].seq;
	}
	for (size_t i = 0; i < change->act_count; i++) {
		all[old_count + i] = change->act[i].told ? *change->act[i].told : (struct act_row){ 0 };
		if (change->act[i].told)
			continue;
		TRY(act_check(prepare, &change->act[i]));
		act_row_make(prepare, &change->act[i], ++seq, &all[old_count + i]);
	}
	prepare->ledger = all;
	prepare->ledger_old = old_count;
	prepare->ledger_count = old_count + change->act_count;
	return OK;
}
