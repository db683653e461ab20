/* rights/request_write.c -- a request is opened, or goes one step on: prepared and sealed on the caller's
 * thread, written in one transaction with its event, its audit entry (Q6) and, where it begins, renews or
 * ends the keeping of the person's data (Q5), with that act in the person's ledger. */
#include "rights/request_parts.h"

#include "base/limits.h"
#include "os/random.h"

#define TRIES 50 /* a step is prepared again this often at most */

/* Everything that the steps write. */
struct request_plan {
	struct acting acting;
	bool opens;
	time_us at; /* of the event */
	bytes words;
	uint32_t epoch;
	bytes wrapped; /* opens: the request's key set */
	bool held_anew; /* the last act of this change is the hold */
	struct outbox_plan reply; /* Q7; empty: none */
	const struct request_extra *extra;
};

/* --- sealing ---------------------------------------------------------------------------------- */

static bytes
words_seal(struct job *job, const struct keyset *keyset, uid id, int64_t seq, str words)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = 2 * LIMIT_MESSAGE_BYTES + 16 + SEAL_OVERHEAD };

	if (!words.len)
		return (bytes){ 0 };
	request_associated(&associated, id, seq);
	seal(keyset_find(keyset, 0), buf_bytes(&associated), str_bytes(words), &sealed);
	must(buf_ok(&sealed));
	return arena_bytes(&job->arena, buf_bytes(&sealed));
}

static enum err
event_seal(struct job *job, struct request_plan *plan)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	const struct acting *acting = &plan->acting;
	enum err err;

	if (!acting->words.len)
		return OK;
	err = keys_get(job, acting->vault->keys, job->db, request_key(&acting->before), &keyset);
	if (err == ERR_ABSENT) { /* forgotten since it was read: the version will say so */
		job_forgive(job);
		return fail(job, ERR_STALE, "the request changed meanwhile");
	}
	TRY(err);
	plan->words = words_seal(job, keyset, acting->after.id, acting->after.version, acting->words);
	return OK;
}

static void
opening_seal(struct job *job, struct request_plan *plan, const struct request_new *new)
{
	OWNED(buf_release) struct buf wrapped = { .max = 4096 };
	struct keyring *ring = keys_ring(plan->acting.vault->keys);
	OWNED(keyset_end) struct keyset *keyset = keyset_begin(ring);
	struct request_row *after = &plan->acting.after;

	must(keyset_renew(keyset, 0));
	plan->words = words_seal(job, keyset, after->id, 1, str_trim(new->words));
	after->reply_to = words_seal(job, keyset, after->id, 0, str_trim(new->reply_to));
	keyring_wrap(ring, request_key(after), keyset, &wrapped);
	plan->wrapped = arena_bytes(&job->arena, buf_bytes(&wrapped));
	must(wrapped_epoch(plan->wrapped, &plan->epoch));
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum err
row_add(struct job *job, struct db *db, const struct request_plan *plan)
{
	const struct request_row *row = &plan->acting.after;

	TRY(db_keys_put(job, db, request_key(row), plan->epoch, plan->wrapped));
	return db_run(job, db, SQL_REQUEST_ADD,
	              ARGS(sql_i64(row->subject), sql_i64(row->no), sql_bytes(uid_bytes(&row->id)),
	                   sql_i64(row->right), sql_i64(row->state), sql_i64(row->channel),
	                   sql_text(row->language), sql_text(row->country), sql_i64(row->zone_minutes),
	                   sql_i64(row->received_at), sql_i64(row->opened_at), sql_time(row->due_at),
	                   sql_i64(row->hold), sql_bytes_or_null(row->reply_to)),
	              NULL);
}

static enum err
row_put(struct job *job, struct db *db, const struct request_plan *plan)
{
	const struct request_row *row = &plan->acting.after;
	int64_t changed = 0;

	TRY(db_run(job, db, SQL_REQUEST_PUT,
	           ARGS(sql_i64(row->state), sql_time(row->due_at), sql_time(row->stopped_at),
	                sql_i64(row->stood), sql_time(row->extended_at), sql_i64(row->extended_for),
	                sql_i64(row->identity_method), sql_i64(row->identity_result), sql_i64(row->hold),
	                sql_i64(row->proposed_for), sql_i64(row->proposed_by.kind),
	                sql_i64(row->proposed_by.no), sql_i64(row->reason), sql_i64(row->entry),
	                sql_time(row->closed_at), sql_time(row->forget_at), sql_i64(row->sealed),
	                sql_i64(row->version), sql_bytes_or_null(row->reply_to), sql_i64(row->no),
	                sql_i64(plan->acting.before.version)),
	           &changed));
	if (changed != 1)
		return fail(job, ERR_STALE, "the request changed meanwhile");
	if (!plan->acting.person_found)
		return OK;
	TRY(db_run(job, db, SQL_REQUEST_MOVE, ARGS(sql_i64(row->subject), sql_i64(row->no)), NULL));
	return db_run(job, db, SQL_REQUEST_EVENT_MOVE,
	              ARGS(sql_i64(row->subject), sql_i64(0), sql_i64(row->no)), NULL);
}

static enum err
event_add(struct job *job, struct db *db, const struct request_plan *plan, int64_t entry)
{
	const struct acting *acting = &plan->acting;
	const struct request_row *row = &acting->after;
	bool fulfils = acting->event == EVENT_FULFILLED || acting->event == EVENT_PARTLY_FULFILLED;

	return db_run(job, db, SQL_REQUEST_EVENT_ADD,
	              ARGS(sql_i64(row->subject), sql_i64(row->no), sql_i64(row->version),
	                   sql_i64(plan->at), sql_i64(job->now), sql_i64(job->actor.kind),
	                   sql_i64(job->actor.no), sql_i64(acting->event), sql_i64(acting->code),
	                   sql_i64(fulfils && row->entry ? row->entry : entry),
	                   sql_bytes_or_null(plan->words)),
	              NULL);
}

static enum err
hold_number(struct job *job, struct db *db, struct request_row *row)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_LEDGER_LAST, ARGS(sql_i64(row->subject)), &rows));
	TRY(rows_next(job, &rows, &there));
	row->hold = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

static enum err
request_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 32 };
	struct request_plan *plan = arg;
	struct acting *acting = &plan->acting;
	int64_t entry;

	if (plan->held_anew)
		TRY(hold_number(job, db, &acting->after));
	if (plan->opens)
		TRY(row_add(job, db, plan));
	else
		TRY(row_put(job, db, plan));
	request_entry_body(&body, acting->after.id, acting->event, acting->code);
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = plan->opens ? ENTRY_REQUEST_OPEN : ENTRY_REQUEST_CHANGE,
	                                  .subject = acting->after.subject, .purpose = PURPOSE_RIGHTS,
	                                  .body = buf_bytes(&body) },
	                 &entry));
	TRY(event_add(job, db, plan, entry));
	TRY(outbox_steps(job, db, &plan->reply));
	if (plan->extra && plan->extra->steps)
		TRY(plan->extra->steps(job, db, plan->extra->ctx));
	return OK;
}

/* --- the hold --------------------------------------------------------------------------------- */

/* At the longest until the latest end that the request can have. */
static time_us
hold_until(const struct request_row *request)
{
	return request_due(request, true);
}

static bool
hold_wanted(const struct request_row *request, time_us now)
{
	return request->right == RIGHT_ACCESS && request->subject && !request_closed(request) &&
	       hold_until(request) > now;
}

/* Fields that a live ground covers now, holds included: what could be there to be kept. */
static bytes
fields_covered(struct job *job, const struct registry *registry, const struct standing *standing)
{
	OWNED(buf_release) struct buf numbers = { .max = 2 * LIMIT_FIELDS };
	uint16_t *covering = arena_array(&job->arena, standing->ground_count + 1, sizeof(*covering));

	for (size_t i = 0; i < registry->field_count; i++)
		if (standing_covering(registry, standing, job->now, registry->field[i].no, covering))
			buf_le16(&numbers, registry->field[i].no);
	return arena_bytes(&job->arena, buf_bytes(&numbers));
}

static str
hold_evidence(struct job *job, const struct request_row *request)
{
	OWNED(buf_release) struct buf json = { .max = 200 };
	struct json_out out;

	json_out_begin(&out, &json);
	json_open(&out, '{');
	json_pair_str(&out, S("reason"), S("a request for access waits for its answer"));
	json_pair_uid(&out, S("request"), request->id);
	json_close(&out, '}');
	return arena_str(&job->arena, buf_str(&json));
}

static bool
still_held(const struct standing *standing, int64_t seq)
{
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].basis == BASIS_STORAGE_ONLY && standing->ground[i].seq == seq)
			return true;
	return false;
}

static struct act_new
hold_release(struct job *job, int64_t seq)
{
	OWNED(buf_release) struct buf detail = { .max = 8 };

	buf_le64(&detail, (uint64_t)seq);
	return (struct act_new){ .act = ACT_RELEASED, .basis = BASIS_STORAGE_ONLY, .at = job->now,
		                 .until_at = TIME_NEVER, .method = METHOD_SYSTEM,
		                 .detail = arena_bytes(&job->arena, buf_bytes(&detail)) };
}

/* Q5.  The hold comes last, so that its number is the ledger's last (hold_number()).  It is a
 * ground for keeping only: no use path knows it, and the sweep passes over what it covers.  A
 * withdrawal in the meantime still ends every use at once; the values go when the request is
 * answered, so that the answer tells what was held when the person asked. */
static void
hold_acts(struct job *job, struct change *change, struct request_plan *plan)
{
	struct request_row *before = &plan->acting.before, *after = &plan->acting.after;
	struct act_new *act = arena_array(&job->arena, 2, sizeof(*act));
	size_t count = 0;

	if (before->hold && still_held(&change->subject.standing, before->hold))
		act[count++] = hold_release(job, before->hold);
	after->hold = 0;
	if (hold_wanted(after, job->now)) {
		bytes fields = fields_covered(job, change->registry, &change->subject.standing);
		if (fields.len) {
			act[count++] = (struct act_new){
				.act = ACT_HELD, .basis = BASIS_STORAGE_ONLY, .at = job->now,
				.until_at = hold_until(after), .method = METHOD_SYSTEM, .detail = fields,
				.evidence = hold_evidence(job, after),
			};
			plan->held_anew = true;
		}
	}
	change->act = act;
	change->act_count = count;
	change->entry = ENTRY_ACT;
}

/* Begins, ends, or the clock stood and its end moves. */
static bool
hold_changes(const struct request_plan *plan, time_us now)
{
	const struct request_row *before = &plan->acting.before, *after = &plan->acting.after;
	bool wanted = hold_wanted(after, now);

	if (!before->hold)
		return wanted && (plan->opens || plan->acting.person_found);
	return !wanted || hold_until(before) != hold_until(after);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* What is prepared anew at each try. */
struct attempt {
	struct request_plan plan;
	const struct request_new *new; /* NULL: a step */
	const struct request_act *act;
	uid id;
};

static enum err
prepare_opening(struct job *job, struct vault *vault, struct attempt *attempt)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	const struct request_new *new = attempt->new;
	struct request_plan *plan = &attempt->plan;
	struct request_row *after = &plan->acting.after;

	TRY(registry_hold(job, vault, &registry));
	*after = (struct request_row){
		.subject = new->subject, .no = store_next_subject(vault->store), .id = attempt->id,
		.right = new->right, .state = REQUEST_INITIATED, .channel = new->channel,
		.language = new->language, .country = arena_str(&job->arena, registry->country),
		.zone_minutes = registry->zone_minutes, .received_at = new->received_at,
		.opened_at = job->now, .stopped_at = TIME_NEVER, .extended_at = TIME_NEVER,
		.closed_at = TIME_NEVER, .forget_at = TIME_NEVER, .sealed = true, .version = 1,
	};
	after->due_at = request_due(after, false);
	plan->acting.event = EVENT_OPENED;
	plan->acting.code = (int)new->channel;
	plan->opens = true;
	plan->at = new->received_at;
	opening_seal(job, plan, new);
	return OK;
}

static enum err
prepare_step(struct job *job, struct attempt *attempt)
{
	struct request_plan *plan = &attempt->plan;
	const struct request_act *act = attempt->act;

	TRY(request_get(job, attempt->id, &plan->acting.before));
	TRY(request_transition(job, &plan->acting));
	plan->at = act->at ? act->at : job->now;
	if (act->reply)
		TRY(request_reply_plan(job, &plan->acting, &plan->reply));
	return event_seal(job, plan);
}

static enum err
prepare(struct job *job, struct vault *vault, struct attempt *attempt)
{
	const struct request_extra *extra = attempt->plan.extra;

	attempt->plan = (struct request_plan){ .acting = { .vault = vault, .act = attempt->act },
		                               .extra = extra };
	return attempt->new ? prepare_opening(job, vault, attempt) : prepare_step(job, attempt);
}

/* The person is read again, and so the request is too: the version of neither may be older. */
static enum err
hold_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct attempt *attempt = ctx;

	TRY(prepare(job, vault, attempt));
	hold_acts(job, change, &attempt->plan);
	change->extra = request_steps;
	change->extra_ctx = &attempt->plan;
	return OK;
}

static enum err
write_with_person(struct job *job, struct vault *vault, struct attempt *attempt)
{
	struct change_result result;
	struct subject subject;
	enum err err;

	err = subject_get_no(job, vault, attempt->plan.acting.after.subject, &subject);
	if (!err)
		err = subject_change(job, vault, subject.id, hold_fill, attempt, &result);
	if (err != ERR_ABSENT && err != ERR_GONE)
		return err;
	if (attempt->new || attempt->plan.acting.person_found)
		return err;
	job_forgive(job); /* erased meanwhile: with the person went the hold */
	attempt->plan.acting.after.hold = 0;
	return store_write(job, vault->store, WRITE_ORDINARY, request_steps, &attempt->plan);
}

/* Does the person have to be there? */
static enum err
person_there(struct job *job, struct vault *vault, const struct attempt *attempt)
{
	struct subject subject;
	enum err err;

	if (!attempt->plan.acting.after.subject || !(attempt->new || attempt->plan.acting.person_found))
		return OK;
	err = subject_get_no(job, vault, attempt->plan.acting.after.subject, &subject);
	if (err != ERR_ABSENT && err != ERR_GONE)
		return err;
	job_forgive(job);
	return fail_at(job, ERR_INVALID, S("/subject"), "there is no such person, or the person was erased");
}

static enum err
write_once(struct job *job, struct vault *vault, struct attempt *attempt)
{
	TRY(prepare(job, vault, attempt));
	TRY(person_there(job, vault, attempt));
	if (hold_changes(&attempt->plan, job->now))
		return write_with_person(job, vault, attempt);
	return store_write(job, vault->store, WRITE_ORDINARY, request_steps, &attempt->plan);
}

static enum err
request_write(struct job *job, struct vault *vault, struct attempt *attempt, struct request_row *ret)
{
	enum err err = OK;

	for (int try = 0; try < TRIES; try++) {
		err = write_once(job, vault, attempt);
		if (err != ERR_STALE)
			break;
		job_forgive(job);
	}
	if (err == ERR_STALE)
		return fail(job, ERR_BUSY, "this request is being changed by too many at once");
	TRY(err);
	*ret = attempt->plan.acting.after;
	return OK;
}

/* --- calls ------------------------------------------------------------------------------------ */

enum err
request_open(struct job *job, struct vault *vault, const struct request_new *new, uid id,
             const struct request_extra *extra, struct request_row *ret)
{
	struct attempt attempt = { .plan = { .extra = extra }, .new = new, .id = id };

	if (new->received_at > job->now)
		return fail_at(job, ERR_INVALID, S("/received_at"), "is in the future");
	if (new->received_at < date_time((struct date){ 2018, 5, 25 }))
		return fail_at(job, ERR_INVALID, S("/received_at"), "is before the GDPR applied");
	return request_write(job, vault, &attempt, ret);
}

enum err
request_do(struct job *job, struct vault *vault, uid id, const struct request_act *act,
           const struct request_extra *extra, struct request_row *ret)
{
	struct attempt attempt = { .plan = { .extra = extra }, .act = act, .id = id };

	return request_write(job, vault, &attempt, ret);
}
