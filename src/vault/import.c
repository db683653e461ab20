/* vault/import.c -- starting an import and looking at it; contract and M1-M8: see import.h. */
#include "vault/import.h"

#include "base/limits.h"
#include "os/random.h"
#include "vault/decide.h"
#include "vault/import_parts.h"

/* --- the row ---------------------------------------------------------------------------------- */

static enum err
dry_run_read(struct job *job, str settings, bool *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, settings, &document, &root));
	return json_bool(job, root, "dry_run", ret, NULL);
}

static enum err
import_row_read(struct job *job, const struct rows *rows, struct import *ret)
{
	*ret = (struct import){
		.no = rows_i64(rows, 0),
		.state = (enum import_state)rows_i64(rows, 2),
		.settings = arena_str(&job->arena, rows_text(rows, 3)),
		.offset = (uint64_t)rows_i64(rows, 5),
		.created_at = rows_i64(rows, 6),
		.finished_at = rows_time(rows, 7),
	};
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	TRY(dry_run_read(job, ret->settings, &ret->dry_run));
	return progress_read(job, rows_text(rows, 4), ret);
}

enum err
import_load(struct job *job, uid id, struct import *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no such import");
	return import_row_read(job, &rows, ret);
}

enum err
import_settings_of(struct job *job, const struct registry *registry, const struct import *import,
                   struct import_settings *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(job, import->settings, &document, &root));
	return settings_read(job, registry, root, ret);
}

/* --- purposes --------------------------------------------------------------------------------- */

static void
purpose_add(struct job *job, const struct registry *registry, struct json place,
            const struct purpose **ret, size_t *count)
{
	const struct purpose *purpose;
	str name;

	if (json_kind(place) != JSON_STRING || json_scalar(job, place, LIMIT_NAME_BYTES, &name)) {
		job_forgive(job);
		return;
	}
	purpose = registry_purpose(registry, name);
	if (purpose && *count <= IMPORT_CONSENTS_MAX)
		ret[(*count)++] = purpose;
}

size_t
import_purposes(struct job *job, const struct registry *registry, struct json settings,
                const struct purpose **ret)
{
	struct json list = json_member(job, settings, "consents");
	struct json rest = json_member(job, settings, "rest");
	size_t count = 0;

	if (json_kind(list) == JSON_ARRAY)
		for (size_t i = 0; i < json_count(list) && i < IMPORT_CONSENTS_MAX; i++)
			purpose_add(job, registry, json_member(job, json_element(job, list, i), "purpose"), ret,
			            &count);
	purpose_add(job, registry, json_member(job, rest, "keep_for"), ret, &count);
	if (count <= IMPORT_CONSENTS_MAX)
		purpose_add(job, registry, json_member(job, rest, "ask_first"), ret, &count);
	return count;
}

/* --- start ------------------------------------------------------------------------------------ */

struct start_plan {
	uid id;
	str settings;
	str progress;
};

static enum err
start_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(rows_end) struct rows rows = { 0 };
	OWNED(buf_release) struct buf body = { .max = 16 };
	struct start_plan *plan = arg;
	bool there;

	TRY(db_query(job, db, SQL_IMPORT_ADD,
	             ARGS(sql_bytes(uid_bytes(&plan->id)), sql_text(plan->settings),
	                  sql_text(plan->progress), sql_i64(job->actor.kind), sql_i64(job->actor.no),
	                  sql_i64(job->now)),
	             &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_STORE, "the import could not be written");
	buf_le64(&body, (uint64_t)rows_i64(&rows, 0));
	rows_end(&rows);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_IMPORT_START, .body = buf_bytes(&body) },
	                    NULL);
}

enum err
import_start(struct job *job, struct vault *vault, struct json settings, uid *ret_id)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(buf_release) struct buf progress = { .max = 4096 };
	struct import_settings checked;
	struct import import = { 0 };
	struct start_plan plan = { .id = os_uid() };

	TRY(registry_hold(job, vault, &registry));
	TRY(settings_read(job, registry, settings, &checked));
	TRY(json_canonical(job, settings, LIMIT_BODY_BYTES, &plan.settings));
	progress_put(&progress, &import);
	plan.progress = buf_str(&progress);
	TRY(store_write(job, vault->store, WRITE_ORDINARY, start_steps, &plan));
	*ret_id = plan.id;
	return OK;
}

/* --- looking ---------------------------------------------------------------------------------- */

enum err
import_get(struct job *job, struct vault *vault UNUSED, uid id, struct import *ret)
{
	return import_load(job, id, ret);
}

enum err
import_list(struct job *job, struct vault *vault UNUSED, int64_t before, size_t max,
            struct import *ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_LIST, ARGS(sql_i64(before), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		TRY(import_row_read(job, &rows, &ret[count++]));
	}
	*ret_count = count;
	return OK;
}

enum err
import_problems(struct job *job, struct vault *vault UNUSED, uid id, int64_t after, size_t max,
                struct import_problem *ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct import import;
	size_t count = 0;
	bool there;

	TRY(import_load(job, id, &import));
	TRY(db_query(job, job->db, SQL_IMPORT_PROBLEM_LIST,
	             ARGS(sql_i64(import.no), sql_i64(after), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		ret[count++] = (struct import_problem){
			.seq = rows_i64(&rows, 0),
			.line = (uint64_t)rows_i64(&rows, 1),
			.reason = (enum import_reason)rows_i64(&rows, 2),
			.field = (uint16_t)rows_i64(&rows, 3),
		};
	}
	*ret_count = count;
	return OK;
}

/* --- asking ----------------------------------------------------------------------------------- */

static enum err
asked_page(struct job *job, const struct purpose_version *version, int64_t import, int64_t after,
           size_t max, struct import_asked *ret, size_t *ret_count, int64_t *ret_last, bool *ret_more)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0, looked_at = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_ASK_LIST,
	             ARGS(sql_i64(import), sql_i64(after), sql_i64((int64_t)max)), &rows));
	for (;;) {
		struct import_asked *asked = &ret[count];
		struct standing standing;
		const struct ground *ground;
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		looked_at++;
		*ret_last = rows_i64(&rows, 0);
		TRY(standing_decode(job, arena_bytes(&job->arena, rows_bytes(&rows, 2)), &standing));
		ground = standing_ground(&standing, version->purpose, version->basis);
		if (!ground || !ground_usable(ground, job->now))
			continue; /* has answered by objecting, or the time is over */
		*asked = (struct import_asked){ .no = rows_i64(&rows, 0), .until_at = ground->until_at };
		if (!uid_from_bytes(rows_bytes(&rows, 1), &asked->id))
			return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
		count++;
	}
	*ret_count = count;
	*ret_more = looked_at == max;
	return OK;
}

/* One question for each person and channel of the purpose. */
static enum err
asked_decide(struct job *job, struct vault *vault, const struct registry *registry,
             const struct purpose_version *version, struct import_asked *asked, size_t count)
{
	enum channel channel[CHANNEL_COUNT];
	size_t channels = 0, at = 0;
	struct batch_item *item;

	for (int i = 1; i < CHANNEL_COUNT; i++)
		if (version->channels & CHANNEL_BIT(i))
			channel[channels++] = (enum channel)i;
	if (!channels || !count)
		return OK;
	item = arena_array(&job->arena, count * channels, sizeof(*item));
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < channels; n++) {
			item[at].id = asked[i].id;
			item[at++].question = (struct question){
				.purpose = registry_purpose_no(registry, version->purpose),
				.channel = channel[n], .message_class = CLASS_MARKETING, .opt_out = true,
			};
		}
	TRY(decide_batch(job, vault, registry, item, at));
	for (size_t i = 0; i < at; i++)
		if (item[i].verdict.allowed)
			asked[i / channels].channels |= CHANNEL_BIT(item[i].question.channel);
	return OK;
}

enum err
import_ask(struct job *job, struct vault *vault, const struct registry *registry, uid id,
           int64_t after, size_t max, struct import_asked *ret, size_t *ret_count,
           const struct purpose **ret_purpose, int64_t *ret_last, bool *ret_more)
{
	OWNED(buf_release) struct buf body = { .max = 16 };
	struct import_settings settings;
	struct import import;

	must(max <= IMPORT_ASK_PAGE);
	TRY(import_load(job, id, &import));
	TRY(import_settings_of(job, registry, &import, &settings));
	*ret_count = 0;
	*ret_purpose = NULL;
	*ret_last = after;
	*ret_more = false;
	if (settings.rest != REST_ASK_FIRST)
		return OK;
	*ret_purpose = registry_purpose_no(registry, settings.rest_version->purpose);
	TRY(asked_page(job, settings.rest_version, import.no, after, max, ret, ret_count, ret_last,
	               ret_more));
	buf_le64(&body, (uint64_t)import.no);
	TRY(entry_write(job, vault->store,
	                &(struct entry){ .act = ENTRY_IMPORT_READ, .purpose = settings.rest_version->purpose,
	                                 .body = buf_bytes(&body) },
	                NULL));
	return asked_decide(job, vault, registry, settings.rest_version, ret, *ret_count);
}
