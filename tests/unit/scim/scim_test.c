/* src/scim/schema.c, node.c: names, what bodies may have, what is printed of a resource. */
#include "scim_test.h"

#include "base/limits.h"

struct scim_node *
scim_of(struct job *job, const struct scim_resource *resource, const char *json)
{
	struct json_document *document = NULL;
	struct scim_node *root = NULL;
	struct json body;

	assert_int_equal(json_parse(job, str_from_c(json), &document, &body), OK);
	if (scim_read(job, resource, body, &root))
		wrong("%s: %s", json, job->failure.why);
	json_free(&document);
	return root;
}

const char *
scim_shown(struct job *job, const struct scim_resource *resource, const struct scim_node *root)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	const struct scim_picks all = { 0 };
	struct json_out out;

	json_out_begin(&out, &text);
	scim_print(&out, resource, root, &all);
	return arena_c(&job->arena, buf_str(&text));
}

/* --- names ------------------------------------------------------------------------------------- */

static void
names_go_with_and_without_their_urn_in_any_case(void **state)
{
	static const struct {
		const char *name, *attr, *sub; /* attr NULL: refused, "": the extension */
	} row[] = {
		{ "userName", "userName", NULL }, { "USERNAME", "userName", NULL }, { "name.givenname", "name", "givenName" },
		{ URN_USER ":active", "active", NULL }, { "URN:ietf:params:SCIM:schemas:core:2.0:user:Name.FamilyName", "name", "familyName" },
		{ URN_ENTERPRISE, "", NULL }, { URN_ENTERPRISE ":department", "department", NULL },
		{ URN_ENTERPRISE ":manager.value", "manager", "value" }, { "id", "id", NULL }, { "meta.created", "meta", "created" },
		{ "department", NULL, NULL }, { URN_USER, NULL, NULL }, { URN_USER ":", NULL, NULL }, { "", NULL, NULL },
		{ "name.", NULL, NULL }, { ".givenName", NULL, NULL }, { "name.givenName.x", NULL, NULL }, { "userName.x", NULL, NULL },
		{ "roles", NULL, NULL }, { "urn:example:other:active", NULL, NULL }, { URN_GROUP ":displayName", NULL, NULL },
		{ "userNam", NULL, NULL }, { "userName ", NULL, NULL }, { URN_USER ":" URN_USER ":active", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		struct scim_at at = { 0 };
		bool known = scim_resolve(&scim_user_resource, str_from_c(row[i].name), &at);
		str attr = at.attr ? at.attr->name : S(""), sub = at.sub ? at.sub->name : S("");
		if (known != (row[i].attr != NULL) || !str_eq(attr, str_from_c(row[i].attr)) ||
		    !str_eq(sub, str_from_c(row[i].sub)))
			wrong("%s", row[i].name);
	}
}

/* What a table says twice, or what a flag says of nothing, would be declared wrongly. */
static void
check_table(const struct scim_attr *attr, size_t count)
{
	assert_true(count <= 60); /* marks of a body fit 64 bits with the common ones */
	for (size_t i = 0; i < count; i++) {
		assert_true(attr[i].name.len && attr[i].text.len);
		assert_int_equal(attr[i].type == SCIM_COMPLEX, attr[i].sub_count > 0);
		for (size_t n = 0; n < i; n++)
			assert_false(str_eq_fold(attr[n].name, attr[i].name));
		check_table(attr[i].sub, attr[i].sub_count);
		for (size_t n = 0; n < attr[i].sub_count; n++) {
			assert_false(attr[i].sub[n].flags & SCIM_MANY);
			if (attr[i].flags & SCIM_FORGOTTEN)
				assert_true(attr[i].sub[n].flags & SCIM_FORGOTTEN);
		}
	}
}

static void
tables_hold_together(void **state)
{
	for (size_t i = 0; scim_schema_at(i); i++) {
		const struct scim_schema *schema = scim_schema_at(i);
		check_table(schema->attr, schema->count);
		assert_ptr_equal(scim_schema_find(schema->urn), schema);
		if (schema->as)
			assert_true(schema->as->sub == schema->attr && schema->as->sub_count == schema->count);
	}
	assert_null(scim_schema_find(S("urn:example:none")));
}

/* --- bodies ------------------------------------------------------------------------------------ */

#define USER(more) "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"anna\"" more "}"

static void
a_body_becomes_what_is_kept_of_it(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	struct scim_node *root = scim_of(&job, &scim_user_resource,
		"{\"SCHEMAS\":[\"" URN_USER "\",\"" URN_ENTERPRISE "\"],\"username\":\"Anna\",\"id\":\"x\",\"meta\":{\"version\":\"9\"},"
		"\"NAME\":{\"givenName\":\"Anna\",\"FAMILYNAME\":\"Berg\",\"middleName\":\"M\"},\"title\":\"Boss\",\"active\":\"True\","
		"\"emails\":[{\"value\":\"anna@example.com\",\"type\":\"work\",\"primary\":true}],\"groups\":[],\"roles\":[],\"password\":\"x\","
		"\"displayName\":null,\"preferredLanguage\":\"\",\"phoneNumbers\":[{\"value\":\"1\"}],"
		"\"" URN_ENTERPRISE "\":{\"department\":\"Sales\",\"manager\":{\"value\":\"1\"}}}");

	assert_string_equal(scim_shown(&job, &scim_user_resource, root),
		"{\"schemas\":[\"" URN_USER "\"],\"userName\":\"Anna\",\"name\":{\"familyName\":\"Berg\",\"givenName\":\"Anna\"},"
		"\"active\":true,\"emails\":[{\"value\":\"anna@example.com\",\"type\":\"work\",\"primary\":true}]}");
	assert_true(str_eq(scim_text(&scim_user_resource, root, "name", "familyName"), S("Berg")));
	assert_true(str_eq(scim_text(&scim_user_resource, root, "displayName", NULL), S("")));
}

static void
bodies_that_are_not_understood_are_refused(void **state)
{
	static const struct {
		const char *body;
		enum err err;
	} row[] = {
		{ "[]", ERR_MALFORMED }, { "{}", ERR_MALFORMED }, { "{\"userName\":\"a\"}", ERR_MALFORMED },
		{ "{\"schemas\":[],\"userName\":\"a\"}", ERR_MALFORMED }, { "{\"schemas\":\"" URN_USER "\"}", ERR_MALFORMED },
		{ "{\"schemas\":[\"" URN_GROUP "\"]}", ERR_MALFORMED }, { "{\"schemas\":[\"" URN_ENTERPRISE "\"]}", ERR_MALFORMED },
		{ "{\"schemas\":[\"" URN_USER "\",\"urn:example:x\"]}", ERR_MALFORMED }, { "{\"schemas\":[1]}", ERR_MALFORMED },
		{ "{\"schemas\":[\"" URN_USER "\"],\"Schemas\":[\"" URN_USER "\"]}", ERR_MALFORMED },
		{ USER(",\"roles\":[{\"value\":\"admin\"}]"), ERR_MALFORMED }, { USER(",\"entitlements\":\"x\""), ERR_MALFORMED },
		{ USER(",\"USERNAME\":\"b\""), ERR_MALFORMED }, { USER(",\"" URN_USER ":userName\":\"b\""), ERR_MALFORMED },
		{ USER(",\"active\":true,\"Active\":false"), ERR_MALFORMED }, { USER(",\"name.givenName\":\"b\""), ERR_MALFORMED },
		{ USER(",\"name\":{\"givenName\":\"a\",\"GivenName\":\"b\"}"), ERR_MALFORMED },
		{ USER(",\"name\":{\"given\":\"a\"}"), ERR_MALFORMED }, { USER(",\"name\":\"Anna\""), ERR_INVALID },
		{ USER(",\"name\":[{\"givenName\":\"a\"}]"), ERR_INVALID }, { USER(",\"active\":1"), ERR_INVALID },
		{ USER(",\"active\":\"no\""), ERR_INVALID }, { USER(",\"active\":\"\""), ERR_INVALID }, { USER(",\"active\":[true]"), ERR_INVALID },
		{ USER(",\"displayName\":1"), ERR_INVALID }, { USER(",\"displayName\":true"), ERR_INVALID },
		{ USER(",\"displayName\":\"a\\nb\""), ERR_INVALID }, { USER(",\"displayName\":\"a\\u0007\""), ERR_INVALID },
		{ USER(",\"emails\":[\"a@example.com\"]"), ERR_INVALID }, { USER(",\"emails\":[{\"type\":\"work\"}]"), ERR_INVALID },
		{ USER(",\"emails\":[{\"value\":\"a\",\"primary\":true},{\"value\":\"b\",\"primary\":\"TRUE\"}]"), ERR_INVALID },
		{ USER(",\"" URN_ENTERPRISE "\":{\"salary\":1}"), ERR_MALFORMED }, { USER(",\"" URN_ENTERPRISE "\":1"), ERR_INVALID },
		{ USER(",\"" URN_ENTERPRISE ":department\":\"x\""), ERR_MALFORMED },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		OWNED(json_free) struct json_document *document = NULL;
		struct scim_node *root;
		struct json body;
		assert_int_equal(json_parse(&job, str_from_c(row[i].body), &document, &body), OK);
		if (scim_read(&job, &scim_user_resource, body, &root) != row[i].err)
			wrong("%s: %s", row[i].body, job.failure.why ? job.failure.why : "read");
	}
}

/* Every attribute that there is, at once: none is taken for another. */
static void
a_body_may_have_every_attribute(void **state)
{
	static const struct scim_resource *const resource[] = { &scim_user_resource, &scim_group_resource };

	for (size_t i = 0; i < COUNT(resource); i++) {
		OWNED(job_release) struct job job = { 0 };
		OWNED(buf_release) struct buf body = { .max = 1 << 16 };
		const struct scim_schema *core = resource[i]->core;
		buf_put(&body, S("{\"schemas\":[\""));
		buf_put(&body, core->urn);
		buf_put(&body, S("\"],\"id\":null,\"meta\":null,\"externalId\":null"));
		for (size_t n = 0; n < core->count; n++) {
			buf_put(&body, S(",\""));
			buf_put(&body, core->attr[n].name);
			buf_put(&body, S("\":null"));
		}
		buf_char(&body, '}');
		scim_of(&job, resource[i], arena_c(&job.arena, buf_str(&body)));
	}
}

/* --- what is asked for ------------------------------------------------------------------------- */

static const char *
picked(struct job *job, const struct scim_node *root, bool only, const char *const *names)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	struct scim_picks picks = { .only = only };
	struct json_out out;

	for (; *names; names++)
		assert_int_equal(scim_pick(job, &scim_user_resource, str_from_c(*names), &picks), OK);
	json_out_begin(&out, &text);
	scim_print(&out, &scim_user_resource, root, &picks);
	return arena_c(&job->arena, buf_str(&text));
}

#define HEAD "{\"schemas\":[\"" URN_USER "\"],\"id\":\"1\""
#define PICKED(only, ...) picked(&job, root, only, (const char *const[]){ __VA_ARGS__, NULL })

static void
attributes_are_chosen_and_left_out(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	struct scim_node *root = scim_of(&job, &scim_user_resource,
		USER(",\"name\":{\"givenName\":\"Anna\",\"familyName\":\"Berg\"},\"active\":true"));
	struct scim_picks picks = { 0 };

	scim_put_text(&job, &scim_user_resource, root, S("id"), S("1"));
	assert_string_equal(PICKED(true, "userName"), HEAD ",\"userName\":\"anna\"}");
	assert_string_equal(PICKED(true, "NAME.givenName", "id"), HEAD ",\"name\":{\"givenName\":\"Anna\"}}");
	assert_string_equal(PICKED(true, URN_USER ":active", "title"), HEAD ",\"active\":true}");
	assert_string_equal(PICKED(true, "schemas"), HEAD "}");
	assert_string_equal(PICKED(false, "id", "name.familyName", "active"),
	                    HEAD ",\"userName\":\"anna\",\"name\":{\"givenName\":\"Anna\"}}");
	assert_string_equal(PICKED(false, "name", "userName", "schemas"), HEAD ",\"active\":true}");
	assert_int_equal(scim_pick(&job, &scim_user_resource, S("salary"), &picks), ERR_PATH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_with_and_without_their_urn_in_any_case),
		cmocka_unit_test(tables_hold_together),
		cmocka_unit_test(a_body_becomes_what_is_kept_of_it),
		cmocka_unit_test(a_body_may_have_every_attribute),
		cmocka_unit_test(bodies_that_are_not_understood_are_refused),
		cmocka_unit_test(attributes_are_chosen_and_left_out),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + filter_tests() + patch_tests();
}
