/* vault/import_undo.c -- taking an import back (M7).
 *
 * Persons whom it brought in, and nobody touched since (by a change, a disclosure or a request), go wholly, as
 * every burial goes (bury.h).
 * From those who were there before, what it filled in or established goes, unless somebody touched
 * them.  Consent is not withdrawn by it, which would say something about the person; it ends.
 * Suppressions stay, withdrawals and objections stay.
 *
 * It goes by parts; what is done is taken off the list in the same transaction, so it can be
 * stopped anywhere and called again. */
#include "audit/fact.h"
#include "base/limits.h"
#include "vault/bury.h"
#include "vault/import_parts.h"

#define PART 8192 /* persons in one call */
#define BURY_GROUP 256

struct made {
	int64_t no;
	uid id;
	int64_t made;    /* 1 created, 2 changed, 3 changed by others meanwhile */
	int64_t version; /* as the import left it */
	bool untouched;
	struct lookup_key *lookup; /* by which a person who is to go is found */
	size_t lookup_count;
};

/* --- persons brought in ----------------------------------------------------------------------- */

struct bury_plan {
	int64_t import;
	const struct made *made;
	size_t count;
	bytes standing; /* empty ones */
	bytes record;
	uint64_t undone, touched;
};

static enum err
made_forget(struct job *job, struct db *db, int64_t subject, int64_t import)
{
	TRY(db_run(job, db, SQL_IMPORT_ADDED_DROP, ARGS(sql_i64(subject), sql_i64(import)), NULL));
	return db_run(job, db, SQL_IMPORT_MADE_DROP, ARGS(sql_i64(subject), sql_i64(import)), NULL);
}

static enum err
bury_one(struct job *job, struct db *db, const struct bury_plan *plan, const struct made *made,
         bool *ret_buried)
{
	OWNED(buf_release) struct buf body = { .max = 16 };
	int64_t changed, gone[BOUND_COUNT];
	uint64_t requests;

	TRY(db_run(job, db, SQL_IMPORT_BURY,
	           ARGS(sql_bytes(plan->standing), sql_bytes(plan->record), sql_i64(made->no),
	                sql_i64(made->version)),
	           &changed));
	*ret_buried = changed == 1;
	TRY(made_forget(job, db, made->no, plan->import));
	if (!*ret_buried) /* touched since we looked */
		return OK;
	for (size_t i = 0; i < made->lookup_count; i++)
		TRY(db_run(job, db, SQL_LOOKUP_DROP,
		           ARGS(sql_i64(made->lookup[i].field),
		                sql_bytes((bytes){ made->lookup[i].digest, LOOKUP_BYTES }), sql_i64(made->no)),
		           NULL));
	TRY(burial_rest_steps(job, db, &(struct buried){ made->no, made->id, made->version + 1 }, gone, &requests));
	buf_le64(&body, (uint64_t)made->version + 1);
	buf_le64(&body, (uint64_t)plan->import);
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_IMPORT_UNDO, .subject = made->no,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

/* From person to digests: by opening the record.  The version that bury_one() asks for says that it
 * is still this one. */
static enum err
lookups_collect(struct job *job, struct vault *vault, const struct registry *registry, struct made *made)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct subject subject;
	struct value *value;
	size_t count;

	TRY(subject_get_no(job, vault, made->no, &subject));
	made->id = subject.id;
	TRY(keys_get(job, vault->keys, job->db, subject.no, &keyset));
	TRY(record_open(job, subject.id, keyset, subject.record, &value, &count));
	made->lookup = arena_array(&job->arena, 2 * count, sizeof(*made->lookup));
	for (size_t i = 0; i < count; i++) {
		const struct field *field = registry_field_no(registry, value[i].field);
		struct digests digests = { 0 };
		if (field && field->lookup != LOOKUP_NONE)
			lookup_digests(field, value[i].text, &digests);
		for (size_t n = 0; n < digests.count; n++) {
			struct lookup_key *key = &made->lookup[made->lookup_count++];
			key->field = value[i].field;
			memcpy(key->digest, digests.digest[n], LOOKUP_BYTES);
		}
	}
	return OK;
}

static enum err
bury_steps(struct job *job, struct db *db, void *arg)
{
	struct bury_plan *plan = arg;
	bool buried;

	plan->undone = plan->touched = 0;
	for (size_t i = 0; i < plan->count; i++) {
		TRY(bury_one(job, db, plan, &plan->made[i], &buried));
		plan->undone += buried;
		plan->touched += !buried;
	}
	return OK;
}

static enum err
bury(struct job *job, struct vault *vault, struct import *import, const struct made *made, size_t count)
{
	OWNED(buf_release) struct buf empty = { .max = 256 };
	struct standing standing = { 0 };
	struct bury_plan plan = { .import = import->no, .made = made, .count = count };

	standing_encode(&standing, &empty);
	plan.standing = buf_bytes(&empty);
	TRY(store_write(job, vault->store, WRITE_RESERVED, bury_steps, &plan));
	import->undone += plan.undone;
	import->touched += plan.touched;
	return OK;
}

/* --- persons who were there ------------------------------------------------------------------- */

struct revert {
	const struct registry *registry;
	int64_t import;
	int64_t subject;
	struct change *change;
};

static enum err
revert_extra(struct job *job, struct db *db, void *ctx)
{
	const struct revert *revert = ctx;

	return made_forget(job, db, revert->subject, revert->import);
}

static void
revert_ground(struct revert *revert, struct job *job, uint32_t purpose, enum basis basis)
{
	const struct ground *ground = standing_ground(&revert->change->subject.standing, purpose, basis);

	if (!ground || !ground_live(ground, job->now))
		return;
	revert->change->act[revert->change->act_count++] = (struct act_new){
		.act = ACT_STOPPED, .basis = basis,
		.version = registry_version(revert->registry, purpose, ground->version),
		.at = job->now, .until_at = TIME_NEVER, .method = METHOD_IMPORT,
	};
}

/* The act that carries the consent is written down once more, with an end: now. */
static void
revert_consent(struct revert *revert, struct job *job, uint32_t purpose, uint32_t channels)
{
	const struct standing *standing = &revert->change->subject.standing;

	for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
		const struct permission *permission =
			standing_permission(standing, purpose, (enum channel)channel);
		const struct purpose_version *version;
		if (!(channels & CHANNEL_BIT(channel)) || !permission || permission->state != PERMISSION_GIVEN)
			continue;
		version = registry_version(revert->registry, purpose, permission->version);
		if (!version)
			continue;
		revert->change->act[revert->change->act_count++] = (struct act_new){
			.act = version->double_opt_in ? ACT_CONFIRMED : ACT_GIVEN, .basis = BASIS_CONSENT,
			.version = version, .channels = CHANNEL_BIT(channel), .at = permission->since_at,
			.until_at = job->now, .method = METHOD_IMPORT,
		};
	}
}

static void
revert_value(struct revert *revert, uint16_t no)
{
	const struct field *field = registry_field_no(revert->registry, no);

	if (field)
		revert->change->value[revert->change->value_count++] =
			(struct value_set){ .field = field, .origin = ORIGIN_OBTAINED };
}

static enum err
revert_fill(struct job *job, struct revert *revert)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct change *change = revert->change;
	bool there;

	change->act = arena_array(&job->arena, 2 * LIMIT_GROUNDS, sizeof(*change->act));
	change->value = arena_array(&job->arena, LIMIT_VALUES, sizeof(*change->value));
	TRY(db_query(job, job->db, SQL_IMPORT_ADDED_LIST,
	             ARGS(sql_i64(revert->subject), sql_i64(revert->import)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (change->act_count + CHANNEL_COUNT > 2 * LIMIT_GROUNDS || change->value_count == LIMIT_VALUES)
			return fail(job, ERR_LIMIT, "limit_grounds: an import added more than can be taken back at once");
		switch ((enum added)rows_i64(&rows, 0)) {
		case ADDED_VALUE:
			revert_value(revert, (uint16_t)rows_i64(&rows, 1));
			break;
		case ADDED_GROUND:
			revert_ground(revert, job, (uint32_t)rows_i64(&rows, 1), (enum basis)rows_i64(&rows, 2));
			break;
		case ADDED_CONSENT:
			revert_consent(revert, job, (uint32_t)rows_i64(&rows, 1), (uint32_t)rows_i64(&rows, 2));
			break;
		}
	}
}

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	const struct revert *revert = arg;

	return made_forget(job, db, revert->subject, revert->import);
}

/* Left as they are: only the list forgets them. */
static enum err
leave(struct job *job, struct vault *vault, struct import *import, int64_t subject)
{
	struct revert revert = { .import = import->no, .subject = subject };

	TRY(store_write(job, vault->store, WRITE_RESERVED, forget_steps, &revert));
	import->touched++;
	return OK;
}

static enum err
revert_one(struct job *job, struct vault *vault, const struct registry *registry,
           struct import *import, const struct made *made)
{
	OWNED(buf_release) struct buf note = { .max = 16 };
	struct change change = { .registry = registry, .entry = ENTRY_SUBJECT_CHANGE, .drop_uncovered = true };
	struct revert revert = { registry, import->no, made->no, &change };
	struct change_result result;
	enum err err;

	err = subject_get_no(job, vault, made->no, &change.subject);
	if (err == ERR_ABSENT || err == ERR_GONE || (!err && change.subject.version != made->version)) {
		job_forgive(job);
		return leave(job, vault, import, made->no);
	}
	TRY(err);
	TRY(revert_fill(job, &revert));
	buf_le64(&note, (uint64_t)import->no);
	change.entry_note = buf_bytes(&note);
	change.extra = revert_extra;
	change.extra_ctx = &revert;
	if (!change.act_count && !change.value_count) /* it only took something away from them */
		return leave(job, vault, import, made->no);
	err = change_commit(job, vault, &change, &result);
	if (err == ERR_STALE || err == ERR_PURPOSE_INACTIVE) { /* what an ended purpose has runs out by itself */
		job_forgive(job);
		return leave(job, vault, import, made->no);
	}
	TRY(err);
	import->undone++;
	return OK;
}

/* --- the list --------------------------------------------------------------------------------- */

static enum err
made_list(struct job *job, int64_t import, struct made *made, size_t max, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_MADE_LIST, ARGS(sql_i64(import), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		made[count] = (struct made){ .no = rows_i64(&rows, 0), .made = rows_i64(&rows, 1),
			                     .version = rows_i64(&rows, 2) };
		made[count].untouched = rows_i64(&rows, 3) == made[count].version &&
		                        rows_i64(&rows, 4) == 1 && made[count].made != 3;
		count++;
	}
	*ret_count = count;
	return OK;
}

/* Who is being changed at this moment is not untouched, and is looked at again as such. */
static enum err
created_add(struct job *job, struct vault *vault, const struct registry *registry,
            const struct made *made, struct made *created, size_t *count)
{
	struct made *one = &created[*count];
	enum err err;

	*one = *made;
	err = lookups_collect(job, vault, registry, one);
	if (err == ERR_ABSENT || err == ERR_GONE || err == ERR_CRYPTO) {
		job_forgive(job);
		one->lookup_count = 0;
		one->version = -1; /* bury_one() finds that it was touched */
		err = OK;
	}
	*count += !err;
	return err;
}

static enum err
part_undo(struct job *job, struct vault *vault, const struct registry *registry, struct import *import,
          const struct made *made, size_t count)
{
	struct made *created = arena_array(&job->arena, count, sizeof(*created));
	size_t created_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (!made[i].untouched)
			TRY(leave(job, vault, import, made[i].no));
		else if (made[i].made == 1)
			TRY(created_add(job, vault, registry, &made[i], created, &created_count));
		else
			TRY(revert_one(job, vault, registry, import, &made[i]));
	}
	return created_count ? bury(job, vault, import, created, created_count) : OK;
}

/* Memory of a part is its own, so that it is flat however many there are. */
static enum err
next_part(struct job *job, struct vault *vault, const struct registry *registry, struct import *import,
          size_t *ret_count)
{
	struct job own = { .actor = job->actor, .now = job->now, .db = job->db };
	struct made made[BURY_GROUP];
	enum err err = made_list(&own, import->no, made, BURY_GROUP, ret_count);

	if (!err && *ret_count)
		err = part_undo(&own, vault, registry, import, made, *ret_count);
	if (err)
		job->failure = own.failure;
	arena_release(&own.arena);
	return err;
}

static enum err
made_count(struct job *job, int64_t import, uint64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_MADE_COUNT, ARGS(sql_i64(import)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? (uint64_t)rows_i64(&rows, 0) : 0;
	return OK;
}

/* --- the call --------------------------------------------------------------------------------- */

struct undone_plan {
	const struct import *import;
	str progress;
	uint64_t left;
};

static enum err
undone_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 32 };
	const struct undone_plan *plan = arg;

	TRY(db_run(job, db, SQL_IMPORT_UNDONE, ARGS(sql_text(plan->progress), sql_i64(plan->import->no)), NULL));
	TRY(fact_import_undone(job, db, plan->import->id));
	buf_le64(&body, (uint64_t)plan->import->no);
	buf_le64(&body, plan->import->undone);
	buf_le64(&body, plan->left);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_IMPORT_UNDO, .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
undone_write(struct job *job, struct vault *vault, const struct import *import, uint64_t left)
{
	OWNED(buf_release) struct buf progress = { .max = 1024 * 1024 };
	struct undone_plan plan = { .import = import, .left = left };

	progress_put(&progress, import);
	plan.progress = buf_str(&progress);
	return store_write(job, vault->store, WRITE_RESERVED, undone_steps, &plan);
}

static enum err
undo_allowed(struct job *job, const struct registry *registry, const struct import *import)
{
	time_us since = import->finished_at == TIME_NEVER ? import->created_at : import->finished_at;
	struct import_settings settings;

	if (import->state == IMPORT_UNDONE)
		return OK; /* going on with what was begun in time */
	if (job->now > since + IMPORT_UNDO_HOURS * 3600 * TIME_SECOND)
		return fail(job, ERR_CONFLICT, "the import is more than a day old");
	TRY(import_settings_of(job, registry, import, &settings));
	if (settings.dry_run)
		return fail(job, ERR_CONFLICT, "a dry run has nothing to undo");
	return OK;
}

enum err
import_undo(struct job *job, struct vault *vault, uid id, struct import *ret, uint64_t *ret_left)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct import import;
	uint64_t left = 0;
	size_t count;

	TRY(import_load(job, id, &import));
	TRY(registry_hold(job, vault, &registry));
	TRY(undo_allowed(job, registry, &import));
	if (import.state != IMPORT_UNDONE)
		TRY(undone_write(job, vault, &import, 0)); /* from now on no more rows are taken */
	for (size_t done = 0; done < PART; done += count) {
		TRY(next_part(job, vault, registry, &import, &count));
		if (!count)
			break;
	}
	TRY(made_count(job, import.no, &left));
	TRY(undone_write(job, vault, &import, left));
	*ret_left = left;
	return import_load(job, id, ret);
}
