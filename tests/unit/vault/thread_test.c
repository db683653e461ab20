/* Many at once, on one person and on the registry (P2, R3).  Also run under ThreadSanitizer. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "vault_tests.h"

#define CLIENTS 32
#define EACH_CLIENT 5

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

struct client {
	struct fixture *f;
	uid id;
	int no;
	pthread_t thread;
	int round;
	unsigned stale;
	enum err err;
};

/* --- one person ---------------------------------------------------------------------------------- */

/* Each writes a field of its own and an act. */
static enum err
own_field(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct client *client = ctx;
	struct value_set *set = arena_alloc(&job->arena, sizeof(*set));
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	char name[16], text[32];
	(void)vault;

	snprintf(name, sizeof(name), "own%d", client->no);
	snprintf(text, sizeof(text), "client %d round %d", client->no, client->round);
	*set = (struct value_set){ .field = registry_field(change->registry, str_from_c(name)),
		                   .text = arena_str(&job->arena, str_from_c(text)), .origin = ORIGIN_PROVIDED };
	*act = (struct act_new){ .act = ACT_REQUESTED, .basis = BASIS_CONSENT, .at = job->now,
		                 .until_at = TIME_NEVER,
		                 .version = registry_purpose(change->registry, S("club"))->active };
	change->value = set;
	change->value_count = 1;
	change->act = act;
	change->act_count = 1;
	return OK;
}

static void *
client_changes(void *arg)
{
	struct client *client = arg;
	struct change_result result;
	struct job job;

	worker_begin(client->f, &job);
	for (client->round = 0; client->round < EACH_CLIENT && !client->err; client->round++) {
		client->err = subject_change(&job, client->f->vault, client->id, own_field, client, &result);
		arena_reset(&job.arena);
	}
	worker_end(&job);
	return NULL;
}

/* The same with If-Match, as a careful caller does it: told that it is stale, it reads again. */
static void *
client_matches(void *arg)
{
	struct client *client = arg;
	struct job job;

	worker_begin(client->f, &job);
	for (client->round = 0; client->round < EACH_CLIENT && !client->err;) {
		struct edit edit;
		char name[16], text[32];
		edit_person(&edit, &job, client->f->vault, client->id);
		edit.change.if_match = true;
		edit.change.if_version = edit.change.subject.version;
		snprintf(name, sizeof(name), "own%d", client->no);
		snprintf(text, sizeof(text), "client %d round %d", client->no, client->round);
		edit_value(&edit, name, text);
		edit_act(&edit, ACT_REQUESTED, "club");
		client->err = edit_commit(&edit);
		if (client->err == ERR_STALE) {
			client->err = OK;
			client->stale++;
			job_forgive(&job);
		} else {
			client->round++;
		}
		arena_reset(&job.arena);
	}
	worker_end(&job);
	return NULL;
}

static unsigned
clients_run(struct fixture *f, void *(*work)(void *))
{
	OWNED(buf_release) struct buf members = { .max = 4096 };
	struct client client[CLIENTS];
	char name[40];
	struct edit edit;
	unsigned stale = 0;
	uid id;

	buf_put(&members, S("\"basis\":\"consent\",\"fields\":["));
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(name, sizeof(name), "own%d", i);
		define_field(f, name, "{\"type\":\"text\",\"title\":{\"en\":\"Own\"}}");
		snprintf(name, sizeof(name), "%s\"own%d\"", i ? "," : "", i);
		buf_put(&members, str_from_c(name));
	}
	buf_char(&members, ']');
	define_purpose(f, "everybody", arena_c(&f->job.arena, buf_str(&members)));
	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "everybody");
	assert_ok(edit_commit(&edit));
	id = edit.result.id;
	for (int i = 0; i < CLIENTS; i++) {
		client[i] = (struct client){ .f = f, .id = id, .no = i };
		assert_int_equal(pthread_create(&client[i].thread, NULL, work, &client[i]), 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		assert_int_equal(pthread_join(client[i].thread, NULL), 0);
		assert_ok(client[i].err);
		stale += client[i].stale;
	}
	for (int i = 0; i < CLIENTS; i++) {
		char wanted[40];
		snprintf(name, sizeof(name), "own%d", i);
		snprintf(wanted, sizeof(wanted), "client %d round %d", i, EACH_CLIENT - 1);
		assert_string_equal(person_has(f, id, name), wanted);
	}
	assert_int_equal(sql(f, "valv.db", "SELECT version FROM subject WHERE no = ?1", edit.result.no, 0),
	                 1 + CLIENTS * EACH_CLIENT);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM ledger WHERE subject = ?1", edit.result.no, 0),
	                 1 + CLIENTS * EACH_CLIENT);
	assert_verified(f);
	return stale;
}

static void
thirty_two_clients_at_once_lose_nothing_of_one_person(void **state)
{
	clients_run(*state, client_changes);
}

static void
with_if_match_the_slower_ones_are_told(void **state)
{
	unsigned stale = clients_run(*state, client_matches);

	printf("# %u were told that it is stale\n", stale);
	assert_true(stale > 0);
}

/* --- reading while it is written to ----------------------------------------------------------------- */

struct race {
	struct fixture *f;
	uid id;
	atomic_bool stop;
	atomic_uint reads, wrong;
	atomic_uint known; /* version that purpose_activate() has answered with */
};

static void *
reader(void *arg)
{
	struct race *race = arg;
	struct job job;

	worker_begin(race->f, &job);
	while (!race->stop) {
		struct subject subject;
		struct value *value;
		size_t count;
		enum err err = subject_read(&job, race->f->vault, race->id, NULL, &subject, &value, &count);
		if (err || count < 1 || count > 3) {
			printf("# %s, %zu values: %s\n", error_name(err), err ? 0 : count, err ? job.failure.why : "");
			race->wrong++;
		}
		race->reads++;
		job_forgive(&job);
		arena_reset(&job.arena);
	}
	worker_end(&job);
	return NULL;
}

/* Rows and keys lie in two files; a reader never falls between them. */
static void
a_person_whose_keys_come_and_go_is_always_readable(void **state)
{
	struct race race = { .f = *state };
	pthread_t thread[4];

	race.id = person_make(race.f, "newsletter", "email=anna@example.com", NULL);
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, &race), 0);
	for (int i = 0; i < 60; i++) {
		struct edit edit;
		race.f->job.now++;
		edit_person(&edit, &race.f->job, race.f->vault, race.id);
		edit_act(&edit, i % 2 ? ACT_STOPPED : ACT_ESTABLISHED, "order");
		if (i % 2 == 0) {
			edit_value(&edit, "notes", "x");
			edit_value(&edit, "city", "Lund");
		}
		assert_ok(edit_commit(&edit));
	}
	race.stop = true;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	printf("# %u reads\n", race.reads);
	assert_int_equal(race.wrong, 0);
	assert_verified(race.f);
}

/* --- the registry ---------------------------------------------------------------------------------- */

static void *
holder(void *arg)
{
	struct race *race = arg;
	struct job job;

	worker_begin(race->f, &job);
	while (!race->stop) {
		unsigned known = race->known;
		OWNED(registry_drop) const struct registry *registry = NULL;
		enum err err = registry_hold(&job, race->f->vault, &registry);
		const struct purpose *purpose;
		if (err) {
			printf("# %s: %s at %s\n", error_name(err), job.failure.why, job.failure.where);
			race->wrong++;
			job_forgive(&job);
			continue;
		}
		purpose = registry_purpose(registry, S("moving"));
		if (known && (!purpose || !purpose->active || purpose->active->version < known)) /* R3 */
			race->wrong++;
		for (size_t p = 0; p < registry->purpose_count; p++) /* every snapshot is whole */
			for (size_t v = 0; v < registry->purpose[p].version_count; v++)
				for (size_t i = 0; i < registry->purpose[p].version[v].field_count; i++)
					if (!registry_field_no(registry, registry->purpose[p].version[v].field[i]))
						race->wrong++;
		race->reads++;
		arena_reset(&job.arena);
	}
	worker_end(&job);
	return NULL;
}

static void
a_snapshot_of_the_registry_is_whole_and_never_older_than_what_was_answered(void **state)
{
	struct race race = { .f = *state };
	pthread_t thread[6];

	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, holder, &race), 0);
	for (int i = 0; i < 40; i++) {
		char name[20], members[100];
		snprintf(name, sizeof(name), "moving%d", i);
		define_field(race.f, name, "{\"type\":\"text\",\"title\":{\"en\":\"M\"}}");
		snprintf(members, sizeof(members), "\"basis\":\"consent\",\"fields\":[\"moving%d\",\"email\"]", i);
		race.known = define_purpose(race.f, "moving", members);
		snprintf(name, sizeof(name), "new%d", i);
		assert_ok(purpose_put_text(race.f, name, purpose_text(&race.f->job, members)));
	}
	race.stop = true;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	printf("# %u snapshots\n", race.reads);
	assert_int_equal(race.wrong, 0);
}

int
thread_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(thirty_two_clients_at_once_lose_nothing_of_one_person),
		EACH(with_if_match_the_slower_ones_are_told),
		EACH(a_person_whose_keys_come_and_go_is_always_readable),
		EACH(a_snapshot_of_the_registry_is_whole_and_never_older_than_what_was_answered),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
