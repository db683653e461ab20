/* vault/disclosure.c -- contract, O1 and O2: see disclosure.h. */
#include "vault/disclosure.h"

#include "base/limits.h"
#include "vault/decide.h"
#include "vault/rows.h"

/* --- may it be --------------------------------------------------------------------------------- */

/* A usable ground whose version has the field and names the recipient: what the person was told. */
static bool
covered(const struct registry *registry, const struct subject *subject,
        const struct disclosure_new *item, uint16_t field, time_us now)
{
	for (size_t i = 0; i < subject->standing.ground_count; i++) {
		const struct ground *ground = &subject->standing.ground[i];
		const struct purpose_version *version;
		if (ground->purpose != item->purpose->no || !ground_usable(ground, now))
			continue;
		version = registry_version(registry, ground->purpose, ground->version);
		if (version && version_has_field(version, field) && version_names(version, &item->recipient))
			return true;
	}
	return false;
}

static bool
named_by_any(const struct disclosure_new *item)
{
	for (size_t i = 0; i < item->purpose->version_count; i++)
		if (item->purpose->version[i].state != VERSION_DRAFT &&
		    version_names(&item->purpose->version[i], &item->recipient))
			return true;
	return false;
}

/* O1: what `decide` says of a use without contact, and then the fields. */
static enum err
may_disclose(struct job *job, const struct registry *registry, const struct subject *subject,
             const struct disclosure_new *item)
{
	struct question question = { .purpose = item->purpose, .channel = CHANNEL_NONE,
		                     .message_class = CLASS_SERVICE };
	struct facts facts = { .subject = subject, .now = job->now };
	struct verdict verdict;

	if (!named_by_any(item))
		return fail_at(job, ERR_INVALID, S("/recipient"), "the purpose does not name that recipient");
	decide_person(registry, &facts, &question, &verdict);
	if (!verdict.allowed)
		return fail_at(job, ERR_NO_GROUND, S("/purpose"),
		               "this person's data may not be used for that purpose now");
	for (size_t i = 0; i < item->field_count; i++)
		if (!covered(registry, subject, item, item->field[i], job->now))
			return fail_at(job, ERR_NO_GROUND, S("/fields"),
			               "no live ground of this person has that field and names the recipient");
	return OK;
}

/* --- recording --------------------------------------------------------------------------------- */

/* A reference cannot be moved to another person or recipient. */
static void
reference_associated(struct buf *out, uid subject, int64_t recipient)
{
	buf_put(out, S("disclosure"));
	buf_data(out, uid_bytes(&subject));
	buf_le64(out, (uint64_t)recipient);
}

struct record_one {
	struct disclosure_new *item;
	const struct registry *registry;
	bytes sealed;    /* the reference */
	bool lost;       /* refused before the steps */
	int64_t subject; /* once it is known */
};

static enum err
reference_seal(struct job *job, struct vault *vault, struct record_one *one)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = REFERENCE_BYTES + SEAL_OVERHEAD };
	const struct disclosure_new *item = one->item;
	struct subject subject;

	if (!item->reference.len)
		return OK;
	if (item->reference.len > REFERENCE_BYTES)
		return fail_at(job, ERR_INVALID, S("/reference"), "is longer than 100 octets");
	TRY(subject_get(job, vault, item->subject, &subject));
	TRY(keys_get(job, vault->keys, job->db, subject.no, &keyset));
	reference_associated(&associated, subject.id, item->recipient.no);
	seal(keyset_find(keyset, 0), buf_bytes(&associated), str_bytes(item->reference), &sealed);
	one->sealed = arena_bytes(&job->arena, buf_bytes(&sealed));
	return OK;
}

static enum err
subject_now(struct job *job, struct db *db, uid id, struct subject *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SUBJECT_DECIDE, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no such person");
	TRY(subject_row(job, &rows, false, ret));
	return ret->erased ? fail(job, ERR_GONE, "the person was erased") : OK;
}

enum err
disclosure_last(struct job *job, struct db *db, int64_t subject, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_DISCLOSURE_LAST, ARGS(sql_i64(subject)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

static bytes
fields_encode(struct job *job, const struct disclosure_new *item)
{
	OWNED(buf_release) struct buf fields = { .max = 2 * LIMIT_FIELDS };

	for (size_t i = 0; i < item->field_count; i++)
		buf_le16(&fields, item->field[i]);
	return arena_bytes(&job->arena, buf_bytes(&fields));
}

static enum err
disclosure_entry(struct job *job, struct db *db, const struct record_one *one, enum err outcome)
{
	OWNED(buf_release) struct buf body = { .max = 16 + 2 * LIMIT_FIELDS };

	buf_le64(&body, (uint64_t)one->item->recipient.no);
	buf_data(&body, fields_encode(job, one->item));
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_DISCLOSE, .subject = one->subject,
	                                     .purpose = one->item->purpose->no, .outcome = outcome,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
one_steps(struct job *job, struct db *db, void *arg)
{
	struct record_one *one = arg;
	struct disclosure_new *item = one->item;
	struct subject subject;
	int64_t last;

	TRY(subject_now(job, db, item->subject, &subject));
	one->subject = subject.no;
	TRY(may_disclose(job, one->registry, &subject, item));
	TRY(disclosure_last(job, db, subject.no, &last));
	if (last >= LIMIT_DISCLOSURES)
		return fail(job, ERR_LIMIT, "limit_disclosures: this person's ledger holds as many as it may");
	TRY(db_run(job, db, SQL_DISCLOSURE_ADD,
	           ARGS(sql_i64(subject.no), sql_i64(last + 1), sql_i64(item->recipient.no),
	                sql_i64(item->purpose->no), sql_i64(item->at), sql_i64(job->now),
	                sql_i64(job->actor.kind), sql_i64(job->actor.no),
	                sql_bytes(fields_encode(job, item)), sql_bytes_or_null(one->sealed)),
	           NULL));
	item->seq = last + 1;
	return disclosure_entry(job, db, one, OK); /* I4 */
}

static enum err
refused_steps(struct job *job, struct db *db, void *arg)
{
	struct record_one *one = arg;

	return disclosure_entry(job, db, one, one->item->err);
}

struct record_all {
	struct record_one *one;
	size_t count;
};

/* Each for itself; a refusal is written down in its place. */
static enum err
all_steps(struct job *job, struct db *db, void *arg)
{
	struct record_all *all = arg;

	for (size_t i = 0; i < all->count; i++) {
		struct record_one *one = &all->one[i];
		if (!one->lost) { /* also when the steps are run again */
			one->item->err = db_attempt(job, db, one_steps, one);
			one->item->failure = job->failure;
			job_forgive(job);
		}
		if (!one->item->err)
			continue;
		TRY(db_attempt(job, db, refused_steps, one));
	}
	return OK;
}

enum err
disclosures_record(struct job *job, struct vault *vault, const struct registry *registry,
                   struct disclosure_new *item, size_t count)
{
	struct record_all all = { arena_array(&job->arena, count + 1, sizeof(*all.one)), count };

	for (size_t i = 0; i < count; i++) {
		all.one[i] = (struct record_one){ .item = &item[i], .registry = registry };
		item[i].err = reference_seal(job, vault, &all.one[i]);
		item[i].failure = job->failure;
		all.one[i].lost = item[i].err;
		job_forgive(job);
	}
	return store_write(job, vault->store, WRITE_ONE, all_steps, &all);
}

/* --- reading ----------------------------------------------------------------------------------- */

static enum err
reference_open(struct job *job, uid id, const struct keyset *keyset, bytes sealed,
               struct disclosure *disclosure)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	bytes plain;

	if (!sealed.len || !keyset)
		return OK;
	if (!keyset_find(keyset, 0))
		return fail(job, ERR_CRYPTO, "the person's evidence key is gone");
	reference_associated(&associated, id, disclosure->recipient);
	TRY(seal_open(job, keyset_find(keyset, 0), buf_bytes(&associated), sealed, &plain));
	disclosure->reference = bytes_str(plain);
	return OK;
}

static enum err
list_read(struct job *job, int64_t subject, uid id, const struct keyset *keyset, int64_t after_seq,
          size_t max, struct disclosure **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct disclosure *list = NULL;
	size_t count = 0, room = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_DISCLOSURE_LIST,
	             ARGS(sql_i64(subject), sql_i64(after_seq), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (count == room) {
			struct disclosure *grown = arena_array(&job->arena, room = room ? room * 2 : 16, sizeof(*grown));
			if (count)
				memcpy(grown, list, count * sizeof(*grown));
			list = grown;
		}
		list[count] = (struct disclosure){
			.seq = rows_i64(&rows, 0),
			.recipient = rows_i64(&rows, 1),
			.purpose = (uint32_t)rows_i64(&rows, 2),
			.at = rows_i64(&rows, 3),
			.recorded_at = rows_i64(&rows, 4),
			.actor = { (enum actor_kind)rows_i64(&rows, 5), rows_i64(&rows, 6) },
			.fields = arena_bytes(&job->arena, rows_bytes(&rows, 7)),
		};
		TRY(reference_open(job, id, keyset, rows_bytes(&rows, 8), &list[count]));
		count++;
	}
	*ret = list;
	*ret_count = count;
	return OK;
}

enum err
disclosures_read(struct job *job, int64_t subject, uid id, const struct keyset *keyset,
                 struct disclosure **ret, size_t *ret_count)
{
	return list_read(job, subject, id, keyset, 0, LIMIT_DISCLOSURES, ret, ret_count);
}

enum err
disclosures_of(struct job *job, struct vault *vault, uid id, int64_t after_seq, size_t max,
               struct subject *ret_subject, struct disclosure **ret, size_t *ret_count)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;

	TRY(subject_get(job, vault, id, ret_subject));
	TRY(keys_get(job, vault->keys, job->db, ret_subject->no, &keyset));
	TRY(list_read(job, ret_subject->no, id, keyset, after_seq, max, ret, ret_count));
	return entry_write(job, vault->store,
	                   &(struct entry){ .act = ENTRY_DISCLOSURES_READ, .subject = ret_subject->no,
	                                    .purpose = PURPOSE_RIGHTS },
	                   NULL);
}

enum err
disclosures_drop_steps(struct job *job, struct db *db, int64_t subject)
{
	return db_run(job, db, SQL_DISCLOSURE_DROP, ARGS(sql_i64(subject)), NULL);
}
