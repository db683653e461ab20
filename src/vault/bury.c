/* vault/bury.c -- contract and Y1-Y3: bury.h. */
#include "vault/bury.h"

#include "audit/fact.h"
#include "audit/forget.h"
#include "vault/forget_requests.h"
#include "vault/outbox.h"

str
bound_name(enum bound bound)
{
	static const str names[BOUND_COUNT] = {
#define BOUND(table, statement) [BOUND_##table] = { #table, sizeof(#table) - 1 },
#include "vault/bound.def"
	};

	return names[bound];
}

/* --- on the worker ---------------------------------------------------------------------------- */

static void
lookups_of(struct burial *burial, const struct value *value)
{
	const struct field *field = registry_field_no(burial->registry, value->field);
	struct digests digests;

	if (!field || field->lookup == LOOKUP_NONE)
		return;
	lookup_digests(field, value->text, &digests);
	for (size_t i = 0; i < digests.count; i++) {
		struct lookup_key *key = &burial->lookup[burial->lookup_count++];
		key->field = field->no;
		memcpy(key->digest, digests.digest[i], LOOKUP_BYTES);
	}
}

static enum err
record_read(struct job *job, struct vault *vault, struct burial *burial)
{
	uint32_t section[KEYSET_MAX];

	TRY(keys_get(job, vault->keys, job->db, burial->subject.no, &burial->keyset));
	burial->keys = burial->keyset->count;
	TRY(record_sections(job, burial->subject.record, section, &burial->sections));
	return record_open(job, burial->subject.id, burial->keyset, burial->subject.record, &burial->value,
	                   &burial->value_count);
}

/* Row and keys lie in two databases: somebody may have written between our two looks.  If not, the
 * record is damaged, which must not keep a person here (Y3). */
static enum err
damage_or_stale(struct job *job, struct vault *vault, struct burial *burial)
{
	struct subject fresh;

	job_forgive(job);
	TRY(subject_get_no(job, vault, burial->subject.no, &fresh));
	if (fresh.version != burial->subject.version)
		return fail(job, ERR_STALE, "the person changed meanwhile");
	burial->unreadable = true;
	burial->value_count = 0;
	return OK;
}

enum err
burial_prepare(struct job *job, struct vault *vault, const struct registry *registry,
               const struct subject *subject, struct burial *ret)
{
	OWNED(burial_end) struct burial burial = { .subject = *subject, .registry = registry };
	enum err err = record_read(job, vault, &burial);

	if (err == ERR_CRYPTO || err == ERR_ABSENT || err == ERR_CORRUPT)
		err = damage_or_stale(job, vault, &burial);
	TRY(err);
	burial.lookup = arena_array(&job->arena, 2 * burial.value_count + 1, sizeof(*burial.lookup));
	for (size_t i = 0; i < burial.value_count; i++)
		lookups_of(&burial, &burial.value[i]);
	*ret = burial;
	burial.keyset = NULL;
	return OK;
}

void
burial_end(struct burial *burial)
{
	keyset_end(&burial->keyset);
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Y1 */
static enum err
row_empty(struct job *job, struct db *db, struct burial *burial)
{
	OWNED(buf_release) struct buf standing = { .max = 256 };
	int64_t changed = 0;

	standing_encode(&(struct standing){ 0 }, &standing);
	TRY(db_run(job, db, SQL_BURY_SUBJECT,
	           ARGS(sql_bytes(buf_bytes(&standing)), sql_bytes((bytes){ 0 }),
	                sql_i64(burial->subject.no), sql_i64(burial->subject.version)),
	           &changed));
	if (changed != 1)
		return fail(job, ERR_STALE, "the person changed meanwhile");
	burial->version = burial->subject.version + 1;
	return OK;
}

static enum err
lookups_drop(struct job *job, struct db *db, struct burial *burial)
{
	int64_t changed = 0;

	burial->lookups_gone = 0;
	if (burial->unreadable)
		return db_run(job, db, SQL_BURY_LOOKUPS, ARGS(sql_i64(burial->subject.no)),
		              &burial->lookups_gone);
	for (size_t i = 0; i < burial->lookup_count; i++) {
		const struct lookup_key *key = &burial->lookup[i];
		TRY(db_run(job, db, SQL_LOOKUP_DROP,
		           ARGS(sql_i64(key->field), sql_bytes((bytes){ key->digest, LOOKUP_BYTES }),
		                sql_i64(burial->subject.no)),
		           &changed));
		burial->lookups_gone += changed;
	}
	return OK;
}

static enum err
bound_drop(struct job *job, struct db *db, int64_t subject, int64_t gone[BOUND_COUNT])
{
	static const enum sql statements[BOUND_COUNT] = {
#define BOUND(table, statement) [BOUND_##table] = SQL_##statement,
#include "vault/bound.def"
	};
	int64_t changed = 0;

	for (size_t i = 0; i < BOUND_COUNT; i++) {
		TRY(db_run(job, db, statements[i], ARGS(sql_i64(subject)), &changed));
		gone[i] = changed;
	}
	return OK;
}

enum err
burial_rest_steps(struct job *job, struct db *db, const struct buried *buried, int64_t gone[BOUND_COUNT],
                  uint64_t *requests)
{
	TRY(bound_drop(job, db, buried->no, gone));
	TRY(outbox_forget_steps(job, db, buried->no));
	TRY(db_run(job, db, SQL_MESSAGE_FORGET, ARGS(sql_i64(buried->no)), NULL));
	TRY(request_forget_steps(job, db, buried->no, requests));
	TRY(entry_unlink_steps(job, db, buried->no));
	TRY(fact_erased(job, db, buried->id)); /* no restore brings them back */
	return db_keys_trim(job, db, buried->no, buried->version, 0, (bytes){ 0 }); /* Y2 */
}

enum err
burial_steps(struct job *job, struct db *db, struct burial *burial)
{
	TRY(row_empty(job, db, burial));
	TRY(lookups_drop(job, db, burial));
	return burial_rest_steps(job, db, &(struct buried){ burial->subject.no, burial->subject.id, burial->version },
	                         burial->gone, &burial->requests);
}

void
burial_body(const struct burial *burial, struct buf *out)
{
	uint8_t digest[32];

	buf_le64(out, (uint64_t)burial->version);
	digest_public((bytes){ 0 }, digest);
	buf_data(out, (bytes){ digest, sizeof(digest) });
}
