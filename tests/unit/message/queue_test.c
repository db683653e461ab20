/* src/message/message.c: what lies in the queue, what a withdrawal, an erasure, a restore and time do to it. */
#include "../vault/fixture.h"
#include "message_tests.h"

#include "message/rows.h"

static struct message_new
message_of(enum message_kind kind, const char *address)
{
	static const str lines[] = { S("Nyhetsbrev") };
	static const struct message_value values[] = {
		{ .name = S("url"), .text = S("https://valv.example.com/c/canary-91") },
		{ .name = S("purposes"), .item = lines, .item_count = 1 },
		{ .name = S("changes"), .item = lines, .item_count = 1 },
		{ .name = S("code"), .text = S("482915") },
		{ .name = S("minutes"), .text = S("15") },
		{ .name = S("title"), .text = S("Nytt") },
		{ .name = S("text"), .text = S("Hej!\n\nVi har nytt.") },
	};

	return (struct message_new){ .kind = kind, .language = S("sv"), .address = str_from_c(address), .value = values,
		                     .value_count = COUNT(values) };
}

static enum err
write_plan(struct job *job, struct db *db, void *arg)
{
	return message_steps(job, db, arg);
}

static uid
put(struct fixture *f, const struct message_new *message)
{
	struct message_plan plan = { 0 };

	assert_ok(message_plan(&f->job, f->vault, message, &plan));
	assert_ok(store_write(&f->job, f->vault->store, WRITE_ORDINARY, write_plan, &plan));
	return message_plan_id(&plan);
}

static struct message_row
row_of(struct fixture *f, uid id)
{
	struct message_row row;

	assert_ok(message_get(&f->job, id, &row));
	return row;
}

static uid
marketing_put(struct fixture *f, uid person)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct message_new message = message_of(MESSAGE_CAMPAIGN, "anna@example.com");

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	message.message_class = CLASS_MARKETING;
	message.subject = person_no(f, person);
	message.purpose = registry_purpose(registry, S("newsletter"))->no;
	return put(f, &message);
}

static void
a_message_is_sealed_and_opens_again(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct message_new message = message_of(MESSAGE_CONFIRM, "anna-canary@example.com");
	OWNED(message_key_end) struct message_key key = { 0 };
	struct message_content content;
	struct message_row row;
	str items[] = { S("Nyhetsbrev"), S("Erbjudanden") };
	struct message_value values[] = { { .name = S("url"), .text = S("https://valv.example.com/c/x") },
		                          { .name = S("purposes"), .item = items, .item_count = 2 } };

	fixture_begin(&f);
	message.value = values;
	message.value_count = 2;
	row = row_of(&f, put(&f, &message));
	assert_int_equal(row.state, MESSAGE_WAITING);
	assert_int_equal(row.until_at, f.job.now + 48 * 3600 * TIME_SECOND);
	assert_ok(message_open(&f.job, f.vault, &key, &row, &content));
	assert_true(str_eq(content.address, message.address));
	assert_int_equal(content.value_count, 2);
	assert_true(str_eq(content.value[0].text, values[0].text));
	assert_int_equal(content.value[1].item_count, 2);
	assert_true(str_eq(content.value[1].item[1], items[1]));
	assert_false(files_hold(&f, "valv.db", str_bytes(S("canary-91"))));
	assert_verified(&f);
}

static void
addresses_that_mail_cannot_go_to_are_refused(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct message_plan plan = { 0 };
	const char *bad[] = { "", "anna", "anna@localhost", "åsa@example.com", "a\r\nb@example.com", "=?utf-8?q?a?=@example.com" };

	fixture_begin(&f);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct message_new message = message_of(MESSAGE_CONFIRM, bad[i]);
		assert_int_equal(message_plan(&f.job, f.vault, &message, &plan), ERR_INVALID);
		assert_string_equal(f.job.failure.where, "/address");
		job_forgive(&f.job);
	}
	assert_null(plan.row);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, write_plan, &plan)); /* none is fine */
}

static void
what_comes_too_late_is_not_sent_and_its_row_goes_with_its_days(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct message_new message = message_of(MESSAGE_CODE, "anna@example.com");
	struct message_row row;
	uint64_t count;
	uid id;

	fixture_begin(&f);
	id = put(&f, &message);
	f.job.now += 15 * 60 * TIME_SECOND - 1;
	assert_ok(message_expire(&f.job, f.vault, 100, &count));
	assert_int_equal(row_of(&f, id).state, MESSAGE_WAITING);
	f.job.now += 1;
	assert_ok(message_expire(&f.job, f.vault, 100, &count));
	row = row_of(&f, id);
	assert_int_equal(row.state, MESSAGE_FAILED);
	assert_int_equal(row.why, MESSAGE_WHY_TOO_LATE);
	assert_int_equal(row.content.len, 0);
	assert_int_equal(message_again(&f.job, f.vault, id), ERR_CONFLICT);
	job_forgive(&f.job);
	f.job.now += MESSAGE_DAYS * TIME_DAY;
	assert_ok(message_expire(&f.job, f.vault, 100, &count));
	assert_int_equal(message_get(&f.job, id, &row), ERR_ABSENT);
	job_forgive(&f.job);
}

static void
a_withdrawal_cancels_marketing_and_nothing_else(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct message_new changed = message_of(MESSAGE_CHANGED, "anna@example.com");
	uid person, campaign, service;

	fixture_begin(&f);
	fixture_registry(&f);
	person = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	campaign = marketing_put(&f, person);
	changed.subject = person_no(&f, person);
	service = put(&f, &changed);
	assert_ok(person_act(&f, person, ACT_WITHDRAWN, "newsletter"));
	assert_int_equal(row_of(&f, campaign).state, MESSAGE_CANCELLED);
	assert_int_equal(row_of(&f, campaign).why, MESSAGE_WHY_WITHDRAWN);
	assert_int_equal(row_of(&f, campaign).content.len, 0);
	assert_int_equal(row_of(&f, service).state, MESSAGE_WAITING);
}

static enum err
write_restored(struct job *job, struct db *db, void *arg UNUSED)
{
	TRY(outbox_restored_steps(job, db));
	return message_restored_steps(job, db);
}

static void
a_restore_holds_what_waits_and_doubts_what_was_under_way(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct message_new message = message_of(MESSAGE_MINE, "anna@example.com");
	struct message_counts counts;
	int64_t released;
	uid one, two;

	fixture_begin(&f);
	one = put(&f, &message);
	two = put(&f, &message);
	sql(&f, "valv.db", "UPDATE message SET state = 2, due_at = NULL WHERE no = 2", 0, 0);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, write_restored, NULL));
	assert_int_equal(row_of(&f, one).state, MESSAGE_HELD);
	assert_int_equal(row_of(&f, two).state, MESSAGE_UNKNOWN);
	assert_ok(message_count(&f.job, &counts));
	assert_int_equal(counts.held, 1);
	assert_int_equal(counts.unknown, 1);
	assert_int_equal(counts.waiting, 0);
	assert_ok(message_release(&f.job, f.vault, &released));
	assert_int_equal(released, 1);
	assert_int_equal(row_of(&f, one).state, MESSAGE_WAITING);
	assert_int_equal(row_of(&f, two).state, MESSAGE_UNKNOWN);
	assert_ok(message_again(&f.job, f.vault, two));
	assert_int_equal(row_of(&f, two).state, MESSAGE_WAITING);
	assert_ok(message_cancel(&f.job, f.vault, two));
	assert_int_equal(message_cancel(&f.job, f.vault, two), ERR_CONFLICT);
	job_forgive(&f.job);
}

int
queue_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_sealed_and_opens_again),
		cmocka_unit_test(addresses_that_mail_cannot_go_to_are_refused),
		cmocka_unit_test(what_comes_too_late_is_not_sent_and_its_row_goes_with_its_days),
		cmocka_unit_test(a_withdrawal_cancels_marketing_and_nothing_else),
		cmocka_unit_test(a_restore_holds_what_waits_and_doubts_what_was_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
