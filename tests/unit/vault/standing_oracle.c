#include "standing_oracle.h"

#define CONFIRM_WITHIN (7 * TIME_DAY) /* "kept for a few days" */

/* --- order: L1 ------------------------------------------------------------------------------- */

static bool
comes_before(const struct act_row *a, const struct act_row *b)
{
	bool a_lowers = act_raises(a->act) < 0, b_lowers = act_raises(b->act) < 0;

	if (a->at != b->at)
		return a->at < b->at;
	if (a_lowers != b_lowers)
		return b_lowers;
	return a->seq < b->seq;
}

void
oracle_begin(struct oracle *oracle, const struct registry *registry, const struct act_row *act,
             size_t count)
{
	must(count <= ORACLE_ACTS);
	*oracle = (struct oracle){ .registry = registry };
	for (size_t i = 0; i < count; i++) { /* insertion */
		size_t at = oracle->count++;
		for (; at > 0 && comes_before(&act[i], oracle->act[at - 1]); at--)
			oracle->act[at] = oracle->act[at - 1];
		oracle->act[at] = &act[i];
	}
}

static const struct purpose_version *
version_of(const struct oracle *oracle, const struct act_row *act)
{
	return registry_version(oracle->registry, act->purpose, act->version);
}

static time_us
sooner(time_us a, time_us b)
{
	return a < b ? a : b;
}

/* --- until when an act carries ---------------------------------------------------------------- */

static bool
same_ground(const struct act_row *a, const struct act_row *b)
{
	return a->purpose == b->purpose && a->basis == b->basis;
}

/* `channels`: which channels an `ended` must name to end this one; 0: any. */
static time_us
end_of(const struct oracle *oracle, size_t i, uint32_t channels)
{
	const struct act_row *act = oracle->act[i];
	const struct purpose_version *version = version_of(oracle, act);
	time_us end = TIME_NEVER;

	switch (version->retention_event) {
	case RETENTION_GIVEN:
		end = time_add(act->at, version->retention);
		break;
	case RETENTION_YEAR_END: {
		struct date new_year = { date_of(act->at).year + 1, 1, 1 };
		end = time_add(date_time(new_year), version->retention);
		break;
	}
	case RETENTION_ENDED:
		for (size_t n = i + 1; n < oracle->count && end == TIME_NEVER; n++) {
			const struct act_row *later = oracle->act[n];
			if (later->act == ACT_ENDED && later->purpose == act->purpose &&
			    later->basis == (channels ? BASIS_CONSENT : act->basis) &&
			    (!channels || later->channels & channels))
				end = time_add(later->at, version->retention);
		}
		break;
	}
	return sooner(end, act->until_at);
}

/* --- objections ------------------------------------------------------------------------------ */

static bool
objects_to(const struct act_row *act, uint32_t purpose, bool marketing, uint32_t channels)
{
	return act->act == ACT_OBJECTED && act->channels & channels &&
	       (act->purpose == purpose || (act->purpose == 0 && marketing));
}

time_us
oracle_objected(const struct oracle *oracle, uint32_t purpose, bool marketing, enum channel channel)
{
	for (size_t i = oracle->count; i-- > 0;)
		if (objects_to(oracle->act[i], purpose, marketing, CHANNEL_BIT(channel)))
			return oracle->act[i]->at;
	return INT64_MIN;
}

/* --- consent --------------------------------------------------------------------------------- */

struct question {
	const struct oracle *oracle;
	uint32_t purpose;
	uint32_t channel; /* bit */
};

static bool
concerns(const struct question *q, size_t i)
{
	const struct act_row *act = q->oracle->act[i];

	return act->purpose == q->purpose && act->channels & q->channel;
}

/* Was what was said at i taken back between i and `before`?  L2, L3 */
static bool
taken_back(const struct question *q, size_t i, size_t before)
{
	bool marketing = version_of(q->oracle, q->oracle->act[i])->marketing;

	for (size_t n = i + 1; n < before; n++) {
		const struct act_row *act = q->oracle->act[n];
		if ((act->act == ACT_REFUSED || act->act == ACT_WITHDRAWN) && concerns(q, n))
			return true;
		if (objects_to(act, q->purpose, marketing, q->channel))
			return true;
	}
	return false;
}

static bool full_yes(const struct question *q, size_t i);

/* The last one before `before` that is a yes by itself; SIZE_MAX */
static size_t
last_yes(const struct question *q, size_t before)
{
	for (size_t i = before; i-- > 0;)
		if (full_yes(q, i))
			return i;
	return SIZE_MAX;
}

/* The last first step of a double opt-in that nothing has answered. */
static size_t
last_waiting(const struct question *q, size_t before)
{
	for (size_t i = before; i-- > 0;) {
		if (full_yes(q, i))
			return SIZE_MAX;
		if (q->oracle->act[i]->act == ACT_GIVEN && concerns(q, i))
			return i; /* a given that is no yes waits */
	}
	return SIZE_MAX;
}

static bool
yes_at(const struct question *q, size_t i, size_t before, time_us t)
{
	return i != SIZE_MAX && !taken_back(q, i, before) && t < end_of(q->oracle, i, q->channel);
}

static bool
waits_at(const struct question *q, size_t i, size_t before, time_us t)
{
	return i != SIZE_MAX && !taken_back(q, i, before) &&
	       t < q->oracle->act[i]->at + CONFIRM_WITHIN;
}

static bool
full_yes(const struct question *q, size_t i)
{
	const struct act_row *act = q->oracle->act[i];

	if (!concerns(q, i))
		return false;
	if (act->act == ACT_GIVEN)
		return !version_of(q->oracle, act)->double_opt_in;
	if (act->act != ACT_CONFIRMED)
		return false;
	/* It answers a first step, or says again what is in force; an old link opens nothing. */
	return waits_at(q, last_waiting(q, i), i, act->at) || yes_at(q, last_yes(q, i), i, act->at);
}

static bool
said_no(const struct question *q)
{
	for (size_t i = q->oracle->count; i-- > 0;) {
		enum act act = q->oracle->act[i]->act;
		if (full_yes(q, i))
			return false;
		if ((act == ACT_REFUSED || act == ACT_WITHDRAWN) && concerns(q, i))
			return true;
	}
	return false;
}

struct oracle_word
oracle_word(const struct oracle *oracle, uint32_t purpose, enum channel channel, time_us t)
{
	struct question q = { oracle, purpose, CHANNEL_BIT(channel) };
	size_t yes = last_yes(&q, oracle->count), waiting = last_waiting(&q, oracle->count);
	struct oracle_word word = { .no = said_no(&q) };

	if (yes_at(&q, yes, oracle->count, t)) {
		word.yes = true;
		word.from = oracle->act[yes];
	}
	if (waits_at(&q, waiting, oracle->count, t)) {
		word.pending = true;
		word.pending_from = oracle->act[waiting];
	}
	return word;
}

/* --- other grounds --------------------------------------------------------------------------- */

enum carries { CARRIES_NOTHING, CARRIES_KEEPING, CARRIES_USE };

/* What the `established` at i gives at t.  L4 */
static enum carries
carries(const struct oracle *oracle, size_t i, time_us t)
{
	const struct act_row *act = oracle->act[i];
	const struct purpose_version *version = version_of(oracle, act);
	uint32_t objected = 0;

	if (t >= end_of(oracle, i, 0))
		return CARRIES_NOTHING;
	for (size_t n = i + 1; n < oracle->count; n++) {
		const struct act_row *later = oracle->act[n];
		if (later->act == ACT_STOPPED && same_ground(later, act))
			return CARRIES_NOTHING;
		if (objects_to(later, act->purpose, version->marketing, CHANNELS_ALL))
			objected |= later->channels;
	}
	if (!objected)
		return CARRIES_USE;
	if (version->marketing) /* 21(3): over where nothing is left that was not objected to */
		return version->channels & ~objected ? CARRIES_USE : CARRIES_NOTHING;
	/* 21(1): only e and f can be objected to; kept until it is decided */
	return act->basis == BASIS_LEGITIMATE_INTEREST || act->basis == BASIS_PUBLIC_TASK
	               ? CARRIES_KEEPING
	               : CARRIES_USE;
}

static enum carries
best(const struct oracle *oracle, uint32_t purpose, enum basis basis, time_us t)
{
	enum carries most = CARRIES_NOTHING;

	if (basis == BASIS_CONSENT) {
		for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
			struct oracle_word word = oracle_word(oracle, purpose, channel, t);
			if (word.yes)
				return CARRIES_USE;
			if (word.pending)
				most = CARRIES_KEEPING;
		}
		return most;
	}
	for (size_t i = 0; i < oracle->count; i++) {
		const struct act_row *act = oracle->act[i];
		if (act->act == ACT_ESTABLISHED && act->purpose == purpose && act->basis == basis &&
		    carries(oracle, i, t) > most)
			most = carries(oracle, i, t);
	}
	return most;
}

bool
oracle_keeps(const struct oracle *oracle, uint32_t purpose, enum basis basis, time_us t)
{
	return best(oracle, purpose, basis, t) >= CARRIES_KEEPING;
}

bool
oracle_usable(const struct oracle *oracle, uint32_t purpose, enum basis basis, time_us t)
{
	return best(oracle, purpose, basis, t) == CARRIES_USE;
}

/* --- coverage -------------------------------------------------------------------------------- */

static bool
has_field(const struct oracle *oracle, const struct act_row *act, uint16_t field)
{
	return version_has_field(version_of(oracle, act), field);
}

static bool
holds(const struct oracle *oracle, size_t i, uint16_t field, time_us t)
{
	bytes fields = oracle->act[i]->detail;
	bool named = false;
	uint16_t no;

	if (oracle->act[i]->act != ACT_HELD || t >= oracle->act[i]->until_at)
		return false;
	while (eat_le16(&fields, &no))
		named |= no == field;
	for (size_t n = i + 1; n < oracle->count && named; n++) {
		bytes detail = oracle->act[n]->detail;
		uint64_t seq;
		if (oracle->act[n]->act == ACT_RELEASED && eat_le64(&detail, &seq) &&
		    (int64_t)seq == oracle->act[i]->seq)
			named = false;
	}
	return named;
}

uint32_t
oracle_covering(const struct oracle *oracle, uint16_t field, time_us t)
{
	uint32_t covering = 0;

	for (size_t i = 0; i < oracle->count; i++) {
		const struct act_row *act = oracle->act[i];
		if (holds(oracle, i, field, t))
			covering |= 1;
		if (act->act == ACT_ESTABLISHED && has_field(oracle, act, field) &&
		    carries(oracle, i, t) != CARRIES_NOTHING)
			covering |= 1u << act->purpose;
	}
	for (size_t p = 0; p < oracle->registry->purpose_count; p++) {
		uint32_t purpose = oracle->registry->purpose[p].no;
		for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
			struct oracle_word word = oracle_word(oracle, purpose, channel, t);
			if ((word.yes && has_field(oracle, word.from, field)) ||
			    (word.pending && has_field(oracle, word.pending_from, field)))
				covering |= 1u << purpose;
		}
	}
	return covering;
}

bool
oracle_restricted(const struct oracle *oracle)
{
	for (size_t i = oracle->count; i-- > 0;) {
		if (oracle->act[i]->act == ACT_RESTRICTED)
			return true;
		if (oracle->act[i]->act == ACT_UNRESTRICTED)
			return false;
	}
	return false;
}
