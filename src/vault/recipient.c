/* vault/recipient.c -- contract and E1-E3: see recipient.h. */
#include "vault/recipient.h"

#include "audit/entry.h"
#include "base/limits.h"
#include "vault/deliver.h"

#define SECRET_KEY S("recipient")   /* the named key that seals secrets */
#define SECRET_PREFIX S("whsec_")   /* as Standard Webhooks writes them */

/* --- reading ---------------------------------------------------------------------------------- */

static void
recipient_row(struct job *job, const struct rows *rows, struct recipient *ret)
{
	*ret = (struct recipient){
		.no = rows_i64(rows, 0),
		.name = arena_str(&job->arena, rows_text(rows, 1)),
		.title = arena_str(&job->arena, rows_text(rows, 2)),
		.role = arena_str(&job->arena, rows_text(rows, 3)),
		.contact = arena_str(&job->arena, rows_text(rows, 4)),
		.url = arena_str(&job->arena, rows_text(rows, 5)),
		.state = (enum recipient_state)rows_i64(rows, 6),
		.secret_there = rows_i64(rows, 7),
		.old_until_at = rows_time(rows, 8),
		.resume_at = rows_time(rows, 9),
		.updated_at = rows_time(rows, 10),
	};
}

static enum err
recipient_query(struct job *job, struct db *db, enum sql sql, struct sql_arg key, struct recipient *ret,
                bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, sql, &key, 1, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (*ret_there)
		recipient_row(job, &rows, ret);
	return OK;
}

enum err
recipient_get(struct job *job, str name, struct recipient *ret)
{
	bool there;

	TRY(recipient_query(job, job->db, SQL_RECIPIENT_GET, sql_text(name), ret, &there));
	return there ? OK : fail(job, ERR_ABSENT, "there is no such recipient");
}

enum err
recipient_get_no(struct job *job, struct db *db, int64_t no, struct recipient *ret)
{
	bool there;

	TRY(recipient_query(job, db, SQL_RECIPIENT_GET_NO, sql_i64(no), ret, &there));
	return there ? OK : fail(job, ERR_ABSENT, "there is no such recipient");
}

enum err
recipient_find(struct job *job, str name_or_title, struct recipient *ret)
{
	bool there;

	TRY(recipient_query(job, job->db, SQL_RECIPIENT_GET, sql_text(name_or_title), ret, &there));
	if (!there)
		TRY(recipient_query(job, job->db, SQL_RECIPIENT_GET_TITLE, sql_text(name_or_title), ret, &there));
	return there ? OK : fail(job, ERR_ABSENT, "there is no such recipient");
}

enum err
recipient_list(struct job *job, int64_t after_no, size_t max, struct recipient **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct recipient *list = arena_array(&job->arena, max, sizeof(*list));
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_RECIPIENT_AFTER, ARGS(sql_i64(after_no), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		recipient_row(job, &rows, &list[count++]);
	}
	*ret = list;
	*ret_count = count;
	return OK;
}

bool
version_names(const struct purpose_version *version, const struct recipient *recipient)
{
	for (size_t i = 0; i < version->recipient_count; i++)
		if (str_eq(version->recipient[i], recipient->name) ||
		    str_eq(version->recipient[i], recipient->title))
			return true;
	return false;
}

/* --- secrets ---------------------------------------------------------------------------------- */

/* Binds the secret to its recipient. */
static void
secret_associated(struct buf *out, int64_t no)
{
	buf_put(out, S("webhook secret"));
	buf_le64(out, (uint64_t)no);
}

static void
secret_seal(struct job *job, const uint8_t *key, int64_t no, struct secret *secret, bytes *ret)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = KEY_BYTES + SEAL_OVERHEAD };

	secret_associated(&associated, no);
	seal(key, buf_bytes(&associated), (bytes){ secret_octets(secret), KEY_BYTES }, &sealed);
	*ret = arena_bytes(&job->arena, buf_bytes(&sealed));
}

static enum err
secret_open(struct job *job, const uint8_t *key, int64_t no, bytes sealed, struct secret **ret)
{
	OWNED(secret_free) struct secret *secret = secret_new();
	OWNED(buf_release) struct buf associated = { .max = 64 };

	secret_associated(&associated, no);
	if (sealed.len != KEY_BYTES + SEAL_OVERHEAD ||
	    !seal_open_into(key, buf_bytes(&associated), sealed, secret_octets(secret)))
		return fail(job, ERR_CRYPTO, "a webhook's secret could not be opened");
	*ret = secret;
	secret = NULL;
	return OK;
}

/* Once, for the one who put it (E1). */
static str
secret_text(struct job *job, struct secret *secret)
{
	OWNED(buf_release) struct buf text = { .max = 128 };

	buf_put(&text, SECRET_PREFIX);
	buf_base64(&text, (bytes){ secret_octets(secret), KEY_BYTES });
	return arena_str(&job->arena, buf_str(&text));
}

enum err
recipient_secrets(struct job *job, struct vault *vault, int64_t no, struct recipient_secrets *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	OWNED(recipient_secrets_end) struct recipient_secrets secrets = { 0 };
	const uint8_t *key;
	bool there;

	TRY(keys_named(job, vault->keys, vault->store, SECRET_KEY, &key));
	TRY(db_query(job, job->db, SQL_RECIPIENT_SECRET_GET, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there || rows_null(&rows, 0))
		return fail(job, ERR_ABSENT, "the recipient has no secret");
	TRY(secret_open(job, key, no, rows_bytes(&rows, 0), &secrets.secret[0]));
	if (!rows_null(&rows, 1) && rows_time(&rows, 2) > job->now) /* E2 */
		TRY(secret_open(job, key, no, rows_bytes(&rows, 1), &secrets.secret[1]));
	*ret = secrets;
	secrets = (struct recipient_secrets){ 0 };
	return OK;
}

void
recipient_secrets_end(struct recipient_secrets *secrets)
{
	secret_free(&secrets->secret[0]);
	secret_free(&secrets->secret[1]);
}

/* --- writing ---------------------------------------------------------------------------------- */

struct put_plan {
	struct recipient *recipient;
	const uint8_t *key;
	struct secret *secret; /* a fresh one, for a webhook that has none */
	bool created, secret_used;
};

/* A title or name means one recipient only: purposes name them by either. */
static enum err
unambiguous(struct job *job, struct db *db, const struct recipient *wanted)
{
	struct recipient other;
	bool there;

	TRY(recipient_query(job, db, SQL_RECIPIENT_GET_TITLE, sql_text(wanted->title), &other, &there));
	if (there && !str_eq(other.name, wanted->name))
		return fail_at(job, ERR_CONFLICT, S("/title"), "another recipient has that title");
	TRY(recipient_query(job, db, SQL_RECIPIENT_GET, sql_text(wanted->title), &other, &there));
	if (there && !str_eq(other.name, wanted->name))
		return fail_at(job, ERR_CONFLICT, S("/title"), "another recipient has that name");
	return OK;
}

static enum err
room_for_one(struct job *job, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_RECIPIENT_COUNT, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) >= LIMIT_RECIPIENTS_KNOWN)
		return fail(job, ERR_LIMIT, "limit_recipients_known: the register is full");
	return OK;
}

static enum err
row_put(struct job *job, struct db *db, struct recipient *recipient)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_RECIPIENT_PUT,
	             ARGS(sql_text(recipient->name), sql_text(recipient->title), sql_text(recipient->role),
	                  sql_text(recipient->contact),
	                  recipient->url.len ? sql_text(recipient->url) : sql_null(), sql_i64(job->now),
	                  sql_i64(job->actor.staff)), /* whoever put it there last answers for it */
	             &rows));
	TRY(rows_next(job, &rows, &there));
	must(there);
	recipient->no = rows_i64(&rows, 0);
	return OK;
}

/* A new secret beside or in place of the one that is there. */
static enum err
secret_put(struct job *job, struct db *db, const uint8_t *key, int64_t no, struct secret *secret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes sealed, old = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_RECIPIENT_SECRET_GET, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		old = arena_bytes(&job->arena, rows_bytes(&rows, 0));
	rows_end(&rows);
	secret_seal(job, key, no, secret, &sealed);
	return db_run(job, db, SQL_RECIPIENT_SECRET_PUT,
	              ARGS(sql_bytes(sealed), sql_bytes_or_null(old),
	                   old.len ? sql_i64(job->now + RECIPIENT_OVERLAP) : sql_null(), sql_i64(job->now),
	                   sql_i64(no)),
	              NULL);
}

static enum err
recipient_entry(struct job *job, struct db *db, int64_t no)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	buf_le64(&body, (uint64_t)no);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_RECIPIENT_PUT, .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	struct put_plan *plan = arg;
	struct recipient before;
	bool there;

	TRY(unambiguous(job, db, plan->recipient));
	TRY(recipient_query(job, db, SQL_RECIPIENT_GET, sql_text(plan->recipient->name), &before, &there));
	plan->created = !there;
	if (!there)
		TRY(room_for_one(job, db));
	TRY(row_put(job, db, plan->recipient));
	plan->secret_used = plan->recipient->url.len && !(there && before.secret_there);
	if (plan->secret_used)
		TRY(secret_put(job, db, plan->key, plan->recipient->no, plan->secret));
	if (!plan->recipient->url.len)
		TRY(db_run(job, db, SQL_OUTBOX_TO_PROGRAMS, ARGS(sql_i64(job->now), sql_i64(plan->recipient->no)),
		           NULL));
	return recipient_entry(job, db, plan->recipient->no);
}

/* What the guard would refuse at every call is better refused here, where somebody reads it. */
static enum err
url_check(struct job *job, str url)
{
	struct networks networks;
	const char *why;
	str text;

	if (!url.len)
		return OK;
	TRY(delivery_networks(job, &networks, &text));
	if (!hook_url_fits(url, &networks, &why))
		return job_fail_at(job, ERR_INVALID, S("/webhook"), why, __FILE__, __LINE__);
	return OK;
}

enum err
recipient_put(struct job *job, struct vault *vault, struct recipient *recipient, bool *ret_created,
              str *ret_secret)
{
	OWNED(secret_free) struct secret *secret = secret_random();
	struct put_plan plan = { .recipient = recipient, .secret = secret };

	TRY(url_check(job, recipient->url));
	TRY(keys_named(job, vault->keys, vault->store, SECRET_KEY, &plan.key));
	TRY(store_write(job, vault->store, WRITE_ORDINARY, put_steps, &plan));
	*ret_created = plan.created;
	*ret_secret = plan.secret_used ? secret_text(job, secret) : S("");
	return OK;
}

struct rotate_secret {
	str name;
	const uint8_t *key;
	struct secret *secret;
};

static enum err
secret_steps(struct job *job, struct db *db, void *arg)
{
	struct rotate_secret *plan = arg;
	struct recipient recipient;
	bool there;

	TRY(recipient_query(job, db, SQL_RECIPIENT_GET, sql_text(plan->name), &recipient, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such recipient");
	if (!recipient.url.len)
		return fail(job, ERR_CONFLICT, "the recipient has no webhook");
	TRY(secret_put(job, db, plan->key, recipient.no, plan->secret));
	return recipient_entry(job, db, recipient.no);
}

enum err
recipient_secret_new(struct job *job, struct vault *vault, str name, str *ret_secret)
{
	OWNED(secret_free) struct secret *secret = secret_random();
	struct rotate_secret plan = { .name = name, .secret = secret };

	TRY(keys_named(job, vault->keys, vault->store, SECRET_KEY, &plan.key));
	TRY(store_write(job, vault->store, WRITE_ORDINARY, secret_steps, &plan));
	*ret_secret = secret_text(job, secret);
	return OK;
}
