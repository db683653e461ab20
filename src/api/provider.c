/* api/provider.c -- how the company's identity provider is set up. */
#include "access/provider.h"
#include "api/oidc.h"
#include "api/staff.h"
#include "base/limits.h"

/* --- reading --------------------------------------------------------------------------------------- */

static enum err
line_read(struct job *job, struct json body, const char *name, bool needed, str *ret)
{
	struct json place = json_member(job, body, name);
	bool there;
	str text = S("");

	*ret = S("");
	TRY(json_str(job, body, name, OIDC_URL_MAX, &text, &there));
	if (needed && !text.len)
		return json_fail(job, ERR_INVALID, place, "is required");
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || (unsigned char)text.ptr[i] >= 0x7f)
			return json_fail(job, ERR_INVALID, place, "must be visible ASCII, without spaces");
	if (there)
		*ret = text;
	return OK;
}

/* This vault's own address: where a proxy in front of it speaks TLS, or this machine while it is tried out. */
static bool
address_fits(str address)
{
	str rest = address, host;

	if (eat_str(&rest, S("http://"))) {
		host = rest;
		if (!eat_until(&rest, ':', &host))
			rest = S("");
		if (!str_eq(host, S("127.0.0.1")) && !str_eq(host, S("localhost")))
			return false;
		rest = S("local");
	} else if (!eat_str(&rest, S("https://"))) {
		return false;
	}
	for (size_t i = 0; i < address.len; i++)
		if (strchr("?#@\\\"'<>,;()%", address.ptr[i]))
			return false;
	rest = str_from(address, str_starts(address, S("https://")) ? 8 : 7);
	return rest.len && !memchr(rest.ptr, '/', rest.len);
}

static enum err
address_read(struct job *job, struct json body, struct provider *provider)
{
	TRY(line_read(job, body, "address", true, &provider->address));
	if (!address_fits(provider->address))
		return json_fail(job, ERR_INVALID, json_member(job, body, "address"),
		                 "is https:// and a host, as https://valv.example.com, with nothing behind");
	return OK;
}

static enum err
scopes_read(struct job *job, struct json body, struct provider *provider)
{
	OWNED(buf_release) struct buf text = { .max = 1000 };
	struct json list;

	TRY(json_array(job, body, "scopes", LIMIT_ENUM_OPTIONS, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		str word;
		TRY(json_scalar(job, element, 200, &word));
		for (size_t k = 0; k < word.len; k++)
			if ((unsigned char)word.ptr[k] <= ' ' || (unsigned char)word.ptr[k] >= 0x7f)
				return json_fail(job, ERR_INVALID, element, "is no word");
		if (str_eq(word, S("openid")))
			continue; /* always asked for */
		if (text.len)
			buf_char(&text, ' ');
		buf_put(&text, word);
	}
	if (!buf_ok(&text))
		return json_fail(job, ERR_INVALID, list, "is too long");
	provider->scopes = arena_str(&job->arena, buf_str(&text));
	return OK;
}

static enum err
group_read(struct job *job, struct call *call, struct json element, struct provider_group *ret)
{
	struct role role;
	enum err err;

	TRY(schema_check(job, SCHEMA_PROVIDER_GROUP, element));
	TRY(json_need_str(job, element, "group", OIDC_GROUP_BYTES_MAX, &ret->group));
	TRY(json_need_str(job, element, "role", LIMIT_NAME_BYTES, &ret->role));
	err = role_of_name(job, job->db, ret->role, &role);
	if (err == ERR_ABSENT) {
		job_forgive(job);
		return json_fail(job, ERR_INVALID, json_member(job, element, "role"), "names no role");
	}
	TRY(err);
	return purposes_member_read(job, call, element, &ret->all_purposes, &ret->purposes);
}

static enum err
groups_read(struct job *job, struct call *call, struct provider *provider)
{
	struct json list;

	TRY(line_read(job, call->body, "groups_claim", false, &provider->groups_claim));
	TRY(json_array(job, call->body, "groups", LIMIT_PROVIDER_GROUPS, &list));
	provider->group_count = json_count(list);
	provider->group = arena_array(&job->arena, provider->group_count + 1, sizeof(*provider->group));
	for (size_t i = 0; i < provider->group_count; i++)
		TRY(group_read(job, call, json_element(job, list, i), &provider->group[i]));
	if (provider->group_count && !provider->groups_claim.len)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "groups_claim"),
		                 "says where groups are read");
	return OK;
}

/* What the provider's own document says is what the events come with, unless it is said. */
static enum err
events_read(struct job *job, struct call *call, const struct networks *networks, const struct oidc_metadata *metadata,
            struct provider *provider)
{
	struct json events = json_member(job, call->body, "events");

	if (json_kind(events) == JSON_ABSENT || json_kind(events) == JSON_NULL)
		return OK;
	TRY(schema_check(job, SCHEMA_PROVIDER_EVENTS, events));
	TRY(line_read(job, events, "issuer", false, &provider->events_issuer));
	TRY(line_read(job, events, "audience", false, &provider->events_audience));
	TRY(line_read(job, events, "keys", false, &provider->events_keys));
	if (!provider->events_issuer.len)
		provider->events_issuer = provider->issuer;
	if (!provider->events_audience.len)
		provider->events_audience = provider->client_id;
	if (!provider->events_keys.len)
		provider->events_keys = metadata->jwks_uri;
	if (!oidc_url_fits(provider->events_keys, networks))
		return json_fail(job, ERR_INVALID, json_member(job, events, "keys"), "is not an address that may be called");
	return OK;
}

/* It is asked for its document at once: what cannot work is not put. */
static enum err
metadata_read(struct job *job, const struct oidc_reach *reach, str issuer, struct oidc_metadata *ret)
{
	enum err err = oidc_metadata(job, reach, issuer, ret);
	const char *why = job->failure.why;

	if (err != ERR_INVALID && err != ERR_IO)
		return err;
	job_forgive(job);
	return job_fail_at(job, ERR_INVALID, S("/issuer"), why ? why : "cannot be believed", __FILE__, __LINE__);
}

static enum err
provider_read(struct job *job, struct call *call, struct provider *provider)
{
	struct json body = call->body;
	struct oidc_metadata metadata;
	struct networks networks;
	struct oidc_reach reach;
	int ends = LOGOUT_ENDS_SESSIONS;

	TRY(oidc_reach_of(job, call, &networks, &reach));
	TRY(line_read(job, body, "issuer", true, &provider->issuer));
	TRY(line_read(job, body, "client_id", true, &provider->client_id));
	TRY(line_read(job, body, "client_secret", false, &provider->secret));
	TRY(address_read(job, body, provider));
	TRY(scopes_read(job, body, provider));
	TRY(groups_read(job, call, provider));
	TRY(json_bool(job, body, "joiners", &provider->joiners, NULL));
	TRY(body_word(job, body, "logout_ends", WORDS_LOGOUT_ENDS, &ends, NULL));
	provider->ends = (enum logout_ends)ends;
	TRY(metadata_read(job, &reach, provider->issuer, &metadata));
	return events_read(job, call, &networks, &metadata, provider);
}

/* --- writing --------------------------------------------------------------------------------------- */

static void
scopes_write(struct json_out *out, str text)
{
	str word;

	json_name(out, S("scopes"));
	json_open(out, '[');
	while (text.len) {
		if (!eat_until(&text, ' ', &word)) {
			word = text;
			text = S("");
		}
		json_put_str(out, word);
	}
	json_close(out, ']');
}

static void
groups_write(struct json_out *out, const struct registry *registry, const struct provider *provider)
{
	json_name(out, S("groups"));
	json_open(out, '[');
	for (size_t i = 0; i < provider->group_count; i++) {
		const struct provider_group *group = &provider->group[i];
		json_open(out, '{');
		json_pair_str(out, S("group"), group->group);
		json_pair_str(out, S("role"), group->role);
		purposes_pair(out, registry, group->all_purposes, group->purposes);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
events_write(struct json_out *out, const struct provider *provider)
{
	json_name(out, S("events"));
	if (!provider->events_issuer.len) {
		json_put_null(out);
		return;
	}
	json_open(out, '{');
	json_pair_str(out, S("issuer"), provider->events_issuer);
	json_pair_str(out, S("audience"), provider->events_audience);
	json_pair_str(out, S("keys"), provider->events_keys);
	json_close(out, '}');
}

static void
address_pair(struct json_out *out, str name, const struct provider *provider, str path)
{
	OWNED(buf_release) struct buf text = { .max = OIDC_URL_MAX + 64 };

	buf_put(&text, provider->address);
	buf_put(&text, path);
	json_pair_str(out, name, buf_str(&text));
}

static enum err
provider_answer(struct job *job, struct call *call)
{
	struct provider provider;
	struct json_out *out;

	TRY(provider_get(job, &call->vault->access, job->db, &provider));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_str(out, S("issuer"), provider.issuer);
	json_pair_str(out, S("client_id"), provider.client_id);
	json_pair_str(out, S("address"), provider.address);
	address_pair(out, S("redirect_uri"), &provider, PROVIDER_CALLBACK);
	address_pair(out, S("backchannel_logout_uri"), &provider, S("/oidc/backchannel-logout"));
	address_pair(out, S("events_uri"), &provider, S("/events/caep"));
	scopes_write(out, provider.scopes);
	json_name(out, S("groups_claim"));
	if (provider.groups_claim.len)
		json_put_str(out, provider.groups_claim);
	else
		json_put_null(out);
	groups_write(out, call->registry, &provider);
	json_pair_bool(out, S("joiners"), provider.joiners);
	json_pair_str(out, S("logout_ends"), words_name(WORDS_LOGOUT_ENDS, (int)provider.ends));
	events_write(out, &provider);
	json_pair_time(out, S("changed_at"), provider.changed_at);
	json_close(out, '}');
	return OK;
}

/* --- calls ------------------------------------------------------------------------------------------ */

enum err
on_identity_provider_get(struct job *job, struct call *call)
{
	TRY(call_registry(job, call));
	return provider_answer(job, call);
}

enum err
on_identity_provider_put(struct job *job, struct call *call)
{
	struct provider provider = { 0 };

	TRY(call_registry(job, call));
	TRY(provider_read(job, call, &provider));
	TRY(provider_put(job, &call->vault->access, &provider));
	return provider_answer(job, call);
}

enum err
on_identity_provider_delete(struct job *job, struct call *call)
{
	TRY(provider_drop(job, &call->vault->access));
	answer_empty(call);
	return OK;
}
