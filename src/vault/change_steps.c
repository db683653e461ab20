/* vault/change_steps.c -- the plan of a change, as rows; on the writer's thread, guarded by the row's
 * version (P2). */
#include "vault/change_parts.h"

static struct sql_arg
tag_arg(const struct subject *subject, enum address address)
{
	return subject->tagged[address] ? sql_bytes((bytes){ subject->tag[address], DIGEST_BYTES })
	                                : sql_null();
}

static enum err
subject_steps(struct job *job, struct db *db, const struct plan *plan)
{
	const struct subject *after = &plan->after;
	int64_t changed = 0;

	if (after->version == 1)
		return db_run(job, db, SQL_SUBJECT_ADD,
		              ARGS(sql_i64(after->no), sql_bytes(uid_bytes(&after->id)),
		                   sql_i64(after->kind), sql_i64(after->flags), sql_i64(after->version),
		                   sql_i64(after->created_at), sql_time(after->tell_by_at),
		                   sql_time(after->told_at), sql_time(after->due_at),
		                   tag_arg(after, ADDRESS_EMAIL), tag_arg(after, ADDRESS_PHONE),
		                   tag_arg(after, ADDRESS_POST), sql_bytes(plan->standing),
		                   sql_bytes(after->record)),
		              NULL);
	TRY(db_run(job, db, SQL_SUBJECT_PUT,
	           ARGS(sql_i64(after->kind), sql_i64(after->flags), sql_i64(after->version),
	                sql_time(after->tell_by_at), sql_time(after->told_at), sql_time(after->due_at),
	                tag_arg(after, ADDRESS_EMAIL), tag_arg(after, ADDRESS_PHONE),
	                tag_arg(after, ADDRESS_POST), sql_bytes(plan->standing),
	                sql_bytes(after->record), sql_i64(after->no), sql_i64(after->version - 1)),
	           &changed));
	if (changed != 1) /* P2 */
		return fail(job, ERR_STALE, "the person changed meanwhile");
	return OK;
}

static enum err
lookup_steps(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->lookup_count; i++) {
		const struct lookup_row *row = &plan->lookup[i];
		TRY(db_run(job, db, row->drop ? SQL_LOOKUP_DROP : SQL_LOOKUP_ADD,
		           ARGS(sql_i64(row->field), sql_bytes((bytes){ row->digest, LOOKUP_BYTES }),
		                sql_i64(plan->after.no)),
		           NULL));
	}
	return OK;
}

static enum err
ledger_steps(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->act_count; i++) {
		const struct act_row *act = &plan->act[i];
		TRY(db_run(job, db, SQL_LEDGER_ADD,
		           ARGS(sql_i64(plan->after.no), sql_i64(act->seq), sql_i64(act->at),
		                sql_i64(act->recorded_at), sql_i64(act->act), sql_i64(act->basis),
		                sql_i64(act->purpose), sql_i64(act->version), sql_i64(act->channels),
		                sql_time(act->until_at), sql_bytes_or_null(act->notice),
		                sql_i64(act->method), sql_i64(act->actor.kind), sql_i64(act->actor.no),
		                sql_bytes_or_null(act->detail), sql_bytes_or_null(act->evidence)),
		           NULL));
	}
	return OK;
}

static enum err
suppression_steps(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->suppression_count; i++) {
		const struct suppression_row *row = &plan->suppression[i];
		if (row->lift)
			TRY(suppression_lift(job, db, row->digest, &row->suppression));
		else
			TRY(suppression_add(job, db, row->digest, &row->suppression));
	}
	return OK;
}

/* Marketing that waits is not sent to who has just said no: it would be refused at the moment of sending, too. */
static enum err
message_steps_of_acts(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->act_count; i++) {
		const struct act_row *act = &plan->act[i];
		bool no = act->act == ACT_WITHDRAWN || act->act == ACT_OBJECTED || act->act == ACT_REFUSED;
		if (no && act->channels & CHANNEL_BIT(CHANNEL_EMAIL))
			TRY(db_run(job, db, SQL_MESSAGE_WITHDRAWN,
			           ARGS(sql_i64(plan->after.no), sql_i64(act->purpose)), NULL));
	}
	return OK;
}

static void
done_fill(const struct plan *plan, struct change_done *done)
{
	*done = (struct change_done){
		.no = plan->after.no, .version = plan->after.version, .entry = plan->entry,
		.values_gone = plan->values_gone, .sections_gone = plan->sections_gone,
		.keys_gone = plan->keys_gone,
	};
	for (size_t i = 0; i < plan->lookup_count; i++)
		done->lookups_gone += plan->lookup[i].drop;
}

/* One person, one transaction.  What can be stale is looked at first, the keys' epoch and then the
 * row's version, and then that nobody was told meanwhile. */
enum err
plan_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct change *change = plan->change;
	const struct subject *after = &plan->after;

	if (plan->wrapped.len || plan->trimmed.len)
		TRY(db_keys_check(job, db, plan->epoch));
	TRY(subject_steps(job, db, plan));
	plan->at_outbox = true;
	TRY(outbox_steps(job, db, &plan->outbox));
	plan->at_outbox = false;
	if (plan->wrapped.len)
		TRY(db_keys_put(job, db, after->no, plan->epoch, plan->wrapped));
	TRY(lookup_steps(job, db, plan));
	TRY(ledger_steps(job, db, plan));
	TRY(suppression_steps(job, db, plan));
	TRY(message_steps_of_acts(job, db, plan));
	TRY(taken_steps(job, db, &change->subject, after, plan->act, plan->act_count, &plan->taken));
	if (plan->trim)
		TRY(db_keys_trim(job, db, after->no, after->version, plan->epoch, plan->trimmed));
	if (change->import_no)
		TRY(db_run(job, db, SQL_IMPORT_SUBJECT_PUT,
		           ARGS(sql_i64(after->no), sql_i64(change->import_no),
		                sql_i64(after->version == 1 ? 1 : 2), sql_i64(change->import_ask),
		                sql_i64(after->version)),
		           NULL));
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = change->entry, .subject = after->no,
	                                  .purpose = plan->act_count ? plan->act[0].purpose : 0,
	                                  .body = plan->entry_body },
	                 &plan->entry)); /* I4 */
	if (change->done)
		done_fill(plan, change->done);
	if (change->extra)
		TRY(change->extra(job, db, change->extra_ctx));
	return OK;
}
