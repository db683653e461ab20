/* access/provider_sign_in.c -- signing in through the provider: P1 to P3 of provider.h. */
#include "access/credential.h"
#include "access/provider.h"
#include "base/limits.h"
#include "os/random.h"

#define COOKIE_KEY S("oidc-attempt")
#define COOKIE_MAX 512

static const char *const id_token_typ[] = { "", "JWT", NULL };

/* --- the attempt in the cookie (P2) ------------------------------------------------------------------ */

struct kept {
	uint8_t seed[OIDC_SEED_BYTES];
	time_us begun_at;
	int64_t version;             /* of the provider's definition */
	bool again;                  /* with the session below */
	uid session;
	int64_t staff;
};

static enum err
cookie_write(struct job *job, const struct access *access, const struct kept *kept, str *ret)
{
	OWNED(buf_release) struct buf plain = { .max = COOKIE_MAX }, sealed = { .max = COOKIE_MAX };
	OWNED(buf_release) struct buf text = { .max = COOKIE_MAX };
	const uint8_t *key;

	TRY(keys_named(job, access->keys, access->store, COOKIE_KEY, &key));
	buf_data(&plain, (bytes){ kept->seed, sizeof(kept->seed) });
	buf_le64(&plain, (uint64_t)kept->begun_at);
	buf_le64(&plain, (uint64_t)kept->version);
	buf_u8(&plain, kept->again);
	if (kept->again) {
		buf_data(&plain, uid_bytes(&kept->session));
		buf_le64(&plain, (uint64_t)kept->staff);
	}
	seal(key, str_bytes(COOKIE_KEY), buf_bytes(&plain), &sealed);
	buf_base64url(&text, buf_bytes(&sealed));
	must(buf_ok(&plain) && buf_ok(&sealed) && buf_ok(&text));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

static bool
kept_read(bytes rest, struct kept *ret)
{
	bytes seed, session;
	uint64_t begun, version, staff;
	uint8_t again;

	if (!eat_bytes(&rest, OIDC_SEED_BYTES, &seed) || !eat_le64(&rest, &begun) || !eat_le64(&rest, &version) ||
	    !eat_u8(&rest, &again))
		return false;
	memcpy(ret->seed, seed.ptr, sizeof(ret->seed));
	ret->begun_at = (time_us)begun;
	ret->version = (int64_t)version;
	ret->again = again;
	if (!again)
		return !rest.len;
	if (!eat_bytes(&rest, sizeof(ret->session), &session) || !eat_le64(&rest, &staff) ||
	    !uid_from_bytes(session, &ret->session))
		return false;
	ret->staff = (int64_t)staff;
	return !rest.len;
}

static enum err
not_ours(struct job *job)
{
	job_forgive(job);
	return fail(job, ERR_UNAUTHENTICATED, "this browser began no sign-in, or its ten minutes are over");
}

static enum err
cookie_read(struct job *job, const struct access *access, str cookie, struct kept *ret)
{
	const uint8_t *key;
	bytes sealed, plain;

	TRY(keys_named(job, access->keys, access->store, COOKIE_KEY, &key));
	if (cookie.len > COOKIE_MAX || !base64url_read(&job->arena, cookie, &sealed) ||
	    seal_open(job, key, str_bytes(COOKIE_KEY), sealed, &plain) || !kept_read(plain, ret))
		return not_ours(job);
	if (ret->begun_at > job->now || job->now - ret->begun_at > PROVIDER_ATTEMPT_US)
		return not_ours(job);
	return OK;
}

/* --- beginning ----------------------------------------------------------------------------------------- */

static struct oidc_client
client_of(struct job *job, const struct provider *provider)
{
	OWNED(buf_release) struct buf redirect = { .max = OIDC_URL_MAX + 64 };

	buf_put(&redirect, provider->address);
	buf_put(&redirect, PROVIDER_CALLBACK);
	return (struct oidc_client){
		.issuer = provider->issuer,
		.client_id = provider->client_id,
		.client_secret = provider->secret,
		.redirect_uri = arena_str(&job->arena, buf_str(&redirect)),
		.scopes = provider->scopes,
	};
}

enum err
provider_begin(struct job *job, const struct access *access, const struct oidc_reach *reach,
               const struct session *again, str *ret_url, str *ret_cookie)
{
	OWNED(buf_release) struct buf url = { .max = 4 * OIDC_URL_MAX };
	struct kept kept = { .begun_at = job->now, .again = again };
	struct oidc_attempt attempt = { .begun_at = job->now, .fresh = again };
	struct oidc_metadata metadata;
	struct oidc_client client;
	struct provider provider;

	TRY(provider_get(job, access, job->db, &provider));
	TRY(oidc_metadata(job, reach, provider.issuer, &metadata));
	os_random(kept.seed, sizeof(kept.seed));
	kept.version = provider.version;
	if (again) {
		kept.session = again->id;
		kept.staff = again->staff;
	}
	oidc_attempt_of(job, kept.seed, &attempt);
	client = client_of(job, &provider);
	oidc_authorization_url(&client, &metadata, &attempt, &url);
	if (!buf_ok(&url))
		return fail(job, ERR_INVALID, "the address of the provider is too long");
	*ret_url = arena_str(&job->arena, buf_str(&url));
	TRY(cookie_write(job, access, &kept, ret_cookie));
	wipe(&kept, sizeof(kept));
	return OK;
}

/* --- what came back -------------------------------------------------------------------------------------- */

struct finishing {
	const struct access *access;
	const struct oidc_reach *reach;
	const struct provider_answer *answer;
	struct kept kept;
	struct oidc_attempt attempt;
	struct provider provider;
	struct oidc_metadata metadata;
	struct id_token token;
	struct provider_done *ret;
	bool made;
};

static enum err
refuse_all(struct job *job, const char *why)
{
	job_forgive(job);
	return job_fail(job, ERR_UNAUTHENTICATED, why, __FILE__, __LINE__);
}

/* RFC 9207: an answer that another provider made must not be taken to this one. */
static enum err
answer_check(struct job *job, const struct finishing *f)
{
	const struct provider_answer *answer = f->answer;

	if (answer->state.len != f->attempt.state.len ||
	    !digest_equal(str_bytes(answer->state), str_bytes(f->attempt.state)))
		return refuse_all(job, "the answer is to another attempt than this browser's");
	if (f->provider.version != f->kept.version)
		return refuse_all(job, "the identity provider was changed meanwhile");
	if ((answer->issuer.len || f->metadata.says_issuer) && !str_eq(answer->issuer, f->provider.issuer))
		return refuse_all(job, "the answer does not come from the identity provider");
	return OK;
}

static enum err
use_steps(struct job *job, struct db *db, void *arg)
{
	const struct finishing *f = arg;
	bool new;

	TRY(seen_put_steps(job, db, S("state"), f->provider.issuer, f->attempt.state,
	                   f->kept.begun_at + PROVIDER_ATTEMPT_US + TIME_SECOND, &new));
	return new ? OK : fail(job, ERR_UNAUTHENTICATED, "the answer was used before");
}

/* Whatever a token or an answer of the provider is refused for, is refused as one thing. */
static enum err
as_refusal(struct job *job, enum err err)
{
	const char *why = job->failure.why;

	return err == ERR_INVALID || err == ERR_ABSENT ? refuse_all(job, why ? why : "the provider's answer does not hold")
	                                               : err;
}

static enum err
token_get(struct job *job, struct finishing *f)
{
	struct jws_rules jws = { f->metadata.algs, id_token_typ };
	struct id_token_rules rules = {
		.issuer = f->provider.issuer,
		.client_id = f->provider.client_id,
		.nonce = f->attempt.nonce,
		.begun_at = f->kept.begun_at,
		.fresh = f->kept.again,
		.groups_claim = f->provider.groups_claim,
	};
	struct oidc_client client = client_of(job, &f->provider);
	struct oidc_tokens tokens;
	str payload;

	TRY(oidc_code_redeem(job, f->reach, &client, &f->metadata, &f->attempt, f->answer->code, &tokens));
	TRY(oidc_token_open(job, f->reach, f->metadata.jwks_uri, &jws, tokens.id_token, &payload, &rules.alg));
	rules.access_token = tokens.access_token;
	return id_token_read(job, &rules, payload, &f->token);
}

/* --- who it is (P1, P3) ------------------------------------------------------------------------------------ */

static bool
has_group(const struct id_token *token, str group)
{
	for (size_t i = 0; i < token->group_count; i++)
		if (str_eq(token->group[i], group))
			return true;
	return false;
}

static enum err
role_add(struct job *job, struct db *db, const struct provider_group *group, struct staff_role *list, size_t *count)
{
	struct role role;
	enum err err = role_of_name(job, db, group->role, &role);

	if (err == ERR_ABSENT) { /* it was taken away since; whoever has the group gets nothing by it */
		job_forgive(job);
		return OK;
	}
	TRY(err);
	for (size_t i = 0; i < *count; i++)
		if (list[i].role == role.no)
			return OK; /* the first group that gives a role says for which purposes */
	if (*count == LIMIT_STAFF_ROLES)
		return OK;
	list[(*count)++] = (struct staff_role){ .role = role.no,
		                                .source = ROLE_BY_CLAIM,
		                                .all_purposes = group->all_purposes,
		                                .purposes = group->purposes,
		                                .since_at = job->now };
	return OK;
}

static enum err
roles_of_groups(struct job *job, struct db *db, const struct finishing *f, struct staff_role **ret, size_t *ret_count)
{
	struct staff_role *list = arena_array(&job->arena, LIMIT_STAFF_ROLES, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < f->provider.group_count; i++)
		if (has_group(&f->token, f->provider.group[i].group))
			TRY(role_add(job, db, &f->provider.group[i], list, &count));
	*ret = list;
	*ret_count = count;
	return OK;
}

static enum err
join(struct job *job, struct db *db, struct finishing *f, size_t roles)
{
	struct staff staff = {
		.state = STAFF_ACTIVE,
		.issuer = f->provider.issuer,
		.subject = f->token.subject,
		.user_name = f->token.user_name.len ? f->token.user_name
		             : f->token.email.len   ? f->token.email
		                                    : f->token.subject,
		.display_name = f->token.name,
		.email = f->token.email,
	};
	enum err err;

	job_forgive(job);
	if (!f->provider.joiners || !roles)
		return fail(job, ERR_DENIED, "there is no account here for who you are there");
	err = staff_make_steps(job, f->access, db, &staff);
	if (err == ERR_CONFLICT || err == ERR_INVALID) {
		job_forgive(job);
		return fail(job, ERR_DENIED, "there is no account here for who you are there, and your name is taken");
	}
	TRY(err);
	f->ret->staff = staff;
	f->made = true;
	return OK;
}

static enum err
staff_find(struct job *job, struct db *db, struct finishing *f, size_t roles)
{
	struct staff *staff = &f->ret->staff;
	enum err err = staff_of_identity(job, f->access, db, f->provider.issuer, f->token.subject, staff);

	if (err == ERR_ABSENT)
		return join(job, db, f, roles);
	TRY(err);
	if (staff->state == STAFF_ENDED)
		return fail(job, ERR_DENIED, "there is no account here for who you are there");
	if (staff->state == STAFF_INVITED) {
		staff->state = STAFF_ACTIVE;
		return staff_change_steps(job, f->access, db, staff);
	}
	return OK;
}

/* Only what changes anything is written: each sign-in would leave an entry otherwise. */
static bool
same_roles(const struct staff_role *before, size_t before_count, const struct staff_role *role, size_t count)
{
	size_t same = 0, by_claim = 0;

	for (size_t i = 0; i < before_count; i++) {
		by_claim += before[i].source == ROLE_BY_CLAIM;
		for (size_t k = 0; k < count && before[i].source == ROLE_BY_CLAIM; k++)
			same += before[i].role == role[k].role && before[i].all_purposes == role[k].all_purposes &&
			        str_eq(bytes_str(before[i].purposes), bytes_str(role[k].purposes));
	}
	return same == count && by_claim == count;
}

static enum err
roles_settle(struct job *job, struct db *db, struct finishing *f, const struct staff_role *role, size_t count)
{
	struct staff_role *before;
	size_t before_count;

	if (!f->provider.groups_claim.len)
		return OK;
	TRY(staff_roles(job, db, f->ret->staff.no, &before, &before_count));
	if (same_roles(before, before_count, role, count))
		return OK;
	return staff_roles_put_steps(job, db, f->ret->staff.no, ROLE_BY_CLAIM, role, count);
}

/* P4: logged out there since this attempt began. */
static enum err
still_in(struct job *job, struct db *db, const struct finishing *f)
{
	time_us subject_at, sid_at = 0;

	TRY(seen_at(job, db, S("out-sub"), f->provider.issuer, f->token.subject, &subject_at));
	if (f->token.sid.len)
		TRY(seen_at(job, db, S("out-sid"), f->provider.issuer, f->token.sid, &sid_at));
	if (sid_at || (subject_at && subject_at >= f->kept.begun_at))
		return fail(job, ERR_UNAUTHENTICATED, "you were signed out there meanwhile");
	return OK;
}

/* --- in -------------------------------------------------------------------------------------------------- */

/* What the provider vouches for: several factors, when it says so in the one word that means just that (RFC 8176
 * section 2, "mfa").  What acr means each provider decides for itself. */
static uint32_t
method_of(const struct id_token *token)
{
	str rest = token->amr, word;

	while (rest.len) {
		if (!eat_until(&rest, ' ', &word)) {
			word = rest;
			rest = S("");
		}
		if (str_eq(word, S("mfa")))
			return AUTH_OIDC | AUTH_OIDC_TWO;
	}
	return AUTH_OIDC;
}

/* id | le32 method | block of amr | block of acr: how the provider says that it was proved */
static enum err
entry_of(struct job *job, struct db *db, const struct finishing *f, enum entry_act act)
{
	OWNED(buf_release) struct buf body = { .max = 8 * 1024 };

	buf_data(&body, uid_bytes(&f->ret->staff.id));
	buf_le32(&body, method_of(&f->token));
	buf_block(&body, str_bytes(f->token.amr));
	buf_block(&body, str_bytes(f->token.acr));
	must(buf_ok(&body));
	return entry_append(job, db, &(struct entry){ .act = act, .body = buf_bytes(&body) }, NULL);
}

static void
acts_as(struct job *job, const struct finishing *f)
{
	int64_t no = f->ret->staff.no;

	job->actor = (struct actor){ .kind = ACTOR_STAFF, .no = no, .staff = no };
}

static enum err
session_begin(struct job *job, struct db *db, struct finishing *f)
{
	struct session_new new = {
		.staff = f->ret->staff.no,
		.method = method_of(&f->token),
		/* Not said, or before the attempt: they may have proved it hours ago, so this is no fresh proof. */
		.proved_at = f->token.auth_at == TIME_NEVER ? f->kept.begun_at - SESSION_FRESH
		             : f->token.auth_at < job->now  ? f->token.auth_at
		                                            : job->now,
		.sid = f->token.sid,
	};

	acts_as(job, f);
	TRY(session_make_steps(job, f->access, db, &new, &f->ret->token));
	TRY(sign_in_put_steps(job, db, new.staff, new.method, OK)); /* for them to see */
	return entry_of(job, db, f, ENTRY_SIGN_IN);
}

static enum err
in_steps(struct job *job, struct db *db, void *arg)
{
	struct finishing *f = arg;
	struct staff_role *role;
	size_t count;

	f->made = false;
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	TRY(still_in(job, db, f));
	TRY(roles_of_groups(job, db, f, &role, &count));
	TRY(staff_find(job, db, f, count));
	TRY(roles_settle(job, db, f, role, count));
	return session_begin(job, db, f);
}

static enum err
again_steps(struct job *job, struct db *db, void *arg)
{
	struct finishing *f = arg;
	struct session session;
	bool there;

	TRY(still_in(job, db, f));
	TRY(staff_get(job, f->access, db, f->kept.staff, &f->ret->staff));
	if (f->ret->staff.state != STAFF_ACTIVE || !str_eq(f->ret->staff.issuer, f->provider.issuer) ||
	    !str_eq(f->ret->staff.subject, f->token.subject))
		return fail(job, ERR_UNAUTHENTICATED, "somebody else signed in there than is signed in here");
	TRY(session_of_id(job, db, f->kept.staff, f->kept.session, &session, &there));
	if (!there || session.epoch != f->ret->staff.epoch)
		return fail(job, ERR_UNAUTHENTICATED, "the session has ended meanwhile");
	acts_as(job, f);
	TRY(session_prove_steps(job, db, &session, method_of(&f->token), job->now, &session, &f->ret->token));
	return entry_of(job, db, f, ENTRY_STEP_UP);
}

static enum err
answer_use(struct job *job, struct finishing *f)
{
	TRY(provider_get(job, f->access, job->db, &f->provider));
	TRY(oidc_metadata(job, f->reach, f->provider.issuer, &f->metadata));
	oidc_attempt_of(job, f->kept.seed, &f->attempt);
	TRY(answer_check(job, f));
	TRY(store_write(job, f->access->store, WRITE_ORDINARY, use_steps, f)); /* P2 */
	if (f->answer->error.len)
		return fail(job, ERR_UNAUTHENTICATED, "the identity provider did not sign you in");
	if (!f->answer->code.len)
		return fail(job, ERR_UNAUTHENTICATED, "the answer of the identity provider has no code");
	return token_get(job, f);
}

enum err
provider_finish(struct job *job, const struct access *access, const struct oidc_reach *reach,
                const struct provider_answer *answer, struct provider_done *ret)
{
	struct finishing f = { .access = access, .reach = reach, .answer = answer, .ret = ret };

	TRY(cookie_read(job, access, answer->cookie, &f.kept));
	TRY(as_refusal(job, answer_use(job, &f)));
	return store_write(job, access->store, WRITE_ORDINARY, f.kept.again ? again_steps : in_steps, &f);
}
