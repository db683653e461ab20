/* api/keys.c -- making and revoking keys. A key never gives more than its maker has. */
#include "api/call.h"
#include "base/limits.h"

struct key_new {
	str name;
	uint32_t scopes;
	bool all_purposes;
	bytes purposes;
	time_us expires_at;
};

/* --- making ----------------------------------------------------------------------------------- */

static enum err
scopes_read(struct job *job, struct call *call, uint32_t *ret)
{
	struct json place = json_member(job, call->body, "scopes");
	bool there;

	TRY(body_mask(job, call->body, "scopes", WORDS_SCOPE, false, ret, &there));
	if (!there || !*ret)
		return json_fail(job, ERR_INVALID, place, "names at least one scope");
	return require_scope(job, &call->principal, (enum scope) * ret);
}

static enum err
purpose_list_read(struct job *job, struct call *call, struct json list, bytes *ret)
{
	OWNED(buf_release) struct buf numbers = { .max = 2 * LIMIT_PURPOSES };

	if (!json_count(list))
		return json_fail(job, ERR_INVALID, list, "names at least one purpose, or is *");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		const struct purpose *purpose;
		str name;
		if (json_kind(element) != JSON_STRING)
			return json_fail(job, ERR_INVALID, element, "must be a string");
		TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &name));
		purpose = registry_purpose(call->registry, name);
		if (!purpose)
			return json_fail(job, ERR_INVALID, element, "names no purpose");
		TRY(call_may(job, call, purpose->no));
		buf_le16(&numbers, (uint16_t)purpose->no);
	}
	*ret = arena_bytes(&job->arena, buf_bytes(&numbers));
	return OK;
}

static enum err
purposes_read(struct job *job, struct call *call, struct key_new *ret)
{
	struct json place = json_member(job, call->body, "purposes"), list;
	str star;

	if (json_kind(place) == JSON_STRING) {
		TRY(json_str(job, call->body, "purposes", LIMIT_STRING_BYTES, &star, NULL));
		if (!str_eq(star, S("*")))
			return json_fail(job, ERR_INVALID, place, "is a list of names, or *");
		ret->all_purposes = true;
		return call_may(job, call, 0); /* every purpose there is or will be */
	}
	TRY(json_array(job, call->body, "purposes", LIMIT_PURPOSES, &list));
	return purpose_list_read(job, call, list, &ret->purposes);
}

static enum err
key_new_read(struct job *job, struct call *call, struct key_new *ret)
{
	struct json body = call->body;

	*ret = (struct key_new){ .expires_at = TIME_NEVER };
	TRY(call_registry(job, call));
	TRY(json_need_str(job, body, "name", LIMIT_NAME_BYTES, &ret->name));
	if (!name_valid(ret->name))
		return json_fail(job, ERR_INVALID, json_member(job, body, "name"),
		                 "is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(scopes_read(job, call, &ret->scopes));
	TRY(purposes_read(job, call, ret));
	TRY(json_time(job, body, "expires_at", &ret->expires_at, NULL));
	if (ret->expires_at <= job->now)
		return json_fail(job, ERR_INVALID, json_member(job, body, "expires_at"), "is past");
	return OK;
}

static void
key_made_write(struct job *job, struct call *call, uid id, str text)
{
	struct json_out *out = answer_json(call, 201);

	json_open(out, '{');
	json_pair_uid(out, S("id"), id);
	if (text.len)
		json_pair_str(out, S("key"), text);
	json_close(out, '}');
}

enum err
on_key_post(struct job *job, struct call *call)
{
	struct key_new new;
	struct api_key key;
	str text;

	TRY(key_new_read(job, call, &new));
	TRY(key_make(job, call->vault->store, new.name, new.scopes, new.all_purposes, new.purposes,
	             new.expires_at, &key, &text));
	call->object = key.id;
	key_made_write(job, call, key.id, text);
	return OK;
}

enum err
again_key(struct job *job, struct call *call)
{
	key_made_write(job, call, call->object, S(""));
	return OK;
}

/* --- listing and revoking --------------------------------------------------------------------- */

static void
scopes_write(struct json_out *out, uint32_t scopes)
{
	const struct word_list *list = words_list(WORDS_SCOPE);

	json_name(out, S("scopes"));
	json_open(out, '[');
	for (size_t i = 0; i < list->count; i++)
		if (scopes & (uint32_t)list->word[i].no)
			json_put_str(out, list->word[i].name);
	json_close(out, ']');
}

static void
purposes_write(struct json_out *out, const struct registry *registry, const struct api_key *key)
{
	bytes purposes = key->purposes;
	uint16_t no;

	json_name(out, S("purposes"));
	if (key->all_purposes) {
		json_put_str(out, S("*"));
		return;
	}
	json_open(out, '[');
	while (eat_le16(&purposes, &no)) {
		const struct purpose *purpose = registry_purpose_no(registry, no);
		if (purpose)
			json_put_str(out, purpose->name);
	}
	json_close(out, ']');
}

static void
key_write(struct json_out *out, const struct registry *registry, const struct api_key *key)
{
	json_open(out, '{');
	json_pair_uid(out, S("id"), key->id);
	json_pair_str(out, S("name"), key->name);
	scopes_write(out, key->scopes);
	purposes_write(out, registry, key);
	json_pair_time(out, S("created_at"), key->created_at);
	json_pair_time(out, S("expires_at"), key->expires_at);
	json_pair_time(out, S("revoked_at"), key->revoked_at);
	json_close(out, '}');
}

static void
keys_write(struct call *call, const struct api_key *key, size_t count, size_t limit)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("keys"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		key_write(out, call->registry, &key[i]);
	json_close(out, ']');
	answer_next(out, count == limit, count ? key[count - 1].no : 0);
	json_close(out, '}');
}

enum err
on_keys_get(struct job *job, struct call *call)
{
	struct api_key *key;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(key_list(job, page.after, (size_t)page.limit, &key, &count));
	keys_write(call, key, count, (size_t)page.limit);
	return OK;
}

enum err
on_key_delete(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(key_revoke(job, call->vault->store, id));
	answer_empty(call);
	return OK;
}
