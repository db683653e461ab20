/* src/vault/token.c: each kind opens as itself and as nothing else. */
#include "fixture.h"

#include "vault/token.h"
#include "vault_tests.h"

static struct fixture the_fixture;

static int
begin(void **state)
{
	fixture_begin(&the_fixture);
	*state = &the_fixture;
	return 0;
}

static int
end(void **state)
{
	fixture_end(*state);
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

static struct token_body
body_some(void)
{
	struct token_body body = { .purpose = 7, .channel = CHANNEL_EMAIL, .extra = str_bytes(S("extra")) };

	memset(body.digest, 0xab, sizeof(body.digest));
	memset(&body.subject, 0xcd, sizeof(body.subject));
	return body;
}

static void
a_token_opens_as_its_own_kind_and_as_no_other(void **state)
{
	struct fixture *f = *state;
	struct token_body body = body_some(), got;

	for (int made = TOKEN_NONE + 1; made < TOKEN_KIND_COUNT; made++) {
		str token = token_make(&f->job, f->vault, (enum token_kind)made, &body);
		for (int opened = TOKEN_NONE + 1; opened < TOKEN_KIND_COUNT; opened++)
			assert_true(token_open(&f->job, f->vault, (enum token_kind)opened, token, &got) == (made == opened));
		assert_true(token_open(&f->job, f->vault, (enum token_kind)made, token, &got));
		assert_memory_equal(got.digest, body.digest, sizeof(got.digest));
		assert_memory_equal(&got.subject, &body.subject, sizeof(got.subject));
		assert_true(got.purpose == 7 && got.channel == CHANNEL_EMAIL && str_eq(bytes_str(got.extra), S("extra")));
	}
}

static void
one_that_was_changed_cut_or_made_up_does_not_open(void **state)
{
	static const char *const made_up[] = { "", "A", "AAAA", "not base64!", "%00", "=", "...." };
	struct fixture *f = *state;
	struct token_body body = body_some(), got;
	str token = token_make(&f->job, f->vault, TOKEN_STOP, &body);
	char *changed = (char *)arena_str(&f->job.arena, token).ptr;
	char long_one[5000];

	for (size_t i = 0; i < token.len; i++) {
		char was = changed[i];
		changed[i] = was == 'A' ? 'B' : 'A';
		assert_false(token_open(&f->job, f->vault, TOKEN_STOP, (str){ changed, token.len }, &got));
		changed[i] = was;
		assert_false(token_open(&f->job, f->vault, TOKEN_STOP, (str){ changed, i }, &got));
	}
	assert_true(token_open(&f->job, f->vault, TOKEN_STOP, (str){ changed, token.len }, &got));
	for (size_t i = 0; i < COUNT(made_up); i++)
		assert_false(token_open(&f->job, f->vault, TOKEN_STOP, str_from_c(made_up[i]), &got));
	memset(long_one, 'A', sizeof(long_one));
	for (size_t len = 0; len < sizeof(long_one); len += 7)
		assert_false(token_open(&f->job, f->vault, TOKEN_STOP, (str){ long_one, len }, &got));
}

static void
each_kind_ends_in_its_time_and_a_stop_never(void **state)
{
	struct fixture *f = *state;
	struct token_body body = body_some(), got;
	str mine = token_make(&f->job, f->vault, TOKEN_MINE, &body), stop = token_make(&f->job, f->vault, TOKEN_STOP, &body);
	time_us made = f->job.now;

	f->job.now = made + TIME_DAY - 1;
	assert_true(token_open(&f->job, f->vault, TOKEN_MINE, mine, &got));
	assert_true(got.made_at <= made && got.until_at == made + TIME_DAY);
	f->job.now = made + TIME_DAY;
	assert_false(token_open(&f->job, f->vault, TOKEN_MINE, mine, &got));
	f->job.now = made + 20 * 366 * TIME_DAY;
	assert_true(token_open(&f->job, f->vault, TOKEN_STOP, stop, &got));
}

static void
progress(uint64_t done, void *ctx)
{
}

static void
turning_the_keys_over_changes_no_link(void **state)
{
	struct fixture *f = *state;
	struct token_body body = body_some(), got;
	str token = token_make(&f->job, f->vault, TOKEN_STOP, &body);
	uint64_t rewrapped;
	uint32_t epoch;

	assert_ok(keys_rotate(&f->job, f->vault->keys, f->vault->store, progress, NULL, &epoch, &rewrapped));
	assert_true(token_open(&f->job, f->vault, TOKEN_STOP, token, &got));
}

int
token_tests(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(a_token_opens_as_its_own_kind_and_as_no_other),
		EACH(one_that_was_changed_cut_or_made_up_does_not_open),
		EACH(each_kind_ends_in_its_time_and_a_stop_never),
		EACH(turning_the_keys_over_changes_no_link),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
