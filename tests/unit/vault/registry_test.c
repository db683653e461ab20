/* src/vault/registry.c and definition.c: what a purpose must say, and that it then stays so. */
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

static enum err
activate(struct fixture *f, const char *name)
{
	uint32_t version;

	return purpose_activate(&f->job, f->vault, str_from_c(name), &version);
}

/* --- R2 ------------------------------------------------------------------------------------------- */

#define COMPLETE \
	"\"title\":{\"sv\":\"T\",\"en\":\"T\"},\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"}," \
	"\"recipients\":[],\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"notices\":{\"sv\":\"N\",\"en\":\"N\"}," \
	"\"fields\":[\"email\"]"
#define ASSESSED \
	"\"assessment\":{\"purpose\":\"p\",\"necessity\":\"n\",\"balance\":\"b\",\"safeguards\":\"s\",\"review_at\":\"2027-01-01\"}"

static void
a_purpose_is_not_activated_before_it_states_all_that_it_must(void **state)
{
	static const struct {
		const char *definition; /* without its braces */
		const char *missing;    /* NULL: nothing */
	} cases[] = {
		{ "\"basis\":\"consent\"," COMPLETE, NULL },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"recipients\":[],\"controller\":{\"name\":\"C\","
		  "\"contact\":\"c\"},\"notices\":{\"sv\":\"N\",\"en\":\"N\"},\"fields\":[\"email\"]", "/retention" },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P0D\"},\"recipients\":[],"
		  "\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"notices\":{\"sv\":\"N\",\"en\":\"N\"},\"fields\":[\"email\"]",
		  "/retention/period" },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"},\"recipients\":[],"
		  "\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"notices\":{\"sv\":\"N\",\"en\":\"N\"}", "/fields" },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"},"
		  "\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"notices\":{\"sv\":\"N\",\"en\":\"N\"},\"fields\":[\"email\"]",
		  "/recipients" },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"},\"recipients\":[],"
		  "\"notices\":{\"sv\":\"N\",\"en\":\"N\"},\"fields\":[\"email\"]", "/controller" },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"},\"recipients\":[],"
		  "\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"notices\":{\"sv\":\"N\"},\"fields\":[\"email\"]", "/notices" },
		{ "\"basis\":\"consent\",\"why\":{\"sv\":\"V\",\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"},\"recipients\":[],"
		  "\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"fields\":[\"email\"]", "/notices" },
		{ "\"basis\":\"consent\",\"why\":{\"en\":\"W\"},\"retention\":{\"period\":\"P1Y\"},\"recipients\":[],"
		  "\"controller\":{\"name\":\"C\",\"contact\":\"c\"},\"notices\":{\"sv\":\"N\",\"en\":\"N\"},\"fields\":[\"email\"]",
		  "/why" },
		{ "\"basis\":\"contract\"," COMPLETE, NULL },
		{ "\"basis\":\"legal_obligation\"," COMPLETE, "/statute" },
		{ "\"basis\":\"legal_obligation\",\"statute\":\" \"," COMPLETE, "/statute" },
		{ "\"basis\":\"legal_obligation\",\"statute\":\"BFL 7:2\"," COMPLETE, NULL },
		{ "\"basis\":\"vital_interest\"," COMPLETE, "/justification" },
		{ "\"basis\":\"vital_interest\",\"justification\":\"j\"," COMPLETE, "/justification" },
		{ "\"basis\":\"vital_interest\",\"justification\":\"j\",\"reviewer\":\"r\"," COMPLETE, NULL },
		{ "\"basis\":\"public_task\",\"justification\":\"j\",\"reviewer\":\"r\"," COMPLETE, "/law" },
		{ "\"basis\":\"public_task\",\"law\":\"l\",\"justification\":\"j\"," COMPLETE, "/justification" },
		{ "\"basis\":\"public_task\",\"law\":\"l\",\"justification\":\"j\",\"reviewer\":\"r\"," COMPLETE, NULL },
		{ "\"basis\":\"legitimate_interest\"," COMPLETE, "/assessment" },
		{ "\"basis\":\"legitimate_interest\"," ASSESSED "," COMPLETE, NULL },
		{ "\"basis\":\"soft_opt_in\"," COMPLETE, NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char name[16], definition[1200];
		enum err err;
		snprintf(name, sizeof(name), "case%zu", i);
		snprintf(definition, sizeof(definition), "{%s}", cases[i].definition);
		assert_ok(purpose_put_text(f, name, definition)); /* a draft may lack anything */
		err = activate(f, name);
		if (!cases[i].missing != !err)
			printf("# case %zu: %s at %s\n", i, error_name(err), f->job.failure.where);
		if (cases[i].missing)
			assert_fails_at(&f->job, ERR_PURPOSE_UNREADY, cases[i].missing, err);
		else
			assert_ok(err);
	}
}

static void
a_special_category_needs_a_point_of_article_9(void **state)
{
	struct fixture *f = *state;

	assert_ok(purpose_put_text(f, "camp", purpose_text(&f->job, "\"basis\":\"consent\",\"fields\":[\"allergy\"]")));
	assert_fails_at(&f->job, ERR_SPECIAL, "/article_9", activate(f, "camp"));
	assert_ok(purpose_put_text(f, "camp", purpose_text(&f->job, "\"basis\":\"consent\",\"article_9\":\"9(2)(a)\",\"fields\":[\"allergy\"]")));
	assert_ok(activate(f, "camp"));
}

/* In each language in use, which the company chooses. */
static void
a_notice_is_needed_in_each_language_in_use(void **state)
{
	struct fixture *f = *state;
	const char *two = purpose_text(&f->job, "\"basis\":\"consent\",\"fields\":[\"email\"]");

	assert_ok(setting_put(&f->job, f->vault, S("languages"), S("sv en fi")));
	assert_ok(purpose_put_text(f, "new", two));
	assert_fails_at(&f->job, ERR_PURPOSE_UNREADY, "/notices", activate(f, "new"));
	assert_ok(setting_put(&f->job, f->vault, S("languages"), S("sv")));
	assert_ok(activate(f, "new"));
}

static void
definitions_that_cannot_be_are_refused_by_pointer(void **state)
{
	static const struct {
		const char *definition, *place;
	} cases[] = {
		{ "{}", "/basis" },
		{ "{\"basis\":\"whim\"}", "/basis" },
		{ "{\"basis\":\"storage_only\"}", "/basis" },
		{ "{\"basis\":\"consent\",\"fields\":[\"shoe_size\"]}", "/fields/0" },
		{ "{\"basis\":\"consent\",\"fields\":[\"email\",\"email\"]}", "/fields" },
		{ "{\"basis\":\"consent\",\"channels\":[\"pigeon\"]}", "/channels/0" },
		{ "{\"basis\":\"consent\",\"retention\":{\"period\":\"2 years\"}}", "/retention/period" },
		{ "{\"basis\":\"consent\",\"retention\":{\"period\":\"P2Y\",\"from\":\"birth\"}}", "/retention/from" },
		{ "{\"basis\":\"contract\",\"soft_opt_in\":true}", "/soft_opt_in" },
		{ "{\"basis\":\"contract\",\"double_opt_in\":true}", "/double_opt_in" },
		{ "{\"basis\":\"consent\",\"quiet_hours\":{\"from\":\"25:00\",\"to\":\"08:00\"}}", "/quiet_hours" },
		{ "{\"basis\":\"consent\",\"frequency_cap\":{\"period\":\"P7D\"}}", "/frequency_cap" },
		{ "{\"basis\":\"consent\",\"notices\":{\"Swedish\":\"x\"}}", "/notices" },
		{ "{\"basis\":\"consent\",\"notices\":{\"sv\":\"\"}}", "/notices" },
		{ "{\"basis\":\"consent\",\"controller\":{\"contact\":\"c\"}}", "/controller/name" },
		{ "{\"basis\":\"consent\",\"surprise\":1}", "" },
		{ "{\"basis\":\"legitimate_interest\",\"assessment\":{\"purpose\":\"p\"}}", "/assessment/necessity" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_fails_at(&f->job, ERR_INVALID, cases[i].place, purpose_put_text(f, "new", cases[i].definition));
	assert_fails_at(&f->job, ERR_INVALID, "/name", purpose_put_text(f, "Not A Name", "{\"basis\":\"consent\"}"));
	assert_fails(&f->job, ERR_ABSENT, activate(f, "new")); /* nothing was kept */
}

static void
fields_that_cannot_be_are_refused_by_pointer(void **state)
{
	static const struct {
		const char *definition, *place;
	} cases[] = {
		{ "{\"title\":{\"en\":\"X\"}}", "/type" },
		{ "{\"type\":\"text\"}", "/title" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"colour\"}", "/type" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"enum\"}", "/options" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"text\",\"options\":[\"a\"]}", "/options" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"text\",\"address\":\"email\"}", "/address" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"personnummer\"}", "/justification" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"personnummer\",\"justification\":{\"ground\":\"whim\",\"text\":\"t\"}}", "/justification/ground" },
		{ "{\"title\":{\"en\":\"X\"},\"type\":\"text\",\"lookup\":\"fuzzy\"}", "/lookup" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_fails_at(&f->job, ERR_INVALID, cases[i].place, field_put_text(f, "new", cases[i].definition));
}

/* --- R1 ------------------------------------------------------------------------------------------- */

static const struct purpose_version *
version_of(struct fixture *f, const struct registry **registry, const char *name, size_t nth)
{
	const struct purpose *purpose;

	registry_drop(registry);
	assert_ok(registry_hold(&f->job, f->vault, registry));
	purpose = registry_purpose(*registry, str_from_c(name));
	assert_non_null(purpose);
	return nth < purpose->version_count ? &purpose->version[nth] : NULL;
}

static void
a_version_in_force_never_changes_a_change_is_a_new_one(void **state)
{
	struct fixture *f = *state;
	OWNED(registry_drop) const struct registry *registry = NULL;
	const char *first = purpose_text(&f->job, "\"basis\":\"consent\",\"fields\":[\"email\"]");
	str before;

	assert_ok(purpose_put_text(f, "new", first));
	assert_ok(purpose_put_text(f, "new", first)); /* a draft is replaced */
	assert_null(version_of(f, &registry, "new", 1));
	assert_int_equal(version_of(f, &registry, "new", 0)->state, VERSION_DRAFT);
	assert_null(registry_purpose(registry, S("new"))->active);
	assert_ok(activate(f, "new"));
	assert_fails(&f->job, ERR_ABSENT, activate(f, "new")); /* no draft any more */
	before = arena_str(&f->job.arena, version_of(f, &registry, "new", 0)->definition);
	f->job.now += TIME_DAY;
	assert_ok(purpose_put_text(f, "new", purpose_text(&f->job, "\"basis\":\"contract\",\"fields\":[\"name\"]")));
	assert_int_equal(version_of(f, &registry, "new", 0)->state, VERSION_ACTIVE); /* until the new one is */
	assert_true(str_eq(version_of(f, &registry, "new", 0)->definition, before));
	assert_int_equal(version_of(f, &registry, "new", 1)->state, VERSION_DRAFT);
	assert_ok(activate(f, "new"));
	assert_int_equal(version_of(f, &registry, "new", 0)->state, VERSION_REPLACED);
	assert_true(str_eq(version_of(f, &registry, "new", 0)->definition, before));
	assert_int_equal(version_of(f, &registry, "new", 0)->basis, BASIS_CONSENT);
	assert_int_equal(version_of(f, &registry, "new", 0)->activated_at, f->job.now - TIME_DAY);
	assert_int_equal(registry_purpose(registry, S("new"))->active->version, 2);
	assert_int_equal(sql(f, "valv.db", "SELECT COUNT(*) FROM notice n JOIN purpose p ON p.no = n.purpose WHERE p.name = 'new'", 0, 0), 4);
}

static void
what_a_field_is_does_not_change(void **state)
{
	struct fixture *f = *state;

	assert_fails(&f->job, ERR_CONFLICT, field_put_text(f, "notes", "{\"title\":{\"en\":\"N\"},\"type\":\"name\"}"));
	assert_fails(&f->job, ERR_CONFLICT, field_put_text(f, "notes", "{\"title\":{\"en\":\"N\"},\"type\":\"text\",\"lookup\":\"exact\"}"));
	assert_fails(&f->job, ERR_CONFLICT, field_put_text(f, "notes", "{\"title\":{\"en\":\"N\"},\"type\":\"text\",\"sensitivity\":\"special\"}"));
	assert_ok(field_put_text(f, "notes", "{\"title\":{\"en\":\"N\"},\"type\":\"text\"}"));
}

static void
a_purpose_ends_once(void **state)
{
	struct fixture *f = *state;

	assert_ok(purpose_end(&f->job, f->vault, S("order")));
	assert_fails(&f->job, ERR_ABSENT, purpose_end(&f->job, f->vault, S("order")));
	assert_fails(&f->job, ERR_ABSENT, purpose_end(&f->job, f->vault, S("nothing")));
	assert_ok(purpose_put_text(f, "order", purpose_text(&f->job, "\"basis\":\"contract\",\"fields\":[\"email\"]")));
	assert_ok(activate(f, "order")); /* and may begin anew */
}

/* --- grounds under older versions ------------------------------------------------------------------- */

static void
a_consent_keeps_the_fields_of_the_version_it_was_given_to(void **state)
{
	struct fixture *f = *state;
	uid anna = person_make(f, "newsletter", "email=anna@example.com", "name=Anna Ek", NULL);
	struct edit edit;

	f->job.now += TIME_DAY;
	define_purpose(f, "newsletter", "\"basis\":\"consent\",\"marketing\":true,\"fields\":[\"email\",\"city\"],\"channels\":[\"email\",\"sms\"]");
	assert_string_equal(person_has(f, anna, "name"), "Anna Ek");
	assert_fails_at(&f->job, ERR_NO_GROUND, "/values/city", person_value(f, anna, "city", "Lund"));
	/* One channel under the new words: the other goes on under the old ones. */
	edit_person(&edit, &f->job, f->vault, anna);
	edit_act_in(&edit, ACT_GIVEN, "newsletter", CHANNEL_BIT(CHANNEL_SMS));
	edit_value(&edit, "city", "Lund");
	assert_ok(edit_commit(&edit));
	assert_string_equal(person_has(f, anna, "name"), "Anna Ek");
	assert_string_equal(person_has(f, anna, "city"), "Lund");
	/* Both under the new ones: what only the old ones had is gone. */
	f->job.now += TIME_DAY;
	edit_person(&edit, &f->job, f->vault, anna);
	edit_act(&edit, ACT_GIVEN, "newsletter");
	assert_ok(edit_commit(&edit));
	assert_int_equal(edit.result.values_gone, 1);
	assert_string_equal(person_has(f, anna, "name"), "");
	assert_verified(f);
}

/* C1.12: what an old invoice must keep is not lost when the next one is written under other words. */
static void
an_obligation_keeps_the_fields_of_the_version_it_arose_under(void **state)
{
	struct fixture *f = *state;
	uid anna = person_make(f, "bookkeeping", "name=Anna Ek", "city=Lund", NULL);

	f->job.now += TIME_DAY;
	define_purpose(f, "bookkeeping", "\"basis\":\"legal_obligation\",\"statute\":\"BFL 7:2\",\"retention\":{\"period\":\"P7Y\",\"from\":\"year_end\"},\"fields\":[\"name\"]");
	assert_ok(person_act(f, anna, ACT_ESTABLISHED, "bookkeeping"));
	assert_string_equal(person_has(f, anna, "city"), "Lund");
	assert_verified(f);
}

/* I2: a draft is words on paper, and changes nobody's standing. */
static void
a_draft_changes_nobodys_standing(void **state)
{
	struct fixture *f = *state;
	uid anna = person_make(f, "newsletter", "email=anna@example.com", NULL);
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, anna);
	edit_act(&edit, ACT_OBJECTED, NULL);
	assert_ok(edit_commit(&edit));
	assert_int_equal(person_values(f, anna), 0);
	assert_ok(purpose_put_text(f, "newsletter", purpose_text(&f->job, "\"basis\":\"consent\",\"fields\":[\"email\"],\"channels\":[\"email\"]")));
	assert_verified(f);
	anna = person_make(f, "club", "email=anna@example.com", NULL);
	assert_ok(purpose_put_text(f, "club", purpose_text(&f->job, "\"basis\":\"consent\",\"fields\":[\"email\"],\"channels\":[\"email\"]")));
	f->job.now++;
	edit_person(&edit, &f->job, f->vault, anna);
	edit_act(&edit, ACT_OBJECTED, NULL); /* the draft says that club is no marketing: it is none yet */
	assert_ok(edit_commit(&edit));
	assert_int_equal(person_values(f, anna), 0);
	assert_verified(f);
}

int
registry_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_purpose_is_not_activated_before_it_states_all_that_it_must),
		EACH(a_special_category_needs_a_point_of_article_9),
		EACH(a_notice_is_needed_in_each_language_in_use),
		EACH(definitions_that_cannot_be_are_refused_by_pointer),
		EACH(fields_that_cannot_be_are_refused_by_pointer),
		EACH(a_version_in_force_never_changes_a_change_is_a_new_one),
		EACH(what_a_field_is_does_not_change),
		EACH(a_purpose_ends_once),
		EACH(a_consent_keeps_the_fields_of_the_version_it_was_given_to),
		EACH(an_obligation_keeps_the_fields_of_the_version_it_arose_under),
		EACH(a_draft_changes_nobodys_standing),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
