/* src/vault/decide.c, the pure part: decide_person() against the table of law.md 3.2 over all
 * combinations, with standings folded from real ledgers. */
#include "vault_test.h"

#include "decide_oracle.h"
#include "random.h"
#include "vault/decide.h"

#define DAY(n) ((time_us)20000 * TIME_DAY + (n) * TIME_DAY)
#define NOW (DAY(100) + 12 * 3600 * TIME_SECOND) /* noon UTC */
#define PENDING_AT DAY(98)   /* its seven days are not over */
#define AGREED_AT DAY(50)
#define PURPOSE 1

/* --- the world of one case -------------------------------------------------------------------- */

/* What the purpose rests on, and whether a ground other than consent lives. */
enum setup {
	SETUP_CONSENT_MARKETING,
	SETUP_CONSENT_MARKETING_SOLD, /* a sale: soft opt-in */
	SETUP_CONSENT_OTHER,
	SETUP_CONTRACT,
	SETUP_CONTRACT_NONE,
	SETUP_OBLIGATION,
	SETUP_INTEREST_MARKETING,
	SETUP_INTEREST_MARKETING_NONE,
	SETUP_INTEREST_UNASSESSED,
	SETUP_INTEREST_OTHER,
	SETUP_COUNT,
};

static const struct {
	enum basis basis, ground;
	bool marketing, unassessed;
} setups[SETUP_COUNT] = {
	[SETUP_CONSENT_MARKETING] = { BASIS_CONSENT, BASIS_NONE, true, false },
	[SETUP_CONSENT_MARKETING_SOLD] = { BASIS_CONSENT, BASIS_SOFT_OPT_IN, true, false },
	[SETUP_CONSENT_OTHER] = { BASIS_CONSENT, BASIS_NONE, false, false },
	[SETUP_CONTRACT] = { BASIS_CONTRACT, BASIS_CONTRACT, false, false },
	[SETUP_CONTRACT_NONE] = { BASIS_CONTRACT, BASIS_NONE, false, false },
	[SETUP_OBLIGATION] = { BASIS_LEGAL_OBLIGATION, BASIS_LEGAL_OBLIGATION, false, false },
	[SETUP_INTEREST_MARKETING] = { BASIS_LEGITIMATE_INTEREST, BASIS_LEGITIMATE_INTEREST, true, false },
	[SETUP_INTEREST_MARKETING_NONE] = { BASIS_LEGITIMATE_INTEREST, BASIS_NONE, true, false },
	[SETUP_INTEREST_UNASSESSED] = { BASIS_LEGITIMATE_INTEREST, BASIS_LEGITIMATE_INTEREST, true, true },
	[SETUP_INTEREST_OTHER] = { BASIS_LEGITIMATE_INTEREST, BASIS_LEGITIMATE_INTEREST, false, false },
};

struct scene {
	struct registry registry;
	struct purpose purpose;
	struct purpose_version version;
	struct field field[3];
	uint8_t detail[16];
	struct act_row act[10];
	size_t count;
	struct subject subject;
	struct suppression suppression;
	struct facts facts;
	struct question question;
};

static struct act_row *
act_put(struct scene *scene, enum act act, enum basis basis, enum channel channel, time_us at)
{
	struct act_row *row = &scene->act[scene->count++];

	*row = (struct act_row){ .seq = (int64_t)scene->count, .at = at, .act = act, .basis = basis,
		                 .purpose = PURPOSE, .version = 1, .channels = CHANNEL_BIT(channel),
		                 .until_at = TIME_NEVER };
	return row;
}

static void
consent_put(struct scene *scene, enum asked_consent consent, enum channel channel)
{
	time_us given = consent == CONSENT_PENDING ? PENDING_AT : AGREED_AT;

	switch (consent) {
	case CONSENT_NEVER:
	case CONSENT_COUNT:
		return;
	case CONSENT_ASKED:
		act_put(scene, ACT_REQUESTED, BASIS_CONSENT, channel, AGREED_AT);
		return;
	case CONSENT_REFUSED:
		act_put(scene, ACT_REFUSED, BASIS_CONSENT, channel, AGREED_AT);
		return;
	default:
		break;
	}
	act_put(scene, ACT_GIVEN, BASIS_CONSENT, channel, given);
	if (consent == CONSENT_PENDING || consent == CONSENT_PENDING_OVER)
		return;
	act_put(scene, ACT_CONFIRMED, BASIS_CONSENT, channel, AGREED_AT + 1)->until_at =
		consent == CONSENT_RUN_OUT || consent == CONSENT_EXPIRED ? DAY(60) : TIME_NEVER;
	if (consent == CONSENT_EXPIRED)
		act_put(scene, ACT_EXPIRED, BASIS_CONSENT, channel, DAY(60));
	if (consent == CONSENT_WITHDRAWN || consent == CONSENT_WITHDRAWN_PENDING)
		act_put(scene, ACT_WITHDRAWN, BASIS_CONSENT, channel, DAY(70));
	if (consent == CONSENT_WITHDRAWN_PENDING)
		act_put(scene, ACT_GIVEN, BASIS_CONSENT, channel, PENDING_AT);
}

static void
objection_put(struct scene *scene, enum asked_objection objection, enum channel channel)
{
	bool before = objection == OBJECTION_MARKETING_BEFORE || objection == OBJECTION_PURPOSE_BEFORE ||
	              objection == OBJECTION_PURPOSE_UPHELD;
	bool machine = objection == OBJECTION_MACHINE || objection == OBJECTION_MACHINE_OVERRULED;
	bool upheld = objection == OBJECTION_PURPOSE_UPHELD;
	bool overruled = objection == OBJECTION_PURPOSE_OVERRULED || objection == OBJECTION_MACHINE_OVERRULED;
	bool purpose = objection == OBJECTION_PURPOSE_BEFORE || objection == OBJECTION_PURPOSE_AFTER ||
	               machine || upheld || overruled;
	struct act_row *act;

	if (objection == OBJECTION_NONE)
		return;
	act = act_put(scene, machine ? ACT_CONTESTED : ACT_OBJECTED, BASIS_NONE, channel,
	              before ? DAY(10) : DAY(99));
	act->purpose = purpose ? PURPOSE : 0;
	act->version = purpose ? 1 : 0;
	if (objection == OBJECTION_OTHER_CHANNEL)
		act->channels = CHANNEL_BIT(channel == CHANNEL_EMAIL ? CHANNEL_SMS : CHANNEL_EMAIL);
	if (!upheld && !overruled)
		return;
	scene->detail[0] = (uint8_t)act->seq;
	scene->detail[8] = machine;
	act_put(scene, upheld ? ACT_UPHELD : ACT_OVERRULED, BASIS_NONE, channel, DAY(99) + 1)->detail =
		(bytes){ scene->detail, 9 };
}

/* The fields that hold addresses, and a restriction of them alone: reason and numbers. */
static void
addresses_restrict(struct scene *scene)
{
	static const uint8_t detail[] = { RESTRICTION_ACCURACY, 1, 0, 2, 0, 3, 0 };
	struct act_row *act = act_put(scene, ACT_RESTRICTED, BASIS_NONE, CHANNEL_NONE, DAY(90));

	act->purpose = 0;
	act->detail = (bytes){ detail, sizeof(detail) };
	for (uint16_t i = 0; i < 3; i++)
		scene->field[i] = (struct field){ .no = i + 1, .address = ADDRESS_EMAIL + i };
	scene->registry.field = scene->field;
	scene->registry.field_count = 3;
}

static void
suppression_put(struct scene *scene, enum asked_suppression suppression, enum channel channel)
{
	enum channel other = channel == CHANNEL_EMAIL ? CHANNEL_SMS : CHANNEL_EMAIL;
	const struct suppression all[SUPPRESSED_COUNT] = {
		[SUPPRESSED_PURPOSE_CHANNEL] = { .scope = SCOPE_PURPOSE, .purpose = PURPOSE, .channel = channel },
		[SUPPRESSED_PURPOSE] = { .scope = SCOPE_PURPOSE, .purpose = PURPOSE },
		[SUPPRESSED_PURPOSE_OTHER_CHANNEL] = { .scope = SCOPE_PURPOSE, .purpose = PURPOSE, .channel = other },
		[SUPPRESSED_OTHER_PURPOSE] = { .scope = SCOPE_PURPOSE, .purpose = PURPOSE + 1 },
		[SUPPRESSED_CHANNEL] = { .scope = SCOPE_CHANNEL, .channel = channel },
		[SUPPRESSED_OTHER_CHANNEL] = { .scope = SCOPE_CHANNEL, .channel = other },
		[SUPPRESSED_MARKETING] = { .scope = SCOPE_MARKETING },
		[SUPPRESSED_ALL] = { .scope = SCOPE_ALL },
	};

	scene->suppression = all[suppression];
	scene->facts.suppression = &scene->suppression;
	scene->facts.suppression_count = suppression != SUPPRESSED_NOT;
}

/* The ledger, and what follows from it: folded once for the many questions that are asked of it. */
static void
scene_make(struct job *job, struct scene *scene, enum setup setup, const struct asked *asked)
{
	*scene = (struct scene){ 0 };
	scene->version = (struct purpose_version){
		.purpose = PURPOSE, .version = 1, .state = VERSION_ACTIVE, .basis = setups[setup].basis,
		.marketing = setups[setup].marketing, .soft_opt_in = setup == SETUP_CONSENT_MARKETING_SOLD,
		.double_opt_in = setups[setup].basis == BASIS_CONSENT, .assessed = !setups[setup].unassessed,
		.retention = { .months = 120 }, .channels = CHANNELS_ALL,
	};
	scene->purpose = (struct purpose){ .no = PURPOSE, .version = &scene->version, .version_count = 1,
		                           .active = &scene->version };
	scene->registry = (struct registry){ .purpose = &scene->purpose, .purpose_count = 1 };
	if (setups[setup].ground) {
		struct act_row *act = act_put(scene, ACT_ESTABLISHED, setups[setup].ground, CHANNEL_NONE, AGREED_AT);
		act->channels = CHANNELS_ALL;
		act->detail = str_bytes(S("books\nshoes"));
	}
	consent_put(scene, asked->consent, asked->channel);
	objection_put(scene, asked->objection, asked->channel);
	if (asked->address_restricted)
		addresses_restrict(scene);
	if (asked->restricted)
		act_put(scene, ACT_RESTRICTED, BASIS_NONE, CHANNEL_NONE, DAY(90))->purpose = 0;
	assert_ok(standing_fold(job, &scene->registry, scene->act, scene->count, &scene->subject.standing));
}

/* What one question adds to it. */
static void
scene_ask(struct scene *scene, const struct asked *asked)
{
	struct subject *subject = &scene->subject;

	subject->kind = asked->kind;
	subject->erased = asked->erased;
	subject->flags = (asked->deceased ? FLAG_DECEASED : 0) | (asked->protected ? FLAG_PROTECTED : 0);
	subject->tell_by_at = asked->untold ? NOW - 1 : TIME_NEVER;
	subject->told_at = TIME_NEVER;
	for (size_t i = 0; i < ADDRESS_COUNT; i++)
		subject->tagged[i] = asked->address_known;
	suppression_put(scene, asked->suppression, asked->channel);
	scene->version.channels = asked->channel_of_purpose ? CHANNELS_ALL
	                                                    : CHANNELS_ALL & ~CHANNEL_BIT(asked->channel);
	scene->version.quiet = true; /* noon in UTC is 13 here */
	scene->version.quiet_from = asked->quiet_now ? 13 * 60 : 21 * 60;
	scene->version.quiet_to = 8 * 60;
	scene->registry.zone_minutes = 60;
	scene->registry.nix_checked_at = asked->nix_checked ? NOW - TIME_DAY : TIME_NEVER;
	scene->facts.subject = subject;
	scene->facts.now = NOW;
	scene->question = (struct question){
		.purpose = &scene->purpose, .channel = asked->channel, .message_class = asked->message_class,
		.promotional = asked->promotional, .opt_out = asked->opt_out,
		.category = asked->same_category ? S("shoes") : S("tents"),
	};
}

/* --- comparing -------------------------------------------------------------------------------- */

/* The row of the table that a reason belongs to; 0: before the search. */
static int
step_of(enum reason reason)
{
	switch (reason) {
	case REASON_UNKNOWN:
	case REASON_ERASED:
	case REASON_RESTRICTED:
	case REASON_DECEASED:
		return 1;
	case REASON_OBJECTED:
	case REASON_WITHDRAWN:
	case REASON_REFUSED:
	case REASON_SUPPRESSED:
	case REASON_OBJECTION_PENDING:
	case REASON_HUMAN:
		return 2;
	case REASON_NOT_TOLD:
	case REASON_CHANNEL:
	case REASON_GROUND:
		return 0;
	case REASON_CONTRACT_OR_LAW:
		return 3;
	case REASON_CONSENT:
		return 4;
	case REASON_SOFT_OPT_IN:
		return 5;
	case REASON_LEGITIMATE_INTEREST:
		return 6;
	case REASON_LEGAL_PERSON:
		return 7;
	case REASON_PROTECTED:
	case REASON_NO_ADDRESS:
	case REASON_QUIET_HOURS:
	case REASON_FREQUENCY:
		return 8;
	default:
		return 9;
	}
}

static void
case_print(enum setup setup, const struct asked *q, const struct verdict *verdict,
           const struct answer *answer)
{
	printf("# setup %d (basis %.*s, ground %.*s)\n", setup, SPRINT(basis_name(setups[setup].basis)),
	       SPRINT(basis_name(setups[setup].ground)));
	printf("# %.*s, %.*s by %.*s%s%s, category %s, channel of purpose %d\n", SPRINT(kind_name(q->kind)),
	       SPRINT(class_name(q->message_class)), SPRINT(channel_name(q->channel)),
	       q->promotional ? ", promotional" : "", q->opt_out ? ", offers opt-out" : "",
	       q->same_category ? "same" : "other", q->channel_of_purpose);
	printf("# consent %d objection %d suppression %d; erased %d restricted %d addresses %d deceased %d protected %d untold %d address %d; nix %d quiet %d\n",
	       q->consent, q->objection, q->suppression, q->erased, q->restricted, q->address_restricted, q->deceased, q->protected,
	       q->untold, q->address_known, q->nix_checked, q->quiet_now);
	printf("# decide.c: %s, %.*s, basis %.*s; the table: %s by row %d, basis %.*s\n",
	       verdict->allowed ? "ALLOW" : "DENY", SPRINT(reason_name(verdict->reason)),
	       SPRINT(basis_name(verdict->basis)), answer->allowed ? "ALLOW" : "DENY", answer->step,
	       SPRINT(basis_name(answer->basis)));
}

/* How often each verdict met each other answer; the first of each kind is printed. */
struct differences {
	size_t count[REASON_COUNT][10];
	size_t all;
};

static void
case_check(struct scene *scene, enum setup setup, const struct asked *asked,
           struct differences *differences)
{
	struct answer answer = answer_by_law(asked);
	struct verdict verdict;
	bool same;

	scene_ask(scene, asked);
	decide_person(&scene->registry, &scene->facts, &scene->question, &verdict);
	same = verdict.allowed == answer.allowed && step_of(verdict.reason) == answer.step &&
	       (verdict.retry_at != TIME_NEVER) == answer.deferred &&
	       (verdict.basis == answer.basis || (answer.allowed && !answer.basis));
	if (same)
		return;
	differences->all++;
	if (!differences->count[verdict.reason][answer.step]++)
		case_print(setup, asked, &verdict, &answer);
}

/* --- all combinations ------------------------------------------------------------------------- */

/* What can be the matter with the person; all of them at once is for the random ones. */
enum matter { MATTER_NONE, MATTER_ERASED, MATTER_DECEASED, MATTER_PROTECTED, MATTER_UNTOLD,
	      MATTER_NO_ADDRESS, MATTER_OTHER_CHANNEL, MATTER_COUNT };

static void
matter_set(struct asked *asked, enum matter matter)
{
	asked->erased = matter == MATTER_ERASED;
	asked->deceased = matter == MATTER_DECEASED;
	asked->protected = matter == MATTER_PROTECTED;
	asked->untold = matter == MATTER_UNTOLD;
	asked->address_known = matter != MATTER_NO_ADDRESS;
	asked->channel_of_purpose = matter != MATTER_OTHER_CHANNEL;
}

static bool
bit(uint32_t *bits)
{
	bool value = *bits & 1;

	*bits >>= 1;
	return value;
}

/* Everything that does not change the ledger. */
static size_t
questions(struct scene *scene, enum setup setup, struct asked *asked, struct differences *differences)
{
	size_t count = 0;

	for (enum subject_kind kind = KIND_NATURAL; kind < KIND_COUNT; kind++)
		for (enum message_class class = CLASS_MARKETING; class < CLASS_COUNT; class ++)
			for (enum matter matter = 0; matter < MATTER_COUNT; matter++)
				for (enum asked_suppression hit = 0; hit < SUPPRESSED_COUNT; hit++)
					for (uint32_t bits = 0; bits < 32; bits++, count++) {
						uint32_t rest = bits;
						asked->kind = kind;
						asked->message_class = class;
						matter_set(asked, matter);
						asked->suppression = hit;
						asked->promotional = bit(&rest);
						asked->opt_out = bit(&rest);
						asked->same_category = bit(&rest);
						asked->nix_checked = bit(&rest);
						asked->quiet_now = bit(&rest);
						case_check(scene, setup, asked, differences);
					}
	return count;
}

static void
asked_of_setup(enum setup setup, struct asked *asked)
{
	*asked = (struct asked){ .marketing_purpose = setups[setup].marketing, .ground = setups[setup].ground,
		                 .assessed = !setups[setup].unassessed };
}

/* What an objection does to the ground itself (standing.h): kept without use, or over. */
static bool
ledgers_differ(enum setup setup, enum asked_consent consent)
{
	return setups[setup].basis == BASIS_CONSENT || consent == CONSENT_NEVER;
}

static void
decisions_follow_the_table_in_all_combinations(void **state)
{
	struct job *job = *state;
	struct differences differences = { 0 };
	size_t count = 0;

	for (enum setup setup = 0; setup < SETUP_COUNT; setup++)
		for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++)
			for (enum asked_consent consent = 0; consent < CONSENT_COUNT; consent++)
				for (enum asked_objection objection = 0; objection < OBJECTION_COUNT; objection++)
					for (int restricted = 0; restricted < 3; restricted++) {
						struct scene scene;
						struct asked asked;
						if (!ledgers_differ(setup, consent))
							continue;
						asked_of_setup(setup, &asked);
						asked.channel = channel;
						asked.consent = consent;
						asked.objection = objection;
						asked.restricted = restricted == 1;
						asked.address_restricted = restricted == 2;
						if (restricted && objection > OBJECTION_MARKETING_BEFORE)
							continue; /* the person comes first, whatever was objected to */
						scene_make(job, &scene, setup, &asked);
						count += questions(&scene, setup, &asked, &differences);
						arena_reset(&job->arena);
					}
	printf("# %zu combinations\n", count);
	assert_true(count > 10000000);
	assert_int_equal(differences.all, 0);
}

/* Several matters at once, which the loops above leave out. */
static void
decisions_follow_the_table_when_much_is_the_matter(void **state)
{
	struct job *job = *state;
	struct random random = { seed_of_run("decisions") };
	struct differences differences = { 0 };
	uint64_t rounds = number_from_environment("VALV_ROUNDS", 300000);

	for (uint64_t round = 0; round < rounds; round++) {
		enum setup setup = random_below(&random, SETUP_COUNT);
		bool consents = setups[setup].basis == BASIS_CONSENT;
		uint32_t bits = (uint32_t)random_next(&random);
		struct scene scene;
		struct asked asked;

		asked_of_setup(setup, &asked);
		asked.kind = KIND_NATURAL + random_below(&random, KIND_COUNT - 1);
		asked.channel = random_below(&random, CHANNEL_COUNT);
		asked.message_class = CLASS_MARKETING + random_below(&random, CLASS_COUNT - 1);
		asked.consent = consents ? random_below(&random, CONSENT_COUNT) : CONSENT_NEVER;
		asked.objection = random_below(&random, OBJECTION_COUNT);
		asked.suppression = random_one_in(&random, 2) ? random_below(&random, SUPPRESSED_COUNT) : 0;
		asked.erased = bit(&bits) && bit(&bits) && bit(&bits);
		asked.restricted = bit(&bits) && bit(&bits) && bit(&bits);
		asked.address_restricted = bit(&bits) && bit(&bits) && bit(&bits);
		asked.deceased = bit(&bits) && bit(&bits) && bit(&bits);
		asked.protected = bit(&bits);
		asked.untold = bit(&bits) && bit(&bits);
		asked.address_known = bit(&bits);
		asked.channel_of_purpose = bit(&bits) || bit(&bits);
		asked.promotional = bit(&bits);
		asked.opt_out = bit(&bits);
		asked.same_category = bit(&bits);
		asked.nix_checked = bit(&bits);
		asked.quiet_now = bit(&bits);
		scene_make(job, &scene, setup, &asked);
		case_check(&scene, setup, &asked, &differences);
		arena_reset(&job->arena);
	}
	assert_int_equal(differences.all, 0);
}

/* --- what is not in the table ----------------------------------------------------------------- */

static struct verdict
asked_once(struct job *job, struct scene *scene, enum setup setup, enum asked_consent consent)
{
	struct asked asked;
	struct verdict verdict;

	asked_of_setup(setup, &asked);
	asked.kind = KIND_NATURAL;
	asked.channel = CHANNEL_EMAIL;
	asked.message_class = CLASS_MARKETING;
	asked.consent = consent;
	asked.address_known = asked.channel_of_purpose = true;
	scene_make(job, scene, setup, &asked);
	scene_ask(scene, &asked);
	decide_person(&scene->registry, &scene->facts, &scene->question, &verdict);
	return verdict;
}

static struct verdict
again(struct scene *scene)
{
	struct verdict verdict;

	decide_person(&scene->registry, &scene->facts, &scene->question, &verdict);
	return verdict;
}

static void
a_purpose_without_any_version_in_force_is_a_no(void **state)
{
	struct scene scene;

	(void)asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);
	scene.version.state = VERSION_DRAFT;
	scene.purpose.active = NULL;
	assert_int_equal(again(&scene).reason, REASON_PURPOSE);
	scene.version.state = VERSION_ENDED; /* what there is runs out */
	assert_true(again(&scene).allowed);
}

static void
an_allowed_decision_names_the_act_it_rests_on(void **state)
{
	struct scene scene;
	struct verdict verdict = asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);

	assert_true(verdict.allowed);
	assert_int_equal(verdict.consent_seq, 2); /* the confirmation */
	assert_int_equal(verdict.version, 1);
}

/* From 21:00 to 08:00 local time, which is UTC+1 here. */
static void
quiet_hours_run_over_midnight_and_say_when_they_end(void **state)
{
	static const struct {
		int hour, minute;
		int wait_minutes; /* -1: not quiet */
	} cases[] = {
		{ 20, 59, -1 }, { 21, 0, 660 }, { 23, 59, 481 }, { 0, 0, 480 }, { 7, 59, 1 }, { 8, 0, -1 },
		{ 12, 0, -1 },
	};
	struct scene scene;

	(void)asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict verdict;
		scene.facts.now = DAY(101) + (cases[i].hour * 60 + cases[i].minute - 60) * 60 * TIME_SECOND;
		verdict = again(&scene);
		assert_int_equal(verdict.allowed, cases[i].wait_minutes < 0);
		if (cases[i].wait_minutes < 0)
			continue;
		assert_int_equal(verdict.reason, REASON_QUIET_HOURS);
		assert_int_equal(verdict.retry_at - scene.facts.now, cases[i].wait_minutes * 60 * TIME_SECOND);
	}
}

static void
quiet_hours_within_one_day_and_of_no_length(void **state)
{
	struct scene scene;

	(void)asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);
	scene.version.quiet_from = 12 * 60;
	scene.version.quiet_to = 14 * 60;
	assert_int_equal(again(&scene).reason, REASON_QUIET_HOURS); /* it is 13 here */
	scene.version.quiet_to = 13 * 60;
	assert_true(again(&scene).allowed);
	scene.version.quiet_from = scene.version.quiet_to;
	assert_true(again(&scene).allowed);
}

static void
a_suppression_of_an_unknown_scope_is_a_no(void **state)
{
	struct scene scene;

	(void)asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);
	scene.facts.suppression_count = 1;
	scene.suppression = (struct suppression){ .scope = (enum suppression_scope)77 };
	assert_int_equal(again(&scene).reason, REASON_SUPPRESSED);
}

static void
who_is_to_be_told_may_be_used_until_the_day_and_after_being_told(void **state)
{
	struct scene scene;

	(void)asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);
	scene.subject.tell_by_at = NOW;
	assert_true(again(&scene).allowed);
	scene.subject.tell_by_at = NOW - 1;
	assert_int_equal(again(&scene).reason, REASON_NOT_TOLD);
	scene.version.tell_first = true; /* the message that tells */
	assert_true(again(&scene).allowed);
	scene.version.tell_first = false;
	scene.subject.told_at = NOW - 1;
	assert_true(again(&scene).allowed);
}

static void
consent_ends_at_its_very_moment(void **state)
{
	struct scene scene;

	(void)asked_once(*state, &scene, SETUP_CONSENT_MARKETING, CONSENT_IN_FORCE);
	scene.facts.now = scene.subject.standing.permission[0].until_at - 1;
	scene.version.quiet = false;
	assert_true(again(&scene).allowed);
	scene.facts.now++;
	assert_int_equal(again(&scene).reason, REASON_EXPIRED);
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
		EACH(decisions_follow_the_table_in_all_combinations),
		EACH(decisions_follow_the_table_when_much_is_the_matter),
		EACH(a_purpose_without_any_version_in_force_is_a_no),
		EACH(an_allowed_decision_names_the_act_it_rests_on),
		EACH(quiet_hours_run_over_midnight_and_say_when_they_end),
		EACH(quiet_hours_within_one_day_and_of_no_length),
		EACH(a_suppression_of_an_unknown_scope_is_a_no),
		EACH(who_is_to_be_told_may_be_used_until_the_day_and_after_being_told),
		EACH(consent_ends_at_its_very_moment),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
