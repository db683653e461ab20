/* access/credential.c -- contract and V1-V3: credential.h. */
#include "access/credential.h"

#include "access/desk.h"
#include "access/staff.h"
#include "audit/fact.h"
#include "base/limits.h"
#include "crypto/password.h"

#define SEALED_MAX (PASSWORD_HASH_BYTES_MAX + SEAL_OVERHEAD)

/* V1: it opens only for this account, and only as what it is. */
static void
put_associated(struct buf *out, str what, int64_t staff)
{
	buf_put(out, S("valv credential 1 "));
	buf_put(out, what);
	buf_le64(out, (uint64_t)staff);
}

static bytes
sealed_for(struct job *job, const uint8_t *key, str what, int64_t staff, bytes plain)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = SEALED_MAX };

	put_associated(&associated, what, staff);
	seal(key, buf_bytes(&associated), plain, &sealed);
	must(buf_ok(&associated) && buf_ok(&sealed));
	return arena_bytes(&job->arena, buf_bytes(&sealed));
}

static enum err
opened_for(struct job *job, const uint8_t *key, str what, int64_t staff, bytes sealed, bytes *ret)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };

	put_associated(&associated, what, staff);
	return seal_open(job, key, buf_bytes(&associated), sealed, ret);
}

/* --- reading ------------------------------------------------------------------------------------- */

static enum err
password_get(struct job *job, const uint8_t *key, struct db *db, struct credentials *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes hash;
	bool there;

	TRY(db_query(job, db, SQL_PASSWORD_GET, ARGS(sql_i64(ret->staff)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	ret->hash_sealed = arena_bytes(&job->arena, rows_bytes(&rows, 0));
	ret->password_short = rows_i64(&rows, 1);
	ret->password_at = rows_i64(&rows, 2);
	TRY(opened_for(job, key, S("password"), ret->staff, ret->hash_sealed, &hash));
	ret->hash = bytes_str(hash);
	return OK;
}

static enum err
totp_get(struct job *job, const uint8_t *key, struct db *db, struct credentials *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bytes secret;
	bool there;

	TRY(db_query(job, db, SQL_TOTP_GET, ARGS(sql_i64(ret->staff)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	ret->totp_sealed = arena_bytes(&job->arena, rows_bytes(&rows, 0));
	ret->totp_begun = true;
	ret->totp = !rows_null(&rows, 1);
	ret->totp_at = rows_time(&rows, 1);
	ret->totp_last_step = rows_null(&rows, 2) ? TOTP_NEVER : rows_i64(&rows, 2);
	TRY(opened_for(job, key, S("totp"), ret->staff, ret->totp_sealed, &secret));
	if (secret.len != TOTP_SECRET_BYTES)
		return fail(job, ERR_CORRUPT, "the secret of an authenticator app cannot be read");
	memcpy(ret->totp_secret, secret.ptr, TOTP_SECRET_BYTES);
	return OK;
}

static enum err
recovery_left(struct job *job, struct db *db, int64_t staff, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_RECOVERY_LEFT, ARGS(sql_i64(staff)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

enum err
credentials_get(struct job *job, const uint8_t *key, struct db *db, int64_t staff, struct credentials *ret)
{
	*ret = (struct credentials){
		.staff = staff, .password_at = TIME_NEVER, .totp_at = TIME_NEVER, .totp_last_step = TOTP_NEVER,
	};
	TRY(password_get(job, key, db, ret));
	TRY(totp_get(job, key, db, ret));
	return recovery_left(job, db, staff, &ret->recovery_left);
}

void
credentials_end(struct credentials *credentials)
{
	wipe(credentials->totp_secret, sizeof(credentials->totp_secret));
}

/* --- passwords ----------------------------------------------------------------------------------- */

enum err
password_put_steps(struct job *job, const uint8_t *key, struct db *db, int64_t staff, str hash, bool is_short)
{
	bytes sealed = sealed_for(job, key, S("password"), staff, str_bytes(hash));

	return db_run(job, db, SQL_PASSWORD_PUT,
	              ARGS(sql_i64(staff), sql_bytes(sealed), sql_i64(is_short), sql_i64(job->now)), NULL);
}

enum err
password_renew_steps(struct job *job, const uint8_t *key, struct db *db, const struct credentials *of, str hash)
{
	bytes sealed = sealed_for(job, key, S("password"), of->staff, str_bytes(hash));

	return db_run(job, db, SQL_PASSWORD_RENEW,
	              ARGS(sql_bytes(sealed), sql_i64(of->staff), sql_bytes(of->hash_sealed)), NULL);
}

/* --- authenticator apps -------------------------------------------------------------------------- */

enum err
totp_begin_steps(struct job *job, const uint8_t *key, struct db *db, int64_t staff,
                 const uint8_t secret[TOTP_SECRET_BYTES])
{
	bytes sealed = sealed_for(job, key, S("totp"), staff, (bytes){ secret, TOTP_SECRET_BYTES });

	return db_run(job, db, SQL_TOTP_PUT, ARGS(sql_i64(staff), sql_bytes(sealed)), NULL);
}

enum err
totp_confirm_steps(struct job *job, struct db *db, const struct credentials *of, int64_t step)
{
	int64_t changed;

	TRY(db_run(job, db, SQL_TOTP_CONFIRM,
	           ARGS(sql_i64(job->now), sql_i64(step), sql_i64(of->staff), sql_bytes(of->totp_sealed)), &changed));
	if (!changed)
		return fail(job, ERR_CONFLICT, "another authenticator app was begun meanwhile");
	return OK;
}

enum err
totp_use_steps(struct job *job, struct db *db, const struct credentials *of, int64_t step, bool *ret_used)
{
	int64_t changed;

	TRY(db_run(job, db, SQL_TOTP_USE, ARGS(sql_i64(step), sql_i64(of->staff), sql_bytes(of->totp_sealed)),
	           &changed));
	*ret_used = changed == 1;
	return OK;
}

enum err
totp_drop_steps(struct job *job, struct db *db, int64_t staff)
{
	TRY(db_run(job, db, SQL_TOTP_DROP, ARGS(sql_i64(staff)), NULL));
	return db_run(job, db, SQL_RECOVERY_DROP, ARGS(sql_i64(staff)), NULL);
}

/* --- recovery codes ------------------------------------------------------------------------------ */

void
recovery_codes_new(struct job *job, struct recovery_codes *ret)
{
	OWNED(buf_release) struct buf text = { .max = RECOVERY_CHARS };

	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		buf_clear(&text);
		recovery_new(&text, ret->digest[i]);
		must(buf_ok(&text));
		ret->text[i] = arena_str(&job->arena, buf_str(&text));
	}
}

enum err
recovery_put_steps(struct job *job, struct db *db, int64_t staff, const struct recovery_codes *codes)
{
	TRY(db_run(job, db, SQL_RECOVERY_DROP, ARGS(sql_i64(staff)), NULL));
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		TRY(db_run(job, db, SQL_RECOVERY_PUT,
		           ARGS(sql_i64(staff), sql_bytes((bytes){ codes->digest[i], DIGEST_BYTES })), NULL));
	return OK;
}

enum err
recovery_there(struct job *job, struct db *db, int64_t staff, const uint8_t digest[DIGEST_BYTES], bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_RECOVERY_THERE, ARGS(sql_i64(staff), sql_bytes((bytes){ digest, DIGEST_BYTES })),
	             &rows));
	return rows_next(job, &rows, ret_there);
}

enum err
recovery_use_steps(struct job *job, struct db *db, int64_t staff, const uint8_t digest[DIGEST_BYTES],
                   bool *ret_used)
{
	int64_t changed;
	uid id;

	TRY(db_run(job, db, SQL_RECOVERY_USE, ARGS(sql_i64(staff), sql_bytes((bytes){ digest, DIGEST_BYTES })),
	           &changed));
	*ret_used = changed == 1;
	if (!*ret_used)
		return OK;
	TRY(staff_id(job, db, staff, &id));
	return fact_recovery_used(job, db, id); /* no restore makes it good again */
}

/* --- known browsers ------------------------------------------------------------------------------ */

enum err
device_there(struct job *job, struct db *db, int64_t staff, str token, uint8_t ret_digest[DIGEST_BYTES],
             bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	digest_token(str_bytes(token), ret_digest);
	TRY(db_query(job, db, SQL_DEVICE_THERE,
	             ARGS(sql_bytes((bytes){ ret_digest, DIGEST_BYTES }), sql_i64(staff),
	                  sql_i64(job->now - DEVICE_KEPT)),
	             &rows));
	return rows_next(job, &rows, ret_there);
}

enum err
device_put_steps(struct job *job, struct db *db, int64_t staff, str *ret_token)
{
	uint8_t digest[DIGEST_BYTES];

	*ret_token = desk_token(job, S(""), digest);
	TRY(db_run(job, db, SQL_DEVICE_PUT,
	           ARGS(sql_bytes((bytes){ digest, sizeof(digest) }), sql_i64(staff), sql_i64(job->now)), NULL));
	return db_run(job, db, SQL_DEVICE_TRIM, ARGS(sql_i64(staff), sql_i64(LIMIT_DEVICES)), NULL);
}

enum err
device_used_steps(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES])
{
	return db_run(job, db, SQL_DEVICE_USED, ARGS(sql_i64(job->now), sql_bytes((bytes){ digest, DIGEST_BYTES })),
	              NULL);
}

enum err
device_drop_steps(struct job *job, struct db *db, int64_t staff)
{
	return db_run(job, db, SQL_DEVICE_DROP_OF, ARGS(sql_i64(staff)), NULL);
}

/* --- what happened lately ------------------------------------------------------------------------ */

enum err
sign_in_put_steps(struct job *job, struct db *db, int64_t staff, uint32_t method, enum err outcome)
{
	TRY(db_run(job, db, SQL_SIGN_IN_PUT,
	           ARGS(sql_i64(staff), sql_i64(job->now), sql_i64(method), sql_i64(outcome)), NULL));
	return db_run(job, db, SQL_SIGN_IN_TRIM, ARGS(sql_i64(staff), sql_i64(LIMIT_SIGN_INS)), NULL);
}

enum err
sign_in_list(struct job *job, int64_t staff, struct sign_in_row **ret, size_t *ret_count)
{
	struct sign_in_row *row = arena_array(&job->arena, LIMIT_SIGN_INS, sizeof(*row));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_SIGN_IN_LAST, ARGS(sql_i64(staff), sql_i64(LIMIT_SIGN_INS)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == LIMIT_SIGN_INS)
			break;
		row[count++] = (struct sign_in_row){ rows_i64(&rows, 0), (uint32_t)rows_i64(&rows, 1),
			                             (enum err)rows_i64(&rows, 2) };
	}
	*ret = row;
	*ret_count = count;
	return OK;
}
