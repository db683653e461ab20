/* api/keys.c -- making and revoking keys. A key never gives more than its maker has. */
#include "access/approval.h"
#include "api/call.h"
#include "api/staff.h"
#include "base/limits.h"
#include "type/ip.h"

/* --- making ----------------------------------------------------------------------------------- */

static enum err
scopes_read(struct job *job, struct call *call, uint32_t *ret)
{
	struct json place = json_member(job, call->body, "scopes");
	bool there;

	TRY(body_mask(job, call->body, "scopes", WORDS_SCOPE, false, ret, &there));
	if (!there || !*ret)
		return json_fail(job, ERR_INVALID, place, "names at least one scope");
	if (*ret & SCOPES_PERSON)
		return json_fail(job, ERR_INVALID, place, "has a scope that is for people who sign in, not for keys");
	return OK;
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
		buf_le16(&numbers, (uint16_t)purpose->no);
	}
	*ret = arena_bytes(&job->arena, buf_bytes(&numbers));
	return OK;
}

enum err
purposes_member_read(struct job *job, struct call *call, struct json object, bool *ret_all, bytes *ret)
{
	struct json place = json_member(job, object, "purposes"), list;
	str star;

	*ret_all = false;
	if (json_kind(place) == JSON_STRING) {
		TRY(json_str(job, object, "purposes", LIMIT_STRING_BYTES, &star, NULL));
		if (!str_eq(star, S("*")))
			return json_fail(job, ERR_INVALID, place, "is a list of names, or *");
		*ret_all = true;
		return OK;
	}
	TRY(json_array(job, object, "purposes", LIMIT_PURPOSES, &list));
	return purpose_list_read(job, call, list, ret);
}

/* "192.0.2.0/24", "2001:db8::/32", or one address. */
static bool
network_read(str text, struct buf *out)
{
	uint8_t address[PEER_BYTES];
	uint64_t bits = 0;
	str alone = text;
	bool whole = !eat_until(&text, '/', &alone), v4;

	if (whole)
		alone = text;
	v4 = !memchr(alone.ptr, ':', alone.len);
	if (!ip_any(alone, address) || (!whole && (!str_u64(text, &bits) || bits > (v4 ? 32 : 128))))
		return false;
	buf_data(out, (bytes){ address, sizeof(address) });
	buf_u8(out, whole ? 128 : (uint8_t)(bits + (v4 ? 96 : 0)));
	return true;
}

static enum err
networks_read(struct job *job, struct json body, bytes *ret)
{
	OWNED(buf_release) struct buf networks = { .max = KEY_NETWORK_BYTES * LIMIT_KEY_NETWORKS };
	struct json list;
	str text;

	if (json_kind(json_member(job, body, "networks")) == JSON_ABSENT)
		return OK;
	TRY(json_array(job, body, "networks", LIMIT_KEY_NETWORKS, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &text));
		if (!network_read(text, &networks))
			return json_fail(job, ERR_INVALID, element, "is no network, as 192.0.2.0/24");
	}
	*ret = arena_bytes(&job->arena, buf_bytes(&networks));
	return OK;
}

/* Who answers for a program's key; its end is theirs. */
static enum err
owner_read(struct job *job, struct call *call, struct api_key *key)
{
	struct json place = json_member(job, call->body, "owner");
	struct staff staff;
	bool there;
	str text;
	uid id;

	key->owner = call->principal.staff;
	TRY(json_str(job, call->body, "owner", LIMIT_NAME_BYTES, &text, &there));
	if (!there)
		return OK;
	if (!uid_parse(text, &id))
		return json_fail(job, ERR_INVALID, place, "is no staff member's id");
	if (staff_of_id(job, &call->vault->access, job->db, id, &staff)) {
		job_forgive(job);
		return json_fail(job, ERR_INVALID, place, "is no staff member's id");
	}
	key->owner = staff.no;
	return OK;
}

static enum err
key_new_read(struct job *job, struct call *call, struct api_key *ret)
{
	struct json body = call->body;

	*ret = (struct api_key){ .expires_at = TIME_NEVER };
	TRY(call_registry(job, call));
	TRY(json_need_str(job, body, "name", LIMIT_NAME_BYTES, &ret->name));
	if (!name_valid(ret->name))
		return json_fail(job, ERR_INVALID, json_member(job, body, "name"),
		                 "is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(scopes_read(job, call, &ret->scopes));
	TRY(purposes_member_read(job, call, body, &ret->all_purposes, &ret->purposes));
	TRY(networks_read(job, body, &ret->networks));
	TRY(json_time(job, body, "expires_at", &ret->expires_at, NULL));
	if (ret->expires_at <= job->now)
		return json_fail(job, ERR_INVALID, json_member(job, body, "expires_at"), "is past");
	return OK;
}

/* Its maker holds this scope for each of the key's purposes. */
static bool
maker_has(const struct principal *maker, uint32_t scope, const struct api_key *key)
{
	bytes rest = key->purposes;
	uint16_t no;

	if (key->all_purposes)
		return policy_any_purpose(maker->grants, scope);
	while (eat_le16(&rest, &no))
		if (!policy_purpose(maker->grants, scope, no))
			return false;
	return true;
}

/* A key gives no more than its maker has; an administrator, who sees no personal data, makes one for a program
 * that does together with somebody else. */
static enum err
maker_check(struct job *job, struct call *call, const struct api_key *key, bool *ret_answered)
{
	const struct principal *maker = &call->principal;

	*ret_answered = false;
	for (uint32_t scope = 1; scope & SCOPES_ALL; scope <<= 1) {
		if (!(key->scopes & scope) || maker_has(maker, scope, key))
			continue;
		if (maker->person) {
			bool needed;
			TRY(approval_needed(job, job->db, &needed));
			if (needed)
				return call_second_said(job, call, S("Make a key that may do more than its maker"), ret_answered);
		}
		return policy_scopes(maker->grants) & scope
		               ? fail(job, ERR_PURPOSE_DENIED, "it would be for more purposes than its maker is")
		               : fail(job, ERR_DENIED, "it would do more than its maker may");
	}
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

static enum err
key_give(struct job *job, struct call *call, struct api_key *key)
{
	str text;

	TRY(key_make(job, call->vault->store, key, &text));
	call->object = key->id;
	key_made_write(job, call, key->id, text);
	return OK;
}

enum err
on_key_post(struct job *job, struct call *call)
{
	struct api_key key;
	bool answered;

	TRY(key_new_read(job, call, &key));
	key.program = true;
	TRY(owner_read(job, call, &key));
	TRY(maker_check(job, call, &key, &answered));
	return answered ? OK : key_give(job, call, &key);
}

/* One's own: it is cut down to its owner at each use (A4), so nothing needs to be held against it now. */
enum err
on_me_key_post(struct job *job, struct call *call)
{
	struct api_key key;

	TRY(key_new_read(job, call, &key));
	if (!call->principal.person)
		return fail(job, ERR_DENIED, "this is for people who signed in");
	key.owner = call->principal.staff;
	return key_give(job, call, &key);
}

enum err
again_key(struct job *job, struct call *call)
{
	key_made_write(job, call, call->object, S(""));
	return OK;
}

/* --- listing and revoking --------------------------------------------------------------------- */

void
scopes_pair(struct json_out *out, uint32_t scopes)
{
	const struct word_list *list = words_list(WORDS_SCOPE);

	json_name(out, S("scopes"));
	json_open(out, '[');
	for (size_t i = 0; i < list->count; i++)
		if (scopes & (uint32_t)list->word[i].no)
			json_put_str(out, list->word[i].name);
	json_close(out, ']');
}

void
purposes_pair(struct json_out *out, const struct registry *registry, bool all, bytes purposes)
{
	uint16_t no;

	json_name(out, S("purposes"));
	if (all) {
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
networks_write(struct json_out *out, bytes networks)
{
	json_name(out, S("networks"));
	json_open(out, '[');
	for (size_t at = 0; at + KEY_NETWORK_BYTES <= networks.len; at += KEY_NETWORK_BYTES) {
		OWNED(buf_release) struct buf text = { .max = 64 };
		unsigned bits = networks.ptr[at + PEER_BYTES];
		bool v4 = bits >= 96 && networks.ptr[at + 10] == 0xff && networks.ptr[at + 11] == 0xff;
		if (v4)
			ip_put_v4(&text, networks.ptr + at + 12);
		else
			ip_put_v6(&text, networks.ptr + at);
		buf_char(&text, '/');
		buf_dec(&text, v4 ? bits - 96 : bits);
		json_put_str(out, buf_str(&text));
	}
	json_close(out, ']');
}

enum err
key_write(struct job *job, struct call *call, const struct api_key *key)
{
	struct json_out *out = &call->out;

	json_open(out, '{');
	json_pair_uid(out, S("id"), key->id);
	json_pair_str(out, S("name"), key->name);
	scopes_pair(out, key->scopes);
	purposes_pair(out, call->registry, key->all_purposes, key->purposes);
	networks_write(out, key->networks);
	json_pair_bool(out, S("personal"), !key->program);
	TRY(staff_pair(job, call, S("owner"), key->owner));
	json_pair_time(out, S("created_at"), key->created_at);
	json_pair_time(out, S("expires_at"), key->expires_at);
	json_pair_time(out, S("revoked_at"), key->revoked_at);
	json_pair_time(out, S("used_at"), key->used_at);
	json_close(out, '}');
	return OK;
}

static enum err
keys_write(struct job *job, struct call *call, const struct api_key *key, size_t count, bool more, int64_t last)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("keys"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(key_write(job, call, &key[i]));
	json_close(out, ']');
	answer_next(out, more, last);
	json_close(out, '}');
	return OK;
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
	return keys_write(job, call, key, count, count == (size_t)page.limit, count ? key[count - 1].no : 0);
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

/* --- one's own -------------------------------------------------------------------------------- */

enum err
on_me_keys_get(struct job *job, struct call *call)
{
	struct api_key *key, *own;
	size_t count, own_count = 0;
	struct page page;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(key_list(job, page.after, (size_t)page.limit, &key, &count));
	own = arena_array(&job->arena, count + 1, sizeof(*own));
	for (size_t i = 0; i < count; i++)
		if (!key[i].program && call->principal.staff && key[i].owner == call->principal.staff)
			own[own_count++] = key[i];
	return keys_write(job, call, own, own_count, count == (size_t)page.limit, count ? key[count - 1].no : 0);
}

enum err
on_me_key_delete(struct job *job, struct call *call)
{
	struct api_key key;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(key_get(job, id, &key));
	if (!call->principal.staff || key.program || key.owner != call->principal.staff)
		return fail(job, ERR_ABSENT, "no key has that id");
	TRY(key_revoke(job, call->vault->store, id));
	answer_empty(call);
	return OK;
}
