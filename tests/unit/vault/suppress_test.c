/* src/vault/suppress.c and the recorded half of decide.c: addresses, holders, budgets, caps. */
#include "fixture.h"

#include "base/limits.h"
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

static enum err
ask_address(struct fixture *f, const char *email, const char *purpose, struct verdict *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct question question = { .channel = CHANNEL_EMAIL, .message_class = CLASS_MARKETING, .opt_out = true };

	TRY(registry_hold(&f->job, f->vault, &registry));
	question.purpose = registry_purpose(registry, str_from_c(purpose));
	return decide_value(&f->job, f->vault, registry, registry_field(registry, S("email")), str_from_c(email),
	                    &question, ret);
}

static enum reason
reason_of(struct fixture *f, const char *email)
{
	struct verdict verdict;

	assert_ok(ask_address(f, email, "newsletter", &verdict));
	return verdict.reason;
}

/* --- by address (Q3) ------------------------------------------------------------------------------ */

static void
a_shared_address_is_a_no_as_soon_as_one_holder_said_no(void **state)
{
	struct fixture *f = *state;
	uid anna, order;

	assert_int_equal(reason_of(f, "us@example.com"), REASON_UNKNOWN);
	anna = person_make(f, "newsletter", "email=us@example.com", NULL);
	assert_int_equal(reason_of(f, "US@EXAMPLE.COM"), REASON_CONSENT);
	order = person_make(f, "order", "email=us@example.com", NULL);
	assert_int_equal(reason_of(f, "us@example.com"), REASON_CONSENT); /* who was never asked said nothing */
	f->job.now++;
	assert_ok(person_act(f, order, ACT_REFUSED, "newsletter"));
	assert_int_equal(reason_of(f, "us@example.com"), REASON_SHARED_NO);
	assert_true(ask(f, anna, "newsletter", CHANNEL_EMAIL).allowed); /* by person it is hers to say */
}

static void
an_address_with_more_holders_than_can_be_asked_is_a_no(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i <= LIMIT_HOLDERS; i++)
		person_make(f, "newsletter", "email=us@example.com", NULL);
	assert_int_equal(reason_of(f, "us@example.com"), REASON_SHARED_NO);
}

static void
every_answer_is_recorded_and_an_unknown_one_too(void **state)
{
	struct fixture *f = *state;
	uid anna = person_make(f, "newsletter", "email=anna@example.com", NULL);
	struct verdict verdict = ask(f, anna, "newsletter", CHANNEL_EMAIL);
	int64_t before = verdict.entry;

	assert_int_equal(sql(f, "valv.db", "SELECT act FROM entry WHERE seq = ?1", before, 0), ENTRY_DECISION);
	assert_int_equal(sql(f, "valv.db", "SELECT outcome FROM entry WHERE seq = ?1", before, 0), OK);
	verdict = ask(f, (uid){ .octet = { 1 } }, "newsletter", CHANNEL_EMAIL);
	assert_int_equal(verdict.reason, REASON_UNKNOWN);
	assert_int_equal(verdict.entry, before + 1);
	assert_int_equal(sql(f, "valv.db", "SELECT outcome FROM entry WHERE seq = ?1", before + 1, 0), ERR_DENIED);
}

static void
lookups_by_value_have_an_hourly_budget(void **state)
{
	struct fixture *f = *state;
	struct verdict verdict;

	assert_ok(setting_put(&f->job, f->vault, S("budget_per_hour"), S("2")));
	assert_int_equal(reason_of(f, "a@example.com"), REASON_UNKNOWN); /* operators have none */
	f->job.actor = (struct actor){ ACTOR_KEY, 1 };
	assert_int_equal(reason_of(f, "a@example.com"), REASON_UNKNOWN);
	assert_int_equal(reason_of(f, "b@example.com"), REASON_UNKNOWN);
	assert_fails(&f->job, ERR_BUDGET, ask_address(f, "c@example.com", "newsletter", &verdict));
	f->job.actor.no = 2; /* another key has its own */
	assert_int_equal(reason_of(f, "c@example.com"), REASON_UNKNOWN);
	f->job.actor.no = 1;
	f->job.now += 3600 * TIME_SECOND;
	assert_int_equal(reason_of(f, "c@example.com"), REASON_UNKNOWN);
}

/* --- many stops (Q1) -------------------------------------------------------------------------------- */

/* However many stops an address has, the one that counts is seen. */
static void
no_stop_is_lost_among_many(void **state)
{
	struct fixture *f = *state;
	uid anna = person_make(f, "newsletter", "email=anna@example.com", NULL);
	struct suppression stop = { .scope = SCOPE_PURPOSE, .at = f->job.now, .source = SOURCE_STAFF };

	for (uint32_t purpose = 1000; purpose < 1100; purpose++) {
		stop.purpose = purpose;
		assert_ok(suppress(&f->job, f->vault, ADDRESS_EMAIL, S("anna@example.com"), &stop));
	}
	assert_true(ask(f, anna, "newsletter", CHANNEL_EMAIL).allowed);
	stop = (struct suppression){ .scope = SCOPE_ALL, .at = f->job.now, .source = SOURCE_BOUNCE };
	assert_ok(suppress(&f->job, f->vault, ADDRESS_EMAIL, S("anna@example.com"), &stop));
	assert_int_equal(ask(f, anna, "newsletter", CHANNEL_EMAIL).reason, REASON_SUPPRESSED);
}

static void
a_stop_keeps_its_newest_time_and_is_recorded(void **state)
{
	struct fixture *f = *state;
	struct suppression stop = { .scope = SCOPE_MARKETING, .at = f->job.now, .source = SOURCE_LIST };
	struct suppression found[4];
	size_t count;

	assert_ok(suppress(&f->job, f->vault, ADDRESS_EMAIL, S("x@example.com"), &stop));
	stop.at -= TIME_DAY;
	assert_ok(suppress(&f->job, f->vault, ADDRESS_EMAIL, S("X@example.com"), &stop));
	assert_ok(suppressions_of(&f->job, f->vault, ADDRESS_EMAIL, S("x@example.com"), found, 4, &count));
	assert_int_equal(count, 1);
	assert_int_equal(found[0].at, f->job.now);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act = ?1", ENTRY_SUPPRESS, 0), 2);
	assert_fails_at(&f->job, ERR_INVALID, "/value",
	                suppress(&f->job, f->vault, ADDRESS_EMAIL, S("no address"), &stop));
	assert_fails_at(&f->job, ERR_INVALID, "/address",
	                suppress(&f->job, f->vault, ADDRESS_POST, S("Gatan 1"), &stop));
}

/* --- frequency cap ---------------------------------------------------------------------------------- */

static const char capped[] = "\"basis\":\"consent\",\"marketing\":true,\"fields\":[\"email\"],\"channels\":[\"email\"],"
                             "\"frequency_cap\":{\"count\":2,\"period\":\"P7D\"}";

static void
a_frequency_cap_counts_what_was_allowed(void **state)
{
	struct fixture *f = *state;
	uid anna;

	define_purpose(f, "weekly", capped);
	anna = person_make(f, "weekly", "email=anna@example.com", NULL);
	assert_true(ask(f, anna, "weekly", CHANNEL_EMAIL).allowed);
	assert_true(ask(f, anna, "weekly", CHANNEL_EMAIL).allowed); /* within one tick of the clock */
	assert_int_equal(ask(f, anna, "weekly", CHANNEL_EMAIL).reason, REASON_FREQUENCY);
	f->job.now += 7 * TIME_DAY - 1;
	assert_int_equal(ask(f, anna, "weekly", CHANNEL_EMAIL).reason, REASON_FREQUENCY);
	f->job.now += 1;
	assert_true(ask(f, anna, "weekly", CHANNEL_EMAIL).allowed);
}

static void
a_batch_counts_towards_the_cap_as_well(void **state)
{
	struct fixture *f = *state;
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct batch_item item[5] = { 0 };
	uid anna;

	define_purpose(f, "weekly", capped);
	anna = person_make(f, "weekly", "email=anna@example.com", NULL);
	assert_true(ask(f, anna, "weekly", CHANNEL_EMAIL).allowed);
	assert_ok(registry_hold(&f->job, f->vault, &registry));
	for (size_t i = 0; i < COUNT(item); i++) {
		item[i].id = anna;
		item[i].question = (struct question){ .purpose = registry_purpose(registry, S("weekly")),
			                              .channel = CHANNEL_EMAIL, .message_class = CLASS_MARKETING,
			                              .opt_out = true };
	}
	item[1].id = (uid){ 0 };
	item[2].err = ERR_INVALID; /* could not be read: left alone */
	item[3].by_value = true;
	item[3].field = registry_field(registry, S("email"));
	item[3].raw = S("nobody@example.com");
	assert_ok(decide_batch(&f->job, f->vault, registry, item, COUNT(item)));
	assert_true(item[0].verdict.allowed);
	assert_int_equal(item[1].verdict.reason, REASON_UNKNOWN);
	assert_int_equal(item[2].err, ERR_INVALID);
	assert_int_equal(item[3].verdict.reason, REASON_UNKNOWN);
	assert_int_equal(item[4].verdict.reason, REASON_FREQUENCY);
	assert_int_equal(item[0].verdict.entry, item[4].verdict.entry); /* one packed entry */
}

static void
a_bad_value_in_a_batch_disturbs_no_other(void **state)
{
	struct fixture *f = *state;
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct batch_item item[2] = { 0 };

	person_make(f, "newsletter", "email=anna@example.com", NULL);
	assert_ok(registry_hold(&f->job, f->vault, &registry));
	for (size_t i = 0; i < COUNT(item); i++) {
		item[i].by_value = true;
		item[i].field = registry_field(registry, S("email"));
		item[i].raw = i ? S("anna@example.com") : S("not an address");
		item[i].question = (struct question){ .purpose = registry_purpose(registry, S("newsletter")),
			                              .channel = CHANNEL_EMAIL, .message_class = CLASS_MARKETING };
	}
	assert_ok(decide_batch(&f->job, f->vault, registry, item, COUNT(item)));
	assert_string_equal(error_name(item[0].err), "ERR_INVALID");
	assert_true(item[1].verdict.allowed);
}

/* --- the exception for customers -------------------------------------------------------------------- */

static enum reason
offer(struct fixture *f, uid id, const char *category)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct question question = { .channel = CHANNEL_EMAIL, .message_class = CLASS_MARKETING, .opt_out = true,
		                     .category = str_from_c(category) };
	struct verdict verdict;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	question.purpose = registry_purpose(registry, S("newsletter"));
	assert_ok(decide_subject(&f->job, f->vault, registry, id, &question, &verdict));
	return verdict.reason;
}

static void
sell(struct edit *edit, const char *category)
{
	struct act_new *act = edit_act(edit, ACT_ESTABLISHED, "newsletter");

	act->basis = BASIS_SOFT_OPT_IN;
	act->detail = str_bytes(str_from_c(category));
}

/* Each sale speaks for its own kinds of product, as long as it lives itself. */
static void
a_second_sale_neither_hides_nor_prolongs_the_first(void **state)
{
	struct fixture *f = *state;
	struct edit edit;
	uid id;

	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", "anna@example.com");
	sell(&edit, "tents\nboots");
	assert_ok(edit_commit(&edit));
	id = edit.result.id;
	f->job.now += TIME_DAY;
	edit_person(&edit, &f->job, f->vault, id);
	sell(&edit, "books");
	edit.act[0].until_at = f->job.now + 10 * TIME_DAY;
	assert_ok(edit_commit(&edit));
	assert_int_equal(offer(f, id, "tents"), REASON_SOFT_OPT_IN);
	assert_int_equal(offer(f, id, "boots"), REASON_SOFT_OPT_IN);
	assert_int_equal(offer(f, id, "books"), REASON_SOFT_OPT_IN);
	assert_int_equal(offer(f, id, "boo"), REASON_CATEGORY);
	assert_int_equal(offer(f, id, ""), REASON_CATEGORY);
	f->job.now += 10 * TIME_DAY;
	assert_int_equal(offer(f, id, "tents"), REASON_SOFT_OPT_IN);
	assert_int_equal(offer(f, id, "books"), REASON_CATEGORY);
}

static void
an_unconfirmed_sign_up_does_not_undo_a_no_to_a_customer(void **state)
{
	struct fixture *f = *state;
	struct edit edit;
	uid id;

	define_purpose(f, "newsletter", "\"basis\":\"consent\",\"marketing\":true,\"soft_opt_in\":true,\"double_opt_in\":true,"
	                                "\"fields\":[\"email\"],\"channels\":[\"email\"]");
	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", "anna@example.com");
	sell(&edit, "tents");
	assert_ok(edit_commit(&edit));
	id = edit.result.id;
	assert_int_equal(offer(f, id, "tents"), REASON_SOFT_OPT_IN);
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_REFUSED, "newsletter"));
	assert_int_equal(offer(f, id, "tents"), REASON_REFUSED);
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_GIVEN, "newsletter")); /* anybody can type an address */
	assert_int_equal(offer(f, id, "tents"), REASON_REFUSED);
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_CONFIRMED, "newsletter"));
	assert_int_equal(offer(f, id, "tents"), REASON_CONSENT);
}

int
suppress_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_shared_address_is_a_no_as_soon_as_one_holder_said_no),
		EACH(an_address_with_more_holders_than_can_be_asked_is_a_no),
		EACH(every_answer_is_recorded_and_an_unknown_one_too),
		EACH(lookups_by_value_have_an_hourly_budget),
		EACH(no_stop_is_lost_among_many),
		EACH(a_stop_keeps_its_newest_time_and_is_recorded),
		EACH(a_frequency_cap_counts_what_was_allowed),
		EACH(a_batch_counts_towards_the_cap_as_well),
		EACH(a_bad_value_in_a_batch_disturbs_no_other),
		EACH(a_second_sale_neither_hides_nor_prolongs_the_first),
		EACH(an_unconfirmed_sign_up_does_not_undo_a_no_to_a_customer),
	};

	return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
