/* vault/verify.c -- contract: verify.h.
 *
 * First the audit log is read once and remembered as (version, first octets of the record's
 * digest) by subject number; then every person is looked at, a page at a time. */
#include "vault/verify.h"

#include "audit/tree.h"
#include "base/limits.h"
#include "vault/rows.h"

#define PAGE 500

/* What the log says was written last. */
struct last {
	uint64_t version;
	uint8_t digest[8];
};

struct check {
	struct vault *vault;
	const struct registry *registry;
	struct last *last; /* by subject number */
	size_t last_room;
	bool log_shortened; /* its oldest entries are gone, as they should be */
	struct verify_result *result;
};

str
finding_text(enum finding finding)
{
	static const str texts[FINDING_COUNT] = {
		[FINDING_NONE] = { "", 0 },
#define X(name, text) [name] = { text, sizeof(text) - 1 },
		FINDING_TABLE(X)
#undef X
	};
	return texts[finding];
}

static void
found(struct check *check, const struct subject *subject, enum finding finding)
{
	struct verify_result *result = check->result;

	result->found[finding]++;
	if (result->first_count < FINDINGS_LISTED) {
		result->first[result->first_count].id = subject->id;
		result->first[result->first_count++].finding = finding;
	}
}

/* --- the log ---------------------------------------------------------------------------------- */

static bool
is_change(enum entry_act act)
{
	return act == ENTRY_SUBJECT_CREATE || act == ENTRY_SUBJECT_CHANGE || act == ENTRY_ACT ||
	       act == ENTRY_EXPIRE || act == ENTRY_TOLD || act == ENTRY_ERASE || act == ENTRY_RESTORE;
}

static void
last_note(struct check *check, int64_t subject, bytes body)
{
	uint64_t version;
	bytes digest;

	if (subject <= 0 || !eat_le64(&body, &version) || !eat_bytes(&body, 8, &digest))
		return;
	if ((size_t)subject >= check->last_room) {
		size_t room = check->last_room ? check->last_room * 2 : 4096;
		while (room <= (size_t)subject)
			room *= 2;
		check->last = realloc(check->last, room * sizeof(*check->last));
		must(check->last);
		memset(check->last + check->last_room, 0, (room - check->last_room) * sizeof(*check->last));
		check->last_room = room;
	}
	if (version <= check->last[subject].version)
		return;
	check->last[subject].version = version;
	memcpy(check->last[subject].digest, digest.ptr, 8);
}

static enum err
log_page(struct job *job, struct check *check, int64_t *after, bool *ret_more)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_more = false;
	TRY(db_query(job, job->db, SQL_ENTRY_AFTER, ARGS(sql_i64(*after), sql_i64(10 * PAGE)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (rows_i64(&rows, 0) <= *after) /* a damaged tree may go in circles */
			return fail(job, ERR_CORRUPT, "the audit log is out of order");
		*ret_more = true;
		*after = rows_i64(&rows, 0);
		check->result->entries++;
		if (is_change((enum entry_act)rows_i64(&rows, 4)))
			last_note(check, rows_i64(&rows, 6), rows_bytes(&rows, 8));
	}
}

/* --- one person ------------------------------------------------------------------------------- */

static void
row_check(struct check *check, const struct subject *subject)
{
	const struct last *last = (size_t)subject->no < check->last_room ? &check->last[subject->no] : NULL;
	uint8_t digest[32];

	if (check->log_shortened && (!last || !last->version))
		return; /* what was written last is longer ago than the log reaches */
	if (!last || last->version != (uint64_t)subject->version) {
		found(check, subject, FINDING_VERSION);
		return;
	}
	digest_public(subject->record, digest);
	if (memcmp(digest, last->digest, sizeof(last->digest)) != 0)
		found(check, subject, FINDING_RECORD);
}

static enum err
standing_check(struct job *job, struct check *check, const struct subject *subject)
{
	OWNED(buf_release) struct buf stored = { .max = LIMIT_RECORD_BYTES };
	OWNED(buf_release) struct buf folded = { .max = LIMIT_RECORD_BYTES };
	struct standing standing;
	struct act_row *act;
	size_t count;

	TRY(ledger_read(job, subject->no, &act, &count));
	TRY(standing_fold(job, check->registry, act, count, &standing));
	check->result->acts += count;
	standing.format = subject->standing.format; /* what an older version wrote is compared as it would */
	standing_encode(&subject->standing, &stored);
	standing_encode(&standing, &folded);
	if (!str_eq(buf_str(&stored), buf_str(&folded)))
		found(check, subject, FINDING_STANDING);
	return OK;
}

static enum err
lookup_check(struct job *job, struct check *check, const struct subject *subject,
             const struct field *field, const struct value *value)
{
	struct digests digests;

	lookup_digests(field, value->text, &digests);
	for (size_t i = 0; i < digests.count; i++) {
		OWNED(rows_end) struct rows rows = { 0 };
		bool there;
		TRY(db_query(job, job->db, SQL_LOOKUP_HAS,
		             ARGS(sql_i64(field->no), sql_bytes((bytes){ digests.digest[i], LOOKUP_BYTES }),
		                  sql_i64(subject->no)),
		             &rows));
		TRY(rows_next(job, &rows, &there));
		if (!there)
			found(check, subject, FINDING_LOOKUP);
	}
	return OK;
}

/* Covered now, or until a moment that the sweep has not come to yet (T1): as of the earliest end. */
static enum err
value_check(struct job *job, struct check *check, const struct subject *subject,
            const struct value *value)
{
	const struct field *field = registry_field_no(check->registry, value->field);
	uint16_t *covering = arena_array(&job->arena, subject->standing.ground_count + 1, sizeof(*covering));
	time_us as_of = subject->due_at <= job->now ? subject->due_at - 1 : job->now;

	check->result->values++;
	if (!standing_covering(check->registry, &subject->standing, as_of, value->field, covering))
		found(check, subject, FINDING_UNCOVERED);
	if (field && field->lookup != LOOKUP_NONE)
		return lookup_check(job, check, subject, field, value);
	return OK;
}

static enum err
record_check(struct job *job, struct check *check, const struct subject *subject)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct value *value;
	size_t count;
	enum err err;

	err = keys_get(job, check->vault->keys, job->db, subject->no, &keyset);
	if (err == ERR_ABSENT || err == ERR_CRYPTO) {
		job_forgive(job);
		found(check, subject, FINDING_KEYS);
		return OK;
	}
	TRY(err);
	err = record_open(job, subject->id, keyset, subject->record, &value, &count);
	if (err == ERR_CRYPTO || err == ERR_CORRUPT) {
		job_forgive(job);
		found(check, subject, FINDING_SEAL);
		return OK;
	}
	TRY(err);
	for (size_t i = 0; i < count; i++)
		TRY(value_check(job, check, subject, &value[i]));
	return OK;
}

/* A person that is being written to while we look is looked at again by its newest row. */
static enum err
person_check(struct job *job, struct check *check, int64_t no)
{
	struct subject subject;
	enum err err = subject_get_no(job, check->vault, no, &subject);

	if (err == ERR_ABSENT || err == ERR_GONE) {
		job_forgive(job);
		return OK;
	}
	if (err == ERR_CORRUPT) {
		job_forgive(job);
		subject = (struct subject){ .no = no };
		found(check, &subject, FINDING_STANDING);
		return OK;
	}
	TRY(err);
	check->result->persons++;
	row_check(check, &subject);
	TRY(standing_check(job, check, &subject));
	return record_check(job, check, &subject);
}

static enum err
person_page(struct job *job, int64_t *after, int64_t *no, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_count = 0;
	TRY(db_query(job, job->db, SQL_SUBJECT_NOS, ARGS(sql_i64(*after), sql_i64(PAGE)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (rows_i64(&rows, 0) <= *after)
			return fail(job, ERR_CORRUPT, "the persons are out of order");
		*after = no[(*ret_count)++] = rows_i64(&rows, 0);
	}
}

static enum err
persons_check(struct job *job, struct check *check)
{
	int64_t after = 0, no[PAGE];
	struct arena own = job->arena;
	size_t count;
	enum err err = OK;

	job->arena = (struct arena){ 0 }; /* flat memory over millions of persons */
	do {
		err = person_page(job, &after, no, &count);
		for (size_t i = 0; i < count && !err; i++)
			err = person_check(job, check, no[i]);
		arena_reset(&job->arena);
	} while (!err && count);
	arena_release(&job->arena);
	job->arena = own;
	return err;
}

/* --- those who were erased -------------------------------------------------------------------- */

static enum err
subject_public_id(struct job *job, int64_t no, uid *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_SUBJECT_ID_OF_NO, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there || !uid_from_bytes(rows_bytes(&rows, 0), ret))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

static void
buried_found(struct check *check, const struct rows *rows)
{
	struct subject subject = { 0 };

	if (uid_from_bytes(rows_bytes(rows, 3), &subject.id))
		found(check, &subject, FINDING_BURIED);
}

/* Rows of it, and keys unless their destruction is still under way. */
static enum err
buried_check(struct job *job, struct check *check, int64_t no)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(rows_end) struct rows rows = { 0 };
	enum err err;
	bool there;

	TRY(db_query(job, job->db, SQL_BURIED_LEFT, ARGS(sql_i64(no), sql_bytes((bytes){ 0 })), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	if (rows_i64(&rows, 0) || !rows_i64(&rows, 1))
		buried_found(check, &rows);
	if (rows_i64(&rows, 4))
		return OK;
	err = keys_get(job, check->vault->keys, job->db, no, &keyset);
	if (err == ERR_ABSENT) {
		job_forgive(job);
		return OK;
	}
	if (err == ERR_CRYPTO)
		job_forgive(job);
	else if (err)
		return err;
	buried_found(check, &rows);
	return OK;
}

static enum err
buried_page(struct job *job, enum sql sql, int64_t *after, int64_t *no, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_count = 0;
	TRY(db_query(job, job->db, sql, ARGS(sql_i64(*after), sql_i64(PAGE)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		*after = no[(*ret_count)++] = rows_i64(&rows, 0);
	}
}

static enum err
buried_all(struct job *job, struct check *check)
{
	int64_t after = 0, no[PAGE];
	struct subject subject = { 0 };
	size_t count;

	do {
		TRY(buried_page(job, SQL_BURIED_NOS, &after, no, &count));
		for (size_t i = 0; i < count; i++)
			TRY(buried_check(job, check, no[i]));
	} while (count);
	after = 0;
	TRY(buried_page(job, SQL_BURIED_LOOKUPS, &after, no, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(subject_public_id(job, no[i], &subject.id));
		found(check, &subject, FINDING_BURIED);
	}
	return OK;
}

/* The log and the rows of one moment; keys.db is read as it is, so a person who is being changed
 * meanwhile can look wrong. */
static enum err
pass(struct job *job, struct check *check, int64_t *after, const uid *only, size_t only_count)
{
	OWNED(db_view_end) struct db *view = NULL;
	bool more = true;

	TRY(db_view_begin(job, job->db, &view));
	while (more)
		TRY(log_page(job, check, after, &more));
	if (!only)
		TRY(persons_check(job, check));
	for (size_t i = 0; only && i < only_count; i++) {
		struct subject subject;
		enum err err = subject_get(job, check->vault, only[i], &subject);
		if (err == ERR_ABSENT || err == ERR_GONE)
			job_forgive(job);
		else if (err)
			return err;
		else
			TRY(person_check(job, check, subject.no));
	}
	return buried_all(job, check);
}

static enum err
check_all(struct job *job, struct check *check)
{
	struct verify_result *result = check->result;
	int64_t after = 0;

	TRY(pass(job, check, &after, NULL, 0));
	for (int again = 0; again < 3 && result->first_count && result->first_count < FINDINGS_LISTED; again++) {
		/* Whoever looked wrong is looked at again: what was a change under way is gone then. */
		struct verify_result before = *result;
		uid *only = arena_array(&job->arena, before.first_count, sizeof(*only));
		size_t only_count = 0;
		for (size_t i = 0; i < before.first_count; i++) /* a person's findings stand together */
			if (!only_count || !uid_eq(only[only_count - 1], before.first[i].id))
				only[only_count++] = before.first[i].id;
		memset(result->found, 0, sizeof(result->found));
		result->first_count = 0;
		TRY(pass(job, check, &after, only, only_count));
		result->persons = before.persons;
		result->values = before.values;
		result->acts = before.acts;
	}
	return OK;
}

/* Entries go when their time is over (audit/forget.h, O3). */
static enum err
log_reach(struct job *job, struct check *check)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_GONE_UNTIL, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	check->log_shortened = there && rows_i64(&rows, 0) > 0;
	return OK;
}

static enum err
log_check(struct job *job, struct vault *vault, struct verify_result *result)
{
	struct tree_checked checked;

	TRY(tree_check(job, vault->store, vault->keys, &checked));
	if (checked.fault)
		result->found[FINDING_LOG]++;
	return OK;
}

enum err
vault_verify(struct job *job, struct vault *vault, struct verify_result *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct check check = { .vault = vault, .result = ret };
	enum err err;

	*ret = (struct verify_result){ 0 };
	TRY(registry_hold(job, vault, &registry));
	check.registry = registry;
	TRY(log_reach(job, &check));
	err = check_all(job, &check);
	free(check.last);
	if (err)
		return err;
	TRY(log_check(job, vault, ret));
	return entry_write(job, vault->store, &(struct entry){ .act = ENTRY_VERIFY }, NULL);
}
