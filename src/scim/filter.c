/* scim/filter.c -- contract and L1 to L4: filter.h.  A descent without a list of tokens: each function eats
 * what it is named after off the front of the text. */
#include "scim/filter.h"

#include "base/limits.h"
#include "type/text.h"

struct parse {
	struct job *job;
	const struct scim_resource *resource;
	const struct scim_attr *inside; /* of a value path: its attribute */
	str rest;
	size_t terms, depth;
};

static const str operators[] = {
#define X(e, text) [e] = { text, sizeof(text) - 1 },
	SCIM_OPERATOR_TABLE(X)
#undef X
};

/* --- words ------------------------------------------------------------------------------------- */

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-_.:$", c));
}

static void
skip_spaces(str *rest)
{
	while (eat_char(rest, ' '))
		;
}

/* Letters, digits and what URNs and paths have between them; empty when something else stands there. */
static str
peek_word(str rest)
{
	size_t len = 0;

	while (len < rest.len && is_name_char(rest.ptr[len]))
		len++;
	return str_first(rest, len);
}

static bool
eat_keyword(str *rest, str keyword)
{
	str word = peek_word(*rest);

	if (!str_eq_fold(word, keyword))
		return false;
	*rest = str_from(*rest, word.len);
	return true;
}

/* --- values ------------------------------------------------------------------------------------ */

str
scim_fold(struct job *job, const struct scim_attr *attr, str text)
{
	OWNED(buf_release) struct buf folded = { .max = 4 * LIMIT_SCIM_TEXT_BYTES };

	if (scim_has(attr, SCIM_EXACT) || attr->type == SCIM_REFERENCE)
		return text;
	if (!text_lower(text, &folded) || !buf_ok(&folded))
		return text; /* not UTF-8 or grown beyond reason: as it is */
	return arena_str(&job->arena, buf_str(&folded));
}

/* A JSON string, quotes included, off the front.  Where it ends is seen here; what is in it, json/ says. */
static enum err
read_string(struct parse *p, str *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf array = { .max = LIMIT_SCIM_FILTER_BYTES + 2 };
	struct json root;
	size_t len = 1;

	while (len < p->rest.len && p->rest.ptr[len] != '"')
		len += p->rest.ptr[len] == '\\' ? 2 : 1;
	if (len >= p->rest.len)
		return fail(p->job, ERR_FILTER, "a text in the filter does not end");
	buf_char(&array, '[');
	buf_put(&array, str_first(p->rest, len + 1));
	buf_char(&array, ']');
	p->rest = str_from(p->rest, len + 1);
	if (!buf_ok(&array) || json_parse(p->job, buf_str(&array), &document, &root) || json_count(root) != 1 ||
	    json_scalar(p->job, json_element(p->job, root, 0), LIMIT_SCIM_FILTER_BYTES, ret)) {
		job_forgive(p->job);
		return fail(p->job, ERR_FILTER, "a text in the filter is no JSON string");
	}
	return OK;
}

/* The attribute that a comparison is about, after `emails` became `emails.value`. */
static const struct scim_attr *
compared(const struct scim_at *at)
{
	return at->sub ? at->sub : at->attr;
}

/* Which operators there are for true and false (section 3.4.2.2: no order). */
static bool
orders_or_contains(enum scim_operator operator)
{
	return operator != SCIM_EQ && operator != SCIM_NE;
}

static enum err
read_value(struct parse *p, struct scim_filter *filter)
{
	const struct scim_attr *attr = compared(&filter->at);

	filter->null = eat_keyword(&p->rest, S("null"));
	if (filter->null) {
		if (orders_or_contains(filter->operator))
			return fail(p->job, ERR_FILTER, "null is only compared with eq and ne");
		return OK;
	}
	if (attr->type == SCIM_COMPLEX)
		return fail(p->job, ERR_FILTER, "an attribute with sub-attributes is compared by one of them");
	if (attr->type == SCIM_BOOLEAN) {
		filter->truth = eat_keyword(&p->rest, S("true"));
		if (!filter->truth && !eat_keyword(&p->rest, S("false")))
			return fail(p->job, ERR_FILTER, "an attribute that is true or false is compared with true or false");
		if (orders_or_contains(filter->operator))
			return fail(p->job, ERR_FILTER, "true and false have no order and no parts");
		return OK;
	}
	if (!p->rest.len || p->rest.ptr[0] != '"')
		return fail(p->job, ERR_FILTER, "a text in double quotes is expected");
	TRY(read_string(p, &filter->text));
	filter->folded = scim_fold(p->job, attr, filter->text);
	if (attr->type == SCIM_TIME &&
	    (!time_parse(filter->text, &filter->time) ||
	     (orders_or_contains(filter->operator) && filter->operator < SCIM_GT)))
		return fail(p->job, ERR_FILTER, "a time is compared with a time of RFC 3339, and has no parts");
	return OK;
}

/* --- one comparison ---------------------------------------------------------------------------- */

static enum err
read_name(struct parse *p, struct scim_at *ret)
{
	str word = peek_word(p->rest);

	if (!word.len)
		return fail(p->job, ERR_FILTER, "an attribute is expected");
	*ret = (struct scim_at){ 0 };
	if (p->inside) {
		ret->attr = p->inside;
		ret->sub = scim_sub(p->inside, word);
		if (!ret->sub)
			return fail(p->job, ERR_FILTER, "the filter names a sub-attribute that is in no schema");
	} else if (!scim_resolve(p->resource, word, ret) || !ret->attr) {
		return fail(p->job, ERR_FILTER, "the filter names an attribute that is in no schema");
	}
	if (scim_forgotten(ret)) /* L1: to find nothing by it would be an answer */
		return fail(p->job, ERR_FILTER, "the filter names an attribute that is not kept");
	p->rest = str_from(p->rest, word.len);
	return OK;
}

static enum err
read_operator(struct parse *p, enum scim_operator *ret)
{
	str before = p->rest;

	skip_spaces(&p->rest);
	for (size_t i = 0; before.len > p->rest.len && i < COUNT(operators); i++) {
		if (!eat_keyword(&p->rest, operators[i]))
			continue;
		*ret = (enum scim_operator)i;
		return OK;
	}
	return fail(p->job, ERR_FILTER, "an operator is expected: eq ne co sw ew gt ge lt le pr");
}

static struct scim_filter *
new_filter(struct parse *p, enum scim_filter_kind kind)
{
	struct scim_filter *filter = arena_alloc(&p->job->arena, sizeof(*filter));

	filter->kind = kind;
	return filter;
}

static enum err
read_comparison(struct parse *p, struct scim_at at, struct scim_filter **ret)
{
	struct scim_filter *filter = new_filter(p, SCIM_COMPARE);
	str before;

	filter->at = at;
	TRY(read_operator(p, &filter->operator));
	*ret = filter;
	if (filter->operator == SCIM_PR)
		return OK;
	/* emails co "@example.com" is about their values. */
	if (at.attr->type == SCIM_COMPLEX && !at.sub && scim_has(at.attr, SCIM_MANY))
		filter->at.sub = scim_sub(at.attr, S("value"));
	before = p->rest;
	skip_spaces(&p->rest);
	if (before.len == p->rest.len)
		return fail(p->job, ERR_FILTER, "a space and a value are expected after the operator");
	return read_value(p, filter);
}

/* --- how they are joined ----------------------------------------------------------------------- */

static enum err read_or(struct parse *p, struct scim_filter **ret);

static enum err
descend(struct parse *p)
{
	if (++p->depth > LIMIT_SCIM_FILTER_DEPTH)
		return fail(p->job, ERR_FILTER, "limit_scim_filter_depth: more than 16 levels of brackets");
	return OK;
}

/* Up to the closing bracket, which is eaten. */
static enum err
read_until(struct parse *p, char bracket, struct scim_filter **ret)
{
	TRY(descend(p));
	TRY(read_or(p, ret));
	skip_spaces(&p->rest);
	if (!eat_char(&p->rest, bracket))
		return fail(p->job, ERR_FILTER, "a bracket does not close");
	p->depth--;
	return OK;
}

/* The opening bracket is eaten. */
static enum err
read_values(struct parse *p, struct scim_at at, struct scim_filter **ret)
{
	struct scim_filter *filter = new_filter(p, SCIM_VALUES);

	if (p->inside || at.sub || at.attr->type != SCIM_COMPLEX || !scim_has(at.attr, SCIM_MANY))
		return fail(p->job, ERR_FILTER, "only values of multi-valued attributes are chosen with [ ]");
	filter->at = at;
	p->inside = at.attr;
	TRY(read_until(p, ']', &filter->left));
	p->inside = NULL;
	*ret = filter;
	return OK;
}

static enum err
read_term(struct parse *p, struct scim_filter **ret)
{
	struct scim_at at = { 0 };

	if (++p->terms > LIMIT_SCIM_FILTER_TERMS)
		return fail(p->job, ERR_FILTER, "limit_scim_filter_terms: more than 64 terms");
	skip_spaces(&p->rest);
	if (eat_char(&p->rest, '('))
		return read_until(p, ')', ret);
	if (eat_keyword(&p->rest, S("not"))) {
		*ret = new_filter(p, SCIM_NOT);
		skip_spaces(&p->rest);
		if (!eat_char(&p->rest, '('))
			return fail(p->job, ERR_FILTER, "brackets are expected after not");
		return read_until(p, ')', &(*ret)->left);
	}
	TRY(read_name(p, &at));
	if (eat_char(&p->rest, '['))
		return read_values(p, at, ret);
	return read_comparison(p, at, ret);
}

/* and binds closer than or; both from left to right. */
static enum err
read_joined(struct parse *p, enum scim_filter_kind kind, struct scim_filter **ret)
{
	str keyword = kind == SCIM_AND ? S("and") : S("or");

	TRY(kind == SCIM_AND ? read_term(p, ret) : read_joined(p, SCIM_AND, ret));
	for (;;) {
		str before = p->rest;
		struct scim_filter *joined;
		skip_spaces(&p->rest);
		if (!eat_keyword(&p->rest, keyword)) {
			p->rest = before;
			return OK;
		}
		joined = new_filter(p, kind);
		joined->left = *ret;
		TRY(kind == SCIM_AND ? read_term(p, &joined->right) : read_joined(p, SCIM_AND, &joined->right));
		*ret = joined;
	}
}

static enum err
read_or(struct parse *p, struct scim_filter **ret)
{
	return read_joined(p, SCIM_OR, ret);
}

static enum err
check_text(struct job *job, str text)
{
	if (text.len > LIMIT_SCIM_FILTER_BYTES)
		return fail(job, ERR_FILTER, "limit_scim_filter_bytes: more than 2048 octets");
	if (!str_utf8(text))
		return fail(job, ERR_FILTER, "the filter is not UTF-8");
	return OK;
}

enum err
scim_filter_parse(struct job *job, const struct scim_resource *resource, str text, struct scim_filter **ret)
{
	struct parse p = { .job = job, .resource = resource, .rest = text };

	TRY(check_text(job, text));
	TRY(read_or(&p, ret));
	skip_spaces(&p.rest);
	if (p.rest.len)
		return fail(job, ERR_FILTER, "something follows where the filter ends, or and and or are missing");
	return OK;
}

enum err
scim_path_parse(struct job *job, const struct scim_resource *resource, str text, struct scim_path *ret)
{
	struct parse p = { .job = job, .resource = resource, .rest = text };
	struct scim_path path = { 0 };
	struct scim_filter *values;
	str word = peek_word(text);

	TRY(check_text(job, text));
	if (!scim_resolve(resource, word, &path.at))
		return fail(job, ERR_PATH, "the path names nothing that is in a schema of the resource");
	p.rest = str_from(text, word.len);
	if (path.at.attr && eat_char(&p.rest, '[')) {
		TRY(read_values(&p, path.at, &values));
		path.which = values->left;
		if (eat_char(&p.rest, '.')) {
			word = peek_word(p.rest);
			path.at.sub = scim_sub(path.at.attr, word);
			if (!path.at.sub)
				return fail(job, ERR_PATH, "the path names a sub-attribute that is in no schema");
			p.rest = str_from(p.rest, word.len);
		}
	}
	if (p.rest.len)
		return fail(job, ERR_PATH, "something follows where the path ends");
	*ret = path;
	return OK;
}

/* --- matching ---------------------------------------------------------------------------------- */

static bool
fits_order(enum scim_operator operator, int order)
{
	switch (operator) {
	case SCIM_EQ:
		return order == 0;
	case SCIM_NE:
		return order != 0;
	case SCIM_GT:
		return order > 0;
	case SCIM_GE:
		return order >= 0;
	case SCIM_LT:
		return order < 0;
	case SCIM_LE:
		return order <= 0;
	case SCIM_CO:
	case SCIM_SW:
	case SCIM_EW:
	case SCIM_PR:
		break;
	}
	return false;
}

static bool
fits_text(const struct scim_filter *filter, str text)
{
	size_t at;

	switch (filter->operator) {
	case SCIM_CO:
		return !filter->folded.len || str_find(text, filter->folded, &at);
	case SCIM_SW:
		return str_starts(text, filter->folded);
	case SCIM_EW:
		return str_ends(text, filter->folded);
	case SCIM_EQ:
	case SCIM_NE:
	case SCIM_GT:
	case SCIM_GE:
	case SCIM_LT:
	case SCIM_LE:
	case SCIM_PR:
		break;
	}
	return fits_order(filter->operator, str_cmp(text, filter->folded));
}

static bool
fits_value(struct job *job, const struct scim_filter *filter, const struct scim_node *node)
{
	time_us at;

	if (filter->operator == SCIM_PR)
		return true;
	if (filter->null)
		return filter->operator == SCIM_NE;
	switch (node->attr->type) {
	case SCIM_BOOLEAN:
		return fits_order(filter->operator, node->truth - filter->truth);
	case SCIM_TIME:
		return time_parse(node->text, &at) &&
		       fits_order(filter->operator, at < filter->time ? -1 : at > filter->time);
	case SCIM_TEXT:
	case SCIM_REFERENCE:
		return fits_text(filter, scim_fold(job, node->attr, node->text));
	case SCIM_COMPLEX:
		break;
	}
	return false;
}

/* What is not assigned: L4. */
static bool
fits_nothing(const struct scim_filter *filter)
{
	return filter->null ? filter->operator == SCIM_EQ : filter->operator == SCIM_NE;
}

/* Of the values of `attr` below `parent`, or of their sub-attribute, one that fits. */
static bool
any_fits(struct job *job, const struct scim_filter *filter, const struct scim_node *parent)
{
	const struct scim_attr *sub = filter->at.sub;
	const struct scim_node *node;
	bool some = false;

	for (node = scim_node_find(parent, filter->at.attr); node; node = scim_node_next(node)) {
		const struct scim_node *value = sub ? scim_node_find(node, sub) : node;
		some |= value != NULL;
		if (value && fits_value(job, filter, value))
			return true;
	}
	return !some && fits_nothing(filter);
}

static bool
compare_resource(struct job *job, const struct scim_filter *filter, const struct scim_node *root)
{
	const struct scim_node *parent = filter->at.extension ? scim_node_find(root, filter->at.extension) : root;

	return parent ? any_fits(job, filter, parent) : fits_nothing(filter);
}

static bool
compare_value(struct job *job, const struct scim_filter *filter, const struct scim_node *value)
{
	const struct scim_node *node = scim_node_find(value, filter->at.sub);

	return node ? fits_value(job, filter, node) : fits_nothing(filter);
}

static bool
values_any(struct job *job, const struct scim_filter *filter, const struct scim_node *root)
{
	for (struct scim_node *node = scim_node_find(root, filter->at.attr); node; node = scim_node_next(node))
		if (scim_values_match(job, filter->left, node))
			return true;
	return false;
}

/* `value`: inside of a value path. */
static bool
match(struct job *job, const struct scim_filter *filter, const struct scim_node *node, bool value)
{
	switch (filter->kind) {
	case SCIM_AND:
		return match(job, filter->left, node, value) && match(job, filter->right, node, value);
	case SCIM_OR:
		return match(job, filter->left, node, value) || match(job, filter->right, node, value);
	case SCIM_NOT:
		return !match(job, filter->left, node, value);
	case SCIM_VALUES:
		return values_any(job, filter, node);
	case SCIM_COMPARE:
		break;
	}
	return value ? compare_value(job, filter, node) : compare_resource(job, filter, node);
}

bool
scim_filter_match(struct job *job, const struct scim_filter *filter, const struct scim_node *resource)
{
	return match(job, filter, resource, false);
}

bool
scim_values_match(struct job *job, const struct scim_filter *filter, const struct scim_node *value)
{
	return match(job, filter, value, true);
}

bool
scim_filter_is_eq(const struct scim_filter *filter, const struct scim_attr *attr, str *ret)
{
	if (filter->kind != SCIM_COMPARE || filter->operator != SCIM_EQ || filter->null || filter->at.extension ||
	    filter->at.attr != attr || filter->at.sub)
		return false;
	*ret = filter->text;
	return true;
}

bool
scim_filter_names(const struct scim_filter *filter, const struct scim_attr *attr)
{
	return filter->at.attr == attr || (filter->left && scim_filter_names(filter->left, attr)) ||
	       (filter->right && scim_filter_names(filter->right, attr));
}

/* --- printing ---------------------------------------------------------------------------------- */

static void
print_name(const struct scim_at *at, bool inside, struct buf *out)
{
	if (inside) {
		buf_put(out, at->sub->name);
		return;
	}
	if (at->extension) {
		buf_put(out, at->extension->name);
		buf_char(out, ':');
	}
	buf_put(out, at->attr->name);
	if (at->sub) {
		buf_char(out, '.');
		buf_put(out, at->sub->name);
	}
}

static void
print_comparison(const struct scim_filter *filter, bool inside, struct buf *out)
{
	struct json_out text;

	print_name(&filter->at, inside, out);
	buf_char(out, ' ');
	buf_put(out, operators[filter->operator]);
	if (filter->operator == SCIM_PR)
		return;
	buf_char(out, ' ');
	if (filter->null) {
		buf_put(out, S("null"));
	} else if (compared(&filter->at)->type == SCIM_BOOLEAN) {
		buf_put(out, filter->truth ? S("true") : S("false"));
	} else {
		json_out_begin(&text, out);
		json_put_str(&text, filter->text);
	}
}

static void print(const struct scim_filter *filter, bool inside, struct buf *out);

static void
print_in_brackets(const struct scim_filter *filter, bool needed, bool inside, struct buf *out)
{
	if (needed)
		buf_char(out, '(');
	print(filter, inside, out);
	if (needed)
		buf_char(out, ')');
}

static void
print_joined(const struct scim_filter *filter, bool inside, struct buf *out)
{
	bool is_and = filter->kind == SCIM_AND;
	enum scim_filter_kind left = filter->left->kind, right = filter->right->kind;

	print_in_brackets(filter->left, is_and && left == SCIM_OR, inside, out);
	buf_put(out, is_and ? S(" and ") : S(" or "));
	print_in_brackets(filter->right, right == filter->kind || (is_and && right == SCIM_OR), inside, out);
}

static void
print(const struct scim_filter *filter, bool inside, struct buf *out)
{
	switch (filter->kind) {
	case SCIM_COMPARE:
		print_comparison(filter, inside, out);
		return;
	case SCIM_VALUES:
		print_name(&filter->at, false, out);
		buf_char(out, '[');
		print(filter->left, true, out);
		buf_char(out, ']');
		return;
	case SCIM_NOT:
		buf_put(out, S("not "));
		print_in_brackets(filter->left, true, inside, out);
		return;
	case SCIM_AND:
	case SCIM_OR:
		break;
	}
	print_joined(filter, inside, out);
}

void
scim_filter_print(const struct scim_filter *filter, struct buf *out)
{
	print(filter, false, out);
}
