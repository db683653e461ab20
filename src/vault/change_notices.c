/* vault/change_notices.c -- what recipients of the person's data are told of a change. */
#include "vault/change_parts.h"

/*= gdpr 19
 *# The controller shall communicate any rectification or erasure of personal data or restriction of
 *# processing to each recipient to whom the personal data have been disclosed. */
static struct outbox_event
event_of_act(const struct act_row *act)
{
	struct outbox_event event = { .purpose = act->purpose };

	if (act->act == ACT_RESTRICTED)
		event.kind = OUTBOX_RESTRICTED;
	else if (act->act == ACT_UNRESTRICTED)
		event.kind = OUTBOX_UNRESTRICTED;
	else if (act->act == ACT_WITHDRAWN) /* C-129/21: it reaches all who rely on the same consent */
		event.kind = OUTBOX_WITHDRAWN;
	else if (act->act == ACT_OBJECTED)
		event.kind = OUTBOX_OBJECTED;
	if (act->act == ACT_WITHDRAWN || act->act == ACT_OBJECTED)
		event.channels = act->channels;
	event.marketing = act->act == ACT_OBJECTED && !act->purpose;
	return event;
}

/* Fields that were held and are not any more, or hold another value now. */
static size_t
fields_changed(struct prepare *prepare, bool gone, uint16_t *field)
{
	size_t count = 0;

	for (size_t i = 0; i < prepare->old_count; i++) {
		const struct value *was = &prepare->old[i];
		const struct value *is = value_find(prepare->value, prepare->value_count, was->field);
		if (gone ? !is : is && !str_eq(is->text, was->text))
			field[count++] = was->field;
	}
	return count;
}

static void
event_of_fields(struct prepare *prepare, bool gone, struct outbox_event *event, size_t *count)
{
	uint16_t *field = arena_array(&prepare->job->arena, prepare->old_count + 1, sizeof(*field));
	size_t fields = fields_changed(prepare, gone, field);

	if (fields)
		event[(*count)++] = (struct outbox_event){ .kind = gone ? OUTBOX_ERASED : OUTBOX_RECTIFIED,
			                                   .field = field, .field_count = fields };
}

enum err
notices_make(struct prepare *prepare)
{
	struct plan *plan = prepare->plan;
	struct outbox_event *event =
		arena_array(&prepare->job->arena, plan->act_count + 2, sizeof(*event));
	size_t count = 0;

	if (!prepare->change->subject.version)
		return OK;
	for (size_t i = 0; i < plan->act_count; i++) {
		event[count] = event_of_act(&plan->act[i]);
		count += event[count].kind != OUTBOX_KIND_NONE;
	}
	event_of_fields(prepare, false, event, &count);
	event_of_fields(prepare, true, event, &count);
	return outbox_plan_notices(prepare->job, prepare->vault, prepare->change->registry, plan->after.no,
	                           plan->after.id, prepare->keyset, event, count, &plan->outbox);
}
