#include "fixture.h"

#include <dirent.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/file.h"

/* --- the vault ------------------------------------------------------------------------------- */

static const char *
temporary(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

void
fixture_open(struct fixture *f)
{
	assert_ok(vault_open(&f->job, f->dir, &f->vault));
	assert_ok(store_reader(&f->job, f->vault->store, &f->db));
	f->job.db = f->db;
}

void
fixture_close(struct fixture *f)
{
	reader_end(&f->db);
	f->job.db = NULL;
	vault_close(&f->vault);
}

void
fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
}

void
fixture_begin(struct fixture *f)
{
	*f = (struct fixture){ 0 };
	snprintf(f->dir, sizeof(f->dir), "%s/valv-test-XXXXXX", temporary());
	assert_non_null(mkdtemp(f->dir));
	f->job.actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = 1000 };
	f->job.now = FIXTURE_NOW;
	assert_ok(vault_create(&f->job, f->dir, ROOT_KEY_FILE));
	fixture_open(f);
}

const char *
fixture_path(struct fixture *f, const char *name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(f->dir));
	buf_char(&path, '/');
	buf_put(&path, str_from_c(name));
	return arena_c(&f->job.arena, buf_str(&path));
}

/* Calls each file of the directory. */
static void
files_each(struct fixture *f, void (*call)(struct fixture *, const char *name, void *), void *ctx)
{
	DIR *dir = opendir(f->dir);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			call(f, entry->d_name, ctx);
	closedir(dir);
}

static void
file_remove(struct fixture *f, const char *name, void *ctx)
{
	unlink(fixture_path(f, name));
	(void)ctx;
}

static void
facts_remove(struct fixture *f)
{
	const char *facts = facts_dir_default(&f->job, f->dir);
	OWNED(buf_release) struct buf ledger = { .max = 4096 };

	buf_put(&ledger, str_from_c(facts));
	buf_put(&ledger, S("/ledger"));
	unlink(arena_c(&f->job.arena, buf_str(&ledger)));
	rmdir(facts);
}

void
fixture_end(struct fixture *f)
{
	if (!f->dir[0])
		return;
	fixture_close(f);
	files_each(f, file_remove, NULL);
	rmdir(f->dir);
	facts_remove(f);
	job_release(&f->job);
	f->dir[0] = 0;
}

void
worker_begin(struct fixture *f, struct job *job)
{
	*job = (struct job){ .actor = { ACTOR_OPERATOR, 1000 }, .now = FIXTURE_NOW };
	assert_ok(store_reader(job, f->vault->store, &job->db));
}

void
worker_end(struct job *job)
{
	reader_end(&job->db);
	job_release(job);
}

/* --- definitions ----------------------------------------------------------------------------- */

enum err
field_put_text(struct fixture *f, const char *name, const char *definition)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	bool created;

	TRY(json_parse(&f->job, str_from_c(definition), &document, &root));
	return field_put(&f->job, f->vault, str_from_c(name), root, &created);
}

enum err
purpose_put_text(struct fixture *f, const char *name, const char *definition)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	uint32_t version;
	bool created;

	TRY(json_parse(&f->job, str_from_c(definition), &document, &root));
	return purpose_put(&f->job, f->vault, str_from_c(name), root, &version, &created);
}

void
define_field(struct fixture *f, const char *name, const char *definition)
{
	assert_ok(field_put_text(f, name, definition));
}

static bool
names(const char *members, const char *member)
{
	size_t at;

	return str_find(str_from_c(members), str_from_c(member), &at);
}

const char *
purpose_text(struct job *job, const char *members)
{
	static const struct {
		const char *name, *text;
	} ordinary[] = {
		{ "\"title\"", "\"title\":{\"sv\":\"Rubrik\",\"en\":\"Title\"}" },
		{ "\"why\"", "\"why\":{\"sv\":\"Därför\",\"en\":\"Because\"}" },
		{ "\"retention\"", "\"retention\":{\"period\":\"P2Y\",\"from\":\"given\"}" },
		{ "\"recipients\"", "\"recipients\":[]" },
		{ "\"controller\"", "\"controller\":{\"name\":\"Demo AB\",\"contact\":\"dpo@example.com\"}" },
		{ "\"notices\"", "\"notices\":{\"sv\":\"Vi sparar.\",\"en\":\"We keep.\"}" },
	};
	OWNED(buf_release) struct buf text = { .max = 64 * 1024 };

	buf_char(&text, '{');
	for (size_t i = 0; i < COUNT(ordinary); i++)
		if (!names(members, ordinary[i].name)) {
			buf_put(&text, str_from_c(ordinary[i].text));
			buf_char(&text, ',');
		}
	buf_put(&text, str_from_c(members));
	buf_char(&text, '}');
	return arena_c(&job->arena, buf_str(&text));
}

uint32_t
define_purpose(struct fixture *f, const char *name, const char *members)
{
	uint32_t version;

	assert_ok(purpose_put_text(f, name, purpose_text(&f->job, members)));
	assert_ok(purpose_activate(&f->job, f->vault, str_from_c(name), &version));
	return version;
}

#define ASSESSMENT \
	"\"assessment\":{\"purpose\":\"p\",\"necessity\":\"n\",\"balance\":\"b\",\"safeguards\":\"s\"," \
	"\"review_at\":\"2027-06-30\"}"

void
fixture_registry(struct fixture *f)
{
	define_field(f, "email", "{\"title\":{\"en\":\"E-mail\"},\"type\":\"email\",\"lookup\":\"exact\",\"address\":\"email\"}");
	define_field(f, "phone", "{\"title\":{\"en\":\"Phone\"},\"type\":\"phone\",\"lookup\":\"exact\",\"address\":\"phone\",\"region\":\"SE\"}");
	define_field(f, "name", "{\"title\":{\"en\":\"Name\"},\"type\":\"name\",\"lookup\":\"folded\"}");
	define_field(f, "city", "{\"title\":{\"en\":\"City\"},\"type\":\"city\",\"address\":\"post\"}");
	define_field(f, "birth", "{\"title\":{\"en\":\"Born\"},\"type\":\"birth_date\"}");
	define_field(f, "notes", "{\"title\":{\"en\":\"Notes\"},\"type\":\"text\"}");
	define_field(f, "allergy", "{\"title\":{\"en\":\"Allergy\"},\"type\":\"text\",\"sensitivity\":\"special\"}");
	define_purpose(f, "newsletter", "\"basis\":\"consent\",\"marketing\":true,\"soft_opt_in\":true,"
	                                "\"fields\":[\"email\",\"name\",\"phone\"],\"channels\":[\"email\",\"sms\"]");
	define_purpose(f, "club", "\"basis\":\"consent\",\"marketing\":true,\"double_opt_in\":true,"
	                          "\"fields\":[\"email\",\"birth\"],\"channels\":[\"email\"]");
	define_purpose(f, "order", "\"basis\":\"contract\",\"retention\":{\"period\":\"P90D\",\"from\":\"ended\"},"
	                           "\"fields\":[\"email\",\"name\",\"city\",\"notes\"],\"channels\":[\"email\",\"post\"]");
	define_purpose(f, "bookkeeping", "\"basis\":\"legal_obligation\",\"statute\":\"bokföringslagen 7:2\","
	                                 "\"retention\":{\"period\":\"P7Y\",\"from\":\"year_end\"},"
	                                 "\"fields\":[\"name\",\"city\"]");
	define_purpose(f, "survey", "\"basis\":\"legitimate_interest\"," ASSESSMENT ","
	                            "\"retention\":{\"period\":\"P30D\",\"from\":\"given\"},"
	                            "\"fields\":[\"email\",\"notes\"],\"channels\":[\"post\",\"call\",\"email\"]");
}

/* --- changes --------------------------------------------------------------------------------- */

void
edit_new(struct edit *edit, struct job *job, struct vault *vault)
{
	*edit = (struct edit){ .job = job, .vault = vault };
	assert_ok(registry_hold(job, vault, &edit->registry));
	edit->change = (struct change){ .registry = edit->registry, .entry = ENTRY_SUBJECT_CREATE };
}

void
edit_person(struct edit *edit, struct job *job, struct vault *vault, uid id)
{
	edit_new(edit, job, vault);
	edit->change.entry = ENTRY_SUBJECT_CHANGE;
	assert_ok(subject_get(job, vault, id, &edit->change.subject));
}

void
edit_end(struct edit *edit)
{
	registry_drop(&edit->registry);
}

void
edit_value(struct edit *edit, const char *name, const char *raw)
{
	struct value_set *set = &edit->value[edit->change.value_count++];

	must(edit->change.value_count <= COUNT(edit->value));
	*set = (struct value_set){ .field = registry_field(edit->registry, str_from_c(name)),
		                   .origin = ORIGIN_PROVIDED };
	assert_non_null(set->field);
	if (raw)
		assert_ok(value_read(edit->job, set->field, str_from_c(raw), &set->text));
}

struct act_new *
edit_act_in(struct edit *edit, enum act act, const char *name, uint32_t channels)
{
	struct act_new *new = &edit->act[edit->change.act_count++];
	const struct purpose *purpose = name ? registry_purpose(edit->registry, str_from_c(name)) : NULL;

	must(edit->change.act_count <= COUNT(edit->act));
	*new = (struct act_new){ .act = act, .channels = channels, .at = edit->job->now,
		                 .until_at = TIME_NEVER, .method = METHOD_API_CALL };
	if (!name)
		return new;
	assert_non_null(purpose);
	new->version = purpose->active ? purpose->active : &purpose->version[purpose->version_count - 1];
	new->basis = new->version->basis;
	return new;
}

struct act_new *
edit_act(struct edit *edit, enum act act, const char *purpose)
{
	return edit_act_in(edit, act, purpose, 0);
}

enum err
edit_commit(struct edit *edit)
{
	enum err err;

	edit->change.value = edit->value;
	edit->change.act = edit->act;
	err = change_commit(edit->job, edit->vault, &edit->change, &edit->result);
	edit_end(edit);
	return err;
}

uid
person_make(struct fixture *f, const char *purpose, ...)
{
	struct edit edit;
	const char *pair;
	va_list args;

	edit_new(&edit, &f->job, f->vault);
	va_start(args, purpose);
	while ((pair = va_arg(args, const char *))) {
		str value = str_from_c(pair), name;
		assert_true(eat_until(&value, '=', &name));
		edit_value(&edit, arena_c(&f->job.arena, name), arena_c(&f->job.arena, value));
	}
	va_end(args);
	edit_act(&edit, ACT_GIVEN, purpose);
	if (edit.act[0].basis != BASIS_CONSENT)
		edit.act[0].act = ACT_ESTABLISHED;
	assert_ok(edit_commit(&edit));
	return edit.result.id;
}

enum err
person_act(struct fixture *f, uid id, enum act act, const char *purpose)
{
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, id);
	edit_act(&edit, act, purpose);
	return edit_commit(&edit);
}

enum err
person_value(struct fixture *f, uid id, const char *field, const char *raw)
{
	struct edit edit;

	edit_person(&edit, &f->job, f->vault, id);
	edit_value(&edit, field, raw);
	return edit_commit(&edit);
}

/* --- looking --------------------------------------------------------------------------------- */

int64_t
person_no(struct fixture *f, uid id)
{
	struct subject subject;

	assert_ok(subject_get(&f->job, f->vault, id, &subject));
	return subject.no;
}

static size_t
values_of(struct fixture *f, uid id, struct value **ret)
{
	struct subject subject;
	size_t count;

	assert_ok(subject_read(&f->job, f->vault, id, NULL, &subject, ret, &count));
	return count;
}

const char *
person_has(struct fixture *f, uid id, const char *name)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	const struct field *field;
	struct value *value;
	size_t count = values_of(f, id, &value);

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	field = registry_field(registry, str_from_c(name));
	assert_non_null(field);
	for (size_t i = 0; i < count; i++)
		if (value[i].field == field->no)
			return arena_c(&f->job.arena, value[i].text);
	return "";
}

size_t
person_values(struct fixture *f, uid id)
{
	struct value *value;

	return values_of(f, id, &value);
}

size_t
holders_of(struct fixture *f, const char *name, const char *raw)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	uid found[LIMIT_HOLDERS];
	size_t count;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(subject_search(&f->job, f->vault, registry_field(registry, str_from_c(name)), str_from_c(raw),
	                         found, &count));
	return count;
}

size_t
person_keys(struct fixture *f, uid id)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;

	assert_ok(keys_get(&f->job, f->vault->keys, f->db, person_no(f, id), &keyset));
	assert_non_null(keyset_find(keyset, 0));
	return keyset->count - 1;
}

size_t
person_sections(struct fixture *f, uid id)
{
	uint32_t section[KEYSET_MAX];
	struct subject subject;
	size_t count;

	assert_ok(subject_get(&f->job, f->vault, id, &subject));
	assert_ok(record_sections(&f->job, subject.record, section, &count));
	return count;
}

struct verdict
ask(struct fixture *f, uid id, const char *purpose, enum channel channel)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct question question = { .channel = channel, .message_class = CLASS_MARKETING, .opt_out = true };
	struct verdict verdict;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	question.purpose = registry_purpose(registry, str_from_c(purpose));
	assert_non_null(question.purpose);
	assert_ok(decide_subject(&f->job, f->vault, registry, id, &question, &verdict));
	return verdict;
}

size_t
suppression_count(struct fixture *f, const char *email)
{
	struct suppression found[50];
	size_t count;

	assert_ok(suppressions_of(&f->job, f->vault, ADDRESS_EMAIL, str_from_c(email), found, COUNT(found),
	                          &count));
	return count;
}

static void
findings_print(const struct verify_result *result)
{
	for (enum finding finding = 1; finding < FINDING_COUNT; finding++)
		if (result->found[finding])
			printf("# %llu times: %.*s\n", (unsigned long long)result->found[finding],
			       SPRINT(finding_text(finding)));
}

void
assert_verified(struct fixture *f)
{
	struct verify_result result;

	assert_ok(vault_verify(&f->job, f->vault, &result));
	findings_print(&result);
	assert_int_equal(result.first_count, 0);
}

void
assert_found(struct fixture *f, enum finding wanted, uint64_t times)
{
	struct verify_result result;

	assert_ok(vault_verify(&f->job, f->vault, &result));
	findings_print(&result);
	for (enum finding finding = 1; finding < FINDING_COUNT; finding++)
		assert_int_equal(result.found[finding], finding == wanted ? times : 0);
}

/* --- behind the vault's back ------------------------------------------------------------------- */

static sqlite3_stmt *
statement_of(struct fixture *f, const char *file, const char *text, sqlite3 **ret_side)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_open_v2(fixture_path(f, file), ret_side, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(*ret_side, 5000);
	assert_int_equal(sqlite3_prepare_v2(*ret_side, text, -1, &statement, NULL), SQLITE_OK);
	return statement;
}

static void
statement_close(sqlite3_stmt *statement, sqlite3 *side)
{
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(side), SQLITE_OK);
}

static void
bind(sqlite3_stmt *statement, int at, int64_t number)
{
	if (at <= sqlite3_bind_parameter_count(statement))
		assert_int_equal(sqlite3_bind_int64(statement, at, number), SQLITE_OK);
}

int64_t
sql(struct fixture *f, const char *file, const char *text, int64_t one, int64_t two)
{
	sqlite3 *side;
	sqlite3_stmt *statement = statement_of(f, file, text, &side);
	int64_t result = 0;

	bind(statement, 1, one);
	bind(statement, 2, two);
	if (sqlite3_step(statement) == SQLITE_ROW)
		result = sqlite3_column_int64(statement, 0);
	statement_close(statement, side);
	return result;
}

bytes
sql_blob(struct fixture *f, const char *file, const char *text, int64_t one, int64_t two)
{
	sqlite3 *side;
	sqlite3_stmt *statement = statement_of(f, file, text, &side);
	bytes result;

	bind(statement, 1, one);
	bind(statement, 2, two);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	result = arena_bytes(&f->job.arena, (bytes){ sqlite3_column_blob(statement, 0),
	                                             (size_t)sqlite3_column_bytes(statement, 0) });
	statement_close(statement, side);
	return result;
}

void
sql_put_blob(struct fixture *f, const char *file, const char *text, bytes blob, int64_t one, int64_t two)
{
	sqlite3 *side;
	sqlite3_stmt *statement = statement_of(f, file, text, &side);

	assert_int_equal(sqlite3_bind_blob64(statement, 1, blob.ptr, blob.len, SQLITE_STATIC), SQLITE_OK);
	bind(statement, 2, one);
	bind(statement, 3, two);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	assert_int_equal(sqlite3_changes(side), 1);
	statement_close(statement, side);
}

struct hunt {
	const char *prefix;
	bytes needle;
	bool found;
};

static void
file_search(struct fixture *f, const char *name, void *ctx)
{
	struct hunt *hunt = ctx;
	bytes content;

	if (!str_starts(str_from_c(name), str_from_c(hunt->prefix)) || str_eq(str_from_c(name), S("reserve")))
		return; /* the reserve is 16 MiB of nothing */
	assert_ok(file_read(&f->job, fixture_path(f, name), 256 * 1024 * 1024, &content));
	if (memmem(content.ptr, content.len, hunt->needle.ptr, hunt->needle.len)) {
		printf("# found in %s\n", name);
		hunt->found = true;
	}
}

bool
files_hold(struct fixture *f, const char *prefix, bytes needle)
{
	struct hunt hunt = { prefix, needle, false };

	assert_true(needle.len >= 8);
	files_each(f, file_search, &hunt);
	return hunt.found;
}
