/* src/vault/record.c, verify.c and the keys under them: what was changed behind the vault's back is
 * refused or found. */
#include "fixture.h"

#include "vault_tests.h"

#define EACH(name) cmocka_unit_test_setup_teardown(name, pair_begin, pair_end)

struct pair {
	struct fixture f;
	uid anna, bertil;
	int64_t a, b; /* their numbers */
};

/* Two persons of the same shape: e-mail under both purposes, name and notes under one each, which
 * makes three sections; two acts with evidence. */
static uid
person_of_three_sections(struct fixture *f, const char *email, const char *name, const char *notes)
{
	struct edit edit;

	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", email);
	edit_value(&edit, "name", name);
	edit_value(&edit, "notes", notes);
	edit_act(&edit, ACT_GIVEN, "newsletter")->evidence = S("{\"form\":1}");
	edit_act(&edit, ACT_ESTABLISHED, "survey")->evidence = S("{\"list\":2}");
	assert_ok(edit_commit(&edit));
	return edit.result.id;
}

static int
pair_begin(void **state)
{
	static struct pair static_pair;
	struct pair *pair = &static_pair;

	fixture_begin(&pair->f);
	fixture_registry(&pair->f);
	pair->anna = person_of_three_sections(&pair->f, "anna@example.com", "Anna Ek", "likes tents");
	pair->bertil = person_of_three_sections(&pair->f, "bert@example.com", "Bert Ek", "likes boats");
	pair->a = person_no(&pair->f, pair->anna);
	pair->b = person_no(&pair->f, pair->bertil);
	assert_verified(&pair->f);
	*state = pair;
	return 0;
}

static int
pair_end(void **state)
{
	struct pair *pair = *state;

	fixture_end(&pair->f);
	return 0;
}

/* Every way to the values is refused, and says so by nothing but ERR_CRYPTO. */
static void
assert_unreadable(struct fixture *f, uid id)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct subject subject;
	struct value *value;
	size_t count;

	assert_fails(&f->job, ERR_CRYPTO, subject_read(&f->job, f->vault, id, NULL, &subject, &value, &count));
	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_fails(&f->job, ERR_CRYPTO, person_value(f, id, "name", "Anna Ny"));
	assert_fails(&f->job, ERR_CRYPTO, person_act(f, id, ACT_WITHDRAWN, "newsletter"));
}

static bytes
record_of(struct fixture *f, int64_t no)
{
	return sql_blob(f, "valv.db", "SELECT record FROM subject WHERE no = ?1", no, 0);
}

static void
record_put(struct fixture *f, int64_t no, bytes record)
{
	sql_put_blob(f, "valv.db", "UPDATE subject SET record = ?1 WHERE no = ?2", record, no, 0);
}

static bytes
keys_of(struct fixture *f, int64_t no)
{
	return sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = ?1", no, 0);
}

static void
keys_put_raw(struct fixture *f, int64_t no, bytes wrapped)
{
	sql_put_blob(f, "keys.db", "UPDATE subject_key SET wrapped = ?1 WHERE subject = ?2", wrapped, no, 0);
}

static void
records_swapped_between_two_persons_are_refused(void **state)
{
	struct pair *p = *state;
	bytes anna, bertil;

	anna = record_of(&p->f, p->a);
	bertil = record_of(&p->f, p->b);
	assert_int_equal(anna.len, bertil.len); /* alike in every way but whose they are */
	record_put(&p->f, p->a, bertil);
	record_put(&p->f, p->b, anna);
	assert_unreadable(&p->f, p->anna);
	assert_unreadable(&p->f, p->bertil);
}

static void
key_sets_swapped_between_two_persons_are_refused(void **state)
{
	struct pair *p = *state;
	bytes anna, bertil;

	anna = keys_of(&p->f, p->a);
	bertil = keys_of(&p->f, p->b);
	keys_put_raw(&p->f, p->a, bertil);
	keys_put_raw(&p->f, p->b, anna);
	assert_unreadable(&p->f, p->anna);
	assert_unreadable(&p->f, p->bertil);
	assert_found(&p->f, FINDING_KEYS, 2);
}

/* Both swapped: the records would open under their keys, were they not bound to the persons. */
static void
records_and_keys_swapped_together_are_refused(void **state)
{
	struct pair *p = *state;
	bytes record, keys;

	record = record_of(&p->f, p->a);
	keys = keys_of(&p->f, p->a);
	record_put(&p->f, p->a, record_of(&p->f, p->b));
	keys_put_raw(&p->f, p->a, keys_of(&p->f, p->b));
	record_put(&p->f, p->b, record);
	keys_put_raw(&p->f, p->b, keys);
	assert_unreadable(&p->f, p->anna);
}

/* A row under another person's id keeps its own keys; what is in it is bound to the id. */
static void
ids_swapped_between_two_rows_are_refused(void **state)
{
	struct pair *p = *state;
	const char *get = "SELECT id FROM subject WHERE no = ?1", *put = "UPDATE subject SET id = ?1 WHERE no = ?2";
	bytes anna = sql_blob(&p->f, "valv.db", get, p->a, 0), bertil = sql_blob(&p->f, "valv.db", get, p->b, 0);
	struct act_row *act;
	size_t count;

	sql_put_blob(&p->f, "valv.db", put, str_bytes(S("0123456789abcdef")), p->a, 0);
	sql_put_blob(&p->f, "valv.db", put, anna, p->b, 0);
	sql_put_blob(&p->f, "valv.db", put, bertil, p->a, 0);
	assert_unreadable(&p->f, p->anna);
	assert_unreadable(&p->f, p->bertil);
	assert_fails(&p->f.job, ERR_CRYPTO, subject_ledger(&p->f.job, p->f.vault, p->anna, 0, 10, &act, &count));
	assert_found(&p->f, FINDING_SEAL, 2);
}

/* --- inside a record -------------------------------------------------------------------------- */

#define PARTS 3

/* The parts of a record (record.h's format). */
struct sections {
	struct {
		bytes head; /* number, version, purposes */
		bytes sealed;
	} part[PARTS];
};

static struct sections
sections_of(bytes record)
{
	struct sections sections = { 0 };
	uint8_t format;
	uint16_t count, purposes;

	assert_true(eat_u8(&record, &format) && eat_le16(&record, &count));
	assert_int_equal(count, PARTS);
	for (size_t i = 0; i < PARTS; i++) {
		const uint8_t *start = record.ptr;
		uint32_t no;
		uint64_t version;
		bytes skipped;
		assert_true(eat_le32(&record, &no) && eat_le64(&record, &version) &&
		            eat_le16(&record, &purposes) &&
		            eat_bytes(&record, purposes * sizeof(uint16_t), &skipped));
		sections.part[i].head = (bytes){ start, (size_t)(record.ptr - start) };
		assert_true(eat_block(&record, &sections.part[i].sealed));
	}
	assert_int_equal(record.len, 0);
	return sections;
}

static void
sections_put(struct fixture *f, int64_t no, const struct sections *sections)
{
	OWNED(buf_release) struct buf record = { .max = 1 << 20 };

	buf_u8(&record, 1);
	buf_le16(&record, PARTS);
	for (size_t i = 0; i < PARTS; i++) {
		buf_data(&record, sections->part[i].head);
		buf_block(&record, sections->part[i].sealed);
	}
	record_put(f, no, buf_bytes(&record));
}

static void
sections_swapped_inside_a_record_are_refused(void **state)
{
	struct pair *p = *state;
	struct sections sections;
	bytes sealed;

	sections = sections_of(record_of(&p->f, p->a));
	sealed = sections.part[0].sealed;
	sections.part[0].sealed = sections.part[1].sealed;
	sections.part[1].sealed = sealed;
	sections_put(&p->f, p->a, &sections);
	assert_unreadable(&p->f, p->anna);
}

/* A section read for a purpose is chosen by the purposes in its head: they are bound, too. */
static void
a_section_relabelled_for_another_purpose_is_refused(void **state)
{
	struct pair *p = *state;
	bytes original;

	original = record_of(&p->f, p->a);
	for (size_t at = 3; at < 3 + 4 + 8 + 2 + 2; at++) { /* number, version, count, first purpose */
		uint8_t *record = arena_alloc(&p->f.job.arena, original.len);
		struct subject subject;
		struct value *value;
		size_t count;
		enum err err;
		memcpy(record, original.ptr, original.len);
		record[at] ^= 1;
		record_put(&p->f, p->a, (bytes){ record, original.len });
		err = subject_read(&p->f.job, p->f.vault, p->anna, NULL, &subject, &value, &count);
		assert_true(err == ERR_CRYPTO || err == ERR_CORRUPT);
		job_forgive(&p->f.job);
	}
}

/* The number of a section is bound, even where its key is to be had under the other number. */
static void
a_section_under_another_number_is_refused(void **state)
{
	struct pair *p = *state;
	struct keyset *keyset = NULL;
	bytes original = record_of(&p->f, p->a);
	uint8_t *record = arena_alloc(&p->f.job.arena, original.len);
	struct value *value;
	enum err right, other;
	size_t count;

	assert_ok(keys_get(&p->f.job, p->f.vault->keys, p->f.db, p->a, &keyset));
	right = record_open(&p->f.job, p->anna, keyset, original, &value, &count);
	memcpy(record, original.ptr, original.len);
	for (size_t i = 0; i < keyset->count; i++)
		if (keyset->item[i].section == record[3])
			keyset->item[i].section = 60;
	record[3] = 60; /* after the format and the count */
	other = record_open(&p->f.job, p->anna, keyset, (bytes){ record, original.len }, &value, &count);
	keyset_end(&keyset);
	assert_ok(right);
	assert_fails(&p->f.job, ERR_CRYPTO, other);
}

static void
every_changed_octet_of_a_record_is_refused(void **state)
{
	struct pair *p = *state;
	bytes original;

	original = record_of(&p->f, p->a);
	for (size_t at = 0; at < original.len; at += 7) {
		uint8_t *record = arena_alloc(&p->f.job.arena, original.len);
		struct subject subject;
		struct value *value;
		size_t count;
		enum err err;
		memcpy(record, original.ptr, original.len);
		record[at] ^= 0x40;
		record_put(&p->f, p->a, (bytes){ record, original.len });
		err = subject_read(&p->f.job, p->f.vault, p->anna, NULL, &subject, &value, &count);
		assert_true(err == ERR_CRYPTO || err == ERR_CORRUPT);
		job_forgive(&p->f.job);
	}
}

/* A section of the person's own past, whose key is still in use: bound to the version it was sealed at. */
static void
a_section_put_back_from_the_past_is_found(void **state)
{
	struct pair *p = *state;
	struct sections before, after;

	before = sections_of(record_of(&p->f, p->a));
	assert_ok(person_value(&p->f, p->anna, "phone", "0701740605")); /* gains one: the key stays */
	after = sections_of(record_of(&p->f, p->a));
	for (size_t i = 0; i < PARTS; i++) /* only the ciphertext of the past, under the head of today */
		if (!str_eq(bytes_str(before.part[i].head), bytes_str(after.part[i].head)))
			after.part[i].sealed = before.part[i].sealed;
	sections_put(&p->f, p->a, &after);
	assert_unreadable(&p->f, p->anna);
	sections_put(&p->f, p->a, &before); /* the whole section with its head: opens, and is found */
	assert_found(&p->f, FINDING_RECORD, 1);
}

/* --- evidence --------------------------------------------------------------------------------- */

static void
evidence_swapped_between_acts_or_persons_is_refused(void **state)
{
	struct pair *p = *state;
	const char *get = "SELECT evidence FROM ledger WHERE subject = ?1 AND seq = ?2";
	const char *put = "UPDATE ledger SET evidence = ?1 WHERE subject = ?2 AND seq = ?3";
	struct act_row *act;
	bytes one, two, other;
	size_t count;

	assert_ok(subject_ledger(&p->f.job, p->f.vault, p->anna, 0, 10, &act, &count));
	assert_int_equal(count, 2);
	assert_true(str_eq(bytes_str(act[0].evidence), S("{\"form\":1}")));
	one = sql_blob(&p->f, "valv.db", get, p->a, 1);
	two = sql_blob(&p->f, "valv.db", get, p->a, 2);
	other = sql_blob(&p->f, "valv.db", get, p->b, 1);
	sql_put_blob(&p->f, "valv.db", put, two, p->a, 1);
	assert_fails(&p->f.job, ERR_CRYPTO, subject_ledger(&p->f.job, p->f.vault, p->anna, 0, 10, &act, &count));
	sql_put_blob(&p->f, "valv.db", put, other, p->a, 1);
	assert_fails(&p->f.job, ERR_CRYPTO, subject_ledger(&p->f.job, p->f.vault, p->anna, 0, 10, &act, &count));
	sql_put_blob(&p->f, "valv.db", put, one, p->a, 1);
	assert_ok(subject_ledger(&p->f.job, p->f.vault, p->anna, 0, 10, &act, &count));
}

/* --- verify ------------------------------------------------------------------------------------ */

static const char copy_row[] = "CREATE TABLE kept AS SELECT * FROM subject WHERE no = ?1";
static const char put_row_back[] = "REPLACE INTO subject SELECT * FROM kept";

static void
a_row_put_back_from_the_past_is_found(void **state)
{
	struct pair *p = *state;

	sql(&p->f, "valv.db", copy_row, p->a, 0);
	assert_ok(person_value(&p->f, p->anna, "phone", "0701740605")); /* gains one: the old row opens */
	sql(&p->f, "valv.db", put_row_back, 0, 0);
	assert_string_equal(person_has(&p->f, p->anna, "name"), "Anna Ek");
	{
		struct verify_result result;
		assert_ok(vault_verify(&p->f.job, p->f.vault, &result));
		assert_int_equal(result.found[FINDING_VERSION], 1);
		assert_true(uid_eq(result.first[0].id, p->anna));
		assert_int_equal(result.first_count, 1);
	}
}

/* The version that stands in the row is today's: the record then tells. */
static void
an_old_record_under_todays_version_is_found(void **state)
{
	struct pair *p = *state;
	bytes old;

	old = record_of(&p->f, p->a);
	assert_ok(person_value(&p->f, p->anna, "phone", "0701740605"));
	record_put(&p->f, p->a, old);
	assert_found(&p->f, FINDING_RECORD, 1);
}

/* Article 16: after a correction the old row does not open, whoever has today's keys. */
static void
a_corrected_row_put_back_cannot_be_opened(void **state)
{
	struct pair *p = *state;
	struct subject subject;
	struct value *value;
	size_t count;

	sql(&p->f, "valv.db", copy_row, p->a, 0);
	assert_ok(person_value(&p->f, p->anna, "name", "Anna Ny"));
	assert_string_equal(person_has(&p->f, p->anna, "name"), "Anna Ny");
	sql(&p->f, "valv.db", put_row_back, 0, 0);
	assert_fails(&p->f.job, ERR_CRYPTO,
	             subject_read(&p->f.job, p->f.vault, p->anna, NULL, &subject, &value, &count));
}

/* After a withdrawal the old row does not even open: its key is gone. */
static void
a_withdrawn_row_put_back_cannot_be_opened(void **state)
{
	struct pair *p = *state;
	struct subject subject;
	struct value *value;
	size_t count;

	sql(&p->f, "valv.db", copy_row, p->a, 0);
	assert_ok(person_act(&p->f, p->anna, ACT_WITHDRAWN, "newsletter"));
	sql(&p->f, "valv.db", put_row_back, 0, 0);
	assert_fails(&p->f.job, ERR_CRYPTO,
	             subject_read(&p->f.job, p->f.vault, p->anna, NULL, &subject, &value, &count));
}

static void
an_act_taken_out_of_the_ledger_is_found(void **state)
{
	struct pair *p = *state;

	assert_ok(person_act(&p->f, p->anna, ACT_WITHDRAWN, "newsletter"));
	sql(&p->f, "valv.db", "DELETE FROM ledger WHERE subject = ?1 AND seq = 3", p->a, 0);
	assert_found(&p->f, FINDING_STANDING, 1);
}

static void
a_standing_that_was_changed_is_found(void **state)
{
	struct pair *p = *state;
	bytes anna, bertil;

	assert_ok(person_act(&p->f, p->anna, ACT_REFUSED, "club"));
	anna = sql_blob(&p->f, "valv.db", "SELECT standing FROM subject WHERE no = ?1", p->a, 0);
	bertil = sql_blob(&p->f, "valv.db", "SELECT standing FROM subject WHERE no = ?1", p->b, 0);
	assert_true(anna.len != bertil.len);
	sql_put_blob(&p->f, "valv.db", "UPDATE subject SET standing = ?1 WHERE no = ?2", bertil, p->a, 0);
	assert_found(&p->f, FINDING_STANDING, 1);
}

static void
a_missing_key_set_and_a_missing_lookup_are_found(void **state)
{
	struct pair *p = *state;

	sql(&p->f, "keys.db", "DELETE FROM subject_key WHERE subject = ?1", p->a, 0);
	assert_found(&p->f, FINDING_KEYS, 1);
	sql(&p->f, "valv.db", "DELETE FROM lookup WHERE subject = ?1 AND field = 1", p->b, 0);
	{
		struct verify_result result;
		assert_ok(vault_verify(&p->f.job, p->f.vault, &result));
		assert_int_equal(result.found[FINDING_LOOKUP], 1);
		assert_int_equal(result.found[FINDING_KEYS], 1);
		assert_int_equal(result.first_count, 2);
	}
}

/* Time alone is no finding: what the sweep has not come to yet is refused for use, and goes then. */
static void
what_has_run_out_and_is_not_swept_yet_is_no_finding(void **state)
{
	struct pair *p = *state;

	p->f.job.now += 31 * TIME_DAY; /* survey is over, newsletter not */
	assert_verified(&p->f);
	p->f.job.now += 3 * 365 * TIME_DAY;
	assert_verified(&p->f);
}

int
record_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(records_swapped_between_two_persons_are_refused),
		EACH(key_sets_swapped_between_two_persons_are_refused),
		EACH(records_and_keys_swapped_together_are_refused),
		EACH(ids_swapped_between_two_rows_are_refused),
		EACH(a_section_under_another_number_is_refused),
		EACH(sections_swapped_inside_a_record_are_refused),
		EACH(a_section_relabelled_for_another_purpose_is_refused),
		EACH(every_changed_octet_of_a_record_is_refused),
		EACH(a_section_put_back_from_the_past_is_found),
		EACH(evidence_swapped_between_acts_or_persons_is_refused),
		EACH(a_row_put_back_from_the_past_is_found),
		EACH(an_old_record_under_todays_version_is_found),
		EACH(a_corrected_row_put_back_cannot_be_opened),
		EACH(a_withdrawn_row_put_back_cannot_be_opened),
		EACH(an_act_taken_out_of_the_ledger_is_found),
		EACH(a_standing_that_was_changed_is_found),
		EACH(a_missing_key_set_and_a_missing_lookup_are_found),
		EACH(what_has_run_out_and_is_not_swept_yet_is_no_finding),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
