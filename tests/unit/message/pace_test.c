/* src/message/pace.c with a clock that the test moves. */
#include "../vault/vault_test.h"
#include "message_tests.h"

#include "message/pace.h"

#define NOW (20780 * TIME_DAY)
#define MANY 1000000

static void
so_many_connections_for_a_domain_and_no_more(void **state)
{
	OWNED(pace_free) struct pace *pace = pace_new();
	time_us at = 0;

	assert_true(pace_begin(pace, 1, false, 2, MANY, NOW, &at));
	assert_true(pace_begin(pace, 1, false, 2, MANY, NOW, &at));
	assert_false(pace_begin(pace, 1, false, 2, MANY, NOW, &at));
	assert_true(at > NOW);
	assert_true(pace_begin(pace, 1, true, 2, MANY, NOW, &at)); /* one more in a batch that is there */
	assert_true(pace_begin(pace, 2, false, 2, MANY, NOW, &at)); /* another domain */
	pace_end(pace, 1);
	assert_true(pace_begin(pace, 1, false, 2, MANY, NOW, &at));
}

/* 60 a minute: after what a second makes up for, one each second, and each who waits has a moment of their own. */
static void
so_many_in_a_minute_and_each_who_waits_another_moment(void **state)
{
	OWNED(pace_free) struct pace *pace = pace_new();
	time_us at, before = NOW;
	int begun = 0;

	while (pace_begin(pace, 1, begun > 0, 8, 60, NOW, &at))
		begun++;
	assert_true(begun >= 1 && begun <= 3);
	for (int i = 0; i < 100; i++) {
		assert_false(pace_begin(pace, 1, true, 8, 60, NOW, &at));
		assert_true(at > before);
		before = at;
	}
	assert_true(before - NOW >= 99 * TIME_SECOND && before - NOW <= 110 * TIME_SECOND);
	begun = 0;
	for (time_us now = NOW; now < NOW + 60 * TIME_SECOND; now += TIME_SECOND / 10)
		begun += pace_begin(pace, 1, true, 8, 60, now, &at);
	assert_true(begun >= 55 && begun <= 63);
}

static void
what_is_forgotten_was_quiet(void **state)
{
	OWNED(pace_free) struct pace *pace = pace_new();
	time_us at;

	assert_true(pace_begin(pace, 1, false, 1, MANY, NOW, &at));
	for (int64_t domain = 2; domain < 5000; domain++) {
		assert_true(pace_begin(pace, domain, false, 1, MANY, NOW + domain * TIME_SECOND, &at));
		pace_end(pace, domain);
	}
	assert_false(pace_begin(pace, 1, false, 1, MANY, NOW + 6000 * TIME_SECOND, &at)); /* it is still under way */
}

int
pace_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_connections_for_a_domain_and_no_more),
		cmocka_unit_test(so_many_in_a_minute_and_each_who_waits_another_moment),
		cmocka_unit_test(what_is_forgotten_was_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
