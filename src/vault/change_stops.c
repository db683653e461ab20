/* vault/change_stops.c -- suppressions that the acts of a change put up (P3), and those that they take
 * away (U1). */
#include "vault/change_parts.h"

static void
suppression_row_of(struct prepare *prepare, const struct subject *holder, enum address address,
                   const struct suppression *suppression, bool lift)
{
	struct suppression_row *row;

	if (!holder->tagged[address])
		return;
	row = &prepare->plan->suppression[prepare->plan->suppression_count++];
	row->suppression = *suppression;
	row->lift = lift;
	memcpy(row->digest, holder->tag[address], DIGEST_BYTES);
}

static bool
same_address(const struct subject *a, const struct subject *b, enum address address)
{
	return a->tagged[address] && b->tagged[address] &&
	       memcmp(a->tag[address], b->tag[address], DIGEST_BYTES) == 0;
}

/* Where the change brings another address, both are stopped. */
static void
stop_row(struct prepare *prepare, enum address address, const struct suppression *suppression)
{
	const struct subject *before = &prepare->change->subject, *after = &prepare->plan->after;

	suppression_row_of(prepare, after, address, suppression, false);
	if (!same_address(before, after, address))
		suppression_row_of(prepare, before, address, suppression, false);
}

/* Not of an address that the person is only just bringing: its holder may be another. */
static void
lift_row(struct prepare *prepare, enum address address, const struct suppression *suppression)
{
	const struct subject *before = &prepare->change->subject, *after = &prepare->plan->after;

	if (!before->tagged[address] || same_address(before, after, address))
		suppression_row_of(prepare, after, address, suppression, true);
}

/* P3: what the person stops is stopped for the address, so that it outlives this row. */
static void
suppressions_of_act(struct prepare *prepare, const struct act_row *act)
{
	bool general = act->act == ACT_OBJECTED && !act->purpose;
	struct suppression suppression = {
		.scope = general ? SCOPE_CHANNEL : SCOPE_PURPOSE,
		.purpose = act->purpose,
		.at = act->at,
		.source = act->act == ACT_OBJECTED ? SOURCE_OBJECTION : SOURCE_WITHDRAWAL,
	};

	for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address((enum channel)channel);
		if (!(act->channels & CHANNEL_BIT(channel)) || address == ADDRESS_NONE)
			continue;
		suppression.channel = (enum channel)channel;
		stop_row(prepare, address, &suppression);
	}
}

/* A ruling takes back what the objection that it overrules had put there, and nothing else (U1). */
static void
lifts_of_ruling(struct prepare *prepare, const struct act_row *act)
{
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address(channel);
		const struct suppression stop = { .scope = SCOPE_PURPOSE, .purpose = act->purpose,
			                          .channel = channel, .at = act->at,
			                          .source = SOURCE_OBJECTION };
		if (address != ADDRESS_NONE)
			lift_row(prepare, address, &stop);
	}
}

/* Did the act raise what it says?  The first step of a double opt-in, a late press on an old link and
 * a yes from before the stop did not (L2), and so lift nothing. */
static bool
act_holds(const struct prepare *prepare, const struct act_row *act, enum channel channel)
{
	const struct permission *permission =
		standing_permission(&prepare->plan->after.standing, act->purpose, channel);

	return permission && permission->state == PERMISSION_GIVEN && permission->seq == act->seq;
}

/* A fresh yes in the person's own ledger takes back the stop that stood there for the same purpose
 * and channel; a confirmed one, whatever the person stopped (U1).  An import never does. */
static void
lifts_of_act(struct prepare *prepare, const struct act_row *act)
{
	if (act->method == METHOD_IMPORT)
		return;
	/* On a form anybody may type an address: that it is theirs a confirmation shows, and nothing else. */
	if (act->act != ACT_CONFIRMED && act->method == METHOD_WEB_FORM && prepare->job->actor.kind == ACTOR_PERSON)
		return;
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address(channel);
		const struct suppression stops[] = {
			{ .scope = SCOPE_PURPOSE, .purpose = act->purpose, .channel = channel, .at = act->at },
			{ .scope = SCOPE_PURPOSE, .purpose = act->purpose, .at = act->at },
			{ .scope = SCOPE_CHANNEL, .channel = channel, .at = act->at },
			{ .scope = SCOPE_MARKETING, .at = act->at },
		};
		size_t count = act->act == ACT_CONFIRMED ? COUNT(stops) : 1;
		if (!(act->channels & CHANNEL_BIT(channel)) || address == ADDRESS_NONE ||
		    !act_holds(prepare, act, channel))
			continue;
		for (size_t i = 0; i < count; i++)
			lift_row(prepare, address, &stops[i]);
	}
}

void
suppressions_make(struct prepare *prepare)
{
	struct plan *plan = prepare->plan;

	plan->suppression = arena_array(&prepare->job->arena, /* at most four, for two addresses */
	                                plan->act_count * CHANNEL_COUNT * 8 + 1, sizeof(*plan->suppression));
	for (size_t i = 0; i < plan->act_count; i++) {
		const struct act_row *act = &plan->act[i];
		if (act->act == ACT_WITHDRAWN || act->act == ACT_OBJECTED)
			suppressions_of_act(prepare, act);
		else if (act->act == ACT_OVERRULED)
			lifts_of_ruling(prepare, act);
		else if (act->act == ACT_CONFIRMED ||
		         (act->act == ACT_GIVEN && prepare->change->subject.version))
			lifts_of_act(prepare, act);
	}
}
