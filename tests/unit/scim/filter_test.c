/* src/scim/filter.c: examples of RFC 7644, what is refused, and random filters against an oracle that
 * never sees their text. */
#include "scim_test.h"

#include <ctype.h>

#include "base/limits.h"

static const char person[] =
	"{\"schemas\":[\"" URN_USER "\"],\"userName\":\"bjensen\",\"externalId\":\"Ab-1\",\"displayName\":\"Åsa O'Malley\","
	"\"name\":{\"familyName\":\"O'Malley\",\"givenName\":\"Barbara\"},\"active\":true,"
	"\"emails\":[{\"value\":\"BJensen@example.com\",\"type\":\"work\",\"primary\":true},"
	"{\"value\":\"babs@home.example\",\"type\":\"home\"}]}";

static void
filters_of_the_rfc_match_what_they_say(void **state)
{
	static const struct {
		const char *filter;
		bool fits;
	} row[] = {
		{ "userName eq \"bjensen\"", true }, { "userName Eq \"BJENSEN\"", true }, { "USERNAME eq \"other\"", false },
		{ "name.familyName co \"O'Malley\"", true }, { "userName sw \"B\"", true }, { "userName ew \"SEN\"", true },
		{ URN_USER ":userName sw \"J\"", false }, { "title pr or userName pr", false /* not kept: see below */ },
		{ "displayName eq \"åsa o'malley\"", true }, { "displayName eq \"A\\u030asa o'malley\"", true },
		{ "displayName eq \"asa o'malley\"", false },
		{ "externalId eq \"Ab-1\"", true }, { "externalId eq \"ab-1\"", false },
		{ "meta.lastModified gt \"2011-05-13T04:42:34Z\"", true }, { "meta.lastModified ge \"2026-01-01T01:00:00+01:00\"", true },
		{ "meta.lastModified gt \"2026-01-01T00:00:00Z\"", false }, { "meta.lastModified lt \"2026-01-01T00:00:00.1Z\"", true },
		{ "meta.lastModified le \"2025-12-31T23:59:59Z\"", false }, { "meta.created pr", false }, { "meta pr", true },
		{ "emails pr", true }, { "emails co \"example.com\"", true }, { "emails.type eq \"home\"", true },
		{ "emails[type eq \"work\" and value co \"@example.com\"]", true },
		{ "emails[type eq \"home\" and value co \"@example.com\"]", false },
		{ "emails[not (type eq \"work\")]", true }, { "emails[primary eq true]", true }, { "emails[primary eq false]", false },
		{ "emails.type ne \"work\"", true }, { "not (emails.type eq \"work\")", false },
		{ "active eq true", true }, { "active EQ True", true }, { "active ne true", false }, { "active eq false", false },
		{ "preferredLanguage pr", false }, { "not(preferredLanguage pr)", true }, { "preferredLanguage eq null", true },
		{ "preferredLanguage ne \"sv\"", true }, { "userName ne null", true }, { "userName eq null", false },
		{ "preferredLanguage ne null", false }, { "preferredLanguage co \"\"", false }, { "userName co \"\"", true },
		{ "userName gt \"bjensem\"", true }, { "userName lt \"BJENSEM\"", false }, { "userName ge \"bjensen\"", true },
		{ "userName le \"bjense\"", false }, { "userName eq \"x\" or userName eq \"bjensen\" and active eq true", true },
		{ "(userName eq \"bjensen\" or userName eq \"x\") and active eq false", false },
		{ "userName eq \"bjensen\" or userName eq \"x\" and active eq false", true },
		{ "  userName   eq   \"bjensen\"  AND  ( active  eq  true )  ", true },
		{ "userName eq \"bj\\u0065nsen\"", true }, { "userName eq \"a\\\"b\"", false }, { "groups pr", false },
		{ "groups.display eq \"x\"", false }, { "not (groups[value eq \"x\"])", true }, { "id pr", false },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_node *root = scim_of(&job, &scim_user_resource, person), *meta;
		struct scim_filter *filter;
		time_us at;
		if (strstr(row[i].filter, "title")) {
			assert_int_equal(scim_filter_parse(&job, &scim_user_resource, str_from_c(row[i].filter), &filter), ERR_FILTER);
			continue;
		}
		assert_true(time_parse(S("2026-01-01T00:00:00Z"), &at));
		meta = scim_put_complex(&job, &scim_user_resource, root, S("meta"));
		scim_put_time(&job, &scim_user_resource, meta, S("lastModified"), at);
		if (scim_filter_parse(&job, &scim_user_resource, str_from_c(row[i].filter), &filter))
			wrong("%s: %s", row[i].filter, job.failure.why);
		if (scim_filter_match(&job, filter, root) != row[i].fits)
			wrong("%s", row[i].filter);
	}
}

static void
filters_that_are_not_understood_are_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "userName", "userName eq", "userName eq ", "userName eq\"a\"", "userName eq bjensen", "userName eq 'a'",
		"userName eq \"a", "userName eq \"a\\", "userName eq \"a\\\"", "userName eq \"\\x\"", "userName eq \"\\ud800\"",
		"userName eq \"a\" \"b\"", "userName eq \"a\" active eq true", "userName eq \"a\" and", "and userName pr", "userName pr and or active pr",
		"userName xx \"a\"", "userName=\"a\"", "userName == \"a\"", "userNam eq \"a\"", "title eq \"x\"", "password eq \"x\"",
		"password pr", "phoneNumbers pr", URN_ENTERPRISE ":department eq \"x\"", URN_ENTERPRISE " pr", "roles eq \"x\"", "roles pr", "schemas eq \"x\"",
		"active eq \"true\"", "active eq 1", "active gt true", "active co true", "active", "active eq null2", "userName eq true",
		"userName eq 5", "userName gt null", "name eq \"a\"", "name eq null x", "meta.created co \"2026\"", "meta.created eq \"2026\"",
		"meta.created gt \"2026-13-01T00:00:00Z\"", "(userName pr", "userName pr)", "((userName pr)", "()", "not userName pr", "not (userName pr",
		"not", "emails[type eq \"a\"", "emails[]", "emails[type eq \"a\"].value pr", "emails[emails.type eq \"a\"]", "emails[foo eq \"a\"]",
		"emails[type eq \"a\"]x", "name[givenName eq \"a\"]", "emails.type[value pr]", "emails[emails[value pr]]", "userName[value pr]",
		"userName eq \"a\"; drop table staff", "userName eq \"a\"\tand active pr", "userName eq \"a\xff\"", "\xff", "userName eq \"a\" or",
		"userName prx", "userName.x pr", "x:userName pr", "members pr",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_filter *filter;
		if (scim_filter_parse(&job, &scim_user_resource, str_from_c(bad[i]), &filter) != ERR_FILTER)
			wrong("%s", bad[i]);
	}
}

/* `count` times a text, then what stands in the middle, then `count` times another. */
static enum err
parse_nested(const char *before, size_t count, const char *middle, const char *after)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf text = { .max = 1 << 20 };
	struct scim_filter *filter;

	for (size_t i = 0; i < count; i++)
		buf_put(&text, str_from_c(before));
	buf_put(&text, str_from_c(middle));
	for (size_t i = 0; i < count; i++)
		buf_put(&text, str_from_c(after));
	return scim_filter_parse(&job, &scim_user_resource, buf_str(&text), &filter);
}

static void
filters_have_limits(void **state)
{
	assert_int_equal(parse_nested("(", LIMIT_SCIM_FILTER_DEPTH, "userName pr", ")"), OK);
	assert_int_equal(parse_nested("(", LIMIT_SCIM_FILTER_DEPTH + 1, "userName pr", ")"), ERR_FILTER);
	assert_int_equal(parse_nested("not (", LIMIT_SCIM_FILTER_DEPTH + 1, "userName pr", ")"), ERR_FILTER);
	assert_int_equal(parse_nested("(", 1000000, "", ""), ERR_FILTER);
	assert_int_equal(parse_nested("id pr or ", LIMIT_SCIM_FILTER_TERMS - 1, "id pr", ""), OK);
	assert_int_equal(parse_nested("id pr or ", LIMIT_SCIM_FILTER_TERMS, "id pr", ""), ERR_FILTER);
	assert_int_equal(parse_nested("", LIMIT_SCIM_FILTER_BYTES - 5, "id pr", " "), OK);
	assert_int_equal(parse_nested("", LIMIT_SCIM_FILTER_BYTES - 4, "id pr", " "), ERR_FILTER);
}

static void
paths_lead_where_they_say(void **state)
{
	static const struct {
		const char *path;
		enum err err;
		const char *attr, *sub;
		bool which;
	} row[] = {
		{ "active", OK, "active", "", false }, { "ACTIVE", OK, "active", "", false }, { URN_USER ":active", OK, "active", "", false },
		{ "name.givenName", OK, "name", "givenName", false }, { "emails[type eq \"work\"].value", OK, "emails", "value", true },
		{ "emails[type eq \"work\" and primary eq true]", OK, "emails", "", true }, { "emails", OK, "emails", "", false },
		{ "addresses[type eq \"work\"].formatted", ERR_FILTER, "", "", false }, { URN_ENTERPRISE, OK, "", "", false },
		{ URN_ENTERPRISE ":department", OK, "department", "", false }, { "", ERR_PATH, "", "", false },
		{ " active", ERR_PATH, "", "", false }, { "active ", ERR_PATH, "", "", false }, { "roles", ERR_PATH, "", "", false },
		{ "emails[type eq \"work\"].foo", ERR_PATH, "", "", false }, { "emails[type eq \"work\"]value", ERR_PATH, "", "", false },
		{ "emails[type eq \"work\"].", ERR_PATH, "", "", false }, { "emails[type]", ERR_FILTER, "", "", false },
		{ "emails[type eq \"work\"", ERR_FILTER, "", "", false }, { "emails[foo eq \"work\"]", ERR_FILTER, "", "", false },
		{ "name[givenName pr]", ERR_FILTER, "", "", false }, { "userName eq \"x\"", ERR_PATH, "", "", false },
		{ "emails[type eq \"work\"].value.x", ERR_PATH, "", "", false }, { "emails.value", OK, "emails", "value", false },
		{ "\xff", ERR_FILTER, "", "", false }, { "/active", ERR_PATH, "", "", false },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_path path = { 0 };
		enum err err = scim_path_parse(&job, &scim_user_resource, str_from_c(row[i].path), &path);
		str attr = path.at.attr ? path.at.attr->name : S(""), sub = path.at.sub ? path.at.sub->name : S("");
		if (err != row[i].err || !str_eq(attr, str_from_c(row[i].attr)) || !str_eq(sub, str_from_c(row[i].sub)) ||
		    (path.which != NULL) != row[i].which)
			wrong("%s: %d", row[i].path, (int)err);
	}
}

static void
a_plain_equality_is_seen_as_one(void **state)
{
	static const struct {
		const char *filter;
		bool plain;
	} row[] = {
		{ "userName eq \"Anna\"", true }, { "(username EQ \"Anna\")", true }, { "userName ne \"Anna\"", false },
		{ "userName eq null", false }, { "userName eq \"Anna\" and active eq true", false }, { "not (userName eq \"Anna\")", false },
		{ "displayName eq \"Anna\"", false },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(job_release) struct job job = { 0 };
		struct scim_filter *filter;
		str text = S("");
		assert_int_equal(scim_filter_parse(&job, &scim_user_resource, str_from_c(row[i].filter), &filter), OK);
		if (scim_filter_is_eq(filter, scim_attr(&scim_user_resource, S("userName")), &text) != row[i].plain)
			wrong("%s", row[i].filter);
		assert_true(str_eq(text, row[i].plain ? S("Anna") : S("")));
	}
}

/* --- the oracle -------------------------------------------------------------------------------- *
 * A filter is drawn as a tree of the oracle's own; it is printed for the parser, and answered here from
 * plain C structs.  ASCII only, so that tolower() is all there is to case. */

struct mail {
	const char *value, *type;
	bool primary;
};

struct people {
	const char *user_name, *external_id, *family_name; /* the last two may be NULL */
	bool active;
	struct mail mail[2];
	size_t mail_count;
};

static const char *const texts[] = { "a", "A", "b", "ab", "aB", "Ba", "abc", "" };
static const char *const operator_text[] = { "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr" };

enum drawn_kind { D_AND, D_OR, D_NOT, D_TEXT, D_TRUTH, D_VALUES, D_NULL };
struct drawn {
	enum drawn_kind kind;
	struct drawn *left, *right;
	int attr;     /* D_TEXT, D_NULL: 0 userName 1 externalId 2 name.familyName 3 emails.value 4 emails.type; inside: 3, 4 */
	int operator;
	const char *text;
	bool truth;
};

static uint64_t seed;

static unsigned
draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static struct drawn *
draw_filter(struct job *job, int depth, bool inside)
{
	struct drawn *d = arena_alloc(&job->arena, sizeof(*d));
	unsigned kind = depth ? draw(8) : 3 + draw(2);

	if (kind < 3) {
		d->kind = (enum drawn_kind)kind;
		d->left = draw_filter(job, depth - 1, inside);
		d->right = draw_filter(job, depth - 1, inside);
	} else if (kind == 7 && !inside) {
		d->kind = D_VALUES;
		d->left = draw_filter(job, depth - 1, true);
	} else if (kind == 4) {
		d->kind = D_TRUTH;
		d->operator = (int)draw(2);
		d->truth = draw(2);
	} else {
		d->kind = draw(6) ? D_TEXT : D_NULL;
		d->operator = d->kind == D_NULL ? (int)draw(2) : (int)draw(10);
		d->attr = inside ? 3 + (int)draw(2) : (int)draw(5);
		d->text = texts[draw(COUNT(texts))];
	}
	return d;
}

static void
put_word(struct buf *out, const char *word)
{
	bool upper = draw(2);

	for (; *word; word++)
		buf_char(out, (char)(upper ? toupper(*word) : *word));
}

static void
put_gap(struct buf *out)
{
	for (unsigned i = 1 + draw(2); i; i--)
		buf_char(out, ' ');
}

static void put_drawn(struct buf *out, const struct drawn *d, bool inside);

static void
put_bracketed(struct buf *out, const struct drawn *d, bool needed, bool inside)
{
	if (needed || !draw(4)) {
		buf_char(out, '(');
		put_drawn(out, d, inside);
		buf_char(out, ')');
	} else {
		put_drawn(out, d, inside);
	}
}

static void
put_drawn(struct buf *out, const struct drawn *d, bool inside)
{
	static const char *const names[] = { "userName", "externalId", "name.familyName", "emails.value", "emails.type" };
	static const char *const inner[] = { "", "", "", "value", "type" };

	switch (d->kind) {
	case D_AND:
	case D_OR:
		put_bracketed(out, d->left, d->kind == D_AND && d->left->kind == D_OR, inside);
		put_gap(out);
		put_word(out, d->kind == D_AND ? "and" : "or");
		put_gap(out);
		put_bracketed(out, d->right, d->kind == D_AND && d->right->kind == D_OR, inside);
		return;
	case D_NOT:
		put_word(out, "not");
		if (draw(2))
			put_gap(out);
		put_bracketed(out, d->left, true, inside);
		return;
	case D_VALUES:
		put_word(out, "emails");
		buf_char(out, '[');
		put_drawn(out, d->left, true);
		buf_char(out, ']');
		return;
	case D_TRUTH:
		put_word(out, inside ? "primary" : "active");
		put_gap(out);
		put_word(out, operator_text[d->operator]);
		put_gap(out);
		buf_put(out, d->truth ? S("true") : S("false"));
		return;
	case D_TEXT:
	case D_NULL:
		break;
	}
	put_word(out, inside ? inner[d->attr] : names[d->attr]);
	put_gap(out);
	put_word(out, operator_text[d->operator]);
	if (d->operator == 9)
		return;
	put_gap(out);
	if (d->kind == D_NULL) {
		buf_put(out, S("null"));
		return;
	}
	buf_char(out, '"');
	buf_put(out, str_from_c(d->text));
	buf_char(out, '"');
}

static void
lower(const char *text, char *out)
{
	do
		*out++ = (char)tolower(*text);
	while (*text++);
}

static bool
text_fits(int operator, const char *have, const char *want, bool exact)
{
	char a[8], b[8];
	size_t la, lb;
	int order;

	lower(have, a);
	lower(want, b);
	if (exact) {
		memcpy(a, have, strlen(have) + 1);
		memcpy(b, want, strlen(want) + 1);
	}
	la = strlen(a), lb = strlen(b);
	order = strcmp(a, b);
	switch (operator) {
	case 0: return order == 0;
	case 1: return order != 0;
	case 2: return strstr(a, b) != NULL;
	case 3: return strncmp(a, b, lb) == 0;
	case 4: return la >= lb && strcmp(a + la - lb, b) == 0;
	case 5: return order > 0;
	case 6: return order >= 0;
	case 7: return order < 0;
	case 8: return order <= 0;
	default: return true;
	}
}

/* One value that may not be there; L4. */
static bool
value_fits(const struct drawn *d, const char *have, bool exact)
{
	bool there = have && *have;

	if (d->kind == D_NULL)
		return there == (d->operator == 1);
	if (!there)
		return d->operator == 1;
	return text_fits(d->operator, have, d->text, exact);
}

static bool
mail_answer(const struct drawn *d, const struct mail *mail)
{
	switch (d->kind) {
	case D_AND: return mail_answer(d->left, mail) && mail_answer(d->right, mail);
	case D_OR: return mail_answer(d->left, mail) || mail_answer(d->right, mail);
	case D_NOT: return !mail_answer(d->left, mail);
	case D_TRUTH: /* primary is there only where it is true */
		return mail->primary ? (d->truth ? d->operator == 0 : d->operator == 1) : d->operator == 1;
	case D_TEXT:
	case D_NULL:
	case D_VALUES: break;
	}
	return value_fits(d, d->attr == 3 ? mail->value : mail->type, false);
}

static bool
answer(const struct drawn *d, const struct people *p)
{
	bool any = false, some = false;

	switch (d->kind) {
	case D_AND: return answer(d->left, p) && answer(d->right, p);
	case D_OR: return answer(d->left, p) || answer(d->right, p);
	case D_NOT: return !answer(d->left, p);
	case D_TRUTH: return (p->active == d->truth) == (d->operator == 0);
	case D_VALUES:
		for (size_t i = 0; i < p->mail_count; i++)
			any |= mail_answer(d->left, &p->mail[i]);
		return any;
	case D_TEXT:
	case D_NULL: break;
	}
	if (d->attr == 0)
		return value_fits(d, p->user_name, false);
	if (d->attr == 1)
		return value_fits(d, p->external_id, true);
	if (d->attr == 2)
		return value_fits(d, p->family_name, false);
	for (size_t i = 0; i < p->mail_count; i++) {
		const char *have = d->attr == 3 ? p->mail[i].value : p->mail[i].type;
		if (!have || !*have)
			continue;
		some = true;
		any |= value_fits(d, have, false);
	}
	return some ? any : value_fits(d, NULL, false);
}

static void
draw_people(struct people *p)
{
	*p = (struct people){ .user_name = texts[draw(COUNT(texts) - 1)], .active = draw(2), .mail_count = draw(3) };
	if (draw(3))
		p->external_id = texts[draw(COUNT(texts))];
	if (draw(3))
		p->family_name = texts[draw(COUNT(texts))];
	for (size_t i = 0; i < p->mail_count; i++)
		p->mail[i] = (struct mail){ texts[draw(COUNT(texts) - 1)], texts[draw(COUNT(texts))], i == 0 && draw(2) };
}

static struct scim_node *
node_of(struct job *job, const struct people *p)
{
	const struct scim_resource *user = &scim_user_resource;
	struct scim_node *root = scim_node_new(job, NULL), *complex;

	scim_put_text(job, user, root, S("userName"), str_from_c(p->user_name));
	scim_put_text(job, user, root, S("externalId"), str_from_c(p->external_id));
	scim_put_bool(job, user, root, S("active"), p->active);
	complex = scim_put_complex(job, user, root, S("name"));
	scim_put_text(job, user, complex, S("familyName"), str_from_c(p->family_name));
	for (size_t i = 0; i < p->mail_count; i++) {
		complex = scim_put_complex(job, user, root, S("emails"));
		scim_put_text(job, user, complex, S("value"), str_from_c(p->mail[i].value));
		scim_put_text(job, user, complex, S("type"), str_from_c(p->mail[i].type));
		if (p->mail[i].primary)
			scim_put_bool(job, user, complex, S("primary"), true);
	}
	return root;
}

static void
check_drawn(void)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf text = { .max = 1 << 20 };
	OWNED(buf_release) struct buf again = { .max = 1 << 20 };
	struct drawn *drawn = draw_filter(&job, 1 + (int)draw(3), false);
	struct scim_filter *filter, *reread;
	struct people people;
	struct scim_node *root;

	put_drawn(&text, drawn, false);
	if (scim_filter_parse(&job, &scim_user_resource, buf_str(&text), &filter))
		wrong("%.*s: %s", SPRINT(buf_str(&text)), job.failure.why);
	scim_filter_print(filter, &again);
	assert_int_equal(scim_filter_parse(&job, &scim_user_resource, buf_str(&again), &reread), OK);
	for (int i = 0; i < 20; i++) {
		draw_people(&people);
		root = node_of(&job, &people);
		if (scim_filter_match(&job, filter, root) != answer(drawn, &people))
			wrong("%.*s", SPRINT(buf_str(&text)));
		assert_int_equal(scim_filter_match(&job, reread, root), answer(drawn, &people));
	}
}

static void
random_filters_answer_as_the_oracle(void **state)
{
	if (!str_u64(str_from_c(getenv("SEED")), &seed))
		seed = 20261127;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 4000; i++)
		check_drawn();
}

int
filter_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_of_the_rfc_match_what_they_say),
		cmocka_unit_test(filters_that_are_not_understood_are_refused),
		cmocka_unit_test(filters_have_limits),
		cmocka_unit_test(paths_lead_where_they_say),
		cmocka_unit_test(a_plain_equality_is_seen_as_one),
		cmocka_unit_test(random_filters_answer_as_the_oracle),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
