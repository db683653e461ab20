/* src/signup: definitions, sign-ups that wait, and what a press makes of them. */
#include "../vault/fixture.h"

#include "message/message.h"
#include "signup/pending.h"

#define CLUB \
	"{\"title\":{\"en\":\"Join us\",\"sv\":\"Gå med\"},\"languages\":[\"sv\",\"en\"]," \
	"\"controls\":[{\"purpose\":\"club\"},{\"purpose\":\"newsletter\",\"channels\":[\"email\"]}]," \
	"\"fields\":[{\"field\":\"email\"},{\"field\":\"name\"},{\"field\":\"birth\"}]," \
	"\"origins\":[\"https://shop.example\"]}"

static enum err
put(struct fixture *f, const char *name, const char *text)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	bool created;

	TRY(json_parse(&f->job, str_from_c(text), &document, &root));
	return form_put(&f->job, f->vault, str_from_c(name), root, &created);
}

static void
begin(struct fixture *f)
{
	fixture_begin(f);
	fixture_registry(f);
	assert_ok(put(f, "club", CLUB));
}

/* --- definitions ------------------------------------------------------------------------------ */

static void
what_would_bundle_is_refused(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
#define HEAD "{\"title\":{\"en\":\"T\"},\"languages\":[\"en\"],"
#define MAIL "\"fields\":[{\"field\":\"email\"}]}"
	static const struct {
		const char *what, *text, *where;
	} bad[] = {
		{ "a contract", HEAD "\"controls\":[{\"purpose\":\"order\"}]," MAIL, "/controls/0/purpose" },
		{ "terms beside consent", HEAD "\"controls\":[{\"purpose\":\"club\"},{\"purpose\":\"survey\"}]," MAIL, "/controls/1/purpose" },
		{ "a box that is ticked", HEAD "\"controls\":[{\"purpose\":\"club\",\"ticked\":true}]," MAIL, "/controls/0" },
		{ "no purpose", HEAD "\"controls\":[]," MAIL, "/controls" },
		{ "one box twice", HEAD "\"controls\":[{\"purpose\":\"club\"},{\"purpose\":\"club\"}]," MAIL, "/controls/1" },
		{ "a purpose that is not there", HEAD "\"controls\":[{\"purpose\":\"nothing\"}]," MAIL, "/controls/0/purpose" },
		{ "another channel", HEAD "\"controls\":[{\"purpose\":\"club\",\"channels\":[\"sms\"]}]," MAIL, "/controls/0/channels/0" },
		{ "a field of no purpose", HEAD "\"controls\":[{\"purpose\":\"club\"}],\"fields\":[{\"field\":\"email\"},{\"field\":\"notes\"}]}",
		  "/fields/1/field" },
		{ "more than one purpose needs", HEAD "\"controls\":[{\"purpose\":\"club\"},{\"purpose\":\"newsletter\"}],"
		  "\"fields\":[{\"field\":\"email\"},{\"field\":\"birth\",\"required\":true}]}", "/fields/1/field" },
		{ "no address", HEAD "\"controls\":[{\"purpose\":\"club\"}],\"fields\":[{\"field\":\"birth\"}]}", "/fields" },
		{ "a special category", HEAD "\"controls\":[{\"purpose\":\"club\"}],\"fields\":[{\"field\":\"allergy\"}]}", "/fields/0/field" },
		{ "a language without notice", "{\"title\":{\"fi\":\"T\"},\"languages\":[\"fi\"],\"controls\":[{\"purpose\":\"club\"}]," MAIL,
		  "/controls/0/purpose" },
		{ "a language without title", "{\"title\":{\"en\":\"T\"},\"languages\":[\"en\",\"sv\"],\"controls\":[{\"purpose\":\"club\"}]," MAIL,
		  "/title" },
		{ "a path as an origin", HEAD "\"origins\":[\"https://shop.example/a\"],\"controls\":[{\"purpose\":\"club\"}]," MAIL, "/origins/0" },
		{ "an origin in clear", HEAD "\"origins\":[\"http://shop.example\"],\"controls\":[{\"purpose\":\"club\"}]," MAIL, "/origins/0" },
	};

	begin(&f);
	for (size_t i = 0; i < COUNT(bad); i++) {
		enum err err = put(&f, "bad", bad[i].text);
		if (err != ERR_INVALID || strcmp(f.job.failure.where, bad[i].where) != 0)
			print_error("%s: %s at %s\n", bad[i].what, err_info(err)->slug, f.job.failure.where);
		assert_int_equal(err, ERR_INVALID);
		assert_string_equal(f.job.failure.where, bad[i].where);
		job_forgive(&f.job);
	}
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM form", 0, 0), 1);
}

static void
a_form_has_versions_and_ends(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct signup_form form;

	begin(&f);
	assert_ok(put(&f, "club", CLUB));
	assert_ok(registry_hold(&f.job, f.vault, &registry));
	assert_ok(form_get(&f.job, registry, S("club"), &form));
	assert_int_equal(form.version, 1);
	assert_ok(put(&f, "club", "{\"title\":{\"en\":\"T\"},\"languages\":[\"en\"],\"controls\":[{\"purpose\":\"club\"}]," MAIL));
	assert_ok(form_end(&f.job, f.vault, S("club")));
	assert_ok(form_get(&f.job, registry, S("club"), &form));
	assert_int_equal(form.version, 2);
	assert_false(form.open);
	assert_ok(put(&f, "club", "{\"title\":{\"en\":\"T\"},\"languages\":[\"en\"],\"controls\":[{\"purpose\":\"club\"}]," MAIL));
	assert_ok(form_get(&f.job, registry, S("club"), &form));
	assert_int_equal(form.version, 2);
	assert_true(form.open);
	assert_int_equal(form_end(&f.job, f.vault, S("nothing")), ERR_ABSENT);
	job_forgive(&f.job);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM form_version", 0, 0), 2);
}

static void
what_stands_beside_a_box_is_said_in_both_languages(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct signup_form form;
	struct form_words words;

	begin(&f);
	assert_ok(registry_hold(&f.job, f.vault, &registry));
	assert_ok(form_get(&f.job, registry, S("club"), &form));
	assert_ok(form_words(&f.job, registry, &form, &form.control[1], S("sv"), &words));
	assert_string_equal(arena_c(&f.job.arena, words.whole),
	                    "Ja: Rubrik, via e-post\nDärför\nTills du säger nej, längst två år efter ditt ja\nIngen utom vi\n"
	                    "E-mail och Name\nVi sparar.");
	assert_ok(form_words(&f.job, registry, &form, &form.control[1], S("en"), &words));
	assert_string_equal(arena_c(&f.job.arena, words.whole),
	                    "Yes: Title, by e-mail\nBecause\nUntil you say no, at most two years after your yes\nNobody but us\n"
	                    "E-mail and Name\nWe keep.");
}

/* --- signing up ------------------------------------------------------------------------------- */

/* What one types: e-mail, name, birth; boxes club and newsletter. */
struct typed {
	const char *email, *name, *birth;
	bool club, newsletter;
	uint8_t network;
};

static enum signup_state
sign_up(struct fixture *f, const struct typed *typed, struct signup_answer *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	const bool yes[] = { typed->club, typed->newsletter };
	const str text[] = { str_from_c(typed->email), str_from_c(typed->name), str_from_c(typed->birth) };
	struct signup_form form;
	struct signup signup = { .form = &form, .language = S("sv"), .yes = yes, .text = text, .cost = SIGNUP_COST_PAGE,
		                 .peer = { 0x20, 1, 0x0d, 0xb8, 0, typed->network } };

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(form_get(&f->job, registry, S("club"), &form));
	assert_ok(signup_begin(&f->job, f->vault, registry, &signup, ret));
	return ret->state;
}

static enum signup_state
sign_up_as(struct fixture *f, const char *email, bool club, bool newsletter)
{
	struct signup_answer answer;

	return sign_up(f, &(struct typed){ email, "Anna Ek", "", club, newsletter, 1 }, &answer);
}

/* The token of the n-th sign-up that was kept. */
static str
token_of(struct fixture *f, int64_t nth)
{
	bytes id = sql_blob(f, "valv.db", "SELECT id FROM pending ORDER BY until_at LIMIT 1 OFFSET ?1", nth, 0);
	struct pending pending = { .until_at = f->job.now + LIMIT_SIGNUP_WAIT_DAYS * TIME_DAY };

	assert_true(uid_from_bytes(id, &pending.id));
	return pending_token(&f->job, f->vault, &pending);
}

static struct confirm_answer
press(struct fixture *f, str token)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct confirm_answer answer;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(signup_confirm(&f->job, f->vault, registry, token, &answer));
	return answer;
}

static int64_t
subjects(struct fixture *f)
{
	return sql(f, "valv.db", "SELECT COUNT(*) FROM subject", 0, 0);
}

static int64_t
mails(struct fixture *f, enum message_kind kind)
{
	return sql(f, "valv.db", "SELECT COUNT(*) FROM message WHERE kind = ?1", kind, 0);
}

static void
nobody_is_a_person_before_the_press_and_then_with_all_that_was_said(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct confirm_answer answer;
	str token;

	begin(&f);
	assert_int_equal(sign_up_as(&f, "anna-canary@example.com", true, false), SIGNUP_TAKEN);
	assert_int_equal(subjects(&f), 0);
	assert_int_equal(mails(&f, MESSAGE_CONFIRM), 1);
	assert_false(files_hold(&f, "valv.db", str_bytes(S("anna-canary"))));
	f.job.now += 3600 * TIME_SECOND;
	token = token_of(&f, 0);
	assert_ok(registry_hold(&f.job, f.vault, &registry));
	assert_ok(signup_look(&f.job, f.vault, registry, token, &answer));
	assert_int_equal(answer.state, CONFIRM_WAITS);
	assert_int_equal(answer.label_count, 1);
	assert_int_equal(subjects(&f), 0);
	answer = press(&f, token);
	assert_int_equal(answer.state, CONFIRM_DONE);
	assert_int_equal(subjects(&f), 1);
	assert_string_equal(person_has(&f, answer.person, "email"), "anna-canary@example.com");
	assert_string_equal(person_has(&f, answer.person, "name"), ""); /* only the newsletter has it, and that was left alone */
	assert_true(ask(&f, answer.person, "club", CHANNEL_EMAIL).allowed);
	assert_int_equal(ask(&f, answer.person, "newsletter", CHANNEL_EMAIL).reason, REASON_REFUSED);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM ledger WHERE act = ?1 AND method = ?2", ACT_CONFIRMED, METHOD_DOUBLE_OPT_IN), 1);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM ledger WHERE notice IS NULL", 0, 0), 0);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM form_words", 0, 0), 2);
	/* Once more changes nothing. */
	assert_true(uid_eq(press(&f, token).person, answer.person));
	assert_int_equal(subjects(&f), 1);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM ledger", 0, 0), 3);
	assert_verified(&f);
}

static void
what_nobody_confirms_cannot_be_read_when_its_day_is_over(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	str token;

	begin(&f);
	assert_int_equal(sign_up_as(&f, "anna@example.com", true, true), SIGNUP_TAKEN);
	token = token_of(&f, 0);
	f.job.now += LIMIT_SIGNUP_WAIT_DAYS * TIME_DAY;
	assert_int_equal(press(&f, token).state, CONFIRM_NO_LINK);
	assert_int_equal(press(&f, token_of(&f, 0)).state, CONFIRM_NO_LINK); /* the row's own end, whatever the link says */
	assert_ok(signup_expire(&f.job, f.vault));
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM pending", 0, 0), 0);
	assert_int_equal(sql(&f, "keys.db", "SELECT COUNT(*) FROM named_key WHERE name LIKE 'pending-%'", 0, 0), 1); /* others of its day wait on */
	f.job.now += TIME_DAY;
	assert_ok(signup_expire(&f.job, f.vault));
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM pending", 0, 0), 0);
	assert_int_equal(sql(&f, "keys.db", "SELECT COUNT(*) FROM named_key WHERE name LIKE 'pending-%'", 0, 0), 0);
	assert_int_equal(subjects(&f), 0);
	assert_int_equal(press(&f, S("forged")).state, CONFIRM_NO_LINK);
}

static void
without_the_key_of_its_day_a_row_means_nothing(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	str *name;
	size_t count;

	begin(&f);
	assert_int_equal(sign_up_as(&f, "anna@example.com", true, true), SIGNUP_TAKEN);
	keys_named_list(&f.job, f.vault->keys, S("pending-"), &name, &count);
	assert_int_equal(count, 1);
	assert_ok(keys_named_drop(&f.job, f.vault->keys, f.vault->store, name[0]));
	assert_int_equal(press(&f, token_of(&f, 0)).state, CONFIRM_NO_LINK);
	assert_int_equal(subjects(&f), 0);
}

static void
who_is_known_gets_another_mail_and_keeps_what_was_there(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct confirm_answer answer;
	uid person;

	begin(&f);
	person = person_make(&f, "newsletter", "email=anna@example.com", "name=Anna Holm", NULL);
	f.job.now += 60 * TIME_SECOND;
	assert_int_equal(sign_up_as(&f, "Anna@Example.com", true, false), SIGNUP_TAKEN);
	assert_int_equal(mails(&f, MESSAGE_KNOWN), 1);
	assert_int_equal(mails(&f, MESSAGE_CONFIRM), 0);
	assert_false(ask(&f, person, "club", CHANNEL_EMAIL).allowed);
	f.job.now += 60 * TIME_SECOND;
	answer = press(&f, token_of(&f, 0));
	assert_true(uid_eq(answer.person, person));
	assert_string_equal(person_has(&f, person, "name"), "Anna Holm");
	assert_true(ask(&f, person, "club", CHANNEL_EMAIL).allowed);
	assert_true(ask(&f, person, "newsletter", CHANNEL_EMAIL).allowed); /* left alone is not a no (Q4) */
	assert_int_equal(subjects(&f), 1);
	assert_verified(&f);
}

static void
an_address_of_two_is_nobodys(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct confirm_answer answer;

	begin(&f);
	person_make(&f, "newsletter", "email=home@example.com", "name=Anna Holm", NULL);
	person_make(&f, "newsletter", "email=home@example.com", "name=Bo Holm", NULL);
	assert_int_equal(sign_up_as(&f, "home@example.com", true, false), SIGNUP_TAKEN);
	assert_int_equal(mails(&f, MESSAGE_CONFIRM), 1);
	answer = press(&f, token_of(&f, 0));
	assert_int_equal(answer.state, CONFIRM_DONE);
	assert_int_equal(subjects(&f), 3);
}

static void
a_no_after_the_sign_up_stands(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	uid person;

	begin(&f);
	person = person_make(&f, "newsletter", "email=anna@example.com", NULL);
	f.job.now += 60 * TIME_SECOND;
	assert_int_equal(sign_up_as(&f, "anna@example.com", false, true), SIGNUP_TAKEN);
	f.job.now += 60 * TIME_SECOND;
	assert_ok(person_act(&f, person, ACT_OBJECTED, NULL));
	f.job.now += 60 * TIME_SECOND;
	press(&f, token_of(&f, 0));
	assert_false(ask(&f, person, "newsletter", CHANNEL_EMAIL).allowed);
}

static void
a_stop_of_everything_outlasts_a_sign_up_and_one_of_marketing_does_not(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct suppression stop = { .scope = SCOPE_MARKETING, .source = SOURCE_UNSUBSCRIBE };
	uid person;

	begin(&f);
	stop.at = f.job.now;
	assert_ok(suppress(&f.job, f.vault, ADDRESS_EMAIL, S("anna@example.com"), &stop));
	stop.scope = SCOPE_ALL;
	assert_ok(suppress(&f.job, f.vault, ADDRESS_EMAIL, S("bo@example.com"), &stop));
	f.job.now += 60 * TIME_SECOND;
	assert_int_equal(sign_up_as(&f, "anna@example.com", true, true), SIGNUP_TAKEN);
	person = press(&f, token_of(&f, 0)).person;
	assert_true(ask(&f, person, "club", CHANNEL_EMAIL).allowed);
	f.job.now += 60 * TIME_SECOND;
	assert_int_equal(sign_up_as(&f, "bo@example.com", true, true), SIGNUP_TAKEN);
	person = press(&f, token_of(&f, 1)).person;
	assert_int_equal(ask(&f, person, "club", CHANNEL_EMAIL).reason, REASON_SUPPRESSED);
}

static void
children_are_refused_at_once_and_at_the_press(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct signup_answer answer;
	struct edit edit;

	begin(&f);
	assert_int_equal(sign_up(&f, &(struct typed){ "anna@example.com", "", "2020-01-01", true, false, 1 }, &answer), SIGNUP_CHILD);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM pending", 0, 0), 0);
	assert_int_equal(sign_up(&f, &(struct typed){ "anna@example.com", "", "1990-01-01", true, false, 1 }, &answer), SIGNUP_TAKEN);
	edit_person(&edit, &f.job, f.vault, person_make(&f, "newsletter", "email=anna@example.com", NULL));
	edit.change.set_flags = true;
	edit.change.flags = FLAG_CHILD;
	assert_ok(edit_commit(&edit));
	assert_int_equal(press(&f, token_of(&f, 0)).state, CONFIRM_CHILD);
	assert_int_equal(subjects(&f), 1);
}

static void
what_is_wrong_is_said_and_nothing_is_kept(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct signup_answer answer;

	begin(&f);
	assert_int_equal(sign_up(&f, &(struct typed){ "", "", "31 feb", false, false, 1 }, &answer), SIGNUP_WRONG);
	assert_true(answer.no_yes);
	assert_int_equal(answer.fault[0], SIGNUP_FAULT_MISSING);
	assert_int_equal(answer.fault[1], SIGNUP_FAULT_NONE);
	assert_int_equal(answer.fault[2], SIGNUP_FAULT_UNREADABLE);
	assert_int_equal(sign_up(&f, &(struct typed){ "not an address", "", "", true, false, 1 }, &answer), SIGNUP_WRONG);
	assert_int_equal(answer.fault[0], SIGNUP_FAULT_UNREADABLE);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM pending", 0, 0), 0);
	assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM message", 0, 0), 0);
}

static void
an_address_gets_few_mails_and_a_network_few_tries(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct signup_answer answer;
	int taken = 0;

	begin(&f);
	for (uint8_t i = 0; i < 10; i++)
		assert_int_equal(sign_up(&f, &(struct typed){ "anna@example.com", "", "", true, false, (uint8_t)(100 + i) }, &answer),
		                 SIGNUP_TAKEN); /* the same answer each time */
	assert_int_equal(mails(&f, MESSAGE_CONFIRM), LIMIT_SIGNUP_ADDRESS_DAY);
	for (int i = 0; i < 100; i++) {
		char email[64];
		snprintf(email, sizeof(email), "person%d@example.com", i);
		taken += sign_up(&f, &(struct typed){ email, "", "", true, false, 1 }, &answer) == SIGNUP_TAKEN;
	}
	assert_int_equal(taken, LIMIT_SIGNUP_NETWORK_HOUR / SIGNUP_COST_PAGE);
	assert_int_equal(sign_up(&f, &(struct typed){ "bo@example.com", "", "", true, false, 2 }, &answer), SIGNUP_TAKEN);
	f.job.now += 3600 * TIME_SECOND;
	assert_int_equal(sign_up(&f, &(struct typed){ "carl@example.com", "", "", true, false, 1 }, &answer), SIGNUP_TAKEN);
}

static void
a_purpose_that_ended_meanwhile_starts_nothing(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };

	begin(&f);
	assert_int_equal(sign_up_as(&f, "anna@example.com", true, false), SIGNUP_TAKEN);
	assert_ok(purpose_end(&f.job, f.vault, S("club")));
	assert_int_equal(press(&f, token_of(&f, 0)).state, CONFIRM_CLOSED);
	assert_int_equal(subjects(&f), 0);
}

struct presser {
	struct fixture *f;
	str token;
	enum confirm_state state;
};

static void *
press_run(void *arg)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct presser *presser = arg;
	struct confirm_answer answer = { 0 };
	struct job job;

	worker_begin(presser->f, &job);
	job.now = presser->f->job.now;
	if (!registry_hold(&job, presser->f->vault, &registry) &&
	    !signup_confirm(&job, presser->f->vault, registry, presser->token, &answer))
		presser->state = answer.state;
	registry_drop(&registry);
	worker_end(&job);
	return NULL;
}

/* Two links of one address, each pressed by four at once: one person, and each sign-up is done once. */
static void
who_press_at_once_make_one_person(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };

	begin(&f);
	for (int round = 0; round < 5; round++) {
		struct presser presser[8];
		pthread_t thread[8];
		char email[64];
		snprintf(email, sizeof(email), "round%d@example.com", round);
		f.job.now += TIME_SECOND;
		assert_int_equal(sign_up_as(&f, email, true, true), SIGNUP_TAKEN);
		f.job.now += TIME_SECOND;
		assert_int_equal(sign_up_as(&f, email, true, true), SIGNUP_TAKEN);
		f.job.now += TIME_SECOND;
		for (int i = 0; i < 8; i++) {
			presser[i] = (struct presser){ &f, token_of(&f, 2 * round + i % 2), CONFIRM_NO_LINK };
			assert_int_equal(pthread_create(&thread[i], NULL, press_run, &presser[i]), 0);
		}
		for (int i = 0; i < 8; i++) {
			pthread_join(thread[i], NULL);
			assert_int_equal(presser[i].state, CONFIRM_DONE);
		}
		assert_int_equal(subjects(&f), round + 1);
		assert_int_equal(sql(&f, "valv.db", "SELECT COUNT(*) FROM ledger", 0, 0), 8 * (round + 1));
	}
	assert_verified(&f);
}

/* Whatever the sequence: as many persons as there were addresses confirmed, never one more. */
static void
no_person_without_a_press(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	bool confirmed[4] = { 0 };
	uint64_t seed = 20261128;

	begin(&f);
	for (int step = 0; step < 120; step++) {
		int64_t waiting = sql(&f, "valv.db", "SELECT COUNT(*) FROM pending", 0, 0), expected = 0;
		unsigned draw, which;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		draw = (unsigned)(seed >> 33) % 10;
		which = (unsigned)(seed >> 40) % 4;
		f.job.now += (time_us)(seed >> 45) % 7200 * TIME_SECOND;
		if (draw < 5) {
			struct signup_answer answer;
			char email[64];
			snprintf(email, sizeof(email), "person%u@example.com", which);
			assert_int_equal(sign_up(&f, &(struct typed){ email, "", "", true, which & 1, (uint8_t)step }, &answer), SIGNUP_TAKEN);
		} else if (draw < 8 && waiting) {
			str token = token_of(&f, (int64_t)(seed >> 20) % waiting);
			struct confirm_answer answer = press(&f, token);
			const char *email = answer.state == CONFIRM_DONE ? person_has(&f, answer.person, "email") : "person9";
			if (answer.state == CONFIRM_DONE)
				confirmed[email[6] - '0'] = true;
		} else {
			f.job.now += TIME_DAY / 2;
			assert_ok(signup_expire(&f.job, f.vault));
		}
		for (size_t i = 0; i < COUNT(confirmed); i++)
			expected += confirmed[i];
		assert_int_equal(subjects(&f), expected);
	}
	assert_true(subjects(&f) > 0);
	assert_verified(&f);
}

/* --- pages ------------------------------------------------------------------------------------- */

static void
a_page_is_sealed_for_its_form_and_its_time(void **state UNUSED)
{
	OWNED(fixture_end) struct fixture f = { 0 };
	struct signup_form form = { .no = 1 }, other = { .no = 2 };
	enum page_seal_state seal_state;
	enum signup_cost cost;
	char digits[24];
	str seal;

	begin(&f);
	assert_ok(page_seal(&f.job, f.vault, &form, &seal));
	assert_ok(page_seal_look(&f.job, f.vault, &form, seal, S(""), &seal_state, &cost));
	assert_int_equal(seal_state, PAGE_SEAL_QUICK);
	f.job.now += LIMIT_SIGNUP_FILL_SECONDS * TIME_SECOND;
	assert_ok(page_seal_look(&f.job, f.vault, &form, seal, S("12"), &seal_state, &cost));
	assert_int_equal(seal_state, PAGE_SEAL_GOOD);
	assert_int_equal(cost, SIGNUP_COST_PAGE);
	assert_ok(page_seal_look(&f.job, f.vault, &other, seal, S(""), &seal_state, &cost));
	assert_int_equal(seal_state, PAGE_SEAL_NONE);
	assert_int_equal(cost, SIGNUP_COST_BARE);
	for (unsigned i = 0; i < 10000000 && cost != SIGNUP_COST_WORK; i++) {
		snprintf(digits, sizeof(digits), "%u", i);
		assert_ok(page_seal_look(&f.job, f.vault, &form, seal, str_from_c(digits), &seal_state, &cost));
	}
	assert_int_equal(cost, SIGNUP_COST_WORK);
	f.job.now += LIMIT_SIGNUP_FORM_HOURS * 3600 * TIME_SECOND;
	assert_ok(page_seal_look(&f.job, f.vault, &form, seal, S(""), &seal_state, &cost));
	assert_int_equal(seal_state, PAGE_SEAL_OLD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_bundle_is_refused),
		cmocka_unit_test(a_form_has_versions_and_ends),
		cmocka_unit_test(what_stands_beside_a_box_is_said_in_both_languages),
		cmocka_unit_test(nobody_is_a_person_before_the_press_and_then_with_all_that_was_said),
		cmocka_unit_test(what_nobody_confirms_cannot_be_read_when_its_day_is_over),
		cmocka_unit_test(without_the_key_of_its_day_a_row_means_nothing),
		cmocka_unit_test(who_is_known_gets_another_mail_and_keeps_what_was_there),
		cmocka_unit_test(an_address_of_two_is_nobodys),
		cmocka_unit_test(a_no_after_the_sign_up_stands),
		cmocka_unit_test(a_stop_of_everything_outlasts_a_sign_up_and_one_of_marketing_does_not),
		cmocka_unit_test(children_are_refused_at_once_and_at_the_press),
		cmocka_unit_test(what_is_wrong_is_said_and_nothing_is_kept),
		cmocka_unit_test(an_address_gets_few_mails_and_a_network_few_tries),
		cmocka_unit_test(a_purpose_that_ended_meanwhile_starts_nothing),
		cmocka_unit_test(who_press_at_once_make_one_person),
		cmocka_unit_test(no_person_without_a_press),
		cmocka_unit_test(a_page_is_sealed_for_its_form_and_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
