/* oidc/token.c -- contract, T1-T5: token.h. */
#include "oidc/token.h"

#include "crypto/seal.h"
#include "oidc/claims.h"

#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

/* --- what both have --------------------------------------------------------------------------- */

static enum err
authorized_party(struct job *job, struct json claims, str client_id)
{
	str azp;

	TRY(claim_text(job, claims, "azp", CLAIM_TEXT_MAX, false, &azp));
	if (azp.len && !str_eq(azp, client_id))
		return fail(job, ERR_INVALID, "the token was made for another party"); /* T1 */
	return OK;
}

/* T2. */
static enum err
lifetime(struct job *job, struct json claims, bool exp_needed)
{
	time_us exp, nbf;
	bool there;

	TRY(claim_time(job, claims, "exp", &exp, &there));
	if (!there && exp_needed)
		return fail(job, ERR_INVALID, "the token does not say when it ends");
	if (there && exp <= job->now - CLAIM_SKEW)
		return fail(job, ERR_INVALID, "the token has ended");
	TRY(claim_time(job, claims, "nbf", &nbf, &there));
	if (there && nbf > job->now + CLAIM_SKEW)
		return fail(job, ERR_INVALID, "the token does not hold yet");
	return OK;
}

/* --- ID token --------------------------------------------------------------------------------- */

void
token_half_hash(enum jose_alg alg, str text, struct buf *out)
{
	uint8_t digest[64];

	if (alg == JOSE_EDDSA) {
		digest_public_512(str_bytes(text), digest);
		buf_base64url(out, (bytes){ digest, 32 });
	} else {
		digest_public(str_bytes(text), digest);
		buf_base64url(out, (bytes){ digest, 16 });
	}
	wipe(digest, sizeof(digest));
}

static enum err
nonce_check(struct job *job, struct json claims, str nonce)
{
	str text;

	TRY(claim_text(job, claims, "nonce", CLAIM_TEXT_MAX, true, &text));
	if (!nonce.len || text.len != nonce.len || !digest_equal(str_bytes(text), str_bytes(nonce)))
		return fail(job, ERR_INVALID, "the token answers another attempt"); /* T3 */
	return OK;
}

static enum err
access_token_check(struct job *job, const struct id_token_rules *rules, struct json claims)
{
	OWNED(buf_release) struct buf hash = { .max = 64 };
	str text;

	TRY(claim_text(job, claims, "at_hash", CLAIM_TEXT_MAX, false, &text));
	if (!text.len)
		return OK;
	token_half_hash(rules->alg, rules->access_token, &hash);
	if (!rules->access_token.len || !str_eq(buf_str(&hash), text))
		return fail(job, ERR_INVALID, "the access token is not the one of the token"); /* T4 */
	return OK;
}

static enum err
fresh_check(struct job *job, const struct id_token_rules *rules, struct json claims, time_us *ret)
{
	bool there;

	TRY(claim_time(job, claims, "auth_time", ret, &there));
	if (!there)
		*ret = TIME_NEVER;
	if (there && *ret > job->now + CLAIM_SKEW)
		return fail(job, ERR_INVALID, "the token is from the future");
	if (rules->fresh && (!there || *ret < rules->begun_at - CLAIM_SKEW))
		return fail(job, ERR_INVALID, "the provider did not ask for a fresh proof"); /* T5 */
	return OK;
}

/* A list of texts; another kind is refused, a text of its own is a list of one. */
static enum err
list_read(struct job *job, struct json claims, const char *name, str **ret, size_t *ret_count)
{
	struct json place = json_member(job, claims, name);
	size_t count = json_kind(place) == JSON_STRING ? 1 : json_count(place);

	*ret_count = 0;
	if (json_kind(place) == JSON_ABSENT)
		return OK;
	if ((json_kind(place) != JSON_STRING && json_kind(place) != JSON_ARRAY) || count > OIDC_GROUPS_MAX)
		return fail(job, ERR_INVALID, "a list in the token is not one of texts, or too long");
	*ret = arena_array(&job->arena, count, sizeof(**ret));
	for (size_t i = 0; i < count; i++) {
		struct json element = json_kind(place) == JSON_STRING ? place : json_element(job, place, i);
		if (json_kind(element) != JSON_STRING)
			return fail(job, ERR_INVALID, "a list in the token is not one of texts, or too long");
		TRY(json_scalar(job, element, OIDC_GROUP_BYTES_MAX, &(*ret)[i]));
	}
	*ret_count = count;
	return OK;
}

static enum err
methods_read(struct job *job, struct json claims, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 200 };
	str *word = NULL;
	size_t count;

	TRY(list_read(job, claims, "amr", &word, &count));
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(&text, ' ');
		for (size_t n = 0; n < word[i].len; n++)
			if ((unsigned char)word[i].ptr[n] <= ' ' || (unsigned char)word[i].ptr[n] >= 0x7f)
				return fail(job, ERR_INVALID, "a method in the token is not a word");
		buf_put(&text, word[i]);
	}
	*ret = buf_ok(&text) ? arena_str(&job->arena, buf_str(&text)) : S("");
	return OK;
}

enum err
id_token_read(struct job *job, const struct id_token_rules *rules, str payload, struct id_token *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct id_token token = { 0 };
	struct json claims;
	time_us issued_at;

	TRY(claims_open(job, payload, &document, &claims));
	TRY(claims_issuer(job, claims, rules->issuer));
	TRY(claims_audience(job, claims, rules->client_id));
	TRY(authorized_party(job, claims, rules->client_id));
	TRY(lifetime(job, claims, true));
	TRY(claims_issued(job, claims, rules->begun_at, &issued_at));
	TRY(nonce_check(job, claims, rules->nonce));
	TRY(access_token_check(job, rules, claims));
	TRY(fresh_check(job, rules, claims, &token.auth_at));
	if (claim_there(job, claims, "events"))
		return fail(job, ERR_INVALID, "the token tells of an event, and is no ID token");
	TRY(claim_subject(job, claims, "sub", true, &token.subject));
	TRY(claim_text(job, claims, "sid", CLAIM_SUBJECT_MAX, false, &token.sid));
	TRY(claim_text(job, claims, "acr", CLAIM_TEXT_MAX, false, &token.acr));
	TRY(claim_text(job, claims, "name", CLAIM_TEXT_MAX, false, &token.name));
	TRY(claim_text(job, claims, "email", CLAIM_TEXT_MAX, false, &token.email));
	TRY(claim_text(job, claims, "preferred_username", CLAIM_TEXT_MAX, false, &token.user_name));
	TRY(methods_read(job, claims, &token.amr));
	if (rules->groups_claim.len)
		TRY(list_read(job, claims, arena_c(&job->arena, rules->groups_claim), &token.group,
		              &token.group_count));
	*ret = token;
	return OK;
}

/* --- logout token ----------------------------------------------------------------------------- */

static enum err
logout_event(struct job *job, struct json claims)
{
	struct json events = json_member(job, claims, "events");

	if (json_kind(events) != JSON_OBJECT ||
	    json_kind(json_member(job, events, LOGOUT_EVENT)) != JSON_OBJECT)
		return fail(job, ERR_INVALID, "the token tells of no logout");
	if (claim_there(job, claims, "nonce"))
		return fail(job, ERR_INVALID, "a logout token has no nonce"); /* T3 */
	return OK;
}

enum err
logout_token_read(struct job *job, str issuer, str client_id, str payload, struct logout_token *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct logout_token token = { 0 };
	struct json claims;

	TRY(claims_open(job, payload, &document, &claims));
	TRY(claims_issuer(job, claims, issuer));
	TRY(claims_audience(job, claims, client_id));
	TRY(lifetime(job, claims, false)); /* drafts had no exp, and some providers still follow them */
	TRY(claims_issued(job, claims, job->now - LOGOUT_TOKEN_AGE, &token.issued_at));
	TRY(logout_event(job, claims));
	TRY(claim_subject(job, claims, "sub", false, &token.subject));
	TRY(claim_text(job, claims, "sid", CLAIM_SUBJECT_MAX, false, &token.sid));
	TRY(claim_text(job, claims, "jti", CLAIM_TEXT_MAX, true, &token.jti));
	if (!token.subject.len && !token.sid.len)
		return fail(job, ERR_INVALID, "the token says neither who nor which session");
	*ret = token;
	return OK;
}
