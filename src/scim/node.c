/* scim/node.c -- contract and V1, V2: node.h. */
#include "scim/node.h"

#include "base/limits.h"

/* --- building ---------------------------------------------------------------------------------- */

struct scim_node *
scim_node_new(struct job *job, const struct scim_attr *attr)
{
	struct scim_node *node = arena_alloc(&job->arena, sizeof(*node));

	node->attr = attr;
	return node;
}

void
scim_node_append(struct scim_node *parent, struct scim_node *node)
{
	struct scim_node **at = &parent->child;

	while (*at)
		at = &(*at)->next;
	*at = node;
	node->next = NULL;
}

struct scim_node *
scim_node_add(struct job *job, struct scim_node *parent, const struct scim_attr *attr)
{
	struct scim_node *node = scim_node_new(job, attr);

	scim_node_append(parent, node);
	return node;
}

static const struct scim_attr *
attr_below(const struct scim_resource *resource, const struct scim_node *parent, str name)
{
	const struct scim_attr *attr = parent->attr ? scim_sub(parent->attr, name) : scim_attr(resource, name);

	must(attr);
	return attr;
}

void
scim_put_text(struct job *job, const struct scim_resource *resource, struct scim_node *parent, str name, str text)
{
	if (text.len)
		scim_node_add(job, parent, attr_below(resource, parent, name))->text = text;
}

void
scim_put_bool(struct job *job, const struct scim_resource *resource, struct scim_node *parent, str name, bool truth)
{
	scim_node_add(job, parent, attr_below(resource, parent, name))->truth = truth;
}

void
scim_put_time(struct job *job, const struct scim_resource *resource, struct scim_node *parent, str name, time_us at)
{
	OWNED(buf_release) struct buf text = { .max = 40 };

	buf_time(&text, at);
	scim_put_text(job, resource, parent, name, arena_str(&job->arena, buf_str(&text)));
}

struct scim_node *
scim_put_complex(struct job *job, const struct scim_resource *resource, struct scim_node *parent, str name)
{
	return scim_node_add(job, parent, attr_below(resource, parent, name));
}

struct scim_node *
scim_node_copy(struct job *job, const struct scim_node *node)
{
	struct scim_node *copy = scim_node_new(job, node->attr), **at = &copy->child;

	copy->text = node->text;
	copy->truth = node->truth;
	for (const struct scim_node *child = node->child; child; child = child->next) {
		*at = scim_node_copy(job, child);
		at = &(*at)->next;
	}
	return copy;
}

/* --- finding ----------------------------------------------------------------------------------- */

struct scim_node *
scim_node_find(const struct scim_node *parent, const struct scim_attr *attr)
{
	for (struct scim_node *node = parent->child; node; node = node->next)
		if (node->attr == attr)
			return node;
	return NULL;
}

struct scim_node *
scim_node_next(const struct scim_node *node)
{
	for (struct scim_node *next = node->next; next; next = next->next)
		if (next->attr == node->attr)
			return next;
	return NULL;
}

str
scim_text(const struct scim_resource *resource, const struct scim_node *root, const char *name, const char *sub)
{
	const struct scim_attr *attr = scim_attr(resource, str_from_c(name));
	const struct scim_node *node;

	must(attr);
	node = scim_node_find(root, attr);
	if (node && sub)
		node = scim_node_find(node, scim_sub(attr, str_from_c(sub)));
	return node ? node->text : S("");
}

static size_t
child_count(const struct scim_node *node)
{
	size_t count = 0;

	for (const struct scim_node *child = node->child; child; child = child->next)
		count++;
	return count;
}

/* Sub-attributes in any order; none of them is multi-valued. */
bool
scim_node_equal(const struct scim_node *a, const struct scim_node *b)
{
	if (a->attr != b->attr || a->truth != b->truth || !str_eq(a->text, b->text) ||
	    child_count(a) != child_count(b))
		return false;
	for (const struct scim_node *child = a->child; child; child = child->next) {
		const struct scim_node *other = scim_node_find(b, child->attr);
		if (!other || !scim_node_equal(child, other))
			return false;
	}
	return true;
}

void
scim_node_drop(struct scim_node *parent, const struct scim_node *node)
{
	for (struct scim_node **at = &parent->child; *at; at = &(*at)->next) {
		if (*at != node)
			continue;
		*at = node->next;
		return;
	}
}

void
scim_node_drop_all(struct scim_node *parent, const struct scim_attr *attr)
{
	struct scim_node **at = &parent->child;

	while (*at) {
		if ((*at)->attr == attr)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
}

enum err
scim_primary(struct job *job, struct scim_node *parent, const struct scim_attr *attr)
{
	const struct scim_attr *primary = scim_sub(attr, S("primary"));
	struct scim_node *value, *flag;
	size_t fresh = 0;

	if (!primary)
		return OK;
	for (value = scim_node_find(parent, attr); value; value = scim_node_next(value)) {
		flag = scim_node_find(value, primary);
		fresh += value->fresh && flag && flag->truth;
	}
	if (fresh > 1)
		return fail(job, ERR_INVALID, "more than one value is primary");
	for (value = scim_node_find(parent, attr); fresh && value; value = scim_node_next(value))
		if (!value->fresh && scim_node_find(value, primary))
			scim_node_drop(value, scim_node_find(value, primary));
	return OK;
}

/* --- reading one value ------------------------------------------------------------------------- */

static bool
is_null(struct json value)
{
	return json_kind(value) == JSON_NULL || json_kind(value) == JSON_ABSENT;
}

/* One line, for a list of names to be read in. */
static bool
is_line(str text)
{
	if (!str_printable(text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20)
			return false;
	return true;
}

static enum err
read_text(struct job *job, struct json value, str *ret)
{
	if (json_kind(value) != JSON_STRING)
		return fail(job, ERR_INVALID, "an attribute that is text has another kind of value");
	if (json_scalar(job, value, LIMIT_SCIM_TEXT_BYTES, ret)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "limit_scim_text_bytes: a text is longer than 1024 octets");
	}
	if (!is_line(*ret))
		return fail(job, ERR_INVALID, "a text has a control character or a line break");
	return OK;
}

/* Entra sends True and False as text. */
static enum err
read_truth(struct job *job, struct json value, bool *ret)
{
	str text;

	if (json_kind(value) != JSON_BOOLEAN && json_kind(value) != JSON_STRING)
		return fail(job, ERR_INVALID, "an attribute that is true or false has another value");
	if (json_scalar(job, value, LIMIT_SCIM_TEXT_BYTES, &text)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "an attribute that is true or false has another value");
	}
	if (!str_eq_fold(text, S("true")) && !str_eq_fold(text, S("false")))
		return fail(job, ERR_INVALID, "an attribute that is true or false has another value");
	*ret = str_eq_fold(text, S("true"));
	return OK;
}

/* Into a node that is there; *ret_empty: nothing is assigned. */
static enum err
read_one(struct job *job, struct scim_node *node, struct json value, bool *ret_empty)
{
	*ret_empty = is_null(value);
	if (*ret_empty)
		return OK;
	switch (node->attr->type) {
	case SCIM_BOOLEAN:
		return read_truth(job, value, &node->truth);
	case SCIM_COMPLEX:
		TRY(scim_merge(job, node, value, false));
		*ret_empty = !node->child;
		return OK;
	case SCIM_TEXT:
	case SCIM_TIME:
	case SCIM_REFERENCE:
		break;
	}
	TRY(read_text(job, value, &node->text));
	*ret_empty = !node->text.len; /* V2 */
	return OK;
}

/* A value of a multi-valued attribute is nothing without its `value`. */
static enum err
check_element(struct job *job, const struct scim_node *node)
{
	const struct scim_attr *value = scim_sub(node->attr, S("value"));

	if (scim_has(node->attr, SCIM_MANY) && value && !scim_node_find(node, value))
		return fail(job, ERR_INVALID, "a value of a multi-valued attribute lacks its member value");
	return OK;
}

static enum err
read_next(struct job *job, struct scim_node *parent, const struct scim_attr *attr, struct json value)
{
	struct scim_node *node = scim_node_new(job, attr);
	bool empty;

	TRY(read_one(job, node, value, &empty));
	if (empty && json_kind(value) != JSON_OBJECT)
		return OK;
	TRY(check_element(job, node)); /* {} in a list is a value that lacks one, not none */
	if (empty)
		return OK;
	node->fresh = true;
	scim_node_append(parent, node);
	return OK;
}

enum err
scim_read_values(struct job *job, struct scim_node *parent, const struct scim_attr *attr, struct json value)
{
	if (json_kind(value) != JSON_ARRAY)
		return read_next(job, parent, attr, value);
	if (!scim_has(attr, SCIM_MANY))
		return fail(job, ERR_INVALID, "an attribute with one value has a list of them");
	for (size_t i = 0; i < json_count(value); i++)
		TRY(read_next(job, parent, attr, json_element(job, value, i)));
	return OK;
}

/* --- reading objects --------------------------------------------------------------------------- */

/* Marks the index of `attr` in its table; false: it was marked. */
static bool
mark(uint64_t *seen, const struct scim_attr *table, const struct scim_attr *attr)
{
	uint64_t bit = (uint64_t)1 << (attr - table);
	bool new = !(*seen & bit);

	*seen |= bit;
	return new;
}

enum err
scim_merge(struct job *job, struct scim_node *into, struct json object, bool strict)
{
	const struct scim_attr *of = into->attr, *sub;
	void *iterator = NULL;
	struct json value;
	uint64_t seen = 0;
	str name;

	if (json_kind(object) != JSON_OBJECT)
		return fail(job, ERR_INVALID, "an attribute with sub-attributes has another kind of value");
	while (json_each(job, object, &iterator, &name, &value)) {
		sub = scim_sub(of, name);
		if (!sub)
			return fail(job, ERR_MALFORMED, "a sub-attribute that is in no schema");
		if (!mark(&seen, of->sub, sub))
			return fail(job, ERR_MALFORMED, "an attribute is there twice, spelled differently");
		if (strict && scim_has(sub, SCIM_READ_ONLY))
			return fail(job, ERR_MUTABILITY, "a sub-attribute is read only");
		if (scim_has(sub, SCIM_READ_ONLY | SCIM_FORGOTTEN))
			continue;
		scim_node_drop_all(into, sub);
		TRY(scim_read_values(job, into, sub, value));
	}
	return OK;
}

/* The same over two tables: common attributes first, those of the schema after them. */
static bool
mark_top(const struct scim_resource *resource, const struct scim_attr *attr, uint64_t *seen)
{
	size_t place = 0, of_schema = 0;
	uint64_t before = *seen;

	while (scim_common_at(place) && scim_common_at(place) != attr)
		place++;
	if (!scim_common_at(place))
		while (&resource->core->attr[of_schema] != attr)
			of_schema++;
	must(place + of_schema < 64);
	*seen |= (uint64_t)1 << (place + of_schema);
	return *seen != before;
}

/* Whether a body's member is passed over: it is not kept, or not for others to set. */
static bool
passed_over(const struct scim_at *at)
{
	return scim_forgotten(at) || scim_read_only(at);
}

static enum err
read_extension(struct job *job, const struct scim_attr *extension, struct json value)
{
	struct scim_node *probe = scim_node_new(job, extension);

	/* Whatever else is in it has to be known, too. */
	return is_null(value) ? OK : scim_merge(job, probe, value, false);
}

/* Entra sends an empty list of roles with each user.  Empty it asks for nothing; with one in it, it would. */
static bool
asks_for_nothing(str name, struct json value)
{
	return (str_eq_fold(name, S("roles")) || str_eq_fold(name, S("entitlements"))) &&
	       (is_null(value) || (json_kind(value) == JSON_ARRAY && !json_count(value)));
}

enum err
scim_read(struct job *job, const struct scim_resource *resource, struct json body, struct scim_node **ret)
{
	struct scim_node *root = scim_node_new(job, NULL);
	uint64_t seen = 0;
	void *iterator = NULL;
	struct json value, schemas;
	struct scim_at at;
	str name;

	if (json_kind(body) != JSON_OBJECT)
		return fail(job, ERR_MALFORMED, "the body is no object");
	TRY(scim_member(job, body, S("schemas"), &schemas));
	TRY(scim_read_schemas(job, resource, schemas, S("")));
	while (json_each(job, body, &iterator, &name, &value)) {
		if (str_eq_fold(name, S("schemas")) || asks_for_nothing(name, value))
			continue;
		if (!scim_resolve(resource, name, &at) || at.sub || (at.extension && at.attr))
			return fail(job, ERR_MALFORMED, "an attribute that is in no schema of the resource");
		if (at.extension) {
			TRY(read_extension(job, at.extension, value));
			continue;
		}
		if (!mark_top(resource, at.attr, &seen))
			return fail(job, ERR_MALFORMED, "an attribute is there twice, spelled differently");
		if (passed_over(&at))
			continue;
		TRY(scim_read_values(job, root, at.attr, value));
		TRY(scim_primary(job, root, at.attr));
	}
	*ret = root;
	return OK;
}

enum err
scim_read_schemas(struct job *job, const struct scim_resource *resource, struct json list, str only)
{
	bool core = false;
	str urn;

	if (json_kind(list) != JSON_ARRAY || !json_count(list))
		return fail(job, ERR_MALFORMED, "schemas is missing, or no list");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		if (json_kind(element) != JSON_STRING)
			return fail(job, ERR_MALFORMED, "schemas has something that is no text");
		TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &urn));
		if (only.len ? str_eq_fold(urn, only) : str_eq_fold(urn, resource->core->urn))
			core = true;
		else if (only.len || !str_eq_fold(urn, resource->extension->urn))
			return fail(job, ERR_MALFORMED, "schemas names one that does not belong here");
	}
	if (!core)
		return fail(job, ERR_MALFORMED, "schemas does not name the schema of what this is");
	return OK;
}

enum err
scim_member(struct job *job, struct json object, str name, struct json *ret)
{
	struct json value, found = { .at = "" };
	void *iterator = NULL;
	str each;

	while (json_each(job, object, &iterator, &each, &value)) {
		if (!str_eq_fold(each, name))
			continue;
		if (json_kind(found) != JSON_ABSENT)
			return fail(job, ERR_MALFORMED, "a member is there twice, spelled differently");
		found = value;
	}
	*ret = found;
	return OK;
}

enum err
scim_members(struct job *job, struct json object, const char *const *names)
{
	void *iterator = NULL;
	struct json value;
	str name;

	if (json_kind(object) != JSON_OBJECT)
		return fail(job, ERR_MALFORMED, "something that should be an object is none");
	while (json_each(job, object, &iterator, &name, &value)) {
		const char *const *known = names;
		while (*known && !str_eq_fold(str_from_c(*known), name))
			known++;
		if (!*known)
			return fail(job, ERR_MALFORMED, "a member that is not known");
	}
	return OK;
}

/* --- printing ---------------------------------------------------------------------------------- */

enum err
scim_pick(struct job *job, const struct scim_resource *resource, str name, struct scim_picks *picks)
{
	struct scim_at at = { 0 };

	if (picks->count == SCIM_PICKS_MAX)
		return fail(job, ERR_LIMIT, "more than 32 attributes are named");
	if (str_eq_fold(name, S("schemas")))
		return OK; /* always there */
	if (!scim_resolve(resource, name, &at))
		return fail(job, ERR_PATH, "an attribute that is in no schema of the resource");
	picks->at[picks->count++] = at;
	return OK;
}

/* `extension` and `sub` may be NULL: of the whole. */
static bool
shown(const struct scim_picks *picks, const struct scim_attr *extension, const struct scim_attr *attr,
      const struct scim_attr *sub)
{
	if (scim_has(attr, SCIM_ALWAYS))
		return true;
	for (size_t i = 0; i < picks->count; i++) {
		const struct scim_at *at = &picks->at[i];
		if (at->extension != extension || (at->attr && at->attr != attr))
			continue;
		if (picks->only ? !sub || !at->sub || at->sub == sub : !at->sub || at->sub == sub)
			return picks->only;
	}
	return !picks->only;
}

bool
scim_picked(const struct scim_picks *picks, const struct scim_attr *attr)
{
	return shown(picks, NULL, attr, NULL);
}

static void
print_value(struct json_out *out, const struct scim_node *node, const struct scim_picks *picks)
{
	switch (node->attr->type) {
	case SCIM_BOOLEAN:
		json_put_bool(out, node->truth);
		return;
	case SCIM_TEXT:
	case SCIM_TIME:
	case SCIM_REFERENCE:
		json_put_str(out, node->text);
		return;
	case SCIM_COMPLEX:
		break;
	}
	json_open(out, '{');
	for (size_t i = 0; i < node->attr->sub_count; i++) {
		const struct scim_attr *sub = &node->attr->sub[i];
		const struct scim_node *child = scim_node_find(node, sub);
		if (!child || !shown(picks, NULL, node->attr, sub))
			continue;
		json_name(out, sub->name);
		print_value(out, child, picks);
	}
	json_close(out, '}');
}

static void
print_attr(struct json_out *out, const struct scim_attr *extension, const struct scim_node *parent,
           const struct scim_attr *attr, const struct scim_picks *picks)
{
	const struct scim_node *node = scim_node_find(parent, attr);

	if (!node || !shown(picks, extension, attr, NULL))
		return;
	json_name(out, attr->name);
	if (!scim_has(attr, SCIM_MANY)) {
		print_value(out, node, picks);
		return;
	}
	json_open(out, '[');
	for (; node; node = scim_node_next(node))
		print_value(out, node, picks);
	json_close(out, ']');
}

/* An extension that has something to show. */
static const struct scim_node *
extension_shown(const struct scim_resource *resource, const struct scim_node *root, const struct scim_picks *picks)
{
	const struct scim_node *node = scim_node_find(root, resource->extension->as);

	for (const struct scim_node *child = node ? node->child : NULL; child; child = child->next)
		if (shown(picks, node->attr, child->attr, NULL))
			return node;
	return NULL;
}

void
scim_print(struct json_out *out, const struct scim_resource *resource, const struct scim_node *root,
           const struct scim_picks *picks)
{
	const struct scim_node *extension = extension_shown(resource, root, picks);
	const struct scim_attr *attr;

	json_open(out, '{');
	json_name(out, S("schemas"));
	json_open(out, '[');
	json_put_str(out, resource->core->urn);
	if (extension)
		json_put_str(out, resource->extension->urn);
	json_close(out, ']');
	for (size_t i = 0; (attr = scim_common_at(i)); i++)
		print_attr(out, NULL, root, attr, picks);
	for (size_t i = 0; i < resource->core->count; i++)
		print_attr(out, NULL, root, &resource->core->attr[i], picks);
	if (extension) {
		json_name(out, resource->extension->urn);
		json_open(out, '{');
		for (size_t i = 0; i < resource->extension->count; i++)
			print_attr(out, resource->extension->as, extension, &resource->extension->attr[i], picks);
		json_close(out, '}');
	}
	json_close(out, '}');
}
