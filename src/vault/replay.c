/* vault/replay.c -- contract and R1-R4: replay.h.
 *
 * The ledger is read once and its facts sorted by whom they are about; then each person is done in one
 * change, many persons in a write, with memory of their own. */
#include "vault/replay.h"

#include "access/key.h"
#include "access/provider.h"
#include "access/session.h"
#include "store/fault.h"
#include "vault/replay_person.h"
#include "vault/rows.h"
#include "vault/suppress.h"

#define PAGE 500

/* A new kind of fact has a number here and a case in fact_place() and whole_say(). */
_Static_assert(FACT_COUNT == 16, "every kind of fact has a way to be said again (R1)");

struct replaying {
	struct job *job; /* owns what is listed */
	struct vault *vault;
	struct facts *facts;
	struct replay_person *person; /* by digest */
	size_t person_count;
	struct told *first, *last;    /* about no person */
	struct replayed replayed;
};

/* --- memory of a piece ------------------------------------------------------------------------ */

static struct job
piece_job(const struct job *job)
{
	return (struct job){ .now = job->now, .actor = job->actor, .db = job->db };
}

static enum err
piece_end(struct job *job, struct job *piece, enum err err)
{
	if (err)
		job->failure = piece->failure;
	job_release(piece);
	return err;
}

/* --- who is there ----------------------------------------------------------------------------- */

struct named_row {
	int64_t no;
	uid id;
};

static enum err
rows_list(struct job *job, enum sql sql, int64_t after, struct named_row *row, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, sql, ARGS(sql_i64(after), sql_i64(PAGE)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		row[count].no = rows_i64(&rows, 0);
		if (!uid_from_bytes(rows_bytes(&rows, 1), &row[count].id))
			return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
		count++;
	}
	*ret_count = count;
	return OK;
}

static void
person_add(struct replaying *replaying, size_t *room, const struct named_row *row)
{
	struct replay_person *person;

	if (replaying->person_count == *room) {
		struct replay_person *grown =
			arena_array(&replaying->job->arena, *room = *room ? *room * 2 : 1024, sizeof(*grown));
		if (replaying->person_count)
			memcpy(grown, replaying->person, replaying->person_count * sizeof(*grown));
		replaying->person = grown;
	}
	person = &replaying->person[replaying->person_count++];
	*person = (struct replay_person){ .no = row->no };
	fact_subject_digest(replaying->facts, row->id, person->digest);
}

static int
by_digest(const void *a, const void *b)
{
	const struct replay_person *one = a, *other = b;

	return memcmp(one->digest, other->digest, sizeof(one->digest));
}

static int
by_no(const void *a, const void *b)
{
	const struct replay_person *one = *(const struct replay_person *const *)a;
	const struct replay_person *other = *(const struct replay_person *const *)b;

	return one->no < other->no ? -1 : one->no > other->no;
}

static enum err
persons_list(struct replaying *replaying)
{
	struct named_row row[PAGE];
	size_t count, room = 0;
	int64_t after = 0;

	do {
		TRY(rows_list(replaying->job, SQL_RESTORE_SUBJECT_IDS, after, row, &count));
		for (size_t i = 0; i < count; i++)
			person_add(replaying, &room, &row[i]);
		after = count ? row[count - 1].no : after;
	} while (count == PAGE);
	if (replaying->person_count)
		qsort(replaying->person, replaying->person_count, sizeof(*replaying->person), by_digest);
	return OK;
}

/* --- what is told ----------------------------------------------------------------------------- */

static struct told *
told_copy(struct replaying *replaying, bytes plain)
{
	struct told *told = arena_alloc(&replaying->job->arena, sizeof(*told));

	*told = (struct told){ .plain = arena_bytes(&replaying->job->arena, plain) };
	return told;
}

static void
told_append(struct told **first, struct told **last, struct told *told)
{
	if (*last)
		(*last)->next = told;
	else
		*first = told;
	*last = told;
}

static void
fact_of_person(struct replaying *replaying, const struct fact *fact, bytes plain)
{
	struct replay_person key, *person = NULL;

	memcpy(key.digest, fact->object, sizeof(key.digest));
	if (replaying->person_count)
		person = bsearch(&key, replaying->person, replaying->person_count, sizeof(key), by_digest);
	if (person)
		told_append(&person->first, &person->last, told_copy(replaying, plain));
	else
		replaying->replayed.nobody++; /* erased before the backup, or born after it */
}

static void
fact_place(struct replaying *replaying, const struct fact *fact, bytes plain)
{
	switch (fact->kind) {
	case FACT_ACT:
	case FACT_VALUES:
	case FACT_ERASED:
	case FACT_FLAGS:
		fact_of_person(replaying, fact, plain);
		break;
	case FACT_SUPPRESSED:
	case FACT_KEY_REVOKED:
	case FACT_IMPORT_UNDONE:
	case FACT_PURPOSE_ENDED:
	case FACT_KEY_DESTROYED:
	case FACT_STAFF_ENDED:
	case FACT_STAFF_LESS:
	case FACT_PROVIDER_CHANGED:
	case FACT_STAFF_CREDENTIALS:
	case FACT_RECOVERY_USED:
		told_append(&replaying->first, &replaying->last, told_copy(replaying, plain));
		break;
	case FACT_RESTORED: /* what that restore took away stands before it */
	case FACT_NONE:
	case FACT_COUNT:
		break;
	}
}

static enum err
fact_hear(struct job *job, int64_t no, time_us at, bytes plain, void *ctx)
{
	struct replaying *replaying = ctx;
	struct fact fact;

	if (!fact_read(plain, &fact))
		return fail(job, ERR_NEWER, "the ledger of facts tells something that this Valv does not know; use the newest");
	replaying->replayed.facts++;
	replaying->replayed.kind[fact.kind]++;
	fact_place(replaying, &fact, plain);
	return OK;
}

/* --- persons ---------------------------------------------------------------------------------- */

static enum err
persons_say(struct replaying *replaying)
{
	struct job *job = replaying->job;
	const struct replay_person **person = arena_array(&job->arena, replaying->person_count + 1, sizeof(*person));
	size_t count = 0;

	for (size_t i = 0; i < replaying->person_count; i++)
		if (replaying->person[i].first)
			person[count++] = &replaying->person[i];
	if (count)
		qsort(person, count, sizeof(*person), by_no);
	for (size_t at = 0; at < count; at += REPLAY_PIECE) {
		size_t piece = count - at < REPLAY_PIECE ? count - at : REPLAY_PIECE;
		struct job own = piece_job(job);
		enum err err = replay_persons(&own, replaying->vault, person + at, piece, &replaying->replayed);
		TRY(piece_end(job, &own, err));
		fault_point("restore-persons");
	}
	return OK;
}

/* --- what is nobody's ------------------------------------------------------------------------- */

static enum err
suppressed_say(struct job *job, struct db *db, const struct fact *fact)
{
	struct suppression suppression = {
		.scope = (enum suppression_scope)fact->suppression.scope,
		.channel = (enum channel)fact->suppression.channel,
		.source = (enum suppression_source)fact->suppression.source,
		.purpose = fact->suppression.purpose,
		.at = fact->at,
	};

	return suppression_add(job, db, fact->suppression.digest, &suppression);
}

/* There are many: those that follow one another go into one write. */
struct suppressed {
	const struct told *from, *next; /* next: the first that is not done */
};

static enum err
suppressed_steps(struct job *job, struct db *db, void *arg)
{
	struct suppressed *suppressed = arg;
	const struct told *told = suppressed->from;
	struct fact fact;

	for (size_t i = 0; told && i < PAGE; i++, told = told->next) {
		must(fact_read(told->plain, &fact));
		if (fact.kind != FACT_SUPPRESSED)
			break;
		TRY(suppressed_say(job, db, &fact));
	}
	suppressed->next = told;
	return OK;
}

static enum err
key_revoked_say(struct job *job, struct replaying *replaying, const struct fact *fact)
{
	struct api_key *key;
	size_t count = 0;
	int64_t after = 0;

	do {
		TRY(key_list(job, after, PAGE, &key, &count));
		for (size_t i = 0; i < count; i++) {
			uint8_t digest[FACTS_DIGEST_BYTES];
			fact_key_digest(replaying->facts, key[i].id, digest);
			if (memcmp(digest, fact->object, sizeof(digest)) == 0)
				return key_revoke(job, replaying->vault->store, key[i].id);
		}
		after = count ? key[count - 1].no : after;
	} while (count == PAGE);
	replaying->replayed.nobody++;
	return OK;
}

/* Who left has left again; who was given less has no roles until somebody gives them anew. */
static enum err
staff_less_again_steps(struct job *job, struct db *db, void *arg)
{
	const int64_t *no = arg;

	TRY(db_run(job, db, SQL_STAFF_ROLE_DROP_OF, ARGS(sql_i64(*no)), NULL));
	TRY(db_run(job, db, SQL_SCIM_MEMBER_DROP_OF, ARGS(sql_i64(*no)), NULL)); /* or its groups would give them back */
	return staff_less_steps(job, db, *no);
}

/* What they sign in with now is not in the backup, and what is there is what they did away with. */
static enum err
credentials_again_steps(struct job *job, struct db *db, void *arg)
{
	const int64_t *no = arg;
	int64_t count;

	TRY(staff_credentials_end_steps(job, db, *no, &count));
	return session_end_all_steps(job, db, *no, NULL, &count);
}

/* Which of them was used no longer stands anywhere: none is good again. */
static enum err
recovery_again_steps(struct job *job, struct db *db, void *arg)
{
	const int64_t *no = arg;

	return db_run(job, db, SQL_RECOVERY_DROP, ARGS(sql_i64(*no)), NULL);
}

static enum err
staff_one_say(struct job *job, struct replaying *replaying, const struct fact *fact, int64_t no)
{
	write_steps *steps = fact->kind == FACT_STAFF_LESS      ? staff_less_again_steps
	                     : fact->kind == FACT_RECOVERY_USED ? recovery_again_steps
	                                                        : credentials_again_steps;
	struct ended ended;

	if (fact->kind == FACT_STAFF_ENDED)
		return staff_end(job, &replaying->vault->access, no, END_RESTORE, &ended);
	return store_write(job, replaying->vault->store, WRITE_RESERVED, steps, &no);
}

static enum err
staff_say(struct job *job, struct replaying *replaying, const struct fact *fact)
{
	struct named_row row[PAGE];
	size_t count = 0;
	int64_t after = 0;

	do {
		TRY(rows_list(job, SQL_RESTORE_STAFF_IDS, after, row, &count));
		for (size_t i = 0; i < count; i++) {
			uint8_t digest[FACTS_DIGEST_BYTES];
			fact_staff_digest(replaying->facts, row[i].id, digest);
			if (memcmp(digest, fact->object, sizeof(digest)) == 0)
				return staff_one_say(job, replaying, fact, row[i].no);
		}
		after = count ? row[count - 1].no : after;
	} while (count == PAGE);
	replaying->replayed.nobody++; /* came after the backup */
	return OK;
}

/* The one in the backup is not the one that was there last. */
static enum err
provider_forget(struct job *job, struct db *db, void *arg UNUSED)
{
	return provider_forget_steps(job, db);
}

static enum err
import_undone_steps(struct job *job, struct db *db, void *arg)
{
	const int64_t *no = arg;

	return db_run(job, db, SQL_RESTORE_IMPORT_UNDONE, ARGS(sql_i64(*no)), NULL);
}

static enum err
import_undone_say(struct job *job, struct replaying *replaying, const struct fact *fact)
{
	struct named_row row[PAGE];
	size_t count = 0;
	int64_t after = 0;

	do {
		TRY(rows_list(job, SQL_RESTORE_IMPORT_IDS, after, row, &count));
		for (size_t i = 0; i < count; i++) {
			uint8_t digest[FACTS_DIGEST_BYTES];
			fact_import_digest(replaying->facts, row[i].id, digest);
			if (memcmp(digest, fact->object, sizeof(digest)) == 0)
				return store_write(job, replaying->vault->store, WRITE_RESERVED, import_undone_steps,
				                   &row[i].no);
		}
		after = count ? row[count - 1].no : after;
	} while (count == PAGE);
	replaying->replayed.nobody++;
	return OK;
}

static enum err
purpose_ended_say(struct job *job, struct replaying *replaying, const struct fact *fact)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	const struct purpose *purpose;

	TRY(registry_hold(job, replaying->vault, &registry));
	purpose = registry_purpose_no(registry, fact->purpose);
	if (!purpose)
		replaying->replayed.nobody++;
	if (!purpose || !purpose->active)
		return OK;
	return purpose_end(job, replaying->vault, purpose->name);
}

static enum err
whole_say(struct job *job, struct replaying *replaying, const struct fact *fact)
{
	struct vault *vault = replaying->vault;

	switch (fact->kind) {
	case FACT_KEY_REVOKED:
		return key_revoked_say(job, replaying, fact);
	case FACT_STAFF_ENDED:
	case FACT_STAFF_LESS:
	case FACT_STAFF_CREDENTIALS:
	case FACT_RECOVERY_USED:
		return staff_say(job, replaying, fact);
	case FACT_PROVIDER_CHANGED:
		return store_write(job, vault->store, WRITE_RESERVED, provider_forget, NULL);
	case FACT_IMPORT_UNDONE:
		return import_undone_say(job, replaying, fact);
	case FACT_PURPOSE_ENDED:
		return purpose_ended_say(job, replaying, fact);
	case FACT_KEY_DESTROYED:
		return keys_named_drop(job, vault->keys, vault->store, fact->name);
	case FACT_SUPPRESSED: /* with others: suppressed_steps() */
	case FACT_ACT:
	case FACT_VALUES:
	case FACT_ERASED:
	case FACT_FLAGS:
	case FACT_RESTORED:
	case FACT_NONE:
	case FACT_COUNT:
		break;
	}
	must_fail("a fact about no person", __FILE__, __LINE__);
}

/* One, or as many as go together; *at moves on. */
static enum err
next_say(struct job *job, struct replaying *replaying, const struct told **at)
{
	struct suppressed suppressed = { .from = *at };
	struct fact fact;

	must(fact_read((*at)->plain, &fact));
	if (fact.kind == FACT_SUPPRESSED) {
		TRY(store_write(job, replaying->vault->store, WRITE_RESERVED, suppressed_steps, &suppressed));
		*at = suppressed.next;
		return OK;
	}
	*at = (*at)->next;
	return whole_say(job, replaying, &fact);
}

static enum err
wholes_say(struct replaying *replaying)
{
	for (const struct told *told = replaying->first; told;) {
		struct job own = piece_job(replaying->job);
		TRY(piece_end(replaying->job, &own, next_say(&own, replaying, &told)));
	}
	fault_point("restore-wholes");
	return OK;
}

enum err
replay(struct job *job, struct vault *vault, struct facts *facts, int64_t after, struct replayed *ret)
{
	struct replaying replaying = { .job = job, .vault = vault, .facts = facts };

	must(!store_facts(vault->store));
	TRY(persons_list(&replaying));
	TRY(facts_each(job, facts, after, fact_hear, &replaying));
	TRY(wholes_say(&replaying));
	TRY(persons_say(&replaying));
	*ret = replaying.replayed;
	return OK;
}

/* --- lookups ---------------------------------------------------------------------------------- */

struct lookup_row {
	uint16_t field;
	int64_t subject;
	uint8_t digest[LOOKUP_BYTES];
};

struct lookups {
	struct lookup_row *row;
	size_t count, room;
};

static void
lookup_put(struct job *job, struct lookups *lookups, const struct lookup_row *row)
{
	if (lookups->count == lookups->room) {
		struct lookup_row *grown =
			arena_array(&job->arena, lookups->room = lookups->room ? lookups->room * 2 : 1024, sizeof(*grown));
		if (lookups->count)
			memcpy(grown, lookups->row, lookups->count * sizeof(*grown));
		lookups->row = grown;
	}
	lookups->row[lookups->count++] = *row;
}

static enum err
lookups_of(struct job *job, struct vault *vault, const struct registry *registry,
           const struct named_row *person, struct lookups *lookups)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct subject subject;
	struct value *value;
	size_t count;

	TRY(subject_get_no(job, vault, person->no, &subject));
	TRY(keys_get(job, vault->keys, job->db, subject.no, &keyset));
	TRY(record_open(job, subject.id, keyset, subject.record, &value, &count));
	for (size_t i = 0; i < count; i++) {
		const struct field *field = registry_field_no(registry, value[i].field);
		struct digests digests = { 0 };
		if (field && field->lookup != LOOKUP_NONE)
			lookup_digests(field, value[i].text, &digests);
		for (size_t n = 0; n < digests.count; n++) {
			struct lookup_row row = { .field = value[i].field, .subject = subject.no };
			memcpy(row.digest, digests.digest[n], LOOKUP_BYTES);
			lookup_put(job, lookups, &row);
		}
	}
	return OK;
}

/* One whose record is damaged is not found by its values; everybody else is. */
static enum err
lookups_try(struct job *job, struct vault *vault, const struct registry *registry,
            const struct named_row *person, struct lookups *lookups, uint64_t *unreadable)
{
	enum err err = lookups_of(job, vault, registry, person, lookups);

	if (err != ERR_CRYPTO && err != ERR_ABSENT && err != ERR_CORRUPT)
		return err;
	job_forgive(job);
	++*unreadable;
	return OK;
}

static enum err
lookups_steps(struct job *job, struct db *db, void *arg)
{
	const struct lookups *lookups = arg;

	for (size_t i = 0; i < lookups->count; i++) {
		const struct lookup_row *row = &lookups->row[i];
		TRY(db_run(job, db, SQL_LOOKUP_ADD,
		           ARGS(sql_i64(row->field), sql_bytes((bytes){ row->digest, LOOKUP_BYTES }),
		                sql_i64(row->subject)),
		           NULL));
	}
	return OK;
}

static enum err
lookups_page(struct job *job, struct vault *vault, int64_t *after, size_t *ret_count, uint64_t *unreadable)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct named_row person[PAGE];
	struct lookups lookups = { 0 };

	TRY(registry_hold(job, vault, &registry));
	TRY(rows_list(job, SQL_RESTORE_SUBJECT_IDS, *after, person, ret_count));
	for (size_t i = 0; i < *ret_count; i++)
		TRY(lookups_try(job, vault, registry, &person[i], &lookups, unreadable));
	if (*ret_count)
		*after = person[*ret_count - 1].no;
	return store_write(job, vault->store, WRITE_RESERVED, lookups_steps, &lookups);
}

enum err
lookups_rebuild(struct job *job, struct vault *vault, uint64_t *ret_persons, uint64_t *ret_unreadable)
{
	uint64_t persons = 0, unreadable = 0;
	int64_t after = 0;
	size_t count;

	do {
		struct job own = piece_job(job);
		TRY(piece_end(job, &own, lookups_page(&own, vault, &after, &count, &unreadable)));
		persons += count;
		fault_point("restore-lookups");
	} while (count == PAGE);
	*ret_persons = persons;
	*ret_unreadable = unreadable;
	return OK;
}
