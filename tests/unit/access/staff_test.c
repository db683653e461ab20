/* Staff accounts, sessions, roles, approvals, exceptions: what is given, and that nothing of it outlives the end. */
#include "access_test.h"

#include "access/alert.h"
#include "access/approval.h"
#include "access/glass.h"
#include "access/look.h"
#include "access/role.h"

/* --- doing it ----------------------------------------------------------------------------------- */

typedef enum err do_fn(struct job *job, struct db *db, const struct access *access, void *arg);

struct do_plan {
	do_fn *doing;
	const struct access *access;
	void *arg;
};

static enum err
do_steps(struct job *job, struct db *db, void *arg)
{
	struct do_plan *plan = arg;

	return plan->doing(job, db, plan->access, plan->arg);
}

static enum err
do_it(struct fixture *f, do_fn *doing, void *arg)
{
	struct do_plan plan = { doing, &f->access, arg };

	return store_write(&f->job, f->store, WRITE_ORDINARY, do_steps, &plan);
}

static enum err
making(struct job *job, struct db *db, const struct access *access, void *arg)
{
	return staff_make_steps(job, access, db, arg);
}

static struct staff
staff_of(struct fixture *f, const char *name)
{
	struct staff staff = { .state = STAFF_ACTIVE, .issuer = ISSUER_LOCAL, .user_name = str_from_c(name),
		               .display_name = S("Maja Provsson"), .email = S("maja@example.com") };

	assert_ok(do_it(f, making, &staff));
	return staff;
}

struct has {
	int64_t staff;
	int64_t role[3];
	size_t count;
	uint16_t purpose; /* 0: all */
};

static enum err
giving(struct job *job, struct db *db, const struct access *access, void *arg)
{
	const struct has *has = arg;
	struct staff_role role[3] = { 0 };
	uint8_t purpose[2] = { (uint8_t)has->purpose, 0 };

	(void)access;
	for (size_t i = 0; i < has->count; i++)
		role[i] = (struct staff_role){ .role = has->role[i], .all_purposes = !has->purpose,
			                       .purposes = { purpose, has->purpose ? 2 : 0 } };
	return staff_roles_put_steps(job, db, has->staff, ROLE_GIVEN, role, has->count);
}

static void
give(struct fixture *f, int64_t staff, int64_t role)
{
	assert_ok(do_it(f, giving, &(struct has){ .staff = staff, .role = { role }, .count = 1 }));
}

struct signing {
	struct session_new new;
	str token;
};

static enum err
signing_in(struct job *job, struct db *db, const struct access *access, void *arg)
{
	struct signing *signing = arg;

	return session_make_steps(job, access, db, &signing->new, &signing->token);
}

static str
sign_in(struct fixture *f, int64_t staff)
{
	struct signing signing = { .new = { .staff = staff, .method = AUTH_PASSKEY, .sid = S("sid-1") } };

	assert_ok(do_it(f, signing_in, &signing));
	assert_int_equal(signing.token.len, SESSION_TOKEN_CHARS);
	return signing.token;
}

static enum err
enter(struct fixture *f, str token, struct principal *ret)
{
	return principal_of_token(&f->job, &f->access, f->cache, &(struct shown){ .cookie = token }, ret);
}

static void
become(struct fixture *f, int64_t staff)
{
	f->job.actor = (struct actor){ .kind = ACTOR_STAFF, .no = staff, .staff = staff };
}

static void
become_operator(struct fixture *f)
{
	f->job.actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = 1000 };
}

static struct ended
leave(struct fixture *f, int64_t staff)
{
	struct ended ended;

	assert_ok(staff_end(&f->job, &f->access, staff, END_LEFT, &ended));
	return ended;
}

/* --- accounts ----------------------------------------------------------------------------------- */

static void
an_account_is_found_by_identity_id_and_any_spelling_of_its_name(void **state)
{
	struct fixture *f = *state;
	struct staff made = staff_of(f, "Maja.Prov"), found;

	assert_ok(staff_of_name(&f->job, &f->access, f->job.db, S("mAJA.pROV"), &found));
	assert_int_equal(found.no, made.no);
	assert_ok(staff_of_name(&f->job, &f->access, f->job.db, S("ｍaja.prov"), &found));
	assert_ok(staff_of_id(&f->job, &f->access, f->job.db, made.id, &found));
	assert_true(str_eq(found.email, S("maja@example.com")) && str_eq(found.user_name, S("Maja.Prov")));
	assert_ok(staff_of_identity(&f->job, &f->access, f->job.db, ISSUER_LOCAL, made.subject, &found));
	assert_fails(&f->job, ERR_ABSENT,
	             staff_of_identity(&f->job, &f->access, f->job.db, S("https://idp.example"), made.subject, &found));
	assert_fails(&f->job, ERR_ABSENT, staff_of_name(&f->job, &f->access, f->job.db, S("maja"), &found));
	assert_fails(&f->job, ERR_ABSENT, staff_of_name(&f->job, &f->access, f->job.db, S(""), &found));
}

static void
a_name_or_an_identity_belongs_to_one_account(void **state)
{
	struct fixture *f = *state;
	struct staff made = staff_of(f, "maja"), other = { .state = STAFF_ACTIVE, .issuer = S("https://idp.example"),
		                                           .subject = S("7"), .user_name = S("MAJA") };

	assert_fails(&f->job, ERR_CONFLICT, do_it(f, making, &other));
	other.user_name = S("stina");
	assert_ok(do_it(f, making, &other));
	other.user_name = S("greta");
	assert_fails(&f->job, ERR_CONFLICT, do_it(f, making, &other));
	other.subject = S("8"), other.user_name = S("a b\tc");
	assert_fails(&f->job, ERR_INVALID, do_it(f, making, &other));
	assert_int_equal(made.no, 1);
}

static enum err
changing(struct job *job, struct db *db, const struct access *access, void *arg)
{
	return staff_change_steps(job, access, db, arg);
}

static void
a_change_moves_neither_identity_nor_state(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja"), found;
	str subject = staff.subject;

	staff.subject = S("somebody-else"), staff.issuer = S("https://elsewhere.example"), staff.state = STAFF_ENDED;
	staff.user_name = S("maja.ny");
	assert_ok(do_it(f, changing, &staff));
	assert_ok(staff_get(&f->job, &f->access, f->job.db, staff.no, &found));
	assert_true(str_eq(found.subject, subject) && str_eq(found.issuer, ISSUER_LOCAL));
	assert_int_equal(found.state, STAFF_ACTIVE);
	assert_int_equal(found.version, 2);
	assert_fails(&f->job, ERR_ABSENT, staff_of_name(&f->job, &f->access, f->job.db, S("maja"), &found));
	assert_ok(staff_of_name(&f->job, &f->access, f->job.db, S("maja.ny"), &found));
}

/* --- sessions ----------------------------------------------------------------------------------- */

static void
a_session_rests_ends_and_is_no_longer_by_a_clock_that_goes_back(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja");
	struct principal principal;
	time_us began = f->job.now;
	str token = sign_in(f, staff.no);

	assert_ok(enter(f, token, &principal));
	assert_true(principal.person && principal_fresh(&principal, f->job.now));
	assert_int_equal(f->job.actor.kind, ACTOR_STAFF);
	assert_int_equal(f->job.actor.no, staff.no);
	f->job.now = began + SESSION_FRESH + 1;
	assert_ok(enter(f, token, &principal));
	assert_false(principal_fresh(&principal, f->job.now));
	for (time_us at = began; at < began + 8 * 3600 * TIME_SECOND; at += 600 * TIME_SECOND) {
		f->job.now = at > f->job.now ? at : f->job.now;
		assert_ok(enter(f, token, &principal)); /* used every ten minutes */
	}
	f->job.now = began + 8 * 3600 * TIME_SECOND;
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, token, &principal));
	f->job.now = began + 4 * 3600 * TIME_SECOND; /* back */
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, token, &principal));

	f->job.now = began + 9 * 3600 * TIME_SECOND;
	token = sign_in(f, staff.no);
	f->job.now += 15 * 60 * TIME_SECOND;
	assert_ok(enter(f, token, &principal));
	f->job.now += 15 * 60 * TIME_SECOND + 1;
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, token, &principal));
}

static void
the_oldest_session_gives_way(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja");
	struct principal principal;
	struct session *list;
	str first = sign_in(f, staff.no);
	size_t count;

	for (int i = 0; i < LIMIT_SESSIONS; i++) {
		f->job.now += TIME_SECOND;
		assert_ok(enter(f, sign_in(f, staff.no), &principal));
	}
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, first, &principal));
	assert_ok(session_list(&f->job, staff.no, &list, &count));
	assert_int_equal(count, LIMIT_SESSIONS);
}

static void
whatever_is_no_good_session_is_answered_alike(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja"), gone = staff_of(f, "borta");
	struct principal principal;
	str token = sign_in(f, staff.no), other = sign_in(f, gone.no);
	const char *why = NULL;

	leave(f, gone.no);
	{
		char *changed = (char *)arena_str(&f->job.arena, token).ptr;
		const str wrong[] = { S(""), S("valvs_"), other, str_first(token, token.len - 1), { changed, token.len } };
		changed[token.len - 2] ^= 1;
		for (size_t i = 0; i < COUNT(wrong); i++) {
			assert_string_equal(error_name(enter(f, wrong[i], &principal)), "ERR_UNAUTHENTICATED");
			assert_true(!why || strcmp(why, f->job.failure.why) == 0);
			assert_int_equal(f->job.actor.kind, ACTOR_NOBODY);
			why = f->job.failure.why;
			job_forgive(&f->job);
		}
	}
	become_operator(f);
}

/* --- roles -------------------------------------------------------------------------------------- */

static void
roles_give_what_they_say_for_the_purposes_they_were_given_for(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja");
	struct principal principal;
	str token = sign_in(f, staff.no);

	assert_ok(enter(f, token, &principal));
	assert_false(principal_holds(&principal, SCOPES_ALL));
	become_operator(f);
	assert_ok(do_it(f, giving, &(struct has){ .staff = staff.no, .role = { ROLE_MARKETER, ROLE_DEVELOPER }, .count = 2,
	                                          .purpose = 3 }));
	assert_ok(enter(f, token, &principal));
	assert_true(principal_holds(&principal, SCOPE_READ) && principal_holds(&principal, SCOPE_METRICS));
	assert_false(principal_holds(&principal, SCOPE_ERASE | SCOPE_STAFF | SCOPE_SCIM | SCOPE_APPROVE));
	principal.needed = SCOPE_READ;
	assert_true(principal_has(&principal, 3));
	assert_false(principal_has(&principal, 4) || principal_has(&principal, 0) || principal_has_all(&principal));
	assert_int_equal(principal_view(&principal, 3, 1, false), VIEW_MASKED);
	assert_int_equal(principal_view(&principal, 3, 1, true), VIEW_HIDDEN);
	assert_int_equal(principal_view(&principal, 4, 1, false), VIEW_HIDDEN);
	become_operator(f);
	give(f, staff.no, ROLE_ADMINISTRATOR);
	assert_ok(enter(f, token, &principal)); /* what they may is read for each request */
	assert_false(principal_holds(&principal, SCOPE_READ | SCOPE_SEARCH | SCOPE_LEDGER | SCOPE_DECIDE | SCOPE_RIGHTS));
}

static void
no_built_in_role_of_those_without_persons_reads_any(void **state)
{
	static const int64_t blind[] = { ROLE_ADMINISTRATOR, ROLE_DEVELOPER, ROLE_AUDITOR };
	const uint32_t personal = SCOPE_READ | SCOPE_WRITE | SCOPE_SEARCH | SCOPE_DECIDE | SCOPE_WITHDRAW | SCOPE_IMPORT |
	                          SCOPE_LEDGER | SCOPE_RIGHTS | SCOPE_ERASE | SCOPE_DELIVER | SCOPE_EXPORT | SCOPE_REVEAL | SCOPE_GLASS;
	struct fixture *f = *state;
	struct role role;

	for (size_t i = 0; i < COUNT(blind); i++) {
		assert_ok(role_get(&f->job, f->job.db, blind[i], &role));
		assert_int_equal(policy_scopes(role.grants) & personal, 0);
		assert_int_equal(policy_view(role.grants, 0, 1, 1, false), VIEW_HIDDEN);
	}
}

static void
nobody_changes_their_own_roles(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja");

	give(f, staff.no, ROLE_ADMINISTRATOR);
	become(f, staff.no);
	assert_fails(&f->job, ERR_DENIED,
	             do_it(f, giving, &(struct has){ .staff = staff.no, .role = { ROLE_DPO }, .count = 1 }));
	become_operator(f);
	assert_fails(&f->job, ERR_ABSENT,
	             do_it(f, giving, &(struct has){ .staff = staff.no, .role = { 77 }, .count = 1 }));
	assert_fails(&f->job, ERR_ABSENT, do_it(f, giving, &(struct has){ .staff = 99, .role = { ROLE_DPO }, .count = 1 }));
}

static enum err
putting(struct job *job, struct db *db, const struct access *access, void *arg)
{
	(void)access;
	return role_put_steps(job, db, arg);
}

static void
a_role_of_ones_own_comes_back_as_it_was_and_built_in_ones_stay(void **state)
{
	static const uint8_t purposes[] = { 3, 0, 7, 0 }, views[] = { 2, 0, VIEW_CLEAR };
	const struct grant grant[] = {
		{ .scopes = SCOPE_READ | SCOPE_SEARCH, .purposes = { purposes, 4 }, .view = VIEW_MASKED, .views = { views, 3 } },
		{ .scopes = SCOPE_METRICS, .all_purposes = true },
	};
	struct fixture *f = *state;
	struct role role = { .name = S("phone-clerk"), .title = S("Answers the phone"), .grants = { grant, 2 } }, found;

	assert_ok(do_it(f, putting, &role));
	assert_ok(role_of_name(&f->job, f->job.db, S("phone-clerk"), &found));
	assert_int_equal(found.no, ROLE_OWN_FIRST);
	assert_int_equal(found.grants.count, 2);
	assert_int_equal(found.grants.grant[0].scopes, SCOPE_READ | SCOPE_SEARCH);
	assert_int_equal(policy_view(found.grants, SCOPE_READ, 7, 2, true), VIEW_CLEAR);
	assert_int_equal(policy_view(found.grants, SCOPE_READ, 7, 5, false), VIEW_MASKED);
	assert_true(found.grants.grant[1].all_purposes);
	role.name = S("dpo");
	assert_fails(&f->job, ERR_CONFLICT, do_it(f, putting, &role));
}

/* --- leaving ------------------------------------------------------------------------------------ */

static struct api_key
key_of(struct fixture *f, int64_t owner, bool program, str *ret_text)
{
	struct api_key key = { .name = S("k"), .scopes = SCOPE_READ | SCOPE_DEFINE, .all_purposes = true, .owner = owner,
		               .expires_at = TIME_NEVER, .program = program };

	assert_ok(key_make(&f->job, f->store, &key, ret_text));
	return key;
}

static enum err
enter_key(struct fixture *f, str text, struct principal *ret)
{
	OWNED(buf_release) struct buf header = { .max = 100 };

	buf_put(&header, S("Bearer "));
	buf_put(&header, text);
	return principal_of_token(&f->job, &f->access, f->cache,
	                          &(struct shown){ .authorization = arena_str(&f->job.arena, buf_str(&header)) }, ret);
}

static void
all_that_somebody_had_ends_with_them(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja"), other = staff_of(f, "stina");
	struct principal principal, other_principal;
	struct approval approval;
	struct alert *alert;
	struct ended ended;
	size_t count;
	str first = sign_in(f, staff.no), second = sign_in(f, staff.no), theirs = sign_in(f, other.no), own, program;

	give(f, staff.no, ROLE_DPO);
	key_of(f, staff.no, false, &own);
	key_of(f, staff.no, true, &program);
	become(f, staff.no);
	assert_ok(approval_ask(&f->job, &f->access, S("export"), S("x"), (const uint8_t[DIGEST_BYTES]){ 1 }, &approval));
	become_operator(f);
	assert_ok(enter(f, first, &principal));
	assert_ok(enter(f, theirs, &other_principal));
	become_operator(f);
	ended = leave(f, staff.no);
	assert_int_equal(ended.sessions, 2);
	assert_int_equal(ended.keys, 2);
	assert_int_equal(ended.approvals, 1);
	assert_int_equal(ended.roles, 1);
	assert_fails(&f->job, ERR_UNAUTHENTICATED, principal_still(&f->job, &f->access, f->job.db, &principal));
	assert_ok(principal_still(&f->job, &f->access, f->job.db, &other_principal));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, first, &principal));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, second, &principal));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter_key(f, own, &principal));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter_key(f, program, &principal));
	assert_ok(enter(f, theirs, &principal));
	become_operator(f);
	assert_ok(alert_list(&f->job, 0, 10, true, &alert, &count)); /* a program stands still */
	assert_int_equal(count, 1);
	assert_int_equal(alert[0].kind, ALERT_KEY);
	ended = leave(f, staff.no); /* once more is fine, and there is nothing left */
	assert_int_equal(ended.sessions + ended.keys + ended.approvals + ended.roles, 0);
	struct api_key key = { .name = S("k"), .scopes = SCOPE_READ, .owner = staff.no, .expires_at = TIME_NEVER };
	assert_fails(&f->job, ERR_CONFLICT, key_make(&f->job, f->store, &key, &own));
	assert_fails(&f->job, ERR_UNAUTHENTICATED,
	             do_it(f, signing_in, &(struct signing){ .new = { .staff = staff.no } }));
	assert_fails(&f->job, ERR_CONFLICT,
	             do_it(f, giving, &(struct has){ .staff = staff.no, .role = { ROLE_DPO }, .count = 1 }));
}

static enum err
returning(struct job *job, struct db *db, const struct access *access, void *arg)
{
	const int64_t *no = arg;

	(void)access;
	return staff_return_steps(job, db, *no);
}

static void
who_comes_back_has_nothing_of_before(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja"), found;
	struct principal principal;
	str token = sign_in(f, staff.no), key;

	give(f, staff.no, ROLE_DPO);
	key_of(f, staff.no, true, &key);
	leave(f, staff.no);
	assert_ok(do_it(f, returning, &staff.no));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, token, &principal));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter_key(f, key, &principal));
	assert_ok(enter(f, sign_in(f, staff.no), &principal));
	assert_false(principal_holds(&principal, SCOPES_ALL));
	become_operator(f);
	assert_ok(staff_get(&f->job, &f->access, f->job.db, staff.no, &found));
	assert_true(found.epoch >= staff.epoch + 2);
	assert_int_equal(found.ended_at, TIME_NEVER);
}

/* A session that a backup or a bug left behind is dead by its word alone. */
static enum err
raising(struct job *job, struct db *db, const struct access *access, void *arg)
{
	const int64_t *no = arg;

	(void)access;
	db_touch(db, TOPIC_PRINCIPALS);
	return db_run(job, db, SQL_STAFF_RETURN, ARGS(sql_i64(job->now), sql_i64(*no)), NULL);
}

static void
the_word_alone_is_enough(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja");
	struct principal principal;
	struct signing left = { .new = { .staff = staff.no } };

	leave(f, staff.no);
	assert_ok(do_it(f, returning, &staff.no));
	assert_ok(do_it(f, signing_in, &left));
	assert_ok(enter(f, left.token, &principal));
	become_operator(f);
	assert_ok(do_it(f, raising, &staff.no)); /* not ended: nothing moves */
	assert_ok(enter(f, left.token, &principal));
}

static void
a_key_of_ones_own_does_no_more_than_its_owner_now(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja");
	struct principal principal;
	str own, program;

	give(f, staff.no, ROLE_MARKETER);
	key_of(f, staff.no, false, &own);
	key_of(f, staff.no, true, &program);
	assert_ok(enter_key(f, own, &principal));
	assert_int_equal(f->job.actor.staff, staff.no); /* counted with them */
	assert_true(principal_holds(&principal, SCOPE_READ));
	assert_false(principal_holds(&principal, SCOPE_DEFINE | SCOPE_WRITE)); /* the role has no define, the key no write */
	principal.needed = SCOPE_READ;
	assert_int_equal(principal_view(&principal, 3, 1, false), VIEW_MASKED);
	become_operator(f);
	give(f, staff.no, ROLE_DEVELOPER);
	assert_ok(enter_key(f, own, &principal));
	assert_false(principal_holds(&principal, SCOPE_READ));
	assert_true(principal_holds(&principal, SCOPE_DEFINE));
	assert_ok(enter_key(f, program, &principal)); /* a program goes on */
	assert_true(principal_holds(&principal, SCOPE_READ));
	assert_int_equal(f->job.actor.staff, 0);
	become_operator(f);
}

static void
a_key_is_good_from_its_networks_alone(void **state)
{
	static const uint8_t network[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 0, 96 + 24,
		                           0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 33 };
	static const struct {
		uint8_t peer[PEER_BYTES];
		bool fits;
	} cases[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 200 }, true },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 3, 200 }, false },
		{ { 0x20, 1, 0x0d, 0xb8, 0x7f, 0xff, 1 }, true },
		{ { 0x20, 1, 0x0d, 0xb8, 0x80, 0, 1 }, false },
		{ { 0 }, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(networks_fit((bytes){ network, sizeof(network) }, cases[i].peer), cases[i].fits);
	assert_true(networks_fit((bytes){ 0 }, cases[0].peer));
	(void)state;
}

/* --- two people --------------------------------------------------------------------------------- */

static const uint8_t operation[DIGEST_BYTES] = { 7 }, another[DIGEST_BYTES] = { 8 };

static void
two_people_are_two_people(void **state)
{
	struct fixture *f = *state;
	struct staff asker = staff_of(f, "maja"), second = staff_of(f, "stina");
	struct approval approval, again;
	bool needed;

	become(f, asker.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_false(needed); /* nobody else could */
	become_operator(f);
	give(f, asker.no, ROLE_DPO);
	give(f, second.no, ROLE_ADMINISTRATOR);
	become(f, asker.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_true(needed);
	assert_ok(approval_ask(&f->job, &f->access, S("role_put"), S("Make a role"), operation, &approval));
	assert_ok(approval_ask(&f->job, &f->access, S("role_put"), S("Make a role"), operation, &again));
	assert_true(uid_eq(approval.id, again.id));
	assert_fails(&f->job, ERR_APPROVAL, approval_use(&f->job, &f->access, approval.id, operation, &again));
	assert_fails(&f->job, ERR_DENIED, approval_decide(&f->job, &f->access, true, approval.id, true, &again));
	become(f, second.no);
	assert_fails(&f->job, ERR_DENIED, approval_decide(&f->job, &f->access, false, approval.id, true, &again));
	assert_ok(approval_decide(&f->job, &f->access, true, approval.id, true, &again));
	assert_fails(&f->job, ERR_CONFLICT, approval_decide(&f->job, &f->access, true, approval.id, false, &again));
	assert_fails(&f->job, ERR_APPROVAL, approval_use(&f->job, &f->access, approval.id, operation, &again));
	become(f, asker.no);
	assert_fails(&f->job, ERR_APPROVAL, approval_use(&f->job, &f->access, approval.id, another, &again));
	assert_ok(approval_use(&f->job, &f->access, approval.id, operation, &again));
	assert_fails(&f->job, ERR_APPROVAL, approval_use(&f->job, &f->access, approval.id, operation, &again));
	become_operator(f);
	leave(f, second.no);
	become(f, asker.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_true(needed); /* once two could, it stays so */
	become_operator(f);
}

/* Whoever ends everybody else's account, or takes their roles, is not alone in deciding by it. */
static void
two_stay_two_when_all_others_are_gone(void **state)
{
	struct fixture *f = *state;
	struct staff last = staff_of(f, "maja"), other = staff_of(f, "stina");
	bool needed;

	become_operator(f);
	give(f, last.no, ROLE_ADMINISTRATOR);
	become(f, last.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_false(needed); /* there never was another */
	become_operator(f);
	give(f, other.no, ROLE_DPO);
	give(f, other.no, ROLE_MARKETER); /* nobody has decided anything yet */
	become(f, last.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_true(needed);
	become_operator(f);
	leave(f, other.no);
	become(f, last.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_true(needed);
	become_operator(f);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_true(needed); /* the administrator is the operator's second */
	leave(f, last.no);
	assert_ok(approval_needed(&f->job, f->job.db, &needed));
	assert_false(needed); /* who is on the machine can make people, and begins anew */
}

static void
what_governs_is_told_from_what_does_not(void **state)
{
	static const struct {
		int64_t before, given;
		bool more;
	} cases[] = {
		{ ROLE_MARKETER, ROLE_DPO, true },      { ROLE_MARKETER, ROLE_ADMINISTRATOR, true },
		{ ROLE_MARKETER, ROLE_AUDITOR, true },  { ROLE_MARKETER, ROLE_SERVICE, false },
		{ ROLE_DPO, ROLE_AUDITOR, false },      { ROLE_DPO, ROLE_ADMINISTRATOR, true },
		{ ROLE_ADMINISTRATOR, ROLE_MARKETER, false },
	};
	struct fixture *f = *state;
	struct staff one = staff_of(f, "maja");

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct staff_role role = { .role = cases[i].given, .all_purposes = true };
		bool more;
		become_operator(f);
		give(f, one.no, cases[i].before);
		assert_ok(roles_govern_more(&f->job, f->job.db, one.no, &role, 1, &more));
		assert_int_equal(more, cases[i].more);
	}
}

static void
nobody_approves_of_what_they_cannot_read(void **state)
{
	struct fixture *f = *state;
	struct staff asker = staff_of(f, "maja");
	char *text = arena_alloc(&f->job.arena, APPROVAL_SUMMARY_MAX + 1);
	uint8_t what[DIGEST_BYTES] = { 77 };
	struct approval approval;

	memset(text, 'x', APPROVAL_SUMMARY_MAX + 1);
	become(f, asker.no);
	assert_fails(&f->job, ERR_LIMIT,
	             approval_ask(&f->job, &f->access, S("role_put"), (str){ text, APPROVAL_SUMMARY_MAX + 1 }, what, &approval));
	assert_ok(approval_ask(&f->job, &f->access, S("role_put"), (str){ text, APPROVAL_SUMMARY_MAX }, what, &approval));
	assert_int_equal(approval.summary.len, APPROVAL_SUMMARY_MAX);
	become_operator(f);
}

static void
an_approval_ends_with_either_and_with_its_hour(void **state)
{
	struct fixture *f = *state;
	struct staff asker = staff_of(f, "maja"), second = staff_of(f, "stina"), third = staff_of(f, "greta");
	struct approval approval;

	for (int way = 0; way < 4; way++) {
		uint8_t what[DIGEST_BYTES] = { (uint8_t)(20 + way) };
		become_operator(f);
		give(f, second.no, ROLE_DPO);
		become(f, asker.no);
		assert_ok(approval_ask(&f->job, &f->access, S("export"), S("x"), what, &approval));
		become(f, second.no);
		assert_ok(approval_decide(&f->job, &f->access, true, approval.id, true, &approval));
		become_operator(f);
		if (way == 0)
			give(f, second.no, ROLE_MARKETER); /* may no longer approve */
		else if (way == 1)
			f->job.now += APPROVAL_LIFE;
		else if (way == 2)
			leave(f, second.no), assert_ok(do_it(f, returning, &second.no));
		else
			leave(f, asker.no), assert_ok(do_it(f, returning, &asker.no));
		become(f, asker.no);
		assert_fails(&f->job, ERR_APPROVAL, approval_use(&f->job, &f->access, approval.id, what, &approval));
	}
	become(f, third.no);
	assert_fails(&f->job, ERR_DENIED, approval_cancel(&f->job, &f->access, approval.id));
	become_operator(f);
}

/* --- exceptions --------------------------------------------------------------------------------- */

static void
a_glass_is_broken_once_seen_to_and_then_again(void **state)
{
	struct fixture *f = *state;
	struct staff staff = staff_of(f, "maja"), other = staff_of(f, "stina");
	struct principal principal;
	struct alert *alert;
	struct glass glass, more;
	size_t count;
	str token = sign_in(f, staff.no), why = S("A customer lies unconscious: case 4711");

	become(f, staff.no);
	assert_fails(&f->job, ERR_DENIED, glass_break(&f->job, &f->access, false, why, 30, &glass));
	assert_fails(&f->job, ERR_DENIED, glass_break(&f->job, &f->access, true, S("short"), 30, &glass));
	assert_ok(glass_break(&f->job, &f->access, true, why, 30, &glass));
	assert_fails(&f->job, ERR_CONFLICT, glass_break(&f->job, &f->access, true, why, 30, &more));
	assert_ok(alert_list(&f->job, 0, 10, true, &alert, &count));
	assert_int_equal(count, 1);
	assert_int_equal(alert[0].kind, ALERT_GLASS);
	assert_fails(&f->job, ERR_DENIED, alert_seen(&f->job, f->store, alert[0].no));
	assert_ok(enter(f, token, &principal));
	principal.needed = SCOPE_READ;
	assert_int_equal(principal_view(&principal, 9, 1, true), VIEW_CLEAR);
	f->job.now += 15 * 60 * TIME_SECOND; /* within the idle time */
	assert_ok(enter(f, token, &principal));
	f->job.now += 15 * 60 * TIME_SECOND;
	assert_ok(enter(f, token, &principal));
	assert_false(principal_holds(&principal, SCOPE_READ)); /* over */
	become(f, staff.no);
	assert_fails(&f->job, ERR_CONFLICT, glass_break(&f->job, &f->access, true, why, 30, &more));
	assert_fails(&f->job, ERR_DENIED, glass_review(&f->job, &f->access, true, glass.id, GLASS_JUSTIFIED, &more));
	become(f, other.no);
	assert_fails(&f->job, ERR_DENIED, glass_review(&f->job, &f->access, false, glass.id, GLASS_JUSTIFIED, &more));
	assert_ok(glass_review(&f->job, &f->access, true, glass.id, GLASS_JUSTIFIED, &more));
	assert_true(str_eq(more.reason, why));
	assert_fails(&f->job, ERR_CONFLICT, glass_review(&f->job, &f->access, true, glass.id, GLASS_NOT_JUSTIFIED, &more));
	assert_ok(alert_seen(&f->job, f->store, alert[0].no));
	become(f, staff.no);
	assert_ok(glass_break(&f->job, &f->access, true, why, 30, &more));
	become_operator(f);
	assert_int_equal(leave(f, staff.no).exceptions, 1);
}

/* --- looks -------------------------------------------------------------------------------------- */

struct looking {
	int64_t subject;
};

static enum err
looking_at(struct job *job, struct db *db, const struct access *access, void *arg)
{
	const struct looking *looking = arg;

	(void)access;
	return look_steps(job, db, looking->subject);
}

static void
distinct_persons_are_counted_by_the_hour(void **state)
{
	struct fixture *f = *state;
	struct alert *alert;
	size_t count;

	for (int64_t no = 1; no <= LOOKS_BLOCK + 3; no++)
		assert_ok(do_it(f, looking_at, &(struct looking){ no })); /* the operator is not counted */
	become(f, 5);
	for (int round = 0; round < 2; round++)
		for (int64_t no = 1; no <= LOOKS_STEP_UP; no++)
			assert_ok(do_it(f, looking_at, &(struct looking){ no })); /* the same ones count once */
	assert_fails(&f->job, ERR_STEP_UP, do_it(f, looking_at, &(struct looking){ LOOKS_STEP_UP + 1 }));
	assert_ok(do_it(f, looking_at, &(struct looking){ 3 }));
	f->job.actor.fresh = true;
	for (int64_t no = LOOKS_STEP_UP + 1; no <= LOOKS_BLOCK; no++)
		assert_ok(do_it(f, looking_at, &(struct looking){ no }));
	assert_fails(&f->job, ERR_BUDGET, do_it(f, looking_at, &(struct looking){ LOOKS_BLOCK + 1 }));
	for (int i = 0; i < 3; i++)
		assert_ok(look_refused(&f->job, f->store, ERR_BUDGET));
	assert_ok(alert_list(&f->job, 0, 10, true, &alert, &count));
	assert_int_equal(count, 1); /* once an hour */
	become(f, 6);
	assert_ok(do_it(f, looking_at, &(struct looking){ 1 })); /* somebody else */
	become(f, 5);
	f->job.now += 3600 * TIME_SECOND;
	assert_ok(do_it(f, looking_at, &(struct looking){ LOOKS_BLOCK + 1 }));
	become_operator(f);
}

int
staff_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(an_account_is_found_by_identity_id_and_any_spelling_of_its_name),
		EACH(a_name_or_an_identity_belongs_to_one_account),
		EACH(a_change_moves_neither_identity_nor_state),
		EACH(a_session_rests_ends_and_is_no_longer_by_a_clock_that_goes_back),
		EACH(the_oldest_session_gives_way),
		EACH(whatever_is_no_good_session_is_answered_alike),
		EACH(roles_give_what_they_say_for_the_purposes_they_were_given_for),
		EACH(no_built_in_role_of_those_without_persons_reads_any),
		EACH(nobody_changes_their_own_roles),
		EACH(a_role_of_ones_own_comes_back_as_it_was_and_built_in_ones_stay),
		EACH(all_that_somebody_had_ends_with_them),
		EACH(who_comes_back_has_nothing_of_before),
		EACH(the_word_alone_is_enough),
		EACH(a_key_of_ones_own_does_no_more_than_its_owner_now),
		EACH(a_key_is_good_from_its_networks_alone),
		EACH(two_people_are_two_people),
		EACH(two_stay_two_when_all_others_are_gone),
		EACH(what_governs_is_told_from_what_does_not),
		EACH(nobody_approves_of_what_they_cannot_read),
		EACH(an_approval_ends_with_either_and_with_its_hour),
		EACH(a_glass_is_broken_once_seen_to_and_then_again),
		EACH(distinct_persons_are_counted_by_the_hour),
	};

	return cmocka_run_group_tests_name("staff", tests, NULL, NULL);
}
