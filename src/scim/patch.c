/* scim/patch.c -- contract and P1 to P4: patch.h. */
#include "scim/patch.h"

#include "base/limits.h"

enum what { ADD, REMOVE, REPLACE };

/* One operation on one path. */
struct change {
	struct job *job;
	const struct scim_resource *resource;
	struct scim_node *root;
	enum what what;
	struct scim_path path;
	struct json value;
	bool has_value; /* neither absent nor null */
};

static void
not_fresh(struct scim_node *parent)
{
	for (struct scim_node *node = parent->child; node; node = node->next) {
		node->fresh = false;
		not_fresh(node);
	}
}

/* To replace by null is to remove (RFC 7643 section 2.5). */
static bool
removes(const struct change *change)
{
	return change->what == REMOVE || !change->has_value;
}

/* --- attributes with one value ----------------------------------------------------------------- */

static enum err
remove_one(struct change *change, struct scim_node *parent, const struct scim_attr *attr)
{
	if (scim_has(attr, SCIM_REQUIRED | SCIM_STAYS))
		return fail(change->job, ERR_MUTABILITY, "an attribute that has a value always cannot be taken away");
	if (change->what == REMOVE && change->has_value)
		return fail(change->job, ERR_INVALID, "remove takes a value only for attributes with many of them");
	scim_node_drop_all(parent, attr);
	return OK;
}

static enum err
set_one(struct change *change, struct scim_node *parent, const struct scim_attr *attr)
{
	scim_node_drop_all(parent, attr);
	TRY(scim_read_values(change->job, parent, attr, change->value));
	if (scim_has(attr, SCIM_REQUIRED | SCIM_STAYS) && !scim_node_find(parent, attr))
		return fail(change->job, ERR_INVALID, "an attribute that has a value always cannot be empty");
	return OK;
}

static enum err
change_one(struct change *change, struct scim_node *parent, const struct scim_attr *attr)
{
	return removes(change) ? remove_one(change, parent, attr) : set_one(change, parent, attr);
}

/* name, or name.familyName: what is not named stays (sections 3.5.2.1 and 3.5.2.3). */
static enum err
change_complex(struct change *change)
{
	const struct scim_attr *attr = change->path.at.attr, *sub = change->path.at.sub;
	struct scim_node *node = scim_node_find(change->root, attr);

	if (!sub && removes(change))
		return remove_one(change, change->root, attr);
	if (!node)
		node = scim_node_add(change->job, change->root, attr);
	if (sub)
		TRY(change_one(change, node, sub));
	else
		TRY(scim_merge(change->job, node, change->value, true));
	if (!node->child)
		scim_node_drop(change->root, node);
	return OK;
}

/* --- attributes with many values --------------------------------------------------------------- */

/* What makes two values of an attribute the same one: `value` where that never changes, else all of it. */
static bool
same_value(const struct scim_node *a, const struct scim_node *b)
{
	const struct scim_attr *value = scim_sub(a->attr, S("value"));
	const struct scim_node *one, *other;

	if (!value || !scim_has(value, SCIM_IMMUTABLE))
		return scim_node_equal(a, b);
	one = scim_node_find(a, value);
	other = scim_node_find(b, value);
	return one && other && str_eq_fold(one->text, other->text);
}

static struct scim_node *
same_among(const struct scim_node *parent, const struct scim_node *node)
{
	struct scim_node *each;

	for (each = scim_node_find(parent, node->attr); each; each = scim_node_next(each))
		if (same_value(each, node))
			return each;
	return NULL;
}

/* The values of the operation, apart from those that are there. */
static enum err
read_apart(struct change *change, struct scim_node **ret)
{
	*ret = scim_node_new(change->job, NULL);
	if (!change->has_value)
		return OK;
	return scim_read_values(change->job, *ret, change->path.at.attr, change->value);
}

static void
add_new_ones(struct scim_node *parent, struct scim_node *apart)
{
	struct scim_node *node = apart->child, *next;

	for (; node; node = next) {
		next = node->next;
		if (!same_among(parent, node))
			scim_node_append(parent, node);
	}
}

/* P3.  What is named and not there is as it should be. */
static void
remove_named(struct scim_node *parent, struct scim_node *apart)
{
	for (struct scim_node *node = apart->child; node; node = node->next) {
		struct scim_node *there = same_among(parent, node);
		if (there)
			scim_node_drop(parent, there);
	}
}

static enum err
change_all(struct change *change)
{
	const struct scim_attr *attr = change->path.at.attr;
	struct scim_node *apart;

	TRY(read_apart(change, &apart));
	if (change->what == REMOVE && change->has_value) {
		remove_named(change->root, apart);
		return OK;
	}
	if (change->what == ADD && !change->has_value)
		return fail(change->job, ERR_INVALID, "add needs a value");
	if (change->what != ADD)
		scim_node_drop_all(change->root, attr);
	add_new_ones(change->root, apart);
	return scim_primary(change->job, change->root, attr);
}

/* --- values chosen by a filter ----------------------------------------------------------------- */

static enum err
check_whole(struct change *change, const struct scim_node *value)
{
	const struct scim_attr *needed = scim_sub(value->attr, S("value"));

	if (needed && !scim_node_find(value, needed))
		return fail(change->job, ERR_INVALID, "a value of a multi-valued attribute would lack its member value");
	return OK;
}

/* emails[type eq "work"].value without such an address: Entra adds one this way.  It gets what the
 * filter says of it. */
static enum err
set_from_filter(struct change *change, const struct scim_filter *filter, struct scim_node *value)
{
	struct scim_node *node;

	if (filter->kind == SCIM_AND) {
		TRY(set_from_filter(change, filter->left, value));
		return set_from_filter(change, filter->right, value);
	}
	if (filter->kind != SCIM_COMPARE || filter->operator != SCIM_EQ || filter->null)
		return fail(change->job, ERR_TARGET, "no value fits the filter, and it does not say what a new one is like");
	scim_node_drop_all(value, filter->at.sub);
	node = scim_node_add(change->job, value, filter->at.sub);
	node->text = filter->text;
	node->truth = filter->truth;
	return OK;
}

static enum err
add_chosen(struct change *change)
{
	const struct scim_at *at = &change->path.at;
	struct scim_node *value = scim_node_new(change->job, at->attr);

	if (change->what != ADD || !change->has_value)
		return fail(change->job, ERR_TARGET, "the path leads to no value");
	TRY(set_from_filter(change, change->path.which, value));
	if (at->sub)
		TRY(change_one(change, value, at->sub));
	else
		TRY(scim_merge(change->job, value, change->value, true));
	TRY(check_whole(change, value));
	value->fresh = true;
	scim_node_append(change->root, value);
	return OK;
}

static enum err
change_chosen_one(struct change *change, struct scim_node *value)
{
	const struct scim_attr *sub = change->path.at.sub, *needed = scim_sub(value->attr, S("value"));

	if (removes(change) && (!sub || sub == needed)) { /* without its value it would be nothing */
		scim_node_drop(change->root, value);
		return OK;
	}
	value->fresh = true;
	if (needed && scim_has(needed, SCIM_IMMUTABLE))
		return fail(change->job, ERR_MUTABILITY, "such a value is added or removed, not changed");
	if (sub)
		return change_one(change, value, sub);
	if (change->what == REPLACE)
		value->child = NULL;
	TRY(scim_merge(change->job, value, change->value, true));
	return check_whole(change, value);
}

static enum err
change_chosen(struct change *change)
{
	const struct scim_attr *attr = change->path.at.attr;
	struct scim_node *value, *next;
	size_t count = 0;

	if (change->what == REMOVE && change->has_value)
		return fail(change->job, ERR_INVALID, "remove takes a filter or a value, not both");
	for (value = scim_node_find(change->root, attr); value; value = next) {
		next = scim_node_next(value);
		if (!scim_values_match(change->job, change->path.which, value))
			continue;
		TRY(change_chosen_one(change, value));
		count++;
	}
	if (!count)
		TRY(add_chosen(change));
	return scim_primary(change->job, change->root, attr);
}

/* --- one path ---------------------------------------------------------------------------------- */

/* Of an extension as a whole: every member has to be known (P1), and what is read only is refused (P4). */
static enum err
change_extension(struct change *change)
{
	if (removes(change))
		return OK;
	return scim_merge(change->job, scim_node_new(change->job, change->path.at.extension), change->value, true);
}

static enum err
change_path(struct change *change)
{
	const struct scim_at *at = &change->path.at;

	not_fresh(change->root);
	if (scim_read_only(at))
		return fail(change->job, ERR_MUTABILITY, "the path leads to something that is read only");
	if (!at->attr)
		return change_extension(change);
	if (scim_forgotten(at))
		return OK;
	if (change->path.which)
		return change_chosen(change);
	if (scim_has(at->attr, SCIM_MANY)) {
		if (at->sub)
			return fail(change->job, ERR_PATH, "of an attribute with many values, a filter says which is meant");
		return change_all(change);
	}
	if (at->attr->type == SCIM_COMPLEX)
		return change_complex(change);
	return change_one(change, change->root, at->attr);
}

/* --- one operation ----------------------------------------------------------------------------- */

static enum err
check_id(struct job *job, struct json value, str id)
{
	str text;

	if (json_kind(value) != JSON_STRING)
		return fail(job, ERR_MUTABILITY, "id is the server's to give");
	TRY(json_scalar(job, value, LIMIT_STRING_BYTES, &text));
	if (!str_eq_fold(text, id))
		return fail(job, ERR_MUTABILITY, "id is the server's to give");
	return OK;
}

static bool
has_value(struct json value)
{
	return json_kind(value) != JSON_ABSENT && json_kind(value) != JSON_NULL;
}

/* Without a path (P2).  Okta sends the id along, and some the schemas: both may stand there, unchanged. */
static enum err
change_members(struct change *change, str id)
{
	struct json object = change->value, value;
	void *iterator = NULL;
	str name;

	if (change->what == REMOVE)
		return fail(change->job, ERR_TARGET, "remove needs a path");
	if (json_kind(object) != JSON_OBJECT || !json_count(object))
		return fail(change->job, ERR_INVALID, "without a path, value is an object with something in it");
	while (json_each(change->job, object, &iterator, &name, &value)) {
		if (str_eq_fold(name, S("id"))) {
			TRY(check_id(change->job, value, id));
			continue;
		}
		if (str_eq_fold(name, S("schemas"))) {
			TRY(scim_read_schemas(change->job, change->resource, value, S("")));
			continue;
		}
		change->value = value;
		change->has_value = has_value(value);
		TRY(scim_path_parse(change->job, change->resource, name, &change->path));
		TRY(change_path(change));
	}
	return OK;
}

static enum err
read_what(struct job *job, struct json operation, enum what *ret)
{
	struct json op;
	str text = S("");

	TRY(scim_member(job, operation, S("op"), &op));
	if (json_kind(op) == JSON_STRING)
		TRY(json_scalar(job, op, LIMIT_STRING_BYTES, &text));
	if (str_eq_fold(text, S("add")))
		*ret = ADD;
	else if (str_eq_fold(text, S("remove")))
		*ret = REMOVE;
	else if (str_eq_fold(text, S("replace")))
		*ret = REPLACE;
	else
		return fail(job, ERR_MALFORMED, "op is add, remove or replace");
	return OK;
}

static enum err
operate(struct change *change, struct json operation, str id)
{
	static const char *const members[] = { "op", "path", "value", NULL };
	struct job *job = change->job;
	struct json path;
	str text;

	TRY(scim_members(job, operation, members));
	TRY(read_what(job, operation, &change->what));
	TRY(scim_member(job, operation, S("path"), &path));
	TRY(scim_member(job, operation, S("value"), &change->value));
	change->has_value = has_value(change->value);
	if (json_kind(change->value) == JSON_ABSENT && change->what != REMOVE)
		return fail(job, ERR_INVALID, "add and replace need a value");
	if (!has_value(path))
		return change_members(change, id);
	if (json_kind(path) != JSON_STRING)
		return fail(job, ERR_PATH, "path is text");
	TRY(json_scalar(job, path, LIMIT_STRING_BYTES, &text));
	if (str_eq_fold(text, S("id")) && change->what == REPLACE)
		return check_id(job, change->value, id);
	if (str_eq_fold(text, S("schemas")))
		return fail(job, ERR_MUTABILITY, "schemas follow from what there is");
	TRY(scim_path_parse(job, change->resource, text, &change->path));
	return change_path(change);
}

static bool
is_inactive(const struct change *change)
{
	const struct scim_attr *active = scim_attr(change->resource, S("active"));
	const struct scim_node *node = active ? scim_node_find(change->root, active) : NULL;

	return node && !node->truth;
}

static enum err
read_operations(struct job *job, const struct scim_resource *resource, struct json body, struct json *ret)
{
	static const char *const members[] = { "schemas", "Operations", NULL };
	struct json schemas;

	TRY(scim_members(job, body, members));
	TRY(scim_member(job, body, S("schemas"), &schemas));
	TRY(scim_read_schemas(job, resource, schemas, S(URN_PATCH)));
	TRY(scim_member(job, body, S("Operations"), ret));
	if (json_kind(*ret) != JSON_ARRAY || !json_count(*ret))
		return fail(job, ERR_MALFORMED, "Operations is missing, or no list with something in it");
	if (json_count(*ret) > LIMIT_SCIM_OPERATIONS)
		return fail(job, ERR_LIMIT, "limit_scim_operations: more than 1000 operations");
	return OK;
}

enum err
scim_patch(struct job *job, const struct scim_resource *resource, struct json body, str id, struct scim_node *root,
           struct scim_patched *ret)
{
	struct scim_patched patched = { 0 };
	struct json operations = { .at = "" };

	TRY(read_operations(job, resource, body, &operations));
	for (size_t i = 0; i < json_count(operations); i++) {
		struct change change = { .job = job, .resource = resource, .root = root };
		TRY(operate(&change, json_element(job, operations, i), id));
		patched.was_inactive |= is_inactive(&change);
	}
	if (ret)
		*ret = patched;
	return OK;
}
