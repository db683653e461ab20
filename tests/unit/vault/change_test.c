/* src/vault/change.c: what a change refuses, what it writes, what it destroys. */
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

static struct edit
editing(struct fixture *f, uid id)
{
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, id);
	return edit;
}


static uid
anna(struct fixture *f)
{
	return person_make(f, "newsletter", "email=anna@example.com", "name=Anna Ek", NULL);
}

/* Rows of all that a change writes. */
static int64_t
rows_of_all(struct fixture *f)
{
	return sql(f, "valv.db",
	           "SELECT (SELECT COUNT(*) FROM subject) + (SELECT COUNT(*) FROM ledger) + (SELECT COUNT(*) FROM lookup)"
	           " + (SELECT COUNT(*) FROM suppression) + (SELECT COUNT(*) FROM entry) + (SELECT COUNT(*) FROM key_trim)",
	           0, 0) +
	       sql(f, "keys.db", "SELECT COUNT(*) FROM subject_key", 0, 0);
}

/* --- grounds and values (P1, V1) ---------------------------------------------------------------- */

static void
a_value_that_no_ground_covers_is_refused_by_its_name(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	int64_t rows = rows_of_all(f);
	struct edit edit;

	assert_fails_at(&f->job, ERR_NO_GROUND, "/values/notes", person_value(f, id, "notes", "likes tents"));
	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", "new@example.com");
	assert_fails_at(&f->job, ERR_NO_GROUND, "/values/email", edit_commit(&edit)); /* no ground at all */
	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", "new@example.com");
	edit_act(&edit, ACT_REFUSED, "newsletter");
	assert_fails_at(&f->job, ERR_NO_GROUND, "/values/email", edit_commit(&edit));
	assert_int_equal(rows_of_all(f), rows); /* nothing of them was written */
}

static void
a_refusal_is_recorded_without_any_value(void **state)
{
	struct fixture *f = *state;
	struct edit edit;

	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_REFUSED, "newsletter");
	assert_ok(edit_commit(&edit));
	assert_int_equal(ask(f, edit.result.id, "newsletter", CHANNEL_EMAIL).reason, REASON_REFUSED);
	assert_verified(f);
}

static void
a_withdrawal_erases_what_it_alone_covered_before_it_returns(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	int64_t no = person_no(f, id);
	bytes wrapped = sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = ?1", no, 0);
	bytes record = sql_blob(f, "valv.db", "SELECT record FROM subject WHERE no = ?1", no, 0);
	struct edit edit = editing(f, id);

	assert_true(files_hold(f, "keys.db", wrapped)); /* the check below can fail */
	edit_act(&edit, ACT_WITHDRAWN, "newsletter");
	assert_ok(edit_commit(&edit));
	assert_int_equal(edit.result.values_gone, 2);
	assert_int_equal(person_values(f, id), 0);
	assert_int_equal(person_keys(f, id), 0);
	assert_int_equal(holders_of(f, "email", "anna@example.com"), 0);
	assert_int_equal(holders_of(f, "name", "ek"), 0);
	assert_false(files_hold(f, "keys.db", wrapped)); /* overwritten, also in the log */
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM key_trim", 0, 0), 0);
	{
		OWNED(keyset_end) struct keyset *keyset = NULL;
		struct value *value;
		size_t count;
		assert_ok(keys_get(&f->job, f->vault->keys, f->db, no, &keyset));
		assert_fails(&f->job, ERR_CRYPTO, record_open(&f->job, id, keyset, record, &value, &count));
	}
	assert_verified(f);
}

static void
what_another_ground_covers_outlives_a_withdrawal(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit = editing(f, id);

	edit_act(&edit, ACT_ESTABLISHED, "order");
	edit_value(&edit, "city", "Lund");
	assert_ok(edit_commit(&edit));
	assert_ok(person_value(f, id, "phone", "070-174 06 05"));
	assert_int_equal(person_sections(f, id), 3); /* both; newsletter alone: phone; order alone: city */
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "newsletter"));
	assert_string_equal(person_has(f, id, "email"), "anna@example.com");
	assert_string_equal(person_has(f, id, "name"), "Anna Ek");
	assert_string_equal(person_has(f, id, "phone"), "");
	assert_int_equal(person_keys(f, id), 1);
	assert_verified(f);
}

/* 90 days after its end, when time has come: the sweep. */
static void
a_contract_that_ended_lives_out_its_retention_and_is_swept(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", "city=Lund", NULL);
	struct sweep_result swept;
	struct sweep_due due;

	f->job.now += 4000 * TIME_DAY; /* open as long as the contract is */
	assert_ok(sweep(&f->job, f->vault, 10, &(struct sweep_round){ 0 }, &swept));
	assert_int_equal(swept.persons, 0);
	assert_ok(person_act(f, id, ACT_ENDED, "order"));
	f->job.now += 90 * TIME_DAY - 1;
	assert_ok(sweep(&f->job, f->vault, 10, &(struct sweep_round){ 0 }, &swept));
	assert_int_equal(swept.persons, 0);
	assert_int_equal(person_values(f, id), 2);
	f->job.now += 1;
	assert_ok(sweep_due(&f->job, &due));
	assert_int_equal(due.persons, 1);
	assert_int_equal(due.oldest_at, f->job.now);
	assert_int_equal(person_values(f, id), 2);
	assert_ok(sweep(&f->job, f->vault, 10, &(struct sweep_round){ 0 }, &swept));
	assert_int_equal(swept.values_gone, 2);
	assert_false(swept.more);
	assert_int_equal(person_values(f, id), 0);
	assert_int_equal(person_keys(f, id), 0);
	assert_verified(f);
}

static void
a_hold_keeps_a_value_and_allows_no_use(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit = editing(f, id);
	struct act_new *hold = edit_act(&edit, ACT_HELD, NULL);
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct subject subject;
	struct value *value;
	size_t count;

	hold->basis = BASIS_STORAGE_ONLY;
	hold->detail = (bytes){ (const uint8_t *)"\x01\x00", 2 }; /* email */
	edit_act(&edit, ACT_WITHDRAWN, "newsletter");
	assert_ok(edit_commit(&edit));
	assert_string_equal(person_has(f, id, "email"), "anna@example.com");
	assert_int_equal(person_values(f, id), 1);
	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_fails(&f->job, ERR_NO_GROUND,
	             subject_read(&f->job, f->vault, id, registry_purpose(registry, S("newsletter")), &subject,
	                          &value, &count));
	edit = editing(f, id);
	edit_act(&edit, ACT_RELEASED, NULL)->detail = (bytes){ (const uint8_t *)"\x02\0\0\0\0\0\0\0", 8 };
	edit.act[0].basis = BASIS_STORAGE_ONLY;
	assert_ok(edit_commit(&edit));
	assert_int_equal(person_values(f, id), 0);
	assert_verified(f);
}

static void
a_restricted_person_is_not_read_for_a_purpose(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct subject subject;
	struct value *value;
	size_t count;
	struct edit edit = editing(f, id);

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	edit_act(&edit, ACT_RESTRICTED, NULL);
	assert_ok(edit_commit(&edit));
	assert_fails(&f->job, ERR_NO_GROUND,
	             subject_read(&f->job, f->vault, id, registry_purpose(registry, S("newsletter")), &subject,
	                          &value, &count));
	assert_int_equal(person_values(f, id), 2); /* kept */
	assert_int_equal(ask(f, id, "newsletter", CHANNEL_EMAIL).reason, REASON_RESTRICTED);
	f->job.now++; /* at the same instant the restriction would count as the later one */
	edit = editing(f, id);
	edit_act(&edit, ACT_UNRESTRICTED, NULL);
	assert_ok(edit_commit(&edit));
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed);
}

static void
a_read_for_a_purpose_gives_its_fields_and_leaves_its_entry(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct subject subject;
	struct value *value;
	size_t count;
	struct edit edit = editing(f, id);

	edit_act(&edit, ACT_ESTABLISHED, "order");
	edit_value(&edit, "notes", "rings twice");
	assert_ok(edit_commit(&edit));
	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(subject_read(&f->job, f->vault, id, registry_purpose(registry, S("newsletter")), &subject, &value,
	                       &count));
	assert_int_equal(count, 2); /* not the notes */
	assert_int_equal(sql(f, "valv.db", "SELECT act FROM entry ORDER BY seq DESC LIMIT 1", 0, 0), ENTRY_SUBJECT_READ);
	assert_fails(&f->job, ERR_NO_GROUND,
	             subject_read(&f->job, f->vault, id, registry_purpose(registry, S("survey")), &subject, &value,
	                          &count));
	assert_int_equal(sql(f, "valv.db", "SELECT outcome FROM entry ORDER BY seq DESC LIMIT 1", 0, 0), ERR_NO_GROUND);
}

/* --- keys (D2) ---------------------------------------------------------------------------------- */

struct kept_key {
	uint32_t section;
	uint8_t key[KEY_BYTES];
};

/* The key of the only section. */
static struct kept_key
only_key(struct fixture *f, uid id)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct kept_key kept = { 0 };

	assert_ok(keys_get(&f->job, f->vault->keys, f->db, person_no(f, id), &keyset));
	assert_int_equal(keyset->count, 2);
	for (size_t i = 0; i < keyset->count; i++)
		if (keyset->item[i].section) {
			kept.section = keyset->item[i].section;
			memcpy(kept.key, keyset->item[i].key, KEY_BYTES);
		}
	return kept;
}

static void
gaining_a_value_keeps_the_key_and_losing_or_replacing_one_makes_a_fresh_one(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct kept_key first = only_key(f, id), second;

	assert_ok(person_value(f, id, "phone", "0701740605")); /* gains one */
	second = only_key(f, id);
	assert_memory_equal(&first, &second, sizeof(first));
	assert_ok(person_value(f, id, "name", "Anna Berg")); /* Article 16: what was there is gone */
	second = only_key(f, id);
	assert_memory_not_equal(first.key, second.key, KEY_BYTES);
	assert_ok(person_value(f, id, "name", NULL)); /* loses one */
	first = only_key(f, id);
	assert_memory_not_equal(first.key, second.key, KEY_BYTES);
	assert_int_equal(person_values(f, id), 2);
	assert_verified(f);
}

static str
statement_of(struct fixture *f, uid id, const char *name)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct subject subject;
	struct value *value;
	size_t count;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(subject_read(&f->job, f->vault, id, NULL, &subject, &value, &count));
	for (size_t i = 0; i < count; i++)
		if (value[i].field == registry_field(registry, str_from_c(name))->no)
			return value[i].statement;
	return S("no such value");
}

static enum err
state_it(struct fixture *f, uid id, const char *name, const char *text)
{
	struct edit edit = editing(f, id);
	struct statement_set set = { registry_field(edit.registry, str_from_c(name)), str_from_c(text) };

	edit.change.statement = &set;
	edit.change.statement_count = 1;
	return edit_commit(&edit);
}

/* A statement goes with its value: it is read with it, and dies when that is replaced or taken away. */
static void
a_statement_completes_a_value_and_dies_with_it(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct kept_key first = only_key(f, id), second;

	assert_ok(state_it(f, id, "name", "Ek is my name at work."));
	second = only_key(f, id);
	assert_memory_equal(&first, &second, sizeof(first)); /* only gained */
	assert_true(str_eq(statement_of(f, id, "name"), S("Ek is my name at work.")));
	assert_verified(f);
	assert_ok(person_value(f, id, "phone", "0701740605")); /* another value leaves it alone */
	assert_true(str_eq(statement_of(f, id, "name"), S("Ek is my name at work.")));
	assert_ok(state_it(f, id, "name", "It is Berg.")); /* replaced: the old words are gone */
	first = only_key(f, id);
	assert_memory_not_equal(first.key, second.key, KEY_BYTES);
	assert_ok(person_value(f, id, "name", "Anna Berg"));
	assert_int_equal(statement_of(f, id, "name").len, 0);
	assert_fails_at(&f->job, ERR_INVALID, "/statements/birth", state_it(f, id, "birth", "no value there"));
	assert_verified(f);
}

static void
a_section_that_did_not_change_keeps_its_bytes(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct subject before, after;
	struct edit edit;

	assert_ok(subject_get(&f->job, f->vault, id, &before));
	edit = editing(f, id);
	edit_act(&edit, ACT_REQUESTED, "club");
	assert_ok(edit_commit(&edit));
	assert_ok(subject_get(&f->job, f->vault, id, &after));
	assert_int_equal(after.version, before.version + 1);
	assert_true(str_eq(bytes_str(before.record), bytes_str(after.record)));
	assert_verified(f);
}

/* Several purposes over the same fields: as many sections as there are different sets of purposes;
 * when one ends, the values move under fresh keys where they were parted. */
static void
sections_part_and_merge_with_the_grounds(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", "name=Anna Ek", "city=Lund", "notes=x", NULL);
	struct edit edit;

	assert_int_equal(person_sections(f, id), 1);
	assert_ok(person_act(f, id, ACT_GIVEN, "newsletter"));
	assert_int_equal(person_sections(f, id), 2); /* {order, newsletter} and {order} */
	assert_ok(person_act(f, id, ACT_ESTABLISHED, "bookkeeping"));
	assert_int_equal(person_sections(f, id), 4); /* email, name, city, notes: each another set */
	assert_int_equal(person_keys(f, id), 4);
	edit = editing(f, id);
	edit_act(&edit, ACT_WITHDRAWN, "newsletter");
	edit_act(&edit, ACT_STOPPED, "bookkeeping");
	assert_ok(edit_commit(&edit));
	assert_int_equal(person_sections(f, id), 1);
	assert_int_equal(person_keys(f, id), 1);
	assert_int_equal(person_values(f, id), 4);
	assert_verified(f);
}

/* A purpose over every field, and one for each: the withdrawal moves every section. */
static void
a_withdrawal_that_moves_every_section_at_the_limit_goes_through(void **state)
{
	enum { MANY = 70 };
	struct fixture *f = *state;
	char text[200], name[20];
	struct edit edit;
	uid id = { 0 };
	size_t made = 0;
	OWNED(buf_release) struct buf all = { .max = 4096 };

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		define_field(f, name, "{\"title\":{\"en\":\"F\"},\"type\":\"text\"}");
		snprintf(text, sizeof(text), "\"basis\":\"consent\",\"fields\":[\"f%d\"]", i);
		snprintf(name, sizeof(name), "p%d", i);
		define_purpose(f, name, text);
		snprintf(text, sizeof(text), "%s\"f%d\"", i ? "," : "", i);
		buf_put(&all, str_from_c(text));
	}
	define_purpose(f, "everything", arena_c(&f->job.arena, ({
		OWNED(buf_release) struct buf members = { .max = 8192 };
		buf_put(&members, S("\"basis\":\"consent\",\"fields\":["));
		buf_put(&members, buf_str(&all));
		buf_char(&members, ']');
		arena_str(&f->job.arena, buf_str(&members));
	})));
	for (int i = 0; i < MANY; i++) { /* as many as are let in */
		enum err err;
		if (i == 0)
			edit_new(&edit, &f->job, f->vault);
		else
			edit_person(&edit, &f->job, f->vault, id);
		snprintf(name, sizeof(name), "p%d", i);
		edit_act(&edit, ACT_GIVEN, name);
		if (i == 0)
			edit_act(&edit, ACT_GIVEN, "everything");
		snprintf(name, sizeof(name), "f%d", i);
		edit_value(&edit, name, "x");
		err = edit_commit(&edit);
		if (err) {
			assert_string_equal(error_name(err), "ERR_LIMIT");
			job_forgive(&f->job);
			break;
		}
		id = edit.result.id;
		made++;
	}
	printf("# %zu sections\n", made);
	assert_true(made >= 16 && made < MANY);
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "everything"));
	assert_int_equal(person_values(f, id), made);
	assert_int_equal(person_keys(f, id), made);
	assert_verified(f);
}

/* --- who may say what --------------------------------------------------------------------------- */

static void
an_act_from_the_future_is_refused(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit = editing(f, id);

	edit_act(&edit, ACT_WITHDRAWN, "newsletter")->at = f->job.now + 5 * 60 * TIME_SECOND + 1;
	assert_fails_at(&f->job, ERR_INVALID, "/at", edit_commit(&edit));
	edit = editing(f, id);
	edit_act(&edit, ACT_WITHDRAWN, "newsletter")->at = f->job.now + 5 * 60 * TIME_SECOND; /* clocks differ */
	assert_ok(edit_commit(&edit));
}

static void
an_end_before_the_beginning_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sweep_result swept;
	struct edit edit;

	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "newsletter")->until_at = f->job.now - TIME_DAY;
	assert_fails_at(&f->job, ERR_INVALID, "/until", edit_commit(&edit));
	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "newsletter")->until_at = f->job.now + 1;
	assert_ok(edit_commit(&edit));
	f->job.now++;
	assert_ok(sweep(&f->job, f->vault, 10, &(struct sweep_round){ 0 }, &swept));
	assert_int_equal(swept.persons, 1);
	assert_ok(sweep(&f->job, f->vault, 10, &(struct sweep_round){ 0 }, &swept));
	assert_int_equal(swept.persons, 0); /* once */
}

static void
a_ground_stands_on_the_basis_of_its_purpose(void **state)
{
	static const struct {
		const char *purpose;
		enum act act;
		enum basis basis;
		const char *place; /* NULL: fine */
	} cases[] = {
		{ "newsletter", ACT_GIVEN, BASIS_CONSENT, NULL },
		{ "newsletter", ACT_ESTABLISHED, BASIS_SOFT_OPT_IN, NULL },
		{ "newsletter", ACT_ESTABLISHED, BASIS_CONSENT, "/basis" }, /* consent is given, not established */
		{ "newsletter", ACT_ESTABLISHED, BASIS_CONTRACT, "/basis" },
		{ "club", ACT_ESTABLISHED, BASIS_SOFT_OPT_IN, "/basis" }, /* the purpose does not say so */
		{ "order", ACT_ESTABLISHED, BASIS_CONTRACT, NULL },
		{ "order", ACT_ESTABLISHED, BASIS_LEGITIMATE_INTEREST, "/basis" },
		{ "order", ACT_ESTABLISHED, BASIS_STORAGE_ONLY, "/basis" },
		{ "order", ACT_ESTABLISHED, BASIS_NONE, "/basis" },
		{ "order", ACT_GIVEN, BASIS_CONSENT, "/basis" }, /* C1.10: no change of basis */
		{ "order", ACT_CONFIRMED, BASIS_CONSENT, "/basis" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct edit edit;
		edit_new(&edit, &f->job, f->vault);
		*edit_act(&edit, cases[i].act, cases[i].purpose) =
			(struct act_new){ .act = cases[i].act, .basis = cases[i].basis, .at = f->job.now,
			                  .until_at = TIME_NEVER, .method = METHOD_API_CALL,
			                  .version = edit.act[0].version };
		printf("# case %zu\n", i);
		if (cases[i].place)
			assert_fails_at(&f->job, ERR_INVALID, cases[i].place, edit_commit(&edit));
		else
			assert_ok(edit_commit(&edit));
	}
}

static void
a_channel_that_the_purpose_does_not_use_is_refused(void **state)
{
	struct fixture *f = *state;
	struct edit edit;

	edit_new(&edit, &f->job, f->vault);
	edit_act_in(&edit, ACT_GIVEN, "newsletter", CHANNEL_BIT(CHANNEL_POST));
	assert_fails_at(&f->job, ERR_INVALID, "/channels", edit_commit(&edit));
	edit_new(&edit, &f->job, f->vault);
	edit_act_in(&edit, ACT_WITHDRAWN, "newsletter", CHANNELS_ALL); /* saying no is never too much */
	assert_ok(edit_commit(&edit));
}

static void
a_purpose_that_has_ended_takes_nothing_but_a_no(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit;

	assert_ok(purpose_end(&f->job, f->vault, S("newsletter")));
	assert_true(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed); /* what there is runs out */
	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "newsletter");
	assert_fails_at(&f->job, ERR_PURPOSE_INACTIVE, "/purpose", edit_commit(&edit));
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "newsletter"));
	assert_int_equal(person_values(f, id), 0);
}

static void
a_draft_starts_nothing(void **state)
{
	struct fixture *f = *state;
	struct edit edit;

	assert_ok(purpose_put_text(f, "new", purpose_text(&f->job, "\"basis\":\"consent\",\"fields\":[\"email\"]")));
	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "new");
	assert_fails_at(&f->job, ERR_PURPOSE_INACTIVE, "/purpose", edit_commit(&edit));
}

/* --- children, special categories ----------------------------------------------------------------- */

static enum err
club_member(struct fixture *f, const char *birth, uint32_t flags, bool guardian)
{
	struct edit edit;

	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", "kim@example.com");
	if (birth)
		edit_value(&edit, "birth", birth);
	edit.change.set_flags = true;
	edit.change.flags = flags;
	edit_act(&edit, ACT_GIVEN, "club")->guardian = guardian;
	return edit_commit(&edit);
}

static void
a_child_consents_through_a_guardian_only(void **state)
{
	struct fixture *f = *state; /* it is 2026-11-23 */
	struct edit edit;

	assert_fails_at(&f->job, ERR_CHILD, "/guardian", club_member(f, "2013-11-24", 0, false));
	assert_ok(club_member(f, "2013-11-24", 0, true));
	assert_ok(club_member(f, "2013-11-23", 0, false)); /* thirteen today */
	assert_fails_at(&f->job, ERR_CHILD, "/guardian", club_member(f, NULL, FLAG_CHILD, false));
	assert_ok(setting_put(&f->job, f->vault, S("age_of_consent"), S("16")));
	assert_fails_at(&f->job, ERR_CHILD, "/guardian", club_member(f, "2011-01-01", 0, false));
	/* What a person is known by from before counts, too. */
	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "birth", "2015-01-01");
	edit_act(&edit, ACT_GIVEN, "club")->guardian = true;
	assert_ok(edit_commit(&edit));
	assert_fails_at(&f->job, ERR_CHILD, "/guardian", person_act(f, edit.result.id, ACT_GIVEN, "newsletter"));
	assert_ok(person_act(f, edit.result.id, ACT_WITHDRAWN, "club"));
}

static void
a_personnummer_tells_a_childs_age(void **state)
{
	struct fixture *f = *state;
	struct edit edit;

	define_field(f, "pnr", "{\"title\":{\"en\":\"Pnr\"},\"type\":\"personnummer\",\"justification\":{\"ground\":\"identification\",\"text\":\"t\"}}");
	define_purpose(f, "member", "\"basis\":\"consent\",\"fields\":[\"pnr\"]");
	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "pnr", "20180101-2392");
	edit_act(&edit, ACT_GIVEN, "member");
	assert_fails_at(&f->job, ERR_CHILD, "/guardian", edit_commit(&edit));
}

static void
special_categories_need_an_explicit_act(void **state)
{
	struct fixture *f = *state;
	struct edit edit;

	define_purpose(f, "camp", "\"basis\":\"consent\",\"article_9\":\"9(2)(a)\",\"fields\":[\"allergy\"]");
	for (int explicit_act = 0; explicit_act < 2; explicit_act++) {
		edit_new(&edit, &f->job, f->vault);
		edit_value(&edit, "allergy", "nuts");
		edit_act(&edit, ACT_GIVEN, "camp")->explicit_act = explicit_act;
		if (explicit_act)
			assert_ok(edit_commit(&edit));
		else
			assert_fails_at(&f->job, ERR_SPECIAL, "/explicit", edit_commit(&edit));
	}
}

/* --- several at once ------------------------------------------------------------------------------ */

static void
if_match_is_kept(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit = editing(f, id);

	edit.change.if_match = true;
	edit.change.if_version = 7;
	edit_value(&edit, "name", "Anna Ny");
	assert_fails(&f->job, ERR_STALE, edit_commit(&edit));
	edit = editing(f, id);
	edit.change.if_match = true;
	edit.change.if_version = 1;
	edit_value(&edit, "name", "Anna Ny");
	assert_ok(edit_commit(&edit));
	assert_int_equal(edit.result.version, 2);
}

static void
two_changes_of_one_version_are_not_both_written(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit one = editing(f, id), two = editing(f, id);

	edit_value(&one, "name", "Anna One");
	edit_value(&two, "phone", "0701740605");
	assert_ok(edit_commit(&one));
	assert_fails(&f->job, ERR_STALE, edit_commit(&two));
	assert_string_equal(person_has(f, id, "name"), "Anna One");
	assert_string_equal(person_has(f, id, "phone"), "");
	assert_verified(f);
}

static enum err
add_phone(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct value_set *set = arena_alloc(&job->arena, sizeof(*set));
	struct fixture *f = *(struct fixture **)ctx;

	*set = (struct value_set){ .field = registry_field(change->registry, S("phone")), .origin = ORIGIN_PROVIDED };
	TRY(value_read(job, set->field, S("0701740605"), &set->text));
	if (f) { /* somebody else, between what was read and what is written; once */
		*(struct fixture **)ctx = NULL;
		assert_ok(person_value(f, change->subject.id, "name", "Anna Other"));
	}
	change->value = set;
	change->value_count = 1;
	return OK;
}

static void
a_change_that_was_overtaken_is_prepared_again(void **state)
{
	struct fixture *f = *state, *other = f;
	uid id = anna(f);
	struct change_result result;

	assert_ok(subject_change(&f->job, f->vault, id, add_phone, &other, &result));
	assert_int_equal(result.version, 3);
	assert_string_equal(person_has(f, id, "name"), "Anna Other");
	assert_string_equal(person_has(f, id, "phone"), "+46701740605");
}

static void
of_many_changes_the_stale_one_is_left_out(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit stale = editing(f, id), fresh, wrong;
	struct change change[3];
	struct change_result result[3];
	enum err err[3];

	assert_ok(person_value(f, id, "name", "Anna Ny"));
	edit_value(&stale, "name", "Anna Stale");
	edit_new(&fresh, &f->job, f->vault);
	edit_value(&fresh, "email", "b@example.com");
	edit_act(&fresh, ACT_GIVEN, "newsletter");
	edit_new(&wrong, &f->job, f->vault);
	edit_value(&wrong, "email", "c@example.com");
	stale.change.value = stale.value;
	fresh.change.value = fresh.value;
	fresh.change.act = fresh.act;
	wrong.change.value = wrong.value;
	change[0] = stale.change;
	change[1] = wrong.change;
	change[2] = fresh.change;
	assert_ok(change_commit_many(&f->job, f->vault, change, 3, result, err));
	assert_string_equal(error_name(err[0]), "ERR_STALE");
	assert_string_equal(error_name(err[1]), "ERR_NO_GROUND");
	assert_string_equal(error_name(err[2]), "OK");
	assert_string_equal(person_has(f, id, "name"), "Anna Ny");
	assert_string_equal(person_has(f, result[2].id, "email"), "b@example.com");
	assert_verified(f);
	edit_end(&stale);
	edit_end(&fresh);
	edit_end(&wrong);
}

/* subject.h: "each in its own savepoint.  err[i] tells of each." */
static void
of_many_changes_one_that_fails_while_it_is_written_takes_no_other_with_it(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit[2];
	struct change change[2];
	struct change_result result[2];
	enum err err[2], all;

	for (size_t i = 0; i < 2; i++) {
		edit_new(&edit[i], &f->job, f->vault);
		edit_value(&edit[i], "email", i ? "c@example.com" : "b@example.com");
		edit_act(&edit[i], ACT_GIVEN, "newsletter");
		edit[i].change.value = edit[i].value;
		edit[i].change.act = edit[i].act;
		change[i] = edit[i].change;
	}
	change[0].subject.id = id; /* an id that is taken */
	all = change_commit_many(&f->job, f->vault, change, 2, result, err);
	job_forgive(&f->job);
	assert_string_equal(error_name(err[0]), "ERR_CONFLICT");
	assert_string_equal(error_name(all), "OK");
	assert_string_equal(error_name(err[1]), "OK");
	assert_int_equal(holders_of(f, "email", "c@example.com"), 1);
	assert_int_equal(holders_of(f, "email", "b@example.com"), 0);
	assert_verified(f);
	edit_end(&edit[0]);
	edit_end(&edit[1]);
}

/* --- limits --------------------------------------------------------------------------------------- */

static void
limits_have_names(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	int64_t no = person_no(f, id);
	struct edit edit;

	sql(f, "valv.db",
	    "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
	    "INSERT INTO ledger SELECT ?1, i, 1, 1, 1, 1, 1, 1, 2, NULL, NULL, 1, 0, 0, NULL, NULL FROM n",
	    no, 0);
	edit = editing(f, id);
	edit_act(&edit, ACT_REQUESTED, "club");
	assert_fails(&f->job, ERR_LIMIT, edit_commit(&edit));
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "newsletter")); /* a no always finds room */
	assert_int_equal(person_values(f, id), 0);
}

/* T3 */
static void
one_damaged_record_keeps_nobody_else_from_being_swept(void **state)
{
	struct fixture *f = *state;
	uid first = anna(f), second;
	struct sweep_round round = { 0 };
	struct sweep_result swept;
	bytes record;
	uint8_t *damaged;

	f->job.now++;
	second = person_make(f, "newsletter", "email=b@example.com", NULL);
	record = sql_blob(f, "valv.db", "SELECT record FROM subject WHERE no = ?1", person_no(f, first), 0);
	damaged = arena_alloc(&f->job.arena, record.len);
	memcpy(damaged, record.ptr, record.len);
	damaged[record.len - 1] ^= 1;
	sql_put_blob(f, "valv.db", "UPDATE subject SET record = ?1 WHERE no = ?2", (bytes){ damaged, record.len },
	             person_no(f, first), 0);
	f->job.now += 3 * 365 * TIME_DAY;
	assert_ok(sweep(&f->job, f->vault, 10, &(struct sweep_round){ 0 }, &swept));
	assert_int_equal(swept.persons, 2);
	assert_int_equal(swept.failed, 1);
	assert_int_equal(person_values(f, second), 0);
	assert_ok(sweep(&f->job, f->vault, 1, &round, &swept));
	assert_int_equal(swept.failed, 1);
	assert_ok(sweep(&f->job, f->vault, 1, &round, &swept));
	assert_int_equal(swept.persons, 0); /* not for ever */
	assert_false(swept.more);
}

static void
two_hundred_values_are_the_most(void **state)
{
	struct fixture *f = *state;
	OWNED(buf_release) struct buf members = { .max = 16384 };
	char name[32], text[64];
	struct change_result result;
	struct value_set *value = arena_array(&f->job.arena, LIMIT_VALUES + 1, sizeof(*value));
	struct edit edit;

	for (int half = 0; half < 2; half++) {
		buf_clear(&members);
		buf_put(&members, S("\"basis\":\"consent\",\"fields\":["));
		for (int i = 0; i <= LIMIT_VALUES / 2; i++) {
			snprintf(name, sizeof(name), "v%d_%d", half, i);
			define_field(f, name, "{\"title\":{\"en\":\"V\"},\"type\":\"text\"}");
			snprintf(text, sizeof(text), "%s\"%s\"", i ? "," : "", name);
			buf_put(&members, str_from_c(text));
		}
		buf_char(&members, ']');
		snprintf(name, sizeof(name), "half%d", half);
		define_purpose(f, name, arena_c(&f->job.arena, buf_str(&members)));
	}
	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "half0");
	edit_act(&edit, ACT_GIVEN, "half1");
	for (int i = 0; i <= LIMIT_VALUES; i++) {
		snprintf(name, sizeof(name), "v%d_%d", i % 2, i / 2);
		value[i] = (struct value_set){ .field = registry_field(edit.registry, str_from_c(name)), .text = S("x"),
			                       .origin = ORIGIN_PROVIDED };
		assert_non_null(value[i].field);
	}
	edit.change.act = edit.act;
	edit.change.value = value;
	edit.change.value_count = LIMIT_VALUES + 1;
	assert_fails(&f->job, ERR_LIMIT, change_commit(&f->job, f->vault, &edit.change, &result));
	edit.change.value_count = LIMIT_VALUES;
	assert_ok(change_commit(&f->job, f->vault, &edit.change, &result));
	edit_end(&edit);
	assert_int_equal(person_values(f, result.id), LIMIT_VALUES);
}

/* --- suppressions (P3, U1) -------------------------------------------------------------------------- */

static struct suppression
only_suppression(struct fixture *f, const char *email)
{
	struct suppression found[10];
	size_t count;

	assert_ok(suppressions_of(&f->job, f->vault, ADDRESS_EMAIL, str_from_c(email), found, COUNT(found), &count));
	assert_int_equal(count, 1);
	return found[0];
}

static void
a_withdrawal_suppresses_the_address_for_the_purpose(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct suppression suppression;

	assert_ok(person_act(f, id, ACT_WITHDRAWN, "newsletter"));
	suppression = only_suppression(f, "Anna@Example.com"); /* however it is written */
	assert_int_equal(suppression.scope, SCOPE_PURPOSE);
	assert_int_equal(suppression.channel, CHANNEL_EMAIL);
	assert_int_equal(suppression.source, SOURCE_WITHDRAWAL);
	assert_int_equal(suppression.at, f->job.now);
}

static void
an_objection_to_marketing_suppresses_the_channel(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit = editing(f, id);
	struct suppression suppression;

	edit_act_in(&edit, ACT_OBJECTED, NULL, CHANNEL_BIT(CHANNEL_EMAIL));
	assert_ok(edit_commit(&edit));
	suppression = only_suppression(f, "anna@example.com");
	assert_int_equal(suppression.scope, SCOPE_CHANNEL);
	assert_int_equal(suppression.source, SOURCE_OBJECTION);
	assert_int_equal(ask(f, id, "newsletter", CHANNEL_EMAIL).reason, REASON_SUPPRESSED);
}

/* C3.1: the person comes back through an import or another way, under the same address. */
static void
a_suppression_outlives_the_person_and_only_a_confirmation_lifts_it_for_a_new_one(void **state)
{
	struct fixture *f = *state;
	struct edit edit;
	uid id = person_make(f, "club", "email=kim@example.com", NULL);

	assert_ok(person_act(f, id, ACT_WITHDRAWN, "club"));
	id = person_make(f, "club", "email=kim@example.com", NULL);
	assert_int_equal(suppression_count(f, "kim@example.com"), 1);
	f->job.now += TIME_SECOND;
	edit = editing(f, id);
	edit_act(&edit, ACT_CONFIRMED, "club")->method = METHOD_IMPORT; /* U1: never by an import */
	assert_ok(edit_commit(&edit));
	assert_int_equal(suppression_count(f, "kim@example.com"), 1);
	assert_int_equal(ask(f, id, "club", CHANNEL_EMAIL).reason, REASON_SUPPRESSED);
	assert_ok(person_act(f, id, ACT_CONFIRMED, "club"));
	assert_int_equal(suppression_count(f, "kim@example.com"), 0);
	assert_true(ask(f, id, "club", CHANNEL_EMAIL).allowed);
}

static void
a_given_in_the_persons_own_ledger_takes_back_that_purposes_stop_only(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", NULL);
	struct edit edit;

	assert_ok(person_act(f, id, ACT_GIVEN, "newsletter"));
	edit = editing(f, id);
	edit_act(&edit, ACT_WITHDRAWN, "newsletter");
	edit_act_in(&edit, ACT_OBJECTED, NULL, CHANNEL_BIT(CHANNEL_EMAIL));
	assert_ok(edit_commit(&edit));
	assert_int_equal(suppression_count(f, "anna@example.com"), 2);
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_GIVEN, "newsletter"));
	assert_int_equal(only_suppression(f, "anna@example.com").scope, SCOPE_CHANNEL);
	assert_false(ask(f, id, "newsletter", CHANNEL_EMAIL).allowed); /* all marketing was objected to */
}

/* The first step of a double opt-in is typed by anybody. */
static void
a_first_step_alone_lifts_nothing(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", NULL);

	assert_ok(person_act(f, id, ACT_GIVEN, "club"));
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "club"));
	assert_int_equal(suppression_count(f, "anna@example.com"), 1);
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_GIVEN, "club"));
	assert_int_equal(suppression_count(f, "anna@example.com"), 1);
	assert_false(ask(f, id, "club", CHANNEL_EMAIL).allowed);
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_CONFIRMED, "club"));
	assert_int_equal(suppression_count(f, "anna@example.com"), 0);
	assert_true(ask(f, id, "club", CHANNEL_EMAIL).allowed);
}

static void
a_late_press_on_an_old_link_lifts_nothing(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", NULL);

	assert_ok(person_act(f, id, ACT_GIVEN, "club"));
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "club"));
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_CONFIRMED, "club")); /* of the first mail */
	assert_int_equal(suppression_count(f, "anna@example.com"), 1);
	assert_false(ask(f, id, "club", CHANNEL_EMAIL).allowed);
	/* Nor does one that comes after its seven days. */
	f->job.now += TIME_DAY;
	assert_ok(person_act(f, id, ACT_GIVEN, "club"));
	f->job.now += 7 * TIME_DAY;
	assert_ok(person_act(f, id, ACT_CONFIRMED, "club"));
	assert_int_equal(suppression_count(f, "anna@example.com"), 1);
}

static void
nothing_takes_back_never_contact(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "club", "email=kim@example.com", NULL);
	struct suppression bounce = { .scope = SCOPE_ALL, .at = f->job.now, .source = SOURCE_BOUNCE };

	assert_ok(suppress(&f->job, f->vault, ADDRESS_EMAIL, S("kim@example.com"), &bounce));
	f->job.now += TIME_SECOND;
	assert_ok(person_act(f, id, ACT_CONFIRMED, "club"));
	assert_int_equal(suppression_count(f, "kim@example.com"), 1);
	assert_int_equal(ask(f, id, "club", CHANNEL_EMAIL).reason, REASON_SUPPRESSED);
}

/* An act that tells of an earlier day cannot take back what was said after it. */
static void
a_yes_from_before_the_stop_lifts_nothing(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", NULL);
	struct edit edit;

	assert_ok(person_act(f, id, ACT_GIVEN, "newsletter"));
	f->job.now += 2 * TIME_DAY;
	assert_ok(person_act(f, id, ACT_WITHDRAWN, "newsletter"));
	edit = editing(f, id);
	edit_act(&edit, ACT_GIVEN, "newsletter")->at = f->job.now - TIME_DAY;
	assert_ok(edit_commit(&edit));
	assert_int_equal(suppression_count(f, "anna@example.com"), 1);
	assert_int_equal(ask(f, id, "newsletter", CHANNEL_EMAIL).reason, REASON_SUPPRESSED);
}

/* The address changes in the same moment: both are stopped. */
static void
a_stop_holds_for_the_address_of_before_and_after(void **state)
{
	struct fixture *f = *state;
	uid id = person_make(f, "order", "email=anna@example.com", NULL);
	struct edit edit = editing(f, id);

	edit_value(&edit, "email", "anna.ny@example.com");
	edit_act_in(&edit, ACT_OBJECTED, NULL, CHANNEL_BIT(CHANNEL_EMAIL));
	assert_ok(edit_commit(&edit));
	assert_int_equal(suppression_count(f, "anna@example.com"), 1);
	assert_int_equal(suppression_count(f, "anna.ny@example.com"), 1);
}

/* --- entries (I4) ------------------------------------------------------------------------------------ */

static void
each_change_leaves_an_entry_with_its_version(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	struct edit edit = editing(f, id);
	bytes body;
	uint64_t version;

	edit_value(&edit, "name", "Anna Ny");
	assert_ok(edit_commit(&edit));
	body = sql_blob(f, "valv.db", "SELECT body FROM entry WHERE seq = ?1", edit.result.entry, 0);
	assert_true(eat_le64(&body, &version));
	assert_int_equal(version, 2);
	assert_int_equal(sql(f, "valv.db", "SELECT subject FROM entry WHERE seq = ?1", edit.result.entry, 0),
	                 edit.result.no);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act IN (?1, ?2)", ENTRY_SUBJECT_CREATE,
	                     ENTRY_SUBJECT_CHANGE),
	                 2);
}

static enum err
refuse(struct job *job, struct db *db, void *ctx)
{
	(void)db;
	(void)ctx;
	return fail(job, ERR_HELD, "by the test");
}

static void
a_change_whose_last_step_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	uid id = anna(f);
	int64_t rows = rows_of_all(f);
	bytes keys = sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = ?1", person_no(f, id), 0);
	struct edit edit = editing(f, id);
	bytes after;

	edit_act(&edit, ACT_ESTABLISHED, "order"); /* needs new keys */
	edit_value(&edit, "city", "Lund");
	edit.change.extra = refuse;
	assert_fails(&f->job, ERR_HELD, edit_commit(&edit));
	edit_new(&edit, &f->job, f->vault);
	edit_act(&edit, ACT_GIVEN, "newsletter");
	edit.change.extra = refuse;
	assert_fails(&f->job, ERR_HELD, edit_commit(&edit));
	assert_int_equal(rows_of_all(f), rows); /* keys.db too (S3) */
	after = sql_blob(f, "keys.db", "SELECT wrapped FROM subject_key WHERE subject = ?1", person_no(f, id), 0);
	assert_true(str_eq(bytes_str(keys), bytes_str(after)));
	assert_int_equal(person_values(f, id), 2);
	assert_verified(f);
}

/* Nothing of what was given is anywhere in clear. */
static void
no_file_of_the_store_holds_a_value_in_clear(void **state)
{
	struct fixture *f = *state;
	static const char *const clear[] = { "anna@example.com", "Anna Andersson", "anna andersson", "Andersson",
		                             "andersson", "likes tents", "+46701740605", "0701740605", "1980-04-01" };
	struct edit edit;

	edit_new(&edit, &f->job, f->vault);
	edit_value(&edit, "email", "anna@example.com");
	edit_value(&edit, "name", "Anna Andersson");
	edit_value(&edit, "phone", "0701740605");
	edit_value(&edit, "notes", "likes tents");
	edit_value(&edit, "birth", "1980-04-01");
	edit_act(&edit, ACT_GIVEN, "newsletter")->evidence = S("{\"evidence\":{\"who\":\"Anna Andersson\"}}");
	edit_act(&edit, ACT_ESTABLISHED, "order");
	edit_act(&edit, ACT_GIVEN, "club");
	assert_ok(edit_commit(&edit));
	holders_of(f, "email", "anna@example.com");
	ask(f, edit.result.id, "newsletter", CHANNEL_EMAIL);
	assert_ok(person_act(f, edit.result.id, ACT_WITHDRAWN, "newsletter"));
	for (size_t i = 0; i < COUNT(clear); i++)
		assert_false(files_hold(f, "", str_bytes(str_from_c(clear[i]))));
	fixture_reopen(f);
	for (size_t i = 0; i < COUNT(clear); i++)
		assert_false(files_hold(f, "", str_bytes(str_from_c(clear[i]))));
}

int
change_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_value_that_no_ground_covers_is_refused_by_its_name),
		EACH(a_refusal_is_recorded_without_any_value),
		EACH(a_withdrawal_erases_what_it_alone_covered_before_it_returns),
		EACH(what_another_ground_covers_outlives_a_withdrawal),
		EACH(a_contract_that_ended_lives_out_its_retention_and_is_swept),
		EACH(a_hold_keeps_a_value_and_allows_no_use),
		EACH(a_restricted_person_is_not_read_for_a_purpose),
		EACH(a_read_for_a_purpose_gives_its_fields_and_leaves_its_entry),
		EACH(gaining_a_value_keeps_the_key_and_losing_or_replacing_one_makes_a_fresh_one),
		EACH(a_statement_completes_a_value_and_dies_with_it),
		EACH(a_section_that_did_not_change_keeps_its_bytes),
		EACH(sections_part_and_merge_with_the_grounds),
		EACH(a_withdrawal_that_moves_every_section_at_the_limit_goes_through),
		EACH(an_act_from_the_future_is_refused),
		EACH(an_end_before_the_beginning_is_refused),
		EACH(a_ground_stands_on_the_basis_of_its_purpose),
		EACH(a_channel_that_the_purpose_does_not_use_is_refused),
		EACH(a_purpose_that_has_ended_takes_nothing_but_a_no),
		EACH(a_draft_starts_nothing),
		EACH(a_child_consents_through_a_guardian_only),
		EACH(a_personnummer_tells_a_childs_age),
		EACH(special_categories_need_an_explicit_act),
		EACH(if_match_is_kept),
		EACH(two_changes_of_one_version_are_not_both_written),
		EACH(a_change_that_was_overtaken_is_prepared_again),
		EACH(of_many_changes_the_stale_one_is_left_out),
		EACH(of_many_changes_one_that_fails_while_it_is_written_takes_no_other_with_it),
		EACH(limits_have_names),
		EACH(one_damaged_record_keeps_nobody_else_from_being_swept),
		EACH(two_hundred_values_are_the_most),
		EACH(a_withdrawal_suppresses_the_address_for_the_purpose),
		EACH(an_objection_to_marketing_suppresses_the_channel),
		EACH(a_suppression_outlives_the_person_and_only_a_confirmation_lifts_it_for_a_new_one),
		EACH(a_given_in_the_persons_own_ledger_takes_back_that_purposes_stop_only),
		EACH(a_first_step_alone_lifts_nothing),
		EACH(a_late_press_on_an_old_link_lifts_nothing),
		EACH(nothing_takes_back_never_contact),
		EACH(a_yes_from_before_the_stop_lifts_nothing),
		EACH(a_stop_holds_for_the_address_of_before_and_after),
		EACH(each_change_leaves_an_entry_with_its_version),
		EACH(a_change_whose_last_step_fails_leaves_nothing),
		EACH(no_file_of_the_store_holds_a_value_in_clear),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
