/* vault/proof.c -- contract and Z1, Z2: proof.h.
 *
 *   sealed   u8 format 1 | act*     bound to year and digest
 *   act      u8 act | u8 basis | le64 at | le16 purpose | le16 version | le32 channels | u8 method
 *          | block notice */
#include "vault/proof.h"

#include "audit/fact.h"
#include "base/limits.h"

#define FORMAT 1
#define FORGET_PART 1000
#define YEARS_MAX 100 /* distinct years in one store */

static str
key_name(int year, struct buf *out)
{
	buf_put(out, S("proof-"));
	buf_pad(out, (uint64_t)year, 4);
	return buf_str(out);
}

static void
associated_put(struct buf *out, int year, const uint8_t digest[DIGEST_BYTES])
{
	buf_put(out, S("valv proof 1"));
	buf_le16(out, (uint16_t)year);
	buf_data(out, (bytes){ digest, DIGEST_BYTES });
}

static void
digest_make(const uint8_t *key, enum address address, str match, uint8_t ret[DIGEST_BYTES])
{
	bytes parts[] = { str_bytes(S("proof")), str_bytes(address_name(address)), str_bytes(match) };

	digest_keyed(key, parts, COUNT(parts), ret);
}

/* --- making ----------------------------------------------------------------------------------- */

/* What a complaint is about: the yes, the no, and the sale that stood in for a yes. */
static bool
proves(const struct act_row *act)
{
	if (act->act == ACT_ESTABLISHED)
		return act->basis == BASIS_SOFT_OPT_IN;
	return act->basis == BASIS_CONSENT && act->act != ACT_REQUESTED && act->act != ACT_EXPIRED;
}

static void
act_put(const struct act_row *act, struct buf *out)
{
	buf_u8(out, (uint8_t)act->act);
	buf_u8(out, (uint8_t)act->basis);
	buf_le64(out, (uint64_t)act->at);
	buf_le16(out, (uint16_t)act->purpose);
	buf_le16(out, (uint16_t)act->version);
	buf_le32(out, act->channels);
	buf_u8(out, (uint8_t)act->method);
	buf_block(out, act->notice);
}

struct making {
	struct job *job;
	const struct registry *registry;
	struct value *value;
	size_t value_count;
	bytes plain;
	struct proof_rows *rows;
};

static void
proof_make(const uint8_t *key, struct making *making, enum address address)
{
	OWNED(buf_release) struct buf match = { .max = 8 * LIMIT_VALUE_BYTES };
	OWNED(buf_release) struct buf associated = { .max = 128 };
	OWNED(buf_release) struct buf sealed = { .max = LIMIT_RECORD_BYTES };
	struct proof_rows *rows = making->rows;

	address_match(making->registry, making->value, making->value_count, address, &match);
	if (!match.len)
		return;
	digest_make(key, address, buf_str(&match), rows->digest[address]);
	associated_put(&associated, rows->year, rows->digest[address]);
	seal(key, buf_bytes(&associated), making->plain, &sealed);
	rows->sealed[address] = arena_bytes(&making->job->arena, buf_bytes(&sealed));
	rows->count++;
}

enum err
proof_prepare(struct job *job, struct vault *vault, const struct registry *registry,
              struct value *value, size_t value_count, const struct act_row *act,
              size_t act_count, struct proof_rows *ret)
{
	OWNED(buf_release) struct buf plain = { .max = LIMIT_RECORD_BYTES / 2 };
	OWNED(buf_release) struct buf name = { .max = 16 };
	struct proof_rows rows = { .year = date_of(job->now).year };
	struct making making = { job, registry, value, value_count, .rows = &rows };
	const uint8_t *key;

	buf_u8(&plain, FORMAT);
	for (size_t i = 0; i < act_count; i++) {
		if (!proves(&act[i]))
			continue;
		act_put(&act[i], &plain);
		rows.acts++;
	}
	*ret = rows;
	if (!rows.acts || !value_count)
		return OK;
	making.plain = buf_bytes(&plain);
	/* Not a copy, which costs more than all else here: this year's key lives for a year at least (Z1). */
	TRY(keys_named(job, vault->keys, vault->store, key_name(rows.year, &name), &key));
	proof_make(key, &making, ADDRESS_EMAIL);
	proof_make(key, &making, ADDRESS_PHONE);
	*ret = rows;
	return OK;
}

enum err
proof_steps(struct job *job, struct db *db, int64_t entry, const struct proof_rows *proof)
{
	for (int address = 0; address < ADDRESS_COUNT; address++)
		if (proof->sealed[address].len)
			TRY(db_run(job, db, SQL_PROOF_ADD,
			           ARGS(sql_i64(proof->year),
			                sql_bytes((bytes){ proof->digest[address], DIGEST_BYTES }),
			                sql_i64(entry), sql_bytes(proof->sealed[address])),
			           NULL));
	return OK;
}

/* --- how long --------------------------------------------------------------------------------- */

time_us
proof_until(const struct registry *registry, int year)
{
	return date_time((struct date){ year + (int)registry->proof_years + 1, 1, 1 });
}

/* --- searching -------------------------------------------------------------------------------- */

struct search {
	enum address address;
	str match;
	struct job *job;
	int year;
	size_t max;
	struct proof *proof;
	size_t count, room;
};

static bool
eat_act(bytes *rest, struct proof *ret)
{
	uint8_t act, basis, method;
	uint16_t purpose, version;
	uint64_t at;

	if (!eat_u8(rest, &act) || !eat_u8(rest, &basis) || !eat_le64(rest, &at) ||
	    !eat_le16(rest, &purpose) || !eat_le16(rest, &version) || !eat_le32(rest, &ret->channels) ||
	    !eat_u8(rest, &method) || !eat_block(rest, &ret->notice))
		return false;
	ret->act = (enum act)act;
	ret->basis = (enum basis)basis;
	ret->at = (time_us)at;
	ret->purpose = purpose;
	ret->version = version;
	ret->method = (enum act_method)method;
	return true;
}

static struct proof *
proof_more(struct search *search)
{
	struct proof *grown;

	if (search->count == search->room) {
		search->room = search->room ? search->room * 2 : 16;
		grown = arena_array(&search->job->arena, search->room, sizeof(*grown));
		if (search->count)
			memcpy(grown, search->proof, search->count * sizeof(*grown));
		search->proof = grown;
	}
	return &search->proof[search->count];
}

static enum err
sealed_read(const uint8_t *key, struct search *search, bytes associated, bytes sealed)
{
	struct job *job = search->job;
	bytes plain;
	uint8_t format;

	TRY(seal_open(job, key, associated, sealed, &plain));
	if (!eat_u8(&plain, &format) || format != FORMAT)
		return fail(job, ERR_CORRUPT, "a proof of consent cannot be read");
	while (plain.len && search->count < search->max) {
		struct proof *proof = proof_more(search);
		*proof = (struct proof){ .year = search->year };
		if (!eat_act(&plain, proof))
			return fail(job, ERR_CORRUPT, "a proof of consent cannot be read");
		search->count++;
	}
	return OK;
}

static enum err
year_find(const uint8_t *key, struct search *search)
{
	OWNED(buf_release) struct buf associated = { .max = 128 };
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = search->job;
	uint8_t digest[DIGEST_BYTES];
	bool there;

	digest_make(key, search->address, search->match, digest);
	associated_put(&associated, search->year, digest);
	TRY(db_query(job, job->db, SQL_PROOF_FIND,
	             ARGS(sql_i64(search->year), sql_bytes((bytes){ digest, sizeof(digest) }),
	                  sql_i64(LIMIT_PAGE)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		TRY(sealed_read(key, search, buf_bytes(&associated),
		                arena_bytes(&job->arena, rows_bytes(&rows, 0))));
	}
}

static enum err
years_list(struct job *job, int year[YEARS_MAX], size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_PROOF_YEARS, NO_ARGS, &rows));
	for (; count < YEARS_MAX;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		year[count++] = (int)rows_i64(&rows, 0);
	}
	*ret_count = count;
	return OK;
}

/* Where a year's key is gone its rows say nothing to anybody, and the sweep has not come to them yet. */
static enum err
years_search(struct job *job, struct vault *vault, struct search *search)
{
	int year[YEARS_MAX];
	size_t count;

	TRY(years_list(job, year, &count));
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf name = { .max = 16 };
		OWNED(secret_free) struct secret *key = NULL;
		enum err err = keys_named_find(job, vault->keys, key_name(year[i], &name), &key);
		if (err == ERR_ABSENT) {
			job_forgive(job);
			continue;
		}
		TRY(err);
		search->year = year[i];
		TRY(year_find(secret_octets(key), search));
	}
	return OK;
}

enum err
proof_search(struct job *job, struct vault *vault, enum address address, str raw, size_t max,
             struct proof **ret, size_t *ret_count)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(buf_release) struct buf match = { .max = 4 * LIMIT_VALUE_BYTES };
	struct search search = { .job = job, .address = address, .max = max };

	TRY(registry_hold(job, vault, &registry));
	TRY(address_read(job, registry, address, raw, &match));
	search.match = buf_str(&match);
	TRY(budget_take(job, vault, 1));
	TRY(entry_write(job, vault->store,
	                &(struct entry){ .act = ENTRY_PROOF_READ, .purpose = PURPOSE_ACCOUNTABILITY }, NULL));
	TRY(years_search(job, vault, &search));
	*ret = search.proof;
	*ret_count = search.count;
	return OK;
}

/* --- the end of a year's period --------------------------------------------------------------- */

struct forget_plan {
	int year;
	int64_t dropped;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_PROOF_FORGET, ARGS(sql_i64(plan->year), sql_i64(FORGET_PART)),
	              &plan->dropped);
}

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	return fact_key_destroyed(job, db, *(const str *)arg);
}

/* The key first: from then on the rows are noise, and a crash leaves them for the next sweep. */
static enum err
year_forget(struct job *job, struct vault *vault, int year)
{
	OWNED(buf_release) struct buf name = { .max = 16 };
	struct forget_plan plan = { year, 0 };
	str key = key_name(year, &name);

	TRY(store_write(job, vault->store, WRITE_RESERVED, end_steps, &key)); /* no restore brings it back */
	TRY(keys_named_drop(job, vault->keys, vault->store, key));
	do
		TRY(store_write(job, vault->store, WRITE_RESERVED, forget_steps, &plan));
	while (plan.dropped);
	return OK;
}

enum err
proofs_sweep(struct job *job, struct vault *vault)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	int year[YEARS_MAX];
	size_t count;

	TRY(registry_hold(job, vault, &registry));
	TRY(years_list(job, year, &count));
	for (size_t i = 0; i < count; i++)
		if (proof_until(registry, year[i]) <= job->now)
			TRY(year_forget(job, vault, year[i]));
	return OK;
}
