/* api/suppressions.c -- addresses that must not be contacted. */
#include "api/call.h"
#include "base/limits.h"
#include "vault/suppress.h"

#define SUPPRESSIONS_SHOWN 256

/* Only what is written as one line is an address; a postal address is several fields of a person. */
static enum err
address_read(struct job *job, struct json body, enum address *ret_address, str *ret_raw)
{
	int address = 0;

	TRY(body_need_word(job, body, "address", WORDS_ADDRESS, &address));
	if (address == ADDRESS_POST)
		return json_fail(job, ERR_INVALID, json_member(job, body, "address"),
		                 "a postal address is suppressed through the person who has it");
	*ret_address = (enum address)address;
	return json_need_str(job, body, "value", LIMIT_VALUE_BYTES, ret_raw);
}

static enum err
scope_check(struct job *job, struct json body, const struct suppression *suppression)
{
	bool purpose = suppression->purpose, channel = suppression->channel != CHANNEL_NONE;

	if ((suppression->scope == SCOPE_PURPOSE) != purpose)
		return json_fail(job, ERR_INVALID, json_member(job, body, "purpose"),
		                 "goes with the scope purpose, and only with it");
	if (suppression->scope == SCOPE_CHANNEL && !channel)
		return json_fail(job, ERR_INVALID, json_member(job, body, "channel"),
		                 "is needed for the scope channel");
	if (suppression->scope > SCOPE_CHANNEL && channel)
		return json_fail(job, ERR_INVALID, json_member(job, body, "channel"),
		                 "goes with the scopes purpose and channel only");
	return OK;
}

static enum err
suppression_read(struct job *job, struct call *call, enum address *ret_address, str *ret_raw,
                 struct suppression *ret)
{
	int scope = 0, source = 0, channel = CHANNEL_NONE;
	const struct purpose *purpose = NULL;
	struct json body = call->body;
	bool there;

	TRY(call_registry(job, call));
	TRY(address_read(job, body, ret_address, ret_raw));
	TRY(body_need_word(job, body, "scope", WORDS_SUPPRESSION_SCOPE, &scope));
	TRY(body_need_word(job, body, "source", WORDS_SUPPRESSION_SOURCE, &source));
	TRY(body_word(job, body, "channel", WORDS_CHANNEL, &channel, NULL));
	TRY(call_purpose(job, call, body, &purpose, &there));
	if (!purpose)
		TRY(call_may(job, call, 0)); /* reaches beyond the purposes of a key */
	*ret = (struct suppression){
		.scope = (enum suppression_scope)scope,
		.purpose = purpose ? purpose->no : 0,
		.channel = (enum channel)channel,
		.at = job->now,
		.source = (enum suppression_source)source,
	};
	TRY(json_time(job, body, "at", &ret->at, NULL));
	if (ret->at > job->now)
		return json_fail(job, ERR_INVALID, json_member(job, body, "at"),
		                 "is in the future");
	return scope_check(job, body, ret);
}

enum err
on_suppression_post(struct job *job, struct call *call)
{
	struct suppression suppression;
	enum address address;
	str raw;

	TRY(suppression_read(job, call, &address, &raw, &suppression));
	TRY(suppress(job, call->vault, address, raw, &suppression));
	answer_empty(call);
	return OK;
}

static void
suppression_write(struct json_out *out, const struct registry *registry,
                  const struct suppression *suppression)
{
	const struct purpose *purpose = registry_purpose_no(registry, suppression->purpose);

	json_open(out, '{');
	json_pair_str(out, S("scope"), scope_name(suppression->scope));
	json_name(out, S("purpose"));
	if (purpose)
		json_put_str(out, purpose->name);
	else
		json_put_null(out);
	json_name(out, S("channel"));
	if (suppression->channel)
		json_put_str(out, channel_name(suppression->channel));
	else
		json_put_null(out);
	json_pair_str(out, S("source"), source_name(suppression->source));
	json_pair_time(out, S("at"), suppression->at);
	json_close(out, '}');
}

/* A key may ask about addresses that its purposes hold. */
static enum err
may_search_address(struct job *job, struct call *call, enum address address)
{
	const struct field *field;

	if (principal_has_all(&call->principal))
		return OK;
	for (size_t nth = 0; (field = registry_address(call->registry, address, nth)); nth++) {
		if (call_may_field(job, call, field) == OK)
			return OK;
		job_forgive(job);
	}
	return fail(job, ERR_PURPOSE_DENIED, "no purpose of this key has such an address");
}

enum err
on_suppression_search_post(struct job *job, struct call *call)
{
	struct suppression *found = arena_array(&job->arena, SUPPRESSIONS_SHOWN, sizeof(*found));
	enum address address;
	struct json_out *out;
	size_t count;
	str raw;

	TRY(call_registry(job, call));
	TRY(address_read(job, call->body, &address, &raw));
	TRY(may_search_address(job, call, address));
	TRY(suppressions_of(job, call->vault, address, raw, found, SUPPRESSIONS_SHOWN, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("suppressions"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		if (!found[i].purpose || principal_has(&call->principal, found[i].purpose))
			suppression_write(out, call->registry, &found[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
