/* src/access/sign_in.c, throttle.c, invitation.c, own.c, credential.c: a vault of its own for each test. */
#include "access_test.h"

#include <dirent.h>
#include <unistd.h>

#include "access/alert.h"
#include "access/invitation.h"
#include "access/own.h"
#include "access/role.h"
#include "access/throttle.h"
#include "crypto/secret.h"

#define NOW (20780 * TIME_DAY)
#define PASSWORD S("gr\xc3\xb6na tr\xc3\xa4" "d sjunger om natten")

struct vault_fixture {
	char dir[200];
	struct store *store;
	struct keys *keys;
	struct access access;
	struct desk desk;
	struct job job;
	uint8_t peer[PEER_BYTES];
};

#define VAULT(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void
vault_open_again(struct vault_fixture *f)
{
	OWNED(secret_free) struct secret *root = secret_new();

	secret_octets(root)[0] = 1;
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	assert_ok(keys_open(&f->job, f->store, &root, &f->keys));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
	assert_ok(access_open(&f->job, f->store, f->keys, &f->access));
	assert_ok(desk_open(&f->job, &f->access, &f->desk));
}

static void
vault_shut(struct vault_fixture *f)
{
	desk_close(&f->desk);
	reader_end(&f->job.db);
	keys_close(&f->keys);
	store_close(&f->store);
}

static int
begin(void **state)
{
	static struct vault_fixture fixture;
	struct vault_fixture *f = *state = &fixture;
	OWNED(secret_free) struct secret *root = NULL;
	const char *tmp = getenv("TMPDIR");

	*f = (struct vault_fixture){ .job = { .now = NOW, .actor = { .kind = ACTOR_OPERATOR, .no = 1000 } } };
	memset(f->peer, 0, PEER_BYTES);
	memcpy(f->peer, (uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2 }, 8);
	snprintf(f->dir, sizeof(f->dir), "%s/valv-sign-in-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	assert_ok(crypto_start(&f->job));
	root = secret_new();
	secret_octets(root)[0] = 1;
	assert_ok(store_create(&f->job, f->dir));
	assert_ok(keys_create(&f->job, f->dir, root));
	vault_open_again(f);
	return 0;
}

static int
end(void **state)
{
	struct vault_fixture *f = *state;
	struct dirent *entry;
	char path[500];
	DIR *dir;

	vault_shut(f);
	dir = opendir(f->dir);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(f->dir);
	job_release(&f->job);
	return 0;
}

/* --- people ---------------------------------------------------------------------------------------- */

struct make {
	struct vault_fixture *f;
	struct staff *staff;
};

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	struct make *make = arg;

	return staff_make_steps(job, &make->f->access, db, make->staff);
}

static int64_t
person(struct vault_fixture *f, const char *name)
{
	struct staff staff = { .issuer = ISSUER_LOCAL, .user_name = str_from_c(name), .state = STAFF_INVITED,
		               .display_name = S("Berit Blom") };

	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, make_steps, &(struct make){ f, &staff }));
	return staff.no;
}

static void
as_operator(struct vault_fixture *f)
{
	f->job.actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = 1000 };
}

/* With a password, in a session. */
static struct session
begun(struct vault_fixture *f, const char *name, str password, int64_t *ret_no)
{
	struct invitation invitation;
	struct session session;
	struct staff staff;
	str token;

	*ret_no = person(f, name);
	assert_ok(invitation_make(&f->job, &f->desk, *ret_no, 0, &invitation));
	assert_ok(invitation_accept(&f->job, &f->desk, invitation.token, password, f->peer, &staff, &session, &token));
	as_operator(f);
	return session;
}

static enum err
tries(struct vault_fixture *f, str name, str password, str code, str device, struct signed_in *ret)
{
	struct proofs proofs = { .user_name = name, .password = password, .code = code, .peer = f->peer,
		                 .device = device };
	enum err err = sign_in(&f->job, &f->desk, &proofs, ret);

	if (err)
		job_forgive(&f->job);
	as_operator(f);
	return err;
}

static bool
session_lives(struct vault_fixture *f, const struct session *session)
{
	struct session *list;
	size_t count;
	bool found = false;

	assert_ok(session_list(&f->job, session->staff, &list, &count));
	for (size_t i = 0; i < count; i++)
		found |= uid_eq(list[i].id, session->id);
	return found;
}

static int64_t
entries(struct vault_fixture *f, enum entry_act act)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;
	int64_t count = 0;

	assert_ok(db_query(&f->job, f->job.db, SQL_ENTRY_AFTER, ARGS(sql_i64(0), sql_i64(1000)), &rows));
	for (;;) {
		assert_ok(rows_next(&f->job, &rows, &there));
		if (!there)
			return count;
		count += rows_i64(&rows, 4) == act;
	}
}

/* --- tests ----------------------------------------------------------------------------------------- */

static void
the_first_administrator_begins_by_a_link_that_is_good_once(void **state)
{
	struct vault_fixture *f = *state;
	struct invitation invitation, again;
	struct staff_role *role;
	struct session session;
	struct signed_in in;
	struct staff staff;
	size_t roles;
	time_us until;
	bool made;
	str token;

	assert_ok(administrator_first(&f->job, &f->desk, &invitation, &made));
	assert_true(made);
	assert_false(invitation.reset);
	assert_ok(invitation_look(&f->job, &f->desk, invitation.token, &staff, &until));
	assert_int_equal(until, NOW + 48 * 3600 * TIME_SECOND);
	assert_ok(staff_roles(&f->job, f->job.db, staff.no, &role, &roles));
	assert_int_equal(roles, 1);
	assert_int_equal(role[0].role, ROLE_ADMINISTRATOR);
	/* Lost before it was used: another one, and the first is nothing any more. */
	assert_ok(administrator_first(&f->job, &f->desk, &again, &made));
	assert_true(made);
	assert_fails(&f->job, ERR_SIGN_IN, invitation_look(&f->job, &f->desk, invitation.token, &staff, &until));
	/* A password that is refused leaves the link good. */
	assert_fails(&f->job, ERR_INVALID, invitation_accept(&f->job, &f->desk, again.token, S("administrator2026"),
	                                                    f->peer, &staff, &session, &token));
	assert_ok(invitation_accept(&f->job, &f->desk, again.token, PASSWORD, f->peer, &staff, &session, &token));
	assert_int_equal(session.method, AUTH_INVITE | AUTH_PASSWORD);
	assert_int_equal(f->job.actor.no, staff.no);
	as_operator(f);
	assert_fails(&f->job, ERR_SIGN_IN, invitation_accept(&f->job, &f->desk, again.token, PASSWORD, f->peer, &staff,
	                                                   &session, &token));
	assert_ok(administrator_first(&f->job, &f->desk, &again, &made));
	assert_false(made);
	assert_ok(tries(f, S("Administrator"), PASSWORD, S(""), S(""), &in));
	assert_int_equal(entries(f, ENTRY_STAFF_INVITE), 2);
	assert_int_equal(entries(f, ENTRY_SIGN_IN), 2);
}

static void
whatever_is_wrong_is_one_answer(void **state)
{
	struct vault_fixture *f = *state;
	struct signed_in in;
	struct ended ended;
	int64_t no, left, invited;
	time_us later = 3600 * TIME_SECOND;

	(void)begun(f, "berit@example.com", PASSWORD, &no);
	(void)begun(f, "left@example.com", PASSWORD, &left);
	invited = person(f, "invited@example.com");
	assert_true(invited > 0);
	assert_ok(staff_end(&f->job, &f->access, left, END_LEFT, &ended));
	assert_true(ended.credentials > 0);
	assert_ok(tries(f, S(" BERIT@Example.COM"), PASSWORD, S(""), S(""), &in));
	assert_int_equal(in.staff.no, no);
	assert_int_equal(in.session.method, AUTH_PASSWORD);
	assert_true(str_starts(in.token, SESSION_PREFIX));
	assert_int_equal(in.device.len, DEVICE_TOKEN_CHARS);
	assert_int_equal(tries(f, S("berit@example.com"), S("gr\xc3\xb6na tr\xc3\xa4" "d sjunger om dagen"), S(""), S(""), &in),
	                 ERR_SIGN_IN);
	assert_int_equal(tries(f, S("nobody@example.com"), PASSWORD, S(""), S(""), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, S("left@example.com"), PASSWORD, S(""), S(""), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, S("invited@example.com"), PASSWORD, S(""), S(""), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, S("invited@example.com"), S(""), S(""), S(""), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, S("\xff"), S("\xff"), S("\xff"), S("\xff"), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, S(""), S(""), S(""), S(""), &in), ERR_SIGN_IN);
	assert_int_equal(entries(f, ENTRY_SIGN_IN_FAILED), 7);
	f->job.now += later;
	assert_ok(tries(f, S("berit@example.com"), PASSWORD, S("123456"), S(""), &in)); /* no app: no code is asked for */
}

static str
code_now(struct vault_fixture *f, int64_t staff, int steps)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	char code[TOTP_DIGITS + 1];

	assert_ok(credentials_get(&f->job, f->desk.credential_key, f->job.db, staff, &have));
	totp_code(have.totp_secret, f->job.now / (30 * TIME_SECOND) + steps, code);
	return arena_str(&f->job.arena, str_from_c(code));
}

static void
a_second_factor_is_asked_for_and_no_code_counts_twice(void **state)
{
	struct vault_fixture *f = *state;
	struct recovery_codes codes, newer;
	struct session session;
	struct signed_in in, other;
	const str name = S("berit@example.com");
	int64_t no;
	str uri, code;

	session = begun(f, "berit@example.com", PASSWORD, &no);
	assert_ok(tries(f, name, PASSWORD, S(""), S(""), &other));
	assert_fails(&f->job, ERR_CONFLICT, own_totp_confirm(&f->job, &f->desk, &session, S("123456"), &codes, &in));
	assert_fails(&f->job, ERR_CONFLICT, own_recovery_new(&f->job, &f->desk, no, &codes));
	assert_ok(own_totp_begin(&f->job, &f->desk, no, &uri));
	assert_true(str_starts(uri, S("otpauth://totp/Valv:berit%40example.com?secret=")));
	assert_ok(tries(f, name, PASSWORD, S(""), S(""), &in)); /* not asked for before it was shown to work */
	assert_fails(&f->job, ERR_INVALID, own_totp_confirm(&f->job, &f->desk, &session, S("12345"), &codes, &in));
	assert_ok(own_totp_confirm(&f->job, &f->desk, &session, code_now(f, no, 0), &codes, &in));
	assert_int_equal(in.session.method, AUTH_INVITE | AUTH_PASSWORD | AUTH_TOTP);
	assert_int_equal(in.session.proved_at, session.proved_at); /* no fresher for an app of one's own making */
	assert_true(uid_eq(in.session.id, session.id));
	session = in.session;
	assert_true(session_lives(f, &session));
	assert_false(session_lives(f, &other.session));
	assert_fails(&f->job, ERR_CONFLICT, own_totp_begin(&f->job, &f->desk, no, &uri));
	/* the code that confirmed it is used */
	assert_int_equal(tries(f, name, PASSWORD, code_now(f, no, 0), S(""), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, name, PASSWORD, S(""), S(""), &in), ERR_SIGN_IN);
	f->job.now += 30 * TIME_SECOND;
	code = code_now(f, no, 0);
	assert_ok(tries(f, name, PASSWORD, code, S(""), &in));
	assert_int_equal(in.session.method, AUTH_PASSWORD | AUTH_TOTP);
	assert_int_equal(tries(f, name, PASSWORD, code, S(""), &in), ERR_SIGN_IN);
	assert_int_equal(tries(f, name, PASSWORD, code_now(f, no, -1), S(""), &in), ERR_SIGN_IN);
	assert_ok(tries(f, name, PASSWORD, code_now(f, no, 1), S(""), &in)); /* a clock that is ahead */
	/* paper */
	assert_ok(tries(f, name, PASSWORD, codes.text[3], S(""), &in));
	assert_int_equal(in.session.method, AUTH_PASSWORD | AUTH_RECOVERY);
	assert_int_equal(tries(f, name, PASSWORD, codes.text[3], S(""), &in), ERR_SIGN_IN);
	assert_ok(tries(f, name, PASSWORD, codes.text[4], S(""), &in));
	assert_ok(own_recovery_new(&f->job, &f->desk, no, &newer));
	assert_int_equal(tries(f, name, PASSWORD, codes.text[5], S(""), &in), ERR_SIGN_IN);
	assert_ok(tries(f, name, PASSWORD, newer.text[5], S(""), &in));
	/* A short password needs it. */
	assert_fails(&f->job, ERR_CONFLICT, own_password_put(&f->job, &f->desk, &session, S("tXk29vQz71Lm"), false, 1)); /* O4 */
	assert_ok(own_password_put(&f->job, &f->desk, &session, S("tXk29vQz71Lm"), true, 1));
	assert_false(session_lives(f, &in.session));
	assert_true(session_lives(f, &session));
	assert_fails(&f->job, ERR_CONFLICT, own_totp_drop(&f->job, &f->desk, no));
	assert_ok(own_password_put(&f->job, &f->desk, &session, S("tXk29vQz71LmW04"), true, 1));
	assert_ok(own_totp_drop(&f->job, &f->desk, no));
	assert_ok(own_totp_drop(&f->job, &f->desk, no));
	assert_fails(&f->job, ERR_INVALID, own_password_put(&f->job, &f->desk, &session, S("tXk29vQz71Lm"), true, 1));
	assert_ok(tries(f, name, S("tXk29vQz71LmW04"), S(""), S(""), &in));
	assert_int_equal(entries(f, ENTRY_CREDENTIAL), 5);
}

struct racer {
	struct vault_fixture *f;
	str code;
	enum err err;
};

static void *
race(void *arg)
{
	struct racer *racer = arg;
	OWNED(job_release) struct job job = { .now = racer->f->job.now };
	struct proofs proofs = { .user_name = S("berit@example.com"), .password = PASSWORD, .code = racer->code,
		                 .peer = racer->f->peer };
	struct signed_in in;

	if (store_reader(&job, racer->f->store, &job.db) == OK)
		racer->err = sign_in(&job, &racer->f->desk, &proofs, &in);
	reader_end(&job.db);
	return NULL;
}

static void
of_four_who_come_with_one_code_one_gets_in(void **state)
{
	struct vault_fixture *f = *state;
	struct recovery_codes codes;
	struct session session;
	struct racer racer[4];
	pthread_t thread[4];
	struct signed_in confirmed;
	int in = 0;
	int64_t no;
	str uri;

	session = begun(f, "berit@example.com", PASSWORD, &no);
	assert_ok(own_totp_begin(&f->job, &f->desk, no, &uri));
	assert_ok(own_totp_confirm(&f->job, &f->desk, &session, code_now(f, no, -1), &codes, &confirmed));
	for (int i = 0; i < 4; i++) {
		racer[i] = (struct racer){ f, code_now(f, no, 0), OK };
		assert_int_equal(pthread_create(&thread[i], NULL, race, &racer[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		in += racer[i].err == OK;
		assert_true(racer[i].err == OK || racer[i].err == ERR_SIGN_IN);
	}
	assert_int_equal(in, 1);
}

static struct attempt
counted(struct vault_fixture *f, const char *name, const uint8_t *peer)
{
	struct attempt attempt;

	attempt_of(f->desk.attempt_key, str_from_c(name), peer, &attempt);
	assert_ok(attempt_count(&f->job, f->store, &attempt));
	return attempt;
}

static void
waits_grow_and_end(void **state UNUSED)
{
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 0), 0);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 4), 0);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 5), TIME_SECOND);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 6), 2 * TIME_SECOND);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 14), 512 * TIME_SECOND);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 15), 900 * TIME_SECOND);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 99), 900 * TIME_SECOND);
	assert_int_equal(attempt_wait(LANE_ACCOUNT, 100), TIME_NEVER);
	assert_int_equal(attempt_wait(LANE_DEVICE, 100), TIME_NEVER);
	assert_int_equal(attempt_wait(LANE_ADDRESS, 19), 0);
	assert_int_equal(attempt_wait(LANE_ADDRESS, 1000000), 300 * TIME_SECOND);
}

static void
no_spelling_of_a_name_and_no_address_of_a_network_is_another(void **state)
{
	static const char *const spelled[] = { "berit@example.com", "BERIT@EXAMPLE.COM", " Berit@example.com ",
		                               "\xef\xbc\xa2" "erit@example.com", "berit\xef\xbc\xa0" "example.com" };
	struct vault_fixture *f = *state;
	uint8_t peer[PEER_BYTES] = { 0 };
	struct attempt attempt;
	uint64_t forgotten;

	for (size_t i = 0; i < COUNT(spelled); i++) {
		peer[0] = (uint8_t)i; /* from everywhere */
		attempt = counted(f, spelled[i], peer);
		assert_true(attempt.allowed);
	}
	attempt = counted(f, "berit@EXAMPLE.com", peer);
	assert_false(attempt.allowed);
	vault_shut(f); /* a restart forgets nothing */
	vault_open_again(f);
	attempt = counted(f, "berit@example.com", peer);
	assert_false(attempt.allowed);
	f->job.now += TIME_SECOND;
	attempt = counted(f, "berit@example.com", peer);
	assert_true(attempt.allowed);
	attempt = counted(f, "berit@example.com", peer);
	assert_false(attempt.allowed);
	/* Twenty from one network, whatever the name and the second half of the address. */
	memcpy(peer, f->peer, PEER_BYTES);
	for (uint8_t i = 0; i < 20; i++) {
		char name[20];
		peer[15] = i;
		peer[8] = (uint8_t)(7 * i);
		snprintf(name, sizeof(name), "name%d", i);
		attempt = counted(f, name, peer);
		assert_true(attempt.allowed);
	}
	attempt = counted(f, "another", peer);
	assert_false(attempt.allowed);
	peer[7] ^= 1; /* the next network */
	attempt = counted(f, "another", peer);
	assert_true(attempt.allowed);
	/* IPv4 addresses are told apart. */
	memcpy(peer, (uint8_t[PEER_BYTES]){ [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1 }, PEER_BYTES);
	for (int i = 0; i < 20; i++) {
		char name[20];
		snprintf(name, sizeof(name), "other%d", i);
		attempt = counted(f, name, peer);
		assert_true(attempt.allowed);
	}
	attempt = counted(f, "third", peer);
	assert_false(attempt.allowed);
	peer[15] = 2;
	attempt = counted(f, "third", peer);
	assert_true(attempt.allowed);
	f->job.now += 3601 * TIME_SECOND;
	peer[15] = 1;
	attempt = counted(f, "third", peer);
	assert_true(attempt.allowed);
	/* What was tried a few times goes after a day, and the rest after thirty. */
	assert_ok(attempts_forget(&f->job, f->store, 1000, &forgotten));
	assert_int_equal(forgotten, 0);
	f->job.now += 2 * TIME_DAY;
	assert_ok(attempts_forget(&f->job, f->store, 1000, &forgotten));
	assert_true(forgotten > 40);
	f->job.now += 29 * TIME_DAY;
	assert_ok(attempts_forget(&f->job, f->store, 1000, &forgotten));
	assert_true(forgotten >= 2);
	assert_ok(attempts_forget(&f->job, f->store, 1000, &forgotten));
	assert_int_equal(forgotten, 0);
}

static void
a_stranger_cannot_lock_out_who_has_been_here(void **state)
{
	struct vault_fixture *f = *state;
	uint8_t elsewhere[PEER_BYTES] = { 9 };
	struct signed_in in, stranger;
	struct attempt attempt;
	const str name = S("berit@example.com");
	int64_t no;
	str device;

	(void)begun(f, "berit@example.com", PASSWORD, &no);
	assert_ok(tries(f, name, PASSWORD, S(""), S(""), &in));
	device = in.device;
	for (int i = 0; i < 100; i++) {
		elsewhere[1] = (uint8_t)i;
		f->job.now += 1000 * TIME_SECOND;
		attempt = counted(f, "berit@example.com", elsewhere);
		assert_true(attempt.allowed);
	}
	f->job.now += 10 * TIME_DAY;
	assert_int_equal(tries(f, name, PASSWORD, S(""), S(""), &stranger), ERR_SIGN_IN); /* closed */
	assert_int_equal(tries(f, name, PASSWORD, S(""), S("not a device's token"), &stranger), ERR_SIGN_IN);
	assert_ok(tries(f, name, PASSWORD, S(""), device, &in));
	assert_int_equal(in.device.len, 0);
	assert_ok(tries(f, name, PASSWORD, S(""), S(""), &stranger)); /* and it is open again */
	/* The browser has its own hundred, and is then a stranger's. */
	for (int i = 0; i < 100; i++) {
		f->job.now += 1000 * TIME_SECOND;
		attempt_of(f->desk.attempt_key, name, f->peer, &attempt);
		assert_ok(device_there(&f->job, f->job.db, no, device, attempt.device, &attempt.known));
		assert_true(attempt.known);
		assert_ok(attempt_count(&f->job, f->store, &attempt));
		assert_true(attempt.known && attempt.allowed);
	}
	assert_ok(device_there(&f->job, f->job.db, no, device, attempt.device, &attempt.known));
	assert_ok(attempt_count(&f->job, f->store, &attempt));
	assert_false(attempt.known);
	assert_true(attempt.allowed);
	/* Of somebody else's account it is none. */
	assert_ok(device_there(&f->job, f->job.db, no + 1, device, attempt.device, &attempt.known));
	assert_false(attempt.known);
}

static void
a_reset_takes_all_away_and_chooses_nothing(void **state)
{
	struct vault_fixture *f = *state;
	struct invitation invitation;
	struct session session, again;
	struct signed_in in;
	struct staff staff;
	struct sign_in_row *row;
	struct alert *alert;
	size_t alerts, rows;
	int64_t no;
	str token;

	session = begun(f, "berit@example.com", PASSWORD, &no);
	f->job.now += TIME_SECOND;
	f->job.actor = (struct actor){ .kind = ACTOR_STAFF, .no = no, .staff = no };
	assert_fails(&f->job, ERR_DENIED, invitation_make(&f->job, &f->desk, no, 0, &invitation));
	as_operator(f);
	assert_true(session_lives(f, &session));
	assert_ok(invitation_make(&f->job, &f->desk, no, 2, &invitation));
	assert_true(invitation.reset);
	assert_false(session_lives(f, &session));
	assert_int_equal(tries(f, S("berit@example.com"), PASSWORD, S(""), S(""), &in), ERR_SIGN_IN);
	assert_ok(alert_list(&f->job, 0, 10, true, &alert, &alerts));
	assert_int_equal(alerts, 1);
	assert_int_equal(alert[0].kind, ALERT_CREDENTIAL);
	assert_int_equal(alert[0].staff, no);
	assert_ok(sign_in_list(&f->job, no, &row, &rows));
	assert_true(rows >= 2); /* what was there before the reset is still to be seen */
	/* Without a password, for a passkey in that session. */
	assert_ok(invitation_accept(&f->job, &f->desk, invitation.token, S(""), f->peer, &staff, &again, &token));
	assert_int_equal(again.method, AUTH_INVITE);
	as_operator(f);
	assert_int_equal(tries(f, S("berit@example.com"), PASSWORD, S(""), S(""), &in), ERR_SIGN_IN);
	assert_ok(own_password_put(&f->job, &f->desk, &again, PASSWORD, true, 1));
	assert_ok(tries(f, S("berit@example.com"), PASSWORD, S(""), S(""), &in));
}

static void
a_link_dies_with_time_and_with_the_account(void **state)
{
	struct vault_fixture *f = *state;
	struct invitation invitation;
	struct staff staff;
	struct ended ended;
	uint64_t forgotten;
	time_us until;
	int64_t no = person(f, "berit@example.com"), other = person(f, "olle@example.com");

	assert_ok(invitation_make(&f->job, &f->desk, no, 1, &invitation));
	assert_int_equal(invitation.expires_at, NOW + 3600 * TIME_SECOND);
	assert_fails(&f->job, ERR_SIGN_IN, invitation_look(&f->job, &f->desk, S("valvi_nonsense"), &staff, &until));
	assert_ok(invitation_look(&f->job, &f->desk, invitation.token, &staff, &until));
	f->job.now += 3600 * TIME_SECOND;
	assert_fails(&f->job, ERR_SIGN_IN, invitation_look(&f->job, &f->desk, invitation.token, &staff, &until));
	f->job.now += TIME_SECOND;
	assert_ok(invitations_forget(&f->job, f->store, 10, &forgotten));
	assert_int_equal(forgotten, 1);
	assert_ok(invitation_make(&f->job, &f->desk, other, 1000, &invitation));
	assert_int_equal(invitation.expires_at, f->job.now + 48 * 3600 * TIME_SECOND);
	assert_ok(staff_end(&f->job, &f->access, other, END_LEFT, &ended));
	assert_fails(&f->job, ERR_SIGN_IN, invitation_look(&f->job, &f->desk, invitation.token, &staff, &until));
	assert_fails(&f->job, ERR_CONFLICT, invitation_make(&f->job, &f->desk, other, 1, &invitation));
}

static void
showing_it_again_makes_a_session_fresh(void **state)
{
	struct vault_fixture *f = *state;
	struct session session, before, found, *list;
	struct proofs proofs = { .password = PASSWORD, .peer = f->peer };
	struct signed_in in, late;
	size_t count;
	int64_t no;
	bool there;

	before = begun(f, "berit@example.com", PASSWORD, &no);
	f->job.now += 600 * TIME_SECOND;
	assert_ok(sign_in_again(&f->job, &f->desk, &before, &proofs, &in));
	assert_ok(session_list(&f->job, no, &list, &count));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].proved_at, f->job.now);
	assert_int_equal(list[0].method, AUTH_INVITE | AUTH_PASSWORD);
	/* J3: the same session, another token; the one before counts no more, and does not make a third. */
	session = in.session;
	assert_true(uid_eq(session.id, before.id) && uid_eq(list[0].id, before.id));
	assert_memory_not_equal(session.digest, before.digest, DIGEST_BYTES);
	assert_ok(session_find(&f->job, f->job.db, in.token, &found, &there));
	assert_true(there && uid_eq(found.id, before.id));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, sign_in_again(&f->job, &f->desk, &before, &proofs, &late));
	assert_ok(session_find(&f->job, f->job.db, in.token, &found, &there));
	assert_true(there);
	f->job.now += 600 * TIME_SECOND;
	proofs.password = S("wrong");
	assert_fails(&f->job, ERR_SIGN_IN, sign_in_again(&f->job, &f->desk, &session, &proofs, &in));
	assert_ok(session_list(&f->job, no, &list, &count));
	assert_int_equal(list[0].proved_at, f->job.now - 600 * TIME_SECOND);
	assert_int_equal(entries(f, ENTRY_STEP_UP), 1);
	assert_ok(sign_out(&f->job, &f->desk, &session));
	assert_false(session_lives(f, &session));
	assert_int_equal(entries(f, ENTRY_SIGN_OUT), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		VAULT(the_first_administrator_begins_by_a_link_that_is_good_once),
		VAULT(whatever_is_wrong_is_one_answer),
		VAULT(a_second_factor_is_asked_for_and_no_code_counts_twice),
		VAULT(of_four_who_come_with_one_code_one_gets_in),
		VAULT(waits_grow_and_end),
		VAULT(no_spelling_of_a_name_and_no_address_of_a_network_is_another),
		VAULT(a_stranger_cannot_lock_out_who_has_been_here),
		VAULT(a_reset_takes_all_away_and_chooses_nothing),
		VAULT(a_link_dies_with_time_and_with_the_account),
		VAULT(showing_it_again_makes_a_session_fresh),
	};

	return cmocka_run_group_tests_name("access/sign_in", tests, NULL, NULL);
}

const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}
