/* src/jose/: the vectors of RFC 7515 and 8037, each algorithm with fresh keys, and what must not pass. */
#include "jose_test.h"

#define TOKEN_MAX (64 * 1024)

static const char *const any_typ[] = { "", "JWT", NULL };
static const struct jws_rules all = { JOSE_ALGS_ALL, any_typ };

static enum err
open_with(struct job *job, const struct jws_rules *rules, str keys, str token, str *ret)
{
	struct jwks set;
	struct jws jws;

	job_forgive(job);
	TRY(jwks_read(job, keys, &set));
	TRY(jws_read(job, rules, token, &jws));
	return jws_open(job, &jws, &set, ret);
}

/* --- vectors of others ------------------------------------------------------------------------ */

static const struct {
	const char *keys, *token, *payload;
} vectors[] = {
	/* RFC 7515 A.2 */
	{ "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
	  "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
	  "bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"
	  "I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}]}",
	  "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp"
	  "0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF"
	  "9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO-"
	  "-xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypG"
	  "lUPQGe77Rw",
	  "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}" },
	/* RFC 7515 A.3 */
	{ "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	  "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
	  "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp"
	  "0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
	  "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}" },
	/* RFC 8037 A.4 */
	{ "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
	  "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4"
	  "iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
	  "Example of Ed25519 signing" },
};

static void
the_vectors_of_the_rfcs_hold_and_no_octet_of_them_changed(void **state)
{
	OWNED(job_release) struct job job = { .now = 1 };
	str payload;

	for (size_t i = 0; i < COUNT(vectors); i++) {
		str keys = str_from_c(vectors[i].keys), token = str_from_c(vectors[i].token);
		char *changed = malloc(token.len);
		if (open_with(&job, &all, keys, token, &payload))
			wrong("%zu: %s\n", i, job.failure.why);
		assert_true(str_eq(payload, str_from_c(vectors[i].payload)));
		/* Every character, by the bit that keeps most of them in the alphabet. */
		for (size_t at = 0; at < token.len; at++) {
			memcpy(changed, token.ptr, token.len);
			changed[at] ^= 1;
			if (!open_with(&job, &all, keys, (str){ changed, token.len }, &payload))
				wrong("%zu: character %zu\n", i, at);
			if (!open_with(&job, &all, keys, str_first(token, at), &payload))
				wrong("%zu: cut at %zu\n", i, at);
		}
		free(changed);
		job_forgive(&job);
		arena_reset(&job.arena);
	}
}

/* --- keys of our own -------------------------------------------------------------------------- */

struct keys {
	struct signer *rsa, *other, *p256;
	struct buf set; /* rsa and p256, with kid */
} keys;

static int
keys_setup(void **state)
{
	keys = (struct keys){ signer_rsa(2048), signer_rsa(2048), signer_p256(), { .max = TOKEN_MAX } };
	buf_put(&keys.set, S("{\"keys\":[{\"kid\":\"r\","));
	signer_jwk(keys.rsa, &keys.set);
	buf_put(&keys.set, S("},{\"kid\":\"p\",\"alg\":\"ES256\",\"use\":\"sig\","));
	signer_jwk(keys.p256, &keys.set);
	buf_put(&keys.set, S("}]}"));
	return 0;
}

static int
keys_teardown(void **state)
{
	signer_end(keys.rsa);
	signer_end(keys.other);
	signer_end(keys.p256);
	buf_release(&keys.set);
	return 0;
}

static enum err
try_header(struct job *job, const struct jws_rules *rules, const struct signer *signer, bool pss,
           const char *header)
{
	OWNED(buf_release) struct buf token = { .max = TOKEN_MAX };
	str payload = S("");

	token_make(signer, pss, str_from_c(header), S("{\"a\":1}"), &token);
	TRY(open_with(job, rules, buf_str(&keys.set), buf_str(&token), &payload));
	assert_true(str_eq(payload, S("{\"a\":1}")));
	return OK;
}

static void
each_algorithm_is_accepted_where_it_is_allowed_and_of_the_keys_kind(void **state)
{
	OWNED(job_release) struct job job = { .now = 1 };
	static const struct jws_rules rs = { JOSE_RS256, any_typ }, es = { JOSE_ES256, any_typ };

	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\"}"), OK);
	assert_int_equal(try_header(&job, &all, keys.rsa, true, "{\"alg\":\"PS256\",\"kid\":\"r\"}"), OK);
	assert_int_equal(try_header(&job, &all, keys.p256, false, "{\"alg\":\"ES256\",\"kid\":\"p\"}"), OK);
	assert_int_equal(try_header(&job, &rs, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\"}"), OK);
	assert_int_equal(try_header(&job, &rs, keys.rsa, true, "{\"alg\":\"PS256\",\"kid\":\"r\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &es, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\"}"), ERR_INVALID);
	/* one padding is not the other; one kind of key not the other */
	assert_int_equal(try_header(&job, &all, keys.rsa, true, "{\"alg\":\"RS256\",\"kid\":\"r\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"PS256\",\"kid\":\"r\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &all, keys.p256, false, "{\"alg\":\"ES256\",\"kid\":\"r\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &all, keys.p256, false, "{\"alg\":\"EdDSA\",\"kid\":\"p\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"p\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &all, keys.other, false, "{\"alg\":\"RS256\",\"kid\":\"r\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"x\"}"), ERR_ABSENT);
	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"RS256\"}"), ERR_INVALID);
}

static void
headers_that_ask_for_more_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"alg\":\"none\",\"kid\":\"r\"}", "{\"alg\":\"None\",\"kid\":\"r\"}", "{\"alg\":\"NONE\",\"kid\":\"r\"}",
		"{\"alg\":\"\",\"kid\":\"r\"}", "{\"alg\":null,\"kid\":\"r\"}", "{\"kid\":\"r\"}", "{\"alg\":[\"RS256\"],\"kid\":\"r\"}",
		"{\"alg\":\"rs256\",\"kid\":\"r\"}", "{\"alg\":\"RS256 \",\"kid\":\"r\"}", "{\"alg\":\"HS256\",\"kid\":\"r\"}",
		"{\"alg\":\"RS384\",\"kid\":\"r\"}", "{\"alg\":\"RS1\",\"kid\":\"r\"}", "{\"alg\":\"RS256\\u0000\",\"kid\":\"r\"}",
		"{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"r\"}", "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[]}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"]}", "{\"alg\":\"RS256\",\"kid\":\"r\",\"b64\":false}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"b64\":true}", "{\"alg\":\"RS256\",\"kid\":\"r\",\"jku\":\"https://example.com/\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"jwk\":{}}", "{\"alg\":\"RS256\",\"kid\":\"r\",\"x5u\":\"https://example.com/\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"x5c\":[]}", "{\"alg\":\"RS256\",\"kid\":\"r\",\"enc\":\"A128GCM\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"zip\":\"DEF\"}", "{\"alg\":\"RS256\",\"kid\":1}", "{\"alg\":\"RS256\",\"kid\":null}",
		"{\"alg\":\"RS256\",\"kid\":\"\"}", "{\"alg\":\"RS256\",\"kid\":\"../../r\"}", "{\"alg\":\"RS256\",\"kid\":\"R\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}", "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":null}",
		"[\"RS256\"]", "\"RS256\"", "{\"alg\":\"RS256\",\"kid\":\"r\"} ", " ", "{", "{\"alg\":\"RS256\",\"kid\":\"r\"}{}",
	};
	OWNED(job_release) struct job job = { .now = 1 };

	for (size_t i = 0; i < COUNT(bad); i++) {
		/* White space around JSON is JSON; the token is another text then, and as good. */
		bool fine = strcmp(bad[i], "{\"alg\":\"RS256\",\"kid\":\"r\"} ") == 0;
		if ((try_header(&job, &all, keys.rsa, false, bad[i]) == OK) != fine)
			wrong("%s\n", bad[i]);
		job_forgive(&job);
	}
	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"jwt\",\"x5t\":\"AA\",\"cty\":\"a\"}"), OK);
	assert_int_equal(try_header(&job, &all, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"application/JWT\"}"), OK);
}

static void
typ_is_what_the_rules_say(void **state)
{
	static const char *const event_typ[] = { "secevent+jwt", NULL };
	static const struct jws_rules event = { JOSE_ALGS_ALL, event_typ };
	OWNED(job_release) struct job job = { .now = 1 };

	assert_int_equal(try_header(&job, &event, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"secevent+jwt\"}"), OK);
	assert_int_equal(try_header(&job, &event, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}"), ERR_INVALID);
	assert_int_equal(try_header(&job, &event, keys.rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\"}"), ERR_INVALID);
}

/* --- signatures ------------------------------------------------------------------------------- */

static enum err
try_signature(struct job *job, const char *alg, const char *kid, str signature)
{
	OWNED(buf_release) struct buf token = { .max = TOKEN_MAX }, header = { .max = 200 };
	str payload;

	buf_put(&header, S("{\"alg\":\""));
	buf_put(&header, str_from_c(alg));
	buf_put(&header, S("\",\"kid\":\""));
	buf_put(&header, str_from_c(kid));
	buf_put(&header, S("\"}"));
	buf_base64url(&token, buf_bytes(&header));
	buf_put(&token, S(".e30."));
	buf_put(&token, signature);
	return open_with(job, &all, buf_str(&keys.set), buf_str(&token), &payload);
}

static void
signatures_of_another_form_are_refused(void **state)
{
	static const str text = { "eyJhbGciOiJFUzI1NiIsImtpZCI6InAifQ.e30", 38 };
	OWNED(buf_release) struct buf plain = { .max = 1024 }, der = { .max = 1024 }, zeros = { .max = 1024 };
	OWNED(job_release) struct job job = { .now = 1 };
	uint8_t octet[64] = { 0 };

	token_sign(keys.p256, false, false, text, &plain);
	token_sign(keys.p256, false, true, text, &der);
	assert_int_equal(try_signature(&job, "ES256", "p", buf_str(&plain)), OK);
	assert_int_equal(try_signature(&job, "ES256", "p", buf_str(&der)), ERR_INVALID);
	buf_base64url(&zeros, (bytes){ octet, 64 });
	assert_int_equal(try_signature(&job, "ES256", "p", buf_str(&zeros)), ERR_INVALID);
	octet[63] = 1; /* r = 0 */
	buf_clear(&zeros);
	buf_base64url(&zeros, (bytes){ octet, 64 });
	assert_int_equal(try_signature(&job, "ES256", "p", buf_str(&zeros)), ERR_INVALID);
	octet[63] = 0, octet[31] = 1; /* s = 0 */
	buf_clear(&zeros);
	buf_base64url(&zeros, (bytes){ octet, 64 });
	assert_int_equal(try_signature(&job, "ES256", "p", buf_str(&zeros)), ERR_INVALID);
	memset(octet, 0xff, sizeof(octet)); /* beyond the order */
	buf_clear(&zeros);
	buf_base64url(&zeros, (bytes){ octet, 64 });
	assert_int_equal(try_signature(&job, "ES256", "p", buf_str(&zeros)), ERR_INVALID);
	assert_int_equal(try_signature(&job, "ES256", "p", str_first(buf_str(&plain), 84)), ERR_INVALID);
	assert_int_equal(try_signature(&job, "RS256", "r", buf_str(&plain)), ERR_INVALID);
	assert_int_equal(try_signature(&job, "ES256", "p", S("")), ERR_INVALID);
}

static void
tokens_of_another_shape_are_refused(void **state)
{
	OWNED(buf_release) struct buf good = { .max = TOKEN_MAX }, bad = { .max = TOKEN_MAX };
	OWNED(job_release) struct job job = { .now = 1 };
	static const char *const behind[] = { ".", "=", "==", " ", "\n", ".e30", ".e30.e30", "+", "\xc3\xa5", "AAAA" };
	str payload;

	token_make(keys.rsa, false, S("{\"alg\":\"RS256\",\"kid\":\"r\"}"), S("{\"a\":1}"), &good);
	assert_int_equal(open_with(&job, &all, buf_str(&keys.set), buf_str(&good), &payload), OK);
	for (size_t i = 0; i < COUNT(behind); i++) {
		buf_clear(&bad);
		buf_put(&bad, buf_str(&good));
		buf_put(&bad, str_from_c(behind[i]));
		assert_int_equal(open_with(&job, &all, buf_str(&keys.set), buf_str(&bad), &payload), ERR_INVALID);
		buf_clear(&bad);
		buf_put(&bad, str_from_c(behind[i]));
		buf_put(&bad, buf_str(&good));
		assert_int_equal(open_with(&job, &all, buf_str(&keys.set), buf_str(&bad), &payload), ERR_INVALID);
	}
	buf_clear(&bad);
	while (buf_ok(&bad) && bad.len <= JWS_BYTES_MAX)
		buf_char(&bad, 'A');
	assert_int_equal(open_with(&job, &all, buf_str(&keys.set), buf_str(&bad), &payload), ERR_INVALID);
}

static void
base64url_has_one_text_for_each_value(void **state)
{
	static const char *const bad[] = { "A", "AA=", "AA==", "AB", "AAB", "A A", "AA\n", "+A", "/A", "AAAAA" };
	OWNED(job_release) struct job job = { .now = 1 };
	bytes octets;

	for (size_t i = 0; i < COUNT(bad); i++)
		if (base64url_read(&job.arena, str_from_c(bad[i]), &octets))
			wrong("%s\n", bad[i]);
	for (size_t len = 0; len < 40; len++) {
		OWNED(buf_release) struct buf text = { .max = 100 };
		uint8_t in[40];
		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)(i * 37 + len * 101);
		buf_base64url(&text, (bytes){ in, len });
		assert_true(base64url_read(&job.arena, buf_str(&text), &octets));
		assert_int_equal(octets.len, len);
		assert_memory_equal(octets.ptr, in, len);
	}
}

/* --- sets of keys ------------------------------------------------------------------------------ */

static void
keys_that_are_weak_or_for_something_else_are_left_out(void **state)
{
	static const char *const more[] = { "\"use\":\"enc\",", "\"key_ops\":[\"sign\"],", "\"key_ops\":\"verify\",", "\"d\":\"AA\",",
		                            "\"alg\":\"RS512\",", "\"alg\":\"ES256\",", "\"kid\":\"\",", "\"kid\":7,", "\"use\":null," };
	struct signer *weak = signer_rsa(1024);
	OWNED(buf_release) struct buf set = { .max = TOKEN_MAX };
	OWNED(job_release) struct job job = { .now = 1 };
	struct jwks read;

	buf_put(&set, S("{\"keys\":[{\"kid\":\"w\","));
	signer_jwk(weak, &set);
	signer_end(weak);
	buf_put(&set, S("}]}"));
	assert_int_equal(jwks_read(&job, buf_str(&set), &read), ERR_INVALID);
	job_forgive(&job);
	for (size_t i = 0; i < COUNT(more); i++) {
		buf_clear(&set);
		buf_put(&set, S("{\"keys\":[{"));
		buf_put(&set, str_from_c(more[i]));
		signer_jwk(keys.rsa, &set);
		buf_put(&set, S("},{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"));
		if (jwks_read(&job, buf_str(&set), &read) != ERR_INVALID)
			wrong("%s\n", more[i]);
		job_forgive(&job);
	}
	assert_int_equal(jwks_read(&job, buf_str(&keys.set), &read), OK);
	assert_int_equal(read.count, 2);
	assert_true(jwks_has(&read, S("r")) && jwks_has(&read, S("p")) && !jwks_has(&read, S("R")));
}

static void
a_point_beside_the_curve_verifies_nothing(void **state)
{
	static const str set = S("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
	                         "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}");
	OWNED(buf_release) struct buf token = { .max = TOKEN_MAX };
	OWNED(job_release) struct job job = { .now = 1 };
	str payload;

	token_make(keys.p256, false, S("{\"alg\":\"ES256\"}"), S("{}"), &token);
	assert_int_equal(open_with(&job, &all, set, buf_str(&token), &payload), ERR_INVALID);
}

static void
texts_that_are_no_set_are_refused(void **state)
{
	static const char *const bad[] = { "", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[1,null,\"a\",[]]}",
		                           "{\"keys\":[{\"kty\":\"RSA\"}]}", "{\"keys\":[],\"keys\":[]}" };
	OWNED(job_release) struct job job = { .now = 1 };
	struct jwks read;

	for (size_t i = 0; i < COUNT(bad); i++) {
		if (jwks_read(&job, str_from_c(bad[i]), &read) != ERR_INVALID)
			wrong("%s\n", bad[i]);
		job_forgive(&job);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfcs_hold_and_no_octet_of_them_changed),
		cmocka_unit_test(each_algorithm_is_accepted_where_it_is_allowed_and_of_the_keys_kind),
		cmocka_unit_test(headers_that_ask_for_more_are_refused),
		cmocka_unit_test(typ_is_what_the_rules_say),
		cmocka_unit_test(signatures_of_another_form_are_refused),
		cmocka_unit_test(tokens_of_another_shape_are_refused),
		cmocka_unit_test(base64url_has_one_text_for_each_value),
		cmocka_unit_test(keys_that_are_weak_or_for_something_else_are_left_out),
		cmocka_unit_test(a_point_beside_the_curve_verifies_nothing),
		cmocka_unit_test(texts_that_are_no_set_are_refused),
	};

	return cmocka_run_group_tests_name("jose", tests, keys_setup, keys_teardown);
}
