/* src/vault/bury.c and proof.c: what is left of a person, and for how long. */
#include "fixture.h"

#include "vault/bury.h"
#include "vault/proof.h"
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

struct burying {
	struct burial burial;
	struct proof_rows proof;
	int64_t entry;
};

static enum err
steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 64 };
	struct burying *burying = arg;

	TRY(burial_steps(job, db, &burying->burial));
	burial_body(&burying->burial, &body);
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = ENTRY_ERASE, .subject = burying->burial.subject.no,
	                                  .body = buf_bytes(&body) },
	                 &burying->entry));
	return proof_steps(job, db, burying->entry, &burying->proof);
}

static void
burying_end(struct burying *burying)
{
	burial_end(&burying->burial);
}

static enum err
bury(struct fixture *f, uid id, struct burying *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct subject subject;
	struct act_row *act;
	size_t count;

	TRY(registry_hold(&f->job, f->vault, &registry));
	TRY(subject_get(&f->job, f->vault, id, &subject));
	TRY(burial_prepare(&f->job, f->vault, registry, &subject, &ret->burial));
	TRY(ledger_read(&f->job, subject.no, &act, &count));
	TRY(proof_prepare(&f->job, f->vault, registry, ret->burial.value, ret->burial.value_count, act, count,
	                  &ret->proof));
	return store_write(&f->job, f->vault->store, WRITE_RESERVED, steps, ret);
}

static uid
anna(struct fixture *f)
{
	return person_make(f, "newsletter", "email=anna@example.com", "phone=0701740605", "name=Anna Ek", NULL);
}

static size_t
proofs_of(struct fixture *f, const char *email)
{
	struct proof *proof;
	size_t count = 0;

	assert_ok(proof_search(&f->job, f->vault, ADDRESS_EMAIL, str_from_c(email), 100, &proof, &count));
	return count;
}

static void
id_and_number_are_all_that_is_left(void **state)
{
	OWNED(burying_end) struct burying burying = { 0 };
	struct fixture *f = *state;
	uid id = anna(f), other = person_make(f, "newsletter", "email=bo@example.com", NULL);
	int64_t no = person_no(f, id);
	struct subject subject;

	assert_ok(bury(f, id, &burying));
	assert_int_equal(burying.burial.value_count, 3);
	assert_true(burying.burial.lookups_gone >= 2);
	assert_int_equal(burying.burial.gone[BOUND_ledger], 1);
	assert_fails(&f->job, ERR_GONE, subject_get(&f->job, f->vault, id, &subject));
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM subject_key WHERE subject = ?1", no, 0), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM lookup WHERE subject = ?1", no, 0), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM ledger WHERE subject = ?1", no, 0), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM key_trim", 0, 0), 0);
	assert_int_equal(holders_of(f, "email", "anna@example.com"), 0);
	assert_string_equal(person_has(f, other, "email"), "bo@example.com");
	assert_verified(f);
}

/* Y3: by a row put back, the record opens under no key that there is. */
static void
somebody_whose_record_is_damaged_is_buried_too(void **state)
{
	OWNED(burying_end) struct burying burying = { 0 };
	struct fixture *f = *state;
	uid id = anna(f);
	int64_t no = person_no(f, id);
	uint8_t record[200];
	bytes is = sql_blob(f, "valv.db", "SELECT record FROM subject WHERE no = ?1", no, 0);

	memcpy(record, is.ptr, is.len < sizeof(record) ? is.len : sizeof(record));
	record[is.len < sizeof(record) ? is.len - 1 : sizeof(record) - 1] ^= 1;
	sql_put_blob(f, "valv.db", "UPDATE subject SET record = ?1 WHERE no = ?2",
	             (bytes){ record, is.len < sizeof(record) ? is.len : sizeof(record) }, no, 0);
	assert_ok(bury(f, id, &burying));
	assert_true(burying.burial.unreadable);
	assert_true(burying.burial.lookups_gone >= 2);
	assert_verified(f);
}

static void
somebody_who_changed_meanwhile_is_not_buried_by_an_old_look(void **state)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(burying_end) struct burying burying = { 0 };
	struct fixture *f = *state;
	uid id = anna(f);
	struct subject subject;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(subject_get(&f->job, f->vault, id, &subject));
	assert_ok(burial_prepare(&f->job, f->vault, registry, &subject, &burying.burial));
	assert_ok(person_value(f, id, "name", "Anna Berg"));
	assert_fails(&f->job, ERR_STALE, store_write(&f->job, f->vault->store, WRITE_RESERVED, steps, &burying));
	assert_string_equal(person_has(f, id, "name"), "Anna Berg");
	assert_verified(f);
}

static void
what_is_left_of_the_buried_is_found(void **state)
{
	OWNED(burying_end) struct burying burying = { 0 };
	struct fixture *f = *state;
	uid id = anna(f);
	int64_t no = person_no(f, id);

	assert_ok(bury(f, id, &burying));
	(void)sql(f, "valv.db", "INSERT INTO lookup (field, digest, subject) VALUES (1, x'00', ?1)", no, 0);
	assert_found(f, FINDING_BURIED, 1);
	(void)sql(f, "valv.db", "DELETE FROM lookup WHERE subject = ?1", no, 0);
	(void)sql(f, "keys.db", "INSERT INTO subject_key (subject, epoch, wrapped) VALUES (?1, 1, x'00')", no, 0);
	assert_found(f, FINDING_BURIED, 1);
	(void)sql(f, "keys.db", "DELETE FROM subject_key WHERE subject = ?1", no, 0);
	(void)sql(f, "valv.db", "INSERT INTO contact VALUES (?1, 1, 1, 1, 1)", no, 0);
	assert_found(f, FINDING_BURIED, 1);
}

static void
proofs_live_until_their_year_is_over_long_enough(void **state)
{
	OWNED(burying_end) struct burying burying = { 0 };
	struct fixture *f = *state;
	assert_ok(bury(f, anna(f), &burying));
	assert_int_equal(burying.proof.count, 2);
	assert_int_equal(proofs_of(f, "Anna@Example.com"), 1);
	assert_int_equal(proofs_of(f, "bo@example.com"), 0);
	f->job.now = date_time((struct date){ 2029, 12, 31 });
	assert_ok(proofs_sweep(&f->job, f->vault));
	assert_int_equal(proofs_of(f, "anna@example.com"), 1);
	f->job.now = date_time((struct date){ 2030, 1, 1 });
	assert_ok(proofs_sweep(&f->job, f->vault));
	assert_int_equal(proofs_of(f, "anna@example.com"), 0);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM proof", 0, 0), 0);
	assert_int_equal(sql(f, "keys.db", "SELECT COUNT(*) FROM named_key WHERE name = 'proof-2026'", 0, 0), 0);
	assert_ok(proofs_sweep(&f->job, f->vault));
}

static void
proofs_whose_key_is_gone_say_nothing(void **state)
{
	OWNED(burying_end) struct burying burying = { 0 };
	struct fixture *f = *state;

	assert_ok(bury(f, anna(f), &burying));
	assert_ok(keys_named_drop(&f->job, f->vault->keys, f->vault->store, S("proof-2026")));
	assert_int_equal(proofs_of(f, "anna@example.com"), 0);
	burying_end(&burying);
	fixture_reopen(f);
	assert_int_equal(proofs_of(f, "anna@example.com"), 0);
}

int
bury_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(id_and_number_are_all_that_is_left),
		EACH(somebody_whose_record_is_damaged_is_buried_too),
		EACH(somebody_who_changed_meanwhile_is_not_buried_by_an_old_look),
		EACH(what_is_left_of_the_buried_is_found),
		EACH(proofs_live_until_their_year_is_over_long_enough),
		EACH(proofs_whose_key_is_gone_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
