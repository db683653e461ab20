/* access/passkey.c -- contract and X1-X6: passkey.h. */
#include "access/passkey.h"

#include "access/alert.h"
#include "access/challenge.h"
#include "access/credential.h"
#include "audit/fact.h"
#include "base/limits.h"
#include "os/random.h"
#include "type/precis.h"

#define WHY_NOT "the passkey was not accepted"
#define SEALED_MAX (WEBAUTHN_ID_MAX + WEBAUTHN_KEY_MAX + LIMIT_PASSKEY_NAME_BYTES + 128)

/* --- in the store ------------------------------------------------------------------------------ */

/* X2: it opens only as this passkey of this account. */
static void
put_associated(struct buf *out, int64_t staff, uid id)
{
	buf_put(out, S("valv passkey 1"));
	buf_le64(out, (uint64_t)staff);
	buf_data(out, uid_bytes(&id));
	must(buf_ok(out));
}

static void
id_digest(const struct desk *desk, bytes credential_id, uint8_t ret[DIGEST_BYTES])
{
	const bytes parts[] = { str_bytes(S("passkey id 1")), credential_id };

	digest_keyed(desk->attempt_key, parts, COUNT(parts), ret);
}

static bytes
passkey_seal(struct job *job, const struct desk *desk, const struct passkey *passkey)
{
	const struct webauthn_credential *credential = &passkey->credential;
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf plain = { .max = SEALED_MAX };
	OWNED(buf_release) struct buf sealed = { .max = SEALED_MAX + SEAL_OVERHEAD };

	buf_block(&plain, credential->id);
	buf_le32(&plain, (uint32_t)credential->algorithm);
	buf_block(&plain, credential->key);
	buf_u8(&plain, credential->backup_eligible);
	buf_block(&plain, credential->aaguid);
	buf_le32(&plain, passkey->transports);
	buf_block(&plain, str_bytes(passkey->name));
	put_associated(&associated, passkey->staff, passkey->id);
	seal(desk->credential_key, buf_bytes(&associated), buf_bytes(&plain), &sealed);
	must(buf_ok(&plain) && buf_ok(&sealed));
	return arena_bytes(&job->arena, buf_bytes(&sealed));
}

static bool
plain_read(bytes rest, struct passkey *ret)
{
	struct webauthn_credential *credential = &ret->credential;
	uint32_t algorithm;
	uint8_t eligible;
	bytes name;

	if (!eat_block(&rest, &credential->id) || !eat_le32(&rest, &algorithm) || !eat_block(&rest, &credential->key) ||
	    !eat_u8(&rest, &eligible) || !eat_block(&rest, &credential->aaguid) || !eat_le32(&rest, &ret->transports) ||
	    !eat_block(&rest, &name))
		return false;
	credential->algorithm = (enum webauthn_algorithm)(int32_t)algorithm;
	credential->backup_eligible = eligible;
	ret->name = bytes_str(name);
	return !rest.len;
}

static enum err
passkey_read(struct job *job, const struct desk *desk, struct rows *rows, struct passkey *ret)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	bytes plain;

	*ret = (struct passkey){ .staff = rows_i64(rows, 0), .made_at = rows_i64(rows, 5), .used_at = rows_time(rows, 6) };
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "the id of a passkey cannot be read");
	put_associated(&associated, ret->staff, ret->id);
	TRY(seal_open(job, desk->credential_key, buf_bytes(&associated), rows_bytes(rows, 2), &plain));
	if (!plain_read(plain, ret))
		return fail(job, ERR_CORRUPT, "a passkey cannot be read");
	ret->credential.counter = (uint32_t)rows_i64(rows, 3);
	ret->credential.backed_up = rows_i64(rows, 4);
	return OK;
}

enum err
passkey_list(struct job *job, const struct desk *desk, struct db *db, int64_t staff, struct passkey **ret,
             size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	*ret = arena_array(&job->arena, LIMIT_PASSKEYS, sizeof(**ret));
	TRY(db_query(job, db, SQL_PASSKEY_LIST, ARGS(sql_i64(staff)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_PASSKEYS)
			break;
		TRY(passkey_read(job, desk, &rows, &(*ret)[count++]));
	}
	*ret_count = count;
	return OK;
}

static enum err
passkey_find(struct job *job, const struct desk *desk, struct db *db, bytes credential_id, struct passkey *ret,
             bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	uint8_t digest[DIGEST_BYTES];

	id_digest(desk, credential_id, digest);
	TRY(db_query(job, db, SQL_PASSKEY_OF_DIGEST, ARGS(sql_bytes((bytes){ digest, sizeof(digest) })), &rows));
	TRY(rows_next(job, &rows, ret_there));
	return *ret_there ? passkey_read(job, desk, &rows, ret) : OK;
}

/* --- entries ----------------------------------------------------------------------------------- */

struct refused {
	const struct desk *desk;
	int64_t staff; /* whose passkey it was; 0: not known */
	enum err outcome;
	enum webauthn_fault fault;
};

static enum err
refused_steps(struct job *job, struct db *db, void *arg)
{
	const struct refused *refused = arg;
	OWNED(buf_release) struct buf body = { .max = 32 };
	uid id = { 0 };
	int64_t seq;

	if (refused->staff)
		TRY(staff_id(job, db, refused->staff, &id));
	buf_data(&body, uid_bytes(&id));
	buf_u8(&body, (uint8_t)refused->fault);
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = ENTRY_PASSKEY_REFUSED, .outcome = refused->outcome, .body = buf_bytes(&body) },
	                 &seq));
	if (refused->fault == WEBAUTHN_COUNTER)
		return alert_raise(job, db, ALERT_CREDENTIAL, refused->staff, seq);
	return OK;
}

/* X5.  Gives `outcome` back, or why it could not be written. */
static enum err
refuse(struct job *job, const struct desk *desk, int64_t staff, enum err outcome, enum webauthn_fault fault)
{
	struct refused refused = { desk, staff, outcome, fault };

	TRY(store_write(job, desk->access->store, WRITE_ORDINARY, refused_steps, &refused));
	return fail(job, outcome, WHY_NOT);
}

static enum err
entry_of(struct job *job, struct db *db, enum entry_act act, int64_t staff, uid passkey)
{
	uid id;

	TRY(staff_id(job, db, staff, &id));
	return desk_entry(job, db, act, id, OK, uid_bytes(&passkey));
}

/* --- making one -------------------------------------------------------------------------------- */

static bytes
session_binding(const struct session *session)
{
	return uid_bytes(&session->id); /* its token may be another when the answer comes */
}

enum err
passkey_make_begin(struct job *job, const struct desk *desk, const struct session *session, struct passkey_options *ret)
{
	TRY(passkey_list(job, desk, job->db, session->staff, &ret->passkey, &ret->count));
	ret->challenge = challenge_make(job, desk, CHALLENGE_MAKE, session_binding(session));
	return OK;
}

struct make_plan {
	const struct desk *desk;
	const struct session *session;
	const struct passkey *passkey;
	bytes challenge, digest, sealed;
	bool replayed;
	struct signed_in *in;
};

static enum err
count_check(struct job *job, struct db *db, int64_t staff)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_PASSKEY_COUNT, ARGS(sql_i64(staff)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) >= LIMIT_PASSKEYS)
		return fail(job, ERR_LIMIT, "limit_passkeys: as many passkeys as one account may have");
	return OK;
}

static enum err
new_check(struct job *job, struct db *db, bytes digest)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_PASSKEY_OF_DIGEST, ARGS(sql_bytes(digest)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		return fail(job, ERR_CONFLICT, "this passkey is registered already");
	return OK;
}

/* The session that asked is still good: it was read for this request, and its word is read again. */
static enum err
word_check(struct job *job, struct db *db, const struct session *session)
{
	enum staff_state state;
	struct session now;
	int64_t epoch;
	bool there;

	TRY(staff_word(job, db, session->staff, &state, &epoch));
	TRY(session_of_id(job, db, session->staff, session->id, &now, &there));
	if (state != STAFF_ACTIVE || epoch != session->epoch || !there)
		return fail(job, ERR_UNAUTHENTICATED, "the account or the session has ended");
	return OK;
}

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	struct make_plan *plan = arg;
	const struct passkey *passkey = plan->passkey;
	bool first;

	TRY(word_check(job, db, plan->session));
	TRY(challenge_use_steps(job, db, plan->challenge, &first));
	plan->replayed = !first;
	if (plan->replayed)
		return OK;
	TRY(count_check(job, db, passkey->staff));
	TRY(new_check(job, db, plan->digest));
	TRY(db_run(job, db, SQL_PASSKEY_PUT,
	           ARGS(sql_bytes(uid_bytes(&passkey->id)), sql_bytes(plan->digest), sql_i64(passkey->staff),
	                sql_bytes(plan->sealed), sql_i64(passkey->credential.counter),
	                sql_i64(passkey->credential.backed_up), sql_i64(job->now)),
	           NULL));
	TRY(session_prove_steps(job, db, plan->session, AUTH_PASSKEY, plan->session->proved_at, &plan->in->session,
	                        &plan->in->token));
	return entry_of(job, db, ENTRY_PASSKEY_ADD, passkey->staff, passkey->id);
}

enum err
passkey_make(struct job *job, const struct desk *desk, const struct webauthn_party *party,
             const struct session *session, const struct webauthn_registration *in, struct passkey *passkey,
             struct signed_in *ret_in)
{
	struct make_plan plan = { .desk = desk, .session = session, .passkey = passkey, .in = ret_in };
	enum webauthn_fault fault = WEBAUTHN_CHALLENGE;
	uint8_t digest[DIGEST_BYTES];

	*ret_in = (struct signed_in){ .device = S("") };
	if (webauthn_challenge(job, in->client_data, &plan.challenge) &&
	    challenge_holds(desk, CHALLENGE_MAKE, session_binding(session), job->now, plan.challenge))
		fault = webauthn_register(job, party, plan.challenge, in, &passkey->credential);
	if (fault)
		return refuse(job, desk, session->staff, ERR_INVALID, fault);
	passkey->id = os_uid();
	passkey->staff = session->staff;
	passkey->made_at = job->now;
	passkey->used_at = TIME_NEVER;
	id_digest(desk, passkey->credential.id, digest);
	plan.digest = (bytes){ digest, sizeof(digest) };
	plan.sealed = passkey_seal(job, desk, passkey);
	TRY(store_write(job, desk->access->store, WRITE_ORDINARY, make_steps, &plan));
	return plan.replayed ? refuse(job, desk, session->staff, ERR_INVALID, WEBAUTHN_CHALLENGE) : OK;
}

/* --- taking one away --------------------------------------------------------------------------- */

struct drop_plan {
	const struct desk *desk;
	const struct session *session;
	uid id;
};

/* X6: by passkey, password or the company's own sign-in, something is left. */
static enum err
way_left_check(struct job *job, const struct desk *desk, struct db *db, int64_t staff)
{
	OWNED(credentials_end) struct credentials have = { 0 };
	struct passkey *passkey;
	struct staff account;
	size_t count;

	TRY(passkey_list(job, desk, db, staff, &passkey, &count));
	TRY(credentials_get(job, desk->credential_key, db, staff, &have));
	TRY(staff_get(job, desk->access, db, staff, &account));
	if (!count && !have.hash.len && str_eq(account.issuer, ISSUER_LOCAL))
		return fail(job, ERR_CONFLICT, "it is the only way to sign in; set up another one first");
	return OK;
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	const struct drop_plan *plan = arg;
	int64_t staff = plan->session->staff, count;
	uid account;

	TRY(db_run(job, db, SQL_PASSKEY_DROP, ARGS(sql_bytes(uid_bytes(&plan->id)), sql_i64(staff)), &count));
	if (!count)
		return fail(job, ERR_ABSENT, "the account has no such passkey");
	TRY(way_left_check(job, plan->desk, db, staff));
	TRY(session_end_all_steps(job, db, staff, &plan->session->id, &count));
	TRY(staff_id(job, db, staff, &account));
	TRY(fact_staff_credentials(job, db, account));
	return entry_of(job, db, ENTRY_PASSKEY_REMOVE, staff, plan->id);
}

enum err
passkey_drop(struct job *job, const struct desk *desk, const struct session *session, uid id)
{
	struct drop_plan plan = { desk, session, id };

	return store_write(job, desk->access->store, WRITE_RESERVED, drop_steps, &plan);
}

/* --- options for a name (X3) ------------------------------------------------------------------- */

/* However it is written, one name has one binding; what is no name has its own. */
static bytes
name_binding(struct job *job, const struct desk *desk, str user_name)
{
	OWNED(buf_release) struct buf normal = { .max = LIMIT_USER_NAME_BYTES };
	uint8_t digest[DIGEST_BYTES];
	const char *why;
	bool is_name = precis_name(user_name, &normal, &why);
	const bytes parts[] = { str_bytes(S("passkey name 1")), is_name ? buf_bytes(&normal) : str_bytes(user_name) };

	digest_keyed(desk->attempt_key, parts, COUNT(parts), digest);
	return arena_bytes(&job->arena, (bytes){ digest, sizeof(digest) });
}

/* One or two passkeys that nobody has: always the same for one name, of lengths and transports that are common. */
static void
decoys_make(struct job *job, const struct desk *desk, bytes binding, struct passkey_options *ret)
{
	static const struct {
		size_t len;
		uint32_t transports;
	} common[] = { { 16, TRANSPORT_INTERNAL | TRANSPORT_HYBRID }, { 20, TRANSPORT_INTERNAL | TRANSPORT_HYBRID },
		       { 32, TRANSPORT_INTERNAL },                    { 64, TRANSPORT_USB | TRANSPORT_NFC } };

	ret->count = 1 + (binding.ptr[0] & 1);
	ret->passkey = arena_array(&job->arena, ret->count, sizeof(*ret->passkey));
	for (size_t i = 0; i < ret->count; i++) {
		size_t kind = binding.ptr[1 + i] % COUNT(common);
		uint8_t *id = arena_alloc(&job->arena, 2 * DIGEST_BYTES);
		for (uint8_t half = 0; half < 2; half++) {
			const uint8_t number = (uint8_t)(2 * i + half);
			const bytes parts[] = { str_bytes(S("passkey decoy 1")), binding, { &number, 1 } };
			digest_keyed(desk->attempt_key, parts, COUNT(parts), id + half * DIGEST_BYTES);
		}
		ret->passkey[i].credential.id = (bytes){ id, common[kind].len };
		ret->passkey[i].transports = common[kind].transports;
	}
}

#define DECOY 1 /* read in place of an account that there is not, as in sign_in.c */

static enum err
owner_find(struct job *job, const struct desk *desk, str user_name, struct staff *ret)
{
	enum err err = staff_of_name(job, desk->access, job->db, user_name, ret);

	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	err = staff_get(job, desk->access, job->db, DECOY, ret);
	if (err && err != ERR_ABSENT)
		return err;
	job_forgive(job);
	*ret = (struct staff){ 0 };
	return OK;
}

enum err
passkey_sign_in_begin(struct job *job, const struct desk *desk, str user_name, struct passkey_options *ret)
{
	struct passkey_options decoys = { 0 };
	struct staff owner;
	bytes binding;

	*ret = (struct passkey_options){ 0 };
	if (!user_name.len) {
		ret->challenge = challenge_make(job, desk, CHALLENGE_ANY, (bytes){ 0 });
		return OK;
	}
	binding = name_binding(job, desk, user_name);
	TRY(owner_find(job, desk, user_name, &owner));
	TRY(passkey_list(job, desk, job->db, owner.no ? owner.no : DECOY, &ret->passkey, &ret->count));
	decoys_make(job, desk, binding, &decoys);
	if (!owner.no || owner.state != STAFF_ACTIVE || !ret->count)
		*ret = decoys;
	ret->challenge = challenge_make(job, desk, CHALLENGE_NAMED, binding);
	return OK;
}

/* --- using one --------------------------------------------------------------------------------- */

struct use {
	const struct desk *desk;
	const struct session *session; /* NULL: a sign-in */
	struct passkey passkey;
	struct staff staff;
	bytes challenge;
	uint32_t counter_before;
	enum webauthn_fault fault;     /* found inside the steps */
	struct signed_in *ret;
};

/* Whom the challenge was given to.  A sign-in that asked nobody's name needs the passkey to say whose it is. */
static bool
challenge_fits(struct job *job, const struct use *use, const struct passkey_answer *answer)
{
	const struct desk *desk = use->desk;

	if (use->session)
		return challenge_holds(desk, CHALLENGE_PROVE, session_binding(use->session), job->now, use->challenge);
	if (answer->handle.len &&
	    challenge_holds(desk, CHALLENGE_ANY, (bytes){ 0 }, job->now, use->challenge))
		return true;
	return challenge_holds(desk, CHALLENGE_NAMED, name_binding(job, desk, use->staff.user_name), job->now,
	                       use->challenge);
}

/* Of the account that owns it, and of nobody else (X2). */
static bool
owner_fits(const struct use *use, const struct passkey_answer *answer)
{
	uid id = use->staff.id;

	if (use->session && use->session->staff != use->staff.no)
		return false;
	return !answer->handle.len || str_eq(bytes_str(answer->handle), bytes_str(uid_bytes(&id)));
}

static enum err
use_check(struct job *job, const struct webauthn_party *party, const struct passkey_answer *answer, struct use *use)
{
	bool there;

	use->fault = WEBAUTHN_CHALLENGE;
	if (!webauthn_challenge(job, answer->assertion.client_data, &use->challenge))
		return OK;
	use->fault = WEBAUTHN_UNKNOWN;
	TRY(passkey_find(job, use->desk, job->db, answer->id, &use->passkey, &there));
	if (!there)
		return OK;
	TRY(staff_get(job, use->desk->access, job->db, use->passkey.staff, &use->staff));
	if (!owner_fits(use, answer))
		return OK;
	use->fault = WEBAUTHN_CHALLENGE;
	if (!challenge_fits(job, use, answer))
		return OK;
	use->counter_before = use->passkey.credential.counter;
	use->fault = webauthn_assert(job, party, use->challenge, &answer->assertion, &use->passkey.credential);
	return OK;
}

/* X4.  Leaves a fault where something is no longer as it was. */
static enum err
use_settle(struct job *job, struct db *db, struct use *use)
{
	const struct webauthn_credential *credential = &use->passkey.credential;
	uid id = use->passkey.id;
	enum staff_state state;
	int64_t epoch, count;
	bool first;

	TRY(staff_word(job, db, use->staff.no, &state, &epoch));
	use->fault = WEBAUTHN_UNKNOWN;
	if (state != STAFF_ACTIVE || epoch != use->staff.epoch)
		return OK;
	TRY(challenge_use_steps(job, db, use->challenge, &first));
	use->fault = WEBAUTHN_CHALLENGE;
	if (!first)
		return OK;
	TRY(db_run(job, db, SQL_PASSKEY_USED,
	           ARGS(sql_i64(credential->counter), sql_i64(credential->backed_up), sql_i64(job->now),
	                sql_bytes(uid_bytes(&id)), sql_i64(use->staff.no), sql_i64(use->counter_before)),
	           &count));
	use->fault = count == 1 ? WEBAUTHN_OK : WEBAUTHN_UNKNOWN;
	return OK;
}

static enum err
sign_in_settle(struct job *job, struct db *db, void *arg)
{
	struct use *use = arg;
	struct session_new new = { .staff = use->staff.no, .method = AUTH_PASSKEY };
	bool there;

	TRY(use_settle(job, db, use));
	if (use->fault)
		return OK;
	TRY(sign_in_steps(job, use->desk, db, &use->staff, &new, &use->ret->token));
	return session_find(job, db, use->ret->token, &use->ret->session, &there);
}

static enum err
prove_settle(struct job *job, struct db *db, void *arg)
{
	struct use *use = arg;

	TRY(word_check(job, db, use->session));
	TRY(use_settle(job, db, use));
	if (use->fault)
		return OK;
	return prove_steps(job, use->desk, db, &use->staff, use->session, AUTH_PASSKEY, use->ret);
}

static enum err
use_run(struct job *job, const struct webauthn_party *party, const struct passkey_answer *answer, struct use *use,
        write_steps *steps)
{
	TRY(use_check(job, party, answer, use));
	if (!use->fault)
		TRY(store_write(job, use->desk->access->store, WRITE_ORDINARY, steps, use));
	if (!use->fault)
		return OK;
	if (use->staff.no && !use->session)
		TRY(sign_in_failed(job, use->desk, &use->staff, AUTH_PASSKEY));
	return refuse(job, use->desk, use->staff.no, ERR_SIGN_IN, use->fault);
}

enum err
passkey_sign_in(struct job *job, const struct desk *desk, const struct webauthn_party *party,
                const struct passkey_answer *answer, struct signed_in *ret)
{
	struct use use = { .desk = desk, .ret = ret };

	*ret = (struct signed_in){ .device = S("") };
	TRY(use_run(job, party, answer, &use, sign_in_settle));
	ret->staff = use.staff;
	return OK;
}

enum err
passkey_prove_begin(struct job *job, const struct desk *desk, const struct session *session,
                    struct passkey_options *ret)
{
	TRY(passkey_list(job, desk, job->db, session->staff, &ret->passkey, &ret->count));
	ret->challenge = challenge_make(job, desk, CHALLENGE_PROVE, session_binding(session));
	return OK;
}

enum err
passkey_prove(struct job *job, const struct desk *desk, const struct webauthn_party *party,
              const struct session *session, const struct passkey_answer *answer, struct signed_in *ret)
{
	struct use use = { .desk = desk, .session = session, .ret = ret };

	*ret = (struct signed_in){ .device = S("") };
	TRY(use_run(job, party, answer, &use, prove_settle));
	ret->staff = use.staff;
	return OK;
}
