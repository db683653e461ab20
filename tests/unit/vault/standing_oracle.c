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

/* L7: the ruling recorded last that names this objection or a later one; ACT_NONE. */
static enum act
ruled(const struct oracle *oracle, const struct act_row *objection)
{
	const struct act_row *found = NULL;

	for (size_t i = 0; i < oracle->count; i++) {
		const struct act_row *act = oracle->act[i];
		uint64_t upto = 0;
		if ((act->act != ACT_UPHELD && act->act != ACT_OVERRULED) || act->detail.len != 9 ||
		    !objection->purpose || act->purpose != objection->purpose ||
		    (act->detail.ptr[8] == 1) != (objection->act == ACT_CONTESTED))
			continue;
		for (int n = 8; n-- > 0;)
			upto = upto << 8 | act->detail.ptr[n];
		if (upto >= (uint64_t)objection->seq && (!found || found->seq < act->seq))
			found = act;
	}
	return found ? found->act : ACT_NONE;
}

time_us
oracle_objected(const struct oracle *oracle, uint32_t purpose, bool marketing, enum channel channel)
{
	for (size_t i = oracle->count; i-- > 0;)
		if (objects_to(oracle->act[i], purpose, marketing, CHANNEL_BIT(channel)) &&
		    (marketing || ruled(oracle, oracle->act[i]) != ACT_OVERRULED))
			return oracle->act[i]->at;
	return INT64_MIN;
}

bool
oracle_contested(const struct oracle *oracle, uint32_t purpose)
{
	for (size_t i = 0; i < oracle->count; i++)
		if (oracle->act[i]->act == ACT_CONTESTED && oracle->act[i]->purpose == purpose &&
		    ruled(oracle, oracle->act[i]) != ACT_OVERRULED)
			return true;
	return false;
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

/* What is left of an interest or a public task when all objections to it are heard.  L7 */
static enum carries
weighed(const struct oracle *oracle, const struct act_row *established)
{
	enum carries left = CARRIES_USE;

	for (size_t i = 0; i < oracle->count; i++) {
		const struct act_row *act = oracle->act[i];
		if (act->act != ACT_OBJECTED || act->purpose != established->purpose)
			continue;
		if (ruled(oracle, act) == ACT_UPHELD)
			return CARRIES_NOTHING;
		if (ruled(oracle, act) == ACT_NONE)
			left = CARRIES_KEEPING;
	}
	return left;
}

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
	if (version->marketing) /* 21(3): over where nothing is left that was not objected to */
		return !objected || version->channels & ~objected ? CARRIES_USE : CARRIES_NOTHING;
	/* 21(1): only e and f can be objected to */
	return act->basis == BASIS_LEGITIMATE_INTEREST || act->basis == BASIS_PUBLIC_TASK
	               ? weighed(oracle, act)
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

/* --- restriction: L8 -------------------------------------------------------------------------- */

static uint64_t
number_at(bytes detail, size_t at)
{
	uint64_t number = 0;

	for (size_t n = 8; n-- > 0;)
		number = number << 8 | detail.ptr[at + n];
	return number;
}

/* Is act i a restriction that nothing has lifted since? */
static bool
restricts_still(const struct oracle *oracle, size_t i)
{
	if (oracle->act[i]->act != ACT_RESTRICTED)
		return false;
	for (size_t n = i + 1; n < oracle->count; n++) {
		bytes detail = oracle->act[n]->detail;
		if (oracle->act[n]->act != ACT_UNRESTRICTED)
			continue;
		if (!detail.len)
			return false;
		for (size_t at = 0; at + 8 <= detail.len; at += 8)
			if (number_at(detail, at) == (uint64_t)oracle->act[i]->seq)
				return false;
	}
	return true;
}

/* Fields stand behind the reason; none: all. */
static bool
is_about_all(const struct act_row *restricted)
{
	return restricted->detail.len <= 1;
}

static bool
is_about(const struct act_row *restricted, uint16_t field)
{
	for (size_t at = 1; at + 2 <= restricted->detail.len; at += 2)
		if (restricted->detail.ptr[at] + 256 * restricted->detail.ptr[at + 1] == field)
			return true;
	return is_about_all(restricted);
}

/* 18(1)(b) and (c): the person wants it kept. */
static bool
is_kept(const struct oracle *oracle, size_t i, uint16_t field, time_us t)
{
	const struct act_row *act = oracle->act[i];

	return restricts_still(oracle, i) && act->detail.len &&
	       (act->detail.ptr[0] == 2 || act->detail.ptr[0] == 3) && t < act->until_at && is_about(act, field);
}

bool
oracle_restricted(const struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->count; i++)
		if (restricts_still(oracle, i) && is_about_all(oracle->act[i]))
			return true;
	return false;
}

bool
oracle_restricts(const struct oracle *oracle, uint16_t field)
{
	for (size_t i = 0; i < oracle->count; i++)
		if (restricts_still(oracle, i) && is_about(oracle->act[i], field))
			return true;
	return false;
}

time_us
oracle_told(const struct oracle *oracle, int64_t seq)
{
	time_us told = TIME_NEVER;

	for (size_t i = 0; i < oracle->count; i++) {
		if (oracle->act[i]->seq != seq || !restricts_still(oracle, i))
			continue;
		for (size_t n = i + 1; n < oracle->count; n++)
			if (oracle->act[n]->act == ACT_TOLD && number_at(oracle->act[n]->detail, 0) == (uint64_t)seq)
				told = oracle->act[n]->at;
	}
	return told;
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
		if (holds(oracle, i, field, t) || is_kept(oracle, i, field, t))
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
