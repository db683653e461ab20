/* I1 and V1 by random changes through change_commit() and the sweep, on a real store: after each
 * one everything is read back and held against a model of plain values and the oracle's coverage.
 *
 *   VALV_SEED=n the same run again   VALV_CHANGES=n more or fewer changes */
#include "fixture.h"

#include "random.h"
#include "standing_oracle.h"
#include "vault/rows.h"
#include "vault/preview.h"
#include "vault_tests.h"

#define PERSONS 4
#define FIELDS 7 /* fixture_registry's, numbered from 1 */
#define CHANGES 700

struct model {
	bool there;
	uid id;
	char value[FIELDS + 1][40]; /* "" none */
};

struct world {
	struct fixture f;
	struct random random;
	struct model person[PERSONS];
	size_t refused, gone, swept, renewed; /* how much of each the run has seen */
};

static const char *const names[FIELDS + 1] = { NULL, "email", "phone", "name", "city", "birth", "notes",
	                                       "allergy" };

/* --- what is wanted ---------------------------------------------------------------------------- */

static void
raw_any(struct world *w, uint16_t field, char *out, size_t room)
{
	uint32_t n = random_below(&w->random, 40);

	switch (field) {
	case 1:
		snprintf(out, room, "person%u@example.com", n);
		break;
	case 2:
		snprintf(out, room, "+467017406%02u", 5 + n % 90);
		break;
	case 3:
		snprintf(out, room, "Anna %c. Andersson%c", 'A' + (char)(n % 26), 'a' + (char)(n % 7));
		break;
	case 5:
		snprintf(out, room, "19%02u-04-01", 40 + n);
		break;
	default:
		snprintf(out, room, "something %u", n);
		break;
	}
}

static const struct purpose_version *
version_any(struct world *w, const struct registry *registry)
{
	const struct purpose *purpose =
		&registry->purpose[random_below(&w->random, (uint32_t)registry->purpose_count)];

	return &purpose->version[random_below(&w->random, (uint32_t)purpose->version_count)];
}

static enum act
act_any(struct world *w, enum basis basis)
{
	static const enum act consents[] = { ACT_GIVEN, ACT_GIVEN, ACT_GIVEN, ACT_CONFIRMED, ACT_CONFIRMED,
		                             ACT_WITHDRAWN, ACT_REFUSED, ACT_REQUESTED, ACT_OBJECTED };
	static const enum act others[] = { ACT_ESTABLISHED, ACT_ESTABLISHED, ACT_ESTABLISHED, ACT_ENDED,
		                           ACT_STOPPED, ACT_OBJECTED };

	return basis == BASIS_CONSENT ? consents[random_below(&w->random, COUNT(consents))]
	                              : others[random_below(&w->random, COUNT(others))];
}

static void
hold_put(struct world *w, struct edit *edit, struct act_new *act)
{
	uint8_t *detail = arena_alloc(&w->f.job.arena, 8);

	act->version = NULL;
	act->basis = BASIS_STORAGE_ONLY;
	if (random_one_in(&w->random, 2)) {
		act->act = ACT_HELD;
		act->until_at = w->f.job.now + (1 + random_below(&w->random, 60)) * TIME_DAY;
		detail[0] = (uint8_t)(1 + random_below(&w->random, FIELDS));
		act->detail = (bytes){ detail, 2 };
	} else {
		act->act = ACT_RELEASED;
		detail[0] = (uint8_t)(1 + random_below(&w->random, 20));
		act->detail = (bytes){ detail, 8 };
	}
	(void)edit;
}

static void
act_put(struct world *w, struct edit *edit)
{
	const struct purpose_version *version = version_any(w, edit->registry);
	struct act_new *act = edit_act(edit, ACT_GIVEN, "newsletter");

	act->version = version;
	act->basis = version->basis;
	act->act = act_any(w, version->basis);
	act->at = w->f.job.now - random_below(&w->random, 3) * TIME_DAY;
	if (random_one_in(&w->random, 6))
		act->until_at = act->at + (3 + random_below(&w->random, 50)) * TIME_DAY;
	if (version->basis == BASIS_CONSENT && random_one_in(&w->random, 3) && version->channels != 1)
		act->channels = CHANNEL_BIT(CHANNEL_EMAIL);
	if (random_one_in(&w->random, 8))
		hold_put(w, edit, act);
	else if (random_one_in(&w->random, 12))
		*act = (struct act_new){ .act = ACT_OBJECTED, .at = act->at, .until_at = TIME_NEVER,
			                 .method = METHOD_API_CALL };
}

/* --- what is to come out ----------------------------------------------------------------------- */

static size_t
ledger_of(struct world *w, const struct model *person, const struct edit *edit, struct act_row *row)
{
	struct act_row *old;
	size_t count = 0;

	if (person->there) {
		assert_ok(ledger_read(&w->f.job, person_no(&w->f, person->id), &old, &count));
		assert_true(count + 16 < ORACLE_ACTS);
		if (count)
			memcpy(row, old, count * sizeof(*row));
	}
	for (size_t i = 0; edit && i < edit->change.act_count; i++) {
		const struct act_new *act = &edit->act[i];
		uint32_t all = act->version ? act->version->channels : CHANNELS_ALL;
		row[count] = (struct act_row){
			.seq = (int64_t)count + 1, .at = act->at, .act = act->act, .basis = act->basis,
			.purpose = act->version ? act->version->purpose : 0,
			.version = act->version ? act->version->version : 0,
			.channels = act->channels ? act->channels : all, .until_at = act->until_at,
			.detail = act->detail,
		};
		count++;
	}
	return count;
}

/* The model after the change, or that it is to be refused (P1). */
static bool
foreseen(struct world *w, const struct edit *edit, const struct model *before, struct model *after)
{
	struct act_row row[ORACLE_ACTS];
	struct oracle oracle;
	bool set[FIELDS + 1] = { 0 };

	*after = *before;
	oracle_begin(&oracle, edit->registry, row, ledger_of(w, before, edit, row));
	for (size_t i = 0; i < edit->change.value_count; i++) {
		const struct value_set *value = &edit->value[i];
		char *text = after->value[value->field->no];
		bool differs = set[value->field->no] || !str_eq(value->text, str_from_c(text));
		set[value->field->no] = value->text.len && differs; /* the same again is nothing new */
		snprintf(text, sizeof(after->value[0]), "%.*s", SPRINT(value->text));
	}
	for (uint16_t field = 1; field <= FIELDS; field++) {
		uint32_t covering = oracle_covering(&oracle, field, w->f.job.now);
		if (covering == 1 && set[field] && !before->value[field][0])
			return false; /* a hold keeps what is there, and is no reason to collect */
		if (!after->value[field][0] || covering)
			continue;
		if (set[field])
			return false;
		after->value[field][0] = 0;
		w->gone++;
	}
	return true;
}

/* --- what did come out ------------------------------------------------------------------------- */

static void
values_check(struct world *w, const struct model *person, const struct subject *subject,
             const struct keyset *keyset)
{
	struct value *value;
	size_t count, wanted = 0;

	assert_ok(record_open(&w->f.job, person->id, keyset, subject->record, &value, &count));
	for (uint16_t field = 1; field <= FIELDS; field++)
		wanted += person->value[field][0] != 0;
	for (size_t i = 0; i < count; i++) {
		assert_in_range(value[i].field, 1, FIELDS);
		assert_true(str_eq(value[i].text, str_from_c(person->value[value[i].field])));
	}
	assert_int_equal(count, wanted);
}

static void
keys_check(struct world *w, const struct subject *subject, const struct keyset *keyset)
{
	uint32_t section[KEYSET_MAX];
	size_t count;

	assert_ok(record_sections(&w->f.job, subject->record, section, &count));
	assert_non_null(keyset_find(keyset, 0));
	for (size_t i = 0; i < count; i++)
		assert_non_null(keyset_find(keyset, section[i]));
	assert_int_equal(keyset->count, count + 1); /* none too many */
}

static void
lookups_check(struct world *w, const struct registry *registry, const struct model *person,
              const struct subject *subject)
{
	size_t wanted = 0;

	for (uint16_t no = 1; no <= FIELDS; no++) {
		const struct field *field = registry_field_no(registry, no);
		struct digests digests;
		if (!person->value[no][0] || field->lookup == LOOKUP_NONE)
			continue;
		lookup_digests(field, str_from_c(person->value[no]), &digests);
		wanted += digests.count;
		for (size_t i = 0; i < digests.count; i++) {
			OWNED(rows_end) struct rows rows = { 0 };
			bool there;
			assert_ok(db_query(&w->f.job, w->f.db, SQL_LOOKUP_HAS,
			                   ARGS(sql_i64(no), sql_bytes((bytes){ digests.digest[i], LOOKUP_BYTES }),
			                        sql_i64(subject->no)),
			                   &rows));
			assert_ok(rows_next(&w->f.job, &rows, &there));
			assert_true(there);
		}
	}
	assert_int_equal(sql(&w->f, "valv.db", "SELECT COUNT(*) FROM lookup WHERE subject = ?1", subject->no, 0),
	                 wanted);
}

static void
person_check(struct world *w, const struct model *person)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct subject subject;

	assert_ok(registry_hold(&w->f.job, w->f.vault, &registry));
	assert_ok(subject_get(&w->f.job, w->f.vault, person->id, &subject));
	assert_ok(keys_get(&w->f.job, w->f.vault->keys, w->f.db, subject.no, &keyset));
	values_check(w, person, &subject, keyset);
	keys_check(w, &subject, keyset);
	lookups_check(w, registry, person, &subject);
}

/* V1, Article 16: a copy of the record from before does not open any more with what keys.db holds now,
 * once a value that was in it is gone or another; what is still covered may open. */
static void
old_copy_check(struct world *w, const struct model *before, const struct model *after, bytes old)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct value *value;
	size_t count;
	enum err err;
	bool lost = false;

	for (uint16_t field = 1; field <= FIELDS; field++)
		lost |= before->value[field][0] && strcmp(before->value[field], after->value[field]) != 0;
	if (!lost)
		return;
	assert_ok(keys_get(&w->f.job, w->f.vault->keys, w->f.db, person_no(&w->f, after->id), &keyset));
	err = record_open(&w->f.job, after->id, keyset, old, &value, &count);
	assert_string_equal(error_name(err), "ERR_CRYPTO");
	job_forgive(&w->f.job);
}

/* --- the run ------------------------------------------------------------------------------------ */

/* Mostly of fields that will be covered. */
static void
values_put(struct world *w, const struct model *person, struct edit *edit)
{
	struct act_row row[ORACLE_ACTS];
	struct oracle oracle;

	oracle_begin(&oracle, edit->registry, row, ledger_of(w, person, edit, row));
	for (uint32_t i = random_below(&w->random, 8); i-- > 0;) {
		uint16_t field = (uint16_t)(1 + random_below(&w->random, FIELDS));
		char raw[40] = "";
		if (!oracle_covering(&oracle, field, w->f.job.now) && !random_one_in(&w->random, 15))
			continue;
		raw_any(w, field, raw, sizeof(raw));
		edit_value(edit, names[field], random_one_in(&w->random, 6) ? NULL : raw);
	}
}

static void
change_any(struct world *w, struct model *person)
{
	struct model after;
	struct edit edit;
	bytes old = { 0 };
	enum err err;

	if (person->there) {
		edit_person(&edit, &w->f.job, w->f.vault, person->id);
		old = edit.change.subject.record;
	} else {
		edit_new(&edit, &w->f.job, w->f.vault);
	}
	for (uint32_t i = random_below(&w->random, person->there ? 3 : 5); i-- > 0;)
		act_put(w, &edit);
	values_put(w, person, &edit);
	if (!foreseen(w, &edit, person, &after)) {
		assert_string_equal(error_name(edit_commit(&edit)), "ERR_NO_GROUND");
		assert_true(str_starts(str_from_c(w->f.job.failure.where), S("/values/")));
		job_forgive(&w->f.job);
		w->refused++;
		if (person->there)
			person_check(w, person);
		return;
	}
	err = edit_commit(&edit);
	if (err)
		printf("# %s: %s\n", error_name(err), w->f.job.failure.why);
	assert_ok(err);
	after.there = true;
	after.id = edit.result.id;
	if (person->there)
		old_copy_check(w, person, &after, old);
	*person = after;
	person_check(w, person);
}

/* Z1: what a preview counts for a day to come is what is due when that day has come. */
static void
preview_check(struct world *w)
{
	static const uint32_t days[] = { 1, 7, 40, 366 };
	uint32_t ahead = days[random_below(&w->random, COUNT(days))];
	time_us now = w->f.job.now;
	struct preview before, then;

	assert_ok(sweep_preview(&w->f.job, w->f.vault, ahead, &before));
	w->f.job.now = before.until_at;
	assert_ok(sweep_preview(&w->f.job, w->f.vault, 0, &then));
	w->f.job.now = now;
	assert_int_equal(before.values, then.values);
	assert_int_equal(before.persons, then.persons);
	assert_int_equal(before.emptied, then.emptied);
	assert_int_equal(before.failed, 0);
}

/* T1: after a sweep nothing is left that is not covered. */
static void
sweep_all(struct world *w)
{
	uint64_t gone = 0;
	struct preview preview;
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct sweep_result result = { .more = true };
	struct sweep_round round = { 0 };
	struct sweep_due due;

	preview_check(w);
	assert_ok(sweep_preview(&w->f.job, w->f.vault, 0, &preview));
	for (int batch = 0; result.more; batch++) {
		assert_true(batch < 20);
		assert_ok(sweep(&w->f.job, w->f.vault, 2, &round, &result));
		w->swept += result.persons;
		gone += result.values_gone;
	}
	assert_int_equal(gone, preview.values); /* Z1 */
	assert_int_equal(result.more, false);
	assert_ok(sweep_due(&w->f.job, &due));
	assert_int_equal(due.persons, 0); /* nobody is due twice */
	assert_ok(registry_hold(&w->f.job, w->f.vault, &registry));
	for (size_t i = 0; i < PERSONS; i++) {
		struct act_row row[ORACLE_ACTS];
		struct oracle oracle;
		if (!w->person[i].there)
			continue;
		oracle_begin(&oracle, registry, row, ledger_of(w, &w->person[i], NULL, row));
		for (uint16_t field = 1; field <= FIELDS; field++)
			if (!oracle_covering(&oracle, field, w->f.job.now))
				w->person[i].value[field][0] = 0;
		person_check(w, &w->person[i]);
	}
}

/* New words and other fields for newsletter; those who consented before keep theirs. */
static void
version_new(struct world *w)
{
	static const char *const members[] = {
		"\"basis\":\"consent\",\"marketing\":true,\"fields\":[\"email\",\"city\"],\"channels\":[\"email\",\"sms\"]",
		"\"basis\":\"consent\",\"marketing\":true,\"fields\":[\"name\",\"notes\",\"phone\"],\"channels\":[\"email\"]",
		"\"basis\":\"contract\",\"retention\":{\"period\":\"P20D\",\"from\":\"ended\"},\"fields\":[\"name\",\"allergy\"],"
		"\"article_9\":\"9(2)(a)\"",
	};
	uint32_t which = random_below(&w->random, COUNT(members));

	define_purpose(&w->f, which == 2 ? "order" : "newsletter", members[which]);
	w->renewed++;
}

/* Ledgers stay short for the oracle's sake. */
static struct model *
person_any(struct world *w)
{
	struct model *person = &w->person[random_below(&w->random, PERSONS)];

	if (person->there &&
	    sql(&w->f, "valv.db", "SELECT COUNT(*) FROM ledger WHERE subject = ?1",
	        person_no(&w->f, person->id), 0) > 22)
		*person = (struct model){ 0 };
	return person;
}

static void
values_live_as_long_as_a_ground_covers_them(void **state)
{
	struct world *w = *state;
	uint64_t changes = number_from_environment("VALV_CHANGES", CHANGES);

	for (uint64_t i = 0; i < changes; i++) {
		change_any(w, person_any(w));
		if (random_one_in(&w->random, 3))
			w->f.job.now += random_below(&w->random, 20) * TIME_DAY;
		if (random_one_in(&w->random, 9))
			sweep_all(w);
		if (random_one_in(&w->random, 90) && w->renewed < 12)
			version_new(w);
		if (random_one_in(&w->random, 40))
			assert_verified(&w->f);
		arena_reset(&w->f.job.arena);
	}
	assert_verified(&w->f);
	printf("# %zu refused, %zu values lost their ground, %zu swept\n", w->refused, w->gone, w->swept);
	assert_true(w->refused > changes / 50 && w->gone > changes / 50 && w->swept > changes / 50);
}

static int
world_begin(void **state)
{
	static struct world world;

	world = (struct world){ .random = { seed_of_run("coverage") } };
	fixture_begin(&world.f);
	fixture_registry(&world.f);
	*state = &world;
	return 0;
}

static int
world_end(void **state)
{
	struct world *world = *state;

	fixture_end(&world->f);
	return 0;
}

int
coverage_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_live_as_long_as_a_ground_covers_them, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
