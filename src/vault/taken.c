/* vault/taken.c -- contract: taken.h. */
#include "vault/taken.h"

#include "audit/fact.h"

static bool
still_there(const struct value *was, const struct value *value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (value[i].field == was->field)
			return str_eq(value[i].text, was->text);
	return false;
}

void
taken_values(struct job *job, const struct value *before, size_t before_count,
             const struct value *after, size_t after_count, struct taken *ret)
{
	*ret = (struct taken){ .field = arena_array(&job->arena, before_count + 1, sizeof(*ret->field)) };
	for (size_t i = 0; i < before_count; i++)
		if (!still_there(&before[i], after, after_count))
			ret->field[ret->field_count++] = before[i].field;
}

/* What must not be undone by a restore.  A hold is no taking away, but a duty that must outlive one;
 * a yes that has ended already only ever ends something.  `expired` is what time did (F3). */
static bool
is_lasting(const struct act_row *act, time_us now)
{
	if (act->act == ACT_EXPIRED)
		return false;
	return act_raises(act->act) < 0 || act->act == ACT_HELD || act->until_at <= now;
}

static enum err
act_tell(struct job *job, struct db *db, uid subject, const struct act_row *act)
{
	struct fact_act fact = {
		.seq = act->seq,
		.recorded_at = act->recorded_at,
		.act = (uint8_t)act->act,
		.basis = (uint8_t)act->basis,
		.method = (uint8_t)act->method,
		.purpose = act->purpose,
		.version = act->version,
		.channels = act->channels,
		.until_at = act->until_at,
		.detail = act->detail,
	};

	return fact_act(job, db, subject, act->at, &fact);
}

enum err
taken_steps(struct job *job, struct db *db, const struct subject *before, const struct subject *after,
            const struct act_row *act, size_t act_count, const struct taken *taken)
{
	uint32_t raised = after->flags & ~before->flags;

	for (size_t i = 0; i < act_count; i++)
		if (is_lasting(&act[i], job->now))
			TRY(act_tell(job, db, after->id, &act[i]));
	if (raised)
		TRY(fact_flags(job, db, after->id, raised));
	return fact_values(job, db, after->id, taken->field, taken->field_count);
}
