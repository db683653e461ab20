/* vault/change.c -- one write to one person, from what is wanted to what is durable.
 *
 * Contract and P1-P3: see subject.h.  change_prepare() does on the caller's thread all that needs
 * reading, thinking and sealing, and ends in a `struct plan` that holds nothing but rows;
 * plan_steps() runs on the writer's thread and only writes them, guarded by the row's version. */
#include "base/limits.h"
#include "os/random.h"
#include "vault/change_parts.h"

#define CREATE_TRIES 5
#define RETRIES 200 /* a change is prepared again this often at most */

/* --- the preparation -------------------------------------------------------------------------- */

static void
entry_body_make(struct prepare *prepare)
{
	OWNED(buf_release) struct buf body = { .max = 64 + 2 * LIMIT_VALUES };
	struct change *change = prepare->change;
	uint8_t digest[32];

	buf_le64(&body, (uint64_t)prepare->plan->after.version);
	digest_public(prepare->plan->after.record, digest); /* of ciphertext: it tells nothing */
	buf_data(&body, (bytes){ digest, sizeof(digest) });
	for (size_t i = 0; i < change->value_count && i < LIMIT_VALUES; i++)
		buf_le16(&body, change->value[i].field->no);
	buf_data(&body, change->entry_note);
	prepare->plan->entry_body = arena_bytes(&prepare->job->arena, buf_bytes(&body));
}

static enum err
after_make(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct subject *after = &prepare->plan->after;
	struct job *job = prepare->job;

	*after = change->subject;
	if (!change->subject.version) {
		*after = (struct subject){ .no = store_next_subject(prepare->vault->store), .id = change->subject.id,
			                   .kind = KIND_NATURAL, .created_at = job->now,
			                   .tell_by_at = TIME_NEVER, .told_at = TIME_NEVER };
		if (uid_eq(after->id, (uid){ 0 }))
			after->id = os_uid();
		prepare->keyset = keyset_begin(keys_ring(prepare->vault->keys));
		must(keyset_renew(prepare->keyset, 0));
	}
	after->version = change->subject.version + 1;
	if (change->set_kind)
		after->kind = change->kind;
	if (change->set_flags)
		after->flags = change->flags;
	if (change->set_tell_by)
		after->tell_by_at = change->tell_by_at;
	if (change->set_told)
		after->told_at = change->told_at;
	return OK;
}

static void
prepare_end(struct prepare *prepare)
{
	keyset_end(&prepare->keyset);
}

static enum err
change_prepare(struct job *job, struct vault *vault, struct change *change, struct plan *ret)
{
	struct plan plan = { .change = change };
	OWNED(prepare_end) struct prepare prepare = { .job = job, .vault = vault, .change = change,
		                                      .plan = &plan,
		                                      .keep_as_of = clock_limit(vault, job->now) };
	OWNED(buf_release) struct buf standing = { .max = LIMIT_RECORD_BYTES };

	TRY(after_make(&prepare));
	if (change->subject.version)
		TRY(old_open(&prepare));
	TRY(ledger_extend(&prepare));
	TRY(standing_fold(job, change->registry, prepare.ledger, prepare.ledger_count, &plan.after.standing));
	TRY(values_merge(&prepare));
	TRY(children_check(&prepare));
	TRY(values_cover(&prepare));
	plan.act = prepare.ledger + prepare.ledger_old;
	plan.act_count = prepare.ledger_count - prepare.ledger_old;
	for (size_t i = 0; i < plan.act_count; i++)
		evidence_seal(&prepare, &change->act[i], &plan.act[i]);
	TRY(record_make(&prepare));
	/* What time takes away it takes away again after a restore (F3). */
	if (change->entry != ENTRY_EXPIRE)
		taken_values(job, prepare.old, prepare.old_count, prepare.value, prepare.value_count, &plan.taken);
	lookups_make(&prepare);
	for (enum address address = ADDRESS_EMAIL; address < ADDRESS_COUNT; address++)
		tag_make(&prepare, address);
	suppressions_make(&prepare);
	TRY(notices_make(&prepare));
	plan.after.due_at = standing_due(&plan.after.standing, prepare.keep_as_of);
	standing_encode(&plan.after.standing, &standing);
	if (!buf_ok(&standing))
		return fail(job, ERR_LIMIT, "limit_record_bytes: the grounds of this person are too many");
	plan.standing = arena_bytes(&job->arena, buf_bytes(&standing));
	entry_body_make(&prepare);
	*ret = plan;
	return OK;
}

/* --- calls ------------------------------------------------------------------------------------ */

static void
result_fill(const struct plan *plan, struct change_result *ret)
{
	*ret = (struct change_result){
		.id = plan->after.id,
		.no = plan->after.no,
		.version = plan->after.version,
		.entry = plan->entry,
		.values_gone = plan->values_gone,
		.first_seq = plan->act_count ? plan->act[0].seq : 0,
	};
}

/* Nothing is stored and nothing is allowed by it: a no that is said again, say, which finds nothing
 * left to take back and is no less a no. */
static bool
only_takes(const struct change *change)
{
	for (size_t i = 0; i < change->value_count; i++)
		if (change->value[i].text.len)
			return false;
	return change->subject.version && !change->statement_count && only_lowers(change) &&
	       !change->set_kind && !change->set_flags && !change->set_tell_by && !change->set_told;
}

/* Lowering acts and erasures must be possible on a full disk too. */
static enum write_flags
change_flags(const struct change *change)
{
	if (change->entry == ENTRY_ERASE)
		return WRITE_RESERVED;
	for (size_t i = 0; i < change->act_count; i++)
		if (act_raises(change->act[i].act) < 0)
			return WRITE_RESERVED;
	return only_takes(change) ? WRITE_RESERVED : WRITE_ORDINARY;
}

enum err
change_commit(struct job *job, struct vault *vault, struct change *change, struct change_result *ret)
{
	struct plan plan;

	enum err err;

	if (change->if_match && change->if_version != change->subject.version)
		return fail(job, ERR_STALE, "the person is at another version");
	for (int try = 0;; try++) {
		TRY(change_prepare(job, vault, change, &plan));
		err = store_write(job, vault->store, change_flags(change), plan_steps, &plan);
		/* A new person can only be stale by a rotation of keys: seal again under the new epoch.  And a
		 * disclosure that came between changes who is to be told, not the person. */
		if (err != ERR_STALE || (change->subject.version && !plan.at_outbox) || try == CREATE_TRIES)
			break;
		job_forgive(job);
	}
	if (err)
		return err;
	result_fill(&plan, ret);
	return OK;
}

enum err
change_preview(struct job *job, struct vault *vault, struct change *change, size_t *ret_values_gone)
{
	struct plan plan;

	TRY(change_prepare(job, vault, change, &plan));
	*ret_values_gone = plan.values_gone;
	return OK;
}

static void
turn_end(struct subject_turn **turn)
{
	subject_turn_end(turn);
}

/* What a change works on is folded anew where the stored form is older than what acts now refer to. */
static enum err
standing_fresh(struct job *job, const struct registry *registry, struct subject *subject)
{
	struct act_row *act;
	size_t count;

	if (subject->standing.format == STANDING_FORMAT)
		return OK;
	TRY(ledger_read(job, subject->no, &act, &count));
	return standing_fold(job, registry, act, count, &subject->standing);
}

static enum err
change_try(struct job *job, struct vault *vault, uid id, change_fill *fill, void *ctx, bool *ret_again,
           struct change_result *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(turn_end) struct subject_turn *turn = NULL;
	struct change change = { .entry = ENTRY_SUBJECT_CHANGE };
	enum err err;

	TRY(registry_hold(job, vault, &registry));
	TRY(subject_get(job, vault, id, &change.subject));
	turn = subject_turn_take(vault->store, change.subject.no);
	TRY(subject_get(job, vault, id, &change.subject)); /* as it is now that it is our turn */
	TRY(standing_fresh(job, registry, &change.subject));
	change.registry = registry;
	TRY(fill(job, vault, &change, ctx));
	err = change_commit(job, vault, &change, ret);
	*ret_again = err == ERR_STALE && !change.if_match;
	return err;
}

enum err
subject_change(struct job *job, struct vault *vault, uid id, change_fill *fill, void *ctx,
               struct change_result *ret)
{
	bool again = false;
	enum err err = OK;

	for (int try = 0; try < RETRIES; try++) {
		err = change_try(job, vault, id, fill, ctx, &again, ret);
		if (!err || !again)
			return err;
		job_forgive(job);
		again = false;
	}
	return fail(job, ERR_BUSY, "this person is being changed by too many at once");
}

struct many_plan {
	struct plan *plan;
	size_t count;
	enum err *err;
};

/* Each person is an attempt of its own; what befalls one is said of that one.  If the database has
 * left the transaction by itself, the store fails the whole write. */
static enum err
many_steps(struct job *job, struct db *db, void *arg)
{
	struct many_plan *many = arg;

	for (size_t i = 0; i < many->count; i++) {
		if (!many->plan[i].change)
			continue;
		many->err[i] = db_attempt(job, db, plan_steps, &many->plan[i]);
		if (many->err[i])
			job_forgive(job);
	}
	return OK;
}

/* The sweep's: each of them only takes away. */
static enum write_flags
many_flags(const struct change *change, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (change[i].value_count || !only_lowers(&change[i]))
			return WRITE_ONE;
	return (enum write_flags)(WRITE_ONE | WRITE_RESERVED);
}

enum err
change_commit_many(struct job *job, struct vault *vault, struct change *change, size_t count,
                   struct change_result *ret, enum err *ret_err)
{
	struct many_plan many = { arena_array(&job->arena, count, sizeof(*many.plan)), count, ret_err };

	for (size_t i = 0; i < count; i++) {
		ret_err[i] = change_prepare(job, vault, &change[i], &many.plan[i]);
		if (ret_err[i]) {
			many.plan[i].change = NULL;
			job_forgive(job);
		}
	}
	TRY(store_write(job, vault->store, many_flags(change, count), many_steps, &many));
	for (size_t i = 0; i < count; i++)
		if (!ret_err[i])
			result_fill(&many.plan[i], &ret[i]);
	return OK;
}
