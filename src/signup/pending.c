/* signup/pending.c -- contract: pending.h. */
#include "signup/pending.h"

#include "vault/token.h"

#define KEYS S("pending-")
#define CONTENT_MAX (LIMIT_SIGNUP_INPUTS * (LIMIT_VALUE_BYTES + 8) + LIMIT_SIGNUP_CONTROLS * (LIMIT_SIGNUP_TEXT_BYTES + 256) + 1024)

int64_t
pending_day(time_us at)
{
	return at / TIME_DAY;
}

static str
key_name(struct job *job, int64_t day)
{
	OWNED(buf_release) struct buf name = { .max = 64 };

	buf_put(&name, KEYS);
	buf_date(&name, date_of(day * TIME_DAY));
	return arena_str(&job->arena, buf_str(&name));
}

enum err
pending_key(struct job *job, struct vault *vault, int64_t day, struct secret **ret)
{
	return keys_named_copy(job, vault->keys, vault->store, key_name(job, day), ret);
}

static void
associated_put(struct buf *out, const struct pending *pending)
{
	buf_put(out, S("pending"));
	buf_data(out, uid_bytes(&pending->id));
	buf_u8(out, (uint8_t)pending->state);
}

/* --- sealing ---------------------------------------------------------------------------------- */

static void
waiting_put(const struct pending *pending, struct buf *out)
{
	buf_le64(out, (uint64_t)pending->made_at);
	buf_le64(out, (uint64_t)pending->form);
	buf_le64(out, (uint64_t)pending->form_version);
	buf_block(out, str_bytes(pending->language));
	buf_le16(out, (uint16_t)pending->yes_count);
	for (size_t i = 0; i < pending->yes_count; i++) {
		const struct pending_yes *yes = &pending->yes[i];
		buf_le32(out, yes->purpose);
		buf_le32(out, yes->version);
		buf_le32(out, yes->channels);
		buf_u8(out, yes->yes);
		buf_data(out, (bytes){ yes->notice, 32 });
		buf_data(out, (bytes){ yes->words, 32 });
		buf_block(out, str_bytes(yes->label));
	}
	buf_le16(out, (uint16_t)pending->value_count);
	for (size_t i = 0; i < pending->value_count; i++) {
		buf_le16(out, pending->value[i].field);
		buf_block(out, str_bytes(pending->value[i].text));
	}
}

static void
done_put(const struct pending *pending, struct buf *out)
{
	buf_data(out, uid_bytes(&pending->person));
	buf_data(out, (bytes){ pending->digest, DIGEST_BYTES });
	buf_block(out, str_bytes(pending->language));
}

void
pending_seal(struct job *job, const uint8_t *key, struct pending *pending)
{
	OWNED(buf_release) struct buf associated = { .max = 64 }, plain = { .max = CONTENT_MAX };
	OWNED(buf_release) struct buf sealed = { .max = CONTENT_MAX + SEAL_OVERHEAD };

	associated_put(&associated, pending);
	if (pending->state == PENDING_WAITING)
		waiting_put(pending, &plain);
	else
		done_put(pending, &plain);
	seal(key, buf_bytes(&associated), buf_bytes(&plain), &sealed);
	must(buf_ok(&plain) && buf_ok(&sealed));
	pending->sealed = arena_bytes(&job->arena, buf_bytes(&sealed));
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool
yes_take(bytes *rest, struct pending_yes *ret)
{
	bytes notice, words, label;
	uint8_t yes;

	if (!eat_le32(rest, &ret->purpose) || !eat_le32(rest, &ret->version) || !eat_le32(rest, &ret->channels) ||
	    !eat_u8(rest, &yes) || !eat_bytes(rest, 32, &notice) || !eat_bytes(rest, 32, &words) || !eat_block(rest, &label))
		return false;
	ret->yes = yes;
	ret->label = bytes_str(label);
	memcpy(ret->notice, notice.ptr, 32);
	memcpy(ret->words, words.ptr, 32);
	return true;
}

static bool
waiting_take(struct job *job, bytes rest, struct pending *ret)
{
	uint64_t made, form, version;
	uint16_t count;
	bytes text;

	if (!eat_le64(&rest, &made) || !eat_le64(&rest, &form) || !eat_le64(&rest, &version) || !eat_block(&rest, &text) ||
	    !eat_le16(&rest, &count))
		return false;
	ret->made_at = (time_us)made;
	ret->form = (int64_t)form;
	ret->form_version = (int64_t)version;
	ret->language = bytes_str(text);
	ret->yes = arena_array(&job->arena, count + 1u, sizeof(*ret->yes));
	for (ret->yes_count = 0; ret->yes_count < count; ret->yes_count++)
		if (!yes_take(&rest, &ret->yes[ret->yes_count]))
			return false;
	if (!eat_le16(&rest, &count))
		return false;
	ret->value = arena_array(&job->arena, count + 1u, sizeof(*ret->value));
	for (ret->value_count = 0; ret->value_count < count; ret->value_count++) {
		struct pending_value *value = &ret->value[ret->value_count];
		if (!eat_le16(&rest, &value->field) || !eat_block(&rest, &text))
			return false;
		value->text = bytes_str(text);
	}
	return rest.len == 0;
}

static bool
done_take(bytes rest, struct pending *ret)
{
	bytes id, digest, language;

	if (!eat_bytes(&rest, sizeof(uid), &id) || !uid_from_bytes(id, &ret->person) ||
	    !eat_bytes(&rest, DIGEST_BYTES, &digest) || !eat_block(&rest, &language))
		return false;
	memcpy(ret->digest, digest.ptr, DIGEST_BYTES);
	ret->language = bytes_str(language);
	return rest.len == 0;
}

static enum err
open_it(struct job *job, struct vault *vault, struct pending *pending)
{
	OWNED(secret_free) struct secret *key = NULL;
	OWNED(buf_release) struct buf associated = { .max = 64 };
	bytes plain;

	TRY(keys_named_find(job, vault->keys, key_name(job, pending->day), &key));
	associated_put(&associated, pending);
	TRY(seal_open(job, secret_octets(key), buf_bytes(&associated), pending->sealed, &plain));
	if (pending->state == PENDING_CONFIRMED ? done_take(plain, pending) : waiting_take(job, plain, pending))
		return OK;
	return fail(job, ERR_CORRUPT, "a sign-up cannot be read");
}

enum err
pending_find(struct job *job, struct vault *vault, uid id, struct pending *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };
	enum err err;

	*ret = (struct pending){ .id = id };
	TRY(db_query(job, job->db, SQL_PENDING_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	ret->day = rows_i64(&rows, 0);
	ret->state = (enum pending_state)rows_i64(&rows, 1);
	ret->until_at = rows_time(&rows, 2);
	ret->sealed = arena_bytes(&job->arena, rows_bytes(&rows, 3));
	rows_end(&rows);
	err = open_it(job, vault, ret);
	if (err != ERR_ABSENT && err != ERR_CRYPTO)
		return err;
	job_forgive(job); /* the day is over */
	*ret_there = false;
	return OK;
}

/* --- links ------------------------------------------------------------------------------------ */

str
pending_token(struct job *job, struct vault *vault, const struct pending *pending)
{
	return token_make(job, vault, TOKEN_CONFIRM,
	                  &(struct token_body){ .until_at = pending->until_at, .extra = uid_bytes(&pending->id) });
}

bool
pending_of_token(struct job *job, struct vault *vault, str token, uid *ret)
{
	struct token_body body;

	return token_open(job, vault, TOKEN_CONFIRM, token, &body) && uid_from_bytes(body.extra, ret);
}

/* --- upkeep ----------------------------------------------------------------------------------- */

static enum err
expire_steps(struct job *job, struct db *db, void *arg)
{
	TRY(db_run(job, db, SQL_PENDING_SWEEP, ARGS(sql_i64(*(const int64_t *)arg), sql_i64(job->now)), NULL));
	return db_run(job, db, SQL_PENDING_COUNT_SWEEP, ARGS(sql_i64(job->now)), NULL);
}

enum err
signup_expire(struct job *job, struct vault *vault)
{
	int64_t first = pending_day(job->now) - LIMIT_SIGNUP_WAIT_DAYS;
	str limit = key_name(job, first), *name;
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count;
	bool there;

	keys_named_list(job, vault->keys, KEYS, &name, &count);
	for (size_t i = 0; i < count; i++) /* dates, so that they sort as text */
		if (str_cmp(name[i], limit) < 0)
			TRY(keys_named_drop(job, vault->keys, vault->store, name[i]));
	TRY(db_query(job, job->db, SQL_PENDING_ENDED, ARGS(sql_i64(first), sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	rows_end(&rows);
	return there ? store_write(job, vault->store, WRITE_ORDINARY, expire_steps, &first) : OK;
}

enum err
signup_restored_steps(struct job *job, struct db *db)
{
	return db_run(job, db, SQL_PENDING_DROP_ALL, NO_ARGS, NULL);
}
