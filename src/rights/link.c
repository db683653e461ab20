/* rights/link.c -- contract and K1, K2: see link.h. */
#include "rights/link.h"

#include "audit/entry.h"
#include "base/limits.h"
#include "os/random.h"

/* --- the token -------------------------------------------------------------------------------- */

/* What a token is in the store, and the key that it gives: the one does not lead to the other. */
struct token {
	uint8_t digest[DIGEST_BYTES];
	struct secret *key;
};

static void
token_end(struct token *token)
{
	secret_free(&token->key);
}

static void
token_of(struct secret *random, struct token *ret)
{
	const bytes use[] = { str_bytes(S("valv package key 1")) };

	digest_token((bytes){ secret_octets(random), KEY_BYTES }, ret->digest);
	ret->key = secret_new();
	digest_keyed(secret_octets(random), use, COUNT(use), secret_octets(ret->key));
}

static str
token_text(struct job *job, struct secret *random)
{
	OWNED(buf_release) struct buf text = { .max = LINK_TOKEN_CHARS };

	buf_hex(&text, (bytes){ secret_octets(random), KEY_BYTES });
	return arena_str(&job->arena, buf_str(&text));
}

static bool
token_read(str text, struct token *ret)
{
	OWNED(secret_free) struct secret *random = secret_new();

	if (text.len != LINK_TOKEN_CHARS || !str_hex(text, secret_octets(random), KEY_BYTES))
		return false;
	token_of(random, ret);
	return true;
}

/* It opens only for this person, in this form, until this time. */
static void
put_associated(struct buf *out, int64_t subject, const struct link *link)
{
	buf_put(out, S("valv package 1"));
	buf_le64(out, (uint64_t)subject);
	buf_u8(out, (uint8_t)link->format);
	buf_u8(out, (uint8_t)link->language);
	buf_le64(out, (uint64_t)link->expires_at);
}

/* --- making ----------------------------------------------------------------------------------- */

struct make_plan {
	const struct package *package;
	const struct link *link;
	bytes digest, sealed, body;
};

static enum err
waiting_check(struct job *job, struct db *db, int64_t subject)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_PACKAGE_COUNT, ARGS(sql_i64(subject), sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) >= LIMIT_PACKAGES)
		return fail(job, ERR_LIMIT, "limit_packages: as many packages as may wait for this person");
	return OK;
}

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	const struct make_plan *plan = arg;
	int64_t subject = plan->package->subject.no;

	TRY(waiting_check(job, db, subject));
	TRY(db_run(job, db, SQL_PACKAGE_PUT,
	           ARGS(sql_i64(subject), sql_bytes(plan->digest), sql_i64(job->now),
	                sql_i64(plan->link->expires_at), sql_i64(plan->link->format),
	                sql_i64(plan->link->language), sql_bytes(plan->sealed), sql_i64(job->actor.staff)),
	           NULL));
	return package_record_steps(job, db, plan->package, ENTRY_ACCESS, plan->body);
}

enum err
link_make(struct job *job, struct vault *vault, const struct package *package, bytes printed,
          const struct link *link, str *ret_token)
{
	OWNED(secret_free) struct secret *random = secret_random();
	OWNED(token_end) struct token token = { 0 };
	OWNED(buf_release) struct buf sealed = { .max = printed.len + SEAL_OVERHEAD };
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf body = { .max = 16 };
	struct make_plan plan = { .package = package, .link = link };

	token_of(random, &token);
	put_associated(&associated, package->subject.no, link);
	seal(secret_octets(token.key), buf_bytes(&associated), printed, &sealed);
	must(buf_ok(&sealed));
	package_entry_body(&body, link->format, link->expires_at);
	plan.digest = (bytes){ token.digest, sizeof(token.digest) };
	plan.sealed = buf_bytes(&sealed);
	plan.body = buf_bytes(&body);
	TRY(store_write(job, vault->store, WRITE_ORDINARY, make_steps, &plan));
	*ret_token = token_text(job, random);
	return OK;
}

/* --- looking and taking ------------------------------------------------------------------------ */

struct waiting {
	int64_t subject;
	struct link link;
	bytes sealed;
};

static enum err
waiting_find(struct job *job, const struct token *token, bool with_sealed, struct waiting *ret,
             bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, with_sealed ? SQL_PACKAGE_GET : SQL_PACKAGE_LOOK,
	             ARGS(sql_bytes((bytes){ token->digest, sizeof(token->digest) }), sql_i64(job->now)),
	             &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret = (struct waiting){
		.subject = rows_i64(&rows, 0),
		.link = { .expires_at = rows_i64(&rows, 1), .format = (enum package_format)rows_i64(&rows, 2),
		          .language = rows_i64(&rows, 3) == ENGLISH ? ENGLISH : SWEDISH },
	};
	if (with_sealed)
		ret->sealed = arena_bytes(&job->arena, rows_bytes(&rows, 4));
	return OK;
}

enum err
link_look(struct job *job, str text, struct link *ret, bool *ret_there)
{
	OWNED(token_end) struct token token = { 0 };
	struct waiting waiting;

	*ret_there = false;
	if (!token_read(text, &token))
		return OK;
	TRY(waiting_find(job, &token, false, &waiting, ret_there));
	if (*ret_there)
		*ret = waiting.link;
	return OK;
}

struct take_plan {
	const struct token *token;
	const struct waiting *waiting;
	bytes body;
	bool taken;
};

static enum err
take_steps(struct job *job, struct db *db, void *arg)
{
	struct take_plan *plan = arg;
	int64_t gone;

	TRY(db_run(job, db, SQL_PACKAGE_TAKE,
	           ARGS(sql_i64(plan->waiting->subject),
	                sql_bytes((bytes){ plan->token->digest, sizeof(plan->token->digest) }),
	                sql_i64(job->now)),
	           &gone));
	plan->taken = gone == 1;
	if (!plan->taken)
		return OK;
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_DOWNLOAD, .subject = plan->waiting->subject,
	                                     .purpose = PURPOSE_RIGHTS, .body = plan->body },
	                    NULL);
}

/* Opened first, so that a package that cannot be opened is not used up. */
enum err
link_take(struct job *job, struct vault *vault, str text, struct link *ret, bytes *ret_printed,
          bool *ret_there)
{
	OWNED(token_end) struct token token = { 0 };
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf body = { .max = 16 };
	struct waiting waiting;
	struct take_plan plan = { .token = &token, .waiting = &waiting };

	*ret_there = false;
	if (!token_read(text, &token))
		return OK;
	TRY(waiting_find(job, &token, true, &waiting, ret_there));
	if (!*ret_there)
		return OK;
	put_associated(&associated, waiting.subject, &waiting.link);
	TRY(seal_open(job, secret_octets(token.key), buf_bytes(&associated), waiting.sealed, ret_printed));
	package_entry_body(&body, waiting.link.format, waiting.link.expires_at);
	plan.body = buf_bytes(&body);
	TRY(store_write(job, vault->store, WRITE_ORDINARY, take_steps, &plan));
	*ret_there = plan.taken;
	*ret = waiting.link;
	return OK;
}

/* --- time ------------------------------------------------------------------------------------- */

struct expired {
	int64_t subject;
	bytes digest;
};

struct sweep_plan {
	struct expired *expired;
	size_t count;
};

static enum err
expired_list(struct job *job, size_t max, struct sweep_plan *plan)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	plan->expired = arena_array(&job->arena, max, sizeof(*plan->expired));
	TRY(db_query(job, job->db, SQL_PACKAGE_EXPIRED, ARGS(sql_i64(job->now), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		plan->expired[plan->count++] = (struct expired){
			rows_i64(&rows, 0), arena_bytes(&job->arena, rows_bytes(&rows, 1))
		};
	}
}

static enum err
sweep_steps(struct job *job, struct db *db, void *arg)
{
	const struct sweep_plan *plan = arg;

	for (size_t i = 0; i < plan->count; i++)
		TRY(db_run(job, db, SQL_PACKAGE_DROP,
		           ARGS(sql_i64(plan->expired[i].subject), sql_bytes(plan->expired[i].digest)), NULL));
	return OK;
}

enum err
links_sweep(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	struct sweep_plan plan = { 0 };

	TRY(expired_list(job, max, &plan));
	if (plan.count)
		TRY(store_write(job, vault->store, WRITE_ORDINARY, sweep_steps, &plan));
	*ret_count = plan.count;
	return OK;
}
