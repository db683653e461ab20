#include "json/tree.h"

#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "os/random.h"

static json_t *
inner(const struct tree *node)
{
	return (json_t *)(void *)(uintptr_t)node;
}

static struct tree *
outer(json_t *value)
{
	return (struct tree *)(void *)value;
}

static void *
tree_alloc(size_t size)
{
	void *ptr = malloc(size);

	must(ptr);
	return ptr;
}

static void
tree_wipe_free(void *ptr)
{
	if (!ptr)
		return;
	explicit_bzero(ptr, malloc_usable_size(ptr));
	free(ptr);
}

/* The seed keeps a caller from choosing member names that collide in jansson's hash table. */
static void
set_up(void)
{
	size_t seed;

	os_random(&seed, sizeof(seed));
	json_set_alloc_funcs(tree_alloc, tree_wipe_free);
	json_object_seed(seed | 1);
}

/* jansson's own text quotes the input, which may be personal data; a literal takes its place. */
static const char *
reason(const json_error_t *error)
{
	switch ((int)json_error_code(error)) {
	case json_error_premature_end_of_input:
		return "the JSON text ends too early";
	case json_error_end_of_input_expected:
		return "there is something after the JSON text";
	case json_error_invalid_utf8:
		return "the JSON text is not valid UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a JSON string contains U+0000";
	case json_error_duplicate_key:
		return "a JSON object has the same member twice";
	case json_error_numeric_overflow:
		return "a JSON number is out of range";
	default:
		return "the JSON text is not valid";
	}
}

const char *
tree_parse(str text, struct tree **ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	json_error_t error;
	json_t *root;

	pthread_once(&once, set_up);
	if (!text.len)
		return "the JSON text is empty";
	root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (root)
		*ret = outer(root);
	else
		explicit_bzero(error.text, sizeof(error.text) - 1 /* the last octet is the code */);
	return root ? NULL : reason(&error);
}

void
tree_free(struct tree *root)
{
	json_decref(inner(root));
}

enum tree_kind
tree_kind(const struct tree *node)
{
	switch (json_typeof(inner(node))) {
	case JSON_OBJECT:
		return TREE_OBJECT;
	case JSON_ARRAY:
		return TREE_ARRAY;
	case JSON_STRING:
		return TREE_STRING;
	case JSON_INTEGER:
		return TREE_INTEGER;
	case JSON_REAL:
		return TREE_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return TREE_BOOLEAN;
	case JSON_NULL:
		return TREE_NULL;
	}
	must(false);
}

bool
tree_boolean(const struct tree *node)
{
	return json_is_true(inner(node));
}

int64_t
tree_integer(const struct tree *node)
{
	return json_integer_value(inner(node));
}

double
tree_real(const struct tree *node)
{
	return json_real_value(inner(node));
}

str
tree_text(const struct tree *node)
{
	return (str){ json_string_value(inner(node)), json_string_length(inner(node)) };
}

size_t
tree_count(const struct tree *node)
{
	return json_is_array(inner(node)) ? json_array_size(inner(node)) :
	                                    json_object_size(inner(node));
}

struct tree *
tree_element(const struct tree *node, size_t index)
{
	return outer(json_array_get(inner(node), index));
}

struct tree *
tree_member(const struct tree *node, str name)
{
	return outer(json_object_getn(inner(node), name.ptr, name.len));
}

bool
tree_each(struct tree *node, void **iterator, str *ret_name, struct tree **ret_value)
{
	json_t *object = inner(node);
	void *at = *iterator ? json_object_iter_next(object, *iterator) : json_object_iter(object);

	*iterator = at;
	if (!at)
		return false;
	*ret_name = (str){ json_object_iter_key(at), json_object_iter_key_len(at) };
	*ret_value = outer(json_object_iter_value(at));
	return true;
}
