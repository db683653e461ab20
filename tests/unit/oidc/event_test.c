/* src/oidc/event.c: security events as others send them, and what is none. */
#include "oidc_test.h"

#include "oidc/event.h"

#define HEAD "{\"iss\":\"https://tx.example.com\",\"aud\":\"valv\",\"iat\":1800000000,\"jti\":\"j1\","
#define REVOKED "\"https://schemas.openid.net/secevent/caep/event-type/session-revoked\":"
#define CHANGE "\"https://schemas.openid.net/secevent/caep/event-type/credential-change\":"
#define EMAIL "\"sub_id\":{\"format\":\"email\",\"email\":\"anna@example.com\"},"

static enum err
try(struct job *job, const char *text, struct event *ret, enum event_fault *fault)
{
	job_forgive(job);
	return event_read(job, S("https://tx.example.com"), S("valv"), str_from_c(text), ret, fault);
}

static void
events_of_the_three_formats_are_read(void **state)
{
	OWNED(job_release) struct job job = { .now = NOW };
	enum event_fault fault;
	struct event event;

	assert_int_equal(try(&job, HEAD EMAIL "\"events\":{" REVOKED "{\"event_timestamp\":1799990000}}}", &event, &fault), OK);
	assert_true(event.kind == EVENT_SESSION_REVOKED && event.subject == EVENT_SUBJECT_EMAIL);
	assert_true(str_eq(event.first, S("anna@example.com")) && str_eq(event.jti, S("j1")));
	assert_int_equal(event.happened_at, 1799990000 * TIME_SECOND);
	assert_int_equal(try(&job, HEAD "\"sub_id\":{\"format\":\"iss_sub\",\"iss\":\"https://a.example.com\",\"sub\":\"s\"},\"events\":{" REVOKED "{}}}", &event, &fault), OK);
	assert_true(event.subject == EVENT_SUBJECT_ISS_SUB && str_eq(event.second, S("s")) && event.happened_at == NOW);
	assert_int_equal(try(&job, HEAD "\"events\":{" REVOKED "{\"subject\":{\"format\":\"opaque\",\"id\":\"o\"},\"event_timestamp\":1799990000123}}}", &event, &fault), OK);
	assert_true(event.subject == EVENT_SUBJECT_OPAQUE && str_eq(event.first, S("o")));
	assert_int_equal(event.happened_at, 1799990000123000);
	assert_int_equal(try(&job, HEAD EMAIL "\"events\":{" CHANGE "{\"change_type\":\"create\",\"credential_type\":\"password\"}}}", &event, &fault), OK);
	assert_true(event.credential_made);
	assert_int_equal(try(&job, HEAD EMAIL "\"events\":{" CHANGE "{\"change_type\":\"revoke\",\"credential_type\":\"password\"}}}", &event, &fault), OK);
	assert_true(event.kind == EVENT_CREDENTIAL_CHANGE && !event.credential_made);
	assert_int_equal(try(&job, HEAD "\"events\":{\"https://schemas.openid.net/secevent/ssf/event-type/verification\":{\"state\":\"x\"}}}", &event, &fault), OK);
	assert_int_equal(event.subject, EVENT_SUBJECT_NONE);
}

static void
what_is_no_event_is_refused_with_its_word(void **state)
{
	static const struct {
		const char *text;
		enum event_fault fault;
	} rows[] = {
		{ "{}", EVENT_FAULT_ISSUER },
		{ "[]", EVENT_FAULT_REQUEST },
		{ "{\"iss\":\"https://tx.example.com/\",\"aud\":\"valv\",\"iat\":1800000000,\"jti\":\"j1\"," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_ISSUER },
		{ "{\"iss\":\"https://tx.example.com\",\"aud\":\"other\",\"iat\":1800000000,\"jti\":\"j1\"," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_AUDIENCE },
		{ "{\"iss\":\"https://tx.example.com\",\"aud\":\"valv\",\"jti\":\"j1\"," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ "{\"iss\":\"https://tx.example.com\",\"aud\":\"valv\",\"iat\":1800000000," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ "{\"iss\":\"https://tx.example.com\",\"aud\":\"valv\",\"iat\":1799395139,\"jti\":\"j1\"," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ "{\"iss\":\"https://tx.example.com\",\"aud\":\"valv\",\"iat\":1800000061,\"jti\":\"j1\"," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"exp\":1800000300," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"nonce\":\"n\"," EMAIL "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "{}," CHANGE "{\"change_type\":\"revoke\"}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":[]}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"a\":1}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "null}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{\"https://example.com/other\":{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "{\"subject\":{\"format\":\"email\",\"email\":\"b@example.com\"}}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"sub_id\":\"anna\",\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"sub_id\":{\"format\":\"phone_number\",\"phone_number\":\"+12065550100\"},\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"sub_id\":{\"format\":\"email\"},\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"sub_id\":{\"format\":\"iss_sub\",\"iss\":\"https://a.example.com\"},\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD "\"sub_id\":{\"format\":\"opaque\",\"id\":7},\"events\":{" REVOKED "{}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "{\"event_timestamp\":1800000061}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "{\"event_timestamp\":\"1799990000\"}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "{\"event_timestamp\":-1}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" REVOKED "{\"event_timestamp\":1799990000.5}}}", EVENT_FAULT_REQUEST },
		{ HEAD EMAIL "\"events\":{" CHANGE "{}}}", EVENT_FAULT_REQUEST },
	};
	OWNED(job_release) struct job job = { .now = NOW };
	enum event_fault fault;
	struct event event;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (try(&job, rows[i].text, &event, &fault) != ERR_INVALID || fault != rows[i].fault)
			wrong("%s\n", rows[i].text);
	assert_true(str_eq(event_fault_word(EVENT_FAULT_KEY), S("invalid_key")));
}

int
event_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_of_the_three_formats_are_read),
		cmocka_unit_test(what_is_no_event_is_refused_with_its_word),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
