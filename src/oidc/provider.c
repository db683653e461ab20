/* oidc/provider.c -- contract, O1-O4: provider.h. */
#include "oidc/provider.h"

#include "hook/hook.h"
#include "oidc/claims.h"
#include "oidc/documents.h"

bool
oidc_url_fits(str url, const struct networks *networks)
{
	const char *why;

	return url.len <= OIDC_URL_MAX && hook_url_fits(url, networks, &why);
}

/* --- metadata ---------------------------------------------------------------------------------- */

static enum err
endpoint_read(struct job *job, struct json root, const char *name, const struct networks *networks,
              str *ret)
{
	TRY(claim_text(job, root, name, OIDC_URL_MAX, true, ret));
	if (!oidc_url_fits(*ret, networks))
		return json_fail(job, ERR_INVALID, json_member(job, root, name),
		                 "an address of the provider is not one that may be called"); /* O2 */
	return OK;
}

/* Whether a list names a word; *ret_there whether there is a list. */
static bool
lists(struct job *job, struct json root, const char *name, str word, bool *ret_there)
{
	struct json list = json_member(job, root, name);

	*ret_there = json_kind(list) == JSON_ARRAY;
	for (size_t i = 0; *ret_there && i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		str text;
		if (json_kind(element) == JSON_STRING &&
		    json_scalar(job, element, OIDC_ANSWER_MAX, &text) == OK && str_eq(text, word))
			return true;
	}
	return false;
}

static enum err
algs_read(struct job *job, struct json root, unsigned *ret)
{
	bool there;

	*ret = 0;
	for (unsigned alg = 1; alg & JOSE_ALGS_ALL; alg <<= 1)
		if (lists(job, root, "id_token_signing_alg_values_supported",
		          jose_alg_name((enum jose_alg)alg), &there))
			*ret |= alg;
	if (!*ret)
		return fail(job, ERR_INVALID, "the provider signs with no algorithm that is known here");
	return OK;
}

static enum err
flow_read(struct job *job, struct json root, struct oidc_metadata *ret)
{
	bool there, listed;

	if (!lists(job, root, "response_types_supported", S("code"), &there))
		return fail(job, ERR_INVALID, "the provider does not offer the code flow");
	listed = lists(job, root, "code_challenge_methods_supported", S("S256"), &there);
	if (there && !listed)
		return fail(job, ERR_INVALID, "the provider does not take S256 (PKCE)");
	listed = lists(job, root, "token_endpoint_auth_methods_supported", S("client_secret_basic"), &there);
	ret->basic = listed || !there; /* what Discovery 1.0 says of a missing list */
	if (!ret->basic &&
	    !lists(job, root, "token_endpoint_auth_methods_supported", S("client_secret_post"), &there))
		return fail(job, ERR_INVALID, "the provider takes no client secret");
	return json_bool(job, root, "authorization_response_iss_parameter_supported", &ret->says_issuer, NULL);
}

enum err
oidc_metadata_read(struct job *job, str document, str issuer, const struct networks *networks,
                   struct oidc_metadata *ret)
{
	OWNED(json_free) struct json_document *tree = NULL;
	struct oidc_metadata metadata = { 0 };
	struct json root;
	str text;

	TRY(claims_open(job, document, &tree, &root));
	TRY(claim_text(job, root, "issuer", OIDC_URL_MAX, true, &text));
	if (!str_eq(text, issuer))
		return fail(job, ERR_INVALID, "the document is of another issuer"); /* O1 */
	TRY(endpoint_read(job, root, "authorization_endpoint", networks, &metadata.authorization_endpoint));
	TRY(endpoint_read(job, root, "token_endpoint", networks, &metadata.token_endpoint));
	TRY(endpoint_read(job, root, "jwks_uri", networks, &metadata.jwks_uri));
	TRY(algs_read(job, root, &metadata.algs));
	TRY(flow_read(job, root, &metadata));
	*ret = metadata;
	return OK;
}

enum err
oidc_metadata(struct job *job, const struct oidc_reach *reach, str issuer, struct oidc_metadata *ret)
{
	OWNED(buf_release) struct buf url = { .max = OIDC_URL_MAX };
	str document;

	if (!oidc_url_fits(issuer, reach->networks) || memchr(issuer.ptr, '?', issuer.len))
		return fail(job, ERR_INVALID, "the issuer is not an address that may be called");
	buf_put(&url, str_ends(issuer, S("/")) ? str_first(issuer, issuer.len - 1) : issuer);
	buf_put(&url, S("/.well-known/openid-configuration"));
	if (!buf_ok(&url))
		return fail(job, ERR_INVALID, "the issuer is too long");
	TRY(oidc_document(job, reach, buf_str(&url), false, &document));
	return oidc_metadata_read(job, document, issuer, reach->networks, ret);
}

/* --- tokens ------------------------------------------------------------------------------------ */

static enum err
token_open(struct job *job, const struct oidc_reach *reach, str jwks_uri, const struct jws *jws, bool again,
           str *ret_payload)
{
	struct jwks set;
	str text;

	TRY(oidc_document(job, reach, jwks_uri, again, &text));
	TRY(jwks_read(job, text, &set));
	return jws_open(job, jws, &set, ret_payload);
}

enum err
oidc_token_open(struct job *job, const struct oidc_reach *reach, str jwks_uri, const struct jws_rules *rules,
                str token, str *ret_payload, enum jose_alg *ret_alg)
{
	struct jws jws;
	enum err err;

	TRY(jws_read(job, rules, token, &jws));
	*ret_alg = jws.alg;
	err = token_open(job, reach, jwks_uri, &jws, false, ret_payload);
	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	return token_open(job, reach, jwks_uri, &jws, true, ret_payload); /* O3 */
}
