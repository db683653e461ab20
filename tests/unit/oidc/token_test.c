/* src/oidc/token.c: an ID token and a logout token that are right, and each with one thing wrong.  What is
 * wrong with signatures is in tests/unit/jose; whole sign-ins are in tests/api/test_oidc.py. */
#include "oidc_test.h"

#include "oidc/token.h"

/* One member replaced: "name":text; text NULL: left out. */
struct member {
	const char *name, *text;
};

static void
claims_write(const struct member *member, size_t count, const struct member *other, struct buf *out)
{
	bool first = true, used = false;

	buf_clear(out);
	buf_char(out, '{');
	for (size_t i = 0; i <= count; i++) {
		const char *name = i < count ? member[i].name : other ? other->name : NULL;
		const char *text = i < count ? member[i].text : other ? other->text : NULL;
		if (i < count && other && strcmp(member[i].name, other->name) == 0) {
			used = true;
			text = other->text;
		}
		if (!text || (i == count && used))
			continue;
		buf_put(out, first ? S("\"") : S(",\""));
		buf_put(out, str_from_c(name));
		buf_put(out, S("\":"));
		buf_put(out, str_from_c(text));
		first = false;
	}
	buf_char(out, '}');
	assert_true(buf_ok(out));
}

/* --- ID tokens -------------------------------------------------------------------------------- */

static const struct member id_claims[] = {
	{ "iss", "\"https://login.example.com\"" }, { "aud", "\"valv\"" }, { "sub", "\"248289\"" },
	{ "nonce", "\"n-0S6_WzA2Mj\"" }, { "iat", "1800000000" }, { "exp", "1800000300" },
};

static enum err
id_try(struct job *job, const struct member *other, const struct id_token_rules *rules, struct id_token *ret)
{
	OWNED(buf_release) struct buf text = { .max = 64 * 1024 };

	job_forgive(job);
	claims_write(id_claims, COUNT(id_claims), other, &text);
	return id_token_read(job, rules, buf_str(&text), ret);
}

static const struct id_token_rules rules = {
	.issuer = { "https://login.example.com", 25 }, .client_id = { "valv", 4 },
	.nonce = { "n-0S6_WzA2Mj", 12 }, .access_token = { "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", 43 },
	.alg = JOSE_RS256, .begun_at = NOW, .groups_claim = { "groups", 6 },
};

static void
a_token_with_one_wrong_claim_is_refused(void **state)
{
	static const struct member bad[] = {
		{ "iss", NULL }, { "iss", "null" }, { "iss", "\"https://login.example.com/\"" }, { "iss", "\"https://LOGIN.example.com\"" },
		{ "iss", "[\"https://login.example.com\"]" }, { "iss", "\"\"" },
		{ "aud", NULL }, { "aud", "null" }, { "aud", "\"other\"" }, { "aud", "\"Valv\"" }, { "aud", "\"valv \"" }, { "aud", "[]" },
		{ "aud", "[\"other\"]" }, { "aud", "[\"valv\",\"other\"]" }, { "aud", "[\"valv\",\"valv\"]" }, { "aud", "{\"valv\":1}" },
		{ "aud", "[[\"valv\"]]" }, { "aud", "[null]" },
		{ "azp", "\"other\"" }, { "azp", "null" }, { "azp", "[\"valv\"]" }, { "azp", "\"\"" },
		{ "sub", NULL }, { "sub", "null" }, { "sub", "248289" }, { "sub", "\"\"" }, { "sub", "\"a\\u0000b\"" }, { "sub", "\"\xc3\xa5\"" },
		{ "sub", "\"a\\nb\"" }, { "sub", "[\"248289\"]" },
		{ "nonce", NULL }, { "nonce", "null" }, { "nonce", "\"\"" }, { "nonce", "\"n-0S6_WzA2MJ\"" }, { "nonce", "\"n-0S6_WzA2M\"" },
		{ "nonce", "[\"n-0S6_WzA2Mj\"]" }, { "nonce", "1" },
		{ "exp", NULL }, { "exp", "null" }, { "exp", "\"1800000300\"" }, { "exp", "1800000300.5" }, { "exp", "1.8e9" }, { "exp", "-1" },
		{ "exp", "0" }, { "exp", "1799999940" }, { "exp", "9223372036854775807" }, { "exp", "253402300800" }, { "exp", "true" },
		{ "exp", "1e300" }, { "exp", "18446744073709551615" },
		{ "iat", NULL }, { "iat", "null" }, { "iat", "\"1800000000\"" }, { "iat", "1800000061" }, { "iat", "1799999939" }, { "iat", "1800000000.0" },
		{ "nbf", "1800000061" }, { "nbf", "\"1800000000\"" }, { "nbf", "null" },
		{ "at_hash", "\"77QmUPtjPfzWtF2AnpK9RA\"" }, { "at_hash", "\"\"" }, { "at_hash", "1" },
		{ "auth_time", "1800000061" }, { "auth_time", "\"1800000000\"" },
		{ "events", "{}" }, { "sid", "7" }, { "sid", "\"\"" }, { "groups", "{\"a\":1}" }, { "groups", "[1]" }, { "groups", "7" },
		{ "amr", "[\"pwd otp\"]" }, { "amr", "{}" }, { "acr", "2" },
	};
	OWNED(job_release) struct job job = { .now = NOW };
	struct id_token token;

	if (id_try(&job, NULL, &rules, &token))
		wrong("the good one: %s\n", job.failure.why);
	assert_true(str_eq(token.subject, S("248289")) && !token.sid.len && token.auth_at == TIME_NEVER);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (id_try(&job, &bad[i], &rules, &token) != ERR_INVALID)
			wrong("%s: %s\n", bad[i].name, bad[i].text ? bad[i].text : "left out");
}

static void
a_token_that_says_more_is_accepted_and_read(void **state)
{
	static const struct member good[] = {
		{ "aud", "[\"valv\"]" }, { "azp", "\"valv\"" }, { "exp", "1799999941" }, { "iat", "1800000060" }, { "iat", "1799999940" },
		{ "nbf", "1800000060" }, { "sid", "\"08a5019c-17e1\"" }, { "acr", "\"urn:mace:incommon:iap:silver\"" },
		{ "amr", "[\"pwd\",\"otp\"]" }, { "amr", "\"hwk\"" }, { "groups", "[\"sales\",\"dpo\"]" }, { "groups", "[]" },
		{ "email", "\"anna@example.com\"" }, { "unknown", "{\"a\":[1,2]}" }, { "auth_time", "1700000000" },
	};
	OWNED(job_release) struct job job = { .now = NOW };
	struct member groups = { "groups", "[\"sales\",\"dpo\"]" }, amr = { "amr", "[\"pwd\",\"otp\"]" };
	struct id_token token;

	for (size_t i = 0; i < COUNT(good); i++)
		if (id_try(&job, &good[i], &rules, &token))
			wrong("%s %s: %s\n", good[i].name, good[i].text, job.failure.why);
	assert_int_equal(id_try(&job, &groups, &rules, &token), OK);
	assert_int_equal(token.group_count, 2);
	assert_true(str_eq(token.group[1], S("dpo")));
	assert_int_equal(id_try(&job, &amr, &rules, &token), OK);
	assert_true(str_eq(token.amr, S("pwd otp")));
}

static void
the_hash_of_the_access_token_goes_with_the_algorithm(void **state)
{
	/* OpenID Connect Core 1.0, A.3 */
	struct member at_hash = { "at_hash", "\"77QmUPtjPfzWtF2AnpK9RQ\"" };
	struct id_token_rules of_rfc = rules, eddsa = rules, none = rules;
	OWNED(buf_release) struct buf half = { .max = 64 };
	OWNED(job_release) struct job job = { .now = NOW };
	struct id_token token;

	of_rfc.access_token = S("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
	assert_int_equal(id_try(&job, &at_hash, &of_rfc, &token), OK);
	eddsa.alg = JOSE_EDDSA;
	assert_int_equal(id_try(&job, &at_hash, &eddsa, &token), ERR_INVALID);
	none.access_token = S("");
	assert_int_equal(id_try(&job, &at_hash, &none, &token), ERR_INVALID);
	token_half_hash(JOSE_EDDSA, S("a"), &half);
	assert_int_equal(half.len, 43);
}

static void
a_fresh_proof_is_one_of_this_attempt(void **state)
{
	static const struct {
		const char *auth_time;
		enum err err;
	} rows[] = { { NULL, ERR_INVALID }, { "null", ERR_INVALID }, { "1799999939", ERR_INVALID }, { "1799999940", OK },
		     { "1800000000", OK }, { "1800000061", ERR_INVALID }, { "0", ERR_INVALID } };
	OWNED(job_release) struct job job = { .now = NOW };
	struct id_token_rules fresh = rules;
	struct id_token token;

	fresh.fresh = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct member auth_time = { "auth_time", rows[i].auth_time };
		if (id_try(&job, &auth_time, &fresh, &token) != rows[i].err)
			wrong("%s\n", rows[i].auth_time ? rows[i].auth_time : "none");
	}
}

static void
what_is_no_object_is_no_token(void **state)
{
	static const char *const bad[] = { "", " ", "null", "[]", "\"a\"", "{", "{}", "{\"iss\":1,\"iss\":2}", "\xff", "{}{}" };
	OWNED(job_release) struct job job = { .now = NOW };
	struct logout_token logout;
	struct id_token token;

	for (size_t i = 0; i < COUNT(bad); i++) {
		job_forgive(&job);
		assert_int_equal(id_token_read(&job, &rules, str_from_c(bad[i]), &token), ERR_INVALID);
		job_forgive(&job);
		assert_int_equal(logout_token_read(&job, rules.issuer, rules.client_id, str_from_c(bad[i]), &logout), ERR_INVALID);
	}
}

/* --- logout tokens ---------------------------------------------------------------------------- */

#define EVENT "{\"http://schemas.openid.net/event/backchannel-logout\":{}}"

static const struct member logout_claims[] = {
	{ "iss", "\"https://login.example.com\"" }, { "aud", "\"valv\"" }, { "sub", "\"248289\"" }, { "sid", "\"s1\"" },
	{ "iat", "1800000000" }, { "exp", "1800000120" }, { "jti", "\"bWJq\"" }, { "events", EVENT },
};

static enum err
logout_try(struct job *job, const struct member *other, struct logout_token *ret)
{
	OWNED(buf_release) struct buf text = { .max = 64 * 1024 };

	job_forgive(job);
	claims_write(logout_claims, COUNT(logout_claims), other, &text);
	return logout_token_read(job, rules.issuer, rules.client_id, buf_str(&text), ret);
}

static void
a_logout_token_is_what_the_standard_says(void **state)
{
	static const struct member bad[] = {
		{ "iss", "\"https://login.example.com/\"" }, { "iss", NULL }, { "aud", "\"other\"" }, { "aud", NULL },
		{ "aud", "[\"valv\",\"other\"]" }, { "iat", NULL }, { "iat", "1800000061" }, { "iat", "1799999339" }, { "iat", "\"1800000000\"" },
		{ "exp", "1799999940" }, { "exp", "\"x\"" }, { "jti", NULL }, { "jti", "\"\"" }, { "jti", "7" }, { "nonce", "\"n\"" }, { "nonce", "null" },
		{ "events", NULL }, { "events", "{}" }, { "events", "[\"http://schemas.openid.net/event/backchannel-logout\"]" },
		{ "events", "{\"http://schemas.openid.net/event/backchannel-logout\":null}" }, { "events", "{\"http://schemas.openid.net/event/backchannel-logout\":true}" },
		{ "events", "{\"http://schemas.openid.net/event/backchannel-logout/\":{}}" }, { "sub", "7" }, { "sid", "7" }, { "sid", "null" },
	};
	static const struct member good[] = { { "exp", NULL }, { "sub", NULL }, { "sid", NULL }, { "aud", "[\"valv\"]" }, { "iat", "1799999340" } };
	OWNED(job_release) struct job job = { .now = NOW };
	OWNED(buf_release) struct buf neither = { .max = 1024 };
	struct logout_token token;

	if (logout_try(&job, NULL, &token))
		wrong("the good one: %s\n", job.failure.why);
	assert_true(str_eq(token.subject, S("248289")) && str_eq(token.sid, S("s1")) && str_eq(token.jti, S("bWJq")));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (logout_try(&job, &bad[i], &token) != ERR_INVALID)
			wrong("%s: %s\n", bad[i].name, bad[i].text ? bad[i].text : "left out");
	for (size_t i = 0; i < COUNT(good); i++)
		if (logout_try(&job, &good[i], &token))
			wrong("%s: %s\n", good[i].name, job.failure.why);
	buf_put(&neither, S("{\"iss\":\"https://login.example.com\",\"aud\":\"valv\",\"iat\":1800000000,\"jti\":\"a\",\"events\":" EVENT "}"));
	job_forgive(&job);
	assert_int_equal(logout_token_read(&job, rules.issuer, rules.client_id, buf_str(&neither), &token), ERR_INVALID);
}

static void
neither_passes_for_the_other(void **state)
{
	OWNED(job_release) struct job job = { .now = NOW };
	OWNED(buf_release) struct buf id = { .max = 4096 }, logout = { .max = 4096 };
	struct logout_token logout_token;
	struct id_token id_token;

	claims_write(id_claims, COUNT(id_claims), NULL, &id);
	claims_write(logout_claims, COUNT(logout_claims), NULL, &logout);
	assert_int_equal(logout_token_read(&job, rules.issuer, rules.client_id, buf_str(&id), &logout_token), ERR_INVALID);
	job_forgive(&job);
	assert_int_equal(id_token_read(&job, &rules, buf_str(&logout), &id_token), ERR_INVALID);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_with_one_wrong_claim_is_refused),
		cmocka_unit_test(a_token_that_says_more_is_accepted_and_read),
		cmocka_unit_test(the_hash_of_the_access_token_goes_with_the_algorithm),
		cmocka_unit_test(a_fresh_proof_is_one_of_this_attempt),
		cmocka_unit_test(what_is_no_object_is_no_token),
		cmocka_unit_test(a_logout_token_is_what_the_standard_says),
		cmocka_unit_test(neither_passes_for_the_other),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL) + event_tests() + provider_tests();
}
