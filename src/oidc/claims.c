/* oidc/claims.c -- contract: claims.h. */
#include "oidc/claims.h"

#define SECONDS_MAX 253402300799 /* 9999-12-31T23:59:59Z */

enum err
claims_open(struct job *job, str payload, struct json_document **document, struct json *ret)
{
	if (json_parse(job, payload, document, ret)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "the token's claims are not JSON");
	}
	if (json_kind(*ret) != JSON_OBJECT)
		return fail(job, ERR_INVALID, "the token's claims are not an object");
	return OK;
}

bool
claim_there(struct job *job, struct json claims, const char *name)
{
	return json_kind(json_member(job, claims, name)) != JSON_ABSENT;
}

static bool
is_line(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return text.len;
}

enum err
claim_text(struct job *job, struct json claims, const char *name, size_t max, bool needed, str *ret)
{
	struct json place = json_member(job, claims, name);

	*ret = S("");
	if (json_kind(place) == JSON_ABSENT)
		return needed ? json_fail(job, ERR_INVALID, place, "the token lacks a claim") : OK;
	if (json_kind(place) != JSON_STRING)
		return json_fail(job, ERR_INVALID, place, "a claim of the token is not text");
	TRY(json_scalar(job, place, max, ret));
	if (!is_line(*ret))
		return json_fail(job, ERR_INVALID, place, "a claim of the token is not one line of text");
	return OK;
}

enum err
claim_subject(struct job *job, struct json claims, const char *name, bool needed, str *ret)
{
	TRY(claim_text(job, claims, name, CLAIM_SUBJECT_MAX, needed, ret));
	for (size_t i = 0; i < ret->len; i++)
		if ((unsigned char)ret->ptr[i] >= 0x80)
			return fail(job, ERR_INVALID, "the token's subject is not ASCII");
	return OK;
}

enum err
claim_time(struct job *job, struct json claims, const char *name, time_us *ret, bool *ret_there)
{
	struct json place = json_member(job, claims, name);
	int64_t seconds = 0;

	*ret_there = json_kind(place) != JSON_ABSENT;
	if (!*ret_there)
		return OK;
	if (json_kind(place) != JSON_NUMBER)
		return json_fail(job, ERR_INVALID, place, "a time in the token is not a number");
	TRY(json_i64(job, claims, name, 0, SECONDS_MAX, &seconds, NULL));
	*ret = seconds * TIME_SECOND;
	return OK;
}

enum err
claims_issuer(struct job *job, struct json claims, str issuer)
{
	str text;

	TRY(claim_text(job, claims, "iss", CLAIM_TEXT_MAX, true, &text));
	if (!str_eq(text, issuer))
		return fail(job, ERR_INVALID, "the token is from another issuer");
	return OK;
}

/* A text, or a list of one: with several, any of them could hand the token on as its own. */
enum err
claims_audience(struct job *job, struct json claims, str audience)
{
	struct json place = json_member(job, claims, "aud");
	str text;

	if (json_kind(place) == JSON_ARRAY && json_count(place) == 1)
		place = json_element(job, place, 0);
	if (json_kind(place) != JSON_STRING)
		return fail(job, ERR_INVALID, "the token does not name one audience");
	TRY(json_scalar(job, place, CLAIM_TEXT_MAX, &text));
	if (!str_eq(text, audience))
		return fail(job, ERR_INVALID, "the token is for another audience");
	return OK;
}

enum err
claims_issued(struct job *job, struct json claims, time_us since, time_us *ret)
{
	bool there;

	TRY(claim_time(job, claims, "iat", ret, &there));
	if (!there)
		return fail(job, ERR_INVALID, "the token does not say when it was made");
	if (*ret > job->now + CLAIM_SKEW)
		return fail(job, ERR_INVALID, "the token is from the future");
	if (*ret < since - CLAIM_SKEW)
		return fail(job, ERR_INVALID, "the token was made too long ago");
	return OK;
}
