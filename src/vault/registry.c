/* vault/registry.c -- contract and invariants R1-R3: see registry.h.
 *
 * A snapshot is read whole, from the definitions' JSON, whenever the store's generation of the
 * registry (which every change to fields, purposes and settings moves on) differs from the newest
 * snapshot's. */
#include "vault/registry.h"

#include <stdatomic.h>

#include "audit/entry.h"
#include "audit/fact.h"
#include "base/limits.h"
#include "vault/definition.h"
#include "vault/vault.h"

/* --- names and finding ------------------------------------------------------------------------ */

bool
name_valid(str name)
{
	if (!name.len || name.len > LIMIT_NAME_BYTES || name.ptr[0] < 'a' || name.ptr[0] > 'z')
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return true;
}

const struct field *
registry_field(const struct registry *registry, str name)
{
	for (size_t i = 0; i < registry->field_count; i++)
		if (str_eq(registry->field[i].name, name))
			return &registry->field[i];
	return NULL;
}

const struct field *
registry_field_no(const struct registry *registry, uint16_t no)
{
	/* Numbers are given densely from 1, so this is almost always the first look. */
	if (no && no <= registry->field_count && registry->field[no - 1].no == no)
		return &registry->field[no - 1];
	for (size_t i = 0; i < registry->field_count; i++)
		if (registry->field[i].no == no)
			return &registry->field[i];
	return NULL;
}

const struct field *
registry_address(const struct registry *registry, enum address address, size_t nth)
{
	for (size_t i = 0; i < registry->field_count; i++)
		if (registry->field[i].address == address && nth-- == 0)
			return &registry->field[i];
	return NULL;
}

const struct purpose *
registry_purpose(const struct registry *registry, str name)
{
	for (size_t i = 0; i < registry->purpose_count; i++)
		if (str_eq(registry->purpose[i].name, name))
			return &registry->purpose[i];
	return NULL;
}

const struct purpose *
registry_purpose_no(const struct registry *registry, uint32_t no)
{
	if (no && no <= registry->purpose_count && registry->purpose[no - 1].no == no)
		return &registry->purpose[no - 1];
	for (size_t i = 0; i < registry->purpose_count; i++)
		if (registry->purpose[i].no == no)
			return &registry->purpose[i];
	return NULL;
}

const struct purpose_version *
registry_version(const struct registry *registry, uint32_t purpose, uint32_t version)
{
	const struct purpose *of = registry_purpose_no(registry, purpose);

	for (size_t i = 0; of && i < of->version_count; i++)
		if (of->version[i].version == version)
			return &of->version[i];
	return NULL;
}

bool
version_has_field(const struct purpose_version *version, uint16_t field)
{
	for (size_t i = 0; i < version->field_count && version->field[i] <= field; i++)
		if (version->field[i] == field)
			return true;
	return false;
}

const struct purpose_words *
version_words(const struct purpose_version *version, str language)
{
	static const struct purpose_words none;

	for (size_t i = 0; i < version->words_count; i++)
		if (str_eq(version->words[i].language, language))
			return &version->words[i];
	return version->words_count ? &version->words[0] : &none;
}

const struct notice *
version_notice_in(const struct purpose_version *version, str language)
{
	for (size_t i = 0; i < version->notice_count; i++)
		if (str_eq(version->notice[i].language, language))
			return &version->notice[i];
	return NULL;
}

const struct notice *
version_notice(const struct purpose_version *version, const uint8_t hash[32])
{
	for (size_t i = 0; i < version->notice_count; i++)
		if (memcmp(version->notice[i].hash, hash, 32) == 0)
			return &version->notice[i];
	return NULL;
}

/* --- reading a snapshot ----------------------------------------------------------------------- */

/* While a snapshot is read, the job's memory is the snapshot's. */
struct borrowed_arena {
	struct job *job;
	struct arena own;
};

static void
arena_lend(struct job *job, struct registry *registry, struct borrowed_arena *ret)
{
	*ret = (struct borrowed_arena){ job, job->arena };
	job->arena = registry->arena;
}

static void
arena_return(struct registry *registry, struct borrowed_arena *borrowed)
{
	registry->arena = borrowed->job->arena;
	borrowed->job->arena = borrowed->own;
}

static enum err
text_setting(struct job *job, struct db *db, str name, str *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SETTING_GET, ARGS(sql_text(name)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		*ret = arena_str(&job->arena, rows_text(&rows, 0));
	return OK;
}

static enum err
number_setting(struct job *job, struct db *db, str name, int64_t *ret)
{
	str text = S("");

	TRY(text_setting(job, db, name, &text));
	if (text.len && !str_i64(text, ret))
		return fail(job, ERR_CORRUPT, "a setting that is to be a number is none");
	return OK;
}

static enum err
look_load(struct job *job, struct company_look *look, struct db *db)
{
	str mark = S("");

	TRY(text_setting(job, db, S("company"), &look->company));
	TRY(text_setting(job, db, S("contact"), &look->contact));
	TRY(text_setting(job, db, S("look_colour"), &look->colour));
	TRY(text_setting(job, db, S("public_origin"), &look->origin));
	TRY(text_setting(job, db, S("logo_mark"), &mark));
	look->logo_svg = str_starts(mark, S("svg "));
	look->logo_mark = str_from(mark, 4);
	return OK;
}

static enum err
settings_load(struct job *job, struct registry *registry, struct db *db)
{
	str *language = arena_array(&job->arena, LIMIT_LANGUAGES, sizeof(*language));
	str rest = S("sv en"), nix = S(""), one;
	size_t count = 0;

	TRY(text_setting(job, db, S("languages"), &rest));
	while (rest.len && count < LIMIT_LANGUAGES) {
		if (!eat_until(&rest, ' ', &one)) {
			one = rest;
			rest = S("");
		}
		if (one.len)
			language[count++] = one;
	}
	registry->language = language;
	registry->language_count = count;
	registry->age_of_consent = 13;
	registry->proof_years = PROOF_YEARS;
	registry->budget_per_hour = 10000;
	registry->zone_minutes = 60;
	TRY(number_setting(job, db, S("age_of_consent"), &registry->age_of_consent));
	TRY(number_setting(job, db, S("proof_years"), &registry->proof_years));
	TRY(number_setting(job, db, S("budget_per_hour"), &registry->budget_per_hour));
	TRY(number_setting(job, db, S("zone_minutes"), &registry->zone_minutes));
	registry->country = S("SE");
	TRY(text_setting(job, db, S("country"), &registry->country));
	TRY(text_setting(job, db, S("nix_checked_at"), &nix));
	if (!time_parse(nix, &registry->nix_checked_at))
		registry->nix_checked_at = TIME_NEVER;
	return look_load(job, &registry->look, db);
}

static enum err
lookup_key_load(struct job *job, struct vault *vault, struct field *field)
{
	OWNED(buf_release) struct buf name = { .max = 64 };

	buf_put(&name, S("lookup/"));
	buf_udec(&name, field->no);
	return keys_named(job, vault->keys, vault->store, buf_str(&name), &field->lookup_key);
}

static enum err
fields_load(struct job *job, struct vault *vault, struct registry *registry, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	registry->field = arena_array(&job->arena, LIMIT_FIELDS, sizeof(*registry->field));
	TRY(db_query(job, db, SQL_FIELD_ALL, NO_ARGS, &rows));
	for (;;) {
		struct field *field = &registry->field[registry->field_count];
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (registry->field_count == LIMIT_FIELDS)
			return fail(job, ERR_CORRUPT, "more fields than there may be");
		field->no = (uint16_t)rows_i64(&rows, 0);
		field->name = arena_str(&job->arena, rows_text(&rows, 1));
		field->definition = arena_str(&job->arena, rows_text(&rows, 2));
		TRY(field_parse(job, field->definition, field));
		if (field->lookup != LOOKUP_NONE)
			TRY(lookup_key_load(job, vault, field));
		registry->field_count++;
	}
}

static enum err
purposes_load(struct job *job, struct registry *registry, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	registry->purpose = arena_array(&job->arena, LIMIT_PURPOSES, sizeof(*registry->purpose));
	TRY(db_query(job, db, SQL_PURPOSE_ALL, NO_ARGS, &rows));
	for (;;) {
		struct purpose *purpose = &registry->purpose[registry->purpose_count];
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (registry->purpose_count == LIMIT_PURPOSES)
			return fail(job, ERR_CORRUPT, "more purposes than there may be");
		purpose->no = (uint32_t)rows_i64(&rows, 0);
		purpose->name = arena_str(&job->arena, rows_text(&rows, 1));
		registry->purpose_count++;
	}
}

static enum err
version_load(struct job *job, struct registry *registry, const struct rows *rows)
{
	struct purpose *purpose =
		(struct purpose *)registry_purpose_no(registry, (uint32_t)rows_i64(rows, 0));
	struct purpose_version *list, *version;

	if (!purpose)
		return fail(job, ERR_CORRUPT, "a version of a purpose that is not there");
	list = arena_array(&job->arena, purpose->version_count + 1, sizeof(*list));
	if (purpose->version_count)
		memcpy(list, purpose->version, purpose->version_count * sizeof(*list));
	version = &list[purpose->version_count];
	version->purpose = purpose->no;
	version->version = (uint32_t)rows_i64(rows, 1);
	version->state = (enum version_state)rows_i64(rows, 2);
	version->activated_at = rows_time(rows, 4);
	version->definition = arena_str(&job->arena, rows_text(rows, 3));
	TRY(version_parse(job, registry, version->definition, version));
	purpose->version = list;
	purpose->version_count++;
	purpose->active = NULL;
	for (size_t i = 0; i < purpose->version_count; i++)
		if (list[i].state == VERSION_ACTIVE)
			purpose->active = &list[i];
	return OK;
}

static enum err
versions_load(struct job *job, struct registry *registry, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_VERSION_ALL, NO_ARGS, &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		TRY(version_load(job, registry, &rows));
	}
}

static void
registry_free(struct registry *registry)
{
	arena_release(&registry->arena);
	free(registry);
}

static void
registry_end(struct registry **registry)
{
	if (*registry)
		registry_free(*registry);
}

static enum err
registry_load(struct job *job, struct vault *vault, struct registry **ret)
{
	OWNED(registry_end) struct registry *registry = calloc(1, sizeof(*registry));
	OWNED(db_view_end) struct db *view = NULL;
	struct borrowed_arena borrowed;
	struct db *db = job->db;
	enum err err;

	must(registry);
	/* Before the rest: a change that comes between is read again. */
	TRY(store_generation(job, vault->store, TOPIC_REGISTRY, &registry->generation));
	TRY(db_view_begin(job, db, &view)); /* a purpose and the fields that it names are of one moment */
	if (!db_viewing(db)) /* fields, purposes and versions of one moment */
		TRY(db_view_begin(job, db, &view));
	arena_lend(job, registry, &borrowed);
	err = settings_load(job, registry, db);
	if (!err)
		err = fields_load(job, vault, registry, db);
	if (!err)
		err = purposes_load(job, registry, db);
	if (!err)
		err = versions_load(job, registry, db);
	arena_return(registry, &borrowed);
	if (err)
		return err;
	*ret = registry;
	registry = NULL;
	return OK;
}

enum err
registry_hold(struct job *job, struct vault *vault, const struct registry **ret)
{
	struct registry *fresh = NULL, *held = NULL;
	uint64_t generation;

	TRY(store_generation(job, vault->store, TOPIC_REGISTRY, &generation));
	pthread_mutex_lock(&vault->registry_mutex);
	if (vault->registry && vault->registry->generation == generation) {
		held = vault->registry;
		held->holders++;
	}
	pthread_mutex_unlock(&vault->registry_mutex);
	if (held) {
		*ret = held;
		return OK;
	}
	TRY(registry_load(job, vault, &fresh));
	fresh->holders = 2; /* the caller and the vault */
	pthread_mutex_lock(&vault->registry_mutex);
	held = vault->registry;
	vault->registry = fresh;
	pthread_mutex_unlock(&vault->registry_mutex);
	*ret = fresh;
	registry_drop((const struct registry **)&held);
	return OK;
}

/* The vault's own hold is given up only after the snapshot was replaced under the mutex, so nobody
 * can come upon one whose last holder is leaving. */
void
registry_drop(const struct registry **at)
{
	struct registry *registry = (struct registry *)*at;

	*at = NULL;
	if (registry && atomic_fetch_sub(&registry->holders, 1) == 1)
		registry_free(registry);
}

/* --- settings --------------------------------------------------------------------------------- */

enum err
setting_get(struct job *job, struct vault *vault, str name, str *ret, bool *ret_there)
{
	str text = { 0 };

	TRY(text_setting(job, job->db, name, &text));
	*ret_there = text.ptr != NULL;
	*ret = text;
	return OK;
}

/* --- changing --------------------------------------------------------------------------------- */

struct put_plan {
	str name;
	str definition;
	const struct purpose_version *version;
	enum entry_act act;
	uint32_t purpose_no;
	uint32_t version_no;
	bool created;
};

static enum err
find_number(struct job *job, struct db *db, enum sql sql, str name, bool *ret_there, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, sql, ARGS(sql_text(name)), &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (*ret_there)
		*ret = rows_i64(&rows, 0);
	return OK;
}

static enum err
entry_of_registry(struct job *job, struct db *db, enum entry_act act, int64_t no, int64_t version)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_le64(&body, (uint64_t)no);
	buf_le64(&body, (uint64_t)version);
	return entry_append(job, db,
	                    &(struct entry){ .act = act,
	                                     .purpose = act == ENTRY_FIELD_PUT ? 0 : no,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
field_steps(struct job *job, struct db *db, void *arg)
{
	struct put_plan *plan = arg;
	int64_t no = 0;
	bool there;

	TRY(find_number(job, db, SQL_FIELD_NO, plan->name, &there, &no));
	plan->created = !there;
	TRY(db_run(job, db, SQL_FIELD_PUT,
	           ARGS(sql_text(plan->name), sql_text(plan->definition), sql_i64(job->now)), NULL));
	TRY(find_number(job, db, SQL_FIELD_NO, plan->name, &there, &no));
	TRY(entry_of_registry(job, db, ENTRY_FIELD_PUT, no, 0));
	db_touch(db, TOPIC_REGISTRY);
	return OK;
}

static enum err
field_put_check(struct job *job, const struct registry *registry, str name, const struct field *now)
{
	const struct field *before = registry_field(registry, name);

	if (!before && registry->field_count == LIMIT_FIELDS)
		return fail(job, ERR_LIMIT, "limit_fields: there are as many fields as there may be");
	if (before && (before->type != now->type || before->lookup != now->lookup ||
	               before->sensitivity != now->sensitivity || before->address != now->address))
		return fail(job, ERR_CONFLICT,
		            "type, lookup, sensitivity and address of a field do not change; make a new field");
	return OK;
}

enum err
field_put(struct job *job, struct vault *vault, str name, struct json definition, bool *ret_created)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct put_plan plan = { .name = name };
	struct field field = { 0 };

	if (!name_valid(name))
		return fail_at(job, ERR_INVALID, S("/name"), "a name is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(field_read(job, definition, &field));
	TRY(json_canonical(job, definition, LIMIT_BODY_BYTES, &plan.definition));
	TRY(registry_hold(job, vault, &registry));
	TRY(field_put_check(job, registry, name, &field));
	TRY(store_write(job, vault->store, WRITE_ORDINARY, field_steps, &plan));
	*ret_created = plan.created;
	return OK;
}

/* The draft is the version after the newest that was activated. */
static enum err
draft_number(struct job *job, struct db *db, int64_t purpose, uint32_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_VERSION_NEWEST, ARGS(sql_i64(purpose)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = 1;
	if (there)
		*ret = (uint32_t)rows_i64(&rows, 0) + (rows_i64(&rows, 1) == VERSION_DRAFT ? 0 : 1);
	return OK;
}

static enum err
purpose_steps(struct job *job, struct db *db, void *arg)
{
	struct put_plan *plan = arg;
	int64_t no = 0;
	bool there;

	TRY(find_number(job, db, SQL_PURPOSE_FIND, plan->name, &there, &no));
	plan->created = !there;
	TRY(db_run(job, db, SQL_PURPOSE_ADD, ARGS(sql_text(plan->name)), NULL));
	TRY(find_number(job, db, SQL_PURPOSE_FIND, plan->name, &there, &no));
	TRY(draft_number(job, db, no, &plan->version_no));
	TRY(db_run(job, db, SQL_VERSION_PUT,
	           ARGS(sql_i64(no), sql_i64(plan->version_no), sql_text(plan->definition),
	                sql_i64(job->now)),
	           NULL));
	TRY(entry_of_registry(job, db, ENTRY_PURPOSE_PUT, no, plan->version_no));
	db_touch(db, TOPIC_REGISTRY);
	return OK;
}

enum err
purpose_put(struct job *job, struct vault *vault, str name, struct json definition,
            uint32_t *ret_version, bool *ret_created)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct put_plan plan = { .name = name };
	struct purpose_version version = { 0 };

	if (!name_valid(name))
		return fail_at(job, ERR_INVALID, S("/name"), "a name is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(registry_hold(job, vault, &registry));
	if (!registry_purpose(registry, name) && registry->purpose_count == LIMIT_PURPOSES)
		return fail(job, ERR_LIMIT, "limit_purposes: there are as many purposes as there may be");
	TRY(version_read(job, registry, definition, &version));
	TRY(json_canonical(job, definition, LIMIT_BODY_BYTES, &plan.definition));
	TRY(store_write(job, vault->store, WRITE_ORDINARY, purpose_steps, &plan));
	*ret_version = plan.version_no;
	*ret_created = plan.created;
	return OK;
}

static enum err
activate_steps(struct job *job, struct db *db, void *arg)
{
	struct put_plan *plan = arg;
	int64_t changed;

	TRY(db_run(job, db, SQL_VERSION_RETIRE,
	           ARGS(sql_i64(VERSION_REPLACED), sql_i64(plan->purpose_no)), NULL));
	TRY(db_run(job, db, SQL_VERSION_ACTIVATE,
	           ARGS(sql_i64(job->now), sql_i64(plan->purpose_no), sql_i64(plan->version_no),
	                sql_text(plan->version->definition)),
	           &changed));
	if (changed != 1)
		return fail(job, ERR_CONFLICT, "the draft changed meanwhile; look at it again");
	TRY(db_run(job, db, SQL_PURPOSE_SET_ACTIVE,
	           ARGS(sql_i64(plan->version_no), sql_i64(plan->purpose_no)), NULL));
	for (size_t i = 0; i < plan->version->notice_count; i++) {
		const struct notice *notice = &plan->version->notice[i];
		TRY(db_run(job, db, SQL_NOTICE_PUT,
		           ARGS(sql_i64(plan->purpose_no), sql_i64(plan->version_no),
		                sql_text(notice->language), sql_bytes((bytes){ notice->hash, 32 }),
		                sql_text(notice->text)),
		           NULL));
	}
	TRY(entry_of_registry(job, db, ENTRY_PURPOSE_ACTIVATE, plan->purpose_no, plan->version_no));
	db_touch(db, TOPIC_REGISTRY);
	return OK;
}

enum err
purpose_activate(struct job *job, struct vault *vault, str name, uint32_t *ret_version)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	const struct purpose_version *draft;
	const struct purpose *purpose;
	struct put_plan plan;

	TRY(registry_hold(job, vault, &registry));
	purpose = registry_purpose(registry, name);
	if (!purpose)
		return fail(job, ERR_ABSENT, "no purpose of that name");
	draft = purpose->version_count ? &purpose->version[purpose->version_count - 1] : NULL;
	if (!draft || draft->state != VERSION_DRAFT)
		return fail(job, ERR_ABSENT, "the purpose has no draft to activate");
	TRY(version_ready(job, registry, draft));
	plan = (struct put_plan){ .version = draft, .purpose_no = purpose->no, .version_no = draft->version };
	TRY(store_write(job, vault->store, WRITE_ORDINARY, activate_steps, &plan));
	*ret_version = draft->version;
	return OK;
}

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	struct put_plan *plan = arg;

	TRY(db_run(job, db, SQL_VERSION_RETIRE, ARGS(sql_i64(VERSION_ENDED), sql_i64(plan->purpose_no)),
	           NULL));
	TRY(db_run(job, db, SQL_PURPOSE_SET_ACTIVE, ARGS(sql_i64(0), sql_i64(plan->purpose_no)), NULL));
	TRY(fact_purpose_ended(job, db, (uint32_t)plan->purpose_no));
	TRY(entry_of_registry(job, db, ENTRY_PURPOSE_END, plan->purpose_no, plan->version_no));
	db_touch(db, TOPIC_REGISTRY);
	return OK;
}

enum err
purpose_end(struct job *job, struct vault *vault, str name)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	const struct purpose *purpose;
	struct put_plan plan;

	TRY(registry_hold(job, vault, &registry));
	purpose = registry_purpose(registry, name);
	if (!purpose || !purpose->active)
		return fail(job, ERR_ABSENT, "no active purpose of that name");
	plan = (struct put_plan){ .purpose_no = purpose->no, .version_no = purpose->active->version };
	return store_write(job, vault->store, WRITE_ORDINARY, end_steps, &plan);
}

struct setting_plan {
	str name, value;
};

static enum err
setting_steps(struct job *job, struct db *db, void *arg)
{
	struct setting_plan *plan = arg;

	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(plan->name), sql_text(plan->value)), NULL));
	TRY(entry_append(job, db, &(struct entry){ .act = ENTRY_SETTING_PUT, .body = str_bytes(plan->name) },
	                 NULL));
	db_touch(db, TOPIC_REGISTRY);
	return OK;
}

enum err
setting_put(struct job *job, struct vault *vault, str name, str value)
{
	struct setting_plan plan = { name, value };

	return store_write(job, vault->store, WRITE_ORDINARY, setting_steps, &plan);
}
