/* src/vault/outbox.c, outbox_take.c and deliver.c with a clock that the test moves: what a row's life
 * is, who takes it, and what a store that was restored does with it. */
#include "fixture.h"
#include "vault_tests.h"

#include "vault/deliver.h"

static void
recipient_make(struct fixture *f, const char *name, const char *url)
{
	struct recipient recipient = { .name = str_from_c(name), .title = str_from_c(name), .role = S("processor"),
		                       .contact = S("brev@example.org"), .url = str_from_c(url) };
	bool created;
	str secret;

	assert_ok(delivery_networks_set(&f->job, f->vault, S("127.0.0.0/8")));
	assert_ok(recipient_put(&f->job, f->vault, &recipient, &created, &secret));
	assert_true(created);
	assert_int_equal(secret.len, *url ? 50 : 0);
}

static void
vault_make(struct fixture *f, const char *url)
{
	fixture_begin(f);
	fixture_registry(f);
	recipient_make(f, "printer", url);
	define_purpose(f, "mailing", "\"basis\":\"consent\",\"fields\":[\"email\",\"name\"],\"channels\":[\"email\"],"
	                             "\"recipients\":[{\"name\":\"printer\",\"role\":\"processor\"}]");
}

static enum err
disclose(struct fixture *f, uid id, const char *reference)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct disclosure_new item = { .subject = id, .at = f->job.now, .reference = str_from_c(reference) };
	uint16_t field[1];

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(recipient_get(&f->job, S("printer"), &item.recipient));
	item.purpose = registry_purpose(registry, S("mailing"));
	field[0] = registry_field(registry, S("email"))->no;
	item.field = field;
	item.field_count = 1;
	assert_ok(disclosures_record(&f->job, f->vault, registry, &item, 1));
	return item.err;
}

static struct outbox_row
only_row(struct fixture *f)
{
	struct outbox_row *row;
	size_t count;

	assert_ok(outbox_list(&f->job, 0, 10, &row, &count));
	assert_int_equal(count, 1);
	return row[0];
}

/* A person of whom the printer was told, and then restricted: one notice. */
static uid
restricted_person(struct fixture *f)
{
	uid id = person_make(f, "mailing", "email=anna@example.com", NULL);

	assert_ok(disclose(f, id, "kund-canary-17"));
	assert_ok(person_act(f, id, ACT_RESTRICTED, NULL));
	return id;
}

static void
a_notice_lives_thirty_days_and_its_key_goes_with_it(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct outbox_row row;
	size_t count;
	str *name, content;
	size_t at;

	vault_make(&f, "");
	restricted_person(&f);
	row = only_row(&f);
	assert_int_equal(row.state, OUTBOX_WAITING);
	assert_int_equal(row.via, OUTBOX_PROGRAM);
	assert_ok(outbox_open(&f.job, f.vault, &row, &content));
	assert_true(str_find(content, S("kund-canary-17"), &at));
	f.job.now = row.ends_at - 1;
	assert_ok(outbox_expire(&f.job, f.vault));
	assert_true(only_row(&f).content_there);
	f.job.now = row.ends_at;
	assert_ok(outbox_expire(&f.job, f.vault));
	row = only_row(&f);
	assert_int_equal(row.state, OUTBOX_FAILED);
	assert_int_equal(row.outcome, OUTCOME_TOO_LATE);
	assert_false(row.content_there);
	assert_int_equal(outbox_open(&f.job, f.vault, &row, &content), ERR_GONE);
	job_forgive(&f.job);
	keys_named_list(&f.job, f.vault->keys, S("outbox:"), &name, &count);
	assert_int_equal(count, 0);
	assert_int_equal(sql(&f, "keys.db", "SELECT COUNT(*) FROM named_key WHERE substr(name, 1, 7) = 'outbox:'", 0, 0), 0);
	assert_verified(&f);
}

static void
a_key_of_a_day_is_made_once_copied_and_destroyed(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(secret_free) struct secret *one = NULL, *same = NULL, *fresh = NULL;

	fixture_begin(&f);
	assert_int_equal(keys_named_find(&f.job, f.vault->keys, S("outbox:x"), &one), ERR_ABSENT);
	job_forgive(&f.job);
	assert_ok(keys_named_copy(&f.job, f.vault->keys, f.vault->store, S("outbox:x"), &one));
	fixture_reopen(&f);
	assert_ok(keys_named_copy(&f.job, f.vault->keys, f.vault->store, S("outbox:x"), &same));
	assert_true(secret_equal(one, same));
	assert_ok(keys_named_drop(&f.job, f.vault->keys, f.vault->store, S("outbox:x")));
	assert_ok(keys_named_drop(&f.job, f.vault->keys, f.vault->store, S("outbox:x")));
	assert_int_equal(keys_named_find(&f.job, f.vault->keys, S("outbox:x"), &fresh), ERR_ABSENT);
	job_forgive(&f.job);
	fixture_reopen(&f);
	assert_ok(keys_named_copy(&f.job, f.vault->keys, f.vault->store, S("outbox:x"), &fresh));
	assert_false(secret_equal(one, fresh));
}

struct late {
	struct outbox_plan plan;
};

static enum err
write_plan(struct job *job, struct db *db, void *arg)
{
	return outbox_steps(job, db, &((struct late *)arg)->plan);
}

static void
a_disclosure_that_comes_between_makes_the_plan_stale(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct outbox_event event = { .kind = OUTBOX_ERASED };
	struct late late = { 0 };
	struct outbox_row *row;
	size_t count;
	uid id;

	vault_make(&f, "");
	id = person_make(&f, "mailing", "email=anna@example.com", NULL);
	assert_ok(registry_hold(&f.job, f.vault, &registry));
	assert_ok(outbox_plan_notices(&f.job, f.vault, registry, person_no(&f, id), id, NULL, &event, 1, &late.plan));
	assert_int_equal(late.plan.count, 0);
	assert_ok(disclose(&f, id, ""));
	assert_int_equal(store_write(&f.job, f.vault->store, WRITE_ORDINARY, write_plan, &late), ERR_STALE);
	job_forgive(&f.job);
	assert_ok(outbox_list(&f.job, 0, 10, &row, &count));
	assert_int_equal(count, 0);
	late = (struct late){ 0 };
	assert_ok(outbox_plan_notices(&f.job, f.vault, registry, person_no(&f, id), id, NULL, &event, 1, &late.plan));
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, write_plan, &late));
	assert_int_equal(only_row(&f).kind, OUTBOX_ERASED);
}

static enum err
restored(struct job *job, struct db *db, void *arg UNUSED)
{
	return outbox_restored_steps(job, db);
}

static void
a_restored_store_sends_nothing_until_it_is_told_to(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct outbox_taken *taken;
	int64_t released;
	size_t count;
	uid lease;

	vault_make(&f, "");
	restricted_person(&f);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, restored, NULL));
	assert_int_equal(only_row(&f).state, OUTBOX_HELD);
	assert_int_equal(outbox_claim(&f.job, f.vault, 10, 60, &lease, &taken, &count), ERR_CONFLICT);
	job_forgive(&f.job);
	assert_ok(delivery_set(&f.job, f.vault, true));
	assert_ok(outbox_claim(&f.job, f.vault, 10, 60, &lease, &taken, &count));
	assert_int_equal(count, 0); /* on, and what was queued is held still */
	assert_ok(outbox_release(&f.job, f.vault, &released));
	assert_int_equal(released, 1);
	assert_ok(outbox_claim(&f.job, f.vault, 10, 60, &lease, &taken, &count));
	assert_int_equal(count, 1);
}

static void
a_lease_ends_and_the_older_one_says_nothing_any_more(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct outbox_taken *taken;
	uid first, second, id;
	size_t count;

	vault_make(&f, "");
	restricted_person(&f);
	assert_ok(outbox_claim(&f.job, f.vault, 10, 60, &first, &taken, &count));
	assert_int_equal(count, 1);
	id = taken[0].row.id;
	f.job.now += 61 * TIME_SECOND;
	assert_ok(outbox_claim(&f.job, f.vault, 10, 60, &second, &taken, &count));
	assert_int_equal(count, 1);
	assert_int_equal(outbox_done(&f.job, f.vault, id, first, OUTCOME_DONE), ERR_CONFLICT);
	job_forgive(&f.job);
	assert_ok(outbox_done(&f.job, f.vault, id, second, OUTCOME_DONE));
	assert_int_equal(only_row(&f).state, OUTBOX_DELIVERED);
}

struct reply_plan {
	struct outbox_plan plan;
	int64_t subject;
};

static enum err
forget(struct job *job, struct db *db, void *arg)
{
	struct reply_plan *plan = arg;

	TRY(outbox_steps(job, db, &plan->plan));
	return outbox_forget_steps(job, db, plan->subject);
}

static void
a_reply_and_a_notice_outlive_the_person(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct outbox_reply reply = { .channel = S("email"), .address = S("anna@example.com"), .language = S("sv"),
		                      .title = S("Klart"), .text = S("Dina uppgifter är borta.") };
	struct reply_plan plan = { 0 };
	struct outbox_row *row;
	struct disclosure *told;
	size_t count, at;
	str content;
	uid id;

	vault_make(&f, "");
	id = restricted_person(&f);
	plan.subject = person_no(&f, id);
	assert_ok(outbox_plan_reply(&f.job, f.vault, plan.subject, &reply, &plan.plan));
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, forget, &plan));
	assert_ok(disclosures_read(&f.job, plan.subject, id, NULL, &told, &count));
	assert_int_equal(count, 0);
	assert_ok(outbox_of(&f.job, plan.subject, &row, &count));
	assert_int_equal(count, 2);
	assert_int_equal(row[1].kind, OUTBOX_REPLY);
	assert_ok(outbox_open(&f.job, f.vault, &row[1], &content));
	assert_true(str_find(content, S("anna@example.com"), &at));
	assert_false(files_hold(&f, "valv.db", str_bytes(S("anna@example.com"))));
	reply.text = S("");
	assert_int_equal(outbox_plan_reply(&f.job, f.vault, 0, &reply, &plan.plan), ERR_LIMIT);
}

/* Nothing listens there: tries run out by the table, and then programs have it. */
static void
tries_run_out_and_programs_take_over(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fetcher_close) struct fetcher *fetcher = NULL;
	_Atomic bool stop = false;
	time_us began;
	bool worked;

	vault_make(&f, "http://127.0.0.1:1/hook");
	restricted_person(&f);
	fetcher_open(HOOK_ANSWER_MAX, &fetcher);
	began = f.job.now;
	for (int64_t tries = 1; tries <= HOOK_TRIES; tries++) {
		struct outbox_row row = only_row(&f);
		assert_int_equal(row.via, OUTBOX_WEBHOOK);
		f.job.now = row.due_at; /* the deliverer reads the real clock for what comes next */
		sql(&f, "valv.db", "UPDATE outbox SET due_at = ?1", 0, 0);
		sql(&f, "valv.db", "UPDATE recipient SET resume_at = ?1", 0, 0);
		assert_ok(deliver_next(&f.job, f.vault, fetcher, &stop, &worked));
		assert_true(worked);
		row = only_row(&f);
		assert_int_equal(row.tries, tries);
		assert_int_equal(row.outcome, OUTCOME_UNREACHABLE);
	}
	assert_true(f.job.now > began);
	assert_int_equal(only_row(&f).via, OUTBOX_PROGRAM);
	assert_ok(deliver_next(&f.job, f.vault, fetcher, &stop, &worked));
	assert_false(worked);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act = ?1", ENTRY_DELIVERY, 0), HOOK_TRIES);
}

int
outbox_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notice_lives_thirty_days_and_its_key_goes_with_it),
		cmocka_unit_test(a_key_of_a_day_is_made_once_copied_and_destroyed),
		cmocka_unit_test(a_disclosure_that_comes_between_makes_the_plan_stale),
		cmocka_unit_test(a_restored_store_sends_nothing_until_it_is_told_to),
		cmocka_unit_test(a_lease_ends_and_the_older_one_says_nothing_any_more),
		cmocka_unit_test(a_reply_and_a_notice_outlive_the_person),
		cmocka_unit_test(tries_run_out_and_programs_take_over),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
