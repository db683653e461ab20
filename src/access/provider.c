/* access/provider.c -- how the provider is set up, and what of it is remembered; contract: provider.h. */
#include "access/provider.h"

#include "access/purposes.h"
#include "audit/fact.h"
#include "base/limits.h"

#define SECRET_KEY S("provider")
#define FORM_MAX (256 * 1024)
#define FORM 1 /* of the stored octets */

/* --- the stored form ----------------------------------------------------------------------------- */

static void
block_put(struct buf *out, str text)
{
	buf_block(out, str_bytes(text));
}

static void
group_encode(const struct provider_group *group, struct buf *out)
{
	OWNED(buf_release) struct buf purposes = { .max = 1 + 2 * LIMIT_PURPOSES };

	block_put(out, group->group);
	block_put(out, group->role);
	purposes_encode(group->all_purposes, group->purposes, &purposes);
	must(buf_ok(&purposes));
	buf_block(out, buf_bytes(&purposes));
}

static void
provider_encode(const struct provider *provider, struct buf *out)
{
	buf_u8(out, FORM);
	buf_u8(out, provider->joiners);
	buf_u8(out, (uint8_t)provider->ends);
	block_put(out, provider->issuer);
	block_put(out, provider->client_id);
	block_put(out, provider->address);
	block_put(out, provider->scopes);
	block_put(out, provider->groups_claim);
	block_put(out, provider->events_issuer);
	block_put(out, provider->events_audience);
	block_put(out, provider->events_keys);
	buf_le32(out, (uint32_t)provider->group_count);
	for (size_t i = 0; i < provider->group_count; i++)
		group_encode(&provider->group[i], out);
}

static bool
eat_text(struct job *job, bytes *rest, str *ret)
{
	bytes block;

	if (!eat_block(rest, &block))
		return false;
	*ret = arena_str(&job->arena, bytes_str(block));
	return true;
}

static bool
groups_decode(struct job *job, bytes *rest, struct provider *ret)
{
	uint32_t count;
	bytes purposes;

	if (!eat_le32(rest, &count) || count > LIMIT_PROVIDER_GROUPS)
		return false;
	ret->group = arena_array(&job->arena, count + 1, sizeof(*ret->group));
	ret->group_count = count;
	for (size_t i = 0; i < count; i++) {
		struct provider_group *group = &ret->group[i];
		if (!eat_text(job, rest, &group->group) || !eat_text(job, rest, &group->role) ||
		    !eat_block(rest, &purposes) ||
		    purposes_decode(job, purposes, &group->all_purposes, &group->purposes))
			return false;
	}
	return !rest->len;
}

static enum err
provider_decode(struct job *job, bytes rest, struct provider *ret)
{
	uint8_t form, joiners, ends;

	if (!eat_u8(&rest, &form) || form != FORM || !eat_u8(&rest, &joiners) || !eat_u8(&rest, &ends) ||
	    !eat_text(job, &rest, &ret->issuer) || !eat_text(job, &rest, &ret->client_id) ||
	    !eat_text(job, &rest, &ret->address) || !eat_text(job, &rest, &ret->scopes) ||
	    !eat_text(job, &rest, &ret->groups_claim) || !eat_text(job, &rest, &ret->events_issuer) ||
	    !eat_text(job, &rest, &ret->events_audience) || !eat_text(job, &rest, &ret->events_keys) ||
	    !groups_decode(job, &rest, ret))
		return fail(job, ERR_CORRUPT, "the identity provider cannot be read");
	ret->joiners = joiners;
	ret->ends = (enum logout_ends)ends;
	return OK;
}

/* --- the secret (P5) ------------------------------------------------------------------------------ */

/* Bound to the issuer: it is never sent to another one. */
static void
secret_associated(struct buf *out, str issuer)
{
	buf_put(out, S("client secret"));
	block_put(out, issuer);
}

static enum err
secret_seal(struct job *job, const uint8_t *key, str issuer, str secret, bytes *ret)
{
	OWNED(buf_release) struct buf associated = { .max = OIDC_URL_MAX + 64 };
	OWNED(buf_release) struct buf sealed = { .max = LIMIT_PROVIDER_SECRET_BYTES + SEAL_OVERHEAD };

	secret_associated(&associated, issuer);
	seal(key, buf_bytes(&associated), str_bytes(secret), &sealed);
	if (!buf_ok(&sealed) || !buf_ok(&associated))
		return fail(job, ERR_LIMIT, "limit_provider_secret_bytes: the secret is too long");
	*ret = arena_bytes(&job->arena, buf_bytes(&sealed));
	return OK;
}

static enum err
secret_open(struct job *job, const uint8_t *key, str issuer, bytes sealed, str *ret)
{
	OWNED(buf_release) struct buf associated = { .max = OIDC_URL_MAX + 64 };
	bytes plain;

	secret_associated(&associated, issuer);
	TRY(seal_open(job, key, buf_bytes(&associated), sealed, &plain));
	*ret = bytes_str(plain);
	return OK;
}

/* --- reading --------------------------------------------------------------------------------------- */

static enum err
provider_read(struct job *job, struct db *db, const uint8_t *key, struct provider *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct provider provider = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_PROVIDER_GET, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no identity provider");
	TRY(provider_decode(job, rows_bytes(&rows, 0), &provider));
	TRY(secret_open(job, key, provider.issuer, rows_bytes(&rows, 1), &provider.secret));
	provider.version = rows_i64(&rows, 2);
	provider.changed_at = rows_time(&rows, 3);
	*ret = provider;
	return OK;
}

static enum err
secret_key(struct job *job, const struct access *access, const uint8_t **ret)
{
	return keys_named(job, access->keys, access->store, SECRET_KEY, ret);
}

enum err
provider_there(struct job *job, struct db *db, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_PROVIDER_GET, NO_ARGS, &rows));
	return rows_next(job, &rows, ret_there);
}

enum err
provider_get(struct job *job, const struct access *access, struct db *db, struct provider *ret)
{
	const uint8_t *key;

	TRY(secret_key(job, access, &key)); /* made at first; after that it only looks, also inside steps */
	return provider_read(job, db, key, ret);
}

/* --- writing --------------------------------------------------------------------------------------- */

struct put_plan {
	struct provider *provider;
	const uint8_t *key;
};

static enum err
changed(struct job *job, struct db *db)
{
	TRY(fact_provider_changed(job, db)); /* P5 */
	return entry_append(job, db, &(struct entry){ .act = ENTRY_PROVIDER_PUT }, NULL);
}

/* A secret goes on only with the issuer that it is for. */
static enum err
secret_keep(struct job *job, struct db *db, struct put_plan *plan, int64_t *ret_version)
{
	struct provider before = { 0 };
	enum err err = provider_read(job, db, plan->key, &before);

	if (err && err != ERR_ABSENT)
		return err;
	job_forgive(job);
	*ret_version = before.version;
	if (!plan->provider->secret.len && str_eq(before.issuer, plan->provider->issuer))
		plan->provider->secret = before.secret;
	if (!plan->provider->secret.len)
		return fail_at(job, ERR_INVALID, S("/client_secret"), "is required for an issuer that is new");
	return OK;
}

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf form = { .max = FORM_MAX };
	struct put_plan *plan = arg;
	struct provider *provider = plan->provider;
	int64_t version;
	bytes sealed;

	TRY(secret_keep(job, db, plan, &version));
	TRY(secret_seal(job, plan->key, provider->issuer, provider->secret, &sealed));
	provider_encode(provider, &form);
	if (!buf_ok(&form))
		return fail(job, ERR_LIMIT, "limit_provider_groups: the definition is too long");
	provider->version = version + 1;
	provider->changed_at = job->now;
	TRY(db_run(job, db, SQL_PROVIDER_PUT,
	           ARGS(sql_bytes(buf_bytes(&form)), sql_bytes(sealed), sql_i64(provider->version),
	                sql_i64(job->now)),
	           NULL));
	return changed(job, db);
}

enum err
provider_put(struct job *job, const struct access *access, struct provider *provider)
{
	struct put_plan plan = { .provider = provider };

	TRY(secret_key(job, access, &plan.key));
	return store_write(job, access->store, WRITE_ORDINARY, put_steps, &plan);
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	int64_t count;

	TRY(db_run(job, db, SQL_PROVIDER_DROP, NO_ARGS, &count));
	if (!count)
		return fail(job, ERR_ABSENT, "there is no identity provider");
	return changed(job, db);
}

enum err
provider_drop(struct job *job, const struct access *access)
{
	return store_write(job, access->store, WRITE_RESERVED, drop_steps, NULL);
}

enum err
provider_forget_steps(struct job *job, struct db *db)
{
	return db_run(job, db, SQL_PROVIDER_DROP, NO_ARGS, NULL);
}

/* --- what was seen ---------------------------------------------------------------------------------- */

static void
seen_digest(str kind, str issuer, str what, uint8_t ret[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf text = { .max = 16 * 1024 };

	block_put(&text, kind);
	block_put(&text, issuer);
	block_put(&text, what);
	must(buf_ok(&text));
	digest_public(buf_bytes(&text), ret);
}

enum err
seen_put_steps(struct job *job, struct db *db, str kind, str issuer, str what, time_us until, bool *ret_new)
{
	uint8_t digest[DIGEST_BYTES];
	time_us at;

	TRY(seen_at(job, db, kind, issuer, what, &at));
	*ret_new = !at;
	TRY(db_run(job, db, SQL_PROVIDER_SEEN_FORGET, ARGS(sql_i64(job->now)), NULL));
	seen_digest(kind, issuer, what, digest);
	return db_run(job, db, SQL_PROVIDER_SEEN_PUT,
	              ARGS(sql_bytes((bytes){ digest, sizeof(digest) }), sql_i64(job->now), sql_i64(until)), NULL);
}

enum err
seen_at(struct job *job, struct db *db, str kind, str issuer, str what, time_us *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	uint8_t digest[DIGEST_BYTES];
	bool there;

	seen_digest(kind, issuer, what, digest);
	TRY(db_query(job, db, SQL_PROVIDER_SEEN_GET,
	             ARGS(sql_bytes((bytes){ digest, sizeof(digest) }), sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}
