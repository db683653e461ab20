/* src/vault/standing.c against the oracle of standing_oracle.h, over random registries and ledgers.
 *
 *   VALV_SEED=n    the same run again     VALV_ROUNDS=n    more or fewer than 20 000 ledgers
 *
 * A ledger on which the two differ is made as short as it can be, and printed. */
#include "vault_test.h"

#include "random.h"
#include "standing_oracle.h"

#define ROUNDS 20000
#define PURPOSES 4
#define VERSIONS 2
#define FIELDS 6
#define ACTS_MAX 12
#define START (20788 * TIME_DAY) /* 2026-12-01: year's end is near */

/* --- a world --------------------------------------------------------------------------------- */

struct world {
	struct registry registry;
	struct purpose purpose[PURPOSES];
	struct purpose_version version[PURPOSES][VERSIONS];
	uint16_t field[PURPOSES][VERSIONS][FIELDS];
	struct act_row act[ACTS_MAX + 1];
	uint8_t detail[ACTS_MAX + 1][16];
	size_t count;
};

static const enum basis bases[] = {
	BASIS_CONSENT, BASIS_CONSENT, BASIS_CONSENT, BASIS_CONTRACT, BASIS_LEGAL_OBLIGATION,
	BASIS_PUBLIC_TASK, BASIS_LEGITIMATE_INTEREST, BASIS_LEGITIMATE_INTEREST, BASIS_SOFT_OPT_IN,
};

static void
version_any(struct random *random, struct world *world, size_t p, size_t v, enum basis basis)
{
	struct purpose_version *version = &world->version[p][v];
	uint16_t *field = world->field[p][v];
	bool consent = basis == BASIS_CONSENT;

	*version = (struct purpose_version){
		.purpose = (uint32_t)p + 1,
		.version = (uint32_t)v + 1,
		.state = v + 1 == VERSIONS ? VERSION_ACTIVE : VERSION_REPLACED,
		.basis = basis,
		.marketing = random_one_in(random, 2),
		.double_opt_in = consent && random_one_in(random, 2),
		.soft_opt_in = basis == BASIS_SOFT_OPT_IN || (consent && random_one_in(random, 2)),
		.retention = { .days = 1 + random_below(random, 20) },
		.retention_event = (enum retention_event)random_below(random, 3),
		.channels = random_one_in(random, 4) ? CHANNEL_BIT(CHANNEL_NONE)
		                                     : 2 + 2 * random_below(random, 7), /* e-mail, SMS, call */
		.field = field,
	};
	for (uint16_t no = 1; no <= FIELDS; no++)
		if (random_one_in(random, 2))
			field[version->field_count++] = no;
}

static void
registry_any(struct random *random, struct world *world)
{
	size_t count = 1 + random_below(random, PURPOSES);

	for (size_t p = 0; p < count; p++) {
		enum basis basis = bases[random_below(random, COUNT(bases))];
		for (size_t v = 0; v < VERSIONS; v++)
			version_any(random, world, p, v, basis);
		world->purpose[p] = (struct purpose){ .no = (uint32_t)p + 1, .version = world->version[p],
			                              .version_count = VERSIONS,
			                              .active = &world->version[p][VERSIONS - 1] };
	}
	world->registry = (struct registry){ .purpose = world->purpose, .purpose_count = count };
}

/* Half days, so that several acts often meet at one instant. */
static time_us
time_any(struct random *random)
{
	return START + random_below(random, 80) * (TIME_DAY / 2);
}

static uint32_t
channels_any(struct random *random, uint32_t of)
{
	uint32_t some = of & random_below(random, CHANNELS_ALL + 1);

	return some && !random_one_in(random, 3) ? some : of;
}

static void
consent_act(struct random *random, const struct purpose_version *version, struct act_row *act)
{
	static const enum act acts[] = { ACT_REQUESTED, ACT_GIVEN, ACT_GIVEN, ACT_GIVEN, ACT_CONFIRMED,
		                         ACT_CONFIRMED, ACT_REFUSED, ACT_WITHDRAWN, ACT_EXPIRED,
		                         ACT_ENDED };

	act->act = acts[random_below(random, COUNT(acts))];
	act->basis = BASIS_CONSENT;
	if (version->soft_opt_in && random_one_in(random, 5)) {
		act->act = ACT_ESTABLISHED;
		act->basis = BASIS_SOFT_OPT_IN;
	}
}

static void
ground_act(struct random *random, const struct purpose_version *version, struct act_row *act)
{
	static const enum act acts[] = { ACT_ESTABLISHED, ACT_ESTABLISHED, ACT_ESTABLISHED, ACT_ENDED,
		                         ACT_STOPPED };

	act->act = acts[random_below(random, COUNT(acts))];
	act->basis = version->basis;
}

static uint8_t
field_any(struct random *random)
{
	return (uint8_t)(1 + random_below(random, FIELDS));
}

static uint8_t
seq_any(struct random *random)
{
	return (uint8_t)(1 + random_below(random, ACTS_MAX));
}

/* Of the whole person or two fields; some as they were recorded before reasons were kept. */
static void
restriction_act(struct random *random, struct act_row *act, uint8_t *detail)
{
	detail[0] = (uint8_t)random_below(random, RESTRICTION_COUNT);
	detail[1] = field_any(random);
	detail[3] = field_any(random);
	act->detail = (bytes){ detail, random_one_in(random, 5) ? 0 : random_one_in(random, 2) ? 1 : 5 };
}

/* Lifts two by number, or all there are. */
static void
lifting_act(struct random *random, struct act_row *act, uint8_t *detail)
{
	detail[0] = seq_any(random);
	detail[8] = seq_any(random);
	act->detail = (bytes){ detail, random_one_in(random, 4) ? 0 : 16 };
}

static void
ruling_act(struct random *random, struct act_row *act, uint8_t *detail)
{
	static const enum act acts[] = { ACT_UPHELD, ACT_OVERRULED, ACT_OVERRULED, ACT_CONTESTED };

	act->act = acts[random_below(random, COUNT(acts))];
	if (act->act == ACT_CONTESTED)
		return;
	detail[0] = seq_any(random);
	detail[8] = random_one_in(random, 4);
	act->detail = (bytes){ detail, 9 };
}

/* About the whole person. */
static void
general_act(struct random *random, struct world *world, size_t i)
{
	static const enum act acts[] = { ACT_OBJECTED, ACT_RESTRICTED, ACT_RESTRICTED, ACT_UNRESTRICTED,
		                         ACT_HELD, ACT_RELEASED, ACT_TOLD };
	struct act_row *act = &world->act[i];
	uint8_t *detail = world->detail[i];

	act->act = acts[random_below(random, COUNT(acts))];
	act->purpose = act->version = 0;
	act->basis = BASIS_NONE;
	act->channels = CHANNELS_ALL;
	if (act->act == ACT_OBJECTED) {
		act->channels = channels_any(random, CHANNELS_ALL);
	} else if (act->act == ACT_HELD) {
		act->basis = BASIS_STORAGE_ONLY;
		for (size_t n = 0; n < 2; n++)
			detail[2 * n] = field_any(random);
		act->detail = (bytes){ detail, 4 };
	} else if (act->act == ACT_RESTRICTED) {
		restriction_act(random, act, detail);
	} else if (act->act == ACT_UNRESTRICTED) {
		lifting_act(random, act, detail);
	} else if (act->act == ACT_RELEASED || act->act == ACT_TOLD) {
		detail[0] = seq_any(random);
		act->detail = (bytes){ detail, 8 };
	}
}

static void
act_any(struct random *random, struct world *world, size_t i)
{
	const struct purpose_version *version =
		&world->version[random_below(random, (uint32_t)world->registry.purpose_count)]
	                       [random_below(random, VERSIONS)];
	struct act_row *act = &world->act[i];

	memset(world->detail[i], 0, sizeof(world->detail[i]));
	*act = (struct act_row){
		.seq = (int64_t)i + 1,
		.at = time_any(random),
		.purpose = version->purpose,
		.version = version->version,
		.channels = channels_any(random, version->channels),
		.until_at = TIME_NEVER,
	};
	if (random_one_in(random, 5))
		general_act(random, world, i);
	else if (version->basis == BASIS_CONSENT)
		consent_act(random, version, act);
	else
		ground_act(random, version, act);
	if (act->purpose && random_one_in(random, 8))
		act->act = ACT_OBJECTED;
	else if (act->purpose && random_one_in(random, 10))
		ruling_act(random, act, world->detail[i]);
	if ((act_raises(act->act) > 0 || act->act == ACT_HELD || act->act == ACT_RESTRICTED) && random_one_in(random, 5))
		act->until_at = act->at + (1 + random_below(random, 20)) * (TIME_DAY / 2);
}

static void
world_any(struct random *random, struct world *world)
{
	registry_any(random, world);
	world->count = 1 + random_below(random, ACTS_MAX);
	for (size_t i = 0; i < world->count; i++)
		act_any(random, world, i);
}

/* --- showing it ------------------------------------------------------------------------------ */

static const char *
day_of(struct job *job, time_us at)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	if (at == TIME_NEVER)
		return "never";
	buf_dec(&text, (at - START) / TIME_DAY);
	if (at % TIME_DAY)
		buf_put(&text, S(".5"));
	return arena_c(&job->arena, buf_str(&text));
}

static void
version_print(struct job *job, const struct purpose_version *version)
{
	static const char *const events[] = { "given", "ended", "year_end" };

	printf("#   purpose %u version %u: %.*s%s%s%s, P%uD from %s, channels %x, fields", version->purpose,
	       version->version, SPRINT(basis_name(version->basis)), version->marketing ? " marketing" : "",
	       version->double_opt_in ? " double opt-in" : "", version->soft_opt_in ? " soft opt-in" : "",
	       version->retention.days, events[version->retention_event], version->channels);
	for (size_t i = 0; i < version->field_count; i++)
		printf(" %u", version->field[i]);
	printf("\n");
	(void)job;
}

static void
world_print(struct job *job, const struct world *world)
{
	bool used[PURPOSES + 1] = { 0 };

	for (size_t i = 0; i < world->count; i++)
		used[world->act[i].purpose] = true;
	for (size_t p = 0; p < world->registry.purpose_count; p++)
		for (size_t v = 0; v < VERSIONS && used[p + 1]; v++)
			version_print(job, &world->version[p][v]);
	for (size_t i = 0; i < world->count; i++) {
		const struct act_row *act = &world->act[i];
		printf("#   day %-5s seq %lld %.*s purpose %u version %u basis %d channels %x until %s",
		       day_of(job, act->at), (long long)act->seq, SPRINT(act_name(act->act)), act->purpose,
		       act->version, (int)act->basis, act->channels, day_of(job, act->until_at));
		for (size_t n = 0; n < act->detail.len; n++)
			printf(" %02x", act->detail.ptr[n]);
		printf("\n");
	}
}

/* --- comparing ------------------------------------------------------------------------------- */

/* What differs, for the one who reads it; "" when nothing does. */
struct difference {
	char text[200];
};

static struct difference difference(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct difference
difference(const char *format, ...)
{
	struct difference out;
	va_list args;

	va_start(args, format);
	vsnprintf(out.text, sizeof(out.text), format, args);
	va_end(args);
	return out;
}

static bool
any(const struct standing *standing, uint32_t purpose, enum basis basis, time_us t,
    bool (*question)(const struct ground *, time_us))
{
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].purpose == purpose && standing->ground[i].basis == basis &&
		    question(&standing->ground[i], t))
			return true;
	return false;
}

static struct difference
words_differ(struct job *job, const struct oracle *oracle, const struct standing *standing,
             uint32_t purpose, enum channel channel, time_us t)
{
	const struct permission *permission = standing_permission(standing, purpose, channel);
	struct oracle_word word = oracle_word(oracle, purpose, channel, t);
	bool yes = permission && permission->state == PERMISSION_GIVEN && t < permission->until_at;
	bool no = permission && (permission->state == PERMISSION_REFUSED ||
	                         permission->state == PERMISSION_WITHDRAWN);

	if (yes != word.yes)
		return difference("day %s purpose %u channel %d: consent %d, oracle %d", day_of(job, t),
		                  purpose, channel, yes, word.yes);
	if (yes && (permission->seq != word.from->seq || permission->version != word.from->version))
		return difference("purpose %u channel %d rests on seq %lld version %u, oracle: %lld version %u",
		                  purpose, channel, (long long)permission->seq, permission->version,
		                  (long long)word.from->seq, word.from->version);
	if (no != word.no)
		return difference("purpose %u channel %d: said no %d, oracle %d", purpose, channel, no, word.no);
	return (struct difference){ "" };
}

static struct difference
objections_differ(const struct oracle *oracle, const struct standing *standing, uint32_t purpose,
                  enum channel channel)
{
	for (int marketing = 0; marketing < 2; marketing++) {
		time_us at = INT64_MIN, wanted = oracle_objected(oracle, purpose, marketing, channel);
		bool objected = standing_objected(standing, purpose, marketing, channel, &at);
		if (objected != (wanted != INT64_MIN) || at != wanted)
			return difference("objection to purpose %u channel %d marketing %d: at %lld, oracle %lld",
			                  purpose, channel, marketing, (long long)at, (long long)wanted);
	}
	return (struct difference){ "" };
}

static struct difference
purposes_differ(struct job *job, const struct oracle *oracle, const struct standing *standing,
                uint32_t purpose, time_us t)
{
	struct difference found = { "" };

	for (enum channel channel = 0; channel < CHANNEL_COUNT && !found.text[0]; channel++) {
		found = words_differ(job, oracle, standing, purpose, channel, t);
		if (!found.text[0])
			found = objections_differ(oracle, standing, purpose, channel);
	}
	if (!found.text[0] && standing_contested(standing, purpose) != oracle_contested(oracle, purpose))
		found = difference("purpose %u contested %d, oracle %d", purpose,
		                   standing_contested(standing, purpose), oracle_contested(oracle, purpose));
	for (enum basis basis = BASIS_CONSENT; basis < BASIS_STORAGE_ONLY && !found.text[0]; basis++) {
		bool live = any(standing, purpose, basis, t, ground_live);
		bool usable = any(standing, purpose, basis, t, ground_usable);
		bool keeps = oracle_keeps(oracle, purpose, basis, t);
		bool uses = oracle_usable(oracle, purpose, basis, t);
		if (live != keeps || usable != uses)
			found = difference("day %s purpose %u basis %d: live %d usable %d, oracle %d %d",
			                   day_of(job, t), purpose, basis, live, usable, keeps, uses);
	}
	return found;
}

static uint32_t
covering(struct job *job, const struct registry *registry, const struct standing *standing,
         uint16_t field, time_us t)
{
	uint16_t *purpose = arena_array(&job->arena, standing->ground_count + 1, sizeof(*purpose));
	size_t count = standing_covering(registry, standing, t, field, purpose);
	uint32_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || purpose[i] > purpose[i - 1]); /* ascending, none twice */
		bits |= 1u << purpose[i];
	}
	return bits;
}

static struct difference
standings_differ_at(struct job *job, const struct oracle *oracle, const struct standing *standing,
                    time_us t)
{
	struct difference found = { "" };

	for (size_t p = 0; p < oracle->registry->purpose_count && !found.text[0]; p++)
		found = purposes_differ(job, oracle, standing, oracle->registry->purpose[p].no, t);
	for (uint16_t field = 1; field <= FIELDS && !found.text[0]; field++) {
		uint32_t is = covering(job, oracle->registry, standing, field, t);
		uint32_t wanted = oracle_covering(oracle, field, t);
		if (is != wanted)
			found = difference("day %s field %u: covered by %x, oracle %x", day_of(job, t), field, is,
			                   wanted);
	}
	for (uint16_t field = 1; field <= FIELDS && !found.text[0]; field++)
		if (standing_restricts(standing, field) != oracle_restricts(oracle, field))
			found = difference("field %u restricted %d, oracle %d", field,
			                   standing_restricts(standing, field), oracle_restricts(oracle, field));
	for (int64_t seq = 1; seq <= ACTS_MAX && !found.text[0]; seq++) {
		const struct restriction *restriction = standing_restriction(standing, seq);
		if ((restriction ? restriction->told_at : TIME_NEVER) != oracle_told(oracle, seq))
			found = difference("told of %lld, oracle else", (long long)seq);
	}
	if (!found.text[0] && standing->restricted != oracle_restricted(oracle))
		found = difference("restricted %d, oracle %d", standing->restricted, oracle_restricted(oracle));
	return found;
}

#define MOMENTS 150

/* Moments from the last act on, until all is over. */
struct moments {
	time_us last;
	time_us at[MOMENTS];
	size_t count;
};

static void
moment_add(struct moments *moments, time_us at)
{
	if (at >= moments->last && at < START + 4000 * TIME_DAY && moments->count < MOMENTS)
		moments->at[moments->count++] = at;
}

static void
end_add(struct moments *moments, time_us at)
{
	if (at > INT64_MIN + TIME_DAY)
		moment_add(moments, at - 1);
	moment_add(moments, at);
}

/* At which something could change, those just before, and some others. */
static void
moments_of(const struct world *world, const struct standing *standing, struct moments *ret)
{
	*ret = (struct moments){ .last = INT64_MIN };
	for (size_t i = 0; i < world->count; i++)
		if (world->act[i].at > ret->last && world->act[i].at < START + 1000 * TIME_DAY)
			ret->last = world->act[i].at;
	moment_add(ret, ret->last);
	for (size_t i = 0; i < world->count; i++)
		moment_add(ret, world->act[i].at + (world->act[i].at < START + 1000 * TIME_DAY ? 7 * TIME_DAY : 0));
	for (int day = 0; day < 50; day += 7)
		moment_add(ret, ret->last + day * (TIME_DAY / 2));
	for (size_t i = 0; i < standing->ground_count; i++)
		end_add(ret, standing->ground[i].until_at);
	for (size_t i = 0; i < standing->permission_count; i++)
		end_add(ret, standing->permission[i].until_at);
}

static struct difference
standings_differ(struct job *job, const struct world *world)
{
	struct difference found = { "" };
	struct standing standing;
	struct oracle oracle;
	struct moments moments;

	assert_ok(standing_fold(job, &world->registry, world->act, world->count, &standing));
	oracle_begin(&oracle, &world->registry, world->act, world->count);
	moments_of(world, &standing, &moments);
	for (size_t i = 0; i < moments.count && !found.text[0]; i++)
		found = standings_differ_at(job, &oracle, &standing, moments.at[i]);
	return found;
}

typedef struct difference check_world(struct job *job, const struct world *world);

/* Leave out one act after the other as long as the two still differ. */
static void
world_shrink(struct job *job, check_world *check, struct world *world)
{
	for (size_t i = world->count; i-- > 0 && world->count > 1;) {
		struct world fewer = *world;
		memmove(&fewer.act[i], &fewer.act[i + 1], (world->count - i - 1) * sizeof(fewer.act[0]));
		fewer.count--;
		if (check(job, &fewer).text[0])
			*world = fewer; /* details stay where they were: the acts still point into world */
	}
}

static void
each_world(struct job *job, const char *name, check_world *check)
{
	uint64_t rounds = number_from_environment("VALV_ROUNDS", ROUNDS);
	struct random random = { seed_of_run(name) };

	for (uint64_t round = 0; round < rounds; round++) {
		struct world world = { 0 };
		struct difference found;
		world_any(&random, &world);
		found = check(job, &world);
		if (found.text[0]) {
			world_shrink(job, check, &world);
			printf("# round %llu: %s\n", (unsigned long long)round, check(job, &world).text);
			world_print(job, &world);
			assert_string_equal(found.text, "");
		}
		arena_reset(&job->arena);
	}
}

/* --- properties ------------------------------------------------------------------------------ */

static void
standing_is_what_the_oracle_says_of_the_ledger(void **state)
{
	each_world(*state, "standing oracle", standings_differ);
}

static str
encoded(struct job *job, const struct standing *standing)
{
	OWNED(buf_release) struct buf out = { .max = 1 << 20 };

	standing_encode(standing, &out);
	assert_true(buf_ok(&out));
	return arena_str(&job->arena, buf_str(&out));
}

static struct difference
order_matters(struct job *job, const struct world *world)
{
	struct random random = { world->count };
	struct world mixed = *world;
	struct standing a, b;

	for (size_t i = mixed.count; i > 1; i--) {
		size_t with = random_below(&random, (uint32_t)i);
		struct act_row act = mixed.act[i - 1];
		mixed.act[i - 1] = mixed.act[with];
		mixed.act[with] = act;
	}
	assert_ok(standing_fold(job, &world->registry, world->act, world->count, &a));
	assert_ok(standing_fold(job, &world->registry, mixed.act, mixed.count, &b));
	return str_eq(encoded(job, &a), encoded(job, &b)) ? (struct difference){ "" }
	                                                  : difference("another order, another standing");
}

static void
the_order_in_which_acts_come_in_does_not_matter(void **state)
{
	each_world(*state, "order", order_matters);
}

static bool
same_bytes(bytes a, bytes b)
{
	return str_eq(bytes_str(a), bytes_str(b));
}

static struct difference
encoding_loses(struct job *job, const struct world *world)
{
	struct standing standing, again;
	str text;

	assert_ok(standing_fold(job, &world->registry, world->act, world->count, &standing));
	text = encoded(job, &standing);
	assert_ok(standing_decode(job, str_bytes(text), &again));
	if (!str_eq(text, encoded(job, &again)))
		return difference("decoded and encoded again it is another");
	if (again.ground_count != standing.ground_count ||
	    again.permission_count != standing.permission_count ||
	    again.objection_count != standing.objection_count || again.restricted != standing.restricted ||
	    again.restriction_count != standing.restriction_count)
		return difference("a part was lost");
	for (size_t i = 0; i < again.objection_count; i++)
		if (memcmp(&again.objection[i], &standing.objection[i], sizeof(again.objection[i])) != 0)
			return difference("an objection came back as another");
	for (size_t i = 0; i < again.restriction_count; i++) {
		const struct restriction *a = &again.restriction[i], *b = &standing.restriction[i];
		if (a->reason != b->reason || a->seq != b->seq || a->since_at != b->since_at ||
		    a->until_at != b->until_at || a->told_at != b->told_at || !same_bytes(a->fields, b->fields))
			return difference("a restriction came back as another");
	}
	for (size_t i = 0; i < again.permission_count; i++)
		if (memcmp(&again.permission[i], &standing.permission[i], sizeof(again.permission[i])) != 0)
			return difference("a permission came back as another");
	for (size_t i = 0; i < again.ground_count; i++)
		if (again.ground[i].until_at != standing.ground[i].until_at ||
		    again.ground[i].seq != standing.ground[i].seq ||
		    again.ground[i].detail.len != standing.ground[i].detail.len)
			return difference("a ground came back as another");
	return (struct difference){ "" };
}

static void
a_standing_comes_back_from_its_stored_form(void **state)
{
	each_world(*state, "encoding", encoding_loses);
}

static void
a_stored_standing_that_is_cut_or_longer_is_refused(void **state)
{
	struct job *job = *state;
	struct random random = { 1 };
	struct world world = { 0 };
	struct standing standing;
	str text;

	do
		world_any(&random, &world);
	while (world.count < ACTS_MAX);
	assert_ok(standing_fold(job, &world.registry, world.act, world.count, &standing));
	text = encoded(job, &standing);
	for (size_t len = 0; len < text.len; len++)
		assert_fails(job, ERR_CORRUPT,
		             standing_decode(job, (bytes){ (const uint8_t *)text.ptr, len }, &standing));
	uint8_t *longer = arena_alloc(&job->arena, text.len + 1);
	memcpy(longer, text.ptr, text.len);
	assert_fails(job, ERR_CORRUPT, standing_decode(job, (bytes){ longer, text.len + 1 }, &standing));
	longer[0] = STANDING_FORMAT + 1;
	assert_fails(job, ERR_CORRUPT, standing_decode(job, (bytes){ longer, text.len }, &standing));
}

/* The form that vault 1 wrote: restrictions had no number, objections no ruling. */
static struct difference
old_form_loses(struct job *job, const struct world *world)
{
	struct standing standing, again;
	str text;

	assert_ok(standing_fold(job, &world->registry, world->act, world->count, &standing));
	standing.format = 1;
	text = encoded(job, &standing);
	assert_ok(standing_decode(job, str_bytes(text), &again));
	if (!str_eq(text, encoded(job, &again)))
		return difference("decoded and encoded again it is another");
	if (again.restricted != standing.restricted || again.restriction_count ||
	    again.ground_count != standing.ground_count || again.objection_count != standing.objection_count)
		return difference("the old form is read as something else");
	return (struct difference){ "" };
}

static void
a_standing_of_the_old_form_is_read(void **state)
{
	each_world(*state, "old form", old_form_loses);
}

/* One more lowering act, of any kind, somewhere in the ledger. */
static struct act_row
lowering_any(struct random *random, struct world *world)
{
	size_t i = world->count;

	do
		act_any(random, world, i);
	while (act_raises(world->act[i].act) >= 0);
	world->act[i].seq = 1000; /* so that releases among the others name the same acts as before */
	return world->act[i];
}

static bool
consents(const struct standing *standing, uint32_t purpose, enum channel channel, time_us t)
{
	const struct permission *permission = standing_permission(standing, purpose, channel);

	return permission && permission->state == PERMISSION_GIVEN && t < permission->until_at;
}

static struct difference
purpose_raised(struct job *job, const struct standing *before, const struct standing *after,
               uint32_t purpose, time_us t)
{
	for (enum basis basis = BASIS_CONSENT; basis < BASIS_STORAGE_ONLY; basis++) {
		if (any(after, purpose, basis, t, ground_usable) && !any(before, purpose, basis, t, ground_usable))
			return difference("day %s: purpose %u basis %d may be used", day_of(job, t), purpose, basis);
		if (any(after, purpose, basis, t, ground_live) && !any(before, purpose, basis, t, ground_live))
			return difference("day %s: purpose %u basis %d is kept", day_of(job, t), purpose, basis);
	}
	for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++)
		if (consents(after, purpose, channel, t) && !consents(before, purpose, channel, t))
			return difference("day %s: purpose %u channel %d has consent", day_of(job, t), purpose, channel);
	return (struct difference){ "" };
}

static struct difference
raised_by_lowering(struct job *job, const struct world *world)
{
	struct random random = { (uint64_t)world->act[0].at + world->count };
	struct difference found = { "" };
	struct world lowered = *world;
	struct standing before, after;
	struct moments moments;
	struct act_row act = lowering_any(&random, &lowered);

	lowered.count++;
	assert_ok(standing_fold(job, &world->registry, world->act, world->count, &before));
	assert_ok(standing_fold(job, &world->registry, lowered.act, lowered.count, &after));
	moments_of(&lowered, &after, &moments);
	for (size_t i = 0; i < moments.count && !found.text[0]; i++)
		for (uint32_t p = 1; p <= world->registry.purpose_count && !found.text[0]; p++)
			found = purpose_raised(job, &before, &after, p, moments.at[i]);
	if (!found.text[0])
		return found;
	return difference("%s, by %.*s on day %s of purpose %u channels %x", found.text,
	                  SPRINT(act_name(act.act)), day_of(job, act.at), act.purpose, act.channels);
}

static void
one_more_lowering_act_raises_nothing(void **state)
{
	each_world(*state, "lowering", raised_by_lowering);
}

static void
swept_of(const struct standing *standing, struct world *world)
{
	for (size_t i = 0; i < standing->permission_count && world->count <= ACTS_MAX; i++) {
		const struct permission *permission = &standing->permission[i];
		if ((permission->state != PERMISSION_GIVEN && permission->state != PERMISSION_UNCONFIRMED) ||
		    permission->until_at == TIME_NEVER)
			continue;
		world->act[world->count++] = (struct act_row){
			.seq = 1000, .at = permission->until_at, .act = ACT_EXPIRED, .basis = BASIS_CONSENT,
			.purpose = permission->purpose, .version = permission->version,
			.channels = CHANNEL_BIT(permission->channel), .until_at = TIME_NEVER,
		};
	}
}

/* L5, T1: the oracle is asked about the ledger that was not swept. */
static struct difference
sweep_changes(struct job *job, const struct world *world)
{
	struct world swept = *world;
	struct difference found = { "" };
	struct standing standing;
	struct oracle oracle;
	struct moments moments;

	assert_ok(standing_fold(job, &world->registry, world->act, world->count, &standing));
	swept_of(&standing, &swept);
	oracle_begin(&oracle, &world->registry, world->act, world->count);
	assert_ok(standing_fold(job, &world->registry, swept.act, swept.count, &standing));
	moments_of(&swept, &standing, &moments);
	for (size_t i = 0; i < moments.count && !found.text[0]; i++)
		found = standings_differ_at(job, &oracle, &standing, moments.at[i]);
	return found;
}

static void
what_the_sweep_writes_changes_nothing_that_is_allowed(void **state)
{
	each_world(*state, "sweep", sweep_changes);
}

static int
job_fresh(void **state)
{
	static struct job job;

	job = (struct job){ 0 };
	*state = &job;
	return 0;
}

static int
job_over(void **state)
{
	job_release(*state);
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, job_fresh, job_over)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(standing_is_what_the_oracle_says_of_the_ledger),
		EACH(the_order_in_which_acts_come_in_does_not_matter),
		EACH(a_standing_comes_back_from_its_stored_form),
		EACH(a_standing_of_the_old_form_is_read),
		EACH(a_stored_standing_that_is_cut_or_longer_is_refused),
		EACH(one_more_lowering_act_raises_nothing),
		EACH(what_the_sweep_writes_changes_nothing_that_is_allowed),
	};

	return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
