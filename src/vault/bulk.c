/* vault/bulk.c -- asking, approving, the link; contract: bulk.h.  What is sent: bulk_run.c. */
#include "vault/bulk.h"

#include "access/role.h"
#include "base/limits.h"
#include "os/random.h"

/* --- rows ------------------------------------------------------------------------------------- */

static void
put_associated(struct buf *out, uid id)
{
	buf_put(out, S("valv bulk 1"));
	buf_data(out, uid_bytes(&id));
}

static enum err
reason_open(struct job *job, const struct access *access, bytes sealed, struct bulk *bulk)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	bytes reason;

	put_associated(&associated, bulk->id);
	TRY(seal_open(job, access->seal_key, buf_bytes(&associated), sealed, &reason));
	bulk->reason = bytes_str(reason);
	return OK;
}

/* A link or an approval that nobody used in time is over. */
static enum bulk_state
state_now(const struct bulk *bulk, time_us now)
{
	bool open = bulk->state == BULK_WAITING || bulk->state == BULK_LINKED;

	return open && bulk->expires_at <= now ? BULK_OVER : bulk->state;
}

static enum err
bulk_row(struct job *job, const struct access *access, const struct rows *rows, struct bulk *ret)
{
	*ret = (struct bulk){
		.no = rows_i64(rows, 0),
		.state = (enum bulk_state)rows_i64(rows, 2),
		.asked_by = { .kind = (enum actor_kind)rows_i64(rows, 3), .no = rows_i64(rows, 4) },
		.asked_epoch = rows_i64(rows, 5),
		.two = !rows_null(rows, 6),
		.approver = rows_i64(rows, 7),
		.approver_epoch = rows_i64(rows, 8),
		.purpose = (uint32_t)rows_i64(rows, 9),
		.by_channel = !rows_null(rows, 10),
		.format = (enum bulk_format)rows_i64(rows, 11),
		.fields = arena_bytes(&job->arena, rows_bytes(rows, 12)),
		.asked_at = rows_time(rows, 14),
		.expires_at = rows_time(rows, 15),
		.link_until = rows_time(rows, 16),
		.started_at = rows_time(rows, 17),
		.ended_at = rows_time(rows, 18),
		.persons = rows_i64(rows, 19),
	};
	if (ret->by_channel)
		ret->channel = (enum channel)rows_i64(rows, 10);
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id) ||
	    (ret->two && !uid_from_bytes(rows_bytes(rows, 6), &ret->approval)))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	ret->state = state_now(ret, job->now);
	return reason_open(job, access, rows_bytes(rows, 13), ret);
}

static enum err
bulk_find(struct job *job, struct db *db, struct vault *vault, enum sql sql, struct sql_arg key, struct bulk *ret,
          bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, sql, &key, 1, &rows));
	TRY(rows_next(job, &rows, ret_there));
	return *ret_there ? bulk_row(job, &vault->access, &rows, ret) : OK;
}

static enum err
bulk_of_id(struct job *job, struct db *db, struct vault *vault, uid id, struct bulk *ret)
{
	bool there;

	TRY(bulk_find(job, db, vault, SQL_BULK_GET, sql_bytes(uid_bytes(&id)), ret, &there));
	return there ? OK : fail(job, ERR_ABSENT, "no export has that id");
}

enum err
bulk_get(struct job *job, struct vault *vault, uid id, struct bulk *ret)
{
	return bulk_of_id(job, job->db, vault, id, ret);
}

enum err
bulk_list(struct job *job, struct vault *vault, int64_t before, size_t max, struct bulk **ret, size_t *ret_count)
{
	struct bulk *bulk = arena_array(&job->arena, max + 1, sizeof(*bulk));
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_BULK_BEFORE, ARGS(sql_i64(before ? before : INT64_MAX), sql_i64((int64_t)max)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		TRY(bulk_row(job, &vault->access, &rows, &bulk[count++]));
	}
	*ret = bulk;
	*ret_count = count;
	return OK;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The id; of the asking also the fields. */
static enum err
entry_of_bulk(struct job *job, struct db *db, enum entry_act act, const struct bulk *bulk, enum err outcome,
              bytes more)
{
	OWNED(buf_release) struct buf body = { .max = 32 + 2 * LIMIT_FIELDS };

	buf_data(&body, uid_bytes(&bulk->id));
	buf_data(&body, more);
	must(buf_ok(&body));
	return entry_append(job, db,
	                    &(struct entry){ .act = act, .purpose = bulk->purpose, .outcome = outcome,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

/* --- words ------------------------------------------------------------------------------------ */

static enum err
word_check(struct job *job, struct db *db, int64_t staff, int64_t epoch)
{
	enum staff_state state;
	int64_t now;

	TRY(staff_word(job, db, staff, &state, &now));
	if (state != STAFF_ACTIVE || now != epoch)
		return fail(job, ERR_DENIED, "who asked for it or approved of it has left since");
	return OK;
}

static enum err
asker_check(struct job *job, struct db *db, const struct bulk *bulk, struct principal *ret)
{
	struct actor actor = job->actor;

	if (bulk->asked_by.kind == ACTOR_OPERATOR) {
		TRY(principal_of_operator(job, (uint32_t)bulk->asked_by.no, ret));
		job->actor = actor;
		return OK;
	}
	if (bulk->asked_by.kind != ACTOR_STAFF)
		return fail(job, ERR_DENIED, "only people ask for an export");
	TRY(word_check(job, db, bulk->asked_by.no, bulk->asked_epoch));
	*ret = (struct principal){ .person = true, .staff = bulk->asked_by.no, .epoch = bulk->asked_epoch };
	TRY(staff_grants(job, db, ret->staff, &ret->grants));
	TRY(require_scope(job, ret, SCOPE_EXPORT));
	return require_purpose(job, ret, bulk->purpose);
}

enum err
bulk_words(struct job *job, struct db *db, const struct bulk *bulk, struct principal *ret)
{
	struct principal approver = { .person = true, .staff = bulk->approver };

	TRY(asker_check(job, db, bulk, ret));
	if (!bulk->two)
		return OK;
	TRY(word_check(job, db, bulk->approver, bulk->approver_epoch));
	TRY(staff_grants(job, db, bulk->approver, &approver.grants));
	return require_scope(job, &approver, SCOPE_APPROVE);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
operation_of(const struct bulk *bulk, uint8_t ret[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf text = { .max = 256 + 2 * LIMIT_FIELDS + BULK_REASON_BYTES_MAX };

	buf_put(&text, S("valv bulk operation 1"));
	buf_data(&text, uid_bytes(&bulk->id));
	buf_le32(&text, bulk->purpose);
	buf_u8(&text, bulk->by_channel);
	buf_u8(&text, (uint8_t)bulk->channel);
	buf_u8(&text, (uint8_t)bulk->format);
	buf_block(&text, bulk->fields);
	buf_block(&text, str_bytes(bulk->reason));
	must(buf_ok(&text));
	digest_public(buf_bytes(&text), ret);
}

static void
put_names(struct buf *out, const struct registry *registry, bytes fields)
{
	uint16_t no;
	bool more = false;

	while (eat_le16(&fields, &no)) {
		const struct field *field = registry_field_no(registry, no);
		if (!field)
			continue;
		buf_put(out, more ? S(", ") : S(": "));
		buf_put(out, field->name);
		more = true;
	}
}

/* Of names of the registry only. */
static str
summary_of(struct job *job, const struct registry *registry, const struct bulk *bulk)
{
	OWNED(buf_release) struct buf text = { .max = 64 * LIMIT_FIELDS + 512 };
	const struct purpose *purpose = registry_purpose_no(registry, bulk->purpose);

	buf_put(&text, S("Export "));
	buf_uid(&text, bulk->id);
	buf_put(&text, S(" of everybody for "));
	buf_put(&text, purpose ? purpose->name : S("?"));
	if (bulk->by_channel) {
		buf_put(&text, S(" by "));
		buf_put(&text, channel_name(bulk->channel));
	}
	put_names(&text, registry, bulk->fields);
	return arena_str(&job->arena, buf_ok(&text) ? buf_str(&text) : S("Export"));
}

struct ask_plan {
	struct bulk *bulk;
	bytes sealed;
};

static enum err
ask_steps(struct job *job, struct db *db, void *arg)
{
	const struct ask_plan *plan = arg;
	struct bulk *bulk = plan->bulk;
	enum staff_state state;

	if (bulk->asked_by.kind == ACTOR_STAFF)
		TRY(staff_word(job, db, bulk->asked_by.no, &state, &bulk->asked_epoch));
	TRY(db_run(job, db, SQL_BULK_PUT,
	           ARGS(sql_bytes(uid_bytes(&bulk->id)), sql_i64(bulk->asked_by.kind), sql_i64(bulk->asked_by.no),
	                sql_i64(bulk->asked_epoch), bulk->two ? sql_bytes(uid_bytes(&bulk->approval)) : sql_null(),
	                sql_i64(bulk->purpose), bulk->by_channel ? sql_i64(bulk->channel) : sql_null(),
	                sql_i64(bulk->format), sql_bytes(bulk->fields), sql_bytes(plan->sealed),
	                sql_i64(bulk->asked_at), sql_i64(bulk->expires_at)),
	           NULL));
	return entry_of_bulk(job, db, ENTRY_BULK_ASK, bulk, OK, bulk->fields);
}

/* The approval first: it counts what waits.  One that no export has after a crash is of no use to anybody. */
static enum err
approval_begin(struct job *job, struct vault *vault, struct bulk *bulk)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	uint8_t operation[DIGEST_BYTES];
	struct approval approval;

	TRY(approval_needed(job, job->db, &bulk->two));
	if (!bulk->two)
		return OK;
	TRY(registry_hold(job, vault, &registry));
	operation_of(bulk, operation);
	TRY(approval_ask(job, &vault->access, S("bulk_post"), summary_of(job, registry, bulk), operation, &approval));
	bulk->approval = approval.id;
	bulk->expires_at = approval.expires_at;
	return OK;
}

enum err
bulk_ask(struct job *job, struct vault *vault, struct bulk *ret)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = BULK_REASON_BYTES_MAX + SEAL_OVERHEAD };
	struct ask_plan plan = { .bulk = ret };

	if (job->actor.kind != ACTOR_STAFF && job->actor.kind != ACTOR_OPERATOR)
		return fail(job, ERR_DENIED, "only people ask for an export");
	ret->id = os_uid();
	ret->state = BULK_WAITING;
	ret->asked_by = (struct actor){ .kind = job->actor.kind, .no = job->actor.no };
	ret->asked_at = job->now;
	ret->expires_at = job->now + APPROVAL_LIFE;
	ret->link_until = ret->started_at = ret->ended_at = TIME_NEVER;
	TRY(approval_begin(job, vault, ret));
	put_associated(&associated, ret->id);
	seal(vault->access.seal_key, buf_bytes(&associated), str_bytes(ret->reason), &sealed);
	must(buf_ok(&sealed));
	plan.sealed = buf_bytes(&sealed);
	return store_write(job, vault->store, WRITE_ORDINARY, ask_steps, &plan);
}

/* --- the link --------------------------------------------------------------------------------- */

struct link_plan {
	struct vault *vault;
	uid id;
	uint8_t digest[DIGEST_BYTES];
	struct bulk *bulk;
};

static enum err
approved(struct job *job, struct db *db, struct bulk *bulk)
{
	uint8_t operation[DIGEST_BYTES];
	struct approval approval;

	if (!bulk->two || bulk->approver)
		return OK;
	operation_of(bulk, operation);
	TRY(approval_use_steps(job, db, bulk->approval, operation, &approval));
	bulk->approver = approval.decided_by;
	bulk->approver_epoch = approval.decided_epoch;
	return OK;
}

static enum err
link_steps(struct job *job, struct db *db, void *arg)
{
	struct link_plan *plan = arg;
	struct bulk *bulk = plan->bulk;
	struct principal principal;

	TRY(bulk_of_id(job, db, plan->vault, plan->id, bulk));
	if (bulk->asked_by.kind != job->actor.kind || bulk->asked_by.no != job->actor.no)
		return fail(job, ERR_DENIED, "somebody else asked for it");
	if (bulk->state != BULK_WAITING && bulk->state != BULK_LINKED)
		return fail(job, ERR_CONFLICT, "it was used, taken back, or its time is over: ask again");
	TRY(approved(job, db, bulk));
	TRY(bulk_words(job, db, bulk, &principal));
	bulk->state = BULK_LINKED;
	bulk->link_until = job->now + BULK_LINK_LIFE < bulk->expires_at ? job->now + BULK_LINK_LIFE : bulk->expires_at;
	TRY(db_run(job, db, SQL_BULK_LINK,
	           ARGS(sql_i64(bulk->approver), sql_i64(bulk->approver_epoch),
	                sql_bytes((bytes){ plan->digest, DIGEST_BYTES }), sql_i64(bulk->link_until), sql_i64(bulk->no)),
	           NULL));
	return entry_of_bulk(job, db, ENTRY_BULK_LINK, bulk, OK, (bytes){ 0 });
}

enum err
bulk_link(struct job *job, struct vault *vault, uid id, struct bulk *ret, str *ret_token)
{
	OWNED(buf_release) struct buf text = { .max = BULK_TOKEN_CHARS };
	struct link_plan plan = { .vault = vault, .id = id, .bulk = ret };
	uint8_t token[32];

	os_random(token, sizeof(token));
	buf_hex(&text, (bytes){ token, sizeof(token) });
	explicit_bzero(token, sizeof(token));
	digest_token(buf_bytes(&text), plan.digest);
	TRY(store_write(job, vault->store, WRITE_ORDINARY, link_steps, &plan));
	*ret_token = arena_str(&job->arena, buf_str(&text));
	return OK;
}

static enum err
bulk_of_token(struct job *job, struct db *db, struct vault *vault, str token, struct bulk *ret, bool *ret_there)
{
	uint8_t digest[DIGEST_BYTES];

	*ret_there = false;
	if (token.len != BULK_TOKEN_CHARS)
		return OK;
	digest_token(str_bytes(token), digest);
	TRY(bulk_find(job, db, vault, SQL_BULK_OF_LINK, sql_bytes((bytes){ digest, DIGEST_BYTES }), ret, ret_there));
	*ret_there = *ret_there && ret->state == BULK_LINKED && job->now < ret->link_until;
	return OK;
}

/* A link whose people have left is no link. */
static enum err
words_or_gone(struct job *job, struct db *db, const struct bulk *bulk, bool *ret_there)
{
	struct principal principal;
	enum err err = bulk_words(job, db, bulk, &principal);

	if (err != ERR_DENIED && err != ERR_PURPOSE_DENIED && err != ERR_ABSENT)
		return err;
	job_forgive(job);
	*ret_there = false;
	return OK;
}

enum err
bulk_look(struct job *job, struct vault *vault, str token, struct bulk *ret, bool *ret_there)
{
	TRY(bulk_of_token(job, job->db, vault, token, ret, ret_there));
	return *ret_there ? words_or_gone(job, job->db, ret, ret_there) : OK;
}

struct take_plan {
	struct vault *vault;
	str token;
	struct bulk *bulk;
	bool there;
};

static enum err
take_steps(struct job *job, struct db *db, void *arg)
{
	struct take_plan *plan = arg;
	struct bulk *bulk = plan->bulk;

	TRY(bulk_of_token(job, db, plan->vault, plan->token, bulk, &plan->there));
	if (plan->there)
		TRY(words_or_gone(job, db, bulk, &plan->there));
	if (!plan->there)
		return OK;
	job->actor = bulk->asked_by;
	bulk->state = BULK_RUNNING;
	bulk->started_at = job->now;
	TRY(db_run(job, db, SQL_BULK_START, ARGS(sql_i64(job->now), sql_i64(bulk->no)), NULL));
	return entry_of_bulk(job, db, ENTRY_BULK_START, bulk, OK, (bytes){ 0 });
}

enum err
bulk_take(struct job *job, struct vault *vault, str token, struct bulk *ret, bool *ret_there)
{
	struct take_plan plan = { .vault = vault, .token = token, .bulk = ret };

	TRY(store_write(job, vault->store, WRITE_ORDINARY, take_steps, &plan));
	*ret_there = plan.there;
	return OK;
}

/* --- the end ---------------------------------------------------------------------------------- */

struct end_plan {
	const struct bulk *bulk;
	int64_t persons;
	enum err how;
};

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf more = { .max = 8 };
	const struct end_plan *plan = arg;

	buf_le64(&more, (uint64_t)plan->persons);
	TRY(db_run(job, db, SQL_BULK_END,
	           ARGS(sql_i64(plan->how ? BULK_CUT : BULK_DONE), sql_i64(job->now), sql_i64(plan->persons),
	                sql_i64(plan->bulk->no)),
	           NULL));
	return entry_of_bulk(job, db, ENTRY_BULK_END, plan->bulk, plan->how, buf_bytes(&more));
}

enum err
bulk_end(struct job *job, struct vault *vault, const struct bulk *bulk, int64_t persons, enum err how)
{
	struct end_plan plan = { bulk, persons, how };

	return store_write(job, vault->store, WRITE_ORDINARY, end_steps, &plan);
}

struct cancel_plan {
	struct vault *vault;
	uid id;
};

static enum err
cancel_steps(struct job *job, struct db *db, void *arg)
{
	const struct cancel_plan *plan = arg;
	struct bulk bulk;
	int64_t changed;

	TRY(bulk_of_id(job, db, plan->vault, plan->id, &bulk));
	if (bulk.asked_by.kind != job->actor.kind || bulk.asked_by.no != job->actor.no)
		return fail(job, ERR_DENIED, "somebody else asked for it");
	TRY(db_run(job, db, SQL_BULK_CANCEL, ARGS(sql_i64(job->now), sql_i64(bulk.no)), &changed));
	return changed ? entry_of_bulk(job, db, ENTRY_BULK_CANCEL, &bulk, OK, (bytes){ 0 }) : OK;
}

enum err
bulk_cancel(struct job *job, struct vault *vault, uid id)
{
	struct cancel_plan plan = { vault, id };

	return store_write(job, vault->store, WRITE_RESERVED, cancel_steps, &plan);
}

struct sweep_plan {
	int64_t count;
};

static enum err
sweep_steps(struct job *job, struct db *db, void *arg)
{
	struct sweep_plan *plan = arg;

	TRY(db_run(job, db, SQL_BULK_UNLINK, ARGS(sql_i64(job->now)), &plan->count));
	return db_run(job, db, SQL_BULK_BROKEN,
	              ARGS(sql_i64(job->now), sql_i64(job->now - 2 * LIMIT_STREAM_SECONDS * TIME_SECOND)), NULL);
}

/* All at once: what waits is never much (limit_approvals). */
enum err
bulk_sweep(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	struct sweep_plan plan = { 0 };

	(void)max;
	TRY(store_write(job, vault->store, WRITE_ORDINARY, sweep_steps, &plan));
	*ret_count = 0;
	return OK;
}
