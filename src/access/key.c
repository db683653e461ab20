/* access/key.c -- contract and B1-B3: key.h.  Who a key is, when it is shown: principal.c. */
#include "access/key.h"

#include "access/alert.h"
#include "access/purposes.h"
#include "audit/fact.h"
#include "base/limits.h"
#include "crypto/seal.h"
#include "os/random.h"

#define KEY_PREFIX "valv_"
#define KEY_SECRET_BYTES 32

/* --- networks --------------------------------------------------------------------------------- */

static bool
network_fits(const uint8_t *network, const uint8_t *peer)
{
	size_t bits = network[PEER_BYTES], whole = bits / 8;
	unsigned rest = bits % 8;

	if (bits > 8 * PEER_BYTES || memcmp(network, peer, whole) != 0)
		return false;
	return !rest || (network[whole] ^ peer[whole]) >> (8 - rest) == 0;
}

bool
networks_fit(bytes networks, const uint8_t peer[PEER_BYTES])
{
	if (!networks.len)
		return true;
	for (size_t at = 0; at + KEY_NETWORK_BYTES <= networks.len; at += KEY_NETWORK_BYTES)
		if (network_fits(networks.ptr + at, peer))
			return true;
	return false;
}

/* --- making and revoking ---------------------------------------------------------------------- */

struct make_plan {
	struct api_key *key;
	bytes digest;
	bytes purposes; /* as stored */
	int64_t epoch;
};

/* B1: a key is made for somebody who works here, under their word as it is now. */
static enum err
owner_word(struct job *job, struct db *db, struct make_plan *plan)
{
	enum staff_state state;

	plan->epoch = 0;
	if (!plan->key->owner)
		return OK;
	TRY(staff_word(job, db, plan->key->owner, &state, &plan->epoch));
	if (state != STAFF_ACTIVE)
		return fail_at(job, ERR_CONFLICT, S("/owner"), "does not work here");
	return OK;
}

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
	TRY(owner_word(job, db, plan));
	key->no = last + 1;
	db_touch(db, TOPIC_PRINCIPALS);
	TRY(db_run(job, db, SQL_API_KEY_PUT,
	           ARGS(sql_i64(key->no), sql_bytes(uid_bytes(&key->id)), sql_bytes(plan->digest),
	                sql_text(key->name), sql_i64(key->scopes), sql_bytes(plan->purposes),
	                sql_i64(key->created_at), sql_i64(job->actor.no), sql_time(key->expires_at),
	                sql_i64(key->owner), sql_i64(plan->epoch), sql_i64(key->program),
	                sql_bytes_or_null(key->networks)),
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
key_make(struct job *job, struct store *store, struct api_key *key, str *ret_text)
{
	OWNED(buf_release) struct buf stored = { .max = 1 + 2 * LIMIT_PURPOSES };
	uint8_t digest[DIGEST_BYTES];
	str text = key_text(job);
	struct make_plan plan = { .key = key, .digest = { digest, sizeof(digest) } };

	if (key->networks.len > KEY_NETWORK_BYTES * LIMIT_KEY_NETWORKS)
		return fail(job, ERR_LIMIT, "limit_key_networks: more networks than there may be");
	key->id = os_uid();
	key->scopes &= SCOPES_ALL & ~(uint32_t)SCOPES_PERSON;
	key->created_at = job->now;
	key->revoked_at = key->used_at = TIME_NEVER;
	purposes_encode(key->all_purposes, key->purposes, &stored);
	if (!buf_ok(&stored))
		return fail(job, ERR_LIMIT, "limit_purposes: more purposes than there may be");
	plan.purposes = buf_bytes(&stored);
	digest_token(str_bytes(text), digest);
	TRY(store_write(job, store, WRITE_ORDINARY, make_steps, &plan));
	*ret_text = text;
	return OK;
}

enum err
key_revoke_steps(struct job *job, struct db *db, uid id)
{
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t no;
	bool there;

	TRY(db_query(job, db, SQL_API_KEY_NO, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no key has that id");
	no = rows_i64(&rows, 0);
	rows_end(&rows);
	TRY(db_run(job, db, SQL_API_KEY_REVOKE, ARGS(sql_i64(job->now), sql_i64(no)), NULL));
	db_touch(db, TOPIC_PRINCIPALS);
	TRY(fact_key_revoked(job, db, id));
	return entry_of_key(job, db, ENTRY_KEY_REVOKE, id);
}

static enum err
revoke_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;

	return key_revoke_steps(job, db, *id);
}

enum err
key_revoke(struct job *job, struct store *store, uid id)
{
	return store_write(job, store, WRITE_RESERVED, revoke_steps, &id);
}

enum err
keys_of_owner_revoke_steps(struct job *job, struct db *db, int64_t owner, int64_t *ret_count)
{
	uid *id = arena_array(&job->arena, LIMIT_API_KEYS, sizeof(*id));
	OWNED(rows_end) struct rows rows = { 0 };
	int64_t count = 0;
	bool there;

	TRY(db_query(job, db, SQL_API_KEY_LIVE_OF, ARGS(sql_i64(owner)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_API_KEYS)
			break;
		if (!uid_from_bytes(rows_bytes(&rows, 0), &id[count++]))
			return fail(job, ERR_CORRUPT, "the id of a key cannot be read");
	}
	rows_end(&rows);
	for (int64_t i = 0; i < count; i++)
		TRY(key_revoke_steps(job, db, id[i]));
	*ret_count = count;
	return OK;
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
	ret->used_at = rows_time(rows, 8);
	ret->owner = rows_i64(rows, 9);
	ret->program = rows_i64(rows, 10) != 0;
	ret->networks = arena_bytes(&job->arena, rows_bytes(rows, 11));
	return purposes_decode(job, rows_bytes(rows, 4), &ret->all_purposes, &ret->purposes);
}

enum err
key_get(struct job *job, uid id, struct api_key *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_API_KEY_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no key has that id");
	return key_row(job, &rows, ret);
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
