/* Contract: json.h.  A failure is raised with the place it happened at; the pointer's text is made
 * only then, or when a caller asks for a place, so that reading a good body costs no text. */
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/number.h"
#include "json/prescan.h"
#include "json/tree.h"

struct json_document {
	struct tree *root;
};

#define fail_member(job, object, name, why) \
	json_fail(job, ERR_INVALID, place_below(job, object, NULL, str_from_c(name)), why)

enum err
json_parse(struct job *job, str text, struct json_document **ret, struct json *ret_root)
{
	struct json_document *document;
	struct tree *root = NULL;
	const char *why = prescan(text);

	if (!why)
		why = tree_parse(text, &root);
	if (why)
		return job_fail(job, ERR_MALFORMED, why, __FILE__, __LINE__);
	document = arena_alloc(&job->arena, sizeof(*document));
	document->root = root;
	*ret = document;
	*ret_root = (struct json){ .node = root, .at = "" };
	return OK;
}

void
json_free(struct json_document **document)
{
	if (!*document)
		return;
	tree_free((*document)->root);
	(*document)->root = NULL;
	*document = NULL;
}

/* The pointer's next part, escaped as RFC 6901 asks for. */
static struct json
place_below(struct job *job, struct json parent, struct tree *node, str name)
{
	str front = str_from_c(parent.at);
	char *at = arena_alloc(&job->arena, front.len + 2 * name.len + 2);
	size_t len = front.len;

	if (front.len)
		memcpy(at, front.ptr, front.len);
	at[len++] = '/';
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '~' || c == '/')
			at[len++] = '~';
		at[len++] = c == '~' ? '0' : c == '/' ? '1' : c;
	}
	return (struct json){ .node = node, .at = at };
}

enum json_kind
json_kind(struct json place)
{
	static const enum json_kind kind[] = {
		[TREE_NULL] = JSON_NULL,       [TREE_BOOLEAN] = JSON_BOOLEAN,
		[TREE_INTEGER] = JSON_NUMBER,  [TREE_REAL] = JSON_NUMBER,
		[TREE_STRING] = JSON_STRING,   [TREE_ARRAY] = JSON_ARRAY,
		[TREE_OBJECT] = JSON_OBJECT,
	};

	return place.node ? kind[tree_kind(place.node)] : JSON_ABSENT;
}

static bool
listed(const char *const *members, str name)
{
	for (; *members; members++)
		if (str_eq(str_from_c(*members), name))
			return true;
	return false;
}

enum err
json_object(struct job *job, struct json place, const char *const *members)
{
	void *iterator = NULL;
	struct tree *value;
	str name;

	if (json_kind(place) == JSON_ABSENT)
		return json_fail(job, ERR_INVALID, place, "is required");
	if (json_kind(place) != JSON_OBJECT)
		return json_fail(job, ERR_INVALID, place, "must be an object");
	while (tree_each(place.node, &iterator, &name, &value))
		if (!listed(members, name))
			return json_fail(job, ERR_INVALID, place, "has a member that is not known");
	return OK;
}

static struct tree *
member(struct json object, const char *name)
{
	return json_kind(object) == JSON_OBJECT ? tree_member(object.node, str_from_c(name)) : NULL;
}

/* The member, or NULL when it is absent or null. */
static struct tree *
value_of(struct json object, const char *name)
{
	struct tree *node = member(object, name);

	return node && tree_kind(node) != TREE_NULL ? node : NULL;
}

struct json
json_member(struct job *job, struct json object, const char *name)
{
	return place_below(job, object, member(object, name), str_from_c(name));
}

static void
tell(bool *ret_there, bool there)
{
	if (ret_there)
		*ret_there = there;
}

/* Text that is borrowed from the tree; an empty str with a NULL pointer when there is none. */
static enum err
borrow_str(struct job *job, struct json object, const char *name, size_t len_max, str *ret)
{
	struct tree *node = value_of(object, name);

	*ret = (str){ NULL, 0 };
	if (!node)
		return OK;
	if (tree_kind(node) != TREE_STRING)
		return fail_member(job, object, name, "must be a string");
	if (tree_text(node).len > len_max)
		return fail_member(job, object, name, "is too long");
	*ret = tree_text(node);
	return OK;
}

enum err
json_str(struct job *job, struct json object, const char *name, size_t len_max, str *ret,
         bool *ret_there)
{
	str text;

	TRY(borrow_str(job, object, name, len_max, &text));
	tell(ret_there, text.ptr != NULL);
	if (text.ptr)
		*ret = arena_str(&job->arena, text);
	return OK;
}

enum err
json_need_str(struct job *job, struct json object, const char *name, size_t len_max, str *ret)
{
	bool there;

	TRY(json_str(job, object, name, len_max, ret, &there));
	if (!there)
		return fail_member(job, object, name, "is required");
	return OK;
}

enum err
json_i64(struct job *job, struct json object, const char *name, int64_t min, int64_t max,
         int64_t *ret, bool *ret_there)
{
	struct tree *node = value_of(object, name);

	if (node && tree_kind(node) != TREE_INTEGER)
		return fail_member(job, object, name, "must be a whole number");
	if (node && (tree_integer(node) < min || tree_integer(node) > max))
		return fail_member(job, object, name, "is out of range");
	tell(ret_there, node != NULL);
	if (node)
		*ret = tree_integer(node);
	return OK;
}

enum err
json_bool(struct job *job, struct json object, const char *name, bool *ret, bool *ret_there)
{
	struct tree *node = value_of(object, name);

	if (node && tree_kind(node) != TREE_BOOLEAN)
		return fail_member(job, object, name, "must be true or false");
	tell(ret_there, node != NULL);
	if (node)
		*ret = tree_boolean(node);
	return OK;
}

enum err
json_time(struct job *job, struct json object, const char *name, time_us *ret, bool *ret_there)
{
	time_us at = 0;
	str text;

	TRY(borrow_str(job, object, name, SIZE_MAX, &text));
	if (text.ptr && !time_parse(text, &at))
		return fail_member(job, object, name, "must be a time as RFC 3339 writes it");
	tell(ret_there, text.ptr != NULL);
	if (text.ptr)
		*ret = at;
	return OK;
}

enum err
json_uid(struct job *job, struct json object, const char *name, uid *ret, bool *ret_there)
{
	uid id;
	str text;

	TRY(borrow_str(job, object, name, SIZE_MAX, &text));
	if (text.ptr && !uid_parse(text, &id))
		return fail_member(job, object, name, "must be a UUID");
	tell(ret_there, text.ptr != NULL);
	if (text.ptr)
		*ret = id;
	return OK;
}

size_t
json_count(struct json place)
{
	return place.node ? tree_count(place.node) : 0;
}

struct json
json_element(struct job *job, struct json array, size_t index)
{
	bool there = json_kind(array) == JSON_ARRAY && index < tree_count(array.node);
	char digits[24];

	snprintf(digits, sizeof(digits), "%zu", index);
	return place_below(job, array, there ? tree_element(array.node, index) : NULL,
	                   str_from_c(digits));
}

enum err
json_array(struct job *job, struct json object, const char *name, size_t count_max,
           struct json *ret)
{
	struct tree *node = value_of(object, name);

	if (node && tree_kind(node) != TREE_ARRAY)
		return fail_member(job, object, name, "must be an array");
	if (node && tree_count(node) > count_max)
		return fail_member(job, object, name, "has too many elements");
	*ret = place_below(job, object, node, str_from_c(name));
	return OK;
}

bool
json_each(struct job *job, struct json object, void **iterator, str *ret_name,
          struct json *ret_value)
{
	struct tree *value;
	str name;

	if (json_kind(object) != JSON_OBJECT || !tree_each(object.node, iterator, &name, &value))
		return false;
	*ret_name = arena_str(&job->arena, name);
	*ret_value = (struct json){ .node = value, .at = object.at };
	return true;
}

struct json
json_at_name(struct job *job, struct json parent, struct json value, str name)
{
	return place_below(job, parent, value.node, name);
}

/* Scalars as text; strings unquoted, which is what tells this from canonical form. */
static bool
put_scalar(struct buf *buf, const struct tree *node)
{
	switch (tree_kind(node)) {
	case TREE_STRING:
		buf_put(buf, tree_text(node));
		return true;
	case TREE_INTEGER:
		buf_dec(buf, tree_integer(node));
		return true;
	case TREE_REAL:
		buf_real(buf, tree_real(node));
		return true;
	case TREE_BOOLEAN:
		buf_put(buf, tree_boolean(node) ? S("true") : S("false"));
		return true;
	case TREE_NULL:
	case TREE_ARRAY:
	case TREE_OBJECT:
		break;
	}
	return false;
}

enum err
json_scalar(struct job *job, struct json place, size_t len_max, str *ret)
{
	OWNED(buf_release) struct buf text;

	buf_init(&text, len_max);
	if (!place.node || !put_scalar(&text, place.node))
		return json_fail(job, ERR_INVALID, place, "must be text, a number or a boolean");
	if (!buf_ok(&text))
		return json_fail(job, ERR_INVALID, place, "is too long");
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

/* --- canonical form -------------------------------------------------------------------------- */

struct named {
	str name;
	struct tree *value;
};

/* RFC 8785 sorts by UTF-16 code units.  In UTF-8 that is the order of octets, but for characters
 * past U+FFFF (F0..F4), whose surrogates sort before U+E000..U+FFFF (EE, EF). */
static unsigned
utf16_rank(char c)
{
	unsigned octet = (unsigned char)c;

	return octet == 0xee || octet == 0xef ? octet + 0x10 : octet;
}

static int
named_cmp(const void *left, const void *right)
{
	str a = ((const struct named *)left)->name, b = ((const struct named *)right)->name;
	size_t at = 0;

	while (at < a.len && at < b.len && a.ptr[at] == b.ptr[at])
		at++;
	if (at == a.len || at == b.len)
		return a.len < b.len ? -1 : a.len > b.len;
	return utf16_rank(a.ptr[at]) < utf16_rank(b.ptr[at]) ? -1 : 1;
}

static void put_canonical(struct job *job, struct json_out *out, struct tree *node);

static void
put_members(struct job *job, struct json_out *out, struct tree *object)
{
	size_t count = 0;
	struct named *member =
		arena_array(&job->arena, tree_count(object) + 1, sizeof(*member));
	void *iterator = NULL;

	while (tree_each(object, &iterator, &member[count].name, &member[count].value))
		count++;
	qsort(member, count, sizeof(*member), named_cmp);
	json_open(out, '{');
	for (size_t i = 0; i < count; i++) {
		json_name(out, member[i].name);
		put_canonical(job, out, member[i].value);
	}
	json_close(out, '}');
}

static void
put_number(struct json_out *out, const struct tree *node)
{
	OWNED(buf_release) struct buf text;

	buf_init(&text, 64);
	put_scalar(&text, node);
	json_put_raw(out, buf_str(&text));
}

/* Recursion is bounded by LIMIT_JSON_DEPTH, which prescan() holds. */
static void
put_canonical(struct job *job, struct json_out *out, struct tree *node)
{
	switch (tree_kind(node)) {
	case TREE_OBJECT:
		put_members(job, out, node);
		return;
	case TREE_ARRAY:
		json_open(out, '[');
		for (size_t i = 0; i < tree_count(node); i++)
			put_canonical(job, out, tree_element(node, i));
		json_close(out, ']');
		return;
	case TREE_STRING:
		json_put_str(out, tree_text(node));
		return;
	case TREE_INTEGER:
	case TREE_REAL:
	case TREE_BOOLEAN:
		put_number(out, node);
		return;
	case TREE_NULL:
		json_put_null(out);
		return;
	}
}

enum err
json_canonical(struct job *job, struct json place, size_t len_max, str *ret)
{
	OWNED(buf_release) struct buf text;
	struct json_out out;

	if (!place.node)
		return json_fail(job, ERR_INVALID, place, "is required");
	buf_init(&text, len_max);
	json_out_begin(&out, &text);
	put_canonical(job, &out, place.node);
	if (!buf_ok(&text))
		return json_fail(job, ERR_INVALID, place, "is too long");
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}
