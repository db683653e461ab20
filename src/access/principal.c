/* access/principal.c -- contract and A1-A4: principal.h.  What is judged here is judged by policy.c. */
#include "access/principal.h"

#include "access/glass.h"
#include "access/key.h"
#include "access/purposes.h"
#include "access/role.h"
#include "base/limits.h"

#define USED_STEP (60 * TIME_SECOND)         /* how exactly a session's last use is kept */
#define KEY_USED_STEP (3600 * TIME_SECOND)   /* and a key's */

/* --- sessions --------------------------------------------------------------------------------- */

static enum err
used_steps(struct job *job, struct db *db, void *arg)
{
	const struct session *session = arg;

	TRY(db_run(job, db, SQL_STAFF_USED, ARGS(sql_i64(job->now), sql_i64(session->staff)), NULL));
	return db_run(job, db, SQL_SESSION_USED,
	              ARGS(sql_i64(job->now), sql_bytes((bytes){ session->digest, DIGEST_BYTES })), NULL);
}

/* On a full disk it is not kept: then the session rests sooner, and leaving still works. */
static void
used_keep(struct job *job, const struct access *access, struct session *session)
{
	if (job->now - session->used_at < USED_STEP)
		return;
	if (store_write(job, access->store, WRITE_ORDINARY, used_steps, session))
		job_forgive(job);
}

static enum err
session_good(struct job *job, const struct access *access, const struct session *session, bool there, bool *ret)
{
	struct token_facts facts = { .known = there, .owned = true, .network_fits = true, .now = job->now };
	enum staff_state state;
	int64_t epoch, idle;

	*ret = false;
	if (!there)
		return OK;
	TRY(staff_word(job, job->db, session->staff, &state, &epoch));
	TRY(access_setting(job, job->db, S(SETTING_SESSION_IDLE_MINUTES), SESSION_IDLE_MINUTES, &idle));
	facts.active = state == STAFF_ACTIVE;
	facts.same_epoch = epoch == session->epoch;
	facts.made_at = session->made_at;
	facts.used_at = session->used_at;
	facts.expires_at = session->expires_at;
	facts.idle = idle * 60 * TIME_SECOND;
	*ret = policy_token(&facts);
	return OK;
}

static enum err
person_grants(struct job *job, struct db *db, struct principal *principal)
{
	TRY(staff_grants(job, db, principal->staff, &principal->grants));
	return glass_add(job, db, principal->staff, principal->epoch, &principal->grants, &principal->glass);
}

static enum err
refused(struct job *job)
{
	return fail(job, ERR_UNAUTHENTICATED, "no key or session, or not one that is valid now");
}

static enum err
principal_of_session(struct job *job, const struct access *access, str token, struct principal *ret)
{
	struct session session = { 0 };
	int64_t required;
	bool there, good;

	TRY(session_find(job, job->db, token, &session, &there));
	TRY(session_good(job, access, &session, there, &good));
	if (!good)
		return refused(job);
	TRY(access_setting(job, job->db, S(SETTING_SECOND_FACTOR), 0, &required));
	ret->half = !session_factors(session.method, required);
	used_keep(job, access, &session);
	ret->person = true;
	ret->staff = session.staff;
	ret->epoch = session.epoch;
	ret->session = session;
	job->actor = (struct actor){ .kind = ACTOR_STAFF, .no = session.staff, .staff = session.staff,
		                     .fresh = principal_fresh(ret, job->now) };
	return person_grants(job, job->db, ret);
}

/* --- keys ------------------------------------------------------------------------------------- */

static enum err
key_row(struct job *job, const struct rows *rows, struct cached_key *ret)
{
	bytes purposes, networks = rows_bytes(rows, 8);

	ret->no = rows_i64(rows, 0);
	ret->scopes = (uint32_t)rows_i64(rows, 1) & SCOPES_ALL;
	ret->expires_at = rows_time(rows, 3);
	ret->owner = rows_i64(rows, 5);
	ret->epoch = rows_i64(rows, 6);
	ret->program = rows_i64(rows, 7) != 0;
	ret->used_at = rows_null(rows, 9) ? 0 : rows_i64(rows, 9);
	TRY(purposes_decode(job, rows_bytes(rows, 2), &ret->all_purposes, &purposes));
	if (purposes.len > sizeof(ret->purposes) || networks.len > sizeof(ret->networks))
		return fail(job, ERR_CORRUPT, "a key cannot be read");
	if (purposes.len)
		memcpy(ret->purposes, purposes.ptr, purposes.len);
	if (networks.len)
		memcpy(ret->networks, networks.ptr, networks.len);
	ret->purposes_len = purposes.len;
	ret->networks_len = networks.len;
	return OK;
}

/* Good but for time and network, which no cache can know. */
static enum err
key_read(struct job *job, const uint8_t digest[DIGEST_BYTES], struct cached_key *ret, bool *ret_good)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = (struct cached_key){ .expires_at = TIME_NEVER };
	memcpy(ret->digest, digest, DIGEST_BYTES);
	TRY(db_query(job, job->db, SQL_API_KEY_BY_DIGEST, ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES })), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		TRY(key_row(job, &rows, ret));
	*ret_good = policy_token(&(struct token_facts){
		.known = there,
		.revoked = there && !rows_null(&rows, 4),
		.owned = ret->owner != 0,
		.active = there && rows_i64(&rows, 10) == STAFF_ACTIVE,
		.same_epoch = there && rows_i64(&rows, 11) == ret->epoch,
		.expires_at = TIME_NEVER,
		.idle = TIME_NEVER,
		.network_fits = true,
		.now = job->now,
	});
	return OK;
}

static enum err
key_used_steps(struct job *job, struct db *db, void *arg)
{
	const struct cached_key *key = arg;

	return db_run(job, db, SQL_API_KEY_USED, ARGS(sql_i64(job->now), sql_i64(key->no)), NULL);
}

static void
key_used_keep(struct job *job, const struct access *access, struct key_cache *cache, struct cached_key *key,
              uint64_t generation)
{
	if (job->now - key->used_at < KEY_USED_STEP)
		return;
	key->used_at = job->now; /* first, so that others who come with it need not */
	key_cache_put(cache, key, generation);
	if (store_write(job, access->store, WRITE_ONE, key_used_steps, key))
		job_forgive(job);
}

static bool
key_fits(const struct job *job, const struct cached_key *key, bool good, const uint8_t *peer)
{
	return policy_token(&(struct token_facts){
		.known = good,
		.expires_at = key->expires_at,
		.idle = TIME_NEVER,
		.network_fits = !key->networks_len ||
	                        (peer && networks_fit((bytes){ key->networks, key->networks_len }, peer)),
		.now = job->now,
	});
}

static struct grants
grants_of_key(struct job *job, const struct cached_key *key)
{
	struct grant *grant = arena_alloc(&job->arena, sizeof(*grant));

	*grant = (struct grant){
		.scopes = key->scopes & ~(uint32_t)SCOPES_PERSON,
		.all_purposes = key->all_purposes,
		.purposes = arena_bytes(&job->arena, (bytes){ key->purposes, key->purposes_len }),
		.view = VIEW_CLEAR,
		.view_sensitive = VIEW_CLEAR,
	};
	return (struct grants){ grant, 1 };
}

static bytes
purposes_both(struct job *job, const struct grant *one, const struct grant *other)
{
	OWNED(buf_release) struct buf kept = { .max = 2 * LIMIT_PURPOSES };
	bytes rest = one->all_purposes ? other->purposes : one->purposes;
	uint16_t no;

	while (eat_le16(&rest, &no))
		if (one->all_purposes || other->all_purposes || purposes_have(other->purposes, no))
			buf_le16(&kept, no);
	must(buf_ok(&kept));
	return arena_bytes(&job->arena, buf_bytes(&kept));
}

/* A4: each line of the owner's roles, cut down to what the key carries. */
static struct grants
grants_cut(struct job *job, struct grants owner, const struct grant *key)
{
	struct grant *grant = arena_array(&job->arena, owner.count + 1, sizeof(*grant));

	for (size_t i = 0; i < owner.count; i++) {
		grant[i] = owner.grant[i];
		grant[i].scopes &= key->scopes;
		grant[i].all_purposes = owner.grant[i].all_purposes && key->all_purposes;
		grant[i].purposes =
			grant[i].all_purposes ? (bytes){ 0 } : purposes_both(job, &owner.grant[i], key);
	}
	return (struct grants){ grant, owner.count };
}

static enum err
key_grants(struct job *job, struct db *db, const struct cached_key *key, struct grants *ret)
{
	struct grants owner;

	*ret = grants_of_key(job, key);
	if (key->program)
		return OK;
	TRY(staff_grants(job, db, key->owner, &owner));
	*ret = grants_cut(job, owner, &ret->grant[0]);
	return OK;
}

/* A missing, misspelt, unknown, revoked and expired key take the same steps and give the same
 * answer (A1).  What is looked up is the digest of 256 random bits, so that how long the index
 * takes to find nothing says nothing about keys that are there. */
static enum err
principal_of_key(struct job *job, const struct access *access, struct key_cache *cache, str text,
                 const uint8_t *peer, struct principal *ret)
{
	uint8_t digest[DIGEST_BYTES];
	struct cached_key key;
	bool good;

	digest_token(str_bytes(text), digest);
	good = key_cache_find(cache, digest, ret->generation, &key);
	if (!good) {
		TRY(key_read(job, digest, &key, &good));
		if (good)
			key_cache_put(cache, &key, ret->generation);
	}
	if (!key_fits(job, &key, good, peer))
		return refused(job);
	key_used_keep(job, access, cache, &key, ret->generation);
	ret->staff = key.owner;
	ret->epoch = key.epoch;
	job->actor = (struct actor){ .kind = ACTOR_KEY, .no = key.no, .staff = key.program ? 0 : key.owner };
	return key_grants(job, job->db, &key, &ret->grants);
}

/* --- any of them ------------------------------------------------------------------------------ */

/* RFC 6750 section 2.1; the scheme's name goes without regard to case. Empty: none. */
static str
bearer_token(str header)
{
	const str scheme = S("Bearer ");

	if (header.len <= scheme.len || !str_eq_fold(str_first(header, scheme.len), scheme))
		return S("");
	return str_trim(str_from(header, scheme.len));
}

enum err
principal_of_token(struct job *job, const struct access *access, struct key_cache *cache,
                   const struct shown *shown, struct principal *ret)
{
	str token = shown->authorization.len ? bearer_token(shown->authorization) : shown->cookie;

	*ret = (struct principal){ 0 };
	job->actor = (struct actor){ .kind = ACTOR_NOBODY };
	/* The generation before the row: what is revoked between the two is kept under a number that
	 * is over already. */
	TRY(store_generation(job, access->store, TOPIC_PRINCIPALS, &ret->generation));
	if (str_starts(token, SESSION_PREFIX))
		return principal_of_session(job, access, token, ret);
	return principal_of_key(job, access, cache, token, shown->peer, ret);
}

enum err
principal_of_operator(struct job *job, uint32_t unix_uid, struct principal *ret)
{
	static const struct grant all = { .scopes = SCOPES_ALL, .all_purposes = true, .view = VIEW_CLEAR,
		                          .view_sensitive = VIEW_CLEAR };

	job->actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = unix_uid };
	*ret = (struct principal){ .operator = true, .grants = { &all, 1 } }; /* A3 */
	return OK;
}

/* --- between pieces --------------------------------------------------------------------------- */

static enum err
key_word(struct job *job, struct db *db, bool *ret_good)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_API_KEY_WORD, ARGS(sql_i64(job->actor.no)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret_good = there && rows_null(&rows, 0);
	return OK;
}

static enum err
session_there(struct job *job, struct db *db, const struct principal *principal, bool *ret_good)
{
	struct session now;

	return session_of_id(job, db, principal->staff, principal->session.id, &now, ret_good);
}

static enum err
word_holds(struct job *job, struct db *db, const struct principal *principal, bool *ret_good)
{
	enum staff_state state;
	int64_t epoch;

	if (!principal->staff || !*ret_good)
		return OK;
	TRY(staff_word(job, db, principal->staff, &state, &epoch));
	*ret_good = policy_token(&(struct token_facts){
		.known = true, .owned = true, .active = state == STAFF_ACTIVE, .same_epoch = epoch == principal->epoch,
		.expires_at = TIME_NEVER, .idle = TIME_NEVER, .network_fits = true, .now = job->now });
	return OK;
}

enum err
principal_still(struct job *job, const struct access *access, struct db *db, struct principal *principal)
{
	uint64_t generation;
	bool good;

	TRY(store_generation(job, access->store, TOPIC_PRINCIPALS, &generation));
	if (generation == principal->generation || principal->operator)
		return OK;
	if (principal->person)
		TRY(session_there(job, db, principal, &good));
	else
		TRY(key_word(job, db, &good));
	TRY(word_holds(job, db, principal, &good));
	if (!good)
		return refused(job);
	if (principal->person)
		TRY(person_grants(job, db, principal));
	principal->generation = generation;
	return OK;
}

/* --- what it may ------------------------------------------------------------------------------ */

bool
principal_holds(const struct principal *principal, uint32_t scopes)
{
	return (policy_scopes(principal->grants) & scopes) != 0;
}

enum err
require_scope(struct job *job, struct principal *principal, enum scope scope)
{
	if ((policy_scopes(principal->grants) & scope) != scope)
		return fail(job, ERR_DENIED, "a scope is lacking that this needs"); /* A2 */
	if (scope)
		principal->needed = scope;
	return OK;
}

bool
principal_has(const struct principal *principal, uint32_t purpose)
{
	return policy_purpose(principal->grants, principal->needed, purpose);
}

bool
principal_has_all(const struct principal *principal)
{
	return policy_any_purpose(principal->grants, principal->needed);
}

enum view
principal_view(const struct principal *principal, uint32_t purpose, uint32_t field, bool sensitive)
{
	return policy_view(principal->grants, principal->needed, purpose, field, sensitive);
}

enum err
require_purpose(struct job *job, const struct principal *principal, uint32_t purpose)
{
	if (!principal_has(principal, purpose))
		return fail(job, ERR_PURPOSE_DENIED, "it is not for that purpose"); /* A2 */
	return OK;
}

bool
principal_fresh(const struct principal *principal, time_us now)
{
	return principal->person && now - principal->session.proved_at <= SESSION_FRESH;
}
