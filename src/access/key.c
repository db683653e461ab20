/* access/key.c -- contract and invariants A1-A3: key.h. */
#include "access/key.h"

#include "audit/fact.h"
#include "base/limits.h"
#include "crypto/seal.h"
#include "os/random.h"

#define KEY_PREFIX "valv_"
#define KEY_SECRET_BYTES 32
/* The column `purposes`: this octet, then for LISTED the le16 numbers. */
#define PURPOSES_LISTED 0
#define PURPOSES_ALL 1

static const struct scope_word {
	enum scope scope;
	str name;
} scope_words[] = {
#define X(scope, bit, name, what) { scope, { name, sizeof(name) - 1 } },
	SCOPE_TABLE(X)
#undef X
};

bool
scope_of_name(str name, enum scope *ret)
{
	for (size_t i = 0; i < COUNT(scope_words); i++) {
		if (str_eq(scope_words[i].name, name)) {
			*ret = scope_words[i].scope;
			return true;
		}
	}
	return false;
}

str
scope_text(enum scope scope)
{
	for (size_t i = 0; i < COUNT(scope_words); i++)
		if (scope_words[i].scope == scope)
			return scope_words[i].name;
	return S("");
}

/* --- who calls -------------------------------------------------------------------------------- */

/* RFC 6750 section 2.1; the scheme's name goes without regard to case. Empty: none. */
static str
bearer_token(str header)
{
	const str scheme = S("Bearer ");

	if (header.len <= scheme.len || !str_eq_fold(str_first(header, scheme.len), scheme))
		return S("");
	return str_trim(str_from(header, scheme.len));
}

static enum err
purposes_decode(struct job *job, bytes stored, bool *ret_all, bytes *ret_purposes)
{
	uint8_t kind;

	if (!eat_u8(&stored, &kind) || kind > PURPOSES_ALL || stored.len % 2)
		return fail(job, ERR_CORRUPT, "the purposes of a key cannot be read");
	*ret_all = kind == PURPOSES_ALL;
	*ret_purposes = arena_bytes(&job->arena, stored);
	return OK;
}

static void
purposes_encode(bool all, bytes purposes, struct buf *out)
{
	buf_u8(out, all ? PURPOSES_ALL : PURPOSES_LISTED);
	if (!all)
		buf_data(out, purposes);
}

static enum err
key_read(struct job *job, const uint8_t digest[DIGEST_BYTES], struct cached_key *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes purposes;

	TRY(db_query(job, job->db, SQL_API_KEY_BY_DIGEST, ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES })),
	             &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret_there = rows_null(&rows, 4);
	*ret = (struct cached_key){
		.no = rows_i64(&rows, 0),
		.scopes = (uint32_t)rows_i64(&rows, 1) & SCOPES_ALL,
		.expires_at = rows_time(&rows, 3),
	};
	memcpy(ret->digest, digest, DIGEST_BYTES);
	TRY(purposes_decode(job, rows_bytes(&rows, 2), &ret->all_purposes, &purposes));
	if (purposes.len > sizeof(ret->purposes))
		return fail(job, ERR_CORRUPT, "the purposes of a key cannot be read");
	if (purposes.len)
		memcpy(ret->purposes, purposes.ptr, purposes.len);
	ret->purposes_len = purposes.len;
	return OK;
}

/* A missing, misspelt, unknown, revoked and expired key take the same steps and give the same
 * answer (A1).  What is looked up is the digest of 256 random bits, so that how long the index
 * takes to find nothing says nothing about keys that are there. */
enum err
principal_of_key(struct job *job, struct store *store, struct key_cache *cache, str header,
                 struct principal *ret)
{
	uint8_t digest[DIGEST_BYTES];
	struct cached_key key;
	uint64_t generation;
	bool there;

	job->actor = (struct actor){ .kind = ACTOR_NOBODY };
	digest_token(str_bytes(bearer_token(header)), digest);
	/* The generation before the row: a key revoked between the two is kept under a number that
	 * is over already. */
	TRY(store_generation(job, store, TOPIC_API_KEYS, &generation));
	there = key_cache_find(cache, digest, generation, &key);
	if (!there) {
		TRY(key_read(job, digest, &key, &there));
		if (there)
			key_cache_put(cache, &key, generation);
	}
	if (!there || key.expires_at <= job->now)
		return fail(job, ERR_UNAUTHENTICATED, "no key, or not one that is valid now");
	*ret = (struct principal){
		.scopes = key.scopes,
		.all_purposes = key.all_purposes,
		.purposes = arena_bytes(&job->arena, (bytes){ key.purposes, key.purposes_len }),
	};
	job->actor = (struct actor){ .kind = ACTOR_KEY, .no = key.no };
	return OK;
}

enum err
principal_of_operator(struct job *job, uint32_t unix_uid, struct principal *ret)
{
	job->actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = unix_uid };
	*ret = (struct principal){ .scopes = SCOPES_ALL, .all_purposes = true }; /* A3 */
	return OK;
}

enum err
require_scope(struct job *job, const struct principal *principal, enum scope scope)
{
	if ((principal->scopes & scope) != scope)
		return fail(job, ERR_DENIED, "the key lacks a scope that this needs"); /* A2 */
	return OK;
}

bool
principal_has(const struct principal *principal, uint32_t purpose)
{
	bytes purposes = principal->purposes;
	uint16_t no;

	if (principal->all_purposes)
		return true;
	while (eat_le16(&purposes, &no))
		if (no == purpose)
			return true;
	return false;
}

enum err
require_purpose(struct job *job, const struct principal *principal, uint32_t purpose)
{
	if (!principal_has(principal, purpose))
		return fail(job, ERR_PURPOSE_DENIED, "the key is not for that purpose"); /* A2 */
	return OK;
}

/* --- making and revoking ---------------------------------------------------------------------- */

struct make_plan {
	struct api_key *key;
	bytes digest;
	bytes purposes; /* as stored */
};

static enum err
number_of(struct job *job, struct db *db, enum sql sql, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* The body of both entries is the key's public id. */
static enum err
entry_of_key(struct job *job, struct db *db, enum entry_act act, uid id)
{
	return entry_append(job, db, &(struct entry){ .act = act, .body = uid_bytes(&id) }, NULL);
}

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	struct make_plan *plan = arg;
	struct api_key *key = plan->key;
	int64_t live, last;

	TRY(number_of(job, db, SQL_API_KEY_LIVE, &live));
	if (live >= LIMIT_API_KEYS)
		return fail(job, ERR_LIMIT, "limit_api_keys: there are as many keys as there may be");
	TRY(number_of(job, db, SQL_API_KEY_LAST, &last));
	key->no = last + 1;
	db_touch(db, TOPIC_API_KEYS);
	TRY(db_run(job, db, SQL_API_KEY_PUT,
	           ARGS(sql_i64(key->no), sql_bytes(uid_bytes(&key->id)), sql_bytes(plan->digest),
	                sql_text(key->name), sql_i64(key->scopes), sql_bytes(plan->purposes),
	                sql_i64(key->created_at), sql_i64(job->actor.no), sql_time(key->expires_at)),
	           NULL));
	return entry_of_key(job, db, ENTRY_KEY_MAKE, key->id);
}

/* "valv_" and the secret; the caller's only copy goes into the arena, which is wiped. */
static str
key_text(struct job *job)
{
	OWNED(buf_release) struct buf text = { .max = KEY_TEXT_BYTES };
	uint8_t secret[KEY_SECRET_BYTES];

	os_random(secret, sizeof(secret));
	buf_put(&text, S(KEY_PREFIX));
	buf_base64url(&text, (bytes){ secret, sizeof(secret) });
	explicit_bzero(secret, sizeof(secret));
	must(buf_ok(&text) && text.len == KEY_TEXT_BYTES);
	return arena_str(&job->arena, buf_str(&text));
}

enum err
key_make(struct job *job, struct store *store, str name, uint32_t scopes, bool all_purposes,
         bytes purposes, time_us expires_at, struct api_key *ret, str *ret_text)
{
	OWNED(buf_release) struct buf stored = { .max = 1 + 2 * LIMIT_PURPOSES };
	uint8_t digest[DIGEST_BYTES];
	str text = key_text(job);
	struct api_key key = {
		.id = os_uid(),
		.name = name,
		.scopes = scopes & SCOPES_ALL,
		.all_purposes = all_purposes,
		.purposes = all_purposes ? (bytes){ 0 } : purposes,
		.created_at = job->now,
		.expires_at = expires_at,
		.revoked_at = TIME_NEVER,
	};
	struct make_plan plan = { .key = &key, .digest = { digest, sizeof(digest) } };

	purposes_encode(all_purposes, purposes, &stored);
	if (!buf_ok(&stored))
		return fail(job, ERR_LIMIT, "limit_purposes: more purposes than there may be");
	plan.purposes = buf_bytes(&stored);
	digest_token(str_bytes(text), digest);
	TRY(store_write(job, store, WRITE_ORDINARY, make_steps, &plan));
	*ret = key;
	*ret_text = text;
	return OK;
}

static enum err
revoke_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t no;
	bool there;

	TRY(db_query(job, db, SQL_API_KEY_NO, ARGS(sql_bytes(uid_bytes(id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no key has that id");
	no = rows_i64(&rows, 0);
	rows_end(&rows);
	TRY(db_run(job, db, SQL_API_KEY_REVOKE, ARGS(sql_i64(job->now), sql_i64(no)), NULL));
	db_touch(db, TOPIC_API_KEYS);
	TRY(fact_key_revoked(job, db, *id));
	return entry_of_key(job, db, ENTRY_KEY_REVOKE, *id);
}

enum err
key_revoke(struct job *job, struct store *store, uid id)
{
	return store_write(job, store, WRITE_RESERVED, revoke_steps, &id);
}

static enum err
key_row(struct job *job, const struct rows *rows, struct api_key *ret)
{
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "the id of a key cannot be read");
	ret->no = rows_i64(rows, 0);
	ret->name = arena_str(&job->arena, rows_text(rows, 2));
	ret->scopes = (uint32_t)rows_i64(rows, 3);
	ret->created_at = rows_time(rows, 5);
	ret->expires_at = rows_time(rows, 6);
	ret->revoked_at = rows_time(rows, 7);
	return purposes_decode(job, rows_bytes(rows, 4), &ret->all_purposes, &ret->purposes);
}

enum err
key_list(struct job *job, int64_t after_no, size_t max, struct api_key **ret, size_t *ret_count)
{
	struct api_key *key = arena_array(&job->arena, max + 1, sizeof(*key));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_API_KEY_AFTER, ARGS(sql_i64(after_no), sql_i64((int64_t)max)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		TRY(key_row(job, &rows, &key[count++]));
	}
	*ret = key;
	*ret_count = count;
	return OK;
}
