/* Several senders at once, as main/deliverer.c runs them, against webhooks that refuse: each notice is
 * tried by one of them at a time, and all that was tried is written down. */
#include "fixture.h"
#include "vault_tests.h"

#include <pthread.h>

#include "os/clock.h"
#include "vault/deliver.h"

#define SENDERS 4
#define RECIPIENTS 6
#define PEOPLE 8

struct sender {
	struct fixture *f;
	_Atomic bool *stop;
	int tried;
	enum err err;
	pthread_t thread;
};

static void *
sender_main(void *arg)
{
	OWNED(fetcher_close) struct fetcher *fetcher = NULL;
	struct sender *sender = arg;
	struct job job;
	bool worked = true;

	worker_begin(sender->f, &job);
	fetcher_open(HOOK_ANSWER_MAX, &fetcher);
	while (worked && !sender->err) {
		job.now = os_now();
		sender->err = deliver_next(&job, sender->f->vault, fetcher, sender->stop, &worked);
		sender->tried += worked;
		arena_reset(&job.arena);
	}
	worker_end(&job);
	return NULL;
}

static void
recipients_make(struct fixture *f)
{
	for (int i = 0; i < RECIPIENTS; i++) {
		char name[32], members[256];
		struct recipient recipient = { .role = S("processor"), .contact = S("x"), .url = S("http://127.0.0.1:1/") };
		bool created;
		str secret;

		snprintf(name, sizeof(name), "printer%d", i);
		recipient.name = recipient.title = str_from_c(name);
		assert_ok(recipient_put(&f->job, f->vault, &recipient, &created, &secret));
		snprintf(members, sizeof(members),
		         "\"basis\":\"consent\",\"fields\":[\"email\"],\"channels\":[\"email\"],"
		         "\"recipients\":[{\"name\":\"%s\",\"role\":\"processor\"}]",
		         name);
		define_purpose(f, name, members);
	}
}

static void
everybody_told(struct fixture *f, uid id, const char *purpose)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct disclosure_new item = { .subject = id, .at = f->job.now };
	uint16_t field[1];

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(recipient_get(&f->job, str_from_c(purpose), &item.recipient));
	item.purpose = registry_purpose(registry, str_from_c(purpose));
	field[0] = registry_field(registry, S("email"))->no;
	item.field = field;
	item.field_count = 1;
	assert_ok(disclosures_record(&f->job, f->vault, registry, &item, 1));
	assert_ok(item.err);
}

static void
senders_share_the_outbox_without_doing_anything_twice(void **state)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct sender sender[SENDERS];
	_Atomic bool stop = false;
	int tried = 0;

	fixture_begin(&f);
	fixture_registry(&f);
	assert_ok(delivery_networks_set(&f.job, f.vault, S("127.0.0.0/8")));
	recipients_make(&f);
	for (int i = 0; i < PEOPLE; i++) {
		char name[32], email[64];
		snprintf(name, sizeof(name), "printer%d", i % RECIPIENTS);
		snprintf(email, sizeof(email), "email=person%d@example.com", i);
		uid id = person_make(&f, name, email, NULL);
		everybody_told(&f, id, name);
		assert_ok(person_act(&f, id, ACT_RESTRICTED, NULL));
	}
	for (int i = 0; i < SENDERS; i++) {
		sender[i] = (struct sender){ .f = &f, .stop = &stop };
		pthread_create(&sender[i].thread, NULL, sender_main, &sender[i]);
	}
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(sender[i].thread, NULL);
		assert_ok(sender[i].err);
		tried += sender[i].tried;
	}
	assert_true(tried >= RECIPIENTS); /* one each; then its recipient is left alone for a while */
	assert_int_equal(sql(&f, "valv.db", "SELECT SUM(tries) FROM outbox", 0, 0), tried);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act = ?1", ENTRY_DELIVERY, 0), tried);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM outbox WHERE state = 2", 0, 0), 0);
}

int
outbox_thread_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(senders_share_the_outbox_without_doing_anything_twice),
	};

	return cmocka_run_group_tests_name("outbox, threads", tests, NULL, NULL);
}
