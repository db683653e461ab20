/* message/returned.c -- contract and R1-R3: see returned.h. */
#include "message/returned.h"

#include "base/limits.h"
#include "message/rows.h"
#include "message/setup.h"
#include "os/file.h"
#include "vault/suppress.h"

#define SOFT_DAYS 30

str
returned_name(enum returned returned)
{
	switch (returned) {
#define CASE_NAME(e, no, name) \
	case e: \
		return S(name);
		RETURNED_TABLE(CASE_NAME)
#undef CASE_NAME
	}
	return S("");
}

/* --- rules ------------------------------------------------------------------------------------- */

/* RFC 3463: no such mailbox (1.1), no such host (1.2), bad syntax (1.3), moved (1.6), null MX (1.10), disabled (2.1).
 * What is about us, as 7.1, or about now, as 2.2, is not. */
static bool
for_good(const int status[3])
{
	if (status[0] != 5)
		return false;
	if (status[1] == 1)
		return (status[2] >= 1 && status[2] <= 3) || status[2] == 6 || status[2] == 10;
	return status[1] == 2 && status[2] == 1;
}

/* le64 subject's message: u8 what came of it | u8 class, le16 subject, le16 detail of the status | id */
static enum err
return_entry(struct job *job, struct db *db, const struct message_row *row, const int status[3], enum returned what)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_u8(&body, (uint8_t)what);
	buf_u8(&body, (uint8_t)status[0]);
	buf_le16(&body, (uint16_t)status[1]);
	buf_le16(&body, (uint16_t)status[2]);
	buf_data(&body, uid_bytes(&row->id));
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_MAIL_RETURN, .subject = row->subject, .purpose = row->purpose,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
stop_steps(struct job *job, struct db *db, const struct message_row *row, const struct suppression *stop)
{
	OWNED(buf_release) struct buf body = { .max = 16 };

	TRY(suppression_add(job, db, row->digest, stop));
	buf_u8(&body, (uint8_t)stop->scope);
	buf_u8(&body, (uint8_t)stop->channel);
	buf_u8(&body, (uint8_t)stop->source);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_SUPPRESS, .body = buf_bytes(&body) }, NULL);
}

static enum err
count_steps(struct job *job, struct db *db, const struct message_row *row, int64_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_BOUNCE_ADD,
	             ARGS(sql_bytes((bytes){ row->digest, DIGEST_BYTES }), sql_i64(job->now),
	                  sql_i64(job->now - SOFT_DAYS * TIME_DAY)),
	             &rows));
	TRY(rows_next(job, &rows, &there));
	*ret_count = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

static enum err
bounce_steps(struct job *job, struct db *db, const struct message_row *row, const int status[3], enum returned *ret)
{
	struct suppression stop = { .scope = SCOPE_ALL, .at = job->now, .source = SOURCE_BOUNCE };
	int64_t count = 0;

	*ret = RETURNED_GONE;
	if (!for_good(status)) {
		TRY(count_steps(job, db, row, &count));
		*ret = count >= LIMIT_SOFT_BOUNCES ? RETURNED_STOPPED : RETURNED_COUNTED;
		stop.scope = SCOPE_CHANNEL;
		stop.channel = CHANNEL_EMAIL;
	}
	if (*ret != RETURNED_COUNTED) {
		TRY(stop_steps(job, db, row, &stop));
		TRY(db_run(job, db, SQL_BOUNCE_DROP, ARGS(sql_bytes((bytes){ row->digest, DIGEST_BYTES })), NULL));
	}
	return return_entry(job, db, row, status, *ret);
}

enum err
returned_steps(struct job *job, struct db *db, const struct message_row *row, const int status[3], enum returned *ret)
{
	return bounce_steps(job, db, row, status, ret);
}

/* --- claims ------------------------------------------------------------------------------------ */

struct claim_plan {
	uid id;
	bool complaint;
	const int *status;
	enum returned what;
};

static enum err
claim_row(struct job *job, struct db *db, uid id, struct message_row *ret, bool *ret_there)
{
	struct message_row *row;
	size_t count;

	TRY(message_rows(job, db, SQL_MESSAGE_GET, ARGS(sql_bytes(uid_bytes(&id))), &row, &count));
	*ret_there = count == 1;
	if (count)
		*ret = row[0];
	return OK;
}

/* A second copy of a bounce changes nothing: the row says that it came back. */
static enum err
claim_steps(struct job *job, struct db *db, void *arg)
{
	struct claim_plan *plan = arg;
	struct suppression stop = { .scope = SCOPE_MARKETING, .at = job->now, .source = SOURCE_COMPLAINT };
	struct message_row row;
	int64_t changed;
	bool there;

	plan->what = RETURNED_NOT_OURS;
	TRY(claim_row(job, db, plan->id, &row, &there));
	if (!there)
		return OK;
	if (plan->complaint) {
		plan->what = RETURNED_COMPLAINT;
		TRY(stop_steps(job, db, &row, &stop));
		return return_entry(job, db, &row, plan->status, plan->what);
	}
	plan->what = RETURNED_NOTHING;
	TRY(db_run(job, db, SQL_MESSAGE_BOUNCED,
	           ARGS(sql_i64(MESSAGE_WHY_BOUNCED), sql_i64(plan->status[0] * 100), sql_bytes(uid_bytes(&row.id))),
	           &changed));
	if (changed != 1 && row.state != MESSAGE_SENDING) /* some are quicker than what the server said is written */
		return OK;
	return bounce_steps(job, db, &row, plan->status, &plan->what);
}

static enum err
claim_take(struct job *job, struct vault *vault, bytes token, bool complaint, const int status[3], enum returned *ret)
{
	struct claim_plan plan = { .complaint = complaint, .status = status };
	bool good;

	*ret = RETURNED_NOT_OURS;
	TRY(return_token_read(job, vault, token, &plan.id, &good)); /* R1 */
	if (!good)
		return OK;
	TRY(store_write(job, vault->store, WRITE_RESERVED, claim_steps, &plan));
	*ret = plan.what;
	return OK;
}

enum err
returned_mail(struct job *job, struct vault *vault, bytes octets, enum returned *ret)
{
	struct report report;
	struct report_home home;
	struct setup setup;
	bool complaint;

	*ret = RETURNED_NOTHING;
	if (octets.len > LIMIT_RETURN_BYTES)
		return fail(job, ERR_LIMIT, "limit_return_bytes");
	TRY(setup_get(job, vault, &setup));
	home = (struct report_home){ setup.return_prefix, setup_return_domain(&setup) };
	TRY(report_read(job, &home, octets, &report));
	complaint = report.kind == REPORT_COMPLAINT && !str_eq_fold(report.feedback, S("not-spam"));
	if (!complaint && (report.kind != REPORT_BOUNCE || report.action != REPORT_FAILED))
		return OK;
	return claim_take(job, vault, report.token, complaint, report.status, ret);
}

enum err
returned_say(struct job *job, struct vault *vault, const struct returned_claim *claim, enum returned *ret)
{
	OWNED(buf_release) struct buf token = { .max = VERP_TOKEN_BYTES_MAX };
	struct setup setup;

	*ret = RETURNED_NOT_OURS;
	TRY(setup_get(job, vault, &setup));
	if (!setup_return_domain(&setup).len ||
	    !verp_read(claim->address, setup.return_prefix, setup_return_domain(&setup), &token))
		return OK;
	return claim_take(job, vault, buf_bytes(&token), claim->complaint, claim->status, ret);
}

/* --- mailbox ----------------------------------------------------------------------------------- */

/* What is no report that can be read is for people, like a letter. */
static enum err
file_take(struct job *job, struct vault *vault, const char *path, enum returned *ret)
{
	enum err err;
	bytes octets;

	*ret = RETURNED_NOTHING;
	err = file_read(job, path, LIMIT_RETURN_BYTES, &octets);
	if (!err)
		err = returned_mail(job, vault, octets, ret);
	if (err != ERR_TOO_LARGE && err != ERR_LIMIT && err != ERR_ABSENT)
		return err;
	job_forgive(job);
	return OK;
}

static enum err
mail_take(struct job *job, struct vault *vault, const char *from, const char *to, str name)
{
	OWNED(buf_release) struct buf seen = { .max = 1024 };
	const char *path = path_join(job, from, name);
	enum returned what;
	enum err err;

	TRY(file_take(job, vault, path, &what));
	if (what != RETURNED_NOTHING && what != RETURNED_NOT_OURS)
		return file_drop(job, path);
	buf_put(&seen, name);
	buf_put(&seen, S(":2,"));
	if (!buf_ok(&seen))
		return OK;
	err = path_rename(job, path, path_join(job, to, buf_str(&seen)));
	if (err == ERR_ABSENT || !file_exists(path)) { /* somebody else took it */
		job_forgive(job);
		return OK;
	}
	return err;
}

enum err
returned_look(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	const char *from, *to, *dir;
	struct setup setup;
	size_t count;
	str *name;

	*ret_count = 0;
	TRY(setup_get(job, vault, &setup));
	if (!setup.maildir.len)
		return OK;
	dir = arena_c(&job->arena, setup.maildir);
	from = path_join(job, dir, S("new"));
	to = path_join(job, dir, S("cur"));
	TRY(dir_names(job, from, &name, &count));
	for (size_t i = 0; i < count && i < max; i++) {
		TRY(mail_take(job, vault, from, to, name[i]));
		++*ret_count;
	}
	return OK;
}
