/* audit/fact.c -- contract and F1-F3: fact.h. */
#include "audit/fact.h"

/* --- digests ---------------------------------------------------------------------------------- */

void
fact_subject_digest(const struct facts *facts, uid subject, uint8_t ret[FACTS_DIGEST_BYTES])
{
	facts_digest(facts, S("subject"), uid_bytes(&subject), ret);
}

void
fact_key_digest(const struct facts *facts, uid key, uint8_t ret[FACTS_DIGEST_BYTES])
{
	facts_digest(facts, S("api key"), uid_bytes(&key), ret);
}

void
fact_import_digest(const struct facts *facts, uid import, uint8_t ret[FACTS_DIGEST_BYTES])
{
	facts_digest(facts, S("import"), uid_bytes(&import), ret);
}

void
fact_staff_digest(const struct facts *facts, uid staff, uint8_t ret[FACTS_DIGEST_BYTES])
{
	facts_digest(facts, S("staff"), uid_bytes(&staff), ret);
}

/* --- telling ---------------------------------------------------------------------------------- */

typedef void digest_of(const struct facts *facts, uid id, uint8_t ret[FACTS_DIGEST_BYTES]);

static void
begin(struct buf *out, enum fact_kind kind, time_us at)
{
	buf_u8(out, (uint8_t)kind);
	buf_le64(out, (uint64_t)at);
}

static void
object_put(struct buf *out, const struct facts *facts, digest_of *digest, uid id)
{
	uint8_t octets[FACTS_DIGEST_BYTES];

	digest(facts, id, octets);
	buf_data(out, (bytes){ octets, sizeof(octets) });
}

static enum err
tell(struct job *job, struct db *db, const struct buf *fact)
{
	must(buf_ok(fact));
	return db_fact(job, db, buf_bytes(fact));
}

/* A fact of which the kind, the time and the object say all. */
static enum err
object_tell(struct job *job, struct db *db, enum fact_kind kind, digest_of *digest, uid id)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };
	const struct facts *facts = db_facts(db);

	if (!facts)
		return OK;
	begin(&fact, kind, job->now);
	object_put(&fact, facts, digest, id);
	return tell(job, db, &fact);
}

enum err
fact_act(struct job *job, struct db *db, uid subject, time_us at, const struct fact_act *act)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };
	const struct facts *facts = db_facts(db);

	if (!facts)
		return OK;
	begin(&fact, FACT_ACT, at);
	object_put(&fact, facts, fact_subject_digest, subject);
	buf_le64(&fact, (uint64_t)act->seq);
	buf_le64(&fact, (uint64_t)act->recorded_at);
	buf_u8(&fact, act->act);
	buf_u8(&fact, act->basis);
	buf_u8(&fact, act->method);
	buf_le32(&fact, act->purpose);
	buf_le32(&fact, act->version);
	buf_le32(&fact, act->channels);
	buf_le64(&fact, (uint64_t)act->until_at);
	buf_block(&fact, act->detail.len <= FACT_DETAIL_MAX ? act->detail : (bytes){ 0 });
	return tell(job, db, &fact);
}

enum err
fact_values(struct job *job, struct db *db, uid subject, const uint16_t *field, size_t count)
{
	const struct facts *facts = db_facts(db);

	for (size_t at = 0; facts && at < count; at += FACT_FIELDS_MAX) {
		OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };
		begin(&fact, FACT_VALUES, job->now);
		object_put(&fact, facts, fact_subject_digest, subject);
		for (size_t i = at; i < count && i < at + FACT_FIELDS_MAX; i++)
			buf_le16(&fact, field[i]);
		TRY(tell(job, db, &fact));
	}
	return OK;
}

enum err
fact_erased(struct job *job, struct db *db, uid subject)
{
	return object_tell(job, db, FACT_ERASED, fact_subject_digest, subject);
}

enum err
fact_key_revoked(struct job *job, struct db *db, uid key)
{
	return object_tell(job, db, FACT_KEY_REVOKED, fact_key_digest, key);
}

enum err
fact_staff_ended(struct job *job, struct db *db, uid staff)
{
	return object_tell(job, db, FACT_STAFF_ENDED, fact_staff_digest, staff);
}

enum err
fact_staff_less(struct job *job, struct db *db, uid staff)
{
	return object_tell(job, db, FACT_STAFF_LESS, fact_staff_digest, staff);
}

enum err
fact_recovery_used(struct job *job, struct db *db, uid staff)
{
	return object_tell(job, db, FACT_RECOVERY_USED, fact_staff_digest, staff);
}

enum err
fact_staff_credentials(struct job *job, struct db *db, uid staff)
{
	return object_tell(job, db, FACT_STAFF_CREDENTIALS, fact_staff_digest, staff);
}

enum err
fact_import_undone(struct job *job, struct db *db, uid import)
{
	return object_tell(job, db, FACT_IMPORT_UNDONE, fact_import_digest, import);
}

enum err
fact_flags(struct job *job, struct db *db, uid subject, uint32_t flags)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };
	const struct facts *facts = db_facts(db);

	if (!facts)
		return OK;
	begin(&fact, FACT_FLAGS, job->now);
	object_put(&fact, facts, fact_subject_digest, subject);
	buf_le32(&fact, flags);
	return tell(job, db, &fact);
}

enum err
fact_suppressed(struct job *job, struct db *db, time_us at, const struct fact_suppression *suppression)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };

	begin(&fact, FACT_SUPPRESSED, at);
	buf_data(&fact, (bytes){ suppression->digest, sizeof(suppression->digest) });
	buf_u8(&fact, suppression->scope);
	buf_u8(&fact, suppression->channel);
	buf_u8(&fact, suppression->source);
	buf_le32(&fact, suppression->purpose);
	return tell(job, db, &fact);
}

enum err
fact_provider_changed(struct job *job, struct db *db)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };

	begin(&fact, FACT_PROVIDER_CHANGED, job->now);
	return tell(job, db, &fact);
}

enum err
fact_purpose_ended(struct job *job, struct db *db, uint32_t purpose)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };

	begin(&fact, FACT_PURPOSE_ENDED, job->now);
	buf_le32(&fact, purpose);
	return tell(job, db, &fact);
}

enum err
fact_key_destroyed(struct job *job, struct db *db, str name)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };

	must(name.len <= FACT_NAME_MAX);
	begin(&fact, FACT_KEY_DESTROYED, job->now);
	buf_put(&fact, name);
	return tell(job, db, &fact);
}

enum err
fact_restored(struct job *job, struct db *db, int64_t from_no)
{
	OWNED(buf_release) struct buf fact = { .max = FACT_BYTES };

	begin(&fact, FACT_RESTORED, job->now);
	buf_le64(&fact, (uint64_t)from_no);
	return tell(job, db, &fact);
}

/* --- hearing ---------------------------------------------------------------------------------- */

static bool
eat_time(bytes *rest, time_us *ret)
{
	uint64_t value;

	if (!eat_le64(rest, &value))
		return false;
	*ret = (int64_t)value;
	return true;
}

static bool
eat_octets(bytes *rest, uint8_t *ret, size_t len)
{
	bytes octets;

	if (!eat_bytes(rest, len, &octets))
		return false;
	memcpy(ret, octets.ptr, len);
	return true;
}

static bool
act_read(bytes *rest, struct fact_act *ret)
{
	return eat_time(rest, &ret->seq) && eat_time(rest, &ret->recorded_at) && eat_u8(rest, &ret->act) &&
	       eat_u8(rest, &ret->basis) && eat_u8(rest, &ret->method) && eat_le32(rest, &ret->purpose) &&
	       eat_le32(rest, &ret->version) && eat_le32(rest, &ret->channels) &&
	       eat_time(rest, &ret->until_at) && eat_block(rest, &ret->detail);
}

static bool
fields_read(bytes *rest, struct fact *ret)
{
	while (rest->len) {
		if (ret->field_count == FACT_FIELDS_MAX || !eat_le16(rest, &ret->field[ret->field_count]))
			return false;
		ret->field_count++;
	}
	return ret->field_count > 0;
}

static bool
suppression_read(bytes *rest, struct fact_suppression *ret)
{
	return eat_octets(rest, ret->digest, sizeof(ret->digest)) && eat_u8(rest, &ret->scope) &&
	       eat_u8(rest, &ret->channel) && eat_u8(rest, &ret->source) && eat_le32(rest, &ret->purpose);
}

static bool
name_read(bytes *rest, str *ret)
{
	*ret = bytes_str(*rest);
	*rest = (bytes){ 0 };
	return ret->len > 0 && ret->len <= FACT_NAME_MAX;
}

static bool
body_read(bytes *rest, struct fact *ret)
{
	switch (ret->kind) {
	case FACT_ACT:
		return eat_octets(rest, ret->object, sizeof(ret->object)) && act_read(rest, &ret->act);
	case FACT_VALUES:
		return eat_octets(rest, ret->object, sizeof(ret->object)) && fields_read(rest, ret);
	case FACT_FLAGS:
		return eat_octets(rest, ret->object, sizeof(ret->object)) && eat_le32(rest, &ret->flags);
	case FACT_ERASED:
	case FACT_KEY_REVOKED:
	case FACT_IMPORT_UNDONE:
	case FACT_STAFF_ENDED:
	case FACT_STAFF_LESS:
	case FACT_STAFF_CREDENTIALS:
	case FACT_RECOVERY_USED:
		return eat_octets(rest, ret->object, sizeof(ret->object));
	case FACT_SUPPRESSED:
		return suppression_read(rest, &ret->suppression);
	case FACT_PURPOSE_ENDED:
		return eat_le32(rest, &ret->purpose);
	case FACT_KEY_DESTROYED:
		return name_read(rest, &ret->name);
	case FACT_RESTORED:
		return eat_time(rest, &ret->restored_no);
	case FACT_PROVIDER_CHANGED:
		return true;
	case FACT_NONE:
	case FACT_COUNT:
		break;
	}
	return false;
}

bool
fact_read(bytes plain, struct fact *ret)
{
	uint8_t kind;

	memset(ret, 0, sizeof(*ret));
	if (!eat_u8(&plain, &kind) || kind <= FACT_NONE || kind >= FACT_COUNT || !eat_time(&plain, &ret->at))
		return false;
	ret->kind = (enum fact_kind)kind;
	return body_read(&plain, ret) && plain.len == 0;
}
