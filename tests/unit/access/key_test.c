/* src/access/key.c: who a program is, what it may do, and that a revocation holds at once. */
#include "access_test.h"

#include <unistd.h>

#include "os/file.h"

static str
header_of(struct job *job, str text)
{
	OWNED(buf_release) struct buf header = { .max = 200 };

	buf_put(&header, S("Bearer "));
	buf_put(&header, text);
	return arena_str(&job->arena, buf_str(&header));
}

static struct api_key
key_of(struct fixture *f, uint32_t scopes, bytes purposes, time_us expires_at, str *ret_header)
{
	struct api_key key = { .name = S("shop"), .scopes = scopes, .all_purposes = !purposes.len, .purposes = purposes,
		               .expires_at = expires_at, .program = true };
	str text;

	assert_ok(key_make(&f->job, f->store, &key, &text));
	*ret_header = header_of(&f->job, text);
	return key;
}

/* What a new request sees. */
static enum err
enter(struct fixture *f, str header, struct principal *ret)
{
	enum err err = principal_of_token(&f->job, &f->access, f->cache, &(struct shown){ .authorization = header }, ret);

	if (err)
		assert_int_equal(f->job.actor.kind, ACTOR_NOBODY);
	return err;
}

static void
a_key_names_its_actor_and_carries_its_scopes(void **state)
{
	struct fixture *f = *state;
	struct principal principal;
	str header;
	struct api_key key = key_of(f, SCOPE_READ | SCOPE_DECIDE, (bytes){ 0 }, TIME_NEVER, &header);

	assert_ok(enter(f, header, &principal));
	assert_int_equal(f->job.actor.kind, ACTOR_KEY);
	assert_int_equal(f->job.actor.no, key.no);
	assert_ok(require_scope(&f->job, &principal, SCOPE_NOTHING));
	assert_ok(require_scope(&f->job, &principal, SCOPE_READ));
	assert_ok(require_scope(&f->job, &principal, SCOPE_READ | SCOPE_DECIDE));
	for (uint32_t scope = 1; scope <= SCOPES_ALL; scope <<= 1)
		if (!(scope & (SCOPE_READ | SCOPE_DECIDE)))
			assert_fails(&f->job, ERR_DENIED, require_scope(&f->job, &principal, (enum scope)scope));
	assert_fails(&f->job, ERR_DENIED, require_scope(&f->job, &principal, SCOPE_READ | SCOPE_WRITE));
	assert_ok(require_purpose(&f->job, &principal, 17));
}

static void
a_key_for_some_purposes_is_for_no_other(void **state)
{
	struct fixture *f = *state;
	const uint8_t listed[] = { 3, 0, 0, 1 }; /* 3 and 256 */
	struct principal principal;
	str header;

	key_of(f, SCOPES_ALL, (bytes){ listed, 4 }, TIME_NEVER, &header);
	assert_ok(enter(f, header, &principal));
	assert_false(principal_has_all(&principal));
	assert_ok(require_purpose(&f->job, &principal, 3));
	assert_ok(require_purpose(&f->job, &principal, 256));
	assert_fails(&f->job, ERR_PURPOSE_DENIED, require_purpose(&f->job, &principal, 1));
	assert_fails(&f->job, ERR_PURPOSE_DENIED, require_purpose(&f->job, &principal, 0));
	assert_fails(&f->job, ERR_PURPOSE_DENIED, require_purpose(&f->job, &principal, 65536 + 3));
}

/* A1: a wrong, a revoked and an expired one look alike. */
static void
whatever_is_no_valid_key_is_answered_alike(void **state)
{
	struct fixture *f = *state;
	struct principal principal;
	struct api_key revoked;
	str good, gone, late;
	const char *why = NULL;

	key_of(f, SCOPE_READ, (bytes){ 0 }, TIME_NEVER, &good);
	revoked = key_of(f, SCOPE_READ, (bytes){ 0 }, TIME_NEVER, &gone);
	key_of(f, SCOPE_READ, (bytes){ 0 }, f->job.now, &late);
	assert_ok(key_revoke(&f->job, f->store, revoked.id));
	{
		char *changed = (char *)arena_str(&f->job.arena, good).ptr;
		const str wrong[] = {
			S(""), S("Bearer"), S("Bearer "), S("Bearer valv_"), S("Basic dXNlcjpwYXNz"), gone, late,
			str_from(good, 7), str_first(good, good.len - 1), { changed, good.len },
			S("Bearer valv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		};
		changed[good.len - 3] ^= 1;
		for (size_t i = 0; i < COUNT(wrong); i++) {
			assert_string_equal(error_name(enter(f, wrong[i], &principal)), "ERR_UNAUTHENTICATED");
			assert_true(!why || strcmp(why, f->job.failure.why) == 0);
			why = f->job.failure.why;
			job_forgive(&f->job);
		}
	}
	assert_ok(enter(f, good, &principal));
}

static void
the_scheme_goes_without_regard_to_case(void **state)
{
	struct fixture *f = *state;
	struct principal principal;
	str header;
	char *lower;

	key_of(f, SCOPE_READ, (bytes){ 0 }, TIME_NEVER, &header);
	lower = (char *)arena_str(&f->job.arena, header).ptr;
	memcpy(lower, "bEARER ", 7);
	assert_ok(enter(f, (str){ lower, header.len }, &principal));
}

static void
a_key_ends_at_its_time(void **state)
{
	struct fixture *f = *state;
	struct principal principal;
	str header;

	key_of(f, SCOPE_READ, (bytes){ 0 }, f->job.now + TIME_DAY, &header);
	assert_ok(enter(f, header, &principal));
	f->job.now += TIME_DAY - 1;
	assert_ok(enter(f, header, &principal));
	f->job.now += 1;
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, header, &principal));
}

static void
a_revocation_holds_for_the_very_next_request_and_for_ever(void **state)
{
	struct fixture *f = *state;
	struct principal principal;
	struct api_key *list, key;
	size_t count;
	str header;

	key = key_of(f, SCOPE_READ, (bytes){ 0 }, TIME_NEVER, &header);
	for (int i = 0; i < 3; i++)
		assert_ok(enter(f, header, &principal)); /* however well it is known by now */
	f->job.actor = (struct actor){ ACTOR_OPERATOR, 1000 };
	assert_ok(key_revoke(&f->job, f->store, key.id));
	assert_fails(&f->job, ERR_UNAUTHENTICATED, enter(f, header, &principal));
	f->job.now += TIME_DAY;
	assert_ok(key_revoke(&f->job, f->store, key.id)); /* again is fine; the first stands */
	assert_ok(key_list(&f->job, 0, 10, &list, &count));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].revoked_at, f->job.now - TIME_DAY);
	assert_true(str_eq(list[0].name, S("shop")));
	assert_fails(&f->job, ERR_ABSENT, key_revoke(&f->job, f->store, (uid){ { 1 } }));
}

/* A1: the text is in no file. */
static void
the_store_does_not_hold_the_text_of_a_key(void **state)
{
	static const char *const files[] = { "valv.db", "valv.db-wal", "keys.db", "keys.db-wal" };
	struct fixture *f = *state;
	struct api_key key = { .name = S("shop"), .scopes = SCOPE_READ, .all_purposes = true, .expires_at = TIME_NEVER,
		               .program = true };
	char path[300];
	str text;

	assert_ok(key_make(&f->job, f->store, &key, &text));
	assert_int_equal(text.len, KEY_TEXT_BYTES);
	for (size_t i = 0; i < COUNT(files); i++) {
		bytes content;
		snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
		if (!file_exists(path))
			continue;
		assert_ok(file_read(&f->job, path, 64 << 20, &content));
		assert_null(memmem(content.ptr, content.len, text.ptr + 5, 20));
	}
}

static void
keys_are_listed_by_page(void **state)
{
	struct fixture *f = *state;
	struct api_key *list;
	size_t count;
	str header;

	for (int i = 0; i < 5; i++)
		key_of(f, SCOPE_READ, (bytes){ 0 }, TIME_NEVER, &header);
	assert_ok(key_list(&f->job, 0, 2, &list, &count));
	assert_int_equal(count, 2);
	assert_int_equal(list[1].no, 2);
	assert_ok(key_list(&f->job, list[1].no, 10, &list, &count));
	assert_int_equal(count, 3);
	assert_int_equal(list[2].no, 5);
}

static void
scopes_have_names_and_operators_hold_all(void **state)
{
	struct fixture *f = *state;
	struct principal principal;
	enum scope scope;

	for (uint32_t bit = 1; bit <= SCOPES_ALL; bit <<= 1) {
		assert_true(scope_text((enum scope)bit).len > 0);
		assert_true(scope_of_name(scope_text((enum scope)bit), &scope) && (uint32_t)scope == bit);
	}
	assert_false(scope_of_name(S("everything"), &scope));
	assert_ok(principal_of_operator(&f->job, 1000, &principal));
	assert_ok(require_scope(&f->job, &principal, (enum scope)SCOPES_ALL));
	assert_ok(require_purpose(&f->job, &principal, 60001));
}

/* --- at once (I5) ------------------------------------------------------------------------------------- */

struct race {
	struct fixture *f;
	str header;
	atomic_bool revoked;
	atomic_uint entered, wrong;
	pthread_t thread[8];
};

static void *
knock(void *arg)
{
	struct race *race = arg;
	struct job job = { .now = race->f->job.now };

	assert_ok(store_reader(&job, race->f->store, &job.db));
	for (int after = 0; after < 20;) {
		bool revoked = race->revoked; /* read before the request begins */
		struct principal principal;
		enum err err = principal_of_token(&job, &race->f->access, race->f->cache,
		                                  &(struct shown){ .authorization = race->header }, &principal);
		if (!err && revoked)
			race->wrong++;
		if (!err)
			race->entered++;
		after += revoked;
		job_forgive(&job);
		arena_reset(&job.arena);
	}
	reader_end(&job.db);
	job_release(&job);
	return NULL;
}

static void
no_request_that_begins_after_the_revocation_enters(void **state)
{
	struct race race = { .f = *state };

	for (int round = 0; round < 10; round++) {
		struct api_key key = key_of(race.f, SCOPE_READ, (bytes){ 0 }, TIME_NEVER, &race.header);
		race.revoked = false;
		race.entered = 0;
		for (size_t i = 0; i < COUNT(race.thread); i++)
			assert_int_equal(pthread_create(&race.thread[i], NULL, knock, &race), 0);
		while (race.entered < 50)
			usleep(100);
		assert_ok(key_revoke(&race.f->job, race.f->store, key.id));
		race.revoked = true;
		for (size_t i = 0; i < COUNT(race.thread); i++)
			assert_int_equal(pthread_join(race.thread[i], NULL), 0);
	}
	assert_int_equal(race.wrong, 0);
}

int
key_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_key_names_its_actor_and_carries_its_scopes),
		EACH(a_key_for_some_purposes_is_for_no_other),
		EACH(whatever_is_no_valid_key_is_answered_alike),
		EACH(the_scheme_goes_without_regard_to_case),
		EACH(a_key_ends_at_its_time),
		EACH(a_revocation_holds_for_the_very_next_request_and_for_ever),
		EACH(the_store_does_not_hold_the_text_of_a_key),
		EACH(keys_are_listed_by_page),
		EACH(scopes_have_names_and_operators_hold_all),
		EACH(no_request_that_begins_after_the_revocation_enters),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
