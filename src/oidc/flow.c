/* oidc/flow.c -- the code flow with PKCE (RFC 6749 section 4.1, RFC 7636); contract: provider.h. */
#include "crypto/seal.h"
#include "oidc/claims.h"
#include "oidc/documents.h"

#define FORM_MAX (16 * 1024)

void
url_put(struct buf *out, str text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		             c == '-' || c == '.' || c == '_' || c == '~';
		if (plain) {
			buf_char(out, (char)c);
			continue;
		}
		buf_char(out, '%');
		buf_char(out, digits[c >> 4]);
		buf_char(out, digits[c & 15]);
	}
}

/* NAME=VALUE; with an & in front unless it is the first. */
static void
pair_put(struct buf *out, str name, str value)
{
	if (out->len && out->ptr[out->len - 1] != '?' && out->ptr[out->len - 1] != '&')
		buf_char(out, '&');
	buf_put(out, name);
	buf_char(out, '=');
	url_put(out, value);
}

/* --- the attempt ------------------------------------------------------------------------------- */

static str
part_of(struct job *job, const uint8_t seed[OIDC_SEED_BYTES], str what)
{
	OWNED(buf_release) struct buf text = { .max = OIDC_SECRET_TEXT };
	uint8_t digest[DIGEST_BYTES];

	digest_keyed(seed, (const bytes[]){ str_bytes(what) }, 1, digest);
	buf_base64url(&text, (bytes){ digest, sizeof(digest) });
	wipe(digest, sizeof(digest));
	must(buf_ok(&text) && text.len == OIDC_SECRET_TEXT);
	return arena_str(&job->arena, buf_str(&text));
}

void
oidc_attempt_of(struct job *job, const uint8_t seed[OIDC_SEED_BYTES], struct oidc_attempt *ret)
{
	ret->state = part_of(job, seed, S("state")); /* O4 */
	ret->nonce = part_of(job, seed, S("nonce"));
	ret->verifier = part_of(job, seed, S("verifier"));
}

static void
challenge_put(struct buf *out, str verifier)
{
	OWNED(buf_release) struct buf challenge = { .max = OIDC_SECRET_TEXT };
	uint8_t digest[DIGEST_BYTES];

	digest_public(str_bytes(verifier), digest);
	buf_base64url(&challenge, (bytes){ digest, sizeof(digest) });
	pair_put(out, S("code_challenge"), buf_str(&challenge));
	pair_put(out, S("code_challenge_method"), S("S256"));
}

void
oidc_authorization_url(const struct oidc_client *client, const struct oidc_metadata *metadata,
                       const struct oidc_attempt *attempt, struct buf *out)
{
	OWNED(buf_release) struct buf scope = { .max = FORM_MAX };
	str endpoint = metadata->authorization_endpoint;

	buf_put(&scope, S("openid"));
	if (client->scopes.len)
		buf_char(&scope, ' ');
	buf_put(&scope, client->scopes);
	buf_put(out, endpoint);
	buf_char(out, memchr(endpoint.ptr, '?', endpoint.len) ? '&' : '?');
	pair_put(out, S("response_type"), S("code"));
	pair_put(out, S("client_id"), client->client_id);
	pair_put(out, S("redirect_uri"), client->redirect_uri);
	pair_put(out, S("scope"), buf_str(&scope));
	pair_put(out, S("state"), attempt->state);
	pair_put(out, S("nonce"), attempt->nonce);
	challenge_put(out, attempt->verifier);
	if (attempt->fresh) {
		pair_put(out, S("prompt"), S("login"));
		pair_put(out, S("max_age"), S("0"));
	}
}

/* --- the code for tokens ----------------------------------------------------------------------- */

/* RFC 6749 section 2.3.1: both parts are encoded as in a form before they are joined. */
static void
basic_put(struct buf *out, const struct oidc_client *client)
{
	OWNED(buf_release) struct buf pair = { .max = FORM_MAX };

	url_put(&pair, client->client_id);
	buf_char(&pair, ':');
	url_put(&pair, client->client_secret);
	buf_put(out, S("Authorization: Basic "));
	buf_base64(out, buf_bytes(&pair));
	buf_char(out, '\0');
}

static enum err
tokens_read(struct job *job, int status, str body, struct oidc_tokens *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str type;

	if (status != 200)
		return fail(job, ERR_INVALID, "the provider does not take the code");
	TRY(claims_open(job, body, &document, &root));
	TRY(claim_text(job, root, "token_type", 64, true, &type));
	if (!str_eq_fold(type, S("Bearer")))
		return fail(job, ERR_INVALID, "the provider gives a token of another type");
	TRY(claim_text(job, root, "access_token", OIDC_ANSWER_MAX, true, &ret->access_token));
	return claim_text(job, root, "id_token", JWS_BYTES_MAX, true, &ret->id_token);
}

enum err
oidc_code_redeem(struct job *job, const struct oidc_reach *reach, const struct oidc_client *client,
                 const struct oidc_metadata *metadata, const struct oidc_attempt *attempt, str code,
                 struct oidc_tokens *ret)
{
	OWNED(buf_release) struct buf form = { .max = FORM_MAX }, basic = { .max = FORM_MAX };
	const char *header[] = { "Content-Type: application/x-www-form-urlencoded",
		                 "Accept: application/json", "User-Agent: Valv", "Expect:", NULL, NULL };
	int status = 0;
	str body;

	pair_put(&form, S("grant_type"), S("authorization_code"));
	pair_put(&form, S("code"), code);
	pair_put(&form, S("redirect_uri"), client->redirect_uri);
	pair_put(&form, S("code_verifier"), attempt->verifier);
	if (metadata->basic) {
		basic_put(&basic, client);
		header[4] = basic.ptr;
	} else {
		pair_put(&form, S("client_id"), client->client_id);
		pair_put(&form, S("client_secret"), client->client_secret);
	}
	if (!buf_ok(&form) || !buf_ok(&basic))
		return fail(job, ERR_INVALID, "the provider's code is too long");
	TRY(oidc_call(job, reach,
	              &(struct fetch){ .method = "POST", .url = arena_c(&job->arena, metadata->token_endpoint),
	                               .header = header, .body = buf_str(&form) },
	              &status, &body));
	return tokens_read(job, status, body, ret);
}
