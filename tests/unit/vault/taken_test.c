/* src/vault/taken.c, store/fact_queue.c: what is taken away stands in the second place when the call
 * returns, and a store that knows less than its ledger is not opened. */
#include "fixture.h"
#include "vault_tests.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/key.h"
#include "audit/fact.h"
#include "os/file.h"

struct heard {
	struct fact fact[32];
	size_t count;
};

static enum err
hear(struct job *job, int64_t no, time_us at, bytes plain, void *ctx)
{
	struct heard *heard = ctx;

	(void)no;
	(void)at;
	assert_true(heard->count < COUNT(heard->fact));
	assert_true(fact_read(arena_bytes(&job->arena, plain), &heard->fact[heard->count++]));
	return OK;
}

static void
facts_of(struct fixture *f, struct heard *ret)
{
	OWNED(secret_free) struct secret *key = NULL;
	OWNED(facts_close) struct facts *facts = NULL;

	*ret = (struct heard){ 0 };
	assert_ok(facts_key(&f->job, f->vault, &key));
	assert_ok(facts_open(&f->job, f->vault->facts, key, NULL, FACTS_READ, &facts));
	assert_ok(facts_each(&f->job, facts, 0, hear, ret));
}

static const struct fact *
the(const struct heard *heard, enum fact_kind kind)
{
	for (size_t i = 0; i < heard->count; i++)
		if (heard->fact[i].kind == kind)
			return &heard->fact[i];
	return NULL;
}

static void
assert_about(struct fixture *f, const struct fact *fact, uid id)
{
	uint8_t digest[FACTS_DIGEST_BYTES];

	fact_subject_digest(store_facts(f->vault->store), id, digest);
	assert_non_null(fact);
	assert_memory_equal(fact->object, digest, sizeof(digest));
}

static void
a_withdrawal_is_told_with_what_it_took(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct heard heard;
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	id = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	facts_of(&f, &heard);
	assert_int_equal(heard.count, 0); /* nothing was taken from anybody */
	assert_ok(person_act(&f, id, ACT_WITHDRAWN, "newsletter"));
	facts_of(&f, &heard);
	assert_about(&f, the(&heard, FACT_ACT), id);
	assert_int_equal(the(&heard, FACT_ACT)->act.act, ACT_WITHDRAWN);
	assert_int_equal(the(&heard, FACT_ACT)->at, FIXTURE_NOW);
	assert_about(&f, the(&heard, FACT_VALUES), id);
	assert_non_null(the(&heard, FACT_SUPPRESSED));
}

static void
a_correction_takes_the_old_value(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct heard heard;
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	id = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	assert_ok(person_value(&f, id, "email", "anna.new@example.com"));
	facts_of(&f, &heard);
	assert_int_equal(heard.count, 1);
	assert_about(&f, the(&heard, FACT_VALUES), id);
	assert_int_equal(the(&heard, FACT_VALUES)->field_count, 1);
}

static void
a_yes_takes_nothing(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct heard heard;
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	id = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	assert_ok(person_act(&f, id, ACT_GIVEN, "newsletter"));
	facts_of(&f, &heard);
	assert_int_equal(heard.count, 0);
}

static void
revoked_keys_and_ended_purposes_are_told(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct heard heard;
	struct api_key key = { .name = S("shop"), .scopes = SCOPE_READ, .all_purposes = true, .expires_at = TIME_NEVER, .program = true };
	uint8_t digest[FACTS_DIGEST_BYTES];
	str text;

	fixture_begin(&f);
	fixture_registry(&f);
	assert_ok(key_make(&f.job, f.vault->store, &key, &text));
	assert_ok(key_revoke(&f.job, f.vault->store, key.id));
	assert_ok(purpose_end(&f.job, f.vault, S("survey")));
	facts_of(&f, &heard);
	assert_int_equal(heard.count, 2);
	fact_key_digest(store_facts(f.vault->store), key.id, digest);
	assert_memory_equal(the(&heard, FACT_KEY_REVOKED)->object, digest, sizeof(digest));
	assert_non_null(the(&heard, FACT_PURPOSE_ENDED));
}

/* --- the two of them ------------------------------------------------------------------------------ */

static const char *
beside(struct fixture *f, const char *dir, const char *ending)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(dir));
	buf_put(&path, str_from_c(ending));
	return arena_c(&f->job.arena, buf_str(&path));
}

static void
copy(struct fixture *f, const char *from, const char *to)
{
	bytes content;

	assert_ok(file_read(&f->job, from, 1 << 26, &content));
	assert_ok(file_replace(&f->job, to, 0600, content));
}

static void
withdraw_once(struct fixture *f)
{
	uid id = person_make(f, "newsletter", "email=anna@example.com", NULL);

	assert_ok(person_act(f, id, ACT_WITHDRAWN, "newsletter"));
}

static const char *
facts_file(struct fixture *f)
{
	return beside(f, facts_dir_default(&f->job, f->dir), "/ledger");
}

/* The whole directory put back as it was: what happened since is not forgotten. */
static void
a_copy_from_the_past_is_not_opened(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };

	fixture_begin(&f);
	fixture_registry(&f);
	withdraw_once(&f);
	fixture_close(&f);
	copy(&f, fixture_path(&f, "valv.db"), fixture_path(&f, "past"));
	fixture_open(&f);
	withdraw_once(&f);
	fixture_close(&f);
	copy(&f, fixture_path(&f, "valv.db"), fixture_path(&f, "present"));
	copy(&f, fixture_path(&f, "past"), fixture_path(&f, "valv.db"));
	assert_fails(&f.job, ERR_SEALED, vault_open(&f.job, f.dir, &f.vault));
	copy(&f, fixture_path(&f, "present"), fixture_path(&f, "valv.db"));
	fixture_open(&f);
}

static void
an_older_ledger_or_none_is_refused(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct heard heard;

	fixture_begin(&f);
	fixture_registry(&f);
	withdraw_once(&f);
	fixture_close(&f);
	copy(&f, facts_file(&f), fixture_path(&f, "older"));
	fixture_open(&f);
	withdraw_once(&f);
	fixture_close(&f);
	copy(&f, facts_file(&f), fixture_path(&f, "newest"));
	copy(&f, fixture_path(&f, "older"), facts_file(&f));
	assert_fails(&f.job, ERR_SEALED, vault_open(&f.job, f.dir, &f.vault));
	assert_int_equal(unlink(facts_file(&f)), 0);
	assert_fails(&f.job, ERR_SEALED, vault_open(&f.job, f.dir, &f.vault));
	copy(&f, fixture_path(&f, "newest"), facts_file(&f));
	fixture_open(&f);
	facts_of(&f, &heard);
	assert_int_equal(heard.count, 6);
}

/* What a crash between the commit and the second place leaves: the queue has it, the ledger not. */
static void
what_the_queue_has_is_written_when_the_store_is_opened(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct heard before, after;
	struct stat st;

	fixture_begin(&f);
	fixture_registry(&f);
	withdraw_once(&f);
	facts_of(&f, &before);
	assert_int_equal(stat(facts_file(&f), &st), 0);
	assert_true(sql(&f, "valv.db", "SELECT count(*) FROM fact", 0, 0) > 0);
	copy(&f, fixture_path(&f, "valv.db"), fixture_path(&f, "main"));
	copy(&f, fixture_path(&f, "valv.db-wal"), fixture_path(&f, "wal"));
	fixture_close(&f);
	copy(&f, fixture_path(&f, "main"), fixture_path(&f, "valv.db")); /* the queue as it was */
	copy(&f, fixture_path(&f, "wal"), fixture_path(&f, "valv.db-wal"));
	assert_int_equal(truncate(facts_file(&f), st.st_size - 11), 0); /* and a torn ledger */
	fixture_open(&f);
	facts_of(&f, &after);
	assert_int_equal(after.count, before.count);
	assert_int_equal(sql(&f, "valv.db", "SELECT count(*) FROM suppression", 0, 0), 1);
}

/* Numbers go on above the floors that a restore sets. */
static void
numbers_go_on_above_the_floors(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	withdraw_once(&f);
	(void)sql(&f, "valv.db", "UPDATE fact_head SET subject_floor = 70000, entry_floor = 900000 WHERE id = 1", 0, 0);
	fixture_reopen(&f);
	id = person_make(&f, "newsletter", "email=bo@example.com", NULL);
	assert_int_equal(person_no(&f, id), 70000);
	assert_int_equal(sql(&f, "valv.db", "SELECT max(seq) FROM entry", 0, 0), 900000);
}

int
taken_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_withdrawal_is_told_with_what_it_took),
		cmocka_unit_test(a_correction_takes_the_old_value),
		cmocka_unit_test(a_yes_takes_nothing),
		cmocka_unit_test(revoked_keys_and_ended_purposes_are_told),
		cmocka_unit_test(a_copy_from_the_past_is_not_opened),
		cmocka_unit_test(an_older_ledger_or_none_is_refused),
		cmocka_unit_test(what_the_queue_has_is_written_when_the_store_is_opened),
		cmocka_unit_test(numbers_go_on_above_the_floors),
	};

	return cmocka_run_group_tests_name("taken", tests, NULL, NULL);
}
