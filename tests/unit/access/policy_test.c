/* src/access/policy.c: every combination of facts against the sentences of the contract, said in another way; and
 * the same for grants, against a slow reading of them.  `./test mcdc` measures what this file reaches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "access/policy.h"
#include "access/scope.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/must.h"

/* Bit n of the number of the combination. */
#define BIT(n) (((combination) >> (n)) & 1)

static void
a_token_is_good_only_as_long_as_everything_holds(void **state)
{
	static const time_us now = 1000 * TIME_DAY;

	for (unsigned combination = 0; combination < 1u << 11; combination++) {
		struct token_facts facts = {
			.known = BIT(0), .revoked = BIT(1), .owned = BIT(2), .active = BIT(3), .same_epoch = BIT(4),
			.network_fits = BIT(5), .now = now,
			.made_at = BIT(6) ? now - TIME_DAY : now + TIME_DAY,
			.used_at = BIT(7) ? now - 600 * TIME_SECOND : now + TIME_DAY,
			.expires_at = BIT(8) ? now + 1 : now,
			.idle = BIT(9) ? TIME_NEVER : BIT(10) ? 600 * TIME_SECOND : 599 * TIME_SECOND,
		};
		bool held = facts.known && !facts.revoked && facts.network_fits;
		bool word = !facts.owned || (facts.active && facts.same_epoch);
		bool rested = BIT(9) || BIT(10) || !BIT(7);
		bool time = BIT(6) && BIT(7) && BIT(8) && rested;
		assert_int_equal(policy_token(&facts), held && word && time);
	}
	(void)state;
}

static void
the_clock_may_go_back_by_a_moment_and_no_more(void **state)
{
	struct token_facts facts = { .known = true, .network_fits = true, .expires_at = TIME_NEVER, .idle = TIME_NEVER,
		                     .now = 1000 * TIME_DAY };

	facts.made_at = facts.used_at = facts.now + POLICY_CLOCK_SLACK;
	assert_true(policy_token(&facts));
	facts.used_at++;
	assert_false(policy_token(&facts));
	facts.used_at--, facts.made_at++;
	assert_false(policy_token(&facts));
	(void)state;
}

static void
a_call_is_allowed_only_when_nothing_is_lacking(void **state)
{
	for (unsigned combination = 0; combination < 1u << 14; combination++) {
		struct call_facts facts = {
			.operator_only = BIT(0), .operator = BIT(1), .person_only = BIT(2), .person = BIT(3),
			.scope_needed = BIT(4), .scope_held = BIT(5), .fresh_needed = BIT(6), .fresh = BIT(7),
			.second_needed = BIT(8), .second_given = BIT(9),
			.half = BIT(10), .half_may = BIT(11), .enrols = BIT(12), .other_there = BIT(13),
		};
		bool who = (!BIT(0) || BIT(1)) && (!BIT(2) || BIT(3)), may = !BIT(4) || BIT(5);
		bool half = BIT(10) && !(BIT(11) || (BIT(12) && !BIT(13)));
		bool stale = BIT(6) && BIT(3) && !BIT(7), alone = BIT(8) && !BIT(9);
		assert_int_equal(policy_call(&facts), !who    ? VERDICT_REFUSED
		                                      : half  ? VERDICT_SECOND_FACTOR
		                                      : !may  ? VERDICT_REFUSED
		                                      : stale ? VERDICT_STEP_UP
		                                      : alone ? VERDICT_SECOND_PERSON
		                                              : VERDICT_ALLOWED);
	}
	assert_int_equal(VERDICT_REFUSED, 0); /* what nobody set is refused */
	(void)state;
}

static void
two_factors_are_two_or_one_that_is_both(void **state)
{
	for (unsigned combination = 0; combination < 1u << 5; combination++) {
		struct factor_facts facts = { .required = BIT(0), .passkey = BIT(1), .provider = BIT(2), .password = BIT(3),
			                      .code = BIT(4) };
		bool two = BIT(1) || BIT(2) || (combination & (8 | 16)) == (8 | 16);
		assert_int_equal(policy_factors(&facts), two || !BIT(0));
	}
	(void)state;
}

static void
nobody_is_the_second_for_themselves(void **state)
{
	for (unsigned combination = 0; combination < 1u << 5; combination++) {
		struct approval_facts facts = { BIT(0), BIT(1), BIT(2), BIT(3), BIT(4) };
		assert_int_equal(policy_approve(&facts), combination == (1 | 2 | 8 | 16));
	}
	for (unsigned combination = 0; combination < 1u << 6; combination++) {
		struct approved_facts facts = { BIT(0), BIT(1), BIT(2), BIT(3), BIT(4), BIT(5) };
		assert_int_equal(policy_approved(&facts), combination == 63);
	}
	(void)state;
}

static void
exceptions_are_few_and_reviewed_by_others(void **state)
{
	for (unsigned combination = 0; combination < 1u << 4; combination++) {
		assert_int_equal(policy_break_glass(&(struct glass_facts){ BIT(0), BIT(1), BIT(2), BIT(3) }), combination == 3);
		assert_int_equal(policy_review(&(struct review_facts){ BIT(0), BIT(1), BIT(2), BIT(3) }), combination == 5);
	}
	(void)state;
}

static void
who_looks_at_too_many_steps_up_and_is_then_stopped(void **state)
{
	for (int64_t distinct = 0; distinct < 8; distinct++)
		for (int64_t step_up = 0; step_up < 5; step_up++)
			for (int64_t block = 0; block < 7; block++)
				for (int fresh = 0; fresh < 2; fresh++) {
					struct look_facts facts = { distinct, step_up, block, fresh };
					bool stopped = block && distinct > block, over = step_up && distinct > step_up;
					assert_int_equal(policy_look(&facts), stopped          ? VERDICT_SPENT
					                                      : over && !fresh ? VERDICT_STEP_UP
					                                                       : VERDICT_ALLOWED);
				}
	(void)state;
}

/* --- grants against a slow reading ------------------------------------------------------------- */

#define PURPOSES 5
#define FIELDS 4
#define SCOPES 3

struct slow {
	bool scope[SCOPES], purpose[PURPOSES], all;
	int view, view_sensitive, listed[FIELDS]; /* -1: not listed */
};

static uint64_t seed;

static unsigned
some(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void
slow_random(struct slow *ret)
{
	ret->all = !some(4);
	ret->view = (int)some(3);
	ret->view_sensitive = (int)some(3);
	for (int i = 0; i < SCOPES; i++)
		ret->scope[i] = some(2);
	for (int i = 0; i < PURPOSES; i++)
		ret->purpose[i] = some(2);
	for (int i = 0; i < FIELDS; i++)
		ret->listed[i] = some(3) ? -1 : (int)some(3);
}

static struct grant
grant_of(struct arena *arena, const struct slow *slow)
{
	OWNED(buf_release) struct buf purposes = { .max = 64 }, views = { .max = 64 };
	struct grant grant = { .all_purposes = slow->all, .view = (enum view)slow->view,
		               .view_sensitive = (enum view)slow->view_sensitive };

	for (int i = 0; i < SCOPES; i++)
		grant.scopes |= (uint32_t)slow->scope[i] << i;
	for (int i = 0; i < PURPOSES && !slow->all; i++)
		if (slow->purpose[i])
			buf_le16(&purposes, (uint16_t)(i + 1));
	for (int i = 0; i < FIELDS; i++)
		if (slow->listed[i] >= 0) {
			buf_le16(&views, (uint16_t)(i + 1));
			buf_u8(&views, (uint8_t)slow->listed[i]);
		}
	grant.purposes = arena_bytes(arena, buf_bytes(&purposes));
	grant.views = arena_bytes(arena, buf_bytes(&views));
	return grant;
}

static bool
slow_is_for(const struct slow *slow, unsigned needed, int purpose)
{
	bool scope = needed == 0;

	for (int i = 0; i < SCOPES; i++)
		scope |= slow->scope[i] && (needed >> i & 1);
	return scope && (slow->all || (purpose >= 1 && purpose <= PURPOSES && slow->purpose[purpose - 1]));
}

static void
grants_give_what_a_slow_reading_of_them_gives(void **state)
{
	struct arena arena = { 0 };

	for (seed = 1; seed < 400; seed++) {
		uint64_t round = seed;
		struct slow slow[4];
		struct grant grant[4];
		size_t count = some(5);
		for (size_t i = 0; i < count; i++) {
			slow_random(&slow[i]);
			grant[i] = grant_of(&arena, &slow[i]);
		}
		struct grants grants = { grant, count };
		for (unsigned needed = 0; needed < 1u << SCOPES; needed++) {
			bool any = false;
			for (size_t i = 0; i < count; i++)
				any |= slow[i].all && slow_is_for(&slow[i], needed, 0);
			assert_int_equal(policy_any_purpose(grants, needed), any);
			for (int purpose = 0; purpose <= PURPOSES + 1; purpose++) {
				bool has = false;
				for (size_t i = 0; i < count; i++)
					has |= slow_is_for(&slow[i], needed, purpose);
				assert_int_equal(policy_purpose(grants, needed, (uint32_t)purpose), has);
				for (int field = 1; field <= FIELDS + 1; field++)
					for (int sensitive = 0; sensitive < 2; sensitive++) {
						int best = VIEW_HIDDEN;
						for (size_t i = 0; i < count; i++) {
							int listed = field <= FIELDS ? slow[i].listed[field - 1] : -1;
							int view = listed >= 0 ? listed
							           : sensitive ? slow[i].view_sensitive
							                       : slow[i].view;
							if (slow_is_for(&slow[i], needed, purpose) && view > best)
								best = view;
						}
						assert_int_equal(policy_view(grants, needed, (uint32_t)purpose,
						                             (uint32_t)field, sensitive), best);
					}
			}
		}
		seed = round;
		arena_reset(&arena);
	}
	arena_release(&arena);
	(void)state;
}

/* A number that is no view hides, whoever wrote it. */
static void
an_unknown_view_hides(void **state)
{
	static const uint8_t views[] = { 1, 0, 7, 2, 0 }; /* field 2 is cut off */
	const struct grant grant = { .scopes = SCOPE_READ, .all_purposes = true, .view = VIEW_CLEAR,
		                     .view_sensitive = VIEW_MASKED, .views = { views, sizeof(views) } };

	assert_int_equal(policy_view((struct grants){ &grant, 1 }, SCOPE_READ, 9, 1, false), VIEW_HIDDEN);
	assert_int_equal(policy_view((struct grants){ &grant, 1 }, SCOPE_READ, 9, 2, false), VIEW_CLEAR);
	assert_int_equal(policy_view((struct grants){ &grant, 1 }, SCOPE_READ, 9, 2, true), VIEW_MASKED);
	assert_int_equal(policy_scopes((struct grants){ &grant, 1 }), SCOPE_READ);
	assert_int_equal(policy_scopes((struct grants){ 0 }), 0);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_good_only_as_long_as_everything_holds),
		cmocka_unit_test(the_clock_may_go_back_by_a_moment_and_no_more),
		cmocka_unit_test(a_call_is_allowed_only_when_nothing_is_lacking),
		cmocka_unit_test(two_factors_are_two_or_one_that_is_both),
		cmocka_unit_test(nobody_is_the_second_for_themselves),
		cmocka_unit_test(exceptions_are_few_and_reviewed_by_others),
		cmocka_unit_test(who_looks_at_too_many_steps_up_and_is_then_stopped),
		cmocka_unit_test(grants_give_what_a_slow_reading_of_them_gives),
		cmocka_unit_test(an_unknown_view_hides),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
