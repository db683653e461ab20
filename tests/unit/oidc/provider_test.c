/* src/oidc/provider.c and flow.c: what a discovery document must say, and where the browser is sent. */
#include "oidc_test.h"

#include "oidc/provider.h"

#define GOOD_HEAD "{\"issuer\":\"https://login.example.com/a\",\"authorization_endpoint\":\"https://login.example.com/a/auth\","
#define GOOD_TAIL \
	"\"token_endpoint\":\"https://login.example.com/a/token\",\"jwks_uri\":\"https://login.example.com/a/keys\"," \
	"\"response_types_supported\":[\"id_token\",\"code\"]"
#define ALGS ",\"id_token_signing_alg_values_supported\":[\"none\",\"HS256\",\"ES256\",\"RS256\"]"

static enum err
try(struct job *job, const char *text, struct oidc_metadata *ret)
{
	static const struct networks none = { 0 };

	job_forgive(job);
	return oidc_metadata_read(job, str_from_c(text), S("https://login.example.com/a"), &none, ret);
}

static void
metadata_is_believed_as_far_as_it_fits(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", GOOD_HEAD GOOD_TAIL "}", /* no algorithms */
		GOOD_HEAD GOOD_TAIL ",\"id_token_signing_alg_values_supported\":[\"none\",\"HS256\"]}",
		"{\"issuer\":\"https://login.example.com/a/\",\"authorization_endpoint\":\"https://login.example.com/a/auth\"," GOOD_TAIL ALGS "}",
		"{\"issuer\":\"https://login.example.com/a\",\"authorization_endpoint\":\"http://login.example.com/a/auth\"," GOOD_TAIL ALGS "}",
		"{\"issuer\":\"https://login.example.com/a\",\"authorization_endpoint\":\"javascript:alert(1)\"," GOOD_TAIL ALGS "}",
		"{\"issuer\":\"https://login.example.com/a\",\"authorization_endpoint\":\"https://u@login.example.com/\"," GOOD_TAIL ALGS "}",
		"{\"issuer\":\"https://login.example.com/a\"," GOOD_TAIL ALGS "}",
		GOOD_HEAD "\"token_endpoint\":\"file:///etc/passwd\",\"jwks_uri\":\"https://login.example.com/a/keys\",\"response_types_supported\":[\"code\"]" ALGS "}",
		GOOD_HEAD "\"token_endpoint\":\"https://login.example.com:8443/\",\"jwks_uri\":\"https://login.example.com/a/keys\",\"response_types_supported\":[\"code\"]" ALGS "}",
		GOOD_HEAD "\"token_endpoint\":\"https://login.example.com/a/token\",\"response_types_supported\":[\"code\"]" ALGS "}",
		GOOD_HEAD "\"token_endpoint\":\"https://login.example.com/a/token\",\"jwks_uri\":\"https://login.example.com/a/keys\",\"response_types_supported\":[\"id_token\"]" ALGS "}",
		GOOD_HEAD GOOD_TAIL ALGS ",\"code_challenge_methods_supported\":[\"plain\"]}",
		GOOD_HEAD GOOD_TAIL ALGS ",\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\"]}",
		GOOD_HEAD GOOD_TAIL ALGS ",\"authorization_response_iss_parameter_supported\":\"yes\"}",
	};
	OWNED(job_release) struct job job = { .now = NOW };
	struct oidc_metadata metadata;

	assert_int_equal(try(&job, GOOD_HEAD GOOD_TAIL ALGS "}", &metadata), OK);
	assert_int_equal(metadata.algs, JOSE_RS256 | JOSE_ES256);
	assert_true(metadata.basic && !metadata.says_issuer);
	assert_int_equal(try(&job, GOOD_HEAD GOOD_TAIL ALGS ",\"code_challenge_methods_supported\":[\"plain\",\"S256\"],"
	                     "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],\"authorization_response_iss_parameter_supported\":true}", &metadata), OK);
	assert_true(!metadata.basic && metadata.says_issuer);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (try(&job, bad[i], &metadata) != ERR_INVALID)
			wrong("%s\n", bad[i]);
}

static void
the_browser_is_sent_with_a_challenge_and_never_with_the_verifier(void **state)
{
	static const struct oidc_client client = {
		.issuer = { "https://login.example.com/a", 27 }, .client_id = { "va&lv", 5 }, .client_secret = { "hush", 4 },
		.redirect_uri = { "https://valv.example.com/oidc/callback", 38 }, .scopes = { "profile email", 13 },
	};
	struct oidc_metadata metadata = { .authorization_endpoint = S("https://login.example.com/a/auth?x=1") };
	/* RFC 7636 appendix B */
	struct oidc_attempt attempt = { S("st"), S("no"), S("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), NOW, true };
	OWNED(buf_release) struct buf url = { .max = 4096 };

	oidc_authorization_url(&client, &metadata, &attempt, &url);
	if (!str_eq(buf_str(&url), S("https://login.example.com/a/auth?x=1&response_type=code&client_id=va%26lv"
	                             "&redirect_uri=https%3A%2F%2Fvalv.example.com%2Foidc%2Fcallback&scope=openid%20profile%20email&state=st&nonce=no"
	                             "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&prompt=login&max_age=0")))
		wrong("%.*s\n", SPRINT(buf_str(&url)));
}

static void
what_an_attempt_is_made_of_tells_nothing_of_the_rest(void **state)
{
	OWNED(job_release) struct job job = { .now = NOW };
	uint8_t seed[OIDC_SEED_BYTES] = { 1 };
	struct oidc_attempt a = { 0 }, b = { 0 }, again = { 0 };

	oidc_attempt_of(&job, seed, &a);
	oidc_attempt_of(&job, seed, &again);
	seed[31] ^= 1;
	oidc_attempt_of(&job, seed, &b);
	assert_true(str_eq(a.state, again.state) && str_eq(a.nonce, again.nonce) && str_eq(a.verifier, again.verifier));
	assert_int_equal(a.state.len + a.nonce.len + a.verifier.len, 3 * OIDC_SECRET_TEXT);
	assert_false(str_eq(a.state, b.state) || str_eq(a.nonce, b.nonce) || str_eq(a.verifier, b.verifier));
	assert_false(str_eq(a.state, a.nonce) || str_eq(a.state, a.verifier) || str_eq(a.nonce, a.verifier));
}

int
provider_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_is_believed_as_far_as_it_fits),
		cmocka_unit_test(the_browser_is_sent_with_a_challenge_and_never_with_the_verifier),
		cmocka_unit_test(what_an_attempt_is_made_of_tells_nothing_of_the_rest),
	};

	return cmocka_run_group_tests_name("provider", tests, NULL, NULL);
}
