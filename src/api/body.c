/* api/body.c -- contract: body.h. */
#include "api/body.h"

#include "base/limits.h"

enum err
body_word(struct job *job, struct json object, const char *name, enum words words, int *ret,
          bool *ret_there)
{
	bool there;
	str text;

	TRY(json_str(job, object, name, LIMIT_STRING_BYTES, &text, &there));
	if (there && !words_find(words, text, ret))
		return json_fail(job, ERR_INVALID, json_member(job, object, name),
		                 "is not one of the words that it may be");
	if (ret_there)
		*ret_there = there;
	return OK;
}

enum err
body_need_word(struct job *job, struct json object, const char *name, enum words words, int *ret)
{
	bool there;

	TRY(body_word(job, object, name, words, ret, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, object, name), "is required");
	return OK;
}

enum err
body_mask(struct job *job, struct json object, const char *name, enum words words, bool bits,
          uint32_t *ret, bool *ret_there)
{
	struct json list;
	uint32_t mask = 0;

	TRY(json_array(job, object, name, words_list(words)->count, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		uint32_t bit;
		str text;
		int no = 0;
		if (json_kind(element) != JSON_STRING)
			return json_fail(job, ERR_INVALID, element, "must be a string");
		TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &text));
		if (!words_find(words, text, &no))
			return json_fail(job, ERR_INVALID, element,
			                 "is not one of the words that it may be");
		bit = bits ? 1u << no : (uint32_t)no;
		if (mask & bit)
			return json_fail(job, ERR_INVALID, element, "is there twice");
		mask |= bit;
	}
	if (ret_there)
		*ret_there = json_kind(list) == JSON_ARRAY;
	if (json_kind(list) == JSON_ARRAY)
		*ret = mask;
	return OK;
}

enum err
body_need_time(struct job *job, struct json object, const char *name, time_us *ret)
{
	bool there;

	TRY(json_time(job, object, name, ret, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, object, name), "is required");
	return OK;
}

enum err
body_field(struct job *job, const struct registry *registry, struct json object, const char *name,
           const struct field **ret)
{
	str text;

	TRY(json_need_str(job, object, name, LIMIT_STRING_BYTES, &text));
	*ret = registry_field(registry, text);
	if (!*ret)
		return json_fail(job, ERR_INVALID, json_member(job, object, name),
		                 "names no field");
	return OK;
}
