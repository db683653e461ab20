/* access/staff.c -- contract and T1-T5: staff.h.  The end of an account is leave.c. */
#include "access/staff.h"

#include "audit/fact.h"
#include "base/limits.h"
#include "crypto/seal.h"
#include "os/random.h"
#include "type/precis.h"

#define SEALED_MAX (8 * 1024)
#define SEALED_FORM 1

/* --- digests and the sealed part -------------------------------------------------------------- */

static void
identity_digest(const struct access *access, str issuer, str subject, uint8_t ret[DIGEST_BYTES])
{
	const bytes parts[] = { str_bytes(S("identity")), str_bytes(issuer), str_bytes(subject) };

	digest_keyed(access->index_key, parts, COUNT(parts), ret);
}

static bool
name_digest(const struct access *access, str user_name, uint8_t ret[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf normal = { .max = LIMIT_USER_NAME_BYTES };
	const char *why;

	if (!precis_name(user_name, &normal, &why) || !buf_ok(&normal))
		return false;
	const bytes parts[] = { str_bytes(S("user_name")), buf_bytes(&normal) };
	digest_keyed(access->index_key, parts, COUNT(parts), ret);
	return true;
}

/* It opens only for this account. */
static void
put_associated(struct buf *out, int64_t no)
{
	buf_put(out, S("valv staff 1"));
	buf_le64(out, (uint64_t)no);
}

/* The order in which they are sealed. */
#define SEALED_PARTS 7
static void
parts_of(struct staff *staff, str *part[SEALED_PARTS])
{
	str *const all[SEALED_PARTS] = { &staff->issuer, &staff->subject,     &staff->user_name, &staff->display_name,
		                         &staff->email,  &staff->external_id, &staff->language };

	memcpy(part, all, sizeof(all));
}

static enum err
staff_seal(struct job *job, const struct access *access, struct staff *staff, struct buf *out)
{
	OWNED(buf_release) struct buf plain = { .max = SEALED_MAX };
	OWNED(buf_release) struct buf associated = { .max = 64 };
	str *part[SEALED_PARTS];

	buf_u8(&plain, SEALED_FORM);
	parts_of(staff, part);
	for (size_t i = 0; i < SEALED_PARTS; i++)
		buf_block(&plain, str_bytes(*part[i]));
	put_associated(&associated, staff->no);
	if (!buf_ok(&plain))
		return fail(job, ERR_LIMIT, "what is known of a staff member is too long");
	seal(access->seal_key, buf_bytes(&associated), buf_bytes(&plain), out);
	must(buf_ok(out));
	return OK;
}

static enum err
staff_unseal(struct job *job, const struct access *access, bytes sealed, struct staff *staff)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	str *part[SEALED_PARTS];
	bytes plain, block;
	uint8_t form;

	put_associated(&associated, staff->no);
	TRY(seal_open(job, access->seal_key, buf_bytes(&associated), sealed, &plain));
	if (!eat_u8(&plain, &form) || form != SEALED_FORM)
		return fail(job, ERR_CORRUPT, "a staff account cannot be read");
	parts_of(staff, part);
	for (size_t i = 0; i < SEALED_PARTS; i++) {
		if (!eat_block(&plain, &block))
			return fail(job, ERR_CORRUPT, "a staff account cannot be read");
		*part[i] = bytes_str(block);
	}
	return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

enum err
staff_word(struct job *job, struct db *db, int64_t no, enum staff_state *ret_state, int64_t *ret_epoch)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_STAFF_WORD, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no staff member has that number");
	*ret_state = (enum staff_state)rows_i64(&rows, 0);
	*ret_epoch = rows_i64(&rows, 1);
	return OK;
}

enum err
staff_id(struct job *job, struct db *db, int64_t no, uid *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_STAFF_ID, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such staff account");
	if (!uid_from_bytes(rows_bytes(&rows, 0), ret))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

static enum err
staff_row(struct job *job, const struct access *access, const struct rows *rows, struct staff *ret)
{
	*ret = (struct staff){
		.no = rows_i64(rows, 0),
		.state = (enum staff_state)rows_i64(rows, 2),
		.epoch = rows_i64(rows, 3),
		.created_at = rows_time(rows, 5),
		.changed_at = rows_time(rows, 6),
		.ended_at = rows_time(rows, 7),
		.version = rows_i64(rows, 8),
		.used_at = rows_time(rows, 9),
	};
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return staff_unseal(job, access, rows_bytes(rows, 4), ret);
}

static enum err
staff_one(struct job *job, const struct access *access, struct db *db, enum sql sql, struct sql_arg key,
          struct staff *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, ARGS(key), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such staff account");
	return staff_row(job, access, &rows, ret);
}

enum err
staff_get(struct job *job, const struct access *access, struct db *db, int64_t no, struct staff *ret)
{
	return staff_one(job, access, db, SQL_STAFF_GET, sql_i64(no), ret);
}

enum err
staff_of_id(struct job *job, const struct access *access, struct db *db, uid id, struct staff *ret)
{
	return staff_one(job, access, db, SQL_STAFF_OF_ID, sql_bytes(uid_bytes(&id)), ret);
}

enum err
staff_of_identity(struct job *job, const struct access *access, struct db *db, str issuer, str subject,
                  struct staff *ret)
{
	uint8_t digest[DIGEST_BYTES];

	identity_digest(access, issuer, subject, digest);
	return staff_one(job, access, db, SQL_STAFF_OF_IDENTITY, sql_bytes((bytes){ digest, sizeof(digest) }), ret);
}

enum err
staff_of_name(struct job *job, const struct access *access, struct db *db, str user_name, struct staff *ret)
{
	uint8_t digest[DIGEST_BYTES];

	if (!name_digest(access, user_name, digest))
		return fail(job, ERR_ABSENT, "there is no such staff account");
	return staff_one(job, access, db, SQL_STAFF_OF_NAME, sql_bytes((bytes){ digest, sizeof(digest) }), ret);
}

enum err
staff_list(struct job *job, const struct access *access, int64_t after_no, size_t max, struct staff **ret,
           size_t *ret_count)
{
	struct staff *staff = arena_array(&job->arena, max + 1, sizeof(*staff));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_STAFF_AFTER, ARGS(sql_i64(after_no), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		TRY(staff_row(job, access, &rows, &staff[count++]));
	}
	*ret = staff;
	*ret_count = count;
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

enum err
staff_count(struct job *job, struct db *db, int64_t *ret)
{
	return number_of(job, db, SQL_STAFF_ACTIVE_COUNT, ret);
}

/* --- making and changing ---------------------------------------------------------------------- */

/* Taken by another: the digest is there under another number. */
static enum err
taken_check(struct job *job, struct db *db, enum sql sql, const uint8_t digest[DIGEST_BYTES], int64_t no)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, sql, ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES })), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) != no)
		return fail_at(job, ERR_CONFLICT, sql == SQL_STAFF_OF_NAME ? S("/user_name") : S("/subject"),
		               "another account has it");
	return OK;
}

/* The body of entries about accounts is the account's public id. */
static enum err
entry_of_staff(struct job *job, struct db *db, enum entry_act act, uid id)
{
	return entry_append(job, db, &(struct entry){ .act = act, .body = uid_bytes(&id) }, NULL);
}

static str
id_text(struct job *job, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 36 };

	buf_uid(&text, id);
	return arena_str(&job->arena, buf_str(&text));
}

enum err
staff_make_steps(struct job *job, const struct access *access, struct db *db, struct staff *staff)
{
	OWNED(buf_release) struct buf sealed = { .max = SEALED_MAX + SEAL_OVERHEAD };
	uint8_t identity[DIGEST_BYTES], name[DIGEST_BYTES];
	int64_t last;

	if (!name_digest(access, staff->user_name, name))
		return fail_at(job, ERR_INVALID, S("/user_name"),
		               "is no name to sign in with: letters of one script, figures and signs (RFC 8265)");
	TRY(number_of(job, db, SQL_STAFF_LAST, &last));
	if (last >= LIMIT_STAFF)
		return fail(job, ERR_LIMIT, "limit_staff: as many staff accounts as there may be");
	staff->no = last + 1;
	staff->id = os_uid();
	staff->epoch = 1;
	staff->version = 1;
	staff->created_at = staff->changed_at = job->now;
	staff->ended_at = staff->used_at = TIME_NEVER;
	if (!staff->subject.len)
		staff->subject = id_text(job, staff->id);
	identity_digest(access, staff->issuer, staff->subject, identity);
	TRY(taken_check(job, db, SQL_STAFF_OF_IDENTITY, identity, 0));
	TRY(taken_check(job, db, SQL_STAFF_OF_NAME, name, 0));
	TRY(staff_seal(job, access, staff, &sealed));
	TRY(db_run(job, db, SQL_STAFF_PUT,
	           ARGS(sql_i64(staff->no), sql_bytes(uid_bytes(&staff->id)), sql_i64(staff->state),
	                sql_i64(staff->epoch), sql_bytes((bytes){ identity, sizeof(identity) }),
	                sql_bytes((bytes){ name, sizeof(name) }), sql_bytes(buf_bytes(&sealed)), sql_i64(job->now)),
	           NULL));
	return entry_of_staff(job, db, ENTRY_STAFF_MAKE, staff->id);
}

enum err
staff_change_steps(struct job *job, const struct access *access, struct db *db, struct staff *staff)
{
	OWNED(buf_release) struct buf sealed = { .max = SEALED_MAX + SEAL_OVERHEAD };
	uint8_t name[DIGEST_BYTES];
	struct staff before;

	TRY(staff_get(job, access, db, staff->no, &before));
	staff->issuer = before.issuer; /* T1 */
	staff->subject = before.subject;
	if (before.state != STAFF_INVITED || staff->state != STAFF_ACTIVE)
		staff->state = before.state; /* its end and its return have ways of their own */
	if (!name_digest(access, staff->user_name, name))
		return fail_at(job, ERR_INVALID, S("/user_name"),
		               "is no name to sign in with: letters of one script, figures and signs (RFC 8265)");
	TRY(taken_check(job, db, SQL_STAFF_OF_NAME, name, staff->no));
	TRY(staff_seal(job, access, staff, &sealed));
	TRY(db_run(job, db, SQL_STAFF_CHANGE,
	           ARGS(sql_i64(staff->state), sql_bytes((bytes){ name, sizeof(name) }), sql_bytes(buf_bytes(&sealed)),
	                sql_i64(job->now), sql_i64(staff->no)),
	           NULL));
	staff->version = before.version + 1;
	staff->changed_at = job->now;
	return entry_of_staff(job, db, ENTRY_STAFF_CHANGE, before.id);
}

enum err
staff_less_steps(struct job *job, struct db *db, int64_t no)
{
	uid id;

	TRY(staff_id(job, db, no, &id));
	db_touch(db, TOPIC_PRINCIPALS);
	return fact_staff_less(job, db, id);
}
