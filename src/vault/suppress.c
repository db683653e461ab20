/* vault/suppress.c -- contract and U1: see suppress.h. */
#include "vault/suppress.h"

#include "audit/fact.h"
#include "base/limits.h"
#include "vault/rows.h"

void
suppression_digest(const struct vault *vault, enum address address, str match,
                   uint8_t ret[DIGEST_BYTES])
{
	bytes parts[] = { str_bytes(address_name(address)), str_bytes(match) };

	digest_keyed(vault->suppression_key, parts, COUNT(parts), ret);
}

enum err
suppression_add(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES],
                const struct suppression *suppression)
{
	struct fact_suppression fact = {
		.scope = (uint8_t)suppression->scope,
		.channel = (uint8_t)suppression->channel,
		.source = (uint8_t)suppression->source,
		.purpose = suppression->purpose,
	};

	TRY(db_run(job, db, SQL_SUPPRESSION_PUT,
	           ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES }), sql_i64(suppression->scope),
	                sql_i64(suppression->purpose), sql_i64(suppression->channel),
	                sql_i64(suppression->at), sql_i64(suppression->source)),
	           NULL));
	memcpy(fact.digest, digest, DIGEST_BYTES);
	return fact_suppressed(job, db, suppression->at, &fact);
}

enum err
suppression_lift(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES],
                 const struct suppression *suppression)
{
	int64_t dropped = 0;

	must(suppression->scope != SCOPE_ALL);
	TRY(db_run(job, db, SQL_SUPPRESSION_DROP,
	           ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES }), sql_i64(suppression->scope),
	                sql_i64(suppression->purpose), sql_i64(suppression->channel),
	                sql_i64(suppression->at), sql_i64(suppression->source)),
	           &dropped));
	if (!dropped)
		return OK;
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_SUPPRESSION_LIFT, .purpose = suppression->purpose },
	                    NULL);
}

enum err
suppressions_get(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES],
                 struct suppression *ret, size_t max, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_SUPPRESSION_GET,
	             ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES }), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		ret[count++] = (struct suppression){
			.scope = (enum suppression_scope)rows_i64(&rows, 0),
			.purpose = (uint32_t)rows_i64(&rows, 1),
			.channel = (enum channel)rows_i64(&rows, 2),
			.at = rows_i64(&rows, 3),
			.source = (enum suppression_source)rows_i64(&rows, 4),
		};
	}
	*ret_count = count;
	return OK;
}

/* --- use cases -------------------------------------------------------------------------------- */

enum err
address_read(struct job *job, const struct registry *registry, enum address address, str raw,
             struct buf *match)
{
	OWNED(buf_release) struct buf canonical = { .max = LIMIT_VALUE_BYTES };
	enum type type = address == ADDRESS_EMAIL ? TYPE_EMAIL : TYPE_PHONE;
	struct type_context context = { .now = job->now };
	const struct field *field;
	const char *why = NULL;

	if (address != ADDRESS_EMAIL && address != ADDRESS_PHONE)
		return fail_at(job, ERR_INVALID, S("/address"), "is email or phone");
	field = registry_address(registry, address, 0);
	if (field)
		context.region = field->region;
	if (!type_parse(type, &context, raw, &canonical, &why))
		return job_fail_at(job, ERR_INVALID, S("/value"), why, __FILE__, __LINE__);
	type_match(type, buf_str(&canonical), match);
	return OK;
}

/* From an address as people write it to its digest. */
static enum err
address_digest(struct job *job, struct vault *vault, enum address address, str raw,
               uint8_t ret[DIGEST_BYTES])
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(buf_release) struct buf match = { .max = 4 * LIMIT_VALUE_BYTES };

	TRY(registry_hold(job, vault, &registry));
	TRY(address_read(job, registry, address, raw, &match));
	suppression_digest(vault, address, buf_str(&match), ret);
	return OK;
}

struct suppress_plan {
	uint8_t digest[DIGEST_BYTES];
	const struct suppression *suppression;
};

static enum err
suppress_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 16 };
	struct suppress_plan *plan = arg;

	TRY(suppression_add(job, db, plan->digest, plan->suppression));
	buf_u8(&body, (uint8_t)plan->suppression->scope);
	buf_u8(&body, (uint8_t)plan->suppression->channel);
	buf_u8(&body, (uint8_t)plan->suppression->source);
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_SUPPRESS, .purpose = plan->suppression->purpose,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

enum err
suppress(struct job *job, struct vault *vault, enum address address, str raw,
         const struct suppression *suppression)
{
	struct suppress_plan plan = { .suppression = suppression };

	TRY(address_digest(job, vault, address, raw, plan.digest));
	return store_write(job, vault->store, WRITE_RESERVED, suppress_steps, &plan);
}

enum err
suppressions_of(struct job *job, struct vault *vault, enum address address, str raw,
                struct suppression *ret, size_t max, size_t *ret_count)
{
	uint8_t digest[DIGEST_BYTES];

	TRY(address_digest(job, vault, address, raw, digest));
	TRY(budget_take(job, vault, 1));
	TRY(entry_write(job, vault->store, &(struct entry){ .act = ENTRY_SUPPRESSION_READ }, NULL));
	return suppressions_get(job, job->db, digest, ret, max, ret_count);
}
