/* src/vault/replay.c, replay_person.c: a copy of a vault from the past is told what was taken away since. */
#include "fixture.h"
#include "vault_tests.h"

#include <unistd.h>

#include "access/credential.h"
#include "access/key.h"
#include "access/staff.h"
#include "os/file.h"
#include "vault/bury.h"
#include "vault/replay.h"

/* What a restore would have loaded: the vault as it is now, elsewhere, sealed.  *ret_no: the last fact that
 * it knows of. */
static void
past_take(struct fixture *f, struct fixture *past, int64_t *ret_no)
{
	static const char *const files[] = { "valv.db", "keys.db", "root.key" };
	bytes content;

	*past = (struct fixture){ .job = { .actor = f->job.actor, .now = f->job.now } };
	snprintf(past->dir, sizeof(past->dir), "%.180s.past-XXXXXX", f->dir);
	assert_non_null(mkdtemp(past->dir));
	fixture_close(f);
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_ok(file_read(&f->job, fixture_path(f, files[i]), 64 * 1024 * 1024, &content));
		assert_ok(file_create(&f->job, fixture_path(past, files[i]), 0600, content));
	}
	fixture_open(f);
	*ret_no = facts_head(store_facts(f->vault->store))->no;
	assert_ok(vault_open_at(&past->job, &(struct vault_place){ .dir = past->dir, .sealed = true }, &past->vault));
	assert_ok(store_reader(&past->job, past->vault->store, &past->db));
	past->job.db = past->db;
}

static enum err
say(struct fixture *f, struct fixture *past, int64_t after, struct replayed *ret)
{
	OWNED(secret_free) struct secret *key = NULL;
	OWNED(facts_close) struct facts *facts = NULL;

	assert_ok(facts_key(&past->job, past->vault, &key));
	assert_ok(facts_open(&past->job, f->vault->facts, key, NULL, FACTS_READ, &facts));
	return replay(&past->job, past->vault, facts, after, ret);
}

static uint64_t
acts_of(struct fixture *f, uid id)
{
	return (uint64_t)sql(f, "valv.db", "SELECT COUNT(*) FROM ledger WHERE subject = ?1", person_no(f, id), 0);
}

/* --- every kind -------------------------------------------------------------------------------- */

static uid staff_id_made;
static const uid import_id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

/* Somebody of the staff, by the id that facts name. */
static enum err
staff_make_run(struct job *job, struct db *db, void *plan)
{
	struct fixture *f = plan;
	struct staff staff = { .state = STAFF_ACTIVE, .issuer = ISSUER_LOCAL, .subject = S(""), .user_name = S("berit@example.com"),
		               .display_name = S(""), .email = S(""), .external_id = S(""), .language = S("") };

	TRY(staff_make_steps(job, &f->vault->access, db, &staff));
	staff_id_made = staff.id;
	return OK;
}

static enum err
told_by_hand(struct job *job, struct db *db, void *plan UNUSED)
{
	TRY(fact_staff_less(job, db, staff_id_made));
	TRY(fact_staff_credentials(job, db, staff_id_made));
	TRY(fact_recovery_used(job, db, staff_id_made));
	TRY(fact_staff_ended(job, db, staff_id_made));
	TRY(fact_provider_changed(job, db));
	TRY(fact_import_undone(job, db, import_id));
	TRY(fact_key_destroyed(job, db, S("of a year")));
	return fact_restored(job, db, 0);
}

struct people {
	uid withdrawn, corrected, careful, erased, other;
};

static void
people_make(struct fixture *f, struct people *people)
{
	people->withdrawn = person_make(f, "newsletter", "email=anna@example.com", "name=Anna Ek", NULL);
	people->corrected = person_make(f, "newsletter", "email=bo@example.com", NULL);
	people->careful = person_make(f, "newsletter", "email=cia@example.com", NULL);
	people->erased = person_make(f, "newsletter", "email=dag@example.com", NULL);
	people->other = person_make(f, "newsletter", "email=eva@example.com", NULL);
}

static void
flags_raise(struct fixture *f, uid id)
{
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, id);
	edit.change.set_flags = true;
	edit.change.flags = FLAG_PROTECTED;
	assert_ok(edit_commit(&edit));
}

static enum err
bury_steps(struct job *job, struct db *db, void *plan)
{
	return burial_steps(job, db, plan);
}

static void
bury(struct fixture *f, uid id)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(burial_end) struct burial burial = { 0 };
	struct subject subject;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(subject_get(&f->job, f->vault, id, &subject));
	assert_ok(burial_prepare(&f->job, f->vault, registry, &subject, &burial));
	assert_ok(store_write(&f->job, f->vault->store, WRITE_RESERVED, bury_steps, &burial));
}

static uid
program_make(struct fixture *f)
{
	struct api_key key = { .name = S("shop"), .scopes = SCOPE_READ, .all_purposes = true, .expires_at = TIME_NEVER, .program = true };
	str text;

	assert_ok(key_make(&f->job, f->vault->store, &key, &text));
	return key.id;
}

static void
all_taken(struct fixture *f, const struct people *people, uid key)
{
	struct suppression stop = { .scope = SCOPE_ALL, .at = f->job.now, .source = SOURCE_COMPLAINT };

	assert_ok(person_act(f, people->withdrawn, ACT_WITHDRAWN, "newsletter"));
	assert_ok(person_value(f, people->corrected, "email", "bosse@example.com"));
	flags_raise(f, people->careful);
	bury(f, people->erased);
	assert_ok(suppress(&f->job, f->vault, ADDRESS_EMAIL, S("stop@example.com"), &stop));
	assert_ok(key_revoke(&f->job, f->vault->store, key));
	assert_ok(purpose_end(&f->job, f->vault, S("survey")));
	assert_ok(store_write(&f->job, f->vault->store, WRITE_RESERVED, told_by_hand, NULL));
}

static void
assert_taken(struct fixture *past, const struct people *people)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(secret_free) struct secret *key = NULL;
	struct subject subject;

	assert_false(ask(past, people->withdrawn, "newsletter", CHANNEL_EMAIL).allowed);
	assert_int_equal(person_values(past, people->withdrawn), 0);
	assert_string_equal(person_has(past, people->corrected, "email"), "");
	assert_ok(subject_get(&past->job, past->vault, people->careful, &subject));
	assert_true(subject.flags & FLAG_PROTECTED);
	assert_int_equal(subject_get(&past->job, past->vault, people->erased, &subject), ERR_GONE);
	job_forgive(&past->job);
	assert_string_equal(person_has(past, people->other, "email"), "eva@example.com");
	assert_true(ask(past, people->other, "newsletter", CHANNEL_EMAIL).allowed);
	assert_int_equal(suppression_count(past, "stop@example.com"), 1);
	assert_int_equal(sql(past, "valv.db", "SELECT COUNT(*) FROM api_key WHERE revoked_at IS NULL", 0, 0), 0);
	assert_int_equal(sql(past, "valv.db", "SELECT state FROM import WHERE no = 1", 0, 0), 3);
	assert_ok(registry_hold(&past->job, past->vault, &registry));
	assert_null(registry_purpose(registry, S("survey"))->active);
	assert_int_equal(keys_named_find(&past->job, past->vault->keys, S("of a year"), &key), ERR_ABSENT);
	job_forgive(&past->job);
}

static void
every_kind_of_fact_is_said_again(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	OWNED(secret_free) struct secret *key = NULL;
	struct replayed replayed, again;
	struct people people;
	uint64_t acts;
	int64_t no;
	uid program;

	fixture_begin(&f);
	fixture_registry(&f);
	people_make(&f, &people);
	program = program_make(&f);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, staff_make_run, &f));
	assert_ok(keys_named_copy(&f.job, f.vault->keys, f.vault->store, S("of a year"), &key));
	sql_put_blob(&f, "valv.db",
	             "INSERT INTO import (no, id, state, settings, progress, at_byte, actor_kind, actor, created_at) "
	             "VALUES (1, ?1, 1, '{}', '{}', 0, 1, 0, ?2)", uid_bytes(&import_id), FIXTURE_NOW, 0);
	past_take(&f, &past, &no);
	all_taken(&f, &people, program);
	assert_ok(say(&f, &past, no, &replayed));
	for (enum fact_kind kind = FACT_ACT; kind < FACT_COUNT; kind++)
		assert_true(replayed.kind[kind] > 0); /* R1: a new kind is told by all_taken(), too */
	assert_int_equal(replayed.nobody, 0);
	assert_int_equal(replayed.changed, 3);
	assert_int_equal(replayed.erased, 1);
	assert_taken(&past, &people);
	assert_verified(&past); /* R4 */
	acts = acts_of(&past, people.withdrawn);
	assert_ok(say(&f, &past, no, &again)); /* R2 */
	assert_int_equal(again.erased, 0);
	assert_int_equal(acts_of(&past, people.withdrawn), acts);
	assert_taken(&past, &people);
	assert_verified(&past);
}

static enum err
recovery_told(struct job *job, struct db *db, void *plan UNUSED)
{
	return fact_recovery_used(job, db, staff_id_made);
}

/* Which one was used, the backup does not know: of a person who used one, none is good again. */
static void
no_recovery_code_is_good_again_where_one_was_used(void **state UNUSED)
{
	static const uint8_t digest[32] = { 7 };
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	struct replayed replayed;
	bool there;
	int64_t no;

	fixture_begin(&f);
	fixture_registry(&f);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, staff_make_run, &f));
	sql_put_blob(&f, "valv.db", "INSERT INTO recovery_code (staff, digest) VALUES (1, ?1)", (bytes){ digest, 32 }, 0, 0);
	past_take(&f, &past, &no);
	assert_ok(recovery_there(&past.job, past.job.db, 1, digest, &there));
	assert_true(there);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_ORDINARY, recovery_told, NULL));
	assert_ok(say(&f, &past, no, &replayed));
	assert_ok(recovery_there(&past.job, past.job.db, 1, digest, &there));
	assert_false(there);
}

/* --- what does not fit -------------------------------------------------------------------------- */

static struct act_new *
detail_put(struct edit *edit, struct act_new *act, uint64_t number, size_t len)
{
	OWNED(buf_release) struct buf detail = { .max = 16 };

	buf_le64(&detail, number);
	act->basis = BASIS_STORAGE_ONLY;
	act->detail = arena_bytes(&edit->job->arena, (bytes){ buf_bytes(&detail).ptr, len });
	return act;
}

/* A hold on the e-mail, or the release of act `seq`. */
static void
hold(struct fixture *f, uid id, int64_t seq)
{
	struct edit edit;
	uint16_t field;

	edit_person(&edit, &f->job, f->vault, id);
	field = registry_field(edit.registry, S("email"))->no;
	if (seq)
		detail_put(&edit, edit_act(&edit, ACT_RELEASED, NULL), (uint64_t)seq, 8);
	else
		detail_put(&edit, edit_act(&edit, ACT_HELD, NULL), field, 2);
	assert_ok(edit_commit(&edit));
}

/* After an earlier restore both lives have given the numbers 2 and 3. */
static void
acts_of_one_number_stand_side_by_side(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	struct replayed replayed;
	struct subject subject;
	int64_t no;
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	id = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	past_take(&f, &past, &no);
	hold(&f, id, 0);
	hold(&f, id, 2);
	assert_ok(person_act(&f, id, ACT_WITHDRAWN, "newsletter"));
	past.job.now += TIME_SECOND;
	assert_ok(person_act(&past, id, ACT_GIVEN, "newsletter"));
	assert_ok(person_act(&past, id, ACT_GIVEN, "newsletter"));
	assert_ok(say(&f, &past, no, &replayed));
	assert_int_equal(acts_of(&past, id), 6);
	assert_ok(subject_get(&past.job, past.vault, id, &subject));
	for (size_t i = 0; i < subject.standing.ground_count; i++) /* the release has followed its hold */
		assert_true(subject.standing.ground[i].basis != BASIS_STORAGE_ONLY ||
		            !ground_live(&subject.standing.ground[i], past.job.now));
	assert_verified(&past);
}

/* An objection to that purpose; with a number, that the one of this number was upheld. */
static void
objection(struct fixture *f, uid id, const char *purpose, int64_t seq)
{
	OWNED(buf_release) struct buf detail = { .max = 9 };
	struct act_new *act;
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, id);
	act = edit_act(&edit, seq ? ACT_UPHELD : ACT_OBJECTED, purpose);
	buf_le64(&detail, (uint64_t)seq);
	buf_u8(&detail, 0); /* to the processing, not to decisions by a machine */
	if (seq)
		act->detail = arena_bytes(&f->job.arena, buf_bytes(&detail));
	assert_ok(edit_commit(&edit));
}

static void
a_ruling_follows_its_objection_to_another_number(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	struct replayed replayed;
	struct subject subject;
	int64_t no;
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	id = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	past_take(&f, &past, &no);
	objection(&f, id, "survey", 0);
	objection(&f, id, "survey", 2);
	past.job.now += TIME_SECOND;
	assert_ok(person_act(&past, id, ACT_GIVEN, "newsletter"));
	assert_ok(person_act(&past, id, ACT_GIVEN, "newsletter"));
	assert_ok(say(&f, &past, no, &replayed));
	assert_ok(subject_get(&past.job, past.vault, id, &subject));
	assert_int_equal(subject.standing.objection_count, 1);
	assert_int_equal(subject.standing.objection[0].ruling, RULING_UPHELD);
	assert_verified(&past);
}

static void
what_the_backup_does_not_have_is_counted(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	struct replayed replayed;
	int64_t no;
	uid anna, born_later;

	fixture_begin(&f);
	fixture_registry(&f);
	anna = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	past_take(&f, &past, &no);
	define_purpose(&f, "later", "\"basis\":\"consent\",\"marketing\":true,\"fields\":[\"email\"],\"channels\":[\"email\"]");
	assert_ok(person_act(&f, anna, ACT_REFUSED, "later"));
	born_later = person_make(&f, "newsletter", "email=ny@example.com", NULL);
	bury(&f, born_later);
	assert_ok(key_revoke(&f.job, f.vault->store, program_make(&f)));
	assert_ok(say(&f, &past, no, &replayed));
	assert_int_equal(replayed.nobody, 3);
	assert_int_equal(replayed.erased, 0);
	assert_int_equal(acts_of(&past, anna), 1);
	assert_verified(&past);
}

static enum err
told_by_a_newer(struct job *job, struct db *db, void *plan UNUSED)
{
	return db_fact(job, db, str_bytes(S("\x63 something new")));
}

static void
a_kind_that_is_not_known_stops_it(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	struct replayed replayed;
	int64_t no;

	fixture_begin(&f);
	fixture_registry(&f);
	past_take(&f, &past, &no);
	assert_ok(store_write(&f.job, f.vault->store, WRITE_RESERVED, told_by_a_newer, NULL));
	assert_int_equal(say(&f, &past, no, &replayed), ERR_NEWER);
	assert_ok(say(&f, &past, no + 1, &replayed));
}

static void
a_damaged_person_can_be_erased_and_nothing_less(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	struct replayed replayed;
	struct subject subject;
	int64_t no, person;
	uid id;

	fixture_begin(&f);
	fixture_registry(&f);
	id = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	past_take(&f, &past, &no);
	person = person_no(&past, id);
	sql(&past, "keys.db", "DELETE FROM subject_key WHERE subject = ?1", person, 0);
	assert_ok(person_act(&f, id, ACT_WITHDRAWN, "newsletter"));
	assert_int_equal(say(&f, &past, no, &replayed), ERR_CRYPTO);
	job_forgive(&past.job);
	bury(&f, id);
	assert_ok(say(&f, &past, no, &replayed));
	assert_int_equal(replayed.erased, 1);
	assert_int_equal(subject_get(&past.job, past.vault, id, &subject), ERR_GONE);
}

static void
lookups_are_made_again_from_the_records(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(fixture_end) struct fixture past = { 0 };
	uint64_t persons, unreadable;
	int64_t no;
	uid bo;

	fixture_begin(&f);
	fixture_registry(&f);
	person_make(&f, "newsletter", "email=anna@example.com", "name=Anna Björk", NULL);
	bo = person_make(&f, "newsletter", "email=bo@example.com", NULL);
	past_take(&f, &past, &no);
	sql(&past, "valv.db", "DELETE FROM lookup", 0, 0);
	assert_int_equal(holders_of(&past, "email", "anna@example.com"), 0);
	sql(&past, "keys.db", "DELETE FROM subject_key WHERE subject = ?1", person_no(&past, bo), 0);
	assert_ok(lookups_rebuild(&past.job, past.vault, &persons, &unreadable));
	assert_int_equal(persons, 2);
	assert_int_equal(unreadable, 1);
	assert_int_equal(holders_of(&past, "email", "Anna@Example.com"), 1);
	assert_int_equal(holders_of(&past, "name", "björk"), 1);
	assert_int_equal(holders_of(&past, "email", "bo@example.com"), 0);
}

int
replay_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_fact_is_said_again),
		cmocka_unit_test(no_recovery_code_is_good_again_where_one_was_used),
		cmocka_unit_test(acts_of_one_number_stand_side_by_side),
		cmocka_unit_test(a_ruling_follows_its_objection_to_another_number),
		cmocka_unit_test(what_the_backup_does_not_have_is_counted),
		cmocka_unit_test(a_kind_that_is_not_known_stops_it),
		cmocka_unit_test(a_damaged_person_can_be_erased_and_nothing_less),
		cmocka_unit_test(lookups_are_made_again_from_the_records),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
