/* api/passkeys.c -- passkeys: the options of a ceremony as browsers take them (WebAuthn Level 3, section 5.1.8 and
 * 5.1.9 in JSON), and what comes back. */
#include "access/passkey.h"
#include "api/origin.h"
#include "api/session.h"
#include "base/limits.h"

#define TIMEOUT_MS (CHALLENGE_LIFE / 1000)

/* --- reading ------------------------------------------------------------------------------------ */

/* Octets that came as base64url. */
static enum err
octets_read(struct job *job, const struct call *call, const char *name, size_t max, bytes *ret)
{
	OWNED(buf_release) struct buf octets = { .max = max };
	bool there;
	str text;

	*ret = (bytes){ 0 };
	TRY(json_str(job, call->body, name, LIMIT_STRING_BYTES, &text, &there));
	if (!there)
		return OK;
	if (!buf_from_base64url(&octets, text) || !buf_ok(&octets))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, name),
		                 "is not base64url, or longer than it may be");
	*ret = arena_bytes(&job->arena, buf_bytes(&octets));
	return OK;
}

static enum err
answer_read(struct job *job, const struct call *call, struct passkey_answer *ret)
{
	TRY(octets_read(job, call, "id", WEBAUTHN_ID_MAX, &ret->id));
	TRY(octets_read(job, call, "client_data", WEBAUTHN_CLIENT_DATA_MAX, &ret->assertion.client_data));
	TRY(octets_read(job, call, "authenticator_data", WEBAUTHN_AUTHENTICATOR_DATA_MAX,
	                &ret->assertion.authenticator_data));
	TRY(octets_read(job, call, "signature", WEBAUTHN_SIGNATURE_MAX, &ret->assertion.signature));
	return octets_read(job, call, "user_handle", 64, &ret->handle);
}

/* --- writing ------------------------------------------------------------------------------------ */

static void
octets_pair(struct json_out *out, str name, bytes octets)
{
	OWNED(buf_release) struct buf text = { .max = 2 * WEBAUTHN_ID_MAX };

	buf_base64url(&text, octets);
	must(buf_ok(&text));
	json_pair_str(out, name, buf_str(&text));
}

static void
transports_pair(struct json_out *out, uint32_t transports)
{
	const struct word_list *list = words_list(WORDS_TRANSPORT);

	json_name(out, S("transports"));
	json_open(out, '[');
	for (size_t i = 0; i < list->count; i++)
		if (transports & (uint32_t)list->word[i].no)
			json_put_str(out, list->word[i].name);
	json_close(out, ']');
}

static void
descriptors_pair(struct json_out *out, str name, const struct passkey_options *options)
{
	json_name(out, name);
	json_open(out, '[');
	for (size_t i = 0; i < options->count; i++) {
		json_open(out, '{');
		json_pair_str(out, S("type"), S("public-key"));
		octets_pair(out, S("id"), options->passkey[i].credential.id);
		transports_pair(out, options->passkey[i].transports);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
assertion_options_write(struct job *job, struct call *call, const struct passkey_options *options)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	octets_pair(out, S("challenge"), options->challenge);
	json_pair_str(out, S("rpId"), origin_party(job, call).id);
	json_pair_i64(out, S("timeout"), TIMEOUT_MS);
	json_pair_str(out, S("userVerification"), S("required"));
	descriptors_pair(out, S("allowCredentials"), options);
	json_close(out, '}');
}

static void
algorithms_pair(struct json_out *out)
{
	static const enum webauthn_algorithm offered[] = { WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256 };

	json_name(out, S("pubKeyCredParams"));
	json_open(out, '[');
	for (size_t i = 0; i < COUNT(offered); i++) {
		json_open(out, '{');
		json_pair_str(out, S("type"), S("public-key"));
		json_pair_i64(out, S("alg"), offered[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
registration_options_write(struct job *job, struct call *call, const struct staff *staff,
                           const struct passkey_options *options)
{
	struct json_out *out = answer_json(call, 200);
	uid id = staff->id;

	json_open(out, '{');
	json_name(out, S("rp"));
	json_open(out, '{');
	json_pair_str(out, S("id"), origin_party(job, call).id);
	json_pair_str(out, S("name"), S("Valv"));
	json_close(out, '}');
	json_name(out, S("user"));
	json_open(out, '{');
	octets_pair(out, S("id"), uid_bytes(&id));
	json_pair_str(out, S("name"), staff->user_name);
	json_pair_str(out, S("displayName"), staff->display_name.len ? staff->display_name : staff->user_name);
	json_close(out, '}');
	octets_pair(out, S("challenge"), options->challenge);
	algorithms_pair(out);
	json_pair_i64(out, S("timeout"), TIMEOUT_MS);
	descriptors_pair(out, S("excludeCredentials"), options);
	json_name(out, S("authenticatorSelection"));
	json_open(out, '{');
	json_pair_str(out, S("residentKey"), S("preferred"));
	json_pair_bool(out, S("requireResidentKey"), false);
	json_pair_str(out, S("userVerification"), S("required"));
	json_close(out, '}');
	json_pair_str(out, S("attestation"), S("none"));
	json_close(out, '}');
}

static void
passkey_write(struct json_out *out, const struct passkey *passkey)
{
	json_open(out, '{');
	json_pair_uid(out, S("id"), passkey->id);
	json_pair_str(out, S("name"), passkey->name);
	json_pair_bool(out, S("synced"), passkey->credential.backup_eligible);
	json_pair_bool(out, S("backed_up"), passkey->credential.backed_up);
	json_pair_time(out, S("created_at"), passkey->made_at);
	json_pair_time(out, S("used_at"), passkey->used_at);
	json_close(out, '}');
}

/* --- signing in, and showing again who one is --------------------------------------------------- */

enum err
on_session_passkey_options_post(struct job *job, struct call *call)
{
	struct passkey_options options;
	str user_name = S("");
	bool there;

	TRY(json_str(job, call->body, "user_name", LIMIT_STRING_BYTES, &user_name, &there));
	TRY(passkey_sign_in_begin(job, &call->api->desk, user_name, &options));
	assertion_options_write(job, call, &options);
	return OK;
}

enum err
on_session_passkey_post(struct job *job, struct call *call)
{
	struct webauthn_party party = origin_party(job, call);
	struct passkey_answer answer;
	struct signed_in in;

	TRY(answer_read(job, call, &answer));
	TRY(passkey_sign_in(job, &call->api->desk, &party, &answer, &in));
	return session_begun(job, call, &in);
}

enum err
on_session_fresh_passkey_options_post(struct job *job, struct call *call)
{
	struct passkey_options options;

	TRY(session_me(job, call));
	TRY(passkey_prove_begin(job, &call->api->desk, &call->principal.session, &options));
	assertion_options_write(job, call, &options);
	return OK;
}

enum err
on_session_fresh_passkey_post(struct job *job, struct call *call)
{
	struct webauthn_party party = origin_party(job, call);
	struct passkey_answer answer;
	struct signed_in in;

	TRY(answer_read(job, call, &answer));
	TRY(session_me(job, call));
	TRY(passkey_prove(job, &call->api->desk, &party, &call->principal.session, &answer, &in));
	session_proved(call, &in);
	return session_answer(job, call, &call->principal.session, 200);
}

/* --- one's own passkeys -------------------------------------------------------------------------- */

enum err
on_me_passkeys_options_post(struct job *job, struct call *call)
{
	struct passkey_options options;
	struct staff staff;

	TRY(session_me(job, call));
	TRY(staff_get(job, &call->vault->access, job->db, call->principal.staff, &staff));
	TRY(passkey_make_begin(job, &call->api->desk, &call->principal.session, &options));
	registration_options_write(job, call, &staff, &options);
	return OK;
}

static enum err
registration_read(struct job *job, struct call *call, struct webauthn_registration *ret, struct passkey *passkey)
{
	bool there;

	*passkey = (struct passkey){ .name = S("") };
	TRY(octets_read(job, call, "client_data", WEBAUTHN_CLIENT_DATA_MAX, &ret->client_data));
	TRY(octets_read(job, call, "attestation", WEBAUTHN_ATTESTATION_MAX, &ret->attestation));
	TRY(body_mask(job, call->body, "transports", WORDS_TRANSPORT, false, &passkey->transports, &there));
	return json_str(job, call->body, "name", LIMIT_PASSKEY_NAME_BYTES, &passkey->name, &there);
}

enum err
on_me_passkey_post(struct job *job, struct call *call)
{
	struct webauthn_party party = origin_party(job, call);
	struct webauthn_registration made;
	struct passkey passkey;
	struct signed_in in;

	TRY(registration_read(job, call, &made, &passkey));
	TRY(session_me(job, call));
	TRY(passkey_make(job, &call->api->desk, &party, &call->principal.session, &made, &passkey, &in));
	session_proved(call, &in);
	passkey_write(answer_json(call, 201), &passkey);
	return OK;
}

enum err
on_me_passkeys_get(struct job *job, struct call *call)
{
	struct passkey *passkey;
	struct json_out *out;
	size_t count;

	TRY(session_me(job, call));
	TRY(passkey_list(job, &call->api->desk, job->db, call->principal.staff, &passkey, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("passkeys"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		passkey_write(out, &passkey[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err
on_me_passkey_delete(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(session_me(job, call));
	TRY(passkey_drop(job, &call->api->desk, &call->principal.session, id));
	answer_empty(call);
	return OK;
}
