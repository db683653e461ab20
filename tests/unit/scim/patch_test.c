/* src/scim/patch.c: the examples of RFC 7644 section 3.5.2, what Entra and Okta send, and what is refused. */
#include "scim_test.h"

#define HEAD "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"anna\""
#define ID "2819c223-7f76-453a-919d-413861904646"
#define WORK "{\"value\":\"anna@example.com\",\"type\":\"work\",\"primary\":true}"
#define HOME "{\"value\":\"a@home.example\",\"type\":\"home\"}"

static const char user[] = HEAD ",\"name\":{\"familyName\":\"Berg\",\"givenName\":\"Anna\"},\"active\":true,\"emails\":[" WORK "," HOME "]}";

static enum err
patch(struct job *job, const struct scim_resource *resource, struct scim_node *root, const char *operations,
      struct scim_patched *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf text = { .max = 1 << 16 };
	struct json body;

	if (operations[0] == '{') {
		buf_put(&text, str_from_c(operations));
	} else {
		buf_put(&text, S("{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":"));
		buf_put(&text, str_from_c(operations));
		buf_char(&text, '}');
	}
	if (json_parse(job, buf_str(&text), &document, &body))
		wrong("%s is no JSON", operations);
	return scim_patch(job, resource, body, S(ID), root, ret);
}

static void
operations_do_what_they_say(void **state)
{
	static const struct {
		const char *operations, *after; /* after: without HEAD */
	} row[] = {
		/* Entra, Okta and the RFC: leaving */
		{ "[{\"op\":\"Replace\",\"path\":\"active\",\"value\":\"False\"}]",
		  ",\"name\":{\"familyName\":\"Berg\",\"givenName\":\"Anna\"},\"active\":false,\"emails\":[" WORK "," HOME "]}" },
		{ "[{\"op\":\"Add\",\"path\":\"ACTIVE\",\"value\":\"False\"},{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails\"}]",
		  ",\"active\":false}" },
		{ "[{\"OP\":\"replace\",\"Value\":{\"active\":false}},{\"op\":\"REMOVE\",\"Path\":\"name\"},{\"op\":\"replace\",\"path\":\"emails\",\"value\":null}]",
		  ",\"active\":false}" },
		{ "[{\"op\":\"replace\",\"path\":\"" URN_USER ":active\",\"value\":false},{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"replace\",\"path\":\"emails\",\"value\":[]}]",
		  ",\"active\":false}" },
		/* names */
		{ "[{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"add\",\"path\":\"name.formatted\",\"value\":\"Anna Berg\"},{\"op\":\"remove\",\"path\":\"name.givenName\"}]",
		  ",\"name\":{\"formatted\":\"Anna Berg\",\"familyName\":\"Berg\"},\"active\":true}" },
		{ "[{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"familyName\":\"Ek\",\"givenName\":null}}]",
		  ",\"name\":{\"familyName\":\"Ek\"},\"active\":true}" },
		{ "[{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"replace\",\"value\":{\"name.familyName\":\"Ek\",\"displayName\":\"AE\",\"id\":\"" ID "\",\"schemas\":[\"" URN_USER "\"]}}]",
		  ",\"name\":{\"familyName\":\"Ek\",\"givenName\":\"Anna\"},\"displayName\":\"AE\",\"active\":true}" },
		{ "[{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"familyName\":\"\",\"givenName\":\"\"}}]",
		  ",\"active\":true}" },
		/* e-mail addresses */
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"new@example.com\"}]",
		  ",\"active\":true,\"emails\":[{\"value\":\"new@example.com\",\"type\":\"work\",\"primary\":true}," HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails[type eq \\\"work\\\"]\"}]",
		  ",\"active\":true,\"emails\":[" HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails[type eq \\\"work\\\"].value\"}]",
		  ",\"active\":true,\"emails\":[" HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails[type eq \\\"work\\\"].primary\"}]",
		  ",\"active\":true,\"emails\":[{\"value\":\"anna@example.com\",\"type\":\"work\"}," HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"add\",\"path\":\"emails\",\"value\":[" HOME ",{\"value\":\"b@example.com\",\"primary\":\"True\"}]}]",
		  ",\"active\":true,\"emails\":[{\"value\":\"anna@example.com\",\"type\":\"work\"}," HOME ",{\"value\":\"b@example.com\",\"primary\":true}]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"replace\",\"path\":\"emails\",\"value\":[" HOME "," HOME "]}]",
		  ",\"active\":true,\"emails\":[" HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"add\",\"path\":\"emails\",\"value\":" HOME "}]",
		  ",\"active\":true,\"emails\":[" WORK "," HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails\",\"value\":[" WORK "]}]",
		  ",\"active\":true,\"emails\":[" HOME "]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"Add\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"n@example.com\"}]",
		  ",\"active\":true,\"emails\":[{\"value\":\"n@example.com\",\"type\":\"work\"}]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"add\",\"value\":{\"emails[type eq \\\"work\\\"].value\":\"n@example.com\",\"" URN_ENTERPRISE ":department\":\"x\",\"title\":\"y\"}}]",
		  ",\"active\":true,\"emails\":[{\"value\":\"n@example.com\",\"type\":\"work\"}]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"replace\",\"path\":\"emails[type eq \\\"home\\\"]\",\"value\":{\"value\":\"x@home.example\",\"primary\":true}}]",
		  ",\"active\":true,\"emails\":[{\"value\":\"anna@example.com\",\"type\":\"work\"},{\"value\":\"x@home.example\",\"primary\":true}]}" },
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"add\",\"path\":\"emails[type eq \\\"home\\\"]\",\"value\":{\"display\":\"H\"}}]",
		  ",\"active\":true,\"emails\":[" WORK ",{\"value\":\"a@home.example\",\"display\":\"H\",\"type\":\"home\"}]}" },
		/* not kept */
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"add\",\"path\":\"title\",\"value\":\"Boss\"},{\"op\":\"replace\",\"path\":\"" URN_ENTERPRISE "\",\"value\":{\"department\":\"x\"}},{\"op\":\"Replace\",\"path\":\"" URN_ENTERPRISE ":manager\",\"value\":\"1\"}]",
		  ",\"active\":true}" },
		/* in order: the last one counts */
		{ "[{\"op\":\"remove\",\"path\":\"name\"},{\"op\":\"remove\",\"path\":\"emails\"},{\"op\":\"replace\",\"path\":\"active\",\"value\":false},{\"op\":\"replace\",\"path\":\"active\",\"value\":\"TRUE\"}]",
		  ",\"active\":true}" },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_node *root = scim_of(&job, &scim_user_resource, user);
		struct scim_patched patched;
		const char *after;
		if (patch(&job, &scim_user_resource, root, row[i].operations, &patched))
			wrong("%s: %s", row[i].operations, job.failure.why);
		after = scim_shown(&job, &scim_user_resource, root);
		if (strncmp(after, HEAD, strlen(HEAD)) != 0 || strcmp(after + strlen(HEAD), row[i].after) != 0)
			wrong("%s\n%s", row[i].operations, after);
		assert_int_equal(patched.was_inactive, strstr(row[i].operations, "alse") != NULL);
	}
}

static void
what_is_not_understood_is_refused(void **state)
{
	static const struct {
		const char *operations;
		enum err err;
	} row[] = {
		{ "{}", ERR_MALFORMED }, { "{\"schemas\":[\"" URN_PATCH "\"]}", ERR_MALFORMED },
		{ "{\"schemas\":[\"" URN_USER "\"],\"Operations\":[{\"op\":\"replace\",\"value\":{\"active\":false}}]}", ERR_MALFORMED },
		{ "{\"Operations\":[{\"op\":\"replace\",\"value\":{\"active\":false}}]}", ERR_MALFORMED },
		{ "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[{\"op\":\"replace\",\"value\":{\"active\":false}}],\"active\":false}", ERR_MALFORMED },
		{ "[]", ERR_MALFORMED }, { "[1]", ERR_MALFORMED }, { "[{}]", ERR_MALFORMED }, { "[{\"op\":\"move\",\"path\":\"active\",\"value\":false}]", ERR_MALFORMED },
		{ "[{\"op\":1,\"path\":\"active\",\"value\":false}]", ERR_MALFORMED }, { "[{\"op\":\"replace\",\"path\":\"active\",\"val\":false}]", ERR_MALFORMED },
		{ "[{\"op\":\"replace\",\"OP\":\"add\",\"path\":\"active\",\"value\":false}]", ERR_MALFORMED },
		{ "[{\"op\":\"replace\",\"path\":\"active\"}]", ERR_INVALID }, { "[{\"op\":\"replace\",\"path\":\"active\",\"value\":null}]", ERR_MUTABILITY },
		{ "[{\"op\":\"replace\",\"path\":\"active\",\"value\":\"no\"}]", ERR_INVALID }, { "[{\"op\":\"replace\",\"path\":\"active\",\"value\":0}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"path\":\"active\",\"value\":[false]}]", ERR_INVALID }, { "[{\"op\":\"replace\",\"path\":\"active\",\"value\":{\"value\":false}}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"path\":\"activ\",\"value\":false}]", ERR_PATH }, { "[{\"op\":\"replace\",\"path\":\"/active\",\"value\":false}]", ERR_PATH },
		{ "[{\"op\":\"replace\",\"path\":[\"active\"],\"value\":false}]", ERR_PATH }, { "[{\"op\":\"replace\",\"path\":\"active eq true\",\"value\":false}]", ERR_PATH },
		{ "[{\"op\":\"replace\",\"value\":{\"activ\":false}}]", ERR_PATH }, { "[{\"op\":\"replace\",\"value\":{}}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"value\":false}]", ERR_INVALID }, { "[{\"op\":\"replace\",\"value\":[{\"active\":false}]}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"value\":null}]", ERR_INVALID }, { "[{\"op\":\"remove\",\"path\":\"active\"}]", ERR_MUTABILITY },
		{ "[{\"op\":\"remove\",\"path\":\"active\",\"value\":true}]", ERR_MUTABILITY }, { "[{\"op\":\"remove\"}]", ERR_TARGET },
		{ "[{\"op\":\"remove\",\"value\":{\"active\":false}}]", ERR_TARGET }, { "[{\"op\":\"remove\",\"path\":\"userName\"}]", ERR_MUTABILITY },
		{ "[{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"\"}]", ERR_INVALID }, { "[{\"op\":\"replace\",\"path\":\"userName\",\"value\":null}]", ERR_MUTABILITY },
		{ "[{\"op\":\"replace\",\"path\":\"id\",\"value\":\"x\"}]", ERR_MUTABILITY }, { "[{\"op\":\"replace\",\"value\":{\"id\":\"x\"}}]", ERR_MUTABILITY },
		{ "[{\"op\":\"remove\",\"path\":\"id\"}]", ERR_MUTABILITY }, { "[{\"op\":\"add\",\"path\":\"meta.version\",\"value\":\"1\"}]", ERR_MUTABILITY },
		{ "[{\"op\":\"add\",\"path\":\"groups\",\"value\":[{\"value\":\"1\"}]}]", ERR_MUTABILITY }, { "[{\"op\":\"add\",\"path\":\"schemas\",\"value\":[]}]", ERR_MUTABILITY },
		{ "[{\"op\":\"add\",\"path\":\"roles\",\"value\":[{\"value\":\"administrator\"}]}]", ERR_PATH },
		{ "[{\"op\":\"remove\",\"path\":\"roles\"}]", ERR_PATH }, { "[{\"op\":\"replace\",\"path\":\"name\",\"value\":\"Anna\"}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"nick\":\"x\"}}]", ERR_MALFORMED }, { "[{\"op\":\"remove\",\"path\":\"name.givenName\",\"value\":\"x\"}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"path\":\"emails[type eq \\\"other\\\"].value\",\"value\":\"x\"}]", ERR_TARGET },
		{ "[{\"op\":\"remove\",\"path\":\"emails[type eq \\\"other\\\"]\"}]", ERR_TARGET }, { "[{\"op\":\"add\",\"path\":\"emails[type ne \\\"work\\\" and type ne \\\"home\\\"].value\",\"value\":\"x\"}]", ERR_TARGET },
		{ "[{\"op\":\"add\",\"path\":\"emails[type eq \\\"other\\\"].display\",\"value\":\"x\"}]", ERR_INVALID },
		{ "[{\"op\":\"add\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"\"}]", ERR_INVALID },
		{ "[{\"op\":\"add\",\"path\":\"emails.value\",\"value\":\"x\"}]", ERR_PATH }, { "[{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"type\":\"x\"}]}]", ERR_INVALID },
		{ "[{\"op\":\"add\",\"path\":\"emails\",\"value\":null}]", ERR_INVALID }, { "[{\"op\":\"add\",\"path\":\"emails\",\"value\":\"a@example.com\"}]", ERR_INVALID },
		{ "[{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"a\",\"primary\":true},{\"value\":\"b\",\"primary\":true}]}]", ERR_INVALID },
		{ "[{\"op\":\"remove\",\"path\":\"emails[type eq \\\"work\\\"]\",\"value\":[]}]", ERR_INVALID },
		{ "[{\"op\":\"replace\",\"path\":\"emails[type eq work].value\",\"value\":\"x\"}]", ERR_FILTER },
		{ "[{\"op\":\"add\",\"path\":\"" URN_ENTERPRISE "\",\"value\":{\"salary\":1}}]", ERR_MALFORMED },
		{ "[{\"op\":\"add\",\"path\":\"" URN_ENTERPRISE ":salary\",\"value\":1}]", ERR_PATH }, { "[{\"op\":\"add\",\"path\":\"urn:example:x:active\",\"value\":false}]", ERR_PATH },
		/* one that is not understood, after one that is */
		{ "[{\"op\":\"replace\",\"path\":\"active\",\"value\":false},{\"op\":\"replace\",\"path\":\"x\",\"value\":1}]", ERR_PATH },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_node *root = scim_of(&job, &scim_user_resource, user);
		enum err err = patch(&job, &scim_user_resource, root, row[i].operations, NULL);
		if (err != row[i].err)
			wrong("%s: %s %s", row[i].operations, err_info(err)->name, job.failure.why ? job.failure.why : "");
	}
}

#define GROUP "{\"schemas\":[\"" URN_GROUP "\"],\"displayName\":\"Shop\""

static void
members_come_and_go(void **state)
{
	static const struct {
		const char *operations, *after; /* NULL: refused, by err */
		enum err err;
	} row[] = {
		{ "[{\"op\":\"Add\",\"path\":\"members\",\"value\":[{\"$ref\":null,\"value\":\"c\"},{\"value\":\"A\"}]}]",
		  ",\"members\":[{\"value\":\"a\"},{\"value\":\"b\"},{\"value\":\"c\"}]}", OK },
		{ "[{\"op\":\"Remove\",\"path\":\"members\",\"value\":[{\"$ref\":null,\"value\":\"a\"},{\"value\":\"x\"}]}]", ",\"members\":[{\"value\":\"b\"}]}", OK },
		{ "[{\"op\":\"remove\",\"path\":\"members[value eq \\\"a\\\"]\"}]", ",\"members\":[{\"value\":\"b\"}]}", OK },
		{ "[{\"op\":\"remove\",\"path\":\"members\"}]", "}", OK },
		{ "[{\"op\":\"remove\",\"path\":\"members\",\"value\":[]}]", ",\"members\":[{\"value\":\"a\"},{\"value\":\"b\"}]}", OK },
		{ "[{\"op\":\"replace\",\"path\":\"members\",\"value\":[{\"value\":\"c\",\"type\":\"User\",\"display\":\"C\"}]}]", ",\"members\":[{\"value\":\"c\",\"type\":\"User\"}]}", OK },
		{ "[{\"op\":\"replace\",\"value\":{\"id\":\"" ID "\",\"displayName\":\"Shop\"}}]", ",\"members\":[{\"value\":\"a\"},{\"value\":\"b\"}]}", OK },
		{ "[{\"op\":\"remove\",\"path\":\"members[value eq \\\"x\\\"]\"}]", NULL, ERR_TARGET },
		{ "[{\"op\":\"replace\",\"path\":\"members[value eq \\\"a\\\"].value\",\"value\":\"c\"}]", NULL, ERR_MUTABILITY },
		{ "[{\"op\":\"replace\",\"path\":\"members[value eq \\\"a\\\"]\",\"value\":{\"value\":\"c\"}}]", NULL, ERR_MUTABILITY },
		{ "[{\"op\":\"add\",\"path\":\"" URN_VALV_GROUP ":roles\",\"value\":[\"administrator\"]}]", NULL, ERR_MUTABILITY },
		{ "[{\"op\":\"add\",\"path\":\"" URN_VALV_GROUP "\",\"value\":{\"roles\":[\"administrator\"]}}]", NULL, ERR_MUTABILITY },
		{ "[{\"op\":\"add\",\"value\":{\"" URN_VALV_GROUP "\":{\"roles\":[\"administrator\"]}}}]", NULL, ERR_MUTABILITY },
		{ "[{\"op\":\"remove\",\"path\":\"" URN_VALV_GROUP ":roles\"}]", NULL, ERR_MUTABILITY },
		{ "[{\"op\":\"remove\",\"path\":\"displayName\"}]", NULL, ERR_MUTABILITY },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_node *root = scim_of(&job, &scim_group_resource, GROUP ",\"members\":[{\"value\":\"a\"},{\"value\":\"b\"}]}");
		enum err err = patch(&job, &scim_group_resource, root, row[i].operations, NULL);
		const char *after = scim_shown(&job, &scim_group_resource, root);
		if (err != row[i].err)
			wrong("%s: %s %s", row[i].operations, err_info(err)->name, job.failure.why ? job.failure.why : "");
		if (!err && strcmp(after + strlen(GROUP), row[i].after) != 0)
			wrong("%s\n%s", row[i].operations, after);
	}
}

int
patch_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_do_what_they_say),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(members_come_and_go),
	};

	return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
