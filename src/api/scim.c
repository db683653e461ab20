/* api/scim.c -- contract: scim.h. */
#include "api/scim.h"

#include "api/settings.h"
#include "base/limits.h"
#include "scim/discover.h"

#define SCIM_JSON S("application/scim+json")
#define TRIES 5

enum err
scim_begin(struct job *job, const struct call *call, struct scim *ret)
{
	bool there;
	str issuer, subject;

	TRY(setting_get(job, call->vault, words_name(WORDS_SETTING, SETTING_SCIM_ISSUER), &issuer, &there));
	if (!there)
		return fail(job, ERR_CONFLICT, "the setting scim_issuer does not say yet whose accounts these are");
	*ret = (struct scim){ .access = &call->vault->access, .issuer = issuer };
	TRY(setting_get(job, call->vault, words_name(WORDS_SETTING, SETTING_SCIM_SUBJECT), &subject, &there));
	ret->subject_is_name = there && str_eq(subject, S("userName"));
	return OK;
}

enum err
scim_read_entry(struct job *job, const struct call *call, const uid *id)
{
	bytes body = id ? uid_bytes(id) : (bytes){ 0 };

	return entry_write(job, call->vault->store, &(struct entry){ .act = ENTRY_STAFF_READ, .body = body }, NULL);
}

/* --- what is asked for ------------------------------------------------------------------------- */

static enum err
parameter(struct job *job, const struct call *call, const char *name, str *ret, bool *ret_there)
{
	bool bad = false;

	*ret_there = request_query(&job->arena, call->request, str_from_c(name), ret, &bad);
	if (bad)
		return fail(job, ERR_MALFORMED, "a parameter of the address is there twice or cannot be read");
	return OK;
}

static enum err
names_pick(struct job *job, const struct scim_resource *resource, str list, struct scim_picks *picks)
{
	str name;

	while (list.len) {
		if (!eat_until(&list, ',', &name)) {
			name = list;
			list = S("");
		}
		TRY(scim_pick(job, resource, str_trim(name), picks));
	}
	return OK;
}

static enum err
only_one_kind(struct job *job, bool only, bool without)
{
	if (only && without)
		return fail(job, ERR_INVALID, "attributes and excludedAttributes go one without the other");
	return OK;
}

static enum err
picks_read(struct job *job, const struct call *call, const struct scim_resource *resource, struct scim_picks *picks)
{
	str only_names = S(""), without_names = S("");
	bool only, without;

	TRY(parameter(job, call, "attributes", &only_names, &only));
	TRY(parameter(job, call, "excludedAttributes", &without_names, &without));
	TRY(only_one_kind(job, only, without));
	picks->only = only;
	return names_pick(job, resource, only ? only_names : without_names, picks);
}

enum err
scim_ask_picks(struct job *job, const struct call *call, const struct scim_resource *resource,
               struct scim_picks *ret)
{
	static const char *const lists_only[] = { "filter", "startIndex", "count", "sortBy", "sortOrder" };
	bool there;
	str text;

	*ret = (struct scim_picks){ 0 };
	for (size_t i = 0; i < COUNT(lists_only); i++) {
		TRY(parameter(job, call, lists_only[i], &text, &there));
		if (there)
			return fail(job, ERR_MALFORMED, "a query parameter that this address does not take");
	}
	return picks_read(job, call, resource, ret);
}

static enum err
sort_read(struct job *job, const struct scim_resource *resource, str by, str order, struct scim_ask *ask)
{
	if (order.len && !str_eq_fold(order, S("ascending")) && !str_eq_fold(order, S("descending")))
		return fail(job, ERR_INVALID, "sortOrder is ascending or descending");
	ask->descending = str_eq_fold(order, S("descending"));
	ask->sorted = by.len > 0;
	if (!by.len)
		return OK;
	if (!scim_resolve(resource, by, &ask->sort) || !ask->sort.attr || ask->sort.extension || scim_forgotten(&ask->sort))
		return fail(job, ERR_PATH, "sortBy names nothing that is kept");
	if (ask->sort.attr->type == SCIM_COMPLEX && !ask->sort.sub && scim_has(ask->sort.attr, SCIM_MANY))
		ask->sort.sub = scim_sub(ask->sort.attr, S("value"));
	if (ask->sort.attr->type == SCIM_COMPLEX && !ask->sort.sub)
		return fail(job, ERR_PATH, "sortBy names an attribute with sub-attributes, and none of them");
	return OK;
}

/* Section 3.4.2.4: less than 1 is 1; less than 0 is 0; more than there may be is cut. */
static void
page_set(struct scim_ask *ask, int64_t start, int64_t count)
{
	ask->start = start < 1 ? 1 : start;
	ask->count = count < 0 ? 0 : count > LIMIT_SCIM_PAGE ? LIMIT_SCIM_PAGE : count;
}

static enum err
number_parameter(struct job *job, const struct call *call, const char *name, int64_t *ret)
{
	bool there;
	str text;

	TRY(parameter(job, call, name, &text, &there));
	if (there && !str_i64(text, ret))
		return fail(job, ERR_INVALID, "startIndex and count are whole numbers");
	return OK;
}

enum err
scim_ask_query(struct job *job, const struct call *call, const struct scim_resource *resource, struct scim_ask *ret)
{
	str filter = S(""), by = S(""), order = S("");
	int64_t start = 1, count = LIMIT_SCIM_PAGE / 2;
	bool there;

	*ret = (struct scim_ask){ 0 };
	TRY(number_parameter(job, call, "startIndex", &start));
	TRY(number_parameter(job, call, "count", &count));
	page_set(ret, start, count);
	TRY(parameter(job, call, "sortBy", &by, &there));
	TRY(parameter(job, call, "sortOrder", &order, &there));
	TRY(sort_read(job, resource, by, order, ret));
	TRY(picks_read(job, call, resource, &ret->picks));
	TRY(parameter(job, call, "filter", &filter, &there));
	return there ? scim_filter_parse(job, resource, filter, &ret->filter) : OK;
}

static enum err
text_member(struct job *job, struct json body, str name, str *ret, bool *ret_there)
{
	struct json value;

	TRY(scim_member(job, body, name, &value));
	*ret_there = json_kind(value) == JSON_STRING;
	if (*ret_there)
		return json_scalar(job, value, LIMIT_STRING_BYTES, ret);
	if (json_kind(value) != JSON_ABSENT && json_kind(value) != JSON_NULL)
		return fail(job, ERR_INVALID, "a member of the search that is text has another kind of value");
	return OK;
}

static enum err
number_member(struct job *job, struct json body, str name, int64_t *ret)
{
	struct json value;
	str text;

	TRY(scim_member(job, body, name, &value));
	if (json_kind(value) == JSON_ABSENT || json_kind(value) == JSON_NULL)
		return OK;
	if (json_kind(value) != JSON_NUMBER || json_scalar(job, value, 32, &text) || !str_i64(text, ret)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "startIndex and count are whole numbers");
	}
	return OK;
}

static enum err
names_member(struct job *job, const struct scim_resource *resource, struct json list, struct scim_picks *picks)
{
	str name;

	if (json_kind(list) == JSON_ABSENT)
		return OK;
	if (json_kind(list) != JSON_ARRAY)
		return fail(job, ERR_INVALID, "attributes and excludedAttributes are lists");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		if (json_kind(element) != JSON_STRING)
			return fail(job, ERR_INVALID, "attributes and excludedAttributes are lists of names");
		TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &name));
		TRY(scim_pick(job, resource, name, picks));
	}
	return OK;
}

enum err
scim_ask_body(struct job *job, const struct call *call, const struct scim_resource *resource, struct scim_ask *ret)
{
	static const char *const members[] = { "schemas", "filter", "startIndex", "count", "sortBy", "sortOrder",
		                               "attributes", "excludedAttributes", NULL };
	str filter = S(""), by = S(""), order = S("");
	int64_t start = 1, count = LIMIT_SCIM_PAGE / 2;
	struct json schemas, only, without;
	bool there;

	*ret = (struct scim_ask){ 0 };
	if (call->request->query.len)
		return fail(job, ERR_MALFORMED, "what is searched for stands in the body alone");
	TRY(scim_members(job, call->body, members));
	TRY(scim_member(job, call->body, S("schemas"), &schemas));
	TRY(scim_read_schemas(job, resource, schemas, S(URN_SEARCH)));
	TRY(number_member(job, call->body, S("startIndex"), &start));
	TRY(number_member(job, call->body, S("count"), &count));
	page_set(ret, start, count);
	TRY(text_member(job, call->body, S("sortBy"), &by, &there));
	TRY(text_member(job, call->body, S("sortOrder"), &order, &there));
	TRY(sort_read(job, resource, by, order, ret));
	TRY(scim_member(job, call->body, S("attributes"), &only));
	TRY(scim_member(job, call->body, S("excludedAttributes"), &without));
	TRY(only_one_kind(job, json_kind(only) != JSON_ABSENT, json_kind(without) != JSON_ABSENT));
	ret->picks.only = json_kind(only) != JSON_ABSENT;
	TRY(names_member(job, resource, ret->picks.only ? only : without, &ret->picks));
	TRY(text_member(job, call->body, S("filter"), &filter, &there));
	return there ? scim_filter_parse(job, resource, filter, &ret->filter) : OK;
}

bool
scim_ask_needs(const struct scim_ask *ask, const struct scim_attr *attr)
{
	return scim_picked(&ask->picks, attr) || (ask->filter && scim_filter_names(ask->filter, attr)) ||
	       (ask->sorted && ask->sort.attr == attr);
}

/* --- entity tags ------------------------------------------------------------------------------- */

/* One tag off the front; what is none of ours is version -1. */
static bool
eat_tag(str *rest, int64_t *ret)
{
	str inside;

	(void)eat_str(rest, S("W/"));
	if (!eat_char(rest, '"') || !eat_until(rest, '"', &inside))
		return false;
	if (!str_i64(inside, ret) || *ret < 1)
		*ret = -1;
	return true;
}

/* Whether a list of tags names the version, or is a star. */
static enum err
tags_name(struct job *job, str tags, int64_t version, bool *ret)
{
	int64_t named;

	tags = str_trim(tags);
	*ret = str_eq(tags, S("*"));
	while (!str_eq(tags, S("*"))) {
		if (!eat_tag(&tags, &named))
			return fail(job, ERR_HEADER, "If-Match and If-None-Match are entity tags in quotes, or a star");
		*ret |= named == version;
		tags = str_trim(tags);
		if (!tags.len)
			break;
		if (!eat_char(&tags, ','))
			return fail(job, ERR_HEADER, "If-Match and If-None-Match are entity tags in quotes, or a star");
		tags = str_trim(tags);
	}
	return OK;
}

enum err
scim_if_match(struct job *job, const struct call *call, int64_t version)
{
	bool there, named = true;
	str tags;

	TRY(call_header(job, call, S("If-Match"), &tags, &there));
	if (there)
		TRY(tags_name(job, tags, version, &named));
	if (!named)
		return fail(job, ERR_STALE, "it has another version by now");
	return OK;
}

static void
put_etag(struct job *job, struct call *call, str tag)
{
	response_header(call->response, S("ETag"), arena_str(&job->arena, tag));
}

enum err
scim_if_none_match(struct job *job, struct call *call, int64_t version, bool *ret_same)
{
	OWNED(buf_release) struct buf tag = { .max = 32 };
	bool there;
	str tags;

	*ret_same = false;
	TRY(call_header(job, call, S("If-None-Match"), &tags, &there));
	if (there)
		TRY(tags_name(job, tags, version, ret_same));
	if (!*ret_same)
		return OK;
	answer_text(call, 304, S(""));
	buf_put(&tag, S("W/\""));
	buf_dec(&tag, version);
	buf_char(&tag, '"');
	put_etag(job, call, buf_str(&tag));
	return OK;
}

bool
scim_again(struct job *job, const struct call *call, enum err err, int *tries)
{
	str tags;

	if (err != ERR_STALE || ++*tries >= TRIES || request_header(call->request, S("If-Match"), &tags))
		return false;
	job_forgive(job);
	return true;
}

/* --- answers ----------------------------------------------------------------------------------- */

static struct json_out *
answer_begin(struct call *call, int status)
{
	answer_text(call, status, SCIM_JSON);
	json_out_begin(&call->out, &call->response->body);
	return &call->out;
}

void
scim_answer(struct job *job, struct call *call, int status, const struct scim_resource *resource,
            const struct scim_node *root, const struct scim_picks *picks)
{
	struct json_out *out = answer_begin(call, status);

	put_etag(job, call, scim_text(resource, root, "meta", "version"));
	if (status == 201)
		response_header(call->response, S("Location"), scim_text(resource, root, "meta", "location"));
	scim_print(out, resource, root, picks);
}

struct sorted {
	struct scim_node *node;
	size_t place;
	bool there, truth;
	str text;
};

static int
by_key(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int order;

	if (x->there != y->there)
		return x->there ? -1 : 1; /* what is not assigned comes last (section 3.4.2.3) */
	order = x->truth != y->truth ? x->truth - y->truth : str_cmp(x->text, y->text);
	return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* The value to sort by: of several the primary one, else the first. */
static const struct scim_node *
sort_value(const struct scim_node *root, const struct scim_at *at)
{
	const struct scim_attr *primary = scim_sub(at->attr, S("primary"));
	const struct scim_node *node = scim_node_find(root, at->attr), *best = node;

	for (; node && primary; node = scim_node_next(node)) {
		const struct scim_node *flag = scim_node_find(node, primary);
		if (flag && flag->truth)
			best = node;
	}
	return best && at->sub ? scim_node_find(best, at->sub) : best;
}

static void
list_sort(struct job *job, const struct scim_ask *ask, struct scim_node **node, size_t count)
{
	struct sorted *sorted = arena_array(&job->arena, count + 1, sizeof(*sorted));

	for (size_t i = 0; i < count; i++) {
		const struct scim_node *value = sort_value(node[i], &ask->sort);
		sorted[i] = (struct sorted){ .node = node[i], .place = i, .there = value };
		if (value) {
			sorted[i].truth = value->truth;
			sorted[i].text = scim_fold(job, value->attr, value->text);
		}
	}
	qsort(sorted, count, sizeof(*sorted), by_key);
	for (size_t i = 0; i < count; i++)
		node[i] = sorted[ask->descending ? count - 1 - i : i].node;
}

void
scim_answer_list(struct job *job, struct call *call, const struct scim_resource *resource,
                 const struct scim_ask *ask, struct scim_node **node, size_t count)
{
	size_t first = (size_t)ask->start - 1, shown;
	struct json_out *out;

	if (ask->sorted)
		list_sort(job, ask, node, count);
	first = first < count ? first : count;
	shown = count - first < (size_t)ask->count ? count - first : (size_t)ask->count;
	out = answer_begin(call, 200);
	json_open(out, '{');
	json_name(out, S("schemas"));
	json_put_raw(out, S("[\"" URN_LIST "\"]"));
	json_pair_i64(out, S("totalResults"), (int64_t)count);
	json_pair_i64(out, S("startIndex"), ask->start);
	json_pair_i64(out, S("itemsPerPage"), (int64_t)shown);
	json_name(out, S("Resources"));
	json_open(out, '[');
	for (size_t i = first; i < first + shown; i++)
		scim_print(out, resource, node[i], &ask->picks);
	json_close(out, ']');
	json_close(out, '}');
}

/* --- errors ------------------------------------------------------------------------------------ */

static str
scim_type(enum err err)
{
	switch (err) {
	case ERR_MALFORMED:
		return S("invalidSyntax");
	case ERR_FILTER:
		return S("invalidFilter");
	case ERR_PATH:
		return S("invalidPath");
	case ERR_TARGET:
		return S("noTarget");
	case ERR_MUTABILITY:
		return S("mutability");
	case ERR_UNIQUE:
		return S("uniqueness");
	default:
		return err_info(err)->status == 422 ? S("invalidValue") : S("");
	}
}

bool
is_scim(const struct request *request)
{
	return str_starts(request->path, S(SCIM_PATH "/"));
}

/* Section 3.12: the status is text there, and 422 is not among those that there are. */
void
answer_scim_problem(struct job *job, enum err err, struct response *response)
{
	OWNED(buf_release) struct buf number = { .max = 8 };
	struct failure failure = job->failure;
	struct json_out out;

	if (failure.err != err)
		failure = (struct failure){ .err = err };
	answer_problem_begin(job, err, response);
	response->content_type = SCIM_JSON;
	if (response->status == 422)
		response->status = 400;
	buf_dec(&number, response->status);
	json_out_begin(&out, &response->body);
	json_open(&out, '{');
	json_name(&out, S("schemas"));
	json_put_raw(&out, S("[\"" URN_ERROR "\"]"));
	json_pair_str(&out, S("status"), buf_str(&number));
	if (scim_type(err).len)
		json_pair_str(&out, S("scimType"), scim_type(err));
	json_pair_str(&out, S("detail"),
	              failure.why && response->status < 500 ? str_from_c(failure.why) : str_from_c(err_info(err)->sentence));
	json_close(&out, '}');
}

/* --- what this server says of itself ----------------------------------------------------------- */

/* Section 4: parameters of lists mean nothing here, and a filter is refused. */
static enum err
no_filter(struct job *job, const struct call *call)
{
	bool there;
	str text;

	TRY(parameter(job, call, "filter", &text, &there));
	if (there)
		return fail(job, ERR_DENIED, "what this server says of itself is not filtered");
	return OK;
}

enum err
on_scim_config_get(struct job *job, struct call *call)
{
	TRY(no_filter(job, call));
	scim_print_config(answer_begin(call, 200));
	return OK;
}

static void
list_open(struct json_out *out, int64_t count)
{
	json_open(out, '{');
	json_name(out, S("schemas"));
	json_put_raw(out, S("[\"" URN_LIST "\"]"));
	json_pair_i64(out, S("totalResults"), count);
	json_pair_i64(out, S("startIndex"), 1);
	json_pair_i64(out, S("itemsPerPage"), count);
	json_name(out, S("Resources"));
	json_open(out, '[');
}

static void
list_close(struct json_out *out)
{
	json_close(out, ']');
	json_close(out, '}');
}

static const struct scim_resource *const types[] = { &scim_user_resource, &scim_group_resource };

enum err
on_scim_types_get(struct job *job, struct call *call)
{
	struct json_out *out;

	TRY(no_filter(job, call));
	out = answer_begin(call, 200);
	list_open(out, COUNT(types));
	for (size_t i = 0; i < COUNT(types); i++)
		scim_print_resource_type(out, types[i]);
	list_close(out);
	return OK;
}

enum err
on_scim_type_get(struct job *job, struct call *call)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (!str_eq(types[i]->name, call->param[0]))
			continue;
		scim_print_resource_type(answer_begin(call, 200), types[i]);
		return OK;
	}
	return fail(job, ERR_ABSENT, "there is no such resource type");
}

enum err
on_scim_schemas_get(struct job *job, struct call *call)
{
	struct json_out *out;
	int64_t count = 0;

	TRY(no_filter(job, call));
	while (scim_schema_at((size_t)count))
		count++;
	out = answer_begin(call, 200);
	list_open(out, count);
	for (size_t i = 0; scim_schema_at(i); i++)
		scim_print_schema(out, scim_schema_at(i));
	list_close(out);
	return OK;
}

enum err
on_scim_schema_get(struct job *job, struct call *call)
{
	const struct scim_schema *schema = scim_schema_find(call->param[0]);

	if (!schema)
		return fail(job, ERR_ABSENT, "there is no such schema");
	scim_print_schema(answer_begin(call, 200), schema);
	return OK;
}
