/* src/vault/clock.c: what a reading of the clock is worth (K1-K3). */
#include "fixture.h"

#include "vault_tests.h"

#define DAY TIME_DAY
#define MINUTE (60 * TIME_SECOND)
#define WALL FIXTURE_NOW

/* The mark: WALL, an hour after start A of the machine. */
static const struct clock_mark mark = { .wall_at = WALL, .boot_us = 60 * MINUTE, .boot = "A" };

static void
a_reading_is_judged_by_the_time_that_has_passed(void **state UNUSED)
{
	static const struct {
		const char *what;
		char boot;
		int64_t wall, passed; /* since the mark */
		bool synchronised;
		enum clock_state state;
		int64_t limit; /* since the mark */
	} rows[] = {
		{ "an hour by both", 'A', 60 * MINUTE, 60 * MINUTE, false, CLOCK_TRUSTED, 60 * MINUTE },
		{ "years by both", 'A', 4000 * DAY, 4000 * DAY, false, CLOCK_TRUSTED, 4000 * DAY },
		{ "a correction of some minutes", 'A', 65 * MINUTE, 60 * MINUTE, false, CLOCK_TRUSTED, 65 * MINUTE },
		{ "a little more than that", 'A', 65 * MINUTE + 1, 60 * MINUTE, false, CLOCK_AHEAD, 60 * MINUTE },
		{ "a jump of a day", 'A', DAY, MINUTE, false, CLOCK_AHEAD, MINUTE },
		{ "however well kept", 'A', DAY, MINUTE, true, CLOCK_AHEAD, MINUTE },
		{ "back by a year", 'A', -365 * DAY, MINUTE, false, CLOCK_TRUSTED, -365 * DAY },
		{ "off for a night, and kept right", 'B', DAY, 0, true, CLOCK_TRUSTED, DAY },
		{ "off for a night, by a clock that nobody keeps", 'B', DAY, 0, false, CLOCK_UNSURE, 0 },
		{ "restarted at once", 'B', 2 * MINUTE, 0, false, CLOCK_TRUSTED, 2 * MINUTE },
		{ "off for a month", 'B', 31 * DAY, 0, true, CLOCK_TRUSTED, 31 * DAY },
		{ "off for longer, or a dead battery", 'B', 31 * DAY + 1, 0, true, CLOCK_AHEAD, 0 },
		{ "a battery that died long ago", 'B', -19000 * DAY, 0, false, CLOCK_TRUSTED, -19000 * DAY },
		{ "which start it was is not known", '\0', 6 * MINUTE, 6 * MINUTE, false, CLOCK_UNSURE, 0 },
		{ "a machine that was put back to an earlier state", 'A', DAY, -30 * MINUTE, false, CLOCK_UNSURE, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct clock_reading reading = { .wall_at = WALL + rows[i].wall,
			                         .boot_us = mark.boot_us + rows[i].passed,
			                         .synchronised = rows[i].synchronised };
		struct clock_view view;

		reading.boot[0] = (uint8_t)rows[i].boot;
		clock_judge(&mark, &reading, &view);
		if (view.state != rows[i].state || view.limit_at != WALL + rows[i].limit)
			print_error("%s\n", rows[i].what);
		assert_int_equal(view.state, rows[i].state);
		assert_int_equal(view.limit_at, WALL + rows[i].limit);
	}
}

/* Whatever the reading, nothing is erased later than what the mark lets expect and the tolerance,
 * unless the machine was restarted and its clock is kept right; and never later than the wall clock. */
static void
no_reading_of_one_start_lets_erase_early(void **state UNUSED)
{
	uint64_t random = 0x9e3779b97f4a7c15u;

	for (int i = 0; i < 100000; i++) {
		struct clock_reading reading = { .boot = "A" };
		struct clock_view view;

		random = random * 6364136223846793005u + 1442695040888963407u;
		reading.wall_at = WALL + (int64_t)(random >> 40) * TIME_SECOND - 5000000 * TIME_SECOND;
		random = random * 6364136223846793005u + 1442695040888963407u;
		reading.boot_us = mark.boot_us + (int64_t)(random >> 42) * TIME_SECOND;
		reading.synchronised = random & 1;
		clock_judge(&mark, &reading, &view);
		assert_true(view.limit_at <= reading.wall_at);
		assert_true(view.limit_at <= WALL + reading.boot_us - mark.boot_us + CLOCK_TOLERANCE);
		assert_int_equal(view.state == CLOCK_TRUSTED, view.limit_at == reading.wall_at);
	}
}

int
clock_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reading_is_judged_by_the_time_that_has_passed),
		cmocka_unit_test(no_reading_of_one_start_lets_erase_early),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
