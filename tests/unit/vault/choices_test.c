/* What a person chose about being contacted (standing.h, L9): a pause, how often, the language. */
#include "fixture.h"

#include "vault_tests.h"

static struct fixture the_fixture;

static int
begin(void **state)
{
	fixture_begin(&the_fixture);
	fixture_registry(&the_fixture);
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

static void
choose(struct fixture *f, uid id, const struct buf *detail)
{
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, id);
	edit.act[0] = (struct act_new){ .act = ACT_CHOSEN, .at = f->job.now, .until_at = TIME_NEVER, .method = METHOD_PREFERENCES,
		                        .detail = buf_bytes(detail) };
	edit.change.act = edit.act;
	edit.change.act_count = 1;
	assert_ok(edit_commit(&edit));
	f->job.now++;
}

static void
pause_until(struct fixture *f, uid id, time_us until)
{
	OWNED(buf_release) struct buf detail = { .max = 16 };

	buf_u8(&detail, CHOICE_PAUSE);
	buf_le64(&detail, (uint64_t)until);
	choose(f, id, &detail);
}

static void
at_most(struct fixture *f, uid id, uint16_t count, uint16_t days)
{
	OWNED(buf_release) struct buf detail = { .max = 16 };

	buf_u8(&detail, CHOICE_OFTEN);
	buf_le16(&detail, count);
	buf_le16(&detail, days);
	choose(f, id, &detail);
}

static void
speak_in(struct fixture *f, uid id, const char *language)
{
	OWNED(buf_release) struct buf detail = { .max = 16 };

	buf_u8(&detail, CHOICE_LANGUAGE);
	buf_put(&detail, str_from_c(language));
	choose(f, id, &detail);
}

static void
a_pause_holds_marketing_back_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "newsletter", "email=a@example.com", NULL);
	time_us until = f->job.now + 10 * TIME_DAY;
	struct verdict verdict;

	assert_ok(person_act(f, id, ACT_ESTABLISHED, "order"));
	f->job.now++;
	pause_until(f, id, until);
	verdict = ask(f, id, "newsletter", CHANNEL_EMAIL);
	assert_int_equal(verdict.reason, REASON_PAUSED);
	assert_true(!verdict.allowed && verdict.retry_at == until);
	assert_verified(f);
	f->job.now = until;
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
	pause_until(f, id, f->job.now + TIME_DAY);
	pause_until(f, id, 0);
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
	assert_verified(f);
}

static void
a_pause_allows_nothing(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=a@example.com", NULL);

	pause_until(f, id, f->job.now + TIME_DAY);
	assert_int_equal(ask(f, id, "newsletter", CHANNEL_EMAIL).reason, REASON_NO_CONSENT);
}

static void
how_often_is_counted_for_who_wished_it(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "newsletter", "email=a@example.com", NULL);
	uid other = person_make(f, "newsletter", "email=b@example.com", NULL);
	uint64_t count;

	at_most(f, id, 2, 7);
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
	assert_int_equal(ask(f, id, "newsletter", CHANNEL_EMAIL).reason, REASON_FREQUENCY);
	f->job.now += 6 * TIME_DAY;
	assert_ok(contacts_forget(&f->job, f->vault, 100, &count)); /* what time does leaves what is still counted */
	assert_int_equal(count, 0);
	assert_int_equal(ask(f, id, "newsletter", CHANNEL_EMAIL).reason, REASON_FREQUENCY);
	for (int i = 0; i < 5; i++)
		assert_true(ask(f, other, "newsletter", CHANNEL_EMAIL).allowed);
	f->job.now += 2 * TIME_DAY;
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
	at_most(f, id, 0, 0);
	for (int i = 0; i < 5; i++)
		assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
	f->job.now += (CHOICE_DAYS_MAX + 1) * TIME_DAY;
	assert_ok(contacts_forget(&f->job, f->vault, 100, &count));
	assert_true(count > 0);
}

static void
the_newest_of_each_counts_and_comes_back(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "newsletter", "email=a@example.com", NULL);
	struct subject subject;

	speak_in(f, id, "en");
	at_most(f, id, 1, 30);
	speak_in(f, id, "sv");
	pause_until(f, id, f->job.now + TIME_DAY);
	fixture_reopen(f);
	assert_ok(subject_get(&f->job, f->vault, id, &subject));
	assert_string_equal(subject.standing.choice.language, "sv");
	assert_int_equal(subject.standing.choice.at_most, 1);
	assert_int_equal(subject.standing.choice.at_most_days, 30);
	assert_true(subject.standing.choice.paused_until_at > f->job.now);
	assert_verified(f);
}

int
choices_tests(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(a_pause_holds_marketing_back_and_nothing_else),
		EACH(a_pause_allows_nothing),
		EACH(how_often_is_counted_for_who_wished_it),
		EACH(the_newest_of_each_counts_and_comes_back),
	};

	return cmocka_run_group_tests_name("choices", tests, NULL, NULL);
}
