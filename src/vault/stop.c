/* vault/stop.c -- contract, O1, O2: stop.h. */
#include "vault/stop.h"

#include "base/limits.h"

#define SUPPRESSIONS_MAX (LIMIT_PURPOSES * CHANNEL_COUNT + CHANNEL_COUNT + 2)

static struct suppression
suppression_of(const struct job *job, const struct stop *stop)
{
	return (struct suppression){ .scope = stop->purpose ? SCOPE_PURPOSE : SCOPE_CHANNEL, .purpose = stop->purpose,
		                     .channel = stop->channel, .at = job->now, .source = stop->source };
}

static enum err
stands_already(struct job *job, const struct stop *stop, bool *ret)
{
	struct suppression *there = arena_array(&job->arena, SUPPRESSIONS_MAX, sizeof(*there));
	struct suppression wanted = suppression_of(job, stop);
	size_t count;

	*ret = false;
	TRY(suppressions_get(job, job->db, stop->digest, there, SUPPRESSIONS_MAX, &count));
	for (size_t i = 0; i < count; i++)
		*ret |= there[i].scope == wanted.scope && there[i].purpose == wanted.purpose && there[i].channel == wanted.channel;
	return OK;
}

/* --- with a person ------------------------------------------------------------------------------ */

struct stopping {
	const struct stop *stop;
	struct suppression suppression;
};

static enum err
digest_steps(struct job *job, struct db *db, void *ctx)
{
	const struct stopping *stopping = ctx;

	return suppression_add(job, db, stopping->stop->digest, &stopping->suppression);
}

/* The version that the no is about: the one in force, or the newest that was. */
static const struct purpose_version *
version_meant(const struct registry *registry, const struct standing *standing, uint32_t no, enum channel channel)
{
	const struct permission *permission = standing_permission(standing, no, channel);
	const struct purpose *purpose = registry_purpose_no(registry, no);
	const struct purpose_version *version = permission ? registry_version(registry, no, permission->version) : NULL;

	if (version || !purpose)
		return version;
	if (purpose->active)
		return purpose->active;
	for (size_t i = purpose->version_count; i-- > 0;)
		if (purpose->version[i].state != VERSION_DRAFT)
			return &purpose->version[i];
	return NULL;
}

/* Is there a yes, or one that waits for its confirmation, to take back? */
static bool
may_withdraw(const struct permission *permission)
{
	return permission && (permission->state == PERMISSION_GIVEN || permission->state == PERMISSION_UNCONFIRMED ||
	                      permission->pending_until_at != INT64_MIN);
}

static bool
said_no(const struct change *change, const struct stop *stop)
{
	const struct standing *standing = &change->subject.standing;
	const struct permission *permission = standing_permission(standing, stop->purpose, stop->channel);
	time_us objected_at;

	if (may_withdraw(permission))
		return false;
	if (stop->purpose && permission && (permission->state == PERMISSION_WITHDRAWN || permission->state == PERMISSION_OBJECTED))
		return true;
	return standing_objected(standing, stop->purpose, true, stop->channel, &objected_at);
}

static enum err
stop_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct stopping *stopping = ctx;
	const struct stop *stop = stopping->stop;
	const struct standing *standing = &change->subject.standing;
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));

	change->entry = ENTRY_ACT;
	change->extra = digest_steps;
	change->extra_ctx = stopping;
	if (said_no(change, stop))
		return OK;
	*act = (struct act_new){ .act = ACT_OBJECTED, .channels = CHANNEL_BIT(stop->channel), .at = job->now,
		                 .until_at = TIME_NEVER, .method = stop->method };
	if (stop->purpose)
		act->version = version_meant(change->registry, standing, stop->purpose, stop->channel);
	if (act->version && may_withdraw(standing_permission(standing, stop->purpose, stop->channel))) {
		act->act = ACT_WITHDRAWN;
		act->basis = BASIS_CONSENT;
	}
	if (stop->purpose && !act->version)
		return OK; /* the purpose is no more: the address is stopped all the same */
	change->act = act;
	change->act_count = 1;
	return OK;
}

/* --- without ------------------------------------------------------------------------------------ */

static enum err
alone_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 16 };
	const struct stopping *stopping = arg;

	TRY(suppression_add(job, db, stopping->stop->digest, &stopping->suppression));
	buf_u8(&body, (uint8_t)stopping->suppression.scope);
	buf_u8(&body, (uint8_t)stopping->suppression.channel);
	buf_u8(&body, (uint8_t)stopping->suppression.source);
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_SUPPRESS, .purpose = stopping->suppression.purpose, .body = buf_bytes(&body) },
	                    NULL);
}

static bool
nobody(uid id)
{
	return uid_eq(id, (uid){ 0 });
}

/* O1, O2: whether it stands is looked at first, so that a press that is repeated writes nothing. */
enum err
stop_address(struct job *job, struct vault *vault, const struct stop *stop)
{
	struct stopping stopping = { stop, suppression_of(job, stop) };
	struct change_result result;
	struct subject subject;
	bool already, known = !nobody(stop->subject);
	enum err err = OK;

	TRY(stands_already(job, stop, &already));
	if (known) {
		err = subject_get(job, vault, stop->subject, &subject);
		known = !err;
		if (err && err != ERR_ABSENT && err != ERR_GONE)
			return err;
		job_forgive(job);
	}
	if (already && (!known || said_no(&(struct change){ .subject = subject }, stop)))
		return OK;
	if (known) {
		err = subject_change(job, vault, stop->subject, stop_fill, &stopping, &result);
		/* Erased this moment, changed by too many, a ledger that is full, a record that does not open: the
		 * address is stopped all the same, and the next press tries the rest again. */
		if (err != ERR_GONE && err != ERR_BUSY && err != ERR_LIMIT && err != ERR_CRYPTO && err != ERR_CORRUPT)
			return err;
		job_forgive(job);
	}
	return store_write(job, vault->store, WRITE_RESERVED, alone_steps, &stopping);
}
